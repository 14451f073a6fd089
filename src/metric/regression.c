// regression.c -- errors of point predictions, intervals, probability integral transform.
//
// Formulas and sources stand in the header. Sums over rows are in double, in row order.

#include "credence/metric/regression.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "metric/order.h"
#include <math.h>
#include <stdbool.h>

double cred_mean(const double *values, const double *weights, size_t n) {
  const double total = cred__weight_sum(weights, n);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += cred__weight(weights, i) * values[i];
  return sum / total;
}

double cred_rmse(const double *mean, const double *y, const double *weights, size_t n) {
  const double total = cred__weight_sum(weights, n);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double error = y[i] - mean[i];
    sum += cred__weight(weights, i) * error * error;
  }
  return sqrt(sum / total);
}

double cred_mae(const double *mean, const double *y, const double *weights, size_t n) {
  const double total = cred__weight_sum(weights, n);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += cred__weight(weights, i) * fabs(y[i] - mean[i]);
  return sum / total;
}

double cred_r2(const double *mean, const double *y, const double *weights, size_t n) {
  const double average = cred_mean(y, weights, n);
  double residual = 0.0, spread = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double w = cred__weight(weights, i), e = y[i] - mean[i], d = y[i] - average;
    residual += w * e * e;
    spread += w * d * d;
  }
  return spread > 0.0 ? 1.0 - residual / spread : NAN;
}

double cred_interval_coverage(const double *lower, const double *upper, const double *y,
                              const double *weights, size_t n) {
  const double total = cred__weight_sum(weights, n);
  double inside = 0.0;
  for (size_t i = 0; i < n; i++) {
    if (isnan(lower[i]) || isnan(upper[i]) || isnan(y[i])) return NAN;
    if (lower[i] <= y[i] && y[i] <= upper[i]) inside += cred__weight(weights, i);
  }
  return inside / total;
}

double cred_interval_width(const double *lower, const double *upper,
                           const double *weights, size_t n) {
  const double total = cred__weight_sum(weights, n);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += cred__weight(weights, i) * (upper[i] - lower[i]);
  return sum / total;
}

double cred_interval_score(double lower, double upper, double y, double alpha) {
  if (!(alpha > 0.0 && alpha < 1.0) || isnan(lower) || isnan(upper) || isnan(y))
    return NAN;
  const double below = lower > y ? lower - y : 0.0, above = y > upper ? y - upper : 0.0;
  return upper - lower + 2.0 / alpha * (below + above);
}

double cred_pit_sample(const double *draws, size_t m, double y) {
  double below = 0.0;
  for (size_t i = 0; i < m; i++) {
    if (isnan(draws[i])) return NAN;
    below += draws[i] < y ? 1.0 : draws[i] == y ? 0.5 : 0.0;
  }
  return m && !isnan(y) ? below / (double)m : NAN;
}

void cred_pit_histogram(double *share, const double *pit, const double *weights, size_t n,
                        size_t n_bins) {
  const double total = cred__weight_sum(weights, n);
  bool valid = !isnan(total);
  for (size_t k = 0; k < n_bins; k++) share[k] = 0.0;
  for (size_t i = 0; i < n && valid; i++) {
    valid = pit[i] >= 0.0 && pit[i] <= 1.0;
    if (!valid || n_bins == 0) break;
    size_t bin = (size_t)(pit[i] * (double)n_bins);
    if (bin == n_bins) bin--;
    share[bin] += cred__weight(weights, i) / total;
  }
  for (size_t k = 0; k < n_bins && !valid; k++) share[k] = NAN;
}

static double distance_to_uniform(const cred__ranked *ranked, const double *weights,
                                  double total, size_t n) {
  double largest = 0.0, before = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double after = before + cred__weight(weights, ranked[i].row), x = ranked[i].key;
    largest = fmax(largest, fmax(x - before / total, after / total - x));
    before = after;
  }
  return largest;
}

cred_status cred_pit_distance(double *distance, const double *pit, const double *weights,
                              size_t n) {
  cred__ranked *ranked;
  double total;
  TRY(cred__weight_check(&total, weights, n, "pit distance"));
  TRY(NEW(&ranked, n, "pit values in order"));
  cred_status status = cred__rank(ranked, pit, n, "pit distance");
  if (status == CRED_OK && !(ranked[0].key >= 0.0 && ranked[n - 1].key <= 1.0))
    status =
        cred__fail(CRED_EDATA, "pit distance: values run from %g to %g, expected [0, 1]",
                   ranked[0].key, ranked[n - 1].key);
  if (status == CRED_OK) *distance = distance_to_uniform(ranked, weights, total, n);
  cred__free(ranked);
  return status;
}

void cred_coverage_curve(double *observed, const double *levels, size_t n_levels,
                         const double *pit, const double *weights, size_t n) {
  const double total = cred__weight_sum(weights, n);
  for (size_t k = 0; k < n_levels; k++) {
    double inside = isnan(levels[k]) ? NAN : 0.0;
    for (size_t i = 0; i < n; i++) {
      const double level = fabs(2.0 * pit[i] - 1.0); // the smallest that holds the row
      if (isnan(level)) inside = NAN;
      if (level <= levels[k]) inside += cred__weight(weights, i);
    }
    observed[k] = inside / total;
  }
}

double cred_coverage_error(const double *observed, const double *levels,
                           size_t n_levels) {
  return cred_mae(observed, levels, NULL, n_levels);
}
