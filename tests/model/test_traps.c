// Where libraries of Bayesian networks go wrong: one test a fault, of a whole model.
// Faults of single functions are tests of their own floors.

#include "kernel/kernel.h"
#include "model/assembled.h"
#include "model/files.h"

static const recipe_of_test numbers = {.n_rows = 40, .n_targets = 1};

static cred_fit_options plain_ascent(void) {
  cred_fit_options opt = cred_fit_defaults();
  opt.posterior = CRED_FIT_VI;
  opt.net = "dense 6 tanh, dense 5 tanh";
  opt.prior = "normal 0.5";
  opt.likelihood = "gaussian 0.3";
  opt.method.optimiser.kind = CRED_SGD;
  opt.method.optimiser.momentum = 0;
  opt.schedule = (cred_schedule){CRED_RATE_CONSTANT, 0.1, 0};
  opt.validation = 0;
  opt.epochs = 1;
  opt.n_threads = 1;
  return opt;
}

// A table whose rows have no weight: the KL alone moves the posterior.
static cred_table *table_without_evidence(void) {
  static const char *const names[] = {"x1", "x2", "x3", "y1", "w"};
  double cells[40][5];
  const cred_key key = cred_key_make(1);
  for (size_t i = 0; i < 40; i++) {
    for (size_t j = 0; j < 4; j++) cells[i][j] = cred_key_normal(&key, 4 * i + j);
    cells[i][4] = 0;
  }
  cred_table *table;
  assert_ok(cred_table_from_array(&table, cells[0], 40, 5, 5, names));
  return table;
}

// KL averaged over weights, or divided by the number of layers or by the size of a batch.
// After one step from m, m' = m (1 - rate / (N t^2)) for every weight of every layer and
// batch.
static void test_kl_is_a_sum(void **state) {
  (void)state;
  cred_table *table = table_without_evidence();
  recipe_of_test r = numbers;
  r.weighted = true;
  const cred_schema_options columns = made_up_columns(&r);
  static const size_t batches[] = {40, 10, 1};
  for (size_t b = 0; b < 3; b++) {
    cred_model *m[2];
    for (int moved = 0; moved < 2; moved++) {
      cred_fit_options opt = plain_ascent();
      opt.batch = batches[b];
      if (!moved) opt.schedule.rate = 1e-30;
      assert_ok(cred_model_fit(&m[moved], NULL, table, NULL, 0, &columns, &opt));
    }
    const double factor = pow(1 - 0.1 / (40 * 0.25), 40.0 / (double)batches[b]);
    for (size_t i = 0; i < m[0]->noise_offset; i++) {
      const double before = (double)m[0]->posterior->members[0].mean[i];
      assert_near((double)m[1]->posterior->members[0].mean[i], factor * before,
                  1e-5 * fabs(before) + 1e-9);
    }
    // told in nats a training row: the sum over all weights, from its definition
    const cred_member *q = &m[0]->posterior->members[0];
    double kl = 0;
    for (size_t i = 0; i < m[0]->noise_offset; i++) {
      const double s = (double)q->sd[i], w = (double)q->mean[i], t = 0.5;
      kl += log(t / s) + (s * s + w * w) / (2 * t * t) - 0.5;
    }
    assert_near(cred_model_history(m[0], 0).kl, kl / 40, 1e-4 * kl / 40);
    cred_model_free(m[0]);
    cred_model_free(m[1]);
  }
  cred_table_free(table);
}

// An (out, in) tensor of log priors and one of (out) of biases added by broadcasting.
static void test_every_weight_and_bias_counts_once(void **state) {
  (void)state;
  assembled a;
  assemble(&a, &(recipe_of_test){.n_rows = 20,
                                 .n_targets = 2,
                                 .likelihood = "gaussian",
                                 .net = "dense 6 tanh, dense 5 tanh",
                                 .prior = "normal 0.7"});
  cred__network_density d;
  cred__network_density_init(&d, a.model, cred_source_of_data(&a.data), NULL, 20, false);
  assert_int_equal(d.density.dim,
                   3 * 6 + 6 + 6 * 5 + 5 + 5 * 2 + 2 + 2); // and two noises
  float theta[200];
  const cred_key key = cred_key_make(4);
  double expected = 0;
  for (size_t i = 0; i < d.density.dim; i++) {
    theta[i] = (float)cred_key_normal(&key, i);
    if (i < d.density.dim - 2)
      expected -=
          (double)(theta[i] * theta[i]) / (2 * 0.49) + log(0.7) + 0.9189385332046727;
  }
  assert_near(cred_density_log_prior(&d.density, NULL, theta, 1), expected, 1e-4);
  assembled_clear(&a);
}

// A scale mixture of one component, because its share is 1 by default.
static void test_a_named_mixture_is_one(void **state) {
  (void)state;
  cred_prior prior;
  assert_ok(cred_prior_parse(&prior, "mixture"));
  assert_true(prior.weight > 0.05 && prior.weight < 0.95 && prior.sd2 < 0.5 * prior.sd);
  const cred_prior plain = cred_prior_defaults();
  assert_int_equal(plain.kind, CRED_PRIOR_MIXTURE);
  assert_true(plain.weight > 0.05 && plain.weight < 0.95);
}

// log(1 + exp x) that overflows, and an inverse that loses small scales.
static void test_softplus_is_stable(void **state) {
  (void)state;
  assert_near(cred__softplus(1000), 1000, 0);
  assert_true(cred__softplus(-1000) >= 0 && cred__softplus(-1000) < 1e-300);
  assert_near(cred__softplus(-40), exp(-40), 1e-15 * exp(-40));
  for (double y = 1e-30; y < 1e4; y *= 10)
    assert_near(cred__softplus(cred__softplus_inverse(y)), y, 1e-12 * y);
}

static cred_data grid(const cred_model *m, const double *x, size_t n) {
  static const char *const names[] = {"x"};
  cred_table *table;
  assert_ok(cred_table_from_array(&table, x, n, 1, 1, names));
  cred_data data;
  assert_ok(cred_schema_encode(&data, cred_model_schema(m), table, NULL, 0, 0, 0));
  cred_table_free(table);
  return data;
}

static cred_model *fit_line(size_t n, double noise, double slope,
                            const cred_fit_options *opt) {
  double *cells;
  static const char *const names[] = {"x", "y"}, *const targets[] = {"y"};
  assert_ok(NEW(&cells, 2 * n, "cells"));
  const cred_key key = cred_key_make(7);
  for (size_t i = 0; i < n; i++) {
    const double x = 2 * cred_key_uniform(&key, 2 * i) - 1;
    cells[2 * i] = x;
    cells[2 * i + 1] = slope * x + noise * cred_key_normal(&key, 2 * i + 1);
  }
  cred_table *table;
  assert_ok(cred_table_from_array(&table, cells, n, 2, 2, names));
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = targets;
  columns.n_targets = 1;
  cred_model *m;
  assert_ok(cred_model_fit(&m, NULL, table, NULL, 0, &columns, opt));
  cred__free(cells);
  cred_table_free(table);
  return m;
}

// Squared error alone fixes the noise at sd sqrt(1/2); the spread of draws alone, sold as
// an interval. Noise is learned, and it is in the sd.
static void test_noise_is_learned_and_told(void **state) {
  (void)state;
  static const double noises[] = {0.1, 0.8};
  for (size_t i = 0; i < 2; i++) {
    cred_fit_options opt = plain_ascent();
    opt.posterior = CRED_FIT_MAP;
    opt.net = "linear";
    opt.prior = "normal 10";
    opt.likelihood = "gaussian";
    opt.method.optimiser.kind = CRED_ADAM;
    opt.schedule = (cred_schedule){CRED_RATE_COSINE, 0.05, 0.3};
    opt.epochs = 400;
    opt.batch = 500;
    cred_model *m = fit_line(500, noises[i], 1, &opt);
    // the residual sd of 500 rows: one part in sqrt(1000), four of them
    assert_near(cred_model_noise_sd(m, 0), noises[i], 4 * noises[i] / sqrt(1000));
    const double x[] = {-0.5, 0.5};
    cred_data data = grid(m, x, 2);
    cred_predict_options predict = cred_predict_defaults();
    cred_predictor *p;
    cred_prediction out;
    assert_ok(cred_predictor_new(&p, m, &predict));
    assert_ok(cred_predictor_run(&out, p, &data));
    for (size_t j = 0; j < 2; j++) {
      assert_true(out.sd_epistemic[j] == 0); // one point knows no doubt of its own
      assert_near(out.sd[j], noises[i], 4 * noises[i] / sqrt(1000));
      assert_near(out.quantile[3 * j + 2] - out.quantile[3 * j],
                  2 * 1.6448536 * out.sd[j], 1e-4);
    }
    cred_predictor_free(p);
    cred_data_clear(&data);
    cred_model_free(m);
  }
}

// A start so narrow that bands stay useless, or so wide that nothing is learned: from the
// default start the mean follows the data and doubt grows away from it.
static void test_doubt_grows_away_from_the_data(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    cred_fit_options opt = cred_fit_defaults();
    opt.posterior = CRED_FIT_VI;
    opt.net = "dense 20 relu";
    opt.prior = kind ? "mixture 1 0.1 0.5" : "normal 1";
    opt.likelihood = "gaussian";
    opt.batch = 60;
    opt.epochs = 2000;
    opt.schedule.rate = 0.02;
    opt.n_threads = 1;
    cred_model *m = fit_line(60, 0.1, 1, &opt);
    const double x[] = {-0.5, 0, 0.5, 4, -4};
    cred_data data = grid(m, x, 5);
    cred_predict_options predict = cred_predict_defaults();
    predict.n_draws = 1000;
    predict.n_threads = 1;
    cred_predictor *p;
    cred_prediction out;
    assert_ok(cred_predictor_new(&p, m, &predict));
    assert_ok(cred_predictor_run(&out, p, &data));
    for (size_t j = 0; j < 3; j++) assert_near(out.mean[j], x[j], 0.15);
    for (size_t j = 3; j < 5; j++) {
      assert_true(out.sd_epistemic[j] > 3 * out.sd_epistemic[1]);
      assert_near(out.mean[j], x[j], 3 * out.sd[j]);
    }
    assert_true(out.sd_epistemic[1] > 0.01); // and is not nothing within
    cred_predictor_free(p);
    cred_data_clear(&data);
    cred_model_free(m);
  }
}

// One noise draw shared by a batch, or one a row: the user says which. Two rows alike
// agree under one theta, and not under fresh noise for each.
static void test_which_noise_is_shared(void **state) {
  (void)state;
  static const cred_fit_posterior kinds[] = {CRED_FIT_VI, CRED_FIT_DROPOUT};
  for (size_t kind = 0; kind < 2; kind++) {
    cred_fit_options opt = plain_ascent();
    opt.posterior = kinds[kind];
    opt.dropout = 0.3;
    cred_model *m = fit_line(40, 0.1, 1, &opt);
    const double x[] = {0.7, 0.2, 0.7};
    cred_data data = grid(m, x, 3);
    for (int draws = CRED_DRAWS_FUNCTION; draws <= CRED_DRAWS_ROW; draws++) {
      cred_predict_options predict = cred_predict_defaults();
      predict.draws = draws;
      predict.n_draws = 10;
      cred_predictor *p;
      cred_prediction out;
      assert_ok(cred_predictor_new(&p, m, &predict));
      assert_ok(cred_predictor_run(&out, p, &data));
      assert_true((out.mean[0] == out.mean[2]) == (draws == CRED_DRAWS_FUNCTION));
      cred_predictor_free(p);
    }
    cred_data_clear(&data);
    cred_model_free(m);
  }
}

// Columns matched by position: by name the order and extra columns do not matter.
static void test_columns_go_by_name(void **state) {
  (void)state;
  static const char *const names[] = {"x1", "x2", "x3"}, *const other[] = {"x3", "z",
                                                                           "x1", "x2"};
  cred_table *table = made_up_table(&numbers, 3), *a, *b;
  const cred_schema_options columns = made_up_columns(&numbers);
  const cred_fit_options opt = plain_ascent();
  cred_model *m;
  assert_ok(cred_model_fit(&m, NULL, table, NULL, 0, &columns, &opt));
  const double one[] = {0.1, -2, 0.5}, two[] = {0.5, 99, 0.1, -2};
  assert_ok(cred_table_from_array(&a, one, 1, 3, 3, names));
  assert_ok(cred_table_from_array(&b, two, 1, 4, 4, other));
  cred_table *const tables[] = {a, b};
  double mean[2];
  for (size_t i = 0; i < 2; i++) {
    cred_data data;
    assert_ok(cred_schema_encode(&data, cred_model_schema(m), tables[i], NULL, 0, 0, 0));
    cred_predict_options predict = cred_predict_defaults();
    cred_predictor *p;
    cred_prediction out;
    assert_ok(cred_predictor_new(&p, m, &predict));
    assert_ok(cred_predictor_run(&out, p, &data));
    mean[i] = out.mean[0];
    cred_predictor_free(p);
    cred_data_clear(&data);
    cred_table_free(tables[i]);
  }
  assert_true(mean[0] == mean[1]);
  cred_model_free(m);
  cred_table_free(table);
}

// A NaN loss that is averaged away: the steps are counted, and the outcome says so.
static void test_a_step_not_taken_is_counted(void **state) {
  (void)state;
  cred_fit_options opt = plain_ascent();
  opt.schedule.rate = 100;
  opt.likelihood = "gaussian 0.001";
  opt.net = "dense 5 relu, dense 5 relu";
  opt.epochs = 100;
  cred_table *table = made_up_table(&numbers, 3);
  const cred_schema_options columns = made_up_columns(&numbers);
  cred_fit_info info;
  cred_model *m;
  assert_ok(cred_model_fit(&m, &info, table, NULL, 0, &columns, &opt));
  assert_int_equal(info.outcome, CRED_FIT_DIVERGED);
  assert_true(info.n_diverged >= 20);
  cred_model_free(m);
  cred_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kl_is_a_sum),
      cmocka_unit_test(test_every_weight_and_bias_counts_once),
      cmocka_unit_test(test_a_named_mixture_is_one),
      cmocka_unit_test(test_softplus_is_stable),
      cmocka_unit_test(test_noise_is_learned_and_told),
      cmocka_unit_test(test_doubt_grows_away_from_the_data),
      cmocka_unit_test(test_which_noise_is_shared),
      cmocka_unit_test(test_columns_go_by_name),
      cmocka_unit_test(test_a_step_not_taken_is_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
