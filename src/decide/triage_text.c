// triage_text.c -- a rule as a sentence for people and as JSON in the model's file.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include "credence/decide/triage.h"
#include "decide/triage.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"given", "budget", "bound", "cost"};
static const char *const draws[] = {"auto", "function", "row", "mean", "moments"};

// --- a sentence ---

static const char *class_name(const cred_model *model, size_t class) {
  const cred_schema_target *t = &cred_model_schema(model)->targets[0];
  return t->type == CRED_TARGET_CLASS && class < t->n_classes ? t->classes[class] : "?";
}

static void add_limit(cred__text *text, const cred_rule *r, int d, bool classes) {
  static const char *const words[CRED_N_DOUBTS] = {"", "the entropy",
                                                   "the mutual "
                                                   "information",
                                                   "the sd", "the distance"};
  if (isinf(r->limit[d])) return;
  if (text->n) cred__text_printf(text, ", or ");
  if (d == CRED_DOUBT_CONFIDENCE)
    cred__text_printf(text, "the confidence is below %.4g", 1 - r->limit[d]);
  else
    cred__text_printf(text, "%s%s is above %.4g", words[d],
                      d == CRED_DOUBT_SD && classes ? " of the logit" : "", r->limit[d]);
}

static void add_proof(cred__text *text, size_t n_wrong, size_t n_kept, size_t n_rows,
                      double upper) {
  cred__text_printf(text, " (%zu of %zu kept, of %zu calibration rows; proved: %.3g %%)",
                    n_wrong, n_kept, n_rows, 100 * upper);
}

static void add_bound(cred__text *text, const cred_rule *r, const cred_model *model) {
  const bool errors = !isnan(r->max_error), misses = !isnan(r->max_miss);
  cred__text_printf(text, "; with confidence %g %%, of the cases kept at most",
                    100 * r->confidence);
  if (errors) cred__text_printf(text, " %g %% are wrong", 100 * r->max_error);
  if (!isnan(r->tolerance)) cred__text_printf(text, " by more than %g", r->tolerance);
  if (errors) add_proof(text, r->n_wrong, r->n_kept, r->n_rows, r->upper);
  if (!misses) return;
  cred__text_printf(text, "%s %g %% of class '%.60s' are missed", errors ? " and" : "",
                    100 * r->max_miss, class_name(model, r->positive));
  if (!errors)
    add_proof(text, r->n_wrong, r->n_kept, r->n_rows, r->upper);
  else if (!isnan(r->upper_miss)) // not of rules that were kept without it
    add_proof(text, r->n_wrong_miss, r->n_kept_miss, r->n_rows_miss, r->upper_miss);
}

void cred_rule_sentence(char *out, size_t n_bytes, const cred_rule *r,
                        const cred_model *model) {
  const bool classes = cred_likelihood_is_class(cred_model_likelihood(model));
  cred__text text = {0}, limits = {0};
  for (int d = 0; d < CRED_N_DOUBTS; d++) add_limit(&limits, r, d, classes);
  if (r->kind == CRED_RULE_COST)
    cred__text_printf(&limits,
                      "%sthe expected cost is above %g (wrongly '%.60s' %g, wrongly "
                      "not %g)",
                      limits.n ? ", or " : "", r->cost_review,
                      class_name(model, r->positive), r->cost_wrong_positive,
                      r->cost_wrong_negative);
  if (limits.n)
    cred__text_printf(&text, "review where %s", limits.s);
  else
    cred__text_printf(&text, "review nothing");
  if (r->kind == CRED_RULE_BUDGET)
    cred__text_printf(&text, "; at most %g %% of the cases it was chosen on",
                      100 * r->review_rate);
  if (r->kind == CRED_RULE_BOUND) add_bound(&text, r, model);
  snprintf(out, n_bytes, "%s", text.failed || limits.failed ? "?" : text.s);
  cred__text_clear(&text);
  cred__text_clear(&limits);
}

// --- JSON ---

static void set_number(json_t *o, const char *key, double value) {
  if (isfinite(value)) json_object_set_new(o, key, json_real(value));
}

json_t *cred__rule_to_json(const cred_rule *r) {
  json_t *o = json_object(), *limits = json_object();
  for (int d = 0; d < CRED_N_DOUBTS; d++)
    set_number(limits, cred_doubt_name((cred_doubt)d), r->limit[d]);
  json_object_set_new(o, "kind", json_string(kinds[r->kind]));
  json_object_set_new(o, "doubt", json_string(cred_doubt_name(r->doubt)));
  json_object_set_new(o, "limits", limits);
  json_object_set_new(o, "positive", json_integer((json_int_t)r->positive));
  json_object_set_new(o, "target", json_integer((json_int_t)r->target));
  json_object_set_new(o, "draws-kind", json_string(draws[r->draws]));
  json_object_set_new(o, "draws", json_integer((json_int_t)r->n_draws));
  char seed[24]; // as text: JSON's integers end at 2^63
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->seed);
  json_object_set_new(o, "seed", json_string(seed));
  set_number(o, "tolerance", r->tolerance);
  if (r->kind == CRED_RULE_BUDGET) set_number(o, "review-rate", r->review_rate);
  if (r->kind == CRED_RULE_BOUND) {
    set_number(o, "max-error", r->max_error);
    set_number(o, "max-miss", r->max_miss);
    set_number(o, "confidence", r->confidence);
    set_number(o, "upper", r->upper);
    json_object_set_new(o, "rows", json_integer((json_int_t)r->n_rows));
    json_object_set_new(o, "kept", json_integer((json_int_t)r->n_kept));
    json_object_set_new(o, "wrong", json_integer((json_int_t)r->n_wrong));
  }
  if (r->kind == CRED_RULE_BOUND && !isnan(r->upper_miss)) {
    set_number(o, "upper-miss", r->upper_miss);
    json_object_set_new(o, "rows-miss", json_integer((json_int_t)r->n_rows_miss));
    json_object_set_new(o, "kept-miss", json_integer((json_int_t)r->n_kept_miss));
    json_object_set_new(o, "wrong-miss", json_integer((json_int_t)r->n_wrong_miss));
  }
  if (r->kind == CRED_RULE_COST) {
    set_number(o, "cost-wrong-positive", r->cost_wrong_positive);
    set_number(o, "cost-wrong-negative", r->cost_wrong_negative);
    set_number(o, "cost-review", r->cost_review);
  }
  return o;
}

cred_status cred_rule_keep(cred_model *model, const cred_rule *rule) {
  json_t *o = cred__rule_to_json(rule);
  char *text = o ? json_dumps(o, JSON_SORT_KEYS | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(o);
  if (!text) FAIL(CRED_ENOMEM, "no memory for a rule");
  const cred_status status = cred_model_set_rule(model, text);
  free(text);
  return status;
}

// --- back ---

static double number_or(const json_t *o, const char *key, double otherwise) {
  const json_t *value = json_object_get(o, key);
  return json_is_number(value) ? json_number_value(value) : otherwise;
}

static cred_status word(int *out, const json_t *o, const char *key,
                        const char *const *words, int n) {
  const char *text = json_string_value(json_object_get(o, key));
  for (*out = 0; *out < n; ++*out)
    if (text && strcmp(text, words[*out]) == 0) return CRED_OK;
  FAIL(CRED_EDATA, "the rule of the model: '%s' is '%.40s'", key, text ? text : "");
}

static cred_status whole(size_t *out, const json_t *o, const char *key) {
  const json_t *value = json_object_get(o, key);
  if (!json_is_integer(value) || json_integer_value(value) < 0)
    FAIL(CRED_EDATA, "the rule of the model: '%s' is no whole number", key);
  *out = (size_t)json_integer_value(value);
  return CRED_OK;
}

static cred_status read_limits(cred_rule *r, const json_t *o) {
  for (int d = 0; d < CRED_N_DOUBTS; d++) {
    const char *name = cred_doubt_name((cred_doubt)d);
    r->limit[d] = number_or(json_object_get(o, "limits"), name, INFINITY);
    if (!(r->limit[d] >= 0))
      FAIL(CRED_EDATA, "the rule of the model: the limit on %s is %g", name, r->limit[d]);
  }
  return CRED_OK;
}

static cred_status read_rule(cred_rule *r, const json_t *o, const cred_likelihood *lik) {
  const size_t n_classes = cred_likelihood_is_class(lik) ? lik->n_classes : 0;
  const char *names[CRED_N_DOUBTS];
  for (int d = 0; d < CRED_N_DOUBTS; d++) names[d] = cred_doubt_name((cred_doubt)d);
  int kind, doubt, how;
  TRY(word(&kind, o, "kind", kinds, 4));
  TRY(word(&doubt, o, "doubt", names, CRED_N_DOUBTS));
  TRY(word(&how, o, "draws-kind", draws, 5));
  TRY(read_limits(r, o));
  TRY(whole(&r->positive, o, "positive"));
  TRY(whole(&r->target, o, "target"));
  TRY(whole(&r->n_draws, o, "draws"));
  const char *seed = json_string_value(json_object_get(o, "seed"));
  if (!seed || !cred__parse_u64(&r->seed, seed, strlen(seed)))
    FAIL(CRED_EDATA, "the rule of the model: 'seed' is no whole number");
  r->kind = (cred_rule_kind)kind;
  r->doubt = (cred_doubt)doubt;
  r->draws = (cred_draws)how;
  r->tolerance = number_or(o, "tolerance", NAN);
  r->review_rate = number_or(o, "review-rate", NAN);
  r->max_error = number_or(o, "max-error", NAN);
  r->max_miss = number_or(o, "max-miss", NAN);
  r->confidence = number_or(o, "confidence", 0.95);
  r->upper = number_or(o, "upper", NAN);
  r->cost_wrong_positive = number_or(o, "cost-wrong-positive", 0);
  r->cost_wrong_negative = number_or(o, "cost-wrong-negative", 0);
  r->cost_review = number_or(o, "cost-review", 0);
  if (r->kind == CRED_RULE_BOUND) {
    TRY(whole(&r->n_rows, o, "rows"));
    TRY(whole(&r->n_kept, o, "kept"));
    TRY(whole(&r->n_wrong, o, "wrong"));
  }
  r->upper_miss = number_or(o, "upper-miss", NAN);
  if (!isnan(r->upper_miss)) {
    TRY(whole(&r->n_rows_miss, o, "rows-miss"));
    TRY(whole(&r->n_kept_miss, o, "kept-miss"));
    TRY(whole(&r->n_wrong_miss, o, "wrong-miss"));
  }
  if (n_classes && r->positive >= n_classes)
    FAIL(CRED_EDATA, "the rule of the model: class %zu of %zu", r->positive, n_classes);
  if (r->target >= lik->n_targets)
    FAIL(CRED_EDATA, "the rule of the model: target %zu of %zu", r->target,
         lik->n_targets);
  if (r->n_draws < 1 || r->n_draws > 1000000)
    FAIL(CRED_EDATA, "the rule of the model: %zu draws", r->n_draws);
  return CRED_OK;
}

cred_status cred_rule_of_model(cred_rule *out, bool *found, const cred_model *model) {
  const char *text = cred_model_rule(model);
  const cred_likelihood *lik = cred_model_likelihood(model);
  json_error_t error;
  *found = text != NULL;
  if (!text) return CRED_OK;
  json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!json_is_object(o)) {
    json_decref(o);
    FAIL(CRED_EDATA, "the rule of the model is no JSON: %s", error.text);
  }
  *out = (cred_rule){0};
  const cred_status status = read_rule(out, o, lik);
  json_decref(o);
  return status;
}
