// dispatch.c -- picks the kernels of the best instruction set, once, when the program
// starts.

#include "kernel/kernel.h"
#include "kernel/table.h"
#include <string.h>

static const cred__kernel_table *table = &cred__kernel_table_base;
static const char *isa = "baseline";

static bool have_v4(void) {
#if defined(CRED_HAVE_V4)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

static bool have_v3(void) {
#if defined(CRED_HAVE_V3)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi2");
#else
  return false;
#endif
}

bool cred__kernel_select(const char *name) {
#if defined(CRED_HAVE_V4)
  if (strcmp(name, "avx512") == 0 && have_v4()) {
    table = &cred__kernel_table_v4;
    isa = "avx512";
    return true;
  }
#endif
#if defined(CRED_HAVE_V3)
  if (strcmp(name, "avx2") == 0 && have_v3()) {
    table = &cred__kernel_table_v3;
    isa = "avx2";
    return true;
  }
#endif
  if (strcmp(name, "baseline") != 0) return false;
  table = &cred__kernel_table_base;
  isa = "baseline";
  return true;
}

__attribute__((constructor)) static void select_best(void) {
  if (have_v4() && cred__kernel_select("avx512")) return;
  if (have_v3() && cred__kernel_select("avx2")) return;
  cred__kernel_select("baseline");
}

const char *cred__kernel_isa(void) {
  return isa;
}

void cred__gemm(const cred__gemm_args *g) {
  table->gemm(g);
}

void cred__few_moments(const cred__moments_args *g) {
  table->few_moments(g);
}

void cred__pack_columns(cred_real *panels, const cred__gemm_args *g, size_t first,
                        size_t end) {
  table->pack(panels, g, first, end);
}

size_t cred__compress(cred_real *out, const cred_real *in, const cred_real *keep,
                      size_t n) {
  return table->compress(out, in, keep, n);
}

void cred__normal_fill(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                       uint64_t first) {
  table->normal_fill(out, n, key, index, first);
}

void cred__gaussian_fill(cred_real *out, size_t n, const cred_real *mean,
                         const cred_real *sd, const cred_key *key, uint64_t index,
                         uint64_t first) {
  table->gaussian_fill(out, n, mean, sd, key, index, first);
}

void cred__mask_fill(cred_real *out, size_t n, double rate, const cred_key *key,
                     uint64_t index, uint64_t first) {
  table->mask_fill(out, n, rate, key, index, first);
}

void cred__sign_fill(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                     uint64_t first) {
  table->sign_fill(out, n, key, index, first);
}

void cred__gaussian_draw(cred_real *theta, const cred_real *mean, const cred_real *log_sd,
                         const cred_real *eps, size_t n) {
  table->gaussian_draw(theta, mean, log_sd, eps, n);
}

double cred__mixture_grad(cred_real *dw, const cred_real *w, const cred__mixture *prior,
                          double scale, size_t n) {
  return table->mixture_grad(dw, w, prior, scale, n);
}

void cred__chain_log_sd(cred_real *dlog_sd, const cred_real *dw, const cred_real *w,
                        const cred_real *mean, size_t n) {
  table->chain_log_sd(dlog_sd, dw, w, mean, n);
}

double cred__normal_kl_grad(cred_real *dmean, cred_real *dlog_sd, const cred_real *mean,
                            const cred_real *log_sd, double prior_sd, double weight,
                            size_t n) {
  return table->normal_kl_grad(dmean, dlog_sd, mean, log_sd, prior_sd, weight, n);
}

void cred__adam_step(cred_real *theta, cred_real *m1, cred_real *m2,
                     const cred_real *grad, const cred__adam *a, size_t n) {
  table->adam(theta, m1, m2, grad, a, n);
}

double cred__normal_adam_step(cred_real *theta, cred_real *m1, cred_real *m2,
                              const cred_real *grad, const cred__adam *a, double pull,
                              size_t n) {
  return table->normal_adam(theta, m1, m2, grad, a, pull, n);
}

void cred__momentum_step(cred_real *theta, cred_real *m1, const cred_real *grad,
                         const cred__momentum *a, size_t n) {
  table->momentum(theta, m1, grad, a, n);
}

double cred__multiply_adds(cred_real *x, size_t n) {
  return table->multiply_adds(x, n);
}

void cred__add_scaled(cred_real *restrict a, const cred_real *restrict b, cred_real s,
                      size_t n) {
  table->add_scaled(a, b, s, n);
}

void cred__add_noise(cred_real *out, cred_real *slope, const cred_real *mean,
                     const cred_real *var, const cred_real *eps, size_t n) {
  table->add_noise(out, slope, mean, var, eps, n);
}

double cred__mixture_step(const cred__gaussian_step *p, const cred__mixture *prior) {
  return table->mixture_step(p, prior);
}

double cred__normal_step(const cred__gaussian_step *p, double prior_sd) {
  return table->normal_step(p, prior_sd);
}

bool cred__all_within(const cred_real *x, cred_real limit, size_t n) {
  return table->all_within(x, limit, n);
}

double cred__mixture_chain(const cred__gaussian_chain *p, const cred__mixture *prior,
                           double weight) {
  return table->mixture_chain(p, prior, weight);
}

double cred__entropy_grad(cred_real *x, const cred_real *log_sd, double s, size_t n) {
  return table->entropy_grad(x, log_sd, s, n);
}

double cred__sum_squares(const cred_real *x, size_t n) {
  return table->sum_squares(x, n);
}

void cred__column_sums(cred_real *out, const cred_real *x, size_t n_rows, size_t n) {
  table->column_sums(out, x, n_rows, n);
}

void cred__exp_fill(cred_real *out, const cred_real *x, size_t n) {
  table->exp_fill(out, x, n);
}

void cred__product(cred_real *out, const cred_real *x, const cred_real *y, size_t n) {
  table->product(out, x, y, n);
}

void cred__product_add(cred_real *out, const cred_real *x, const cred_real *y,
                       cred_real scale, size_t n) {
  table->product_add(out, x, y, scale, n);
}

void cred__product_by(cred_real *out, const cred_real *x, cred_real scale, size_t n) {
  table->product_by(out, x, scale, n);
}
