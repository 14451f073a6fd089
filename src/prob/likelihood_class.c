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
    for (size_t j = 0; j < n; j++)
      sum += cred__lik_row(b, first + j, (double)log_prob[j]);
    for (size_t j = 0; b->dout && j < n; j++)
      b->dout[first + j] = weighted(cred__lik_weight(b, first + j), slope[j]);
  }
  return sum;
}

static double sum_exp(const cred_real *l, cred_real top, size_t n) {
  cred_real term[STRIP];
  double sum = 0;
  for (size_t c = 0; c < n; c += STRIP) {
    const size_t m = strip_length(n, c);
    for (size_t j = 0; j < m; j++) term[j] = cred__exp(l[c + j] - top);
    sum += strip_sum(term, m);
  }
  return sum;
}

static cred_real largest(const cred_real *l, size_t n) {
  cred_real top = l[0];
  for (size_t c = 1; c < n; c++) top = l[c] > top ? l[c] : top;
  return top;
}

// log p of the label, from e (n) = exp(l - top), which becomes the gradient times w where
// `grad` is set.
static double categorical_row(cred_real *e, const cred_real *l, cred_real top,
                              cred_real y, cred_real w, size_t n, bool grad) {
  double total = 0; // in double: near 1 the rest counts
  for (size_t c = 0; c < n; c++) total += (double)e[c];
  const bool known = y >= 0 && y < (cred_real)n && y == (cred_real)(size_t)y;
  const size_t label = known ? (size_t)y : 0;
  if (grad) {
    const cred_real share = known ? (cred_real)(-(double)w / total) : (cred_real)NAN;
    for (size_t c = 0; c < n; c++) e[c] *= share;
    e[label] += w;
    for (size_t c = 0; w == 0 && c < n; c++) e[c] = 0;
  }
  return known ? (double)(l[label] - top) - log(total) : (double)NAN;
}

enum { BLOCK = CRED__CLASSES_MAX / 4 };

// Blocks of rows: the exponentials of all their classes are one loop.
double cred__lik_categorical(const cred__lik_block *b, size_t t) {
  (void)t;
  const size_t n = b->lik->n_classes, n_each = n < BLOCK ? BLOCK / n : 1;
  cred_real own[CRED__CLASSES_MAX], top[BLOCK];
  double sum = 0;
  for (size_t first = 0; first < b->n_rows; first += n_each) {
    const size_t rows = b->n_rows - first < n_each ? b->n_rows - first : n_each;
    const cred_real *l = b->out + first * n;
    cred_real *e = b->dout ? b->dout + first * n : own;
    for (size_t i = 0; i < rows; i++) {
      top[i] = largest(l + i * n, n);
      for (size_t c = 0; c < n; c++) e[i * n + c] = l[i * n + c] - top[i];
    }
    for (size_t c = 0; c < rows * n; c++) e[c] = cred__exp(e[c]);
    for (size_t i = 0; i < rows; i++)
      sum += cred__lik_row(b, first + i,
                           categorical_row(e + i * n, l + i * n, top[i], b->y[first + i],
                                           cred__lik_weight(b, first + i), n, b->dout));
  }
  return sum;
}

void cred_likelihood_class_log_prob(double *log_prob, const cred_likelihood *lik,
                                    const cred_real *out, size_t n_rows) {
  for (size_t i = 0; lik->kind == CRED_LIK_BERNOULLI && i < n_rows; i++) {
    log_prob[2 * i] = -cred__softplus((double)out[i]);
    log_prob[2 * i + 1] = -cred__softplus(-(double)out[i]);
  }
  if (lik->kind == CRED_LIK_NOISY_CATEGORICAL)
    cred__lik_noisy_class_log_prob(log_prob, lik, out, n_rows);
  if (lik->kind != CRED_LIK_CATEGORICAL) return;
  const size_t n = lik->n_classes;
  for (size_t i = 0; i < n_rows; i++) {
    const cred_real *l = out + i * n, top = largest(l, n);
    const double log_sum = (double)top + log(sum_exp(l, top, n));
    for (size_t c = 0; c < n; c++) log_prob[i * n + c] = (double)l[c] - log_sum;
  }
}
