// safetensors.c -- a container of named arrays and texts in memory: building and looking
// up.
//
// Both lists are kept sorted, so that looking up is a binary search and the written file
// does not depend on the order of the calls.

#include "data/safetensors.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include <string.h>

static const struct {
  const char *name;
  size_t bytes;
} dtypes[] = {
    [CRED_F32] = {"F32", 4}, [CRED_F64] = {"F64", 8}, [CRED_I32] = {"I32", 4},
    [CRED_I64] = {"I64", 8}, [CRED_U8] = {"U8", 1},   [CRED_U32] = {"U32", 4},
    [CRED_U64] = {"U64", 8},
};
enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

static bool dtype_known(cred_dtype dtype) {
  return (unsigned)dtype < N_DTYPES;
}

size_t cred_dtype_bytes(cred_dtype dtype) {
  return dtype_known(dtype) ? dtypes[dtype].bytes : 0;
}

const char *cred_dtype_name(cred_dtype dtype) {
  return dtype_known(dtype) ? dtypes[dtype].name : "unknown";
}

bool cred__dtype_from_name(cred_dtype *out, const char *name) {
  for (int i = 0; i < N_DTYPES; i++)
    if (strcmp(dtypes[i].name, name) == 0) {
      *out = (cred_dtype)i;
      return true;
    }
  return false;
}

cred_status cred_tensors_new(cred_tensors **out) {
  return NEW(out, 1, "a container");
}

void cred_tensors_free(cred_tensors *t) {
  if (!t) return;
  for (size_t i = 0; i < t->n; i++) {
    cred__free(t->entries[i].name);
    cred__free(t->entries[i].copy);
  }
  for (size_t i = 0; i < t->n_texts; i++) {
    cred__free(t->texts[i].key);
    cred__free(t->texts[i].text);
  }
  cred__free(t->entries);
  cred__free(t->texts);
  cred__free(t->bytes);
  cred__free(t);
}

cred_status cred__tensors_check_name(const char *name, const char *what,
                                     cred_status code) {
  const size_t n = strlen(name);
  if (n == 0 || n > CRED_TENSOR_NAME_BYTES_MAX)
    return cred__fail(code, "the name of %s has %zu bytes, expected 1 to %d", what, n,
                      CRED_TENSOR_NAME_BYTES_MAX);
  for (size_t i = 0; i < n; i++)
    if (name[i] < 0x20 || name[i] > 0x7e)
      return cred__fail(code,
                        "the name of %s has byte 0x%02x at %zu, expected printable "
                        "ASCII",
                        what, (unsigned char)name[i], i);
  return CRED_OK;
}

bool cred__tensor_size(size_t *n, size_t *n_bytes, const size_t *shape, size_t n_dims,
                       cred_dtype dtype) {
  size_t product = 1;
  // a zero must not hide an overflow: another order of the same shape would not fit
  for (size_t i = 0; i < n_dims; i++)
    if (shape[i] && __builtin_mul_overflow(product, shape[i], &product)) return false;
  if (__builtin_mul_overflow(product, dtypes[dtype].bytes, n_bytes)) return false;
  for (size_t i = 0; i < n_dims; i++)
    if (shape[i] == 0) product = *n_bytes = 0;
  *n = product;
  return true;
}

// Where `name` is or belongs in the sorted list.
static size_t entry_place(const cred_tensors *t, const char *name, bool *found) {
  size_t low = 0, high = t->n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (strcmp(t->entries[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  *found = low < t->n && strcmp(t->entries[low].name, name) == 0;
  return low;
}

static size_t text_place(const cred_tensors *t, const char *key, bool *found) {
  size_t low = 0, high = t->n_texts;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (strcmp(t->texts[middle].key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  *found = low < t->n_texts && strcmp(t->texts[low].key, key) == 0;
  return low;
}

static cred_status check_tensor(cred_tensor *tensor, const char *name,
                                const size_t *shape, const void *data) {
  size_t n_bytes;
  TRY(cred__tensors_check_name(name, "a tensor", CRED_EINVAL));
  if (strcmp(name, CRED__METADATA_NAME) == 0)
    FAIL(CRED_EINVAL, "tensor '%s': the name is reserved", name);
  if (!dtype_known(tensor->dtype))
    FAIL(CRED_EINVAL, "tensor '%s': unknown type %d", name, (int)tensor->dtype);
  if (tensor->n_dims > CRED_TENSOR_DIMS_MAX)
    FAIL(CRED_EINVAL, "tensor '%s': %zu dimensions, at most %d can be written", name,
         tensor->n_dims, CRED_TENSOR_DIMS_MAX);
  if (!cred__tensor_size(&tensor->n, &n_bytes, shape, tensor->n_dims, tensor->dtype))
    FAIL(CRED_EINVAL, "tensor '%s': its size in bytes does not fit 64 bits", name);
  if (n_bytes > 0 && !data)
    FAIL(CRED_EINVAL, "tensor '%s': no data for %zu elements", name, tensor->n);
  for (size_t i = 0; i < tensor->n_dims; i++) tensor->shape[i] = shape[i];
  tensor->data = data;
  return CRED_OK;
}

cred_status cred_tensors_add(cred_tensors *t, const char *name, cred_dtype dtype,
                             const size_t *shape, size_t n_dims, const void *data) {
  cred__tensor_entry entry = {.tensor = {.dtype = dtype, .n_dims = n_dims}};
  bool found;
  TRY(check_tensor(&entry.tensor, name, shape, data));
  const size_t at = entry_place(t, name, &found);
  if (found) FAIL(CRED_EINVAL, "tensor '%s': there is one of this name already", name);
  if (t->n == t->capacity) {
    const size_t capacity = t->capacity ? 2 * t->capacity : 16;
    TRY(RESIZE(&t->entries, t->capacity, capacity, "the list of tensors"));
    t->capacity = capacity;
  }
  TRY(cred__strdup(&entry.name, name));
  entry.tensor.name = entry.name;
  memmove(t->entries + at + 1, t->entries + at, (t->n - at) * sizeof *t->entries);
  t->entries[at] = entry;
  t->n++;
  return CRED_OK;
}

// Length of the UTF-8 sequence at s (RFC 3629: shortest form, no surrogates), 0 if
// broken.
static size_t utf8_length(const unsigned char *s) {
  if (s[0] < 0x80) return 1;
  const size_t n = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
                   : s[0] >= 0xe0 && s[0] <= 0xef ? 3
                   : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                  : 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
      (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
    return 0;
  return n;
}

static cred_status check_text(const char *key, const char *text) {
  const unsigned char *p = (const unsigned char *)text;
  while (*p) {
    const size_t n = utf8_length(p);
    if (n == 0)
      FAIL(CRED_EINVAL, "metadata '%s': byte 0x%02x at %zu is not UTF-8", key, *p,
           (size_t)((const char *)p - text));
    p += n;
  }
  return CRED_OK;
}

cred_status cred_tensors_set_metadata(cred_tensors *t, const char *key,
                                      const char *text) {
  cred__metadata_entry entry = {0};
  bool found;
  TRY(cred__tensors_check_name(key, "a metadata text", CRED_EINVAL));
  TRY(check_text(key, text));
  const size_t at = text_place(t, key, &found);
  TRY(cred__strdup(&entry.text, text));
  if (found) {
    cred__free(t->texts[at].text);
    t->texts[at].text = entry.text;
    return CRED_OK;
  }
  cred_status status = CRED_OK;
  if (t->n_texts == t->texts_capacity) {
    const size_t capacity = t->texts_capacity ? 2 * t->texts_capacity : 16;
    TRY_DONE(RESIZE(&t->texts, t->texts_capacity, capacity, "the list of metadata"));
    t->texts_capacity = capacity;
  }
  TRY_DONE(cred__strdup(&entry.key, key));
  memmove(t->texts + at + 1, t->texts + at, (t->n_texts - at) * sizeof *t->texts);
  t->texts[at] = entry;
  t->n_texts++;
  return CRED_OK;
done:
  cred__free(entry.text);
  return status;
}

size_t cred_tensors_count(const cred_tensors *t) {
  return t->n;
}

const cred_tensor *cred_tensors_at(const cred_tensors *t, size_t i) {
  return i < t->n ? &t->entries[i].tensor : NULL;
}

const cred_tensor *cred_tensors_find(const cred_tensors *t, const char *name) {
  bool found;
  const size_t at = entry_place(t, name, &found);
  return found ? &t->entries[at].tensor : NULL;
}

static void shape_text(cred__text *text, const size_t *shape, size_t n_dims) {
  cred__text_printf(text, "(");
  for (size_t i = 0; i < n_dims; i++)
    cred__text_printf(text, "%s%zu", i ? ", " : "", shape[i]);
  cred__text_printf(text, ")");
}

static cred_status fail_shape(const cred_tensor *tensor, const size_t *shape,
                              size_t n_dims) {
  cred__text given = {0}, expected = {0};
  shape_text(&given, tensor->shape, tensor->n_dims);
  shape_text(&expected, shape, n_dims);
  const cred_status status =
      given.failed || expected.failed
          ? cred__fail(CRED_ENOMEM, "no memory for a message")
          : cred__fail(CRED_EDATA, "tensor '%s' has shape %s, expected %s", tensor->name,
                       given.s, expected.s);
  cred__text_clear(&given);
  cred__text_clear(&expected);
  return status;
}

cred_status cred_tensors_expect(const cred_tensor **out, const cred_tensors *t,
                                const char *name, cred_dtype dtype, const size_t *shape,
                                size_t n_dims) {
  *out = NULL;
  const cred_tensor *tensor = cred_tensors_find(t, name);
  if (!tensor) FAIL(CRED_EDATA, "tensor '%s' is missing", name);
  if (tensor->dtype != dtype)
    FAIL(CRED_EDATA, "tensor '%s' has type %s, expected %s", name,
         cred_dtype_name(tensor->dtype), cred_dtype_name(dtype));
  if (shape && (tensor->n_dims != n_dims ||
                memcmp(tensor->shape, shape, n_dims * sizeof *shape) != 0))
    return fail_shape(tensor, shape, n_dims);
  *out = tensor;
  return CRED_OK;
}

const char *cred_tensors_metadata(const cred_tensors *t, const char *key) {
  bool found;
  const size_t at = text_place(t, key, &found);
  return found ? t->texts[at].text : NULL;
}

size_t cred_tensors_metadata_count(const cred_tensors *t) {
  return t->n_texts;
}

const char *cred_tensors_metadata_key(const cred_tensors *t, size_t i) {
  return i < t->n_texts ? t->texts[i].key : NULL;
}
