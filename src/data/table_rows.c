// table_rows.c -- parts of a table: rectangles of numbers, chosen rows, two side by side.

#include "data/table.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <string.h>

#define LOAD(type)                                                                       \
  for (size_t i = 0; i < n_rows; i++) {                                                  \
    const size_t row = rows ? rows[i] : first + i;                                       \
    const type *from = (const type *)block->data + row * block->row_stride +             \
                       place * block->column_stride;                                     \
    double *to = out + i * out_stride;                                                   \
    if (block->column_stride == 1)                                                       \
      for (size_t j = 0; j < n; j++) to[j] = (double)from[j];                            \
    else                                                                                 \
      for (size_t j = 0; j < n; j++) to[j] = (double)from[j * block->column_stride];     \
  }

static void load_block(double *out, size_t out_stride, const cred__block *block,
                       const size_t *rows, size_t first, size_t n_rows, size_t place,
                       size_t n) {
  switch (block->store) {
  case CRED__U8:
    LOAD(unsigned char) break;
  case CRED__F32:
    LOAD(float) break;
  default:
    LOAD(double) break;
  }
}

void cred__table_load(double *out, const cred_table *table, const size_t *rows,
                      size_t first, size_t n_rows, size_t column, size_t n_columns) {
  const cred__column *c = table->columns;
  for (size_t j = 0; j < n_columns;) {
    size_t n = 1; // neighbours in one block go together
    const cred__column *at = &c[column + j];
    while (j + n < n_columns && at[n].block == at->block && at[n].place == at->place + n)
      n++;
    load_block(out + j, n_columns, &table->blocks[at->block], rows, first, n_rows,
               at->place, n);
    j += n;
  }
}

// Copies the rows of a block, row by row where they are contiguous.
static cred_status copy_block(cred__block *out, const cred__block *in, const size_t *rows,
                              size_t n_rows) {
  const size_t bytes = cred__store_bytes(in->store);
  size_t n_cells;
  *out = (cred__block){NULL, in->store, in->n_columns, 1, in->n_columns};
  if (__builtin_mul_overflow(n_rows, in->n_columns, &n_cells))
    FAIL(CRED_ENOMEM, "no memory for %zu rows", n_rows);
  TRY(cred__alloc(&out->data, n_cells, bytes, "rows of a table"));
  char *to = out->data;
  const char *from = in->data;
  for (size_t i = 0; i < n_rows; i++) {
    const char *row = from + (rows ? rows[i] : i) * in->row_stride * bytes;
    if (in->column_stride == 1) {
      memcpy(to, row, in->n_columns * bytes);
      to += in->n_columns * bytes;
      continue;
    }
    for (size_t j = 0; j < in->n_columns; j++, to += bytes)
      memcpy(to, row + j * in->column_stride * bytes, bytes);
  }
  return CRED_OK;
}

static cred_status copy_levels(cred__column *out, const cred__column *in) {
  size_t n_bytes = 0;
  for (size_t i = 0; i < in->n_levels; i++) n_bytes += strlen(in->levels[i]) + 1;
  TRY(NEW(&out->levels, in->n_levels, "the levels of a column"));
  TRY(NEW(&out->level_text, n_bytes, "the levels of a column"));
  char *to = out->level_text;
  for (size_t i = 0; i < in->n_levels; i++) {
    const size_t n = strlen(in->levels[i]) + 1;
    out->levels[i] = memcpy(to, in->levels[i], n);
    to += n;
  }
  out->n_levels = in->n_levels;
  return CRED_OK;
}

static cred_status copy_column(cred__column *out, const cred__column *in, size_t block0,
                               const size_t *rows, size_t n_rows) {
  out->type = in->type;
  out->block = in->block + block0;
  out->place = in->place;
  out->forced = in->forced;
  if (in->type == CRED_COLUMN_NUMERIC) return CRED_OK;
  TRY(copy_levels(out, in));
  TRY(NEW(&out->level, n_rows, "rows of a table"));
  for (size_t i = 0; i < n_rows; i++) out->level[i] = in->level[rows ? rows[i] : i];
  return CRED_OK;
}

// Columns and blocks of `in` into `out` from the given places on.
static cred_status copy_part(cred_table *out, size_t column0, size_t block0,
                             const cred_table *in, const size_t *rows, size_t n_rows) {
  for (size_t i = 0; i < in->n_blocks; i++)
    TRY(copy_block(&out->blocks[block0 + i], &in->blocks[i], rows, n_rows));
  for (size_t i = 0; i < in->n_columns; i++)
    TRY(copy_column(&out->columns[column0 + i], &in->columns[i], block0, rows, n_rows));
  return CRED_OK;
}

static cred_status copy_lines(cred_table *out, const cred_table *in, const size_t *rows,
                              size_t n_rows) {
  if (!in->line) return CRED_OK;
  TRY(NEW(&out->line, n_rows, "rows of a table"));
  for (size_t i = 0; i < n_rows; i++) out->line[i] = in->line[rows ? rows[i] : i];
  return CRED_OK;
}

static uint64_t feed_text(uint64_t digest, const char *text) {
  return cred__digest_feed(digest, text, strlen(text) + 1);
}

// Names of one table, then of another (may be NULL), whose only column may be renamed.
static cred_status join_names(cred_table *out, const cred_table *a, const cred_table *b,
                              const char *renamed) {
  const char **names;
  TRY(NEW(&names, out->n_columns, "the names of columns"));
  for (size_t i = 0; i < a->n_columns; i++) names[i] = a->columns[i].name;
  for (size_t i = 0; b && i < b->n_columns; i++)
    names[a->n_columns + i] = renamed ? renamed : b->columns[i].name;
  const cred_status status = cred__table_set_names(out, names, 0, 0, 0);
  cred__free(names);
  out->prefix = a->prefix;
  out->first_number = a->first_number;
  return status;
}

cred_status cred_table_select(cred_table **out, const cred_table *table,
                              const size_t *rows, size_t n_rows) {
  *out = NULL;
  if (n_rows == 0) FAIL(CRED_EDATA, "%s: no rows are chosen", table->source);
  for (size_t i = 0; i < n_rows; i++)
    if (rows[i] >= table->n_rows)
      FAIL(CRED_EDATA, "%s: row %zu is asked for, it has %zu (from 0)", table->source,
           rows[i], table->n_rows);
  cred_table *part;
  TRY(cred__table_new(&part, table->source, table->n_columns, table->n_blocks));
  cred_status status = CRED_OK;
  part->n_rows = n_rows;
  part->shape = table->shape;
  part->shape_column = table->shape_column;
  part->separator = table->separator;
  part->decimal = table->decimal;
  TRY_DONE(copy_part(part, 0, 0, table, rows, n_rows));
  TRY_DONE(copy_lines(part, table, rows, n_rows));
  TRY_DONE(join_names(part, table, NULL, NULL));
  uint64_t digest = feed_text(cred__digest_start(), table->digest);
  cred__table_set_digest(part, cred__digest_feed(digest, rows, n_rows * sizeof *rows));
  *out = part;
  part = NULL;
done:
  cred_table_free(part);
  return status;
}

// The image stays one, unless a column of it goes.
static void keep_shape(cred_table *part, const cred_table *table, size_t skip) {
  const cred_shape s = table->shape;
  const size_t n = s.height * s.width * s.channels, first = table->shape_column;
  if (n == 0 || (skip >= first && skip < first + n)) return;
  part->shape = s;
  part->shape_column = first - (skip < first);
}

cred_status cred_table_drop(cred_table **out, const cred_table *table, const char *name) {
  cred_table *part = NULL;
  const char **names = NULL;
  size_t skip, n = 0;
  *out = NULL;
  TRY(cred_table_need(&skip, table, name));
  if (table->n_columns == 1)
    FAIL(CRED_EDATA, "%s: '%.100s' is its only column", table->source, name);
  TRY(cred__table_new(&part, table->source, table->n_columns - 1, table->n_blocks));
  cred_status status;
  part->n_rows = table->n_rows;
  TRY_DONE(NEW(&names, table->n_columns, "the names of columns"));
  for (size_t i = 0; i < table->n_blocks; i++)
    TRY_DONE(copy_block(&part->blocks[i], &table->blocks[i], NULL, table->n_rows));
  for (size_t i = 0; i < table->n_columns; i++) {
    if (i == skip) continue;
    TRY_DONE(copy_column(&part->columns[n], &table->columns[i], 0, NULL, table->n_rows));
    names[n++] = table->columns[i].name;
  }
  TRY_DONE(copy_lines(part, table, NULL, table->n_rows));
  TRY_DONE(cred__table_set_names(part, names, 0, 0, 0));
  keep_shape(part, table, skip);
  if (skip == n) part->prefix = table->prefix; // generated numbers are still places
  part->first_number = table->first_number;
  const uint64_t digest = feed_text(cred__digest_start(), table->digest);
  cred__table_set_digest(part, feed_text(digest, name));
  *out = part;
  part = NULL;
done:
  cred__free(names);
  cred_table_free(part);
  return status;
}

cred_status cred_table_join(cred_table **out, const cred_table *x,
                            const cred_table *labels, const char *target_name) {
  *out = NULL;
  if (x->n_rows != labels->n_rows)
    FAIL(CRED_EDATA, "%s has %zu rows and %s has %zu: they cannot stand side by side",
         x->source, x->n_rows, labels->source, labels->n_rows);
  if (target_name && labels->n_columns != 1)
    FAIL(CRED_EDATA, "%s has %zu columns, one column of labels is expected%s",
         labels->source, labels->n_columns,
         labels->shape.channels
             ? " (these are images: are the two in each other's place?)"
             : "");
  cred_table *both;
  TRY(cred__table_new(&both, x->source, x->n_columns + labels->n_columns,
                      x->n_blocks + labels->n_blocks));
  cred_status status = CRED_OK;
  both->n_rows = x->n_rows;
  both->separator = x->separator;
  both->decimal = x->decimal;
  const bool first = x->shape.channels > 0; // an image of x goes before one of labels
  both->shape = first ? x->shape : labels->shape;
  both->shape_column = first ? x->shape_column : x->n_columns + labels->shape_column;
  TRY_DONE(copy_part(both, 0, 0, x, NULL, x->n_rows));
  TRY_DONE(copy_part(both, x->n_columns, x->n_blocks, labels, NULL, x->n_rows));
  TRY_DONE(copy_lines(both, x, NULL, x->n_rows));
  TRY_DONE(join_names(both, x, labels, target_name));
  const uint64_t digest = feed_text(cred__digest_start(), x->digest);
  cred__table_set_digest(both, feed_text(digest, labels->digest));
  *out = both;
  both = NULL;
done:
  cred_table_free(both);
  return status;
}
