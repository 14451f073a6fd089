// matmul.c -- a product on several threads, cut into tiles of a fixed size.

#include "kernel/kernel.h"
#include "base/thread.h"

// Below SERIAL multiply-adds a fork costs more than it saves (about 5 us against 100
// GFLOP/s).
enum {
  TILE_ROWS = 256,
  TILE_COLUMNS = CRED__PANEL_COLUMNS,
  PACKED_ROWS = 64, // of A against all of a packed B
  SERIAL = 250000,
  SERIAL_PACK = 50000
};

typedef struct {
  const cred__gemm_args *g;
  size_t columns, n_column_tiles; // of a tile; tiles side by side
} context;

static size_t tiles_of(size_t n, size_t size) {
  return (n + size - 1) / size;
}

// A tile of one column would be summed in another order: there is none, unless n is 1.
static size_t without_single(size_t columns, size_t n, size_t step) {
  while (n > 1 && n % columns == 1) columns += step;
  return columns;
}

// Few rows read B in long runs, sparse ones are listed once a tile: a part a thread.
static size_t columns_of_few(size_t n, size_t n_threads) {
  const size_t part = tiles_of(n, cred__n_threads(n_threads));
  return without_single(tiles_of(part, CRED__PANEL_LANES) * CRED__PANEL_LANES, n,
                        CRED__PANEL_LANES);
}

static size_t columns_of(const cred__gemm_args *g, size_t n_threads) {
  const bool few = g->m <= CRED__FEW_ROWS;
  if ((few || g->skip_zeros) && !g->trans_b) return columns_of_few(g->n, n_threads);
  return without_single(TILE_COLUMNS, g->n, CRED__PANEL_LANES);
}

static void one_tile(void *p, size_t task, size_t worker) {
  (void)worker;
  const context *c = p;
  cred__gemm_args t = *c->g;
  const size_t i = task / c->n_column_tiles * TILE_ROWS;
  const size_t j = task % c->n_column_tiles * c->columns;
  t.a += t.trans_a ? i : i * t.lda;
  t.b += t.trans_b ? j * t.ldb : j;
  t.c += i * t.ldc + j;
  if (t.bias) t.bias += j;
  t.m = t.m - i < TILE_ROWS ? t.m - i : TILE_ROWS;
  t.n = t.n - j < c->columns ? t.n - j : c->columns;
  cred__gemm(&t);
}

static void packed_rows(void *p, size_t task, size_t worker) {
  (void)worker;
  cred__gemm_args t = *(const cred__gemm_args *)p;
  const size_t i = task * PACKED_ROWS;
  t.a += t.trans_a ? i : i * t.lda;
  t.c += t.trans_c ? i : i * t.ldc;
  t.m = t.m - i < PACKED_ROWS ? t.m - i : PACKED_ROWS;
  cred__gemm(&t);
}

void cred__matmul(size_t n_threads, const cred__gemm_args *g) {
  if (g->packed) {
    if (g->m * g->n * g->k < SERIAL) n_threads = 1;
    cred__parallel(n_threads, tiles_of(g->m, PACKED_ROWS), packed_rows, (void *)g);
    return;
  }
  if (g->m * g->n * g->k < SERIAL) n_threads = 1;
  context c = {.g = g, .columns = columns_of(g, n_threads)};
  c.n_column_tiles = tiles_of(g->n, c.columns);
  const size_t n_tasks = c.n_column_tiles * tiles_of(g->m, TILE_ROWS);
  if (n_threads == 1) {
    for (size_t i = 0; i < n_tasks; i++) one_tile(&c, i, 0);
    return;
  }
  cred__parallel(n_threads, n_tasks, one_tile, &c);
}

typedef struct {
  cred_real *panels;
  const cred__gemm_args *g;
} packing;

static void pack_task(void *p, size_t task, size_t worker) {
  (void)worker;
  const packing *c = p;
  const size_t first = task * CRED__PANEL_COLUMNS, end = first + CRED__PANEL_COLUMNS;
  cred__pack_columns(c->panels, c->g, first, end < c->g->n ? end : c->g->n);
}

void cred__pack(size_t n_threads, cred_real *panels, const cred__gemm_args *g) {
  packing c = {panels, g};
  const size_t n_tasks = tiles_of(g->n, CRED__PANEL_COLUMNS);
  if (g->n * g->k < SERIAL_PACK) n_threads = 1;
  cred__parallel(n_threads, n_tasks, pack_task, &c);
}

typedef struct {
  const cred__moments_args *g;
  size_t columns;
} moments_context;

static void moments_tile(void *p, size_t task, size_t worker) {
  (void)worker;
  const moments_context *c = p;
  cred__moments_args t = *c->g;
  const size_t j = task * c->columns;
  t.n = t.n - j < c->columns ? t.n - j : c->columns;
  t.weight_mean += j, t.bias_mean += j, t.mean += j, t.var += j;
  if (t.weight_var) t.weight_var += j;
  if (t.bias_var) t.bias_var += j;
  if (t.more) t.more += j;
  cred__few_moments(&t);
}

void cred__matmul_moments(size_t n_threads, const cred__moments_args *g) {
  if (g->m * g->n * g->k < SERIAL) n_threads = 1;
  moments_context c = {g, columns_of_few(g->n, n_threads)};
  cred__parallel(n_threads, tiles_of(g->n, c.columns), moments_tile, &c);
}
