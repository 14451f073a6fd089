// conv_moments.c -- mean and variance of a convolution's outputs, elements independent.
//
//   mean = m * M + b,   var = v * (M^2 + S^2) + m^2 * S^2 + sb^2
// as of a dense layer (dense_moments.c), with convolutions for products.

#include "layer/conv.h"

// M^2 (+ S^2), S^2, sb^2, m^2 (B, n_in)
size_t cred__conv_n_scratch_moments(const cred__layer *layer, size_t n_rows,
                                    size_t n_threads) {
  return cred__conv_n_scratch(layer, n_rows, n_threads) + 2 * layer->slices[0].n +
         layer->slices[1].n + n_rows * layer->n_in;
}

void cred__conv_moments(const cred__layer *layer, const cred__pass *pass,
                        cred_real *out_mean, cred_real *out_var, cred_real *scratch,
                        const cred_real *in_mean, const cred_real *in_var) {
  const size_t n_weights = layer->slices[0].n, n_in = pass->n_rows * layer->n_in;
  const size_t n_threads = cred__conv_threads(layer, pass);
  const cred_real *mean = cred__dense_weight(layer, pass->theta);
  cred_real *square =
      scratch + cred__conv_n_scratch(layer, pass->n_rows, pass->n_threads);
  cred_real *sd2 = square + n_weights, *start = sd2 + n_weights;
  cred_real *in2 = start + layer->slices[1].n;
  const cred__conv_product of_mean = {.out = out_mean,
                                      .in = in_mean,
                                      .weight = mean,
                                      .start = cred__dense_bias(layer, pass->theta)};
  cred__conv_times(layer, pass, scratch, &of_mean);
  cred__square(n_threads, square, mean, n_weights);
  if (pass->sd) {
    cred__square(n_threads, sd2, cred__dense_weight(layer, pass->sd), n_weights);
    cred__square(1, start, cred__dense_bias(layer, pass->sd), layer->slices[1].n);
    cred__square(n_threads, in2, in_mean, n_in);
    for (size_t i = 0; i < n_weights; i++) square[i] += sd2[i];
    const cred__conv_product of_sd = {
        .out = out_var, .in = in2, .weight = sd2, .start = start};
    cred__conv_times(layer, pass, scratch, &of_sd);
  }
  const size_t n_out = pass->n_rows * layer->n_out;
  for (size_t i = 0; i < n_out && !pass->sd; i++) out_var[i] = 0;
  if (!in_var) return;
  const cred__conv_product of_var = {
      .out = out_var, .in = in_var, .weight = square, .accumulate = true};
  cred__conv_times(layer, pass, scratch, &of_var);
}
