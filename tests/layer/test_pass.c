// Passes in float: the same bytes for any number of threads, rows that do not depend on
// their block, no allocation, and agreement of the evaluations where they must agree.

#include "check.h"
#include "base/alloc.h"
#include "credence/prob/posterior.h"
#include "kernel/kernel.h"
#include "layer/layer.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3 };

typedef struct {
  cred_network *network;
  size_t n_rows, n_in, n_params;
  float *theta, *sd, *x, *dmean, *dsd, *out;
} fixture;

static void fill(float *x, size_t n, uint64_t seed, double low, double high) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++)
    x[i] = (float)(low + (high - low) * cred_key_uniform(&key, i));
}

static void fixture_init_shaped(fixture *f, const char *text, size_t n_rows,
                                cred_shape in, size_t n_out) {
  assert_ok(cred_network_parse_shaped(&f->network, text, in, n_out, false));
  const size_t n_in = in.height * in.width * in.channels;
  f->n_rows = n_rows;
  f->n_in = n_in;
  const size_t n = f->n_params = cred_network_n_params(f->network);
  assert_ok(NEW(&f->theta, n, "theta"));
  assert_ok(NEW(&f->sd, n, "sd"));
  assert_ok(NEW(&f->x, n_rows * n_in, "x"));
  assert_ok(NEW(&f->dmean, n, "dmean"));
  assert_ok(NEW(&f->dsd, n, "dsd"));
  assert_ok(NEW(&f->out, n_rows * n_out, "out"));
  const cred_key key = cred_key_make(3);
  cred_network_init(f->network, f->theta, &key);
  fill(f->sd, n, 4, 0.01, 0.1);
  fill(f->x, n_rows * n_in, 5, -1, 1);
}

static void fixture_init(fixture *f, const char *text, size_t n_rows, size_t n_in,
                         size_t n_out) {
  fixture_init_shaped(f, text, n_rows, (cred_shape){1, 1, n_in}, n_out);
}

static void fixture_clear(fixture *f) {
  cred__free(f->theta);
  cred__free(f->sd);
  cred__free(f->x);
  cred__free(f->dmean);
  cred__free(f->dsd);
  cred__free(f->out);
  cred_network_free(f->network);
}

static void take(void *context, size_t offset, const cred_real *dmean,
                 const cred_real *dsd, size_t n) {
  fixture *f = context;
  memcpy(f->dmean + offset, dmean, n * sizeof *dmean);
  if (dsd) memcpy(f->dsd + offset, dsd, n * sizeof *dsd);
}

static void run_both(fixture *f, cred__network_work *work, const cred__pass *pass) {
  const size_t n = f->n_rows * cred_network_n_outputs(f->network);
  const float *out = cred__network_forward(f->network, work, pass, f->x);
  memcpy(f->out, out, n * sizeof *out);
  float dout[4096];
  assert_true(n <= 4096);
  memcpy(dout, out, n * sizeof *out);
  cred__network_backward(f->network, work, pass, f->x, dout);
}

static cred__pass pass_of(const fixture *f, cred__mode mode, size_t n_threads,
                          const cred_sink *sink) {
  return (cred__pass){.mode = mode,
                      .dropout = true,
                      .n_rows = f->n_rows,
                      .key = cred_key_make(9),
                      .n_threads = n_threads,
                      .theta = f->theta,
                      .sd = mode ? f->sd : NULL,
                      .sink = sink};
}

static void check_threads(fixture *a, fixture *b, cred__mode mode) {
  static const size_t threads[] = {1, 2, 3, 8};
  for (size_t t = 0; t < 4; t++) {
    fixture *f = t == 0 ? a : b;
    const cred_sink sink = {take, f};
    const cred__pass pass = pass_of(f, mode, threads[t], &sink);
    cred__network_work *work;
    assert_ok(
        cred__network_work_new(&work, f->network, f->n_rows, threads[t], true, true));
    run_both(f, work, &pass);
    if (t > 0) {
      assert_memory_equal(a->out, b->out, a->n_rows * 13 * sizeof *a->out);
      assert_memory_equal(a->dmean, b->dmean, a->n_params * sizeof *a->dmean);
      assert_memory_equal(a->dsd, b->dsd, a->n_params * sizeof *a->dsd);
    }
    cred__network_work_free(work);
  }
}

static void test_same_bytes_for_any_threads(void **state) {
  (void)state;
  fixture a, b;
  const char *text = "dense 300 relu, dropout 0.1, dense 130 gelu";
  fixture_init(&a, text, 100, 400, 13);
  fixture_init(&b, text, 100, 400, 13);
  for (int set = 0; set < N_SETS; set++) {
    if (!cred__kernel_select(sets[set])) continue;
    for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++)
      check_threads(&a, &b, (cred__mode)mode);
  }
  fixture_clear(&a);
  fixture_clear(&b);
}

// Maps: tiles and tasks that threads share, and maps of several tasks.
static void test_same_bytes_on_maps(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t n_rows;
    cred_shape in;
  } nets[] = {
      {"conv 20 5 relu, pool 2, dropout 0.1, conv 9 3 same stride 2 relu, dense 30",
       41,
       {21, 19, 3}},
      {"conv 6 3 same dilation 2, pool 3", 2, {70, 60, 2}},
      {"conv 8 3 groups 4 relu", 9, {12, 12, 4}},
      {"unet 6 9 norm 3, channel_dropout 0.2", 7, {16, 20, 2}},
      {"conv 4 3 as a, upsample 2 bilinear, avgpool 2, add a relu, upconv 3 3, "
       "globalpool",
       33,
       {14, 12, 1}}};
  for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
    fixture a, b;
    fixture_init_shaped(&a, nets[i].text, nets[i].n_rows, nets[i].in, 13);
    fixture_init_shaped(&b, nets[i].text, nets[i].n_rows, nets[i].in, 13);
    for (int set = 0; set < N_SETS; set++) {
      if (!cred__kernel_select(sets[set])) continue;
      for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++)
        check_threads(&a, &b, (cred__mode)mode);
    }
    fixture_clear(&a);
    fixture_clear(&b);
  }
}

static void test_moments_same_bytes(void **state) {
  (void)state;
  enum { B = 150, OUT = 13 };
  fixture f;
  float first[2][B * OUT];
  fixture_init(&f, "dense 600 relu, dense 500 silu", B, 100, OUT);
  for (size_t n_threads = 1; n_threads <= 3; n_threads++)
    for (size_t n_rows = B; n_rows > 0; n_rows = n_rows == B ? 3 : 0) {
      cred__pass pass = pass_of(&f, CRED__LOCAL, n_threads, NULL);
      cred__network_work *work;
      const float *mean, *var;
      pass.n_rows = n_rows;
      assert_ok(cred__network_work_new(&work, f.network, B, n_threads, false, true));
      cred__network_moments(f.network, work, &mean, &var, &pass, f.x);
      if (n_threads == 1 && n_rows == B) {
        memcpy(first[0], mean, sizeof first[0]);
        memcpy(first[1], var, sizeof first[1]);
        for (size_t i = 0; i < B * OUT; i++) assert_true(var[i] > 0);
      }
      assert_memory_equal(first[0], mean, n_rows * OUT * sizeof *mean);
      assert_memory_equal(first[1], var, n_rows * OUT * sizeof *var);
      cred__network_work_free(work);
    }
  fixture_clear(&f);
}

static void check_rows(fixture *f, cred__network_work *work, cred__mode mode) {
  enum { B = 37, OUT = 3 };
  const size_t n_in = f->n_in;
  uint64_t index[B];
  for (size_t b = 0; b < B; b++) index[b] = 1000 - 7 * b;
  cred__pass pass = pass_of(f, mode, 1, NULL);
  pass.row = index;
  pass.finite = false; // the parts leave zeros out
  assert_int_equal(f->n_rows, B);
  const float *out = cred__network_forward(f->network, work, &pass, f->x);
  memcpy(f->out, out, B * OUT * sizeof *out);
  for (size_t size = 1; size < B; size += 5)
    for (size_t b = 0; b + size <= B; b += 3) {
      pass.row = index + b;
      pass.n_rows = size;
      pass.finite = true;
      out = cred__network_forward(f->network, work, &pass, f->x + b * n_in);
      assert_memory_equal(out, f->out + b * OUT, size * OUT * sizeof *out);
    }
}

// Moments of a row, alone or in any block; with what the weights need squared before,
// too.
static void check_moments_of_rows(fixture *f, cred__network_work *work, bool squared) {
  enum { B = 37, OUT = 3 };
  float *theta2, *sd2, mean[B * OUT], var[B * OUT];
  const float *part_mean, *part_var;
  assert_ok(NEW(&theta2, f->n_params, "squares"));
  assert_ok(NEW(&sd2, f->n_params, "squares"));
  for (size_t i = 0; i < f->n_params; i++) theta2[i] = f->theta[i] * f->theta[i];
  for (size_t i = 0; i < f->n_params; i++) sd2[i] = f->sd[i] * f->sd[i];
  cred__pass pass = pass_of(f, CRED__LOCAL, 1, NULL);
  cred__network_moments(f->network, work, &part_mean, &part_var, &pass, f->x);
  memcpy(mean, part_mean, sizeof mean);
  memcpy(var, part_var, sizeof var);
  pass.theta2 = squared ? theta2 : NULL;
  pass.var = squared ? sd2 : NULL;
  for (size_t size = 1; size < B; size += size < 6 ? 1 : 9)
    for (size_t b = 0; b + size <= B; b += 5) {
      pass.n_rows = size;
      cred__network_moments(f->network, work, &part_mean, &part_var, &pass,
                            f->x + b * f->n_in);
      assert_memory_equal(part_mean, mean + b * OUT, size * OUT * sizeof *mean);
      assert_memory_equal(part_var, var + b * OUT, size * OUT * sizeof *var);
    }
  cred__free(theta2);
  cred__free(sd2);
}

static void test_moments_do_not_depend_on_their_block(void **state) {
  (void)state;
  static const char *const nets[] = {"dense 70 relu, dropout 0.3, dense 97 silu, dense 1",
                                     "dense 193 tanh, dense 64 relu"};
  for (size_t i = 0; i < 2; i++)
    for (int set = 0; set < N_SETS; set++) {
      if (!cred__kernel_select(sets[set])) continue;
      fixture f;
      cred__network_work *work;
      fixture_init(&f, nets[i], 37, 11, 3);
      assert_ok(cred__network_work_new(&work, f.network, 37, 1, false, true));
      for (int squared = 0; squared < 2; squared++)
        check_moments_of_rows(&f, work, squared);
      cred__network_work_free(work);
      fixture_clear(&f);
    }
}

// The output of a row is a function of the row and of its index: alone, or in any block.
static void test_rows_do_not_depend_on_their_block(void **state) {
  (void)state;
  fixture f;
  for (int maps = 0; maps < 2; maps++) {
    if (maps)
      fixture_init_shaped(&f, "conv 5 3 relu, dropout 0.3, pool 2, conv 7 2 same", 37,
                          (cred_shape){6, 7, 2}, 3);
    else
      fixture_init(&f, "dense 97 tanh, dropout 0.5, dense 193 relu, dense 5 gelu", 37, 11,
                   3);
    cred__network_work *work;
    assert_ok(cred__network_work_new(&work, f.network, 37, 1, false, false));
    for (int set = 0; set < N_SETS; set++) {
      if (!cred__kernel_select(sets[set])) continue;
      for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++)
        check_rows(&f, work, (cred__mode)mode);
    }
    cred__network_work_free(work);
    fixture_clear(&f);
  }
}

// A function draw has one mask for all rows: equal rows give equal outputs.
static void test_shared_mask(void **state) {
  (void)state;
  enum { B = 9, IN = 40 };
  fixture f;
  fixture_init(&f, "dropout 0.5", B, IN, 1);
  for (size_t b = 1; b < B; b++) memcpy(f.x + b * IN, f.x, IN * sizeof *f.x);
  cred__network_work *work;
  assert_ok(cred__network_work_new(&work, f.network, B, 1, false, false));
  cred__pass pass = pass_of(&f, CRED__PLAIN, 1, NULL);
  const float *out = cred__network_forward(f.network, work, &pass, f.x);
  size_t n_same = 0;
  for (size_t b = 1; b < B; b++) n_same += out[b] == out[0];
  assert_true(n_same < 2);
  pass.shared_mask = true;
  out = cred__network_forward(f.network, work, &pass, f.x);
  for (size_t b = 1; b < B; b++) assert_true(out[b] == out[0]);
  const float one = out[0];
  pass.key = cred_key_make(10);
  out = cred__network_forward(f.network, work, &pass, f.x);
  assert_true(out[0] != one);
  cred__network_work_free(work);
  fixture_clear(&f);
}

static void check_no_allocation(const char *text, cred_shape in) {
  fixture f;
  fixture_init_shaped(&f, text, 64, in, 3);
  cred__network_work *work;
  assert_ok(cred__network_work_new(&work, f.network, 64, 2, true, true));
  const cred_sink sink = {take, &f};
  const long n = cred__alloc_count();
  for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++) {
    const cred__pass pass = pass_of(&f, (cred__mode)mode, 2, &sink);
    const float *mean, *var;
    run_both(&f, work, &pass);
    cred__network_moments(f.network, work, &mean, &var, &pass, f.x);
  }
  assert_int_equal(cred__alloc_count(), n);
  cred__network_work_free(work);
  fixture_clear(&f);
}

// Draws in one pass give the bytes of as many passes; so do variances made beforehand.
static void check_draws(const char *text, cred__mode mode, bool dropout, bool shared) {
  enum { ROWS = 7, DRAWS = 5, OUT = 3 };
  fixture f;
  fixture_init(&f, text, ROWS, 20, OUT);
  assert_true(cred__network_shares_draws(f.network));
  float *var, each[DRAWS * ROWS * OUT];
  assert_ok(NEW(&var, f.n_params, "variances"));
  for (size_t i = 0; i < f.n_params; i++) var[i] = f.sd[i] * f.sd[i];
  const uint64_t rows[ROWS] = {5, 900, 2, 1, 77, 0, 12};
  cred__network_work *work;
  assert_ok(cred__network_work_new(&work, f.network, DRAWS * ROWS, 3, false, false));
  cred__pass pass = pass_of(&f, mode, 1, NULL);
  pass.dropout = dropout;
  pass.shared_mask = shared;
  pass.row = rows;
  cred_key keys[DRAWS];
  for (size_t k = 0; k < DRAWS; k++) {
    pass.key = keys[k] = cred_key_make(100 + k);
    memcpy(each + k * ROWS * OUT, cred__network_forward(f.network, work, &pass, f.x),
           ROWS * OUT * sizeof *each);
  }
  for (int squared = 0; squared < 2; squared++)
    for (size_t t = 1; t <= 3; t += 2) {
      pass.var = squared ? var : NULL;
      pass.n_threads = t;
      const float *all =
          cred__network_forward_draws(f.network, work, &pass, keys, DRAWS, f.x, 0);
      assert_memory_equal(all, each, sizeof each);
    }
  cred__network_work_free(work);
  cred__free(var);
  fixture_clear(&f);
}

static void test_draws_in_one_pass(void **state) {
  (void)state;
  const char *deep = "dense 70 relu, dropout 0.3, dense 20 tanh, dropout 0.5, dense 9";
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    check_draws(deep, CRED__LOCAL, false, false);
    check_draws(deep, CRED__PLAIN, true, false);
    check_draws(deep, CRED__PLAIN, true, true);
    check_draws(deep, CRED__LOCAL, true, false);
    check_draws(deep, CRED__PLAIN, false, false); // nothing is drawn
    check_draws("linear", CRED__LOCAL, false, false);
    check_draws("dropout 0.2, dense 40 relu", CRED__PLAIN, true, false);
  }
}

// Draws made in the layers against passes of the whole theta, to the bit: few rows and
// many, shapes that tiles do not divide, one output, a bias of sd 0.
static void test_drawn_in_the_layers(void **state) {
  (void)state;
  enum { DRAWS = 3 };
  static const struct {
    const char *net;
    size_t n_rows, n_in, n_out;
  } cases[] = {{"dense 70 tanh, dense 33 relu", 1, 500, 1},
               {"dense 70 tanh, dense 33 relu", 9, 500, 3},
               {"dense 1300 relu", 1, 400, 20},
               {"dense 1300 relu", 40, 400, 20},
               {"dense 20 relu", 17, 1, 1}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    fixture f;
    fixture_init(&f, cases[c].net, cases[c].n_rows, cases[c].n_in, cases[c].n_out);
    f.sd[f.n_params - 1] = 0;
    cred_member member = {.kind = CRED_POSTERIOR_GAUSSIAN, .mean = f.theta, .sd = f.sd};
    const cred_posterior q = {.dim = f.n_params, .n_members = 1, .members = &member};
    cred__network_work *work, *plain;
    const size_t n = f.n_rows * cases[c].n_out;
    assert_ok(
        cred__network_work_new(&work, f.network, DRAWS * f.n_rows, 1, false, false));
    assert_ok(cred__network_work_new(&plain, f.network, f.n_rows, 1, false, false));
    float *theta;
    assert_ok(NEW(&theta, f.n_params, "theta"));
    const cred_key root = cred_key_make(8);
    cred_key keys[DRAWS];
    for (size_t k = 0; k < DRAWS; k++) keys[k] = cred_posterior_draw_key(&root, k);
    cred__pass pass = {.mode = CRED__DRAWN,
                       .n_rows = f.n_rows,
                       .n_threads = 1,
                       .theta = f.theta,
                       .sd = f.sd};
    for (size_t s = 0; s < N_SETS; s++) {
      if (!cred__kernel_select(sets[s])) continue;
      const float *out =
          cred__network_forward_draws(f.network, work, &pass, keys, DRAWS, f.x, 0);
      for (size_t k = 0; k < DRAWS; k++) {
        cred_posterior_draw(theta, &q, k, &root, 1);
        const cred__pass whole = {
            .mode = CRED__PLAIN, .n_rows = f.n_rows, .n_threads = 1, .theta = theta};
        const float *expected = cred__network_forward(f.network, plain, &whole, f.x);
        assert_memory_equal(out + k * n, expected, n * sizeof *out);
      }
    }
    cred__free(theta);
    cred__network_work_free(work);
    cred__network_work_free(plain);
    fixture_clear(&f);
  }
}

static void test_no_allocation(void **state) {
  (void)state;
  check_no_allocation("dense 200 relu, dropout 0.1, dense 100 tanh",
                      (cred_shape){1, 1, 50});
  check_no_allocation("conv 6 3 relu, pool 2, conv 6 2 same, dropout 0.1",
                      (cred_shape){8, 7, 2});
  check_no_allocation("unet 3 4 norm 1, upsample 2", (cred_shape){4, 6, 2});
}

// Standard deviations of 0: every evaluation gives what the plain one gives.
static void check_sd_0(const char *text, cred_shape in) {
  fixture f, plain;
  fixture_init_shaped(&f, text, 16, in, 2);
  fixture_init_shaped(&plain, text, 16, in, 2);
  memset(f.sd, 0, f.n_params * sizeof *f.sd);
  for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++) {
    fixture *to = mode ? &f : &plain;
    const cred_sink sink = {take, to};
    const cred__pass pass = pass_of(to, (cred__mode)mode, 1, &sink);
    cred__network_work *work;
    assert_ok(cred__network_work_new(&work, to->network, 16, 1, true, false));
    run_both(to, work, &pass);
    cred__network_work_free(work);
    if (!mode) continue;
    assert_memory_equal(f.out, plain.out, 32 * sizeof *f.out);
    assert_memory_equal(f.dmean, plain.dmean, f.n_params * sizeof *f.dmean);
  }
  fixture_clear(&f);
  fixture_clear(&plain);
}

static void test_sd_0_is_plain(void **state) {
  (void)state;
  check_sd_0("dense 20 silu, dense 10 elu", (cred_shape){1, 1, 5});
  check_sd_0("conv 6 3 silu, pool 2, dense 4", (cred_shape){8, 6, 2});
  check_sd_0("unet 2 3 norm 1", (cred_shape){4, 6, 2});
}

// Pooling goes before an activation that rises; a name on the activation keeps the order
// of the text. Outputs and gradients are the same numbers.
static void test_pool_first(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"conv 5 3 relu, pool 2, dense 6", "conv 5 3 relu as a, pool 2, dense 6"},
      {"conv 5 3 elu, pool 3 stride 2 as b, conv 5 1, add b",
       "conv 5 3 elu as a, pool 3 stride 2 as b, conv 5 1, add b"}};
  for (size_t i = 0; i < 2; i++) {
    fixture f[2];
    for (int k = 0; k < 2; k++) {
      fixture_init_shaped(&f[k], texts[i][k], 16, (cred_shape){9, 8, 2}, 3);
      const cred_sink sink = {take, &f[k]};
      const cred__pass pass = pass_of(&f[k], CRED__PLAIN, 1, &sink);
      cred__network_work *work;
      assert_ok(cred__network_work_new(&work, f[k].network, 16, 1, true, false));
      run_both(&f[k], work, &pass);
      assert_string_equal(cred_network_text(f[k].network), texts[i][k]);
      assert_int_equal(cred_network_layer(f[k].network, 0).out.height, 7);
      cred__network_work_free(work);
    }
    assert_string_equal(cred__network_item(f[0].network, 1)->name, "pool1");
    assert_string_equal(cred__network_item(f[1].network, 2)->name, "pool1");
    assert_memory_equal(f[0].out, f[1].out, 48 * sizeof(float));
    assert_memory_equal(f[0].dmean, f[1].dmean, f[0].n_params * sizeof(float));
    fixture_clear(&f[0]);
    fixture_clear(&f[1]);
  }
}

// Layers that no mask changes, evaluated apart, with the rest in another work.
static void test_before_dropout(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t n;
  } nets[] = {
      {"conv 4 3 relu, dropout 0.2, dense 5", 2},
      {"conv 4 3, channel_dropout 0.2, dense 5, dropout 0.1", 1},
      {"dropout 0.2, conv 4 3", 0},
      {"conv 4 3 relu, pool 2, dense 5", 5}, // all: none is random
      {"conv 4 3 same relu as a, conv 4 1, add a, dropout 0.2, dense 5", 4},
      {"conv 4 3 same relu as a, conv 4 1, dropout 0.2, add a", 1},
      {"relu as b, conv 2 1 as a, conv 2 1, add b, conv 2 1, dropout 0.2, add a", 0},
      {"unet 3 4, dropout 0.2, conv 2 1", 15}};
  for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
    fixture f;
    cred__network_work *whole, *part;
    fixture_init_shaped(&f, nets[i].text, 9, (cred_shape){8, 6, 2}, 3);
    const size_t n = cred__network_n_before_dropout(f.network);
    const size_t end = cred__network_n_items(f.network);
    assert_int_equal(n, nets[i].n);
    assert_ok(cred__network_work_new(&whole, f.network, 9, 1, false, false));
    assert_ok(cred__network_work_new(&part, f.network, 9, 1, false, false));
    cred__pass pass = pass_of(&f, CRED__PLAIN, 1, NULL);
    const float *all = cred__network_forward(f.network, whole, &pass, f.x);
    memcpy(f.out, all, 27 * sizeof *all);
    pass.dropout = false; // before: nothing is dropped
    const float *x = cred__network_forward_part(f.network, whole, &pass, f.x, 0, n);
    pass.dropout = true;
    x = cred__network_forward_part(f.network, part, &pass, x, n, end);
    assert_memory_equal(x, f.out, 27 * sizeof *x);
    cred__network_work_free(whole);
    cred__network_work_free(part);
    fixture_clear(&f);
  }
}

// A work without backward gives the same outputs, and an empty block is no fault.
static void check_forward_only(const char *text, cred_shape in) {
  fixture f;
  fixture_init_shaped(&f, text, 16, in, 2);
  cred__network_work *both, *one;
  assert_ok(cred__network_work_new(&both, f.network, 16, 1, true, false));
  assert_ok(cred__network_work_new(&one, f.network, 16, 3, false, false));
  for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++) {
    cred__pass pass = pass_of(&f, (cred__mode)mode, 0, NULL);
    const float *a = cred__network_forward(f.network, both, &pass, f.x);
    const float *b = cred__network_forward(f.network, one, &pass, f.x);
    assert_memory_equal(a, b, 32 * sizeof *a);
    pass.n_rows = 0;
    cred__network_forward(f.network, one, &pass, f.x);
  }
  cred__network_work_free(both);
  cred__network_work_free(one);
  fixture_clear(&f);
}

static void test_forward_only(void **state) {
  (void)state;
  check_forward_only("dense 20 relu, dropout 0.2, dense 10 gelu", (cred_shape){1, 1, 5});
  check_forward_only("unet 2 3 4, conv 2 1 as a, relu, concat a", (cred_shape){8, 4, 1});
  // convolutions that are pooled in the task that makes them, of one task and of several
  check_forward_only("conv 5 3 relu, pool 2, conv 3 2 pad 1, pool 3",
                     (cred_shape){13, 12, 2});
  check_forward_only("conv 20 3 groups 2, pool 2 stride 3, relu",
                     (cred_shape){70, 61, 2});
  check_forward_only("conv 2 3 relu, pool 2, conv 2 3, pool 3",
                     (cred_shape){15, 1100, 1});
  // not these: windows that overlap, a map that is read twice
  check_forward_only("conv 3 3, pool 3 stride 2", (cred_shape){9, 9, 1});
  check_forward_only("conv 3 3 as a, pool 2, upsample 2, add a", (cred_shape){10, 10, 1});
}

// NaN in a row stays in that row, and there it stays NaN.
static void test_nan_stays_in_its_row(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, "dense 20 relu, dense 10 leaky_relu", 16, 5, 2);
  cred__network_work *work;
  assert_ok(cred__network_work_new(&work, f.network, 16, 1, true, true));
  f.x[3 * 5 + 2] = NAN;
  for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++) {
    const cred__pass pass = pass_of(&f, (cred__mode)mode, 1, NULL);
    const float *out = cred__network_forward(f.network, work, &pass, f.x), *var;
    for (size_t i = 0; i < 32; i++) assert_int_equal(isnan(out[i]) != 0, i / 2 == 3);
    cred__network_moments(f.network, work, &out, &var, &pass, f.x);
    for (size_t i = 0; i < 32; i++) assert_int_equal(isnan(out[i]) != 0, i / 2 == 3);
  }
  cred__network_work_free(work);
  fixture_clear(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_bytes_for_any_threads),
      cmocka_unit_test(test_same_bytes_on_maps),
      cmocka_unit_test(test_moments_same_bytes),
      cmocka_unit_test(test_moments_do_not_depend_on_their_block),
      cmocka_unit_test(test_rows_do_not_depend_on_their_block),
      cmocka_unit_test(test_shared_mask),
      cmocka_unit_test(test_draws_in_one_pass),
      cmocka_unit_test(test_drawn_in_the_layers),
      cmocka_unit_test(test_no_allocation),
      cmocka_unit_test(test_sd_0_is_plain),
      cmocka_unit_test(test_pool_first),
      cmocka_unit_test(test_before_dropout),
      cmocka_unit_test(test_forward_only),
      cmocka_unit_test(test_nan_stays_in_its_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
