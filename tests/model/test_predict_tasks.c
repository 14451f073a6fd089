// Predictions cut into tasks for threads: the same bytes for any number of them. What may
// be left out of the products.

#include "layer/layer.h"
#include "model/predict.h"
#include "model/predicted.h"

enum { N = 200 };

static void setup(assembled *a, const char *net, size_t n_members) {
  const recipe_of_test r = {.likelihood = "gaussian 0.3",
                            .n_targets = 1,
                            .posterior = CRED_FIT_VI,
                            .n_rows = N,
                            .net = net};
  assemble(a, &r);
  random_posterior(a, n_members, 0.1);
}

// Where there are fewer tasks than threads, a task runs on several.
static void test_few_tasks_on_many_threads(void **state) {
  (void)state;
  static const size_t rows[] = {1, 3, 128}, threads[] = {1, 2, 3, 8};
  static const cred_draws kinds[] = {CRED_DRAWS_MEAN, CRED_DRAWS_MOMENTS, CRED_DRAWS_ROW,
                                     CRED_DRAWS_FUNCTION};
  assembled a;
  setup(&a, "dense 300 relu, dense 900 tanh", 1);
  for (size_t k = 0; k < 4; k++)
    for (size_t i = 0; i < 3; i++) {
      cred_predict_options opt = options(kinds[k], 3);
      cred_data data = a.data;
      data.n_rows = rows[i];
      cred_prediction whole, part;
      cred_predictor *p = NULL, *q;
      for (size_t t = 0; t < 4; t++) {
        opt.n_threads = threads[t];
        assert_ok(cred_predictor_new(t ? &q : &p, a.model, &opt));
        assert_ok(cred_predictor_run(t ? &part : &whole, t ? q : p, &data));
        if (t == 0) continue;
        assert_memory_equal(whole.mean, part.mean, rows[i] * sizeof *part.mean);
        assert_memory_equal(whole.sd, part.sd, rows[i] * sizeof *part.sd);
        cred_predictor_free(q);
      }
      cred_predictor_free(p);
    }
  assembled_clear(&a);
}

// Draws of the weights that are made in the layers, without rows that meet zeros alone,
// are those that are held for all strips.
static void test_draws_made_in_layers(void **state) {
  (void)state;
  static const size_t pieces[] = {1, 3, 16, 17};
  assembled a;
  setup(&a, "dense 40 relu, dense 70 relu, dense 3 relu", 2);
  const cred_predict_options opt = options(CRED_DRAWS_FUNCTION, 6);
  cred_prediction whole, part;
  cred_predictor *p = predict(&whole, &a, &opt), *q;
  assert_ok(cred_predictor_new(&q, a.model, &opt));
  for (size_t i = 0; i < 4; i++)
    for (size_t first = 0; first + pieces[i] <= N; first += pieces[i]) {
      cred_data d = a.data;
      d.n_rows = pieces[i];
      d.x += first * d.n_inputs, d.y += first, d.row += first;
      assert_ok(cred_predictor_run(&part, q, &d));
      assert_memory_equal(whole.mean + first, part.mean, d.n_rows * sizeof *part.mean);
      assert_memory_equal(whole.sd + first, part.sd, d.n_rows * sizeof *part.sd);
    }
  cred_predictor_free(p);
  cred_predictor_free(q);
  assembled_clear(&a);
}

// Zeros are left out of products only where no weight could make something of them.
static void test_weights_that_are_not_finite(void **state) {
  (void)state;
  static const cred_real wrong[] = {NAN, INFINITY, (cred_real)-1e20};
  assembled a;
  setup(&a, "dense 9 relu", 2);
  assert_true(cred__predict_finite(a.model));
  for (size_t i = 0; i < 3; i++)
    for (int of_sd = 0; of_sd < 2; of_sd++) {
      cred_member *member = &a.model->posterior->members[1];
      cred_real *at = (of_sd ? member->sd : member->mean) + 5;
      const cred_real before = *at;
      *at = wrong[i];
      assert_false(cred__predict_finite(a.model));
      *at = before;
    }
  assert_true(cred__predict_finite(a.model));
  assembled_clear(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_few_tasks_on_many_threads),
      cmocka_unit_test(test_draws_made_in_layers),
      cmocka_unit_test(test_weights_that_are_not_finite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
