// conv.c -- a convolution: text, shapes, start, plain evaluation.
//
//   y[i, j, o] = b[o] + sum over taps (u, v) and channels c of
//                x[i s + u d - top, j s + v d - left, c] W[u, v, c, o]
// with zeros outside the map; with groups, output channel o sees the channels of its
// group. Padding is `valid` unless the text says else, as in LeNet-5 (LeCun et al. 1998,
// section II.B). Start as of a dense layer, with fan in = taps x channels of a group.
// Shapes: x (B, H, W, C), W (height, width, C / groups, channels), y (B, h, w, channels).

#include "layer/conv.h"
#include "base/fail.h"
#include "kernel/kernel.h"
#include "layer/window.h"
#include <math.h>
#include <stdio.h>

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  if (n_words < 2)
    FAIL(CRED_EINVAL, "conv needs channels and a size (write 'conv 32 5')");
  TRY(cred__window_number(&layer->width, words[0], "channels", CRED__CHANNELS_MAX));
  layer->window.stride = 1;
  TRY(cred__window_parse(&layer->window,
                         CRED__WORD_STRIDE | CRED__WORD_PAD | CRED__WORD_DILATION |
                             CRED__WORD_GROUPS,
                         words + 1, n_words - 1));
  snprintf(layer->text, sizeof layer->text, "conv %zu", layer->width);
  cred__window_write(layer, 1);
  return CRED_OK;
}

cred_status cred__conv_set_slices(cred__layer *layer, size_t fan_in) {
  const cred__conv_map m = cred__conv_map_of(layer);
  const cred_shape padded = {m.padded_height, m.padded_width, m.big.channels};
  size_t n;
  if (!cred__shape_elements(&n, padded) || n > CRED__MAP_MAX)
    FAIL(CRED_EINVAL,
         "a map of %zu x %zu x %zu, zeros included, is more than 2^30 numbers",
         padded.height, padded.width, padded.channels);
  if (__builtin_mul_overflow(m.n_weight_rows, m.small.channels, &n) || n > CRED__MAP_MAX)
    FAIL(CRED_EINVAL,
         "a window of %zu x %zu on %zu channels to %zu is more than 2^30 "
         "weights",
         m.window.height, m.window.width, layer->in.channels, layer->out.channels);
  layer->n_slices = 2;
  layer->slices[0] = (cred_network_slice){
      .n = n,
      .shape = {m.window.height, m.window.width, m.big_group, m.small.channels},
      .n_dims = 4,
      .fan_in = fan_in};
  layer->slices[1] = (cred_network_slice){.n = layer->out.channels,
                                          .shape = {layer->out.channels},
                                          .n_dims = 1,
                                          .fan_in = fan_in,
                                          .is_bias = true};
  snprintf(layer->slice_names[0], CRED__LAYER_TEXT, "%.40s.weight", layer->name);
  snprintf(layer->slice_names[1], CRED__LAYER_TEXT, "%.40s.bias", layer->name);
  return CRED_OK;
}

static cred_status shape(cred__layer *layer) {
  const cred__window *w = &layer->window;
  TRY(cred__window_shape(layer, layer->width));
  if (layer->in.channels % w->groups || layer->width % w->groups)
    FAIL(CRED_EINVAL, "%zu channels to %zu cannot be cut into %zu groups",
         layer->in.channels, layer->width, w->groups);
  return cred__conv_set_slices(layer,
                               w->height * w->width * (layer->in.channels / w->groups));
}

void cred__conv_init(const cred__layer *layer, cred_real *theta, const cred_key *key) {
  const double limit = 1.0 / sqrt((double)layer->slices[0].fan_in);
  const cred_real sd = (cred_real)(layer->gain * limit);
  const cred_key weight_key = cred_key_derive(key, CRED_FOR_SLICE, 0);
  const cred_key bias_key = cred_key_derive(key, CRED_FOR_SLICE, 1);
  cred_real *weight = theta + layer->slices[0].offset;
  cred_real *bias = theta + layer->slices[1].offset;
  cred__normal_fill(weight, layer->slices[0].n, &weight_key, 0, 0);
  for (size_t i = 0; i < layer->slices[0].n; i++) weight[i] *= sd;
  for (size_t j = 0; j < layer->slices[1].n; j++)
    bias[j] = (cred_real)((2 * cred_key_uniform(&bias_key, j) - 1) * limit);
}

// Without standard deviations every evaluation is the plain one.
static cred__mode mode_of(const cred__pass *pass) {
  return pass->sd ? pass->mode : CRED__PLAIN;
}

size_t cred__conv_n_cache(const cred__layer *layer, size_t n_rows, cred__mode mode) {
  if (mode == CRED__LOCAL) return n_rows * layer->n_out;
  return mode == CRED__FLIPOUT ? cred__conv_flipout_n_cache(layer) : 0;
}

size_t cred__conv_n_scratch_mode(const cred__layer *layer, size_t n_rows, cred__mode mode,
                                 size_t n_threads) {
  size_t n = cred__conv_n_scratch(layer, n_rows, n_threads);
  if (mode == CRED__LOCAL) n += cred__conv_local_n_scratch(layer, n_rows);
  if (mode == CRED__FLIPOUT) n += cred__conv_flipout_n_scratch(layer, n_rows);
  return n;
}

static cred__conv_product plain_product(const cred__layer *layer, const cred__pass *pass,
                                        cred_real *out, const cred_real *in) {
  return (cred__conv_product){.out = out,
                              .in = in,
                              .weight = cred__dense_weight(layer, pass->theta),
                              .start = cred__dense_bias(layer, pass->theta)};
}

void cred__conv_forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                        cred_real *cache, cred_real *scratch, const cred_real *in) {
  const cred__conv_product product = plain_product(layer, pass, out, in);
  switch (mode_of(pass)) {
  case CRED__LOCAL:
    cred__conv_local_forward(layer, pass, out, cache, scratch, in);
    break;
  case CRED__FLIPOUT:
    cred__conv_flipout_forward(layer, pass, out, cache, scratch, in);
    break;
  default:
    cred__conv_times(layer, pass, scratch, &product);
  }
}

bool cred__conv_is_pooled(const cred__layer *layer, const cred__layer *next) {
  const cred__window *w = &next->window;
  return layer->ops == &cred__conv_ops && next->ops == &cred__pool_ops &&
         w->stride >= w->height && w->stride >= w->width;
}

void cred__conv_forward_pooled(const cred__layer *layer, const cred__layer *next,
                               const cred__pass *pass, cred_real *out, cred_real *scratch,
                               const cred_real *in) {
  const cred__conv_product product = plain_product(layer, pass, out, in);
  cred__conv_times_pooled(layer, next, pass, scratch, &product);
}

static void plain_backward(const cred__layer *layer, const cred__pass *pass,
                           cred_real *din, cred_real *scratch, const cred_real *dout,
                           const cred_real *in) {
  const cred__conv_product product = {
      .out = din, .in = dout, .weight = cred__dense_weight(layer, pass->theta)};
  const cred__conv_gradient gradient = {.in = in, .dout = dout};
  if (din) cred__conv_times_transposed(layer, pass, scratch, &product);
  cred__conv_take(layer, pass, scratch, &gradient);
}

void cred__conv_backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                         cred_real *cache, cred_real *scratch, const cred_real *dout,
                         const cred_real *in, const cred_real *out) {
  (void)out;
  switch (mode_of(pass)) {
  case CRED__LOCAL:
    cred__conv_local_backward(layer, pass, din, cache, scratch, dout, in);
    break;
  case CRED__FLIPOUT:
    cred__conv_flipout_backward(layer, pass, din, cache, scratch, dout, in);
    break;
  default:
    plain_backward(layer, pass, din, scratch, dout, in);
  }
}

const cred__layer_ops cred__conv_ops = {
    .name = "conv",
    .usage = "conv CHANNELS SIZE [stride S] [pad P | same | valid] [dilation D] "
             "[groups G] [ACTIVATION]",
    .parse = parse,
    .shape = shape,
    .init = cred__conv_init,
    .n_cache = cred__conv_n_cache,
    .n_scratch = cred__conv_n_scratch_mode,
    .forward = cred__conv_forward,
    .backward = cred__conv_backward,
    .moments = cred__conv_moments,
    .n_scratch_moments = cred__conv_n_scratch_moments,
};
