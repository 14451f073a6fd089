// Passes with one mask for all rows leave out what it drops, and give the outputs of the
// whole layers to the bit.

#include "check.h"
#include "base/alloc.h"
#include "kernel/kernel.h"
#include "layer/dense.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, ROWS = 21, OUT = 4, KEYS = 12 };

typedef struct {
  cred_network *network;
  cred__network_work *thin, *whole; // a work for backward thins nothing
  float *theta, *x;
  cred__pass pass;
} fixture;

static void setup(fixture *f, const char *text, cred_shape in, size_t n_out) {
  assert_ok(cred_network_parse_shaped(&f->network, text, in, n_out, false));
  const size_t n_x = ROWS * in.height * in.width * in.channels;
  assert_ok(NEW(&f->theta, cred_network_n_params(f->network), "theta"));
  assert_ok(NEW(&f->x, n_x, "x"));
  const cred_key key = cred_key_make(3), key_x = cred_key_make(5);
  cred_network_init(f->network, f->theta, &key);
  for (size_t i = 0; i < n_x; i++) f->x[i] = (float)cred_key_uniform(&key_x, i) - 0.5f;
  assert_ok(cred__network_work_new(&f->thin, f->network, ROWS, 2, false, false));
  assert_ok(cred__network_work_new(&f->whole, f->network, ROWS, 1, true, false));
  f->pass = (cred__pass){.mode = CRED__PLAIN,
                         .dropout = true,
                         .shared_mask = true,
                         .n_rows = ROWS,
                         .n_threads = 2,
                         .theta = f->theta};
}

static void teardown(fixture *f) {
  cred__network_work_free(f->thin);
  cred__network_work_free(f->whole);
  cred__free(f->theta);
  cred__free(f->x);
  cred_network_free(f->network);
}

static void check_same(const char *text, cred_shape in, size_t n_out) {
  fixture f;
  setup(&f, text, in, n_out);
  for (int set = 0; set < N_SETS; set++) {
    if (!cred__kernel_select(sets[set])) continue;
    const long n = cred__alloc_count();
    for (uint64_t k = 0; k < KEYS; k++) {
      f.pass.key = cred_key_make(100 + k);
      const float *a = cred__network_forward(f.network, f.thin, &f.pass, f.x);
      const float *b = cred__network_forward(f.network, f.whole, &f.pass, f.x);
      for (size_t i = 0; i < ROWS * n_out; i++) assert_true(a[i] == b[i]);
    }
    assert_int_equal(cred__alloc_count(), n);
  }
  teardown(&f);
}

static void test_same_as_whole_layers(void **state) {
  (void)state;
  static const char *const texts[] = {
      "dense 70 relu, dropout 0.5, dense 33 tanh, dropout 0.3, dense 120, dropout 0.6",
      "dropout 0.4, dense 50 gelu, dense 20 relu, dropout 0.5, dropout 0.5",
      "dense 3 relu, dropout 0.95, dense 2, dropout 0.95, dense 3, dropout 0.99",
      "dropout 0.5, dense 9 as a, dropout 0.5, dense 9, add a, dropout 0.5, dense 9 relu",
      "dense 9, dropout 0.5, dense 9 as a, relu, dropout 0.3, dense 9 relu, add a",
      "dropout 0.5, dense 9, relu as a, dropout 0.3, dense 9 relu, add a",
      "dense 30 relu, dropout 0.1, dense 40 relu, dropout 0.5, dense 1, dropout 0.5",
  };
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
    for (size_t n_out = 1; n_out <= OUT; n_out += 3)
      check_same(texts[t], (cred_shape){1, 1, 19}, n_out);
  check_same("conv 5 3 relu, pool 2, dropout 0.25, dense 40 relu, dropout 0.5",
             (cred_shape){8, 8, 1}, OUT);
  check_same("conv 6 3 relu, channel_dropout 0.5, dense 40 relu, channel_dropout 0.5",
             (cred_shape){5, 6, 2}, OUT);
}

// Weights of units that the mask drops are not read: a NaN there stays there.
static void test_dropped_units_are_left_out(void **state) {
  (void)state;
  enum { UNITS = 40, IN = 7 };
  fixture f;
  setup(&f, "dense 7 relu, dropout 0.5, dense 40 relu, dropout 0.5",
        (cred_shape){1, 1, 7}, OUT);
  const cred__layer *dropout[2] = {cred__network_item(f.network, 2),
                                   cred__network_item(f.network, 5)};
  const cred__layer *dense = dropout[0] + 1;
  assert_ptr_equal(dense->ops, &cred__dense_ops);
  float mask[UNITS], *weight = f.theta + dense->slices[0].offset;
  for (int side = 0; side < 2; side++) {
    const cred_key key =
        cred__layer_draw_key(dropout[side], &f.pass.key, CRED_FOR_DROPOUT);
    const size_t n = side ? UNITS : IN;
    size_t n_dropped = 0;
    cred__mask_fill(mask, n, 0.5, &key, 0, 0);
    for (size_t i = 0; i < n; i++) {
      if (mask[i] != 0) continue;
      n_dropped++;
      for (size_t j = 0; j < (side ? IN : UNITS); j++)
        weight[side ? j * UNITS + i : i * UNITS + j] = NAN;
    }
    assert_true(n_dropped > 1);
  }
  const float *out = cred__network_forward(f.network, f.thin, &f.pass, f.x);
  for (size_t i = 0; i < ROWS * OUT; i++) assert_true(isfinite(out[i]));
  f.pass.n_rows = CRED__THIN_ROWS - 1; // too few rows: whole layers
  out = cred__network_forward(f.network, f.thin, &f.pass, f.x);
  assert_true(isnan(out[0]));
  teardown(&f);
}

static void test_compress(void **state) {
  (void)state;
  enum { N = 131 };
  const cred_key key = cred_key_make(8);
  float in[N], keep[N], out[N + 1];
  for (int set = 0; set < N_SETS; set++) {
    if (!cred__kernel_select(sets[set])) continue;
    for (size_t n = 0; n <= N; n++) {
      size_t kept = 0;
      for (size_t i = 0; i < n; i++) {
        in[i] = (float)(i + 1);
        keep[i] = cred_key_uniform(&key, n * N + i) < 0.6 ? 0 : i % 2 ? 2.0f : -1e-30f;
      }
      out[n] = -7;
      const size_t got = cred__compress(out, in, keep, n);
      for (size_t i = 0; i < n; i++)
        if (keep[i] != 0) assert_true(out[kept++] == in[i]);
      assert_int_equal(got, kept);
      assert_true(out[n] == -7); // n are room enough
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_as_whole_layers),
      cmocka_unit_test(test_dropped_units_are_left_out),
      cmocka_unit_test(test_compress),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
