// upconv.c -- a transposed convolution: text and shapes; the rest is in conv.c.
//
//   y[i s + u - p, j s + v - p, o] += sum over channels c of x[i, j, c] W[u, v, o, c]
// plus b[o], on a map of (n - 1) s + k - 2 p places; with stride 2 and size 2 it doubles
// height and width, as in the way up of Ronneberger, Fischer & Brox (2015). Dumoulin &
// Visin (2016), chapter 4. Fan-in is the number of terms that a place receives: channels
// of a group x ceil(k / s)^2.
// Shapes: x (B, h, w, C), W (height, width, channels / groups, C), y (B, H, W, channels).

#include "base/fail.h"
#include "layer/conv.h"
#include "layer/window.h"
#include <stdio.h>

enum { STRIDE = 2 };

static cred_status parse(cred__layer *layer, const char *const *words, size_t n_words) {
  if (n_words < 2)
    FAIL(CRED_EINVAL, "upconv needs channels and a size (write 'upconv 32 2')");
  TRY(cred__window_number(&layer->width, words[0], "channels", CRED__CHANNELS_MAX));
  layer->window.stride = STRIDE;
  TRY(cred__window_parse(&layer->window,
                         CRED__WORD_STRIDE | CRED__WORD_PAD | CRED__WORD_GROUPS,
                         words + 1, n_words - 1));
  if (layer->window.padding == CRED__SAME)
    FAIL(CRED_EINVAL, "upconv takes 'pad' and a number, not 'same'");
  snprintf(layer->text, sizeof layer->text, "upconv %zu", layer->width);
  cred__window_write(layer, STRIDE);
  return CRED_OK;
}

static size_t places(const cred__window *w, size_t n, size_t size) {
  const size_t all = (n - 1) * w->stride + size;
  return all > 2 * w->pad ? all - 2 * w->pad : 0;
}

static cred_status shape(cred__layer *layer) {
  cred__window *w = &layer->window;
  const cred_shape in = layer->in;
  if (w->pad >= w->height || w->pad >= w->width)
    FAIL(CRED_EINVAL, "padding of %zu takes all of a window of %zu x %zu", w->pad,
         w->height, w->width);
  if (in.channels % w->groups || layer->width % w->groups)
    FAIL(CRED_EINVAL, "%zu channels to %zu cannot be cut into %zu groups", in.channels,
         layer->width, w->groups);
  w->top = w->left = w->pad;
  layer->out = (cred_shape){places(w, in.height, w->height),
                            places(w, in.width, w->width), layer->width};
  if (layer->out.height == 0 || layer->out.width == 0)
    FAIL(CRED_EINVAL, "padding of %zu leaves nothing of a map of %zu x %zu", w->pad,
         in.height, in.width);
  const size_t taps_high = (w->height + w->stride - 1) / w->stride;
  const size_t taps_wide = (w->width + w->stride - 1) / w->stride;
  return cred__conv_set_slices(layer, in.channels / w->groups * taps_high * taps_wide);
}

const cred__layer_ops cred__upconv_ops = {
    .name = "upconv",
    .usage = "upconv CHANNELS SIZE [stride S] [pad P] [groups G] [ACTIVATION]",
    .parse = parse,
    .shape = shape,
    .init = cred__conv_init,
    .n_cache = cred__conv_n_cache,
    .n_scratch = cred__conv_n_scratch_mode,
    .forward = cred__conv_forward,
    .backward = cred__conv_backward,
    .moments = cred__conv_moments,
    .n_scratch_moments = cred__conv_n_scratch_moments,
};
