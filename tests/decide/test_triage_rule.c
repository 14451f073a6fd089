// test_triage_rule.c -- bounds that are proved on a small model's cases, counted again; a
// rule kept in a model's file, also a broken one.

#include "model/files.h"
#include "decide/toy_cases.h"
#include "credence/decide/bound.h"

static void test_bound_with_a_model(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 150, "label", -1, NULL);
  cred_cases known = cases_of(m, "moons", 400, 2),
             fresh_cases = cases_of(m, "moons", 2000, 3);
  cred_rule rule = no_limits();
  cred_triage t;
  cred_triage_report r;
  rule.max_error = 0.2;
  assert_ok(cred_rule_by_bound(&rule, &known));
  assert_true(rule.kind == CRED_RULE_BOUND && rule.upper <= 0.2);
  assert_ok(cred_triage_init(&t, &fresh_cases, &rule));
  assert_ok(cred_triage_report_make(&r, NULL, NULL, &fresh_cases, &t, &rule));
  assert_true(r.loss_kept <= 0.2 && r.n_kept > 1000);
  cred_triage_clear(&t);
  // a class of its own
  rule = no_limits();
  rule.max_miss = 0.25;
  rule.positive = 1;
  assert_ok(cred_rule_by_bound(&rule, &known));
  assert_int_equal(rule.n_rows, 200);
  char sentence[1024];
  cred_rule_sentence(sentence, sizeof sentence, &rule, m);
  assert_non_null(strstr(sentence, "of class 'upper' are missed"));
  // both: what the limit proves of each, counted again
  rule = no_limits();
  rule.max_error = 0.2;
  rule.max_miss = 0.25;
  assert_ok(cred_rule_by_bound(&rule, &known));
  size_t n_miss = 0, n_missed = 0;
  for (size_t i = 0; i < 400; i++) {
    if (known.observed[i] != 1 ||
        !(1 - known.confidence[i] <= rule.limit[CRED_DOUBT_CONFIDENCE]))
      continue;
    n_miss++;
    n_missed += known.label[i] != 1;
  }
  assert_int_equal(rule.n_rows, 400);
  assert_int_equal(rule.n_rows_miss, 200);
  assert_int_equal(rule.n_kept_miss, n_miss);
  assert_int_equal(rule.n_wrong_miss, n_missed);
  assert_near(rule.upper_miss, cred_binomial_upper(n_missed, n_miss, 0.95), 1e-12);
  assert_true(rule.upper <= 0.2 && rule.upper_miss <= 0.25);
  cred_rule_sentence(sentence, sizeof sentence, &rule, m);
  assert_non_null(strstr(sentence, "at most 20 % are wrong ("));
  assert_non_null(strstr(sentence, "and 25 % of class 'upper' are missed ("));
  // a limit on the same doubt is the last threshold that is tested
  rule = no_limits();
  rule.max_error = 0.1;
  assert_ok(cred_rule_by_bound(&rule, &known));
  const double alone = rule.limit[CRED_DOUBT_CONFIDENCE];
  assert_true(isfinite(alone));
  for (int stricter = 0; stricter < 2; stricter++) {
    const double given = stricter ? 0.9 * alone : 0.5;
    rule = no_limits();
    rule.max_error = 0.1;
    rule.limit[CRED_DOUBT_CONFIDENCE] = given;
    assert_ok(cred_rule_by_bound(&rule, &known));
    size_t n = 0, wrong = 0;
    for (size_t i = 0; i < 400; i++) {
      if (!(1 - known.confidence[i] <= fmin(alone, given))) continue;
      n++;
      wrong += known.label[i] != (int32_t)known.observed[i];
    }
    assert_near(rule.limit[CRED_DOUBT_CONFIDENCE], fmin(alone, given), 0);
    assert_int_equal(rule.n_kept, n);
    assert_int_equal(rule.n_wrong, wrong);
    assert_near(rule.upper, cred_binomial_upper(wrong, n, 0.95), 1e-12);
  }
  // a limit on another doubt comes first
  rule = no_limits();
  rule.limit[CRED_DOUBT_DISTANCE] = 0.9;
  rule.max_error = 0.25;
  assert_ok(cred_rule_by_bound(&rule, &known));
  size_t near = 0;
  for (size_t i = 0; i < 400; i++) near += known.distance[i] <= 0.9;
  assert_int_equal(rule.n_rows, near);
  cred_cases_clear(&known);
  cred_cases_clear(&fresh_cases);
  cred_model_free(m);
}

static void test_bound_on_numbers(void **state) {
  (void)state;
  cred_model *m = fit_named("sine", 100, "y", -1, "gaussian");
  cred_cases known = cases_of(m, "sine", 300, 2);
  cred_rule rule = no_limits();
  rule.doubt = CRED_DOUBT_SD;
  rule.max_error = 0.3;
  rule.tolerance = 0.8;
  assert_ok(cred_rule_by_bound(&rule, &known));
  assert_true(rule.n_kept > 0 && rule.upper <= 0.3);
  cred_cases_clear(&known);
  cred_model_free(m);
}

static void test_a_kept_rule(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 150, "label", -1, NULL);
  cred_rule rule = no_limits(), back;
  bool found;
  assert_ok(cred_rule_of_model(&back, &found, m));
  assert_false(found);
  rule.limit[CRED_DOUBT_CONFIDENCE] = 0.1;
  rule.limit[CRED_DOUBT_DISTANCE] = 1.0 / 3;
  rule.kind = CRED_RULE_BOUND;
  rule.max_miss = 0.05;
  rule.upper = 0.04;
  rule.n_rows = 7, rule.n_kept = 6, rule.n_wrong = 1;
  rule.max_error = 0.1;
  rule.upper_miss = 0.03;
  rule.n_rows_miss = 5, rule.n_kept_miss = 4, rule.n_wrong_miss = 2;
  rule.positive = 0;
  rule.seed = UINT64_MAX;
  char digest[17], again[17], sentence[1024], told[1024];
  assert_ok(cred_model_digest(digest, m));
  assert_ok(cred_rule_keep(m, &rule));
  m = through_a_file(m);
  assert_ok(cred_model_digest(again, m));
  assert_string_equal(digest, again); // the rule is no part of what is predicted
  assert_ok(cred_rule_of_model(&back, &found, m));
  assert_true(found);
  cred_rule_sentence(sentence, sizeof sentence, &rule, m);
  cred_rule_sentence(told, sizeof told, &back, m);
  assert_string_equal(sentence, told);
  assert_true(back.seed == UINT64_MAX && back.positive == 0 && back.n_kept == 6);
  assert_near(back.limit[CRED_DOUBT_DISTANCE], 1.0 / 3, 0);
  assert_true(isinf(back.limit[CRED_DOUBT_MI]) && isnan(back.tolerance));
  assert_true(back.n_rows_miss == 5 && back.n_kept_miss == 4 && back.n_wrong_miss == 2);
  assert_near(back.upper_miss, 0.03, 0);
  // other probabilities: the rule is gone
  cred_calibrate_options opt = cred_calibrate_defaults();
  cred_data data = fresh(m, "moons", 60, 5);
  assert_ok(cred_model_calibrate(m, NULL, &data, &opt));
  assert_null(cred_model_rule(m));
  assert_ok(cred_model_digest(again, m));
  assert_string_not_equal(digest, again);
  cred_data_clear(&data);
  cred_model_free(m);
}

static void test_broken_rules(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"{", "no JSON"},
      {"[]", "no JSON"},
      {"{}", "'kind'"},
      {"{\"kind\":\"given\",\"doubt\":\"x\"}", "'doubt'"},
      {"{\"kind\":\"given\",\"doubt\":\"sd\",\"draws-kind\":\"auto\",\"limits\":"
       "{\"sd\":-1}}",
       "limit on sd"},
      {"{\"kind\":\"given\",\"doubt\":\"sd\",\"draws-kind\":\"auto\",\"positive\":2,"
       "\"target\":0,\"draws\":5,\"seed\":\"1\"}",
       "class 2 of 2"},
      {"{\"kind\":\"given\",\"doubt\":\"sd\",\"draws-kind\":\"auto\",\"positive\":1,"
       "\"target\":1,\"draws\":5,\"seed\":\"1\"}",
       "target 1 of 1"},
      {"{\"kind\":\"given\",\"doubt\":\"sd\",\"draws-kind\":\"auto\",\"positive\":1,"
       "\"target\":0,\"draws\":0,\"seed\":\"1\"}",
       "0 draws"},
      {"{\"kind\":\"given\",\"doubt\":\"sd\",\"draws-kind\":\"auto\",\"positive\":1,"
       "\"target\":0,\"draws\":5,\"seed\":\"x\"}",
       "'seed'"}};
  cred_model *m = fit_named("moons", 60, "label", -1, NULL);
  cred_rule rule;
  bool found;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_ok(cred_model_set_rule(m, texts[i][0]));
    assert_fails(cred_rule_of_model(&rule, &found, m), CRED_EDATA, texts[i][1]);
  }
  char *long_text = calloc(70001, 1);
  memset(long_text, 'x', 70000);
  assert_fails(cred_model_set_rule(m, long_text), CRED_EINVAL, "70000 bytes");
  free(long_text);
  cred_model_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bound_with_a_model),
      cmocka_unit_test(test_bound_on_numbers),
      cmocka_unit_test(test_a_kept_rule),
      cmocka_unit_test(test_broken_rules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
