// words.h -- the words of a short text such as "student-t 1 4".

#ifndef CRED_SRC_PROB_WORDS_H
#define CRED_SRC_PROB_WORDS_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>

enum { CRED__WORDS_MAX = 6, CRED__WORD_BYTES = 48 };

typedef struct {
  const char *what; // "prior", "likelihood": begins each message
  const char *text; // as given; borrowed
  char word[CRED__WORDS_MAX][CRED__WORD_BYTES];
  size_t n, next;
} cred__words;

// Splits text at blanks. Fails on an empty text and on one of too many or too long words.
cred_status cred__words_init(cred__words *words, const char *what, const char *text);

// The next word if it is this one.
bool cred__words_take(cred__words *words, const char *word);
// The next word as a number, which `name` names in the message; without a next word
// `*inout` stays. Fails where the word is no number.
cred_status cred__words_number(double *inout, cred__words *words, const char *name);
// Fails where words are left over.
cred_status cred__words_end(const cred__words *words);

// The index of the first word among the names; fails with the nearest one and the list.
cred_status cred__words_kind(size_t *out, cred__words *words, const char *const *names,
                             size_t n_names);

#endif
