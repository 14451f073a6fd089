// test_likelihood.c -- likelihoods as text, their sizes, and the float forms against
// formulas in double.

#include "check.h"
#include "credence/prob/likelihood.h"

static cred_likelihood lik_of(const char *text) {
  cred_likelihood lik;
  assert_ok(cred_likelihood_parse(&lik, text));
  return lik;
}

static void test_round_trip(void **state) {
  (void)state;
  static const char *const texts[][2] = {{"gaussian", "gaussian"},
                                         {"gaussian 0.1", "gaussian 0.1"},
                                         {"heteroscedastic", "heteroscedastic"},
                                         {"mixture", "mixture 3"},
                                         {"mixture 7", "mixture 7"},
                                         {"student-t", "student-t"},
                                         {"student-t 4", "student-t 4"},
                                         {"student-t 4 0.1", "student-t 4 0.1"},
                                         {"student-t 0 0.1", "student-t 0 0.1"},
                                         {"bernoulli", "bernoulli"},
                                         {"categorical", "categorical"},
                                         {"poisson", "poisson"},
                                         {"noisy-categorical", "noisy-categorical 10"},
                                         {"noisy-categorical 3", "noisy-categorical 3"}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char text[80];
    const cred_likelihood lik = lik_of(texts[i][0]);
    cred_likelihood_format(text, sizeof text, &lik);
    assert_string_equal(text, texts[i][1]);
    const cred_likelihood again = lik_of(text);
    assert_true(again.kind == lik.kind && again.sd == lik.sd && again.dof == lik.dof);
    assert_true(again.n_components == lik.n_components &&
                again.n_classes == lik.n_classes && again.n_draws == lik.n_draws);
  }
}

static void test_messages(void **state) {
  (void)state;
  static const char *const bad[][2] = {{"", "empty"},
                                       {"gausian", "did you mean 'gaussian'"},
                                       {"studentt", "did you mean 'student-t'"},
                                       {"zebra", "expected one of gaussian"},
                                       {"gaussian -1", "noise sd is -1"},
                                       {"gaussian x", "'x' is not a number"},
                                       {"student-t 2", "dof is 2, must be > 2"},
                                       {"mixture 0", "whole number"},
                                       {"mixture 2.5", "whole number"},
                                       {"mixture 1000", "whole number"},
                                       {"noisy-categorical 0", "1 to 128"},
                                       {"noisy-categorical 129", "whole number"},
                                       {"noisy", "did you mean 'noisy-categorical'"},
                                       {"poisson 1", "nothing is expected at '1'"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cred_likelihood lik = {.sd = 42};
    assert_fails(cred_likelihood_parse(&lik, bad[i][0]), CRED_EINVAL, bad[i][1]);
    assert_true(lik.sd == 42); // unchanged
  }
}

static void test_check_of_structs(void **state) {
  (void)state;
  cred_likelihood lik = lik_of("gaussian");
  lik.n_targets = 0;
  assert_fails(cred_likelihood_check(&lik), CRED_EINVAL, "no target");
  lik = lik_of("gaussian");
  lik.sd = (double)NAN;
  assert_fails(cred_likelihood_check(&lik), CRED_EINVAL, "noise sd");
  lik = lik_of("categorical");
  lik.n_classes = 1;
  assert_fails(cred_likelihood_check(&lik), CRED_EINVAL, "1 classes");
  lik.n_classes = SIZE_MAX;
  assert_fails(cred_likelihood_check(&lik), CRED_EINVAL, "classes");
  lik = lik_of("noisy-categorical");
  lik.n_draws = 1000;
  assert_fails(cred_likelihood_check(&lik), CRED_EINVAL, "1000 draws of the noise");
  lik = lik_of("bernoulli");
  lik.n_targets = 2;
  assert_fails(cred_likelihood_check(&lik), CRED_EINVAL, "must be 1");
  lik.kind = (cred_likelihood_kind)50;
  assert_fails(cred_likelihood_check(&lik), CRED_EINVAL, "50");
}

static void check_sizes(const char *text, size_t n_outputs, size_t n_params,
                        bool is_class) {
  cred_likelihood lik = lik_of(text);
  if (!is_class) lik.n_targets = 3;
  if (is_class && lik.kind != CRED_LIK_BERNOULLI) lik.n_classes = 10;
  assert_int_equal(cred_likelihood_n_outputs(&lik), n_outputs);
  assert_int_equal(cred_likelihood_n_params(&lik), n_params);
  assert_int_equal(cred_likelihood_is_class(&lik), is_class);
}

static void test_sizes(void **state) {
  (void)state;
  check_sizes("gaussian", 3, 3, false);
  check_sizes("gaussian 0.1", 3, 0, false);
  check_sizes("heteroscedastic", 6, 0, false);
  check_sizes("mixture 4", 36, 0, false);
  check_sizes("student-t", 3, 6, false);
  check_sizes("student-t 4", 3, 3, false);
  check_sizes("student-t 4 0.1", 3, 0, false);
  check_sizes("bernoulli", 1, 0, true);
  check_sizes("categorical", 10, 0, true);
  check_sizes("poisson", 3, 0, false);
  check_sizes("noisy-categorical", 20, 0, true);
}

static void test_start(void **state) {
  (void)state;
  cred_likelihood lik = lik_of("student-t");
  cred_real params[4] = {0};
  lik.n_targets = 2;
  cred_likelihood_init(params, &lik);
  for (size_t t = 0; t < 2; t++) {
    assert_near((double)params[2 * t], log(0.4), 1e-6);
    assert_near((double)params[2 * t + 1], log(8), 1e-6);
  }
}

enum { ROWS = 4096 };
static cred_real out[ROWS * 10], y[ROWS], dout[ROWS * 10];

static void fill(const cred_likelihood *lik) {
  const cred_key key = cred_key_make(41);
  for (size_t i = 0; i < ROWS * 10; i++)
    out[i] = (cred_real)(2 * cred_key_normal(&key, i));
  for (size_t i = 0; i < ROWS; i++)
    y[i] =
        (cred_real)(lik->n_classes ? (double)cred_key_below(&key, i, lik->n_classes) : 0);
}

// The sum over 4096 rows in float inputs against the formula in double.
static void test_float_sums(void **state) {
  (void)state;
  cred_likelihood lik = lik_of("gaussian 0.01");
  double expected = 0;
  fill(&lik);
  for (size_t i = 0; i < ROWS; i++) {
    const double z = ((double)y[i] - (double)out[i]) / 0.01;
    expected += -0.5 * z * z - log(0.01) - 0.5 * log(2 * M_PI);
  }
  assert_near(
      cred_likelihood_log_prob(NULL, NULL, NULL, &lik, out, y, NULL, NULL, ROWS, NULL),
      expected, 1e-7 * fabs(expected));
  lik = lik_of("bernoulli");
  fill(&lik);
  expected = 0;
  for (size_t i = 0; i < ROWS; i++) {
    const double l = y[i] > 0 ? (double)out[i] : -(double)out[i];
    expected -= log1p(exp(-l));
  }
  assert_near(
      cred_likelihood_log_prob(NULL, dout, NULL, &lik, out, y, NULL, NULL, ROWS, NULL),
      expected, 1e-7 * fabs(expected));
}

static void test_float_categorical(void **state) {
  (void)state;
  cred_likelihood lik = lik_of("categorical");
  lik.n_classes = 10;
  fill(&lik);
  double rows[ROWS];
  cred_likelihood_log_prob(rows, dout, NULL, &lik, out, y, NULL, NULL, ROWS, NULL);
  for (size_t i = 0; i < ROWS; i++) {
    double sum = 0, top = -INFINITY;
    for (size_t c = 0; c < 10; c++) top = fmax(top, (double)out[i * 10 + c]);
    for (size_t c = 0; c < 10; c++) sum += exp((double)out[i * 10 + c] - top);
    const double expected = (double)out[i * 10 + (size_t)y[i]] - top - log(sum);
    assert_near(rows[i], expected, 1e-6);
    for (size_t c = 0; c < 10; c++) {
      const double p = exp((double)out[i * 10 + c] - top) / sum;
      assert_near((double)dout[i * 10 + c], (c == (size_t)y[i]) - p, 3e-7);
    }
  }
}

// A bent log variance keeps float finite, too.
static void test_float_does_not_overflow(void **state) {
  (void)state;
  const cred_real far[] = {-3e38f, -1e3f, 1e3f, 3e38f};
  for (size_t i = 0; i < 4; i++) {
    cred_real o[3] = {0, far[i]}, d[3], target = 0.5f;
    cred_likelihood lik = lik_of("heteroscedastic");
    assert_true(isfinite(
        cred_likelihood_log_prob(NULL, d, NULL, &lik, o, &target, NULL, NULL, 1, NULL)));
    assert_true(isfinite(d[0]) && isfinite(d[1]));
    lik = lik_of("mixture 1");
    o[1] = 0, o[2] = far[i];
    assert_true(isfinite(
        cred_likelihood_log_prob(NULL, d, NULL, &lik, o, &target, NULL, NULL, 1, NULL)));
    assert_true(isfinite(d[1]) && isfinite(d[2]));
    lik = lik_of("poisson");
    o[0] = far[i] / 1e10f;
    assert_true(isfinite(
        cred_likelihood_log_prob(NULL, d, NULL, &lik, o, &o[1], NULL, NULL, 1, NULL)));
    assert_true(isfinite(d[0]));
  }
}

// The fast float forms of the quadrature agree with a closed symmetry: equal logits.
static void test_float_class_moments(void **state) {
  (void)state;
  cred_likelihood lik = lik_of("categorical");
  const size_t sizes[] = {2, 3, 10, 300};
  static cred_real mean[300], var[300];
  static double prob[300];
  for (size_t i = 0; i < 300; i++) mean[i] = -3, var[i] = 0;
  for (size_t i = 0; i < 4; i++) {
    double entropy;
    lik.n_classes = sizes[i];
    cred_likelihood_class_moments(prob, &entropy, &lik, mean, var, 1);
    for (size_t c = 0; c < sizes[i]; c++)
      assert_near(prob[c], 1.0 / (double)sizes[i], 2e-6 / (double)sizes[i]);
    assert_near(entropy, log((double)sizes[i]), 1e-5);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_check_of_structs),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_start),
      cmocka_unit_test(test_float_sums),
      cmocka_unit_test(test_float_categorical),
      cmocka_unit_test(test_float_does_not_overflow),
      cmocka_unit_test(test_float_class_moments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
