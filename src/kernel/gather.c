// gather.c -- the call through the table of this machine's instruction set.

#include "kernel/gather.h"
#include "kernel/kernel.h"
#include <string.h>

static const cred__gather_table *table(void) {
#if defined(CRED_HAVE_V4)
  if (strcmp(cred__kernel_isa(), "avx512") == 0) return &cred__gather_table_v4;
#endif
#if defined(CRED_HAVE_V3)
  if (strcmp(cred__kernel_isa(), "avx2") == 0) return &cred__gather_table_v3;
#endif
  return &cred__gather_table_base;
}

void cred__gather_gemm(const cred__gather_args *g) {
  table()->gemm(g);
}

void cred__gather_pack(cred_real *packed, const cred_real *b, const cred__offsets *rows,
                       ptrdiff_t column_step, size_t k, size_t n) {
  table()->pack(packed, b, rows, column_step, k, n);
}
