// credence/prob/density.h -- all that inference sees of a model.
//
// A model is a log density over one flat vector theta of `dim` numbers:
//   log p(theta | data) = log_lik(theta) + sum over slices of log prior(slice) + const.
// Its log likelihood is evaluated for the whole data or for a mini-batch scaled to all
// rows (times the number of rows over that of the batch): always a sum, in nats. The
// prior is a property of the slices, so that a method can fuse its term with its update.
//
// Gradients of the log likelihood go to a *sink*, range by range: each element of theta
// exactly once an evaluation, from any thread, disjoint ranges at the same time, and only
// after the evaluation no longer reads those elements of its parameters. Where the log
// likelihood is not finite, the sink may be given nothing.

#ifndef CRED_PROB_DENSITY_H
#define CRED_PROB_DENSITY_H

#include "credence/base/key.h"
#include "credence/base/real.h"
#include "credence/prob/prior.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_SLICE_BAYESIAN = 0, // has a prior; a distribution where the method knows one
  CRED_SLICE_POINT = 1 // noise scale, learned prior scale, normalisation: always a point
} cred_slice_kind;

#define CRED_NO_INDEX ((size_t)-1)

typedef struct {
  const char *name; // "dense1.weight", "noise.log_sd", ...
  size_t offset, n; // place in theta
  size_t shape[4], n_dims;
  size_t fan_in;
  cred_slice_kind kind;
  cred_prior prior; // resolved; flat for `point` slices
  size_t log_sd;    // LEARNED scale: index in theta of the log sd of this prior, else
                    // CRED_NO_INDEX
} cred_slice;

// Rows of a mini-batch; rows = NULL: the whole data.
typedef struct {
  const size_t *rows; // (n)
  size_t n;
} cred_batch;

// Where gradients go. `dsd` is NULL from a point evaluation.
typedef struct {
  void (*take)(void *context, size_t offset, const cred_real *dmean, const cred_real *dsd,
               size_t n);
  void *context;
} cred_sink;

// How an expectation under a factorised Gaussian is estimated.
typedef enum {
  CRED_ESTIMATOR_WEIGHTS = 0, // one draw of theta for all rows; Blundell et al. (2015)
  CRED_ESTIMATOR_LOCAL = 1, // local reparameterisation; Kingma, Salimans & Welling (2015)
  CRED_ESTIMATOR_FLIPOUT = 2 // pseudo-independent draws by signs; Wen et al. (2018)
} cred_estimator;

typedef struct cred_density {
  size_t dim;
  size_t n_slices;
  const cred_slice *slices; // in order of offset; together they cover theta
  size_t n_rows;            // rows of data
  void *model;

  /// A start of the model's choice; keys set members apart.
  void (*init)(const void *model, cred_real *theta, const cred_key *key);

  /// Scratch for evaluations of at most n_rows_max rows a batch on n_threads threads. The
  /// evaluations below allocate nothing.
  cred_status (*work_new)(void **out, const void *model, size_t n_rows_max,
                          size_t n_threads);
  void (*work_free)(void *work);

  /// Log likelihood at theta (dim), scaled to all rows; gradient to the sink unless NULL.
  /// key and step: dropout masks and other noise of the model.
  cred_status (*point)(const void *model, double *log_lik, const cred_sink *sink,
                       void *work, const cred_real *theta, const cred_batch *batch,
                       const cred_key *key, uint64_t step);

  /// OPTIONAL (NULL: sample theta and call `point`): an unbiased estimate of
  /// E_{theta ~ N(mean, sd^2)} log_lik by the named estimator and its gradients with
  /// respect to mean and sd (dim). sd is 0 on `point` slices. WEIGHTS is never asked of
  /// it.
  cred_status (*expect)(const void *model, double *log_lik, const cred_sink *sink,
                        void *work, const cred_real *mean, const cred_real *sd,
                        const cred_batch *batch, const cred_key *key, uint64_t step,
                        cred_estimator estimator);

  /// Log likelihood of each row of the batch (n), not scaled, without weights.
  cred_status (*row_log_lik)(const void *model, double *out, void *work,
                             const cred_real *theta, const cred_batch *batch,
                             const cred_key *key, uint64_t step);
} cred_density;

/// Sum of the log priors of all slices at theta; adds scale * gradient to dtheta (dim)
/// unless NULL. A learned scale is read from theta, and its gradient added there.
CRED_API double cred_density_log_prior(const cred_density *density, cred_real *dtheta,
                                       const cred_real *theta, double scale);

/// Log likelihood and log prior, apart, and the gradient of their sum in dtheta (dim; may
/// be NULL). For samplers and checks.
CRED_API cred_status cred_density_eval(const cred_density *density, double *log_lik,
                                       double *log_prior, cred_real *dtheta, void *work,
                                       const cred_real *theta, const cred_batch *batch,
                                       const cred_key *key, uint64_t step);

/// A prior with its learned sd read from theta (a slice without one: as it is).
CRED_API cred_prior cred_slice_prior(const cred_slice *slice, const cred_real *theta);

/// A sink that stores into arrays of (dim): dmean, and dsd unless NULL. scale multiplies;
/// accumulate adds to what is there.
typedef struct {
  cred_real *dmean, *dsd;
  cred_real scale;
  int accumulate;
} cred_store;
CRED_API cred_sink cred_sink_store(cred_store *store);

#ifdef __cplusplus
}
#endif

#endif
