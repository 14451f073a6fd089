// likelihood.c -- kinds of likelihood: text, sizes, ranges, and one evaluation of a
// block.

#include "prob/likelihood.h"
#include "base/fail.h"
#include "base/text.h"
#include "prob/words.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// In the order of cred_likelihood_kind.
static const char *const names[] = {"gaussian",  "heteroscedastic",  "mixture",
                                    "student-t", "bernoulli",        "categorical",
                                    "poisson",   "noisy-categorical"};
static const cred__lik_eval evals[] = {cred__lik_gaussian,  cred__lik_heteroscedastic,
                                       cred__lik_mixture,   cred__lik_student_t,
                                       cred__lik_bernoulli, cred__lik_categorical,
                                       cred__lik_poisson,   cred__lik_noisy};
enum { N_KINDS = CRED_LIK_NOISY_CATEGORICAL + 1 };
_Static_assert(sizeof names / sizeof *names == N_KINDS, "each kind has a name");
_Static_assert(sizeof evals / sizeof *evals == N_KINDS, "each kind has a density");

#define START_SD  0.4
#define START_DOF 10.0
enum { NOISY_DRAWS = 10 };

cred_status cred_likelihood_check(const cred_likelihood *l) {
  if ((unsigned)l->kind >= N_KINDS)
    FAIL(CRED_EINVAL, "likelihood: kind %d does not exist", (int)l->kind);
  const char *name = names[l->kind];
  if (l->n_targets < 1) FAIL(CRED_EINVAL, "likelihood '%s': no target", name);
  if (!(l->sd >= 0 && isfinite(l->sd)))
    FAIL(CRED_EINVAL,
         "likelihood '%s': the noise sd is %g, must be > 0, or 0 to learn it", name,
         l->sd);
  if (l->kind == CRED_LIK_STUDENT_T && l->dof != 0 && !(l->dof > 2 && isfinite(l->dof)))
    FAIL(CRED_EINVAL,
         "likelihood 'student-t': dof is %g, must be > 2 (a variance), or 0 to "
         "learn it",
         l->dof);
  if (l->kind == CRED_LIK_MIXTURE &&
      (l->n_components < 1 || l->n_components > CRED__MIXTURE_MAX))
    FAIL(CRED_EINVAL, "likelihood 'mixture': %zu components, 1 to %d are possible",
         l->n_components, CRED__MIXTURE_MAX);
  if (l->kind == CRED_LIK_BERNOULLI && l->n_classes != 2)
    FAIL(CRED_EINVAL, "likelihood 'bernoulli': %zu classes, must be 2", l->n_classes);
  const bool noisy = l->kind == CRED_LIK_NOISY_CATEGORICAL;
  if ((l->kind == CRED_LIK_CATEGORICAL || noisy) &&
      (l->n_classes < 2 || l->n_classes > CRED__CLASSES_MAX))
    FAIL(CRED_EINVAL, "likelihood '%s': %zu classes, 2 to %d are possible", name,
         l->n_classes, CRED__CLASSES_MAX);
  if (noisy && (l->n_draws < 1 || l->n_draws > CRED__NOISY_DRAWS_MAX))
    FAIL(CRED_EINVAL, "likelihood '%s': %zu draws of the noise, 1 to %d are possible",
         name, l->n_draws, CRED__NOISY_DRAWS_MAX);
  if (cred_likelihood_is_class(l) && l->n_targets != 1)
    FAIL(CRED_EINVAL, "likelihood '%s': %zu targets, must be 1", name, l->n_targets);
  return CRED_OK;
}

// A count of `what`, 1 to max; as it was where none is given.
static cred_status parse_count(size_t *out, cred__words *words, const char *what,
                               size_t max) {
  double n = (double)*out;
  char about[64];
  snprintf(about, sizeof about, "the number of %s", what);
  TRY(cred__words_number(&n, words, about));
  if (!(n >= 1 && n <= (double)max && n == floor(n)))
    FAIL(CRED_EINVAL, "likelihood '%s': %s must be a whole number, 1 to %zu", words->text,
         what, max);
  *out = (size_t)n;
  return CRED_OK;
}

cred_status cred_likelihood_parse(cred_likelihood *out, const char *text) {
  cred_likelihood lik = {.n_targets = 1, .n_classes = 2};
  cred__words words;
  size_t kind = 0;
  TRY(cred__words_init(&words, "likelihood", text));
  TRY(cred__words_kind(&kind, &words, names, N_KINDS));
  lik.kind = (cred_likelihood_kind)kind;
  if (lik.kind == CRED_LIK_GAUSSIAN)
    TRY(cred__words_number(&lik.sd, &words, "the noise sd"));
  if (lik.kind == CRED_LIK_STUDENT_T) {
    TRY(cred__words_number(&lik.dof, &words, "the degrees of freedom"));
    TRY(cred__words_number(&lik.sd, &words, "the scale of the noise"));
  }
  if (lik.kind == CRED_LIK_MIXTURE) {
    lik.n_components = 3;
    TRY(parse_count(&lik.n_components, &words, "components", CRED__MIXTURE_MAX));
  }
  if (lik.kind == CRED_LIK_NOISY_CATEGORICAL) {
    lik.n_draws = NOISY_DRAWS;
    TRY(parse_count(&lik.n_draws, &words, "draws", CRED__NOISY_DRAWS_MAX));
  }
  TRY(cred__words_end(&words));
  TRY(cred_likelihood_check(&lik));
  *out = lik;
  return CRED_OK;
}

void cred_likelihood_format(char *out, size_t n_bytes, const cred_likelihood *lik) {
  char sd[CRED__NUMBER_BYTES], dof[CRED__NUMBER_BYTES];
  const char *name = names[lik->kind];
  const bool is_student = lik->kind == CRED_LIK_STUDENT_T;
  cred__format_double(sd, lik->sd);
  cred__format_double(dof, lik->dof);
  if (lik->kind == CRED_LIK_MIXTURE)
    snprintf(out, n_bytes, "%s %zu", name, lik->n_components);
  else if (lik->kind == CRED_LIK_NOISY_CATEGORICAL)
    snprintf(out, n_bytes, "%s %zu", name, lik->n_draws);
  else if (is_student && lik->sd > 0)
    snprintf(out, n_bytes, "%s %s %s", name, dof, sd);
  else if (is_student && lik->dof > 0)
    snprintf(out, n_bytes, "%s %s", name, dof);
  else if (lik->kind == CRED_LIK_GAUSSIAN && lik->sd > 0)
    snprintf(out, n_bytes, "%s %s", name, sd);
  else
    snprintf(out, n_bytes, "%s", name);
}

bool cred_likelihood_is_class(const cred_likelihood *lik) {
  return lik->kind == CRED_LIK_BERNOULLI || lik->kind == CRED_LIK_CATEGORICAL ||
         lik->kind == CRED_LIK_NOISY_CATEGORICAL;
}

size_t cred_likelihood_n_outputs(const cred_likelihood *lik) {
  switch (lik->kind) {
  case CRED_LIK_HETEROSCEDASTIC:
    return 2 * lik->n_targets;
  case CRED_LIK_MIXTURE:
    return 3 * lik->n_components * lik->n_targets;
  case CRED_LIK_CATEGORICAL:
    return lik->n_classes;
  case CRED_LIK_NOISY_CATEGORICAL:
    return 2 * lik->n_classes;
  default:
    return lik->n_targets;
  }
}

size_t cred__lik_params_each(const cred_likelihood *lik) {
  if (lik->kind == CRED_LIK_GAUSSIAN) return lik->sd == 0;
  if (lik->kind == CRED_LIK_STUDENT_T) return (size_t)(lik->sd == 0) + (lik->dof == 0);
  return 0;
}

size_t cred_likelihood_n_params(const cred_likelihood *lik) {
  return cred__lik_params_each(lik) * lik->n_targets;
}

void cred_likelihood_init(cred_real *params, const cred_likelihood *lik) {
  for (size_t t = 0; t < lik->n_targets; t++) {
    if (lik->kind != CRED_LIK_GAUSSIAN && lik->kind != CRED_LIK_STUDENT_T) return;
    if (lik->sd == 0) *params++ = (cred_real)log(START_SD);
    if (lik->kind == CRED_LIK_STUDENT_T && lik->dof == 0)
      *params++ = (cred_real)log(START_DOF - 2.0);
  }
}

cred__lik_noise cred__lik_noise_at(const cred_likelihood *lik, const cred_real *params,
                                   size_t t) {
  cred__lik_noise noise = {.scale = lik->sd, .dof = lik->dof};
  const size_t each = cred__lik_params_each(lik);
  if (lik->sd == 0)
    noise.log_scale =
        cred__hold(&noise.dlog_scale, (double)params[t * each], 2 * CRED__LOG_SD_LIMIT);
  else
    noise.log_scale = log(lik->sd);
  noise.scale = exp(noise.log_scale);
  if (lik->kind == CRED_LIK_STUDENT_T && lik->dof == 0) {
    const double eta = (double)params[(t + 1) * each - 1];
    const double excess = exp(cred__hold(&noise.ddof, eta, CRED__LOG_VAR_LIMIT));
    noise.dof = 2.0 + excess;
    noise.ddof *= excess;
  }
  return noise;
}

double cred_likelihood_log_prob(double *row_log_prob, cred_real *dout, cred_real *dparams,
                                const cred_likelihood *lik, const cred_real *out,
                                const cred_real *y, const cred_real *params,
                                const cred_real *weight, size_t n_rows,
                                const cred_key *key) {
  const cred__lik_block block = {.lik = lik,
                                 .out = out,
                                 .y = y,
                                 .params = params,
                                 .weight = weight,
                                 .dout = dout,
                                 .dparams = dparams,
                                 .row_log_prob = row_log_prob,
                                 .n_rows = n_rows,
                                 .n_outputs = cred_likelihood_n_outputs(lik),
                                 .key = key};
  if (row_log_prob) memset(row_log_prob, 0, n_rows * sizeof *row_log_prob);
  double sum = 0;
  for (size_t t = 0; t < lik->n_targets; t++) sum += evals[lik->kind](&block, t);
  return sum;
}
