// credence/data/schema.h -- from the columns of a table to the inputs and targets of a
// network.
//
// A schema is learned on the training rows and kept in the model: names, types and levels
// of the columns, what to do with missing cells, mean and sd of every encoded input and
// of every regression target. A numeric column is one input, standardised; a categorical
// one is one input a level (one-hot). Input columns are looked up by name, so that order
// and extra columns do not matter; in a table made from one array, by their number. Where
// the inputs are the pixels of an image and nothing else, the schema keeps its shape, and
// all pixels of a channel share mean and sd.

#ifndef CRED_DATA_SCHEMA_H
#define CRED_DATA_SCHEMA_H

#include "credence/data/table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_MISSING_ERROR = 0, // the first missing cell is an error with line and column
  CRED_MISSING_MEAN,      // numeric: the training mean; categorical: all zero
  CRED_MISSING_INDICATOR, // the same, and one more input a column that ever had one: 1 if
                          // missing
  CRED_MISSING_DROP // rows with missing cells are left out (fit) or reported (predict)
} cred_missing;

typedef enum {
  CRED_TARGET_NUMBER = 0, // regression, standardised
  CRED_TARGET_COUNT = 1,  // 0, 1, 2, ...; not standardised
  CRED_TARGET_CLASS = 2   // level names, sorted (numbers as numbers)
} cred_target_type;

// One column as the schema keeps it. All arrays belong to the schema.
typedef struct {
  char *name;
  cred_column_type type;
  size_t n_levels;
  char **levels;      // (n_levels)
  size_t first_input; // where its inputs begin; inputs: its number of inputs
  size_t n_inputs;
  bool indicator;  // its last input tells whether the cell was missing
  double mean, sd; // of the training cells (numeric; sd 1 for a constant column)
  bool constant;
} cred_schema_column;

typedef struct {
  char *name;
  cred_target_type type;
  size_t n_classes;
  char **classes;  // (n_classes)
  double mean, sd; // 0 and 1 where it is not standardised
} cred_schema_target;

// How pictures become inputs: (pixel / 255 - mean) / sd of its channel, (height, width,
// channels) of them a row.
enum { CRED_CLASS_UNKNOWN = 254, CRED_CLASS_IGNORED = 255 };
typedef struct {
  size_t height, width, channels; // 0: no pictures
  bool resized;                   // pictures of other sizes are made this large
  bool per_pixel;                 // a class a pixel, not one a picture
  double mean[4], sd[4];
  unsigned char class_of[256]; // class of each number in a label map
  char **ignored;              // (n_ignored) classes of pictures that the fit left out
  size_t n_ignored;
} cred_schema_pixels;

typedef struct {
  size_t n_columns, n_targets, n_inputs;
  cred_shape shape;            // of the inputs; (1, 1, n_inputs) unless an image
  cred_schema_pixels pixels;   // of pictures: there are no columns then
  cred_schema_column *columns; // (n_columns)
  cred_schema_target *targets; // (n_targets)
  cred_missing missing;
  char *id, *weight;  // column names or NULL
  double input_scale; // all inputs divided by it instead of standardised; 0: standardise
} cred_schema;

typedef struct {
  const char *const *targets; // names; at least one
  size_t n_targets;
  const char *const *ignore; // columns left out
  size_t n_ignore;
  const char *id, *weight; // or NULL; neither is an input
  cred_missing missing;
  int task; // -1 look at the column; else a cred_target_type for every target
  bool standardise_inputs;    // default true
  bool standardise_targets;   // default true
  double input_scale;         // > 0: divide inputs by it and do not standardise (pixels)
  const char *const *classes; // of a class target, in this order, also those that no row
                              // has; none: what is in the column of the table
  size_t n_classes;
  bool inputs_of_all_rows; // scales of inputs from all rows of the table, not only those
                           // given: their targets are not looked at
} cred_schema_options;

CRED_API cred_schema_options cred_schema_defaults(void);

/// Learn a schema. rows (n_rows): the training rows; NULL for all. A categorical target
/// is a class, and so are whole numbers beside images (all of 0, 1, ... or 1, 2, ... up
/// to one of at most 100, with five rows each); another numeric one is a number unless
/// `task` says else. Fails on an unknown column (with the nearest), a target that is
/// constant or has one class, a missing target, no input left, an infinite or too large
/// number, counts that are negative or fractional.
CRED_API cred_status cred_schema_learn(cred_schema **out, const cred_table *table,
                                       const size_t *rows, size_t n_rows,
                                       const cred_schema_options *opt);
CRED_API cred_status cred_schema_copy(cred_schema **out, const cred_schema *schema);
CRED_API void cred_schema_free(cred_schema *schema);

/// JSON text of a schema and back (the model file keeps it). The reader trusts nothing:
/// bounds, finite numbers, sd > 0, offsets that fit, distinct names.
CRED_API cred_status cred_schema_to_json(char **out, const cred_schema *schema);
CRED_API cred_status cred_schema_from_json(cred_schema **out, const char *json,
                                           size_t n_bytes);

// Arrays made from a table: what a model computes with. Free with cred_data_clear.
//
// Inputs that are bytes of pictures may stay what they are: x is NULL then, `bytes` knows
// where they stand, and they become numbers where cred_data_inputs wants them.
typedef struct cred_byte_rows cred_byte_rows;
typedef struct {
  size_t n_rows, n_inputs, n_targets;
  cred_real *x;          // (n_rows, n_inputs) encoded and standardised; or NULL
  cred_byte_rows *bytes; // where x is NULL; the table or the pictures must live on
  cred_real *y; // (n_rows, n_targets) standardised number, count, or class index; or
                // NULL. NaN where a target is not known (only by cred_encode_options)
  cred_real *weight; // (n_rows) or NULL
  uint64_t *row;     // (n_rows) index of the row in its file: keys the noise of a row
  size_t n_dropped;  // rows left out for missing cells
  size_t n_skipped;  // rows left out for cells that the schema cannot take
  size_t n_unseen;   // cells with a level that it has not, taken for none of its levels
} cred_data;

// What to do with rows that the schema cannot take; all false: the first is an error.
typedef struct {
  bool unseen_none;     // a level that training never saw: all its inputs are 0
  bool skip_bad;        // leave the row out: missing, no number, too large, no such level
  bool unknown_targets; // a target that is missing is no fault: its y is NaN. Weights are
                        // not looked at then
  bool keep_bytes; // inputs that are an array of bytes with a shape, one scale a channel,
                   // stay there; others are made as ever
} cred_encode_options;

/// Encode rows (NULL: all) of a table. with_targets: 1 needs the target columns, 0
/// ignores them, -1 takes them if all are there. first_row: index in the file of the
/// table's row 0. Fails on images of another shape than the schema's. Unknown level: an
/// error with line, column and the levels. The weight belongs to the targets: without
/// them it is not looked for.
CRED_API cred_status cred_schema_encode(cred_data *out, const cred_schema *schema,
                                        const cred_table *table, const size_t *rows,
                                        size_t n_rows, int with_targets,
                                        uint64_t first_row);
/// The same with bad rows as `opt` (may be NULL) says. Rows keep their numbers.
CRED_API cred_status cred_schema_encode_with(cred_data *out, const cred_schema *schema,
                                             const cred_table *table, const size_t *rows,
                                             size_t n_rows, int with_targets,
                                             uint64_t first_row,
                                             const cred_encode_options *opt);
CRED_API void cred_data_clear(cred_data *data);
/// Inputs of rows first ... first + n - 1 as numbers, x (n, n_inputs): copied, or made
/// from bytes. Rows of their own may be made at the same time.
CRED_API cred_status cred_data_inputs(cred_real *x, const cred_data *data, size_t first,
                                      size_t n);

#ifdef __cplusplus
}
#endif

#endif
