// wide.h -- a density of many independent parameters, for tests of steps.

#ifndef CRED_TESTS_INFER_WIDE_H
#define CRED_TESTS_INFER_WIDE_H

#include "check.h"
#include "base/alloc.h"
#include "base/thread.h"
#include "credence/infer/method.h"

// A density of many independent parameters: log p = -sum c_i (w_i - a_i)^2 / 2.
typedef struct {
  cred_density density;
  cred_slice slices[4];
  float *target, *curvature, *grad, *dsd;
  size_t n_threads; // that call the sink; 0: one
} wide;

typedef struct {
  const wide *d;
  const cred_sink *sink;
  const cred_real *dsd; // (D) or NULL
} wide_range;

// Ranges across slices.
static inline void wide_take(void *context, size_t i, size_t worker) {
  const wide_range *r = context;
  const size_t at = 1000 * i, left = r->d->density.dim - at;
  (void)worker;
  r->sink->take(r->sink->context, at, r->d->grad + at, r->dsd ? r->dsd + at : NULL,
                left < 1000 ? left : 1000);
}

static inline void wide_give(const wide *d, const cred_sink *sink, const cred_real *dsd) {
  wide_range r = {d, sink, dsd};
  cred__parallel(d->n_threads ? d->n_threads : 1, (d->density.dim + 999) / 1000,
                 wide_take, &r);
}

static inline cred_status wide_point(const void *model, double *log_lik,
                                     const cred_sink *sink, void *work,
                                     const cred_real *theta, const cred_batch *batch,
                                     const cred_key *key, uint64_t step) {
  const wide *d = model;
  (void)work, (void)batch, (void)key, (void)step;
  double sum = 0;
  for (size_t i = 0; i < d->density.dim; i++) {
    const float r = d->target[i] - theta[i];
    sum -= 0.5 * (double)(d->curvature[i] * r * r);
    d->grad[i] = d->curvature[i] * r;
  }
  *log_lik = sum;
  if (sink && isfinite(sum)) wide_give(d, sink, NULL);
  return CRED_OK;
}

// E log p = log p(mean) - sum c sd^2 / 2, exactly.
static inline cred_status wide_expect(const void *model, double *log_lik,
                                      const cred_sink *sink, void *work,
                                      const cred_real *mean, const cred_real *sd,
                                      const cred_batch *batch, const cred_key *key,
                                      uint64_t step, cred_estimator estimator) {
  const wide *d = model;
  (void)estimator;
  wide_point(model, log_lik, NULL, work, mean, batch, key, step);
  for (size_t i = 0; i < d->density.dim; i++) {
    *log_lik -= 0.5 * (double)(d->curvature[i] * sd[i] * sd[i]);
    d->dsd[i] = -d->curvature[i] * sd[i];
  }
  if (sink && isfinite(*log_lik)) wide_give(d, sink, d->dsd);
  return CRED_OK;
}

static inline void wide_start(const void *model, cred_real *theta, const cred_key *key) {
  const wide *d = model;
  for (size_t i = 0; i < d->density.dim; i++)
    theta[i] = (cred_real)(0.2 * cred_key_uniform(key, i) - 0.1);
}

static inline void wide_init(wide *d, const char *prior_text) {
  static const size_t sizes[] = {17001, 13, 4000, 1}; // past the size of one thread
  cred_prior prior;
  assert_ok(cred_prior_parse(&prior, prior_text));
  const bool learned = prior.scale == CRED_SCALE_LEARNED;
  *d = (wide){.density = {.n_slices = 4,
                          .slices = d->slices,
                          .n_rows = 100,
                          .model = d,
                          .init = wide_start,
                          .point = wide_point,
                          .expect = wide_expect}};
  for (size_t s = 0; s < 4; s++) {
    d->slices[s] = (cred_slice){.name = "w",
                                .offset = d->density.dim,
                                .n = sizes[s],
                                .n_dims = 1,
                                .fan_in = 50,
                                .log_sd = CRED_NO_INDEX,
                                .kind = s == 3 ? CRED_SLICE_POINT : CRED_SLICE_BAYESIAN};
    if (s < 3) d->slices[s].prior = prior;
    d->density.dim += sizes[s];
  }
  for (size_t s = 0; s < 3 && learned; s++) d->slices[s].log_sd = d->density.dim - 1;
  assert_ok(NEW(&d->target, d->density.dim, "targets"));
  assert_ok(NEW(&d->curvature, d->density.dim, "curvatures"));
  assert_ok(NEW(&d->grad, d->density.dim, "gradient"));
  assert_ok(NEW(&d->dsd, d->density.dim, "gradient"));
  const cred_key key = cred_key_make(6);
  for (size_t i = 0; i < d->density.dim; i++) {
    d->target[i] = (float)cred_key_normal(&key, i);
    d->curvature[i] = (float)(100 * cred_key_uniform(&key, i));
  }
}

static inline void wide_clear(wide *d) {
  cred__free(d->target);
  cred__free(d->curvature);
  cred__free(d->grad);
  cred__free(d->dsd);
}

static inline void wide_assert_same_state(const cred_method *method, void *a, void *b) {
  assert_int_equal(method->n_arrays(a), method->n_arrays(b));
  for (size_t i = 0; i < method->n_arrays(a); i++) {
    const cred_state_array x = method->array(a, i), y = method->array(b, i);
    assert_string_equal(x.name, y.name);
    assert_memory_equal(x.data, y.data, x.n * sizeof *x.data);
  }
}

#endif
