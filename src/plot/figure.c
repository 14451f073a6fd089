// figure.c -- what all figures share: text of the user, ranges, rows of data.
//
// Colours: Okabe & Ito (2008), "Color universal design", without the yellow; each comes
// with its own dash and point, so that a figure reads in grey too.

#include "plot/figure.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <string.h>

static const char script_head[] =
    "set encoding utf8\n"
    "set format '%g'\n"
    "is_text = (GPVAL_TERM eq 'dumb')\n"
    "set style line 1 lt 1 lc rgb '#0072B2' lw 2.5 dt 1 pt 7 ps 0.9\n"
    "set style line 2 lt 2 lc rgb '#D55E00' lw 2.5 dt (12,6) pt 5 ps 0.9\n"
    "set style line 3 lt 3 lc rgb '#009E73' lw 2.5 dt (14,5,3,5) pt 9 ps 1.1\n"
    "set style line 4 lt 4 lc rgb '#CC79A7' lw 2.5 dt (3,5) pt 13 ps 1.2\n"
    "set style line 5 lt 5 lc rgb '#E69F00' lw 2.5 dt (14,4,3,4,3,4) pt 11 ps 1.1\n"
    "set style line 6 lt 6 lc rgb '#000000' lw 1.5 dt 1 pt 6 ps 0.9\n"
    "set style line 7 lt 7 lc rgb '#56B4E9' lw 2.5 dt (24,6) pt 4 ps 0.9\n"
    "set style line 8 lt 8 lc rgb '#7F7F7F' lw 2.5 dt (6,4) pt 8 ps 1.1\n"
    "set style line 20 lt 8 lc rgb '#D4E4F2'\n"                  // wide band
    "set style line 21 lt 8 lc rgb '#8DB8DC'\n"                  // narrow band
    "set style line 22 lt 1 lc rgb '#003D66' lw 2.5\n"           // line on a band
    "set style line 23 lt 6 lc rgb '#202020' lw 1 pt 7 ps 0.8\n" // data
    "set style line 24 lt 7 lc rgb '#606060' lw 1.5 dt (12,8)\n" // reference
    "if (!is_text) { set border 3 lc rgb '#404040'; set tics nomirror out;"
    " set grid lt 1 dt 1 lw 0.7 lc rgb '#DDDDDD' }\n"
    "set key noenhanced bmargin center horizontal Left reverse samplen 3.5 height 1\n";

static bool range_is_sane(double min, double max) {
  return (min == 0 && max == 0) || min == max ||
         (cred__plot_drawable(min) && cred__plot_drawable(max) && min < max);
}

static cred_status labels_check(const cred_plot_labels *labels) {
  if (!labels) return CRED_OK;
  if (!range_is_sane(labels->x_min, labels->x_max))
    FAIL(CRED_EINVAL, "plot: x range [%g, %g], expected min < max, or both 0 to find it",
         labels->x_min, labels->x_max);
  if (!range_is_sane(labels->y_min, labels->y_max))
    FAIL(CRED_EINVAL, "plot: y range [%g, %g], expected min < max, or both 0 to find it",
         labels->y_min, labels->y_max);
  return CRED_OK;
}

static void quoted_variable(cred_plot *plot, const char *name, const char *label,
                            const char *otherwise, size_t n_chars_max) {
  cred__plot_printf(plot, "%s = ", name);
  cred__plot_quote(&plot->script, label ? label : otherwise, n_chars_max);
  cred__plot_printf(plot, "\n");
}

cred_status cred__plot_begin(cred_plot **out, const cred_plot_labels *labels,
                             const char *title, const char *x, const char *y) {
  *out = NULL;
  TRY(labels_check(labels));
  cred_plot *plot;
  TRY(NEW(&plot, 1, "a figure"));
  static const cred_plot_labels none = {0};
  if (!labels) labels = &none;
  quoted_variable(plot, "title_text", labels->title, title, CRED__PLOT_TITLE);
  quoted_variable(plot, "note_text", labels->note, "", CRED__PLOT_NOTE);
  quoted_variable(plot, "x_text", labels->x, x, CRED__PLOT_X);
  quoted_variable(plot, "y_text", labels->y, y, CRED__PLOT_Y);
  cred__text_append(&plot->script, script_head, sizeof script_head - 1);
  *out = plot;
  return CRED_OK;
}

cred_status cred__plot_end(cred_plot **out, cred_plot *plot) {
  const cred_status status = cred__text_status(&plot->script);
  if (status != CRED_OK) {
    cred_plot_free(plot);
    return status;
  }
  *out = plot;
  return CRED_OK;
}

void cred_plot_free(cred_plot *plot) {
  if (!plot) return;
  cred__text_clear(&plot->script);
  cred__free(plot);
}

size_t cred_plot_n_skipped(const cred_plot *plot) {
  return plot->n_skipped;
}
const char *cred_plot_script(const cred_plot *plot) {
  return plot->script.s;
}

// Bytes of the well-formed UTF-8 character at s, 0 if there is none (RFC 3629, section
// 4).
static size_t utf8_length(const unsigned char *s) {
  const unsigned char a = s[0], b = s[0] ? s[1] : 0;
  if (a < 0x80) return 1;
  size_t n = 0;
  if (a >= 0xC2 && a <= 0xDF)
    n = 2;
  else if ((a & 0xF0) == 0xE0)
    n = 3;
  else if (a >= 0xF0 && a <= 0xF4)
    n = 4;
  if (n == 0 || (a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F) ||
      (a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F))
    return 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  return n;
}

static size_t n_characters(const char *label) {
  size_t n = 0;
  for (const char *p = label; *p; p++) n += ((unsigned char)*p & 0xC0) != 0x80;
  return n;
}

// What quotes, runs, expands or escapes is written as its octal code: gnuplot 5.4 takes
// '' for an empty string where a string begins with it, and expands @macros by a count of
// quotes of its own.
void cred__plot_quote(cred__text *script, const char *label, size_t n_chars_max) {
  const size_t n_chars = n_characters(label);
  size_t n_written = 0;
  cred__text_append(script, "'", 1);
  for (const char *p = label; *p;) {
    if (n_chars > n_chars_max && n_written + 1 >= n_chars_max) {
      cred__text_append(script, "\xE2\x80\xA6", 3); // an ellipsis
      break;
    }
    const size_t n = utf8_length((const unsigned char *)p);
    if (strchr("'\"`@\\", *p))
      cred__text_printf(script, "' . \"\\%03o\" . '", (unsigned)*p);
    else if (n == 0)
      cred__text_append(script, "?", 1);
    else if (n == 1 && ((unsigned char)*p < 0x20 || *p == 0x7F))
      cred__text_append(script, " ", 1);
    else
      cred__text_append(script, p, n);
    p += n ? n : 1;
    n_written++;
  }
  cred__text_append(script, "'", 1);
}

void cred__plot_name(cred_plot *plot, const char *name, const char *label) {
  quoted_variable(plot, name, label, "", CRED__PLOT_NAME);
}

void cred__plot_row(cred_plot *plot, size_t n, const double *values) {
  for (size_t i = 0; i < n; i++) {
    if (i) cred__text_append(&plot->script, " ", 1);
    cred__text_number(&plot->script, values[i]);
  }
  cred__text_append(&plot->script, "\n", 1);
}

bool cred__plot_drawable(double value) {
  return fabs(value) <= 1e100;
}

bool cred__plot_keep(cred_plot *plot, size_t n, const double *values) {
  for (size_t i = 0; i < n; i++) {
    if (cred__plot_drawable(values[i])) continue;
    plot->n_skipped++;
    return false;
  }
  return true;
}

size_t cred__plot_stride(size_t n, size_t n_max) {
  return n <= n_max ? 1 : (n + n_max - 1) / n_max;
}

cred__range cred__range_empty(void) {
  const cred__range range = {INFINITY, -INFINITY};
  return range;
}

void cred__range_add(cred__range *range, double value) {
  if (!cred__plot_drawable(value)) return;
  if (value < range->lo) range->lo = value;
  if (value > range->hi) range->hi = value;
}

cred__range cred__range_pad(cred__range range, bool is_log) {
  if (!(range.lo <= range.hi)) {
    const cred__range unit = {is_log ? 0.1 : 0, 1};
    return unit;
  }
  if (is_log) {
    const double factor = fmax(1.15, pow(range.hi / range.lo, 0.04));
    const cred__range wide = {range.lo / factor, range.hi * factor};
    return wide;
  }
  const double size = fmax(fabs(range.lo), fabs(range.hi));
  double room = 0.04 * (range.hi - range.lo);
  if (!(room > 1e-10 * size)) room = size > 0 ? 0.1 * size : 1;
  const cred__range wide = {range.lo - room, range.hi + room};
  return wide;
}

void cred__plot_log_tics(cred_plot *plot, char axis, cred__range range) {
  static const double few[] = {1, 2, 5},
                      many[] = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9};
  const bool narrow = range.hi < 8 * range.lo;
  cred__plot_printf(plot, "set %ctics autofreq\n", axis);
  if (!(range.hi < 500 * range.lo)) return;
  const double *steps = narrow ? many : few;
  const size_t n_steps = narrow ? sizeof many / sizeof *many : sizeof few / sizeof *few;
  const char *separator = "";
  cred__plot_printf(plot, "set %ctics add (", axis);
  for (int power = (int)floor(log10(range.lo)); pow(10, power) <= range.hi; power++)
    for (size_t k = 0; k < n_steps; k++) {
      const double at = steps[k] * pow(10, power);
      if (at < range.lo || at > range.hi) continue;
      cred__plot_printf(plot, "%s", separator);
      cred__text_number(&plot->script, at);
      separator = ", ";
    }
  cred__plot_printf(plot, ")\n");
}

// The step of 2, 5 or 10 times a power of ten that cuts `span` into `n` parts at most.
static double coarse_step(double span, double n) {
  const double power = pow(10, floor(log10(span / n)));
  return power * (span <= 2 * n * power ? 2 : span <= 5 * n * power ? 5 : 10);
}

// A small picture has room for few labels; those of a narrow range far from 0 need more
// than the six digits of "%g" to differ.
static void set_range(cred_plot *plot, char axis, double lo, double hi) {
  const double size = fmax(fabs(lo), fabs(hi));
  const int n_digits = (int)fmin(fmax(ceil(log10(size / (hi - lo))) + 2, 1), 17);
  if (n_digits > 6) cred__plot_printf(plot, "set format %c '%%.%dg'\n", axis, n_digits);
  cred__plot_printf(plot, "set %crange [", axis);
  cred__text_number(&plot->script, lo);
  cred__text_append(&plot->script, ":", 1);
  cred__text_number(&plot->script, hi);
  cred__plot_printf(plot, "]\nif (is_small) { set %ctics ", axis);
  cred__text_number(&plot->script, coarse_step(hi - lo, axis == 'x' ? 5 : 4));
  cred__plot_printf(plot, " }\n");
}

void cred__plot_x_range(cred_plot *plot, const cred_plot_labels *labels,
                        cred__range range) {
  if (labels && labels->x_min < labels->x_max)
    set_range(plot, 'x', labels->x_min, labels->x_max);
  else
    set_range(plot, 'x', range.lo, range.hi);
}

void cred__plot_y_range(cred_plot *plot, const cred_plot_labels *labels,
                        cred__range range) {
  if (labels && labels->y_min < labels->y_max)
    set_range(plot, 'y', labels->y_min, labels->y_max);
  else
    set_range(plot, 'y', range.lo, range.hi);
}
