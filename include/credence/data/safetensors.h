// credence/data/safetensors.h -- named arrays and texts in one file.
//
// The safetensors container: 8 bytes with the header's length (little-endian), a JSON
// header {"__metadata__": {key: text}, name: {"dtype", "shape", "data_offsets"}, ...}
// and the arrays, one after the other without gaps.
// Source: https://github.com/huggingface/safetensors, section "Format".
//
// One handle serves both ways. To write: new, add, set_metadata, write. To read: read,
// find. What is written depends on the content alone, not on the order of the calls: they
// stand by size of their elements (large first, so that all are aligned), then by name.

#ifndef CRED_DATA_SAFETENSORS_H
#define CRED_DATA_SAFETENSORS_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cred_tensors cred_tensors;

typedef enum {
  CRED_F32 = 0,
  CRED_F64,
  CRED_I32,
  CRED_I64,
  CRED_U8,
  CRED_U32,
  CRED_U64
} cred_dtype;

enum { CRED_TENSOR_DIMS_MAX = 8, CRED_TENSOR_NAME_BYTES_MAX = 255 };

typedef struct {
  const char *name;
  cred_dtype dtype;
  size_t n_dims, shape[CRED_TENSOR_DIMS_MAX];
  size_t n;         // product of the shape: 1 for a scalar (n_dims = 0)
  const void *data; // n elements, aligned for their type
} cred_tensor;

typedef struct {
  size_t bytes_max;   // larger files are refused
  size_t tensors_max; // so are files with more arrays
  bool finite;        // refuse NaN and infinity in F32 and F64
} cred_tensors_options;

/// 16 GiB, 65536 arrays, finite.
CRED_API cred_tensors_options cred_tensors_defaults(void);

/// The element's size in bytes, and the type's name in the file ("F32").
CRED_API size_t cred_dtype_bytes(cred_dtype dtype);
CRED_API const char *cred_dtype_name(cred_dtype dtype);

CRED_API cred_status cred_tensors_new(cred_tensors **out);
CRED_API void cred_tensors_free(cred_tensors *t);

/// Add an array. `data` is kept, not copied: it must live until `write`. `name` and
/// `shape` are copied. Fails with CRED_EINVAL on a name that is empty, longer than 255
/// bytes, not printable ASCII, reserved or taken, more than 8 dimensions, a size that
/// overflows.
CRED_API cred_status cred_tensors_add(cred_tensors *t, const char *name, cred_dtype dtype,
                                      const size_t *shape, size_t n_dims,
                                      const void *data);
/// Set a text (UTF-8), replacing the one of the same key. Both are copied.
CRED_API cred_status cred_tensors_set_metadata(cred_tensors *t, const char *key,
                                               const char *text);
/// Write the file ("-": standard output): complete or not at all. Equal content gives
/// equal bytes. Fails with CRED_ECANTCREATE, CRED_ELOCKED (another writer), CRED_EIO (no
/// space).
CRED_API cred_status cred_tensors_write(const cred_tensors *t, const char *path);

/// Read and check a whole file ("-": standard input). opt may be NULL.
///
/// Fails with CRED_ENOINPUT (no file), CRED_EDATA (any broken file: "FILE: what is wrong,
/// what is expected"), CRED_EIO, CRED_ENOMEM; then `*out` is NULL.
CRED_API cred_status cred_tensors_read(cred_tensors **out, const char *path,
                                       const cred_tensors_options *opt);

/// Arrays by name (NULL: there is none) and by number, in the order of their names.
/// Borrowed: valid until t is changed or freed.
CRED_API const cred_tensor *cred_tensors_find(const cred_tensors *t, const char *name);
CRED_API size_t cred_tensors_count(const cred_tensors *t);
CRED_API const cred_tensor *cred_tensors_at(const cred_tensors *t, size_t i);

/// The array of this name, which must have this type and shape (shape NULL: any).
/// Fails with CRED_EDATA: missing, or another type or shape than expected.
CRED_API cred_status cred_tensors_expect(const cred_tensor **out, const cred_tensors *t,
                                         const char *name, cred_dtype dtype,
                                         const size_t *shape, size_t n_dims);

/// Texts by key (NULL: there is none) and by number, in the order of their keys.
CRED_API const char *cred_tensors_metadata(const cred_tensors *t, const char *key);
CRED_API size_t cred_tensors_metadata_count(const cred_tensors *t);
CRED_API const char *cred_tensors_metadata_key(const cred_tensors *t, size_t i);

#ifdef __cplusplus
}
#endif

#endif
