// bench.c -- the workloads by name, and the times of one.

#include "model/bench.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fail.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MAX = 4096, SAMPLES_MIN = 5 };
static const double SAMPLE_S = 1e-3; // a sample is at least so long: the clock's own cost

size_t cred_bench_n_workloads(void) {
  return cred__bench_n_specs;
}

const cred_bench_workload *cred_bench_get_workload(size_t i) {
  return &cred__bench_specs[i].head;
}

bool cred_bench_matches(size_t i, const char *word) {
  const char *name = cred__bench_specs[i].head.name;
  const size_t n = strlen(word);
  return n > 0 && strncmp(name, word, n) == 0 && (name[n] == 0 || name[n] == '-');
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Of sorted values, linear between them.
static double quantile(const double *sorted, size_t n, double p) {
  const double at = p * (double)(n - 1);
  const size_t i = (size_t)at;
  const double next = sorted[i + 1 < n ? i + 1 : i];
  return sorted[i] + (at - (double)i) * (next - sorted[i]);
}

static cred_status run_units(cred__bench_run *run, size_t n, double *time_s,
                             double *score) {
  const double start = cred__now_s();
  for (size_t i = 0; i < n; i++) TRY(cred__bench_run_unit(run, score));
  *time_s = cred__now_s() - start;
  return CRED_OK;
}

// A tenth of the time warms up and tells how many units make a sample. A unit that takes
// all of the time needs neither.
static cred_status warm_up(cred_bench_result *out, cred__bench_run *run, double time_s) {
  double elapsed = 0, unit_s = INFINITY, score;
  out->n_units = 1;
  TRY(run_units(run, 1, &out->time_s_first, &out->score_first));
  if (out->time_s_first > time_s) return CRED_OK;
  do {
    double t;
    TRY(run_units(run, 1, &t, &score));
    elapsed += t;
    unit_s = fmin(unit_s, t);
  } while (elapsed < 0.1 * time_s);
  out->n_units = unit_s > SAMPLE_S ? 1 : (size_t)ceil(SAMPLE_S / fmax(unit_s, 1e-9));
  return CRED_OK;
}

static cred_status take_samples(cred_bench_result *out, cred__bench_run *run,
                                double *samples, double time_s) {
  const double end = cred__now_s() + 0.9 * time_s;
  const size_t n_min = out->time_s_first > time_s ? 1 : SAMPLES_MIN;
  size_t n = 0;
  while (n < SAMPLES_MAX && (n < n_min || cred__now_s() < end)) {
    double t;
    TRY(run_units(run, out->n_units, &t, &out->score_last));
    samples[n++] = t / (double)out->n_units;
  }
  qsort(samples, n, sizeof *samples, by_value);
  out->n_samples = n;
  out->time_s = quantile(samples, n, 0.5);
  out->time_s_low = quantile(samples, n, 0.25);
  out->time_s_high = quantile(samples, n, 0.75);
  return CRED_OK;
}

static void fill_bounds(cred_bench_result *out, const cred__bench_run *run,
                        const cred_bench_limits *limits) {
  const cred__bench_cost cost = cred__bench_run_cost(run);
  const double compute_s = cost.flops / limits->peak_flops;
  const double move_s = cost.bytes / cred_bench_bandwidth(limits, cost.array_bytes);
  out->flops = cost.flops;
  out->bytes = cost.bytes;
  out->time_s_overlap = fmax(compute_s, move_s);
  out->time_s_apart = compute_s + move_s;
}

cred_status cred_bench_run(cred_bench_result *out, size_t i,
                           const cred_bench_limits *limits, double time_s) {
  *out = (cred_bench_result){0};
  if (i >= cred__bench_n_specs)
    FAIL(CRED_EINVAL, "workload %zu: there are %zu", i, cred__bench_n_specs);
  if (!(time_s > 0)) FAIL(CRED_EINVAL, "time is %g s, must be > 0", time_s);
  if (!(limits->peak_flops > 0) || limits->n_threads < 1)
    FAIL(CRED_EINVAL, "the limits of the machine are not measured");
  cred__bench_run *run = NULL;
  double *samples;
  cred_status status;
  TRY(NEW(&samples, SAMPLES_MAX, "times"));
  TRY_DONE(cred__bench_run_new(&run, &cred__bench_specs[i], limits->n_threads));
  TRY_DONE(warm_up(out, run, time_s));
  TRY_DONE(take_samples(out, run, samples, time_s));
  fill_bounds(out, run, limits);
done:
  cred__bench_run_free(run);
  cred__free(samples);
  return status;
}
