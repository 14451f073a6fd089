// files.h -- models to files in /tmp and their bytes, for the tests of this folder.

#ifndef CRED_TESTS_MODEL_FILES_H
#define CRED_TESTS_MODEL_FILES_H

#include "check.h"
#include "base/alloc.h"
#include "base/file.h"
#include "credence/model/model.h"
#include <unistd.h>

typedef struct {
  unsigned char *bytes;
  size_t n;
} file_bytes;

static inline const char *model_path(void) {
  static char path[64];
  snprintf(path, sizeof path, "/tmp/credence_model_%ld.cred", (long)getpid());
  return path;
}

static inline file_bytes bytes_of_model(const cred_model *model, bool final) {
  file_bytes f;
  assert_ok(cred_model_save(model, model_path(), final));
  assert_ok(cred__file_read(&f.bytes, &f.n, model_path(), (size_t)1 << 30));
  unlink(model_path());
  return f;
}

// Compares and frees both.
static inline void assert_same_bytes(file_bytes a, file_bytes b) {
  assert_int_equal(a.n, b.n);
  assert_memory_equal(a.bytes, b.bytes, a.n);
  cred__free(a.bytes);
  cred__free(b.bytes);
}

static inline cred_model *through_a_file(cred_model *model) {
  assert_ok(cred_model_save(model, model_path(), false));
  cred_model_free(model);
  assert_ok(cred_model_load(&model, model_path()));
  unlink(model_path());
  return model;
}

#endif
