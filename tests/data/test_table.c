// test_table.c -- tables from text: what is understood, and each message of what is not.

#include "files.h"
#include <zlib.h>

#define FAILS(name, text, opt, message)                                                  \
  do {                                                                                   \
    cred_table *t_ = NULL;                                                               \
    assert_fails(cred_table_read(&t_, put(name, text), opt), CRED_EDATA, message);       \
    assert_null(t_);                                                                     \
  } while (0)

static void test_numbers_and_words(void **state) {
  (void)state;
  cred_table *t =
      table_of("a.csv", "age,colour,size\n1.5,red,-2e3\n,blue,.5\n 3 ,red,\n", NULL);
  assert_int_equal(cred_table_n_rows(t), 3);
  assert_int_equal(cred_table_n_columns(t), 3);
  assert_string_equal(cred_table_name(t, 1), "colour");
  assert_int_equal(cred_table_type(t, 0), CRED_COLUMN_NUMERIC);
  assert_true(cred_table_number(t, 0, 0) == 1.5);
  assert_true(isnan(cred_table_number(t, 1, 0)));
  assert_true(cred_table_number(t, 2, 0) == 3.0);
  assert_true(cred_table_number(t, 0, 2) == -2000.0);
  assert_true(isnan(cred_table_number(t, 2, 2)));
  assert_int_equal(cred_table_type(t, 1), CRED_COLUMN_CATEGORICAL);
  assert_int_equal(cred_table_n_levels(t, 1), 2);
  assert_string_equal(cred_table_level_name(t, 1, 0), "blue");
  assert_int_equal(cred_table_level(t, 0, 1), 1);
  assert_int_equal(cred_table_level(t, 1, 1), 0);
  assert_int_equal(cred_table_line(t, 2), 4);
  assert_string_equal(cell_of(t, 0, 2), "-2000");
  assert_string_equal(cell_of(t, 1, 0), "");
  assert_string_equal(cell_of(t, 1, 1), "blue");
  assert_int_equal(strlen(cred_table_digest(t)), 16);
  assert_string_equal(cred_table_note(t), "");
  cred_table_free(t);
  cred_table_free(NULL);
}

static void test_late_word(void **state) {
  (void)state;
  // the numbers before a late word keep their text: 007 is not 7
  cred_table *t = table_of("a.csv", "code,x\n007,1\n7,2\n1.50,3\nx,4\n,5\n", NULL);
  assert_int_equal(cred_table_type(t, 0), CRED_COLUMN_CATEGORICAL);
  assert_int_equal(cred_table_n_levels(t, 0), 4);
  assert_string_equal(cell_of(t, 0, 0), "007");
  assert_string_equal(cell_of(t, 1, 0), "7");
  assert_string_equal(cell_of(t, 2, 0), "1.50");
  assert_int_equal(cred_table_level(t, 4, 0), -1);
  assert_true(cred_table_number(t, 4, 1) == 5.0);
  assert_int_equal(cred_table_line(t, 4), 6);
  cred_table_free(t);
}

static void test_forced_words(void **state) {
  (void)state;
  const char *const words[] = {"b"}, *const wrong[] = {"colou"};
  cred_table_options opt = cred_table_defaults();
  opt.categorical = words, opt.n_categorical = 1;
  cred_table *t = table_of("a.csv", "a,b\n1,10\n2,9\n3,10\n", &opt);
  assert_int_equal(cred_table_type(t, 0), CRED_COLUMN_NUMERIC);
  assert_int_equal(cred_table_type(t, 1), CRED_COLUMN_CATEGORICAL);
  assert_string_equal(cred_table_level_name(t, 1, 0), "9"); // by value, not by bytes
  assert_string_equal(cred_table_level_name(t, 1, 1), "10");
  cred_table_free(t);
  opt.categorical = wrong;
  FAILS("a.csv", "colour,b\n1,10\n", &opt, "did you mean 'colour'?");
}

static void test_missing_words(void **state) {
  (void)state;
  const char *const na[] = {"n/a", "-999"};
  cred_table_options opt = cred_table_defaults();
  opt.na = na, opt.n_na = 2;
  cred_table *t = table_of("a.csv", "a,b\n1,x\nn/a,n/a\n-999,y\n", &opt);
  assert_int_equal(cred_table_type(t, 0), CRED_COLUMN_NUMERIC);
  assert_true(isnan(cred_table_number(t, 1, 0)) && isnan(cred_table_number(t, 2, 0)));
  assert_int_equal(cred_table_level(t, 1, 1), -1);
  assert_int_equal(cred_table_n_levels(t, 1), 2);
  cred_table_free(t);
  // without the option words are words, "nan" and "inf" too
  t = table_of("a.csv", "a,b\n1,nan\n2,inf\n", NULL);
  assert_int_equal(cred_table_type(t, 1), CRED_COLUMN_CATEGORICAL);
  cred_table_free(t);
}

static void test_decimal_comma(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t n_rows, n_columns;
    double first, last; // cells
    const char *name;
  } good[] = {{"x;y\n1,5;-2,5e1\n7;3,25\n", 2, 2, 1.5, 3.25, "x"},
              {"1,5;2,5\n7;3,25\n", 2, 2, 1.5, 3.25, "c1"},
              {"x\ty\n1,5\t2,5\n7\t3,25\n", 2, 2, 1.5, 3.25, "x"},
              {"1,5 2,5\n7 3,25\n", 2, 2, 1.5, 3.25, "c1"},
              {"x\n1,5\n3,25\n", 2, 1, 1.5, 3.25, "x"},
              {"1,5\n3,25\n", 2, 1, 1.5, 3.25, "c1"},
              {"x,y\n\"1,5\",2\n7,\"3,25\"\n", 2, 2, 1.5, 3.25, "x"}};
  cred_table_options opt = cred_table_defaults();
  opt.decimal = ',';
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    cred_table *t = table_of("a.csv", good[i].text, &opt);
    assert_int_equal(cred_table_n_rows(t), good[i].n_rows);
    assert_int_equal(cred_table_n_columns(t), good[i].n_columns);
    assert_string_equal(cred_table_name(t, 0), good[i].name);
    assert_true(cred_table_number(t, 0, 0) == good[i].first);
    assert_true(cred_table_number(t, 1, good[i].n_columns - 1) == good[i].last);
    cred_table_free(t);
  }
  // a point may be one of thousands: words
  cred_table *t = table_of("a.csv", "x;y\n1.500;1\n2,5;2\n", &opt);
  assert_int_equal(cred_table_type(t, 0), CRED_COLUMN_CATEGORICAL);
  cred_table_free(t);
  opt.decimal = '/';
  cred_table *none = NULL;
  assert_fails(cred_table_read(&none, put("a.csv", "x\n1\n"), &opt), CRED_EINVAL,
               "'.' or ',' is expected");
}

static void test_quotes_and_line_ends(void **state) {
  (void)state;
  cred_table *t = table_of("a.csv",
                           "\xef\xbb\xbf\"a, b\",\"c\"\r\n\"x\ny\",\"say \"\"hi\"\"\"\r\n"
                           "\r\n\"\",  z z \r\n1,2",
                           NULL);
  assert_string_equal(cred_table_name(t, 0), "a, b");
  assert_int_equal(cred_table_n_rows(t), 3);
  assert_string_equal(cell_of(t, 0, 0), "x\ny");
  assert_string_equal(cell_of(t, 0, 1), "say \"hi\"");
  assert_int_equal(cred_table_line(t, 0), 2);
  assert_int_equal(cred_table_line(t, 1),
                   5); // a row of two lines and an empty line before
  assert_int_equal(cred_table_level(t, 1, 0), -1);
  assert_string_equal(cell_of(t, 1, 1), "z z");
  assert_int_equal(cred_table_line(t, 2), 6);
  cred_table_free(t);
  t = table_of("a.csv", "a,b\r1,2\r3,4\r", NULL); // carriage returns alone
  assert_int_equal(cred_table_n_rows(t), 2);
  assert_int_equal(cred_table_line(t, 1), 3);
  cred_table_free(t);
}

static void test_header(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool header, note;
  } cases[] = {
      {"a,b\n1,2\n", true, false},
      {"1,2\n3,4\n", false, true},
      {"1,M,2\n3,B,4\n5,M,6\n", false, true}, // wdbc
      {"a,b\nx,y\nz,y\n", true, false},       // words with a header
      {"p,x,p\ne,x,s\np,s,s\n", false, true}, // words that repeat: no header
      {"1,x\n2,3\n4,5\n", true, false},       // a word over numbers
      {"a\n1\n", true, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cred_table *t = table_of("a.csv", cases[i].text, NULL);
    const bool header = strcmp(cred_table_name(t, 0), "c1") != 0;
    if (header != cases[i].header) fail_msg("header of '%s'", cases[i].text);
    if ((*cred_table_note(t) != 0) != cases[i].note)
      fail_msg("note of '%s'", cases[i].text);
    cred_table_free(t);
  }
  cred_table_options opt = cred_table_defaults();
  opt.header = 1;
  cred_table *t = table_of("a.csv", "1,2\n3,4\n", &opt);
  assert_string_equal(cred_table_name(t, 1), "2");
  assert_int_equal(cred_table_n_rows(t), 1);
  cred_table_free(t);
  opt.header = 0;
  t = table_of("a.csv", "a,2\n3,4\n", &opt);
  assert_string_equal(cred_table_name(t, 0), "c1");
  assert_int_equal(cred_table_n_rows(t), 2);
  assert_int_equal(cred_table_find(t, "2"), 1); // the number of a generated name
  assert_int_equal(cred_table_find(t, "c2"), 1);
  assert_true(cred_table_find(t, "3") == SIZE_MAX && cred_table_find(t, "0") == SIZE_MAX);
  cred_table_free(t);
}

static void test_other_formats(void **state) {
  (void)state;
  cred_table *t = table_of("a.txt", "  1.0   2 \t 3  \n\n4 5 6\n", NULL);
  assert_int_equal(cred_table_n_columns(t), 3);
  assert_true(cred_table_number(t, 1, 2) == 6.0);
  assert_int_equal(cred_table_line(t, 1), 3);
  assert_string_equal(cred_table_name(t, 0), "c1");
  cred_table_free(t);
  t = table_of("a.tsv", "a b\tc\n1\t\n\t2 3\n", NULL);
  assert_int_equal(cred_table_n_columns(t), 2);
  assert_string_equal(cred_table_name(t, 0), "a b");
  assert_string_equal(cell_of(t, 1, 1), "2 3");
  cred_table_free(t);
  t = table_of("a.csv", "a;b\n1;2\n", NULL); // a semicolon is seen
  assert_int_equal(cred_table_n_columns(t), 2);
  cred_table_free(t);
  cred_table_options opt = cred_table_defaults();
  opt.separator = '|';
  t = table_of("a.csv", "a|b,c\n1|2\n", &opt);
  assert_string_equal(cred_table_name(t, 1), "b,c");
  cred_table_free(t);
  opt.separator = '"';
  cred_table *none;
  assert_fails(cred_table_read(&none, put("a.csv", "a\n"), &opt), CRED_EINVAL,
               "separator");
}

static void test_gzip(void **state) {
  (void)state;
  snprintf(file_path, sizeof file_path, "%s/a.csv.gz", folder);
  gzFile gz = gzopen(file_path, "wb");
  assert_true(gzputs(gz, "a,b\n1,2\n3,x\n") > 0);
  gzclose(gz);
  char path[512];
  memcpy(path, file_path, sizeof path);
  cred_table *zipped, *plain = table_of("a.csv", "a,b\n1,2\n3,x\n", NULL);
  assert_ok(cred_table_read(&zipped, path, NULL));
  assert_string_equal(cred_table_digest(zipped), cred_table_digest(plain));
  assert_string_equal(cell_of(zipped, 0, 1), "2");
  cred_table_free(zipped);
  cred_table_free(plain);
  assert_int_equal(truncate(path, 20), 0);
  assert_fails(cred_table_read(&zipped, path, NULL), CRED_EDATA, "reading failed");
}

static void test_hostile(void **state) {
  (void)state;
  FAILS("a.csv", "", NULL, "there are no rows");
  FAILS("a.csv", "\n\n  \n", NULL, "there are no rows");
  FAILS("a.csv", "a,b\n", NULL, "there are no rows");
  FAILS("a.csv", "a,b\n1,2\n3\n", NULL, "a.csv:3:2: 1 cell, 2 expected as in line 1");
  FAILS("a.csv", "a,b\n1,2,3\n", NULL, "a.csv:2:3: 3 cells");
  FAILS("a.csv", "a,a\n1,2\n", NULL, "a.csv:1:2: columns 1 and 2 are both named 'a'");
  FAILS("a.csv", "\"\",a\n1,2\n", NULL, "a.csv:1:1: column 1 has no name");
  FAILS("a.csv", "a,b\n1,\"x\"y\n", NULL, "a.csv:2:2: a quote in the wrong place");
  FAILS("a.csv", "a,b\n1,5\" pipe\n", NULL, "a.csv:2:2: a quote in the wrong place");
  FAILS("a.csv", "a,b\n1,2\n3,\"x\n5,6\n", NULL, "a.csv:3:2: the quote of this row");
  FAILS("a.csv",
        "\xff\xfe"
        "a",
        NULL, "UTF-16");
  FAILS("a.csv", "M\xfcller,b\n1,2\n", NULL, "a.csv:1:1: the column name is not UTF-8");
  cred_table *t;
  assert_fails(cred_table_read(&t,
                               put_bytes("a.csv",
                                         "a,b\n1,2\n1,\0"
                                         "2\n",
                                         13),
                               NULL),
               CRED_EDATA, "a.csv:3:2: a NUL byte");
  assert_fails(cred_table_read(&t,
                               put_bytes("a.txt",
                                         "1 2\n1 \0"
                                         "2\n",
                                         9),
                               NULL),
               CRED_EDATA, "a.txt:2:2: a NUL byte");
  assert_fails(cred_table_read(&t, "/nonexistent/a.csv", NULL), CRED_ENOINPUT,
               "No such file");
  assert_fails(cred_table_read(&t, folder, NULL), CRED_ENOINPUT, "is a folder");
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_large_cell(void **state) {
  (void)state;
  enum { N = 10 << 20 };
  char *text = malloc(N + 64);
  const int head = snprintf(text, 64, "a,b\n1,2\n3,");
  memset(text + head, 'x', N);
  memcpy(text + head + N, "\n", 2);
  cred_table *t;
  assert_fails(cred_table_read(&t, put("a.csv", text), NULL), CRED_EDATA,
               "a.csv:3:2: a cell of more than 1 MB");
  text[head] = '"'; // a quote that is never closed swallows the file
  assert_fails(cred_table_read(&t, put("a.csv", text), NULL), CRED_EDATA,
               "a.csv:3:2: a cell of more than 1 MB");
  memcpy(text, "1 2\n1 2\n3 x", 10);
  text[head] = 'x';
  assert_fails(cred_table_read(&t, put("a.txt", text), NULL), CRED_EDATA,
               "a.txt:3:2: a cell of more than 1 MB");
  free(text);
}

static void test_large_file(void **state) {
  (void)state;
  // several blocks of 1 MB, a word at the end: the second pass goes through all of them
  const size_t n = 100000;
  char *text = malloc(n * 40), *p = text;
  p += sprintf(p, "i,half,word\n");
  for (size_t i = 0; i < n; i++)
    p += sprintf(p, "%zu,%.1f,%s\r\n", i, (double)i / 2, i + 1 < n ? "12" : "twelve");
  cred_table *t = table_of("a.csv", text, NULL);
  free(text);
  assert_int_equal(cred_table_n_rows(t), n);
  for (size_t i = 0; i < n; i += 777) {
    assert_true(cred_table_number(t, i, 0) == (double)i);
    assert_true(cred_table_number(t, i, 1) == (double)i / 2);
    assert_string_equal(cell_of(t, i, 2), "12");
    assert_int_equal(cred_table_line(t, i), i + 2);
  }
  assert_string_equal(cell_of(t, n - 1, 2), "twelve");
  cred_table_free(t);
}

static void test_from_array(void **state) {
  (void)state;
  const double v[] = {1, 2, 99, 3, NAN, 99};
  const char *const names[] = {"a", "b"}, *const equal[] = {"a", "a"};
  cred_table *t;
  assert_ok(cred_table_from_array(&t, v, 2, 2, 3, names));
  assert_true(cred_table_number(t, 1, 0) == 3.0);
  assert_true(isnan(cred_table_number(t, 1, 1)));
  assert_int_equal(cred_table_line(t, 0), 0);
  cred_table_free(t);
  assert_fails(cred_table_from_array(&t, v, 2, 2, 3, equal), CRED_EDATA,
               "both named 'a'");
  assert_fails(cred_table_from_array(&t, v, 2, 2, 1, names), CRED_EINVAL, "row distance");
}

static void test_need(void **state) {
  (void)state;
  size_t column;
  cred_table *t = table_of("a.csv", "temperature,b\n1,2\n", NULL);
  assert_ok(cred_table_need(&column, t, "b"));
  assert_int_equal(column, 1);
  assert_fails(cred_table_need(&column, t, "temperatur"), CRED_EDATA,
               "no column 'temperatur'; did you mean 'temperature'?");
  assert_fails(cred_table_need(&column, t, "zzzzzz"), CRED_EDATA,
               "it has 'temperature', 'b'");
  cred_table_free(t);
}

static void test_select_and_join(void **state) {
  (void)state;
  cred_table *t = table_of("a.csv", "a,b\n1,x\n2,y\n3,z\n", NULL), *part, *both;
  const size_t rows[] = {2, 0, 2}, wrong[] = {3};
  assert_ok(cred_table_select(&part, t, rows, 3));
  assert_int_equal(cred_table_n_rows(part), 3);
  assert_true(cred_table_number(part, 0, 0) == 3.0 &&
              cred_table_number(part, 1, 0) == 1.0);
  assert_string_equal(cell_of(part, 2, 1), "z");
  assert_int_equal(cred_table_line(part, 1), 2);
  cred_table_free(part);
  assert_fails(cred_table_select(&part, t, wrong, 1), CRED_EDATA, "row 3");
  const double labels[] = {7, 8, 9};
  cred_table *l;
  assert_ok(cred_table_from_array(&l, labels, 3, 1, 1, NULL));
  assert_ok(cred_table_join(&both, t, l, "label"));
  assert_int_equal(cred_table_n_columns(both), 3);
  assert_true(cred_table_number(both, 1, cred_table_find(both, "label")) == 8.0);
  assert_string_equal(cell_of(both, 1, 1), "y");
  cred_table_free(both);
  assert_fails(cred_table_join(&both, t, l, "a"), CRED_EDATA, "both named 'a'");
  assert_fails(cred_table_join(&both, l, t, "label"), CRED_EDATA, "one column of labels");
  cred_table_free(l);
  assert_ok(cred_table_from_array(&l, labels, 2, 1, 1, NULL));
  assert_fails(cred_table_join(&both, t, l, "label"), CRED_EDATA,
               "cannot stand side by side");
  cred_table_free(l);
  cred_table_free(t);
}

static void test_texts_and_drop(void **state) {
  (void)state;
  const char *const numbers[] = {"3", NULL, "1.5"}, *const words[] = {"b", NULL, "a"};
  cred_table *n, *w, *x = table_of("a.csv", "p,q,r\n1,u,4\n2,v,5\n3,w,6\n", NULL), *both;
  assert_ok(cred_table_from_texts(&n, "labels", "y", numbers, 3));
  assert_int_equal(cred_table_type(n, 0), CRED_COLUMN_NUMERIC);
  assert_true(cred_table_number(n, 0, 0) == 3 && isnan(cred_table_number(n, 1, 0)));
  assert_string_equal(cell_of(n, 2, 0), "1.5");
  assert_ok(cred_table_from_texts(&w, "labels", "y", words, 3));
  assert_int_equal(cred_table_type(w, 0), CRED_COLUMN_CATEGORICAL);
  assert_string_equal(cred_table_level_name(w, 0, 0), "a"); // sorted
  assert_string_equal(cell_of(w, 0, 0), "b");
  assert_int_equal(cred_table_level(w, 1, 0), -1);
  assert_string_not_equal(cred_table_digest(n), cred_table_digest(w));
  assert_fails(cred_table_from_texts(&both, "labels", "y", words, 0), CRED_EINVAL,
               "0 rows");
  for (size_t skip = 0; skip < 3; skip++) {
    cred_table *part;
    const char *name = cred_table_name(x, skip);
    assert_ok(cred_table_drop(&part, x, name));
    assert_int_equal(cred_table_n_columns(part), 2);
    assert_true(cred_table_find(part, name) == SIZE_MAX);
    for (size_t k = 0; k < 3; k++) {
      if (k == skip) continue;
      const size_t at = cred_table_find(part, cred_table_name(x, k));
      for (size_t i = 0; i < 3; i++)
        assert_string_equal(cell_of(part, i, at), cell_of(x, i, k));
    }
    assert_int_equal(cred_table_line(part, 2), 4);
    assert_ok(cred_table_join(&both, part, w, NULL)); // the way labels come back
    assert_string_equal(cell_of(both, 2, cred_table_find(both, "y")), "a");
    cred_table_free(both);
    cred_table_free(part);
  }
  // an image stays one while all its columns do
  static const double cells[2][6] = {{0}};
  const char *const names[] = {"id", "p1", "p2", "p3", "p4", "y"};
  cred_table *image;
  cred_shape shape = {2, 2, 1}, got = {0};
  size_t first = 9;
  assert_ok(cred_table_from_array(&image, cells[0], 2, 6, 6, names));
  assert_ok(cred_table_set_shape(image, shape, 1));
  for (size_t skip = 0; skip < 6; skip++) {
    assert_ok(cred_table_drop(&both, image, names[skip]));
    const bool is_image = skip == 0 || skip == 5;
    assert_int_equal(cred_table_shape(&got, &first, both), is_image);
    if (is_image) assert_int_equal(first, skip == 0 ? 0 : 1);
    cred_table_free(both);
  }
  cred_table_free(image);
  assert_fails(cred_table_drop(&both, x, "s"), CRED_EDATA, "no column 's'");
  assert_fails(cred_table_drop(&both, n, "y"), CRED_EDATA, "its only column");
  cred_table_free(n);
  cred_table_free(w);
  cred_table_free(x);
  const long live = cred__alloc_live();
  for (long k = 0, done = 0; !done; k++) {
    cred__alloc_fail_after(k);
    done = cred_table_from_texts(&w, "labels", "y", words, 3) == CRED_OK;
    cred__alloc_fail_after(-1);
    if (done) cred_table_free(w);
    assert_int_equal(cred__alloc_live(), live);
  }
}

static void test_out_of_memory(void **state) {
  (void)state;
  const char *const words[] = {"b"}, *const na[] = {"?"};
  cred_table_options opt = cred_table_defaults();
  opt.categorical = words, opt.n_categorical = 1, opt.na = na, opt.n_na = 1;
  const char *path = put("a.csv", "a,b,c\n1,2,3\n4,?,x\n");
  bool done = false;
  for (long n = 0; !done; n++) {
    cred_table *t = NULL, *part = NULL, *both = NULL;
    const size_t rows[] = {1};
    assert_true(n < 1000);
    cred__alloc_fail_after(n);
    cred_status s = cred_table_read(&t, path, &opt);
    if (s == CRED_OK) s = cred_table_select(&part, t, rows, 1);
    if (s == CRED_OK) s = cred_table_join(&both, part, part, NULL);
    cred__alloc_fail_after(-1);
    done = s == CRED_EDATA; // equal names: the end was reached
    if (!done) assert_int_equal(s, CRED_ENOMEM);
    assert_null(both);
    cred_table_free(t);
    cred_table_free(part);
    assert_int_equal(cred__alloc_live(), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers_and_words),
      cmocka_unit_test(test_late_word),
      cmocka_unit_test(test_forced_words),
      cmocka_unit_test(test_missing_words),
      cmocka_unit_test(test_decimal_comma),
      cmocka_unit_test(test_quotes_and_line_ends),
      cmocka_unit_test(test_header),
      cmocka_unit_test(test_other_formats),
      cmocka_unit_test(test_gzip),
      cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_large_cell),
      cmocka_unit_test(test_large_file),
      cmocka_unit_test(test_from_array),
      cmocka_unit_test(test_need),
      cmocka_unit_test(test_select_and_join),
      cmocka_unit_test(test_texts_and_drop),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
