// The factorised Gaussian on a linear model, whose ELBO, optimum and evidence are in
// closed form. Estimates are held to four standard errors of their average.

#include "infer/linear.h"
#include "base/alloc.h"

static const cred_batch all_rows = {NULL, 0};
static const double means[] = {0.4, -0.7, 1.5, 0.05}, sds[] = {0.2, 0.6, 0.05, 0.3};
enum { Z_STEPS = 1000 };

typedef struct {
  double value, dmean[LINEAR_D], dlog_sd[LINEAR_D];
} elbo;

// Simpson's rule on z in [low, high] of the normal density times log p(m + s z).
static double simpson(const cred_prior *prior, double m, double s, double low,
                      double high) {
  double sum = 0;
  for (int i = 0; i <= Z_STEPS; i++) {
    const double z = low + (high - low) * i / Z_STEPS;
    const double weight = i == 0 || i == Z_STEPS ? 1 : i % 2 ? 4 : 2;
    const cred_real w = (cred_real)(m + s * z);
    sum += weight * exp(-0.5 * z * z) * cred_prior_log_prob(prior, &w, 1);
  }
  return sum * 0.39894228040143268 * (high - low) / Z_STEPS / 3;
}

// E log p(w) under N(m, s^2), in two pieces: a Laplace prior has a kink at 0.
static double expected_log_prior(const cred_prior *prior, double m, double s) {
  const double kink = fmin(fmax(-m / s, -9), 9);
  return simpson(prior, m, s, -9, kink) + simpson(prior, m, s, kink, 9);
}

// KL of one weight: minus entropy minus E log p.
static double kl_of(const cred_prior *prior, double m, double s) {
  return -log(s) - 1.41893853320467274178 - expected_log_prior(prior, m, s);
}

static elbo exact_elbo(const linear *l, double *kl) {
  elbo e = {0};
  double grad[2 * LINEAR_D] = {0};
  cred_real m[LINEAR_D], s[LINEAR_D];
  for (size_t j = 0; j < LINEAR_D; j++) m[j] = means[j], s[j] = sds[j];
  e.value = linear_log_lik(l, grad, m, s, &all_rows);
  *kl = 0;
  const cred_prior *p = &l->slices[0].prior;
  for (size_t j = 0; j < LINEAR_D; j++) {
    const double h = 1e-4, sd = sds[j];
    *kl += kl_of(p, means[j], sd);
    e.dmean[j] =
        grad[j] - (kl_of(p, means[j] + h, sd) - kl_of(p, means[j] - h, sd)) / (2 * h);
    e.dlog_sd[j] =
        grad[LINEAR_D + j] * sd -
        (kl_of(p, means[j], sd * exp(h)) - kl_of(p, means[j], sd * exp(-h))) / (2 * h);
  }
  e.value -= *kl;
  return e;
}

static void set_state(void *state) {
  const cred_method *method = &cred_method_variational;
  for (size_t j = 0; j < LINEAR_D; j++) {
    state_array(method, state, "mean")[j] = means[j];
    state_array(method, state, "log_sd")[j] = log(sds[j]);
  }
}

typedef struct {
  double sum, square;
} average;

static void add(average *a, double x) {
  a->sum += x, a->square += x * x;
}

static void check(const average *a, double n, double expected, const char *what) {
  const double mean = a->sum / n, error = sqrt(fmax(a->square / n - mean * mean, 0) / n);
  if (!(fabs(mean - expected) <= 4 * error + 1e-5 * (1 + fabs(expected))))
    fail_msg("%s: %g +- %g, expected %g", what, mean, error, expected);
}

// Plain ascent at a rate of N moves the state by the gradient itself.
static void check_unbiased(const char *prior, cred_estimator estimator, size_t n_draws) {
  enum { STEPS = 4000 };
  const cred_method *method = &cred_method_variational;
  linear l;
  linear_init(&l, prior);
  cred_method_options opt = cred_method_defaults();
  opt.optimiser.kind = CRED_SGD;
  opt.optimiser.momentum = 0;
  opt.estimator = estimator;
  opt.n_draws = n_draws;
  const cred_key key = cred_key_make(31);
  void *state;
  assert_ok(method->state_new(&state, &l.density, &opt, &key, 1));
  cred_real *mean = state_array(method, state, "mean");
  cred_real *log_sd = state_array(method, state, "log_sd");
  average value = {0}, kl_mean = {0}, dmean[LINEAR_D] = {{0}}, dlog_sd[LINEAR_D] = {{0}};
  for (uint64_t t = 0; t < STEPS; t++) {
    set_state(state);
    cred_step_info info;
    assert_ok(method->step(state, &info, &l.density, NULL, &all_rows, t, LINEAR_N, 1));
    assert_true(info.finite);
    add(&value, info.log_lik - info.kl);
    add(&kl_mean, info.kl);
    for (size_t j = 0; j < LINEAR_D; j++) {
      add(&dmean[j], mean[j] - means[j]);
      add(&dlog_sd[j], log_sd[j] - log(sds[j]));
    }
  }
  double kl;
  const elbo e = exact_elbo(&l, &kl);
  check(&value, STEPS, e.value, prior);
  check(&kl_mean, STEPS, kl, "KL");
  for (size_t j = 0; j < LINEAR_D; j++) {
    check(&dmean[j], STEPS, e.dmean[j], "gradient of the mean");
    check(&dlog_sd[j], STEPS, e.dlog_sd[j], "gradient of log sd");
  }
  method->state_free(state);
}

static void test_estimates_are_unbiased(void **state) {
  (void)state;
  static const char *const priors[] = {"normal 0.8", "laplace 0.9", "mixture 1 0.1 0.5",
                                       "student-t 0.7 4"};
  for (size_t p = 0; p < 4; p++) {
    check_unbiased(priors[p], CRED_ESTIMATOR_WEIGHTS, 1);
    check_unbiased(priors[p], CRED_ESTIMATOR_WEIGHTS, 3);
    check_unbiased(priors[p], CRED_ESTIMATOR_LOCAL, 1);
    check_unbiased(priors[p], CRED_ESTIMATOR_FLIPOUT, 2);
  }
}

// Follows the exact expectation to its optimum.
static void optimise(linear *l, double *mean, double *sd, double *scale,
                     cred_step_info *info, double temperature) {
  const cred_method *method = &cred_method_variational;
  cred_method_options opt = cred_method_defaults();
  opt.temperature = temperature;
  const cred_key key = cred_key_make(1);
  void *state;
  assert_ok(method->state_new(&state, &l->density, &opt, &key, 1));
  const cred_schedule schedule = {CRED_RATE_COSINE, 0.05, 0.3};
  for (uint64_t t = 0; t < 8000; t++)
    assert_ok(method->step(state, info, &l->density, NULL, &all_rows, t,
                           cred_schedule_rate(&schedule, t, 8000), 1));
  cred_real m[LINEAR_D + 1], s[LINEAR_D + 1];
  cred_member member = {CRED_POSTERIOR_GAUSSIAN, m, s};
  method->member(state, &member);
  for (size_t j = 0; j < LINEAR_D; j++) mean[j] = m[j], sd[j] = s[j];
  if (scale) {
    *scale = exp(m[LINEAR_D]);
    assert_true(s[LINEAR_D] == 0); // a point
  }
  method->state_free(state);
}

static void test_optimum_is_the_known_one(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "normal 0.8");
  double mean[LINEAR_D], sd[LINEAR_D], exact[LINEAR_D], precision[LINEAR_D];
  cred_step_info info;
  optimise(&l, mean, sd, NULL, &info, 1);
  linear_posterior(&l, exact, precision, 0.8);
  for (size_t j = 0; j < LINEAR_D; j++) {
    assert_near(mean[j], exact[j], 1e-5);
    assert_near(sd[j], 1 / sqrt(precision[j]), 1e-5);
  }
  // the bound holds and, with correlated weights, is not tight
  const double gap = linear_log_evidence(&l, 0.8) - (info.log_lik - info.kl);
  assert_true(gap > 1e-3 && gap < 3);
}

static void test_elbo_is_below_the_evidence(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "normal 0.8");
  const double evidence = linear_log_evidence(&l, 0.8);
  const cred_key key = cred_key_make(5);
  double best = -INFINITY;
  for (uint64_t i = 0; i < 2000; i++) {
    cred_real m[LINEAR_D], s[LINEAR_D];
    double exact[LINEAR_D], precision[LINEAR_D];
    linear_posterior(&l, exact, precision, 0.8);
    for (size_t j = 0; j < LINEAR_D; j++) {
      m[j] = exact[j] + 0.1 * cred_key_normal(&key, 8 * i + j);
      s[j] = exp(0.3 * cred_key_normal(&key, 8 * i + 4 + j)) / sqrt(precision[j]);
    }
    const double value = linear_log_lik(&l, NULL, m, s, &all_rows) -
                         cred_prior_kl(&l.slices[0].prior, m, s, LINEAR_D);
    assert_true(value < evidence);
    best = fmax(best, value);
  }
  assert_true(best > evidence - 5);
}

// Under a flat prior the KL is minus the entropy: sds of least squares, not zero.
static void test_flat_prior_keeps_its_entropy(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "flat");
  double mean[LINEAR_D], sd[LINEAR_D], exact[LINEAR_D], precision[LINEAR_D];
  cred_step_info info;
  optimise(&l, mean, sd, NULL, &info, 1);
  linear_posterior(&l, exact, precision, INFINITY);
  double entropy = 0;
  for (size_t j = 0; j < LINEAR_D; j++) {
    assert_near(mean[j], exact[j], 1e-5);
    assert_near(sd[j], 1 / sqrt(precision[j]), 1e-5);
    entropy += log(sd[j]) + 1.41893853320467274178;
  }
  assert_near(info.kl, -entropy, 1e-4);
}

// d ELBO / dt = 0 where t^2 is the mean of m^2 + s^2, with m and s the optimum under this
// t.
static void test_learned_scale(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "normal learned");
  double mean[LINEAR_D], sd[LINEAR_D], exact[LINEAR_D], precision[LINEAR_D], t,
      square = 0;
  cred_step_info info;
  optimise(&l, mean, sd, &t, &info, 1);
  linear_posterior(&l, exact, precision, t);
  for (size_t j = 0; j < LINEAR_D; j++) {
    assert_near(mean[j], exact[j], 1e-4);
    assert_near(sd[j], 1 / sqrt(precision[j]), 1e-4);
    square += (mean[j] * mean[j] + sd[j] * sd[j]) / LINEAR_D;
  }
  assert_near(t, sqrt(square), 1e-4);
  assert_true(fabs(t - 1) > 0.05); // it moved from where it started
}

// A temperature of T multiplies the KL: the optimum of a prior and data T times as sharp.
static void test_temperature(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "normal 0.8");
  double mean[LINEAR_D], sd[LINEAR_D], exact[LINEAR_D], precision[LINEAR_D];
  cred_step_info info;
  const double cold = 0.25;
  optimise(&l, mean, sd, NULL, &info, cold);
  linear_posterior(&l, exact, precision,
                   0.8 / sqrt(cold)); // precision X'X / sigma^2 + T / t^2
  double kl = 0;
  for (size_t j = 0; j < LINEAR_D; j++) {
    assert_near(mean[j], exact[j], 1e-5);
    assert_near(sd[j], sqrt(cold / precision[j]), 1e-5);
    kl += kl_of(&l.slices[0].prior, mean[j], sd[j]);
  }
  assert_near(info.kl, kl, 1e-4); // told as it is, not tempered
}

// KL in closed form against log q - log p averaged over a million draws of all weights.
static void test_closed_kl_is_the_average(void **state) {
  (void)state;
  static const char *const priors[] = {"normal 0.8", "laplace 0.9"};
  enum { DRAWS = 250000 };
  for (size_t p = 0; p < 2; p++) {
    linear l;
    linear_init(&l, priors[p]);
    average a = {0};
    const cred_key key = cred_key_make(17);
    for (uint64_t i = 0; i < DRAWS; i++) {
      double value = 0;
      for (size_t j = 0; j < LINEAR_D; j++) {
        const double z = cred_key_normal(&key, i * LINEAR_D + j);
        const cred_real w = means[j] + sds[j] * z;
        value -= 0.5 * z * z + log(sds[j]) + 0.91893853320467274178;
        value -= cred_prior_log_prob(&l.slices[0].prior, &w, 1);
      }
      add(&a, value);
    }
    check(&a, DRAWS, cred_prior_kl(&l.slices[0].prior, means, sds, LINEAR_D), priors[p]);
  }
}

static void test_draws_of_a_step(void **state) {
  (void)state;
  const cred_method *method = &cred_method_variational;
  linear l;
  linear_init(&l, "mixture 1 0.1 0.5");
  for (int local = 0; local < 2; local++) {
    cred_method_options opt = cred_method_defaults();
    opt.estimator = local ? CRED_ESTIMATOR_LOCAL : CRED_ESTIMATOR_WEIGHTS;
    opt.n_draws = 5;
    const cred_key key = cred_key_make(2);
    void *s;
    assert_ok(method->state_new(&s, &l.density, &opt, &key, 1));
    for (uint64_t t = 0; t < 3; t++) {
      l.n_calls = 0;
      cred_step_info info;
      assert_ok(method->step(s, &info, &l.density, NULL, &all_rows, t, 1e-3, 1));
      assert_int_equal(l.n_calls, 5);
      double sum = 0;
      for (size_t i = 0; i < 5; i++) {
        sum += linear_log_lik(&l, NULL, l.thetas[i], NULL, &all_rows) / 5;
        for (size_t j = 0; j < i; j++) { // no draw is an alias of another
          assert_memory_not_equal(&l.keys[i], &l.keys[j], sizeof(cred_key));
          if (!local) assert_true(l.thetas[i][0] != l.thetas[j][0]);
        }
      }
      if (!local)
        assert_near(info.log_lik, sum, 1e-9 * fabs(sum)); // of likelihoods, not outputs
    }
    method->state_free(s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_estimates_are_unbiased),
      cmocka_unit_test(test_optimum_is_the_known_one),
      cmocka_unit_test(test_elbo_is_below_the_evidence),
      cmocka_unit_test(test_flat_prior_keeps_its_entropy),
      cmocka_unit_test(test_learned_scale),
      cmocka_unit_test(test_temperature),
      cmocka_unit_test(test_closed_kl_is_the_average),
      cmocka_unit_test(test_draws_of_a_step),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
