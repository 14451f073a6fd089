// classification_moons.c -- class probabilities, and what their entropy is made of.
//
// You learn: predictive entropy = expected entropy (classes overlap) + mutual
// information (the draws disagree). Between the moons the first is large, far from
// all data the second; and at a place far away but deep in one class's half-plane, a
// network stays sure.
// Sources: Gal & Ghahramani (2016); Depeweg et al. (2018), equations 1-2.
//
// Build: cc -std=c17 classification_moons.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: mutual information is larger far from the data: yes

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
  const char *target = "label", *const inputs[] = {"x1", "x2"};
  cred_table *table = toy("moons", 200, 1), *places;
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  cred_fit_options fit_options = cred_fit_defaults();
  fit_options.posterior = CRED_FIT_DROPOUT;
  fit_options.steps = 5000;
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, NULL, 0, &columns, &fit_options));

  const double x[][2] = {{0, 1}, {1, -0.5}, {0.5, 0.25}, {-4, -3}, {6, 4}, {0, 8}};
  const char *where[] = {"on the upper moon",     "on the lower moon",
                         "between the moons",     "far off the gap's end",
                         "far off the other end", "far above"};
  cred_data rows = {0};
  cred_predictor *predictor;
  cred_prediction p;
  cred_predict_options options = cred_predict_defaults();
  options.n_draws = 1000;
  check(cred_table_from_array(&places, x[0], 6, 2, 2, inputs));
  check(cred_schema_encode(&rows, cred_model_schema(model), places, NULL, 0, 0, 0));
  check(cred_predictor_new(&predictor, model, &options));
  check(cred_predictor_run(&p, predictor, &rows));
  const cred_schema_target *classes = &cred_model_schema(model)->targets[0];
  for (size_t i = 0; i < 6; i++)
    printf("(%4.1f, %5.2f) %-22s p(%s) %.3f, entropy %.3f = %.3f + %.3f mutual "
           "information\n",
           x[i][0], x[i][1], where[i], classes->classes[1], p.prob[2 * i + 1],
           p.entropy[i], p.expected_entropy[i], p.mutual_information[i]);
  const double in = fmax(p.mutual_information[0], p.mutual_information[1]);
  const double out = fmax(p.mutual_information[3], p.mutual_information[4]);
  cred_predictor_free(predictor), cred_data_clear(&rows), cred_model_free(model);
  cred_table_free(places), cred_table_free(table);
  printf("mutual information is larger far from the data: %s\n", out > in ? "yes" : "no");
  return 0;
}
