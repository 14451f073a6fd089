// array.h -- arrays in files (NPY, NPZ, IDX): shape, type, elements in a compact form.

#ifndef CRED_SRC_DATA_ARRAY_H
#define CRED_SRC_DATA_ARRAY_H

#include "data/input.h"
#include "data/table.h"

enum { CRED__RANK_MAX = 32 };

typedef struct {
  char kind;      // 'b' truth values, 'u', 'i', 'f'
  size_t n_bytes; // of an element
  bool big_endian, fortran_order;
  size_t rank, shape[CRED__RANK_MAX];
  size_t n_rows, n_columns; // first axis, product of the others
} cred__array;

// Headers; the input then stands at the first element. Fails where sizes do not fit the
// file.
cred_status cred__npy_head(cred__array *array, cred__input *input);
cred_status cred__idx_head(cred__array *array, cred__input *input);

// Checks kind and shape, fills n_rows and n_columns.
cred_status cred__array_check(cred__array *array, const cred__input *input);
// The next at most n_rows rows as a table; one whole array in Fortran order. Columns are
// called x0, x1, ..., or by `member` and their number (a single one by `member` alone).
// At the end of the array `*out` is NULL.
cred_status cred__array_take(cred_table **out, cred__input *input,
                             const cred__array *array, size_t row, size_t n_rows,
                             const char *member);

cred_status cred__npy_read(cred_table **out, cred__input *input,
                           const cred_table_options *opt);
cred_status cred__idx_read(cred_table **out, cred__input *input,
                           const cred_table_options *opt);
cred_status cred__npz_read(cred_table **out, const char *path,
                           const cred_table_options *opt);

#endif
