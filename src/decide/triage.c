// triage.c -- cases as a model sees them, and what a rule says of each.
//
//   distance = sqrt(sum_j x_j^2 / n) of the standardised inputs x
// n is the number of columns, each of which adds about 1 in the training data: a number
// its square, a category the 1 of its level. Of pictures it is the number of inputs.

#include "credence/decide/triage.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "model/model.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static cred_status copy(double **out, const double *from, size_t n, size_t stride) {
  if (!from) return CRED_OK;
  TRY(NEW(out, n, "cases"));
  for (size_t i = 0; i < n; i++) (*out)[i] = from[i * stride];
  return CRED_OK;
}

static cred_status take_classes(cred_cases *c, const cred_prediction *p) {
  const size_t n = c->n, k = p->n_classes;
  c->n_classes = k;
  TRY(NEW(&c->label, n, "cases"));
  memcpy(c->label, p->label, n * sizeof *c->label);
  TRY(copy(&c->prob, p->prob, n * k, 1));
  TRY(copy(&c->entropy, p->entropy, n, 1));
  TRY(copy(&c->expected_entropy, p->expected_entropy, n, 1));
  TRY(copy(&c->mutual_information, p->mutual_information, n, 1));
  TRY(copy(&c->sd, p->sd_logit, n, 1));
  TRY(NEW(&c->confidence, n, "cases"));
  for (size_t i = 0; i < n; i++)
    c->confidence[i] = fmin(p->prob[i * k + (size_t)p->label[i]], 1);
  return CRED_OK;
}

static cred_status take_numbers(cred_cases *c, const cred_prediction *p) {
  const size_t n = c->n, t = p->n_targets;
  TRY(copy(&c->mean, p->mean + c->target, n, t));
  TRY(copy(&c->sd, p->sd + c->target, n, t));
  TRY(copy(&c->sd_epistemic, p->sd_epistemic + c->target, n, t));
  return copy(&c->sd_aleatoric, p->sd_aleatoric + c->target, n, t);
}

static cred_status take_data(cred_cases *c, const cred_model *m, const cred_data *data) {
  const size_t n = c->n, d = data->n_inputs;
  const size_t n_columns = cred_model_schema(m)->n_columns;
  TRY(NEW(&c->row, n, "cases"));
  TRY(NEW(&c->distance, n, "cases"));
  if (data->y) TRY(NEW(&c->observed, n, "cases"));
  cred_real *x;
  TRY(NEW(&x, d, "a case"));
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    const cred_status status = cred_data_inputs(x, data, i, 1);
    if (status != CRED_OK) {
      cred__free(x);
      return status;
    }
    for (size_t j = 0; j < d; j++) sum += (double)x[j] * (double)x[j];
    c->distance[i] = sqrt(sum / (double)(n_columns ? n_columns : d));
    c->row[i] = data->row ? data->row[i] : i;
    if (data->y)
      c->observed[i] = cred__target_mean(m, c->target) +
                       cred__target_sd(m, c->target) *
                           (double)data->y[i * data->n_targets + c->target];
  }
  cred__free(x);
  return CRED_OK;
}

cred_status cred_cases_init(cred_cases *out, const cred_model *model,
                            const cred_data *data, size_t target,
                            const cred_predict_options *opt) {
  *out = (cred_cases){.n = data->n_rows, .target = target};
  if (target >= model->likelihood.n_targets)
    FAIL(CRED_EINVAL, "triage: target %zu, the model has %zu", target,
         model->likelihood.n_targets);
  if (data->n_rows == 0) FAIL(CRED_EDATA, "triage: no cases, expected at least one");
  cred_predict_options plain = *opt;
  cred_predictor *predictor = NULL;
  cred_prediction p;
  cred_data blind = *data; // known outcomes must not cost time, nor change anything
  cred_status status;
  plain.n_levels = 0;
  blind.y = NULL;
  TRY_DONE(cred_predictor_new(&predictor, model, &plain));
  TRY_DONE(cred_predictor_run(&p, predictor, &blind));
  TRY_DONE(p.n_classes ? take_classes(out, &p) : take_numbers(out, &p));
  TRY_DONE(take_data(out, model, data));
done:
  cred_predictor_free(predictor);
  if (status != CRED_OK) cred_cases_clear(out);
  return status;
}

void cred_cases_clear(cred_cases *c) {
  double *const numbers[] = {c->prob,     c->confidence,         c->entropy,
                             c->sd,       c->expected_entropy,   c->mean,
                             c->distance, c->mutual_information, c->sd_epistemic,
                             c->observed, c->sd_aleatoric};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) cred__free(numbers[i]);
  cred__free(c->row);
  cred__free(c->label);
  *c = (cred_cases){0};
}

const char *cred_doubt_name(cred_doubt doubt) {
  static const char *const names[CRED_N_DOUBTS] = {[CRED_DOUBT_CONFIDENCE] = "confidence",
                                                   [CRED_DOUBT_ENTROPY] = "entropy",
                                                   [CRED_DOUBT_MI] = "mutual_information",
                                                   [CRED_DOUBT_SD] = "sd",
                                                   [CRED_DOUBT_DISTANCE] = "distance"};
  return (unsigned)doubt < CRED_N_DOUBTS ? names[doubt] : "?";
}

cred_doubt cred_doubt_default(const cred_cases *cases) {
  return cases->n_classes ? CRED_DOUBT_CONFIDENCE : CRED_DOUBT_SD;
}

cred_status cred_cases_doubt(const double **out, double *scratch, const cred_cases *c,
                             cred_doubt doubt) {
  const double *const kept[CRED_N_DOUBTS] = {[CRED_DOUBT_ENTROPY] = c->entropy,
                                             [CRED_DOUBT_MI] = c->mutual_information,
                                             [CRED_DOUBT_SD] = c->sd,
                                             [CRED_DOUBT_DISTANCE] = c->distance};
  if ((unsigned)doubt >= CRED_N_DOUBTS)
    FAIL(CRED_EINVAL, "triage: doubt %d is none of the %d", (int)doubt, CRED_N_DOUBTS);
  *out = kept[doubt];
  if (doubt == CRED_DOUBT_CONFIDENCE && c->confidence) {
    for (size_t i = 0; i < c->n; i++) scratch[i] = 1 - c->confidence[i];
    *out = scratch;
  }
  if (*out) return CRED_OK;
  if (doubt == CRED_DOUBT_SD)
    FAIL(CRED_ECONFIG,
         "a limit on the sd is for numbers and for two classes (of the logit), there are "
         "%zu: use the mutual information",
         c->n_classes);
  FAIL(CRED_ECONFIG,
       "a limit on the %s is for classes, the model predicts numbers: use "
       "the sd",
       cred_doubt_name(doubt));
}

// --- what a rule says ---

static bool mostly_epistemic(const cred_cases *c, size_t i) {
  return c->n_classes ? c->mutual_information[i] > c->expected_entropy[i]
                      : c->sd_epistemic[i] > c->sd_aleatoric[i];
}

static unsigned part_of(const cred_cases *c, size_t i) {
  return mostly_epistemic(c, i) ? CRED_REVIEW_EPISTEMIC : CRED_REVIEW_ALEATORIC;
}

static unsigned reason(const cred_cases *c, size_t i, cred_doubt doubt) {
  switch (doubt) {
  case CRED_DOUBT_MI:
    return CRED_REVIEW_EPISTEMIC;
  case CRED_DOUBT_SD:
    return c->n_classes ? CRED_REVIEW_EPISTEMIC : part_of(c, i);
  case CRED_DOUBT_DISTANCE:
    return CRED_REVIEW_UNLIKE;
  default:
    return CRED_REVIEW_CONFIDENCE | part_of(c, i);
  }
}

static int32_t best_other(const cred_cases *c, size_t i, size_t class) {
  const double *p = c->prob + i * c->n_classes;
  size_t best = class == 0;
  for (size_t j = 0; j < c->n_classes; j++)
    if (j != class && p[j] > p[best]) best = j;
  return (int32_t)best;
}

// The cheaper decision, and its expected cost.
static double cheapest(int32_t *decision, const cred_cases *c, size_t i,
                       const cred_rule *rule) {
  const double p = fmin(c->prob[i * c->n_classes + rule->positive], 1);
  const double positive = (1 - p) * rule->cost_wrong_positive;
  const double negative = p * rule->cost_wrong_negative;
  *decision =
      positive <= negative ? (int32_t)rule->positive : best_other(c, i, rule->positive);
  return fmin(positive, negative);
}

cred_status cred_rule_check(const cred_rule *r, const cred_cases *c) {
  const double costs[] = {r->cost_wrong_positive, r->cost_wrong_negative, r->cost_review};
  const double *values;
  if ((unsigned)r->kind > CRED_RULE_COST)
    FAIL(CRED_EINVAL, "rule: kind %d is none of 0 to %d", (int)r->kind, CRED_RULE_COST);
  for (int d = 0; d < CRED_N_DOUBTS; d++) {
    if (isnan(r->limit[d]) || r->limit[d] < 0)
      FAIL(CRED_EINVAL, "rule: the limit on %s is %g, must be >= 0",
           cred_doubt_name((cred_doubt)d), r->limit[d]);
    if (d != CRED_DOUBT_CONFIDENCE && !isinf(r->limit[d]))
      TRY(cred_cases_doubt(&values, NULL, c, (cred_doubt)d));
  }
  if (!c->n_classes && !isinf(r->limit[CRED_DOUBT_CONFIDENCE]))
    FAIL(CRED_ECONFIG, "a least confidence is for classes, the model predicts numbers: "
                       "use a largest sd, or, if its numbers are classes, fit again with "
                       "--task class");
  if (c->n_classes && r->positive >= c->n_classes)
    FAIL(CRED_EINVAL, "rule: class %zu of %zu", r->positive, c->n_classes);
  if (r->kind != CRED_RULE_COST) return CRED_OK;
  if (!c->n_classes)
    FAIL(CRED_ECONFIG, "costs of wrong decisions are for classes, the model predicts "
                       "numbers: use a largest sd, or, if its numbers are classes, fit "
                       "again with --task class");
  for (int i = 0; i < 3; i++)
    if (!(costs[i] >= 0 && isfinite(costs[i])))
      FAIL(CRED_EINVAL, "rule: a cost is %g, must be >= 0", costs[i]);
  return CRED_OK;
}

static void judge(cred_triage *t, const cred_cases *c, const cred_rule *rule) {
  for (size_t i = 0; i < c->n && c->n_classes; i++) {
    t->decision[i] = c->label[i];
    if (rule->kind != CRED_RULE_COST) continue;
    if (cheapest(&t->decision[i], c, i, rule) > rule->cost_review)
      t->review[i] |= (unsigned char)reason(c, i, CRED_DOUBT_CONFIDENCE);
  }
}

cred_status cred_triage_init(cred_triage *out, const cred_cases *c,
                             const cred_rule *rule) {
  *out = (cred_triage){.n = c->n};
  TRY(cred_rule_check(rule, c));
  double *scratch = NULL;
  const double *doubt;
  cred_status status;
  TRY_DONE(NEW(&scratch, c->n, "doubts"));
  TRY_DONE(NEW(&out->review, c->n, "decisions"));
  if (c->n_classes) TRY_DONE(NEW(&out->decision, c->n, "decisions"));
  judge(out, c, rule);
  for (int d = 0; d < CRED_N_DOUBTS; d++) {
    if (isinf(rule->limit[d])) continue;
    TRY_DONE(cred_cases_doubt(&doubt, scratch, c, (cred_doubt)d));
    for (size_t i = 0; i < c->n; i++)
      if (!(doubt[i] <= rule->limit[d]))
        out->review[i] |= (unsigned char)reason(c, i, (cred_doubt)d);
  }
  for (size_t i = 0; i < c->n; i++) out->n_reviewed += out->review[i] != 0;
done:
  cred__free(scratch);
  if (status != CRED_OK) cred_triage_clear(out);
  return status;
}

void cred_triage_clear(cred_triage *t) {
  cred__free(t->decision);
  cred__free(t->review);
  *t = (cred_triage){0};
}

const char *cred_review_text(char out[64], unsigned review) {
  static const char *const words[] = {"low_confidence", "epistemic", "aleatoric",
                                      "unlike_training"};
  size_t n = 0;
  out[0] = 0;
  for (unsigned i = 0; i < 4; i++)
    if (review & 1u << i)
      n += (size_t)snprintf(out + n, 64 - n, "%s%s", n ? "|" : "", words[i]);
  return out;
}
