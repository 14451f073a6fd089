// norm.c -- group normalisation: every group of channels of a row's map at mean 0 and
// variance 1, then a scale and a shift for each channel.
//
//   y = a_c (x - m_g) r_g + b_c,   r_g = 1 / sqrt(v_g + 1e-5)
// with mean m_g and variance v_g over all places and the channels of the group. Wu & He
// (2018), eqs. 1, 2 and 7. Backward, with z = (x - m) r, e = a dy and means over the
// group:
//   dx = r (e - mean(e) - z mean(e z)),  da = sum of dy z,  db = sum of dy
// Scale and shift are always points: they start at 1 and 0, and no posterior spreads
// them. Moments: statistics of the means, with the mean variance added to v_g, then a
// linear map: good where a group has many elements.
// Shapes: x, y (B, H, W, C). Kept for backward: m_g, r_g (B, groups).

#include "base/fail.h"
#include "layer/dense.h"
#include "layer/window.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define EPSILON 1e-5

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  if (n_words < 1) FAIL(CRED_EINVAL, "norm needs groups (write 'norm 8')");
  TRY(cred__window_number(&layer->window.groups, words[0], "groups", CRED__CHANNELS_MAX));
  if (n_words > 1)
    FAIL(CRED_EINVAL, "unexpected '%.40s' after the groups (separate items by a comma)",
         words[1]);
  snprintf(layer->text, sizeof layer->text, "norm %zu", layer->window.groups);
  return CRED_OK;
}

static cred_status shape(cred__layer *layer) {
  const size_t n = layer->in.channels;
  layer->out = layer->in;
  if (n % layer->window.groups)
    FAIL(CRED_EINVAL, "%zu channels cannot be cut into %zu groups", n,
         layer->window.groups);
  if (layer->n_in == layer->window.groups)
    FAIL(CRED_EINVAL, "%zu groups of one number each: nothing would be left of them",
         layer->window.groups);
  static const char *const names[] = {"scale", "shift"};
  layer->n_slices = 2;
  for (size_t i = 0; i < 2; i++) {
    layer->slices[i] = (cred_network_slice){.n = n,
                                            .shape = {n},
                                            .n_dims = 1,
                                            .fan_in = 1,
                                            .is_bias = i == 1,
                                            .is_point = true};
    snprintf(layer->slice_names[i], CRED__LAYER_TEXT, "%.40s.%s", layer->name, names[i]);
  }
  return CRED_OK;
}

static void init(const cred__layer *layer, cred_real *theta, const cred_key *key) {
  (void)key;
  for (size_t c = 0; c < layer->in.channels; c++) {
    theta[layer->slices[0].offset + c] = 1;
    theta[layer->slices[1].offset + c] = 0;
  }
}

static size_t n_cache(const cred__layer *layer, size_t n_rows, cred__mode mode) {
  (void)mode;
  return 2 * n_rows * layer->window.groups;
}

// Sums over the channels of a row; backward: da and db of every row, zeros for dsd.
static size_t n_scratch(const cred__layer *layer, size_t n_rows, cred__mode mode,
                        size_t n_threads) {
  (void)mode, (void)n_threads;
  return (2 * n_rows + 3) * layer->in.channels;
}

// The same, and the statistics.
static size_t n_scratch_moments(const cred__layer *layer, size_t n_rows,
                                size_t n_threads) {
  return n_scratch(layer, n_rows, CRED__PLAIN, n_threads) +
         n_cache(layer, n_rows, CRED__PLAIN);
}

typedef struct {
  const cred__layer *layer;
  const cred_real *scale, *shift;
  const cred_real *in, *in_var, *dout;
  cred_real *out, *out_var, *din;
  cred_real *statistics; // (B, 2, groups)
  cred_real *sums;       // (B, 2, C)
} arrays;

// sum (C) of f over places; by lines of the map, so that no float sum is long.
#define SUM_PLACES(sum, x_expression, y_expression)                                      \
  for (size_t i = 0; i < shape.height; i++)                                              \
    for (size_t j = 0; j < shape.width; j++)                                             \
      for (size_t c = 0; c < n; c++) {                                                   \
        const size_t at = (i * shape.width + j) * n + c;                                 \
        (sum)[c] += (x_expression);                                                      \
        (sum)[n + c] += (y_expression);                                                  \
      }

// Mean over a group of numbers that stand one a channel; n_each places went into each.
static double group_mean(const cred_real *sum, size_t first, size_t n, size_t n_each) {
  double total = 0;
  for (size_t c = first; c < first + n; c++) total += (double)sum[c];
  return total / ((double)n * (double)n_each);
}

static void row_statistics(const arrays *a, size_t b) {
  const cred_shape shape = a->layer->in;
  const size_t n = shape.channels, groups = a->layer->window.groups, each = n / groups;
  const size_t n_places = shape.height * shape.width;
  const cred_real *x = a->in + b * a->layer->n_in;
  const cred_real *v = a->in_var ? a->in_var + b * a->layer->n_in : NULL;
  cred_real *sum = a->sums + b * 2 * n, *mean = a->statistics + b * 2 * groups;
  memset(sum, 0, 2 * n * sizeof *sum);
  SUM_PLACES(sum, x[at], v ? v[at] : 0)
  for (size_t g = 0; g < groups; g++) {
    mean[g] = (cred_real)group_mean(sum, g * each, each, n_places);
    mean[groups + g] = (cred_real)group_mean(sum + n, g * each, each, n_places);
  }
  memset(sum, 0, 2 * n * sizeof *sum);
  SUM_PLACES(sum, (x[at] - mean[c / each]) * (x[at] - mean[c / each]), 0)
  for (size_t g = 0; g < groups; g++) {
    const double var = group_mean(sum, g * each, each, n_places);
    mean[groups + g] = (cred_real)(1.0 / sqrt(var + (double)mean[groups + g] + EPSILON));
  }
}

// y = factor x + shift, the two of a channel.
static void row_factors(const arrays *a, size_t b, cred_real *factor, cred_real *shift) {
  const size_t n = a->layer->in.channels, groups = a->layer->window.groups;
  const cred_real *mean = a->statistics + b * 2 * groups, *r = mean + groups;
  for (size_t c = 0; c < n; c++) {
    const size_t g = c / (n / groups);
    factor[c] = a->scale[c] * r[g];
    shift[c] = a->shift[c] - factor[c] * mean[g];
  }
}

static void forward_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const size_t n = a->layer->in.channels, n_in = a->layer->n_in;
  for (size_t b = first; b < end; b++) {
    row_statistics(a, b);
    cred_real *factor = a->sums + b * 2 * n, *shift = factor + n;
    row_factors(a, b, factor, shift);
    for (size_t at = b * n_in; at < (b + 1) * n_in; at += n)
      for (size_t c = 0; c < n; c++) {
        a->out[at + c] = factor[c] * a->in[at + c] + shift[c];
        if (a->in_var) a->out_var[at + c] = factor[c] * factor[c] * a->in_var[at + c];
      }
  }
}

// da and db of a row in its sums, then dx = r (e - mean(e) - z mean(e z)).
static void backward_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const cred_shape shape = a->layer->in;
  const size_t n = shape.channels, groups = a->layer->window.groups, each = n / groups;
  const size_t n_in = a->layer->n_in;
  for (size_t b = first; b < end; b++) {
    const cred_real *x = a->in + b * n_in, *dy = a->dout + b * n_in;
    const cred_real *mean = a->statistics + b * 2 * groups, *r = mean + groups;
    cred_real *da = a->sums + b * 2 * n;
    memset(da, 0, 2 * n * sizeof *da);
    SUM_PLACES(da, dy[at] * (x[at] - mean[c / each]) * r[c / each], dy[at])
    for (size_t g = 0; a->din && g < groups; g++) {
      double e = 0, ez = 0;
      for (size_t c = g * each; c < (g + 1) * each; c++) {
        e += (double)(a->scale[c] * da[n + c]);
        ez += (double)(a->scale[c] * da[c]);
      }
      const double count = (double)(n_in / groups);
      const cred_real mean_e = (cred_real)(e / count), mean_ez = (cred_real)(ez / count);
      for (size_t at = g * each; at < n_in; at += n)
        for (size_t c = 0; c < each; c++) {
          const cred_real z = (x[at + c] - mean[g]) * r[g];
          a->din[b * n_in + at + c] =
              r[g] * (a->scale[g * each + c] * dy[at + c] - mean_e - z * mean_ez);
        }
    }
  }
}

static void for_rows(const cred__layer *layer, const cred__pass *pass,
                     cred__range_task task, arrays *a) {
  enum { RANGE_ELEMENTS = 8192 };
  a->layer = layer;
  a->scale = pass->theta + layer->slices[0].offset;
  a->shift = pass->theta + layer->slices[1].offset;
  cred__for_ranges(pass->n_threads, pass->n_rows, RANGE_ELEMENTS / layer->n_in + 1, task,
                   a);
}

static void forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                    cred_real *cache, cred_real *scratch, const cred_real *in) {
  arrays a = {.in = in, .out = out, .statistics = cache, .sums = scratch};
  for_rows(layer, pass, forward_rows, &a);
}

static void take(const cred__layer *layer, const cred__pass *pass, cred_real *sums) {
  const size_t n = layer->in.channels;
  cred_real *total = sums + 2 * pass->n_rows * n, *zeros = total + 2 * n;
  const bool wants_sd = pass->sd && pass->mode != CRED__PLAIN;
  memset(total, 0, 3 * n * sizeof *total);
  for (size_t b = 0; b < pass->n_rows; b++)
    for (size_t c = 0; c < 2 * n; c++) total[c] += sums[b * 2 * n + c];
  const cred_sink *sink = pass->sink;
  for (size_t i = 0; i < 2; i++)
    sink->take(sink->context, layer->slices[i].offset, total + i * n,
               wants_sd ? zeros : NULL, n);
}

static void backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                     cred_real *cache, cred_real *scratch, const cred_real *dout,
                     const cred_real *in, const cred_real *out) {
  (void)out;
  arrays a = {.in = in, .dout = dout, .din = din, .statistics = cache, .sums = scratch};
  for_rows(layer, pass, backward_rows, &a);
  if (pass->sink) take(layer, pass, scratch);
}

static void moments(const cred__layer *layer, const cred__pass *pass, cred_real *out_mean,
                    cred_real *out_var, cred_real *scratch, const cred_real *in_mean,
                    const cred_real *in_var) {
  arrays a = {.in = in_mean, .in_var = in_var, .out = out_mean, .out_var = out_var};
  a.sums = scratch;
  a.statistics = scratch + n_scratch(layer, pass->n_rows, CRED__PLAIN, 1);
  if (!in_var) memset(out_var, 0, pass->n_rows * layer->n_out * sizeof *out_var);
  for_rows(layer, pass, forward_rows, &a);
}

const cred__layer_ops cred__norm_ops = {
    .name = "norm",
    .usage = "norm GROUPS [ACTIVATION]",
    .parse = parse,
    .shape = shape,
    .init = init,
    .n_cache = n_cache,
    .n_scratch = n_scratch,
    .forward = forward,
    .backward = backward,
    .moments = moments,
    .n_scratch_moments = n_scratch_moments,
};
