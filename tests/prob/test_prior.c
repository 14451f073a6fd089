// test_prior.c -- the float forms of the priors against formulas in double, over many
// weights.

#include "check.h"
#include "credence/prob/prior.h"

enum { N = 100003 };
static cred_real w[N], dw[N], sd[N], dsd[N];

static void fill(double scale) {
  const cred_key key = cred_key_make(43);
  for (size_t i = 0; i < N; i++) w[i] = (cred_real)(scale * cred_key_normal(&key, i));
  for (size_t i = 0; i < N; i++)
    sd[i] = (cred_real)(0.02 * exp(0.5 * cred_key_normal(&key, N + i)));
}

static double mixture_at(double *slope, const cred_prior *p, double x) {
  const double a = log(p->weight / p->sd) - 0.5 * x * x / (p->sd * p->sd);
  const double b = log((1 - p->weight) / p->sd2) - 0.5 * x * x / (p->sd2 * p->sd2);
  const double r = 1 / (1 + exp(b - a));
  *slope = -x * (r / (p->sd * p->sd) + (1 - r) / (p->sd2 * p->sd2));
  return fmax(a, b) + log1p(exp(-fabs(a - b))) - 0.5 * log(2 * M_PI);
}

static void test_float_mixture(void **state) {
  (void)state;
  const char *const texts[] = {"mixture", "blundell"};
  const double scales[] = {1e-3, 0.1, 1, 30};
  for (size_t i = 0; i < 8; i++) {
    cred_prior p;
    assert_ok(cred_prior_parse(&p, texts[i % 2]));
    fill(scales[i / 2]);
    memset(dw, 0, sizeof dw);
    const double both = cred_prior_log_prob_grad(dw, &p, w, 1, N);
    double sum = 0, size = 0, slope;
    for (size_t j = 0; j < N; j++) {
      const double at = mixture_at(&slope, &p, (double)w[j]);
      sum += at, size += fabs(at);
      const double steepest = fabs((double)w[j]) / (p.sd2 * p.sd2); // of a narrow weight
      assert_near((double)dw[j], slope, 2e-5 * fabs(slope) + 1e-7 * steepest + 1e-6);
    }
    assert_near(both, sum, 1e-6 * size);
    assert_near(cred_prior_log_prob(&p, w, N), sum, 1e-6 * size);
  }
}

// A sum in float would keep 2 or 3 digits of these.
static void test_float_sums(void **state) {
  (void)state;
  cred_prior p;
  fill(0.1);
  assert_ok(cred_prior_parse(&p, "normal 0.1"));
  double sum = 0, kl = 0;
  for (size_t i = 0; i < N; i++) {
    const double x = (double)w[i] / 0.1, s = (double)sd[i];
    sum += -0.5 * x * x - log(0.1) - 0.5 * log(2 * M_PI);
    kl += log(0.1 / s) + 0.5 * (s * s / 0.01 + x * x - 1);
  }
  assert_near(cred_prior_log_prob(&p, w, N), sum, 1e-7 * fabs(sum));
  assert_near(cred_prior_kl(&p, w, sd, N), kl, 1e-9 * kl);
  memset(dw, 0, sizeof dw);
  memset(dsd, 0, sizeof dsd);
  cred_prior_kl_grad(dw, dsd, &p, w, sd, 1, N);
  for (size_t i = 0; i < N; i++) {
    const double s = (double)sd[i];
    assert_near((double)dw[i], (double)w[i] / 0.01, 1e-6 * (1 + fabs((double)dw[i])));
    assert_near((double)dsd[i], s / 0.01 - 1 / s, 1e-6 * (s / 0.01 + 1 / s));
  }
}

static void test_smallest_scales(void **state) {
  (void)state;
  cred_prior p;
  assert_ok(cred_prior_parse(&p, "normal 1"));
  cred_real zero[8] = {0}, tiny[8];
  for (size_t i = 0; i < 8; i++) tiny[i] = 1e-38f;
  // the product of eight such standard deviations is far below the range of a double
  assert_near(cred_prior_kl(&p, zero, tiny, 8), 8 * (-log(1e-38) - 0.5), 1e-4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_float_mixture),
      cmocka_unit_test(test_float_sums),
      cmocka_unit_test(test_smallest_scales),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
