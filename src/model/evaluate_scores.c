// evaluate_scores.c -- which scores there are, and what each takes from the rows.
//
// Regression: Gneiting & Raftery (2007) for CRPS; coverage of the central interval of
// level L is the share of rows with |2 PIT - 1| <= L (Kuleshov, Fenner & Ermon 2018,
// section 3). Classes: Brier (1950); ECE of Guo et al. (2017), eq. 3, and with bins of
// equal mass (Nixon et al. 2019); AUROC of Hanley & McNeil (1982), of several classes the
// mean of one against rest.

#include "base/alloc.h"
#include "base/fail.h"
#include "model/evaluate.h"
#include <math.h>
#include <string.h>

// Where a row's numbers of one target stand in the arrays of the evaluation.
typedef struct {
  cred_evaluation *e;
  size_t target;
  size_t q05, q95; // levels 0.05 and 0.95 of the quantiles, SIZE_MAX if not there
} source;

typedef double (*row_value)(const source *from, size_t row);

static size_t at(const source *f, size_t row) {
  return row * f->e->prediction.n_targets + f->target;
}

static double residual(const source *f, size_t row) {
  return f->e->prediction.mean[at(f, row)] - f->e->observed[at(f, row)];
}
static double squared_error(const source *f, size_t row) {
  return residual(f, row) * residual(f, row);
}
static double absolute_error(const source *f, size_t row) {
  return fabs(residual(f, row));
}
static double observed(const source *f, size_t row) {
  return f->e->observed[at(f, row)];
}
static double log_prob(const source *f, size_t row) {
  return f->e->prediction.log_prob[row];
}
static double crps(const source *f, size_t row) {
  return f->e->prediction.crps[at(f, row)];
}
// Rounding of a sum over draws may take F(y) past 1.
static double pit(const source *f, size_t row) {
  const double u = f->e->prediction.pit[at(f, row)];
  return u < 0 ? 0 : u > 1 ? 1 : u;
}
static double inside50(const source *f, size_t row) {
  return fabs(2 * pit(f, row) - 1) <= 0.50;
}
static double inside90(const source *f, size_t row) {
  return fabs(2 * pit(f, row) - 1) <= 0.90;
}
static double inside95(const source *f, size_t row) {
  return fabs(2 * pit(f, row) - 1) <= 0.95;
}
static double width90(const source *f, size_t row) {
  const cred_prediction *p = &f->e->prediction;
  const double *q = p->quantile + at(f, row) * p->n_levels;
  return q[f->q95] - q[f->q05];
}
static double conformal_inside(const source *f, size_t row) {
  const cred_prediction *p = &f->e->prediction;
  const double y = observed(f, row);
  return y >= p->lower[at(f, row)] && y <= p->upper[at(f, row)];
}
static double conformal_width(const source *f, size_t row) {
  const cred_prediction *p = &f->e->prediction;
  return p->upper[at(f, row)] - p->lower[at(f, row)];
}

static size_t label(const source *f, size_t row) {
  return (size_t)f->e->observed[row];
}
static double correct(const source *f, size_t row) {
  return (size_t)f->e->prediction.label[row] == label(f, row);
}
static double wrong(const source *f, size_t row) {
  return 1 - correct(f, row);
}
static double confidence(const source *f, size_t row) {
  const cred_prediction *p = &f->e->prediction;
  return fmin(p->prob[row * p->n_classes + (size_t)p->label[row]], 1);
}
static double brier(const source *f, size_t row) {
  const cred_prediction *p = &f->e->prediction;
  return cred_brier_row(p->prob + row * p->n_classes, (int32_t)label(f, row),
                        p->n_classes);
}
static double set_has_label(const source *f, size_t row) {
  const cred_prediction *p = &f->e->prediction;
  return p->set[row * p->n_classes + label(f, row)] != 0;
}
static double set_size(const source *f, size_t row) {
  const cred_prediction *p = &f->e->prediction;
  double n = 0;
  for (size_t c = 0; c < p->n_classes; c++) n += p->set[row * p->n_classes + c] != 0;
  return n;
}
static double undefined(const source *f, size_t row) {
  (void)f, (void)row;
  return NAN;
}

typedef struct {
  const char *name, *about;
  cred__statistic_of of;
  row_value a, b;
  enum { ALWAYS, FIRST_TARGET, WITH_QUANTILES, CALIBRATED, FILLED_LATER } when;
} kind;

static const kind of_numbers[] = {
    {"rmse", "root mean squared error, in the unit of the target", cred__root_mean_of,
     squared_error, NULL, ALWAYS},
    {"mae", "mean absolute error, in the unit of the target", cred__mean_of,
     absolute_error, NULL, ALWAYS},
    {"r2", "share of the variance explained, 1 is best", cred__r2_of, squared_error,
     observed, ALWAYS},
    {"log_lik", "mean log density of what was observed, nats a row, higher is better",
     cred__mean_of, log_prob, NULL, FIRST_TARGET},
    {"crps",
     "continuous ranked probability score, in the unit of the target, lower is better",
     cred__mean_of, crps, NULL, ALWAYS},
    {"coverage50", "share of rows in the central 50 % interval, expected 0.5",
     cred__mean_of, inside50, NULL, ALWAYS},
    {"coverage90", "share of rows in the central 90 % interval, expected 0.9",
     cred__mean_of, inside90, NULL, ALWAYS},
    {"coverage95", "share of rows in the central 95 % interval, expected 0.95",
     cred__mean_of, inside95, NULL, ALWAYS},
    {"width90", "mean width of the central 90 % interval, in the unit of the target",
     cred__mean_of, width90, NULL, WITH_QUANTILES},
    {"pit_ks", "distance of the PIT from uniform (Kolmogorov-Smirnov), 0 is calibrated",
     cred__uniform_distance_of, pit, NULL, ALWAYS},
    {"conformal_coverage",
     "share of rows between lower and upper of the calibrated model", cred__mean_of,
     conformal_inside, NULL, CALIBRATED},
    {"conformal_width", "mean of upper - lower, in the unit of the target", cred__mean_of,
     conformal_width, NULL, CALIBRATED},
};

static const kind of_classes[] = {
    {"accuracy", "share of rows whose most probable class is right", cred__mean_of,
     correct, NULL, ALWAYS},
    {"error", "share of rows whose most probable class is wrong", cred__mean_of, wrong,
     NULL, ALWAYS},
    {"log_lik", "mean log probability of the true class, nats a row, higher is better",
     cred__mean_of, log_prob, NULL, ALWAYS},
    {"brier", "squared error of the probabilities, sum over classes, lower is better",
     cred__mean_of, brier, NULL, ALWAYS},
    {"ece", "expected calibration error, bins of equal width, 0 is calibrated",
     cred__ece_of, confidence, correct, ALWAYS},
    {"ece_adaptive", "expected calibration error, bins of equally many rows",
     cred__ece_adaptive_of, confidence, correct, ALWAYS},
    {"auroc", "area under the ROC curve (several classes: mean of one against rest)",
     cred__mean_of, undefined, NULL, FILLED_LATER},
    {"auroc_error", "area under the ROC curve of entropy as a sign of a wrong class",
     cred__mean_of, undefined, NULL, FILLED_LATER},
    {"set_coverage", "share of rows whose set has the true class", cred__mean_of,
     set_has_label, NULL, CALIBRATED},
    {"set_size", "mean number of classes in a set", cred__mean_of, set_size, NULL,
     CALIBRATED},
};

static bool applies(const kind *k, const source *f, bool calibrated) {
  switch (k->when) {
  case FIRST_TARGET:
    return f->target == 0;
  case WITH_QUANTILES:
    return f->q05 != SIZE_MAX && f->q95 != SIZE_MAX;
  case CALIBRATED:
    return calibrated;
  default:
    return true;
  }
}

static cred_status add_kinds(cred_evaluation *e, const kind *kinds, size_t n_kinds,
                             const source *from, bool calibrated, size_t n_bins) {
  const size_t n = e->prediction.n_rows;
  for (size_t k = 0; k < n_kinds; k++) {
    if (!applies(&kinds[k], from, calibrated)) continue;
    const cred__statistic what = {
        .score = {.name = kinds[k].name, .about = kinds[k].about, .target = from->target},
        .of = kinds[k].of,
        .n = n,
        .n_bins = n_bins};
    cred__statistic *s;
    TRY(cred__evaluation_add(e, &s, &what, kinds[k].b != NULL));
    for (size_t i = 0; i < n; i++) s->a[i] = kinds[k].a(from, i);
    for (size_t i = 0; i < n && s->b; i++) s->b[i] = kinds[k].b(from, i);
  }
  return CRED_OK;
}

static size_t level_index(const cred_predict_options *opt, double level) {
  for (size_t i = 0; i < opt->n_levels; i++)
    if (fabs(opt->levels[i] - level) < 1e-12) return i;
  return SIZE_MAX;
}

cred_status cred__evaluation_score_numbers(cred_evaluation *e, const cred_model *model,
                                           const cred_evaluate_options *opt) {
  source from = {.e = e,
                 .q05 = level_index(&opt->predict, 0.05),
                 .q95 = level_index(&opt->predict, 0.95)};
  for (from.target = 0; from.target < e->prediction.n_targets; from.target++)
    TRY(add_kinds(e, of_numbers, sizeof of_numbers / sizeof *of_numbers, &from,
                  model->calibration.fitted, opt->n_bins));
  return CRED_OK;
}

// Scratch of the rank statistics.
typedef struct {
  double *score, *positive, *place;
  cred__ranked *ranked;
} ranks;

static double *rows_of(cred_evaluation *e, const char *name) {
  for (size_t i = 0; i < e->n_scores; i++)
    if (strcmp(e->scores[i].score.name, name) == 0) return e->scores[i].a;
  return NULL;
}

static bool occurs(const cred_evaluation *e, size_t class) {
  double inside = 0, outside = 0;
  for (size_t i = 0; i < e->prediction.n_rows; i++) {
    const double w = e->weight ? e->weight[i] : 1;
    if ((size_t)e->observed[i] == class)
      inside += w;
    else
      outside += w;
  }
  return inside > 0 && outside > 0;
}

// Of two classes the second; of more the mean over those that occur.
static void fill_auroc(double *out, cred_evaluation *e, const ranks *r) {
  const cred_prediction *p = &e->prediction;
  const size_t n = p->n_rows, first = p->n_classes == 2;
  double n_defined = 0;
  for (size_t c = first; c < p->n_classes; c++) n_defined += occurs(e, c);
  if (n_defined == 0) return;
  for (size_t i = 0; i < n; i++) out[i] = 0;
  for (size_t c = first; c < p->n_classes; c++) {
    for (size_t i = 0; i < n; i++) {
      r->score[i] = p->prob[i * p->n_classes + c];
      r->positive[i] = (size_t)e->observed[i] == c;
    }
    cred__auroc_add(out, r->ranked, r->place, r->score, r->positive, e->weight,
                    1 / n_defined, n);
  }
}

static void fill_auroc_error(double *out, cred_evaluation *e, const ranks *r) {
  const source from = {.e = e};
  const size_t n = e->prediction.n_rows;
  for (size_t i = 0; i < n; i++) {
    out[i] = 0;
    r->positive[i] = wrong(&from, i);
  }
  if (!cred__auroc_add(out, r->ranked, r->place, e->prediction.entropy, r->positive,
                       e->weight, 1, n))
    for (size_t i = 0; i < n; i++) out[i] = NAN;
}

static cred_status score_ranks(cred_evaluation *e) {
  const size_t n = e->prediction.n_rows;
  ranks r = {0};
  cred_status status;
  TRY_DONE(NEW(&r.score, n, "scores in order"));
  TRY_DONE(NEW(&r.positive, n, "scores in order"));
  TRY_DONE(NEW(&r.place, n, "scores in order"));
  TRY_DONE(NEW(&r.ranked, n, "scores in order"));
  fill_auroc(rows_of(e, "auroc"), e, &r);
  fill_auroc_error(rows_of(e, "auroc_error"), e, &r);
done:
  cred__free(r.score);
  cred__free(r.positive);
  cred__free(r.place);
  cred__free(r.ranked);
  return status;
}

cred_status cred__evaluation_score_classes(cred_evaluation *e, const cred_model *model,
                                           const cred_evaluate_options *opt) {
  const source from = {.e = e, .q05 = SIZE_MAX, .q95 = SIZE_MAX};
  TRY(add_kinds(e, of_classes, sizeof of_classes / sizeof *of_classes, &from,
                model->calibration.fitted, opt->n_bins));
  return score_ranks(e);
}
