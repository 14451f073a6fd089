// calibration.c -- split conformal prediction: thresholds, scores, intervals and sets.
//
// Formulas and sources stand in the header. A score and the set that is made with it come
// from the same function of (row, class), so that they agree to the last bit.

#include "credence/metric/calibration.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "credence/metric/uncertainty.h"
#include <math.h>
#include <string.h>

// How many of n + 1 scores may lie above the threshold: floor((n + 1) alpha), where
// 20 * 0.05 must count as 1, whatever its last digit is.
static size_t n_above(size_t n, double alpha) {
  return (size_t)floor(((double)n + 1.0) * alpha * (1.0 + 1e-12));
}

size_t cred_conformal_rows_min(double alpha) {
  if (!(alpha > 0.0 && alpha < 1.0)) return 0;
  if (alpha < 1e-15) return SIZE_MAX;
  size_t n = (size_t)(1.0 / alpha);
  while (n > 1 && n_above(n - 1, alpha) >= 1) n--;
  while (n < 1 || n_above(n, alpha) < 1) n++;
  return n;
}

cred_status cred_conformal_quantile(double *q, const double *scores, size_t n,
                                    double alpha) {
  double *sorted;
  if (!(alpha > 0.0 && alpha < 1.0))
    FAIL(CRED_EINVAL, "conformal: alpha is %g, expected (0, 1)", alpha);
  for (size_t i = 0; i < n; i++)
    if (isnan(scores[i])) FAIL(CRED_EDATA, "conformal: score of row %zu is NaN", i);
  const size_t n_min = cred_conformal_rows_min(alpha);
  if (n < n_min)
    FAIL(CRED_EDATA,
         "conformal: %zu rows are too few for coverage %g, which needs at least "
         "%zu (give more calibration rows or a larger alpha)",
         n, 1.0 - alpha, n_min);
  TRY(NEW(&sorted, n, "scores in order"));
  memcpy(sorted, scores, n * sizeof *sorted);
  cred_sort(sorted, n);
  const size_t above = n_above(n, alpha);
  *q = sorted[above > n ? 0 : n - above]; // the (n + 1 - above)-th smallest
  cred__free(sorted);
  return CRED_OK;
}

void cred_conformal_score_residual(double *scores, const double *mean, const double *sd,
                                   const double *y, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double s = sd ? sd[i] : 1.0;
    scores[i] = s > 0.0 ? fabs(y[i] - mean[i]) / s : NAN;
  }
}

void cred_conformal_interval(double *lower, double *upper, const double *mean,
                             const double *sd, size_t n, double q) {
  for (size_t i = 0; i < n; i++) {
    const double m = mean[i], half = q * (sd ? sd[i] : 1.0);
    lower[i] = m - half;
    upper[i] = m + half;
  }
}

// Score of class c of one row; u is not used by LAC.
typedef double class_score(const double *prob, size_t n_classes, size_t c, double u);

static double score_lac(const double *prob, size_t n_classes, size_t c, double u) {
  (void)n_classes, (void)u;
  return 1.0 - prob[c];
}

static double score_aps(const double *prob, size_t n_classes, size_t c, double u) {
  double above = 0.0;
  for (size_t k = 0; k < n_classes; k++) {
    if (isnan(prob[k])) return NAN;
    if (prob[k] > prob[c] || (prob[k] == prob[c] && k < c)) above += prob[k];
  }
  return above + u * prob[c];
}

static double share_of(const cred_key *key, uint64_t row) {
  return key ? cred_key_uniform(key, row) : 1.0;
}

static void score_labels(double *scores, class_score *score, const double *prob,
                         const int32_t *label, size_t n, size_t n_classes,
                         const cred_key *key, uint64_t first_row) {
  for (size_t i = 0; i < n; i++) {
    const bool valid = label[i] >= 0 && (size_t)label[i] < n_classes;
    scores[i] = valid ? score(prob + i * n_classes, n_classes, (size_t)label[i],
                              share_of(key, first_row + i))
                      : NAN;
  }
}

static void make_sets(unsigned char *member, class_score *score, const double *prob,
                      size_t n, size_t n_classes, double q, bool keep_top,
                      const cred_key *key, uint64_t first_row) {
  for (size_t i = 0; i < n; i++) {
    const double *row = prob + i * n_classes, u = share_of(key, first_row + i);
    unsigned char *set = member + i * n_classes;
    size_t top = 0, n_members = 0;
    for (size_t c = 0; c < n_classes; c++) {
      // NaN is not above q: of a row that cannot be scored every class is possible
      set[c] = !(score(row, n_classes, c, u) > q);
      n_members += set[c];
      if (row[c] > row[top]) top = c;
    }
    if (keep_top && n_members == 0 && n_classes > 0) set[top] = 1;
  }
}

void cred_conformal_score_lac(double *scores, const double *prob, const int32_t *label,
                              size_t n, size_t n_classes) {
  score_labels(scores, score_lac, prob, label, n, n_classes, NULL, 0);
}

void cred_conformal_set_lac(unsigned char *member, const double *prob, size_t n,
                            size_t n_classes, double q, bool keep_top) {
  make_sets(member, score_lac, prob, n, n_classes, q, keep_top, NULL, 0);
}

void cred_conformal_score_aps(double *scores, const double *prob, const int32_t *label,
                              size_t n, size_t n_classes, const cred_key *key,
                              uint64_t first_row) {
  score_labels(scores, score_aps, prob, label, n, n_classes, key, first_row);
}

void cred_conformal_set_aps(unsigned char *member, const double *prob, size_t n,
                            size_t n_classes, double q, bool keep_top,
                            const cred_key *key, uint64_t first_row) {
  make_sets(member, score_aps, prob, n, n_classes, q, keep_top, key, first_row);
}
