// credence/metric/uncertainty.h -- running statistics over draws: entropies and moments.
//
//   total entropy       H(p) with p = sum_t w_t p_t / sum w      (predictive)
//   expected entropy    sum_t w_t H(p_t) / sum w                 (aleatoric)
//   mutual information  their difference, >= 0                   (epistemic)
// Source: Depeweg et al. (2018), eqs. 4-5; Gal (2016), section 3.3. In nats.
//
//   mean, variance of draws   Welford (1962), West (1979) for weights
//   of two parts together     Chan, Golub & LeVeque (1983), eq. 2.1
//   total variance            mean of aleatoric variances + variance between draws
// Memory does not grow with the number of draws. A sum depends on the order of its draws
// in the last digits: add them (and combine parts) in a fixed order.

#ifndef CRED_METRIC_UNCERTAINTY_H
#define CRED_METRIC_UNCERTAINTY_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Entropy of one distribution (C), -sum p log p, in nats, with 0 log 0 = 0.
CRED_API double cred_entropy(const double *prob, size_t n_classes);

// Entropies of n_rows rows (B) over n_classes classes (C). init takes memory; reset
// starts again with fewer or as many rows; the fields are for reading.
typedef struct {
  size_t n_rows, n_classes, n_draws;
  double weight;   // sum of the draws' weights
  double *prob;    // (B, C) weighted sum of probabilities
  double *entropy; // (B) weighted sum of entropies
  size_t n_rows_max;
} cred_entropy_sums;

CRED_API cred_status cred_entropy_init(cred_entropy_sums *sums, size_t n_rows,
                                       size_t n_classes);
CRED_API void cred_entropy_clear(cred_entropy_sums *sums);
CRED_API void cred_entropy_reset(cred_entropy_sums *sums, size_t n_rows);

/// Add one draw of probabilities (B, C) with its weight (1 for equal draws). Each row is
/// divided by its sum in double, so that the rounding of a float softmax is no
/// information.
CRED_API void cred_entropy_add(cred_entropy_sums *sums, const double *prob,
                               double weight);
CRED_API void cred_entropy_add_float(cred_entropy_sums *sums, const float *prob,
                                     double weight);
/// Add the draws of another set of sums of the same shape.
CRED_API void cred_entropy_combine(cred_entropy_sums *sums,
                                   const cred_entropy_sums *other);

/// prob out (B, C); total, expected, mutual_information out (B); each may be NULL. NaN
/// for rows that held NaN, and for no draws. Mutual information is never below 0.
CRED_API void cred_entropy_finish(double *prob, double *total, double *expected,
                                  double *mutual_information,
                                  const cred_entropy_sums *sums);

// Moments of n values over draws, e.g. the means of B rows.
typedef struct {
  size_t n, n_draws;
  double weight, weight2; // sums of the draws' weights and of their squares
  double *mean;           // (n)
  double *square;         // (n) sum of w (x - mean)^2
  double *aleatoric;      // (n) weighted sum of variances, NULL if not asked for
  size_t n_max;
} cred_moments;

CRED_API cred_status cred_moments_init(cred_moments *moments, size_t n, bool aleatoric);
CRED_API void cred_moments_clear(cred_moments *moments);
CRED_API void cred_moments_reset(cred_moments *moments, size_t n);

/// Add one draw: value (n), var (n) its aleatoric variances (NULL exactly if init was
/// told so), weight >= 0 (1 for equal draws).
CRED_API void cred_moments_add(cred_moments *moments, const double *value,
                               const double *var, double weight);
CRED_API void cred_moments_add_float(cred_moments *moments, const float *value,
                                     const float *var, double weight);
/// Add the draws of another set of moments of the same length.
CRED_API void cred_moments_combine(cred_moments *moments, const cred_moments *other);

/// Each out (n) or NULL.
///
/// mean
/// epistemic  variance between draws, unbiased: over n_draws - 1 for equal weights, over
///            W - sum w^2 / W in general; 0 for a single draw
/// aleatoric  mean of the aleatoric variances; NaN if not asked for at init
/// error      Monte Carlo standard error of the mean, sqrt(epistemic sum w^2) / W: of
///            independent draws; NaN for a single draw
CRED_API void cred_moments_finish(double *mean, double *epistemic, double *aleatoric,
                                  double *error, const cred_moments *moments);

/// sd / sqrt(n) of (n) independent values, n >= 2: the standard error of their mean.
CRED_API double cred_standard_error(const double *values, size_t n);

/// Quantile at p in [0, 1] of n sorted values, linear between them: type 7 of Hyndman &
/// Fan (1996). NaN for n = 0.
CRED_API double cred_quantile_sorted(const double *sorted, size_t n, double p);
/// Sort values (n) in place, growing; NaN last.
CRED_API void cred_sort(double *values, size_t n);

#ifdef __cplusplus
}
#endif

#endif
