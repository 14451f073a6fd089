// lines.c -- several named series of (x, y, error), on plain or logarithmic axes.

#include "base/fail.h"
#include "plot/figure.h"
#include <math.h>
#include <stdio.h>

enum { SERIES_MAX = 64, POINTS_MAX = 4000, KEY_ABOVE_MAX = 4 };

typedef struct {
  double x, y, low, high;
} point;

// False if the point cannot be drawn on these axes.
static bool point_of(point *p, const cred_plot_lines *d, const cred_plot_series *s,
                     size_t i) {
  const double error = s->y_error ? fabs(s->y_error[i]) : 0;
  const point q = {s->x[i], s->y[i], s->y[i] - error, s->y[i] + error};
  *p = q;
  // a bar that reaches 0 has no lower end on a logarithmic axis: it leaves the frame
  if (d->log_y && !(p->low > 0)) p->low = p->y * 1e-6;
  return cred__plot_drawable(q.x) && cred__plot_drawable(q.y) &&
         cred__plot_drawable(q.high) && (!d->log_x || q.x > 0) && (!d->log_y || q.y > 0);
}

static size_t write_series(cred_plot *plot, const cred_plot_lines *d, size_t k) {
  const cred_plot_series *s = &d->series[k];
  const size_t stride = cred__plot_stride(s->n, POINTS_MAX);
  size_t n = 0;
  bool broken = true;
  cred__plot_printf(plot, "$series_%zu << EOD\n", k + 1);
  for (size_t i = 0; i < s->n; i += stride) {
    point p;
    if (point_of(&p, d, s, i)) {
      const double row[4] = {p.x, p.y, p.low, p.high};
      cred__plot_row(plot, s->y_error ? 4 : 2, row);
      broken = false;
      n++;
      continue;
    }
    plot->n_skipped++;
    if (!broken) cred__plot_printf(plot, "\n"); // one empty line breaks the curve
    broken = true;
  }
  cred__plot_printf(plot, "EOD\n");
  return n;
}

static void ranges(cred_plot *plot, const cred_plot_lines *d,
                   const cred_plot_labels *labels) {
  cred__range x = cred__range_empty(), y = cred__range_empty();
  for (size_t k = 0; k < d->n_series; k++) {
    for (size_t i = 0; i < d->series[k].n; i++) {
      point p;
      if (!point_of(&p, d, &d->series[k], i)) continue;
      cred__range_add(&x, p.x);
      cred__range_add(&y, p.y);
      cred__range_add(&y, p.high);
      if (!d->log_y || p.low > 1e-5 * p.y) cred__range_add(&y, p.low);
    }
  }
  x = cred__range_pad(x, d->log_x), y = cred__range_pad(y, d->log_y);
  cred__plot_x_range(plot, labels, x);
  cred__plot_y_range(plot, labels, y);
  if (d->log_x) cred__plot_log_tics(plot, 'x', x);
  if (d->log_y) cred__plot_log_tics(plot, 'y', y);
}

// The bars are drawn apart from the line, so that they are never dashed.
static void command(cred_plot *plot, const cred_plot_series *s, size_t k, size_t n,
                    bool first) {
  static const char *const with[3] = {"linespoints", "lines", "points"};
  // a line through one point cannot be seen
  const int style =
      s->style == CRED_PLOT_LINES && n == 1 ? CRED_PLOT_POINTS : (int)s->style;
  const size_t line_style = k % 8 + 1;
  if (!first) cred__plot_printf(plot, ", \\\n  ");
  if (s->y_error)
    cred__plot_printf(plot,
                      "$series_%zu using 1:3:(0):($4 - $3) " CRED__PLOT_BARS
                      " ls %zu dt 1 lw 1.2 notitle, \\\n  ",
                      k + 1, line_style);
  cred__plot_printf(plot, "$series_%zu using 1:2 with %s ls %zu", k + 1, with[style],
                    line_style);
  if (s->name)
    cred__plot_printf(plot, " title name_%zu", k + 1);
  else
    cred__plot_printf(plot, " notitle");
}

static cred_status write_all(cred_plot *plot, const cred_plot_lines *d,
                             const cred_plot_labels *labels) {
  size_t n_drawn[SERIES_MAX], n_total = 0, n_names = 0;
  for (size_t k = 0; k < d->n_series; k++) {
    if (d->series[k].name) {
      char variable[32];
      snprintf(variable, sizeof variable, "name_%zu", k + 1);
      cred__plot_name(plot, variable, d->series[k].name);
      n_names++;
    }
    n_total += n_drawn[k] = write_series(plot, d, k);
  }
  if (n_total == 0)
    FAIL(CRED_EDATA,
         "plot: none of the points of %zu series can be drawn: not finite, or "
         "not above 0 on a logarithmic axis",
         d->n_series);
  cred__plot_printf(plot, "set title title_text noenhanced\nset xlabel x_text "
                          "noenhanced\n" CRED__PLOT_Y_LABEL("y_text"));
  if (n_names > KEY_ABOVE_MAX)
    cred__plot_printf(plot, "if (!is_text) { set key rmargin center vertical }\n");
  if (d->log_x) cred__plot_printf(plot, "set logscale x\n");
  if (d->log_y) cred__plot_printf(plot, "set logscale y\n");
  ranges(plot, d, labels);
  cred__plot_printf(plot, "plot ");
  bool first = true;
  for (size_t k = 0; k < d->n_series; k++) {
    if (n_drawn[k] == 0) continue;
    command(plot, &d->series[k], k, n_drawn[k], first);
    first = false;
  }
  cred__plot_printf(plot, "\n");
  return CRED_OK;
}

static cred_status check(const cred_plot_lines *d, const cred_plot_labels *labels) {
  if (d->n_series == 0 || !d->series) FAIL(CRED_EDATA, "plot: no series to draw");
  if (d->n_series > SERIES_MAX)
    FAIL(CRED_EINVAL, "plot: %zu series, expected at most %d", d->n_series, SERIES_MAX);
  for (size_t k = 0; k < d->n_series; k++) {
    const cred_plot_series *s = &d->series[k];
    if (s->n > 0 && (!s->x || !s->y))
      FAIL(CRED_EINVAL, "plot: series %zu has %zu points, but x or y is NULL", k + 1,
           s->n);
    if ((int)s->style < CRED_PLOT_LINES_POINTS || s->style > CRED_PLOT_POINTS)
      FAIL(CRED_EINVAL, "plot: series %zu has style %d, expected 0, 1 or 2", k + 1,
           (int)s->style);
  }
  if (!labels) return CRED_OK;
  if (d->log_x && labels->x_min < labels->x_max && !(labels->x_min > 0))
    FAIL(CRED_EINVAL, "plot: a logarithmic x axis from %g, expected above 0",
         labels->x_min);
  if (d->log_y && labels->y_min < labels->y_max && !(labels->y_min > 0))
    FAIL(CRED_EINVAL, "plot: a logarithmic y axis from %g, expected above 0",
         labels->y_min);
  return CRED_OK;
}

cred_status cred_plot_new_lines(cred_plot **out, const cred_plot_lines *data,
                                const cred_plot_labels *labels) {
  *out = NULL;
  TRY(check(data, labels));
  cred_plot *plot;
  TRY(cred__plot_begin(&plot, labels, "", "x", "y"));
  const cred_status status = write_all(plot, data, labels);
  if (status != CRED_OK) {
    cred_plot_free(plot);
    return status;
  }
  return cred__plot_end(out, plot);
}
