// man.c -- man pages (roff, man(7)) and the completion of bash, from the same table.

#include "cli/help.h"
#include "credence_version.h"
#include <ctype.h>
#include <string.h>

// Escapes what roff would take for a command; n bytes of text.
static void put_roff(FILE *file, const char *text, size_t n) {
  bool begins = true;
  for (size_t i = 0; i < n; i++) {
    if (begins && (text[i] == '.' || text[i] == '\'')) fputs("\\&", file);
    if (text[i] == '\\')
      fputs("\\e", file);
    else if (text[i] == '-')
      fputs("\\-", file);
    else if (text[i] == '\'')
      fputs("\\(aq", file);
    else
      fputc(text[i], file);
    begins = text[i] == '\n';
  }
}

static void put(FILE *file, const char *text) {
  put_roff(file, text, strlen(text));
}

static void put_upper(FILE *file, const char *text) {
  for (; *text; text++) fputc(toupper((unsigned char)*text), file);
}

static void man_head(FILE *file, const char *command, const char *summary) {
  fputs(".TH CREDENCE", file);
  if (command) fputc('-', file), put_upper(file, command);
  fprintf(file, " 1 \"\" \"credence %s\" \"User Commands\"\n.SH NAME\ncredence%s%s \\- ",
          CRED_VERSION, command ? "\\-" : "", command ? command : "");
  put(file, summary);
  fputs("\n.SH SYNOPSIS\n", file);
}

static void man_option(FILE *file, const cli_option *option) {
  char about[1024];
  fputs(".TP\n", file);
  if (option->short_name) fprintf(file, "\\fB\\-%c\\fR, ", option->short_name);
  fputs("\\fB\\-\\-", file);
  put(file, option->name);
  fputs("\\fR", file);
  if (option->argument) {
    fputs(" \\fI", file);
    put(file, option->argument);
    fputs("\\fR", file);
  }
  fputc('\n', file);
  cli__option_about(about, sizeof about, option);
  put(file, about);
  fputc('\n', file);
}

static void man_group(FILE *file, const cli_command *command, const char *group) {
  const cli_option *option;
  fputs(".SH ", file);
  put_upper(file, group);
  fputc('\n', file);
  for (size_t i = 0; (option = cli_option_at(command, i)); i++)
    if (strcmp(cli__option_group(option), group) == 0) man_option(file, option);
}

static void man_options(FILE *file, const cli_command *command) {
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
    const char *group = cli__option_group(option);
    if (!cli__option_hidden(option) && cli__group_begins(command, i) &&
        strcmp(group, CLI__LAST_GROUP) != 0)
      man_group(file, command, group);
  }
  man_group(file, command, CLI__LAST_GROUP);
}

// Blank lines of the details part paragraphs.
static void man_paragraphs(FILE *file, const char *text) {
  for (const char *p = text; *p;) {
    const char *end = strstr(p, "\n\n");
    const size_t n = end ? (size_t)(end - p) : strlen(p);
    fputs(".PP\n", file);
    put_roff(file, p, n);
    fputc('\n', file);
    p += n;
    p += strspn(p, "\n");
  }
}

static void man_command(FILE *file, const cli_command *command) {
  man_head(file, command->name, command->summary);
  fprintf(file, "\\fBcredence %s\\fR [\\fIOPTIONS\\fR] ", command->name);
  put(file, command->positional ? command->positional : "");
  fputs("\n.SH DESCRIPTION\n", file);
  put(file, command->summary);
  fputs(".\n", file);
  if (command->details) man_paragraphs(file, command->details);
  man_options(file, command);
  if (command->examples) {
    fputs(".SH EXAMPLES\n.nf\n", file);
    put(file, command->examples);
    fputs("\n.fi\n", file);
  }
  fputs(".SH EXIT STATUS\n", file);
  put(file, CLI__EXIT_TEXT);
  fputs(".SH SEE ALSO\n.BR credence (1)\n", file);
}

void cli_print_man(FILE *file, const cli_command *command) {
  if (command) {
    man_command(file, command);
    return;
  }
  man_head(file, NULL, CLI__PROGRAM_SUMMARY);
  fputs("\\fBcredence\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIFILES\\fR]\n"
        ".SH COMMANDS\n",
        file);
  for (size_t i = 0; cli_commands[i]; i++) {
    fputs(".TP\n.B ", file);
    put(file, cli_commands[i]->name);
    fputc('\n', file);
    put(file, cli_commands[i]->summary);
    fputs(".\n", file);
  }
  fputs(".SH EXIT STATUS\n", file);
  put(file, CLI__EXIT_TEXT);
  fputs(".SH SEE ALSO\n", file);
  for (size_t i = 0; cli_commands[i]; i++)
    fprintf(file, ".BR credence\\-%s (1)%s\n", cli_commands[i]->name,
            cli_commands[i + 1] ? "," : "");
}

static void completion_words(FILE *file, const cli_command *command) {
  const cli_option *option;
  fprintf(file, "  %s) words='", command->name);
  for (size_t i = 0; (option = cli_option_at(command, i)); i++)
    if (!cli__option_hidden(option)) fprintf(file, "--%s ", option->name);
  fputs("' ;;\n", file);
}

// "fit --progress": the words that may follow.
static void completion_choices(FILE *file, const cli_command *command) {
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
    const char *words = option->type == CLI_CHOICE ? option->choices : option->words;
    if (!words || cli__option_hidden(option)) continue;
    fprintf(file, "  '%s --%s'", command->name, option->name);
    if (option->short_name) fprintf(file, "|'%s -%c'", command->name, option->short_name);
    fputs(") words='", file);
    for (const char *c = words; *c; c++) fputc(*c == '|' ? ' ' : *c, file);
    fputs("' ;;\n", file);
  }
}

// "demo": the words that its first argument may be.
static void completion_first(FILE *file, const cli_command *command) {
  const char *word;
  if (!command->word) return;
  fprintf(file, "  %s) words='", command->name);
  for (size_t i = 0; (word = command->word(i)); i++)
    fprintf(file, "%s%s", i ? " " : "", word);
  fputs("' ;;\n", file);
}

void cli_print_completion(FILE *file) {
  fputs(
      "# bash completion of credence\n"
      "_credence() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=''\n"
      "  local command=${COMP_WORDS[1]} names='",
      file);
  for (size_t i = 0; cli_commands[i]; i++) fprintf(file, "%s ", cli_commands[i]->name);
  fputs("'\n  COMPREPLY=()\n"
        "  if [[ $COMP_CWORD -eq 1 ]]; then words=\"$names --help --version\"\n"
        "  elif [[ $command == help && $cur != -* ]]; then words=$names\n"
        "  elif [[ $cur == -* ]]; then case $command in\n",
        file);
  for (size_t i = 0; cli_commands[i]; i++) completion_words(file, cli_commands[i]);
  fputs("  esac\n  elif [[ $COMP_CWORD -eq 2 ]]; then case $command in\n", file);
  for (size_t i = 0; cli_commands[i]; i++) completion_first(file, cli_commands[i]);
  fputs("  *) return ;;\n  esac\n  else case \"$command $prev\" in\n", file);
  for (size_t i = 0; cli_commands[i]; i++) completion_choices(file, cli_commands[i]);
  // without words of ours, the names of files (-o default)
  fputs("  *) return ;;\n  esac\n  fi\n"
        "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "}\n"
        "complete -o default -F _credence credence\n",
        file);
}
