// bootstrap.c -- standard errors of any statistic by resampling rows.
//
// The row that draw i of replicate r takes is a function of (key, r, i): nothing depends
// on what the statistic does.

#include "credence/metric/bootstrap.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "metric/order.h"
#include <math.h>

static cred_status check_rows(size_t n) {
  if (n == 0) FAIL(CRED_EINVAL, "bootstrap: no rows, expected at least one");
  return CRED_OK;
}

cred_status cred_bootstrap(double *replicates, size_t n_replicates,
                           cred_statistic statistic, void *context, size_t n,
                           const cred_key *key) {
  size_t *rows;
  TRY(check_rows(n));
  TRY(NEW(&rows, n, "rows of a replicate"));
  for (size_t r = 0; r < n_replicates; r++) {
    const cred_key stream = cred_key_derive(key, CRED_FOR_BOOTSTRAP, r);
    for (size_t i = 0; i < n; i++) rows[i] = (size_t)cred_key_below(&stream, i, n);
    replicates[r] = statistic(context, rows, n);
  }
  cred__free(rows);
  return CRED_OK;
}

// Standard deviation of the replicates that are numbers.
static cred_status spread_of(double *error, const double *replicates,
                             size_t n_replicates) {
  double mean = 0.0, square = 0.0, n = 0.0;
  for (size_t r = 0; r < n_replicates; r++) {
    if (isnan(replicates[r])) continue;
    const double d = replicates[r] - mean;
    n += 1.0;
    mean += d / n;
    square += d * (replicates[r] - mean);
  }
  if (n < 2.0)
    FAIL(CRED_EDATA,
         "bootstrap: the statistic is defined on %.0f of %zu replicates, "
         "expected at least 2",
         n, n_replicates);
  *error = sqrt(square / (n - 1.0));
  return CRED_OK;
}

cred_status cred_bootstrap_error(double *error, cred_statistic statistic, void *context,
                                 size_t n, size_t n_replicates, const cred_key *key) {
  double *replicates = NULL;
  cred_status status;
  TRY_DONE(NEW(&replicates, n_replicates, "replicates"));
  TRY_DONE(cred_bootstrap(replicates, n_replicates, statistic, context, n, key));
  status = spread_of(error, replicates, n_replicates);
done:
  cred__free(replicates);
  return status;
}

static double mean_of_replicate(const double *values, const double *weights, size_t n,
                                const cred_key *stream) {
  double sum = 0.0, total = 0.0;
  for (size_t i = 0; i < n; i++) {
    const size_t row = (size_t)cred_key_below(stream, i, n);
    const double w = cred__weight(weights, row);
    sum += w * values[row];
    total += w;
  }
  return total > 0.0 ? sum / total : NAN;
}

cred_status cred_bootstrap_mean_error(double *error, const double *values,
                                      const double *weights, size_t n,
                                      size_t n_replicates, const cred_key *key) {
  double *replicates = NULL;
  cred_status status;
  TRY_DONE(check_rows(n));
  TRY_DONE(NEW(&replicates, n_replicates, "replicates"));
  for (size_t r = 0; r < n_replicates; r++) {
    const cred_key stream = cred_key_derive(key, CRED_FOR_BOOTSTRAP, r);
    replicates[r] = mean_of_replicate(values, weights, n, &stream);
  }
  status = spread_of(error, replicates, n_replicates);
done:
  cred__free(replicates);
  return status;
}
