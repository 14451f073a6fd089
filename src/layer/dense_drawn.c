// dense_drawn.c -- outputs under draws of the weights that are made where they are used.
//
//   y_k = x_k W_k + b_k,   W_k = M + S o eps_k,   b_k = m + s o eps_k
// eps is that of cred_posterior_draw: element i of theta has number i of the stream of
// the draw. Rows of W are drawn in tiles that stay in cache, multiplied, and forgotten:
// no draw of theta is ever in memory. A product does not depend on where it is cut
// (kernel.h), so that outputs are those of the whole theta to the bit. A row of W that
// only zeros meet is not drawn, where the weights are finite: of one row of inputs, half
// behind a relu.

#include "layer/dense.h"
#include "kernel/kernel.h"
#include <string.h>

// Elements of a tile. Few rows: it stays in the first caches, and several draws find the
// means and sds there too. Many: the outputs pass through once a tile. One column is
// summed in lanes, and is not cut.
enum { FEW_ROWS = 16, TILE_FEW = 32768, TILE_MANY = 196608 };

static size_t tile_rows(const cred__layer *layer, size_t n_rows) {
  const size_t rows = (n_rows <= FEW_ROWS ? TILE_FEW : TILE_MANY) / layer->n_out;
  if (layer->n_out == 1 || rows >= layer->n_in) return layer->n_in;
  return rows < 1 ? 1 : rows;
}

// A tile of W, the biases, and inputs of few rows moved together.
size_t cred__dense_drawn_n_scratch(const cred__layer *layer) {
  const size_t few = tile_rows(layer, 1), many = tile_rows(layer, FEW_ROWS + 1);
  const size_t rows = few > many ? few : many;
  return (rows + 1) * layer->n_out + FEW_ROWS * rows;
}

typedef struct {
  const cred__layer *layer;
  const cred__pass *pass;
  cred_real *out, *weight, *bias, *met;
  const cred_real *in;
  size_t n_in_rows; // row b reads row b modulo these
} arrays;

static void draw(const arrays *a, cred_real *out, const cred_key *key, size_t begin,
                 size_t n) {
  cred__gaussian_fill(out, n, a->pass->theta + begin, a->pass->sd + begin, key, 0, begin);
}

// Whether an input of the n_each rows meets row i of W.
static bool is_met(const arrays *a, const cred_real *in, size_t i) {
  bool met = false;
  for (size_t r = 0; r < a->pass->n_each; r++) met |= in[r * a->layer->n_in + i] != 0;
  return met;
}

// Of rows [i, i + rows) of W those that are met, drawn in runs; their inputs go to `met`.
static size_t draw_met(const arrays *a, const cred_key *key, const cred_real *in,
                       size_t i, size_t rows) {
  const size_t n_out = a->layer->n_out, n_each = a->pass->n_each, end = i + rows;
  size_t n = 0;
  for (size_t from = i, to; from < end; from = to) {
    to = from + 1;
    if (!is_met(a, in, from)) continue;
    while (to < end && is_met(a, in, to)) to++;
    draw(a, a->weight + n * n_out, key, a->layer->slices[0].offset + from * n_out,
         (to - from) * n_out);
    for (size_t r = 0; r < n_each; r++)
      memcpy(a->met + r * rows + n, in + r * a->layer->n_in + from,
             (to - from) * sizeof *in);
    n += to - from;
  }
  return n;
}

// Adds what rows [i, i + rows) of W give to the outputs of draw k. One column is summed
// in lanes, of all rows.
static void add_tile(const arrays *a, size_t k, size_t i, size_t rows) {
  const cred__layer *layer = a->layer;
  const size_t n_out = layer->n_out, first = k * a->pass->n_each;
  const cred_real *in = a->in + first % a->n_in_rows * layer->n_in;
  const cred_key key = cred_key_derive(&a->pass->draws[k], CRED_FOR_WEIGHTS, 0);
  const bool some = a->pass->finite && a->pass->n_each <= FEW_ROWS && n_out > 1;
  size_t n = rows;
  if (some)
    n = draw_met(a, &key, in, i, rows);
  else
    draw(a, a->weight, &key, layer->slices[0].offset + i * n_out, rows * n_out);
  if (i == 0) draw(a, a->bias, &key, layer->slices[1].offset, n_out);
  const cred__gemm_args g = {.m = a->pass->n_each,
                             .n = n_out,
                             .k = n,
                             .accumulate = i > 0,
                             .a = some ? a->met : in + i,
                             .b = a->weight,
                             .c = a->out + first * n_out,
                             .lda = some ? rows : layer->n_in,
                             .ldb = n_out,
                             .ldc = n_out,
                             .bias = i == 0 ? a->bias : NULL,
                             .skip_zeros = a->pass->finite};
  cred__gemm(&g);
}

void cred__dense_drawn_forward(const cred__layer *layer, const cred__pass *pass,
                               cred_real *out, cred_real *scratch, const cred_real *in,
                               size_t n_in_rows) {
  const size_t rows = tile_rows(layer, pass->n_each);
  const arrays a = {.layer = layer,
                    .pass = pass,
                    .out = out,
                    .weight = scratch,
                    .bias = scratch + rows * layer->n_out,
                    .met = scratch + (rows + 1) * layer->n_out,
                    .in = in,
                    .n_in_rows = n_in_rows};
  for (size_t i = 0; i < layer->n_in; i += rows)
    for (size_t k = 0; k < pass->n_rows / pass->n_each; k++)
      add_tile(&a, k, i, layer->n_in - i < rows ? layer->n_in - i : rows);
}
