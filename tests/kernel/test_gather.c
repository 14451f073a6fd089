// Products with a matrix read out of a map, against a plain triple loop in double, for
// every instruction set. Error bound as in test_gemm.c.

#include "check.h"
#include "base/alloc.h"
#include "kernel/gather.h"
#include "kernel/kernel.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, N_MAP = 4096 };

static void fill(float *x, size_t n, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) x[i] = (float)(2 * cred_key_uniform(&key, i) - 1);
}

typedef struct {
  cred__gather_args g;
  float *map, *b, *packed, *start, *c, *before;
  size_t n_c, pitch;
} product;

// Rows walk over places, steps over taps, of a map of 16 columns and 4 channels; rows of
// C stand two by two in a wider array, from its end to its beginning.
static void product_init(product *p, size_t m, size_t n, size_t k, bool packed,
                         bool accumulate, bool start) {
  p->pitch = n + 3;
  p->n_c = (m + 1) * p->pitch;
  assert_ok(NEW(&p->map, N_MAP, "map"));
  assert_ok(NEW(&p->b, (k + 1) * (n + 5), "b"));
  assert_ok(NEW(&p->packed, cred__gather_pack_size(k, n), "packed"));
  assert_ok(NEW(&p->start, n, "start"));
  assert_ok(NEW(&p->c, p->n_c, "c"));
  assert_ok(NEW(&p->before, p->n_c, "c"));
  fill(p->map, N_MAP, m + k);
  fill(p->b, (k + 1) * (n + 5), n);
  fill(p->start, n, 4);
  fill(p->before, p->n_c, 5);
  const cred__offsets rows_b = {1, 1, (ptrdiff_t)(n + 5), 0, 0};
  cred__gather_pack(p->packed, p->b, &rows_b, 1, k, n);
  const ptrdiff_t pitch = (ptrdiff_t)p->pitch;
  p->g = (cred__gather_args){.first = 2,
                             .m = m,
                             .n = n,
                             .k = k,
                             .a = p->map,
                             .rows = {5, 1, 16, 4, 0},
                             .steps = {3, 4, 16, 4, 1},
                             .b = packed ? p->packed : p->b,
                             .ldb = packed ? 0 : n + 5,
                             .start = start ? p->start : NULL,
                             .accumulate = accumulate,
                             .c = p->c + ((m - 1) / 2 * 2) * p->pitch,
                             .out = {1, 2, -2 * pitch, 0, pitch}};
}

static void product_clear(product *p) {
  float *const all[] = {p->map, p->b, p->packed, p->start, p->c, p->before};
  for (size_t i = 0; i < 6; i++) cred__free(all[i]);
}

static size_t place(const cred__offsets *o, size_t i) {
  const size_t i0 = i / (o->n1 * o->n2), i1 = i / o->n2 % o->n1, i2 = i % o->n2;
  return (size_t)((ptrdiff_t)i0 * o->s0 + (ptrdiff_t)i1 * o->s1 + (ptrdiff_t)i2 * o->s2);
}

static void check(const product *p) {
  const cred__gather_args *g = &p->g;
  for (size_t i = 0; i < g->m; i++) {
    const size_t at = (size_t)(g->c - p->c) + place(&g->out, i);
    for (size_t j = 0; j < g->n; j++) {
      const double old = g->accumulate ? (double)p->before[at + j] : 0;
      const double begin = g->start ? (double)g->start[j] : 0;
      double sum = old + begin, size = fabs(old) + fabs(begin);
      for (size_t q = 0; q < g->k; q++) {
        const size_t from = place(&g->rows, g->first + i) + place(&g->steps, q);
        const double term = (double)p->map[from] * (double)p->b[q * (g->n + 5) + j];
        sum += term;
        size += fabs(term);
      }
      const double bound = 6e-8 * ((double)g->k + 3) * size + 1e-30;
      if (!(fabs((double)p->c[at + j] - sum) <= bound))
        fail_msg("%s: %zu x %zu x %zu: C[%zu, %zu] = %g, expected %g", cred__kernel_isa(),
                 g->m, g->n, g->k, i, j, (double)p->c[at + j], sum);
    }
    for (size_t j = g->n; j < p->pitch; j++) // what lies between rows is left alone
      assert_true(p->c[at + j] == p->before[at + j]);
  }
}

static void one(size_t m, size_t n, size_t k, int form) {
  product p;
  product_init(&p, m, n, k, form & 1, form & 2, form & 4);
  memcpy(p.c, p.before, p.n_c * sizeof *p.c);
  cred__gather_gemm(&p.g);
  check(&p);
  product_clear(&p);
}

static void test_against_triple_loop(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t m = 1; m <= 20; m += m < 10 ? 1 : 5)
      for (size_t n = 1; n <= 70; n += n < 4 ? 1 : 11)
        one(m, n, 1 + (m * 7 + n) % 40, (int)(m + n) % 8);
    for (int form = 0; form < 8; form++) {
      one(300, 33, 40, form); // across a chunk of rows
      one(9, 96, 300, form);  // across a block of steps
      one(3, 64, 257, form);
      one(7, 20, 0, form); // nothing to sum
    }
  }
}

// NaN of the map reaches the rows that read it and no other; NaN of B its column.
static void test_nan_stays(void **state) {
  (void)state;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t n = 3; n < 70; n += 30) {
      product p;
      product_init(&p, 11, n, 12, false, false, false);
      p.b[5 * (n + 5) + n - 1] = NAN;
      p.map[place(&p.g.rows, p.g.first + 10) + place(&p.g.steps, 11)] = NAN;
      cred__gather_gemm(&p.g);
      for (size_t i = 0; i < 11; i++) {
        bool reads = false;
        for (size_t q = 0; q < 12; q++)
          reads |= isnan(p.map[place(&p.g.rows, p.g.first + i) + place(&p.g.steps, q)]);
        const float *c = p.g.c + (ptrdiff_t)place(&p.g.out, i);
        for (size_t j = 0; j < n; j++)
          assert_int_equal(isnan(c[j]) != 0, reads || j == n - 1);
      }
      product_clear(&p);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_triple_loop),
      cmocka_unit_test(test_nan_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
