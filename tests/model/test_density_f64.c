// The density of a whole model in double: gradients by finite differences, estimators of
// a linear network against its closed form, batches, weights, rows.

#include "model/assembled.h"

enum { DIM_MAX = 200 };

static const recipe_of_test likelihoods[] = {
    {.likelihood = "gaussian", .n_targets = 2},
    {.likelihood = "gaussian 0.3", .n_targets = 2},
    {.likelihood = "heteroscedastic", .n_targets = 2},
    {.likelihood = "mixture 3", .n_targets = 2},
    {.likelihood = "student-t", .n_targets = 2},
    {.likelihood = "student-t 4", .n_targets = 1},
    {.likelihood = "poisson", .n_targets = 1, .task = CRED_TARGET_COUNT},
    {.likelihood = "bernoulli", .n_targets = 1, .task = CRED_TARGET_CLASS, .n_levels = 2},
    {.likelihood = "categorical",
     .n_targets = 1,
     .task = CRED_TARGET_CLASS,
     .n_levels = 4},
};
enum { N_LIKELIHOODS = sizeof likelihoods / sizeof *likelihoods };

typedef struct {
  assembled a;
  cred__network_density d;
  void *work;
  size_t dim;
  double theta[DIM_MAX], sd[DIM_MAX];
  cred_key key;
} fixture;

static void fixture_init(fixture *f, recipe_of_test r, const char *net, bool dropout) {
  r.net = net;
  if (!r.n_rows) r.n_rows = 24;
  assemble(&f->a, &r);
  cred__network_density_init(&f->d, f->a.model, cred_source_of_data(&f->a.data), NULL,
                             r.n_rows, dropout);
  const cred_density *d = &f->d.density;
  assert_ok(d->work_new(&f->work, d->model, r.n_rows, 1));
  f->dim = d->dim;
  assert_true(f->dim <= DIM_MAX);
  f->key = cred_key_make(4);
  d->init(d->model, f->theta, &f->key);
  for (size_t i = 0; i < f->dim; i++) {
    f->theta[i] += 0.1 * cred_key_normal(&f->key, i);
    f->sd[i] =
        i < f->a.model->noise_offset ? 0.05 + 0.1 * cred_key_uniform(&f->key, i) : 0;
  }
}

static void fixture_clear(fixture *f) {
  f->d.density.work_free(f->work);
  assembled_clear(&f->a);
}

static double value(fixture *f, const cred_batch *batch, int mode) {
  double log_lik;
  const cred_density *d = &f->d.density;
  if (mode == 0)
    assert_ok(d->point(d->model, &log_lik, NULL, f->work, f->theta, batch, &f->key, 3));
  else
    assert_ok(d->expect(d->model, &log_lik, NULL, f->work, f->theta, f->sd, batch,
                        &f->key, 3, (cred_estimator)mode));
  return log_lik;
}

static void differences(fixture *f, const cred_batch *batch, int mode, double *array,
                        const double *grad, size_t n, const char *what) {
  for (size_t i = 0; i < n; i++) {
    const double h = 1e-5, kept = array[i];
    array[i] = kept + h;
    const double up = value(f, batch, mode);
    array[i] = kept - h;
    const double down = value(f, batch, mode);
    array[i] = kept;
    const double expected = (up - down) / (2 * h);
    if (!(fabs(grad[i] - expected) <= 1e-6 * (1 + fabs(expected))))
      fail_msg("%s, mode %d, %s %zu of %zu: %g, differences say %g",
               f->a.model->plan.likelihood, mode, what, i, n, grad[i], expected);
  }
}

// mode: 0 point, else the estimator.
static void check_gradient(fixture *f, const cred_batch *batch, int mode) {
  double dmean[DIM_MAX], dsd[DIM_MAX], log_lik;
  for (size_t i = 0; i < DIM_MAX; i++)
    dmean[i] = dsd[i] = 777; // each element is to be told
  cred_store store = {.dmean = dmean, .dsd = dsd, .scale = 1};
  const cred_sink sink = cred_sink_store(&store);
  const cred_density *d = &f->d.density;
  const long made = cred__alloc_count();
  if (mode == 0)
    assert_ok(d->point(d->model, &log_lik, &sink, f->work, f->theta, batch, &f->key, 3));
  else
    assert_ok(d->expect(d->model, &log_lik, &sink, f->work, f->theta, f->sd, batch,
                        &f->key, 3, (cred_estimator)mode));
  assert_int_equal(cred__alloc_count(), made);
  assert_near(log_lik, value(f, batch, mode), 1e-9 * (1 + fabs(log_lik)));
  differences(f, batch, mode, f->theta, dmean, f->dim, "gradient");
  if (mode == 0) return;
  differences(f, batch, mode, f->sd, dsd, f->a.model->noise_offset, "gradient of sd");
  for (size_t i = f->a.model->noise_offset; i < f->dim; i++) assert_true(dsd[i] == 0);
}

// Its noise is drawn anew at every step and place of a batch.
static const recipe_of_test noisy = {.likelihood = "noisy-categorical 6",
                                     .n_targets = 1,
                                     .task = CRED_TARGET_CLASS,
                                     .n_levels = 3};

static void test_gradients(void **state) {
  (void)state;
  static const size_t rows[] = {3, 20, 7, 7, 11, 0};
  const cred_batch all = {NULL, 0}, some = {rows, 6};
  for (size_t i = 0; i <= N_LIKELIHOODS; i++)
    for (int weighted = 0; weighted < 2; weighted++) {
      recipe_of_test r = i < N_LIKELIHOODS ? likelihoods[i] : noisy;
      r.weighted = weighted;
      fixture f;
      fixture_init(&f, r, "dense 4 tanh, dropout 0.3, dense 3 softplus", weighted);
      check_gradient(&f, weighted ? &some : &all, 0);
      check_gradient(&f, weighted ? &all : &some, CRED_ESTIMATOR_LOCAL);
      check_gradient(&f, weighted ? &some : &all, CRED_ESTIMATOR_FLIPOUT);
      fixture_clear(&f);
    }
}

// Over steps, the likelihood of training is that of the mean over the noise but for what
// the logarithm of few draws loses.
static void test_noise_of_steps(void **state) {
  (void)state;
  enum { STEPS = 300 };
  fixture f;
  recipe_of_test r = noisy;
  r.likelihood = "noisy-categorical 128";
  fixture_init(&f, r, "dense 4 tanh", false);
  const cred_density *d = &f.d.density;
  double rows[24], whole = 0, sum = 0, square = 0, first = 0;
  assert_ok(d->row_log_lik(d->model, rows, f.work, f.theta, NULL, &f.key, 0));
  for (size_t i = 0; i < 24; i++) whole += rows[i];
  for (uint64_t t = 0; t < STEPS; t++) {
    double log_lik;
    assert_ok(d->point(d->model, &log_lik, NULL, f.work, f.theta, NULL, &f.key, t));
    assert_true(log_lik != first);
    first = log_lik;
    sum += log_lik / STEPS, square += log_lik * log_lik / STEPS;
  }
  // E log mean is below log E by var / 2, which is what 128 draws leave of it
  const double error = sqrt((square - sum * sum) / STEPS);
  assert_near(sum, whole, 4 * error + 24 * (0.5 / 128 + 0.002));
  fixture_clear(&f);
}

// E log p(y | X theta) under N(m, s^2) of a linear network with noise 0.3; see linear.h.
static double linear_expectation(const fixture *f, double *grad) {
  double sum = 0;
  const double precision = 1 / (0.3 * 0.3);
  for (size_t i = 0; i < f->a.data.n_rows; i++) {
    const double *x = f->a.data.x + i * ASSEMBLED_INPUTS;
    double r = f->a.data.y[i] - f->theta[3], spread = f->sd[3] * f->sd[3];
    for (size_t j = 0; j < 3; j++) {
      r -= x[j] * f->theta[j];
      spread += x[j] * x[j] * f->sd[j] * f->sd[j];
    }
    sum -= log(0.3) + 0.91893853320467274178 + 0.5 * precision * (r * r + spread);
    for (size_t j = 0; j < 4; j++) {
      const double input = j < 3 ? x[j] : 1;
      grad[j] += precision * r * input;
      grad[4 + j] -= precision * input * input * f->sd[j];
    }
  }
  return sum;
}

// Averages over steps of the value and its eight gradients, to four standard errors.
static void check_unbiased(fixture *f, cred_estimator estimator) {
  enum { STEPS = 6000, N = 9 };
  double sum[N] = {0}, square[N] = {0}, exact[N] = {0};
  exact[8] = linear_expectation(f, exact);
  for (uint64_t t = 0; t < STEPS; t++) {
    double now[N];
    cred_store store = {.dmean = now, .dsd = now + 4, .scale = 1};
    const cred_sink sink = cred_sink_store(&store);
    const cred_density *d = &f->d.density;
    assert_ok(d->expect(d->model, &now[8], &sink, f->work, f->theta, f->sd, NULL, &f->key,
                        t, estimator));
    for (size_t i = 0; i < N; i++) sum[i] += now[i], square[i] += now[i] * now[i];
  }
  for (size_t i = 0; i < N; i++) {
    const double mean = sum[i] / STEPS;
    const double error = sqrt((square[i] / STEPS - mean * mean) / STEPS);
    assert_true(error > 0);
    if (!(fabs(mean - exact[i]) <= 4 * error))
      fail_msg("estimator %d, number %zu: %g +- %g, expected %g", (int)estimator, i, mean,
               error, exact[i]);
  }
}

static void test_estimators_are_unbiased(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, (recipe_of_test){.likelihood = "gaussian 0.3", .n_targets = 1},
               "linear", false);
  assert_int_equal(f.dim, 4);
  check_unbiased(&f, CRED_ESTIMATOR_LOCAL);
  check_unbiased(&f, CRED_ESTIMATOR_FLIPOUT);
  fixture_clear(&f);
}

// Each batch counts N / B times: over a partition into equal batches the average is the
// whole.
static void test_batches(void **state) {
  (void)state;
  for (size_t i = 0; i < N_LIKELIHOODS; i++) {
    recipe_of_test r = likelihoods[i];
    r.weighted = true;
    fixture f;
    fixture_init(&f, r, "dense 4 tanh", false);
    const cred_density *d = &f.d.density;
    double whole[DIM_MAX], sum[DIM_MAX] = {0}, log_lik, total = 0;
    cred_store store = {.dmean = whole, .scale = 1};
    cred_sink sink = cred_sink_store(&store);
    const cred_batch all = {NULL, 0};
    assert_ok(d->point(d->model, &log_lik, &sink, f.work, f.theta, &all, &f.key, 0));
    cred_store adding = {.dmean = sum, .scale = 0.25, .accumulate = 1};
    sink = cred_sink_store(&adding);
    for (size_t b = 0; b < 4; b++) {
      const size_t rows[] = {b, b + 4, b + 8, b + 12, b + 16, b + 20};
      const cred_batch batch = {rows, 6};
      double part;
      assert_ok(d->point(d->model, &part, &sink, f.work, f.theta, &batch, &f.key, b));
      total += 0.25 * part;
    }
    assert_near(total, log_lik, 1e-9 * (1 + fabs(log_lik)));
    for (size_t j = 0; j < f.dim; j++)
      assert_near(sum[j], whole[j], 1e-9 * (1 + fabs(whole[j])));
    fixture_clear(&f);
  }
}

static void test_rows_and_weights(void **state) {
  (void)state;
  for (size_t i = 0; i < N_LIKELIHOODS; i++) {
    recipe_of_test r = likelihoods[i];
    r.weighted = true;
    fixture f;
    fixture_init(&f, r, "dense 4 tanh", false);
    const cred_density *d = &f.d.density;
    double row[24], sum = 0;
    assert_ok(d->row_log_lik(d->model, row, f.work, f.theta, NULL, NULL, 0));
    for (size_t k = 0; k < 24; k++)
      sum += (double)(k % 3) * row[k]; // a row of weight 2 is two
    assert_near(value(&f, NULL, 0), sum, 1e-9 * (1 + fabs(sum)));
    const size_t rows[] = {5, 5, 23};
    const cred_batch some = {rows, 3};
    double again[3];
    assert_ok(d->row_log_lik(d->model, again, f.work, f.theta, &some, NULL, 0));
    for (size_t k = 0; k < 3; k++)
      assert_near(again[k], row[rows[k]], 1e-12 * (1 + fabs(row[rows[k]])));
    fixture_clear(&f);
  }
}

// The score of a Gaussian member: mean over rows of log mean_s p(y | theta_s), across
// blocks.
static void test_score(void **state) {
  (void)state;
  enum { N = 700, DRAWS = 5 };
  fixture f;
  fixture_init(
      &f,
      (recipe_of_test){
          .likelihood = "student-t", .n_targets = 1, .n_rows = N, .weighted = true},
      "dense 4 tanh", false);
  cred_member member = {CRED_POSTERIOR_GAUSSIAN, f.theta, f.sd};
  double theta[DIM_MAX], score, rows[DRAWS][N], sum = 0, weight = 0;
  assert_ok(
      cred__network_density_score(&score, &f.d, f.work, &member, DRAWS, &f.key, theta));
  const cred_posterior q = {.dim = f.dim, .n_members = 1, .members = &member};
  const cred_density *d = &f.d.density;
  for (size_t k = 0; k < DRAWS; k++) {
    cred_posterior_draw(theta, &q, k, &f.key, 1);
    assert_ok(d->row_log_lik(d->model, rows[k], f.work, theta, NULL, NULL, 0));
  }
  for (size_t i = 0; i < N; i++) {
    double p = 0;
    for (size_t k = 0; k < DRAWS; k++) p += exp(rows[k][i]) / DRAWS;
    sum += (double)(i % 3) * log(p);
    weight += (double)(i % 3);
  }
  assert_near(score, sum / weight, 1e-10);
  member.kind = CRED_POSTERIOR_POINT;
  assert_ok(
      cred__network_density_score(&score, &f.d, f.work, &member, DRAWS, &f.key, theta));
  assert_ok(d->row_log_lik(d->model, rows[0], f.work, f.theta, NULL, NULL, 0));
  sum = 0;
  for (size_t i = 0; i < N; i++) sum += (double)(i % 3) * rows[0][i];
  assert_near(score, sum / weight, 1e-10);
  fixture_clear(&f);
}

// One log sd a slice of the network, where it starts, and a gradient of the prior for it.
static void test_learned_scales(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f,
               (recipe_of_test){
                   .likelihood = "student-t", .n_targets = 1, .prior = "normal learned"},
               "dense 4 tanh", false);
  const cred_density *d = &f.d.density;
  assert_int_equal(f.dim, 3 * 4 + 4 + 4 + 1 + 2 + 4);
  d->init(d->model, f.theta, &f.key);
  size_t covered = 0;
  for (size_t i = 0; i < d->n_slices; i++) {
    const cred_slice *s = &d->slices[i];
    assert_int_equal(s->offset, covered);
    covered += s->n;
    if (s->kind == CRED_SLICE_POINT) continue;
    assert_near(f.theta[s->log_sd], log(s->prior.sd), 1e-12);
    assert_near(cred_slice_prior(s, f.theta).sd, s->prior.sd, 1e-12);
  }
  assert_int_equal(covered, f.dim);
  double grad[DIM_MAX], log_lik, log_prior, up, down;
  assert_ok(
      cred_density_eval(d, &log_lik, &log_prior, grad, f.work, f.theta, NULL, &f.key, 0));
  for (size_t i = 0; i < f.dim; i++) {
    const double kept = f.theta[i], h = 1e-5;
    f.theta[i] = kept + h;
    up = value(&f, NULL, 0) + cred_density_log_prior(d, NULL, f.theta, 1);
    f.theta[i] = kept - h;
    down = value(&f, NULL, 0) + cred_density_log_prior(d, NULL, f.theta, 1);
    f.theta[i] = kept;
    assert_near(grad[i], (up - down) / (2 * h), 1e-6 * (1 + fabs(grad[i])));
  }
  fixture_clear(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gradients),
      cmocka_unit_test(test_noise_of_steps),
      cmocka_unit_test(test_estimators_are_unbiased),
      cmocka_unit_test(test_batches),
      cmocka_unit_test(test_rows_and_weights),
      cmocka_unit_test(test_score),
      cmocka_unit_test(test_learned_scales),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
