// bench_limits.c -- how fast this machine multiplies, and how fast it moves arrays.

#include "credence/model/bench.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/kernel.h"
#include <math.h>
#include <string.h>

enum { ROUNDS = 200000, LINE = 16, THREADS_MAX = 4096 };

// Two arrays of these bytes together: first-level cache to memory.
static const double sizes[CRED_BENCH_SIZES] = {1 << 16, 1 << 18, 1 << 20,
                                               1 << 22, 1 << 25, 1 << 28};

typedef struct {
  size_t n_threads, n; // elements a thread of one array
  cred_real *a, *b;
  double flops[THREADS_MAX];
  size_t n_rounds; // of the arrays
} probe;

static void multiply_task(void *context, size_t task, size_t worker) {
  (void)worker;
  probe *p = context;
  cred_real x[2 * LINE] = {(cred_real)0.999, (cred_real)0.001};
  p->flops[task] = cred__multiply_adds(x, ROUNDS);
  p->a[task * LINE] = x[0]; // the result is used
}

static void add_task(void *context, size_t task, size_t worker) {
  (void)worker;
  probe *p = context;
  for (size_t i = 0; i < p->n_rounds; i++)
    cred__add_scaled(p->a + task * p->n, p->b + task * p->n, (cred_real)1e-9, p->n);
}

static double peak_of(probe *p, double time_s) {
  double best = 0;
  const double end = cred__now_s() + time_s;
  do {
    const double start = cred__now_s();
    cred__parallel(p->n_threads, p->n_threads, multiply_task, p);
    const double elapsed = cred__now_s() - start;
    double flops = 0;
    for (size_t i = 0; i < p->n_threads; i++) flops += p->flops[i];
    best = fmax(best, flops / elapsed);
  } while (cred__now_s() < end);
  return best;
}

// Small arrays are passed several times, so that the fork does not count.
static double bandwidth_of(probe *p, double bytes, double time_s) {
  p->n = (size_t)(bytes / (2 * sizeof(cred_real)) / (double)p->n_threads);
  p->n_rounds = 1 + (size_t)(4e7 / bytes);
  const double moved = 3.0 * sizeof(cred_real) * (double)(p->n * p->n_threads);
  double best = 0;
  const double end = cred__now_s() + time_s;
  do {
    const double start = cred__now_s();
    cred__parallel(p->n_threads, p->n_threads, add_task, p);
    best = fmax(best, moved * (double)p->n_rounds / (cred__now_s() - start));
  } while (cred__now_s() < end);
  return best;
}

static cred_status measure(cred_bench_limits *out, probe *p, double time_s) {
  const size_t n_most = (size_t)(sizes[CRED_BENCH_SIZES - 1] / (2 * sizeof(cred_real))) +
                        LINE * THREADS_MAX;
  TRY(NEW(&p->a, n_most, "an array to move"));
  TRY(NEW(&p->b, n_most, "an array to move"));
  memset(p->a, 0, n_most * sizeof *p->a); // pages are there before the clock runs
  memset(p->b, 0, n_most * sizeof *p->b);
  const double share = time_s / (CRED_BENCH_SIZES + 2);
  out->n_threads = p->n_threads;
  out->peak_flops = peak_of(p, 2 * share);
  for (size_t i = 0; i < CRED_BENCH_SIZES; i++) {
    out->array_bytes[i] = sizes[i];
    out->bytes_per_s[i] = bandwidth_of(p, sizes[i], share);
  }
  return CRED_OK;
}

cred_status cred_bench_measure(cred_bench_limits *out, size_t n_threads, double time_s) {
  *out = (cred_bench_limits){0};
  if (!(time_s > 0)) FAIL(CRED_EINVAL, "time is %g s, must be > 0", time_s);
  n_threads = cred__n_threads(n_threads);
  if (n_threads > THREADS_MAX)
    FAIL(CRED_EINVAL, "threads: %zu given, at most %d", n_threads, THREADS_MAX);
  probe *p;
  TRY(NEW(&p, 1, "a probe of the machine"));
  p->n_threads = n_threads;
  const cred_status status = measure(out, p, time_s);
  cred__free(p->a);
  cred__free(p->b);
  cred__free(p);
  return status;
}

// Linear in the logarithm of the size.
double cred_bench_bandwidth(const cred_bench_limits *l, double bytes) {
  if (bytes <= l->array_bytes[0]) return l->bytes_per_s[0];
  for (size_t i = 1; i < CRED_BENCH_SIZES; i++) {
    if (bytes > l->array_bytes[i]) continue;
    const double low = log(l->array_bytes[i - 1]), high = log(l->array_bytes[i]);
    const double t = (log(bytes) - low) / (high - low);
    return (1 - t) * l->bytes_per_s[i - 1] + t * l->bytes_per_s[i];
  }
  return l->bytes_per_s[CRED_BENCH_SIZES - 1];
}
