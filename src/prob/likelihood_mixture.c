// likelihood_mixture.c -- a mixture of normals whose parameters are outputs of the
// network.
//
//   p(y) = sum_k pi_k N(y; m_k, s_k^2),  pi = softmax(a),  s_k = exp(l_k)
//   log p = LSE_k(a_k + log N_k) - LSE_k(a_k),  g_k = pi_k N_k / p
//   d/da = g - pi,  d/dm = g (y - m) / s^2,  d/dl = g (z^2 - 1),  z = (y - m) / s
// Source: Bishop (1994), "Mixture density networks", eqs. 22-26 and 33-36. In the log
// domain; l is held (cred__hold) before use.

#include "prob/likelihood.h"
#include "kernel/fast_math.h"
#include "prob/strip.h"
#include <math.h>

#define HALF_LOG_2PI 0.91893853320467274178

void cred__lik_mixture_at(cred__mixture_at *m, const cred_likelihood *lik,
                          const cred_real *out_row, size_t t) {
  const size_t n = m->n = lik->n_components;
  const cred_real *o = out_row + 3 * n * t;
  double top = (double)o[0], sum = 0, slope;
  for (size_t k = 1; k < n; k++) top = fmax(top, (double)o[k]);
  for (size_t k = 0; k < n; k++) sum += m->weight[k] = exp((double)o[k] - top);
  for (size_t k = 0; k < n; k++) {
    m->weight[k] /= sum;
    m->mean[k] = (double)o[n + k];
    m->sd[k] = exp(cred__hold(&slope, (double)o[2 * n + k], CRED__LOG_SD_LIMIT));
  }
}

// out = exp(x - max x) (n); returns the sum, and the maximum.
static double exp_from_top(cred_real *out, cred_real *top, const cred_real *x, size_t n) {
  cred_real most = (cred_real)-INFINITY;
  double sum = 0;
  for (size_t k = 0; k < n; k++) most = x[k] > most ? x[k] : most;
  for (size_t k = 0; k < n; k++) sum += (double)(out[k] = cred__exp(x[k] - most));
  *top = most;
  return sum;
}

typedef struct {
  cred_real z[CRED__MIXTURE_MAX], inverse[CRED__MIXTURE_MAX], slope[CRED__MIXTURE_MAX];
  cred_real joint[CRED__MIXTURE_MAX], prior[CRED__MIXTURE_MAX], post[CRED__MIXTURE_MAX];
} mixture_row;

// log p(y); leaves pi in `prior` and g in `post`, both to be divided by their sums.
static double row_log_prob(mixture_row *m, double *prior_sum, double *post_sum,
                           const cred_real *o, cred_real y, size_t n) {
  cred_real log_sd[CRED__MIXTURE_MAX], top, joint_top;
  for (size_t k = 0; k < n; k++) {
    double slope;
    log_sd[k] = (cred_real)cred__hold(&slope, (double)o[2 * n + k], CRED__LOG_SD_LIMIT);
    m->slope[k] = (cred_real)slope;
  }
  *prior_sum = exp_from_top(m->prior, &top, o, n);
  for (size_t k = 0; k < n; k++) {
    m->inverse[k] = cred__exp(-log_sd[k]);
    m->z[k] = (y - o[n + k]) * m->inverse[k];
    m->joint[k] = (o[k] - top) - log_sd[k] - m->z[k] * m->z[k] / 2;
  }
  *post_sum = exp_from_top(m->post, &joint_top, m->joint, n);
  return (double)joint_top + log(*post_sum) - log(*prior_sum) - HALF_LOG_2PI;
}

double cred__lik_mixture(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets, n = b->lik->n_components;
  double sum = 0;
  for (size_t i = 0; i < b->n_rows; i++) {
    mixture_row m;
    double prior_sum, post_sum;
    const size_t at = i * b->n_outputs + 3 * n * t;
    sum += cred__lik_row(
        b, i, row_log_prob(&m, &prior_sum, &post_sum, b->out + at, b->y[i * T + t], n));
    if (!b->dout) continue;
    const cred_real w = cred__lik_weight(b, i);
    const cred_real to_prior = (cred_real)(1 / prior_sum),
                    to_post = (cred_real)(1 / post_sum);
    cred_real *d = b->dout + at;
    for (size_t k = 0; k < n; k++) {
      const cred_real g = m.post[k] * to_post;
      d[k] = weighted(w, g - m.prior[k] * to_prior);
      d[n + k] = weighted(w, g * m.z[k] * m.inverse[k]);
      d[2 * n + k] = weighted(w, g * m.slope[k] * (m.z[k] * m.z[k] - 1));
    }
  }
  return sum;
}
