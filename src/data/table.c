// table.c -- a table of columns: making, finding, looking at cells.

#include "data/table.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t cred__store_bytes(cred__store store) {
  static const size_t bytes[] = {1, 4, 8};
  return bytes[store];
}

cred_table_options cred_table_defaults(void) {
  return (cred_table_options){.format = CRED_FORMAT_AUTO, .header = -1};
}

cred_status cred__table_new(cred_table **out, const char *source, size_t n_columns,
                            size_t n_blocks) {
  *out = NULL;
  cred_table *table;
  TRY(NEW(&table, 1, "a table"));
  cred_status status = CRED_OK;
  TRY_DONE(cred__strdup(&table->source, source));
  TRY_DONE(NEW(&table->columns, n_columns, "the columns of a table"));
  table->n_columns = n_columns;
  TRY_DONE(NEW(&table->blocks, n_blocks, "the columns of a table"));
  table->n_blocks = n_blocks;
  *out = table;
  table = NULL;
done:
  cred_table_free(table);
  return status;
}

void cred_table_free(cred_table *table) {
  if (!table) return;
  for (size_t i = 0; table->columns && i < table->n_columns; i++) {
    cred__free(table->columns[i].level);
    cred__free(table->columns[i].levels);
    cred__free(table->columns[i].level_text);
  }
  for (size_t i = 0; table->blocks && i < table->n_blocks; i++)
    cred__free(table->blocks[i].data);
  cred__free(table->source);
  cred__free(table->note);
  cred__free(table->columns);
  cred__free(table->blocks);
  cred__free(table->name_text);
  cred__free(table->by_name);
  cred__free(table->line);
  cred__free(table);
}

static int compare_names(const void *a, const void *b) {
  const cred__named *x = a, *y = b;
  const int order = strcmp(x->name, y->name);
  if (order) return order;
  return x->column < y->column ? -1 : x->column > y->column;
}

static cred_status fail_name(const cred_table *table, size_t column, size_t line,
                             size_t other) {
  char at[64] = "";
  if (line) snprintf(at, sizeof at, ":%zu:%zu", line, column + 1);
  const char *name = table->columns[column].name;
  if (!*name)
    FAIL(CRED_EDATA,
         "%s%s: column %zu has no name in the header (name it, or write the "
         "file without row names)",
         table->source, at, column + 1);
  FAIL(CRED_EDATA, "%s%s: columns %zu and %zu are both named '%.100s' (rename one)",
       table->source, at, other + 1, column + 1, name);
}

static cred_status index_names(cred_table *table, size_t line) {
  cred__named *sorted;
  TRY(NEW(&sorted, table->n_columns, "the names of columns"));
  table->by_name = sorted;
  for (size_t i = 0; i < table->n_columns; i++)
    sorted[i] = (cred__named){table->columns[i].name, i};
  qsort(sorted, table->n_columns, sizeof *sorted, compare_names);
  for (size_t i = 0; i < table->n_columns; i++) {
    const size_t other = i ? sorted[i - 1].column : 0;
    if (!*sorted[i].name || (i && strcmp(sorted[i].name, sorted[i - 1].name) == 0))
      return fail_name(table, sorted[i].column, line, other);
  }
  return CRED_OK;
}

cred_status cred__table_set_names(cred_table *table, const char *const *names,
                                  char prefix, size_t first_number, size_t line) {
  size_t n_bytes = 0;
  for (size_t i = 0; i < table->n_columns; i++)
    n_bytes += names ? strlen(names[i]) + 1 : 24;
  TRY(NEW(&table->name_text, n_bytes, "the names of columns"));
  char *to = table->name_text;
  for (size_t i = 0; i < table->n_columns; i++) {
    table->columns[i].name = to;
    if (names)
      to = (char *)memcpy(to, names[i], strlen(names[i]) + 1) + strlen(names[i]) + 1;
    else
      to += snprintf(to, 24, "%c%zu", prefix, first_number + i) + 1;
  }
  table->prefix = names ? 0 : prefix;
  table->first_number = first_number;
  return index_names(table, line);
}

void cred__table_set_digest(cred_table *table, uint64_t digest) {
  cred__digest_text(table->digest, digest);
}

cred_status cred_table_from_array(cred_table **out, const double *values, size_t n_rows,
                                  size_t n_columns, size_t row_stride,
                                  const char *const *names) {
  *out = NULL;
  if (n_rows == 0 || n_columns == 0 || row_stride < n_columns)
    FAIL(CRED_EINVAL,
         "table: %zu rows of %zu columns with row distance %zu; at least 1 row "
         "and 1 column are expected",
         n_rows, n_columns, row_stride);
  cred_table *table;
  TRY(cred__table_new(&table, "array", n_columns, 1));
  cred_status status = CRED_OK;
  size_t n_cells;
  if (__builtin_mul_overflow(n_rows, n_columns, &n_cells))
    FAIL_DONE(CRED_EINVAL, "table: %zu x %zu is too large", n_rows, n_columns);
  double *data;
  TRY_DONE(NEW(&data, n_cells, "a table"));
  table->blocks[0] = (cred__block){data, CRED__F64, n_columns, 1, n_columns};
  uint64_t digest = cred__digest_start();
  for (size_t i = 0; i < n_rows; i++) {
    memcpy(data + i * n_columns, values + i * row_stride, n_columns * sizeof *data);
    digest = cred__digest_feed(digest, data + i * n_columns, n_columns * sizeof *data);
  }
  for (size_t j = 0; j < n_columns; j++) table->columns[j].place = j;
  table->n_rows = n_rows;
  TRY_DONE(cred__table_set_names(table, names, 'c', 1, 0));
  cred__table_set_digest(table, digest);
  *out = table;
  table = NULL;
done:
  cred_table_free(table);
  return status;
}

size_t cred_table_n_rows(const cred_table *table) {
  return table->n_rows;
}
size_t cred_table_n_columns(const cred_table *table) {
  return table->n_columns;
}
const char *cred_table_source(const cred_table *table) {
  return table->source;
}
const char *cred_table_digest(const cred_table *table) {
  return table->digest;
}
const char *cred_table_note(const cred_table *table) {
  return table->note ? table->note : "";
}

const char *cred_table_name(const cred_table *table, size_t column) {
  return table->columns[column].name;
}

cred_column_type cred_table_type(const cred_table *table, size_t column) {
  return table->columns[column].type;
}

bool cred_table_shape(cred_shape *shape, size_t *first_column, const cred_table *table) {
  if (table->shape.channels == 0) return false;
  *shape = table->shape;
  *first_column = table->shape_column;
  return true;
}

// Numeric columns from first_column on, one an element.
static bool holds_shape(const cred_table *table, cred_shape shape, size_t first_column) {
  size_t n;
  if (__builtin_mul_overflow(shape.height, shape.width, &n) ||
      __builtin_mul_overflow(n, shape.channels, &n) || n == 0 ||
      first_column > table->n_columns || n > table->n_columns - first_column)
    return false;
  for (size_t i = 0; i < n; i++)
    if (table->columns[first_column + i].type != CRED_COLUMN_NUMERIC) return false;
  return true;
}

cred_status cred_table_set_shape(cred_table *table, cred_shape shape,
                                 size_t first_column) {
  if (!holds_shape(table, shape, first_column))
    FAIL(CRED_EINVAL,
         "%s: an image of %zu x %zu x %zu from column %zu on needs as many numeric "
         "columns, the table has %zu columns",
         table->source, shape.height, shape.width, shape.channels, first_column + 1,
         table->n_columns);
  table->shape = shape;
  table->shape_column = first_column;
  return CRED_OK;
}

size_t cred_table_line(const cred_table *table, size_t row) {
  return table->line ? table->line[row] : 0;
}

size_t cred_table_find(const cred_table *table, const char *name) {
  const cred__named *p = table->by_name;
  size_t low = 0, high = table->n_columns, number;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const int order = strcmp(p[middle].name, name);
    if (order == 0) return p[middle].column;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  // generated names: the number alone will do
  if (table->prefix && cred__parse_size(&number, name, strlen(name)) &&
      number >= table->first_number && number - table->first_number < table->n_columns)
    return number - table->first_number;
  return SIZE_MAX;
}

// "'a', 'b' and 'c'": the names of columns, the first of many.
static void list_names(cred__text *out, const cred_table *table) {
  enum { SHOWN_MAX = 10 };
  const size_t n = table->n_columns;
  for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
    cred__text_printf(out, "%s'%.60s'", i ? ", " : "", table->columns[i].name);
  if (n > SHOWN_MAX) cred__text_printf(out, ", ... '%.60s'", table->columns[n - 1].name);
}

static cred_status fail_no_column(const cred_table *table, const char *name) {
  cred__text list = {0};
  list_names(&list, table);
  cred_status status = cred__text_status(&list);
  // --ignore a,b names two columns
  for (size_t i = 0; status == CRED_OK && i < table->n_columns; i++) {
    const char *other = table->columns[i].name, *comma = strchr(other, ',');
    const size_t n = strlen(name);
    if (!comma || strncmp(other, name, n) != 0 || other[n] != ',') continue;
    status = cred__fail(CRED_EDATA,
                        "%s: there is no column '%.100s'; a name with a comma is written "
                        "in quotes: '\"%.100s\"'",
                        table->source, name, other);
  }
  if (status == CRED_OK)
    status =
        cred__fail(CRED_EDATA, "%s: there is no column '%.100s'; it has %s%s",
                   table->source, name, table->n_columns == 1 ? "only " : "", list.s);
  cred__text_clear(&list);
  return status;
}

cred_status cred__table_nearest(const char **near, const cred_table *table,
                                const char *name) {
  const char **names;
  TRY(NEW(&names, table->n_columns, "the names of columns"));
  for (size_t i = 0; i < table->n_columns; i++) names[i] = table->columns[i].name;
  *near = cred__nearest(name, names, table->n_columns);
  cred__free(names);
  return CRED_OK;
}

cred_status cred_table_need(size_t *column, const cred_table *table, const char *name) {
  *column = cred_table_find(table, name);
  if (*column != SIZE_MAX) return CRED_OK;
  const char *near;
  TRY(cred__table_nearest(&near, table, name));
  if (near)
    FAIL(CRED_EDATA, "%s: there is no column '%.100s'; did you mean '%.100s'?",
         table->source, name, near);
  return fail_no_column(table, name);
}

cred_status cred__table_need_target(size_t *column, const cred_table *table,
                                    const char *name) {
  const cred_shape s = table->shape;
  *column = cred_table_find(table, name);
  if (*column != SIZE_MAX || !s.channels ||
      table->n_columns != s.height * s.width * s.channels)
    return cred_table_need(column, table, name);
  FAIL(CRED_EDATA,
       "%s: these are images of %zu x %zu pixels (width x height) without a column "
       "'%.100s' of labels, which stand in a file of their own, --labels FILE, or in an "
       "array of the same NPZ archive, --labels-member NAME",
       table->source, s.width, s.height, name);
}

static double block_number(const cred__block *block, size_t i) {
  switch (block->store) {
  case CRED__U8:
    return ((const unsigned char *)block->data)[i];
  case CRED__F32:
    return ((const float *)block->data)[i];
  default:
    return ((const double *)block->data)[i];
  }
}

double cred_table_number(const cred_table *table, size_t row, size_t column) {
  const cred__column *c = &table->columns[column];
  if (c->type != CRED_COLUMN_NUMERIC) return NAN;
  const cred__block *block = &table->blocks[c->block];
  return block_number(block, row * block->row_stride + c->place * block->column_stride);
}

int32_t cred_table_level(const cred_table *table, size_t row, size_t column) {
  const cred__column *c = &table->columns[column];
  return c->type == CRED_COLUMN_CATEGORICAL ? c->level[row] : -1;
}

size_t cred_table_n_levels(const cred_table *table, size_t column) {
  return table->columns[column].n_levels;
}

const char *cred_table_level_name(const cred_table *table, size_t column, size_t level) {
  return table->columns[column].levels[level];
}

void cred_table_cell(char *out, size_t n_bytes, const cred_table *table, size_t row,
                     size_t column) {
  const cred__column *c = &table->columns[column];
  if (c->type == CRED_COLUMN_CATEGORICAL) {
    const int32_t level = c->level[row];
    snprintf(out, n_bytes, "%s", level < 0 ? "" : c->levels[level]);
    return;
  }
  char text[CRED__NUMBER_BYTES] = "";
  const double value = cred_table_number(table, row, column);
  if (!isnan(value)) {
    // a number that came as a float reads best in a float's digits
    if (table->blocks[c->block].store == CRED__F32)
      cred__format_float(text, (float)value);
    else
      cred__format_double(text, value);
  }
  snprintf(out, n_bytes, "%s", text);
}
