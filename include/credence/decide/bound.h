// credence/decide/bound.h -- a threshold below which cases are wrong at most so often,
// with a stated confidence.
//
// Cases whose doubt is at most t are kept. Of n kept cases k are wrong; given n, k is
// binomial with the risk R(t) of a kept case, so that
//   p(t) = P(Bin(n, bound) <= k)
// is a p-value of "R(t) > bound", whatever the model is worth. Thresholds of a fixed grid
// are tested from a start on towards more kept cases, each at the full level, until one
// fails; the last one that passed is chosen. Source: fixed-sequence testing of Learn then
// Test, Angelopoulos, Bates, Candes, Jordan & Lei (2021), section 2.3; the binomial
// bound of selective risk: Geifman & El-Yaniv (2017), section 3; Clopper & Pearson
// (1934).
//
// The start is the threshold at which the test is most likely to pass by what the model
// itself expects, taken at a quarter to twice its word: no label is looked at. The
// confidence is exact unless the true risk is above the bound already at the start's
// stricter side, where it takes a risk that does not fall with the doubt.

#ifndef CRED_DECIDE_BOUND_H
#define CRED_DECIDE_BOUND_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// P(Bin(n, p) <= k), and the upper end of the one-sided interval for p of that
/// confidence: the p with P(Bin(n, p) <= k) = 1 - confidence (1 for k = n).
CRED_API double cred_binomial_cdf(size_t k, size_t n, double p);
CRED_API double cred_binomial_upper(size_t k, size_t n, double confidence);

/// The fewest kept cases that prove a bound, with none of them wrong:
/// n >= log(1 - confidence) / log(1 - bound).
CRED_API size_t cred_bound_rows_min(double bound, double confidence);

// One promise: of the kept cases that count, at most `bound` are wrong.
typedef struct {
  size_t n;
  const double *doubt;         // (n) kept where it is at most the threshold
  const unsigned char *wrong;  // (n) 0 or 1
  const unsigned char *counts; // (n) 0: this case does not count; NULL: all do
  // by the model, for the start; NULL: nothing is expected, and all may count
  const double *expected_wrong;  // (n) probability of counting and being wrong
  const double *expected_counts; // (n) probability of counting
  double bound;                  // in (0, 1)
} cred_promise;

typedef struct {
  bool proved;
  double threshold;               // NaN where nothing was proved
  size_t n_rows, n_kept, n_wrong; // of the first promise, at the threshold (else start)
  double upper;                   // Clopper-Pearson bound of its risk
  size_t promise;                 // which promise failed, where nothing was proved
  size_t n_needed; // rows that it would take at the risks seen; 0: none would do
} cred_bound_info;

/// Choose from the grid (n_grid), growing, the largest threshold at which all promises
/// hold together. That none is proved is no failure: see info. Fails with CRED_EINVAL on
/// a bound or confidence outside (0, 1) or a grid that does not grow, CRED_EDATA on NaN
/// among the doubts.
CRED_API cred_status cred_bound_choose(cred_bound_info *info,
                                       const cred_promise *promises, size_t n_promises,
                                       const double *grid, size_t n_grid,
                                       double confidence);

#ifdef __cplusplus
}
#endif

#endif
