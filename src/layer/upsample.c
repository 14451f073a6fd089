// upsample.c -- a map made larger by a whole factor, without parameters.
//
//   nearest    y[i, j] = x[i / F, j / F]
//   bilinear   y[i, j] = sum of the four places around ((i + 1/2) / F - 1/2, ...), each
//   by
//              its nearness along both axes; beyond the edge the edge goes on
// so that the corners of the map, not its outermost places, stay where they are
// ("half-pixel centres"). Both are linear: the mean goes through as a value does, the
// variance with the squares of the shares, elements independent.
// Shapes: x (B, H, W, C), y (B, F H, F W, C).

#include "base/fail.h"
#include "base/text.h"
#include "layer/dense.h"
#include "layer/window.h"
#include <stdio.h>
#include <string.h>

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  static const char *const kinds[] = {"nearest", "bilinear"};
  if (n_words < 1) FAIL(CRED_EINVAL, "upsample needs a factor (write 'upsample 2')");
  TRY(cred__window_number(&layer->factor, words[0], "factor", CRED__WINDOW_MAX));
  layer->bilinear = n_words > 1 && strcmp(words[1], kinds[1]) == 0;
  if (n_words > 1 && !layer->bilinear && strcmp(words[1], kinds[0]) != 0) {
    const char *near = cred__nearest(words[1], kinds, 2);
    FAIL(CRED_EINVAL, "unknown word '%.40s', did you mean '%s'?", words[1],
         near ? near : kinds[1]);
  }
  if (n_words > 2)
    FAIL(CRED_EINVAL, "unexpected '%.40s' (separate items by a comma)", words[2]);
  snprintf(layer->text, sizeof layer->text, "upsample %zu%s", layer->factor,
           layer->bilinear ? " bilinear" : "");
  return CRED_OK;
}

static cred_status shape(cred__layer *layer) {
  layer->out = layer->in;
  if (__builtin_mul_overflow(layer->in.height, layer->factor, &layer->out.height) ||
      __builtin_mul_overflow(layer->in.width, layer->factor, &layer->out.width))
    FAIL(CRED_EINVAL, "a map of %zu x %zu times %zu is too large", layer->in.height,
         layer->in.width, layer->factor);
  return CRED_OK;
}

// The two places that one place of the larger map lies between, and their shares.
typedef struct {
  size_t place[2];
  cred_real share[2];
} blend;

static blend blend_at(const cred__layer *layer, size_t i, size_t n, bool square) {
  const size_t f = layer->factor;
  if (!layer->bilinear) return (blend){{i / f, i / f}, {1, 0}};
  // (i + 1/2) / f - 1/2 = (2 i + 1 - f) / (2 f)
  const ptrdiff_t top = (ptrdiff_t)(2 * i + 1) - (ptrdiff_t)f;
  const size_t at = top > 0 ? (size_t)top / (2 * f) : 0;
  const double beyond = top > 0 ? (double)((size_t)top % (2 * f)) / (double)(2 * f) : 0.0;
  const size_t next = at + 1 < n ? at + 1 : at;
  if (next == at) return (blend){{at, at}, {1, 0}};
  const double a = 1 - beyond, b = beyond;
  return (blend){{at, next},
                 {(cred_real)(square ? a * a : a), (cred_real)(square ? b * b : b)}};
}

typedef struct {
  const cred__layer *layer;
  cred_real *to;
  const cred_real *from;
  bool square, back;
} arrays;

// One place of the larger map: its channels from, or back to, four places.
static void one_place(const arrays *a, cred_real *small_to, const cred_real *small,
                      cred_real *large_to, const cred_real *large, const blend *u,
                      const blend *v) {
  const size_t n = a->layer->in.channels, width = a->layer->in.width;
  for (int k = 0; k < 4; k++) {
    const cred_real share = u->share[k / 2] * v->share[k % 2];
    const size_t at = (u->place[k / 2] * width + v->place[k % 2]) * n;
    if (share == 0) continue;
    if (a->back)
      for (size_t c = 0; c < n; c++) small_to[at + c] += share * large[c];
    else
      for (size_t c = 0; c < n; c++) large_to[c] += share * small[at + c];
  }
}

static void rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const cred_shape in = a->layer->in, out = a->layer->out;
  const size_t n_in = a->layer->n_in, n_out = a->layer->n_out;
  const size_t n_to = a->back ? n_in : n_out, n_from = a->back ? n_out : n_in;
  memset(a->to + first * n_to, 0, (end - first) * n_to * sizeof *a->to);
  for (size_t b = first; b < end; b++)
    for (size_t i = 0; i < out.height; i++) {
      const blend u = blend_at(a->layer, i, in.height, a->square);
      for (size_t j = 0; j < out.width; j++) {
        const blend v = blend_at(a->layer, j, in.width, a->square);
        const size_t at = (i * out.width + j) * out.channels;
        cred_real *to = a->to + b * n_to;
        const cred_real *from = a->from + b * n_from;
        if (a->back)
          one_place(a, to, NULL, NULL, from + at, &u, &v);
        else
          one_place(a, NULL, from, to + at, NULL, &u, &v);
      }
    }
}

static void for_rows(const cred__layer *layer, const cred__pass *pass, cred_real *to,
                     const cred_real *from, bool square, bool back) {
  enum { RANGE_ELEMENTS = 16384 };
  arrays a = {layer, to, from, square, back};
  cred__for_ranges(pass->n_threads, pass->n_rows, RANGE_ELEMENTS / layer->n_out + 1, rows,
                   &a);
}

static void forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                    cred_real *cache, cred_real *scratch, const cred_real *in) {
  (void)cache, (void)scratch;
  for_rows(layer, pass, out, in, false, false);
}

static void backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                     cred_real *cache, cred_real *scratch, const cred_real *dout,
                     const cred_real *in, const cred_real *out) {
  (void)cache, (void)scratch, (void)in, (void)out;
  if (din) for_rows(layer, pass, din, dout, false, true);
}

static void moments(const cred__layer *layer, const cred__pass *pass, cred_real *out_mean,
                    cred_real *out_var, cred_real *scratch, const cred_real *in_mean,
                    const cred_real *in_var) {
  (void)scratch;
  for_rows(layer, pass, out_mean, in_mean, false, false);
  if (in_var)
    for_rows(layer, pass, out_var, in_var, true, false);
  else
    memset(out_var, 0, pass->n_rows * layer->n_out * sizeof *out_var);
}

const cred__layer_ops cred__upsample_ops = {
    .name = "upsample",
    .usage = "upsample FACTOR [nearest | bilinear]",
    .parse = parse,
    .shape = shape,
    .n_cache = cred__no_cache,
    .n_scratch = cred__no_scratch,
    .forward = forward,
    .backward = backward,
    .moments = moments,
    .n_scratch_moments = cred__no_scratch_moments,
};
