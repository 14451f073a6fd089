// The loops of a training step against plain double loops, for every instruction set.

#include "check.h"
#include "base/thread.h"
#include "credence/base/key.h"
#include "kernel/kernel.h"
#include "kernel/update.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, N = 1003 };

static void normals(float *x, uint64_t seed, double scale) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < N; i++) x[i] = (float)(scale * cred_key_normal(&key, i));
}

// log p and its derivative in double, by logsumexp.
static double mixture_at(double *grad, double w, const cred__mixture *p) {
  const double half_log_2pi = 0.91893853320467274178;
  const double a = log(p->weight / p->sd1) - w * w / (2 * p->sd1 * p->sd1) - half_log_2pi;
  const double b =
      log((1 - p->weight) / p->sd2) - w * w / (2 * p->sd2 * p->sd2) - half_log_2pi;
  const double r1 = 1 / (1 + exp(b - a)), r2 = 1 / (1 + exp(a - b));
  *grad = -w * (r1 / (p->sd1 * p->sd1) + r2 / (p->sd2 * p->sd2));
  return fmax(a, b) + log1p(exp(-fabs(a - b)));
}

static const cred__mixture mixtures[] = {
    {1, 0.1, 0.5}, {1, 0.0024787521766663585, 0.5}, {2, 1.9, 0.01}, {0.3, 1e-4, 0.999}};

static void check_mixture(const float *w, size_t n, const cred__mixture *prior) {
  float dw[N];
  for (size_t i = 0; i < n; i++) dw[i] = 0.25f;
  const double scale = 1.75;
  const unsigned caller = cred__flush_denormals(); // as in training
  const double sum = cred__mixture_grad(dw, w, prior, scale, n);
  cred__restore_denormals(caller);
  double expected = 0, size = 0;
  for (size_t i = 0; i < n; i++) {
    double grad;
    const double log_p = mixture_at(&grad, (double)w[i], prior);
    expected += log_p;
    size += fabs(log_p) + 2;
    assert_near((double)dw[i], 0.25 + scale * grad, 3e-6 * fabs(scale * grad) + 1e-6);
  }
  assert_near(sum, expected, 1e-6 * size);
}

// |w| up to 30 times the wide sd, and where the shares underflow to denormals and below.
static void test_mixture_gradient(void **state) {
  (void)state;
  float w[N];
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t m = 0; m < 4 && cred__kernel_select(sets[s]); m++) {
      for (size_t i = 0; i < N; i++)
        w[i] = (float)(mixtures[m].sd1 * 30 * (2.0 * (double)i / (N - 1) - 1));
      check_mixture(w, N, &mixtures[m]);
      for (size_t i = 0; i < N; i++)
        w[i] = (float)(mixtures[m].sd2 * 25 * (2.0 * (double)i / (N - 1) - 1));
      check_mixture(w, N, &mixtures[m]);
      normals(w, 3, mixtures[m].sd2);
      check_mixture(w, 1, &mixtures[m]);
      check_mixture(w, 255, &mixtures[m]);
      check_mixture(w, 257, &mixtures[m]);
    }
}

// At 30 sd the prior pulls as the wide component alone: -w / s1^2.
static void test_mixture_pulls_far_weights_back(void **state) {
  (void)state;
  const float w[1] = {30};
  float dw[1] = {0};
  cred__mixture_grad(dw, w, &mixtures[0], 1, 1);
  assert_near((double)dw[0], -30, 1e-4);
}

static void test_draw_and_chain(void **state) {
  (void)state;
  float mean[N], log_sd[N], eps[N], theta[N], dw[N], dlog_sd[N];
  normals(mean, 1, 1), normals(log_sd, 2, 3), normals(eps, 3, 1), normals(dw, 4, 10);
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t i = 0; i < N; i++) dlog_sd[i] = 0.5f;
    cred__gaussian_draw(theta, mean, log_sd, eps, N);
    cred__chain_log_sd(dlog_sd, dw, theta, mean, N);
    for (size_t i = 0; i < N; i++) {
      const double noise = exp((double)log_sd[i]) * (double)eps[i];
      assert_near((double)theta[i], (double)mean[i] + noise,
                  5e-7 * (fabs((double)mean[i]) + fabs(noise)));
      const double chain = (double)dw[i] * ((double)theta[i] - (double)mean[i]);
      assert_near((double)dlog_sd[i], 0.5 + chain, 5e-7 * (fabs(chain) + 0.5));
    }
  }
}

static void test_add_noise(void **state) {
  (void)state;
  float mean[N], var[N], eps[N], out[N], slope[N], alone[N];
  normals(mean, 1, 1), normals(var, 2, 1), normals(eps, 3, 1);
  for (size_t i = 0; i < N; i++) var[i] = i % 7 ? var[i] * var[i] : 0;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    memcpy(out, mean, sizeof out);
    memcpy(slope, var, sizeof slope);
    cred__add_noise(out, slope, out, slope, eps, N); // in place
    cred__add_noise(alone, NULL, mean, var, eps, N);
    for (size_t i = 0; i < N; i++) {
      const double sd = sqrt((double)var[i]), noise = sd * (double)eps[i];
      const double m = (double)mean[i];
      assert_near((double)out[i], m + noise, 3e-7 * (fabs(m) + fabs(noise)));
      assert_true(out[i] == alone[i]);
      const double derivative = var[i] == 0 ? 0 : 0.5 * (double)eps[i] / sd;
      assert_near((double)slope[i], derivative, 3e-7 * fabs(derivative));
    }
  }
}

// Kingma & Welling (2014), appendix B, with a prior of any width.
static void test_normal_kl(void **state) {
  (void)state;
  float mean[N], log_sd[N], dmean[N], dlog_sd[N];
  normals(mean, 1, 1), normals(log_sd, 2, 2);
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    memset(dmean, 0, sizeof dmean);
    memset(dlog_sd, 0, sizeof dlog_sd);
    const double t = 0.7, weight = 0.3;
    const double kl = cred__normal_kl_grad(dmean, dlog_sd, mean, log_sd, t, weight, N);
    double expected = 0, size = 0;
    for (size_t i = 0; i < N; i++) {
      const double m = (double)mean[i], l = (double)log_sd[i], sd = exp(l);
      const double term = log(t) - l + (sd * sd + m * m) / (2 * t * t) - 0.5;
      expected += term;
      size += fabs(l) + (sd * sd + m * m) / (2 * t * t);
      assert_near((double)dmean[i], -weight * m / (t * t), 1e-6 * fabs(m) + 1e-9);
      assert_near((double)dlog_sd[i], -weight * (sd * sd / (t * t) - 1),
                  1e-6 * (1 + sd * sd / (t * t)));
    }
    assert_near(kl, expected, 1e-6 * size);
  }
}

// Three steps of Kingma & Ba (2015), algorithm 1, by hand: g = 1, -2, 0.5, rate 0.1.
//   t = 1: m = 0.1,    v = 0.001        m^ = 1,        v^ = 1
//   t = 2: m = -0.11,  v = 0.004999     m^ = -0.11 / 0.19,  v^ = 0.004999 / 0.001999
//   t = 3: m = -0.049, v = 0.005244001  m^ = -0.049 / 0.271, v^ = 0.005244001 /
//   0.002997001
static void test_adam_by_hand(void **state) {
  (void)state;
  static const double g[] = {1, -2, 0.5};
  const double by_hand[] = {2 + 0.1,
                            2 + 0.1 - 0.1 * 0.11 / 0.19 / sqrt(0.004999 / 0.001999),
                            2 + 0.1 - 0.1 * 0.11 / 0.19 / sqrt(0.004999 / 0.001999) -
                                0.1 * 0.049 / 0.271 / sqrt(0.005244001 / 0.002997001)};
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    float theta[33], m1[33] = {0}, m2[33] = {0}, grad[33];
    for (int i = 0; i < 33; i++) theta[i] = 2;
    for (int t = 1; t <= 3; t++) {
      const cred__adam a = {.rate = 0.1,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .epsilon = 1e-8,
                            .scale = 0.25,
                            .correct1 = 1 / (1 - pow(0.9, t)),
                            .correct2 = 1 / (1 - pow(0.999, t))};
      for (int i = 0; i < 33; i++) grad[i] = (float)(4 * g[t - 1]); // times scale
      cred__adam_step(theta, m1, m2, grad, &a, 33);
      for (int i = 0; i < 33; i++) assert_near((double)theta[i], by_hand[t - 1], 1e-6);
    }
  }
}

// Decay apart from the gradient: with g = 0 each step multiplies by 1 - rate * decay.
static void test_decay_and_momentum(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    float theta[17], v[17] = {0}, m1[17] = {0}, m2[17] = {0}, grad[17] = {0};
    for (int i = 0; i < 17; i++) theta[i] = 3;
    const cred__adam a = {.rate = 0.1,
                          .beta1 = 0.9,
                          .beta2 = 0.999,
                          .epsilon = 1e-8,
                          .decay = 0.5,
                          .scale = 1,
                          .correct1 = 10,
                          .correct2 = 1000};
    cred__adam_step(theta, m1, m2, grad, &a, 17);
    for (int i = 0; i < 17; i++) assert_near((double)theta[i], 3 * 0.95, 1e-6);
    // v = 0.5 v + 2 g: 2, 3, 3.5 and theta += 0.1 v - 0.1 * 0.2 theta
    double expected = (double)theta[0], velocity = 0;
    const cred__momentum b = {.rate = 0.1, .beta = 0.5, .decay = 0.2, .scale = 2};
    for (int i = 0; i < 17; i++) grad[i] = 1;
    for (int t = 0; t < 3; t++) {
      cred__momentum_step(theta, v, grad, &b, 17);
      velocity = 0.5 * velocity + 2;
      expected = expected + 0.1 * velocity - 0.02 * expected;
      for (int i = 0; i < 17; i++) assert_near((double)theta[i], expected, 2e-6);
    }
  }
}

// Three draws, each a third: gradients of mean and log sd and the sum of log p(w).
static void check_chain(size_t n, const cred__mixture *prior) {
  float mean[N], w[N], grad[N], dmean[N], dlog_sd[N];
  double expect_mean[N] = {0}, expect_sd[N] = {0}, size_sd[N] = {0};
  const double weight = 0.6;
  normals(mean, 1, 0.5);
  for (uint64_t draw = 0; draw < 3; draw++) {
    normals(w, 10 + draw, 0.3), normals(grad, 20 + draw, 2);
    double expected = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
      w[i] += mean[i];
      double pull;
      const double log_p = mixture_at(&pull, (double)w[i], prior);
      const double a = (double)grad[i] + weight * pull;
      const double part = a * ((double)w[i] - (double)mean[i]);
      expected += log_p, size += fabs(log_p) + 2;
      expect_mean[i] += a, expect_sd[i] += part;
      size_sd[i] += fabs(part) + fabs(weight * pull) + 1;
    }
    const bool own = draw == 0 && n % 2; // the gradient lies where it goes
    if (own) memcpy(dmean, grad, sizeof dmean);
    const cred__gaussian_chain p = {.n = n,
                                    .grad = own ? dmean : grad,
                                    .w = w,
                                    .mean = mean,
                                    .dmean = dmean,
                                    .dlog_sd = dlog_sd,
                                    .add = draw > 0};
    const unsigned caller = cred__flush_denormals(); // as in training
    assert_near(cred__mixture_chain(&p, prior, weight), expected, 1e-6 * size);
    cred__restore_denormals(caller);
  }
  for (size_t i = 0; i < n; i++) {
    assert_near((double)dmean[i], expect_mean[i], 5e-6 * size_sd[i]);
    assert_near((double)dlog_sd[i], expect_sd[i], 5e-6 * size_sd[i]);
  }
}

static void test_chain_of_draws(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 63, 64, 241, N};
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t k = 0; k < 5 && cred__kernel_select(sets[s]); k++)
      for (size_t m = 0; m < 3; m += 2) check_chain(sizes[k], &mixtures[m]);
}

static void test_sums(void **state) {
  (void)state;
  float x[N], sums[N];
  normals(x, 7, 1);
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t n = 1; n < 70 && cred__kernel_select(sets[s]); n += n < 20 ? 1 : 7) {
      for (size_t rows = 1; rows * n <= N && rows < 50; rows += 6) {
        cred__column_sums(sums, x, rows, n);
        for (size_t j = 0; j < n; j++) {
          double expected = 0, size = 0;
          for (size_t b = 0; b < rows; b++)
            expected += (double)x[b * n + j], size += fabs((double)x[b * n + j]);
          assert_near((double)sums[j], expected, 1e-6 * size);
        }
      }
      double square = 0, sum = 0, size = 0;
      for (size_t i = 0; i < n; i++) {
        square += (double)x[i] * (double)x[i];
        sum += (double)x[i], size += fabs((double)x[i]);
        sums[i] = (float)i;
      }
      assert_near(cred__sum_squares(x, n), square, 1e-6 * square);
      assert_near(cred__entropy_grad(sums, x, 0.5, n), sum, 1e-6 * size);
      for (size_t i = 0; i < n; i++) assert_true(sums[i] == (float)i + 0.5f);
    }
}

static void test_elementwise(void **state) {
  (void)state;
  float x[N], y[N], out[N];
  normals(x, 8, 3), normals(y, 9, 2);
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    cred__exp_fill(out, x, N);
    for (size_t i = 0; i < N; i++)
      assert_near((double)out[i], exp((double)x[i]), 4e-7 * exp((double)x[i]));
    memcpy(out, x, sizeof out);
    cred__product(out, out, y, N); // in place
    cred__product_add(out, x, y, 2, N);
    cred__product_by(out, y, 0.5f, N);
    for (size_t i = 0; i < N; i++) {
      const double expected = 1.5 * (double)x[i] * (double)y[i] * (double)y[i];
      assert_near((double)out[i], expected, 5e-7 * fabs(expected));
    }
  }
}

static void test_nan_stays(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    float w[40] = {0}, dw[40] = {0}, zero[40] = {0}, out[40] = {0};
    w[7] = NAN;
    assert_true(isnan(cred__mixture_grad(dw, w, &mixtures[0], 1, 40)));
    assert_true(isnan(dw[7]) && !isnan(dw[6]));
    assert_true(isnan(cred__normal_kl_grad(out, out + 20, w, w + 20, 1, 1, 20)));
    assert_true(isnan(cred__sum_squares(w, 40)) &&
                isnan(cred__entropy_grad(out, w, 1, 40)));
    cred__column_sums(out, w, 2, 20);
    assert_true(isnan(out[7]) && !isnan(out[6]));
    cred__exp_fill(out, w, 40);
    assert_true(isnan(out[7]) && !isnan(out[6]));
    const cred__gaussian_chain chain = {
        .n = 20, .grad = zero, .w = w, .mean = zero, .dmean = out, .dlog_sd = out + 20};
    assert_true(isnan(cred__mixture_chain(&chain, &mixtures[0], 1)));
    assert_true(isnan(out[7]) && isnan(out[27]) && !isnan(out[6]));
    cred__gaussian_draw(out, w, w, w, 40);
    assert_true(isnan(out[7]) && !isnan(out[8]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mixture_gradient),
      cmocka_unit_test(test_mixture_pulls_far_weights_back),
      cmocka_unit_test(test_draw_and_chain),
      cmocka_unit_test(test_add_noise),
      cmocka_unit_test(test_normal_kl),
      cmocka_unit_test(test_adam_by_hand),
      cmocka_unit_test(test_decay_and_momentum),
      cmocka_unit_test(test_chain_of_draws),
      cmocka_unit_test(test_sums),
      cmocka_unit_test(test_elementwise),
      cmocka_unit_test(test_nan_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
