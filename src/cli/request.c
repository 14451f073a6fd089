// request.c -- from options to what the library's calls take.

#include "cli/request.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/pictures.h"
#include <assert.h>
#include <string.h>

static const cli_option *option_of(const cli_args *args, const char *name) {
  const cli_command *command = cli_args_command(args);
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)); i++)
    if (strcmp(option->name, name) == 0) return option;
  return NULL;
}

int cli_choice(const cli_args *args, const char *name) {
  const char *text = cli_text(args, name), *at = option_of(args, name)->choices;
  const size_t n = strlen(text);
  for (int i = 0; at; i++) {
    if (strncmp(at, text, n) == 0 && (at[n] == '|' || !at[n])) return i;
    at = strchr(at, '|');
    if (at) at++;
  }
  assert(!"a choice that is not among the choices");
  return 0;
}

const char *cli_first_given(const cli_args *args, const char *const *names) {
  for (size_t i = 0; names[i]; i++)
    if (cli_given(args, names[i])) return names[i];
  return NULL;
}

cred_status cli_refuse(const cli_args *args, const char *const *names,
                       const char *reason) {
  const char *given = cli_first_given(args, names);
  if (!given) return CRED_OK;
  FAIL(CRED_ECONFIG, "option '--%s' %s", given, reason);
}

cred_status cli_read_labels(cred_table **out, const cli_args *args, const char *path,
                            const char *member) {
  cred_table_options opt = cred_table_defaults();
  opt.member = cli_text(args, member);
  return cred_table_read(out, path, &opt);
}

// Which rows, and of which array of an archive.
static const char *named(char *out, size_t n, const cred_table *table,
                         const char *member) {
  snprintf(out, n, "%s%s%s has %zu rows", cred_table_source(table), member ? ": " : "",
           member ? member : "", cred_table_n_rows(table));
  return out;
}

static cred_status check_joined(const cli_args *args, const cred_table *x,
                                const cred_table *labels) {
  char left[1024], right[1024];
  if (cred_table_n_rows(x) == cred_table_n_rows(labels)) return CRED_OK;
  FAIL(CRED_EDATA, "%s, the labels do not: %s; labels of the same rows are expected",
       named(left, sizeof left, x, cli_text(args, "member")),
       named(right, sizeof right, labels, cli_text(args, "labels-member")));
}

static cred_status read_joined(cred_table **out, const cli_args *args, const char *path,
                               const cred_table_options *opt, const char *target) {
  cred_table *x, *labels = NULL;
  const char *from = cli_text(args, "labels");
  if (!from) from = path; // another member of the same archive
  TRY(cli_check_inputs(path, from));
  TRY(cred_table_read(&x, path, opt));
  cred_status status = cli_read_labels(&labels, args, from, "labels-member");
  if (status == CRED_OK) status = check_joined(args, x, labels);
  if (status == CRED_OK) status = cred_table_join(out, x, labels, target);
  cred_table_free(labels);
  cred_table_free(x);
  return status;
}

cred_status cli_read_table(cred_table **out, const cli_args *args, const char *path,
                           const char *target) {
  cred_table_options opt;
  *out = NULL;
  TRY(cli_refuse_pictures(path));
  TRY(cli_table_options(&opt, args));
  const bool joined = option_of(args, "labels") &&
                      (cli_given(args, "labels") || cli_given(args, "labels-member"));
  TRY(joined ? read_joined(out, args, path, &opt, target)
             : cred_table_read(out, path, &opt));
  if (cred_table_note(*out)[0]) cli_note(args, "%s", cred_table_note(*out));
  return CRED_OK;
}

cred_status cli_read_outside(cred_table **out, const cli_args *args, const char *path) {
  cred_table_options opt;
  *out = NULL;
  TRY(cli_refuse_pictures(path));
  TRY(cli_table_options(&opt, args));
  if (cli_given(args, "ood-member")) opt.member = cli_text(args, "ood-member");
  return cred_table_read(out, path, &opt);
}

cred_status cli_check_inputs(const char *first, const char *second) {
  if (first && second && strcmp(first, "-") == 0 && strcmp(second, "-") == 0)
    FAIL(CRED_EINVAL, "two inputs are '-', only one can be standard input");
  return CRED_OK;
}

cred_status cli_check_output(const char *path) {
  cred__writer writer;
  if (strcmp(path, "-") == 0) return CRED_OK;
  TRY(cred__writer_init(&writer, path));
  cred__writer_abort(&writer);
  return CRED_OK;
}

cred_schema_options cli_schema_options(const cli_args *args) {
  cred_schema_options s = cred_schema_defaults();
  s.targets = cli_list(args, "target", &s.n_targets);
  s.ignore = cli_list(args, "ignore", &s.n_ignore);
  s.id = cli_text(args, "id");
  s.weight = cli_text(args, "weight");
  s.missing = (cred_missing)cli_choice(args, "missing");
  s.task = cli_choice(args, "task") - 1;
  return s;
}

cred_encode_options cli_encode_options(const cli_args *args) {
  return (cred_encode_options){.unseen_none = cli_choice(args, "unseen") == 1,
                               .skip_bad = cli_choice(args, "bad-rows") == 1};
}

void cli_note_rows(const cli_args *args, const char *source, const cred_data *counts) {
  if (counts->n_dropped)
    cli_note(args, "%s: rows with missing cells that are left out: %zu", source,
             counts->n_dropped);
  if (counts->n_skipped)
    cli_note(args, "%s: bad rows that are left out: %zu", source, counts->n_skipped);
  if (counts->n_unseen)
    cli_note(args, "%s: cells with a level that training never saw: %zu", source,
             counts->n_unseen);
}

static cred_status encode_noted(cred_data *out, const cli_args *args,
                                const cred_schema *schema, const cred_table *table,
                                const size_t *rows, size_t n_rows, int with_targets,
                                bool keep_bytes) {
  cred_encode_options opt = cli_encode_options(args);
  opt.keep_bytes = keep_bytes;
  opt.unknown_targets = with_targets == CLI_TARGETS_KNOWN;
  if (opt.unknown_targets) with_targets = -1;
  TRY(cred_schema_encode_with(out, schema, table, rows, n_rows, with_targets, 0, &opt));
  cli_note_rows(args, cred_table_source(table), out);
  return CRED_OK;
}

cred_status cli_encode(cred_data *out, const cli_args *args, const cred_schema *schema,
                       const cred_table *table, const size_t *rows, size_t n_rows,
                       int with_targets) {
  return encode_noted(out, args, schema, table, rows, n_rows, with_targets, false);
}

cred_status cli_encode_kept(cred_data *out, const cli_args *args,
                            const cred_schema *schema, const cred_table *table,
                            const size_t *rows, size_t n_rows, int with_targets) {
  return encode_noted(out, args, schema, table, rows, n_rows, with_targets, true);
}

cred_predict_options cli_predict_options(const cli_args *args) {
  cred_predict_options opt = cred_predict_defaults();
  opt.draws = (cred_draws)cli_choice(args, "draws-kind");
  opt.n_draws = cli_size(args, "draws");
  opt.seed = cli_seed(args);
  opt.n_threads = cli_size(args, "threads");
  return opt;
}

static bool is_used(const cred_schema *s, const char *name, const char *const *used,
                    size_t n_used) {
  if (s->id && strcmp(s->id, name) == 0) return true;
  if (s->weight && strcmp(s->weight, name) == 0) return true;
  for (size_t i = 0; i < s->n_targets; i++)
    if (strcmp(s->targets[i].name, name) == 0) return true;
  for (size_t i = 0; i < n_used; i++)
    if (strcmp(used[i], name) == 0) return true;
  return false;
}

void cli_note_unused(const cli_args *args, const cred_schema *schema,
                     const cred_table *table, const char *const *used, size_t n_used) {
  enum { SHOWN_MAX = 5 };
  cred__text list = {0};
  size_t n = 0, n_inputs = 0;
  // of the many columns of an image none is looked for where all of them are inputs
  const size_t n_columns = cred_table_n_columns(table);
  if (n_columns == schema->n_columns && n_columns > 64) return;
  for (size_t i = 0; i < schema->n_columns; i++)
    n_inputs += cred_table_find(table, schema->columns[i].name) != SIZE_MAX;
  if (n_inputs == 0) return; // of an array, without names
  for (size_t i = 0; i < n_columns && n_columns > n_inputs; i++) {
    const char *name = cred_table_name(table, i);
    bool input = false;
    for (size_t k = 0; k < schema->n_columns && !input; k++)
      input = strcmp(schema->columns[k].name, name) == 0;
    if (input || is_used(schema, name, used, n_used)) continue;
    if (n++ < SHOWN_MAX) cred__text_printf(&list, "%s'%s'", n > 1 ? ", " : "", name);
  }
  if (n)
    cli_note(args, "%s: %zu column%s not used by the model: %s%s",
             cred_table_source(table), n, n > 1 ? "s are" : " is", list.s ? list.s : "",
             n > SHOWN_MAX ? ", ..." : "");
  cred__text_clear(&list);
}

// The model may stand where the table belongs.
static cred_status say_if_swapped(const cli_args *args, const char *path,
                                  cred_status status) {
  char message[2048];
  cred_model *model;
  const cli_command *command = cli_args_command(args);
  snprintf(message, sizeof message, "%s", cred_error_message());
  for (size_t i = 0; i + 1 < cli_n_positional(args); i++) {
    const char *other = cli_positional(args, i + 1);
    if (cli_positional(args, i) != path || strcmp(other, "-") == 0) continue;
    if (cred_model_load(&model, other) != CRED_OK) continue;
    cred_model_free(model);
    FAIL(CRED_EINVAL, "'%s' is the model, not '%s': write credence %s %s", other, path,
         command->name, command->positional);
  }
  return cred__fail(status, "%s", message);
}

cred_status cli_read_model(cred_model **out, const cli_args *args, const char *path) {
  const cred_status status = cred_model_load(out, path);
  if (status == CRED_EDATA) return say_if_swapped(args, path, status);
  TRY(status);
  if (!cred_model_is_finished(*out))
    cli_warn(
        args, "credence fit DATA --resume MODEL -o MODEL",
        "%s: its fit was interrupted, so that its predictions are those of half trained "
        "members",
        path);
  return CRED_OK;
}

const char *cli_quoted(char *out, size_t n_bytes, const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789._-+/=:@%^";
  size_t n = 0;
  if (*word && strspn(word, plain) == strlen(word)) {
    snprintf(out, n_bytes, "%s", word);
    return out;
  }
  cred__text text = {0};
  cred__text_append(&text, "'", 1);
  for (; *word; word++) {
    if (*word == '\'')
      cred__text_append(&text, "'\\''", 4);
    else
      cred__text_append(&text, word, 1);
  }
  cred__text_append(&text, "'", 1);
  n = snprintf(out, n_bytes, "%s", text.s ? text.s : "") > 0;
  cred__text_clear(&text);
  return n ? out : "''";
}

// The options of these names (ends with NULL) that were given, as words of a command.
static const char *repeat(char *out, size_t n_bytes, const cli_args *args,
                          const char *const *names) {
  size_t n = 0;
  out[0] = 0;
  const char *name, *text;
  for (size_t i = 0; cli_effective(args, i, &name, &text); i++)
    for (size_t j = 0; names[j]; j++) {
      if (strcmp(name, names[j]) != 0 || !text || !cli_given(args, name)) continue;
      char word[512];
      const bool flag = strcmp(text, "true") == 0 && strstr(name, "header");
      const int wrote = flag ? snprintf(out + n, n_bytes - n, " --%s", name)
                             : snprintf(out + n, n_bytes - n, " --%s %s", name,
                                        cli_quoted(word, sizeof word, text));
      if (wrote > 0 && (size_t)wrote < n_bytes - n) n += (size_t)wrote;
      out[n] = 0;
    }
  return out;
}

const char *cli_reading(char *out, size_t n_bytes, const cli_args *args) {
  static const char *const names[] = {
      "format",      "separator", "decimal", "header",        "no-header", "na",
      "categorical", "member",    "labels",  "labels-member", NULL};
  return repeat(out, n_bytes, args, names);
}

const char *cli_columns(char *out, size_t n_bytes, const cli_args *args) {
  static const char *const names[] = {"task", "ignore", "id", "weight", "missing", NULL};
  return repeat(out, n_bytes, args, names);
}
