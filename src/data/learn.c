// learn.c -- a schema from the columns of a table.
//
// Moments are of the training rows, in two passes in double: mean, then
// sd = sqrt(sum (v - mean)^2 / n).

#include "data/schema.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "data/look.h"
#include <math.h>
#include <string.h>

typedef struct {
  const cred_table *table;
  const cred_schema_options *opt;
  cred_schema *schema;
  size_t *inputs, *targets, *both; // column numbers; both: inputs, targets, weight
  size_t n_both;
  size_t *rows; // that count
  size_t n_rows;
} learner;

typedef struct {
  double mean, sd, min, max, sum;
  size_t n, n_missing, row_missing;
} moments;

static cred_status mark(bool *taken, const cred_table *table, const char *name,
                        const char *what) {
  size_t column;
  TRY(cred_table_need(&column, table, name));
  if (taken[column])
    FAIL(CRED_ECONFIG, "column '%.100s' is named as %s and once more", name, what);
  taken[column] = true;
  return CRED_OK;
}

static cred_status mark_all(bool *taken, const learner *l) {
  const cred_schema_options *opt = l->opt;
  size_t target;
  for (size_t i = 0; i < opt->n_targets; i++)
    TRY(cred__table_need_target(&target, l->table, opt->targets[i]));
  for (size_t i = 0; i < opt->n_targets; i++)
    TRY(mark(taken, l->table, opt->targets[i], "a target"));
  if (opt->id) TRY(mark(taken, l->table, opt->id, "the id"));
  if (opt->weight) TRY(mark(taken, l->table, opt->weight, "the weight"));
  for (size_t i = 0; i < opt->n_ignore; i++) {
    size_t column;
    TRY(cred_table_need(&column, l->table, opt->ignore[i]));
    for (size_t j = 0; j < opt->n_targets; j++)
      if (column == cred_table_find(l->table, opt->targets[j]))
        FAIL(CRED_ECONFIG, "column '%.100s' is a target and cannot be ignored",
             opt->ignore[i]);
    taken[column] = true;
  }
  return CRED_OK;
}

// Which columns are inputs: all that are nothing else, in the order of the table.
static cred_status choose_columns(learner *l) {
  const cred_table *table = l->table;
  cred_schema *s = l->schema;
  bool *taken;
  TRY(NEW(&taken, table->n_columns, "the columns of a table"));
  cred_status status = CRED_OK;
  TRY_DONE(mark_all(taken, l));
  TRY_DONE(NEW(&l->inputs, table->n_columns, "the columns of a table"));
  TRY_DONE(NEW(&l->targets, l->opt->n_targets, "the columns of a table"));
  TRY_DONE(NEW(&l->both, table->n_columns, "the columns of a table"));
  for (size_t i = 0; i < table->n_columns; i++)
    if (!taken[i]) l->inputs[s->n_columns++] = l->both[l->n_both++] = i;
  for (size_t i = 0; i < l->opt->n_targets; i++)
    l->targets[s->n_targets++] = l->both[l->n_both++] =
        cred_table_find(table, l->opt->targets[i]);
  if (l->opt->weight) l->both[l->n_both++] = cred_table_find(table, l->opt->weight);
  if (s->n_columns == 0)
    FAIL_DONE(CRED_EDATA, "%s: no column is left as an input", table->source);
  TRY_DONE(NEW(&s->columns, s->n_columns, "a schema"));
  TRY_DONE(NEW(&s->targets, s->n_targets, "a schema"));
done:
  cred__free(taken);
  return status;
}

static cred_status check_text(const cred_table *table, const char *text, const char *what,
                              const char *column) {
  if (cred__is_utf8(text)) return CRED_OK;
  FAIL(CRED_EDATA,
       "%s: %s of column '%.100s' is not UTF-8 text (convert the file: iconv -f "
       "latin1 -t utf-8)",
       table->source, what, column);
}

static cred_status copy_names(char ***out, size_t *n_out, const cred_table *table,
                              size_t column) {
  const cred__column *c = &table->columns[column];
  TRY(NEW(out, c->n_levels, "the levels of a column"));
  for (*n_out = 0; *n_out < c->n_levels; ++*n_out) {
    TRY(check_text(table, c->levels[*n_out], "a level", c->name));
    TRY(cred__strdup(&(*out)[*n_out], c->levels[*n_out]));
  }
  return CRED_OK;
}

// A column with mostly numbers and a few words: the words are mistakes until an option
// says that they are levels.
static cred_status check_words(const learner *l, size_t column) {
  size_t n_numbers, n_words;
  if (l->table->columns[column].forced) return CRED_OK;
  const size_t comma = cred__table_decimal_comma(l->table, column);
  if (comma != SIZE_MAX) return cred__fail_word(l->table, comma, column, false);
  const size_t first = cred__table_first_word(&n_numbers, &n_words, l->table, column);
  if (first == SIZE_MAX || n_numbers < n_words) return CRED_OK;
  return cred__fail_word(l->table, first, column, false);
}

static void start_moments(moments *m, size_t n) {
  for (size_t j = 0; j < n; j++) m[j] = (moments){.min = INFINITY, .max = -INFINITY};
}

static cred_status add_tile(moments *m, const learner *l, const double *tile,
                            size_t column, size_t n_columns, size_t first,
                            size_t n_rows) {
  for (size_t i = 0; i < n_rows; i++)
    for (size_t j = 0; j < n_columns; j++) {
      const double v = tile[i * n_columns + j];
      if (!(fabs(v) <= CRED__NUMBER_MAX)) {
        const size_t row = l->rows[first + i];
        if (!isnan(v)) return cred__fail_large(l->table, row, column + j, "");
        if (m[j].n_missing++ == 0) m[j].row_missing = row;
        continue;
      }
      m[j].sum += v;
      m[j].min = v < m[j].min ? v : m[j].min;
      m[j].max = v > m[j].max ? v : m[j].max;
      m[j].n++;
    }
  return CRED_OK;
}

static void add_squares(moments *m, const double *tile, size_t n_columns, size_t n_rows) {
  for (size_t i = 0; i < n_rows; i++)
    for (size_t j = 0; j < n_columns; j++) {
      const double d = tile[i * n_columns + j] - m[j].mean;
      if (d == d) m[j].sum += d * d;
    }
}

// Moments of n neighbouring numeric columns.
static cred_status run_moments(moments *m, const learner *l, size_t column, size_t n) {
  double *tile;
  cred_status status = CRED_OK;
  start_moments(m, n);
  TRY(NEW(&tile, CRED__TILE * n, "moments"));
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < l->n_rows; i += CRED__TILE) {
      const size_t k = l->n_rows - i < CRED__TILE ? l->n_rows - i : CRED__TILE;
      cred__table_load(tile, l->table, l->rows + i, 0, k, column, n);
      if (pass == 0)
        TRY_DONE(add_tile(m, l, tile, column, n, i, k));
      else
        add_squares(m, tile, n, k);
    }
    for (size_t j = 0; j < n; j++) {
      const double mean = m[j].n ? m[j].sum / (double)m[j].n : 0.0;
      if (pass == 0)
        m[j].mean = mean;
      else
        m[j].sd = sqrt(mean);
      m[j].sum = 0.0;
    }
  }
done:
  cred__free(tile);
  return status;
}

static cred_status learn_number(cred_schema_column *c, const moments *m, const learner *l,
                                size_t column) {
  const cred_missing missing = l->opt->missing;
  if (m->n_missing && missing == CRED_MISSING_ERROR)
    return cred__fail_missing(l->table, m->row_missing, column, false);
  if (m->n == 0)
    FAIL(CRED_EDATA,
         "%s: column '%.100s' has no value in the training rows (use --ignore "
         "'%.100s')",
         l->table->source, c->name, c->name);
  c->mean = m->mean;
  c->constant = !(m->max > m->min);
  if (c->constant) c->mean = m->min; // without the rounding of the sum
  c->sd = !c->constant && m->sd > 0.0 ? m->sd : 1.0;
  c->indicator = m->n_missing > 0 && missing == CRED_MISSING_INDICATOR;
  return CRED_OK;
}

static cred_status learn_words(cred_schema_column *c, const learner *l, size_t column) {
  const int32_t *level = l->table->columns[column].level;
  size_t n_missing = 0;
  int32_t first = -1;
  bool differ = false;
  TRY(check_words(l, column));
  for (size_t i = 0; i < l->n_rows; i++) {
    const int32_t at = level[l->rows[i]];
    if (at < 0) {
      if (l->opt->missing == CRED_MISSING_ERROR)
        return cred__fail_missing(l->table, l->rows[i], column, false);
      n_missing++;
      continue;
    }
    if (first < 0) first = at;
    differ |= at != first;
  }
  const size_t n_levels = l->table->columns[column].n_levels;
  if (n_levels > CRED__CLASSES || (n_levels > 1000 && n_levels > l->n_rows / 2))
    FAIL(CRED_EDATA,
         "%s: column '%.100s' has %zu different words in %zu rows: it looks like "
         "an identifier (use --id or --ignore '%.100s')",
         l->table->source, c->name, n_levels, l->n_rows, c->name);
  c->sd = 1.0;
  c->constant = !differ;
  c->indicator = n_missing > 0 && l->opt->missing == CRED_MISSING_INDICATOR;
  return copy_names(&c->levels, &c->n_levels, l->table, column);
}

static cred_status learn_run(learner *l, moments *m, size_t i, size_t n) {
  if (n == 0) return learn_words(&l->schema->columns[i], l, l->inputs[i]);
  TRY(run_moments(m, l, l->inputs[i], n));
  for (size_t j = 0; j < n; j++)
    TRY(learn_number(&l->schema->columns[i + j], &m[j], l, l->inputs[i + j]));
  return CRED_OK;
}

static cred_status learn_inputs(learner *l) {
  cred_schema *s = l->schema;
  for (size_t i = 0; i < s->n_columns; i++) {
    const cred__column *c = &l->table->columns[l->inputs[i]];
    TRY(check_text(l->table, c->name, "the name", c->name));
    TRY(cred__strdup(&s->columns[i].name, c->name));
    s->columns[i].type = c->type;
  }
  moments *m;
  TRY(NEW(&m, CRED__RUN, "moments"));
  cred_status status = CRED_OK;
  for (size_t i = 0; i < s->n_columns;) {
    const size_t n = cred__run_length(l->table, l->inputs, s->n_columns, i);
    TRY_DONE(learn_run(l, m, i, n));
    i += n ? n : 1;
  }
done:
  cred__free(m);
  return status;
}

static cred_status check_counts(const learner *l, size_t column) {
  for (size_t i = 0; i < l->n_rows; i++) {
    const double v = cred_table_number(l->table, l->rows[i], column);
    if (v >= 0.0 && v == floor(v) && v <= 1e9) continue;
    char where[CRED__WHERE_BYTES], cell[64];
    cred__table_where(where, l->table, l->rows[i], column);
    cred_table_cell(cell, sizeof cell, l->table, l->rows[i], column);
    FAIL(CRED_EDATA,
         "%s: %s in the target '%.100s' is not a count (0, 1, 2, ... up to 1e9)", where,
         cell, l->table->columns[column].name);
  }
  return CRED_OK;
}

static cred_status learn_number_target(cred_schema_target *t, const learner *l,
                                       size_t column) {
  size_t n_numbers, n_words;
  if (l->table->columns[column].type == CRED_COLUMN_CATEGORICAL) {
    const size_t first = cred__table_first_word(&n_numbers, &n_words, l->table, column);
    if (first != SIZE_MAX) return cred__fail_word(l->table, first, column, false);
    FAIL(CRED_ECONFIG,
         "the target '%.100s' is read as words, the task needs numbers (no "
         "--categorical for it)",
         t->name);
  }
  moments m;
  TRY(run_moments(&m, l, column, 1));
  if (m.n_missing)
    return cred__fail_missing_target(l->table, m.row_missing, column, false);
  if (!(m.max > m.min))
    FAIL(CRED_EDATA,
         "%s: the target '%.100s' is %g in all %zu training rows: there is "
         "nothing to learn",
         l->table->source, t->name, m.min, l->n_rows);
  if (t->type == CRED_TARGET_COUNT) return check_counts(l, column);
  if (!l->opt->standardise_targets) return CRED_OK;
  if (!(m.sd > 0.0) || !isfinite(m.sd))
    FAIL(CRED_EDATA, "%s: the target '%.100s' varies too little (sd %g)",
         l->table->source, t->name, m.sd);
  t->mean = m.mean;
  t->sd = m.sd;
  return CRED_OK;
}

// Distinct numbers of a column of the whole table, by value.
static cred_status number_classes(cred_schema_target *t, const learner *l,
                                  size_t column) {
  double *found;
  size_t n = 0;
  TRY(NEW(&found, CRED__CLASSES, "classes"));
  cred_status status = CRED_OK;
  for (size_t i = 0; i < l->table->n_rows; i++) {
    const double v = cred_table_number(l->table, i, column);
    if (isnan(v)) continue;
    size_t low = 0, high = n;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (found[middle] < v)
        low = middle + 1;
      else
        high = middle;
    }
    if (low < n && found[low] == v) continue;
    if (n == CRED__CLASSES)
      FAIL_DONE(CRED_EDATA,
                "%s: the target '%.100s' has more than %d different values: too "
                "many for classes (is it a number to regress on?)",
                l->table->source, t->name, CRED__CLASSES);
    memmove(found + low + 1, found + low, (n++ - low) * sizeof *found);
    found[low] = v;
  }
  TRY_DONE(NEW(&t->classes, n, "classes"));
  for (; t->n_classes < n; t->n_classes++) {
    char text[CRED__NUMBER_BYTES];
    cred__format_double(text, found[t->n_classes]);
    TRY_DONE(cred__strdup(&t->classes[t->n_classes], text));
  }
done:
  cred__free(found);
  return status;
}

// A class a row or so is no classification.
static cred_status check_many_classes(const cred_schema_target *t, const learner *l,
                                      size_t column) {
  enum { FEW = 20 };
  const bool words = l->table->columns[column].type == CRED_COLUMN_CATEGORICAL;
  if (t->n_classes <= FEW || 2 * t->n_classes <= l->table->n_rows) return CRED_OK;
  FAIL(CRED_EDATA,
       "%s: the target '%.100s' has %zu classes in %zu rows, another one in nearly every "
       "row: it cannot be learned as a class (%s)",
       l->table->source, t->name, t->n_classes, l->table->n_rows,
       words ? "if it is a number, its cells must be: --na WORD for what means missing, "
               "--decimal , for a decimal comma"
             : "it is a number: leave --task class out");
}

// At least two classes in the training rows, no missing one.
static cred_status check_classes(const cred_schema_target *t, const learner *l,
                                 size_t column) {
  const bool words = l->table->columns[column].type == CRED_COLUMN_CATEGORICAL;
  bool differ = false;
  double first = NAN;
  for (size_t i = 0; i < l->n_rows; i++) {
    const size_t row = l->rows[i];
    if (cred__cell_missing(l->table, row, column))
      return cred__fail_missing_target(l->table, row, column, false);
    const double v = words ? l->table->columns[column].level[row]
                           : cred_table_number(l->table, row, column);
    if (i == 0) first = v;
    differ |= v != first;
  }
  if (differ) return CRED_OK;
  char cell[64];
  cred_table_cell(cell, sizeof cell, l->table, l->rows[0], column);
  FAIL(CRED_EDATA,
       "%s: the target '%.100s' is '%s' in all %zu training rows: at least two "
       "classes are needed",
       l->table->source, t->name, cell, l->n_rows);
}

// The classes that the options name.
static cred_status given_classes(cred_schema_target *t, const cred_schema_options *opt) {
  TRY(NEW(&t->classes, opt->n_classes, "classes"));
  for (; t->n_classes < opt->n_classes; t->n_classes++)
    TRY(cred__strdup(&t->classes[t->n_classes], opt->classes[t->n_classes]));
  return CRED_OK;
}

static cred_status learn_class_target(cred_schema_target *t, const learner *l,
                                      size_t column) {
  if (l->opt->n_classes)
    TRY(given_classes(t, l->opt));
  else if (l->table->columns[column].type == CRED_COLUMN_NUMERIC)
    TRY(number_classes(t, l, column));
  else {
    if (l->opt->task < 0) TRY(check_words(l, column));
    if (l->table->columns[column].n_levels > CRED__CLASSES)
      FAIL(CRED_EDATA,
           "%s: the target '%.100s' has %zu different words, at most %d classes "
           "are possible",
           l->table->source, t->name, l->table->columns[column].n_levels, CRED__CLASSES);
    TRY(copy_names(&t->classes, &t->n_classes, l->table, column));
  }
  TRY(check_many_classes(t, l, column));
  return check_classes(t, l, column);
}

static cred_status learn_targets(learner *l) {
  for (size_t i = 0; i < l->schema->n_targets; i++) {
    cred_schema_target *t = &l->schema->targets[i];
    const size_t column = l->targets[i];
    const cred__column *c = &l->table->columns[column];
    TRY(check_text(l->table, c->name, "the name", c->name));
    TRY(cred__strdup(&t->name, c->name));
    t->sd = 1.0;
    t->type =
        l->opt->task >= 0 ? (cred_target_type)l->opt->task
        : c->type == CRED_COLUMN_CATEGORICAL || cred__looks_like_classes(l->table, column)
            ? CRED_TARGET_CLASS
            : CRED_TARGET_NUMBER;
    TRY(t->type == CRED_TARGET_CLASS ? learn_class_target(t, l, column)
                                     : learn_number_target(t, l, column));
  }
  return CRED_OK;
}

// The image of the table, where the inputs are its columns and no others.
static cred_shape image_shape(const learner *l) {
  const cred_schema *s = l->schema;
  cred_shape shape = {0, 0, 0};
  size_t first;
  if (!cred_table_shape(&shape, &first, l->table)) return shape;
  bool same = shape.height * shape.width * shape.channels == s->n_columns;
  for (size_t i = 0; same && i < s->n_columns; i++)
    same = l->inputs[i] == first + i && !s->columns[i].indicator;
  return same ? shape : (cred_shape){0, 0, 0};
}

// All pixels of a channel share mean and sd: each by itself would make the rare ink of a
// corner as large as all that is seen elsewhere.
static void share_scales(cred_schema *s) {
  if (!cred__is_image(s->shape) || s->input_scale > 0) return;
  for (size_t c = 0; c < s->shape.channels; c++) {
    double mean = 0, square = 0, n = 0;
    for (size_t i = c; i < s->n_columns; i += s->shape.channels, n++) {
      const cred_schema_column *column = &s->columns[i];
      const double var = column->constant ? 0 : column->sd * column->sd;
      mean += column->mean;
      square += var + column->mean * column->mean;
    }
    mean /= n;
    const double var = square / n - mean * mean;
    for (size_t i = c; i < s->n_columns; i += s->shape.channels) {
      s->columns[i].mean = mean;
      s->columns[i].sd = var > 1e-12 * square / n ? sqrt(var) : 1;
      s->columns[i].constant = !(var > 1e-12 * square / n);
    }
  }
}

static cred_status learn_rest(learner *l) {
  const cred_schema_options *opt = l->opt;
  cred_schema *s = l->schema;
  s->missing = opt->missing;
  s->shape = image_shape(l);
  s->input_scale = opt->input_scale > 0.0    ? opt->input_scale
                   : opt->standardise_inputs ? 0.0
                                             : 1.0;
  share_scales(s);
  if (opt->id)
    TRY(cred__strdup(&s->id, l->table->columns[cred_table_find(l->table, opt->id)].name));
  if (opt->weight) {
    const size_t column = cred_table_find(l->table, opt->weight);
    TRY(cred__strdup(&s->weight, l->table->columns[column].name));
  }
  return cred__schema_layout(s);
}

static cred_status check_options(const cred_schema_options *opt) {
  if (opt->n_targets == 0) FAIL(CRED_EINVAL, "schema: no target is named");
  if (opt->task < -1 || opt->task > CRED_TARGET_CLASS)
    FAIL(CRED_EINVAL, "schema: task is %d, -1 to 2 is expected", opt->task);
  if (!(opt->input_scale >= 0.0) || isinf(opt->input_scale))
    FAIL(CRED_EINVAL, "schema: input_scale is %g, a number > 0 (or 0: none) is expected",
         opt->input_scale);
  if ((int)opt->missing < 0 || opt->missing > CRED_MISSING_DROP)
    FAIL(CRED_EINVAL, "schema: missing is %d, 0 to 3 is expected", (int)opt->missing);
  return CRED_OK;
}

// The rows that inputs are learned on: those of the targets, or all that are complete.
static cred_status use_all_rows(learner *l) {
  if (!l->opt->inputs_of_all_rows) return CRED_OK;
  cred__free(l->rows);
  l->rows = NULL;
  return cred__rows_used(&l->rows, &l->n_rows, l->table, NULL, 0,
                         l->opt->missing == CRED_MISSING_DROP, l->inputs,
                         l->schema->n_columns);
}

cred_status cred_schema_learn(cred_schema **out, const cred_table *table,
                              const size_t *rows, size_t n_rows,
                              const cred_schema_options *opt) {
  *out = NULL;
  TRY(check_options(opt));
  learner l = {.table = table, .opt = opt};
  cred_status status = CRED_OK;
  TRY_DONE(NEW(&l.schema, 1, "a schema"));
  TRY_DONE(choose_columns(&l));
  TRY_DONE(cred__rows_used(&l.rows, &l.n_rows, table, rows, n_rows,
                           opt->missing == CRED_MISSING_DROP, l.both, l.n_both));
  if (l.n_rows == 0)
    FAIL_DONE(CRED_EDATA, "%s: no training row is left (%s)", table->source,
              opt->missing == CRED_MISSING_DROP ? "each has a missing cell"
                                                : "none given");
  TRY_DONE(learn_targets(&l));
  TRY_DONE(use_all_rows(&l));
  TRY_DONE(learn_inputs(&l));
  TRY_DONE(learn_rest(&l));
  *out = l.schema;
  l.schema = NULL;
done:
  cred__free(l.inputs);
  cred__free(l.targets);
  cred__free(l.both);
  cred__free(l.rows);
  cred_schema_free(l.schema);
  return status;
}
