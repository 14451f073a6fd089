// cmd_predict_columns.c -- the columns of a prediction, in an order that never changes.
//
//   numbers   row,id,mean,sd,sd_epistemic,sd_aleatoric,q05,q50,q95   (suffix _<target>)
//   classes   row,id,label,p_<class>...,confidence,entropy,mutual_information
//   then, of a calibrated model, lower,upper or set; then what options ask for

#include "base/alloc.h"
#include "cli/cmd_predict.h"
#include "cli/kept.h"
#include "credence/model/calibrate.h"
#include <stdarg.h>
#include <string.h>

static cred_status add(cli__output *out, cli__output_column column, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));

static cred_status add(cli__output *out, cli__output_column column, const char *format,
                       ...) {
  cli__output_column *place = &out->columns[out->n_columns];
  va_list list;
  va_start(list, format);
  const int n = vsnprintf(NULL, 0, format, list);
  va_end(list);
  TRY(NEW(&column.name, (size_t)n + 1, "the name of a column"));
  va_start(list, format);
  vsnprintf(column.name, (size_t)n + 1, format, list);
  va_end(list);
  *place = column;
  out->n_columns++;
  return CRED_OK;
}

static cli__output_column number(cli__from from, size_t stride, size_t offset) {
  const cli__output_column column = {
      .kind = COLUMN_NUMBER, .from = from, .stride = stride, .offset = offset};
  return column;
}

static const char *suffix_of(const cred_schema *s, size_t target) {
  return s->n_targets > 1 ? s->targets[target].name : "";
}

// "q05", "q50", "q02.5": the level in percent.
static cred_status add_quantile(cli__output *out, const cli__output_wish *wish, size_t t,
                                size_t level) {
  const cred_schema *s = out->schema;
  char percent[CRED__NUMBER_BYTES];
  cred__format_float(percent, (float)(100 * wish->levels[level]));
  const char *zero = wish->levels[level] < 0.0999999 ? "0" : "";
  return add(
      out,
      number(FROM_QUANTILE, s->n_targets * wish->n_levels, t * wish->n_levels + level),
      "q%s%s%s%s", zero, percent, s->n_targets > 1 ? "_" : "", suffix_of(s, t));
}

static cred_status add_target(cli__output *out, const cli__output_wish *wish, size_t t) {
  static const struct {
    const char *name;
    cli__from from;
  } four[] = {{"mean", FROM_MEAN},
              {"sd", FROM_SD},
              {"sd_epistemic", FROM_SD_EPISTEMIC},
              {"sd_aleatoric", FROM_SD_ALEATORIC}};
  const cred_schema *s = out->schema;
  const char *bar = s->n_targets > 1 ? "_" : "", *suffix = suffix_of(s, t);
  for (size_t i = 0; i < 4; i++)
    TRY(add(out, number(four[i].from, s->n_targets, t), "%s%s%s", four[i].name, bar,
            suffix));
  for (size_t i = 0; i < wish->n_levels_fixed; i++) TRY(add_quantile(out, wish, t, i));
  return CRED_OK;
}

static cred_status add_numbers(cli__output *out, const cli__output_wish *wish) {
  const cred_schema *s = out->schema;
  const size_t n = s->n_targets;
  for (size_t t = 0; t < n; t++) TRY(add_target(out, wish, t));
  for (size_t t = 0; cred_model_is_calibrated(wish->model) && t < n; t++) {
    const char *bar = n > 1 ? "_" : "";
    TRY(add(out, number(FROM_LOWER, n, t), "lower%s%s", bar, suffix_of(s, t)));
    TRY(add(out, number(FROM_UPPER, n, t), "upper%s%s", bar, suffix_of(s, t)));
  }
  for (size_t t = 0; t < n; t++)
    for (size_t i = wish->n_levels_fixed; i < wish->n_levels; i++)
      TRY(add_quantile(out, wish, t, i));
  return CRED_OK;
}

static cred_status add_classes(cli__output *out, const cli__output_wish *wish) {
  const cred_schema_target *target = &out->schema->targets[0];
  const size_t n = target->n_classes;
  TRY(add(out, (cli__output_column){.kind = COLUMN_LABEL}, "label"));
  for (size_t c = 0; c < n; c++)
    TRY(add(out, number(FROM_PROB, n, c), "p_%s", target->classes[c]));
  TRY(add(out, (cli__output_column){.kind = COLUMN_CONFIDENCE, .stride = n},
          "confidence"));
  TRY(add(out, number(FROM_ENTROPY, 1, 0), "entropy"));
  TRY(add(out, number(FROM_MUTUAL_INFORMATION, 1, 0), "mutual_information"));
  if (cred_model_is_calibrated(wish->model))
    TRY(add(out, (cli__output_column){.kind = COLUMN_SET, .stride = n}, "set"));
  return CRED_OK;
}

// d0, d1, ... with a suffix where a draw has several values.
static cred_status add_draws(cli__output *out, const cli__output_wish *wish) {
  const cred_schema *s = out->schema;
  const size_t width = out->is_class ? s->targets[0].n_classes : s->n_targets;
  for (size_t k = 0; k < wish->n_draws; k++)
    for (size_t j = 0; j < width; j++) {
      const char *suffix = out->is_class ? s->targets[0].classes[j] : suffix_of(s, j);
      TRY(add(out,
              (cli__output_column){
                  .kind = COLUMN_DRAW, .stride = width, .offset = k * width + j},
              "d%zu%s%s", k, width > 1 ? "_" : "", suffix));
    }
  return CRED_OK;
}

static size_t n_columns_max(const cli__output *out, const cli__output_wish *wish) {
  const cred_schema *s = out->schema;
  const size_t width = out->is_class ? s->targets[0].n_classes : s->n_targets;
  const size_t n = out->is_class ? width + 5 : width * (6 + wish->n_levels);
  return 3 + n + out->n_keep + width * wish->n_draws;
}

static cred_status add_kept(cli__output *out, size_t i) {
  const char **taken;
  char *name = NULL;
  TRY(NEW(&taken, out->n_columns, "the columns of the output"));
  for (size_t k = 0; k < out->n_columns; k++) taken[k] = out->columns[k].name;
  cred_status status = cli_kept_name(&name, out->keep[i], taken, out->n_columns);
  if (status == CRED_OK)
    status = add(out, (cli__output_column){.kind = COLUMN_KEPT, .offset = i}, "%s", name);
  cred__free(name);
  cred__free(taken);
  return status;
}

cred_status cli__output_init(cli__output *out, const cli__output_wish *wish) {
  out->schema = cred_model_schema(wish->model);
  out->is_class = cred_likelihood_is_class(cred_model_likelihood(wish->model));
  TRY(NEW(&out->columns, n_columns_max(out, wish), "the columns of the output"));
  TRY(add(out, (cli__output_column){.kind = COLUMN_ROW}, "row"));
  if (out->schema->id || out->schema->pixels.height)
    TRY(add(out, (cli__output_column){.kind = COLUMN_ID}, "id"));
  if (wish->n_draws) return add_draws(out, wish);
  TRY(out->is_class ? add_classes(out, wish) : add_numbers(out, wish));
  if (wish->log_prob) TRY(add(out, number(FROM_LOG_PROB, 1, 0), "log_prob"));
  for (size_t i = 0; i < out->n_keep; i++) TRY(add_kept(out, i));
  return CRED_OK;
}

void cli__output_clear(cli__output *out) {
  for (size_t i = 0; i < out->n_columns; i++) cred__free(out->columns[i].name);
  cred__free(out->columns);
}
