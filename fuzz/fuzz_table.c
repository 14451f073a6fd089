// fuzz_table.c -- any bytes as a file of data: refused with a message, or a table whose
// every cell can be read and whose rows a schema can be learned on.

#define _GNU_SOURCE
#include "credence/data/lint.h"
#include "credence/data/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_status(cred_status status) {
  if (status == CRED_OK || status == CRED_EDATA || status == CRED_ENOMEM) return;
  if (status == CRED_ECONFIG || status == CRED_EUNAVAILABLE || status == CRED_EINVAL)
    return;
  abort();
}

static void visit(const cred_table *t) {
  char cell[64];
  const size_t n_rows = cred_table_n_rows(t) < 50 ? cred_table_n_rows(t) : 50;
  const size_t n_columns = cred_table_n_columns(t) < 50 ? cred_table_n_columns(t) : 50;
  for (size_t j = 0; j < n_columns; j++) {
    if (cred_table_find(t, cred_table_name(t, j)) != j) abort();
    for (size_t i = 0; i < n_rows; i++) cred_table_cell(cell, sizeof cell, t, i, j);
  }
}

static void learn(const cred_table *t) {
  const char *target = cred_table_name(t, cred_table_n_columns(t) - 1);
  cred_schema_options opt = cred_schema_defaults();
  cred_schema *schema;
  cred_data arrays;
  opt.targets = &target, opt.n_targets = 1, opt.missing = CRED_MISSING_INDICATOR;
  const cred_status status = cred_schema_learn(&schema, t, NULL, 0, &opt);
  check_status(status);
  if (status != CRED_OK) return;
  if (cred_schema_encode(&arrays, schema, t, NULL, 0, 1, 0) == CRED_OK)
    cred_data_clear(&arrays);
  cred_schema_free(schema);
}

static void stream(const char *path) {
  cred_table_stream *s;
  if (cred_table_stream_open(&s, path, NULL, NULL, 0) != CRED_OK) return;
  for (;;) {
    cred_table *t;
    if (cred_table_stream_next(&t, s, 3) != CRED_OK || !t) break;
    visit(t);
    cred_table_free(t);
  }
  cred_table_stream_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  char path[64];
  cred_table *t;
  cred_schema *schema;
  cred_lint_report *report;
  const int fd = memfd_create("fuzz", 0);
  if (fd < 0 || write(fd, data, n) != (ssize_t)n) abort();
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const cred_status status = cred_table_read(&t, path, NULL);
  check_status(status);
  if (status == CRED_OK) {
    visit(t);
    learn(t);
    cred_table_free(t);
  }
  stream(path);
  if (cred_lint(&report, path, NULL, NULL) == CRED_OK) cred_lint_free(report);
  if (cred_schema_from_json(&schema, (const char *)data, n) == CRED_OK)
    cred_schema_free(schema);
  close(fd);
  return 0;
}
