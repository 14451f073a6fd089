// fuzz_safetensors.c -- any bytes as a container: refused with a message, or consistent.

#include "base/alloc.h"
#include "data/safetensors.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

// Every element can be read, and every name be found again.
static void visit(const cred_tensors *t) {
  volatile unsigned char sum = 0;
  for (size_t i = 0; i < cred_tensors_count(t); i++) {
    const cred_tensor *x = cred_tensors_at(t, i);
    const size_t size = cred_dtype_bytes(x->dtype);
    if (cred_tensors_find(t, x->name) != x || (uintptr_t)x->data % size) abort();
    for (size_t k = 0; k < x->n * size; k++) sum ^= ((const unsigned char *)x->data)[k];
  }
  for (size_t i = 0; i < cred_tensors_metadata_count(t); i++)
    if (!cred_tensors_metadata(t, cred_tensors_metadata_key(t, i))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  cred_tensors_options opt = cred_tensors_defaults();
  unsigned char *bytes;
  cred_tensors *t;
  opt.finite = n % 2 == 0;
  if (NEW(&bytes, n, "a file") != CRED_OK) return 0;
  if (n) memcpy(bytes, data, n);
  const cred_status status = cred__tensors_parse(&t, &bytes, n, &opt);
  if (status == CRED_OK)
    visit(t);
  else if (status != CRED_EDATA || t || !cred_error_message()[0])
    abort();
  cred_tensors_free(t);
  cred__free(bytes);
  return 0;
}
