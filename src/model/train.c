// train.c -- one member from its start, or from where it was stopped, to its end.
//
// What happens at a step is a function of (seed, member, step) alone: the order of the
// rows of an epoch, the batch, the noise, the rate. So a member that goes on from saved
// arrays goes on as if it had never stopped.

#define _GNU_SOURCE
#include "model/model.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/thread.h"
#include <math.h>
#include <string.h>

enum {
  HISTORY_ROWS = 1000,
  DIVERGED_STEPS = 20,
  SCORE_DRAWS = 8,
  SCORE_ROWS = 256,
  SCORE_INPUTS = 4096
};

// All that the loop of one member works with.
typedef struct {
  cred__training *t;
  cred_model *model;
  cred__member_state *state;
  size_t member;
  const cred_method *method;
  cred__network_density train, held_out;
  cred_split split;
  void *method_state, *work;
  cred_key key;
  size_t *order;    // (n_train) rows of the epoch
  size_t *all;      // (n_held_out) 0, 1, 2, ...
  cred_member last; // for scoring, like the next one; `best` is the posterior's own
  cred_real *theta;
  size_t n_batches, history_stride;
  size_t n_failed; // steps in a row that were not finite
} run;

cred_status cred__member_split(cred_split *out, const cred_model *m, size_t n_rows,
                               const int32_t *stratum, size_t member) {
  const cred_key root = cred_key_make(m->plan.seed);
  const cred_key key = cred_key_derive(&root, CRED_FOR_SPLIT, 0);
  *out = (cred_split){0};
  if (m->plan.folds)
    return cred_split_fold(out, n_rows, member, m->plan.n_members, stratum, &key);
  if (m->plan.validation > 0 && n_rows > 1)
    return cred_split_random(out, n_rows, m->plan.validation, stratum, &key);
  TRY(NEW(&out->train, n_rows, "training rows"));
  for (size_t i = 0; i < n_rows; i++) out->train[i] = i;
  out->n_train = n_rows;
  return CRED_OK;
}

static bool scores(const run *r) {
  return r->split.n_held_out > 0;
}

static cred_status scoring_init(run *r) {
  const size_t dim = r->model->dim;
  TRY(NEW(&r->all, r->split.n_held_out, "the order of an epoch"));
  for (size_t i = 0; i < r->split.n_held_out; i++) r->all[i] = i;
  TRY(NEW(&r->theta, dim, "a draw"));
  r->last.kind = r->method->posterior;
  TRY(NEW(&r->last.mean, dim, "parameters"));
  if (r->last.kind == CRED_POSTERIOR_GAUSSIAN) TRY(NEW(&r->last.sd, dim, "parameters"));
  return CRED_OK;
}

static cred_status run_init(run *r) {
  cred_model *m = r->model;
  TRY(cred__member_split(&r->split, m, r->t->source->n_rows, r->t->stratum, r->member));
  const bool dropout =
      m->plan.posterior == CRED_FIT_DROPOUT || cred_network_has_dropout(m->network);
  cred__network_density_init(&r->train, m, *r->t->source, r->split.train,
                             r->split.n_train, dropout);
  cred__network_density_init(&r->held_out, m, *r->t->source, r->split.held_out,
                             r->split.n_held_out, dropout);
  size_t rows_max = m->plan.batch < r->split.n_train ? m->plan.batch : r->split.n_train;
  if (scores(r) && rows_max < SCORE_ROWS && r->t->source->n_inputs <= SCORE_INPUTS)
    rows_max = SCORE_ROWS;
  TRY(r->train.density.work_new(&r->work, &r->train, rows_max, r->t->n_threads_member));
  TRY(NEW(&r->order, r->split.n_train, "the order of an epoch"));
  if (scores(r)) TRY(scoring_init(r));
  const cred_key root = cred_key_make(m->plan.seed);
  r->key = cred_key_derive(&root, CRED_FOR_MEMBER, r->member);
  r->n_batches = cred__plan_n_batches(&m->plan, r->split.n_train);
  r->history_stride = (m->plan.epochs + HISTORY_ROWS - 1) / HISTORY_ROWS;
  return r->method->state_new(&r->method_state, &r->train.density, &m->plan.method,
                              &r->key, r->t->n_threads_member);
}

static void run_clear(run *r) {
  if (r->method_state) r->method->state_free(r->method_state);
  if (r->work) r->train.density.work_free(r->work);
  cred_split_clear(&r->split);
  cred__free(r->order);
  cred__free(r->all);
  cred__free(r->theta);
  cred__free(r->last.mean);
  cred__free(r->last.sd);
}

// Arrays of the method into the member's state, which ends the method's; and back.
static cred_status keep_arrays(run *r) {
  cred__member_state *s = r->state;
  const size_t n = r->method->n_arrays(r->method_state);
  if (!s->n_arrays) {
    TRY(NEW(&s->arrays, n, "a checkpoint"));
    TRY(NEW(&s->names, n, "a checkpoint"));
    s->n_arrays = n;
  }
  for (size_t i = 0; i < n; i++) {
    if (!s->names[i])
      TRY(cred__strdup(&s->names[i], r->method->array(r->method_state, i).name));
    cred__free(s->arrays[i]);
    s->arrays[i] = r->method->give(r->method_state, i);
  }
  return CRED_OK;
}

static cred_status restore_arrays(run *r) {
  const cred__member_state *s = r->state;
  const size_t n = r->method->n_arrays(r->method_state);
  if (!s->n_arrays) return CRED_OK;
  if (s->n_arrays != n)
    FAIL(CRED_EDATA, "the checkpoint has %zu arrays, %zu are expected", s->n_arrays, n);
  for (size_t i = 0; i < n; i++) {
    const cred_state_array a = r->method->array(r->method_state, i);
    memcpy(a.data, s->arrays[i], a.n * sizeof *a.data);
  }
  return CRED_OK;
}

static void copy_member(cred_member *to, const cred_member *from, size_t dim) {
  memcpy(to->mean, from->mean, dim * sizeof *to->mean);
  if (to->sd && from->sd) memcpy(to->sd, from->sd, dim * sizeof *to->sd);
}

// An epoch is over: its record, its validation score, the best state so far.
static cred_status end_epoch(run *r, size_t epoch) {
  cred__member_state *s = r->state;
  const double n = (double)r->n_batches * (double)r->split.n_train;
  double validation = NAN;
  if (scores(r)) {
    r->method->member(r->method_state, &r->last);
    const cred_key key = cred_key_derive(&r->key, CRED_FOR_PREDICT, 0);
    cred__network_density_expect(&r->held_out, r->work, r->all, r->held_out.n_rows, NULL);
    TRY(cred__network_density_score(&validation, &r->held_out, r->work, &r->last,
                                    SCORE_DRAWS, &key, r->theta));
    if (validation > s->best_validation) {
      s->best_validation = validation;
      s->best_epoch = epoch;
      copy_member(&r->model->posterior->members[r->member], &r->last, r->model->dim);
    } else if (r->model->plan.patience &&
               epoch >= s->best_epoch + r->model->plan.patience) {
      s->done = true;
    }
  }
  if (epoch % r->history_stride == r->history_stride - 1 ||
      epoch + 1 == r->model->plan.epochs || s->done) {
    TRY(RESIZE(&s->history, 4 * s->n_history, 4 * (s->n_history + 1), "the history"));
    double *row = s->history + 4 * s->n_history++;
    row[0] = (double)epoch + 1;
    row[1] = s->log_lik_sum / n;
    row[2] = s->kl_sum / n;
    row[3] = validation;
  }
  s->log_lik_sum = s->kl_sum = 0;
  return CRED_OK;
}

static void report_progress(run *r, const cred_step_info *info, size_t epoch) {
  cred__training *t = r->t;
  if (!t->progress || atomic_flag_test_and_set(&t->progress_busy)) return;
  const double now = cred__now_s();
  if (now - t->time_last_s < 0.1) {
    atomic_flag_clear(&t->progress_busy);
    return;
  }
  t->time_last_s = now;
  const cred__plan *plan = &r->model->plan;
  const uint64_t total = (uint64_t)plan->n_members * plan->epochs * r->n_batches;
  const uint64_t made = t->steps_made, here = made - t->steps_start;
  const double rate = (double)here / (now - t->time_start_s);
  const double n = (double)r->split.n_train;
  const cred__member_state *s = r->state;
  const size_t n_arrays = r->method->n_arrays(r->method_state) +
                          (plan->posterior == CRED_FIT_VI ? 2 : 1); // and the best state
  const cred_progress p = {.phase = "fit",
                           .member = r->member + 1,
                           .n_members = plan->n_members,
                           .epoch = epoch + 1,
                           .n_epochs = plan->epochs,
                           .step = made,
                           .n_steps = total,
                           .log_lik = info->log_lik / n,
                           .kl = info->kl / n,
                           .validation =
                               s->n_history ? s->history[4 * s->n_history - 1] : NAN,
                           .rate = rate,
                           .model_bytes = (double)sizeof(cred_real) * (double)n_arrays *
                                          (double)r->model->dim * (double)plan->n_members,
                           .time_left_s = rate > 0 ? (double)(total - made) / rate : NAN};
  if (!t->progress(t->progress_context, &p)) t->stop = true;
  atomic_flag_clear(&t->progress_busy);
}

// Blundell et al. (2015), section 3.4: weight 2^(M-i) / (2^M - 1) of the KL in batch i =
// 1 ... M, here times M because a batch's likelihood counts for all rows.
static double kl_weight(const cred__plan *plan, size_t batch, size_t n_batches) {
  if (plan->kl_weights == CRED_KL_UNIFORM) return 1.0;
  const double share = ldexp(1.0, -(int)(batch + 1 < 1000 ? batch + 1 : 1000));
  const double whole = n_batches < 1000 ? 1.0 - ldexp(1.0, -(int)n_batches) : 1.0;
  return (double)n_batches * share / whole;
}

// The order of an epoch; batches from `batch` on are next. One batch has none.
static void shuffle_epoch(run *r, size_t epoch, size_t batch) {
  const size_t n = r->split.n_train, first = batch * r->model->plan.batch;
  for (size_t i = 0; i < n; i++) r->order[i] = i;
  const cred_key key = cred_key_derive(&r->key, CRED_FOR_SHUFFLE, epoch);
  const cred_key changes = cred_key_derive(&r->key, CRED_FOR_AUGMENT, epoch);
  if (r->n_batches > 1) cred_key_shuffle(r->order, n, &key);
  cred__network_density_expect(&r->train, r->work, r->order + first, n - first, &changes);
}

static cred_status one_step(run *r) {
  cred__member_state *s = r->state;
  const cred__plan *plan = &r->model->plan;
  const size_t epoch = s->step / r->n_batches, b = s->step % r->n_batches;
  if (b == 0) shuffle_epoch(r, epoch, 0);
  const size_t first = b * plan->batch, left = r->split.n_train - first;
  const cred_batch batch = {.rows = r->order + first,
                            .n = left < plan->batch ? left : plan->batch};
  const uint64_t n_steps = (uint64_t)plan->epochs * r->n_batches;
  cred_step_info info = {0};
  TRY(r->method->step(r->method_state, &info, &r->train.density, r->work, &batch, s->step,
                      cred_schedule_rate(&plan->schedule, s->step, n_steps),
                      kl_weight(plan, b, r->n_batches)));
  r->n_failed = info.finite ? 0 : r->n_failed + 1;
  if (info.finite) {
    s->log_lik_sum += info.log_lik;
    s->kl_sum += info.kl;
  } else {
    s->n_diverged++;
  }
  if (r->n_failed >= DIVERGED_STEPS) s->done = s->diverged = true;
  s->step++;
  r->t->steps_made++;
  if (b + 1 == r->n_batches) TRY(end_epoch(r, epoch));
  report_progress(r, &info, epoch);
  return CRED_OK;
}

static cred_status run_loop(run *r) {
  cred__member_state *s = r->state;
  const uint64_t n_steps = (uint64_t)r->model->plan.epochs * r->n_batches;
  if (s->step % r->n_batches)
    shuffle_epoch(r, s->step / r->n_batches, s->step % r->n_batches);
  while (!s->done && s->step < n_steps && !r->t->stop) TRY(one_step(r));
  // without validation the posterior is the last state; with it, the best, if there is
  // one yet
  if (!scores(r) || s->best_validation == -INFINITY)
    r->method->member(r->method_state, &r->model->posterior->members[r->member]);
  return keep_arrays(r);
}

cred_status cred__train_member(void *training, size_t member, size_t worker) {
  (void)worker;
  cred__training *t = training;
  run r = {.t = t,
           .model = t->model,
           .member = member,
           .state = &t->model->states[member],
           .method = cred__plan_method(&t->model->plan)};
  if (!r.state->n_arrays) r.state->best_validation = -INFINITY;
  const unsigned state = cred__flush_denormals();
  cred_status status = run_init(&r);
  if (status == CRED_OK) status = restore_arrays(&r);
  if (status == CRED_OK) status = run_loop(&r);
  cred__restore_denormals(state);
  run_clear(&r);
  return status;
}
