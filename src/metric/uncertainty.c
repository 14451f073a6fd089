// uncertainty.c -- running statistics over draws: entropies and moments.
//
// Formulas and sources stand in the header.

#include "credence/metric/uncertainty.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <assert.h>
#include <math.h>
#include <string.h>

// A draw as double or as float: exactly one of the two is there.
typedef struct {
  const double *as_double;
  const float *as_float;
} draw;

static inline double at(draw x, size_t i) {
  return x.as_double ? x.as_double[i] : (double)x.as_float[i];
}

double cred_entropy(const double *prob, size_t n_classes) {
  double sum = 0.0;
  for (size_t c = 0; c < n_classes; c++)
    if (prob[c] != 0.0) sum -= prob[c] * log(prob[c]);
  return sum < 0.0 ? 0.0 : sum; // a probability of 1 and a rounding more
}

cred_status cred_entropy_init(cred_entropy_sums *sums, size_t n_rows, size_t n_classes) {
  cred_entropy_sums made = {
      .n_rows = n_rows, .n_classes = n_classes, .n_rows_max = n_rows};
  size_t n;
  cred_status status;
  if (__builtin_mul_overflow(n_rows, n_classes, &n))
    FAIL(CRED_ENOMEM, "entropies: %zu rows of %zu classes are more than any memory",
         n_rows, n_classes);
  TRY_DONE(NEW(&made.prob, n, "sums of probabilities"));
  TRY_DONE(NEW(&made.entropy, n_rows, "sums of entropies"));
  *sums = made;
  return CRED_OK;
done:
  cred_entropy_clear(&made);
  return status;
}

void cred_entropy_clear(cred_entropy_sums *sums) {
  cred__free(sums->prob);
  cred__free(sums->entropy);
  *sums = (cred_entropy_sums){0};
}

void cred_entropy_reset(cred_entropy_sums *sums, size_t n_rows) {
  assert(n_rows <= sums->n_rows_max);
  sums->n_rows = n_rows;
  sums->n_draws = 0;
  sums->weight = 0.0;
  memset(sums->prob, 0, n_rows * sums->n_classes * sizeof *sums->prob);
  memset(sums->entropy, 0, n_rows * sizeof *sums->entropy);
}

// sum += w p / s and entropy += w H(p / s), H(p / s) = log s - sum p log p / s.
static inline void add_row(double *prob, double *entropy, draw x, size_t first,
                           size_t n_classes, double weight) {
  double s = 0.0, p_log_p = 0.0;
  for (size_t c = 0; c < n_classes; c++) {
    const double p = at(x, first + c);
    s += p;
    if (p != 0.0) p_log_p += p * log(p);
  }
  const double scale = s > 0.0 ? weight / s : NAN, h = log(s) - p_log_p / s;
  for (size_t c = 0; c < n_classes; c++) prob[c] += scale * at(x, first + c);
  *entropy += weight * (h < 0.0 ? 0.0 : h);
}

static inline void add_entropy(cred_entropy_sums *sums, draw x, double weight) {
  if (weight == 0.0) return;
  const size_t n_classes = sums->n_classes;
  const double w = weight > 0.0 ? weight : NAN;
  for (size_t i = 0; i < sums->n_rows; i++)
    add_row(sums->prob + i * n_classes, sums->entropy + i, x, i * n_classes, n_classes,
            w);
  sums->weight += w;
  sums->n_draws++;
}

void cred_entropy_add(cred_entropy_sums *sums, const double *prob, double weight) {
  add_entropy(sums, (draw){prob, NULL}, weight);
}

void cred_entropy_add_float(cred_entropy_sums *sums, const float *prob, double weight) {
  add_entropy(sums, (draw){NULL, prob}, weight);
}

void cred_entropy_combine(cred_entropy_sums *sums, const cred_entropy_sums *other) {
  assert(sums->n_rows == other->n_rows && sums->n_classes == other->n_classes);
  const size_t n = sums->n_rows * sums->n_classes;
  for (size_t i = 0; i < n; i++) sums->prob[i] += other->prob[i];
  for (size_t i = 0; i < sums->n_rows; i++) sums->entropy[i] += other->entropy[i];
  sums->weight += other->weight;
  sums->n_draws += other->n_draws;
}

void cred_entropy_finish(double *prob, double *total, double *expected,
                         double *mutual_information, const cred_entropy_sums *sums) {
  const size_t n_classes = sums->n_classes;
  for (size_t i = 0; i < sums->n_rows; i++) {
    const double *row = sums->prob + i * n_classes;
    double h_total = 0.0;
    const double h_expected = sums->entropy[i] / sums->weight;
    for (size_t c = 0; c < n_classes; c++) {
      const double p = row[c] / sums->weight;
      if (p != 0.0) h_total -= p * log(p);
      if (prob) prob[i * n_classes + c] = p;
    }
    if (h_total < 0.0) h_total = 0.0;
    const double difference = h_total - h_expected;
    if (total) total[i] = h_total;
    if (expected) expected[i] = h_expected;
    if (mutual_information) mutual_information[i] = difference < 0.0 ? 0.0 : difference;
  }
}

cred_status cred_moments_init(cred_moments *moments, size_t n, bool aleatoric) {
  cred_moments made = {.n = n, .n_max = n};
  cred_status status;
  TRY_DONE(NEW(&made.mean, n, "running means"));
  TRY_DONE(NEW(&made.square, n, "running squares"));
  if (aleatoric) TRY_DONE(NEW(&made.aleatoric, n, "running aleatoric variances"));
  *moments = made;
  return CRED_OK;
done:
  cred_moments_clear(&made);
  return status;
}

void cred_moments_clear(cred_moments *moments) {
  cred__free(moments->mean);
  cred__free(moments->square);
  cred__free(moments->aleatoric);
  *moments = (cred_moments){0};
}

void cred_moments_reset(cred_moments *moments, size_t n) {
  assert(n <= moments->n_max);
  moments->n = n;
  moments->n_draws = 0;
  moments->weight = moments->weight2 = 0.0;
  memset(moments->mean, 0, n * sizeof *moments->mean);
  memset(moments->square, 0, n * sizeof *moments->square);
  if (moments->aleatoric) memset(moments->aleatoric, 0, n * sizeof *moments->aleatoric);
}

static inline void add_moments(cred_moments *moments, draw value, draw var,
                               double weight) {
  if (weight == 0.0) return;
  const double w = weight > 0.0 ? weight : NAN;
  moments->weight += w;
  moments->weight2 += w * w;
  moments->n_draws++;
  const double share = w / moments->weight;
  for (size_t i = 0; i < moments->n; i++) {
    const double x = at(value, i), d = x - moments->mean[i];
    moments->mean[i] += share * d;
    moments->square[i] += w * d * (x - moments->mean[i]);
  }
  for (size_t i = 0; i < moments->n && moments->aleatoric; i++)
    moments->aleatoric[i] += w * at(var, i);
}

void cred_moments_add(cred_moments *moments, const double *value, const double *var,
                      double weight) {
  assert(!var == !moments->aleatoric);
  add_moments(moments, (draw){value, NULL}, (draw){var, NULL}, weight);
}

void cred_moments_add_float(cred_moments *moments, const float *value, const float *var,
                            double weight) {
  assert(!var == !moments->aleatoric);
  add_moments(moments, (draw){NULL, value}, (draw){NULL, var}, weight);
}

void cred_moments_combine(cred_moments *moments, const cred_moments *other) {
  assert(moments->n == other->n && !moments->aleatoric == !other->aleatoric);
  if (other->n_draws == 0) return;
  const double weight = moments->weight + other->weight, share = other->weight / weight;
  for (size_t i = 0; i < moments->n; i++) {
    const double d = other->mean[i] - moments->mean[i];
    moments->square[i] += other->square[i] + d * d * moments->weight * share;
    moments->mean[i] += share * d;
  }
  for (size_t i = 0; i < moments->n && moments->aleatoric; i++)
    moments->aleatoric[i] += other->aleatoric[i];
  moments->weight = weight;
  moments->weight2 += other->weight2;
  moments->n_draws += other->n_draws;
}

void cred_moments_finish(double *mean, double *epistemic, double *aleatoric,
                         double *error, const cred_moments *moments) {
  const double weight = moments->weight, none = moments->n_draws ? 0.0 : NAN;
  const bool single = moments->n_draws < 2;
  const double divisor = weight - moments->weight2 / weight;
  const double spread = sqrt(moments->weight2) / weight;
  for (size_t i = 0; i < moments->n; i++) {
    const double var = single ? none : moments->square[i] / divisor;
    if (mean) mean[i] = moments->mean[i] + none;
    if (epistemic) epistemic[i] = var + 0.0 * moments->mean[i]; // NaN stays NaN
    if (aleatoric)
      aleatoric[i] = moments->aleatoric ? moments->aleatoric[i] / weight : NAN;
    if (error) error[i] = single ? NAN : sqrt(var) * spread;
  }
}

double cred_standard_error(const double *values, size_t n) {
  double mean = 0.0, square = 0.0;
  if (n < 2) return NAN;
  for (size_t i = 0; i < n; i++) {
    const double d = values[i] - mean;
    mean += d / (double)(i + 1);
    square += d * (values[i] - mean);
  }
  return sqrt(square / (double)(n - 1) / (double)n);
}
