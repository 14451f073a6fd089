// predict_draws.c -- the mean function of single draws.

#include "base/alloc.h"
#include "base/fail.h"
#include "model/predict.h"
#include <math.h>

// Mean of y, or probabilities, of a draw.
typedef struct {
  const cred_model *model;
  double *out, *var; // (n_draws, B, width), scratch
  size_t n_rows, width;
} draw_values;

static void take_values(void *context, size_t draw, size_t first, size_t n_rows,
                        const cred_real *outputs, const cred_real *noise) {
  draw_values *v = context;
  const cred_model *m = v->model;
  double *out = v->out + (draw * v->n_rows + first) * v->width;
  if (cred_likelihood_is_class(&m->likelihood)) {
    cred_likelihood_class_log_prob(out, &m->likelihood, outputs, n_rows);
    for (size_t i = 0; i < n_rows * v->width; i++) out[i] = exp(out[i]);
    return;
  }
  cred_likelihood_mean_var(out, v->var, &m->likelihood, outputs, noise, n_rows);
  for (size_t i = 0; i < n_rows * v->width; i++) {
    const size_t t = i % v->width;
    out[i] = cred__target_mean(m, t) + cred__target_sd(m, t) * out[i];
  }
}

cred_status cred_predictor_draws(double *out, cred_predictor *p, const cred_data *data) {
  const cred_model *model = cred__predictor_model(p);
  const cred_likelihood *lik = &model->likelihood;
  const bool classes = cred_likelihood_is_class(lik);
  draw_values v = {.model = model,
                   .out = out,
                   .n_rows = data->n_rows,
                   .width = classes ? lik->n_classes : lik->n_targets};
  TRY(NEW(&v.var, CRED__STRIP_ROWS * v.width, "variances of a draw"));
  const cred_status status = cred__predictor_each_draw(p, data, take_values, &v);
  cred__free(v.var);
  return status;
}

cred_status cred_model_function_draws(double *out, const cred_model *model,
                                      const cred_data *data, size_t n_draws,
                                      uint64_t seed, size_t n_threads) {
  cred_predict_options opt = cred_predict_defaults();
  opt.draws = CRED_DRAWS_FUNCTION;
  opt.n_draws = n_draws;
  opt.seed = seed;
  opt.n_threads = n_threads;
  opt.n_levels = 0;
  cred_predictor *p;
  TRY(cred_predictor_new(&p, model, &opt));
  const cred_status status = cred_predictor_draws(out, p, data);
  cred_predictor_free(p);
  return status;
}
