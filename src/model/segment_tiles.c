// segment_tiles.c -- how a picture is cut, and how far a network looks.
//
// Tiles of side T overlap by twice the reach R, rounded up to the period P of the
// network's strides, so that the middle of each is what the whole picture would give:
// zeros beyond the picture's edge stand beyond the edge of the tiles there, too.

#include "base/alloc.h"
#include "base/fail.h"
#include "model/segment.h"
#include <math.h>
#include <string.h>

static size_t round_up(size_t n, size_t to) {
  return (n + to - 1) / to * to;
}

// Tiles along one axis: the first at 0, the last at the end, cores side by side.
typedef struct {
  size_t n, length, step, extent; // extent: of the axis, a multiple of the period
} axis;

static axis cut(size_t n, size_t side, size_t margin, size_t period) {
  axis a = {.n = 1, .extent = round_up(n, period)};
  a.length = a.extent;
  a.step = a.extent;
  if (a.extent <= side) return a;
  a.length = side / period * period;
  a.step = a.length - 2 * margin;
  a.n = 1 + (a.extent - a.length + a.step - 1) / a.step;
  return a;
}

static size_t start_of(const axis *a, size_t i) {
  const size_t at = i * a->step;
  return at + a->length > a->extent ? a->extent - a->length : at;
}

// Core [from, to) of tile i: what no earlier tile gave, up to the margin.
static void core_of(size_t *from, size_t *n, const axis *a, size_t i, size_t margin,
                    size_t end) {
  const size_t last = i + 1 == a->n;
  *from = i ? start_of(a, i - 1) + a->length - margin : 0;
  size_t to = last ? a->extent : start_of(a, i) + a->length - margin;
  if (to > end) to = end;
  *n = to > *from ? to - *from : 0;
}

cred_status cred__tiling_init(cred__tiling *t, size_t height, size_t width, size_t side,
                              size_t reach, size_t period) {
  side = round_up(side < 4 * period ? 4 * period : side, period);
  const size_t wanted = reach == SIZE_MAX ? SIZE_MAX : round_up(reach, period);
  // at least half of a tile is core; a network that looks farther is blended
  const bool blend = wanted > side / 4;
  const size_t margin = blend ? round_up(side / 8, period) : wanted;
  const axis y = cut(height, side, margin, period), x = cut(width, side, margin, period);
  *t = (cred__tiling){.height = height,
                      .width = width,
                      .extent_width = x.extent,
                      .tile_height = y.length,
                      .tile_width = x.length,
                      .n_tiles = y.n * x.n,
                      .blend = blend && y.n * x.n > 1,
                      .overlap = 2 * margin};
  TRY(NEW(&t->tiles, t->n_tiles, "tiles"));
  for (size_t i = 0; i < y.n; i++)
    for (size_t j = 0; j < x.n; j++) {
      cred__tile *tile = &t->tiles[i * x.n + j];
      tile->y = start_of(&y, i), tile->x = start_of(&x, j);
      core_of(&tile->core_y, &tile->core_height, &y, i, margin, height);
      core_of(&tile->core_x, &tile->core_width, &x, j, margin, width);
      if (!t->blend) continue;
      tile->core_y = tile->y, tile->core_x = tile->x;
      tile->core_height = tile->y + y.length < height ? y.length : height - tile->y;
      tile->core_width = tile->x + x.length < width ? x.length : width - tile->x;
    }
  return CRED_OK;
}

void cred__tiling_clear(cred__tiling *t) {
  cred__free(t->tiles);
  *t = (cred__tiling){0};
}

static double ramp(size_t at, size_t length, bool first, bool last, size_t overlap) {
  double w = 1;
  if (!first) w = fmin(w, ((double)at + 0.5) / (double)overlap);
  if (!last) w = fmin(w, ((double)(length - at) - 0.5) / (double)overlap);
  return w;
}

double cred__tile_weight(const cred__tiling *t, const cred__tile *tile, size_t y,
                         size_t x) {
  return ramp(y, t->tile_height, tile->y == 0, tile->y + t->tile_height >= t->height,
              t->overlap) *
         ramp(x, t->tile_width, tile->x == 0, tile->x + t->tile_width >= t->width,
              t->overlap);
}

cred_status cred__network_of_size(cred_network **out, const cred_model *m, size_t height,
                                  size_t width) {
  const cred_shape shape = {height, width, m->schema->shape.channels};
  return cred_network_parse_shaped(out, m->plan.net, shape,
                                   cred_likelihood_n_outputs(&m->likelihood), true);
}

cred_status cred__network_period(size_t *out, const cred_model *m) {
  for (size_t period = 1; period <= 128; period *= 2) {
    cred_network *network;
    // sizes of which nothing but the period divides both
    if (cred__network_of_size(&network, m, 9 * period, 7 * period) != CRED_OK) continue;
    const bool same = cred_network_n_params(network) == cred_network_n_params(m->network);
    cred_network_free(network);
    if (same) {
      *out = period;
      return CRED_OK;
    }
  }
  FAIL(CRED_ECONFIG,
       "the network '%s' does not fit pictures of other sizes: has it a dense layer?",
       m->plan.net);
}

// The farthest column that a NaN in columns [0, edge) reaches, behind edge.
static cred_status reach_behind(size_t *reach, const cred_network *network,
                                cred__network_work *work, cred_real *x,
                                const cred_real *theta, size_t edge) {
  const cred_shape in = cred_network_in_shape(network);
  const size_t n_out = cred_network_n_outputs(network) / (in.height * in.width);
  for (size_t i = 0; i < in.height * in.width * in.channels; i++)
    x[i] = i / in.channels % in.width < edge ? (cred_real)NAN : (cred_real)0.1;
  cred__pass pass = {.mode = CRED__PLAIN, .n_rows = 1, .n_threads = 1, .theta = theta};
  const cred_real *out = cred__network_forward(network, work, &pass, x);
  *reach = 0;
  for (size_t i = 0; i < in.height * in.width; i++)
    for (size_t c = 0; c < n_out; c++)
      if (isnan(out[i * n_out + c]) && i % in.width + 1 > edge + *reach)
        *reach = i % in.width + 1 - edge;
  return CRED_OK;
}

cred_status cred__network_reach(size_t *out, const cred_model *m, size_t period,
                                size_t side) {
  cred_network *network = NULL;
  cred__network_work *work = NULL;
  cred_real *x = NULL;
  const size_t width = round_up(side, period), height = 4 * period;
  cred_status status;
  TRY_DONE(cred__network_of_size(&network, m, height, width));
  TRY_DONE(cred__network_work_new(&work, network, 1, 1, false, false));
  TRY_DONE(NEW(&x, cred_network_n_inputs(network), "a picture"));
  *out = 0;
  // at each phase of the strides
  for (size_t phase = 0; phase < period; phase++) {
    size_t reach;
    const size_t edge = round_up(width / 4, period) + phase;
    TRY_DONE(reach_behind(&reach, network, work, x, m->posterior->members[0].mean, edge));
    if (reach > *out) *out = reach;
    if (edge + reach >= width) *out = SIZE_MAX;
    if (*out == SIZE_MAX) break;
  }
done:
  cred__free(x);
  cred__network_work_free(work);
  cred_network_free(network);
  return status;
}
