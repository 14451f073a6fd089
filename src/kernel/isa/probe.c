// probe.c -- what the registers and the memory of this machine can do at most.
//
// Twelve chains of multiply-adds hide the latency of one (4 cycles at 2 a cycle take 8);
// the update a += s b of arrays reads two numbers and writes one, as an optimiser does.

#include "isa.h"
#include "list.h"
#include "vector.h"

enum { CHAINS = 12 };

double K(multiply_adds)(cred_real *x, size_t n) {
  vec chain[CHAINS];
  const vec a = (vec){0} + x[0], b = (vec){0} + x[1];
#pragma GCC unroll 16
  for (int c = 0; c < CHAINS; c++) chain[c] = (vec){0} + (cred_real)c;
  for (size_t i = 0; i < n; i++)
#pragma GCC unroll 16
    for (int c = 0; c < CHAINS; c++) chain[c] = chain[c] * a + b;
  vec sum = chain[0];
  for (int c = 1; c < CHAINS; c++) sum += chain[c];
  for (int l = 0; l < K_LANES; l++) x[0] += (cred_real)1e-30 * sum[l];
  return 2.0 * CHAINS * K_LANES * (double)n;
}

void K(add_scaled)(cred_real *restrict a, const cred_real *restrict b, cred_real s,
                   size_t n) {
  for (size_t i = 0; i < n; i++) a[i] += s * b[i];
}
