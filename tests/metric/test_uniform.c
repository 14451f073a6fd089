// Tests of uniformity: exact small cases, published percentage points, simulation.

#include "base/alloc.h"
#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/diagnostics.h"

// n values whose Kolmogorov-Smirnov statistic is d: all shifted down by d - 1 / n.
static void values_at_distance(double *x, size_t n, double d) {
  for (size_t i = 0; i < n; i++) x[i] = fmax((double)(i + 1) / (double)n - d, 0.0);
}

static void ks_agrees_with_the_reference(void **state) {
  (void)state;
  static const double table[][3] = {{5, 0.266635993396, 0.789618416723},
                                    {40, 0.0765053053161, 0.959236634425},
                                    {400, 0.0538681015118, 0.189143868686}};
  for (int k = 0; k < 3; k++) {
    double x[400], d, p;
    for (int i = 0; i < (int)table[k][0]; i++)
      x[i] = pow((i + 0.2) / (table[k][0] + 0.5), 1.15);
    assert_ok(cred_uniform_ks(&d, &p, x, (size_t)table[k][0]));
    assert_near(d, table[k][1], 1e-11);
    assert_near(p, table[k][2], k < 2 ? 1e-10 : 2e-7); // theirs is a series for many
  }
}

// P(D < d) = 2 d - 1 for one value in [1/2, 1]; n! (2 d - 1 / n)^n for small d.
static void ks_closed_forms(void **state) {
  (void)state;
  double x[8], d, p;
  for (double at = 0.55; at < 0.95; at += 0.1) {
    assert_ok(cred_uniform_ks(&d, &p, &at, 1));
    assert_near(d, at, 1e-15);
    assert_near(p, 1.0 - (2.0 * at - 1.0), 1e-12);
  }
  values_at_distance(x, 8, 0.1);
  assert_ok(cred_uniform_ks(&d, &p, x, 8));
  assert_near(d, 0.1, 1e-15);
  assert_near(p, 1.0 - 40320.0 * pow(0.2 - 0.125, 8), 1e-12);
}

// Percentage points of Miller (1956) at 5 % and 1 %.
static void ks_percentage_points(void **state) {
  (void)state;
  static const double table[][3] = {{10, 0.40925, 0.05},
                                    {20, 0.29408, 0.05},
                                    {100, 0.13403, 0.05},
                                    {20, 0.35241, 0.01}};
  for (int k = 0; k < 4; k++) {
    double x[100], p;
    values_at_distance(x, (size_t)table[k][0], table[k][1]);
    assert_ok(cred_uniform_ks(NULL, &p, x, (size_t)table[k][0]));
    assert_near(p, table[k][2], 2e-5);
  }
}

// The three formulas meet where one takes over from another.
static void ks_is_continuous(void **state) {
  (void)state;
  static double x[501];
  for (double d = 0.02; d < 0.09; d += 0.01) {
    double exact, limit;
    values_at_distance(x, 500, d);
    assert_ok(cred_uniform_ks(NULL, &exact, x, 500));
    values_at_distance(x, 501, d * sqrt(500.0 / 501.0)); // of the same limit
    assert_ok(cred_uniform_ks(NULL, &limit, x, 501));
    assert_near(exact, limit, 1e-4);
  }
}

// Marsaglia & Marsaglia (2004): points of the limit; Stephens (1974): 5 % at 2.492.
static void ad_percentage_points(void **state) {
  (void)state;
  static double x[20000];
  const cred_key key = cred_key_make(1);
  static const double table[][2] = {{1.933, 0.10}, {2.492, 0.05}, {3.857, 0.01}};
  double a, p, a_before = 0.0, p_before = 1.0;
  size_t found = 0;
  // squeeze a sample until its statistic passes each point
  for (double power = 1.0; power < 1.2 && found < 3; power += 1e-4) {
    for (int i = 0; i < 1000; i++) x[i] = pow((i + 0.5) / 1000.0, power);
    assert_ok(cred_uniform_ad(&a, &p, x, 1000));
    if (a >= table[found][0]) {
      const double part = (table[found][0] - a_before) / (a - a_before);
      assert_near(p_before + part * (p - p_before), table[found][1], 0.002);
      found++;
    }
    a_before = a;
    p_before = p;
  }
  assert_int_equal(found, 3);
  for (size_t i = 0; i < 20000; i++) x[i] = cred_key_uniform(&key, i);
  assert_ok(cred_uniform_ad(&a, &p, x, 20000));
  assert_true(p > 0.001);
}

// p-values of uniform samples are uniform: 2,000 samples of several sizes.
static void p_values_are_uniform(void **state) {
  (void)state;
  const size_t sizes[] = {3, 20};
  const cred_key key = cred_key_make(77);
  static double ks[2000], ad[2000];
  for (int k = 0; k < 2; k++) {
    for (size_t r = 0; r < 2000; r++) {
      double x[20];
      for (size_t i = 0; i < sizes[k]; i++)
        x[i] = cred_key_uniform(&key, ((size_t)k * 2000 + r) * 20 + i);
      assert_ok(cred_uniform_ks(NULL, ks + r, x, sizes[k]));
      assert_ok(cred_uniform_ad(NULL, ad + r, x, sizes[k]));
    }
    double p;
    assert_ok(cred_uniform_ks(NULL, &p, ks, 2000));
    assert_true(p > 0.001);
    assert_ok(cred_uniform_ks(NULL, &p, ad, 2000));
    assert_true(p > 0.001);
  }
}

// They find what is not uniform.
static void power_of_the_tests(void **state) {
  (void)state;
  static double x[1000];
  const cred_key key = cred_key_make(5);
  double p_ks, p_ad;
  for (size_t i = 0; i < 1000; i++) x[i] = pow(cred_key_uniform(&key, i), 1.3);
  assert_ok(cred_uniform_ks(NULL, &p_ks, x, 1000));
  assert_ok(cred_uniform_ad(NULL, &p_ad, x, 1000));
  assert_true(p_ks < 1e-4 && p_ad < 1e-4);
  x[7] = 0.0;
  assert_ok(cred_uniform_ad(NULL, &p_ad, x, 1000));
  assert_near(p_ad, 0.0, 0.0);
}

static void refusals(void **state) {
  (void)state;
  const double bad[] = {0.1, 1.1}, nan[] = {NAN, 0.5};
  double x[50], d = -1.0;
  values_at_distance(x, 50, 0.1);
  assert_fails(cred_uniform_ks(&d, NULL, bad, 2), CRED_EDATA, "value 1 is 1.1");
  assert_fails(cred_uniform_ad(&d, NULL, nan, 2), CRED_EDATA, "value 0 is nan");
  assert_fails(cred_uniform_ks(&d, NULL, x, 0), CRED_EDATA, "no values");
  for (long n = 0; n < 4; n++) {
    double p;
    cred__alloc_fail_after(n);
    assert_fails(cred_uniform_ks(&d, &p, x, 50), CRED_ENOMEM, "memory");
  }
  cred__alloc_fail_after(0);
  assert_fails(cred_uniform_ad(&d, NULL, x, 50), CRED_ENOMEM, "memory");
  cred__alloc_fail_after(-1);
  assert_int_equal(cred__alloc_live(), 0);
  assert_near(d, -1.0, 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(ks_agrees_with_the_reference),
                                     cmocka_unit_test(ks_closed_forms),
                                     cmocka_unit_test(ks_percentage_points),
                                     cmocka_unit_test(ks_is_continuous),
                                     cmocka_unit_test(ad_percentage_points),
                                     cmocka_unit_test(p_values_are_uniform),
                                     cmocka_unit_test(power_of_the_tests),
                                     cmocka_unit_test(refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
