// Memory: zeroed, aligned, checked for overflow, and failing where it is told to.

#include "check.h"
#include "base/alloc.h"

static bool all_zero(const unsigned char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (p[i]) return false;
  return true;
}

static void test_zeroed_and_aligned(void **state) {
  (void)state;
  const long live = cred__alloc_live();
  for (size_t n = 0; n < 300; n += 7) {
    double *p;
    assert_ok(NEW(&p, n, "numbers"));
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    assert_true(all_zero((const unsigned char *)p, n * sizeof *p));
    memset(p, 0xff, n * sizeof *p); // dirty for the next one
    cred__free(p);
  }
  cred__free(NULL);
  assert_int_equal(cred__alloc_live(), live);
}

static void test_resize_keeps_and_zeroes(void **state) {
  (void)state;
  int *p = NULL;
  assert_ok(RESIZE(&p, 0, 10, "numbers"));
  for (int i = 0; i < 10; i++) p[i] = i + 1;
  assert_ok(RESIZE(&p, 10, 1000, "numbers"));
  for (int i = 0; i < 10; i++) assert_int_equal(p[i], i + 1);
  assert_true(all_zero((const unsigned char *)(p + 10), 990 * sizeof *p));
  assert_ok(RESIZE(&p, 1000, 3, "numbers"));
  assert_int_equal(p[2], 3);
  int *kept = p;
  cred__alloc_fail_after(0);
  assert_fails(RESIZE(&p, 3, 1000, "numbers"), CRED_ENOMEM, "numbers");
  cred__alloc_fail_after(-1);
  assert_ptr_equal(p, kept); // what was there is there
  assert_int_equal(p[2], 3);
  cred__free(p);
}

static void test_overflow(void **state) {
  (void)state;
  double *p = (double *)1;
  assert_fails(NEW(&p, SIZE_MAX / 8 + 2, "a matrix"), CRED_ENOMEM, "a matrix");
  assert_null(p);
  assert_fails(NEW(&p, SIZE_MAX, "a matrix"), CRED_ENOMEM, "a matrix");
  assert_fails(NEW(&p, SIZE_MAX / 8, "a matrix"), CRED_ENOMEM, "a matrix");
  assert_fails(NEW(&p, SIZE_MAX / 64, "a matrix"), CRED_ENOMEM, "a matrix");
}

static void test_fail_after(void **state) {
  (void)state;
  const long live = cred__alloc_live(), made = cred__alloc_count();
  char *p, *q;
  cred__alloc_fail_after(1);
  assert_ok(NEW(&p, 5, "first"));
  for (int i = 0; i < 3; i++) {
    assert_fails(NEW(&q, 5, "second"), CRED_ENOMEM, "second");
    assert_null(q);
  }
  cred__alloc_fail_after(-1);
  assert_int_equal(cred__alloc_live(), live + 1);
  assert_int_equal(cred__alloc_count(), made + 1);
  cred__free(p);
  assert_ok(cred__strdup(&p, "a text"));
  assert_string_equal(p, "a text");
  cred__free(p);
  assert_int_equal(cred__alloc_live(), live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_zeroed_and_aligned),
      cmocka_unit_test(test_resize_keeps_and_zeroes),
      cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_fail_after),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
