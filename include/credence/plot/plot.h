// credence/plot/plot.h -- figures from arrays.
//
// A figure is a gnuplot script that holds its data. A constructor checks and copies the
// arrays (nothing is kept) and makes the figure; cred_plot_render() runs gnuplot and
// writes a picture. The same arrays give the same script and the same picture, byte for
// byte.
//
// Common to all constructors:
// - `*out` is yours to free with cred_plot_free(); NULL on failure. `labels` may be NULL.
// - Values that cannot be drawn (not finite, beyond 1e100, or not above 0 on a
// logarithmic
//   axis) are left out and counted: cred_plot_n_skipped(). If nothing is left the call
//   fails with CRED_EDATA.
// - Of very many points every k-th is drawn.
// - Labels and names are plain UTF-8 text: nothing in them is markup or a command. They
// are
//   cut where they would not fit. NULL is the default text.

#ifndef CRED_PLOT_PLOT_H
#define CRED_PLOT_PLOT_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cred_plot cred_plot;

/// Texts and ranges; all zero is a good start. Put units into the text: "depth (m)".
/// A range with min == max is found from the data.
typedef struct {
  const char *title, *x, *y;
  double x_min, x_max, y_min, y_max;
  const char *note; // a line below the title, of figures that have one (band, parity)
} cred_plot_labels;

/// Prediction over one input: mean, mean +- 2 total sd, and inside it, darker,
/// mean +- 2 epistemic sd.
typedef struct {
  size_t n;                    // rows of the prediction, in any order
  const double *x, *mean, *sd; // (n); sd total, may be NULL: no band
  const double *sd_epistemic;  // (n) or NULL
  size_t n_points;             // training rows, or 0
  const double *point_x, *point_y;
  size_t n_truth; // the function that made the data, or 0
  const double *truth_x, *truth_y;
  bool counts;      // of a count: bands end at 0
  bool points_vary; // training rows have other values of the inputs that are held
} cred_plot_band;

/// Training: above, minus log likelihood a row of training and validation rows; below, KL
/// a row, in nats.
typedef struct {
  size_t n;              // epochs
  const double *epoch;   // (n) or NULL: 1, 2, ...
  const double *log_lik; // (n) mean log likelihood a training row
  const double *kl;      // (n) KL a training row, or NULL: one panel
  bool kl_is_prior;      // kl holds minus log prior instead: a posterior mode has no KL
  const double
      *validation;   // (n) mean log likelihood a validation row, or NULL; NaN: none
  double best_epoch; // a vertical line; 0 or NaN: none
} cred_plot_loss;

/// Reliability diagram: accuracy against mean confidence for each bin, the share of the
/// rows below it. Empty bins (weight 0) are left out.
typedef struct {
  size_t n_bins;
  const double *confidence, *accuracy; // (n_bins) means within the bin
  const double *weight;                // (n_bins) rows in the bin, or their share
  double n_rows; // rows in all, for error bars of 2 standard errors; 0: no bars
  double ece;    // for the title; NaN: sum of share * |accuracy - confidence|
} cred_plot_reliability;

/// Observed against nominal coverage of central intervals.
typedef struct {
  size_t n;
  const double *nominal, *observed; // (n) in [0, 1]
  double n_rows; // rows the coverage was counted on: a band of 2 standard errors around
                 // the diagonal, where a calibrated model stays; 0: no band
} cred_plot_coverage;

/// Histograms of one score on two sets of rows, as shares of each set.
typedef struct {
  size_t n_first, n_second;
  const double *first, *second;
  const char *first_name, *second_name; // NULL: "in distribution", "other"
  size_t n_bins;                        // 0: chosen
  double auroc;                         // for the title; NaN: none
} cred_plot_histogram;

/// Predicted mean against the observed value, bars of 2 sd.
typedef struct {
  size_t n;
  const double *observed, *mean;
  const double *sd; // (n) total sd or NULL
} cred_plot_parity;

typedef enum {
  CRED_PLOT_LINES_POINTS = 0,
  CRED_PLOT_LINES,
  CRED_PLOT_POINTS
} cred_plot_style;

/// One series of a line chart. Points are joined in the order given; a value that cannot
/// be drawn breaks the line.
typedef struct {
  const char *name; // NULL: not in the key
  size_t n;
  const double *x, *y;
  const double *y_error; // (n) or NULL: bars y +- y_error
  cred_plot_style style;
} cred_plot_series;

typedef struct {
  size_t n_series;
  const cred_plot_series *series;
  bool log_x, log_y;
} cred_plot_lines;

/// Learning curves: a score by the number of labels.
typedef struct {
  const char *name; // how the labels were chosen
  size_t n;
  const double *labels, *score; // (n)
  const double *se;             // (n) standard errors, or NULL
} cred_plot_learning_curve;

typedef struct {
  size_t n_curves;
  const cred_plot_learning_curve *curves;
  const char *score; // its name; NULL: "score"
  double target;     // a line at the score that is aimed at; NaN: none
} cred_plot_learning;

CRED_API cred_status cred_plot_new_band(cred_plot **out, const cred_plot_band *data,
                                        const cred_plot_labels *labels);
CRED_API cred_status cred_plot_new_loss(cred_plot **out, const cred_plot_loss *data,
                                        const cred_plot_labels *labels);
CRED_API cred_status cred_plot_new_reliability(cred_plot **out,
                                               const cred_plot_reliability *data,
                                               const cred_plot_labels *labels);
CRED_API cred_status cred_plot_new_coverage(cred_plot **out,
                                            const cred_plot_coverage *data,
                                            const cred_plot_labels *labels);
CRED_API cred_status cred_plot_new_histogram(cred_plot **out,
                                             const cred_plot_histogram *data,
                                             const cred_plot_labels *labels);
CRED_API cred_status cred_plot_new_parity(cred_plot **out, const cred_plot_parity *data,
                                          const cred_plot_labels *labels);
CRED_API cred_status cred_plot_new_lines(cred_plot **out, const cred_plot_lines *data,
                                         const cred_plot_labels *labels);
CRED_API cred_status cred_plot_new_learning(cred_plot **out,
                                            const cred_plot_learning *data,
                                            const cred_plot_labels *labels);
CRED_API void cred_plot_free(cred_plot *plot);

/// Number of values that were left out.
CRED_API size_t cred_plot_n_skipped(const cred_plot *plot);

typedef struct {
  size_t width, height; // pixels (png, svg), hundredths of an inch (pdf), characters
                        // (txt); 0: 900 x 600, or 100 x 32 characters
  const char *format;   // "png", "svg", "pdf", "txt"; NULL: by the ending of the path
  bool keep_script;     // write PATH.gp too, which `gnuplot PATH.gp` turns into PATH
  const char *program;  // NULL: "gnuplot", found through PATH
} cred_plot_options;

CRED_API cred_plot_options cred_plot_defaults(void);

/// The script, with its data and without the two lines that choose terminal and output.
/// Borrowed; valid until the figure is freed.
CRED_API const char *cred_plot_script(const cred_plot *plot);

/// Draw the figure into the file `path`, which is either complete or not touched.
///
/// path     in   "-" is standard output; its format is "txt" unless options say another
/// options  in   NULL: defaults
///
/// Fails with CRED_EINVAL (format, size), CRED_EUNAVAILABLE (no gnuplot), CRED_EINTERNAL
/// (gnuplot refused the script), or as writing a file does. No shell is involved.
CRED_API cred_status cred_plot_render(const cred_plot *plot, const char *path,
                                      const cred_plot_options *options);

#ifdef __cplusplus
}
#endif

#endif
