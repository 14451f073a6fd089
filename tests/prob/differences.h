// differences.h -- central finite differences of a function of one coordinate.

#ifndef CRED_TESTS_PROB_DIFFERENCES_H
#define CRED_TESTS_PROB_DIFFERENCES_H

#include "credence/base/real.h"

typedef double (*difference_fn)(void *context);

// d f / d x by moving x, which is put back; error of the fourth order in the step.
static inline double difference(difference_fn f, void *context, cred_real *x) {
  static const double at[4] = {-2, -1, 1, 2}, share[4] = {1, -8, 8, -1};
  const cred_real kept = *x, step = 3e-5;
  double sum = 0;
  for (int i = 0; i < 4; i++) {
    *x = kept + (cred_real)at[i] * step;
    sum += share[i] * f(context);
  }
  *x = kept;
  return sum / (12.0 * (double)step);
}

#endif
