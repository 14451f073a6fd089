// cmd_evaluate.c -- credence evaluate: scores on rows whose targets are known.

#include "cli/cmd_evaluate.h"
#include "base/file.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the table of scores", "-"),
    {.name = "ood",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "rows of another kind: how well does the uncertainty tell them apart?"},
    CLI_OPTION_OOD_MEMBER,
    {.name = "bootstrap",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "1000",
     .min = 0,
     .max = 1e6,
     .help = "bootstrap replicates for the standard errors, 0 for none"},
    {.name = "bins",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "15",
     .min = 1,
     .max = 1000,
     .help = "bins of the expected calibration error"},
    {.name = "plot",
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "draw reliability (classes), coverage (numbers) or, with --ood, the "
             "uncertainty of both sets: .png, .svg, .pdf, .txt"},
    {.name = "require-calibrated",
     .type = CLI_FLAG,
     .help = "end with 1 if the verdict is negative"},
    CLI_OPTIONS_DRAWS,
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
    CLI_OPTION_JSON,
    CLI_OPTION_STABLE,
    CLI_OPTION_ROWS_FILE,
    CLI_OPTION_LABELS,
    CLI_OPTION_IGNORE_CLASS,
    CLI_OPTIONS_ROWS,
    CLI_OPTIONS_INPUT,
};

static cred_evaluate_options evaluate_options(const cli_args *args) {
  cred_evaluate_options opt = cred_evaluate_defaults();
  opt.predict = cli_predict_options(args);
  opt.n_bootstrap = cli_size(args, "bootstrap");
  opt.n_bins = cli_size(args, "bins");
  return opt;
}

// The same table, or the same array of an archive.
static bool is_same(const cli__evaluate *all, const cli_args *args) {
  const char *member = cli_text(args, "member"), *other = cli_text(args, "ood-member");
  return strcmp(cred_table_digest(all->in.table),
                cred_table_digest(all->outside_table)) == 0 &&
         (!other || (member && strcmp(member, other) == 0));
}

static cred_status read_outside(cli__evaluate *all, const cli_args *args) {
  const char *path = cli_text(args, "ood");
  const cred_schema *schema = cred_model_schema(all->in.model);
  TRY(cli_check_inputs(cli_positional(args, 1), path));
  if (all->in.images) {
    TRY(cli_open_pictures(&all->outside_images, args, path, schema, NULL,
                          CLI_ALL_PICTURES));
    return cred_images_rows(&all->outside, schema, all->outside_images, NULL, 0,
                            cred_images_n_rows(all->outside_images));
  }
  TRY(cli_read_outside(&all->outside_table, args, path));
  if (is_same(all, args))
    cli_warn(args,
             "credence evaluate MODEL DATA --ood OTHER (of an archive: --ood-member)",
             "the rows of --ood are those of DATA: nothing can tell them apart");
  return cli_encode_kept(&all->outside, args, schema, all->outside_table, NULL, 0, 0);
}

static cred_status evaluate(cli__evaluate *all, const cli_args *args) {
  const cred_evaluate_options opt = evaluate_options(args);
  const bool ood = cli_given(args, "ood");
  if (!ood && cli_given(args, "ood-member"))
    FAIL(CRED_ECONFIG, "option '--ood-member' belongs to --ood");
  TRY(cli_held_out_read(&all->in, args, ood ? -1 : 1));
  if (ood) TRY(read_outside(all, args));
  if (all->in.data.y)
    TRY(cred_model_evaluate(&all->scores, all->in.model, &all->in.data, &opt));
  if (!ood) return CRED_OK;
  return cred_model_evaluate_ood(&all->ood, all->in.model, &all->in.data, &all->outside,
                                 &opt);
}

static void clear(cli__evaluate *all) {
  cred_evaluation_free(all->scores);
  cred_evaluation_free(all->ood);
  cred_data_clear(&all->outside);
  cred_table_free(all->outside_table);
  cred_images_free(all->outside_images);
  cli_held_out_clear(&all->in);
}

// --- text ---

// 6 digits are enough to compare; "-" where there is none.
static const char *number_text(char out[32], double value, int digits) {
  if (isnan(value)) return "-";
  snprintf(out, 32, "%.*g", digits, value);
  return out;
}

// NULL: the score is of all targets together.
static const char *target_name(const cli__evaluate *all, const cred_evaluation *e,
                               const cred_score *s) {
  const cred_schema *schema = cred_model_schema(all->in.model);
  const bool joint = e == all->ood || strcmp(s->name, "log_lik") == 0;
  return joint && schema->n_targets > 1 ? NULL : schema->targets[s->target].name;
}

static void print_scores(FILE *file, const cli__evaluate *all, const cred_evaluation *e,
                         bool targets) {
  for (size_t i = 0; e && i < cred_evaluation_n_scores(e); i++) {
    const cred_score *s = cred_evaluation_score(e, i);
    char value[32], se[32];
    fprintf(file, "%-24s", s->name);
    const char *target = target_name(all, e, s);
    if (targets) fprintf(file, "  %-12s", target ? target : "(all)");
    fprintf(file, " %12s %10s  %s\n", number_text(value, s->value, 6),
            number_text(se, s->se, 2), s->about);
  }
}

static void print_text(FILE *file, const cli__evaluate *all) {
  const bool targets = all->scores && cred_model_schema(all->in.model)->n_targets > 1;
  fprintf(file, "%-24s", "score");
  if (targets) fprintf(file, "  %-12s", "target");
  fprintf(file, " %12s %10s  %s\n", "value", "se", "what it means");
  print_scores(file, all, all->scores, targets);
  print_scores(file, all, all->ood, targets);
}

// --- JSON Lines ---

static json_t *json_number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static cred_status print_line(FILE *file, json_t *line) {
  if (!line) FAIL(CRED_ENOMEM, "no memory for a line of JSON");
  const int failed = json_dumpf(line, file, JSON_COMPACT | JSON_REAL_PRECISION(15));
  json_decref(line);
  if (failed || putc('\n', file) == EOF) FAIL(CRED_EIO, "writing the scores failed");
  return CRED_OK;
}

static cred_status print_json(FILE *file, const cli__evaluate *all,
                              const cred_evaluation *e, const cli_args *args) {
  if (!e) return CRED_OK;
  for (size_t i = 0; i < cred_evaluation_n_scores(e); i++) {
    const cred_score *s = cred_evaluation_score(e, i);
    TRY(print_line(file, json_pack("{ss ss ss? so so ss}", "kind", "score", "name",
                                   s->name, "target", target_name(all, e, s), "value",
                                   json_number(s->value), "se", json_number(s->se),
                                   "about", s->about)));
  }
  int well;
  const char *text = cred_evaluation_verdict(e, &well);
  const cred_prediction *p = cred_evaluation_prediction(e);
  json_t *line = json_pack("{ss sb ss sI sI}", "kind", e == all->ood ? "ood" : "verdict",
                           "well", well, "text", text, "rows", (json_int_t)p->n_rows,
                           "draws", (json_int_t)p->n_draws);
  if (line && !cli_flag(args, "stable")) {
    json_object_set_new(line, "model", json_string(cli_positional(args, 0)));
    json_object_set_new(line, "data", json_string(cli_positional(args, 1)));
  }
  return print_line(file, line);
}

static cred_status write_scores(const cli__evaluate *all, const cli_args *args) {
  cred__writer writer;
  TRY(cred__writer_init(&writer, cli_text(args, "output")));
  cred_status status = CRED_OK;
  if (cli_flag(args, "json")) {
    status = print_json(writer.file, all, all->scores, args);
    if (status == CRED_OK) status = print_json(writer.file, all, all->ood, args);
  } else {
    print_text(writer.file, all);
  }
  if (status == CRED_OK) return cred__writer_commit(&writer);
  cred__writer_abort(&writer);
  return status;
}

// True if all verdicts are good.
static bool say_verdicts(const cli__evaluate *all, const cli_args *args) {
  const cred_evaluation *const both[] = {all->scores, all->ood};
  bool good = true;
  fflush(stdout); // the scores stand above the verdict
  for (size_t i = 0; i < 2; i++) {
    if (!both[i]) continue;
    int well;
    const char *text = cred_evaluation_verdict(both[i], &well);
    const cred_prediction *p = cred_evaluation_prediction(both[i]);
    cli_note(args, "%zu rows, %zu draws", p->n_rows, p->n_draws);
    cli_note(args, "verdict: %s", text);
    good &= well != 0;
  }
  return good;
}

static int run_evaluate(const cli_args *args) {
  cli__evaluate all = {0};
  TRY(cli_check_output(cli_text(args, "output")));
  int status = evaluate(&all, args);
  if (status == CRED_OK) status = write_scores(&all, args);
  if (status == CRED_OK && cli_given(args, "plot"))
    status = cli__evaluate_plot(&all, cli_text(args, "plot"), cli_size(args, "bins"));
  if (status == CRED_OK && !say_verdicts(&all, args) &&
      cli_flag(args, "require-calibrated"))
    status = CLI_VERDICT;
  clear(&all);
  return status;
}

const cli_command cmd_evaluate = {
    .name = "evaluate",
    .summary = "Score a model on rows whose targets are known",
    .positional = "MODEL DATA",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "Prints accuracy, log likelihood, calibration and sharpness, each with its\n"
        "bootstrap standard error over rows, and ends with a verdict on standard\n"
        "error: can the uncertainty be believed, and what to do next.\n"
        "DATA are rows that the model was not fitted to.\n"
        "\n"
        "With --ood the share of the other rows that the uncertainty finds follows;\n"
        "DATA then needs no targets.",
    .examples =
        "credence demo sine --rows 300 -o sine.csv\n"
        "credence fit sine.csv --target y --hidden 10 --members 1 --epochs 20 \\\n"
        "  --hold-out 0.5 --hold-out-file test.rows -o sine.cred --quiet\n"
        "credence evaluate sine.cred sine.csv --rows-file test.rows --draws 20\n"
        "credence demo sine --grid -o grid.csv\n"
        "credence evaluate sine.cred sine.csv --rows-file test.rows \\\n"
        "  --ood grid.csv --json",
    .run = run_evaluate,
};
