// special.c -- gamma and beta functions and their incomplete forms.
//
//   P(a, x) = 1 / Gamma(a) int_0^x t^(a-1) e^-t dt
//   I_x(a, b) = 1 / B(a, b) int_0^x t^(a-1) (1-t)^(b-1) dt
//
// Sources: Abramowitz & Stegun (1964), 6.1.41 (Stirling), 6.3.18 (digamma), 6.5.29
// (series of P), 6.5.31 (continued fraction of Q), 26.5.8 (continued fraction of I); the
// fractions are summed by the method of Lentz (1976) as modified by Thompson & Barnett
// (1986). The cancellation-free log Beta follows Didonato & Morris (1992), section 8.

#define _DEFAULT_SOURCE // lgamma_r

#include "kernel/special.h"
#include <float.h>
#include <math.h>

static const double half_log_2pi = 0.91893853320467274178;
static const double tiny = 1e-300; // stands for a zero denominator in Lentz' method

double cred__log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

double cred__digamma(double x) {
  static const double pi = 3.14159265358979323846;
  if (!(x > 0.0)) {
    if (isnan(x) || x == floor(x)) return NAN; // poles at 0, -1, -2, ...
    return cred__digamma(1.0 - x) - pi / tan(pi * x);
  }
  double sum = 0.0;
  for (; x < 12.0; x += 1.0) sum -= 1.0 / x;
  const double r = 1.0 / (x * x);
  const double series =
      r * (1.0 / 12 -
           r * (1.0 / 120 -
                r * (1.0 / 252 -
                     r * (1.0 / 240 - r * (1.0 / 132 - r * (691.0 / 32760 - r / 12))))));
  return sum + log(x) - 0.5 / x - series;
}

// log Gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2) for x >= 10.
static double stirling_rest(double x) {
  const double r = 1.0 / (x * x);
  return (1.0 / 12 -
          r * (1.0 / 360 -
               r * (1.0 / 1260 - r * (1.0 / 1680 - r * (1.0 / 1188 - r * (691.0 / 360360 -
                                                                          r / 156)))))) /
         x;
}

double cred__log_beta(double a, double b) {
  if (!(a > 0.0 && b > 0.0)) return NAN;
  if (a > b) {
    const double swap = a;
    a = b;
    b = swap;
  }
  if (b < 10.0) return cred__log_gamma(a) + cred__log_gamma(b) - cred__log_gamma(a + b);
  const double rest = stirling_rest(b) - stirling_rest(a + b);
  const double log_sum = (a + b - 0.5) * log1p(a / b);
  if (a < 10.0) return cred__log_gamma(a) - a * log(b) - log_sum + a + rest;
  return (a - 0.5) * log(a / b) - 0.5 * log(b) - log_sum + half_log_2pi +
         stirling_rest(a) + rest;
}

double cred__log_gamma_half_step(double x) {
  if (!(x > 0.0)) return NAN;
  if (x < 20.0) return cred__log_gamma(x + 0.5) - cred__log_gamma(x);
  const double r = 1.0 / (x * x); // Tricomi & Erdelyi (1951), of the logarithm
  return 0.5 * log(x) -
         (1.0 / 8 - r * (1.0 / 192 - r * (1.0 / 640 - r * (17.0 / 14336)))) / x;
}

double cred__log_sum_exp(const double *x, size_t n) {
  double max = -INFINITY;
  for (size_t i = 0; i < n; i++) {
    if (isnan(x[i])) return NAN;
    if (x[i] > max) max = x[i];
  }
  if (isinf(max)) return max;
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += exp(x[i] - max);
  return max + log(sum);
}

double cred__log_add_exp(double a, double b) {
  if (isnan(a) || isnan(b)) return NAN;
  const double high = a > b ? a : b, low = a > b ? b : a;
  return isinf(high) ? high : high + log1p(exp(low - high));
}

// x^a e^-x / Gamma(a + 1), with the large parts of its logarithm cancelled by hand.
static double gamma_prefactor(double a, double x) {
  if (a < 10.0) return exp(a * log(x) - x - cred__log_gamma(a + 1.0));
  const double d = (x - a) / a;
  const double log_power = fabs(d) < 0.5 ? a * (log1p(d) - d) : a * log(x / a) - (x - a);
  return exp(log_power - half_log_2pi - 0.5 * log(a) - stirling_rest(a));
}

static double gamma_p_series(double a, double x) {
  double term = 1.0, sum = 1.0;
  for (double k = 1.0; term > DBL_EPSILON / 4 * sum; k += 1.0) sum += term *= x / (a + k);
  return sum * gamma_prefactor(a, x);
}

static double gamma_q_fraction(double a, double x) {
  double b = x + 1.0 - a, c = 1.0 / tiny, d = 1.0 / b, h = d;
  for (int k = 1; k < 1000000; k++) {
    const double numerator = -k * (k - a);
    b += 2.0;
    d = numerator * d + b;
    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    c = b + numerator / c;
    if (fabs(c) < tiny) c = tiny;
    h *= d * c;
    if (fabs(d * c - 1.0) < DBL_EPSILON) break;
  }
  return h * a * gamma_prefactor(a, x);
}

double cred__gamma_p(double a, double x) {
  if (!(a > 0.0 && x >= 0.0)) return NAN;
  if (x == 0.0) return 0.0;
  if (isinf(x)) return 1.0;
  return x < a + 1.0 ? gamma_p_series(a, x) : 1.0 - gamma_q_fraction(a, x);
}

double cred__gamma_q(double a, double x) {
  if (!(a > 0.0 && x >= 0.0)) return NAN;
  if (x == 0.0) return 1.0;
  if (isinf(x)) return 0.0;
  return x < a + 1.0 ? 1.0 - gamma_p_series(a, x) : gamma_q_fraction(a, x);
}

double cred__poisson_cdf(double k, double rate) {
  if (!(rate >= 0.0) || isnan(k)) return NAN;
  if (k < 0.0) return 0.0;
  return isinf(k) ? 1.0 : cred__gamma_q(floor(k) + 1.0, rate);
}

// One half of the step of Lentz' method: the next factor of the fraction.
static double lentz(double *c, double *d, double numerator) {
  *d = 1.0 + numerator * *d;
  *d = 1.0 / (fabs(*d) < tiny ? tiny : *d);
  *c = 1.0 + numerator / *c;
  if (fabs(*c) < tiny) *c = tiny;
  return *c * *d;
}

// I_x(a, b) where x < (a + 1) / (a + b + 2), where the fraction converges fast.
static double beta_fraction(double x, double y, double a, double b) {
  double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
  d = 1.0 / (fabs(d) < tiny ? tiny : d);
  double h = d;
  for (int k = 1; k < 1000000; k++) {
    const double a2k = a + 2.0 * k;
    h *= lentz(&c, &d, k * (b - k) * x / ((a2k - 1.0) * a2k));
    const double step = lentz(&c, &d, -(a + k) * (a + b + k) * x / (a2k * (a2k + 1.0)));
    h *= step;
    if (fabs(step - 1.0) < DBL_EPSILON) break;
  }
  const double log_x = x > 0.5 ? log1p(-y) : log(x), log_y = y > 0.5 ? log1p(-x) : log(y);
  return h * exp(a * log_x + b * log_y - cred__log_beta(a, b)) / a;
}

double cred__beta_regularised_xy(double x, double y, double a, double b) {
  if (!(a > 0.0 && b > 0.0 && x >= 0.0 && y >= 0.0)) return NAN;
  if (x == 0.0) return 0.0;
  if (y == 0.0) return 1.0;
  return x < (a + 1.0) / (a + b + 2.0) ? beta_fraction(x, y, a, b)
                                       : 1.0 - beta_fraction(y, x, b, a);
}

double cred__beta_regularised(double x, double a, double b) {
  return cred__beta_regularised_xy(x, 1.0 - x, a, b);
}
