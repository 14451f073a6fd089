// diagnostics.c -- rank-normalised split R-hat and effective sample size of chains.
//
//   W = mean_m s_m^2,  B = N / (M - 1) sum_m (mean_m - mean)^2
//   var+ = (N - 1) / N W + B / N,  R-hat = sqrt(var+ / W)                 (eqs. 1-4)
//   rho_t = 1 - (W - mean_m acov_t,m) / var+, acov with 1 / N             (eq. 10)
//   ess = M N / tau,  tau = -1 + 2 sum_k min_j<=k (rho_2j + rho_2j+1)     (eqs. 11-13)
//   z = Phi^-1((rank - 3/8) / (S + 1/4))            (eq. 14, with Blom's (1958) sign)
// Source: Vehtari et al. (2021); eq. 10 has acov N / (N - 1), which the authors' programs
// leave out, and so does this one, so that numbers compare. Shapes: M chains of N draws.

#include "credence/metric/diagnostics.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "credence/metric/uncertainty.h"
#include "kernel/special.h"
#include "metric/order.h"
#include <math.h>
#include <string.h>

typedef struct {
  const double *x; // (m, n)
  size_t m, n;
} chains;

typedef struct {
  double within, var_plus; // W, var+
} spread;

static double mean_of(const double *x, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  return sum / (double)n;
}

// 1/N sum_i (x_i - mean) (x_(i+lag) - mean)
static double autocovariance(const double *x, size_t n, double mean, size_t lag) {
  double sum = 0.0;
  for (size_t i = 0; i + lag < n; i++) sum += (x[i] - mean) * (x[i + lag] - mean);
  return sum / (double)n;
}

static spread spread_of(double *means, chains c) {
  const double n = (double)c.n, m = (double)c.m;
  double within = 0.0, between = 0.0;
  for (size_t k = 0; k < c.m; k++) {
    means[k] = mean_of(c.x + k * c.n, c.n);
    within += autocovariance(c.x + k * c.n, c.n, means[k], 0) * n / (n - 1.0) / m;
  }
  const double centre = mean_of(means, c.m);
  for (size_t k = 0; k < c.m && c.m > 1; k++)
    between += (means[k] - centre) * (means[k] - centre) / (m - 1.0);
  const spread s = {within, (n - 1.0) / n * within + between};
  return s;
}

static double rhat_of(double *means, chains c) {
  const spread s = spread_of(means, c);
  if (c.m < 2 || (s.within == 0.0 && s.var_plus == 0.0)) return NAN;
  return sqrt(s.var_plus / s.within);
}

static double correlation_at(chains c, const double *means, spread s, size_t lag) {
  double mean = 0.0;
  for (size_t k = 0; k < c.m; k++)
    mean += autocovariance(c.x + k * c.n, c.n, means[k], lag) / (double)c.m;
  return 1.0 - (s.within - mean) / s.var_plus;
}

static double ess_of(double *means, chains c) {
  const spread s = spread_of(means, c);
  const double n_all = (double)c.m * (double)c.n;
  if (!(s.var_plus > 0.0)) return NAN;
  double tau = -1.0, smallest = INFINITY;
  for (size_t lag = 0;; lag += 2) {
    const double even = lag ? correlation_at(c, means, s, lag) : 1.0;
    const double two = even + correlation_at(c, means, s, lag + 1);
    if (!(two > 0.0) || lag + 4 >= c.n) { // the end of the sequence, or of the chain
      tau += even > 0.0 ? even : 0.0;     // a last term of its own lowers the bias
      break;
    }
    smallest = fmin(smallest, two);
    tau += 2.0 * smallest;
  }
  // antithetic chains may beat independent draws, within reason
  return n_all / fmax(tau, 1.0 / log10(n_all));
}

// Normal scores of the ranks of x (n); equal values share their mean rank.
static cred_status normal_scores(double *z, cred__ranked *ranked, const double *x,
                                 size_t n) {
  TRY(cred__rank(ranked, x, n, "chains"));
  for (size_t first = 0, end; first < n; first = end) {
    end = cred__rank_end(ranked, n, first);
    const double rank = 0.5 * ((double)first + (double)end + 1.0);
    const double score = cred__normal_quantile((rank - 0.375) / ((double)n + 0.25));
    for (size_t i = first; i < end; i++) z[ranked[i].row] = score;
  }
  return CRED_OK;
}

static double ess_below(double *z, double *means, chains c, double bound) {
  for (size_t i = 0; i < c.m * c.n; i++) z[i] = c.x[i] <= bound;
  return ess_of(means, (chains){z, c.m, c.n});
}

static double sd_of(const double *x, size_t n, double mean) {
  return sqrt(autocovariance(x, n, mean, 0) * (double)n / (double)(n - 1));
}

// Fills sorted with the n values of x and gives their quantile at p.
static double quantile_of(double *sorted, const double *x, size_t n, double p) {
  memcpy(sorted, x, n * sizeof *sorted);
  cred_sort(sorted, n);
  return cred_quantile_sorted(sorted, n, p);
}

// Of the split chains; z and sorted hold as many numbers.
static cred_status diagnose_split(cred_chain_summary *out, double *z, double *sorted,
                                  double *means, cred__ranked *ranked, chains half) {
  const size_t n_all = half.m * half.n;
  const chains scores = {z, half.m, half.n};
  const double median = quantile_of(sorted, half.x, n_all, 0.5);
  out->ess_mean = ess_of(means, half);
  TRY(normal_scores(z, ranked, half.x, n_all));
  out->ess_bulk = ess_of(means, scores);
  const double rhat_bulk = rhat_of(means, scores);
  for (size_t i = 0; i < n_all; i++) sorted[i] = fabs(half.x[i] - median); // folded
  TRY(normal_scores(z, ranked, sorted, n_all));
  out->rhat = fmax(rhat_bulk, rhat_of(means, scores));
  return CRED_OK;
}

static cred_status check_draws(const double *draws, size_t n_chains, size_t n_draws) {
  if (n_chains == 0 || n_draws < 4)
    FAIL(CRED_EDATA, "chains: %zu chains of %zu draws, expected at least 1 of 4 draws",
         n_chains, n_draws);
  for (size_t i = 0; i < n_chains * n_draws; i++)
    if (!isfinite(draws[i]))
      FAIL(CRED_EDATA, "chains: draw %zu of chain %zu is %g, expected a number",
           i % n_draws, i / n_draws, draws[i]);
  return CRED_OK;
}

cred_status cred_chain_diagnose(cred_chain_summary *out, const double *draws,
                                size_t n_chains, size_t n_draws) {
  const size_t n_half = n_draws / 2, m = 2 * n_chains, n_all = m * n_half;
  const size_t n_given = n_chains * n_draws;
  double *split = NULL, *z = NULL, *sorted = NULL, *means = NULL;
  cred__ranked *ranked = NULL;
  cred_chain_summary made;
  cred_status status;
  TRY(check_draws(draws, n_chains, n_draws));
  TRY_DONE(NEW(&split, n_all, "halves of chains"));
  TRY_DONE(NEW(&z, n_all, "normal scores"));
  TRY_DONE(NEW(&sorted, n_given, "draws in order"));
  TRY_DONE(NEW(&means, m, "means of chains"));
  TRY_DONE(NEW(&ranked, n_all, "ranks of draws"));
  for (size_t k = 0; k < n_chains; k++) {
    const double *chain = draws + k * n_draws;
    memcpy(split + 2 * k * n_half, chain, n_half * sizeof *split);
    memcpy(split + (2 * k + 1) * n_half, chain + n_draws - n_half,
           n_half * sizeof *split);
  }
  const chains half = {split, m, n_half};
  TRY_DONE(diagnose_split(&made, z, sorted, means, ranked, half));
  const double low = quantile_of(sorted, draws, n_given, 0.05);
  const double high = cred_quantile_sorted(sorted, n_given, 0.95);
  made.ess_tail = fmin(ess_below(z, means, half, low), ess_below(z, means, half, high));
  made.mean = mean_of(draws, n_given);
  made.sd = sd_of(draws, n_given, made.mean);
  made.mean_error = made.sd / sqrt(made.ess_mean);
  *out = made;
done:
  cred__free(split);
  cred__free(z);
  cred__free(sorted);
  cred__free(means);
  cred__free(ranked);
  return status;
}

static cred_status of_plain(double *out, double (*score_of)(double *, chains),
                            const double *draws, size_t n_chains, size_t n_draws) {
  double *means;
  TRY(check_draws(draws, n_chains, n_draws));
  TRY(NEW(&means, n_chains, "means of chains"));
  *out = score_of(means, (chains){draws, n_chains, n_draws});
  cred__free(means);
  return CRED_OK;
}

cred_status cred_rhat_plain(double *rhat, const double *draws, size_t n_chains,
                            size_t n_draws) {
  return of_plain(rhat, rhat_of, draws, n_chains, n_draws);
}

cred_status cred_ess_plain(double *ess, const double *draws, size_t n_chains,
                           size_t n_draws) {
  return of_plain(ess, ess_of, draws, n_chains, n_draws);
}
