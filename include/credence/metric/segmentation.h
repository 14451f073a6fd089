// credence/metric/segmentation.h -- scores of classes of pixels, counted as they stream
// by.
//
// Everything is a count or a sum over pixels: memory does not grow with their number, and
// two sets of counts add up. Pixels whose label is negative count nothing.
//   accuracy, IoU_c = TP / (TP + FP + FN), Dice_c = 2 TP / (2 TP + FP + FN)
//   NLL and Brier score a pixel; ECE over bins of equal width of the confidence
//   AUROC of entropy, and of mutual information, as a sign of a wrong pixel
//   p(accurate | certain), p(uncertain | inaccurate), PAvPU over thresholds of entropy:
//   Mukhoti & Gal (2018), section 3.3, of patches of pixels
// AUROC, and what is over thresholds, take the uncertainty to 1 / 4096 of log C.

#ifndef CRED_METRIC_SEGMENTATION_H
#define CRED_METRIC_SEGMENTATION_H

#include "credence/base/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CRED_SEGMENT_BINS = 15, CRED_SEGMENT_STEPS = 4096 };

typedef struct {
  size_t n_classes, patch;
  uint64_t *confusion; // (C, C) true class, predicted class
  double nll, brier;   // sums over pixels
  uint64_t bin_n[CRED_SEGMENT_BINS], bin_right[CRED_SEGMENT_BINS];
  double bin_confidence[CRED_SEGMENT_BINS];
  // pixels (entropy, mutual information) and patches (entropy), right and wrong, by
  // uncertainty
  uint64_t (*entropy)[2], (*information)[2], (*patches)[2]; // (STEPS)
} cred_segment_counts;

/// patch: side of a patch in pixels, 4 in the paper; a patch is accurate where more than
/// half of its pixels are.
CRED_API cred_status cred_segment_counts_init(cred_segment_counts *counts,
                                              size_t n_classes, size_t patch);
CRED_API void cred_segment_counts_clear(cred_segment_counts *counts);

/// Add a picture: prob (height, width, C), entropy and mutual information (height, width)
/// in nats, label (height, width), negative where nothing counts.
CRED_API void cred_segment_counts_add(cred_segment_counts *counts, const float *prob,
                                      const float *entropy, const float *information,
                                      const int32_t *label, size_t height, size_t width);

typedef struct {
  uint64_t n;                           // pixels
  double accuracy, mean_iou, mean_dice; // means over classes that occur or are predicted
  double nll, brier, ece;
  double auroc_entropy, auroc_information; // NaN without right and wrong pixels
  double aurc; // area under the curve of errors against the share kept by entropy
} cred_segment_scores;
/// NaN where nothing was counted.
CRED_API cred_segment_scores cred_segment_counts_score(const cred_segment_counts *counts);
/// Intersection over union, Dice, and pixels of class c.
CRED_API void cred_segment_counts_class(double *iou, double *dice, uint64_t *n,
                                        const cred_segment_counts *counts, size_t c);

// At one threshold: patches of at most this entropy are certain.
typedef struct {
  double threshold;                  // nats
  double accurate_given_certain;     // NaN if none is certain
  double uncertain_given_inaccurate; // NaN if all are accurate
  double pavpu; // accurate and certain, or inaccurate and uncertain, of all
  double kept;  // share of the pixels of at most this entropy
  double error; // share of wrong pixels among those; NaN if there are none
} cred_segment_threshold;
/// At the share `at` in [0, 1] of log C.
CRED_API cred_segment_threshold cred_segment_counts_at(const cred_segment_counts *counts,
                                                       double at);

#ifdef __cplusplus
}
#endif

#endif
