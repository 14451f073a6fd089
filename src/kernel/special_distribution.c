// special_distribution.c -- distribution functions and quantiles: normal and Student-t.
//
//   P(T <= -t) = I_x(df / 2, 1 / 2) / 2 with x = df / (df + t^2), for t >= 0
//
// Sources: Wichura (1988), AS 241 (normal quantile, 16 digits); Abramowitz & Stegun
// (1964), 26.7.1 (Student-t); Hill (1970), CACM algorithm 395 (Student-t with many
// degrees of freedom as a normal).

#include "kernel/special.h"
#include <math.h>

static const double half_log_2pi = 0.91893853320467274178;
static const double half_log_pi = 0.57236494292470008707;
static const double pi = 3.14159265358979323846;

double cred__normal_log_pdf(double z) {
  return -0.5 * z * z - half_log_2pi;
}

double cred__normal_cdf(double z) {
  return 0.5 * erfc(-z * 0.70710678118654752440);
}

double cred__normal_log_cdf(double z) {
  if (z > 0.0) return log1p(-cred__normal_cdf(-z));
  if (!(z < -30.0)) return log(cred__normal_cdf(z));
  if (isinf(z)) return z;
  const double r = 1.0 / (z * z); // Abramowitz & Stegun 26.2.12
  return cred__normal_log_pdf(z) - log(-z) +
         log1p(-r * (1.0 - 3.0 * r * (1.0 - 5.0 * r * (1.0 - 7.0 * r))));
}

// Numerator and denominator of degree 7, lowest coefficient first.
static double rational7(const double p[8], const double q[8], double r) {
  double above = p[7], below = q[7];
  for (int k = 6; k >= 0; k--) {
    above = above * r + p[k];
    below = below * r + q[k];
  }
  return above / below;
}

static double normal_quantile_central(double q) { // |q| = |p - 1/2| <= 0.425
  static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                              1.9715909503065514427e3, 1.3731693765509461125e4,
                              4.5921953931549871457e4, 6.7265770927008700853e4,
                              3.3430575583588128105e4, 2.5090809287301226727e3};
  static const double b[8] = {1.0,
                              4.2313330701600911252e1,
                              6.8718700749205790830e2,
                              5.3941960214247511077e3,
                              2.1213794301586595867e4,
                              3.9307895800092710610e4,
                              2.8729085735721942674e4,
                              5.2264952788528545610e3};
  return q * rational7(a, b, 0.180625 - q * q);
}

static double normal_quantile_tail(double tail) { // its absolute value
  static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                              5.76949722146069140550e0,  3.64784832476320460504e0,
                              1.27045825245236838258e0,  2.41780725177450611770e-1,
                              2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double d[8] = {1.0,
                              2.05319162663775882187e0,
                              1.67638483018380384940e0,
                              6.89767334985100004550e-1,
                              1.48103976427480074590e-1,
                              1.51986665636164571966e-2,
                              5.47593808499534494600e-4,
                              1.05075007164441684324e-9};
  static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                              1.78482653991729133580e0,  2.96560571828504891230e-1,
                              2.65321895265761230930e-2, 1.24266094738807843860e-3,
                              2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double f[8] = {1.0,
                              5.99832206555887937690e-1,
                              1.36929880922735805310e-1,
                              1.48753612908506148525e-2,
                              7.86869131145613259100e-4,
                              1.84631831751005468180e-5,
                              1.42151175831644588870e-7,
                              2.04426310338993978564e-15};
  const double r = sqrt(-log(tail));
  return r <= 5.0 ? rational7(c, d, r - 1.6) : rational7(e, f, r - 5.0);
}

double cred__normal_quantile(double p) {
  if (!(p >= 0.0 && p <= 1.0)) return NAN;
  if (p == 0.0) return -INFINITY;
  if (p == 1.0) return INFINITY;
  if (fabs(p - 0.5) <= 0.425) return normal_quantile_central(p - 0.5);
  return p < 0.5 ? -normal_quantile_tail(p) : normal_quantile_tail(1.0 - p);
}

double cred__student_t_log_pdf(double t, double df) {
  if (!(df > 0.0)) return NAN;
  if (isinf(df)) return cred__normal_log_pdf(t);
  // hypot: t^2 / df does not overflow
  const double r = fabs(t) / sqrt(df);
  const double log_term = r > 1e100 ? 2.0 * log(r) : log1p(r * r);
  return cred__log_gamma_half_step(0.5 * df) - 0.5 * log(df) - half_log_pi -
         0.5 * (df + 1.0) * log_term;
}

// The z with the same tail as t >= 0, for df > 1e4.
static double student_t_as_normal(double t, double df) {
  if (isinf(df)) return t;
  const double a = df - 0.5, b = 48.0 * a * a, y = a * log1p(t * (t / df));
  const double rest = ((-0.4 * y - 3.3) * y - 24.0) * y - 85.5;
  return ((rest / (0.8 * y * y + 100.0 + b) + y + 3.0) / b + 1.0) * sqrt(y);
}

// P(T > t) for t >= 0, with a full relative accuracy in the tail.
static double student_t_tail(double t, double df) {
  if (df > 1e4) return cred__normal_cdf(-student_t_as_normal(t, df));
  const double r = t * (t / df), x = 1.0 / (1.0 + r);
  if (isinf(r)) // x^(df/2) would be 0 too early
    return exp(-df * (log(t) - 0.5 * log(df)) - cred__log_beta(0.5 * df, 0.5)) / df;
  return 0.5 * cred__beta_regularised_xy(x, r / (1.0 + r), 0.5 * df, 0.5);
}

// P(0 < T <= t) for t >= 0, with a full relative accuracy near 0.
static double student_t_centre(double t, double df) {
  if (df > 1e4) return 0.5 * erf(student_t_as_normal(t, df) * 0.70710678118654752440);
  const double r = t * (t / df);
  return 0.5 * cred__beta_regularised_xy(r / (1.0 + r), 1.0 / (1.0 + r), 0.5, 0.5 * df);
}

double cred__student_t_cdf(double t, double df) {
  if (!(df > 0.0) || isnan(t)) return NAN;
  if (isinf(t)) return t > 0.0 ? 1.0 : 0.0;
  return t < 0.0 ? student_t_tail(-t, df) : 1.0 - student_t_tail(t, df);
}

// Newton's method for the centre: it is concave in t, so steps from the left stay left.
static double student_t_solve_centre(double q, double df) {
  double t = q / exp(cred__student_t_log_pdf(0.0, df));
  for (int k = 0; k < 100; k++) {
    const double step =
        (q - student_t_centre(t, df)) / exp(cred__student_t_log_pdf(t, df));
    t += step;
    if (!(fabs(step) > 1e-15 * t)) break;
  }
  return t;
}

// Newton's method for log P(T > t) as a function of log t, which is concave: whatever the
// first step does, all later ones come from the right.
static double student_t_solve_tail(double p, double df) {
  const double log_p = log(p);
  double u = log(-cred__normal_quantile(p));
  for (int k = 0; k < 100; k++) {
    const double t = exp(u), log_tail = log(student_t_tail(t, df));
    const double slope = -exp(cred__student_t_log_pdf(t, df) - log_tail) * t;
    const double step = (log_p - log_tail) / slope;
    u += step;
    if (!(fabs(step) > 4e-16 * fmax(1.0, fabs(u)))) break;
  }
  return exp(u);
}

double cred__student_t_quantile(double p, double df) {
  if (!(df > 0.0 && p >= 0.0 && p <= 1.0)) return NAN;
  if (p == 0.0) return -INFINITY;
  if (p == 1.0) return INFINITY;
  if (p == 0.5) return 0.0;
  if (isinf(df)) return cred__normal_quantile(p);
  const double sign = p < 0.5 ? -1.0 : 1.0, tail = p < 0.5 ? p : 1.0 - p;
  if (df == 1.0) return sign / tan(pi * tail);
  return sign * (tail > 0.2 ? student_t_solve_centre(0.5 - tail, df)
                            : student_t_solve_tail(tail, df));
}
