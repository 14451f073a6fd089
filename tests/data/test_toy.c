// test_toy.c -- the generated tables: their law, their reproducibility, their messages.

#include "check.h"
#include "credence/data/toy.h"

enum { CELL = 64, COLUMNS_MAX = 9 };

typedef struct {
  char *text;
  size_t n_bytes, n_rows, n_columns; // without the header
} csv;

static csv make(const char *name, size_t n_rows, double noise, uint64_t seed, bool grid) {
  csv c = {0};
  FILE *out = open_memstream(&c.text, &c.n_bytes);
  assert_ok(cred_toy_write_csv(out, name, n_rows, noise, seed, grid));
  fclose(out);
  for (const char *p = c.text; *p; p++) c.n_rows += *p == '\n';
  c.n_rows--;
  for (const char *p = c.text; *p != '\n'; p++) c.n_columns += *p == ',';
  c.n_columns++;
  return c;
}

// Cells of row i (0 is the header); every row must have the header's number of them.
static void cells(char out[COLUMNS_MAX][CELL], const csv *c, size_t i) {
  const char *p = c->text;
  for (; i > 0; i--) p = strchr(p, '\n') + 1;
  for (size_t k = 0; k < c->n_columns; k++) {
    const size_t n = strcspn(p, ",\n");
    assert_true(n < CELL);
    memcpy(out[k], p, n);
    out[k][n] = 0;
    p += n;
    assert_int_equal(*p, k + 1 < c->n_columns ? ',' : '\n');
    p++;
  }
}

// All rows as numbers x, y; yours to free.
static double *pairs(const csv *c) {
  double *v = malloc(2 * c->n_rows * sizeof *v), x, y;
  const char *p = strchr(c->text, '\n') + 1;
  for (size_t i = 0; i < c->n_rows; i++, p = strchr(p, '\n') + 1) {
    assert_int_equal(sscanf(p, "%lf,%lf", &x, &y), 2);
    v[2 * i] = x, v[2 * i + 1] = y;
  }
  return v;
}

static void every_table_has_its_columns(void **state) {
  (void)state;
  char cell[COLUMNS_MAX][CELL];
  for (size_t t = 0; t < cred_toy_count(); t++) {
    csv c = make(cred_toy_name(t), 0, NAN, 1, false);
    assert_true(c.n_rows >= 20);
    cells(cell, &c, 0);
    assert_string_equal(cell[c.n_columns - 1], cred_toy_target(t));
    for (size_t i = 1; i <= c.n_rows; i++) cells(cell, &c, i);
    assert_non_null(cred_toy_about(t));
    free(c.text);
  }
  assert_null(cred_toy_name(cred_toy_count()));
}

static void a_table_is_a_function_of_its_arguments(void **state) {
  (void)state;
  for (size_t t = 0; t < cred_toy_count(); t++) {
    const char *name = cred_toy_name(t);
    csv a = make(name, 30, NAN, 7, false), b = make(name, 30, NAN, 7, false);
    csv longer = make(name, 60, NAN, 7, false), other = make(name, 30, NAN, 8, false);
    assert_string_equal(a.text, b.text);
    assert_memory_equal(longer.text, a.text, a.n_bytes);
    assert_string_not_equal(a.text, other.text);
    free(a.text), free(b.text), free(longer.text), free(other.text);
  }
}

// Residuals of the tables with Gaussian noise: mean 0 and the stated sd, within 5
// standard errors (of the mean sd / sqrt(n), of the sd sd / sqrt(2 n)).
static void noise_has_the_stated_sd(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double sd, lo, hi;
  } plain[] = {{"sine", 0.1, -3, 3},
               {"sine-gap", 0.1, -3, 3},
               {"cubic", 3, -4, 4},
               {"linear", 0.5, -3, 3}};
  enum { N = 4000 };
  for (size_t t = 0; t < 4; t++) {
    csv c = make(plain[t].name, N, NAN, 3, false);
    double *v = pairs(&c), sum = 0, sum2 = 0;
    for (size_t i = 0; i < N; i++) {
      double truth;
      assert_true(cred_toy_truth(plain[t].name, v[2 * i], &truth));
      assert_true(v[2 * i] >= plain[t].lo && v[2 * i] <= plain[t].hi);
      if (t == 1) assert_true(fabs(v[2 * i]) >= 0.999);
      const double r = v[2 * i + 1] - truth;
      sum += r, sum2 += r * r;
    }
    assert_near(sum / N, 0, 5 * plain[t].sd / sqrt(N));
    assert_near(sqrt(sum2 / N), plain[t].sd, 5 * plain[t].sd / sqrt(2.0 * N));
    free(v), free(c.text);
  }
}

static void heteroscedastic_sd_grows(void **state) {
  (void)state;
  enum { N = 6000 };
  csv c = make("sine-hetero", N, NAN, 3, false);
  double *v = pairs(&c), left = 0, right = 0, n_left = 0, n_right = 0;
  for (size_t i = 0; i < N; i++) {
    const double r = v[2 * i + 1] - sin(v[2 * i]), u = (v[2 * i] + 3) / 6;
    const double z = r / (0.4 * (0.1 + 0.9 * u)); // standard normal
    if (u < 0.5)
      left += z * z, n_left++;
    else
      right += z * z, n_right++;
  }
  assert_near(left / n_left, 1, 5 * sqrt(2 / n_left));
  assert_near(right / n_right, 1, 5 * sqrt(2 / n_right));
  free(v), free(c.text);
}

static void truth_is_the_published_function(void **state) {
  (void)state;
  double y;
  assert_true(cred_toy_truth("blundell", 0.25, &y));
  assert_near(y, 0.25 + 0.3, 1e-12); // sin(pi / 2) = 1, sin(pi) = 0
  assert_true(cred_toy_truth("cubic", -2, &y));
  assert_near(y, -8, 0);
  assert_true(cred_toy_truth("counts", 0, &y));
  assert_near(y, 2.718281828459045, 1e-12);
  assert_false(cred_toy_truth("moons", 0, &y));
  assert_false(cred_toy_truth("nothing", 0, &y));
  // without noise the rows are the function, to the digits of a float
  static const char *const names[] = {"blundell", "sine", "outliers"};
  for (size_t k = 0; k < 3; k++) {
    csv c = make(names[k], 0, 0, 1, false);
    double *v = pairs(&c);
    for (size_t i = 0; i < c.n_rows; i++) {
      assert_true(cred_toy_truth(names[k], v[2 * i], &y));
      assert_near(v[2 * i + 1], y, 2e-6);
    }
    free(v), free(c.text);
  }
}

// Near one x the counts have mean = variance = rate.
static void counts_are_poisson(void **state) {
  (void)state;
  enum { N = 60000 };
  csv c = make("counts", N, NAN, 5, false);
  double *v = pairs(&c), n = 0, sum = 0, sum2 = 0;
  for (size_t i = 0; i < N; i++) {
    const double y = v[2 * i + 1];
    assert_true(y >= 0 && y == floor(y));
    if (fabs(v[2 * i] - 1.5707963) > 0.1) continue; // the top, where the rate is flat
    n++, sum += y, sum2 += y * y;
  }
  const double rate = exp(2), mean = sum / n, var = sum2 / n - mean * mean;
  assert_true(n > 1000);
  assert_near(mean, rate * (1 - 0.00167), 5 * sqrt(rate / n)); // mean of exp(sin) over it
  assert_near(var, rate, 5 * rate * sqrt((2 + 1 / rate) / n));
  free(v), free(c.text);
}

static void classes_lie_where_they_should(void **state) {
  (void)state;
  char cell[COLUMNS_MAX][CELL];
  csv c = make("rings", 100, 0, 1, false);
  for (size_t i = 1; i <= c.n_rows; i++) {
    cells(cell, &c, i);
    const double radius = hypot(atof(cell[0]), atof(cell[1]));
    assert_near(radius, strcmp(cell[2], "inner") == 0 ? 1 : 2, 1e-5);
  }
  free(c.text);
  size_t n_upper = 0;
  c = make("moons", 100, 0, 1, false);
  for (size_t i = 1; i <= c.n_rows; i++) {
    cells(cell, &c, i);
    const double x1 = atof(cell[0]), x2 = atof(cell[1]);
    const bool upper = strcmp(cell[2], "upper") == 0;
    assert_near(upper ? hypot(x1, x2) : hypot(x1 - 1, x2 - 0.5), 1, 1e-5);
    n_upper += upper;
  }
  assert_int_equal(n_upper, 50);
  free(c.text);
}

static void patients_are_mixed_and_incomplete(void **state) {
  (void)state;
  enum { N = 4000 };
  char cell[COLUMNS_MAX][CELL];
  csv c = make("patients", N, NAN, 2, false);
  double missing_bmi = 0, missing_marker = 0, yes = 0, yes_old = 0, old = 0;
  for (size_t i = 1; i <= N; i++) {
    cells(cell, &c, i);
    char id[16];
    snprintf(id, sizeof id, "P%05zu", i);
    assert_string_equal(cell[0], id);
    missing_bmi += cell[5][0] == 0;
    missing_marker += cell[7][0] == 0;
    const bool readmitted = strcmp(cell[8], "yes") == 0;
    assert_true(readmitted || strcmp(cell[8], "no") == 0);
    yes += readmitted;
    if (atof(cell[1]) > 70) old++, yes_old += readmitted;
  }
  assert_near(missing_bmi / N, 0.05, 5 * sqrt(0.05 * 0.95 / N));
  assert_near(missing_marker / N, 0.08, 5 * sqrt(0.08 * 0.92 / N));
  assert_true(yes / N > 0.2 && yes / N < 0.6);
  assert_true(yes_old / old > yes / N); // age matters
  free(c.text);
}

static void truth_grid_goes_beyond_the_data(void **state) {
  (void)state;
  csv c = make("sine", 0, NAN, 1, true);
  assert_memory_equal(c.text, "x,y_true\n", 9);
  assert_int_equal(c.n_rows, 201);
  double *v = pairs(&c);
  assert_near(v[0], -6, 0);
  assert_near(v[2 * 200], 6, 0);
  for (size_t i = 0; i < 201; i++) assert_near(v[2 * i + 1], sin(v[2 * i]), 1e-6);
  free(v), free(c.text);
  c = make("cubic", 1, NAN, 1, true);
  assert_string_equal(c.text, "x,y_true\n0,0\n");
  free(c.text);
}

static void mistakes_are_named(void **state) {
  (void)state;
  FILE *out = tmpfile();
  assert_fails(cred_toy_write_csv(out, "sin", 0, NAN, 1, false), CRED_EINVAL, "'sine'");
  assert_fails(cred_toy_write_csv(out, "mons", 0, NAN, 1, false), CRED_EINVAL, "'moons'");
  assert_fails(cred_toy_write_csv(out, "qqqqqqqq", 0, NAN, 1, false), CRED_EINVAL,
               "patients");
  assert_fails(cred_toy_write_csv(out, "sine", 0, -1, 1, false), CRED_EINVAL, "noise");
  assert_fails(cred_toy_write_csv(out, "sine", 0, INFINITY, 1, false), CRED_EINVAL,
               "noise");
  assert_fails(cred_toy_write_csv(out, "moons", 0, NAN, 1, true), CRED_EINVAL,
               "one input");
  assert_int_equal(ftell(out), 0);
  fclose(out);
  out = fopen("/dev/full", "w");
  if (!out) return;
  assert_fails(cred_toy_write_csv(out, "sine", 0, NAN, 1, false), CRED_EIO, "failed");
  fclose(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_table_has_its_columns),
      cmocka_unit_test(a_table_is_a_function_of_its_arguments),
      cmocka_unit_test(noise_has_the_stated_sd),
      cmocka_unit_test(heteroscedastic_sd_grows),
      cmocka_unit_test(truth_is_the_published_function),
      cmocka_unit_test(counts_are_poisson),
      cmocka_unit_test(classes_lie_where_they_should),
      cmocka_unit_test(patients_are_mixed_and_incomplete),
      cmocka_unit_test(truth_grid_goes_beyond_the_data),
      cmocka_unit_test(mistakes_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
