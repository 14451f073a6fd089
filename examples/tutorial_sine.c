// tutorial_sine.c -- 50 noisy points of a sine, and the band of an ensemble of
// dropout networks.
//
// You learn: the shortest way from a table to a mean with its uncertainty, and a
// picture of it. The picture, sine.png, needs gnuplot; all else does not.
//
// Build: cc -std=c17 tutorial_sine.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: the sine lies in the band at 9 of 10 places within the data: yes

#include <credence/data/toy.h>
#include <credence/model/fit.h>
#include <credence/model/predict.h>
#include <credence/plot/plot.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { GRID = 121, POINTS = 50 };

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

static void draw(const cred_prediction *p, const double *x, const double *truth,
                 const cred_table *points) {
  double px[POINTS], py[POINTS];
  for (size_t i = 0; i < POINTS; i++) {
    px[i] = cred_table_number(points, i, 0);
    py[i] = cred_table_number(points, i, 1);
  }
  const cred_plot_band band = {.n = GRID,
                               .x = x,
                               .mean = p->mean,
                               .sd = p->sd,
                               .sd_epistemic = p->sd_epistemic,
                               .n_points = POINTS,
                               .point_x = px,
                               .point_y = py,
                               .n_truth = GRID,
                               .truth_x = x,
                               .truth_y = truth};
  const cred_plot_labels labels = {.title = "50 points of a sine", .x = "x", .y = "y"};
  const cred_plot_options options = cred_plot_defaults();
  cred_plot *plot;
  check(cred_plot_new_band(&plot, &band, &labels));
  const cred_status status = cred_plot_render(plot, "sine.png", &options);
  if (status == CRED_EUNAVAILABLE)
    printf("no picture: %s\n", cred_error_message());
  else
    check(status);
  cred_plot_free(plot);
}

int main(void) {
  const char *target = "y", *input = "x";
  cred_table *points = toy("sine", POINTS, 1), *grid;
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  const cred_fit_options fit_options = cred_fit_defaults();
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, points, NULL, 0, &columns, &fit_options));

  double x[GRID], truth[GRID]; // twice as far as the data, which are in [-3, 3]
  for (size_t i = 0; i < GRID; i++) {
    x[i] = -6 + 0.1 * (double)i;
    truth[i] = sin(x[i]);
  }
  cred_data rows = {0};
  cred_predictor *predictor;
  cred_prediction p;
  const cred_predict_options options = cred_predict_defaults();
  check(cred_table_from_array(&grid, x, GRID, 1, 1, &input));
  check(cred_schema_encode(&rows, cred_model_schema(model), grid, NULL, 0, 0, 0));
  check(cred_predictor_new(&predictor, model, &options));
  check(cred_predictor_run(&p, predictor, &rows));
  size_t inside = 0, n = 0;
  for (size_t i = 0; i < GRID; i++) {
    if (i % 15 == 0)
      printf("x %4.1f: mean %5.2f, sd %.2f, of it epistemic %.2f; the sine: %5.2f\n",
             x[i], p.mean[i], p.sd[i], p.sd_epistemic[i], truth[i]);
    if (!(fabs(x[i]) <= 3)) continue;
    n++;
    inside += fabs(p.mean[i] - truth[i]) <= 2 * p.sd[i];
  }
  draw(&p, x, truth, points);
  cred_predictor_free(predictor), cred_data_clear(&rows), cred_model_free(model);
  cred_table_free(grid), cred_table_free(points);
  printf("the sine lies in the band at 9 of 10 places within the data: %s\n",
         10 * inside >= 9 * n ? "yes" : "no");
  return 0;
}
