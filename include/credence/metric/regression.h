// credence/metric/regression.h -- scores of numeric predictions.
//
// Contracts of this folder: arrays in, numbers out. `weights` (n) are weights of rows,
// not negative, NULL for ones; a mean over rows is sum w_i x_i / sum w_i. A function that
// returns its value returns NaN where it is not defined: no rows, weights that are
// negative or sum to 0, NaN in. One that returns a status needs scratch memory or can
// fail in other ways, says so, and leaves its outputs unchanged on failure. Nothing here
// prints, keeps or changes its inputs unless said.

#ifndef CRED_METRIC_REGRESSION_H
#define CRED_METRIC_REGRESSION_H

#include "credence/base/status.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Weighted mean of (n) values; sum of (n) weights.
CRED_API double cred_mean(const double *values, const double *weights, size_t n);

/// Root mean squared error, mean absolute error, of mean (n) as a prediction of y (n).
CRED_API double cred_rmse(const double *mean, const double *y, const double *weights,
                          size_t n);
CRED_API double cred_mae(const double *mean, const double *y, const double *weights,
                         size_t n);
/// Coefficient of determination, 1 - sum (y - mean)^2 / sum (y - average of y)^2.
/// NaN for a constant y.
CRED_API double cred_r2(const double *mean, const double *y, const double *weights,
                        size_t n);

/// Log density of y under N(mean, sd^2), in nats. NaN unless sd > 0.
CRED_API double cred_gaussian_log_score(double y, double mean, double sd);
/// log of 1/m sum_k exp(log_density_k): the log score of a mixture of m draws, by
/// logsumexp. log_weights (m) or NULL: log of the draws' weights, of any sum.
CRED_API double cred_mixture_log_score(const double *log_density,
                                       const double *log_weights, size_t m);

// Continuous ranked probability score, int (F(x) - [x >= y])^2 dx: smaller is better, in
// the unit of y; the absolute error for a point prediction.

/// Gaussian: sd (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)), z = (y - mean) / sd.
/// Source: Gneiting & Raftery (2007), eq. 21 (its sign turned). |y - mean| for sd = 0.
CRED_API double cred_crps_gaussian(double y, double mean, double sd);

/// Student-t with location, scale and df > 1. Source: Jordan, Krueger & Lerch (2019),
/// appendix A:  z (2 F(z) - 1) + 2 f(z) (df + z^2) / (df - 1)
///              - 2 sqrt(df) / (df - 1) B(1/2, df - 1/2) / B(1/2, df/2)^2,  times scale.
CRED_API double cred_crps_student_t(double y, double location, double scale, double df);

/// A sample of m draws, in O(m log m). Sorts the draws in place. NaN for no draws.
///   plain  1/m sum |x_i - y| - 1/(2 m^2) sum_ij |x_i - x_j|      the score of the sample
///   fair   the same with 1/(2 m (m - 1)) (Ferro 2014): expects the score of the
///          distribution that the draws come from, whatever m is; needs m >= 2
/// Source: Gneiting & Raftery (2007), eq. 21 (energy form), as a sum over sorted draws.
typedef enum { CRED_CRPS_PLAIN = 0, CRED_CRPS_FAIR = 1 } cred_crps_form;
CRED_API double cred_crps_sample(double *draws, size_t m, double y, cred_crps_form form);

/// Mixture of m Gaussians in closed form, in O(m^2); weights (m) or NULL for equal ones.
///   sum_i w_i A(y - mu_i, s_i) - 1/2 sum_ij w_i w_j A(mu_i - mu_j, sqrt(s_i^2 + s_j^2))
///   with A(d, s) = d (2 Phi(d / s) - 1) + 2 s phi(d / s), |d| for s = 0
/// Source: Grimit, Gneiting, Berrocal & Johnson (2006), eq. 5.
CRED_API double cred_crps_mixture(double y, const double *means, const double *sds,
                                  const double *weights, size_t m);

// Intervals [lower, upper], both ends in.

/// Share of rows whose y lies inside; mean of upper - lower.
CRED_API double cred_interval_coverage(const double *lower, const double *upper,
                                       const double *y, const double *weights, size_t n);
CRED_API double cred_interval_width(const double *lower, const double *upper,
                                    const double *weights, size_t n);
/// Interval score of one row at level 1 - alpha; smaller is better.
///   (u - l) + 2 / alpha (l - y)+ + 2 / alpha (y - u)+
/// Source: Gneiting & Raftery (2007), eq. 43 (its sign turned).
CRED_API double cred_interval_score(double lower, double upper, double y, double alpha);

// Probability integral transform: pit (n) = F(y), in [0, 1]; uniform if calibrated.

/// PIT of y among m draws: (number below + half the number equal) / m.
CRED_API double cred_pit_sample(const double *draws, size_t m, double y);
/// Share of the weight in each of n_bins equal bins of [0, 1]; 1 falls into the last.
/// All NaN if a value lies outside or on bad weights.
CRED_API void cred_pit_histogram(double *share, const double *pit, const double *weights,
                                 size_t n, size_t n_bins);
/// Kolmogorov-Smirnov distance, sup |empirical distribution of pit - uniform|.
/// Fails with CRED_EDATA on values outside [0, 1], bad weights or no rows; CRED_ENOMEM.
CRED_API cred_status cred_pit_distance(double *distance, const double *pit,
                                       const double *weights, size_t n);
/// Coverage curve: the share of rows inside the central interval of each nominal level,
/// |2 pit - 1| <= level. Source: Kuleshov, Fenner & Ermon (2018), section 3, for central
/// intervals. observed out (n_levels), levels in (n_levels).
CRED_API void cred_coverage_curve(double *observed, const double *levels, size_t n_levels,
                                  const double *pit, const double *weights, size_t n);
/// Mean over the levels of |observed - level|: a calibration error for regression.
CRED_API double cred_coverage_error(const double *observed, const double *levels,
                                    size_t n_levels);

#ifdef __cplusplus
}
#endif

#endif
