// table.c -- this instruction set's row of kernels.

#include "isa.h"
#include "list.h"

const cred__kernel_table K(kernel_table) = {
    .gemm = K(gemm),
    .few_moments = K(few_moments),
    .pack = K(pack),
    .normal_fill = K(normal_fill),
    .gaussian_fill = K(gaussian_fill),
    .mask_fill = K(mask_fill),
    .sign_fill = K(sign_fill),
    .gaussian_draw = K(gaussian_draw),
    .mixture_grad = K(mixture_grad),
    .chain_log_sd = K(chain_log_sd),
    .normal_kl_grad = K(normal_kl_grad),
    .adam = K(adam),
    .normal_adam = K(normal_adam),
    .momentum = K(momentum),
    .compress = K(compress),
    .multiply_adds = K(multiply_adds),
    .add_scaled = K(add_scaled),
    .add_noise = K(add_noise),
    .mixture_step = K(mixture_step),
    .normal_step = K(normal_step),
    .mixture_chain = K(mixture_chain),
    .entropy_grad = K(entropy_grad),
    .sum_squares = K(sum_squares),
    .column_sums = K(column_sums),
    .exp_fill = K(exp_fill),
    .product = K(product),
    .product_add = K(product_add),
    .product_by = K(product_by),
    .all_within = K(all_within),
};
