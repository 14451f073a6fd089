// regression_dropout.c -- two kinds of uncertainty, told apart by Monte Carlo
// dropout.
//
// You learn: aleatoric sd is the noise of the data (here it grows along x, so the
// network has a second output for it: the heteroscedastic likelihood); epistemic sd
// is what the weights leave open (it grows where there are no data). sd^2 =
// sd_aleatoric^2 + sd_epistemic^2.
// Sources: Gal & Ghahramani (2016); Kendall & Gal (2017), equation 9.
//
// Build: cc -std=c17 regression_dropout.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: noise larger on the right: yes; less known outside: yes

#include <credence/data/toy.h>
#include <credence/model/fit.h>
#include <credence/model/predict.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(void) {
  const char *target = "y", *input = "x";
  cred_table *table = toy("sine-hetero", 400, 1), *places;
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  cred_fit_options fit_options = cred_fit_defaults();
  fit_options.posterior = CRED_FIT_DROPOUT; // the recipe: 10 members, rate 0.03, folds
  fit_options.likelihood = "heteroscedastic";
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, NULL, 0, &columns, &fit_options));

  const double x[] = {-2.5, 0, 2.5, 6}; // the data are in [-3, 3]
  cred_data rows = {0};
  cred_predictor *predictor;
  cred_prediction p;
  cred_predict_options options = cred_predict_defaults();
  options.n_draws = 1000;
  check(cred_table_from_array(&places, x, 4, 1, 1, &input));
  check(cred_schema_encode(&rows, cred_model_schema(model), places, NULL, 0, 0, 0));
  check(cred_predictor_new(&predictor, model, &options));
  check(cred_predictor_run(&p, predictor, &rows));
  printf("   x   mean     sd  aleatoric  epistemic  (true noise)\n");
  for (size_t i = 0; i < 4; i++)
    printf("%4.1f  %5.2f  %5.2f      %5.2f      %5.2f  %s%.2f\n", x[i], p.mean[i],
           p.sd[i], p.sd_aleatoric[i], p.sd_epistemic[i],
           i < 3 ? "" : "unknown here, line says ", 0.04 + (x[i] + 3) * 0.06);
  const bool noisier = p.sd_aleatoric[2] > 2 * p.sd_aleatoric[0];
  const bool outside = p.sd_epistemic[3] > 2 * p.sd_epistemic[1];
  cred_predictor_free(predictor), cred_data_clear(&rows), cred_model_free(model);
  cred_table_free(places), cred_table_free(table);
  printf("noise larger on the right: %s; less known outside: %s\n",
         noisier ? "yes" : "no", outside ? "yes" : "no");
  return 0;
}
