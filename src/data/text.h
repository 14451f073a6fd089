// text.h -- tables from text: the format, the header, columns that grow row by row.

#ifndef CRED_SRC_DATA_TEXT_H
#define CRED_SRC_DATA_TEXT_H

#include "data/levels.h"
#include "data/rows.h"
#include "data/table.h"

// What a column takes. AUTO: numbers until a word comes. If numbers came before it, their
// text is gone and the column is read AGAIN in a second pass, in which the others rest.
typedef enum {
  CRED__TAKE_AUTO,
  CRED__TAKE_NUMBERS, // anything else is an error
  CRED__TAKE_WORDS,
  CRED__TAKE_AGAIN,
  CRED__TAKE_NOTHING
} cred__take;

typedef struct {
  cred__take take;
  bool forced;
  size_t n_numbers;
  double *number; // (capacity) or NULL
  int32_t *level; // (capacity) or NULL
  cred__levels words;
} cred__growing;

enum { CRED__RAGGED_KEPT = 8 };

typedef struct {
  cred__input input; // owned
  cred__rows rows;
  cred__levels na;
  char *note;
  char decimal; // of numbers: ',' or 0
  bool header;
  size_t header_line;
  size_t n_columns;
  char *name_text;    // names of a header
  const char **names; // (n_columns), NULL without a header
  cred__growing *columns;
  size_t n_rows, capacity;
  size_t *line;
  bool skip_ragged; // leave out rows of another length instead of failing
  size_t n_ragged, ragged_line[CRED__RAGGED_KEPT], ragged_cells[CRED__RAGGED_KEPT];
} cred__text_table;

// CSV with its separator, TSV, blanks, NPY, NPZ or IDX, from the first bytes and the
// name. With the decimal ',' a comma between digits belongs to a number.
void cred__format_look(cred_table_format *format, char *separator,
                       const cred__input *input, char decimal);

// The same, where the options do not say it.
cred_status cred__format_choose(cred_table_format *format, char *separator,
                                const cred__input *input, const cred_table_options *opt);

// Whether the first row holds names, and a remark on it for the user ("": none).
cred_status cred__header_look(bool *header, char **note, const cred__input *input,
                              char separator, char decimal, const cred__levels *na);

// Takes the input over (also on failure), reads the header.
cred_status cred__text_init(cred__text_table *t, cred__input *input, char separator,
                            const cred_table_options *opt);
void cred__text_table_clear(cred__text_table *t);
// At most n_max rows more.
cred_status cred__text_read(cred__text_table *t, size_t n_max);
// Columns that turned out to hold words, once more from the first row on.
cred_status cred__text_read_again(cred__text_table *t);
// The rows so far as a table; t is ready for more rows.
cred_status cred__text_take(cred_table **out, cred__text_table *t);

#endif
