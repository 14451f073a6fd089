// acquire_choose.c -- from scores to a batch: the highest, or drawn by a power of them.
//
//   power batch: the n highest of beta log s_i + g_i, g_i ~ Gumbel(0, 1), is a sample
//   without replacement with probabilities ~ s_i^beta; Kirsch et al. (2023), section 3;
//   Kool, van Hoof & Welling (2019)

#include "decide/acquire.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <stdlib.h>

typedef struct {
  double value, tie;
  size_t i;
} candidate;

static int by_value(const void *a, const void *b) {
  const candidate *p = a, *q = b;
  if (p->value != q->value) return p->value > q->value ? -1 : 1;
  if (p->tie != q->tie) return p->tie > q->tie ? -1 : 1;
  return p->i < q->i ? -1 : p->i > q->i;
}

double cred__acquire_tie(const cred_key *key, const uint64_t *row, size_t i) {
  return cred_key_uniform(key, row ? row[i] : i);
}

cred_status cred_acquire_choose(size_t *chosen, size_t n, const double *score,
                                const uint64_t *row, size_t n_rows, double power,
                                const cred_key *key) {
  candidate *all;
  if (n > n_rows)
    FAIL(CRED_EDATA, "acquire: %zu rows are asked for, there are %zu", n, n_rows);
  if (!(power >= 0) || isinf(power))
    FAIL(CRED_EINVAL, "acquire: power is %g, must be >= 0", power);
  TRY(NEW(&all, n_rows, "scores"));
  for (size_t i = 0; i < n_rows; i++) {
    const double u = cred__acquire_tie(key, row, i);
    all[i] = (candidate){score[i], u, i};
    if (power > 0) all[i].value = power * log(score[i]) - log(-log(u));
    // a score that is no number comes last; log 0 = -inf comes before it
    if (isnan(all[i].value)) all[i].value = -INFINITY, all[i].tie = -1;
  }
  qsort(all, n_rows, sizeof *all, by_value);
  for (size_t i = 0; i < n; i++) chosen[i] = all[i].i;
  cred__free(all);
  return CRED_OK;
}

static int by_number(const void *a, const void *b) {
  const size_t p = *(const size_t *)a, q = *(const size_t *)b;
  return (p > q) - (p < q);
}

cred_status cred_acquire_rows(size_t **rows, size_t *n_rows, size_t n, size_t n_kept,
                              const cred_key *key) {
  *rows = NULL;
  TRY(NEW(rows, n, "row numbers"));
  for (size_t i = 0; i < n; i++) (*rows)[i] = i;
  *n_rows = n_kept == 0 || n_kept > n ? n : n_kept;
  if (*n_rows == n) return CRED_OK;
  cred_key_shuffle(*rows, n, key);
  qsort(*rows, *n_rows, sizeof **rows, by_number);
  return CRED_OK;
}

void cred_acquire_rows_free(size_t *rows) {
  cred__free(rows);
}
