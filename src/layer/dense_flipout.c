// dense_flipout.c -- flipout: one perturbation of the weights, signs for each row.
//
//   y = x M + b + ((x o r) D) o s + d o s,   D = S o eps,  d = sb o eps_b
//   dM = x^T dy,  dS = eps o ((x o r)^T (dy o s)),  dsb = eps_b o sum over rows of dy o s
//   dx = dy M^T + ((dy o s) D^T) o r
// Wen, Vicol, Ba, Tran & Grosse (2018), eq. 4; r (n_in) and s (n_out) are random signs, a
// function of the row's index. Kept for backward: eps (n_in, n_out), eps_b (n_out).

#include "layer/dense.h"
#include "kernel/kernel.h"

size_t cred__dense_flipout_n_cache(const cred__layer *layer) {
  return (layer->n_in + 1) * layer->n_out;
}

// forward: D, x o r, (x o r) D, s; backward: D, r, (dy o s) D^T, dy o s
size_t cred__dense_flipout_n_scratch(const cred__layer *layer, size_t n_rows) {
  return layer->n_in * layer->n_out + 2 * n_rows * (layer->n_in + layer->n_out);
}

enum { CHUNK = 32768 }; // a multiple of CRED__NOISE_BLOCK

typedef struct {
  const cred__pass *pass;
  cred_key key;
  cred_real *out;
  size_t n, first; // signs a row; where they start in the row's stream
} fill;

static void fill_normals(void *p, size_t first, size_t end) {
  const fill *f = p;
  cred__normal_fill(f->out + first, end - first, &f->key, 0, first);
}

static void fill_signs(void *p, size_t first, size_t end) {
  const fill *f = p;
  for (size_t b = first; b < end; b++)
    cred__sign_fill(f->out + b * f->n, f->n, &f->key, cred__row_index(f->pass, b),
                    f->first);
}

// r: signs 0 ... n_in - 1 of the row's stream; s: from the next multiple of 64 on.
static void row_signs(const cred__layer *layer, const cred__pass *pass, size_t n_threads,
                      cred_real *out, bool of_outputs) {
  const size_t blocks = (layer->n_in + CRED__NOISE_BLOCK - 1) / CRED__NOISE_BLOCK;
  fill f = {.pass = pass,
            .key = cred__layer_key(layer, pass, CRED_FOR_SIGNS),
            .out = out,
            .n = of_outputs ? layer->n_out : layer->n_in,
            .first = of_outputs ? blocks * CRED__NOISE_BLOCK : 0};
  cred__for_ranges(n_threads, pass->n_rows, CHUNK / f.n + 1, fill_signs, &f);
}

static void draw(const cred__layer *layer, const cred__pass *pass, size_t n_threads,
                 cred_real *eps) {
  fill f = {.key = cred__layer_key(layer, pass, CRED_FOR_WEIGHTS), .out = eps};
  cred__for_ranges(n_threads, cred__dense_flipout_n_cache(layer), CHUNK, fill_normals,
                   &f);
}

typedef struct {
  cred_real *out;
  const cred_real *product, *sign, *sd, *eps; // sd and eps of the biases
  size_t n_out;
} perturbation;

// out += (product + d) o s, row by row
static void add_perturbation(void *p, size_t first, size_t end) {
  const perturbation *a = p;
  const size_t n_out = a->n_out;
  for (size_t b = first; b < end; b++) {
    cred_real *restrict out = a->out + b * n_out;
    const cred_real *restrict product = a->product + b * n_out;
    const cred_real *restrict sign = a->sign + b * n_out;
    for (size_t j = 0; j < n_out; j++)
      out[j] += (product[j] + a->sd[j] * a->eps[j]) * sign[j];
  }
}

void cred__dense_flipout_forward(const cred__layer *layer, const cred__pass *pass,
                                 cred_real *out, cred_real *cache, cred_real *scratch,
                                 const cred_real *in) {
  const size_t n_rows = pass->n_rows, n_in = layer->n_in, n_out = layer->n_out;
  const size_t n_threads = cred__dense_threads(layer, pass);
  cred_real *delta = scratch, *signed_in = delta + n_in * n_out;
  cred_real *product = signed_in + n_rows * n_in, *sign = product + n_rows * n_out;
  draw(layer, pass, n_threads, cache);
  cred__multiply(n_threads, delta, cache, cred__dense_weight(layer, pass->sd),
                 n_in * n_out);
  row_signs(layer, pass, n_threads, signed_in, false);
  cred__multiply(n_threads, signed_in, signed_in, in, n_rows * n_in);
  row_signs(layer, pass, n_threads, sign, true);
  cred__dense_forward_mean(layer, pass, out, in);
  cred__dense_times(n_threads, layer, n_rows, product, signed_in, delta, NULL, false);
  perturbation a = {.out = out,
                    .product = product,
                    .sign = sign,
                    .sd = cred__dense_bias(layer, pass->sd),
                    .eps = cache + n_in * n_out,
                    .n_out = n_out};
  cred__for_ranges(n_threads, n_rows, CHUNK / n_out + 1, add_perturbation, &a);
}

void cred__dense_flipout_backward(const cred__layer *layer, const cred__pass *pass,
                                  cred_real *din, cred_real *cache, cred_real *scratch,
                                  const cred_real *dout, const cred_real *in) {
  const size_t n_rows = pass->n_rows, n_in = layer->n_in, n_out = layer->n_out;
  const size_t n_threads = cred__dense_threads(layer, pass);
  const cred_real *sd = cred__dense_weight(layer, pass->sd);
  cred_real *delta = scratch, *sign = delta + n_in * n_out;
  cred_real *product = sign + n_rows * n_in, *signed_dout = product + n_rows * n_in;
  cred_real *buffers = scratch + cred__dense_flipout_n_scratch(layer, n_rows);
  row_signs(layer, pass, n_threads, signed_dout, true);
  cred__multiply(n_threads, signed_dout, signed_dout, dout, n_rows * n_out);
  row_signs(layer, pass, n_threads, sign, false);
  if (din) {
    cred__multiply(n_threads, delta, cache, sd, n_in * n_out);
    cred__dense_times_transposed(n_threads, layer, n_rows, product, buffers, signed_dout,
                                 delta);
    cred__dense_times_transposed(n_threads, layer, n_rows, din, buffers, dout,
                                 cred__dense_weight(layer, pass->theta));
    cred__multiply_add(n_threads, din, sign, product, 1, n_rows * n_in);
  }
  cred__multiply(n_threads, sign, sign, in, n_rows * n_in); // x o r
  const cred__dense_gradient gradient = {.in = in,
                                         .dout = dout,
                                         .in_sd = sign,
                                         .dout_sd = signed_dout,
                                         .factor = cache,
                                         .factor_bias = cache + n_in * n_out,
                                         .scale = 1,
                                         .buffers = buffers};
  cred__dense_take(layer, pass, &gradient);
}
