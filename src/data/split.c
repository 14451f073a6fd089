// split.c -- which rows train, validate and test.
//
// The rows are put in an order: by class, shuffled within each. Row number p of that
// order is held out where floor((p + 1) m / n) > floor(p m / n): m of n, spread evenly,
// so that each class gives its share to within one row. Folds are dealt in turn along the
// same order.

#include "credence/data/split.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/text.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void cred_split_clear(cred_split *split) {
  cred__free(split->train);
  cred__free(split->held_out);
  memset(split, 0, sizeof *split);
}

typedef struct {
  int32_t stratum;
  size_t place, row; // place in the shuffled order
} member;

static int by_stratum(const void *a, const void *b) {
  const member *x = a, *y = b;
  if (x->stratum != y->stratum) return x->stratum < y->stratum ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

// order (n): rows by class, each class shuffled.
static cred_status make_order(size_t **order, size_t n, const int32_t *stratum,
                              const cred_key *key) {
  const cred_key shuffle = cred_key_derive(key, CRED_FOR_SPLIT, 0);
  TRY(NEW(order, n, "row numbers"));
  for (size_t i = 0; i < n; i++) (*order)[i] = i;
  cred_key_shuffle(*order, n, &shuffle);
  if (!stratum) return CRED_OK;
  member *members;
  const cred_status status = NEW(&members, n, "row numbers");
  if (status != CRED_OK) {
    cred__free(*order);
    *order = NULL;
    return status;
  }
  for (size_t i = 0; i < n; i++)
    members[i] = (member){stratum[(*order)[i]], i, (*order)[i]};
  qsort(members, n, sizeof *members, by_stratum);
  for (size_t i = 0; i < n; i++) (*order)[i] = members[i].row;
  cred__free(members);
  return CRED_OK;
}

// Both lists, sorted, from the marks.
static cred_status collect(cred_split *out, size_t n, const bool *held_out) {
  size_t n_held_out = 0;
  for (size_t i = 0; i < n; i++) n_held_out += held_out[i];
  memset(out, 0, sizeof *out);
  cred_status status = CRED_OK;
  TRY_DONE(NEW(&out->held_out, n_held_out, "row numbers"));
  TRY_DONE(NEW(&out->train, n - n_held_out, "row numbers"));
  for (size_t i = 0; i < n; i++)
    if (held_out[i])
      out->held_out[out->n_held_out++] = i;
    else
      out->train[out->n_train++] = i;
done:
  if (status != CRED_OK) cred_split_clear(out);
  return status;
}

cred_status cred_split_random(cred_split *out, size_t n, double share,
                              const int32_t *stratum, const cred_key *key) {
  memset(out, 0, sizeof *out);
  if (n < 2) FAIL(CRED_EDATA, "split: %zu rows, at least 2 are needed", n);
  if (!(share > 0.0 && share < 1.0))
    FAIL(CRED_EINVAL, "split: the share is %g, a number between 0 and 1 is expected",
         share);
  size_t m = (size_t)llround(share * (double)n);
  m = m < 1 ? 1 : m > n - 1 ? n - 1 : m;
  size_t *order = NULL;
  bool *held_out = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(make_order(&order, n, stratum, key));
  TRY_DONE(NEW(&held_out, n, "row numbers"));
  size_t carry = n / 2; // so that a class of one or two rows rather trains
  for (size_t p = 0; p < n; p++) {
    carry += m;
    if (carry >= n) held_out[order[p]] = true, carry -= n;
  }
  TRY_DONE(collect(out, n, held_out));
done:
  cred__free(order);
  cred__free(held_out);
  return status;
}

cred_status cred_split_fold(cred_split *out, size_t n, size_t fold, size_t n_folds,
                            const int32_t *stratum, const cred_key *key) {
  memset(out, 0, sizeof *out);
  if (n_folds < 2 || n_folds > n)
    FAIL(CRED_EINVAL, "split: %zu folds of %zu rows, 2 to %zu are possible", n_folds, n,
         n);
  if (fold >= n_folds)
    FAIL(CRED_EINVAL, "split: fold %zu of %zu (from 0)", fold, n_folds);
  size_t *order = NULL;
  bool *held_out = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(make_order(&order, n, stratum, key));
  TRY_DONE(NEW(&held_out, n, "row numbers"));
  for (size_t p = fold; p < n; p += n_folds) held_out[order[p]] = true;
  TRY_DONE(collect(out, n, held_out));
done:
  cred__free(order);
  cred__free(held_out);
  return status;
}

// A number of an index file: whole, or written as 3.0000e+00 by numpy.savetxt.
static bool parse_index(size_t *row, const char *text, size_t n) {
  double value;
  if (cred__parse_size(row, text, n)) return true;
  if (!cred__parse_double(&value, text, n)) return false;
  if (!(value >= 0.0 && value <= 9e15 && value == floor(value))) return false;
  *row = (size_t)value;
  return true;
}

typedef struct {
  size_t *rows;
  size_t n, capacity, n_table, line;
  bool *seen;
  const char *path;
} index_list;

static cred_status add_index(index_list *list, const char *text, size_t n) {
  size_t row;
  const int shown = n > 40 ? 40 : (int)n;
  if (!parse_index(&row, text, n))
    FAIL(CRED_EDATA, "%s:%zu: '%.*s' is not a row number (0, 1, 2, ...)", list->path,
         list->line, shown, text);
  if (row >= list->n_table)
    FAIL(CRED_EDATA, "%s:%zu: row %zu, but the table has %zu rows (0 to %zu)", list->path,
         list->line, row, list->n_table, list->n_table - 1);
  if (list->seen && list->seen[row])
    FAIL(CRED_EDATA, "%s:%zu: row %zu is listed twice", list->path, list->line, row);
  if (list->seen) list->seen[row] = true;
  if (list->n == list->capacity) {
    const size_t larger = list->capacity ? 2 * list->capacity : 256;
    TRY(RESIZE(&list->rows, list->capacity, larger, "row numbers"));
    list->capacity = larger;
  }
  list->rows[list->n++] = row;
  return CRED_OK;
}

static cred_status add_all(index_list *list, const char *p, const char *end) {
  while (p < end) {
    if (*p == '\n') list->line++;
    if (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n') {
      p++;
      continue;
    }
    const char *from = p;
    while (p < end && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n') p++;
    TRY(add_index(list, from, (size_t)(p - from)));
  }
  if (list->n == 0) FAIL(CRED_EDATA, "%s: there are no row numbers", list->path);
  return CRED_OK;
}

cred_status cred_split_read_index(size_t **rows, size_t *n_rows, const char *path,
                                  size_t n) {
  unsigned char *bytes;
  size_t n_bytes;
  *rows = NULL;
  *n_rows = 0;
  TRY(cred__file_read(&bytes, &n_bytes, path, (size_t)1 << 32));
  index_list list = {.n_table = n, .line = 1, .path = path};
  cred_status status = CRED_OK;
  if (n != SIZE_MAX) TRY_DONE(NEW(&list.seen, n, "row numbers"));
  TRY_DONE(add_all(&list, (const char *)bytes, (const char *)bytes + n_bytes));
  *rows = list.rows;
  *n_rows = list.n;
  list.rows = NULL;
done:
  cred__free(list.rows);
  cred__free(list.seen);
  cred__free(bytes);
  return status;
}
