// tiles.h -- theta cut into ranges of at most CRED__TILE elements, none across two
// slices.
//
// The cut depends on the shapes alone, so that sums over tiles do not depend on threads.

#ifndef CRED_SRC_INFER_TILES_H
#define CRED_SRC_INFER_TILES_H

#include "credence/prob/density.h"

enum { CRED__TILE = 2048 };

typedef struct {
  size_t slice, begin, n; // begin: place in theta
} cred__tile;

typedef struct {
  cred__tile *tile;
  size_t n;
  size_t n_threads; // to use over them: 1 where theta is small
} cred__tiles;

cred_status cred__tiles_init(cred__tiles *out, const cred_density *density,
                             size_t n_threads);
void cred__tiles_clear(cred__tiles *tiles);

// True where any prior scale is learned.
bool cred__density_learns_scale(const cred_density *density);

// Scale that shortens gradients of Euclidean norm sqrt(norm2) to clip_norm (0: none).
double cred__clip_scale(double norm2, double clip_norm);

// dw (n) += weight * d log p(w) / dw; returns the sum of log p(w).
double cred__log_prior_grad(cred_real *dw, const cred_prior *prior, const cred_real *w,
                            double weight, size_t n);

#endif
