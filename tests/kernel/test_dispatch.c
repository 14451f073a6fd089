// The table of kernels: what is picked, what can be picked, and that it takes effect.

#include "check.h"
#include "kernel/kernel.h"

static void test_names(void **state) {
  (void)state;
  const char *best = cred__kernel_isa();
  assert_true(strcmp(best, "avx512") == 0 || strcmp(best, "avx2") == 0 ||
              strcmp(best, "baseline") == 0);
  // the best is picked at the start: nothing better can be selected
  if (strcmp(best, "baseline") == 0) assert_false(cred__kernel_select("avx2"));
  if (strcmp(best, "avx512") != 0) assert_false(cred__kernel_select("avx512"));
  static const char *const wrong[] = {"", "sse", "AVX2", "avx", "avx5122", "base"};
  for (size_t i = 0; i < 6; i++) {
    assert_false(cred__kernel_select(wrong[i]));
    assert_string_equal(cred__kernel_isa(), best);
  }
  assert_true(cred__kernel_select("baseline"));
  assert_string_equal(cred__kernel_isa(), "baseline");
  assert_true(cred__kernel_select(best));
  assert_string_equal(cred__kernel_isa(), best);
}

// Masks and signs are exact: every instruction set gives the same bytes.
static void test_sets_agree_on_bits(void **state) {
  (void)state;
  static const char *const sets[] = {"baseline", "avx2", "avx512"};
  float first[2][3000], mask[3000], sign[3000];
  const cred_key key = cred_key_make(8);
  for (size_t s = 0; s < 3; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    cred__mask_fill(mask, 3000, 0.25, &key, 4, 128);
    cred__sign_fill(sign, 3000, &key, 4, 77);
    if (s == 0) {
      memcpy(first[0], mask, sizeof mask);
      memcpy(first[1], sign, sizeof sign);
    }
    assert_memory_equal(first[0], mask, sizeof mask);
    assert_memory_equal(first[1], sign, sizeof sign);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_sets_agree_on_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
