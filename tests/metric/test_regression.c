// Scores of numeric predictions against cases worked by hand and brute force.

#include "base/alloc.h"
#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/regression.h"

static const double y4[] = {1, 2, 4, 7}, mean4[] = {1, 3, 2, 7};

static void errors_by_hand(void **state) {
  (void)state;
  const double w[] = {1, 3, 0, 2};
  assert_near(cred_rmse(mean4, y4, NULL, 4), sqrt(5.0 / 4.0), 1e-15);
  assert_near(cred_mae(mean4, y4, NULL, 4), 0.75, 1e-15);
  assert_near(cred_rmse(mean4, y4, w, 4), sqrt(3.0 / 6.0), 1e-15);
  assert_near(cred_mae(mean4, y4, w, 4), 0.5, 1e-15);
  // average 3.5: squares 6.25, 2.25, 0.25, 12.25 sum to 21
  assert_near(cred_r2(mean4, y4, NULL, 4), 1.0 - 5.0 / 21.0, 1e-15);
  assert_near(cred_r2(y4, y4, NULL, 4), 1.0, 0.0);
  assert_near(cred_mean(y4, w, 4), 21.0 / 6.0, 1e-15);
}

static void weights_repeat_rows(void **state) {
  (void)state;
  const double w[] = {1, 2, 3, 1};
  const double y[] = {1, 2, 2, 4, 4, 4, 7}, m[] = {1, 3, 3, 2, 2, 2, 7};
  assert_near(cred_rmse(mean4, y4, w, 4), cred_rmse(m, y, NULL, 7), 1e-14);
  assert_near(cred_mae(mean4, y4, w, 4), cred_mae(m, y, NULL, 7), 1e-14);
  assert_near(cred_r2(mean4, y4, w, 4), cred_r2(m, y, NULL, 7), 1e-14);
}

static void undefined_is_nan(void **state) {
  (void)state;
  const double bad[] = {1, -1, 1, 1}, zero[] = {0, 0, 0, 0}, equal[] = {2, 2, 2, 2};
  const double nan[] = {1, NAN, 3, 4};
  assert_true(isnan(cred_rmse(mean4, y4, NULL, 0)) && isnan(cred_mae(mean4, y4, bad, 4)));
  assert_true(isnan(cred_mean(y4, zero, 4)) && isnan(cred_r2(mean4, equal, NULL, 4)));
  assert_true(isnan(cred_rmse(nan, y4, NULL, 4)) && isnan(cred_r2(nan, y4, NULL, 4)));
  assert_true(isnan(cred_interval_coverage(nan, y4, y4, NULL, 4)));
  assert_true(isnan(cred_pit_sample(nan, 4, 1.0)) && isnan(cred_pit_sample(y4, 0, 1.0)));
  assert_true(isnan(cred_r2(mean4, y4, bad, 4)));
}

static void intervals_by_hand(void **state) {
  (void)state;
  const double lower[] = {0, 2, 5, 6}, upper[] = {2, 2, 6, 6.5}, w[] = {1, 1, 1, 5};
  assert_near(cred_interval_coverage(lower, upper, y4, NULL, 4), 0.5, 0.0);
  assert_near(cred_interval_coverage(lower, upper, y4, w, 4), 0.25, 0.0);
  assert_near(cred_interval_width(lower, upper, NULL, 4), 3.5 / 4.0, 1e-15);
  assert_near(cred_interval_score(0, 2, 1, 0.1), 2.0, 0.0);
  assert_near(cred_interval_score(5, 6, 4, 0.1), 1.0 + 20.0, 1e-13);
  assert_near(cred_interval_score(6, 6.5, 7, 0.2), 0.5 + 5.0, 1e-13);
  assert_true(isnan(cred_interval_score(0, 1, 2, 0.0)));
  assert_true(isnan(cred_interval_score(0, 1, NAN, 0.1)));
}

static void interval_score_is_proper(void **state) {
  (void)state;
  // the true 10 % and 90 % quantiles of uniform draws beat any other pair
  double best = INFINITY, best_lower = NAN, best_upper = NAN;
  for (int a = 0; a < 10; a++)
    for (int b = 0; b < 10; b++) {
      const double lower = 0.025 + 0.025 * a, upper = 0.975 - 0.025 * b;
      double sum = 0.0;
      for (int i = 0; i < 1000; i++)
        sum += cred_interval_score(lower, upper, (i + 0.5) / 1000.0, 0.2);
      if (sum < best) best = sum, best_lower = lower, best_upper = upper;
    }
  assert_near(best_lower, 0.1, 1e-12);
  assert_near(best_upper, 0.9, 1e-12);
}

static void pit_of_draws(void **state) {
  (void)state;
  const double draws[] = {3, 1, 2, 2, 5};
  assert_near(cred_pit_sample(draws, 5, 2.0), (1.0 + 1.0) / 5.0, 1e-15);
  assert_near(cred_pit_sample(draws, 5, 0.0), 0.0, 0.0);
  assert_near(cred_pit_sample(draws, 5, 9.0), 1.0, 0.0);
}

static void pit_histogram_by_hand(void **state) {
  (void)state;
  const double pit[] = {0.0, 0.1, 0.25, 0.5, 1.0, 0.99}, w[] = {1, 1, 1, 1, 2, 2};
  const double bad[] = {0.1, 1.5};
  double share[4];
  cred_pit_histogram(share, pit, w, 6, 4);
  assert_near(share[0], 0.25, 1e-15);
  assert_near(share[1], 0.125, 1e-15);
  assert_near(share[2], 0.125, 1e-15);
  assert_near(share[3], 0.5, 1e-15);
  cred_pit_histogram(share, bad, NULL, 2, 4);
  for (int k = 0; k < 4; k++) assert_true(isnan(share[k]));
}

static void pit_distance_by_hand(void **state) {
  (void)state;
  const double pit[] = {0.9, 0.2, 0.5, 0.2}, w[] = {2, 1, 1, 1}, bad[] = {0.1, -0.2};
  const double repeated[] = {0.9, 0.9, 0.2, 0.5, 0.2}, nan[] = {0.1, NAN};
  double d = -1.0, d_repeated;
  // after 0.2 the empirical distribution is 0.5: distance 0.3
  assert_ok(cred_pit_distance(&d, pit, NULL, 4));
  assert_near(d, 0.3, 1e-15);
  assert_ok(cred_pit_distance(&d, pit, w, 4));
  assert_ok(cred_pit_distance(&d_repeated, repeated, NULL, 5));
  assert_near(d, d_repeated, 1e-15);
  d = -1.0;
  assert_fails(cred_pit_distance(&d, bad, NULL, 2), CRED_EDATA, "expected [0, 1]");
  assert_fails(cred_pit_distance(&d, nan, NULL, 2), CRED_EDATA, "row 1 is NaN");
  assert_fails(cred_pit_distance(&d, pit, NULL, 0), CRED_EDATA, "no rows");
  cred__alloc_fail_after(0);
  assert_fails(cred_pit_distance(&d, pit, NULL, 4), CRED_ENOMEM, "memory");
  cred__alloc_fail_after(-1);
  assert_near(d, -1.0, 0.0);
  assert_int_equal(cred__alloc_live(), 0);
}

static void coverage_of_uniform(void **state) {
  (void)state;
  const double levels[] = {0.1, 0.5, 0.9, 1.0};
  double pit[1000], observed[4];
  for (int i = 0; i < 1000; i++) pit[i] = (i + 0.5) / 1000.0;
  cred_coverage_curve(observed, levels, 4, pit, NULL, 1000);
  for (int k = 0; k < 4; k++) assert_near(observed[k], levels[k], 1e-3);
  // too wide by half: all PIT values in the middle
  for (int i = 0; i < 1000; i++) pit[i] = 0.25 + 0.5 * pit[i];
  cred_coverage_curve(observed, levels, 4, pit, NULL, 1000);
  assert_near(observed[0], 0.2, 1e-3);
  assert_near(observed[1], 1.0, 1e-3);
  assert_near(cred_coverage_error(observed, levels, 4), (0.1 + 0.5 + 0.1 + 0.0) / 4,
              1e-3);
  pit[3] = NAN;
  cred_coverage_curve(observed, levels, 4, pit, NULL, 1000);
  assert_true(isnan(observed[0]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_by_hand),           cmocka_unit_test(weights_repeat_rows),
      cmocka_unit_test(undefined_is_nan),         cmocka_unit_test(intervals_by_hand),
      cmocka_unit_test(interval_score_is_proper), cmocka_unit_test(pit_of_draws),
      cmocka_unit_test(pit_histogram_by_hand),    cmocka_unit_test(pit_distance_by_hand),
      cmocka_unit_test(coverage_of_uniform)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
