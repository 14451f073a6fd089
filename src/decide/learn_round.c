// learn_round.c -- one round: a fit to the rows with labels, its scores on test rows, the
// next rows from the pool.
//
// Every random number of a round follows from the seed and the round's number, and the
// fit from the labels in the order of their rows: not from when or in which order labels
// came.

#include "decide/learn.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "credence/model/evaluate.h"
#include <math.h>
#include <string.h>

enum { MODEL_BYTES_MAX = 2147483647, N_BOOTSTRAP = 200 };

cred_key cred__learn_key(const cred_learn *run, size_t round) {
  const cred_key root = cred_key_make(run->opt.fit.seed);
  return cred_key_derive(&root, CRED_FOR_ROUND, round);
}

// 53 bits: what every reader of the model's record keeps.
static uint64_t seed_of(const cred_learn *run, size_t round) {
  const cred_key key = cred__learn_key(run, round);
  return cred_key_below(&key, 0, (uint64_t)1 << 53);
}

const cred_table *cred__learn_inputs(const cred_learn *run) {
  return run->inputs ? run->inputs : run->pool;
}

// The pool with the labels so far as its last column.
static cred_status labelled_table(cred_table **out, const cred_learn *run) {
  cred_table *labels;
  TRY(cred_table_from_texts(&labels, cred_table_source(run->pool),
                            run->opt.schema.targets[0], (const char *const *)run->label,
                            run->n_rows));
  const cred_status status = cred_table_join(out, cred__learn_inputs(run), labels, NULL);
  cred_table_free(labels);
  return status;
}

static cred_status labelled_rows(size_t **rows, size_t *n, const cred_learn *run) {
  *n = 0;
  TRY(NEW(rows, run->n_rows, "rows"));
  for (size_t i = 0; i < run->n_rows; i++)
    if (run->label[i]) (*rows)[(*n)++] = i;
  return CRED_OK;
}

static cred_status fit(cred_model **model, bool *stopped, cred_learn *run, size_t round) {
  cred_fit_options opt = run->opt.fit;
  cred_fit_info info;
  cred_table *table = NULL;
  size_t *rows = NULL, n;
  cred_status status;
  *model = NULL;
  opt.seed = seed_of(run, round);
  TRY_DONE(labelled_rows(&rows, &n, run));
  TRY_DONE(labelled_table(&table, run));
  TRY_DONE(cred_model_fit(model, &info, table, rows, n, &run->opt.schema, &opt));
  *stopped = info.outcome == CRED_FIT_STOPPED;
done:
  cred_table_free(table);
  cred__free(rows);
  return status;
}

static cred_status score(cred_learn_point *point, const cred_learn *run) {
  const cred_learn_options *opt = &run->opt;
  cred_evaluate_options how = cred_evaluate_defaults();
  cred_evaluation *evaluation = NULL;
  cred_data data = {0};
  cred_status status;
  if (!opt->test) return CRED_OK;
  how.predict.n_draws = opt->n_test_draws ? opt->n_test_draws : opt->acquire.n_draws;
  how.predict.seed = seed_of(run, point->round);
  how.predict.n_threads = opt->fit.n_threads;
  how.n_bootstrap = N_BOOTSTRAP;
  TRY_DONE(cred_schema_encode_with(&data, cred_model_schema(run->model), opt->test, NULL,
                                   0, 1, 0, &opt->test_rows));
  TRY_DONE(cred_model_evaluate(&evaluation, run->model, &data, &how));
  for (size_t i = 0; i < CRED_LEARN_SCORES; i++) {
    const cred_score *s = cred_evaluation_find(evaluation, cred_learn_score_name(run, i));
    if (!s) continue;
    point->value[i] = s->value;
    point->se[i] = s->se;
  }
done:
  cred_evaluation_free(evaluation);
  cred_data_clear(&data);
  return status;
}

static cred_status digest_of_file(char out[CRED__DIGEST_BYTES], const char *path) {
  unsigned char *bytes;
  size_t n;
  TRY(cred__file_read(&bytes, &n, path, MODEL_BYTES_MAX));
  cred__digest_text(out, cred__digest_feed(cred__digest_start(), bytes, n));
  cred__free(bytes);
  return CRED_OK;
}

static cred_status keep_model(cred_learn *run) {
  char path[4096];
  cred__learn_path(path, sizeof path, run, "model.cred");
  TRY(cred_model_save(run->model, path, true));
  return digest_of_file(run->model_digest, path);
}

cred_status cred__learn_fit(cred_learn_state *state, cred_learn_point *point,
                            cred_learn *run) {
  *point = (cred_learn_point){.round = run->n_points, .n_labels = run->n_labels};
  for (size_t i = 0; i < CRED_LEARN_SCORES; i++) point->value[i] = point->se[i] = NAN;
  cred_model_free(run->model);
  run->model = NULL;
  memcpy(run->model_digest, "-", 2);
  *state = CRED_LEARN_ROUND;
  run->fit_s = run->evaluate_s = 0;
  if (!cred__learn_is_enough(run)) return CRED_OK; // one class so far: more rows first
  bool stopped;
  const double start = cred__now_s();
  TRY(fit(&run->model, &stopped, run, point->round));
  if (stopped) {
    cred_model_free(run->model);
    run->model = NULL;
    *state = CRED_LEARN_STOPPED;
    return CRED_OK;
  }
  run->model_round = point->round;
  run->fit_s = cred__now_s() - start;
  TRY(keep_model(run));
  TRY(score(point, run));
  run->evaluate_s = cred__now_s() - start - run->fit_s;
  return CRED_OK;
}

// The model of the last round: the one in memory, the file if it is that one, or the fit
// once more, which gives the same.
static cred_status need_model(cred_learn_state *state, cred_learn *run) {
  char path[4096], digest[CRED__DIGEST_BYTES];
  const size_t round = run->n_points - 1;
  *state = CRED_LEARN_LABELS;
  if (run->model || strcmp(run->model_digest, "-") == 0) return CRED_OK;
  cred__learn_path(path, sizeof path, run, "model.cred");
  if (digest_of_file(digest, path) == CRED_OK && strcmp(digest, run->model_digest) == 0) {
    run->model_round = round;
    return cred_model_load(&run->model, path);
  }
  bool stopped = false;
  TRY(fit(&run->model, &stopped, run, round));
  run->model_round = round;
  if (!stopped) return keep_model(run);
  cred_model_free(run->model);
  run->model = NULL;
  *state = CRED_LEARN_STOPPED;
  return CRED_OK;
}

bool cred__learn_in_pool(const cred_learn *run, size_t row) {
  return !run->label[row] && !run->asked[row] && !(run->left_out && run->left_out[row]);
}

cred_status cred__learn_pool(size_t **rows, size_t *n, const cred_learn *run) {
  *n = 0;
  TRY(NEW(rows, run->n_rows, "rows"));
  for (size_t i = 0; i < run->n_rows; i++)
    if (cred__learn_in_pool(run, i)) (*rows)[(*n)++] = i;
  return CRED_OK;
}

// n of the rows, at random.
static cred_status ask_random(cred_learn *run, size_t *rows, size_t n_rows, size_t n) {
  const cred_key root = cred__learn_key(run, run->n_asks);
  const cred_key key = cred_key_derive(&root, CRED_FOR_ACQUIRE, CRED__LEARN_KEY_RANDOM);
  cred_key_shuffle(rows, n_rows, &key);
  return cred__learn_ask(run, rows, n < n_rows ? n : n_rows);
}

static cred_status ask_best(cred_learn *run, const size_t *pool, size_t n_pool,
                            size_t n) {
  const cred_key root = cred__learn_key(run, run->n_asks);
  const cred_key key =
      cred_key_derive(&root, CRED_FOR_ACQUIRE, CRED__LEARN_KEY_CANDIDATES);
  cred_acquire_options opt = run->opt.acquire;
  cred_acquired acquired = {0};
  cred_data data = {0};
  size_t *rows = NULL, n_rows;
  cred_status status;
  TRY_DONE(cred_acquire_rows(&rows, &n_rows, n_pool, run->opt.n_candidates, &key));
  for (size_t i = 0; i < n_rows; i++) rows[i] = pool[rows[i]];
  TRY_DONE(cred_schema_encode(&data, cred_model_schema(run->model),
                              cred__learn_inputs(run), rows, n_rows, 0, 0));
  opt.n = n < data.n_rows ? n : data.n_rows;
  opt.seed = seed_of(run, run->n_asks);
  opt.n_threads = run->opt.fit.n_threads;
  if (opt.n == 0)
    FAIL_DONE(CRED_EDATA,
              "%s: the rows that are left have missing cells and cannot be "
              "scored",
              cred_table_source(run->pool));
  TRY_DONE(cred_acquire(&acquired, run->model, &data, NULL, &opt));
  for (size_t i = 0; i < opt.n; i++) rows[i] = (size_t)data.row[acquired.chosen[i]];
  TRY_DONE(cred__learn_ask(run, rows, opt.n));
done:
  cred_acquire_rows_free(rows);
  cred_acquired_clear(&acquired);
  cred_data_clear(&data);
  return status;
}

cred_status cred__learn_choose(cred_learn_state *state, cred_learn *run) {
  const double start = cred__now_s();
  size_t *pool, n_pool, n = run->opt.acquire.n;
  if (run->opt.budget && run->opt.budget - run->n_labels < n)
    n = run->opt.budget - run->n_labels;
  TRY(need_model(state, run));
  if (*state == CRED_LEARN_STOPPED) return CRED_OK;
  TRY(cred__learn_pool(&pool, &n_pool, run));
  const cred_status status =
      run->model ? ask_best(run, pool, n_pool, n) : ask_random(run, pool, n_pool, n);
  cred__free(pool);
  run->acquire_s = cred__now_s() - start;
  return status;
}

// --- the start ---

// Rows of the pool with one hidden label: the first `n` of them in `order`.
static cred_status take_class(size_t *chosen, size_t *n_chosen, const cred_learn *run,
                              const size_t *order, size_t n_order, size_t place,
                              size_t n) {
  size_t found = 0;
  for (size_t i = 0; i < n_order && found < n; i++) {
    char *label;
    TRY(cred__learn_hidden(&label, run, order[i]));
    const bool same = strcmp(label, run->classes[place]) == 0;
    cred__free(label);
    if (!same) continue;
    chosen[(*n_chosen)++] = order[i];
    found++;
  }
  if (found == n) return CRED_OK;
  FAIL(CRED_EDATA,
       "%s: a balanced start takes %zu rows of each class, '%.100s' has %zu: start with "
       "fewer, or not balanced",
       cred_table_source(run->pool), n, run->classes[place], found);
}

// The same number of each class, in the place of `order` (n_order).
static cred_status balance(size_t *n, const cred_learn *run, size_t *order,
                           size_t n_order) {
  const size_t n_each = run->opt.n_start / (run->n_classes ? run->n_classes : 1);
  size_t *chosen;
  if (run->task != CRED_TARGET_CLASS)
    FAIL(CRED_ECONFIG, "a balanced start is of classes, the target '%.100s' is a number",
         run->opt.schema.targets[0]);
  if (n_each == 0 || n_each * run->n_classes != run->opt.n_start)
    FAIL(CRED_ECONFIG,
         "a balanced start of %zu rows: a multiple of the %zu classes is "
         "expected",
         run->opt.n_start, run->n_classes);
  *n = 0;
  TRY(NEW(&chosen, run->opt.n_start, "rows"));
  cred_status status = CRED_OK;
  for (size_t c = 0; c < run->n_classes; c++)
    TRY_DONE(take_class(chosen, n, run, order, n_order, c, n_each));
  memcpy(order, chosen, *n * sizeof *chosen);
done:
  cred__free(chosen);
  return status;
}

cred_status cred__learn_start_rows(size_t **rows, size_t *n, const cred_learn *run) {
  const cred_key root = cred__learn_key(run, 0);
  const cred_key key = cred_key_derive(&root, CRED_FOR_ACQUIRE, CRED__LEARN_KEY_START);
  const cred_learn_options *opt = &run->opt;
  size_t n_pool;
  *rows = NULL;
  *n = opt->n_start > run->n_labels ? opt->n_start - run->n_labels : 0;
  if (opt->budget && opt->budget < opt->n_start)
    FAIL(CRED_ECONFIG, "a budget of %zu labels is less than the %zu to start with",
         opt->budget, opt->n_start);
  TRY(cred__learn_pool(rows, &n_pool, run));
  cred_key_shuffle(*rows, n_pool, &key);
  if (*n > n_pool)
    FAIL(CRED_EDATA, "%s: %zu rows are to be labelled first, the pool has %zu",
         cred_table_source(run->pool), *n, n_pool);
  if (*n + run->n_labels == 0)
    FAIL(CRED_ECONFIG, "0 labels to start with: at least 1 is needed");
  return opt->balanced ? balance(n, run, *rows, n_pool) : CRED_OK;
}

cred_status cred__learn_start(cred_learn *run) {
  size_t *rows, n;
  cred_status status = cred__learn_start_rows(&rows, &n, run);
  if (status == CRED_OK) status = cred__learn_ask(run, rows, n);
  cred__free(rows);
  return status;
}
