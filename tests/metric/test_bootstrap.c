// Bootstrap errors against the exact bootstrap variance and against each other.

#include "base/alloc.h"
#include "check.h"
#include "credence/metric/bootstrap.h"

static const double values[] = {1, 4, 2, 8, 5, 7, 1, 3, 9, 2},
                    weights[] = {1, 1, 2, 1, 3, 1, 1, 2, 1, 1};
enum { N = 10, R = 4000 };

typedef struct {
  const double *values, *weights;
} rows_of;

static double weighted_mean(void *context, const size_t *rows, size_t n) {
  const rows_of *x = context;
  double sum = 0.0, total = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double w = x->weights ? x->weights[rows[i]] : 1.0;
    sum += w * x->values[rows[i]];
    total += w;
  }
  return sum / total;
}

// Over all resamples the variance of the mean is sum (x - mean)^2 / n^2.
static void error_of_the_mean(void **state) {
  (void)state;
  const cred_key key = cred_key_make(1);
  rows_of x = {values, NULL};
  double mean = 0.0, square = 0.0, error;
  for (int i = 0; i < N; i++) mean += values[i] / N;
  for (int i = 0; i < N; i++) square += (values[i] - mean) * (values[i] - mean);
  const double exact = sqrt(square) / N;
  assert_ok(cred_bootstrap_error(&error, weighted_mean, &x, N, R, &key));
  assert_near(error, exact, 4.0 * exact / sqrt(2.0 * R));
}

static void fast_path_gives_the_same(void **state) {
  (void)state;
  const cred_key key = cred_key_make(9), other = cred_key_make(10);
  for (int weighted = 0; weighted < 2; weighted++) {
    rows_of x = {values, weighted ? weights : NULL};
    double slow, fast, again, different;
    assert_ok(cred_bootstrap_error(&slow, weighted_mean, &x, N, 200, &key));
    assert_ok(cred_bootstrap_mean_error(&fast, values, x.weights, N, 200, &key));
    assert_ok(cred_bootstrap_mean_error(&again, values, x.weights, N, 200, &key));
    assert_ok(cred_bootstrap_mean_error(&different, values, x.weights, N, 200, &other));
    assert_near(slow, fast, 1e-14);
    assert_true(fast == again && fast != different);
  }
}

static void replicates_do_not_depend_on_their_number(void **state) {
  (void)state;
  const cred_key key = cred_key_make(9);
  rows_of x = {values, NULL};
  double few[3], many[20];
  assert_ok(cred_bootstrap(few, 3, weighted_mean, &x, N, &key));
  assert_ok(cred_bootstrap(many, 20, weighted_mean, &x, N, &key));
  for (int r = 0; r < 3; r++) assert_true(few[r] == many[r]);
  assert_true(few[0] != few[1] && few[1] != few[2]);
}

// Defined only where row 0 was drawn: 1 - (1 - 1/10)^10 of the replicates, about 65 %.
static double needs_row_0(void *context, const size_t *rows, size_t n) {
  size_t *n_calls = context;
  ++*n_calls;
  for (size_t i = 0; i < n; i++) {
    if (rows[i] >= N) return INFINITY;
    if (rows[i] == 0) return (double)rows[n - 1];
  }
  return NAN;
}

static double never(void *context, const size_t *rows, size_t n) {
  (void)context, (void)rows, (void)n;
  return NAN;
}

static void undefined_replicates_are_left_out(void **state) {
  (void)state;
  const cred_key key = cred_key_make(4);
  size_t n_calls = 0;
  double error = -1.0;
  assert_ok(cred_bootstrap_error(&error, needs_row_0, &n_calls, N, 100, &key));
  assert_int_equal(n_calls, 100);
  assert_true(error > 0.0 && error < 10.0);
  error = -1.0;
  assert_fails(cred_bootstrap_error(&error, never, NULL, N, 100, &key), CRED_EDATA,
               "defined on 0 of 100");
  assert_fails(cred_bootstrap_mean_error(&error, values, NULL, N, 1, &key), CRED_EDATA,
               "1 of 1");
  assert_fails(cred_bootstrap_mean_error(&error, values, NULL, 0, 10, &key), CRED_EINVAL,
               "no rows");
  assert_near(error, -1.0, 0.0);
}

static void out_of_memory(void **state) {
  (void)state;
  const cred_key key = cred_key_make(4);
  rows_of x = {values, NULL};
  double error;
  for (long n = 0; n < 2; n++) {
    cred__alloc_fail_after(n);
    assert_fails(cred_bootstrap_error(&error, weighted_mean, &x, N, 10, &key),
                 CRED_ENOMEM, "memory");
  }
  cred__alloc_fail_after(0);
  assert_fails(cred_bootstrap_mean_error(&error, values, NULL, N, 10, &key), CRED_ENOMEM,
               "memory");
  cred__alloc_fail_after(-1);
  assert_int_equal(cred__alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(error_of_the_mean), cmocka_unit_test(fast_path_gives_the_same),
      cmocka_unit_test(replicates_do_not_depend_on_their_number),
      cmocka_unit_test(undefined_replicates_are_left_out),
      cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
