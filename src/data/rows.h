// rows.h -- rows of cells from text, with their line numbers.
//
// Separated text goes through libcsv, a line at a time so that lines can be counted
// (libcsv does not); quotes must be balanced. Cells apart by blanks are cut here.

#ifndef CRED_SRC_DATA_ROWS_H
#define CRED_SRC_DATA_ROWS_H

#include "data/input.h"
#include <csv.h>

enum { CRED__CELL_BYTES = 1 << 20, CRED__LINE_BYTES = 1 << 26, CRED__COLUMNS = 1000000 };

typedef struct {
  const char *s; // ends with a 0 byte
  size_t n;
} cred__cell;

typedef struct {
  cred__input *input; // borrowed
  char separator;     // ' ': any number of blanks
  struct csv_parser csv;
  bool csv_ready;
  char *text; // of the cells of one row
  size_t n_text, text_capacity;
  size_t *begin;     // (n_cells) where a cell begins in text
  cred__cell *cells; // (n_cells) of the row that `next` gave
  size_t n_cells, cells_capacity;
  size_t line;     // of the next byte
  size_t row_line; // where the row began
  bool closed;     // the last row has ended
  bool ready;      // a row is complete
  bool after_cr;
  bool finished;
  cred_status status; // of a callback
} cred__rows;

cred_status cred__rows_init(cred__rows *rows, cred__input *input, char separator);
void cred__rows_clear(cred__rows *rows);
// The next row that is not empty: cells, n_cells, row_line; `*found` is false at the end.
cred_status cred__rows_next(bool *found, cred__rows *rows);
// From the first byte again.
cred_status cred__rows_rewind(cred__rows *rows);

#endif
