// text.c -- tables from text: columns that grow row by row.

#include "data/text.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void cred__text_table_clear(cred__text_table *t) {
  for (size_t i = 0; t->columns && i < t->n_columns; i++) {
    cred__free(t->columns[i].number);
    cred__free(t->columns[i].level);
    cred__levels_clear(&t->columns[i].words);
  }
  cred__rows_clear(&t->rows);
  cred__input_clear(&t->input);
  cred__levels_clear(&t->na);
  cred__free(t->note);
  cred__free(t->name_text);
  cred__free(t->names);
  cred__free(t->columns);
  cred__free(t->line);
  memset(t, 0, sizeof *t);
}

static cred_status copy_names(cred__text_table *t) {
  const cred__rows *rows = &t->rows;
  TRY(NEW(&t->name_text, rows->n_text, "the names of columns"));
  TRY(NEW(&t->names, rows->n_cells, "the names of columns"));
  memcpy(t->name_text, rows->text, rows->n_text);
  t->header_line = rows->row_line;
  for (size_t i = 0; i < rows->n_cells; i++) {
    t->names[i] = t->name_text + rows->begin[i];
    if (rows->cells[i].n > 1000)
      FAIL(CRED_EDATA, "%s:%zu:%zu: a column name of %zu bytes (is this the header?)",
           t->input.name, rows->row_line, i + 1, rows->cells[i].n);
    if (!cred__is_utf8(t->names[i]))
      FAIL(CRED_EDATA,
           "%s:%zu:%zu: the column name is not UTF-8 text (convert the file: "
           "iconv -f latin1 -t utf-8)",
           t->input.name, rows->row_line, i + 1);
  }
  return CRED_OK;
}

// Reads the header, or only counts the columns of the first row.
static cred_status read_header(cred__text_table *t) {
  bool found;
  TRY(cred__rows_next(&found, &t->rows));
  if (!found) FAIL(CRED_EDATA, "%s: there are no rows", t->input.name);
  t->n_columns = t->rows.n_cells;
  t->header_line = t->rows.row_line;
  if (t->header)
    TRY(copy_names(t));
  else
    TRY(cred__input_rewind(&t->input));
  if (!t->header) TRY(cred__rows_rewind(&t->rows));
  TRY(NEW(&t->columns, t->n_columns, "the columns of a table"));
  return CRED_OK;
}

static cred_status force_words(cred__text_table *t, const cred_table_options *opt) {
  if (opt->n_categorical == 0) return CRED_OK;
  cred_table *named; // only to find names
  TRY(cred__table_new(&named, t->input.name, t->n_columns, 0));
  cred_status status = CRED_OK;
  TRY_DONE(cred__table_set_names(named, t->names, 'c', 1, t->header_line));
  for (size_t i = 0; i < opt->n_categorical; i++) {
    size_t column;
    TRY_DONE(cred_table_need(&column, named, opt->categorical[i]));
    t->columns[column].take = CRED__TAKE_WORDS;
    t->columns[column].forced = true;
  }
done:
  cred_table_free(named);
  return status;
}

cred_status cred__text_init(cred__text_table *t, cred__input *input, char separator,
                            const cred_table_options *opt) {
  memset(t, 0, sizeof *t);
  t->input = *input;
  memset(input, 0, sizeof *input);
  t->decimal = opt->decimal == ',' ? ',' : 0;
  cred_status status = CRED_OK;
  for (size_t i = 0; i < opt->n_na; i++) {
    int32_t code;
    TRY_DONE(cred__levels_add(&code, &t->na, opt->na[i], strlen(opt->na[i])));
  }
  if (opt->header < 0)
    TRY_DONE(cred__header_look(&t->header, &t->note, &t->input, separator, t->decimal,
                               &t->na));
  else
    t->header = opt->header > 0;
  TRY_DONE(cred__rows_init(&t->rows, &t->input, separator));
  TRY_DONE(read_header(t));
  TRY_DONE(force_words(t, opt));
done:
  if (status != CRED_OK) cred__text_table_clear(t);
  return status;
}

static cred_status grow(cred__text_table *t, size_t n_max) {
  size_t larger = t->capacity ? 2 * t->capacity : 256;
  if (larger > n_max && n_max > t->capacity) larger = n_max;
  for (size_t i = 0; i < t->n_columns; i++) {
    cred__growing *c = &t->columns[i];
    const bool words = c->take == CRED__TAKE_WORDS;
    const bool numbers = c->take == CRED__TAKE_AUTO || c->take == CRED__TAKE_NUMBERS;
    if (words) TRY(RESIZE(&c->level, t->capacity, larger, "a column"));
    if (numbers) TRY(RESIZE(&c->number, t->capacity, larger, "a column"));
  }
  TRY(RESIZE(&t->line, t->capacity, larger, "the lines of a table"));
  t->capacity = larger;
  return CRED_OK;
}

// A word has come in a column that might have been numbers.
static cred_status turn_to_words(cred__text_table *t, cred__growing *c) {
  cred__free(c->number);
  c->number = NULL;
  if (c->n_numbers > 0) {
    c->take = CRED__TAKE_AGAIN;
    return CRED_OK;
  }
  c->take = CRED__TAKE_WORDS;
  TRY(NEW(&c->level, t->capacity, "a column"));
  for (size_t i = 0; i < t->n_rows; i++) c->level[i] = -1;
  return CRED_OK;
}

static cred_status fail_number(const cred__text_table *t, size_t column) {
  char where[CRED__WHERE_BYTES], name[32];
  snprintf(where, sizeof where, "%.400s:%zu:%zu", t->input.name, t->rows.row_line,
           column + 1);
  snprintf(name, sizeof name, "c%zu", column + 1);
  return cred__fail_cell(where, t->rows.cells[column].s,
                         t->names ? t->names[column] : name,
                         (cred__cell_hint){t->rows.separator, t->decimal, true});
}

static cred_status add_cell(cred__text_table *t, size_t column) {
  cred__growing *c = &t->columns[column];
  if (c->take >= CRED__TAKE_AGAIN) return CRED_OK;
  const cred__cell *cell = &t->rows.cells[column];
  const bool missing =
      cell->n == 0 || (t->na.n && cred__levels_find(&t->na, cell->s, cell->n) >= 0);
  if (c->take != CRED__TAKE_WORDS) {
    double value = NAN;
    if (missing || cred__parse_cell(&value, cell->s, cell->n, t->decimal)) {
      c->number[t->n_rows] = value;
      c->n_numbers += !missing;
      return CRED_OK;
    }
    if (c->take == CRED__TAKE_NUMBERS) return fail_number(t, column);
    TRY(turn_to_words(t, c));
    if (c->take == CRED__TAKE_AGAIN) return CRED_OK;
  }
  c->level[t->n_rows] = -1;
  if (missing) return CRED_OK;
  return cred__levels_add(&c->level[t->n_rows], &c->words, cell->s, cell->n);
}

static cred_status add_row(cred__text_table *t, size_t n_max) {
  const cred__rows *rows = &t->rows;
  if (rows->n_cells != t->n_columns) {
    if (!t->skip_ragged)
      FAIL(CRED_EDATA, "%s:%zu:%zu: %zu cell%s, %zu expected as in line %zu",
           t->input.name, rows->row_line,
           rows->n_cells < t->n_columns ? rows->n_cells + 1 : t->n_columns + 1,
           rows->n_cells, CRED__S(rows->n_cells), t->n_columns, t->header_line);
    if (t->n_ragged < CRED__RAGGED_KEPT) {
      t->ragged_line[t->n_ragged] = rows->row_line;
      t->ragged_cells[t->n_ragged] = rows->n_cells;
    }
    t->n_ragged++;
    return CRED_OK;
  }
  if (t->n_rows == t->capacity) TRY(grow(t, n_max));
  for (size_t i = 0; i < t->n_columns; i++) TRY(add_cell(t, i));
  t->line[t->n_rows++] = rows->row_line;
  return CRED_OK;
}

cred_status cred__text_read(cred__text_table *t, size_t n_max) {
  while (t->n_rows < n_max) {
    bool found;
    TRY(cred__rows_next(&found, &t->rows));
    if (!found) break;
    TRY(add_row(t, n_max));
  }
  return CRED_OK;
}

// Takes from the columns that stand what they need in the second pass.
static cred_status prepare_again(bool *any, cred__text_table *t) {
  *any = false;
  for (size_t i = 0; i < t->n_columns; i++)
    *any |= t->columns[i].take == CRED__TAKE_AGAIN;
  if (!*any) return CRED_OK;
  for (size_t i = 0; i < t->n_columns; i++) {
    cred__growing *c = &t->columns[i];
    if (c->take != CRED__TAKE_AGAIN) {
      c->take = CRED__TAKE_NOTHING;
      continue;
    }
    TRY(NEW(&c->level, t->capacity, "a column"));
    c->take = CRED__TAKE_WORDS;
  }
  return CRED_OK;
}

cred_status cred__text_read_again(cred__text_table *t) {
  bool any;
  TRY(prepare_again(&any, t));
  if (!any) return CRED_OK;
  const size_t n_rows = t->n_rows, n_ragged = t->n_ragged;
  t->n_rows = 0;
  TRY(cred__input_rewind(&t->input));
  TRY(cred__rows_rewind(&t->rows));
  bool found;
  if (t->header) TRY(cred__rows_next(&found, &t->rows));
  TRY(cred__text_read(t, n_rows));
  t->n_ragged = n_ragged;
  if (t->n_rows != n_rows)
    FAIL(CRED_EIO, "%s: has changed while it was read", t->input.name);
  return CRED_OK;
}

static cred_status take_words(cred__column *to, cred__growing *c, size_t n_rows) {
  int32_t *new_code;
  TRY(cred__levels_sorted(&to->levels, &to->level_text, &new_code, &c->words));
  for (size_t i = 0; i < n_rows; i++)
    if (c->level[i] >= 0) c->level[i] = new_code[c->level[i]];
  cred__free(new_code);
  to->n_levels = c->words.n;
  to->type = CRED_COLUMN_CATEGORICAL;
  to->forced = c->forced;
  to->level = c->level;
  c->level = NULL;
  cred__levels_reset(&c->words);
  return CRED_OK;
}

static cred_status take_column(cred_table *table, size_t i, cred__text_table *t) {
  cred__growing *c = &t->columns[i];
  table->columns[i].block = i;
  if (c->level) return take_words(&table->columns[i], c, t->n_rows);
  table->blocks[i] = (cred__block){c->number, CRED__F64, 1, 1, 1};
  c->number = NULL;
  c->n_numbers = 0;
  return CRED_OK;
}

cred_status cred__text_take(cred_table **out, cred__text_table *t) {
  *out = NULL;
  cred_table *table;
  TRY(cred__table_new(&table, t->input.name, t->n_columns, t->n_columns));
  cred_status status = CRED_OK;
  TRY_DONE(cred__table_set_names(table, t->names, 'c', 1, t->header_line));
  if (t->note) TRY_DONE(cred__strdup(&table->note, t->note));
  for (size_t i = 0; i < t->n_columns; i++) TRY_DONE(take_column(table, i, t));
  table->n_rows = t->n_rows;
  table->separator = t->rows.separator;
  table->decimal = t->decimal;
  table->line = t->line;
  t->line = NULL;
  t->n_rows = t->capacity = 0;
  cred__table_set_digest(table, t->input.digest);
  *out = table;
  table = NULL;
done:
  cred_table_free(table);
  return status;
}
