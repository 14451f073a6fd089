// order.c -- weights of rows and rows in the order of a key.

#include "metric/order.h"
#include "base/fail.h"
#include "credence/metric/uncertainty.h"
#include <math.h>
#include <stdlib.h>

double cred__weight_sum(const double *weights, size_t n) {
  if (n == 0) return NAN;
  if (!weights) return (double)n;
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    if (!(weights[i] >= 0.0)) return NAN;
    sum += weights[i];
  }
  return sum > 0.0 && isfinite(sum) ? sum : NAN;
}

cred_status cred__weight_check(double *sum, const double *weights, size_t n,
                               const char *where) {
  const double total = cred__weight_sum(weights, n);
  if (n == 0) FAIL(CRED_EDATA, "%s: no rows, expected at least one", where);
  if (isnan(total))
    FAIL(CRED_EDATA, "%s: weights must be finite, >= 0 and not all 0", where);
  *sum = total;
  return CRED_OK;
}

static int compare_ranked(const void *a, const void *b) {
  const cred__ranked *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

cred_status cred__rank(cred__ranked *ranked, const double *keys, size_t n,
                       const char *where) {
  for (size_t i = 0; i < n; i++) {
    if (isnan(keys[i]))
      FAIL(CRED_EDATA, "%s: row %zu is NaN, expected a number", where, i);
    ranked[i] = (cred__ranked){keys[i], i};
  }
  qsort(ranked, n, sizeof *ranked, compare_ranked);
  return CRED_OK;
}

size_t cred__rank_end(const cred__ranked *ranked, size_t n, size_t first) {
  size_t end = first + 1;
  while (end < n && ranked[end].key == ranked[first].key) end++;
  return end;
}

static int compare_numbers(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  if (isnan(x) || isnan(y)) return (isnan(x) != 0) - (isnan(y) != 0);
  return (x > y) - (x < y);
}

void cred_sort(double *values, size_t n) {
  if (n > 1) qsort(values, n, sizeof *values, compare_numbers);
}

double cred_quantile_sorted(const double *sorted, size_t n, double p) {
  if (n == 0 || !(p >= 0.0 && p <= 1.0)) return NAN;
  const double at = p * (double)(n - 1);
  const size_t low = (size_t)at;
  const double part = at - (double)low;
  if (part == 0.0 || sorted[low] == sorted[low + 1]) return sorted[low];
  return sorted[low] + part * (sorted[low + 1] - sorted[low]);
}
