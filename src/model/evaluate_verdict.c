// evaluate_verdict.c -- one sentence: can the uncertainty be believed, and what to do
// next.
//
// Coverage of n rows is binomial: its standard error where the level c is right is
// sqrt(c (1 - c) / n); of conformal intervals from m rows, sqrt(c (1 - c) (1 / n + 1 / (m
// + 2))), for their coverage is Beta((m + 1) c, (m + 1) (1 - c)) (Vovk 2012). ECE of a
// calibrated model is not 0: the difference in bin k is about N(0, v_k / n_k) with v_k
// the mean of conf (1 - conf), so that the sum has mean sum_k share_k sqrt(2 v_k / (pi
// n_k)) and variance sum_k share_k^2 (1 - 2 / pi) v_k / n_k.

#include "model/evaluate.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
enum { CLASSES_ROWS_FEW = 200, NUMBERS_ROWS_FEW = 100, ROWS_NONE = 10 };

// Below this many rows no coverage is a verdict.
static bool too_few(cred_evaluation *e) {
  if (e->n_effective >= ROWS_NONE) return false;
  e->well = true;
  snprintf(e->verdict, sizeof e->verdict,
           "cannot tell: %.0f row%s too few to judge any uncertainty; collect at least "
           "%d.",
           e->n_effective, e->n_effective > 1 ? "s are" : " is", (int)NUMBERS_ROWS_FEW);
  return true;
}

static void say_rows(char out[96], double n, double few) {
  if (n >= few)
    out[0] = '\0';
  else
    snprintf(out, 96, " %.0f rows tell little: collect at least %.0f to be sure.", n,
             few);
}

typedef struct {
  double worst, level; // coverage farthest from the level
  size_t target;
  bool well;
} coverage;

static double standard_error(const cred_evaluation *e, const cred_model *m,
                             double level) {
  const cred__calibration *c = &m->calibration;
  const double of_calibration = c->fitted ? 1 / ((double)c->n_rows + 2) : 0;
  return sqrt(level * (1 - level) * (1 / e->n_effective + of_calibration));
}

static coverage judge_coverage(const cred_evaluation *e, const char *name, double level,
                               double se) {
  const double slack = 0.02 + 2 * se;
  coverage c = {.worst = NAN, .level = level, .well = true};
  for (size_t i = 0; i < e->n_scores; i++) {
    const cred_score *s = &e->scores[i].score;
    if (strcmp(s->name, name) != 0) continue;
    if (!(fabs(s->value - level) <= slack)) c.well = false;
    if (isnan(c.worst) || fabs(s->value - level) > fabs(c.worst - level))
      c.worst = s->value, c.target = s->target;
  }
  return c;
}

// " of target 'y'" where there are several.
static void say_target(char out[160], const cred_model *m, size_t target) {
  out[0] = '\0';
  if (m->schema->n_targets > 1)
    snprintf(out, 160, " of '%.120s'", m->schema->targets[target].name);
}

// Ends that fit around a middle that does not: noise of another shape, or of a size that
// changes with the inputs.
static void say_middle(char out[240], const cred_evaluation *e, const cred_model *m) {
  const double se = standard_error(e, m, 0.5);
  const coverage c = judge_coverage(e, "coverage50", 0.5, se);
  const cred_likelihood_kind kind = m->likelihood.kind;
  out[0] = '\0';
  if (c.well) return;
  snprintf(
      out, 240,
      " But the central 50 %% interval covers %.1f %%: the noise has another shape, or "
      "its size changes with the inputs%s.",
      100 * c.worst,
      kind == CRED_LIK_GAUSSIAN || kind == CRED_LIK_STUDENT_T
          ? " (compare a fit with '--likelihood heteroscedastic')"
          : "");
}

// Two values alone are more likely classes: a density covers them by being wide.
static void say_two_values(char out[240], const cred_evaluation *e, const cred_model *m) {
  const size_t n_targets = m->schema->n_targets;
  out[0] = '\0';
  if (m->likelihood.kind == CRED_LIK_POISSON) return;
  for (size_t t = 0; t < n_targets; t++) {
    const double slack = 1e-5 * cred__target_sd(m, t);
    const double *y = e->observed + t, a = y[0];
    double b = NAN;
    bool two = true;
    for (size_t i = 1; i < e->prediction.n_rows && two; i++) {
      const double v = y[i * n_targets];
      if (fabs(v - a) <= slack) continue;
      if (isnan(b)) b = v;
      two = fabs(v - b) <= slack;
    }
    if (!two || isnan(b)) continue;
    snprintf(out, 240,
             " But '%.80s' is %.4g or %.4g in every row, and an interval says little of "
             "two values: if they are classes, fit with --task class.",
             m->schema->targets[t].name, fabs(fmin(a, b)) > slack ? fmin(a, b) : 0,
             fabs(fmax(a, b)) > slack ? fmax(a, b) : 0);
    return;
  }
}

static void judge_numbers(cred_evaluation *e, const cred_model *m) {
  const bool fitted = m->calibration.fitted;
  const double level = fitted ? m->calibration.coverage : 0.9;
  const double se = standard_error(e, m, level);
  const coverage c =
      judge_coverage(e, fitted ? "conformal_coverage" : "coverage90", level, se);
  const char *what = fitted ? "conformal" : "central";
  char few[96], target[160], middle[240] = "", values[240];
  say_rows(few, e->n_effective, NUMBERS_ROWS_FEW);
  say_target(target, m, c.target);
  say_two_values(values, e, m);
  if (!fitted && !values[0]) say_middle(middle, e, m);
  e->well = c.well;
  const char *next = fitted ? "these rows are not like those of the calibration; run "
                              "'credence calibrate' again on "
                              "rows like these"
                            : "run 'credence calibrate' on rows that are in neither the "
                              "training nor the test rows";
  if (c.well)
    snprintf(
        e->verdict, sizeof e->verdict,
        "calibrated: the %s %g %% interval%s covers %.1f %% of the rows (standard error "
        "%.1f points).%s%s%s",
        what, 100 * level, target, 100 * c.worst, 100 * se, values, middle, few);
  else
    snprintf(
        e->verdict, sizeof e->verdict,
        "not calibrated: the %s %g %% interval%s covers %.1f %% of the rows (standard "
        "error %.1f points), it is too %s. Next: %s.%s%s",
        what, 100 * level, target, 100 * c.worst, 100 * se,
        c.worst < level ? "narrow" : "wide", next, values, few);
}

// Mean and sd of the ECE that a calibrated model of these confidences would have.
static void ece_noise(double *mean, double *spread, const cred_evaluation *e,
                      size_t n_bins) {
  const cred_prediction *p = &e->prediction;
  double rows[1000] = {0}, var[1000] = {0}, total = 0, sum = 0, squares = 0;
  for (size_t i = 0; i < p->n_rows; i++) {
    const double conf = p->prob[i * p->n_classes + (size_t)p->label[i]];
    const double w = e->weight ? e->weight[i] : 1;
    const double bin = ceil(conf * (double)n_bins) - 1;
    const size_t k = bin < 0 ? 0 : bin >= (double)n_bins ? n_bins - 1 : (size_t)bin;
    rows[k] += w;
    var[k] += w * fmax(conf * (1 - conf), 0);
    total += w;
  }
  for (size_t k = 0; k < n_bins; k++) {
    if (!(rows[k] > 0)) continue;
    const double share = rows[k] / total;
    const double v = var[k] / rows[k] / (share * e->n_effective);
    sum += share * sqrt(2 * v / pi);
    squares += share * share * (1 - 2 / pi) * v;
  }
  *mean = sum;
  *spread = sqrt(squares);
}

// Share of the commonest class, which always naming it would reach.
static double commonest_share(const cred_evaluation *e) {
  const cred_prediction *p = &e->prediction;
  double best = 0, total = 0;
  for (size_t c = 0; c < p->n_classes; c++) {
    double rows = 0;
    for (size_t i = 0; i < p->n_rows; i++)
      if ((size_t)e->observed[i] == c) rows += e->weight ? e->weight[i] : 1;
    total += rows;
    best = fmax(best, rows);
  }
  return best / total;
}

// A model that knows less than the commonest class may have an ECE of 0.
static void say_useless(char out[160], const cred_evaluation *e) {
  const double accuracy = cred_evaluation_find(e, "accuracy")->value;
  const double common = commonest_share(e);
  const double se = sqrt(common * (1 - common) / e->n_effective);
  out[0] = '\0';
  if (accuracy < common - 2 * se)
    snprintf(out, 160,
             " It knows less than the commonest class alone: accuracy %.3f, where always "
             "naming that class has %.3f.",
             accuracy, common);
}

static double mean_gap(const cred_evaluation *e) {
  const cred_prediction *p = &e->prediction;
  double sum = 0;
  for (size_t i = 0; i < p->n_rows; i++)
    sum += p->prob[i * p->n_classes + (size_t)p->label[i]] -
           ((size_t)p->label[i] == (size_t)e->observed[i]);
  return sum;
}

static void judge_classes(cred_evaluation *e, const cred_model *m, size_t n_bins) {
  const double ece = cred_evaluation_find(e, "ece")->value;
  double noise, spread;
  char few[96], sets[120] = "", useless[160];
  ece_noise(&noise, &spread, e, n_bins);
  const double bound = fmax(0.02, noise + 2 * spread);
  e->well = ece <= bound;
  say_rows(few, e->n_effective, CLASSES_ROWS_FEW);
  say_useless(useless, e);
  if (m->calibration.fitted) {
    const double se = standard_error(e, m, m->calibration.coverage);
    const coverage c = judge_coverage(e, "set_coverage", m->calibration.coverage, se);
    e->well = e->well && c.worst >= c.level - 0.02 - 2 * se;
    snprintf(sets, sizeof sets,
             "; sets for %g %% have the true class in %.1f %% of the rows", 100 * c.level,
             100 * c.worst);
  }
  if (e->well)
    snprintf(
        e->verdict, sizeof e->verdict,
        "calibrated%s: ECE %.3f, and chance alone gives up to %.3f on these rows%s.%s%s",
        ece > 0.05 ? " as far as these rows can tell" : "", ece, noise + 2 * spread, sets,
        useless, few);
  else
    snprintf(
        e->verdict, sizeof e->verdict,
        "%s: ECE %.3f, and chance alone gives up to %.3f on these rows%s; it is too %s. "
        "Next: %s.%s%s",
        ece <= 0.05 ? "nearly calibrated" : "not calibrated", ece, noise + 2 * spread,
        sets, mean_gap(e) > 0 ? "confident" : "careful",
        m->calibration.fitted
            ? "these rows are not like those of the calibration; run 'credence "
              "calibrate' again on rows like these"
            : "run 'credence calibrate' on rows that are in neither the training nor "
              "the test rows",
        useless, few);
  if (useless[0]) e->well = false;
}

void cred__evaluation_judge(cred_evaluation *e, const cred_model *model, size_t n_bins) {
  if (too_few(e)) return;
  if (cred_likelihood_is_class(&model->likelihood))
    judge_classes(e, model, n_bins);
  else
    judge_numbers(e, model);
}

void cred__evaluation_judge_ood(cred_evaluation *e, const cred_model *model) {
  const cred_score *best = NULL;
  for (size_t i = 0; i < e->n_scores; i++) {
    const cred_score *s = &e->scores[i].score;
    if (strncmp(s->name, "auroc", 5) == 0 && (!best || s->value > best->value)) best = s;
  }
  const double margin = isnan(best->se) ? 0 : 2 * best->se;
  const bool reversed = best->value + margin < 0.5;
  e->well = best->value - margin > 0.5;
  if (e->well)
    snprintf(e->verdict, sizeof e->verdict,
             "the uncertainty tells outside rows apart: %s is %.3f (0.5 is chance).",
             best->name, best->value);
  else
    snprintf(e->verdict, sizeof e->verdict,
             "the uncertainty does not tell outside rows apart: %s is %.3f (0.5 is "
             "chance%s). Next: %s.",
             best->name, best->value,
             reversed ? "; below it, outside rows look surer than inside ones" : "",
             model->plan.n_members > 1
                 ? "another posterior or network, or more rows"
                 : "an ensemble (credence fit --members 5) or more rows");
}
