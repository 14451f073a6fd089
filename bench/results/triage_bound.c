// triage_bound.c -- is the bound of triage true? Simulated populations whose risk is
// known.
//
// A case has a doubt u, uniform in (0, 1), and is wrong with probability risk(u). The
// model says `belief` times that. Each calibration draws n cases, chooses a threshold for
// at most 5 % wrong with confidence 95 %, and is right if the true risk of a kept case is
// within.
//
//   triage_bound CALIBRATIONS
// A line a population: name, belief, n, share of the calibrations whose bound is broken,
// share that proved nothing, mean share kept, and the share that could be kept were the
// risk known.

#include <credence/base/key.h>
#include <credence/decide/bound.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_MAX = 2000, GRID = 200 };
static const double bound = 0.05, confidence = 0.95;

static double rising(double u) {
  return 0.25 * u * u;
}
static double steep(double u) {
  return 0.6 * pow(u, 6);
}
static double step(double u) {
  return u < 0.7 ? 0.005 : 0.3;
}
static double flat(double u) {
  (void)u;
  return 0.051; // just above the bound everywhere: whatever is proved is wrong
}
static double hump(double u) { // the surest cases are not the best ones
  return u < 0.1 ? 0.08 : 0.01 + 0.3 * pow(u, 4);
}

static const struct {
  const char *name;
  double (*risk)(double u);
} populations[] = {
    {"rising", rising}, {"steep", steep}, {"step", step}, {"flat", flat}, {"hump", hump}};

// Mean risk of the cases with doubt <= t.
static double kept_risk(double (*risk)(double), double t) {
  double sum = 0;
  for (int i = 0; i < 1000; i++) sum += risk(t * (i + 0.5) / 1000) / 1000;
  return sum;
}

static double best_share(double (*risk)(double)) {
  double best = 0;
  for (int i = 1; i <= 1000; i++)
    if (kept_risk(risk, i / 1000.0) <= bound) best = i / 1000.0;
  return best;
}

int main(int n_words, char **words) {
  static const double beliefs[] = {0.25, 1, 3};
  static const size_t sizes[] = {150, 500, 2000};
  const size_t n_runs = n_words > 1 ? (size_t)atol(words[1]) : 1000;
  static double doubt[N_MAX], expected[N_MAX], grid[GRID];
  static unsigned char wrong[N_MAX];
  for (size_t i = 0; i < GRID; i++) grid[i] = (double)(i + 1) / GRID;
  printf("population,belief,n,broken,nothing,kept,best\n");
  for (size_t p = 0; p < sizeof populations / sizeof *populations; p++)
    for (size_t b = 0; b < 3; b++)
      for (size_t s = 0; s < 3; s++) {
        double (*const risk)(double) = populations[p].risk;
        size_t n_broken = 0, n_nothing = 0;
        double kept = 0;
        for (size_t run = 0; run < n_runs; run++) {
          const cred_key key = cred_key_make(1 + run);
          for (size_t i = 0; i < sizes[s]; i++) {
            doubt[i] = cred_key_uniform(&key, 2 * i);
            wrong[i] = cred_key_uniform(&key, 2 * i + 1) < risk(doubt[i]);
            expected[i] = fmin(1, beliefs[b] * risk(doubt[i]));
          }
          const cred_promise promise = {.n = sizes[s],
                                        .doubt = doubt,
                                        .wrong = wrong,
                                        .expected_wrong = expected,
                                        .bound = bound};
          cred_bound_info info;
          if (cred_bound_choose(&info, &promise, 1, grid, GRID, confidence)) return 70;
          n_nothing += !info.proved;
          if (!info.proved) continue;
          kept += info.threshold / (double)n_runs;
          n_broken += kept_risk(risk, info.threshold) > bound;
        }
        printf("%s,%g,%zu,%.4f,%.4f,%.3f,%.3f\n", populations[p].name, beliefs[b],
               sizes[s], (double)n_broken / (double)n_runs,
               (double)n_nothing / (double)n_runs, kept, best_share(risk));
        fflush(stdout);
      }
  return 0;
}
