// test_prior_text.c -- priors as text: round trips, messages, ranges, fan-in.

#include "check.h"
#include "credence/prob/prior.h"

static cred_prior prior_of(const char *text) {
  cred_prior prior;
  assert_ok(cred_prior_parse(&prior, text));
  return prior;
}

static void test_round_trip(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"flat", "flat"},
      {"normal 1", "normal 1"},
      {"normal", "normal 1"},
      {"normal fan-in", "normal fan-in"},
      {"normal fan-in 1.4", "normal fan-in 1.4"},
      {"normal learned", "normal learned"},
      {"normal learned 0.5", "normal learned 0.5"},
      {"mixture", "mixture 1 0.1 0.5"},
      {"mixture 1 0.1 0.25", "mixture 1 0.1 0.25"},
      {"mixture fan-in 2 0.1 0.5", "mixture fan-in 2 0.1 0.5"},
      {"blundell", "blundell"},
      {"laplace 0.3", "laplace 0.3"},
      {"laplace fan-in", "laplace fan-in"},
      {"student-t", "student-t 1 4"},
      {"student-t 2 3.5", "student-t 2 3.5"},
      {"student-t fan-in 1 4", "student-t fan-in 1 4"},
      {"  normal \t 2 ", "normal 2"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char text[80];
    const cred_prior prior = prior_of(texts[i][0]);
    cred_prior_format(text, sizeof text, &prior);
    assert_string_equal(text, texts[i][1]);
    const cred_prior again = prior_of(text);
    assert_int_equal(again.kind, prior.kind);
    assert_int_equal(again.scale, prior.scale);
    assert_true(again.sd == prior.sd && again.sd2 == prior.sd2);
    assert_true(again.weight == prior.weight && again.dof == prior.dof);
  }
}

static void test_messages(void **state) {
  (void)state;
  static const char *const bad[][2] = {
      {"", "empty"},
      {"   ", "empty"},
      {"normla 1", "did you mean 'normal'"},
      {"lapalce 1", "did you mean 'laplace'"},
      {"mixtur", "did you mean 'mixture'"},
      {"zebra", "expected one of flat, normal, mixture, laplace, student-t, blundell"},
      {"normal 0", "must be > 0"},
      {"normal -1", "must be > 0"},
      {"normal nan", "'nan' is not a number"},
      {"normal 1e3x", "'1e3x' is not a number"},
      {"normal 0,1", "'0,1' is not a number"},
      {"normal fan_in", "'fan_in' is not a number"},
      {"normal 1 2", "nothing is expected at '2'"},
      {"flat 1", "nothing is expected at '1'"},
      {"blundell 1", "nothing is expected at '1'"},
      {"mixture 1 2 0.5", "must be > 0 and below the first"},
      {"mixture 1 0.1 1", "between 0 and 1"},
      {"mixture 1 0.1 0", "between 0 and 1"},
      {"mixture learned", "cannot be learned"},
      {"student-t 1 0", "dof is 0"},
      {"normal 1 2 3 4 5 6 7", "more than"},
      {"normalnormalnormalnormalnormalnormalnormalnormalnormal", "too long"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cred_prior prior = {.sd = 42};
    assert_fails(cred_prior_parse(&prior, bad[i][0]), CRED_EINVAL, bad[i][1]);
    assert_true(prior.sd == 42); // unchanged
  }
}

static void test_check_of_structs(void **state) {
  (void)state;
  cred_prior prior = cred_prior_defaults();
  assert_ok(cred_prior_check(&prior));
  prior.sd = (double)NAN;
  assert_fails(cred_prior_check(&prior), CRED_EINVAL, "sd is");
  prior.sd = (double)INFINITY;
  assert_fails(cred_prior_check(&prior), CRED_EINVAL, "sd is");
  prior = cred_prior_defaults();
  prior.kind = (cred_prior_kind)99;
  assert_fails(cred_prior_check(&prior), CRED_EINVAL, "99");
  prior = cred_prior_defaults();
  prior.scale = (cred_prior_scale)7;
  assert_fails(cred_prior_check(&prior), CRED_EINVAL, "scale 7");
}

static void test_resolve(void **state) {
  (void)state;
  cred_prior prior = prior_of("normal fan-in 1.4");
  assert_near(cred_prior_resolve(&prior, 49, false).sd, 0.2, 1e-15);
  assert_near(cred_prior_resolve(&prior, 49, true).sd, 1.4, 0);
  assert_int_equal(cred_prior_resolve(&prior, 49, false).scale, CRED_SCALE_FIXED);
  prior = prior_of("mixture fan-in 1 0.1 0.5");
  assert_near(cred_prior_resolve(&prior, 4, false).sd2, 0.05, 1e-15);
  prior = prior_of("normal 3");
  assert_near(cred_prior_resolve(&prior, 49, false).sd, 3, 0);
  prior = prior_of("laplace learned");
  const cred_prior learned = cred_prior_resolve(&prior, 4, false);
  assert_near(learned.sd, 0.5, 0);
  assert_int_equal(learned.scale, CRED_SCALE_LEARNED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_check_of_structs),
      cmocka_unit_test(test_resolve),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
