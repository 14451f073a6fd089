// variational.c -- a factorised Gaussian trained on the evidence lower bound.
//
//   q(w) = N(mean, exp(log_sd)^2),   ELBO = E_q log p(data | w) - KL(q || prior)
//   weights:  w = mean + exp(log_sd) eps,  g = d log p(data | w) / dw
//             d/dmean = g,  d/dlog_sd = g eps exp(log_sd)      Blundell et al. (2015),
//             eqs. 3-4
//   local reparameterisation and flipout: the density's own expectation
// The KL is in closed form where the prior has one, else its log p(w) is averaged over
// the draws and its entropy is exact; of a flat prior only the entropy is left. `point`
// slices have no sd and no prior.

#include "infer/variational.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/kernel.h"
#include "kernel/update.h"
#include <math.h>
#include <string.h>

static void state_free(void *p) {
  cred__vi_state *s = p;
  if (!s) return;
  cred__tiles_clear(&s->tiles);
  cred__free(s->mean);
  cred__free(s->log_sd);
  for (int i = 0; i < 2; i++) {
    cred__free(s->m1[i]);
    cred__free(s->m2[i]);
  }
  cred__free(s->theta);
  if (s->grad != s->dmean) cred__free(s->grad);
  cred__free(s->dmean);
  cred__free(s->dlog_sd);
  cred__free(s->kl);
  cred__free(s->dscale);
  cred__free(s->norm2);
  cred__free(s);
}

static cred_status arrays_new(cred__vi_state *s) {
  const size_t d = s->dim;
  TRY(NEW(&s->mean, d, "posterior means"));
  TRY(NEW(&s->log_sd, d, "posterior sds"));
  for (int i = 0; i < 2; i++) {
    TRY(NEW(&s->m1[i], d, "optimiser moments"));
    if (s->opt.optimiser.kind != CRED_SGD) TRY(NEW(&s->m2[i], d, "optimiser moments"));
  }
  TRY(NEW(&s->theta, d, "a draw of the weights"));
  if (s->fused) return CRED_OK;
  TRY(NEW(&s->dmean, d, "a gradient"));
  TRY(NEW(&s->dlog_sd, d, "a gradient"));
  if (s->sampled && s->opt.n_draws > 1)
    TRY(NEW(&s->grad, d, "a gradient"));
  else
    s->grad = s->dmean;
  TRY(NEW(&s->kl, s->tiles.n, "sums over tiles"));
  TRY(NEW(&s->dscale, s->tiles.n, "sums over tiles"));
  TRY(NEW(&s->norm2, s->tiles.n, "sums over tiles"));
  return CRED_OK;
}

// Means as the density starts them; sds relative to the size of a weight at the start.
static void start(cred__vi_state *s, const cred_density *density) {
  const cred_key init = cred_key_derive(&s->key, CRED_FOR_INIT, 0);
  density->init(density->model, s->mean, &init);
  for (size_t i = 0; i < density->n_slices; i++) {
    const cred_slice *slice = &density->slices[i];
    const double fan_in = slice->fan_in ? (double)slice->fan_in : 1.0;
    const cred_real log_sd = (cred_real)log(s->opt.init_sd / sqrt(fan_in));
    for (size_t j = 0; j < slice->n; j++) s->log_sd[slice->offset + j] = log_sd;
  }
}

// The one place that decides. Stored gradients serve what must know all of them before
// any parameter moves: their norm, several draws, a learned scale of the prior.
static bool can_fuse(const cred__vi_state *s) {
  const cred_method_options *opt = &s->opt;
  if (s->dim < CRED__FUSED_DIM || opt->optimiser.clip_norm > 0 || opt->n_draws > 1 ||
      opt->optimiser.kind == CRED_SGD || opt->optimiser.epsilon < CRED__EPSILON_MIN)
    return false;
  for (size_t i = 0; i < s->density->n_slices; i++) {
    const cred_slice *slice = &s->density->slices[i];
    const bool has_pass =
        slice->prior.kind == CRED_PRIOR_MIXTURE || slice->prior.kind == CRED_PRIOR_NORMAL;
    if (slice->log_sd != CRED_NO_INDEX) return false;
    if (slice->kind == CRED_SLICE_BAYESIAN && !has_pass) return false;
  }
  return true;
}

static cred_status state_new(void **out, const cred_density *density,
                             const cred_method_options *opt, const cred_key *key,
                             size_t n_threads) {
  *out = NULL;
  TRY(cred_method_check(opt));
  if (opt->estimator != CRED_ESTIMATOR_WEIGHTS && !density->expect)
    FAIL(CRED_ECONFIG, "this model offers only the estimator 'weights'");
  cred__vi_state *s = NULL;
  cred_status status = NEW(&s, 1, "the state of a method");
  if (status != CRED_OK) return status;
  s->opt = *opt;
  s->key = *key;
  s->dim = density->dim;
  s->density = density;
  s->sampled = opt->estimator == CRED_ESTIMATOR_WEIGHTS;
  s->fused = can_fuse(s);
  TRY_DONE(cred__tiles_init(&s->tiles, density, n_threads));
  TRY_DONE(arrays_new(s));
  start(s, density);
  *out = s;
  s = NULL;
done:
  state_free(s);
  return status;
}

static void draw_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  cred__vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  cred_real *theta = s->theta + t->begin;
  const cred_real *mean = s->mean + t->begin;
  if (s->density->slices[t->slice].kind == CRED_SLICE_POINT) {
    memcpy(theta, mean, t->n * sizeof *theta);
    return;
  }
  cred_real eps[CRED__TILE + CRED__NOISE_BLOCK];
  const size_t skip = t->begin % CRED__NOISE_BLOCK;
  cred__normal_fill(eps, t->n + skip, &s->draw_key, s->number, t->begin - skip);
  cred__gaussian_draw(theta, mean, s->log_sd + t->begin, eps + skip, t->n);
}

static void sd_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  cred__vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  cred_real *sd = s->theta + t->begin;
  if (s->density->slices[t->slice].kind == CRED_SLICE_POINT) {
    memset(sd, 0, t->n * sizeof *sd);
    return;
  }
  cred__exp_fill(sd, s->log_sd + t->begin, t->n);
}

void cred__vi_draw(cred__vi_state *s) {
  cred__parallel(s->tiles.n_threads, s->tiles.n, draw_tile, s);
}

void cred__vi_sds(cred__vi_state *s) {
  cred__parallel(s->tiles.n_threads, s->tiles.n, sd_tile, s);
}

static cred_status step(void *p, cred_step_info *info, const cred_density *density,
                        void *work, const cred_batch *batch, uint64_t number, double rate,
                        double kl_weight) {
  cred__vi_state *s = p;
  s->density = density;
  s->number = number;
  s->kl_weight = s->opt.temperature * kl_weight;
  const unsigned caller = cred__flush_denormals(); // once, not in every part
  const cred_status status = s->fused ? cred__vi_fused_step(s, info, work, batch, rate)
                                      : cred__vi_stored_step(s, info, work, batch, rate);
  cred__restore_denormals(caller);
  return status;
}

static size_t n_arrays(const void *p) {
  return ((const cred__vi_state *)p)->m2[0] ? 6 : 4;
}

static cred_state_array array(void *p, size_t i) {
  cred__vi_state *s = p;
  const cred_state_array all[] = {
      {"mean", s->mean, s->dim},     {"log_sd", s->log_sd, s->dim},
      {"mean.m1", s->m1[0], s->dim}, {"log_sd.m1", s->m1[1], s->dim},
      {"mean.m2", s->m2[0], s->dim}, {"log_sd.m2", s->m2[1], s->dim}};
  return all[i];
}

static cred_real *give(void *p, size_t i) {
  cred__vi_state *s = p;
  cred_real **const all[] = {&s->mean,  &s->log_sd, &s->m1[0],
                             &s->m1[1], &s->m2[0],  &s->m2[1]};
  cred_real *given = *all[i];
  *all[i] = NULL;
  return given;
}

static void member(const void *p, cred_member *out) {
  const cred__vi_state *s = p;
  memcpy(out->mean, s->mean, s->dim * sizeof *s->mean);
  memset(out->sd, 0, s->dim * sizeof *out->sd);
  for (size_t i = 0; i < s->tiles.n; i++) {
    const cred__tile *t = &s->tiles.tile[i];
    if (s->density->slices[t->slice].kind == CRED_SLICE_BAYESIAN)
      cred__exp_fill(out->sd + t->begin, s->log_sd + t->begin, t->n);
  }
}

const cred_method cred_method_variational = {.name = "variational",
                                             .posterior = CRED_POSTERIOR_GAUSSIAN,
                                             .needs_elbo_prior = true,
                                             .state_new = state_new,
                                             .state_free = state_free,
                                             .step = step,
                                             .n_arrays = n_arrays,
                                             .array = array,
                                             .give = give,
                                             .member = member};
