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

void cred__for_pieces(const cred_density *density, size_t offset, size_t n,
                      cred__piece piece, void *context) {
  size_t s = 0;
  for (size_t at = 0; at < n;) {
    while (density->slices[s].offset + density->slices[s].n <= offset + at) s++;
    const cred_slice *slice = &density->slices[s];
    size_t length = slice->offset + slice->n - (offset + at);
    if (length > n - at) length = n - at;
    if (length > CRED__TILE) length = CRED__TILE;
    piece(context, slice, s, offset + at, at, length);
    at += length;
  }
}

void cred__sum_start(cred__sum *sum) {
  sum->coarse = sum->fine = 0;
  sum->failed = false;
}

void cred__sum_add(cred__sum *sum, double x) {
  if (!(fabs(x) < 0x1p62)) {
    sum->failed = true;
    return;
  }
  const double coarse = rint(x * 0x1p-20);
  atomic_fetch_add_explicit(&sum->coarse, (int64_t)coarse, memory_order_relaxed);
  atomic_fetch_add_explicit(&sum->fine, (int64_t)rint((x - coarse * 0x1p20) * 0x1p24),
                            memory_order_relaxed);
}

void cred__sum_fail(cred__sum *sum) {
  sum->failed = true;
}

double cred__sum_value(const cred__sum *sum) {
  return sum->failed ? NAN : (double)sum->coarse * 0x1p20 + (double)sum->fine * 0x1p-24;
}

bool cred__gradient_holds(const cred_real *grad, size_t n) {
  return cred__all_within(grad, (cred_real)CRED__GRADIENT_MAX, n);
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
