// source.c -- encoded data as a source: rows are copied.

#include "credence/data/source.h"
#include "base/fail.h"
#include <string.h>

static cred_status reader_new(void **out, const void *self, size_t n_threads) {
  (void)n_threads;
  *out = (void *)self;
  return CRED_OK;
}

static void reader_free(void *reader) {
  (void)reader;
}

static cred_status gather(void *reader, cred_real *x, cred_real *y, cred_real *weight,
                          const size_t *rows, size_t n, const cred_key *key) {
  const cred_data *d = reader;
  (void)key;
  for (size_t i = 0; i < n; i++) {
    TRY(cred_data_inputs(x + i * d->n_inputs, d, rows[i], 1));
    memcpy(y + i * d->n_targets, d->y + rows[i] * d->n_targets, d->n_targets * sizeof *y);
    if (d->weight) weight[i] = d->weight[rows[i]];
  }
  return CRED_OK;
}

cred_source cred_source_of_data(const cred_data *data) {
  return (cred_source){.n_rows = data->n_rows,
                       .n_inputs = data->n_inputs,
                       .n_units = 1,
                       .n_targets = data->n_targets,
                       .weighted = data->weight != NULL,
                       .fixed = true,
                       .self = data,
                       .reader_new = reader_new,
                       .reader_free = reader_free,
                       .gather = gather};
}
