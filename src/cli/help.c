// help.c -- the help of the program and of a command, from the table of its options.

#include "cli/help.h"
#include "base/text.h"
#include <string.h>

enum { WIDTH = 79, COLUMN = 26 };

bool cli__option_hidden(const cli_option *option) {
  return option->group && strcmp(option->group, "-") == 0;
}

const char *cli__option_group(const cli_option *option) {
  return option->group ? option->group : "Options";
}

// Option i of the command is the first of its group.
bool cli__group_begins(const cli_command *command, size_t i) {
  const char *group = cli__option_group(cli_option_at(command, i));
  for (size_t k = 0; k < i; k++)
    if (strcmp(cli__option_group(cli_option_at(command, k)), group) == 0) return false;
  return true;
}

// "HELP (one of a, b; default: a)"
void cli__option_about(char *out, size_t n_out, const cli_option *option) {
  size_t n = (size_t)snprintf(out, n_out, "%s", option->help);
  if (option->choices && n < n_out) {
    n += (size_t)snprintf(out + n, n_out - n, "; one of ");
    for (const char *c = option->choices; *c && n + 3 < n_out; c++) {
      if (*c == '|')
        out[n++] = ',', out[n++] = ' ';
      else
        out[n++] = *c;
    }
    out[n] = 0;
  }
  if (option->default_text && n < n_out)
    snprintf(out + n, n_out - n, " (default: %s)", option->default_text);
}

// Words of `text` from column `at` on, in lines that begin at column `indent`.
static void print_wrapped(FILE *file, const char *text, size_t at, size_t indent) {
  bool begins = true;
  for (const char *p = text; *p;) {
    const size_t n = strcspn(p, " ");
    if (!begins && at + 1 + n > WIDTH) {
      fprintf(file, "\n%*s", (int)indent, "");
      at = indent;
      begins = true;
    }
    if (!begins) fputc(' ', file), at++;
    fwrite(p, 1, n, file);
    at += n;
    begins = false;
    p += n;
    p += strspn(p, " ");
  }
  fputc('\n', file);
}

static void print_option(FILE *file, const cli_option *option) {
  char about[1024], left[128];
  const bool has_short = option->short_name != 0;
  snprintf(left, sizeof left, "  %c%c%s --%s%s%s", has_short ? '-' : ' ',
           has_short ? option->short_name : ' ', has_short ? "," : " ", option->name,
           option->argument ? " " : "", option->argument ? option->argument : "");
  cli__option_about(about, sizeof about, option);
  fputs(left, file);
  if (strlen(left) + 2 > COLUMN)
    fprintf(file, "\n%*s", COLUMN, "");
  else
    fprintf(file, "%*s", (int)(COLUMN - strlen(left)), "");
  print_wrapped(file, about, COLUMN, COLUMN);
}

static void print_group(FILE *file, const cli_command *command, const char *group) {
  fprintf(file, "\n%s:\n", group);
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)); i++)
    if (strcmp(cli__option_group(option), group) == 0) print_option(file, option);
}

static void print_command(FILE *file, const cli_command *command) {
  const cli_option *option;
  const char *positional = command->positional ? command->positional : "";
  fprintf(file, "usage: credence %s [OPTIONS]%s%s\n\n%s.\n", command->name,
          *positional ? " " : "", positional, command->summary);
  if (command->details) fprintf(file, "\n%s\n", command->details);
  for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
    const char *group = cli__option_group(option);
    if (!cli__option_hidden(option) && cli__group_begins(command, i) &&
        strcmp(group, CLI__LAST_GROUP) != 0)
      print_group(file, command, group);
  }
  print_group(file, command, CLI__LAST_GROUP);
  if (!command->examples) return;
  fputs("\nExamples:\n", file);
  for (const char *p = command->examples; *p;) {
    const size_t n = strcspn(p, "\n");
    fprintf(file, "  %.*s\n", (int)n, p);
    p += n + (p[n] == '\n');
  }
}

void cli_print_help(FILE *file, const cli_command *command) {
  if (command) {
    print_command(file, command);
    return;
  }
  fputs("usage: credence COMMAND [OPTIONS] [FILES]\n\n" CLI__PROGRAM_SUMMARY
        ".\n\nCommands:\n",
        file);
  for (size_t i = 0; cli_commands[i]; i++)
    fprintf(file, "  %-14s%s\n", cli_commands[i]->name, cli_commands[i]->summary);
  fputs("\n'credence help COMMAND' tells of a command, 'credence --version' of this "
        "build.\n" CLI__EXIT_TEXT,
        file);
}
