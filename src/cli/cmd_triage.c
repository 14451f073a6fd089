// cmd_triage.c -- credence triage: which cases the model decides, and which a person
// reviews.

#include "cli/cmd_triage.h"
#include "base/alloc.h"
#include "base/text.h"
#include <float.h>
#include <string.h>

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the cases (CSV)", "-"),
    CLI_OPTION_KEEP("DATA"),
    {.name = "min-confidence",
     .type = CLI_SHARE,
     .argument = "P",
     .min = 0,
     .max = 1,
     .help = "review where the most probable class has less probability than P",
     .group = "Limits"},
    {.name = "max-sd",
     .type = CLI_NUMBER,
     .argument = "SD",
     .min = 0,
     .max = DBL_MAX,
     .help = "review where the sd of the target (of two classes: of the logit) is above "
             "SD",
     .group = "Limits"},
    {.name = "max-mi",
     .type = CLI_NUMBER,
     .argument = "NATS",
     .min = 0,
     .max = DBL_MAX,
     .help = "review where the mutual information is above NATS",
     .group = "Limits"},
    {.name = "max-distance",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = 0,
     .max = DBL_MAX,
     .help = "review where the standardised inputs have a root mean square above X",
     .group = "Limits"},
    {.name = "review-rate",
     .type = CLI_SHARE,
     .argument = "SHARE",
     .min = CLI_ABOVE_ZERO,
     .max = CLI_BELOW_ONE,
     .help = "review the most doubtful SHARE of the cases (0.1 or 10%), or of the "
             "calibration rows",
     .group = "Chosen limits"},
    {.name = "max-error",
     .type = CLI_SHARE,
     .argument = "SHARE",
     .min = CLI_ABOVE_ZERO,
     .max = CLI_BELOW_ONE,
     .help = "review so much that at most SHARE of the cases kept are wrong, proved on "
             "--calibration",
     .group = "Chosen limits"},
    {.name = "max-miss",
     .type = CLI_SHARE,
     .argument = "SHARE",
     .min = CLI_ABOVE_ZERO,
     .max = CLI_BELOW_ONE,
     .help = "the same for the cases of class --positive that are taken for another",
     .group = "Chosen limits"},
    {.name = "confidence",
     .type = CLI_SHARE,
     .argument = "SHARE",
     .default_text = "0.95",
     .min = CLI_ABOVE_ZERO,
     .max = CLI_BELOW_ONE,
     .help = "how often such a proof shall be right",
     .group = "Chosen limits"},
    {.name = "costs",
     .type = CLI_LIST,
     .argument = "P,N,R",
     .help = "costs of a wrong positive, of a wrong negative, of a review: decide what "
             "is cheapest",
     .group = "Chosen limits"},
    {.name = "outlier-rate",
     .type = CLI_SHARE,
     .argument = "SHARE",
     .min = CLI_ABOVE_ZERO,
     .max = CLI_BELOW_ONE,
     .help = "review rows farther from the training data than all but SHARE of the "
             "calibration rows",
     .group = "Chosen limits"},
    {.name = "positive",
     .type = CLI_TEXT,
     .argument = "CLASS",
     .help = "the class of --max-miss and --costs",
     .group = "Chosen limits"},
    {.name = "tolerance",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = 0,
     .max = DBL_MAX,
     .help = "numbers: wrong is what is farther than X from the mean",
     .group = "Chosen limits"},
    {.name = "doubt",
     .type = CLI_CHOICE,
     .argument = "WHICH",
     .choices = "confidence|entropy|mutual_information|sd|distance",
     .help =
         "what the limit is chosen on, and the report sorts by; without it confidence, "
         "of numbers sd",
     .group = "Chosen limits"},
    {.name = "calibration",
     .type = CLI_FILE_IN,
     .argument = "DATA",
     .help = "rows with targets, or pictures with classes, like those to come, that the "
             "model was not fitted to",
     .group = "Chosen limits"},
    {.name = "calibration-rows",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "only these rows of --calibration, or of DATA, by their numbers from 0",
     .group = "Chosen limits"},
    {.name = "calibration-labels",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "targets of --calibration in a file of their own, as --labels",
     .group = "Chosen limits"},
    {.name = "calibration-member",
     .type = CLI_TEXT,
     .argument = "NAME",
     .help = "array of an NPZ file of --calibration; without it as --member",
     .group = "Chosen limits"},
    {.name = "calibration-labels-member",
     .type = CLI_TEXT,
     .argument = "NAME",
     .help =
         "array of the labels in an NPZ file: that of --calibration-labels, else that "
         "of --calibration",
     .group = "Chosen limits"},
    {.name = "target",
     .type = CLI_TEXT,
     .argument = "NAME",
     .help = "of several targets, which; without it the first"},
    {.name = "keep-rule",
     .type = CLI_FILE_OUT,
     .argument = "MODEL",
     .help = "write the model with the rule in it, also in the place of the one read: "
             "triage then needs no limits",
     .replaces = "MODEL"},
    {.name = "audit",
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "write the audit log: digests, rule, seed, one line a case (JSON Lines)"},
    {.name = "plot",
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "draw what is wrong against the share kept: .png, .svg, .pdf, .txt"},
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

static cred_status find_target(cli__triage *all) {
  const char *name = cli_text(all->args, "target");
  const cred_schema *schema = cred_model_schema(all->in.model);
  const char *names[64];
  size_t n = 0;
  for (; n < schema->n_targets && n < 64; n++) names[n] = schema->targets[n].name;
  for (size_t t = 0; name && t < n; t++)
    if (strcmp(names[t], name) == 0) {
      all->target = t;
      return CRED_OK;
    }
  if (!name) return CRED_OK;
  const char *nearest = cred__nearest(name, names, n);
  FAIL(CRED_EDATA, "'%s' is no target of the model%s%s%s", name,
       nearest ? "\ndid you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

enum { ID_BYTES = 512 };

// The cell of the column of ids; of a picture its name. NULL where there are none.
static const char *id_of(char out[ID_BYTES], const cli__triage *all, size_t row) {
  const cli_held_out *in = &all->in;
  const char *id = cred_model_schema(all->in.model)->id;
  if (in->images) return cred_images_name(in->images, row);
  const size_t column = id ? cred_table_find(in->table, id) : SIZE_MAX;
  if (column == SIZE_MAX) return NULL;
  cred_table_cell(out, ID_BYTES, in->table, row, column);
  return out;
}

// *ids is NULL where there are none.
static cred_status take_ids(char ***ids, const cli__triage *all, const uint64_t *rows,
                            size_t n) {
  char cell[ID_BYTES];
  *ids = NULL;
  if (n == 0 || !id_of(cell, all, (size_t)rows[0])) return CRED_OK;
  TRY(NEW(ids, n, "ids"));
  for (size_t i = 0; i < n; i++)
    TRY(cred__strdup(&(*ids)[i], id_of(cell, all, (size_t)rows[i])));
  return CRED_OK;
}

static void free_ids(char **ids, size_t n) {
  for (size_t i = 0; ids && i < n; i++) cred__free(ids[i]);
  cred__free(ids);
}

static cred_status take_bad(cli__triage *all) {
  const cli_held_out *in = &all->in;
  const size_t n = in->rows     ? in->n_rows
                   : in->images ? cred_images_n_rows(in->images)
                                : cred_table_n_rows(in->table);
  TRY(NEW(&all->bad, n - all->cases.n, "bad rows"));
  TRY(NEW(&all->bad_before, n - all->cases.n, "bad rows"));
  for (size_t k = 0, i = 0; k < n; k++) {
    const size_t row = in->rows ? in->rows[k] : k;
    if (i < all->cases.n && all->cases.row[i] == row) {
      i++;
      continue;
    }
    all->bad_before[all->n_bad] = i;
    all->bad[all->n_bad++] = row;
  }
  return take_ids(&all->bad_ids, all, all->bad, all->n_bad);
}

static cred_status take_kept(cli__triage *all) {
  static const char *const ours[] = {
      "row",      "decision", "confidence",   "entropy",      "mutual_information",
      "sd_logit", "sd",       "sd_epistemic", "sd_aleatoric", "distance",
      "reason",   "id",       "needs_review"};
  if (!all->in.images)
    return cli_kept_init(&all->kept, all->args, all->in.table, ours,
                         sizeof ours / sizeof *ours);
  if (cli_given(all->args, "keep"))
    FAIL(CRED_ECONFIG, "option '--keep' is of tables, DATA are pictures");
  return CRED_OK;
}

// What a rule was proved on says nothing of cases far beyond it. Distances are about 1
// for rows of the training.
static void warn_of_far(const cli__triage *all) {
  const double far = 5;
  size_t n = 0, first = 0;
  for (size_t i = all->cases.n; i-- > 0;)
    if (!all->triage.review[i] && all->cases.distance[i] > far) n++, first = i;
  if (n)
    cli_warn(all->args,
             cred_model_rule(all->in.model)
                 ? "credence triage ... --max-distance 3"
                 : "credence triage ... --max-distance 3, or --outlier-rate",
             "%zu case%s kept far outside the training rows, such as row %llu at a "
             "distance of %.3g, and what the model says there is a guess",
             n, n == 1 ? " is" : "s are", (unsigned long long)all->cases.row[first],
             all->cases.distance[first]);
}

static cred_status judge(cli__triage *all) {
  TRY(cli_held_out_read(&all->in, all->args, CLI_TARGETS_KNOWN));
  TRY(find_target(all));
  TRY(take_kept(all));
  TRY(cli__triage_draws(all));
  TRY(cred_cases_init(&all->cases, all->in.model, &all->in.data, all->target,
                      &all->predict));
  TRY(take_ids(&all->ids, all, all->cases.row, all->cases.n));
  TRY(take_bad(all));
  TRY(cli__triage_rule(all));
  TRY(cred_triage_init(&all->triage, &all->cases, &all->rule));
  warn_of_far(all);
  return CRED_OK;
}

static cred_status write_all(cli__triage *all) {
  const cli_args *args = all->args;
  const char *path = cli_text(args, "output");
  if (cli_given(args, "keep-rule")) {
    TRY(cred_rule_keep(all->in.model, &all->rule));
    TRY(cred_model_save(all->in.model, cli_text(args, "keep-rule"), false));
  }
  TRY(cli__triage_write(all, path));
  const cred_audit_data data = {.digest = cli_held_out_digest(&all->in),
                                .ids = (const char *const *)all->ids,
                                .bad = all->bad,
                                .bad_ids = (const char *const *)all->bad_ids,
                                .n_bad = all->n_bad};
  if (cli_given(args, "audit"))
    TRY(cred_triage_audit(cli_text(args, "audit"), all->in.model, &all->cases,
                          &all->triage, &all->rule, &data));
  if (cli_given(args, "plot")) TRY(cli__triage_plot(all, cli_text(args, "plot")));
  // cases or their log on standard output leave standard error for the report
  const char *audit = cli_text(args, "audit");
  const bool taken = strcmp(path, "-") == 0 || (audit && strcmp(audit, "-") == 0);
  FILE *file = taken ? stderr : stdout;
  fflush(stdout);
  if (file == stderr && cli_flag(args, "quiet")) return CRED_OK;
  TRY(cli__triage_report(all, file));
  fflush(file);
  return CRED_OK;
}

static void clear(cli__triage *all) {
  free_ids(all->ids, all->cases.n);
  free_ids(all->bad_ids, all->n_bad);
  cred__free(all->bad);
  cred__free(all->bad_before);
  cli_kept_clear(&all->kept);
  cred_triage_clear(&all->triage);
  cred_cases_clear(&all->cases);
  cli_held_out_clear(&all->in);
}

static int run_triage(const cli_args *args) {
  static const char *const outputs[] = {"output", "keep-rule", "audit", "plot"};
  cli__triage all = {.args = args};
  for (size_t i = 0; i < 4; i++)
    if (cli_text(args, outputs[i])) TRY(cli_check_output(cli_text(args, outputs[i])));
  if (strcmp(cli_text(args, "output"), "-") == 0 && cli_text(args, "audit") &&
      strcmp(cli_text(args, "audit"), "-") == 0)
    FAIL(CRED_ECONFIG, "the cases and the audit log would both go to standard output: "
                       "give the cases a file, -o FILE");
  cred_status status = judge(&all);
  if (status == CRED_OK) status = write_all(&all);
  clear(&all);
  return status;
}

const cli_command cmd_triage = {
    .name = "triage",
    .summary = "Tell the cases that the model decides from those that a person reviews",
    .positional = "MODEL DATA",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "Columns: row,id,decision, the doubts (classes: confidence, entropy,\n"
        "mutual_information, of two classes sd_logit; numbers: sd, sd_epistemic,\n"
        "sd_aleatoric; distance from the training data), needs_review (yes, no) and\n"
        "reason: low_confidence, epistemic (more data would settle it), aleatoric (it\n"
        "would not), unlike_training, joined by '|'. With --bad-rows skip a row that "
        "the\n"
        "model cannot take has no decision, and the reason bad_row; columns of --keep\n"
        "come last.\n"
        "\n"
        "Limits are given, or chosen: by a share to review, by a table of costs, or so\n"
        "that the cases kept are wrong at most so often, proved by exact binomial\n"
        "tests on --calibration. Too few rows for a proof are an error that says how\n"
        "many it takes. --keep-rule writes the model with the rule, which the model\n"
        "then applies wherever no limit is given.\n"
        "\n"
        "The rule and what it does are printed, on standard error if the cases go to\n"
        "standard output. Of the cases whose target DATA has, the report has the error\n"
        "of all, of the kept and of the reviewed, the area under the curve of error\n"
        "against share kept (AURC; of numbers, of the squared error), and the\n"
        "confusion with and without review.\n"
        "\n"
        "Several limits may be given, and some chosen: a case beyond any of them is\n"
        "reviewed, and of two on the same doubt the stricter counts.",
    .examples =
        "credence demo moons --rows 300 -o moons.csv\n"
        "credence demo moons --rows 300 --seed 2 -o known.csv\n"
        "credence demo moons --rows 100 --seed 3 -o new.csv\n"
        "credence fit moons.csv --target label --hidden 10 --members 2 --epochs 40 \\\n"
        "  -o moons.cred --quiet\n"
        "credence triage moons.cred new.csv --min-confidence 0.8 -o cases.csv\n"
        "credence triage moons.cred new.csv --max-error 5% --calibration known.csv \\\n"
        "  --keep-rule ruled.cred --audit audit.jsonl -o cases.csv\n"
        "credence triage ruled.cred new.csv -o cases.csv",
    .run = run_triage,
};
