// learning.c -- learning curves: a score by the number of labels, a line a way of
// choosing them, and the score that is aimed at.

#include "base/alloc.h"
#include "base/fail.h"
#include "plot/figure.h"
#include <math.h>

enum { CURVES_MAX = 32, BARS_MAX = 40 };

static cred_status check(const cred_plot_learning *d) {
  if (d->n_curves == 0 || !d->curves) FAIL(CRED_EDATA, "plot: no learning curve to draw");
  if (d->n_curves > CURVES_MAX)
    FAIL(CRED_EINVAL, "plot: %zu learning curves, expected at most %d", d->n_curves,
         CURVES_MAX);
  for (size_t k = 0; k < d->n_curves; k++)
    if (d->curves[k].n > 0 && (!d->curves[k].labels || !d->curves[k].score))
      FAIL(CRED_EINVAL, "plot: learning curve %zu has %zu points, but NULL for them",
           k + 1, d->curves[k].n);
  return CRED_OK;
}

// A point without its error could not be drawn with a bar.
static bool has_errors(const cred_plot_learning_curve *c) {
  for (size_t i = 0; c->se && i < c->n; i++)
    if (cred__plot_drawable(c->score[i]) && !cred__plot_drawable(c->se[i])) return false;
  return c->se != NULL;
}

// Bars of one standard error where they would not hide the line.
static cred_plot_series series_of(const cred_plot_learning_curve *c) {
  const bool few = c->n <= BARS_MAX;
  return (cred_plot_series){.name = c->name,
                            .n = c->n,
                            .x = c->labels,
                            .y = c->score,
                            .y_error = few && has_errors(c) ? c->se : NULL,
                            .style = c->n <= BARS_MAX ? CRED_PLOT_LINES_POINTS
                                                      : CRED_PLOT_LINES};
}

static cred__range range_of(const cred_plot_learning *d) {
  cred__range range = cred__range_empty();
  for (size_t k = 0; k < d->n_curves; k++)
    for (size_t i = 0; i < d->curves[k].n; i++)
      if (cred__plot_drawable(d->curves[k].score[i]))
        cred__range_add(&range, d->curves[k].labels[i]);
  return range;
}

cred_status cred_plot_new_learning(cred_plot **out, const cred_plot_learning *data,
                                   const cred_plot_labels *labels) {
  cred_plot_series series[CURVES_MAX + 1];
  cred_plot_labels texts = labels ? *labels : (cred_plot_labels){0};
  *out = NULL;
  TRY(check(data));
  for (size_t k = 0; k < data->n_curves; k++) series[k] = series_of(&data->curves[k]);
  const cred__range range = range_of(data);
  const double x[2] = {range.lo, range.hi}, y[2] = {data->target, data->target};
  const bool aimed = cred__plot_drawable(data->target) && range.lo < range.hi;
  if (aimed)
    series[data->n_curves] = (cred_plot_series){
        .name = "aim", .n = 2, .x = x, .y = y, .style = CRED_PLOT_LINES};
  if (!texts.title) texts.title = "learning curve";
  if (!texts.x) texts.x = "labels";
  if (!texts.y) texts.y = data->score ? data->score : "score";
  const cred_plot_lines lines = {.n_series = data->n_curves + aimed, .series = series};
  return cred_plot_new_lines(out, &lines, &texts);
}
