// credence/metric/calibration.h -- the mathematics of calibration after training.
//
// Split conformal prediction: scores of n held-out rows, exchangeable with the new one,
// give a threshold q that the score of the new row exceeds with probability at most
// alpha; the prediction is the set of all y whose score is at most q. Source: Vovk,
// Gammerman & Shafer (2005); Angelopoulos & Bates (2023), section 1.

#ifndef CRED_METRIC_CALIBRATION_H
#define CRED_METRIC_CALIBRATION_H

#include "credence/base/key.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The smallest number of rows for a finite threshold at level 1 - alpha, 0 < alpha < 1:
/// n >= 1 / alpha - 1.
CRED_API size_t cred_conformal_rows_min(double alpha);

/// q: the ceil((n + 1)(1 - alpha))-th smallest of n scores. Fails with CRED_EINVAL unless
/// alpha is in (0, 1), CRED_EDATA on NaN or on too few rows (says how many), CRED_ENOMEM.
CRED_API cred_status cred_conformal_quantile(double *q, const double *scores, size_t n,
                                             double alpha);

/// Scores for intervals: |y - mean| / sd, out (n); then mean -+ q sd, out (n) each.
/// sd (n) NULL for ones. Source: Lei et al. (2018), section 5.2.
CRED_API void cred_conformal_score_residual(double *scores, const double *mean,
                                            const double *sd, const double *y, size_t n);
CRED_API void cred_conformal_interval(double *lower, double *upper, const double *mean,
                                      const double *sd, size_t n, double q);

// Sets of classes. prob (n, C) as in classification.h; a label outside gives score NaN.
// member out (n, C): 1 if the class is in the row's set. keep_top puts the most probable
// class into a set that would be empty; coverage can only grow by it.

/// Least ambiguous set-valued classifier: score 1 - p(label); set {c: 1 - p_c <= q}: the
/// smallest sets on average. Source: Sadinle, Lei & Wasserman (2019).
CRED_API void cred_conformal_score_lac(double *scores, const double *prob,
                                       const int32_t *label, size_t n, size_t n_classes);
CRED_API void cred_conformal_set_lac(unsigned char *member, const double *prob, size_t n,
                                     size_t n_classes, double q, bool keep_top);

/// Adaptive prediction sets: the probability of all classes ranked above the label plus u
/// times its own; u = 1 if key is NULL, else uniform in (0, 1), a function of (key,
/// first_row + i): sets are smaller, coverage is exact. Of equal classes the first ranks
/// higher. O(C^2) a row. Scores and sets take the same choice of NULL; keys must differ
/// between the two. Source: Romano, Sesia & Candes (2020), eqs. 5-7.
CRED_API void cred_conformal_score_aps(double *scores, const double *prob,
                                       const int32_t *label, size_t n, size_t n_classes,
                                       const cred_key *key, uint64_t first_row);
CRED_API void cred_conformal_set_aps(unsigned char *member, const double *prob, size_t n,
                                     size_t n_classes, double q, bool keep_top,
                                     const cred_key *key, uint64_t first_row);

// Temperature scaling: p = softmax(logits / T), with the T that minimises the mean
// negative log-likelihood of held-out rows; the most probable class stays. Source: Guo,
// Pleiss, Sun & Weinberger (2017), section 4.2. Solved for log T by Newton's method with
// bisection.
typedef struct {
  double temperature;           // in [0.01, 100]
  double nll_before, nll_after; // mean over rows, in nats, at 1 and at T
  bool at_bound;                // the best T lies outside: too few or separable rows
} cred_temperature;

/// logits (n, C), or log-probabilities (-inf is allowed but for the label), label,
/// weights (n). Fails with CRED_EDATA on no rows, bad labels or weights, NaN, or a label
/// of probability 0.
CRED_API cred_status cred_temperature_fit(cred_temperature *out, const double *logits,
                                          const int32_t *label, const double *weights,
                                          size_t n, size_t n_classes);
/// prob out (n, C) = softmax(logits / temperature); prob may be logits.
CRED_API void cred_temperature_apply(double *prob, const double *logits, size_t n,
                                     size_t n_classes, double temperature);

// The same for regression: the factor s on every sd that maximises the Gaussian
// likelihood, s^2 = mean of ((y - mean) / sd)^2. Source: Laves et al. (2020),
// section 3.2.
typedef struct {
  double scale;
  double nll_before, nll_after; // mean over rows, in nats, at 1 and at s
} cred_sd_scale;

/// Fails with CRED_EDATA on no rows, bad weights, sd that is not > 0, NaN, or residuals
/// that are all 0.
CRED_API cred_status cred_sd_scale_fit(cred_sd_scale *out, const double *mean,
                                       const double *sd, const double *y,
                                       const double *weights, size_t n);

#ifdef __cplusplus
}
#endif

#endif
