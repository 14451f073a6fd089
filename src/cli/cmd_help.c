// cmd_help.c -- credence help: the pages of help; man pages and completion for the build.

#include "cli/cli.h"
#include <string.h>

static const cli_option options[] = {
    {.name = "man",
     .type = CLI_FLAG,
     .help = "print the man page (roff) instead",
     .group = "-"},
    {.name = "completion",
     .type = CLI_CHOICE,
     .argument = "SHELL",
     .choices = "bash",
     .help = "print the completion of a shell",
     .group = "-"},
    {.name = "list",
     .type = CLI_FLAG,
     .help = "print the names of the commands, one a line"},
    {.name = "examples",
     .type = CLI_FLAG,
     .help = "print the examples of the command only"},
};

static void print_names(void) {
  for (size_t i = 0; cli_commands[i]; i++) puts(cli_commands[i]->name);
}

static int run_help(const cli_args *args) {
  const char *name = cli_positional(args, 0);
  const cli_command *command = name ? cli_command_find(name) : NULL;
  if (name && !command) return cli_fail_command(name);
  if (cli_given(args, "completion"))
    cli_print_completion(stdout);
  else if (cli_flag(args, "list"))
    print_names();
  else if (cli_flag(args, "man"))
    cli_print_man(stdout, command);
  else if (cli_flag(args, "examples") && !command)
    return cli_usage("--examples needs the name of a command");
  else if (cli_flag(args, "examples")) {
    if (command->examples) puts(command->examples);
  } else
    cli_print_help(stdout, command);
  return CRED_OK;
}

const cli_command cmd_help = {
    .name = "help",
    .summary = "Print what a command does and its options",
    .positional = "[COMMAND]",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = "credence help\ncredence help help",
    .run = run_help,
};
