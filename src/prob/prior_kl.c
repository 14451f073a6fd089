// prior_kl.c -- KL(N(m, s^2) || prior) in closed form, for the normal and the Laplace
// prior.
//
// Normal of sd t (Kingma & Welling 2014, appendix B, here with a prior of any width):
//   KL = log t - log s + (s^2 + m^2) / (2 t^2) - 1/2
//   d/dm = m / t^2,  d/ds = s / t^2 - 1 / s,  d/dlog t = 1 - (s^2 + m^2) / t^2
// Laplace of scale b: KL = -entropy of the normal - E log p, and E|w| is the mean of the
// folded normal (Leone, Nelson & Nottingham 1961):
//   A = E|w| = s sqrt(2 / pi) exp(-z^2 / 2) + m erf(z / sqrt 2),  z = m / s
//   KL = A / b + log(2 b) - log s - (1 + log(2 pi)) / 2
//   dA/dm = erf(z / sqrt 2),  dA/ds = sqrt(2 / pi) exp(-z^2 / 2),  d/dlog b = 1 - A / b
// The KL is a sum over weights. A standard deviation of 0 gives infinity.

#include "credence/prob/prior.h"
#include <math.h>

#define HALF_LOG_2PI_E 1.41893853320467274178
#define SQRT_HALF      0.70710678118654752440
#define SQRT_2_OVER_PI 0.79788456080286535588

bool cred_prior_has_kl(const cred_prior *prior) {
  return prior->kind == CRED_PRIOR_NORMAL || prior->kind == CRED_PRIOR_LAPLACE;
}

// Four at a time: the product of four floats cannot leave the range of a double.
static double sum_log(const cred_real *sd, size_t n) {
  double sum = 0;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const double a = (double)sd[i] * (double)sd[i + 1];
    const double b = (double)sd[i + 2] * (double)sd[i + 3];
    sum += log(a * b);
  }
  for (; i < n; i++) sum += log((double)sd[i]);
  return sum;
}

// sum of s^2 + m^2
static double sum_second_moment(const cred_real *mean, const cred_real *sd, size_t n) {
  enum { LANES = 8 };
  double lane[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t l = 0; l < LANES; l++) {
      const double m = (double)mean[i + l], s = (double)sd[i + l];
      lane[l] += s * s + m * m;
    }
  for (; i < n; i++) {
    const double m = (double)mean[i], s = (double)sd[i];
    lane[0] += s * s + m * m;
  }
  for (size_t l = 0; l < LANES; l++) sum += lane[l];
  return sum;
}

// E|w| of one weight and its derivatives.
static double folded_mean(double *dm, double *ds, double m, double s) {
  const double z = m == 0 ? 0 : m / s; // a point at 0 is no NaN
  *dm = erf(z * SQRT_HALF);
  *ds = SQRT_2_OVER_PI * exp(-0.5 * z * z);
  return s * *ds + m * *dm;
}

static double sum_folded_mean(const cred_real *mean, const cred_real *sd, size_t n) {
  double sum = 0, dm, ds;
  for (size_t i = 0; i < n; i++)
    sum += folded_mean(&dm, &ds, (double)mean[i], (double)sd[i]);
  return sum;
}

double cred_prior_kl(const cred_prior *prior, const cred_real *mean, const cred_real *sd,
                     size_t n) {
  const double t = prior->sd, b = t * SQRT_HALF, count = (double)n;
  if (prior->kind == CRED_PRIOR_NORMAL)
    return count * (log(t) - 0.5) - sum_log(sd, n) +
           0.5 * sum_second_moment(mean, sd, n) / (t * t);
  if (prior->kind == CRED_PRIOR_LAPLACE)
    return count * (log(2.0 * b) - HALF_LOG_2PI_E) - sum_log(sd, n) +
           sum_folded_mean(mean, sd, n) / b;
  return NAN;
}

void cred_prior_kl_grad(cred_real *dmean, cred_real *dsd, const cred_prior *prior,
                        const cred_real *mean, const cred_real *sd, double scale,
                        size_t n) {
  if (prior->kind == CRED_PRIOR_NORMAL) {
    const cred_real p = (cred_real)(scale / (prior->sd * prior->sd)),
                    c = (cred_real)scale;
    for (size_t i = 0; i < n; i++) {
      dmean[i] += p * mean[i];
      dsd[i] += p * sd[i] - c / sd[i];
    }
    return;
  }
  if (prior->kind != CRED_PRIOR_LAPLACE) return;
  const double rate = scale / (prior->sd * SQRT_HALF);
  for (size_t i = 0; i < n; i++) {
    double dm, ds;
    folded_mean(&dm, &ds, (double)mean[i], (double)sd[i]);
    dmean[i] += (cred_real)(rate * dm);
    dsd[i] += (cred_real)(rate * ds - scale / (double)sd[i]);
  }
}

double cred_prior_kl_grad_log_sd(const cred_prior *prior, const cred_real *mean,
                                 const cred_real *sd, size_t n) {
  const double t = prior->sd, count = (double)n;
  if (prior->kind == CRED_PRIOR_NORMAL)
    return count - sum_second_moment(mean, sd, n) / (t * t);
  if (prior->kind == CRED_PRIOR_LAPLACE)
    return count - sum_folded_mean(mean, sd, n) / (t * SQRT_HALF);
  return NAN;
}
