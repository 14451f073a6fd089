// strip.h -- sums over rows and weights: terms are formed in cred_real strip by strip,
// where the loop vectorises, then added in double over fixed lanes (a float sum of 1e6
// terms keeps only 2 or 3 digits).

#ifndef CRED_SRC_PROB_STRIP_H
#define CRED_SRC_PROB_STRIP_H

#include "credence/base/real.h"
#include <stddef.h>

enum { STRIP = 128, STRIP_LANES = 8 };

static inline size_t strip_length(size_t n, size_t at) {
  return n - at < STRIP ? n - at : STRIP;
}

static inline double strip_sum(const cred_real *term, size_t n) {
  double lane[STRIP_LANES] = {0};
  size_t i = 0;
  for (; i + STRIP_LANES <= n; i += STRIP_LANES)
    for (size_t l = 0; l < STRIP_LANES; l++) lane[l] += (double)term[i + l];
  for (size_t l = 0; i < n; i++, l++) lane[l] += (double)term[i];
  double sum = 0;
  for (size_t l = 0; l < STRIP_LANES; l++) sum += lane[l];
  return sum;
}

// A row of weight 0 adds nothing, whatever it holds.
static inline cred_real weighted(cred_real weight, cred_real x) {
  return weight != 0 ? weight * x : 0;
}

#endif
