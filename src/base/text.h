// text.h -- numbers and words in text, without a locale.

#ifndef CRED_SRC_BASE_TEXT_H
#define CRED_SRC_BASE_TEXT_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A finite decimal number, the whole of text[0..n): optional sign, digits, '.', exponent.
// False for anything else: "", "1e3x", "0,1", "nan", "inf", "0x10", "1e400" (too large).
bool cred__parse_double(double *out, const char *text, size_t n);
bool cred__parse_size(size_t *out, const char *text, size_t n);
bool cred__parse_u64(uint64_t *out, const char *text, size_t n);

// The shortest decimal text that reads back as the same number: float or double.
// "nan", "inf", "-inf" for those. Returns the length.
enum { CRED__NUMBER_BYTES = 32 };
int cred__format_double(char out[CRED__NUMBER_BYTES], double value);
int cred__format_float(char out[CRED__NUMBER_BYTES], float value);

// The name nearest to `given` by edit distance, or NULL if none is near enough to
// suggest.
const char *cred__nearest(const char *given, const char *const *names, size_t n);

// "1 row", "2 rows"
#define CRED__S(n) ((n) == 1 ? "" : "s")

// A text that grows. After a failed append `failed` stays set and later ones do nothing;
// check once at the end. `s` is never NULL after the first append that succeeded.
typedef struct {
  char *s;
  size_t n, capacity;
  bool failed;
} cred__text;

void cred__text_clear(cred__text *text);
void cred__text_append(cred__text *text, const char *s, size_t n);
void cred__text_printf(cred__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// A cell of CSV (RFC 4180): in quotes where it has a comma, a quote, an end of line, or a
// blank at an end.
void cred__text_csv(cred__text *text, const char *s);
// A number in its shortest form.
void cred__text_number(cred__text *text, double value);
cred_status cred__text_status(const cred__text *text);

// Digest of bytes for naming content (FNV-1a, 64 bits, fed piecewise; not cryptographic).
enum { CRED__DIGEST_BYTES = 17 };
uint64_t cred__digest_start(void);
uint64_t cred__digest_feed(uint64_t digest, const void *bytes, size_t n);
void cred__digest_text(char out[CRED__DIGEST_BYTES], uint64_t digest);

#endif
