// likelihood_class.c -- log probabilities of classes, and their gradients.
//
//   bernoulli    y log sigmoid(l) + (1 - y) log sigmoid(-l),   d/dl = y - sigmoid(l)
//   categorical  l_y - log sum_c exp l_c,                      d/dl_c = [c = y] - p_c
// A label that is no class gives NaN.

#include "prob/likelihood.h"
#include "kernel/fast_math.h"
#include "kernel/kernel.h"
#include "prob/strip.h"
#include <math.h>

double cred__lik_bernoulli(const cred__lik_block *b, size_t t) {
  (void)t;
  double sum = 0;
  for (size_t first = 0; first < b->n_rows; first += STRIP) {
    const size_t n = strip_length(b->n_rows, first);
    const cred_real *l = b->out + first, *y = b->y + first;
    cred_real log_prob[STRIP], slope[STRIP];
    // with s = log(1 + exp(-|l|)): log sigmoid(l) = -s - max(-l, 0), without cancellation
    for (size_t j = 0; j < n; j++) {
      const cred_real size = l[j] < 0 ? -l[j] : l[j];
      const cred_real wrong = l[j] < 0 ? y[j] : 1 - y[j];
      log_prob[j] = -cred__softplus_real(-size) - wrong * size;
      slope[j] = y[j] - cred__sigmoid(l[j]);
    }
    for (size_t j = 0; j < n; j++) sum += cred__lik_row(b, first + j, (double)log_prob[j]);
    for (size_t j = 0; b->dout && j < n; j++)
      b->dout[first + j] = weighted(cred__lik_weight(b, first + j), slope[j]);
  }
  return sum;
}

// e (n) = exp(l - top) unless NULL; returns the sum, in double: near 1 the rest counts.
static double softmax_sum(cred_real *e, const cred_real *l, cred_real top, size_t n) {
  cred_real strip[STRIP];
  double sum = 0;
  for (size_t c = 0; c < n; c += STRIP) {
    const size_t m = strip_length(n, c);
    cred_real *into = e ? e + c : strip;
    for (size_t j = 0; j < m; j++) into[j] = cred__exp(l[c + j] - top);
    sum += strip_sum(into, m);
  }
  return sum;
}

static cred_real largest(const cred_real *l, size_t n) {
  cred_real top = l[0];
  for (size_t c = 1; c < n; c++) top = l[c] > top ? l[c] : top;
  return top;
}

// log p of the label; d (n) = gradient times w, unless NULL.
static double categorical_row(cred_real *d, const cred_real *l, cred_real y, cred_real w,
                              size_t n) {
  const cred_real top = largest(l, n);
  const double total = softmax_sum(d, l, top, n);
  const bool known = y >= 0 && y < (cred_real)n && y == (cred_real)(size_t)y;
  const size_t label = known ? (size_t)y : 0;
  if (d) {
    const cred_real share = known ? (cred_real)(-(double)w / total) : (cred_real)NAN;
    for (size_t c = 0; c < n; c++) d[c] *= share;
    d[label] += w;
    for (size_t c = 0; w == 0 && c < n; c++) d[c] = 0;
  }
  return known ? (double)(l[label] - top) - log(total) : NAN;
}

double cred__lik_categorical(const cred__lik_block *b, size_t t) {
  (void)t;
  const size_t n = b->lik->n_classes;
  double sum = 0;
  for (size_t i = 0; i < b->n_rows; i++)
    sum += cred__lik_row(b, i,
                         categorical_row(b->dout ? b->dout + i * n : NULL, b->out + i * n,
                                         b->y[i], cred__lik_weight(b, i), n));
  return sum;
}

void cred_likelihood_class_log_prob(double *log_prob, const cred_likelihood *lik,
                                    const cred_real *out, size_t n_rows) {
  for (size_t i = 0; lik->kind == CRED_LIK_BERNOULLI && i < n_rows; i++) {
    log_prob[2 * i] = -cred__softplus((double)out[i]);
    log_prob[2 * i + 1] = -cred__softplus(-(double)out[i]);
  }
  if (lik->kind != CRED_LIK_CATEGORICAL) return;
  const size_t n = lik->n_classes;
  for (size_t i = 0; i < n_rows; i++) {
    const cred_real *l = out + i * n, top = largest(l, n);
    const double log_sum = (double)top + log(softmax_sum(NULL, l, top, n));
    for (size_t c = 0; c < n; c++) log_prob[i * n + c] = (double)l[c] - log_sum;
  }
}
