// table_column.c -- a table with a column of texts: the labels given so far.

#include "data/table.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "data/levels.h"
#include <math.h>
#include <string.h>

// As a reader does: numbers if all cells that are there are numbers, else words.
static bool all_numbers(const char *const *cells, size_t n) {
  double value;
  for (size_t i = 0; i < n; i++)
    if (cells[i] && !cred__parse_double(&value, cells[i], strlen(cells[i]))) return false;
  return true;
}

static cred_status fill_numbers(cred_table *table, const char *const *cells) {
  double *values;
  TRY(NEW(&values, table->n_rows, "a column"));
  table->blocks[0] = (cred__block){values, CRED__F64, 1, 1, 1};
  for (size_t i = 0; i < table->n_rows; i++) {
    values[i] = NAN;
    if (cells[i]) cred__parse_double(&values[i], cells[i], strlen(cells[i]));
  }
  return CRED_OK;
}

static cred_status fill_words(cred_table *table, const char *const *cells) {
  cred__column *c = &table->columns[0];
  cred__levels words = {0};
  int32_t *new_code = NULL;
  cred_status status;
  c->type = CRED_COLUMN_CATEGORICAL;
  TRY_DONE(NEW(&c->level, table->n_rows, "a column"));
  for (size_t i = 0; i < table->n_rows; i++) {
    c->level[i] = -1;
    if (cells[i])
      TRY_DONE(cred__levels_add(&c->level[i], &words, cells[i], strlen(cells[i])));
  }
  TRY_DONE(cred__levels_sorted(&c->levels, &c->level_text, &new_code, &words));
  c->n_levels = words.n;
  for (size_t i = 0; i < table->n_rows; i++)
    if (c->level[i] >= 0) c->level[i] = new_code[c->level[i]];
done:
  cred__free(new_code);
  cred__levels_clear(&words);
  return status;
}

static uint64_t digest_of(const char *const *cells, size_t n) {
  uint64_t digest = cred__digest_start();
  for (size_t i = 0; i < n; i++)
    digest = cells[i] ? cred__digest_feed(digest, cells[i], strlen(cells[i]) + 1)
                      : cred__digest_feed(digest, "\377", 1);
  return digest;
}

cred_status cred_table_from_texts(cred_table **out, const char *source, const char *name,
                                  const char *const *cells, size_t n_rows) {
  cred_table *table;
  *out = NULL;
  if (n_rows == 0) FAIL(CRED_EINVAL, "%s: a column of 0 rows", source);
  TRY(cred__table_new(&table, source, 1, 1));
  cred_status status;
  table->n_rows = n_rows;
  TRY_DONE(all_numbers(cells, n_rows) ? fill_numbers(table, cells)
                                      : fill_words(table, cells));
  TRY_DONE(cred__table_set_names(table, &name, 0, 0, 0));
  cred__table_set_digest(table, digest_of(cells, n_rows));
  *out = table;
  table = NULL;
done:
  cred_table_free(table);
  return status;
}
