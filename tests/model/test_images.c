// Models of images: every posterior on a network of maps is fitted, saved, loaded and
// predicts the same; the parameters of a normalisation stay points; threads change
// nothing; a shape that the network cannot take is a message.

#include "files.h"
#include "credence/model/fit.h"
#include "credence/model/predict.h"
#include "model/model.h"

enum { SIDE = 8, N_PIXELS = SIDE * SIDE, N = 48 };

// A bright pixel in one of the four quarters, which is the class.
static cred_table *images(void) {
  static double values[N][N_PIXELS + 1];
  const cred_key key = cred_key_make(3);
  cred_table *table;
  for (size_t i = 0; i < N; i++) {
    const size_t class = i % 4;
    for (size_t j = 0; j < N_PIXELS; j++)
      values[i][j] = 0.2 * cred_key_uniform(&key, i * N_PIXELS + j);
    const size_t y = class / 2 * 4 + i / 4 % 4, x = class % 2 * 4 + i / 16 % 4;
    values[i][y * SIDE + x] = 1;
    values[i][N_PIXELS] = (double)class;
  }
  assert_ok(
      cred_table_from_array(&table, values[0], N, N_PIXELS + 1, N_PIXELS + 1, NULL));
  assert_ok(cred_table_set_shape(table, (cred_shape){SIDE, SIDE, 1}, 0));
  return table;
}

static const char *const target = "c65";

static cred_status fit(cred_model **out, const cred_table *table, const char *net,
                       cred_fit_posterior posterior, const char *prior,
                       cred_estimator estimator, size_t n_threads) {
  cred_schema_options schema = cred_schema_defaults();
  cred_fit_options opt = cred_fit_defaults();
  schema.targets = &target, schema.n_targets = 1;
  schema.task = CRED_TARGET_CLASS, schema.input_scale = 1;
  opt.net = net, opt.posterior = posterior, opt.prior = prior;
  opt.method.estimator = estimator;
  opt.n_members = 1, opt.epochs = 3, opt.batch = 16, opt.validation = 0.25;
  opt.n_threads = n_threads;
  return cred_model_fit(out, NULL, table, NULL, 0, &schema, &opt);
}

static const char net[] = "conv 4 3 same relu as a, norm 2, conv 4 3 same relu, add a, "
                          "pool 2, conv 6 3 relu, upsample 2, globalpool, dense 5 relu";

// Probabilities of all rows by this kind of draws.
static void predict(double *prob, const cred_model *model, const cred_table *table,
                    cred_draws draws) {
  cred_data data;
  cred_predictor *p;
  cred_prediction result;
  cred_predict_options opt = cred_predict_defaults();
  opt.draws = draws, opt.n_draws = 4;
  assert_ok(cred_schema_encode(&data, cred_model_schema(model), table, NULL, 0, 1, 0));
  assert_ok(cred_predictor_new(&p, model, &opt));
  assert_ok(cred_predictor_run(&result, p, &data));
  memcpy(prob, result.prob, N * 4 * sizeof *prob);
  for (size_t i = 0; i < N * 4; i++) assert_true(prob[i] >= 0 && prob[i] <= 1);
  cred_predictor_free(p);
  cred_data_clear(&data);
}

static void check_points(const cred_model *model) {
  size_t n_points = 0;
  const cred_member *member = &cred_model_posterior(model)->members[0];
  for (size_t i = 0; i < cred_model_n_slices(model); i++) {
    const cred_slice *slice = cred_model_slice(model, i);
    if (!strstr(slice->name, "norm1.")) continue;
    n_points++;
    assert_int_equal(slice->kind, CRED_SLICE_POINT);
    assert_int_equal(slice->prior.kind, CRED_PRIOR_FLAT);
    assert_true(slice->log_sd == CRED_NO_INDEX);
    for (size_t k = 0; k < slice->n; k++)
      assert_true(!member->sd || member->sd[slice->offset + k] == 0);
    if (slice->name[strlen(slice->name) - 1] == 'e') // scale: starts at 1, has moved
      assert_true(member->mean[slice->offset] != 1 &&
                  fabs((double)member->mean[slice->offset] - 1) < 0.5);
  }
  assert_int_equal(n_points, 2);
}

static void check_fit(cred_fit_posterior posterior, const char *prior,
                      cred_estimator estimator) {
  cred_table *table = images();
  cred_model *model, *other;
  double before[N * 4], after[N * 4];
  assert_ok(fit(&model, table, net, posterior, prior, estimator, 1));
  assert_ok(fit(&other, table, net, posterior, prior, estimator, 3));
  check_points(model);
  assert_same_bytes(bytes_of_model(model, false), bytes_of_model(other, false));
  cred_model_free(other);
  static const cred_draws kinds[] = {CRED_DRAWS_ROW, CRED_DRAWS_FUNCTION, CRED_DRAWS_MEAN,
                                     CRED_DRAWS_MOMENTS};
  for (size_t k = 0; k < 4; k++) {
    if (posterior == CRED_FIT_MAP && kinds[k] == CRED_DRAWS_MOMENTS) continue;
    predict(before, model, table, kinds[k]);
    model = through_a_file(model);
    predict(after, model, table, kinds[k]);
    assert_memory_equal(before, after, sizeof before);
  }
  const cred_shape shape = cred_network_in_shape(cred_model_network(model));
  assert_true(shape.height == SIDE && shape.width == SIDE && shape.channels == 1);
  cred_model_free(model);
  cred_table_free(table);
}

static void test_map(void **state) {
  (void)state;
  check_fit(CRED_FIT_MAP, "normal 1", CRED_ESTIMATOR_WEIGHTS);
}

static void test_dropout(void **state) {
  (void)state;
  check_fit(CRED_FIT_DROPOUT, "normal fan-in", CRED_ESTIMATOR_WEIGHTS);
}

static void test_variational(void **state) {
  (void)state;
  check_fit(CRED_FIT_VI, "mixture", CRED_ESTIMATOR_WEIGHTS);
  check_fit(CRED_FIT_VI, "normal learned", CRED_ESTIMATOR_LOCAL);
  check_fit(CRED_FIT_VI, "normal fan-in", CRED_ESTIMATOR_FLIPOUT);
}

// A prior by fan-in sees the taps of a window times its channels.
static void test_fan_in(void **state) {
  (void)state;
  cred_table *table = images();
  cred_model *model;
  assert_ok(fit(&model, table, "conv 4 3 relu, conv 6 2 groups 2 relu", CRED_FIT_MAP,
                "normal fan-in", CRED_ESTIMATOR_WEIGHTS, 1));
  const cred_slice *first = cred_model_slice(model, 0),
                   *second = cred_model_slice(model, 2);
  assert_string_equal(first->name, "conv1.weight");
  assert_int_equal(first->fan_in, 9);
  assert_string_equal(second->name, "conv2.weight");
  assert_int_equal(second->fan_in, 2 * 2 * 2);
  assert_near(first->prior.sd / second->prior.sd, sqrt(8.0 / 9.0), 1e-12);
  cred_model_free(model);
  cred_table_free(table);
}

static void test_shape_is_needed(void **state) {
  (void)state;
  const double values[8][3] = {{1, 2, 0}, {2, 1, 1}, {1, 2, 0}, {2, 1, 1},
                               {1, 2, 0}, {2, 1, 1}, {1, 2, 0}, {2, 1, 1}};
  const char *names[] = {"a", "b", "c65"};
  cred_table *table, *map = images();
  cred_model *model;
  assert_ok(cred_table_from_array(&table, values[0], 8, 3, 3, names));
  assert_fails(
      fit(&model, table, "conv 4 3", CRED_FIT_MAP, NULL, CRED_ESTIMATOR_WEIGHTS, 1),
      CRED_EINVAL, "on a row of 2 numbers without height and width");
  assert_fails(
      fit(&model, map, "conv 4 9", CRED_FIT_MAP, NULL, CRED_ESTIMATOR_WEIGHTS, 1),
      CRED_EINVAL, "a window of 9 x 9 does not fit its map of 8 x 8");
  cred_table_free(map);
  cred_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_map),
      cmocka_unit_test(test_dropout),
      cmocka_unit_test(test_variational),
      cmocka_unit_test(test_fan_in),
      cmocka_unit_test(test_shape_is_needed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
