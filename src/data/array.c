// array.c -- elements of arrays in files: any number type and byte order into the
// smallest of our types that holds it exactly (8-byte integers beyond 2^53 are rounded).

#include "data/array.h"
#include "data/rows.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static cred__store store_of(const cred__array *array) {
  if (array->n_bytes == 1 && array->kind != 'i') return CRED__U8;
  if (array->n_bytes <= 2 || (array->kind == 'f' && array->n_bytes == 4))
    return CRED__F32;
  return CRED__F64;
}

cred_status cred__array_check(cred__array *array, const cred__input *input) {
  size_t n_cells, n_bytes;
  if (array->rank == 0)
    FAIL(CRED_EDATA, "%s: a single number, an array of rows is expected", input->name);
  array->n_rows = array->shape[0];
  array->n_columns = 1;
  for (size_t i = 1; i < array->rank; i++)
    if (__builtin_mul_overflow(array->n_columns, array->shape[i], &array->n_columns))
      FAIL(CRED_EDATA, "%s: the shape in the header is too large", input->name);
  if (array->n_rows == 0) FAIL(CRED_EDATA, "%s: there are no rows", input->name);
  if (array->n_columns == 0 || array->n_columns > CRED__COLUMNS)
    FAIL(CRED_EDATA, "%s: %zu numbers a row, 1 to %d are expected", input->name,
         array->n_columns, CRED__COLUMNS);
  if (__builtin_mul_overflow(array->n_rows, array->n_columns, &n_cells) ||
      __builtin_mul_overflow(n_cells, array->n_bytes, &n_bytes) ||
      n_bytes > SIZE_MAX / 16)
    FAIL(CRED_EDATA, "%s: the shape in the header is too large", input->name);
  const size_t head_bytes = input->at; // the header lies in the first block
  if (input->file_bytes != SIZE_MAX && input->file_bytes - head_bytes != n_bytes)
    FAIL(CRED_EDATA, "%s: the header says %zu bytes of numbers, the file has %zu",
         input->name, n_bytes, input->file_bytes - head_bytes);
  return CRED_OK;
}

static void swap_bytes(unsigned char *p, size_t n, size_t n_bytes) {
  for (size_t i = 0; i < n; i++, p += n_bytes)
    for (size_t a = 0, b = n_bytes - 1; a < b; a++, b--) {
      const unsigned char c = p[a];
      p[a] = p[b];
      p[b] = c;
    }
}

// IEEE 754 binary16.
static float half_to_float(uint16_t h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const float sign = h >> 15 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * ldexpf((float)fraction, -24);
  return sign * ldexpf((float)(fraction + 1024), exponent - 25);
}

#define CONVERT(to_type, from_type, value)                                               \
  do {                                                                                   \
    for (size_t i = 0; i < n; i++) {                                                     \
      from_type v;                                                                       \
      memcpy(&v, from + i * sizeof v, sizeof v);                                         \
      ((to_type *)out)[i] = (to_type)(value);                                            \
    }                                                                                    \
  } while (0)

// n elements in our byte order to the type of store_of.
static void convert(void *out, const unsigned char *from, size_t n,
                    const cred__array *array) {
  const size_t bytes = array->n_bytes;
  if (array->kind == 'b')
    CONVERT(unsigned char, unsigned char, v != 0);
  else if (array->kind == 'f') {
    if (bytes == 2)
      CONVERT(float, uint16_t, half_to_float(v));
    else
      memcpy(out, from, n * bytes);
  } else if (array->kind == 'u') {
    if (bytes == 1)
      memcpy(out, from, n);
    else if (bytes == 2)
      CONVERT(float, uint16_t, v);
    else if (bytes == 4)
      CONVERT(double, uint32_t, v);
    else
      CONVERT(double, uint64_t, v);
  } else {
    if (bytes == 1)
      CONVERT(float, int8_t, v);
    else if (bytes == 2)
      CONVERT(float, int16_t, v);
    else if (bytes == 4)
      CONVERT(double, int32_t, v);
    else
      CONVERT(double, int64_t, v);
  }
}

static bool must_swap(const cred__array *array) {
  const uint16_t one = 1;
  const bool little = *(const unsigned char *)&one == 1;
  return array->n_bytes > 1 && array->big_endian == little;
}

// The next n elements, a piece of 256 KB at a time.
static cred_status read_elements(char *out, cred__input *input, const cred__array *array,
                                 size_t n, unsigned char *piece, size_t piece_bytes) {
  const size_t bytes = cred__store_bytes(store_of(array));
  for (size_t done = 0; done < n;) {
    size_t m = piece_bytes / array->n_bytes, got;
    if (m > n - done) m = n - done;
    TRY(cred__input_read(&got, piece, m * array->n_bytes, input));
    if (got < m * array->n_bytes)
      FAIL(CRED_EDATA,
           "%s: the file ends before the %zu x %zu numbers its header promises",
           input->name, array->n_rows, array->n_columns);
    if (must_swap(array)) swap_bytes(piece, m, array->n_bytes);
    convert(out + done * bytes, piece, m, array);
    done += m;
  }
  return CRED_OK;
}

// Memory grows with what has come, so that a header alone cannot claim it.
static cred_status read_block(void **data, cred__input *input, const cred__array *array,
                              size_t n_cells) {
  enum { PIECE = 1 << 18 };
  const size_t bytes = cred__store_bytes(store_of(array));
  size_t n = 0, capacity = ((size_t)1 << 26) / bytes;
  unsigned char *piece;
  *data = NULL;
  TRY(NEW(&piece, PIECE, "a piece of a file"));
  cred_status status = CRED_OK;
  if (capacity > n_cells || input->file_bytes != SIZE_MAX) capacity = n_cells;
  TRY_DONE(cred__alloc(data, capacity, bytes, "an array"));
  for (;;) {
    TRY_DONE(read_elements((char *)*data + n * bytes, input, array, capacity - n, piece,
                           PIECE));
    n = capacity;
    if (n == n_cells) break;
    const size_t larger = n_cells / 2 > capacity ? 2 * capacity : n_cells;
    TRY_DONE(cred__realloc(data, capacity, larger, bytes, "an array"));
    capacity = larger;
  }
done:
  cred__free(piece);
  if (status != CRED_OK) {
    cred__free(*data);
    *data = NULL;
  }
  return status;
}

static cred_status fail_if_more(cred__input *input) {
  unsigned char byte;
  size_t got;
  TRY(cred__input_read(&got, &byte, 1, input));
  if (got)
    FAIL(CRED_EDATA, "%s: more bytes follow than the header promises", input->name);
  return CRED_OK;
}

// Where column j (the other axes in C order) stands in Fortran order.
static size_t fortran_place(const cred__array *array, size_t j) {
  size_t index[CRED__RANK_MAX], place = 0;
  for (size_t axis = array->rank; axis-- > 1;) {
    index[axis] = j % array->shape[axis];
    j /= array->shape[axis];
  }
  for (size_t axis = array->rank; axis-- > 1;)
    place = place * array->shape[axis] + index[axis];
  return place;
}

static cred_status name_columns(cred_table *table, const char *member) {
  if (!member) return cred__table_set_names(table, NULL, 'x', 0, 0);
  const size_t n = table->n_columns, room = strlen(member) + 24;
  char *text = NULL;
  const char **names = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(NEW(&text, n * room, "the names of columns"));
  TRY_DONE(NEW(&names, n, "the names of columns"));
  for (size_t j = 0; j < n; j++) {
    names[j] = text + j * room;
    if (n == 1)
      snprintf(text, room, "%s", member);
    else
      snprintf(text + j * room, room, "%s%zu", member, j);
  }
  TRY_DONE(cred__table_set_names(table, names, 0, 0, 0));
done:
  cred__free(text);
  cred__free(names);
  return status;
}

cred_status cred__array_take(cred_table **out, cred__input *input,
                             const cred__array *array, size_t row, size_t n_rows,
                             const char *member) {
  *out = NULL;
  if (row >= array->n_rows) return CRED_OK;
  if (n_rows > array->n_rows - row || array->fortran_order) n_rows = array->n_rows - row;
  cred_table *table;
  TRY(cred__table_new(&table, input->name, array->n_columns, 1));
  cred_status status = CRED_OK;
  cred__block *block = &table->blocks[0];
  const bool fortran = array->fortran_order;
  *block = (cred__block){NULL, store_of(array), fortran ? 1 : array->n_columns,
                         fortran ? n_rows : 1, array->n_columns};
  TRY_DONE(read_block(&block->data, input, array, n_rows * array->n_columns));
  if (row + n_rows == array->n_rows) TRY_DONE(fail_if_more(input));
  for (size_t j = 0; j < array->n_columns; j++)
    table->columns[j].place = fortran ? fortran_place(array, j) : j;
  table->n_rows = n_rows;
  if (array->rank == 3 || array->rank == 4)
    table->shape = (cred_shape){array->shape[1], array->shape[2],
                                array->rank == 4 ? array->shape[3] : 1};
  TRY_DONE(name_columns(table, member));
  cred__table_set_digest(table, input->digest);
  *out = table;
  table = NULL;
done:
  cred_table_free(table);
  return status;
}

static cred_status cut_rows(cred_table **inout, size_t rows_max) {
  cred_table *whole = *inout, *part;
  if (!rows_max || whole->n_rows <= rows_max) return CRED_OK;
  size_t *rows;
  TRY(NEW(&rows, rows_max, "row numbers"));
  for (size_t i = 0; i < rows_max; i++) rows[i] = i;
  const cred_status status = cred_table_select(&part, whole, rows, rows_max);
  cred__free(rows);
  if (status != CRED_OK) return status;
  cred_table_free(whole);
  *inout = part;
  return CRED_OK;
}

static cred_status read_all(cred_table **out, cred__input *input,
                            const cred__array *array, const cred_table_options *opt) {
  if (opt->n_categorical) {
    // words are read from text only: classes of an array are asked for by the task
    FAIL(CRED_EINVAL,
         "%s: columns of an array are numbers, '%.100s' cannot be read as words",
         input->name, opt->categorical[0]);
  }
  TRY(cred__array_take(out, input, array, 0, opt->rows_max ? opt->rows_max : SIZE_MAX,
                       NULL));
  const cred_status status = cut_rows(out, opt->rows_max);
  if (status != CRED_OK) {
    cred_table_free(*out);
    *out = NULL;
  }
  return status;
}

cred_status cred__npy_read(cred_table **out, cred__input *input,
                           const cred_table_options *opt) {
  cred__array array;
  TRY(cred__npy_head(&array, input));
  return read_all(out, input, &array, opt);
}

cred_status cred__idx_read(cred_table **out, cred__input *input,
                           const cred_table_options *opt) {
  cred__array array;
  TRY(cred__idx_head(&array, input));
  return read_all(out, input, &array, opt);
}
