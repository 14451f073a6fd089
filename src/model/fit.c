// fit.c -- from a table to a fitted model, and on from where a fit was stopped.

#define _GNU_SOURCE
#include "model/model.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/thread.h"
#include <math.h>
#include <string.h>

// Below this many parameters a step is too short to share between threads.
enum { SMALL_DIM = 20000 };

// Classes of the rows for stratified splits; NULL for numbers.
static cred_status make_stratum(int32_t **out, const cred_model *m,
                                const cred_data *data) {
  *out = NULL;
  if (m->schema->targets[0].type != CRED_TARGET_CLASS) return CRED_OK;
  TRY(NEW(out, data->n_rows, "strata"));
  for (size_t i = 0; i < data->n_rows; i++)
    (*out)[i] = (int32_t)data->y[i * data->n_targets];
  return CRED_OK;
}

uint64_t cred__model_steps(const cred_model *m) {
  uint64_t sum = 0;
  for (size_t i = 0; i < m->plan.n_members; i++) sum += m->states[i].step;
  return sum;
}

// Members side by side where there are enough of them or a member is small, else one
// after the other, each on all threads.
static cred_status train_members(cred_model *m, const cred_source *source,
                                 const int32_t *stratum, size_t n_threads,
                                 cred_progress_fn progress, void *context,
                                 bool *stopped) {
  n_threads = cred__n_threads(n_threads);
  const size_t n = m->plan.n_members;
  const bool side_by_side = n >= n_threads || m->dim < SMALL_DIM;
  const double start = cred__now_s();
  cred__training t = {.model = m,
                      .source = source,
                      .stratum = stratum,
                      .n_threads_member = side_by_side ? 1 : n_threads,
                      .progress = progress,
                      .progress_context = context,
                      .progress_busy = ATOMIC_FLAG_INIT,
                      .time_start_s = start,
                      .time_last_s = 0};
  t.steps_made = cred__model_steps(m);
  t.steps_start = t.steps_made;
  const cred_status status =
      cred__parallel_try(side_by_side ? n_threads : 1, n, cred__train_member, &t);
  *stopped = t.stop;
  return status;
}

// Standard error of the difference of two means of the objective, over recorded epochs.
static bool has_converged(const cred_model *m) {
  const size_t n = m->n_history, tenth = n / 10;
  if (tenth < 3) return false;
  double mean[2] = {0}, square[2] = {0};
  for (size_t half = 0; half < 2; half++)
    for (size_t i = 0; i < tenth; i++) {
      const cred_history_row *row = &m->history[n - 1 - i - half * tenth];
      const double value = row->log_lik - row->kl;
      mean[half] += value / (double)tenth;
      square[half] += value * value / (double)tenth;
    }
  const double var = square[0] - mean[0] * mean[0] + square[1] - mean[1] * mean[1];
  const double change = fabs(mean[0] - mean[1]);
  return change < 2 * sqrt(fmax(var, 0)) || change < 1e-3 * fabs(mean[0]) ||
         change < 2e-3;
}

static void fill_info(cred_fit_info *info, const cred_model *m, bool stopped) {
  *info = (cred_fit_info){.n_train = m->n_train,
                          .n_validation = m->n_validation,
                          .n_dropped = m->n_dropped,
                          .log_lik = NAN,
                          .kl = NAN,
                          .validation = NAN};
  double best = 0;
  size_t n_scored = 0;
  for (size_t i = 0; i < m->plan.n_members; i++) {
    const cred__member_state *s = &m->states[i];
    if (s->step > info->n_steps) info->n_steps = s->step;
    info->n_diverged += s->n_diverged;
    if (s->diverged) info->outcome = CRED_FIT_DIVERGED;
    if (s->best_validation > -INFINITY) best += s->best_validation, n_scored++;
  }
  if (n_scored) info->validation = best / (double)n_scored;
  if (stopped) info->outcome = CRED_FIT_STOPPED;
  info->n_epochs = info->n_steps / cred__plan_n_batches(&m->plan, m->n_train);
  if (!m->n_history) return;
  info->log_lik = m->history[m->n_history - 1].log_lik;
  info->kl = m->history[m->n_history - 1].kl;
  info->converged = info->outcome == CRED_FIT_DONE && has_converged(m);
}

cred_status cred__model_train(cred_model *m, cred_fit_info *info,
                              const cred_source *source, const int32_t *stratum,
                              size_t n_dropped, size_t n_threads,
                              cred_progress_fn progress, void *context) {
  bool stopped = false;
  cred_split split = {0};
  TRY(cred__member_split(&split, m, source->n_rows, stratum, 0));
  m->n_train = split.n_train;
  m->n_validation = split.n_held_out;
  m->n_dropped = n_dropped;
  cred_split_clear(&split);
  TRY(train_members(m, source, stratum, n_threads, progress, context, &stopped));
  TRY(cred__model_make_history(m));
  TRY(cred__model_make_report(m));
  if (info) fill_info(info, m, stopped);
  return CRED_OK;
}

static cred_status train(cred_model *m, cred_fit_info *info, const cred_data *data,
                         size_t n_threads, cred_progress_fn progress, void *context) {
  int32_t *stratum = NULL;
  cred_image_source *changed = NULL; // from epoch to epoch
  cred_source source = cred_source_of_data(data);
  cred_augment augment;
  cred_status status;
  TRY_DONE(make_stratum(&stratum, m, data));
  if (m->plan.augment) {
    TRY_DONE(cred_augment_parse(&augment, m->plan.augment));
    TRY_DONE(cred_image_source_of_data(&changed, data, &augment, CRED__AHEAD_BYTES));
    source = *cred_image_source_rows(changed);
  }
  TRY_DONE(cred__model_train(m, info, &source, stratum, data->n_dropped, n_threads,
                             progress, context));
done:
  cred_image_source_free(changed);
  cred__free(stratum);
  return status;
}

// Arrays of images stay bytes: a fit wants a batch of them at a time.
static cred_status encode(cred_data *out, const cred_schema *schema,
                          const cred_table *table, const size_t *rows, size_t n_rows) {
  const cred_encode_options opt = {.keep_bytes = true};
  return cred_schema_encode_with(out, schema, table, rows, n_rows, 1, 0, &opt);
}

// Rows of the data that train, where one part of them is held out; all, where the members
// have folds of their own.
static cred_status training_part(cred_split *out, const cred_data *data,
                                 const cred__plan *plan, const cred_schema *schema) {
  const cred_model probe = {.plan = *plan, .schema = (cred_schema *)schema};
  int32_t *stratum = NULL;
  cred_status status;
  *out = (cred_split){0};
  TRY_DONE(make_stratum(&stratum, &probe, data));
  if (plan->folds) {
    TRY_DONE(NEW(&out->train, data->n_rows, "training rows"));
    for (size_t i = 0; i < data->n_rows; i++) out->train[i] = i;
    out->n_train = data->n_rows;
  } else
    TRY_DONE(cred__member_split(out, &probe, data->n_rows, stratum, 0));
done:
  cred__free(stratum);
  return status;
}

// Rows of each class among those that train.
static cred_status count_classes(double *count, const cred_data *data,
                                 const cred__plan *plan, const cred_schema *schema) {
  cred_split split;
  TRY(training_part(&split, data, plan, schema));
  for (size_t i = 0; i < split.n_train; i++) count[(size_t)data->y[split.train[i]]]++;
  cred_split_clear(&split);
  return CRED_OK;
}

// Weights of the classes into those of the rows. first: they are still to be resolved.
static cred_status weigh_classes(cred_data *data, cred__plan *plan,
                                 const cred_schema *schema, bool first) {
  const size_t n = schema->targets[0].n_classes;
  double *count = NULL;
  if (!plan->class_weights) return CRED_OK;
  if (schema->targets[0].type != CRED_TARGET_CLASS)
    FAIL(CRED_ECONFIG, "class weights are of classes, the target '%s' is a number",
         schema->targets[0].name);
  cred_status status;
  TRY_DONE(NEW(&count, n, "class weights"));
  if (first) TRY_DONE(count_classes(count, data, plan, schema));
  if (first) TRY_DONE(cred__plan_weigh_classes(plan, count, n));
  TRY_DONE(cred__plan_class_weights(count, plan, n));
  const bool had = data->weight != NULL;
  if (!had) TRY_DONE(NEW(&data->weight, data->n_rows, "weights of rows"));
  for (size_t i = 0; i < data->n_rows; i++)
    data->weight[i] =
        (cred_real)((had ? (double)data->weight[i] : 1.0) * count[(size_t)data->y[i]]);
done:
  cred__free(count);
  return status;
}

// Where one part of the rows is held out for early stopping, the schema is learned on the
// others alone. data and schema come from all rows, which decide the split; both are
// replaced.
static cred_status learn_on_training_rows(cred_schema **schema, cred_data *data,
                                          const cred__plan *plan, const cred_table *table,
                                          const size_t *rows, size_t n_rows,
                                          const cred_schema_options *opt) {
  if (plan->folds || !(plan->validation > 0) || data->n_rows < 2) return CRED_OK;
  cred_schema *learned = NULL;
  cred_data encoded = {0};
  cred_split split = {0};
  cred_status status;
  TRY_DONE(training_part(&split, data, plan, *schema));
  for (size_t i = 0; i < split.n_train; i++)
    split.train[i] = (size_t)data->row[split.train[i]];
  TRY_DONE(cred_schema_learn(&learned, table, split.train, split.n_train, opt));
  TRY_DONE(encode(&encoded, learned, table, rows, n_rows));
  if (encoded.n_rows != data->n_rows)
    FAIL_DONE(CRED_EINTERNAL, "%zu rows became %zu", data->n_rows, encoded.n_rows);
  cred_schema_free(*schema);
  cred_data_clear(data);
  *schema = learned;
  *data = encoded;
  learned = NULL;
  encoded = (cred_data){0};
done:
  cred_schema_free(learned);
  cred_data_clear(&encoded);
  cred_split_clear(&split);
  return status;
}

cred_status cred_model_fit(cred_model **out, cred_fit_info *info, const cred_table *table,
                           const size_t *rows, size_t n_rows,
                           const cred_schema_options *schema_opt,
                           const cred_fit_options *opt) {
  *out = NULL;
  cred_schema *schema = NULL;
  cred_data data = {0};
  cred__plan plan = {0};
  cred_model *m = NULL;
  cred_status status;
  TRY_DONE(cred_schema_learn(&schema, table, rows, n_rows, schema_opt));
  TRY_DONE(encode(&data, schema, table, rows, n_rows));
  TRY_DONE(cred__plan_resolve(&plan, opt, schema, data.n_rows));
  TRY_DONE(
      learn_on_training_rows(&schema, &data, &plan, table, rows, n_rows, schema_opt));
  TRY_DONE(weigh_classes(&data, &plan, schema, true));
  TRY_DONE(cred__plan_take_noise(&plan, opt->noise, schema));
  status = cred__model_assemble(&m, &plan, schema); // takes both over
  schema = NULL;
  if (status != CRED_OK) goto done;
  TRY_DONE(cred__model_make_members(m));
  memcpy(m->data_digest, cred_table_digest(table), 16);
  if (rows || data.n_dropped) { // those that are used
    TRY_DONE(NEW(&m->rows, data.n_rows, "rows"));
    for (; m->n_rows < data.n_rows; m->n_rows++)
      m->rows[m->n_rows] = (size_t)data.row[m->n_rows];
  }
  TRY_DONE(train(m, info, &data, opt->n_threads, opt->progress, opt->progress_context));
  *out = m;
  m = NULL;
done:
  cred_model_free(m);
  cred__plan_clear(&plan);
  cred_schema_free(schema);
  cred_data_clear(&data);
  return status;
}

cred_status cred__model_check_resume(cred_model *m, const char *source,
                                     const char *digest, size_t epochs) {
  if (!cred_model_can_resume(m))
    FAIL(CRED_ECONFIG,
         "the model was saved without its optimiser (--final), so that its fit "
         "cannot go on: fit again without --final");
  if (strcmp(m->data_digest, digest) != 0)
    FAIL(CRED_EDATA,
         "%s: this is not the table that the model was fitted to (digest %s, "
         "expected %s): give the same file",
         source, digest, m->data_digest);
  if (epochs && epochs < m->plan.epochs)
    FAIL(CRED_EINVAL, "epochs: %zu given, but the fit was planned for %zu already",
         epochs, m->plan.epochs);
  if (epochs) m->plan.epochs = epochs;
  return CRED_OK;
}

void cred__model_end_resume(cred_model *m, uint64_t steps) {
  if (cred__model_steps(m) == steps) return;
  m->calibration = (cred__calibration){.temperature = 1};
  cred_model_set_rule(m, NULL); // takes no memory
}

cred_status cred_model_resume(cred_model *m, cred_fit_info *info, const cred_table *table,
                              size_t epochs, size_t n_threads, cred_progress_fn progress,
                              void *context) {
  TRY(cred__model_check_resume(m, cred_table_source(table), cred_table_digest(table),
                               epochs));
  cred_data data;
  TRY(encode(&data, m->schema, table, m->rows, m->n_rows));
  const uint64_t before = cred__model_steps(m);
  cred_status status = weigh_classes(&data, &m->plan, m->schema, false);
  if (status == CRED_OK) status = train(m, info, &data, n_threads, progress, context);
  cred__model_end_resume(m, before);
  cred_data_clear(&data);
  return status;
}
