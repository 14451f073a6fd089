// gaussian_logits.h -- expectations over logits that are independent Gaussians.

#ifndef CRED_SRC_PROB_GAUSSIAN_LOGITS_H
#define CRED_SRC_PROB_GAUSSIAN_LOGITS_H

#include "credence/base/real.h"
#include <stddef.h>

// E sigmoid(l) and the expected entropy of (sigmoid(l), sigmoid(-l)); l ~ N(mean, var).
void cred__sigmoid_moments(double *prob, double *entropy, double mean, double var);

// E softmax(l) in prob (n) and the expected entropy; l_k ~ N(mean_k, var_k), n >= 2.
// Error about 1e-6 while the standard deviations are below 7.
void cred__softmax_moments(double *prob, double *entropy, const cred_real *mean,
                           const cred_real *var, size_t n);

// With p = softmax(l) and v_k independent of it and of each other, of mean `value` and
// variance `value_var` (n), and `noise` (n) numbers:
typedef struct {
  double mean;        // E sum p_k v_k
  double mean_square; // E (sum p_k v_k)^2
  double square;      // E sum p_k v_k^2
  double noise;       // E sum p_k noise_k
} cred__softmax_average;
cred__softmax_average cred__softmax_averages(const cred_real *mean, const cred_real *var,
                                             const double *value, const double *value_var,
                                             const double *noise, size_t n);

#endif
