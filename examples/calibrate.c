// calibrate.c -- intervals whose coverage holds whatever the model got wrong.
//
// You learn: rows kept aside from the fit turn predictions into intervals that hold
// 90 % of new rows, even of a model with a wrong noise (given 0.03, 0.14 is true).
// The guarantee is on average over new rows like the old ones; it is not for each x.
// Source: split conformal prediction, Lei et al. (2018), theorem 2.2.
//
// Build: cc -std=c17 calibrate.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: own intervals too narrow: yes; conformal ones hold: yes

#include <credence/data/toy.h>
#include <credence/model/calibrate.h>
#include <credence/model/fit.h>
#include <credence/model/predict.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIT = 100, CALIBRATE = 400, TEST = 2000 };

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

static void encode(cred_data *out, const cred_model *model, const cred_table *table,
                   size_t first, size_t n) {
  size_t rows[TEST];
  for (size_t i = 0; i < n; i++) rows[i] = first + i;
  check(cred_schema_encode(out, cred_model_schema(model), table, rows, n, 1, 0));
}

static cred_model *fit(const cred_table *table) {
  const char *target = "y";
  size_t rows[FIT];
  for (size_t i = 0; i < FIT; i++) rows[i] = i;
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  cred_fit_options options = cred_fit_defaults();
  options.likelihood = "gaussian 0.03"; // in units of the target's sd: too small
  options.steps = 3000;
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, rows, FIT, &columns, &options));
  return model;
}

int main(void) {
  cred_table *table = toy("linear", FIT + CALIBRATE + TEST, 1);
  cred_model *model = fit(table);
  cred_data kept = {0}, test = {0};
  encode(&kept, model, table, FIT, CALIBRATE);
  encode(&test, model, table, FIT + CALIBRATE, TEST);

  const cred_calibrate_options options = cred_calibrate_defaults();
  const cred_predict_options predict = cred_predict_defaults();
  cred_calibrate_info info;
  check(cred_model_calibrate(model, &info, &kept, &options));
  printf("%zu rows: intervals of the model hold %.0f %% of them, 90 %% asked\n",
         info.n_rows, 100 * info.coverage_before);

  cred_predictor *predictor;
  cred_prediction p;
  check(cred_predictor_new(&predictor, model, &predict));
  check(cred_predictor_run(&p, predictor, &test));
  size_t inside = 0;
  for (size_t i = 0; i < TEST; i++) {
    const double y = cred_table_number(table, FIT + CALIBRATE + i, 1);
    inside += y >= p.lower[i] && y <= p.upper[i];
  }
  const double coverage = (double)inside / TEST;
  printf("%d new rows: conformal intervals hold %.1f %% of them\n", TEST, 100 * coverage);
  cred_predictor_free(predictor), cred_data_clear(&test), cred_data_clear(&kept);
  cred_model_free(model), cred_table_free(table);
  // 400 rows leave the coverage a standard error of 0.015.
  printf("own intervals too narrow: %s; conformal ones hold: %s\n",
         info.coverage_before < 0.8 ? "yes" : "no", coverage > 0.85 ? "yes" : "no");
  return 0;
}
