// compress.h -- the elements of a short array that are chosen, moved together.

#ifndef CRED_SRC_KERNEL_ISA_COMPRESS_H
#define CRED_SRC_KERNEL_ISA_COMPRESS_H

#include "isa.h"

// GROUP elements at a time are chosen and moved, by:
//   nonzero(x)             a bit for each element that is not 0
//   together(to, x, bits)  those whose bits are set, in order; GROUP of to are written
// Elements are 32 bits wide, of any kind. Without CAN_GROUP there is neither.
#if defined(__AVX512F__) && !defined(CRED_REAL_DOUBLE)
#include <immintrin.h>
#define CAN_GROUP 1
enum { GROUP = 16 };

static inline unsigned nonzero(const cred_real *x) {
  return _mm512_cmp_ps_mask(_mm512_loadu_ps(x), _mm512_setzero_ps(), _CMP_NEQ_UQ);
}

// By way of a register: straight to memory the instruction is microcode on AMD Zen 4.
static inline void together(void *to, const void *x, unsigned bits) {
  const __m512 moved = _mm512_maskz_compress_ps((__mmask16)bits, _mm512_loadu_ps(x));
  _mm512_storeu_ps(to, moved);
}
#elif defined(__AVX__) && !defined(CRED_REAL_DOUBLE)
#include <immintrin.h>
#define CAN_GROUP 1
enum { GROUP = 4 };

static inline unsigned nonzero(const cred_real *x) {
  const __m128 differs = _mm_cmp_ps(_mm_loadu_ps(x), _mm_setzero_ps(), _CMP_NEQ_UQ);
  return (unsigned)_mm_movemask_ps(differs);
}

static inline void together(void *to, const void *x, unsigned bits) {
  static const int from[16][4] = {
      {0}, {0},    {1},    {0, 1},    {2},    {0, 2},    {1, 2},    {0, 1, 2},
      {3}, {0, 3}, {1, 3}, {0, 1, 3}, {2, 3}, {0, 2, 3}, {1, 2, 3}, {0, 1, 2, 3}};
  const __m128i order = _mm_loadu_si128((const __m128i *)from[bits]);
  _mm_storeu_ps(to, _mm_permutevar_ps(_mm_loadu_ps(x), order));
}
#endif

#endif
