// test_online.c -- a model that learns on: against the closed form of a linear model, the
// moving buffer, and what must not depend on threads.

#include "check.h"
#include "base/alloc.h"
#include "credence/model/online.h"
#include "credence/model/predict.h"
#include "model/files.h"
#include "model/model.h"

enum { D = 2 };

static void row_of(double x[D], double *y, uint64_t i) {
  const cred_key key = cred_key_make(3);
  for (size_t j = 0; j < D; j++) x[j] = cred_key_normal(&key, 10 * i + j);
  *y = 2 * x[0] - x[1] + 1 + 0.5 * cred_key_normal(&key, 10 * i + 9);
}

static cred_online_options linear_options(cred_fit_posterior posterior) {
  cred_online_options opt = cred_online_defaults();
  opt.fit.posterior = posterior;
  opt.fit.net = "linear";
  opt.fit.prior = "normal 1";
  opt.fit.likelihood = "gaussian 0.5";
  opt.fit.schedule.rate = 0.005;
  opt.fit.batch = 32;
  opt.fit.n_threads = 1;
  return opt;
}

// Posterior mean and covariance of weights and bias with prior N(0, 1) and noise 0.5 of
// rows [from, to): solved by elimination.
static void ridge(double mean[D + 1], double precision[D + 1], uint64_t from,
                  uint64_t to) {
  double a[D + 1][D + 2] = {{0}};
  for (size_t i = 0; i <= D; i++) a[i][i] = 1;
  for (uint64_t r = from; r < to; r++) {
    double x[D + 1], y;
    row_of(x, &y, r);
    x[D] = 1;
    for (size_t i = 0; i <= D; i++) {
      for (size_t j = 0; j <= D; j++) a[i][j] += x[i] * x[j] / 0.25;
      a[i][D + 1] += x[i] * y / 0.25;
    }
  }
  for (size_t i = 0; i <= D; i++) precision[i] = a[i][i];
  for (size_t i = 0; i <= D; i++)
    for (size_t k = 0; k <= D; k++) {
      if (k == i) continue;
      const double f = a[k][i] / a[i][i];
      for (size_t j = i; j <= D + 1; j++) a[k][j] -= f * a[i][j];
    }
  for (size_t i = 0; i <= D; i++) mean[i] = a[i][D + 1] / a[i][i];
}

static void add_rows(cred_online *o, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i < to; i++) {
    double x[D], y;
    row_of(x, &y, i);
    assert_ok(cred_online_add(o, x, y));
  }
}

static double value_at(cred_online *o, const double x[D]) {
  double out;
  assert_ok(cred_online_values(&out, o, x, 1, NULL, 0));
  return out;
}

// Prior sd 1 of weights and bias, noise sd 0.5: after training the function is that of
// the exact posterior mode; rows come in two parts, with training in between.
static void expect_ridge(cred_online *o, uint64_t from, uint64_t to, double tolerance) {
  double mean[D + 1], precision[D + 1];
  const double places[][D] = {{0, 0}, {1, 0}, {0, 1}, {-1, 2}};
  ridge(mean, precision, from, to);
  for (size_t i = 0; i < 4; i++)
    assert_near(value_at(o, places[i]),
                mean[0] * places[i][0] + mean[1] * places[i][1] + mean[2], tolerance);
}

static void test_warm_start_ends_at_the_mode(void **state) {
  (void)state;
  cred_online *o;
  cred_online_options opt = linear_options(CRED_FIT_MAP);
  size_t n_diverged;
  assert_ok(cred_online_new(&o, D, &opt));
  assert_ok(cred_online_train(o, 10, &n_diverged)); // nothing to learn from
  add_rows(o, 0, 20);
  assert_ok(cred_online_train(o, 1500, &n_diverged));
  add_rows(o, 20, 100);
  assert_ok(cred_online_train(o, 3000, &n_diverged));
  assert_int_equal(n_diverged, 0);
  assert_int_equal(cred_online_n_rows(o), 100);
  // noise of Adam's last steps at this rate: measured below 0.02
  expect_ridge(o, 0, 100, 0.06);
  cred_online_free(o);
}

static void test_a_full_buffer_forgets(void **state) {
  (void)state;
  cred_online *o;
  cred_online_options opt = linear_options(CRED_FIT_MAP);
  opt.capacity = 30;
  opt.fit.schedule.rate = 0.002;
  assert_ok(cred_online_new(&o, D, &opt));
  double wrong[D] = {1, 1};
  for (size_t i = 0; i < 45; i++) assert_ok(cred_online_add(o, wrong, -5));
  assert_ok(cred_online_train(o, 500, NULL));
  add_rows(o, 0, 30);
  assert_int_equal(cred_online_n_rows(o), 30);
  assert_ok(cred_online_train(o, 8000, NULL));
  expect_ridge(o, 0, 30, 0.1);
  cred_online_free(o);
}

// The spread of the draws at 0 is the bias's sd. A factorised Gaussian has sd
// 1 / sqrt(precision_ii), exactly, at its optimum.
static void test_draws_have_the_posterior_spread(void **state) {
  (void)state;
  cred_online *o;
  cred_online_options opt = linear_options(CRED_FIT_VI);
  double mean[D + 1], precision[D + 1], sum = 0, square = 0;
  const double zero[D] = {0, 0};
  const cred_key key = cred_key_make(7);
  opt.fit.method.estimator = CRED_ESTIMATOR_LOCAL;
  assert_ok(cred_online_new(&o, D, &opt));
  add_rows(o, 0, 60);
  assert_ok(cred_online_train(o, 6000, NULL));
  ridge(mean, precision, 0, 60);
  enum { N = 4000 };
  for (uint64_t i = 0; i < N; i++) {
    double out;
    assert_ok(cred_online_values(&out, o, zero, 1, &key, i));
    sum += out / N;
    square += out * out / N;
  }
  const double sd = 1 / sqrt(precision[D]);
  assert_near(sqrt(square - sum * sum), sd, 0.15 * sd);
  assert_near(sum, mean[D], 0.06);
  cred_online_free(o);
}

// In units of the target; one draw is one function: rows alone or together, same numbers.
static void test_values(void **state) {
  (void)state;
  static const cred_fit_posterior kinds[] = {CRED_FIT_VI, CRED_FIT_DROPOUT, CRED_FIT_MAP};
  for (size_t k = 0; k < 3; k++) {
    cred_online *o;
    cred_online_options opt = cred_online_defaults();
    opt.fit.posterior = kinds[k];
    opt.fit.net = "dense 8 relu";
    opt.fit.n_members = 3;
    opt.fit.dropout = 0.3;
    opt.target_mean = 5;
    opt.target_sd = 10;
    assert_ok(cred_online_new(&o, D, &opt));
    add_rows(o, 0, 40);
    assert_ok(cred_online_train(o, 50, NULL));
    const double x[3][D] = {{0, 1}, {1, 0}, {-1, -1}};
    const cred_key key = cred_key_make(1);
    double all[3], alone, spread = 0;
    for (uint64_t i = 0; i < 20; i++) {
      assert_ok(cred_online_values(all, o, &x[0][0], 3, &key, i));
      assert_ok(cred_online_values(&alone, o, x[1], 1, &key, i));
      assert_near(alone, all[1], 1e-5);
      spread = fmax(spread, fabs(all[0] - value_at(o, x[0])));
    }
    assert_true(spread > 1e-4);     // draws differ, if only by their member
    if (kinds[k] == CRED_FIT_MAP) { // the mean over members, as predicting says
      cred_data data = {.n_rows = 3, .n_inputs = D};
      cred_real rows[3 * D];
      for (size_t i = 0; i < 3 * D; i++) rows[i] = (cred_real)x[i / D][i % D];
      data.x = rows;
      const cred_predict_options predict = cred_predict_defaults();
      cred_predictor *predictor;
      cred_prediction p;
      const cred_model *now;
      assert_ok(cred_online_model(&now, o));
      assert_ok(cred_predictor_new(&predictor, now, &predict));
      assert_ok(cred_predictor_run(&p, predictor, &data));
      for (size_t i = 0; i < 3; i++) assert_near(p.mean[i], value_at(o, x[i]), 1e-4);
      cred_predictor_free(predictor);
    }
    cred_online_free(o);
  }
}

// The hidden layer by hand, from the parameters; the buffer in its order.
static void test_features(void **state) {
  (void)state;
  enum { H = 3, MEMBERS = 2, ROWS = 4 };
  cred_online *o;
  cred_online_options opt = cred_online_defaults();
  opt.fit.posterior = CRED_FIT_MAP;
  opt.fit.net = "dense 3 tanh";
  opt.fit.n_members = MEMBERS;
  opt.capacity = 25;
  opt.target_mean = 1;
  opt.target_sd = 3;
  assert_ok(cred_online_new(&o, D, &opt));
  add_rows(o, 0, 40);
  assert_ok(cred_online_train(o, 100, NULL));
  const cred_model *now;
  assert_ok(cred_online_model(&now, o));
  double x[ROWS][D], y, out[ROWS][MEMBERS][H];
  assert_int_equal(cred_online_n_features(o), MEMBERS * H);
  for (size_t i = 0; i < ROWS; i++) {
    double added[D], value;
    row_of(added, &value, 15 + i); // the oldest of 25
    assert_ok(cred_online_row(x[i], &y, o, i));
    assert_near(y, value, 1e-5);
    for (size_t j = 0; j < D; j++) assert_near(x[i][j], added[j], 1e-6);
  }
  assert_ok(cred_online_features(&out[0][0][0], o, &x[0][0], ROWS));
  for (size_t i = 0; i < ROWS; i++)
    for (size_t k = 0; k < MEMBERS; k++)
      for (size_t u = 0; u < H; u++) {
        const cred_real *theta = now->posterior->members[k].mean;
        const cred_slice *weight = &now->slices[0], *bias = &now->slices[1];
        assert_int_equal(weight->shape[0], D);
        double sum = (double)theta[bias->offset + u];
        for (size_t j = 0; j < D; j++)
          sum += x[i][j] * (double)theta[weight->offset + j * H + u];
        assert_near(out[i][k][u], tanh(sum), 1e-5);
      }
  assert_fails(cred_online_row(x[0], &y, o, 25), CRED_EINVAL, "row 25 of a buffer of 25");
  assert_fails(cred_online_features(&out[0][0][0], o, x[0], 0), CRED_EINVAL, "0 rows");
  cred_online_free(o);
  // without a hidden layer: the inputs
  const cred_online_options linear = linear_options(CRED_FIT_VI);
  assert_ok(cred_online_new(&o, D, &linear));
  assert_int_equal(cred_online_n_features(o), D);
  assert_ok(cred_online_features(&out[0][0][0], o, x[1], 1));
  for (size_t j = 0; j < D; j++) assert_near(out[0][0][j], x[1][j], 1e-6);
  cred_online_free(o);
}

static void test_threads_and_saving(void **state) {
  (void)state;
  file_bytes bytes[2];
  for (size_t k = 0; k < 2; k++) {
    cred_online *o;
    const cred_model *now;
    cred_online_options opt = cred_online_defaults();
    opt.fit.net = "dense 8 relu";
    opt.fit.n_members = 3;
    opt.fit.n_threads = k ? 3 : 1;
    assert_ok(cred_online_new(&o, D, &opt));
    assert_fails(cred_online_model(&now, o), CRED_EDATA, "no rows yet");
    add_rows(o, 0, 30);
    assert_ok(cred_online_train(o, 40, NULL));
    assert_ok(cred_online_model(&now, o));
    bytes[k] = bytes_of_model(now, false);
    assert_ok(cred_model_save(now, model_path(), true));
    cred_model *m;
    assert_ok(cred_model_load(&m, model_path()));
    assert_string_equal(cred_model_schema(m)->targets[0].name, "value");
    cred_model_free(m);
    unlink(model_path());
    cred_online_free(o);
  }
  assert_same_bytes(bytes[0], bytes[1]);
}

// With inputs of 0 only the bias b learns, under a prior N(0, 1) and n values of sum s.
// At the mode of yes or no b = s - n / (1 + exp(-b)), of counts b = s - n exp(b): by
// Newton.
static double mode_of_bias(bool counts, double n, double s) {
  double b = 0;
  for (int i = 0; i < 50; i++) {
    const double mean = counts ? exp(b) : 1 / (1 + exp(-b));
    const double slope = counts ? mean : mean * (1 - mean);
    b -= (b - s + n * mean) / (1 + n * slope);
  }
  return counts ? exp(b) : 1 / (1 + exp(-b));
}

static void test_yes_or_no_and_counts(void **state) {
  (void)state;
  const double zero[D] = {0, 0};
  for (int counts = 0; counts < 2; counts++) {
    cred_online *o;
    cred_online_options opt = linear_options(CRED_FIT_MAP);
    opt.fit.likelihood = counts ? "poisson" : "bernoulli";
    assert_ok(cred_online_new(&o, D, &opt));
    double sum = 0;
    for (int i = 0; i < 40; i++) {
      const double y = counts ? i % 4 : i % 5 == 0;
      assert_ok(cred_online_add(o, zero, y));
      sum += y;
    }
    assert_fails(cred_online_add(o, zero, 0.5), CRED_EDATA, "the value is 0.5");
    assert_fails(cred_online_add(o, zero, -1), CRED_EDATA, "the value is -1");
    assert_int_equal(cred_online_n_rows(o), 40);
    assert_ok(cred_online_train(o, 6000, NULL));
    // batches of 32 with replacement: the mode is approached within their noise
    assert_near(value_at(o, zero), mode_of_bias(counts, 40, sum), counts ? 0.15 : 0.04);
    const cred_model *now;
    assert_ok(cred_online_model(&now, o));
    assert_int_equal(cred_model_schema(now)->targets[0].type,
                     counts ? CRED_TARGET_COUNT : CRED_TARGET_CLASS);
    cred_online_free(o);
  }
}

static void test_nothing_is_allocated_in_a_step(void **state) {
  (void)state;
  cred_online *o;
  cred_online_options opt = linear_options(CRED_FIT_VI);
  double out;
  const cred_key key = cred_key_make(1);
  const double zero[D] = {0, 0};
  assert_ok(cred_online_new(&o, D, &opt));
  const long before = cred__alloc_count();
  add_rows(o, 0, 5);
  assert_ok(cred_online_train(o, 5, NULL));
  assert_ok(cred_online_values(&out, o, zero, 1, &key, 0));
  assert_int_equal(cred__alloc_count(), before);
  cred_online_free(o);
}

static void test_bad_arguments(void **state) {
  (void)state;
  cred_online *o;
  cred_online_options opt = cred_online_defaults();
  double x[D] = {0, 0}, out[2];
  assert_fails(cred_online_new(&o, 0, &opt), CRED_EINVAL, "0 inputs");
  opt.capacity = 0;
  assert_fails(cred_online_new(&o, D, &opt), CRED_EINVAL, "capacity 0");
  opt = cred_online_defaults();
  opt.target_sd = 0;
  assert_fails(cred_online_new(&o, D, &opt), CRED_EINVAL, "sd must be > 0");
  opt = cred_online_defaults();
  opt.fit.net = "dens 5";
  assert_fails(cred_online_new(&o, D, &opt), CRED_EINVAL, "dens");
  opt.fit.net = "dense 5";
  opt.fit.likelihood = "categorical";
  assert_fails(cred_online_new(&o, D, &opt), CRED_ECONFIG, "'bernoulli'");
  opt.fit.likelihood = "bernoulli";
  opt.target_mean = 0.5;
  assert_fails(cred_online_new(&o, D, &opt), CRED_EINVAL, "no scale");
  opt.target_mean = 0;
  opt.fit.likelihood = NULL;
  assert_ok(cred_online_new(&o, D, &opt));
  x[1] = NAN;
  assert_fails(cred_online_add(o, x, 0), CRED_EDATA, "input 1");
  x[1] = 0;
  assert_fails(cred_online_add(o, x, INFINITY), CRED_EDATA, "the value");
  assert_int_equal(cred_online_n_rows(o), 0);
  assert_fails(cred_online_values(out, o, x, 0, NULL, 0), CRED_EINVAL, "0 rows");
  cred_online_free(o);
}

static void test_no_memory(void **state) {
  (void)state;
  const long live = cred__alloc_live();
  cred_status status = CRED_ENOMEM;
  for (long n = 0; status != CRED_OK; n++) {
    cred_online *o;
    cred_online_options opt = linear_options(CRED_FIT_VI);
    opt.fit.n_members = 2;
    cred__alloc_fail_after(n);
    status = cred_online_new(&o, D, &opt);
    cred__alloc_fail_after(-1);
    cred_online_free(o);
    assert_true(status == CRED_OK || status == CRED_ENOMEM);
    assert_int_equal(cred__alloc_live(), live);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_warm_start_ends_at_the_mode),
      cmocka_unit_test(test_a_full_buffer_forgets),
      cmocka_unit_test(test_draws_have_the_posterior_spread),
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_features),
      cmocka_unit_test(test_threads_and_saving),
      cmocka_unit_test(test_yes_or_no_and_counts),
      cmocka_unit_test(test_nothing_is_allocated_in_a_step),
      cmocka_unit_test(test_bad_arguments),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
