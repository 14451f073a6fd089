// safetensors_read.c -- a container from a file that is not trusted.
//
// Checked before it is used: every size against what is there, every product and sum for
// overflow, types and fields against a list of those allowed, names; the tensors must
// cover the data exactly, one after the other. The parser sees only a header that is
// shallow and has a bounded number of values.

#include "data/safetensors.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_BYTES = 8, DEPTH_MAX = 3, COMMAS_A_TENSOR = 16 };

cred_tensors_options cred_tensors_defaults(void) {
  return (cred_tensors_options){
      .bytes_max = (size_t)1 << 34, .tensors_max = 65536, .finite = true};
}

// Depth and number of values, so that the parser's memory and stack are bounded.
static cred_status scan_header(const char *s, size_t n, size_t commas_max) {
  size_t depth = 0, n_commas = 0;
  bool in_string = false;
  if (n == 0 || s[0] != '{') FAIL(CRED_EDATA, "the header does not begin with '{'");
  for (size_t i = 0; i < n; i++) {
    const char c = s[i];
    if (in_string) {
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = false;
    } else if (c == '"')
      in_string = true;
    else if (c == '{' || c == '[')
      depth++;
    else if ((c == '}' || c == ']') && depth > 0)
      depth--;
    else if (c == ',')
      n_commas++;
    if (depth > DEPTH_MAX)
      FAIL(CRED_EDATA, "the header is nested deeper than %d at byte %zu", DEPTH_MAX, i);
    if (n_commas > commas_max)
      FAIL(CRED_EDATA, "the header has more than %zu values", commas_max);
  }
  return CRED_OK;
}

static cred_status parse_json(json_t **out, const char *s, size_t n, size_t tensors_max) {
  json_error_t error;
  size_t commas_max;
  if (__builtin_mul_overflow(tensors_max, (size_t)COMMAS_A_TENSOR, &commas_max))
    commas_max = SIZE_MAX;
  TRY(scan_header(s, n, commas_max));
  *out = json_loadb(s, n, JSON_REJECT_DUPLICATES, &error);
  if (!*out && json_error_code(&error) == json_error_out_of_memory)
    FAIL(CRED_ENOMEM, "no memory for the header");
  if (!*out)
    FAIL(CRED_EDATA, "the header is not valid JSON: %s at byte %d", error.text,
         error.position);
  if (!json_is_object(*out)) FAIL(CRED_EDATA, "the header is not a JSON object");
  return CRED_OK;
}

static cred_status read_count(uint64_t *out, const json_t *value, const char *what) {
  if (!json_is_integer(value) || json_integer_value(value) < 0)
    FAIL(CRED_EDATA, "%s is not a whole number >= 0", what);
  *out = (uint64_t)json_integer_value(value);
  return CRED_OK;
}

static cred_status read_shape(cred_tensor *tensor, const json_t *shape) {
  if (!json_is_array(shape)) FAIL(CRED_EDATA, "'shape' is not a list");
  tensor->n_dims = json_array_size(shape);
  if (tensor->n_dims > CRED_TENSOR_DIMS_MAX)
    FAIL(CRED_EDATA, "%zu dimensions, at most %d are expected", tensor->n_dims,
         CRED_TENSOR_DIMS_MAX);
  for (size_t i = 0; i < tensor->n_dims; i++) {
    uint64_t size = 0;
    TRY(read_count(&size, json_array_get(shape, i), "a dimension of 'shape'"));
    if (size > SIZE_MAX) FAIL(CRED_EDATA, "a dimension is larger than any memory");
    tensor->shape[i] = (size_t)size;
  }
  return CRED_OK;
}

static cred_status read_offsets(cred__tensor_entry *entry, const json_t *offsets,
                                size_t n_data) {
  size_t n_bytes;
  cred_tensor *tensor = &entry->tensor;
  if (!json_is_array(offsets) || json_array_size(offsets) != 2)
    FAIL(CRED_EDATA, "'data_offsets' is not a list of 2 numbers");
  TRY(read_count(&entry->begin, json_array_get(offsets, 0), "'data_offsets'"));
  TRY(read_count(&entry->end, json_array_get(offsets, 1), "'data_offsets'"));
  if (entry->begin > entry->end || entry->end > n_data)
    FAIL(CRED_EDATA, "'data_offsets' are %llu to %llu, outside the %zu bytes of data",
         (unsigned long long)entry->begin, (unsigned long long)entry->end, n_data);
  if (!cred__tensor_size(&tensor->n, &n_bytes, tensor->shape, tensor->n_dims,
                         tensor->dtype))
    FAIL(CRED_EDATA, "the product of its shape does not fit 64 bits");
  if (n_bytes != entry->end - entry->begin)
    FAIL(CRED_EDATA, "its shape needs %zu bytes, 'data_offsets' give %llu", n_bytes,
         (unsigned long long)(entry->end - entry->begin));
  return CRED_OK;
}

static cred_status read_fields(cred__tensor_entry *entry, json_t *value, size_t n_data) {
  const json_t *dtype = json_object_get(value, "dtype");
  const json_t *shape = json_object_get(value, "shape");
  const json_t *offsets = json_object_get(value, "data_offsets");
  if (!json_is_object(value) || !dtype || !shape || !offsets ||
      json_object_size(value) != 3)
    FAIL(CRED_EDATA, "expected exactly the fields 'dtype', 'shape', 'data_offsets'");
  if (!json_is_string(dtype)) FAIL(CRED_EDATA, "'dtype' is not a text");
  if (!cred__dtype_from_name(&entry->tensor.dtype, json_string_value(dtype)))
    FAIL(CRED_EDATA, "type '%.16s', expected F32, F64, I32, I64, U8, U32 or U64",
         json_string_value(dtype));
  TRY(read_shape(&entry->tensor, shape));
  return read_offsets(entry, offsets, n_data);
}

static cred_status read_entry(cred_tensors *t, const char *name, json_t *value,
                              size_t n_data) {
  TRY(cred__tensors_check_name(name, "a tensor", CRED_EDATA));
  cred__tensor_entry *entry = &t->entries[t->n];
  const cred_status status = read_fields(entry, value, n_data);
  if (status != CRED_OK) {
    cred__fail_prefix("tensor '%s'", name);
    return status;
  }
  TRY(cred__strdup(&entry->name, name));
  entry->tensor.name = entry->name;
  t->n++;
  return CRED_OK;
}

static int by_key(const void *a, const void *b) {
  return strcmp(((const cred__metadata_entry *)a)->key,
                ((const cred__metadata_entry *)b)->key);
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const cred__tensor_entry *)a)->name,
                ((const cred__tensor_entry *)b)->name);
}

static cred_status read_metadata(cred_tensors *t, json_t *metadata) {
  const char *key;
  json_t *value;
  if (!json_is_object(metadata))
    FAIL(CRED_EDATA, "'" CRED__METADATA_NAME "' is not an object");
  const size_t n = json_object_size(metadata);
  TRY(NEW(&t->texts, n, "the list of metadata"));
  t->texts_capacity = n;
  json_object_foreach(metadata, key, value) {
    TRY(cred__tensors_check_name(key, "a metadata text", CRED_EDATA));
    if (!json_is_string(value)) FAIL(CRED_EDATA, "metadata '%s' is not a text", key);
    cred__metadata_entry *entry = &t->texts[t->n_texts];
    TRY(cred__strdup(&entry->key, key));
    t->n_texts++; // from here on the container frees it
    TRY(cred__strdup(&entry->text, json_string_value(value)));
  }
  if (n) qsort(t->texts, n, sizeof *t->texts, by_key);
  return CRED_OK;
}

static cred_status read_entries(cred_tensors *t, json_t *header, size_t n_data,
                                size_t tensors_max) {
  const char *name;
  json_t *value, *metadata = json_object_get(header, CRED__METADATA_NAME);
  const size_t n = json_object_size(header) - (metadata ? 1 : 0);
  if (n > tensors_max)
    FAIL(CRED_EDATA, "%zu tensors, at most %zu are expected", n, tensors_max);
  if (metadata) TRY(read_metadata(t, metadata));
  TRY(NEW(&t->entries, n, "the list of tensors"));
  t->capacity = n;
  json_object_foreach(header, name, value) {
    if (value != metadata) TRY(read_entry(t, name, value, n_data));
  }
  return CRED_OK;
}

static int by_place(const void *a, const void *b) {
  const cred__tensor_entry *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  if (x->end != y->end) return x->end < y->end ? -1 : 1;
  return strcmp(x->name, y->name);
}

// The tensors follow one another without gap or overlap and cover all data.
static cred_status check_cover(cred_tensors *t, size_t n_data) {
  uint64_t at = 0;
  if (t->n) qsort(t->entries, t->n, sizeof *t->entries, by_place);
  for (size_t i = 0; i < t->n; i++) {
    const cred__tensor_entry *entry = &t->entries[i];
    if (entry->begin != at)
      FAIL(CRED_EDATA,
           "tensor '%s' begins at %llu, expected %llu: tensors follow one "
           "another without gap or overlap",
           entry->name, (unsigned long long)entry->begin, (unsigned long long)at);
    at = entry->end;
  }
  if (at != n_data)
    FAIL(CRED_EDATA, "the tensors cover %llu of %zu bytes of data",
         (unsigned long long)at, n_data);
  if (t->n) qsort(t->entries, t->n, sizeof *t->entries, by_name);
  return CRED_OK;
}

static cred_status place_data(cred__tensor_entry *entry, const unsigned char *data) {
  const size_t size = cred_dtype_bytes(entry->tensor.dtype);
  entry->tensor.data = data + entry->begin;
  if (entry->begin % size == 0) return CRED_OK;
  const size_t n_bytes = (size_t)(entry->end - entry->begin);
  unsigned char *copy;
  TRY(NEW(&copy, n_bytes, "an unaligned tensor"));
  memcpy(copy, entry->tensor.data, n_bytes);
  entry->tensor.data = entry->copy = copy;
  return CRED_OK;
}

static cred_status check_finite(const cred_tensor *tensor) {
  size_t i = tensor->n;
  if (tensor->dtype == CRED_F32) {
    const float *x = tensor->data;
    for (i = 0; i < tensor->n && isfinite(x[i]); i++) {
    }
  } else if (tensor->dtype == CRED_F64) {
    const double *x = tensor->data;
    for (i = 0; i < tensor->n && isfinite(x[i]); i++) {
    }
  }
  if (i < tensor->n)
    FAIL(CRED_EDATA, "tensor '%s': element %zu is not finite", tensor->name, i);
  return CRED_OK;
}

static cred_status header_length(size_t *out, const unsigned char *bytes,
                                 size_t n_bytes) {
  uint64_t n_header;
  if (n_bytes < PREFIX_BYTES)
    FAIL(CRED_EDATA, "%zu bytes, a safetensors file has 8 and a header", n_bytes);
  memcpy(&n_header, bytes, sizeof n_header);
  if (n_header > CRED__HEADER_BYTES_MAX || n_header > n_bytes - PREFIX_BYTES)
    FAIL(CRED_EDATA,
         "not a safetensors file, or cut short: it states a header of %llu "
         "bytes, has %zu after that number, and at most %d are read",
         (unsigned long long)n_header, n_bytes - PREFIX_BYTES, CRED__HEADER_BYTES_MAX);
  *out = (size_t)n_header;
  return CRED_OK;
}

cred_status cred__tensors_parse(cred_tensors **out, unsigned char **bytes, size_t n_bytes,
                                const cred_tensors_options *opt) {
  cred_status status = CRED_OK;
  cred_tensors *t = NULL;
  json_t *header = NULL;
  size_t n_header = 0;
  *out = NULL;
  TRY_DONE(header_length(&n_header, *bytes, n_bytes));
  const size_t n_data = n_bytes - PREFIX_BYTES - n_header;
  TRY_DONE(parse_json(&header, (const char *)*bytes + PREFIX_BYTES, n_header,
                      opt->tensors_max));
  TRY_DONE(cred_tensors_new(&t));
  TRY_DONE(read_entries(t, header, n_data, opt->tensors_max));
  TRY_DONE(check_cover(t, n_data));
  memmove(*bytes, *bytes + PREFIX_BYTES + n_header, n_data); // to an aligned address
  for (size_t i = 0; i < t->n; i++) {
    TRY_DONE(place_data(&t->entries[i], *bytes));
    if (opt->finite) TRY_DONE(check_finite(&t->entries[i].tensor));
  }
  t->bytes = *bytes;
  *bytes = NULL;
  *out = t;
  t = NULL;
done:
  json_decref(header);
  cred_tensors_free(t);
  return status;
}

cred_status cred_tensors_read(cred_tensors **out, const char *path,
                              const cred_tensors_options *opt) {
  const cred_tensors_options defaults = cred_tensors_defaults();
  unsigned char *bytes;
  size_t n_bytes;
  *out = NULL;
  if (!opt) opt = &defaults;
  TRY(cred__file_read(&bytes, &n_bytes, path, opt->bytes_max));
  const cred_status status = cred__tensors_parse(out, &bytes, n_bytes, opt);
  if (status != CRED_OK) cred__fail_prefix("%s", path);
  cred__free(bytes);
  return status;
}
