// linear.h -- Bayesian linear regression with known noise as a density: everything about
// its posterior is in closed form.
//
//   y = X w + noise, noise ~ N(0, sigma^2), w ~ prior; with w ~ N(0, t^2) the precision
//   is P = X'X / sigma^2 + I / t^2, the mean P^-1 X'y / sigma^2; Bishop (2006),
//   eqs. 3.53-3.54.
// The expectation under N(m, s^2) is exact here, so that an optimiser can be followed to
// its end:
//   E log p(y | w) = -N/2 log(2 pi sigma^2) - (|y - X m|^2 + sum_i s_i^2 (X'X)_ii) / (2
//   sigma^2)

#ifndef CRED_TESTS_LINEAR_H
#define CRED_TESTS_LINEAR_H

#include "check.h"
#include "credence/infer/method.h"

enum { LINEAR_N = 24, LINEAR_D = 4 };

typedef struct {
  cred_density density;
  cred_slice slices[3];
  double x[LINEAR_N][LINEAR_D], y[LINEAR_N], sigma;
  double start;      // of every weight
  size_t n_calls;    // of point and expect
  cred_key keys[16]; // of the last calls
  cred_real thetas[16][LINEAR_D + 1];
  uint64_t fail_at; // NaN gradient at this step
  double fail_value;
} linear;

static inline double linear_log_lik(const linear *l, double *grad, const cred_real *w,
                                    const cred_real *sd, const cred_batch *batch) {
  const size_t n = batch && batch->rows ? batch->n : LINEAR_N;
  const double precision = 1 / (l->sigma * l->sigma),
               scale = (double)LINEAR_N / (double)n;
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    const size_t row = batch && batch->rows ? batch->rows[i] : i;
    double r = l->y[row], spread = 0;
    for (size_t j = 0; j < LINEAR_D; j++) {
      r -= l->x[row][j] * (double)w[j];
      if (sd) spread += l->x[row][j] * l->x[row][j] * (double)sd[j] * (double)sd[j];
    }
    sum -= log(l->sigma) + 0.91893853320467274178 + 0.5 * precision * (r * r + spread);
    for (size_t j = 0; grad && j < LINEAR_D; j++) {
      grad[j] += scale * precision * r * l->x[row][j];
      if (sd)
        grad[LINEAR_D + j] -=
            scale * precision * (double)sd[j] * l->x[row][j] * l->x[row][j];
    }
  }
  return scale * sum;
}

static inline cred_status linear_eval(const void *model, double *log_lik,
                                      const cred_sink *sink, const cred_real *mean,
                                      const cred_real *sd, const cred_batch *batch,
                                      const cred_key *key, uint64_t step) {
  linear *l = (linear *)(uintptr_t)model;
  double grad[2 * LINEAR_D] = {0};
  cred_real out[2][LINEAR_D + 1] = {{0}};
  l->keys[l->n_calls % 16] = *key;
  memcpy(l->thetas[l->n_calls++ % 16], mean, l->density.dim * sizeof *mean);
  *log_lik = linear_log_lik(l, sink ? grad : NULL, mean, sd, batch);
  for (size_t j = 0; j < LINEAR_D; j++) {
    out[0][j] = (cred_real)grad[j];
    out[1][j] = (cred_real)grad[LINEAR_D + j];
  }
  if (step == l->fail_at) out[0][1] = (cred_real)l->fail_value;
  if (sink) sink->take(sink->context, 0, out[0], sd ? out[1] : NULL, l->density.dim);
  return CRED_OK;
}

static inline cred_status linear_point(const void *model, double *log_lik,
                                       const cred_sink *sink, void *work,
                                       const cred_real *theta, const cred_batch *batch,
                                       const cred_key *key, uint64_t step) {
  (void)work;
  return linear_eval(model, log_lik, sink, theta, NULL, batch, key, step);
}

static inline cred_status linear_expect(const void *model, double *log_lik,
                                        const cred_sink *sink, void *work,
                                        const cred_real *mean, const cred_real *sd,
                                        const cred_batch *batch, const cred_key *key,
                                        uint64_t step, cred_estimator estimator) {
  (void)work, (void)estimator;
  return linear_eval(model, log_lik, sink, mean, sd, batch, key, step);
}

static inline void linear_start(const void *model, cred_real *theta,
                                const cred_key *key) {
  const linear *l = model;
  (void)key;
  for (size_t j = 0; j < LINEAR_D; j++)
    theta[j] = (cred_real)(l->start * (1 + 0.5 * (double)j));
  if (l->density.dim > LINEAR_D) theta[LINEAR_D] = (cred_real)log(l->slices[0].prior.sd);
}

// Two slices, of 1 and of LINEAR_D - 1 weights; a learned prior scale is one more, at the
// end.
static inline void linear_init(linear *l, const char *prior_text) {
  cred_prior prior;
  assert_ok(cred_prior_parse(&prior, prior_text));
  const bool learned = prior.scale == CRED_SCALE_LEARNED;
  *l = (linear){.sigma = 0.5, .start = 0.3, .fail_at = (uint64_t)-1};
  const cred_key key = cred_key_make(21);
  for (size_t i = 0; i < LINEAR_N; i++) {
    double mean = 0;
    for (size_t j = 0; j < LINEAR_D; j++) {
      l->x[i][j] = cred_key_normal(&key, i * LINEAR_D + j) * (0.5 + 0.4 * (double)j);
      if (j) l->x[i][j] += 0.4 * l->x[i][j - 1]; // correlated columns
      mean += l->x[i][j] * (0.8 - 0.5 * (double)j);
    }
    l->y[i] = mean + l->sigma * cred_key_normal(&key, 1000 + i);
  }
  const size_t scale_at = learned ? (size_t)LINEAR_D : CRED_NO_INDEX;
  for (size_t s = 0; s < 2; s++)
    l->slices[s] = (cred_slice){.name = "w",
                                .offset = s,
                                .n = s ? LINEAR_D - 1 : 1,
                                .n_dims = 1,
                                .fan_in = 1,
                                .prior = prior,
                                .log_sd = scale_at};
  l->slices[2] = (cred_slice){.name = "scale",
                              .offset = LINEAR_D,
                              .n = 1,
                              .n_dims = 1,
                              .kind = CRED_SLICE_POINT,
                              .log_sd = CRED_NO_INDEX};
  l->density = (cred_density){.dim = LINEAR_D + learned,
                              .n_slices = 2 + learned,
                              .slices = l->slices,
                              .n_rows = LINEAR_N,
                              .model = l,
                              .init = linear_start,
                              .point = linear_point,
                              .expect = linear_expect};
}

// Solves A x = b in place by Cholesky; returns log det A.
static inline double linear_solve(double *a, double *b, size_t n) {
  double log_det = 0;
  for (size_t j = 0; j < n; j++) {
    for (size_t k = 0; k < j; k++) a[j * n + j] -= a[j * n + k] * a[j * n + k];
    a[j * n + j] = sqrt(a[j * n + j]);
    log_det += 2 * log(a[j * n + j]);
    for (size_t i = j + 1; i < n; i++) {
      for (size_t k = 0; k < j; k++) a[i * n + j] -= a[i * n + k] * a[j * n + k];
      a[i * n + j] /= a[j * n + j];
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return log_det;
}

// Posterior mean and diagonal of its precision under w ~ N(0, t^2); t = INFINITY: flat.
static inline void linear_posterior(const linear *l, double *mean, double *precision,
                                    double t) {
  double a[LINEAR_D * LINEAR_D] = {0};
  const double p = 1 / (l->sigma * l->sigma);
  for (size_t j = 0; j < LINEAR_D; j++) {
    mean[j] = 0;
    for (size_t i = 0; i < LINEAR_N; i++) mean[j] += p * l->x[i][j] * l->y[i];
    for (size_t k = 0; k < LINEAR_D; k++)
      for (size_t i = 0; i < LINEAR_N; i++)
        a[j * LINEAR_D + k] += p * l->x[i][j] * l->x[i][k];
    a[j * LINEAR_D + j] += 1 / (t * t);
    precision[j] = a[j * LINEAR_D + j];
  }
  linear_solve(a, mean, LINEAR_D);
}

// log N(y; 0, sigma^2 I + t^2 X X').
static inline double linear_log_evidence(const linear *l, double t) {
  double a[LINEAR_N * LINEAR_N] = {0}, b[LINEAR_N], square = 0;
  for (size_t i = 0; i < LINEAR_N; i++) {
    for (size_t k = 0; k < LINEAR_N; k++)
      for (size_t j = 0; j < LINEAR_D; j++)
        a[i * LINEAR_N + k] += t * t * l->x[i][j] * l->x[k][j];
    a[i * LINEAR_N + i] += l->sigma * l->sigma;
    b[i] = l->y[i];
  }
  const double log_det = linear_solve(a, b, LINEAR_N);
  for (size_t i = 0; i < LINEAR_N; i++) square += b[i] * l->y[i];
  return -0.5 * (square + log_det) - LINEAR_N * 0.91893853320467274178;
}

// The array of this name in a method's state.
static inline cred_real *state_array(const cred_method *method, void *state,
                                     const char *name) {
  for (size_t i = 0; i < method->n_arrays(state); i++) {
    const cred_state_array a = method->array(state, i);
    if (strcmp(a.name, name) == 0) return a.data;
  }
  fail_msg("no array '%s'", name);
  return NULL;
}

#endif
