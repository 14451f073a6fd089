// calibrate.c -- what held-out rows say about the width of intervals and the size of
// sets.
//
// Regression: a factor s on every sd. For Gaussian noise s^2 = mean ((y - mean) / sd)^2
// (Laves et al. 2020, section 3.2); for other noise the s of largest likelihood by golden
// section. Intervals mean -+ q sd by split conformal prediction (Lei et al. 2018,
// section 5.2): they do not depend on s, which their score |y - mean| / sd divides out.
// Classes: the temperature of Guo et al. (2017) on the log of the averaged probabilities,
// then the threshold of LAC or APS sets.

#include "credence/model/calibrate.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "credence/metric/calibration.h"
#include "credence/metric/regression.h"
#include "model/model.h"
#include <math.h>
#include <string.h>

cred_calibrate_options cred_calibrate_defaults(void) {
  const cred_calibrate_options opt = {.coverage = 0.9,
                                      .set = CRED_SET_LAC,
                                      .temperature = true,
                                      .predict = cred_predict_defaults()};
  return opt;
}

// The rows as the model predicts them without a calibration.
typedef struct {
  cred_model *model;
  const cred_calibrate_options *opt;
  const cred_data *data;
  cred_predictor *predictor;
  cred_prediction p;
  size_t n, n_targets, n_classes;
  double *y;             // (n, T) in their units
  double *weight;        // (n) or NULL
  int32_t *label;        // (n)
  double *scores;        // (n) conformal scores
  double *logits;        // (n, C)
  double *residual, *sd; // (n, T) for the factor: y - mean and sd
} rows;

static cred_status check(const cred_model *m, const cred_data *data,
                         const cred_calibrate_options *opt) {
  if (!(opt->coverage > 0 && opt->coverage < 1))
    FAIL(CRED_EINVAL,
         "calibrate: coverage is %g, expected a number in (0, 1), such as 0.9",
         opt->coverage);
  if (opt->set != CRED_SET_LAC && opt->set != CRED_SET_APS)
    FAIL(CRED_EINVAL, "calibrate: set %d is not one of lac, aps", (int)opt->set);
  if (!data->y)
    FAIL(CRED_EDATA,
         "calibrate: the rows have no targets: give a table with the column '%s'",
         m->schema->targets[0].name);
  const size_t n_min = cred_conformal_rows_min(1 - opt->coverage);
  if (data->n_rows < n_min)
    FAIL(CRED_EDATA,
         "calibrate: %zu rows are too few for a coverage of %g, which takes at "
         "least %zu: give more rows, or ask for at most %.4g",
         data->n_rows, opt->coverage, n_min,
         (double)data->n_rows / ((double)data->n_rows + 1));
  return CRED_OK;
}

static void rows_clear(rows *r) {
  cred_predictor_free(r->predictor);
  cred__free(r->y);
  cred__free(r->weight);
  cred__free(r->label);
  cred__free(r->scores);
  cred__free(r->logits);
  cred__free(r->residual);
  cred__free(r->sd);
}

static cred_status rows_init(rows *r) {
  const cred_data *d = r->data;
  const size_t n = d->n_rows, t = d->n_targets;
  const bool classes = cred_likelihood_is_class(&r->model->likelihood);
  cred_predict_options predict = r->opt->predict;
  predict.n_levels = 0;
  r->n = n;
  r->n_targets = t;
  r->n_classes = classes ? r->model->likelihood.n_classes : 0;
  TRY(NEW(&r->y, n * t, "calibration rows"));
  TRY(NEW(&r->scores, n, "calibration rows"));
  if (d->weight) TRY(NEW(&r->weight, n, "calibration rows"));
  if (classes) {
    TRY(NEW(&r->label, n, "calibration rows"));
    TRY(NEW(&r->logits, n * r->n_classes, "calibration rows"));
  } else {
    TRY(NEW(&r->residual, n * t, "calibration rows"));
    TRY(NEW(&r->sd, n * t, "calibration rows"));
  }
  for (size_t i = 0; i < n * t; i++) {
    const double scale = cred__target_sd(r->model, i % t);
    r->y[i] = cred__target_mean(r->model, i % t) + scale * (double)d->y[i];
  }
  for (size_t i = 0; i < n; i++) {
    if (r->weight) r->weight[i] = (double)d->weight[i];
    if (classes) r->label[i] = (int32_t)d->y[i];
  }
  return cred_predictor_new(&r->predictor, r->model, &predict);
}

// Mean log likelihood of the rows with this factor or temperature.
static cred_status predict(rows *r, double *log_lik, double temperature) {
  r->model->calibration = (cred__calibration){.temperature = temperature};
  TRY(cred_predictor_run(&r->p, r->predictor, r->data));
  *log_lik = cred_mean(r->p.log_prob, r->weight, r->n);
  return CRED_OK;
}

// --- regression ---

// The factor of largest likelihood within a factor e^0.25 around both 1 and the Gaussian
// one.
static cred_status search_factor(rows *r, double *best, double *best_log_lik,
                                 double gaussian) {
  const double golden = 0.6180339887498949;
  double low = fmin(0, log(gaussian)) - 0.25, high = fmax(0, log(gaussian)) + 0.25;
  double a = high - golden * (high - low), b = low + golden * (high - low), at_a, at_b;
  TRY(predict(r, &at_a, exp(a)));
  TRY(predict(r, &at_b, exp(b)));
  for (int i = 0; i < 40 && high - low > 0.01; i++) {
    if (at_a > at_b) {
      high = b, b = a, at_b = at_a;
      a = high - golden * (high - low);
      TRY(predict(r, &at_a, exp(a)));
    } else {
      low = a, a = b, at_a = at_b;
      b = low + golden * (high - low);
      TRY(predict(r, &at_b, exp(b)));
    }
  }
  const double found = at_a > at_b ? a : b, log_lik = fmax(at_a, at_b);
  if (log_lik > *best_log_lik) *best = exp(found), *best_log_lik = log_lik;
  return CRED_OK;
}

static cred_status gaussian_factor(double *out, const rows *r) {
  const size_t n = r->n * r->n_targets;
  double sum = 0, total = 0;
  for (size_t i = 0; i < n; i++) {
    const double z = r->residual[i] / r->sd[i],
                 w = r->weight ? r->weight[i / r->n_targets] : 1;
    sum += w * z * z;
    total += w;
  }
  *out = sqrt(sum / total);
  if (!(*out > 0 && isfinite(*out)))
    FAIL(CRED_EDATA,
         "calibrate: residuals in units of sd have root mean square %g, expected a "
         "number above 0: are these the rows of the model?",
         *out);
  return CRED_OK;
}

// A factor is kept only where it makes the rows more probable. Counts have none: their
// distribution cannot be stretched.
static cred_status fit_factor(rows *r, cred_calibrate_info *info) {
  const cred_likelihood_kind kind = r->model->likelihood.kind;
  double factor, log_lik;
  if (!r->opt->temperature || kind == CRED_LIK_POISSON) return CRED_OK;
  TRY(gaussian_factor(&factor, r));
  factor = fmin(fmax(factor, 0.01), 100);
  TRY(predict(r, &log_lik, factor));
  if (log_lik > info->log_lik_after)
    info->temperature = factor, info->log_lik_after = log_lik;
  if (kind == CRED_LIK_STUDENT_T || kind == CRED_LIK_MIXTURE)
    return search_factor(r, &info->temperature, &info->log_lik_after, factor);
  return CRED_OK;
}

static double central_coverage(const rows *r) {
  const size_t n = r->n * r->n_targets;
  double inside = 0, total = 0;
  for (size_t i = 0; i < n; i++) {
    const double w = r->weight ? r->weight[i / r->n_targets] : 1;
    inside += w * (fabs(2 * r->p.pit[i] - 1) <= r->opt->coverage);
    total += w;
  }
  return inside / total;
}

static cred_status calibrate_numbers(rows *r, cred_calibrate_info *info) {
  const size_t n_targets = r->n_targets;
  for (size_t i = 0; i < r->n * n_targets; i++) {
    r->residual[i] = r->y[i] - r->p.mean[i];
    r->sd[i] = r->p.sd[i];
  }
  info->coverage_before = central_coverage(r);
  TRY(fit_factor(r, info));
  for (size_t t = 0; t < n_targets; t++) {
    for (size_t i = 0; i < r->n; i++)
      r->scores[i] = fabs(r->residual[i * n_targets + t]) /
                     (r->sd[i * n_targets + t] * info->temperature);
    TRY(cred_conformal_quantile(&info->quantile[t], r->scores, r->n,
                                1 - r->opt->coverage));
  }
  return CRED_OK;
}

// --- classes ---

// Share of rows whose class is among the most probable ones that together reach the
// level.
static double top_coverage(rows *r) {
  double inside = 0, total = 0;
  cred_conformal_score_aps(r->scores, r->p.prob, r->label, r->n, r->n_classes, NULL, 0);
  for (size_t i = 0; i < r->n; i++) {
    const double own = r->p.prob[i * r->n_classes + (size_t)r->label[i]];
    const double w = r->weight ? r->weight[i] : 1;
    inside += w * (r->scores[i] - own < r->opt->coverage);
    total += w;
  }
  return inside / total;
}

// At a bound the rows are separable, or too few: such a temperature says nothing.
static cred_status fit_temperature(rows *r, cred_calibrate_info *info) {
  cred_temperature t;
  if (!r->opt->temperature) return CRED_OK;
  for (size_t i = 0; i < r->n * r->n_classes; i++)
    r->logits[i] = log(fmax(r->p.prob[i], 1e-300));
  TRY(cred_temperature_fit(&t, r->logits, r->label, r->weight, r->n, r->n_classes));
  if (t.at_bound) return CRED_OK;
  info->temperature = t.temperature;
  return predict(r, &info->log_lik_after, t.temperature);
}

static cred_status calibrate_classes(rows *r, cred_calibrate_info *info) {
  info->coverage_before = top_coverage(r);
  TRY(fit_temperature(r, info));
  if (r->opt->set == CRED_SET_LAC)
    cred_conformal_score_lac(r->scores, r->p.prob, r->label, r->n, r->n_classes);
  else
    cred_conformal_score_aps(r->scores, r->p.prob, r->label, r->n, r->n_classes, NULL, 0);
  return cred_conformal_quantile(&info->quantile[0], r->scores, r->n,
                                 1 - r->opt->coverage);
}

static cred_status calibrate(cred_model *model, cred_calibrate_info *info,
                             const cred_data *data, const cred_calibrate_options *opt) {
  rows r = {.model = model, .opt = opt, .data = data};
  cred_status status;
  TRY_DONE(rows_init(&r));
  TRY_DONE(predict(&r, &info->log_lik_before, 1));
  info->log_lik_after = info->log_lik_before;
  TRY_DONE(r.n_classes ? calibrate_classes(&r, info) : calibrate_numbers(&r, info));
done:
  rows_clear(&r);
  return status;
}

cred_status cred_model_calibrate(cred_model *model, cred_calibrate_info *info,
                                 const cred_data *data,
                                 const cred_calibrate_options *opt) {
  TRY(check(model, data, opt));
  const cred__calibration earlier = model->calibration;
  cred_calibrate_info made = {.n_rows = data->n_rows, .temperature = 1};
  const cred_status status = calibrate(model, &made, data, opt);
  if (status != CRED_OK) {
    model->calibration = earlier;
    return status;
  }
  cred__calibration *c = &model->calibration;
  *c = (cred__calibration){
      .fitted = true,
      .coverage = opt->coverage,
      .temperature = made.temperature,
      .set = opt->set,
      .n_rows = data->n_rows,
      .n_quantiles = cred_likelihood_is_class(&model->likelihood) ? 1 : data->n_targets};
  memcpy(c->quantile, made.quantile, sizeof made.quantile);
  TRY(cred_model_set_rule(model, NULL)); // it was chosen for other probabilities
  if (info) *info = made;
  return CRED_OK;
}
