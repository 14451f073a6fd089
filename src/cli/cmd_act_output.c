// cmd_act_output.c -- the scores of actions as lines, what was chosen, and the figure of
// one state.

#include "base/alloc.h"
#include "base/file.h"
#include "cli/cmd_act.h"
#include "cli/line.h"
#include "credence/metric/uncertainty.h"
#include "credence/plot/plot.h"
#include <math.h>
#include <string.h>

static void put_number(cred__text *line, bool json, const char *name, double value) {
  cli_line_key(line, json, name, false);
  cli_line_number(line, json, value);
}

static bool is_excluded(const cli__act *all, size_t at) {
  return all->choices.p_cost && !(all->choices.p_cost[at] <= all->risk.delta);
}

static void put_reason(cred__text *line, bool json, const cli__act *all, size_t at) {
  char text[128] = "";
  if (is_excluded(all, at))
    snprintf(text, sizeof text, "p_cost %.4g is above %g", all->choices.p_cost[at],
             all->risk.delta);
  cli_line_key(line, json, "excluded", false);
  cli_line_text(line, json, text);
}

static void put_state(cred__text *line, bool json, const cli__act *all, size_t state) {
  const char *id = cred_model_schema(all->model)->id;
  cli_line_key(line, json, "row", true);
  cred__text_printf(line, "%zu", cli__act_row(all, state));
  if (!id) return;
  cli_line_key(line, json, "id", false);
  if (cred_table_find(all->states, id) != SIZE_MAX)
    cli_line_cell(line, json, all->states, state, id);
  else
    cli_line_text(line, json, "");
}

static void put_end(cred__text *line, bool json, const cli__act *all, size_t state) {
  cli_kept_put(line, json, &all->kept, state);
  cli_line_put(line, json ? "}\n" : "\n");
}

// Of a state in which no action is allowed: that, and nothing else.
static void put_none(cred__text *line, bool json, const cli__act *all, size_t state) {
  put_state(line, json, all, state);
  if (json)
    cli_line_put(line, ",\"action\":null,\"chosen\":false,"
                       "\"excluded\":\"every action is left out\"");
  else
    cli_line_put(line, ",,no,,,,,,,every action is left out");
  put_end(line, json, all, state);
}

static void put_line(cred__text *line, bool json, const cli__act *all, size_t state,
                     size_t action) {
  const cred_choices *c = &all->choices;
  const size_t at = state * c->n_actions + action;
  const bool chosen = c->best[state] == action;
  put_state(line, json, all, state);
  cli_line_key(line, json, "action", false);
  cli_line_text(line, json, all->names[action]);
  cli_line_key(line, json, "chosen", false);
  cli_line_put(line, json ? (chosen ? "true" : "false") : chosen ? "yes" : "no");
  put_number(line, json, "score", c->score[at]);
  put_number(line, json, "mean", c->mean[at]);
  put_number(line, json, "sd", c->sd[at]);
  put_number(line, json, "sd_epistemic", c->sd_epistemic[at]);
  put_number(line, json, "p_best", c->p_best[at]);
  if (c->p_cost) put_number(line, json, "p_cost", c->p_cost[at]);
  if (c->p_cost) put_reason(line, json, all, at);
  put_end(line, json, all, state);
}

static cred_status write_head(FILE *file, const cli__act *all) {
  cred__text line = {0};
  cred__text_printf(&line, "row%s,action,chosen,score,mean,sd,sd_epistemic,p_best%s",
                    cred_model_schema(all->model)->id ? ",id" : "",
                    all->choices.p_cost ? ",p_cost,excluded" : "");
  cli_kept_head(&line, &all->kept);
  cli_line_put(&line, "\n");
  const cred_status status = cli_line_write(file, &line);
  cred__text_clear(&line);
  return status;
}

static cred_status write_lines(FILE *file, const cli__act *all) {
  const bool json = cli_flag(all->args, "json"), few = cli_flag(all->args, "best-only");
  const cred_choices *c = &all->choices;
  cred__text line = {0};
  cred_status status = json ? CRED_OK : write_head(file, all);
  for (size_t i = 0; i < c->n_states; i++) {
    for (size_t a = 0; status == CRED_OK && a < c->n_actions; a++) {
      if (few && c->best[i] != a) continue;
      line.n = 0;
      put_line(&line, json, all, i, a);
      status = cli_line_write(file, &line);
    }
    if (!few || c->best[i] != SIZE_MAX || status != CRED_OK) continue;
    line.n = 0;
    put_none(&line, json, all, i);
    status = cli_line_write(file, &line);
  }
  cred__text_clear(&line);
  return status;
}

cred_status cli__act_write(const cli__act *all, const char *path) {
  cred__writer writer;
  TRY(cred__writer_init(&writer, path));
  const cred_status status = write_lines(writer.file, all);
  if (status == CRED_OK) return cred__writer_commit(&writer);
  cred__writer_abort(&writer);
  return status;
}

// "the probability of 'yes'", or the target's name.
static const char *quantity_text(char out[128], const cred_quantity *q) {
  const cred_schema_target *t = cred_model_schema(q->model)->targets;
  if (t->type == CRED_TARGET_CLASS)
    snprintf(out, 128, "probability of %.80s", t->classes[q->index]);
  else
    snprintf(out, 128, "%.80s", t[q->index].name);
  return out;
}

// States in which all actions have the same score: nothing but their order chooses.
static size_t count_ties(const cli__act *all) {
  const cred_choices *c = &all->choices;
  size_t n = 0;
  for (size_t i = 0; i < c->n_states && c->n_actions > 1; i++) {
    const size_t first = i * c->n_actions;
    bool tie = true;
    for (size_t a = 1; a < c->n_actions && tie; a++)
      tie =
          c->score[first + a] == c->score[first] && c->mean[first + a] == c->mean[first];
    n += tie;
  }
  return n;
}

// The states that were left out, the first of them by their rows.
static void say_left_out(const cli__act *all) {
  enum { SHOWN_MAX = 10 };
  cred__text list = {0};
  size_t n = 0;
  if (!all->n_left_out) return;
  for (size_t row = 0, i = 0; n < all->n_left_out && n < SHOWN_MAX; row++) {
    if (i < all->choices.n_states && all->rows[i] == row)
      i++;
    else
      cred__text_printf(&list, "%s%zu", n++ ? ", " : "", row);
  }
  cli_note(all->args, "%s: bad rows that are left out: %zu (row%s %s%s)",
           cred_table_source(all->states), all->n_left_out, n > 1 ? "s" : "",
           list.s ? list.s : "", n < all->n_left_out ? ", ..." : "");
  cred__text_clear(&list);
}

void cli__act_report(const cli__act *all) {
  const cred_choices *c = &all->choices;
  char value[128];
  const size_t n_ties = count_ties(all);
  size_t n_none = 0;
  fflush(stdout);
  for (size_t i = 0; i < c->n_states; i++) n_none += c->best[i] == SIZE_MAX;
  say_left_out(all);
  if (all->data.n_unseen)
    cli_note(all->args,
             "%s: pairs of a state and an action with a level that training "
             "never saw: %zu",
             cred_table_source(all->states), all->data.n_unseen);
  cli_note(all->args, "%zu states, %zu actions, risk %s, %s: %s", c->n_states,
           c->n_actions, cli_text(all->args, "risk"),
           all->risk.minimise ? "loss" : "value", quantity_text(value, &all->value));
  for (size_t a = 0; a < c->n_actions && a < 20; a++) {
    size_t n = 0, n_out = 0;
    for (size_t i = 0; i < c->n_states; i++) {
      n += c->best[i] == a;
      n_out += is_excluded(all, i * c->n_actions + a);
    }
    cli_note(all->args, "  %s: chosen in %zu%s", all->names[a], n,
             n_out == 0             ? ""
             : n_out == c->n_states ? ", left out everywhere"
                                    : ", left out in some");
  }
  if (n_none)
    cli_warn(all->args,
             cred_likelihood_is_class(cred_model_likelihood(all->cost.model))
                 ? "credence act ... with another action, or a larger --delta"
                 : "credence act ... with another action, or a larger --limit or --delta",
             "in %zu states every action is left out by the constraint: none is chosen",
             n_none);
  if (n_ties)
    cli_warn(all->args, "credence inspect MODEL",
             "in %zu states all actions have the same score: the first one is chosen, "
             "and means nothing",
             n_ties);
}

// --- figure ---

enum { CURVE_POINTS = 200, CURVES_MAX = 6 };

// Density of sorted values (n) by a Gaussian kernel with the bandwidth of Silverman
// (1986), eq. 3.31: 0.9 min(sd, interquartile range / 1.34) n^(-1/5).
static double bandwidth(const double *sorted, size_t n) {
  double mean = 0, square = 0;
  for (size_t i = 0; i < n; i++) {
    const double d = sorted[i] - mean;
    mean += d / (double)(i + 1);
    square += d * (sorted[i] - mean);
  }
  const double sd = sqrt(square / (double)n);
  const double range =
      (cred_quantile_sorted(sorted, n, 0.75) - cred_quantile_sorted(sorted, n, 0.25)) /
      1.34;
  const double width = 0.9 * (range > 0 ? fmin(sd, range) : sd) * pow((double)n, -0.2);
  return width > 0 ? width : 1e-3 * fmax(1, fabs(mean));
}

static void density(double *x, double *y, double *values, size_t n) {
  cred_sort(values, n);
  const double h = bandwidth(values, n), from = values[0] - 3 * h;
  const double step = (values[n - 1] + 3 * h - from) / (CURVE_POINTS - 1);
  for (size_t i = 0; i < CURVE_POINTS; i++) {
    double sum = 0;
    x[i] = from + step * (double)i;
    for (size_t k = 0; k < n; k++) {
      const double z = (x[i] - values[k]) / h;
      sum += exp(-0.5 * z * z);
    }
    y[i] = sum / ((double)n * h * 2.5066282746310002);
  }
}

// The actions of a state in the order of their scores, the chosen one first.
static size_t most_promising(size_t out[CURVES_MAX], const cred_choices *c,
                             size_t state) {
  size_t n = 0;
  const double *score = c->score + state * c->n_actions;
  if (c->best[state] != SIZE_MAX) out[n++] = c->best[state];
  while (n < CURVES_MAX && n < c->n_actions) {
    size_t best = SIZE_MAX;
    for (size_t a = 0; a < c->n_actions; a++) {
      bool taken = false;
      for (size_t k = 0; k < n; k++) taken |= out[k] == a;
      if (!taken && (best == SIZE_MAX || score[a] > score[best])) best = a;
    }
    out[n++] = best;
  }
  return n;
}

// The risk with its number: "lcb 2".
static const char *risk_text(char out[32], const cli__act *all) {
  const cred_risk *r = &all->risk;
  const char *name = cli_text(all->args, "risk");
  if (r->kind == CRED_RISK_LCB || r->kind == CRED_RISK_UCB)
    snprintf(out, 32, "%s %g", name, r->k);
  else if (r->kind == CRED_RISK_CVAR || r->kind == CRED_RISK_QUANTILE)
    snprintf(out, 32, "%s %g", name, r->level);
  else
    snprintf(out, 32, "%s", name);
  return out;
}

// Its row, and behind it the cell of the ids.
static const char *state_text(char out[64], const cli__act *all, size_t state) {
  const char *id = cred_model_schema(all->model)->id;
  const size_t column = id ? cred_table_find(all->states, id) : SIZE_MAX;
  char cell[40] = "";
  if (column != SIZE_MAX) cred_table_cell(cell, sizeof cell, all->states, state, column);
  snprintf(out, 64, cell[0] ? "%zu (%s)" : "%zu", cli__act_row(all, state), cell);
  return out;
}

// The constraint, behind the name of the axis; "" without one.
static const char *limit_text(char out[192], const cli__act *all) {
  char cost[128];
  *out = 0;
  if (!all->has_cost) return out;
  quantity_text(cost, &all->cost);
  if (cred_likelihood_is_class(cred_model_likelihood(all->cost.model)))
    snprintf(out, 192, "; %.80s at most %g", cost, all->risk.delta);
  else
    snprintf(out, 192, "; P(%.40s > %g) at most %g", cost, all->risk.limit,
             all->risk.delta);
  return out;
}

static cred_status render(const cli__act *all, size_t state, const size_t *shown,
                          size_t n, const double *curves, const char *path) {
  cred_plot_series series[CURVES_MAX];
  char names[CURVES_MAX][64], title[320], name[64], risk[32], value[128];
  char few[64] = "", limit[192], axis[352];
  const char *best = all->choices.best[state] == SIZE_MAX
                         ? "no action is allowed"
                         : all->names[all->choices.best[state]];
  for (size_t k = 0; k < n; k++) {
    const size_t at = state * all->n_actions + shown[k];
    snprintf(names[k], sizeof names[k], "%.32s%s", all->names[shown[k]],
             is_excluded(all, at) ? " (left out)"
             : k == 0             ? " (chosen)"
                                  : "");
    series[k] = (cred_plot_series){.name = names[k],
                                   .n = CURVE_POINTS,
                                   .x = curves + 2 * k * CURVE_POINTS,
                                   .y = curves + (2 * k + 1) * CURVE_POINTS,
                                   .style = CRED_PLOT_LINES};
  }
  if (n < all->n_actions && all->choices.best[state] != SIZE_MAX)
    snprintf(few, sizeof few, " (the best %zu of %zu)", n, all->n_actions);
  snprintf(title, sizeof title, "State %s, %s: %.40s%s", state_text(name, all, state),
           risk_text(risk, all), best, few);
  quantity_text(value, &all->value);
  snprintf(axis, sizeof axis, "%s%s", value, limit_text(limit, all));
  const cred_plot_lines lines = {.n_series = n, .series = series};
  const cred_plot_labels labels = {.title = title, .x = axis, .y = "density"};
  cred_plot *plot;
  TRY(cred_plot_new_lines(&plot, &lines, &labels));
  const cred_status status = cred_plot_render(plot, path, NULL);
  cred_plot_free(plot);
  return status;
}

cred_status cli__act_plot(const cli__act *all, const char *path) {
  const size_t n_actions = all->n_actions, state = all->shown;
  cred_data rows = all->data;
  rows.n_rows = n_actions;
  rows.x += state * n_actions * rows.n_inputs;
  const size_t n_draws = cred_outcome_n_draws(&all->value, &all->risk);
  size_t shown[CURVES_MAX];
  const size_t n = most_promising(shown, &all->choices, state);
  double *draws = NULL, *one = NULL, *curves = NULL;
  cred_status status;
  TRY_DONE(NEW(&draws, n_draws * n_actions, "the figure"));
  TRY_DONE(NEW(&one, n_draws, "the figure"));
  TRY_DONE(NEW(&curves, 2 * CURVE_POINTS * n, "the figure"));
  TRY_DONE(cred_outcome_draws(draws, &all->value, &rows, &all->risk));
  for (size_t k = 0; k < n; k++) {
    for (size_t s = 0; s < n_draws; s++) one[s] = draws[s * n_actions + shown[k]];
    density(curves + 2 * k * CURVE_POINTS, curves + (2 * k + 1) * CURVE_POINTS, one,
            n_draws);
  }
  status = render(all, state, shown, n, curves, path);
done:
  cred__free(draws);
  cred__free(one);
  cred__free(curves);
  return status;
}
