// credence/metric/detection.h -- can a score tell a second data set from the first?
//
// inside (n_inside) are scores of rows like the training data, outside (n_outside) of the
// others; the higher a score, the more it says "outside": uncertainties as they are,
// confidences with their sign turned. Outside rows are the positive ones, as in
// Hendrycks, Mazeika & Dietterich (2019), section 4.1. Each fails with CRED_EDATA on an
// empty set or NaN, and with CRED_ENOMEM.

#ifndef CRED_METRIC_DETECTION_H
#define CRED_METRIC_DETECTION_H

#include "credence/base/status.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// P(outside above inside) + P(equal) / 2. Source: Hanley & McNeil (1982).
CRED_API cred_status cred_detect_auroc(double *out, const double *inside, size_t n_inside,
                                       const double *outside, size_t n_outside);

/// Share of inside rows that are flagged at the highest threshold that flags at least
/// `rate` of the outside rows (0.95 for "FPR at 95 % TPR"); rate in (0, 1]. A row is
/// flagged if its score is at or above the threshold: equal scores go together.
CRED_API cred_status cred_detect_fpr(double *out, const double *inside, size_t n_inside,
                                     const double *outside, size_t n_outside,
                                     double rate);

/// Average precision with outside rows as the positive ones; its value for a useless
/// score is n_outside / (n_inside + n_outside).
CRED_API cred_status cred_detect_average_precision(double *out, const double *inside,
                                                   size_t n_inside, const double *outside,
                                                   size_t n_outside);

#ifdef __cplusplus
}
#endif

#endif
