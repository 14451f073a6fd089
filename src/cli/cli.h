// cli.h -- what a command of the command line is made of.
//
// A command is one row: its name, its options (the one table from which parsing, help,
// man page and completion come), examples, and a function. Add one as
// src/cli/cmd_<name>.c with a `const cli_command cmd_<name>` and a row in commands.c.
//
// `run` gets options that are already checked: known, whole numbers, inside their range,
// one of the choices. It returns 0, 1 (CLI_VERDICT: a negative verdict that was asked
// for; nothing is printed) or a cred_status, for which main prints this thread's message:
// TRY() and FAIL() work as in the library.
// Standard output carries data; everything else goes to standard error.

#ifndef CRED_SRC_CLI_CLI_H
#define CRED_SRC_CLI_CLI_H

#include "base/fail.h"
#include "credence/base/progress.h"
#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum {
  CLI_FLAG,     // no argument
  CLI_TEXT,     // any text
  CLI_FILE_IN,  // a file that is read, "-": standard input
  CLI_FILE_OUT, // a file that is written, "-": standard output
  CLI_SIZE,     // whole number >= 0
  CLI_NUMBER,   // decimal number
  CLI_SHARE,    // the same as a share of a whole: 0.1 or 10%
  CLI_SEED,     // whole number or "random"
  CLI_CHOICE,   // one of `choices`
  CLI_LIST      // a,b,"c,d" and may be given repeatedly
} cli_type;

typedef struct {
  const char *name; // without "--"
  char short_name;  // 0: none
  cli_type type;
  const char *argument;     // its name in the help: "N", "FILE"; NULL for a flag
  const char *default_text; // used where it is not given, shown in the help; NULL: none
  const char *choices;      // "a|b|c" of a CLI_CHOICE
  const char *words;        // the same of a CLI_TEXT, which may be other: for completion
  double min, max;          // of numbers, inclusive; checked where min < max
  const char *help;         // what it does, without full stop, for a line of the help
  const char *group;        // heading in the help; NULL: "Options"; "-": not shown
  bool repeatable;          // CLI_TEXT, CLI_FILE_IN: all of them by cli_list
  const char *replaces;     // CLI_FILE_OUT: the input it may take the place of: "MODEL",
                            // or the name of an option
} cli_option;

typedef struct cli_args cli_args;

typedef struct cli_command {
  const char *name, *summary;
  const char *positional; // "MODEL DATA", "MODEL [DATA]", "[FILE...]", "" or NULL
  const cli_option *options;
  size_t n_options;
  const char *examples; // lines of shell, run as tests in an empty folder
  const char *details;  // paragraphs below the summary, lines of at most 79 columns
  int (*run)(const cli_args *args);
  // The options of another command are taken too, but for those of a name that is here
  // already or stands in "|name|name|".
  const struct cli_command *base;
  const char *base_without;
  const char *(*word)(size_t i); // that the first argument may be; NULL past the last
} cli_command;

enum { CLI_VERDICT = 1 };

// For `min` of a number that must be larger than 0.
#define CLI_ABOVE_ZERO 2.2250738585072014e-308
// For `max` of a share that must be less than the whole.
#define CLI_BELOW_ONE 0.99999999999999989

// Options that mean the same everywhere: put the rows a command offers into its table.
// --help, --quiet and --version come by themselves.
#define CLI_OPTION_SEED                                                                  \
  {                                                                                      \
    .name = "seed", .type = CLI_SEED, .argument = "N", .default_text = "1",              \
    .help = "seed of all random numbers; 'random' draws one and prints it",              \
    .group = "Common"                                                                    \
  }
#define CLI_OPTION_THREADS                                                               \
  {                                                                                      \
    .name = "threads", .type = CLI_SIZE, .argument = "N", .default_text = "0", .min = 0, \
    .max = 4096, .help = "threads, 0 for all cores; results do not depend on it",        \
    .group = "Common"                                                                    \
  }
#define CLI_OPTION_PROGRESS                                                              \
  {                                                                                      \
    .name = "progress", .type = CLI_CHOICE, .argument = "HOW", .default_text = "auto",   \
    .choices = "auto|bar|table|json|none",                                               \
    .help = "progress on standard error; auto is a line on a terminal, else a table",    \
    .group = "Common"                                                                    \
  }
#define CLI_OPTION_JSON                                                                  \
  {                                                                                      \
    .name = "json", .type = CLI_FLAG, .help = "write JSON Lines instead of text",        \
    .group = "Common"                                                                    \
  }
#define CLI_OPTION_STABLE                                                                \
  {                                                                                      \
    .name = "stable", .type = CLI_FLAG,                                                  \
    .help = "leave times and paths out, so that two outputs can be compared",            \
    .group = "Common"                                                                    \
  }
// `what` as in "the table"; default "-" for standard output, NULL where it is required.
#define CLI_OPTION_OUTPUT(what, default_file)                                            \
  {                                                                                      \
    .name = "output", .short_name = 'o', .type = CLI_FILE_OUT, .argument = "FILE",       \
    .default_text = default_file,                                                        \
    .help = "write " what " to FILE, '-' is standard output"                             \
  }

// --- what was given (options.c). `name` must be in the command's table. ---
const char *cli_text(const cli_args *args, const char *name); // default, else NULL
size_t cli_size(const cli_args *args, const char *name);      // no default: 0
double cli_number(const cli_args *args, const char *name);    // no default: NaN
uint64_t cli_seed(const cli_args *args);                      // the real one
bool cli_flag(const cli_args *args, const char *name);
bool cli_given(const cli_args *args, const char *name); // by the user, not by default
// All items of a CLI_LIST, or all values of a repeatable option. Borrowed; *n may be 0.
const char *const *cli_list(const cli_args *args, const char *name, size_t *n);
size_t cli_n_positional(const cli_args *args);
const char *cli_positional(const cli_args *args, size_t i); // NULL past the last one
const cli_command *cli_args_command(const cli_args *args);
// Option i of the command with the text in effect (defaults and the real seed included;
// "true" for a flag that is set, several values joined by commas), to be recorded in what
// the command makes. False past the last one. *text is NULL where nothing is in effect.
bool cli_effective(const cli_args *args, size_t i, const char **name, const char **text);

// --- files (paths.c) ---
// CRED_EINVAL where a file that would be written is one that is read (whatever its name),
// unless the option may take its place, or where two outputs are one file.
cred_status cli_check_paths(const cli_args *args);
bool cli_is_same_file(const char *out, const char *in);

// --- messages (message.c) ---
// CRED_EINVAL with this message; main adds "run 'credence <command> --help'".
#define cli_usage(...) cred__fail(CRED_EINVAL, __VA_ARGS__)
// "credence: <text>" on standard error unless --quiet.
void cli_note(const cli_args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// "credence: warning: <text>" and, on a line of its own, the command to run next.
void cli_warn(const cli_args *args, const char *next, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// --- interruption (signal.c) ---
// SIGINT or SIGTERM came: end in a consistent state and return; main then ends by the
// signal. A second one ends the program at once.
bool cli_interrupted(void);

// --- progress (progress.c) ---
// A line on a terminal (at most 10 a second), else a table at geometric steps (at most 60
// lines a run), JSON Lines, or nothing: by --progress, --quiet, NO_COLOR and TERM.
// The callback also returns false once cli_interrupted().
typedef struct {
  enum { CLI_PROGRESS_NONE, CLI_PROGRESS_BAR, CLI_PROGRESS_TABLE, CLI_PROGRESS_JSON } how;
  FILE *file;
  char phase[24];
  double time_s_last;      // of the last line
  size_t step_next;        // of the next line of the table
  size_t n_lines, n_shown; // lines of the table, columns of the bar
  bool stable;             // no rates and times
} cli_progress;

void cli_progress_init(cli_progress *progress, const cli_args *args);
bool cli_progress_call(void *progress, const cred_progress *state); // a cred_progress_fn
void cli_progress_end(cli_progress *progress); // ends the line; print messages after it

// --- for main.c, help.c and the tests (options.c) ---
cred_status cli_parse(cli_args **out, const cli_command *command, int n,
                      const char *const *words);
void cli_args_free(cli_args *args);
// --help or --version was given: nothing else was checked.
bool cli_wants_help(const cli_args *args);
bool cli_wants_version(const cli_args *args);
bool cli_seed_drawn(const cli_args *args); // by --seed random
// Row i of the command's options followed by those of every command; NULL past the last.
const cli_option *cli_option_at(const cli_command *command, size_t i);

// commands.c, help.c, man.c
extern const cli_command *const cli_commands[]; // ends with NULL
const cli_command *cli_command_find(const char *name);
// CRED_EINVAL: "unknown command 'x'" and the nearest one.
cred_status cli_fail_command(const char *name);

void cli_print_help(FILE *file, const cli_command *command); // NULL: the program's
void cli_print_man(FILE *file, const cli_command *command);
void cli_print_completion(FILE *file);
void cli_print_version(FILE *file);
void cli_signals_init(void);
void cli_signals_finish(void); // ends by the signal if one came
// Whoever read standard output has closed it; nothing is said of that.
bool cli_reader_gone(void);
// Closed standard streams are opened so that no file of ours takes their number.
void cli_streams_init(void);
// CRED_EIO where standard output could not be written.
cred_status cli_streams_finish(void);

#endif
