// dense_moments.c -- mean and variance of a dense layer's outputs, elements independent.
//
//   mean = m M + b,   var = (v + m^2) S^2 + sb^2 + v M^2
// for inputs of mean m and variance v, weights of mean M and sd S: the variance of a sum
// of products of independent numbers. Without v: m^2 S^2 + sb^2; without S: v M^2.
// Few rows take both from one pass over M and S^2; more rows from products. A row's
// numbers are the same bytes in any block.

#include "layer/dense.h"
#include "kernel/kernel.h"
#include <string.h>

// M^2 and S^2 (n_in, n_out), v + m^2 (B, n_in), sb^2 (n_out), v M^2 (B, n_out)
size_t cred__dense_n_scratch_moments(const cred__layer *layer, size_t n_rows,
                                     size_t n_threads) {
  (void)n_threads;
  return 2 * layer->n_in * layer->n_out + n_rows * layer->n_in + layer->n_out +
         n_rows * layer->n_out;
}

typedef struct {
  const cred_real *mean, *var; // of the inputs; var may be NULL
  cred_real *out_mean, *out_var;
  const cred_real *sd2, *bias_var; // of the weights, NULL without S
  cred_real *second, *more, *squares;
} arrays;

typedef struct {
  cred_real *to;
  const cred_real *from;
} sum;

static void add_range(void *p, size_t first, size_t end) {
  const sum *s = p;
  cred__add_scaled(s->to + first, s->from + first, 1, end - first);
}

static void by_products(const cred__layer *layer, const cred__pass *pass,
                        const arrays *a) {
  const size_t n_threads = cred__dense_threads(layer, pass), n_rows = pass->n_rows;
  const size_t n_out = n_rows * layer->n_out;
  cred__dense_forward_mean(layer, pass, a->out_mean, a->mean);
  if (a->sd2)
    cred__dense_times(n_threads, layer, n_rows, a->out_var, a->second, a->sd2,
                      a->bias_var, false);
  else
    memset(a->out_var, 0, n_out * sizeof *a->out_var);
  if (!a->var) return;
  const cred_real *mean2 = a->squares;
  if (pass->theta2)
    mean2 = cred__dense_weight(layer, pass->theta2);
  else
    cred__square(n_threads, a->squares, cred__dense_weight(layer, pass->theta),
                 layer->n_in * layer->n_out);
  cred__dense_times(n_threads, layer, n_rows, a->more, a->var, mean2, NULL, false);
  sum s = {a->out_var, a->more};
  cred__for_ranges(n_threads, n_out, 1 << 14, add_range, &s);
}

static void in_one_pass(const cred__layer *layer, const cred__pass *pass,
                        const arrays *a) {
  const cred__moments_args g = {.m = pass->n_rows,
                                .n = layer->n_out,
                                .k = layer->n_in,
                                .ldx = layer->n_in,
                                .ld = layer->n_out,
                                .x = a->mean,
                                .x2 = a->second,
                                .x_var = a->var,
                                .weight_mean = cred__dense_weight(layer, pass->theta),
                                .weight_var = a->sd2,
                                .bias_mean = cred__dense_bias(layer, pass->theta),
                                .bias_var = a->bias_var,
                                .mean = a->out_mean,
                                .var = a->out_var,
                                .more = a->more};
  cred__matmul_moments(cred__dense_threads(layer, pass), &g);
}

void cred__dense_moments(const cred__layer *layer, const cred__pass *pass,
                         cred_real *out_mean, cred_real *out_var, cred_real *scratch,
                         const cred_real *in_mean, const cred_real *in_var) {
  const size_t n_rows = pass->n_rows, n = layer->n_in * layer->n_out;
  const size_t n_threads = cred__dense_threads(layer, pass);
  arrays a = {.mean = in_mean,
              .var = in_var,
              .out_mean = out_mean,
              .out_var = out_var,
              .squares = scratch};
  cred_real *sd2 = a.squares + n, *bias_var = sd2 + n;
  a.second = bias_var + layer->n_out;
  a.more = a.second + n_rows * layer->n_in;
  if (pass->sd) {
    if (!pass->var) cred__square(n_threads, sd2, cred__dense_weight(layer, pass->sd), n);
    cred__square(1, bias_var, cred__dense_bias(layer, pass->sd), layer->n_out);
    a.sd2 = pass->var ? cred__dense_weight(layer, pass->var) : sd2;
    a.bias_var = bias_var;
    for (size_t i = 0; i < n_rows * layer->n_in; i++)
      a.second[i] = in_mean[i] * in_mean[i] + (in_var ? in_var[i] : 0);
  }
  if (n_rows <= CRED__FEW_ROWS && layer->n_out > 1)
    in_one_pass(layer, pass, &a);
  else
    by_products(layer, pass, &a);
}
