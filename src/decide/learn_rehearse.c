// learn_rehearse.c -- what can be known to fail is known before a label is asked for.
//
// A run that begins is rehearsed with stand-in labels, every class in turn or 0, 1, 0,
// ...: the schema of the pool, all its rows and those of the test as arrays, one epoch of
// a fit to the first rows, and one choice by its model. Nothing of it is kept.

#include "base/alloc.h"
#include "base/fail.h"
#include "decide/learn.h"
#include <string.h>

enum { ROWS_MIN = 4 };

static cred_status stand_in(cred_table **out, const cred_learn *run) {
  static const char *const numbers[] = {"0", "1"};
  const bool classes = run->task == CRED_TARGET_CLASS;
  const char **texts;
  cred_table *labels = NULL;
  TRY(NEW(&texts, run->n_rows, "labels"));
  for (size_t i = 0; i < run->n_rows; i++)
    texts[i] = classes ? run->classes[i % run->n_classes] : numbers[i % 2];
  cred_status status =
      cred_table_from_texts(&labels, cred_table_source(run->pool),
                            run->opt.schema.targets[0], texts, run->n_rows);
  if (status == CRED_OK)
    status = cred_table_join(out, cred__learn_inputs(run), labels, NULL);
  cred_table_free(labels);
  cred__free(texts);
  return status;
}

// Of a pool whose rows with missing cells are left out: which those are.
static cred_status mark_left_out(cred_learn *run, const cred_data *data) {
  if (data->n_rows == 0)
    FAIL(CRED_EDATA, "%s: each row has a missing cell: none can be fitted or scored",
         cred_table_source(run->pool));
  if (!run->left_out) TRY(NEW(&run->left_out, run->n_rows, "rows"));
  for (size_t i = 0; i < run->n_rows; i++) run->left_out[i] = true;
  for (size_t i = 0; i < data->n_rows; i++) run->left_out[data->row[i]] = false;
  return CRED_OK;
}

static cred_status check_rows(cred_learn *run, const cred_table *table) {
  cred_schema *schema = NULL;
  cred_data data = {0};
  cred_status status;
  TRY_DONE(cred_schema_learn(&schema, table, NULL, 0, &run->opt.schema));
  TRY_DONE(cred_schema_encode(&data, schema, table, NULL, 0, 0, 0));
  if (run->opt.schema.missing == CRED_MISSING_DROP) TRY_DONE(mark_left_out(run, &data));
  cred_data_clear(&data);
  if (!run->opt.test) goto done;
  TRY_DONE(cred_schema_encode_with(&data, schema, run->opt.test, NULL, 0, 1, 0,
                                   &run->opt.test_rows));
  if (data.n_rows == 0)
    FAIL_DONE(CRED_EDATA, "%s: no row is left to score on",
              cred_table_source(run->opt.test));
done:
  cred_data_clear(&data);
  cred_schema_free(schema);
  return status;
}

// One epoch, and one choice.
static cred_status fit_and_choose(const cred_learn *run, const cred_table *table) {
  cred_fit_options fit = run->opt.fit;
  cred_acquire_options acquire = run->opt.acquire;
  cred_fit_info info;
  cred_model *model = NULL;
  cred_acquired acquired = {0};
  cred_data data = {0};
  size_t *rows = NULL, n_rows = 0, wanted = run->opt.n_start;
  cred_status status;
  if (wanted < ROWS_MIN) wanted = ROWS_MIN;
  if (wanted < run->n_classes) wanted = run->n_classes;
  fit.progress = NULL;
  fit.epochs = 1;
  fit.steps = 0;
  acquire.n = 1;
  acquire.seed = fit.seed;
  acquire.n_threads = fit.n_threads;
  TRY_DONE(NEW(&rows, run->n_rows, "rows"));
  for (size_t i = 0; i < run->n_rows && n_rows < wanted; i++)
    if (!run->left_out || !run->left_out[i]) rows[n_rows++] = i;
  TRY_DONE(cred_model_fit(&model, &info, table, rows, n_rows, &run->opt.schema, &fit));
  TRY_DONE(cred_schema_encode(&data, cred_model_schema(model), table, rows,
                              n_rows < ROWS_MIN ? n_rows : ROWS_MIN, 0, 0));
  TRY_DONE(cred_acquire(&acquired, model, &data, NULL, &acquire));
done:
  cred_acquired_clear(&acquired);
  cred_data_clear(&data);
  cred_model_free(model);
  cred__free(rows);
  return status;
}

static cred_status check_start(const cred_learn *run) {
  size_t *rows, n;
  const cred_status status = cred__learn_start_rows(&rows, &n, run);
  cred__free(rows);
  return status;
}

// Every hidden label can be read.
static cred_status check_hidden(const cred_learn *run) {
  for (size_t i = 0; run->opt.simulate && i < run->n_rows; i++) {
    char *label;
    TRY(cred__learn_hidden(&label, run, i));
    cred__free(label);
  }
  return CRED_OK;
}

cred_status cred__learn_rehearse(cred_learn *run, bool begins) {
  cred_table *table = NULL;
  cred_status status;
  if (!begins && run->opt.schema.missing != CRED_MISSING_DROP) return CRED_OK;
  TRY_DONE(stand_in(&table, run));
  TRY_DONE(check_rows(run, table));
  if (!begins) goto done;
  TRY_DONE(check_hidden(run));
  TRY_DONE(check_start(run));
  TRY_DONE(fit_and_choose(run, table));
done:
  cred_table_free(table);
  return status;
}
