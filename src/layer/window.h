// window.h -- windows that slide over a map: their words and their shape rule.
//
// With size k, stride s and dilation d a window covers e = (k - 1) d + 1 places, and out
// of n places and p of padding it makes
//   valid, given   (n + p - e) / s + 1, rounded down
//   same           n / s, rounded up; the padding is what that needs, the odd row below

#ifndef CRED_SRC_LAYER_WINDOW_H
#define CRED_SRC_LAYER_WINDOW_H

#include "kernel/pool.h"
#include "layer/layer.h"

enum {
  CRED__WINDOW_MAX = 1000,
  CRED__CHANNELS_MAX = 1000000,
  CRED__MAP_MAX = 1 << 30 // elements of a map with its zeros, and weights: 32-bit offsets
};

// Which words may stand behind the size.
typedef enum {
  CRED__WORD_STRIDE = 1,
  CRED__WORD_PAD = 2, // pad P, same, valid
  CRED__WORD_DILATION = 4,
  CRED__WORD_GROUPS = 8
} cred__window_words;

// A whole number from 1 to max; `what` names it in the message.
cred_status cred__window_number(size_t *out, const char *word, const char *what,
                                size_t max);
// SIZE { word }, with window->stride preset to its default (0: the size itself).
cred_status cred__window_parse(cred__window *window, unsigned allowed,
                               const char *const *words, size_t n_words);
// Writes " SIZE", then what is not the default, behind the text of the layer. stride: the
// default.
void cred__window_write(cred__layer *layer, size_t stride);

// The window of a pooling layer, for the kernels.
cred__pool cred__pool_of(const cred__layer *layer);

// Sets top and left from layer->in, and layer->out with these channels.
cred_status cred__window_shape(cred__layer *layer, size_t channels);

#endif
