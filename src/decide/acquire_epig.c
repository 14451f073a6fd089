// acquire_epig.c -- expected predictive information gain: what the label of a row says
// about the labels of the rows to be predicted.
//
//   classes   EPIG(x) = mean_x* sum_{y,y*} p(y,y*) log(p(y,y*) / (p(y) p(y*))),
//             p(y,y*) = 1/K sum_k p_k(y) p_k(y*): for all pairs one matrix product
//   numbers   EPIG(x) = mean_x* -1/2 log(1 - rho^2),
//             rho = cov_k(m_k, m*_k) / sqrt(V V*), V = var_k m_k + noise
// Bickford Smith et al. (2023), eqs. 5 and 9. Shapes: draws (K, N, C), targets (K, M, C).

#include "decide/acquire.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/information.h"
#include "kernel/kernel.h"
#include <math.h>
#include <string.h>

enum { TILE_ROWS = 32 };

typedef struct {
  double *score;
  const cred_class_draws *pool, *targets;
  const double *pool_mean; // (N, C)
  const cred_real *mean;   // (M, C) of the targets
  cred_real *joint;        // (threads, TILE_ROWS C, M C)
} epig;

static void means(double *out, const cred_class_draws *d) {
  const size_t n = d->n_rows * d->n_classes;
  for (size_t k = 0; k < d->n_draws; k++)
    for (size_t i = 0; i < n; i++)
      out[i] += (double)d->prob[k * n + i] / (double)d->n_draws;
}

// A tile of rows: joint (rows C, M C) = pool^T targets / K, then the sums of its rows.
static void score_tile(void *context, size_t task, size_t worker) {
  const epig *e = context;
  const size_t n_classes = e->pool->n_classes, first = task * TILE_ROWS;
  const size_t left = e->pool->n_rows - first;
  const size_t n_rows = left < TILE_ROWS ? left : TILE_ROWS;
  const size_t m = e->targets->n_rows * n_classes;
  cred_real *joint = e->joint + worker * TILE_ROWS * n_classes * m;
  const cred__gemm_args g = {.m = n_rows * n_classes,
                             .n = m,
                             .k = e->pool->n_draws,
                             .trans_a = true,
                             .a = e->pool->prob + first * n_classes,
                             .lda = e->pool->n_rows * n_classes,
                             .b = e->targets->prob,
                             .ldb = m,
                             .c = joint,
                             .ldc = m};
  cred__gemm(&g);
  const cred_real share = 1 / (cred_real)e->pool->n_draws;
  for (size_t i = 0; i < n_rows * n_classes * m; i++) joint[i] *= share;
  for (size_t i = 0; i < n_rows; i++) {
    double sum = 0;
    for (size_t c = 0; c < n_classes; c++)
      sum += cred__information_sum(joint + (i * n_classes + c) * m,
                                   e->pool_mean[(first + i) * n_classes + c], e->mean, m);
    sum /= (double)e->targets->n_rows;
    e->score[first + i] = sum < 0 ? 0 : sum;
  }
}

static cred_status check_pair(size_t n_draws, size_t n_rows, size_t n_draws_target,
                              size_t n_targets) {
  if (n_rows == 0 || n_targets == 0 || n_draws == 0)
    FAIL(CRED_EINVAL, "epig: %zu rows, %zu targets, %zu draws: at least 1 of each",
         n_rows, n_targets, n_draws);
  if (n_draws != n_draws_target)
    FAIL(CRED_EINVAL,
         "epig: %zu draws of the rows and %zu of the targets: they must be "
         "the same draws",
         n_draws, n_draws_target);
  return CRED_OK;
}

cred_status cred_acquire_class_epig(double *score, const cred_class_draws *pool,
                                    const cred_class_draws *targets, size_t n_threads) {
  TRY(check_pair(pool->n_draws, pool->n_rows, targets->n_draws, targets->n_rows));
  const size_t n_classes = pool->n_classes, n = pool->n_rows * n_classes;
  const size_t m = targets->n_rows * n_classes;
  if (targets->n_classes != n_classes)
    FAIL(CRED_EINVAL, "epig: %zu classes of the rows and %zu of the targets", n_classes,
         targets->n_classes);
  n_threads = cred__n_threads(n_threads);
  epig e = {.score = score, .pool = pool, .targets = targets};
  double *pool_mean = NULL, *target_mean = NULL;
  cred_real *mean = NULL;
  cred_status status;
  TRY_DONE(NEW(&pool_mean, n, "means"));
  TRY_DONE(NEW(&target_mean, m, "means"));
  TRY_DONE(NEW(&mean, m, "means"));
  TRY_DONE(NEW(&e.joint, n_threads * TILE_ROWS * n_classes * m, "joint probabilities"));
  means(pool_mean, pool);
  means(target_mean, targets);
  for (size_t i = 0; i < m; i++) mean[i] = (cred_real)target_mean[i];
  e.pool_mean = pool_mean;
  e.mean = mean;
  cred__parallel(n_threads, (pool->n_rows + TILE_ROWS - 1) / TILE_ROWS, score_tile, &e);
done:
  cred__free(pool_mean);
  cred__free(target_mean);
  cred__free(mean);
  cred__free(e.joint);
  return status;
}

// Centred draws over the root of the total variance, (K, N): a product of two columns is
// then rho. A row without any variance is independent of all.
static cred_status standardise(double **out, const cred_number_draws *d) {
  TRY(NEW(out, d->n_draws * d->n_rows, "draws"));
  for (size_t i = 0; i < d->n_rows; i++) {
    double mean = 0, square = 0;
    for (size_t k = 0; k < d->n_draws; k++)
      mean += d->mean[k * d->n_rows + i] / (double)d->n_draws;
    for (size_t k = 0; k < d->n_draws; k++) {
      const double c = d->mean[k * d->n_rows + i] - mean;
      (*out)[k * d->n_rows + i] = c;
      square += c * c;
    }
    const double n = d->n_draws > 1 ? (double)d->n_draws - 1 : 1;
    const double var = square / n + d->noise_var[i];
    const double factor = var > 0 ? 1 / sqrt(n * var) : 0 * var;
    for (size_t k = 0; k < d->n_draws; k++) (*out)[k * d->n_rows + i] *= factor;
  }
  return CRED_OK;
}

cred_status cred_acquire_number_epig(double *score, const cred_number_draws *pool,
                                     const cred_number_draws *targets) {
  TRY(check_pair(pool->n_draws, pool->n_rows, targets->n_draws, targets->n_rows));
  double *a = NULL, *b = NULL, *rho = NULL;
  const size_t n = pool->n_rows, m = targets->n_rows;
  cred_status status;
  TRY_DONE(standardise(&a, pool));
  TRY_DONE(standardise(&b, targets));
  TRY_DONE(NEW(&rho, m, "correlations"));
  for (size_t i = 0; i < n; i++) {
    memset(rho, 0, m * sizeof *rho);
    for (size_t k = 0; k < pool->n_draws; k++)
      for (size_t j = 0; j < m; j++) rho[j] += a[k * n + i] * b[k * m + j];
    double sum = 0;
    for (size_t j = 0; j < m; j++) {
      const double square = rho[j] * rho[j];
      // without noise y* may follow from y: as much as 14 digits hold
      sum -= 0.5 * log1p(-(square < 1 - 1e-14 ? square : square * (1 - 1e-14)));
    }
    score[i] = sum / (double)m;
  }
done:
  cred__free(a);
  cred__free(b);
  cred__free(rho);
  return status;
}
