// The float functions of fast_math.h against the C library in double.

#include "check.h"
#include "kernel/fast_math.h"

enum { N = 200000 };

typedef float (*fast_fn)(float);
typedef double (*exact_fn)(double);

static double exact_sigmoid(double x) {
  return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}
static double exact_softplus(double x) {
  return fmax(x, 0) + log1p(exp(-fabs(x)));
}
static double exact_cdf(double x) {
  return 0.5 * erfc(-x / sqrt(2));
}

// One unit in the last place of the float nearest to y.
static double unit(double y) {
  const double a = fmax(fabs(y), 1.17549435e-38);
  int e;
  frexp(a, &e);
  return ldexp(1.0, e - 24);
}

typedef struct {
  const char *name;
  fast_fn fast;
  exact_fn exact;
  double low, high;
  double max_units;
} row;

static const row table[] = {
    {"exp", cred__exp, exp, -87.3, 88.7, 2},
    {"exp near 0", cred__exp, exp, -1, 1, 1.5},
    {"exp denormal", cred__exp, exp, -103, -87, 2},
    {"expm1", cred__expm1, expm1, -20, 20, 3},
    {"expm1 near 0", cred__expm1, expm1, -1, 1, 3},
    {"expm1 tiny", cred__expm1, expm1, -1e-4, 1e-4, 1.5},
    {"tanh", cred__tanh, tanh, -12, 12, 3},
    {"tanh near 0", cred__tanh, tanh, -1, 1, 3},
    {"tanh tiny", cred__tanh, tanh, -1e-5, 1e-5, 1},
    {"sigmoid", cred__sigmoid, exact_sigmoid, -87, 87, 3},
    {"sigmoid near 0", cred__sigmoid, exact_sigmoid, -3, 3, 3},
    {"softplus", cred__softplus_real, exact_softplus, -86, 86, 4},
    {"softplus near 0", cred__softplus_real, exact_softplus, -2, 2, 4},
    {"erf", cred__erf, erf, -5, 5, 3},
    {"erf near 0", cred__erf, erf, -1, 1, 3},
    {"cdf", cred__normal_cdf_real, exact_cdf, -2, 9, 6},
    {"cdf tail", cred__normal_cdf_real, exact_cdf, -12.9, 0, 90},
};

static void check_row(const row *r) {
  double worst = 0, at = 0;
  for (size_t i = 0; i <= N; i++) {
    const float x = (float)(r->low + (r->high - r->low) * (double)i / N);
    const double y = r->exact(x), error = fabs(r->fast(x) - y) / unit(y);
    if (!(error <= worst)) worst = error, at = x;
  }
  if (!(worst <= r->max_units))
    fail_msg("%s: %g units at %.9g, at most %g", r->name, worst, at, r->max_units);
}

static void test_accuracy(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) check_row(&table[i]);
}

static void test_log(void **state) {
  (void)state;
  double worst = 0;
  for (size_t i = 0; i <= N; i++) {
    const float wide = (float)exp(-103 + 191 * (double)i / N);
    const float near = (float)(0.5 + 1.5 * (double)i / N);
    worst =
        fmax(worst, fabs(cred__log(wide) - log((double)wide)) / unit(log((double)wide)));
    if (near != 1)
      worst = fmax(worst,
                   fabs(cred__log(near) - log((double)near)) / unit(log((double)near)));
  }
  if (!(worst <= 2)) fail_msg("log: %g units", worst);
  assert_true(cred__log(1.0f) == 0.0f);
}

static void test_sin_cos(void **state) {
  (void)state;
  double worst = 0, circle = 0;
  for (size_t i = 0; i <= N; i++) {
    const float u = (float)(-2 + 4 * (double)i / N);
    float s, c;
    cred__sin_cos_turns(&s, &c, u);
    worst = fmax(worst, fabs(s - sin(2 * acos(-1) * (double)u)));
    worst = fmax(worst, fabs(c - cos(2 * acos(-1) * (double)u)));
    circle = fmax(circle, fabs((double)s * s + (double)c * c - 1));
  }
  if (!(worst <= 1.5e-7)) fail_msg("sin, cos: %g", worst);
  if (!(circle <= 3e-7)) fail_msg("sin^2 + cos^2 - 1: %g", circle);
}

static void test_nan_stays_nan(void **state) {
  (void)state;
  static const fast_fn all[] = {cred__exp,  cred__expm1,          cred__log,
                                cred__tanh, cred__sigmoid,        cred__softplus_real,
                                cred__erf,  cred__normal_cdf_real};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    assert_true(isnan(all[i](NAN)));
    assert_true(isnan(all[i](-NAN)));
  }
  assert_true(isnan(cred__log(-1.0f)) && isnan(cred__log(-INFINITY)));
  float s, c;
  cred__sin_cos_turns(&s, &c, NAN);
  assert_true(isnan(s) && isnan(c));
}

static void test_ends(void **state) {
  (void)state;
  assert_true(cred__exp(INFINITY) == INFINITY && cred__exp(1e30f) == INFINITY);
  assert_true(cred__exp(-INFINITY) == 0 && cred__exp(-1e30f) == 0);
  assert_true(cred__exp(0.0f) == 1 && cred__expm1(0.0f) == 0);
  assert_true(cred__expm1(INFINITY) == INFINITY && cred__expm1(-INFINITY) == -1);
  assert_true(cred__log(0.0f) == -INFINITY && cred__log(INFINITY) == INFINITY);
  assert_true(cred__tanh(INFINITY) == 1 && cred__tanh(-INFINITY) == -1);
  assert_true(signbit(cred__tanh(-0.0f)) && signbit(cred__erf(-0.0f)));
  assert_true(cred__sigmoid(INFINITY) == 1 && cred__sigmoid(-INFINITY) == 0);
  assert_true(cred__sigmoid(0.0f) == 0.5f);
  assert_true(cred__softplus_real(INFINITY) == INFINITY);
  assert_true(cred__softplus_real(-INFINITY) == 0);
  assert_true(cred__erf(INFINITY) == 1 && cred__erf(-INFINITY) == -1);
  assert_true(cred__normal_cdf_real(INFINITY) == 1);
  assert_true(cred__normal_cdf_real(-INFINITY) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_accuracy), cmocka_unit_test(test_log),
      cmocka_unit_test(test_sin_cos),  cmocka_unit_test(test_nan_stays_nan),
      cmocka_unit_test(test_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
