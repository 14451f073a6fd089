// lint_columns.c -- what is odd about single columns.
//
// Columns that share a fault are named in one finding, so that a wide table does not fill
// the screen.

#include "data/lint.h"
#include "data/look.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_SHOWN = 3 };

// Columns that share a fault, for one finding.
typedef struct {
  char names[1024];
  size_t n, first;
} column_list;

static void list_column(column_list *list, const cred__linter *l, size_t column) {
  const size_t used = strlen(list->names);
  if (list->n == 0) list->first = column;
  if (list->n < CRED__LINT_SHOWN)
    snprintf(list->names + used, sizeof list->names - used, "%s'%.60s'",
             list->n ? ", " : "", l->table->columns[column].name);
  else if (list->n == CRED__LINT_SHOWN)
    snprintf(list->names + used, sizeof list->names - used, ", ...");
  list->n++;
}

// `one` and `many` are the verb of a column and of several, `what` goes on from there.
static cred_status add_list(cred__linter *l, const column_list *list,
                            cred_lint_severity severity, const char *one,
                            const char *many, const char *what, const char *advice) {
  char text[1200];
  if (list->n == 0) return CRED_OK;
  if (list->n == 1)
    snprintf(text, sizeof text, "column %s %s%s", list->names, one, what);
  else
    snprintf(text, sizeof text, "%zu columns %s%s: %s", list->n, many, what, list->names);
  return cred__lint_add(l->report, severity, 0, list->n == 1 ? list->first + 1 : 0, text,
                        advice);
}

typedef struct {
  double skewness;
  size_t n, row_large; // SIZE_MAX: none
} number_look;

static void look_at_numbers(number_look *look, cred_lint_column *c, const double *v,
                            size_t n_rows) {
  double sum = 0.0, squares = 0.0, cubes = 0.0;
  *look = (number_look){.row_large = SIZE_MAX};
  c->min = c->max = c->mean = c->sd = NAN;
  for (size_t i = 0; i < n_rows; i++) {
    if (isnan(v[i])) continue;
    if (!(fabs(v[i]) <= 1e150) && look->row_large == SIZE_MAX) look->row_large = i;
    if (!(c->min <= v[i])) c->min = v[i];
    if (!(c->max >= v[i])) c->max = v[i];
    sum += v[i];
    look->n++;
  }
  c->n_missing = n_rows - look->n;
  if (look->n == 0) return;
  c->mean = sum / (double)look->n;
  for (size_t i = 0; i < n_rows; i++) {
    const double d = v[i] - c->mean;
    if (isnan(d)) continue;
    squares += d * d;
  }
  c->sd = sqrt(squares / (double)look->n);
  for (size_t i = 0; i < n_rows && c->sd > 0.0; i++) {
    const double z = (v[i] - c->mean) / c->sd;
    if (!isnan(z)) cubes += z * z * z;
  }
  look->skewness = cubes / (double)look->n;
}

typedef struct {
  column_list constant, empty, identifiers, counters, skewed, commas, dates;
} shared_faults;

// Into the list of what a column looks like; false if it looks like an input.
static bool list_look(shared_faults *faults, const cred__linter *l, size_t column,
                      cred__look look) {
  column_list *const lists[] = {NULL, &faults->dates, &faults->counters,
                                &faults->identifiers};
  if (look == CRED__LOOK_PLAIN || l->is_target[column]) return false;
  list_column(lists[look], l, column);
  return true;
}

static cred_status check_numbers(cred__linter *l, shared_faults *faults, size_t column) {
  cred_lint_column *c = &l->report->columns[column];
  number_look look;
  char text[256], number[64];
  cred__table_load(l->values, l->table, NULL, 0, l->table->n_rows, column, 1);
  look_at_numbers(&look, c, l->values, l->table->n_rows);
  l->digest[column] = cred__digest_feed(cred__digest_start(), l->values,
                                        l->table->n_rows * sizeof *l->values);
  if (l->is_other[column]) return CRED_OK;
  if (look.row_large != SIZE_MAX) {
    cred_table_cell(number, sizeof number, l->table, look.row_large, column);
    snprintf(text, sizeof text, "%s in column '%.100s' is too large", number, c->name);
    return cred__lint_add(l->report, CRED_LINT_ERROR,
                          cred_table_line(l->table, look.row_large), column + 1, text,
                          "correct or remove the value");
  }
  if (look.n == 0)
    list_column(&faults->empty, l, column);
  else if (c->min == c->max && !l->is_target[column])
    list_column(&faults->constant, l, column);
  else if (!list_look(faults, l, column,
                      cred__look_at_numbers(l->values, l->table->n_rows)) &&
           fabs(look.skewness) > 5.0)
    list_column(&faults->skewed, l, column);
  return CRED_OK;
}

// One finding for each of the first different words of a nearly numeric column.
static cred_status check_words_among_numbers(cred__linter *l, shared_faults *faults,
                                             size_t column) {
  const cred__column *c = &l->table->columns[column];
  size_t n_numbers, n_words, n_shown = 0;
  if (c->forced) return CRED_OK;
  if (cred__table_decimal_comma(l->table, column) != SIZE_MAX) {
    list_column(&faults->commas, l, column);
    return CRED_OK;
  }
  cred__table_first_word(&n_numbers, &n_words, l->table, column);
  if (n_words == 0 || n_numbers < n_words) return CRED_OK;
  for (size_t level = 0; level < c->n_levels && n_shown < WORDS_SHOWN; level++) {
    double value;
    char text[512], advice[256];
    size_t first = SIZE_MAX, n = 0;
    if (cred__parse_cell(&value, c->levels[level], strlen(c->levels[level]),
                         l->table->decimal))
      continue;
    for (size_t i = 0; i < l->table->n_rows; i++)
      if (c->level[i] == (int32_t)level) {
        if (n++ == 0) first = i;
      }
    if (n == 0) continue;
    snprintf(text, sizeof text,
             "'%.40s' is not a number in column '%.100s' (%zu of %zu cells)",
             c->levels[level], c->name, n, n_numbers + n_words);
    snprintf(advice, sizeof advice,
             "--na '%.40s' if it means missing, --categorical '%.100s' "
             "if the column has words",
             c->levels[level], c->name);
    TRY(cred__lint_add(l->report, CRED_LINT_ERROR, cred_table_line(l->table, first),
                       column + 1, text, advice));
    n_shown++;
  }
  return CRED_OK;
}

static cred_status check_words(cred__linter *l, shared_faults *faults, size_t column) {
  const cred__column *c = &l->table->columns[column];
  cred_lint_column *out = &l->report->columns[column];
  uint64_t digest = cred__digest_start();
  int32_t first = -1;
  bool differ = false;
  out->n_levels = c->n_levels;
  out->min = out->max = out->mean = out->sd = NAN;
  for (size_t i = 0; i < l->table->n_rows; i++) {
    const int32_t level = c->level[i];
    const char *text = level < 0 ? "" : c->levels[level];
    digest = cred__digest_feed(digest, text, strlen(text) + 1);
    if (level < 0)
      out->n_missing++;
    else if (first < 0)
      first = level;
    differ |= level >= 0 && level != first;
  }
  l->digest[column] = digest;
  if (l->is_other[column]) return CRED_OK;
  if (first < 0)
    list_column(&faults->empty, l, column);
  else if (!differ && !l->is_target[column])
    list_column(&faults->constant, l, column);
  cred__look look;
  TRY(cred__look_at(&look, l->table, column));
  list_look(faults, l, column, look);
  return check_words_among_numbers(l, faults, column);
}

cred_status cred__lint_columns(cred__linter *l) {
  shared_faults faults = {0};
  for (size_t i = 0; i < l->table->n_columns; i++) {
    cred_lint_column *c = &l->report->columns[i];
    TRY(cred__strdup(&c->name, l->table->columns[i].name));
    c->type = l->table->columns[i].type;
    TRY(c->type == CRED_COLUMN_NUMERIC ? check_numbers(l, &faults, i)
                                       : check_words(l, &faults, i));
  }
  TRY(add_list(l, &faults.empty, CRED_LINT_ERROR, "has", "have", " no value in any row",
               "--ignore"));
  TRY(add_list(l, &faults.commas, CRED_LINT_ERROR, "has", "have",
               " numbers with a decimal comma", "--decimal ,"));
  TRY(add_list(l, &faults.constant, CRED_LINT_WARNING, "has", "have",
               " the same value in every row", "they teach nothing: --ignore"));
  TRY(add_list(l, &faults.identifiers, CRED_LINT_WARNING, "has", "have",
               " another value in nearly every row", "an identifier? --id or --ignore"));
  if (faults.identifiers.n == 1) cred__lint_remedy(l->report, CRED_LINT_REMEDY_ID);
  TRY(add_list(l, &faults.counters, CRED_LINT_WARNING, "counts", "count", " the rows",
               "an identifier? --id or --ignore"));
  if (faults.counters.n == 1) cred__lint_remedy(l->report, CRED_LINT_REMEDY_ID);
  TRY(add_list(l, &faults.dates, CRED_LINT_WARNING, "looks", "look", " like dates",
               "a new date is unknown to the model: --ignore or --id"));
  return add_list(l, &faults.skewed, CRED_LINT_NOTE, "has", "have",
                  " a very skewed distribution", "a logarithm may help");
}

cred_status cred__lint_missing(cred__linter *l) {
  column_list list = {{0}, 0, 0};
  char text[400];
  const size_t n_rows = l->table->n_rows;
  size_t n_listed = 0;
  for (size_t i = 0; i < l->table->n_columns; i++) {
    const cred_lint_column *c = &l->report->columns[i];
    if (c->n_missing == 0 || c->n_missing == n_rows || l->is_other[i]) continue;
    size_t row = 0;
    while (c->type == CRED_COLUMN_NUMERIC ? !isnan(cred_table_number(l->table, row, i))
                                          : l->table->columns[i].level[row] >= 0)
      row++;
    if (n_listed++ >= CRED__LINT_SHOWN) {
      list_column(&list, l, i);
      continue;
    }
    snprintf(text, sizeof text,
             "%zu of %zu cells of column '%.100s' are missing (%.1f %%)", c->n_missing,
             n_rows, c->name, 100.0 * (double)c->n_missing / (double)n_rows);
    const bool target = l->is_target[i];
    const cred_missing asked = l->columns->missing;
    if (asked == CRED_MISSING_DROP || (asked != CRED_MISSING_ERROR && !target)) {
      TRY(cred__lint_add(l->report, CRED_LINT_NOTE, cred_table_line(l->table, row), i + 1,
                         text, ""));
      continue;
    }
    TRY(cred__lint_add(l->report, target ? CRED_LINT_ERROR : CRED_LINT_WARNING,
                       cred_table_line(l->table, row), i + 1, text,
                       target ? "--missing drop leaves those rows out"
                              : "--missing mean, indicator or drop"));
    if (!target) cred__lint_remedy(l->report, CRED_LINT_REMEDY_MISSING);
  }
  return add_list(l, &list, l->columns->missing ? CRED_LINT_NOTE : CRED_LINT_WARNING,
                  "has", "more have", " missing cells",
                  "--missing mean, indicator or drop");
}
