// estimators.c -- three estimators of one objective.
//
// You learn: all three are unbiased estimates of E_q log p(data | w), so the
// objective is one; they differ in noise. Drawing the weights once for all rows makes
// every row err the same way; local reparameterisation and flipout give rows noise of
// their own, which averages out, and so they get further in as many steps.
// Sources: Blundell et al. (2015); Kingma, Salimans & Welling (2015); Wen et al. (2018).
//
// Build: cc -std=c17 estimators.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: local reparameterisation is less noisy: yes

#include <credence/data/toy.h>
#include <credence/model/fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// The rate is near 0 in the last sixth of the steps: q stands still, only the noise is
// left.
enum { ROWS = 200, STEPS = 6000 };

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// A generated table, kept as a file like a table of your own.
static cred_table *toy(const char *name, size_t n_rows, uint64_t seed) {
  cred_table *table;
  FILE *file = fopen("toy.csv", "w");
  if (!file) exit(1);
  check(cred_toy_write_csv(file, name, n_rows, NAN, seed, false));
  fclose(file);
  check(cred_table_read(&table, "toy.csv", NULL));
  return table;
}

// Fit by one estimator; returns the sd of a single estimate of the ELBO at the end.
static double fit(const cred_table *table, cred_estimator estimator, const char *name) {
  const char *target = "y";
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  cred_fit_options options = cred_fit_defaults();
  options.posterior = CRED_FIT_VI;
  options.net = "dense 20 tanh";
  options.prior = "normal 1";
  options.likelihood = "gaussian";
  options.method.estimator = estimator;
  options.batch = ROWS; // all, so that the weights are the only noise
  options.steps = STEPS;
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, NULL, 0, &columns, &options));
  const size_t n = cred_model_n_history(model), last = n / 6;
  double sum = 0, square = 0;
  for (size_t i = n - last; i < n; i++) {
    const cred_history_row h = cred_model_history(model, i);
    const double elbo = ROWS * (h.log_lik - h.kl);
    sum += elbo, square += elbo * elbo;
  }
  cred_model_free(model);
  const double mean = sum / (double)last, sd = sqrt(square / (double)last - mean * mean);
  printf("%-24s ELBO %7.1f nats, a single estimate has sd %5.1f\n", name, mean, sd);
  return sd;
}

int main(void) {
  cred_table *table = toy("sine", ROWS, 1);
  const double weights = fit(table, CRED_ESTIMATOR_WEIGHTS, "drawn weights");
  const double local = fit(table, CRED_ESTIMATOR_LOCAL, "local reparameterisation");
  fit(table, CRED_ESTIMATOR_FLIPOUT, "flipout");
  cred_table_free(table);
  printf("local reparameterisation is less noisy: %s\n", local < weights ? "yes" : "no");
  return 0;
}
