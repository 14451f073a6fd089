// evaluate_statistic.c -- statistics of weighted rows, and their bootstrap.
//
// Replicate r draws row i as cred_key_below(derived key r, i, n), as cred_bootstrap does,
// and counts how often each row came: every statistic is then one pass over the rows,
// with no sorting. Source: Efron & Tibshirani (1993), algorithm 6.1.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "model/evaluate.h"
#include <math.h>
#include <string.h>

double cred__mean_of(const cred__statistic *s, const double *weight,
                     cred_reliability_bin *bins) {
  (void)bins;
  double sum = 0, total = 0;
  for (size_t i = 0; i < s->n; i++) {
    if (weight[i] == 0) continue; // of a row that was not drawn even -inf counts nothing
    sum += weight[i] * s->a[i];
    total += weight[i];
  }
  return total > 0 ? sum / total : NAN;
}

double cred__root_mean_of(const cred__statistic *s, const double *weight,
                          cred_reliability_bin *bins) {
  return sqrt(cred__mean_of(s, weight, bins));
}

double cred__r2_of(const cred__statistic *s, const double *weight,
                   cred_reliability_bin *bins) {
  (void)bins;
  double total = 0, mean = 0, squares = 0, errors = 0;
  for (size_t i = 0; i < s->n; i++) {
    if (weight[i] == 0) continue;
    total += weight[i];
    const double d = s->b[i] - mean;
    mean += weight[i] / total * d;
    squares += weight[i] * d * (s->b[i] - mean);
    errors += weight[i] * s->a[i];
  }
  return squares > 0 ? 1 - errors / squares : NAN;
}

double cred__uniform_distance_of(const cred__statistic *s, const double *weight,
                                 cred_reliability_bin *bins) {
  (void)bins;
  double total = 0, before = 0, worst = 0;
  for (size_t i = 0; i < s->n; i++) total += weight[i];
  for (size_t first = 0, end; first < s->n; first = end) {
    double here = 0;
    end = cred__rank_end(s->ranked, s->n, first);
    for (size_t i = first; i < end; i++) here += weight[s->ranked[i].row];
    const double u = s->ranked[first].key;
    if (here > 0)
      worst = fmax(worst, fmax(u - before / total, (before + here) / total - u));
    before += here;
  }
  return total > 0 ? worst : NAN;
}

double cred__ece_of(const cred__statistic *s, const double *weight,
                    cred_reliability_bin *bins) {
  if (cred_reliability_equal_width(bins, s->n_bins, s->a, s->b, weight, s->n) != CRED_OK)
    return NAN;
  return cred_ece(bins, s->n_bins);
}

// As cred_reliability_equal_mass bins them, with the order known.
double cred__ece_adaptive_of(const cred__statistic *s, const double *weight,
                             cred_reliability_bin *bins) {
  double total = 0, before = 0, ece = 0;
  for (size_t i = 0; i < s->n; i++) total += weight[i];
  for (size_t k = 0; k < s->n_bins; k++) bins[k].confidence = bins[k].accuracy = 0;
  for (size_t first = 0, end; first < s->n; first = end) {
    double here = 0, correct = 0;
    end = cred__rank_end(s->ranked, s->n, first);
    for (size_t i = first; i < end; i++) {
      here += weight[s->ranked[i].row];
      correct += weight[s->ranked[i].row] * s->b[s->ranked[i].row];
    }
    size_t k = (size_t)((before + 0.5 * here) / total * (double)s->n_bins);
    if (k >= s->n_bins) k = s->n_bins - 1;
    bins[k].confidence += here * s->ranked[first].key;
    bins[k].accuracy += correct;
    before += here;
  }
  for (size_t k = 0; k < s->n_bins; k++)
    ece += fabs(bins[k].accuracy - bins[k].confidence) / total;
  return ece;
}

// From the highest score down until 95 % of the outside weight is flagged; ties together.
double cred__fpr95_of(const cred__statistic *s, const double *weight,
                      cred_reliability_bin *bins) {
  (void)bins;
  double total = 0, total_outside = 0, inside = 0, outside = 0;
  for (size_t i = 0; i < s->n; i++) {
    total += weight[i];
    total_outside += weight[i] * s->b[i];
  }
  if (!(total_outside > 0 && total > total_outside)) return NAN;
  for (size_t i = s->n; i-- > 0;) {
    const size_t row = s->ranked[i].row;
    outside += weight[row] * s->b[row];
    inside += weight[row] * (1 - s->b[row]);
    const bool tie = i > 0 && s->ranked[i - 1].key == s->ranked[i].key;
    if (!tie && outside >= 0.95 * total_outside * (1 - 1e-12)) break;
  }
  return inside / (total - total_outside);
}

// Share of the other kind that a row is above (positive) or below, equal ones half.
static void placements(double *out, const double *positive, const double *weight,
                       double total_positive, double total_negative,
                       const cred__ranked *ranked, size_t n) {
  double below[2] = {0};
  for (size_t first = 0, end; first < n; first = end) {
    double here[2] = {0};
    end = cred__rank_end(ranked, n, first);
    for (size_t i = first; i < end; i++) {
      const size_t row = ranked[i].row;
      here[positive[row] != 0] += weight ? weight[row] : 1;
    }
    for (size_t i = first; i < end; i++) {
      const size_t row = ranked[i].row;
      out[row] = positive[row] != 0 ? (below[0] + 0.5 * here[0]) / total_negative
                                    : 1 - (below[1] + 0.5 * here[1]) / total_positive;
    }
    below[0] += here[0];
    below[1] += here[1];
  }
}

bool cred__auroc_add(double *out, cred__ranked *ranked, double *place,
                     const double *score, const double *positive, const double *weight,
                     double share, size_t n) {
  double total[2] = {0}, area = 0;
  for (size_t i = 0; i < n; i++) total[positive[i] != 0] += weight ? weight[i] : 1;
  if (!(total[0] > 0 && total[1] > 0)) return false;
  if (cred__rank(ranked, score, n, "AUROC") != CRED_OK) return false;
  placements(place, positive, weight, total[1], total[0], ranked, n);
  for (size_t i = 0; i < n; i++)
    if (positive[i] != 0) area += (weight ? weight[i] : 1) * place[i] / total[1];
  for (size_t i = 0; i < n; i++) {
    const double part = total[positive[i] != 0] / (total[0] + total[1]);
    out[i] += share * (area + (place[i] - area) / part);
  }
  return true;
}

static cred_status make_room(cred__statistic *s, bool b, bool ranked) {
  TRY(NEW(&s->a, s->n, "rows of a score"));
  if (b) TRY(NEW(&s->b, s->n, "rows of a score"));
  if (ranked) TRY(NEW(&s->ranked, s->n, "rows of a score"));
  return CRED_OK;
}

cred_status cred__evaluation_add(cred_evaluation *e, cred__statistic **out,
                                 const cred__statistic *what, bool b) {
  TRY(RESIZE(&e->scores, e->n_scores, e->n_scores + 1, "scores"));
  cred__statistic *s = *out = &e->scores[e->n_scores++];
  *s = *what;
  const bool ranked = s->of == cred__uniform_distance_of ||
                      s->of == cred__ece_adaptive_of || s->of == cred__fpr95_of;
  return make_room(s, b, ranked);
}

// What the replicates share, and what each worker has for itself.
typedef struct {
  cred_evaluation *e;
  size_t n_rows, n_bins, n_replicates;
  cred_key key;
  double *weight;             // (n_workers, n_rows)
  cred_reliability_bin *bins; // (n_workers, n_bins)
  double *replicates;         // (n_replicates, n_scores)
} bootstrap;

static void replicate(void *context, size_t r, size_t worker) {
  const bootstrap *b = context;
  const cred_evaluation *e = b->e;
  double *weight = b->weight + worker * b->n_rows;
  const cred_key stream = cred_key_derive(&b->key, CRED_FOR_BOOTSTRAP, r);
  memset(weight, 0, b->n_rows * sizeof *weight);
  for (size_t i = 0; i < b->n_rows; i++)
    weight[cred_key_below(&stream, i, b->n_rows)] += 1;
  if (e->weight)
    for (size_t i = 0; i < b->n_rows; i++) weight[i] *= e->weight[i];
  for (size_t i = 0; i < e->n_scores; i++)
    b->replicates[r * e->n_scores + i] =
        e->scores[i].of(&e->scores[i], weight, b->bins + worker * b->n_bins);
}

// Standard deviation over the replicates on which the score is defined.
static double spread_of(const bootstrap *b, size_t score) {
  double n = 0, mean = 0, squares = 0;
  for (size_t r = 0; r < b->n_replicates; r++) {
    const double x = b->replicates[r * b->e->n_scores + score];
    if (isnan(x)) continue;
    const double d = x - mean;
    mean += d / ++n;
    squares += d * (x - mean);
  }
  return n >= 2 ? sqrt(squares / (n - 1)) : NAN;
}

static cred_status rank_rows(cred_evaluation *e) {
  for (size_t i = 0; i < e->n_scores; i++) {
    cred__statistic *s = &e->scores[i];
    if (s->ranked) TRY(cred__rank(s->ranked, s->a, s->n, s->score.name));
  }
  return CRED_OK;
}

static void values_of(bootstrap *b) {
  cred_evaluation *e = b->e;
  for (size_t i = 0; i < b->n_rows; i++) b->weight[i] = e->weight ? e->weight[i] : 1;
  for (size_t i = 0; i < e->n_scores; i++)
    e->scores[i].score.value = e->scores[i].of(&e->scores[i], b->weight, b->bins);
}

cred_status cred__evaluation_finish(cred_evaluation *e, size_t n_rows, size_t n_bins,
                                    const cred_evaluate_options *opt) {
  const size_t n_workers = cred__n_threads(opt->predict.n_threads);
  bootstrap b = {.e = e,
                 .n_rows = n_rows,
                 .n_bins = n_bins,
                 .n_replicates = opt->n_bootstrap,
                 .key = cred_key_make(opt->predict.seed)};
  cred_status status;
  TRY_DONE(rank_rows(e));
  TRY_DONE(NEW(&b.weight, n_workers * n_rows, "weights of replicates"));
  TRY_DONE(NEW(&b.bins, n_workers * n_bins, "bins"));
  TRY_DONE(NEW(&b.replicates, opt->n_bootstrap * e->n_scores, "replicates"));
  values_of(&b);
  cred__parallel(n_workers, b.n_replicates, replicate, &b);
  for (size_t i = 0; i < e->n_scores; i++) {
    e->scores[i].score.se = spread_of(&b, i);
    cred__statistic_clear(&e->scores[i]);
  }
done:
  cred__free(b.weight);
  cred__free(b.bins);
  cred__free(b.replicates);
  return status;
}

void cred__statistic_clear(cred__statistic *s) {
  cred__free(s->a);
  cred__free(s->b);
  cred__free(s->ranked);
  s->a = s->b = NULL;
  s->ranked = NULL;
}
