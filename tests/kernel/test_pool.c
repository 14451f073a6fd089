// Windows of a map reduced, for every instruction set: largest value and mean against
// plain loops, their way back, NaN, and the moments of a maximum of two normals, which
// are exact (Clark 1961), against closed forms of his table.

#include "check.h"
#include "kernel/kernel.h"
#include "kernel/pool.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, N_MAX = 20000 };

static void fill(float *x, size_t n, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) x[i] = (float)(2 * cred_key_uniform(&key, i) - 1);
}

typedef struct {
  cred__pool p;
  size_t height;
} shape;
static const shape shapes[] = {
    {{.width = 6,
      .channels = 5,
      .out_height = 2,
      .out_width = 3,
      .rows = 2,
      .columns = 2,
      .stride = 2},
     5},
    {{.width = 7,
      .channels = 33,
      .out_height = 5,
      .out_width = 5,
      .rows = 3,
      .columns = 3,
      .stride = 1},
     7},
    {{.width = 9,
      .channels = 1,
      .out_height = 3,
      .out_width = 4,
      .rows = 1,
      .columns = 2,
      .stride = 2},
     5},
    {{.width = 4,
      .channels = 300,
      .out_height = 1,
      .out_width = 1,
      .rows = 4,
      .columns = 4,
      .stride = 4},
     4},
};

static size_t element(const cred__pool *p, size_t i, size_t j, size_t u, size_t v,
                      size_t c) {
  return ((i * p->stride + u) * p->width + j * p->stride + v) * p->channels + c;
}

static void check_shape(const shape *s) {
  static float in[N_MAX], out[N_MAX], mean[N_MAX], din[N_MAX], dmean[N_MAX], dout[N_MAX];
  static double expected[N_MAX], dexpected[N_MAX];
  const cred__pool *p = &s->p;
  const size_t n = s->height * p->width * p->channels;
  assert_true(n <= N_MAX);
  fill(in, n, 1);
  fill(dout, N_MAX, 2);
  cred__pool_max(out, in, p);
  cred__pool_sum(mean, in, 0.5f, p);
  cred__pool_max_backward(din, dout, in, out, n, p);
  cred__pool_sum_backward(dmean, dout, 0.5f, n, p);
  memset(expected, 0, sizeof expected);
  memset(dexpected, 0, sizeof dexpected);
  for (size_t i = 0; i < p->out_height; i++)
    for (size_t j = 0; j < p->out_width; j++)
      for (size_t c = 0; c < p->channels; c++) {
        const size_t to = (i * p->out_width + j) * p->channels + c;
        size_t best = element(p, i, j, 0, 0, c);
        double sum = 0;
        for (size_t u = 0; u < p->rows; u++)
          for (size_t v = 0; v < p->columns; v++) {
            const size_t at = element(p, i, j, u, v, c);
            if (in[at] > in[best]) best = at;
            sum += 0.5 * (double)in[at];
            dexpected[at] += 0.5 * (double)dout[to];
          }
        assert_true(out[to] == in[best]);
        assert_near((double)mean[to], sum, 1e-5);
        expected[best] += (double)dout[to];
      }
  for (size_t i = 0; i < n; i++) {
    assert_near((double)din[i], expected[i], 1e-5);
    assert_near((double)dmean[i], dexpected[i], 1e-5);
  }
}

static void test_against_loops(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++)
    if (cred__kernel_select(sets[s]))
      for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check_shape(&shapes[i]);
}

// Wherever a NaN stands in a window.
static void test_nan(void **state) {
  (void)state;
  const cred__pool p = {.width = 2,
                        .channels = 3,
                        .out_height = 1,
                        .out_width = 1,
                        .rows = 2,
                        .columns = 2,
                        .stride = 2};
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t tap = 0; tap < 4; tap++) {
      float in[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3}, out[3], mean[3];
      in[3 * tap + 1] = NAN;
      cred__pool_max(out, in, &p);
      cred__pool_sum(mean, in, 1, &p);
      assert_true(isnan(out[1]) && out[0] == (tap == 2 ? 7 : 7) && out[2] == 9);
      assert_true(isnan(mean[1]) && mean[0] == 13);
    }
  }
}

// The maximum of two: E = m2 + d P + a p, E^2 by Clark's eq. 3, in double.
static void check_two(double m1, double v1, double m2, double v2) {
  const cred__pool p = {.width = 2,
                        .channels = 1,
                        .out_height = 1,
                        .out_width = 1,
                        .rows = 1,
                        .columns = 2,
                        .stride = 2};
  const float mean[2] = {(float)m1, (float)m2}, var[2] = {(float)v1, (float)v2};
  float out_mean, out_var;
  cred__pool_max_moments(&out_mean, &out_var, mean, var, &p);
  const double a = sqrt(v1 + v2), z = (m1 - m2) / a;
  const double up = 0.5 * erfc(-z / sqrt(2)), down = 0.5 * erfc(z / sqrt(2));
  const double density = exp(-z * z / 2) / sqrt(2 * 3.14159265358979323846);
  const double e1 = m1 * up + m2 * down + a * density;
  const double e2 = (m1 * m1 + v1) * up + (m2 * m2 + v2) * down + (m1 + m2) * a * density;
  const double scale = sqrt(fmax(v1, v2));
  assert_near((double)out_mean, e1, 2e-6 * (fabs(e1) + scale));
  assert_near((double)out_var, e2 - e1 * e1, 4e-6 * (scale * scale + fabs(e1)));
}

static void test_maximum_of_two(void **state) {
  (void)state;
  static const double cases[][4] = {{0, 1, 0, 1},      {1, 1, -1, 2},   {3, 0.5, 2, 4},
                                    {-2, 0.1, 2, 0.1}, {5, 1e-4, 5, 1}, {0, 0, 1, 1},
                                    {0.3, 2, 0.2, 0}};
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
      check_two(cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
  }
}

// Without variance the larger number remains, and no variance.
static void test_certain(void **state) {
  (void)state;
  const cred__pool p = {.width = 3,
                        .channels = 1,
                        .out_height = 1,
                        .out_width = 1,
                        .rows = 1,
                        .columns = 3,
                        .stride = 3};
  const float mean[3] = {2, 7, 7}, var[3] = {0, 0, 0};
  float out_mean, out_var;
  cred__pool_max_moments(&out_mean, &out_var, mean, var, &p);
  assert_true(out_mean == 7 && out_var == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_loops),
      cmocka_unit_test(test_nan),
      cmocka_unit_test(test_maximum_of_two),
      cmocka_unit_test(test_certain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
