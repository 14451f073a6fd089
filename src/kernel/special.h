// special.h -- gamma, beta and error functions, and the distribution functions over them.
//
// All in double, without global state (lgamma() writes `signgam`; ours does not). Outside
// its domain a function returns NaN; NaN in gives NaN out. Relative accuracy is about
// 1e-13 unless said, in both tails.

#ifndef CRED_SRC_KERNEL_SPECIAL_H
#define CRED_SRC_KERNEL_SPECIAL_H

#include <stddef.h>

// log |Gamma(x)|; its derivative; log Beta(a, b) for a, b > 0, without the cancellation
// of three large log gammas; log Gamma(x + 1/2) - log Gamma(x) for x > 0.
double cred__log_gamma(double x);
double cred__digamma(double x);
double cred__log_beta(double a, double b);
double cred__log_gamma_half_step(double x);

// log(sum_i exp(x_i)) (n): -inf for n = 0; and of two numbers.
double cred__log_sum_exp(const double *x, size_t n);
double cred__log_add_exp(double a, double b);

// Regularised incomplete gamma functions, a > 0, x >= 0: P (lower) and Q = 1 - P (upper).
double cred__gamma_p(double a, double x);
double cred__gamma_q(double a, double x);

// Regularised incomplete beta function I_x(a, b), a, b > 0, x in [0, 1]. The second form
// takes y = 1 - x as well, for an x that is so near to 1 that 1 - x has lost its digits.
double cred__beta_regularised(double x, double a, double b);
double cred__beta_regularised_xy(double x, double y, double a, double b);

// Standard normal: log density, P(Z <= z), its logarithm (finite far into the lower
// tail), and the z with P(Z <= z) = p; p = 0 and 1 give -inf and inf.
double cred__normal_log_pdf(double z);
double cred__normal_cdf(double z);
double cred__normal_log_cdf(double z);
double cred__normal_quantile(double p);

// Student-t with df > 0 degrees of freedom (any real number, inf is the normal), location
// 0 and scale 1. Far in the tail the quantile has about 1e-12.
double cred__student_t_log_pdf(double t, double df);
double cred__student_t_cdf(double t, double df);
double cred__student_t_quantile(double p, double df);

// P(N <= k) for a Poisson count with mean `rate` >= 0; 0 for k < 0; k is rounded down.
double cred__poisson_cdf(double k, double rate);

#endif
