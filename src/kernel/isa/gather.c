// gather.c -- products with a matrix read out of a map, on register tiles.
//
// A tile of K_ROWS rows of C stays in registers while a block of at most DEPTH steps
// passes: each step is one load of every vector of B and one broadcast a row, from
// a[row offset + step offset]. The offsets of a block are counted out once, on the stack.
// B comes in panels of equal width (64 columns are two panels of 32 rather than 48 and
// 16), packed by the caller or, where its rows fill vectors, as it lies.

#include "isa.h"
#include "kernel/gather.h"
#include "vector.h"
#include <string.h>

enum { DEPTH = 256, ROWS = 256 };
_Static_assert(ROWS % K_ROWS == 0, "rows of a chunk are whole tiles");

static void count_offsets(int32_t *out, const cred__offsets *o, size_t first, size_t n) {
  size_t i2 = first % o->n2, i1 = first / o->n2 % o->n1;
  ptrdiff_t at = cred__offset_at(o, first);
  for (size_t i = 0; i < n; i++) {
    out[i] = (int32_t)at;
    at += o->s2;
    if (++i2 < o->n2) continue;
    i2 = 0;
    at += o->s1 - (ptrdiff_t)o->n2 * o->s2;
    if (++i1 < o->n1) continue;
    i1 = 0;
    at += o->s0 - (ptrdiff_t)o->n1 * o->s1;
  }
}

typedef struct {
  const cred_real *a, *panel, *start;
  cred_real *c;
  const int32_t *row, *step, *out;
  size_t panel_stride, depth, columns, n_rows; // n_rows <= K_ROWS of the tile count
  bool add;
} block;

static inline __attribute__((always_inline)) void
multiply(vec acc[K_ROWS][K_VECTORS], const block *k, int n_vectors) {
  const cred_real *a[K_ROWS], *panel = k->panel;
  const int32_t *step = k->step;
#pragma GCC unroll 8
  for (int i = 0; i < K_ROWS; i++) a[i] = k->a + k->row[i];
  for (size_t p = 0; p < k->depth; p++, panel += k->panel_stride) {
    const ptrdiff_t at = step[p];
    vec b[K_VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < n_vectors; v++) b[v] = *(const vec *)(panel + v * K_LANES);
#pragma GCC unroll 8
    for (int i = 0; i < K_ROWS; i++) {
      const cred_real s = a[i][at];
#pragma GCC unroll 8
      for (int v = 0; v < n_vectors; v++) acc[i][v] = multiply_add(acc[i][v], s, b[v]);
    }
  }
}

static inline __attribute__((always_inline)) void
store(const block *k, vec acc[K_ROWS][K_VECTORS], int n_vectors) {
  const bool whole = k->columns == (size_t)(n_vectors * K_LANES);
#pragma GCC unroll 8
  for (int i = 0; i < K_ROWS; i++) {
    if ((size_t)i == k->n_rows) return;
    cred_real *c = k->c + k->out[i];
    if (whole) {
#pragma GCC unroll 8
      for (int v = 0; v < n_vectors; v++) {
        vec sum = acc[i][v];
        if (k->start) sum += *(const vec *)(k->start + v * K_LANES);
        if (k->add) sum += *(const vec *)(c + v * K_LANES);
        *(vec *)(c + v * K_LANES) = sum;
      }
      continue;
    }
    vec row_vectors[K_VECTORS];
    for (int v = 0; v < K_VECTORS; v++) row_vectors[v] = acc[i][v < n_vectors ? v : 0];
    const cred_real *row = (const cred_real *)row_vectors;
    for (size_t j = 0; j < k->columns; j++) {
      const cred_real sum = row[j] + (k->start ? k->start[j] : 0);
      c[j] = k->add ? c[j] + sum : sum;
    }
  }
}

#define TILE(n_vectors)                                                                  \
  static void tile_##n_vectors(const block *k) {                                         \
    vec acc[K_ROWS][K_VECTORS];                                                          \
    _Pragma("GCC unroll 8") for (int i = 0; i < K_ROWS; i++)                             \
        _Pragma("GCC unroll 8") for (int v = 0; v < n_vectors; v++) acc[i][v] =          \
            (vec){0};                                                                    \
    multiply(acc, k, n_vectors);                                                         \
    store(k, acc, n_vectors);                                                            \
  }
typedef void (*tile_fn)(const block *);
TILE(1)
TILE(2)
#if defined(__AVX2__)
TILE(3)
static const tile_fn tiles[K_VECTORS] = {tile_1, tile_2, tile_3};
#else
static const tile_fn tiles[K_VECTORS] = {tile_1, tile_2};
#endif

// Columns of a panel of B (., n): as few panels as registers allow, of equal width.
static size_t panel_width(size_t n) {
  const size_t n_vectors = (n + K_LANES - 1) / K_LANES;
  const size_t n_panels = (n_vectors + K_VECTORS - 1) / K_VECTORS;
  return (n_vectors + n_panels - 1) / n_panels * K_LANES;
}

static size_t padded_columns(size_t columns) {
  return (columns + K_LANES - 1) / K_LANES * K_LANES;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static void pack(cred_real *packed, const cred_real *b, const cred__offsets *rows,
                 ptrdiff_t column_step, size_t k, size_t n) {
  const size_t width = panel_width(n);
  int32_t row[DEPTH];
  for (size_t j0 = 0; j0 < n; j0 += width) {
    const size_t columns = smaller(width, n - j0), padded = padded_columns(columns);
    for (size_t p0 = 0; p0 < k; p0 += DEPTH) {
      const size_t depth = smaller(DEPTH, k - p0);
      count_offsets(row, rows, p0, depth);
      for (size_t p = 0; p < depth; p++, packed += padded) {
        const cred_real *from = b + row[p] + (ptrdiff_t)j0 * column_step;
        if (column_step == 1)
          for (size_t j = 0; j < columns; j++) packed[j] = from[j];
        else
          for (size_t j = 0; j < columns; j++)
            packed[j] = from[(ptrdiff_t)j * column_step];
        for (size_t j = columns; j < padded; j++) packed[j] = 0;
      }
    }
  }
}

// A panel of B as it lies, with zeros beyond its columns.
static void copy_panel(cred_real *panel, const cred_real *b, size_t ldb, size_t depth,
                       size_t columns, size_t padded) {
  for (size_t p = 0; p < depth; p++, b += ldb, panel += padded) {
    for (size_t j = 0; j < columns; j++) panel[j] = b[j];
    for (size_t j = columns; j < padded; j++) panel[j] = 0;
  }
}

// All tiles of a chunk of rows over one block of steps and one panel.
static void rows_of_panel(const cred__gather_args *g, block *k, const int32_t *row,
                          const int32_t *out, size_t n_rows, size_t j0) {
  const tile_fn tile = tiles[padded_columns(k->columns) / K_LANES - 1];
  k->c = g->c + j0;
  for (size_t i = 0; i < n_rows; i += K_ROWS) {
    k->row = row + i;
    k->out = out + i;
    k->n_rows = smaller(K_ROWS, n_rows - i);
    tile(k);
  }
}

static void chunk(const cred__gather_args *g, const int32_t *row, const int32_t *out,
                  size_t n_rows, cred_real *buffer) {
  const size_t width = panel_width(g->n);
  int32_t step[DEPTH];
  for (size_t p0 = 0; p0 < g->k; p0 += DEPTH) {
    block k = {.a = g->a, .step = step, .add = g->accumulate || p0};
    k.depth = smaller(DEPTH, g->k - p0);
    count_offsets(step, &g->steps, p0, k.depth);
    for (size_t j0 = 0; j0 < g->n; j0 += width) {
      k.columns = smaller(width, g->n - j0);
      k.start = g->start && p0 == 0 ? g->start + j0 : NULL;
      k.panel_stride = padded_columns(k.columns);
      if (!g->ldb)
        k.panel = g->b + j0 * g->k + p0 * k.panel_stride;
      else if (k.columns == k.panel_stride) {
        k.panel = g->b + p0 * g->ldb + j0;
        k.panel_stride = g->ldb;
      } else {
        copy_panel(buffer, g->b + p0 * g->ldb + j0, g->ldb, k.depth, k.columns,
                   k.panel_stride);
        k.panel = buffer;
      }
      rows_of_panel(g, &k, row, out, n_rows, j0);
    }
  }
}

// Without a step every sum is empty.
static void no_steps(const cred__gather_args *g) {
  for (size_t i = 0; i < g->m && !(g->accumulate && !g->start); i++) {
    cred_real *c = g->c + cred__offset_at(&g->out, i);
    for (size_t j = 0; j < g->n; j++)
      c[j] = (g->accumulate ? c[j] : 0) + (g->start ? g->start[j] : 0);
  }
}

static void gemm(const cred__gather_args *g) {
  int32_t row[ROWS], out[ROWS];
  cred_real buffer[DEPTH * K_COLUMNS] __attribute__((aligned(64)));
  if (g->k == 0) {
    no_steps(g);
    return;
  }
  for (size_t i = 0; i < g->m; i += ROWS) {
    const size_t n_rows = smaller(ROWS, g->m - i);
    count_offsets(row, &g->rows, g->first + i, n_rows);
    count_offsets(out, &g->out, i, n_rows);
    // the last tile works on whole rows: those beyond repeat the last
    for (size_t r = n_rows; r % K_ROWS; r++) row[r] = row[n_rows - 1];
    chunk(g, row, out, n_rows, buffer);
  }
}

const cred__gather_table K(gather_table) = {gemm, pack};
