// report.c -- the options and facts of a fit as JSON, written and read in one place.
//
// A table names each number of the plan once; writing and reading walk it. Texts are
// handled beside it. What is read is checked again by the plan's own rules.

#include "model/report.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { AS_ENUM, AS_SIZE, AS_SEED, AS_NUMBER, AS_BOOL } field_type;

typedef struct {
  const char *name;
  field_type type;
  size_t offset;
  const char *const *words; // of an enum
  size_t n_words;
} field;

static const char *const posteriors[] = {"auto", "vi", "map", "dropout"};
static const char *const estimators[] = {"weights", "local", "flipout"};
static const char *const optimisers[] = {"sgd", "adam", "adamw"};
static const char *const schedules[] = {"constant", "cosine", "one-cycle"};
static const char *const kl_weights[] = {"uniform", "blundell"};

#define AT(member)  offsetof(cred__plan, member)
#define WORDS(list) list, sizeof list / sizeof *list
static const field fields[] = {
    {"posterior", AS_ENUM, AT(posterior), WORDS(posteriors)},
    {"members", AS_SIZE, AT(n_members), NULL, 0},
    {"folds", AS_BOOL, AT(folds), NULL, 0},
    {"dropout", AS_NUMBER, AT(dropout), NULL, 0},
    {"estimator", AS_ENUM, AT(method.estimator), WORDS(estimators)},
    {"train-draws", AS_SIZE, AT(method.n_draws), NULL, 0},
    {"init-sd", AS_NUMBER, AT(method.init_sd), NULL, 0},
    {"temperature", AS_NUMBER, AT(method.temperature), NULL, 0},
    {"optimiser", AS_ENUM, AT(method.optimiser.kind), WORDS(optimisers)},
    {"momentum", AS_NUMBER, AT(method.optimiser.momentum), NULL, 0},
    {"beta1", AS_NUMBER, AT(method.optimiser.beta1), NULL, 0},
    {"beta2", AS_NUMBER, AT(method.optimiser.beta2), NULL, 0},
    {"epsilon", AS_NUMBER, AT(method.optimiser.epsilon), NULL, 0},
    {"weight-decay", AS_NUMBER, AT(method.optimiser.decay), NULL, 0},
    {"clip", AS_NUMBER, AT(method.optimiser.clip_norm), NULL, 0},
    {"kl-weights", AS_ENUM, AT(kl_weights), WORDS(kl_weights)},
    {"schedule", AS_ENUM, AT(schedule.kind), WORDS(schedules)},
    {"learning-rate", AS_NUMBER, AT(schedule.rate), NULL, 0},
    {"hold", AS_NUMBER, AT(schedule.hold), NULL, 0},
    {"epochs", AS_SIZE, AT(epochs), NULL, 0},
    {"batch", AS_SIZE, AT(batch), NULL, 0},
    {"validation", AS_NUMBER, AT(validation), NULL, 0},
    {"patience", AS_SIZE, AT(patience), NULL, 0},
    {"seed", AS_SEED, AT(seed), NULL, 0},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

// JSON's integers are signed: a seed beyond them is its decimal text.
static json_t *seed_to_json(uint64_t seed) {
  char text[24];
  if (seed <= INT64_MAX) return json_integer((json_int_t)seed);
  snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
  return json_string(text);
}

static json_t *field_to_json(const cred__plan *plan, const field *f) {
  const void *p = (const char *)plan + f->offset;
  int word;
  switch (f->type) {
  case AS_ENUM: // enums of this project are ints
    memcpy(&word, p, sizeof word);
    return json_string(f->words[word]);
  case AS_SIZE:
    return json_integer((json_int_t) * (const size_t *)p);
  case AS_SEED:
    return seed_to_json(*(const uint64_t *)p);
  case AS_NUMBER:
    return json_real(*(const double *)p);
  case AS_BOOL:
    return json_boolean(*(const bool *)p);
  }
  return NULL;
}

const char *cred__plan_word(const char *name, int value) {
  size_t i = 0;
  while (strcmp(fields[i].name, name) != 0) i++;
  return fields[i].words[value];
}

json_t *cred__plan_to_json(const cred__plan *plan) {
  json_t *object = json_object();
  json_object_set_new(object, "net", json_string(plan->net));
  json_object_set_new(object, "prior", json_string(plan->prior));
  json_object_set_new(object, "likelihood", json_string(plan->likelihood));
  if (plan->augment) json_object_set_new(object, "augment", json_string(plan->augment));
  if (plan->class_weights)
    json_object_set_new(object, "class-weights", json_string(plan->class_weights));
  for (size_t i = 0; i < N_FIELDS; i++)
    json_object_set_new(object, fields[i].name, field_to_json(plan, &fields[i]));
  return object;
}

static cred_status word_from_json(void *out, const json_t *value, const field *f) {
  const char *text = json_string_value(value);
  for (int i = 0; text && i < (int)f->n_words; i++)
    if (strcmp(text, f->words[i]) == 0) {
      memcpy(out, &i, sizeof i);
      return CRED_OK;
    }
  FAIL(CRED_EDATA, "the fit's '%s' is not one of the words known here", f->name);
}

static cred_status field_from_json(cred__plan *plan, const json_t *object,
                                   const field *f) {
  void *p = (char *)plan + f->offset;
  const json_t *value = json_object_get(object, f->name);
  if (!value) FAIL(CRED_EDATA, "the fit's '%s' is missing", f->name);
  if (f->type == AS_ENUM) return word_from_json(p, value, f);
  if (f->type == AS_BOOL) {
    if (!json_is_boolean(value))
      FAIL(CRED_EDATA, "the fit's '%s' is no truth value", f->name);
    *(bool *)p = json_is_true(value);
    return CRED_OK;
  }
  if (f->type == AS_NUMBER) {
    if (!json_is_number(value)) FAIL(CRED_EDATA, "the fit's '%s' is no number", f->name);
    *(double *)p = json_number_value(value);
    return CRED_OK;
  }
  const char *text = f->type == AS_SEED ? json_string_value(value) : NULL;
  if (text && cred__parse_u64(p, text, strlen(text))) return CRED_OK;
  if (!json_is_integer(value) || json_integer_value(value) < 0)
    FAIL(CRED_EDATA, "the fit's '%s' is no whole number", f->name);
  if (f->type == AS_SIZE)
    *(size_t *)p = (size_t)json_integer_value(value);
  else
    *(uint64_t *)p = (uint64_t)json_integer_value(value);
  return CRED_OK;
}

static cred_status text_from_json(char **out, const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  if (!text || strlen(text) > 65536) FAIL(CRED_EDATA, "the fit's '%s' is no text", name);
  return cred__strdup(out, text);
}

cred_status cred__plan_from_json(cred__plan *out, const json_t *object) {
  cred__plan plan = {0};
  cred_status status = CRED_OK;
  if (!json_is_object(object)) FAIL(CRED_EDATA, "the options of the fit are missing");
  TRY_DONE(text_from_json(&plan.net, object, "net"));
  TRY_DONE(text_from_json(&plan.prior, object, "prior"));
  TRY_DONE(text_from_json(&plan.likelihood, object, "likelihood"));
  if (json_object_get(object, "augment"))
    TRY_DONE(text_from_json(&plan.augment, object, "augment"));
  if (json_object_get(object, "class-weights"))
    TRY_DONE(text_from_json(&plan.class_weights, object, "class-weights"));
  for (size_t i = 0; i < N_FIELDS; i++)
    TRY_DONE(field_from_json(&plan, object, &fields[i]));
  if ((status = cred__plan_check(&plan)) != CRED_OK) {
    status = CRED_EDATA; // in a file a wrong option is wrong data
    goto done;
  }
  *out = plan;
  return CRED_OK;
done:
  cred__plan_clear(&plan);
  return status;
}

cred_status cred__json_text(char **out, json_t *object) {
  *out = NULL;
  char *text =
      object ? json_dumps(object, JSON_SORT_KEYS | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(object);
  if (!text) FAIL(CRED_ENOMEM, "no memory for a JSON text");
  const cred_status status = cred__strdup(out, text);
  free(text);
  return status;
}

cred_status cred__model_make_report(cred_model *m) {
  json_t *object = cred__plan_to_json(&m->plan);
  json_object_set_new(object, "data", json_string(m->data_digest));
  json_object_set_new(object, "rows",
                      json_integer((json_int_t)(m->n_train + m->n_validation)));
  json_object_set_new(object, "train-rows", json_integer((json_int_t)m->n_train));
  json_object_set_new(object, "validation-rows",
                      json_integer((json_int_t)m->n_validation));
  json_object_set_new(object, "dropped-rows", json_integer((json_int_t)m->n_dropped));
  json_object_set_new(object, "parameters", json_integer((json_int_t)m->dim));
  char *text;
  TRY(cred__json_text(&text, object));
  cred__free(m->report);
  m->report = text;
  return CRED_OK;
}
