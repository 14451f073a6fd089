// Moments of every layer against 100,000 draws; the noisy evaluations against the means
// and variances they estimate. Tolerances: five Monte Carlo standard errors.

#include "check.h"
#include "layer/registry.h"

enum { N_IN = 3, N_OUT = 4, N_MAX = 128, N_MAP = 36, N_DRAWS = 100000, N_SCRATCH = 8192 };

static void fill(double *x, size_t n, uint64_t seed, double low, double high) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) x[i] = low + (high - low) * cred_key_uniform(&key, i);
}

// Sums of powers about a guess of the mean, so that nothing cancels.
typedef struct {
  double centre, s1, s2, s3, s4;
  size_t n;
} sums;

static void add(sums *s, double x) {
  const double d = x - s->centre, d2 = d * d;
  s->s1 += d;
  s->s2 += d2;
  s->s3 += d2 * d;
  s->s4 += d2 * d2;
  s->n++;
}

static void check(const sums *s, double mean, double var, const char *what) {
  const double n = (double)s->n, m1 = s->s1 / n, m2 = s->s2 / n;
  const double sample_var = m2 - m1 * m1;
  const double m4 =
      s->s4 / n - 4 * m1 * s->s3 / n + 6 * m1 * m1 * m2 - 3 * m1 * m1 * m1 * m1;
  const double mean_error = 5 * sqrt(sample_var / n) + 1e-12;
  const double var_error = 5 * sqrt(fmax(m4 - sample_var * sample_var, 0) / n) + 1e-12;
  if (!(fabs(s->centre + m1 - mean) <= mean_error) ||
      !(fabs(sample_var - var) <= var_error))
    fail_msg("%s: mean %g, variance %g; %zu draws gave %g +- %g, %g +- %g", what, mean,
             var, s->n, s->centre + m1, mean_error / 5, sample_var, var_error / 5);
}

// error: of an approximation, in standard deviations of the output; 0 where it is exact.
typedef struct {
  const char *text;
  bool dropout, in_var, sd;
  cred_shape in;
  double error;
} row;
#define ROW                                                                              \
  { 1, 1, N_IN }
static const row table[] = {
    {"dense 4", false, true, true, ROW, 0},
    {"dense 4", false, true, false, ROW, 0},
    {"dense 4", false, false, true, ROW, 0},
    {"conv 2 2", false, true, true, {3, 3, 2}, 0},
    {"conv 2 3 same stride 2", false, true, false, {4, 3, 2}, 0},
    {"conv 2 2 groups 2", false, false, true, {2, 3, 2}, 0},
    {"pool 1x2 stride 2", false, true, false, {1, 4, 2}, 0},
    {"pool 2", false, true, false, {4, 4, 2}, 0.15},
    {"pool 3", false, true, false, {3, 3, 2}, 0.15},
    {"upconv 2 3 stride 2 pad 1", false, true, true, {2, 3, 2}, 0},
    {"avgpool 2", false, true, false, {4, 4, 2}, 0},
    {"globalpool", false, true, false, {3, 4, 2}, 0},
    {"upsample 2", false, true, false, {2, 2, 2}, 0},
    {"upsample 3 bilinear", false, true, false, {2, 3, 2}, 0},
    {"norm 1", false, true, false, {3, 3, 4}, 0.15},
    {"channel_dropout 0.4", true, true, false, {2, 2, 3}, 0},
    {"dropout 0.4", true, true, false, ROW, 0},
    {"dropout 0.4", true, false, false, ROW, 0},
    {"dropout 0.4", false, true, false, ROW, 0},
    {"relu", false, true, false, ROW, 0},
    {"leaky_relu 0.3", false, true, false, ROW, 0},
    {"elu 1.5", false, true, false, ROW, 0},
    {"gelu", false, true, false, ROW, 0},
    {"silu", false, true, false, ROW, 0},
    {"tanh", false, true, false, ROW, 0},
    {"sigmoid", false, true, false, ROW, 0},
    {"softplus", false, true, false, ROW, 0},
};
enum { N_TABLE = sizeof table / sizeof *table };

static void test_every_layer_is_here(void **state) {
  (void)state;
  for (size_t i = 0; i < cred__registry_n_words(); i++) {
    const char *word = cred__registry_word(i);
    // the two of two inputs are in a network below; unet is short for others
    bool found = strcmp(word, "concat") == 0 || strcmp(word, "add") == 0 ||
                 strcmp(word, "unet") == 0;
    for (size_t j = 0; j < N_TABLE; j++)
      found |= strncmp(table[j].text, word, strlen(word)) == 0;
    if (!found) fail_msg("no row for '%s'", word);
  }
}

typedef struct {
  double theta[N_MAX], sd[N_MAX], mean[N_MAP], var[N_MAP], y_mean[N_MAX], y_var[N_MAX];
  double draw[N_MAX], x[N_MAP], y[N_MAX], cache[N_SCRATCH], scratch[N_SCRATCH];
} arrays;

static void draw_all(const cred__layer *layer, cred__pass *pass, arrays *a, sums *s,
                     const row *r, size_t n_params) {
  const cred_key key = cred_key_make(77);
  for (size_t d = 0; d < N_DRAWS; d++) {
    const cred_key draw_key = cred_key_derive(&key, CRED_FOR_DRAW, d);
    const size_t n_in = layer->n_in;
    double noise[N_MAX + N_MAP];
    for (size_t i = 0; i < n_in + (r->sd ? n_params : 0); i++)
      noise[i] = cred_key_normal(&draw_key, i);
    for (size_t i = 0; i < n_in; i++)
      a->x[i] = a->mean[i] + (r->in_var ? sqrt(a->var[i]) * noise[i] : 0);
    for (size_t i = 0; i < n_params; i++)
      a->draw[i] = a->theta[i] + (r->sd ? a->sd[i] * noise[n_in + i] : 0);
    pass->key = draw_key;
    layer->ops->forward(layer, pass, a->y, a->cache, a->scratch, a->x);
    for (size_t j = 0; j < layer->n_out; j++) add(&s[j], a->y[j]);
  }
}

// Mean and sd of an approximation, in sds of the output.
static void check_near(const sums *s, double mean, double var, const row *r) {
  const double n = (double)s->n, m1 = s->s1 / n, sd = sqrt(s->s2 / n - m1 * m1);
  const double of_mean = fabs(m1 + s->centre - mean) / sd;
  const double of_sd = fabs(sqrt(var) - sd) / sd;
  if (!(of_mean <= r->error) || !(of_sd <= r->error))
    fail_msg("%s: mean %g, sd %g; %zu draws gave %g, %g: off by %g and %g sds", r->text,
             mean, sqrt(var), s->n, m1 + s->centre, sd, of_mean, of_sd);
}

static void check_row(const row *r) {
  static arrays a;
  cred_network *network;
  assert_ok(cred_network_parse_shaped(&network, r->text, r->in, 1, false));
  const cred__layer *layer = cred__network_item(network, 0);
  assert_true(layer->n_in <= N_MAP && layer->n_out <= N_MAX);
  size_t n_params = 0;
  for (size_t i = 0; i < layer->n_slices; i++) n_params += layer->slices[i].n;
  cred__pass pass = {.n_rows = 1,
                     .n_threads = 1,
                     .dropout = r->dropout,
                     .theta = a.theta,
                     .sd = r->sd ? a.sd : NULL};
  fill(a.theta, N_MAX, 1, -1, 1);
  fill(a.sd, N_MAX, 2, 0.1, 0.5);
  fill(a.mean, N_MAP, 3, -1, 1);
  fill(a.var, N_MAP, 4, 0.1, 2);
  assert_true(layer->ops->n_scratch_moments(layer, 1, 1) <= N_SCRATCH);
  layer->ops->moments(layer, &pass, a.y_mean, a.y_var, a.scratch, a.mean,
                      r->in_var ? a.var : NULL);
  sums s[N_MAX] = {0};
  for (size_t j = 0; j < layer->n_out; j++) s[j].centre = a.y_mean[j];
  pass.sd = NULL; // the draws are of theta itself
  pass.theta = a.draw;
  draw_all(layer, &pass, &a, s, r, n_params);
  for (size_t j = 0; j < layer->n_out; j++)
    if (r->error > 0)
      check_near(&s[j], a.y_mean[j], a.y_var[j], r);
    else
      check(&s[j], a.y_mean[j], a.y_var[j], r->text);
  cred_network_free(network);
}

static void test_moments_against_draws(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TABLE; i++) check_row(&table[i]);
}

// Means and variances side by side, and their sums: the network's outputs are those of
// its parts, which draw nothing from each other.
static void test_joined(void **state) {
  (void)state;
  enum { N = 4 };
  static const char *const texts[] = {"dropout 0.5 as a, dropout 0.2, concat a",
                                      "dropout 0.5 as a, dropout 0.2, add a"};
  for (int t = 0; t < 2; t++) {
    cred_network *network;
    cred__network_work *work;
    double theta[N_MAX] = {0}, x[N];
    const double *mean, *var;
    assert_ok(cred_network_parse(&network, texts[t], N, 1));
    assert_ok(cred__network_work_new(&work, network, 1, 1, false, true));
    fill(theta, N_MAX, 1, -1, 1);
    fill(x, N, 2, -1, 1);
    const cred__pass pass = {
        .n_rows = 1, .n_threads = 1, .dropout = true, .theta = theta};
    cred__network_moments(network, work, &mean, &var, &pass, x);
    // y = sum of w z and w z' with z = x o mask, z' = z o mask': by the formula of
    // dropout
    double m = theta[t ? N : 2 * N], v = 0;
    for (size_t i = 0; i < N; i++) {
      const double var_z = x[i] * x[i], var_z2 = (var_z + 0.2 * x[i] * x[i]) / 0.8;
      const double a = theta[i], b = theta[t ? i : N + i];
      m += t ? 2 * a * x[i] : (a + b) * x[i];
      v += t ? a * a * (var_z2 + var_z) : a * a * var_z2 + b * b * var_z;
    }
    assert_near(mean[0], m, 1e-12);
    assert_near(var[0], v, 1e-12);
    cred__network_work_free(work);
    cred_network_free(network);
  }
}

// Without any uncertainty moments are the plain pass, and the variance is 0.
static void test_certain_is_plain(void **state) {
  (void)state;
  cred_network *network;
  cred__network_work *work;
  double theta[N_MAX], x[2 * N_IN], plain[4];
  const double *mean, *var;
  assert_ok(
      cred_network_parse(&network, "dense 4 gelu, dropout 0.3, dense 3 elu", N_IN, 2));
  assert_ok(cred__network_work_new(&work, network, 2, 1, false, true));
  assert_true(cred_network_n_params(network) <= N_MAX);
  fill(theta, N_MAX, 1, -1, 1);
  fill(x, 2 * N_IN, 2, -1, 1);
  const cred__pass pass = {.n_rows = 2, .n_threads = 1, .theta = theta};
  memcpy(plain, cred__network_forward(network, work, &pass, x), sizeof plain);
  cred__network_moments(network, work, &mean, &var, &pass, x);
  for (int i = 0; i < 4; i++) {
    assert_near(mean[i], plain[i], 1e-15);
    assert_true(var[i] == 0);
  }
  cred__network_work_free(work);
  cred_network_free(network);
}

typedef struct {
  sums mean[N_MAX], sd[N_MAX];
} gradient_sums;

static void take(void *context, size_t offset, const cred_real *dmean,
                 const cred_real *dsd, size_t n) {
  gradient_sums *g = context;
  for (size_t i = 0; i < n; i++) {
    add(&g->mean[offset + i], dmean[i]);
    add(&g->sd[offset + i], dsd[i]);
  }
}

// The mean of the estimates is right to five standard errors.
static void check_mean(const sums *s, double expected, const char *what, size_t i) {
  const double n = (double)s->n, m = s->s1 / n, sd = sqrt(fmax(s->s2 / n - m * m, 0));
  if (!(fabs(s->centre + m - expected) <= 5 * sd / sqrt(n) + 1e-12))
    fail_msg("%s %zu: %g, expected %g, standard error %g", what, i, s->centre + m,
             expected, sd / sqrt(n));
}

// For y = x W + b and loss sum y^2 / 2: E y = mu, Var y = v = x^2 S^2 + sb^2, and
//   d E loss / dM = x^T mu,  d E loss / dS = S o ((x^2)^T 1).
static void check_estimator(cred__mode mode) {
  enum { B = 3, D = (N_IN + 1) * N_OUT, DRAWS = 30000 };
  static gradient_sums g;
  static sums y[B * N_OUT];
  double theta[N_MAX], sd[N_MAX], x[B * N_IN], dout[B * N_OUT];
  memset(&g, 0, sizeof g);
  memset(y, 0, sizeof y);
  cred_network *network;
  cred__network_work *work;
  assert_ok(cred_network_parse(&network, "linear", N_IN, N_OUT));
  assert_ok(cred__network_work_new(&work, network, B, 1, true, false));
  assert_int_equal(cred_network_n_params(network), D);
  fill(theta, D, 1, -1, 1);
  fill(sd, D, 2, 0.1, 0.6);
  fill(x, B * N_IN, 3, -2, 2);
  const cred_sink sink = {take, &g};
  const cred_key key = cred_key_make(4);
  for (size_t d = 0; d < DRAWS; d++) {
    const cred__pass pass = {.mode = mode,
                             .n_rows = B,
                             .n_threads = 1,
                             .theta = theta,
                             .sd = sd,
                             .sink = &sink,
                             .key = cred_key_derive(&key, CRED_FOR_STEP, d)};
    const double *out = cred__network_forward(network, work, &pass, x);
    for (size_t i = 0; i < B * N_OUT; i++) add(&y[i], dout[i] = out[i]);
    cred__network_backward(network, work, &pass, x, dout);
  }
  double dmean[D] = {0}, dsd[D] = {0};
  for (size_t b = 0; b < B; b++)
    for (size_t j = 0; j < N_OUT; j++) {
      const size_t bias = N_IN * N_OUT + j;
      double mu = theta[bias], v = sd[bias] * sd[bias];
      for (size_t i = 0; i < N_IN; i++) {
        const double s = x[b * N_IN + i] * sd[i * N_OUT + j];
        mu += x[b * N_IN + i] * theta[i * N_OUT + j];
        v += s * s;
      }
      check(&y[b * N_OUT + j], mu, v, mode == CRED__LOCAL ? "local" : "flipout");
      for (size_t i = 0; i < N_IN; i++) {
        const double xi = x[b * N_IN + i];
        dmean[i * N_OUT + j] += xi * mu;
        dsd[i * N_OUT + j] += xi * xi * sd[i * N_OUT + j];
      }
      dmean[bias] += mu;
      dsd[bias] += sd[bias];
    }
  for (size_t i = 0; i < D; i++) {
    check_mean(&g.mean[i], dmean[i], "dmean", i);
    check_mean(&g.sd[i], dsd[i], "dsd", i);
  }
  cred__network_work_free(work);
  cred_network_free(network);
}

static void test_local_is_unbiased(void **state) {
  (void)state;
  check_estimator(CRED__LOCAL);
}

static void test_flipout_is_unbiased(void **state) {
  (void)state;
  check_estimator(CRED__FLIPOUT);
}

// Rows of a block are uncorrelated under both, unlike one draw of the weights for all.
static void test_rows_are_uncorrelated(void **state) {
  (void)state;
  enum { B = 2, DRAWS = 20000 };
  double theta[N_MAX] = {0}, sd[N_MAX], x[B * N_IN] = {1, 2, -1, 1, 2, -1};
  cred_network *network;
  cred__network_work *work;
  assert_ok(cred_network_parse(&network, "linear", N_IN, 1));
  assert_ok(cred__network_work_new(&work, network, B, 1, false, false));
  for (size_t i = 0; i < N_MAX; i++) sd[i] = 0.5;
  const cred_key key = cred_key_make(6);
  for (int mode = CRED__LOCAL; mode <= CRED__FLIPOUT; mode++) {
    double xy = 0, xx = 0, yy = 0;
    for (size_t d = 0; d < DRAWS; d++) {
      const cred__pass pass = {.mode = (cred__mode)mode,
                               .n_rows = B,
                               .n_threads = 1,
                               .theta = theta,
                               .sd = sd,
                               .key = cred_key_derive(&key, CRED_FOR_STEP, d)};
      const double *out = cred__network_forward(network, work, &pass, x);
      xy += out[0] * out[1];
      xx += out[0] * out[0];
      yy += out[1] * out[1];
    }
    assert_near(xy / sqrt(xx * yy), 0, 5 / sqrt(DRAWS));
  }
  cred__network_work_free(work);
  cred_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_layer_is_here),
      cmocka_unit_test(test_moments_against_draws),
      cmocka_unit_test(test_joined),
      cmocka_unit_test(test_certain_is_plain),
      cmocka_unit_test(test_local_is_unbiased),
      cmocka_unit_test(test_flipout_is_unbiased),
      cmocka_unit_test(test_rows_are_uncorrelated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
