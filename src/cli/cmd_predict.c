// cmd_predict.c -- credence predict: a table in, its predictions out, block by block, so
// that memory does not grow with the table.

#include "cli/cmd_predict.h"
#include "base/alloc.h"
#include "base/file.h"
#include "cli/held_out.h"
#include "cli/kept.h"
#include "credence/data/split.h"
#include "data/schema.h"
#include <float.h>
#include <stdlib.h>
#include <string.h>

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the predictions (CSV)", "-"),
    {.name = "quantiles",
     .type = CLI_LIST,
     .argument = "P,P",
     .help = "more quantiles, such as 0.025,0.975, as columns q02.5, q97.5"},
    {.name = "log-prob",
     .type = CLI_FLAG,
     .help = "log density or probability of the targets, which DATA must then have"},
    CLI_OPTION_KEEP("DATA"),
    {.name = "function-draws",
     .type = CLI_FLAG,
     .help = "instead: the mean function of each of --draws draws, as columns d0, d1, "
             "..."},
    CLI_OPTIONS_DRAWS,
    {.name = "mc-error",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = CLI_ABOVE_ZERO,
     .max = 1,
     .help = "draw on, up to 10000, until the Monte Carlo error of every mean is below X "
             "of its sd (classes: of probability 1)",
     .group = "Draws"},
    CLI_OPTION_ROWS_FILE,
    CLI_OPTION_IGNORE_CLASS,
    CLI_OPTIONS_ROWS,
    CLI_OPTIONS_INPUT,
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
    CLI_OPTION_JSON,
};

enum { BLOCK_ROWS = 4096, PICTURES_BLOCK = 256, DRAWS_BLOCK = 1 << 22 };

// All that the blocks need.
typedef struct {
  const cli_args *args;
  cred_model *model;
  const cred_schema *schema;
  cred_predict_options opt;
  double *levels;
  size_t n_levels, n_draws; // n_draws of --function-draws, else 0
  cli__output output;
  cred_table_stream *stream; // or
  cred_images *images;
  cred_predictor *predictor;
  cred__writer writer;
  double *draws; // (n_draws, block_rows, width)
  size_t block_rows, width;
  const char **numeric; // names of columns that hold numbers
  size_t n_numeric;
  uint64_t row;                   // rows read
  size_t *listed, n_listed, next; // of --rows-file, sorted; NULL: all. Done: below next
  size_t *block;                  // (block_rows) those of a block, from its first row on
  cred_data counts;               // of rows left out
  cred_encode_options encode;
  bool log_prob;
} job;

static void job_clear(job *j) {
  cred__writer_abort(&j->writer);
  cred_predictor_free(j->predictor);
  cred_table_stream_close(j->stream);
  cred_images_free(j->images);
  cli__output_clear(&j->output);
  cred_model_free(j->model);
  cred__free(j->levels);
  cred__free(j->draws);
  cred__free(j->numeric);
  cred__free(j->listed);
  cred__free(j->block);
}

static cred_status take_levels(job *j) {
  static const double fixed[] = {0.05, 0.5, 0.95};
  size_t n;
  const char *const *texts = cli_list(j->args, "quantiles", &n);
  if (n && j->output.is_class)
    FAIL(CRED_ECONFIG, "option '--quantiles' is of numbers, the model predicts classes");
  TRY(NEW(&j->levels, n + 3, "quantiles"));
  memcpy(j->levels, fixed, sizeof fixed);
  j->n_levels = 3;
  for (size_t i = 0; i < n; i++) {
    double p;
    if (!cred__parse_double(&p, texts[i], strlen(texts[i])) || !(p > 0 && p < 1))
      FAIL(CRED_EINVAL, "option '--quantiles' has '%s', expected numbers between 0 and 1",
           texts[i]);
    j->levels[j->n_levels++] = p;
  }
  j->opt.levels = j->levels;
  j->opt.n_levels = j->n_levels;
  return CRED_OK;
}

static cred_status take_options(job *j) {
  static const char *const no_rows[] = {"quantiles", "log-prob", "keep", "mc-error",
                                        NULL};
  const cli_args *args = j->args;
  j->opt = cli_predict_options(args);
  j->log_prob = cli_flag(args, "log-prob");
  if (cli_given(args, "mc-error")) j->opt.mc_error = cli_number(args, "mc-error");
  j->output.json = cli_flag(args, "json");
  j->output.is_class = cred_likelihood_is_class(cred_model_likelihood(j->model));
  j->output.keep = cli_list(args, "keep", &j->output.n_keep);
  TRY(take_levels(j));
  if (!cli_flag(args, "function-draws")) return CRED_OK;
  TRY(cli_refuse(args, no_rows, "does not belong to --function-draws"));
  if (cli_given(args, "draws-kind") && strcmp(cli_text(args, "draws-kind"), "function"))
    FAIL(CRED_ECONFIG,
         "option '--draws-kind' is '%s', but --function-draws are functions",
         cli_text(args, "draws-kind"));
  const cred_schema_target *target = &j->schema->targets[0];
  j->n_draws = cred_posterior_n_draws(cred_model_posterior(j->model), j->opt.n_draws);
  j->width = j->output.is_class ? target->n_classes : j->schema->n_targets;
  j->block_rows = DRAWS_BLOCK / (j->n_draws * j->width);
  if (j->block_rows < 1) j->block_rows = 1;
  if (j->block_rows > BLOCK_ROWS) j->block_rows = BLOCK_ROWS;
  return NEW(&j->draws, j->n_draws * j->block_rows * j->width, "draws");
}

// Which columns hold numbers is the model's knowledge, not that of a block.
static cred_status open_stream(job *j, const char *path) {
  const cred_schema *s = j->schema;
  cred_table_options opt;
  TRY(cli_table_options(&opt, j->args));
  j->encode = cli_encode_options(j->args);
  // a word where a number belongs is then a matter of its row, not of the reader
  if (j->encode.skip_bad) return cred_table_stream_open(&j->stream, path, &opt, NULL, 0);
  TRY(NEW(&j->numeric, s->n_columns + s->n_targets + 1, "the names of columns"));
  for (size_t i = 0; i < s->n_columns; i++)
    if (s->columns[i].type == CRED_COLUMN_NUMERIC)
      j->numeric[j->n_numeric++] = s->columns[i].name;
  for (size_t i = 0; j->log_prob && i < s->n_targets; i++)
    if (s->targets[i].type != CRED_TARGET_CLASS)
      j->numeric[j->n_numeric++] = s->targets[i].name;
  if (j->log_prob && s->weight) j->numeric[j->n_numeric++] = s->weight;
  return cred_table_stream_open(&j->stream, path, &opt, j->numeric, j->n_numeric);
}

static int by_number(const void *a, const void *b) {
  const size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return x < y ? -1 : x > y;
}

// The rows of --rows-file in the order of the input. n_all SIZE_MAX: of a stream.
static cred_status take_listed(job *j, size_t n_all) {
  const char *path = cli_text(j->args, "rows-file");
  if (!path) return CRED_OK;
  TRY(cred_split_read_index(&j->listed, &j->n_listed, path, n_all));
  qsort(j->listed, j->n_listed, sizeof *j->listed, by_number);
  for (size_t i = 1; i < j->n_listed; i++)
    if (j->listed[i] == j->listed[i - 1])
      FAIL(CRED_EDATA, "%s: row %zu is listed twice", path, j->listed[i]);
  return NEW(&j->block, j->block_rows, "row numbers");
}

// Those of the next n rows of the input; NULL: all of them.
static const size_t *listed_among(size_t *n_listed, job *j, size_t n) {
  *n_listed = 0;
  if (!j->listed) return NULL;
  for (; j->next < j->n_listed && j->listed[j->next] - j->row < n; j->next++)
    j->block[(*n_listed)++] = j->listed[j->next] - j->row;
  return j->block;
}

static cred_status check_all_listed(const job *j) {
  if (j->next == j->n_listed) return CRED_OK;
  FAIL(CRED_EDATA, "%s: row %zu is listed, but %s has %llu rows (numbered from 0)",
       cli_text(j->args, "rows-file"), j->listed[j->n_listed - 1],
       cli_positional(j->args, 1), (unsigned long long)j->row);
}

static cred_status open_pictures(job *j, const char *path) {
  if (j->schema->pixels.per_pixel)
    FAIL(CRED_ECONFIG,
         "the model has a class a pixel: `credence segment` predicts those");
  if (j->output.n_keep)
    FAIL(CRED_ECONFIG, "option '--keep' is of tables, the model predicts pictures");
  if (j->block_rows > PICTURES_BLOCK) j->block_rows = PICTURES_BLOCK;
  TRY(cli_open_pictures(&j->images, j->args, path, j->schema, NULL, j->log_prob));
  return take_listed(j, cred_images_n_rows(j->images));
}

static cred_status open_table(job *j, const char *path) {
  static const char *const of_pictures[] = {"ignore-class", NULL};
  TRY(cli_refuse(j->args, of_pictures, "is of pictures, DATA is a table"));
  TRY(cli_refuse_pictures(path));
  TRY(take_listed(j, SIZE_MAX));
  return open_stream(j, path);
}

static cred_status job_init(job *j, const cli_args *args) {
  const char *model = cli_positional(args, 0), *data = cli_positional(args, 1);
  *j = (job){.args = args, .block_rows = BLOCK_ROWS};
  TRY(cli_check_inputs(model, data));
  TRY(cli_read_model(&j->model, args, model));
  j->schema = cred_model_schema(j->model);
  TRY(take_options(j));
  const cli__output_wish wish = {.model = j->model,
                                 .levels = j->levels,
                                 .n_levels = j->n_levels,
                                 .n_levels_fixed = 3,
                                 .log_prob = j->log_prob,
                                 .n_draws = j->n_draws};
  TRY(cli__output_init(&j->output, &wish));
  TRY(j->schema->pixels.height ? open_pictures(j, data) : open_table(j, data));
  if (!j->n_draws) TRY(cred_predictor_new(&j->predictor, j->model, &j->opt));
  return cred__writer_init(&j->writer, cli_text(args, "output"));
}

// Once the columns are known to be there.
static cred_status first_block(job *j, const cred_table *table) {
  if (cred_table_note(table)[0]) cli_note(j->args, "%s", cred_table_note(table));
  cli_note_unused(j->args, j->schema, table, j->output.keep, j->output.n_keep);
  return cli__output_head(j->writer.file, &j->output);
}

static cred_status need_columns(job *j, const cred_table *table) {
  size_t column;
  const char *target = j->schema->targets[0].name;
  if (j->log_prob && cred__is_image(j->schema->shape) &&
      cred_table_find(table, target) == SIZE_MAX)
    FAIL(CRED_ECONFIG,
         "option '--log-prob' needs a column '%s' in DATA, which are images: `credence "
         "evaluate` takes --labels",
         target);
  if (j->schema->id && cred_table_find(table, j->schema->id) == SIZE_MAX)
    cli_note(j->args, "there is no column '%s': id stays empty", j->schema->id);
  for (size_t i = 0; i < j->output.n_keep; i++)
    TRY(cred_table_need(&column, table, j->output.keep[i]));
  return CRED_OK;
}

static cred_status predict_block(job *j, const cred_table *table, const cred_data *data) {
  cred_prediction prediction;
  const cli__output_block block = {.table = table,
                                   .images = j->images,
                                   .first_row = j->row,
                                   .data = data,
                                   .prediction = &prediction,
                                   .draws = j->draws,
                                   .width = j->width};
  if (data->n_rows == 0) return CRED_OK;
  TRY(j->n_draws ? cred_model_function_draws(j->draws, j->model, data, j->n_draws,
                                             j->opt.seed, j->opt.n_threads)
                 : cred_predictor_run(&prediction, j->predictor, data));
  return cli__output_rows(j->writer.file, &j->output, &block);
}

static cred_status run_block(job *j, const cred_table *table) {
  cred_data data = {0};
  size_t n_listed;
  TRY(need_columns(j, table));
  const size_t *listed = listed_among(&n_listed, j, cred_table_n_rows(table));
  TRY(cred_schema_encode_with(&data, j->schema, table, listed, n_listed, j->log_prob,
                              j->row, &j->encode));
  cred_status status = j->row == 0 ? first_block(j, table) : CRED_OK;
  if (status == CRED_OK) status = predict_block(j, table, &data);
  j->counts.n_dropped += data.n_dropped;
  j->counts.n_skipped += data.n_skipped;
  j->counts.n_unseen += data.n_unseen;
  cred_data_clear(&data);
  return status;
}

static cred_status run_pictures(job *j) {
  const size_t n = j->listed ? j->n_listed : cred_images_n_rows(j->images);
  TRY(cli__output_head(j->writer.file, &j->output));
  while (j->row < n && !cli_interrupted()) {
    const size_t left = n - j->row, rows = left < j->block_rows ? left : j->block_rows;
    cred_data data;
    const size_t *listed = j->listed ? j->listed + j->row : NULL;
    TRY(cred_images_encode(&data, j->schema, j->images, listed, j->row, rows));
    const cred_status status = predict_block(j, NULL, &data);
    cred_data_clear(&data);
    TRY(status);
    j->row += rows;
  }
  return cli_interrupted() ? CRED_OK : cred__writer_commit(&j->writer);
}

static cred_status run_blocks(job *j) {
  if (j->images) return run_pictures(j);
  while (!cli_interrupted() && !(j->listed && j->next == j->n_listed)) {
    cred_table *table;
    TRY(cred_table_stream_next(&table, j->stream, j->block_rows));
    if (!table) break;
    const cred_status status = run_block(j, table);
    j->row += cred_table_n_rows(table);
    cred_table_free(table);
    if (status != CRED_OK) return status;
  }
  if (cli_interrupted()) return CRED_OK; // what is not complete is not kept
  TRY(check_all_listed(j));
  if (j->row == 0) TRY(cli__output_head(j->writer.file, &j->output));
  cli_note_rows(j->args, cli_positional(j->args, 1), &j->counts);
  return cred__writer_commit(&j->writer);
}

static int run_predict(const cli_args *args) {
  job j;
  int status = job_init(&j, args);
  if (status == CRED_OK) status = run_blocks(&j);
  job_clear(&j);
  return status;
}

const cli_command cmd_predict = {
    .name = "predict",
    .summary = "Predict every row of a table, with its uncertainty",
    .positional = "MODEL DATA",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "Numbers: row,id,mean,sd,sd_epistemic,sd_aleatoric,q05,q50,q95, in the units of\n"
        "the target; sd^2 = sd_epistemic^2 (not knowing the weights) + sd_aleatoric^2\n"
        "(noise of the data). Several targets: each name with _TARGET behind it.\n"
        "Classes: row,id,label,p_CLASS...,confidence,entropy,mutual_information (nats).\n"
        "A calibrated model adds lower,upper or set (classes joined by '|'); options "
        "add\n"
        "their columns at the end. id is there if the model was fitted with --id.\n"
        "\n"
        "Rows keep the order of DATA; row counts from 0. Columns of DATA are found by\n"
        "name, more of them are fine. Memory does not grow with DATA. The same model,\n"
        "rows and seed give the same bytes, whatever the number of threads.",
    .examples = "credence demo sine -o sine.csv\n"
                "credence demo sine --grid -o grid.csv\n"
                "credence fit sine.csv --target y --steps 300 --members 2 -o model.cred\n"
                "credence predict model.cred grid.csv -o predictions.csv\n"
                "credence predict model.cred grid.csv --quantiles 0.025,0.975 --keep x",
    .run = run_predict,
};
