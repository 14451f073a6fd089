// credence/model/evaluate.h -- scores of a model on rows whose targets are known.

#ifndef CRED_MODEL_EVALUATE_H
#define CRED_MODEL_EVALUATE_H

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
  size_t n_bootstrap;   // default 1,000
  size_t n_bins;        // of ECE; default 15
} cred_evaluate_options;
CRED_API cred_evaluate_options cred_evaluate_defaults(void);

/// Predict and score. The evaluation keeps one block's summaries a row (not draws).
CRED_API cred_status cred_model_evaluate(cred_evaluation **out, const cred_model *model,
                                         const cred_data *data,
                                         const cred_evaluate_options *opt);
CRED_API void cred_evaluation_free(cred_evaluation *evaluation);

CRED_API size_t cred_evaluation_n_scores(const cred_evaluation *evaluation);
CRED_API const cred_score *cred_evaluation_score(const cred_evaluation *evaluation, size_t i);
/// A score by name (of target 0); NULL if this task has none of that name.
CRED_API const cred_score *cred_evaluation_find(const cred_evaluation *evaluation,
                                                const char *name);
/// All rows' predictions, borrowed: summaries as in cred_prediction.
CRED_API const cred_prediction *cred_evaluation_prediction(const cred_evaluation *evaluation);
/// Observed targets in their units (n, T), or class indices; borrowed.
CRED_API const double *cred_evaluation_observed(const cred_evaluation *evaluation);
/// One sentence: calibrated or not, and what to do next. well: 1 yes, 0 no.
CRED_API const char *cred_evaluation_verdict(const cred_evaluation *evaluation, int *well);

/// Telling a second data set apart by its uncertainty (classes: predictive entropy and mutual
/// information; regression: sd and epistemic sd). Scores "auroc_entropy", "fpr95_entropy", ...
CRED_API cred_status cred_model_evaluate_ood(cred_evaluation **out, const cred_model *model,
                                             const cred_data *inside, const cred_data *outside,
                                             const cred_evaluate_options *opt);

#ifdef __cplusplus
}
#endif

#endif
