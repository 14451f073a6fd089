// optimiser.h -- one step's constants of an optimiser, applied to ranges of parameters.

#ifndef CRED_SRC_INFER_OPTIMISER_H
#define CRED_SRC_INFER_OPTIMISER_H

#include "credence/infer/optimiser.h"
#include "kernel/update.h"
#include <stdbool.h>

typedef struct {
  cred_optimiser_kind kind;
  cred__adam adam;
  cred__momentum momentum;
} cred__stepper;

// Constants of step `step` (0-based); gradients will be multiplied by scale.
cred__stepper cred__stepper_at(const cred_optimiser *o, uint64_t step, double rate,
                               double scale);
// Moves theta (n) up the gradient. m2 may be NULL for sgd. decays: decay applies.
void cred__stepper_apply(const cred__stepper *s, bool decays, cred_real *theta,
                         cred_real *m1, cred_real *m2, const cred_real *grad, size_t n);

#endif
