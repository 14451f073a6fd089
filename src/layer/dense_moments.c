// dense_moments.c -- mean and variance of a dense layer's outputs, elements independent.
//
//   mean = m M + b,   var = v (M^2 + S^2) + m^2 S^2 + sb^2
// for inputs of mean m and variance v, weights of mean M and sd S: the variance of a sum
// of products of independent numbers. Without v: m^2 S^2 + sb^2; without S: v M^2.

#include "layer/dense.h"

// M^2 (+ S^2) and S^2 (n_in, n_out), m^2 (B, n_in)
size_t cred__dense_n_scratch_moments(const cred__layer *layer, size_t n_rows,
                                     size_t n_threads) {
  (void)n_threads;
  return 2 * layer->n_in * layer->n_out + n_rows * layer->n_in;
}

static void start_variance(const cred__layer *layer, const cred__pass *pass,
                           cred_real *out_var) {
  const size_t n_out = layer->n_out;
  const cred_real *sd_bias = pass->sd ? cred__dense_bias(layer, pass->sd) : NULL;
  for (size_t b = 0; b < pass->n_rows; b++)
    for (size_t j = 0; j < n_out; j++)
      out_var[b * n_out + j] = sd_bias ? sd_bias[j] * sd_bias[j] : 0;
}

void cred__dense_moments(const cred__layer *layer, const cred__pass *pass,
                         cred_real *out_mean, cred_real *out_var, cred_real *scratch,
                         const cred_real *in_mean, const cred_real *in_var) {
  const size_t n_rows = pass->n_rows, n = layer->n_in * layer->n_out;
  const size_t n_threads = cred__dense_threads(layer, pass);
  const cred_real *mean = cred__dense_weight(layer, pass->theta);
  cred_real *square = scratch, *own = square + n, *in2 = own + n;
  const cred_real *sd2 = pass->var ? cred__dense_weight(layer, pass->var) : own;
  cred__dense_forward_mean(layer, pass, out_mean, in_mean);
  start_variance(layer, pass, out_var);
  if (pass->sd) {
    if (!pass->var) cred__square(n_threads, own, cred__dense_weight(layer, pass->sd), n);
    cred__square(n_threads, in2, in_mean, n_rows * layer->n_in);
    cred__dense_times(n_threads, layer, n_rows, out_var, in2, sd2, NULL, true);
  }
  if (!in_var) return;
  const cred_real *second =
      pass->second ? cred__dense_weight(layer, pass->second) : square;
  if (!pass->second) {
    cred__square(n_threads, square, mean, n);
    if (pass->sd)
      for (size_t i = 0; i < n; i++) square[i] += sd2[i];
  }
  cred__dense_times(n_threads, layer, n_rows, out_var, in_var, second, NULL, true);
}
