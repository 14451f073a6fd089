// credence/model/bench.h -- fixed workloads, timed on this machine beside its limits.
//
// A machine has two limits: P multiply-adds a second in registers, and B(s) bytes a
// second over arrays of s bytes. A workload needs F operations in matrix products and
// moves M bytes of weights and optimiser state, so that no program does it in less than
//   max(F / P, M / B)   where both go on at the same time,
//   F / P + M / B       where one waits for the other.
// Source: Williams, Waterman & Patterson (2009), "Roofline".

#ifndef CRED_MODEL_BENCH_H
#define CRED_MODEL_BENCH_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CRED_BENCH_SIZES = 6 };

typedef struct {
  size_t n_threads;
  double peak_flops;                    // a second; a multiply-add counts two
  double array_bytes[CRED_BENCH_SIZES]; // all threads together, increasing
  double bytes_per_s[CRED_BENCH_SIZES]; // read or written, of arrays that large
} cred_bench_limits;

/// Measure the limits for n_threads (0: cores), in about time_s seconds: the best of
/// several tries, for a limit is what is not exceeded.
CRED_API cred_status cred_bench_measure(cred_bench_limits *out, size_t n_threads,
                                        double time_s);
/// Bytes a second over arrays of so many bytes, between the sizes measured.
CRED_API double cred_bench_bandwidth(const cred_bench_limits *limits, double bytes);

typedef struct {
  const char *name;  // "train-1200-weights"
  const char *about; // one line
  const char *unit;  // what is timed: "step", "epoch", "call"
} cred_bench_workload;

CRED_API size_t cred_bench_n_workloads(void);
CRED_API const cred_bench_workload *cred_bench_get_workload(size_t i);
/// True where the words up to the name's end or one of its '-' are `word`: "train" stands
/// for all workloads that begin with "train-".
CRED_API bool cred_bench_matches(size_t i, const char *word);

typedef struct {
  size_t n_samples, n_units;      // times taken; units in each
  double time_s;                  // median of a unit
  double time_s_low, time_s_high; // quartiles
  double time_s_first;            // the first unit: memory is touched for the first time
  double flops, bytes;            // F and M of a unit
  double time_s_overlap, time_s_apart; // the two bounds of the head
  double score_first, score_last; // training: ELBO or log posterior of the first and of
                                  // the last steps, nats a row; prediction: NaN
} cred_bench_result;

/// Run workload i for about time_s seconds on the threads that the limits were measured
/// with. Data are made in memory. Fails with CRED_ENOMEM, CRED_EINVAL.
CRED_API cred_status cred_bench_run(cred_bench_result *out, size_t i,
                                    const cred_bench_limits *limits, double time_s);

#ifdef __cplusplus
}
#endif

#endif
