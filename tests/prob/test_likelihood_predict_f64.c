// test_likelihood_predict_f64.c -- distribution functions, quantiles, draws and moments,
// each against the density, each other, or scipy.

#include "check.h"
#include "credence/prob/likelihood.h"

static const char *const numeric[] = {
    "gaussian",  "gaussian 0.3", "heteroscedastic", "mixture 3",
    "mixture 1", "student-t",    "student-t 5 0.3", "poisson"};
enum { N_NUMERIC = sizeof numeric / sizeof *numeric, T = 2, OUT_MAX = 18, DRAWS = 20000 };

// Four standard errors of a mean of draws, from its first two moments.
static double four_se(double square, double mean) {
  return 4 * sqrt(fmax(square - mean * mean, 0) / DRAWS);
}

typedef struct {
  cred_likelihood lik;
  cred_real out[OUT_MAX], var[OUT_MAX], params[4];
} lik_case;

static lik_case case_of(const char *text) {
  lik_case c;
  const cred_key key = cred_key_make(5);
  assert_ok(cred_likelihood_parse(&c.lik, text));
  c.lik.n_targets = T;
  cred_likelihood_init(c.params, &c.lik);
  for (size_t i = 0; i < OUT_MAX; i++) c.out[i] = cred_key_normal(&key, i);
  for (size_t i = 0; i < OUT_MAX; i++) c.var[i] = cred_key_uniform(&key, 100 + i);
  return c;
}

static double density_of(const lik_case *c, size_t t, double value) {
  cred_likelihood one = c->lik;
  one.n_targets = 1;
  const size_t n = cred_likelihood_n_outputs(&one),
               n_params = cred_likelihood_n_params(&one);
  const cred_real y = value;
  return exp(cred_likelihood_log_prob(NULL, NULL, NULL, &one, c->out + t * n, &y,
                                      c->params + t * n_params, NULL, 1, NULL));
}

static void test_cdf_is_the_integral_of_the_density(void **state) {
  (void)state;
  for (size_t i = 0; i < N_NUMERIC; i++) {
    const lik_case c = case_of(numeric[i]);
    for (size_t t = 0; t < T; t++)
      for (double y = -3.3; y < 12; y += 0.71) {
        const double at = c.lik.kind == CRED_LIK_POISSON ? floor(y) : y;
        const double step = c.lik.kind == CRED_LIK_POISSON ? 0.5 : 1e-5;
        const double up = cred_likelihood_cdf(&c.lik, c.out, c.params, t, at + step);
        const double down = cred_likelihood_cdf(&c.lik, c.out, c.params, t, at - step);
        const bool none = c.lik.kind == CRED_LIK_POISSON && at < 0;
        const double p = none ? 0 : density_of(&c, t, at);
        assert_near((up - down) / (2 * step), p, 1e-8);
      }
  }
}

static void test_quantile_inverts_the_cdf(void **state) {
  (void)state;
  static const double levels[] = {1e-8, 0.01, 0.05,  0.3,     0.5,
                                  0.77, 0.95, 0.999, 1 - 1e-8};
  for (size_t i = 0; i < N_NUMERIC; i++) {
    const lik_case c = case_of(numeric[i]);
    for (size_t j = 0; j < 9; j++) {
      const double y = cred_likelihood_quantile(&c.lik, c.out, c.params, 1, levels[j]);
      const double p = cred_likelihood_cdf(&c.lik, c.out, c.params, 1, y);
      if (c.lik.kind != CRED_LIK_POISSON) {
        assert_near(p, levels[j], 1e-11);
        continue;
      }
      assert_true(p >= levels[j] && y == floor(y)); // the smallest count that reaches it
      assert_true(y == 0 ||
                  cred_likelihood_cdf(&c.lik, c.out, c.params, 1, y - 1) < levels[j]);
    }
  }
}

static void test_quantile_of_large_rates(void **state) {
  (void)state;
  cred_likelihood lik;
  assert_ok(cred_likelihood_parse(&lik, "poisson"));
  const cred_real l = 15, nan_rate = NAN;
  const double rate = exp(15), z = 1.6448536269514722;
  assert_near(cred_likelihood_quantile(&lik, &l, NULL, 0, 0.95), rate + z * sqrt(rate),
              3);
  assert_true(isnan(cred_likelihood_quantile(&lik, &nan_rate, NULL, 0, 0.5)));
}

// Draws: their values under the distribution function are uniform, mean and variance
// agree.
static void test_draws(void **state) {
  (void)state;
  const cred_key key = cred_key_make(17);
  for (size_t i = 0; i < N_NUMERIC; i++) {
    const lik_case c = case_of(numeric[i]);
    double mean[T], var[T], sum[T] = {0}, square[T] = {0}, fourth[T] = {0}, cross = 0;
    size_t below[T] = {0};
    cred_likelihood_mean_var(mean, var, &c.lik, c.out, c.params, 1);
    const double y30 = cred_likelihood_quantile(&c.lik, c.out, c.params, 1, 0.3);
    const double p30 = cred_likelihood_cdf(&c.lik, c.out, c.params, 1, y30);
    for (uint64_t k = 0; k < DRAWS; k++) {
      double y[T];
      cred_likelihood_sample(y, &c.lik, c.out, c.params, &key, k);
      for (size_t t = 0; t < T; t++) {
        const double d = y[t] - mean[t];
        sum[t] += d, square[t] += d * d, fourth[t] += d * d * d * d;
      }
      cross += (y[0] - mean[0]) * (y[1] - mean[1]);
      below[1] += y[1] <= y30;
    }
    for (size_t t = 0; t < T; t++) {
      assert_near(sum[t] / DRAWS, 0, 4 * sqrt(var[t] / DRAWS));
      const double v = square[t] / DRAWS, kurt = fourth[t] / DRAWS - v * v;
      assert_near(v, var[t], 4 * sqrt(kurt / DRAWS));
    }
    assert_near((double)below[1] / DRAWS, p30, 4 * sqrt(p30 * (1 - p30) / DRAWS));
    assert_near(cross / DRAWS, 0,
                4 * sqrt(var[0] * var[1] / DRAWS)); // independent targets
  }
}

static void test_draws_of_classes(void **state) {
  (void)state;
  const char *const texts[] = {"bernoulli", "categorical", "noisy-categorical"};
  const cred_key key = cred_key_make(23);
  const cred_real out[8] = {0.4, -1, 1.2, 0, 0.3, 1, -2, 0.5};
  for (size_t i = 0; i < 3; i++) {
    cred_likelihood lik;
    double log_p[4];
    size_t count[4] = {0};
    assert_ok(cred_likelihood_parse(&lik, texts[i]));
    if (i > 0) lik.n_classes = 4;
    cred_likelihood_class_log_prob(log_p, &lik, out, 1);
    for (uint64_t k = 0; k < DRAWS; k++) {
      double y;
      cred_likelihood_sample(&y, &lik, out, NULL, &key, k);
      count[(size_t)y]++;
    }
    double total = 0;
    for (size_t c = 0; c < lik.n_classes; c++) {
      const double p = exp(log_p[c]);
      const cred_real label = (cred_real)c;
      const double points = i == 2 ? 0.004 : 0; // the error of p itself
      assert_near((double)count[c] / DRAWS, p, 4 * sqrt(p * (1 - p) / DRAWS) + points);
      assert_near(log_p[c],
                  cred_likelihood_log_prob(NULL, NULL, NULL, &lik, out, &label, NULL,
                                           NULL, 1, NULL),
                  1e-12);
      total += p;
    }
    assert_near(total, 1, 1e-12);
  }
}

// Against draws of the outputs: mean, Var E[y | out], E Var(y | out).
static void test_moments_against_draws(void **state) {
  (void)state;
  const cred_key key = cred_key_make(29);
  for (size_t i = 0; i < N_NUMERIC; i++) {
    const lik_case c = case_of(numeric[i]);
    const size_t n = cred_likelihood_n_outputs(&c.lik);
    double mean[T], epistemic[T], aleatoric[T];
    double m1[T] = {0}, m2[T] = {0}, m4[T] = {0}, v1[T] = {0}, v2[T] = {0};
    cred_likelihood_moments(mean, epistemic, aleatoric, &c.lik, c.out, c.var, c.params,
                            1);
    for (uint64_t k = 0; k < DRAWS; k++) {
      cred_real out[OUT_MAX];
      double m[T], v[T];
      for (size_t j = 0; j < n; j++)
        out[j] = c.out[j] + sqrt(c.var[j]) * cred_key_normal(&key, k * n + j);
      cred_likelihood_mean_var(m, v, &c.lik, out, c.params, 1);
      for (size_t t = 0; t < T; t++) {
        const double d = m[t] - mean[t];
        m1[t] += d, m2[t] += d * d, m4[t] += d * d * d * d, v1[t] += v[t],
            v2[t] += v[t] * v[t];
      }
    }
    for (size_t t = 0; t < T; t++) {
      const double e = m2[t] / DRAWS, a = v1[t] / DRAWS;
      assert_near(m1[t] / DRAWS, 0, 4 * sqrt(e / DRAWS));
      assert_near(e, epistemic[t], four_se(m4[t] / DRAWS, e));
      assert_near(a, aleatoric[t], four_se(v2[t] / DRAWS, a) + 1e-12);
    }
  }
}

// Var 0: the moments are those of the outputs themselves, nothing epistemic.
static void test_moments_of_a_point(void **state) {
  (void)state;
  for (size_t i = 0; i < N_NUMERIC; i++) {
    const lik_case c = case_of(numeric[i]);
    const cred_real none[OUT_MAX] = {0};
    double mean[T], epistemic[T], aleatoric[T], m[T], v[T];
    cred_likelihood_moments(mean, epistemic, aleatoric, &c.lik, c.out, none, c.params, 1);
    cred_likelihood_mean_var(m, v, &c.lik, c.out, c.params, 1);
    for (size_t t = 0; t < T; t++) {
      assert_near(mean[t], m[t], 2e-6);
      assert_near(epistemic[t], 0, 2e-6);
      assert_near(aleatoric[t], v[t], 5e-6);
    }
  }
}

// tests/golden/prob_golden.py
static void test_golden_moments(void **state) {
  (void)state;
  cred_likelihood bernoulli, categorical, mixture;
  assert_ok(cred_likelihood_parse(&bernoulli, "bernoulli"));
  assert_ok(cred_likelihood_parse(&categorical, "categorical"));
  assert_ok(cred_likelihood_parse(&mixture, "mixture 3"));
  categorical.n_classes = 3;
  const cred_real l = 0.7, v = 4;
  double p[3], entropy;
  cred_likelihood_class_moments(p, &entropy, &bernoulli, &l, &v, 1);
  assert_near(p[1], 0.6047142212627887, 1e-6);
  assert_near(p[0] + p[1], 1, 1e-15);
  assert_near(entropy, 0.44743022747467187, 1e-6);
  const cred_real mean[9] = {0.5, -1, 0, 1.5, -2, 0.3};
  cred_real var[9] = {1, 4, 0.25, 0.2, 0.1, 0.4}, out[9];
  const double expected[3] = {0.47622895860609704, 0.22012256451614542,
                              0.30364847687771646};
  cred_likelihood_class_moments(p, &entropy, &categorical, mean, var, 1);
  for (size_t c = 0; c < 3; c++) assert_near(p[c], expected[c], 3e-7);
  assert_near(entropy, 0.7802327436083654, 1e-6);
  memcpy(out, mean, sizeof out);
  const double noise[3] = {0.3, 0.5, 0.2};
  for (size_t k = 0; k < 3; k++) out[6 + k] = 0.5 * log(noise[k]);
  double m, epistemic, aleatoric;
  cred_likelihood_moments(&m, &epistemic, &aleatoric, &mixture, out, var, NULL, 1);
  assert_near(m, 0.36519285194018575, 1e-6);
  assert_near(epistemic, 0.7844451481915519, 1e-6);
  assert_near(aleatoric, 1.6138999146870008, 1e-6);
}

static void check_classes_by_draws(const cred_real *mean, const cred_real *var,
                                   size_t n) {
  const cred_key key = cred_key_make(31);
  cred_likelihood lik;
  assert_ok(cred_likelihood_parse(&lik, "categorical"));
  lik.n_classes = n;
  double prob[64], entropy, p1[64] = {0}, p2[64] = {0}, h1 = 0, h2 = 0;
  cred_likelihood_class_moments(prob, &entropy, &lik, mean, var, 1);
  for (uint64_t k = 0; k < DRAWS; k++) {
    cred_real l[64];
    double log_p[64], h = 0;
    for (size_t c = 0; c < n; c++)
      l[c] = mean[c] + sqrt(var[c]) * cred_key_normal(&key, k * n + c);
    cred_likelihood_class_log_prob(log_p, &lik, l, 1);
    for (size_t c = 0; c < n; c++) {
      const double p = exp(log_p[c]);
      p1[c] += p, p2[c] += p * p, h -= p * log_p[c];
    }
    h1 += h, h2 += h * h;
  }
  for (size_t c = 0; c < n; c++) {
    const double p = p1[c] / DRAWS;
    // a rare class is carried by a few draws: p (1 - p) bounds its variance, theirs does
    // not
    const double square = prob[c] < 0.01 ? prob[c] : p2[c] / DRAWS;
    assert_near(prob[c], p, four_se(square, p) + 3e-7);
  }
  const double h = h1 / DRAWS;
  assert_near(entropy, h, four_se(h2 / DRAWS, h) + 1e-6);
}

static void test_class_moments_against_draws(void **state) {
  (void)state;
  const cred_key key = cred_key_make(37);
  const cred_real scales[] = {0, 1e-6, 0.01, 1, 9, 49};
  const size_t sizes[] = {2, 10, 40};
  cred_real mean[64], var[64];
  for (size_t i = 0; i < 6; i++)
    for (size_t j = 0; j < 3; j++) {
      for (size_t c = 0; c < sizes[j]; c++) {
        mean[c] = 3 * cred_key_normal(&key, c) + (i == 3 ? 500 : 0); // a shift is nothing
        var[c] = scales[i] * cred_key_uniform(&key, 100 + c);
      }
      check_classes_by_draws(mean, var, sizes[j]);
    }
}

// Two logits matter by their difference, which is a Gaussian, too.
static void test_two_classes_are_one_logit(void **state) {
  (void)state;
  cred_likelihood two, one;
  assert_ok(cred_likelihood_parse(&two, "categorical"));
  assert_ok(cred_likelihood_parse(&one, "bernoulli"));
  for (double gap = -9; gap < 10; gap += 1.7)
    for (double sd = 0.001; sd < 7; sd *= 1.9) {
      const cred_real m[2] = {1, 1 + gap}, v[2] = {0.3 * sd * sd, sd * sd};
      const cred_real l = gap, var = 1.3 * sd * sd;
      double p[2], q[2], h, entropy;
      cred_likelihood_class_moments(p, &h, &two, m, v, 1);
      cred_likelihood_class_moments(q, &entropy, &one, &l, &var, 1);
      assert_near(p[1], q[1], 3e-7);
      assert_near(h, entropy, 1e-6);
    }
}

// Noise on the logits: points against quadrature in one dimension, the tolerance being
// what the head of likelihood_noisy.c states; the loss of training against it by its own
// error.
static void test_noise_against_quadrature(void **state) {
  (void)state;
  static const size_t sizes[] = {2, 3, 5, 11, 12};
  static const double sds[] = {0.3, 1, 3}, worst[] = {0.003, 0.012, 0.03};
  const cred_key key = cred_key_make(43);
  cred_likelihood noisy, plain;
  assert_ok(cred_likelihood_parse(&noisy, "noisy-categorical 64"));
  assert_ok(cred_likelihood_parse(&plain, "categorical"));
  for (size_t i = 0; i < 5; i++)
    for (size_t j = 0; j < 3; j++)
      for (uint64_t row = 0; row < 60; row++) {
        const size_t n = noisy.n_classes = plain.n_classes = sizes[i];
        cred_real out[24], var[12];
        double p[12], log_p[12], expected, sum = 0;
        for (size_t c = 0; c < n; c++) {
          out[c] = 2 * cred_key_normal(&key, 24 * row + c);
          out[n + c] = 2 * log(sds[j]) + cred_key_normal(&key, 24 * row + 12 + c);
          var[c] = exp(out[n + c]);
        }
        cred_likelihood_class_moments(p, &expected, &plain, out, var, 1);
        cred_likelihood_class_log_prob(log_p, &noisy, out, 1);
        for (size_t c = 0; c < n; c++) {
          const cred_real y = (cred_real)c;
          assert_near(exp(log_p[c]), p[c], worst[j]);
          assert_near(log_p[c],
                      cred_likelihood_log_prob(NULL, NULL, NULL, &noisy, out, &y, NULL,
                                               NULL, 1, NULL),
                      1e-10);
          sum += exp(log_p[c]);
        }
        assert_near(sum, 1, 1e-10);
      }
}

// The draws of training: p averages to that of the quadrature, over keys and over rows.
static void test_draws_of_noise(void **state) {
  (void)state;
  enum { KEYS = 400, ROWS = 5, N = 4 };
  const cred_real row[2 * N] = {0.5, -1, 1.2, 0, 0, 1, -0.7, 1.5};
  const cred_real y[ROWS] = {2, 2, 2, 2, 2};
  cred_real out[ROWS * 2 * N], var[N];
  cred_likelihood noisy, plain;
  double p[N], h, sum = 0, square = 0;
  assert_ok(cred_likelihood_parse(&noisy, "noisy-categorical 10"));
  assert_ok(cred_likelihood_parse(&plain, "categorical"));
  noisy.n_classes = plain.n_classes = N;
  for (size_t i = 0; i < ROWS; i++) memcpy(out + 2 * N * i, row, sizeof row);
  for (size_t c = 0; c < N; c++) var[c] = exp(row[N + c]);
  cred_likelihood_class_moments(p, &h, &plain, row, var, 1);
  for (size_t k = 0; k < KEYS; k++) {
    const cred_key key = cred_key_make(k);
    double log_p[ROWS];
    cred_likelihood_log_prob(log_p, NULL, NULL, &noisy, out, y, NULL, NULL, ROWS, &key);
    for (size_t i = 0; i < ROWS; i++) sum += exp(log_p[i]), square += exp(2 * log_p[i]);
    assert_true(log_p[0] != log_p[1]); // each row has noise of its own
  }
  const double n = KEYS * ROWS, mean = sum / n;
  assert_near(mean, p[2], 4 * sqrt((square / n - mean * mean) / n));
}

// Moments of outputs that are Gaussian themselves, against draws of them: the entropy
// expected is that of what the noise leaves, which is aleatoric.
static void test_noise_moments_against_draws(void **state) {
  (void)state;
  enum { N = 5 };
  const cred_key key = cred_key_make(47);
  cred_likelihood lik;
  cred_real mean[2 * N], var[2 * N], out[2 * N];
  double prob[N], entropy, p1[N] = {0}, h1 = 0, h2 = 0;
  assert_ok(cred_likelihood_parse(&lik, "noisy-categorical"));
  lik.n_classes = N;
  for (size_t k = 0; k < 2 * N; k++) {
    mean[k] = cred_key_normal(&key, k);
    var[k] = 0.5 * cred_key_uniform(&key, 100 + k);
  }
  cred_likelihood_class_moments(prob, &entropy, &lik, mean, var, 1);
  enum { OUTER = 4000 };
  for (uint64_t s = 0; s < OUTER; s++) {
    double log_p[N], h = 0;
    for (size_t k = 0; k < 2 * N; k++)
      out[k] = mean[k] + sqrt(var[k]) * cred_key_normal(&key, 1000 + s * 2 * N + k);
    cred_likelihood_class_log_prob(log_p, &lik, out, 1);
    for (size_t c = 0; c < N; c++)
      p1[c] += exp(log_p[c]) / OUTER, h -= exp(log_p[c]) * log_p[c];
    h1 += h / OUTER, h2 += h * h / OUTER;
  }
  for (size_t c = 0; c < N; c++) assert_near(prob[c], p1[c], 0.01);
  assert_near(entropy, h1, 4 * sqrt((h2 - h1 * h1) / OUTER) + 0.005);
  double total = 0;
  for (size_t c = 0; c < N; c++) total -= prob[c] * log(prob[c]);
  assert_true(total > entropy); // by what the spread of the outputs adds
}

static void test_hostile_class_moments(void **state) {
  (void)state;
  cred_likelihood lik;
  assert_ok(cred_likelihood_parse(&lik, "categorical"));
  lik.n_classes = 3;
  const cred_real bad[] = {NAN, INFINITY};
  double p[3], entropy;
  for (size_t i = 0; i < 2; i++)
    for (size_t c = 0; c < 6; c++) {
      cred_real m[6] = {1, 2, 3, 0.1, 0.2, 0.3};
      m[c] = bad[i];
      cred_likelihood_class_moments(p, &entropy, &lik, m, m + 3, 1);
      for (size_t k = 0; k < 3; k++) assert_true(isnan(p[k]));
    }
  const cred_real wide[6] = {-1e4, 0, 1e4, 1e4, 1, 1e6};
  cred_likelihood_class_moments(p, &entropy, &lik, wide, wide + 3, 1);
  assert_near(p[0] + p[1] + p[2], 1, 1e-12);
  assert_true(entropy >= 0 && entropy <= log(3));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cdf_is_the_integral_of_the_density),
      cmocka_unit_test(test_quantile_inverts_the_cdf),
      cmocka_unit_test(test_quantile_of_large_rates),
      cmocka_unit_test(test_draws),
      cmocka_unit_test(test_draws_of_classes),
      cmocka_unit_test(test_moments_against_draws),
      cmocka_unit_test(test_moments_of_a_point),
      cmocka_unit_test(test_golden_moments),
      cmocka_unit_test(test_class_moments_against_draws),
      cmocka_unit_test(test_two_classes_are_one_logit),
      cmocka_unit_test(test_noise_against_quadrature),
      cmocka_unit_test(test_draws_of_noise),
      cmocka_unit_test(test_noise_moments_against_draws),
      cmocka_unit_test(test_hostile_class_moments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
