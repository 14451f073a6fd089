// credence/model/evaluate.h -- scores of a model on rows whose targets are known.

#ifndef CRED_MODEL_EVALUATE_H
#define CRED_MODEL_EVALUATE_H

#include "credence/data/images.h"
#include "credence/model/predict.h"

#ifdef __cplusplus
extern "C" {
#endif

// A score with its bootstrap standard error over rows.
typedef struct {
  const char *name;  // "rmse", "log_lik", "coverage90", "ece", ...; static
  const char *about; // one line, with the unit; static
  size_t target;     // regression: which
  double value, se;
} cred_score;

typedef struct cred_evaluation cred_evaluation;

typedef struct {
  cred_predict_options predict;
  size_t n_bootstrap; // default 1,000; 0: no standard errors (NaN)
  size_t n_bins;      // of ECE; default 15
} cred_evaluate_options;
CRED_API cred_evaluate_options cred_evaluate_defaults(void);

/// Predict and score. The evaluation keeps one block's summaries a row (not draws).
/// Scores are weighted by the rows' weights. Names, by target: rmse, mae, r2, log_lik (of
/// all targets, at target 0), crps, coverage50, coverage90, coverage95, width90 (with
/// levels 0.05 and 0.95), pit_ks, and conformal_coverage, conformal_width of a calibrated
/// model; of classes: accuracy, error, log_lik, brier, ece, ece_adaptive, auroc,
/// auroc_error, set_coverage, set_size. A score that is not defined (r2 of equal values,
/// auroc of one class) is NaN. Fails with CRED_EDATA on no rows or no targets,
/// CRED_EINVAL, CRED_ENOMEM.
CRED_API cred_status cred_model_evaluate(cred_evaluation **out, const cred_model *model,
                                         const cred_data *data,
                                         const cred_evaluate_options *opt);
CRED_API void cred_evaluation_free(cred_evaluation *evaluation);

CRED_API size_t cred_evaluation_n_scores(const cred_evaluation *evaluation);
CRED_API const cred_score *cred_evaluation_score(const cred_evaluation *evaluation,
                                                 size_t i);
/// A score by name (of target 0); NULL if this task has none of that name.
CRED_API const cred_score *cred_evaluation_find(const cred_evaluation *evaluation,
                                                const char *name);
/// All rows' predictions, borrowed: summaries as in cred_prediction.
CRED_API const cred_prediction *
cred_evaluation_prediction(const cred_evaluation *evaluation);
/// Observed targets in their units (n, T), or class indices; borrowed.
CRED_API const double *cred_evaluation_observed(const cred_evaluation *evaluation);
/// One sentence: calibrated or not, and what to do next. well: 1 yes, 0 no.
CRED_API const char *cred_evaluation_verdict(const cred_evaluation *evaluation,
                                             int *well);

/// How many of these rows (NULL: all) of a table the model was fitted to: the scores of
/// such rows say nothing about new ones. 0 for any other table than the one of the fit.
CRED_API cred_status cred_model_n_seen(size_t *n_seen, const cred_model *model,
                                       const cred_table *table, const size_t *rows,
                                       size_t n_rows);

CRED_API cred_status cred_model_n_seen_images(size_t *n_seen, const cred_model *model,
                                              const cred_images *images,
                                              const size_t *rows, size_t n_rows);

/// Telling a second data set apart by its uncertainty (classes: predictive entropy and
/// mutual information, 1 - confidence; regression: sd and epistemic sd, mean over
/// targets). Scores "auroc_entropy", "fpr95_entropy", ...: area under the ROC curve, and
/// the share of inside rows flagged where 95 % of the outside rows are. Targets are not
/// looked at. The prediction has the inside rows, then the outside rows; there is nothing
/// observed (NULL).
CRED_API cred_status cred_model_evaluate_ood(cred_evaluation **out,
                                             const cred_model *model,
                                             const cred_data *inside,
                                             const cred_data *outside,
                                             const cred_evaluate_options *opt);

#ifdef __cplusplus
}
#endif

#endif
