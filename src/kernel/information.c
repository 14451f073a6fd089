// information.c -- sums of entropies: the choice of an instruction set.

#include "kernel/information.h"
#include "kernel/kernel.h"
#include <string.h>

static const cred__information_table *table(void) {
#ifdef CRED_HAVE_V4
  if (strcmp(cred__kernel_isa(), "avx512") == 0) return &cred__information_table_v4;
#endif
#ifdef CRED_HAVE_V3
  if (strcmp(cred__kernel_isa(), "avx2") == 0) return &cred__information_table_v3;
#endif
  return &cred__information_table_base;
}

void cred__entropy_add(double *sum, const cred_real *p, double weight, size_t n) {
  table()->entropy_add(sum, p, weight, n);
}

double cred__information_sum(const cred_real *joint, double p, const cred_real *other,
                             size_t n) {
  return table()->information_sum(joint, p, other, n);
}
