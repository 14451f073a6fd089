// update.c -- the loops over parameters of a training step; formulas in kernel/update.h.
//
// Sums run over SUM_LANES explicit lanes of double, so that they vectorise and their
// order is fixed.

#include "isa.h"
#include "list.h"
#include "vector.h"
#include "kernel/fast_math.h"
#include <math.h>

enum { SUM_LANES = 8 };

#ifdef CRED_REAL_DOUBLE
#define cred__sqrt sqrt
#else
#define cred__sqrt sqrtf
#endif

enum { STRIP = 256 }; // terms of a sum are formed in float, then added in double

static void strip_sum(double lane[SUM_LANES], const cred_real *term, size_t n) {
  size_t i = 0;
  for (; i + SUM_LANES <= n; i += SUM_LANES)
    for (int l = 0; l < SUM_LANES; l++) lane[l] += (double)term[i + (size_t)l];
  for (; i < n; i++) lane[i % SUM_LANES] += (double)term[i];
}

static double lanes_sum(const double lane[SUM_LANES]) {
  double sum = 0;
  for (int l = 0; l < SUM_LANES; l++) sum += lane[l];
  return sum;
}

void K(gaussian_draw)(cred_real *restrict theta, const cred_real *restrict mean,
                      const cred_real *restrict log_sd, const cred_real *restrict eps,
                      size_t n) {
  for (size_t i = 0; i < n; i++) theta[i] = mean[i] + cred__exp(log_sd[i]) * eps[i];
}

// logit = log of the ratio wide : narrow at w, clamped so that its exponential is no
// denormal (a denormal makes the loop twice as slow). The narrow share is formed as r1
// e^-logit: 1 - r1 loses digits where r1 is near 1.
double K(mixture_grad)(cred_real *restrict dw, const cred_real *restrict w,
                       const cred__mixture *prior, double scale, size_t n) {
  const double p1 = 1.0 / (prior->sd1 * prior->sd1), p2 = 1.0 / (prior->sd2 * prior->sd2);
  const double log_ratio =
      log(prior->weight / prior->sd1) - log((1.0 - prior->weight) / prior->sd2);
  const cred_real a = (cred_real)log_ratio, b = (cred_real)(0.5 * (p2 - p1));
  const cred_real wide = (cred_real)(0.5 * p1);
  const cred_real half = (cred_real)(0.5 * p2), q1 = (cred_real)p1, q2 = (cred_real)p2,
                  s = (cred_real)scale;
  const double constant = log((1.0 - prior->weight) / prior->sd2) - 0.91893853320467274;
  double lane[SUM_LANES] = {0};
  // log p = log of the larger term + log(1 + e^-|logit|), and that is -log max(r1, r2)
  for (size_t i = 0; i < n; i += STRIP) {
    const size_t m = n - i < STRIP ? n - i : STRIP;
    cred_real term[STRIP];
    for (size_t j = 0; j < m; j++) {
      const cred_real x = w[i + j], square = x * x, logit = a + b * square;
      const cred_real low = logit > 30 ? (cred_real)30 : logit;
      const cred_real clamped = low < -30 ? (cred_real)-30 : low;
      const cred_real e = cred__exp(-clamped), r1 = 1 / (1 + e), r2 = r1 * e;
      dw[i + j] -= s * x * (r1 * q1 + r2 * q2);
      // about the nearer component: differences of the large squares would lose all
      // digits
      const cred_real top = logit > 0 ? a - wide * square : -half * square;
      term[j] = top - cred__log(r1 > r2 ? r1 : r2);
    }
    strip_sum(lane, term, m);
  }
  return lanes_sum(lane) + constant * (double)n;
}

void K(chain_log_sd)(cred_real *restrict dlog_sd, const cred_real *restrict dw,
                     const cred_real *restrict w, const cred_real *restrict mean,
                     size_t n) {
  for (size_t i = 0; i < n; i++) dlog_sd[i] += dw[i] * (w[i] - mean[i]);
}

double K(normal_kl_grad)(cred_real *restrict dmean, cred_real *restrict dlog_sd,
                         const cred_real *restrict mean, const cred_real *restrict log_sd,
                         double prior_sd, double weight, size_t n) {
  const cred_real precision = (cred_real)(1.0 / (prior_sd * prior_sd));
  const cred_real s = (cred_real)weight;
  double lane[SUM_LANES] = {0};
  for (size_t i = 0; i < n; i += STRIP) {
    const size_t m = n - i < STRIP ? n - i : STRIP;
    cred_real term[STRIP];
    for (size_t j = 0; j < m; j++) {
      const cred_real w = mean[i + j], sd = cred__exp(log_sd[i + j]), var = sd * sd;
      dmean[i + j] -= s * precision * w;
      dlog_sd[i + j] -= s * (precision * var - 1);
      term[j] = (cred_real)0.5 * precision * (var + w * w) - log_sd[i + j];
    }
    strip_sum(lane, term, m);
  }
  return lanes_sum(lane) + (double)n * (log(prior_sd) - 0.5);
}

void K(adam)(cred_real *restrict theta, cred_real *restrict m1, cred_real *restrict m2,
             const cred_real *restrict grad, const cred__adam *a, size_t n) {
  const cred_real b1 = (cred_real)a->beta1, b2 = (cred_real)a->beta2;
  const cred_real a1 = (cred_real)(1.0 - a->beta1), a2 = (cred_real)(1.0 - a->beta2);
  const cred_real rate = (cred_real)(a->rate * a->correct1), scale = (cred_real)a->scale;
  const cred_real c2 = (cred_real)a->correct2, epsilon = (cred_real)a->epsilon;
  const cred_real keep = (cred_real)(1.0 - a->rate * a->decay);
  for (size_t i = 0; i < n; i++) {
    const cred_real g = grad[i] * scale;
    m1[i] = b1 * m1[i] + a1 * g;
    m2[i] = b2 * m2[i] + a2 * g * g;
    theta[i] = keep * theta[i] + rate * m1[i] / (cred__sqrt(m2[i] * c2) + epsilon);
  }
}

void K(momentum)(cred_real *restrict theta, cred_real *restrict m1,
                 const cred_real *restrict grad, const cred__momentum *a, size_t n) {
  const cred_real b = (cred_real)a->beta, scale = (cred_real)a->scale;
  const cred_real rate = (cred_real)a->rate;
  const cred_real keep = (cred_real)(1.0 - a->rate * a->decay);
  for (size_t i = 0; i < n; i++) {
    m1[i] = b * m1[i] + grad[i] * scale;
    theta[i] = keep * theta[i] + rate * m1[i];
  }
}

double K(normal_adam)(cred_real *restrict theta, cred_real *restrict m1,
                      cred_real *restrict m2, const cred_real *restrict grad,
                      const cred__adam *a, double pull, size_t n) {
  const cred_real b1 = (cred_real)a->beta1, b2 = (cred_real)a->beta2;
  const cred_real a1 = (cred_real)(1.0 - a->beta1), a2 = (cred_real)(1.0 - a->beta2);
  const cred_real rate = (cred_real)(a->rate * a->correct1), scale = (cred_real)a->scale;
  const cred_real c2 = (cred_real)a->correct2, epsilon = (cred_real)a->epsilon;
  const cred_real keep = (cred_real)(1.0 - a->rate * a->decay), p = (cred_real)pull;
  double lane[SUM_LANES] = {0};
  for (size_t i = 0; i < n; i += STRIP) {
    const size_t m = n - i < STRIP ? n - i : STRIP;
    cred_real term[STRIP];
    for (size_t j = 0; j < m; j++) {
      const cred_real t = theta[i + j], g = (grad[i + j] - p * t) * scale;
      term[j] = t * t;
      m1[i + j] = b1 * m1[i + j] + a1 * g;
      m2[i + j] = b2 * m2[i + j] + a2 * g * g;
      theta[i + j] = keep * t + rate * m1[i + j] / (cred__sqrt(m2[i + j] * c2) + epsilon);
    }
    strip_sum(lane, term, m);
  }
  return lanes_sum(lane);
}

void K(add_noise)(cred_real *out, cred_real *slope, const cred_real *mean,
                  const cred_real *var, const cred_real *eps, size_t n) {
  if (!slope) {
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++) out[i] = mean[i] + cred__sqrt(var[i]) * eps[i];
    return;
  }
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) {
    const cred_real v = var[i], sd = cred__sqrt(v);
    out[i] = mean[i] + sd * eps[i];
    slope[i] = v == 0 ? 0 : (cred_real)0.5 * eps[i] / sd;
  }
}

double K(entropy_grad)(cred_real *restrict x, const cred_real *restrict log_sd, double s,
                       size_t n) {
  const cred_real step = (cred_real)s;
  double lane[SUM_LANES] = {0};
  for (size_t i = 0; i < n; i++) x[i] += step;
  strip_sum(lane, log_sd, n);
  return lanes_sum(lane);
}

double K(sum_squares)(const cred_real *x, size_t n) {
  double lane[SUM_LANES] = {0};
  for (size_t i = 0; i < n; i += STRIP) {
    const size_t m = n - i < STRIP ? n - i : STRIP;
    cred_real term[STRIP];
    for (size_t j = 0; j < m; j++) term[j] = x[i + j] * x[i + j];
    strip_sum(lane, term, m);
  }
  return lanes_sum(lane);
}

void K(exp_fill)(cred_real *out, const cred_real *x, size_t n) {
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] = cred__exp(x[i]);
}

void K(product)(cred_real *out, const cred_real *x, const cred_real *y, size_t n) {
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] = x[i] * y[i];
}

void K(product_add)(cred_real *out, const cred_real *x, const cred_real *y,
                    cred_real scale, size_t n) {
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] += scale * x[i] * y[i];
}

void K(product_by)(cred_real *out, const cred_real *x, cred_real scale, size_t n) {
#pragma GCC ivdep
  for (size_t i = 0; i < n; i++) out[i] *= scale * x[i];
}

// Rows of x one after the other, two sums under way.
static inline void sum_vector(cred_real *out, const cred_real *x, size_t n_rows,
                              size_t stride) {
  vec even = {0}, odd = {0};
  size_t b = 0;
  for (; b + 2 <= n_rows; b += 2, x += 2 * stride)
    even += *(const vec *)x, odd += *(const vec *)(x + stride);
  if (b < n_rows) even += *(const vec *)x;
  *(vec *)out = even + odd;
}

// The last vector overlaps the one before.
void K(column_sums)(cred_real *out, const cred_real *x, size_t n_rows, size_t n) {
  if (n == 1) {
    const size_t whole = n_rows / K_LANES * K_LANES;
    cred_real part[K_LANES] = {0}, sum = 0;
    sum_vector(part, x, n_rows / K_LANES, K_LANES);
    for (size_t b = whole; b < n_rows; b++) part[b - whole] += x[b];
    for (int l = 0; l < K_LANES; l++) sum += part[l];
    *out = sum;
    return;
  }
  if (n >= K_LANES) {
    for (size_t j = 0; j + K_LANES < n; j += K_LANES)
      sum_vector(out + j, x + j, n_rows, n);
    sum_vector(out + n - K_LANES, x + n - K_LANES, n_rows, n);
    return;
  }
  for (size_t j = 0; j < n; j++) out[j] = 0;
  for (size_t b = 0; b < n_rows; b++)
    for (size_t j = 0; j < n; j++) out[j] += x[b * n + j];
}
