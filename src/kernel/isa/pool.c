// pool.c -- windows of a map reduced, vectors over the channels.

#include "isa.h"
#include "kernel/fast_math.h"
#include "kernel/pool.h"
#include <math.h>
#include <string.h>

enum { CHUNK = 128, LEVELS = 24 };

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

// A window: where its first place begins in the map, its place in the output.
typedef struct {
  size_t in, out;
} window;

static window window_at(const cred__pool *p, size_t i, size_t j) {
  const window w = {(i * p->width + j) * p->stride * p->channels,
                    (i * p->out_width + j) * p->channels};
  return w;
}

#define FOR_WINDOWS(p, w)                                                                \
  for (size_t i = 0; i < (p)->out_height; i++)                                           \
    for (size_t j = 0; j < (p)->out_width; j++)                                          \
      for (window w = window_at(p, i, j), *once = &w; once; once = NULL)

#define FOR_TAPS(p, at, first)                                                           \
  for (size_t u = 0; u < (p)->rows; u++)                                                 \
    for (size_t v = 0, at = (first) + u * (p)->width * (p)->channels; v < (p)->columns;  \
         v++, at += (p)->channels)

static void max(cred_real *restrict out, const cred_real *restrict in,
                const cred__pool *p) {
  const size_t n = p->channels;
  FOR_WINDOWS(p, w) {
    cred_real *restrict y = out + w.out;
    memcpy(y, in + w.in, n * sizeof *y);
    FOR_TAPS(p, at, w.in) {
      const cred_real *restrict x = in + at;
      for (size_t c = 0; c < n; c++) y[c] = x[c] > y[c] || x[c] != x[c] ? x[c] : y[c];
    }
  }
}

static void max_backward(cred_real *restrict din, const cred_real *restrict dout,
                         const cred_real *restrict in, const cred_real *restrict out,
                         size_t n_elements, const cred__pool *p) {
  cred_real left[CHUNK]; // gradient that has not found its place
  const bool apart = p->stride >= p->rows && p->stride >= p->columns;
  // windows that cover the map, each place once, write all of it
  if (!(apart &&
        p->rows * p->columns * p->out_height * p->out_width * p->channels == n_elements))
    memset(din, 0, n_elements * sizeof *din);
  FOR_WINDOWS(p, w)
  for (size_t c0 = 0; c0 < p->channels; c0 += CHUNK) {
    const size_t n = smaller(CHUNK, p->channels - c0);
    const cred_real *restrict y = out + w.out + c0;
    memcpy(left, dout + w.out + c0, n * sizeof *left);
    FOR_TAPS(p, at, w.in + c0) {
      const cred_real *restrict x = in + at;
      cred_real *restrict dx = din + at;
      if (apart)
        for (size_t c = 0; c < n; c++) {
          dx[c] = x[c] == y[c] ? left[c] : 0;
          left[c] -= dx[c];
        }
      else
        for (size_t c = 0; c < n; c++) {
          const cred_real g = x[c] == y[c] ? left[c] : 0;
          dx[c] += g;
          left[c] -= g;
        }
    }
  }
}

// (mean1, var1) becomes the moments of the larger of the two. Equal certain numbers stay
// as they are.
static void larger(cred_real *restrict mean1, cred_real *restrict var1,
                   const cred_real *restrict mean2, const cred_real *restrict var2,
                   size_t n) {
  for (size_t c = 0; c < n; c++) {
    const cred_real d = mean1[c] - mean2[c], v1 = var1[c], v2 = var2[c];
    const cred_real a = (cred_real)sqrt(v1 + v2);
    const cred_real z = a > 0 ? d / a : (d < 0 ? (cred_real)-40 : (cred_real)40);
    const cred_real up = cred__normal_cdf_real(z), down = cred__normal_cdf_real(-z);
    const cred_real q =
        a * (cred_real)0.39894228040143268 * cred__exp((cred_real)-0.5 * z * z);
    const cred_real var =
        v1 * up + v2 * down + d * d * up * down + d * q * (down - up) - q * q;
    mean1[c] = mean2[c] + d * up + q;
    var1[c] = var < 0 ? 0 : var;
  }
}

// Levels of a tournament, as the digits of a binary counter: level l holds 2^l taps.
typedef struct {
  cred_real mean[LEVELS][CHUNK], var[LEVELS][CHUNK];
} tournament;

static void enter(tournament *t, size_t number, const cred_real *mean,
                  const cred_real *var, size_t n) {
  cred_real m[CHUNK], v[CHUNK];
  int l = 0;
  memcpy(m, mean, n * sizeof *m);
  memcpy(v, var, n * sizeof *v);
  for (; number >> l & 1; l++) larger(m, v, t->mean[l], t->var[l], n);
  memcpy(t->mean[l], m, n * sizeof *m);
  memcpy(t->var[l], v, n * sizeof *v);
}

static void finish(tournament *t, size_t n_taps, cred_real *mean, cred_real *var,
                   size_t n) {
  int l = 0;
  while (!(n_taps >> l & 1)) l++;
  memcpy(mean, t->mean[l], n * sizeof *mean);
  memcpy(var, t->var[l], n * sizeof *var);
  for (l++; n_taps >> l; l++)
    if (n_taps >> l & 1) larger(mean, var, t->mean[l], t->var[l], n);
}

static void max_moments(cred_real *out_mean, cred_real *out_var, const cred_real *in_mean,
                        const cred_real *in_var, const cred__pool *p) {
  tournament t;
  FOR_WINDOWS(p, w)
  for (size_t c0 = 0; c0 < p->channels; c0 += CHUNK) {
    const size_t n = smaller(CHUNK, p->channels - c0);
    size_t number = 0;
    FOR_TAPS(p, at, w.in + c0) enter(&t, number++, in_mean + at, in_var + at, n);
    finish(&t, number, out_mean + w.out + c0, out_var + w.out + c0, n);
  }
}

static void sum(cred_real *restrict out, const cred_real *restrict in, cred_real scale,
                const cred__pool *p) {
  const size_t n = p->channels;
  FOR_WINDOWS(p, w) {
    cred_real *restrict y = out + w.out;
    memset(y, 0, n * sizeof *y);
    FOR_TAPS(p, at, w.in) {
      const cred_real *restrict x = in + at;
      for (size_t c = 0; c < n; c++) y[c] += x[c];
    }
    for (size_t c = 0; c < n; c++) y[c] *= scale;
  }
}

static void sum_backward(cred_real *restrict din, const cred_real *restrict dout,
                         cred_real scale, size_t n_elements, const cred__pool *p) {
  const size_t n = p->channels;
  memset(din, 0, n_elements * sizeof *din);
  FOR_WINDOWS(p, w) {
    const cred_real *restrict dy = dout + w.out;
    FOR_TAPS(p, at, w.in) {
      cred_real *restrict dx = din + at;
      for (size_t c = 0; c < n; c++) dx[c] += scale * dy[c];
    }
  }
}

const cred__pool_table K(pool_table) = {max, max_backward, max_moments, sum,
                                        sum_backward};
