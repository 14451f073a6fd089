// online.c -- members that keep their method's state while the buffer of rows moves on.
//
// The buffer is a ring: row r of those ever added lies at r mod capacity. A batch draws
// its rows with replacement, by a key of (member, step).

#include "credence/model/online.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "data/schema.h"
#include "layer/layer.h"
#include "model/model.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VALUES_ROWS_MAX = 1024 };

typedef struct {
  const cred_method *method;
  void *state, *work;
  cred_key key;
  size_t *rows; // (batch)
  uint64_t step, n_diverged;
} member_run;

struct cred_online {
  cred_model *model;
  cred_data data; // the buffer
  cred__network_density density;
  size_t capacity, n_inputs, n_threads;
  uint64_t n_added;
  member_run *runs; // (members)
  size_t n_steps;   // of the call under way
  // scratch of values
  cred__network_work *net;
  cred_real *theta, *x; // (dim), (rows, n_inputs)
  double *mean, *var;   // (rows, 2) of yes or no, else (rows)
};

cred_online_options cred_online_defaults(void) {
  const cred_online_options opt = {
      .fit = cred_fit_defaults(), .capacity = 4096, .target_sd = 1};
  return opt;
}

static cred_status target_type(cred_target_type *out, const cred_online_options *opt) {
  cred_likelihood lik = {.kind = CRED_LIK_GAUSSIAN};
  if (opt->fit.likelihood) TRY(cred_likelihood_parse(&lik, opt->fit.likelihood));
  *out = lik.kind == CRED_LIK_BERNOULLI ? CRED_TARGET_CLASS
         : lik.kind == CRED_LIK_POISSON ? CRED_TARGET_COUNT
                                        : CRED_TARGET_NUMBER;
  if (cred_likelihood_is_class(&lik) && lik.kind != CRED_LIK_BERNOULLI)
    FAIL(CRED_ECONFIG,
         "online: likelihood '%s': values are numbers, counts ('poisson'), or yes or no "
         "('bernoulli')",
         opt->fit.likelihood);
  if (*out != CRED_TARGET_NUMBER && (opt->target_mean != 0 || opt->target_sd != 1))
    FAIL(CRED_EINVAL,
         "online: likelihood '%s' has no scale: leave target_mean 0 and "
         "target_sd 1",
         opt->fit.likelihood);
  return CRED_OK;
}

// Columns as they come, a target with a scale that was given.
static cred_status make_schema(cred_schema **out, size_t n_inputs,
                               const cred_online_options *opt) {
  cred_schema *s = NULL;
  cred_status status;
  char name[32];
  cred_target_type type;
  TRY(target_type(&type, opt));
  TRY_DONE(NEW(&s, 1, "a schema"));
  TRY_DONE(NEW(&s->columns, n_inputs, "columns"));
  TRY_DONE(NEW(&s->targets, 1, "targets"));
  s->n_columns = n_inputs;
  s->n_targets = 1;
  for (size_t i = 0; i < n_inputs; i++) {
    snprintf(name, sizeof name, "x%zu", i);
    s->columns[i].sd = 1;
    TRY_DONE(cred__strdup(&s->columns[i].name, name));
  }
  TRY_DONE(cred__strdup(&s->targets[0].name, "value"));
  s->targets[0].type = type;
  s->targets[0].mean = opt->target_mean;
  s->targets[0].sd = opt->target_sd;
  if (type == CRED_TARGET_CLASS) {
    TRY_DONE(NEW(&s->targets[0].classes, 2, "classes"));
    s->targets[0].n_classes = 2;
    TRY_DONE(cred__strdup(&s->targets[0].classes[0], "0"));
    TRY_DONE(cred__strdup(&s->targets[0].classes[1], "1"));
  }
  TRY_DONE(cred__schema_layout(s));
  *out = s;
  s = NULL;
done:
  cred_schema_free(s);
  return status;
}

static cred_status check(size_t n_inputs, const cred_online_options *opt) {
  if (n_inputs < 1 || n_inputs > 1000000)
    FAIL(CRED_EINVAL, "online: %zu inputs, 1 to 1000000 are possible", n_inputs);
  if (opt->capacity < 1 || opt->capacity > (size_t)1 << 32)
    FAIL(CRED_EINVAL, "online: capacity %zu, at least 1 row is kept", opt->capacity);
  if (!(opt->target_sd > 0) || !isfinite(opt->target_sd) || !isfinite(opt->target_mean))
    FAIL(CRED_EINVAL, "online: values of mean %g and sd %g, the sd must be > 0",
         opt->target_mean, opt->target_sd);
  if (opt->fit.schedule.rate < 0 || opt->fit.noise != 0)
    FAIL(CRED_EINVAL,
         "online: rate %g and noise %g: the rate must be >= 0, a known noise "
         "is given as likelihood 'gaussian SD' in units of the target's sd",
         opt->fit.schedule.rate, opt->fit.noise);
  return CRED_OK;
}

static cred_status make_model(cred_online *o, const cred_online_options *opt) {
  cred_fit_options fit = opt->fit;
  cred_schema *schema = NULL;
  cred__plan plan = {0};
  if (fit.posterior == CRED_FIT_AUTO) fit.posterior = CRED_FIT_VI;
  if (!fit.n_members) fit.n_members = 1;
  if (!fit.batch) fit.batch = 64;
  if (!fit.net) fit.net = "dense 100 relu, dense 100 relu";
  if (fit.schedule.rate == 0) fit.schedule.rate = 1e-3;
  fit.schedule.kind = CRED_RATE_CONSTANT;
  fit.epochs = 1;
  fit.steps = 0;
  fit.folds = false;
  fit.validation = 0;
  TRY(make_schema(&schema, o->n_inputs, opt));
  cred_status status = cred__plan_resolve(&plan, &fit, schema, opt->capacity);
  if (status != CRED_OK) {
    cred_schema_free(schema);
    return status;
  }
  TRY(cred__model_assemble(&o->model, &plan, schema)); // takes both over
  TRY(cred__model_make_members(o->model));
  memcpy(o->model->data_digest, "0000000000000000", 17);
  return CRED_OK;
}

static cred_status make_buffer(cred_online *o) {
  cred_data *d = &o->data;
  d->n_inputs = o->n_inputs;
  d->n_targets = 1;
  TRY(NEW(&d->x, o->capacity * o->n_inputs, "the buffer of rows"));
  return NEW(&d->y, o->capacity, "the buffer of rows");
}

static cred_status make_runs(cred_online *o) {
  cred_model *m = o->model;
  const size_t n = m->plan.n_members, batch = m->plan.batch;
  const bool dropout = cred_network_has_dropout(m->network);
  const cred_key root = cred_key_make(m->plan.seed);
  cred__network_density_init(&o->density, m, cred_source_of_data(&o->data), NULL, 1,
                             dropout);
  TRY(NEW(&o->runs, n, "members"));
  for (size_t k = 0; k < n; k++) {
    member_run *r = &o->runs[k];
    r->method = cred__plan_method(&m->plan);
    r->key = cred_key_derive(&root, CRED_FOR_MEMBER, k);
    TRY(NEW(&r->rows, batch, "a batch"));
    TRY(o->density.density.work_new(&r->work, &o->density, batch, 1));
    TRY(r->method->state_new(&r->state, &o->density.density, &m->plan.method, &r->key,
                             1));
    r->method->member(r->state, &m->posterior->members[k]);
  }
  return CRED_OK;
}

static cred_status make_scratch(cred_online *o) {
  TRY(cred__network_work_new(&o->net, o->model->network, VALUES_ROWS_MAX, 1, false,
                             false));
  TRY(NEW(&o->theta, o->model->dim, "a draw"));
  TRY(NEW(&o->x, VALUES_ROWS_MAX * o->n_inputs, "rows"));
  TRY(NEW(&o->mean, (size_t)2 * VALUES_ROWS_MAX, "values"));
  return NEW(&o->var, VALUES_ROWS_MAX, "values");
}

cred_status cred_online_new(cred_online **out, size_t n_inputs,
                            const cred_online_options *opt) {
  cred_online *o = NULL;
  cred_status status;
  *out = NULL;
  TRY(check(n_inputs, opt));
  TRY_DONE(NEW(&o, 1, "a model that learns on"));
  o->n_inputs = n_inputs;
  o->capacity = opt->capacity;
  o->n_threads = cred__n_threads(opt->fit.n_threads);
  TRY_DONE(make_model(o, opt));
  TRY_DONE(make_buffer(o));
  TRY_DONE(make_runs(o));
  TRY_DONE(make_scratch(o));
  *out = o;
  o = NULL;
done:
  cred_online_free(o);
  return status;
}

void cred_online_free(cred_online *o) {
  if (!o) return;
  for (size_t k = 0; o->runs && k < o->model->plan.n_members; k++) {
    member_run *r = &o->runs[k];
    if (r->state) r->method->state_free(r->state);
    if (r->work) o->density.density.work_free(r->work);
    cred__free(r->rows);
  }
  cred__free(o->runs);
  cred_data_clear(&o->data);
  cred__network_work_free(o->net);
  cred__free(o->theta);
  cred__free(o->x);
  cred__free(o->mean);
  cred__free(o->var);
  cred_model_free(o->model);
  cred__free(o);
}

cred_status cred_online_add(cred_online *o, const double *x, double y) {
  const size_t at = (size_t)(o->n_added % o->capacity);
  const double scaled =
      (y - cred__target_mean(o->model, 0)) / cred__target_sd(o->model, 0);
  for (size_t i = 0; i < o->n_inputs; i++)
    if (!isfinite((cred_real)x[i]))
      FAIL(CRED_EDATA, "online: input %zu is %g, expected a number of single precision",
           i, x[i]);
  if (!isfinite((cred_real)scaled))
    FAIL(CRED_EDATA, "online: the value is %g, expected a number of single precision", y);
  const cred_target_type type = o->model->schema->targets[0].type;
  if (type == CRED_TARGET_CLASS && y != 0 && y != 1)
    FAIL(CRED_EDATA, "online: the value is %g, expected 1 (yes) or 0 (no)", y);
  if (type == CRED_TARGET_COUNT && (y < 0 || y != floor(y)))
    FAIL(CRED_EDATA, "online: the value is %g, expected a count: 0, 1, 2, ...", y);
  for (size_t i = 0; i < o->n_inputs; i++)
    o->data.x[at * o->n_inputs + i] = (cred_real)x[i];
  o->data.y[at] = (cred_real)scaled;
  o->n_added++;
  o->data.n_rows = cred_online_n_rows(o);
  o->model->n_train = o->data.n_rows;
  return CRED_OK;
}

size_t cred_online_n_rows(const cred_online *o) {
  return o->n_added < o->capacity ? (size_t)o->n_added : o->capacity;
}

static cred_status train_member(void *context, size_t k, size_t worker) {
  (void)worker;
  cred_online *o = context;
  member_run *r = &o->runs[k];
  const cred__plan *plan = &o->model->plan;
  const size_t n = o->density.n_rows;
  for (size_t i = 0; i < o->n_steps; i++, r->step++) {
    const cred_key key = cred_key_derive(&r->key, CRED_FOR_SHUFFLE, r->step);
    cred_step_info info;
    for (size_t j = 0; j < plan->batch; j++)
      r->rows[j] = (size_t)cred_key_below(&key, j, n);
    const cred_batch batch = {.rows = r->rows, .n = plan->batch};
    TRY(r->method->step(r->state, &info, &o->density.density, r->work, &batch, r->step,
                        plan->schedule.rate, 1));
    r->n_diverged += !info.finite;
  }
  r->method->member(r->state, &o->model->posterior->members[k]);
  return CRED_OK;
}

cred_status cred_online_train(cred_online *o, size_t n_steps, size_t *n_diverged) {
  const size_t n = o->model->plan.n_members;
  uint64_t before = 0, after = 0;
  for (size_t k = 0; k < n; k++) before += o->runs[k].n_diverged;
  if (o->data.n_rows && n_steps) {
    o->density.n_rows = o->density.density.n_rows = o->data.n_rows;
    o->n_steps = n_steps;
    if (n == 1)
      TRY(train_member(o, 0, 0)); // without the memory that sharing takes
    else
      TRY(cred__parallel_try(n < o->n_threads ? n : o->n_threads, n, train_member, o));
  }
  for (size_t k = 0; k < n; k++) after += o->runs[k].n_diverged;
  if (n_diverged) *n_diverged = (size_t)(after - before);
  return CRED_OK;
}

// Mean of y under the parameters of a pass, added to out with a weight.
static void add_values(double *out, cred_online *o, const cred__pass *pass,
                       size_t n_members) {
  const cred_model *m = o->model;
  const cred_real *y = cred__network_forward(m->network, o->net, pass, o->x);
  if (cred_likelihood_is_class(&m->likelihood)) {
    cred_likelihood_class_log_prob(o->mean, &m->likelihood, y, pass->n_rows);
    for (size_t i = 0; i < pass->n_rows; i++)
      out[i] += exp(o->mean[2 * i + 1]) / (double)n_members;
    return;
  }
  cred_likelihood_mean_var(o->mean, o->var, &m->likelihood, y,
                           pass->theta + m->noise_offset, pass->n_rows);
  for (size_t i = 0; i < pass->n_rows; i++)
    out[i] += (cred__target_mean(m, 0) + cred__target_sd(m, 0) * o->mean[i]) /
              (double)n_members;
}

static cred_status take_rows(cred_online *o, const double *x, size_t n_rows) {
  if (n_rows < 1 || n_rows > VALUES_ROWS_MAX)
    FAIL(CRED_EINVAL, "online: %zu rows, 1 to %d are possible", n_rows, VALUES_ROWS_MAX);
  for (size_t i = 0; i < n_rows * o->n_inputs; i++) o->x[i] = (cred_real)x[i];
  return CRED_OK;
}

cred_status cred_online_values(double *out, cred_online *o, const double *x,
                               size_t n_rows, const cred_key *key, uint64_t index) {
  const cred_posterior *q = o->model->posterior;
  TRY(take_rows(o, x, n_rows));
  for (size_t i = 0; i < n_rows; i++) out[i] = 0;
  cred__pass pass = {.mode = CRED__PLAIN, .n_rows = n_rows, .n_threads = 1};
  if (!key) {
    for (size_t k = 0; k < q->n_members; k++) {
      pass.theta = q->members[k].mean;
      add_values(out, o, &pass, q->n_members);
    }
    return CRED_OK;
  }
  const cred_key draw = cred_key_derive(key, CRED_FOR_DRAW, index);
  const size_t k = (size_t)cred_key_below(&draw, 0, q->n_members);
  const cred_posterior single = {
      .dim = q->dim, .n_members = 1, .members = &q->members[k]};
  cred_posterior_draw(o->theta, &single, 0, &draw, 1);
  pass.theta = o->theta;
  pass.dropout = q->members[k].kind == CRED_POSTERIOR_DROPOUT;
  pass.shared_mask = true;
  pass.key = draw;
  add_values(out, o, &pass, 1);
  return CRED_OK;
}

// The output layer is the last of the network's.
static const cred__layer *output_layer(const cred_online *o) {
  const cred_network *network = o->model->network;
  return cred__network_item(network, cred__network_n_items(network) - 1);
}

size_t cred_online_n_features(const cred_online *o) {
  return o->model->posterior->n_members * output_layer(o)->n_in;
}

cred_status cred_online_features(double *out, cred_online *o, const double *x,
                                 size_t n_rows) {
  const cred_model *m = o->model;
  const size_t n_members = m->posterior->n_members, n = output_layer(o)->n_in;
  const size_t last = cred__network_n_items(m->network) - 1;
  cred__pass pass = {.mode = CRED__PLAIN, .n_rows = n_rows, .n_threads = 1};
  TRY(take_rows(o, x, n_rows));
  for (size_t k = 0; k < n_members; k++) {
    pass.theta = m->posterior->members[k].mean;
    const cred_real *h =
        cred__network_forward_part(m->network, o->net, &pass, o->x, 0, last);
    for (size_t i = 0; i < n_rows; i++)
      for (size_t j = 0; j < n; j++)
        out[(i * n_members + k) * n + j] = (double)h[i * n + j];
  }
  return CRED_OK;
}

cred_status cred_online_row(double *x, double *y, const cred_online *o, size_t i) {
  const size_t n = cred_online_n_rows(o);
  if (i >= n) FAIL(CRED_EINVAL, "online: row %zu of a buffer of %zu", i, n);
  const size_t at = (size_t)((o->n_added - n + i) % o->capacity);
  for (size_t j = 0; j < o->n_inputs; j++) x[j] = (double)o->data.x[at * o->n_inputs + j];
  *y = cred__target_mean(o->model, 0) +
       cred__target_sd(o->model, 0) * (double)o->data.y[at];
  return CRED_OK;
}

cred_status cred_online_model(const cred_model **out, cred_online *o) {
  if (o->data.n_rows == 0)
    FAIL(CRED_EDATA, "online: no rows yet, so that there is no model");
  TRY(cred__model_make_report(o->model)); // the number of rows has changed
  *out = o->model;
  return CRED_OK;
}
