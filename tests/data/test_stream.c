// test_stream.c -- blocks of rows agree with the whole table, in bounded memory.

#include "files.h"

// Reads a file in blocks of n rows and compares every cell with the whole table's text.
static void compare(const char *path, const cred_table_options *opt,
                    const char *const *numeric, size_t n_numeric, size_t n) {
  cred_table *whole, *part;
  cred_table_stream *s;
  assert_ok(cred_table_read(&whole, path, opt));
  assert_ok(cred_table_stream_open(&s, path, opt, numeric, n_numeric));
  size_t row = 0;
  for (;;) {
    assert_ok(cred_table_stream_next(&part, s, n));
    if (!part) break;
    assert_true(cred_table_n_rows(part) <= n && cred_table_n_rows(part) > 0);
    for (size_t i = 0; i < cred_table_n_rows(part); i++, row++) {
      assert_int_equal(cred_table_line(part, i), cred_table_line(whole, row));
      for (size_t j = 0; j < cred_table_n_columns(whole); j++)
        assert_string_equal(cell_of(part, i, j), cell_of(whole, row, j));
    }
    cred_table_free(part);
  }
  assert_int_equal(row, cred_table_n_rows(whole));
  assert_ok(cred_table_stream_next(&part, s, n)); // stays at its end
  assert_null(part);
  cred_table_stream_close(s);
  cred_table_free(whole);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_text(void **state) {
  (void)state;
  const char *const numeric[] = {"a", "not there"};
  const char *path = put("a.csv", "a,b,c\n1,x,\n,y,u\n3,\"z\nz\",v\n\n4,x,u\n5,x,7\n");
  for (size_t n = 1; n < 8; n++) compare(path, NULL, numeric, 2, n);
  compare(put("a.txt", "1 2\n3 4\n5 6"), NULL, NULL, 0, 2);
  cred_table_options opt = cred_table_defaults();
  opt.rows_max = 3;
  compare(put("a.csv", "a,b\n1,2\n3,4\n5,6\n7,8\n"), &opt, numeric, 1, 2);
}

static void test_types_do_not_depend_on_the_block(void **state) {
  (void)state;
  const char *const numeric[] = {"a"}, *const words[] = {"b"};
  cred_table_options opt = cred_table_defaults();
  opt.categorical = words, opt.n_categorical = 1;
  cred_table_stream *s;
  cred_table *t;
  assert_ok(cred_table_stream_open(&s, put("a.csv", "a,b,id\n1,2,007\n3,x,8\nn/a,y,9\n"),
                                   &opt, numeric, 1));
  assert_ok(cred_table_stream_next(&t, s, 1));
  assert_int_equal(cred_table_type(t, 0), CRED_COLUMN_NUMERIC);
  assert_int_equal(cred_table_type(t, 1), CRED_COLUMN_CATEGORICAL);
  assert_string_equal(cell_of(t, 0, 2), "007");
  cred_table_free(t);
  assert_fails(cred_table_stream_next(&t, s, 9), CRED_EDATA,
               "a.csv:4:1: 'n/a' is not a number in column 'a' (use --na n/a, --bad-rows "
               "skip leaves such rows out)");
  cred_table_stream_close(s);
  assert_ok(
      cred_table_stream_open(&s, put("a.csv", "a,b\n1,2\n1e400,x\n"), &opt, numeric, 1));
  assert_fails(cred_table_stream_next(&t, s, 9), CRED_EDATA,
               "a.csv:3:1: '1e400' is too large for a number in column 'a'");
  cred_table_stream_close(s);
  cred_table_stream_close(NULL);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_header_only(void **state) {
  (void)state;
  cred_table_stream *s;
  cred_table *t;
  assert_ok(cred_table_stream_open(&s, put("a.csv", "a,b\n"), NULL, NULL, 0));
  assert_ok(cred_table_stream_next(&t, s, 9));
  assert_null(t);
  cred_table_stream_close(s);
}

// A file of many blocks: what a stream holds at once stays small.
static void test_bounded(void **state) {
  (void)state;
  const size_t n = 150000;
  char *text = malloc(n * 24), *p = text;
  p += sprintf(p, "a,b\n");
  for (size_t i = 0; i < n; i++) p += sprintf(p, "%zu,word%zu\n", i, i);
  const char *const numeric[] = {"a"};
  cred_table_stream *s;
  assert_ok(cred_table_stream_open(&s, put("a.csv", text), NULL, numeric, 1));
  free(text);
  size_t row = 0;
  for (;;) {
    cred_table *t;
    assert_ok(cred_table_stream_next(&t, s, 1000));
    if (!t) break;
    assert_int_equal(cred_table_n_levels(t, 1), 1000); // of the block alone
    assert_true(cred_table_number(t, 999, 0) == (double)(row + 999));
    row += cred_table_n_rows(t);
    cred_table_free(t);
  }
  assert_int_equal(row, n);
  cred_table_stream_close(s);
}

static void test_arrays(void **state) {
  (void)state;
  unsigned char b[8 + 4 + 2 * 10] = {0, 0, 8, 2, 0, 0, 0, 10, 0, 0, 0, 2};
  for (unsigned char i = 0; i < 20; i++) b[12 + i] = i;
  const char *path = put_bytes("a.idx", b, sizeof b);
  for (size_t n = 1; n < 12; n += 3) compare(path, NULL, NULL, 0, n);
  path = put_bytes("a.idx", b, sizeof b); // grows by a byte behind the header's back
  FILE *f = fopen(path, "ab");
  fputc(1, f);
  fclose(f);
  cred_table_stream *s;
  assert_fails(cred_table_stream_open(&s, path, NULL, NULL, 0), CRED_EDATA,
               "header says");
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_out_of_memory(void **state) {
  (void)state;
  const char *const numeric[] = {"a"};
  const char *path = put("a.csv", "a,b\n1,x\n2,y\n3,z\n");
  for (long n = 0;; n++) {
    cred_table_stream *s = NULL;
    cred_table *t = NULL;
    assert_true(n < 1000);
    cred__alloc_fail_after(n);
    cred_status status = cred_table_stream_open(&s, path, NULL, numeric, 1);
    for (int k = 0; k < 2 && status == CRED_OK; k++) {
      status = cred_table_stream_next(&t, s, 2);
      cred_table_free(t);
    }
    cred__alloc_fail_after(-1);
    cred_table_stream_close(s);
    assert_int_equal(cred__alloc_live(), 0);
    if (status == CRED_OK) break;
    assert_int_equal(status, CRED_ENOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_types_do_not_depend_on_the_block),
      cmocka_unit_test(test_header_only),
      cmocka_unit_test(test_bounded),
      cmocka_unit_test(test_arrays),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
