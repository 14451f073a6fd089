// activation.h -- elementwise nonlinearities: value, gradient, moments of a Gaussian.
//
//   relu        max(x, 0)
//   leaky_relu  x for x >= 0, slope x below
//   elu         x for x >= 0, slope (exp x - 1) below;  Clevert, Unterthiner & Hochreiter
//   (2016) gelu        x Phi(x), the exact form by erf, not that by tanh;  Hendrycks &
//   Gimpel (2016) silu        x sigmoid(x) tanh, sigmoid, softplus = log(1 + exp x)
// NaN stays NaN. The slope is read by leaky_relu and elu alone.

#ifndef CRED_SRC_KERNEL_ACTIVATION_H
#define CRED_SRC_KERNEL_ACTIVATION_H

#include "credence/base/real.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum {
  CRED__RELU = 0,
  CRED__LEAKY_RELU,
  CRED__ELU,
  CRED__GELU,
  CRED__SILU,
  CRED__TANH,
  CRED__SIGMOID,
  CRED__SOFTPLUS,
  CRED__N_ACTIVATIONS
} cred__activation;

const char *cred__activation_name(cred__activation kind);
// The kind of this name, or CRED__N_ACTIVATIONS.
cred__activation cred__activation_find(const char *name);
bool cred__activation_has_slope(cred__activation kind);
double cred__activation_default_slope(cred__activation kind);
// Whether about half of the variance of the input passes: relu and its kin.
bool cred__activation_halves(cred__activation kind);

// Whether f never falls: then the largest of several f(x) is f of the largest x.
bool cred__activation_rises(cred__activation kind);

// y (n) = f(x); dx (n) = dy f'(x), from x and y = f(x). No argument overlaps another.
void cred__activation_forward(cred_real *y, const cred_real *x, size_t n,
                              cred__activation kind, double slope);
void cred__activation_backward(cred_real *dx, const cred_real *dy, const cred_real *x,
                               const cred_real *y, size_t n, cred__activation kind,
                               double slope);

// Mean and variance of f(x) for x ~ N(x_mean, x_var), elementwise; variance 0 is exact.
// relu, leaky_relu, elu: closed forms (relu: Frey & Hinton 1999, appendix A).
// The smooth ones: quadrature, relative error of mean and sd about 1e-5.
void cred__activation_moments(cred_real *y_mean, cred_real *y_var,
                              const cred_real *x_mean, const cred_real *x_var, size_t n,
                              cred__activation kind, double slope);

// The loops that exist once for each instruction set.
typedef struct {
  void (*forward)(cred_real *y, const cred_real *x, size_t n, cred__activation kind,
                  cred_real slope);
  void (*backward)(cred_real *dx, const cred_real *dy, const cred_real *x,
                   const cred_real *y, size_t n, cred__activation kind, cred_real slope);
  void (*smooth_moments)(cred_real *y_mean, cred_real *y_var, const cred_real *x_mean,
                         const cred_real *x_var, size_t n, cred__activation kind);
  void (*leaky_moments)(cred_real *y_mean, cred_real *y_var, const cred_real *x_mean,
                        const cred_real *x_var, size_t n, cred_real slope);
} cred__activation_table;
extern const cred__activation_table cred__activation_table_base,
    cred__activation_table_v3, cred__activation_table_v4;

#endif
