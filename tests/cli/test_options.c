// test_options.c -- the parser of the command line.

#include "check.h"
#include "base/alloc.h"
#include "cli/cli.h"
#include <float.h>
#include <locale.h>

static int run_nothing(const cli_args *args) {
  (void)args;
  return 0;
}

static const cli_option options[] = {
    {.name = "hidden",
     .type = CLI_LIST,
     .argument = "N,N",
     .default_text = "50,50",
     .help = "x"},
    {.name = "epochs",
     .short_name = 'e',
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "100",
     .min = 1,
     .max = 1000000,
     .help = "x"},
    {.name = "rate",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = CLI_ABOVE_ZERO,
     .max = 1,
     .help = "x"},
    {.name = "part",
     .type = CLI_SHARE,
     .argument = "SHARE",
     .min = CLI_ABOVE_ZERO,
     .max = CLI_BELOW_ONE,
     .help = "x"},
    {.name = "all",
     .type = CLI_SHARE,
     .argument = "SHARE",
     .min = 0,
     .max = 1,
     .help = "x"},
    {.name = "any",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = -DBL_MAX,
     .max = DBL_MAX,
     .help = "x"},
    {.name = "shift",
     .short_name = 's',
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "-2.5",
     .help = "x"},
    {.name = "target",
     .short_name = 't',
     .type = CLI_TEXT,
     .argument = "COLUMN",
     .repeatable = true,
     .help = "x"},
    {.name = "name", .type = CLI_TEXT, .argument = "TEXT", .help = "x"},
    {.name = "verbose", .short_name = 'v', .type = CLI_FLAG, .help = "x"},
    {.name = "secret", .type = CLI_FLAG, .help = "x", .group = "-"},
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
    CLI_OPTION_PROGRESS,
    CLI_OPTION_JSON,
    CLI_OPTION_STABLE,
    CLI_OPTION_OUTPUT("the model", NULL),
};
static const cli_command command = {.name = "try",
                                    .summary = "x",
                                    .positional = "MODEL [DATA]",
                                    .options = options,
                                    .n_options = sizeof options / sizeof *options,
                                    .run = run_nothing};

static const char *words[32];
static int n_words;

// Words apart by blanks; "%" stands for an empty one, "_" for a blank.
static cred_status parse_as(cli_args **args, const cli_command *what, const char *line) {
  static char copy[512];
  snprintf(copy, sizeof copy, "%s", line);
  n_words = 0;
  for (char *p = strtok(copy, " "); p; p = strtok(NULL, " ")) {
    for (char *c = p; *c; c++)
      if (*c == '_') *c = ' ';
    words[n_words++] = strcmp(p, "%") == 0 ? "" : p;
  }
  return cli_parse(args, what, n_words, words);
}

static cred_status parse(cli_args **args, const char *line) {
  return parse_as(args, &command, line);
}

#define refuses(line, text)                                                              \
  do {                                                                                   \
    cli_args *none_;                                                                     \
    assert_fails(parse(&none_, line), CRED_EINVAL, text);                                \
    assert_null(none_);                                                                  \
    assert_int_equal(cred__alloc_live(), 0);                                             \
  } while (0)

static void test_defaults(void **state) {
  (void)state;
  cli_args *a;
  size_t n;
  assert_ok(parse(&a, "m"));
  assert_int_equal(cli_size(a, "epochs"), 100);
  assert_true(isnan(cli_number(a, "rate")));
  assert_true(cli_number(a, "shift") == -2.5);
  assert_null(cli_text(a, "name"));
  assert_null(cli_text(a, "output"));
  assert_false(cli_flag(a, "verbose"));
  assert_false(cli_given(a, "epochs"));
  assert_int_equal(cli_seed(a), 1);
  assert_false(cli_seed_drawn(a));
  assert_string_equal(cli_text(a, "progress"), "auto");
  const char *const *hidden = cli_list(a, "hidden", &n);
  assert_int_equal(n, 2);
  assert_string_equal(hidden[1], "50");
  cli_list(a, "target", &n);
  assert_int_equal(n, 0);
  assert_string_equal(cli_positional(a, 0), "m");
  assert_null(cli_positional(a, 1));
  cli_args_free(a);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_forms(void **state) {
  (void)state;
  static const char *const same[] = {
      "-v -e 7 -s -1e-3 --name=a=b -t x -t y -o out m d",
      "m --verbose --epochs 7 --shift -1e-3 --name a=b --target=x --target y d --output "
      "out",
      "-ve7 -s-1e-3 --name=a=b -tx -ty -oout -- m d",
      "--epochs=7 --shift=-1e-3 -vtx m -ty --name=a=b --output=out -- d",
  };
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    cli_args *a;
    size_t n;
    assert_ok(parse(&a, same[i]));
    assert_true(cli_flag(a, "verbose") && cli_given(a, "epochs"));
    assert_int_equal(cli_size(a, "epochs"), 7);
    assert_true(cli_number(a, "shift") == -1e-3);
    assert_string_equal(cli_text(a, "name"), "a=b");
    assert_string_equal(cli_text(a, "output"), "out");
    const char *const *target = cli_list(a, "target", &n);
    assert_int_equal(n, 2);
    assert_string_equal(target[0], "x");
    assert_string_equal(target[1], "y");
    assert_int_equal(cli_n_positional(a), 2);
    assert_string_equal(cli_positional(a, 0), "m");
    assert_string_equal(cli_positional(a, 1), "d");
    cli_args_free(a);
  }
  cli_args *a;
  assert_ok(parse(&a, "- -- --epochs"));
  assert_string_equal(cli_positional(a, 0), "-");
  assert_string_equal(cli_positional(a, 1), "--epochs");
  cli_args_free(a);
  assert_ok(parse(&a, "m --name=--x -o -"));
  assert_string_equal(cli_text(a, "name"), "--x");
  assert_string_equal(cli_text(a, "output"), "-");
  cli_args_free(a);
  assert_ok(parse(&a, "m -v --verbose"));
  cli_args_free(a);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_lists(void **state) {
  (void)state;
  cli_args *a;
  size_t n;
  assert_ok(parse(&a, "m --hidden a,\"b,c\",\"d\"\"e\" --hidden f"));
  const char *const *items = cli_list(a, "hidden", &n);
  static const char *const expected[] = {"a", "b,c", "d\"e", "f"};
  assert_int_equal(n, 4);
  for (size_t i = 0; i < n; i++) assert_string_equal(items[i], expected[i]);
  cli_args_free(a);
  refuses("m --hidden a,,b", "an item is empty");
  refuses("m --hidden a,", "an item is empty");
  refuses("m --hidden %", "an item is empty");
  refuses("m --hidden \"a", "a quote is not closed");
  refuses("m --hidden \"a\"b", "text follows a closing quote");
}

static void test_mistakes(void **state) {
  (void)state;
  refuses("m --hiden 3", "unknown option '--hiden'\ndid you mean '--hidden'?");
  refuses("m --hiden=3", "unknown option '--hiden'\ndid you mean '--hidden'?");
  refuses("m --epoch 3", "unknown option '--epoch'\ndid you mean '--epochs'?");
  refuses("m --n-epochs 3", "did you mean '--epochs'?");
  refuses("m --layers 3", "unknown option '--layers'\ndid you mean '--hidden'?");
  refuses("m --rate-of-all-steps", "did you mean '--rate'?");
  refuses("m -hidden 3", "unknown option '-hidden'"); // abbreviations
  refuses("m --zzzzzzzz", "unknown option '--zzzzzzzz'");
  refuses("m -z", "unknown option '-z'");
  refuses("m --secre", "unknown option '--secre'");
  refuses("m --epochs", "needs a value: --epochs N");
  refuses("m --epochs --verbose", "needs a value");
  refuses("m -e", "needs a value");
  refuses("m --verbose=yes", "takes no value");
  refuses("m --epochs 3 --epochs 4", "is given twice: '3' and '4'");
  refuses("m --output=", "is empty, expected the name of a file");
}

static void test_numbers(void **state) {
  (void)state;
  static const char *const bad[] = {
      "1e3", "0", "1000001", "-1", "+1", "7x", "0x7", "7.0", "99999999999999999999999",
      "%"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char line[64], text[128];
    snprintf(line, sizeof line, "m --epochs %s", bad[i]);
    snprintf(text, sizeof text,
             "option '--epochs' is '%s', expected a whole number from 1 to 1000000",
             bad[i][0] == '%' ? "" : bad[i]);
    refuses(line, text);
  }
  static const char *const wrong[] = {"0",   "-0",   "1.5", "nan",
                                      "inf", "1e3x", "0,1", "1e400"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char line[64];
    snprintf(line, sizeof line, "m --rate %s", wrong[i]);
    refuses(line, "expected a number > 0 and <= 1");
  }
  static const char *const no_share[] = {"0",  "1",  "0%",   "100%",
                                         "%%", "x%", "10%%", "nan"};
  for (size_t i = 0; i < sizeof no_share / sizeof *no_share; i++) {
    char line[64];
    snprintf(line, sizeof line, "m --part %s", no_share[i]);
    refuses(line, "expected a share above 0 and below 1, such as 0.1 or 10%");
  }
  refuses("m --all 101%", "expected a share of at least 0 and at most 1");
  refuses("m --any 90%", "option '--any' is '90%', expected a number");
  refuses("m --shift x", "option '--shift' is 'x', expected a number");
  refuses("m --threads 5000", "expected a whole number from 0 to 4096");
  refuses("m --seed -1", "below 2^64 or 'random'");
  refuses("m --seed 18446744073709551616", "below 2^64");
  cli_args *a;
  assert_ok(parse(&a, "m --seed 18446744073709551615 --rate 1"));
  assert_true(cli_seed(a) == UINT64_MAX);
  assert_true(cli_number(a, "rate") == 1.0);
  cli_args_free(a);
  assert_ok(parse(&a, "m --part 12.5_% --all 0%"));
  assert_true(cli_number(a, "part") == 0.125 && cli_number(a, "all") == 0);
  cli_args_free(a);
  assert_ok(parse(&a, "m --part .1 --all 100%"));
  assert_true(cli_number(a, "part") == 0.1 && cli_number(a, "all") == 1);
  cli_args_free(a);
}

static void test_comma_locale(void **state) {
  (void)state;
  if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE")) skip();
  cli_args *a;
  assert_ok(parse(&a, "m --rate 0.25"));
  assert_true(cli_number(a, "rate") == 0.25);
  cli_args_free(a);
  refuses("m --rate 0,25", "expected a number");
  setlocale(LC_ALL, "C");
}

static void test_random_seed(void **state) {
  (void)state;
  cli_args *a, *b;
  assert_ok(parse(&a, "m --seed random"));
  assert_ok(parse(&b, "m --seed random"));
  assert_true(cli_seed_drawn(a));
  assert_true(cli_seed(a) != cli_seed(b) && cli_seed(a) < UINT64_C(1) << 53);
  char text[32]; // the record says the real one
  snprintf(text, sizeof text, "%llu", (unsigned long long)cli_seed(a));
  assert_string_equal(cli_text(a, "seed"), text);
  cli_args_free(a);
  cli_args_free(b);
}

static void test_positional(void **state) {
  (void)state;
  refuses("-v", "MODEL is missing, expected: credence try MODEL [DATA]");
  refuses("a b c", "unexpected argument 'c'");
  refuses("a b verbose", "did you mean '--verbose'?");
  cli_args *a;
  cli_command other = command;
  other.positional = "MODEL DATA...";
  assert_fails(parse_as(&a, &other, "m"), CRED_EINVAL, "DATA is missing");
  assert_ok(parse_as(&a, &other, "m a b c d"));
  assert_int_equal(cli_n_positional(a), 5);
  cli_args_free(a);
  other.positional = "[FILE...]";
  assert_ok(parse_as(&a, &other, ""));
  cli_args_free(a);
  assert_ok(parse_as(&a, &other, "a b c"));
  cli_args_free(a);
  other.positional = NULL;
  assert_fails(parse_as(&a, &other, "x"), CRED_EINVAL, "without arguments");
}

static void test_effective(void **state) {
  (void)state;
  cli_args *a;
  const char *name, *text;
  char all[1024] = "";
  assert_ok(parse(&a, "m -v --hidden 3 --hidden 4,5 -e 9 --seed 4"));
  for (size_t i = 0; cli_effective(a, i, &name, &text); i++) {
    if (!text) continue;
    strcat(all, name), strcat(all, "="), strcat(all, text), strcat(all, ";");
  }
  assert_string_equal(all, "hidden=3,4,5;epochs=9;shift=-2.5;verbose=true;seed=4;"
                           "threads=0;progress=auto;");
  cli_args_free(a);
}

static void test_help_first(void **state) {
  (void)state;
  cli_args *a;
  assert_ok(parse(&a, "--wrong --help"));
  assert_true(cli_wants_help(a));
  cli_args_free(a);
  assert_ok(parse(&a, "--version"));
  assert_true(cli_wants_version(a) && !cli_wants_help(a));
  cli_args_free(a);
  assert_ok(parse(&a, "m -- --help"));
  assert_false(cli_wants_help(a));
  cli_args_free(a);
}

static void test_out_of_memory(void **state) {
  (void)state;
  cred_status status = CRED_ENOMEM;
  for (long n = 0; status != CRED_OK; n++) {
    cli_args *a;
    assert_true(n < 200);
    cred__alloc_fail_after(n);
    status = parse(&a, "m d -t x -t y --hidden a,b --hidden c --seed 3");
    cred__alloc_fail_after(-1);
    if (status != CRED_OK) assert_int_equal(status, CRED_ENOMEM);
    cli_args_free(a);
    assert_int_equal(cred__alloc_live(), 0);
  }
}

// --- every suggestion is itself accepted ---

// The text between "did you mean '" and "'?" of the last message, or NULL.
static const char *suggestion(void) {
  static char text[128];
  const char *p = strstr(cred_error_message(), "did you mean '");
  if (!p) return NULL;
  snprintf(text, sizeof text, "%s", p + strlen("did you mean '"));
  text[strlen(text) - strlen("'?")] = 0;
  return text;
}

// A value that an option of this row accepts.
static void sample_value(char *out, size_t n, const cli_option *row) {
  if (row->type == CLI_FLAG)
    out[0] = 0;
  else if (row->choices)
    snprintf(out, n, "=%.*s", (int)strcspn(row->choices, "|"), row->choices);
  else if (row->type == CLI_SHARE)
    snprintf(out, n, "=50%%");
  else if (row->type == CLI_SIZE || row->type == CLI_NUMBER)
    snprintf(out, n, "=%.17g", row->type == CLI_SIZE ? ceil(row->min) : row->max);
  else
    snprintf(out, n, "=1");
}

static const cli_option *row_of(const cli_command *what, const char *name) {
  const cli_option *row;
  for (size_t i = 0; (row = cli_option_at(what, i)); i++)
    if (strcmp(row->name, name) == 0) return row;
  return NULL;
}

static size_t n_suggested;

// A word that is not an option: what is suggested instead is taken.
static void check_suggestion(const cli_command *what, const char *word) {
  cli_args *a;
  const char *one[] = {word};
  if (row_of(what, word + 2)) return;
  assert_int_equal(cli_parse(&a, what, 1, one), CRED_EINVAL);
  const char *suggested = suggestion();
  if (!suggested) return;
  n_suggested++;
  const cli_option *row = row_of(what, suggested + 2);
  assert_non_null(row);
  char value[64], full[256];
  sample_value(value, sizeof value, row);
  snprintf(full, sizeof full, "%s%s", suggested, value);
  one[0] = full;
  const cred_status status = cli_parse(&a, what, 1, one);
  if (status != CRED_OK && !strstr(cred_error_message(), "is missing"))
    fail_msg("%s: '%s' was suggested for '%s': %s", what->name, full, word,
             cred_error_message());
  cli_args_free(a);
}

// Leaves out, doubles, exchanges and replaces each letter.
static void for_misspelt(const char *name, void (*call)(const char *, const void *),
                         const void *context) {
  const size_t n = strlen(name);
  char word[128];
  for (size_t i = 0; i < n; i++) {
    snprintf(word, sizeof word, "%.*s%s", (int)i, name, name + i + 1);
    call(word, context);
    snprintf(word, sizeof word, "%.*s%s", (int)i + 1, name, name + i);
    call(word, context);
    snprintf(word, sizeof word, "%s", name);
    word[i] = 'q';
    call(word, context);
    if (i + 1 < n) {
      word[i] = name[i + 1], word[i + 1] = name[i];
      call(word, context);
    }
  }
}

static void misspelt_option(const char *word, const void *context) {
  char full[160];
  snprintf(full, sizeof full, "--%s", word);
  check_suggestion(context, full);
}

static void misspelt_command(const char *word, const void *context) {
  (void)context;
  if (!word[0] || cli_command_find(word)) return;
  assert_int_equal(cli_fail_command(word), CRED_EINVAL);
  const char *suggested = suggestion();
  if (!suggested) return;
  n_suggested++;
  if (!cli_command_find(suggested)) fail_msg("'%s' for '%s'", suggested, word);
}

static void test_suggestions(void **state) {
  (void)state;
  const cli_option *row;
  n_suggested = 0;
  for (size_t c = 0; c == 0 || cli_commands[c - 1]; c++) {
    const cli_command *what = c ? cli_commands[c - 1] : &command;
    for (size_t i = 0; (row = cli_option_at(what, i)); i++)
      for_misspelt(row->name, misspelt_option, what);
    if (c) for_misspelt(what->name, misspelt_command, NULL);
  }
  assert_true(n_suggested > 300);
  // of a choice: the option together with its value
  refuses("m --progress tabel", "did you mean '--progress table'?");
  cli_args *a;
  assert_ok(parse(&a, "m --progress table"));
  cli_args_free(a);
}

// The rows of every command: complete, without doubles, their defaults accepted.
static void test_tables(void **state) {
  (void)state;
  const cli_option *row, *other;
  for (size_t c = 0; cli_commands[c]; c++) {
    const cli_command *what = cli_commands[c];
    assert_true(what->name && what->summary && what->run && what->examples);
    assert_ptr_equal(cli_command_find(what->name), what);
    for (size_t i = 0; (row = cli_option_at(what, i)); i++) {
      if (!row->help || (row->type == CLI_FLAG) != !row->argument ||
          (row->type == CLI_CHOICE) != !!row->choices)
        fail_msg("%s: row '%s' is not complete", what->name, row->name);
      for (size_t k = 0; k < i; k++) {
        other = cli_option_at(what, k);
        if (strcmp(other->name, row->name) == 0 ||
            (row->short_name && other->short_name == row->short_name))
          fail_msg("%s: '%s' and '%s'", what->name, row->name, other->name);
      }
    }
    cli_args *a; // all defaults are checked before the arguments are
    const cred_status status = cli_parse(&a, what, 0, words);
    if (status != CRED_OK && !strstr(cred_error_message(), "is missing"))
      fail_msg("%s: a default: %s", what->name, cred_error_message());
    cli_args_free(a);
  }
  assert_int_equal(cred__alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),      cmocka_unit_test(test_forms),
      cmocka_unit_test(test_lists),         cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_numbers),       cmocka_unit_test(test_comma_locale),
      cmocka_unit_test(test_random_seed),   cmocka_unit_test(test_positional),
      cmocka_unit_test(test_effective),     cmocka_unit_test(test_help_first),
      cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_suggestions),
      cmocka_unit_test(test_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
