// credence/metric/diagnostics.h -- have chains converged, and are numbers uniform?
//
// draws (n_chains, n_draws), chain by chain, of one quantity. Source: Vehtari, Gelman,
// Simpson, Carpenter & Buerkner (2021): chains are split in halves; ranks become normal
// scores (eq. 14); R-hat is eq. 4, the effective sample size eqs. 10-13 with Geyer's
// (1992) initial monotone sequence.

#ifndef CRED_METRIC_DIAGNOSTICS_H
#define CRED_METRIC_DIAGNOSTICS_H

#include "credence/base/status.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  double rhat;       // larger of bulk and folded rank-normalised split R-hat; want < 1.01
  double ess_bulk;   // for the centre; want > 100 a chain
  double ess_tail;   // smaller of the 5 % and 95 % quantiles'
  double ess_mean;   // of the draws as they are: for the error of their mean
  double mean, sd;   // over all draws
  double mean_error; // Monte Carlo standard error of the mean, sd / sqrt(ess_mean)
} cred_chain_summary;

/// All of the above. NaN where all draws are equal. An odd draw in the middle is left out
/// of the halves. Fails with CRED_EDATA on fewer than 4 draws a chain or on draws that
/// are not finite, CRED_ENOMEM.
CRED_API cred_status cred_chain_diagnose(cred_chain_summary *out, const double *draws,
                                         size_t n_chains, size_t n_draws);

/// Plain forms, without ranks or splitting: potential scale reduction (eq. 4) and
/// effective sample size (eqs. 10-13) of the chains as they are. The same failures.
CRED_API cred_status cred_rhat_plain(double *rhat, const double *draws, size_t n_chains,
                                     size_t n_draws);
CRED_API cred_status cred_ess_plain(double *ess, const double *draws, size_t n_chains,
                                    size_t n_draws);

// Are x (n) a sample of the uniform distribution on [0, 1]? statistic and p_value out,
// each may be NULL. Fail with CRED_EDATA on n = 0 or values outside, CRED_ENOMEM.

/// Kolmogorov-Smirnov. Exact p-value up to n = 500 (Marsaglia, Tsang & Wang 2003), then
/// with Vrbik's (2018) correction of the limit, to about 1e-4.
CRED_API cred_status cred_uniform_ks(double *statistic, double *p_value, const double *x,
                                     size_t n);
/// Anderson-Darling: weighs the tails more. p-value to about 1e-5 (Marsaglia & Marsaglia
/// 2004); 0 where a value is 0 or 1.
CRED_API cred_status cred_uniform_ad(double *statistic, double *p_value, const double *x,
                                     size_t n);

#ifdef __cplusplus
}
#endif

#endif
