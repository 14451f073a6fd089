// histogram.c -- one score on two sets of rows, as shares of each set, on the same bins.
//
// Without a number of bins: 2 n^(1/3) of them (Rice's rule) for the larger set, 5 to 40.

#include "base/alloc.h"
#include "base/fail.h"
#include "plot/figure.h"
#include <math.h>
#include <stdlib.h>

enum { BINS_MAX = 1000 };

static void widen(cred__range *range, const double *values, size_t n, cred_plot *plot) {
  for (size_t i = 0; i < n; i++)
    if (cred__plot_keep(plot, 1, &values[i])) cred__range_add(range, values[i]);
}

static size_t count(double *bins, size_t n_bins, cred__range range, const double *values,
                    size_t n) {
  size_t n_used = 0;
  for (size_t k = 0; k < n_bins; k++) bins[k] = 0;
  for (size_t i = 0; i < n; i++) {
    if (!cred__plot_drawable(values[i])) continue;
    const double at = (values[i] - range.lo) / (range.hi - range.lo) * (double)n_bins;
    const size_t k = at > 0 ? (size_t)at : 0;
    bins[k < n_bins ? k : n_bins - 1] += 1;
    n_used++;
  }
  return n_used;
}

// A step curve: left edge of each bin and its share, from 0 and back to 0.
static double write_steps(cred_plot *plot, const char *block, const double *bins,
                          size_t n_bins, cred__range range, size_t n_used) {
  double top = 0;
  cred__plot_printf(plot, "$%s << EOD\n", block);
  const double width = (range.hi - range.lo) / (double)n_bins;
  const double start[2] = {range.lo, 0}, end[2] = {range.hi, 0};
  cred__plot_row(plot, 2, start);
  for (size_t k = 0; k < n_bins; k++) {
    const double row[2] = {range.lo + width * (double)k, bins[k] / (double)n_used};
    cred__plot_row(plot, 2, row);
    top = fmax(top, row[1]);
  }
  cred__plot_row(plot, 2, end);
  cred__plot_printf(plot, "EOD\n");
  return top;
}

static int by_value(const void *a, const void *b) {
  const double p = *(const double *)a, q = *(const double *)b;
  return (p > q) - (p < q);
}

// The 5 % and the 95 % quantile.
static cred_status middle(cred__range *out, const double *values, size_t n) {
  double *sorted;
  size_t n_used = 0;
  *out = (cred__range){0, 0};
  TRY(NEW(&sorted, n, "values of a figure"));
  for (size_t i = 0; i < n; i++)
    if (cred__plot_drawable(values[i])) sorted[n_used++] = values[i];
  qsort(sorted, n_used, sizeof *sorted, by_value);
  const double last = n_used ? (double)(n_used - 1) : 0;
  if (n_used)
    *out = (cred__range){sorted[(size_t)(0.05 * last)], sorted[(size_t)(0.95 * last)]};
  cred__free(sorted);
  return CRED_OK;
}

// An axis of more than sixteen widths of the narrower set would put it into one bin: then
// it ends three of its widths above it, and the last bin holds all above.
static cred_status cut_tail(cred__range *range, cred_plot *plot,
                            const cred_plot_histogram *d) {
  cred__range first, second;
  TRY(middle(&first, d->first, d->n_first));
  TRY(middle(&second, d->second, d->n_second));
  const cred__range narrow =
      first.hi - first.lo <= second.hi - second.lo ? first : second;
  const double width = narrow.hi - narrow.lo;
  if (!(width > 0) || !(range->hi > narrow.hi + 16 * width)) return CRED_OK;
  range->hi = narrow.hi + 3 * width;
  cred__plot_printf(plot, "x_text = x_text . ' (last bin: all above)'\n");
  return CRED_OK;
}

static cred_status write_sets(cred_plot *plot, const cred_plot_histogram *d,
                              const cred_plot_labels *labels, double *bins,
                              size_t n_bins) {
  cred__range range = cred__range_empty();
  widen(&range, d->first, d->n_first, plot);
  widen(&range, d->second, d->n_second, plot);
  if (!(range.hi - range.lo > 1e-10 * fmax(fabs(range.lo), fabs(range.hi))))
    range = cred__range_pad(range, false);
  else
    TRY(cut_tail(&range, plot, d));
  double top = 0;
  const double *sets[2] = {d->first, d->second};
  const size_t sizes[2] = {d->n_first, d->n_second};
  static const char *const blocks[2] = {"first", "second"};
  for (int s = 0; s < 2; s++) {
    const size_t n_used = count(bins, n_bins, range, sets[s], sizes[s]);
    if (n_used == 0)
      FAIL(CRED_EDATA,
           "plot: none of the %zu values of the %s set is finite: nothing to "
           "draw",
           sizes[s], blocks[s]);
    top = fmax(top, write_steps(plot, blocks[s], bins, n_bins, range, n_used));
  }
  const cred__range high = {0, 1.05 * top};
  cred__plot_x_range(plot, labels, cred__range_pad(range, false));
  cred__plot_y_range(plot, labels, high);
  return CRED_OK;
}

static cred_status write_all(cred_plot *plot, const cred_plot_histogram *d,
                             const cred_plot_labels *labels, double *bins,
                             size_t n_bins) {
  cred__plot_name(plot, "first_name", d->first_name ? d->first_name : "in distribution");
  cred__plot_name(plot, "second_name", d->second_name ? d->second_name : "other");
  if (cred__plot_drawable(d->auroc)) {
    cred__plot_printf(plot, "auroc = ");
    cred__text_number(&plot->script, d->auroc);
    cred__plot_printf(plot,
                      "\ntitle_text = title_text . sprintf('   AUROC %%.3f', auroc)\n");
  }
  TRY(write_sets(plot, d, labels, bins, n_bins));
  cred__plot_printf(
      plot,
      "set title title_text noenhanced\nset xlabel x_text "
      "noenhanced\n" CRED__PLOT_Y_LABEL(
          "y_text") "if (is_text) {\n"
                    "plot $first using 1:2 with steps lt 1 title first_name, \\\n"
                    "  $second using 1:2 with steps lt 2 title second_name\n} else {\n"
                    "plot $first using 1:2 with fillsteps fs solid 1 noborder lc rgb "
                    "'#B9D3EA' "
                    "title first_name, \\\n"
                    "  $second using 1:2 with fillsteps fs transparent solid 0.35 "
                    "noborder "
                    "lc rgb '#D55E00' title second_name, \\\n"
                    "  $first using 1:2 with steps ls 1 notitle, \\\n"
                    "  $second using 1:2 with steps lw 2.5 lc rgb '#A84400' dt 2 "
                    "notitle\n}\n");
  return CRED_OK;
}

static size_t choose_bins(const cred_plot_histogram *d) {
  if (d->n_bins) return d->n_bins;
  const size_t n = d->n_first > d->n_second ? d->n_first : d->n_second;
  return (size_t)fmin(40, fmax(5, ceil(2 * cbrt((double)n))));
}

cred_status cred_plot_new_histogram(cred_plot **out, const cred_plot_histogram *data,
                                    const cred_plot_labels *labels) {
  *out = NULL;
  if (data->n_first == 0 || data->n_second == 0)
    FAIL(CRED_EDATA, "plot: histograms of %zu and %zu rows, both need at least 1",
         data->n_first, data->n_second);
  if (!data->first || !data->second)
    FAIL(CRED_EINVAL, "plot: histograms need two arrays, one of them is NULL");
  if (data->n_bins > BINS_MAX)
    FAIL(CRED_EINVAL, "plot: %zu bins, expected at most %d", data->n_bins, BINS_MAX);
  const size_t n_bins = choose_bins(data);
  cred_plot *plot = NULL;
  double *bins = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(
      cred__plot_begin(&plot, labels, "Uncertainty", "uncertainty", "share of rows"));
  TRY_DONE(NEW(&bins, n_bins, "bins of a histogram"));
  TRY_DONE(write_all(plot, data, labels, bins, n_bins));
  status = cred__plot_end(out, plot);
  plot = NULL;
done:
  cred__free(bins);
  cred_plot_free(plot);
  return status;
}
