// gather.h -- products with a matrix that is read out of a map: convolution without
// im2col.
//
//   C[i, j] = sum_p a[rows(first + i) + steps(p)] B[p, j],   C[i, .] begins at c + out(i)
// An offset counts three nested loops: for i = (i0 n1 + i1) n2 + i2 it is
//   i0 s0 + i1 s1 + i2 s2.
// With rows over the places of an output map and steps over the taps of a window this is
// a convolution of a map that has been padded with zeros; with the two exchanged, the
// gradient of its weights. The matrix of patches is never written.
//
// Offsets must stay within +-2^31 elements of a and c. One thread; nothing is allocated.

#ifndef CRED_SRC_KERNEL_GATHER_H
#define CRED_SRC_KERNEL_GATHER_H

#include "credence/base/real.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  size_t n1, n2;        // of the two inner loops, at least 1
  ptrdiff_t s0, s1, s2; // steps, in elements
} cred__offsets;

static inline ptrdiff_t cred__offset_at(const cred__offsets *o, size_t i) {
  const size_t i2 = i % o->n2, i01 = i / o->n2;
  return (ptrdiff_t)(i01 / o->n1) * o->s0 + (ptrdiff_t)(i01 % o->n1) * o->s1 +
         (ptrdiff_t)i2 * o->s2;
}

typedef struct {
  size_t first, m, n, k; // C (m, n), B (k, n)
  const cred_real *a;
  cred__offsets rows, steps;
  const cred_real *b;     // packed by cred__gather_pack, or as it lies with ldb > 0
  size_t ldb;             // distance of the rows of B; 0: packed
  const cred_real *start; // (n) added to every row of C, e.g. biases; or NULL
  bool accumulate;
  cred_real *c;
  cred__offsets out;
} cred__gather_args;
void cred__gather_gemm(const cred__gather_args *g);

// B (k, n) in the panels that the product reads: B[p, j] = b[rows(p) + j column_step].
// `packed` has room for cred__gather_pack_size(k, n) numbers.
void cred__gather_pack(cred_real *packed, const cred_real *b, const cred__offsets *rows,
                       ptrdiff_t column_step, size_t k, size_t n);
static inline size_t cred__gather_pack_size(size_t k, size_t n) {
  return k * ((n + 15) / 16 * 16); // 16: lanes of the widest register
}

// The loops that exist once for each instruction set.
typedef struct {
  void (*gemm)(const cred__gather_args *g);
  void (*pack)(cred_real *packed, const cred_real *b, const cred__offsets *rows,
               ptrdiff_t column_step, size_t k, size_t n);
} cred__gather_table;
extern const cred__gather_table cred__gather_table_base, cred__gather_table_v3,
    cred__gather_table_v4;

#endif
