// band.c -- a prediction over one input, with its two bands, and predicted against
// observed.
//
//   wide band: mean +- 2 sd (epistemic + aleatoric); narrow band: mean +- 2 sd_epistemic

#include "base/alloc.h"
#include "base/fail.h"
#include "plot/figure.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 4000, POINTS_MAX = 4000 };

// x, mean, then lower and upper edge of the wide and of the narrow band.
enum { X, MEAN, LOWER, UPPER, LOWER_IN, UPPER_IN, N_COLUMNS };
typedef struct {
  double v[N_COLUMNS];
} band_row;

static int by_x(const void *a, const void *b) {
  const band_row *p = a, *q = b;
  for (int k = 0; k < N_COLUMNS; k++)
    if (p->v[k] != q->v[k]) return p->v[k] < q->v[k] ? -1 : 1;
  return 0;
}

static cred_status band_check(const cred_plot_band *d) {
  if (d->n == 0) FAIL(CRED_EDATA, "plot: no rows of a prediction to draw");
  if (!d->x || !d->mean)
    FAIL(CRED_EINVAL, "plot: a band needs the arrays x and mean, one of them is NULL");
  if (d->n_points > 0 && (!d->point_x || !d->point_y))
    FAIL(CRED_EINVAL, "plot: %zu points, but point_x or point_y is NULL", d->n_points);
  if (d->n_truth > 0 && (!d->truth_x || !d->truth_y))
    FAIL(CRED_EINVAL, "plot: %zu rows of truth, but truth_x or truth_y is NULL",
         d->n_truth);
  return CRED_OK;
}

static size_t band_rows(band_row *rows, cred_plot *plot, const cred_plot_band *d) {
  size_t n = 0;
  for (size_t i = 0; i < d->n; i++) {
    const double sd = d->sd ? d->sd[i] : 0;
    const double inner = d->sd_epistemic ? d->sd_epistemic[i] : 0;
    const double least = d->counts ? 0 : -INFINITY;
    const double m = d->mean[i];
    const band_row row = {{d->x[i], m, fmax(m - 2 * sd, least), m + 2 * sd,
                           fmax(m - 2 * inner, least), m + 2 * inner}};
    if (cred__plot_keep(plot, N_COLUMNS, row.v)) rows[n++] = row;
  }
  qsort(rows, n, sizeof *rows, by_x);
  return n;
}

static void write_pairs(cred_plot *plot, const char *block, size_t n, const double *x,
                        const double *y, size_t n_max) {
  const size_t stride = cred__plot_stride(n, n_max);
  cred__plot_printf(plot, "$%s << EOD\n", block);
  for (size_t i = 0; i < n; i += stride) {
    const double row[2] = {x[i], y[i]};
    if (cred__plot_keep(plot, 2, row)) cred__plot_row(plot, 2, row);
  }
  cred__plot_printf(plot, "EOD\n");
}

// The true function may leave the picture: it may not squeeze the prediction.
static void add_truth(cred__range *y, const cred_plot_band *d) {
  const cred__range shown = *y;
  const double room = 0.3 * (shown.hi - shown.lo);
  for (size_t i = 0; i < d->n_truth; i++)
    cred__range_add(y, fmin(fmax(d->truth_y[i], shown.lo - room), shown.hi + room));
}

static void band_ranges(cred_plot *plot, const cred_plot_band *d,
                        const cred_plot_labels *labels, const band_row *rows, size_t n) {
  cred__range x = cred__range_empty(), y = cred__range_empty();
  for (size_t i = 0; i < n; i++) {
    cred__range_add(&x, rows[i].v[X]);
    for (int k = MEAN; k < N_COLUMNS; k++) cred__range_add(&y, rows[i].v[k]);
  }
  for (size_t i = 0; i < d->n_points; i++) {
    if (!cred__plot_drawable(d->point_x[i]) || !cred__plot_drawable(d->point_y[i]))
      continue;
    cred__range_add(&x, d->point_x[i]);
    cred__range_add(&y, d->point_y[i]);
  }
  add_truth(&y, d);
  if (x.lo == x.hi) x = cred__range_pad(x, false);
  cred__plot_x_range(plot, labels, x);
  cred__plot_y_range(plot, labels, cred__range_pad(y, false));
}

static void band_commands(cred_plot *plot, const cred_plot_band *d, size_t n) {
  const char *line = n == 1 ? "points" : "lines";
  cred__text *s = &plot->script;
  // a text screen has no shades: the edges of the bands are dots
  cred__text_printf(s, "if (is_text) {\nplot \\\n");
  if (d->sd)
    cred__text_printf(s, "  $band using 1:3 with points pt '.' title wide_name, \\\n"
                         "  $band using 1:4 with points pt '.' notitle, \\\n");
  if (d->sd_epistemic)
    cred__text_printf(s, "  $band using 1:5 with points pt ':' title narrow_name, \\\n"
                         "  $band using 1:6 with points pt ':' notitle, \\\n");
  if (d->n_truth)
    cred__text_printf(s, "  $truth using 1:2 with lines lt 4 title truth_name, \\\n");
  if (d->n_points)
    cred__text_printf(s,
                      "  $points using 1:2 with points pt 'o' title points_name, \\\n");
  cred__text_printf(s,
                    "  $band using 1:2 with %s lt 1 title mean_name\n} else {\nplot \\\n",
                    n == 1 ? "points" : "lines");
  const char *fill = n == 1 ? "yerrorbars" : "filledcurves";
  const char *width = n == 1 ? " lw 4 pt 0" : "";
  const char *columns = n == 1 ? "1:2:3:4" : "1:3:4",
             *inner = n == 1 ? "1:2:5:6" : "1:5:6";
  if (d->sd)
    cred__text_printf(s, "  $band using %s with %s ls 20%s title wide_name, \\\n",
                      columns, fill, width);
  if (d->sd_epistemic)
    cred__text_printf(s, "  $band using %s with %s ls 21%s title narrow_name, \\\n",
                      inner, fill, width);
  if (d->n_truth)
    cred__text_printf(s, "  $truth using 1:2 with lines ls 2 title truth_name, \\\n");
  if (d->n_points)
    cred__text_printf(s, "  $points using 1:2 with points ls 23 title points_name, \\\n");
  cred__text_printf(s, "  $band using 1:2 with %s ls 22 pt 7 ps 1.5 title mean_name\n}\n",
                    line);
}

cred_status cred_plot_new_band(cred_plot **out, const cred_plot_band *data,
                               const cred_plot_labels *labels) {
  *out = NULL;
  TRY(band_check(data));
  cred_plot *plot = NULL;
  band_row *rows = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(cred__plot_begin(&plot, labels, "Prediction", "x", "y"));
  TRY_DONE(NEW(&rows, data->n, "rows of a figure"));
  const size_t n = band_rows(rows, plot, data);
  if (n == 0)
    FAIL_DONE(CRED_EDATA,
              "plot: none of the %zu rows of the prediction is finite: nothing "
              "to draw",
              data->n);
  cred__plot_name(plot, "wide_name", "total \xC2\xB1 2 sd");
  cred__plot_name(plot, "narrow_name", "epistemic \xC2\xB1 2 sd");
  cred__plot_name(plot, "mean_name", "mean");
  cred__plot_name(plot, "points_name",
                  data->points_vary ? "training data (other inputs vary)"
                                    : "training data");
  cred__plot_name(plot, "truth_name", "true function");
  const size_t stride = cred__plot_stride(n, ROWS_MAX);
  cred__plot_printf(plot, "# x, mean, mean -+ 2 sd, mean -+ 2 epistemic sd\n"
                          "$band << EOD\n");
  for (size_t i = 0; i < n; i += stride) cred__plot_row(plot, N_COLUMNS, rows[i].v);
  cred__plot_printf(plot, "EOD\n");
  if (data->n_points)
    write_pairs(plot, "points", data->n_points, data->point_x, data->point_y, POINTS_MAX);
  if (data->n_truth)
    write_pairs(plot, "truth", data->n_truth, data->truth_x, data->truth_y, ROWS_MAX);
  cred__plot_printf(plot,
                    CRED__PLOT_SET_TITLE "set xlabel x_text "
                                         "noenhanced\n" CRED__PLOT_Y_LABEL("y_text"));
  band_ranges(plot, data, labels, rows, n);
  band_commands(plot, data, n);
  status = cred__plot_end(out, plot);
  plot = NULL;
done:
  cred__free(rows);
  cred_plot_free(plot);
  return status;
}
