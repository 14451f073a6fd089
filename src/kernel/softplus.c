// softplus.c -- log(1 + exp x) and its inverse, stable on both sides.

#include "kernel/kernel.h"
#include <math.h>

double cred__softplus(double x) {
  return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

// x = log(exp y - 1) = y + log(1 - exp(-y))
double cred__softplus_inverse(double y) {
  return y + log(-expm1(-y));
}
