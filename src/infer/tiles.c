// tiles.c -- theta cut into ranges of one kind and one prior.

#include "infer/tiles.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/update.h"
#include <math.h>

// Below this many parameters the passes over theta are cheaper than a fork.
enum { SERIAL_DIM = 20000 };

static bool same_prior(const cred_prior *a, const cred_prior *b) {
  return a->kind == b->kind && a->scale == b->scale && a->sd == b->sd &&
         a->sd2 == b->sd2 && a->weight == b->weight && a->dof == b->dof;
}

// Whether slices are the same to a pass over the parameters.
static bool alike(const cred_slice *a, const cred_slice *b) {
  return a->kind == b->kind && a->log_sd == b->log_sd && same_prior(&a->prior, &b->prior);
}

// The end of the run of slices alike that `slice` begins.
static size_t run_end(const cred_density *density, size_t slice) {
  size_t end = slice + 1;
  while (end < density->n_slices && alike(&density->slices[slice], &density->slices[end]))
    end++;
  return end;
}

// To the next multiple of CRED__TILE, or the end: noise comes in blocks of the whole.
static size_t piece_length(size_t begin, size_t end) {
  const size_t length = CRED__TILE - begin % CRED__TILE;
  return end - begin < length ? end - begin : length;
}

// The tiles of all runs; counts them where tile is NULL.
static size_t cut(cred__tile *tile, const cred_density *density) {
  size_t n = 0;
  for (size_t s = 0, next; s < density->n_slices; s = next) {
    next = run_end(density, s);
    const cred_slice *last = &density->slices[next - 1];
    const size_t end = last->offset + last->n;
    for (size_t at = density->slices[s].offset; at < end; n++) {
      const size_t length = piece_length(at, end);
      if (tile) tile[n] = (cred__tile){.slice = s, .begin = at, .n = length};
      at += length;
    }
  }
  return n;
}

cred_status cred__tiles_init(cred__tiles *out, const cred_density *density,
                             size_t n_threads) {
  *out = (cred__tiles){.n = cut(NULL, density),
                       .n_threads =
                           density->dim < SERIAL_DIM ? 1 : cred__n_threads(n_threads)};
  TRY(NEW(&out->tile, out->n, "tiles of the parameters"));
  cut(out->tile, density);
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
    size_t length = piece_length(offset + at, slice->offset + slice->n);
    if (length > n - at) length = n - at;
    piece(context, slice, offset + at, at, length);
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
