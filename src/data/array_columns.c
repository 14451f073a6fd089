// array_columns.c -- the inputs of a model in a table made from one array.
//
// Columns of an array have no names of their own: of an archive they are called after
// their member (X0, X1, ...), of a single array x0, x1, ... A model that was fitted to
// the one takes the other by the number.

#include "data/schema.h"
#include <stdio.h>
#include <string.h>

// The column that stands for a name: the number behind the first n_stem bytes.
static size_t column_of(const cred_table *table, const char *name, size_t n_stem) {
  char generated[32];
  size_t number;
  const char *digits = name + n_stem;
  if (!cred__parse_size(&number, digits, strlen(digits)) || number >= table->n_columns)
    return SIZE_MAX;
  if (digits[0] == '0' && digits[1]) return SIZE_MAX;
  // a column of labels beside the array has a name
  snprintf(generated, sizeof generated, "x%zu", number);
  return strcmp(table->columns[number].name, generated) == 0 ? number : SIZE_MAX;
}

static bool take_stem(size_t *columns, const cred_schema *schema, const cred_table *table,
                      size_t n_stem) {
  const char *first = schema->columns[0].name;
  for (size_t i = 0; i < schema->n_columns; i++) {
    const char *name = schema->columns[i].name;
    if (strncmp(name, first, n_stem) != 0) return false;
    columns[i] = column_of(table, name, n_stem);
    if (columns[i] == SIZE_MAX) return false;
  }
  return true;
}

bool cred__array_columns(size_t *columns, const cred_schema *schema,
                         const cred_table *table) {
  const char *first = schema->columns[0].name;
  const size_t n = strlen(first);
  if (table->prefix != 'x') return false;
  if (schema->n_columns == 1 && table->n_columns == 1) {
    columns[0] = 0;
    return true;
  }
  size_t n_stem = n;
  while (n_stem > 0 && strchr("0123456789", first[n_stem - 1])) n_stem--;
  // a member's own name may end in digits
  for (; n_stem < n; n_stem++)
    if (take_stem(columns, schema, table, n_stem)) return true;
  return false;
}
