// triage_audit.c -- the audit log: what was decided of each case, by what, reproducibly.

#include "base/fail.h"
#include "base/file.h"
#include "base/text.h"
#include "decide/triage.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  FILE *file;
  uint64_t digest;
} log_file;

// Takes the reference.
static cred_status write_line(log_file *log, json_t *line) {
  const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(9);
  char *text = line ? json_dumps(line, flags) : NULL;
  json_decref(line);
  if (!text) FAIL(CRED_ENOMEM, "no memory for a line of the audit log");
  const size_t n = strlen(text);
  log->digest = cred__digest_feed(log->digest, text, n);
  log->digest = cred__digest_feed(log->digest, "\n", 1);
  const bool written = fwrite(text, 1, n, log->file) == n && putc('\n', log->file) != EOF;
  free(text);
  if (!written) FAIL(CRED_EIO, "writing the audit log failed");
  return CRED_OK;
}

static void set(json_t *o, const char *key, const double *values, size_t i) {
  if (values && isfinite(values[i])) json_object_set_new(o, key, json_real(values[i]));
}

static json_t *head(const cred_model *model, const char *digest,
                    const cred_audit_data *data, const cred_cases *c,
                    const cred_rule *rule) {
  char sentence[1024], seed[24];
  const cred_schema_target *target = &cred_model_schema(model)->targets[c->target];
  cred_rule_sentence(sentence, sizeof sentence, rule, model);
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)rule->seed);
  const size_t n_draws =
      cred_posterior_n_draws(cred_model_posterior(model), rule->n_draws); // as drawn
  return json_pack("{ss ss ss ss ss sI ss so sI sI}", "kind", "triage", "model", digest,
                   "data", data->digest, "target", target->name, "seed", seed, "draws",
                   (json_int_t)n_draws, "sentence", sentence, "rule",
                   cred__rule_to_json(rule), "cases", (json_int_t)c->n, "bad_rows",
                   (json_int_t)data->n_bad);
}

static json_t *line_of(const cred_model *model, const cred_cases *c, const cred_triage *t,
                       const char *const *ids, size_t i) {
  char reason[64];
  json_t *o = json_object();
  const cred_schema_target *target = &cred_model_schema(model)->targets[0];
  json_object_set_new(o, "kind", json_string("case"));
  json_object_set_new(o, "row", json_integer((json_int_t)c->row[i]));
  if (ids) json_object_set_new(o, "id", json_string(ids[i]));
  if (c->n_classes)
    json_object_set_new(o, "decision",
                        json_string(target->classes[(size_t)t->decision[i]]));
  else
    set(o, "decision", c->mean, i);
  set(o, "confidence", c->confidence, i);
  set(o, "entropy", c->entropy, i);
  set(o, "mutual_information", c->mutual_information, i);
  set(o, c->n_classes ? "sd_logit" : "sd", c->sd, i);
  set(o, "sd_epistemic", c->sd_epistemic, i);
  set(o, "sd_aleatoric", c->sd_aleatoric, i);
  set(o, "distance", c->distance, i);
  json_object_set_new(o, "needs_review", json_boolean(t->review[i]));
  json_object_set_new(o, "reason", json_string(cred_review_text(reason, t->review[i])));
  return o;
}

static cred_status write_bad(log_file *log, const cred_audit_data *data) {
  for (size_t i = 0; i < data->n_bad; i++)
    TRY(write_line(log, json_pack("{ss sI ss* sb ss}", "kind", "bad_row", "row",
                                  (json_int_t)data->bad[i], "id",
                                  data->bad_ids ? data->bad_ids[i] : NULL, "needs_review",
                                  1, "reason", CRED_REVIEW_BAD_ROW)));
  return CRED_OK;
}

static cred_status write_all(log_file *log, const cred_model *model, const cred_cases *c,
                             const cred_triage *t, const cred_rule *rule,
                             const cred_audit_data *data) {
  char digest[17];
  TRY(cred_model_digest(digest, model));
  TRY(write_line(log, head(model, digest, data, c, rule)));
  for (size_t i = 0; i < c->n; i++)
    TRY(write_line(log, line_of(model, c, t, data->ids, i)));
  TRY(write_bad(log, data));
  cred__digest_text(digest, log->digest);
  return write_line(log,
                    json_pack("{ss sI sI ss}", "kind", "end", "cases", (json_int_t)c->n,
                              "reviewed", (json_int_t)t->n_reviewed, "digest", digest));
}

cred_status cred_triage_audit(const char *path, const cred_model *model,
                              const cred_cases *c, const cred_triage *t,
                              const cred_rule *rule, const cred_audit_data *data) {
  cred__writer writer;
  TRY(cred__writer_init(&writer, path));
  log_file log = {.file = writer.file, .digest = cred__digest_start()};
  const cred_status status = write_all(&log, model, c, t, rule, data);
  if (status == CRED_OK) return cred__writer_commit(&writer);
  cred__writer_abort(&writer);
  return status;
}
