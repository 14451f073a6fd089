// scale.c -- one point of a scaling curve: a network of two hidden layers between 784 inputs
// and 10 classes, of any width, batch, draws and threads.
//
// Usage: scale WHAT WIDTH BATCH DRAWS THREADS SECONDS
// WHAT: train-weights, train-local, train-map, predict-weights, predict-local,
// predict-dropout, predict-moments. Prints the median of a unit in seconds and the peak
// memory in bytes.

#include "base/clock.h"
#include "model/bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MAX = 2000 };

static const struct {
  const char *name;
  cred__bench_spec spec;
} kinds[] = {
    {"train-weights", {.posterior = CRED_FIT_VI, .estimator = CRED_ESTIMATOR_WEIGHTS}},
    {"train-local", {.posterior = CRED_FIT_VI, .estimator = CRED_ESTIMATOR_LOCAL}},
    {"train-map", {.posterior = CRED_FIT_MAP}},
    {"predict-weights",
     {.predict = true, .posterior = CRED_FIT_VI, .draws = CRED_DRAWS_FUNCTION}},
    {"predict-local", {.predict = true, .posterior = CRED_FIT_VI, .draws = CRED_DRAWS_ROW}},
    {"predict-dropout",
     {.predict = true,
      .posterior = CRED_FIT_DROPOUT,
      .dropout = 0.5,
      .draws = CRED_DRAWS_ROW}},
    {"predict-moments",
     {.predict = true, .posterior = CRED_FIT_VI, .draws = CRED_DRAWS_MOMENTS}},
};

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// VmHWM: the peak of this program alone, not of the one that started it.
static double peak_bytes(void) {
  char line[256];
  double kib = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmHWM: %lf", &kib) == 1) break;
  if (file) fclose(file);
  return kib * 1024;
}

static double median_unit(cred__bench_run *run, double time_s) {
  static double samples[SAMPLES_MAX];
  double score;
  size_t n = 0;
  check(cred__bench_run_unit(run, &score)); // memory is touched
  const double end = cred__now_s() + time_s;
  while (n == 0 || (n < SAMPLES_MAX && cred__now_s() < end)) {
    const double start = cred__now_s();
    check(cred__bench_run_unit(run, &score));
    samples[n++] = cred__now_s() - start;
  }
  qsort(samples, n, sizeof *samples, by_value);
  return samples[n / 2];
}

int main(int argc, char **argv) {
  char net[64];
  cred__bench_run *run;
  if (argc != 7) return 64;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    cred__bench_spec spec = kinds[i].spec;
    if (strcmp(kinds[i].name, argv[1]) != 0) continue;
    snprintf(net, sizeof net, "dense %s relu, dense %s relu", argv[2], argv[2]);
    spec.head = (cred_bench_workload){.name = argv[1], .about = "", .unit = "unit"};
    spec.net = net;
    spec.prior = spec.posterior == CRED_FIT_VI ? "blundell" : "normal 1";
    spec.likelihood = "categorical";
    spec.n_inputs = 784;
    spec.n_classes = 10;
    spec.n_rows = spec.batch = strtoul(argv[3], NULL, 10);
    spec.n_draws = strtoul(argv[4], NULL, 10);
    check(cred__bench_run_new(&run, &spec, strtoul(argv[5], NULL, 10)));
    printf("%.9g ", median_unit(run, strtod(argv[6], NULL)));
    cred__bench_run_free(run);
    printf("%.0f\n", peak_bytes());
    return 0;
  }
  return 64;
}
