// request.h -- from options to what the library's calls take, shared by the commands that
// fit, predict and draw.

#ifndef CRED_SRC_CLI_REQUEST_H
#define CRED_SRC_CLI_REQUEST_H

#include "cli/input.h"
#include "credence/model/predict.h"

// How rows are predicted.
#define CLI_OPTIONS_DRAWS                                                                \
  {.name = "draws",                                                                      \
   .type = CLI_SIZE,                                                                     \
   .argument = "N",                                                                      \
   .default_text = "100",                                                                \
   .min = 1,                                                                             \
   .max = 1e6,                                                                           \
   .help = "draws from the posterior; rounded up to a multiple of the members",          \
   .group = "Draws"},                                                                    \
  {                                                                                      \
    .name = "draws-kind", .type = CLI_CHOICE, .argument = "KIND",                        \
    .default_text = "auto", .choices = "auto|function|row|mean|moments",                 \
    .help = "weights drawn once for all rows (function), for each row, their mean, or "  \
            "moments carried through the layers",                                        \
    .group = "Draws"                                                                     \
  }

#define CLI_OPTION_LABELS                                                                \
  {.name = "labels",                                                                     \
   .type = CLI_FILE_IN,                                                                  \
   .argument = "FILE",                                                                   \
   .help = "one column of targets in a file of its own, such as IDX labels beside IDX "  \
           "images; it is named as --target says",                                       \
   .group = "Input"},                                                                    \
  {                                                                                      \
    .name = "labels-member", .type = CLI_TEXT, .argument = "NAME",                       \
    .help = "array of the labels in an NPZ file: that of --labels, else DATA itself",    \
    .group = "Input"                                                                     \
  }

#define CLI_OPTION_OOD_MEMBER                                                            \
  {                                                                                      \
    .name = "ood-member", .type = CLI_TEXT, .argument = "NAME",                          \
    .help = "array of an NPZ file of --ood; without it as --member"                      \
  }

// What the columns of a table are to a fit, besides --target.
#define CLI_OPTIONS_COLUMNS                                                              \
  {.name = "task",                                                                       \
   .type = CLI_CHOICE,                                                                   \
   .argument = "TASK",                                                                   \
   .default_text = "auto",                                                               \
   .choices = "auto|number|count|class",                                                 \
   .help = "what the targets are; auto: words are classes, numbers are numbers"},        \
      {.name = "ignore",                                                                 \
       .type = CLI_LIST,                                                                 \
       .argument = "COLUMNS",                                                            \
       .help = "columns that are no inputs; a name with a comma as '\"a,b\"'",           \
       .group = "Input"},                                                                \
      {.name = "id",                                                                     \
       .type = CLI_TEXT,                                                                 \
       .argument = "COLUMN",                                                             \
       .help = "column that names the rows: no input, repeated by predict",              \
       .group = "Input"},                                                                \
      {.name = "weight",                                                                 \
       .type = CLI_TEXT,                                                                 \
       .argument = "COLUMN",                                                             \
       .help = "column of weights: a row counts so often",                               \
       .group = "Input"},                                                                \
  {                                                                                      \
    .name = "missing", .type = CLI_CHOICE, .argument = "HOW", .default_text = "error",   \
    .choices = "error|mean|indicator|drop",                                              \
    .help =                                                                              \
        "missing cells: refuse, fill by the mean, the same with an input that tells "    \
        "of it, leave the row out",                                                      \
    .group = "Input"                                                                     \
  }

// What to do with rows that the model cannot take.
#define CLI_OPTIONS_ROWS                                                                 \
  {.name = "bad-rows",                                                                   \
   .type = CLI_CHOICE,                                                                   \
   .argument = "HOW",                                                                    \
   .default_text = "error",                                                              \
   .choices = "error|skip",                                                              \
   .help = "rows with cells that the model cannot take: stop at the first, or leave "    \
           "them out and count them",                                                    \
   .group = "Input"},                                                                    \
  {                                                                                      \
    .name = "unseen", .type = CLI_CHOICE, .argument = "HOW", .default_text = "error",    \
    .choices = "error|none",                                                             \
    .help = "a level that training never saw: a bad row, or none of the levels",         \
    .group = "Input"                                                                     \
  }

// Position of the text in effect among the choices of a CLI_CHOICE.
int cli_choice(const cli_args *args, const char *name);
// The first of the names (a list that ends with NULL) that was given; NULL if none was.
const char *cli_first_given(const cli_args *args, const char *const *names);
// Fails with CRED_ECONFIG if one of `names` was given: "option '--x' <reason>".
cred_status cli_refuse(const cli_args *args, const char *const *names,
                       const char *reason);

// A model; says so where its fit was interrupted.
cred_status cli_read_model(cred_model **out, const cli_args *args, const char *path);
// A word as a shell takes it: quoted where it must be. Into a caller's buffer.
const char *cli_quoted(char *out, size_t n_bytes, const char *word);
// The options given on how to read a table (--na, --no-header, ...), to be repeated in a
// command that is suggested: " --na NA". Into a caller's buffer.
const char *cli_reading(char *out, size_t n_bytes, const cli_args *args);
// A file of labels; `member` names the option of its array, in an archive.
cred_status cli_read_labels(cred_table **out, const cli_args *args, const char *path,
                            const char *member);
// The whole table, with --labels (if the command has it) as the column `target`.
// Says on standard error how the file was understood, where that is worth a note.
cred_status cli_read_table(cred_table **out, const cli_args *args, const char *path,
                           const char *target);
// The table of --ood; of an archive the array of --ood-member, else of --member.
cred_status cli_read_outside(cred_table **out, const cli_args *args, const char *path);
// Only one of the files may be standard input.
cred_status cli_check_inputs(const char *first, const char *second);
// Fails at once where `path` could not be written at the end. The file is not touched.
cred_status cli_check_output(const char *path);

// From --target and CLI_OPTIONS_COLUMNS; lists are borrowed from args.
cred_schema_options cli_schema_options(const cli_args *args);
// The options given of those, to be repeated in a command: " --ignore a --id b".
const char *cli_columns(char *out, size_t n_bytes, const cli_args *args);

// For with_targets: targets if they are there, NaN in the rows that lack one.
enum { CLI_TARGETS_KNOWN = -2 };
// cred_schema_encode with CLI_OPTIONS_ROWS, and notes on what was left out.
cred_status cli_encode(cred_data *out, const cli_args *args, const cred_schema *schema,
                       const cred_table *table, const size_t *rows, size_t n_rows,
                       int with_targets);
// The same; bytes of images stay in the table, which must live on (cred_data_inputs).
cred_status cli_encode_kept(cred_data *out, const cli_args *args,
                            const cred_schema *schema, const cred_table *table,
                            const size_t *rows, size_t n_rows, int with_targets);
// The options for a command that encodes by itself, and its notes on n_rows rows.
cred_encode_options cli_encode_options(const cli_args *args);
void cli_note_rows(const cli_args *args, const char *source, const cred_data *counts);

// From CLI_OPTIONS_DRAWS, --seed and --threads.
cred_predict_options cli_predict_options(const cli_args *args);

// Columns of the table that neither the model nor `used` (n_used) names: noted once.
void cli_note_unused(const cli_args *args, const cred_schema *schema,
                     const cred_table *table, const char *const *used, size_t n_used);

#endif
