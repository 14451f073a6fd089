// tiles.h -- theta cut into ranges of at most CRED__TILE elements of one kind and one
// prior: neighbouring slices that are alike are cut as one, so that a small network is
// one range.
//
// The cut depends on the shapes alone, so that sums over tiles do not depend on threads.

#ifndef CRED_SRC_INFER_TILES_H
#define CRED_SRC_INFER_TILES_H

#include "credence/prob/density.h"
#include <stdatomic.h>
#include <stdbool.h>

enum { CRED__TILE = 2048 };

typedef struct {
  size_t slice, begin, n; // the first of its slices; place in theta
} cred__tile;

typedef struct {
  cred__tile *tile;
  size_t n;
  size_t n_threads; // to use over them: 1 where theta is small
} cred__tiles;

cred_status cred__tiles_init(cred__tiles *out, const cred_density *density,
                             size_t n_threads);
void cred__tiles_clear(cred__tiles *tiles);

// What a range that a sink is given holds of each slice, in pieces of at most CRED__TILE
// elements; each is handed to `piece` with its place in the range.
typedef void (*cred__piece)(void *context, const cred_slice *slice, size_t begin,
                            size_t at, size_t n);
void cred__for_pieces(const cred_density *density, size_t offset, size_t n,
                      cred__piece piece, void *context);

// A sum to which several threads add, the same whatever their order: each term is split
// into whole multiples of 2^20 and of 2^-24. NaN once a term is not finite or beyond
// 2^62.
typedef struct {
  _Atomic int64_t coarse, fine;
  _Atomic bool failed;
} cred__sum;
void cred__sum_start(cred__sum *sum);
void cred__sum_add(cred__sum *sum, double x);
void cred__sum_fail(cred__sum *sum);
double cred__sum_value(const cred__sum *sum);

// Whether a gradient is one that a fused step may take: no NaN, and within
// CRED__GRADIENT_MAX.
bool cred__gradient_holds(const cred_real *grad, size_t n);

// From so many parameters on, a step moves them in the sink: each piece of the gradient
// while it is in cache, so that no gradient is stored. Measured on one core (AMD Zen 4,
// AVX-512, 784-1200-1200-10, batch 128): 25.8 ms a step instead of 35.7 by weight draws
// under a scale mixture, 19.3 instead of 22.2 at the mode. Fewer parameters lie in cache
// with their gradient anyway.
enum { CRED__FUSED_DIM = 20000 };

// True where any prior scale is learned.
bool cred__density_learns_scale(const cred_density *density);

// Scale that shortens gradients of Euclidean norm sqrt(norm2) to clip_norm (0: none).
double cred__clip_scale(double norm2, double clip_norm);

// dw (n) += weight * d log p(w) / dw; returns the sum of log p(w).
double cred__log_prior_grad(cred_real *dw, const cred_prior *prior, const cred_real *w,
                            double weight, size_t n);

#endif
