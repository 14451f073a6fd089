// credence/infer/optimiser.h -- ascent on a stochastic gradient, and its schedules.
//
//   sgd     v = momentum v + g,  theta += rate v
//   adam    Kingma & Ba (2015), algorithm 1
//   adamw   Loshchilov & Hutter (2019), algorithm 2: decay apart from the gradient
// Gradients are of the objective a training row (the objective divided by the number of
// rows), so that a rate does not depend on the size of the data.

#ifndef CRED_INFER_OPTIMISER_H
#define CRED_INFER_OPTIMISER_H

#include "credence/base/real.h"
#include "credence/base/status.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { CRED_SGD = 0, CRED_ADAM = 1, CRED_ADAMW = 2 } cred_optimiser_kind;

typedef struct {
  cred_optimiser_kind kind;
  double momentum;     // sgd, in [0, 1); default 0.9
  double beta1, beta2; // adam; 0.9, 0.999
  double epsilon;      // adam; 1e-8
  double decay; // adamw and sgd: decoupled weight decay a step, times the rate; default 0
  double clip_norm; // longest gradient a training row; 0: no limit
} cred_optimiser;

CRED_API cred_optimiser cred_optimiser_defaults(void); // adam
CRED_API cred_status cred_optimiser_check(const cred_optimiser *optimiser);

typedef enum {
  CRED_RATE_CONSTANT = 0,
  CRED_RATE_COSINE = 1, // constant for `hold` of the steps, then half a cosine to 0
  CRED_RATE_ONE_CYCLE =
      2 // up to the rate for 30 % of the steps, down to 1e-4 of it; Smith (2018)
} cred_schedule_kind;

typedef struct {
  cred_schedule_kind kind;
  double rate; // the highest
  double hold; // cosine: share of the steps before it falls, in [0, 1)
} cred_schedule;

CRED_API cred_status cred_schedule_check(const cred_schedule *schedule);
/// The rate of step `step` of n_steps (0-based).
CRED_API double cred_schedule_rate(const cred_schedule *schedule, uint64_t step,
                                   uint64_t n_steps);

#ifdef __cplusplus
}
#endif

#endif
