// cmd_acquire.c -- credence acquire: which rows of a pool are worth a label.

#include "base/alloc.h"
#include "base/file.h"
#include "cli/cmd_acquire.h"
#include "cli/held_out.h"
#include "cli/kept.h"
#include "cli/line.h"
#include "credence/data/split.h"
#include "credence/model/evaluate.h"
#include <float.h>
#include <string.h>

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the chosen rows (CSV)", "-"),
    CLI_OPTIONS_ACQUIRE("rows to choose"),
    {.name = "scores",
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "write the scores of all rows that were scored"},
    CLI_OPTION_KEEP("POOL"),
    {.name = "targets",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "epig: rows like those that will be predicted; else a sample of POOL",
     .group = "Choice"},
    CLI_OPTION_ROWS_FILE,
    {.name = "except-rows",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "leave out the rows of POOL whose numbers, from 0, this file lists, such as "
             "those that have a label",
     .group = "Input"},
    CLI_OPTIONS_ROWS,
    CLI_OPTIONS_INPUT,
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
    CLI_OPTION_JSON,
};

// All that the steps need.
typedef struct {
  const cli_args *args;
  cred_model *model;
  cred_table *pool, *targets;
  size_t *listed, n_listed; // of --rows-file and --except-rows; NULL: all
  size_t *rows, n_rows;     // candidates: rows of the pool
  cred_data data, target_data;
  cred_acquired acquired;
  cli_kept kept;
  bool json;
} job;

static void job_clear(job *j) {
  cli_kept_clear(&j->kept);
  cred_acquired_clear(&j->acquired);
  cred_data_clear(&j->data);
  cred_data_clear(&j->target_data);
  cred_acquire_rows_free(j->rows);
  cred__free(j->listed);
  cred_table_free(j->pool);
  cred_table_free(j->targets);
  cred_model_free(j->model);
}

cred_status cli_acquire_options(cred_acquire_options *out, const cli_args *args) {
  static const char *const of_epig[] = {"n-targets", NULL};
  static const char *const of_batchbald[] = {"configurations", NULL};
  *out = cred_acquire_defaults();
  out->kind = (cred_acquisition)cli_choice(args, "by");
  out->n = cli_size(args, "number");
  out->power = cli_number(args, "power");
  out->n_draws = cli_size(args, "draws");
  out->n_targets = cli_size(args, "n-targets");
  out->n_configurations = cli_size(args, "configurations");
  out->seed = cli_seed(args);
  out->n_threads = cli_size(args, "threads");
  if (out->kind != CRED_ACQUIRE_EPIG)
    TRY(cli_refuse(args, of_epig, "belongs to --by epig"));
  if (out->kind != CRED_ACQUIRE_BATCHBALD)
    TRY(cli_refuse(args, of_batchbald, "belongs to --by batchbald"));
  return CRED_OK;
}

static cred_status check_options(const cli_args *args) {
  static const char *const of_epig[] = {"targets", NULL};
  if (cli_choice(args, "by") != CRED_ACQUIRE_EPIG)
    TRY(cli_refuse(args, of_epig, "belongs to --by epig"));
  TRY(cli_check_inputs(cli_positional(args, 0), cli_positional(args, 1)));
  TRY(cli_check_output(cli_text(args, "output")));
  return cli_given(args, "scores") ? cli_check_output(cli_text(args, "scores")) : CRED_OK;
}

// Takes the rows of --except-rows out of the list, which is made if there is none.
static cred_status leave_out(job *j, const char *path) {
  const size_t n = cred_table_n_rows(j->pool);
  size_t *out = NULL, n_out = 0, n_left = 0;
  bool *is_out = NULL;
  cred_status status;
  TRY_DONE(cred_split_read_index(&out, &n_out, path, n));
  TRY_DONE(NEW(&is_out, n, "rows"));
  for (size_t i = 0; i < n_out; i++) is_out[out[i]] = true;
  if (!j->listed) {
    TRY_DONE(NEW(&j->listed, n, "rows"));
    for (size_t i = 0; i < n; i++) j->listed[i] = i;
    j->n_listed = n;
  }
  for (size_t i = 0; i < j->n_listed; i++)
    if (!is_out[j->listed[i]]) j->listed[n_left++] = j->listed[i];
  j->n_listed = n_left;
  if (n_left == 0)
    FAIL_DONE(CRED_EDATA, "%s: it leaves no row of %s to choose from", path,
              cred_table_source(j->pool));
done:
  cred__free(out);
  cred__free(is_out);
  return status;
}

// The candidates: --candidates of the rows of POOL, or of those that are listed.
static cred_status choose_candidates(job *j) {
  const cli_args *args = j->args;
  const char *path = cli_text(args, "rows-file"), *except = cli_text(args, "except-rows");
  const size_t n_table = cred_table_n_rows(j->pool);
  if (path) TRY(cred_split_read_index(&j->listed, &j->n_listed, path, n_table));
  if (except) TRY(leave_out(j, except));
  const size_t n = j->listed ? j->n_listed : n_table;
  const cred_key root = cred_key_make(cli_seed(args));
  const cred_key key = cred_key_derive(&root, CRED_FOR_ACQUIRE, 0);
  TRY(cred_acquire_rows(&j->rows, &j->n_rows, n, cli_size(args, "candidates"), &key));
  for (size_t i = 0; j->listed && i < j->n_rows; i++) j->rows[i] = j->listed[j->rows[i]];
  return CRED_OK;
}

static cred_status read_targets(job *j) {
  const char *path = cli_text(j->args, "targets");
  if (!path) return CRED_OK;
  TRY(cli_read_table(&j->targets, j->args, path, NULL));
  return cli_encode(&j->target_data, j->args, cred_model_schema(j->model), j->targets,
                    NULL, 0, 0);
}

static cred_status name_kept(job *j) {
  static const char *const ours[] = {"rank", "row", "score", "id"};
  return cli_kept_init(&j->kept, j->args, j->pool, ours,
                       cred_model_schema(j->model)->id ? 4 : 3);
}

static cred_status warn_of_seen(const job *j) {
  size_t n;
  TRY(cred_model_n_seen(&n, j->model, j->pool, j->rows, j->n_rows));
  if (n)
    cli_warn(j->args, "credence acquire MODEL POOL --except-rows LABELLED.rows ...",
             "the model was fitted to %zu of these rows: they have a label already", n);
  return CRED_OK;
}

static cred_status acquire(job *j) {
  const cred_schema *schema = NULL;
  cred_acquire_options opt;
  TRY(cli_acquire_options(&opt, j->args));
  TRY(check_options(j->args));
  TRY(cli_read_model(&j->model, j->args, cli_positional(j->args, 0)));
  schema = cred_model_schema(j->model);
  if (schema->pixels.height)
    FAIL(CRED_ECONFIG,
         "%s: the model was fitted to pictures, and acquire scores rows: fit to a table, "
         "or "
         "to the images as an array (IDX, NPY, NPZ)",
         cli_positional(j->args, 0));
  TRY(cli_read_table(&j->pool, j->args, cli_positional(j->args, 1), NULL));
  TRY(name_kept(j));
  TRY(choose_candidates(j));
  TRY(cli_encode(&j->data, j->args, schema, j->pool, j->rows, j->n_rows, 0));
  if (j->data.n_rows == 0)
    FAIL(CRED_EDATA, "%s: no row is left", cred_table_source(j->pool));
  TRY(warn_of_seen(j));
  TRY(read_targets(j));
  return cred_acquire(&j->acquired, j->model, &j->data,
                      j->targets ? &j->target_data : NULL, &opt);
}

// --- output: rank,row,id,score,... of the chosen rows; row,id,score,rank of all ---

static void put_size(cred__text *line, const job *j, const char *name, uint64_t value,
                     bool first) {
  cli_line_key(line, j->json, name, first);
  cred__text_printf(line, "%llu", (unsigned long long)value);
}

// The id of a row of the pool, where the model has ids.
static void put_id(cred__text *line, const job *j, size_t row) {
  const cred_schema *s = cred_model_schema(j->model);
  if (!s->id) return;
  cli_line_key(line, j->json, "id", false);
  if (cred_table_find(j->pool, s->id) != SIZE_MAX)
    cli_line_cell(line, j->json, j->pool, row, s->id);
  else
    cli_line_text(line, j->json, "");
}

static void put_score(cred__text *line, const job *j, double score) {
  cli_line_key(line, j->json, "score", false);
  cli_line_number(line, j->json, score);
}

static void put_chosen(cred__text *line, const job *j, size_t i) {
  const size_t row = (size_t)j->data.row[j->acquired.chosen[i]];
  put_size(line, j, "rank", i + 1, true);
  put_size(line, j, "row", row, false);
  put_id(line, j, row);
  put_score(line, j, j->acquired.chosen_score[i]);
  cli_kept_put(line, j->json, &j->kept, row);
}

static void put_scored(cred__text *line, const job *j, size_t i) {
  const size_t row = (size_t)j->data.row[i];
  size_t rank = 0;
  for (size_t k = 0; k < j->acquired.n_chosen && !rank; k++)
    if (j->acquired.chosen[k] == i) rank = k + 1;
  put_size(line, j, "row", row, true);
  put_id(line, j, row);
  put_score(line, j, j->acquired.score[i]);
  cli_line_key(line, j->json, "rank", false);
  if (rank)
    cred__text_printf(line, "%zu", rank);
  else if (j->json)
    cli_line_put(line, "null");
  cli_kept_put(line, j->json, &j->kept, row);
}

static void put_head(cred__text *line, const job *j, bool chosen) {
  const char *id = cred_model_schema(j->model)->id ? ",id" : "";
  cred__text_printf(line, chosen ? "rank,row%s,score" : "row%s,score,rank", id);
  cli_kept_head(line, &j->kept);
  cli_line_put(line, "\n");
}

static cred_status write_lines(FILE *file, const job *j, bool chosen) {
  const size_t n = chosen ? j->acquired.n_chosen : j->acquired.n_rows;
  cred__text line = {0};
  cred_status status = CRED_OK;
  if (!j->json) {
    put_head(&line, j, chosen);
    status = cli_line_write(file, &line);
  }
  for (size_t i = 0; status == CRED_OK && i < n; i++) {
    line.n = 0;
    chosen ? put_chosen(&line, j, i) : put_scored(&line, j, i);
    cli_line_put(&line, j->json ? "}\n" : "\n");
    status = cli_line_write(file, &line);
  }
  cred__text_clear(&line);
  return status;
}

static cred_status write_file(const char *path, const job *j, bool chosen) {
  cred__writer writer;
  TRY(cred__writer_init(&writer, path));
  const cred_status status = write_lines(writer.file, j, chosen);
  if (status == CRED_OK) return cred__writer_commit(&writer);
  cred__writer_abort(&writer);
  return status;
}

static int run_acquire(const cli_args *args) {
  job j = {.args = args, .json = cli_flag(args, "json")};
  int status = acquire(&j);
  if (status == CRED_OK && cli_given(args, "scores"))
    status = write_file(cli_text(args, "scores"), &j, false);
  if (status == CRED_OK) status = write_file(cli_text(args, "output"), &j, true);
  if (status == CRED_OK)
    cli_note(args, "%zu of %zu rows scored by %s chosen", j.acquired.n_chosen,
             j.acquired.n_rows, cred_acquisition_name(j.acquired.kind));
  job_clear(&j);
  return status;
}

const cli_command cmd_acquire = {
    .name = "acquire",
    .summary = "Choose the rows of a pool that are most worth a label",
    .positional = "MODEL POOL",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "Columns: rank,row,id,score, in the order of choice; row counts from 0 in POOL,\n"
        "id is there if the model was fitted with --id. Targets in POOL are not looked\n"
        "at; --rows-file lists those without a label yet, where POOL has others, or\n"
        "--except-rows those that have one.\n"
        "\n"
        "Classes: random, least-confidence, margin, entropy, bald, variation-ratios,\n"
        "mean-sd, epig, batchbald. Numbers: random, variance, epistemic, epig.\n"
        "bald, epistemic and epig ask for what the model could learn; entropy and\n"
        "variance also for noise, that no label takes away. batchbald chooses rows that\n"
        "say something together; --power makes a batch less alike at no cost.",
    .examples =
        "credence demo moons -o moons.csv\n"
        "credence demo moons --rows 500 --seed 2 -o pool.csv\n"
        "credence fit moons.csv --target label --steps 300 --members 3 -o moons.cred\n"
        "credence acquire moons.cred pool.csv -n 5 --keep x1,x2\n"
        "credence acquire moons.cred pool.csv -n 5 --by batchbald --scores scores.csv\n"
        "credence acquire moons.cred pool.csv -n 5 --by epig --targets moons.csv",
    .run = run_acquire,
};
