// variational_fused.c -- a step of the factorised Gaussian, taken in the sink.
//
// A piece of the gradient is turned into the move of its parameters while it is in cache:
// prior, chain rule and Adam in one pass (kernel/isa/step.c). Each range is given after
// the evaluation is done with its parameters, so that they may move at once. A gradient
// that is not finite is met by two guards: the density gives none where its log
// likelihood is not finite, so that nothing has moved; and a piece beyond
// CRED__GRADIENT_MAX (an overflow on the way back from finite outputs) does not move its
// parameters. Formulas in variational.c.

#include "infer/variational.h"
#include "base/fail.h"
#include "kernel/kernel.h"
#include "kernel/update.h"
#include <math.h>

// A range that the sink was given.
typedef struct {
  cred__vi_state *s;
  const cred_real *dmean, *dsd;
} range;

static void move_piece(void *context, const cred_slice *slice, size_t begin, size_t at,
                       size_t n) {
  const range *r = context;
  cred__vi_state *s = r->s;
  const cred_real *dmean = r->dmean + at, *dsd = r->dsd ? r->dsd + at : NULL;
  if (!cred__gradient_holds(dmean, n) || (dsd && !cred__gradient_holds(dsd, n))) {
    cred__sum_fail(&s->kl_sum);
    return;
  }
  if (slice->kind == CRED_SLICE_POINT) {
    cred__stepper_apply(&s->stepper, false, s->mean + begin, s->m1[0] + begin,
                        s->m2[0] + begin, dmean, n);
    return;
  }
  cred__gaussian_step p = {.n = n,
                           .grad = dmean,
                           .dsd = dsd,
                           .sd = dsd ? s->theta + begin : NULL,
                           .w = dsd ? NULL : s->theta + begin,
                           .mean = s->mean + begin,
                           .log_sd = s->log_sd + begin,
                           .m1 = {s->m1[0] + begin, s->m1[1] + begin},
                           .m2 = {s->m2[0] + begin, s->m2[1] + begin},
                           .kl_weight = s->kl_weight,
                           .adam = &s->stepper.adam};
  if (slice->prior.kind == CRED_PRIOR_NORMAL) {
    cred__sum_add(&s->kl_sum, cred__normal_step(&p, slice->prior.sd));
    return;
  }
  cred_real w[CRED__TILE];
  if (dsd) { // a draw for the prior alone
    cred__gaussian_fill(w, n, p.mean, p.sd, &s->draw_key, s->number, begin);
    p.w = w;
  }
  const cred__mixture mixture = {slice->prior.sd, slice->prior.sd2, slice->prior.weight};
  cred__sum_add(&s->kl_sum, cred__mixture_step(&p, &mixture));
}

static void take(void *context, size_t offset, const cred_real *dmean,
                 const cred_real *dsd, size_t n) {
  cred__vi_state *s = context;
  range r = {s, dmean, dsd};
  cred__for_pieces(s->density, offset, n, move_piece, &r);
}

cred_status cred__vi_fused_step(cred__vi_state *s, cred_step_info *info, void *work,
                                const cred_batch *batch, double rate) {
  const cred_density *density = s->density;
  const cred_sink sink = {.take = take, .context = s};
  const cred_key key = cred_key_derive(&s->key, CRED_FOR_DRAW, 0);
  s->stepper =
      cred__stepper_at(&s->opt.optimiser, s->number, rate, 1.0 / (double)density->n_rows);
  cred__sum_start(&s->kl_sum);
  if (s->sampled) {
    s->draw_key = cred_key_derive(&s->key, CRED_FOR_WEIGHTS, 0);
    cred__vi_draw(s);
    TRY(density->point(density->model, &info->log_lik, &sink, work, s->theta, batch, &key,
                       s->number));
  } else {
    s->draw_key = cred_key_derive(&s->key, CRED_FOR_KL, 0);
    cred__vi_sds(s);
    TRY(density->expect(density->model, &info->log_lik, &sink, work, s->mean, s->theta,
                        batch, &key, s->number, s->opt.estimator));
  }
  info->kl = cred__sum_value(&s->kl_sum);
  info->finite = isfinite(info->log_lik) && isfinite(info->kl);
  return CRED_OK;
}
