// Steps taken in the sink against steps with a stored gradient; threads; steps that are
// not finite; sums that do not depend on their order.

#include "infer/wide.h"
#include "infer/tiles.h"

static const cred_batch all_rows = {NULL, 0};
static const cred_method *const methods[] = {&cred_method_map, &cred_method_variational};
enum { STEPS = 5 };

// A norm that clips nothing needs the stored gradient all the same.
static cred_method_options options(bool fused, cred_estimator estimator) {
  cred_method_options opt = cred_method_defaults();
  opt.estimator = estimator;
  opt.optimiser.kind = CRED_ADAMW;
  opt.optimiser.decay = 0.01;
  opt.optimiser.clip_norm = fused ? 0 : 1e30;
  return opt;
}

static void *run(const wide *d, const cred_method *method, const cred_method_options *opt,
                 size_t n_threads, double kl[STEPS]) {
  const cred_key key = cred_key_make(3);
  void *s;
  assert_ok(method->state_new(&s, &d->density, opt, &key, n_threads));
  const long made = cred__alloc_count();
  for (uint64_t t = 0; t < STEPS; t++) {
    cred_step_info info;
    assert_ok(method->step(s, &info, &d->density, NULL, &all_rows, t, 0.01, 0.7));
    assert_true(info.finite);
    kl[t] = info.kl;
  }
  assert_int_equal(cred__alloc_count(), made);
  return s;
}

static void check_against_stored(const char *prior, const cred_method *method,
                                 cred_estimator estimator) {
  wide d;
  wide_init(&d, prior);
  const cred_method_options fused = options(true, estimator),
                            stored = options(false, estimator);
  double kl[2][STEPS];
  void *a = run(&d, method, &fused, 1, kl[0]), *b = run(&d, method, &stored, 1, kl[1]);
  for (int t = 0; t < STEPS; t++) assert_near(kl[0][t], kl[1][t], 1e-6 * fabs(kl[1][t]));
  for (size_t k = 0; k < method->n_arrays(a); k++) {
    const cred_state_array x = method->array(a, k), y = method->array(b, k);
    double largest = 0;
    for (size_t i = 0; i < x.n; i++) largest = fmax(largest, fabs((double)y.data[i]));
    for (size_t i = 0; i < x.n; i++)
      assert_near((double)x.data[i], (double)y.data[i],
                  1e-4 * fabs((double)y.data[i]) + 1e-5 * largest);
  }
  method->state_free(a);
  method->state_free(b);
  wide_clear(&d);
}

static void test_against_stored(void **state) {
  (void)state;
  static const char *const priors[] = {"normal 1", "mixture 1 0.1 0.5", "laplace 1"};
  for (size_t p = 0; p < 3; p++) {
    check_against_stored(priors[p], &cred_method_map, CRED_ESTIMATOR_WEIGHTS);
    check_against_stored(priors[p], &cred_method_variational, CRED_ESTIMATOR_WEIGHTS);
    check_against_stored(priors[p], &cred_method_variational, CRED_ESTIMATOR_LOCAL);
  }
}

static void test_threads(void **state) {
  (void)state;
  wide d;
  wide_init(&d, "mixture 1 0.1 0.5");
  d.n_threads = 8;
  for (size_t m = 0; m < 2; m++)
    for (int e = 0; e < 2; e++) {
      const cred_method_options opt = options(true, e);
      double kl[2][STEPS];
      void *a = run(&d, methods[m], &opt, 1, kl[0]);
      void *b = run(&d, methods[m], &opt, 8, kl[1]);
      assert_memory_equal(kl[0], kl[1], sizeof kl[0]);
      wide_assert_same_state(methods[m], a, b);
      methods[m]->state_free(a);
      methods[m]->state_free(b);
    }
  wide_clear(&d);
}

// A likelihood that is not finite: nothing moves. One piece of the gradient that is not:
// its parameters stay, nothing becomes NaN, and the step is told.
static void test_not_finite(void **state) {
  (void)state;
  wide d;
  wide_init(&d, "mixture 1 0.1 0.5");
  for (size_t m = 0; m < 2; m++)
    for (int partly = 0; partly < 2; partly++) {
      const cred_method_options opt = options(true, CRED_ESTIMATOR_WEIGHTS);
      double kl[STEPS];
      void *a = run(&d, methods[m], &opt, 1, kl), *b = run(&d, methods[m], &opt, 1, kl);
      cred_step_info info = {.finite = true};
      const float kept = d.curvature[5];
      d.curvature[5] = partly ? 1e20f : NAN;
      assert_ok(methods[m]->step(a, &info, &d.density, NULL, &all_rows, STEPS, 0.01, 1));
      assert_false(info.finite);
      d.curvature[5] = kept;
      if (!partly) wide_assert_same_state(methods[m], a, b);
      for (size_t k = 0; k < methods[m]->n_arrays(a); k++) {
        const cred_state_array x = methods[m]->array(a, k), y = methods[m]->array(b, k);
        assert_true(x.data[5] == y.data[5]);
        for (size_t i = 0; i < x.n; i++) assert_true(isfinite(x.data[i]));
      }
      assert_ok(
          methods[m]->step(a, &info, &d.density, NULL, &all_rows, STEPS + 1, 0.01, 1));
      assert_true(info.finite);
      methods[m]->state_free(a);
      methods[m]->state_free(b);
    }
  wide_clear(&d);
}

static void test_sums(void **state) {
  (void)state;
  static const double terms[] = {1e15, 0.1, -1e15, 3e-7, 12345.678, -0.1, 1e9};
  enum { N = sizeof terms / sizeof *terms };
  cred__sum up, down;
  cred__sum_start(&up);
  cred__sum_start(&down);
  double exact = 0;
  for (int i = 0; i < N; i++) {
    cred__sum_add(&up, terms[i]);
    cred__sum_add(&down, terms[N - 1 - i]);
  }
  for (int i = 3; i < N; i++) exact += terms[i];
  exact += 0.1;
  assert_true(cred__sum_value(&up) == cred__sum_value(&down));
  assert_near(cred__sum_value(&up), exact, N * 0x1p-25);
  static const double bad[] = {NAN, INFINITY, -INFINITY, 0x1p62};
  for (int i = 0; i < 4; i++) {
    cred__sum_start(&up);
    assert_true(cred__sum_value(&up) == 0);
    cred__sum_add(&up, bad[i]);
    assert_true(isnan(cred__sum_value(&up)));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_stored),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_not_finite),
      cmocka_unit_test(test_sums),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
