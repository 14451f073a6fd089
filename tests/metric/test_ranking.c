// Ranking scores against their definitions over all pairs and all thresholds.

#include "base/alloc.h"
#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/classification.h"

enum { N = 200 };
static double score[N], weights[N];
static unsigned char positive[N];

static int make(void **state) {
  (void)state;
  const cred_key key = cred_key_make(11);
  for (size_t i = 0; i < N; i++) {
    positive[i] = cred_key_uniform(&key, 3 * i) < 0.4;
    // rounded, so that there are many ties
    score[i] = round(6.0 * (cred_key_uniform(&key, 3 * i + 1) + 0.3 * positive[i]));
    weights[i] = floor(3.0 * cred_key_uniform(&key, 3 * i + 2));
  }
  return 0;
}

static double auroc_of_pairs(const double *w) {
  double wins = 0.0, pairs = 0.0;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      if (!positive[i] || positive[j]) continue;
      const double both = w ? w[i] * w[j] : 1.0;
      wins += both * (score[i] > score[j] ? 1.0 : score[i] == score[j] ? 0.5 : 0.0);
      pairs += both;
    }
  return wins / pairs;
}

static void auroc_is_a_share_of_pairs(void **state) {
  (void)state;
  double out;
  assert_ok(cred_auroc(&out, score, positive, NULL, N));
  assert_near(out, auroc_of_pairs(NULL), 1e-13);
  assert_ok(cred_auroc(&out, score, positive, weights, N));
  assert_near(out, auroc_of_pairs(weights), 1e-13);
}

// Over thresholds t = 10, 9, ... 0: the scores are whole numbers.
static double precision_over_thresholds(const double *w) {
  double sum = 0.0, recall_before = 0.0, n_positive = 0.0;
  for (size_t i = 0; i < N; i++) n_positive += positive[i] ? (w ? w[i] : 1.0) : 0.0;
  for (int t = 10; t >= 0; t--) {
    double hits = 0.0, all = 0.0;
    for (size_t i = 0; i < N; i++) {
      const double here = score[i] >= t ? (w ? w[i] : 1.0) : 0.0;
      all += here;
      hits += positive[i] ? here : 0.0;
    }
    if (all > 0.0) sum += (hits / n_positive - recall_before) * hits / all;
    recall_before = hits / n_positive;
  }
  return sum;
}

static void average_precision_over_thresholds(void **state) {
  (void)state;
  double out;
  assert_ok(cred_average_precision(&out, score, positive, NULL, N));
  assert_near(out, precision_over_thresholds(NULL), 1e-13);
  assert_ok(cred_average_precision(&out, score, positive, weights, N));
  assert_near(out, precision_over_thresholds(weights), 1e-13);
}

static void small_cases(void **state) {
  (void)state;
  const double s[] = {0.1, 0.4, 0.35, 0.8}, equal[] = {1, 1, 1, 1};
  const unsigned char p[] = {0, 0, 1, 1};
  double out;
  assert_ok(cred_auroc(&out, s, p, NULL, 4));
  assert_near(out, 0.75, 0.0);
  assert_ok(cred_average_precision(&out, s, p, NULL, 4));
  assert_near(out, 0.5 * 1.0 + 0.5 * 2.0 / 3.0, 1e-15);
  assert_ok(cred_auroc(&out, equal, p, NULL, 4));
  assert_near(out, 0.5, 0.0);
  assert_ok(cred_average_precision(&out, equal, p, NULL, 4));
  assert_near(out, 0.5, 0.0);
}

static void classes_one_against_the_rest(void **state) {
  (void)state;
  const double prob[] = {0.8, 0.1, 0.1, 0.3, 0.4, 0.3, 0.5, 0.3, 0.2, 0.1, 0.7, 0.2};
  const int32_t label[] = {0, 1, 0, 1}, one[] = {1, 1, 1, 1}, bad[] = {0, 1, 5, 1};
  double out, area[2];
  const double first[] = {0.8, 0.3, 0.5, 0.1}, second[] = {0.1, 0.4, 0.3, 0.7};
  const unsigned char is_first[] = {1, 0, 1, 0}, is_second[] = {0, 1, 0, 1};
  assert_ok(cred_auroc(area, first, is_first, NULL, 4));
  assert_ok(cred_auroc(area + 1, second, is_second, NULL, 4));
  assert_ok(cred_auroc_classes(&out, prob, label, NULL, 4, 3)); // class 2 never occurs
  assert_near(out, 0.5 * (area[0] + area[1]), 1e-15);
  assert_fails(cred_auroc_classes(&out, prob, one, NULL, 4, 3), CRED_EDATA, "one class");
  assert_fails(cred_auroc_classes(&out, prob, bad, NULL, 4, 3), CRED_EDATA, "class 5");
}

static void error_detection(void **state) {
  (void)state;
  const double uncertainty[] = {0.9, 0.1, 0.5, 0.2}, correct[] = {0, 1, 1, 0};
  double out;
  assert_ok(cred_error_auroc(&out, uncertainty, correct, NULL, 4));
  assert_near(out, 0.75, 0.0);
}

static void risk_by_hand(void **state) {
  (void)state;
  const double uncertainty[] = {0.3, 0.1, 0.2, 0.4}, loss[] = {1, 0, 0, 1};
  double coverage[4], risk[4], area;
  assert_ok(cred_risk_coverage(coverage, risk, &area, uncertainty, loss, NULL, 4));
  const double expected[] = {0, 0, 1.0 / 3.0, 0.5};
  for (int i = 0; i < 4; i++) {
    assert_near(coverage[i], (i + 1) / 4.0, 1e-15);
    assert_near(risk[i], expected[i], 1e-15);
  }
  assert_near(area, (1.0 / 3.0 + 0.5) / 4.0, 1e-15);
}

// Where all are equal the risk is the mean loss at any coverage; weights repeat rows.
static void risk_with_ties_and_weights(void **state) {
  (void)state;
  const double equal[] = {1, 1, 1}, loss[] = {3, 0, 0}, w[] = {1, 2, 1};
  const double rising[] = {0.1, 0.2, 0.3}, repeated[] = {0.1, 0.2, 0.2, 0.3};
  const double loss_repeated[] = {3, 0, 0, 0};
  double risk[4], area, area_repeated;
  assert_ok(cred_risk_coverage(NULL, risk, &area, equal, loss, NULL, 3));
  for (int i = 0; i < 3; i++) assert_near(risk[i], 1.0, 1e-15);
  assert_near(area, 1.0, 1e-15);
  assert_ok(cred_risk_coverage(NULL, risk, &area, rising, loss, w, 3));
  assert_near(risk[2], 0.75, 1e-15);
  assert_ok(
      cred_risk_coverage(NULL, NULL, &area_repeated, repeated, loss_repeated, NULL, 4));
  // the weighted row counts at its end, the repeated ones at each of theirs
  assert_near(area, (3.0 + 2.0 * 1.0 + 0.75) / 4.0, 1e-15);
  assert_near(area_repeated, (3.0 + 1.5 + 1.0 + 0.75) / 4.0, 1e-15);
}

static void refusals(void **state) {
  (void)state;
  const double s[] = {1, NAN, 3}, fine[] = {1, 2, 3};
  const unsigned char p[] = {0, 1, 0}, none[] = {0, 0, 0}, all[] = {1, 1, 1};
  double out = -1.0;
  assert_fails(cred_auroc(&out, s, p, NULL, 3), CRED_EDATA, "row 1 is NaN");
  assert_fails(cred_auroc(&out, fine, none, NULL, 3), CRED_EDATA,
               "all rows are negative");
  assert_fails(cred_average_precision(&out, fine, all, NULL, 3), CRED_EDATA, "positive");
  assert_fails(cred_auroc(&out, fine, p, NULL, 0), CRED_EDATA, "no rows");
  assert_fails(cred_error_auroc(&out, fine, s, NULL, 3), CRED_EDATA, "row 1 is NaN");
  assert_fails(cred_risk_coverage(NULL, NULL, &out, s, fine, NULL, 3), CRED_EDATA, "NaN");
  assert_fails(cred_risk_coverage(NULL, NULL, &out, fine, s, NULL, 3), CRED_EDATA,
               "loss");
  assert_near(out, -1.0, 0.0);
}

static void out_of_memory(void **state) {
  (void)state;
  const double prob[] = {0.8, 0.2, 0.3, 0.7}, u[] = {1, 2}, correct[] = {0, 1};
  const int32_t label[] = {0, 1};
  double out = -1.0;
  for (long n = 0; n < 3; n++) {
    cred__alloc_fail_after(n);
    assert_fails(cred_auroc_classes(&out, prob, label, NULL, 2, 2), CRED_ENOMEM,
                 "memory");
    if (n < 2) {
      cred__alloc_fail_after(n);
      assert_fails(cred_error_auroc(&out, u, correct, NULL, 2), CRED_ENOMEM, "memory");
    }
  }
  cred__alloc_fail_after(0);
  assert_fails(cred_risk_coverage(NULL, NULL, &out, u, u, NULL, 2), CRED_ENOMEM,
               "memory");
  cred__alloc_fail_after(-1);
  assert_int_equal(cred__alloc_live(), 0);
  assert_near(out, -1.0, 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(auroc_is_a_share_of_pairs),
                                     cmocka_unit_test(average_precision_over_thresholds),
                                     cmocka_unit_test(small_cases),
                                     cmocka_unit_test(classes_one_against_the_rest),
                                     cmocka_unit_test(error_detection),
                                     cmocka_unit_test(risk_by_hand),
                                     cmocka_unit_test(risk_with_ties_and_weights),
                                     cmocka_unit_test(refusals),
                                     cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, make, NULL);
}
