// levels.c -- the distinct words of a column, numbered as they come: a hash table with
// open addresses over one block of text.

#include "data/levels.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

void cred__levels_clear(cred__levels *levels) {
  cred__free(levels->text);
  cred__free(levels->begin);
  cred__free(levels->slots);
  memset(levels, 0, sizeof *levels);
}

void cred__levels_reset(cred__levels *levels) {
  levels->n = levels->n_text = 0;
  if (levels->slots) memset(levels->slots, 0, levels->n_slots * sizeof *levels->slots);
}

static const char *word(const cred__levels *levels, size_t code) {
  return levels->text + levels->begin[code];
}

static size_t hash(const char *s, size_t n) {
  const uint64_t digest = cred__digest_feed(cred__digest_start(), s, n);
  return (size_t)(digest ^
                  digest >> 32); // the high bits of FNV are the better mixed ones
}

// The slot that holds the word, or the free one where it belongs.
static size_t find_slot(const cred__levels *levels, const char *s, size_t n) {
  size_t i = hash(s, n) & (levels->n_slots - 1);
  for (;; i = (i + 1) & (levels->n_slots - 1)) {
    if (!levels->slots[i]) return i;
    const char *w = word(levels, levels->slots[i] - 1);
    if (strncmp(w, s, n) == 0 && w[n] == 0) return i;
  }
}

static cred_status grow_slots(cred__levels *levels) {
  const size_t larger = levels->n_slots ? 2 * levels->n_slots : 32;
  uint32_t *slots;
  TRY(NEW(&slots, larger, "the levels of a column"));
  cred__free(levels->slots);
  levels->slots = slots;
  levels->n_slots = larger;
  for (size_t i = 0; i < levels->n; i++) {
    const char *w = word(levels, i);
    slots[find_slot(levels, w, strlen(w))] = (uint32_t)i + 1;
  }
  return CRED_OK;
}

static cred_status reserve(cred__levels *levels, size_t n) {
  if (levels->n >= INT32_MAX - 1) FAIL(CRED_EDATA, "more than 2^31 different words");
  if (2 * (levels->n + 1) > levels->n_slots) TRY(grow_slots(levels));
  if (levels->n == levels->capacity) {
    const size_t larger = levels->capacity ? 2 * levels->capacity : 16;
    TRY(RESIZE(&levels->begin, levels->capacity, larger, "the levels of a column"));
    levels->capacity = larger;
  }
  if (levels->n_text + n + 1 > levels->text_capacity) {
    const size_t larger = 2 * (levels->n_text + n + 64);
    TRY(RESIZE(&levels->text, levels->text_capacity, larger, "the levels of a column"));
    levels->text_capacity = larger;
  }
  return CRED_OK;
}

cred_status cred__levels_add(int32_t *code, cred__levels *levels, const char *s,
                             size_t n) {
  if (levels->n_slots) {
    const uint32_t held = levels->slots[find_slot(levels, s, n)];
    if (held) {
      *code = (int32_t)held - 1;
      return CRED_OK;
    }
  }
  TRY(reserve(levels, n));
  memcpy(levels->text + levels->n_text, s, n);
  levels->text[levels->n_text + n] = 0;
  levels->begin[levels->n] = levels->n_text;
  levels->slots[find_slot(levels, s, n)] = (uint32_t)levels->n + 1;
  levels->n_text += n + 1;
  *code = (int32_t)levels->n++;
  return CRED_OK;
}

int32_t cred__levels_find(const cred__levels *levels, const char *s, size_t n) {
  if (!levels->n_slots) return -1;
  return (int32_t)levels->slots[find_slot(levels, s, n)] - 1;
}

typedef struct {
  const char *s;
  double value;
  size_t code;
} entry;

static int by_bytes(const void *a, const void *b) {
  return strcmp(((const entry *)a)->s, ((const entry *)b)->s);
}

static int by_value(const void *a, const void *b) {
  const double x = ((const entry *)a)->value, y = ((const entry *)b)->value;
  if (x != y) return x < y ? -1 : 1;
  return by_bytes(a, b);
}

static void sort_entries(entry *entries, const cred__levels *levels) {
  bool numbers = true;
  for (size_t i = 0; i < levels->n; i++) {
    entries[i] = (entry){word(levels, i), 0.0, i};
    if (numbers)
      numbers = cred__parse_double(&entries[i].value, entries[i].s, strlen(entries[i].s));
  }
  qsort(entries, levels->n, sizeof *entries, numbers ? by_value : by_bytes);
}

cred_status cred__levels_sorted(char ***names, char **text, int32_t **new_code,
                                const cred__levels *levels) {
  *names = NULL, *text = NULL, *new_code = NULL;
  entry *entries = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(NEW(&entries, levels->n, "the levels of a column"));
  TRY_DONE(NEW(names, levels->n, "the levels of a column"));
  TRY_DONE(NEW(text, levels->n_text, "the levels of a column"));
  TRY_DONE(NEW(new_code, levels->n, "the levels of a column"));
  sort_entries(entries, levels);
  char *to = *text;
  for (size_t i = 0; i < levels->n; i++) {
    const size_t n = strlen(entries[i].s) + 1;
    memcpy(to, entries[i].s, n);
    (*names)[i] = to;
    (*new_code)[entries[i].code] = (int32_t)i;
    to += n;
  }
done:
  cred__free(entries);
  if (status != CRED_OK) {
    cred__free(*names), cred__free(*text), cred__free(*new_code);
    *names = NULL, *text = NULL, *new_code = NULL;
  }
  return status;
}
