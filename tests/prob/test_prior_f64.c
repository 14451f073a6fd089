// test_prior_f64.c -- priors in double: gradients by finite differences, densities and KL
// by numerical integration, published numbers, draws against the density.

#include "check.h"
#include "credence/prob/prior.h"
#include "prob/differences.h"

static const char *const texts[] = {
    "flat",        "normal 0.7",      "mixture 1 0.1 0.25", "blundell",
    "laplace 0.7", "student-t 0.7 3", "student-t 2 0.8",    "mixture 2 0.5 0.9"};
enum { N_TEXTS = sizeof texts / sizeof *texts };

// A kind that is added to the enum without a row here does not compile.
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wswitch"
static const char *row_of(cred_prior_kind kind) {
  switch (kind) {
  case CRED_PRIOR_FLAT:
    return "flat";
  case CRED_PRIOR_NORMAL:
    return "normal 0.7";
  case CRED_PRIOR_MIXTURE:
    return "blundell";
  case CRED_PRIOR_LAPLACE:
    return "laplace 0.7";
  case CRED_PRIOR_STUDENT_T:
    return "student-t 0.7 3";
  }
  return NULL;
}
#pragma GCC diagnostic pop

static cred_prior prior_of(const char *text) {
  cred_prior prior;
  assert_ok(cred_prior_parse(&prior, text));
  return prior;
}

static const cred_real w0[] = {-2.5, -0.3, 0.0, 0.07, 1.2};
enum { N = 5 };

static void test_every_kind_has_a_row(void **state) {
  (void)state;
  for (int kind = 0; kind <= CRED_PRIOR_STUDENT_T; kind++) {
    bool found = false;
    for (size_t i = 0; i < N_TEXTS; i++)
      found |= strcmp(texts[i], row_of((cred_prior_kind)kind)) == 0;
    assert_true(found);
  }
}

// tests/golden/prob_golden.py
static void test_golden(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double log_prob;
  } rows[] = {
      {"normal 0.7", -10.755093456533784},     {"mixture 1 0.1 0.5", -7.265057278336579},
      {"blundell", -5.950402883685358},        {"laplace 0.7", -8.172134944361197},
      {"student-t 0.7 3", -8.029457236828431}, {"flat", 0.0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const cred_prior prior = prior_of(rows[i].text);
    assert_near(cred_prior_log_prob(&prior, w0, N), rows[i].log_prob, 1e-12);
  }
  const cred_real m = 0.4, s = 0.3;
  const cred_prior normal = prior_of("normal 0.7"), laplace = prior_of("laplace 0.7");
  assert_near(cred_prior_kl(&normal, &m, &s, 1), 0.6023999012035303, 1e-12);
  assert_near(cred_prior_kl(&laplace, &m, &s, 1), 0.6344455931071822, 1e-12);
}

typedef struct {
  cred_prior prior;
  cred_real w[N], sd[N];
  cred_real log_sd;
  bool kl;
} density_case;

static double density_of(void *context) {
  density_case *c = context;
  cred_prior prior = c->prior;
  prior.sd = exp(c->log_sd);
  return c->kl ? cred_prior_kl(&prior, c->w, c->sd, N)
               : cred_prior_log_prob(&prior, c->w, N);
}

static density_case case_of(const char *text) {
  density_case c = {.prior = prior_of(text), .sd = {0.3, 0.01, 0.5, 1.3, 0.05}};
  memcpy(c.w, w0, sizeof w0);
  c.w[2] = -0.01; // |w| has no derivative at 0
  c.log_sd = log(c.prior.sd);
  return c;
}

static void test_gradients(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TEXTS; i++) {
    density_case c = case_of(texts[i]);
    cred_real dw[N] = {1, 1, 1, 1, 1}, both[N] = {0};
    cred_prior_grad(dw, &c.prior, c.w, 0.5, N);
    const double log_prob = cred_prior_log_prob_grad(both, &c.prior, c.w, 0.5, N);
    assert_near(log_prob, density_of(&c), 1e-11 * (1 + fabs(log_prob)));
    for (size_t j = 0; j < N; j++) {
      const double d = difference(density_of, &c, &c.w[j]);
      assert_near(dw[j], 1 + 0.5 * d, 1e-6 * (1 + fabs(d)));
      assert_near(both[j], 0.5 * d, 1e-6 * (1 + fabs(d)));
    }
    if (c.prior.kind == CRED_PRIOR_MIXTURE || c.prior.kind == CRED_PRIOR_FLAT) continue;
    const double dlog = cred_prior_grad_log_sd(&c.prior, c.w, N);
    assert_near(dlog, difference(density_of, &c, &c.log_sd), 1e-7 * (1 + fabs(dlog)));
  }
}

static void test_kl_gradients(void **state) {
  (void)state;
  size_t n_closed = 0;
  for (size_t i = 0; i < N_TEXTS; i++) {
    density_case c = case_of(texts[i]);
    c.kl = true;
    if (!cred_prior_has_kl(&c.prior)) {
      assert_true(isnan(cred_prior_kl(&c.prior, c.w, c.sd, N)));
      continue;
    }
    n_closed++;
    cred_real dm[N] = {0}, ds[N] = {2, 2, 2, 2, 2};
    cred_prior_kl_grad(dm, ds, &c.prior, c.w, c.sd, 3.0, N);
    for (size_t j = 0; j < N; j++) {
      assert_near(dm[j], 3 * difference(density_of, &c, &c.w[j]), 1e-6);
      const double d = difference(density_of, &c, &c.sd[j]);
      assert_near(ds[j], 2 + 3 * d, 1e-5 * (1 + fabs(d)));
    }
    assert_near(cred_prior_kl_grad_log_sd(&c.prior, c.w, c.sd, N),
                difference(density_of, &c, &c.log_sd), 1e-6);
  }
  assert_int_equal(n_closed, 2);
}

// w = 0.01 sinh(u): fine at 0, far in the tails. The integral of p over |w| < limit.
static double mass_within(const cred_prior *prior, double limit) {
  const double end = asinh(limit / 0.01), step = end / 8000;
  double sum = 0;
  for (int i = 0; i <= 8000; i++) {
    const double u = i * step, share = i == 0 || i == 8000 ? 0.5 : 1.0;
    const cred_real w = 0.01 * sinh(u);
    sum += share * exp(cred_prior_log_prob(prior, &w, 1)) * 0.01 * cosh(u);
  }
  return 2 * sum * step;
}

static void test_densities_integrate_to_one(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TEXTS; i++) {
    const cred_prior prior = prior_of(texts[i]);
    // a Student-t of dof 0.8 has 1e-9 of its mass beyond 1e11
    if (prior.kind != CRED_PRIOR_FLAT) assert_near(mass_within(&prior, 1e12), 1, 2e-6);
  }
}

static void test_draws_follow_the_density(void **state) {
  (void)state;
  enum { DRAWS = 40000 };
  static cred_real w[DRAWS];
  const cred_key key = cred_key_make(11);
  for (size_t i = 0; i < N_TEXTS; i++) {
    const cred_prior prior = prior_of(texts[i]);
    cred_prior_sample(w, &prior, &key, DRAWS);
    if (prior.kind == CRED_PRIOR_FLAT) continue;
    for (double limit = 0.002; limit < 10; limit *= 3) {
      const double p = mass_within(&prior, limit), se = sqrt(p * (1 - p) / DRAWS);
      size_t within = 0, below = 0;
      for (size_t j = 0; j < DRAWS; j++) within += fabs(w[j]) < limit, below += w[j] < 0;
      assert_near((double)within / DRAWS, p, 4 * se + 1e-9);
      assert_near((double)below / DRAWS, 0.5, 4 * sqrt(0.25 / DRAWS));
    }
  }
}

static double kl_by_integration(const cred_prior *prior, double m, double s) {
  enum { STEPS = 40000 };
  const double step = 20.0 * s / STEPS;
  double sum = 0;
  for (int i = 0; i <= STEPS; i++) {
    const cred_real x = m - 10 * s + i * step;
    const double z = (x - m) / s, log_q = -0.5 * z * z - log(s) - 0.5 * log(2 * M_PI);
    sum += exp(log_q) * (log_q - cred_prior_log_prob(prior, &x, 1));
  }
  return sum * step;
}

// Also the traps: a sum over weights and no mean, not reversed, sd and no variance, with
// the log q term and without a constant.
static void test_kl_is_that_of_the_definition(void **state) {
  (void)state;
  static const char *const closed[] = {"normal 0.7", "laplace 0.7", "normal 2",
                                       "laplace 3"};
  for (size_t i = 0; i < 4; i++) {
    const cred_prior prior = prior_of(closed[i]);
    double sum = 0;
    const cred_real mean[9] = {-2, -0.3, 0, 0.1, 0.4, 1, 1.5, 3, 5};
    const cred_real sd[9] = {0.1, 0.2, 0.7, 0.01, 2, 1, 0.3, 0.05, 1};
    for (size_t j = 0; j < 9; j++) {
      const double kl = kl_by_integration(&prior, mean[j], sd[j]);
      assert_near(cred_prior_kl(&prior, &mean[j], &sd[j], 1), kl, 1e-6 * (1 + kl));
      sum += kl;
    }
    assert_near(cred_prior_kl(&prior, mean, sd, 9), sum, 1e-6 * (1 + sum));
  }
  const cred_prior normal = prior_of("normal 0.7");
  const cred_real zero = 0, sd = 0.7;
  assert_near(cred_prior_kl(&normal, &zero, &sd, 1), 0, 1e-15);
}

static void test_kl_of_a_point_is_infinite(void **state) {
  (void)state;
  const cred_real zero = 0, one = 1;
  for (size_t i = 0; i < N_TEXTS; i++) {
    const cred_prior prior = prior_of(texts[i]);
    if (!cred_prior_has_kl(&prior)) continue;
    assert_true(cred_prior_kl(&prior, &zero, &zero, 1) == INFINITY);
    assert_true(cred_prior_kl(&prior, &one, &zero, 1) == INFINITY);
  }
}

// Through exp and log the gradient vanishes for |w| above a few s1.
static void test_mixture_pulls_large_weights_back(void **state) {
  (void)state;
  const cred_prior prior = prior_of("blundell");
  for (cred_real w = -1e4; w <= 1e4; w += 1e3) {
    if (fabs(w) < 30) continue;
    cred_real dw = 0;
    cred_prior_grad(&dw, &prior, &w, 1, 1);
    assert_near(dw, -w, 1e-6 * fabs(w));
    assert_near(cred_prior_log_prob(&prior, &w, 1),
                log(0.5) - 0.5 * w * w - 0.5 * log(2 * M_PI), 1e-9 * w * w);
  }
  cred_real w = 30, dw = 0;
  cred_prior_grad(&dw, &prior, &w, 1, 1);
  assert_near(dw, -30, 1e-4);
  w = 1e-4, dw = 0; // and near 0 the narrow component holds
  cred_prior_grad(&dw, &prior, &w, 1, 1);
  assert_near(dw, -w * exp(12), 0.01 * w * exp(12));
}

static void test_mixture_is_on_where_it_is_named(void **state) {
  (void)state;
  const cred_prior prior = prior_of("mixture"), start = cred_prior_defaults();
  assert_near(prior.weight, 0.5, 0);
  assert_near(start.weight, 0.5, 0);
  assert_int_equal(start.kind, CRED_PRIOR_MIXTURE);
  assert_near(prior_of("blundell").sd2, exp(-6), 1e-18);
}

static void test_nan_stays_nan(void **state) {
  (void)state;
  const cred_real w = NAN, one = 1;
  for (size_t i = 1; i < N_TEXTS; i++) {
    const cred_prior prior = prior_of(texts[i]);
    cred_real dw = 0, dm = 0, ds = 0;
    assert_true(isnan(cred_prior_log_prob(&prior, &w, 1)));
    cred_prior_grad(&dw, &prior, &w, 1, 1);
    assert_true(isnan(dw));
    if (!cred_prior_has_kl(&prior)) continue;
    assert_true(isnan(cred_prior_kl(&prior, &w, &one, 1)));
    assert_true(isnan(cred_prior_kl(&prior, &one, &w, 1)));
    cred_prior_kl_grad(&dm, &ds, &prior, &w, &one, 1, 1);
    assert_true(isnan(dm));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind_has_a_row),
      cmocka_unit_test(test_golden),
      cmocka_unit_test(test_gradients),
      cmocka_unit_test(test_kl_gradients),
      cmocka_unit_test(test_densities_integrate_to_one),
      cmocka_unit_test(test_draws_follow_the_density),
      cmocka_unit_test(test_kl_is_that_of_the_definition),
      cmocka_unit_test(test_kl_of_a_point_is_infinite),
      cmocka_unit_test(test_mixture_pulls_large_weights_back),
      cmocka_unit_test(test_mixture_is_on_where_it_is_named),
      cmocka_unit_test(test_nan_stays_nan),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
