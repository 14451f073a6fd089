// network.h -- inside of a network, for its files.

#ifndef CRED_SRC_LAYER_NETWORK_H
#define CRED_SRC_LAYER_NETWORK_H

#include "layer/layer.h"

// A row of the table: a layer and the activation behind it, as the text has them.
typedef struct {
  char name[CRED__LAYER_TEXT];
  size_t n_params;
  cred_shape out;
  char text[3 * CRED__LAYER_TEXT];
} cred__network_group;

struct cred_network {
  size_t n_inputs, n_outputs, n_params;
  cred_shape in;
  bool per_pixel; // n_outputs / (places of the input) for every place
  size_t n_layers, n_slices, n_groups;
  cred__layer *layers;               // (n_layers), the output layer last
  const cred_network_slice **slices; // (n_slices), in the layers
  cred__network_group *groups;       // (n_groups)
  char *text;                        // canonical
  bool has_dropout;
};

static inline bool cred__is_dropout(const cred__layer *layer) {
  return layer->ops == &cred__dropout_ops || layer->ops == &cred__channel_dropout_ops;
}
// Whether a later layer reads the output of layer i as its second input.
bool cred__network_is_source(const cred_network *network, size_t i);

#endif
