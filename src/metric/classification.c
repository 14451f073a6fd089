// classification.c -- accuracy, proper scores, calibration bins and confusion of classes.
//
// Formulas and sources stand in the header.

#include "credence/metric/classification.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "metric/order.h"
#include <math.h>
#include <stdbool.h>

static bool is_class(int32_t label, size_t n_classes) {
  return label >= 0 && (size_t)label < n_classes;
}

static size_t top_of(const double *prob_row, size_t n_classes) {
  size_t top = 0;
  for (size_t c = 1; c < n_classes; c++)
    if (prob_row[c] > prob_row[top]) top = c;
  return top;
}

static bool has_nan(const double *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (isnan(x[i])) return true;
  return false;
}

void cred_top_class(int32_t *predicted, double *confidence, double *correct,
                    const double *prob, const int32_t *label, size_t n,
                    size_t n_classes) {
  for (size_t i = 0; i < n; i++) {
    const double *row = prob + i * n_classes;
    const bool valid = n_classes > 0 && !has_nan(row, n_classes);
    const size_t top = valid ? top_of(row, n_classes) : 0;
    if (predicted) predicted[i] = valid ? (int32_t)top : -1;
    if (confidence) confidence[i] = valid ? row[top] : NAN;
    if (correct)
      correct[i] = valid && is_class(label[i], n_classes) ? (size_t)label[i] == top : NAN;
  }
}

double cred_accuracy(const double *prob, const int32_t *label, const double *weights,
                     size_t n, size_t n_classes) {
  const double total = cred__weight_sum(weights, n);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    double correct;
    cred_top_class(NULL, NULL, &correct, prob + i * n_classes, label + i, 1, n_classes);
    sum += cred__weight(weights, i) * correct;
  }
  return sum / total;
}

double cred_class_log_likelihood(const double *prob, const int32_t *label,
                                 const double *weights, size_t n, size_t n_classes) {
  const double total = cred__weight_sum(weights, n);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double w = cred__weight(weights, i);
    if (!is_class(label[i], n_classes)) return NAN;
    if (w > 0.0) sum += w * log(prob[i * n_classes + (size_t)label[i]]);
  }
  return sum / total;
}

double cred_brier_row(const double *prob_row, int32_t label, size_t n_classes) {
  if (!is_class(label, n_classes)) return NAN;
  double sum = 0.0;
  for (size_t c = 0; c < n_classes; c++) {
    const double error = prob_row[c] - (c == (size_t)label ? 1.0 : 0.0);
    sum += error * error;
  }
  return sum;
}

double cred_brier(const double *prob, const int32_t *label, const double *weights,
                  size_t n, size_t n_classes) {
  const double total = cred__weight_sum(weights, n);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += cred__weight(weights, i) *
           cred_brier_row(prob + i * n_classes, label[i], n_classes);
  return sum / total;
}

static cred_status check_reliability(double *total, size_t n_bins,
                                     const double *confidence, const double *correct,
                                     const double *weights, size_t n) {
  if (n_bins == 0) FAIL(CRED_EINVAL, "reliability: 0 bins, expected at least 1");
  TRY(cred__weight_check(total, weights, n, "reliability"));
  for (size_t i = 0; i < n; i++) {
    if (!(confidence[i] >= 0.0 && confidence[i] <= 1.0 + 1e-6)) // a float softmax rounds
      FAIL(CRED_EDATA, "reliability: confidence of row %zu is %g, expected [0, 1]", i,
           confidence[i]);
    if (!(correct[i] >= 0.0 && correct[i] <= 1.0))
      FAIL(CRED_EDATA, "reliability: correct of row %zu is %g, expected 0 or 1", i,
           correct[i]);
  }
  return CRED_OK;
}

static void bins_add(cred_reliability_bin *bin, double confidence, double correct,
                     double w) {
  bin->confidence += w * confidence;
  bin->accuracy += w * correct;
  bin->share += w;
  bin->n_rows++;
}

// From sums to means.
static void bins_finish(cred_reliability_bin *bins, size_t n_bins, double total) {
  for (size_t k = 0; k < n_bins; k++) {
    const double weight = bins[k].share;
    bins[k].confidence = weight > 0.0 ? bins[k].confidence / weight : NAN;
    bins[k].accuracy = weight > 0.0 ? bins[k].accuracy / weight : NAN;
    bins[k].share = weight / total;
  }
}

// The k with x in (k / M, (k + 1) / M] as the edges are in double.
static size_t bin_of(double x, size_t n_bins) {
  const double m = (double)n_bins;
  size_t k = (size_t)fmin(fmax(ceil(x * m) - 1.0, 0.0), m - 1.0);
  while (k > 0 && x <= (double)k / m) k--;
  while (k + 1 < n_bins && x > (double)(k + 1) / m) k++;
  return k;
}

cred_status cred_reliability_equal_width(cred_reliability_bin *bins, size_t n_bins,
                                         const double *confidence, const double *correct,
                                         const double *weights, size_t n) {
  double total;
  TRY(check_reliability(&total, n_bins, confidence, correct, weights, n));
  for (size_t k = 0; k < n_bins; k++) {
    const double m = (double)n_bins;
    bins[k] = (cred_reliability_bin){(double)k / m, (double)(k + 1) / m, 0, 0, 0, 0};
  }
  for (size_t i = 0; i < n; i++)
    bins_add(bins + bin_of(confidence[i], n_bins), confidence[i], correct[i],
             cred__weight(weights, i));
  bins_finish(bins, n_bins, total);
  return CRED_OK;
}

// Each group of equal confidence goes to the bin that holds the middle of its weight.
static void fill_equal_mass(cred_reliability_bin *bins, size_t n_bins,
                            const cred__ranked *ranked, const double *correct,
                            const double *weights, double total, size_t n) {
  double before = 0.0;
  for (size_t first = 0, end; first < n; first = end) {
    double weight = 0.0;
    end = cred__rank_end(ranked, n, first);
    for (size_t i = first; i < end; i++) weight += cred__weight(weights, ranked[i].row);
    const double middle = (before + 0.5 * weight) / total * (double)n_bins;
    size_t k = (size_t)middle;
    if (k >= n_bins) k = n_bins - 1;
    if (bins[k].n_rows == 0) bins[k].lower = ranked[first].key;
    bins[k].upper = ranked[first].key;
    for (size_t i = first; i < end; i++)
      bins_add(bins + k, ranked[i].key, correct[ranked[i].row],
               cred__weight(weights, ranked[i].row));
    before += weight;
  }
  for (size_t k = 0; k < n_bins; k++) // an empty bin has no width
    if (bins[k].n_rows == 0)
      bins[k].lower = bins[k].upper = k ? bins[k - 1].upper : ranked[0].key;
}

cred_status cred_reliability_equal_mass(cred_reliability_bin *bins, size_t n_bins,
                                        const double *confidence, const double *correct,
                                        const double *weights, size_t n) {
  cred__ranked *ranked;
  double total;
  TRY(check_reliability(&total, n_bins, confidence, correct, weights, n));
  TRY(NEW(&ranked, n, "confidences in order"));
  cred_status status = cred__rank(ranked, confidence, n, "reliability");
  if (status == CRED_OK) {
    for (size_t k = 0; k < n_bins; k++) bins[k] = (cred_reliability_bin){0};
    fill_equal_mass(bins, n_bins, ranked, correct, weights, total, n);
    bins_finish(bins, n_bins, total);
  }
  cred__free(ranked);
  return status;
}

double cred_ece(const cred_reliability_bin *bins, size_t n_bins) {
  double sum = 0.0;
  for (size_t k = 0; k < n_bins; k++)
    if (bins[k].share > 0.0)
      sum += bins[k].share * fabs(bins[k].accuracy - bins[k].confidence);
  return n_bins ? sum : NAN;
}

double cred_mce(const cred_reliability_bin *bins, size_t n_bins) {
  double largest = 0.0;
  for (size_t k = 0; k < n_bins; k++)
    if (bins[k].share > 0.0)
      largest = fmax(largest, fabs(bins[k].accuracy - bins[k].confidence));
  return n_bins ? largest : NAN;
}

cred_status cred_confusion(double *matrix, const int32_t *predicted, const int32_t *label,
                           const double *weights, size_t n, size_t n_classes) {
  double total;
  TRY(cred__weight_check(&total, weights, n, "confusion"));
  for (size_t i = 0; i < n; i++)
    if (!is_class(label[i], n_classes) || !is_class(predicted[i], n_classes))
      FAIL(CRED_EDATA,
           "confusion: row %zu has class %d predicted as %d, expected 0 to %zu", i,
           (int)label[i], (int)predicted[i], n_classes - 1);
  for (size_t k = 0; k < n_classes * n_classes; k++) matrix[k] = 0.0;
  for (size_t i = 0; i < n; i++)
    matrix[(size_t)label[i] * n_classes + (size_t)predicted[i]] +=
        cred__weight(weights, i);
  return CRED_OK;
}

void cred_precision_recall(double *precision, double *recall, const double *matrix,
                           size_t n_classes) {
  for (size_t c = 0; c < n_classes; c++) {
    double predicted = 0.0, actual = 0.0;
    for (size_t k = 0; k < n_classes; k++) {
      predicted += matrix[k * n_classes + c];
      actual += matrix[c * n_classes + k];
    }
    const double right = matrix[c * n_classes + c];
    precision[c] = predicted > 0.0 ? right / predicted : NAN;
    recall[c] = actual > 0.0 ? right / actual : NAN;
  }
}
