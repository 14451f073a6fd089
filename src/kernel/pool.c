// pool.c -- the call through the table of this machine's instruction set.

#include "kernel/pool.h"
#include "kernel/kernel.h"
#include <string.h>

static const cred__pool_table *table(void) {
#if defined(CRED_HAVE_V4)
  if (strcmp(cred__kernel_isa(), "avx512") == 0) return &cred__pool_table_v4;
#endif
#if defined(CRED_HAVE_V3)
  if (strcmp(cred__kernel_isa(), "avx2") == 0) return &cred__pool_table_v3;
#endif
  return &cred__pool_table_base;
}

void cred__pool_max(cred_real *out, const cred_real *in, const cred__pool *p) {
  table()->max(out, in, p);
}

void cred__pool_max_backward(cred_real *din, const cred_real *dout, const cred_real *in,
                             const cred_real *out, size_t n, const cred__pool *p) {
  table()->max_backward(din, dout, in, out, n, p);
}

void cred__pool_max_moments(cred_real *out_mean, cred_real *out_var,
                            const cred_real *in_mean, const cred_real *in_var,
                            const cred__pool *p) {
  table()->max_moments(out_mean, out_var, in_mean, in_var, p);
}

void cred__pool_sum(cred_real *out, const cred_real *in, cred_real scale,
                    const cred__pool *p) {
  table()->sum(out, in, scale, p);
}

void cred__pool_sum_backward(cred_real *din, const cred_real *dout, cred_real scale,
                             size_t n, const cred__pool *p) {
  table()->sum_backward(din, dout, scale, n, p);
}
