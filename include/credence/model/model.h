// credence/model/model.h -- a fitted model: network, prior, likelihood, columns,
// posterior.
//
// A model is immutable once it is fitted, loaded or calibrated: any number of threads may
// predict with it at the same time.

#ifndef CRED_MODEL_MODEL_H
#define CRED_MODEL_MODEL_H

#include "credence/base/key.h"
#include "credence/data/schema.h"
#include "credence/layer/network.h"
#include "credence/prob/density.h"
#include "credence/prob/likelihood.h"
#include "credence/prob/posterior.h"
#include "credence/prob/prior.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cred_model cred_model;

/// Read a model file. It trusts nothing: CRED_EDATA says what is wrong with the file.
CRED_API cred_status cred_model_load(cred_model **out, const char *path);
CRED_API void cred_model_free(cred_model *model);

/// Write atomically: the old file or the new one, never neither. The bytes depend on
/// nothing but the content. final: leave out what only resuming needs.
CRED_API cred_status cred_model_save(const cred_model *model, const char *path,
                                     bool final);

/// 16 hexadecimal digits that name what the model predicts with: fit, columns, posterior
/// and calibration; not its rule, and not what only resuming needs.
CRED_API cred_status cred_model_digest(char out[17], const cred_model *model);

/// A rule of decisions kept in the model's file, as JSON text of at most 64 KiB that its
/// maker understands (credence/decide/triage.h); NULL: none. A new calibration, or a fit
/// that goes on, takes it away: it was chosen for other predictions. Copied; borrowed.
CRED_API cred_status cred_model_set_rule(cred_model *model, const char *json);
CRED_API const char *cred_model_rule(const cred_model *model);

// What a model is made of, borrowed.
CRED_API const cred_network *cred_model_network(const cred_model *model);
CRED_API const cred_schema *cred_model_schema(const cred_model *model);
CRED_API const cred_likelihood *cred_model_likelihood(const cred_model *model);
CRED_API const cred_posterior *cred_model_posterior(const cred_model *model);
CRED_API size_t cred_model_n_slices(const cred_model *model);
CRED_API const cred_slice *cred_model_slice(const cred_model *model, size_t i);
/// Parameters of the noise of a member (n_params of the likelihood).
CRED_API const cred_real *cred_model_noise(const cred_model *model, size_t member);
/// Learned noise sd of target t in its own units, averaged over members; NaN where the
/// likelihood has none.
CRED_API double cred_model_noise_sd(const cred_model *model, size_t target);
/// Degrees of freedom of a Student-t noise of target t, 2 plus the geometric mean over
/// members of what is above 2; NaN for any other likelihood.
CRED_API double cred_model_noise_dof(const cred_model *model, size_t target);
/// All options and facts of the fit as JSON text ("prior", "seed", "data", ...),
/// borrowed.
CRED_API const char *cred_model_report(const cred_model *model);
/// False where the fit was stopped before its end: members may be half trained.
CRED_API bool cred_model_is_finished(const cred_model *model);
/// True where optimiser state is there, so that the fit can go on.
CRED_API bool cred_model_can_resume(const cred_model *model);

// History of the fit, one row an epoch that was recorded, over members (mean).
typedef struct {
  size_t epoch;
  double log_lik;    // nats a training row
  double kl;         // nats a training row
  double validation; // mean validation log likelihood a row; NaN if there is none
} cred_history_row;
CRED_API size_t cred_model_n_history(const cred_model *model);
CRED_API cred_history_row cred_model_history(const cred_model *model, size_t i);

#ifdef __cplusplus
}
#endif

#endif
