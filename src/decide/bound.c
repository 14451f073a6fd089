// bound.c -- fixed-sequence testing of thresholds by exact binomial tests.
//
//   P(Bin(n, p) <= k) = I_(1-p)(n - k, k + 1)
// Of a grid point only the counts matter: cases kept, and wrong among them.

#include "credence/decide/bound.h"
#include "base/fail.h"
#include "kernel/special.h"
#include <math.h>

enum { NEEDED_MAX = 100000000 };

double cred_binomial_cdf(size_t k, size_t n, double p) {
  if (!(p >= 0 && p <= 1)) return NAN;
  if (k >= n) return 1;
  return cred__beta_regularised_xy(1 - p, p, (double)(n - k), (double)k + 1);
}

double cred_binomial_upper(size_t k, size_t n, double confidence) {
  if (!(confidence > 0 && confidence < 1)) return NAN;
  if (k >= n) return 1;
  double low = (double)k / (double)n, high = 1;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (cred_binomial_cdf(k, n, middle) > 1 - confidence)
      low = middle;
    else
      high = middle;
  }
  return high;
}

size_t cred_bound_rows_min(double bound, double confidence) {
  return (size_t)ceil(log1p(-confidence) / log1p(-bound) - 1e-9);
}

// The most wrong ones among n that still prove the bound; -1: not even none.
static double critical(size_t n, double bound, double confidence) {
  if (n < cred_bound_rows_min(bound, confidence)) return -1;
  size_t low = 0, high = n; // low passes, high does not
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (cred_binomial_cdf(middle, n, bound) <= 1 - confidence)
      low = middle;
    else
      high = middle;
  }
  return (double)low;
}

typedef struct {
  size_t n_kept, n_wrong;
  double expected_wrong, expected_counts; // sums
} counts;

static counts count(const cred_promise *p, double threshold) {
  counts c = {0};
  for (size_t i = 0; i < p->n; i++) {
    if (!(p->doubt[i] <= threshold)) continue;
    if (p->expected_wrong) c.expected_wrong += p->expected_wrong[i];
    c.expected_counts += p->expected_counts ? p->expected_counts[i] : 1;
    if (p->counts && !p->counts[i]) continue;
    c.n_kept++;
    c.n_wrong += p->wrong[i] != 0;
  }
  return c;
}

static bool passes(const cred_promise *p, double threshold, double confidence) {
  const counts c = count(p, threshold);
  return c.n_kept && cred_binomial_cdf(c.n_wrong, c.n_kept, p->bound) <= 1 - confidence;
}

// How likely the test passes there by what the model expects, which may be too much or
// too little: the mean over a quarter, a half, once and twice of it, each plus a quarter
// of the bound. No label is used.
static double power(const cred_promise *p, double threshold, double confidence) {
  const counts c = count(p, threshold);
  if (c.n_kept == 0) return -1;
  const double most = critical(c.n_kept, p->bound, confidence);
  if (most < 0) return -1;
  const double expected =
      c.expected_counts > 0 ? fmax(c.expected_wrong / c.expected_counts, 0) : 0;
  double sum = 0;
  for (double belief = 0.25; belief <= 2; belief *= 2)
    sum += cred_binomial_cdf((size_t)most, c.n_kept,
                             fmin(1, belief * expected + p->bound / 4));
  return sum / 4;
}

static double least_power(const cred_promise *promises, size_t n, double threshold,
                          double confidence) {
  double least = 2;
  for (size_t j = 0; j < n; j++)
    least = fmin(least, power(&promises[j], threshold, confidence));
  return least;
}

static cred_status check(const cred_promise *promises, size_t n_promises,
                         const double *grid, size_t n_grid, double confidence) {
  if (!(confidence > 0 && confidence < 1))
    FAIL(CRED_EINVAL, "confidence is %g, expected a number in (0, 1), such as 0.95",
         confidence);
  if (n_promises == 0 || n_grid == 0)
    FAIL(CRED_EINVAL, "%zu bounds and %zu thresholds, expected at least one of each",
         n_promises, n_grid);
  for (size_t i = 0; i < n_grid; i++)
    if (isnan(grid[i]) || (i && !(grid[i] > grid[i - 1])))
      FAIL(CRED_EINVAL, "threshold %zu of the grid is %g, expected a growing grid", i,
           grid[i]);
  for (size_t j = 0; j < n_promises; j++) {
    const cred_promise *p = &promises[j];
    if (!(p->bound > 0 && p->bound < 1))
      FAIL(CRED_EINVAL, "bound is %g, expected a number in (0, 1), such as 0.05",
           p->bound);
    for (size_t i = 0; i < p->n; i++)
      if (isnan(p->doubt[i])) FAIL(CRED_EDATA, "the doubt of case %zu is no number", i);
  }
  return CRED_OK;
}

static size_t start_of(const cred_promise *promises, size_t n, const double *grid,
                       size_t n_grid, double confidence) {
  size_t best = n_grid - 1;
  double most = least_power(promises, n, grid[best], confidence);
  for (size_t g = 0; g < n_grid; g++) {
    const double here = least_power(promises, n, grid[g], confidence);
    if (here > most) most = here, best = g;
  }
  return best;
}

// Cases that count which prove the bound with `risk` of them wrong.
static size_t kept_needed(double risk, double bound, double confidence) {
  size_t high = cred_bound_rows_min(bound, confidence), low = 0;
  while (high < NEEDED_MAX &&
         cred_binomial_cdf((size_t)(risk * (double)high), high, bound) > 1 - confidence)
    low = high, high *= 2;
  while (high - low > 1 && high < NEEDED_MAX) {
    const size_t middle = low + (high - low) / 2;
    if (cred_binomial_cdf((size_t)(risk * (double)middle), middle, bound) >
        1 - confidence)
      low = middle;
    else
      high = middle;
  }
  return high < NEEDED_MAX ? high : 0;
}

// Calibration rows that prove all promises at this threshold with the risks and shares
// seen there; infinity where no number would.
static double rows_needed_at(const cred_promise *promises, size_t n, double threshold,
                             double confidence) {
  double most = 0;
  for (size_t j = 0; j < n; j++) {
    const cred_promise *p = &promises[j];
    const counts c = count(p, threshold);
    const double risk = (double)c.n_wrong / (double)c.n_kept;
    if (c.n_kept == 0 || !(risk < p->bound)) return INFINITY;
    const size_t kept = kept_needed(risk, p->bound, confidence);
    if (kept == 0) return INFINITY;
    most = fmax(most, ceil((double)kept * (double)p->n / (double)c.n_kept));
  }
  return most;
}

// The fewest over all thresholds. Where these rows would have been enough at a threshold
// that the sequence did not come to, those at its start.
static size_t rows_needed(const cred_promise *promises, size_t n, const double *grid,
                          size_t n_grid, size_t start, double confidence) {
  double least = INFINITY;
  for (size_t g = 0; g < n_grid; g++)
    least = fmin(least, rows_needed_at(promises, n, grid[g], confidence));
  if (least <= (double)promises[0].n)
    least = rows_needed_at(promises, n, grid[start], confidence);
  return least < NEEDED_MAX ? (size_t)least : 0;
}

static bool all_pass(const cred_promise *promises, size_t n, double threshold,
                     double confidence) {
  for (size_t j = 0; j < n; j++)
    if (!passes(&promises[j], threshold, confidence)) return false;
  return true;
}

// Of the promises that fail there the one that was least likely to pass.
static size_t weakest(const cred_promise *promises, size_t n, double threshold,
                      double confidence) {
  size_t found = 0;
  double least = 2;
  for (size_t j = 0; j < n; j++) {
    const double here = power(&promises[j], threshold, confidence);
    if (passes(&promises[j], threshold, confidence) || !(here < least)) continue;
    least = here, found = j;
  }
  return found;
}

cred_status cred_bound_choose(cred_bound_info *info, const cred_promise *promises,
                              size_t n_promises, const double *grid, size_t n_grid,
                              double confidence) {
  TRY(check(promises, n_promises, grid, n_grid, confidence));
  const size_t start = start_of(promises, n_promises, grid, n_grid, confidence);
  size_t at = start;
  while (at < n_grid && all_pass(promises, n_promises, grid[at], confidence)) at++;
  const bool proved = at > start;
  const double where = grid[proved ? at - 1 : start];
  *info = (cred_bound_info){.proved = proved, .threshold = proved ? where : NAN};
  if (!proved) {
    info->promise = weakest(promises, n_promises, where, confidence);
    info->n_needed = rows_needed(promises, n_promises, grid, n_grid, start, confidence);
  }
  const cred_promise *p = &promises[info->promise];
  const counts c = count(p, where);
  for (size_t i = 0; i < p->n; i++) info->n_rows += !p->counts || p->counts[i];
  info->n_kept = c.n_kept;
  info->n_wrong = c.n_wrong;
  info->upper = c.n_kept ? cred_binomial_upper(c.n_wrong, c.n_kept, confidence) : 1;
  return CRED_OK;
}
