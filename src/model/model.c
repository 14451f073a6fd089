// model.c -- a model put together from its plan and its columns, and what it tells of
// itself.

#include "model/model.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include "prob/likelihood.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void cred__member_state_clear(cred__member_state *state) {
  for (size_t i = 0; i < state->n_arrays; i++) {
    if (state->arrays) cred__free(state->arrays[i]);
    if (state->names) cred__free(state->names[i]);
  }
  cred__free(state->arrays);
  cred__free(state->names);
  cred__free(state->history);
  *state = (cred__member_state){0};
}

void cred_model_free(cred_model *model) {
  if (!model) return;
  if (model->states)
    for (size_t i = 0; i < model->plan.n_members; i++)
      cred__member_state_clear(&model->states[i]);
  cred__free(model->states);
  cred__plan_clear(&model->plan);
  cred_schema_free(model->schema);
  cred_network_free(model->network);
  if (model->slice_names)
    for (size_t i = 0; i < model->n_slices; i++) cred__free(model->slice_names[i]);
  cred__free(model->slice_names);
  cred__free(model->slices);
  cred_posterior_free(model->posterior);
  cred__free(model->rows);
  cred__free(model->history);
  cred__free(model->report);
  cred__free(model->rule);
  cred__free(model);
}

cred_status cred_model_set_rule(cred_model *model, const char *json) {
  char *copy = NULL;
  if (json && strlen(json) > CRED__RULE_BYTES)
    FAIL(CRED_EINVAL, "a rule of %zu bytes, at most %d are kept in a model", strlen(json),
         (int)CRED__RULE_BYTES);
  if (json) TRY(cred__strdup(&copy, json));
  cred__free(model->rule);
  model->rule = copy;
  return CRED_OK;
}

const char *cred_model_rule(const cred_model *m) {
  return m->rule;
}

// Targets of the schema against the likelihood; sets its counts.
static cred_status fit_likelihood(cred_model *m) {
  const cred_schema *schema = m->schema;
  cred_likelihood *lik = &m->likelihood;
  TRY(cred_likelihood_parse(lik, m->plan.likelihood));
  lik->n_targets = schema->n_targets;
  for (size_t t = 0; t < schema->n_targets; t++) {
    const cred_schema_target *target = &schema->targets[t];
    const bool is_class = target->type == CRED_TARGET_CLASS;
    if (is_class != cred_likelihood_is_class(lik))
      FAIL(CRED_ECONFIG, "likelihood '%s' does not fit the target '%s', which is %s",
           m->plan.likelihood, target->name, is_class ? "a class" : "a number");
    if (!is_class &&
        (lik->kind == CRED_LIK_POISSON) != (target->type == CRED_TARGET_COUNT))
      FAIL(CRED_ECONFIG,
           "likelihood '%s' does not fit the target '%s': counts take 'poisson' "
           "and task 'count'",
           m->plan.likelihood, target->name);
    if (!is_class) continue;
    if (schema->n_targets > 1)
      FAIL(CRED_ECONFIG,
           "%zu targets of which '%s' is a class: several targets are possible "
           "for numbers only",
           schema->n_targets, target->name);
    if (lik->kind == CRED_LIK_BERNOULLI && target->n_classes != 2)
      FAIL(CRED_ECONFIG,
           "likelihood 'bernoulli' is for 2 classes, the target '%s' has %zu: use "
           "'categorical'",
           target->name, target->n_classes);
    lik->n_classes = target->n_classes;
  }
  return cred_likelihood_check(lik);
}

static cred_status add_slice(cred_model *m, cred_slice slice, const char *name,
                             const char *suffix) {
  cred__text text = {0};
  cred__text_printf(&text, "%s%s", name, suffix);
  TRY(cred__text_status(&text));
  m->slice_names[m->n_slices] = text.s;
  slice.name = text.s;
  m->slices[m->n_slices++] = slice;
  return CRED_OK;
}

// Scales are learned for slices that have a prior.
static bool learns_scale(const cred_model *m, size_t i) {
  return m->prior.scale == CRED_SCALE_LEARNED &&
         !cred_network_get_slice(m->network, i).is_point;
}

// A slice of the network; log_sd: place of its learned scale, if it has one.
static cred_slice network_slice(const cred_model *m, size_t i, size_t log_sd) {
  const cred_network_slice s = cred_network_get_slice(m->network, i);
  cred_slice slice = {.offset = s.offset,
                      .n = s.n,
                      .n_dims = s.n_dims,
                      .fan_in = s.fan_in,
                      .kind = s.is_point ? CRED_SLICE_POINT : CRED_SLICE_BAYESIAN,
                      .log_sd = learns_scale(m, i) ? log_sd : CRED_NO_INDEX};
  if (!s.is_point) slice.prior = cred_prior_resolve(&m->prior, s.fan_in, s.is_bias);
  memcpy(slice.shape, s.shape, sizeof slice.shape);
  return slice;
}

// Slices of the network, of the noise and of learned prior scales, in this order.
static cred_status make_slices(cred_model *m) {
  const size_t n = cred_network_n_slices(m->network);
  const size_t n_noise = cred_likelihood_n_params(&m->likelihood);
  TRY(NEW(&m->slices, 2 * n + 1, "slices"));
  TRY(NEW(&m->slice_names, 2 * n + 1, "slices"));
  m->noise_offset = cred_network_n_params(m->network);
  m->dim = m->noise_offset + n_noise;
  for (size_t i = 0; i < n; i++) {
    TRY(add_slice(m, network_slice(m, i, m->dim),
                  cred_network_get_slice(m->network, i).name, ""));
    m->dim += learns_scale(m, i);
  }
  cred_slice tail = {.offset = m->noise_offset,
                     .n = n_noise,
                     .shape = {n_noise},
                     .n_dims = 1,
                     .kind = CRED_SLICE_POINT,
                     .log_sd = CRED_NO_INDEX};
  if (n_noise) TRY(add_slice(m, tail, "noise", ""));
  for (size_t i = 0; i < n; i++) {
    if (!learns_scale(m, i)) continue;
    tail.offset = m->slices[i].log_sd;
    tail.n = tail.shape[0] = 1;
    TRY(add_slice(m, tail, m->slices[i].name, ".prior_log_sd"));
  }
  return CRED_OK;
}

cred_status cred__model_assemble(cred_model **out, cred__plan *plan,
                                 cred_schema *schema) {
  *out = NULL;
  cred_model *m = NULL;
  cred_status status = NEW(&m, 1, "a model");
  if (status != CRED_OK) {
    cred__plan_clear(plan);
    cred_schema_free(schema);
    return status;
  }
  m->plan = *plan;
  *plan = (cred__plan){0};
  m->schema = schema;
  m->calibration.temperature = 1;
  TRY_DONE(cred_prior_parse(&m->prior, m->plan.prior));
  TRY_DONE(fit_likelihood(m));
  TRY_DONE(cred_network_parse_shaped(&m->network, m->plan.net, schema->shape,
                                     cred_likelihood_n_outputs(&m->likelihood),
                                     schema->pixels.per_pixel));
  if (m->plan.posterior == CRED_FIT_DROPOUT && !cred_network_has_dropout(m->network))
    FAIL_DONE(
        CRED_ECONFIG,
        "posterior dropout with the network '%s' and rate %g: nothing is "
        "ever dropped. Give --dropout a rate above 0 and the network a hidden layer, or "
        "take --posterior vi or map",
        m->plan.net, m->plan.dropout);
  cred__free(m->plan.net);
  m->plan.net = NULL;
  TRY_DONE(cred__strdup(&m->plan.net, cred_network_text(m->network)));
  TRY_DONE(make_slices(m));
  *out = m;
  m = NULL;
done:
  cred_model_free(m);
  return status;
}

cred_status cred__model_make_members(cred_model *m) {
  const cred_posterior_kind kinds[] = {[CRED_FIT_VI] = CRED_POSTERIOR_GAUSSIAN,
                                       [CRED_FIT_MAP] = CRED_POSTERIOR_POINT,
                                       [CRED_FIT_DROPOUT] = CRED_POSTERIOR_DROPOUT};
  TRY(cred_posterior_new(&m->posterior, kinds[m->plan.posterior], m->dim,
                         m->plan.n_members));
  return NEW(&m->states, m->plan.n_members, "members");
}

const cred_network *cred_model_network(const cred_model *m) {
  return m->network;
}
const cred_schema *cred_model_schema(const cred_model *m) {
  return m->schema;
}
const cred_likelihood *cred_model_likelihood(const cred_model *m) {
  return &m->likelihood;
}
const cred_posterior *cred_model_posterior(const cred_model *m) {
  return m->posterior;
}
size_t cred_model_n_slices(const cred_model *m) {
  return m->n_slices;
}
const cred_slice *cred_model_slice(const cred_model *m, size_t i) {
  return &m->slices[i];
}
const char *cred_model_report(const cred_model *m) {
  return m->report;
}
bool cred_model_is_calibrated(const cred_model *m) {
  return m->calibration.fitted;
}
bool cred_model_can_resume(const cred_model *m) {
  return m->states[0].n_arrays > 0;
}
bool cred_model_is_finished(const cred_model *m) {
  for (size_t k = 0; k < m->plan.n_members; k++) {
    const cred__member_state *s = &m->states[k];
    // the last epoch planned is always recorded
    const double last = s->n_history ? s->history[4 * (s->n_history - 1)] : 0;
    if (!s->done && last < (double)m->plan.epochs) return false;
  }
  return true;
}
size_t cred_model_n_history(const cred_model *m) {
  return m->n_history;
}
cred_history_row cred_model_history(const cred_model *m, size_t i) {
  return m->history[i];
}

const cred_real *cred_model_noise(const cred_model *m, size_t member) {
  return m->posterior->members[member].mean + m->noise_offset;
}

double cred__target_mean(const cred_model *m, size_t t) {
  return m->schema->targets[t].mean;
}
double cred__target_sd(const cred_model *m, size_t t) {
  return m->schema->targets[t].sd;
}

double cred_model_noise_sd(const cred_model *m, size_t target) {
  const cred_likelihood *lik = &m->likelihood;
  if (lik->kind != CRED_LIK_GAUSSIAN && lik->kind != CRED_LIK_STUDENT_T) return NAN;
  double sum = 0, mean[64], var[64];
  const cred_real out[64] = {0};
  if (lik->n_targets > 64) return NAN;
  for (size_t i = 0; i < m->posterior->n_members; i++) {
    cred_likelihood_mean_var(mean, var, lik, out, cred_model_noise(m, i), 1);
    sum += sqrt(var[target]);
  }
  return cred__target_sd(m, target) * sum / (double)m->posterior->n_members;
}

double cred_model_noise_dof(const cred_model *m, size_t target) {
  if (m->likelihood.kind != CRED_LIK_STUDENT_T) return NAN;
  double sum = 0;
  for (size_t i = 0; i < m->posterior->n_members; i++)
    sum +=
        log(cred__lik_noise_at(&m->likelihood, cred_model_noise(m, i), target).dof - 2);
  return 2 + exp(sum / (double)m->posterior->n_members);
}

// The mean over members of what each recorded; a member that ended early counts as it
// ended.
cred_status cred__model_make_history(cred_model *m) {
  size_t n = 0;
  for (size_t k = 0; k < m->plan.n_members; k++)
    if (m->states[k].n_history > n) n = m->states[k].n_history;
  cred__free(m->history);
  m->history = NULL;
  m->n_history = 0;
  TRY(NEW(&m->history, n, "the history"));
  for (size_t i = 0; i < n; i++) {
    double sum[3] = {0}, n_members = 0, epoch = 0;
    for (size_t k = 0; k < m->plan.n_members; k++) {
      const cred__member_state *s = &m->states[k];
      if (i >= s->n_history) continue;
      for (int j = 0; j < 3; j++) sum[j] += s->history[4 * i + 1 + (size_t)j];
      epoch = s->history[4 * i];
      n_members++;
    }
    m->history[i] = (cred_history_row){.epoch = (size_t)epoch,
                                       .log_lik = sum[0] / n_members,
                                       .kl = sum[1] / n_members,
                                       .validation = sum[2] / n_members};
  }
  m->n_history = n;
  return CRED_OK;
}
