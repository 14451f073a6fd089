// map.c -- the posterior mode: ascent on log likelihood + temperature * log prior.
//
//   theta = argmax sum_n log p(y_n | x_n, theta) + log p(theta)
// Each step sees one mini-batch whose likelihood is scaled to all rows; the gradient is
// divided by the number of rows. With a density that drops units it is Monte Carlo
// dropout: Gal & Ghahramani (2016), eq. 3 (the prior is their weight decay).

#include "credence/infer/method.h"
#include "infer/optimiser.h"
#include "infer/tiles.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include <math.h>
#include <string.h>

#define HALF_LOG_2PI 0.91893853320467274178

typedef struct {
  const cred_density *density; // of the step under way
  cred_method_options opt;
  cred_key key;
  cred__tiles tiles;
  size_t dim;
  cred_real *theta, *m1, *m2; // (D) state; m2 NULL for sgd
  bool fused;                 // the step is taken in the sink; else:
  cred_real *grad;            // (D)
  double *log_prior, *norm2;  // (tiles)
  double prior_weight;
  cred__stepper stepper;
  cred__sum log_prior_sum; // fused
} map_state;

static void state_free(void *p) {
  map_state *s = p;
  if (!s) return;
  cred__tiles_clear(&s->tiles);
  cred__free(s->theta);
  cred__free(s->m1);
  cred__free(s->m2);
  cred__free(s->grad);
  cred__free(s->log_prior);
  cred__free(s->norm2);
  cred__free(s);
}

static cred_status state_new(void **out, const cred_density *density,
                             const cred_method_options *opt, const cred_key *key,
                             size_t n_threads) {
  *out = NULL;
  TRY(cred_method_check(opt));
  if (cred__density_learns_scale(density))
    FAIL(CRED_ECONFIG,
         "a learned prior scale needs the ELBO: at the posterior mode it runs to "
         "zero. Use --posterior vi, or give the scale, as in --prior 'normal 1'");
  map_state *s = NULL;
  cred_status status = NEW(&s, 1, "the state of a method");
  if (status != CRED_OK) return status;
  s->opt = *opt;
  s->key = *key;
  s->dim = density->dim;
  TRY_DONE(cred__tiles_init(&s->tiles, density, n_threads));
  TRY_DONE(NEW(&s->theta, s->dim, "parameters"));
  TRY_DONE(NEW(&s->m1, s->dim, "optimiser moments"));
  if (opt->optimiser.kind != CRED_SGD) TRY_DONE(NEW(&s->m2, s->dim, "optimiser moments"));
  // the one place that decides: a norm needs the whole gradient before anything moves
  s->fused = s->dim >= CRED__FUSED_DIM && opt->optimiser.clip_norm == 0;
  if (!s->fused) TRY_DONE(NEW(&s->grad, s->dim, "a gradient"));
  TRY_DONE(NEW(&s->log_prior, s->tiles.n, "sums over tiles"));
  TRY_DONE(NEW(&s->norm2, s->tiles.n, "sums over tiles"));
  const cred_key init = cred_key_derive(key, CRED_FOR_INIT, 0);
  density->init(density->model, s->theta, &init);
  *out = s;
  s = NULL;
done:
  state_free(s);
  return status;
}

static void add_prior(void *p, size_t i, size_t worker) {
  (void)worker;
  map_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  const cred_slice *slice = &s->density->slices[t->slice];
  cred_real *grad = s->grad + t->begin;
  s->log_prior[i] = 0;
  if (slice->prior.kind != CRED_PRIOR_FLAT)
    s->log_prior[i] = cred__log_prior_grad(grad, &slice->prior, s->theta + t->begin,
                                           s->prior_weight, t->n);
  s->norm2[i] = cred__sum_squares(grad, t->n);
}

static void update(void *p, size_t i, size_t worker) {
  (void)worker;
  map_state *s = p;
  const cred__tile *t = &s->tiles.tile[i];
  const bool decays = s->density->slices[t->slice].kind == CRED_SLICE_BAYESIAN;
  cred__stepper_apply(&s->stepper, decays, s->theta + t->begin, s->m1 + t->begin,
                      s->m2 ? s->m2 + t->begin : NULL, s->grad + t->begin, t->n);
}

static cred_status stored_step(map_state *s, cred_step_info *info, void *work,
                               const cred_batch *batch, uint64_t number, double rate) {
  const cred_density *density = s->density;
  cred_store store = {.dmean = s->grad, .scale = 1};
  const cred_sink sink = cred_sink_store(&store);
  TRY(density->point(density->model, &info->log_lik, &sink, work, s->theta, batch,
                     &s->key, number));
  cred__parallel(s->tiles.n_threads, s->tiles.n, add_prior, s);
  double norm2 = 0, log_prior = 0;
  for (size_t i = 0; i < s->tiles.n; i++) {
    norm2 += s->norm2[i];
    log_prior += s->log_prior[i];
  }
  info->kl = -log_prior;
  const double per_row = 1.0 / (double)density->n_rows;
  info->finite = isfinite(info->log_lik) && isfinite(norm2);
  if (!info->finite) return CRED_OK;
  const double clip =
      cred__clip_scale(norm2 * per_row * per_row, s->opt.optimiser.clip_norm);
  s->stepper = cred__stepper_at(&s->opt.optimiser, number, rate, per_row * clip);
  cred__parallel(s->tiles.n_threads, s->tiles.n, update, s);
  return CRED_OK;
}

// A range that the sink was given.
typedef struct {
  map_state *s;
  const cred_real *grad;
} range;

static void move_piece(void *context, const cred_slice *slice, size_t begin, size_t at,
                       size_t n) {
  const range *r = context;
  map_state *s = r->s;
  const cred_real *grad = r->grad + at;
  cred_real *theta = s->theta + begin, *m1 = s->m1 + begin;
  cred_real *m2 = s->m2 ? s->m2 + begin : NULL;
  const bool bayesian = slice->kind == CRED_SLICE_BAYESIAN;
  if (!cred__gradient_holds(grad, n)) {
    cred__sum_fail(&s->log_prior_sum);
    return;
  }
  if (bayesian && slice->prior.kind == CRED_PRIOR_NORMAL && m2) {
    const double sd = slice->prior.sd, precision = 1.0 / (sd * sd);
    const double square = cred__normal_adam_step(theta, m1, m2, grad, &s->stepper.adam,
                                                 s->prior_weight * precision, n);
    cred__sum_add(&s->log_prior_sum,
                  -0.5 * precision * square - (log(sd) + HALF_LOG_2PI) * (double)n);
    return;
  }
  cred_real total[CRED__TILE];
  memcpy(total, grad, n * sizeof *total);
  if (bayesian)
    cred__sum_add(&s->log_prior_sum,
                  cred__log_prior_grad(total, &slice->prior, theta, s->prior_weight, n));
  cred__stepper_apply(&s->stepper, bayesian, theta, m1, m2, total, n);
}

static void take(void *context, size_t offset, const cred_real *dmean,
                 const cred_real *dsd, size_t n) {
  (void)dsd;
  map_state *s = context;
  range r = {s, dmean};
  cred__for_pieces(s->density, offset, n, move_piece, &r);
}

// The guards against a gradient that is not finite are those of variational_fused.c.
static cred_status fused_step(map_state *s, cred_step_info *info, void *work,
                              const cred_batch *batch, uint64_t number, double rate) {
  const cred_density *density = s->density;
  const cred_sink sink = {.take = take, .context = s};
  s->stepper =
      cred__stepper_at(&s->opt.optimiser, number, rate, 1.0 / (double)density->n_rows);
  cred__sum_start(&s->log_prior_sum);
  TRY(density->point(density->model, &info->log_lik, &sink, work, s->theta, batch,
                     &s->key, number));
  info->kl = -cred__sum_value(&s->log_prior_sum);
  info->finite = isfinite(info->log_lik) && isfinite(info->kl);
  return CRED_OK;
}

static cred_status step(void *p, cred_step_info *info, const cred_density *density,
                        void *work, const cred_batch *batch, uint64_t number, double rate,
                        double kl_weight) {
  map_state *s = p;
  s->density = density;
  s->prior_weight = s->opt.temperature * kl_weight;
  const unsigned caller = cred__flush_denormals(); // once, not in every part
  const cred_status status = s->fused ? fused_step(s, info, work, batch, number, rate)
                                      : stored_step(s, info, work, batch, number, rate);
  cred__restore_denormals(caller);
  return status;
}

static size_t n_arrays(const void *p) {
  return ((const map_state *)p)->m2 ? 3 : 2;
}

static cred_state_array array(void *p, size_t i) {
  map_state *s = p;
  const cred_state_array all[] = {
      {"mean", s->theta, s->dim}, {"mean.m1", s->m1, s->dim}, {"mean.m2", s->m2, s->dim}};
  return all[i];
}

static cred_real *give(void *p, size_t i) {
  map_state *s = p;
  cred_real **const all[] = {&s->theta, &s->m1, &s->m2};
  cred_real *given = *all[i];
  *all[i] = NULL;
  return given;
}

static void member(const void *p, cred_member *out) {
  const map_state *s = p;
  memcpy(out->mean, s->theta, s->dim * sizeof *s->theta);
}

const cred_method cred_method_map = {.name = "map",
                                     .posterior = CRED_POSTERIOR_POINT,
                                     .needs_elbo_prior = false,
                                     .state_new = state_new,
                                     .state_free = state_free,
                                     .step = step,
                                     .n_arrays = n_arrays,
                                     .array = array,
                                     .give = give,
                                     .member = member};
