// Log scores and CRPS against their definition as an integral, and against each other.

#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/regression.h"
#include "kernel/special.h"

typedef double distribution(double x, const double *parameters);

static double normal(double x, const double *p) {
  return cred__normal_cdf((x - p[0]) / p[1]);
}

static double student(double x, const double *p) {
  return cred__student_t_cdf((x - p[0]) / p[1], p[2]);
}

static double two_normals(double x, const double *p) {
  return 0.3 * normal(x, p) + 0.7 * normal(x, p + 2);
}

// int (F(x) - [x >= y])^2 dx by Simpson's rule on both sides of the jump, x = y + u^3.
static double integral(distribution *f, const double *p, double y, double width) {
  const int n = 4000;
  double sum = 0.0;
  for (int side = 0; side < 2; side++)
    for (int i = 0; i <= n; i++) {
      const double top = cbrt(width), u = top * i / n,
                   x = y + (side ? 1 : -1) * u * u * u;
      const double d = f(x, p) - side, weight = i == 0 || i == n ? 1 : i % 2 ? 4 : 2;
      sum += weight * d * d * 3.0 * u * u * top / n / 3.0;
    }
  return sum;
}

static void gaussian_is_the_integral(void **state) {
  (void)state;
  const double p[] = {1.5, 0.7};
  for (double y = -3.0; y < 6.0; y += 0.8)
    assert_near(cred_crps_gaussian(y, p[0], p[1]), integral(normal, p, y, 40.0), 1e-8);
  // at the mean: (sqrt(2) - 1) / sqrt(pi)
  assert_near(cred_crps_gaussian(2, 2, 1), 0.23369497725510916, 1e-15);
  assert_near(cred_crps_gaussian(5, 2, 0), 3.0, 0.0);
  assert_near(cred_crps_gaussian(1e200, 0, 1), 1e200, 1e185);
  assert_true(isnan(cred_crps_gaussian(0, 0, -1)) &&
              isnan(cred_crps_gaussian(NAN, 0, 1)));
}

static void student_t_is_the_integral(void **state) {
  (void)state;
  const double dfs[] = {2.5, 4.0, 12.0};
  for (int k = 0; k < 3; k++) {
    const double p[] = {-0.5, 1.3, dfs[k]};
    for (double y = -4.0; y < 4.0; y += 0.9)
      assert_near(cred_crps_student_t(y, p[0], p[1], p[2]),
                  integral(student, p, y, 2000.0), 2e-6);
  }
  assert_near(cred_crps_student_t(1, 0, 2, 1e9), cred_crps_gaussian(1, 0, 2), 1e-8);
  assert_near(cred_crps_student_t(1, 0, 2, INFINITY), cred_crps_gaussian(1, 0, 2), 0.0);
  assert_near(cred_crps_student_t(1e180, 0, 1, 3) / 1e180, 1.0, 1e-12);
  assert_true(isnan(cred_crps_student_t(0, 0, 1, 1.0)));
}

static void mixture_is_the_integral(void **state) {
  (void)state;
  const double p[] = {-1.0, 0.4, 2.0, 1.1}, means[] = {-1.0, 2.0}, sds[] = {0.4, 1.1};
  const double weights[] = {3.0, 7.0}; // of any sum
  for (double y = -3.0; y < 5.0; y += 0.7)
    assert_near(cred_crps_mixture(y, means, sds, weights, 2),
                integral(two_normals, p, y, 60.0), 1e-8);
  assert_near(cred_crps_mixture(0.3, means, sds, NULL, 1),
              cred_crps_gaussian(0.3, means[0], sds[0]), 1e-15);
  assert_true(isnan(cred_crps_mixture(0, means, sds, NULL, 0)));
}

// A sample is a mixture of points.
static void sample_is_a_mixture_of_points(void **state) {
  (void)state;
  const double points[] = {3.0, -1.0, 0.5, 3.0, 8.0}, zero[5] = {0};
  for (double y = -2.0; y < 9.0; y += 0.75) {
    double draws[5], pairs = 0.0, error = 0.0;
    memcpy(draws, points, sizeof draws);
    for (int i = 0; i < 5; i++)
      for (int j = 0; j < 5; j++) pairs += fabs(points[i] - points[j]);
    for (int i = 0; i < 5; i++) error += fabs(points[i] - y) / 5.0;
    const double plain = cred_crps_sample(draws, 5, y, CRED_CRPS_PLAIN);
    assert_near(plain, cred_crps_mixture(y, points, zero, NULL, 5), 1e-14);
    assert_near(plain, error - pairs / 50.0, 1e-14);
    assert_near(cred_crps_sample(draws, 5, y, CRED_CRPS_FAIR), error - pairs / 40.0,
                1e-14);
    for (int i = 1; i < 5; i++) assert_true(draws[i - 1] <= draws[i]);
  }
}

static void sample_edges(void **state) {
  (void)state;
  double one[] = {2.0}, nan[] = {1.0, NAN, 2.0}, far[] = {1e9 + 1.0, 1e9 + 2.0};
  assert_near(cred_crps_sample(one, 1, 5.0, CRED_CRPS_PLAIN), 3.0, 0.0);
  assert_true(isnan(cred_crps_sample(one, 1, 5.0, CRED_CRPS_FAIR)));
  assert_true(isnan(cred_crps_sample(one, 0, 5.0, CRED_CRPS_PLAIN)));
  assert_true(isnan(cred_crps_sample(nan, 3, 1.0, CRED_CRPS_PLAIN)));
  assert_near(cred_crps_sample(far, 2, 1e9, CRED_CRPS_PLAIN), 1.25, 1e-12);
}

// The fair form expects the score of the distribution, the plain one more.
static void fair_is_unbiased(void **state) {
  (void)state;
  const cred_key key = cred_key_make(7);
  const double truth = cred_crps_gaussian(0.4, 0, 1);
  const int n = 20000, m = 4;
  double fair = 0.0, plain = 0.0, square = 0.0;
  for (int r = 0; r < n; r++) {
    double draws[4];
    for (int i = 0; i < m; i++) draws[i] = cred_key_normal(&key, (uint64_t)(r * m + i));
    const double score = cred_crps_sample(draws, (size_t)m, 0.4, CRED_CRPS_FAIR);
    fair += score / n;
    square += score * score / n;
    plain += cred_crps_sample(draws, (size_t)m, 0.4, CRED_CRPS_PLAIN) / n;
  }
  const double error = sqrt((square - fair * fair) / n);
  assert_near(fair, truth, 4.0 * error);
  assert_near(plain - fair, 1.1283791670955126 / 2.0 / m, 4.0 * error); // E|X - X'| / 2m
}

static void log_scores(void **state) {
  (void)state;
  const double log_density[] = {-1000.0, -1001.0}, log_weights[] = {log(3.0), 0.0};
  const double none[] = {-INFINITY, -INFINITY};
  assert_near(cred_gaussian_log_score(3, 1, 2), -0.5 - log(2.0) - 0.91893853320467274,
              1e-15);
  assert_true(isnan(cred_gaussian_log_score(0, 0, 0)));
  assert_near(cred_mixture_log_score(log_density, NULL, 2),
              -1000.0 + log((1.0 + exp(-1.0)) / 2.0), 1e-12);
  assert_near(cred_mixture_log_score(log_density, log_weights, 2),
              -1000.0 + log((3.0 + exp(-1.0)) / 4.0), 1e-12);
  assert_true(cred_mixture_log_score(none, NULL, 2) == -INFINITY);
  assert_true(isnan(cred_mixture_log_score(none, NULL, 0)));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(gaussian_is_the_integral),
                                     cmocka_unit_test(student_t_is_the_integral),
                                     cmocka_unit_test(mixture_is_the_integral),
                                     cmocka_unit_test(sample_is_a_mixture_of_points),
                                     cmocka_unit_test(sample_edges),
                                     cmocka_unit_test(fair_is_unbiased),
                                     cmocka_unit_test(log_scores)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
