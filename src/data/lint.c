// lint.c -- what is odd about a table.
//
// Each check looks at one thing and adds findings. Columns that share a fault are named
// in one finding, so that a wide table does not fill the screen.

#include "data/lint.h"
#include "data/text.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASS_FEW = 10, CLASSES_MANY = 20 };

cred_status cred__lint_add(cred_lint_report *report, cred_lint_severity severity,
                           size_t line, size_t column, const char *text,
                           const char *advice) {
  TRY(RESIZE(&report->findings, report->n_findings, report->n_findings + 1, "findings"));
  cred_lint_finding *f = &report->findings[report->n_findings++];
  f->severity = severity;
  f->line = line;
  f->column = column;
  f->remedy = CRED_LINT_NO_REMEDY;
  report->n_errors += severity == CRED_LINT_ERROR;
  report->n_warnings += severity == CRED_LINT_WARNING;
  TRY(cred__strdup(&f->text, text));
  return cred__strdup(&f->advice, advice);
}

void cred__lint_remedy(cred_lint_report *report, cred_lint_remedy remedy) {
  if (report->n_findings) report->findings[report->n_findings - 1].remedy = remedy;
}

void cred_lint_free(cred_lint_report *report) {
  if (!report) return;
  for (size_t i = 0; i < report->n_findings; i++) {
    cred__free(report->findings[i].text);
    cred__free(report->findings[i].advice);
  }
  for (size_t i = 0; report->columns && i < report->n_columns; i++)
    cred__free(report->columns[i].name);
  cred__free(report->findings);
  cred__free(report->columns);
  cred__free(report->source);
  cred__free(report);
}

typedef struct {
  uint64_t digest;
  size_t place;
} digest_place;

static int by_digest(const void *a, const void *b) {
  const digest_place *x = a, *y = b;
  if (x->digest != y->digest) return x->digest < y->digest ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

static cred_status check_equal_columns(cred__linter *l) {
  digest_place *sorted;
  char text[512], advice[256];
  size_t n_shown = 0;
  TRY(NEW(&sorted, l->table->n_columns, "digests"));
  cred_status status = CRED_OK;
  for (size_t i = 0; i < l->table->n_columns; i++)
    sorted[i] = (digest_place){l->digest[i], i};
  qsort(sorted, l->table->n_columns, sizeof *sorted, by_digest);
  for (size_t i = 1; i < l->table->n_columns && n_shown < CRED__LINT_SHOWN; i++) {
    const cred_lint_column *a = &l->report->columns[sorted[i - 1].place];
    const cred_lint_column *b = &l->report->columns[sorted[i].place];
    if (sorted[i].digest != sorted[i - 1].digest || a->type != b->type) continue;
    if (l->is_other[sorted[i].place] || l->is_other[sorted[i - 1].place]) continue;
    if (b->min == b->max || b->n_missing == l->table->n_rows) continue; // said already
    snprintf(text, sizeof text, "columns '%.100s' and '%.100s' hold the same cells",
             a->name, b->name);
    snprintf(advice, sizeof advice, "--ignore '%.100s'", b->name);
    TRY_DONE(cred__lint_add(l->report, CRED_LINT_WARNING, 0, sorted[i].place + 1, text,
                            advice));
    n_shown++;
  }
done:
  cred__free(sorted);
  return status;
}

static uint64_t row_digest(const cred__linter *l, size_t row) {
  uint64_t digest = cred__digest_start();
  for (size_t j = 0; j < l->table->n_columns; j++) {
    const cred__column *c = &l->table->columns[j];
    const double v = c->type == CRED_COLUMN_CATEGORICAL
                         ? c->level[row]
                         : cred_table_number(l->table, row, j);
    // eight bytes in one step: this only has to tell rows apart
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    digest = (digest ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
    digest ^= digest >> 29;
  }
  return digest;
}

static cred_status check_equal_rows(cred__linter *l) {
  digest_place *sorted;
  const size_t n = l->table->n_rows;
  size_t n_equal = 0, first = SIZE_MAX;
  char text[256];
  TRY(NEW(&sorted, n, "digests"));
  for (size_t i = 0; i < n; i++) sorted[i] = (digest_place){row_digest(l, i), i};
  qsort(sorted, n, sizeof *sorted, by_digest);
  for (size_t i = 1; i < n; i++)
    if (sorted[i].digest == sorted[i - 1].digest) {
      n_equal++;
      if (sorted[i].place < first) first = sorted[i].place;
    }
  cred__free(sorted);
  if (n_equal == 0 || l->table->n_columns < 2) return CRED_OK;
  snprintf(text, sizeof text, "%zu of %zu rows repeat an earlier row", n_equal, n);
  return cred__lint_add(l->report, CRED_LINT_WARNING, cred_table_line(l->table, first), 0,
                        text,
                        "a row in both training and test makes the scores too good");
}

static cred_status check_class_target(cred__linter *l, size_t column) {
  const cred__column *c = &l->table->columns[column];
  size_t *counts, n_present = 0, rarest = SIZE_MAX, n_all = 0;
  char text[400];
  TRY(NEW(&counts, c->n_levels, "classes"));
  for (size_t i = 0; i < l->table->n_rows; i++)
    if (c->level[i] >= 0) counts[c->level[i]]++, n_all++;
  for (size_t i = 0; i < c->n_levels; i++) {
    if (counts[i] == 0) continue;
    n_present++;
    if (rarest == SIZE_MAX || counts[i] < counts[rarest]) rarest = i;
  }
  const size_t n_rare = rarest == SIZE_MAX ? 0 : counts[rarest];
  cred__free(counts);
  if (n_present == 1) {
    snprintf(text, sizeof text, "the target '%.100s' is '%.100s' in every row", c->name,
             c->levels[rarest]);
    return cred__lint_add(l->report, CRED_LINT_ERROR, 0, column + 1, text,
                          "there is nothing to learn");
  }
  if (n_present > CLASSES_MANY && 2 * n_present > l->table->n_rows) {
    snprintf(
        text, sizeof text,
        "the target '%.100s' has %zu classes in %zu rows, another one in nearly every "
        "row",
        c->name, n_present, l->table->n_rows);
    return cred__lint_add(l->report, CRED_LINT_ERROR, 0, column + 1, text,
                          "if it is a number: --na WORD for what means missing");
  }
  if (n_present < 2 || (n_rare >= CLASS_FEW && 20 * n_rare >= n_all)) return CRED_OK;
  snprintf(text, sizeof text, "the class '%.100s' of '%.100s' has %zu of %zu rows",
           c->levels[rarest], c->name, n_rare, n_all);
  return cred__lint_add(l->report, CRED_LINT_WARNING, 0, column + 1, text,
                        "judge by log loss and per-class recall, split with strata");
}

// Whole numbers from near 0 on, more of them than classes would be.
static cred_status check_counts(cred__linter *l, size_t column) {
  const cred_lint_column *c = &l->report->columns[column];
  const bool asked = l->columns->task == CRED_TARGET_COUNT;
  char text[400];
  for (size_t i = 0; i < l->table->n_rows; i++) {
    const double v = cred_table_number(l->table, i, column);
    if (isnan(v) || (v >= 0 && v == floor(v))) continue;
    if (!asked) return CRED_OK;
    snprintf(text, sizeof text, "%g in the target '%.100s' is not a count (0, 1, 2, ...)",
             v, c->name);
    return cred__lint_add(l->report, CRED_LINT_ERROR, cred_table_line(l->table, i),
                          column + 1, text, "--task number");
  }
  if (asked || l->columns->task >= 0 || c->min >= CLASS_FEW) return CRED_OK;
  snprintf(text, sizeof text, "the target '%.100s' has only whole numbers from %g to %g",
           c->name, c->min, c->max);
  return cred__lint_add(l->report, CRED_LINT_NOTE, 0, column + 1, text,
                        "are they counts? then --task count");
}

static cred_status check_number_target(cred__linter *l, size_t column) {
  const cred_lint_column *c = &l->report->columns[column];
  char text[400];
  double seen[CLASS_FEW];
  size_t n = 0;
  if (c->min == c->max) {
    snprintf(text, sizeof text, "the target '%.100s' is %g in every row", c->name,
             c->min);
    return cred__lint_add(l->report, CRED_LINT_ERROR, 0, column + 1, text,
                          "there is nothing to learn");
  }
  for (size_t i = 0; i < l->table->n_rows; i++) {
    const double v = cred_table_number(l->table, i, column);
    size_t at = 0;
    while (at < n && seen[at] != v) at++;
    if (at < n || isnan(v)) continue;
    if (n == CLASS_FEW || v != floor(v)) return check_counts(l, column);
    seen[n++] = v;
  }
  if (l->columns->task >= 0) return check_counts(l, column);
  snprintf(text, sizeof text, "the target '%.100s' has only %zu different whole numbers",
           c->name, n);
  TRY(cred__lint_add(l->report, CRED_LINT_NOTE, 0, column + 1, text,
                     "are they classes? then --task class; or counts: --task count"));
  if (n == 2) cred__lint_remedy(l->report, CRED_LINT_REMEDY_CLASSES);
  return CRED_OK;
}

// Words where --task says numbers.
static cred_status check_task(cred__linter *l, size_t column) {
  const cred__column *c = &l->table->columns[column];
  char text[400];
  size_t n_numbers, n_words;
  const size_t first = cred__table_first_word(&n_numbers, &n_words, l->table, column);
  if (c->type != CRED_COLUMN_CATEGORICAL || l->columns->task < 0 || first == SIZE_MAX ||
      l->columns->task == CRED_TARGET_CLASS || n_numbers >= n_words)
    return CRED_OK;
  snprintf(text, sizeof text, "'%.40s' in the target '%.100s' is not a number",
           c->levels[c->level[first]], c->name);
  return cred__lint_add(l->report, CRED_LINT_ERROR, cred_table_line(l->table, first),
                        column + 1, text, "--task class");
}

static cred_status check_targets(cred__linter *l) {
  for (size_t i = 0; i < l->table->n_columns; i++) {
    if (!l->is_target[i]) continue;
    if (cred__table_decimal_comma(l->table, i) != SIZE_MAX) continue; // said already
    TRY(check_task(l, i));
    TRY(l->table->columns[i].type == CRED_COLUMN_CATEGORICAL ? check_class_target(l, i)
                                                             : check_number_target(l, i));
  }
  return CRED_OK;
}

static cred_status check_whole(cred__linter *l) {
  const cred_table *t = l->table;
  char text[256];
  if (*cred_table_note(t))
    TRY(cred__lint_add(l->report, CRED_LINT_WARNING, t->line ? t->line[0] : 0, 0,
                       cred_table_note(t), "--header or --no-header says which it is"));
  if (t->n_rows < CRED__LINT_ROWS_FEW || t->n_rows < t->n_columns) {
    snprintf(text, sizeof text, "%zu row%s for %zu column%s %s few", t->n_rows,
             CRED__S(t->n_rows), t->n_columns, CRED__S(t->n_columns),
             t->n_rows == 1 ? "is" : "are");
    TRY(cred__lint_add(l->report, CRED_LINT_WARNING, 0, 0, text,
                       "expect wide intervals"));
  }
  return CRED_OK;
}

static int by_severity(const void *a, const void *b) {
  const cred_lint_finding *x = a, *y = b;
  if (x->severity != y->severity) return x->severity > y->severity ? -1 : 1;
  if (x->line != y->line) return x->line < y->line ? -1 : 1;
  if (x->column != y->column) return x->column < y->column ? -1 : 1;
  return strcmp(x->text, y->text);
}

static cred_status mark(bool *marked, const cred__linter *l, const char *name) {
  size_t column;
  TRY(cred_table_need(&column, l->table, name));
  marked[column] = true;
  return CRED_OK;
}

static cred_status mark_columns(cred__linter *l) {
  const cred_schema_options *c = l->columns;
  for (size_t i = 0; i < c->n_targets; i++) TRY(mark(l->is_target, l, c->targets[i]));
  for (size_t i = 0; i < c->n_ignore; i++) TRY(mark(l->is_other, l, c->ignore[i]));
  if (c->id) TRY(mark(l->is_other, l, c->id));
  if (c->weight) TRY(mark(l->is_other, l, c->weight));
  return CRED_OK;
}

static cred_status run_checks(cred__linter *l) {
  cred_lint_report *r = l->report;
  const size_t n = l->table->n_columns;
  r->n_rows = l->table->n_rows;
  TRY(NEW(&r->columns, n, "a report"));
  r->n_columns = n;
  TRY(NEW(&l->is_target, n, "a report"));
  TRY(NEW(&l->is_other, n, "a report"));
  TRY(NEW(&l->values, r->n_rows, "a report"));
  TRY(NEW(&l->digest, n, "a report"));
  TRY(mark_columns(l));
  TRY(check_whole(l));
  TRY(cred__lint_columns(l));
  TRY(cred__lint_missing(l));
  TRY(check_equal_columns(l));
  TRY(check_equal_rows(l));
  TRY(check_targets(l));
  if (r->n_findings) qsort(r->findings, r->n_findings, sizeof *r->findings, by_severity);
  return CRED_OK;
}

static cred_status lint_into(cred_lint_report *report, const cred_table *table,
                             const cred_schema_options *columns) {
  const cred_schema_options defaults = cred_schema_defaults();
  cred__linter l = {
      .report = report, .table = table, .columns = columns ? columns : &defaults};
  const cred_status status = run_checks(&l);
  cred__free(l.is_target);
  cred__free(l.is_other);
  cred__free(l.values);
  cred__free(l.digest);
  return status;
}

static cred_status new_report(cred_lint_report **out, const char *source) {
  TRY(NEW(out, 1, "a report"));
  const cred_status status = cred__strdup(&(*out)->source, source);
  if (status == CRED_OK) return status;
  cred__free(*out);
  *out = NULL;
  return status;
}

cred_status cred_lint_table(cred_lint_report **out, const cred_table *table,
                            const cred_schema_options *columns) {
  cred_lint_report *report;
  *out = NULL;
  TRY(new_report(&report, table->source));
  const cred_status status = lint_into(report, table, columns);
  if (status == CRED_OK)
    *out = report;
  else
    cred_lint_free(report);
  return status;
}

static cred_status add_ragged(cred_lint_report *report, const cred__text_table *t) {
  char text[256];
  for (size_t i = 0; i < t->n_ragged && i < CRED__RAGGED_KEPT; i++) {
    snprintf(text, sizeof text, "%zu cell%s, %zu expected as in line %zu",
             t->ragged_cells[i], CRED__S(t->ragged_cells[i]), t->n_columns,
             t->header_line);
    TRY(cred__lint_add(report, CRED_LINT_ERROR, t->ragged_line[i], 0, text,
                       "is a separator missing, or one too many?"));
  }
  if (t->n_ragged <= CRED__RAGGED_KEPT) return CRED_OK;
  snprintf(text, sizeof text, "%zu rows in all have another number of cells",
           t->n_ragged);
  return cred__lint_add(report, CRED_LINT_ERROR, t->ragged_line[CRED__RAGGED_KEPT - 1], 0,
                        text, "");
}

// A text file with rows of another length left out; any other file as usual.
static cred_status read_leniently(cred_table **out, cred_lint_report *report,
                                  const char *path, const cred_table_options *opt) {
  cred__input input;
  cred__text_table t = {0};
  cred_table_format format;
  char separator;
  TRY(cred__input_open(&input, path, true));
  cred_status status = CRED_OK;
  TRY_DONE(cred__format_choose(&format, &separator, &input, opt));
  if (format >= CRED_FORMAT_NPY) {
    cred__input_clear(&input);
    return cred_table_read(out, path, opt);
  }
  TRY_DONE(cred__text_init(&t, &input, separator, opt));
  t.skip_ragged = true;
  TRY_DONE(cred__text_read(&t, opt->rows_max ? opt->rows_max : SIZE_MAX));
  TRY_DONE(add_ragged(report, &t));
  if (t.n_rows == 0) FAIL_DONE(CRED_EDATA, "%s: there are no rows", path);
  TRY_DONE(cred__text_read_again(&t));
  TRY_DONE(cred__text_take(out, &t));
done:
  cred__text_table_clear(&t);
  cred__input_clear(&input);
  return status;
}

// The message of a file that cannot be read: "PATH:LINE:COLUMN: what", "PATH: what".
static cred_status add_message(cred_lint_report *report, const char *path,
                               const char *message) {
  const size_t n = strlen(path);
  size_t line = 0, column = 0;
  if (strncmp(message, path, n) == 0 && message[n] == ':') {
    int n_where = 0;
    message += n;
    if (sscanf(message, ":%zu:%zu%n", &line, &column, &n_where) == 2)
      message += n_where;
    else
      line = column = 0;
    message += *message == ':';
    message += *message == ' ';
  }
  return cred__lint_add(report, CRED_LINT_ERROR, line, column, message, "");
}

cred_status cred_lint(cred_lint_report **out, const char *path,
                      const cred_table_options *opt, const cred_schema_options *columns) {
  const cred_table_options defaults = cred_table_defaults();
  cred_lint_report *report;
  cred_table *table = NULL;
  *out = NULL;
  TRY(new_report(&report, path));
  cred_status status = read_leniently(&table, report, path, opt ? opt : &defaults);
  if (status == CRED_EDATA)
    status = add_message(report, path, cred_error_message());
  else if (status == CRED_OK)
    status = lint_into(report, table, columns);
  cred_table_free(table);
  if (status == CRED_OK)
    *out = report;
  else
    cred_lint_free(report);
  return status;
}
