// credence/infer/method.h -- what every inference method trained by steps offers.
//
// A method sees a density and a key. Its state is a list of named arrays, so that a
// checkpoint is those arrays: a state that was saved and read back goes on bit for bit.

#ifndef CRED_INFER_METHOD_H
#define CRED_INFER_METHOD_H

#include "credence/infer/optimiser.h"
#include "credence/prob/density.h"
#include "credence/prob/posterior.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  cred_optimiser optimiser;
  cred_estimator estimator; // variational
  size_t n_draws;           // variational: draws a step, >= 1
  double init_sd; // variational: posterior sd at the start, > 0, times 1 / sqrt(fan-in)
  double temperature; // multiplies the KL (or the log prior): 1 is Bayes' rule
} cred_method_options;

CRED_API cred_method_options cred_method_defaults(void);
CRED_API cred_status cred_method_check(const cred_method_options *opt);

typedef struct {
  double log_lik; // estimate of the (expected) log likelihood of all rows, nats
  double kl;      // KL to the prior, or minus log prior, nats; not tempered, not weighted
  bool finite;    // false: the gradient was not finite and the step was not taken
} cred_step_info;

// One array of a method's state, borrowed.
typedef struct {
  const char *name; // "mean", "log_sd", "mean.m1", ...
  cred_real *data;
  size_t n;
} cred_state_array;

typedef struct cred_method {
  const char *name;
  cred_posterior_kind posterior;
  bool needs_elbo_prior; // a learned prior scale is meaningful under this method

  cred_status (*state_new)(void **out, const cred_density *density,
                           const cred_method_options *opt, const cred_key *key,
                           size_t n_threads);
  void (*state_free)(void *state);
  /// One step on a batch. `step` counts from 0 and is all that noise and moments depend
  /// on. kl_weight: weight of the whole KL in this step's objective (1 for uniform).
  cred_status (*step)(void *state, cred_step_info *info, const cred_density *density,
                      void *work, const cred_batch *batch, uint64_t step, double rate,
                      double kl_weight);
  size_t (*n_arrays)(const void *state);
  cred_state_array (*array)(void *state, size_t i);
  /// An array, from now on the caller's to free: the state is good for nothing then but
  /// to be freed. So a checkpoint at the end of a run needs no second copy.
  cred_real *(*give)(void *state, size_t i);
  /// The posterior as of now into the member's arrays (dim).
  void (*member)(const void *state, cred_member *out);
} cred_method;

extern CRED_API const cred_method cred_method_map; // posterior mode
extern CRED_API const cred_method
    cred_method_variational; // factorised Gaussian on the ELBO

#ifdef __cplusplus
}
#endif

#endif
