// Layers on maps against their formulas, written out as plain loops in double: transposed
// convolution, upsampling, group normalisation, means, channel dropout, skips.

#include "check.h"
#include "layer/layer.h"

enum { B = 3, N_MAX = 8192 };

static void fill(double *x, size_t n, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) x[i] = 2 * cred_key_uniform(&key, i) - 1;
}

typedef struct {
  cred_network *network;
  const cred__layer *layer; // the first
  double theta[N_MAX], x[N_MAX], y[N_MAX], cache[N_MAX], scratch[4 * N_MAX];
  cred__pass pass;
} fixture;

static void run(fixture *f, const char *text, cred_shape in, bool dropout) {
  assert_ok(cred_network_parse_shaped(&f->network, text, in, 1, false));
  f->layer = cred__network_item(f->network, 0);
  const cred__layer_ops *ops = f->layer->ops;
  assert_true(cred_network_n_params(f->network) <= N_MAX);
  assert_true(B * f->layer->n_in <= N_MAX && B * f->layer->n_out <= N_MAX);
  assert_true(ops->n_scratch(f->layer, B, CRED__PLAIN, 1) <= 4 * N_MAX);
  fill(f->theta, cred_network_n_params(f->network), 1);
  fill(f->x, B * f->layer->n_in, 2);
  f->pass = (cred__pass){.n_rows = B, .n_threads = 1, .theta = f->theta};
  f->pass.dropout = dropout;
  f->pass.key = cred_key_make(8);
  ops->forward(f->layer, &f->pass, f->y, f->cache, f->scratch, f->x);
}

static double at(const double *x, cred_shape s, size_t b, size_t i, size_t j, size_t c) {
  return x[((b * s.height + i) * s.width + j) * s.channels + c];
}

// y[i s + u - p] += x[i] W[u]: every input scattered over its window.
static void check_upconv(size_t size, size_t stride, size_t pad, size_t groups,
                         cred_shape in, size_t channels) {
  static fixture f;
  static double expected[N_MAX];
  char text[96];
  snprintf(text, sizeof text, "upconv %zu %zu stride %zu pad %zu groups %zu", channels,
           size, stride, pad, groups);
  run(&f, text, in, false);
  const cred_shape out = f.layer->out;
  const size_t group_out = channels / groups, group_in = in.channels / groups;
  assert_int_equal(out.height, (in.height - 1) * stride + size - 2 * pad);
  assert_int_equal(out.width, (in.width - 1) * stride + size - 2 * pad);
  for (size_t i = 0; i < B * f.layer->n_out; i++)
    expected[i] = f.theta[f.layer->slices[1].offset + i % channels];
  for (size_t b = 0; b < B; b++)
    for (size_t i = 0; i < in.height * in.width * size * size; i++) {
      const size_t v = i % size, u = i / size % size;
      const size_t xx = i / size / size % in.width, xy = i / size / size / in.width;
      const size_t y = xy * stride + u - pad, x = xx * stride + v - pad;
      if (y >= out.height || x >= out.width) continue; // below 0 wraps
      for (size_t o = 0; o < channels; o++)
        for (size_t k = 0; k < group_in; k++) {
          const size_t c = o / group_out * group_in + k;
          expected[((b * out.height + y) * out.width + x) * channels + o] +=
              at(f.x, in, b, xy, xx, c) *
              f.theta[((u * size + v) * group_out + o % group_out) * in.channels + c];
        }
    }
  for (size_t i = 0; i < B * f.layer->n_out; i++) assert_near(f.y[i], expected[i], 1e-12);
  cred_network_free(f.network);
}

static void test_upconv(void **state) {
  (void)state;
  for (size_t size = 1; size <= 4; size++)
    for (size_t stride = 1; stride <= 3; stride++)
      for (size_t pad = 0; pad < size && pad < 3; pad++) {
        const cred_shape in = {4, 3, 2};
        if (2 * pad >= 2 * stride + size) continue;
        check_upconv(size, stride, pad, 1, in, 5);
        check_upconv(size, stride, pad, 2, in, 4);
      }
}

static void test_upsample(void **state) {
  (void)state;
  static fixture f;
  for (size_t factor = 1; factor <= 4; factor++)
    for (int bilinear = 0; bilinear < 2; bilinear++) {
      const cred_shape in = {3, 5, 2};
      char text[64];
      snprintf(text, sizeof text, "upsample %zu%s", factor, bilinear ? " bilinear" : "");
      run(&f, text, in, false);
      const cred_shape out = f.layer->out;
      for (size_t b = 0; b < B; b++)
        for (size_t i = 0; i < out.height; i++)
          for (size_t j = 0; j < out.width; j++)
            for (size_t c = 0; c < 2; c++) {
              double expected = at(f.x, in, b, i / factor, j / factor, c);
              if (bilinear) { // between the places around the middle, edges go on
                const double k = (double)factor;
                const double y = fmin(fmax(((double)i + 0.5) / k - 0.5, 0), 2);
                const double x = fmin(fmax(((double)j + 0.5) / k - 0.5, 0), 4);
                const size_t y0 = (size_t)y, x0 = (size_t)x;
                const size_t y1 = y0 < 2 ? y0 + 1 : 2, x1 = x0 < 4 ? x0 + 1 : 4;
                const double v = y - (double)y0, u = x - (double)x0;
                expected = (1 - v) * ((1 - u) * at(f.x, in, b, y0, x0, c) +
                                      u * at(f.x, in, b, y0, x1, c)) +
                           v * ((1 - u) * at(f.x, in, b, y1, x0, c) +
                                u * at(f.x, in, b, y1, x1, c));
              }
              assert_near(at(f.y, out, b, i, j, c), expected, 1e-14);
            }
      cred_network_free(f.network);
    }
}

// Each group of a row has the mean and sd that scale and shift of its channels give it.
static void test_norm(void **state) {
  (void)state;
  static fixture f;
  const cred_shape in = {4, 3, 6};
  run(&f, "norm 2", in, false);
  for (size_t b = 0; b < B; b++)
    for (size_t g = 0; g < 2; g++) {
      double sum = 0, square = 0;
      for (size_t i = 0; i < 12; i++)
        for (size_t c = 3 * g; c < 3 * g + 3; c++) sum += at(f.x, in, b, 0, i, c) / 36;
      for (size_t i = 0; i < 12; i++)
        for (size_t c = 3 * g; c < 3 * g + 3; c++)
          square += pow(at(f.x, in, b, 0, i, c) - sum, 2) / 36;
      for (size_t i = 0; i < 12; i++)
        for (size_t c = 3 * g; c < 3 * g + 3; c++) {
          const double z = (at(f.x, in, b, 0, i, c) - sum) / sqrt(square + 1e-5);
          assert_near(at(f.y, in, b, 0, i, c), f.theta[c] * z + f.theta[6 + c], 1e-12);
        }
    }
  // it starts as the plain normalisation
  const cred_key key = cred_key_make(1);
  cred_network_init(f.network, f.theta, &key);
  for (size_t c = 0; c < 6; c++) assert_true(f.theta[c] == 1 && f.theta[6 + c] == 0);
  cred_network_free(f.network);
}

static void test_means(void **state) {
  (void)state;
  static fixture f;
  const cred_shape in = {5, 4, 2};
  run(&f, "globalpool", in, false);
  for (size_t b = 0; b < B; b++)
    for (size_t c = 0; c < 2; c++) {
      double sum = 0;
      for (size_t i = 0; i < 20; i++) sum += at(f.x, in, b, 0, i, c);
      assert_near(f.y[2 * b + c], sum / 20, 1e-14);
    }
  cred_network_free(f.network);
  run(&f, "avgpool 2x3 stride 1", in, false);
  const cred_shape out = f.layer->out;
  for (size_t b = 0; b < B; b++)
    for (size_t i = 0; i < 4; i++)
      for (size_t j = 0; j < 2; j++) {
        double sum = 0;
        for (size_t k = 0; k < 6; k++) sum += at(f.x, in, b, i + k / 3, j + k % 3, 1);
        assert_near(at(f.y, out, b, i, j, 1), sum / 6, 1e-14);
      }
  cred_network_free(f.network);
}

// A channel is dropped at every place or at none, and kept ones are scaled.
static void test_channel_dropout(void **state) {
  (void)state;
  static fixture f;
  const cred_shape in = {3, 3, 60};
  size_t n_kept = 0;
  run(&f, "channel_dropout 0.25", in, true);
  for (size_t b = 0; b < B; b++)
    for (size_t c = 0; c < 60; c++) {
      const bool kept = at(f.y, in, b, 0, 0, c) != 0;
      n_kept += kept;
      for (size_t i = 0; i < 9; i++)
        assert_near(at(f.y, in, b, 0, i, c), kept ? at(f.x, in, b, 0, i, c) / 0.75 : 0,
                    1e-14);
    }
  assert_near((double)n_kept / 180, 0.75, 5 * sqrt(0.75 * 0.25 / 180));
  cred_network_free(f.network);
}

// concat has the item before first, then the named one; add is their sum. Both by what
// the output layer sees.
static void test_skips(void **state) {
  (void)state;
  const cred_shape in = {2, 2, 1};
  double theta[16] = {0}, x[4] = {1, -2, 3, -4};
  static const double relu[4] = {1, 0, 3, 0};
  for (int sum = 0; sum < 2; sum++) {
    cred_network *network;
    cred__network_work *work;
    const char *text =
        sum ? "leaky_relu 0.5 as a, relu, add a" : "leaky_relu 0.5 as a, relu, concat a";
    assert_ok(cred_network_parse_shaped(&network, text, in, 1, false));
    assert_ok(cred__network_work_new(&work, network, 1, 1, false, false));
    const cred__pass pass = {.n_rows = 1, .n_threads = 1, .theta = theta};
    for (size_t i = 0; i < (sum ? 4u : 8u); i++) {
      memset(theta, 0, sizeof theta);
      theta[i] = 1; // the output layer picks input i
      const size_t place = sum ? i : i / 2;
      const double leaky = x[place] < 0 ? x[place] / 2 : x[place];
      const double *y = cred__network_forward(network, work, &pass, x);
      const double expected = sum ? relu[place] + leaky : i % 2 ? leaky : relu[place];
      assert_near(y[0], expected, 1e-15);
    }
    cred__network_work_free(work);
    cred_network_free(network);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_upconv), cmocka_unit_test(test_upsample),
      cmocka_unit_test(test_norm),   cmocka_unit_test(test_means),
      cmocka_unit_test(test_skips),  cmocka_unit_test(test_channel_dropout),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
