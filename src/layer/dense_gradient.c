// dense_gradient.c -- the products of a dense layer, and its gradients handed to the
// sink.
//
// The gradient of the weights is formed in tiles of whole rows of W, whose size depends
// on the shape alone: a tile stays in cache while the sink turns it into an update, and
// neither the threads nor their number can change a result.

#include "layer/dense.h"
#include "base/thread.h"
#include "kernel/kernel.h"
#include "kernel/update.h"

enum { TILE_ELEMENTS = 16384, RANGE_ELEMENTS = 32768, ROW_STEP = 8, WIDE = 64 };

size_t cred__dense_threads(const cred__layer *layer, const cred__pass *pass) {
  const size_t work = pass->n_rows * layer->n_in * layer->n_out;
  return work < CRED__DENSE_SERIAL ? 1 : pass->n_threads;
}

cred_key cred__layer_draw_key(const cred__layer *layer, const cred_key *draw,
                              uint32_t purpose) {
  const cred_key key = cred_key_derive(draw, purpose, 0);
  return cred_key_derive(&key, CRED_FOR_LAYER, layer->index);
}

cred_key cred__layer_key(const cred__layer *layer, const cred__pass *pass,
                         uint32_t purpose) {
  return cred__layer_draw_key(layer, &pass->key, purpose);
}

// x W + bias, as arguments.
static cred__gemm_args times(const cred__layer *layer, size_t n_rows, cred_real *out,
                             const cred_real *x, const cred_real *weight,
                             const cred_real *bias) {
  const size_t n_in = layer->n_in, n_out = layer->n_out;
  return (cred__gemm_args){.m = n_rows,
                           .n = n_out,
                           .k = n_in,
                           .a = x,
                           .b = weight,
                           .c = out,
                           .lda = n_in,
                           .ldb = n_out,
                           .ldc = n_out,
                           .bias = bias};
}

void cred__dense_times(size_t n_threads, const cred__layer *layer, size_t n_rows,
                       cred_real *out, const cred_real *x, const cred_real *weight,
                       const cred_real *bias, bool accumulate) {
  cred__gemm_args g = times(layer, n_rows, out, x, weight, bias);
  g.accumulate = accumulate;
  cred__matmul(n_threads, &g);
}

void cred__dense_product(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                         const cred_real *x, const cred_real *weight,
                         const cred_real *bias) {
  cred__gemm_args g = times(layer, pass->n_rows, out, x, weight, bias);
  g.skip_zeros = pass->finite;
  cred__matmul(cred__dense_threads(layer, pass), &g);
}

// Where W is wide, as (W d^T)^T: W is read where it lies, and d is packed instead. On one
// core (AMD Zen 4), 128 rows: 107 GFLOP/s instead of 86 for 1200 x 1200, but 50 instead
// of 89 for 1200 x 10, where each tile is soon done.
void cred__dense_times_transposed(size_t n_threads, const cred__layer *layer,
                                  size_t n_rows, cred_real *out, cred_real *panels,
                                  const cred_real *d, const cred_real *weight) {
  const size_t n_in = layer->n_in, n_out = layer->n_out;
  if (n_out < WIDE) {
    const cred__gemm_args narrow = {.m = n_rows,
                                    .n = n_in,
                                    .k = n_out,
                                    .trans_b = true,
                                    .a = d,
                                    .b = weight,
                                    .c = out,
                                    .lda = n_out,
                                    .ldb = n_out,
                                    .ldc = n_in};
    cred__matmul(n_threads, &narrow);
    return;
  }
  const cred__gemm_args g = {.m = n_in,
                             .n = n_rows,
                             .k = n_out,
                             .trans_b = true,
                             .trans_c = true,
                             .a = weight,
                             .b = d,
                             .c = out,
                             .packed = panels,
                             .lda = n_out,
                             .ldb = n_out,
                             .ldc = n_in};
  cred__pack(n_threads, panels, &g);
  cred__matmul(n_threads, &g);
}

void cred__dense_forward_mean(const cred__layer *layer, const cred__pass *pass,
                              cred_real *out, const cred_real *in) {
  cred__dense_product(layer, pass, out, in, cred__dense_weight(layer, pass->theta),
                      cred__dense_bias(layer, pass->theta));
}

typedef struct {
  size_t n, step;
  cred__range_task task;
  void *context;
} ranges;

static void one_range(void *p, size_t i, size_t worker) {
  (void)worker;
  const ranges *r = p;
  const size_t first = i * r->step, end = first + r->step;
  r->task(r->context, first, end < r->n ? end : r->n);
}

void cred__for_ranges(size_t n_threads, size_t n, size_t step, cred__range_task task,
                      void *context) {
  if (n_threads == 1 || n <= step) {
    for (size_t i = 0; i < n; i += step) task(context, i, n - i < step ? n : i + step);
    return;
  }
  ranges r = {n, step, task, context};
  cred__parallel(n_threads, (n + step - 1) / step, one_range, &r);
}

typedef struct {
  cred_real *out;
  const cred_real *x, *y;
  cred_real scale;
} operands;

static void multiply_range(void *p, size_t first, size_t end) {
  const operands *o = p;
  cred__product(o->out + first, o->x + first, o->y + first, end - first);
}

static void multiply_add_range(void *p, size_t first, size_t end) {
  const operands *o = p;
  cred__product_add(o->out + first, o->x + first, o->y + first, o->scale, end - first);
}

void cred__multiply(size_t n_threads, cred_real *out, const cred_real *x,
                    const cred_real *y, size_t n) {
  operands o = {out, x, y, 1};
  cred__for_ranges(n_threads, n, RANGE_ELEMENTS, multiply_range, &o);
}

void cred__square(size_t n_threads, cred_real *out, const cred_real *x, size_t n) {
  cred__multiply(n_threads, out, x, x, n);
}

void cred__multiply_add(size_t n_threads, cred_real *out, const cred_real *x,
                        const cred_real *y, cred_real scale, size_t n) {
  operands o = {out, x, y, scale};
  cred__for_ranges(n_threads, n, RANGE_ELEMENTS, multiply_add_range, &o);
}

static size_t tile_rows(const cred__layer *layer) {
  size_t rows = TILE_ELEMENTS / layer->n_out;
  if (rows > ROW_STEP) rows -= rows % ROW_STEP;
  if (rows < 1) rows = 1;
  return rows < layer->n_in ? rows : layer->n_in;
}

// Panels of dout and dout_sd, which the tiles of all threads share; before them, of what
// is multiplied by W^T.
static size_t n_panels(const cred__layer *layer, size_t n_rows) {
  const size_t of_gradient = 2 * n_rows * cred__panel_room(layer->n_out);
  const size_t of_input = layer->n_out * cred__panel_room(n_rows);
  return of_gradient > of_input ? of_gradient : of_input;
}

size_t cred__dense_n_buffers(const cred__layer *layer, size_t n_rows, size_t n_threads) {
  return n_panels(layer, n_rows) + n_threads * 2 * tile_rows(layer) * layer->n_out;
}

typedef struct {
  const cred__layer *layer;
  const cred__pass *pass;
  const cred__dense_gradient *g;
  size_t rows;
  cred_real *panels[2]; // of dout, dout_sd; NULL where there is one tile
  cred_real *buffers;
} tiling;

// x^T d, x (B, n_in), d (B, n_out)
static cred__gemm_args product_of(const tiling *t, const cred_real *x, const cred_real *d,
                                  const cred_real *panels) {
  const size_t n_in = t->layer->n_in, n_out = t->layer->n_out;
  return (cred__gemm_args){.m = n_in,
                           .n = n_out,
                           .k = t->pass->n_rows,
                           .trans_a = true,
                           .a = x,
                           .b = d,
                           .packed = panels,
                           .lda = n_in,
                           .ldb = n_out,
                           .ldc = n_out};
}

// out (rows, n_out): rows [i, i + rows) of x^T d
static void tile_product(const tiling *t, cred_real *out, const cred_real *x,
                         const cred_real *d, const cred_real *panels, size_t i,
                         size_t rows) {
  cred__gemm_args g = product_of(t, x + i, d, panels);
  g.m = rows;
  g.c = out;
  cred__gemm(&g);
}

static void one_tile(void *p, size_t task, size_t worker) {
  const tiling *t = p;
  const size_t n_in = t->layer->n_in, n_out = t->layer->n_out;
  const size_t i = task * t->rows, rows = n_in - i < t->rows ? n_in - i : t->rows;
  cred_real *dmean = t->buffers + worker * 2 * t->rows * n_out, *dsd = NULL;
  tile_product(t, dmean, t->g->in, t->g->dout, t->panels[0], i, rows);
  if (t->g->in_sd) {
    dsd = dmean + t->rows * n_out;
    tile_product(t, dsd, t->g->in_sd, t->g->dout_sd, t->panels[1], i, rows);
    cred__product_by(dsd, t->g->factor + i * n_out, t->g->scale, rows * n_out);
  }
  const cred_sink *sink = t->pass->sink;
  sink->take(sink->context, t->layer->slices[0].offset + i * n_out, dmean, dsd,
             rows * n_out);
}

static void take_biases(const tiling *t) {
  const size_t n_out = t->layer->n_out;
  cred_real *dmean = t->buffers, *dsd = NULL;
  cred__column_sums(dmean, t->g->dout, t->pass->n_rows, n_out);
  if (t->g->in_sd) {
    dsd = dmean + t->rows * n_out;
    cred__column_sums(dsd, t->g->dout_sd, t->pass->n_rows, n_out);
    cred__product_by(dsd, t->g->factor_bias, t->g->scale, n_out);
  }
  const cred_sink *sink = t->pass->sink;
  sink->take(sink->context, t->layer->slices[1].offset, dmean, dsd, n_out);
}

static void pack_panels(tiling *t, size_t n_threads) {
  const cred__dense_gradient *g = t->g;
  const cred_real *const d[2] = {g->dout, g->in_sd ? g->dout_sd : NULL};
  for (int i = 0; i < 2 && d[i]; i++) {
    t->panels[i] =
        g->buffers + (size_t)i * t->pass->n_rows * cred__panel_room(t->layer->n_out);
    const cred__gemm_args product = product_of(t, NULL, d[i], NULL);
    cred__pack(n_threads, t->panels[i], &product);
  }
}

void cred__dense_take(const cred__layer *layer, const cred__pass *pass,
                      const cred__dense_gradient *gradient) {
  if (!pass->sink) return;
  tiling t = {.layer = layer,
              .pass = pass,
              .g = gradient,
              .rows = tile_rows(layer),
              .buffers = gradient->buffers + n_panels(layer, pass->n_rows)};
  const size_t n_tiles = (layer->n_in + t.rows - 1) / t.rows;
  const size_t n_threads = cred__dense_threads(layer, pass);
  if (n_tiles > 1) pack_panels(&t, n_threads);
  if (n_threads == 1 || n_tiles == 1)
    for (size_t i = 0; i < n_tiles; i++) one_tile(&t, i, 0);
  else
    cred__parallel(n_threads, n_tiles, one_tile, &t);
  take_biases(&t);
}
