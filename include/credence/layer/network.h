// credence/layer/network.h -- a network is a line of text.
//
//   "dense 50 relu, dense 50 relu"   hidden layers; the output layer follows from the
//   task "conv 32 5 relu, pool 2, conv 64 5 relu, pool 2, dense 128 relu, dropout 0.5"
//   "linear"                         no hidden layer
// Items are separated by commas; an activation may stand behind its layer or as an item
// of its own. The canonical text (`cred_network_text`) reads back as the same network.
//
//   dense WIDTH             fully connected; takes a map as one row of numbers
//   conv CHANNELS SIZE [stride S] [pad P | same | valid] [dilation D] [groups G]
//                           convolution; `valid`, no padding, is the default (a 5 x 5
//                           window takes 4 off height and width), `same` keeps them
//   upconv CHANNELS SIZE [stride S] [pad P] [groups G]
//                           transposed convolution; the stride is 2 unless given
//   pool SIZE [stride S]    largest value of a window; the stride is SIZE unless given
//   avgpool SIZE [stride S], globalpool      mean of a window, of the map
//   upsample FACTOR [nearest | bilinear]
//   norm GROUPS             group normalisation
//   dropout RATE, channel_dropout RATE
//   concat NAME, add NAME   with the output of an earlier item that ends with "as NAME"
//   unet 16 32 64           short for the items of a U-Net of these channels
//   relu, leaky_relu [SLOPE], elu [SLOPE], gelu, silu, tanh, sigmoid, softplus
// SIZE is a number or HEIGHTxWIDTH. docs/layers.md has a section a layer.

#ifndef CRED_LAYER_NETWORK_H
#define CRED_LAYER_NETWORK_H

#include "credence/base/key.h"
#include "credence/base/real.h"
#include "credence/base/shape.h"
#include "credence/base/status.h"
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cred_network cred_network;

/// Read a network of n_inputs inputs; a dense layer of n_outputs is added at the end.
/// Fails with CRED_EINVAL: unknown word (with the nearest), a width of 0 or over 1e6, a
/// rate outside [0, 1), more than 256 layers or 2^31 parameters; the message shows the
/// item.
CRED_API cred_status cred_network_parse(cred_network **out, const char *text,
                                        size_t n_inputs, size_t n_outputs);
/// The same for rows that are maps. per_pixel: n_outputs for every place of the input, by
/// a convolution of size 1 at the end instead of the dense layer. Fails besides on a
/// window that does not fit its map, on more than 2^31 numbers in a map, and where
/// per_pixel finds the last map to be of another height or width than the input.
CRED_API cred_status cred_network_parse_shaped(cred_network **out, const char *text,
                                               cred_shape in, size_t n_outputs,
                                               bool per_pixel);
CRED_API void cred_network_free(cred_network *network);
CRED_API const char *cred_network_text(const cred_network *network);
CRED_API size_t cred_network_n_params(const cred_network *network);
CRED_API size_t cred_network_n_inputs(const cred_network *network);
CRED_API size_t cred_network_n_outputs(const cred_network *network);
/// Their products are n_inputs and n_outputs.
CRED_API cred_shape cred_network_in_shape(const cred_network *network);
CRED_API cred_shape cred_network_out_shape(const cred_network *network);
CRED_API bool cred_network_has_dropout(const cred_network *network);
/// The text with a dropout item of this rate behind every hidden activation that has
/// none: of a dense layer, and of a convolution before its pooling (Gal & Ghahramani
/// 2016, "Bayesian convolutional neural networks with Bernoulli approximate variational
/// inference", section 3).
CRED_API cred_status cred_network_with_dropout(char **out, const char *text, double rate);

// One row of the table that `inspect` prints.
typedef struct {
  const char *name; // "dense1", borrowed
  const char *text; // "dense 50 relu"
  size_t n_out;     // elements a row
  cred_shape out;   // their shape
  size_t n_params;
} cred_network_row;
CRED_API size_t cred_network_n_layers(const cred_network *network);
CRED_API cred_network_row cred_network_layer(const cred_network *network, size_t i);

// A slice of the parameter vector.
typedef struct {
  const char *name; // "dense1.weight", "dense1.bias"
  size_t offset, n;
  size_t shape[4], n_dims; // weight: (in, out) or (height, width, in, out)
  size_t fan_in;
  bool is_bias;
  bool is_point; // scale or shift of a normalisation: no posterior spreads it
} cred_network_slice;
CRED_API size_t cred_network_n_slices(const cred_network *network);
CRED_API cred_network_slice cred_network_get_slice(const cred_network *network, size_t i);

CRED_API void cred_network_init(const cred_network *network, cred_real *theta,
                                const cred_key *key);

#ifdef __cplusplus
}
#endif

#endif
