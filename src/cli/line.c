// line.c -- cells as text.

#include "cli/line.h"
#include "base/fail.h"
#include <errno.h>
#include <math.h>
#include <string.h>

void cli_line_put(cred__text *line, const char *s) {
  cred__text_append(line, s, strlen(s));
}

void cli_line_json(cred__text *line, const char *s) {
  cli_line_put(line, "\"");
  for (; *s; s++) {
    const unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      cred__text_printf(line, "\\%c", c);
    else if (c < 32)
      cred__text_printf(line, "\\u%04x", c);
    else
      cred__text_append(line, s, 1);
  }
  cli_line_put(line, "\"");
}

void cli_line_key(cred__text *line, bool json, const char *name, bool first) {
  cli_line_put(line, first ? (json ? "{" : "") : ",");
  if (!json) return;
  cli_line_json(line, name);
  cli_line_put(line, ":");
}

void cli_line_text(cred__text *line, bool json, const char *s) {
  json ? cli_line_json(line, s) : cred__text_csv(line, s);
}

void cli_line_number(cred__text *line, bool json, double value) {
  char number[CRED__NUMBER_BYTES];
  if (!isfinite(value) && json) {
    cli_line_put(line, "null");
    return;
  }
  const int n = cred__format_float(number, (float)value);
  cred__text_append(line, number, (size_t)n);
}

void cli_line_cell(cred__text *line, bool json, const cred_table *table, size_t row,
                   const char *name) {
  char number[CRED__NUMBER_BYTES];
  const size_t column = cred_table_find(table, name);
  if (cred_table_type(table, column) == CRED_COLUMN_NUMERIC) {
    const double value = cred_table_number(table, row, column);
    if (isnan(value) && !json) return;
    cred__format_double(number, value);
    cli_line_put(line, isnan(value) ? "null" : number);
    return;
  }
  const int32_t level = cred_table_level(table, row, column);
  cli_line_text(line, json,
                level < 0 ? "" : cred_table_level_name(table, column, (size_t)level));
}

cred_status cli_line_write(FILE *file, const cred__text *line) {
  TRY(cred__text_status(line));
  if (fwrite(line->s, 1, line->n, file) != line->n)
    FAIL(CRED_EIO, "%s: writing failed: %s",
         file == stdout ? "standard output" : "the output", strerror(errno));
  return CRED_OK;
}
