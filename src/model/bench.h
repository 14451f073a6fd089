// bench.h -- a workload of the benchmark: what it is, and one that is ready to run.

#ifndef CRED_SRC_MODEL_BENCH_H
#define CRED_SRC_MODEL_BENCH_H

#include "credence/model/bench.h"
#include "model/model.h"

typedef struct {
  cred_bench_workload head;
  bool predict; // else it trains
  const char *net, *prior, *likelihood;
  size_t n_inputs, n_classes; // n_classes 0: one number
  bool image;                 // the inputs are one of 28 x 28
  size_t n_rows, batch;       // rows in memory, rows of a step or of a call
  cred_fit_posterior posterior;
  cred_estimator estimator;
  size_t n_draws;
  double dropout;
  cred_draws draws; // of a prediction
  bool fresh;       // a new predictor each call, so that no draw is kept from the last
} cred__bench_spec;

extern const cred__bench_spec cred__bench_specs[];
extern const size_t cred__bench_n_specs;

// Operations of the matrix products of a unit, bytes of weights and optimiser state that
// it moves, and bytes of the arrays that they lie in.
typedef struct {
  double flops, bytes, array_bytes;
} cred__bench_cost;

typedef struct cred__bench_run cred__bench_run;
cred_status cred__bench_run_new(cred__bench_run **out, const cred__bench_spec *spec,
                                size_t n_threads);
void cred__bench_run_free(cred__bench_run *run);
// One step or one call; its score in nats a row (NaN of a prediction).
cred_status cred__bench_run_unit(cred__bench_run *run, double *score);
cred__bench_cost cred__bench_run_cost(const cred__bench_run *run);

#endif
