// cmd_fit_options.c -- from the words of `credence fit` to the options of the library.

#include "base/alloc.h"
#include "base/file.h"
#include "cli/cmd_fit.h"
#include "credence/data/split.h"
#include "data/look.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

static bool is_choice(const cli_args *args, const char *name, const char *word) {
  return strcmp(cli_text(args, name), word) == 0;
}

// With --resume the model says how; these few may still be given.
static cred_status check_resume(const cli_args *args) {
  static const char *const allowed[] = {"output",
                                        "resume",
                                        "final",
                                        "checkpoint",
                                        "require-converged",
                                        "epochs",
                                        "labels",
                                        "labels-member",
                                        "format",
                                        "separator",
                                        "header",
                                        "no-header",
                                        "na",
                                        "member",
                                        "threads",
                                        "categorical",
                                        "progress",
                                        "stable",
                                        "decimal",
                                        NULL};
  const char *name, *text;
  for (size_t i = 0; cli_effective(args, i, &name, &text); i++) {
    bool known = false;
    for (size_t k = 0; allowed[k] && !known; k++) known = strcmp(allowed[k], name) == 0;
    if (!known && cli_given(args, name))
      FAIL(CRED_ECONFIG,
           "options '--resume' and '--%s' contradict each other: the model keeps its "
           "own; fit anew to change it",
           name);
  }
  return CRED_OK;
}

static cred_status check_posterior(const cli_args *args) {
  static const char *const of_vi[] = {"estimator", "train-draws", "init-sd", "kl-weights",
                                      NULL};
  static const char *const of_dropout[] = {"dropout", NULL};
  const bool dropout = is_choice(args, "posterior", "dropout");
  if (!is_choice(args, "posterior", "vi"))
    TRY(cli_refuse(args, of_vi,
                   "belongs to the variational posterior: give "
                   "--posterior vi or leave it out"));
  if (!dropout && !is_choice(args, "posterior", "auto"))
    TRY(cli_refuse(args, of_dropout,
                   "belongs to --posterior dropout; a layer 'dropout 0.1' in --net "
                   "regularises the others"));
  if (cli_given(args, "dropout") && cli_number(args, "dropout") == 0)
    FAIL(CRED_ECONFIG, "option '--dropout' is 0: nothing would be dropped and the "
                       "posterior be a point; give a rate above 0 or --posterior map");
  return CRED_OK;
}

static cred_status check_optimiser(const cli_args *args) {
  static const char *const of_sgd[] = {"momentum", NULL};
  static const char *const of_adam[] = {"beta1", "beta2", "epsilon", NULL};
  static const char *const decay[] = {"weight-decay", NULL};
  static const char *const hold[] = {"hold", NULL};
  const bool sgd = is_choice(args, "optimiser", "sgd");
  if (!sgd) TRY(cli_refuse(args, of_sgd, "belongs to --optimiser sgd; adam has --beta1"));
  if (sgd) TRY(cli_refuse(args, of_adam, "belongs to --optimiser adam and adamw"));
  if (is_choice(args, "optimiser", "adam"))
    TRY(cli_refuse(args, decay, "belongs to --optimiser adamw and sgd"));
  if (!is_choice(args, "schedule", "cosine"))
    TRY(cli_refuse(args, hold, "belongs to --schedule cosine"));
  return CRED_OK;
}

static cred_status refuse_both(const cli_args *args, const char *a, const char *b,
                               const char *advice) {
  if (!cli_given(args, a) || !cli_given(args, b)) return CRED_OK;
  FAIL(CRED_ECONFIG, "options '--%s' and '--%s' contradict each other: %s", a, b, advice);
}

static cred_status check_rest(const cli_args *args) {
  const bool no_validation =
      cli_given(args, "validation") && cli_number(args, "validation") == 0;
  TRY(refuse_both(args, "epochs", "steps", "give one of them"));
  TRY(refuse_both(args, "net", "hidden", "give one of them"));
  TRY(refuse_both(args, "net", "activation", "the text of --net has its activations"));
  TRY(refuse_both(args, "noise", "likelihood",
                  "--noise is a gaussian likelihood of known sd"));
  if (cli_given(args, "activation") && !cli_given(args, "hidden"))
    FAIL(CRED_ECONFIG, "option '--activation' belongs to --hidden, which is not given");
  if (cli_flag(args, "folds") && cli_given(args, "members") &&
      cli_size(args, "members") < 2)
    FAIL(CRED_ECONFIG, "option '--folds' needs --members 2 or more, %zu is given",
         cli_size(args, "members"));
  if (cli_flag(args, "folds") && cli_given(args, "validation") && !no_validation)
    FAIL(CRED_ECONFIG, "options '--folds' and '--validation' contradict each other: the "
                       "folds are the validation rows");
  if (no_validation && cli_size(args, "patience") > 0 && !cli_flag(args, "folds"))
    FAIL(CRED_ECONFIG,
         "option '--patience' needs validation rows, but --validation is 0");
  if (cli_given(args, "noise") &&
      (is_choice(args, "task", "class") || is_choice(args, "task", "count")))
    FAIL(CRED_ECONFIG, "option '--noise' is of numbers, --task is %s",
         cli_text(args, "task"));
  return CRED_OK;
}

static cred_status check_output(const cli_args *args, const char *path) {
  if (!path) return cli_usage("the name of the model is missing: -o MODEL");
  if (strcmp(path, "-") == 0 && cli_given(args, "checkpoint"))
    FAIL(CRED_ECONFIG, "option '--checkpoint' needs a file, --output is standard output");
  return CRED_OK;
}

// "dense 50 relu, dense 50 relu"
static cred_status make_net(cli__fit *fit) {
  size_t n, width;
  const char *const *widths = cli_list(fit->args, "hidden", &n);
  for (size_t i = 0; i < n; i++) {
    if (!cred__parse_size(&width, widths[i], strlen(widths[i])) || width < 1)
      FAIL(CRED_EINVAL, "option '--hidden' has '%s', expected widths such as 50,50",
           widths[i]);
    cred__text_printf(&fit->net, "%sdense %zu %s", i ? ", " : "", width,
                      cli_text(fit->args, "activation"));
  }
  return cred__text_status(&fit->net);
}

static void take_method(cred_method_options *m, const cli_args *args) {
  m->optimiser.kind = (cred_optimiser_kind)cli_choice(args, "optimiser");
  m->optimiser.momentum = cli_number(args, "momentum");
  m->optimiser.beta1 = cli_number(args, "beta1");
  m->optimiser.beta2 = cli_number(args, "beta2");
  m->optimiser.epsilon = cli_number(args, "epsilon");
  m->optimiser.decay = cli_number(args, "weight-decay");
  m->optimiser.clip_norm = cli_number(args, "clip");
  m->estimator = (cred_estimator)cli_choice(args, "estimator");
  m->n_draws = cli_size(args, "train-draws");
  m->init_sd = cli_number(args, "init-sd");
  m->temperature = cli_number(args, "temperature");
}

static void take_fit(cred_fit_options *f, const cli_args *args) {
  *f = cred_fit_defaults();
  f->posterior = (cred_fit_posterior)cli_choice(args, "posterior");
  f->net = cli_text(args, "net");
  f->prior = cli_text(args, "prior");
  f->likelihood = cli_text(args, "likelihood");
  if (cli_given(args, "noise")) f->noise = cli_number(args, "noise");
  f->n_members = cli_size(args, "members");
  f->folds = cli_flag(args, "folds");
  f->dropout = cli_number(args, "dropout");
  f->kl_weights = (cred_kl_weights)cli_choice(args, "kl-weights");
  f->schedule.kind = (cred_schedule_kind)cli_choice(args, "schedule");
  if (cli_given(args, "learning-rate"))
    f->schedule.rate = cli_number(args, "learning-rate");
  f->schedule.hold = cli_number(args, "hold");
  f->epochs = cli_size(args, "epochs");
  f->steps = cli_size(args, "steps");
  f->batch = cli_size(args, "batch");
  f->validation = cli_number(args, "validation");
  f->patience = cli_size(args, "patience");
  f->seed = cli_seed(args);
  f->n_threads = cli_size(args, "threads");
  take_method(&f->method, args);
}

static void take_schema(cred_schema_options *s, const cli_args *args) {
  static const char *const by_labels[] = {"label"};
  *s = cli_schema_options(args);
  const bool joined = cli_given(args, "labels") || cli_given(args, "labels-member");
  if (joined && s->n_targets == 0 && !cli_is_pictures(cli_positional(args, 0)))
    s->targets = by_labels, s->n_targets = 1;
  if (cli_given(args, "input-scale")) s->input_scale = cli_number(args, "input-scale");
}

cred_status cli__fit_take(cli__fit *out, const cli_args *args) {
  *out = (cli__fit){.args = args};
  take_fit(&out->fit, args);
  take_schema(&out->schema, args);
  out->fit.augment = cli_text(args, "augment");
  out->fit.class_weights = cli_text(args, "class-weights");
  TRY(check_posterior(args));
  TRY(check_optimiser(args));
  TRY(check_rest(args));
  TRY(make_net(out));
  if (out->net.n) out->fit.net = out->net.s;
  return CRED_OK;
}

// Pictures have no columns, and tables no pixels.
static cred_status check_kind(const cli_args *args, bool pictures) {
  static const char *const of_tables[] = {
      "labels-member", "ignore",      "id",    "weight",  "missing", "input-scale",
      "task",          "categorical", "na",    "decimal", "header",  "no-header",
      "format",        "separator",   "noise", NULL};
  static const char *const of_pictures[] = {"classes", "classes-file", "ignore-class",
                                            "resize", NULL};
  if (!pictures) return cli_refuse(args, of_pictures, "is of pictures, DATA is a table");
  return cli_refuse(args, of_tables, "is of tables, DATA are pictures");
}

// Where the rows left out are written: beside model.cred, model.rows.
static cred_status name_held_out(cli__fit *fit) {
  const cli_args *args = fit->args;
  const char *given = cli_text(args, "hold-out-file"), *path = fit->path;
  const size_t n = strlen(path),
               n_stem = n > 5 && strcmp(path + n - 5, ".cred") == 0 ? n - 5 : n;
  if (given && !cli_given(args, "hold-out"))
    FAIL(CRED_EINVAL,
         "option '--hold-out-file' belongs to --hold-out, which is not given");
  if (!cli_given(args, "hold-out")) return CRED_OK;
  if (!given && strcmp(path, "-") == 0)
    FAIL(CRED_EINVAL,
         "option '--hold-out' needs --hold-out-file FILE where the model goes "
         "to standard output");
  if (given)
    cred__text_printf(&fit->held_out, "%s", given);
  else
    cred__text_printf(&fit->held_out, "%.*s.rows", (int)n_stem, path);
  TRY(cred__text_status(&fit->held_out));
  if (given) return CRED_OK;
  const char *inputs[] = {cli_positional(args, 0), cli_text(args, "train-rows")};
  for (size_t i = 0; i < 2; i++)
    if (inputs[i] && cli_is_same_file(fit->held_out.s, inputs[i]))
      FAIL(CRED_EINVAL,
           "%s: is read, and would be overwritten by the rows left out: give "
           "--hold-out-file FILE",
           fit->held_out.s);
  return CRED_OK;
}

cred_status cli__fit_init(cli__fit *out, const cli_args *args) {
  const char *resume = cli_text(args, "resume"), *path = cli_text(args, "output");
  const bool pictures = cli_is_pictures(cli_positional(args, 0));
  if (resume && !path) path = resume;
  *out = (cli__fit){.args = args};
  TRY(check_output(args, path));
  if (resume) {
    take_fit(&out->fit, args);
    take_schema(&out->schema, args);
    out->path = path;
    return check_resume(args);
  }
  const char *data = cli_positional(args, 0);
  if (strcmp(data, "-") != 0 && access(data, F_OK) != 0)
    FAIL(CRED_ENOINPUT, "%s: there is no such file or folder", data);
  TRY(check_kind(args, pictures));
  TRY(cli__fit_take(out, args));
  if (!out->schema.n_targets && !pictures)
    return cli_usage(
        "the columns to predict are missing: --target COLUMN; or --labels FILE where a "
        "file of their own has them, as of IDX images; or --labels-member NAME of an NPZ "
        "archive");
  out->path = path;
  return name_held_out(out);
}

void cli__fit_clear(cli__fit *fit) {
  cred__text_clear(&fit->net);
  cred__text_clear(&fit->held_out);
  cred__free(fit->rows);
}

static cred_status write_rows(const char *path, const size_t *rows, size_t n) {
  cred__writer writer;
  TRY(cred__writer_init(&writer, path));
  for (size_t i = 0; i < n; i++) fprintf(writer.file, "%zu\n", rows[i]);
  return cred__writer_commit(&writer);
}

// Positions in `from` (NULL: the numbers themselves) become row numbers.
static void look_up(size_t *rows, size_t n, const size_t *from) {
  for (size_t i = 0; from && i < n; i++) rows[i] = from[rows[i]];
}

static cred_status hold_out(cli__fit *fit, size_t n_rows) {
  const cli_args *args = fit->args;
  if (!cli_given(args, "hold-out")) return CRED_OK;
  const cred_key root = cred_key_make(cli_seed(args));
  const cred_key key = cred_key_derive(&root, CRED_FOR_USER, 0);
  const size_t n = fit->rows ? fit->n_rows : n_rows;
  cred_split split;
  TRY(cred_split_random(&split, n, cli_number(args, "hold-out"), NULL, &key));
  look_up(split.train, split.n_train, fit->rows);
  look_up(split.held_out, split.n_held_out, fit->rows);
  const cred_status status =
      write_rows(fit->held_out.s, split.held_out, split.n_held_out);
  cred__free(fit->rows);
  fit->rows = split.train;
  fit->n_rows = split.n_train;
  split.train = NULL;
  cred_split_clear(&split);
  return status;
}

static bool is_input(const cred_schema_options *s, const char *name) {
  bool input = !(s->id && strcmp(s->id, name) == 0) &&
               !(s->weight && strcmp(s->weight, name) == 0);
  for (size_t i = 0; i < s->n_targets; i++) input &= strcmp(s->targets[i], name) != 0;
  for (size_t i = 0; i < s->n_ignore; i++) input &= strcmp(s->ignore[i], name) != 0;
  return input;
}

// Whether a column has two numbers and no more.
static bool has_two_numbers(const cred_table *table, size_t column) {
  double seen[2];
  size_t n = 0;
  for (size_t i = 0; i < cred_table_n_rows(table); i++) {
    const double v = cred_table_number(table, i, column);
    if (isnan(v) || (n > 0 && v == seen[0]) || (n > 1 && v == seen[1])) continue;
    if (n == 2) return false;
    seen[n++] = v;
  }
  return n == 2;
}

// What a target of numbers may be.
static void warn_of_numbers(const cli__fit *fit, const cred_table *table) {
  const cred_schema_options *s = &fit->schema;
  if (cli_given(fit->args, "classes")) return;
  for (size_t i = 0; i < s->n_targets && s->task < 0; i++) {
    char next[128];
    const size_t column = cred_table_find(table, s->targets[i]);
    if (column == SIZE_MAX || cred_table_type(table, column) != CRED_COLUMN_NUMERIC)
      continue;
    if (cred__looks_like_classes(table, column)) {
      cli_note(fit->args,
               "%s: the target '%s' has whole numbers beside images, which are taken for "
               "classes (--task number: they are numbers)",
               cred_table_source(table), s->targets[i]);
      continue;
    }
    if (!has_two_numbers(table, column)) continue;
    snprintf(next, sizeof next, "credence %s ... --task class",
             cli_args_command(fit->args)->name);
    cli_warn(fit->args, next,
             "%s: the target '%s' has two different numbers alone, and is taken as a "
             "number: are they classes?",
             cred_table_source(table), s->targets[i]);
    return;
  }
}

// Inputs that are none: they would be learned by heart, or tell the order of the file.
// (rows, channels, height, width) is another order than ours, which has channels last.
static void warn_of_channels_first(const cli__fit *fit, const cred_table *table) {
  cred_shape s = {0};
  size_t first = 0;
  if (!cred_table_shape(&s, &first, table)) return;
  if (s.height > 4 || s.channels <= 4 || (s.height < 3 && s.width != s.channels)) return;
  cli_warn(
      fit->args, "numpy.transpose(x, (0, 2, 3, 1)), and fit that",
      "%s: images of %zu x %zu pixels (width x height) and %zu channels: rows, height, "
      "width, channels is the order; do the channels stand first?",
      cred_table_source(table), s.width, s.height, s.channels);
}

cred_status cli__fit_warn(const cli__fit *fit, const cred_table *table) {
  static const char *const looks[] = {"", "looks like dates", "counts the rows",
                                      "has another value in nearly every row"};
  warn_of_numbers(fit, table);
  warn_of_channels_first(fit, table);
  if (cred_images_has_header(cred_table_source(table)))
    cli_warn(
        fit->args, "credence fit LIST, without its first line and without --target",
        "%s: the inputs are names of files, whose contents are not looked at: is it a "
        "list of pictures with a header?",
        cred_table_source(table));
  for (size_t i = 0; i < cred_table_n_columns(table); i++) {
    const char *name = cred_table_name(table, i);
    char word[512], next[1200];
    cred__look look;
    if (!is_input(&fit->schema, name)) continue;
    TRY(cred__look_at(&look, table, i));
    if (look == CRED__LOOK_PLAIN) continue;
    cli_quoted(word, sizeof word, name);
    snprintf(next, sizeof next, "credence %s ... --ignore %s, or --id %s",
             cli_args_command(fit->args)->name, word, word);
    cli_warn(fit->args, next, "%s: the input '%s' %s: %s", cred_table_source(table), name,
             looks[look],
             look == CRED__LOOK_DATES ? "a new date is unknown to the model"
                                      : "is it an identifier?");
  }
  return CRED_OK;
}

cred_status cli__fit_look_at(cli__fit *fit, size_t n_rows) {
  const char *path = cli_text(fit->args, "train-rows");
  if (path) TRY(cred_split_read_index(&fit->rows, &fit->n_rows, path, n_rows));
  return hold_out(fit, n_rows);
}
