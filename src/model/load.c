// load.c -- a model from its file, which is trusted in nothing: network, likelihood and
// slices are made again from the texts, and every array must have the shape that follows
// from them.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include "credence/data/safetensors.h"
#include "model/report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#ifdef CRED_REAL_DOUBLE
#define REAL_TYPE CRED_F64
#else
#define REAL_TYPE CRED_F32
#endif

static cred_status parse(json_t **out, const cred_tensors *t, const char *key) {
  const char *text = cred_tensors_metadata(t, key);
  json_error_t error;
  *out = NULL;
  if (!text) FAIL(CRED_EDATA, "the text '%s' is missing: this is no Credence model", key);
  *out = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!*out) FAIL(CRED_EDATA, "the text '%s' is no JSON: %s", key, error.text);
  return CRED_OK;
}

static cred_status read_array(cred_real *out, const cred_tensors *t, size_t member,
                              const char *name, size_t n) {
  char full[300];
  const cred_tensor *tensor;
  snprintf(full, sizeof full, "member%zu.%s", member, name);
  TRY(cred_tensors_expect(&tensor, t, full, REAL_TYPE, &n, 1));
  memcpy(out, tensor->data, n * sizeof *out);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(out[i])) FAIL(CRED_EDATA, "'%s' is not finite at %zu", full, i);
  return CRED_OK;
}

static cred_status read_history(cred__member_state *s, const cred_tensors *t, size_t k) {
  char full[64];
  snprintf(full, sizeof full, "member%zu.history", k);
  const cred_tensor *tensor = cred_tensors_find(t, full);
  if (!tensor) return CRED_OK;
  if (tensor->dtype != CRED_F64 || tensor->n_dims != 2 || tensor->shape[1] != 4)
    FAIL(CRED_EDATA, "'%s' must be F64 of shape (n, 4)", full);
  s->n_history = tensor->shape[0];
  TRY(NEW(&s->history, 4 * s->n_history, "the history"));
  memcpy(s->history, tensor->data, 4 * s->n_history * sizeof *s->history);
  return CRED_OK;
}

// The arrays of the method, if the file keeps them, in the method's own order.
static cred_status read_state_arrays(cred__member_state *s, const cred_model *m,
                                     const cred_tensors *t, size_t k) {
  static const char *const map[] = {"mean", "mean.m1", "mean.m2"};
  static const char *const vi[] = {"mean",      "log_sd",  "mean.m1",
                                   "log_sd.m1", "mean.m2", "log_sd.m2"};
  const bool is_vi = m->plan.posterior == CRED_FIT_VI;
  const bool sgd = m->plan.method.optimiser.kind == CRED_SGD;
  const char *const *names = is_vi ? vi : map;
  const size_t n = is_vi ? (sgd ? 4 : 6) : (sgd ? 2 : 3);
  char full[300];
  snprintf(full, sizeof full, "member%zu.state.mean", k);
  if (!cred_tensors_find(t, full)) return CRED_OK;
  TRY(NEW(&s->arrays, n, "a checkpoint"));
  TRY(NEW(&s->names, n, "a checkpoint"));
  s->n_arrays = n;
  for (size_t i = 0; i < n; i++) {
    snprintf(full, sizeof full, "state.%s", names[i]);
    TRY(cred__strdup(&s->names[i], names[i]));
    TRY(NEW(&s->arrays[i], m->dim, "a checkpoint"));
    TRY(read_array(s->arrays[i], t, k, full, m->dim));
  }
  return CRED_OK;
}

static cred_status whole_number(uint64_t *out, const json_t *o, const char *name) {
  const json_t *value = json_object_get(o, name);
  if (!json_is_integer(value) || json_integer_value(value) < 0)
    FAIL(CRED_EDATA, "'%s' is no whole number", name);
  *out = (uint64_t)json_integer_value(value);
  return CRED_OK;
}

static double number_or(const json_t *o, const char *name, double otherwise) {
  const json_t *value = json_object_get(o, name);
  return json_is_number(value) ? json_number_value(value) : otherwise;
}

// A short file that speaks of many large members is found out before memory is taken.
static cred_status make_members(cred_model *m, const cred_tensors *t) {
  char full[64];
  const cred_tensor *tensor;
  for (size_t k = 0; k < m->plan.n_members; k++) {
    snprintf(full, sizeof full, "member%zu.mean", k);
    TRY(cred_tensors_expect(&tensor, t, full, REAL_TYPE, &m->dim, 1));
  }
  return cred__model_make_members(m);
}

static cred_status read_member(cred_model *m, const cred_tensors *t, const json_t *states,
                               size_t k) {
  cred_member *member = &m->posterior->members[k];
  cred__member_state *s = &m->states[k];
  TRY(read_array(member->mean, t, k, "mean", m->dim));
  if (member->sd) TRY(read_array(member->sd, t, k, "sd", m->dim));
  for (size_t i = 0; member->sd && i < m->dim; i++)
    if (!(member->sd[i] >= 0))
      FAIL(CRED_EDATA, "'member%zu.sd' holds %g at %zu, must be >= 0", k,
           (double)member->sd[i], i);
  const json_t *o = json_array_get(states, k);
  TRY(whole_number(&s->step, o, "step"));
  TRY(whole_number(&s->n_diverged, o, "not-finite"));
  TRY(whole_number(&s->best_epoch, o, "best-epoch"));
  s->done = json_is_true(json_object_get(o, "done"));
  s->diverged = json_is_true(json_object_get(o, "diverged"));
  s->best_validation = number_or(o, "best-validation", -INFINITY);
  s->log_lik_sum = number_or(o, "log-lik-sum", 0);
  s->kl_sum = number_or(o, "kl-sum", 0);
  TRY(read_history(s, t, k));
  return read_state_arrays(s, m, t, k);
}

static cred_status read_calibration(cred_model *m, const cred_tensors *t) {
  if (!cred_tensors_metadata(t, "calibration")) return CRED_OK;
  json_t *o = NULL;
  TRY(parse(&o, t, "calibration"));
  cred__calibration *c = &m->calibration;
  const json_t *quantiles = json_object_get(o, "quantiles");
  const char *set = json_string_value(json_object_get(o, "set"));
  const bool classes = cred_likelihood_is_class(&m->likelihood);
  c->coverage = number_or(o, "coverage", NAN);
  c->temperature = number_or(o, "temperature", NAN);
  c->set = set && strcmp(set, "aps") == 0 ? CRED_SET_APS : CRED_SET_LAC;
  c->n_quantiles = json_array_size(quantiles);
  const size_t expected = classes ? 1 : m->likelihood.n_targets;
  uint64_t n_rows = 0;
  cred_status status = whole_number(&n_rows, o, "rows");
  c->n_rows = n_rows;
  if (status != CRED_OK) {
    json_decref(o);
    return status;
  }
  if (!(c->coverage > 0 && c->coverage < 1) || !(c->temperature > 0) ||
      c->n_quantiles != expected || expected > 16)
    status = cred__fail(CRED_EDATA,
                        "the calibration is broken: coverage %g, temperature %g, "
                        "%zu quantiles for %zu",
                        c->coverage, c->temperature, c->n_quantiles, expected);
  for (size_t i = 0; status == CRED_OK && i < expected; i++) {
    c->quantile[i] = json_number_value(json_array_get(quantiles, i));
    if (!isfinite(c->quantile[i]))
      status = cred__fail(CRED_EDATA, "the calibration's quantile is not finite");
  }
  c->fitted = status == CRED_OK;
  json_decref(o);
  return status;
}

// Sizes in the report, and the rows of the table that were used.
static cred_status read_facts(cred_model *m, const cred_tensors *t, const json_t *fit) {
  const char *digest = json_string_value(json_object_get(fit, "data"));
  if (!digest || strlen(digest) != 16)
    FAIL(CRED_EDATA, "the digest of the data is missing");
  memcpy(m->data_digest, digest, 16);
  uint64_t n[3];
  TRY(whole_number(&n[0], fit, "train-rows"));
  TRY(whole_number(&n[1], fit, "validation-rows"));
  TRY(whole_number(&n[2], fit, "dropped-rows"));
  m->n_train = n[0];
  m->n_validation = n[1];
  m->n_dropped = n[2];
  if (m->n_train < 1) FAIL(CRED_EDATA, "the number of training rows is missing");
  const cred_tensor *rows = cred_tensors_find(t, "fit.rows");
  if (!rows) return CRED_OK;
  if (rows->dtype != CRED_U64 || rows->n_dims != 1 || rows->n < 1)
    FAIL(CRED_EDATA, "'fit.rows' must be U64 of one dimension");
  TRY(NEW(&m->rows, rows->n, "rows"));
  memcpy(m->rows, rows->data, rows->n * sizeof *m->rows);
  m->n_rows = rows->n;
  return CRED_OK;
}

static cred_status load(cred_model **out, const cred_tensors *t) {
  json_t *fit = NULL, *states = NULL;
  cred_schema *schema = NULL;
  cred__plan plan = {0};
  cred_model *m = NULL;
  cred_status status;
  const char *format = cred_tensors_metadata(t, "format");
  if (!format || strncmp(format, "credence model", 14) != 0)
    FAIL(CRED_EDATA, "this is no Credence model (a file of `credence fit` is expected)");
  if (strcmp(format, "credence model 1") != 0)
    FAIL(CRED_EDATA, "the file says '%.40s', this version reads 'credence model 1'",
         format);
  const char *schema_text = cred_tensors_metadata(t, "schema");
  if (!schema_text) FAIL(CRED_EDATA, "the text 'schema' is missing");
  TRY_DONE(parse(&fit, t, "fit"));
  TRY_DONE(parse(&states, t, "state"));
  TRY_DONE(cred__plan_from_json(&plan, fit));
  if (json_array_size(states) != plan.n_members)
    FAIL_DONE(CRED_EDATA, "states of %zu members, %zu are expected",
              json_array_size(states), plan.n_members);
  TRY_DONE(cred_schema_from_json(&schema, schema_text, strlen(schema_text)));
  status = cred__model_assemble(&m, &plan, schema);
  schema = NULL;
  if (status != CRED_OK) goto done;
  TRY_DONE(make_members(m, t));
  for (size_t k = 0; k < m->plan.n_members; k++) TRY_DONE(read_member(m, t, states, k));
  TRY_DONE(read_facts(m, t, fit));
  TRY_DONE(read_calibration(m, t));
  TRY_DONE(cred_model_set_rule(m, cred_tensors_metadata(t, "rule")));
  TRY_DONE(cred__model_make_history(m));
  TRY_DONE(cred__model_make_report(m));
  *out = m;
  m = NULL;
done:
  cred_model_free(m);
  cred_schema_free(schema);
  cred__plan_clear(&plan);
  json_decref(fit);
  json_decref(states);
  return status;
}

cred_status cred_model_load(cred_model **out, const char *path) {
  *out = NULL;
  cred_tensors *t;
  cred_tensors_options opt = cred_tensors_defaults();
  opt.finite = false; // a history holds NaN where there was no validation
  cred_status status = cred_tensors_read(&t, path, &opt);
  if (status == CRED_EDATA)
    return cred__fail(status, "%s (a model file of `credence fit` is expected)",
                      cred_error_message());
  if (status != CRED_OK) return status;
  status = load(out, t);
  if (status != CRED_OK) {
    cred__fail_prefix("%s", path);
    if (status != CRED_ENOMEM) status = CRED_EDATA;
  }
  cred_tensors_free(t);
  return status;
}
