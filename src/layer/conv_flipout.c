// conv_flipout.c -- flipout of a convolution: one perturbation of the weights, signs for
// each row and channel.
//
//   y = x * M + b + ((x o r) * D) o s + d o s,   D = S o eps,  d = sb o eps_b
//   dM, dS = eps o (gradient of x o r with dy o s),  dsb = eps_b o sum of dy o s
//   dx = dy *' M + ((dy o s) *' D) o r      (* convolution, *' its transpose)
// Wen, Vicol, Ba, Tran & Grosse (2018), section 3.2: r and s are signs of the channels of
// input and output, the same at every place, so that each row sees one draw of the
// weights. Kept for backward: eps (weights), eps_b (channels).

#include "layer/conv.h"
#include "kernel/kernel.h"

size_t cred__conv_flipout_n_cache(const cred__layer *layer) {
  return layer->slices[0].n + layer->slices[1].n;
}

// D, d, x o r, (x o r) * D; backward: D, x o r and its gradient, dy o s
size_t cred__conv_flipout_n_scratch(const cred__layer *layer, size_t n_rows) {
  return layer->slices[0].n + layer->slices[1].n +
         n_rows * (2 * layer->n_in + layer->n_out);
}

enum { CHUNK = 32768, PIECE = 512 }; // multiples of CRED__NOISE_BLOCK

typedef struct {
  cred_key key;
  cred_real *out;
} fill;

static void fill_normals(void *p, size_t first, size_t end) {
  const fill *f = p;
  cred__normal_fill(f->out + first, end - first, &f->key, 0, first);
}

// out (+)= x o sign, the signs of channels `first` ... of the row's stream.
typedef struct {
  const cred__pass *pass;
  cred_key key;
  cred_real *out;
  const cred_real *x;
  size_t n, channels, first; // elements a row
  bool add;
} signs;

static void sign_piece(const signs *s, size_t b, size_t c0, size_t n,
                       const cred_real *restrict sign) {
  for (size_t at = b * s->n + c0; at < (b + 1) * s->n; at += s->channels) {
    cred_real *restrict out = s->out + at;
    const cred_real *restrict x = s->x + at;
    if (s->add)
      for (size_t c = 0; c < n; c++) out[c] += x[c] * sign[c];
    else
      for (size_t c = 0; c < n; c++) out[c] = x[c] * sign[c];
  }
}

static void sign_rows(void *p, size_t first, size_t end) {
  const signs *s = p;
  cred_real sign[PIECE];
  for (size_t b = first; b < end; b++)
    for (size_t c0 = 0; c0 < s->channels; c0 += PIECE) {
      const size_t n = s->channels - c0 < PIECE ? s->channels - c0 : PIECE;
      cred__sign_fill(sign, n, &s->key, cred__row_index(s->pass, b), s->first + c0);
      sign_piece(s, b, c0, n, sign);
    }
}

// r: signs 0 ... of the row's stream; s: from the next multiple of 64 on.
static void apply_signs(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                        const cred_real *x, bool of_outputs, bool add) {
  const size_t n_in = layer->in.channels;
  const size_t blocks = (n_in + CRED__NOISE_BLOCK - 1) / CRED__NOISE_BLOCK;
  signs s = {.pass = pass,
             .key = cred__layer_key(layer, pass, CRED_FOR_SIGNS),
             .out = out,
             .x = x,
             .n = of_outputs ? layer->n_out : layer->n_in,
             .channels = of_outputs ? layer->out.channels : n_in,
             .first = of_outputs ? blocks * CRED__NOISE_BLOCK : 0,
             .add = add};
  cred__for_ranges(cred__conv_threads(layer, pass), pass->n_rows, CHUNK / s.n + 1,
                   sign_rows, &s);
}

static void perturbation(const cred__layer *layer, const cred__pass *pass,
                         cred_real *delta, const cred_real *eps) {
  const size_t n = layer->slices[0].n;
  cred__multiply(cred__conv_threads(layer, pass), delta, eps,
                 cred__dense_weight(layer, pass->sd), n);
  cred__multiply(1, delta + n, eps + n, cred__dense_bias(layer, pass->sd),
                 layer->slices[1].n);
}

void cred__conv_flipout_forward(const cred__layer *layer, const cred__pass *pass,
                                cred_real *out, cred_real *cache, cred_real *scratch,
                                const cred_real *in) {
  const size_t n_delta = cred__conv_flipout_n_cache(layer);
  cred_real *delta = scratch + cred__conv_n_scratch(layer, pass->n_rows, pass->n_threads);
  cred_real *signed_in = delta + n_delta;
  cred_real *product = signed_in + pass->n_rows * layer->n_in;
  fill f = {cred__layer_key(layer, pass, CRED_FOR_WEIGHTS), cache};
  cred__for_ranges(cred__conv_threads(layer, pass), n_delta, CHUNK, fill_normals, &f);
  perturbation(layer, pass, delta, cache);
  apply_signs(layer, pass, signed_in, in, false, false);
  const cred__conv_product mean = {.out = out,
                                   .in = in,
                                   .weight = cred__dense_weight(layer, pass->theta),
                                   .start = cred__dense_bias(layer, pass->theta)};
  const cred__conv_product perturbed = {.out = product,
                                        .in = signed_in,
                                        .weight = delta,
                                        .start = delta + layer->slices[0].n};
  cred__conv_times(layer, pass, scratch, &mean);
  cred__conv_times(layer, pass, scratch, &perturbed);
  apply_signs(layer, pass, out, product, true, true);
}

void cred__conv_flipout_backward(const cred__layer *layer, const cred__pass *pass,
                                 cred_real *din, cred_real *cache, cred_real *scratch,
                                 const cred_real *dout, const cred_real *in) {
  cred_real *delta = scratch + cred__conv_n_scratch(layer, pass->n_rows, pass->n_threads);
  cred_real *signed_in = delta + cred__conv_flipout_n_cache(layer);
  cred_real *product = signed_in + pass->n_rows * layer->n_in;
  cred_real *signed_dout = product + pass->n_rows * layer->n_in;
  apply_signs(layer, pass, signed_dout, dout, true, false);
  if (din) {
    const cred__conv_product of_mean = {
        .out = din, .in = dout, .weight = cred__dense_weight(layer, pass->theta)};
    const cred__conv_product of_delta = {
        .out = product, .in = signed_dout, .weight = delta};
    perturbation(layer, pass, delta, cache);
    cred__conv_times_transposed(layer, pass, scratch, &of_delta);
    cred__conv_times_transposed(layer, pass, scratch, &of_mean);
    apply_signs(layer, pass, din, product, false, true);
  }
  if (!pass->sink) return;
  apply_signs(layer, pass, signed_in, in, false, false);
  const cred__conv_gradient gradient = {.in = in,
                                        .dout = dout,
                                        .in_sd = signed_in,
                                        .dout_sd = signed_dout,
                                        .factor = cache,
                                        .factor_bias = cache + layer->slices[0].n,
                                        .scale = 1};
  cred__conv_take(layer, pass, scratch, &gradient);
}
