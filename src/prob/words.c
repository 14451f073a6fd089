// words.c -- the words of a short text such as "student-t 1 4".

#include "prob/words.h"
#include "base/fail.h"
#include "base/text.h"
#include <string.h>

static const char blanks[] = " \t";

cred_status cred__words_init(cred__words *words, const char *what, const char *text) {
  *words = (cred__words){.what = what, .text = text ? text : ""};
  const char *p = words->text + strspn(words->text, blanks);
  while (*p) {
    const size_t n = strcspn(p, blanks);
    if (words->n == CRED__WORDS_MAX)
      FAIL(CRED_EINVAL, "%s '%.60s': more than %d words", what, text, CRED__WORDS_MAX);
    if (n >= CRED__WORD_BYTES)
      FAIL(CRED_EINVAL, "%s: the word '%.30s...' is too long", what, p);
    memcpy(words->word[words->n++], p, n);
    p += n;
    p += strspn(p, blanks);
  }
  if (words->n == 0) FAIL(CRED_EINVAL, "%s: the text is empty", what);
  return CRED_OK;
}

bool cred__words_take(cred__words *words, const char *word) {
  if (words->next == words->n || strcmp(words->word[words->next], word) != 0)
    return false;
  words->next++;
  return true;
}

cred_status cred__words_number(double *inout, cred__words *words, const char *name) {
  if (words->next == words->n) return CRED_OK;
  const char *word = words->word[words->next++];
  if (!cred__parse_double(inout, word, strlen(word)))
    FAIL(CRED_EINVAL, "%s '%s': '%s' is not a number, expected %s", words->what,
         words->text, word, name);
  return CRED_OK;
}

cred_status cred__words_end(const cred__words *words) {
  if (words->next < words->n)
    FAIL(CRED_EINVAL, "%s '%s': nothing is expected at '%s'", words->what, words->text,
         words->word[words->next]);
  return CRED_OK;
}

cred_status cred__words_kind(size_t *out, cred__words *words, const char *const *names,
                             size_t n_names) {
  const char *given = words->word[words->next++];
  char list[256] = "";
  for (size_t i = 0; i < n_names; i++) {
    if (strcmp(given, names[i]) == 0) {
      *out = i;
      return CRED_OK;
    }
    const size_t used = strlen(list), n = strlen(names[i]);
    if (used + n + 3 > sizeof list) continue;
    memcpy(list + used, i ? ", " : "", i ? 3 : 1);
    memcpy(list + used + (i ? 2 : 0), names[i], n + 1);
  }
  const char *nearest = cred__nearest(given, names, n_names);
  if (nearest)
    FAIL(CRED_EINVAL, "%s: '%s' is not known; did you mean '%s'? (%s)", words->what,
         given, nearest, list);
  FAIL(CRED_EINVAL, "%s: '%s' is not known; expected one of %s", words->what, given,
       list);
}
