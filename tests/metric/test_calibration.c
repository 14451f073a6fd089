// Conformal thresholds and sets: ranks by hand, coverage by simulation.

#include "base/alloc.h"
#include "check.h"
#include "credence/metric/calibration.h"

static void quantile_takes_the_right_rank(void **state) {
  (void)state;
  double scores[99], q;
  for (int i = 0; i < 99; i++) scores[i] = (i * 37) % 99 + 1; // 1 ... 99, shuffled
  const double alphas[] = {0.1, 0.05, 0.01, 0.2, 0.5, 0.155, 0.999};
  const double ranks[] = {90, 95, 99, 80, 50, 85, 1};
  for (int k = 0; k < 7; k++) {
    assert_ok(cred_conformal_quantile(&q, scores, 99, alphas[k]));
    assert_near(q, ranks[k], 0.0);
  }
}

static void rows_needed(void **state) {
  (void)state;
  double scores[20] = {0}, q = -1.0;
  assert_int_equal(cred_conformal_rows_min(0.05), 19);
  assert_int_equal(cred_conformal_rows_min(0.1), 9);
  assert_int_equal(cred_conformal_rows_min(0.01), 99);
  assert_int_equal(cred_conformal_rows_min(0.5), 1);
  assert_int_equal(cred_conformal_rows_min(0.9), 1);
  assert_int_equal(cred_conformal_rows_min(0.03), 33);
  assert_ok(cred_conformal_quantile(&q, scores, 19, 0.05));
  q = -1.0;
  assert_fails(cred_conformal_quantile(&q, scores, 18, 0.05), CRED_EDATA, "at least 19");
  assert_fails(cred_conformal_quantile(&q, scores, 0, 0.5), CRED_EDATA, "at least 1");
  assert_fails(cred_conformal_quantile(&q, scores, 20, 1.0), CRED_EINVAL, "alpha is 1");
  assert_fails(cred_conformal_quantile(&q, scores, 20, NAN), CRED_EINVAL, "alpha");
  scores[3] = NAN;
  assert_fails(cred_conformal_quantile(&q, scores, 20, 0.1), CRED_EDATA, "row 3");
  scores[3] = 0;
  cred__alloc_fail_after(0);
  assert_fails(cred_conformal_quantile(&q, scores, 20, 0.1), CRED_ENOMEM, "memory");
  cred__alloc_fail_after(-1);
  assert_near(q, -1.0, 0.0);
  assert_int_equal(cred__alloc_live(), 0);
}

static void intervals_by_hand(void **state) {
  (void)state;
  const double mean[] = {1, 2, 3}, sd[] = {0.5, 2, 0}, y[] = {2, 1, 3};
  double scores[3], lower[3], upper[3];
  cred_conformal_score_residual(scores, mean, sd, y, 3);
  assert_near(scores[0], 2.0, 0.0);
  assert_near(scores[1], 0.5, 0.0);
  assert_true(isnan(scores[2]));
  cred_conformal_score_residual(scores, mean, NULL, y, 3);
  assert_near(scores[1], 1.0, 0.0);
  cred_conformal_interval(lower, upper, mean, sd, 2, 2.0);
  assert_near(lower[1], -2.0, 0.0);
  assert_near(upper[1], 6.0, 0.0);
  cred_conformal_interval(lower, upper, mean, NULL, 2, 2.0);
  assert_near(upper[0], 3.0, 0.0);
}

// Over many calibration sets of n rows the mean coverage is exactly k / (n + 1).
static void interval_coverage(void **state) {
  (void)state;
  const cred_key key = cred_key_make(21);
  const int n_sets = 20000, n = 25;
  int covered = 0;
  for (int r = 0; r < n_sets; r++) {
    double y[25], mean[26] = {0}, scores[25], q, lower, upper;
    const cred_key stream = cred_key_derive(&key, CRED_FOR_USER, (uint64_t)r);
    for (int i = 0; i < n; i++) y[i] = cred_key_normal(&stream, (uint64_t)i);
    cred_conformal_score_residual(scores, mean, NULL, y, (size_t)n);
    assert_ok(cred_conformal_quantile(&q, scores, (size_t)n, 0.2));
    cred_conformal_interval(&lower, &upper, mean, NULL, 1, q);
    const double fresh = cred_key_normal(&stream, 1000);
    covered += lower <= fresh && fresh <= upper;
  }
  const double expected = 21.0 / 26.0; // ceil(26 * 0.8) = 21
  assert_near((double)covered / n_sets, expected,
              4.0 * sqrt(expected * (1.0 - expected) / n_sets));
}

static void class_scores_by_hand(void **state) {
  (void)state;
  const double prob[] = {0.5, 0.3, 0.2, 0.2, 0.4, 0.4};
  const int32_t label[] = {2, 2}, first[] = {1, 1}, bad[] = {3, -1};
  double scores[2];
  cred_conformal_score_lac(scores, prob, label, 2, 3);
  assert_near(scores[0], 0.8, 1e-15);
  assert_near(scores[1], 0.6, 1e-15);
  cred_conformal_score_aps(scores, prob, label, 2, 3, NULL, 0);
  assert_near(scores[0], 1.0, 1e-15);
  assert_near(scores[1], 0.8, 1e-15);
  cred_conformal_score_aps(scores, prob, first, 2, 3, NULL, 0); // the first of equals
  assert_near(scores[0], 0.8, 1e-15);
  assert_near(scores[1], 0.4, 1e-15);
  cred_conformal_score_aps(scores, prob, bad, 2, 3, NULL, 0);
  assert_true(isnan(scores[0]) && isnan(scores[1]));
}

static void sets_by_hand(void **state) {
  (void)state;
  const double prob[] = {0.5, 0.3, 0.2, 0.2, 0.4, 0.4, NAN, 0.5, 0.5};
  unsigned char member[9];
  cred_conformal_set_lac(member, prob, 3, 3, 0.7, false);
  const unsigned char lac[] = {1, 1, 0, 0, 1, 1, 1, 1, 1};
  assert_memory_equal(member, lac, 9);
  cred_conformal_set_lac(member, prob, 2, 3, 0.3, false);
  const unsigned char none[] = {0, 0, 0, 0, 0, 0}, top[] = {1, 0, 0, 0, 1, 0};
  assert_memory_equal(member, none, 6);
  cred_conformal_set_lac(member, prob, 2, 3, 0.3, true);
  assert_memory_equal(member, top, 6);
  cred_conformal_set_aps(member, prob, 3, 3, 0.81, false, NULL, 0);
  const unsigned char aps[] = {1, 1, 0, 0, 1, 1, 1, 1, 1};
  assert_memory_equal(member, aps, 9);
}

enum { N_CAL = 60, N_CLASS = 5 };

// Probabilities that are wrong in a known way: labels are drawn from their square roots.
static void make_rows(double *prob, int32_t *label, size_t n, const cred_key *key) {
  for (size_t i = 0; i < n; i++) {
    double *row = prob + i * N_CLASS, sum = 0.0, sum_true = 0.0, below = 0.0;
    for (size_t c = 0; c < N_CLASS; c++)
      sum += row[c] = exp(2.0 * cred_key_normal(key, i * 10 + c));
    for (size_t c = 0; c < N_CLASS; c++) sum_true += sqrt(row[c] /= sum);
    const double u = cred_key_uniform(key, i * 10 + 9) * sum_true;
    label[i] = N_CLASS - 1;
    for (size_t c = N_CLASS; c-- > 0;) {
      below += sqrt(row[c]);
      if (u < below) {
        label[i] = (int32_t)c;
        break;
      }
    }
  }
}

// Coverage of a fresh row over many calibration sets: at least 1 - alpha, at most
// 1 / (n + 1) more where scores do not tie.
static void set_coverage(void **state) {
  (void)state;
  const cred_key key = cred_key_make(33);
  const int n_sets = 4000;
  int covered[3] = {0};
  for (int r = 0; r < n_sets; r++) {
    const cred_key stream = cred_key_derive(&key, CRED_FOR_USER, (uint64_t)r);
    const cred_key fit = cred_key_derive(&stream, 1, 0),
                   use = cred_key_derive(&stream, 2, 0);
    double prob[(N_CAL + 1) * N_CLASS], scores[N_CAL], q;
    const double *fresh = prob + N_CAL * N_CLASS;
    int32_t label[N_CAL + 1];
    unsigned char member[N_CLASS];
    make_rows(prob, label, N_CAL + 1, &stream);
    cred_conformal_score_lac(scores, prob, label, N_CAL, N_CLASS);
    assert_ok(cred_conformal_quantile(&q, scores, N_CAL, 0.1));
    cred_conformal_set_lac(member, fresh, 1, N_CLASS, q, false);
    covered[0] += member[label[N_CAL]];
    for (int random = 0; random < 2; random++) {
      cred_conformal_score_aps(scores, prob, label, N_CAL, N_CLASS, random ? &fit : NULL,
                               0);
      assert_ok(cred_conformal_quantile(&q, scores, N_CAL, 0.1));
      cred_conformal_set_aps(member, fresh, 1, N_CLASS, q, false, random ? &use : NULL,
                             0);
      covered[1 + random] += member[label[N_CAL]];
    }
  }
  const double expected = 55.0 / 61.0, error = sqrt(expected * (1 - expected) / n_sets);
  assert_near(covered[0] / (double)n_sets, expected, 4.0 * error);
  assert_true(covered[1] / (double)n_sets > expected - 4.0 * error); // scores tie at 1
  assert_near(covered[2] / (double)n_sets, expected, 4.0 * error);
}

// The noise of a row is a function of its number, not of the block it came in.
static void random_sets_do_not_depend_on_blocks(void **state) {
  (void)state;
  const cred_key key = cred_key_make(8);
  double prob[40 * N_CLASS];
  int32_t label[40];
  unsigned char whole[40 * N_CLASS], parts[40 * N_CLASS];
  make_rows(prob, label, 40, &key);
  cred_conformal_set_aps(whole, prob, 40, N_CLASS, 0.8, true, &key, 100);
  for (size_t first = 0; first < 40; first += 13) {
    const size_t n = first + 13 < 40 ? 13 : 40 - first;
    cred_conformal_set_aps(parts + first * N_CLASS, prob + first * N_CLASS, n, N_CLASS,
                           0.8, true, &key, 100 + first);
  }
  assert_memory_equal(whole, parts, sizeof whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quantile_takes_the_right_rank),
      cmocka_unit_test(rows_needed),
      cmocka_unit_test(intervals_by_hand),
      cmocka_unit_test(interval_coverage),
      cmocka_unit_test(class_scores_by_hand),
      cmocka_unit_test(sets_by_hand),
      cmocka_unit_test(set_coverage),
      cmocka_unit_test(random_sets_do_not_depend_on_blocks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
