// instructions.c -- one case of the guard against slow-downs, run under callgrind by
// bench/instructions: all but `counted` is warm-up and not counted.
//
// One thread, the AVX2 kernels (valgrind 3.19 knows no AVX-512): what is counted depends
// on compiler and library alone, not on the machine or its load. Usage: instructions list
// | instructions CASE

#include "kernel/kernel.h"
#include "model/bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 128, WIDTH = 400, NUMBERS = 1 << 16 };

typedef struct {
  const char *name;
  void (*run)(void *context);
  int which;
} kernel_case;

static float *a, *b, *c;

// which: 0 X W, 1 dY W' (second factor transposed), 2 X' dY (first factor transposed), 3
// X W without the zeros of X, which are a half, 4 one row
static void product(void *context) {
  const int which = *(const int *)context;
  cred__gemm_args g = {.m = ROWS, .n = WIDTH, .k = WIDTH, .a = a, .b = b, .c = c};
  g.lda = g.ldb = g.ldc = WIDTH;
  g.trans_b = which == 1;
  g.trans_a = which == 2;
  if (which == 2) g.m = WIDTH, g.k = ROWS;
  if (which == 4) g.m = 1;
  g.skip_zeros = which == 3;
  cred__gemm(&g);
}

static void moments(void *context) {
  (void)context;
  const cred__moments_args g = {.m = 1,
                                .n = WIDTH,
                                .k = WIDTH,
                                .ldx = WIDTH,
                                .ld = WIDTH,
                                .x = a,
                                .x2 = a,
                                .x_var = a,
                                .weight_mean = b,
                                .weight_var = b,
                                .bias_mean = b,
                                .bias_var = b,
                                .mean = c,
                                .var = c + WIDTH,
                                .more = c + 2 * WIDTH};
  cred__few_moments(&g);
}

static void noise(void *context) {
  const cred_key key = cred_key_make(1);
  switch (*(const int *)context) {
  case 0:
    cred__normal_fill(c, NUMBERS, &key, 0, 0);
    break;
  case 1:
    cred__mask_fill(c, NUMBERS, 0.5, &key, 0, 0);
    break;
  default:
    cred__sign_fill(c, NUMBERS, &key, 0, 0);
    break;
  }
}

static const kernel_case kernels[] = {
    {"product", product, 0},
    {"product-second-transposed", product, 1},
    {"product-first-transposed", product, 2},
    {"product-of-half-zeros", product, 3},
    {"product-of-one-row", product, 4},
    {"moments-of-one-row", moments, 0},
    {"normals", noise, 0},
    {"masks", noise, 1},
    {"signs", noise, 2},
};
enum { N_KERNELS = sizeof kernels / sizeof *kernels };

// Units that take seconds under callgrind, not minutes.
static const char *const units[] = {"train-400-weights", "train-400-normal",
                                    "train-tutorial-bnn", "train-tutorial-sine",
                                    "predict-sine"};
enum { N_UNITS = sizeof units / sizeof *units };

static void unit(void *run) {
  double score;
  if (cred__bench_run_unit(run, &score) == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit(70);
}

// The function that callgrind counts.
__attribute__((noinline)) void counted(void (*run)(void *), void *context);
void counted(void (*run)(void *), void *context) {
  run(context);
  __asm__ volatile("" ::: "memory"); // no tail call: it would end the count
}

static void measure(void (*run)(void *), void *context) {
  for (int i = 0; i < 2; i++) run(context);
  counted(run, context);
}

static int run_unit(const char *name) {
  for (size_t i = 0; i < cred__bench_n_specs; i++) {
    cred__bench_run *run;
    cred__bench_spec spec = cred__bench_specs[i];
    if (strcmp(spec.head.name, name) != 0) continue;
    spec.n_rows = spec.batch; // no more data than a unit looks at
    if (cred__bench_run_new(&run, &spec, 1) != CRED_OK) {
      fprintf(stderr, "%s\n", cred_error_message());
      return 70;
    }
    measure(unit, run);
    cred__bench_run_free(run);
    return 0;
  }
  return 64;
}

static float *zeros(void) {
  float *x = aligned_alloc(64, (WIDTH * WIDTH + NUMBERS) * sizeof *x);
  if (!x) exit(71);
  memset(x, 0, (WIDTH * WIDTH + NUMBERS) * sizeof *x);
  return x;
}

static void list(void) {
  for (size_t i = 0; i < N_KERNELS; i++) puts(kernels[i].name);
  for (size_t i = 0; i < N_UNITS; i++) puts(units[i]);
}

int main(int argc, char **argv) {
  if (argc != 2) return 64;
  if (strcmp(argv[1], "list") == 0) {
    list();
    return 0;
  }
  if (!cred__kernel_select("avx2")) return 77;
  a = zeros(), b = zeros(), c = zeros();
  for (size_t i = 0; i < ROWS * WIDTH; i += 2) a[i] = 1;
  for (size_t i = 0; i < N_KERNELS; i++)
    if (strcmp(kernels[i].name, argv[1]) == 0) {
      int which = kernels[i].which;
      measure(kernels[i].run, &which);
      return 0;
    }
  return run_unit(argv[1]);
}
