// likelihood_predict.c -- what a likelihood says of y given the outputs: moments, distribution
// function, quantiles, draws, and moments under Gaussian outputs.

#include "prob/likelihood.h"
#include "kernel/special.h"
#include <math.h>

static void mixture_mean_var(double *mean, double *var, const cred__mixture_at *m) {
  *mean = 0;
  *var = 0;
  for (size_t k = 0; k < m->n; k++) *mean += m->weight[k] * m->mean[k];
  for (size_t k = 0; k < m->n; k++) {
    const double d = m->mean[k] - *mean;
    *var += m->weight[k] * (m->sd[k] * m->sd[k] + d * d);
  }
}

static double noise_var(const cred_likelihood *lik, const cred_real *params, size_t t) {
  const double s = cred__lik_scale(lik, params, t);
  if (lik->kind == CRED_LIK_GAUSSIAN) return s * s;
  const double v = cred__lik_dof(lik, params, t);
  return s * s * v / (v - 2);
}

static double held_log_var(double a) {
  return isnan(a) ? a : fmin(fmax(a, -CRED__LOG_VAR_MAX), CRED__LOG_VAR_MAX);
}

void cred_likelihood_mean_var(double *mean, double *var, const cred_likelihood *lik,
                              const cred_real *out, const cred_real *params, size_t n_rows) {
  const size_t T = lik->n_targets, n_out = cred_likelihood_n_outputs(lik);
  for (size_t t = 0; t < T; t++) {
    const bool constant = lik->kind == CRED_LIK_GAUSSIAN || lik->kind == CRED_LIK_STUDENT_T;
    const double noise = constant ? noise_var(lik, params, t) : 0;
    for (size_t i = 0; i < n_rows; i++) {
      const cred_real *o = out + i * n_out;
      double *m = mean + i * T + t, *v = var + i * T + t;
      if (lik->kind == CRED_LIK_HETEROSCEDASTIC) {
        *m = (double)o[2 * t];
        *v = exp(held_log_var((double)o[2 * t + 1]));
      } else if (lik->kind == CRED_LIK_MIXTURE) {
        cred__mixture_at at;
        cred__lik_mixture_at(&at, lik, o, t);
        mixture_mean_var(m, v, &at);
      } else if (lik->kind == CRED_LIK_POISSON) {
        *m = *v = cred__lik_rate(NULL, (double)o[t]);
      } else {
        *m = (double)o[t];
        *v = noise;
      }
    }
  }
}

static double mixture_cdf(const cred__mixture_at *m, double y) {
  double sum = 0;
  for (size_t k = 0; k < m->n; k++)
    sum += m->weight[k] * cred__normal_cdf((y - m->mean[k]) / m->sd[k]);
  return sum;
}

double cred_likelihood_cdf(const cred_likelihood *lik, const cred_real *o,
                           const cred_real *params, size_t t, double y) {
  cred__mixture_at m;
  switch (lik->kind) {
  case CRED_LIK_GAUSSIAN:
    return cred__normal_cdf((y - (double)o[t]) / cred__lik_scale(lik, params, t));
  case CRED_LIK_STUDENT_T:
    return cred__student_t_cdf((y - (double)o[t]) / cred__lik_scale(lik, params, t),
                               cred__lik_dof(lik, params, t));
  case CRED_LIK_HETEROSCEDASTIC:
    return cred__normal_cdf((y - (double)o[2 * t]) *
                            exp(-0.5 * held_log_var((double)o[2 * t + 1])));
  case CRED_LIK_MIXTURE:
    cred__lik_mixture_at(&m, lik, o, t);
    return mixture_cdf(&m, y);
  case CRED_LIK_POISSON:
    return y < 0 ? 0.0 : cred__poisson_cdf(floor(y), cred__lik_rate(NULL, (double)o[t]));
  case CRED_LIK_BERNOULLI:
  case CRED_LIK_CATEGORICAL: break;
  }
  return NAN; // classes have no order
}

// Bisection between the smallest and the largest quantile of the components.
static double mixture_quantile(const cred__mixture_at *m, double level) {
  const double z = cred__normal_quantile(level);
  double low = INFINITY, high = -INFINITY;
  for (size_t k = 0; k < m->n; k++) {
    low = fmin(low, m->mean[k] + z * m->sd[k]);
    high = fmax(high, m->mean[k] + z * m->sd[k]);
  }
  for (int i = 0; i < 200 && high - low > 1e-13 * (fabs(low) + fabs(high)); i++) {
    const double y = 0.5 * (low + high);
    if (mixture_cdf(m, y) < level) low = y;
    else high = y;
  }
  return 0.5 * (low + high);
}

static double poisson_quantile(double rate, double level) {
  double low = -1, high = 1;
  while (cred__poisson_cdf(high, rate) < level && high < 1e18) low = high, high *= 2;
  while (high - low > 1) {
    const double y = floor(0.5 * (low + high));
    if (cred__poisson_cdf(y, rate) < level) low = y;
    else high = y;
  }
  return low < 0 && cred__poisson_cdf(0, rate) >= level ? 0.0 : high;
}

double cred_likelihood_quantile(const cred_likelihood *lik, const cred_real *o,
                                const cred_real *params, size_t t, double level) {
  cred__mixture_at m;
  switch (lik->kind) {
  case CRED_LIK_GAUSSIAN:
    return (double)o[t] + cred__lik_scale(lik, params, t) * cred__normal_quantile(level);
  case CRED_LIK_STUDENT_T:
    return (double)o[t] + cred__lik_scale(lik, params, t) *
                              cred__student_t_quantile(level, cred__lik_dof(lik, params, t));
  case CRED_LIK_HETEROSCEDASTIC:
    return (double)o[2 * t] +
           exp(0.5 * held_log_var((double)o[2 * t + 1])) * cred__normal_quantile(level);
  case CRED_LIK_MIXTURE:
    cred__lik_mixture_at(&m, lik, o, t);
    return mixture_quantile(&m, level);
  case CRED_LIK_POISSON: return poisson_quantile(cred__lik_rate(NULL, (double)o[t]), level);
  case CRED_LIK_BERNOULLI:
  case CRED_LIK_CATEGORICAL: break;
  }
  return NAN;
}

// Polar form of a Student-t: sqrt(v (u^(-2/v) - 1)) cos(2 pi w); Bailey (1994), section 2.
static double student_t_draw(const cred_key *key, uint64_t index, double v) {
  const double u = cred_key_uniform(key, 2 * index), w = cred_key_uniform(key, 2 * index + 1);
  return sqrt(v * expm1(-2.0 / v * log(u))) * cos(6.283185307179586 * w);
}

static double class_draw(const cred_likelihood *lik, const cred_real *o, double u) {
  if (lik->kind == CRED_LIK_BERNOULLI) return u < 1 / (1 + exp(-(double)o[0]));
  double l[4096], sum = 0;
  for (size_t c = 0; c < lik->n_classes; c++) l[c] = (double)o[c];
  const double total = cred__log_sum_exp(l, lik->n_classes);
  for (size_t c = 0; c < lik->n_classes; c++)
    if (u < (sum += exp(l[c] - total))) return (double)c;
  return (double)lik->n_classes - 1;
}

void cred_likelihood_sample(double *y, const cred_likelihood *lik, const cred_real *o,
                            const cred_real *params, const cred_key *key, uint64_t index) {
  for (size_t t = 0; t < lik->n_targets; t++) {
    const uint64_t at = index * lik->n_targets + t;
    switch (lik->kind) {
    case CRED_LIK_GAUSSIAN:
      y[t] = (double)o[t] + cred__lik_scale(lik, params, t) * cred_key_normal(key, at);
      break;
    case CRED_LIK_STUDENT_T:
      y[t] = (double)o[t] + cred__lik_scale(lik, params, t) *
                                student_t_draw(key, at, cred__lik_dof(lik, params, t));
      break;
    case CRED_LIK_HETEROSCEDASTIC:
      y[t] = (double)o[2 * t] +
             exp(0.5 * held_log_var((double)o[2 * t + 1])) * cred_key_normal(key, at);
      break;
    case CRED_LIK_MIXTURE:
    case CRED_LIK_POISSON:
      y[t] = cred_likelihood_quantile(lik, o, params, t, cred_key_uniform(key, at));
      break;
    case CRED_LIK_BERNOULLI:
    case CRED_LIK_CATEGORICAL: y[t] = class_draw(lik, o, cred_key_uniform(key, at)); break;
    }
  }
}

// Outputs N(m, v), independent. Mixture: the delta method about the means.
static void row_moments(double *mean, double *epistemic, double *aleatoric,
                        const cred_likelihood *lik, const cred_real *m, const cred_real *v,
                        const cred_real *params, size_t t) {
  if (lik->kind == CRED_LIK_HETEROSCEDASTIC) {
    *mean = (double)m[2 * t];
    *epistemic = (double)v[2 * t];
    *aleatoric = exp(held_log_var((double)m[2 * t + 1] + 0.5 * (double)v[2 * t + 1]));
  } else if (lik->kind == CRED_LIK_MIXTURE) {
    cred__mixture_at at;
    cred__lik_mixture_at(&at, lik, m, t);
    mixture_mean_var(mean, aleatoric, &at);
    const cred_real *var = v + 3 * at.n * t;
    *epistemic = 0;
    for (size_t k = 0; k < at.n; k++) {
      const double dlogit = at.weight[k] * (at.mean[k] - *mean);
      *epistemic += dlogit * dlogit * (double)var[k] +
                    at.weight[k] * at.weight[k] * (double)var[at.n + k];
    }
  } else if (lik->kind == CRED_LIK_POISSON) {
    *mean = *aleatoric = cred__lik_rate(NULL, (double)m[t] + 0.5 * (double)v[t]);
    *epistemic = *mean * *mean * expm1((double)v[t]);
  } else {
    *mean = (double)m[t];
    *epistemic = (double)v[t];
    *aleatoric = noise_var(lik, params, t);
  }
}

void cred_likelihood_moments(double *mean, double *epistemic, double *aleatoric,
                             const cred_likelihood *lik, const cred_real *out_mean,
                             const cred_real *out_var, const cred_real *params,
                             size_t n_rows) {
  const size_t T = lik->n_targets, n_out = cred_likelihood_n_outputs(lik);
  for (size_t i = 0; i < n_rows; i++)
    for (size_t t = 0; t < T; t++)
      row_moments(mean + i * T + t, epistemic + i * T + t, aleatoric + i * T + t, lik,
                  out_mean + i * n_out, out_var + i * n_out, params, t);
}
