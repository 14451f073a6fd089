// credence/decide/linear.h -- Bayesian linear regression with unknown noise, exactly.
//
//   y = x . w + e,  e ~ N(0, s2),  w | s2 ~ N(0, s2 / precision),  s2 ~ IG(shape, rate)
// After n rows with A = precision I + sum x x', m = A^-1 sum x y:
//   s2 ~ IG(shape + n / 2, rate + r / 2),  w | s2 ~ N(m, s2 A^-1)
// where r = sum (y - x . m)^2 + precision m . m is what the best fit leaves.
// Source: Gelman et al., Bayesian Data Analysis (2013), section 14.2, with a conjugate
// prior; for bandits Riquelme, Tucker & Snoek (2018), section 3.

#ifndef CRED_DECIDE_LINEAR_H
#define CRED_DECIDE_LINEAR_H

#include "credence/base/key.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  double precision; // of the weights, in units of the noise's; default 4
  double shape;     // of the noise's variance; at least 1, default 6
  double rate;      // default 6: with its shape a variance of about 1
} cred_linear_options;

CRED_API cred_linear_options cred_linear_defaults(void);

typedef struct cred_linear cred_linear;

/// A regression on n_inputs numbers (a constant is one of them, if one is wanted). Fails
/// with CRED_EINVAL on options that are no prior.
CRED_API cred_status cred_linear_new(cred_linear **out, size_t n_inputs,
                                     const cred_linear_options *opt);
CRED_API void cred_linear_free(cred_linear *linear);
/// Back to the prior.
CRED_API void cred_linear_clear(cred_linear *linear);

/// Learn a row: x (n_inputs) and y, finite. n_inputs^2 operations, no memory.
CRED_API void cred_linear_add(cred_linear *linear, const double *x, double y);

/// The mean of the weights, w (n_inputs).
CRED_API void cred_linear_mean(double *w, const cred_linear *linear);
/// A draw of noise and weights from the posterior, w (n_inputs): a function of rows and
/// key. Returns the variance of the noise.
CRED_API double cred_linear_draw(double *w, const cred_linear *linear,
                                 const cred_key *key);

typedef struct {
  size_t n_rows;
  double shape, rate; // of the posterior of the noise's variance
} cred_linear_info;
CRED_API cred_linear_info cred_linear_state(const cred_linear *linear);

#ifdef __cplusplus
}
#endif

#endif
