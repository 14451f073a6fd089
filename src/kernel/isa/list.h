// list.h -- prototypes of this folder's kernels, under the names of this instruction set.

#ifndef CRED_SRC_KERNEL_ISA_LIST_H
#define CRED_SRC_KERNEL_ISA_LIST_H

#include "isa.h"

void K(gemm)(const cred__gemm_args *g);
void K(few_rows)(const cred__gemm_args *g); // by gemm, where they are few
// False, and nothing done, where few of A's numbers are 0.
bool K(sparse_product)(const cred__gemm_args *g);
void K(few_moments)(const cred__moments_args *g);
void K(pack)(cred_real *panels, const cred__gemm_args *g, size_t first, size_t end);
void K(normal_fill)(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                    uint64_t first);
void K(gaussian_fill)(cred_real *out, size_t n, const cred_real *mean,
                      const cred_real *sd, const cred_key *key, uint64_t index,
                      uint64_t first);
void K(mask_fill)(cred_real *out, size_t n, double rate, const cred_key *key,
                  uint64_t index, uint64_t first);
void K(sign_fill)(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                  uint64_t first);
size_t K(compress)(cred_real *out, const cred_real *in, const cred_real *keep, size_t n);
void K(gaussian_draw)(cred_real *theta, const cred_real *mean, const cred_real *log_sd,
                      const cred_real *eps, size_t n);
double K(mixture_grad)(cred_real *dw, const cred_real *w, const cred__mixture *prior,
                       double scale, size_t n);
void K(chain_log_sd)(cred_real *dlog_sd, const cred_real *dw, const cred_real *w,
                     const cred_real *mean, size_t n);
double K(normal_kl_grad)(cred_real *dmean, cred_real *dlog_sd, const cred_real *mean,
                         const cred_real *log_sd, double prior_sd, double weight,
                         size_t n);
void K(adam)(cred_real *theta, cred_real *m1, cred_real *m2, const cred_real *grad,
             const cred__adam *a, size_t n);
double K(normal_adam)(cred_real *theta, cred_real *m1, cred_real *m2,
                      const cred_real *grad, const cred__adam *a, double pull, size_t n);
void K(momentum)(cred_real *theta, cred_real *m1, const cred_real *grad,
                 const cred__momentum *a, size_t n);
void K(add_noise)(cred_real *out, cred_real *slope, const cred_real *mean,
                  const cred_real *var, const cred_real *eps, size_t n);
double K(mixture_step)(const cred__gaussian_step *p, const cred__mixture *prior);
double K(normal_step)(const cred__gaussian_step *p, double prior_sd);
double K(mixture_chain)(const cred__gaussian_chain *p, const cred__mixture *prior,
                        double weight);
double K(entropy_grad)(cred_real *x, const cred_real *log_sd, double s, size_t n);
double K(sum_squares)(const cred_real *x, size_t n);
void K(column_sums)(cred_real *out, const cred_real *x, size_t n_rows, size_t n);
void K(exp_fill)(cred_real *out, const cred_real *x, size_t n);
void K(product)(cred_real *out, const cred_real *x, const cred_real *y, size_t n);
void K(product_add)(cred_real *out, const cred_real *x, const cred_real *y,
                    cred_real scale, size_t n);
void K(product_by)(cred_real *out, const cred_real *x, cred_real scale, size_t n);
bool K(all_within)(const cred_real *x, cred_real limit, size_t n);

// Multiply-adds in registers, n rounds of them, and a += s b: the limits of the machine.
double K(multiply_adds)(cred_real *x, size_t n);
void K(add_scaled)(cred_real *restrict a, const cred_real *restrict b, cred_real s,
                   size_t n);

#endif
