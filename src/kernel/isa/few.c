// few.c -- products of few rows, bound by reading the weights.
//
//   C = A B;   mean = x M,  var = x2 V + v M^2
// The rows of C stay in the first cache while the weights pass once, in the order of
// memory, STEP rows of them at a time. An element of C is the chain of multiply-adds of
// gemm.c. Measured on one core (AMD Zen 4, AVX-512), 784-1200-1200-10: one row in 126 us
// instead of 136 by tiles, its moments in 590 us instead of 1,000 by three products.

#include "isa.h"
#include "list.h"
#include "vector.h"
#include <string.h>

enum { STEP = 8 };

// c (n) += s[0] b[0] + ... + s[steps - 1] b[steps - 1], rows of B one after another.
static inline __attribute__((always_inline)) void add_rows(cred_real *c,
                                                           const cred_real *b, size_t ldb,
                                                           const cred_real *s, int steps,
                                                           size_t n) {
  size_t j = 0;
  for (; j + K_LANES <= n; j += K_LANES) {
    vec sum = *(const vec *)(c + j);
#pragma GCC unroll 8
    for (int q = 0; q < steps; q++) sum += s[q] * *(const vec *)(b + (size_t)q * ldb + j);
    *(vec *)(c + j) = sum;
  }
  if (j == n) return;
  vec sum = load_part(c + j, n - j);
  for (int q = 0; q < steps; q++) sum += s[q] * load_part(b + (size_t)q * ldb + j, n - j);
  copy_part(c + j, (const cred_real *)&sum, n - j);
}

// The same for rows p ... p + steps - 1 of B and row i of C.
static void add_product(cred_real *c, const cred_real *b, size_t ldb, const cred_real *s,
                        size_t steps, size_t n) {
  if (steps == STEP)
    add_rows(c, b, ldb, s, STEP, n);
  else
    for (size_t q = 0; q < steps; q++) add_rows(c, b + q * ldb, ldb, s + q, 1, n);
}

void K(few_rows)(const cred__gemm_args *g) {
  const size_t a_row = g->trans_a ? 1 : g->lda, a_step = g->trans_a ? g->lda : 1;
  for (size_t i = 0; i < g->m; i++)
    for (size_t j = 0; j < g->n; j++) {
      cred_real *c = g->c + i * g->ldc + j;
      *c = (g->accumulate ? *c : 0) + (g->bias ? g->bias[j] : 0);
    }
  for (size_t p = 0; p < g->k; p += STEP) {
    const size_t steps = g->k - p < STEP ? g->k - p : STEP;
    for (size_t i = 0; i < g->m; i++) {
      cred_real s[STEP];
      for (size_t q = 0; q < steps; q++) s[q] = g->a[i * a_row + (p + q) * a_step];
      add_product(g->c + i * g->ldc, g->b + p * g->ldb, g->ldb, s, steps, g->n);
    }
  }
}

// mean (n) += x M,  more (n) += v M^2, of as many rows of M.
typedef struct {
  cred_real *mean, *more;
  const cred_real *weight, *x, *v;
  size_t ld;
} means;

static inline __attribute__((always_inline)) void add_means_at(const means *a, int steps,
                                                               size_t j, size_t n) {
  vec mean = load(a->mean + j, n), more = load(a->more + j, n);
#pragma GCC unroll 8
  for (int q = 0; q < steps; q++) {
    const vec w = load(a->weight + (size_t)q * a->ld + j, n);
    mean += a->x[q] * w;
    more += a->v[q] * (w * w);
  }
  store_part(a->mean + j, mean, n);
  store_part(a->more + j, more, n);
}

static inline __attribute__((always_inline)) void add_means(const means *a, int steps,
                                                            size_t n) {
  size_t j = 0;
  for (; j + K_LANES <= n; j += K_LANES) add_means_at(a, steps, j, K_LANES);
  if (j < n) add_means_at(a, steps, j, n - j);
}

static void add_moments(const cred__moments_args *g, size_t i, size_t p, size_t steps) {
  const cred_real *weight = g->weight_mean + p * g->ld;
  const size_t x = i * g->ldx + p, y = i * g->ld;
  if (g->weight_var)
    add_product(g->var + y, g->weight_var + p * g->ld, g->ld, g->x2 + x, steps, g->n);
  if (!g->x_var) {
    add_product(g->mean + y, weight, g->ld, g->x + x, steps, g->n);
    return;
  }
  means a = {g->mean + y, g->more + y, weight, g->x + x, g->x_var + x, g->ld};
  if (steps == STEP) {
    add_means(&a, STEP, g->n);
    return;
  }
  for (size_t q = 0; q < steps; q++, a.weight += g->ld, a.x++, a.v++)
    add_means(&a, 1, g->n);
}

void K(few_moments)(const cred__moments_args *g) {
  const size_t bytes = g->n * sizeof *g->mean;
  for (size_t i = 0; i < g->m; i++) {
    memcpy(g->mean + i * g->ld, g->bias_mean, bytes);
    for (size_t j = 0; j < g->n; j++)
      g->var[i * g->ld + j] = g->bias_var ? g->bias_var[j] : 0;
    if (g->x_var) memset(g->more + i * g->ld, 0, bytes);
  }
  for (size_t p = 0; p < g->k; p += STEP)
    for (size_t i = 0; i < g->m; i++)
      add_moments(g, i, p, g->k - p < STEP ? g->k - p : STEP);
  for (size_t i = 0; i < g->m && g->x_var; i++)
    for (size_t j = 0; j < g->n; j++) g->var[i * g->ld + j] += g->more[i * g->ld + j];
}
