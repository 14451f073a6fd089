// test_split.c -- splits are partitions, in the right shares; index files.

#include "files.h"
#include "credence/data/split.h"

// Every row once, both lists sorted.
static void check_partition(const cred_split *s, size_t n) {
  char *seen = calloc(n, 1);
  assert_int_equal(s->n_train + s->n_held_out, n);
  for (size_t i = 0; i < s->n_train; i++) {
    assert_true(i == 0 || s->train[i] > s->train[i - 1]);
    seen[s->train[i]]++;
  }
  for (size_t i = 0; i < s->n_held_out; i++) {
    assert_true(i == 0 || s->held_out[i] > s->held_out[i - 1]);
    seen[s->held_out[i]]++;
  }
  for (size_t i = 0; i < n; i++) assert_int_equal(seen[i], 1);
  free(seen);
}

static void test_random(void **state) {
  (void)state;
  const cred_key key = cred_key_make(1), other = cred_key_make(2);
  cred_split a, b;
  static const struct {
    size_t n;
    double share;
    size_t held_out;
  } cases[] = {{100, 0.1, 10}, {506, 0.1, 51}, {2, 0.01, 1}, {2, 0.99, 1}, {7, 0.5, 4}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_ok(cred_split_random(&a, cases[i].n, cases[i].share, NULL, &key));
    check_partition(&a, cases[i].n);
    assert_int_equal(a.n_held_out, cases[i].held_out);
    cred_split_clear(&a);
  }
  assert_ok(cred_split_random(&a, 100, 0.3, NULL, &key));
  assert_ok(cred_split_random(&b, 100, 0.3, NULL, &key));
  assert_memory_equal(a.held_out, b.held_out, 30 * sizeof *a.held_out);
  cred_split_clear(&b);
  assert_ok(cred_split_random(&b, 100, 0.3, NULL, &other));
  assert_memory_not_equal(a.held_out, b.held_out, 30 * sizeof *a.held_out);
  cred_split_clear(&a);
  cred_split_clear(&b);
  assert_fails(cred_split_random(&a, 1, 0.5, NULL, &key), CRED_EDATA, "at least 2");
  assert_fails(cred_split_random(&a, 9, 0.0, NULL, &key), CRED_EINVAL, "between 0 and 1");
  assert_fails(cred_split_random(&a, 9, 1.0, NULL, &key), CRED_EINVAL, "between 0 and 1");
  assert_fails(cred_split_random(&a, 9, NAN, NULL, &key), CRED_EINVAL, "between 0 and 1");
}

// Each row is held out equally often over keys: 4 sd of a binomial.
static void test_random_is_fair(void **state) {
  (void)state;
  enum { N = 20, KEYS = 2000 };
  int counts[N] = {0};
  for (uint64_t k = 0; k < KEYS; k++) {
    const cred_key key = cred_key_make(k);
    cred_split s;
    assert_ok(cred_split_random(&s, N, 0.25, NULL, &key));
    for (size_t i = 0; i < s.n_held_out; i++) counts[s.held_out[i]]++;
    cred_split_clear(&s);
  }
  for (size_t i = 0; i < N; i++)
    assert_near(counts[i], KEYS * 0.25, 4 * sqrt(KEYS * 0.25 * 0.75));
}

static void test_strata(void **state) {
  (void)state;
  enum { N = 1000 };
  int32_t stratum[N];
  size_t sizes[3] = {0}, held[3] = {0}, dealt[3];
  for (size_t i = 0; i < N; i++) {
    stratum[i] = i % 50 == 0 ? 2 : i % 3 == 0;
    sizes[stratum[i]]++;
  }
  const cred_key key = cred_key_make(3);
  cred_split s;
  assert_ok(cred_split_random(&s, N, 0.2, stratum, &key));
  check_partition(&s, N);
  assert_int_equal(s.n_held_out, 200);
  for (size_t i = 0; i < s.n_held_out; i++) held[stratum[s.held_out[i]]]++;
  for (size_t c = 0; c < 3; c++)
    assert_near((double)held[c], 0.2 * (double)sizes[c], 1.0);
  cred_split_clear(&s);
  for (size_t fold = 0; fold < 7; fold++) {
    assert_ok(cred_split_fold(&s, N, fold, 7, stratum, &key));
    memset(dealt, 0, sizeof dealt);
    for (size_t i = 0; i < s.n_held_out; i++) dealt[stratum[s.held_out[i]]]++;
    for (size_t c = 0; c < 3; c++)
      assert_near((double)dealt[c], (double)sizes[c] / 7, 1.0);
    cred_split_clear(&s);
  }
}

static void test_folds(void **state) {
  (void)state;
  const cred_key key = cred_key_make(4);
  int times[23] = {0};
  for (size_t fold = 0; fold < 5; fold++) {
    cred_split s;
    assert_ok(cred_split_fold(&s, 23, fold, 5, NULL, &key));
    check_partition(&s, 23);
    assert_true(s.n_held_out == 4 || s.n_held_out == 5);
    for (size_t i = 0; i < s.n_held_out; i++) times[s.held_out[i]]++;
    cred_split_clear(&s);
  }
  for (size_t i = 0; i < 23; i++) assert_int_equal(times[i], 1);
  cred_split s;
  assert_fails(cred_split_fold(&s, 5, 0, 6, NULL, &key), CRED_EINVAL, "6 folds of 5");
  assert_fails(cred_split_fold(&s, 5, 0, 1, NULL, &key), CRED_EINVAL, "1 folds");
  assert_fails(cred_split_fold(&s, 5, 5, 5, NULL, &key), CRED_EINVAL, "fold 5 of 5");
}

static void test_index(void **state) {
  (void)state;
  size_t *rows, n;
  assert_ok(cred_split_read_index(&rows, &n, put("i.txt", "3 0\n\n2\r\n1.0e+00\n"), 4));
  assert_int_equal(n, 4);
  assert_true(rows[0] == 3 && rows[1] == 0 && rows[2] == 2 && rows[3] == 1);
  cred__free(rows);
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"1\n4\n", "i.txt:2: row 4, but the table has 4 rows"},
      {"1\n2\n1\n", "i.txt:3: row 1 is listed twice"},
      {"1\n-2\n", "i.txt:2: '-2' is not a row number"},
      {"1.5", "i.txt:1: '1.5' is not a row number"},
      {"x", "i.txt:1: 'x' is not a row number"},
      {"99999999999999999999", "i.txt:1:"},
      {" \n", "there are no row numbers"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_fails(cred_split_read_index(&rows, &n, put("i.txt", cases[i].text), 4),
                 CRED_EDATA, cases[i].message);
  assert_fails(cred_split_read_index(&rows, &n, "/nonexistent", 4), CRED_ENOINPUT,
               "/nonexist");
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_out_of_memory(void **state) {
  (void)state;
  const int32_t stratum[] = {0, 1, 0, 1};
  const cred_key key = cred_key_make(5);
  const char *path = put("i.txt", "1 2\n");
  for (long k = 0;; k++) {
    cred_split s = {0};
    size_t *rows = NULL, n;
    assert_true(k < 100);
    cred__alloc_fail_after(k);
    cred_status status = cred_split_random(&s, 4, 0.5, stratum, &key);
    if (status == CRED_OK) {
      cred_split_clear(&s);
      status = cred_split_fold(&s, 4, 0, 2, stratum, &key);
    }
    if (status == CRED_OK) status = cred_split_read_index(&rows, &n, path, 4);
    cred__alloc_fail_after(-1);
    cred_split_clear(&s);
    cred__free(rows);
    assert_int_equal(cred__alloc_live(), 0);
    if (status == CRED_OK) break;
    assert_int_equal(status, CRED_ENOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random), cmocka_unit_test(test_random_is_fair),
      cmocka_unit_test(test_strata), cmocka_unit_test(test_folds),
      cmocka_unit_test(test_index),  cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
