// prior.c -- log density, gradients and draws of the priors of credence/prob/prior.h.
//
// Mixture, in the log domain (through exp and log the gradient would vanish for |w| above
// a few s1, and large weights would never be pulled back):
//   a = log pi - log s1 - w^2 / (2 s1^2),  b the same for s2, without log(2 pi) / 2
//   log p = max(a, b) + log(1 + exp(-|a - b|))
//   d log p / dw = -w (r1 / s1^2 + r2 / s2^2),  r1 = sigmoid(a - b) = 1 - r2
// Student-t:  log p = log Gamma((v + 1) / 2) - log Gamma(v / 2) - log(v pi) / 2 - log s
//                     - (v + 1) / 2 log(1 + (w / s)^2 / v)
// Draws of Student-t: Bailey (1994), "Polar generation of random variates with the
// t-distribution", Mathematics of Computation 62: sqrt(v (U^(-2/v) - 1)) cos(2 pi V).

#include "credence/prob/prior.h"
#include "kernel/fast_math.h"
#include "kernel/kernel.h"
#include "kernel/special.h"
#include "kernel/update.h"
#include "prob/strip.h"
#include <math.h>

#define HALF_LOG_2PI 0.91893853320467274178
#define LOG_PI       1.14472988584940017414
#define TWO_PI       6.28318530717958647693
#define SQRT_HALF    0.70710678118654752440

static double sum_squares(const cred_real *w, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i += STRIP) {
    const size_t m = strip_length(n, i);
    cred_real term[STRIP];
    for (size_t j = 0; j < m; j++) term[j] = w[i + j] * w[i + j];
    sum += strip_sum(term, m);
  }
  return sum;
}

static double sum_magnitudes(const cred_real *w, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i += STRIP) {
    const size_t m = strip_length(n, i);
    cred_real term[STRIP];
    for (size_t j = 0; j < m; j++) term[j] = w[i + j] < 0 ? -w[i + j] : w[i + j];
    sum += strip_sum(term, m);
  }
  return sum;
}

static double mixture_log_prob(const cred_prior *p, const cred_real *w, size_t n) {
  const double half1 = 0.5 / (p->sd * p->sd), half2 = 0.5 / (p->sd2 * p->sd2);
  const double log1 = log(p->weight / p->sd), log2 = log((1.0 - p->weight) / p->sd2);
  const cred_real wide = (cred_real)half1, gap = (cred_real)(half2 - half1);
  const cred_real offset = (cred_real)(log1 - log2);
  double sum = 0;
  for (size_t i = 0; i < n; i += STRIP) {
    const size_t m = strip_length(n, i);
    cred_real term[STRIP];
    for (size_t j = 0; j < m; j++) {
      const cred_real square = w[i + j] * w[i + j], logit = offset + gap * square;
      const cred_real e = cred__exp(logit < 0 ? logit : -logit);
      term[j] = cred__log(1 + e) - wide * square - (logit < 0 ? logit : 0);
    }
    sum += strip_sum(term, m);
  }
  return sum + (log1 - HALF_LOG_2PI) * (double)n;
}

static double student_log_prob(const cred_prior *p, const cred_real *w, size_t n) {
  const double precision = 1.0 / (p->sd * p->sd * p->dof);
  const double constant =
      cred__log_gamma_half_step(0.5 * p->dof) - log(p->sd) - 0.5 * (log(p->dof) + LOG_PI);
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += log1p((double)w[i] * w[i] * precision);
  return constant * (double)n - 0.5 * (p->dof + 1.0) * sum;
}

double cred_prior_log_prob(const cred_prior *prior, const cred_real *w, size_t n) {
  const double s = prior->sd, count = (double)n;
  switch (prior->kind) {
  case CRED_PRIOR_FLAT:
    return 0.0;
  case CRED_PRIOR_NORMAL:
    return -0.5 * sum_squares(w, n) / (s * s) - count * (log(s) + HALF_LOG_2PI);
  case CRED_PRIOR_MIXTURE:
    return mixture_log_prob(prior, w, n);
  case CRED_PRIOR_LAPLACE: {
    const double b = s * SQRT_HALF;
    return -sum_magnitudes(w, n) / b - count * log(2.0 * b);
  }
  case CRED_PRIOR_STUDENT_T:
    return student_log_prob(prior, w, n);
  }
  return NAN;
}

static void add_normal(cred_real *dw, const cred_real *w, cred_real factor, size_t n) {
  for (size_t i = 0; i < n; i++) dw[i] += factor * w[i];
}

static void add_laplace(cred_real *dw, const cred_real *w, cred_real factor, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const cred_real sign = w[i] > 0 ? 1 : w[i] < 0 ? -1 : w[i]; // 0 at 0, NaN at NaN
    dw[i] += factor * sign;
  }
}

static void add_student(cred_real *dw, const cred_real *w, const cred_prior *p,
                        double scale, size_t n) {
  const cred_real base = (cred_real)(p->dof * p->sd * p->sd);
  const cred_real factor = (cred_real)(-scale * (p->dof + 1.0));
  for (size_t i = 0; i < n; i++) dw[i] += factor * w[i] / (base + w[i] * w[i]);
}

static void add_mixture(cred_real *dw, const cred_real *w, const cred_prior *p,
                        double scale, size_t n) {
  const cred__mixture mixture = {p->sd, p->sd2, p->weight};
  cred__mixture_grad(dw, w, &mixture, scale, n);
}

void cred_prior_grad(cred_real *dw, const cred_prior *prior, const cred_real *w,
                     double scale, size_t n) {
  const double s = prior->sd;
  switch (prior->kind) {
  case CRED_PRIOR_FLAT:
    return;
  case CRED_PRIOR_NORMAL:
    add_normal(dw, w, (cred_real)(-scale / (s * s)), n);
    return;
  case CRED_PRIOR_MIXTURE:
    add_mixture(dw, w, prior, scale, n);
    return;
  case CRED_PRIOR_LAPLACE:
    add_laplace(dw, w, (cred_real)(-scale / (s * SQRT_HALF)), n);
    return;
  case CRED_PRIOR_STUDENT_T:
    add_student(dw, w, prior, scale, n);
    return;
  }
}

double cred_prior_log_prob_grad(cred_real *dw, const cred_prior *prior,
                                const cred_real *w, double scale, size_t n) {
  cred_prior_grad(dw, prior, w, scale, n);
  return cred_prior_log_prob(prior, w, n);
}

double cred_prior_grad_log_sd(const cred_prior *prior, const cred_real *w, size_t n) {
  const double s = prior->sd, count = (double)n;
  switch (prior->kind) {
  case CRED_PRIOR_NORMAL:
    return sum_squares(w, n) / (s * s) - count;
  case CRED_PRIOR_LAPLACE:
    return sum_magnitudes(w, n) / (s * SQRT_HALF) - count;
  case CRED_PRIOR_STUDENT_T: {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
      const double square = (double)w[i] * w[i] / (s * s);
      sum += (prior->dof + 1.0) * square / (prior->dof + square);
    }
    return sum - count;
  }
  case CRED_PRIOR_FLAT:
  case CRED_PRIOR_MIXTURE:
    break;
  }
  return 0.0;
}

// One draw from two uniforms or from a normal; `words` is a stream apart from the
// normals.
static double draw_one(const cred_prior *p, double normal, const cred_key *words,
                       size_t i) {
  const double u = cred_key_uniform(words, 2 * (uint64_t)i);
  switch (p->kind) {
  case CRED_PRIOR_FLAT:
    break;
  case CRED_PRIOR_NORMAL:
    return p->sd * normal;
  case CRED_PRIOR_MIXTURE:
    return (u < p->weight ? p->sd : p->sd2) * normal;
  case CRED_PRIOR_LAPLACE:
    return p->sd * SQRT_HALF * (u < 0.5 ? log(2.0 * u) : -log(2.0 * (1.0 - u)));
  case CRED_PRIOR_STUDENT_T: {
    const double v = cred_key_uniform(words, 2 * (uint64_t)i + 1);
    // expm1: for a large dof the power is close to 1
    return p->sd * sqrt(p->dof * expm1(-2.0 / p->dof * log(u))) * cos(TWO_PI * v);
  }
  }
  return 0.0;
}

void cred_prior_sample(cred_real *w, const cred_prior *prior, const cred_key *key,
                       size_t n) {
  const cred_key words = cred_key_derive(key, CRED_FOR_WEIGHTS, 1);
  cred__normal_fill(w, n, key, 0, 0);
  for (size_t i = 0; i < n; i++)
    w[i] = (cred_real)draw_one(prior, (double)w[i], &words, i);
}
