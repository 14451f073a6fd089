// test_random123.c -- Philox4x32-10 against the library of its authors, on 100,000
// counters.

#include "check.h"
#include "credence/base/key.h"
#include <Random123/philox.h>

static void test_random_counters(void **state) {
  (void)state;
  const cred_key source = cred_key_make(99);
  for (uint32_t i = 0; i < 100000; i++) {
    uint32_t word[4], key_word[4], ours[4];
    cred_philox4x32(word, (const uint32_t[4]){i, 0, 0, 7}, &source);
    cred_philox4x32(key_word, (const uint32_t[4]){i, 1, 0, 7}, &source);
    const cred_key key = {{key_word[0], key_word[1]}};
    const philox4x32_ctr_t counter = {{word[0], word[1], word[2], word[3]}};
    const philox4x32_key_t their_key = {{key_word[0], key_word[1]}};
    const philox4x32_ctr_t theirs = philox4x32(counter, their_key);
    cred_philox4x32(ours, word, &key);
    assert_memory_equal(ours, theirs.v, sizeof ours);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_counters)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
