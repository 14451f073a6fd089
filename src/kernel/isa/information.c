// information.c -- sums of p log p, and of r log r - r + 1 where two distributions are
// compared. Each product is a float, the sums are doubles.

#include "isa.h"
#include "kernel/fast_math.h"
#include "kernel/information.h"

// Below it p log p is less than any rounding of the sum; log stays finite.
#define TINY ((cred_real)1e-37)

static void entropy_add(double *restrict sum, const cred_real *restrict p, double weight,
                        size_t n) {
  for (size_t i = 0; i < n; i++) {
    const cred_real x = p[i], term = x * cred__log(x < TINY ? TINY : x);
    sum[i] -= weight * (double)term;
  }
}

enum { LANES = 16 };

static inline cred_real part(cred_real joint, cred_real p, cred_real other) {
  const cred_real q = p * other, r = joint / (q < TINY ? TINY : q);
  const cred_real f = r * cred__log(r < TINY ? TINY : r) - (r - 1);
  return q < TINY ? q : q * f;
}

static double information_sum(const cred_real *restrict joint, double p,
                              const cred_real *restrict other, size_t n) {
  double lane[LANES] = {0}, sum = 0;
  const cred_real class_prob = (cred_real)p;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++)
      lane[l] += (double)part(joint[i + l], class_prob, other[i + l]);
  for (int l = 0; l < LANES; l++) sum += lane[l];
  for (; i < n; i++) sum += (double)part(joint[i], class_prob, other[i]);
  return sum;
}

const cred__information_table K(information_table) = {entropy_add, information_sum};
