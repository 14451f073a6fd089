// evaluate.c -- predict rows whose targets are known, and keep what was scored.

#include "model/evaluate.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <string.h>

cred_evaluate_options cred_evaluate_defaults(void) {
  const cred_evaluate_options opt = {
      .predict = cred_predict_defaults(), .n_bootstrap = 1000, .n_bins = 15};
  return opt;
}

cred_status cred__evaluate_check(const cred_evaluate_options *opt) {
  if (opt->n_bins < 1 || opt->n_bins > 1000)
    FAIL(CRED_EINVAL, "evaluate: %zu bins given, 1 to 1000 are possible", opt->n_bins);
  if (opt->n_bootstrap == 1 || opt->n_bootstrap > 1000000)
    FAIL(CRED_EINVAL,
         "evaluate: %zu bootstrap replicates given, expected 2 to 1000000, or 0 "
         "for no standard errors",
         opt->n_bootstrap);
  return CRED_OK;
}

// The arrays of a prediction, and how many numbers each holds a row.
typedef struct {
  double **to;
  const double *from;
  size_t width;
} column;

static cred_status take_column(const column *c, size_t at, size_t n) {
  if (!c->from || n == 0) return CRED_OK;
  TRY(RESIZE(c->to, at * c->width, (at + n) * c->width, "predictions"));
  memcpy(*c->to + at * c->width, c->from, n * c->width * sizeof(double));
  return CRED_OK;
}

// Copies a prediction of n rows behind the `at` rows of `to`.
static cred_status take(cred_prediction *to, size_t at, const cred_prediction *p) {
  const size_t n = p->n_rows, t = p->n_targets, c = p->n_classes;
  const column columns[] = {
      {&to->mean, p->mean, t},
      {&to->sd, p->sd, t},
      {&to->sd_epistemic, p->sd_epistemic, t},
      {&to->sd_aleatoric, p->sd_aleatoric, t},
      {&to->quantile, p->quantile, t * p->n_levels},
      {&to->lower, p->lower, t},
      {&to->upper, p->upper, t},
      {&to->prob, p->prob, c},
      {&to->entropy, p->entropy, 1},
      {&to->expected_entropy, p->expected_entropy, 1},
      {&to->mutual_information, p->mutual_information, 1},
      {&to->sd_logit, p->sd_logit, 1},
      {&to->log_prob, p->log_prob, 1},
      {&to->pit, p->pit, t},
      {&to->crps, p->crps, t},
  };
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    TRY(take_column(&columns[i], at, n));
  if (p->label) {
    TRY(RESIZE(&to->label, at, at + n, "predictions"));
    memcpy(to->label + at, p->label, n * sizeof *p->label);
  }
  if (p->set) {
    TRY(RESIZE(&to->set, at * c, (at + n) * c, "predictions"));
    memcpy(to->set + at * c, p->set, n * c);
  }
  to->n_rows = at + n;
  to->n_targets = t;
  to->n_classes = c;
  to->n_levels = p->n_levels;
  to->n_draws = p->n_draws;
  return CRED_OK;
}

cred_status cred__evaluation_predict(cred_evaluation *e, const cred_model *model,
                                     const cred_data *data, size_t at,
                                     const cred_predict_options *opt) {
  cred_predictor *predictor;
  cred_prediction p;
  TRY(cred_predictor_new(&predictor, model, opt));
  cred_status status = cred_predictor_run(&p, predictor, data);
  if (status == CRED_OK) status = take(&e->prediction, at, &p);
  cred_predictor_free(predictor);
  return status;
}

void cred_evaluation_free(cred_evaluation *e) {
  if (!e) return;
  cred_prediction *p = &e->prediction;
  double *const numbers[] = {p->mean,
                             p->sd,
                             p->sd_epistemic,
                             p->sd_aleatoric,
                             p->quantile,
                             p->lower,
                             p->upper,
                             p->prob,
                             p->entropy,
                             p->expected_entropy,
                             p->mutual_information,
                             p->sd_logit,
                             p->log_prob,
                             p->pit,
                             p->crps};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) cred__free(numbers[i]);
  cred__free(p->label);
  cred__free(p->set);
  for (size_t i = 0; i < e->n_scores; i++) cred__statistic_clear(&e->scores[i]);
  cred__free(e->scores);
  cred__free(e->observed);
  cred__free(e->weight);
  cred__free(e);
}

// Targets in their units, weights, and how many rows of equal weight these are worth.
static cred_status take_observed(cred_evaluation *e, const cred_model *m,
                                 const cred_data *data) {
  const size_t n = data->n_rows, n_targets = data->n_targets;
  TRY(NEW(&e->observed, n * n_targets, "observed targets"));
  for (size_t i = 0; i < n * n_targets; i++) {
    const size_t t = i % n_targets;
    e->observed[i] = cred__target_mean(m, t) + cred__target_sd(m, t) * (double)data->y[i];
  }
  e->n_effective = (double)n;
  if (!data->weight) return CRED_OK;
  TRY(NEW(&e->weight, n, "weights of rows"));
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    e->weight[i] = (double)data->weight[i];
    sum += e->weight[i];
    squares += e->weight[i] * e->weight[i];
  }
  if (!(sum > 0)) FAIL(CRED_EDATA, "evaluate: the weights of the %zu rows are all 0", n);
  e->n_effective = sum * sum / squares;
  return CRED_OK;
}

cred_status cred_model_evaluate(cred_evaluation **out, const cred_model *model,
                                const cred_data *data, const cred_evaluate_options *opt) {
  *out = NULL;
  TRY(cred__evaluate_check(opt));
  if (data->n_rows == 0) FAIL(CRED_EDATA, "evaluate: no rows, expected at least one");
  if (!data->y)
    FAIL(CRED_EDATA,
         "evaluate: the rows have no targets: give a table with the column '%s'",
         model->schema->targets[0].name);
  const bool classes = cred_likelihood_is_class(&model->likelihood);
  cred_evaluation *e = NULL;
  cred_status status = NEW(&e, 1, "an evaluation");
  if (status != CRED_OK) return status;
  TRY_DONE(take_observed(e, model, data));
  TRY_DONE(cred__evaluation_predict(e, model, data, 0, &opt->predict));
  TRY_DONE(classes ? cred__evaluation_score_classes(e, model, opt)
                   : cred__evaluation_score_numbers(e, model, opt));
  TRY_DONE(cred__evaluation_finish(e, data->n_rows, opt->n_bins, opt));
  cred__evaluation_judge(e, model, opt->n_bins);
  *out = e;
  e = NULL;
done:
  cred_evaluation_free(e);
  return status;
}

size_t cred_evaluation_n_scores(const cred_evaluation *e) {
  return e->n_scores;
}

const cred_score *cred_evaluation_score(const cred_evaluation *e, size_t i) {
  return i < e->n_scores ? &e->scores[i].score : NULL;
}

const cred_score *cred_evaluation_find(const cred_evaluation *e, const char *name) {
  for (size_t i = 0; i < e->n_scores; i++)
    if (e->scores[i].score.target == 0 && strcmp(e->scores[i].score.name, name) == 0)
      return &e->scores[i].score;
  return NULL;
}

const cred_prediction *cred_evaluation_prediction(const cred_evaluation *e) {
  return &e->prediction;
}

const double *cred_evaluation_observed(const cred_evaluation *e) {
  return e->observed;
}

const char *cred_evaluation_verdict(const cred_evaluation *e, int *well) {
  if (well) *well = e->well;
  return e->verdict;
}

static cred_status count_seen(size_t *n_seen, const cred_model *m, const char *digest,
                              size_t n_table, const size_t *rows, size_t n_rows) {
  *n_seen = 0;
  if (strcmp(m->data_digest, digest) != 0) return CRED_OK;
  bool *seen;
  TRY(NEW(&seen, n_table, "rows"));
  for (size_t i = 0; i < (m->rows ? m->n_rows : n_table); i++) {
    const size_t row = m->rows ? m->rows[i] : i;
    if (row < n_table) seen[row] = true;
  }
  for (size_t i = 0; i < (rows ? n_rows : n_table); i++)
    *n_seen += seen[rows ? rows[i] : i];
  cred__free(seen);
  return CRED_OK;
}

cred_status cred_model_n_seen(size_t *n_seen, const cred_model *m,
                              const cred_table *table, const size_t *rows,
                              size_t n_rows) {
  return count_seen(n_seen, m, cred_table_digest(table), cred_table_n_rows(table), rows,
                    n_rows);
}

cred_status cred_model_n_seen_images(size_t *n_seen, const cred_model *m,
                                     const cred_images *images, const size_t *rows,
                                     size_t n_rows) {
  return count_seen(n_seen, m, cred_images_digest(images), cred_images_n_rows(images),
                    rows, n_rows);
}
