// join.c -- two maps into one: their channels side by side, or their sum.
//
//   concat   y[i, j] = (x[i, j], z[i, j])        add   y = x + z
// x is the item before, z the output of an earlier item, named there by `as NAME`: the
// skip connections of U-Net (Ronneberger et al. 2015) and of residual networks (He et al.
// 2016). Moments: variances go side by side, or add up, the two taken for independent.
// Shapes: x (B, H, W, C), z (B, H, W, D), y (B, H, W, C + D); for add D = C.

#include "base/fail.h"
#include "layer/dense.h"
#include <stdio.h>
#include <string.h>

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  const char *name = layer->ops->name;
  if (n_words < 1)
    FAIL(CRED_EINVAL,
         "%s needs the name of an earlier item (write 'conv 16 3 as a, ..., "
         "%s a')",
         name, name);
  if (n_words > 1)
    FAIL(CRED_EINVAL, "unexpected '%.40s' after %s %.40s, which takes one name", words[1],
         name, words[0]);
  snprintf(layer->second, sizeof layer->second, "%s", words[0]);
  snprintf(layer->text, sizeof layer->text, "%s %s", name, layer->second);
  return CRED_OK;
}

static cred_status shape_concat(cred__layer *layer) {
  const cred_shape a = layer->in, b = layer->second_in;
  if (a.height != b.height || a.width != b.width)
    FAIL(CRED_EINVAL,
         "a map of %zu x %zu beside '%s' of %zu x %zu: they must be equal (sizes that "
         "pooling divides without a rest come back to the same)",
         a.height, a.width, layer->second, b.height, b.width);
  layer->out = (cred_shape){a.height, a.width, a.channels + b.channels};
  return CRED_OK;
}

static cred_status shape_add(cred__layer *layer) {
  const cred_shape a = layer->in, b = layer->second_in;
  if (a.height != b.height || a.width != b.width || a.channels != b.channels)
    FAIL(CRED_EINVAL,
         "a map of %zu x %zu x %zu and '%s' of %zu x %zu x %zu: they must be "
         "equal",
         a.height, a.width, a.channels, layer->second, b.height, b.width, b.channels);
  layer->out = a;
  return CRED_OK;
}

typedef struct {
  const cred__layer *layer;
  cred_real *to[2];
  const cred_real *from[2];
  bool add;
} arrays;

enum { RANGE_ELEMENTS = 16384 };

static size_t places(const cred__layer *layer) {
  return layer->out.height * layer->out.width;
}

static void join_places(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const size_t n = a->layer->in.channels, m = a->layer->second_in.channels;
  for (size_t i = first; i < end; i++) {
    cred_real *to = a->to[0] + i * (n + m);
    memcpy(to, a->from[0] + i * n, n * sizeof *to);
    memcpy(to + n, a->from[1] + i * m, m * sizeof *to);
  }
}

static void split_places(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const size_t n = a->layer->in.channels, m = a->layer->second_in.channels;
  for (size_t i = first; i < end; i++) {
    const cred_real *from = a->from[0] + i * (n + m);
    if (a->to[0]) memcpy(a->to[0] + i * n, from, n * sizeof *from);
    cred_real *to = a->to[1] ? a->to[1] + i * m : NULL;
    if (to && a->add)
      for (size_t c = 0; c < m; c++) to[c] += from[n + c];
    else if (to)
      memcpy(to, from + n, m * sizeof *to);
  }
}

static void join(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                 const cred_real *first, const cred_real *second) {
  arrays a = {layer, {out, NULL}, {first, second}, false};
  cred__for_ranges(pass->n_threads, pass->n_rows * places(layer),
                   RANGE_ELEMENTS / layer->out.channels + 1, join_places, &a);
}

static void split(const cred__layer *layer, const cred__pass *pass, cred_real *dfirst,
                  cred_real *dsecond, bool add, const cred_real *dout) {
  arrays a = {layer, {dfirst, dsecond}, {dout, NULL}, add};
  cred__for_ranges(pass->n_threads, pass->n_rows * places(layer),
                   RANGE_ELEMENTS / layer->out.channels + 1, split_places, &a);
}

static void sum_range(void *p, size_t first, size_t end) {
  const arrays *a = p;
  for (size_t i = first; i < end; i++) a->to[0][i] = a->from[0][i] + a->from[1][i];
}

static void copy_range(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const cred_real *from = a->from[0];
  if (a->to[0]) memcpy(a->to[0] + first, from + first, (end - first) * sizeof *from);
  if (a->to[1] && a->add)
    for (size_t i = first; i < end; i++) a->to[1][i] += from[i];
  else if (a->to[1])
    memcpy(a->to[1] + first, from + first, (end - first) * sizeof *from);
}

static void sum(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                const cred_real *first, const cred_real *second) {
  arrays a = {layer, {out, NULL}, {first, second}, false};
  cred__for_ranges(pass->n_threads, pass->n_rows * layer->n_out, RANGE_ELEMENTS,
                   sum_range, &a);
}

static void copy(const cred__layer *layer, const cred__pass *pass, cred_real *dfirst,
                 cred_real *dsecond, bool add, const cred_real *dout) {
  arrays a = {layer, {dfirst, dsecond}, {dout, NULL}, add};
  cred__for_ranges(pass->n_threads, pass->n_rows * layer->n_out, RANGE_ELEMENTS,
                   copy_range, &a);
}

const cred__layer_ops cred__concat_ops = {
    .name = "concat",
    .usage = "concat NAME [ACTIVATION]",
    .parse = parse,
    .shape = shape_concat,
    .n_cache = cred__no_cache,
    .n_scratch = cred__no_scratch,
    .n_scratch_moments = cred__no_scratch_moments,
    .join = join,
    .split = split,
};

const cred__layer_ops cred__add_ops = {
    .name = "add",
    .usage = "add NAME [ACTIVATION]",
    .parse = parse,
    .shape = shape_add,
    .n_cache = cred__no_cache,
    .n_scratch = cred__no_scratch,
    .n_scratch_moments = cred__no_scratch_moments,
    .join = sum,
    .split = copy,
};
