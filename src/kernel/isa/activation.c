// activation.c -- elementwise nonlinearities, their gradients, and moments by quadrature.
//
// Moments of the smooth ones: the trapezoidal rule in z = (x - mean) / sd on [-6, 6],
//   E f = sum_k w_k f(mean + sd z_k),  w_k ~ exp(-z_k^2 / 2),  var = sum_k w_k (f_k - E
//   f)^2.
// Its error is exp(-2 pi d / h) for step h and a nearest pole of f at distance d from the
// real line (tanh: d = pi / (2 sd)); Trefethen & Weideman (2014), theorem 5.1. So the
// number of points grows with sd. Gauss-Hermite points lie too far apart for a large sd.

#include "isa.h"
#include "kernel/activation.h"
#include "kernel/fast_math.h"
#include <math.h>

#ifdef CRED_REAL_DOUBLE
#define cred__sqrt sqrt
#else
#define cred__sqrt sqrtf
#endif

#define FORWARD(name, value)                                                             \
  static void name##_forward(cred_real *restrict out, const cred_real *restrict in,      \
                             size_t n, cred_real slope) {                                \
    (void)slope;                                                                         \
    for (size_t i = 0; i < n; i++) {                                                     \
      const cred_real x = in[i];                                                         \
      out[i] = (value);                                                                  \
    }                                                                                    \
  }
#define BACKWARD(name, derivative)                                                       \
  static void name##_backward(cred_real *restrict din, const cred_real *restrict dout,   \
                              const cred_real *restrict in,                              \
                              const cred_real *restrict out, size_t n,                   \
                              cred_real slope) {                                         \
    (void)slope;                                                                         \
    for (size_t i = 0; i < n; i++) {                                                     \
      const cred_real x = in[i], y = out[i];                                             \
      (void)x, (void)y;                                                                  \
      din[i] = dout[i] * (derivative);                                                   \
    }                                                                                    \
  }

static inline cred_real gelu_derivative(cred_real x) {
  const cred_real density =
      (cred_real)0.39894228040143268 * cred__exp((cred_real)-0.5 * x * x);
  return cred__normal_cdf_real(x) + x * density;
}

static inline cred_real silu_derivative(cred_real x, cred_real y) {
  const cred_real s = cred__sigmoid(x);
  return s + y * (1 - s);
}

FORWARD(relu, x < 0 ? 0 : x)
FORWARD(leaky_relu, x < 0 ? slope * x : x)
FORWARD(elu, x < 0 ? slope * cred__expm1(x) : x)
FORWARD(gelu, x *cred__normal_cdf_real(x))
FORWARD(silu, x *cred__sigmoid(x))
FORWARD(tanh, cred__tanh(x))
FORWARD(sigmoid, cred__sigmoid(x))
FORWARD(softplus, cred__softplus_real(x))

BACKWARD(relu, y > 0 ? 1 : (cred_real)0)
BACKWARD(leaky_relu, x < 0 ? slope : 1)
BACKWARD(elu, x < 0 ? y + slope : 1)
BACKWARD(gelu, gelu_derivative(x))
BACKWARD(silu, silu_derivative(x, y))
BACKWARD(tanh, 1 - y * y)
BACKWARD(sigmoid, y *(1 - y))
BACKWARD(softplus, cred__sigmoid(x))

typedef void (*forward_fn)(cred_real *, const cred_real *, size_t, cred_real);
typedef void (*backward_fn)(cred_real *, const cred_real *, const cred_real *,
                            const cred_real *, size_t, cred_real);
static const forward_fn forwards[CRED__N_ACTIVATIONS] = {
    relu_forward, leaky_relu_forward, elu_forward,     gelu_forward,
    silu_forward, tanh_forward,       sigmoid_forward, softplus_forward};
static const backward_fn backwards[CRED__N_ACTIVATIONS] = {
    relu_backward, leaky_relu_backward, elu_backward,     gelu_backward,
    silu_backward, tanh_backward,       sigmoid_backward, softplus_backward};

static void forward(cred_real *y, const cred_real *x, size_t n, cred__activation kind,
                    cred_real slope) {
  forwards[kind](y, x, n, slope);
}

static void backward(cred_real *dx, const cred_real *dy, const cred_real *x,
                     const cred_real *y, size_t n, cred__activation kind,
                     cred_real slope) {
  backwards[kind](dx, dy, x, y, n, slope);
}

enum { POINTS_MIN = 32, POINTS_MAX = 2048, LANES = 16 };

// 32 points reach 1e-5 for sd <= 2; then in proportion.
static size_t n_points(cred_real sd) {
  size_t n = POINTS_MIN;
  for (cred_real reach = 2; sd > reach && n < POINTS_MAX; reach *= 2) n *= 2;
  return n;
}

static cred_real sum_lanes(const cred_real lane[LANES]) {
  cred_real sum = 0;
  for (int l = 0; l < LANES; l++) sum += lane[l];
  return sum;
}

static void place_points(cred_real *restrict x, cred_real *restrict w, size_t n,
                         cred_real mean, cred_real sd) {
  const cred_real step = (cred_real)12 / (cred_real)n;
  for (size_t k = 0; k < n; k++) {
    const cred_real z = ((cred_real)(int)k + (cred_real)0.5) * step - 6;
    x[k] = mean + sd * z;
    w[k] = cred__exp((cred_real)-0.5 * z * z);
  }
}

static void one_moment(cred_real *y_mean, cred_real *y_var, cred_real mean, cred_real sd,
                       forward_fn f) {
  cred_real x[POINTS_MAX], y[POINTS_MAX], w[POINTS_MAX];
  const size_t n = n_points(sd);
  x[0] = 0; // n is at least POINTS_MIN, which gcc cannot see at -O1
  place_points(x, w, n, mean, sd);
  f(y, x, n, 0);
  cred_real w_lane[LANES] = {0}, y_lane[LANES] = {0}, var_lane[LANES] = {0};
  for (size_t k = 0; k < n; k += LANES)
    for (int l = 0; l < LANES; l++) {
      w_lane[l] += w[k + l];
      y_lane[l] += w[k + l] * y[k + l];
    }
  const cred_real total = sum_lanes(w_lane), centre = sum_lanes(y_lane) / total;
  for (size_t k = 0; k < n; k += LANES)
    for (int l = 0; l < LANES; l++) {
      const cred_real d = y[k + l] - centre;
      var_lane[l] += w[k + l] * d * d;
    }
  *y_mean = centre;
  *y_var = sum_lanes(var_lane) / total;
}

// Below SD_SMALL the points would differ by rounding: f is linear there to the same
// accuracy.
#define SD_SMALL ((cred_real)1e-3)

static void smooth_moments(cred_real *y_mean, cred_real *y_var, const cred_real *x_mean,
                           const cred_real *x_var, size_t n, cred__activation kind) {
  for (size_t i = 0; i < n; i++) {
    const cred_real m = x_mean[i], v = x_var[i];
    if (!(v <= SD_SMALL * SD_SMALL)) {
      one_moment(&y_mean[i], &y_var[i], m, (cred_real)sqrt(v), forwards[kind]);
      continue;
    }
    const cred_real one = 1;
    cred_real y, derivative;
    forwards[kind](&y, &m, 1, 0);
    backwards[kind](&derivative, &one, &m, &y, 1, 0);
    y_mean[i] = y;
    y_var[i] = derivative * derivative * v;
  }
}

// E and var of leaky relu of slope c: with x = |m| / s, g1 = E relu(z - x) and g2 = E
// relu(z - x)^2 of a standard normal z, nothing large is subtracted where m > 0:
//   m > 0:   m + (1 - c) s g1,     s^2 (1 - (1 - c^2) g2 - (1 - c) g1 (2 x + (1 - c) g1))
//   m <= 0:  c m + (1 - c) s g1,   s^2 (c^2 + (1 - c^2) g2 + (1 - c) g1 (2 c x - (1 - c)
//   g1))
static void leaky_moments(cred_real *restrict y_mean, cred_real *restrict y_var,
                          const cred_real *restrict x_mean,
                          const cred_real *restrict x_var, size_t n, cred_real slope) {
  const cred_real c = 1 - slope, d = 1 - slope * slope;
  for (size_t i = 0; i < n; i++) {
    const cred_real m = x_mean[i], v = x_var[i], s = cred__sqrt(v);
    const cred_real ratio = (m < 0 ? -m : m) / s;
    const cred_real x = ratio > 38 ? (cred_real)38 : ratio; // beyond, g1 and g2 are 0
    const cred_real density = (cred_real)0.39894228040143268 * cred__exp(-x * x / 2);
    const cred_real tail = cred__normal_cdf_real(-x);
    const cred_real g1 = density - x * tail, g2 = (1 + x * x) * tail - x * density;
    const cred_real up = c * (g1 < 0 ? 0 : g1), square = d * (g2 < 0 ? 0 : g2);
    const cred_real part = m > 0 ? 1 - square - up * (2 * x + up)
                                 : slope * slope + square + up * (2 * slope * x - up);
    y_mean[i] = (m > 0 ? m : slope * m) + s * up;
    y_var[i] = v * (part < 0 ? 0 : part);
  }
}

const cred__activation_table K(activation_table) = {forward, backward, smooth_moments,
                                                    leaky_moments};
