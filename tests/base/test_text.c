// test_text.c -- numbers and words in text.

#include "check.h"
#include "base/alloc.h"
#include "base/text.h"
#include <locale.h>

static bool parses(const char *s, double *v) {
  return cred__parse_double(v, s, strlen(s));
}

static void test_parse_double(void **state) {
  (void)state;
  static const char *const good[] = {"0",
                                     "-0.0",
                                     "1",
                                     "+1.5",
                                     ".5",
                                     "5.",
                                     "1e3",
                                     "1E-3",
                                     "123456789012345678901234567890",
                                     "2.2250738585072014e-308",
                                     "1.7976931348623157e308",
                                     "0.1",
                                     "3.141592653589793",
                                     "9007199254740993",
                                     "4.9e-324",
                                     "0000000000000000000000001.25"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    double v;
    assert_true(parses(good[i], &v));
    assert_true(v == strtod(good[i], NULL));
  }
  static const char *const bad[] = {
      "",      " 1", "1 ",  "1e3x", "0,1", "nan", "inf",   "0x10",
      "1e400", "1e", "1e+", ".",    "-",   "--1", "1.2.3", "1e999999999999"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    double v;
    if (parses(bad[i], &v)) fail_msg("'%s' was taken for a number", bad[i]);
  }
}

static void test_round_trip(void **state) {
  (void)state;
  char text[CRED__NUMBER_BYTES];
  cred__format_double(text, 0.1);
  assert_string_equal(text, "0.1");
  cred__format_float(text, 0.1f);
  assert_string_equal(text, "0.1");
  const double values[] = {1.0 / 3, 1e-310, 12345678.9, 2.0 / 3 * 1e22, -1e300};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    double back;
    cred__format_double(text, values[i]);
    assert_true(parses(text, &back));
    assert_true(back == values[i]);
  }
}

static void test_locale(void **state) {
  (void)state;
  if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE")) skip();
  char text[CRED__NUMBER_BYTES];
  double v;
  cred__format_double(text, 0.5);
  assert_string_equal(text, "0.5");
  assert_true(parses("0.1234567890123456789", &v));
  assert_near(v, 0.12345678901234568, 1e-17);
  setlocale(LC_ALL, "C");
}

static void test_nearest(void **state) {
  (void)state;
  static const char *const names[] = {"hidden", "epochs", "learning-rate", "seed",
                                      "target"};
  assert_string_equal(cred__nearest("hiden", names, 5), "hidden");
  assert_string_equal(cred__nearest("Epoch", names, 5), "epochs");
  assert_string_equal(cred__nearest("learn", names, 5), "learning-rate");
  assert_null(cred__nearest("zzzzzz", names, 5));
  static const char *const letters[] = {"a", "b"};
  assert_null(cred__nearest("x", letters, 2));
  assert_string_equal(cred__nearest("A", letters, 2), "a");
}

static void test_csv(void **state) {
  (void)state;
  static const char *const cells[][2] = {{"a b", "a b"},         {"a,b", "\"a,b\""},
                                         {"a\"b", "\"a\"\"b\""}, {"a\nb", "\"a\nb\""},
                                         {" a", "\" a\""},       {"", ""}};
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
    cred__text text = {0};
    cred__text_csv(&text, cells[i][0]);
    assert_string_equal(text.s ? text.s : "", cells[i][1]);
    cred__text_clear(&text);
  }
}

static void test_text_out_of_memory(void **state) {
  (void)state;
  cred__text text = {0};
  cred__alloc_fail_after(0);
  cred__text_printf(&text, "%d", 12);
  cred__alloc_fail_after(-1);
  assert_fails(cred__text_status(&text), CRED_ENOMEM, "no memory");
  cred__text_clear(&text);
  assert_int_equal(cred__alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse_double), cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_locale),       cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_csv),          cmocka_unit_test(test_text_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
