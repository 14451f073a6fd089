// softmax.h -- softmax of logits with noise, at many points of the noise.
//
// Arrays are (classes, points), points side by side: one class after the other is a loop
// over the points.

#ifndef CRED_SRC_KERNEL_SOFTMAX_H
#define CRED_SRC_KERNEL_SOFTMAX_H

#include "credence/base/real.h"
#include <stddef.h>

// u = logit_k + sd_k z_kt of n more classes: e = exp(u - top_t), where top (points) is
// the largest u so far; total (points), the sum of exp(u - top) of all classes so far,
// takes them in. top begins at -infinity, total at 0. e of classes before is left as it
// is.
void cred__softmax_noisy(cred_real *e, cred_real *top, double *total, const cred_real *z,
                         const cred_real *logit, const cred_real *sd, size_t n,
                         size_t n_points);
// The same e at the final top.
void cred__softmax_again(cred_real *e, const cred_real *top, const cred_real *z,
                         const cred_real *logit, const cred_real *sd, size_t n,
                         size_t n_points);
// out (n) = sum over points of share_t e_kt, over fixed lanes.
void cred__softmax_mean(double *out, const cred_real *e, const cred_real *share, size_t n,
                        size_t n_points);

// A node of a Gaussian on a grid x (n) of the largest of logits with Gumbel noise
// (prob/gaussian_logits.c): e = weight exp(-u), f = u e,
//   below += e,  density += f,  excess += f (x - l),  u *= growth.
// u above CRED__NODE_MAX counts as that: exp(-u) is a normal float, and stands for 0.
typedef struct {
  cred_real *below, *density, *excess, *u;
  const cred_real *x;
  cred_real l, weight, growth;
} cred__gumbel_node;
#define CRED__NODE_MAX 80
void cred__gumbel_add(const cred__gumbel_node *node, size_t n);

// The loops that exist once for each instruction set.
typedef struct {
  void (*noisy)(cred_real *e, cred_real *top, double *total, const cred_real *z,
                const cred_real *logit, const cred_real *sd, size_t n, size_t n_points);
  void (*again)(cred_real *e, const cred_real *top, const cred_real *z,
                const cred_real *logit, const cred_real *sd, size_t n, size_t n_points);
  void (*mean)(double *out, const cred_real *e, const cred_real *share, size_t n,
               size_t n_points);
  void (*gumbel)(const cred__gumbel_node *node, size_t n);
} cred__softmax_table;
extern const cred__softmax_table cred__softmax_table_base, cred__softmax_table_v3,
    cred__softmax_table_v4;

#endif
