// activation.c -- names of the nonlinearities, the choice of an instruction set, and the
// moments that have closed forms.
//
// With a = m / s, P = Phi(a), p = phi(a), relu of N(m, s^2) has
//   E y = s (a P + p),   E y^2 = s^2 ((a^2 + 1) P + a p);  Frey & Hinton (1999), appendix
//   A,
// leaky_relu is relu(x) - slope relu(-x), two pieces whose product is 0, and elu adds
//   E[exp(c x); x < 0] = exp(c m + c^2 s^2 / 2) Phi(-(m + c s^2) / s),  c = 1, 2.

#include "kernel/activation.h"
#include "kernel/kernel.h"
#include "kernel/special.h"
#include <math.h>
#include <string.h>

typedef struct {
  const char *name;
  bool has_slope, halves;
  double slope;
} description;

static const description kinds[CRED__N_ACTIVATIONS] = {
    [CRED__RELU] = {"relu", false, true, 0},
    [CRED__LEAKY_RELU] = {"leaky_relu", true, true, 0.01},
    [CRED__ELU] = {"elu", true, true, 1},
    [CRED__GELU] = {"gelu", false, true, 0},
    [CRED__SILU] = {"silu", false, true, 0},
    [CRED__TANH] = {"tanh", false, false, 0},
    [CRED__SIGMOID] = {"sigmoid", false, false, 0},
    [CRED__SOFTPLUS] = {"softplus", false, false, 0},
};

const char *cred__activation_name(cred__activation kind) {
  return kinds[kind].name;
}
bool cred__activation_has_slope(cred__activation kind) {
  return kinds[kind].has_slope;
}
double cred__activation_default_slope(cred__activation kind) {
  return kinds[kind].slope;
}
bool cred__activation_halves(cred__activation kind) {
  return kinds[kind].halves;
}

bool cred__activation_rises(cred__activation kind) {
  return kind != CRED__GELU && kind != CRED__SILU; // these have a minimum
}

cred__activation cred__activation_find(const char *name) {
  int i = 0;
  while (i < CRED__N_ACTIVATIONS && strcmp(kinds[i].name, name) != 0) i++;
  return (cred__activation)i;
}

static const cred__activation_table *table(void) {
#ifdef CRED_HAVE_V4
  if (strcmp(cred__kernel_isa(), "avx512") == 0) return &cred__activation_table_v4;
#endif
#ifdef CRED_HAVE_V3
  if (strcmp(cred__kernel_isa(), "avx2") == 0) return &cred__activation_table_v3;
#endif
  return &cred__activation_table_base;
}

void cred__activation_forward(cred_real *y, const cred_real *x, size_t n,
                              cred__activation kind, double slope) {
  table()->forward(y, x, n, kind, (cred_real)slope);
}

void cred__activation_backward(cred_real *dx, const cred_real *dy, const cred_real *x,
                               const cred_real *y, size_t n, cred__activation kind,
                               double slope) {
  table()->backward(dx, dy, x, y, n, kind, (cred_real)slope);
}

typedef struct {
  double mean, square; // E y, E y^2
} moments;

// Rounding must not make a moment negative; NaN stays NaN.
static double at_least_0(double x) {
  return x < 0 ? 0 : x;
}

// Of relu(z) for z ~ N(a, 1).
static moments relu_moments(double a) {
  if (a < -38) return (moments){0, 0};
  const double p = exp(cred__normal_log_pdf(a)), cdf = cred__normal_cdf(a);
  return (moments){at_least_0(a * cdf + p), at_least_0((a * a + 1) * cdf + a * p)};
}

static void leaky_moments(double *mean, double *var, double m, double s, double slope) {
  const double a = m / s;
  if (fabs(a) > 37) { // one of the pieces alone, up to 1e-300
    const double factor = a > 0 ? 1 : slope;
    *mean = factor * m;
    *var = factor * factor * s * s;
    return;
  }
  const moments up = relu_moments(a), down = relu_moments(-a);
  const double centre = up.mean - slope * down.mean;
  *mean = s * centre;
  *var = s * s * at_least_0(up.square + slope * slope * down.square - centre * centre);
}

// E[exp(c x); x < 0]; by logarithms, for the two factors overflow apart.
static double exp_below(double m, double s, double c) {
  return exp(c * m + 0.5 * c * c * s * s + cred__normal_log_cdf(-(m + c * s * s) / s));
}

static void elu_moments(double *mean, double *var, double m, double s, double slope) {
  // The differences below lose all digits of a small s; there elu is linear on each side.
  if (s < 1e-4 && m > -10 * s) {
    leaky_moments(mean, var, m, s, slope);
    return;
  }
  if (s < 1e-4) {
    const double derivative = slope * exp(m);
    *mean = slope * expm1(m);
    *var = derivative * derivative * s * s;
    return;
  }
  if (m / s > 37) {
    *mean = m;
    *var = s * s;
    return;
  }
  const moments up = relu_moments(m / s);
  const double below = cred__normal_cdf(-m / s);
  const double e1 = exp_below(m, s, 1), e2 = exp_below(m, s, 2);
  *mean = s * up.mean + slope * (e1 - below);
  const double square = s * s * up.square + slope * slope * (e2 - 2 * e1 + below);
  *var = at_least_0(square - *mean * *mean);
}

// A variance of 0 is exact.
static void certain(cred_real *y_mean, cred_real *y_var, const cred_real *x_mean,
                    const cred_real *x_var, size_t n, cred__activation kind,
                    double slope) {
  for (size_t i = 0; i < n; i++) {
    if (x_var[i] != 0) continue;
    cred__activation_forward(&y_mean[i], &x_mean[i], 1, kind, slope);
    y_var[i] = 0;
  }
}

void cred__activation_moments(cred_real *y_mean, cred_real *y_var,
                              const cred_real *x_mean, const cred_real *x_var, size_t n,
                              cred__activation kind, double slope) {
  if (kind == CRED__RELU || kind == CRED__LEAKY_RELU) {
    const cred_real c = kind == CRED__RELU ? 0 : (cred_real)slope;
    table()->leaky_moments(y_mean, y_var, x_mean, x_var, n, c);
    certain(y_mean, y_var, x_mean, x_var, n, kind, slope);
    return;
  }
  if (kind != CRED__ELU) {
    table()->smooth_moments(y_mean, y_var, x_mean, x_var, n, kind);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    double mean, var;
    elu_moments(&mean, &var, x_mean[i], sqrt((double)x_var[i]), slope);
    y_mean[i] = (cred_real)mean;
    y_var[i] = (cred_real)var;
  }
  certain(y_mean, y_var, x_mean, x_var, n, kind, slope);
}
