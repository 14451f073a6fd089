// line.h -- a line of CSV (RFC 4180) or of JSON Lines, cell by cell.

#ifndef CRED_SRC_CLI_LINE_H
#define CRED_SRC_CLI_LINE_H

#include "base/text.h"
#include "credence/data/table.h"
#include <stdio.h>

void cli_line_put(cred__text *line, const char *s);  // as it is
void cli_line_json(cred__text *line, const char *s); // a word, in quotes
// What stands before a value: of JSON its name, of CSV a comma; first: of the line.
void cli_line_key(cred__text *line, bool json, const char *name, bool first);
// A word as JSON or as a cell of CSV.
void cli_line_text(cred__text *line, bool json, const char *s);
// The shortest text of the nearest float; JSON's null where it is not finite.
void cli_line_number(cred__text *line, bool json, double value);
// A cell of a table: numbers in their shortest form, words as they are.
void cli_line_cell(cred__text *line, bool json, const cred_table *table, size_t row,
                   const char *name);
cred_status cli_line_write(FILE *file, const cred__text *line);

#endif
