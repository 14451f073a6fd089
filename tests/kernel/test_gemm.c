// The matrix product against a plain triple loop in double, for every instruction set;
// the same bytes for any number of threads. Error bound of a dot product of k terms in
// float: |error| <= k u sum |a b| (Higham 2002, eq. 3.5); half of it is never reached
// here.

#include "check.h"
#include "base/alloc.h"
#include "kernel/kernel.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, PAD = 5 };

typedef struct {
  cred__gemm_args g;
  float *a, *b, *c, *c_before, *bias;
  size_t n_c;
} product;

static void fill(float *x, size_t n, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) x[i] = (float)(2 * cred_key_uniform(&key, i) - 1);
}

// Bits of form: A', B', C +=, + bias. Rows of A, B and C lie further apart than they are
// long; `pad` of it.
enum { FORMS = 16 };
static void product_init(product *p, size_t m, size_t n, size_t k, int form, size_t pad) {
  const bool trans_a = form & 1, trans_b = form & 2, accumulate = form & 4;
  const size_t rows_a = trans_a ? k : m, rows_b = trans_b ? n : k;
  const size_t lda = (trans_a ? m : k) + pad, ldb = (trans_b ? k : n) + pad,
               ldc = n + pad;
  p->n_c = m * ldc;
  assert_ok(NEW(&p->a, rows_a * lda, "a"));
  assert_ok(NEW(&p->b, rows_b * ldb, "b"));
  assert_ok(NEW(&p->c, p->n_c, "c"));
  assert_ok(NEW(&p->c_before, p->n_c, "c"));
  assert_ok(NEW(&p->bias, n, "a bias"));
  fill(p->bias, n, n);
  fill(p->a, rows_a * lda, m * 7 + k);
  fill(p->b, rows_b * ldb, n * 11 + k + 1);
  fill(p->c_before, p->n_c, 3);
  p->g = (cred__gemm_args){.m = m,
                           .n = n,
                           .k = k,
                           .trans_a = trans_a,
                           .trans_b = trans_b,
                           .accumulate = accumulate,
                           .a = p->a,
                           .b = p->b,
                           .c = p->c,
                           .lda = lda,
                           .ldb = ldb,
                           .ldc = ldc,
                           .bias = form & 8 ? p->bias : NULL};
}

static void product_clear(product *p) {
  cred__free(p->a);
  cred__free(p->b);
  cred__free(p->c);
  cred__free(p->c_before);
  cred__free(p->bias);
}

static void check(const product *p) {
  const cred__gemm_args *g = &p->g;
  for (size_t i = 0; i < g->m; i++) {
    for (size_t j = 0; j < g->n; j++) {
      const double before = g->accumulate ? (double)p->c_before[i * g->ldc + j] : 0;
      const double bias = g->bias ? (double)g->bias[j] : 0;
      double sum = before + bias, size = fabs(before) + fabs(bias);
      for (size_t q = 0; q < g->k; q++) {
        const double a =
            (double)(g->trans_a ? g->a[q * g->lda + i] : g->a[i * g->lda + q]);
        const double b =
            (double)(g->trans_b ? g->b[j * g->ldb + q] : g->b[q * g->ldb + j]);
        sum += a * b;
        size += fabs(a * b);
      }
      const double bound = 6e-8 * ((double)g->k + 2) * size + 1e-30;
      if (!(fabs((double)g->c[i * g->ldc + j] - sum) <= bound))
        fail_msg("%s: %zu x %zu x %zu%s%s%s%s: C[%zu, %zu] = %g, expected %g, bound %g",
                 cred__kernel_isa(), g->m, g->n, g->k, g->trans_a ? " A'" : "",
                 g->trans_b ? " B'" : "", g->accumulate ? " +=" : "",
                 g->bias ? " + bias" : "", i, j, (double)g->c[i * g->ldc + j], sum,
                 bound);
    }
    for (size_t j = g->n; j < g->ldc; j++) // what lies between rows is left alone
      assert_true(g->c[i * g->ldc + j] == p->c_before[i * g->ldc + j]);
  }
}

static void one(size_t m, size_t n, size_t k, int form, size_t pad) {
  product p;
  product_init(&p, m, n, k, form, pad);
  memcpy(p.c, p.c_before, p.n_c * sizeof *p.c);
  cred__gemm(&p.g);
  check(&p);
  product_clear(&p);
}

// The same by packed panels, C as it is or transposed, on n_threads threads.
static void one_packed(size_t m, size_t n, size_t k, int form, size_t pad,
                       size_t n_threads) {
  product p;
  product_init(&p, m, n, k, form, pad);
  float *panels, *transposed;
  const size_t room = k * cred__panel_room(n), ldt = m + pad;
  assert_ok(NEW(&panels, room, "panels"));
  assert_ok(NEW(&transposed, n * ldt, "c"));
  memcpy(p.c, p.c_before, p.n_c * sizeof *p.c);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++) transposed[j * ldt + i] = p.c[i * p.g.ldc + j];
  cred__gemm_args g = p.g;
  cred__pack(n_threads, panels, &g);
  g.packed = panels;
  g.b = NULL;
  cred__matmul(n_threads, &g);
  check(&p);
  g.trans_c = true;
  g.c = transposed;
  g.ldc = ldt;
  cred__matmul(n_threads, &g);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++)
      assert_true(transposed[j * ldt + i] == p.c[i * p.g.ldc + j]);
  cred__free(panels);
  cred__free(transposed);
  product_clear(&p);
}

static void every_size_packed(void) {
  const cred_key key = cred_key_make(10);
  uint64_t at = 0;
  for (size_t m = 1; m <= 20; m += m < 10 ? 1 : 5)
    for (size_t n = 1; n <= 120; n += n < 10 ? 1 : 11) {
      const size_t k = 1 + (size_t)cred_key_below(&key, at++, 40);
      one_packed(m, n, k, (int)cred_key_below(&key, at, FORMS), at % 2 ? 0 : PAD, 1);
    }
  for (int form = 0; form < FORMS; form++) {
    one_packed(9, 50, 3000, form, PAD, 1); // three panels deep
    one_packed(200, 300, 70, form, PAD, 3);
  }
}

static void test_packed(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++)
    if (cred__kernel_select(sets[s])) every_size_packed();
}

static void every_size(void) {
  const cred_key key = cred_key_make(9);
  uint64_t at = 0;
  for (size_t m = 1; m <= 70; m += m < 18 ? 1 : 13)
    for (size_t n = 1; n <= 120; n += n < 10 ? 1 : 7) {
      const size_t k = 1 + (size_t)cred_key_below(&key, at++, 40);
      one(m, n, k, (int)cred_key_below(&key, at, FORMS), at % 2 ? 0 : PAD);
    }
  for (int form = 0; form < FORMS; form++)
    for (size_t k = 253; k <= 600; k += 173) { // across the depth of a panel
      one(9, 49, k, form, PAD);
      one(3, 1, k, form, PAD);
      one(37, 1, k, form, 0);
      one(1, 97, k, form, 0);
    }
}

static void test_against_triple_loop(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++)
    if (cred__kernel_select(sets[s])) every_size();
}

// Cut in k, the rest added to C, and cut in rows: the same bytes, for more than one
// column.
static void test_cut_anywhere(void **state) {
  (void)state;
  static const size_t cuts[] = {1, 7, 64, 255, 256, 400};
  static const size_t widths[] = {2, 16, 33, 48, 50, 97};
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t w = 0; w < 6 && cred__kernel_select(sets[s]); w++)
      for (int form = 0; form < FORMS; form++) {
        enum { M = 21, K = 401 };
        product p;
        product_init(&p, M, widths[w], K, form, PAD);
        memcpy(p.c, p.c_before, p.n_c * sizeof *p.c);
        cred__gemm(&p.g);
        float *parts;
        assert_ok(NEW(&parts, p.n_c, "c"));
        for (size_t c = 0; c < 6; c++) {
          memcpy(parts, p.c_before, p.n_c * sizeof *parts);
          const size_t rows = c % 2 ? 9 : CRED__FEW_ROWS - 1;
          for (size_t i = 0; i < M; i += rows)
            for (size_t k = 0; k < K; k += cuts[c]) {
              cred__gemm_args g = p.g;
              g.m = M - i < rows ? M - i : rows;
              g.k = K - k < cuts[c] ? K - k : cuts[c];
              g.a += g.trans_a ? k * g.lda + i : i * g.lda + k;
              g.b += g.trans_b ? k : k * g.ldb;
              g.c = parts + i * g.ldc;
              g.accumulate |= k > 0;
              if (k > 0) g.bias = NULL;
              cred__gemm(&g);
            }
          assert_memory_equal(parts, p.c, p.n_c * sizeof *parts);
        }
        cred__free(parts);
        product_clear(&p);
      }
}

// Zeros of A left out, or multiplied: the same bytes, also where nothing is left.
static void check_zeros(size_t m, size_t n, size_t k, int form, double share) {
  const cred_key key = cred_key_make(m + n);
  product p;
  float *whole;
  product_init(&p, m, n, k, form, PAD);
  assert_ok(NEW(&whole, p.n_c, "c"));
  for (size_t i = 0; i < m * p.g.lda; i++)
    if (cred_key_uniform(&key, i) < share) p.a[i] = i % 2 ? 0.0f : -0.0f;
  memcpy(p.c, p.c_before, p.n_c * sizeof *p.c);
  cred__matmul(1, &p.g);
  check(&p);
  memcpy(whole, p.c, p.n_c * sizeof *p.c);
  p.g.skip_zeros = true;
  for (size_t n_threads = 1; n_threads <= 3; n_threads++) {
    memcpy(p.c, p.c_before, p.n_c * sizeof *p.c);
    cred__matmul(n_threads, &p.g);
    assert_memory_equal(whole, p.c, p.n_c * sizeof *p.c);
  }
  cred__free(whole);
  product_clear(&p);
}

static void test_zeros_left_out(void **state) {
  (void)state;
  static const size_t sizes[][3] = {{8, 96, 64},    {9, 97, 65},    {17, 193, 200},
                                    {135, 150, 40}, {40, 300, 999}, {3, 120, 80}};
  static const double shares[] = {0, 0.3, 0.5, 0.9, 1};
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t i = 0; i < 6 && cred__kernel_select(sets[s]); i++)
      for (size_t z = 0; z < 5; z++)
        for (int form = 0; form < FORMS; form += 4)
          check_zeros(sizes[i][0], sizes[i][1], sizes[i][2], form, shares[z]);
}

// What is not a number is not a zero.
static void test_nan_is_not_left_out(void **state) {
  (void)state;
  enum { M = 20, N = 130, K = 90, ROW = 13 };
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    product p;
    product_init(&p, M, N, K, 0, PAD);
    memset(p.a, 0, M * p.g.lda * sizeof *p.a);
    p.a[ROW * p.g.lda + K - 1] = NAN;
    p.g.skip_zeros = true;
    cred__gemm(&p.g);
    for (size_t i = 0; i < M; i++)
      for (size_t j = 0; j < N; j++)
        assert_true(i == ROW ? isnan(p.c[i * p.g.ldc + j]) : p.c[i * p.g.ldc + j] == 0);
    product_clear(&p);
  }
}

static void test_no_terms(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t n = 1; n < 40; n += 19)
      for (int form = 0; form < FORMS; form += 4) one(7, n, 0, form, PAD);
  }
}

// A NaN of A reaches its row of C and no other; one of B its column.
static void check_nan(bool in_a, size_t n, bool trans) {
  enum { M = 11, K = 23 };
  product p;
  product_init(&p, M, n, K, trans ? 3 : 0, PAD);
  const size_t i = M - 1, j = n - 1, q = 5;
  if (in_a)
    p.a[trans ? q * p.g.lda + i : i * p.g.lda + q] = NAN;
  else
    p.b[trans ? j * p.g.ldb + q : q * p.g.ldb + j] = NAN;
  cred__gemm(&p.g);
  for (size_t r = 0; r < M; r++)
    for (size_t c = 0; c < n; c++)
      assert_true(isnan(p.c[r * p.g.ldc + c]) == (in_a ? r == i : c == j));
  product_clear(&p);
}

static void test_nan_stays(void **state) {
  (void)state;
  static const size_t widths[] = {1, 3, 17, 48, 70};
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t w = 0; w < 5; w++)
      for (int form = 0; form < 4; form++) check_nan(form & 1, widths[w], form & 2);
  }
}

static void test_matmul_does_not_depend_on_threads(void **state) {
  (void)state;
  static const size_t sizes[][3] = {{1030, 97, 70}, {600, 200, 300}, {257, 1, 2000},
                                    {40, 40, 40},   {1, 1200, 230},  {3, 97, 900},
                                    {2, 113, 1200}, {4, 259, 300}};
  static const size_t threads[] = {1, 2, 3, 8};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (int form = 0; form < FORMS; form++) {
      product p;
      product_init(&p, sizes[s][0], sizes[s][1], sizes[s][2], form, PAD);
      float *first = NULL;
      assert_ok(NEW(&first, p.n_c, "c"));
      for (size_t t = 0; t < 4; t++) {
        memcpy(p.c, p.c_before, p.n_c * sizeof *p.c);
        const long live = cred__alloc_count();
        cred__matmul(threads[t], &p.g);
        assert_int_equal(cred__alloc_count(), live);
        if (t == 0)
          memcpy(first, p.c, p.n_c * sizeof *p.c);
        else
          assert_memory_equal(first, p.c, p.n_c * sizeof *p.c);
      }
      if (s != 1) check(&p);
      cred__free(first);
      product_clear(&p);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_triple_loop),
      cmocka_unit_test(test_packed),
      cmocka_unit_test(test_cut_anywhere),
      cmocka_unit_test(test_zeros_left_out),
      cmocka_unit_test(test_nan_is_not_left_out),
      cmocka_unit_test(test_no_terms),
      cmocka_unit_test(test_nan_stays),
      cmocka_unit_test(test_matmul_does_not_depend_on_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
