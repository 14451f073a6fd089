// encode.c -- rows of a table to the arrays that a model computes with.
//
// Numbers go tile by tile: a rectangle of rows and neighbouring columns is loaded as
// double, standardised, and stored.

#include "data/schema.h"
#include "data/pixels.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <string.h>

// How one schema column or target is found in the table. Where the table holds words, map
// (n_levels of the table) gives the level, class or number of each; NaN if it has none.
typedef struct {
  size_t column;
  double *map;
  cred__names names; // of levels or classes
} source;

typedef struct {
  const cred_schema *schema;
  const cred_table *table;
  source *inputs, *targets;
  size_t *columns; // of inputs, then of targets, then the weight
  size_t n_columns;
  size_t weight; // SIZE_MAX: none
  bool with_targets;
  size_t *rows;
  cred_encode_options opt;
  bool *bad; // (rows) to be left out; NULL: the first of them is an error
  cred_data *out;
} encoder;

void cred_data_clear(cred_data *data) {
  cred__free(data->x);
  cred__free(data->bytes);
  cred__free(data->y);
  cred__free(data->weight);
  cred__free(data->row);
  memset(data, 0, sizeof *data);
}

static cred_status fail_lacking(const encoder *e, size_t n) {
  const cred_schema *s = e->schema;
  cred__text list = {0};
  const char *first = NULL;
  size_t shown = 0;
  for (size_t i = 0; i < s->n_columns && shown < 10; i++) {
    const char *name = s->columns[i].name;
    if (cred_table_find(e->table, name) != SIZE_MAX) continue;
    if (!first) first = name;
    cred__text_printf(&list, "%s'%.60s'", shown++ ? ", " : "", name);
  }
  if (list.failed) {
    cred__text_clear(&list);
    FAIL(CRED_ENOMEM, "no memory for a message");
  }
  size_t column;
  if (n == 1)
    cred_table_need(&column, e->table, first); // with the nearest name
  else
    cred__fail(CRED_EDATA, "%s: %zu columns of the model are not in it: %s%s",
               e->table->source, n, list.s, n > shown ? ", ..." : "");
  cred__text_clear(&list);
  return CRED_EDATA;
}

// Images of another shape may have all columns of the model by name.
static cred_status check_images(const encoder *e) {
  const cred_shape want = e->schema->shape;
  cred_shape have;
  size_t first;
  if (!cred__is_image(want) || !cred_table_shape(&have, &first, e->table) ||
      (have.height == want.height && have.width == want.width &&
       have.channels == want.channels))
    return CRED_OK;
  FAIL(CRED_EDATA, "%s: images of %zu x %zu x %zu, the model takes %zu x %zu x %zu",
       e->table->source, have.height, have.width, have.channels, want.height, want.width,
       want.channels);
}

static cred_status find_columns(encoder *e, int with_targets) {
  const cred_schema *s = e->schema;
  size_t n_lacking = 0;
  e->with_targets = with_targets != 0;
  TRY(check_images(e));
  for (size_t i = 0; i < s->n_columns; i++) {
    e->columns[i] = cred_table_find(e->table, s->columns[i].name);
    n_lacking += e->columns[i] == SIZE_MAX;
  }
  if (n_lacking && !cred__array_columns(e->columns, s, e->table))
    return fail_lacking(e, n_lacking);
  e->n_columns = s->n_columns;
  for (size_t i = 0; i < s->n_columns; i++) e->inputs[i].column = e->columns[i];
  for (size_t i = 0; i < s->n_targets && e->with_targets; i++) {
    e->targets[i].column = cred_table_find(e->table, s->targets[i].name);
    if (e->targets[i].column != SIZE_MAX) continue;
    if (with_targets < 0)
      e->with_targets = false;
    else
      return cred__table_need_target(&e->targets[i].column, e->table, s->targets[i].name);
  }
  for (size_t i = 0; i < s->n_targets && e->with_targets; i++)
    e->columns[e->n_columns++] = e->targets[i].column;
  // a weight belongs to the targets: rows to predict need none
  e->weight = SIZE_MAX;
  if (!s->weight || !e->with_targets || e->opt.unknown_targets) return CRED_OK;
  TRY(cred_table_need(&e->weight, e->table, s->weight));
  e->columns[e->n_columns++] = e->weight;
  return CRED_OK;
}

// The words of a table column as numbers, levels or classes.
static cred_status map_words(source *from, const cred__column *c, bool by_name,
                             char decimal) {
  TRY(NEW(&from->map, c->n_levels, "the levels of a column"));
  for (size_t i = 0; i < c->n_levels; i++) {
    const char *text = c->levels[i];
    double value = NAN;
    if (by_name) {
      const size_t place = cred__names_find(&from->names, text);
      if (place != SIZE_MAX) value = (double)place;
    } else if (!cred__parse_cell(&value, text, strlen(text), decimal))
      value = NAN;
    from->map[i] = value;
  }
  return CRED_OK;
}

static cred_status prepare(source *from, const cred_table *table, char *const *names,
                           size_t n_names) {
  const cred__column *c = &table->columns[from->column];
  if (n_names) TRY(cred__names_init(&from->names, names, n_names));
  if (c->type == CRED_COLUMN_CATEGORICAL)
    return map_words(from, c, n_names > 0, table->decimal);
  return CRED_OK;
}

static cred_status prepare_all(encoder *e) {
  const cred_schema *s = e->schema;
  for (size_t i = 0; i < s->n_columns; i++)
    TRY(prepare(&e->inputs[i], e->table, s->columns[i].levels, s->columns[i].n_levels));
  for (size_t i = 0; e->with_targets && i < s->n_targets; i++)
    TRY(prepare(&e->targets[i], e->table, s->targets[i].classes,
                s->targets[i].n_classes));
  return CRED_OK;
}

static cred_status fail_level(const encoder *e, size_t row, size_t column,
                              const char *what, char *const *names, size_t n) {
  char where[CRED__WHERE_BYTES], cell[48];
  cred__text list = {0};
  cred__table_where(where, e->table, row, column);
  cred_table_cell(cell, sizeof cell, e->table, row, column);
  for (size_t i = 0; i < n && i < 12; i++)
    cred__text_printf(&list, "%s%.40s", i ? ", " : "", names[i]);
  cred__text_printf(&list, "%s", n > 12 ? ", ..." : "");
  const cred_status status =
      list.failed ? cred__fail(CRED_ENOMEM, "no memory for a message")
                  : cred__fail(CRED_EDATA,
                               "%s: '%s' is no %s of '%.100s'; it has: %s (%s--bad-rows "
                               "skip leaves such rows out)",
                               where, cell, what, e->table->columns[column].name, list.s,
                               strcmp(what, "level") == 0
                                   ? "--unseen none takes it for none of them, "
                                   : "");
  cred__text_clear(&list);
  return status;
}

enum { PLACE_UNSEEN = -2 };

// Number of a cell's level or class; SIZE_MAX where the cell is missing, and
// (size_t)PLACE_UNSEEN for a level that is to be none of them.
static cred_status cell_place(size_t *place, const encoder *e, const source *from,
                              size_t row, const char *what, char *const *names,
                              size_t n) {
  *place = SIZE_MAX;
  if (cred__cell_missing(e->table, row, from->column)) return CRED_OK;
  if (from->map) {
    const double at = from->map[e->table->columns[from->column].level[row]];
    if (!isnan(at)) *place = (size_t)at;
  } else {
    const double v = cred_table_number(e->table, row, from->column);
    *place = cred__names_find_value(&from->names, v);
  }
  if (*place != SIZE_MAX) return CRED_OK;
  if (!e->opt.unseen_none || strcmp(what, "level") != 0)
    return fail_level(e, row, from->column, what, names, n);
  *place = (size_t)PLACE_UNSEEN;
  return CRED_OK;
}

// The number in a cell, NaN where it is missing.
static cred_status cell_number(double *value, const encoder *e, const source *from,
                               size_t row) {
  if (from->map) {
    const int32_t level = e->table->columns[from->column].level[row];
    *value = level < 0 ? NAN : from->map[level];
    if (level >= 0 && isnan(*value))
      return cred__fail_word(e->table, row, from->column, true);
    return CRED_OK;
  }
  *value = cred_table_number(e->table, row, from->column);
  return CRED_OK;
}

static double standard(const cred_schema *s, const cred_schema_column *c, double value) {
  if (s->input_scale > 0.0) return value / s->input_scale;
  return (value - c->mean) / c->sd;
}

// Far above what a standardised number may be, far below what float holds.
#define INPUT_MAX 1e30

// A bad row is marked, to be left out, where it is not an error.
static cred_status forgive(const encoder *e, size_t i, cred_status status) {
  if (status != CRED_EDATA || !e->bad) return status;
  e->bad[i] = true;
  return CRED_OK;
}

// One number with all its cases; x is its first input.
static cred_status encode_number(cred_real *x, const encoder *e, size_t i, size_t row) {
  const cred_schema_column *c = &e->schema->columns[i];
  double value;
  TRY(cell_number(&value, e, &e->inputs[i], row));
  const bool missing = isnan(value);
  if (missing && e->schema->missing == CRED_MISSING_ERROR)
    return cred__fail_missing(e->table, row, e->inputs[i].column, true);
  const double z = standard(e->schema, c, missing ? c->mean : value);
  if (!(fabs(z) <= INPUT_MAX))
    return cred__fail_large(e->table, row, e->inputs[i].column,
                            " beside the training rows");
  x[0] = (cred_real)z;
  if (c->indicator) x[1] = missing;
  return CRED_OK;
}

static cred_status encode_words(cred_real *x, const encoder *e, size_t i, size_t row) {
  const cred_schema_column *c = &e->schema->columns[i];
  size_t place;
  TRY(cell_place(&place, e, &e->inputs[i], row, "level", c->levels, c->n_levels));
  if (place == SIZE_MAX && e->schema->missing == CRED_MISSING_ERROR)
    return cred__fail_missing(e->table, row, e->inputs[i].column, true);
  if (place < c->n_levels) x[place] = 1;
  e->out->n_unseen += place == (size_t)PLACE_UNSEEN;
  if (c->indicator) x[c->n_levels] = place == SIZE_MAX;
  return CRED_OK;
}

// Columns from i on that one rectangle serves: neighbours in the table and in the inputs.
static size_t plain_run(const encoder *e, size_t i) {
  const cred_schema *s = e->schema;
  const size_t longest = cred__run_length(e->table, e->columns, s->n_columns, i);
  size_t n = 0;
  while (n < longest && s->columns[i + n].type == CRED_COLUMN_NUMERIC &&
         !s->columns[i + n].indicator)
    n++;
  return n;
}

// False if a cell is missing or too large: then each is looked at by itself.
static bool store_tile(cred_real *x, size_t x_stride, const double *tile,
                       const double *shift, const double *factor, size_t n_rows,
                       size_t n) {
  int bad = 0;
  for (size_t i = 0; i < n_rows; i++) {
    const double *from = tile + i * n;
    cred_real *to = x + i * x_stride;
    for (size_t j = 0; j < n; j++) {
      const double z = (from[j] - shift[j]) / factor[j];
      bad |= !(fabs(z) <= INPUT_MAX);
      to[j] = (cred_real)z;
    }
  }
  return !bad;
}

typedef struct {
  double tile[CRED__TILE * CRED__RUN], shift[CRED__RUN], factor[CRED__RUN];
} tile_work;

static cred_status encode_run(encoder *e, tile_work *work, size_t i, size_t n,
                              size_t first, size_t n_rows) {
  const cred_schema *s = e->schema;
  const size_t stride = s->n_inputs;
  cred_real *x = e->out->x + first * stride + s->columns[i].first_input;
  for (size_t j = 0; j < n; j++) {
    work->shift[j] = s->input_scale > 0.0 ? 0.0 : s->columns[i + j].mean;
    work->factor[j] = s->input_scale > 0.0 ? s->input_scale : s->columns[i + j].sd;
  }
  cred__table_load(work->tile, e->table, e->rows + first, 0, n_rows, e->columns[i], n);
  if (store_tile(x, stride, work->tile, work->shift, work->factor, n_rows, n))
    return CRED_OK;
  for (size_t k = 0; k < n_rows; k++)
    for (size_t j = 0; j < n; j++)
      TRY(forgive(e, first + k,
                  encode_number(x + k * stride + j, e, i + j, e->rows[first + k])));
  return CRED_OK;
}

static cred_status encode_rows(encoder *e, tile_work *work, size_t first, size_t n_rows) {
  const cred_schema *s = e->schema;
  for (size_t i = 0; i < s->n_columns;) {
    const size_t n = plain_run(e, i);
    if (n) {
      TRY(encode_run(e, work, i, n, first, n_rows));
      i += n;
      continue;
    }
    const cred_schema_column *c = &s->columns[i];
    for (size_t k = 0; k < n_rows; k++) {
      cred_real *x = e->out->x + (first + k) * s->n_inputs + c->first_input;
      const size_t row = e->rows[first + k];
      TRY(forgive(e, first + k,
                  c->type == CRED_COLUMN_NUMERIC ? encode_number(x, e, i, row)
                                                 : encode_words(x, e, i, row)));
    }
    i++;
  }
  return CRED_OK;
}

static cred_status encode_inputs(encoder *e) {
  tile_work *work;
  TRY(NEW(&work, 1, "a tile"));
  cred_status status = CRED_OK;
  for (size_t i = 0; i < e->out->n_rows; i += CRED__TILE) {
    const size_t left = e->out->n_rows - i;
    TRY_DONE(encode_rows(e, work, i, left < CRED__TILE ? left : CRED__TILE));
  }
done:
  cred__free(work);
  return status;
}

static cred_status encode_target(cred_real *y, const encoder *e, size_t i, size_t row) {
  const cred_schema_target *t = &e->schema->targets[i];
  const size_t column = e->targets[i].column;
  if (cred__cell_missing(e->table, row, column)) {
    if (!e->opt.unknown_targets)
      return cred__fail_missing_target(e->table, row, column, true);
    *y = NAN;
    return CRED_OK;
  }
  if (t->type == CRED_TARGET_CLASS) {
    size_t place;
    TRY(cell_place(&place, e, &e->targets[i], row, "class", t->classes, t->n_classes));
    *y = (cred_real)place;
    return CRED_OK;
  }
  double value;
  TRY(cell_number(&value, e, &e->targets[i], row));
  if (t->type == CRED_TARGET_COUNT && !(value >= 0.0 && value == floor(value))) {
    char where[CRED__WHERE_BYTES];
    cred__table_where(where, e->table, row, column);
    FAIL(CRED_EDATA, "%s: %g in the target '%.100s' is not a count (0, 1, 2, ...)", where,
         value, t->name);
  }
  const double z = (value - t->mean) / t->sd;
  if (!(fabs(z) <= INPUT_MAX)) return cred__fail_large(e->table, row, column, "");
  *y = (cred_real)z;
  return CRED_OK;
}

static cred_status encode_weight(cred_real *weight, const encoder *e, size_t row) {
  double value;
  source from = {.column = e->weight};
  if (e->table->columns[e->weight].type == CRED_COLUMN_CATEGORICAL)
    return cred__fail_word(e->table, row, e->weight, true);
  TRY(cell_number(&value, e, &from, row));
  if (isnan(value)) return cred__fail_missing_target(e->table, row, e->weight, true);
  if (!(value >= 0.0 && value <= INPUT_MAX)) {
    char where[CRED__WHERE_BYTES];
    cred__table_where(where, e->table, row, e->weight);
    FAIL(CRED_EDATA, "%s: %g in '%.100s' is no weight (0 or more)", where, value,
         e->schema->weight);
  }
  *weight = (cred_real)value;
  return CRED_OK;
}

static cred_status encode_outputs(encoder *e) {
  cred_data *out = e->out;
  for (size_t i = 0; i < out->n_rows; i++) {
    for (size_t j = 0; e->with_targets && j < out->n_targets; j++)
      TRY(forgive(e, i,
                  encode_target(&out->y[i * out->n_targets + j], e, j, e->rows[i])));
    if (out->weight) TRY(forgive(e, i, encode_weight(&out->weight[i], e, e->rows[i])));
  }
  return CRED_OK;
}

static cred_status make_arrays(encoder *e, uint64_t first_row) {
  cred_data *out = e->out;
  size_t n_cells;
  if (__builtin_mul_overflow(out->n_rows, e->schema->n_inputs, &n_cells))
    FAIL(CRED_ENOMEM, "no memory for %zu rows", out->n_rows);
  out->n_inputs = e->schema->n_inputs;
  out->n_targets = e->schema->n_targets;
  if (!out->bytes) TRY(NEW(&out->x, n_cells, "inputs"));
  TRY(NEW(&out->row, out->n_rows, "row numbers"));
  for (size_t i = 0; i < out->n_rows; i++) out->row[i] = first_row + e->rows[i];
  if (e->with_targets) TRY(NEW(&out->y, out->n_rows * out->n_targets, "targets"));
  if (e->weight != SIZE_MAX) TRY(NEW(&out->weight, out->n_rows, "weights"));
  return CRED_OK;
}

// Closes the gaps of the rows that were marked.
static void leave_out_bad(encoder *e) {
  cred_data *out = e->out;
  size_t n = 0;
  for (size_t i = 0; e->bad && i < out->n_rows; i++) {
    if (e->bad[i]) continue;
    if (out->x)
      memmove(out->x + n * out->n_inputs, out->x + i * out->n_inputs,
              out->n_inputs * sizeof *out->x);
    if (out->y)
      memmove(out->y + n * out->n_targets, out->y + i * out->n_targets,
              out->n_targets * sizeof *out->y);
    if (out->weight) out->weight[n] = out->weight[i];
    out->row[n++] = out->row[i];
  }
  if (!e->bad) return;
  out->n_skipped = out->n_rows - n;
  out->n_rows = n;
}

static void clear_sources(source *sources, size_t n) {
  for (size_t i = 0; sources && i < n; i++) {
    cred__free(sources[i].map);
    cred__names_clear(&sources[i].names);
  }
  cred__free(sources);
}

static cred_status encode(encoder *e, const size_t *rows, size_t n_rows, int with_targets,
                          uint64_t first_row) {
  const cred_schema *s = e->schema;
  if (!rows) n_rows = e->table->n_rows;
  TRY(NEW(&e->inputs, s->n_columns, "a schema"));
  TRY(NEW(&e->targets, s->n_targets, "a schema"));
  TRY(NEW(&e->columns, s->n_columns + s->n_targets + 1, "a schema"));
  TRY(find_columns(e, with_targets));
  TRY(prepare_all(e));
  TRY(cred__rows_used(&e->rows, &e->out->n_rows, e->table, rows, n_rows,
                      s->missing == CRED_MISSING_DROP, e->columns,
                      e->opt.unknown_targets ? s->n_columns : e->n_columns));
  e->out->n_dropped = n_rows - e->out->n_rows;
  if (e->opt.keep_bytes)
    TRY(cred__byte_rows_of_table(&e->out->bytes, s, e->table, e->columns, first_row));
  TRY(make_arrays(e, first_row));
  if (e->opt.skip_bad) TRY(NEW(&e->bad, e->out->n_rows, "bad rows"));
  if (!e->out->bytes) TRY(encode_inputs(e));
  TRY(encode_outputs(e));
  leave_out_bad(e);
  return CRED_OK;
}

cred_status cred_schema_encode(cred_data *out, const cred_schema *schema,
                               const cred_table *table, const size_t *rows, size_t n_rows,
                               int with_targets, uint64_t first_row) {
  return cred_schema_encode_with(out, schema, table, rows, n_rows, with_targets,
                                 first_row, NULL);
}

cred_status cred_schema_encode_with(cred_data *out, const cred_schema *schema,
                                    const cred_table *table, const size_t *rows,
                                    size_t n_rows, int with_targets, uint64_t first_row,
                                    const cred_encode_options *opt) {
  memset(out, 0, sizeof *out);
  encoder e = {.schema = schema, .table = table, .out = out};
  if (opt) e.opt = *opt;
  const cred_status status = encode(&e, rows, n_rows, with_targets, first_row);
  clear_sources(e.inputs, schema->n_columns);
  clear_sources(e.targets, schema->n_targets);
  cred__free(e.columns);
  cred__free(e.rows);
  cred__free(e.bad);
  if (status != CRED_OK) cred_data_clear(out);
  return status;
}
