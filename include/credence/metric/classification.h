// credence/metric/classification.h -- scores of class predictions.
//
// prob (n, C) are probabilities, row by row; label (n) the true classes, 0 ... C - 1. A
// label outside makes the result NaN (or fails). Weights and failures: see regression.h.

#ifndef CRED_METRIC_CLASSIFICATION_H
#define CRED_METRIC_CLASSIFICATION_H

#include "credence/base/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The most probable class of each row, its probability, and 1 or 0 for right or wrong:
/// predicted, confidence, correct out (n), each may be NULL. Of equal classes the first.
/// label may be NULL if correct is.
CRED_API void cred_top_class(int32_t *predicted, double *confidence, double *correct,
                             const double *prob, const int32_t *label, size_t n,
                             size_t n_classes);

/// Share of rows whose most probable class is the label.
CRED_API double cred_accuracy(const double *prob, const int32_t *label,
                              const double *weights, size_t n, size_t n_classes);
/// Mean of log p(label), in nats; -inf if a label has probability 0.
CRED_API double cred_class_log_likelihood(const double *prob, const int32_t *label,
                                          const double *weights, size_t n,
                                          size_t n_classes);
/// Brier score in its sum form, mean over rows of sum_c (p_c - [c = label])^2: in [0, 2],
/// twice the binary form. Source: Brier (1950). And of one row.
CRED_API double cred_brier(const double *prob, const int32_t *label,
                           const double *weights, size_t n, size_t n_classes);
CRED_API double cred_brier_row(const double *prob_row, int32_t label, size_t n_classes);

// Calibration of the confidence (reliability diagram). confidence (n) in [0, 1], correct
// (n) is 0 or 1: see cred_top_class. For one class: its probability and whether it is the
// label.
typedef struct {
  double lower, upper; // edges of the bin in confidence
  double confidence;   // mean confidence of its rows, NaN if empty
  double accuracy;     // share of them that is right, NaN if empty
  double share;        // of all weight, sums to 1 over bins
  size_t n_rows;
} cred_reliability_bin;

/// n_bins bins of equal width, (k / M, (k + 1) / M], the first with 0.
/// Source: Guo, Pleiss, Sun & Weinberger (2017), eq. 3. Fails with CRED_EDATA on a
/// confidence outside [0, 1] (1e-6 above 1 is rounding), bad weights or no rows,
/// CRED_EINVAL on no bins.
CRED_API cred_status cred_reliability_equal_width(cred_reliability_bin *bins,
                                                  size_t n_bins, const double *confidence,
                                                  const double *correct,
                                                  const double *weights, size_t n);
/// n_bins bins of equal weight. Rows of equal confidence share a bin, so that the order
/// of rows does not matter; a bin may then be empty (its edges are equal). The edges are
/// the smallest and largest confidence in it. Source: Nixon et al. (2019), section 3.3.
/// Fails like equal_width, and with CRED_ENOMEM.
CRED_API cred_status cred_reliability_equal_mass(cred_reliability_bin *bins,
                                                 size_t n_bins, const double *confidence,
                                                 const double *correct,
                                                 const double *weights, size_t n);
/// Expected and maximum calibration error of the bins: sum_k share_k |accuracy_k -
/// confidence_k|, and the largest such difference. Source: Guo et al. (2017), eqs. 3, 5.
CRED_API double cred_ece(const cred_reliability_bin *bins, size_t n_bins);
CRED_API double cred_mce(const cred_reliability_bin *bins, size_t n_bins);

// Ranking. score (n): the higher, the more it speaks for a positive row; positive (n) is
// 0 or not 0. Equal scores count half. Each fails with CRED_EDATA unless there are both
// positive and negative weight and no NaN, and with CRED_ENOMEM.

/// Area under the receiver operating characteristic: P(positive above negative) +
/// P(equal) / 2. Source: Hanley & McNeil (1982).
CRED_API cred_status cred_auroc(double *out, const double *score,
                                const unsigned char *positive, const double *weights,
                                size_t n);
/// One class against the rest, mean over the classes that occur (and do not fill the
/// data).
CRED_API cred_status cred_auroc_classes(double *out, const double *prob,
                                        const int32_t *label, const double *weights,
                                        size_t n, size_t n_classes);
/// Average precision, sum over thresholds of (recall_k - recall_(k-1)) precision_k. No
/// interpolation; rows of equal score share a threshold.
CRED_API cred_status cred_average_precision(double *out, const double *score,
                                            const unsigned char *positive,
                                            const double *weights, size_t n);
/// AUROC of uncertainty (n) as a sign of a wrong prediction: the rows with correct = 0
/// are the positive ones.
CRED_API cred_status cred_error_auroc(double *out, const double *uncertainty,
                                      const double *correct, const double *weights,
                                      size_t n);

// Confusion.

/// matrix out (C, C): weight of the rows of true class i that are predicted as j.
/// Fails with CRED_EDATA on a class outside 0 ... C - 1.
CRED_API cred_status cred_confusion(double *matrix, const int32_t *predicted,
                                    const int32_t *label, const double *weights, size_t n,
                                    size_t n_classes);
/// Precision and recall of each class, out (C) each; NaN where a class is never
/// predicted, or never occurs.
CRED_API void cred_precision_recall(double *precision, double *recall,
                                    const double *matrix, size_t n_classes);

/// Risk-coverage curve: rows by growing uncertainty; after each, the share of weight kept
/// and the mean loss of what is kept. loss (n): any, e.g. 1 - correct or a squared error.
///
/// coverage, risk  out (n) or NULL
/// area            out (1) or NULL: sum of weight share times risk (AURC)
///
/// Rows of equal uncertainty count with their mean loss, so that their order does not
/// matter. Source: Geifman & El-Yaniv (2017), El-Yaniv & Wiener (2010). Fails with
/// CRED_EDATA on NaN, bad weights or no rows; CRED_ENOMEM.
CRED_API cred_status cred_risk_coverage(double *coverage, double *risk, double *area,
                                        const double *uncertainty, const double *loss,
                                        const double *weights, size_t n);

#ifdef __cplusplus
}
#endif

#endif
