// own_table.c -- a table with categories and missing cells: fit, save, load, predict.
//
// You learn: columns go by name; words are categories; what to do with an empty cell
// is yours to say; an id column is carried along; a loaded model needs nothing but
// its file.
//
// Build: cc -std=c17 own_table.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: better than the class shares: yes

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

// Writes patients.csv, in place of your own file: id,age,sex,...,readmitted.
static void write_table(void) {
  FILE *file = fopen("patients.csv", "w");
  if (!file) exit(1);
  check(cred_toy_write_csv(file, "patients", 1200, NAN, 1, false));
  fclose(file);
}

static void fit_and_save(const cred_table *table, const size_t *rows, size_t n_rows) {
  const char *target = "readmitted";
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  columns.id = "id";                        // no input
  columns.missing = CRED_MISSING_INDICATOR; // fill in the mean, and tell the network
  cred_fit_options options = cred_fit_defaults();
  options.steps = 3000;
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, rows, n_rows, &columns, &options));
  check(cred_model_save(model, "patients.cred", true));
  cred_model_free(model);
}

int main(void) {
  enum { TRAIN = 800, TEST = 400 };
  size_t train[TRAIN], test[TEST];
  for (size_t i = 0; i < TRAIN; i++) train[i] = i;
  for (size_t i = 0; i < TEST; i++) test[i] = TRAIN + i;
  write_table();
  cred_table *table;
  check(cred_table_read(&table, "patients.csv", NULL));
  fit_and_save(table, train, TRAIN);

  cred_model *model;
  cred_data rows = {0};
  cred_predictor *predictor;
  cred_prediction p;
  const cred_predict_options options = cred_predict_defaults();
  check(cred_model_load(&model, "patients.cred"));
  check(cred_schema_encode(&rows, cred_model_schema(model), table, test, TEST, 1, 0));
  check(cred_predictor_new(&predictor, model, &options));
  check(cred_predictor_run(&p, predictor, &rows));

  const cred_schema_target *classes = &cred_model_schema(model)->targets[0];
  double log_lik = 0, share = 0;
  for (size_t i = 0; i < TEST; i++) {
    char id[32];
    cred_table_cell(id, sizeof id, table, test[i], 0);
    if (i < 5)
      printf("%s: %s, probability %.2f, mutual information %.3f\n", id,
             classes->classes[p.label[i]], p.prob[2 * i + (size_t)p.label[i]],
             p.mutual_information[i]);
    log_lik += p.log_prob[i] / TEST;
    share += rows.y[i] / TEST; // of class 1
  }
  const double constant = share * log(share) + (1 - share) * log1p(-share);
  cred_predictor_free(predictor), cred_data_clear(&rows), cred_model_free(model);
  cred_table_free(table);
  printf("%d new patients: log likelihood %.2f a row\n", TEST, log_lik);
  printf("better than the class shares: %s\n", log_lik > constant ? "yes" : "no");
  return 0;
}
