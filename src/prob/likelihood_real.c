// likelihood_real.c -- densities of real targets and their gradients.
//
//   gaussian         -log s - z^2 / 2 - log(2 pi) / 2,  z = (y - m) / s
//   heteroscedastic  the same with log s^2 = a an output: Kendall & Gal (2017), eq. 5
//   student-t        log G((v + 1) / 2) - log G(v / 2) - log(v pi) / 2 - log s
//                    - (v + 1) / 2 log(1 + z^2 / v),  v = 2 + exp(eta)
//   mixture          log sum_k pi_k N(y; m_k, s_k^2): Bishop (1994), eqs. 22-26, 33-36

#include "prob/likelihood.h"
#include "kernel/special.h"
#include <math.h>

#define HALF_LOG_2PI 0.91893853320467274178

double cred__lik_gaussian(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets;
  const double sd = cred__lik_scale(b->lik, b->params, t), log_sd = log(sd);
  const cred_real inverse = (cred_real)(1.0 / sd);
  double sum = 0, dlog_sd = 0;
  for (size_t i = 0; i < b->n_rows; i++) {
    const cred_real z = (b->y[i * T + t] - b->out[i * T + t]) * inverse;
    const cred_real w = cred__lik_weight(b, i);
    sum += cred__lik_row(b, i, -0.5 * (double)(z * z) - log_sd - HALF_LOG_2PI);
    if (b->dout) b->dout[i * T + t] = w != 0 ? w * z * inverse : 0;
    if (w != 0) dlog_sd += (double)(w * (z * z - 1));
  }
  if (b->dparams && b->lik->sd == 0) b->dparams[t] += (cred_real)dlog_sd;
  return sum;
}

double cred__lik_heteroscedastic(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets;
  double sum = 0;
  for (size_t i = 0; i < b->n_rows; i++) {
    const cred_real *o = b->out + i * b->n_outputs + 2 * t;
    const double a = fmin(fmax((double)o[1], -CRED__LOG_VAR_MAX), CRED__LOG_VAR_MAX);
    const double log_var = isnan((double)o[1]) ? (double)o[1] : a;
    const double r = (double)(b->y[i * T + t] - o[0]), precision = exp(-log_var);
    sum += cred__lik_row(b, i, -0.5 * (log_var + r * r * precision) - HALF_LOG_2PI);
    if (!b->dout) continue;
    const double w = (double)cred__lik_weight(b, i);
    const bool flat = fabs((double)o[1]) > CRED__LOG_VAR_MAX;
    cred_real *d = b->dout + i * b->n_outputs + 2 * t;
    d[0] = w != 0 ? (cred_real)(w * r * precision) : 0;
    d[1] = w != 0 && !flat ? (cred_real)(w * 0.5 * (r * r * precision - 1)) : 0;
  }
  return sum;
}

double cred__lik_student_t(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets, each = cred__lik_params_each(b->lik);
  const double s = cred__lik_scale(b->lik, b->params, t);
  const double v = cred__lik_dof(b->lik, b->params, t);
  const double constant = cred__log_gamma(0.5 * (v + 1)) - cred__log_gamma(0.5 * v) -
                          0.5 * log(v * 3.14159265358979323846) - log(s);
  double sum = 0, dlog_s = 0, sum_log = 0, sum_share = 0, sum_weight = 0;
  for (size_t i = 0; i < b->n_rows; i++) {
    const double z = (double)(b->y[i * T + t] - b->out[i * T + t]) / s, q = z * z / v;
    const double w = (double)cred__lik_weight(b, i), log_q = log1p(q), share = q / (1 + q);
    sum += cred__lik_row(b, i, constant - 0.5 * (v + 1) * log_q);
    if (b->dout) b->dout[i * T + t] = w != 0 ? (cred_real)(w * (v + 1) * z / (s * v * (1 + q))) : 0;
    if (w == 0) continue;
    dlog_s += w * ((v + 1) * share - 1);
    sum_log += w * log_q;
    sum_share += w * share;
    sum_weight += w;
  }
  if (!b->dparams || !each) return sum;
  if (b->lik->sd == 0) b->dparams[t * each] += (cred_real)dlog_s;
  if (b->lik->dof == 0) {
    const double at_0 = cred__digamma(0.5 * (v + 1)) - cred__digamma(0.5 * v) - 1 / v;
    const double dv = 0.5 * (sum_weight * at_0 - sum_log + (v + 1) / v * sum_share);
    b->dparams[(t + 1) * each - 1] += (cred_real)(dv * (v - 2));
  }
  return sum;
}

void cred__lik_mixture_at(cred__mixture_at *m, const cred_likelihood *lik,
                          const cred_real *out_row, size_t t) {
  const size_t n = m->n = lik->n_components;
  const cred_real *o = out_row + 3 * n * t;
  double top = (double)o[0], sum = 0;
  for (size_t k = 1; k < n; k++) top = fmax(top, (double)o[k]);
  for (size_t k = 0; k < n; k++) sum += m->weight[k] = exp((double)o[k] - top);
  for (size_t k = 0; k < n; k++) {
    const double s = (double)o[2 * n + k];
    const double held = fmin(fmax(s, -CRED__LOG_SD_MAX), CRED__LOG_SD_MAX);
    m->weight[k] /= sum;
    m->mean[k] = (double)o[n + k];
    m->sd[k] = exp(isnan(s) ? s : held);
  }
}

double cred__lik_mixture(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets, n = b->lik->n_components;
  double sum = 0;
  for (size_t i = 0; i < b->n_rows; i++) {
    cred__mixture_at m;
    double term[CRED__MIXTURE_MAX], z[CRED__MIXTURE_MAX];
    cred__lik_mixture_at(&m, b->lik, b->out + i * b->n_outputs, t);
    for (size_t k = 0; k < n; k++) {
      z[k] = ((double)b->y[i * T + t] - m.mean[k]) / m.sd[k];
      term[k] = log(m.weight[k]) - 0.5 * z[k] * z[k] - log(m.sd[k]) - HALF_LOG_2PI;
    }
    const double log_prob = cred__log_sum_exp(term, n);
    sum += cred__lik_row(b, i, log_prob);
    if (!b->dout) continue;
    const double w = (double)cred__lik_weight(b, i);
    const cred_real *o = b->out + i * b->n_outputs + 3 * n * t;
    cred_real *d = b->dout + i * b->n_outputs + 3 * n * t;
    for (size_t k = 0; k < n; k++) {
      const double r = w != 0 ? w * exp(term[k] - log_prob) : 0;
      const bool flat = fabs((double)o[2 * n + k]) > CRED__LOG_SD_MAX;
      d[k] = (cred_real)(w != 0 ? r - w * m.weight[k] : 0);
      d[n + k] = (cred_real)(r != 0 ? r * z[k] / m.sd[k] : 0);
      d[2 * n + k] = (cred_real)(r != 0 && !flat ? r * (z[k] * z[k] - 1) : 0);
    }
  }
  return sum;
}
