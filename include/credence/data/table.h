// credence/data/table.h -- a table of columns, read from a file or taken from arrays.
//
// A table is columns by name. A numeric column holds doubles, NaN where a cell is
// missing; a categorical one holds level numbers (int32), -1 where missing, and its
// sorted level names. Tables are immutable once read; rows keep the order of the file. An
// IDX or NPY array of rank > 1 becomes one row an element of its first axis, with the
// remaining axes flattened into numeric columns "x0", "x1", ... held as one block. One of
// rank 3 (rows, height, width) or 4 (rows, height, width, channels) is a table of images.

#ifndef CRED_DATA_TABLE_H
#define CRED_DATA_TABLE_H

#include "credence/base/real.h"
#include "credence/base/shape.h"
#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cred_table cred_table;

typedef enum { CRED_COLUMN_NUMERIC = 0, CRED_COLUMN_CATEGORICAL = 1 } cred_column_type;

// Formats. AUTO looks at the first bytes, then at the name's ending.
typedef enum {
  CRED_FORMAT_AUTO = 0,
  CRED_FORMAT_CSV, // comma (or the given separator), quotes, header
  CRED_FORMAT_TSV,
  CRED_FORMAT_SPACE, // columns apart by blanks, usually no header
  CRED_FORMAT_NPY,
  CRED_FORMAT_NPZ, // member chosen by `member`, else the only one, else all with equal
                   // rows
  CRED_FORMAT_IDX  // with or without gzip
} cred_table_format;

typedef struct {
  cred_table_format format;
  char separator;        // 0: by format
  char decimal;          // of numbers in text: '.' (also 0) or ','
  int header;            // 1 yes, 0 no (columns are named c1, c2, ...), -1 look
  const char *const *na; // words that mean "missing" besides the empty cell
  size_t n_na;
  const char *const *categorical; // columns to be read as categorical even if numeric
  size_t n_categorical;
  const char *member; // of an NPZ
  size_t rows_max;    // stop after that many rows; 0: all
} cred_table_options;

CRED_API cred_table_options cred_table_defaults(void);

/// Read a whole file ("-": standard input). A column whose cells are all numbers or
/// missing is numeric, any other categorical. opt may be NULL.
///
/// Fails with CRED_ENOINPUT (no file), CRED_EDATA ("FILE:LINE:COLUMN: 'cell' ..." --
/// ragged rows, NUL bytes, a cell over 1 MB, lying sizes, object arrays, duplicate or
/// empty column names, no rows), CRED_ENOMEM.
CRED_API cred_status cred_table_read(cred_table **out, const char *path,
                                     const cred_table_options *opt);
/// From arrays: values (n_rows, n_columns) with the distance of rows in elements; names
/// may be NULL (c1, c2, ...). Copies.
CRED_API cred_status cred_table_from_array(cred_table **out, const double *values,
                                           size_t n_rows, size_t n_columns,
                                           size_t row_stride, const char *const *names);
CRED_API void cred_table_free(cred_table *table);

CRED_API size_t cred_table_n_rows(const cred_table *table);
CRED_API size_t cred_table_n_columns(const cred_table *table);
CRED_API const char *cred_table_name(const cred_table *table, size_t column);
CRED_API cred_column_type cred_table_type(const cred_table *table, size_t column);
/// Index of a column, or SIZE_MAX. Where names were generated the number alone will do:
/// "3" for "x3" of an array, "3" for "c3" (the third) of a file without a header.
CRED_API size_t cred_table_find(const cred_table *table, const char *name);
/// Like find, but a missing one is CRED_EDATA with the nearest name and the file.
CRED_API cred_status cred_table_need(size_t *column, const cred_table *table,
                                     const char *name);
/// Cell of a numeric column; NaN where missing.
CRED_API double cred_table_number(const cred_table *table, size_t row, size_t column);
/// Level of a categorical column, -1 where missing; names of the levels.
CRED_API int32_t cred_table_level(const cred_table *table, size_t row, size_t column);
CRED_API size_t cred_table_n_levels(const cred_table *table, size_t column);
CRED_API const char *cred_table_level_name(const cred_table *table, size_t column,
                                           size_t level);
/// The cell as text (numbers in their shortest form, "" where missing) into a caller's
/// buffer.
CRED_API void cred_table_cell(char *out, size_t n_bytes, const cred_table *table,
                              size_t row, size_t column);
/// Whether some columns are an image, row by row and the channels of a pixel side by
/// side: its shape, and its first column. Both are left alone where there is none.
CRED_API bool cred_table_shape(cred_shape *shape, size_t *first_column,
                               const cred_table *table);
/// Say so of a table made from arrays. Fails with CRED_EINVAL where numeric columns for
/// such a shape are not there.
CRED_API cred_status cred_table_set_shape(cred_table *table, cred_shape shape,
                                          size_t first_column);
/// Line of the file a row began at (1 is the first), 0 for arrays.
CRED_API size_t cred_table_line(const cred_table *table, size_t row);
/// Name of the source for messages; 16 hexadecimal digits of a digest of its content.
CRED_API const char *cred_table_source(const cred_table *table);
CRED_API const char *cred_table_digest(const cred_table *table);
/// A new table of the given rows, in that order (may repeat).
CRED_API cred_status cred_table_select(cred_table **out, const cred_table *table,
                                       const size_t *rows, size_t n_rows);

/// Labels beside inputs (an IDX of images and one of labels): the columns of x, then
/// those of `labels`. target_name, if not NULL, renames the only column of labels. Fails
/// with CRED_EDATA on different numbers of rows and on equal names.
CRED_API cred_status cred_table_join(cred_table **out, const cred_table *x,
                                     const cred_table *labels, const char *target_name);
/// A copy without one column, whose name must be there and not the only one.
CRED_API cred_status cred_table_drop(cred_table **out, const cred_table *table,
                                     const char *name);
/// One column of texts (n_rows), NULL where missing: numbers if all that are there are
/// numbers, else words, as in a file. source names it in messages.
CRED_API cred_status cred_table_from_texts(cred_table **out, const char *source,
                                           const char *name, const char *const *cells,
                                           size_t n_rows);
/// A remark on how the file was understood (a first row taken for data), "" if none.
CRED_API const char *cred_table_note(const cred_table *table);

// A source of blocks of rows, for predicting a file larger than memory. Text, NPY and IDX
// are read block by block; NPZ and arrays in Fortran order whole. Column types do not
// depend on the block: a column named in `numeric` holds numbers, and a cell of it that
// is none is an error with its line; every other column holds words (ids keep their
// text). Names in `numeric` that the file lacks are left to cred_schema_encode. The
// digest of a block is of the bytes read so far.
typedef struct cred_table_stream cred_table_stream;
CRED_API cred_status cred_table_stream_open(cred_table_stream **out, const char *path,
                                            const cred_table_options *opt,
                                            const char *const *numeric, size_t n_numeric);
/// The next at most rows_max rows as a table, NULL at the end. Yours to free.
CRED_API cred_status cred_table_stream_next(cred_table **out, cred_table_stream *stream,
                                            size_t rows_max);
CRED_API void cred_table_stream_close(cred_table_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
