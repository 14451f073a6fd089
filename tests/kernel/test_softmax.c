// Softmax of noisy logits, for every instruction set, against the formula in double: in
// one piece and in several, sizes that fill no vector, NaN in and NaN out.

#include "check.h"
#include "kernel/kernel.h"
#include "kernel/softmax.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, N = 23, P = 300 };

typedef struct {
  float z[N * P], logit[N], sd[N], e[N * P], top[P];
  double total[P];
} fixture;

static fixture *made(size_t n_points) {
  static fixture f;
  const cred_key key = cred_key_make(5);
  for (size_t i = 0; i < N * n_points; i++) f.z[i] = (float)cred_key_normal(&key, i);
  for (size_t k = 0; k < N; k++) {
    f.logit[k] = (float)(3 * cred_key_normal(&key, 100000 + k));
    f.sd[k] = (float)cred_key_uniform(&key, 200000 + k);
  }
  for (size_t t = 0; t < n_points; t++) f.top[t] = -INFINITY, f.total[t] = 0;
  return &f;
}

static double logit_of(const fixture *f, size_t k, size_t t, size_t n_points) {
  return (double)f->logit[k] + (double)f->sd[k] * (double)f->z[k * n_points + t];
}

// pieces: how the classes are cut.
static void check_points(size_t n_points, const size_t *pieces, size_t n_pieces) {
  fixture *f = made(n_points);
  for (size_t i = 0, first = 0; i < n_pieces; first += pieces[i++])
    cred__softmax_noisy(f->e + first * n_points, f->top, f->total,
                        f->z + first * n_points, f->logit + first, f->sd + first,
                        pieces[i], n_points);
  cred__softmax_again(f->e, f->top, f->z, f->logit, f->sd, N, n_points);
  double mean[N], expected[N] = {0};
  float share[P];
  for (size_t t = 0; t < n_points; t++) {
    double top = -INFINITY, sum = 0;
    for (size_t k = 0; k < N; k++) top = fmax(top, logit_of(f, k, t, n_points));
    for (size_t k = 0; k < N; k++) sum += exp(logit_of(f, k, t, n_points) - top);
    assert_near(f->top[t], top, 2e-6);
    assert_near(f->total[t] / sum, 1, 1e-5);
    share[t] = (float)(1 / (f->total[t] * (double)n_points));
    for (size_t k = 0; k < N; k++) {
      const double p = exp(logit_of(f, k, t, n_points) - top) / sum;
      assert_near((double)f->e[k * n_points + t] / f->total[t], p, 3e-6);
      expected[k] += p / (double)n_points;
    }
  }
  cred__softmax_mean(mean, f->e, share, N, n_points);
  for (size_t k = 0; k < N; k++) assert_near(mean[k], expected[k], 2e-6);
}

static void test_against_the_formula(void **state) {
  (void)state;
  static const size_t points[] = {1, 7, 10, 16, 121, 128, 129, P};
  static const size_t whole[] = {N}, parts[] = {1, 16, 5, 1};
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
      check_points(points[i], whole, 1);
      check_points(points[i], parts, 4);
    }
  }
}

static void test_nan_stays_nan(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    fixture *f = made(P);
    f->z[3 * P + 40] = NAN;
    cred__softmax_noisy(f->e, f->top, f->total, f->z, f->logit, f->sd, N, P);
    assert_true(isnan(f->total[40]) && !isnan(f->total[41]));
  }
}

// A node of a grid against the formula in double: u small, and so large that exp(-u) is
// nothing; sizes that fill no vector; what is not a number stays.
static void test_gumbel_node(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t n = 1; n < 70 && cred__kernel_select(sets[s]); n += 11) {
      float below[70], density[70], excess[70], u[70], x[70];
      for (size_t i = 0; i < n; i++) {
        below[i] = 1, density[i] = 2, excess[i] = 3;
        u[i] = i % 7 == 6 ? 1e4f : (float)exp(0.2 * (double)i - 8);
        x[i] = (float)(0.5 * (double)i);
      }
      const float before = u[0];
      if (n > 40) u[40] = NAN;
      const cred__gumbel_node node = {below, density, excess, u, x, 1.5f, 0.25f, 3};
      cred__gumbel_add(&node, n);
      assert_near((double)u[0], 3 * (double)before, 1e-9);
      for (size_t i = 0; i < n; i++) {
        const double at = i % 7 == 6 ? 1e4 : exp(0.2 * (double)i - 8);
        const double e = 0.25 * exp(-at), f = at * e;
        if (i == 40) {
          assert_true(isnan(below[i]) && isnan(density[i]) && isnan(excess[i]));
          continue;
        }
        assert_near((double)below[i], 1 + e, 3e-7);
        assert_near((double)density[i], 2 + f, 6e-7);
        assert_near((double)excess[i], 3 + f * ((double)x[i] - 1.5), 6e-6);
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_gumbel_node),
                                     cmocka_unit_test(test_against_the_formula),
                                     cmocka_unit_test(test_nan_stays_nan)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
