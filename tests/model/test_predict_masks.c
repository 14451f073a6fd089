// Predictions under dropout masks, whose layers before the first dropout are evaluated
// once, against whole passes of the network.

#include "layer/layer.h"
#include "model/predicted.h"

enum { N = 200 };

static void setup(assembled *a, recipe_of_test r, const char *net, size_t n_members) {
  r.n_rows = N;
  r.net = net;
  assemble(a, &r);
  random_posterior(a, n_members, 0.2);
}

// Layers before the first dropout are evaluated once for all masks: as without it, for
// masks of the block and of the row.
static void test_masks_by_brute_force(void **state) {
  (void)state;
  enum { MEMBERS = 2, DRAWS = 6 };
  static double got[DRAWS][N];
  recipe_of_test r = {
      .likelihood = "gaussian 0.3", .n_targets = 1, .posterior = CRED_FIT_DROPOUT};
  assembled a;
  setup(&a, r, "dense 9 relu, dense 5 tanh, dropout 0.4, dense 4 tanh, dropout 0.2",
        MEMBERS);
  const cred_model *m = a.model;
  cred__network_work *work;
  // for backward too: it multiplies whole layers
  assert_ok(cred__network_work_new(&work, m->network, N, 1, true, false));
  const cred_key root = cred_key_make(1);
  assert_ok(cred_model_function_draws(got[0], m, &a.data, DRAWS, 1, 2));
  const cred_predict_options opt = options(CRED_DRAWS_ROW, DRAWS);
  cred_prediction out;
  cred_predictor *p = predict(&out, &a, &opt);
  static double row_mean[N];
  for (size_t k = 0; k < DRAWS; k++)
    for (int shared = 0; shared < 2; shared++) {
      const cred__pass pass = {.mode = CRED__PLAIN,
                               .dropout = true,
                               .shared_mask = shared == 1,
                               .n_rows = N,
                               .n_threads = 1,
                               .row = a.data.row,
                               .key = cred_posterior_draw_key(&root, k),
                               .theta = m->posterior->members[k % MEMBERS].mean};
      const cred_real *o = cred__network_forward(m->network, work, &pass, a.data.x);
      for (size_t i = 0; i < N; i++) {
        const double y = cred__target_mean(m, 0) + cred__target_sd(m, 0) * (double)o[i];
        if (shared)
          assert_near(got[k][i], y, 1e-6);
        else
          row_mean[i] += y / DRAWS;
      }
    }
  for (size_t i = 0; i < N; i++) assert_near(out.mean[i], row_mean[i], 1e-6);
  cred_predictor_free(p);
  cred__network_work_free(work);
  assembled_clear(&a);
}

// A network that names its own dropout gets no other; one that names none gets the
// default behind its activations.
static void test_named_dropout_is_taken_as_it_is(void **state) {
  (void)state;
  recipe_of_test r = {
      .likelihood = "gaussian", .n_targets = 1, .n_rows = N, .net = "linear"};
  assembled a;
  assemble(&a, &r);
  cred_fit_options opt = cred_fit_defaults();
  cred__plan plan;
  opt.posterior = CRED_FIT_DROPOUT;
  opt.net = "dense 5 relu, dropout 0.5, dense 5 relu";
  assert_ok(cred__plan_resolve(&plan, &opt, a.model->schema, N));
  assert_string_equal(plan.net, opt.net);
  assert_true(plan.dropout == 0);
  cred__plan_clear(&plan);
  opt.net = "dense 5 relu";
  assert_ok(cred__plan_resolve(&plan, &opt, a.model->schema, N));
  assert_string_equal(plan.net, "dense 5 relu, dropout 0.03");
  cred__plan_clear(&plan);
  opt.net = "dense 5 relu, dropout 0.5, dense 5 relu";
  opt.dropout = 0.1; // asked for
  assert_ok(cred__plan_resolve(&plan, &opt, a.model->schema, N));
  assert_string_equal(plan.net, "dense 5 relu, dropout 0.5, dense 5 relu, dropout 0.1");
  cred__plan_clear(&plan);
  assembled_clear(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_masks_by_brute_force),
      cmocka_unit_test(test_named_dropout_is_taken_as_it_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
