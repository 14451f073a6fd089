// variational.h -- the state of the factorised Gaussian, for its files: variational.c
// (life, draws), variational_stored.c and variational_fused.c (the two ways to take a
// step).

#ifndef CRED_SRC_INFER_VARIATIONAL_H
#define CRED_SRC_INFER_VARIATIONAL_H

#include "credence/infer/method.h"
#include "infer/optimiser.h"
#include "infer/tiles.h"

typedef struct {
  const cred_density *density; // of the step under way; outlives the state
  cred_method_options opt;
  cred_key key, draw_key;
  cred__tiles tiles;
  size_t dim;
  uint64_t number;          // of the step
  cred_real *mean, *log_sd; // (D) state
  cred_real *m1[2], *m2[2]; // (D) moments of mean and log_sd; m2 NULL for sgd
  cred_real *theta;         // (D) the draw, or sd for local and flipout
  double kl_weight;         // of the whole KL
  bool sampled;             // by weights
  bool fused;               // the step is taken in the sink; else:
  cred_real *grad;          // (D) at the draw; the same as dmean where there is one draw
  cred_real *dmean, *dlog_sd;  // (D) of the objective
  double *kl, *dscale, *norm2; // (tiles)
  double log_prior_share;      // of log p(w) in one draw
  bool first_draw;
  cred__stepper stepper;
  cred__sum kl_sum; // fused
} cred__vi_state;

// theta = a draw of all weights by draw_key; or their sds.
void cred__vi_draw(cred__vi_state *s);
void cred__vi_sds(cred__vi_state *s);
// A step, once number and kl_weight are set.
cred_status cred__vi_stored_step(cred__vi_state *s, cred_step_info *info, void *work,
                                 const cred_batch *batch, double rate);
cred_status cred__vi_fused_step(cred__vi_state *s, cred_step_info *info, void *work,
                                const cred_batch *batch, double rate);

#endif
