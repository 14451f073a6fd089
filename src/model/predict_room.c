// predict_room.c -- options of a prediction checked; its arrays, grown to the largest
// block asked.

#include "model/predict.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "kernel/update.h"

void cred__prediction_clear(cred_prediction *r) {
  double *const numbers[] = {r->mean,
                             r->sd,
                             r->sd_epistemic,
                             r->sd_aleatoric,
                             r->quantile,
                             r->lower,
                             r->upper,
                             r->prob,
                             r->entropy,
                             r->expected_entropy,
                             r->mutual_information,
                             r->sd_logit,
                             r->log_prob,
                             r->pit,
                             r->crps};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) cred__free(numbers[i]);
  cred__free(r->label);
  cred__free(r->set);
}

static cred_status grow(double **array, size_t n_old, size_t n, bool wanted) {
  if (!wanted) return CRED_OK;
  return RESIZE(array, *array ? n_old : 0, n, "predictions");
}

cred_status cred__prediction_room(cred_prediction *r, size_t *n_rows,
                                  const cred_model *model, size_t n_levels, size_t n,
                                  bool observed) {
  const cred_likelihood *lik = &model->likelihood;
  const bool classes = cred_likelihood_is_class(lik), numbers = !classes;
  const bool fitted = model->calibration.fitted;
  const size_t t = lik->n_targets, c = lik->n_classes, l = n_levels;
  if (n > *n_rows || (observed && !r->log_prob)) {
    const size_t old = *n_rows;
    if (n < old) n = old;
    TRY(grow(&r->mean, old * t, n * t, numbers));
    TRY(grow(&r->sd, old * t, n * t, numbers));
    TRY(grow(&r->sd_epistemic, old * t, n * t, numbers));
    TRY(grow(&r->sd_aleatoric, old * t, n * t, numbers));
    TRY(grow(&r->quantile, old * t * l, n * t * l, numbers && l > 0));
    TRY(grow(&r->lower, old * t, n * t, numbers && fitted));
    TRY(grow(&r->upper, old * t, n * t, numbers && fitted));
    TRY(grow(&r->prob, old * c, n * c, classes));
    TRY(grow(&r->entropy, old, n, classes));
    TRY(grow(&r->expected_entropy, old, n, classes));
    TRY(grow(&r->mutual_information, old, n, classes));
    TRY(grow(&r->sd_logit, old, n, classes && c == 2));
    TRY(grow(&r->log_prob, old, n, observed));
    TRY(grow(&r->pit, old * t, n * t, observed && numbers));
    TRY(grow(&r->crps, old * t, n * t, observed && numbers));
    if (classes) TRY(RESIZE(&r->label, r->label ? old : 0, n, "predictions"));
    if (classes && fitted)
      TRY(RESIZE(&r->set, r->set ? old * c : 0, n * c, "predictions"));
    *n_rows = n;
  }
  r->n_targets = t;
  r->n_classes = classes ? c : 0;
  r->n_levels = l;
  return CRED_OK;
}

cred_status cred__predict_check(const cred_predict_options *opt, const cred_model *m) {
  if (opt->draws < CRED_DRAWS_AUTO || opt->draws > CRED_DRAWS_MOMENTS)
    FAIL(CRED_EINVAL, "draws %d is not one of auto, function, row, mean, moments",
         (int)opt->draws);
  if (opt->n_draws < 1 || opt->n_draws > 1000000)
    FAIL(CRED_EINVAL, "draws: %zu given, 1 to 1000000 are possible", opt->n_draws);
  if (!(opt->mc_error >= 0))
    FAIL(CRED_EINVAL, "mc_error is %g, must be >= 0", opt->mc_error);
  for (size_t i = 0; i < opt->n_levels; i++)
    if (!(opt->levels[i] > 0 && opt->levels[i] < 1))
      FAIL(CRED_EINVAL, "quantile level %g must be in (0, 1)", opt->levels[i]);
  if (m->schema->pixels.per_pixel)
    FAIL(CRED_ECONFIG, "the model has a class a pixel: it segments (cred_segmenter_new)");
  if (m->likelihood.n_targets > 16)
    FAIL(CRED_EINVAL, "%zu targets: 16 at most", m->likelihood.n_targets);
  return CRED_OK;
}

bool cred__predict_finite(const cred_model *m) {
  const cred_real limit = (cred_real)1e15;
  bool finite = true;
  for (size_t i = 0; i < m->posterior->n_members; i++) {
    const cred_member *member = &m->posterior->members[i];
    finite &= cred__all_within(member->mean, limit, m->dim);
    if (member->sd) finite &= cred__all_within(member->sd, limit, m->dim);
  }
  return finite;
}
