// held_out.h -- a model and the rows to score or to calibrate it on: shared by the
// commands evaluate and calibrate; the option of rows of others too.

#ifndef CRED_SRC_CLI_HELD_OUT_H
#define CRED_SRC_CLI_HELD_OUT_H

#include "cli/pictures.h"
#include "cli/request.h"

#define CLI_OPTION_ROWS_FILE                                                             \
  {                                                                                      \
    .name = "rows-file", .type = CLI_FILE_IN, .argument = "FILE",                        \
    .help = "take only the rows of DATA whose numbers, from 0, this file lists",         \
    .group = "Input"                                                                     \
  }

typedef struct {
  cred_model *model;
  cred_table *table; // or
  cred_images *images;
  size_t *rows, n_rows; // of the table; NULL: all
  cred_data data;
} cli_held_out;

// Reads positional 0 (the model) and 1 (the table, or pictures), and encodes the rows.
// targets: as in cli_encode. Warns of rows that the model was fitted to.
cred_status cli_held_out_read(cli_held_out *out, const cli_args *args, int targets);
void cli_held_out_clear(cli_held_out *held_out);
// The numbers in the file of --rows-file, below n_all; *rows is NULL without the option.
cred_status cli_read_rows(size_t **rows, size_t *n_rows, const cli_args *args,
                          size_t n_all);
void cli_warn_of_seen(const cli_args *args, size_t n_seen);
// Digest of the whole table or set.
const char *cli_held_out_digest(const cli_held_out *held_out);

#endif
