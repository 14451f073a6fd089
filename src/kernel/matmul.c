// matmul.c -- a product on several threads, cut into tiles of a fixed size.

#include "kernel/kernel.h"
#include "base/thread.h"

// Below SERIAL multiply-adds a fork costs more than it saves (about 5 us against 100
// GFLOP/s).
enum { TILE_ROWS = 256, TILE_COLUMNS = 96, SERIAL = 250000 };

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
  t.m = t.m - i < TILE_ROWS ? t.m - i : TILE_ROWS;
  t.n = t.n - j < TILE_COLUMNS ? t.n - j : TILE_COLUMNS;
  cred__gemm(&t);
}

void cred__matmul(size_t n_threads, const cred__gemm_args *g) {
  context c = {.g = g, .n_column_tiles = tiles_of(g->n, TILE_COLUMNS)};
  const size_t n_tasks = c.n_column_tiles * tiles_of(g->m, TILE_ROWS);
  if (g->m * g->n * g->k < SERIAL) n_threads = 1;
  if (n_threads == 1) {
    for (size_t i = 0; i < n_tasks; i++) one_tile(&c, i, 0);
    return;
  }
  cred__parallel(n_threads, n_tasks, one_tile, &c);
}
