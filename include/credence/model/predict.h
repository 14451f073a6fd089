// credence/model/predict.h -- mean and uncertainty from many draws.
//
// Regression: with draws s of the outputs, y has mean m_s and variance v_s under draw s:
//   mean = mean_s m_s,  var = mean_s v_s + var_s m_s        (aleatoric + epistemic)
//   Kendall & Gal (2017), eq. 9; all in the units of the target
// Classification: p = mean_s p_s, entropy H(p), mutual information H(p) - mean_s H(p_s);
// Depeweg et al. (2018), eqs. 1-2. All in nats.

#ifndef CRED_MODEL_PREDICT_H
#define CRED_MODEL_PREDICT_H

#include "credence/base/progress.h"
#include "credence/model/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_DRAWS_AUTO =
      0, // row draws where the posterior has a cheaper way to them, else function
  CRED_DRAWS_FUNCTION, // one theta (one mask) for all rows: curves, comparing actions
  CRED_DRAWS_ROW,      // fresh noise for each row: marginal predictions
  CRED_DRAWS_MEAN,     // sd = 0: a point prediction
  CRED_DRAWS_MOMENTS   // mean and variance carried through the layers, no sampling
} cred_draws;

typedef struct {
  cred_draws draws;
  size_t n_draws;  // default 100; rounded up to a multiple of the members
  double mc_error; // > 0: draw until the Monte Carlo error of every row's mean is below
                   // this share of its sd (classes: of probability), at most n_draws_max;
                   // decided for each 128 rows, so cut blocks at multiples of 128
  size_t n_draws_max;   // default 10,000
  const double *levels; // quantiles to compute, each in (0, 1)
  size_t n_levels;
  uint64_t seed;
  size_t n_threads; // 0: cores; results do not depend on it
} cred_predict_options;

CRED_API cred_predict_options cred_predict_defaults(void); // levels 0.05, 0.5, 0.95

// Predictions of a block of rows. Arrays belong to the predictor and are valid until its
// next call. T targets, C classes, L levels.
typedef struct {
  size_t n_rows, n_targets, n_classes, n_levels, n_draws;
  // regression and counts
  double *mean, *sd, *sd_epistemic, *sd_aleatoric; // (B, T)
  double *quantile;                                // (B, T, L)
  double *lower, *upper; // (B, T) of a calibrated model, else NULL
  // classes
  double *prob;                                            // (B, C)
  double *entropy, *expected_entropy, *mutual_information; // (B)
  double *sd_logit;   // (B) of two classes: sd over draws of log p_1 / p_0, else NULL
  int32_t *label;     // (B) most probable class
  unsigned char *set; // (B, C) of a calibrated model, else NULL
  // where the targets are known, else NULL
  double *log_prob;   // (B) of the observed targets, their units
  double *pit, *crps; // (B, T) regression; the PIT of a count is randomised (Czado,
                      // Gneiting & Held 2009), keyed by seed and row
} cred_prediction;

typedef struct cred_predictor cred_predictor;

CRED_API cred_status cred_predictor_new(cred_predictor **out, const cred_model *model,
                                        const cred_predict_options *opt);
CRED_API void cred_predictor_free(cred_predictor *predictor);
/// Predict a block of encoded rows (cred_schema_encode with the model's schema; row
/// numbers key the noise, so that blocks of any size give the same numbers). Targets are
/// used if there.
CRED_API cred_status cred_predictor_run(cred_prediction *out, cred_predictor *predictor,
                                        const cred_data *data);

/// The mean function of single function draws, for plots, Thompson sampling and comparing
/// actions: out (n_draws, B, T) in the units of the targets; classes: probabilities
/// (n_draws, B, C). out has room for n_draws as given by cred_posterior_n_draws.
CRED_API cred_status cred_model_function_draws(double *out, const cred_model *model,
                                               const cred_data *data, size_t n_draws,
                                               uint64_t seed, size_t n_threads);
/// The same of a predictor of function draws, for blocks of rows one after the other: its
/// draws are those of every block. out (n_draws, B, T or C).
CRED_API cred_status cred_predictor_draws(double *out, cred_predictor *predictor,
                                          const cred_data *data);

#ifdef __cplusplus
}
#endif

#endif
