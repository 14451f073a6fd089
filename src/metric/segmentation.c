// segmentation.c -- scores of pixels from counts.

#include "credence/metric/segmentation.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

cred_status cred_segment_counts_init(cred_segment_counts *s, size_t n_classes,
                                     size_t patch) {
  *s = (cred_segment_counts){.n_classes = n_classes, .patch = patch};
  if (n_classes < 2 || n_classes > 4096 || patch < 1 || patch > 65535)
    FAIL(CRED_EINVAL, "scores of pixels: %zu classes and patches of %zu pixels",
         n_classes, patch);
  cred_status status;
  TRY_DONE(NEW(&s->confusion, n_classes * n_classes, "scores of pixels"));
  TRY_DONE(NEW(&s->entropy, CRED_SEGMENT_STEPS, "scores of pixels"));
  TRY_DONE(NEW(&s->information, CRED_SEGMENT_STEPS, "scores of pixels"));
  TRY_DONE(NEW(&s->patches, CRED_SEGMENT_STEPS, "scores of pixels"));
done:
  if (status != CRED_OK) cred_segment_counts_clear(s);
  return status;
}

void cred_segment_counts_clear(cred_segment_counts *s) {
  cred__free(s->confusion);
  cred__free(s->entropy);
  cred__free(s->information);
  cred__free(s->patches);
  *s = (cred_segment_counts){0};
}

// Step of an uncertainty: 0 for none, the last for log C.
static size_t step_of(const cred_segment_counts *s, double nats) {
  const double at = nats / log((double)s->n_classes) * (CRED_SEGMENT_STEPS - 1);
  if (!(at > 0)) return 0;
  return at < CRED_SEGMENT_STEPS - 1 ? (size_t)(at + 0.5) : CRED_SEGMENT_STEPS - 1;
}

static size_t best_of(const float *p, size_t n) {
  size_t best = 0;
  for (size_t k = 1; k < n; k++)
    if (p[k] > p[best]) best = k;
  return best;
}

static void add_pixel(cred_segment_counts *s, const float *p, size_t label, size_t best) {
  const size_t c = s->n_classes;
  const double confidence = (double)p[best];
  s->confusion[label * c + best]++;
  s->nll -= log(fmax((double)p[label], 1e-300));
  for (size_t k = 0; k < c; k++) {
    const double d = (double)p[k] - (k == label);
    s->brier += d * d;
  }
  size_t bin = (size_t)(confidence * CRED_SEGMENT_BINS);
  if (bin >= CRED_SEGMENT_BINS) bin = CRED_SEGMENT_BINS - 1;
  s->bin_n[bin]++;
  s->bin_right[bin] += label == best;
  s->bin_confidence[bin] += confidence;
}

static void add_patch(cred_segment_counts *s, const float *prob, const float *entropy,
                      const int32_t *label, size_t width, size_t height, size_t x0,
                      size_t y0) {
  size_t n = 0, n_right = 0;
  double sum = 0;
  for (size_t y = y0; y < height && y < y0 + s->patch; y++)
    for (size_t x = x0; x < width && x < x0 + s->patch; x++) {
      const size_t i = y * width + x;
      if (label[i] < 0) continue;
      n++;
      n_right += best_of(prob + i * s->n_classes, s->n_classes) == (size_t)label[i];
      sum += (double)entropy[i];
    }
  if (n) s->patches[step_of(s, sum / (double)n)][2 * n_right <= n]++;
}

void cred_segment_counts_add(cred_segment_counts *s, const float *prob,
                             const float *entropy, const float *information,
                             const int32_t *label, size_t height, size_t width) {
  for (size_t i = 0; i < height * width; i++) {
    if (label[i] < 0) continue;
    const size_t best = best_of(prob + i * s->n_classes, s->n_classes);
    const bool wrong = best != (size_t)label[i];
    add_pixel(s, prob + i * s->n_classes, (size_t)label[i], best);
    s->entropy[step_of(s, (double)entropy[i])][wrong]++;
    s->information[step_of(s, (double)information[i])][wrong]++;
  }
  for (size_t y = 0; y < height; y += s->patch)
    for (size_t x = 0; x < width; x += s->patch)
      add_patch(s, prob, entropy, label, width, height, x, y);
}

// P(wrong pixel above right pixel) + P(equal) / 2.
static double auroc(uint64_t (*count)[2]) {
  double below = 0, sum = 0, n[2] = {0};
  for (size_t i = 0; i < CRED_SEGMENT_STEPS; i++) {
    sum += (double)count[i][1] * (below + 0.5 * (double)count[i][0]);
    below += (double)count[i][0];
    n[0] += (double)count[i][0], n[1] += (double)count[i][1];
  }
  return n[0] > 0 && n[1] > 0 ? sum / (n[0] * n[1]) : NAN;
}

// Sum over steps of their share of pixels times the error among all up to them.
static double aurc(const cred_segment_counts *s, double n) {
  double kept = 0, wrong = 0, area = 0;
  for (size_t i = 0; i < CRED_SEGMENT_STEPS; i++) {
    const double here = (double)(s->entropy[i][0] + s->entropy[i][1]);
    kept += here, wrong += (double)s->entropy[i][1];
    if (here > 0) area += here / n * wrong / kept;
  }
  return n > 0 ? area : NAN;
}

void cred_segment_counts_class(double *iou, double *dice, uint64_t *n,
                               const cred_segment_counts *s, size_t c) {
  uint64_t truth = 0, predicted = 0;
  for (size_t k = 0; k < s->n_classes; k++) {
    truth += s->confusion[c * s->n_classes + k];
    predicted += s->confusion[k * s->n_classes + c];
  }
  const double both = (double)s->confusion[c * s->n_classes + c];
  const double either = (double)(truth + predicted) - both;
  *iou = either > 0 ? both / either : NAN;
  *dice = either > 0 ? 2 * both / (double)(truth + predicted) : NAN;
  *n = truth;
}

cred_segment_scores cred_segment_counts_score(const cred_segment_counts *s) {
  cred_segment_scores r = {0};
  double right = 0, n_present = 0;
  for (size_t c = 0; c < s->n_classes; c++) {
    double iou, dice;
    uint64_t n;
    cred_segment_counts_class(&iou, &dice, &n, s, c);
    r.n += n;
    right += (double)s->confusion[c * s->n_classes + c];
    if (isnan(iou)) continue;
    r.mean_iou += iou, r.mean_dice += dice, n_present++;
  }
  const double n = (double)r.n;
  r.accuracy = right / n;
  r.mean_iou /= n_present, r.mean_dice /= n_present;
  r.nll = s->nll / n, r.brier = s->brier / n;
  for (size_t b = 0; b < CRED_SEGMENT_BINS; b++)
    r.ece += fabs((double)s->bin_right[b] - s->bin_confidence[b]) / n;
  r.auroc_entropy = auroc(s->entropy);
  r.auroc_information = auroc(s->information);
  r.aurc = aurc(s, n);
  return r;
}

cred_segment_threshold cred_segment_counts_at(const cred_segment_counts *s, double at) {
  const size_t step = (size_t)(fmin(1, fmax(0, at)) * (CRED_SEGMENT_STEPS - 1) + 0.5);
  double patch[2][2] = {{0}}, pixel[2][2] = {{0}}; // certain, wrong
  for (size_t i = 0; i < CRED_SEGMENT_STEPS; i++)
    for (size_t wrong = 0; wrong < 2; wrong++) {
      patch[i <= step][wrong] += (double)s->patches[i][wrong];
      pixel[i <= step][wrong] += (double)s->entropy[i][wrong];
    }
  const double n_patches = patch[0][0] + patch[0][1] + patch[1][0] + patch[1][1];
  const double n = pixel[0][0] + pixel[0][1] + pixel[1][0] + pixel[1][1];
  return (cred_segment_threshold){
      .threshold = (double)step / (CRED_SEGMENT_STEPS - 1) * log((double)s->n_classes),
      .accurate_given_certain = patch[1][0] / (patch[1][0] + patch[1][1]),
      .uncertain_given_inaccurate = patch[0][1] / (patch[0][1] + patch[1][1]),
      .pavpu = (patch[1][0] + patch[0][1]) / n_patches,
      .kept = (pixel[1][0] + pixel[1][1]) / n,
      .error = pixel[1][1] / (pixel[1][0] + pixel[1][1])};
}
