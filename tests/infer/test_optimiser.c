// Schedules by hand, and the corrections of a step.

#include "check.h"
#include "infer/optimiser.h"

static void test_schedules(void **state) {
  (void)state;
  const cred_schedule constant = {CRED_RATE_CONSTANT, 0.02, 0.3};
  const cred_schedule cosine = {CRED_RATE_COSINE, 0.02, 0.2};
  const cred_schedule cycle = {CRED_RATE_ONE_CYCLE, 0.02, 0};
  for (uint64_t t = 0; t < 1000; t++)
    assert_near(cred_schedule_rate(&constant, t, 1000), 0.02, 1e-15);
  // held for a fifth, half way down in the middle of what is left, 0 at the end
  assert_near(cred_schedule_rate(&cosine, 0, 1000), 0.02, 1e-15);
  assert_near(cred_schedule_rate(&cosine, 199, 1000), 0.02, 1e-15);
  assert_near(cred_schedule_rate(&cosine, 600, 1000), 0.01, 1e-12);
  assert_near(cred_schedule_rate(&cosine, 400, 1000), 0.01 * (1 + sqrt(0.5)), 1e-12);
  assert_true(cred_schedule_rate(&cosine, 999, 1000) > 0);
  assert_near(cred_schedule_rate(&cosine, 1000, 1000), 0, 1e-12);
  // up to the rate for 30 %, down to 1e-4 of it
  assert_near(cred_schedule_rate(&cycle, 300, 1000), 0.02, 1e-12);
  assert_near(cred_schedule_rate(&cycle, 1000, 1000), 2e-6, 1e-12);
  for (uint64_t t = 1; t < 1000; t++) {
    const double step =
        cred_schedule_rate(&cycle, t, 1000) - cred_schedule_rate(&cycle, t - 1, 1000);
    assert_true(t <= 300 ? step > 0 : step < 0);
    assert_true(cred_schedule_rate(&cosine, t, 1000) <=
                cred_schedule_rate(&cosine, t - 1, 1000));
  }
  assert_true(cred_schedule_rate(&cosine, 0, 1) == 0.02); // a single step is taken
}

static void test_checks(void **state) {
  (void)state;
  static const double bad[] = {0, -1, NAN, INFINITY, 1000};
  for (size_t i = 0; i < 5; i++) {
    const cred_schedule s = {CRED_RATE_COSINE, bad[i], 0.3};
    assert_fails(cred_schedule_check(&s), CRED_EINVAL, "learning rate");
  }
  for (size_t i = 1; i < 5; i++) {
    const cred_schedule s = {CRED_RATE_COSINE, 0.1, bad[i]};
    assert_fails(cred_schedule_check(&s), CRED_EINVAL, "hold");
  }
}

// Adam's first steps with any gradient are `rate` long: m^ / sqrt(v^) = 1; Kingma &
// Ba, 2.1.
static void test_first_step_of_adam(void **state) {
  (void)state;
  const cred_optimiser o = cred_optimiser_defaults();
  float theta[2] = {1, 1}, m1[2] = {0}, m2[2] = {0};
  const float grad[2] = {3e-3f, -2e5f};
  for (uint64_t t = 0; t < 5; t++) {
    const cred__stepper s = cred__stepper_at(&o, t, 0.125, 0.5);
    cred__stepper_apply(&s, true, theta, m1, m2, grad, 2);
    assert_near((double)theta[0], 1 + 0.125 * (double)(t + 1), 1e-5);
    assert_near((double)theta[1], 1 - 0.125 * (double)(t + 1), 1e-5);
  }
}

// Decay is apart from the gradient, of adamw and sgd, and only where it is wanted.
static void test_decay(void **state) {
  (void)state;
  cred_optimiser o = cred_optimiser_defaults();
  o.decay = 0.5;
  for (int kind = CRED_SGD; kind <= CRED_ADAMW; kind++)
    for (int decays = 0; decays < 2; decays++) {
      o.kind = kind;
      float theta = 4, m1 = 0, m2 = 0;
      const float grad = 0;
      const cred__stepper s = cred__stepper_at(&o, 0, 0.1, 1);
      cred__stepper_apply(&s, decays, &theta, &m1, &m2, &grad, 1);
      assert_near((double)theta, decays && kind != CRED_ADAM ? 4 * 0.95 : 4, 1e-6);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_schedules),
      cmocka_unit_test(test_checks),
      cmocka_unit_test(test_first_step_of_adam),
      cmocka_unit_test(test_decay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
