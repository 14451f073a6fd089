// cmd_plot_band.c -- credence plot band: the prediction over one input, the others held.
//
// The rows are made in the model's own inputs: a number that is not named is at its
// training mean, a category at none of its levels.

#include "base/alloc.h"
#include "base/text.h"
#include "cli/cmd_plot.h"
#include <math.h>
#include <string.h>

// The points of a figure, read or computed.
typedef struct {
  size_t x; // column of the schema along the axis
  size_t target;
  double low, high;
  cred_data grid; // rows to predict
  double *grid_x;
  size_t n_points, n_truth;
  double *point_x, *point_y, *truth_x, *truth_y;
} band;

static void band_clear(band *b) {
  cred_data_clear(&b->grid);
  cred__free(b->grid_x);
  cred__free(b->point_x);
  cred__free(b->point_y);
  cred__free(b->truth_x);
  cred__free(b->truth_y);
}

static cred_status find_input(size_t *out, const cred_schema *s, const char *name) {
  const char *names[256];
  size_t n = 0;
  for (*out = 0; *out < s->n_columns; ++*out) {
    if (strcmp(s->columns[*out].name, name) == 0) return CRED_OK;
    if (n < 256) names[n++] = s->columns[*out].name;
  }
  const char *nearest = cred__nearest(name, names, n);
  FAIL(CRED_ECONFIG, "the model has no input '%s'%s%s%s", name,
       nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static cred_status choose_x(band *b, const cli_args *args, const cred_schema *s) {
  const char *name = cli_text(args, "x");
  if (name) TRY(find_input(&b->x, s, name));
  for (; !name && b->x < s->n_columns; b->x++)
    if (s->columns[b->x].type == CRED_COLUMN_NUMERIC && !s->columns[b->x].constant) break;
  if (b->x == s->n_columns)
    FAIL(CRED_ECONFIG, "the model has no input of numbers to draw a band over");
  if (s->columns[b->x].type != CRED_COLUMN_NUMERIC)
    FAIL(CRED_ECONFIG, "the input '%s' holds categories: --x takes one of numbers", name);
  return CRED_OK;
}

// Two numeric columns of a table.
static cred_status read_pair(double **x, double **y, size_t *n, const cli_args *args,
                             const char *path, const char *name_x, const char *name_y) {
  cred_table *table;
  size_t at[2];
  TRY(cli_read_table(&table, args, path, NULL));
  cred_status status = cred_table_need(&at[0], table, name_x);
  if (status == CRED_OK) status = cred_table_need(&at[1], table, name_y);
  for (int i = 0; status == CRED_OK && i < 2; i++)
    if (cred_table_type(table, at[i]) != CRED_COLUMN_NUMERIC)
      status = cred__fail(CRED_EDATA,
                          "%s: the column '%s' holds words, numbers are "
                          "expected",
                          cred_table_source(table), i ? name_y : name_x);
  if (status == CRED_OK) status = NEW(x, cred_table_n_rows(table), "points");
  if (status == CRED_OK) status = NEW(y, cred_table_n_rows(table), "points");
  if (status == CRED_OK) *n = cred_table_n_rows(table);
  for (size_t i = 0; status == CRED_OK && i < *n; i++) {
    (*x)[i] = cred_table_number(table, i, at[0]);
    (*y)[i] = cred_table_number(table, i, at[1]);
  }
  cred_table_free(table);
  return status;
}

static bool find_range(band *b, const double *x, size_t n, double beyond) {
  b->low = INFINITY;
  b->high = -INFINITY;
  for (size_t i = 0; i < n; i++) {
    b->low = fmin(b->low, x[i]);
    b->high = fmax(b->high, x[i]);
  }
  const double extra = beyond * (b->high - b->low);
  b->low -= extra;
  b->high += extra;
  return b->low < b->high;
}

static cred_status choose_range(band *b, const cli_args *args,
                                const cred_schema_column *c) {
  size_t n;
  const char *const *texts = cli_list(args, "range", &n);
  if (n == 0) {
    // beyond the data, because that is where the uncertainty should grow
    if (b->n_truth && find_range(b, b->truth_x, b->n_truth, 0)) return CRED_OK;
    if (b->n_points && find_range(b, b->point_x, b->n_points, 0.25)) return CRED_OK;
    b->low = c->mean - 3 * c->sd;
    b->high = c->mean + 3 * c->sd;
    return CRED_OK;
  }
  if (n != 2 || !cred__parse_double(&b->low, texts[0], strlen(texts[0])) ||
      !cred__parse_double(&b->high, texts[1], strlen(texts[1])) || !(b->low < b->high))
    FAIL(CRED_EINVAL, "option '--range' is '%s', expected two growing numbers LO,HI",
         cli_text(args, "range"));
  return CRED_OK;
}

static double standard(const cred_schema *s, const cred_schema_column *c, double value) {
  return s->input_scale > 0 ? value / s->input_scale : (value - c->mean) / c->sd;
}

// "color=red" into the inputs of a row.
static cred_status put_at(cred_real *row, const cred_schema *s, const char *text) {
  const char *equal = strchr(text, '=');
  char name[256];
  size_t column;
  double value;
  if (!equal || equal == text || (size_t)(equal - text) >= sizeof name)
    FAIL(CRED_EINVAL, "option '--at' has '%s', expected COLUMN=VALUE", text);
  snprintf(name, sizeof name, "%.*s", (int)(equal - text), text);
  TRY(find_input(&column, s, name));
  const cred_schema_column *c = &s->columns[column];
  if (c->type == CRED_COLUMN_NUMERIC) {
    if (!cred__parse_double(&value, equal + 1, strlen(equal + 1)))
      FAIL(CRED_EINVAL, "option '--at' has '%s', expected a number", text);
    row[c->first_input] = (cred_real)standard(s, c, value);
    return CRED_OK;
  }
  for (size_t i = 0; i < c->n_levels; i++) row[c->first_input + i] = 0;
  for (size_t i = 0; i < c->n_levels; i++)
    if (strcmp(c->levels[i], equal + 1) == 0) {
      row[c->first_input + i] = 1;
      return CRED_OK;
    }
  const char *nearest =
      cred__nearest(equal + 1, (const char *const *)c->levels, c->n_levels);
  FAIL(CRED_ECONFIG, "option '--at' has '%s', the input has no such level%s%s%s", text,
       nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

// One row with all inputs held; those of the grid differ from it in x alone.
static cred_status put_held(cred_real *row, const cli_args *args, const cred_schema *s) {
  size_t n;
  const char *const *at = cli_list(args, "at", &n);
  for (size_t i = 0; i < s->n_columns; i++)
    if (s->columns[i].type == CRED_COLUMN_NUMERIC)
      row[s->columns[i].first_input] =
          (cred_real)standard(s, &s->columns[i], s->columns[i].mean);
  for (size_t i = 0; i < n; i++) TRY(put_at(row, s, at[i]));
  return CRED_OK;
}

static cred_status make_grid(band *b, const cli_args *args, const cred_schema *s) {
  const size_t n = cli_size(args, "points"), n_inputs = s->n_inputs;
  const cred_schema_column *c = &s->columns[b->x];
  b->grid.n_rows = n;
  b->grid.n_inputs = n_inputs;
  b->grid.n_targets = s->n_targets;
  TRY(NEW(&b->grid.x, n * n_inputs, "the grid"));
  TRY(NEW(&b->grid.row, n, "the grid"));
  TRY(NEW(&b->grid_x, n, "the grid"));
  TRY(put_held(b->grid.x, args, s));
  for (size_t i = 0; i < n; i++) {
    cred_real *row = b->grid.x + i * n_inputs;
    if (i) memcpy(row, b->grid.x, n_inputs * sizeof *row);
    b->grid.row[i] = i;
    b->grid_x[i] = b->low + (b->high - b->low) * (double)i / (double)(n - 1);
    row[c->first_input] = (cred_real)standard(s, c, b->grid_x[i]);
  }
  return CRED_OK;
}

// A column of (n, stride) as an array.
static cred_status take(double **out, const double *values, size_t n, size_t stride,
                        size_t offset) {
  TRY(NEW(out, n, "a prediction"));
  for (size_t i = 0; i < n; i++) (*out)[i] = values[i * stride + offset];
  return CRED_OK;
}

// "k = red" or "z = 2.5": what an input is held at.
static void put_value(cred__text *out, const cred_schema *s, const cred_schema_column *c,
                      const cred_real *row) {
  cred__text_printf(out, "%s%.40s = ", out->n ? ", " : "", c->name);
  if (c->type == CRED_COLUMN_NUMERIC) {
    const double z = (double)row[c->first_input];
    const double value = s->input_scale > 0 ? z * s->input_scale : c->mean + z * c->sd;
    cred__text_printf(out, "%.4g", value);
    return;
  }
  size_t level = 0;
  while (level < c->n_levels && row[c->first_input + level] == 0) level++;
  cred__text_printf(out, "%.40s", level < c->n_levels ? c->levels[level] : "none");
}

// The inputs that are held, those of --at first.
static cred_status put_note(cred__text *out, const band *b, const cli_args *args,
                            const cred_schema *s) {
  enum { SHOWN_MAX = 4 };
  size_t n_at, n_shown = 0;
  const char *const *at = cli_list(args, "at", &n_at);
  for (int named = 1; named >= 0; named--)
    for (size_t i = 0; i < s->n_columns; i++) {
      const size_t n = strlen(s->columns[i].name);
      bool is_named = false;
      for (size_t k = 0; k < n_at; k++)
        is_named |= strncmp(at[k], s->columns[i].name, n) == 0 && at[k][n] == '=';
      if (i == b->x || is_named != named) continue;
      if (n_shown++ < SHOWN_MAX) put_value(out, s, &s->columns[i], b->grid.x);
    }
  if (n_shown > SHOWN_MAX)
    cred__text_printf(out, ", and %zu more at their mean", n_shown - SHOWN_MAX);
  return cred__text_status(out);
}

static cred_status predict_band(cred_plot **out, const band *b, const cli_args *args,
                                const cred_model *model) {
  cred_predict_options opt = cli_predict_options(args);
  // curves: one function a draw
  if (!cli_given(args, "draws-kind")) opt.draws = CRED_DRAWS_FUNCTION;
  opt.n_levels = 0;
  cred_predictor *predictor;
  cred_prediction p;
  double *mean = NULL, *sd = NULL, *sd_epistemic = NULL;
  cred__text note = {0};
  const cred_schema *s = cred_model_schema(model);
  const size_t n = b->grid.n_rows, n_targets = s->n_targets;
  TRY(cred_predictor_new(&predictor, model, &opt));
  cred_status status;
  TRY_DONE(cred_predictor_run(&p, predictor, &b->grid));
  TRY_DONE(take(&mean, p.mean, n, n_targets, b->target));
  TRY_DONE(take(&sd, p.sd, n, n_targets, b->target));
  TRY_DONE(take(&sd_epistemic, p.sd_epistemic, n, n_targets, b->target));
  TRY_DONE(put_note(&note, b, args, s));
  const cred_plot_band data = {.n = n,
                               .points_vary = note.n > 0,
                               .x = b->grid_x,
                               .mean = mean,
                               .sd = sd,
                               .sd_epistemic = sd_epistemic,
                               .counts = s->targets[b->target].type == CRED_TARGET_COUNT,
                               .n_points = b->n_points,
                               .point_x = b->point_x,
                               .point_y = b->point_y,
                               .n_truth = b->n_truth,
                               .truth_x = b->truth_x,
                               .truth_y = b->truth_y};
  const cred_plot_labels labels = {.title = cli_text(args, "title"),
                                   .note = note.s,
                                   .x = s->columns[b->x].name,
                                   .y = s->targets[b->target].name,
                                   .x_min = b->low,
                                   .x_max = b->high};
  status = cred_plot_new_band(out, &data, &labels);
done:
  cred_predictor_free(predictor);
  cred__free(mean);
  cred__free(sd);
  cred__free(sd_epistemic);
  cred__text_clear(&note);
  return status;
}

static cred_status make_band(cred_plot **out, band *b, const cli_args *args,
                             const cred_model *model) {
  const cred_schema *s = cred_model_schema(model);
  const char *data = cli_text(args, "data"), *truth = cli_text(args, "truth");
  TRY(cli__plot_target(&b->target, args, model));
  TRY(choose_x(b, args, s));
  const cred_schema_column *c = &s->columns[b->x];
  TRY(cli_check_inputs(data, truth));
  if (data)
    TRY(read_pair(&b->point_x, &b->point_y, &b->n_points, args, data, c->name,
                  s->targets[b->target].name));
  if (truth)
    TRY(read_pair(&b->truth_x, &b->truth_y, &b->n_truth, args, truth, c->name, "y_true"));
  TRY(choose_range(b, args, c));
  TRY(make_grid(b, args, s));
  return predict_band(out, b, args, model);
}

cred_status cli__plot_band(cred_plot **out, const cli_args *args,
                           const cred_model *model) {
  band b = {0};
  const cred_status status = make_band(out, &b, args, model);
  band_clear(&b);
  return status;
}
