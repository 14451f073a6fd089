// cmd_plot_segment.c -- the figures 'certainty' and 'risk' from the thresholds.csv that
// `credence segment` writes where the label maps are known.

#include "base/alloc.h"
#include "cli/cmd_plot.h"
#include <math.h>

enum { CURVES_MAX = 16 };

// Pairs of numbers of two columns of a table, where both are there.
typedef struct {
  char name[64];
  size_t n;
  double *x, *y;
} curve;

static void curve_clear(curve *c) {
  cred__free(c->x);
  cred__free(c->y);
}

static cred_status take_pairs(curve *c, const cred_table *table, const char *x,
                              const char *y) {
  size_t columns[2];
  const size_t n = cred_table_n_rows(table);
  TRY(cred_table_need(&columns[0], table, x));
  TRY(cred_table_need(&columns[1], table, y));
  TRY(NEW(&c->x, n, "a curve"));
  TRY(NEW(&c->y, n, "a curve"));
  for (size_t i = 0; i < n; i++) {
    c->x[c->n] = cred_table_number(table, i, columns[0]);
    c->y[c->n] = cred_table_number(table, i, columns[1]);
    c->n += !isnan(c->x[c->n]) && !isnan(c->y[c->n]);
  }
  return CRED_OK;
}

static cred_status draw(cred_plot **out, const curve *curves, size_t n,
                        const cred_plot_labels *labels) {
  cred_plot_series series[CURVES_MAX];
  for (size_t k = 0; k < n; k++)
    series[k] = (cred_plot_series){.name = curves[k].name,
                                   .n = curves[k].n,
                                   .x = curves[k].x,
                                   .y = curves[k].y,
                                   .style = CRED_PLOT_LINES};
  const cred_plot_lines lines = {.n_series = n, .series = series};
  return cred_plot_new_lines(out, &lines, labels);
}

cred_status cli__plot_certainty(cred_plot **out, const cli_args *args,
                                const cred_model *model) {
  static const struct {
    const char *column, *name;
  } parts[] = {{"p_accurate_certain", "p(accurate | certain)"},
               {"p_uncertain_inaccurate", "p(uncertain | inaccurate)"},
               {"pavpu", "PAvPU"}};
  enum { N_PARTS = sizeof parts / sizeof *parts };
  curve curves[N_PARTS] = {0};
  char name[64];
  cred_table *table = NULL;
  cred_status status;
  (void)model;
  if (cli_n_positional(args) > 2)
    FAIL(CRED_EINVAL, "'%s' is one folder too many: credence plot certainty FOLDER",
         cli_positional(args, 2));
  TRY(cli__plot_table(&table, name, cli_positional(args, 1), "thresholds.csv"));
  for (size_t k = 0; k < N_PARTS; k++) {
    snprintf(curves[k].name, sizeof curves[k].name, "%s", parts[k].name);
    TRY_DONE(take_pairs(&curves[k], table, "entropy", parts[k].column));
  }
  const char *title = cli_text(args, "title");
  const cred_plot_labels labels = {.title = title ? title : "patches by their entropy",
                                   .x = "a patch is certain up to this entropy (nats)",
                                   .y = "probability",
                                   .y_min = 0,
                                   .y_max = 1.02};
  TRY_DONE(draw(out, curves, N_PARTS, &labels));
done:
  for (size_t k = 0; k < N_PARTS; k++) curve_clear(&curves[k]);
  cred_table_free(table);
  return status;
}

cred_status cli__plot_risk(cred_plot **out, const cli_args *args,
                           const cred_model *model) {
  const size_t n = cli_n_positional(args) - 1;
  curve curves[CURVES_MAX] = {0};
  cred_status status;
  (void)model;
  if (n > CURVES_MAX)
    FAIL(CRED_EINVAL, "%zu folders, at most %d can be drawn", n, CURVES_MAX);
  for (size_t k = 0; k < n; k++) {
    cred_table *table;
    TRY_DONE(cli__plot_table(&table, curves[k].name, cli_positional(args, k + 1),
                             "thresholds.csv"));
    status = take_pairs(&curves[k], table, "kept", "error");
    cred_table_free(table);
    TRY_DONE(status);
  }
  const char *title = cli_text(args, "title");
  const cred_plot_labels labels = {.title = title ? title : "risk and coverage of pixels",
                                   .x = "share of the pixels kept, the surest first",
                                   .y = "error among them",
                                   .x_min = 0,
                                   .x_max = 1};
  TRY_DONE(draw(out, curves, n, &labels));
done:
  for (size_t k = 0; k < n; k++) curve_clear(&curves[k]);
  return status;
}
