// Special functions against numbers of special_golden.py, closed forms and each other.

#include "check.h"
#include "kernel/special.h"

// Relative: the smallest tails must be right too.
#define assert_close(a, b, tolerance)                                                    \
  do {                                                                                   \
    const double e_ = (b);                                                               \
    assert_near((a), e_, (tolerance) * (fabs(e_) + 1e-320));                             \
  } while (0)

static void digamma_values(void **state) {
  (void)state;
  static const double table[][2] = {
      {1e-5, -100000.57719921568}, {0.1, -10.423754940411077},
      {1, -0.57721566490153286},   {1.5, 0.036489973978576521},
      {7.25, 1.910453526883736},   {123.5, 4.8121871094331431},
      {1e6, 13.815510057964191},   {-0.5, 0.036489973978576521},
      {-3.7, -0.84507685887041672}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    assert_near(cred__digamma(table[i][0]), table[i][1],
                3e-15 * fmax(1.0, fabs(table[i][1])));
  assert_true(isnan(cred__digamma(0.0)) && isnan(cred__digamma(-2.0)));
  assert_true(isnan(cred__digamma(NAN)));
  // psi(x + 1) = psi(x) + 1 / x on both sides of the switch to the series
  for (double x = 10.5; x < 13.5; x += 0.25)
    assert_near(cred__digamma(x + 1.0) - cred__digamma(x), 1.0 / x, 2e-15);
}

static void log_gamma_forms(void **state) {
  (void)state;
  static const double beta[][3] = {
      {0.5, 0.5, 1.1447298858494002},  {2.5, 3.5, -3.3018352699620526},
      {0.5, 50, -1.3811466014510411},  {12.25, 30, -25.593684181370993},
      {0.5, 1e7, -7.4866828700544598}, {1e5, 3e6, -441773.01004594088},
      {1e-3, 1e3, 6.900271629687955}};
  for (size_t i = 0; i < sizeof beta / sizeof *beta; i++) {
    assert_close(cred__log_beta(beta[i][0], beta[i][1]), beta[i][2], 2e-15);
    assert_close(cred__log_beta(beta[i][1], beta[i][0]), beta[i][2], 2e-15);
  }
  static const double half[][2] = {{0.05, -2.4888483449406048}, {1, -0.12078223763524522},
                                   {19.9, 1.4890791192360979},  {20, 1.4916167873313041},
                                   {35, 1.7741027236207095},    {1e4, 4.6051576859880966},
                                   {1e9, 10.361632918348206}};
  for (size_t i = 0; i < sizeof half / sizeof *half; i++)
    assert_near(cred__log_gamma_half_step(half[i][0]), half[i][1], 2e-14);
  assert_near(cred__log_gamma(5.0), log(24.0), 1e-15);
  assert_near(cred__log_gamma(0.5), 0.57236494292470008707, 1e-15);
  assert_true(isnan(cred__log_beta(-1, 2)) && isnan(cred__log_gamma_half_step(0)));
}

static void log_sum_exp_edges(void **state) {
  (void)state;
  const double big[] = {1000.0, 1000.0, -INFINITY}, nothing[] = {-INFINITY, -INFINITY};
  const double nan[] = {0.0, NAN, INFINITY}, infinite[] = {0.0, INFINITY};
  assert_near(cred__log_sum_exp(big, 3), 1000.0 + log(2.0), 1e-12);
  assert_true(cred__log_sum_exp(nothing, 2) == -INFINITY);
  assert_true(cred__log_sum_exp(nothing, 0) == -INFINITY);
  assert_true(cred__log_sum_exp(infinite, 2) == INFINITY);
  assert_true(isnan(cred__log_sum_exp(nan, 3)));
  assert_near(cred__log_add_exp(-1000.0, -1001.0), -1000.0 + log1p(exp(-1.0)), 1e-12);
  assert_true(cred__log_add_exp(-INFINITY, -INFINITY) == -INFINITY);
  assert_true(cred__log_add_exp(-INFINITY, 3.0) == 3.0);
  assert_true(isnan(cred__log_add_exp(NAN, INFINITY)));
}

static void incomplete_gamma(void **state) {
  (void)state;
  static const double table[][4] = {
      {0.5, 0.1, 0.34527915398142297, 0.65472084601857703},
      {0.5, 30, 0.99999999999999051, 9.4857375710738484e-15},
      {3, 2, 0.32332358381693654, 0.67667641618306346},
      {10, 30, 0.99999287824913718, 7.1217508628155771e-6},
      {30, 10, 2.5099512015279078e-7, 0.99999974900487985},
      {100, 90, 0.15822098918643017, 0.84177901081356983},
      {1000, 1100, 0.99894067674607002, 0.0010593232539299773},
      {1e5, 100500, 0.94289673002397129, 0.057103269976028711}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    assert_close(cred__gamma_p(table[i][0], table[i][1]), table[i][2], 1e-12);
    assert_close(cred__gamma_q(table[i][0], table[i][1]), table[i][3], 1e-12);
  }
  assert_true(cred__gamma_p(2, 0) == 0 && cred__gamma_q(2, INFINITY) == 0);
  assert_true(isnan(cred__gamma_p(0, 1)) && isnan(cred__gamma_q(1, NAN)));
}

static void poisson_sums(void **state) {
  (void)state;
  const double rates[] = {0.3, 4.0, 25.0, 120.0};
  for (size_t r = 0; r < 4; r++) {
    double sum = 0.0;
    for (int k = 0; k < 160; k++) {
      sum += exp(k * log(rates[r]) - rates[r] - lgamma(k + 1.0));
      assert_near(cred__poisson_cdf(k, rates[r]), sum, 1e-12);
      assert_near(cred__poisson_cdf(k + 0.7, rates[r]), sum, 1e-12);
    }
  }
  assert_true(cred__poisson_cdf(-1, 3) == 0 && cred__poisson_cdf(0, 0) == 1);
  assert_true(cred__poisson_cdf(INFINITY, 3) == 1 && isnan(cred__poisson_cdf(1, -1)));
}

static void incomplete_beta(void **state) {
  (void)state;
  static const double table[][4] = {{0.25, 2, 3, 0.26171875},
                                    {0.9, 0.5, 0.5, 0.79516723530086655},
                                    {0.01, 10, 2, 1.09e-19},
                                    {0.5, 200, 210, 0.68948521342741615},
                                    {0.999, 50, 1.5, 0.99177156041959795},
                                    {1e-10, 0.5, 7, 2.9326171869134766e-5}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    assert_close(cred__beta_regularised(table[i][0], table[i][1], table[i][2]),
                 table[i][3], 5e-13);
  assert_true(cred__beta_regularised(0, 2, 3) == 0 &&
              cred__beta_regularised(1, 2, 3) == 1);
  assert_true(isnan(cred__beta_regularised(1.5, 2, 3)));
  assert_true(isnan(cred__beta_regularised(NAN, 2, 3)));
}

static void normal_tails(void **state) {
  (void)state;
  static const double log_cdf[][2] = {
      {-40, -804.60844201375379}, {-31, -484.85396362717929},
      {-29, -424.78741990973016}, {-1, -1.8410216450092635},
      {2, -0.023012909328963488}, {8, -6.2209605742717861e-16},
      {-100, -5005.5242086942051}};
  for (size_t i = 0; i < sizeof log_cdf / sizeof *log_cdf; i++)
    assert_close(cred__normal_log_cdf(log_cdf[i][0]), log_cdf[i][1], 1e-14);
  static const double quantile[][2] = {
      {1e-300, -37.047096299361199},    {1e-20, -9.2623400897984076},
      {1e-8, -5.6120012441747887},      {0.001, -3.0902323061678135},
      {0.025, -1.9599639845400542},     {0.07, -1.4757910281791707},
      {0.08, -1.4050715603096325},      {0.3, -0.52440051270804082},
      {0.49999, -2.5066282748960009e-5}};
  for (size_t i = 0; i < sizeof quantile / sizeof *quantile; i++) {
    assert_close(cred__normal_quantile(quantile[i][0]), quantile[i][1], 1e-15);
    assert_close(cred__normal_cdf(quantile[i][1]), quantile[i][0], 1e-12);
  }
  for (double p = 0.001; p < 1.0; p += 0.001)
    assert_near(cred__normal_cdf(cred__normal_quantile(p)), p, 1e-15);
  assert_true(cred__normal_quantile(0) == -INFINITY &&
              cred__normal_quantile(1) == INFINITY);
  assert_true(isnan(cred__normal_quantile(-0.1)) && isnan(cred__normal_quantile(NAN)));
  assert_true(isnan(cred__normal_cdf(NAN)) && isnan(cred__normal_log_cdf(NAN)));
}

static void student_t_tails(void **state) {
  (void)state;
  static const double table[][3] = {
      {-1, 3, 0.19550110947788532},          {-2.5, 2.5, 0.052284981539077694},
      {-10, 4, 0.00028100181135799558},      {-40, 5, 9.2059810858864772e-8},
      {-1e6, 3, 1.1026577908396145e-18},     {-3, 0.5, 0.18365407799297172},
      {-0.001, 10, 0.49961089168737049},     {-2, 1000, 0.02288517324662582},
      {-30, 200, 2.8620806044139259e-76},    {-5, 20000, 2.8907570738290256e-7},
      {-30, 20000, 9.3315951439833617e-194}, {-5, 1e7, 2.8665640375042695e-7}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    assert_close(cred__student_t_cdf(table[i][0], table[i][1]), table[i][2], 2e-11);
    assert_near(cred__student_t_cdf(-table[i][0], table[i][1]), 1.0 - table[i][2], 1e-14);
  }
  // published percentage points, and closed forms for one and two degrees of freedom
  assert_near(cred__student_t_quantile(0.975, 10), 2.2281388519862744, 1e-13);
  assert_near(cred__student_t_quantile(0.995, 4), 4.6040948713499920, 1e-12);
  assert_near(cred__student_t_quantile(0.95, 30), 1.6972608865939574, 1e-13);
  for (double p = 0.01; p < 1.0; p += 0.01) {
    const double cauchy = tan(3.14159265358979323846 * (p - 0.5));
    const double two = (2.0 * p - 1.0) / sqrt(2.0 * p * (1.0 - p));
    assert_near(cred__student_t_quantile(p, 1), cauchy, 1e-13 * (1.0 + fabs(cauchy)));
    assert_near(cred__student_t_quantile(p, 2), two, 1e-13 * (1.0 + fabs(two)));
    assert_near(cred__student_t_cdf(cauchy, 1), p, 1e-14);
  }
  assert_true(cred__student_t_cdf(1.7, INFINITY) == cred__normal_cdf(1.7));
  assert_true(cred__student_t_cdf(-INFINITY, 3) == 0 && isnan(cred__student_t_cdf(0, 0)));
}

static void student_t_round_trip(void **state) {
  (void)state;
  const double dfs[] = {0.3, 1.0, 2.0, 2.1, 5.0, 30.0, 900.0, 9999.0, 10001.0, 1e8};
  const double ps[] = {1e-30, 1e-12, 1e-4, 0.01, 0.05, 0.19, 0.21, 0.3, 0.45, 0.499999};
  for (size_t d = 0; d < 10; d++)
    for (size_t i = 0; i < 10; i++) {
      const double t = cred__student_t_quantile(ps[i], dfs[d]);
      assert_close(cred__student_t_cdf(t, dfs[d]), ps[i], 1e-11);
      assert_near(cred__student_t_quantile(1.0 - ps[i], dfs[d]) + t, 0.0,
                  ps[i] < 1e-3 ? INFINITY : 1e-9 * fabs(t));
    }
  assert_true(cred__student_t_quantile(0.5, 3) == 0.0);
  assert_true(isnan(cred__student_t_quantile(2, 3)) &&
              isnan(cred__student_t_quantile(0.1, -1)));
}

static void student_t_density(void **state) {
  (void)state;
  const double dfs[] = {0.7, 1.0, 4.0, 39.9, 40.1, 9000.0, 11000.0, 1e9};
  for (size_t d = 0; d < 8; d++)
    for (double t = -6.0; t <= 6.0; t += 0.37) {
      // the density is the slope of the distribution function
      const double h = 1e-4, slope = (cred__student_t_cdf(t + h, dfs[d]) -
                                      cred__student_t_cdf(t - h, dfs[d])) /
                                     (2.0 * h);
      assert_near(exp(cred__student_t_log_pdf(t, dfs[d])), slope, 2e-9);
    }
  assert_near(cred__student_t_log_pdf(1.0, 1), -log(2.0 * 3.14159265358979323846), 1e-15);
  assert_near(cred__student_t_log_pdf(3.0, 1e12), cred__normal_log_pdf(3.0), 1e-10);
  assert_near(cred__student_t_log_pdf(1e200, 3),
              -4.0 * log(1e200) + log(6.0 * sqrt(3.0) / 3.14159265358979323846), 1e-9);
  assert_true(isnan(cred__student_t_log_pdf(0, 0)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(digamma_values),       cmocka_unit_test(log_gamma_forms),
      cmocka_unit_test(log_sum_exp_edges),    cmocka_unit_test(incomplete_gamma),
      cmocka_unit_test(poisson_sums),         cmocka_unit_test(incomplete_beta),
      cmocka_unit_test(normal_tails),         cmocka_unit_test(student_t_tails),
      cmocka_unit_test(student_t_round_trip), cmocka_unit_test(student_t_density)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
