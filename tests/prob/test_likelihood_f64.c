// test_likelihood_f64.c -- likelihoods in double: gradients by finite differences with
// weights and several targets, densities that integrate or sum to 1, numbers of scipy,
// hostile values.

#include "check.h"
#include "credence/prob/likelihood.h"
#include "kernel/kernel.h"
#include "prob/differences.h"

static const char *const texts[] = {
    "gaussian",    "gaussian 0.3", "heteroscedastic",    "mixture 3",       "mixture 1",
    "student-t",   "student-t 4",  "student-t 4 0.3",    "student-t 0 0.3", "bernoulli",
    "categorical", "poisson",      "noisy-categorical 7"};
enum { N_TEXTS = sizeof texts / sizeof *texts, ROWS = 150, OUT_MAX = 3 * 3 * 2 };

// A kind that is added to the enum without a row here does not compile.
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wswitch"
static const char *row_of(cred_likelihood_kind kind) {
  switch (kind) {
  case CRED_LIK_GAUSSIAN:
    return "gaussian";
  case CRED_LIK_HETEROSCEDASTIC:
    return "heteroscedastic";
  case CRED_LIK_MIXTURE:
    return "mixture 3";
  case CRED_LIK_STUDENT_T:
    return "student-t";
  case CRED_LIK_BERNOULLI:
    return "bernoulli";
  case CRED_LIK_CATEGORICAL:
    return "categorical";
  case CRED_LIK_POISSON:
    return "poisson";
  case CRED_LIK_NOISY_CATEGORICAL:
    return "noisy-categorical 7";
  }
  return NULL;
}
#pragma GCC diagnostic pop

static void test_every_kind_has_a_row(void **state) {
  (void)state;
  for (int kind = 0; kind <= CRED_LIK_NOISY_CATEGORICAL; kind++) {
    bool found = false;
    for (size_t i = 0; i < N_TEXTS; i++)
      found |= strcmp(texts[i], row_of((cred_likelihood_kind)kind)) == 0;
    assert_true(found);
  }
}

typedef struct {
  cred_likelihood lik;
  cred_real out[ROWS * OUT_MAX], y[ROWS * 2], weight[ROWS], params[4];
  size_t n_rows;
  const cred_key *noise;
} lik_case;

static lik_case *case_of(const char *text, size_t n_targets) {
  static lik_case c;
  const cred_key key = cred_key_make(3);
  assert_ok(cred_likelihood_parse(&c.lik, text));
  const bool is_class = cred_likelihood_is_class(&c.lik);
  c.n_rows =
      c.lik.kind == CRED_LIK_NOISY_CATEGORICAL ? ROWS / 5 : ROWS; // 121 points each
  if (!is_class) c.lik.n_targets = n_targets;
  c.noise = NULL;
  if (is_class && c.lik.kind != CRED_LIK_BERNOULLI) c.lik.n_classes = 5;
  assert_ok(cred_likelihood_check(&c.lik));
  cred_likelihood_init(c.params, &c.lik);
  for (size_t i = 0; i < ROWS * OUT_MAX; i++) c.out[i] = cred_key_normal(&key, i);
  for (size_t i = 0; i < ROWS; i++) c.weight[i] = (cred_real)(i % 4) / 2;
  for (size_t i = 0; i < ROWS * 2; i++) {
    const uint64_t at = 100000 + i;
    c.y[i] = is_class ? (cred_real)cred_key_below(&key, at, c.lik.n_classes)
             : c.lik.kind == CRED_LIK_POISSON ? (cred_real)cred_key_below(&key, at, 40)
                                              : 2 * cred_key_normal(&key, at);
  }
  return &c;
}

static double log_prob_of(void *context) {
  lik_case *c = context;
  return cred_likelihood_log_prob(NULL, NULL, NULL, &c->lik, c->out, c->y, c->params,
                                  c->weight, c->n_rows, c->noise);
}

// The value without gradients, the sum of the rows, and the value with gradients agree.
static void check_case(lik_case *c) {
  static cred_real dout[ROWS * OUT_MAX];
  cred_real dparams[4] = {1, 1, 1, 1};
  double rows[ROWS], sum = 0;
  const size_t n_out = cred_likelihood_n_outputs(&c->lik) * c->n_rows;
  const double value =
      cred_likelihood_log_prob(rows, dout, dparams, &c->lik, c->out, c->y, c->params,
                               c->weight, c->n_rows, c->noise);
  for (size_t i = 0; i < c->n_rows; i++) sum += rows[i] * c->weight[i];
  assert_near(value, sum, 1e-11 * fabs(sum));
  assert_near(value, log_prob_of(c), 1e-11 * fabs(sum));
  const double rounding = 2e-11 * fabs(value); // of a large sum, divided by the step
  for (size_t i = 0; i < n_out; i += 1 + i % 3) {
    const double d = difference(log_prob_of, c, &c->out[i]);
    assert_near(dout[i], d, 1e-7 * (1 + fabs(d)) + rounding);
  }
  for (size_t i = 0; i < cred_likelihood_n_params(&c->lik); i++) {
    const double d = difference(log_prob_of, c, &c->params[i]);
    assert_near(dparams[i], 1 + d, 1e-7 * (1 + fabs(d)) + rounding);
  }
}

// With the noise of a step: of many classes too, whose outputs come in several pieces.
static void test_gradients_of_noise(void **state) {
  (void)state;
  const cred_key key = cred_key_make(19);
  lik_case *c = case_of("noisy-categorical 7", 1);
  c->noise = &key;
  check_case(c);
  static const size_t classes[] = {2, 64, 65, 130};
  for (size_t i = 0; i < 4; i++)
    for (size_t keyed = 0; keyed < 2; keyed++) {
      c->lik.n_classes = classes[i], c->n_rows = 2;
      c->noise = keyed ? &key : NULL;
      for (size_t j = 0; j < 2; j++)
        c->y[j] = (cred_real)(j * (classes[i] - 1)), c->weight[j] = 1 + (cred_real)j;
      check_case(c);
    }
}

static void test_gradients(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TEXTS; i++)
    for (size_t n_targets = 1; n_targets <= 2; n_targets++)
      check_case(case_of(texts[i], n_targets));
}

// Outputs and parameters far out: the bent functions and their gradients agree.
static void test_gradients_far_out(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TEXTS; i++) {
    lik_case *c = case_of(texts[i], 1);
    c->n_rows = 8;
    if (c->lik.kind == CRED_LIK_HETEROSCEDASTIC)
      for (size_t j = 0; j < 8; j++) c->out[2 * j + 1] = (cred_real)j * 9 - 2;
    if (c->lik.kind == CRED_LIK_NOISY_CATEGORICAL)
      for (size_t j = 0; j < 8; j++) c->out[10 * j + 7] = (cred_real)j * 4 - 2;
    if (c->lik.kind == CRED_LIK_MIXTURE)
      for (size_t j = 0; j < 8 * 3 * c->lik.n_components; j++) c->out[j] *= 6;
    if (c->lik.kind == CRED_LIK_POISSON)
      for (size_t j = 0; j < 8; j++)
        c->out[j] = (cred_real)j * 3, c->y[j] = exp(3.0 * (double)j);
    if (c->lik.kind == CRED_LIK_STUDENT_T || c->lik.kind == CRED_LIK_GAUSSIAN)
      for (size_t j = 0; j < cred_likelihood_n_params(&c->lik); j++)
        c->params[j] = 17 + 3 * j;
    check_case(c);
  }
}

static void test_weights_are_factors(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TEXTS; i++) {
    lik_case *c = case_of(texts[i], 1);
    double rows[ROWS], sum = 0;
    for (size_t j = 0; j < ROWS; j++) c->weight[j] = 1;
    const double ones = log_prob_of(c);
    const double none = cred_likelihood_log_prob(rows, NULL, NULL, &c->lik, c->out, c->y,
                                                 c->params, NULL, c->n_rows, NULL);
    for (size_t j = 0; j < c->n_rows; j++) sum += rows[j];
    assert_near(none, ones, 1e-12 * fabs(ones));
    assert_near(none, sum, 1e-12 * fabs(ones)); // a sum over rows, never a mean
    for (size_t j = 0; j < ROWS; j++) c->weight[j] = 2;
    assert_near(log_prob_of(c), 2 * ones, 1e-12 * fabs(ones));
  }
}

static double one_row(const char *text, const cred_real *out, cred_real y,
                      cred_real *params) {
  cred_likelihood lik;
  assert_ok(cred_likelihood_parse(&lik, text));
  if (lik.kind == CRED_LIK_CATEGORICAL || lik.kind == CRED_LIK_NOISY_CATEGORICAL)
    lik.n_classes = 3;
  return cred_likelihood_log_prob(NULL, NULL, NULL, &lik, out, &y, params, NULL, 1, NULL);
}

// tests/golden/prob_golden.py
static void test_golden(void **state) {
  (void)state;
  const cred_real m[2] = {0.3, -1.2}, l = -0.7, rate = 0.4, high = 3.4;
  const cred_real mix[9] = {0.2, -1, 0.5, 0, 1, -2, -0.5, 0.1, 0.7};
  cred_real half = log(0.5), both[2] = {log(0.5), log(2.0)};
  assert_near(one_row("gaussian 0.5", m, 0.8, NULL), -0.7257913526447274, 1e-12);
  assert_near(one_row("gaussian", m, 0.8, &half), -0.7257913526447274, 1e-12);
  assert_near(one_row("heteroscedastic", m, 0.8, NULL), -0.7339531485467412, 1e-12);
  assert_near(one_row("mixture 3", mix, 0.8, NULL), -1.700056797874432, 1e-12);
  assert_near(one_row("student-t 4 0.5", m, 0.8, NULL), -0.8455409507373052, 1e-12);
  assert_near(one_row("student-t 4", m, 0.8, &half), -0.8455409507373052, 1e-12);
  assert_near(one_row("student-t", m, 0.8, both), -0.8455409507373052, 1e-12);
  assert_near(one_row("bernoulli", &l, 1, NULL), -1.103186048885458, 1e-12);
  assert_near(one_row("categorical", mix, 2, NULL), -0.6749569269138377, 1e-12);
  assert_near(one_row("poisson", &rate, 3, NULL), -2.083584166869325, 1e-12);
  assert_near(one_row("poisson", &high, 40, NULL), -4.284739762154402, 1e-12);
}

// y = sinh(u) for real targets, all values for the others.
static double total_probability(const lik_case *c) {
  const bool is_class = cred_likelihood_is_class(&c->lik);
  double sum = 0;
  if (is_class || c->lik.kind == CRED_LIK_POISSON) {
    const size_t n = is_class ? c->lik.n_classes : 300;
    for (size_t k = 0; k < n; k++) {
      const cred_real y = (cred_real)k;
      sum += exp(cred_likelihood_log_prob(NULL, NULL, NULL, &c->lik, c->out, &y,
                                          c->params, NULL, 1, NULL));
    }
    return sum;
  }
  for (int i = -6000; i <= 6000; i++) {
    const double u = i * 0.005;
    const cred_real y = sinh(u);
    sum += 0.005 * cosh(u) *
           exp(cred_likelihood_log_prob(NULL, NULL, NULL, &c->lik, c->out, &y, c->params,
                                        NULL, 1, NULL));
  }
  return sum;
}

static void test_densities_add_up_to_one(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TEXTS; i++)
    assert_near(total_probability(case_of(texts[i], 1)), 1, 1e-8);
}

static void test_nan_stays_nan(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TEXTS; i++) {
    lik_case *c = case_of(texts[i], 1);
    cred_real dout[OUT_MAX];
    const size_t n_out = cred_likelihood_n_outputs(&c->lik);
    c->n_rows = 1;
    c->weight[0] = 1;
    for (size_t j = 0; j < n_out; j++) {
      const cred_real kept = c->out[j];
      c->out[j] = NAN;
      assert_true(isnan(log_prob_of(c)));
      cred_likelihood_log_prob(NULL, dout, NULL, &c->lik, c->out, c->y, c->params, NULL,
                               1, NULL);
      assert_true(isnan(dout[j]));
      c->out[j] = kept;
    }
    c->y[0] = NAN;
    assert_true(isnan(log_prob_of(c)));
    c->weight[0] = 0; // but a row of weight 0 adds nothing
    assert_true(log_prob_of(c) == 0);
    cred_likelihood_log_prob(NULL, dout, NULL, &c->lik, c->out, c->y, c->params,
                             c->weight, 1, NULL);
    for (size_t j = 0; j < n_out; j++) assert_true(dout[j] == 0);
  }
}

static void test_no_output_overflows(void **state) {
  (void)state;
  static const cred_real far[] = {-1e30, -1e4, -200, 200, 1e4, 1e30};
  const char *const with_scale[] = {"heteroscedastic", "mixture 1"};
  for (size_t i = 0; i < 2; i++)
    for (size_t j = 0; j < 6; j++) {
      lik_case *c = case_of(with_scale[i], 1);
      cred_real dout[OUT_MAX], y = 0.5;
      const size_t n_out = cred_likelihood_n_outputs(&c->lik);
      c->out[n_out - 1] = far[j];
      const double value = cred_likelihood_log_prob(NULL, dout, NULL, &c->lik, c->out, &y,
                                                    c->params, NULL, 1, NULL);
      assert_true(isfinite(value));
      for (size_t k = 0; k < n_out; k++) assert_true(isfinite(dout[k]));
      // and it finds its way back
      assert_true(fabs(far[j]) > 1e5 || dout[n_out - 1] * far[j] < 0);
    }
}

static void test_labels_outside_give_nan(void **state) {
  (void)state;
  const cred_real bad[] = {-1, 3, 0.5, 1e30, -1e30, INFINITY};
  const cred_real out[6] = {1, 2, 3};
  for (size_t i = 0; i < 6; i++) {
    assert_true(isnan(one_row("categorical", out, bad[i], NULL)));
    assert_true(isnan(one_row("noisy-categorical", out, bad[i], NULL)));
  }
  assert_true(isnan(one_row("poisson", out, -1, NULL)));
}

// A class that is all but certain keeps its digits.
static void test_large_logits(void **state) {
  (void)state;
  const cred_real sure[3] = {800, 0, 0}, one = 40, minus = -800;
  assert_near(one_row("categorical", sure, 0, NULL), 0, 1e-300);
  assert_near(one_row("categorical", sure, 1, NULL), -800, 1e-9);
  assert_near(one_row("bernoulli", &one, 1, NULL) / -exp(-40), 1, 1e-12);
  assert_near(one_row("bernoulli", &minus, 1, NULL), -800, 1e-9);
}

// Without noise to speak of it is the plain likelihood, in the tails as well.
static void test_noise_that_vanishes(void **state) {
  (void)state;
  const cred_real plain[3] = {800, 0, -3}, none[6] = {800, 0, -3, -90, -90, -90};
  for (size_t y = 0; y < 3; y++) {
    const double expected = one_row("categorical", plain, (cred_real)y, NULL);
    assert_near(one_row("noisy-categorical", none, (cred_real)y, NULL), expected,
                2e-4 * (1 + fabs(expected)));
    double log_p[3];
    cred_likelihood lik;
    assert_ok(cred_likelihood_parse(&lik, "noisy-categorical"));
    lik.n_classes = 3;
    cred_likelihood_class_log_prob(log_p, &lik, none, 1);
    assert_near(log_p[y], expected, 2e-4 * (1 + fabs(expected)));
  }
}

// The noise parameter is a standard deviation, learned unless given; softplus is stable.
static void test_traps_of_scale(void **state) {
  (void)state;
  const cred_real m = 0;
  assert_near(one_row("gaussian 0.1", &m, 0, NULL), -log(0.1) - 0.5 * log(2 * M_PI),
              1e-12);
  cred_likelihood lik;
  assert_ok(cred_likelihood_parse(&lik, "gaussian"));
  assert_int_equal(cred_likelihood_n_params(&lik), 1);
  assert_near(cred__softplus(1000), 1000, 0);
  assert_near(cred__softplus(-1000), 0, 0);
  for (double x = -30; x < 40; x += 0.7)
    assert_near(cred__softplus_inverse(cred__softplus(x)), x, 1e-9 * (1 + fabs(x)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind_has_a_row),
      cmocka_unit_test(test_gradients),
      cmocka_unit_test(test_gradients_of_noise),
      cmocka_unit_test(test_gradients_far_out),
      cmocka_unit_test(test_weights_are_factors),
      cmocka_unit_test(test_golden),
      cmocka_unit_test(test_densities_add_up_to_one),
      cmocka_unit_test(test_nan_stays_nan),
      cmocka_unit_test(test_no_output_overflows),
      cmocka_unit_test(test_labels_outside_give_nan),
      cmocka_unit_test(test_large_logits),
      cmocka_unit_test(test_noise_that_vanishes),
      cmocka_unit_test(test_traps_of_scale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
