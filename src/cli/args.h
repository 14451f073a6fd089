// args.h -- a parsed command line: shared by options.c (words) and values.c (their
// meaning).

#ifndef CRED_SRC_CLI_ARGS_H
#define CRED_SRC_CLI_ARGS_H

#include "cli/cli.h"

enum { CLI__ROWS_MAX = 128 }; // options of a command, common ones included

typedef struct {
  const cli_option *option;
  const char **texts; // as given; borrowed from the words
  size_t n;
  const char *text; // in effect: the first given, or the default
  double number;    // CLI_NUMBER, CLI_SHARE
  uint64_t count;   // CLI_SIZE, CLI_SEED
  char **items;     // CLI_LIST, split
  size_t n_items;
  char *joined; // several values, for the record
} cli__value;

struct cli_args {
  const cli_command *command;
  cli__value *values; // one a row, see cli_option_at
  const char **positional;
  size_t n_rows, n_positional, n_words;
  bool help, version, seed_drawn;
  char seed_text[24];
};

// What was given, or the default, is of the option's type and range; sets the rest of it.
// How many of the rows are options of every command.
size_t cli__n_common(void);
cred_status cli__value_check(cli__value *value, const cli_option *option);
void cli__value_clear(cli__value *value);

#endif
