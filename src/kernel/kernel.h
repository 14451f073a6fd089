// kernel.h -- the hot loops: matrix product, noise, elementwise.
//
// Plain functions over arrays; nothing here allocates or fails.
// The files in isa/ are compiled once for each instruction set; a table filled at start
// points to the best one this machine runs. Results are a function of the arguments
// alone: a product is cut into tiles of a fixed size whatever the number of threads.

#ifndef CRED_SRC_KERNEL_KERNEL_H
#define CRED_SRC_KERNEL_KERNEL_H

#include "credence/base/key.h"
#include "credence/base/real.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// C (m, n) = op(A) op(B) + bias, or C += with accumulate; row-major, ld* = distance of
// rows. trans_a: A is stored (k, m); trans_b: B is stored (n, k). One thread.
typedef struct {
  size_t m, n, k;
  bool trans_a, trans_b, accumulate;
  const cred_real *a, *b;
  cred_real *c;
  size_t lda, ldb, ldc;
  const cred_real *packed; // op(B) as cred__pack left it, k > 0; b is then not read
  bool trans_c;            // with packed: C is stored (n, m)
  const cred_real *bias;   // (n) added to every row of C, or NULL
  bool skip_zeros;         // B is finite: terms of A's zeros may be left out
} cred__gemm_args;
void cred__gemm(const cred__gemm_args *g);
// So few rows of C that reading B takes longer than multiplying by it.
enum { CRED__FEW_ROWS = 4 };
// The same on n_threads threads, cut into tiles; no tile has one column unless C has, so
// that an element is the same wherever the cuts are.
void cred__matmul(size_t n_threads, const cred__gemm_args *g);

// Mean and variance (m, n) of few rows x (m, k) of variance x_var, NULL where they are
// certain, by weights (k, n) of mean M and variance V, NULL where they are certain:
//   mean = x M + bias_mean,   var = (x2 V + bias_var) + x_var M^2
// An element is that of the three products apart, to the bit. ldx, ld: distances of rows,
// of the inputs and of all else. m is at most CRED__FEW_ROWS, or it is not fast.
typedef struct {
  size_t m, n, k, ldx, ld;
  const cred_real *x, *x2, *x_var;           // x2 is read with V alone
  const cred_real *weight_mean, *weight_var; // M, V
  const cred_real *bias_mean, *bias_var;     // (n); bias_var may be NULL
  cred_real *mean, *var, *more;              // more: scratch, with x_var
} cred__moments_args;
void cred__few_moments(const cred__moments_args *g);
// The same on n_threads threads.
void cred__matmul_moments(size_t n_threads, const cred__moments_args *g);

// Panels of op(B), for products with several A or on several threads: k *
// cred__panel_room(n) numbers. A product of a tall A with a transposed small B whose
// result is wanted transposed (trans_c) is A B' without moving A: the way to D W' where
// W is large.
enum { CRED__PANEL_LANES = 16, CRED__PANEL_COLUMNS = 96, CRED__PANEL_DEPTH = 1280 };
static inline size_t cred__panel_room(size_t n) {
  return (n + CRED__PANEL_LANES - 1) / CRED__PANEL_LANES * CRED__PANEL_LANES;
}
// k in equal parts of at most CRED__PANEL_DEPTH.
static inline size_t cred__panel_depth(size_t k) {
  const size_t parts = (k + CRED__PANEL_DEPTH - 1) / CRED__PANEL_DEPTH;
  return parts <= 1 ? k : (k + parts - 1) / parts;
}
// Packs B of g (a, c are not read) on n_threads threads.
void cred__pack(size_t n_threads, cred_real *panels, const cred__gemm_args *g);
// Columns first ... end - 1 of it; both are multiples of CRED__PANEL_COLUMNS, or end is
// n.
void cred__pack_columns(cred_real *panels, const cred__gemm_args *g, size_t first,
                        size_t end);

// out (n) = standard normals number first ... first + n - 1 of the stream (key, index).
// first must be a multiple of CRED__NOISE_BLOCK; whole tiles are the fastest, for what
// comes before the first in its tile is passed over.
enum { CRED__NOISE_BLOCK = 64, CRED__NOISE_TILE = 1024 };
void cred__normal_fill(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                       uint64_t first);
// out (n) = mean + sd * the same normals, from any first; where sd is 0 the mean to the
// bit.
void cred__gaussian_fill(cred_real *out, size_t n, const cred_real *mean,
                         const cred_real *sd, const cred_key *key, uint64_t index,
                         uint64_t first);
// 1 / (1 - rate) with probability 1 - rate, else 0.
void cred__mask_fill(cred_real *out, size_t n, double rate, const cred_key *key,
                     uint64_t index, uint64_t first);
// +1 or -1 with probability 1/2 each.
void cred__sign_fill(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                     uint64_t first);

// The elements of in (n) where keep is not 0, in order, to out, which has room for n;
// returns how many they are.
size_t cred__compress(cred_real *out, const cred_real *in, const cred_real *keep,
                      size_t n);

// The limits of the machine: n rounds of multiply-adds in registers, seeded by x (2),
// which returns the number of operations; a (n) += s b.
double cred__multiply_adds(cred_real *x, size_t n);
void cred__add_scaled(cred_real *restrict a, const cred_real *restrict b, cred_real s,
                      size_t n);

// softplus(x) = log(1 + exp x), stable, its derivative sigmoid(x), and its inverse (y >
// 0).
double cred__softplus(double x);
double cred__softplus_inverse(double y);

// "avx512" (x86-64-v4), "avx2" (v3), "baseline".
const char *cred__kernel_isa(void);
// For tests: use this variant; false if this machine or build lacks it.
bool cred__kernel_select(const char *isa);

#endif
