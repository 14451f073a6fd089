// cmd_predict.h -- what the files of `credence predict` share.
//
// The columns of the output are one list, made before the first row; a line of CSV or of
// JSON is that list walked once.

#ifndef CRED_SRC_CLI_CMD_PREDICT_H
#define CRED_SRC_CLI_CMD_PREDICT_H

#include "base/text.h"
#include "cli/pictures.h"
#include "cli/request.h"

typedef enum {
  COLUMN_ROW,
  COLUMN_ID,
  COLUMN_NUMBER, // values[row * stride + offset]
  COLUMN_LABEL,
  COLUMN_CONFIDENCE,
  COLUMN_SET,
  COLUMN_KEPT, // `offset` is its place in --keep
  COLUMN_DRAW  // of one function: draws[(offset / width * n_rows + row) * width + ...]
} cli__column_kind;

// Which array of a cred_prediction; they may move from block to block.
typedef enum {
  FROM_MEAN,
  FROM_SD,
  FROM_SD_EPISTEMIC,
  FROM_SD_ALEATORIC,
  FROM_QUANTILE,
  FROM_LOWER,
  FROM_UPPER,
  FROM_PROB,
  FROM_ENTROPY,
  FROM_MUTUAL_INFORMATION,
  FROM_LOG_PROB
} cli__from;

typedef struct {
  char *name;
  cli__column_kind kind;
  cli__from from;
  size_t stride, offset;
} cli__output_column;

typedef struct {
  const cred_schema *schema;
  cli__output_column *columns;
  size_t n_columns;
  const char *const *keep; // names of input columns
  size_t n_keep;
  bool json, is_class;
} cli__output;

// What the columns are made from.
typedef struct {
  const cred_model *model;
  const double *levels;            // quantiles asked for
  size_t n_levels, n_levels_fixed; // the first ones stand in every output
  bool log_prob;
  size_t n_draws; // of functions: only row, id and these; else 0
} cli__output_wish;

cred_status cli__output_init(cli__output *out, const cli__output_wish *wish);
void cli__output_clear(cli__output *out);

// One block of rows.
typedef struct {
  const cred_table *table;   // or
  const cred_images *images; // whose names are the ids
  uint64_t first_row;        // of the table in the file
  const cred_data *data;
  const cred_prediction *prediction; // or
  const double *draws;               // (n_draws, rows, width)
  size_t width;
} cli__output_block;

// The line of names; nothing for JSON.
cred_status cli__output_head(FILE *file, const cli__output *out);
cred_status cli__output_rows(FILE *file, const cli__output *out,
                             const cli__output_block *block);

#endif
