// cells.c -- what is wrong with a cell, and where it stands.

#include "data/table.h"
#include "base/fail.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

void cred__table_where(char out[CRED__WHERE_BYTES], const cred_table *table, size_t row,
                       size_t column) {
  if (table->line)
    snprintf(out, CRED__WHERE_BYTES, "%.400s:%zu:%zu", table->source, table->line[row],
             column + 1);
  else
    snprintf(out, CRED__WHERE_BYTES, "%.400s: row %zu (from 0), column %zu",
             table->source, row, column + 1);
}

static const char *skip_digits(const char *s) {
  while (*s >= '0' && *s <= '9') s++;
  return s;
}

bool cred__is_decimal(const char *text) {
  if (*text == '+' || *text == '-') text++;
  const char *whole = skip_digits(text), *end = whole;
  size_t n_digits = (size_t)(whole - text);
  if (*end == '.') {
    end = skip_digits(end + 1);
    n_digits += (size_t)(end - whole) - 1;
  }
  if (n_digits == 0) return false;
  if (*end != 'e' && *end != 'E') return *end == 0;
  end++;
  if (*end == '+' || *end == '-') end++;
  return *end && *skip_digits(end) == 0;
}

bool cred__parse_cell(double *out, const char *text, size_t n, char decimal) {
  char copy[512];
  const char *comma;
  if (decimal != ',') return cred__parse_double(out, text, n);
  if (memchr(text, '.', n)) return false; // it may be one of thousands
  if (!(comma = memchr(text, ',', n))) return cred__parse_double(out, text, n);
  if (n >= sizeof copy) return false;
  memcpy(copy, text, n);
  copy[comma - text] = '.';
  return cred__parse_double(out, copy, n);
}

// 1,5 for 1.5
static bool has_decimal_comma(const char *cell) {
  double value;
  const size_t n = strlen(cell);
  return memchr(cell, ',', n) && cred__parse_cell(&value, cell, n, ',');
}

// 1,234 may be a thousand and some.
static bool like_thousands(const char *cell) {
  const char *comma = strchr(cell, ',');
  return comma && strlen(comma) == 4;
}

size_t cred__table_decimal_comma(const cred_table *table, size_t column) {
  const cred__column *c = &table->columns[column];
  size_t first = SIZE_MAX, n = 0, n_others = 0;
  int32_t last = -1;
  bool comma = false, number = false;
  if (c->type == CRED_COLUMN_NUMERIC || c->forced || table->decimal == ',')
    return SIZE_MAX;
  for (size_t i = 0; i < table->n_rows; i++) {
    double value;
    const int32_t level = c->level[i];
    if (level < 0) continue;
    if (level != last) {
      const char *cell = c->levels[level];
      comma = has_decimal_comma(cell);
      number = comma || cred__parse_double(&value, cell, strlen(cell));
      last = level;
    }
    n++;
    n_others += !number;
    comma = comma && !(table->separator == ',' && like_thousands(c->levels[level]));
    if (comma && first == SIZE_MAX) first = i;
  }
  return 10 * n_others <= n ? first : SIZE_MAX;
}

static bool means_missing(const char *cell) {
  static const char *const words[] = {"na",   "n/a", "nan",  "null", "none",    "nil",
                                      "?",    "-",   "--",   ".",    "missing", "unknown",
                                      "#n/a", "nd",  "n.a.", "<na>", "*"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcasecmp(cell, words[i]) == 0) return true;
  return false;
}

// A short form without control characters, for a message of one line.
static void printable(char out[64], const char *cell) {
  size_t n = strlen(cell);
  const bool cut = n > 40;
  if (cut) n = 40;
  for (size_t i = 0; i < n; i++) out[i] = (unsigned char)cell[i] < ' ' ? ' ' : cell[i];
  memcpy(out + n, cut ? "..." : "", cut ? 4 : 1);
}

// In brackets behind the message of a word among numbers.
static void remedy(char out[256], const char *text, const char *cell, const char *name,
                   cred__cell_hint hint) {
  const char *skip = hint.fitted ? ", --bad-rows skip leaves such rows out" : "";
  if (means_missing(cell))
    snprintf(out, 256, "use --na %s%s",
             strpbrk(text, "?*<# ") ? "with it in quotes" : text, skip);
  else if (hint.decimal != ',' && has_decimal_comma(cell))
    snprintf(out, 256, "%s",
             hint.separator == ',' && like_thousands(cell)
                 ? "write it without commas"
                 : "use --decimal , if numbers have commas, else write a decimal point");
  else if (hint.fitted)
    snprintf(out, 256, "use --na '%s' if it means missing%s", text, skip);
  else
    snprintf(out, 256,
             "use --na '%s' if it means missing, --categorical '%.100s' if the column "
             "has words",
             text, name);
}

cred_status cred__fail_cell(const char *where, const char *cell, const char *name,
                            cred__cell_hint hint) {
  char text[64], advice[256];
  printable(text, cell);
  if (hint.decimal == ',' && strchr(cell, '.') && cred__is_decimal(cell))
    FAIL(CRED_EDATA,
         "%s: '%s' is not a number in column '%.100s' (it has a decimal point, --decimal "
         "is ',')",
         where, text, name);
  if (cred__is_decimal(cell))
    FAIL(CRED_EDATA, "%s: '%s' is too large for a number in column '%.100s'", where, text,
         name);
  remedy(advice, text, cell, name, hint);
  FAIL(CRED_EDATA, "%s: '%s' is not a number in column '%.100s' (%s)", where, text, name,
       advice);
}

size_t cred__table_first_word(size_t *n_numbers, size_t *n_words, const cred_table *table,
                              size_t column) {
  const cred__column *c = &table->columns[column];
  size_t first = SIZE_MAX;
  *n_numbers = *n_words = 0;
  if (c->type == CRED_COLUMN_NUMERIC || c->n_levels == 0) return first;
  // the last answer is kept: neighbours often agree
  int32_t last = -1;
  bool last_is_number = false;
  for (size_t i = 0; i < table->n_rows; i++) {
    const int32_t level = c->level[i];
    if (level < 0) continue;
    if (level != last) {
      double value;
      last = level;
      last_is_number = cred__parse_cell(&value, c->levels[level],
                                        strlen(c->levels[level]), table->decimal);
    }
    if (last_is_number) {
      ++*n_numbers;
      continue;
    }
    ++*n_words;
    if (first == SIZE_MAX) first = i;
  }
  return first;
}

// Bytes that follow the first byte of a character, or -1 (RFC 3629, section 4).
static int n_following(unsigned char c) {
  if (c < 0x80) return 0;
  if (c >= 0xc2 && c < 0xe0) return 1;
  if (c >= 0xe0 && c < 0xf0) return 2;
  if (c >= 0xf0 && c < 0xf5) return 3;
  return -1;
}

bool cred__is_utf8(const char *text) {
  const unsigned char *p = (const unsigned char *)text;
  while (*p) {
    const unsigned char c = *p++;
    const int n = n_following(c);
    if (n < 0) return false;
    // too long forms, surrogates, beyond U+10FFFF
    if ((c == 0xe0 && *p < 0xa0) || (c == 0xed && *p > 0x9f) ||
        (c == 0xf0 && *p < 0x90) || (c == 0xf4 && *p > 0x8f))
      return false;
    for (int i = 0; i < n; i++)
      if ((*p++ & 0xc0) != 0x80) return false;
  }
  return true;
}
