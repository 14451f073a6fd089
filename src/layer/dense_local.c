// dense_local.c -- local reparameterisation: noise of the outputs instead of the weights.
//
//   y = mu + sqrt(v) o eps,  mu = x M + b,  v = x^2 S^2 + sb^2
//   c = eps / (2 sqrt(v)),   dv = dy o c    (0 where v = 0)
//   dM = x^T dy,  dS = 2 S o ((x^2)^T dv),  dx = dy M^T + 2 x o (dv (S^2)^T)
// Kingma, Salimans & Welling (2015), eq. 6. The noise of a row is a function of its
// index, so that a row's output does not depend on its block. Kept for backward: c (B,
// n_out).

#include "layer/dense.h"
#include "kernel/kernel.h"
#include <math.h>

size_t cred__dense_local_n_cache(const cred__layer *layer, size_t n_rows) {
  return n_rows * layer->n_out;
}

// forward: x^2, S^2, eps; backward: x^2, S^2, dv, dv (S^2)^T
size_t cred__dense_local_n_scratch(const cred__layer *layer, size_t n_rows) {
  return 2 * n_rows * layer->n_in + layer->n_in * layer->n_out + n_rows * layer->n_out;
}

typedef struct {
  const cred__pass *pass;
  cred_key key;
  size_t n_out;
  cred_real *out, *cache, *eps;
} noise;

// cache holds v and becomes c; out holds mu and becomes y.
static void add_noise(void *p, size_t first, size_t end) {
  const noise *s = p;
  for (size_t b = first; b < end; b++) {
    cred_real *restrict out = s->out + b * s->n_out, *restrict cache =
                                                         s->cache + b * s->n_out;
    cred_real *restrict eps = s->eps + b * s->n_out;
    cred__normal_fill(eps, s->n_out, &s->key, cred__row_index(s->pass, b), 0);
    for (size_t j = 0; j < s->n_out; j++) {
      const cred_real var = cache[j], sd = (cred_real)sqrt(var);
      out[j] += sd * eps[j];
      cache[j] = var == 0 ? 0 : (cred_real)0.5 * eps[j] / sd;
    }
  }
}

void cred__dense_local_forward(const cred__layer *layer, const cred__pass *pass,
                               cred_real *out, cred_real *cache, cred_real *scratch,
                               const cred_real *in) {
  const size_t n_rows = pass->n_rows, n_in = layer->n_in, n_out = layer->n_out;
  const size_t n_threads = cred__dense_threads(layer, pass);
  const cred_real *sd_bias = cred__dense_bias(layer, pass->sd);
  cred_real *in2 = scratch, *sd2 = in2 + n_rows * n_in, *eps = sd2 + n_in * n_out;
  cred__dense_forward_mean(layer, pass, out, in);
  cred__square(n_threads, in2, in, n_rows * n_in);
  cred__square(n_threads, sd2, cred__dense_weight(layer, pass->sd), n_in * n_out);
  for (size_t b = 0; b < n_rows; b++)
    for (size_t j = 0; j < n_out; j++) cache[b * n_out + j] = sd_bias[j] * sd_bias[j];
  cred__dense_times(n_threads, layer, n_rows, cache, in2, sd2, true);
  noise s = {pass, cred__layer_key(layer, pass, CRED_FOR_ROWS), n_out, out, cache, eps};
  const size_t step = 8192 / n_out + 1;
  cred__for_ranges(n_threads, n_rows, step, add_noise, &s);
}

void cred__dense_local_backward(const cred__layer *layer, const cred__pass *pass,
                                cred_real *din, cred_real *cache, cred_real *scratch,
                                const cred_real *dout, const cred_real *in) {
  const size_t n_rows = pass->n_rows, n_in = layer->n_in, n_out = layer->n_out;
  const size_t n_threads = cred__dense_threads(layer, pass);
  const cred_real *sd = cred__dense_weight(layer, pass->sd);
  cred_real *in2 = scratch, *sd2 = in2 + n_rows * n_in, *dvar = sd2 + n_in * n_out;
  cred_real *din2 = dvar + n_rows * n_out, *buffers = din2 + n_rows * n_in;
  cred__multiply(n_threads, dvar, dout, cache, n_rows * n_out);
  if (din) {
    cred__square(n_threads, sd2, sd, n_in * n_out);
    cred__dense_times_transposed(n_threads, layer, n_rows, din2, buffers, dvar, sd2);
    cred__dense_times_transposed(n_threads, layer, n_rows, din, buffers, dout,
                                 cred__dense_weight(layer, pass->theta));
    cred__multiply_add(n_threads, din, in, din2, 2, n_rows * n_in);
  }
  if (!pass->sink) return;
  cred__square(n_threads, in2, in, n_rows * n_in);
  const cred__dense_gradient gradient = {.in = in,
                                         .dout = dout,
                                         .in_sd = in2,
                                         .dout_sd = dvar,
                                         .factor = sd,
                                         .factor_bias = cred__dense_bias(layer, pass->sd),
                                         .scale = 2,
                                         .buffers = buffers};
  cred__dense_take(layer, pass, &gradient);
}
