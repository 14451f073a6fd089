// tiles.c -- theta cut into ranges, none across two slices.

#include "infer/tiles.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/update.h"
#include <math.h>

// Below this many parameters the passes over theta are cheaper than a fork.
enum { SERIAL_DIM = 20000 };

cred_status cred__tiles_init(cred__tiles *out, const cred_density *density,
                             size_t n_threads) {
  *out = (cred__tiles){.n_threads =
                           density->dim < SERIAL_DIM ? 1 : cred__n_threads(n_threads)};
  for (size_t s = 0; s < density->n_slices; s++)
    out->n += (density->slices[s].n + CRED__TILE - 1) / CRED__TILE;
  TRY(NEW(&out->tile, out->n, "tiles of the parameters"));
  size_t k = 0;
  for (size_t s = 0; s < density->n_slices; s++) {
    const cred_slice *slice = &density->slices[s];
    for (size_t i = 0; i < slice->n; i += CRED__TILE) {
      const size_t n = slice->n - i < CRED__TILE ? slice->n - i : CRED__TILE;
      out->tile[k++] = (cred__tile){.slice = s, .begin = slice->offset + i, .n = n};
    }
  }
  return CRED_OK;
}

void cred__tiles_clear(cred__tiles *tiles) {
  cred__free(tiles->tile);
  *tiles = (cred__tiles){0};
}

bool cred__density_learns_scale(const cred_density *density) {
  for (size_t s = 0; s < density->n_slices; s++)
    if (density->slices[s].log_sd != CRED_NO_INDEX) return true;
  return false;
}

double cred__clip_scale(double norm2, double clip_norm) {
  const double norm = sqrt(norm2);
  return clip_norm > 0 && norm > clip_norm ? clip_norm / norm : 1.0;
}

double cred__log_prior_grad(cred_real *dw, const cred_prior *prior, const cred_real *w,
                            double weight, size_t n) {
  if (prior->kind == CRED_PRIOR_MIXTURE) {
    const cred__mixture mixture = {prior->sd, prior->sd2, prior->weight};
    return cred__mixture_grad(dw, w, &mixture, weight, n);
  }
  cred_prior_grad(dw, prior, w, weight, n);
  return cred_prior_log_prob(prior, w, n);
}
