// test_density_f64.c -- the prior of a whole model, learned scales, and the sink that
// stores, on a model that is a quadratic form.

#include "check.h"
#include "credence/prob/density.h"
#include "base/fail.h"
#include "prob/differences.h"

enum { DIM = 9 };

// theta: 3 weights with a normal prior of learned scale, 3 with Laplace, 2 of the model's
// own (flat), then the log sd.
static cred_density toy(cred_slice slices[4]) {
  static const char *const texts[4] = {"normal learned", "laplace 0.5", "flat", "flat"};
  static const size_t sizes[4] = {3, 3, 2, 1};
  size_t offset = 0;
  for (size_t i = 0; i < 4; i++) {
    slices[i] = (cred_slice){.name = texts[i],
                             .offset = offset,
                             .n = sizes[i],
                             .log_sd = i == 0 ? DIM - 1 : CRED_NO_INDEX};
    assert_ok(cred_prior_parse(&slices[i].prior, texts[i]));
    offset += sizes[i];
  }
  return (cred_density){.dim = DIM, .n_slices = 4, .slices = slices};
}

// log p(data | theta) = -1/2 sum i (theta_i - 1)^2, in two ranges and in no order.
static cred_status toy_point(const void *model, double *log_lik, const cred_sink *sink,
                             void *work, const cred_real *theta, const cred_batch *batch,
                             const cred_key *key, uint64_t step) {
  (void)model, (void)work, (void)batch, (void)key, (void)step;
  cred_real d[DIM];
  *log_lik = 0;
  for (size_t i = 0; i < DIM; i++) {
    const cred_real r = theta[i] - 1;
    *log_lik -= 0.5 * (double)i * r * r;
    d[i] = -(cred_real)i * r;
  }
  if (!isfinite(*log_lik)) FAIL(CRED_EDATA, "toy: the density is not finite");
  if (!sink) return CRED_OK;
  sink->take(sink->context, 5, d + 5, NULL, DIM - 5);
  sink->take(sink->context, 0, d, NULL, 5);
  return CRED_OK;
}

typedef struct {
  cred_density density;
  cred_real theta[DIM];
} toy_case;

static double total_of(void *context) {
  toy_case *c = context;
  double log_lik, log_prior;
  assert_ok(cred_density_eval(&c->density, &log_lik, &log_prior, NULL, NULL, c->theta,
                              NULL, NULL, 0));
  return log_lik + log_prior;
}

static const cred_real start[DIM] = {0.3, -1, 2, 0.4, -0.2, 1.5, 0.7, -0.6, -0.35};

static void test_eval_and_its_gradient(void **state) {
  (void)state;
  cred_slice slices[4];
  toy_case c = {.density = toy(slices)};
  c.density.point = toy_point;
  memcpy(c.theta, start, sizeof start);
  cred_real d[DIM];
  for (size_t i = 0; i < DIM; i++) d[i] = NAN; // eval sets, and does not add
  double log_lik, log_prior;
  assert_ok(cred_density_eval(&c.density, &log_lik, &log_prior, d, NULL, c.theta, NULL,
                              NULL, 0));
  for (size_t i = 0; i < DIM; i++)
    assert_near(d[i], difference(total_of, &c, &c.theta[i]), 1e-8);
  cred_prior normal = slices[0].prior;
  normal.sd = exp(c.theta[DIM - 1]);
  const double expected = cred_prior_log_prob(&normal, c.theta, 3) +
                          cred_prior_log_prob(&slices[1].prior, c.theta + 3, 3);
  assert_near(log_prior, expected, 1e-12);
}

static void test_scale_of_the_prior(void **state) {
  (void)state;
  cred_slice slices[4];
  const cred_density density = toy(slices);
  cred_real once[DIM] = {0}, half[DIM];
  for (size_t i = 0; i < DIM; i++) half[i] = 10;
  const double a = cred_density_log_prior(&density, once, start, 1);
  const double b = cred_density_log_prior(&density, half, start, 0.5); // adds, scaled
  assert_near(a, b, 0);
  assert_near(a, cred_density_log_prior(&density, NULL, start, 1), 1e-12);
  for (size_t i = 0; i < DIM; i++) assert_near(half[i], 10 + 0.5 * once[i], 1e-12);
  assert_true(once[DIM - 1] != 0 && once[6] == 0 && once[7] == 0);
}

static void test_slice_prior(void **state) {
  (void)state;
  cred_slice slices[4];
  toy(slices);
  assert_near(cred_slice_prior(&slices[0], start).sd, exp(-0.35), 1e-15);
  assert_int_equal(cred_slice_prior(&slices[0], start).scale, CRED_SCALE_FIXED);
  assert_near(cred_slice_prior(&slices[1], start).sd, 0.5, 0);
}

static void test_a_failure_comes_back(void **state) {
  (void)state;
  cred_slice slices[4];
  cred_density density = toy(slices);
  density.point = toy_point;
  cred_real theta[DIM] = {0, 0, NAN}, d[DIM];
  double log_lik, log_prior;
  assert_fails(
      cred_density_eval(&density, &log_lik, &log_prior, d, NULL, theta, NULL, NULL, 0),
      CRED_EDATA, "not finite");
}

static void test_sink_stores(void **state) {
  (void)state;
  cred_real dmean[4] = {1, 1, 1, 1}, dsd[4] = {2, 2, 2, 2};
  const cred_real a[2] = {3, 5}, b[2] = {7, 11};
  cred_store store = {.dmean = dmean, .dsd = dsd, .scale = 2};
  cred_sink sink = cred_sink_store(&store);
  sink.take(sink.context, 1, a, b, 2);
  assert_true(dmean[0] == 1 && dmean[1] == 6 && dmean[2] == 10 && dmean[3] == 1);
  assert_true(dsd[0] == 2 && dsd[1] == 14 && dsd[2] == 22 && dsd[3] == 2);
  store.accumulate = 1;
  sink.take(sink.context, 0, a, NULL, 2); // a point evaluation has no dsd
  assert_true(dmean[0] == 7 && dmean[1] == 16 && dsd[0] == 2);
  store.dsd = NULL;
  sink.take(sink.context, 0, a, b, 2);
  assert_true(dmean[0] == 13 && dsd[0] == 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_eval_and_its_gradient),
      cmocka_unit_test(test_scale_of_the_prior),
      cmocka_unit_test(test_slice_prior),
      cmocka_unit_test(test_a_failure_comes_back),
      cmocka_unit_test(test_sink_stores),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
