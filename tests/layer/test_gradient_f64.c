// Gradients of every layer in every evaluation, with respect to its input, the means and
// the standard deviations, against central differences in double.

#include "check.h"
#include "base/alloc.h"
#include "kernel/activation.h"
#include "layer/registry.h"

// Every word of the registry has a row: each kind of layer and each activation.
typedef struct {
  const char *word, *text;
  bool dropout, shared_mask;
  cred_shape in;
} row;
static const row table[] = {
    {"dense", "dense 4", .in = {1, 1, 3}},
    {"dense", "dense 4", .in = {2, 3, 2}},
    {"conv", "conv 4 3", .in = {5, 4, 2}},
    {"conv", "conv 3 2 same", .in = {4, 3, 2}},
    {"conv", "conv 3 3 same stride 2", .in = {6, 5, 2}},
    {"conv", "conv 4 2x3 pad 1 stride 2 groups 2", .in = {5, 6, 4}},
    {"conv", "conv 2 3 pad 2 dilation 2", .in = {5, 4, 1}},
    {"conv", "conv 2 2 stride 3 dilation 2", .in = {6, 6, 1}},
    {"conv", "conv 3 1", .in = {2, 3, 5}},
    {"conv", "conv 4 3 groups 4", .in = {4, 3, 4}},
    {"pool", "pool 2", .in = {5, 4, 3}},
    {"pool", "pool 3 stride 1", .in = {4, 5, 2}},
    {"pool", "pool 1x3 stride 2", .in = {2, 6, 2}},
    {"upconv", "upconv 3 2", .in = {3, 2, 2}},
    {"upconv", "upconv 2 3 stride 2 pad 1", .in = {3, 4, 2}},
    {"upconv", "upconv 4 3x2 stride 3 groups 2", .in = {2, 2, 2}},
    {"upconv", "upconv 2 4 stride 1 pad 2", .in = {4, 3, 1}},
    {"avgpool", "avgpool 2", .in = {5, 4, 3}},
    {"avgpool", "avgpool 3x2 stride 1", .in = {4, 5, 2}},
    {"globalpool", "globalpool", .in = {3, 4, 2}},
    {"upsample", "upsample 2", .in = {3, 2, 3}},
    {"upsample", "upsample 3 bilinear", .in = {3, 2, 2}},
    {"upsample", "upsample 2 bilinear", .in = {1, 4, 2}},
    {"norm", "norm 2", .in = {3, 2, 4}},
    {"norm", "norm 1", .in = {1, 1, 6}},
    {"norm", "norm 3", .in = {2, 3, 3}},
    {"channel_dropout", "channel_dropout 0.4", .in = {3, 2, 4}},
    {"channel_dropout", "channel_dropout 0.4", true, false, {3, 2, 4}},
    {"channel_dropout", "channel_dropout 0.4", true, true, {3, 2, 4}},
    {"dropout", "dropout 0.4", .in = {1, 1, 3}},
    {"dropout", "dropout 0.4", true, false, {1, 1, 3}},
    {"dropout", "dropout 0.4", true, true, {1, 1, 3}},
    {"relu", "relu", .in = {1, 1, 3}},
    {"leaky_relu", "leaky_relu 0.3", .in = {1, 1, 3}},
    {"elu", "elu 1.5", .in = {1, 1, 3}},
    {"gelu", "gelu", .in = {1, 1, 3}},
    {"silu", "silu", .in = {1, 1, 3}},
    {"tanh", "tanh", .in = {1, 1, 3}},
    {"sigmoid", "sigmoid", .in = {1, 1, 3}},
    {"softplus", "softplus", .in = {1, 1, 3}},
};
enum {
  N_TABLE = sizeof table / sizeof *table,
  B = 5,
  N_IN = 3,
  N_MAX = 1024,
  N_CACHE = 32768
};

// Layers of two inputs, and short forms, are in the whole networks below.
static const char *const in_networks[] = {"concat", "add", "unet"};

static void test_table_is_complete(void **state) {
  (void)state;
  for (size_t i = 0; i < cred__registry_n_words(); i++) {
    bool found = false;
    for (size_t j = 0; j < sizeof in_networks / sizeof *in_networks; j++)
      found |= strcmp(in_networks[j], cred__registry_word(i)) == 0;
    for (size_t j = 0; j < N_TABLE; j++)
      found |= strcmp(table[j].word, cred__registry_word(i)) == 0;
    if (!found) fail_msg("no row for '%s'", cred__registry_word(i));
  }
}

static void fill(double *x, size_t n, uint64_t seed, double low, double high) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) x[i] = low + (high - low) * cred_key_uniform(&key, i);
}

typedef struct {
  double dmean[N_MAX], dsd[N_MAX];
  int n_taken[N_MAX];
  bool sd_seen;
} store;

static void take(void *context, size_t offset, const cred_real *dmean,
                 const cred_real *dsd, size_t n) {
  store *s = context;
  for (size_t i = 0; i < n; i++) {
    s->dmean[offset + i] = dmean[i];
    if (dsd) s->dsd[offset + i] = dsd[i];
    s->n_taken[offset + i]++;
  }
  s->sd_seen |= dsd != NULL;
}

// One layer on its own: loss = sum weight o f(in).
typedef struct {
  const cred__layer *layer;
  cred__pass pass;
  double theta[N_MAX], sd[N_MAX], in[N_MAX], out[N_MAX], weight[N_MAX];
  double cache[N_CACHE], scratch[N_CACHE];
} fixture;

static double loss(fixture *f) {
  f->layer->ops->forward(f->layer, &f->pass, f->out, f->cache, f->scratch, f->in);
  double sum = 0;
  for (size_t i = 0; i < B * f->layer->n_out; i++) sum += f->weight[i] * f->out[i];
  return sum;
}

static void check_differences(fixture *f, double *x, const double *dx, size_t n,
                              const char *what) {
  const double h = 1e-6;
  for (size_t i = 0; i < n; i++) {
    const double old = x[i];
    x[i] = old + h;
    const double up = loss(f);
    x[i] = old - h;
    const double down = loss(f);
    x[i] = old;
    const double expected = (up - down) / (2 * h);
    if (!(fabs(dx[i] - expected) <= 1e-7 * (1 + fabs(expected))))
      fail_msg("%s, mode %d, %s[%zu]: %.12g, expected %.12g", f->layer->text,
               (int)f->pass.mode, what, i, dx[i], expected);
  }
}

static void check_layer(const row *r, cred__mode mode, bool with_sd) {
  static fixture f;
  static store s;
  static const uint64_t rows[B] = {7, 3, 1000000007, 3, 0};
  cred_network *network;
  memset(&s, 0, sizeof s);
  assert_ok(cred_network_parse_shaped(&network, r->text, r->in, 2, false));
  const cred__layer *layer = cred__network_item(network, 0);
  const size_t n = cred_network_n_params(network), n_in = B * layer->n_in;
  assert_true(n <= N_MAX && n_in <= N_MAX && B * layer->n_out <= N_MAX);
  assert_true(layer->ops->n_cache(layer, B, mode) <= N_CACHE);
  assert_true(layer->ops->n_scratch(layer, B, mode, 1) <= N_CACHE);
  const cred_sink sink = {take, &s};
  f.layer = layer;
  f.pass = (cred__pass){.mode = mode,
                        .dropout = r->dropout,
                        .shared_mask = r->shared_mask,
                        .n_rows = B,
                        .row = rows,
                        .key = cred_key_make(11),
                        .n_threads = 1,
                        .theta = f.theta,
                        .sd = with_sd ? f.sd : NULL,
                        .sink = &sink};
  fill(f.theta, n, 1, -1, 1);
  fill(f.sd, n, 2, 0.1, 0.6);
  fill(f.in, n_in, 3, -2, 2);
  fill(f.weight, B * layer->n_out, 4, -1, 1);
  double din[N_MAX];
  loss(&f);
  layer->ops->backward(layer, &f.pass, din, f.cache, f.scratch, f.weight, f.in, f.out);
  check_differences(&f, f.in, din, n_in, "in");
  for (size_t i = 0; i < layer->n_slices; i++) {
    const cred_network_slice *slice = &layer->slices[i];
    for (size_t k = 0; k < slice->n; k++)
      assert_int_equal(s.n_taken[slice->offset + k], 1);
    check_differences(&f, f.theta + slice->offset, s.dmean + slice->offset, slice->n,
                      "mean");
    assert_int_equal(s.sd_seen, mode != CRED__PLAIN && with_sd);
    if (s.sd_seen)
      check_differences(&f, f.sd + slice->offset, s.dsd + slice->offset, slice->n, "sd");
  }
  cred_network_free(network);
}

static void test_every_layer(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TABLE; i++)
    for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++) {
      check_layer(&table[i], (cred__mode)mode, true);
      check_layer(&table[i], (cred__mode)mode, false);
    }
}

// A whole network: the gradients of all slices at once.
typedef struct {
  cred_network *network;
  cred__network_work *work;
  cred__pass pass;
  double theta[N_MAX], sd[N_MAX], x[N_MAX], weight[N_MAX];
} whole;

static double whole_loss(whole *w) {
  const cred_real *out = cred__network_forward(w->network, w->work, &w->pass, w->x);
  double sum = 0;
  for (size_t i = 0; i < B * cred_network_n_outputs(w->network); i++)
    sum += w->weight[i] * out[i];
  return sum;
}

static void check_whole(whole *w, double *x, const double *dx, size_t n) {
  const double h = 1e-6;
  for (size_t i = 0; i < n; i++) {
    const double old = x[i];
    x[i] = old + h;
    const double up = whole_loss(w);
    x[i] = old - h;
    const double down = whole_loss(w);
    x[i] = old;
    assert_near(dx[i], (up - down) / (2 * h), 2e-7);
  }
}

static void test_whole_network(void **state) {
  (void)state;
  static const struct {
    const char *text;
    cred_shape in;
    bool per_pixel;
  } nets[] = {
      {"dropout 0.2, dense 4 tanh, dropout 0.3, dense 5 gelu", {1, 1, N_IN}, false},
      {"relu, dense 6 softplus, dense 3, silu", {1, 1, N_IN}, false},
      {"linear", {1, 1, N_IN}, false},
      {"conv 2 3 same tanh, pool 2, conv 3 2 softplus, dense 4", {4, 6, 1}, false},
      {"conv 2 3 same tanh, dropout 0.2, conv 2 1", {3, 4, 2}, true},
      {"conv 2 3 same tanh as a, conv 2 3 same as b, concat a, conv 2 1 silu, add b",
       {3, 4, 1},
       true},
      {"relu as a, tanh as b, add a, conv 2 2 silu as c, norm 1, add c gelu, concat c",
       {3, 3, 2},
       false},
      {"conv 2 3 same softplus as a, concat a, concat a", {2, 2, 1}, true},
      {"unet 2 3 tanh", {4, 2, 1}, true},
      {"unet 2 2 4 norm 2 gelu", {4, 4, 1}, true},
  };
  static whole w;
  static store s;
  for (size_t t = 0; t < sizeof nets / sizeof *nets; t++)
    for (int mode = CRED__PLAIN; mode <= CRED__FLIPOUT; mode++) {
      assert_ok(cred_network_parse_shaped(&w.network, nets[t].text, nets[t].in, 2,
                                          nets[t].per_pixel));
      const size_t n_in = B * cred_network_n_inputs(w.network);
      const size_t n_out = B * cred_network_n_outputs(w.network);
      assert_true(n_in <= N_MAX && n_out <= N_MAX);
      assert_ok(cred__network_work_new(&w.work, w.network, B, 1, true, false));
      memset(&s, 0, sizeof s);
      const cred_sink sink = {take, &s};
      const size_t n = cred_network_n_params(w.network);
      w.pass = (cred__pass){.mode = (cred__mode)mode,
                            .dropout = true,
                            .n_rows = B,
                            .key = cred_key_make(5),
                            .n_threads = 1,
                            .theta = w.theta,
                            .sd = mode ? w.sd : NULL,
                            .sink = &sink};
      fill(w.theta, n, 1, -1, 1);
      fill(w.sd, n, 2, 0.1, 0.6);
      fill(w.x, n_in, 3, -2, 2);
      fill(w.weight, n_out, 4, -1, 1);
      whole_loss(&w);
      double dout[N_MAX];
      memcpy(dout, w.weight, sizeof dout);
      cred__network_backward(w.network, w.work, &w.pass, w.x, dout);
      for (size_t i = 0; i < n; i++) assert_int_equal(s.n_taken[i], 1);
      check_whole(&w, w.theta, s.dmean, n);
      if (mode) check_whole(&w, w.sd, s.dsd, n);
      cred__network_work_free(w.work);
      cred_network_free(w.network);
    }
}

// Where the variance of an output is 0 its gradient with respect to sd is 0, not NaN.
static void test_no_noise_without_sd(void **state) {
  (void)state;
  static fixture f;
  static store s;
  memset(&s, 0, sizeof s);
  cred_network *network;
  assert_ok(cred_network_parse(&network, "dense 4", N_IN, 2));
  const cred_sink sink = {take, &s};
  f.layer = cred__network_item(network, 0);
  f.pass = (cred__pass){.mode = CRED__LOCAL,
                        .n_rows = B,
                        .key = cred_key_make(1),
                        .n_threads = 1,
                        .theta = f.theta,
                        .sd = f.sd,
                        .sink = &sink};
  fill(f.theta, cred_network_n_params(network), 1, -1, 1);
  fill(f.in, B * N_IN, 3, -2, 2);
  fill(f.weight, B * 4, 4, -1, 1);
  const double local = loss(&f);
  double din[N_MAX], din_plain[N_MAX];
  f.layer->ops->backward(f.layer, &f.pass, din, f.cache, f.scratch, f.weight, f.in,
                         f.out);
  for (size_t i = 0; i < 16; i++) assert_true(s.dsd[i] == 0);
  f.pass.sd = NULL;
  assert_true(loss(&f) == local);
  f.layer->ops->backward(f.layer, &f.pass, din_plain, f.cache, f.scratch, f.weight, f.in,
                         f.out);
  assert_memory_equal(din, din_plain, B * N_IN * sizeof *din);
  cred_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table_is_complete),
      cmocka_unit_test(test_every_layer),
      cmocka_unit_test(test_whole_network),
      cmocka_unit_test(test_no_noise_without_sd),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
