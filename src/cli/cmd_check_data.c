// cmd_check_data.c -- credence check-data: what is odd about a table, before training.

#include "base/text.h"
#include "cli/input.h"
#include "cli/pictures.h"
#include "cli/request.h"
#include "credence/data/lint.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

static const cli_option options[] = {
    {.name = "target",
     .short_name = 't',
     .type = CLI_LIST,
     .argument = "COLUMNS",
     .help = "columns to predict: their values and classes are looked at more closely"},
    CLI_OPTIONS_COLUMNS,
    {.name = "strict",
     .type = CLI_FLAG,
     .help = "end with 1 on warnings too, not only on errors"},
    CLI_OPTION_JSON,
    CLI_OPTION_STABLE,
    CLI_OPTIONS_INPUT,
};

static const char *severity_name(cred_lint_severity severity) {
  static const char *const names[] = {"note", "warning", "error"};
  return names[severity];
}

// A number for people: 6 digits, "-" where there is none.
static const char *number_text(char out[32], double value) {
  if (isnan(value))
    snprintf(out, 32, "-");
  else
    snprintf(out, 32, "%.6g", value);
  return out;
}

static void print_column(const cred_lint_column *column, int name_width) {
  char min[32], mean[32], max[32], sd[32], levels[32] = "-";
  const bool categorical = column->type == CRED_COLUMN_CATEGORICAL;
  if (categorical) snprintf(levels, sizeof levels, "%zu", column->n_levels);
  printf("%-*s  %-11s %8zu %8s %12s %12s %12s %12s\n", name_width, column->name,
         categorical ? "categorical" : "numeric", column->n_missing, levels,
         number_text(min, column->min), number_text(mean, column->mean),
         number_text(max, column->max), number_text(sd, column->sd));
}

// "error: data.csv:17:4: what (advice)"
static void print_finding(const cred_lint_finding *finding, const char *source) {
  printf("%s: %s", severity_name(finding->severity), source);
  if (finding->line) printf(":%zu", finding->line);
  if (finding->line && finding->column) printf(":%zu", finding->column);
  printf(": %s", finding->text);
  if (finding->advice && finding->advice[0]) printf(" (%s)", finding->advice);
  putchar('\n');
}

enum { COLUMNS_SHOWN_MAX = 50 };

static void print_columns(const cred_lint_report *report) {
  const size_t n =
      report->n_columns < COLUMNS_SHOWN_MAX ? report->n_columns : COLUMNS_SHOWN_MAX;
  int width = 6;
  for (size_t i = 0; i < n; i++) {
    const size_t length = strlen(report->columns[i].name);
    if ((int)length > width && length <= 40) width = (int)length;
  }
  if (n == 0) return;
  printf("\n%-*s  %-11s %8s %8s %12s %12s %12s %12s\n", width, "column", "type",
         "missing", "levels", "min", "mean", "max", "sd");
  for (size_t i = 0; i < n; i++) print_column(&report->columns[i], width);
  if (n < report->n_columns)
    printf("... and %zu more (--json lists all)\n", report->n_columns - n);
}

static void print_text(const cred_lint_report *report, const char *source) {
  printf("%s: %zu row%s, %zu column%s\n", source, report->n_rows, CRED__S(report->n_rows),
         report->n_columns, CRED__S(report->n_columns));
  print_columns(report);
  if (report->n_findings) putchar('\n');
  for (size_t i = 0; i < report->n_findings; i++)
    print_finding(&report->findings[i], source);
  printf("\nverdict: %s (errors: %zu, warnings: %zu)\n",
         report->n_errors     ? "training would fail"
         : report->n_warnings ? "usable, see the warnings"
                              : "good",
         report->n_errors, report->n_warnings);
}

// What the findings ask for and was not given: the first identifier is the id, the others
// are no inputs.
static void print_remedies(const cred_lint_report *report, const cli_args *args) {
  bool id = cli_given(args, "id"), missing = cli_given(args, "missing");
  bool task = cli_given(args, "task");
  char word[512];
  for (size_t i = 0; i < report->n_findings; i++) {
    const cred_lint_finding *f = &report->findings[i];
    if (f->remedy == CRED_LINT_REMEDY_ID && f->column) {
      printf(" --%s %s", id ? "ignore" : "id",
             cli_quoted(word, sizeof word, report->columns[f->column - 1].name));
      id = true;
    }
    if (f->remedy == CRED_LINT_REMEDY_MISSING && !missing) printf(" --missing indicator");
    if (f->remedy == CRED_LINT_REMEDY_CLASSES && !task) printf(" --task class");
    missing |= f->remedy == CRED_LINT_REMEDY_MISSING;
    task |= f->remedy == CRED_LINT_REMEDY_CLASSES;
  }
}

// The command to run next, once there is one and the table is fit for it.
static void print_next(const cred_lint_report *report, const cli_args *args) {
  size_t n;
  const char *const *targets = cli_list(args, "target", &n);
  if (report->n_errors || !cli_command_find("fit")) return;
  char word[512], reading[2048], columns[2048];
  printf("next: credence fit %s", cli_flag(args, "stable")
                                      ? "DATA"
                                      : cli_quoted(word, sizeof word, report->source));
  for (size_t i = 0; i < n; i++)
    printf(" --target %s", cli_quoted(word, sizeof word, targets[i]));
  fputs(cli_columns(columns, sizeof columns, args), stdout);
  print_remedies(report, args);
  fputs(cli_reading(reading, sizeof reading, args), stdout);
  puts(n ? " -o model.cred" : " --target COLUMN -o model.cred");
}

static json_t *json_number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static cred_status print_json(json_t *line) {
  if (!line) FAIL(CRED_ENOMEM, "no memory for a line of JSON");
  const int failed = json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
  json_decref(line);
  putchar('\n');
  if (failed) FAIL(CRED_EIO, "standard output: writing failed");
  return CRED_OK;
}

static json_t *json_column(const cred_lint_column *column) {
  const bool categorical = column->type == CRED_COLUMN_CATEGORICAL;
  return json_pack("{ss ss ss sI sI so so so so}", "kind", "column", "name", column->name,
                   "type", categorical ? "categorical" : "numeric", "missing",
                   (json_int_t)column->n_missing, "levels", (json_int_t)column->n_levels,
                   "min", json_number(column->min), "mean", json_number(column->mean),
                   "max", json_number(column->max), "sd", json_number(column->sd));
}

static cred_status print_json_lines(const cred_lint_report *report, const char *source) {
  for (size_t i = 0; i < report->n_columns; i++)
    TRY(print_json(json_column(&report->columns[i])));
  for (size_t i = 0; i < report->n_findings; i++) {
    const cred_lint_finding *finding = &report->findings[i];
    TRY(print_json(json_pack("{ss ss sI sI ss ss}", "kind", "finding", "severity",
                             severity_name(finding->severity), "line",
                             (json_int_t)finding->line, "column",
                             (json_int_t)finding->column, "text", finding->text, "advice",
                             finding->advice ? finding->advice : "")));
  }
  return print_json(json_pack(
      "{ss ss sI sI sI sI}", "kind", "verdict", "source", source, "rows",
      (json_int_t)report->n_rows, "columns", (json_int_t)report->n_columns, "errors",
      (json_int_t)report->n_errors, "warnings", (json_int_t)report->n_warnings));
}

static int run_check_data(const cli_args *args) {
  cred_table_options opt;
  cred_lint_report *report;
  const cred_schema_options columns = cli_schema_options(args);
  TRY(cli_refuse_pictures(cli_positional(args, 0)));
  TRY(cli_table_options(&opt, args));
  TRY(cred_lint(&report, cli_positional(args, 0), &opt, &columns));
  int status = CRED_OK;
  const char *source = cli_flag(args, "stable") ? "table" : report->source;
  if (cli_flag(args, "json")) {
    status = print_json_lines(report, source);
  } else {
    print_text(report, source);
    print_next(report, args);
  }
  const bool bad =
      report->n_errors > 0 || (cli_flag(args, "strict") && report->n_warnings > 0);
  cred_lint_free(report);
  if (status == CRED_OK && bad) status = CLI_VERDICT;
  return status;
}

const cli_command cmd_check_data = {
    .name = "check-data",
    .summary = "Look for what is odd in a table before a model is trained on it",
    .positional = "DATA",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "Prints the columns with their types and ranges, then what was found: rows of\n"
        "another length, missing, constant, equal and nearly numeric columns, decimal\n"
        "commas, repeated rows, identifiers, dates, a header taken for data, skewed\n"
        "and very large numbers, rare classes, too few rows. Options that 'fit' will\n"
        "get are taken into account. DATA '-' is standard input.\n"
        "\n"
        "Ends with 1 if training would fail.",
    .examples = "credence demo sine -o sine.csv\n"
                "credence check-data sine.csv --target y",
    .run = run_check_data,
};
