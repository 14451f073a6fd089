// commands.c -- the table of commands, in the order of the help.

#include "base/text.h"
#include "cli/cli.h"
#include <string.h>

extern const cli_command cmd_act, cmd_acquire, cmd_bench, cmd_calibrate, cmd_check_data,
    cmd_demo, cmd_evaluate, cmd_fit, cmd_help, cmd_inspect, cmd_learn, cmd_plot,
    cmd_predict, cmd_segment, cmd_triage;

const cli_command *const cli_commands[] = {
    &cmd_check_data, &cmd_demo,    &cmd_fit,     &cmd_evaluate,
    &cmd_calibrate,  &cmd_inspect, &cmd_plot,    &cmd_predict,
    &cmd_segment,    &cmd_triage,  &cmd_acquire, &cmd_learn,
    &cmd_act,        &cmd_bench,   &cmd_help,    NULL,
};

const cli_command *cli_command_find(const char *name) {
  for (size_t i = 0; cli_commands[i]; i++)
    if (strcmp(cli_commands[i]->name, name) == 0) return cli_commands[i];
  return NULL;
}

cred_status cli_fail_command(const char *name) {
  static const char *const options[] = {"--help", "--version"};
  const char *names[64];
  size_t n = 0;
  while (cli_commands[n] && n < sizeof names / sizeof *names) {
    names[n] = cli_commands[n]->name;
    n++;
  }
  const bool option = name[0] == '-';
  const char *nearest =
      option ? cred__nearest(name, options, 2) : cred__nearest(name, names, n);
  const char *what = option ? "option" : "command";
  if (nearest)
    FAIL(CRED_EINVAL, "unknown %s '%s'\ndid you mean '%s'?", what, name, nearest);
  FAIL(CRED_EINVAL, "unknown %s '%s'", what, name);
}
