// kept.h -- columns of the data that --keep repeats at the end of the lines.

#ifndef CRED_SRC_CLI_KEPT_H
#define CRED_SRC_CLI_KEPT_H

#include "base/text.h"
#include "cli/cli.h"
#include "credence/data/table.h"

#define CLI_OPTION_KEEP(data)                                                            \
  {                                                                                      \
    .name = "keep", .type = CLI_LIST, .argument = "COLUMNS",                             \
    .help = "columns of " data                                                           \
            " to repeat at the end of the lines; one whose name is taken is called "     \
            "data_NAME"                                                                  \
  }

typedef struct {
  const cred_table *table;
  const char *const *columns; // (n) in the table
  char **names;               // (n) in the output
  size_t n;
} cli_kept;

// The columns of --keep, each under a name that is none of `taken` (n_taken).
cred_status cli_kept_init(cli_kept *out, const cli_args *args, const cred_table *table,
                          const char *const *taken, size_t n_taken);
void cli_kept_clear(cli_kept *kept);

// The name of `column` in an output that has columns of the names `taken` (n_taken): the
// same, or behind as many "data_" as it takes. Free with cred__free.
cred_status cli_kept_name(char **out, const char *column, const char *const *taken,
                          size_t n_taken);

void cli_kept_head(cred__text *line, const cli_kept *kept); // of CSV
void cli_kept_put(cred__text *line, bool json, const cli_kept *kept, size_t row);

#endif
