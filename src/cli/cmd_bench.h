// cmd_bench.h -- a workload in a process of its own.

#ifndef CRED_SRC_CLI_CMD_BENCH_H
#define CRED_SRC_CLI_CMD_BENCH_H

#include "cli/cli.h"
#include "credence/model/bench.h"

typedef struct {
  cred_bench_result result;
  size_t peak_bytes;   // largest resident memory of the process
  double others_cores; // cores that other programs kept busy meanwhile
} cli__bench_outcome;

// Both run in a child, so that memory is that of this workload alone, and what one leaves
// behind does not slow the next. The parent must not have started a thread before.
cred_status cli__bench_measure(cred_bench_limits *out, size_t n_threads, double time_s);
cred_status cli__bench_run(cli__bench_outcome *out, size_t workload,
                           const cred_bench_limits *limits, double time_s);

#endif
