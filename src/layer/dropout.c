// dropout.c -- dropout: y = x o mask, mask = 1 / (1 - rate) with probability 1 - rate,
// else 0; of single numbers, or of whole channels.
//
// Srivastava et al. (2014), section 4, with the scale in training ("inverted"), so that
// without masks the layer is the identity. `channel_dropout` has one number of the mask a
// channel, the same at every place: Tompson et al. (2015), section 3.2. The mask of a row
// is a function of its index, or one mask serves all rows (a draw of a function: Gal &
// Ghahramani 2016). Kept for backward: the masks (B, n) or (B, C).
//
// Moments with a random mask, for x of mean m and variance v:
//   E y = m,  E y^2 = (v + m^2) / (1 - rate),  so  var y = (v + rate m^2) / (1 - rate),
// elements independent, those of one channel too.

#include "base/fail.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "layer/dense.h"
#include <stdio.h>
#include <string.h>

enum { RANGE_ELEMENTS = 16384 };

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  double rate;
  const char *name = layer->ops->name;
  if (n_words == 0) FAIL(CRED_EINVAL, "%s needs a rate (write '%s 0.1')", name, name);
  if (!cred__parse_double(&rate, words[0], strlen(words[0])) || !(rate >= 0) ||
      !(rate < 1))
    FAIL(CRED_EINVAL, "rate is '%s', must be a number from 0 up to, not including, 1",
         words[0]);
  if (n_words > 1)
    FAIL(CRED_EINVAL, "unexpected '%s' after the rate (separate items by a comma)",
         words[1]);
  layer->rate = rate;
  char number[CRED__NUMBER_BYTES];
  cred__format_double(number, rate);
  snprintf(layer->text, sizeof layer->text, "%s %s", name, number);
  return CRED_OK;
}

size_t cred__dropout_n_mask(const cred__layer *layer) {
  return layer->ops == &cred__dropout_ops ? layer->n_in : layer->in.channels;
}

static cred_status shape(cred__layer *layer) {
  layer->out = layer->in;
  layer->n_slices = 0;
  return CRED_OK;
}

static size_t n_cache(const cred__layer *layer, size_t n_rows, cred__mode mode) {
  (void)mode;
  return n_rows * cred__dropout_n_mask(layer);
}

typedef struct {
  const cred__layer *layer;
  const cred__pass *pass;
  cred_real *out, *mask;
  const cred_real *in;
  size_t n_in_rows; // row b reads row b modulo these
} arrays;

static void multiply_row(cred_real *restrict out, const cred_real *restrict in,
                         const cred_real *restrict mask, size_t n, size_t n_of_mask) {
  for (size_t at = 0; at < n; at += n_of_mask)
    for (size_t i = 0; i < n_of_mask; i++) out[at + i] = in[at + i] * mask[i];
}

// Elements first ... first + n - 1 of the mask of a row.
static void fill_part(cred_real *mask, size_t n, double rate, const cred_key *key,
                      uint64_t index, uint64_t first) {
  cred_real block[CRED__NOISE_BLOCK];
  while (n > 0) { // whole blocks of the stream, cut where the part begins and ends
    const size_t skip = first % CRED__NOISE_BLOCK, left = CRED__NOISE_BLOCK - skip;
    const size_t take = n < left ? n : left;
    cred__mask_fill(block, CRED__NOISE_BLOCK, rate, key, index, first - skip);
    memcpy(mask, block + skip, take * sizeof *mask);
    mask += take, n -= take, first += take;
  }
}

// The mask of a row. Of a tile, rows of places are cut out of those of the larger map.
static void fill(cred_real *mask, const arrays *a, const cred_key *key, uint64_t index) {
  const cred__place *place = a->pass->place;
  const cred_shape in = a->layer->in;
  const double rate = a->layer->rate;
  const size_t n = cred__dropout_n_mask(a->layer);
  if (!place || n != in.height * in.width * in.channels) { // whole, or one a channel
    cred__mask_fill(mask, n, rate, key, index, 0);
    return;
  }
  const size_t scale = place->tile_width / in.width; // of the strides before
  const size_t width = place->width / scale, n_row = in.width * in.channels;
  for (size_t y = 0; y < in.height; y++)
    fill_part(mask + y * n_row, n_row, rate, key, index,
              ((place->top / scale + y) * width + place->left / scale) * in.channels);
}

static void forward_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const size_t n = a->layer->n_in, m = cred__dropout_n_mask(a->layer);
  const cred_key *draw = NULL;
  cred_key key = {{0}};
  size_t made = first; // the row whose mask was made last
  for (size_t b = first; b < end; b++) {
    cred_real *mask = a->mask + b * m;
    const bool same_draw = draw == cred__row_draw(a->pass, b);
    if (!same_draw) {
      draw = cred__row_draw(a->pass, b);
      key = cred__layer_draw_key(a->layer, draw, CRED_FOR_DROPOUT);
    }
    const uint64_t index = a->pass->shared_mask ? 0 : cred__row_index(a->pass, b);
    if (a->pass->shared_mask && same_draw)
      memcpy(mask, a->mask + made * m, m * sizeof *mask);
    else
      fill(mask, a, &key, index), made = b;
    multiply_row(a->out + b * n, a->in + b % a->n_in_rows * n, mask, n, m);
  }
}

static void backward_rows(void *p, size_t first, size_t end) {
  const arrays *a = p;
  const size_t n = a->layer->n_in, m = cred__dropout_n_mask(a->layer);
  for (size_t b = first; b < end; b++)
    multiply_row(a->out + b * n, a->in + b * n, a->mask + b * m, n, m);
}

static void for_rows(const cred__layer *layer, const cred__pass *pass,
                     cred__range_task task, cred_real *out, cred_real *mask,
                     const cred_real *in, size_t n_in_rows) {
  if (!pass->dropout) {
    memcpy(out, in, pass->n_rows * layer->n_in * sizeof *out);
    return;
  }
  arrays a = {layer, pass, out, mask, in, n_in_rows};
  cred__for_ranges(pass->n_threads, pass->n_rows, RANGE_ELEMENTS / layer->n_in + 1, task,
                   &a);
}

static void forward(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                    cred_real *cache, cred_real *scratch, const cred_real *in) {
  (void)scratch;
  for_rows(layer, pass, forward_rows, out, cache, in, pass->n_rows);
}

void cred__dropout_spread(const cred__layer *layer, const cred__pass *pass,
                          cred_real *out, cred_real *cache, const cred_real *in) {
  for_rows(layer, pass, forward_rows, out, cache, in, pass->n_each);
}

static void backward(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                     cred_real *cache, cred_real *scratch, const cred_real *dout,
                     const cred_real *in, const cred_real *out) {
  (void)scratch, (void)in, (void)out;
  if (din) for_rows(layer, pass, backward_rows, din, cache, dout, pass->n_rows);
}

static void moments(const cred__layer *layer, const cred__pass *pass, cred_real *out_mean,
                    cred_real *out_var, cred_real *scratch, const cred_real *in_mean,
                    const cred_real *in_var) {
  (void)scratch;
  const cred_real rate = pass->dropout ? (cred_real)layer->rate : 0;
  const cred_real kept = 1 / (1 - rate);
  for (size_t i = 0; i < pass->n_rows * layer->n_in; i++) {
    const cred_real m = in_mean[i], v = in_var ? in_var[i] : 0;
    out_mean[i] = m;
    out_var[i] = (v + rate * m * m) * kept;
  }
}

const cred__layer_ops cred__dropout_ops = {
    .name = "dropout",
    .usage = "dropout RATE",
    .parse = parse,
    .shape = shape,
    .n_cache = n_cache,
    .n_scratch = cred__no_scratch,
    .forward = forward,
    .backward = backward,
    .moments = moments,
    .n_scratch_moments = cred__no_scratch_moments,
};

const cred__layer_ops cred__channel_dropout_ops = {
    .name = "channel_dropout",
    .usage = "channel_dropout RATE",
    .parse = parse,
    .shape = shape,
    .n_cache = n_cache,
    .n_scratch = cred__no_scratch,
    .forward = forward,
    .backward = backward,
    .moments = moments,
    .n_scratch_moments = cred__no_scratch_moments,
};
