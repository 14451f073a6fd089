// loss.c -- the two terms of the ELBO and the validation score over the epochs.
//
//   above: -log p(y | x, w) a row, training and validation;  below: KL(q || p) / N

#include "base/alloc.h"
#include "base/fail.h"
#include "plot/figure.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EPOCHS_MAX = 4000 };

static double epoch_of(const cred_plot_loss *d, size_t i) {
  return d->epoch ? d->epoch[i] : (double)(i + 1);
}

// Writes epoch and sign * value; returns how many could be drawn.
static size_t write_curve(cred_plot *plot, const char *block, const cred_plot_loss *d,
                          const double *value, double sign, bool nan_is_missing) {
  const size_t stride = cred__plot_stride(d->n, EPOCHS_MAX);
  size_t n = 0;
  cred__plot_printf(plot, "$%s << EOD\n", block);
  for (size_t i = 0; i < d->n; i += stride) {
    if (nan_is_missing && isnan(value[i])) continue;
    const double row[2] = {epoch_of(d, i), sign * value[i]};
    if (!cred__plot_keep(plot, 2, row)) continue;
    cred__plot_row(plot, 2, row);
    n++;
  }
  cred__plot_printf(plot, "EOD\n");
  return n;
}

static int by_value(const void *a, const void *b) {
  const double p = *(const double *)a, q = *(const double *)b;
  return (p > q) - (p < q);
}

// The first epochs are often far above all others: the frame ends at twice the span of
// the lower 90 % where the rest would fill less than a third of it.
static cred__range curve_range(const double *sorted, size_t n) {
  cred__range range = {sorted[0], sorted[n - 1]};
  const double low = sorted[0], most = sorted[(size_t)(0.9 * (double)(n - 1))];
  if (n >= 10 && range.hi - low > 3 * (most - low) && most > low)
    range.hi = low + 2 * (most - low);
  return cred__range_pad(range, false);
}

static size_t collect(double *values, size_t n, const double *from, size_t n_from,
                      double sign) {
  for (size_t i = 0; from && i < n_from; i++)
    if (cred__plot_drawable(from[i])) values[n++] = sign * from[i];
  return n;
}

// Characters of a tick's label near `value`, where the axis spans `span`.
static size_t tick_length(double value, double span) {
  char text[64];
  const double step = pow(10, floor(log10(span / 5)));
  return (size_t)snprintf(text, sizeof text, "%.12g", round(value / step) * step);
}

static size_t range_length(double *values, size_t n) {
  if (n == 0) return 0;
  qsort(values, n, sizeof *values, by_value);
  const cred__range range = curve_range(values, n);
  const double span = range.hi - range.lo;
  const size_t low = tick_length(range.lo, span), high = tick_length(range.hi, span);
  return low > high ? low : high;
}

// Both panels begin where the longest label of the two leaves room for theirs.
static void write_margin(cred_plot *plot, const cred_plot_loss *d, double *values) {
  size_t n = collect(values, 0, d->log_lik, d->n, -1);
  n = collect(values, n, d->validation, d->n, -1);
  const size_t above = range_length(values, n);
  const size_t below = range_length(values, collect(values, 0, d->kl, d->n, 1));
  cred__plot_printf(plot,
                    "set multiplot\nif (is_text) { set lmargin at screen 0.1 } else { "
                    "set lmargin %zu }\nset origin 0, 0.46\nset size 1, 0.54\n",
                    6 + (above > below ? above : below));
}

static void write_range(cred_plot *plot, const cred_plot_labels *labels, double *values,
                        size_t n) {
  qsort(values, n, sizeof *values, by_value);
  const cred__range range = curve_range(values, n);
  cred__plot_y_range(plot, labels, range);
  if (values[n - 1] > range.hi && !(labels && labels->y_min < labels->y_max))
    cred__plot_printf(plot, "set label 1 'first epochs: above the frame' at graph 0.5, "
                            "0.94 center font ',11' tc rgb '#404040' noenhanced\n");
}

static void write_x(cred_plot *plot, const cred_plot_loss *d,
                    const cred_plot_labels *labels) {
  cred__range x = cred__range_empty();
  for (size_t i = 0; i < d->n; i++) cred__range_add(&x, epoch_of(d, i));
  if (x.lo == x.hi) x = cred__range_pad(x, false);
  cred__plot_x_range(plot, labels, x);
  if (!(d->best_epoch > 0) || !cred__plot_drawable(d->best_epoch)) return;
  cred__plot_printf(plot, "best_epoch = ");
  cred__text_number(&plot->script, d->best_epoch);
  cred__plot_printf(plot,
                    "\nset arrow 1 from first best_epoch, graph 0 to first best_epoch,"
                    " graph 1 nohead ls 24\n");
}

static void commands(cred_plot *plot, const cred_plot_loss *d, size_t n_validation) {
  const bool has_best = d->best_epoch > 0 && cred__plot_drawable(d->best_epoch);
  const char *style = d->n <= 2 ? "linespoints" : "lines";
  if (!d->kl) cred__plot_printf(plot, "set xlabel x_text noenhanced\n");
  cred__plot_printf(
      plot,
      CRED__PLOT_Y_LABEL("y_text") "plot $train using 1:2 with %s ls 1 title train_name",
      style);
  if (n_validation)
    cred__plot_printf(plot, ", \\\n  $valid using 1:2 with %s ls 2 title valid_name",
                      style);
  if (has_best)
    cred__plot_printf(plot,
                      ", \\\n  NaN with lines ls 24 title sprintf('best epoch: %%g',"
                      " best_epoch)");
  cred__plot_printf(plot, "\n");
}

static cred_status second_panel(cred_plot *plot, const cred_plot_loss *d,
                                double *values) {
  const size_t n = collect(values, 0, d->kl, d->n, 1);
  if (n == 0) FAIL(CRED_EDATA, "plot: none of the %zu values of the KL is finite", d->n);
  const char *name = d->kl_is_prior ? "-log prior" : "KL";
  cred__plot_printf(
      plot,
      "unset title\nunset label 1\nunset key\nset format y '%%g'\nset origin 0, 0\n"
      "set size 1, 0.46\n"
      "set xlabel x_text noenhanced\n" CRED__PLOT_Y_LABEL("'%s a row (nats)'"),
      name, name);
  write_range(plot, NULL, values, n);
  cred__plot_printf(plot,
                    "plot $kl using 1:2 with %s ls 3 dt 1 notitle\n"
                    "unset multiplot\n",
                    d->n <= 2 ? "linespoints" : "lines");
  return CRED_OK;
}

static cred_status write_all(cred_plot *plot, const cred_plot_loss *d,
                             const cred_plot_labels *labels, double *values) {
  cred__plot_name(plot, "train_name", "training");
  cred__plot_name(plot, "valid_name", "validation");
  size_t n_validation = 0;
  if (write_curve(plot, "train", d, d->log_lik, -1, false) == 0)
    FAIL(CRED_EDATA, "plot: none of the %zu log likelihoods is finite: nothing to draw",
         d->n);
  if (d->validation)
    n_validation = write_curve(plot, "valid", d, d->validation, -1, true);
  if (d->kl) write_curve(plot, "kl", d, d->kl, 1, false);
  write_x(plot, d, labels);
  if (d->kl) write_margin(plot, d, values);
  cred__plot_printf(plot, "set title title_text noenhanced\n");
  size_t n = collect(values, 0, d->log_lik, d->n, -1);
  n = collect(values, n, d->validation, d->n, -1);
  write_range(plot, labels, values, n);
  commands(plot, d, n_validation);
  return d->kl ? second_panel(plot, d, values) : CRED_OK;
}

cred_status cred_plot_new_loss(cred_plot **out, const cred_plot_loss *data,
                               const cred_plot_labels *labels) {
  *out = NULL;
  if (data->n == 0) FAIL(CRED_EDATA, "plot: no epochs to draw");
  if (!data->log_lik) FAIL(CRED_EINVAL, "plot: loss curves need log_lik, it is NULL");
  cred_plot *plot = NULL;
  double *values = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(cred__plot_begin(&plot, labels, "Training", "epoch",
                            "minus log lik. a row (nats)"));
  TRY_DONE(NEW(&values, 2 * data->n, "values of a figure"));
  TRY_DONE(write_all(plot, data, labels, values));
  status = cred__plot_end(out, plot);
  plot = NULL;
done:
  cred__free(values);
  cred_plot_free(plot);
  return status;
}
