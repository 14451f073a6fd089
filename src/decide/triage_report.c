// triage_report.c -- what a rule does to cases whose outcome is known.

#include "base/alloc.h"
#include "base/fail.h"
#include "credence/decide/triage.h"
#include "credence/metric/classification.h"
#include <math.h>
#include <string.h>

// The cases whose outcome is known, by number, and what each costs if it is kept: 1 for a
// wrong class, the squared error of a number.
typedef struct {
  size_t n, *at;
  double *loss, *doubt;
} known;

static void known_clear(known *k) {
  cred__free(k->at);
  cred__free(k->loss);
  cred__free(k->doubt);
}

static double loss_of(const cred_cases *c, const cred_triage *t, size_t i) {
  const double residual = c->n_classes ? 0 : c->observed[i] - c->mean[i];
  return c->n_classes ? t->decision[i] != (int32_t)c->observed[i] : residual * residual;
}

static cred_status known_init(known *k, const cred_cases *c, const cred_triage *t,
                              const cred_rule *rule) {
  const double *doubt;
  TRY(NEW(&k->at, c->n, "known cases"));
  TRY(NEW(&k->loss, c->n, "losses"));
  TRY(NEW(&k->doubt, c->n, "doubts"));
  TRY(cred_cases_doubt(&doubt, k->doubt, c, rule->doubt));
  for (size_t i = 0; i < c->n; i++) {
    if (isnan(c->observed[i])) continue;
    k->at[k->n] = i;
    k->loss[k->n] = loss_of(c, t, i);
    k->doubt[k->n++] = doubt[i]; // of a case that is not before its new place
  }
  if (k->n) return CRED_OK;
  FAIL(CRED_EDATA, "triage: of no case the target is known");
}

static bool is_wrong(const cred_cases *c, double loss, const cred_rule *rule) {
  if (c->n_classes) return loss > 0;
  return !isnan(rule->tolerance) && !(sqrt(loss) <= rule->tolerance);
}

static double mean_loss(double sum, size_t n, bool classes) {
  const double mean = sum / (double)n;
  return n == 0 ? NAN : classes ? mean : sqrt(mean);
}

static void add_up(cred_triage_report *out, const known *k, const cred_cases *c,
                   const cred_triage *t, const cred_rule *rule) {
  double all = 0, kept = 0;
  const bool classes = c->n_classes > 0;
  for (size_t j = 0; j < k->n; j++) {
    const bool wrong = is_wrong(c, k->loss[j], rule), keep = !t->review[k->at[j]];
    all += k->loss[j];
    kept += keep ? k->loss[j] : 0;
    out->n_kept += keep;
    out->n_wrong += wrong;
    out->n_wrong_kept += wrong && keep;
  }
  out->loss_all = mean_loss(all, k->n, classes);
  out->loss_kept = mean_loss(kept, out->n_kept, classes);
  out->loss_reviewed = mean_loss(all - kept, k->n - out->n_kept, classes);
}

// What the decisions cost on average: all of them, and with reviews in place of some.
static void add_costs(cred_triage_report *out, const known *k, const cred_cases *c,
                      const cred_triage *t, const cred_rule *rule) {
  double all = 0, with = 0;
  out->cost_all = out->cost_kept = NAN;
  if (rule->kind != CRED_RULE_COST) return;
  for (size_t j = 0; j < k->n; j++) {
    const size_t i = k->at[j];
    const bool said = (size_t)t->decision[i] == rule->positive;
    const bool is = (size_t)c->observed[i] == rule->positive;
    const double cost = said == is ? 0
                        : said     ? rule->cost_wrong_positive
                                   : rule->cost_wrong_negative;
    all += cost;
    with += t->review[i] ? rule->cost_review : cost;
  }
  out->cost_all = all / (double)k->n;
  out->cost_kept = with / (double)k->n;
}

static cred_status check(const cred_cases *c, const cred_triage *t) {
  if (!c->observed)
    FAIL(CRED_EDATA, "triage: the cases have no targets, so that nothing is known of "
                     "what is wrong");
  if (t->n != c->n) FAIL(CRED_EINVAL, "triage: %zu decisions for %zu cases", t->n, c->n);
  return CRED_OK;
}

static cred_status confuse(double *all, double *kept, const cred_triage_report *r,
                           const known *k, const cred_cases *c, const cred_triage *t) {
  int32_t *truth = NULL, *said = NULL;
  double *weight = NULL;
  cred_status status;
  TRY_DONE(NEW(&truth, k->n, "a confusion matrix"));
  TRY_DONE(NEW(&said, k->n, "a confusion matrix"));
  TRY_DONE(NEW(&weight, k->n, "a confusion matrix"));
  for (size_t j = 0; j < k->n; j++) {
    truth[j] = (int32_t)c->observed[k->at[j]];
    said[j] = t->decision[k->at[j]];
    weight[j] = !t->review[k->at[j]];
  }
  if (all) TRY_DONE(cred_confusion(all, said, truth, NULL, k->n, c->n_classes));
  if (kept && r->n_kept == 0)
    memset(kept, 0, c->n_classes * c->n_classes * sizeof *kept);
  else if (kept)
    TRY_DONE(cred_confusion(kept, said, truth, weight, k->n, c->n_classes));
done:
  cred__free(weight);
  cred__free(said);
  cred__free(truth);
  return status;
}

cred_status cred_triage_report_make(cred_triage_report *out, double *confusion_all,
                                    double *confusion_kept, const cred_cases *c,
                                    const cred_triage *t, const cred_rule *rule) {
  known k = {0};
  cred_status status;
  TRY(check(c, t));
  TRY_DONE(known_init(&k, c, t, rule));
  *out = (cred_triage_report){.loss = c->n_classes ? "error" : "rmse", .n = k.n};
  add_up(out, &k, c, t, rule);
  add_costs(out, &k, c, t, rule);
  TRY_DONE(cred_risk_coverage(NULL, NULL, &out->aurc, k.doubt, k.loss, NULL, k.n));
  TRY_DONE(cred_risk_coverage(NULL, NULL, &out->aurc_best, k.loss, k.loss, NULL, k.n));
  if (c->n_classes && (confusion_all || confusion_kept))
    TRY_DONE(confuse(confusion_all, confusion_kept, out, &k, c, t));
done:
  known_clear(&k);
  return status;
}

cred_status cred_triage_curve(double *kept, double *risk, const cred_cases *c,
                              const cred_triage *t, const cred_rule *rule) {
  known k = {0};
  cred_status status;
  TRY(check(c, t));
  TRY_DONE(known_init(&k, c, t, rule));
  TRY_DONE(cred_risk_coverage(kept, risk, NULL, k.doubt, k.loss, NULL, k.n));
  for (size_t j = 0; j < k.n && !c->n_classes; j++) risk[j] = sqrt(risk[j]);
done:
  known_clear(&k);
  return status;
}
