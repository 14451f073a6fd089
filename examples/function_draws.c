// function_draws.c -- one draw of the weights for a whole curve, or fresh noise for
// each row.
//
// You learn: both have the same mean and sd at every single row. A function draw is a
// curve: take it for plots, for the largest value of a curve, for comparing two
// inputs. Row draws are independent from row to row: take them for rows that you look
// at one by one.
//
// Build: cc -std=c17 function_draws.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: same sd at a row: yes; differences known better: yes

#include <credence/data/toy.h>
#include <credence/model/fit.h>
#include <credence/model/predict.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DRAWS = 1000 };

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

static cred_model *fit(const cred_table *table) {
  const char *target = "y";
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  cred_fit_options options = cred_fit_defaults();
  options.posterior = CRED_FIT_VI;
  options.prior = "normal 1";
  options.likelihood = "gaussian";
  options.net = "dense 20 tanh";
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, NULL, 0, &columns, &options));
  return model;
}

// Epistemic sds of two rows, from draws of one kind.
static void row_sds(double sd[2], const cred_model *model, const cred_data *rows,
                    cred_draws kind) {
  cred_predict_options options = cred_predict_defaults();
  cred_predictor *predictor;
  cred_prediction p;
  options.draws = kind, options.n_draws = DRAWS;
  check(cred_predictor_new(&predictor, model, &options));
  check(cred_predictor_run(&p, predictor, rows));
  sd[0] = p.sd_epistemic[0], sd[1] = p.sd_epistemic[1];
  cred_predictor_free(predictor);
}

int main(void) {
  const char *input = "x";
  const double x[] = {1.0, 1.1};
  static double draws[DRAWS][2];
  cred_table *table = toy("linear", 50, 1), *places;
  cred_model *model = fit(table);
  cred_data rows = {0};
  check(cred_table_from_array(&places, x, 2, 1, 1, &input));
  check(cred_schema_encode(&rows, cred_model_schema(model), places, NULL, 0, 0, 0));

  double function[2], row[2], sum = 0, square = 0;
  row_sds(function, model, &rows, CRED_DRAWS_FUNCTION);
  row_sds(row, model, &rows, CRED_DRAWS_ROW);
  check(cred_model_function_draws(draws[0], model, &rows, DRAWS, 1, 0));
  for (size_t k = 0; k < DRAWS; k++) {
    const double rise = draws[k][1] - draws[k][0];
    sum += rise, square += rise * rise;
  }
  const double mean = sum / DRAWS, sd_rise = sqrt(square / DRAWS - mean * mean);
  const double sd_independent = sqrt(row[0] * row[0] + row[1] * row[1]);
  printf("epistemic sd at x = 1: %.3f by function draws, %.3f by row draws\n",
         function[0], row[0]);
  printf("f(1.1) - f(1.0): %.3f +- %.3f by function draws, +- %.3f if rows were "
         "independent\n",
         mean, sd_rise, sd_independent);
  cred_data_clear(&rows), cred_model_free(model);
  cred_table_free(places), cred_table_free(table);
  printf("same sd at a row: %s; differences known better: %s\n",
         fabs(function[0] - row[0]) < 0.15 * row[0] ? "yes" : "no",
         sd_rise < 0.5 * sd_independent ? "yes" : "no");
  return 0;
}
