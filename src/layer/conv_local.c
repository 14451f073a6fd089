// conv_local.c -- local reparameterisation of a convolution: noise of the outputs.
//
//   y = mu + sqrt(v) o eps,  mu = x * M + b,  v = x^2 * S^2 + sb^2   (* convolution)
//   c = eps / (2 sqrt(v)),   dv = dy o c    (0 where v = 0)
// and the gradients of a dense layer (dense_local.c) with convolutions for products.
// Kingma, Salimans & Welling (2015), eq. 6; for convolutions Molchanov, Ashukha & Vetrov
// (2017), section 4.3. Mean and variance of every output are exact, but the outputs of
// different places are drawn independently where one draw of the weights would tie them:
// an approximation of the weights' Gaussian, unlike in a dense layer. The noise of a row
// is a function of its index. Kept for backward: c (B, n_out).

#include "layer/conv.h"
#include "kernel/kernel.h"
#include <math.h>

// x^2, S^2, sb^2; backward: dv and dv (S^2)^T besides
size_t cred__conv_local_n_scratch(const cred__layer *layer, size_t n_rows) {
  return 2 * n_rows * layer->n_in + n_rows * layer->n_out + layer->slices[0].n +
         layer->slices[1].n;
}

enum { PIECE = 16 * CRED__NOISE_BLOCK };

typedef struct {
  const cred__pass *pass;
  cred_key key;
  size_t n_out;
  cred_real *out, *cache;
} noise;

// cache holds v and becomes c; out holds mu and becomes y.
static void add_noise(void *p, size_t first, size_t end) {
  const noise *s = p;
  cred_real eps[PIECE];
  for (size_t b = first; b < end; b++)
    for (size_t j0 = 0; j0 < s->n_out; j0 += PIECE) {
      const size_t n = s->n_out - j0 < PIECE ? s->n_out - j0 : PIECE;
      cred_real *restrict out = s->out + b * s->n_out + j0;
      cred_real *restrict cache = s->cache + b * s->n_out + j0;
      cred__normal_fill(eps, n, &s->key, cred__row_index(s->pass, b), j0);
      for (size_t j = 0; j < n; j++) {
        const cred_real var = cache[j], sd = (cred_real)sqrt(var);
        out[j] += sd * eps[j];
        cache[j] = var == 0 ? 0 : (cred_real)0.5 * eps[j] / sd;
      }
    }
}

void cred__conv_local_forward(const cred__layer *layer, const cred__pass *pass,
                              cred_real *out, cred_real *cache, cred_real *scratch,
                              const cred_real *in) {
  const size_t n = pass->n_rows * layer->n_in, n_weights = layer->slices[0].n;
  const size_t n_threads = cred__conv_threads(layer, pass);
  cred_real *in2 = scratch + cred__conv_n_scratch(layer, pass->n_rows, pass->n_threads);
  cred_real *sd2 = in2 + n, *start = sd2 + n_weights;
  cred__square(n_threads, in2, in, n);
  cred__square(n_threads, sd2, cred__dense_weight(layer, pass->sd), n_weights);
  cred__square(1, start, cred__dense_bias(layer, pass->sd), layer->slices[1].n);
  const cred__conv_product mean = {.out = out,
                                   .in = in,
                                   .weight = cred__dense_weight(layer, pass->theta),
                                   .start = cred__dense_bias(layer, pass->theta)};
  const cred__conv_product var = {.out = cache, .in = in2, .weight = sd2, .start = start};
  cred__conv_times(layer, pass, scratch, &mean);
  cred__conv_times(layer, pass, scratch, &var);
  noise s = {pass, cred__layer_key(layer, pass, CRED_FOR_ROWS), layer->n_out, out, cache};
  cred__for_ranges(n_threads, pass->n_rows, 8192 / layer->n_out + 1, add_noise, &s);
}

void cred__conv_local_backward(const cred__layer *layer, const cred__pass *pass,
                               cred_real *din, cred_real *cache, cred_real *scratch,
                               const cred_real *dout, const cred_real *in) {
  const size_t n = pass->n_rows * layer->n_in, n_weights = layer->slices[0].n;
  const size_t n_threads = cred__conv_threads(layer, pass);
  const cred_real *sd = cred__dense_weight(layer, pass->sd);
  cred_real *in2 = scratch + cred__conv_n_scratch(layer, pass->n_rows, pass->n_threads);
  cred_real *din2 = in2 + n, *dvar = din2 + n, *sd2 = dvar + pass->n_rows * layer->n_out;
  cred__multiply(n_threads, dvar, dout, cache, pass->n_rows * layer->n_out);
  if (din) {
    const cred__conv_product of_mean = {
        .out = din, .in = dout, .weight = cred__dense_weight(layer, pass->theta)};
    const cred__conv_product of_var = {.out = din2, .in = dvar, .weight = sd2};
    cred__square(n_threads, sd2, sd, n_weights);
    cred__conv_times_transposed(layer, pass, scratch, &of_var);
    cred__conv_times_transposed(layer, pass, scratch, &of_mean);
    cred__multiply_add(n_threads, din, in, din2, 2, n);
  }
  if (!pass->sink) return;
  cred__square(n_threads, in2, in, n);
  const cred__conv_gradient gradient = {.in = in,
                                        .dout = dout,
                                        .in_sd = in2,
                                        .dout_sd = dvar,
                                        .factor = sd,
                                        .factor_bias = cred__dense_bias(layer, pass->sd),
                                        .scale = 2};
  cred__conv_take(layer, pass, scratch, &gradient);
}
