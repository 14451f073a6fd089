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

#include "credence/infer/method.h"
#include "infer/optimiser.h"
#include "infer/tiles.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/fast_math.h"
#include "kernel/kernel.h"
#include "kernel/update.h"
#include <math.h>
#include <string.h>

typedef struct {
  const cred_density *density; // kept: outlives the state
  cred_method_options opt;
  cred_key key, draw_key;
  cred__tiles tiles;
  size_t dim;
  uint64_t number;          // of the step
  cred_real *mean, *log_sd; // (D) state
  cred_real *m1[2], *m2[2]; // (D) moments of mean and log_sd; m2 NULL for sgd
  cred_real *theta;         // (D) the draw, or sd for local and flipout
  cred_real *grad;          // (D) at the draw; the same as dmean where there is one draw
  cred_real *dmean, *dlog_sd;        // (D) of the objective
  double *kl, *dscale, *norm2;       // (tiles)
  double kl_weight, log_prior_share; // of the whole KL; of log p(w) in one draw
  bool first_draw, sampled;
  cred__stepper stepper;
} vi_state;

static void state_free(void *p) {
  vi_state *s = p;
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

static cred_status arrays_new(vi_state *s) {
  const size_t d = s->dim;
  TRY(NEW(&s->mean, d, "posterior means"));
  TRY(NEW(&s->log_sd, d, "posterior sds"));
  for (int i = 0; i < 2; i++) {
    TRY(NEW(&s->m1[i], d, "optimiser moments"));
    if (s->opt.optimiser.kind != CRED_SGD) TRY(NEW(&s->m2[i], d, "optimiser moments"));
  }
  TRY(NEW(&s->theta, d, "a draw of the weights"));
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
static void start(vi_state *s, const cred_density *density) {
  const cred_key init = cred_key_derive(&s->key, CRED_FOR_INIT, 0);
  density->init(density->model, s->mean, &init);
  for (size_t i = 0; i < density->n_slices; i++) {
    const cred_slice *slice = &density->slices[i];
    const double fan_in = slice->fan_in ? (double)slice->fan_in : 1.0;
    const cred_real log_sd = (cred_real)log(s->opt.init_sd / sqrt(fan_in));
    for (size_t j = 0; j < slice->n; j++) s->log_sd[slice->offset + j] = log_sd;
  }
}

static cred_status state_new(void **out, const cred_density *density,
                             const cred_method_options *opt, const cred_key *key,
                             size_t n_threads) {
  *out = NULL;
  TRY(cred_method_check(opt));
  if (opt->estimator != CRED_ESTIMATOR_WEIGHTS && !density->expect)
    FAIL(CRED_ECONFIG, "this model offers only the estimator 'weights'");
  vi_state *s = NULL;
  cred_status status = NEW(&s, 1, "the state of a method");
  if (status != CRED_OK) return status;
  s->opt = *opt;
  s->key = *key;
  s->dim = density->dim;
  s->density = density;
  s->sampled = opt->estimator == CRED_ESTIMATOR_WEIGHTS;
  TRY_DONE(cred__tiles_init(&s->tiles, density, n_threads));
  TRY_DONE(arrays_new(s));
  start(s, density);
  *out = s;
  s = NULL;
done:
  state_free(s);
  return status;
}

static void tile_noise(cred_real *eps, const vi_state *s, const cred__tile *t) {
  const cred_key key = cred_key_derive(&s->draw_key, CRED_FOR_SLICE, t->slice);
  cred__normal_fill(eps, t->n, &key, s->number,
                    t->begin - s->density->slices[t->slice].offset);
}

static void draw_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  cred_real *theta = s->theta + t->begin;
  const cred_real *mean = s->mean + t->begin;
  if (s->density->slices[t->slice].kind == CRED_SLICE_POINT) {
    memcpy(theta, mean, t->n * sizeof *theta);
    return;
  }
  cred_real eps[CRED__TILE];
  tile_noise(eps, s, t);
  cred__gaussian_draw(theta, mean, s->log_sd + t->begin, eps, t->n);
}

static void sd_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  cred_real *sd = s->theta + t->begin;
  if (s->density->slices[t->slice].kind == CRED_SLICE_POINT) {
    memset(sd, 0, t->n * sizeof *sd);
    return;
  }
  for (size_t j = 0; j < t->n; j++) sd[j] = cred__exp(s->log_sd[t->begin + j]);
}

// Adds what one draw of the weights says: likelihood gradient g at w, and the prior where
// its KL has no closed form. The share of a draw in the average is in g already.
static void add_draw(vi_state *s, size_t i, const cred_prior *prior,
                     const cred_slice *slice, cred_real *g, const cred_real *w,
                     const cred_real *eps) {
  const cred__tile *t = &s->tiles.tile[i];
  cred_real *dmean = s->dmean + t->begin, *dlog_sd = s->dlog_sd + t->begin;
  if (!cred_prior_has_kl(prior) && prior->kind != CRED_PRIOR_FLAT) {
    const double share = s->log_prior_share;
    s->kl[i] -= share * cred__log_prior_grad(g, prior, w, s->kl_weight * share, t->n);
    if (slice->log_sd != CRED_NO_INDEX)
      s->dscale[i] += s->kl_weight * share * cred_prior_grad_log_sd(prior, w, t->n);
  }
  if (g != dmean)
    for (size_t j = 0; j < t->n; j++) dmean[j] += g[j];
  cred__chain_log_sd(dlog_sd, g, eps, s->log_sd + t->begin, 0.0, t->n);
}

// Minus the entropy of q, sum log_sd + log(2 pi e) / 2, and its gradient.
static void add_entropy(vi_state *s, size_t i) {
  const cred__tile *t = &s->tiles.tile[i];
  cred_real *dlog_sd = s->dlog_sd + t->begin;
  const cred_real *log_sd = s->log_sd + t->begin, weight = (cred_real)s->kl_weight;
  double lane[8] = {0};
  for (size_t j = 0; j < t->n; j++) {
    lane[j % 8] += (double)log_sd[j];
    dlog_sd[j] += weight;
  }
  double entropy = 1.4189385332046727 * (double)t->n;
  for (int l = 0; l < 8; l++) entropy += lane[l];
  s->kl[i] -= entropy;
}

// The part of the KL that does not depend on draws: all of it, or the entropy.
static void add_closed_form(vi_state *s, size_t i, const cred_prior *prior,
                            const cred_slice *slice) {
  const cred__tile *t = &s->tiles.tile[i];
  cred_real *dmean = s->dmean + t->begin, *dlog_sd = s->dlog_sd + t->begin;
  const cred_real *mean = s->mean + t->begin, *log_sd = s->log_sd + t->begin;
  if (prior->kind == CRED_PRIOR_NORMAL)
    s->kl[i] +=
        cred__normal_kl_grad(dmean, dlog_sd, mean, log_sd, prior->sd, s->kl_weight, t->n);
  const bool learned = slice->log_sd != CRED_NO_INDEX, closed = cred_prior_has_kl(prior);
  if (prior->kind == CRED_PRIOR_NORMAL && !learned) return;
  if (!closed) {
    add_entropy(s, i);
    return;
  }
  cred_real sd[CRED__TILE];
  for (size_t j = 0; j < t->n; j++) sd[j] = cred__exp(log_sd[j]);
  if (learned)
    s->dscale[i] -= s->kl_weight * cred_prior_kl_grad_log_sd(prior, mean, sd, t->n);
  if (prior->kind == CRED_PRIOR_NORMAL) return;
  cred_real dsd[CRED__TILE] = {0};
  s->kl[i] += cred_prior_kl(prior, mean, sd, t->n);
  cred_prior_kl_grad(dmean, dsd, prior, mean, sd, -s->kl_weight, t->n);
  for (size_t j = 0; j < t->n; j++) dlog_sd[j] += dsd[j] * sd[j];
}

// After one evaluation at a draw: g, theta are of this draw.
static void weights_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  const cred_slice *slice = &s->density->slices[t->slice];
  cred_real *dmean = s->dmean + t->begin, *dlog_sd = s->dlog_sd + t->begin;
  cred_real *g = s->grad + t->begin;
  if (s->first_draw) {
    s->kl[i] = s->dscale[i] = 0;
    memset(dlog_sd, 0, t->n * sizeof *dlog_sd);
    if (g != dmean) memset(dmean, 0, t->n * sizeof *dmean);
  }
  if (slice->kind == CRED_SLICE_POINT) {
    if (g != dmean)
      for (size_t j = 0; j < t->n; j++) dmean[j] += g[j];
    return;
  }
  const cred_prior prior = cred_slice_prior(slice, s->mean);
  cred_real eps[CRED__TILE];
  tile_noise(eps, s, t);
  add_draw(s, i, &prior, slice, g, s->theta + t->begin, eps);
  if (s->first_draw) add_closed_form(s, i, &prior, slice);
}

// After the density's own expectation: dmean is there, dlog_sd holds d/dsd, theta holds
// sd.
static void expect_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  const cred_slice *slice = &s->density->slices[t->slice];
  cred_real *dmean = s->dmean + t->begin, *dlog_sd = s->dlog_sd + t->begin;
  s->kl[i] = s->dscale[i] = 0;
  if (slice->kind == CRED_SLICE_POINT) {
    memset(dlog_sd, 0, t->n * sizeof *dlog_sd);
    return;
  }
  const cred_real *sd = s->theta + t->begin;
  for (size_t j = 0; j < t->n; j++) dlog_sd[j] *= sd[j];
  const cred_prior prior = cred_slice_prior(slice, s->mean);
  if (!cred_prior_has_kl(&prior) && prior.kind != CRED_PRIOR_FLAT) {
    cred_real eps[CRED__TILE], w[CRED__TILE], a[CRED__TILE] = {0};
    tile_noise(eps, s, t);
    cred__gaussian_draw(w, s->mean + t->begin, s->log_sd + t->begin, eps, t->n);
    s->kl[i] -= cred__log_prior_grad(a, &prior, w, s->kl_weight, t->n);
    if (slice->log_sd != CRED_NO_INDEX)
      s->dscale[i] += s->kl_weight * cred_prior_grad_log_sd(&prior, w, t->n);
    for (size_t j = 0; j < t->n; j++) dmean[j] += a[j];
    cred__chain_log_sd(dlog_sd, a, eps, s->log_sd + t->begin, 0.0, t->n);
  }
  add_closed_form(s, i, &prior, slice);
}

static void norm_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  const cred_real *a = s->dmean + t->begin, *b = s->dlog_sd + t->begin;
  double lane[8] = {0};
  for (size_t j = 0; j < t->n; j++)
    lane[j % 8] += (double)(a[j] * a[j]) + (double)(b[j] * b[j]);
  s->norm2[i] = ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
                ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

static void update_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  const bool bayesian = s->density->slices[t->slice].kind == CRED_SLICE_BAYESIAN;
  cred__stepper_apply(&s->stepper, bayesian, s->mean + t->begin, s->m1[0] + t->begin,
                      s->m2[0] ? s->m2[0] + t->begin : NULL, s->dmean + t->begin, t->n);
  if (bayesian)
    cred__stepper_apply(&s->stepper, false, s->log_sd + t->begin, s->m1[1] + t->begin,
                        s->m2[1] ? s->m2[1] + t->begin : NULL, s->dlog_sd + t->begin,
                        t->n);
}

static cred_status evaluate_weights(vi_state *s, double *log_lik, void *work,
                                    const cred_batch *batch) {
  const cred_density *density = s->density;
  const double share = 1.0 / (double)s->opt.n_draws;
  *log_lik = 0;
  s->log_prior_share = share;
  for (size_t draw = 0; draw < s->opt.n_draws; draw++) {
    s->draw_key = cred_key_derive(&s->key, CRED_FOR_WEIGHTS, draw);
    s->first_draw = draw == 0;
    cred__parallel(s->tiles.n_threads, s->tiles.n, draw_tile, s);
    cred_store store = {.dmean = s->grad, .scale = (cred_real)share};
    const cred_sink sink = cred_sink_store(&store);
    const cred_key key = cred_key_derive(&s->key, CRED_FOR_DRAW, draw);
    double value;
    TRY(density->point(density->model, &value, &sink, work, s->theta, batch, &key,
                       s->number));
    *log_lik += share * value;
    cred__parallel(s->tiles.n_threads, s->tiles.n, weights_tile, s);
  }
  return CRED_OK;
}

static cred_status evaluate_expectation(vi_state *s, double *log_lik, void *work,
                                        const cred_batch *batch) {
  const cred_density *density = s->density;
  const double share = 1.0 / (double)s->opt.n_draws;
  *log_lik = 0;
  cred__parallel(s->tiles.n_threads, s->tiles.n, sd_tile, s);
  for (size_t draw = 0; draw < s->opt.n_draws; draw++) {
    cred_store store = {.dmean = s->dmean,
                        .dsd = s->dlog_sd,
                        .scale = (cred_real)share,
                        .accumulate = draw > 0};
    const cred_sink sink = cred_sink_store(&store);
    const cred_key key = cred_key_derive(&s->key, CRED_FOR_DRAW, draw);
    double value;
    TRY(density->expect(density->model, &value, &sink, work, s->mean, s->theta, batch,
                        &key, s->number, s->opt.estimator));
    *log_lik += share * value;
  }
  s->draw_key = cred_key_derive(&s->key, CRED_FOR_KL, 0);
  cred__parallel(s->tiles.n_threads, s->tiles.n, expect_tile, s);
  return CRED_OK;
}

static cred_status step(void *p, cred_step_info *info, const cred_density *density,
                        void *work, const cred_batch *batch, uint64_t number, double rate,
                        double kl_weight) {
  vi_state *s = p;
  s->density = density;
  s->number = number;
  s->kl_weight = s->opt.temperature * kl_weight;
  TRY(s->sampled ? evaluate_weights(s, &info->log_lik, work, batch)
                 : evaluate_expectation(s, &info->log_lik, work, batch));
  double norm2 = 0, kl = 0;
  for (size_t i = 0; i < s->tiles.n; i++) {
    const size_t index = density->slices[s->tiles.tile[i].slice].log_sd;
    if (index != CRED_NO_INDEX) s->dmean[index] += (cred_real)s->dscale[i];
    kl += s->kl[i];
  }
  cred__parallel(s->tiles.n_threads, s->tiles.n, norm_tile, s);
  for (size_t i = 0; i < s->tiles.n; i++) norm2 += s->norm2[i];
  info->kl = kl;
  info->finite = isfinite(info->log_lik) && isfinite(norm2) && isfinite(kl);
  if (!info->finite) return CRED_OK;
  const double per_row = 1.0 / (double)density->n_rows;
  const double clip =
      cred__clip_scale(norm2 * per_row * per_row, s->opt.optimiser.clip_norm);
  s->stepper = cred__stepper_at(&s->opt.optimiser, number, rate, per_row * clip);
  cred__parallel(s->tiles.n_threads, s->tiles.n, update_tile, s);
  return CRED_OK;
}

static size_t n_arrays(const void *p) {
  return ((const vi_state *)p)->m2[0] ? 6 : 4;
}

static cred_state_array array(void *p, size_t i) {
  vi_state *s = p;
  const cred_state_array all[] = {
      {"mean", s->mean, s->dim},     {"log_sd", s->log_sd, s->dim},
      {"mean.m1", s->m1[0], s->dim}, {"log_sd.m1", s->m1[1], s->dim},
      {"mean.m2", s->m2[0], s->dim}, {"log_sd.m2", s->m2[1], s->dim}};
  return all[i];
}

static void member(const void *p, cred_member *out) {
  const vi_state *s = p;
  memcpy(out->mean, s->mean, s->dim * sizeof *s->mean);
  memset(out->sd, 0, s->dim * sizeof *out->sd);
  for (size_t i = 0; i < s->tiles.n; i++) {
    const cred__tile *t = &s->tiles.tile[i];
    if (s->density->slices[t->slice].kind == CRED_SLICE_BAYESIAN)
      for (size_t j = 0; j < t->n; j++)
        out->sd[t->begin + j] = cred__exp(s->log_sd[t->begin + j]);
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
                                             .member = member};
