// credence/prob/likelihood.h -- log p(y | outputs of the network, parameters of the
// noise).
//
// A row has n_targets targets, independent given the outputs; each takes per-target
// outputs:
//   gaussian           mean                 noise sd: one parameter a target
//   heteroscedastic    mean, log variance   Kendall & Gal (2017), eq. 5 with the constant
//   mixture            K logits, K means, K log sds         Bishop (1994), eqs. 22-26
//   student-t          mean                 log scale, log(dof - 2): two a target
//   bernoulli          logit of class 1
//   categorical        C logits
//   poisson            log rate
//   noisy-categorical  C logits, C log variances of Gaussian noise on them
//                      p = E softmax(logits + noise)        Kendall & Gal (2017), eq. 12
// Outputs of a row are laid out target by target. Parameters (n_params) are `point`
// parameters at the end of theta. y of a class is its index. All is in the units the
// network sees (standardised); nothing is averaged over rows.

#ifndef CRED_PROB_LIKELIHOOD_H
#define CRED_PROB_LIKELIHOOD_H

#include "credence/base/key.h"
#include "credence/base/real.h"
#include "credence/base/status.h"
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_LIK_GAUSSIAN = 0,
  CRED_LIK_HETEROSCEDASTIC,
  CRED_LIK_MIXTURE,
  CRED_LIK_STUDENT_T,
  CRED_LIK_BERNOULLI,
  CRED_LIK_CATEGORICAL,
  CRED_LIK_POISSON,
  CRED_LIK_NOISY_CATEGORICAL
} cred_likelihood_kind;

typedef struct {
  cred_likelihood_kind kind;
  size_t n_targets;
  size_t n_classes;    // categorical, noisy-categorical; 2 for bernoulli
  size_t n_components; // mixture
  size_t n_draws;      // noisy-categorical: draws of the noise a row and step, default 10
  double sd;  // noise sd, standardised: > 0 fixed, 0 learned (gaussian, student-t)
  double dof; // student-t: > 2 fixed, 0 learned
} cred_likelihood;

/// "gaussian", "gaussian 0.1" (noise given), "heteroscedastic", "mixture 3", "student-t",
/// "student-t 4" (dof given), "student-t 4 0.1" (scale given too; dof 0: learned),
/// "bernoulli", "categorical", "poisson", "noisy-categorical", "noisy-categorical 20"
/// (draws in training); and back.
CRED_API cred_status cred_likelihood_parse(cred_likelihood *out, const char *text);
CRED_API void cred_likelihood_format(char *out, size_t n_bytes,
                                     const cred_likelihood *lik);
CRED_API cred_status cred_likelihood_check(const cred_likelihood *lik);
/// bernoulli, categorical, noisy-categorical
CRED_API bool cred_likelihood_is_class(const cred_likelihood *lik);

/// Outputs of the network a row; parameters of the noise.
CRED_API size_t cred_likelihood_n_outputs(const cred_likelihood *lik);
CRED_API size_t cred_likelihood_n_params(const cred_likelihood *lik);
/// Start: noise sd 0.4, dof 10 (or as fixed: then there is no parameter for it).
CRED_API void cred_likelihood_init(cred_real *params, const cred_likelihood *lik);

/// Sum over rows of weight_b log p(y_b | out_b), in nats.
///
/// row_log_prob  out (B) or NULL, unweighted, summed over targets
/// dout          out (B, n_outputs) or NULL: gradient of the sum
/// dparams       inout (n_params) or NULL: adds the gradient of the sum
/// out, y        in  (B, n_outputs), (B, n_targets)
/// params        in  (n_params)
/// weight        in  (B) or NULL for ones; a row of weight 0 adds nothing, whatever it
///               holds
/// key           in  noisy-categorical: draws of the noise, a function of (key, row of
///               the block), as in training; NULL: the mean over the noise instead, by
///               121 points (error of a probability about 0.002, at worst 0.03)
///
/// A log variance or log sd far out (sd below 5e-4 or above 1800) is bent towards a
/// bound, a rate above exp(20) goes on straight, so that nothing overflows; gradients are
/// of the bent function. A label that is no class, or a negative count, gives NaN.
CRED_API double cred_likelihood_log_prob(double *row_log_prob, cred_real *dout,
                                         cred_real *dparams, const cred_likelihood *lik,
                                         const cred_real *out, const cred_real *y,
                                         const cred_real *params, const cred_real *weight,
                                         size_t n_rows, const cred_key *key);

/// Mean and variance of y given outputs, each (B, n_targets): aleatoric. Numeric
/// likelihoods.
CRED_API void cred_likelihood_mean_var(double *mean, double *var,
                                       const cred_likelihood *lik, const cred_real *out,
                                       const cred_real *params, size_t n_rows);
/// log probabilities (B, n_classes). Class likelihoods; the mean over noise on logits.
CRED_API void cred_likelihood_class_log_prob(double *log_prob, const cred_likelihood *lik,
                                             const cred_real *out, size_t n_rows);
/// P(y <= value) of one target of one row (out_row: all outputs of the row).
CRED_API double cred_likelihood_cdf(const cred_likelihood *lik, const cred_real *out_row,
                                    const cred_real *params, size_t target, double value);
/// The quantile of one target of one row at level in (0, 1).
CRED_API double cred_likelihood_quantile(const cred_likelihood *lik,
                                         const cred_real *out_row,
                                         const cred_real *params, size_t target,
                                         double level);
/// One draw of y (n_targets) of a row; a function of (key, index).
CRED_API void cred_likelihood_sample(double *y, const cred_likelihood *lik,
                                     const cred_real *out_row, const cred_real *params,
                                     const cred_key *key, uint64_t index);
/// E over outputs ~ N(mean, var), independent, of the mean and variance of y: the moment
/// prediction. epistemic, aleatoric (B, n_targets) add up to the total variance. Exact
/// for gaussian, student-t, heteroscedastic (log-normal variance) and poisson; mixture by
/// quadrature in one dimension over its logits, the rest in closed form (error about
/// 1e-6).
CRED_API void cred_likelihood_moments(double *mean, double *epistemic, double *aleatoric,
                                      const cred_likelihood *lik,
                                      const cred_real *out_mean, const cred_real *out_var,
                                      const cred_real *params, size_t n_rows);
/// The same for classes: mean probabilities (B, n_classes), expected entropy (B).
/// Quadrature in one dimension, for any number of classes (error about 1e-6); with noise
/// on the logits by points, as above. No sampling.
CRED_API void cred_likelihood_class_moments(double *prob, double *expected_entropy,
                                            const cred_likelihood *lik,
                                            const cred_real *out_mean,
                                            const cred_real *out_var, size_t n_rows);

#ifdef __cplusplus
}
#endif

#endif
