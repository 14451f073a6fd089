// acquire_batchbald.c -- a batch whose labels together say most about the weights.
//
//   I(y_1..y_n; theta) = H(y_1..y_n) - sum_i mean_k H(y_i | theta_k)
//   H(y_1..y_n) = H(y_1..y_(n-1)) + sum_Y p(Y) H(y_n | Y),  Y = y_1..y_(n-1)
//   p(y_n | Y) = sum_k w_k(Y) p_k(y_n),  w_k(Y) = p_k(Y) / sum_l p_l(Y)
// Kirsch, van Amersfoort & Gal (2019), eqs. 8 and 12: all Y while they are few, then Y
// drawn from p(Y). By the second line what a row adds is, over the rows Y of a matrix of
// weights W (configurations, K), mean H(row of W P) - mean_k H(p_k): one matrix product
// for all rows of the pool, P (K, N C), and no small differences of large entropies. The
// paper's estimate (eq. 14) is the same number.

#include "decide/acquire.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/information.h"
#include "kernel/kernel.h"
#include <math.h>
#include <string.h>

enum { TILE_CONFIGURATIONS = 64, TILE_ROWS = 32 };

typedef struct {
  const cred_class_draws *draws;
  size_t n_max; // configurations
  size_t n;     // now
  bool exact;
  cred_real *w;     // (n_max, K) rows of sum 1
  double *p;        // (n_max) probability of the configuration; 1 / n when drawn
  cred_real *w_new; // (n_max, K) while the configurations are extended
  double *p_new;
  double *expected; // (N) mean_k H(p_k)
  double *gain;     // (N)
  double *sum;      // (threads, TILE_ROWS C)
  cred_real *tile;  // (threads, TILE_CONFIGURATIONS, TILE_ROWS C)
} batch;

static void batch_clear(batch *b) {
  cred__free(b->w);
  cred__free(b->p);
  cred__free(b->w_new);
  cred__free(b->p_new);
  cred__free(b->expected);
  cred__free(b->gain);
  cred__free(b->sum);
  cred__free(b->tile);
}

static cred_status batch_init(batch *b, const cred_class_draws *d, size_t n_max,
                              size_t n_threads) {
  const size_t width = TILE_ROWS * d->n_classes;
  *b = (batch){.draws = d, .n_max = n_max, .n = 1, .exact = true};
  TRY(NEW(&b->w, n_max * d->n_draws, "configurations"));
  TRY(NEW(&b->w_new, n_max * d->n_draws, "configurations"));
  TRY(NEW(&b->p, n_max, "configurations"));
  TRY(NEW(&b->p_new, n_max, "configurations"));
  TRY(NEW(&b->expected, d->n_rows, "entropies"));
  TRY(NEW(&b->gain, d->n_rows, "gains"));
  TRY(NEW(&b->sum, n_threads * width, "entropies"));
  TRY(NEW(&b->tile, n_threads * TILE_CONFIGURATIONS * width, "probabilities"));
  for (size_t k = 0; k < d->n_draws; k++) b->w[k] = 1 / (cred_real)d->n_draws;
  b->p[0] = 1; // no label yet
  return cred__acquire_entropies(NULL, b->expected, d);
}

// Gains of a tile of rows: sum_Y p(Y) H(y | Y) - mean_k H(p_k).
static void gain_tile(void *context, size_t task, size_t worker) {
  batch *b = context;
  const cred_class_draws *d = b->draws;
  const size_t n_classes = d->n_classes, first = task * TILE_ROWS;
  const size_t left = d->n_rows - first, n_rows = left < TILE_ROWS ? left : TILE_ROWS;
  const size_t width = n_rows * n_classes, room = TILE_ROWS * n_classes;
  cred_real *tile = b->tile + worker * TILE_CONFIGURATIONS * room;
  double *sum = b->sum + worker * room;
  memset(sum, 0, width * sizeof *sum);
  for (size_t j = 0; j < b->n; j += TILE_CONFIGURATIONS) {
    const size_t n = b->n - j < TILE_CONFIGURATIONS ? b->n - j : TILE_CONFIGURATIONS;
    const cred__gemm_args g = {.m = n,
                               .n = width,
                               .k = d->n_draws,
                               .a = b->w + j * d->n_draws,
                               .lda = d->n_draws,
                               .b = d->prob + first * n_classes,
                               .ldb = d->n_rows * n_classes,
                               .c = tile,
                               .ldc = width};
    cred__gemm(&g);
    for (size_t i = 0; i < n; i++)
      cred__entropy_add(sum, tile + i * width, b->p[j + i], width);
  }
  for (size_t i = 0; i < n_rows; i++) {
    double h = -b->expected[first + i];
    for (size_t c = 0; c < n_classes; c++) h += sum[i * n_classes + c];
    b->gain[first + i] = h < 0 ? 0 : h;
  }
}

static const cred_real *prob_of(const cred_class_draws *d, size_t k, size_t row) {
  return d->prob + (k * d->n_rows + row) * d->n_classes;
}

// w_k(Y, c) ~ w_k(Y) p_k(c); returns p(c | Y), and a row of sum 1 if it is not 0.
static double extend(cred_real *to, const cred_real *w, const cred_class_draws *d,
                     size_t row, size_t c) {
  double sum = 0;
  for (size_t k = 0; k < d->n_draws; k++) {
    to[k] = w[k] * prob_of(d, k, row)[c];
    sum += (double)to[k];
  }
  for (size_t k = 0; k < d->n_draws && sum > 0; k++) to[k] = (cred_real)(to[k] / sum);
  return sum;
}

static void swap_new(batch *b, size_t n) {
  cred_real *w = b->w;
  double *p = b->p;
  b->w = b->w_new, b->p = b->p_new, b->n = n;
  b->w_new = w, b->p_new = p;
}

// Every configuration with every label of the row; those that cannot come are left out.
static void extend_all(batch *b, size_t row) {
  const cred_class_draws *d = b->draws;
  size_t n = 0;
  for (size_t j = 0; j < b->n; j++)
    for (size_t c = 0; c < d->n_classes; c++) {
      const double p =
          extend(b->w_new + n * d->n_draws, b->w + j * d->n_draws, d, row, c);
      if (p > 0) b->p_new[n++] = b->p[j] * p;
    }
  swap_new(b, n);
}

static size_t draw_class(const cred_real *p, size_t n_classes, double u) {
  double sum = 0, total = 0;
  for (size_t c = 0; c < n_classes; c++) total += (double)p[c];
  for (size_t c = 0; c + 1 < n_classes; c++) {
    sum += (double)p[c] / total;
    if (u < sum) return c;
  }
  return n_classes - 1;
}

// Configuration j with a label of the row drawn under draw j mod K.
static void extend_drawn(batch *b, size_t row, size_t place, const cred_key *key) {
  const cred_class_draws *d = b->draws;
  const cred_key labels = cred_key_derive(key, CRED_FOR_DRAW, place);
  for (size_t j = 0; j < b->n; j++) {
    const cred_real *p = prob_of(d, j % d->n_draws, row);
    const size_t c = draw_class(p, d->n_classes, cred_key_uniform(&labels, j));
    cred_real *w = b->w_new + j * d->n_draws;
    // a label whose probability is lost to rounding tells nothing
    if (!(extend(w, b->w + j * d->n_draws, d, row, c) > 0))
      memcpy(w, b->w + j * d->n_draws, d->n_draws * sizeof *w);
    b->p_new[j] = 1 / (double)b->n;
  }
  swap_new(b, b->n);
}

// From all configurations to drawn ones: those of the rows chosen so far, anew.
static void start_drawing(batch *b, const size_t *chosen, size_t n_chosen,
                          const cred_key *key) {
  const size_t n_draws = b->draws->n_draws;
  b->exact = false;
  b->n = b->n_max / n_draws * n_draws; // every draw equally often
  for (size_t i = 0; i < b->n * n_draws; i++) b->w[i] = 1 / (cred_real)n_draws;
  for (size_t i = 0; i < n_chosen; i++) extend_drawn(b, chosen[i], i, key);
}

static cred_status check(const cred_class_draws *d, size_t n, size_t n_configurations) {
  if (d->n_draws == 0 || d->n_rows == 0 || d->n_classes < 2)
    FAIL(CRED_EINVAL,
         "batchbald: %zu draws of %zu rows and %zu classes: at least 1, 1 and 2",
         d->n_draws, d->n_rows, d->n_classes);
  if (n > d->n_rows)
    FAIL(CRED_EDATA, "batchbald: %zu rows are asked for, there are %zu", n, d->n_rows);
  if (n_configurations < d->n_draws || n_configurations > (size_t)1 << 24)
    FAIL(CRED_EINVAL,
         "batchbald: %zu configurations, from the number of draws, %zu, to 2^24 are "
         "possible",
         n_configurations, d->n_draws);
  return CRED_OK;
}

// The largest gain that is not taken; ties by their order.
static size_t best(const batch *b, const bool *taken, const double *tie) {
  size_t at = SIZE_MAX;
  for (size_t i = 0; i < b->draws->n_rows; i++) {
    if (taken[i]) continue;
    if (at == SIZE_MAX || b->gain[i] > b->gain[at] ||
        (isnan(b->gain[at]) && !isnan(b->gain[i])) ||
        (b->gain[i] == b->gain[at] && tie && tie[i] > tie[at]))
      at = i;
  }
  return at;
}

cred_status cred_acquire_batchbald(size_t *chosen, double *gain,
                                   const cred_class_draws *d, size_t n,
                                   size_t n_configurations, const double *tie,
                                   const cred_key *key, size_t n_threads) {
  batch b = {0};
  bool *taken = NULL;
  cred_status status;
  TRY(check(d, n, n_configurations));
  n_threads = cred__n_threads(n_threads);
  TRY_DONE(batch_init(&b, d, n_configurations, n_threads));
  TRY_DONE(NEW(&taken, d->n_rows, "rows"));
  for (size_t i = 0; i < n; i++) {
    cred__parallel(n_threads, (d->n_rows + TILE_ROWS - 1) / TILE_ROWS, gain_tile, &b);
    chosen[i] = best(&b, taken, tie);
    gain[i] = b.gain[chosen[i]];
    taken[chosen[i]] = true;
    if (i + 1 == n) break;
    if (b.exact && b.n * d->n_classes <= b.n_max)
      extend_all(&b, chosen[i]);
    else if (b.exact)
      start_drawing(&b, chosen, i + 1, key);
    else
      extend_drawn(&b, chosen[i], i, key);
  }
done:
  cred__free(taken);
  batch_clear(&b);
  return status;
}
