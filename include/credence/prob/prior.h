// credence/prob/prior.h -- priors of weights, independent across parameters.
//
//   normal     log p(w) = -w^2 / (2 s^2) - log s - log(2 pi) / 2
//   mixture    p(w) = pi N(w; 0, s1^2) + (1 - pi) N(w; 0, s2^2)     Blundell et al.
//   (2015), eq. 7 laplace    log p(w) = -|w| / b - log(2 b),  b = sd / sqrt(2) student-t
//   location 0, scale s, dof degrees of freedom flat       log p(w) = 0
// All log densities are formed in the log domain. Nothing is averaged: sums over
// parameters.

#ifndef CRED_PROB_PRIOR_H
#define CRED_PROB_PRIOR_H

#include "credence/base/key.h"
#include "credence/base/real.h"
#include "credence/base/status.h"
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_PRIOR_FLAT = 0,
  CRED_PRIOR_NORMAL,
  CRED_PRIOR_MIXTURE,
  CRED_PRIOR_LAPLACE,
  CRED_PRIOR_STUDENT_T
} cred_prior_kind;

typedef enum {
  CRED_SCALE_FIXED = 0, // sd as given
  CRED_SCALE_FAN_IN,    // weights: sd / sqrt(fan-in); biases: sd
  CRED_SCALE_LEARNED    // starts at sd / sqrt(fan-in); one log sd a slice, maximises the
                        // ELBO
} cred_prior_scale;

typedef struct {
  cred_prior_kind kind;
  cred_prior_scale scale;
  double sd;     // sd > 0 (normal, laplace), scale (student-t), larger sd s1 of a mixture
  double sd2;    // smaller sd s2 of a mixture
  double weight; // pi, the share of s1, in (0, 1)
  double dof;    // student-t, > 0
} cred_prior;

CRED_API cred_prior cred_prior_defaults(void); // mixture, s1 = 1, s2 = 0.1, pi = 0.5

/// Read a prior from text: "normal 1", "normal fan-in", "normal fan-in 1.4", "normal
/// learned", "mixture", "mixture 1 0.1 0.5", "blundell" (= mixture 1 exp(-6) 0.5),
/// "laplace 1", "laplace fan-in", "student-t 1 4", "flat". Write it back in the same
/// form. Fails with CRED_EINVAL that names the word, what is expected and the nearest
/// kind.
CRED_API cred_status cred_prior_parse(cred_prior *out, const char *text);
CRED_API void cred_prior_format(char *out, size_t n_bytes, const cred_prior *prior);
CRED_API cred_status cred_prior_check(const cred_prior *prior);

/// The same prior with CRED_SCALE_FAN_IN (and the start of LEARNED) worked into sd.
/// is_bias: a bias keeps sd under FAN_IN and LEARNED. FAN_IN becomes FIXED; LEARNED
/// stays, so that the model knows to add its parameter.
CRED_API cred_prior cred_prior_resolve(const cred_prior *prior, size_t fan_in,
                                       bool is_bias);

/// Sum of log p(w_i) over w (n), in nats.
CRED_API double cred_prior_log_prob(const cred_prior *prior, const cred_real *w,
                                    size_t n);
/// dw (n) += scale * d log p / dw.
CRED_API void cred_prior_grad(cred_real *dw, const cred_prior *prior, const cred_real *w,
                              double scale, size_t n);
/// Both: adds the scaled gradient and returns the log density.
CRED_API double cred_prior_log_prob_grad(cred_real *dw, const cred_prior *prior,
                                         const cred_real *w, double scale, size_t n);
/// d log p / d log sd, summed over w (normal, laplace, student-t).
CRED_API double cred_prior_grad_log_sd(const cred_prior *prior, const cred_real *w,
                                       size_t n);
/// Draws of w (n), a function of the key. Flat has none: zeros.
CRED_API void cred_prior_sample(cred_real *w, const cred_prior *prior,
                                const cred_key *key, size_t n);

/// KL(N(mean, sd^2) || prior) has a closed form: normal and laplace.
CRED_API bool cred_prior_has_kl(const cred_prior *prior);
/// The closed form, summed over (n), in nats; NaN for the others.
CRED_API double cred_prior_kl(const cred_prior *prior, const cred_real *mean,
                              const cred_real *sd, size_t n);
/// dmean, dsd (n) += scale * gradients of the KL.
CRED_API void cred_prior_kl_grad(cred_real *dmean, cred_real *dsd,
                                 const cred_prior *prior, const cred_real *mean,
                                 const cred_real *sd, double scale, size_t n);
/// d KL / d log sd of the prior, summed.
CRED_API double cred_prior_kl_grad_log_sd(const cred_prior *prior, const cred_real *mean,
                                          const cred_real *sd, size_t n);

#ifdef __cplusplus
}
#endif

#endif
