// act.c -- actions of a state under the same draws, scored by a risk.
//
// States are judged in blocks whose draws fit into memory. The noise of an outcome is a
// function of the draw alone: actions do not differ by luck.

#include "credence/decide/act.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "credence/metric/uncertainty.h"
#include "model/predict.h"
#include <math.h>
#include <string.h>

enum { BLOCK_VALUES = 1 << 22 };

cred_risk cred_risk_defaults(void) {
  const cred_risk risk = {
      .k = 1, .level = 0.1, .limit = 0, .delta = NAN, .n_draws = 1000, .seed = 1};
  return risk;
}

cred_status cred_risk_check(const cred_risk *r) {
  if ((unsigned)r->kind > CRED_RISK_BEST)
    FAIL(CRED_EINVAL,
         "risk %d is not one of mean, lcb, ucb, thompson, cvar, quantile, "
         "best",
         (int)r->kind);
  if ((unsigned)r->spread > CRED_SPREAD_FUNCTION)
    FAIL(CRED_EINVAL, "spread %d is not one of auto, outcome, function", (int)r->spread);
  if (!(r->k >= 0 && isfinite(r->k)))
    FAIL(CRED_EINVAL, "risk: k is %g, must be >= 0", r->k);
  if (!(r->level > 0 && r->level < 1))
    FAIL(CRED_EINVAL, "risk: level is %g, expected a number in (0, 1), such as 0.1",
         r->level);
  if (!isnan(r->delta) && !(r->delta >= 0 && r->delta <= 1))
    FAIL(CRED_EINVAL, "risk: delta is %g, must be in [0, 1]", r->delta);
  if (!isnan(r->delta) && isnan(r->limit))
    FAIL(CRED_EINVAL, "risk: the limit on the cost is no number");
  if (r->n_draws < 1 || r->n_draws > 1000000)
    FAIL(CRED_EINVAL, "draws: %zu given, 1 to 1000000 are possible", r->n_draws);
  return CRED_OK;
}

double cred_cvar_sorted(const double *sorted, size_t n, double level) {
  const double share = level * (double)n;
  size_t whole = (size_t)share;
  if (whole > n) whole = n;
  double sum = 0;
  for (size_t i = 0; i < whole; i++) sum += sorted[i];
  if (whole < n) sum += (share - (double)whole) * sorted[whole];
  return sum / fmin(share, (double)n);
}

// --- draws of one quantity ---

// What the draws of a block are turned into; NULL: not wanted.
typedef struct {
  const cred_quantity *quantity;
  size_t n_rows;
  double sign;
  double *mean;      // (S, B)
  double *outcome;   // (S n_each, B)
  size_t n_each;     // outcomes a draw
  double *noise_var; // (B) sum over draws
  double *above;     // (B) sum over draws of P(y > limit)
  double limit;
  cred_key noise_key;
  size_t n_draws;
} reading;

static bool is_class(const cred_quantity *q) {
  return cred_likelihood_is_class(cred_model_likelihood(q->model));
}

static void read_classes(reading *r, size_t draw, size_t first, size_t n_rows,
                         const cred_real *out) {
  const cred_likelihood *lik = cred_model_likelihood(r->quantity->model);
  const size_t n_out = cred_likelihood_n_outputs(lik);
  for (size_t i = 0; i < n_rows; i++) {
    double log_p[CRED_ACT_CLASSES];
    cred_likelihood_class_log_prob(log_p, lik, out + i * n_out, 1);
    const double p = exp(log_p[r->quantity->index]);
    const size_t at = draw * r->n_rows + first + i;
    if (r->mean) r->mean[at] = r->sign * p;
    for (size_t k = 0; r->outcome && k < r->n_each; k++)
      r->outcome[(draw * r->n_each + k) * r->n_rows + first + i] = r->sign * p;
    if (r->above) r->above[first + i] += p;
  }
}

static void read_numbers(reading *r, size_t draw, size_t first, size_t n_rows,
                         const cred_real *out, const cred_real *noise) {
  const cred_model *m = r->quantity->model;
  const cred_likelihood *lik = cred_model_likelihood(m);
  const size_t n_out = cred_likelihood_n_outputs(lik), t = r->quantity->index;
  const double centre = cred__target_mean(m, t), scale = cred__target_sd(m, t);
  const double factor = m->calibration.temperature; // of the sd
  double mean[16], var[16], y[16];
  for (size_t i = 0; i < n_rows; i++) {
    const size_t at = draw * r->n_rows + first + i;
    const cred_real *o = out + i * n_out;
    cred_likelihood_mean_var(mean, var, lik, o, noise, 1);
    if (r->mean) r->mean[at] = r->sign * (centre + scale * mean[t]);
    if (r->noise_var) r->noise_var[first + i] += factor * factor * scale * scale * var[t];
    if (r->above) {
      const double limit = mean[t] + ((r->limit - centre) / scale - mean[t]) / factor;
      r->above[first + i] += 1 - cred_likelihood_cdf(lik, o, noise, t, limit);
    }
    for (size_t k = 0; r->outcome && k < r->n_each; k++) {
      const size_t sample = draw * r->n_each + k;
      cred_likelihood_sample(y, lik, o, noise, &r->noise_key, sample);
      const double stretched = mean[t] + factor * (y[t] - mean[t]);
      r->outcome[sample * r->n_rows + first + i] = r->sign * (centre + scale * stretched);
    }
  }
}

static void read_strip(void *context, size_t draw, size_t first, size_t n_rows,
                       const cred_real *out, const cred_real *noise) {
  reading *r = context;
  if (is_class(r->quantity))
    read_classes(r, draw, first, n_rows, out);
  else
    read_numbers(r, draw, first, n_rows, out, noise);
  if (draw + 1 > r->n_draws) r->n_draws = draw + 1;
}

static cred_status read_draws(reading *r, const cred_data *data, const cred_risk *risk) {
  cred_predict_options opt = cred_predict_defaults();
  cred_predictor *predictor;
  opt.draws = CRED_DRAWS_FUNCTION;
  opt.n_draws = risk->n_draws;
  opt.seed = risk->seed;
  opt.n_threads = risk->n_threads;
  opt.n_levels = 0;
  const cred_key root = cred_key_make(risk->seed);
  r->noise_key = cred_key_derive(&root, CRED_FOR_OUTCOMES, 0);
  TRY(cred_predictor_new(&predictor, r->quantity->model, &opt));
  const cred_status status = cred__predictor_each_draw(predictor, data, read_strip, r);
  cred_predictor_free(predictor);
  return status;
}

static cred_status check_quantity(const cred_quantity *q, const char *what) {
  const cred_likelihood *lik = cred_model_likelihood(q->model);
  const size_t n = is_class(q) ? lik->n_classes : lik->n_targets;
  if (q->index >= n)
    FAIL(CRED_EINVAL, "act: the %s is %s %zu, the model has %zu", what,
         is_class(q) ? "class" : "target", q->index, n);
  if (is_class(q) && n > CRED_ACT_CLASSES)
    FAIL(CRED_EINVAL, "act: %zu classes, %d at most", n, CRED_ACT_CLASSES);
  return CRED_OK;
}

// Outcomes a draw of the function, so that there are as many as were asked for.
static size_t outcomes_each(const cred_quantity *q, const cred_risk *risk) {
  const size_t n = cred_posterior_n_draws(cred_model_posterior(q->model), risk->n_draws);
  return (risk->n_draws + n - 1) / n;
}

size_t cred_outcome_n_draws(const cred_quantity *q, const cred_risk *risk) {
  return outcomes_each(q, risk) *
         cred_posterior_n_draws(cred_model_posterior(q->model), risk->n_draws);
}

cred_status cred_outcome_draws(double *out, const cred_quantity *value,
                               const cred_data *data, const cred_risk *risk) {
  TRY(cred_risk_check(risk));
  TRY(check_quantity(value, "value"));
  reading r = {.quantity = value,
               .n_rows = data->n_rows,
               .sign = 1,
               .outcome = out,
               .n_each = outcomes_each(value, risk)};
  return read_draws(&r, data, risk);
}

// --- scores ---

typedef struct {
  const cred_risk *risk;
  cred_choices *out;
  size_t n_actions, n_draws, n_rows; // of the block
  size_t n_each;                     // outcomes a draw
  double *mean, *outcome;            // (S, B), (S n_each, B)
  double *noise_var, *above;         // (B)
  double *sorted;                    // (S)
} judging;

static bool of_function(const cred_risk *r) {
  if (r->spread != CRED_SPREAD_AUTO) return r->spread == CRED_SPREAD_FUNCTION;
  return r->kind == CRED_RISK_UCB;
}

static bool needs_outcomes(const cred_risk *r) {
  return !of_function(r) && (r->kind == CRED_RISK_CVAR || r->kind == CRED_RISK_QUANTILE);
}

static size_t sort_draws(judging *j, size_t row) {
  const bool outcomes = needs_outcomes(j->risk);
  const double *from = outcomes ? j->outcome : j->mean;
  const size_t n = outcomes ? j->n_draws * j->n_each : j->n_draws;
  for (size_t s = 0; s < n; s++) j->sorted[s] = from[s * j->n_rows + row];
  cred_sort(j->sorted, n);
  return n;
}

// Mean, both sds; the sums go on in the order of the draws.
static void add_moments(judging *j, size_t row, size_t at) {
  double mean = 0, square = 0;
  for (size_t s = 0; s < j->n_draws; s++) {
    const double d = j->mean[s * j->n_rows + row] - mean;
    mean += d / (double)(s + 1);
    square += d * (j->mean[s * j->n_rows + row] - mean);
  }
  const double epistemic = j->n_draws > 1 ? square / (double)(j->n_draws - 1) : 0;
  j->out->mean[at] = mean;
  j->out->sd_epistemic[at] = sqrt(epistemic);
  j->out->sd[at] = sqrt(epistemic + j->noise_var[row] / (double)j->n_draws);
}

// Draws in which an action has the largest mean; equal ones share the draw.
static void add_best(judging *j, size_t first, size_t at) {
  double *p = j->out->p_best + at;
  for (size_t s = 0; s < j->n_draws; s++) {
    const double *m = j->mean + s * j->n_rows + first;
    double top = m[0], n = 0;
    for (size_t a = 1; a < j->n_actions; a++) top = fmax(top, m[a]);
    for (size_t a = 0; a < j->n_actions; a++) n += m[a] == top;
    for (size_t a = 0; a < j->n_actions; a++)
      if (m[a] == top) p[a] += 1 / (n * (double)j->n_draws);
  }
}

static double score_of(judging *j, size_t row, size_t at, size_t thompson) {
  const cred_risk *r = j->risk;
  const double mean = j->out->mean[at];
  size_t n;
  const double sd = of_function(r) ? j->out->sd_epistemic[at] : j->out->sd[at];
  switch (r->kind) {
  case CRED_RISK_LCB:
    return mean - r->k * sd;
  case CRED_RISK_UCB:
    return mean + r->k * sd;
  case CRED_RISK_THOMPSON:
    return j->mean[thompson * j->n_rows + row];
  case CRED_RISK_CVAR:
    n = sort_draws(j, row);
    return cred_cvar_sorted(j->sorted, n, r->level);
  case CRED_RISK_QUANTILE:
    n = sort_draws(j, row);
    return cred_quantile_sorted(j->sorted, n, r->level);
  case CRED_RISK_BEST:
    return j->out->p_best[at];
  case CRED_RISK_MEAN:
    break;
  }
  return mean;
}

static bool is_allowed(const judging *j, size_t at) {
  return !j->out->p_cost || j->out->p_cost[at] <= j->risk->delta;
}

static void judge_state(judging *j, size_t state, size_t first) {
  const size_t n = j->n_actions, at = state * n;
  const cred_key root = cred_key_make(j->risk->seed);
  const cred_key key = cred_key_derive(&root, CRED_FOR_OUTCOMES, 1);
  const size_t thompson = (size_t)cred_key_below(&key, state, j->n_draws);
  size_t best = SIZE_MAX;
  add_best(j, first, at);
  for (size_t a = 0; a < n; a++) {
    add_moments(j, first + a, at + a);
    if (j->out->p_cost) j->out->p_cost[at + a] = j->above[first + a] / (double)j->n_draws;
    j->out->score[at + a] = score_of(j, first + a, at + a, thompson);
    if (!is_allowed(j, at + a)) continue;
    if (best == SIZE_MAX || j->out->score[at + a] > j->out->score[at + best]) best = a;
  }
  j->out->best[state] = best;
  for (size_t a = 0; a < n && j->risk->minimise; a++) j->out->mean[at + a] *= -1;
}

static cred_data rows_of(const cred_data *d, size_t first, size_t n) {
  cred_data part = *d;
  part.n_rows = n;
  part.x += first * d->n_inputs;
  part.y = part.weight = NULL;
  if (part.row) part.row += first;
  return part;
}

static cred_status judge_block(judging *j, const cred_quantity *value,
                               const cred_data *data, const cred_quantity *cost,
                               const cred_data *cost_data, size_t state) {
  const size_t first = state * j->n_actions;
  const cred_data part = rows_of(data, first, j->n_rows);
  reading r = {.quantity = value,
               .n_rows = j->n_rows,
               .sign = j->risk->minimise ? -1 : 1,
               .mean = j->mean,
               .outcome = needs_outcomes(j->risk) ? j->outcome : NULL,
               .n_each = j->n_each,
               .noise_var = j->noise_var};
  memset(j->noise_var, 0, j->n_rows * sizeof *j->noise_var);
  TRY(read_draws(&r, &part, j->risk));
  j->n_draws = r.n_draws;
  if (cost) {
    const cred_data cost_part = rows_of(cost_data, first, j->n_rows);
    reading c = {.quantity = cost,
                 .n_rows = j->n_rows,
                 .sign = 1,
                 .above = j->above,
                 .limit = j->risk->limit};
    memset(j->above, 0, j->n_rows * sizeof *j->above);
    TRY(read_draws(&c, &cost_part, j->risk));
    for (size_t i = 0; i < j->n_rows; i++) // its draws may be another number
      j->above[i] *= (double)j->n_draws / (double)c.n_draws;
  }
  for (size_t i = 0; i < j->n_rows / j->n_actions; i++)
    judge_state(j, state + i, i * j->n_actions);
  return CRED_OK;
}

static cred_status check(const cred_quantity *value, const cred_data *data,
                         const cred_quantity *cost, const cred_data *cost_data,
                         size_t n_actions, const cred_risk *risk) {
  TRY(cred_risk_check(risk));
  TRY(check_quantity(value, "value"));
  if (n_actions == 0 || data->n_rows == 0 || data->n_rows % n_actions)
    FAIL(CRED_EINVAL, "act: %zu rows are no whole number of states with %zu actions",
         data->n_rows, n_actions);
  if (!isnan(risk->delta) != (cost != NULL))
    FAIL(CRED_EINVAL, "act: a constraint takes a cost and a delta, only one is given");
  if (!cost) return CRED_OK;
  TRY(check_quantity(cost, "cost"));
  if (!cost_data || cost_data->n_rows != data->n_rows)
    FAIL(CRED_EINVAL, "act: the cost has %zu rows, the value %zu",
         cost_data ? cost_data->n_rows : 0, data->n_rows);
  return CRED_OK;
}

static cred_status choices_new(cred_choices *c, size_t n_states, size_t n_actions,
                               bool cost) {
  const size_t n = n_states * n_actions;
  *c = (cred_choices){.n_states = n_states, .n_actions = n_actions};
  TRY(NEW(&c->best, n_states, "choices"));
  TRY(NEW(&c->score, n, "choices"));
  TRY(NEW(&c->mean, n, "choices"));
  TRY(NEW(&c->sd, n, "choices"));
  TRY(NEW(&c->sd_epistemic, n, "choices"));
  TRY(NEW(&c->p_best, n, "choices"));
  return cost ? NEW(&c->p_cost, n, "choices") : CRED_OK;
}

cred_status cred_choices_init(cred_choices *out, const cred_quantity *value,
                              const cred_data *data, const cred_quantity *cost,
                              const cred_data *cost_data, size_t n_actions,
                              const cred_risk *risk) {
  *out = (cred_choices){0};
  TRY(check(value, data, cost, cost_data, n_actions, risk));
  const size_t n_states = data->n_rows / n_actions;
  const size_t n_draws =
      cred_posterior_n_draws(cred_model_posterior(value->model), risk->n_draws);
  const size_t n_each = outcomes_each(value, risk);
  size_t block = BLOCK_VALUES / (n_draws * n_each * n_actions);
  if (block < 1) block = 1;
  if (block > n_states) block = n_states;
  const size_t room = block * n_actions;
  judging j = {.risk = risk, .out = out, .n_actions = n_actions, .n_each = n_each};
  cred_status status;
  TRY_DONE(choices_new(out, n_states, n_actions, cost != NULL));
  TRY_DONE(NEW(&j.mean, n_draws * room, "draws of actions"));
  if (needs_outcomes(risk))
    TRY_DONE(NEW(&j.outcome, n_draws * n_each * room, "draws of actions"));
  TRY_DONE(NEW(&j.noise_var, room, "draws of actions"));
  TRY_DONE(NEW(&j.above, room, "draws of actions"));
  TRY_DONE(NEW(&j.sorted, n_draws * n_each, "draws of actions"));
  for (size_t state = 0; state < n_states; state += block) {
    const size_t left = n_states - state;
    j.n_rows = (left < block ? left : block) * n_actions;
    TRY_DONE(judge_block(&j, value, data, cost, cost_data, state));
  }
done:
  cred__free(j.mean);
  cred__free(j.outcome);
  cred__free(j.noise_var);
  cred__free(j.above);
  cred__free(j.sorted);
  if (status != CRED_OK) cred_choices_clear(out);
  return status;
}

void cred_choices_clear(cred_choices *c) {
  double *const arrays[] = {c->score,        c->mean,   c->sd,
                            c->sd_epistemic, c->p_best, c->p_cost};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) cred__free(arrays[i]);
  cred__free(c->best);
  *c = (cred_choices){0};
}
