// The benchmark: names, limits, bounds against counts by hand, memory.

#include "check.h"
#include "base/alloc.h"
#include "credence/model/bench.h"

static size_t find(const char *name) {
  for (size_t i = 0; i < cred_bench_n_workloads(); i++)
    if (strcmp(cred_bench_get_workload(i)->name, name) == 0) return i;
  fail_msg("no workload '%s'", name);
  return 0;
}

static void test_names(void **state) {
  (void)state;
  const size_t n = cred_bench_n_workloads();
  assert_true(n > 10);
  for (size_t i = 0; i < n; i++) {
    const char *name = cred_bench_get_workload(i)->name;
    assert_true(cred_bench_matches(i, name));
    assert_true(strlen(cred_bench_get_workload(i)->about) > 0);
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(name, cred_bench_get_workload(j)->name);
  }
  const size_t i = find("train-1200-weights");
  assert_true(cred_bench_matches(i, "train"));
  assert_true(cred_bench_matches(i, "train-1200"));
  assert_false(cred_bench_matches(i, "train-12"));
  assert_false(cred_bench_matches(i, "train-1200-weights-more"));
  assert_false(cred_bench_matches(i, ""));
}

static void test_limits(void **state) {
  (void)state;
  cred_bench_limits l;
  assert_ok(cred_bench_measure(&l, 1, 0.08));
  assert_int_equal(l.n_threads, 1);
  assert_true(l.peak_flops > 1e8 && l.peak_flops < 1e13);
  for (size_t i = 0; i < CRED_BENCH_SIZES; i++) {
    assert_true(l.bytes_per_s[i] > 1e8 && l.bytes_per_s[i] < 1e13);
    assert_near(cred_bench_bandwidth(&l, l.array_bytes[i]), l.bytes_per_s[i],
                1e-9 * l.bytes_per_s[i]);
  }
  const double between = sqrt(l.array_bytes[1] * l.array_bytes[2]);
  assert_near(cred_bench_bandwidth(&l, between),
              0.5 * (l.bytes_per_s[1] + l.bytes_per_s[2]), 1e-6 * l.bytes_per_s[1]);
  assert_near(cred_bench_bandwidth(&l, 1), l.bytes_per_s[0], 0);
  assert_near(cred_bench_bandwidth(&l, 1e18), l.bytes_per_s[CRED_BENCH_SIZES - 1], 0);
  assert_fails(cred_bench_measure(&l, 1, NAN), CRED_EINVAL, "must be > 0");
  assert_fails(cred_bench_measure(&l, 5000, 1), CRED_EINVAL, "5000 given");
}

// Limits by decree: what follows from them can be counted.
static cred_bench_limits round_limits(void) {
  cred_bench_limits l = {.n_threads = 1, .peak_flops = 1e9};
  for (size_t i = 0; i < CRED_BENCH_SIZES; i++) {
    l.array_bytes[i] = pow(10, (double)i + 4);
    l.bytes_per_s[i] = 1e6;
  }
  return l;
}

static void test_training(void **state) {
  (void)state;
  const cred_bench_limits l = round_limits();
  cred_bench_result r;
  assert_ok(cred_bench_run(&r, find("train-tutorial-bnn"), &l, 0.3));
  // 10-20-1: 200 and 20 weights, 241 parameters; 100 rows, 3 draws; no gradient of inputs
  assert_near(r.flops, 2.0 * 100 * 3 * (2 * 200 + 3 * 20), 0);
  assert_near(r.bytes, (48 + 3 * 12) * 241.0, 0);
  assert_near(r.time_s_overlap, fmax(r.flops / 1e9, r.bytes / 1e6), 1e-12);
  assert_near(r.time_s_apart, r.flops / 1e9 + r.bytes / 1e6, 1e-12);
  assert_true(r.n_samples >= 5 && r.n_units >= 1);
  assert_true(0 < r.time_s_low && r.time_s_low <= r.time_s);
  assert_true(r.time_s <= r.time_s_high && r.time_s_first > 0);
  assert_true(r.score_last > r.score_first + 1); // it learns
  assert_fails(cred_bench_run(&r, cred_bench_n_workloads(), &l, 1), CRED_EINVAL,
               "there are");
  assert_fails(cred_bench_run(&r, 0, &l, 0), CRED_EINVAL, "must be > 0");
  const cred_bench_limits none = {0};
  assert_fails(cred_bench_run(&r, 0, &none, 1), CRED_EINVAL, "not measured");
}

// Every kind of prediction runs; the products of one row of 784-1200-1200-10.
static void test_prediction(void **state) {
  (void)state;
  const cred_bench_limits l = round_limits();
  const double first = 784 * 1200, rest = 1200 * 1200 + 1200 * 10;
  const struct {
    const char *name;
    double products;
  } rows[] = {{"predict-1-weights", 100 * (first + rest)},
              {"predict-1-local", 2 * (first + 100 * rest)},
              {"predict-1-dropout", first + 100 * rest},
              {"predict-1-moments", 2 * first + 3 * rest},
              {"predict-1-mean", first + rest}};
  cred_bench_result r;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_ok(cred_bench_run(&r, find(rows[i].name), &l, 1e-3));
    assert_near(r.flops, 2 * rows[i].products, 0);
    assert_true(r.n_samples >= 1 && r.time_s > 0 && isnan(r.score_last));
  }
  assert_ok(cred_bench_run(&r, find("predict-sine"), &l, 1e-3));
  // every weight of a convolution at 28 x 28 places, after pooling at 14 x 14
  assert_ok(cred_bench_run(&r, find("predict-conv-mean"), &l, 1e-3));
  const double conv = 25 * 32 * 784 + 25 * 32 * 64 * 196.0;
  assert_near(r.flops, 2 * 128 * (conv + 7 * 7 * 64 * 512.0 + 512 * 10), 0);
}

// Nothing is left where memory ends anywhere.
static void test_no_memory(void **state) {
  (void)state;
  const cred_bench_limits l = round_limits();
  const long before = cred__alloc_live();
  const size_t train = find("train-tutorial-sine"), predict = find("predict-sine");
  cred_bench_result r;
  for (size_t k = 0; k < 2; k++) {
    cred_status status = CRED_ENOMEM;
    for (long n = 0; status != CRED_OK; n++) {
      assert_true(n < 10000);
      cred__alloc_fail_after(n);
      status = cred_bench_run(&r, k ? predict : train, &l, 1e-6);
      cred__alloc_fail_after(-1);
      assert_true(status == CRED_OK || status == CRED_ENOMEM);
      assert_int_equal(cred__alloc_live(), before);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names), cmocka_unit_test(test_limits),
      cmocka_unit_test(test_training), cmocka_unit_test(test_prediction),
      cmocka_unit_test(test_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
