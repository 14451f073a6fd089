// credence/decide/acquire.h -- which rows of a pool are worth a label.
//
// With draws k of the function, probabilities p_k(c), p = mean_k p_k; H is the entropy in
// nats. The larger the score, the sooner the row is taken:
//   least confidence  1 - max_c p(c)                          Lewis & Gale (1994)
//   margin            1 - (p(1st) - p(2nd))                   Scheffer et al. (2001)
//   entropy           H(p)                                    Shannon (1948)
//   bald              H(p) - mean_k H(p_k)                    Houlsby et al. (2011), eq.
//   2 variation ratios  1 - share of the draws that agree on the most common class
//                                                             Gal (2016), eq. 3.19
//   mean sd           mean_c sd_k p_k(c)                      Gal et al. (2017), sec. 4
//   epig              mean over rows x* to be predicted of the mutual information of y
//                     and y*, from p(y, y*) = mean_k p_k(y) p_k(y*)
//                                              Bickford Smith et al. (2023), eq. 5
//   batchbald         I(y_1 ... y_n; theta), chosen greedily  Kirsch et al. (2019), eq. 8
// For numbers, with means m_k and noise variances v_k:
//   variance          var_k m_k + mean_k v_k
//   epistemic         var_k m_k
//   epig              -1/2 log(1 - rho^2), rho the correlation of y and y*: exact for a
//                     Gaussian; Bickford Smith et al. (2023), appendix
// Several targets: in units of each target's sd, summed over targets.
//
// A batch is the rows of the highest scores, or, with power beta > 0, those of the
// highest beta log score + Gumbel noise: a draw without replacement with probabilities
// ~ score^beta, so that a batch is not n times the same row (Kirsch et al. 2023, sec. 3).
// Equal scores are ordered at random. All that is random depends on the seed and on the
// row's number, neither on the order of the rows nor on the threads.

#ifndef CRED_DECIDE_ACQUIRE_H
#define CRED_DECIDE_ACQUIRE_H

#include "credence/model/predict.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_ACQUIRE_AUTO = 0, // margin for classes, epistemic for numbers
  CRED_ACQUIRE_RANDOM,
  CRED_ACQUIRE_LEAST_CONFIDENCE,
  CRED_ACQUIRE_MARGIN,
  CRED_ACQUIRE_ENTROPY,
  CRED_ACQUIRE_BALD,
  CRED_ACQUIRE_VARIATION_RATIOS,
  CRED_ACQUIRE_MEAN_SD,
  CRED_ACQUIRE_EPIG, // classes and numbers
  CRED_ACQUIRE_BATCHBALD,
  CRED_ACQUIRE_VARIANCE,
  CRED_ACQUIRE_EPISTEMIC
} cred_acquisition;

/// "bald", "variation-ratios", ...; and back. Fails with the nearest name.
CRED_API const char *cred_acquisition_name(cred_acquisition kind);
CRED_API cred_status cred_acquisition_parse(cred_acquisition *out, const char *name);

typedef struct {
  cred_acquisition kind;
  size_t n;                // rows to choose; default 10
  double power;            // beta of a stochastic batch, 0: the highest scores
  size_t n_draws;          // function draws; default 100
  size_t n_targets;        // epig: rows to be predicted; default 100
  size_t n_configurations; // batchbald: labels of the batch so far that are enumerated,
                           // and from there on drawn; default 10,000
  uint64_t seed;
  size_t n_threads; // 0: cores; results do not depend on it
} cred_acquire_options;
CRED_API cred_acquire_options cred_acquire_defaults(void);

typedef struct {
  cred_acquisition kind; // as it was resolved
  size_t n_rows, n_draws;
  double *score; // (n_rows); batchbald: bald, its first step
  size_t n_chosen;
  size_t *chosen;       // (n_chosen) positions among the rows, in order
  double *chosen_score; // (n_chosen) score; batchbald: what the row adds to those before
} cred_acquired;

/// Score the rows of a pool and choose n of them.
///
/// pool     in  encoded rows; targets are not looked at; row numbers key the noise
/// targets  in  epig: encoded rows to be predicted (the first n_targets of them in an
///              order drawn by the seed); NULL: from the pool
///
/// Fails with CRED_EDATA (no rows, fewer than n), CRED_ECONFIG (a score of the other
/// task; a score of disagreement for a posterior that is one set of weights),
/// CRED_EINVAL, CRED_ENOMEM. Memory: classes: draws x classes a row for epig's targets
/// and batchbald's pool, else a block of rows.
CRED_API cred_status cred_acquire(cred_acquired *out, const cred_model *model,
                                  const cred_data *pool, const cred_data *targets,
                                  const cred_acquire_options *opt);
CRED_API void cred_acquired_clear(cred_acquired *acquired);

/// rows (n_kept, by number) of a random choice of n_kept out of n rows; all if n_kept is
/// 0 or at least n. Sorted; yours to free with cred_acquire_rows_free.
CRED_API cred_status cred_acquire_rows(size_t **rows, size_t *n_rows, size_t n,
                                       size_t n_kept, const cred_key *key);
CRED_API void cred_acquire_rows_free(size_t *rows);

// --- the parts, on arrays ---

// Probabilities of classes under function draws: prob (n_draws, n_rows, n_classes).
typedef struct {
  size_t n_draws, n_rows, n_classes;
  const cred_real *prob;
} cred_class_draws;

// Means of numbers under function draws (n_draws, n_rows), and the noise variance of
// every row, averaged over draws (n_rows).
typedef struct {
  size_t n_draws, n_rows;
  const double *mean, *noise_var;
} cred_number_draws;

/// Scores (n_rows) of least confidence ... mean sd. bald is within 0 and the entropy.
CRED_API cred_status cred_acquire_class_scores(double *score,
                                               const cred_class_draws *draws,
                                               cred_acquisition kind);
/// EPIG (pool rows) for classes and for numbers: both of the same draws.
CRED_API cred_status cred_acquire_class_epig(double *score, const cred_class_draws *pool,
                                             const cred_class_draws *targets,
                                             size_t n_threads);
CRED_API cred_status cred_acquire_number_epig(double *score,
                                              const cred_number_draws *pool,
                                              const cred_number_draws *targets);

/// BatchBALD: chosen (n), gain (n): I(y_1 ... y_i; theta) - I(y_1 ... y_(i-1); theta).
/// Exact while the labels of the rows chosen so far have at most n_configurations
/// combinations; then an average over that many drawn from the joint predictive, each
/// function draw equally often. tie (n_rows): order of equal gains.
CRED_API cred_status cred_acquire_batchbald(size_t *chosen, double *gain,
                                            const cred_class_draws *draws, size_t n,
                                            size_t n_configurations, const double *tie,
                                            const cred_key *key, size_t n_threads);

/// chosen (n): the highest scores, or a power batch. row (n_rows) keys ties and noise;
/// NULL: 0, 1, 2, ...
CRED_API cred_status cred_acquire_choose(size_t *chosen, size_t n, const double *score,
                                         const uint64_t *row, size_t n_rows, double power,
                                         const cred_key *key);

#ifdef __cplusplus
}
#endif

#endif
