// dense.h -- what the evaluations of a dense layer share.
//
// Shapes: in (B, n_in), out (B, n_out), weights M and S (n_in, n_out), biases b, sb
// (n_out).

#ifndef CRED_SRC_LAYER_DENSE_H
#define CRED_SRC_LAYER_DENSE_H

#include "layer/layer.h"

// Below so many multiply-adds a layer runs on the caller's thread.
enum { CRED__DENSE_SERIAL = 50000 };

static inline const cred_real *cred__dense_weight(const cred__layer *layer,
                                                  const cred_real *vector) {
  return vector + layer->slices[0].offset;
}
static inline const cred_real *cred__dense_bias(const cred__layer *layer,
                                                const cred_real *vector) {
  return vector + layer->slices[1].offset;
}
static inline uint64_t cred__row_index(const cred__pass *pass, size_t b) {
  if (pass->draws) b %= pass->n_each;
  return pass->row ? pass->row[b] : (uint64_t)b;
}
// The key from which row b's noise follows.
static inline const cred_key *cred__row_draw(const cred__pass *pass, size_t b) {
  return pass->draws ? &pass->draws[b / pass->n_each] : &pass->key;
}

size_t cred__dense_threads(const cred__layer *layer, const cred__pass *pass);
// The key of this layer's noise of one purpose, from the pass or from one draw of it.
cred_key cred__layer_key(const cred__layer *layer, const cred__pass *pass,
                         uint32_t purpose);
cred_key cred__layer_draw_key(const cred__layer *layer, const cred_key *draw,
                              uint32_t purpose);

// out = x W + bias (or NULL; accumulate: +=), x (B, n_in), W (n_in, n_out); and out = d
// W^T, `panels` as the buffers of a gradient.
void cred__dense_times(size_t n_threads, const cred__layer *layer, size_t n_rows,
                       cred_real *out, const cred_real *x, const cred_real *weight,
                       const cred_real *bias, bool accumulate);
// The same on the threads of the pass; zeros of x are left out where its weights are
// finite.
void cred__dense_product(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                         const cred_real *x, const cred_real *weight,
                         const cred_real *bias);
void cred__dense_times_transposed(size_t n_threads, const cred__layer *layer,
                                  size_t n_rows, cred_real *out, cred_real *panels,
                                  const cred_real *d, const cred_real *weight);

// Elementwise loops, cut into fixed ranges: task(context, first, end).
typedef void (*cred__range_task)(void *context, size_t first, size_t end);
void cred__for_ranges(size_t n_threads, size_t n, size_t step, cred__range_task task,
                      void *context);
// out = x^2; out = x * y; out += 2 x * y (may run in place).
void cred__square(size_t n_threads, cred_real *out, const cred_real *x, size_t n);
void cred__multiply(size_t n_threads, cred_real *out, const cred_real *x,
                    const cred_real *y, size_t n);
void cred__multiply_add(size_t n_threads, cred_real *out, const cred_real *x,
                        const cred_real *y, cred_real scale, size_t n);

// Gradients of the weights, tile by tile, then of the biases, each handed to the sink:
//   dmean = in^T dout,   dsd = scale * factor o (in_sd^T dout_sd)
//   dmean = sum_b dout,  dsd = scale * factor_bias o sum_b dout_sd
// in_sd = NULL: no dsd. `buffers` holds cred__dense_n_buffers() numbers, for blocks of at
// most the rows it was asked for.
typedef struct {
  const cred_real *in, *dout, *in_sd, *dout_sd;
  const cred_real *factor, *factor_bias;
  cred_real scale;
  cred_real *buffers;
} cred__dense_gradient;
void cred__dense_take(const cred__layer *layer, const cred__pass *pass,
                      const cred__dense_gradient *gradient);
size_t cred__dense_n_buffers(const cred__layer *layer, size_t n_rows, size_t n_threads);

// Numbers of a row's mask: each stands for as many elements as there are places.
size_t cred__dropout_n_mask(const cred__layer *layer);
// The masks of pass->draws on the n_each rows of `in`.
void cred__dropout_spread(const cred__layer *layer, const cred__pass *pass,
                          cred_real *out, cred_real *cache, const cred_real *in);

// The evaluations; see dense_local.c, dense_drawn.c and dense_flipout.c.
size_t cred__dense_local_n_cache(const cred__layer *layer, size_t n_rows);
size_t cred__dense_local_n_scratch(const cred__layer *layer, size_t n_rows);
void cred__dense_local_forward(const cred__layer *layer, const cred__pass *pass,
                               cred_real *out, cred_real *cache, cred_real *scratch,
                               const cred_real *in);
// Outputs of pass->draws from the n_each rows of `in`, their mean and variance formed
// once.
void cred__dense_local_spread(const cred__layer *layer, const cred__pass *pass,
                              cred_real *out, cred_real *scratch, const cred_real *in);
void cred__dense_local_backward(const cred__layer *layer, const cred__pass *pass,
                                cred_real *din, cred_real *cache, cred_real *scratch,
                                const cred_real *dout, const cred_real *in);
// Of pass->draws, each with a draw of the weights; row b reads row b modulo n_in_rows.
size_t cred__dense_drawn_n_scratch(const cred__layer *layer);
void cred__dense_drawn_forward(const cred__layer *layer, const cred__pass *pass,
                               cred_real *out, cred_real *scratch, const cred_real *in,
                               size_t n_in_rows);
size_t cred__dense_flipout_n_cache(const cred__layer *layer);
size_t cred__dense_flipout_n_scratch(const cred__layer *layer, size_t n_rows);
void cred__dense_flipout_forward(const cred__layer *layer, const cred__pass *pass,
                                 cred_real *out, cred_real *cache, cred_real *scratch,
                                 const cred_real *in);
void cred__dense_flipout_backward(const cred__layer *layer, const cred__pass *pass,
                                  cred_real *din, cred_real *cache, cred_real *scratch,
                                  const cred_real *dout, const cred_real *in);
size_t cred__dense_n_scratch_moments(const cred__layer *layer, size_t n_rows,
                                     size_t n_threads);
void cred__dense_moments(const cred__layer *layer, const cred__pass *pass,
                         cred_real *out_mean, cred_real *out_var, cred_real *scratch,
                         const cred_real *in_mean, const cred_real *in_var);
void cred__dense_forward_mean(const cred__layer *layer, const cred__pass *pass,
                              cred_real *out, const cred_real *in);

#endif
