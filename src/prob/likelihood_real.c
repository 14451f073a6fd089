// likelihood_real.c -- densities of real targets and their gradients.
//
//   gaussian         -log s - z^2 / 2 - log(2 pi) / 2,  z = (y - m) / s
//   heteroscedastic  the same with log s^2 an output: Kendall & Gal (2017), eq. 5
//   student-t        log G((v + 1) / 2) - log G(v / 2) - log(v pi) / 2 - log s
//                    - (v + 1) / 2 log(1 + z^2 / v),  v = 2 + exp(eta)
// A log variance is held (cred__hold) before use, and the gradient is that of the held
// value.

#include "prob/likelihood.h"
#include "kernel/fast_math.h"
#include "kernel/special.h"
#include "prob/strip.h"
#include <math.h>

#define HALF_LOG_2PI 0.91893853320467274178
#define LOG_PI       1.14472988584940017414

static void strip_weights(cred_real *w, const cred__lik_block *b, size_t first,
                          size_t n) {
  for (size_t j = 0; j < n; j++) w[j] = b->weight ? b->weight[first + j] : 1;
}

double cred__lik_gaussian(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets;
  const cred__lik_noise noise = cred__lik_noise_at(b->lik, b->params, t);
  const double constant = -noise.log_scale - HALF_LOG_2PI;
  const cred_real inverse = (cred_real)(1.0 / noise.scale);
  double sum_square = 0, sum_weight = 0;
  for (size_t first = 0; first < b->n_rows; first += STRIP) {
    const size_t n = strip_length(b->n_rows, first);
    cred_real w[STRIP], z[STRIP], term[STRIP];
    strip_weights(w, b, first, n);
    for (size_t j = 0; j < n; j++) {
      const size_t at = (first + j) * T + t;
      z[j] = (b->y[at] - b->out[at]) * inverse;
      term[j] = weighted(w[j], z[j] * z[j]);
    }
    sum_square += strip_sum(term, n);
    sum_weight += b->weight ? strip_sum(w, n) : (double)n;
    for (size_t j = 0; b->dout && j < n; j++)
      b->dout[(first + j) * T + t] = weighted(w[j], z[j] * inverse);
    for (size_t j = 0; b->row_log_prob && j < n; j++)
      b->row_log_prob[first + j] += constant - 0.5 * (double)z[j] * (double)z[j];
  }
  if (b->dparams && b->lik->sd == 0)
    b->dparams[t] += (cred_real)(noise.dlog_scale * (sum_square - sum_weight));
  return constant * sum_weight - 0.5 * sum_square;
}

double cred__lik_heteroscedastic(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets;
  double sum = 0;
  for (size_t first = 0; first < b->n_rows; first += STRIP) {
    const size_t n = strip_length(b->n_rows, first);
    const cred_real *out = b->out + first * b->n_outputs + 2 * t;
    cred_real w[STRIP], log_var[STRIP], slope[STRIP], precision[STRIP], r[STRIP];
    strip_weights(w, b, first, n);
    for (size_t j = 0; j < n; j++) {
      double each;
      log_var[j] = (cred_real)cred__hold(&each, (double)out[j * b->n_outputs + 1],
                                         CRED__LOG_VAR_LIMIT);
      slope[j] = (cred_real)each;
      r[j] = b->y[(first + j) * T + t] - out[j * b->n_outputs];
    }
    for (size_t j = 0; j < n; j++) precision[j] = cred__exp(-log_var[j]);
    for (size_t j = 0; j < n; j++) {
      const cred_real square = r[j] * r[j] * precision[j];
      sum += cred__lik_row(b, first + j,
                           -0.5 * (double)(log_var[j] + square) - HALF_LOG_2PI);
      if (!b->dout) continue;
      cred_real *d = b->dout + (first + j) * b->n_outputs + 2 * t;
      d[0] = weighted(w[j], r[j] * precision[j]);
      d[1] = weighted(w[j], slope[j] * (square - 1) / 2);
    }
  }
  return sum;
}

// psi(x + 1/2) - psi(x); far out by its series, the difference has no digits there.
static double digamma_half_step(double x) {
  if (x > 1e5) return 0.5 / x + 0.125 / (x * x);
  return cred__digamma(x + 0.5) - cred__digamma(x);
}

typedef struct {
  double weight, log_q, share; // sums of w, w log(1 + q), w q / (1 + q); q = z^2 / v
} student_sums;

static void student_dparams(const cred__lik_block *b, size_t t,
                            const cred__lik_noise *noise, const student_sums *sum) {
  const size_t each = cred__lik_params_each(b->lik);
  const double v = noise->dof;
  if (b->lik->sd == 0)
    b->dparams[t * each] +=
        (cred_real)(noise->dlog_scale * ((v + 1.0) * sum->share - sum->weight));
  if (b->lik->dof != 0) return;
  const double at_0 = digamma_half_step(0.5 * v) - 1.0 / v;
  const double dv = 0.5 * (sum->weight * at_0 - sum->log_q + (v + 1.0) / v * sum->share);
  b->dparams[(t + 1) * each - 1] += (cred_real)(noise->ddof * dv);
}

double cred__lik_student_t(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets;
  const cred__lik_noise noise = cred__lik_noise_at(b->lik, b->params, t);
  const double v = noise.dof, inverse = 1.0 / noise.scale,
               slope = (v + 1.0) / v * inverse;
  const double constant =
      cred__log_gamma_half_step(0.5 * v) - 0.5 * (log(v) + LOG_PI) - noise.log_scale;
  student_sums sums = {0};
  double sum = 0;
  for (size_t i = 0; i < b->n_rows; i++) {
    const double z = (double)(b->y[i * T + t] - b->out[i * T + t]) * inverse,
                 q = z * z / v;
    const double w = (double)cred__lik_weight(b, i), log_q = log1p(q),
                 share = 1.0 / (1.0 + q);
    sum += cred__lik_row(b, i, constant - 0.5 * (v + 1.0) * log_q);
    if (b->dout) b->dout[i * T + t] = w != 0 ? (cred_real)(w * slope * z * share) : 0;
    if (w == 0) continue;
    sums.weight += w;
    sums.log_q += w * log_q;
    sums.share += w * q * share;
  }
  if (b->dparams) student_dparams(b, t, &noise, &sums);
  return sum;
}
