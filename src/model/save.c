// save.c -- a model into its file: one container, arrays by name, the rest as JSON texts.
//
//   member<K>.mean, .sd             the posterior
//   member<K>.state.<array>         what the method needs to go on
//   member<K>.history               epoch, log likelihood, KL, validation a row
//   fit.rows                        rows of the table that were used, unless all
// texts: format, schema, fit, state, calibration, rule. No time, host, path or thread
// count.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include "credence/data/safetensors.h"
#include "model/report.h"
#include <math.h>
#include <string.h>

#ifdef CRED_REAL_DOUBLE
#define REAL_TYPE CRED_F64
#else
#define REAL_TYPE CRED_F32
#endif

static cred_status add(cred_tensors *t, size_t member, const char *name,
                       const char *suffix, cred_dtype type, size_t n_rows,
                       size_t n_columns, const void *data) {
  cred__text text = {0};
  cred__text_printf(&text, "member%zu.%s%s", member, name, suffix);
  cred_status status = cred__text_status(&text);
  const size_t shape[2] = {n_rows, n_columns};
  if (status == CRED_OK)
    status = cred_tensors_add(t, text.s, type, shape, n_columns ? 2 : 1, data);
  cred__text_clear(&text);
  return status;
}

static cred_status add_member(cred_tensors *t, const cred_model *m, size_t k,
                              bool final) {
  const cred_member *member = &m->posterior->members[k];
  const cred__member_state *s = &m->states[k];
  TRY(add(t, k, "mean", "", REAL_TYPE, m->dim, 0, member->mean));
  if (member->sd) TRY(add(t, k, "sd", "", REAL_TYPE, m->dim, 0, member->sd));
  if (s->n_history) TRY(add(t, k, "history", "", CRED_F64, s->n_history, 4, s->history));
  for (size_t i = 0; !final && i < s->n_arrays; i++)
    TRY(add(t, k, "state.", s->names[i], REAL_TYPE, m->dim, 0, s->arrays[i]));
  return CRED_OK;
}

static json_t *finite_or_null(double x) {
  return isfinite(x) ? json_real(x) : json_null();
}

static json_t *state_to_json(const cred_model *m) {
  json_t *list = json_array();
  for (size_t k = 0; k < m->plan.n_members; k++) {
    const cred__member_state *s = &m->states[k];
    json_t *o = json_object();
    json_object_set_new(o, "step", json_integer((json_int_t)s->step));
    json_object_set_new(o, "done", json_boolean(s->done));
    json_object_set_new(o, "diverged", json_boolean(s->diverged));
    json_object_set_new(o, "not-finite", json_integer((json_int_t)s->n_diverged));
    json_object_set_new(o, "best-epoch", json_integer((json_int_t)s->best_epoch));
    json_object_set_new(o, "best-validation", finite_or_null(s->best_validation));
    json_object_set_new(o, "log-lik-sum", finite_or_null(s->log_lik_sum));
    json_object_set_new(o, "kl-sum", finite_or_null(s->kl_sum));
    json_array_append_new(list, o);
  }
  return list;
}

static json_t *calibration_to_json(const cred__calibration *c) {
  json_t *o = json_object(), *quantiles = json_array();
  json_object_set_new(o, "coverage", json_real(c->coverage));
  json_object_set_new(o, "temperature", json_real(c->temperature));
  json_object_set_new(o, "set", json_string(c->set == CRED_SET_APS ? "aps" : "lac"));
  json_object_set_new(o, "rows", json_integer((json_int_t)c->n_rows));
  for (size_t i = 0; i < c->n_quantiles; i++)
    json_array_append_new(quantiles, json_real(c->quantile[i]));
  json_object_set_new(o, "quantiles", quantiles);
  return o;
}

static cred_status set_json(cred_tensors *t, const char *key, json_t *object) {
  char *text;
  TRY(cred__json_text(&text, object));
  const cred_status status = cred_tensors_set_metadata(t, key, text);
  cred__free(text);
  return status;
}

static cred_status set_texts(cred_tensors *t, const cred_model *m) {
  char *schema;
  TRY(cred_tensors_set_metadata(t, "format", "credence model 1"));
  TRY(cred_tensors_set_metadata(t, "fit", m->report));
  TRY(cred_schema_to_json(&schema, m->schema));
  const cred_status status = cred_tensors_set_metadata(t, "schema", schema);
  cred__free(schema);
  TRY(status);
  TRY(set_json(t, "state", state_to_json(m)));
  if (m->calibration.fitted)
    TRY(set_json(t, "calibration", calibration_to_json(&m->calibration)));
  return m->rule ? cred_tensors_set_metadata(t, "rule", m->rule) : CRED_OK;
}

cred_status cred_model_digest(char out[17], const cred_model *m) {
  char *schema = NULL, *calibration = NULL;
  cred_status status;
  TRY_DONE(cred_schema_to_json(&schema, m->schema));
  TRY_DONE(cred__json_text(&calibration, calibration_to_json(&m->calibration)));
  const char *const texts[] = {m->report, schema, calibration};
  uint64_t digest = cred__digest_start();
  for (size_t i = 0; i < 3; i++) // with its end, so that no two splits look alike
    digest = cred__digest_feed(digest, texts[i], strlen(texts[i]) + 1);
  for (size_t k = 0; k < m->posterior->n_members; k++) {
    const cred_member *member = &m->posterior->members[k];
    digest = cred__digest_feed(digest, member->mean, m->dim * sizeof *member->mean);
    if (member->sd)
      digest = cred__digest_feed(digest, member->sd, m->dim * sizeof *member->sd);
  }
  cred__digest_text(out, digest);
done:
  cred__free(schema);
  cred__free(calibration);
  return status;
}

cred_status cred_model_save(const cred_model *m, const char *path, bool final) {
  cred_tensors *t;
  TRY(cred_tensors_new(&t));
  cred_status status = CRED_OK;
  for (size_t k = 0; k < m->plan.n_members; k++) TRY_DONE(add_member(t, m, k, final));
  _Static_assert(sizeof(size_t) == 8, "rows are written as they are in memory");
  if (m->rows && !final)
    TRY_DONE(cred_tensors_add(t, "fit.rows", CRED_U64, &m->n_rows, 1, m->rows));
  TRY_DONE(set_texts(t, m));
  TRY_DONE(cred_tensors_write(t, path));
done:
  cred_tensors_free(t);
  return status;
}
