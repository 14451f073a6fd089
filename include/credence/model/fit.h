// credence/model/fit.h -- fit a Bayesian neural network to a table.

#ifndef CRED_MODEL_FIT_H
#define CRED_MODEL_FIT_H

#include "credence/base/progress.h"
#include "credence/data/images.h"
#include "credence/infer/method.h"
#include "credence/model/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_FIT_AUTO = 0, // the recommended recipe for the size of the data
  CRED_FIT_VI,       // factorised Gaussian on the ELBO
  CRED_FIT_MAP,
  CRED_FIT_DROPOUT // Monte Carlo dropout
} cred_fit_posterior;

typedef enum { CRED_KL_UNIFORM = 0, CRED_KL_BLUNDELL = 1 } cred_kl_weights;

// Texts are borrowed for the call. A 0, NULL or NaN marked "auto" takes the recipe's
// value.
typedef struct {
  cred_fit_posterior posterior;
  const char *net;        // "dense 50 relu"; NULL: auto
  const char *prior;      // "normal 1", ...; NULL: auto
  const char *likelihood; // "student-t", ...; NULL: auto, by the task. A noise sd in the
                          // text is in standardised units; see `noise`
  double noise;     // known sd of gaussian noise in the unit of the one target, instead
                    // of a likelihood; 0: none
  size_t n_members; // of an ensemble; 0: auto
  bool folds;       // member k stops early on fold k of n_members of the training rows
  double dropout;   // rate behind hidden activations; NaN: auto
  cred_method_options method; // estimator, draws, optimiser, temperature
  cred_kl_weights kl_weights; // of mini-batches: 1 / M, or 2^(M-i) / (2^M - 1)
  cred_schedule schedule;     // rate 0: auto
  size_t epochs, steps;       // at most one given; both 0: auto
  size_t batch;               // rows; 0: auto
  double validation;   // share of rows held out for early stopping, in [0, 1); NaN: auto
  size_t patience;     // stop after so many epochs without a better validation; 0: never,
                       // but keep the best state
  const char *augment; // of pictures: credence/data/augment.h; NULL: none
  const char *class_weights; // "balanced" (n / (classes n_class)) or "w1,w2,...": factor
                             // on the log likelihood of each class; NULL: ones
  uint64_t seed;
  size_t n_threads;          // 0: cores; results do not depend on it
  cred_progress_fn progress; // or NULL; returning false stops the fit within a batch
  void *progress_context;
} cred_fit_options;

CRED_API cred_fit_options cred_fit_defaults(void);

typedef enum {
  CRED_FIT_DONE = 0,    // all steps were made, or early stopping ended it
  CRED_FIT_STOPPED = 1, // the callback said stop: the model can be saved and resumed
  CRED_FIT_DIVERGED = 2 // steps were not finite: the last finite state was kept
} cred_fit_outcome;

typedef struct {
  cred_fit_outcome outcome;
  size_t n_train, n_validation, n_dropped; // rows
  size_t n_epochs, n_steps;                // made, of the member that made most
  size_t n_diverged;                       // steps that were not taken, over members
  double log_lik, kl;                      // last epoch, nats a training row
  double validation;                       // best, NaN if there is none
  bool converged; // the objective moved less over the last tenth of the epochs than its
                  // noise
} cred_fit_info;

/// Fit. rows (n_rows): the rows of the table to use; NULL: all. `schema` gives targets,
/// columns to ignore, missing cells. The model is yours to free, also when the fit was
/// stopped.
CRED_API cred_status cred_model_fit(cred_model **out, cred_fit_info *info,
                                    const cred_table *table, const size_t *rows,
                                    size_t n_rows, const cred_schema_options *schema,
                                    const cred_fit_options *opt);

/// Go on with a fit that was stopped, to its own end, or to more epochs (epochs 0: as
/// planned). The table must be the one it was fitted to (by digest). The result is bit
/// for bit that of a fit that was never stopped.
CRED_API cred_status cred_model_resume(cred_model *model, cred_fit_info *info,
                                       const cred_table *table, size_t epochs,
                                       size_t n_threads, cred_progress_fn progress,
                                       void *progress_context);

/// The same for pictures with labels: a class each, or a class a pixel. `target` names
/// what is predicted (NULL: "class"). The pictures must stay as they are for the call.
CRED_API cred_status cred_model_fit_images(cred_model **out, cred_fit_info *info,
                                           const cred_images *images, const size_t *rows,
                                           size_t n_rows, const char *target,
                                           const cred_fit_options *opt);
/// Open the pictures with the schema of the model (cred_images_options.schema).
CRED_API cred_status cred_model_resume_images(cred_model *model, cred_fit_info *info,
                                              const cred_images *images, size_t epochs,
                                              size_t n_threads, cred_progress_fn progress,
                                              void *progress_context);

#ifdef __cplusplus
}
#endif

#endif
