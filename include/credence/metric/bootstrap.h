// credence/metric/bootstrap.h -- standard errors of any statistic by resampling rows.
//
// Replicate r draws n rows with replacement, row i from (derived key r, i), and evaluates
// the statistic on them; the standard error is the standard deviation of the replicates,
// with n_replicates - 1. Source: Efron & Tibshirani (1993), algorithm 6.1.

#ifndef CRED_METRIC_BOOTSTRAP_H
#define CRED_METRIC_BOOTSTRAP_H

#include "credence/base/key.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The statistic of the given rows (n), which may repeat. NaN if it is not defined on
/// them (one class only, say): such a replicate is left out.
typedef double (*cred_statistic)(void *context, const size_t *rows, size_t n);

/// Replicates of a statistic of n rows: out (n_replicates), in order. Fails with
/// CRED_EINVAL on n = 0, CRED_ENOMEM.
CRED_API cred_status cred_bootstrap(double *replicates, size_t n_replicates,
                                    cred_statistic statistic, void *context, size_t n,
                                    const cred_key *key);

/// Standard error of a statistic. Fails as above, and with CRED_EDATA if fewer than two
/// replicates are defined.
CRED_API cred_status cred_bootstrap_error(double *error, cred_statistic statistic,
                                          void *context, size_t n, size_t n_replicates,
                                          const cred_key *key);

/// The same numbers for the weighted mean of values (n), without lists of rows.
CRED_API cred_status cred_bootstrap_mean_error(double *error, const double *values,
                                               const double *weights, size_t n,
                                               size_t n_replicates, const cred_key *key);

#ifdef __cplusplus
}
#endif

#endif
