// cmd_calibrate.c -- credence calibrate: intervals and sets that hold what they say.

#include "cli/held_out.h"
#include "credence/model/calibrate.h"
#include <jansson.h>
#include <string.h>

static const cli_option options[] = {
    {.name = "output",
     .short_name = 'o',
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "write the calibrated model to FILE, which may be MODEL; '-' is standard "
             "output",
     .replaces = "MODEL"},
    {.name = "coverage",
     .type = CLI_NUMBER,
     .argument = "SHARE",
     .default_text = "0.9",
     .min = CLI_ABOVE_ZERO,
     .max = 0.99999,
     .help = "share of new rows that intervals and sets shall hold"},
    {.name = "set",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .default_text = "lac",
     .choices = "lac|aps",
     .help = "sets of classes: the smallest (lac), or larger for harder rows (aps)"},
    {.name = "no-temperature",
     .type = CLI_FLAG,
     .help = "leave the probabilities (the sd) as they are: intervals or sets only"},
    CLI_OPTIONS_DRAWS,
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
    CLI_OPTION_JSON,
    CLI_OPTION_ROWS_FILE,
    CLI_OPTION_LABELS,
    CLI_OPTION_IGNORE_CLASS,
    CLI_OPTIONS_ROWS,
    CLI_OPTIONS_INPUT,
};

static cred_calibrate_options calibrate_options(const cli_args *args) {
  cred_calibrate_options opt = cred_calibrate_defaults();
  opt.coverage = cli_number(args, "coverage");
  opt.set = (cred_set_kind)cli_choice(args, "set");
  opt.temperature = !cli_flag(args, "no-temperature");
  opt.predict = cli_predict_options(args);
  return opt;
}

static void print_text(FILE *file, const cred_calibrate_info *info,
                       const cred_model *model, double coverage) {
  const cred_schema *schema = cred_model_schema(model);
  const bool classes = cred_likelihood_is_class(cred_model_likelihood(model));
  fprintf(file, "%-24s %12zu\n", "rows", info->n_rows);
  fprintf(file, "%-24s %12g\n", "coverage", coverage);
  fprintf(file, "%-24s %12.4f\n", "coverage before", info->coverage_before);
  fprintf(file, "%-24s %12.4f\n", classes ? "temperature" : "factor on the sd",
          info->temperature);
  fprintf(file, "%-24s %12.4f\n", "log likelihood before", info->log_lik_before);
  fprintf(file, "%-24s %12.4f\n", "log likelihood after", info->log_lik_after);
  if (classes) {
    fprintf(file, "%-24s %12.4f\n", "threshold of sets", info->quantile[0]);
    return;
  }
  for (size_t t = 0; t < schema->n_targets; t++)
    fprintf(file, "%-24s %12.4f  %s\n", "interval, in sd", info->quantile[t],
            schema->n_targets > 1 ? schema->targets[t].name : "");
}

static cred_status print_json(FILE *file, const cred_calibrate_info *info,
                              const cred_model *model, double coverage) {
  const bool classes = cred_likelihood_is_class(cred_model_likelihood(model));
  const size_t n = classes ? 1 : cred_model_schema(model)->n_targets;
  json_t *quantiles = json_array();
  for (size_t t = 0; t < n; t++)
    json_array_append_new(quantiles, json_real(info->quantile[t]));
  json_t *line = json_pack("{ss sI sf sf sf sf sf so}", "kind", "calibration", "rows",
                           (json_int_t)info->n_rows, "coverage", coverage,
                           "coverage_before", info->coverage_before, "temperature",
                           info->temperature, "log_lik_before", info->log_lik_before,
                           "log_lik_after", info->log_lik_after, "quantiles", quantiles);
  if (!line) FAIL(CRED_ENOMEM, "no memory for a line of JSON");
  const int failed = json_dumpf(line, file, JSON_COMPACT | JSON_REAL_PRECISION(15));
  json_decref(line);
  if (failed || putc('\n', file) == EOF)
    FAIL(CRED_EIO, "standard output: writing failed");
  return CRED_OK;
}

static cred_status calibrate(cli_held_out *in, const cli_args *args, const char *path) {
  const cred_calibrate_options opt = calibrate_options(args);
  cred_calibrate_info info;
  if (cred_model_is_calibrated(in->model))
    cli_note(args, "%s: it is calibrated already, the new calibration takes its place",
             cli_positional(args, 0));
  if (cred_model_rule(in->model))
    cli_note(args,
             "%s: its rule of triage was chosen for other probabilities and is gone: "
             "choose it again",
             cli_positional(args, 0));
  TRY(cred_model_calibrate(in->model, &info, &in->data, &opt));
  TRY(cred_model_save(in->model, path, false));
  // a model on standard output leaves standard error for what was fitted
  FILE *file = strcmp(path, "-") == 0 ? stderr : stdout;
  if (cli_flag(args, "json"))
    TRY(print_json(file, &info, in->model, opt.coverage));
  else
    print_text(file, &info, in->model, opt.coverage);
  fflush(file);
  cli_note(args, "next: credence evaluate %s TEST, on rows that are not these", path);
  return CRED_OK;
}

static int run_calibrate(const cli_args *args) {
  const char *path = cli_text(args, "output");
  cli_held_out in;
  if (!path) return cli_usage("the name of the calibrated model is missing: -o MODEL");
  TRY(cli_check_output(path));
  TRY(cli_held_out_read(&in, args, 1));
  const cred_status status = calibrate(&in, args, path);
  cli_held_out_clear(&in);
  return status;
}

const cli_command cmd_calibrate = {
    .name = "calibrate",
    .summary = "Make intervals and sets of a model hold the share of rows they promise",
    .positional = "MODEL DATA",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "DATA are rows like those the model will meet, that it was not fitted to and\n"
        "that it will not be evaluated on. First the probabilities get a temperature\n"
        "(the sd a factor), where that makes the rows more probable; then intervals\n"
        "or sets are set by split conformal prediction, so that they hold new rows\n"
        "as often as --coverage says, whatever the model. An earlier calibration is\n"
        "replaced. 'predict' then prints lower and upper, or the set.",
    .examples =
        "credence demo sine --rows 300 -o sine.csv\n"
        "credence demo sine --rows 200 --seed 2 -o new.csv\n"
        "credence fit sine.csv --target y --hidden 10 --members 1 --epochs 20 \\\n"
        "  -o sine.cred --quiet\n"
        "credence calibrate sine.cred new.csv --coverage 0.8 -o calibrated.cred\n"
        "credence demo sine --rows 100 --seed 3 -o test.csv\n"
        "credence evaluate calibrated.cred test.csv",
    .run = run_calibrate,
};
