// optimiser.c -- defaults, checks, rates, and one update of an array.

#include "infer/optimiser.h"
#include "base/fail.h"
#include "kernel/update.h"
#include <math.h>

cred_optimiser cred_optimiser_defaults(void) {
  const cred_optimiser opt = {
      .kind = CRED_ADAM, .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
  return opt;
}

cred_status cred_optimiser_check(const cred_optimiser *o) {
  if (o->kind != CRED_SGD && o->kind != CRED_ADAM && o->kind != CRED_ADAMW)
    FAIL(CRED_EINVAL, "optimiser: kind %d is not one of sgd, adam, adamw", (int)o->kind);
  if (!(o->momentum >= 0 && o->momentum < 1))
    FAIL(CRED_EINVAL, "optimiser: momentum is %g, must be in [0, 1)", o->momentum);
  if (!(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1))
    FAIL(CRED_EINVAL, "optimiser: betas are %g and %g, must be in [0, 1)", o->beta1,
         o->beta2);
  if (!(o->epsilon > 0))
    FAIL(CRED_EINVAL, "optimiser: epsilon is %g, must be > 0", o->epsilon);
  if (!(o->decay >= 0))
    FAIL(CRED_EINVAL, "optimiser: decay is %g, must be >= 0", o->decay);
  if (!(o->clip_norm >= 0))
    FAIL(CRED_EINVAL, "optimiser: clip_norm is %g, must be >= 0 (0: no limit)",
         o->clip_norm);
  return CRED_OK;
}

cred_status cred_schedule_check(const cred_schedule *s) {
  if (!(s->rate > 0 && s->rate <= 100))
    FAIL(CRED_EINVAL, "learning rate is %g, must be in (0, 100]", s->rate);
  if (!(s->hold >= 0 && s->hold < 1))
    FAIL(CRED_EINVAL, "schedule: hold is %g, must be in [0, 1)", s->hold);
  return CRED_OK;
}

static double half_cosine(double from, double to, double t) {
  return to + (from - to) * 0.5 * (1.0 + cos(3.14159265358979323846 * t));
}

double cred_schedule_rate(const cred_schedule *s, uint64_t step, uint64_t n_steps) {
  const double at = n_steps ? (double)step / (double)n_steps : 0.0;
  switch (s->kind) {
  case CRED_RATE_CONSTANT:
    return s->rate;
  case CRED_RATE_COSINE:
    return at < s->hold ? s->rate
                        : half_cosine(s->rate, 0.0, (at - s->hold) / (1 - s->hold));
  case CRED_RATE_ONE_CYCLE:
    return at < 0.3 ? half_cosine(0.04 * s->rate, s->rate, at / 0.3)
                    : half_cosine(s->rate, 1e-4 * s->rate, (at - 0.3) / 0.7);
  }
  return s->rate;
}

cred__stepper cred__stepper_at(const cred_optimiser *o, uint64_t step, double rate,
                               double scale) {
  cred__stepper s = {.kind = o->kind};
  const double t = (double)step + 1.0;
  const double decay = o->kind == CRED_ADAM ? 0.0 : o->decay;
  s.adam = (cred__adam){.rate = rate,
                        .beta1 = o->beta1,
                        .beta2 = o->beta2,
                        .epsilon = o->epsilon,
                        .decay = decay,
                        .scale = scale,
                        .correct1 = 1.0 / (1.0 - pow(o->beta1, t)),
                        .correct2 = 1.0 / (1.0 - pow(o->beta2, t))};
  s.momentum =
      (cred__momentum){.rate = rate, .beta = o->momentum, .decay = decay, .scale = scale};
  return s;
}

void cred__stepper_apply(const cred__stepper *s, bool decays, cred_real *theta,
                         cred_real *m1, cred_real *m2, const cred_real *grad, size_t n) {
  if (s->kind == CRED_SGD) {
    cred__momentum m = s->momentum;
    if (!decays) m.decay = 0;
    cred__momentum_step(theta, m1, grad, &m, n);
    return;
  }
  cred__adam a = s->adam;
  if (!decays) a.decay = 0;
  cred__adam_step(theta, m1, m2, grad, &a, n);
}
