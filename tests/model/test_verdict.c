// test_verdict.c -- what an evaluation says of models that are right, made wrong on
// purpose, or tried on too few rows.

#include "toy_model.h"

static cred_evaluate_options options(size_t n_bootstrap) {
  cred_evaluate_options opt = cred_evaluate_defaults();
  opt.predict.n_draws = 20;
  opt.predict.n_threads = 2;
  opt.n_bootstrap = n_bootstrap;
  return opt;
}

static cred_evaluation *evaluate(const cred_model *model, const cred_data *data,
                                 const cred_evaluate_options *opt) {
  cred_evaluation *e;
  assert_ok(cred_model_evaluate(&e, model, data, opt));
  return e;
}

static void check_verdict(const char *toy, const char *likelihood, size_t n_rows,
                          int expected, const char *text) {
  cred_model *m = fit_named(toy, 200, "y", -1, likelihood);
  cred_data d = fresh(m, toy, n_rows, 2);
  const cred_evaluate_options opt = options(20);
  cred_evaluation *e = evaluate(m, &d, &opt);
  int well;
  const char *verdict = cred_evaluation_verdict(e, &well);
  if (!strstr(verdict, text)) fail_msg("verdict '%s' lacks '%s'", verdict, text);
  assert_int_equal(well, expected);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

static void test_verdict(void **state) {
  (void)state;
  check_verdict("sine", "gaussian", 400, 1, "calibrated: the central 90 % interval");
  check_verdict("sine", "gaussian 0.05", 400, 0,
                "too narrow. Next: run 'credence calibrate'");
  check_verdict("sine", "gaussian 5", 400, 0, "too wide");
  check_verdict("sine-hetero", "gaussian", 400, 1,
                "compare a fit with '--likelihood heteroscedastic'");
  check_verdict("sine", "gaussian 5", 9, 1, "cannot tell: 9 rows are too few");
}

static void test_verdict_of_classes(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 200, "label", -1, "bernoulli");
  cred_data d = fresh(m, "moons", 400, 2);
  const cred_evaluate_options opt = options(20);
  int well;
  for (size_t i = 0; i < d.n_rows; i += 2)
    d.y[i] = 1 - d.y[i]; // half the labels are wrong
  cred_evaluation *e = evaluate(m, &d, &opt);
  const char *verdict = cred_evaluation_verdict(e, &well);
  if (!strstr(verdict, "it is too confident")) fail_msg("verdict '%s'", verdict);
  assert_int_equal(well, 0);
  cred_evaluation_free(e);
  for (size_t i = 1; i < d.n_rows; i += 2) d.y[i] = 1 - d.y[i]; // now all are
  e = evaluate(m, &d, &opt);
  verdict = cred_evaluation_verdict(e, &well);
  if (!strstr(verdict, "less than the commonest class"))
    fail_msg("verdict '%s'", verdict);
  assert_int_equal(well, 0);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_verdict),
      cmocka_unit_test(test_verdict_of_classes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
