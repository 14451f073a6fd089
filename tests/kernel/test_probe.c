// The loops that measure the machine do what they count, in every instruction set.

#include "check.h"
#include "kernel/kernel.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};

// x <- a x + b twelve times over: with a = 1/2 every chain ends at 2 b.
static void test_multiply_adds(void **state) {
  (void)state;
  for (size_t s = 0; s < 3 && cred__kernel_select(sets[s]); s++) {
    float x[2] = {0.5f, 1e30f};
    const double flops = cred__multiply_adds(x, 200);
    const double lanes = flops / (2.0 * 12 * 200);
    assert_near(lanes, 4 << s, 0); // of four, eight, sixteen floats
    assert_near((double)x[0], 0.5 + 1e-30 * 12 * lanes * 2e30, 1e-3);
  }
}

static void test_add_scaled(void **state) {
  (void)state;
  enum { N = 103 };
  float a[N], b[N];
  for (size_t s = 0; s < 3 && cred__kernel_select(sets[s]); s++) {
    for (size_t i = 0; i < N; i++) a[i] = (float)i, b[i] = 2 * (float)i;
    cred__add_scaled(a, b, -0.25f, N);
    for (size_t i = 0; i < N; i++) assert_near((double)a[i], 0.5 * (double)i, 0);
    b[3] = NAN;
    cred__add_scaled(a, b, 1, N);
    assert_true(isnan(a[3]) && a[4] == 10);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_multiply_adds),
                                     cmocka_unit_test(test_add_scaled)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
