// acquire.c -- from a model and a pool to scores and a batch.
//
// Scores of single rows are made block by block from function draws, which are the same
// for every block. EPIG keeps the draws of the rows to be predicted, BatchBALD those of
// the whole pool.

#include "decide/acquire.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include <math.h>
#include <string.h>

enum { BLOCK_VALUES = 1 << 22 };

typedef enum { ANY, OF_CLASSES, OF_NUMBERS } task;

static const struct {
  const char *name;
  task of;
  bool disagreement; // 0 for every row where there is one set of weights
} kinds[] = {
    [CRED_ACQUIRE_AUTO] = {"auto", ANY, false},
    [CRED_ACQUIRE_RANDOM] = {"random", ANY, false},
    [CRED_ACQUIRE_LEAST_CONFIDENCE] = {"least-confidence", OF_CLASSES, false},
    [CRED_ACQUIRE_MARGIN] = {"margin", OF_CLASSES, false},
    [CRED_ACQUIRE_ENTROPY] = {"entropy", OF_CLASSES, false},
    [CRED_ACQUIRE_BALD] = {"bald", OF_CLASSES, true},
    [CRED_ACQUIRE_VARIATION_RATIOS] = {"variation-ratios", OF_CLASSES, true},
    [CRED_ACQUIRE_MEAN_SD] = {"mean-sd", OF_CLASSES, true},
    [CRED_ACQUIRE_EPIG] = {"epig", ANY, true},
    [CRED_ACQUIRE_BATCHBALD] = {"batchbald", OF_CLASSES, true},
    [CRED_ACQUIRE_VARIANCE] = {"variance", OF_NUMBERS, false},
    [CRED_ACQUIRE_EPISTEMIC] = {"epistemic", OF_NUMBERS, true},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

const char *cred_acquisition_name(cred_acquisition kind) {
  return (size_t)kind < N_KINDS ? kinds[kind].name : "unknown";
}

cred_status cred_acquisition_parse(cred_acquisition *out, const char *name) {
  const char *names[N_KINDS];
  for (size_t i = 0; i < N_KINDS; i++) {
    names[i] = kinds[i].name;
    if (strcmp(names[i], name) != 0) continue;
    *out = (cred_acquisition)i;
    return CRED_OK;
  }
  const char *near = cred__nearest(name, names, N_KINDS);
  FAIL(CRED_EINVAL, "'%.100s' is no acquisition%s%s%s", name,
       near ? "; did you mean '" : " (random, bald, epig, epistemic, ...)",
       near ? near : "", near ? "'?" : "");
}

cred_acquire_options cred_acquire_defaults(void) {
  return (cred_acquire_options){
      .n = 10, .n_draws = 100, .n_targets = 100, .n_configurations = 10000, .seed = 1};
}

// What the calls below share.
typedef struct {
  const cred_model *model;
  const cred_acquire_options *opt;
  const cred_data *pool;
  cred_predictor *predictor;
  size_t n_draws, width; // C or T
  bool classes;
  cred_key root;
} job;

static cred_status resolve(cred_acquired *out, job *j) {
  cred_acquisition kind = j->opt->kind;
  const cred_posterior *q = cred_model_posterior(j->model);
  if ((size_t)kind >= N_KINDS) FAIL(CRED_EINVAL, "acquisition %d is unknown", (int)kind);
  if (kind == CRED_ACQUIRE_AUTO)
    kind = j->classes ? CRED_ACQUIRE_MARGIN : CRED_ACQUIRE_EPISTEMIC;
  out->kind = kind;
  if (kinds[kind].of == (j->classes ? OF_NUMBERS : OF_CLASSES))
    FAIL(CRED_ECONFIG, "acquisition '%s' is of %s, the model predicts %s: %s",
         kinds[kind].name, j->classes ? "numbers" : "classes",
         j->classes ? "classes" : "numbers",
         j->classes ? "use bald, entropy, ..." : "use epistemic, variance or epig");
  if (kinds[kind].disagreement && !cred_posterior_is_random(q) && q->n_members < 2)
    FAIL(CRED_ECONFIG,
         "acquisition '%s'%s measures how much draws of the weights disagree, and this "
         "posterior is one set of weights: fit with dropout, vi or several members, or "
         "use %s",
         kinds[kind].name, j->opt->kind == CRED_ACQUIRE_AUTO ? ", the default," : "",
         j->classes ? "entropy" : "variance");
  return CRED_OK;
}

static cred_status check(const job *j) {
  const cred_acquire_options *opt = j->opt;
  if (j->pool->n_rows == 0)
    FAIL(CRED_EDATA, "the pool is empty: there is nothing to choose");
  if (opt->n == 0) FAIL(CRED_EINVAL, "0 rows are asked for, at least 1 is needed");
  if (opt->n > j->pool->n_rows)
    FAIL(CRED_EDATA, "%zu rows are asked for, the pool has %zu", opt->n, j->pool->n_rows);
  if (opt->n_targets == 0)
    FAIL(CRED_EINVAL, "0 rows to be predicted are given, at least 1 is needed");
  if (!(opt->power >= 0) || isinf(opt->power))
    FAIL(CRED_EINVAL, "power is %g, must be >= 0", opt->power);
  return CRED_OK;
}

static cred_data part(const cred_data *data, size_t first, size_t n_rows) {
  cred_data d = *data;
  d.n_rows = n_rows;
  d.x += first * d.n_inputs;
  d.y = NULL;
  d.row = d.row ? d.row + first : NULL;
  return d;
}

static cred_status predictor_new(job *j) {
  cred_predict_options opt = cred_predict_defaults();
  opt.draws = CRED_DRAWS_FUNCTION;
  opt.n_draws = j->opt->n_draws;
  opt.n_levels = 0;
  opt.seed = j->opt->seed;
  opt.n_threads = j->opt->n_threads;
  j->n_draws = cred_posterior_n_draws(cred_model_posterior(j->model), opt.n_draws);
  return cred_predictor_new(&j->predictor, j->model, &opt);
}

// Rows of a block whose draws fit BLOCK_VALUES.
static size_t block_rows(const job *j) {
  const size_t n = BLOCK_VALUES / (j->n_draws * j->width);
  return n < 1 ? 1 : n < j->pool->n_rows ? n : j->pool->n_rows;
}

// Probabilities of a block of rows as draws (K, rows, C), placed at row `first` of (K,
// N, C).
static cred_status draw_block(cred_real *prob, size_t n_total, size_t first, job *j,
                              const cred_data *block, double *values) {
  const size_t n = block->n_rows * j->width;
  TRY(cred_predictor_draws(values, j->predictor, block));
  for (size_t k = 0; k < j->n_draws; k++) {
    cred_real *to = prob + (k * n_total + first) * j->width;
    for (size_t i = 0; i < n; i++) to[i] = (cred_real)values[k * n + i];
  }
  return CRED_OK;
}

// Draws of all rows of the data, for classes.
static cred_status draws_of(cred_real **prob, job *j, const cred_data *data) {
  const size_t step = block_rows(j);
  double *values = NULL;
  size_t n;
  cred_status status;
  if (__builtin_mul_overflow(j->n_draws * j->width, data->n_rows, &n))
    FAIL(CRED_ENOMEM, "acquire: %zu draws of %zu rows are more than any memory",
         j->n_draws, data->n_rows);
  TRY(NEW(prob, n, "draws of all rows"));
  TRY_DONE(NEW(&values, j->n_draws * step * j->width, "draws"));
  for (size_t i = 0; i < data->n_rows; i += step) {
    const size_t left = data->n_rows - i;
    const cred_data block = part(data, i, left < step ? left : step);
    TRY_DONE(draw_block(*prob, data->n_rows, i, j, &block, values));
  }
done:
  cred__free(values);
  return status;
}

// --- classes ---

typedef struct {
  cred_acquisition kind;
  const cred_class_draws *targets; // of epig
} class_wish;

static cred_status score_classes(double *score, job *j, const class_wish *wish) {
  const size_t step = block_rows(j), n = j->n_draws * step * j->width;
  double *values = NULL;
  cred_real *prob = NULL;
  cred_status status;
  TRY_DONE(NEW(&values, n, "draws"));
  TRY_DONE(NEW(&prob, n, "draws"));
  for (size_t i = 0; i < j->pool->n_rows; i += step) {
    const size_t left = j->pool->n_rows - i, n_rows = left < step ? left : step;
    const cred_data block = part(j->pool, i, n_rows);
    const cred_class_draws draws = {j->n_draws, n_rows, j->width, prob};
    TRY_DONE(draw_block(prob, n_rows, 0, j, &block, values));
    TRY_DONE(wish->targets ? cred_acquire_class_epig(score + i, &draws, wish->targets,
                                                     j->opt->n_threads)
                           : cred_acquire_class_scores(score + i, &draws, wish->kind));
  }
done:
  cred__free(values);
  cred__free(prob);
  return status;
}

static cred_status score_batchbald(cred_acquired *out, job *j) {
  const cred_key key =
      cred_key_derive(&j->root, CRED_FOR_ACQUIRE, CRED__ACQUIRE_BATCHBALD);
  const cred_key ties = cred_key_derive(&j->root, CRED_FOR_ACQUIRE, CRED__ACQUIRE_CHOICE);
  cred_real *prob = NULL;
  double *tie = NULL;
  cred_status status;
  TRY_DONE(draws_of(&prob, j, j->pool));
  TRY_DONE(NEW(&tie, j->pool->n_rows, "rows"));
  for (size_t i = 0; i < j->pool->n_rows; i++)
    tie[i] = cred__acquire_tie(&ties, j->pool->row, i);
  const cred_class_draws draws = {j->n_draws, j->pool->n_rows, j->width, prob};
  TRY_DONE(cred_acquire_class_scores(out->score, &draws, CRED_ACQUIRE_BALD));
  TRY_DONE(cred_acquire_batchbald(out->chosen, out->chosen_score, &draws, j->opt->n,
                                  j->opt->n_configurations, tie, &key,
                                  j->opt->n_threads));
done:
  cred__free(prob);
  cred__free(tie);
  return status;
}

// The rows to be predicted: those given, or of the pool; at most n_targets, drawn.
static cred_status choose_targets(cred_data *out, const job *j,
                                  const cred_data *targets) {
  const cred_data *from = targets ? targets : j->pool;
  const cred_key key = cred_key_derive(&j->root, CRED_FOR_ACQUIRE, CRED__ACQUIRE_TARGETS);
  size_t *rows, n_rows;
  *out = (cred_data){.n_inputs = from->n_inputs};
  if (from->n_rows == 0) FAIL(CRED_EDATA, "epig: there are no rows to be predicted");
  TRY(cred_acquire_rows(&rows, &n_rows, from->n_rows, j->opt->n_targets, &key));
  cred_status status;
  TRY_DONE(NEW(&out->x, n_rows * out->n_inputs, "rows to be predicted"));
  TRY_DONE(NEW(&out->row, n_rows, "rows to be predicted"));
  out->n_rows = n_rows;
  for (size_t i = 0; i < n_rows; i++) {
    memcpy(out->x + i * out->n_inputs, from->x + rows[i] * out->n_inputs,
           out->n_inputs * sizeof *out->x);
    out->row[i] = from->row ? from->row[rows[i]] : rows[i];
  }
done:
  cred_acquire_rows_free(rows);
  if (status != CRED_OK) cred_data_clear(out);
  return status;
}

static cred_status score_class_epig(double *score, job *j, const cred_data *given) {
  cred_data targets;
  cred_real *prob = NULL;
  TRY(choose_targets(&targets, j, given));
  cred_status status = draws_of(&prob, j, &targets);
  if (status == CRED_OK) {
    const cred_class_draws draws = {j->n_draws, targets.n_rows, j->width, prob};
    const class_wish wish = {CRED_ACQUIRE_EPIG, &draws};
    status = score_classes(score, j, &wish);
  }
  cred__free(prob);
  cred_data_clear(&targets);
  return status;
}

// --- numbers ---

// sum over targets of the variance, in units of the target's sd.
static cred_status score_variance(double *score, job *j, bool epistemic) {
  const cred_schema *schema = cred_model_schema(j->model);
  const size_t step = block_rows(j);
  for (size_t i = 0; i < j->pool->n_rows; i += step) {
    const size_t left = j->pool->n_rows - i;
    const cred_data block = part(j->pool, i, left < step ? left : step);
    cred_prediction p;
    TRY(cred_predictor_run(&p, j->predictor, &block));
    const double *sd = epistemic ? p.sd_epistemic : p.sd;
    for (size_t r = 0; r < block.n_rows; r++) {
      score[i + r] = 0;
      for (size_t t = 0; t < j->width; t++) {
        const double z = sd[r * j->width + t] / schema->targets[t].sd;
        score[i + r] += z * z;
      }
    }
  }
  return CRED_OK;
}

// Draws of target t (K, rows) and the noise variance of the rows of a block.
typedef struct {
  double *values, *noise; // (K, rows, T), (rows, T)
  double *mean, *var;     // (K, rows), (rows): one target
} number_work;

static void number_work_clear(number_work *w) {
  cred__free(w->values);
  cred__free(w->noise);
  cred__free(w->mean);
  cred__free(w->var);
}

static cred_status number_work_init(number_work *w, const job *j, size_t n_rows) {
  *w = (number_work){0};
  TRY(NEW(&w->values, j->n_draws * n_rows * j->width, "draws"));
  TRY(NEW(&w->noise, n_rows * j->width, "noise"));
  TRY(NEW(&w->mean, j->n_draws * n_rows, "draws"));
  return NEW(&w->var, n_rows, "noise");
}

static cred_status number_draws(number_work *w, job *j, const cred_data *block) {
  cred_prediction p;
  TRY(cred_predictor_run(&p, j->predictor, block));
  for (size_t i = 0; i < block->n_rows * j->width; i++)
    w->noise[i] = p.sd_aleatoric[i] * p.sd_aleatoric[i];
  return cred_predictor_draws(w->values, j->predictor, block);
}

static cred_number_draws of_target(number_work *w, const job *j, size_t n_rows,
                                   size_t t) {
  for (size_t i = 0; i < j->n_draws * n_rows; i++)
    w->mean[i] = w->values[i * j->width + t];
  for (size_t i = 0; i < n_rows; i++) w->var[i] = w->noise[i * j->width + t];
  return (cred_number_draws){j->n_draws, n_rows, w->mean, w->var};
}

static cred_status epig_block(double *score, double *scratch, job *j, number_work *pool,
                              number_work *targets, size_t n_rows, size_t n_targets) {
  memset(score, 0, n_rows * sizeof *score);
  for (size_t t = 0; t < j->width; t++) {
    const cred_number_draws a = of_target(pool, j, n_rows, t);
    const cred_number_draws b = of_target(targets, j, n_targets, t);
    TRY(cred_acquire_number_epig(scratch, &a, &b));
    for (size_t i = 0; i < n_rows; i++) score[i] += scratch[i];
  }
  return CRED_OK;
}

static cred_status score_number_epig(double *score, job *j, const cred_data *given) {
  const size_t step = block_rows(j);
  number_work pool = {0}, target_work = {0};
  double *scratch = NULL;
  cred_data targets;
  TRY(choose_targets(&targets, j, given));
  cred_status status;
  TRY_DONE(number_work_init(&target_work, j, targets.n_rows));
  TRY_DONE(number_work_init(&pool, j, step));
  TRY_DONE(NEW(&scratch, step, "scores"));
  TRY_DONE(number_draws(&target_work, j, &targets));
  for (size_t i = 0; i < j->pool->n_rows; i += step) {
    const size_t left = j->pool->n_rows - i, n_rows = left < step ? left : step;
    const cred_data block = part(j->pool, i, n_rows);
    TRY_DONE(number_draws(&pool, j, &block));
    TRY_DONE(
        epig_block(score + i, scratch, j, &pool, &target_work, n_rows, targets.n_rows));
  }
done:
  number_work_clear(&pool);
  number_work_clear(&target_work);
  cred__free(scratch);
  cred_data_clear(&targets);
  return status;
}

// --- all ---

static cred_status score_all(cred_acquired *out, job *j, const cred_data *targets) {
  if (out->kind == CRED_ACQUIRE_RANDOM) { // equal scores: the ties decide
    for (size_t i = 0; i < out->n_rows; i++) out->score[i] = 1;
    return CRED_OK;
  }
  TRY(predictor_new(j));
  out->n_draws = j->n_draws;
  if (out->kind == CRED_ACQUIRE_EPIG)
    return j->classes ? score_class_epig(out->score, j, targets)
                      : score_number_epig(out->score, j, targets);
  if (out->kind == CRED_ACQUIRE_BATCHBALD) return score_batchbald(out, j);
  if (!j->classes)
    return score_variance(out->score, j, out->kind == CRED_ACQUIRE_EPISTEMIC);
  const class_wish wish = {out->kind, NULL};
  return score_classes(out->score, j, &wish);
}

static cred_status choose(cred_acquired *out, const job *j) {
  const cred_key key = cred_key_derive(&j->root, CRED_FOR_ACQUIRE, CRED__ACQUIRE_CHOICE);
  if (out->kind == CRED_ACQUIRE_BATCHBALD) return CRED_OK;
  TRY(cred_acquire_choose(out->chosen, out->n_chosen, out->score, j->pool->row,
                          out->n_rows, j->opt->power, &key));
  for (size_t i = 0; i < out->n_chosen; i++)
    out->chosen_score[i] = out->score[out->chosen[i]];
  return CRED_OK;
}

cred_status cred_acquire(cred_acquired *out, const cred_model *model,
                         const cred_data *pool, const cred_data *targets,
                         const cred_acquire_options *opt) {
  const cred_likelihood *lik = cred_model_likelihood(model);
  job j = {.model = model, .opt = opt, .pool = pool, .root = cred_key_make(opt->seed)};
  j.classes = cred_likelihood_is_class(lik);
  j.width = j.classes ? lik->n_classes : lik->n_targets;
  *out = (cred_acquired){.n_rows = pool->n_rows, .n_chosen = opt->n};
  cred_status status;
  TRY_DONE(check(&j));
  TRY_DONE(resolve(out, &j));
  if (out->kind == CRED_ACQUIRE_BATCHBALD && opt->power > 0)
    FAIL_DONE(CRED_ECONFIG, "batchbald chooses a batch by itself: leave the power out");
  TRY_DONE(NEW(&out->score, out->n_rows, "scores"));
  TRY_DONE(NEW(&out->chosen, out->n_chosen, "rows"));
  TRY_DONE(NEW(&out->chosen_score, out->n_chosen, "scores"));
  TRY_DONE(score_all(out, &j, targets));
  TRY_DONE(choose(out, &j));
done:
  cred_predictor_free(j.predictor);
  if (status != CRED_OK) cred_acquired_clear(out);
  return status;
}

void cred_acquired_clear(cred_acquired *acquired) {
  cred__free(acquired->score);
  cred__free(acquired->chosen);
  cred__free(acquired->chosen_score);
  *acquired = (cred_acquired){0};
}
