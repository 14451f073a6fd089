// pool.h -- windows of a map reduced to one number a channel: largest value, mean.
//
// Maps are (height, width, channels), channels side by side. Every function takes one
// row's map. The backward pass of the maximum gives the gradient to the first place that
// holds it. NaN in a window makes its maximum NaN.
//
// Moments of the maximum of independent normals go two by two, each result taken for
// normal again; with d = m1 - m2, a^2 = v1 + v2, P = Phi(d / a), p = phi(d / a):
//   mean = m2 + d P + a p
//   var  = v1 P + v2 (1 - P) + d^2 P (1 - P) + d a p (1 - 2 P) - a^2 p^2
// Clark (1961), "The greatest of a finite set of random variables", eqs. 2-4.

#ifndef CRED_SRC_KERNEL_POOL_H
#define CRED_SRC_KERNEL_POOL_H

#include "credence/base/real.h"
#include <stddef.h>

typedef struct {
  size_t width, channels;       // of the map
  size_t out_height, out_width; // places made
  size_t rows, columns, stride; // of the window
} cred__pool;

void cred__pool_max(cred_real *out, const cred_real *in, const cred__pool *p);
// din (the whole map of n elements) is overwritten.
void cred__pool_max_backward(cred_real *din, const cred_real *dout, const cred_real *in,
                             const cred_real *out, size_t n, const cred__pool *p);
void cred__pool_max_moments(cred_real *out_mean, cred_real *out_var,
                            const cred_real *in_mean, const cred_real *in_var,
                            const cred__pool *p);
// out = scale * sum over the window; and back.
void cred__pool_sum(cred_real *out, const cred_real *in, cred_real scale,
                    const cred__pool *p);
void cred__pool_sum_backward(cred_real *din, const cred_real *dout, cred_real scale,
                             size_t n, const cred__pool *p);

// The loops that exist once for each instruction set.
typedef struct {
  void (*max)(cred_real *out, const cred_real *in, const cred__pool *p);
  void (*max_backward)(cred_real *din, const cred_real *dout, const cred_real *in,
                       const cred_real *out, size_t n, const cred__pool *p);
  void (*max_moments)(cred_real *out_mean, cred_real *out_var, const cred_real *in_mean,
                      const cred_real *in_var, const cred__pool *p);
  void (*sum)(cred_real *out, const cred_real *in, cred_real scale, const cred__pool *p);
  void (*sum_backward)(cred_real *din, const cred_real *dout, cred_real scale, size_t n,
                       const cred__pool *p);
} cred__pool_table;
extern const cred__pool_table cred__pool_table_base, cred__pool_table_v3,
    cred__pool_table_v4;

#endif
