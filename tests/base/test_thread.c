// Parallel loops: every task once, workers in range, the first failure told, denormals
// restored.

#include "check.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include <stdatomic.h>

enum { N = 500 };
typedef struct {
  atomic_int made[N];
  atomic_size_t worker_max;
  atomic_int flushed;
} counts;

static void count(void *context, size_t task, size_t worker) {
  counts *c = context;
  c->made[task]++;
  if (worker > c->worker_max) c->worker_max = worker;
  volatile float tiny = 1e-30f;
  if (tiny * 1e-10f == 0) c->flushed++;
}

static void test_every_task_once(void **state) {
  (void)state;
  static const size_t threads[] = {0, 1, 2, 3, 8, 700};
  for (size_t t = 0; t < 6; t++) {
    counts c = {0};
    cred__parallel(threads[t], N, count, &c);
    for (size_t i = 0; i < N; i++) assert_int_equal(c.made[i], 1);
    assert_true(c.worker_max < cred__n_threads(threads[t]));
#if defined(__x86_64__)
    assert_int_equal(c.flushed, N);
    volatile float tiny = 1e-30f;
    assert_true(tiny * 1e-10f > 0); // the caller's state is as it was
#endif
  }
  cred__parallel(4, 0, count, NULL); // no task, no call
}

static cred_status fail_from(void *context, size_t task, size_t worker) {
  (void)worker;
  ((counts *)context)->made[task]++;
  if (task == 17) FAIL(CRED_EDATA, "task %zu", task);
  if (task == 18 || task == 400) FAIL(CRED_EIO, "task %zu", task);
  return CRED_OK;
}

static cred_status fine(void *context, size_t task, size_t worker) {
  (void)context, (void)task, (void)worker;
  return CRED_OK;
}

static void test_the_first_failure_is_told(void **state) {
  (void)state;
  for (size_t threads = 1; threads < 5; threads++) {
    counts c = {0};
    assert_fails(cred__parallel_try(threads, N, fail_from, &c), CRED_EDATA, "task 17");
    for (size_t i = 0; i < N; i++) assert_int_equal(c.made[i], 1);
    assert_ok(cred__parallel_try(threads, N, fine, NULL));
    assert_ok(cred__parallel_try(threads, 0, fine, NULL));
  }
}

static void test_no_memory(void **state) {
  (void)state;
  const long live = cred__alloc_live();
  cred__alloc_fail_after(0);
  assert_fails(cred__parallel_try(2, N, fine, NULL), CRED_ENOMEM, "task results");
  cred__alloc_fail_after(-1);
  assert_int_equal(cred__alloc_live(), live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_task_once),
      cmocka_unit_test(test_the_first_failure_is_told),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
