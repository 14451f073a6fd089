// dense.c -- a fully connected layer, y = x W + b: text, shapes, start, plain evaluation.
//
//   dx = dy W^T,  dW = x^T dy,  db = sum over rows of dy
// Weights are stored (n_in, n_out). Start: W ~ N(0, gain^2 / n_in) (He et al. 2015, eq.
// 10, gain^2 = 2 before relu and its kin; LeCun et al. 1998, section 4.6, gain = 1 before
// the others), b uniform in +-1 / sqrt(n_in).

#include "layer/dense.h"
#include "layer/registry.h"
#include "base/fail.h"
#include "base/text.h"
#include "base/thread.h"
#include "kernel/kernel.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH_MAX = 1000000 };

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  size_t width;
  if (n_words == 0) FAIL(CRED_EINVAL, "dense needs a width (write 'dense 50')");
  if (!cred__parse_size(&width, words[0], strlen(words[0])) || width < 1 ||
      width > WIDTH_MAX)
    FAIL(CRED_EINVAL, "width is '%s', must be a whole number from 1 to %d", words[0],
         (int)WIDTH_MAX);
  if (n_words > 1) return cred__registry_unknown_activation(words[1]);
  layer->width = width;
  snprintf(layer->text, sizeof layer->text, "dense %zu", width);
  return CRED_OK;
}

static cred_status shape(cred__layer *layer) {
  layer->n_out = layer->width;
  size_t n;
  if (__builtin_mul_overflow(layer->n_in, layer->n_out, &n) || n > CRED__PARAMS_MAX)
    FAIL(CRED_EINVAL, "%zu inputs by %zu units are more than 2^31 weights", layer->n_in,
         layer->n_out);
  layer->n_slices = 2;
  layer->slices[0] = (cred_network_slice){
      .n = n, .shape = {layer->n_in, layer->n_out}, .n_dims = 2, .fan_in = layer->n_in};
  layer->slices[1] = (cred_network_slice){.n = layer->n_out,
                                          .shape = {layer->n_out},
                                          .n_dims = 1,
                                          .fan_in = layer->n_in,
                                          .is_bias = true};
  snprintf(layer->slice_names[0], CRED__LAYER_TEXT, "%.40s.weight", layer->name);
  snprintf(layer->slice_names[1], CRED__LAYER_TEXT, "%.40s.bias", layer->name);
  return CRED_OK;
}

static void init(const cred__layer *layer, cred_real *theta, const cred_key *key) {
  const double limit = 1.0 / sqrt((double)layer->n_in);
  const cred_real sd = (cred_real)(layer->gain * limit);
  const cred_key weight_key = cred_key_derive(key, CRED_FOR_SLICE, 0);
  const cred_key bias_key = cred_key_derive(key, CRED_FOR_SLICE, 1);
  cred_real *weight = theta + layer->slices[0].offset;
  cred_real *bias = theta + layer->slices[1].offset;
  cred__normal_fill(weight, layer->slices[0].n, &weight_key, 0, 0);
  for (size_t i = 0; i < layer->slices[0].n; i++) weight[i] *= sd;
  for (size_t j = 0; j < layer->n_out; j++)
    bias[j] = (cred_real)((2 * cred_key_uniform(&bias_key, j) - 1) * limit);
}

// Without standard deviations every evaluation is the plain one.
static cred__mode mode_of(const cred__pass *pass) {
  return pass->sd ? pass->mode : CRED__PLAIN;
}

static size_t n_cache(const cred__layer *layer, size_t n_rows, cred__mode mode) {
  if (mode == CRED__LOCAL) return cred__dense_local_n_cache(layer, n_rows);
  return mode == CRED__FLIPOUT ? cred__dense_flipout_n_cache(layer) : 0;
}

static size_t n_scratch(const cred__layer *layer, size_t n_rows, cred__mode mode,
                        size_t n_threads) {
  size_t n = cred__dense_n_buffers(layer, n_rows, n_threads);
  if (mode == CRED__LOCAL) n += cred__dense_local_n_scratch(layer, n_rows);
  if (mode == CRED__FLIPOUT) n += cred__dense_flipout_n_scratch(layer, n_rows);
  if (mode == CRED__DRAWN) n = cred__dense_drawn_n_scratch(layer);
  return n;
}

static void forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                    cred_real *cache, cred_real *scratch, const cred_real *in) {
  switch (mode_of(pass)) {
  case CRED__LOCAL:
    cred__dense_local_forward(layer, pass, out, cache, scratch, in);
    break;
  case CRED__FLIPOUT:
    cred__dense_flipout_forward(layer, pass, out, cache, scratch, in);
    break;
  case CRED__DRAWN:
    cred__dense_drawn_forward(layer, pass, out, scratch, in, pass->n_rows);
    break;
  default:
    cred__dense_forward_mean(layer, pass, out, in);
  }
}

static void plain_backward(const cred__layer *layer, const cred__pass *pass,
                           cred_real *din, cred_real *scratch, const cred_real *dout,
                           const cred_real *in) {
  if (din)
    cred__dense_times_transposed(cred__dense_threads(layer, pass), layer, pass->n_rows,
                                 din, scratch, dout,
                                 cred__dense_weight(layer, pass->theta));
  const cred__dense_gradient gradient = {.in = in, .dout = dout, .buffers = scratch};
  cred__dense_take(layer, pass, &gradient);
}

static void backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                     cred_real *cache, cred_real *scratch, const cred_real *dout,
                     const cred_real *in, const cred_real *out) {
  (void)out;
  switch (mode_of(pass)) {
  case CRED__LOCAL:
    cred__dense_local_backward(layer, pass, din, cache, scratch, dout, in);
    break;
  case CRED__FLIPOUT:
    cred__dense_flipout_backward(layer, pass, din, cache, scratch, dout, in);
    break;
  default:
    plain_backward(layer, pass, din, scratch, dout, in);
  }
}

const cred__layer_ops cred__dense_ops = {
    .name = "dense",
    .usage = "dense WIDTH [ACTIVATION]",
    .parse = parse,
    .shape = shape,
    .init = init,
    .n_cache = n_cache,
    .n_scratch = n_scratch,
    .forward = forward,
    .backward = backward,
    .moments = cred__dense_moments,
    .n_scratch_moments = cred__dense_n_scratch_moments,
};
