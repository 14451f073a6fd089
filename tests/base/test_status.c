// The message of a thread: cut to its room, its own, never torn by its own arguments.

#include "check.h"
#include "base/fail.h"
#include <pthread.h>

static void test_message(void **state) {
  (void)state;
  assert_int_equal(cred__fail(CRED_EDATA, "%s:%d: '%s'", "a.csv", 17, "x%s"), CRED_EDATA);
  assert_string_equal(cred_error_message(), "a.csv:17: 'x%s'");
  cred__fail(CRED_EINVAL, "again: %s",
             cred_error_message()); // the old one as an argument
  assert_string_equal(cred_error_message(), "again: a.csv:17: 'x%s'");
  cred__fail_prefix("%s", "model.cred");
  assert_string_equal(cred_error_message(), "model.cred: again: a.csv:17: 'x%s'");
  cred__fail_copy(cred_error_message());
  assert_string_equal(cred_error_message(), "model.cred: again: a.csv:17: 'x%s'");
}

static void test_a_long_message_is_cut(void **state) {
  (void)state;
  char *text = test_malloc(100001);
  memset(text, 'a', 100000);
  text[100000] = 0;
  cred__fail(CRED_EDATA, "%s", text);
  const size_t n = strlen(cred_error_message());
  assert_in_range(n, 500, 10000);
  for (int i = 0; i < 3; i++) cred__fail_prefix("%s", text);
  assert_int_equal(strlen(cred_error_message()), n);
  cred__fail(CRED_EDATA, "short");
  for (int i = 0; i < 1000; i++) cred__fail_prefix("0123456789");
  assert_in_range(strlen(cred_error_message()), n - 20, n);
  cred__fail_copy(text);
  assert_in_range(strlen(cred_error_message()), 500, 10000);
  test_free(text);
}

static void *other_thread(void *seen) {
  *(size_t *)seen = strlen(cred_error_message());
  cred__fail(CRED_EIO, "of the other thread");
  return NULL;
}

static void test_each_thread_has_its_own(void **state) {
  (void)state;
  cred__fail(CRED_EDATA, "of this thread");
  pthread_t thread;
  size_t seen = 77;
  assert_int_equal(pthread_create(&thread, NULL, other_thread, &seen), 0);
  pthread_join(thread, NULL);
  assert_int_equal(seen, 0);
  assert_string_equal(cred_error_message(), "of this thread");
}

// Statuses are the exit codes of the command line, each with a word of its own.
static void test_names_and_values(void **state) {
  (void)state;
  static const int codes[] = {0, 64, 65, 66, 69, 70, 71, 73, 74, 75, 78};
  enum { N = sizeof codes / sizeof *codes };
  for (size_t i = 0; i < N; i++) {
    const char *name = cred_status_name((cred_status)codes[i]);
    assert_string_not_equal(name, "unknown");
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(name, cred_status_name((cred_status)codes[j]));
  }
  assert_string_equal(cred_status_name((cred_status)1), "unknown");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_message),
      cmocka_unit_test(test_a_long_message_is_cut),
      cmocka_unit_test(test_each_thread_has_its_own),
      cmocka_unit_test(test_names_and_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
