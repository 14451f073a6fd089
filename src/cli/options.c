// options.c -- words to options, by the table of the command.
//
// GNU rules: --name value, --name=value, -x value, -xvalue, -abc for flags, "--" ends the
// options, "-" is a file; options and files in any order. Names are never abbreviated.
// All values are checked here, so that a command never sees a wrong one.

#include "base/alloc.h"
#include "cli/args.h"
#include "base/text.h"
#include <assert.h>
#include <string.h>
#include <sys/random.h>

static const cli_option common[] = {
    {.name = "quiet",
     .short_name = 'q',
     .type = CLI_FLAG,
     .help = "print errors only: no notes, warnings and progress",
     .group = "Common"},
    {.name = "help",
     .short_name = 'h',
     .type = CLI_FLAG,
     .help = "print this page",
     .group = "Common"},
    {.name = "version",
     .type = CLI_FLAG,
     .help = "print version, build and libraries",
     .group = "Common"},
};
enum { N_COMMON = sizeof common / sizeof *common };

// Whether a command with a base has its own option of this name, or does without it.
static bool is_replaced(const cli_command *command, const char *name) {
  const char *without = command->base_without;
  const size_t n = strlen(name);
  for (size_t i = 0; i < command->n_options; i++)
    if (strcmp(command->options[i].name, name) == 0) return true;
  for (const char *p = without; p && (p = strstr(p, name)); p += n)
    if (p > without && p[-1] == '|' && p[n] == '|') return true;
  return false;
}

// Own options, those of the base, and those of every command.
const cli_option *cli_option_at(const cli_command *command, size_t i) {
  const cli_command *base = command->base;
  if (i < command->n_options) return &command->options[i];
  i -= command->n_options;
  for (size_t k = 0; base && k < base->n_options; k++) {
    if (is_replaced(command, base->options[k].name)) continue;
    if (i == 0) return &base->options[k];
    i--;
  }
  return i < N_COMMON ? &common[i] : NULL;
}

static size_t n_rows(const cli_command *command) {
  size_t n = command->n_options + N_COMMON;
  for (size_t k = 0; command->base && k < command->base->n_options; k++)
    n += !is_replaced(command, command->base->options[k].name);
  return n;
}

size_t cli__n_common(void) {
  return N_COMMON;
}

// The row of an option, or n_rows.
static size_t find_long(const cli_command *command, const char *name, size_t n) {
  size_t i = 0;
  for (const cli_option *o; (o = cli_option_at(command, i)); i++)
    if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) break;
  return i;
}

static size_t find_short(const cli_command *command, char c) {
  size_t i = 0;
  for (const cli_option *o; (o = cli_option_at(command, i)); i++)
    if (o->short_name == c) break;
  return i;
}

// Words of other programs for what ours call otherwise, and the options that may be
// meant: the first that the command has.
static const struct {
  const char *word, *options;
} other_words[] = {
    {"lr", "learning-rate"},
    {"bs", "batch"},
    {"iterations", "steps"},
    {"samples", "draws|train-draws"},
    {"mc-samples", "draws|train-draws"},
    {"draws", "train-draws"},
    {"layers", "hidden|net"},
    {"units", "hidden"},
    {"architecture", "net"},
    {"arch", "net"},
    {"model", "net"},
    {"network", "net"},
    {"method", "posterior"},
    {"inference", "posterior"},
    {"ensemble", "members"},
    {"loss", "likelihood"},
    {"l2", "prior"},
    {"val-split", "validation"},
    {"early-stopping", "patience"},
    {"test-size", "hold-out"},
    {"test-split", "hold-out"},
    {"split", "hold-out"},
    {"out", "output"},
    {"outfile", "output"},
    {"y", "target"},
    {"labels", "target"},
    {"masks", "labels"},
    {"truth", "labels"},
    {"size", "resize"},
    {"image-size", "resize"},
    {"img-size", "resize"},
    {"random", "seed"},
    {"jobs", "threads"},
    {"cores", "threads"},
    {"workers", "threads"},
    {"silent", "quiet"},
};
enum { N_OTHER_WORDS = sizeof other_words / sizeof *other_words };

static bool is_shown(const cli_option *option) {
  return !option->group || strcmp(option->group, "-") != 0;
}

// The option that a word of other programs means; NULL: none of this command.
static const char *find_other(const cli_command *command, const char *word, size_t n) {
  for (size_t i = 0; i < N_OTHER_WORDS; i++) {
    if (strlen(other_words[i].word) != n || memcmp(other_words[i].word, word, n) != 0)
      continue;
    for (const char *p = other_words[i].options; *p;) {
      const size_t n_name = strcspn(p, "|"), row = find_long(command, p, n_name);
      const cli_option *option = cli_option_at(command, row);
      if (option && is_shown(option)) return option->name;
      p += n_name + (p[n_name] == '|');
    }
  }
  return NULL;
}

// The option of these first n letters, by our name or by another.
static const char *find_any(const cli_command *command, const char *word, size_t n) {
  const cli_option *option = cli_option_at(command, find_long(command, word, n));
  return option && is_shown(option) ? option->name : find_other(command, word, n);
}

// What an unknown option may mean: one written with '_', or counted ("n-draws"), or of
// another program; else the nearest; else one that it begins with ("batch-size"). NULL:
// none.
static const char *meant_by(const cli_command *command, const char *given) {
  static const char *const counts[] = {"n-", "num-", "max-"};
  const char *names[CLI__ROWS_MAX], *word = NULL, *found;
  char text[64];
  size_t n_names = 0;
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)) && n_names < CLI__ROWS_MAX; i++)
    if (is_shown(option)) names[n_names++] = option->name;
  snprintf(text, sizeof text, "%s", given);
  for (char *p = text; *p; p++)
    if (*p == '_') *p = '-';
  for (size_t i = 0; !word && i < sizeof counts / sizeof *counts; i++)
    if (strncmp(text, counts[i], strlen(counts[i])) == 0) word = text + strlen(counts[i]);
  if (!word) word = text;
  if ((found = find_any(command, word, strlen(word)))) return found;
  if (*given && (found = cred__nearest(given, names, n_names))) return found;
  for (size_t n = strlen(word); n > 0 && !found;)
    if (word[--n] == '-') found = find_any(command, word, n);
  return found;
}

// `word` without its value; what it may mean is suggested.
static cred_status fail_unknown(const cli_command *command, const char *word) {
  char given[64];
  const char *name = word + strspn(word, "-");
  const int dashes = (int)(name - word), n = (int)strcspn(name, "=");
  snprintf(given, sizeof given, "%.*s", n, name);
  const char *meant = meant_by(command, given);
  if (meant)
    FAIL(CRED_EINVAL, "unknown option '%.*s'\ndid you mean '--%s'?", dashes + n, word,
         meant);
  FAIL(CRED_EINVAL, "unknown option '%.*s'", dashes + n, word);
}

static cred_status give(cli_args *args, size_t row, const char *text) {
  cli__value *value = &args->values[row];
  const cli_option *option = value->option;
  const bool many =
      option->type == CLI_LIST || option->type == CLI_FLAG || option->repeatable;
  if (value->n > 0 && !many)
    FAIL(CRED_EINVAL, "option '--%s' is given twice: '%s' and '%s'", option->name,
         value->texts[0], text);
  if (!value->texts) TRY(NEW(&value->texts, args->n_words, "the values of an option"));
  value->texts[value->n++] = text;
  return CRED_OK;
}

// The value stands in the next word.
static cred_status give_next(cli_args *args, size_t row, int n, const char *const *words,
                             int *at) {
  const cli_option *option = cli_option_at(args->command, row);
  if (*at + 1 >= n || strncmp(words[*at + 1], "--", 2) == 0)
    FAIL(CRED_EINVAL, "option '--%s' needs a value: --%s %s", option->name, option->name,
         option->argument);
  ++*at;
  return give(args, row, words[*at]);
}

static cred_status parse_long(cli_args *args, int n, const char *const *words, int *at) {
  const char *name = words[*at] + 2;
  const size_t n_name = strcspn(name, "=");
  const size_t row = find_long(args->command, name, n_name);
  if (row == n_rows(args->command)) return fail_unknown(args->command, words[*at]);
  const bool is_flag = cli_option_at(args->command, row)->type == CLI_FLAG;
  if (is_flag && name[n_name] == '=')
    FAIL(CRED_EINVAL, "option '--%.*s' takes no value, '%s' is given", (int)n_name, name,
         name + n_name + 1);
  if (is_flag) return give(args, row, "true");
  if (name[n_name] == '=') return give(args, row, name + n_name + 1);
  return give_next(args, row, n, words, at);
}

static cred_status parse_short(cli_args *args, int n, const char *const *words, int *at) {
  for (const char *c = words[*at] + 1; *c; c++) {
    const size_t row = find_short(args->command, *c);
    if (row == n_rows(args->command)) return fail_unknown(args->command, words[*at]);
    if (cli_option_at(args->command, row)->type == CLI_FLAG) {
      TRY(give(args, row, "true"));
      continue;
    }
    if (c[1]) return give(args, row, c + 1);
    return give_next(args, row, n, words, at);
  }
  return CRED_OK;
}

static bool asks_for(const char *name, char short_name, int n, const char *const *words) {
  for (int i = 0; i < n && strcmp(words[i], "--") != 0; i++) {
    if (strncmp(words[i], "--", 2) == 0 && strcmp(words[i] + 2, name) == 0) return true;
    if (short_name && words[i][0] == '-' && words[i][1] == short_name && !words[i][2])
      return true;
  }
  return false;
}

static cred_status parse_words(cli_args *args, int n, const char *const *words) {
  bool only_files = false;
  for (int i = 0; i < n; i++) {
    const char *word = words[i];
    if (only_files || word[0] != '-' || word[1] == 0)
      args->positional[args->n_positional++] = word;
    else if (strcmp(word, "--") == 0)
      only_files = true;
    else if (word[1] == '-')
      TRY(parse_long(args, n, words, &i));
    else
      TRY(parse_short(args, n, words, &i));
  }
  return CRED_OK;
}

// "MODEL [DATA]", "DATA...": how many words it takes.
static void positional_bounds(const char *spec, size_t *n_min, size_t *n_max) {
  *n_min = *n_max = 0;
  for (const char *p = spec ? spec : ""; *p;) {
    const size_t n = strcspn(p, " ");
    if (*p != '[') ++*n_min;
    const size_t n_name = p[n - 1] == ']' ? n - 1 : n;
    if (n_name >= 3 && memcmp(p + n_name - 3, "...", 3) == 0)
      *n_max = SIZE_MAX;
    else if (*n_max != SIZE_MAX)
      ++*n_max;
    p += n;
    p += strspn(p, " ");
  }
}

static cred_status check_positional(const cli_args *args) {
  const cli_command *command = args->command;
  size_t n_min, n_max;
  positional_bounds(command->positional, &n_min, &n_max);
  if (args->n_positional > n_max) {
    const char *extra = args->positional[n_max];
    if (find_long(command, extra, strlen(extra)) < n_rows(command))
      FAIL(CRED_EINVAL, "unexpected argument '%s'\ndid you mean '--%s'?", extra, extra);
    FAIL(CRED_EINVAL, "unexpected argument '%s', expected: credence %s %s", extra,
         command->name, command->positional ? command->positional : "without arguments");
  }
  if (args->n_positional >= n_min) return CRED_OK;
  const char *missing = command->positional;
  for (size_t i = 0; i < args->n_positional; i++) missing += strcspn(missing, " ") + 1;
  FAIL(CRED_EINVAL, "%.*s is missing, expected: credence %s %s",
       (int)strcspn(missing, " ."), missing, command->name, command->positional);
}

static cred_status draw_seed(cli_args *args) {
  uint64_t seed;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
    FAIL(CRED_EUNAVAILABLE, "the system gives no random number: give --seed a number");
  seed >>= 11; // 53 bits: exact in every JSON reader
  snprintf(args->seed_text, sizeof args->seed_text, "%llu", (unsigned long long)seed);
  args->seed_drawn = true;
  return CRED_OK;
}

static cred_status check_values(cli_args *args) {
  for (size_t i = 0; i < args->n_rows; i++) {
    const cli_option *option = args->values[i].option;
    cli__value *value = &args->values[i];
    if (option->type == CLI_SEED && value->n && strcmp(value->texts[0], "random") == 0) {
      TRY(draw_seed(args));
      value->texts[0] = args->seed_text;
    }
    TRY(cli__value_check(value, option));
  }
  return CRED_OK;
}

cred_status cli_parse(cli_args **out, const cli_command *command, int n,
                      const char *const *words) {
  cred_status status = CRED_OK;
  cli_args *args;
  *out = NULL;
  assert(n_rows(command) <= CLI__ROWS_MAX);
  TRY(NEW(&args, 1, "the command line"));
  args->command = command;
  args->n_words = (size_t)n + 1;
  args->n_rows = n_rows(command);
  TRY_DONE(NEW(&args->values, args->n_rows, "the options"));
  for (size_t i = 0; i < args->n_rows; i++)
    args->values[i].option = cli_option_at(command, i);
  TRY_DONE(NEW(&args->positional, args->n_words, "the arguments"));
  args->help = asks_for("help", 'h', n, words);
  args->version = !args->help && asks_for("version", 0, n, words);
  if (!args->help && !args->version) {
    TRY_DONE(parse_words(args, n, words));
    TRY_DONE(check_values(args));
    TRY_DONE(check_positional(args));
  }
  *out = args;
  args = NULL;
done:
  cli_args_free(args);
  return status;
}

void cli_args_free(cli_args *args) {
  if (!args) return;
  for (size_t i = 0; args->values && i < args->n_rows; i++)
    cli__value_clear(&args->values[i]);
  cred__free(args->values);
  cred__free(args->positional);
  cred__free(args);
}
