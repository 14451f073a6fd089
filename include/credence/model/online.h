// credence/model/online.h -- a model that goes on learning as rows come, one at a time.
//
// Rows go into a buffer of the last `capacity` ones, which is the data of the posterior:
// a step sees a batch drawn from it, scaled to all rows it holds. Parameters and the
// state of the optimiser stay from step to step (a warm start), so that a new row costs a
// few steps and not a fit. Buffer and replay: Lin (1992); for a posterior on weights
// Blundell et al. (2015), section 5.3.

#ifndef CRED_MODEL_ONLINE_H
#define CRED_MODEL_ONLINE_H

#include "credence/model/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  cred_fit_options fit; // posterior, net, prior, likelihood, members, dropout, method,
                        // rate (constant; 0: 0.001), batch (0: 64), seed, threads; the
                        // rest is not looked at. AUTO is a factorised Gaussian
  size_t capacity;      // rows kept, at least 1; default 4,096
  double target_mean, target_sd; // scale of the values to come; default 0 and 1, which
                                 // yes or no and counts keep
} cred_online_options;

CRED_API cred_online_options cred_online_defaults(void);

typedef struct cred_online cred_online;

/// A model of one number from n_inputs numbers, which the caller has scaled to about 1;
/// with the likelihood "bernoulli" of yes (1) or no (0), with "poisson" of counts. Fails
/// with CRED_EINVAL, CRED_ECONFIG on another likelihood of classes, or as a fit does on
/// bad texts.
CRED_API cred_status cred_online_new(cred_online **out, size_t n_inputs,
                                     const cred_online_options *opt);
CRED_API void cred_online_free(cred_online *online);

/// Add a row: x (n_inputs) and what was observed, in its units. The oldest row leaves a
/// full buffer. Fails with CRED_EDATA on a number that is not finite, or on a y that its
/// likelihood does not know.
CRED_API cred_status cred_online_add(cred_online *online, const double *x, double y);
CRED_API size_t cred_online_n_rows(const cred_online *online); // in the buffer

/// Make n_steps steps of every member on batches of the buffer (nothing on an empty one).
/// The result depends on options, rows and steps alone. n_diverged, or NULL: steps that
/// were not finite and not taken.
CRED_API cred_status cred_online_train(cred_online *online, size_t n_steps,
                                       size_t *n_diverged);

/// The mean of y (the probability of yes) for rows x (n_rows, n_inputs) under one draw of
/// the function, out (n_rows): the draw is a function of key and index. key NULL: the
/// mean over members at their means, without masks. Rows at most 1,024. Allocates
/// nothing.
CRED_API cred_status cred_online_values(double *out, cred_online *online, const double *x,
                                        size_t n_rows, const cred_key *key,
                                        uint64_t index);

/// What the output layer sees of rows x (n_rows, n_inputs), at the means of the members
/// and without masks: the last hidden layer of each, side by side, out (n_rows,
/// n_features); without a hidden layer the inputs. Rows at most 1,024. Allocates nothing.
CRED_API size_t cred_online_n_features(const cred_online *online);
CRED_API cred_status cred_online_features(double *out, cred_online *online,
                                          const double *x, size_t n_rows);
/// Row i of the buffer, 0 the oldest: x (n_inputs) and y, in single precision.
CRED_API cred_status cred_online_row(double *x, double *y, const cred_online *online,
                                     size_t i);

/// The model as of now, borrowed: to predict with, or to save. Its columns are "x0",
/// "x1", ... and "value"; valid until the next row or training. Fails with CRED_EDATA
/// before the first row.
CRED_API cred_status cred_online_model(const cred_model **out, cred_online *online);

#ifdef __cplusplus
}
#endif

#endif
