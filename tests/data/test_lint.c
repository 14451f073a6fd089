// test_lint.c -- each finding is made where it should be, and not on a sound table.

#include "files.h"
#include "credence/data/lint.h"

static const char *const target_y[] = {"y"};

// What the fit will be told: the target.
static cred_schema_options columns_y(void) {
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = target_y, columns.n_targets = 1;
  return columns;
}

static cred_lint_report *lint(const char *name, const char *text, bool with_target) {
  const cred_schema_options columns = columns_y();
  cred_lint_report *r;
  assert_ok(cred_lint(&r, put(name, text), NULL, with_target ? &columns : NULL));
  return r;
}

// The first finding that contains the text, or NULL.
static const cred_lint_finding *find(const cred_lint_report *r, const char *text) {
  for (size_t i = 0; i < r->n_findings; i++)
    if (strstr(r->findings[i].text, text)) return &r->findings[i];
  return NULL;
}

static void expect(const cred_lint_report *r, const char *text,
                   cred_lint_severity severity, size_t line, size_t column) {
  const cred_lint_finding *f = find(r, text);
  if (!f) fail_msg("no finding '%s'", text);
  assert_int_equal(f->severity, severity);
  assert_int_equal(f->line, line);
  assert_int_equal(f->column, column);
}

static char text[1 << 16];

// A sound table of n rows whose cell (row, column) may be replaced.
static const char *sound(size_t n, size_t row, size_t column, const char *cell) {
  char *p = text + sprintf(text, "a,b,c,y\n");
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < 4; j++) {
      if (i == row && j == column)
        p += sprintf(p, "%s", cell);
      else if (j == 2)
        p += sprintf(p, "%s", i % 3 ? "red" : "blue");
      else
        p += sprintf(p, "%.2f", sin((double)(7 * i + 3 * j)));
      p += sprintf(p, "%s", j < 3 ? "," : "\n");
    }
  return text;
}

static void test_sound(void **state) {
  (void)state;
  cred_lint_report *r = lint("a.csv", sound(100, 999, 0, ""), true);
  for (size_t i = 0; i < r->n_findings; i++) print_message("%s\n", r->findings[i].text);
  assert_int_equal(r->n_findings, 0);
  assert_int_equal(r->n_rows, 100);
  assert_int_equal(r->n_columns, 4);
  assert_string_equal(r->columns[2].name, "c");
  assert_int_equal(r->columns[2].n_levels, 2);
  double mean = 0, least = 9;
  for (int i = 0; i < 100; i++) {
    const double v = round(100 * sin(7.0 * i)) / 100;
    mean += v / 100;
    least = v < least ? v : least;
  }
  assert_near(r->columns[0].mean, mean, 1e-12);
  assert_near(r->columns[0].min, least, 1e-12);
  cred_lint_free(r);
  cred_lint_free(NULL);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_cells(void **state) {
  (void)state;
  cred_lint_report *r = lint("a.csv", sound(100, 15, 1, "n/a"), true);
  expect(r, "'n/a' is not a number in column 'b' (1 of 100 cells)", CRED_LINT_ERROR, 17,
         2);
  assert_int_equal(r->n_errors, 1);
  cred_lint_free(r);
  r = lint("a.csv", sound(100, 15, 1, ""), true);
  expect(r, "1 of 100 cells of column 'b' are missing (1.0 %)", CRED_LINT_WARNING, 17, 2);
  assert_int_equal(r->columns[1].n_missing, 1);
  cred_lint_free(r);
  r = lint("a.csv", sound(100, 15, 2, ""), true);
  expect(r, "1 of 100 cells of column 'c' are missing", CRED_LINT_WARNING, 17, 3);
  cred_lint_free(r);
  r = lint("a.csv", sound(100, 15, 3, ""), true);
  expect(r, "cells of column 'y' are missing", CRED_LINT_ERROR, 17, 4);
  cred_lint_free(r);
  r = lint("a.csv", sound(100, 15, 0, "1e200"), true);
  expect(r, "1e+200 in column 'a' is too large", CRED_LINT_ERROR, 17, 1);
  cred_lint_free(r);
  r = lint("a.csv", sound(100, 15, 0, "1e5"), true);
  expect(r, "column 'a' has a very skewed distribution", CRED_LINT_NOTE, 0, 1);
  cred_lint_free(r);
}

static void test_rows(void **state) {
  (void)state;
  cred_lint_report *r = lint("a.csv", sound(100, 15, 1, "1,2"), true);
  expect(r, "5 cells, 4 expected as in line 1", CRED_LINT_ERROR, 17, 0);
  assert_int_equal(r->n_rows, 99); // the others are looked at
  cred_lint_free(r);
  char *p = (char *)sound(60, 999, 0, "");
  strcat(p, "1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n");
  r = lint("a.csv", p, true);
  expect(r, "10 rows in all have another number of cells", CRED_LINT_ERROR, 69, 0);
  cred_lint_free(r);
  p = (char *)sound(60, 999, 0, "");
  strcat(p, "5,6,red,7\n5,6,red,7\n5,6,red,7\n");
  r = lint("a.csv", p, true);
  expect(r, "2 of 63 rows repeat an earlier row", CRED_LINT_WARNING, 63, 0);
  cred_lint_free(r);
  r = lint("a.csv", sound(10, 999, 0, ""), true);
  expect(r, "10 rows for 4 columns are few", CRED_LINT_WARNING, 0, 0);
  cred_lint_free(r);
}

static void test_columns(void **state) {
  (void)state;
  char *p = text + sprintf(text, "id,name,one,word,x,same,empty,big,y\n");
  for (int i = 0; i < 80; i++)
    p += sprintf(p, "%d,n%d,1,u,%.3f,%.3f,,%d,%d\n", i + 1, i, sin(i), sin(i),
                 800000 + i * 7919 % 1009, i % 40 == 0);
  cred_lint_report *r = lint("a.csv", text, true);
  expect(r, "column 'id' counts the rows", CRED_LINT_WARNING, 0, 1);
  expect(r, "columns have another value in nearly every row: 'name', 'big'",
         CRED_LINT_WARNING, 0, 0);
  expect(r, "columns have the same value in every row: 'one', 'word'", CRED_LINT_WARNING,
         0, 0);
  expect(r, "columns 'x' and 'same' hold the same cells", CRED_LINT_WARNING, 0, 6);
  expect(r, "column 'empty' has no value in any row", CRED_LINT_ERROR, 0, 7);
  expect(r, "the target 'y' has only 2 different whole numbers", CRED_LINT_NOTE, 0, 9);
  assert_int_equal(r->findings[0].severity, CRED_LINT_ERROR); // errors first
  cred_lint_free(r);
}

static void test_decimal_commas(void **state) {
  (void)state;
  cred_lint_report *r = lint("a.csv", "x;y\n1,5;2,5\n2,5;3\n3,5;9,1\n", true);
  expect(r, "2 columns have numbers with a decimal comma: 'x', 'y'", CRED_LINT_ERROR, 0,
         0);
  assert_int_equal(r->n_errors, 1);
  cred_lint_free(r);
  // some words, and among commas what may be thousands, are no such numbers
  r = lint("a.csv", "x;y\n1,5;2\nred;3\n", true);
  assert_null(find(r, "decimal comma"));
  cred_lint_free(r);
  r = lint("a.csv", "x,y\n\"1,500\",2\n\"2,500\",3\n", true);
  assert_null(find(r, "decimal comma"));
  cred_lint_free(r);
  r = lint("a.csv", "x,y\n\"1,5\",2\n\"2,500\",3\n", true);
  expect(r, "column 'x' has numbers with a decimal comma", CRED_LINT_ERROR, 0, 1);
  cred_lint_free(r);
}

static void test_many_classes(void **state) {
  (void)state;
  char *p = text + sprintf(text, "x,y\n");
  for (int i = 0; i < 60; i++) p += sprintf(p, "%.3f,w%d\n", sin(i), i);
  cred_lint_report *r = lint("a.csv", text, true);
  expect(r, "the target 'y' has 60 classes in 60 rows", CRED_LINT_ERROR, 0, 2);
  cred_lint_free(r);
}

static void test_no_inputs(void **state) {
  (void)state;
  char *p = text + sprintf(text, "date,day,id,size,x,y\n");
  for (int i = 0; i < 60; i++)
    p += sprintf(p, "2024-%02d-%02d,%d,%d,%.17g,%.3f,%d\n", 1 + i % 12, 1 + i % 28,
                 20240100 + 1 + i % 28, i, (1 + sin(i)) * 1e30, sin(i), i * 7 % 41);
  cred_lint_report *r = lint("a.csv", text, true);
  expect(r, "2 columns look like dates: 'date', 'day'", CRED_LINT_WARNING, 0, 0);
  expect(r, "column 'id' counts the rows", CRED_LINT_WARNING, 0, 3);
  assert_null(find(r, "another value in nearly every row")); // 1e30 are no identifiers
  expect(r, "the target 'y' has only whole numbers from 0 to 40", CRED_LINT_NOTE, 0, 6);
  cred_lint_free(r);
  // what was advised, done: nothing is found any more
  const char *const ignore[] = {"date", "day"};
  cred_schema_options columns = columns_y();
  columns.ignore = ignore, columns.n_ignore = 2;
  columns.id = "id";
  columns.task = CRED_TARGET_COUNT;
  assert_ok(cred_lint(&r, put("a.csv", text), NULL, &columns));
  assert_int_equal(r->n_findings, 0);
  cred_lint_free(r);
  columns.ignore = NULL, columns.n_ignore = 0;
  const char *const x[] = {"x"};
  columns.targets = x;
  assert_ok(cred_lint(&r, put("a.csv", text), NULL, &columns));
  expect(r, "in the target 'x' is not a count", CRED_LINT_ERROR, 3, 5);
  cred_lint_free(r);
}

static void test_missing_by_option(void **state) {
  (void)state;
  cred_schema_options columns = columns_y();
  cred_lint_report *r;
  columns.missing = CRED_MISSING_MEAN;
  assert_ok(cred_lint(&r, put("a.csv", sound(100, 15, 1, "")), NULL, &columns));
  expect(r, "cells of column 'b' are missing", CRED_LINT_NOTE, 17, 2);
  cred_lint_free(r);
  assert_ok(cred_lint(&r, put("a.csv", sound(100, 15, 3, "")), NULL, &columns));
  expect(r, "cells of column 'y' are missing", CRED_LINT_ERROR, 17, 4);
  cred_lint_free(r);
  columns.missing = CRED_MISSING_DROP;
  assert_ok(cred_lint(&r, put("a.csv", sound(100, 15, 3, "")), NULL, &columns));
  expect(r, "cells of column 'y' are missing", CRED_LINT_NOTE, 17, 4);
  cred_lint_free(r);
}

static void test_targets(void **state) {
  (void)state;
  char *p = text + sprintf(text, "x,y\n");
  for (int i = 0; i < 80; i++)
    p += sprintf(p, "%.3f,%s\n", sin(i), i % 27 ? "no" : "yes");
  cred_lint_report *r = lint("a.csv", text, true);
  expect(r, "the class 'yes' of 'y' has 3 of 80 rows", CRED_LINT_WARNING, 0, 2);
  cred_lint_free(r);
  p = text + sprintf(text, "x,y\n");
  for (int i = 0; i < 80; i++) p += sprintf(p, "%.3f,no\n", sin(i));
  r = lint("a.csv", text, true);
  expect(r, "the target 'y' is 'no' in every row", CRED_LINT_ERROR, 0, 2);
  cred_lint_free(r);
  r = lint("a.csv", sound(100, 999, 0, ""), false);
  assert_int_equal(r->n_findings, 0);
  cred_lint_free(r);
  const cred_schema_options columns = columns_y();
  assert_fails(cred_lint(&r, put("a.csv", "a,b\n1,2\n"), NULL, &columns), CRED_EDATA,
               "no column 'y'");
  assert_null(r);
}

static void test_files(void **state) {
  (void)state;
  cred_lint_report *r = lint("a.csv", "1,2\n3,4\n", false);
  expect(r, "the first row is all numbers", CRED_LINT_WARNING, 1, 0);
  cred_lint_free(r);
  r = lint("a.csv", "a,a\n1,2\n", false); // a file that cannot be understood is a report
  expect(r, "columns 1 and 2 are both named 'a'", CRED_LINT_ERROR, 1, 2);
  assert_null(strstr(r->findings[0].text, "a.csv")); // the place stands apart
  cred_lint_free(r);
  r = lint("a.csv", "a,b\n1,\"\n", false);
  expect(r, "never closed", CRED_LINT_ERROR, 2, 2);
  cred_lint_free(r);
  assert_fails(cred_lint(&r, "/nonexistent", NULL, NULL), CRED_ENOINPUT, "/nonexistent");
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_out_of_memory(void **state) {
  (void)state;
  const cred_schema_options columns = columns_y();
  const char *path = put("a.csv", "a,b,y\n1,,u\n2,1,v\n3\nx,2,u\n");
  for (long n = 0;; n++) {
    cred_lint_report *r = NULL;
    assert_true(n < 1000);
    cred__alloc_fail_after(n);
    const cred_status status = cred_lint(&r, path, NULL, &columns);
    cred__alloc_fail_after(-1);
    cred_lint_free(r);
    assert_int_equal(cred__alloc_live(), 0);
    if (status == CRED_OK) break;
    assert_int_equal(status, CRED_ENOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sound),          cmocka_unit_test(test_cells),
      cmocka_unit_test(test_rows),           cmocka_unit_test(test_columns),
      cmocka_unit_test(test_decimal_commas), cmocka_unit_test(test_many_classes),
      cmocka_unit_test(test_no_inputs),      cmocka_unit_test(test_missing_by_option),
      cmocka_unit_test(test_targets),        cmocka_unit_test(test_files),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
