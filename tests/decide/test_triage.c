// test_triage.c -- rules on cases made by hand and on a small model; the audit log.

#include "model/files.h"
#include "base/text.h"
#include "decide/toy_cases.h"
#include <unistd.h>

// Four cases of two classes, by hand: 0 is sure and right, 1 unsure by overlap, 2 unsure
// because the draws disagree, 3 sure, wrong and far away.
static double prob[] = {0.98, 0.02, 0.55, 0.45, 0.40, 0.60, 0.05, 0.95};
static double confidence[] = {0.98, 0.55, 0.60, 0.95};
static double entropy[] = {0.10, 0.69, 0.67, 0.20}, expected[] = {0.09, 0.68, 0.10, 0.19};
static double mi[] = {0.01, 0.01, 0.57, 0.01}, sd[] = {0.2, 0.1, 3.0, 0.3};
static double distance[] = {1.0, 0.9, 1.1, 8.0}, observed[] = {0, 1, 1, 0};
static int32_t label[] = {0, 0, 1, 1};
static uint64_t row[] = {0, 1, 2, 3};
static const cred_cases two_classes = {.n = 4,
                                       .n_classes = 2,
                                       .row = row,
                                       .prob = prob,
                                       .label = label,
                                       .confidence = confidence,
                                       .entropy = entropy,
                                       .expected_entropy = expected,
                                       .mutual_information = mi,
                                       .sd = sd,
                                       .distance = distance,
                                       .observed = observed};

static double mean[] = {1, 2, 3, 4}, total[] = {0.5, 2.0, 2.0, 0.6};
static double epistemic[] = {0.3, 1.9, 0.5, 0.1}, aleatoric[] = {0.4, 0.6, 1.9, 0.59};
static double values[] = {1.5, 5, 3, 4.1};
static const cred_cases numbers = {.n = 4,
                                   .row = row,
                                   .mean = mean,
                                   .sd = total,
                                   .sd_epistemic = epistemic,
                                   .sd_aleatoric = aleatoric,
                                   .distance = distance,
                                   .observed = values};

static void expect_reviews(const cred_cases *c, const cred_rule *rule,
                           const unsigned char wanted[4]) {
  cred_triage t;
  size_t n = 0;
  assert_ok(cred_triage_init(&t, c, rule));
  for (size_t i = 0; i < 4; i++) {
    if (t.review[i] != wanted[i])
      fail_msg("case %zu: reasons %d, expected %d", i, t.review[i], wanted[i]);
    n += wanted[i] != 0;
  }
  assert_int_equal(t.n_reviewed, n);
  cred_triage_clear(&t);
}

static void test_limits_and_reasons(void **state) {
  (void)state;
  enum {
    C = CRED_REVIEW_CONFIDENCE,
    E = CRED_REVIEW_EPISTEMIC,
    A = CRED_REVIEW_ALEATORIC,
    U = CRED_REVIEW_UNLIKE
  };
  cred_rule rule = no_limits();
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, 0, 0, 0});
  rule.limit[CRED_DOUBT_CONFIDENCE] = 1 - 0.8;
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, C | A, C | E, 0});
  rule.limit[CRED_DOUBT_CONFIDENCE] = 1 - 0.55; // at the limit is kept
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, 0, 0, 0});
  rule = no_limits();
  rule.limit[CRED_DOUBT_MI] = 0.05;
  rule.limit[CRED_DOUBT_DISTANCE] = 5;
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, 0, E, U});
  rule = no_limits();
  rule.limit[CRED_DOUBT_SD] = 0.25;
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, 0, E, E});
  rule.limit[CRED_DOUBT_SD] = 1;
  expect_reviews(&numbers, &rule, (unsigned char[4]){0, E, A, 0});
  rule.limit[CRED_DOUBT_DISTANCE] = 5;
  expect_reviews(&numbers, &rule, (unsigned char[4]){0, E, A, U});
  char text[64];
  assert_string_equal(cred_review_text(text, C | A | U),
                      "low_confidence|aleatoric|unlike_training");
  assert_string_equal(cred_review_text(text, 0), "");
}

// A wrong negative is 10 times a wrong positive: positive from p = 1 / 11 on. Costs of
// the cases: 0: p = 0.02 -> negative 0.2; 1: p = 0.45 -> positive 0.55; 2: 0.6 -> 0.4;
// 3: 0.95 -> 0.05.
static void test_costs(void **state) {
  (void)state;
  cred_rule rule = no_limits();
  cred_triage t;
  cred_triage_report report;
  rule.kind = CRED_RULE_COST;
  rule.cost_wrong_positive = 1;
  rule.cost_wrong_negative = 10;
  rule.cost_review = 0.5;
  assert_ok(cred_triage_init(&t, &two_classes, &rule));
  static const int32_t decided[] = {0, 1, 1, 1};
  for (size_t i = 0; i < 4; i++) assert_int_equal(t.decision[i], decided[i]);
  for (size_t i = 0; i < 4; i++) assert_int_equal(t.review[i] != 0, i == 1);
  // observed 0, 1, 1, 0: one wrong positive; a review in place of a right decision
  assert_ok(cred_triage_report_make(&report, NULL, NULL, &two_classes, &t, &rule));
  assert_near(report.cost_all, 0.25, 1e-15);
  assert_near(report.cost_kept, 0.375, 1e-15);
  cred_triage_clear(&t);
  rule.cost_wrong_negative = -1;
  assert_fails(cred_triage_init(&t, &two_classes, &rule), CRED_EINVAL, "a cost is -1");
  rule.cost_wrong_negative = 1;
  assert_fails(cred_triage_init(&t, &numbers, &rule), CRED_ECONFIG, "for classes");
}

// Of many classes the best of the others is the negative decision.
static void test_costs_of_many_classes(void **state) {
  (void)state;
  double p[] = {0.5, 0.2, 0.3}, one[] = {1}, zero[] = {0};
  int32_t top[] = {0};
  const cred_cases c = {.n = 1,
                        .n_classes = 3,
                        .row = row,
                        .prob = p,
                        .label = top,
                        .confidence = one,
                        .entropy = one,
                        .expected_entropy = one,
                        .mutual_information = zero,
                        .distance = one};
  cred_rule rule = no_limits();
  cred_triage t;
  rule.kind = CRED_RULE_COST;
  rule.positive = 0;
  rule.cost_wrong_positive = 3;
  rule.cost_wrong_negative = 1;
  rule.cost_review = 9;
  assert_ok(cred_triage_init(&t, &c, &rule));
  assert_int_equal(t.decision[0], 2);
  cred_triage_clear(&t);
  rule.limit[CRED_DOUBT_SD] = 1;
  assert_fails(cred_triage_init(&t, &c, &rule), CRED_ECONFIG,
               "use the mutual information");
}

static void test_report(void **state) {
  (void)state;
  cred_rule rule = no_limits();
  cred_triage t;
  cred_triage_report r;
  double all[4], kept[4], share[4], loss[4];
  rule.limit[CRED_DOUBT_CONFIDENCE] = 1 - 0.58; // case 1 is reviewed
  assert_ok(cred_triage_init(&t, &two_classes, &rule));
  assert_ok(cred_triage_report_make(&r, all, kept, &two_classes, &t, &rule));
  assert_string_equal(r.loss, "error");
  assert_int_equal(r.n_kept, 3);
  assert_int_equal(r.n_wrong, 2);
  assert_int_equal(r.n_wrong_kept, 1);
  assert_near(r.loss_all, 0.5, 1e-15);
  assert_near(r.loss_kept, 1.0 / 3, 1e-15);
  assert_near(r.loss_reviewed, 1, 1e-15);
  // by confidence 0.98 (right), 0.95 (wrong), 0.60 (right), 0.55 (wrong)
  assert_near(r.aurc, (0 + 1.0 / 2 + 1.0 / 3 + 2.0 / 4) / 4, 1e-15);
  assert_near(r.aurc_best, (0 + 0 + 1.0 / 3 + 2.0 / 4) / 4, 1e-15);
  static const double all_wanted[] = {1, 1, 1, 1}, kept_wanted[] = {1, 1, 0, 1};
  for (size_t i = 0; i < 4; i++) {
    assert_near(all[i], all_wanted[i], 0);
    assert_near(kept[i], kept_wanted[i], 0);
  }
  assert_ok(cred_triage_curve(share, loss, &two_classes, &t, &rule));
  assert_near(share[1], 0.5, 1e-15);
  assert_near(loss[1], 0.5, 1e-15);
  cred_triage_clear(&t);

  rule = no_limits();
  rule.doubt = CRED_DOUBT_SD;
  rule.limit[CRED_DOUBT_SD] = 1;
  rule.tolerance = 1;
  assert_ok(cred_triage_init(&t, &numbers, &rule));
  assert_ok(cred_triage_report_make(&r, NULL, NULL, &numbers, &t, &rule));
  assert_string_equal(r.loss, "rmse");
  assert_int_equal(r.n_wrong, 1);
  assert_int_equal(r.n_wrong_kept, 0);
  assert_near(r.loss_all, sqrt((0.25 + 9 + 0 + 0.01) / 4), 1e-12);
  assert_near(r.loss_kept, sqrt((0.25 + 0.01) / 2), 1e-12);
  cred_triage_clear(&t);
}

static void test_all_reviewed(void **state) {
  (void)state;
  cred_rule rule = no_limits();
  cred_triage t;
  cred_triage_report r;
  double kept[4];
  rule.limit[CRED_DOUBT_CONFIDENCE] = 0;
  assert_ok(cred_triage_init(&t, &two_classes, &rule));
  assert_int_equal(t.n_reviewed, 4);
  assert_ok(cred_triage_report_make(&r, NULL, kept, &two_classes, &t, &rule));
  assert_true(isnan(r.loss_kept));
  for (size_t i = 0; i < 4; i++) assert_near(kept[i], 0, 0);
  cred_triage_clear(&t);
}

static void test_budget(void **state) {
  (void)state;
  cred_rule rule = no_limits();
  assert_ok(cred_rule_by_budget(&rule, &two_classes, 0.25));
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, 5, 0, 0});
  assert_ok(cred_rule_by_budget(&rule, &two_classes, 0.5));
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, 5, 3, 0});
  rule = no_limits();
  assert_ok(cred_rule_by_budget(&rule, &two_classes, 0.24)); // of 4 cases none
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, 0, 0, 0});
  rule = no_limits();
  rule.doubt = CRED_DOUBT_SD;
  assert_ok(cred_rule_by_budget(&rule, &numbers, 0.25)); // equal doubts stay together
  expect_reviews(&numbers, &rule, (unsigned char[4]){0, 0, 0, 0});
  assert_ok(cred_rule_by_budget(&rule, &numbers, 0.5));
  expect_reviews(&numbers, &rule, (unsigned char[4]){0, 2, 4, 0});
  assert_fails(cred_rule_by_budget(&rule, &numbers, 1), CRED_EINVAL, "review rate is 1");
  assert_fails(cred_rule_by_budget(&rule, &numbers, NAN), CRED_EINVAL, "review rate");
  rule.doubt = CRED_DOUBT_MI;
  assert_fails(cred_rule_by_budget(&rule, &numbers, 0.5), CRED_ECONFIG, "for classes");
}

// Of a limit that is given and one that is chosen on the same doubt the stricter counts.
static void test_two_limits_on_one_doubt(void **state) {
  (void)state;
  cred_rule rule = no_limits();
  rule.limit[CRED_DOUBT_CONFIDENCE] = 1 - 0.97; // alone it reviews three
  assert_ok(cred_rule_by_budget(&rule, &two_classes, 0.25));
  assert_int_equal(rule.kind, CRED_RULE_GIVEN);
  assert_near(rule.limit[CRED_DOUBT_CONFIDENCE], 1 - 0.97, 0);
  rule.limit[CRED_DOUBT_CONFIDENCE] = 0.5; // alone it reviews none
  assert_ok(cred_rule_by_budget(&rule, &two_classes, 0.25));
  assert_int_equal(rule.kind, CRED_RULE_BUDGET);
  assert_near(rule.limit[CRED_DOUBT_CONFIDENCE], 1 - 0.60, 0);
  rule = no_limits();
  rule.limit[CRED_DOUBT_DISTANCE] = 1.05;
  assert_ok(cred_rule_by_outliers(&rule, &two_classes, 0.4)); // 1.1 by itself
  assert_near(rule.limit[CRED_DOUBT_DISTANCE], 1.05, 0);
  rule.limit[CRED_DOUBT_DISTANCE] = 5;
  assert_ok(cred_rule_by_outliers(&rule, &two_classes, 0.4));
  assert_near(rule.limit[CRED_DOUBT_DISTANCE], 1.1, 0);
}

// Outcomes known of cases 1 and 3 alone: scores by hand of these two.
static void test_some_outcomes(void **state) {
  (void)state;
  double some[] = {NAN, 1, NAN, 0}, all[4], kept[4], share[4], loss[4];
  cred_cases c = two_classes;
  cred_rule rule = no_limits();
  cred_triage t;
  cred_triage_report r;
  c.observed = some;
  rule.limit[CRED_DOUBT_CONFIDENCE] = 0.42; // reviews case 1
  assert_ok(cred_triage_init(&t, &c, &rule));
  assert_ok(cred_triage_report_make(&r, all, kept, &c, &t, &rule));
  assert_int_equal(r.n, 2);
  assert_int_equal(r.n_kept, 1);
  assert_int_equal(r.n_wrong, 2);
  assert_int_equal(r.n_wrong_kept, 1);
  assert_near(r.loss_all, 1, 0);
  assert_near(r.aurc, 1, 1e-12);
  assert_near(all[0] + all[3], 0, 0);
  assert_near(all[1], 1, 0); // of class 0 taken for 1
  assert_near(all[2], 1, 0);
  assert_near(kept[1], 1, 0);
  assert_near(kept[2], 0, 0);
  assert_ok(cred_triage_curve(share, loss, &c, &t, &rule));
  assert_near(share[0], 0.5, 0);
  assert_near(share[1], 1, 0);
  some[1] = some[3] = NAN;
  assert_fails(cred_triage_report_make(&r, NULL, NULL, &c, &t, &rule), CRED_EDATA,
               "of no case");
  rule.max_error = 0.1;
  assert_fails(cred_rule_by_bound(&rule, &c), CRED_EDATA, "row 0 has no target");
  cred_triage_clear(&t);
}

static void test_what_makes_no_sense(void **state) {
  (void)state;
  cred_rule rule = no_limits();
  cred_cases blind = two_classes;
  blind.observed = NULL;
  assert_fails(cred_rule_by_bound(&rule, &two_classes), CRED_EINVAL, "no bound is given");
  rule.max_error = 0.1;
  assert_fails(cred_rule_by_bound(&rule, &blind), CRED_EDATA, "no targets");
  assert_fails(cred_rule_by_bound(&rule, &numbers), CRED_ECONFIG, "tolerance");
  rule.max_miss = 0.1;
  assert_fails(cred_rule_by_bound(&rule, &numbers), CRED_ECONFIG, "of a class");
  rule.positive = 2;
  assert_fails(cred_rule_by_bound(&rule, &two_classes), CRED_EINVAL, "class 2 of 2");
  rule.positive = 1;
  rule.max_miss = NAN;
  assert_fails(cred_rule_by_bound(&rule, &two_classes), CRED_EDATA,
               "4 calibration rows are too few");
  assert_fails(cred_rule_by_bound(&rule, &two_classes), CRED_EDATA, "at least 29");
  assert_fails(cred_rule_by_outliers(&rule, &two_classes, 0.1), CRED_EDATA, "at least 9");
  rule = no_limits();
  rule.limit[CRED_DOUBT_CONFIDENCE] = 0.2;
  cred_triage t;
  assert_fails(cred_triage_init(&t, &numbers, &rule), CRED_ECONFIG, "least confidence");
  rule.limit[CRED_DOUBT_CONFIDENCE] = NAN;
  assert_fails(cred_triage_init(&t, &two_classes, &rule), CRED_EINVAL, "must be >= 0");
}

static void test_outliers(void **state) {
  (void)state;
  cred_rule rule = no_limits();
  assert_ok(cred_rule_by_outliers(&rule, &two_classes, 0.4)); // 3rd smallest of 4
  assert_near(rule.limit[CRED_DOUBT_DISTANCE], 1.1, 0);
  expect_reviews(&two_classes, &rule, (unsigned char[4]){0, 0, 0, 8});
}

// --- with a model ---

static void test_cases_of_a_model(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 150, "label", -1, NULL);
  const cred_predict_options opt = cred_predict_defaults();
  cred_data data = fresh(m, "moons", 40, 2);
  cred_cases c;
  cred_predictor *predictor;
  cred_prediction p;
  assert_ok(cred_cases_init(&c, m, &data, 0, &opt));
  assert_ok(cred_predictor_new(&predictor, m, &opt));
  assert_ok(cred_predictor_run(&p, predictor, &data));
  for (size_t i = 0; i < 40; i++) {
    assert_int_equal(c.label[i], p.label[i]);
    assert_near(c.prob[2 * i], p.prob[2 * i], 0);
    assert_near(c.sd[i], p.sd_logit[i], 0);
    assert_near(c.observed[i], (double)data.y[i], 0);
    const double x = (double)data.x[2 * i], y = (double)data.x[2 * i + 1];
    assert_near(c.distance[i], sqrt((x * x + y * y) / 2), 1e-12);
  }
  assert_fails(cred_cases_init(&c, m, &data, 1, &opt), CRED_EINVAL, "target 1");
  data.n_rows = 0;
  assert_fails(cred_cases_init(&c, m, &data, 0, &opt), CRED_EDATA, "no cases");
  cred_predictor_free(predictor);
  cred_data_clear(&data);
  cred_model_free(m);
}

static void test_audit_log(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 80, "label", -1, NULL);
  cred_cases c = cases_of(m, "moons", 30, 2);
  cred_rule rule = no_limits();
  cred_triage t;
  char path[] = "/tmp/credence_audit_XXXXXX";
  unsigned char *first, *second;
  size_t n_first, n_second, n_lines = 0;
  const uint64_t bad[] = {7, 19};
  const cred_audit_data data = {.digest = "0123456789abcdef", .bad = bad, .n_bad = 2};
  close(mkstemp(path));
  assert_ok(cred_rule_by_budget(&rule, &c, 0.2));
  assert_ok(cred_triage_init(&t, &c, &rule));
  for (int k = 0; k < 2; k++) {
    assert_ok(cred_triage_audit(path, m, &c, &t, &rule, &data));
    assert_ok(
        cred__file_read(k ? &second : &first, k ? &n_second : &n_first, path, 1 << 20));
  }
  unlink(path);
  assert_int_equal(n_first, n_second);
  assert_memory_equal(first, second, n_first);
  for (size_t i = 0; i < n_first; i++) n_lines += first[i] == '\n';
  assert_int_equal(n_lines, 34);
  assert_non_null(strstr((char *)first, "{\"kind\":\"bad_row\",\"row\":19,"));
  assert_non_null(strstr((char *)first, "\"data\":\"0123456789abcdef\""));
  // the last line has the digest of those above it
  char digest[17];
  char *last = strstr((char *)first, "{\"kind\":\"end\"");
  cred__digest_text(digest, cred__digest_feed(cred__digest_start(), first,
                                              (size_t)(last - (char *)first)));
  assert_non_null(strstr(last, digest));
  cred__free(first);
  cred__free(second);
  cred_triage_clear(&t);
  cred_cases_clear(&c);
  cred_model_free(m);
}

// Whatever allocation fails: a status, and nothing is left.
static void test_no_memory(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 80, "label", -1, NULL);
  cred_predict_options opt = cred_predict_defaults();
  cred_data data = fresh(m, "moons", 200, 2);
  opt.n_threads = 1;
  opt.n_draws = 4;
  const long live = cred__alloc_live();
  bool done = false;
  for (long n = 0; !done; n++) {
    cred_cases c = {0};
    cred_triage t = {0};
    cred_triage_report r;
    cred_rule rule = cred_rule_defaults(&opt);
    rule.max_error = 0.3;
    cred__alloc_fail_after(n);
    cred_status status = cred_cases_init(&c, m, &data, 0, &opt);
    if (!status) status = cred_rule_by_bound(&rule, &c);
    if (!status) status = cred_rule_by_budget(&rule, &c, 0.1);
    if (!status) status = cred_triage_init(&t, &c, &rule);
    if (!status) status = cred_triage_report_make(&r, NULL, NULL, &c, &t, &rule);
    cred__alloc_fail_after(-1);
    cred_triage_clear(&t);
    cred_cases_clear(&c);
    assert_true(status == CRED_OK || status == CRED_ENOMEM);
    assert_int_equal(cred__alloc_live(), live);
    done = status == CRED_OK;
  }
  cred_data_clear(&data);
  cred_model_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limits_and_reasons),
      cmocka_unit_test(test_costs),
      cmocka_unit_test(test_costs_of_many_classes),
      cmocka_unit_test(test_report),
      cmocka_unit_test(test_all_reviewed),
      cmocka_unit_test(test_budget),
      cmocka_unit_test(test_two_limits_on_one_doubt),
      cmocka_unit_test(test_some_outcomes),
      cmocka_unit_test(test_what_makes_no_sense),
      cmocka_unit_test(test_outliers),
      cmocka_unit_test(test_cases_of_a_model),
      cmocka_unit_test(test_audit_log),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
