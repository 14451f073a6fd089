// table.h -- how a table is held.
//
// Numbers stand in blocks: one a column for text, one for all columns of an array, kept
// in a compact type and converted where they are read. Level numbers are int32 arrays.

#ifndef CRED_SRC_DATA_TABLE_H
#define CRED_SRC_DATA_TABLE_H

#include "credence/data/table.h"
#include "base/text.h"
#include <stddef.h>

typedef enum { CRED__U8 = 0, CRED__F32 = 1, CRED__F64 = 2 } cred__store;

typedef struct {
  void *data;
  cred__store store;
  size_t row_stride, column_stride; // in elements
  size_t n_columns;
} cred__block;

typedef struct {
  const char *name; // in name_text
  cred_column_type type;
  size_t block, place; // numeric: its block and its number there
  int32_t *level;      // categorical: (n_rows)
  size_t n_levels;
  char **levels, *level_text;
  bool forced; // categorical because an option says so
} cred__column;

typedef struct {
  const char *name;
  size_t column;
} cred__named;

struct cred_table {
  char *source, *note;
  char digest[CRED__DIGEST_BYTES];
  size_t n_rows, n_columns, n_blocks;
  cred__column *columns;
  cred__block *blocks;
  char *name_text;
  cred__named *by_name; // (n_columns) sorted
  size_t *line;         // (n_rows) or NULL
  char separator;       // of the cells of a text; 0: no text
  char decimal;         // of its numbers: ',' or 0
  char prefix;          // of generated names: 'c', 'x'; 0: names from a header
  size_t first_number;  // the number in the first generated name
  cred_shape shape;     // of the image in the columns from shape_column on; 0: none
  size_t shape_column;
};

size_t cred__store_bytes(cred__store store);

// An empty table with room for columns and blocks; the caller fills them.
cred_status cred__table_new(cred_table **out, const char *source, size_t n_columns,
                            size_t n_blocks);
// Names every column, from `names` or with the prefix, and makes them findable. Equal or
// empty names are an error; `line` is that of the header for messages, 0 for none.
cred_status cred__table_set_names(cred_table *table, const char *const *names,
                                  char prefix, size_t first_number, size_t line);
void cred__table_set_digest(cred_table *table, uint64_t digest);

// A rectangle of numbers as doubles: rows (NULL: first, first + 1, ...), n_columns
// numeric columns from `column` on; out (n_rows, n_columns). NaN where missing.
void cred__table_load(double *out, const cred_table *table, const size_t *rows,
                      size_t first, size_t n_rows, size_t column, size_t n_columns);

// "FILE:LINE:COLUMN" of a cell; array cells by row and column number.
enum { CRED__WHERE_BYTES = 512 };
void cred__table_where(char out[CRED__WHERE_BYTES], const cred_table *table, size_t row,
                       size_t column);

// What a message on a cell depends on: the text's separator and decimal mark tell what
// commas and points may be; a model that is there already leaves other remedies than one
// that is being fitted.
typedef struct {
  char separator, decimal;
  bool fitted;
} cred__cell_hint;
// Fails for a cell that is no number: too large, or another word; `where` as above.
cred_status cred__fail_cell(const char *where, const char *cell, const char *name,
                            cred__cell_hint hint);
// A number in a cell of text; `decimal` is '.' (also 0) or ','.
bool cred__parse_cell(double *out, const char *text, size_t n, char decimal);
// A number in form, whatever its size.
bool cred__is_decimal(const char *text);
// The first row whose cell is no number in a categorical column (SIZE_MAX: none); counts
// of cells that are numbers and that are words.
size_t cred__table_first_word(size_t *n_numbers, size_t *n_words, const cred_table *table,
                              size_t column);
// The first row whose cell is a number with a decimal comma, SIZE_MAX where the column
// does not look like one of such numbers: nearly all cells must be numbers so read, and
// where commas part the cells, not all of them like thousands.
size_t cred__table_decimal_comma(const cred_table *table, size_t column);
// The column whose name is nearest to this one, or NULL; borrowed from the table.
cred_status cred__table_nearest(const char **near, const cred_table *table,
                                const char *name);
// As cred_table_need; images without the target say where labels come from.
cred_status cred__table_need_target(size_t *column, const cred_table *table,
                                    const char *name);
bool cred__is_utf8(const char *text);

#endif
