// A pool of a real model: blocks, threads, order of the rows, messages, memory.

#include "check.h"
#include "base/alloc.h"
#include "credence/decide/acquire.h"
#include "model/toy_model.h"

static const cred_acquisition of_classes[] = {
    CRED_ACQUIRE_RANDOM,   CRED_ACQUIRE_LEAST_CONFIDENCE,
    CRED_ACQUIRE_MARGIN,   CRED_ACQUIRE_ENTROPY,
    CRED_ACQUIRE_BALD,     CRED_ACQUIRE_VARIATION_RATIOS,
    CRED_ACQUIRE_MEAN_SD,  CRED_ACQUIRE_EPIG,
    CRED_ACQUIRE_BATCHBALD};
static const cred_acquisition of_numbers[] = {CRED_ACQUIRE_RANDOM, CRED_ACQUIRE_VARIANCE,
                                              CRED_ACQUIRE_EPISTEMIC, CRED_ACQUIRE_EPIG};

static cred_acquire_options options(cred_acquisition kind) {
  cred_acquire_options opt = cred_acquire_defaults();
  opt.kind = kind;
  opt.n_draws = 1000;
  opt.n_targets = 20;
  opt.n_configurations = 1000;
  opt.n_threads = 1;
  return opt;
}

// The rows of `from` in another order, and only n of them.
static cred_data shuffled(const cred_data *from, size_t n, uint64_t seed) {
  cred_data d = *from;
  size_t *order;
  const cred_key key = cred_key_make(seed);
  assert_ok(NEW(&order, from->n_rows, "order"));
  for (size_t i = 0; i < from->n_rows; i++) order[i] = i;
  cred_key_shuffle(order, from->n_rows, &key);
  d.n_rows = n;
  d.y = d.weight = NULL;
  assert_ok(NEW(&d.x, n * d.n_inputs, "x"));
  assert_ok(NEW(&d.row, n, "row"));
  for (size_t i = 0; i < n; i++) {
    memcpy(d.x + i * d.n_inputs, from->x + order[i] * d.n_inputs,
           d.n_inputs * sizeof *d.x);
    d.row[i] = from->row[order[i]];
  }
  cred__free(order);
  return d;
}

// More rows than a block holds: the same scores and rows on 1 and 3 threads, and in any
// order.
static void check_pool(const cred_model *model, const cred_data *pool,
                       const cred_data *targets, cred_acquisition kind) {
  cred_acquire_options opt = options(kind);
  cred_acquired a, b, c;
  cred_data other = shuffled(pool, pool->n_rows, 5);
  assert_ok(cred_acquire(&a, model, pool, targets, &opt));
  opt.n_threads = 3;
  assert_ok(cred_acquire(&b, model, pool, targets, &opt));
  assert_ok(cred_acquire(&c, model, &other, targets, &opt));
  assert_int_equal(a.n_rows, pool->n_rows);
  assert_int_equal(a.n_chosen, opt.n);
  assert_memory_equal(a.score, b.score, a.n_rows * sizeof *a.score);
  assert_memory_equal(a.chosen, b.chosen, a.n_chosen * sizeof *a.chosen);
  for (size_t i = 0; i < a.n_rows; i++) assert_true(a.score[i] >= 0);
  for (size_t i = 0; i < a.n_chosen; i++) {
    if (kind == CRED_ACQUIRE_RANDOM || kind == CRED_ACQUIRE_VARIATION_RATIOS)
      assert_int_equal(pool->row[a.chosen[i]], other.row[c.chosen[i]]);
    assert_near(a.chosen_score[i], c.chosen_score[i], 1e-5);
    if (i > 0) assert_true(a.chosen_score[i] <= a.chosen_score[i - 1] + 1e-9);
  }
  cred_acquired_clear(&a);
  cred_acquired_clear(&b);
  cred_acquired_clear(&c);
  cred_data_clear(&other);
}

static void test_pool_of_classes(void **state) {
  (void)state;
  cred_model *model = fit_named("moons", 60, "label", -1, NULL);
  cred_data pool = fresh(model, "moons", 2200, 2), targets = fresh(model, "moons", 50, 3);
  for (size_t i = 0; i < sizeof of_classes / sizeof *of_classes; i++) {
    cred_data few = pool; // all of it, two blocks, for two of them
    if (of_classes[i] != CRED_ACQUIRE_BALD && of_classes[i] != CRED_ACQUIRE_EPIG)
      few.n_rows = 300;
    check_pool(model, &few, of_classes[i] == CRED_ACQUIRE_EPIG ? &targets : NULL,
               of_classes[i]);
  }
  cred_data_clear(&pool);
  cred_data_clear(&targets);
  cred_model_free(model);
}

static void test_pool_of_numbers(void **state) {
  (void)state;
  cred_model *model = fit_named("sine", 40, "y", -1, "gaussian");
  cred_data pool = fresh(model, "sine", 4500, 2), targets = fresh(model, "sine", 50, 3);
  for (size_t i = 0; i < sizeof of_numbers / sizeof *of_numbers; i++)
    check_pool(model, &pool, of_numbers[i] == CRED_ACQUIRE_EPIG ? &targets : NULL,
               of_numbers[i]);
  cred_data_clear(&pool);
  cred_data_clear(&targets);
  cred_model_free(model);
}

// A stochastic batch differs from the highest, by the seed.
static void test_power_of_a_model(void **state) {
  (void)state;
  cred_model *model = fit_named("moons", 60, "label", -1, NULL);
  cred_data pool = fresh(model, "moons", 200, 2);
  cred_acquire_options opt = options(CRED_ACQUIRE_BALD);
  opt.n_draws = 50;
  opt.power = 1;
  cred_acquired a, b;
  assert_ok(cred_acquire(&a, model, &pool, NULL, &opt));
  opt.seed = 2;
  assert_ok(cred_acquire(&b, model, &pool, NULL, &opt));
  assert_memory_not_equal(a.chosen, b.chosen, a.n_chosen * sizeof *a.chosen);
  for (size_t i = 0; i < a.n_chosen; i++)
    for (size_t k = 0; k < i; k++) assert_true(a.chosen[i] != a.chosen[k]);
  cred_acquired_clear(&a);
  cred_acquired_clear(&b);
  cred_data_clear(&pool);
  cred_model_free(model);
}

static void test_messages(void **state) {
  (void)state;
  cred_model *model = fit_named("moons", 60, "label", -1, NULL);
  cred_data pool = fresh(model, "moons", 5, 2), none = pool;
  cred_acquired out;
  cred_acquire_options opt = options(CRED_ACQUIRE_BALD);
  assert_fails(cred_acquire(&out, model, &pool, NULL, &opt), CRED_EDATA,
               "10 rows are asked for, the pool has 5");
  none.n_rows = 0;
  assert_fails(cred_acquire(&out, model, &none, NULL, &opt), CRED_EDATA,
               "the pool is empty");
  opt.n = 0;
  assert_fails(cred_acquire(&out, model, &pool, NULL, &opt), CRED_EINVAL, "0 rows");
  opt.n = 2;
  opt.kind = CRED_ACQUIRE_EPISTEMIC;
  assert_fails(cred_acquire(&out, model, &pool, NULL, &opt), CRED_ECONFIG,
               "'epistemic' is of numbers, the model predicts classes");
  opt.kind = CRED_ACQUIRE_BATCHBALD;
  opt.power = 1;
  assert_fails(cred_acquire(&out, model, &pool, NULL, &opt), CRED_ECONFIG, "power");
  opt.power = 0;
  opt.n_configurations = 10;
  assert_fails(cred_acquire(&out, model, &pool, NULL, &opt), CRED_EINVAL,
               "10 configurations");
  opt.kind = CRED_ACQUIRE_EPIG;
  none.n_rows = 0;
  assert_fails(cred_acquire(&out, model, &pool, &none, &opt), CRED_EDATA,
               "no rows to be predicted");
  none.n_rows = 5;
  opt = options(99);
  assert_fails(cred_acquire(&out, model, &none, NULL, &opt), CRED_EDATA, "asked for");
  opt.n = 1;
  assert_fails(cred_acquire(&out, model, &none, NULL, &opt), CRED_EINVAL, "99");
  cred_acquisition kind;
  assert_fails(cred_acquisition_parse(&kind, "balt"), CRED_EINVAL, "did you mean 'bald'");
  assert_ok(cred_acquisition_parse(&kind, "variation-ratios"));
  assert_int_equal(kind, CRED_ACQUIRE_VARIATION_RATIOS);
  assert_string_equal(cred_acquisition_name(kind), "variation-ratios");
  cred_data_clear(&pool);
  cred_model_free(model);
}

// One set of weights: nothing can disagree.
static void test_one_set_of_weights(void **state) {
  (void)state;
  cred_table *table = toy_table("moons", 60, 1);
  const char *target = "label";
  cred_schema_options schema = cred_schema_defaults();
  cred_fit_options fit = cred_fit_defaults();
  schema.targets = &target, schema.n_targets = 1;
  fit.posterior = CRED_FIT_MAP;
  fit.epochs = 5;
  cred_model *model;
  assert_ok(cred_model_fit(&model, NULL, table, NULL, 0, &schema, &fit));
  cred_data pool = encode(model, table, 0);
  cred_acquired out;
  cred_acquire_options opt = options(CRED_ACQUIRE_BALD);
  assert_fails(cred_acquire(&out, model, &pool, NULL, &opt), CRED_ECONFIG,
               "this posterior is one set of weights");
  opt.kind = CRED_ACQUIRE_ENTROPY;
  assert_ok(cred_acquire(&out, model, &pool, NULL, &opt));
  assert_int_equal(out.n_draws, 1);
  cred_acquired_clear(&out);
  cred_data_clear(&pool);
  cred_table_free(table);
  cred_model_free(model);
}

static void test_no_memory(void **state) {
  (void)state;
  cred_model *model = fit_named("moons", 60, "label", -1, NULL);
  cred_data pool = fresh(model, "moons", 30, 2);
  const long live = cred__alloc_live();
  for (size_t i = 0; i < sizeof of_classes / sizeof *of_classes; i++)
    for (long n = 0;; n++) {
      cred_acquire_options opt = options(of_classes[i]);
      cred_acquired out;
      opt.n_draws = 10;
      cred__alloc_fail_after(n);
      const cred_status status = cred_acquire(&out, model, &pool, NULL, &opt);
      cred__alloc_fail_after(-1);
      if (status == CRED_OK) cred_acquired_clear(&out);
      assert_int_equal(cred__alloc_live(), live);
      if (status == CRED_OK) break;
      assert_int_equal(status, CRED_ENOMEM);
    }
  cred_data_clear(&pool);
  cred_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pool_of_classes),    cmocka_unit_test(test_pool_of_numbers),
      cmocka_unit_test(test_power_of_a_model),   cmocka_unit_test(test_messages),
      cmocka_unit_test(test_one_set_of_weights), cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
