// input.h -- how a table is read: options of every command that takes one.

#ifndef CRED_SRC_CLI_INPUT_H
#define CRED_SRC_CLI_INPUT_H

#include "cli/cli.h"
#include "credence/data/table.h"

// Rows for the table of a command.
#define CLI_OPTIONS_INPUT                                                                \
  {.name = "format",                                                                     \
   .type = CLI_CHOICE,                                                                   \
   .argument = "FORMAT",                                                                 \
   .default_text = "auto",                                                               \
   .choices = "auto|csv|tsv|space|npy|npz|idx",                                          \
   .help = "format of the table; auto looks at its first bytes and its name",            \
   .group = "Input"},                                                                    \
      {.name = "separator",                                                              \
       .type = CLI_TEXT,                                                                 \
       .argument = "C",                                                                  \
       .help = "character between the cells, 'tab' for a tab",                           \
       .group = "Input"},                                                                \
      {.name = "decimal",                                                                \
       .type = CLI_TEXT,                                                                 \
       .argument = "C",                                                                  \
       .default_text = ".",                                                              \
       .help = "decimal mark of the numbers in a text: '.' or ','",                      \
       .group = "Input"},                                                                \
      {.name = "header",                                                                 \
       .type = CLI_FLAG,                                                                 \
       .help = "the first line has the names of the columns, whatever it looks like",    \
       .group = "Input"},                                                                \
      {.name = "no-header",                                                              \
       .type = CLI_FLAG,                                                                 \
       .help = "there is no such line: columns are c1, c2, ...",                         \
       .group = "Input"},                                                                \
      {.name = "na",                                                                     \
       .type = CLI_LIST,                                                                 \
       .argument = "WORDS",                                                              \
       .help = "words that mean a missing cell, as an empty one does",                   \
       .group = "Input"},                                                                \
      {.name = "categorical",                                                            \
       .type = CLI_LIST,                                                                 \
       .argument = "COLUMNS",                                                            \
       .help = "columns of categories even if all their cells are numbers",              \
       .group = "Input"},                                                                \
  {                                                                                      \
    .name = "member", .type = CLI_TEXT, .argument = "NAME",                              \
    .help = "array to take from an NPZ file", .group = "Input"                           \
  }

// From those options; lists are borrowed from args. CRED_EINVAL, CRED_ECONFIG.
cred_status cli_table_options(cred_table_options *out, const cli_args *args);

#endif
