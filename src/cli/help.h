// help.h -- what the help, the man pages and the completion share.

#ifndef CRED_SRC_CLI_HELP_H
#define CRED_SRC_CLI_HELP_H

#include "cli/cli.h"

#define CLI__PROGRAM_SUMMARY                                                             \
  "Train Bayesian neural networks, predict with their uncertainty, decide by it"
#define CLI__EXIT_TEXT                                                                   \
  "Exit: 0 success, 1 a negative verdict, 64 usage, 65 data, 66 no input,\n"             \
  "69 unavailable, 70 internal, 71 memory, 73 cannot create, 74 input/output,\n"         \
  "75 locked, 78 configuration.\n"

// The group of what all commands share stands after all others.
#define CLI__LAST_GROUP "Common"

bool cli__option_hidden(const cli_option *option);
const char *cli__option_group(const cli_option *option);
bool cli__group_begins(const cli_command *command, size_t i);
void cli__option_about(char *out, size_t n_out, const cli_option *option);

#endif
