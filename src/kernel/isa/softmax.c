// softmax.c -- softmax of noisy logits, vectors over the points of the noise.

#include "isa.h"
#include "kernel/fast_math.h"
#include "kernel/softmax.h"
#include <math.h>

enum { PIECE = 128, LANES = 16 };

static size_t piece_of(size_t n_points, size_t at) {
  return n_points - at < PIECE ? n_points - at : PIECE;
}

// A piece of the points, all classes.
static void noisy_piece(cred_real *restrict e, cred_real *restrict top,
                        double *restrict total, const cred_real *restrict z,
                        const cred_real *logit, const cred_real *sd, size_t n, size_t p,
                        size_t stride) {
  cred_real high[PIECE], sum[PIECE];
  for (size_t t = 0; t < p; t++) high[t] = top[t];
  for (size_t k = 0; k < n; k++) {
    const cred_real l = logit[k], s = sd[k];
    for (size_t t = 0; t < p; t++) {
      const cred_real u = l + s * z[k * stride + t];
      e[k * stride + t] = u;
      high[t] = u > high[t] ? u : high[t];
    }
  }
  for (size_t t = 0; t < p; t++) sum[t] = cred__exp(top[t] - high[t]);
  for (size_t t = 0; t < p; t++) total[t] *= (double)sum[t];
  for (size_t t = 0; t < p; t++) top[t] = high[t];
  for (size_t k = 0; k < n; k++) {
    cred_real *restrict row = e + k * stride;
    for (size_t t = 0; t < p; t++) row[t] = cred__exp(row[t] - high[t]);
    for (size_t t = 0; t < p; t++) total[t] += (double)row[t];
  }
}

static void noisy(cred_real *e, cred_real *top, double *total, const cred_real *z,
                  const cred_real *logit, const cred_real *sd, size_t n,
                  size_t n_points) {
  for (size_t at = 0; at < n_points; at += PIECE)
    noisy_piece(e + at, top + at, total + at, z + at, logit, sd, n,
                piece_of(n_points, at), n_points);
}

static void again(cred_real *restrict e, const cred_real *restrict top,
                  const cred_real *restrict z, const cred_real *logit,
                  const cred_real *sd, size_t n, size_t n_points) {
  for (size_t k = 0; k < n; k++) {
    const cred_real l = logit[k], s = sd[k];
    for (size_t t = 0; t < n_points; t++)
      e[k * n_points + t] = cred__exp(l + s * z[k * n_points + t] - top[t]);
  }
}

static void mean(double *restrict out, const cred_real *restrict e,
                 const cred_real *restrict share, size_t n, size_t n_points) {
  for (size_t k = 0; k < n; k++) {
    const cred_real *restrict row = e + k * n_points;
    cred_real lane[LANES] = {0};
    size_t t = 0;
    for (; t + LANES <= n_points; t += LANES)
      for (size_t l = 0; l < LANES; l++) lane[l] += share[t + l] * row[t + l];
    for (size_t l = 0; t < n_points; l++, t++) lane[l] += share[t] * row[t];
    double sum = 0;
    for (size_t l = 0; l < LANES; l++) sum += (double)lane[l];
    out[k] = sum;
  }
}

static void add_node(cred_real *restrict below, cred_real *restrict density,
                     cred_real *restrict excess, cred_real *restrict u,
                     const cred_real *restrict x, const cred__gumbel_node *node,
                     size_t n) {
  const cred_real l = node->l, weight = node->weight, growth = node->growth;
  for (size_t i = 0; i < n; i++) {
    const cred_real at = u[i] > CRED__NODE_MAX ? CRED__NODE_MAX : u[i];
    const cred_real e = weight * cred__exp(-at), f = at * e;
    below[i] += e;
    density[i] += f;
    excess[i] += f * (x[i] - l);
    u[i] *= growth;
  }
}

static void gumbel(const cred__gumbel_node *node, size_t n) {
  add_node(node->below, node->density, node->excess, node->u, node->x, node, n);
}

const cred__softmax_table K(softmax_table) = {noisy, again, mean, gumbel};
