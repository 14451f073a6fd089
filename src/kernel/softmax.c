// softmax.c -- the call through the table of this machine's instruction set.

#include "kernel/softmax.h"
#include "kernel/kernel.h"
#include <string.h>

static const cred__softmax_table *table(void) {
#if defined(CRED_HAVE_V4)
  if (strcmp(cred__kernel_isa(), "avx512") == 0) return &cred__softmax_table_v4;
#endif
#if defined(CRED_HAVE_V3)
  if (strcmp(cred__kernel_isa(), "avx2") == 0) return &cred__softmax_table_v3;
#endif
  return &cred__softmax_table_base;
}

void cred__softmax_noisy(cred_real *e, cred_real *top, double *total, const cred_real *z,
                         const cred_real *logit, const cred_real *sd, size_t n,
                         size_t n_points) {
  table()->noisy(e, top, total, z, logit, sd, n, n_points);
}

void cred__softmax_again(cred_real *e, const cred_real *top, const cred_real *z,
                         const cred_real *logit, const cred_real *sd, size_t n,
                         size_t n_points) {
  table()->again(e, top, z, logit, sd, n, n_points);
}

void cred__softmax_mean(double *out, const cred_real *e, const cred_real *share, size_t n,
                        size_t n_points) {
  table()->mean(out, e, share, n, n_points);
}

void cred__gumbel_add(const cred__gumbel_node *node, size_t n) {
  table()->gumbel(node, n);
}
