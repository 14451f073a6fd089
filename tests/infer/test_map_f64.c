// The posterior mode on a linear model, and what its steps are by hand.

#include "infer/linear.h"
#include "base/alloc.h"

static const cred_batch all_rows = {NULL, 0};

static void *start(const linear *l, const cred_method_options *opt) {
  const cred_key key = cred_key_make(1);
  void *state;
  assert_ok(cred_method_map.state_new(&state, &l->density, opt, &key, 1));
  return state;
}

static void step(void *state, const linear *l, uint64_t t, double rate,
                 double kl_weight) {
  cred_step_info info;
  assert_ok(cred_method_map.step(state, &info, &l->density, NULL, &all_rows, t, rate,
                                 kl_weight));
  assert_true(info.finite);
}

static void test_mode(void **state) {
  (void)state;
  static const cred_optimiser_kind kinds[] = {CRED_SGD, CRED_ADAM, CRED_ADAMW};
  for (size_t k = 0; k < 3; k++) {
    linear l;
    linear_init(&l, "normal 0.8");
    cred_method_options opt = cred_method_defaults();
    opt.optimiser.kind = kinds[k];
    void *s = start(&l, &opt);
    const cred_schedule schedule = {CRED_RATE_COSINE, kinds[k] == CRED_SGD ? 0.01 : 0.05,
                                    0.3};
    for (uint64_t t = 0; t < 6000; t++)
      step(s, &l, t, cred_schedule_rate(&schedule, t, 6000), 1);
    double exact[LINEAR_D], precision[LINEAR_D];
    linear_posterior(&l, exact, precision, 0.8);
    cred_real mean[LINEAR_D];
    cred_member member = {CRED_POSTERIOR_POINT, mean, NULL};
    cred_method_map.member(s, &member);
    for (size_t j = 0; j < LINEAR_D; j++) assert_near(mean[j], exact[j], 1e-6);
    cred_method_map.state_free(s);
  }
}

// The first step of plain ascent: rate (gradient of the likelihood + T k gradient of the
// prior) / N; and what is told of it.
static void test_a_step_by_hand(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "student-t 0.7 4");
  cred_method_options opt = cred_method_defaults();
  opt.optimiser.kind = CRED_SGD;
  opt.temperature = 0.5;
  void *s = start(&l, &opt);
  cred_real *theta = state_array(&cred_method_map, s, "mean"), before[LINEAR_D];
  memcpy(before, theta, sizeof before);
  double grad[LINEAR_D] = {0};
  cred_real prior[LINEAR_D] = {0};
  const double log_lik = linear_log_lik(&l, grad, before, NULL, &all_rows);
  const double log_prior =
      cred_prior_log_prob_grad(prior, &l.slices[0].prior, before, 0.5 * 1.5, LINEAR_D);
  cred_step_info info;
  assert_ok(cred_method_map.step(s, &info, &l.density, NULL, &all_rows, 0, 0.01, 1.5));
  for (size_t j = 0; j < LINEAR_D; j++)
    assert_near(theta[j] - before[j], 0.01 * (grad[j] + prior[j]) / LINEAR_N, 1e-12);
  assert_near(info.log_lik, log_lik, 1e-9);
  assert_near(info.kl, -log_prior, 1e-9);
  cred_method_map.state_free(s);
}

static void test_learned_scale_is_refused(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "normal learned");
  const cred_method_options opt = cred_method_defaults();
  const cred_key key = cred_key_make(1);
  void *s = NULL;
  assert_fails(cred_method_map.state_new(&s, &l.density, &opt, &key, 1), CRED_ECONFIG,
               "needs the ELBO");
  assert_non_null(strstr(cred_error_message(), "--prior 'normal 1'")); // what to do
  assert_null(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mode),
      cmocka_unit_test(test_a_step_by_hand),
      cmocka_unit_test(test_learned_scale_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
