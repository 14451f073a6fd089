// active_learning.c -- labels where they teach most: two moons, 40 labels chosen by BALD
// and 40 taken at random.
//
// You learn: a run has a pool, rounds, and a source of labels, here a function that knows
// the answer. BALD asks where draws of the weights disagree: along the boundary, once
// the networks bend it. Random rows mostly repeat what is known.
//
// Build: cc -std=c17 active_learning.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: bald has less than half the error of random: yes

#include <credence/data/toy.h>
#include <credence/decide/learn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const target = "label";

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

static cred_table *moons(size_t n_rows, uint64_t seed) {
  cred_table *table;
  FILE *file = fopen("moons.csv", "w");
  if (!file) exit(1);
  check(cred_toy_write_csv(file, "moons", n_rows, NAN, seed, false));
  fclose(file);
  check(cred_table_read(&table, "moons.csv", NULL));
  return table;
}

// The expert: in real life a person, a measurement, a simulation.
static void give_labels(cred_learn *run, const cred_table *truth) {
  size_t n;
  char label[32];
  const char *text = label;
  for (const size_t *rows; rows = cred_learn_wanted(&n, run), n > 0;) {
    const size_t row = rows[0];
    cred_table_cell(label, sizeof label, truth, row, cred_table_find(truth, target));
    check(cred_learn_label(run, &row, &text, 1));
  }
}

static cred_learn_options options(cred_acquisition how, const cred_table *test) {
  static const char *const classes[] = {"lower", "upper"};
  cred_learn_options opt = cred_learn_defaults();
  opt.schema.targets = &target, opt.schema.n_targets = 1;
  opt.classes = classes, opt.n_classes = 2;
  opt.fit.posterior = CRED_FIT_MAP; // five networks that may disagree
  opt.fit.n_members = 5;
  opt.fit.net = "dense 50 tanh, dense 50 tanh";
  opt.fit.prior = "normal 3";
  opt.fit.steps = 1000;
  opt.fit.validation = 0;
  opt.acquire.kind = how;
  opt.acquire.n = 5;
  opt.n_start = 10;
  opt.budget = 40;
  opt.test = test;
  return opt;
}

// The error at the end of the run.
static double learn(const char *folder, cred_acquisition how, const cred_table *truth,
                    const cred_table *test) {
  const cred_learn_options opt = options(how, test);
  cred_table *pool; // without the labels
  cred_learn *run;
  cred_learn_state state;
  double error = NAN;
  check(cred_table_drop(&pool, truth, target));
  check(cred_learn_open(&run, folder, pool, &opt));
  do {
    check(cred_learn_next(&state, run));
    if (state == CRED_LEARN_LABELS) give_labels(run, truth);
    if (state != CRED_LEARN_ROUND) continue;
    const cred_learn_point p = cred_learn_get_point(run, cred_learn_n_points(run) - 1);
    printf("%-7s %2zu labels  error %.3f  log likelihood %7.4f\n", folder, p.n_labels,
           p.value[0], p.value[1]);
    error = p.value[0];
  } while (state != CRED_LEARN_DONE);
  cred_learn_free(run), cred_table_free(pool);
  return error;
}

int main(void) {
  cred_table *truth = moons(500, 1), *test = moons(1000, 2);
  const double random = learn("random", CRED_ACQUIRE_RANDOM, truth, test);
  const double bald = learn("bald", CRED_ACQUIRE_BALD, truth, test);
  cred_table_free(truth), cred_table_free(test);
  printf("bald has less than half the error of random: %s\n",
         bald < 0.5 * random ? "yes" : "no");
  return 0;
}
