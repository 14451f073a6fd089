// density.c -- the prior of a whole model, slice by slice, and the sink that stores.

#include "credence/prob/density.h"
#include "base/fail.h"
#include <math.h>

cred_prior cred_slice_prior(const cred_slice *slice, const cred_real *theta) {
  cred_prior prior = slice->prior;
  if (slice->log_sd == CRED_NO_INDEX) return prior;
  prior.scale = CRED_SCALE_FIXED;
  prior.sd = exp((double)theta[slice->log_sd]);
  return prior;
}

double cred_density_log_prior(const cred_density *density, cred_real *dtheta,
                              const cred_real *theta, double scale) {
  double sum = 0;
  for (size_t i = 0; i < density->n_slices; i++) {
    const cred_slice *slice = &density->slices[i];
    if (slice->prior.kind == CRED_PRIOR_FLAT) continue;
    const cred_prior prior = cred_slice_prior(slice, theta);
    const cred_real *w = theta + slice->offset;
    if (!dtheta) {
      sum += cred_prior_log_prob(&prior, w, slice->n);
      continue;
    }
    sum += cred_prior_log_prob_grad(dtheta + slice->offset, &prior, w, scale, slice->n);
    if (slice->log_sd == CRED_NO_INDEX) continue;
    const double dlog_sd = cred_prior_grad_log_sd(&prior, w, slice->n);
    dtheta[slice->log_sd] += (cred_real)(scale * dlog_sd);
  }
  return sum;
}

cred_status cred_density_eval(const cred_density *density, double *log_lik,
                              double *log_prior, cred_real *dtheta, void *work,
                              const cred_real *theta, const cred_batch *batch,
                              const cred_key *key, uint64_t step) {
  cred_store store = {.dmean = dtheta, .scale = 1};
  const cred_sink sink = cred_sink_store(&store);
  TRY(density->point(density->model, log_lik, dtheta ? &sink : NULL, work, theta, batch,
                     key, step));
  if (dtheta && !isfinite(*log_lik)) // there is no gradient
    for (size_t i = 0; i < density->dim; i++) dtheta[i] = NAN;
  *log_prior = cred_density_log_prior(density, dtheta, theta, 1.0);
  return CRED_OK;
}

static void put(cred_real *out, const cred_real *in, cred_real scale, int accumulate,
                size_t n) {
  if (accumulate)
    for (size_t i = 0; i < n; i++) out[i] += scale * in[i];
  else
    for (size_t i = 0; i < n; i++) out[i] = scale * in[i];
}

static void store_take(void *context, size_t offset, const cred_real *dmean,
                       const cred_real *dsd, size_t n) {
  const cred_store *store = context;
  put(store->dmean + offset, dmean, store->scale, store->accumulate, n);
  if (dsd && store->dsd)
    put(store->dsd + offset, dsd, store->scale, store->accumulate, n);
}

cred_sink cred_sink_store(cred_store *store) {
  const cred_sink sink = {.take = store_take, .context = store};
  return sink;
}
