// toy_model.h -- small models of generated tables, for the tests of evaluation and
// calibration.

#ifndef CRED_TESTS_MODEL_TOY_MODEL_H
#define CRED_TESTS_MODEL_TOY_MODEL_H

#include "check.h"
#include "base/alloc.h"
#include "credence/data/toy.h"
#include "credence/model/calibrate.h"
#include "credence/model/evaluate.h"
#include "credence/model/fit.h"
#include <unistd.h>

static inline cred_table *table_of_text(const char *text) {
  char path[] = "/tmp/credence_model_XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  cred_table *table;
  cred_table_options opt = cred_table_defaults();
  opt.format = CRED_FORMAT_CSV;
  assert_ok(cred_table_read(&table, path, &opt));
  unlink(path);
  return table;
}

static inline cred_table *toy_table(const char *name, size_t n_rows, uint64_t seed) {
  char *text = NULL;
  size_t n_bytes;
  FILE *file = open_memstream(&text, &n_bytes);
  assert_ok(cred_toy_write_csv(file, name, n_rows, NAN, seed, false));
  fclose(file);
  cred_table *table = table_of_text(text);
  free(text);
  return table;
}

// Few steps of a small network: tests of scores need no good fit.
static inline cred_model *fit_toy(const cred_table *table, const char *const *targets,
                                  size_t n_targets, int task, const char *likelihood) {
  cred_model *model;
  cred_schema_options schema = cred_schema_defaults();
  cred_fit_options opt = cred_fit_defaults();
  schema.targets = targets;
  schema.n_targets = n_targets;
  schema.task = task;
  opt.posterior = CRED_FIT_VI;
  opt.net = "dense 8 tanh";
  opt.likelihood = likelihood;
  opt.n_members = 2;
  opt.epochs = 60;
  opt.batch = 32;
  opt.schedule.rate = 0.02;
  opt.validation = 0;
  opt.n_threads = 2;
  assert_ok(cred_model_fit(&model, NULL, table, NULL, 0, &schema, &opt));
  return model;
}

static inline cred_model *fit_named(const char *name, size_t n_rows, const char *target,
                                    int task, const char *likelihood) {
  cred_table *table = toy_table(name, n_rows, 1);
  cred_model *model = fit_toy(table, &target, 1, task, likelihood);
  cred_table_free(table);
  return model;
}

static inline cred_data encode(const cred_model *model, const cred_table *table,
                               int with_targets) {
  cred_data data;
  assert_ok(cred_schema_encode(&data, cred_model_schema(model), table, NULL, 0,
                               with_targets, 0));
  return data;
}

// Fresh rows of a generated table.
static inline cred_data fresh(const cred_model *model, const char *name, size_t n_rows,
                              uint64_t seed) {
  cred_table *table = toy_table(name, n_rows, seed);
  cred_data data = encode(model, table, 1);
  cred_table_free(table);
  return data;
}

static inline double score_of(const cred_evaluation *e, const char *name) {
  const cred_score *s = cred_evaluation_find(e, name);
  if (!s) fail_msg("there is no score '%s'", name);
  return s->value;
}

static inline double se_of(const cred_evaluation *e, const char *name) {
  const cred_score *s = cred_evaluation_find(e, name);
  if (!s) fail_msg("there is no score '%s'", name);
  return s->se;
}

#endif
