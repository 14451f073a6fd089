// scaling.c -- one number that recalibrates: a temperature for classes, a factor on sd.
//
//   f(b) = mean_i [log sum_c exp(b z_ic) - b z_iy], b = 1 / T, is convex in b:
//   f' = mean_i [E_i z - z_iy], f'' = mean_i Var_i z under softmax(b z_i)
// The root of f' is found in v = log b by Newton's method, kept inside a bracket.
// Sources: Guo et al. (2017), section 4.2; Laves et al. (2020), section 3.2.

#include "base/fail.h"
#include "credence/metric/calibration.h"
#include "kernel/special.h"
#include "metric/order.h"
#include <math.h>

static const double temperature_min = 0.01, temperature_max = 100.0;

typedef struct {
  const double *logits;
  const int32_t *label;
  const double *weights;
  size_t n, n_classes;
  double total;
} problem;

typedef struct {
  double nll, slope, curvature;
} terms;

static double largest_of(const double *x, size_t n) {
  double max = x[0];
  for (size_t c = 1; c < n; c++)
    if (x[c] > max) max = x[c];
  return max;
}

// Of one row; logits are taken relative to the largest.
static terms row_terms(const double *z, size_t label, size_t n_classes, double b) {
  const double max = largest_of(z, n_classes), d_label = z[label] - max;
  double sum = 0.0, first = 0.0, second = 0.0;
  for (size_t c = 0; c < n_classes; c++) {
    const double d = z[c] - max;
    if (d == -INFINITY) continue; // probability 0 at any temperature
    const double p = exp(b * d);
    sum += p;
    first += p * d;
    second += p * d * d;
  }
  const double mean = first / sum;
  const terms t = {log(sum) - b * d_label, mean - d_label, second / sum - mean * mean};
  return t;
}

static terms mean_terms(const problem *p, double b) {
  terms sum = {0.0, 0.0, 0.0};
  for (size_t i = 0; i < p->n; i++) {
    const double w = cred__weight(p->weights, i) / p->total;
    const terms t =
        row_terms(p->logits + i * p->n_classes, (size_t)p->label[i], p->n_classes, b);
    sum.nll += w * t.nll;
    sum.slope += w * t.slope;
    sum.curvature += w * t.curvature;
  }
  return sum;
}

static cred_status check_problem(problem *p) {
  TRY(cred__weight_check(&p->total, p->weights, p->n, "temperature"));
  for (size_t i = 0; i < p->n; i++) {
    const double *row = p->logits + i * p->n_classes;
    if (p->label[i] < 0 || (size_t)p->label[i] >= p->n_classes)
      FAIL(CRED_EDATA, "temperature: row %zu has class %d, expected 0 to %zu", i,
           (int)p->label[i], p->n_classes - 1);
    for (size_t c = 0; c < p->n_classes; c++)
      if (!(row[c] < INFINITY))
        FAIL(CRED_EDATA, "temperature: logit %zu of row %zu is %g, expected a number", c,
             i, row[c]);
    if (row[p->label[i]] == -INFINITY)
      FAIL(CRED_EDATA,
           "temperature: row %zu gives its own class probability 0, which no "
           "temperature can mend",
           i);
  }
  return CRED_OK;
}

// The v = log b in (low, high) where the slope, which grows with v, is 0.
static double solve_slope(const problem *p, double low, double high) {
  double v = 0.0;
  for (int k = 0; k < 200; k++) {
    const double b = exp(v);
    const terms t = mean_terms(p, b);
    if (t.slope == 0.0) break;
    *(t.slope > 0.0 ? &high : &low) = v;
    double next = v - t.slope / (t.curvature * b);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    const double step = fabs(next - v);
    v = next;
    if (!(step > 1e-12)) break;
  }
  return v;
}

cred_status cred_temperature_fit(cred_temperature *out, const double *logits,
                                 const int32_t *label, const double *weights, size_t n,
                                 size_t n_classes) {
  problem p = {logits, label, weights, n, n_classes, 0.0};
  TRY(check_problem(&p));
  const double low = -log(temperature_max), high = -log(temperature_min);
  const bool cold = !(mean_terms(&p, exp(high)).slope > 0.0);
  const bool hot = !(mean_terms(&p, exp(low)).slope < 0.0);
  double v = 0.0; // where logits do not differ any temperature is as good as 1
  if (hot != cold) v = hot ? low : high;
  if (!hot && !cold) v = solve_slope(&p, low, high);
  out->temperature = exp(-v);
  out->nll_before = mean_terms(&p, 1.0).nll;
  out->nll_after = mean_terms(&p, exp(v)).nll;
  out->at_bound = hot || cold;
  return CRED_OK;
}

void cred_temperature_apply(double *prob, const double *logits, size_t n,
                            size_t n_classes, double temperature) {
  for (size_t i = 0; i < n && n_classes > 0; i++) {
    const double *z = logits + i * n_classes, max = largest_of(z, n_classes);
    double *p = prob + i * n_classes, sum = 0.0;
    for (size_t c = 0; c < n_classes; c++) {
      p[c] = exp((z[c] - max) / temperature);
      sum += p[c];
    }
    for (size_t c = 0; c < n_classes; c++) p[c] /= sum;
  }
}

cred_status cred_sd_scale_fit(cred_sd_scale *out, const double *mean, const double *sd,
                              const double *y, const double *weights, size_t n) {
  double total, square = 0.0, log_sd = 0.0;
  TRY(cred__weight_check(&total, weights, n, "sd scale"));
  for (size_t i = 0; i < n; i++) {
    const double w = cred__weight(weights, i) / total, z = (y[i] - mean[i]) / sd[i];
    if (!(sd[i] > 0.0 && isfinite(sd[i])) || !isfinite(z))
      FAIL(CRED_EDATA,
           "sd scale: row %zu has y %g, mean %g, sd %g: expected numbers and "
           "sd > 0",
           i, y[i], mean[i], sd[i]);
    square += w * z * z;
    log_sd += w * log(sd[i]);
  }
  if (!(square > 0.0 && isfinite(square)))
    FAIL(CRED_EDATA,
         "sd scale: the mean squared standardised residual is %g, expected a "
         "number > 0 (are these the training rows?)",
         square);
  const double constant = log_sd - cred__normal_log_pdf(0.0);
  out->scale = sqrt(square);
  out->nll_before = constant + 0.5 * square;
  out->nll_after = constant + log(out->scale) + 0.5;
  return CRED_OK;
}
