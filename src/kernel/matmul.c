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
  size_t n_column_tiles;
} context;

static size_t tiles_of(size_t n, size_t size) {
  return (n + size - 1) / size;
}

static void one_tile(void *p, size_t task, size_t worker) {
  (void)worker;
  const context *c = p;
  cred__gemm_args t = *c->g;
  const size_t i = task / c->n_column_tiles * TILE_ROWS;
  const size_t j = task % c->n_column_tiles * TILE_COLUMNS;
  t.a += t.trans_a ? i : i * t.lda;
  t.b += t.trans_b ? j * t.ldb : j;
  t.c += i * t.ldc + j;
  if (t.bias) t.bias += j;
  t.m = t.m - i < TILE_ROWS ? t.m - i : TILE_ROWS;
  t.n = t.n - j < TILE_COLUMNS ? t.n - j : TILE_COLUMNS;
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
  context c = {.g = g, .n_column_tiles = tiles_of(g->n, TILE_COLUMNS)};
  const size_t n_tasks = c.n_column_tiles * tiles_of(g->m, TILE_ROWS);
  if (g->m * g->n * g->k < SERIAL) n_threads = 1;
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
