// likelihood_moments.c -- mean and variance of y given the outputs, and under Gaussian
// ones.
//
// Law of total variance, outputs independent N(m, v):
//   epistemic = Var(E[y | outputs]),  aleatoric = E Var(y | outputs)
//   heteroscedastic  E exp(a) = exp(m + v / 2)
//   poisson          rate exp(l): mean e = exp(m + v / 2), variance e^2 (exp(v) - 1)
//   mixture          logits by cred__softmax_averages; means and log sds in closed form
//   classes          cred__sigmoid_moments, cred__softmax_moments; with noise on the
//                    logits points in place of both Gaussians
// Closed forms and quadrature, no sampling; beyond the limits of cred__hold and
// cred__lik_rate the closed forms are those of the held exponent.

#include "prob/gaussian_logits.h"
#include "prob/likelihood.h"
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
  const cred__lik_noise noise = cred__lik_noise_at(lik, params, t);
  const double var = noise.scale * noise.scale;
  return lik->kind == CRED_LIK_GAUSSIAN ? var : var * noise.dof / (noise.dof - 2.0);
}

static bool has_one_noise(const cred_likelihood *lik) {
  return lik->kind == CRED_LIK_GAUSSIAN || lik->kind == CRED_LIK_STUDENT_T;
}

void cred_likelihood_mean_var(double *mean, double *var, const cred_likelihood *lik,
                              const cred_real *out, const cred_real *params,
                              size_t n_rows) {
  const size_t T = lik->n_targets, n_out = cred_likelihood_n_outputs(lik);
  for (size_t t = 0; t < T; t++) {
    const double noise = has_one_noise(lik) ? noise_var(lik, params, t) : 0;
    for (size_t i = 0; i < n_rows; i++) {
      const cred_real *o = out + i * n_out;
      double *m = mean + i * T + t, *v = var + i * T + t;
      if (lik->kind == CRED_LIK_HETEROSCEDASTIC) {
        *m = (double)o[2 * t];
        *v = exp(cred__held_log_var((double)o[2 * t + 1]));
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

typedef struct {
  double mean, epistemic, aleatoric;
} moments;

// Values are taken about the first component's: squares of a large mean would lose
// digits.
static moments mixture_moments(const cred_real *mean, const cred_real *var, size_t n) {
  double value[CRED__MIXTURE_MAX], value_var[CRED__MIXTURE_MAX], noise[CRED__MIXTURE_MAX];
  const double origin = (double)mean[n];
  for (size_t k = 0; k < n; k++) {
    value[k] = (double)mean[n + k] - origin;
    value_var[k] = (double)var[n + k];
    noise[k] =
        exp(2.0 * cred__held_log_var((double)mean[2 * n + k] + (double)var[2 * n + k]));
  }
  if (n == 1) return (moments){origin, value_var[0], noise[0]};
  const cred__softmax_average a =
      cred__softmax_averages(mean, var, value, value_var, noise, n);
  const double between = a.mean_square - a.mean * a.mean,
               within = a.square - a.mean_square;
  return (moments){origin + a.mean, between < 0 ? 0 : between,
                   a.noise + (within < 0 ? 0 : within)};
}

static moments poisson_moments(double mean, double var) {
  const double rate = cred__lik_rate(NULL, mean + 0.5 * var);
  // past 80 the variance is beyond any count; infinity would spread
  return (moments){rate, rate * rate * expm1(var > 80.0 ? 80.0 : var), rate};
}

static moments target_moments(const cred_likelihood *lik, const cred_real *m,
                              const cred_real *v, double noise, size_t t) {
  switch (lik->kind) {
  case CRED_LIK_HETEROSCEDASTIC: {
    const double exponent = (double)m[2 * t + 1] + 0.5 * (double)v[2 * t + 1];
    return (moments){(double)m[2 * t], (double)v[2 * t],
                     exp(cred__held_log_var(exponent))};
  }
  case CRED_LIK_MIXTURE: {
    const size_t at = 3 * lik->n_components * t;
    return mixture_moments(m + at, v + at, lik->n_components);
  }
  case CRED_LIK_POISSON:
    return poisson_moments((double)m[t], (double)v[t]);
  default:
    return (moments){(double)m[t], (double)v[t], noise};
  }
}

void cred_likelihood_moments(double *mean, double *epistemic, double *aleatoric,
                             const cred_likelihood *lik, const cred_real *out_mean,
                             const cred_real *out_var, const cred_real *params,
                             size_t n_rows) {
  const size_t T = lik->n_targets, n_out = cred_likelihood_n_outputs(lik);
  for (size_t t = 0; t < T; t++) {
    const double noise = has_one_noise(lik) ? noise_var(lik, params, t) : 0;
    for (size_t i = 0; i < n_rows; i++) {
      const moments at =
          target_moments(lik, out_mean + i * n_out, out_var + i * n_out, noise, t);
      mean[i * T + t] = at.mean;
      epistemic[i * T + t] = at.epistemic;
      aleatoric[i * T + t] = at.aleatoric;
    }
  }
}

void cred_likelihood_class_moments(double *prob, double *expected_entropy,
                                   const cred_likelihood *lik, const cred_real *out_mean,
                                   const cred_real *out_var, size_t n_rows) {
  const size_t n = lik->n_classes;
  for (size_t i = 0; i < n_rows; i++) {
    double *p = prob + i * n;
    if (lik->kind == CRED_LIK_NOISY_CATEGORICAL) {
      cred__lik_noisy_class_moments(p, &expected_entropy[i], lik, out_mean + 2 * i * n,
                                    out_var + 2 * i * n);
    } else if (lik->kind == CRED_LIK_BERNOULLI) {
      cred__sigmoid_moments(&p[1], &expected_entropy[i], (double)out_mean[i],
                            (double)out_var[i]);
      p[0] = 1.0 - p[1];
    } else {
      cred__softmax_moments(p, &expected_entropy[i], out_mean + i * n, out_var + i * n,
                            n);
    }
  }
}
