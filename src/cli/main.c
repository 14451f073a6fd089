// main.c -- from the words of the command line to a command and its exit status.
//
// Exit: 0; 1 a negative verdict that was asked for; else a cred_status (sysexits.h). The
// locale is never set: numbers have a decimal point everywhere.

#include "cli/cli.h"
#include <string.h>

// "credence fit: <message>" and, for a mistake in the words, where the help is.
static int report(int status, const cli_command *command) {
  const char *name = command ? command->name : "";
  const bool usage = status == CRED_EINVAL;
  fprintf(stderr, "credence%s%s: %s\n", usage && command ? " " : "", usage ? name : "",
          cred_error_message());
  if (usage && command)
    fprintf(stderr, "run 'credence %s --help'\n", name);
  else if (usage)
    fputs("run 'credence help'\n", stderr);
  return status;
}

// What was written is not safe before it is flushed.
static int finish(int status, const cli_command *command) {
  if (status > CLI_VERDICT && !cli_reader_gone()) report(status, command);
  const cred_status flushed = cli_streams_finish();
  if (flushed != CRED_OK && status <= CLI_VERDICT)
    status = cli_reader_gone() ? (int)flushed : report(flushed, command);
  cli_signals_finish();
  return status;
}

static int run(const cli_command *command, int n, const char *const *words) {
  cli_args *args;
  int status = cli_parse(&args, command, n, words);
  if (status != CRED_OK) return status;
  if (cli_wants_help(args))
    cli_print_help(stdout, command);
  else if (cli_wants_version(args))
    cli_print_version(stdout);
  else {
    if (cli_seed_drawn(args))
      cli_note(args, "seed %llu", (unsigned long long)cli_seed(args));
    status = cli_check_paths(args);
    if (status == CRED_OK) status = command->run(args);
  }
  cli_args_free(args);
  return status;
}

static bool is_word(const char *word, const char *a, const char *b) {
  return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int main(int argc, char **argv) {
  cli_streams_init();
  cli_signals_init();
  if (argc < 2)
    return finish(cred__fail(CRED_EINVAL, "a command is missing, such as 'fit'"), NULL);
  const char *const *words = (const char *const *)argv + 2;
  if (is_word(argv[1], "--help", "-h")) {
    cli_print_help(stdout, NULL);
    return finish(CRED_OK, NULL);
  }
  if (is_word(argv[1], "--version", "-V")) {
    cli_print_version(stdout);
    return finish(CRED_OK, NULL);
  }
  const cli_command *command = cli_command_find(argv[1]);
  if (!command) return finish(cli_fail_command(argv[1]), NULL);
  return finish(run(command, argc - 2, words), command);
}
