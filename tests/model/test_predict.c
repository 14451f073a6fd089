// Predictions against closed forms of a linear network, brute force over the same draws,
// and sampling. Monte Carlo tolerances: five standard errors.

#include "layer/layer.h"
#include "model/predicted.h"
#include "model/files.h"

enum { N = 200 };

static void setup(assembled *a, recipe_of_test r, const char *net, size_t n_members) {
  r.n_rows = N;
  r.net = net;
  assemble(a, &r);
  random_posterior(a, n_members, 0.2);
}

static const recipe_of_test known_noise = {.likelihood = "gaussian 0.3", .n_targets = 1};

// A linear network under N(m, s^2): mean x m, variance sum x^2 s^2, in the units of y.
static void test_linear_network(void **state) {
  (void)state;
  assembled a;
  setup(&a, known_noise, "linear", 1);
  const cred_member *q = &a.model->posterior->members[0];
  const double scale = cred__target_sd(a.model, 0), shift = cred__target_mean(a.model, 0);
  assert_true(fabs(scale - 1) > 0.05); // so that the units are tested
  enum { DRAWS = 600 };
  for (int draws = CRED_DRAWS_AUTO; draws <= CRED_DRAWS_MOMENTS; draws++) {
    const cred_predict_options opt = options(draws, DRAWS);
    cred_prediction out;
    cred_predictor *p = predict(&out, &a, &opt);
    const bool sampled = draws <= CRED_DRAWS_ROW;
    assert_int_equal(out.n_draws, sampled ? DRAWS : 1);
    for (size_t i = 0; i < N; i++) {
      double mean = (double)q->mean[3], var = (double)(q->sd[3] * q->sd[3]);
      for (size_t j = 0; j < 3; j++) {
        const double x = (double)a.data.x[3 * i + j];
        mean += x * (double)q->mean[j];
        var += x * x * (double)(q->sd[j] * q->sd[j]);
      }
      if (draws == CRED_DRAWS_MEAN) var = 0;
      const double error = sampled ? 5 / sqrt(DRAWS) : 0, sd = scale * sqrt(var);
      assert_near(out.mean[i], shift + scale * mean, error * sd + 2e-6);
      assert_near(out.sd_epistemic[i], sd, error * sd * 0.7072 + 2e-6);
      assert_near(out.sd_aleatoric[i], 0.3 * scale, 2e-6);
      assert_near(out.sd[i],
                  sqrt(out.sd_epistemic[i] * out.sd_epistemic[i] +
                       out.sd_aleatoric[i] * out.sd_aleatoric[i]),
                  1e-9);
      const double total =
          sqrt(sd * sd + 0.09 * scale * scale); // the predictive is a normal
      assert_near(out.quantile[3 * i], shift + scale * mean - 1.6448536269514722 * total,
                  2.2 * error * total + 1e-5);
      assert_near(out.quantile[3 * i + 1], shift + scale * mean,
                  1.3 * error * total + 1e-5);
    }
    cred_predictor_free(p);
  }
  assembled_clear(&a);
}

static const recipe_of_test numeric[] = {
    {.likelihood = "gaussian", .n_targets = 2},
    {.likelihood = "heteroscedastic", .n_targets = 2},
    {.likelihood = "mixture 3", .n_targets = 2},
    {.likelihood = "student-t", .n_targets = 1},
    {.likelihood = "poisson", .n_targets = 1, .task = CRED_TARGET_COUNT},
};
static const recipe_of_test classes[] = {
    {.likelihood = "bernoulli", .n_targets = 1, .task = CRED_TARGET_CLASS, .n_levels = 2},
    {.likelihood = "categorical",
     .n_targets = 1,
     .task = CRED_TARGET_CLASS,
     .n_levels = 4},
    {.likelihood = "noisy-categorical",
     .n_targets = 1,
     .task = CRED_TARGET_CLASS,
     .n_levels = 2},
    {.likelihood = "noisy-categorical",
     .n_targets = 1,
     .task = CRED_TARGET_CLASS,
     .n_levels = 4},
};

// Outputs of function draw k for all rows, from the posterior itself.
static void outputs_of_draw(cred_real *out, const assembled *a, size_t k, uint64_t seed) {
  const cred_model *m = a->model;
  cred_real *theta;
  assert_ok(NEW(&theta, m->dim, "theta"));
  const cred_key key = cred_key_make(seed);
  cred_posterior_draw(theta, m->posterior, k, &key, 1);
  cred__network_work *work;
  assert_ok(cred__network_work_new(&work, m->network, N, 1, false, false));
  const cred__pass pass = {
      .mode = CRED__PLAIN, .n_rows = N, .n_threads = 1, .theta = theta};
  const cred_real *o = cred__network_forward(m->network, work, &pass, a->data.x);
  memcpy(out, o, N * cred_network_n_outputs(m->network) * sizeof *out);
  cred__network_work_free(work);
  cred__free(theta);
}

enum { BRUTE_DRAWS = 12 };
static cred_real brute[BRUTE_DRAWS][N * 32];
static double brute_mean[BRUTE_DRAWS][N * 2], brute_var[BRUTE_DRAWS][N * 2];
static double brute_log[BRUTE_DRAWS][N];

// In the units of the network.
static void brute_force(const assembled *a) {
  const cred_model *m = a->model;
  for (size_t k = 0; k < BRUTE_DRAWS; k++) {
    const cred_real *noise = cred_model_noise(m, k % m->posterior->n_members);
    outputs_of_draw(brute[k], a, k, 1);
    if (!cred_likelihood_is_class(&m->likelihood))
      cred_likelihood_mean_var(brute_mean[k], brute_var[k], &m->likelihood, brute[k],
                               noise, N);
    cred_likelihood_log_prob(brute_log[k], NULL, NULL, &m->likelihood, brute[k],
                             a->data.y, noise, NULL, N, NULL);
  }
}

static double brute_cdf(const cred_model *m, size_t row, size_t t, double y) {
  double sum = 0;
  const size_t n_out = cred_network_n_outputs(m->network);
  for (size_t k = 0; k < BRUTE_DRAWS; k++)
    sum += cred_likelihood_cdf(&m->likelihood, brute[k] + row * n_out,
                               cred_model_noise(m, k % m->posterior->n_members), t, y);
  return sum / BRUTE_DRAWS;
}

static void check_number(const assembled *a, const cred_prediction *out, size_t i,
                         size_t t) {
  const cred_model *m = a->model;
  const double scale = cred__target_sd(m, t), shift = cred__target_mean(m, t);
  const size_t n_targets = m->likelihood.n_targets, at = i * n_targets + t;
  double mean = 0, aleatoric = 0, epistemic = 0;
  for (size_t k = 0; k < BRUTE_DRAWS; k++) {
    mean += brute_mean[k][at] / BRUTE_DRAWS;
    aleatoric += brute_var[k][at] / BRUTE_DRAWS;
  }
  for (size_t k = 0; k < BRUTE_DRAWS; k++)
    epistemic += pow(brute_mean[k][at] - mean, 2) / (BRUTE_DRAWS - 1);
  const double sd = scale * sqrt(epistemic + aleatoric);
  assert_near(out->mean[at], shift + scale * mean, 1e-5 * sd);
  assert_near(out->sd_epistemic[at], scale * sqrt(epistemic), 1e-4 * sd);
  assert_near(out->sd_aleatoric[at], scale * sqrt(aleatoric), 1e-4 * sd);
  assert_near(out->sd[at], sd, 1e-4 * sd);
  const bool counts = m->likelihood.kind == CRED_LIK_POISSON;
  static const double levels[] = {0.05, 0.5, 0.95};
  for (size_t l = 0; l < 3; l++) {
    const double y = (out->quantile[3 * at + l] - shift) / scale,
                 f = brute_cdf(m, i, t, y);
    if (counts) // the smallest count that reaches the level
      assert_true(f >= levels[l] - 1e-9 && brute_cdf(m, i, t, y - 1) < levels[l] + 1e-9);
    else
      assert_near(f, levels[l], 2e-5);
  }
  const double y = (double)a->data.y[at], f = brute_cdf(m, i, t, y);
  if (counts) // randomised between the two sides of the step
    assert_true(out->pit[at] >= (y > 0 ? brute_cdf(m, i, t, y - 1) : 0) - 2e-5 &&
                out->pit[at] <= f + 2e-5);
  else
    assert_near(out->pit[at], f, 2e-5);
}

static void check_log_prob(const assembled *a, const cred_prediction *out, size_t i) {
  double p = 0;
  for (size_t k = 0; k < BRUTE_DRAWS; k++) p += exp(brute_log[k][i]) / BRUTE_DRAWS;
  for (size_t t = 0; t < a->model->likelihood.n_targets; t++)
    p /= cred__target_sd(a->model, t);
  assert_near(out->log_prob[i], log(p), 1e-5 * (1 + fabs(log(p))));
}

static void test_numbers_by_brute_force(void **state) {
  (void)state;
  for (size_t r = 0; r < sizeof numeric / sizeof *numeric; r++) {
    assembled a;
    setup(&a, numeric[r], "dense 5 tanh", 2);
    const cred_predict_options opt = options(CRED_DRAWS_FUNCTION, BRUTE_DRAWS);
    cred_prediction out;
    cred_predictor *p = predict(&out, &a, &opt);
    assert_int_equal(out.n_draws, BRUTE_DRAWS);
    brute_force(&a);
    for (size_t i = 0; i < N; i++) {
      check_log_prob(&a, &out, i);
      for (size_t t = 0; t < out.n_targets; t++) check_number(&a, &out, i, t);
    }
    cred_predictor_free(p);
    assembled_clear(&a);
  }
}

static double entropy_of(const double *p, size_t n) {
  double sum = 0;
  for (size_t c = 0; c < n; c++) sum -= p[c] > 0 ? p[c] * log(p[c]) : 0;
  return sum;
}

static void check_class(const assembled *a, const cred_prediction *out, size_t i) {
  const size_t n = out->n_classes, n_out = cred_network_n_outputs(a->model->network);
  double prob[4] = {0}, expected = 0, log_p[4], p[4];
  for (size_t k = 0; k < BRUTE_DRAWS; k++) {
    cred_likelihood_class_log_prob(log_p, &a->model->likelihood, brute[k] + i * n_out, 1);
    for (size_t c = 0; c < n; c++) p[c] = exp(log_p[c]), prob[c] += p[c] / BRUTE_DRAWS;
    expected += entropy_of(p, n) / BRUTE_DRAWS;
  }
  size_t best = 0;
  for (size_t c = 0; c < n; c++) {
    assert_near(out->prob[n * i + c], prob[c], 1e-6);
    if (prob[c] > prob[best]) best = c;
  }
  assert_int_equal(out->label[i], best);
  assert_near(out->entropy[i], entropy_of(prob, n), 1e-5);
  assert_near(out->expected_entropy[i], expected, 1e-5);
  assert_near(out->mutual_information[i], entropy_of(prob, n) - expected, 1e-5);
  if (n != 2) assert_null(out->sd_logit);
}

// sd over draws of the logit of two classes.
static double brute_sd_logit(const assembled *a, size_t i) {
  const size_t n_out = cred_network_n_outputs(a->model->network);
  double sum = 0, square = 0, log_p[2];
  for (size_t k = 0; k < BRUTE_DRAWS; k++) {
    cred_likelihood_class_log_prob(log_p, &a->model->likelihood, brute[k] + i * n_out, 1);
    const double logit = log_p[1] - log_p[0];
    sum += logit / BRUTE_DRAWS;
    square += logit * logit / BRUTE_DRAWS;
  }
  return sqrt((square - sum * sum) * BRUTE_DRAWS / (BRUTE_DRAWS - 1.0));
}

static void test_classes_by_brute_force(void **state) {
  (void)state;
  for (size_t r = 0; r < sizeof classes / sizeof *classes; r++) {
    assembled a;
    setup(&a, classes[r], "dense 5 tanh", 3);
    const cred_predict_options opt = options(CRED_DRAWS_FUNCTION, BRUTE_DRAWS);
    cred_prediction out;
    cred_predictor *p = predict(&out, &a, &opt);
    brute_force(&a);
    for (size_t i = 0; i < N; i++) {
      check_log_prob(&a, &out, i);
      check_class(&a, &out, i);
      if (out.n_classes == 2) assert_near(out.sd_logit[i], brute_sd_logit(&a, i), 1e-4);
    }
    cred_predictor_free(p);
    assembled_clear(&a);
  }
}

// 0 <= mutual information <= entropy, whatever the draws, also where all draws are equal.
static void test_bounds_of_mutual_information(void **state) {
  (void)state;
  for (int draws = CRED_DRAWS_AUTO; draws <= CRED_DRAWS_MOMENTS; draws++)
    for (int certain = 0; certain < 4; certain++) {
      assembled a;
      setup(&a, classes[certain < 2 ? 1 : 3], "dense 5 tanh", 1);
      random_posterior(&a, 1, certain % 2 ? 1e-7 : 2);
      const cred_predict_options opt = options(draws, 20);
      cred_prediction out;
      cred_predictor *p = predict(&out, &a, &opt);
      for (size_t i = 0; i < N; i++) {
        assert_true(out.mutual_information[i] >= 0);
        assert_true(out.mutual_information[i] <= out.entropy[i]);
        assert_true(out.entropy[i] <= log(4) + 1e-12);
        if (certain % 2 || draws == CRED_DRAWS_MEAN)
          assert_true(out.mutual_information[i] < 1e-5);
      }
      cred_predictor_free(p);
      assembled_clear(&a);
    }
}

// Quantiles against draws of y: 40,000 of them for a few rows.
static void test_quantiles_by_sampling(void **state) {
  (void)state;
  enum { SAMPLES = 40000 };
  static const double levels[] = {0.05, 0.5, 0.95};
  assembled a;
  setup(&a, numeric[1], "dense 5 tanh", 1);
  const cred_predict_options opt = options(CRED_DRAWS_FUNCTION, BRUTE_DRAWS);
  cred_prediction out;
  cred_predictor *p = predict(&out, &a, &opt);
  brute_force(&a);
  const cred_model *m = a.model;
  for (size_t row = 0; row < N; row += 101) {
    const cred_key key = cred_key_make(row);
    size_t below[3] = {0};
    double mean = 0;
    for (size_t s = 0; s < SAMPLES; s++) {
      double draw[2];
      cred_likelihood_sample(draw, &m->likelihood, brute[s % BRUTE_DRAWS] + row * 4,
                             cred_model_noise(m, 0), &key, s);
      const double y = cred__target_mean(m, 0) + cred__target_sd(m, 0) * draw[0];
      for (size_t l = 0; l < 3; l++) below[l] += y <= out.quantile[(2 * row) * 3 + l];
      mean += y / SAMPLES;
    }
    for (size_t l = 0; l < 3; l++)
      assert_near((double)below[l] / SAMPLES, levels[l],
                  5 * sqrt(levels[l] * (1 - levels[l]) / SAMPLES));
    assert_near(mean, out.mean[2 * row], 5 * out.sd[2 * row] / sqrt(SAMPLES));
  }
  cred_predictor_free(p);
  assembled_clear(&a);
}

// CRPS = integral of (F(z) - 1{y <= z})^2 over z; Gneiting & Raftery (2007), eq. 20.
// Averaged over rows, since each row's is estimated from 400 draws.
static void test_crps_by_integration(void **state) {
  (void)state;
  assembled a;
  setup(&a, numeric[0], "dense 5 tanh", 1);
  const cred_predict_options opt = options(CRED_DRAWS_FUNCTION, BRUTE_DRAWS);
  cred_prediction out;
  cred_predictor *p = predict(&out, &a, &opt);
  brute_force(&a);
  const double scale = cred__target_sd(a.model, 0);
  double difference = 0, square = 0;
  for (size_t i = 0; i < N; i++) {
    const double y = (double)a.data.y[2 * i];
    double sum = 0, step = 0.05;
    for (double z = -12 + step / 2; z < 12; z += step) {
      const double f = brute_cdf(a.model, i, 0, z) - (z >= y);
      sum += f * f * step;
    }
    const double d = out.crps[2 * i] - scale * sum;
    difference += d / N;
    square += d * d / N;
  }
  assert_true(square > 0 && sqrt(square) < 0.1 * scale);
  assert_near(difference, 0, 5 * sqrt(square / N) + 1e-3 * scale);
  cred_predictor_free(p);
  assembled_clear(&a);
}

// Each member equally often, however many draws are asked for.
static void test_members_count_equally(void **state) {
  (void)state;
  static const cred_fit_posterior kinds[] = {CRED_FIT_MAP, CRED_FIT_VI};
  static const size_t asked[] = {1, 7, 30, 100};
  for (size_t kind = 0; kind < 2; kind++)
    for (size_t s = 0; s < 4; s++) {
      recipe_of_test r = known_noise;
      r.posterior = kinds[kind];
      assembled a;
      setup(&a, r, "linear", 3);
      random_posterior(&a, 3, 0);
      const cred_predict_options opt = options(CRED_DRAWS_FUNCTION, asked[s]);
      cred_prediction out;
      cred_predictor *p = predict(&out, &a, &opt);
      assert_int_equal(out.n_draws,
                       kind == 0 || asked[s] < 3 ? 3 : (asked[s] + 2) / 3 * 3);
      for (size_t i = 0; i < N; i++) {
        double mean = 0;
        for (size_t k = 0; k < 3; k++) {
          const cred_real *w = a.model->posterior->members[k].mean;
          mean += (double)w[3] / 3;
          for (size_t j = 0; j < 3; j++) mean += (double)(w[j] * a.data.x[3 * i + j]) / 3;
        }
        assert_near(out.mean[i],
                    cred__target_mean(a.model, 0) + cred__target_sd(a.model, 0) * mean,
                    2e-6);
      }
      cred_predictor_free(p);
      assembled_clear(&a);
    }
}

static void assert_same_rows(const cred_prediction *whole, size_t first,
                             const cred_prediction *part) {
  const size_t n = part->n_rows * sizeof(double);
  assert_memory_equal(whole->mean + first, part->mean, n);
  assert_memory_equal(whole->sd_epistemic + first, part->sd_epistemic, n);
  assert_memory_equal(whole->sd + first, part->sd, n);
  assert_memory_equal(whole->quantile + 3 * first, part->quantile, 3 * n);
  assert_memory_equal(whole->log_prob + first, part->log_prob, n);
  assert_memory_equal(whole->crps + first, part->crps, n);
}

// The same bytes in one piece and in pieces, on any number of threads.
static void test_blocks_and_threads(void **state) {
  (void)state;
  static const size_t pieces[] = {1, 60, 128, 130, N}, threads[] = {1, 2, 3, 8};
  static const cred_fit_posterior kinds[] = {CRED_FIT_VI, CRED_FIT_DROPOUT};
  for (int draws = CRED_DRAWS_FUNCTION; draws <= CRED_DRAWS_ROW; draws++)
    for (size_t kind = 0; kind < 2; kind++) {
      recipe_of_test r = {
          .likelihood = "gaussian", .n_targets = 1, .posterior = kinds[kind]};
      assembled a;
      setup(&a, r, kind ? "dense 9 relu, dropout 0.2, dense 4 tanh" : "dense 9 relu", 2);
      cred_predict_options opt = options(draws, 8);
      cred_prediction whole, part;
      cred_predictor *p = predict(&whole, &a, &opt), *q;
      for (size_t t = 0; t < 4; t++) {
        opt.n_threads = threads[t];
        q = predict(&part, &a, &opt);
        assert_same_rows(&whole, 0, &part);
        for (size_t first = 0, n; first < N; first += n) {
          n = N - first < pieces[t] ? N - first : pieces[t];
          if (pieces[t] == 1 && first > 40) n = N - first;
          cred_data d = a.data;
          d.n_rows = n;
          d.x += first * d.n_inputs, d.y += first, d.row += first;
          assert_ok(cred_predictor_run(&part, q, &d));
          assert_same_rows(&whole, first, &part);
        }
        cred_predictor_free(q);
      }
      cred_predictor_free(p);
      assembled_clear(&a);
    }
}

static void test_as_many_draws_as_it_takes(void **state) {
  (void)state;
  assembled a;
  setup(&a, known_noise, "linear", 1);
  cred_predict_options opt = options(CRED_DRAWS_ROW, 10);
  opt.mc_error = 0.04;
  cred_prediction out;
  cred_predictor *p = predict(&out, &a, &opt);
  const size_t made = out.n_draws;
  double worst = 0, at_half = 0;
  for (size_t i = 0; i < N; i++) {
    const double share = out.sd_epistemic[i] / out.sd[i];
    worst = fmax(worst, share / sqrt((double)made));
    at_half = fmax(at_half, share / sqrt((double)made / 2));
  }
  assert_true(made > 10 && made < opt.n_draws_max);
  assert_true(worst < 0.04 * 1.1 && at_half > 0.04 * 0.9); // no more than it takes
  cred_predictor_free(p);
  opt.n_draws_max = 40; // never more than that
  opt.mc_error = 1e-6;
  p = predict(&out, &a, &opt);
  assert_int_equal(out.n_draws, 40);
  cred_predictor_free(p);
  opt.mc_error = 0.9; // nothing to do
  p = predict(&out, &a, &opt);
  assert_int_equal(out.n_draws, 10);
  cred_predictor_free(p);
  assembled_clear(&a);
}

// Of data that the model itself made, PIT is uniform: Kolmogorov distance at level 1e-4.
static void test_pit_is_uniform(void **state) {
  (void)state;
  enum { ROWS = 1500 };
  recipe_of_test r = {
      .likelihood = "student-t", .n_targets = 1, .n_rows = ROWS, .net = "linear"};
  assembled a;
  assemble(&a, &r);
  random_posterior(&a, 1, 0.5);
  const cred_member *q = &a.model->posterior->members[0];
  const cred_key key = cred_key_make(99), noise = cred_key_make(98);
  for (size_t i = 0; i < ROWS; i++) { // its own weights and its own noise each row
    double w[4], y;
    for (size_t j = 0; j < 4; j++)
      w[j] = (double)q->mean[j] + (double)q->sd[j] * cred_key_normal(&key, 4 * i + j);
    cred_real o = (cred_real)w[3];
    for (size_t j = 0; j < 3; j++) o += (cred_real)(w[j] * (double)a.data.x[3 * i + j]);
    cred_likelihood_sample(&y, &a.model->likelihood, &o, q->mean + 4, &noise, i);
    a.data.y[i] = (cred_real)y;
  }
  cred_predict_options opt = options(CRED_DRAWS_ROW, 100);
  opt.n_levels = 0;
  cred_prediction out;
  cred_predictor *p = predict(&out, &a, &opt);
  double distance = 0;
  for (int g = 0; g <= 200; g++) {
    double below = 0;
    for (size_t i = 0; i < ROWS; i++) below += out.pit[i] <= g / 200.0;
    distance = fmax(distance, fabs(below / ROWS - g / 200.0));
  }
  assert_near(distance, 0, 2.23 / sqrt(ROWS));
  cred_predictor_free(p);
  assembled_clear(&a);
}

// One theta for all rows: of a linear network each draw is linear. Their average is the
// mean.
static void test_function_draws(void **state) {
  (void)state;
  assembled a;
  setup(&a, known_noise, "linear", 2);
  for (size_t j = 0; j < 3;
       j++) // row 2 is half way between rows 0 and 1, 129 that of 0, 128
    for (size_t i = 1; i <= 128; i += 127)
      a.data.x[3 * (i + 1) + j] = 0.5f * (a.data.x[j] + a.data.x[3 * i + j]);
  enum { DRAWS = 40 };
  static double f[DRAWS][N];
  assert_ok(cred_model_function_draws(f[0], a.model, &a.data, DRAWS, 1, 2));
  const cred_predict_options opt = options(CRED_DRAWS_FUNCTION, DRAWS);
  cred_prediction out;
  cred_predictor *p = predict(&out, &a, &opt);
  for (size_t k = 0; k < DRAWS; k++) {
    assert_near(f[k][2], 0.5 * (f[k][0] + f[k][1]), 1e-5);
    assert_near(f[k][129], 0.5 * (f[k][0] + f[k][128]), 1e-5);
    for (size_t l = 0; l < k; l++) assert_true(fabs(f[k][0] - f[l][0]) > 1e-7);
  }
  for (size_t i = 0; i < N; i++) {
    double mean = 0;
    for (size_t k = 0; k < DRAWS; k++) mean += f[k][i] / DRAWS;
    assert_near(mean, out.mean[i], 1e-5);
  }
  a.data.n_inputs = 2;
  assert_fails(cred_model_function_draws(f[0], a.model, &a.data, DRAWS, 1, 2),
               CRED_EINVAL, "2 inputs");
  assert_fails(cred_predictor_run(&out, p, &a.data), CRED_EINVAL, "2 inputs");
  cred_predictor_free(p);
  assembled_clear(&a);
}

static void test_wrong_options_and_no_memory(void **state) {
  (void)state;
  assembled a;
  setup(&a, known_noise, "dense 4 tanh", 2);
  const double bad_level[] = {0.5, 1};
  for (int wrong = 0; wrong < 5; wrong++) {
    cred_predict_options opt = options(CRED_DRAWS_ROW, 4);
    if (wrong == 0) opt.n_draws = 0;
    if (wrong == 1) opt.mc_error = NAN;
    if (wrong == 2) opt.levels = bad_level, opt.n_levels = 2;
    if (wrong == 3) opt.draws = 17;
    if (wrong == 4) opt.mc_error = -1;
    cred_predictor *p;
    assert_fails(cred_predictor_new(&p, a.model, &opt), CRED_EINVAL, "");
    assert_null(p);
  }
  const long live = cred__alloc_live();
  for (int draws = CRED_DRAWS_FUNCTION; draws <= CRED_DRAWS_MOMENTS; draws++)
    for (long n = 0;; n++) {
      const cred_predict_options opt = options(draws, 4);
      cred_predictor *p = NULL;
      cred_prediction out;
      cred__alloc_fail_after(n);
      cred_status status = cred_predictor_new(&p, a.model, &opt);
      if (status == CRED_OK) status = cred_predictor_run(&out, p, &a.data);
      cred__alloc_fail_after(-1);
      if (status == CRED_ENOMEM && p) // a predictor whose run failed is of use again
        assert_ok(cred_predictor_run(&out, p, &a.data));
      cred_predictor_free(p);
      assert_int_equal(cred__alloc_live(), live);
      if (status == CRED_OK) break;
      assert_int_equal(status, CRED_ENOMEM);
    }
  assembled_clear(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_linear_network),
      cmocka_unit_test(test_numbers_by_brute_force),
      cmocka_unit_test(test_classes_by_brute_force),
      cmocka_unit_test(test_bounds_of_mutual_information),
      cmocka_unit_test(test_quantiles_by_sampling),
      cmocka_unit_test(test_crps_by_integration),
      cmocka_unit_test(test_members_count_equally),
      cmocka_unit_test(test_blocks_and_threads),
      cmocka_unit_test(test_as_many_draws_as_it_takes),
      cmocka_unit_test(test_pit_is_uniform),
      cmocka_unit_test(test_function_draws),
      cmocka_unit_test(test_wrong_options_and_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
