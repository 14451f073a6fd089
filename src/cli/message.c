// message.c -- notes and warnings on standard error.

#include "cli/cli.h"
#include <stdarg.h>

void cli_note(const cli_args *args, const char *format, ...) {
  if (cli_flag(args, "quiet")) return;
  va_list list;
  va_start(list, format);
  fputs("credence: ", stderr);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  va_end(list);
}

void cli_warn(const cli_args *args, const char *next, const char *format, ...) {
  if (cli_flag(args, "quiet")) return;
  va_list list;
  va_start(list, format);
  fputs("credence: warning: ", stderr);
  vfprintf(stderr, format, list);
  fprintf(stderr, "\nnext: %s\n", next);
  va_end(list);
}
