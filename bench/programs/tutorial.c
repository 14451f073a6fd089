// tutorial.c -- the two programs of the tutorial as whole processes: data, training,
// predictions with 100 draws, without the picture. bench/peers/tutorial.py is the same
// on the peers.
//
// Usage: tutorial bnn|sine EPOCHS

#include <credence/model/fit.h>
#include <credence/model/predict.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS_MAX = 10, ROWS_MAX = 100, GRID = 100 };

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// Normal inputs, or places of a line; y is the sine of the sum of the first three.
static cred_table *make_rows(size_t n, size_t n_inputs, int noisy) {
  static double values[ROWS_MAX * (INPUTS_MAX + 1)];
  const cred_key root = cred_key_make(1), key = cred_key_derive(&root, CRED_FOR_USER, 0);
  for (size_t i = 0; i < n; i++) {
    double *row = values + i * (n_inputs + 1), sum = 0;
    for (size_t j = 0; j < n_inputs; j++) {
      row[j] = n_inputs == 1 ? -3 + 6 * (double)i / (double)(n - 1)
                             : cred_key_normal(&key, i * 16 + j);
      if (j < 3) sum += row[j];
    }
    row[n_inputs] = sin(sum) + (noisy ? 0.1 * cred_key_normal(&key, i * 16 + 15) : 0);
  }
  cred_table *table;
  check(cred_table_from_array(&table, values, n, n_inputs + 1, n_inputs + 1, NULL));
  return table;
}

static cred_model *fit(const cred_table *table, size_t n_inputs, size_t epochs) {
  char target[8];
  const char *targets = target;
  snprintf(target, sizeof target, "c%zu", n_inputs + 1);
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &targets, columns.n_targets = 1;
  cred_fit_options options = cred_fit_defaults();
  options.posterior = CRED_FIT_VI;
  options.net = "dense 20 relu";
  options.prior = "mixture 1 0.1 0.5";
  options.likelihood = "gaussian 0.1";
  options.method.estimator = CRED_ESTIMATOR_WEIGHTS;
  options.method.n_draws = 3;
  options.schedule = (cred_schedule){.kind = CRED_RATE_CONSTANT, .rate = 1e-3};
  options.batch = ROWS_MAX;
  options.epochs = epochs;
  options.validation = 0;
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, NULL, 0, &columns, &options));
  printf("log likelihood %.3f, KL %.3f a row\n", info.log_lik, info.kl);
  return model;
}

static void predict(const cred_model *model, const cred_table *grid) {
  cred_data rows = {0};
  cred_predictor *predictor;
  cred_prediction p;
  cred_predict_options options = cred_predict_defaults();
  options.draws = CRED_DRAWS_FUNCTION;
  options.n_levels = 0;
  check(cred_schema_encode(&rows, cred_model_schema(model), grid, NULL, 0, 0, 0));
  check(cred_predictor_new(&predictor, model, &options));
  check(cred_predictor_run(&p, predictor, &rows));
  for (size_t i = 0; i < p.n_rows; i += 25)
    printf("row %2zu: mean %6.3f, sd %.3f\n", i, p.mean[i], p.sd[i]);
  cred_predictor_free(predictor), cred_data_clear(&rows);
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  const int bnn = strcmp(argv[1], "bnn") == 0;
  const size_t n_inputs = bnn ? 10 : 1, n = bnn ? 100 : 50;
  cred_table *table = make_rows(n, n_inputs, 1), *grid = make_rows(GRID, n_inputs, 0);
  cred_model *model = fit(table, n_inputs, strtoul(argv[2], NULL, 10));
  predict(model, grid);
  cred_model_free(model), cred_table_free(table), cred_table_free(grid);
  return 0;
}
