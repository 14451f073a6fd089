// information.h -- sums of entropies over arrays of probabilities, in nats.

#ifndef CRED_SRC_KERNEL_INFORMATION_H
#define CRED_SRC_KERNEL_INFORMATION_H

#include "credence/base/real.h"
#include <stddef.h>

// sum (n) -= weight * p log p, with 0 log 0 = 0. NaN stays NaN.
void cred__entropy_add(double *sum, const cred_real *p, double weight, size_t n);

// sum_i q_i f(r_i), r_i = joint_i / q_i with q_i = p * other_i, f(r) = r log r - r + 1:
// the part of a class in the mutual information of two variables, sum joint log(joint /
// q). f is 0 with its derivative where the two are independent, so that the rounding of
// joint does not show. other_i = 0 adds nothing.
double cred__information_sum(const cred_real *joint, double p, const cred_real *other,
                             size_t n);

// For tests and isa/information.c.
typedef struct {
  void (*entropy_add)(double *sum, const cred_real *p, double weight, size_t n);
  double (*information_sum)(const cred_real *joint, double p, const cred_real *other,
                            size_t n);
} cred__information_table;
extern const cred__information_table cred__information_table_base,
    cred__information_table_v3, cred__information_table_v4;

#endif
