// test_key.c -- Philox against the known answers of its authors, and what is made of it.

#include "check.h"
#include "credence/base/key.h"

// Known answers: Random123 1.09, tests/kat_vectors, lines "philox4x32 10".
static void test_known_answers(void **state) {
  (void)state;
  static const struct {
    uint32_t counter[4], key[2], expected[4];
  } cases[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t out[4];
    const cred_key key = {{cases[i].key[0], cases[i].key[1]}};
    cred_philox4x32(out, cases[i].counter, &key);
    assert_memory_equal(out, cases[i].expected, sizeof out);
  }
}

static void test_uniform_and_normal(void **state) {
  (void)state;
  const cred_key key = cred_key_make(7);
  enum { N = 100000 };
  double sum = 0, sum2 = 0, sum_u = 0;
  for (uint64_t i = 0; i < N; i++) {
    const double u = cred_key_uniform(&key, i), z = cred_key_normal(&key, i);
    assert_true(u > 0 && u < 1);
    sum_u += u, sum += z, sum2 += z * z;
  }
  assert_near(sum_u / N, 0.5, 4 * sqrt(1.0 / 12 / N));
  assert_near(sum / N, 0, 4 / sqrt(N));
  assert_near(sum2 / N, 1, 4 * sqrt(2.0 / N));
}

static void test_shuffle(void **state) {
  (void)state;
  size_t items[100], seen[100] = {0};
  for (size_t i = 0; i < 100; i++) items[i] = i;
  const cred_key key = cred_key_make(1);
  cred_key_shuffle(items, 100, &key);
  size_t n_fixed = 0;
  for (size_t i = 0; i < 100; i++) seen[items[i]]++, n_fixed += items[i] == i;
  for (size_t i = 0; i < 100; i++) assert_int_equal(seen[i], 1);
  assert_true(n_fixed < 8); // Poisson(1)
}

static void test_derived_keys_differ(void **state) {
  (void)state;
  const cred_key root = cred_key_make(0);
  const cred_key a = cred_key_derive(&root, CRED_FOR_INIT, 0);
  const cred_key b = cred_key_derive(&root, CRED_FOR_INIT, 1);
  const cred_key c = cred_key_derive(&root, CRED_FOR_WEIGHTS, 0);
  assert_memory_not_equal(&a, &b, sizeof a);
  assert_memory_not_equal(&a, &c, sizeof a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_answers),
      cmocka_unit_test(test_uniform_and_normal),
      cmocka_unit_test(test_shuffle),
      cmocka_unit_test(test_derived_keys_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
