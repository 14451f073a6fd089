// conv_product.c -- the linear map of a convolution and its transpose, as products.
//
//   down   small[i, j, o] += sum_{u, v, c} big[i s + u d - top, j s + v d - left, c] W
//   up     big[y, x, c] += sum of small[i, j, o] W[u, v, c, o] over y = i s + u d - top,
//          x = j s + v d - left
// `down` reads patches straight out of the map, padded with zeros in a buffer that stays
// in cache. For `up` the places y with the same remainder (y + top) mod s form a phase:
// the taps that reach it are those with u d = that remainder mod s, and within it the map
// is a convolution of the small map with stride 1, so that no product with a zero is
// made. A map that is pooled right away is reduced in the task that made it, while it is
// in cache. A task is a fixed number of rows of a map: threads cannot change a result.

#include "layer/conv.h"
#include "base/thread.h"
#include "kernel/gather.h"
#include "layer/window.h"
#include <string.h>

// Below so many multiply-adds (about 10 us) a fork costs more than it saves.
enum { TASK_PLACES = 1024, SERIAL = 500000 };

cred__conv_map cred__conv_map_of(const cred__layer *layer) {
  const bool transposed = layer->ops != &cred__conv_ops;
  cred__conv_map m = {.big = transposed ? layer->out : layer->in,
                      .small = transposed ? layer->in : layer->out,
                      .window = layer->window,
                      .transposed = transposed};
  const cred__window *w = &m.window;
  m.n_big = m.big.height * m.big.width * m.big.channels;
  m.n_small = m.small.height * m.small.width * m.small.channels;
  m.big_group = m.big.channels / w->groups;
  m.small_group = m.small.channels / w->groups;
  m.n_taps = w->height * w->width;
  m.n_weight_rows = m.n_taps * m.big_group;
  const size_t height = (m.small.height - 1) * w->stride + (w->height - 1) * w->dilation;
  const size_t width = (m.small.width - 1) * w->stride + (w->width - 1) * w->dilation;
  m.padded_height = w->top + m.big.height > height ? w->top + m.big.height : height + 1;
  m.padded_width = w->left + m.big.width > width ? w->left + m.big.width : width + 1;
  m.in_place = m.padded_height == m.big.height && m.padded_width == m.big.width;
  return m;
}

size_t cred__conv_threads(const cred__layer *layer, const cred__pass *pass) {
  const cred__conv_map m = cred__conv_map_of(layer);
  const size_t work = pass->n_rows * m.n_small * m.n_weight_rows;
  return work < SERIAL ? 1 : pass->n_threads;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

// Rows of a map that one task makes.
static size_t task_rows(cred_shape made) {
  const size_t n = TASK_PLACES / made.width;
  return smaller(n < 1 ? 1 : n, made.height);
}

// Rows first ... first + n - 1 of a map that has `above` rows and `before` columns of
// zeros before it; beyond the map all is zero.
static void copy_padded(cred_real *out, const cred_real *in, cred_shape shape,
                        ptrdiff_t above, size_t before, size_t width, ptrdiff_t first,
                        size_t n) {
  const size_t row = width * shape.channels, left = before * shape.channels;
  const size_t inner = shape.width * shape.channels;
  for (size_t i = 0; i < n; i++, out += row) {
    const ptrdiff_t y = first + (ptrdiff_t)i - above;
    if (y < 0 || y >= (ptrdiff_t)shape.height) {
      memset(out, 0, row * sizeof *out);
      continue;
    }
    memset(out, 0, left * sizeof *out);
    memcpy(out + left, in + (size_t)y * inner, inner * sizeof *out);
    memset(out + left + inner, 0, (row - left - inner) * sizeof *out);
  }
}

// Task t makes rows of the map from t * step on.
typedef struct {
  cred__conv_map m;
  const cred__conv_product *product;
  cred_real *packed, *buffers; // buffers: one a worker
  size_t n_buffer, rows, step, n_tasks;
  // a map that is reduced at once: its rows that count, and one a worker for its rows
  const cred__pool *pool;
  cred_real *maps;
  size_t n_map, end;
} run;

// --- down ---

static size_t down_buffer(const cred__conv_map *m, size_t made) {
  if (m->in_place) return 0;
  const cred__window *w = &m->window;
  const size_t rows = (made - 1) * w->stride + (w->height - 1) * w->dilation + 1;
  return rows * m->padded_width * m->big.channels;
}

// Rows of the small map of a task that reduces them: of whole windows.
static size_t pooled_rows(const cred__conv_map *m, const cred__pool *pool) {
  const size_t rows = task_rows(m->small);
  const size_t more = rows > pool->rows ? (rows - pool->rows) / pool->stride : 0;
  return more * pool->stride + pool->rows;
}

static size_t down_packed(const cred__conv_map *m) {
  return m->window.groups * cred__gather_pack_size(m->n_weight_rows, m->small_group);
}

static void pack_down(cred_real *packed, const cred__conv_map *m,
                      const cred_real *weight) {
  const cred__offsets rows = {1, 1, (ptrdiff_t)m->small.channels, 0, 0};
  for (size_t g = 0; g < m->window.groups; g++) {
    cred__gather_pack(packed, weight + g * m->small_group, &rows, 1, m->n_weight_rows,
                      m->small_group);
    packed += cred__gather_pack_size(m->n_weight_rows, m->small_group);
  }
}

// Places of the small map, and taps of the window, in a padded map.
static cred__offsets places_of(const cred__conv_map *m) {
  const ptrdiff_t c = (ptrdiff_t)m->big.channels, s = (ptrdiff_t)m->window.stride;
  return (cred__offsets){m->small.width, 1, s * (ptrdiff_t)m->padded_width * c, s * c, 0};
}
static cred__offsets taps_of(const cred__conv_map *m) {
  const ptrdiff_t c = (ptrdiff_t)m->big.channels, d = (ptrdiff_t)m->window.dilation;
  return (cred__offsets){m->window.width, m->big_group,
                         d * (ptrdiff_t)m->padded_width * c, d * c, 1};
}

static void down_task(void *p, size_t task, size_t worker) {
  const run *r = p;
  const cred__conv_map *m = &r->m;
  const size_t b = task / r->n_tasks, i = task % r->n_tasks * r->step;
  const size_t rows = smaller(r->rows, r->end - i), s = m->window.stride;
  const cred_real *big = r->product->in + b * m->n_big;
  if (m->in_place)
    big += i * s * m->padded_width * m->big.channels;
  else {
    cred_real *buffer = r->buffers + worker * r->n_buffer;
    copy_padded(buffer, big, m->big, (ptrdiff_t)m->window.top, m->window.left,
                m->padded_width, (ptrdiff_t)(i * s),
                (rows - 1) * s + (m->window.height - 1) * m->window.dilation + 1);
    big = buffer;
  }
  cred_real *small =
      r->pool ? r->maps + worker * r->n_map
              : r->product->out + b * m->n_small + i * m->small.width * m->small.channels;
  const cred_real *start = r->product->start, *packed = r->packed;
  for (size_t g = 0; g < m->window.groups; g++) {
    const cred__gather_args args = {.m = rows * m->small.width,
                                    .n = m->small_group,
                                    .k = m->n_weight_rows,
                                    .a = big + g * m->big_group,
                                    .rows = places_of(m),
                                    .steps = taps_of(m),
                                    .b = packed,
                                    .start = start ? start + g * m->small_group : NULL,
                                    .accumulate = r->product->accumulate,
                                    .c = small + g * m->small_group,
                                    .out = {1, 1, (ptrdiff_t)m->small.channels, 0, 0}};
    cred__gather_gemm(&args);
    packed += cred__gather_pack_size(m->n_weight_rows, m->small_group);
  }
  if (!r->pool) return;
  cred__pool pool = *r->pool;
  const size_t n_row = pool.out_width * pool.channels;
  pool.out_height = (rows - pool.rows) / pool.stride + 1;
  cred__pool_max(r->product->out + (b * r->pool->out_height + i / pool.stride) * n_row,
                 small, &pool);
}

// --- up ---

// Taps of one remainder along one axis: first, first + step, ...; n = 0 where there are
// none. A step of taps moves by `move` in the small map.
typedef struct {
  size_t first, step, n, move;
} phase;

static phase phase_of(size_t remainder, size_t stride, size_t dilation, size_t size) {
  size_t step = 1, k = 0;
  while (step * dilation % stride) step++;
  while (k < step && k * dilation % stride != remainder) k++;
  if (k == step || k >= size) return (phase){0, 1, 0, 0};
  return (phase){k, step, (size - 1 - k) / step + 1, step * dilation / stride};
}

// Quotient rounded down.
static ptrdiff_t floor_div(ptrdiff_t a, ptrdiff_t b) {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

// First and last row or column of the small map that reach places first ... last of the
// big one; they may lie outside.
typedef struct {
  ptrdiff_t first, last;
} reach;

static reach reach_of(const cred__window *w, size_t before, size_t size, size_t first,
                      size_t last) {
  const ptrdiff_t s = (ptrdiff_t)w->stride, at = (ptrdiff_t)before;
  const ptrdiff_t extent = (ptrdiff_t)((size - 1) * w->dilation);
  return (reach){floor_div((ptrdiff_t)first + at - extent, s),
                 floor_div((ptrdiff_t)last + at, s)};
}

static size_t reach_length(reach r) {
  return (size_t)(r.last - r.first + 1);
}

static size_t up_buffer(const cred__conv_map *m) {
  const cred__window *w = &m->window;
  const reach x = reach_of(w, w->left, w->width, 0, m->big.width - 1);
  const size_t extent = (w->height - 1) * w->dilation;
  const size_t rows = (task_rows(m->big) - 1 + extent) / w->stride + 2;
  return rows * reach_length(x) * m->small.channels;
}

static size_t up_packed(const cred__conv_map *m) {
  return m->window.groups * m->n_taps *
         cred__gather_pack_size(m->small_group, m->big_group);
}

typedef struct {
  const run *r;
  const cred_real *small; // the part that is reached, with its zeros
  reach y, x;
  cred_real *big;
  size_t first, rows; // of the big map
} strip;

// All places of a strip with one remainder of y and of x.
static void up_phase(const strip *s, phase u, phase v, size_t py, size_t px,
                     const cred_real *packed, size_t group) {
  const cred__conv_map *m = &s->r->m;
  const size_t stride = m->window.stride, top = m->window.top, left = m->window.left;
  const size_t y = s->first + (py + stride - (s->first + top) % stride) % stride;
  const size_t x = (px + stride - left % stride) % stride;
  if (y >= s->first + s->rows || x >= m->big.width) return;
  const size_t n_y = (s->first + s->rows - 1 - y) / stride + 1;
  const size_t n_x = (m->big.width - 1 - x) / stride + 1;
  const ptrdiff_t c = (ptrdiff_t)m->small.channels, big_c = (ptrdiff_t)m->big.channels;
  const ptrdiff_t pitch = (ptrdiff_t)reach_length(s->x) * c;
  const ptrdiff_t d = (ptrdiff_t)m->window.dilation, st = (ptrdiff_t)stride;
  // exact: both sides have the same remainder
  const ptrdiff_t i = ((ptrdiff_t)(y + top) - (ptrdiff_t)u.first * d) / st - s->y.first;
  const ptrdiff_t j = ((ptrdiff_t)(x + left) - (ptrdiff_t)v.first * d) / st - s->x.first;
  const cred_real *start = s->r->product->start;
  const bool reached = u.n > 0 && v.n > 0;
  const cred__gather_args args = {
      .m = n_y * n_x,
      .n = m->big_group,
      .k = u.n * v.n * m->small_group,
      .a = s->small + (reached ? i * pitch + j * c : 0) +
           (ptrdiff_t)(group * m->small_group),
      .rows = {n_x, 1, pitch, c, 0},
      .steps = {v.n ? v.n : 1, m->small_group, -(ptrdiff_t)u.move * pitch,
                -(ptrdiff_t)v.move * c, 1},
      .b = packed,
      .start = start ? start + group * m->big_group : NULL,
      .accumulate = s->r->product->accumulate,
      .c = s->big + (y * m->big.width + x) * m->big.channels + group * m->big_group,
      .out = {n_x, 1, st * (ptrdiff_t)m->big.width * big_c, st * big_c, 0}};
  cred__gather_gemm(&args);
}

// Runs over groups and phases in the order in which their weights are packed.
static void for_phases(const cred__conv_map *m, const strip *s, cred_real *packed,
                       const cred_real *weight) {
  const cred__window *w = &m->window;
  for (size_t g = 0; g < w->groups; g++)
    for (size_t py = 0; py < w->stride; py++)
      for (size_t px = 0; px < w->stride; px++) {
        const phase u = phase_of(py, w->stride, w->dilation, w->height);
        const phase v = phase_of(px, w->stride, w->dilation, w->width);
        const size_t k = u.n * v.n * m->small_group;
        if (s) up_phase(s, u, v, py, px, packed, g);
        if (k && weight) {
          const ptrdiff_t c = (ptrdiff_t)m->small.channels;
          const ptrdiff_t tap = (ptrdiff_t)m->big_group * c;
          const cred__offsets rows = {v.n, m->small_group,
                                      (ptrdiff_t)(u.step * w->width) * tap,
                                      (ptrdiff_t)v.step * tap, 1};
          cred__gather_pack(packed,
                            weight + (ptrdiff_t)(u.first * w->width + v.first) * tap +
                                (ptrdiff_t)(g * m->small_group),
                            &rows, c, k, m->big_group);
        }
        packed += cred__gather_pack_size(k, m->big_group);
      }
}

static void up_task(void *p, size_t task, size_t worker) {
  const run *r = p;
  const cred__conv_map *m = &r->m;
  const cred__window *w = &m->window;
  const size_t b = task / r->n_tasks, first = task % r->n_tasks * r->rows;
  const size_t rows = smaller(r->rows, m->big.height - first);
  strip s = {.r = r,
             .y = reach_of(w, w->top, w->height, first, first + rows - 1),
             .x = reach_of(w, w->left, w->width, 0, m->big.width - 1),
             .big = r->product->out + b * m->n_big,
             .first = first,
             .rows = rows};
  const cred_real *small = r->product->in + b * m->n_small;
  cred_real *buffer = r->buffers + worker * r->n_buffer;
  // the part that is reached may end before the small map does, on either axis
  cred_shape seen = m->small;
  const size_t width = reach_length(s.x);
  const ptrdiff_t before = -s.x.first;
  if (before + (ptrdiff_t)seen.width > (ptrdiff_t)width)
    seen.width = (size_t)((ptrdiff_t)width - before);
  for (size_t i = 0; i < reach_length(s.y); i++) {
    const ptrdiff_t y = s.y.first + (ptrdiff_t)i;
    const bool inside = y >= 0 && y < (ptrdiff_t)m->small.height;
    const cred_shape row = {inside ? 1 : 0, seen.width, seen.channels};
    copy_padded(buffer + i * width * seen.channels,
                inside ? small + (size_t)y * m->small.width * seen.channels : small, row,
                0, (size_t)before, width, 0, 1);
  }
  s.small = buffer;
  for_phases(m, &s, r->packed, NULL);
}

// --- both ---

// pool NULL: the map as it is.
static void run_down(const cred__layer *layer, const cred__pass *pass, cred_real *scratch,
                     const cred__conv_product *product, const cred__pool *pool) {
  run r = {
      .m = cred__conv_map_of(layer), .product = product, .packed = scratch, .pool = pool};
  r.rows = r.step = task_rows(r.m.small);
  r.end = r.m.small.height;
  if (pool) {
    r.rows = pooled_rows(&r.m, pool);
    r.step = r.rows - pool->rows + pool->stride;
    r.end = (pool->out_height - 1) * pool->stride + pool->rows;
    r.n_map = r.rows * r.m.small.width * r.m.small.channels;
  }
  r.n_buffer = down_buffer(&r.m, r.rows);
  r.n_tasks = (r.end + r.step - 1) / r.step;
  r.buffers = scratch + down_packed(&r.m);
  r.maps = r.buffers + pass->n_threads * r.n_buffer;
  pack_down(r.packed, &r.m, product->weight);
  cred__parallel(cred__conv_threads(layer, pass), pass->n_rows * r.n_tasks, down_task,
                 &r);
}

void cred__conv_times_pooled(const cred__layer *layer, const cred__layer *next,
                             const cred__pass *pass, cred_real *scratch,
                             const cred__conv_product *product) {
  const cred__pool pool = cred__pool_of(next);
  run_down(layer, pass, scratch, product, &pool);
}

size_t cred__conv_n_scratch_pooled(const cred__layer *layer, const cred__layer *next,
                                   size_t n_threads) {
  const cred__conv_map m = cred__conv_map_of(layer);
  const cred__pool pool = cred__pool_of(next);
  const size_t rows = pooled_rows(&m, &pool);
  return down_packed(&m) +
         n_threads * (down_buffer(&m, rows) + rows * m.small.width * m.small.channels);
}

static void run_up(const cred__layer *layer, const cred__pass *pass, cred_real *scratch,
                   const cred__conv_product *product) {
  run r = {.m = cred__conv_map_of(layer), .product = product, .packed = scratch};
  r.n_buffer = up_buffer(&r.m);
  r.buffers = scratch + up_packed(&r.m);
  r.rows = task_rows(r.m.big);
  r.n_tasks = (r.m.big.height + r.rows - 1) / r.rows;
  for_phases(&r.m, NULL, r.packed, product->weight);
  cred__parallel(cred__conv_threads(layer, pass), pass->n_rows * r.n_tasks, up_task, &r);
}

void cred__conv_times(const cred__layer *layer, const cred__pass *pass,
                      cred_real *scratch, const cred__conv_product *product) {
  if (layer->ops == &cred__conv_ops)
    run_down(layer, pass, scratch, product, NULL);
  else
    run_up(layer, pass, scratch, product);
}

void cred__conv_times_transposed(const cred__layer *layer, const cred__pass *pass,
                                 cred_real *scratch, const cred__conv_product *product) {
  if (layer->ops == &cred__conv_ops)
    run_up(layer, pass, scratch, product);
  else
    run_down(layer, pass, scratch, product, NULL);
}

// --- gradients of weights ---

enum { TILE_ELEMENTS = 4096, TILES_MIN = 8, ROW_STEP = 8, SUM_RANGES = 64 };

// Rows of the weights that one task makes: a tile that stays in cache while all maps
// pass, and enough of them for several threads.
static size_t tile_rows(const cred__conv_map *m) {
  size_t rows = smaller(TILE_ELEMENTS / m->small.channels, m->n_weight_rows / TILES_MIN);
  rows = (rows + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
  return smaller(rows < ROW_STEP ? ROW_STEP : rows, m->n_weight_rows);
}

static size_t n_padded(const cred__conv_map *m) {
  return m->padded_height * m->padded_width * m->big.channels;
}

static size_t channels_of_out(const cred__conv_map *m) {
  return m->transposed ? m->big.channels : m->small.channels;
}

static size_t take_scratch(const cred__conv_map *m, size_t n_rows, size_t n_threads) {
  const size_t n_maps = m->in_place ? 0 : 2 * n_rows * n_padded(m);
  return n_maps + 2 * n_threads * tile_rows(m) * m->small.channels +
         2 * (SUM_RANGES + 1) * channels_of_out(m);
}

size_t cred__conv_n_scratch(const cred__layer *layer, size_t n_rows, size_t n_threads) {
  const cred__conv_map m = cred__conv_map_of(layer);
  const size_t down = down_packed(&m) + n_threads * down_buffer(&m, task_rows(m.small));
  const size_t up = up_packed(&m) + n_threads * up_buffer(&m);
  const size_t take = take_scratch(&m, n_rows, n_threads);
  const size_t n = down > up ? down : up;
  return ((n > take ? n : take) + 15) / 16 * 16;
}

typedef struct {
  const cred__layer *layer;
  const cred__pass *pass;
  const cred__conv_gradient *g;
  cred__conv_map m;
  const cred_real *big[2], *small[2]; // of the mean, of the sd; big with its zeros
  size_t n_big;                       // of a padded map
  cred_real *tiles, *partial;
  size_t rows;
} taking;

typedef struct {
  const cred__conv_map *m;
  cred_real *out;
  const cred_real *in;
} padding;

static void pad_task(void *p, size_t b, size_t worker) {
  (void)worker;
  const padding *s = p;
  copy_padded(s->out + b * n_padded(s->m), s->in + b * s->m->n_big, s->m->big,
              (ptrdiff_t)s->m->window.top, s->m->window.left, s->m->padded_width, 0,
              s->m->padded_height);
}

static const cred_real *padded(const taking *t, cred_real *out, const cred_real *in) {
  if (t->m.in_place || !in) return in;
  padding s = {&t->m, out, in};
  cred__parallel(cred__conv_threads(t->layer, t->pass), t->pass->n_rows, pad_task, &s);
  return out;
}

// out (rows, c) = sum over maps of (patches of big)^T small, rows from `first` on.
static void tile_product(const taking *t, cred_real *out, const cred_real *big,
                         const cred_real *small, size_t first, size_t rows) {
  const cred__conv_map *m = &t->m;
  const size_t c = m->small.channels;
  for (size_t b = 0; b < t->pass->n_rows; b++)
    for (size_t g = 0; g < m->window.groups; g++) {
      const cred__gather_args args = {.first = first,
                                      .m = rows,
                                      .n = m->small_group,
                                      .k = m->small.height * m->small.width,
                                      .a = big + b * t->n_big + g * m->big_group,
                                      .rows = taps_of(m),
                                      .steps = places_of(m),
                                      .b = small + b * m->n_small + g * m->small_group,
                                      .ldb = c,
                                      .accumulate = b > 0,
                                      .c = out + g * m->small_group,
                                      .out = {1, 1, (ptrdiff_t)c, 0, 0}};
      cred__gather_gemm(&args);
    }
}

static void take_task(void *p, size_t task, size_t worker) {
  const taking *t = p;
  const size_t c = t->m.small.channels, first = task * t->rows;
  const size_t rows = smaller(t->rows, t->m.n_weight_rows - first);
  cred_real *dmean = t->tiles + worker * 2 * t->rows * c, *dsd = NULL;
  tile_product(t, dmean, t->big[0], t->small[0], first, rows);
  if (t->g->in_sd) {
    dsd = dmean + t->rows * c;
    tile_product(t, dsd, t->big[1], t->small[1], first, rows);
    const cred_real *factor = t->g->factor + first * c, scale = t->g->scale;
    for (size_t i = 0; i < rows * c; i++) dsd[i] *= scale * factor[i];
  }
  const cred_sink *sink = t->pass->sink;
  sink->take(sink->context, t->layer->slices[0].offset + first * c, dmean, dsd, rows * c);
}

typedef struct {
  const cred_real *x;
  cred_real *partial;
  size_t n_rows, channels, step;
} sums;

static void sum_task(void *p, size_t task, size_t worker) {
  (void)worker;
  const sums *s = p;
  const size_t first = task * s->step;
  const size_t end = smaller(first + s->step, s->n_rows), n = s->channels;
  cred_real *restrict out = s->partial + task * n;
  memset(out, 0, n * sizeof *out);
  for (size_t i = first; i < end; i++) {
    const cred_real *restrict x = s->x + i * n;
    for (size_t j = 0; j < n; j++) out[j] += x[j];
  }
}

// out (channels) = sum over all rows and places, in a fixed number of ranges.
static void sum_places(const taking *t, cred_real *out, const cred_real *x) {
  const size_t n = channels_of_out(&t->m);
  sums s = {x, out + n, t->pass->n_rows * t->layer->n_out / n, n, 0};
  s.step = (s.n_rows + SUM_RANGES - 1) / SUM_RANGES;
  if (s.step == 0) s.step = 1;
  const size_t n_tasks = (s.n_rows + s.step - 1) / s.step;
  cred__parallel(cred__conv_threads(t->layer, t->pass), n_tasks, sum_task, &s);
  memset(out, 0, n * sizeof *out);
  for (size_t i = 0; i < n_tasks; i++)
    for (size_t j = 0; j < n; j++) out[j] += s.partial[i * n + j];
}

static void take_biases(const taking *t) {
  const size_t n = channels_of_out(&t->m);
  cred_real *dmean = t->partial, *dsd = NULL;
  sum_places(t, dmean, t->g->dout);
  if (t->g->in_sd) {
    dsd = dmean + (SUM_RANGES + 1) * n;
    sum_places(t, dsd, t->g->dout_sd);
    for (size_t j = 0; j < n; j++) dsd[j] *= t->g->scale * t->g->factor_bias[j];
  }
  const cred_sink *sink = t->pass->sink;
  sink->take(sink->context, t->layer->slices[1].offset, dmean, dsd, n);
}

void cred__conv_take(const cred__layer *layer, const cred__pass *pass, cred_real *scratch,
                     const cred__conv_gradient *gradient) {
  if (!pass->sink) return;
  taking t = {.layer = layer, .pass = pass, .g = gradient, .m = cred__conv_map_of(layer)};
  const bool up = t.m.transposed;
  t.rows = tile_rows(&t.m);
  t.tiles = scratch;
  t.partial = t.tiles + 2 * pass->n_threads * t.rows * t.m.small.channels;
  cred_real *maps = t.partial + 2 * (SUM_RANGES + 1) * channels_of_out(&t.m);
  t.n_big = n_padded(&t.m);
  t.big[0] = padded(&t, maps, up ? gradient->dout : gradient->in);
  t.big[1] =
      padded(&t, maps + pass->n_rows * t.n_big, up ? gradient->dout_sd : gradient->in_sd);
  t.small[0] = up ? gradient->in : gradient->dout;
  t.small[1] = up ? gradient->in_sd : gradient->dout_sd;
  const size_t n_tasks = (t.m.n_weight_rows + t.rows - 1) / t.rows;
  cred__parallel(cred__conv_threads(layer, pass), n_tasks, take_task, &t);
  take_biases(&t);
}
