// bench_run.c -- one workload made ready, its unit, and what the unit costs at least.
//
// Operations: a weight of a dense layer is one multiply-add a row and product, that of a
// convolution one a place. Training
// takes three products (forward, gradient of the inputs, gradient of the weights), two in
// the first layer, whose inputs want none; local reparameterisation and flipout take
// twice as many. Bytes: a draw reads mean and log sd and writes the draw (12 a weight),
// an update reads and writes parameters and both moments of each (48; of a point 24).

#include "model/bench.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "layer/layer.h"
#include <math.h>
#include <stdio.h>

struct cred__bench_run {
  const cred__bench_spec *spec;
  cred_model *model;
  cred_data data;
  size_t n_threads;
  // training
  cred__network_density density;
  const cred_method *method;
  void *state, *work;
  size_t *order; // (n_rows)
  uint64_t step;
  // prediction
  cred_predictor *predictor;
};

static const cred_shape digit_shape = {28, 28, 1};

// Normal inputs; the class follows from three of them, the number from all.
static cred_status make_table(cred_table **out, const cred__bench_spec *spec) {
  const size_t d = spec->n_inputs, n = spec->n_rows < 100 ? 100 : spec->n_rows;
  double *values;
  TRY(NEW(&values, n * (d + 1), "the rows of a workload"));
  const cred_key root = cred_key_make(1), key = cred_key_derive(&root, CRED_FOR_DATA, 0);
  for (size_t i = 0; i < n; i++) {
    double *row = values + i * (d + 1), sum = 0;
    for (size_t j = 0; j < d; j++) row[j] = cred_key_normal(&key, i * d + j);
    for (size_t j = 0; j < d && j < 3; j++) sum += row[j];
    const double place = 0.5 * erfc(-sum / sqrt(6)); // uniform
    // every class is there, in the first rows
    row[d] = spec->n_classes == 0  ? sin(sum)
             : i < spec->n_classes ? (double)i
                                   : floor(place * (double)spec->n_classes);
  }
  const cred_status status = cred_table_from_array(out, values, n, d + 1, d + 1, NULL);
  cred__free(values);
  return status;
}

static cred_fit_options fit_options(const cred__bench_spec *spec) {
  cred_fit_options opt = cred_fit_defaults();
  opt.posterior = spec->posterior;
  opt.net = spec->net;
  opt.prior = spec->prior;
  opt.likelihood = spec->likelihood;
  opt.method.estimator = spec->estimator;
  if (!spec->predict) opt.method.n_draws = spec->n_draws;
  opt.n_members = 1;
  opt.dropout = spec->dropout;
  opt.batch = spec->batch;
  opt.validation = 0;
  opt.schedule = (cred_schedule){.kind = CRED_RATE_CONSTANT, .rate = 1e-3};
  return opt;
}

static cred_status make_model(cred__bench_run *run) {
  char name[32];
  const char *target = name;
  const cred__bench_spec *spec = run->spec;
  cred_table *table = NULL;
  cred_schema *schema = NULL;
  cred__plan plan = {0};
  cred_status status;
  TRY_DONE(make_table(&table, spec));
  if (spec->image) TRY_DONE(cred_table_set_shape(table, digit_shape, 0));
  snprintf(name, sizeof name, "c%zu", spec->n_inputs + 1);
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target;
  columns.n_targets = 1;
  columns.task = spec->n_classes ? CRED_TARGET_CLASS : CRED_TARGET_NUMBER;
  TRY_DONE(cred_schema_learn(&schema, table, NULL, 0, &columns));
  TRY_DONE(cred_schema_encode(&run->data, schema, table, NULL, 0, !spec->predict, 0));
  run->data.n_rows = spec->n_rows;
  const cred_fit_options opt = fit_options(spec);
  TRY_DONE(cred__plan_resolve(&plan, &opt, schema, spec->n_rows));
  status = cred__model_assemble(&run->model, &plan, schema); // takes both over
  schema = NULL;
done:
  cred_schema_free(schema);
  cred_table_free(table);
  return status;
}

static cred_status start_training(cred__bench_run *run) {
  const cred__bench_spec *spec = run->spec;
  cred__network_density_init(&run->density, run->model, cred_source_of_data(&run->data),
                             NULL, spec->n_rows, spec->posterior == CRED_FIT_DROPOUT);
  const cred_density *density = &run->density.density;
  TRY(density->work_new(&run->work, density->model, spec->batch, run->n_threads));
  const cred_key key = cred_key_make(1);
  run->method = cred__plan_method(&run->model->plan);
  TRY(run->method->state_new(&run->state, density, &run->model->plan.method, &key,
                             run->n_threads));
  TRY(NEW(&run->order, spec->n_rows, "the order of an epoch"));
  for (size_t i = 0; i < spec->n_rows; i++) run->order[i] = i;
  cred_key_shuffle(run->order, spec->n_rows, &key);
  return CRED_OK;
}

static cred_predict_options predict_options(const cred__bench_run *run) {
  cred_predict_options opt = cred_predict_defaults();
  opt.draws = run->spec->draws;
  opt.n_draws = run->spec->n_draws;
  opt.n_levels = 0;
  opt.n_threads = run->n_threads;
  return opt;
}

// Initial weights, with the sd that training starts from: no time depends on their
// values.
static cred_status start_prediction(cred__bench_run *run) {
  TRY(cred__model_make_members(run->model));
  cred_member *member = &run->model->posterior->members[0];
  cred__network_density_init(&run->density, run->model, cred_source_of_data(&run->data),
                             NULL, 1, false);
  const cred_density *density = &run->density.density;
  const cred_key key = cred_key_make(1);
  density->init(density->model, member->mean, &key);
  for (size_t i = 0; member->sd && i < run->model->n_slices; i++) {
    const cred_slice *slice = &run->model->slices[i];
    const double fan_in = slice->fan_in ? (double)slice->fan_in : 1;
    if (slice->kind == CRED_SLICE_POINT) continue;
    for (size_t j = 0; j < slice->n; j++)
      member->sd[slice->offset + j] =
          (cred_real)(run->model->plan.method.init_sd / sqrt(fan_in));
  }
  if (run->spec->fresh) return CRED_OK;
  const cred_predict_options opt = predict_options(run);
  return cred_predictor_new(&run->predictor, run->model, &opt);
}

cred_status cred__bench_run_new(cred__bench_run **out, const cred__bench_spec *spec,
                                size_t n_threads) {
  *out = NULL;
  cred__bench_run *run;
  cred_status status;
  TRY(NEW(&run, 1, "a workload"));
  run->spec = spec;
  run->n_threads = n_threads;
  TRY_DONE(make_model(run));
  TRY_DONE(spec->predict ? start_prediction(run) : start_training(run));
  *out = run;
  run = NULL;
done:
  cred__bench_run_free(run);
  return status;
}

void cred__bench_run_free(cred__bench_run *run) {
  if (!run) return;
  if (run->state) run->method->state_free(run->state);
  if (run->work) run->density.density.work_free(run->work);
  cred_predictor_free(run->predictor);
  cred__free(run->order);
  cred_data_clear(&run->data);
  cred_model_free(run->model);
  cred__free(run);
}

static cred_status train_unit(cred__bench_run *run, double *score) {
  const size_t n_batches = run->spec->n_rows / run->spec->batch;
  const size_t first = run->step % n_batches * run->spec->batch;
  const cred_batch batch = {.rows = run->order + first, .n = run->spec->batch};
  cred_step_info info = {0};
  TRY(run->method->step(run->state, &info, &run->density.density, run->work, &batch,
                        run->step++, run->model->plan.schedule.rate, 1));
  *score = (info.log_lik - info.kl) / (double)run->spec->n_rows;
  if (!info.finite)
    FAIL(CRED_EINTERNAL, "workload %s: a step was not finite", run->spec->head.name);
  return CRED_OK;
}

cred_status cred__bench_run_unit(cred__bench_run *run, double *score) {
  if (!run->spec->predict) return train_unit(run, score);
  cred_prediction prediction;
  *score = NAN;
  if (!run->spec->fresh)
    return cred_predictor_run(&prediction, run->predictor, &run->data);
  const cred_predict_options opt = predict_options(run);
  cred_predictor *predictor;
  TRY(cred_predictor_new(&predictor, run->model, &opt));
  const cred_status status = cred_predictor_run(&prediction, predictor, &run->data);
  cred_predictor_free(predictor);
  return status;
}

// The share of a layer's products that one mask for all rows leaves: units on both sides
// are dropped, but those of the last layer.
static double kept_share(const cred__bench_spec *spec, bool last) {
  const double kept = 1 - spec->dropout;
  if (spec->batch < CRED__THIN_ROWS) return 1;
  return last ? kept : kept * kept;
}

// How many products a weight enters in a unit, a row.
static double n_products(const cred__bench_spec *spec, bool first, bool last) {
  const double n = (double)spec->n_draws;
  const bool gaussian = spec->posterior == CRED_FIT_VI;
  if (!spec->predict) {
    const bool twice = gaussian && spec->estimator != CRED_ESTIMATOR_WEIGHTS;
    return n * (first ? 2 : 3) * (twice ? 2 : 1);
  }
  switch (spec->draws) {
  case CRED_DRAWS_MEAN:
    return 1;
  case CRED_DRAWS_MOMENTS:
    return first ? 2 : 3;
  case CRED_DRAWS_FUNCTION:
    if (gaussian) return n;
    return first ? 1 : n * kept_share(spec, last);
  default:
    return (first ? 1 : n) * (gaussian ? 2 : 1); // shared by all draws in the first
  }
}

// Multiply-adds of a row: every weight once, of a convolution once at every place.
static double products_of(const cred__layer *layer) {
  double n = 0;
  for (size_t i = 0; i < layer->n_slices; i++)
    if (!layer->slices[i].is_bias) n += (double)layer->slices[i].n;
  return n * (double)(layer->out.height * layer->out.width);
}

static double bytes_of_weight(const cred__bench_spec *spec) {
  const bool gaussian = spec->posterior == CRED_FIT_VI;
  if (!spec->predict) return gaussian ? 48 + 12 * (double)spec->n_draws : 24;
  if (spec->draws == CRED_DRAWS_FUNCTION && gaussian) return 8 * (double)spec->n_draws;
  return gaussian && spec->draws != CRED_DRAWS_MEAN ? 8 : 4;
}

cred__bench_cost cred__bench_run_cost(const cred__bench_run *run) {
  const cred__bench_spec *spec = run->spec;
  const cred_network *network = run->model->network;
  const double n_weights = (double)cred_network_n_params(network);
  const bool gaussian = spec->posterior == CRED_FIT_VI;
  cred__bench_cost cost = {.bytes = bytes_of_weight(spec) * n_weights,
                           .array_bytes = n_weights * (spec->predict ? (gaussian ? 8 : 4)
                                                       : gaussian    ? 28
                                                                     : 12)};
  const size_t n_layers = cred__network_n_items(network);
  bool first = true;
  for (size_t i = 0; i < n_layers; i++) {
    const cred__layer *layer = cred__network_item(network, i);
    const double products = products_of(layer);
    if (products == 0) continue;
    cost.flops +=
        2 * products * (double)spec->batch * n_products(spec, first, i + 1 == n_layers);
    first = false;
  }
  return cost;
}
