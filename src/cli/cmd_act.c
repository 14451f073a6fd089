// cmd_act.c -- credence act: the best of several actions in each state, under a risk.

#include "cli/cmd_act.h"
#include "base/alloc.h"
#include "base/text.h"
#include "data/table.h"
#include <float.h>
#include <math.h>
#include <string.h>

static const cli_option options[] = {
    {.name = "actions",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help =
         "the actions, one a row: the columns of the model that STATES does not have"},
    {.name = "name",
     .type = CLI_TEXT,
     .argument = "COLUMN",
     .help = "column of the actions' names; without it all their cells"},
    CLI_OPTION_OUTPUT("the scores (CSV)", "-"),
    CLI_OPTION_KEEP("STATES"),
    {.name = "best-only",
     .type = CLI_FLAG,
     .help =
         "one line a state: the action that is chosen; where none is, a line without"},
    {.name = "risk",
     .type = CLI_CHOICE,
     .argument = "RISK",
     .default_text = "mean",
     .choices = "mean|lcb|ucb|thompson|cvar|quantile|best",
     .help = "what the best action is: largest mean, mean - k sd (lcb), mean + k sd "
             "(ucb), value of one draw, mean of the worst share, quantile, or most often "
             "the best",
     .group = "Risk"},
    {.name = "k",
     .type = CLI_NUMBER,
     .argument = "K",
     .default_text = "1",
     .min = 0,
     .max = DBL_MAX,
     .help = "sds of lcb and ucb",
     .group = "Risk"},
    {.name = "level",
     .type = CLI_SHARE,
     .argument = "P",
     .default_text = "0.1",
     .min = CLI_ABOVE_ZERO,
     .max = CLI_BELOW_ONE,
     .help = "worst share of cvar, level of quantile",
     .group = "Risk"},
    {.name = "spread",
     .type = CLI_CHOICE,
     .argument = "OF",
     .default_text = "auto",
     .choices = "auto|outcome|function",
     .help = "spread of the outcome with its noise, or of the function alone; auto: "
             "function for ucb, outcome for lcb, cvar and quantile",
     .group = "Risk"},
    {.name = "value",
     .type = CLI_TEXT,
     .argument = "NAME",
     .help = "target (or class) of the model that is the value; without it the only "
             "target, or the second of two classes",
     .group = "Risk"},
    {.name = "minimise",
     .type = CLI_FLAG,
     .help = "the value is a loss: the smaller, the better; scores have its sign turned",
     .group = "Risk"},
    {.name = "cost",
     .type = CLI_TEXT,
     .argument = "NAME",
     .help = "target (or class) that must stay within --limit (a class: not happen)",
     .group = "Constraint"},
    {.name = "cost-model",
     .type = CLI_FILE_IN,
     .argument = "MODEL",
     .help = "model of the cost, if it is another",
     .group = "Constraint"},
    {.name = "limit",
     .type = CLI_NUMBER,
     .argument = "C",
     .help = "leave out actions with P(cost > C) above --delta",
     .group = "Constraint"},
    {.name = "delta",
     .type = CLI_SHARE,
     .argument = "P",
     .default_text = "0.05",
     .min = 0,
     .max = 1,
     .help = "largest probability of a cost beyond the limit",
     .group = "Constraint"},
    {.name = "plot",
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "draw the outcomes of each action in one state: .png, .svg, .pdf, .txt"},
    {.name = "plot-state",
     .type = CLI_SIZE,
     .argument = "ROW",
     .default_text = "0",
     .min = 0,
     .max = 1e15,
     .help = "which state to draw, by its row from 0"},
    {.name = "draws",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "1000",
     .min = 1,
     .max = 1e6,
     .help = "draws of the function; rounded up to a multiple of the members",
     .group = "Draws"},
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
    CLI_OPTION_JSON,
    CLI_OPTIONS_ROWS,
    CLI_OPTIONS_INPUT,
};

// A target by its name, or a class; `first` where there is no name.
static cred_status find_quantity(cred_quantity *out, const cred_model *model,
                                 const char *name, size_t first, const char *option) {
  const cred_schema *s = cred_model_schema(model);
  const cred_schema_target *t = &s->targets[0];
  const bool classes = t->type == CRED_TARGET_CLASS;
  const char *names[CRED_ACT_CLASSES];
  size_t n = classes ? t->n_classes : s->n_targets;
  if (n > CRED_ACT_CLASSES) n = CRED_ACT_CLASSES;
  *out = (cred_quantity){.model = model, .index = first};
  for (size_t i = 0; i < n; i++) {
    names[i] = classes ? t->classes[i] : s->targets[i].name;
    if (!name || strcmp(names[i], name) != 0) continue;
    out->index = i;
    return CRED_OK;
  }
  if (!name && n > (classes ? 2 : 1))
    FAIL(CRED_ECONFIG, "the model has %zu %s: say %s is the value, such as --%s '%s'", n,
         classes ? "classes" : "targets", classes ? "whose probability" : "which", option,
         names[0]);
  if (!name) return CRED_OK;
  const char *nearest = cred__nearest(name, names, n);
  FAIL(CRED_EDATA, "option '--%s': '%s' is no %s of the model%s%s%s", option, name,
       classes ? "class" : "target", nearest ? "\ndid you mean '" : "",
       nearest ? nearest : "", nearest ? "'?" : "");
}

static cred_status take_cost(cli__act *all) {
  static const char *const of_cost[] = {"cost-model", "limit", "delta", NULL};
  const cli_args *args = all->args;
  const char *name = cli_text(args, "cost");
  all->risk.delta = NAN;
  if (!name) return cli_refuse(args, of_cost, "belongs to --cost");
  if (cli_given(args, "cost-model"))
    TRY(cli_read_model(&all->cost_model, args, cli_text(args, "cost-model")));
  const cred_model *model = all->cost_model ? all->cost_model : all->model;
  TRY(find_quantity(&all->cost, model, name, 0, "cost"));
  const bool is_class = cred_likelihood_is_class(cred_model_likelihood(model));
  if (!is_class && !cli_given(args, "limit"))
    FAIL(CRED_ECONFIG, "option '--cost' needs --limit: how large may '%s' be?", name);
  if (is_class && cli_given(args, "limit"))
    FAIL(CRED_ECONFIG,
         "option '--limit' is of numbers; of the class '%s' give --delta "
         "alone",
         name);
  all->has_cost = true;
  all->risk.limit = is_class ? 0 : cli_number(args, "limit");
  all->risk.delta = cli_number(args, "delta");
  return CRED_OK;
}

static cred_status take_risk(cli__act *all) {
  static const char *const of_sd[] = {"k", NULL}, *const of_level[] = {"level", NULL};
  const cli_args *args = all->args;
  cred_risk *r = &all->risk;
  *r = cred_risk_defaults();
  r->kind = (cred_risk_kind)cli_choice(args, "risk");
  r->spread = (cred_spread)cli_choice(args, "spread");
  r->k = cli_number(args, "k");
  r->level = cli_number(args, "level");
  r->minimise = cli_flag(args, "minimise");
  r->n_draws = cli_size(args, "draws");
  r->seed = cli_seed(args);
  r->n_threads = cli_size(args, "threads");
  if (r->kind != CRED_RISK_LCB && r->kind != CRED_RISK_UCB)
    TRY(cli_refuse(args, of_sd, "belongs to --risk lcb and ucb"));
  if (r->kind != CRED_RISK_CVAR && r->kind != CRED_RISK_QUANTILE)
    TRY(cli_refuse(args, of_level, "belongs to --risk cvar and quantile"));
  const bool is_class = cred_likelihood_is_class(cred_model_likelihood(all->model));
  TRY(find_quantity(&all->value, all->model, cli_text(args, "value"), is_class, "value"));
  return take_cost(all);
}

// The states as they are written: the rows that are judged, with what they keep.
static cred_status take_kept(cli__act *all) {
  static const char *const ours[] = {
      "row",          "action", "chosen", "score",    "mean", "sd",
      "sd_epistemic", "p_best", "p_cost", "excluded", "id"};
  const size_t n = sizeof ours / sizeof *ours;
  return cli_kept_init(&all->kept, all->args, all->states, ours,
                       cred_model_schema(all->model)->id ? n : n - 1);
}

static cred_status take_names(cli__act *all) {
  const char *column = cli_text(all->args, "name");
  const size_t n = cred_table_n_columns(all->actions);
  size_t at = 0;
  if (column) TRY(cred_table_need(&at, all->actions, column));
  all->n_actions = cred_table_n_rows(all->actions);
  TRY(NEW(&all->names, all->n_actions, "the names of actions"));
  for (size_t i = 0; i < all->n_actions; i++) {
    cred__text text = {0};
    for (size_t c = column ? at : 0; c < (column ? at + 1 : n); c++) {
      char cell[256];
      cred_table_cell(cell, sizeof cell, all->actions, i, c);
      cred__text_printf(&text, "%s%s", text.n ? " " : "", cell);
    }
    const cred_status status = cred__text_status(&text);
    all->names[i] = text.s;
    TRY(status);
  }
  return CRED_OK;
}

// Every state beside every action: the actions of a state one behind the other.
static cred_status pair(cred_table **out, const cli__act *all) {
  const size_t n_states = cred_table_n_rows(all->states), n = n_states * all->n_actions;
  size_t *rows;
  cred_table *left = NULL, *right = NULL;
  cred_status status;
  TRY(NEW(&rows, n, "states and actions"));
  for (size_t i = 0; i < n; i++) rows[i] = i / all->n_actions;
  TRY_DONE(cred_table_select(&left, all->states, rows, n));
  for (size_t i = 0; i < n; i++) rows[i] = i % all->n_actions;
  TRY_DONE(cred_table_select(&right, all->actions, rows, n));
  status = cred_table_join(out, left, right, NULL);
done:
  cred__free(rows);
  cred_table_free(left);
  cred_table_free(right);
  return status;
}

// Whether the model has an input of this name.
static bool is_input(const cred_model *model, const char *name) {
  const cred_schema *s = cred_model_schema(model);
  for (size_t i = 0; i < s->n_columns; i++)
    if (strcmp(s->columns[i].name, name) == 0) return true;
  return false;
}

// A column stands in one of the tables, and every input in one of them.
static cred_status check_columns(const cli__act *all, const cred_model *model) {
  const cred_schema *s = cred_model_schema(model);
  const char *states = cred_table_source(all->states);
  const char *actions = cred_table_source(all->actions);
  for (size_t i = 0; i < cred_table_n_columns(all->actions); i++) {
    const char *name = cred_table_name(all->actions, i);
    if (cred_table_find(all->states, name) != SIZE_MAX)
      FAIL(CRED_EDATA,
           "both %s and %s have a column '%s': leave it out of one of them, or give it "
           "another name there",
           states, actions, name);
  }
  for (size_t i = 0; i < s->n_columns; i++) {
    const char *name = s->columns[i].name;
    if (cred_table_find(all->states, name) != SIZE_MAX ||
        cred_table_find(all->actions, name) != SIZE_MAX)
      continue;
    const char *of_actions, *of_states;
    TRY(cred__table_nearest(&of_actions, all->actions, name));
    TRY(cred__table_nearest(&of_states, all->states, name));
    if (of_actions || of_states)
      FAIL(CRED_EDATA, "neither %s nor %s has a column '%s'\ndid you mean '%s' of %s?",
           states, actions, name, of_actions ? of_actions : of_states,
           of_actions ? actions : states);
    FAIL(CRED_EDATA,
         "neither %s nor %s has a column '%s', an input of the model: put it into one of "
         "them",
         states, actions, name);
  }
  return CRED_OK;
}

// Without an input of the model all actions would be worth the same.
static cred_status check_actions(const cli__act *all) {
  const size_t n = cred_table_n_columns(all->actions);
  const cred_schema *s = cred_model_schema(all->model);
  const char *name = cli_text(all->args, "name");
  bool found = false;
  for (size_t i = 0; i < n; i++)
    found |= is_input(all->model, cred_table_name(all->actions, i));
  if (!found) {
    const char *names[64], *nearest = NULL;
    size_t n_names = 0;
    for (; n_names < s->n_columns && n_names < 64; n_names++)
      names[n_names] = s->columns[n_names].name;
    for (size_t i = 0; i < n && !nearest; i++)
      nearest = cred__nearest(cred_table_name(all->actions, i), names, n_names);
    FAIL(CRED_EDATA,
         "%s: no column of the actions is an input of the model, so that all would be "
         "worth the same%s%s%s",
         cred_table_source(all->actions), nearest ? "\ndid you mean '" : "",
         nearest ? nearest : "", nearest ? "'?" : "");
  }
  if (!all->cost_model) cli_note_unused(all->args, s, all->actions, &name, name != NULL);
  return CRED_OK;
}

// Farther than this from the mean of the training cells, in their sds, lie at most 4 % of
// them, however they are spread (Chebyshev): of most tables none.
static const double far_sds = 5;

// The cell of a table that lies farthest out, if it is far.
static void warn_of_far(const cli__act *all, const cred_table *table,
                        const cred_schema *part, const cred_data *data) {
  const cred_schema_column *where = NULL;
  double most = far_sds;
  size_t row = 0;
  for (size_t c = 0; c < part->n_columns; c++) {
    const cred_schema_column *column = &part->columns[c];
    const double scale = part->input_scale > 0 ? part->input_scale : column->sd;
    const double shift = part->input_scale > 0 ? column->mean : 0;
    if (column->type != CRED_COLUMN_NUMERIC || column->constant) continue;
    for (size_t i = 0; i < data->n_rows; i++) {
      const double x = (double)data->x[i * data->n_inputs + column->first_input];
      const double sds = fabs(x * scale - shift) / column->sd;
      if (sds > most) most = sds, where = column, row = (size_t)data->row[i];
    }
  }
  if (where)
    cli_warn(all->args,
             all->risk.kind == CRED_RISK_LCB ? "see sd_epistemic"
                                             : "credence act ... --risk lcb, and see "
                                               "sd_epistemic",
             "%s:%zu: '%s' lies %.3g sds from the mean of the training rows: what the "
             "model says so far out is a guess",
             cred_table_source(table), cred_table_line(table, row), where->name, most);
}

// The cells of a table by themselves, so that what is wrong in them is told of their file
// and line, and not of the table that they are put beside.
static cred_status check_cells(const cli__act *all, const cred_table *table) {
  cred_encode_options opt = cli_encode_options(all->args);
  if (table == all->actions) opt.skip_bad = false; // it would leave every state out
  const cred_schema *s = cred_model_schema(all->model);
  cred_schema part = *s;
  cred_data data = {0};
  TRY(NEW(&part.columns, s->n_columns, "a schema"));
  part.n_columns = part.n_inputs = part.n_targets = 0;
  for (size_t i = 0; i < s->n_columns; i++) {
    if (cred_table_find(table, s->columns[i].name) == SIZE_MAX) continue;
    part.columns[part.n_columns] = s->columns[i];
    part.columns[part.n_columns++].first_input = part.n_inputs;
    part.n_inputs += s->columns[i].n_inputs;
  }
  part.shape = (cred_shape){1, 1, part.n_inputs};
  cred_status status = CRED_OK;
  if (part.n_columns > 0)
    status = cred_schema_encode_with(&data, &part, table, NULL, 0, 0, 0, &opt);
  if (status == CRED_OK && part.n_columns > 0) warn_of_far(all, table, &part, &data);
  cred_data_clear(&data);
  cred__free(part.columns);
  return status;
}

static void warn_of_names(const cli__act *all) {
  for (size_t i = 0; i < all->n_actions; i++)
    for (size_t k = 0; k < i; k++)
      if (strcmp(all->names[i], all->names[k]) == 0) {
        cli_warn(all->args, "credence act ... --name COLUMN with another name a row",
                 "%s:%zu: an action before it has the name '%s' too",
                 cred_table_source(all->actions), cred_table_line(all->actions, i),
                 all->names[i]);
        return;
      }
}

static cred_status encode(cred_data *out, const cred_model *model,
                          const cred_table *table, const cli__act *all) {
  cred_encode_options opt = cli_encode_options(all->args);
  opt.skip_bad = false; // what is bad has been left out
  TRY(cred_schema_encode_with(out, cred_model_schema(model), table, NULL, 0, 0, 0, &opt));
  if (out->n_dropped)
    FAIL(CRED_EDATA,
         "%s: %zu pairs of a state and an action have missing cells: fill them in, or "
         "leave the states out: --bad-rows skip",
         cred_table_source(all->states), out->n_dropped);
  return CRED_OK;
}

size_t cli__act_row(const cli__act *all, size_t state) {
  return all->rows ? all->rows[state] : state;
}

// Adds to n_good (n_states) the pairs of a state that the model can take.
static cred_status count_good(size_t *n_good, const cred_model *model,
                              const cred_table *pairs, const cli__act *all) {
  const cred_encode_options opt = cli_encode_options(all->args);
  cred_data data;
  TRY(cred_schema_encode_with(&data, cred_model_schema(model), pairs, NULL, 0, 0, 0,
                              &opt));
  for (size_t i = 0; i < data.n_rows; i++) n_good[data.row[i] / all->n_actions]++;
  cred_data_clear(&data);
  return CRED_OK;
}

static cred_status keep_good(cli__act *all, const size_t *n_good, size_t n_needed) {
  const size_t n_states = cred_table_n_rows(all->states);
  size_t n = 0;
  TRY(NEW(&all->rows, n_states, "states"));
  for (size_t i = 0; i < n_states; i++)
    if (n_good[i] == n_needed) all->rows[n++] = i;
  all->n_left_out = n_states - n;
  if (n == 0)
    FAIL(CRED_EDATA, "%s: with these actions no state is left",
         cred_table_source(all->states));
  cred_table *good;
  TRY(cred_table_select(&good, all->states, all->rows, n));
  cred_table_free(all->states);
  all->states = good;
  return CRED_OK;
}

// A state is left out if it cannot be judged beside every action.
static cred_status leave_out(cli__act *all) {
  cred_table *pairs = NULL;
  size_t *n_good = NULL;
  cred_status status;
  if (!cli_encode_options(all->args).skip_bad) return CRED_OK;
  TRY_DONE(NEW(&n_good, cred_table_n_rows(all->states), "states"));
  TRY_DONE(pair(&pairs, all));
  TRY_DONE(count_good(n_good, all->model, pairs, all));
  if (all->cost_model) TRY_DONE(count_good(n_good, all->cost_model, pairs, all));
  status = keep_good(all, n_good, (all->cost_model ? 2 : 1) * all->n_actions);
done:
  cred__free(n_good);
  cred_table_free(pairs);
  return status;
}

static cred_status read_all(cli__act *all) {
  const cli_args *args = all->args;
  const char *actions = cli_text(args, "actions"), *states = cli_positional(args, 1);
  cred_table *pairs;
  if (!actions) return cli_usage("the actions are missing: --actions FILE");
  TRY(cli_check_inputs(cli_positional(args, 0), states));
  TRY(cli_check_inputs(states, actions));
  TRY(cli_read_model(&all->model, args, cli_positional(args, 0)));
  TRY(take_risk(all));
  TRY(cli_read_table(&all->states, args, states, NULL));
  TRY(cli_read_table(&all->actions, args, actions, NULL));
  TRY(check_actions(all));
  TRY(check_columns(all, all->model));
  if (all->cost_model) TRY(check_columns(all, all->cost_model));
  TRY(check_cells(all, all->actions));
  TRY(check_cells(all, all->states));
  TRY(take_names(all));
  warn_of_names(all);
  TRY(leave_out(all));
  TRY(take_kept(all));
  TRY(pair(&pairs, all));
  cred_status status = encode(&all->data, all->model, pairs, all);
  if (status == CRED_OK && all->has_cost)
    status = encode(&all->cost_data, all->cost.model, pairs, all);
  cred_table_free(pairs);
  return status;
}

static void clear(cli__act *all) {
  for (size_t i = 0; all->names && i < all->n_actions; i++) cred__free(all->names[i]);
  cred__free(all->names);
  cred__free(all->rows);
  cli_kept_clear(&all->kept);
  cred_choices_clear(&all->choices);
  cred_data_clear(&all->data);
  cred_data_clear(&all->cost_data);
  cred_table_free(all->states);
  cred_table_free(all->actions);
  cred_model_free(all->model);
  cred_model_free(all->cost_model);
}

// The state of --plot-state, by its row in the file.
static cred_status find_shown(cli__act *all) {
  const size_t asked = cli_size(all->args, "plot-state"), n = all->choices.n_states;
  while (all->shown < n && cli__act_row(all, all->shown) != asked) all->shown++;
  if (all->shown < n) return CRED_OK;
  if (asked < n + all->n_left_out)
    FAIL(CRED_EDATA, "option '--plot-state': state %zu is a bad row, and left out",
         asked);
  FAIL(CRED_EINVAL, "option '--plot-state' is %zu, there are %zu states", asked,
       n + all->n_left_out);
}

static cred_status act(cli__act *all) {
  const cli_args *args = all->args;
  TRY(read_all(all));
  TRY(cred_choices_init(
      &all->choices, &all->value, &all->data, all->has_cost ? &all->cost : NULL,
      all->has_cost ? &all->cost_data : NULL, all->n_actions, &all->risk));
  if (cli_given(args, "plot")) TRY(find_shown(all));
  TRY(cli__act_write(all, cli_text(args, "output")));
  if (cli_given(args, "plot")) TRY(cli__act_plot(all, cli_text(args, "plot")));
  cli__act_report(all);
  return CRED_OK;
}

static int run_act(const cli_args *args) {
  static const char *const of_plot[] = {"plot-state", NULL};
  cli__act all = {.args = args};
  TRY(cli_check_output(cli_text(args, "output")));
  if (!cli_given(args, "plot")) TRY(cli_refuse(args, of_plot, "belongs to --plot"));
  if (cli_given(args, "plot")) TRY(cli_check_output(cli_text(args, "plot")));
  const cred_status status = act(&all);
  clear(&all);
  return status;
}

const cli_command cmd_act = {
    .name = "act",
    .summary = "Choose the best of several actions in each state, under a risk",
    .positional = "MODEL STATES",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "MODEL predicts what an action is worth in a state. Every row of STATES is\n"
        "put beside every row of ACTIONS; together they have the columns of the\n"
        "model. All actions of a state are judged under the same draws of the\n"
        "function and the same noise, so that luck does not choose.\n"
        "\n"
        "A line an action: row,id,action,chosen,score (larger is better: of a loss, "
        "with\n"
        "its sign turned),mean,sd,sd_epistemic,p_best (share of the draws in which it "
        "is\n"
        "the best of all, also of those that the constraint leaves out), with --cost\n"
        "p_cost, and why it was left out. Where all are left out none is chosen; the\n"
        "line of --best-only then has the state alone. Columns of --keep come last.\n"
        "\n"
        "With --bad-rows skip a state that cannot be judged beside every action is left\n"
        "out; the others keep their numbers.",
    .examples =
        "credence demo sine --rows 200 -o sine.csv\n"
        "awk -F, 'NR == 1 { print \"state,dose,y\" }\n"
        "  NR > 1 { print NR % 5 \",\" $1 \",\" $2 }' sine.csv > doses.csv\n"
        "credence fit doses.csv --target y --hidden 10 --members 2 --epochs 40 \\\n"
        "  -o dose.cred --quiet\n"
        "printf 'state\\n1\\n3\\n' > states.csv\n"
        "printf 'dose\\n-2\\n0\\n2\\n' > actions.csv\n"
        "credence act dose.cred states.csv --actions actions.csv --risk lcb --k 2\n"
        "credence act dose.cred states.csv --actions actions.csv --risk cvar \\\n"
        "  --level 0.05 --best-only --json",
    .run = run_act,
};
