// evaluate_ood.c -- can the model's uncertainty tell a second data set from the first?
//
// AUROC and false positive rate at 95 % true positives with outside rows as the positive
// ones: Hendrycks, Mazeika & Dietterich (2019), section 4.1.

#include "base/alloc.h"
#include "base/fail.h"
#include "model/evaluate.h"
#include <math.h>

typedef double (*row_value)(const cred_prediction *p, size_t row);

static double entropy(const cred_prediction *p, size_t row) {
  return p->entropy[row];
}
static double mutual_information(const cred_prediction *p, size_t row) {
  return p->mutual_information[row];
}
static double doubt(const cred_prediction *p, size_t row) {
  return 1 - p->prob[row * p->n_classes + (size_t)p->label[row]];
}
static double sum_of_targets(const cred_prediction *p, const double *sd, size_t row) {
  double sum = 0;
  for (size_t t = 0; t < p->n_targets; t++) sum += sd[row * p->n_targets + t];
  return sum / (double)p->n_targets;
}
static double sd(const cred_prediction *p, size_t row) {
  return sum_of_targets(p, p->sd, row);
}
static double sd_epistemic(const cred_prediction *p, size_t row) {
  return sum_of_targets(p, p->sd_epistemic, row);
}

typedef struct {
  const char *auroc, *fpr, *about_auroc, *about_fpr;
  row_value of;
} kind;

#define ABOUT(what)                                                                      \
  "area under the ROC curve of " what ", outside against inside",                        \
      "inside rows flagged by " what " where 95 % of the outside rows are"

static const kind of_classes[] = {
    {"auroc_entropy", "fpr95_entropy", ABOUT("entropy"), entropy},
    {"auroc_mutual_information", "fpr95_mutual_information", ABOUT("mutual information"),
     mutual_information},
    {"auroc_confidence", "fpr95_confidence", ABOUT("1 - confidence"), doubt},
};
static const kind of_numbers[] = {
    {"auroc_sd", "fpr95_sd", ABOUT("the total sd"), sd},
    {"auroc_sd_epistemic", "fpr95_sd_epistemic", ABOUT("the epistemic sd"), sd_epistemic},
};

// rows: scratch (3 n) numbers; ranked: scratch (n).
static cred_status add_kind(cred_evaluation *e, const kind *k, size_t n_inside,
                            double *rows, cred__ranked *ranked) {
  const size_t n = e->prediction.n_rows;
  double *score = rows, *outside = rows + n, *place = rows + 2 * n;
  for (size_t i = 0; i < n; i++) {
    score[i] = k->of(&e->prediction, i);
    outside[i] = i >= n_inside;
  }
  cred__statistic *s;
  const cred__statistic auroc = {
      .score = {.name = k->auroc, .about = k->about_auroc}, .of = cred__mean_of, .n = n};
  TRY(cred__evaluation_add(e, &s, &auroc, false));
  if (!cred__auroc_add(s->a, ranked, place, score, outside, NULL, 1, n))
    FAIL(CRED_EDATA, "evaluate: a prediction is not a number");
  const cred__statistic fpr = {
      .score = {.name = k->fpr, .about = k->about_fpr}, .of = cred__fpr95_of, .n = n};
  TRY(cred__evaluation_add(e, &s, &fpr, true));
  for (size_t i = 0; i < n; i++) {
    s->a[i] = score[i];
    s->b[i] = outside[i];
  }
  return CRED_OK;
}

static cred_status score(cred_evaluation *e, const cred_model *model, size_t n_inside) {
  const bool classes = cred_likelihood_is_class(&model->likelihood);
  const kind *kinds = classes ? of_classes : of_numbers;
  const size_t n_kinds = classes ? sizeof of_classes / sizeof *of_classes
                                 : sizeof of_numbers / sizeof *of_numbers;
  const size_t n = e->prediction.n_rows;
  double *rows = NULL;
  cred__ranked *ranked = NULL;
  cred_status status;
  TRY_DONE(NEW(&rows, 3 * n, "scores of rows"));
  TRY_DONE(NEW(&ranked, n, "scores of rows"));
  for (size_t k = 0; k < n_kinds; k++)
    TRY_DONE(add_kind(e, &kinds[k], n_inside, rows, ranked));
done:
  cred__free(rows);
  cred__free(ranked);
  return status;
}

cred_status cred_model_evaluate_ood(cred_evaluation **out, const cred_model *model,
                                    const cred_data *inside, const cred_data *outside,
                                    const cred_evaluate_options *opt) {
  *out = NULL;
  TRY(cred__evaluate_check(opt));
  if (inside->n_rows == 0 || outside->n_rows == 0)
    FAIL(CRED_EDATA,
         "evaluate: %zu inside and %zu outside rows, expected at least one each",
         inside->n_rows, outside->n_rows);
  cred_data first = *inside, second = *outside;
  first.y = second.y = NULL;
  cred_evaluation *e = NULL;
  cred_status status = NEW(&e, 1, "an evaluation");
  if (status != CRED_OK) return status;
  TRY_DONE(cred__evaluation_predict(e, model, &first, 0, &opt->predict));
  TRY_DONE(cred__evaluation_predict(e, model, &second, first.n_rows, &opt->predict));
  e->n_effective = (double)e->prediction.n_rows;
  TRY_DONE(score(e, model, first.n_rows));
  TRY_DONE(cred__evaluation_finish(e, e->prediction.n_rows, 1, opt));
  cred__evaluation_judge_ood(e, model);
  *out = e;
  e = NULL;
done:
  cred_evaluation_free(e);
  return status;
}
