// safetensors.h -- what the reader, the writer and the builder of a container share.

#ifndef CRED_SRC_DATA_SAFETENSORS_H
#define CRED_SRC_DATA_SAFETENSORS_H

#include "credence/data/safetensors.h"

typedef struct {
  cred_tensor tensor;
  char *name;          // tensor.name
  void *copy;          // of data that stood unaligned in the file, else NULL
  uint64_t begin, end; // place in the file's data
} cred__tensor_entry;

typedef struct {
  char *key, *text;
} cred__metadata_entry;

struct cred_tensors {
  cred__tensor_entry *entries; // sorted by name
  size_t n, capacity;
  cred__metadata_entry *texts; // sorted by key
  size_t n_texts, texts_capacity;
  unsigned char *bytes; // what was read: the data of all tensors
};

#define CRED__METADATA_NAME "__metadata__"
enum { CRED__HEADER_BYTES_MAX = 64 << 20 };

// 1 to 255 bytes of printable ASCII; `what` names the thing in the message.
cred_status cred__tensors_check_name(const char *name, const char *what,
                                     cred_status code);

// Product of the shape and of the element's size, both checked for overflow.
bool cred__tensor_size(size_t *n, size_t *n_bytes, const size_t *shape, size_t n_dims,
                       cred_dtype dtype);

bool cred__dtype_from_name(cred_dtype *out, const char *name);

// A container from the bytes of a file. `*bytes` is taken (and then NULL) on success.
cred_status cred__tensors_parse(cred_tensors **out, unsigned char **bytes, size_t n_bytes,
                                const cred_tensors_options *opt);

#endif
