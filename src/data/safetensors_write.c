// safetensors_write.c -- a container to a file, whose bytes depend on its content alone.
//
// Metadata by key, then tensors by size of their elements (large first) and by name; the
// header is filled with blanks up to a multiple of 8, so that every tensor is aligned.

#include "data/safetensors.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file's order of bytes");

static int by_size_then_name(const void *a, const void *b) {
  const cred__tensor_entry *x = *(const cred__tensor_entry *const *)a;
  const cred__tensor_entry *y = *(const cred__tensor_entry *const *)b;
  const size_t x_bytes = cred_dtype_bytes(x->tensor.dtype);
  const size_t y_bytes = cred_dtype_bytes(y->tensor.dtype);
  if (x_bytes != y_bytes) return x_bytes > y_bytes ? -1 : 1;
  return strcmp(x->name, y->name);
}

static void append_string(cred__text *out, const char *s) {
  cred__text_append(out, "\"", 1);
  for (; *s; s++) {
    const unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      cred__text_printf(out, "\\%c", c);
    else if (c < 0x20 || c == 0x7f)
      cred__text_printf(out, "\\u%04x", c);
    else
      cred__text_append(out, s, 1);
  }
  cred__text_append(out, "\"", 1);
}

static void append_metadata(cred__text *out, const cred_tensors *t) {
  cred__text_printf(out, "\"" CRED__METADATA_NAME "\":{");
  for (size_t i = 0; i < t->n_texts; i++) {
    if (i) cred__text_append(out, ",", 1);
    append_string(out, t->texts[i].key);
    cred__text_append(out, ":", 1);
    append_string(out, t->texts[i].text);
  }
  cred__text_append(out, "}", 1);
}

static void append_tensor(cred__text *out, const cred__tensor_entry *entry, size_t begin,
                          size_t end) {
  const cred_tensor *tensor = &entry->tensor;
  append_string(out, entry->name);
  cred__text_printf(out, ":{\"dtype\":\"%s\",\"shape\":[",
                    cred_dtype_name(tensor->dtype));
  for (size_t i = 0; i < tensor->n_dims; i++)
    cred__text_printf(out, "%s%zu", i ? "," : "", tensor->shape[i]);
  cred__text_printf(out, "],\"data_offsets\":[%zu,%zu]}", begin, end);
}

static size_t entry_bytes(const cred__tensor_entry *entry) {
  return entry->tensor.n * cred_dtype_bytes(entry->tensor.dtype);
}

static cred_status make_header(cred__text *out, const cred_tensors *t,
                               const cred__tensor_entry *const *order) {
  size_t at = 0;
  cred__text_append(out, "{", 1);
  if (t->n_texts) append_metadata(out, t);
  for (size_t i = 0; i < t->n; i++) {
    size_t end;
    if (__builtin_add_overflow(at, entry_bytes(order[i]), &end))
      FAIL(CRED_EINVAL, "the tensors together do not fit 64 bits");
    if (i || t->n_texts) cred__text_append(out, ",", 1);
    append_tensor(out, order[i], at, end);
    at = end;
  }
  cred__text_append(out, "}", 1);
  while (!out->failed && out->n % 8) cred__text_append(out, " ", 1);
  TRY(cred__text_status(out));
  if (out->n > CRED__HEADER_BYTES_MAX)
    FAIL(CRED_EINVAL, "a header of %zu bytes, at most %d can be written", out->n,
         CRED__HEADER_BYTES_MAX);
  return CRED_OK;
}

static void write_all(FILE *file, const cred__text *header, const cred_tensors *t,
                      const cred__tensor_entry *const *order) {
  const uint64_t n_header = header->n;
  bool ok = fwrite(&n_header, sizeof n_header, 1, file) == 1 &&
            fwrite(header->s, 1, header->n, file) == header->n;
  for (size_t i = 0; ok && i < t->n; i++) {
    const size_t n = entry_bytes(order[i]);
    ok = n == 0 || fwrite(order[i]->tensor.data, 1, n, file) == n;
  }
  // a failure stays in the stream's error flag, which the commit looks at
}

cred_status cred_tensors_write(const cred_tensors *t, const char *path) {
  cred_status status = CRED_OK;
  const cred__tensor_entry **order = NULL;
  cred__text header = {0};
  cred__writer writer;
  TRY_DONE(NEW(&order, t->n, "the order of the tensors"));
  for (size_t i = 0; i < t->n; i++) order[i] = &t->entries[i];
  if (t->n) qsort(order, t->n, sizeof *order, by_size_then_name);
  status = make_header(&header, t, order);
  if (status != CRED_OK) {
    cred__fail_prefix("%s", path);
    goto done;
  }
  TRY_DONE(cred__writer_init(&writer, path));
  write_all(writer.file, &header, t, order);
  status = cred__writer_commit(&writer);
done:
  cred__text_clear(&header);
  cred__free(order);
  return status;
}
