// ranking.c -- scores of an order of rows: AUROC, average precision, risk-coverage.
//
// Formulas and sources stand in classification.h. All walk once through the rows in
// order, a group of equal keys at a time, so that the order of equal rows is nothing.

#include "base/alloc.h"
#include "base/fail.h"
#include "credence/metric/classification.h"
#include "metric/order.h"
#include <math.h>
#include <stdbool.h>

typedef struct {
  double positive, negative; // weight
} pair;

static pair pair_of(const cred__ranked *ranked, const unsigned char *positive,
                    const double *weights, size_t first, size_t end) {
  pair sum = {0.0, 0.0};
  for (size_t i = first; i < end; i++) {
    const double w = cred__weight(weights, ranked[i].row);
    *(positive[ranked[i].row] ? &sum.positive : &sum.negative) += w;
  }
  return sum;
}

static double auroc_of(const cred__ranked *ranked, const unsigned char *positive,
                       const double *weights, size_t n) {
  pair all = {0.0, 0.0};
  double wins = 0.0;
  for (size_t first = 0, end; first < n; first = end) {
    end = cred__rank_end(ranked, n, first);
    const pair group = pair_of(ranked, positive, weights, first, end);
    wins += group.positive * (all.negative + 0.5 * group.negative);
    all.positive += group.positive;
    all.negative += group.negative;
  }
  return wins / (all.positive * all.negative);
}

static double average_precision_of(const cred__ranked *ranked,
                                   const unsigned char *positive, const double *weights,
                                   size_t n) {
  const double n_positive = pair_of(ranked, positive, weights, 0, n).positive;
  pair above = {0.0, 0.0};
  double sum = 0.0;
  for (size_t end = n, first; end > 0; end = first) {
    for (first = end - 1; first > 0 && ranked[first - 1].key == ranked[first].key;)
      first--;
    const pair group = pair_of(ranked, positive, weights, first, end);
    above.positive += group.positive;
    above.negative += group.negative;
    if (group.positive > 0.0)
      sum += group.positive * above.positive / (above.positive + above.negative);
  }
  return sum / n_positive;
}

typedef double ranking_score(const cred__ranked *, const unsigned char *, const double *,
                             size_t);

static cred_status score_ranking(double *out, ranking_score *score_of,
                                 const double *score, const unsigned char *positive,
                                 const double *weights, size_t n, const char *where) {
  cred__ranked *ranked;
  double total;
  TRY(cred__weight_check(&total, weights, n, where));
  TRY(NEW(&ranked, n, "scores in order"));
  cred_status status;
  TRY_DONE(cred__rank(ranked, score, n, where));
  const pair all = pair_of(ranked, positive, weights, 0, n);
  if (!(all.positive > 0.0 && all.negative > 0.0))
    FAIL_DONE(CRED_EDATA, "%s: all rows are %s, expected some of both kinds", where,
              all.positive > 0.0 ? "positive" : "negative");
  *out = score_of(ranked, positive, weights, n);
done:
  cred__free(ranked);
  return status;
}

cred_status cred_auroc(double *out, const double *score, const unsigned char *positive,
                       const double *weights, size_t n) {
  return score_ranking(out, auroc_of, score, positive, weights, n, "auroc");
}

cred_status cred_average_precision(double *out, const double *score,
                                   const unsigned char *positive, const double *weights,
                                   size_t n) {
  return score_ranking(out, average_precision_of, score, positive, weights, n,
                       "average precision");
}

cred_status cred_error_auroc(double *out, const double *uncertainty,
                             const double *correct, const double *weights, size_t n) {
  unsigned char *wrong;
  for (size_t i = 0; i < n; i++)
    if (isnan(correct[i])) FAIL(CRED_EDATA, "error auroc: correct of row %zu is NaN", i);
  TRY(NEW(&wrong, n, "wrong rows"));
  for (size_t i = 0; i < n; i++) wrong[i] = correct[i] == 0.0;
  const cred_status status =
      score_ranking(out, auroc_of, uncertainty, wrong, weights, n, "error auroc");
  cred__free(wrong);
  return status;
}

// Weight of the rows of class c and of the others.
static pair class_weight(const int32_t *label, const double *weights, size_t n,
                         size_t c) {
  pair sum = {0.0, 0.0};
  for (size_t i = 0; i < n; i++)
    *((size_t)label[i] == c ? &sum.positive : &sum.negative) += cred__weight(weights, i);
  return sum;
}

static cred_status auroc_of_classes(double *out, double *score, unsigned char *positive,
                                    const double *prob, const int32_t *label,
                                    const double *weights, size_t n, size_t n_classes) {
  double sum = 0.0;
  size_t n_scored = 0;
  for (size_t c = 0; c < n_classes; c++) {
    const pair all = class_weight(label, weights, n, c);
    if (!(all.positive > 0.0 && all.negative > 0.0)) continue;
    double area;
    for (size_t i = 0; i < n; i++) {
      score[i] = prob[i * n_classes + c];
      positive[i] = (size_t)label[i] == c;
    }
    TRY(cred_auroc(&area, score, positive, weights, n));
    sum += area;
    n_scored++;
  }
  if (n_scored == 0)
    FAIL(CRED_EDATA, "auroc: all rows are of one class, expected at least two classes");
  *out = sum / (double)n_scored;
  return CRED_OK;
}

cred_status cred_auroc_classes(double *out, const double *prob, const int32_t *label,
                               const double *weights, size_t n, size_t n_classes) {
  double *score = NULL, total;
  unsigned char *positive = NULL;
  cred_status status;
  TRY(cred__weight_check(&total, weights, n, "auroc"));
  for (size_t i = 0; i < n; i++)
    if (label[i] < 0 || (size_t)label[i] >= n_classes)
      FAIL(CRED_EDATA, "auroc: row %zu has class %d, expected 0 to %zu", i, (int)label[i],
           n_classes - 1);
  TRY_DONE(NEW(&score, n, "scores of a class"));
  TRY_DONE(NEW(&positive, n, "rows of a class"));
  status = auroc_of_classes(out, score, positive, prob, label, weights, n, n_classes);
done:
  cred__free(score);
  cred__free(positive);
  return status;
}

static double walk_risk(double *coverage, double *risk, const cred__ranked *ranked,
                        const double *loss, const double *weights, double total,
                        size_t n) {
  double kept = 0.0, lost = 0.0, area = 0.0;
  for (size_t first = 0, end; first < n; first = end) {
    double weight = 0.0, sum = 0.0;
    end = cred__rank_end(ranked, n, first);
    for (size_t i = first; i < end; i++) {
      const double w = cred__weight(weights, ranked[i].row);
      weight += w;
      sum += w * loss[ranked[i].row];
    }
    const double mean = weight > 0.0 ? sum / weight : 0.0;
    for (size_t i = first; i < end; i++) {
      const double w = cred__weight(weights, ranked[i].row);
      kept += w;
      lost += w * mean;
      const double risk_here = kept > 0.0 ? lost / kept : 0.0;
      area += w / total * risk_here;
      if (coverage) coverage[i] = kept / total;
      if (risk) risk[i] = risk_here;
    }
  }
  return area;
}

cred_status cred_risk_coverage(double *coverage, double *risk, double *area,
                               const double *uncertainty, const double *loss,
                               const double *weights, size_t n) {
  cred__ranked *ranked;
  double total;
  TRY(cred__weight_check(&total, weights, n, "risk-coverage"));
  for (size_t i = 0; i < n; i++)
    if (isnan(loss[i])) FAIL(CRED_EDATA, "risk-coverage: loss of row %zu is NaN", i);
  TRY(NEW(&ranked, n, "rows by uncertainty"));
  const cred_status status = cred__rank(ranked, uncertainty, n, "risk-coverage");
  if (status == CRED_OK) {
    const double sum = walk_risk(coverage, risk, ranked, loss, weights, total, n);
    if (area) *area = sum;
  }
  cred__free(ranked);
  return status;
}
