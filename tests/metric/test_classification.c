// Scores of classes against cases worked by hand.

#include "base/alloc.h"
#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/classification.h"

static const double prob[] = {0.7, 0.2, 0.1, /**/ 0.1, 0.6, 0.3, /**/
                              0.4, 0.4, 0.2, /**/ 0.0, 0.1, 0.9};
static const int32_t label[] = {0, 2, 1, 2};

static void scores_by_hand(void **state) {
  (void)state;
  const double w[] = {1, 1, 0, 2};
  assert_near(cred_accuracy(prob, label, NULL, 4, 3), 0.5, 0.0);
  assert_near(cred_accuracy(prob, label, w, 4, 3), 0.75, 0.0);
  assert_near(cred_class_log_likelihood(prob, label, NULL, 4, 3),
              (log(0.7) + log(0.3) + log(0.4) + log(0.9)) / 4.0, 1e-15);
  const double brier[] = {0.09 + 0.04 + 0.01, 0.01 + 0.36 + 0.49, 0.16 + 0.36 + 0.04,
                          0.01 + 0.01};
  for (int i = 0; i < 4; i++)
    assert_near(cred_brier_row(prob + 3 * i, label[i], 3), brier[i], 1e-15);
  assert_near(cred_brier(prob, label, w, 4, 3), (brier[0] + brier[1] + 2 * brier[3]) / 4,
              1e-15);
}

static void top_class(void **state) {
  (void)state;
  int32_t predicted[4];
  double confidence[4], correct[4];
  cred_top_class(predicted, confidence, correct, prob, label, 4, 3);
  const int32_t expected[] = {0, 1, 0, 2};
  const double right[] = {1, 0, 0, 1}, top[] = {0.7, 0.6, 0.4, 0.9};
  for (int i = 0; i < 4; i++) {
    assert_int_equal(predicted[i], expected[i]);
    assert_near(confidence[i], top[i], 0.0);
    assert_near(correct[i], right[i], 0.0);
  }
}

static void undefined_is_nan(void **state) {
  (void)state;
  const int32_t bad[] = {0, 3, 1, -1}, impossible[] = {0, 0, 0, 0};
  const double nan[] = {0.5, 0.5, NAN};
  assert_true(isnan(cred_accuracy(prob, bad, NULL, 4, 3)));
  assert_true(isnan(cred_class_log_likelihood(prob, bad, NULL, 4, 3)));
  assert_true(isnan(cred_brier(prob, bad, NULL, 4, 3)));
  assert_true(isnan(cred_brier(prob, label, NULL, 0, 3)));
  assert_true(isnan(cred_accuracy(nan, label, NULL, 1, 3)));
  assert_true(cred_class_log_likelihood(prob, impossible, NULL, 4, 3) == -INFINITY);
}

static void equal_width_bins(void **state) {
  (void)state;
  const double confidence[] = {0.0, 0.2, 0.21, 0.4, 0.95, 1.0},
               right[] = {0, 1, 0, 1, 1, 0};
  cred_reliability_bin bins[5];
  assert_ok(cred_reliability_equal_width(bins, 5, confidence, right, NULL, 6));
  const size_t counts[] = {2, 2, 0, 0, 2}; // the right edge belongs to the bin
  for (int k = 0; k < 5; k++) {
    assert_int_equal(bins[k].n_rows, counts[k]);
    assert_near(bins[k].share, counts[k] / 6.0, 1e-15);
    assert_near(bins[k].lower, k / 5.0, 1e-15);
  }
  assert_near(bins[0].confidence, 0.1, 1e-15);
  assert_near(bins[1].accuracy, 0.5, 1e-15);
  assert_true(isnan(bins[2].accuracy) && isnan(bins[3].confidence));
  const double gaps[] = {0.4, 0.195, 0.475};
  assert_near(cred_ece(bins, 5), (gaps[0] + gaps[1] + gaps[2]) / 3.0, 1e-14);
  assert_near(cred_mce(bins, 5), 0.475, 1e-14);
}

static void equal_mass_bins(void **state) {
  (void)state;
  const double confidence[] = {0.9, 0.1, 0.5, 0.3, 0.7, 0.2},
               right[] = {1, 0, 1, 0, 0, 1};
  cred_reliability_bin bins[3];
  assert_ok(cred_reliability_equal_mass(bins, 3, confidence, right, NULL, 6));
  const double lower[] = {0.1, 0.3, 0.7}, upper[] = {0.2, 0.5, 0.9};
  for (int k = 0; k < 3; k++) {
    assert_int_equal(bins[k].n_rows, 2);
    assert_near(bins[k].lower, lower[k], 0.0);
    assert_near(bins[k].upper, upper[k], 0.0);
    assert_near(bins[k].accuracy, 0.5, 1e-15);
  }
  assert_near(cred_ece(bins, 3), (0.35 + 0.1 + 0.3) / 3.0, 1e-14);
}

// The order of rows must not matter where confidences are equal.
static void equal_mass_with_ties(void **state) {
  (void)state;
  const double confidence[] = {1, 1, 1, 1, 0.5, 0.6}, right[] = {1, 1, 0, 0, 0, 1};
  const double shuffled[] = {1, 0.6, 1, 1, 0.5, 1}, right_shuffled[] = {0, 1, 1, 0, 0, 1};
  cred_reliability_bin a[3], b[3];
  assert_ok(cred_reliability_equal_mass(a, 3, confidence, right, NULL, 6));
  assert_ok(cred_reliability_equal_mass(b, 3, shuffled, right_shuffled, NULL, 6));
  assert_near(cred_ece(a, 3), cred_ece(b, 3), 1e-15);
  assert_int_equal(a[2].n_rows, 4);
  assert_int_equal(a[1].n_rows, 0);
  assert_true(isnan(a[1].accuracy) && a[1].lower == a[1].upper);
}

// Weights count like repeated rows; the mean of all bins is the mean of all rows.
static void bins_add_up(void **state) {
  (void)state;
  const cred_key key = cred_key_make(3);
  double confidence[500], right[500], weights[500], total = 0.0, accuracy = 0.0;
  for (size_t i = 0; i < 500; i++) {
    confidence[i] = cred_key_uniform(&key, 3 * i);
    right[i] = cred_key_uniform(&key, 3 * i + 1) < confidence[i];
    weights[i] = cred_key_uniform(&key, 3 * i + 2);
    total += weights[i];
    accuracy += weights[i] * right[i];
  }
  cred_reliability_bin bins[15];
  for (int mass = 0; mass < 2; mass++) {
    assert_ok((mass ? cred_reliability_equal_mass : cred_reliability_equal_width)(
        bins, 15, confidence, right, weights, 500));
    double share = 0.0, sum = 0.0;
    for (int k = 0; k < 15; k++) {
      share += bins[k].share;
      sum += bins[k].share * bins[k].accuracy;
      if (mass) assert_near(bins[k].share, 1.0 / 15.0, 1.0 / total);
    }
    assert_near(share, 1.0, 1e-12);
    assert_near(sum, accuracy / total, 1e-12);
    assert_true(cred_ece(bins, 15) < 0.1 && cred_ece(bins, 15) <= cred_mce(bins, 15));
  }
}

static void reliability_refuses(void **state) {
  (void)state;
  const double bad[] = {0.5, 1.5}, nan[] = {0.5, NAN}, right[] = {1, 0},
               fine[] = {0.5, 0.6};
  const double w[] = {0, 0};
  cred_reliability_bin bins[2];
  assert_fails(cred_reliability_equal_width(bins, 2, bad, right, NULL, 2), CRED_EDATA,
               "row 1 is 1.5");
  assert_fails(cred_reliability_equal_mass(bins, 2, nan, right, NULL, 2), CRED_EDATA,
               "row 1");
  assert_fails(cred_reliability_equal_mass(bins, 2, fine, nan, NULL, 2), CRED_EDATA,
               "correct of row 1");
  assert_fails(cred_reliability_equal_width(bins, 0, fine, right, NULL, 2), CRED_EINVAL,
               "bins");
  assert_fails(cred_reliability_equal_width(bins, 2, fine, right, w, 2), CRED_EDATA,
               "weights");
  assert_fails(cred_reliability_equal_width(bins, 2, fine, right, w, 0), CRED_EDATA,
               "rows");
  cred__alloc_fail_after(0);
  assert_fails(cred_reliability_equal_mass(bins, 2, fine, right, NULL, 2), CRED_ENOMEM,
               "");
  cred__alloc_fail_after(-1);
  assert_int_equal(cred__alloc_live(), 0);
}

static void confusion_by_hand(void **state) {
  (void)state;
  const int32_t predicted[] = {0, 1, 1, 0, 0}, truth[] = {0, 1, 0, 0, 1}, bad[] = {3};
  const double w[] = {1, 1, 1, 1, 2};
  double matrix[9], precision[3], recall[3];
  assert_ok(cred_confusion(matrix, predicted, truth, w, 5, 3));
  const double expected[] = {2, 1, 0, 2, 1, 0, 0, 0, 0};
  for (int k = 0; k < 9; k++) assert_near(matrix[k], expected[k], 0.0);
  cred_precision_recall(precision, recall, matrix, 3);
  assert_near(precision[0], 0.5, 1e-15);
  assert_near(precision[1], 0.5, 1e-15);
  assert_near(recall[0], 2.0 / 3.0, 1e-15);
  assert_near(recall[1], 1.0 / 3.0, 1e-15);
  assert_true(isnan(precision[2]) && isnan(recall[2]));
  assert_fails(cred_confusion(matrix, bad, truth, NULL, 1, 3), CRED_EDATA,
               "predicted as 3");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scores_by_hand),   cmocka_unit_test(top_class),
      cmocka_unit_test(undefined_is_nan), cmocka_unit_test(equal_width_bins),
      cmocka_unit_test(equal_mass_bins),  cmocka_unit_test(equal_mass_with_ties),
      cmocka_unit_test(bins_add_up),      cmocka_unit_test(reliability_refuses),
      cmocka_unit_test(confusion_by_hand)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
