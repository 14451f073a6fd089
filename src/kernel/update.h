// update.h -- the loops over parameters of a training step: draw, prior, chain rule,
// optimiser.

#ifndef CRED_SRC_KERNEL_UPDATE_H
#define CRED_SRC_KERNEL_UPDATE_H

#include "credence/base/real.h"
#include <stddef.h>

// theta = mean + exp(log_sd) * eps.
void cred__gaussian_draw(cred_real *theta, const cred_real *mean, const cred_real *log_sd,
                         const cred_real *eps, size_t n);

// Scale mixture p(w) = weight N(0, sd1^2) + (1 - weight) N(0, sd2^2), sd1 > sd2.
// Blundell et al. (2015), eq. 7; formed in the log domain:
//   r2 = share of the narrow component at w,  d log p / dw = -w (r1 / sd1^2 + r2 /
//   sd2^2).
typedef struct {
  double sd1, sd2, weight;
} cred__mixture;
// dw (n) += scale * gradient; returns the sum of log p(w).
double cred__mixture_grad(cred_real *dw, const cred_real *w, const cred__mixture *prior,
                          double scale, size_t n);

// dlog_sd += dw * eps * exp(log_sd) + entropy_weight: the chain rule of a draw and the
// gradient of the entropy, d/dlog_sd sum(log_sd) = 1.
void cred__chain_log_sd(cred_real *dlog_sd, const cred_real *dw, const cred_real *eps,
                        const cred_real *log_sd, double entropy_weight, size_t n);

// Adds -weight * gradient of KL(N(mean, exp(log_sd)^2) || N(0, prior_sd^2)); returns the
// KL. Kingma & Welling (2014), appendix B.
double cred__normal_kl_grad(cred_real *dmean, cred_real *dlog_sd, const cred_real *mean,
                            const cred_real *log_sd, double prior_sd, double weight,
                            size_t n);

// Ascent by Adam (Kingma & Ba 2015, algorithm 1), or AdamW for decay > 0 (Loshchilov &
// Hutter 2019, algorithm 2). `correct1`, `correct2` are 1 / (1 - beta^t). grad is
// multiplied by scale.
typedef struct {
  double rate, beta1, beta2, epsilon, decay, correct1, correct2, scale;
} cred__adam;
void cred__adam_step(cred_real *theta, cred_real *m1, cred_real *m2,
                     const cred_real *grad, const cred__adam *a, size_t n);

// Ascent with momentum: v = beta v + g; theta += rate * v - rate * decay * theta.
typedef struct {
  double rate, beta, decay, scale;
} cred__momentum;
void cred__momentum_step(cred_real *theta, cred_real *m1, const cred_real *grad,
                         const cred__momentum *a, size_t n);

#endif
