// acquire_classes.c -- scores of rows by themselves from class probabilities (K, N, C).

#include "decide/acquire.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "kernel/information.h"
#include <math.h>
#include <string.h>

// Sums over draws of p and of p^2 or -p log p, each (N, C).
typedef struct {
  double *prob, *other;
} sums;

static void add_prob(double *restrict sum, const cred_real *restrict p, size_t n) {
  for (size_t i = 0; i < n; i++) sum[i] += (double)p[i];
}

static void add_square(double *restrict sum, const cred_real *restrict p, size_t n) {
  for (size_t i = 0; i < n; i++) sum[i] += (double)p[i] * (double)p[i];
}

static cred_status sums_new(sums *s, const cred_class_draws *d) {
  size_t n;
  if (__builtin_mul_overflow(d->n_rows, d->n_classes, &n))
    FAIL(CRED_ENOMEM, "acquire: %zu rows of %zu classes are more than any memory",
         d->n_rows, d->n_classes);
  TRY(NEW(&s->prob, n, "sums of probabilities"));
  return NEW(&s->other, n, "sums of entropies");
}

static void sums_clear(sums *s) {
  cred__free(s->prob);
  cred__free(s->other);
}

// Entropy of p (C) / sum p, and the mean of the entropies of draws whose sums of p and of
// -p log p are given. The rounding of a float softmax, sum p = 1 + e, cancels.
static double entropy_of_mean(const double *prob, size_t n_classes) {
  double sum = 0, p_log_p = 0;
  for (size_t c = 0; c < n_classes; c++) {
    sum += prob[c];
    if (prob[c] > 0) p_log_p += prob[c] * log(prob[c]);
  }
  const double h = log(sum) - p_log_p / sum;
  return h < 0 ? 0 : h;
}

static double mean_entropy(const double *prob, const double *entropy, size_t n_classes,
                           double n_draws) {
  double sum = 0, h = 0;
  for (size_t c = 0; c < n_classes; c++) sum += prob[c], h += entropy[c];
  // sum_k H(p_k / s_k) with s_k = 1 + e_k, to first order in e_k
  h = (h + (sum - n_draws)) / n_draws - (sum / n_draws - 1) * (h / n_draws);
  return h < 0 ? 0 : h;
}

cred_status cred__acquire_entropies(double *total, double *expected,
                                    const cred_class_draws *d) {
  const size_t n_classes = d->n_classes, n = d->n_rows * n_classes;
  sums s = {0};
  cred_status status;
  TRY_DONE(sums_new(&s, d));
  for (size_t k = 0; k < d->n_draws; k++) {
    add_prob(s.prob, d->prob + k * n, n);
    if (expected) cred__entropy_add(s.other, d->prob + k * n, 1, n);
  }
  for (size_t i = 0; i < d->n_rows; i++) {
    const double *p = s.prob + i * n_classes;
    if (total) total[i] = entropy_of_mean(p, n_classes);
    if (expected)
      expected[i] =
          mean_entropy(p, s.other + i * n_classes, n_classes, (double)d->n_draws);
  }
done:
  sums_clear(&s);
  return status;
}

static cred_status score_bald(double *score, const cred_class_draws *d) {
  double *expected;
  TRY(NEW(&expected, d->n_rows, "entropies"));
  const cred_status status = cred__acquire_entropies(score, expected, d);
  for (size_t i = 0; status == CRED_OK && i < d->n_rows; i++) {
    const double total = score[i], information = total - expected[i];
    score[i] = information < 0 ? 0 : information;
  }
  cred__free(expected);
  return status;
}

// 1 - max p or 1 - (largest - second) of the mean.
static void score_largest(double *score, const double *prob, const cred_class_draws *d,
                          bool margin) {
  for (size_t i = 0; i < d->n_rows; i++) {
    const double *p = prob + i * d->n_classes;
    double first = 0, second = 0, sum = 0;
    for (size_t c = 0; c < d->n_classes; c++) {
      sum += p[c];
      if (p[c] > first)
        second = first, first = p[c];
      else if (p[c] > second)
        second = p[c];
    }
    score[i] = 1 - (margin ? first - second : first) / sum;
  }
}

static void score_mean_sd(double *score, const sums *s, const cred_class_draws *d) {
  const double n = (double)d->n_draws;
  for (size_t i = 0; i < d->n_rows; i++) {
    double sum = 0;
    for (size_t c = 0; c < d->n_classes; c++) {
      const size_t at = i * d->n_classes + c;
      const double mean = s->prob[at] / n, var = s->other[at] / n - mean * mean;
      sum += var > 0 ? sqrt(var) : 0 * var; // NaN stays NaN
    }
    score[i] = sum / (double)d->n_classes;
  }
}

// Votes of the draws (N, C), then the share of those that did not win.
static cred_status score_votes(double *score, const cred_class_draws *d) {
  const size_t n_classes = d->n_classes;
  uint32_t *votes;
  TRY(NEW(&votes, d->n_rows * n_classes, "votes"));
  for (size_t k = 0; k < d->n_draws; k++)
    for (size_t i = 0; i < d->n_rows; i++) {
      const cred_real *p = d->prob + (k * d->n_rows + i) * n_classes;
      size_t best = 0;
      for (size_t c = 1; c < n_classes; c++)
        if (p[c] > p[best]) best = c;
      votes[i * n_classes + best]++;
    }
  for (size_t i = 0; i < d->n_rows; i++) {
    uint32_t most = 0;
    for (size_t c = 0; c < n_classes; c++)
      if (votes[i * n_classes + c] > most) most = votes[i * n_classes + c];
    score[i] = 1 - (double)most / (double)d->n_draws;
  }
  cred__free(votes);
  return CRED_OK;
}

cred_status cred_acquire_class_scores(double *score, const cred_class_draws *d,
                                      cred_acquisition kind) {
  if (d->n_draws == 0 || d->n_rows == 0 || d->n_classes < 2)
    FAIL(CRED_EINVAL,
         "acquire: %zu draws of %zu rows and %zu classes: at least 1, 1 and 2 are needed",
         d->n_draws, d->n_rows, d->n_classes);
  if (kind == CRED_ACQUIRE_ENTROPY) return cred__acquire_entropies(score, NULL, d);
  if (kind == CRED_ACQUIRE_BALD) return score_bald(score, d);
  if (kind == CRED_ACQUIRE_VARIATION_RATIOS) return score_votes(score, d);
  if (kind != CRED_ACQUIRE_LEAST_CONFIDENCE && kind != CRED_ACQUIRE_MARGIN &&
      kind != CRED_ACQUIRE_MEAN_SD)
    FAIL(CRED_EINVAL, "acquire: '%s' is no score of single rows of classes",
         cred_acquisition_name(kind));
  sums s = {0};
  cred_status status;
  TRY_DONE(sums_new(&s, d));
  const size_t n = d->n_rows * d->n_classes;
  for (size_t k = 0; k < d->n_draws; k++) {
    add_prob(s.prob, d->prob + k * n, n);
    if (kind == CRED_ACQUIRE_MEAN_SD) add_square(s.other, d->prob + k * n, n);
  }
  if (kind == CRED_ACQUIRE_MEAN_SD)
    score_mean_sd(score, &s, d);
  else
    score_largest(score, s.prob, d, kind == CRED_ACQUIRE_MARGIN);
done:
  sums_clear(&s);
  return status;
}
