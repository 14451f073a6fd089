// table.h -- the kernels that exist once for each instruction set.

#ifndef CRED_SRC_KERNEL_TABLE_H
#define CRED_SRC_KERNEL_TABLE_H

#include "kernel/kernel.h"
#include "kernel/update.h"

typedef struct {
  void (*gemm)(const cred__gemm_args *g);
  void (*few_moments)(const cred__moments_args *g);
  void (*pack)(cred_real *panels, const cred__gemm_args *g, size_t first, size_t end);
  void (*normal_fill)(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                      uint64_t first);
  void (*gaussian_fill)(cred_real *out, size_t n, const cred_real *mean,
                        const cred_real *sd, const cred_key *key, uint64_t index,
                        uint64_t first);
  void (*mask_fill)(cred_real *out, size_t n, double rate, const cred_key *key,
                    uint64_t index, uint64_t first);
  void (*sign_fill)(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                    uint64_t first);
  void (*gaussian_draw)(cred_real *theta, const cred_real *mean, const cred_real *log_sd,
                        const cred_real *eps, size_t n);
  double (*mixture_grad)(cred_real *dw, const cred_real *w, const cred__mixture *prior,
                         double scale, size_t n);
  void (*chain_log_sd)(cred_real *dlog_sd, const cred_real *dw, const cred_real *w,
                       const cred_real *mean, size_t n);
  double (*normal_kl_grad)(cred_real *dmean, cred_real *dlog_sd, const cred_real *mean,
                           const cred_real *log_sd, double prior_sd, double weight,
                           size_t n);
  void (*adam)(cred_real *theta, cred_real *m1, cred_real *m2, const cred_real *grad,
               const cred__adam *a, size_t n);
  double (*normal_adam)(cred_real *theta, cred_real *m1, cred_real *m2,
                        const cred_real *grad, const cred__adam *a, double pull,
                        size_t n);
  void (*momentum)(cred_real *theta, cred_real *m1, const cred_real *grad,
                   const cred__momentum *a, size_t n);
  size_t (*compress)(cred_real *out, const cred_real *in, const cred_real *keep,
                     size_t n);
  double (*multiply_adds)(cred_real *x, size_t n);
  void (*add_scaled)(cred_real *restrict a, const cred_real *restrict b, cred_real s,
                     size_t n);
  void (*add_noise)(cred_real *out, cred_real *slope, const cred_real *mean,
                    const cred_real *var, const cred_real *eps, size_t n);
  double (*mixture_step)(const cred__gaussian_step *p, const cred__mixture *prior);
  double (*normal_step)(const cred__gaussian_step *p, double prior_sd);
  double (*mixture_chain)(const cred__gaussian_chain *p, const cred__mixture *prior,
                          double weight);
  double (*entropy_grad)(cred_real *x, const cred_real *log_sd, double s, size_t n);
  double (*sum_squares)(const cred_real *x, size_t n);
  void (*column_sums)(cred_real *out, const cred_real *x, size_t n_rows, size_t n);
  void (*exp_fill)(cred_real *out, const cred_real *x, size_t n);
  void (*product)(cred_real *out, const cred_real *x, const cred_real *y, size_t n);
  void (*product_add)(cred_real *out, const cred_real *x, const cred_real *y,
                      cred_real scale, size_t n);
  void (*product_by)(cred_real *out, const cred_real *x, cred_real scale, size_t n);
  bool (*all_within)(const cred_real *x, cred_real limit, size_t n);
} cred__kernel_table;

extern const cred__kernel_table cred__kernel_table_base, cred__kernel_table_v3,
    cred__kernel_table_v4;

#endif
