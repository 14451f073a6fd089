// crps.c -- log score and continuous ranked probability score.
//
// Formulas and sources stand in regression.h.

#include "credence/metric/regression.h"
#include "credence/metric/uncertainty.h"
#include "kernel/special.h"
#include <math.h>

static const double one_over_sqrt_pi = 0.56418958354775628695;

double cred_gaussian_log_score(double y, double mean, double sd) {
  if (!(sd > 0.0)) return NAN;
  return cred__normal_log_pdf((y - mean) / sd) - log(sd);
}

double cred_mixture_log_score(const double *log_density, const double *log_weights,
                              size_t m) {
  if (m == 0) return NAN;
  if (!log_weights) return cred__log_sum_exp(log_density, m) - log((double)m);
  // logsumexp of the sums without an array for them
  double max = -INFINITY, sum = 0.0;
  for (size_t k = 0; k < m; k++) {
    const double term = log_density[k] + log_weights[k];
    if (isnan(term)) return NAN;
    max = fmax(max, term);
  }
  if (isinf(max)) return max;
  for (size_t k = 0; k < m; k++) sum += exp(log_density[k] + log_weights[k] - max);
  return max + log(sum) - cred__log_sum_exp(log_weights, m);
}

double cred_crps_gaussian(double y, double mean, double sd) {
  if (!(sd >= 0.0)) return NAN;
  if (sd == 0.0) return fabs(y - mean);
  const double z = (y - mean) / sd, density = exp(cred__normal_log_pdf(z));
  return sd * (z * erf(z * 0.70710678118654752440) + 2.0 * density - one_over_sqrt_pi);
}

double cred_crps_student_t(double y, double location, double scale, double df) {
  if (!(scale >= 0.0 && df > 1.0)) return NAN;
  if (isinf(df)) return cred_crps_gaussian(y, location, scale);
  if (scale == 0.0) return fabs(y - location);
  const double z = (y - location) / scale, d = df - 1.0;
  const double centre = 1.0 - 2.0 * cred__student_t_cdf(-fabs(z), df);
  // f(z) (df + z^2) by logarithms: z^2 may overflow where f is 0
  const double log_square = 2.0 * log(hypot(z, sqrt(df)));
  const double density = exp(cred__student_t_log_pdf(z, df) + log_square);
  const double log_spread =
      0.5 * log(df) + cred__log_beta(0.5, df - 0.5) - 2.0 * cred__log_beta(0.5, 0.5 * df);
  return scale * (fabs(z) * centre + 2.0 * density / d - 2.0 * exp(log_spread) / d);
}

double cred_crps_sample(double *draws, size_t m, double y, cred_crps_form form) {
  const double n = (double)m, n_other = form == CRED_CRPS_FAIR ? n - 1.0 : n;
  if (!(n_other > 0.0)) return NAN;
  cred_sort(draws, m);
  double error = 0.0, spread = 0.0;
  for (size_t i = 0; i < m; i++) {
    // sum_ij |x_i - x_j| = 2 sum_i (2 i + 1 - m) x_i, for any origin: y cancels least
    const double d = draws[i] - y;
    error += fabs(d);
    spread += (2.0 * (double)i + 1.0 - n) * d;
  }
  return error / n - spread / (n * n_other);
}

// E|X| for X ~ N(d, s^2).
static double mean_absolute(double d, double s) {
  if (!(s > 0.0)) return s == 0.0 ? fabs(d) : NAN;
  const double z = d / s;
  return d * erf(z * 0.70710678118654752440) + 2.0 * s * exp(cred__normal_log_pdf(z));
}

double cred_crps_mixture(double y, const double *means, const double *sds,
                         const double *weights, size_t m) {
  double total = 0.0, error = 0.0, spread = 0.0;
  for (size_t i = 0; i < m; i++) {
    const double w = weights ? weights[i] : 1.0;
    if (!(w >= 0.0)) return NAN;
    total += w;
    error += w * mean_absolute(y - means[i], sds[i]);
    spread += 0.5 * w * w * mean_absolute(0.0, sqrt(2.0) * sds[i]);
    for (size_t j = 0; j < i; j++) // the pairs (i, j) and (j, i) are equal
      spread += w * (weights ? weights[j] : 1.0) *
                mean_absolute(means[i] - means[j], hypot(sds[i], sds[j]));
  }
  return total > 0.0 ? error / total - spread / (total * total) : NAN;
}
