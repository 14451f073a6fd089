// triage_report.c -- what a rule does to cases whose outcome is known.

#include "base/alloc.h"
#include "base/fail.h"
#include "credence/decide/triage.h"
#include "credence/metric/classification.h"
#include <math.h>
#include <string.h>

// What each case costs if it is kept: 1 for a wrong class, the squared error of a number.
static void losses(double *out, const cred_cases *c, const cred_triage *t) {
  for (size_t i = 0; i < c->n; i++) {
    const double residual = c->n_classes ? 0 : c->observed[i] - c->mean[i];
    out[i] =
        c->n_classes ? t->decision[i] != (int32_t)c->observed[i] : residual * residual;
  }
}

static bool is_wrong(const cred_cases *c, double loss, const cred_rule *rule) {
  if (c->n_classes) return loss > 0;
  return !isnan(rule->tolerance) && !(sqrt(loss) <= rule->tolerance);
}

static double mean_loss(double sum, size_t n, bool classes) {
  const double mean = sum / (double)n;
  return n == 0 ? NAN : classes ? mean : sqrt(mean);
}

static void add_up(cred_triage_report *out, const double *loss, const cred_cases *c,
                   const cred_triage *t, const cred_rule *rule) {
  double all = 0, kept = 0;
  const bool classes = c->n_classes > 0;
  for (size_t i = 0; i < c->n; i++) {
    const bool wrong = is_wrong(c, loss[i], rule), keep = !t->review[i];
    all += loss[i];
    kept += keep ? loss[i] : 0;
    out->n_kept += keep;
    out->n_wrong += wrong;
    out->n_wrong_kept += wrong && keep;
  }
  out->loss_all = mean_loss(all, c->n, classes);
  out->loss_kept = mean_loss(kept, out->n_kept, classes);
  out->loss_reviewed = mean_loss(all - kept, c->n - out->n_kept, classes);
}

// What the decisions cost on average: all of them, and with reviews in place of some.
static void add_costs(cred_triage_report *out, const cred_cases *c, const cred_triage *t,
                      const cred_rule *rule) {
  double all = 0, with = 0;
  out->cost_all = out->cost_kept = NAN;
  if (rule->kind != CRED_RULE_COST) return;
  for (size_t i = 0; i < c->n; i++) {
    const bool said = (size_t)t->decision[i] == rule->positive;
    const bool is = (size_t)c->observed[i] == rule->positive;
    const double cost = said == is ? 0
                        : said     ? rule->cost_wrong_positive
                                   : rule->cost_wrong_negative;
    all += cost;
    with += t->review[i] ? rule->cost_review : cost;
  }
  out->cost_all = all / (double)c->n;
  out->cost_kept = with / (double)c->n;
}

static cred_status check(const cred_cases *c, const cred_triage *t) {
  if (!c->observed)
    FAIL(CRED_EDATA, "triage: the cases have no targets, so that nothing is known of "
                     "what is wrong");
  if (t->n != c->n) FAIL(CRED_EINVAL, "triage: %zu decisions for %zu cases", t->n, c->n);
  return CRED_OK;
}

static cred_status confuse(double *all, double *kept, const cred_cases *c,
                           const cred_triage *t) {
  int32_t *truth;
  double *weight;
  TRY(NEW(&truth, c->n, "a confusion matrix"));
  cred_status status = NEW(&weight, c->n, "a confusion matrix");
  for (size_t i = 0; status == CRED_OK && i < c->n; i++) {
    truth[i] = (int32_t)c->observed[i];
    weight[i] = !t->review[i];
  }
  if (status == CRED_OK && all)
    status = cred_confusion(all, t->decision, truth, NULL, c->n, c->n_classes);
  if (status == CRED_OK && kept && t->n_reviewed == c->n)
    memset(kept, 0, c->n_classes * c->n_classes * sizeof *kept);
  else if (status == CRED_OK && kept)
    status = cred_confusion(kept, t->decision, truth, weight, c->n, c->n_classes);
  cred__free(weight);
  cred__free(truth);
  return status;
}

cred_status cred_triage_report_make(cred_triage_report *out, double *confusion_all,
                                    double *confusion_kept, const cred_cases *c,
                                    const cred_triage *t, const cred_rule *rule) {
  double *loss = NULL, *scratch = NULL;
  const double *doubt;
  cred_status status;
  TRY(check(c, t));
  *out = (cred_triage_report){.loss = c->n_classes ? "error" : "rmse", .n = c->n};
  TRY_DONE(NEW(&loss, c->n, "losses"));
  TRY_DONE(NEW(&scratch, c->n, "doubts"));
  losses(loss, c, t);
  add_up(out, loss, c, t, rule);
  add_costs(out, c, t, rule);
  TRY_DONE(cred_cases_doubt(&doubt, scratch, c, rule->doubt));
  TRY_DONE(cred_risk_coverage(NULL, NULL, &out->aurc, doubt, loss, NULL, c->n));
  TRY_DONE(cred_risk_coverage(NULL, NULL, &out->aurc_best, loss, loss, NULL, c->n));
  if (c->n_classes && (confusion_all || confusion_kept))
    TRY_DONE(confuse(confusion_all, confusion_kept, c, t));
done:
  cred__free(loss);
  cred__free(scratch);
  return status;
}

cred_status cred_triage_curve(double *kept, double *risk, const cred_cases *c,
                              const cred_triage *t, const cred_rule *rule) {
  double *loss = NULL, *scratch = NULL;
  const double *doubt;
  cred_status status;
  TRY(check(c, t));
  TRY_DONE(NEW(&loss, c->n, "losses"));
  TRY_DONE(NEW(&scratch, c->n, "doubts"));
  losses(loss, c, t);
  TRY_DONE(cred_cases_doubt(&doubt, scratch, c, rule->doubt));
  TRY_DONE(cred_risk_coverage(kept, risk, NULL, doubt, loss, NULL, c->n));
  for (size_t i = 0; i < c->n && !c->n_classes; i++) risk[i] = sqrt(risk[i]);
done:
  cred__free(loss);
  cred__free(scratch);
  return status;
}
