// schema.c -- the life of a schema, and what learning and encoding share.

#include "data/schema.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <string.h>

cred_schema_options cred_schema_defaults(void) {
  return (cred_schema_options){
      .task = -1, .standardise_inputs = true, .standardise_targets = true};
}

static void free_names(char **names, size_t n) {
  for (size_t i = 0; names && i < n; i++) cred__free(names[i]);
  cred__free(names);
}

void cred_schema_free(cred_schema *schema) {
  if (!schema) return;
  for (size_t i = 0; schema->columns && i < schema->n_columns; i++) {
    cred__free(schema->columns[i].name);
    free_names(schema->columns[i].levels, schema->columns[i].n_levels);
  }
  for (size_t i = 0; schema->targets && i < schema->n_targets; i++) {
    cred__free(schema->targets[i].name);
    free_names(schema->targets[i].classes, schema->targets[i].n_classes);
  }
  free_names(schema->pixels.ignored, schema->pixels.n_ignored);
  cred__free(schema->columns);
  cred__free(schema->targets);
  cred__free(schema->id);
  cred__free(schema->weight);
  cred__free(schema);
}

// Numbers survive the way through text exactly (17 digits).
cred_status cred_schema_copy(cred_schema **out, const cred_schema *schema) {
  char *json;
  *out = NULL;
  TRY(cred_schema_to_json(&json, schema));
  const cred_status status = cred_schema_from_json(out, json, strlen(json));
  cred__free(json);
  return status;
}

static cred_status check_shape(const cred_schema *schema) {
  const cred_shape shape = schema->shape;
  size_t n;
  bool fits = !__builtin_mul_overflow(shape.height, shape.width, &n) &&
              !__builtin_mul_overflow(n, shape.channels, &n) && n == schema->n_inputs;
  for (size_t i = 0; fits && cred__is_image(shape) && i < schema->n_columns; i++)
    fits =
        schema->columns[i].type == CRED_COLUMN_NUMERIC && !schema->columns[i].indicator;
  if (!fits)
    FAIL(CRED_EDATA, "schema: %zu inputs are no image of %zu x %zu x %zu",
         schema->n_inputs, shape.height, shape.width, shape.channels);
  return CRED_OK;
}

cred_status cred__schema_layout(cred_schema *schema) {
  const cred_schema_pixels *p = &schema->pixels;
  size_t n = p->height * p->width * p->channels;
  if (n > 10000000) FAIL(CRED_EDATA, "%zu numbers a picture: 10000000 at most", n);
  for (size_t i = 0; i < schema->n_columns; i++) {
    cred_schema_column *c = &schema->columns[i];
    c->first_input = n;
    c->n_inputs = (c->type == CRED_COLUMN_NUMERIC ? 1 : c->n_levels) + c->indicator;
    if (c->n_inputs > 10000000 || n > 10000000)
      FAIL(CRED_EDATA,
           "more than 10000000 inputs: column '%.100s' has %zu levels (--ignore "
           "columns of identifiers)",
           c->name, c->n_levels);
    n += c->n_inputs;
  }
  schema->n_inputs = n;
  if (p->height) schema->shape = (cred_shape){p->height, p->width, p->channels};
  if (schema->shape.channels == 0) schema->shape = (cred_shape){1, 1, n};
  return check_shape(schema);
}

size_t cred__run_length(const cred_table *table, const size_t *columns, size_t n,
                        size_t i) {
  size_t length = 0;
  while (i + length < n && length < CRED__RUN &&
         columns[i + length] == columns[i] + length &&
         table->columns[columns[i + length]].type == CRED_COLUMN_NUMERIC)
    length++;
  return length;
}

bool cred__cell_missing(const cred_table *table, size_t row, size_t column) {
  if (table->columns[column].type == CRED_COLUMN_CATEGORICAL)
    return table->columns[column].level[row] < 0;
  return isnan(cred_table_number(table, row, column));
}

void cred__rows_complete(bool *complete, const cred_table *table, const size_t *rows,
                         size_t n_rows, const size_t *columns, size_t n) {
  memset(complete, true, n_rows);
  for (size_t j = 0; j < n; j++) {
    const cred__column *c = &table->columns[columns[j]];
    if (c->type == CRED_COLUMN_NUMERIC && table->blocks[c->block].store == CRED__U8)
      continue;
    for (size_t i = 0; i < n_rows; i++)
      if (cred__cell_missing(table, rows[i], columns[j])) complete[i] = false;
  }
}

cred_status cred__rows_used(size_t **used, size_t *n_used, const cred_table *table,
                            const size_t *rows, size_t n_rows, bool complete_only,
                            const size_t *columns, size_t n) {
  *n_used = 0;
  if (!rows) n_rows = table->n_rows;
  TRY(NEW(used, n_rows, "row numbers"));
  for (size_t i = 0; i < n_rows; i++) {
    const size_t row = rows ? rows[i] : i;
    if (row >= table->n_rows) {
      cred__free(*used);
      *used = NULL;
      FAIL(CRED_EDATA, "%s: row %zu is asked for, it has %zu (from 0)", table->source,
           row, table->n_rows);
    }
    (*used)[i] = row;
  }
  *n_used = n_rows;
  if (!complete_only) return CRED_OK;
  bool *complete;
  const cred_status status = NEW(&complete, n_rows, "row numbers");
  if (status != CRED_OK) {
    cred__free(*used);
    *used = NULL;
    return status;
  }
  cred__rows_complete(complete, table, *used, n_rows, columns, n);
  *n_used = 0;
  for (size_t i = 0; i < n_rows; i++)
    if (complete[i]) (*used)[(*n_used)++] = (*used)[i];
  cred__free(complete);
  return CRED_OK;
}

cred_status cred__fail_missing(const cred_table *table, size_t row, size_t column,
                               bool fitted) {
  char where[CRED__WHERE_BYTES];
  cred__table_where(where, table, row, column);
  FAIL(CRED_EDATA, "%s: a missing cell in column '%.100s' (%s)", where,
       table->columns[column].name,
       fitted
           ? "--bad-rows skip leaves such rows out; a model fitted with --missing mean "
             "or indicator takes them"
           : "use --missing mean, indicator or drop");
}

cred_status cred__fail_missing_target(const cred_table *table, size_t row, size_t column,
                                      bool fitted) {
  char where[CRED__WHERE_BYTES];
  cred__table_where(where, table, row, column);
  FAIL(CRED_EDATA,
       "%s: a missing cell in column '%.100s', a target or weight, which cannot be "
       "filled in (leave the row out: %s)",
       where, table->columns[column].name, fitted ? "--bad-rows skip" : "--missing drop");
}

cred_status cred__fail_large(const cred_table *table, size_t row, size_t column,
                             const char *advice) {
  char where[CRED__WHERE_BYTES], cell[64];
  cred__table_where(where, table, row, column);
  cred_table_cell(cell, sizeof cell, table, row, column);
  FAIL(CRED_EDATA, "%s: %s in column '%.100s' is too large%s", where, cell,
       table->columns[column].name, advice);
}

cred_status cred__fail_word(const cred_table *table, size_t row, size_t column,
                            bool fitted) {
  const cred__column *c = &table->columns[column];
  const cred__cell_hint hint = {table->separator, table->decimal, fitted};
  char where[CRED__WHERE_BYTES];
  cred__table_where(where, table, row, column);
  return cred__fail_cell(where, c->levels[c->level[row]], c->name, hint);
}

cred_status cred__names_init(cred__names *names, char *const *list, size_t n) {
  memset(names, 0, sizeof *names);
  cred_status status = CRED_OK;
  TRY_DONE(NEW(&names->values, n, "the levels of a column"));
  for (size_t i = 0; i < n; i++) {
    int32_t code;
    TRY_DONE(cred__levels_add(&code, &names->words, list[i], strlen(list[i])));
    if (!cred__parse_double(&names->values[i], list[i], strlen(list[i])))
      names->values[i] = NAN;
  }
done:
  if (status != CRED_OK) cred__names_clear(names);
  return status;
}

void cred__names_clear(cred__names *names) {
  cred__levels_clear(&names->words);
  cred__free(names->values);
  memset(names, 0, sizeof *names);
}

size_t cred__names_find_value(const cred__names *names, double value) {
  for (size_t i = 0; i < names->words.n; i++)
    if (names->values[i] == value) return i;
  return SIZE_MAX;
}

size_t cred__names_find(const cred__names *names, const char *text) {
  double value;
  const int32_t place = cred__levels_find(&names->words, text, strlen(text));
  if (place >= 0) return (size_t)place;
  if (!cred__parse_double(&value, text, strlen(text))) return SIZE_MAX;
  return cred__names_find_value(names, value);
}
