// Mean and variance of few rows against the formula in double and, to the bit, against
// the products apart, for every instruction set and any number of threads.

#include "check.h"
#include "base/alloc.h"
#include "kernel/kernel.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, PAD = 3 };

typedef struct {
  cred__moments_args g;
  float *numbers, *mean, *var;
  size_t n_out;
} moments;

static float *fill(float **at, size_t n, double low, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  float *x = *at;
  for (size_t i = 0; i < n; i++)
    x[i] = (float)(low + (1 - low) * cred_key_uniform(&key, i));
  *at += n;
  return x;
}

static void init(moments *p, size_t m, size_t n, size_t k, bool uncertain, bool spread) {
  const size_t ldx = k + PAD, ld = n + PAD;
  p->n_out = m * ld;
  assert_ok(NEW(&p->numbers, 3 * m * ldx + 2 * k * ld + 2 * n + 3 * p->n_out, "numbers"));
  float *at = p->numbers;
  const float *x = fill(&at, m * ldx, -1, 1), *v = fill(&at, m * ldx, 0, 2);
  const float *x2 = fill(&at, m * ldx, 0, 3);
  const float *weight = fill(&at, k * ld, -1, 4), *var = fill(&at, k * ld, 0, 5);
  const float *bias = fill(&at, n, -1, 6), *bias_var = fill(&at, n, 0, 7);
  p->mean = at, p->var = at + p->n_out;
  p->g = (cred__moments_args){.m = m,
                              .n = n,
                              .k = k,
                              .ldx = ldx,
                              .ld = ld,
                              .x = x,
                              .x2 = x2,
                              .x_var = uncertain ? v : NULL,
                              .weight_mean = weight,
                              .weight_var = spread ? var : NULL,
                              .bias_mean = bias,
                              .bias_var = spread ? bias_var : NULL,
                              .mean = p->mean,
                              .var = p->var,
                              .more = at + 2 * p->n_out};
  for (size_t i = 0; i < 3 * p->n_out; i++) at[i] = 77;
}

static void check(const moments *p) {
  const cred__moments_args *g = &p->g;
  for (size_t i = 0; i < g->m; i++) {
    for (size_t j = 0; j < g->n; j++) {
      double mean = (double)g->bias_mean[j], size = fabs(mean);
      double var = g->bias_var ? (double)g->bias_var[j] : 0;
      for (size_t q = 0; q < g->k; q++) {
        const size_t at = i * g->ldx + q;
        const double w = (double)g->weight_mean[q * g->ld + j];
        mean += (double)g->x[at] * w;
        size += fabs((double)g->x[at] * w);
        if (g->weight_var)
          var += (double)g->x2[at] * (double)g->weight_var[q * g->ld + j];
        if (g->x_var) var += (double)g->x_var[at] * w * w;
      }
      const double bound = 6e-8 * ((double)g->k + 4); // Higham (2002), eq. 3.5
      assert_near((double)p->mean[i * g->ld + j], mean, bound * size + 1e-30);
      assert_near((double)p->var[i * g->ld + j], var, bound * var + 1e-30);
    }
    for (size_t j = g->n; j < g->ld; j++) // what lies between rows is left alone
      assert_true(p->mean[i * g->ld + j] == 77 && p->var[i * g->ld + j] == 77);
  }
}

static void test_against_the_formula(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t n = 2; n < 150 && cred__kernel_select(sets[s]); n += n < 20 ? 1 : 13)
      for (int form = 0; form < 4; form++) {
        moments p;
        init(&p, 1 + n % 4, n, 1 + n * 7 % 43, form & 1, form & 2);
        cred__few_moments(&p.g);
        check(&p);
        cred__free(p.numbers);
      }
}

// out = a B + bias, by the product.
static void product(float *out, const cred__moments_args *g, const float *a,
                    const float *b, const float *bias) {
  const cred__gemm_args product = {.m = g->m,
                                   .n = g->n,
                                   .k = g->k,
                                   .a = a,
                                   .b = b,
                                   .c = out,
                                   .lda = g->ldx,
                                   .ldb = g->ld,
                                   .ldc = g->ld,
                                   .bias = bias};
  cred__matmul(1, &product);
}

static void check_products(moments *p, size_t n_threads) {
  const cred__moments_args *g = &p->g;
  float *apart, *squares;
  assert_ok(NEW(&apart, 2 * p->n_out, "products"));
  assert_ok(NEW(&squares, g->k * g->ld, "squares"));
  for (size_t i = 0; i < g->k * g->ld; i++)
    squares[i] = g->weight_mean[i] * g->weight_mean[i];
  cred__matmul_moments(n_threads, g);
  product(apart, g, g->x, g->weight_mean, g->bias_mean);
  for (size_t i = 0; i < g->m; i++)
    assert_memory_equal(apart + i * g->ld, g->mean + i * g->ld, g->n * sizeof *apart);
  memset(apart, 0, 2 * p->n_out * sizeof *apart);
  if (g->weight_var) product(apart, g, g->x2, g->weight_var, g->bias_var);
  if (g->x_var) product(apart + p->n_out, g, g->x_var, squares, NULL);
  for (size_t i = 0; i < g->m; i++)
    for (size_t j = 0; j < g->n; j++) {
      const size_t at = i * g->ld + j;
      assert_true(apart[at] + apart[p->n_out + at] == g->var[at]);
    }
  cred__free(apart);
  cred__free(squares);
}

static void test_the_products_apart(void **state) {
  (void)state;
  static const size_t widths[] = {2, 33, 49, 97, 129, 700};
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t w = 0; w < 6 && cred__kernel_select(sets[s]); w++)
      for (int form = 0; form < 4; form++)
        for (size_t n_threads = 1; n_threads <= 3; n_threads++) {
          moments p;
          init(&p, CRED__FEW_ROWS, widths[w], 403, form & 1, form & 2);
          check_products(&p, n_threads);
          cred__free(p.numbers);
        }
}

// A NaN of an input reaches its row and no other; one of the weights its column.
static void test_nan_stays(void **state) {
  (void)state;
  enum { M = 3, N = 37, K = 21, ROW = 1, COLUMN = 36, Q = 20 };
  for (size_t s = 0; s < N_SETS; s++)
    for (int in_x = 0; in_x < 2 && cred__kernel_select(sets[s]); in_x++) {
      moments p;
      init(&p, M, N, K, true, true);
      if (in_x)
        ((float *)p.g.x_var)[ROW * p.g.ldx + Q] = NAN;
      else
        ((float *)p.g.weight_mean)[Q * p.g.ld + COLUMN] = NAN;
      cred__few_moments(&p.g);
      for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
          const bool hit = in_x ? i == ROW : j == COLUMN;
          assert_true(isnan(p.var[i * p.g.ld + j]) == hit);
          assert_true(isnan(p.mean[i * p.g.ld + j]) == (hit && !in_x));
        }
      cred__free(p.numbers);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_the_formula),
      cmocka_unit_test(test_the_products_apart),
      cmocka_unit_test(test_nan_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
