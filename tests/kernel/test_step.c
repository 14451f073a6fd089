// A whole step in one pass against the same formulas in double, for every instruction
// set: moments, moves and KL; sizes that leave a rest; NaN.

#include "check.h"
#include "base/thread.h"
#include "credence/base/key.h"
#include "kernel/kernel.h"
#include "kernel/update.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, N = 1003, N_STATE = 6 };

typedef struct {
  float grad[N], dsd[N], sd[N], w[N], state[N_STATE][N];
} arrays;

static const cred__adam adam = {.rate = 0.01,
                                .beta1 = 0.9,
                                .beta2 = 0.999,
                                .epsilon = 1e-8,
                                .decay = 0.1,
                                .correct1 = 1.9,
                                .correct2 = 300,
                                .scale = 1e-2};

// Draws up to 30 sds out, gradients of several sizes, moments as after some steps.
static void arrays_init(arrays *a, double reach) {
  const cred_key key = cred_key_make(5);
  for (size_t i = 0; i < N; i++) {
    const double size = pow(10, 4 * cred_key_uniform(&key, 11 * N + i) - 2);
    const double log_sd = -3 + cred_key_normal(&key, i);
    a->grad[i] = (float)(size * cred_key_normal(&key, N + i));
    a->dsd[i] = (float)(size * cred_key_normal(&key, 2 * N + i));
    a->sd[i] = (float)exp(log_sd);
    a->state[0][i] = (float)(reach * (2.0 * (double)i / (N - 1) - 1));
    a->state[1][i] = (float)log_sd;
    for (int k = 2; k < 4; k++) {
      a->state[k][i] = (float)(0.01 * cred_key_normal(&key, (size_t)k * N + i));
      a->state[k + 2][i] = (float)(1e-4 * cred_key_uniform(&key, (size_t)k * N + i));
    }
    a->w[i] = a->state[0][i] + a->sd[i] * (float)cred_key_normal(&key, 10 * N + i);
  }
}

static cred__gaussian_step step_of(arrays *a, bool local, size_t n) {
  return (cred__gaussian_step){.n = n,
                               .grad = a->grad,
                               .dsd = local ? a->dsd : NULL,
                               .sd = local ? a->sd : NULL,
                               .w = a->w,
                               .mean = a->state[0],
                               .log_sd = a->state[1],
                               .m1 = {a->state[2], a->state[3]},
                               .m2 = {a->state[4], a->state[5]},
                               .kl_weight = 1.75,
                               .adam = &adam};
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

// Kingma & Ba (2015), algorithm 1, and the decay of AdamW.
static void assert_moved(const arrays *after, const arrays *before, int which, size_t i,
                         double grad, double size) {
  const double g = grad * adam.scale, decay = which ? 0 : adam.rate * adam.decay;
  const double m1 = 0.9 * (double)before->state[2 + which][i] + 0.1 * g;
  const double m2 = 0.999 * (double)before->state[4 + which][i] + 0.001 * g * g;
  const double move =
      adam.rate * m1 * adam.correct1 / (sqrt(m2 * adam.correct2) + adam.epsilon);
  const double start = (double)before->state[which][i];
  const double error = 4e-6 * size * adam.scale; // of the gradient
  assert_near((double)after->state[2 + which][i], m1, 0.1 * error + 1e-6 * fabs(m1));
  assert_near((double)after->state[4 + which][i], m2,
              0.002 * fabs(g) * error + 2e-6 * m2 + 1e-12);
  assert_near((double)after->state[which][i], start * (1 - decay) + move,
              4e-5 * fabs(move) + 2e-7 * fabs(start) + 2e-7);
}

static void check_mixture(const cred__mixture *prior, double reach, bool local,
                          size_t n) {
  static arrays before, a;
  arrays_init(&before, reach);
  a = before;
  const cred__gaussian_step p = step_of(&a, local, n);
  const unsigned caller = cred__flush_denormals(); // as in training
  const double kl = cred__mixture_step(&p, prior);
  cred__restore_denormals(caller);
  double expected = 0, size = 0;
  for (size_t i = 0; i < n; i++) {
    double pull;
    const double log_p = mixture_at(&pull, (double)a.w[i], prior);
    const double log_sd = (double)before.state[1][i], weight = p.kl_weight;
    const double noise = (double)a.w[i] - (double)before.state[0][i];
    const double grad = (double)a.grad[i], both = grad + weight * pull;
    const double dlog_sd =
        (local ? (double)a.dsd[i] * (double)a.sd[i] + weight * pull * noise
               : both * noise) +
        weight;
    const double parts = fabs(grad) + fabs(weight * pull);
    assert_moved(&a, &before, 0, i, both, parts);
    assert_moved(&a, &before, 1, i, dlog_sd,
                 parts * (fabs(noise) + 1e-6) + weight +
                     fabs((double)a.dsd[i] * (double)a.sd[i]));
    expected += -log_p - log_sd - 1.41893853320467274178;
    size += fabs(log_p) + fabs(log_sd) + 3;
  }
  assert_near(kl, expected, 1e-6 * size);
  for (int k = 0; k < N_STATE; k++) // nothing behind the range
    assert_memory_equal(a.state[k] + n, before.state[k] + n, (N - n) * sizeof(float));
}

static void test_mixture(void **state) {
  (void)state;
  static const cred__mixture priors[] = {
      {1, 0.1, 0.5}, {1, 0.0024787521766663585, 0.5}, {2, 1.9, 0.01}};
  static const size_t sizes[] = {1, 31, 32, 33, 63, 64, 65, N};
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t m = 0; m < 3 && cred__kernel_select(sets[s]); m++)
      for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (int local = 0; local < 2; local++) {
          check_mixture(&priors[m], 30 * priors[m].sd1, local, sizes[k]);
          check_mixture(&priors[m], 3 * priors[m].sd2, local, sizes[k]);
        }
}

static void check_normal(bool local, size_t n) {
  static arrays before, a;
  arrays_init(&before, 2);
  a = before;
  const cred__gaussian_step p = step_of(&a, local, n);
  const double t = 0.7, kl = cred__normal_step(&p, t), k = p.kl_weight;
  double expected = 0, size = 0;
  for (size_t i = 0; i < n; i++) {
    const double m = (double)before.state[0][i], log_sd = (double)before.state[1][i];
    const double sd = exp(log_sd), noise = (double)a.w[i] - m;
    const double grad = (double)a.grad[i], pull = -k * m / (t * t);
    const double chain =
        local ? (double)a.dsd[i] * (double)a.sd[i] : (double)a.grad[i] * noise;
    assert_moved(&a, &before, 0, i, grad + pull, fabs(grad) + fabs(pull));
    assert_moved(&a, &before, 1, i, chain - k * (sd * sd / (t * t) - 1),
                 fabs(chain) + fabs(grad) * 1e-6 + k * (1 + sd * sd / (t * t)));
    expected += log(t) - log_sd + (sd * sd + m * m) / (2 * t * t) - 0.5;
    size += fabs(log_sd) + (sd * sd + m * m) / (2 * t * t) + 1;
  }
  assert_near(kl, expected, 1e-6 * size);
}

static void test_normal(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 31, 32, 33, 63, 64, 65, N};
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes && cred__kernel_select(sets[s]);
         k++) {
      check_normal(false, sizes[k]);
      check_normal(true, sizes[k]);
    }
}

// Adam with the pull of a normal prior, against Adam on the sum.
static void test_normal_adam(void **state) {
  (void)state;
  static arrays a, b;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    arrays_init(&a, 2);
    b = a;
    double square = 0;
    for (size_t i = 0; i < N; i++) {
      const double theta = (double)a.state[0][i];
      square += theta * theta;
      b.grad[i] = (float)((double)a.grad[i] - 0.5 * theta);
    }
    const double sum =
        cred__normal_adam_step(a.state[0], a.state[2], a.state[4], a.grad, &adam, 0.5, N);
    cred__adam_step(b.state[0], b.state[2], b.state[4], b.grad, &adam, N);
    assert_near(sum, square, 1e-6 * square);
    for (size_t i = 0; i < N; i++) {
      assert_near((double)a.state[0][i], (double)b.state[0][i],
                  1e-6 * (1 + fabs((double)b.state[0][i])));
      assert_near((double)a.state[2][i], (double)b.state[2][i],
                  1e-6 * (fabs((double)b.state[2][i]) + 1e-3));
    }
  }
}

static void test_within(void **state) {
  (void)state;
  float x[130];
  const float bad[] = {NAN, INFINITY, -INFINITY, 2.5f, -2.5f};
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t i = 0; i < 130; i++) x[i] = i % 2 ? 2 : -2;
    assert_true(cred__all_within(x, 2, 130) && cred__all_within(x, 2, 0));
    for (size_t at = 0; at < 130; at++)
      for (size_t b = 0; b < 5; b++) {
        const float kept = x[at];
        x[at] = bad[b];
        assert_false(cred__all_within(x, 2, 130));
        assert_true(cred__all_within(x, 2, at));
        x[at] = kept;
      }
  }
}

// A NaN of the state stays where it is, and the KL tells.
static void test_nan_stays(void **state) {
  (void)state;
  static arrays a;
  const cred__mixture prior = {1, 0.1, 0.5};
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t at = 0; at < N && cred__kernel_select(sets[s]); at += N - 1) {
      arrays_init(&a, 1);
      a.w[at] = a.state[0][at] = NAN;
      cred__gaussian_step p = step_of(&a, false, N);
      assert_true(isnan(cred__mixture_step(&p, &prior)));
      for (size_t i = 0; i < N; i++) assert_true(isnan(a.state[0][i]) == (i == at));
      arrays_init(&a, 1);
      a.state[1][at] = NAN;
      p = step_of(&a, false, N);
      assert_true(isnan(cred__normal_step(&p, 1)));
      for (size_t i = 0; i < N; i++) assert_true(isnan(a.state[1][i]) == (i == at));
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mixture),     cmocka_unit_test(test_normal),
      cmocka_unit_test(test_normal_adam), cmocka_unit_test(test_within),
      cmocka_unit_test(test_nan_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
