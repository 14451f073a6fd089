// cmd_learn.c -- credence learn: active learning in rounds, in a folder of its own.

#include "cli/cmd_learn.h"
#include "base/alloc.h"
#include "cli/cmd_acquire.h"
#include "data/table.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

extern const cli_command cmd_fit;

static const cli_option options[] = {
    {.name = "output",
     .short_name = 'o',
     .type = CLI_TEXT,
     .argument = "FOLDER",
     .help = "folder of the run; one that is there goes on"},
    {.name = "target",
     .short_name = 't',
     .type = CLI_LIST,
     .argument = "COLUMN",
     .help = "what is to be labelled"},
    {.name = "simulate",
     .type = CLI_FLAG,
     .help = "all labels are in POOL: hide them, and look each up when it is chosen",
     .group = "Labels"},
    {.name = "command",
     .type = CLI_TEXT,
     .argument = "COMMAND",
     .help = "a shell command that labels a batch: a table of rows on its standard "
             "input, lines 'row,label' on its standard output",
     .group = "Labels"},
    {.name = "classes",
     .type = CLI_LIST,
     .argument = "NAMES",
     .help = "the labels that are possible; those of POOL and --test where not given",
     .group = "Labels"},
    {.name = "relabel",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "first give other labels to rows that have one, or were skipped: a table "
             "with the columns row and the target",
     .group = "Labels"},
    {.name = "start",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "20",
     .min = 0,
     .max = 1e9,
     .help = "labels to start with: those that POOL has, and rows at random",
     .group = "Labels"},
    {.name = "balanced",
     .type = CLI_FLAG,
     .help = "with --simulate: start with as many rows of each class",
     .group = "Labels"},

    CLI_OPTIONS_ACQUIRE("rows a round"),

    {.name = "test",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "rows with targets, never fitted to, on which every round is scored",
     .group = "Scores and the end"},
    {.name = "test-labels",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "targets of --test in a file of their own, as --labels",
     .group = "Scores and the end"},
    {.name = "test-draws",
     .type = CLI_SIZE,
     .argument = "N",
     .min = 1,
     .max = 1e6,
     .help = "draws of the scores, where not as many as --draws",
     .group = "Scores and the end"},
    {.name = "bad-rows",
     .type = CLI_CHOICE,
     .argument = "HOW",
     .default_text = "error",
     .choices = "error|skip",
     .help =
         "rows of --test with cells that the model cannot take: stop at the first, or "
         "leave them out",
     .group = "Scores and the end"},
    {.name = "unseen",
     .type = CLI_CHOICE,
     .argument = "HOW",
     .default_text = "error",
     .choices = "error|none",
     .help = "levels in --test that POOL has not: a bad row, or none of the levels",
     .group = "Scores and the end"},
    {.name = "budget",
     .type = CLI_SIZE,
     .argument = "N",
     .min = 1,
     .max = 1e9,
     .help = "stop at N labels",
     .group = "Scores and the end"},
    {.name = "score",
     .type = CLI_CHOICE,
     .argument = "NAME",
     .default_text = "auto",
     .choices = "auto|error|log_lik|brier|rmse|mae",
     .help = "score that ends the run and is drawn; auto: error of classes, rmse of "
             "numbers",
     .group = "Scores and the end"},
    {.name = "stop-at",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = -DBL_MAX,
     .max = DBL_MAX,
     .help = "stop where the score is X or better",
     .group = "Scores and the end"},
    {.name = "flat",
     .type = CLI_SIZE,
     .argument = "N",
     .min = 1,
     .max = 1e9,
     .help = "stop after N rounds in which the best score did not get better",
     .group = "Scores and the end"},
    {.name = "tolerance",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "0",
     .min = 0,
     .max = DBL_MAX,
     .help = "of --flat: better by no more than X is no better",
     .group = "Scores and the end"},
    {.name = "against-random",
     .type = CLI_FLAG,
     .help = "with --simulate: the same run with rows at random in FOLDER/random",
     .group = "Scores and the end"},
    {.name = "plot",
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "draw the learning curve into FILE when the run ends or waits",
     .group = "Scores and the end"},
    {.name = "require-done",
     .type = CLI_FLAG,
     .help = "end with 1 if labels are still wanted",
     .group = "Scores and the end"},
};

static cred_status check_options(const cli_args *args) {
  static const char *const of_simulation[] = {"balanced", "against-random", NULL};
  static const char *const of_people[] = {"relabel", NULL};
  static const char *const of_test[] = {"test-labels", "test-draws", "bad-rows", "unseen",
                                        NULL};
  const bool simulate = cli_flag(args, "simulate");
  if (!cli_text(args, "output"))
    return cli_usage("the folder of the run is missing: -o FOLDER");
  if (!cli_given(args, "target"))
    return cli_usage("the column to be labelled is missing: --target COLUMN");
  if (!simulate) TRY(cli_refuse(args, of_simulation, "belongs to --simulate"));
  if (simulate)
    TRY(cli_refuse(args, of_people,
                   "has no place in a simulation: its labels are POOL's"));
  if (simulate && cli_given(args, "command"))
    FAIL(CRED_ECONFIG, "options '--simulate' and '--command' contradict each other: the "
                       "labels come from one of them");
  if (cli_given(args, "tolerance") && !cli_given(args, "flat"))
    FAIL(CRED_ECONFIG, "option '--tolerance' belongs to --flat, which is not given");
  if (!cli_given(args, "test"))
    TRY(cli_refuse(args, of_test, "belongs to --test, which is not given"));
  if (!cli_given(args, "test") && (cli_given(args, "stop-at") || cli_given(args, "flat")))
    FAIL(CRED_ECONFIG, "a stop by the score needs rows to score on: --test FILE");
  if ((simulate || cli_given(args, "command")) && !cli_given(args, "budget") &&
      !cli_given(args, "stop-at") && !cli_given(args, "flat"))
    FAIL(CRED_ECONFIG, "nothing says when to stop: --budget N, --stop-at X or --flat N");
  return cli_given(args, "plot") ? cli_check_output(cli_text(args, "plot")) : CRED_OK;
}

static cred_status take_options(cli__learn *l) {
  const cli_args *args = l->args;
  cred_learn_options *opt = &l->opt;
  *opt = cred_learn_defaults();
  opt->schema = l->fit.schema;
  opt->fit = l->fit.fit;
  TRY(cli_acquire_options(&opt->acquire, args));
  opt->n_candidates = cli_size(args, "candidates");
  opt->classes = cli_list(args, "classes", &opt->n_classes);
  opt->simulate = cli_flag(args, "simulate");
  opt->n_start = cli_size(args, "start");
  opt->balanced = cli_flag(args, "balanced");
  opt->test_rows = cli_encode_options(args);
  opt->n_test_draws = cli_size(args, "test-draws");
  opt->budget = cli_size(args, "budget");
  if (cli_choice(args, "score") > 0) opt->score = cli_text(args, "score");
  opt->score_target = cli_number(args, "stop-at");
  opt->patience = cli_size(args, "flat");
  opt->tolerance = cli_number(args, "tolerance");
  opt->fit.progress = cli_progress_call;
  opt->fit.progress_context = &l->progress;
  return CRED_OK;
}

static cred_status read_test(cli__learn *l) {
  const cli_args *args = l->args;
  const char *path = cli_text(args, "test"), *labels = cli_text(args, "test-labels");
  cred_table_options opt, plain = cred_table_defaults();
  cred_table *x = NULL, *y = NULL;
  cred_status status;
  if (!path) return CRED_OK;
  TRY(cli_check_inputs(cli_positional(args, 0), path));
  TRY(cli_table_options(&opt, args));
  if (!labels) return cred_table_read(&l->test, path, &opt);
  TRY_DONE(cred_table_read(&x, path, &opt));
  TRY_DONE(cred_table_read(&y, labels, &plain));
  TRY_DONE(cred_table_join(&l->test, x, y, l->target));
done:
  cred_table_free(x);
  cred_table_free(y);
  return status;
}

// A column of a new name is what is labelled, and that of nearly this name an input.
static cred_status warn_new_target(const cli__learn *l) {
  const char *near;
  if (cred_table_find(l->pool, l->target) != SIZE_MAX) return CRED_OK;
  TRY(cred__table_nearest(&near, l->pool, l->target));
  if (near)
    cli_warn(l->args, "credence learn POOL --target NAME ...",
             "%s has no column '%s', which is what will be labelled; did you mean '%s'? "
             "That one is an input now",
             cred_table_source(l->pool), l->target, near);
  return CRED_OK;
}

static cred_status learn_init(cli__learn *l, const cli_args *args) {
  *l = (cli__learn){.args = args, .folder = cli_text(args, "output")};
  TRY(check_options(args));
  TRY(cli__fit_take(&l->fit, args));
  if (l->fit.schema.n_targets != 1)
    FAIL(CRED_ECONFIG, "option '--target' names %zu columns, one is labelled at a time",
         l->fit.schema.n_targets);
  l->target = l->fit.schema.targets[0];
  TRY(take_options(l));
  TRY(cli_read_table(&l->pool, args, cli_positional(args, 0), l->target));
  TRY(warn_new_target(l));
  TRY(read_test(l));
  l->opt.test = l->test;
  if (l->test && strcmp(cred_table_digest(l->test), cred_table_digest(l->pool)) == 0)
    cli_warn(args, "credence learn POOL --test OTHER_ROWS ...",
             "the test rows are the pool itself: the scores are in part of rows that are "
             "fitted to");
  TRY(cli__fit_warn(&l->fit, l->pool));
  return CRED_OK;
}

static void learn_clear(cli__learn *l) {
  cred_table_free(l->pool);
  cred_table_free(l->test);
  cli__fit_clear(&l->fit);
}

static void say_round(const cli__learn *l, const cred_learn *run, const char *name) {
  const cred_learn_point p = cred_learn_get_point(run, cred_learn_n_points(run) - 1);
  cred__text text = {0};
  for (size_t i = 0; i < CRED_LEARN_SCORES; i++)
    if (!isnan(p.value[i]))
      cred__text_printf(&text, ", %s %.5g", cred_learn_score_name(run, i), p.value[i]);
  cli_note(l->args, "%s%sround %zu: %zu labels%s", name, *name ? ": " : "", p.round,
           p.n_labels, text.s ? text.s : "");
  cred__text_clear(&text);
  if (!cred_learn_has_model(run))
    cli_note(l->args, "all labels so far are the same: no model can be fitted to them");
}

static cred_status say_wanted(const cli__learn *l, const cred_learn *run) {
  size_t n;
  char folder[512];
  cred_learn_wanted(&n, run);
  cli_quoted(folder, sizeof folder, l->folder);
  cli_note(l->args,
           "%zu row%s a label: fill the column '%s' of %s/to_label.csv (%s: it can "
           "have none) and run the same command again",
           n, n == 1 ? " wants" : "s want", l->target, folder, CRED_LEARN_SKIP);
  return CRED_OK;
}

// Labels for the rows that want one; *waits: a person's.
static cred_status get_labels(bool *waits, const cli__learn *l, cred_learn *run) {
  const char *command = cli_text(l->args, "command");
  size_t n_left;
  *waits = false;
  if (command) return cli__learn_ask_command(l, run, command);
  TRY(cli__learn_read_wanted(&n_left, l, run));
  if (n_left == 0) return CRED_OK;
  *waits = true;
  TRY(cli__learn_write_wanted(l, run));
  return say_wanted(l, run);
}

// Until the run is done, waits for a person, or is interrupted.
static cred_status go_on(bool *done, cli__learn *l, cred_learn *run, const char *name) {
  *done = false;
  for (;;) {
    cred_learn_state state;
    bool waits = false;
    if (cli_interrupted()) break;
    cli_progress_init(&l->progress, l->args);
    const cred_status status = cred_learn_next(&state, run);
    cli_progress_end(&l->progress);
    if (status != CRED_OK) return status;
    if (state == CRED_LEARN_ROUND) say_round(l, run, name);
    if (state == CRED_LEARN_LABELS && !l->opt.simulate) TRY(get_labels(&waits, l, run));
    if (waits || state == CRED_LEARN_STOPPED) break;
    if (state != CRED_LEARN_DONE) continue;
    *done = true;
    if (!*name && !l->opt.simulate) cli__learn_drop_wanted(l);
    cli_note(l->args, "%s%sdone: %s", name, *name ? ": " : "", cred_learn_reason(run));
    if (*name && !cred_learn_has_model(run))
      cli_warn(l->args, "credence learn ... with a larger --budget or --start",
               "%s: all labels are the same: there is no model", name);
    break;
  }
  if (cli_interrupted())
    cli_note(l->args, "interrupted: nothing is lost; the same command goes on");
  return CRED_OK;
}

// The same run with rows at random, beside it.
static cred_status run_random(cred_learn **run, bool *done, cli__learn *l) {
  char folder[4096];
  cred_learn_options opt = l->opt;
  opt.acquire.kind = CRED_ACQUIRE_RANDOM;
  opt.acquire.power = 0;
  snprintf(folder, sizeof folder, "%s/random", l->folder);
  TRY(cred_learn_open(run, folder, l->pool, &opt));
  return go_on(done, l, *run, "random");
}

static cred_status run_all(bool *done, cli__learn *l) {
  const bool against = cli_flag(l->args, "against-random");
  cred_learn *runs[2] = {NULL, NULL};
  const char *names[2] = {cli_text(l->args, "by"), "random"};
  cred_status status;
  if (strcmp(names[0], "auto") == 0) names[0] = "chosen";
  TRY_DONE(cred_learn_open(&runs[0], l->folder, l->pool, &l->opt));
  if (cli_given(l->args, "relabel"))
    TRY_DONE(cli__learn_relabel(l, runs[0], cli_text(l->args, "relabel")));
  TRY_DONE(go_on(done, l, runs[0], ""));
  if (against && *done) TRY_DONE(run_random(&runs[1], done, l));
  if (cli_given(l->args, "plot"))
    TRY_DONE(cli__learn_plot(l, (const cred_learn *const *)runs, names, runs[1] ? 2 : 1));
  if (*done && !cred_learn_has_model(runs[0]))
    FAIL_DONE(CRED_EDATA,
              "%s: all %zu labels are the same, so that there is no model: label more "
              "rows (a larger --budget or --start)",
              l->folder, cred_learn_n_labels(runs[0]));
done:
  cred_learn_free(runs[0]);
  cred_learn_free(runs[1]);
  return status;
}

static int run_learn(const cli_args *args) {
  cli__learn l;
  bool done = false;
  int status = learn_init(&l, args);
  if (status == CRED_OK) status = run_all(&done, &l);
  if (status == CRED_OK && !done && cli_flag(args, "require-done")) status = CLI_VERDICT;
  learn_clear(&l);
  return status;
}

const cli_command cmd_learn = {
    .name = "learn",
    .summary = "Active learning: label, in rounds, the rows that teach the model most",
    .positional = "POOL",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .base = &cmd_fit,
    .base_without = "|resume|final|checkpoint|require-converged|train-rows|hold-out|"
                    "hold-out-file|classes-file|ignore-class|resize|",
    .details =
        "Each round fits to the rows that have labels, scores --test, and chooses the\n"
        "next rows of POOL. Rows of POOL whose target is filled in have their label.\n"
        "Labels come from POOL itself (--simulate), from a --command, or from a person:\n"
        "then FOLDER/to_label.csv has the rows, the run stops, and goes on when the\n"
        "same command is given with the file filled in. The file is taken whole or not\n"
        "at all; a row that nobody can label gets a '?' (also from a command) and is\n"
        "left out; --relabel gives another label to a row that has one, from the next\n"
        "fit on. Pool, test and options are tried before the first row is asked for.\n"
        "\n"
        "It may be killed at any moment: the same command goes on, with no label lost\n"
        "and the same choices. FOLDER has curve.csv, model.cred of the last round, the\n"
        "journal, and run.txt, which keeps another run from going on in it.\n"
        "\n"
        "The options of a fit are those of 'credence fit', for every round.",
    .examples =
        "credence demo moons --rows 500 -o pool.csv\n"
        "credence demo moons --rows 500 --seed 2 -o test.csv\n"
        "credence learn pool.csv --target label --simulate --test test.csv -o run \\\n"
        "  --start 10 -n 5 --budget 30 --steps 200 --members 3 --against-random \\\n"
        "  --plot curve.svg\n"
        "cut -d, -f1,2 pool.csv > unlabelled.csv\n"
        "credence learn unlabelled.csv --target label --classes lower,upper -o mine \\\n"
        "  --start 10 --steps 200 --members 3\n"
        "head -n 3 mine/to_label.csv",
    .run = run_learn,
};
