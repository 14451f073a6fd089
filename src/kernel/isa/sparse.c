// sparse.c -- products of rows that are zero in many places, as dropout and relu leave
// them: C = A B + bias without the terms of zeros.
//
// A row of A is turned into a list of what is not 0, DEPTH places at a time; a panel of
// B, DEPTH by COLUMNS, is copied to the first cache, and every row adds the rows of the
// panel that its list names to COLUMNS of C in registers. An element of C is the chain of
// multiply-adds of gemm.c but for terms 0 b, which change nothing: the same to the bit.
// Measured on one core (AMD Zen 4, AVX-512), 128 x 1200 x 1200: 1.5 ms where a quarter is
// not 0, 2.4 for a half, 3.4 by wide().

#include "compress.h"
#include "list.h"
#include "vector.h"

#if defined(__AVX512F__)
enum { VECTORS = 6 };
#else
enum { VECTORS = 12 };
#endif
enum { COLUMNS = VECTORS * K_LANES, DEPTH = 64, ROWS = 128, ROWS_MIN = 8 };

// at: where the row of the panel begins. Vectors are written whole, past the end too.
typedef struct {
  uint32_t n, at[DEPTH + 16];
  cred_real value[DEPTH + 16];
} kept;

static void keep(kept *k, const cred_real *a, size_t n) {
  size_t p = 0, m = 0;
#if defined(CAN_GROUP)
  uint32_t at[GROUP];
  for (; p + GROUP <= n; p += GROUP) {
    const unsigned bits = nonzero(a + p);
    for (uint32_t l = 0; l < GROUP; l++) at[l] = ((uint32_t)p + l) * COLUMNS;
    together(k->value + m, a + p, bits);
    together(k->at + m, at, bits);
    m += (size_t)__builtin_popcount(bits);
  }
#endif
  for (; p < n; p++) {
    k->at[m] = (uint32_t)(p * COLUMNS);
    k->value[m] = a[p];
    m += a[p] != 0;
  }
  k->n = (uint32_t)m;
}

static inline size_t part(size_t columns, int v) {
  const size_t before = (size_t)v * K_LANES;
  return columns > before ? columns - before : 0;
}

// c (columns) += the rows of the panel that k names; before the first of them C is begun.
static inline __attribute__((always_inline)) void add_row(cred_real *c, const kept *k,
                                                          const cred_real *panel,
                                                          const cred_real *bias, bool add,
                                                          int n_vectors, size_t columns) {
  vec sum[VECTORS];
#pragma GCC unroll 12
  for (int v = 0; v < n_vectors; v++) {
    const size_t n = part(columns, v);
    sum[v] = add ? load(c + v * K_LANES, n) : (vec){0};
    if (bias) sum[v] += load(bias + v * K_LANES, n);
  }
  for (uint32_t q = 0; q < k->n; q++) {
    const cred_real s = k->value[q], *b = panel + k->at[q];
#pragma GCC unroll 12
    for (int v = 0; v < n_vectors; v++) sum[v] += s * *(const vec *)(b + v * K_LANES);
  }
#pragma GCC unroll 12
  for (int v = 0; v < n_vectors; v++)
    store_part(c + v * K_LANES, sum[v], part(columns, v));
}

// B[p0 .. p0 + depth, j0 .. j0 + columns], zeros up to whole vectors.
static void pack(cred_real *panel, const cred__gemm_args *g, size_t p0, size_t depth,
                 size_t j0, size_t columns) {
  const cred_real *b = g->b + p0 * g->ldb + j0;
  for (size_t p = 0; p < depth; p++, b += g->ldb, panel += COLUMNS)
    for (int v = 0; v < VECTORS; v++)
      *(vec *)(panel + v * K_LANES) = load(b + v * K_LANES, part(columns, v));
}

// Rows [i, i + rows) of C, places [p0, p0 + depth).
static void add_block(const cred__gemm_args *g, kept *lists, cred_real *panel, size_t i,
                      size_t rows, size_t p0) {
  const size_t depth = g->k - p0 < DEPTH ? g->k - p0 : DEPTH;
  const bool add = g->accumulate || p0;
  for (size_t r = 0; r < rows; r++) keep(&lists[r], g->a + (i + r) * g->lda + p0, depth);
  for (size_t j = 0; j < g->n; j += COLUMNS) {
    const size_t columns = g->n - j < COLUMNS ? g->n - j : COLUMNS;
    const cred_real *bias = g->bias && p0 == 0 ? g->bias + j : NULL;
    cred_real *c = g->c + i * g->ldc + j;
    pack(panel, g, p0, depth, j, columns);
    for (size_t r = 0; r < rows; r++, c += g->ldc)
      if (columns == COLUMNS)
        add_row(c, &lists[r], panel, bias, add, VECTORS, COLUMNS);
      else if (columns <= COLUMNS / 2)
        add_row(c, &lists[r], panel, bias, add, VECTORS / 2, columns);
      else
        add_row(c, &lists[r], panel, bias, add, VECTORS, columns);
  }
}

// Whether leaving out zeros of A is worth its lists.
static bool is_sparse(const cred__gemm_args *g) {
  if (g->trans_a || g->trans_b || g->m < ROWS_MIN || g->n < COLUMNS) return false;
  size_t n_kept = 0;
  for (size_t i = 0; i < g->m; i++) {
    const cred_real *a = g->a + i * g->lda;
    uint32_t n = 0;
    for (size_t p = 0; p < g->k; p++) n += a[p] != 0;
    n_kept += n;
  }
  return n_kept <= g->m * g->k / 8 * 5;
}

bool K(sparse_product)(const cred__gemm_args *g) {
  if (!is_sparse(g)) return false;
  kept lists[ROWS];
  cred_real panel[DEPTH * COLUMNS] __attribute__((aligned(64)));
  for (size_t i = 0; i < g->m; i += ROWS)
    for (size_t p0 = 0; p0 < g->k; p0 += DEPTH)
      add_block(g, lists, panel, i, g->m - i < ROWS ? g->m - i : ROWS, p0);
  return true;
}
