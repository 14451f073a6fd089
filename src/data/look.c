// look.c -- what a column looks like besides numbers or words: dates, a count of the
// rows, an identifier.
//
// None of them is an input to learn from: a date or a name that is new has no level, and
// a number that only grows tells the order of the file.

#include "data/look.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_FEW = 30, LEVELS_MANY = 50 };

static bool digits(const char **at, size_t n_min, size_t n_max, int *value) {
  size_t n = 0;
  for (*value = 0; n < n_max && **at >= '0' && **at <= '9'; n++)
    *value = 10 * *value + (*(*at)++ - '0');
  return n >= n_min;
}

static bool is_day(int year, int month, int day) {
  return year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// 2024-01-31, 2024/1/31, 31.1.2024, 1/31/24; with a time behind it or without.
bool cred__is_date(const char *text) {
  int a, b, c;
  const char *p = text;
  if (!digits(&p, 1, 4, &a) || !*p || !strchr("-/.", *p)) return false;
  const bool year_first = p - text == 4;
  const char mark = *p++;
  if (!digits(&p, 1, 2, &b) || *p++ != mark) return false;
  const char *last = p;
  if (!digits(&p, 1, 4, &c)) return false;
  if (*p && *p != ' ' && *p != 'T') return false;
  if (year_first) return p - last <= 2 && is_day(a, b, c);
  const bool year_last = p - last == 4 || p - last == 2;
  return year_last && (is_day(c, b, a) || is_day(c, a, b));
}

static bool words_are_dates(const cred_table *table, size_t column) {
  const cred__column *c = &table->columns[column];
  size_t n = 0;
  for (size_t i = 0; i < c->n_levels; i++) n += cred__is_date(c->levels[i]);
  return c->n_levels > 1 && 10 * n >= 9 * c->n_levels;
}

// 20240131
static bool number_is_date(double v) {
  if (!(v >= 19000101 && v <= 21001231) || v != floor(v)) return false;
  const int number = (int)v;
  return is_day(number / 10000, number / 100 % 100, number % 100);
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

// Large whole numbers, another one in every row. Sorts the values.
static bool are_identifiers(double *v, size_t n) {
  double max = 0;
  for (size_t i = 0; i < n; i++) {
    if (v[i] != floor(v[i]) || fabs(v[i]) > 0x1p53) return false; // NaN too
    max = fmax(max, v[i]);
  }
  if (!(max >= 10.0 * (double)n)) return false;
  qsort(v, n, sizeof *v, by_value);
  for (size_t i = 1; i < n; i++)
    if (v[i] == v[i - 1]) return false;
  return true;
}

cred__look cred__look_at_numbers(double *v, size_t n) {
  bool counts = n >= ROWS_FEW, dates = n > 0, differ = false;
  for (size_t i = 0; i < n && (counts || dates); i++) {
    counts = counts && v[i] == v[0] + (double)i && v[i] == floor(v[i]);
    dates = dates && number_is_date(v[i]);
    differ |= v[i] != v[0];
  }
  if (counts) return CRED__LOOK_COUNTER;
  if (dates && differ) return CRED__LOOK_DATES;
  if (n >= ROWS_FEW && are_identifiers(v, n)) return CRED__LOOK_IDENTIFIER;
  return CRED__LOOK_PLAIN;
}

cred_status cred__look_at(cred__look *out, const cred_table *table, size_t column) {
  const cred__column *c = &table->columns[column];
  double *values;
  *out = CRED__LOOK_PLAIN;
  if (table->separator == 0) return CRED_OK; // arrays hold numbers
  if (c->type == CRED_COLUMN_CATEGORICAL) {
    if (words_are_dates(table, column))
      *out = CRED__LOOK_DATES;
    else if (c->n_levels > LEVELS_MANY && 2 * c->n_levels > table->n_rows)
      *out = CRED__LOOK_IDENTIFIER;
    return CRED_OK;
  }
  TRY(NEW(&values, table->n_rows, "a column"));
  cred__table_load(values, table, NULL, 0, table->n_rows, column, 1);
  *out = cred__look_at_numbers(values, table->n_rows);
  cred__free(values);
  return CRED_OK;
}

bool cred__looks_like_classes(const cred_table *table, size_t column) {
  enum { CLASSES_MAX = 100, ROWS_EACH = 5 };
  cred_shape shape;
  size_t first, n = 0, n_rows = table->n_rows;
  bool seen[CLASSES_MAX + 1] = {false};
  if (!cred_table_shape(&shape, &first, table) ||
      table->columns[column].type != CRED_COLUMN_NUMERIC)
    return false;
  for (size_t i = 0; i < n_rows; i++) {
    const double v = cred_table_number(table, i, column);
    if (isnan(v)) continue;
    if (!(v >= 0 && v <= CLASSES_MAX && v == floor(v))) return false;
    n += !seen[(size_t)v];
    seen[(size_t)v] = true;
  }
  if (n < 2 || n > CLASSES_MAX || ROWS_EACH * n > n_rows) return false;
  for (size_t i = 0; i < n; i++)
    if (!seen[i + !seen[0]]) return false;
  return true;
}
