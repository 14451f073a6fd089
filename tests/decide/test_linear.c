// test_linear.c -- the posterior against its closed form by elimination, against sums
// over a grid, and draws against their moments.

#include "check.h"
#include "base/alloc.h"
#include "credence/decide/linear.h"

enum { D = 3, N = 7 };

static const cred_linear_options prior = {.precision = 0.7, .shape = 3, .rate = 2.5};

static void make_rows(double x[N][D], double y[N]) {
  const cred_key key = cred_key_make(3);
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < D; j++) x[i][j] = cred_key_normal(&key, i * D + j);
    x[i][i % 2] = i < 4 ? 0 : x[i][i % 2]; // cells that are 0 are passed over
    y[i] = 2 * x[i][0] - x[i][2] + cred_key_normal(&key, 100 + i);
  }
}

static cred_linear *learned(double x[N][D], const double *y, size_t n) {
  cred_linear *l;
  assert_ok(cred_linear_new(&l, D, &prior));
  for (size_t i = 0; i < n; i++) cred_linear_add(l, x[i], y[i]);
  return l;
}

// a (D, D) and its inverse by Gauss-Jordan; A = precision I + X'X.
static void invert(double inverse[D][D], double x[N][D]) {
  double a[D][2 * D] = {{0}};
  for (size_t i = 0; i < D; i++) {
    a[i][i] = prior.precision;
    a[i][D + i] = 1;
    for (size_t j = 0; j < D; j++)
      for (size_t r = 0; r < N; r++) a[i][j] += x[r][i] * x[r][j];
  }
  for (size_t k = 0; k < D; k++) {
    const double pivot = a[k][k];
    for (size_t j = 0; j < 2 * D; j++) a[k][j] /= pivot;
    for (size_t i = 0; i < D; i++) {
      const double factor = a[i][k];
      for (size_t j = 0; j < 2 * D && i != k; j++) a[i][j] -= factor * a[k][j];
    }
  }
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) inverse[i][j] = a[i][D + j];
}

static void closed_form(double mean[D], double *rate, double inverse[D][D],
                        double x[N][D], const double *y) {
  double left = 0;
  invert(inverse, x);
  for (size_t i = 0; i < D; i++) {
    mean[i] = 0;
    for (size_t j = 0; j < D; j++)
      for (size_t r = 0; r < N; r++) mean[i] += inverse[i][j] * x[r][j] * y[r];
    left += prior.precision * mean[i] * mean[i];
  }
  for (size_t r = 0; r < N; r++) {
    double e = y[r];
    for (size_t i = 0; i < D; i++) e -= mean[i] * x[r][i];
    left += e * e;
  }
  *rate = prior.rate + left / 2;
}

static void test_posterior_by_elimination(void **state) {
  (void)state;
  double x[N][D], y[N], mean[D], w[D], inverse[D][D], rate;
  make_rows(x, y);
  closed_form(mean, &rate, inverse, x, y);
  cred_linear *l = learned(x, y, N);
  cred_linear_mean(w, l);
  for (size_t i = 0; i < D; i++) assert_near(w[i], mean[i], 1e-12);
  assert_near(cred_linear_state(l).rate, rate, 1e-12);
  assert_near(cred_linear_state(l).shape, 3 + N / 2.0, 0);
  assert_int_equal(cred_linear_state(l).n_rows, N);
  cred_linear_clear(l); // the prior again
  cred_linear_mean(w, l);
  for (size_t i = 0; i < D; i++) assert_near(w[i], 0, 0);
  assert_near(cred_linear_state(l).rate, prior.rate, 0);
  cred_linear_free(l);
}

// One weight: E w and E s2 by sums of prior times likelihood over a grid of (w, log s2).
static void test_posterior_on_a_grid(void **state) {
  (void)state;
  static const double x[] = {1, -0.5, 2, 0.3}, y[] = {1.2, 0.1, 2.9, -0.4};
  cred_linear *l;
  double mass = 0, mean = 0, var = 0, w;
  assert_ok(cred_linear_new(&l, 1, &prior));
  for (size_t i = 0; i < 4; i++) cred_linear_add(l, &x[i], y[i]);
  for (int a = -600; a <= 900; a++)
    for (int b = -500; b <= 900; b++) {
      const double weight = 0.01 * a, s2 = exp(0.01 * b);
      double log_p = -(prior.shape + 1) * log(s2) - prior.rate / s2 // IG
                     - 0.5 * log(s2) - prior.precision * weight * weight / (2 * s2) +
                     log(s2); // of log s2
      for (size_t i = 0; i < 4; i++) {
        const double e = y[i] - x[i] * weight;
        log_p -= 0.5 * log(s2) + e * e / (2 * s2);
      }
      mass += exp(log_p);
      mean += exp(log_p) * weight;
      var += exp(log_p) * s2;
    }
  cred_linear_mean(&w, l);
  const cred_linear_info now = cred_linear_state(l);
  assert_near(w, mean / mass, 1e-6);
  assert_near(now.rate / (now.shape - 1), var / mass, 1e-4);
  cred_linear_free(l);
}

// Means and covariances of many draws: w is a t of 2 shape degrees, with the covariance
// rate / (shape - 1) A^-1, and s2 has the mean rate / (shape - 1).
static void test_draws(void **state) {
  (void)state;
  enum { DRAWS = 40000 };
  double x[N][D], y[N], mean[D], w[D], inverse[D][D], rate;
  double sum[D] = {0}, square[D][D] = {{0}}, noise = 0, noise_square = 0;
  make_rows(x, y);
  closed_form(mean, &rate, inverse, x, y);
  cred_linear *l = learned(x, y, N);
  const cred_key root = cred_key_make(5);
  for (uint64_t s = 0; s < DRAWS; s++) {
    const cred_key key = cred_key_derive(&root, CRED_FOR_USER, s);
    const double var = cred_linear_draw(w, l, &key);
    noise += var / DRAWS;
    noise_square += var * var / DRAWS;
    for (size_t i = 0; i < D; i++) {
      sum[i] += w[i] / DRAWS;
      for (size_t j = 0; j < D; j++)
        square[i][j] += (w[i] - mean[i]) * (w[j] - mean[j]) / DRAWS;
    }
  }
  const double var = rate / (prior.shape + N / 2.0 - 1);
  assert_near(noise, var, 4 * sqrt((noise_square - noise * noise) / DRAWS));
  for (size_t i = 0; i < D; i++) {
    assert_near(sum[i], mean[i], 4 * sqrt(var * inverse[i][i] / DRAWS));
    for (size_t j = 0; j < D;
         j++) // of a t with 13 degrees a product has at most 3 squares
      assert_near(square[i][j], var * inverse[i][j],
                  4 * var * sqrt(3 * inverse[i][i] * inverse[j][j] / DRAWS));
  }
  const cred_key key = cred_key_derive(&root, CRED_FOR_USER, 7);
  double again[D];
  assert_near(cred_linear_draw(w, l, &key), cred_linear_draw(again, l, &key), 0);
  for (size_t i = 0; i < D; i++) assert_near(w[i], again[i], 0);
  cred_linear_free(l);
}

static void test_bad_options_and_no_memory(void **state) {
  (void)state;
  const long live = cred__alloc_live();
  cred_linear_options opt = cred_linear_defaults();
  cred_linear *l;
  opt.precision = NAN;
  assert_fails(cred_linear_new(&l, 2, &opt), CRED_EINVAL, "precision nan");
  opt = cred_linear_defaults();
  opt.shape = 0.5;
  assert_fails(cred_linear_new(&l, 2, &opt), CRED_EINVAL, "shape 0.5");
  opt = cred_linear_defaults();
  assert_fails(cred_linear_new(&l, 0, &opt), CRED_EINVAL, "0 inputs");
  cred_status status = CRED_ENOMEM;
  for (long n = 0; status != CRED_OK; n++) {
    cred__alloc_fail_after(n);
    status = cred_linear_new(&l, 2, &opt);
    cred__alloc_fail_after(-1);
    cred_linear_free(l);
    assert_true(status == CRED_OK || status == CRED_ENOMEM);
    assert_int_equal(cred__alloc_live(), live);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_posterior_by_elimination),
      cmocka_unit_test(test_posterior_on_a_grid),
      cmocka_unit_test(test_draws),
      cmocka_unit_test(test_bad_options_and_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
