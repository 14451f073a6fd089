// cmd_plot.c -- credence plot: which figure, its options, the loss, and drawing it.

#include "cli/cmd_plot.h"
#include "base/alloc.h"
#include "base/text.h"
#include "cli/pictures.h"
#include <float.h>
#include <math.h>
#include <string.h>

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the picture (.png, .svg, .pdf, .txt)", NULL),
    {.name = "title", .type = CLI_TEXT, .argument = "TEXT", .help = "title"},
    {.name = "width",
     .type = CLI_SIZE,
     .argument = "N",
     .help = "width in pixels (pdf: hundredths of an inch, txt: characters)"},
    {.name = "height", .type = CLI_SIZE, .argument = "N", .help = "height likewise"},
    {.name = "script",
     .type = CLI_FLAG,
     .help = "keep the gnuplot script as FILE.gp, to restyle the figure"},
    {.name = "column",
     .type = CLI_TEXT,
     .argument = "TARGET",
     .help = "target to draw, where there are several (the first)"},
    {.name = "data",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "training rows to draw as points",
     .group = "Band"},
    {.name = "x",
     .type = CLI_TEXT,
     .argument = "COLUMN",
     .help = "input along the axis (the first number)",
     .group = "Band"},
    {.name = "at",
     .type = CLI_LIST,
     .argument = "COLUMN=V",
     .help = "values of other inputs; numbers not named are at their training mean, "
             "categories at none",
     .group = "Band"},
    {.name = "truth",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "table with the true function as y_true, as demo --grid writes it",
     .group = "Band"},
    {.name = "range",
     .type = CLI_LIST,
     .argument = "LO,HI",
     .help = "range of x (that of --truth, else a quarter beyond the data)",
     .group = "Band"},
    {.name = "points",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "200",
     .min = 2,
     .max = 100000,
     .help = "points of the curve",
     .group = "Band"},
    {.name = "ood",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "rows unlike the training rows, to be told apart",
     .group = "Uncertainty"},
    CLI_OPTION_OOD_MEMBER,
    {.name = "score",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .default_text = "total",
     .choices = "total|epistemic",
     .help = "total: predictive entropy or sd; epistemic: mutual information or "
             "epistemic sd",
     .group = "Uncertainty"},
    {.name = "aim",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = -DBL_MAX,
     .max = DBL_MAX,
     .help = "score to draw a line at",
     .group = "Learning"},
    {.name = "bins",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "15",
     .min = 1,
     .max = 1000,
     .help = "bins of the confidence",
     .group = "Reliability"},
    {.name = "rows-file",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "numbers of the rows of DATA to use, from 0, apart by blanks",
     .group = "Input"},
    CLI_OPTION_LABELS,
    CLI_OPTION_IGNORE_CLASS,
    CLI_OPTIONS_ROWS,
    CLI_OPTIONS_INPUT,
    CLI_OPTIONS_DRAWS,
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
};

// The loss of training, from the model alone.
static cred_status plot_loss(cred_plot **out, const cli_args *args,
                             const cred_model *model) {
  const size_t n = cred_model_n_history(model);
  double *values;
  if (n == 0) FAIL(CRED_EDATA, "the model has no history: it made no whole epoch");
  TRY(NEW(&values, 4 * n, "the history"));
  double *epoch = values, *log_lik = values + n, *kl = values + 2 * n;
  double *validation = values + 3 * n, best = -INFINITY, best_epoch = NAN;
  for (size_t i = 0; i < n; i++) {
    const cred_history_row row = cred_model_history(model, i);
    epoch[i] = (double)row.epoch;
    log_lik[i] = row.log_lik;
    kl[i] = row.kl;
    validation[i] = row.validation;
    if (row.validation > best) best = row.validation, best_epoch = epoch[i];
  }
  const cred_plot_loss data = {
      .n = n,
      .epoch = epoch,
      .log_lik = log_lik,
      .kl = kl,
      .kl_is_prior =
          cred_model_posterior(model)->members[0].kind != CRED_POSTERIOR_GAUSSIAN,
      .validation = best > -INFINITY ? validation : NULL,
      // members each have a best epoch of their own
      .best_epoch = cred_model_posterior(model)->n_members > 1 ? NAN : best_epoch};
  const cred_plot_labels labels = {.title = cli_text(args, "title")};
  const cred_status status = cred_plot_new_loss(out, &data, &labels);
  cred__free(values);
  return status;
}

cred_status cli__plot_target(size_t *target, const cli_args *args,
                             const cred_model *model) {
  const cred_schema *s = cred_model_schema(model);
  const char *name = cli_text(args, "column"), *names[64];
  const size_t n = s->n_targets < 64 ? s->n_targets : 64;
  *target = 0;
  if (cred_likelihood_is_class(cred_model_likelihood(model)))
    FAIL(CRED_ECONFIG,
         "the figure '%s' is of numbers, the model predicts classes: see "
         "'credence plot reliability'",
         cli_positional(args, 0));
  if (!name) return CRED_OK;
  for (size_t i = 0; i < n; i++) {
    names[i] = s->targets[i].name;
    if (strcmp(names[i], name) == 0) {
      *target = i;
      return CRED_OK;
    }
  }
  const char *nearest = cred__nearest(name, names, n);
  FAIL(CRED_ECONFIG, "the model has no target '%s'%s%s%s", name,
       nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static const char *const of_band[] = {"data",   "x",      "at",    "truth",      "range",
                                      "points", "column", "draws", "draws-kind", NULL};
static const char *const of_loss[] = {NULL};
static const char *const of_reliability[] = {
    "bins",         "rows-file", "labels",     "labels-member",
    "ignore-class", "draws",     "draws-kind", NULL};
static const char *const of_numbers[] = {
    "column", "rows-file", "labels", "labels-member", "draws", "draws-kind", NULL};
static const char *const of_learning[] = {"column", "aim", NULL};
static const char *const of_uncertainty[] = {"ood",       "ood-member", "score",
                                             "rows-file", "column",     "ignore-class",
                                             "draws",     "draws-kind", NULL};

static const cli__figure figures[] = {
    {"band", false, false, of_band, cli__plot_band},
    {"loss", false, false, of_loss, plot_loss},
    {"reliability", true, false, of_reliability, cli__plot_reliability},
    {"coverage", true, false, of_numbers, cli__plot_coverage},
    {"parity", true, false, of_numbers, cli__plot_parity},
    {"uncertainty", true, false, of_uncertainty, cli__plot_uncertainty},
    {"learning", false, true, of_learning, cli__plot_learning},
    {"certainty", false, true, of_loss, cli__plot_certainty},
    {"risk", false, true, of_loss, cli__plot_risk},
};
enum { N_FIGURES = sizeof figures / sizeof *figures };

static const char *figure_name(size_t i) {
  return i < N_FIGURES ? figures[i].name : NULL;
}

static cred_status find_figure(const cli__figure **out, const char *name) {
  const char *names[N_FIGURES];
  for (size_t i = 0; i < N_FIGURES; i++) {
    names[i] = figures[i].name;
    if (strcmp(name, names[i]) == 0) {
      *out = &figures[i];
      return CRED_OK;
    }
  }
  const char *nearest = cred__nearest(name, names, N_FIGURES);
  FAIL(CRED_EINVAL,
       "unknown figure '%s', expected band, loss, reliability, coverage, parity, "
       "uncertainty, learning, certainty or risk%s%s%s",
       name, nearest ? "\ndid you mean '" : "", nearest ? nearest : "",
       nearest ? "'?" : "");
}

static bool is_in(const char *const *list, const char *name) {
  for (size_t i = 0; list[i]; i++)
    if (strcmp(list[i], name) == 0) return true;
  return false;
}

// Options that belong to other figures are mistakes.
static cred_status check_words(const cli_args *args, const cli__figure *figure) {
  const char *name, *text;
  for (size_t i = 0; cli_effective(args, i, &name, &text); i++) {
    bool special = false;
    for (size_t k = 0; k < N_FIGURES && !special; k++)
      special = is_in(figures[k].options, name);
    if (special && cli_given(args, name) && !is_in(figure->options, name))
      FAIL(CRED_ECONFIG, "option '--%s' does not belong to 'credence plot %s'", name,
           figure->name);
  }
  const bool data = cli_positional(args, 2) != NULL && !figure->no_model;
  if (figure->needs_data && !data)
    FAIL(CRED_EINVAL, "DATA is missing: credence plot %s MODEL DATA", figure->name);
  if (!figure->no_model && cli_n_positional(args) > 3)
    FAIL(CRED_EINVAL, "'%s' is one file too many", cli_positional(args, 3));
  if (!figure->needs_data && data)
    FAIL(CRED_EINVAL, "'%s' is one file too many: credence plot %s MODEL%s",
         cli_positional(args, 2), figure->name,
         strcmp(figure->name, "band") == 0 ? " --data FILE" : "");
  if (!cli_text(args, "output"))
    return cli_usage("the name of the picture is missing: -o FILE.png");
  return cli_check_inputs(cli_positional(args, 1), cli_positional(args, 2));
}

static cred_status draw(const cli_args *args, const cli__figure *figure,
                        const cred_model *model) {
  cred_plot *plot;
  cred_plot_options opt = cred_plot_defaults();
  opt.width = cli_size(args, "width");
  opt.height = cli_size(args, "height");
  opt.keep_script = cli_flag(args, "script");
  TRY(figure->make(&plot, args, model));
  if (cred_plot_n_skipped(plot))
    cli_note(args, "%zu values could not be drawn and were left out",
             cred_plot_n_skipped(plot));
  const cred_status status = cred_plot_render(plot, cli_text(args, "output"), &opt);
  cred_plot_free(plot);
  return status;
}

static int run_plot(const cli_args *args) {
  const cli__figure *figure = NULL;
  cred_model *model = NULL;
  TRY(find_figure(&figure, cli_positional(args, 0)));
  TRY(check_words(args, figure));
  if (!figure->no_model) TRY(cli_read_model(&model, args, cli_positional(args, 1)));
  const cred_status status = draw(args, figure, model);
  cred_model_free(model);
  return status;
}

const cli_command cmd_plot = {
    .name = "plot",
    .summary = "Draw a model (band, loss, reliability, ...) or learning curves",
    .positional = "FIGURE MODEL [DATA...]",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "  band MODEL             numbers: prediction over one input: mean, total and\n"
        "                         epistemic band of 2 sd\n"
        "  loss MODEL             the history of the fit\n"
        "  reliability MODEL DATA classes: accuracy against confidence\n"
        "  coverage MODEL DATA    numbers: observed against nominal coverage\n"
        "  parity MODEL DATA      numbers: prediction against what was observed\n"
        "  uncertainty MODEL DATA --ood OTHER   can it tell OTHER from DATA?\n"
        "  learning CURVE...      curve.csv of runs of credence learn, each by its\n"
        "                         folder or as NAME=FILE; --column: its score\n"
        "  certainty FOLDER       patches of a segmentation over thresholds: accurate "
        "if\n"
        "                         certain, uncertain if inaccurate, PAvPU\n"
        "  risk FOLDER...         pixels: error against the share kept\n"
        "\n"
        "gnuplot draws; the ending of FILE gives the format.",
    .examples =
        "credence demo sine -o sine.csv\n"
        "credence demo sine --grid -o grid.csv\n"
        "credence fit sine.csv --target y --steps 300 --members 2 -o model.cred\n"
        "credence plot band model.cred --data sine.csv --truth grid.csv -o band.svg\n"
        "credence plot loss model.cred -o loss.svg",
    .run = run_plot,
    .word = figure_name,
};
