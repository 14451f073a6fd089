// pool.c -- the largest value of a window, for each channel.
//
//   y[i, j, c] = max over u, v of x[i s + u, j s + v, c]
// Windows that would leave the map are not made. The stride is the size unless given. The
// gradient goes to the first place that holds the maximum. Moments: Clark (1961), two by
// two (kernel/pool.h); docs/layers.md has their error.
// Shapes: x (B, H, W, C), y (B, h, w, C).

#include "kernel/pool.h"
#include "base/fail.h"
#include "layer/dense.h"
#include "layer/window.h"
#include <stdio.h>
#include <string.h>

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  if (n_words < 1) FAIL(CRED_EINVAL, "pool needs a size (write 'pool 2')");
  layer->window.stride = 0;
  TRY(cred__window_parse(&layer->window, CRED__WORD_STRIDE, words, n_words));
  snprintf(layer->text, sizeof layer->text, "pool");
  cred__window_write(layer, 0);
  return CRED_OK;
}

static cred_status shape(cred__layer *layer) {
  layer->n_slices = 0;
  return cred__window_shape(layer, layer->in.channels);
}

typedef struct {
  const cred__layer *layer;
  cred__pool pool;
  cred_real *to, *to_var;
  const cred_real *dout, *in, *out, *in_var;
} arrays;

static void forward_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  for (size_t b = first; b < end; b++)
    cred__pool_max(a->to + b * a->layer->n_out, a->in + b * a->layer->n_in, &a->pool);
}

static void backward_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const size_t n_in = a->layer->n_in, n_out = a->layer->n_out;
  for (size_t b = first; b < end; b++)
    cred__pool_max_backward(a->to + b * n_in, a->dout + b * n_out, a->in + b * n_in,
                            a->out + b * n_out, n_in, &a->pool);
}

static void moments_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const size_t n_in = a->layer->n_in, n_out = a->layer->n_out;
  for (size_t b = first; b < end; b++)
    cred__pool_max_moments(a->to + b * n_out, a->to_var + b * n_out, a->in + b * n_in,
                           a->in_var + b * n_in, &a->pool);
}

static void for_rows(const cred__layer *layer, const cred__pass *pass,
                     cred__range_task task, arrays *a) {
  enum { RANGE_ELEMENTS = 16384 };
  a->layer = layer;
  a->pool = cred__pool_of(layer);
  cred__for_ranges(pass->n_threads, pass->n_rows, RANGE_ELEMENTS / layer->n_in + 1, task,
                   a);
}

static void forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                    cred_real *cache, cred_real *scratch, const cred_real *in) {
  (void)cache, (void)scratch;
  arrays a = {.to = out, .in = in};
  for_rows(layer, pass, forward_rows, &a);
}

static void backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                     cred_real *cache, cred_real *scratch, const cred_real *dout,
                     const cred_real *in, const cred_real *out) {
  (void)cache, (void)scratch;
  arrays a = {.to = din, .dout = dout, .in = in, .out = out};
  if (din) for_rows(layer, pass, backward_rows, &a);
}

static void moments(const cred__layer *layer, const cred__pass *pass, cred_real *out_mean,
                    cred_real *out_var, cred_real *scratch, const cred_real *in_mean,
                    const cred_real *in_var) {
  if (!in_var) {
    forward(layer, pass, out_mean, NULL, scratch, in_mean);
    memset(out_var, 0, pass->n_rows * layer->n_out * sizeof *out_var);
    return;
  }
  arrays a = {.to = out_mean, .to_var = out_var, .in = in_mean, .in_var = in_var};
  for_rows(layer, pass, moments_rows, &a);
}

const cred__layer_ops cred__pool_ops = {
    .name = "pool",
    .usage = "pool SIZE [stride S]",
    .parse = parse,
    .shape = shape,
    .n_cache = cred__no_cache,
    .n_scratch = cred__no_scratch,
    .forward = forward,
    .backward = backward,
    .moments = moments,
    .n_scratch_moments = cred__no_scratch_moments,
};
