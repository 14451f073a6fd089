// likelihood_predict.c -- distribution function, quantiles and draws of y given the
// outputs.

#include "prob/likelihood.h"
#include "kernel/special.h"
#include <math.h>

static double mixture_cdf(const cred__mixture_at *m, double y) {
  double sum = 0;
  for (size_t k = 0; k < m->n; k++)
    sum += m->weight[k] * cred__normal_cdf((y - m->mean[k]) / m->sd[k]);
  return sum;
}

double cred_likelihood_cdf(const cred_likelihood *lik, const cred_real *o,
                           const cred_real *params, size_t t, double y) {
  cred__mixture_at m;
  cred__lik_noise noise;
  switch (lik->kind) {
  case CRED_LIK_GAUSSIAN:
    noise = cred__lik_noise_at(lik, params, t);
    return cred__normal_cdf((y - (double)o[t]) / noise.scale);
  case CRED_LIK_STUDENT_T:
    noise = cred__lik_noise_at(lik, params, t);
    return cred__student_t_cdf((y - (double)o[t]) / noise.scale, noise.dof);
  case CRED_LIK_HETEROSCEDASTIC:
    return cred__normal_cdf((y - (double)o[2 * t]) *
                            exp(-0.5 * cred__held_log_var((double)o[2 * t + 1])));
  case CRED_LIK_MIXTURE:
    cred__lik_mixture_at(&m, lik, o, t);
    return mixture_cdf(&m, y);
  case CRED_LIK_POISSON:
    return y < 0 ? 0.0 : cred__poisson_cdf(floor(y), cred__lik_rate(NULL, (double)o[t]));
  case CRED_LIK_BERNOULLI:
  case CRED_LIK_CATEGORICAL:
  case CRED_LIK_NOISY_CATEGORICAL:
    break;
  }
  return NAN; // classes have no order
}

// Bisection between the smallest and the largest quantile of the components.
static double mixture_quantile(const cred__mixture_at *m, double level) {
  const double z = cred__normal_quantile(level);
  if (!isfinite(z) || isnan(mixture_cdf(m, 0))) return z * m->sd[0] + m->mean[0];
  double low = INFINITY, high = -INFINITY;
  for (size_t k = 0; k < m->n; k++) {
    low = fmin(low, m->mean[k] + z * m->sd[k]);
    high = fmax(high, m->mean[k] + z * m->sd[k]);
  }
  for (int i = 0; i < 200 && high - low > 1e-13 * (fabs(low) + fabs(high)); i++) {
    const double y = 0.5 * (low + high);
    if (mixture_cdf(m, y) < level)
      low = y;
    else
      high = y;
  }
  return 0.5 * (low + high);
}

static double poisson_quantile(double rate, double level) {
  if (!isfinite(rate) || !(level > 0 && level < 1)) return NAN;
  double low = -1, high = 1;
  while (cred__poisson_cdf(high, rate) < level && high < 1e18) low = high, high *= 2;
  while (high - low > 1) {
    const double y = floor(0.5 * (low + high));
    if (cred__poisson_cdf(y, rate) < level)
      low = y;
    else
      high = y;
  }
  return low < 0 && cred__poisson_cdf(0, rate) >= level ? 0.0 : high;
}

double cred_likelihood_quantile(const cred_likelihood *lik, const cred_real *o,
                                const cred_real *params, size_t t, double level) {
  cred__mixture_at m;
  cred__lik_noise noise;
  switch (lik->kind) {
  case CRED_LIK_GAUSSIAN:
    noise = cred__lik_noise_at(lik, params, t);
    return (double)o[t] + noise.scale * cred__normal_quantile(level);
  case CRED_LIK_STUDENT_T:
    noise = cred__lik_noise_at(lik, params, t);
    return (double)o[t] + noise.scale * cred__student_t_quantile(level, noise.dof);
  case CRED_LIK_HETEROSCEDASTIC:
    return (double)o[2 * t] + exp(0.5 * cred__held_log_var((double)o[2 * t + 1])) *
                                  cred__normal_quantile(level);
  case CRED_LIK_MIXTURE:
    cred__lik_mixture_at(&m, lik, o, t);
    return mixture_quantile(&m, level);
  case CRED_LIK_POISSON:
    return poisson_quantile(cred__lik_rate(NULL, (double)o[t]), level);
  case CRED_LIK_BERNOULLI:
  case CRED_LIK_CATEGORICAL:
  case CRED_LIK_NOISY_CATEGORICAL:
    break;
  }
  return NAN;
}

// Polar form of a Student-t: sqrt(v (u^(-2/v) - 1)) cos(2 pi w); Bailey (1994),
// section 2.
static double student_t_draw(const cred_key *key, uint64_t index, double v) {
  const double u = cred_key_uniform(key, 2 * index),
               w = cred_key_uniform(key, 2 * index + 1);
  return sqrt(v * expm1(-2.0 / v * log(u))) * cos(6.283185307179586 * w);
}

static double class_draw(const cred_likelihood *lik, const cred_real *o, double u) {
  if (lik->kind == CRED_LIK_BERNOULLI) return u < 1 / (1 + exp(-(double)o[0]));
  double top = (double)o[0], total = 0, sum = 0;
  for (size_t c = 1; c < lik->n_classes; c++) top = fmax(top, (double)o[c]);
  for (size_t c = 0; c < lik->n_classes; c++) total += exp((double)o[c] - top);
  for (size_t c = 0; c < lik->n_classes; c++)
    if (u * total < (sum += exp((double)o[c] - top))) return (double)c;
  return (double)lik->n_classes - 1;
}

// Noise on the logits, then a class.
static double noisy_draw(const cred_likelihood *lik, const cred_real *o,
                         const cred_key *key, uint64_t at) {
  const cred_key noise = cred_key_derive(key, CRED_FOR_LOGITS, at);
  cred_real logit[CRED__CLASSES_MAX];
  for (size_t c = 0; c < lik->n_classes; c++) {
    const double a = cred__held_log_var((double)o[lik->n_classes + c]);
    logit[c] = (cred_real)((double)o[c] + exp(0.5 * a) * cred_key_normal(&noise, c));
  }
  return class_draw(lik, logit, cred_key_uniform(key, at));
}

static double draw_one(const cred_likelihood *lik, const cred_real *o,
                       const cred_real *params, size_t t, const cred_key *key,
                       uint64_t at) {
  cred__lik_noise noise;
  switch (lik->kind) {
  case CRED_LIK_GAUSSIAN:
    noise = cred__lik_noise_at(lik, params, t);
    return (double)o[t] + noise.scale * cred_key_normal(key, at);
  case CRED_LIK_STUDENT_T:
    noise = cred__lik_noise_at(lik, params, t);
    return (double)o[t] + noise.scale * student_t_draw(key, at, noise.dof);
  case CRED_LIK_HETEROSCEDASTIC:
    return (double)o[2 * t] +
           exp(0.5 * cred__held_log_var((double)o[2 * t + 1])) * cred_key_normal(key, at);
  case CRED_LIK_MIXTURE:
  case CRED_LIK_POISSON: // by the inverse of the distribution function
    return cred_likelihood_quantile(lik, o, params, t, cred_key_uniform(key, at));
  case CRED_LIK_BERNOULLI:
  case CRED_LIK_CATEGORICAL:
    return class_draw(lik, o, cred_key_uniform(key, at));
  case CRED_LIK_NOISY_CATEGORICAL:
    return noisy_draw(lik, o, key, at);
  }
  return NAN;
}

void cred_likelihood_sample(double *y, const cred_likelihood *lik, const cred_real *o,
                            const cred_real *params, const cred_key *key,
                            uint64_t index) {
  for (size_t t = 0; t < lik->n_targets; t++)
    y[t] = draw_one(lik, o, params, t, key, index * lik->n_targets + t);
}
