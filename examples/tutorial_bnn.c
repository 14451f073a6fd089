// tutorial_bnn.c -- Bayes by Backprop, step by step: a network of 10 inputs, 20
// hidden units and 1 output whose weights are distributions.
//
// You learn: how a prior, an estimator and its draws are chosen; that the objective
// is log likelihood - KL(q || prior), both sums in nats; how mean and sd come from
// draws; that far from the data the sd grows, and yet the mean is further off than it
// says: a factorised Gaussian leaves out how weights depend on each other.
// Source: Blundell et al. (2015), "Weight uncertainty in neural networks".
//
// Build: cc -std=c17 tutorial_bnn.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: the sd is larger far from the data: yes

#include <credence/model/fit.h>
#include <credence/model/predict.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 100, INPUTS = 10, COLUMNS = INPUTS + 1 };

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// 100 rows of 10 normal inputs; y = x1 - x2 / 2 + sin(x3) + noise of sd 0.1.
static cred_table *random_rows(void) {
  static double values[N][COLUMNS];
  const cred_key root = cred_key_make(1), key = cred_key_derive(&root, CRED_FOR_USER, 0);
  for (uint64_t i = 0; i < N; i++) {
    double *row = values[i];
    for (uint64_t j = 0; j < COLUMNS; j++)
      row[j] = cred_key_normal(&key, i * COLUMNS + j);
    row[INPUTS] = row[0] - 0.5 * row[1] + sin(row[2]) + 0.1 * row[INPUTS];
  }
  cred_table *table;
  check(cred_table_from_array(&table, values[0], N, COLUMNS, COLUMNS, NULL));
  return table;
}

// The objective along the fit: sums over all rows and all weights, in nats.
static void print_history(const cred_model *model) {
  const size_t n = cred_model_n_history(model);
  for (size_t i = n / 6 - 1; i < n; i += n / 6) {
    const cred_history_row h = cred_model_history(model, i);
    printf("step %4zu: log likelihood %7.1f, KL %6.1f, ELBO %7.1f\n", h.epoch,
           N * h.log_lik, N * h.kl, N * (h.log_lik - h.kl));
  }
}

static cred_model *fit(const cred_table *table) {
  const char *target = "c11";
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  cred_fit_options options = cred_fit_defaults();
  options.posterior = CRED_FIT_VI;
  options.net = "dense 20 relu";
  options.prior = "mixture 1 0.1 0.5"; // sigma1, sigma2, pi of equation 7
  options.likelihood = "gaussian";     // its noise sd is learned
  options.method.estimator = CRED_ESTIMATOR_WEIGHTS;
  options.method.n_draws = 3;
  options.steps = 3000; // a step sees all 100 rows, so it is an epoch
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, NULL, 0, &columns, &options));
  print_history(model);
  printf("learned noise sd: %.2f (0.1 made the data)\n", cred_model_noise_sd(model, 0));
  return model;
}

// Mean and sd of y at x = (value, ..., value) from 100 draws of the weights.
static double predict(const cred_model *model, double value) {
  double x[INPUTS];
  for (size_t j = 0; j < INPUTS; j++) x[j] = value;
  cred_table *table;
  cred_data row = {0};
  cred_predictor *predictor;
  cred_prediction p;
  cred_predict_options options = cred_predict_defaults();
  options.n_draws = 100;
  check(cred_table_from_array(&table, x, 1, INPUTS, INPUTS, NULL));
  check(cred_schema_encode(&row, cred_model_schema(model), table, NULL, 0, 0, 0));
  check(cred_predictor_new(&predictor, model, &options));
  check(cred_predictor_run(&p, predictor, &row));
  const double sd = p.sd[0];
  printf("x = (%g, ..., %g): mean %.2f, sd %.2f; without noise y is %.2f\n", value, value,
         p.mean[0], sd, 0.5 * value + sin(value));
  cred_predictor_free(predictor), cred_data_clear(&row), cred_table_free(table);
  return sd;
}

int main(void) {
  cred_table *table = random_rows();
  cred_model *model = fit(table);
  const double near = predict(model, 0.5), far = predict(model, 5);
  cred_model_free(model), cred_table_free(table);
  printf("the sd is larger far from the data: %s\n", far > near ? "yes" : "no");
  return 0;
}
