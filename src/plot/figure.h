// figure.h -- what all figures share: text of the user, ranges, rows of data.

#ifndef CRED_SRC_PLOT_FIGURE_H
#define CRED_SRC_PLOT_FIGURE_H

#include "base/text.h"
#include "credence/plot/plot.h"

struct cred_plot {
  cred__text script;
  size_t n_skipped;
};

// Longest texts that fit at the default size, in characters.
enum {
  CRED__PLOT_TITLE = 80,
  CRED__PLOT_NOTE = 110,
  CRED__PLOT_X = 84,
  CRED__PLOT_Y = 44,
  CRED__PLOT_NAME = 40
};

// `*out` with the head of the script: styles and texts, defaults where labels has none.
// cred__plot_end passes the figure on, or frees it if memory ran out.
cred_status cred__plot_begin(cred_plot **out, const cred_plot_labels *labels,
                             const char *title, const char *x, const char *y);
cred_status cred__plot_end(cred_plot **out, cred_plot *plot);

// A gnuplot string expression in which nothing of the label is run, expanded or escaped.
void cred__plot_quote(cred__text *script, const char *label, size_t n_chars_max);
// name = 'label'
void cred__plot_name(cred_plot *plot, const char *name, const char *label);
#define cred__plot_printf(plot, ...) cred__text_printf(&(plot)->script, __VA_ARGS__)

// How error bars are drawn, from x, low, 0, high - low: "yerrorbars" leaves white rings.
#define CRED__PLOT_BARS "with vectors heads size screen 0.004,90"

// A row of a data block; values that cannot be drawn must be gone by now.
void cred__plot_row(cred_plot *plot, size_t n, const double *values);

bool cred__plot_drawable(double value);
// All n values drawable; counts the row as skipped if not.
bool cred__plot_keep(cred_plot *plot, size_t n, const double *values);

// Draw every k-th of n so that at most n_max are drawn.
size_t cred__plot_stride(size_t n, size_t n_max);

// The y label from a string of gnuplot; a text screen has room for it above the axis
// only.
#define CRED__PLOT_Y_LABEL(text)                                                         \
  "if (is_text) { set title offset 0, 1; set label 99 " text                             \
  " at graph 0, graph 1 left offset 0, 1 noenhanced } else { set ylabel " text           \
  " noenhanced }\n"

// The title, and the note in a line below it.
#define CRED__PLOT_SET_TITLE                                                             \
  "set title (strlen(note_text) == 0 ? title_text : is_text ? "                          \
  "title_text . ' (' . note_text . ')' : title_text . \"\\n\" . note_text) noenhanced\n"

// The interval that holds all values added; empty at the start.
typedef struct {
  double lo, hi;
} cred__range;

cred__range cred__range_empty(void);
void cred__range_add(cred__range *range, double value);
// Room around the data; a constant gets a range of its own scale; an empty one [0, 1].
cred__range cred__range_pad(cred__range range, bool is_log);
// More labels where a logarithmic axis ('x' or 'y') spans few powers of ten.
void cred__plot_log_tics(cred_plot *plot, char axis, cred__range range);
// set xrange, set yrange; the labels' ranges first.
void cred__plot_x_range(cred_plot *plot, const cred_plot_labels *labels,
                        cred__range range);
void cred__plot_y_range(cred_plot *plot, const cred_plot_labels *labels,
                        cred__range range);

#endif
