// Activations, gradients and moments, for each instruction set, against the C library in
// double and against a fine sum over the Gaussian.

#include "check.h"
#include "kernel/activation.h"
#include "kernel/kernel.h"

enum { N = 4001 };
static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3 };

static double cdf(double x) {
  return 0.5 * erfc(-x / sqrt(2));
}
static double sigmoid(double x) {
  return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double exact(cred__activation kind, double slope, double x) {
  switch (kind) {
  case CRED__RELU:
    return fmax(x, 0);
  case CRED__LEAKY_RELU:
    return x < 0 ? slope * x : x;
  case CRED__ELU:
    return x < 0 ? slope * expm1(x) : x;
  case CRED__GELU:
    return x * cdf(x);
  case CRED__SILU:
    return x * sigmoid(x);
  case CRED__TANH:
    return tanh(x);
  case CRED__SIGMOID:
    return sigmoid(x);
  case CRED__SOFTPLUS:
    return fmax(x, 0) + log1p(exp(-fabs(x)));
  default:
    fail_msg("no exact form of activation %d", (int)kind);
    return 0;
  }
}
_Static_assert(CRED__N_ACTIVATIONS == 8, "a new activation needs its exact form above");

static double exact_derivative(cred__activation kind, double slope, double x) {
  const double h = 1e-5;
  return (exact(kind, slope, x + h) - exact(kind, slope, x - h)) / (2 * h);
}

static double slope_of(cred__activation kind) {
  return kind == CRED__LEAKY_RELU ? 0.2 : kind == CRED__ELU ? 1.3 : 0;
}

static void check_values(cred__activation kind) {
  static float x[N], y[N], dy[N], dx[N];
  const double slope = slope_of(kind);
  for (int i = 0; i < N; i++) {
    x[i] = (float)(-20.0 + 40.0 * (i + 0.37) / N);
    dy[i] = (float)(1 + i % 3);
  }
  cred__activation_forward(y, x, N, kind, slope);
  cred__activation_backward(dx, dy, x, y, N, kind, slope);
  for (int i = 0; i < N; i++) {
    const double e = exact(kind, slope, x[i]);
    assert_near(y[i], e, 1e-6 * fabs(e) + 3e-7);
    assert_near(dx[i], dy[i] * exact_derivative(kind, slope, x[i]), 5e-6);
  }
}

static void test_values(void **state) {
  (void)state;
  for (int s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (int k = 0; k < CRED__N_ACTIVATIONS; k++) check_values((cred__activation)k);
  }
}

// Mean and variance by 20,000 points of the Gaussian.
static void brute(double *mean, double *var, cred__activation kind, double slope,
                  double m, double s) {
  enum { POINTS = 20000 };
  double total = 0, first = 0, second = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < POINTS; k++) {
      const double z = -9 + 18 * (k + 0.5) / POINTS, w = exp(-0.5 * z * z);
      const double y = exact(kind, slope, m + s * z);
      if (pass == 0) {
        total += w;
        first += w * y;
      } else
        second += w * (y - first / total) * (y - first / total);
    }
  *mean = first / total;
  *var = second / total;
}

static void check_moments(cred__activation kind) {
  static const double means[] = {-30, -4, -1, -0.2, 0, 0.7, 2.5, 12};
  static const double sds[] = {1e-5, 0.01, 0.3, 1, 1.9, 2.2, 7, 30};
  const double slope = slope_of(kind);
  for (size_t i = 0; i < sizeof means / sizeof *means; i++)
    for (size_t j = 0; j < sizeof sds / sizeof *sds; j++) {
      const float m = (float)means[i], v = (float)(sds[j] * sds[j]);
      const double s = sqrt((double)v);
      float mean, var;
      double mean_exact, var_exact;
      cred__activation_moments(&mean, &var, &m, &v, 1, kind, slope);
      brute(&mean_exact, &var_exact, kind, slope, m, s);
      const double sd_exact = sqrt(var_exact), near = 2e-5 * (sd_exact + 1e-3 * s);
      if (!(fabs(mean - mean_exact) <= 2e-6 * (fabs(mean_exact) + 1) + near) ||
          !(fabs(sqrt(var) - sd_exact) <= 1e-3 * sd_exact + 1e-4 * s + 1e-9))
        fail_msg("%s at mean %g sd %g: %.8g, %.8g, expected %.8g, %.8g",
                 cred__activation_name(kind), m, s, mean, sqrt(var), mean_exact,
                 sd_exact);
    }
}

static void test_moments(void **state) {
  (void)state;
  for (int s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (int k = 0; k < CRED__N_ACTIVATIONS; k++) check_moments((cred__activation)k);
  }
}

// relu at mean 0: s / sqrt(2 pi), s^2 (1/2 - 1/(2 pi)). gelu: E x Phi(x) = m Phi(m / r) +
// v phi(m / r) / r with r = sqrt(1 + v).
static void test_closed_forms(void **state) {
  (void)state;
  const double pi = acos(-1);
  float m = 0, v = 4, mean, var;
  cred__activation_moments(&mean, &var, &m, &v, 1, CRED__RELU, 0);
  assert_near(mean, 2 / sqrt(2 * pi), 1e-6);
  assert_near(var, 4 * (0.5 - 0.5 / pi), 1e-6);
  m = 0.8f;
  v = 2.5f;
  const double r = sqrt(1 + 2.5), a = 0.8f / r;
  cred__activation_moments(&mean, &var, &m, &v, 1, CRED__GELU, 0);
  assert_near(mean, 0.8f * cdf(a) + 2.5 * exp(-0.5 * a * a) / sqrt(2 * pi) / r, 1e-6);
}

static void test_variance_0_is_exact(void **state) {
  (void)state;
  const float m[] = {-3, -0.5f, 0, 0.25f, 7}, v[5] = {0};
  float y[5], mean[5], var[5];
  for (int k = 0; k < CRED__N_ACTIVATIONS; k++) {
    const cred__activation kind = (cred__activation)k;
    cred__activation_forward(y, m, 5, kind, slope_of(kind));
    cred__activation_moments(mean, var, m, v, 5, kind, slope_of(kind));
    assert_memory_equal(y, mean, sizeof y);
    assert_memory_equal(v, var, sizeof v);
  }
}

static void test_nan_stays_nan(void **state) {
  (void)state;
  const float nan_value = NAN, one = 1;
  for (int s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (int k = 0; k < CRED__N_ACTIVATIONS; k++) {
      const cred__activation kind = (cred__activation)k;
      float y, var;
      cred__activation_forward(&y, &nan_value, 1, kind, 1);
      assert_true(isnan(y));
      cred__activation_moments(&y, &var, &nan_value, &one, 1, kind, 1);
      assert_true(isnan(y) && isnan(var));
      cred__activation_moments(&y, &var, &one, &nan_value, 1, kind, 1);
      assert_true(isnan(y) && isnan(var));
    }
  }
}

static void test_names(void **state) {
  (void)state;
  for (int k = 0; k < CRED__N_ACTIVATIONS; k++)
    assert_int_equal(cred__activation_find(cred__activation_name((cred__activation)k)),
                     k);
  assert_int_equal(cred__activation_find("rel"), CRED__N_ACTIVATIONS);
  assert_int_equal(cred__activation_find(""), CRED__N_ACTIVATIONS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),        cmocka_unit_test(test_moments),
      cmocka_unit_test(test_closed_forms),  cmocka_unit_test(test_variance_0_is_exact),
      cmocka_unit_test(test_nan_stays_nan), cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
