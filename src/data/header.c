// header.c -- what a file is: its format by the first bytes and the name; whether its
// first row holds names.

#include "data/text.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <string.h>
#include <strings.h>

static bool ends_with(const char *name, const char *ending) {
  size_t n = strlen(name);
  const size_t m = strlen(ending);
  if (n > 3 && strcasecmp(name + n - 3, ".gz") == 0) n -= 3;
  return n >= m && strncasecmp(name + n - m, ending, m) == 0;
}

static bool is_idx(const unsigned char *p, size_t n) {
  return n >= 4 && p[0] == 0 && p[1] == 0 && p[2] >= 8 && p[2] <= 14 && p[2] != 10 &&
         p[3] >= 1 && p[3] <= 8;
}

// How often each separator stands in the first line that is not empty, outside quotes.
typedef struct {
  size_t comma, semicolon, tab, n_cells; // n_cells: apart by blanks
  size_t inner;                          // commas between two digits
  bool all_numbers, all_commas;          // all_commas: with a decimal comma
  bool empty_cell, blank_inside;
} line_look;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static line_look look_at_line(const char *p, const char *end, char decimal) {
  line_look look = {.all_numbers = true, .all_commas = true};
  bool quoted = false;
  const char *from = p;
  for (const char *s = p; s <= end; s++) {
    const char c = s < end ? *s : ' ';
    if (c == '"') quoted = !quoted;
    if (quoted && s < end) continue;
    look.comma += c == ',';
    look.inner += c == ',' && s > p && s + 1 < end && is_digit(s[-1]) && is_digit(s[1]);
    look.semicolon += c == ';';
    look.tab += c == '\t';
    look.empty_cell |= c == '\t' && (s == p || s[-1] == '\t');
    look.blank_inside |= c == ' ' && s > p && s + 1 < end && s[-1] != ' ' &&
                         s[-1] != '\t' && s[1] != ' ' && s[1] != '\t' && s[1] != '\r';
    if (c != ' ' && c != '\t' && c != '\r') continue;
    double value;
    if (s > from) {
      look.n_cells++;
      look.all_numbers &= cred__parse_cell(&value, from, (size_t)(s - from), decimal);
      look.all_commas &= cred__parse_cell(&value, from, (size_t)(s - from), ',');
    }
    from = s + 1;
  }
  return look;
}

static void text_look(cred_table_format *format, char *separator, const char *p, size_t n,
                      const char *name, char decimal) {
  const char *end = p + n;
  if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
  while (p < end && (*p == '\n' || *p == '\r')) p++;
  const char *stop = memchr(p, '\n', (size_t)(end - p));
  if (!stop) stop = end;
  if (stop - p > 1 << 16) stop = p + (1 << 16);
  const line_look look = look_at_line(p, stop, decimal);
  const bool in_numbers = look.comma == look.inner; // no comma but within numbers
  const bool by_blanks = look.n_cells > 1 && in_numbers && look.all_commas; // "1,5 2,3"
  *format = CRED_FORMAT_CSV;
  *separator = decimal == ',' ? ';' : ',';
  if (ends_with(name, ".tsv") || ends_with(name, ".tab")) {
    *format = CRED_FORMAT_TSV;
    *separator = '\t';
  } else if (look.semicolon && (look.semicolon >= look.comma || in_numbers)) {
    *separator = ';'; // "1,5;2,3"
  } else if (look.comma && !by_blanks && !(decimal == ',' && in_numbers)) {
    *separator = ',';
  } else if (look.tab && (look.empty_cell || (look.blank_inside && !look.all_numbers))) {
    *format = CRED_FORMAT_TSV;
    *separator = '\t';
  } else if (look.tab || by_blanks || (look.n_cells > 1 && look.all_numbers) ||
             ends_with(name, ".txt") || ends_with(name, ".dat") ||
             ends_with(name, ".data")) {
    *format = CRED_FORMAT_SPACE;
    *separator = ' ';
  }
}

void cred__format_look(cred_table_format *format, char *separator,
                       const cred__input *input, char decimal) {
  const unsigned char *p = input->buffer + input->at;
  const size_t n = input->end - input->at;
  *separator = 0;
  if (n >= 6 && memcmp(p, "\x93NUMPY", 6) == 0)
    *format = CRED_FORMAT_NPY;
  else if (n >= 4 && (memcmp(p, "PK\3\4", 4) == 0 || memcmp(p, "PK\5\6", 4) == 0))
    *format = CRED_FORMAT_NPZ;
  else if (is_idx(p, n))
    *format = CRED_FORMAT_IDX;
  else
    text_look(format, separator, (const char *)p, n, input->name, decimal);
}

// Of every column: what its first cell is, and what stands below.
typedef struct {
  char *first; // copy of the first cell
  bool first_is_number, first_is_missing, repeats;
  size_t n_numbers, n_words;
} column_look;

typedef struct {
  column_look *columns;
  size_t n_columns, n_rows;
  cred__levels first_words;
} table_look;

enum { ROWS_LOOKED_AT = 100 };

static bool is_missing(const cred__cell *cell, const cred__levels *na) {
  return cell->n == 0 || (na->n && cred__levels_find(na, cell->s, cell->n) >= 0);
}

static cred_status look_at_first(table_look *look, const cred__rows *rows, char decimal,
                                 const cred__levels *na) {
  look->n_columns = rows->n_cells;
  TRY(NEW(&look->columns, rows->n_cells, "the first row"));
  for (size_t i = 0; i < rows->n_cells; i++) {
    column_look *c = &look->columns[i];
    double value;
    int32_t code;
    c->first_is_missing = is_missing(&rows->cells[i], na);
    c->first_is_number =
        cred__parse_cell(&value, rows->cells[i].s, rows->cells[i].n, decimal);
    TRY(cred__strdup(&c->first, rows->cells[i].s));
    TRY(cred__levels_add(&code, &look->first_words, rows->cells[i].s, rows->cells[i].n));
  }
  return CRED_OK;
}

static void look_below(table_look *look, const cred__rows *rows, char decimal,
                       const cred__levels *na) {
  for (size_t i = 0; i < rows->n_cells && i < look->n_columns; i++) {
    column_look *c = &look->columns[i];
    double value;
    if (is_missing(&rows->cells[i], na)) continue;
    if (cred__parse_cell(&value, rows->cells[i].s, rows->cells[i].n, decimal))
      c->n_numbers++;
    else
      c->n_words++;
    if (strcmp(rows->cells[i].s, c->first) == 0) c->repeats = true;
  }
}

static cred_status look_at_rows(table_look *look, const cred__input *input,
                                char separator, char decimal, const cred__levels *na) {
  cred__input block;
  cred__rows rows = {0};
  TRY(cred__input_memory(&block, input->name, input->buffer, input->end));
  block.at = input->at;
  cred_status status = CRED_OK;
  TRY_DONE(cred__rows_init(&rows, &block, separator));
  for (; look->n_rows < ROWS_LOOKED_AT; look->n_rows++) {
    bool found = false;
    if (look->n_rows > 0 && block.end - block.at < 1 && !input->ended) break;
    // a fault below the first row is reported when the row is read
    status = cred__rows_next(&found, &rows);
    if (status == CRED_EDATA && look->n_rows > 0) status = CRED_OK, found = false;
    if (status != CRED_OK || !found) break;
    // the last line of a block may go on in the next
    if (look->n_rows > 0 && rows.finished && !input->ended) break;
    if (look->n_rows == 0)
      TRY_DONE(look_at_first(look, &rows, decimal, na));
    else
      look_below(look, &rows, decimal, na);
  }
done:
  cred__rows_clear(&rows);
  cred__input_clear(&block);
  return status;
}

static bool decide(const char **note, const table_look *look, char separator) {
  bool any_number = false, repeats = false, mixed = false;
  for (size_t i = 0; i < look->n_columns; i++) {
    const column_look *c = &look->columns[i];
    const bool word = !c->first_is_number && !c->first_is_missing;
    any_number |= c->first_is_number;
    repeats |= c->repeats || c->first_is_missing;
    if (word && c->n_numbers > c->n_words) return true;
    mixed |= word;
  }
  *note = "";
  if (!mixed) {
    if (separator != ' ')
      *note = "the first row is all numbers and is taken for data; the columns are named "
              "c1, c2, ... (--header if the first row holds their names)";
    return false;
  }
  // no column has numbers under a word: all words, or words and numbers as in the rows
  // below
  if (!any_number && !repeats && look->first_words.n == look->n_columns) return true;
  *note =
      "the first row looks like the rows below it and is taken for data; the columns are "
      "named c1, c2, ... (--header if the first row holds their names)";
  return false;
}

cred_status cred__header_look(bool *header, char **note, const cred__input *input,
                              char separator, char decimal, const cred__levels *na) {
  table_look look = {0};
  const char *text = "";
  cred_status status = CRED_OK;
  TRY_DONE(look_at_rows(&look, input, separator, decimal, na));
  *header = decide(&text, &look, separator);
  TRY_DONE(cred__strdup(note, text));
done:
  for (size_t i = 0; look.columns && i < look.n_columns; i++)
    cred__free(look.columns[i].first);
  cred__free(look.columns);
  cred__levels_clear(&look.first_words);
  return status;
}
