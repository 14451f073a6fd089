// images_lenet.c -- a convolutional network on images, with the uncertainty of each.
//
// You learn: images are rows of numbers whose shape the table is told (files of images,
// IDX or NPZ, say it themselves); a network of convolutions is a line of text; a picture
// of nothing that was taught is less certain than those that were.
// Sources: LeCun et al. (1998), the network; Gal & Ghahramani (2016), the posterior.
//
// Build: cc -std=c17 images_lenet.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: at least 95 % right, and noise alone is less certain: yes

#include <credence/model/fit.h>
#include <credence/model/predict.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 16, N_PIXELS = SIDE * SIDE, N_TRAIN = 450, N_TEST = 150 };

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// A bar that lies, stands or leans, on noise; the last column is which. Class 3: noise.
static void draw(double *row, size_t number, int class, const cred_key *key) {
  const cred_key own = cred_key_derive(key, CRED_FOR_USER, number);
  const size_t at = 2 + (size_t)cred_key_below(&own, 0, SIDE - 4);
  for (size_t y = 0; y < SIDE; y++)
    for (size_t x = 0; x < SIDE; x++) {
      const size_t i = y * SIDE + x;
      const int on = (class == 0 && y == at) || (class == 1 && x == at) ||
                     (class == 2 && (x + y) % SIDE == at);
      row[i] = on + 0.3 * cred_key_normal(&own, i + 1);
    }
  row[N_PIXELS] = class;
}

// A table of n images, their classes in turn or all `class`.
static cred_table *images(size_t n, int class, uint64_t seed) {
  static char names_text[N_PIXELS + 1][8];
  const char *names[N_PIXELS + 1];
  double *values = calloc(n * (N_PIXELS + 1), sizeof *values);
  const cred_key key = cred_key_make(seed);
  cred_table *table;
  if (!values) exit(1);
  for (size_t i = 0; i <= N_PIXELS; i++) {
    snprintf(names_text[i], sizeof names_text[i], "%c%zu", i < N_PIXELS ? 'x' : 'y', i);
    names[i] = names_text[i];
  }
  for (size_t i = 0; i < n; i++)
    draw(values + i * (N_PIXELS + 1), i, class < 0 ? (int)(i % 3) : class, &key);
  check(cred_table_from_array(&table, values, n, N_PIXELS + 1, N_PIXELS + 1, names));
  check(cred_table_set_shape(table, (cred_shape){SIDE, SIDE, 1}, 0));
  free(values);
  return table;
}

// Share of rows whose likeliest class is theirs, and the mean predictive entropy.
static void score(double *accuracy, double *entropy, const cred_model *model,
                  const cred_table *table, int with_targets) {
  cred_data rows = {0};
  cred_predictor *predictor;
  cred_prediction p;
  cred_predict_options options = cred_predict_defaults();
  check(cred_schema_encode(&rows, cred_model_schema(model), table, NULL, 0, with_targets,
                           0));
  check(cred_predictor_new(&predictor, model, &options));
  check(cred_predictor_run(&p, predictor, &rows));
  *accuracy = *entropy = 0;
  for (size_t i = 0; i < rows.n_rows; i++) {
    *entropy += p.entropy[i] / (double)rows.n_rows;
    if (rows.y) *accuracy += ((int)rows.y[i] == p.label[i]) / (double)rows.n_rows;
  }
  cred_predictor_free(predictor), cred_data_clear(&rows);
}

int main(void) {
  const char *target = "y256";
  cred_table *train = images(N_TRAIN, -1, 1), *test = images(N_TEST, -1, 2);
  cred_table *nothing = images(N_TEST, 3, 3);
  cred_schema_options columns = cred_schema_defaults();
  cred_fit_options options = cred_fit_defaults();
  cred_model *model;
  columns.targets = &target, columns.n_targets = 1;
  columns.task = CRED_TARGET_CLASS, columns.input_scale = 1;
  options.posterior = CRED_FIT_DROPOUT, options.dropout = 0.1, options.n_members = 1;
  options.net = "conv 6 5 same relu, pool 2, conv 16 5 relu, pool 2, dense 120 relu, "
                "dense 84 relu";
  options.n_threads = 1;
  options.steps = 200, options.batch = 50, options.schedule.rate = 2e-3;
  check(cred_model_fit(&model, NULL, train, NULL, 0, &columns, &options));
  const cred_network *network = cred_model_network(model);
  for (size_t i = 0; i < cred_network_n_layers(network); i++) {
    const cred_network_row row = cred_network_layer(network, i);
    printf("%-10s %-22s %2zu x %2zu x %3zu %8zu\n", row.name, row.text, row.out.height,
           row.out.width, row.out.channels, row.n_params);
  }
  double accuracy, entropy, unused, of_nothing;
  score(&accuracy, &entropy, model, test, 1);
  score(&unused, &of_nothing, model, nothing, 0);
  printf("accuracy %.3f, entropy %.3f; entropy of noise alone %.3f\n", accuracy, entropy,
         of_nothing);
  cred_model_free(model), cred_table_free(train), cred_table_free(test);
  cred_table_free(nothing);
  printf("at least 95 %% right, and noise alone is less certain: %s\n",
         accuracy >= 0.95 && of_nothing > 2 * entropy ? "yes" : "no");
  return 0;
}
