// likelihood.h -- the kinds of likelihood, one row of functions each.

#ifndef CRED_SRC_PROB_LIKELIHOOD_H
#define CRED_SRC_PROB_LIKELIHOOD_H

#include "credence/prob/likelihood.h"
#include <math.h>

// One evaluation of a block of rows; arguments as in cred_likelihood_log_prob.
typedef struct {
  const cred_likelihood *lik;
  const cred_real *out, *y, *params, *weight;
  cred_real *dout, *dparams;
  double *row_log_prob;
  size_t n_rows, n_outputs;
  const cred_key *key;
} cred__lik_block;

// Adds target t's terms: returns the weighted sum; row_log_prob is added to.
typedef double (*cred__lik_eval)(const cred__lik_block *b, size_t t);
double cred__lik_gaussian(const cred__lik_block *b, size_t t);
double cred__lik_heteroscedastic(const cred__lik_block *b, size_t t);
double cred__lik_mixture(const cred__lik_block *b, size_t t);
double cred__lik_student_t(const cred__lik_block *b, size_t t);
double cred__lik_bernoulli(const cred__lik_block *b, size_t t);
double cred__lik_categorical(const cred__lik_block *b, size_t t);
double cred__lik_poisson(const cred__lik_block *b, size_t t);
double cred__lik_noisy(const cred__lik_block *b, size_t t);
// As their public namesakes; the moments are of one row.
void cred__lik_noisy_class_log_prob(double *log_prob, const cred_likelihood *lik,
                                    const cred_real *out, size_t n_rows);
void cred__lik_noisy_class_moments(double *prob, double *expected_entropy,
                                   const cred_likelihood *lik, const cred_real *mean,
                                   const cred_real *var);

// Noise of target t, and derivatives with respect to its parameters (0 where it is
// given).
typedef struct {
  double log_scale, scale, dlog_scale; // of the standard deviation or scale
  double dof, ddof;                    // student-t
} cred__lik_noise;
cred__lik_noise cred__lik_noise_at(const cred_likelihood *lik, const cred_real *params,
                                   size_t t);
size_t cred__lik_params_each(const cred_likelihood *lik);

static inline cred_real cred__lik_weight(const cred__lik_block *b, size_t i) {
  return b->weight ? b->weight[i] : 1;
}

// Records one row: the log density, weighted in the sum.
static inline double cred__lik_row(const cred__lik_block *b, size_t i, double log_prob) {
  if (b->row_log_prob) b->row_log_prob[i] += log_prob;
  const cred_real w = cred__lik_weight(b, i);
  return w != 0 ? (double)w * log_prob : 0.0; // a row of weight 0 adds nothing, even NaN
}

// The mixture's parameters of one target at one row, normalised.
enum { CRED__MIXTURE_MAX = 32, CRED__CLASSES_MAX = 4096, CRED__NOISY_DRAWS_MAX = 128 };
typedef struct {
  size_t n;
  double weight[CRED__MIXTURE_MAX], mean[CRED__MIXTURE_MAX], sd[CRED__MIXTURE_MAX];
} cred__mixture_at;
void cred__lik_mixture_at(cred__mixture_at *m, const cred_likelihood *lik,
                          const cred_real *out_row, size_t t);

// x while |x| <= limit; beyond, with a continuous slope that never reaches 0, towards 2
// limit. So no exponential overflows, and an output that strayed finds its way back:
//   limit + limit (1 - q),  q = limit / |x|,  slope q^2
static inline double cred__hold(double *slope, double x, double limit) {
  *slope = 1.0;
  if (!(fabs(x) > limit)) return x; // NaN passes
  const double q = limit / fabs(x);
  *slope = q * q;
  return copysign(limit * (2.0 - q), x);
}
// Identity while the sd is between 5.5e-4 and 1800 (in standardised units).
#define CRED__LOG_VAR_LIMIT 15.0
#define CRED__LOG_SD_LIMIT  7.5
static inline double cred__held_log_var(double a) {
  double slope;
  return cred__hold(&slope, a, CRED__LOG_VAR_LIMIT);
}

// exp(x), straight beyond 20; its derivative in `slope` unless NULL.
#define CRED__LOG_RATE_MAX 20.0
double cred__lik_rate(double *slope, double x);

#endif
