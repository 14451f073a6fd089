// Detection scores against all pairs and all thresholds.

#include "base/alloc.h"
#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/detection.h"

enum { N_IN = 90, N_OUT = 60 };
static double inside[N_IN], outside[N_OUT];

static int make(void **state) {
  (void)state;
  const cred_key key = cred_key_make(2);
  for (size_t i = 0; i < N_IN; i++) inside[i] = round(4.0 * cred_key_normal(&key, i));
  for (size_t i = 0; i < N_OUT; i++)
    outside[i] = round(4.0 * cred_key_normal(&key, N_IN + i) + 3.0);
  return 0;
}

static void auroc_over_pairs(void **state) {
  (void)state;
  double wins = 0.0, out;
  for (size_t i = 0; i < N_IN; i++)
    for (size_t j = 0; j < N_OUT; j++)
      wins += outside[j] > inside[i] ? 1.0 : outside[j] == inside[i] ? 0.5 : 0.0;
  assert_ok(cred_detect_auroc(&out, inside, N_IN, outside, N_OUT));
  assert_near(out, wins / N_IN / N_OUT, 1e-14);
  double turned;
  assert_ok(cred_detect_auroc(&turned, outside, N_OUT, inside, N_IN));
  assert_near(out + turned, 1.0, 1e-14);
}

static void fpr_over_thresholds(void **state) {
  (void)state;
  const double rates[] = {0.95, 0.5, 1.0, 0.01};
  for (int k = 0; k < 4; k++) {
    double out, best = NAN;
    for (int t = 40; t >= -40 && isnan(best); t--) { // the scores are whole numbers
      int hits = 0, alarms = 0;
      for (size_t j = 0; j < N_OUT; j++) hits += outside[j] >= t;
      for (size_t i = 0; i < N_IN; i++) alarms += inside[i] >= t;
      if (hits >= rates[k] * N_OUT - 1e-9) best = (double)alarms / N_IN;
    }
    assert_ok(cred_detect_fpr(&out, inside, N_IN, outside, N_OUT, rates[k]));
    assert_near(out, best, 1e-15);
  }
}

static void small_cases(void **state) {
  (void)state;
  const double in[] = {1, 2, 3}, out[] = {4, 5}, equal[] = {1, 1};
  double value;
  assert_ok(cred_detect_auroc(&value, in, 3, out, 2));
  assert_near(value, 1.0, 0.0);
  assert_ok(cred_detect_fpr(&value, in, 3, out, 2, 0.95));
  assert_near(value, 0.0, 0.0);
  assert_ok(cred_detect_fpr(&value, equal, 2, equal, 2, 0.95));
  assert_near(value, 1.0, 0.0);
  assert_ok(cred_detect_average_precision(&value, in, 3, out, 2));
  assert_near(value, 1.0, 0.0);
  assert_ok(cred_detect_average_precision(&value, equal, 2, equal, 1));
  assert_near(value, 1.0 / 3.0, 1e-15);
}

static void refusals(void **state) {
  (void)state;
  const double x[] = {1, 2}, nan[] = {1, NAN};
  double out = -1.0;
  assert_fails(cred_detect_auroc(&out, x, 0, x, 2), CRED_EDATA, "0 rows inside");
  assert_fails(cred_detect_fpr(&out, x, 2, x, 0, 0.95), CRED_EDATA, "0 outside");
  assert_fails(cred_detect_auroc(&out, nan, 2, x, 2), CRED_EDATA, "inside row 1");
  assert_fails(cred_detect_average_precision(&out, x, 2, nan, 2), CRED_EDATA,
               "outside row 1");
  assert_fails(cred_detect_fpr(&out, x, 2, x, 2, 0.0), CRED_EINVAL, "rate is 0");
  assert_fails(cred_detect_fpr(&out, x, 2, x, 2, NAN), CRED_EINVAL, "rate");
  for (long n = 0; n < 3; n++) {
    cred__alloc_fail_after(n);
    assert_fails(cred_detect_auroc(&out, x, 2, x, 2), CRED_ENOMEM, "memory");
  }
  cred__alloc_fail_after(0);
  assert_fails(cred_detect_fpr(&out, x, 2, x, 2, 0.5), CRED_ENOMEM, "memory");
  cred__alloc_fail_after(-1);
  assert_int_equal(cred__alloc_live(), 0);
  assert_near(out, -1.0, 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(auroc_over_pairs), cmocka_unit_test(fpr_over_thresholds),
      cmocka_unit_test(small_cases), cmocka_unit_test(refusals)};
  return cmocka_run_group_tests(tests, make, NULL);
}
