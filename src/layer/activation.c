// activation.c -- an elementwise nonlinearity as a layer; formulas in
// kernel/activation.h.

#include "kernel/activation.h"
#include "base/fail.h"
#include "base/text.h"
#include "layer/dense.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RANGE_ELEMENTS = 16384 };

// The registry has set `activation`; leaky_relu and elu may be given their slope.
static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  const cred__activation kind = (cred__activation)layer->activation;
  const char *name = cred__activation_name(kind);
  layer->slope = cred__activation_default_slope(kind);
  snprintf(layer->text, sizeof layer->text, "%s", name);
  if (n_words == 0) return CRED_OK;
  if (!cred__activation_has_slope(kind))
    FAIL(CRED_EINVAL, "unexpected '%s' after %s, which takes nothing", words[0], name);
  if (n_words > 1)
    FAIL(CRED_EINVAL, "unexpected '%s' after %s %s, which takes one number", words[1],
         name, words[0]);
  double slope;
  if (!cred__parse_double(&slope, words[0], strlen(words[0])) || !(slope >= 0) ||
      !(slope <= 10))
    FAIL(CRED_EINVAL, "slope of %s is '%s', must be a number from 0 to 10", name,
         words[0]);
  if (slope == layer->slope) return CRED_OK;
  layer->slope = slope;
  char number[CRED__NUMBER_BYTES];
  cred__format_double(number, slope);
  snprintf(layer->text, sizeof layer->text, "%s %s", name, number);
  return CRED_OK;
}

static cred_status shape(cred__layer *layer) {
  layer->out = layer->in;
  layer->n_slices = 0;
  return CRED_OK;
}

typedef struct {
  const cred__layer *layer;
  cred_real *to, *to_var;
  const cred_real *dout, *in, *out, *in_var;
} arrays;

static void forward_range(void *p, size_t first, size_t end) {
  const arrays *a = p;
  cred__activation_forward(a->to + first, a->in + first, end - first,
                           (cred__activation)a->layer->activation, a->layer->slope);
}

static void backward_range(void *p, size_t first, size_t end) {
  const arrays *a = p;
  cred__activation_backward(a->to + first, a->dout + first, a->in + first, a->out + first,
                            end - first, (cred__activation)a->layer->activation,
                            a->layer->slope);
}

static void moments_range(void *p, size_t first, size_t end) {
  const arrays *a = p;
  cred__activation_moments(a->to + first, a->to_var + first, a->in + first,
                           a->in_var + first, end - first,
                           (cred__activation)a->layer->activation, a->layer->slope);
}

static void forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                    cred_real *cache, cred_real *scratch, const cred_real *in) {
  (void)cache, (void)scratch;
  arrays a = {.layer = layer, .to = out, .in = in};
  cred__for_ranges(pass->n_threads, pass->n_rows * layer->n_in, RANGE_ELEMENTS,
                   forward_range, &a);
}

static void backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                     cred_real *cache, cred_real *scratch, const cred_real *dout,
                     const cred_real *in, const cred_real *out) {
  (void)cache, (void)scratch;
  if (!din) return;
  arrays a = {.layer = layer, .to = din, .dout = dout, .in = in, .out = out};
  cred__for_ranges(pass->n_threads, pass->n_rows * layer->n_in, RANGE_ELEMENTS,
                   backward_range, &a);
}

static void moments(const cred__layer *layer, const cred__pass *pass, cred_real *out_mean,
                    cred_real *out_var, cred_real *scratch, const cred_real *in_mean,
                    const cred_real *in_var) {
  const size_t n = pass->n_rows * layer->n_in;
  if (!in_var) {
    forward(layer, pass, out_mean, NULL, scratch, in_mean);
    memset(out_var, 0, n * sizeof *out_var);
    return;
  }
  arrays a = {
      .layer = layer, .to = out_mean, .to_var = out_var, .in = in_mean, .in_var = in_var};
  // the quadrature costs a hundred times a plain evaluation
  cred__for_ranges(pass->n_threads, n, RANGE_ELEMENTS / 16, moments_range, &a);
}

const cred__layer_ops cred__activation_ops = {
    .name = "activation",
    .usage = "relu | leaky_relu [SLOPE] | elu [SLOPE] | gelu | silu | tanh | sigmoid | "
             "softplus",
    .parse = parse,
    .shape = shape,
    .n_cache = cred__no_cache,
    .n_scratch = cred__no_scratch,
    .forward = forward,
    .backward = backward,
    .moments = moments,
    .n_scratch_moments = cred__no_scratch_moments,
};
