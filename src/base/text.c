// text.c -- numbers and words in text, without a locale.
//
// Reading: up to 19 digits and a power of ten of at most 22 are exact in one
// multiplication or division (Clinger 1990, the fast path); all else goes to strtod in
// the C locale.

#define _GNU_SOURCE
#include "base/text.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale; // written once; the library never changes the caller's locale
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void make_c_locale(void) {
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static const double power_of_ten[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool parse_slowly(double *out, const char *text, size_t n) {
  char copy[512];
  if (n >= sizeof copy) return false;
  memcpy(copy, text, n);
  copy[n] = 0;
  pthread_once(&c_locale_once, make_c_locale);
  char *end;
  const double value = c_locale ? strtod_l(copy, &end, c_locale) : strtod(copy, &end);
  if (end != copy + n || !isfinite(value)) return false;
  *out = value;
  return true;
}

// What a decimal number is made of; mantissa and power are exact while n_digits <= 18.
typedef struct {
  bool negative;
  uint64_t mantissa;
  int n_digits, power;
} decimal;

static bool scan_exponent(int *power, const char **at, const char *end) {
  const char *p = *at + 1;
  bool negative = false;
  if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
  if (p == end) return false;
  int exponent = 0;
  for (; p < end && *p >= '0' && *p <= '9'; p++)
    if (exponent < 100000) exponent = exponent * 10 + (*p - '0');
  *power += negative ? -exponent : exponent;
  *at = p;
  return p[-1] >= '0' && p[-1] <= '9';
}

static bool scan_decimal(decimal *d, const char *text, size_t n) {
  const char *p = text, *end = text + n;
  bool any = false, after_point = false;
  if (p < end && (*p == '+' || *p == '-')) d->negative = *p++ == '-';
  for (; p < end; p++) {
    if (*p == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (*p < '0' || *p > '9') break;
    any = true;
    if (d->mantissa || *p != '0') d->n_digits++;
    if (d->n_digits <= 18) d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
    if (after_point) d->power--;
  }
  if (!any) return false;
  if (p < end && (*p == 'e' || *p == 'E') && !scan_exponent(&d->power, &p, end))
    return false;
  return p == end;
}

bool cred__parse_double(double *out, const char *text, size_t n) {
  decimal d = {0};
  if (!scan_decimal(&d, text, n)) return false;
  if (d.n_digits > 18 || d.mantissa > (UINT64_C(1) << 53) || d.power < -22 ||
      d.power > 22)
    return parse_slowly(out, text, n);
  const double m = (double)d.mantissa;
  const double value =
      d.power < 0 ? m / power_of_ten[-d.power] : m * power_of_ten[d.power];
  *out = d.negative ? -value : value;
  return true;
}

bool cred__parse_u64(uint64_t *out, const char *text, size_t n) {
  uint64_t value = 0;
  if (n == 0) return false;
  for (size_t i = 0; i < n; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
        __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
      return false;
  }
  *out = value;
  return true;
}

bool cred__parse_size(size_t *out, const char *text, size_t n) {
  uint64_t value;
  if (!cred__parse_u64(&value, text, n) || value > SIZE_MAX) return false;
  *out = (size_t)value;
  return true;
}

static int format(char out[CRED__NUMBER_BYTES], double value, int first, int last,
                  bool as_float) {
  if (isnan(value)) return snprintf(out, CRED__NUMBER_BYTES, "nan");
  if (isinf(value)) return snprintf(out, CRED__NUMBER_BYTES, value < 0 ? "-inf" : "inf");
  pthread_once(&c_locale_once, make_c_locale);
  const locale_t old = uselocale(c_locale);
  int n = 0;
  for (int digits = first; digits <= last; digits++) {
    n = snprintf(out, CRED__NUMBER_BYTES, "%.*g", digits, value);
    const double back = strtod(out, NULL);
    if (as_float ? (float)back == (float)value : back == value) break;
  }
  uselocale(old);
  return n;
}

int cred__format_double(char out[CRED__NUMBER_BYTES], double value) {
  return format(out, value, 15, 17, false);
}

int cred__format_float(char out[CRED__NUMBER_BYTES], float value) {
  return format(out, value, 6, 9, true);
}

enum { WORD_MAX = 64 };

static size_t edit_distance(const char *a, const char *b) {
  const size_t n = strlen(a), m = strlen(b);
  if (n >= WORD_MAX || m >= WORD_MAX) return WORD_MAX;
  size_t row[WORD_MAX];
  for (size_t j = 0; j <= m; j++) row[j] = j;
  for (size_t i = 1; i <= n; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= m; j++) {
      const bool same =
          tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
      size_t best = diagonal + (same ? 0 : 1);
      diagonal = row[j];
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
    }
  }
  return row[m];
}

const char *cred__nearest(const char *given, const char *const *names, size_t n) {
  const char *best = NULL;
  size_t best_distance = strlen(given) / 3 + 2; // further away is no suggestion
  for (size_t i = 0; i < n; i++) {
    size_t distance = edit_distance(given, names[i]);
    // a word that goes on as the given one begins: "temp" for "temperature"
    if (strlen(given) >= 3 && strncmp(given, names[i], strlen(given)) == 0) distance = 1;
    if (distance >= strlen(names[i]) && distance >= strlen(given))
      continue; // nothing shared
    if (distance < best_distance) best = names[i], best_distance = distance;
  }
  return best;
}

void cred__text_clear(cred__text *text) {
  cred__free(text->s);
  memset(text, 0, sizeof *text);
}

static bool text_reserve(cred__text *text, size_t n_more) {
  if (text->failed) return false;
  const size_t need = text->n + n_more + 1;
  if (need <= text->capacity) return true;
  size_t capacity = text->capacity ? text->capacity : 64;
  while (capacity < need) capacity *= 2;
  if (RESIZE(&text->s, text->capacity, capacity, "a text") != CRED_OK) {
    text->failed = true;
    return false;
  }
  text->capacity = capacity;
  return true;
}

void cred__text_append(cred__text *text, const char *s, size_t n) {
  if (!text_reserve(text, n)) return;
  memcpy(text->s + text->n, s, n);
  text->n += n;
  text->s[text->n] = 0;
}

void cred__text_printf(cred__text *text, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n < 0 || !text_reserve(text, (size_t)n)) return;
  va_start(args, format);
  vsnprintf(text->s + text->n, (size_t)n + 1, format, args);
  va_end(args);
  text->n += (size_t)n;
}

void cred__text_csv(cred__text *text, const char *s) {
  const size_t n = strlen(s);
  if (!s[strcspn(s, ",\"\r\n")] && !(n && (s[0] == ' ' || s[n - 1] == ' '))) {
    cred__text_append(text, s, n);
    return;
  }
  cred__text_append(text, "\"", 1);
  for (; *s; s++) cred__text_append(text, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
  cred__text_append(text, "\"", 1);
}

void cred__text_number(cred__text *text, double value) {
  char number[CRED__NUMBER_BYTES];
  const int n = cred__format_double(number, value);
  cred__text_append(text, number, (size_t)n);
}

cred_status cred__text_status(const cred__text *text) {
  if (text->failed) FAIL(CRED_ENOMEM, "no memory for a text of %zu bytes", text->n);
  return CRED_OK;
}

uint64_t cred__digest_start(void) {
  return UINT64_C(0xcbf29ce484222325);
}

uint64_t cred__digest_feed(uint64_t digest, const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  for (size_t i = 0; i < n; i++) digest = (digest ^ p[i]) * UINT64_C(0x100000001b3);
  return digest;
}

void cred__digest_text(char out[CRED__DIGEST_BYTES], uint64_t digest) {
  snprintf(out, CRED__DIGEST_BYTES, "%016llx", (unsigned long long)digest);
}
