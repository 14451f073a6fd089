// A convolution against plain loops in double, with the sums written out as the formula
// has them: odd sizes, strides, padding, dilation, groups, maps of one place.

#include "check.h"
#include "base/alloc.h"
#include "layer/layer.h"

typedef struct {
  size_t height, width, channels, out, rows, columns, stride, dilation, groups;
  const char *padding; // "same", "valid", "pad P"
} geometry;

static void fill(double *x, size_t n, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) x[i] = 2 * cred_key_uniform(&key, i) - 1;
}

// Places and zeros before the first, from the definitions: `same` makes ceil(n / s).
static size_t places(const char *padding, size_t n, size_t k, size_t s, size_t d,
                     ptrdiff_t *before) {
  const size_t extent = (k - 1) * d + 1;
  *before = 0;
  if (strcmp(padding, "same") == 0) {
    const size_t out = (n + s - 1) / s;
    const ptrdiff_t lacking = (ptrdiff_t)((out - 1) * s + extent) - (ptrdiff_t)n;
    *before = lacking > 0 ? lacking / 2 : 0;
    return out;
  }
  size_t p = 0;
  sscanf(padding, "pad %zu", &p);
  *before = (ptrdiff_t)p;
  return n + 2 * p < extent ? 0 : (n + 2 * p - extent) / s + 1;
}

// One output by the formula.
static double sum_of_window(const geometry *g, const double *x, const double *weight,
                            ptrdiff_t y0, ptrdiff_t x0, size_t o) {
  const size_t group_in = g->channels / g->groups, group = o / (g->out / g->groups);
  double sum = 0;
  for (size_t u = 0; u < g->rows; u++)
    for (size_t v = 0; v < g->columns; v++)
      for (size_t c = 0; c < group_in; c++) {
        const ptrdiff_t i = y0 + (ptrdiff_t)(u * g->dilation);
        const ptrdiff_t j = x0 + (ptrdiff_t)(v * g->dilation);
        if (i < 0 || j < 0 || i >= (ptrdiff_t)g->height || j >= (ptrdiff_t)g->width)
          continue;
        const size_t at = ((size_t)i * g->width + (size_t)j) * g->channels;
        sum += x[at + group * group_in + c] *
               weight[((u * g->columns + v) * group_in + c) * g->out + o];
      }
  return sum;
}

enum { B = 2 };

static void check_output(const geometry *g, const cred_network *network,
                         const double *theta, const double *x, const double *y) {
  ptrdiff_t top, left;
  const size_t height =
      places(g->padding, g->height, g->rows, g->stride, g->dilation, &top);
  const size_t width =
      places(g->padding, g->width, g->columns, g->stride, g->dilation, &left);
  const cred__layer *layer = cred__network_item(network, 0);
  assert_int_equal(layer->out.height, height);
  assert_int_equal(layer->out.width, width);
  const double *bias = theta + layer->slices[1].offset;
  for (size_t b = 0; b < B; b++)
    for (size_t i = 0; i < height; i++)
      for (size_t j = 0; j < width; j++)
        for (size_t o = 0; o < g->out; o++) {
          const double expected =
              bias[o] + sum_of_window(g, x + b * layer->n_in, theta,
                                      (ptrdiff_t)(i * g->stride) - top,
                                      (ptrdiff_t)(j * g->stride) - left, o);
          assert_near(y[b * layer->n_out + (i * width + j) * g->out + o], expected,
                      1e-12);
        }
}

static void check(const geometry *g) {
  char text[128];
  cred_network *network;
  snprintf(text, sizeof text, "conv %zu %zux%zu %s stride %zu dilation %zu groups %zu",
           g->out, g->rows, g->columns, g->padding, g->stride, g->dilation, g->groups);
  const cred_shape in = {g->height, g->width, g->channels};
  ptrdiff_t before;
  if (!places(g->padding, g->height, g->rows, g->stride, g->dilation, &before) ||
      !places(g->padding, g->width, g->columns, g->stride, g->dilation, &before)) {
    assert_fails(cred_network_parse_shaped(&network, text, in, 1, false), CRED_EINVAL,
                 "does not fit its map");
    return;
  }
  assert_ok(cred_network_parse_shaped(&network, text, in, 1, false));
  const cred__layer *layer = cred__network_item(network, 0);
  double *theta, *x, *y, *scratch;
  assert_ok(NEW(&theta, cred_network_n_params(network), "theta"));
  assert_ok(NEW(&x, B * layer->n_in, "x"));
  assert_ok(NEW(&y, B * layer->n_out, "y"));
  assert_ok(NEW(&scratch, layer->ops->n_scratch(layer, B, CRED__PLAIN, 1), "scratch"));
  fill(theta, cred_network_n_params(network), 1);
  fill(x, B * layer->n_in, 2);
  const cred__pass pass = {.n_rows = B, .n_threads = 1, .theta = theta};
  layer->ops->forward(layer, &pass, y, NULL, scratch, x);
  check_output(g, network, theta, x, y);
  cred__free(theta);
  cred__free(x);
  cred__free(y);
  cred__free(scratch);
  cred_network_free(network);
}

static void test_chosen(void **state) {
  (void)state;
  static const geometry chosen[] = {
      {1, 1, 1, 1, 1, 1, 1, 1, 1, "valid"},  {1, 1, 3, 5, 3, 3, 1, 1, 1, "same"},
      {28, 28, 1, 6, 5, 5, 1, 1, 1, "same"}, {14, 14, 6, 16, 5, 5, 1, 1, 1, "valid"},
      {9, 40, 3, 2, 2, 7, 1, 1, 1, "same"},  {70, 33, 2, 3, 3, 3, 2, 1, 1, "same"},
      {8, 8, 6, 6, 3, 3, 1, 1, 6, "same"},   {12, 9, 8, 12, 3, 2, 1, 2, 4, "pad 1"},
      {7, 7, 2, 3, 1, 1, 3, 1, 1, "valid"},  {5, 1300, 1, 2, 3, 3, 1, 1, 1, "same"},
  };
  for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) check(&chosen[i]);
}

// Any geometry: sizes and options from a key.
static void test_any(void **state) {
  (void)state;
  static const char *const paddings[] = {"valid", "same", "pad 1", "pad 2"};
  const cred_key key = cred_key_make(5);
  for (uint64_t i = 0, at = 0; i < 600; i++) {
    const geometry g = {.groups = 1 + (size_t)cred_key_below(&key, at + 6, 3),
                        .height = 1 + (size_t)cred_key_below(&key, at, 12),
                        .width = 1 + (size_t)cred_key_below(&key, at + 1, 12),
                        .rows = 1 + (size_t)cred_key_below(&key, at + 2, 5),
                        .columns = 1 + (size_t)cred_key_below(&key, at + 3, 5),
                        .stride = 1 + (size_t)cred_key_below(&key, at + 4, 4),
                        .dilation = 1 + (size_t)cred_key_below(&key, at + 5, 3),
                        .padding = paddings[cred_key_below(&key, at + 7, 4)]};
    geometry whole = g;
    whole.channels = g.groups * (1 + (size_t)cred_key_below(&key, at + 8, 3));
    whole.out = g.groups * (1 + (size_t)cred_key_below(&key, at + 9, 20));
    at += 10;
    size_t p = 0;
    sscanf(g.padding, "pad %zu", &p);
    if (p && (p > (g.rows - 1) * g.dilation || p > (g.columns - 1) * g.dilation))
      continue;
    check(&whole);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chosen),
      cmocka_unit_test(test_any),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
