// credence/layer/network.h -- a network is a line of text.
//
//   "dense 50 relu, dense 50 relu"      hidden layers; the output layer follows from the
//   task "dense 100 tanh, dropout 0.1" "linear"                            no hidden
//   layer
// Items are separated by commas; an activation may stand behind its layer or as an item
// of its own. The canonical text (`cred_network_text`) reads back as the same network.

#ifndef CRED_LAYER_NETWORK_H
#define CRED_LAYER_NETWORK_H

#include "credence/base/key.h"
#include "credence/base/real.h"
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
CRED_API void cred_network_free(cred_network *network);
CRED_API const char *cred_network_text(const cred_network *network);
CRED_API size_t cred_network_n_params(const cred_network *network);
CRED_API size_t cred_network_n_inputs(const cred_network *network);
CRED_API size_t cred_network_n_outputs(const cred_network *network);
CRED_API bool cred_network_has_dropout(const cred_network *network);
/// The text with a dropout item of this rate behind every hidden activation that has
/// none.
CRED_API cred_status cred_network_with_dropout(char **out, const char *text, double rate);

// One row of the table that `inspect` prints.
typedef struct {
  const char *name; // "dense1", borrowed
  const char *text; // "dense 50 relu"
  size_t n_out;     // elements a row
  size_t n_params;
} cred_network_row;
CRED_API size_t cred_network_n_layers(const cred_network *network);
CRED_API cred_network_row cred_network_layer(const cred_network *network, size_t i);

// A slice of the parameter vector.
typedef struct {
  const char *name; // "dense1.weight", "dense1.bias"
  size_t offset, n;
  size_t shape[4], n_dims; // weight: (in, out)
  size_t fan_in;
  bool is_bias;
} cred_network_slice;
CRED_API size_t cred_network_n_slices(const cred_network *network);
CRED_API cred_network_slice cred_network_get_slice(const cred_network *network, size_t i);

CRED_API void cred_network_init(const cred_network *network, cred_real *theta,
                                const cred_key *key);

#ifdef __cplusplus
}
#endif

#endif
