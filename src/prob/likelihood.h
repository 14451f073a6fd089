// likelihood.h -- the kinds of likelihood, one row of functions each.

#ifndef CRED_SRC_PROB_LIKELIHOOD_H
#define CRED_SRC_PROB_LIKELIHOOD_H

#include "credence/prob/likelihood.h"

// One evaluation of a block of rows; arguments as in cred_likelihood_log_prob.
typedef struct {
  const cred_likelihood *lik;
  const cred_real *out, *y, *params, *weight;
  cred_real *dout, *dparams;
  double *row_log_prob;
  size_t n_rows, n_outputs;
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

// Noise of target t: standard deviation (or scale) and degrees of freedom.
double cred__lik_scale(const cred_likelihood *lik, const cred_real *params, size_t t);
double cred__lik_dof(const cred_likelihood *lik, const cred_real *params, size_t t);
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
enum { CRED__MIXTURE_MAX = 32 };
typedef struct {
  size_t n;
  double weight[CRED__MIXTURE_MAX], mean[CRED__MIXTURE_MAX], sd[CRED__MIXTURE_MAX];
} cred__mixture_at;
void cred__lik_mixture_at(cred__mixture_at *m, const cred_likelihood *lik,
                          const cred_real *out_row, size_t t);

// Beyond these the functions go on flat (log variance, log sd) or straight (log rate), so that
// nothing overflows; values and gradients agree.
#define CRED__LOG_VAR_MAX 20.0
#define CRED__LOG_SD_MAX 10.0
#define CRED__LOG_RATE_MAX 20.0
// exp(x), straight beyond CRED__LOG_RATE_MAX; its derivative in `slope` unless NULL.
double cred__lik_rate(double *slope, double x);

#endif
