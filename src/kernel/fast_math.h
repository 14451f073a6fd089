// fast_math.h -- exp, log, tanh and their kin in float, without branches or calls, so
// that a loop over an array of them is vectorised without -ffast-math.
//
//   exp      2^n (1 + r + r^2 q(r)),  n = round(x / log 2),  r = x - n log 2 in two parts
//   log      n log 2 + 2 atanh(s),    s = f / (2 + f),       x = 2^n (1 + f)
//   erfc     exp(-a^2) t R(t),        t = 1 / (1 + a / 2),   a >= 0
//   sin, cos of turns, on an eighth of a turn, by quadrant
// Coefficients: interpolation in Chebyshev nodes, truncation below 1e-8 of the result.
// Errors against the C library: at most 3 units in the last place (4 of softplus) where
// the result is a normal number, unless said. NaN stays NaN; infinities and overflow as
// in the C library; with denormals flushed, a denormal argument of log is 0. In the
// double build these are the functions of the C library.

#ifndef CRED_SRC_KERNEL_FAST_MATH_H
#define CRED_SRC_KERNEL_FAST_MATH_H

#include "credence/base/real.h"
#include <math.h>
#include <stdint.h>

#ifdef CRED_REAL_DOUBLE

static inline double cred__exp(double x) {
  return exp(x);
}
static inline double cred__expm1(double x) {
  return expm1(x);
}
static inline double cred__log(double x) {
  return log(x);
}
static inline double cred__tanh(double x) {
  return tanh(x);
}
static inline double cred__sigmoid(double x) {
  const double e = exp(-fabs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}
static inline double cred__softplus_real(double x) {
  return (x > 0 ? x : (x != x ? x : 0)) + log1p(exp(-fabs(x)));
}
static inline double cred__erf(double x) {
  return erf(x);
}
static inline double cred__normal_cdf_real(double x) {
  return 0.5 * erfc(-x * 0.70710678118654752440);
}
static inline void cred__sin_cos_turns(double *s, double *c, double u) {
  *s = sin(6.28318530717958647693 * u);
  *c = cos(6.28318530717958647693 * u);
}

#else

typedef union {
  float f;
  uint32_t u;
} cred__float_bits;

static inline float cred__float_of_bits(uint32_t u) {
  const cred__float_bits bits = {.u = u};
  return bits.f;
}

static inline uint32_t cred__bits_of_float(float f) {
  const cred__float_bits bits = {.f = f};
  return bits.u;
}

// Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits.
#define CRED__ROUND_MAGIC 12582912.0f

static inline float cred__exp(float x) {
  x = x > 89.0f ? 89.0f : x; // past overflow, but 2^n stays in two factors
  x = x < -104.0f ? -104.0f : x;
  const float shifted = x * 1.44269504f + CRED__ROUND_MAGIC;
  const float n = shifted - CRED__ROUND_MAGIC;
  const int32_t k = (int32_t)(cred__bits_of_float(shifted) - 0x4b400000u);
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float q = 0.00139261836f;
  q = q * r + 0.00836317905f;
  q = q * r + 0.0416665546f;
  q = q * r + 0.16666577f;
  q = q * r + 0.5f;
  const float p = q * (r * r) + r + 1.0f;
  const int32_t half = k >> 1;
  const float scale1 = cred__float_of_bits((uint32_t)(half + 127) << 23);
  const float scale2 = cred__float_of_bits((uint32_t)(k - half + 127) << 23);
  return p * scale1 * scale2;
}

// exp(x) - 1, also where x is small.
static inline float cred__expm1(float x) {
  float q = 0.000199448744f;
  q = q * x + 0.0013982186f;
  q = q * x + 0.00833323613f;
  q = q * x + 0.0416657912f;
  q = q * x + 0.166666668f;
  q = q * x + 0.500000012f;
  const float near = x + x * x * q;
  const float far = cred__exp(x) - 1.0f;
  return fabsf(x) < 0.5f ? near : far;
}

static inline float cred__log(float x) {
  const float tiny = 1.17549435e-38f;
  const float normal = x < tiny ? x * 8388608.0f : x;
  const uint32_t u = cred__bits_of_float(normal);
  // The mantissa is taken from [sqrt(1/2), sqrt(2)), so that f is small where x is
  // near 1.
  const uint32_t above = u - 0x3f3504f3u;
  const int32_t n_int = (int32_t)above >> 23;
  const float f = cred__float_of_bits((above & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  const float n = (float)n_int - (x < tiny ? 23.0f : 0.0f);
  const float s = f / (2.0f + f);
  const float w = s * s;
  const float r = w * (0.66666685f + w * (0.399887806f + w * 0.295799494f));
  const float half_square = 0.5f * f * f;
  const float low = s * (half_square + r) + n * -2.12194440e-4f;
  const float y = n * 0.693359375f + (f + (low - half_square));
  const float special = x == 0.0f ? -INFINITY : (x > 0.0f ? x : NAN);
  return x > 0.0f && x < INFINITY ? y : special;
}

static inline float cred__tanh(float x) {
  const float a = fabsf(x), z = x * x;
  float q = 0.00229274493f;
  q = q * z - 0.00834394566f;
  q = q * z + 0.0217689187f;
  q = q * z - 0.0539592596f;
  q = q * z + 0.133333036f;
  q = q * z - 0.333333332f;
  const float near = a + a * z * q;
  const float far = 1.0f - 2.0f / (cred__exp(2.0f * a) + 1.0f);
  return copysignf(a < 0.625f ? near : far, x);
}

static inline float cred__sigmoid(float x) {
  const float e = cred__exp(-fabsf(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

// log(1 + exp x) = max(x, 0) + log(1 + e), e = exp(-|x|); log(1 + e) = 2 atanh(e / (2 +
// e)).
static inline float cred__softplus_real(float x) {
  const float e = cred__exp(-fabsf(x));
  const float s = e / (2.0f + e), w = s * s;
  float q = 0.243939082f;
  q = q * w + 0.213985605f;
  q = q * w + 0.286202074f;
  q = q * w + 0.399987112f;
  q = q * w + 0.66666679f;
  q = q * w + 2.0f;
  return (x > 0.0f ? x : 0.0f) + s * q;
}

// erfc(a) = e * cred__erfc_factor(a) with e = exp(-a^2), a >= 0.
static inline float cred__erfc_factor(float a) {
  const float t = 1.0f / (1.0f + 0.5f * a);
  float q = 0.0323986518f;
  q = q * t - 0.1716289f;
  q = q * t + 0.332568656f;
  q = q * t - 0.218993278f;
  q = q * t - 0.0866494488f;
  q = q * t + 0.0745679515f;
  q = q * t + 0.0390575162f;
  q = q * t + 0.189795469f;
  q = q * t + 0.244479109f;
  q = q * t + 0.282318428f;
  q = q * t + 0.282085846f;
  return q * t;
}

static inline float cred__erf(float x) {
  const float a = fabsf(x), z = x * x;
  float q = -0.000675647957f;
  q = q * z + 0.00511533211f;
  q = q * z - 0.0268351146f;
  q = q * z + 0.112833865f;
  q = q * z - 0.376126195f;
  q = q * z + 1.12837917f;
  const float far = 1.0f - cred__exp(-z) * cred__erfc_factor(a);
  return copysignf(a < 0.75f ? a * q : far, x);
}

// P(Z <= x): 6 units in the last place for x > -2; below, the relative error grows as
// x^2 / 2 of them.
static inline float cred__normal_cdf_real(float x) {
  const float a = fabsf(x) * 0.707106781f;
  const float tail = 0.5f * cred__exp(-0.5f * x * x) * cred__erfc_factor(a);
  return x > 0.0f ? 1.0f - tail : tail;
}

// Sine and cosine of u turns (2 pi u), |u| < 2^20. Absolute error 1.5e-7.
static inline void cred__sin_cos_turns(float *s, float *c, float u) {
  const float shifted = 4.0f * u + CRED__ROUND_MAGIC;
  const uint32_t quadrant = cred__bits_of_float(shifted);
  const float r = u - 0.25f * (shifted - CRED__ROUND_MAGIC);
  const float z = r * r;
  const float sine =
      r * (6.28318529f + z * (-41.3416626f + z * (81.5925429f + z * -75.4016127f)));
  const float cosine =
      1.0f + z * (-19.7392087f + z * (64.9393161f + z * (-85.4428447f + z * 59.220169f)));
  const float a = quadrant & 1u ? cosine : sine, b = quadrant & 1u ? sine : cosine;
  *s = quadrant & 2u ? -a : a;
  *c = (quadrant + 1u) & 2u ? -b : b;
}

#endif

#endif
