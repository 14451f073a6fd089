// dense_local.c -- local reparameterisation: noise of the outputs instead of the weights.
//
//   y = mu + sqrt(v) o eps,  mu = x M + b,  v = x^2 S^2 + sb^2
//   c = eps / (2 sqrt(v)),   dv = dy o c    (0 where v = 0)
//   dM = x^T dy,  dS = 2 S o ((x^2)^T dv),  dx = dy M^T + 2 x o (dv (S^2)^T)
// Kingma, Salimans & Welling (2015), eq. 6. The noise of a row is a function of its
// index, so that a row's output does not depend on its block. Kept for backward: c (B,
// n_out), S^2 (n_in, n_out).

#include "layer/dense.h"
#include "kernel/kernel.h"
#include "kernel/update.h"

size_t cred__dense_local_n_cache(const cred__layer *layer, size_t n_rows) {
  return (n_rows + layer->n_in) * layer->n_out;
}

// forward: x^2, sb^2; spread: these, mean, var, S^2; backward: x^2, dv, dv (S^2)^T
size_t cred__dense_local_n_scratch(const cred__layer *layer, size_t n_rows) {
  return 2 * n_rows * layer->n_in + (layer->n_in + 1) * layer->n_out +
         2 * n_rows * layer->n_out;
}

typedef struct {
  const cred__layer *layer;
  const cred__pass *pass;
  const cred_real *mean, *var; // (n_means, n_out): row b has those of b modulo n_means
  size_t n_means;
  cred_real *out, *cache; // cache NULL: c is not kept
} noise;

// out = mean + sqrt(var) eps and c, row by row.
static void add_noise(void *p, size_t first, size_t end) {
  enum { PART = 16 * CRED__NOISE_BLOCK };
  const noise *s = p;
  const size_t n = s->layer->n_out;
  const cred_key *draw = NULL;
  cred_key key = {{0}};
  for (size_t b = first; b < end; b++) {
    if (draw != cred__row_draw(s->pass, b)) {
      draw = cred__row_draw(s->pass, b);
      key = cred__layer_draw_key(s->layer, draw, CRED_FOR_ROWS);
    }
    const size_t to = b * n, from = b % s->n_means * n;
    for (size_t j = 0; j < n; j += PART) {
      const size_t m = n - j < PART ? n - j : PART;
      cred_real eps[PART];
      cred__normal_fill(eps, m, &key, cred__row_index(s->pass, b), j);
      cred__add_noise(s->out + to + j, s->cache ? s->cache + to + j : NULL,
                      s->mean + from + j, s->var + from + j, eps, m);
    }
  }
}

static void noisy(const noise *s, size_t n_rows) {
  const size_t step = 8192 / s->layer->n_out + 1;
  cred__for_ranges(cred__dense_threads(s->layer, s->pass), n_rows, step, add_noise,
                   (void *)s);
}

// mean = x M + b, var = x^2 S^2 + sb^2; sd2 (n_in, n_out) written where the pass has no
// variances, scratch for x^2 and sb^2.
static void mean_var(const cred__layer *layer, const cred__pass *pass, cred_real *mean,
                     cred_real *var, cred_real *sd2, cred_real *scratch,
                     const cred_real *in) {
  const size_t n_rows = pass->n_rows, n_in = layer->n_in, n_out = layer->n_out;
  const size_t n_threads = cred__dense_threads(layer, pass);
  cred_real *in2 = scratch, *bias_var = in2 + n_rows * n_in;
  cred__dense_forward_mean(layer, pass, mean, in);
  cred__square(n_threads, in2, in, n_rows * n_in);
  cred__square(n_threads, bias_var, cred__dense_bias(layer, pass->sd), n_out);
  if (!pass->var)
    cred__square(n_threads, sd2, cred__dense_weight(layer, pass->sd), n_in * n_out);
  cred__dense_product(layer, pass, var, in2,
                      pass->var ? cred__dense_weight(layer, pass->var) : sd2, bias_var);
}

void cred__dense_local_forward(const cred__layer *layer, const cred__pass *pass,
                               cred_real *out, cred_real *cache, cred_real *scratch,
                               const cred_real *in) {
  mean_var(layer, pass, out, cache, cache + pass->n_rows * layer->n_out, scratch, in);
  const noise s = {layer, pass, out, cache, pass->n_rows, out, cache};
  noisy(&s, pass->n_rows);
}

void cred__dense_local_spread(const cred__layer *layer, const cred__pass *pass,
                              cred_real *out, cred_real *scratch, const cred_real *in) {
  const size_t n_in = layer->n_in, n_out = layer->n_out;
  cred__pass once = *pass;
  once.n_rows = pass->n_each;
  once.draws = NULL;
  cred_real *mean = scratch, *var = mean + once.n_rows * n_out;
  cred_real *sd2 = var + once.n_rows * n_out;
  mean_var(layer, &once, mean, var, sd2, sd2 + n_in * n_out, in);
  const noise s = {layer, pass, mean, var, pass->n_each, out, NULL};
  noisy(&s, pass->n_rows);
}

void cred__dense_local_backward(const cred__layer *layer, const cred__pass *pass,
                                cred_real *din, cred_real *cache, cred_real *scratch,
                                const cred_real *dout, const cred_real *in) {
  const size_t n_rows = pass->n_rows, n_in = layer->n_in, n_out = layer->n_out;
  const size_t n_threads = cred__dense_threads(layer, pass);
  const cred_real *sd = cred__dense_weight(layer, pass->sd);
  const cred_real *sd2 =
      pass->var ? cred__dense_weight(layer, pass->var) : cache + n_rows * n_out;
  cred_real *in2 = scratch, *dvar = in2 + n_rows * n_in;
  cred_real *din2 = dvar + n_rows * n_out;
  cred_real *buffers = scratch + cred__dense_local_n_scratch(layer, n_rows);
  cred__multiply(n_threads, dvar, dout, cache, n_rows * n_out);
  if (din) {
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
