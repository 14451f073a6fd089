// Sums of entropies against the C library in double, for every instruction set.

#include "check.h"
#include "credence/base/key.h"
#include "kernel/information.h"
#include "kernel/kernel.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, N = 1003 };

static double x_log_x(double x) {
  return x > 0 ? x * log(x) : 0;
}

static void probabilities(float *p, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < N; i++) p[i] = (float)pow(cred_key_uniform(&key, i), 4);
  p[0] = 0, p[1] = 1, p[2] = 1e-30f, p[3] = 1e-44f;
}

static void test_entropy_add(void **state) {
  (void)state;
  float p[N];
  probabilities(p, 1);
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t n = 1; n <= N && cred__kernel_select(sets[s]); n = 3 * n + 1) {
      double sum[N];
      for (size_t i = 0; i < N; i++) sum[i] = 0.25;
      cred__entropy_add(sum, p, 1.5, n);
      for (size_t i = 0; i < n; i++)
        assert_near(sum[i], 0.25 - 1.5 * x_log_x((double)p[i]), 3e-7);
      for (size_t i = n; i < N; i++) assert_true(sum[i] == 0.25);
    }
  float bad[1] = {NAN};
  double sum[1] = {0};
  cred__entropy_add(sum, bad, 1, 1);
  assert_true(isnan(sum[0]));
}

// Nearly independent: the true sum is far below the rounding of the joint probabilities.
static void test_information_sum(void **state) {
  (void)state;
  const double away[] = {1e-4, 0.01, 0.9};
  const cred_key key = cred_key_make(7);
  float other[N], joint[N];
  probabilities(other, 2);
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t k = 0; k < 3 && cred__kernel_select(sets[s]); k++) {
      const double p = 0.3;
      double exact = 0;
      for (size_t i = 0; i < N; i++) {
        const double q = p * (double)other[i];
        joint[i] = (float)(q * (1 + away[k] * (2 * cred_key_uniform(&key, i) - 1)));
        const double r = q > 1e-37 ? (double)joint[i] / q : 1;
        exact += q * (r * log(r) - r + 1);
      }
      assert_near(cred__information_sum(joint, p, other, N), exact,
                  1e-6 * away[k] * (double)N * p);
      assert_true(cred__information_sum(joint, p, other, 3) >= 0);
    }
  joint[5] = NAN;
  assert_true(isnan(cred__information_sum(joint, 0.3, other, N)));
  joint[0] = other[0] = 0;
  joint[5] = 0; // a pair that never comes together: r log r - r + 1 = 1
  assert_near(cred__information_sum(joint + 5, 0.3, other + 5, 1), 0.3 * (double)other[5],
              1e-8);
  assert_true(cred__information_sum(joint, 0.3, other, 1) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_entropy_add),
      cmocka_unit_test(test_information_sum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
