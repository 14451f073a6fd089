// calibration.c -- reliability diagram and coverage curve.
//
//   ECE = sum_b share_b |accuracy_b - confidence_b|   Naeini, Cooper & Hauskrecht (2015)
//   bars: Wilson (1927), z = 2;  band: +- 2 sqrt(p (1 - p) / n)

#include "base/fail.h"
#include "plot/figure.h"
#include <math.h>

static bool is_share(double p) {
  return p >= -1e-9 && p <= 1 + 1e-9;
}

typedef struct {
  double weight_sum, weight_max, ece;
  size_t n_used;
} bin_totals;

static bool bin_used(const cred_plot_reliability *d, size_t i) {
  return d->weight[i] > 0 && cred__plot_drawable(d->weight[i]) &&
         is_share(d->confidence[i]) && is_share(d->accuracy[i]);
}

static bin_totals add_up(const cred_plot_reliability *d, cred_plot *plot) {
  bin_totals t = {0};
  for (size_t i = 0; i < d->n_bins; i++) {
    if (bin_used(d, i)) {
      t.weight_sum += d->weight[i];
      t.weight_max = fmax(t.weight_max, d->weight[i]);
      t.ece += d->weight[i] * fabs(d->accuracy[i] - d->confidence[i]);
      t.n_used++;
    } else if (d->weight[i] != 0) {
      plot->n_skipped++;
    }
  }
  t.ece = isnan(d->ece) ? t.ece / t.weight_sum : d->ece;
  return t;
}

static void title_with(cred_plot *plot, const char *name, const char *format,
                       double value) {
  if (!cred__plot_drawable(value)) return;
  cred__plot_printf(plot, "%s = ", name);
  cred__text_number(&plot->script, value);
  cred__plot_printf(plot, "\ntitle_text = title_text . sprintf('%s', %s)\n", format,
                    name);
}

typedef struct {
  double low, length;
} interval;

// The interval of a share p of n rows at 2 standard errors; Wilson (1927). Unlike p +- 2
// se it keeps its length where p is 0 or 1.
static interval wilson(double p, double n) {
  if (!(n > 0)) return (interval){p, 0};
  const double z2 = 4.0, scale = 1.0 / (1.0 + z2 / n);
  const double centre = scale * (p + 0.5 * z2 / n);
  const double half = scale * sqrt(z2 * (fmax(0, p * (1 - p)) / n + 0.25 * z2 / (n * n)));
  return (interval){centre - half, 2 * half};
}

// confidence, accuracy, low end and length of a bar, share
static void write_bins(cred_plot *plot, const cred_plot_reliability *d, bin_totals t) {
  cred__plot_printf(plot,
                    "# mean confidence, accuracy, interval: low end and length, share\n"
                    "$bins << EOD\n");
  for (size_t i = 0; i < d->n_bins; i++) {
    if (!bin_used(d, i)) continue;
    const double share = d->weight[i] / t.weight_sum, p = d->accuracy[i];
    const interval bar = wilson(p, share * d->n_rows);
    const double row[5] = {d->confidence[i], p, bar.low, bar.length, share};
    cred__plot_row(plot, 5, row);
  }
  cred__plot_printf(plot, "EOD\n");
}

static void reliability_commands(cred_plot *plot, const cred_plot_labels *labels,
                                 bool has_bars, double share_max) {
  const cred__range unit = {0, 1};
  cred__plot_printf(
      plot, "set multiplot\nset lmargin at screen 0.12\nset rmargin at screen 0.96\n"
            "set tmargin at screen 0.92\nset bmargin at screen 0.43\n"
            "set title title_text noenhanced\n" CRED__PLOT_Y_LABEL(
                "y_text") "set format x ''\n");
  cred__plot_x_range(plot, labels, unit);
  cred__plot_y_range(plot, labels, unit);
  cred__plot_printf(
      plot,
      "unset key\nplot x with lines ls 24, \\\n%s"
      "  $bins using 1:2 with linespoints ls 1\nshare_max = ",
      has_bars ? "  $bins using 1:3:(0):4 " CRED__PLOT_BARS " ls 1 lw 1.2, \\\n" : "");
  cred__text_number(&plot->script, share_max);
  cred__plot_printf(
      plot,
      "\nunset title\nset tmargin at screen 0.36\nset bmargin at screen 0.20\n"
      "set key\nset format x '%%g'\nset xlabel x_text noenhanced\n" CRED__PLOT_Y_LABEL(
          "'share'") "set yrange [0:1.1 * "
                     "share_max]\nshare_step = share_max >= 0.6 ? 0.5 : "
                     "share_max >= 0.3 ? 0.2 : share_max >= 0.12 ? 0.1 : 0.05\n"
                     "set ytics share_step\nplot $bins using 1:5:(0.018) with boxes fs "
                     "solid 1 "
                     "lc rgb '#8DB8DC' notitle, \\\n  NaN with lines ls 24 title "
                     "'perfect', \\\n"
                     "  NaN with linespoints ls 1 title bins_name\nunset multiplot\n");
}

cred_status cred_plot_new_reliability(cred_plot **out, const cred_plot_reliability *data,
                                      const cred_plot_labels *labels) {
  *out = NULL;
  if (data->n_bins == 0) FAIL(CRED_EDATA, "plot: no bins to draw");
  if (!data->confidence || !data->accuracy || !data->weight)
    FAIL(CRED_EINVAL,
         "plot: a reliability diagram needs confidence, accuracy and weight, "
         "one of them is NULL");
  cred_plot *plot;
  TRY(cred__plot_begin(&plot, labels, "Reliability", "mean confidence", "accuracy"));
  const bin_totals totals = add_up(data, plot);
  if (totals.n_used == 0) {
    cred_plot_free(plot);
    FAIL(CRED_EDATA,
         "plot: none of the %zu bins has rows, and a confidence and accuracy "
         "in [0, 1]",
         data->n_bins);
  }
  title_with(plot, "ece", "   ECE %.3f", totals.ece);
  cred__plot_name(plot, "bins_name", data->n_rows > 0 ? "bins, 95 % intervals" : "bins");
  write_bins(plot, data, totals);
  reliability_commands(plot, labels, data->n_rows > 0,
                       totals.weight_max / totals.weight_sum);
  return cred__plot_end(out, plot);
}

static size_t write_coverage(cred_plot *plot, const cred_plot_coverage *d) {
  size_t n = 0;
  cred__plot_printf(plot, "# nominal, observed coverage\n$coverage << EOD\n");
  for (size_t i = 0; i < d->n; i++) {
    const double row[2] = {d->nominal[i], d->observed[i]};
    if (!is_share(row[0]) || !is_share(row[1])) {
      plot->n_skipped++;
      continue;
    }
    cred__plot_row(plot, 2, row);
    n++;
  }
  cred__plot_printf(plot, "EOD\n");
  return n;
}

static void coverage_commands(cred_plot *plot, const cred_plot_coverage *d,
                              const cred_plot_labels *labels) {
  const cred__range unit = {0, 1};
  cred__plot_printf(plot,
                    "set title title_text noenhanced\nset xlabel x_text "
                    "noenhanced\n" CRED__PLOT_Y_LABEL("y_text") "set size square\n");
  cred__plot_x_range(plot, labels, unit);
  cred__plot_y_range(plot, labels, unit);
  if (d->n_rows > 0) {
    cred__plot_printf(plot, "n_rows = ");
    cred__text_number(&plot->script, d->n_rows);
    cred__plot_printf(plot,
                      "\nerror(p) = 2 * sqrt(p * (1 - p) / n_rows)\n"
                      "plot '+' using 1:($1 >= 0 && $1 <= 1 ? $1 - error($1) : NaN)"
                      ":($1 + error($1)) with filledcurves fs solid 1 lc rgb '#DADADA' "
                      "title chance_name, \\\n  x");
  } else {
    cred__plot_printf(plot, "plot x");
  }
  cred__plot_printf(plot,
                    " with lines ls 24 title 'perfect', \\\n"
                    "  $coverage using 1:2 with linespoints ls 1 title 'observed'\n");
}

cred_status cred_plot_new_coverage(cred_plot **out, const cred_plot_coverage *data,
                                   const cred_plot_labels *labels) {
  *out = NULL;
  if (data->n == 0) FAIL(CRED_EDATA, "plot: no levels of coverage to draw");
  if (!data->nominal || !data->observed)
    FAIL(CRED_EINVAL, "plot: a coverage curve needs nominal and observed, one is NULL");
  cred_plot *plot;
  TRY(cred__plot_begin(&plot, labels, "Coverage of central intervals", "nominal coverage",
                       "observed coverage"));
  cred__plot_name(plot, "chance_name", "\xC2\xB1 2 standard errors");
  if (write_coverage(plot, data) == 0) {
    cred_plot_free(plot);
    FAIL(CRED_EDATA,
         "plot: none of the %zu levels has nominal and observed coverage in "
         "[0, 1]",
         data->n);
  }
  coverage_commands(plot, data, labels);
  return cred__plot_end(out, plot);
}
