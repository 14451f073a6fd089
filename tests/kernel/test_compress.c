// test_compress.c -- chosen elements moved together, against a plain loop, for every
// instruction set.

#include "check.h"
#include "kernel/kernel.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, N = 70, AFTER = -9 };

static size_t plain(float *out, const float *in, const float *keep, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (keep[i] != 0) out[kept++] = in[i];
  return kept;
}

// A share of the elements is kept; of those some by NaN, and -0 keeps nothing.
static void check_share(double share, size_t n) {
  const cred_key key = cred_key_make(n + 1);
  float in[N], keep[N], expected[N], out[N + 1];
  for (size_t i = 0; i < n; i++) {
    const double u = cred_key_uniform(&key, i);
    in[i] = (float)(i + 1);
    keep[i] = u >= share ? (i % 2 ? -0.0f : 0.0f) : i % 5 ? (float)(u + 1) : NAN;
  }
  out[n] = AFTER;
  const size_t kept = plain(expected, in, keep, n);
  assert_int_equal(cred__compress(out, in, keep, n), kept);
  assert_memory_equal(out, expected, kept * sizeof *out);
  assert_true(out[n] == AFTER); // no element past the n that there is room for
}

static void test_compress(void **state) {
  (void)state;
  static const double shares[] = {0, 0.1, 0.5, 0.9, 1};
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t n = 0; n < N && cred__kernel_select(sets[s]); n++)
      for (size_t k = 0; k < sizeof shares / sizeof *shares; k++)
        check_share(shares[k], n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_compress),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
