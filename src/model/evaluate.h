// evaluate.h -- the inside of an evaluation, shared by the files evaluate*.c.
//
// A score is a statistic of weighted rows: its value takes the rows' own weights, a
// bootstrap replicate the same weights times how often it drew each row. All scores of a
// replicate are of the same rows.

#ifndef CRED_SRC_MODEL_EVALUATE_H
#define CRED_SRC_MODEL_EVALUATE_H

#include "credence/metric/classification.h"
#include "credence/model/evaluate.h"
#include "metric/order.h"
#include "model/model.h"

typedef struct cred__statistic cred__statistic;
// weight (n), not NULL; bins: scratch (n_bins). NaN where it is not defined.
typedef double (*cred__statistic_of)(const cred__statistic *s, const double *weight,
                                     cred_reliability_bin *bins);

struct cred__statistic {
  cred_score score;
  cred__statistic_of of;
  size_t n, n_bins;
  double *a, *b;        // (n) what the rows bring, as `of` says; b or NULL
  cred__ranked *ranked; // (n) rows in the order of a, or NULL
};

enum { CRED__VERDICT_BYTES = 768 };

struct cred_evaluation {
  size_t n_scores;
  cred__statistic *scores; // a, b and ranked are gone once the errors are known
  cred_prediction prediction;
  double *observed;   // (n, T) or class indices (n)
  double *weight;     // (n) of rows, or NULL
  double n_effective; // (sum w)^2 / sum w^2
  int well;
  char verdict[CRED__VERDICT_BYTES];
};

// evaluate_statistic.c: statistics of weighted rows.
double cred__mean_of(const cred__statistic *s, const double *weight,
                     cred_reliability_bin *bins); // of a
double cred__root_mean_of(const cred__statistic *s, const double *weight,
                          cred_reliability_bin *bins); // of a
double cred__r2_of(const cred__statistic *s, const double *weight,
                   cred_reliability_bin *bins); // a: squared errors, b: observed
double cred__uniform_distance_of(const cred__statistic *s, const double *weight,
                                 cred_reliability_bin *bins); // of a, ranked
double cred__ece_of(const cred__statistic *s, const double *weight,
                    cred_reliability_bin *bins); // a: confidence, b: correct
double cred__ece_adaptive_of(const cred__statistic *s, const double *weight,
                             cred_reliability_bin *bins); // the same, ranked
double cred__fpr95_of(const cred__statistic *s, const double *weight,
                      cred_reliability_bin *bins); // a: score, b: 1 outside, ranked

// Adds area / share to out (n) so that the weighted mean of out grows by share * AUROC
// and its bootstrap has the error of share * AUROC: AUROC plus the influence of each row,
// DeLong et al. (1988), eqs. 1-5. False, and nothing is added, unless there are rows of
// both kinds. positive (n) 0 or 1; ranked, place: scratch (n).
bool cred__auroc_add(double *out, cred__ranked *ranked, double *place,
                     const double *score, const double *positive, const double *weight,
                     double share, size_t n);

// A score with room for a, for the order of the rows where `of` needs it, and for b;
// `*out` is valid until the next add.
cred_status cred__evaluation_add(cred_evaluation *e, cred__statistic **out,
                                 const cred__statistic *what, bool b);
void cred__statistic_clear(cred__statistic *s);
// Values and standard errors of all scores; frees what they were made of.
cred_status cred__evaluation_finish(cred_evaluation *e, size_t n_rows, size_t n_bins,
                                    const cred_evaluate_options *opt);

// evaluate_scores.c: the scores of regression and of classes.
cred_status cred__evaluation_score_numbers(cred_evaluation *e, const cred_model *model,
                                           const cred_evaluate_options *opt);
cred_status cred__evaluation_score_classes(cred_evaluation *e, const cred_model *model,
                                           const cred_evaluate_options *opt);

// evaluate_verdict.c
void cred__evaluation_judge(cred_evaluation *e, const cred_model *model, size_t n_bins);
void cred__evaluation_judge_ood(cred_evaluation *e, const cred_model *model);

// evaluate.c: predict rows and put them behind the `at` that are there already.
cred_status cred__evaluation_predict(cred_evaluation *e, const cred_model *model,
                                     const cred_data *data, size_t at,
                                     const cred_predict_options *opt);
cred_status cred__evaluate_check(const cred_evaluate_options *opt);

#endif
