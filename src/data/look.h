// look.h -- columns that look like something else than an input.

#ifndef CRED_SRC_DATA_LOOK_H
#define CRED_SRC_DATA_LOOK_H

#include "data/table.h"

typedef enum {
  CRED__LOOK_PLAIN = 0,
  CRED__LOOK_DATES,
  CRED__LOOK_COUNTER,   // 1, 2, 3, ... or 0, 1, 2, ...
  CRED__LOOK_IDENTIFIER // large whole numbers or words, another one in nearly every row
} cred__look;

// Of the column of a text; an array's is plain.
cred_status cred__look_at(cred__look *out, const cred_table *table, size_t column);
// Of numbers (n); sorts them.
cred__look cred__look_at_numbers(double *values, size_t n);
bool cred__is_date(const char *text);

// Whether a column beside images holds classes rather than numbers: all whole numbers
// from 0 (or 1) to one of at most 100, with five rows each.
bool cred__looks_like_classes(const cred_table *table, size_t column);

#endif
