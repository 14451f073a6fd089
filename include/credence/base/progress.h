// credence/base/progress.h -- what a long call tells its caller, and how it is cancelled.

#ifndef CRED_BASE_PROGRESS_H
#define CRED_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  const char *phase; // "fit", "predict", ...; borrowed
  size_t member, n_members;
  size_t epoch, n_epochs;
  size_t step, n_steps; // over all epochs and members
  double log_lik;       // mean log likelihood a training row, nats
  double kl;            // KL to the prior (or minus log prior), nats a training row
  double validation;    // mean validation log likelihood a row; NaN if there is none
  double rate;          // steps a second
  double time_left_s;   // estimate; NaN if unknown
  double model_bytes;   // of the model and what it takes to resume; 0 if unknown
} cred_progress;

/// Called from a thread of the long call, never from two at once, at most ten times a
/// second. Return false to cancel: the call then ends in a consistent state and says so
/// in its info.
typedef bool (*cred_progress_fn)(void *context, const cred_progress *progress);

#endif
