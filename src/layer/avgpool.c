// avgpool.c -- the mean of a window, or of the whole map, for each channel.
//
//   y[i, j, c] = mean over u, v of x[i s + u, j s + v, c]
// `globalpool` has one window, the map: (1, 1, C). The gradient is shared out evenly; the
// variance of a mean of n independent numbers is the sum of theirs over n^2.
// Shapes: x (B, H, W, C), y (B, h, w, C).

#include "base/fail.h"
#include "kernel/pool.h"
#include "layer/dense.h"
#include "layer/window.h"
#include <stdio.h>
#include <string.h>

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  if (n_words < 1) FAIL(CRED_EINVAL, "avgpool needs a size (write 'avgpool 2')");
  layer->window.stride = 0;
  TRY(cred__window_parse(&layer->window, CRED__WORD_STRIDE, words, n_words));
  snprintf(layer->text, sizeof layer->text, "avgpool");
  cred__window_write(layer, 0);
  return CRED_OK;
}

static cred_status shape(cred__layer *layer) {
  return cred__window_shape(layer, layer->in.channels);
}

static cred_status parse_global(cred__layer *layer, const char *const *words,
                                size_t n_words) {
  if (n_words)
    FAIL(CRED_EINVAL, "unexpected '%.40s' after globalpool, which takes nothing",
         words[0]);
  snprintf(layer->text, sizeof layer->text, "globalpool");
  return CRED_OK;
}

static cred_status shape_global(cred__layer *layer) {
  layer->window = (cred__window){.height = layer->in.height,
                                 .width = layer->in.width,
                                 .stride = 1,
                                 .dilation = 1,
                                 .groups = 1};
  layer->out = (cred_shape){1, 1, layer->in.channels};
  return CRED_OK;
}

typedef struct {
  const cred__layer *layer;
  cred__pool pool;
  cred_real scale;
  cred_real *to;
  const cred_real *from;
} arrays;

static void sum_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  for (size_t b = first; b < end; b++)
    cred__pool_sum(a->to + b * a->layer->n_out, a->from + b * a->layer->n_in, a->scale,
                   &a->pool);
}

static void backward_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const size_t n_in = a->layer->n_in;
  for (size_t b = first; b < end; b++)
    cred__pool_sum_backward(a->to + b * n_in, a->from + b * a->layer->n_out, a->scale,
                            n_in, &a->pool);
}

static void for_rows(const cred__layer *layer, const cred__pass *pass,
                     cred__range_task task, cred_real *to, const cred_real *from,
                     bool square) {
  enum { RANGE_ELEMENTS = 16384 };
  const double share = 1.0 / (double)(layer->window.height * layer->window.width);
  arrays a = {.layer = layer,
              .pool = cred__pool_of(layer),
              .scale = (cred_real)(square ? share * share : share),
              .to = to,
              .from = from};
  cred__for_ranges(pass->n_threads, pass->n_rows, RANGE_ELEMENTS / layer->n_in + 1, task,
                   &a);
}

static void forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                    cred_real *cache, cred_real *scratch, const cred_real *in) {
  (void)cache, (void)scratch;
  for_rows(layer, pass, sum_rows, out, in, false);
}

static void backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                     cred_real *cache, cred_real *scratch, const cred_real *dout,
                     const cred_real *in, const cred_real *out) {
  (void)cache, (void)scratch, (void)in, (void)out;
  if (din) for_rows(layer, pass, backward_rows, din, dout, false);
}

static void moments(const cred__layer *layer, const cred__pass *pass, cred_real *out_mean,
                    cred_real *out_var, cred_real *scratch, const cred_real *in_mean,
                    const cred_real *in_var) {
  (void)scratch;
  for_rows(layer, pass, sum_rows, out_mean, in_mean, false);
  if (in_var)
    for_rows(layer, pass, sum_rows, out_var, in_var, true);
  else
    memset(out_var, 0, pass->n_rows * layer->n_out * sizeof *out_var);
}

const cred__layer_ops cred__avgpool_ops = {
    .name = "avgpool",
    .usage = "avgpool SIZE [stride S]",
    .parse = parse,
    .shape = shape,
    .n_cache = cred__no_cache,
    .n_scratch = cred__no_scratch,
    .forward = forward,
    .backward = backward,
    .moments = moments,
    .n_scratch_moments = cred__no_scratch_moments,
};

const cred__layer_ops cred__globalpool_ops = {
    .name = "globalpool",
    .usage = "globalpool",
    .parse = parse_global,
    .shape = shape_global,
    .n_cache = cred__no_cache,
    .n_scratch = cred__no_scratch,
    .forward = forward,
    .backward = backward,
    .moments = moments,
    .n_scratch_moments = cred__no_scratch_moments,
};
