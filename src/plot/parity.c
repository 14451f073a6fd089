// parity.c -- predicted mean, with bars of 2 sd, against the observed value.

#include "base/fail.h"
#include "plot/figure.h"

enum { POINTS_MAX = 4000, BARS_MAX = 400 };

static size_t write_points(cred_plot *plot, const cred_plot_parity *d, size_t stride) {
  size_t n = 0;
  cred__plot_printf(plot, "# observed, mean, 2 sd\n$parity << EOD\n");
  for (size_t i = 0; i < d->n; i += stride) {
    const double row[3] = {d->observed[i], d->mean[i], d->sd ? 2 * d->sd[i] : 0};
    if (!cred__plot_keep(plot, 3, row)) continue;
    cred__plot_row(plot, 3, row);
    n++;
  }
  cred__plot_printf(plot, "EOD\n");
  return n;
}

// The same range on both axes; bars may leave the frame, points may not.
static cred__range both_axes(const cred_plot_parity *d, size_t stride) {
  cred__range range = cred__range_empty();
  for (size_t i = 0; i < d->n; i += stride) {
    const bool whole = cred__plot_drawable(d->observed[i]) &&
                       cred__plot_drawable(d->mean[i]) &&
                       (!d->sd || cred__plot_drawable(d->sd[i]));
    if (!whole) continue;
    cred__range_add(&range, d->observed[i]);
    cred__range_add(&range, d->mean[i]);
  }
  return cred__range_pad(range, false);
}

cred_status cred_plot_new_parity(cred_plot **out, const cred_plot_parity *data,
                                 const cred_plot_labels *labels) {
  *out = NULL;
  if (data->n == 0) FAIL(CRED_EDATA, "plot: no rows to draw");
  if (!data->observed || !data->mean)
    FAIL(CRED_EINVAL, "plot: a parity plot needs observed and mean, one of them is NULL");
  cred_plot *plot;
  TRY(cred__plot_begin(&plot, labels, "Predicted and observed", "observed",
                       "predicted mean"));
  const size_t stride = cred__plot_stride(data->n, POINTS_MAX);
  if (stride > 1 && !(labels && labels->note))
    cred__plot_printf(plot, "note_text = '%zu of %zu rows'\n",
                      (data->n + stride - 1) / stride, data->n);
  const size_t n = write_points(plot, data, stride);
  if (n == 0) {
    cred_plot_free(plot);
    FAIL(CRED_EDATA, "plot: none of the %zu rows is finite: nothing to draw", data->n);
  }
  const cred__range range = both_axes(data, stride);
  cred__plot_x_range(plot, labels, range);
  cred__plot_y_range(plot, labels, range);
  const bool small = n > BARS_MAX; // bars of so many rows would cover each other
  cred__plot_name(plot, "bars_name", "\xC2\xB1 2 sd (total)");
  cred__plot_printf(plot, CRED__PLOT_SET_TITLE
                    "set xlabel x_text "
                    "noenhanced\n" CRED__PLOT_Y_LABEL("y_text") "set size square\nplot ");
  if (data->sd)
    cred__plot_printf(plot,
                      "$parity using 1:($2 - $3):(0):(2 * $3) " CRED__PLOT_BARS
                      " lw %s lc rgb '%s' title bars_name, \\\n  ",
                      small ? "0.8" : "1.2", small ? "#BFD7EA" : "#8DB8DC");
  cred__plot_printf(plot,
                    "x with lines ls 24 title 'perfect', \\\n"
                    "  $parity using 1:2 with points pt 7 ps %s title 'rows'\n",
                    small ? "0.4 lc rgb '#A0003D66'" : "0.8 lc rgb '#003D66'");
  return cred__plot_end(out, plot);
}
