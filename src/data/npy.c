// npy.c -- headers of NPY and IDX files.
//
// NPY: "\x93NUMPY", version, length of the header (2 bytes in version 1, 4 in 2 and 3), a
// Python dictionary with 'descr', 'fortran_order' and 'shape' (NEP 1). IDX: two zero
// bytes, a type, the number of axes, their sizes as big-endian 32-bit numbers (LeCun,
// MNIST page).

#include "data/array.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <string.h>

typedef struct {
  const char *p, *end;
} cursor;

static void skip_blanks(cursor *c) {
  while (c->p < c->end && strchr(" \t\r\n", *c->p) && *c->p) c->p++;
}

static bool take(cursor *c, char what) {
  skip_blanks(c);
  if (c->p >= c->end || *c->p != what) return false;
  c->p++;
  return true;
}

static bool take_text(cursor *c, char *out, size_t n_bytes) {
  skip_blanks(c);
  if (c->p >= c->end || (*c->p != '\'' && *c->p != '"')) return false;
  const char quote = *c->p++;
  size_t n = 0;
  while (c->p < c->end && *c->p != quote && n + 1 < n_bytes) out[n++] = *c->p++;
  out[n] = 0;
  return take(c, quote);
}

static bool take_word(cursor *c, const char *word) {
  skip_blanks(c);
  const size_t n = strlen(word);
  if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0) return false;
  c->p += n;
  return true;
}

static bool take_shape(cursor *c, cred__array *array) {
  if (!take(c, '(')) return false;
  array->rank = 0;
  while (!take(c, ')')) {
    skip_blanks(c);
    const char *from = c->p;
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9') c->p++;
    if (array->rank == CRED__RANK_MAX) return false;
    if (!cred__parse_size(&array->shape[array->rank++], from, (size_t)(c->p - from)))
      return false;
    take_word(c, "L"); // Python 2 wrote long integers so
    if (!take(c, ',')) {
      if (!take(c, ')')) return false;
      break;
    }
  }
  return true;
}

static cred_status fail_type(const char *name, const char *descr) {
  const char kind = *descr && strchr("<>|=", *descr) ? descr[1] : *descr;
  const char *what = kind == 'O'                                 ? "Python objects"
                     : kind == 'S' || kind == 'a' || kind == 'U' ? "texts"
                     : kind == 'c'                               ? "complex numbers"
                     : kind == 'M' || kind == 'm'                ? "dates"
                     : kind == 'V'                               ? "records"
                                                                 : "an unknown type";
  FAIL(CRED_EDATA,
       "%s: elements are %s ('%.20s'), an array of numbers is expected "
       "(numpy: astype('float32'))",
       name, what, descr);
}

static cred_status set_type(cred__array *array, const char *descr, const char *name) {
  const char *p = descr;
  array->big_endian = *p == '>';
  if (*p && strchr("<>|=", *p)) p++;
  size_t n_bytes;
  const bool ok = *p && cred__parse_size(&n_bytes, p + 1, strlen(p + 1));
  const bool power = ok && (n_bytes == 1 || n_bytes == 2 || n_bytes == 4 || n_bytes == 8);
  const bool known = power && ((*p == 'b' && n_bytes == 1) || *p == 'u' || *p == 'i' ||
                               (*p == 'f' && n_bytes >= 2));
  if (!known) return fail_type(name, descr);
  array->kind = *p;
  array->n_bytes = n_bytes;
  return CRED_OK;
}

static cred_status parse_entry(cred__array *array, unsigned *seen, cursor *c,
                               const char *name) {
  char key[32], descr[32];
  if (!take_text(c, key, sizeof key) || !take(c, ':')) goto bad;
  if (strcmp(key, "descr") == 0) {
    skip_blanks(c);
    if (c->p < c->end && (*c->p == '[' || *c->p == '('))
      FAIL(CRED_EDATA,
           "%s: elements are records, an array of numbers is expected (save one "
           "field)",
           name);
    if (!take_text(c, descr, sizeof descr)) goto bad;
    *seen |= 1;
    return set_type(array, descr, name);
  }
  if (strcmp(key, "fortran_order") == 0) {
    array->fortran_order = take_word(c, "True");
    if (!array->fortran_order && !take_word(c, "False")) goto bad;
    *seen |= 2;
    return CRED_OK;
  }
  if (strcmp(key, "shape") != 0 || !take_shape(c, array)) goto bad;
  *seen |= 4;
  return CRED_OK;
bad:
  FAIL(CRED_EDATA, "%s: a damaged NPY header", name);
}

static cred_status parse_head(cred__array *array, const char *text, size_t n,
                              const char *name) {
  cursor c = {text, text + n};
  unsigned seen = 0;
  if (!take(&c, '{')) FAIL(CRED_EDATA, "%s: a damaged NPY header", name);
  while (!take(&c, '}')) {
    TRY(parse_entry(array, &seen, &c, name));
    if (take(&c, ',')) continue;
    if (!take(&c, '}')) FAIL(CRED_EDATA, "%s: a damaged NPY header", name);
    break;
  }
  if (seen != 7) FAIL(CRED_EDATA, "%s: the NPY header lacks type, order or shape", name);
  return CRED_OK;
}

cred_status cred__npy_head(cred__array *array, cred__input *input) {
  memset(array, 0, sizeof *array);
  if (!input->first_block) TRY(cred__input_fill(input, CRED__INPUT_BYTES));
  const unsigned char *p = input->buffer;
  const size_t n = input->end;
  if (n < 12 || memcmp(p, "\x93NUMPY", 6) != 0)
    FAIL(CRED_EDATA, "%s: not an NPY file", input->name);
  if (p[6] < 1 || p[6] > 3)
    FAIL(CRED_EDATA, "%s: NPY version %d, 1 to 3 are known", input->name, p[6]);
  size_t at = 10, length = p[8] | (size_t)p[9] << 8;
  if (p[6] > 1) {
    length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    at = 12;
  }
  if (length > n - at)
    FAIL(CRED_EDATA,
         "%s: an NPY header of %zu bytes; the file ends before it or it is too "
         "long",
         input->name, length);
  TRY(parse_head(array, (const char *)p + at, length, input->name));
  input->at = at + length;
  return cred__array_check(array, input);
}

cred_status cred__idx_head(cred__array *array, cred__input *input) {
  static const struct {
    unsigned char code;
    char kind;
    size_t n_bytes;
  } types[] = {{0x08, 'u', 1}, {0x09, 'i', 1}, {0x0b, 'i', 2},
               {0x0c, 'i', 4}, {0x0d, 'f', 4}, {0x0e, 'f', 8}};
  memset(array, 0, sizeof *array);
  const unsigned char *p = input->buffer;
  if (input->end < 8 || p[0] || p[1])
    FAIL(CRED_EDATA, "%s: not an IDX file", input->name);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].code == p[2])
      array->kind = types[i].kind, array->n_bytes = types[i].n_bytes;
  if (!array->kind)
    FAIL(CRED_EDATA, "%s: IDX type 0x%02x is not known", input->name, p[2]);
  array->rank = p[3];
  if (array->rank < 1 || array->rank > CRED__RANK_MAX || input->end < 4 + 4 * array->rank)
    FAIL(CRED_EDATA, "%s: an IDX header of %zu axes that is cut short", input->name,
         array->rank);
  for (size_t i = 0; i < array->rank; i++) {
    const unsigned char *q = p + 4 + 4 * i;
    array->shape[i] = (size_t)q[0] << 24 | (size_t)q[1] << 16 | (size_t)q[2] << 8 | q[3];
  }
  array->big_endian = true;
  input->at = 4 + 4 * array->rank;
  return cred__array_check(array, input);
}
