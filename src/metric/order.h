// order.h -- weights of rows and rows in the order of a key: shared inside this folder.

#ifndef CRED_SRC_METRIC_ORDER_H
#define CRED_SRC_METRIC_ORDER_H

#include "credence/base/status.h"
#include <stddef.h>

static inline double cred__weight(const double *weights, size_t i) {
  return weights ? weights[i] : 1.0;
}

// Sum of (n) weights, n for NULL. NaN unless all are finite and >= 0 and the sum is > 0.
double cred__weight_sum(const double *weights, size_t n);
// The same as a status; `where` names the score in the message.
cred_status cred__weight_check(double *sum, const double *weights, size_t n,
                               const char *where);

typedef struct {
  double key;
  size_t row;
} cred__ranked;

// Fills ranked (n) and sorts it by growing key, equal keys by row: a total order, so that
// the result does not depend on the sort. CRED_EDATA names the row of a NaN.
cred_status cred__rank(cred__ranked *ranked, const double *keys, size_t n,
                       const char *where);
// One past the last of the keys that equal ranked[first].key.
size_t cred__rank_end(const cred__ranked *ranked, size_t n, size_t first);

#endif
