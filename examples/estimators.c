// estimators.c -- three estimators of one objective.
//
// You learn: all three are unbiased for E_q log p(data | w), so they lead to the same ELBO; they
// differ in noise. Drawing the weights once for all rows makes every row err the same way;
// local reparameterisation and flipout give rows noise of their own, which averages out.
// Sources: Blundell et al. (2015); Kingma, Salimans & Welling (2015); Wen et al. (2018).
//
// Build: cc -std=c17 estimators.c $(pkg-config --cflags --libs credence) -lm -o estimators
// Run:   ./estimators
// Expected last line: local reparameterisation is less noisy than drawn weights: yes

#include <credence/data/toy.h>
#include <credence/model/fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 6000, LAST = 1000 }; // the rate is near 0 in the last steps: q stands still

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

typedef struct {
  size_t n;
  double sum, square; // of the ELBO estimates of the last steps, nats
} estimates;

static bool collect(void *context, const cred_progress *p) {
  estimates *e = context;
  if (p->step <= STEPS - LAST) return true;
  const double elbo = 200 * (p->log_lik - p->kl);
  e->n++, e->sum += elbo, e->square += elbo * elbo;
  return true;
}

// Fit by one estimator; returns the sd of a single estimate of the ELBO at the end.
static double fit(const cred_table *table, cred_estimator estimator, const char *name) {
  const char *target = "y";
  estimates e = {0};
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  cred_fit_options options = cred_fit_defaults();
  options.posterior = CRED_FIT_VI;
  options.net = "dense 20 tanh";
  options.prior = "normal 1";
  options.likelihood = "gaussian";
  options.method.estimator = estimator;
  options.batch = 200; // all rows, so that the weights are the only noise
  options.steps = STEPS;
  options.progress = collect, options.progress_context = &e;
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, NULL, 0, &columns, &options));
  cred_model_free(model);
  const double mean = e.sum / (double)e.n, sd = sqrt(e.square / (double)e.n - mean * mean);
  printf("%-28s ELBO %7.1f nats, one estimate has sd %5.1f\n", name, mean, sd);
  return sd;
}

int main(void) {
  cred_table *table = toy("linear", 200, 1);
  const double weights = fit(table, CRED_ESTIMATOR_WEIGHTS, "drawn weights");
  const double local = fit(table, CRED_ESTIMATOR_LOCAL, "local reparameterisation");
  fit(table, CRED_ESTIMATOR_FLIPOUT, "flipout");
  cred_table_free(table);
  printf("local reparameterisation is less noisy than drawn weights: %s\n",
         local < weights ? "yes" : "no");
  return 0;
}
