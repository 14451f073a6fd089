// update.h -- the loops over parameters of a training step: draw, prior, chain rule,
// optimiser.

#ifndef CRED_SRC_KERNEL_UPDATE_H
#define CRED_SRC_KERNEL_UPDATE_H

#include "credence/base/real.h"
#include <stdbool.h>
#include <stddef.h>

// theta = mean + exp(log_sd) * eps.
void cred__gaussian_draw(cred_real *theta, const cred_real *mean, const cred_real *log_sd,
                         const cred_real *eps, size_t n);

// out = mean + sqrt(var) eps and, unless NULL, slope = d out / d var = eps / (2
// sqrt(var)), 0 where var is. out may be mean, and slope var.
void cred__add_noise(cred_real *out, cred_real *slope, const cred_real *mean,
                     const cred_real *var, const cred_real *eps, size_t n);

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

// dlog_sd += dw * (w - mean): the chain rule of the draw w = mean + exp(log_sd) eps, its
// noise as rounding left it.
void cred__chain_log_sd(cred_real *dlog_sd, const cred_real *dw, const cred_real *w,
                        const cred_real *mean, size_t n);

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

// The same with gradient grad - pull * theta, that of a normal prior; returns the sum of
// theta^2 before the step.
double cred__normal_adam_step(cred_real *theta, cred_real *m1, cred_real *m2,
                              const cred_real *grad, const cred__adam *a, double pull,
                              size_t n);

// Ascent with momentum: v = beta v + g; theta += rate * v - rate * decay * theta.
typedef struct {
  double rate, beta, decay, scale;
} cred__momentum;
void cred__momentum_step(cred_real *theta, cred_real *m1, const cred_real *grad,
                         const cred__momentum *a, size_t n);

// One step of a range of a factorised Gaussian on the ELBO, by Adam, in one pass: prior,
// chain rule and both updates; formulas in isa/step.c. Weight draws: grad is d log lik /
// dw at the draw w, and dsd, sd are NULL. Else grad and dsd are those of the mean and the
// sd, and w is a draw for the prior (read by the mixture alone).
// |grad|, |dsd * sd| <= CRED__GRADIENT_MAX, epsilon >= CRED__EPSILON_MIN.
#define CRED__GRADIENT_MAX 1e12
#define CRED__EPSILON_MIN  1e-12
typedef struct {
  size_t n;
  const cred_real *grad, *dsd, *sd, *w; // (n)
  cred_real *mean, *log_sd;             // (n) moved
  cred_real *m1[2], *m2[2];             // (n) moments of mean and log_sd
  double kl_weight;
  const cred__adam *adam; // decay: of the mean alone
} cred__gaussian_step;
// Return the range's KL before the step: by the draw w for a mixture, else in closed
// form.
double cred__mixture_step(const cred__gaussian_step *p, const cred__mixture *prior);
double cred__normal_step(const cred__gaussian_step *p, double prior_sd);

// What one draw w of the weights adds to the gradients where several are averaged, grad =
// d log lik / dw there: a = grad + weight d log p / dw, dmean += a, dlog_sd += a (w -
// mean). grad may be dmean. Returns the sum of log p(w).
typedef struct {
  size_t n;
  const cred_real *grad, *w, *mean; // (n)
  cred_real *dmean, *dlog_sd;       // (n)
  bool add;                         // to what is there; else it is not read
} cred__gaussian_chain;
double cred__mixture_chain(const cred__gaussian_chain *p, const cred__mixture *prior,
                           double weight);

// x (n) += s; returns the sum of log_sd (n): an entropy and its gradient.
double cred__entropy_grad(cred_real *x, const cred_real *log_sd, double s, size_t n);
// Sum of x^2.
double cred__sum_squares(const cred_real *x, size_t n);
// out (n) = sums of the columns of x (n_rows, n).
void cred__column_sums(cred_real *out, const cred_real *x, size_t n_rows, size_t n);
// out = exp x; out = x y; out += scale x y; out *= scale x. out may be x or y.
void cred__exp_fill(cred_real *out, const cred_real *x, size_t n);
void cred__product(cred_real *out, const cred_real *x, const cred_real *y, size_t n);
void cred__product_add(cred_real *out, const cred_real *x, const cred_real *y,
                       cred_real scale, size_t n);
void cred__product_by(cred_real *out, const cred_real *x, cred_real scale, size_t n);

// Whether every |x| <= limit; false for NaN.
bool cred__all_within(const cred_real *x, cred_real limit, size_t n);

#endif
