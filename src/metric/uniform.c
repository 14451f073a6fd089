// uniform.c -- tests of uniformity: Kolmogorov-Smirnov and Anderson-Darling.
//
//   D = max_i max(i / n - x_(i), x_(i) - (i - 1) / n)
//   A^2 = -n - 1/n sum_i (2 i - 1) (log x_(i) + log(1 - x_(n+1-i)))
// Sources: Marsaglia, Tsang & Wang (2003), P(D < d) as an element of a matrix power;
// Vrbik (2018) for large n; Marsaglia & Marsaglia (2004) for A^2.

#include "base/alloc.h"
#include "base/fail.h"
#include "credence/metric/diagnostics.h"
#include "credence/metric/uncertainty.h"
#include <math.h>
#include <string.h>

enum { N_EXACT_MAX = 500 };

// `sorted` (n) is yours to free.
static cred_status sort_uniform(double **sorted, const double *x, size_t n) {
  if (n == 0) FAIL(CRED_EDATA, "uniform: no values, expected at least one");
  for (size_t i = 0; i < n; i++)
    if (!(x[i] >= 0.0 && x[i] <= 1.0))
      FAIL(CRED_EDATA, "uniform: value %zu is %g, expected [0, 1]", i, x[i]);
  TRY(NEW(sorted, n, "values in order"));
  memcpy(*sorted, x, n * sizeof **sorted);
  cred_sort(*sorted, n);
  return CRED_OK;
}

// c = a b, all (m, m).
static void multiply(double *c, const double *a, const double *b, size_t m) {
  memset(c, 0, m * m * sizeof *c);
  for (size_t i = 0; i < m; i++)
    for (size_t k = 0; k < m; k++)
      for (size_t j = 0; j < m; j++) c[i * m + j] += a[i * m + k] * b[k * m + j];
}

// Divides by a power of 2 if the centre grew too large, and keeps count of it.
static void rescale(double *a, size_t m, int *exponent) {
  int e;
  frexp(a[(m / 2) * m + m / 2], &e);
  if (e < 400) return;
  for (size_t i = 0; i < m * m; i++) a[i] = ldexp(a[i], -e);
  *exponent += e;
}

// power = h^n by squaring, both (m, m); h and spare are lost. Gives the power's exponent.
static int matrix_power(double *power, double *h, double *spare, size_t m, size_t n) {
  int exponent = 0, exponent_h = 0;
  memset(power, 0, m * m * sizeof *power);
  for (size_t i = 0; i < m; i++) power[i * m + i] = 1.0;
  for (; n > 0; n /= 2) {
    if (n % 2) {
      multiply(spare, power, h, m);
      memcpy(power, spare, m * m * sizeof *power);
      exponent += exponent_h;
      rescale(power, m, &exponent);
    }
    multiply(spare, h, h, m);
    memcpy(h, spare, m * m * sizeof *h);
    exponent_h *= 2;
    rescale(h, m, &exponent_h);
  }
  return exponent;
}

// The matrix H of Marsaglia, Tsang & Wang, for d = (k - r) / n, m = 2 k - 1.
static void fill_matrix(double *h, size_t m, double r) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < m; j++) h[i * m + j] = j <= i + 1 ? 1.0 : 0.0;
  for (size_t i = 0; i < m; i++) {
    h[i * m] -= pow(r, (double)(i + 1));
    h[(m - 1) * m + i] -= pow(r, (double)(m - i));
  }
  h[(m - 1) * m] += 2.0 * r - 1.0 > 0.0 ? pow(2.0 * r - 1.0, (double)m) : 0.0;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < m && j <= i; j++)
      for (size_t g = 1; g <= i - j + 1; g++) h[i * m + j] /= (double)g;
}

// P(D < d), exactly.
static cred_status ks_exact(double *probability, double d, size_t n) {
  const double nd = (double)n * d;
  const size_t k = (size_t)nd + 1, m = 2 * k - 1;
  double *h = NULL, *power = NULL, *spare = NULL;
  cred_status status;
  TRY_DONE(NEW(&h, m * m, "matrix of the Kolmogorov distribution"));
  TRY_DONE(NEW(&power, m * m, "matrix of the Kolmogorov distribution"));
  TRY_DONE(NEW(&spare, m * m, "matrix of the Kolmogorov distribution"));
  fill_matrix(h, m, (double)k - nd);
  int exponent = matrix_power(power, h, spare, m, n);
  double p = power[(k - 1) * m + k - 1];
  for (size_t i = 1; i <= n; i++) { // times n! / n^n
    int e;
    p = frexp(p * (double)i / (double)n, &e);
    exponent += e;
  }
  *probability = ldexp(p, exponent);
done:
  cred__free(h);
  cred__free(power);
  cred__free(spare);
  return status;
}

// 1 - P(D < d) by Kolmogorov's limit, 2 sum_j (-1)^(j-1) exp(-2 j^2 l^2), at Vrbik's l.
static double ks_limit(double d, size_t n) {
  const double root = sqrt((double)n), x = root * d;
  const double l = x + 1.0 / (6.0 * root) + (x - 1.0) / (4.0 * (double)n);
  if (l < 0.2) return 1.0;
  double sum = 0.0;
  for (int j = 1; j <= 100; j++) {
    const double term = exp(-2.0 * j * j * l * l);
    sum += j % 2 ? term : -term;
    if (term < 1e-17) break;
  }
  return fmin(fmax(2.0 * sum, 0.0), 1.0);
}

static cred_status ks_p_value(double *p, double d, size_t n) {
  const double s = (double)n * d * d, root = sqrt((double)n);
  if (n > N_EXACT_MAX) {
    *p = ks_limit(d, n);
  } else if (s > 7.24 || (s > 3.76 && n > 99)) { // the authors' own formula for the tail
    *p = fmin(1.0, 2.0 * exp(-(2.000071 + 0.331 / root + 1.409 / (double)n) * s));
  } else {
    TRY(ks_exact(p, d, n));
    *p = fmin(fmax(1.0 - *p, 0.0), 1.0);
  }
  return CRED_OK;
}

cred_status cred_uniform_ks(double *statistic, double *p_value, const double *x,
                            size_t n) {
  double *sorted, d = 0.0, p = 0.0;
  TRY(sort_uniform(&sorted, x, n));
  for (size_t i = 0; i < n; i++)
    d = fmax(d, fmax((double)(i + 1) / (double)n - sorted[i],
                     sorted[i] - (double)i / (double)n));
  cred__free(sorted);
  if (p_value) TRY(ks_p_value(&p, d, n));
  if (p_value) *p_value = p;
  if (statistic) *statistic = d;
  return CRED_OK;
}

static double polynomial(const double *c, int degree, double x) {
  double sum = c[degree];
  for (int k = degree - 1; k >= 0; k--) sum = sum * x + c[k];
  return sum;
}

// P(A^2 < z) for n -> infinity.
static double ad_limit(double z) {
  static const double low[] = {2.00012,   0.247105,  -0.0649821,
                               0.0347962, -0.011672, 0.00168691};
  static const double high[] = {1.0776,    -2.30695, 0.43424,
                                -0.082433, 0.008056, -0.0003146};
  if (!(z > 0.0)) return z <= 0.0 ? 0.0 : NAN;
  if (z < 2.0) return exp(-1.2337141 / z) / sqrt(z) * polynomial(low, 5, z);
  return exp(-exp(polynomial(high, 5, z)));
}

// What to add to the limit x for n values.
static double ad_correction(double n, double x) {
  static const double tail[] = {-130.2137, 745.2337,  -1705.091,
                                1950.646,  -1116.360, 255.7844};
  static const double middle[] = {-0.00022633, 6.54034, -14.6538,
                                  14.458,      -8.259,  1.91864};
  const double c = 0.01265 + 0.1757 / n;
  if (x > 0.8) return polynomial(tail, 5, x) / n;
  if (x < c) {
    const double t = x / c;
    return sqrt(t) * (1.0 - t) * (49.0 * t - 102.0) *
           (0.0037 / (n * n) + 0.00078 / n + 0.00006) / n;
  }
  return polynomial(middle, 5, (x - c) / (0.8 - c)) * (0.04213 + 0.01365 / n) / n;
}

cred_status cred_uniform_ad(double *statistic, double *p_value, const double *x,
                            size_t n) {
  double *sorted, sum = 0.0;
  TRY(sort_uniform(&sorted, x, n));
  for (size_t i = 0; i < n; i++)
    sum += (2.0 * (double)i + 1.0) * (log(sorted[i]) + log1p(-sorted[n - 1 - i]));
  cred__free(sorted);
  const double a = -(double)n - sum / (double)n;
  const double below = isinf(a) ? 1.0 : ad_limit(a);
  const double corrected = isinf(a) ? 1.0 : below + ad_correction((double)n, below);
  if (statistic) *statistic = a;
  if (p_value) *p_value = fmin(fmax(1.0 - corrected, 0.0), 1.0);
  return CRED_OK;
}
