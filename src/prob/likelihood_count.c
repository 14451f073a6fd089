// likelihood_count.c -- Poisson counts:  log p = y l - exp(l) - log y!,  d/dl = y -
// exp(l).
//
// A negative count gives NaN; one between whole numbers is taken by the gamma function.

#include "prob/likelihood.h"
#include "kernel/special.h"
#include <math.h>

// log n!: of most counts that are met. sum_{k <= n} log k, rounded from 30 digits.
static const double log_factorial[] = {0.0,
                                       0.0,
                                       0.6931471805599453,
                                       1.791759469228055,
                                       3.1780538303479458,
                                       4.787491742782046,
                                       6.579251212010101,
                                       8.525161361065415,
                                       10.60460290274525,
                                       12.801827480081469,
                                       15.104412573075516,
                                       17.502307845873887,
                                       19.987214495661885,
                                       22.552163853123425,
                                       25.191221182738683,
                                       27.899271383840894};
enum { N_FACTORIALS = sizeof log_factorial / sizeof *log_factorial };

static double log_factorial_of(double y) {
  if (!(y >= 0)) return NAN;
  if (y < N_FACTORIALS && y == (double)(size_t)y) return log_factorial[(size_t)y];
  return cred__log_gamma(y + 1.0);
}

double cred__lik_rate(double *slope, double x) {
  const double held = x > CRED__LOG_RATE_MAX ? CRED__LOG_RATE_MAX : x, rate = exp(held);
  if (slope) *slope = rate;
  return rate + rate * (x - held);
}

double cred__lik_poisson(const cred__lik_block *b, size_t t) {
  const size_t T = b->lik->n_targets;
  double sum = 0;
  for (size_t i = 0; i < b->n_rows; i++) {
    const double l = (double)b->out[i * T + t], y = (double)b->y[i * T + t];
    const double w = (double)cred__lik_weight(b, i);
    double slope;
    const double rate = cred__lik_rate(&slope, l);
    sum += cred__lik_row(b, i, y * l - rate - log_factorial_of(y));
    if (b->dout) b->dout[i * T + t] = w != 0 ? (cred_real)(w * (y - slope)) : 0;
  }
  return sum;
}
