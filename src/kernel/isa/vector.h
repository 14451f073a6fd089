// vector.h -- a vector register of this instruction set, and parts of one.

#ifndef CRED_SRC_KERNEL_ISA_VECTOR_H
#define CRED_SRC_KERNEL_ISA_VECTOR_H

#include "isa.h"

typedef cred_real vec
    __attribute__((vector_size(K_VECTOR_BYTES), aligned(sizeof(cred_real)), may_alias));

// The first n of K_LANES numbers: a masked move where there is one, never a call.
static inline void copy_part(cred_real *to, const cred_real *from, size_t n) {
  for (int l = 0; l < K_LANES; l++)
    if ((size_t)l < n) to[l] = from[l];
}

static inline vec load_part(const cred_real *from, size_t n) {
  vec part = {0};
  copy_part((cred_real *)&part, from, n);
  return part;
}

static inline vec load(const cred_real *from, size_t n) {
  return n >= K_LANES ? *(const vec *)from : load_part(from, n);
}

static inline void store_part(cred_real *to, vec from, size_t n) {
  if (n >= K_LANES)
    *(vec *)to = from;
  else
    copy_part(to, (const cred_real *)&from, n);
}

// sum + s x. As a function: gcc 12 forms `sum += s * x` of an array's element in the
// register of a factor, and moves factor and sum about.
static inline vec multiply_add(vec sum, cred_real s, vec x) {
  return sum + s * x;
}

#endif
