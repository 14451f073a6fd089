// Steps of every method in float: the same bytes for any number of threads, on from saved
// arrays bit for bit, no allocation, steps that are not finite, clipping, memory that
// runs out.

#include "infer/linear.h"
#include "infer/wide.h"
#include "base/alloc.h"

static const cred_batch all_rows = {NULL, 0};
static const cred_method *const methods[] = {&cred_method_map, &cred_method_variational};

static void run(const cred_method *method, void *state, const cred_density *density,
                uint64_t from, uint64_t to) {
  for (uint64_t t = from; t < to; t++) {
    cred_step_info info;
    assert_ok(method->step(state, &info, density, NULL, &all_rows, t, 0.01, 1));
    assert_true(info.finite && isfinite(info.log_lik) && isfinite(info.kl));
  }
}

static cred_method_options options(size_t n_draws, cred_optimiser_kind kind) {
  cred_method_options opt = cred_method_defaults();
  opt.estimator = CRED_ESTIMATOR_WEIGHTS;
  opt.n_draws = n_draws;
  opt.optimiser.kind = kind;
  opt.optimiser.decay = kind == CRED_ADAM ? 0 : 0.01;
  opt.optimiser.clip_norm = 50;
  return opt;
}

static void test_threads(void **state) {
  (void)state;
  static const char *const priors[] = {"normal 1", "mixture 1 0.1 0.5", "normal learned",
                                       "laplace 1"};
  const cred_key key = cred_key_make(3);
  for (size_t p = 0; p < 4; p++) {
    wide d;
    wide_init(&d, priors[p]);
    for (size_t m = 0; m < 2; m++) {
      const cred_method_options opt = options(1 + m * (p % 2), CRED_ADAM);
      if (p == 2 && methods[m] == &cred_method_map) continue;
      static const size_t threads[] = {1, 2, 3, 8};
      void *first = NULL;
      for (size_t t = 0; t < 4; t++) {
        void *s;
        assert_ok(methods[m]->state_new(&s, &d.density, &opt, &key, threads[t]));
        run(methods[m], s, &d.density, 0, 3);
        if (first) wide_assert_same_state(methods[m], first, s);
        if (first)
          methods[m]->state_free(s);
        else
          first = s;
      }
      methods[m]->state_free(first);
    }
    wide_clear(&d);
  }
}

static void test_on_from_saved_arrays(void **state) {
  (void)state;
  const cred_key key = cred_key_make(3);
  wide d;
  wide_init(&d, "mixture 1 0.1 0.5");
  for (size_t m = 0; m < 2; m++)
    for (int kind = CRED_SGD; kind <= CRED_ADAMW; kind++) {
      const cred_method *method = methods[m];
      const cred_method_options opt = options(1 + (size_t)(kind == CRED_ADAM), kind);
      void *whole, *first, *second;
      assert_ok(method->state_new(&whole, &d.density, &opt, &key, 2));
      assert_ok(method->state_new(&first, &d.density, &opt, &key, 1));
      assert_ok(method->state_new(&second, &d.density, &opt, &key, 3));
      run(method, whole, &d.density, 0, 6);
      run(method, first, &d.density, 0, 4);
      for (size_t i = 0; i < method->n_arrays(first); i++) {
        const cred_state_array from = method->array(first, i),
                               to = method->array(second, i);
        memcpy(to.data, from.data, to.n * sizeof *to.data);
      }
      run(method, second, &d.density, 4, 6);
      wide_assert_same_state(method, whole, second);
      method->state_free(whole);
      method->state_free(first);
      method->state_free(second);
    }
  wide_clear(&d);
}

// What is given is what was there, and the state can still be freed.
static void test_arrays_are_given_away(void **state) {
  (void)state;
  const cred_key key = cred_key_make(3);
  wide d;
  wide_init(&d, "normal 1");
  const long live = cred__alloc_live();
  for (size_t m = 0; m < 2; m++)
    for (int kind = CRED_SGD; kind <= CRED_ADAMW; kind++) {
      const cred_method_options opt = options(1, kind);
      void *a, *b;
      assert_ok(methods[m]->state_new(&a, &d.density, &opt, &key, 1));
      assert_ok(methods[m]->state_new(&b, &d.density, &opt, &key, 1));
      run(methods[m], a, &d.density, 0, 2);
      run(methods[m], b, &d.density, 0, 2);
      cred_real *given[6];
      const size_t n = methods[m]->n_arrays(a);
      for (size_t i = 0; i < n; i++) given[i] = methods[m]->give(a, i);
      methods[m]->state_free(a);
      for (size_t i = 0; i < n; i++) {
        const cred_state_array kept = methods[m]->array(b, i);
        assert_memory_equal(given[i], kept.data, kept.n * sizeof *kept.data);
        cred__free(given[i]);
      }
      methods[m]->state_free(b);
    }
  assert_int_equal(cred__alloc_live(), live);
  wide_clear(&d);
}

static void test_no_allocation_in_a_step(void **state) {
  (void)state;
  const cred_key key = cred_key_make(3);
  wide d;
  wide_init(&d, "laplace 1");
  for (size_t m = 0; m < 2; m++) {
    const cred_method_options opt = options(2, CRED_ADAM);
    void *s;
    assert_ok(methods[m]->state_new(&s, &d.density, &opt, &key, 2));
    const long made = cred__alloc_count();
    run(methods[m], s, &d.density, 0, 4);
    assert_int_equal(cred__alloc_count(), made);
    methods[m]->state_free(s);
  }
  wide_clear(&d);
}

// NaN and infinity in the gradient: the step is told and not taken, the next one is.
static void test_a_step_that_is_not_finite(void **state) {
  (void)state;
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  const cred_key key = cred_key_make(3);
  for (size_t m = 0; m < 2; m++)
    for (int estimator = 0; estimator < 2; estimator++)
      for (size_t b = 0; b < 3; b++) {
        linear l;
        linear_init(&l, "normal 1");
        l.fail_at = 2;
        l.fail_value = bad[b];
        cred_method_options opt = options(1, CRED_ADAM);
        opt.estimator = estimator;
        void *s, *before;
        assert_ok(methods[m]->state_new(&s, &l.density, &opt, &key, 1));
        assert_ok(methods[m]->state_new(&before, &l.density, &opt, &key, 1));
        run(methods[m], s, &l.density, 0, 2);
        run(methods[m], before, &l.density, 0, 2);
        cred_step_info info = {.finite = true};
        assert_ok(methods[m]->step(s, &info, &l.density, NULL, &all_rows, 2, 0.01, 1));
        assert_false(info.finite);
        wide_assert_same_state(methods[m], s, before);
        run(methods[m], s, &l.density, 3, 5);
        methods[m]->state_free(s);
        methods[m]->state_free(before);
      }
}

// The longest move of plain ascent is rate * clip_norm; a short gradient is left as it
// is.
static void test_clipping(void **state) {
  (void)state;
  const cred_key key = cred_key_make(3);
  for (size_t m = 0; m < 2; m++) {
    double length[3];
    for (int c = 0; c < 3; c++) {
      linear l;
      linear_init(&l, "normal 1");
      l.start = 5; // far off
      cred_method_options opt = options(1, CRED_SGD);
      opt.optimiser.decay = 0;
      opt.optimiser.clip_norm = (const double[]){0, 0.125, 1e9}[c];
      void *s, *before;
      assert_ok(methods[m]->state_new(&s, &l.density, &opt, &key, 1));
      assert_ok(methods[m]->state_new(&before, &l.density, &opt, &key, 1));
      run(methods[m], s, &l.density, 0, 1);
      double square = 0;
      for (size_t i = 0; i < 1 + m; i++) // mean, log_sd
        for (size_t j = 0; j < LINEAR_D; j++) {
          const double move = (double)methods[m]->array(s, i).data[j] -
                              (double)methods[m]->array(before, i).data[j];
          square += move * move;
        }
      length[c] = sqrt(square) / 0.01;
      methods[m]->state_free(s);
      methods[m]->state_free(before);
    }
    assert_true(length[0] > 1);
    assert_near(length[1], 0.125, 1e-4);
    assert_near(length[2], length[0], 1e-6 * length[0]);
  }
}

static void test_options_are_checked(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "normal 1");
  const cred_key key = cred_key_make(3);
  for (int wrong = 0; wrong < 16; wrong++) {
    cred_method_options opt = cred_method_defaults();
    const double bad[] = {NAN, -1, 0, INFINITY};
    if (wrong == 0)
      opt.n_draws = 0;
    else if (wrong < 5)
      opt.init_sd = bad[wrong - 1];
    else if (wrong < 7)
      opt.temperature = bad[wrong - 5];
    else if (wrong < 9)
      opt.optimiser.beta1 = bad[wrong - 7];
    else if (wrong == 9)
      opt.optimiser.beta2 = 1;
    else if (wrong < 13)
      opt.optimiser.epsilon = bad[wrong - 10];
    else if (wrong == 13)
      opt.optimiser.momentum = 1;
    else if (wrong == 14)
      opt.optimiser.clip_norm = NAN;
    else
      opt.optimiser.kind = 7;
    for (size_t m = 0; m < 2; m++) {
      void *s = &l;
      assert_fails(methods[m]->state_new(&s, &l.density, &opt, &key, 1), CRED_EINVAL, "");
      assert_null(s);
    }
  }
  l.density.expect = NULL;
  const cred_method_options local = cred_method_defaults();
  void *s;
  assert_fails(cred_method_variational.state_new(&s, &l.density, &local, &key, 1),
               CRED_ECONFIG, "weights");
}

static void test_no_memory(void **state) {
  (void)state;
  linear l;
  linear_init(&l, "normal 1");
  const cred_key key = cred_key_make(3);
  const cred_method_options opt = options(2, CRED_ADAM);
  const long live = cred__alloc_live();
  for (size_t m = 0; m < 2; m++)
    for (long n = 0;; n++) {
      void *s;
      cred__alloc_fail_after(n);
      const cred_status status = methods[m]->state_new(&s, &l.density, &opt, &key, 1);
      cred__alloc_fail_after(-1);
      if (status == CRED_OK) {
        methods[m]->state_free(s);
        assert_true(n > 6);
        break;
      }
      assert_int_equal(status, CRED_ENOMEM);
      assert_null(s);
      assert_int_equal(cred__alloc_live(), live);
    }
  assert_int_equal(cred__alloc_live(), live);
  methods[0]->state_free(NULL);
  methods[1]->state_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_on_from_saved_arrays),
      cmocka_unit_test(test_arrays_are_given_away),
      cmocka_unit_test(test_no_allocation_in_a_step),
      cmocka_unit_test(test_a_step_that_is_not_finite),
      cmocka_unit_test(test_clipping),
      cmocka_unit_test(test_options_are_checked),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
