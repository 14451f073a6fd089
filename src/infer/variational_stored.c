// variational_stored.c -- a step of the factorised Gaussian with its gradient in memory.
//
// The density's gradients are stored; passes over the parameters add the KL, take the
// norm, and move. Formulas in variational.c.

#include "infer/variational.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/kernel.h"
#include "kernel/update.h"
#include <math.h>
#include <string.h>

// Adds what one draw of the weights says: likelihood gradient g at w, and the prior where
// its KL has no closed form. The share of a draw in the average is in g already.
static void add_draw(cred__vi_state *s, size_t i, const cred_prior *prior,
                     const cred_slice *slice, cred_real *g, const cred_real *w) {
  const cred__tile *t = &s->tiles.tile[i];
  cred_real *dmean = s->dmean + t->begin, *dlog_sd = s->dlog_sd + t->begin;
  const double share = s->log_prior_share;
  if (prior->kind == CRED_PRIOR_MIXTURE) {
    const cred__mixture mixture = {prior->sd, prior->sd2, prior->weight};
    const cred__gaussian_chain chain = {.n = t->n,
                                        .grad = g,
                                        .w = w,
                                        .mean = s->mean + t->begin,
                                        .dmean = dmean,
                                        .dlog_sd = dlog_sd,
                                        .add = !s->first_draw};
    s->kl[i] -= share * cred__mixture_chain(&chain, &mixture, s->kl_weight * share);
    return;
  }
  if (!cred_prior_has_kl(prior) && prior->kind != CRED_PRIOR_FLAT) {
    s->kl[i] -= share * cred__log_prior_grad(g, prior, w, s->kl_weight * share, t->n);
    if (slice->log_sd != CRED_NO_INDEX)
      s->dscale[i] += s->kl_weight * share * cred_prior_grad_log_sd(prior, w, t->n);
  }
  if (s->first_draw) {
    memset(dlog_sd, 0, t->n * sizeof *dlog_sd);
    if (g != dmean) memcpy(dmean, g, t->n * sizeof *dmean);
  } else {
    for (size_t j = 0; j < t->n; j++) dmean[j] += g[j];
  }
  cred__chain_log_sd(dlog_sd, g, w, s->mean + t->begin, t->n);
}

// Minus the entropy of q, sum log_sd + log(2 pi e) / 2, and its gradient.
static void add_entropy(cred__vi_state *s, size_t i) {
  const cred__tile *t = &s->tiles.tile[i];
  s->kl[i] -=
      1.4189385332046727 * (double)t->n +
      cred__entropy_grad(s->dlog_sd + t->begin, s->log_sd + t->begin, s->kl_weight, t->n);
}

// The part of the KL that does not depend on draws: all of it, or the entropy.
static void add_closed_form(cred__vi_state *s, size_t i, const cred_prior *prior,
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
  cred__exp_fill(sd, log_sd, t->n);
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
  cred__vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  const cred_slice *slice = &s->density->slices[t->slice];
  cred_real *dmean = s->dmean + t->begin, *dlog_sd = s->dlog_sd + t->begin;
  cred_real *g = s->grad + t->begin;
  if (s->first_draw) s->kl[i] = s->dscale[i] = 0;
  if (slice->kind == CRED_SLICE_POINT) {
    if (s->first_draw) memset(dlog_sd, 0, t->n * sizeof *dlog_sd);
    if (s->first_draw && g != dmean) memset(dmean, 0, t->n * sizeof *dmean);
    for (size_t j = 0; g != dmean && j < t->n; j++) dmean[j] += g[j];
    return;
  }
  const cred_prior prior = cred_slice_prior(slice, s->mean);
  add_draw(s, i, &prior, slice, g, s->theta + t->begin);
  if (s->first_draw) add_closed_form(s, i, &prior, slice);
}

// After the density's own expectation: dmean is there, dlog_sd holds d/dsd, theta holds
// sd.
static void expect_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  cred__vi_state *s = p;
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
    cred_real w[CRED__TILE], a[CRED__TILE] = {0};
    cred__gaussian_fill(w, t->n, s->mean + t->begin, sd, &s->draw_key, s->number,
                        t->begin);
    s->kl[i] -= cred__log_prior_grad(a, &prior, w, s->kl_weight, t->n);
    if (slice->log_sd != CRED_NO_INDEX)
      s->dscale[i] += s->kl_weight * cred_prior_grad_log_sd(&prior, w, t->n);
    for (size_t j = 0; j < t->n; j++) dmean[j] += a[j];
    cred__chain_log_sd(dlog_sd, a, w, s->mean + t->begin, t->n);
  }
  add_closed_form(s, i, &prior, slice);
}

static void norm_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  cred__vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  s->norm2[i] = cred__sum_squares(s->dmean + t->begin, t->n) +
                cred__sum_squares(s->dlog_sd + t->begin, t->n);
}

static void update_tile(void *p, size_t i, size_t worker) {
  (void)worker;
  cred__vi_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  const bool bayesian = s->density->slices[t->slice].kind == CRED_SLICE_BAYESIAN;
  cred__stepper_apply(&s->stepper, bayesian, s->mean + t->begin, s->m1[0] + t->begin,
                      s->m2[0] ? s->m2[0] + t->begin : NULL, s->dmean + t->begin, t->n);
  if (bayesian)
    cred__stepper_apply(&s->stepper, false, s->log_sd + t->begin, s->m1[1] + t->begin,
                        s->m2[1] ? s->m2[1] + t->begin : NULL, s->dlog_sd + t->begin,
                        t->n);
}

static cred_status evaluate_weights(cred__vi_state *s, double *log_lik, void *work,
                                    const cred_batch *batch) {
  const cred_density *density = s->density;
  const double share = 1.0 / (double)s->opt.n_draws;
  *log_lik = 0;
  s->log_prior_share = share;
  for (size_t draw = 0; draw < s->opt.n_draws; draw++) {
    s->draw_key = cred_key_derive(&s->key, CRED_FOR_WEIGHTS, draw);
    s->first_draw = draw == 0;
    cred__vi_draw(s);
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

static cred_status evaluate_expectation(cred__vi_state *s, double *log_lik, void *work,
                                        const cred_batch *batch) {
  const cred_density *density = s->density;
  const double share = 1.0 / (double)s->opt.n_draws;
  *log_lik = 0;
  cred__vi_sds(s);
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

cred_status cred__vi_stored_step(cred__vi_state *s, cred_step_info *info, void *work,
                                 const cred_batch *batch, double rate) {
  const cred_density *density = s->density;
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
  s->stepper = cred__stepper_at(&s->opt.optimiser, s->number, rate, per_row * clip);
  cred__parallel(s->tiles.n_threads, s->tiles.n, update_tile, s);
  return CRED_OK;
}
