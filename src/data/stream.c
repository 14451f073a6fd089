// stream.c -- a table in blocks of rows, for files larger than memory.
//
// Text, NPY and IDX are read as they come. An array in Fortran order and an archive are
// read whole and handed out in parts.

#include "data/array.h"
#include "data/text.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <string.h>

struct cred_table_stream {
  bool is_text, is_array;
  cred__text_table text;
  cred__input input;
  cred__array array;
  cred_table *whole;
  size_t row, rows_left;
};

void cred_table_stream_close(cred_table_stream *stream) {
  if (!stream) return;
  cred__text_table_clear(&stream->text);
  cred__input_clear(&stream->input);
  cred_table_free(stream->whole);
  cred__free(stream);
}

// Types must not depend on the block: what is not a number by the caller's list is words.
static cred_status fix_types(cred__text_table *t, const char *const *numeric,
                             size_t n_numeric) {
  cred_table *named;
  TRY(cred__table_new(&named, t->input.name, t->n_columns, 0));
  cred_status status = CRED_OK;
  TRY_DONE(cred__table_set_names(named, t->names, 'c', 1, t->header_line));
  for (size_t i = 0; i < n_numeric; i++) {
    const size_t column = cred_table_find(named, numeric[i]);
    if (column != SIZE_MAX && !t->columns[column].forced)
      t->columns[column].take = CRED__TAKE_NUMBERS;
  }
  for (size_t i = 0; i < t->n_columns; i++)
    if (t->columns[i].take != CRED__TAKE_NUMBERS) {
      t->columns[i].take = CRED__TAKE_WORDS;
      t->columns[i].forced = true;
    }
done:
  cred_table_free(named);
  return status;
}

static cred_status open_whole(cred_table_stream *stream, const char *path,
                              const cred_table_options *opt) {
  cred__input_clear(&stream->input);
  stream->is_array = false;
  return cred_table_read(&stream->whole, path, opt);
}

static cred_status open_format(cred_table_stream *stream, const char *path,
                               const cred_table_options *opt, const char *const *numeric,
                               size_t n_numeric) {
  cred_table_format format;
  char separator;
  TRY(cred__format_choose(&format, &separator, &stream->input, opt));
  if (format == CRED_FORMAT_NPZ) return open_whole(stream, path, opt);
  if (format == CRED_FORMAT_NPY || format == CRED_FORMAT_IDX) {
    stream->is_array = true;
    TRY(format == CRED_FORMAT_NPY ? cred__npy_head(&stream->array, &stream->input)
                                  : cred__idx_head(&stream->array, &stream->input));
    // the block that has come already is the whole of a pipe's beginning: go on from it
    if (!stream->array.fortran_order) return CRED_OK;
    return cred__array_take(&stream->whole, &stream->input, &stream->array, 0, SIZE_MAX,
                            NULL);
  }
  TRY(cred__text_init(&stream->text, &stream->input, separator, opt));
  stream->is_text = true;
  return fix_types(&stream->text, numeric, n_numeric);
}

cred_status cred_table_stream_open(cred_table_stream **out, const char *path,
                                   const cred_table_options *opt,
                                   const char *const *numeric, size_t n_numeric) {
  const cred_table_options defaults = cred_table_defaults();
  if (!opt) opt = &defaults;
  *out = NULL;
  cred_table_stream *stream;
  TRY(NEW(&stream, 1, "a stream of rows"));
  cred_status status = CRED_OK;
  stream->rows_left = opt->rows_max ? opt->rows_max : SIZE_MAX;
  TRY_DONE(cred__input_open(&stream->input, path, false));
  TRY_DONE(open_format(stream, path, opt, numeric, n_numeric));
  *out = stream;
  stream = NULL;
done:
  cred_table_stream_close(stream);
  return status;
}

static cred_status next_of_whole(cred_table **out, cred_table_stream *stream, size_t n) {
  if (n > stream->whole->n_rows - stream->row) n = stream->whole->n_rows - stream->row;
  if (n == 0) return CRED_OK;
  size_t *rows;
  TRY(NEW(&rows, n, "row numbers"));
  for (size_t i = 0; i < n; i++) rows[i] = stream->row + i;
  const cred_status status = cred_table_select(out, stream->whole, rows, n);
  cred__free(rows);
  return status;
}

static cred_status next_of_text(cred_table **out, cred_table_stream *stream, size_t n) {
  TRY(cred__text_read(&stream->text, n));
  if (stream->text.n_rows == 0) return CRED_OK;
  return cred__text_take(out, &stream->text);
}

cred_status cred_table_stream_next(cred_table **out, cred_table_stream *stream,
                                   size_t rows_max) {
  *out = NULL;
  if (rows_max > stream->rows_left) rows_max = stream->rows_left;
  if (rows_max == 0) return CRED_OK;
  if (stream->whole)
    TRY(next_of_whole(out, stream, rows_max));
  else if (stream->is_text)
    TRY(next_of_text(out, stream, rows_max));
  else
    TRY(cred__array_take(out, &stream->input, &stream->array, stream->row, rows_max,
                         NULL));
  if (*out) {
    stream->row += (*out)->n_rows;
    stream->rows_left -= (*out)->n_rows;
  }
  return CRED_OK;
}
