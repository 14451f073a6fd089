// test_calibrate.c -- coverage of fresh rows, thresholds by hand, what is kept and
// replaced.

#include "toy_model.h"
#include "credence/metric/calibration.h"
#include "model/model.h"

static cred_calibrate_options options(double coverage) {
  cred_calibrate_options opt = cred_calibrate_defaults();
  opt.coverage = coverage;
  opt.predict.n_draws = 10;
  opt.predict.n_threads = 2;
  return opt;
}

static cred_evaluation *evaluate(const cred_model *model, const cred_data *data) {
  cred_evaluate_options opt = cred_evaluate_defaults();
  cred_evaluation *e;
  opt.predict.n_draws = 10;
  opt.predict.n_threads = 2;
  opt.n_bootstrap = 0;
  assert_ok(cred_model_evaluate(&e, model, data, &opt));
  return e;
}

static double log_lik_at(cred_model *m, const cred_data *d, double temperature) {
  const cred__calibration kept = m->calibration;
  m->calibration = (cred__calibration){.temperature = temperature};
  cred_evaluation *e = evaluate(m, d);
  const double log_lik = score_of(e, "log_lik");
  cred_evaluation_free(e);
  m->calibration = kept;
  return log_lik;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// The whole of it by hand: factor, quantile, coverage of the central interval before.
static void test_numbers_by_hand(void **state) {
  (void)state;
  cred_model *m = fit_named("sine", 100, "y", -1, "gaussian 0.2");
  cred_data d = fresh(m, "sine", 199, 2);
  cred_evaluation *e = evaluate(m, &d);
  const cred_prediction *p = cred_evaluation_prediction(e);
  double z[199], squares = 0, inside = 0;
  for (size_t i = 0; i < 199; i++) {
    z[i] = fabs(cred_evaluation_observed(e)[i] - p->mean[i]) / p->sd[i];
    squares += z[i] * z[i] / 199;
    inside += (p->pit[i] >= 0.1 && p->pit[i] <= 0.9) / 199.0;
  }
  qsort(z, 199, sizeof *z, compare);
  const double before = score_of(e, "log_lik");
  cred_calibrate_info info;
  const cred_calibrate_options opt = options(0.8);
  assert_false(cred_model_is_calibrated(m));
  assert_ok(cred_model_calibrate(m, &info, &d, &opt));
  assert_true(cred_model_is_calibrated(m));
  assert_int_equal(info.n_rows, 199);
  assert_near(info.temperature, sqrt(squares), 1e-9);
  // the 160th of 199: ceil(200 * 0.8)
  assert_near(info.quantile[0], z[159] / info.temperature, 1e-9);
  assert_near(info.coverage_before, inside, 1e-12);
  assert_near(info.log_lik_before, before, 1e-12);
  assert_true(info.log_lik_after > info.log_lik_before);
  assert_near(info.log_lik_after, log_lik_at(m, &d, info.temperature), 1e-12);

  // the interval is mean -+ q sd of the plain model, whatever the factor
  cred_evaluation *after = evaluate(m, &d);
  const cred_prediction *q = cred_evaluation_prediction(after);
  for (size_t i = 0; i < 199; i++) {
    assert_near(q->mean[i], p->mean[i], 1e-12);
    assert_near(q->sd[i], p->sd[i] * info.temperature, 1e-9);
    assert_near(q->upper[i] - q->lower[i], 2 * z[159] * p->sd[i], 1e-9);
    assert_near(0.5 * (q->upper[i] + q->lower[i]), p->mean[i], 1e-9);
  }
  // the row that sets the threshold lies on the edge: rounding takes it in or out
  assert_near(score_of(after, "conformal_coverage"), 159.5 / 199, 0.51 / 199);
  cred_evaluation_free(after);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

// Exchangeable rows: coverage is Beta(k, n + 1 - k) over calibrations, binomial over test
// rows.
static double coverage_sd(double level, size_t n_calibration, size_t n_test) {
  return sqrt(level * (1 - level) *
              (1 / ((double)n_calibration + 2) + 1 / (double)n_test));
}

static void test_coverage_of_fresh_rows(void **state) {
  (void)state;
  static const char *const likelihoods[] = {"gaussian 0.05", "gaussian 3", "student-t"};
  for (size_t k = 0; k < 3; k++) {
    cred_model *m = fit_named("sine", 80, "y", -1, likelihoods[k]);
    cred_data d = fresh(m, "sine", 400, 2), test = fresh(m, "sine", 800, 3);
    const cred_calibrate_options opt = options(0.9);
    assert_ok(cred_model_calibrate(m, NULL, &d, &opt));
    cred_evaluation *e = evaluate(m, &test);
    int well;
    assert_near(score_of(e, "conformal_coverage"), 0.9, 4 * coverage_sd(0.9, 400, 800));
    assert_true(score_of(e, "conformal_width") > 0);
    assert_non_null(strstr(cred_evaluation_verdict(e, &well), "conformal 90 %"));
    assert_int_equal(well, 1);
    cred_evaluation_free(e);
    cred_data_clear(&d);
    cred_data_clear(&test);
    cred_model_free(m);
  }
}

static void check_sets(cred_set_kind set, const char *name) {
  cred_model *m = fit_named(name, 80, "label", CRED_TARGET_CLASS, "categorical");
  cred_data d = fresh(m, name, 400, 2), test = fresh(m, name, 800, 3);
  cred_calibrate_options opt = options(0.85);
  opt.set = set;
  assert_ok(cred_model_calibrate(m, NULL, &d, &opt));
  cred_evaluation *e = evaluate(m, &test);
  const cred_prediction *p = cred_evaluation_prediction(e);
  double inside = 0, size = 0;
  for (size_t i = 0; i < 800; i++) {
    inside += p->set[i * p->n_classes + (size_t)test.y[i]] / 800.0;
    for (size_t c = 0; c < p->n_classes; c++)
      size += p->set[i * p->n_classes + c] / 800.0;
  }
  assert_near(score_of(e, "set_coverage"), inside, 1e-12);
  assert_near(score_of(e, "set_size"), size, 1e-12);
  assert_true(inside > 0.85 - 4 * coverage_sd(0.85, 400, 800));
  assert_true(size > 0.9999 && size < (double)p->n_classes + 1e-4);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_data_clear(&test);
  cred_model_free(m);
}

static void test_sets(void **state) {
  (void)state;
  check_sets(CRED_SET_LAC, "blobs");
  check_sets(CRED_SET_APS, "blobs");
  check_sets(CRED_SET_LAC, "moons");
}

static void test_temperature(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 150, "label", CRED_TARGET_CLASS, "bernoulli");
  cred_data d = fresh(m, "moons", 300, 2);
  cred_evaluation *plain = evaluate(m, &d);
  const cred_calibrate_options opt = options(0.9);
  cred_calibrate_info info;
  assert_ok(cred_model_calibrate(m, &info, &d, &opt));
  assert_true(info.temperature != 1);
  assert_near(info.log_lik_before, score_of(plain, "log_lik"), 1e-12);
  assert_near(info.log_lik_after, log_lik_at(m, &d, info.temperature), 1e-12);
  assert_true(info.log_lik_after > log_lik_at(m, &d, info.temperature * 1.03));
  assert_true(info.log_lik_after > log_lik_at(m, &d, info.temperature / 1.03));
  cred_evaluation *after = evaluate(m, &d);
  assert_near(score_of(after, "accuracy"), score_of(plain, "accuracy"), 0);
  // p^(1/T), normalised
  const cred_prediction *p = cred_evaluation_prediction(plain);
  const cred_prediction *q = cred_evaluation_prediction(after);
  for (size_t i = 0; i < 300; i++) {
    const double a = pow(p->prob[2 * i], 1 / info.temperature);
    const double b = pow(p->prob[2 * i + 1], 1 / info.temperature);
    assert_near(q->prob[2 * i], a / (a + b), 1e-9);
  }
  cred_evaluation_free(plain);
  cred_evaluation_free(after);
  cred_data_clear(&d);
  cred_model_free(m);
}

// Heavy tails: the factor of largest likelihood is not the Gaussian one.
static void test_factor_of_heavy_tails(void **state) {
  (void)state;
  cred_model *m = fit_named("outliers", 150, "y", -1, "student-t 3");
  cred_data d = fresh(m, "outliers", 200, 2);
  const cred_calibrate_options opt = options(0.9);
  cred_calibrate_info info;
  assert_ok(cred_model_calibrate(m, &info, &d, &opt));
  assert_near(info.log_lik_after, log_lik_at(m, &d, info.temperature), 1e-12);
  assert_true(info.log_lik_after >= info.log_lik_before);
  assert_true(info.log_lik_after > log_lik_at(m, &d, info.temperature * 1.05));
  assert_true(info.log_lik_after > log_lik_at(m, &d, info.temperature / 1.05));
  cred_data_clear(&d);
  cred_model_free(m);
}

static void test_replaced_and_kept(void **state) {
  (void)state;
  cred_model *m = fit_named("sine", 80, "y", -1, "gaussian");
  cred_data d = fresh(m, "sine", 100, 2), other = fresh(m, "sine", 120, 3);
  cred_calibrate_options opt = options(0.9);
  cred_calibrate_info first, again;
  assert_ok(cred_model_calibrate(m, &first, &d, &opt));
  opt.coverage = 0.5;
  assert_ok(cred_model_calibrate(m, &again, &other, &opt));
  assert_int_equal(m->calibration.n_rows, 120);
  assert_near(m->calibration.coverage, 0.5, 0);
  opt.coverage = 0.9; // as if there had been none before
  assert_ok(cred_model_calibrate(m, &again, &d, &opt));
  assert_memory_equal(&first, &again, sizeof first);
  opt.temperature = false;
  assert_ok(cred_model_calibrate(m, &again, &d, &opt));
  assert_near(again.temperature, 1, 0);
  assert_near(again.log_lik_after, again.log_lik_before, 0);

  // a failure leaves what there was
  const cred__calibration kept = m->calibration;
  opt.coverage = 0.9;
  d.n_rows = 8;
  assert_fails(cred_model_calibrate(m, &again, &d, &opt), CRED_EDATA,
               "8 rows are too few for a coverage of 0.9, which takes at least 9");
  d.n_rows = 100;
  opt.coverage = 1;
  assert_fails(cred_model_calibrate(m, &again, &d, &opt), CRED_EINVAL, "coverage is 1");
  opt.coverage = NAN;
  assert_fails(cred_model_calibrate(m, &again, &d, &opt), CRED_EINVAL, "coverage is");
  opt.coverage = 0.9;
  opt.set = (cred_set_kind)7;
  assert_fails(cred_model_calibrate(m, &again, &d, &opt), CRED_EINVAL, "set 7");
  opt.set = CRED_SET_LAC;
  cred_data bare = d;
  bare.y = NULL;
  assert_fails(cred_model_calibrate(m, &again, &bare, &opt), CRED_EDATA, "column 'y'");
  bare = d;
  bare.n_inputs = 5;
  assert_fails(cred_model_calibrate(m, &again, &bare, &opt), CRED_EINVAL, "5 inputs");
  assert_memory_equal(&kept, &m->calibration, sizeof kept);
  cred_data_clear(&d);
  cred_data_clear(&other);
  cred_model_free(m);
}

static void test_saved(void **state) {
  (void)state;
  char path[] = "/tmp/credence_calibrated_XXXXXX";
  close(mkstemp(path));
  cred_model *m = fit_named("sine", 80, "y", -1, "gaussian"), *back;
  cred_data d = fresh(m, "sine", 100, 2);
  const cred_calibrate_options opt = options(0.9);
  assert_ok(cred_model_calibrate(m, NULL, &d, &opt));
  assert_ok(cred_model_save(m, path, true));
  assert_ok(cred_model_load(&back, path));
  unlink(path);
  assert_true(cred_model_is_calibrated(back));
  cred_evaluation *a = evaluate(m, &d), *b = evaluate(back, &d);
  for (size_t i = 0; i < cred_evaluation_n_scores(a); i++)
    assert_near(cred_evaluation_score(a, i)->value, cred_evaluation_score(b, i)->value,
                0);
  cred_evaluation_free(a);
  cred_evaluation_free(b);
  cred_model_free(back);
  cred_data_clear(&d);
  cred_model_free(m);
}

static void test_counts_have_no_factor(void **state) {
  (void)state;
  cred_model *m = fit_named("counts", 120, "y", CRED_TARGET_COUNT, "poisson");
  cred_data d = fresh(m, "counts", 200, 2);
  const cred_calibrate_options opt = options(0.9);
  cred_calibrate_info info;
  assert_ok(cred_model_calibrate(m, &info, &d, &opt));
  assert_near(info.temperature, 1, 0);
  cred_evaluation *e = evaluate(m, &d);
  assert_true(score_of(e, "conformal_coverage") >= 0.9);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

static void fail_each_allocation(cred_model *m, const cred_data *d) {
  cred_calibrate_options opt = options(0.8);
  opt.predict.n_threads = 1;
  const long live = cred__alloc_live();
  cred_status status = CRED_ENOMEM;
  long k = 0;
  for (; status != CRED_OK && k < 2000; k++) {
    cred_calibrate_info info;
    cred__alloc_fail_after(k);
    status = cred_model_calibrate(m, &info, d, &opt);
    cred__alloc_fail_after(-1);
    assert_true(status == CRED_OK || status == CRED_ENOMEM);
    assert_true(m->calibration.fitted == (status == CRED_OK));
    assert_near(status == CRED_OK ? 1 : m->calibration.temperature, 1, 0);
    assert_int_equal(cred__alloc_live(), live);
  }
  assert_true(k > 10);
}

static void test_no_memory(void **state) {
  (void)state;
  cred_model *m = fit_named("sine", 40, "y", -1, "gaussian");
  cred_data d = fresh(m, "sine", 20, 2);
  fail_each_allocation(m, &d);
  cred_data_clear(&d);
  cred_model_free(m);
  m = fit_named("moons", 40, "label", CRED_TARGET_CLASS, "bernoulli");
  d = fresh(m, "moons", 20, 2);
  fail_each_allocation(m, &d);
  cred_data_clear(&d);
  cred_model_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers_by_hand),
      cmocka_unit_test(test_coverage_of_fresh_rows),
      cmocka_unit_test(test_sets),
      cmocka_unit_test(test_temperature),
      cmocka_unit_test(test_factor_of_heavy_tails),
      cmocka_unit_test(test_replaced_and_kept),
      cmocka_unit_test(test_saved),
      cmocka_unit_test(test_counts_have_no_factor),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
