// levels.h -- the distinct words of a column, numbered as they come.

#ifndef CRED_SRC_DATA_LEVELS_H
#define CRED_SRC_DATA_LEVELS_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  char *text; // all words, each with a 0 byte
  size_t n_text, text_capacity;
  size_t *begin; // (n)
  size_t n, capacity;
  uint32_t *slots; // (n_slots) code + 1, 0 free; a power of two, at most half full
  size_t n_slots;
} cred__levels;

void cred__levels_clear(cred__levels *levels);
// Forgets the words, keeps the memory.
void cred__levels_reset(cred__levels *levels);
// The number of a word, a new one if it was not there.
cred_status cred__levels_add(int32_t *code, cred__levels *levels, const char *s,
                             size_t n);
// The number of a word, or -1.
int32_t cred__levels_find(const cred__levels *levels, const char *s, size_t n);
// Sorted words: by value where all of them are numbers, else by bytes. `names` (n) point
// into `text`, both yours to free; new_code (n) is yours too: the place of each old
// number.
cred_status cred__levels_sorted(char ***names, char **text, int32_t **new_code,
                                const cred__levels *levels);

#endif
