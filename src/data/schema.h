// schema.h -- what learning a schema and encoding by it share.

#ifndef CRED_SRC_DATA_SCHEMA_H
#define CRED_SRC_DATA_SCHEMA_H

#include "credence/data/schema.h"
#include "data/levels.h"
#include "data/table.h"

// Beyond this the square of a number summed over many rows is no number any more.
#define CRED__NUMBER_MAX 1e150

enum { CRED__RUN = 256, CRED__TILE = 64, CRED__CLASSES = 10000 };

// By cred_target_type and cred_missing, NULL behind the last.
extern const char *const cred__target_words[], *const cred__missing_words[];

// Neighbouring numeric columns of a table from columns[i] on, at most CRED__RUN: how many
// of columns (n) go on by one. 0 if the first is not numeric.
size_t cred__run_length(const cred_table *table, const size_t *columns, size_t n,
                        size_t i);

// complete[i] = whether row rows[i] has a value in all of columns (n).
void cred__rows_complete(bool *complete, const cred_table *table, const size_t *rows,
                         size_t n_rows, const size_t *columns, size_t n);
// The rows of rows (n_rows; NULL: all) that count: all, or those that are complete.
cred_status cred__rows_used(size_t **used, size_t *n_used, const cred_table *table,
                            const size_t *rows, size_t n_rows, bool complete_only,
                            const size_t *columns, size_t n);

bool cred__cell_missing(const cred_table *table, size_t row, size_t column);
// Where a cell cannot be taken. `fitted`: by a model that is there, not by one to come.
cred_status cred__fail_missing(const cred_table *table, size_t row, size_t column,
                               bool fitted);
cred_status cred__fail_missing_target(const cred_table *table, size_t row, size_t column,
                                      bool fitted);
cred_status cred__fail_large(const cred_table *table, size_t row, size_t column,
                             const char *advice);
// A column that the schema takes as numbers must not have words: the first is an error.
cred_status cred__fail_word(const cred_table *table, size_t row, size_t column,
                            bool fitted);

// Where the inputs stand in a table made from one array, by their number: columns
// (n_columns of the schema). False where they do not.
bool cred__array_columns(size_t *columns, const cred_schema *schema,
                         const cred_table *table);

// Names of levels or classes, findable by text and by the number they stand for.
typedef struct {
  cred__levels words;
  double *values; // (words.n) NaN: no number
} cred__names;
cred_status cred__names_init(cred__names *names, char *const *list, size_t n);
void cred__names_clear(cred__names *names);
// The place of a name ("1.0" finds "1"), SIZE_MAX if there is none.
size_t cred__names_find(const cred__names *names, const char *text);
size_t cred__names_find_value(const cred__names *names, double value);

// Whether a shape is that of an image rather than of a row of numbers.
static inline bool cred__is_image(cred_shape shape) {
  return shape.height > 1 || shape.width > 1;
}

// Offsets, number of inputs and, unless it is set, the shape from the columns; fails on a
// shape that the inputs do not fill.
cred_status cred__schema_layout(cred_schema *schema);

#endif
