// toy.c -- small generated tables to learn and test with.
//
// Sources: `blundell` Blundell et al. (2015), section 5.2: y = x + 0.3 sin(2 pi (x + e))
// + 0.3 sin(4 pi (x + e)) + e, e ~ N(0, 0.02); `cubic` Hernandez-Lobato & Adams (2015),
// section 5.1: y = x^3 + e, e ~ N(0, 9). All others are made up here.

#include "credence/data/toy.h"
#include "base/fail.h"
#include "base/text.h"
#include "credence/base/key.h"
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
enum { SLOTS_A_ROW = 64, GRID_ROWS = 201 };

// The random numbers of one row: each slot is used once.
typedef struct {
  const cred_key *key;
  size_t i;
  double noise;
} row_source;

typedef struct toy {
  const char *name, *about, *header, *target;
  uint64_t id; // of its random stream: never reuse
  size_t n_rows;
  double noise, lo, hi;
  double (*truth)(double x); // NULL: more than one input
  void (*write_row)(FILE *out, const struct toy *toy, const row_source *row);
} toy;

static double uniform(const row_source *row, unsigned slot) {
  return cred_key_uniform(row->key, (uint64_t)row->i * SLOTS_A_ROW + slot);
}

static double normal(const row_source *row, unsigned slot) {
  return cred_key_normal(row->key, (uint64_t)row->i * SLOTS_A_ROW + slot);
}

static void put(FILE *out, double value, const char *after) {
  char number[CRED__NUMBER_BYTES];
  cred__format_float(number, (float)value);
  fputs(number, out);
  fputs(after, out);
}

static void put_xy(FILE *out, double x, double y) {
  put(out, x, ",");
  put(out, y, "\n");
}

static double between(const toy *t, double u) {
  return t->lo + (t->hi - t->lo) * u;
}

// One input, Gaussian noise of constant sd.
static void row_plain(FILE *out, const toy *t, const row_source *row) {
  const double x = between(t, uniform(row, 0));
  put_xy(out, x, t->truth(x) + row->noise * normal(row, 1));
}

static double sine(double x) {
  return sin(x);
}
static double cubic(double x) {
  return x * x * x;
}
static double linear(double x) {
  return 1 + 2 * x;
}
static double slope(double x) {
  return 0.8 * x;
}
static double rate(double x) {
  return exp(1 + sin(x));
}

static double blundell_with(double x, double e) {
  return x + 0.3 * sin(2 * PI * (x + e)) + 0.3 * sin(4 * PI * (x + e)) + e;
}
static double blundell(double x) {
  return blundell_with(x, 0);
}

static void row_blundell(FILE *out, const toy *t, const row_source *row) {
  const double x = between(t, uniform(row, 0));
  put_xy(out, x, blundell_with(x, row->noise * normal(row, 1)));
}

// The middle third has no rows.
static void row_gap(FILE *out, const toy *t, const row_source *row) {
  const double u = uniform(row, 0) * 2 / 3, x = between(t, u < 1.0 / 3 ? u : u + 1.0 / 3);
  put_xy(out, x, t->truth(x) + row->noise * normal(row, 1));
}

// sd grows from a tenth of the noise at the left to the noise at the right.
static void row_hetero(FILE *out, const toy *t, const row_source *row) {
  const double u = uniform(row, 0), x = between(t, u);
  put_xy(out, x, t->truth(x) + row->noise * (0.1 + 0.9 * u) * normal(row, 1));
}

// Student t with 3 degrees of freedom: z / sqrt(chi2 / 3).
static void row_outliers(FILE *out, const toy *t, const row_source *row) {
  const double x = between(t, uniform(row, 0));
  double chi2 = 0;
  for (unsigned k = 0; k < 3; k++) chi2 += pow(normal(row, 2 + k), 2);
  put_xy(out, x, t->truth(x) + row->noise * normal(row, 1) / sqrt(chi2 / 3));
}

// By inversion; a large rate by its normal limit.
static double poisson(double mu, double u, double z) {
  if (mu > 200) return fmax(0, floor(mu + sqrt(mu) * z + 0.5));
  double p = exp(-mu), sum = p, k = 0;
  while (u > sum && k < 1000) sum += p *= mu / ++k;
  return k;
}

static void row_counts(FILE *out, const toy *t, const row_source *row) {
  const double x = between(t, uniform(row, 0)), s = row->noise;
  const double mu = t->truth(x) * exp(s * normal(row, 1) - 0.5 * s * s); // mean kept
  put_xy(out, x, poisson(fmin(mu, 1e9), uniform(row, 2), normal(row, 3)));
}

static void put_point(FILE *out, const row_source *row, double x1, double x2,
                      const char *label) {
  put(out, x1 + row->noise * normal(row, 1), ",");
  put(out, x2 + row->noise * normal(row, 2), ",");
  fputs(label, out);
  fputc('\n', out);
}

static void row_moons(FILE *out, const toy *t, const row_source *row) {
  (void)t;
  const double angle = PI * uniform(row, 0);
  if (row->i % 2 == 0)
    put_point(out, row, cos(angle), sin(angle), "upper");
  else
    put_point(out, row, 1 - cos(angle), 0.5 - sin(angle), "lower");
}

static void row_blobs(FILE *out, const toy *t, const row_source *row) {
  (void)t;
  static const char *const labels[3] = {"red", "green", "blue"};
  const double angle = PI / 2 + 2 * PI / 3 * (double)(row->i % 3);
  put_point(out, row, 2 * cos(angle), 2 * sin(angle), labels[row->i % 3]);
}

static void row_rings(FILE *out, const toy *t, const row_source *row) {
  (void)t;
  const bool inner = row->i % 2 == 0;
  const double angle = 2 * PI * uniform(row, 0), radius = inner ? 1 : 2;
  put_point(out, row, radius * cos(angle), radius * sin(angle),
            inner ? "inner" : "outer");
}

static void put_cell(FILE *out, double value, double unit, bool missing) {
  char number[CRED__NUMBER_BYTES];
  cred__format_float(number, (float)(floor(value / unit + 0.5) * unit));
  if (!missing) fputs(number, out);
  fputc(',', out);
}

// A made-up ward: readmitted with log odds linear in age, bmi, marker and two categories.
static void row_patients(FILE *out, const toy *t, const row_source *row) {
  (void)t;
  static const char *const smokers[3] = {"never", "former", "current"};
  static const char *const wards[4] = {"north", "south", "east", "west"};
  static const double smoker_odds[3] = {0, 0.4, 1.1}, ward_odds[4] = {0, 0.3, -0.3, 0};
  const double age = 18 + 77 * sqrt(uniform(row, 0));
  const bool female = uniform(row, 1) < 0.52;
  const unsigned smoker = (unsigned)(3 * pow(uniform(row, 2), 1.5));
  const unsigned ward = (unsigned)(4 * uniform(row, 3));
  const double bmi = fmin(55, fmax(15, 26 + 4.5 * normal(row, 4)));
  const double pressure = 100 + 0.45 * age + 0.6 * (bmi - 26) + 10 * normal(row, 5);
  const double marker = exp(0.5 + 0.6 * normal(row, 6));
  const double odds = -1.8 + 0.03 * (age - 60) + 0.05 * (bmi - 26) + 0.5 * marker +
                      smoker_odds[smoker] + ward_odds[ward] + row->noise * normal(row, 7);
  const bool readmitted = uniform(row, 8) < 1 / (1 + exp(-odds));
  char id[40];
  snprintf(id, sizeof id, "P%05zu,", row->i + 1);
  fputs(id, out);
  put_cell(out, age, 1, false);
  fputs(female ? "female," : "male,", out);
  if (uniform(row, 9) > 0.03) fputs(smokers[smoker], out);
  fputc(',', out);
  fputs(wards[ward], out);
  fputc(',', out);
  put_cell(out, bmi, 0.1, uniform(row, 10) < 0.05);
  put_cell(out, pressure, 1, false);
  put_cell(out, marker, 0.01, uniform(row, 11) < 0.08);
  fputs(readmitted ? "yes\n" : "no\n", out);
}

static const toy toys[] = {
    {"sine", "y = sin(x), x in [-3, 3]; noise: sd 0.1; 50 rows", "x,y\n", "y", 1, 50, 0.1,
     -3, 3, sine, row_plain},
    {"sine-gap", "sine without rows in [-1, 1]; noise: sd 0.1; 50 rows", "x,y\n", "y", 2,
     50, 0.1, -3, 3, sine, row_gap},
    {"sine-hetero",
     "sine, sd from 0.04 at x = -3 to 0.4 at x = 3; noise: the largest sd; "
     "200 rows",
     "x,y\n", "y", 3, 200, 0.4, -3, 3, sine, row_hetero},
    {"blundell",
     "y = x + 0.3 sin(2 pi (x + e)) + 0.3 sin(4 pi (x + e)) + e, x in [0, 0.5] "
     "(Blundell et al. 2015); noise: sd of e 0.02; 100 rows",
     "x,y\n", "y", 4, 100, 0.02, 0, 0.5, blundell, row_blundell},
    {"cubic",
     "y = x^3, x in [-4, 4] (Hernandez-Lobato & Adams 2015); noise: sd 3; 20 rows",
     "x,y\n", "y", 5, 20, 3, -4, 4, cubic, row_plain},
    {"linear", "y = 1 + 2 x, x in [-3, 3]; noise: sd 0.5; 50 rows", "x,y\n", "y", 6, 50,
     0.5, -3, 3, linear, row_plain},
    {"outliers",
     "y = 0.8 x, x in [-3, 3], Student t errors with 3 degrees of freedom; "
     "noise: their scale 0.3; 100 rows",
     "x,y\n", "y", 7, 100, 0.3, -3, 3, slope, row_outliers},
    {"counts",
     "y ~ Poisson(exp(1 + sin(x))), x in [-3, 3]; noise: sd of the log rate 0; "
     "200 rows",
     "x,y\n", "y", 8, 200, 0, -3, 3, rate, row_counts},
    {"moons", "two half circles, 2 classes; noise: sd 0.1; 200 rows", "x1,x2,label\n",
     "label", 9, 200, 0.1, 0, 0, NULL, row_moons},
    {"blobs", "3 Gaussian classes; noise: sd 0.6; 300 rows", "x1,x2,label\n", "label", 10,
     300, 0.6, 0, 0, NULL, row_blobs},
    {"rings", "circles of radius 1 and 2, 2 classes; noise: sd 0.1; 200 rows",
     "x1,x2,label\n", "label", 11, 200, 0.1, 0, 0, NULL, row_rings},
    {"patients",
     "a made-up ward: numbers, categories, missing cells, an id, and who is "
     "readmitted; noise: sd on the log odds 0.5; 400 rows",
     "id,age,sex,smoker,ward,bmi,pressure,marker,readmitted\n", "readmitted", 12, 400,
     0.5, 0, 0, NULL, row_patients},
};
enum { N_TOYS = sizeof toys / sizeof *toys };

size_t cred_toy_count(void) {
  return N_TOYS;
}
const char *cred_toy_name(size_t i) {
  return i < N_TOYS ? toys[i].name : NULL;
}
const char *cred_toy_about(size_t i) {
  return i < N_TOYS ? toys[i].about : NULL;
}
const char *cred_toy_target(size_t i) {
  return i < N_TOYS ? toys[i].target : NULL;
}

static const toy *find(const char *name) {
  for (size_t i = 0; i < N_TOYS; i++)
    if (strcmp(toys[i].name, name) == 0) return &toys[i];
  return NULL;
}

static cred_status unknown(const char *name) {
  const char *names[N_TOYS];
  for (size_t i = 0; i < N_TOYS; i++) names[i] = toys[i].name;
  const char *nearest = cred__nearest(name, names, N_TOYS);
  if (nearest)
    FAIL(CRED_EINVAL, "there is no table '%s'; did you mean '%s'?", name, nearest);
  FAIL(CRED_EINVAL,
       "there is no table '%s', expected sine, sine-gap, sine-hetero, "
       "blundell, cubic, linear, outliers, counts, moons, blobs, rings or patients",
       name);
}

bool cred_toy_truth(const char *name, double x, double *y) {
  const toy *t = find(name);
  if (!t || !t->truth) return false;
  *y = t->truth(x);
  return true;
}

static void write_grid(FILE *out, const toy *t, size_t n_rows) {
  const double width = t->hi - t->lo, first = t->lo - 0.5 * width;
  fputs("x,y_true\n", out);
  for (size_t i = 0; i < n_rows && !ferror(out); i++) {
    const double share = n_rows > 1 ? (double)i / (double)(n_rows - 1) : 0.5;
    const double x = first + 2 * width * share;
    put_xy(out, x, t->truth(x));
  }
}

cred_status cred_toy_write_csv(FILE *out, const char *name, size_t n_rows, double noise,
                               uint64_t seed, bool truth_grid) {
  const toy *t = find(name);
  if (!t) return unknown(name);
  if (isnan(noise)) noise = t->noise;
  if (!(noise >= 0 && noise <= 1e6))
    FAIL(CRED_EINVAL, "toy: noise is %g, expected 0 to 1e6", noise);
  if (truth_grid && !t->truth)
    FAIL(CRED_EINVAL,
         "toy: '%s' has more than one input, so there is no grid of its truth; "
         "a table with one input is needed, such as sine",
         name);
  if (truth_grid) {
    write_grid(out, t, n_rows ? n_rows : GRID_ROWS);
  } else {
    const cred_key root = cred_key_make(seed);
    const cred_key key = cred_key_derive(&root, CRED_FOR_DATA, t->id);
    fputs(t->header, out);
    const size_t n = n_rows ? n_rows : t->n_rows;
    for (size_t i = 0; i < n && !ferror(out); i++) {
      const row_source row = {&key, i, noise};
      t->write_row(out, t, &row);
    }
  }
  if (fflush(out) != 0 || ferror(out)) FAIL(CRED_EIO, "toy: writing '%s' failed", name);
  return CRED_OK;
}
