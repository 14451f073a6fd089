// rows.c -- rows of cells from text, with their line numbers.

#include "data/rows.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <string.h>

cred_status cred__rows_init(cred__rows *rows, cred__input *input, char separator) {
  memset(rows, 0, sizeof *rows);
  rows->input = input;
  rows->separator = separator;
  return cred__rows_rewind(rows);
}

void cred__rows_clear(cred__rows *rows) {
  if (rows->csv_ready) csv_free(&rows->csv);
  cred__free(rows->text);
  cred__free(rows->begin);
  cred__free(rows->cells);
  memset(rows, 0, sizeof *rows);
}

static cred_status skip_mark(cred__rows *rows) {
  cred__input *in = rows->input;
  const unsigned char *p = in->buffer + in->at;
  const size_t n = in->end - in->at;
  if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) in->at += 3;
  if (n >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0))
    FAIL(CRED_EDATA, "%s:1:1: UTF-16 text, UTF-8 is expected (iconv -f utf-16 -t utf-8)",
         in->name);
  return CRED_OK;
}

cred_status cred__rows_rewind(cred__rows *rows) {
  rows->n_cells = rows->n_text = 0;
  rows->line = rows->row_line = 1;
  rows->closed = true;
  rows->ready = rows->after_cr = rows->finished = false;
  rows->status = CRED_OK;
  if (rows->csv_ready) csv_free(&rows->csv);
  rows->csv_ready = false;
  if (rows->separator != ' ') {
    const unsigned char options = CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL;
    if (csv_init(&rows->csv, options) != 0) FAIL(CRED_ENOMEM, "no memory for a reader");
    rows->csv_ready = true;
    csv_set_delim(&rows->csv, (unsigned char)rows->separator);
    csv_set_blk_size(&rows->csv, 8192);
  }
  return skip_mark(rows);
}

// One more cell of the row that is being read.
static cred_status add_cell(cred__rows *rows, const void *s, size_t n) {
  if (n > CRED__CELL_BYTES)
    FAIL(CRED_EDATA, "%s:%zu:%zu: a cell of more than 1 MB (is a quote missing?)",
         rows->input->name, rows->row_line, rows->n_cells + 1);
  if (rows->n_cells >= CRED__COLUMNS || rows->n_text + n > CRED__LINE_BYTES)
    FAIL(CRED_EDATA, "%s:%zu: a row of more than %d columns or %d MB", rows->input->name,
         rows->row_line, CRED__COLUMNS, CRED__LINE_BYTES >> 20);
  if (rows->n_text + n + 1 > rows->text_capacity) {
    const size_t larger = 2 * (rows->n_text + n + 512);
    TRY(RESIZE(&rows->text, rows->text_capacity, larger, "a row"));
    rows->text_capacity = larger;
  }
  if (rows->n_cells == rows->cells_capacity) {
    const size_t larger = rows->cells_capacity ? 2 * rows->cells_capacity : 32;
    TRY(RESIZE(&rows->begin, rows->cells_capacity, larger, "a row"));
    TRY(RESIZE(&rows->cells, rows->cells_capacity, larger, "a row"));
    rows->cells_capacity = larger;
  }
  char *to = rows->text + rows->n_text;
  if (n) memcpy(to, s, n);
  to[n] = 0;
  rows->begin[rows->n_cells] = rows->n_text;
  rows->cells[rows->n_cells++].n = n;
  rows->n_text += n + 1;
  return CRED_OK;
}

static void on_cell(void *s, size_t n, void *context) {
  cred__rows *rows = context;
  rows->closed = false;
  if (rows->status == CRED_OK) rows->status = add_cell(rows, s, n);
}

static void on_row(int end, void *context) {
  (void)end;
  cred__rows *rows = context;
  rows->closed = true;
  if (rows->n_cells > 0) rows->ready = true;
}

static cred_status fail_parse(const cred__rows *rows) {
  const char *name = rows->input->name;
  const size_t column = rows->n_cells + 1;
  if (csv_error((struct csv_parser *)&rows->csv) == CSV_ENOMEM)
    FAIL(CRED_ENOMEM, "%s:%zu:%zu: no memory for a cell", name, rows->line, column);
  FAIL(CRED_EDATA,
       "%s:%zu:%zu: a quote in the wrong place (a cell with quotes is written "
       "\"a \"\"b\"\" c\")",
       name, rows->line, column);
}

static cred_status feed(cred__rows *rows, const unsigned char *p, size_t n) {
  const unsigned char *nul = memchr(p, 0, n);
  const size_t fed = nul ? (size_t)(nul - p) : n;
  if (csv_parse(&rows->csv, p, fed, on_cell, on_row, rows) != fed) {
    TRY(rows->status);
    return fail_parse(rows);
  }
  TRY(rows->status);
  if (nul)
    FAIL(CRED_EDATA, "%s:%zu:%zu: a NUL byte (is this a text file?)", rows->input->name,
         rows->line, rows->n_cells + 1);
  if (csv_get_buffer_size(&rows->csv) > CRED__CELL_BYTES + 16384)
    FAIL(CRED_EDATA, "%s:%zu:%zu: a cell of more than 1 MB (is a quote missing?)",
         rows->input->name, rows->row_line, rows->n_cells + 1);
  return CRED_OK;
}

// Length of the piece to feed: up to the end of a line, at most 64 KB.
static size_t line_piece(const unsigned char *p, size_t n) {
  if (n > 1 << 16) n = 1 << 16;
  const unsigned char *lf = memchr(p, '\n', n);
  if (lf) n = (size_t)(lf - p) + 1;
  const unsigned char *cr = memchr(p, '\r', n);
  if (cr && (size_t)(cr - p) + 1 < n && cr[1] != '\n') n = (size_t)(cr - p) + 1;
  return n;
}

static cred_status finish_csv(cred__rows *rows) {
  rows->finished = true;
  if (csv_fini(&rows->csv, on_cell, on_row, rows) != 0)
    FAIL(CRED_EDATA, "%s:%zu:%zu: the quote of this row is never closed",
         rows->input->name, rows->row_line, rows->n_cells + 1);
  return rows->status;
}

static cred_status next_separated(cred__rows *rows) {
  cred__input *in = rows->input;
  while (!rows->ready && !rows->finished) {
    if (in->at == in->end) {
      TRY(cred__input_fill(in, CRED__INPUT_BYTES));
      if (in->at == in->end) return finish_csv(rows);
    }
    const unsigned char *p = in->buffer + in->at;
    const size_t n = line_piece(p, in->end - in->at);
    if (rows->after_cr && *p != '\n') rows->line++; // lines may end with \r alone
    if (rows->closed) rows->row_line = rows->line;
    // a lone newline after a carriage return belongs to the line that has ended
    if (!(n == 1 && *p == '\n')) rows->closed = false;
    in->at += n;
    TRY(feed(rows, p, n));
    rows->after_cr = p[n - 1] == '\r';
    if (p[n - 1] == '\n') rows->line++;
  }
  return CRED_OK;
}

static bool is_blank(unsigned char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static cred_status cut_line(cred__rows *rows, const unsigned char *p, size_t n) {
  const unsigned char *end = p + n;
  rows->row_line = rows->line;
  while (p < end) {
    while (p < end && is_blank(*p)) p++;
    const unsigned char *from = p;
    while (p < end && !is_blank(*p) && *p) p++;
    if (p < end && !*p)
      FAIL(CRED_EDATA, "%s:%zu:%zu: a NUL byte (is this a text file?)", rows->input->name,
           rows->line, rows->n_cells + 1);
    if (p > from) TRY(add_cell(rows, from, (size_t)(p - from)));
  }
  rows->ready = rows->n_cells > 0;
  return CRED_OK;
}

static cred_status next_blanks(cred__rows *rows) {
  cred__input *in = rows->input;
  size_t searched = 0; // of the line, without a newline
  while (!rows->ready && !rows->finished) {
    const unsigned char *p = in->buffer + in->at;
    const size_t n = in->end - in->at;
    const unsigned char *lf =
        n > searched ? memchr(p + searched, '\n', n - searched) : NULL;
    if (!lf && !in->ended) {
      searched = n;
      TRY(cred__input_fill(in, CRED__LINE_BYTES));
      continue;
    }
    searched = 0;
    if (!lf) rows->finished = true;
    const size_t length = lf ? (size_t)(lf - p) : n;
    in->at += lf ? length + 1 : length;
    TRY(cut_line(rows, p, length));
    rows->line++;
  }
  return CRED_OK;
}

cred_status cred__rows_next(bool *found, cred__rows *rows) {
  rows->n_cells = rows->n_text = 0;
  rows->ready = false;
  TRY(rows->separator == ' ' ? next_blanks(rows) : next_separated(rows));
  *found = rows->ready;
  for (size_t i = 0; i < rows->n_cells; i++)
    rows->cells[i].s = rows->text + rows->begin[i];
  return CRED_OK;
}
