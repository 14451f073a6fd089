// conv.h -- what the evaluations of a convolution and of a transposed one share.
//
// Both are one linear map between a big map (H, W, C) and a small one (h, w, c) with
// weights (height, width, C / groups, c): a convolution takes the big map to the small
// one, a transposed convolution the small one to the big one, and each is the other's
// way back for gradients. The weights are a matrix of K = height x width x C / groups
// rows and c columns.

#ifndef CRED_SRC_LAYER_CONV_H
#define CRED_SRC_LAYER_CONV_H

#include "layer/dense.h"

typedef struct {
  cred_shape big, small;
  cred__window window;
  size_t n_big, n_small;              // elements a row
  size_t big_group, small_group;      // channels of a group
  size_t n_taps, n_weight_rows;       // height x width; K
  size_t padded_height, padded_width; // of the big map with its zeros
  bool in_place;                      // no zeros are needed
  bool transposed;
} cred__conv_map;
cred__conv_map cred__conv_map_of(const cred__layer *layer);

// out = x W + start (accumulate: +=) and d W^T, for B rows. start (channels of out) or
// NULL. `scratch` holds cred__conv_n_scratch() numbers, as for cred__conv_take.
typedef struct {
  cred_real *out;
  const cred_real *in, *weight, *start;
  bool accumulate;
} cred__conv_product;
void cred__conv_times(const cred__layer *layer, const cred__pass *pass,
                      cred_real *scratch, const cred__conv_product *product);
void cred__conv_times_transposed(const cred__layer *layer, const cred__pass *pass,
                                 cred_real *scratch, const cred__conv_product *product);
size_t cred__conv_n_scratch(const cred__layer *layer, size_t n_rows, size_t n_threads);
// Of a convolution: out is the output of `next` for x W + start, with
// cred__conv_is_pooled(layer, next). `scratch` holds cred__conv_n_scratch_pooled()
// numbers.
void cred__conv_times_pooled(const cred__layer *layer, const cred__layer *next,
                             const cred__pass *pass, cred_real *scratch,
                             const cred__conv_product *product);
size_t cred__conv_n_scratch_pooled(const cred__layer *layer, const cred__layer *next,
                                   size_t n_threads);
size_t cred__conv_threads(const cred__layer *layer, const cred__pass *pass);

// Gradients of weights and biases to the sink, as cred__dense_take; in_sd = NULL: no dsd.
typedef struct {
  const cred_real *in, *dout, *in_sd, *dout_sd;
  const cred_real *factor, *factor_bias;
  cred_real scale;
} cred__conv_gradient;
void cred__conv_take(const cred__layer *layer, const cred__pass *pass, cred_real *scratch,
                     const cred__conv_gradient *gradient);

// Operations that conv.c has for both; the slices need the window and the shapes.
cred_status cred__conv_set_slices(cred__layer *layer, size_t fan_in);
void cred__conv_init(const cred__layer *layer, cred_real *theta, const cred_key *key);
size_t cred__conv_n_cache(const cred__layer *layer, size_t n_rows, cred__mode mode);
size_t cred__conv_n_scratch_mode(const cred__layer *layer, size_t n_rows, cred__mode mode,
                                 size_t n_threads);
void cred__conv_forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                        cred_real *cache, cred_real *scratch, const cred_real *in);
// A plain pass through the convolution and the layer behind it, where that is a maximum
// over windows that lie apart.
bool cred__conv_is_pooled(const cred__layer *layer, const cred__layer *next);
void cred__conv_forward_pooled(const cred__layer *layer, const cred__layer *next,
                               const cred__pass *pass, cred_real *out, cred_real *scratch,
                               const cred_real *in);
void cred__conv_backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                         cred_real *cache, cred_real *scratch, const cred_real *dout,
                         const cred_real *in, const cred_real *out);

// The evaluations; see conv_local.c, conv_flipout.c and conv_moments.c. Their scratch
// begins with cred__conv_n_scratch() numbers for the products.
size_t cred__conv_local_n_scratch(const cred__layer *layer, size_t n_rows);
void cred__conv_local_forward(const cred__layer *layer, const cred__pass *pass,
                              cred_real *out, cred_real *cache, cred_real *scratch,
                              const cred_real *in);
void cred__conv_local_backward(const cred__layer *layer, const cred__pass *pass,
                               cred_real *din, cred_real *cache, cred_real *scratch,
                               const cred_real *dout, const cred_real *in);
size_t cred__conv_flipout_n_cache(const cred__layer *layer);
size_t cred__conv_flipout_n_scratch(const cred__layer *layer, size_t n_rows);
void cred__conv_flipout_forward(const cred__layer *layer, const cred__pass *pass,
                                cred_real *out, cred_real *cache, cred_real *scratch,
                                const cred_real *in);
void cred__conv_flipout_backward(const cred__layer *layer, const cred__pass *pass,
                                 cred_real *din, cred_real *cache, cred_real *scratch,
                                 const cred_real *dout, const cred_real *in);
size_t cred__conv_n_scratch_moments(const cred__layer *layer, size_t n_rows,
                                    size_t n_threads);
void cred__conv_moments(const cred__layer *layer, const cred__pass *pass,
                        cred_real *out_mean, cred_real *out_var, cred_real *scratch,
                        const cred_real *in_mean, const cred_real *in_var);

#endif
