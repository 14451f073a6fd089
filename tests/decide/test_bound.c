// test_bound.c -- binomial bounds against sums and published numbers; the choice of a
// threshold against its promise.

#include "check.h"
#include "credence/base/key.h"
#include "credence/decide/bound.h"

static double brute_cdf(size_t k, size_t n, double p) {
  double term = pow(1 - p, (double)n), sum = 0;
  for (size_t i = 0; i <= k; i++) {
    sum += term;
    term *= (double)(n - i) / (double)(i + 1) * p / (1 - p);
  }
  return sum;
}

static void test_cdf_is_the_sum_of_its_terms(void **state) {
  (void)state;
  static const double p[] = {0.01, 0.05, 0.3, 0.9};
  for (size_t n = 1; n < 60; n += 7)
    for (size_t k = 0; k <= n; k++)
      for (size_t i = 0; i < 4; i++)
        assert_near(cred_binomial_cdf(k, n, p[i]), k == n ? 1 : brute_cdf(k, n, p[i]),
                    1e-12);
  assert_true(isnan(cred_binomial_cdf(1, 2, NAN)));
}

// Rule of three in its exact form, and the one-sided 95 % bounds that Clopper & Pearson's
// charts give: 1 of 10 -> 0.3942, 5 of 100 -> 0.1023.
static void test_upper_bound(void **state) {
  (void)state;
  assert_near(cred_binomial_upper(0, 50, 0.95), 1 - pow(0.05, 1.0 / 50), 1e-12);
  assert_near(cred_binomial_upper(1, 10, 0.95), 0.39416, 1e-5);
  assert_near(cred_binomial_upper(5, 100, 0.95), 0.10225, 1e-4);
  assert_true(cred_binomial_upper(7, 7, 0.95) == 1);
  for (size_t k = 0; k < 20; k++)
    assert_near(brute_cdf(k, 40, cred_binomial_upper(k, 40, 0.9)), 0.1, 1e-10);
}

static void test_fewest_rows(void **state) {
  (void)state;
  assert_int_equal(cred_bound_rows_min(0.05, 0.95), 59);
  assert_int_equal(cred_bound_rows_min(0.01, 0.95), 299);
  for (double bound = 0.005; bound < 0.6; bound *= 1.7) {
    const size_t n = cred_bound_rows_min(bound, 0.9);
    assert_true(cred_binomial_upper(0, n, 0.9) <= bound + 1e-12);
    assert_true(n == 1 || cred_binomial_upper(0, n - 1, 0.9) > bound);
  }
}

// --- choosing ---

enum { N_GRID = 41 };

static void make_grid(double *grid) {
  for (size_t i = 0; i < N_GRID; i++) grid[i] = (double)(i + 1) / N_GRID;
}

// A population: doubt is uniform, the risk at doubt u is risk(u).
typedef double (*risk_fn)(double u);
static double rising(double u) {
  return 0.4 * u * u;
}
static double always(double u) {
  (void)u;
  return 0.052;
}
static double step(double u) {
  return u < 0.5 ? 0.001 : 0.3;
}

typedef struct {
  double doubt[800], expected[800];
  unsigned char wrong[800];
} sample;

static void draw(sample *s, size_t n, risk_fn risk, double belief, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) {
    s->doubt[i] = cred_key_uniform(&key, 2 * i);
    s->wrong[i] = cred_key_uniform(&key, 2 * i + 1) < risk(s->doubt[i]);
    s->expected[i] = belief * risk(s->doubt[i]);
  }
}

// Mean risk of the cases with doubt <= t.
static double true_risk(risk_fn risk, double t) {
  double sum = 0;
  for (int i = 0; i < 2000; i++) sum += risk(t * (i + 0.5) / 2000) / 2000;
  return sum;
}

// How often the true risk at the chosen threshold is above the bound, of `n_runs`.
static double broken(risk_fn risk, double belief, size_t n, size_t n_runs, double *kept) {
  double grid[N_GRID];
  size_t n_broken = 0;
  static sample s;
  make_grid(grid);
  *kept = 0;
  for (size_t run = 0; run < n_runs; run++) {
    cred_bound_info info;
    draw(&s, n, risk, belief, run + 1);
    const cred_promise promise = {.n = n,
                                  .doubt = s.doubt,
                                  .wrong = s.wrong,
                                  .expected_wrong = s.expected,
                                  .bound = 0.05};
    assert_ok(cred_bound_choose(&info, &promise, 1, grid, N_GRID, 0.9));
    if (!info.proved) continue;
    *kept += info.threshold / (double)n_runs;
    n_broken += true_risk(risk, info.threshold) > 0.05;
  }
  return (double)n_broken / (double)n_runs;
}

// At most 10 % of the choices break the bound, within 3 standard errors of 500 runs;
// whatever the model believes of itself.
static void test_promise_holds(void **state) {
  (void)state;
  const double most = 0.1 + 3 * sqrt(0.1 * 0.9 / 500);
  static const double beliefs[] = {0, 1, 3};
  double kept;
  for (size_t i = 0; i < 3; i++) {
    assert_true(broken(rising, beliefs[i], 400, 500, &kept) <= most);
    assert_true(broken(step, beliefs[i], 400, 500, &kept) <= most);
    assert_true(broken(always, beliefs[i], 400, 500, &kept) <= most);
    assert_true(broken(always, beliefs[i], 800, 500, &kept) <= most);
  }
  // and it is of use: doubts up to 0.61 may be kept at most, 0.45 is
  assert_true(broken(rising, 1, 800, 500, &kept) <= most);
  assert_true(kept > 0.45 && kept < 0.62);
}

// Testing every threshold at the full level, and taking the largest that passes, breaks
// the bound more often: what the fixed sequence is for.
static void test_naive_search_would_not_hold(void **state) {
  (void)state;
  double grid[N_GRID];
  static sample s;
  size_t n_broken = 0;
  make_grid(grid);
  for (size_t run = 0; run < 1000; run++) {
    draw(&s, 400, always, 1, run + 1);
    for (size_t g = N_GRID; g-- > 0;) {
      size_t n = 0, k = 0;
      for (size_t i = 0; i < 400; i++)
        if (s.doubt[i] <= grid[g]) n++, k += s.wrong[i];
      if (n == 0 || brute_cdf(k, n, 0.05) > 0.1 || k == n) continue;
      n_broken++;
      break;
    }
  }
  assert_true((double)n_broken / 1000 > 0.1 + 3 * sqrt(0.1 * 0.9 / 1000));
}

static void test_a_case_by_hand(void **state) {
  (void)state;
  // 70 sure cases, all right; 30 doubtful, 10 of them wrong
  double doubt[100], expected[100];
  unsigned char wrong[100] = {0};
  for (size_t i = 0; i < 100; i++) {
    doubt[i] = i < 70 ? 0.1 : 0.5;
    expected[i] = doubt[i] / 5;
    wrong[i] = i >= 90;
  }
  const double grid[] = {0.05, 0.1, 0.2, 0.5, 1};
  cred_promise p = {.n = 100,
                    .doubt = doubt,
                    .wrong = wrong,
                    .expected_wrong = expected,
                    .bound = 0.05};
  cred_bound_info info;
  assert_ok(cred_bound_choose(&info, &p, 1, grid, 5, 0.95));
  assert_true(info.proved);
  assert_near(info.threshold, 0.2, 0);
  assert_int_equal(info.n_kept, 70);
  assert_int_equal(info.n_wrong, 0);
  assert_near(info.upper, 1 - pow(0.05, 1.0 / 70), 1e-12);

  // a second promise on the odd cases alone: 35 of them prove nothing
  unsigned char odd[100];
  for (size_t i = 0; i < 100; i++) odd[i] = i % 2;
  cred_promise both[2] = {p, p};
  both[1].counts = odd;
  assert_ok(cred_bound_choose(&info, both, 2, grid, 5, 0.95));
  assert_false(info.proved);
  assert_true(isnan(info.threshold));
  assert_int_equal(info.promise, 1);
  assert_int_equal(info.n_rows, 50);
  // 59 kept ones are needed, 35 of 100 rows are such
  assert_int_equal(info.n_needed, 169);
}

static void test_what_cannot_be_proved(void **state) {
  (void)state;
  double doubt[200];
  unsigned char wrong[200];
  for (size_t i = 0; i < 200; i++) doubt[i] = 0.5, wrong[i] = i % 10 == 0;
  const double grid[] = {0.5, 1};
  cred_promise p = {.n = 200, .doubt = doubt, .wrong = wrong, .bound = 0.05};
  cred_bound_info info;
  assert_ok(cred_bound_choose(&info, &p, 1, grid, 2, 0.95));
  assert_false(info.proved);
  assert_int_equal(info.n_needed, 0); // 10 % are wrong: no number of rows would do
  p.bound = 0.11;
  assert_ok(cred_bound_choose(&info, &p, 1, grid, 2, 0.95));
  assert_false(info.proved);
  const size_t n = info.n_needed; // at 10 %
  assert_true(brute_cdf(n / 10, n, 0.11) <= 0.05);
  assert_true(n > 1000 && n < 4000);
}

static void test_bad_arguments(void **state) {
  (void)state;
  double doubt[] = {0.1, 0.2};
  const unsigned char wrong[] = {0, 1};
  const double grid[] = {0.1, 0.2}, falling[] = {0.2, 0.1};
  cred_promise p = {.n = 2, .doubt = doubt, .wrong = wrong, .bound = 0.05};
  cred_bound_info info;
  assert_fails(cred_bound_choose(&info, &p, 1, grid, 2, 1), CRED_EINVAL,
               "confidence is 1");
  assert_fails(cred_bound_choose(&info, &p, 1, falling, 2, 0.9), CRED_EINVAL,
               "growing grid");
  assert_fails(cred_bound_choose(&info, &p, 0, grid, 2, 0.9), CRED_EINVAL, "0 bounds");
  p.bound = NAN;
  assert_fails(cred_bound_choose(&info, &p, 1, grid, 2, 0.9), CRED_EINVAL, "bound is");
  p.bound = 0.05;
  doubt[1] = NAN;
  assert_fails(cred_bound_choose(&info, &p, 1, grid, 2, 0.9), CRED_EDATA, "case 1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cdf_is_the_sum_of_its_terms),
      cmocka_unit_test(test_upper_bound),
      cmocka_unit_test(test_fewest_rows),
      cmocka_unit_test(test_promise_holds),
      cmocka_unit_test(test_naive_search_would_not_hold),
      cmocka_unit_test(test_a_case_by_hand),
      cmocka_unit_test(test_what_cannot_be_proved),
      cmocka_unit_test(test_bad_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
