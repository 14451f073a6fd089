// network.c -- a network from its text: layers, shapes, slices of theta, start, canonical
// text.

#include "layer/network.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include "kernel/activation.h"
#include "layer/registry.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool cred__shape_elements(size_t *n, cred_shape shape) {
  *n = 0;
  if (shape.height == 0 || shape.width == 0 || shape.channels == 0) return false;
  return !__builtin_mul_overflow(shape.height, shape.width, n) &&
         !__builtin_mul_overflow(*n, shape.channels, n) && *n <= CRED__PARAMS_MAX;
}

size_t cred__network_n_items(const cred_network *network) {
  return network->n_layers;
}

const cred__layer *cred__network_item(const cred_network *network, size_t i) {
  assert(i < network->n_layers);
  return &network->layers[i];
}

const char *cred_network_text(const cred_network *network) {
  return network->text;
}
size_t cred_network_n_params(const cred_network *network) {
  return network->n_params;
}
size_t cred_network_n_inputs(const cred_network *network) {
  return network->n_inputs;
}
size_t cred_network_n_outputs(const cred_network *network) {
  return network->n_outputs;
}
cred_shape cred_network_in_shape(const cred_network *network) {
  return network->in;
}
cred_shape cred_network_out_shape(const cred_network *network) {
  return network->layers[network->n_layers - 1].out;
}
bool cred_network_has_dropout(const cred_network *network) {
  return network->has_dropout;
}
size_t cred_network_n_layers(const cred_network *network) {
  return network->n_groups;
}
size_t cred_network_n_slices(const cred_network *network) {
  return network->n_slices;
}

cred_network_slice cred_network_get_slice(const cred_network *network, size_t i) {
  assert(i < network->n_slices);
  return *network->slices[i];
}

cred_network_row cred_network_layer(const cred_network *network, size_t i) {
  assert(i < network->n_groups);
  const cred__network_group *group = &network->groups[i];
  const cred_shape out = group->out;
  return (cred_network_row){group->name, group->text,
                            out.height * out.width * out.channels, out, group->n_params};
}

static bool is_activation(const cred__layer *layer) {
  return layer->ops == &cred__activation_ops;
}

// The activation that the outputs of layer i meet first, before other parameters: sets
// the width of its start.
static double gain_of(const cred_network *network, size_t i) {
  for (size_t j = i + 1; j < network->n_layers; j++) {
    const cred__layer *next = &network->layers[j];
    if (next->ops->init) return 1.0;
    if (is_activation(next))
      return cred__activation_halves((cred__activation)next->activation) ? sqrt(2.0)
                                                                         : 1.0;
  }
  return 1.0;
}

// dense1, dense2, dropout1, ...: numbered by kind; the last one is "output".
static void name_layer(const cred_network *network, size_t i) {
  cred__layer *layer = &network->layers[i];
  size_t number = 1;
  for (size_t j = 0; j < i; j++) number += network->layers[j].ops == layer->ops;
  if (i + 1 == network->n_layers)
    snprintf(layer->name, sizeof layer->name, "output");
  else
    snprintf(layer->name, sizeof layer->name, "%s%zu", layer->ops->name, number);
}

// The layer whose output has this label, among the first n; CRED__NO_LAYER: none.
static size_t find_label(const cred_network *network, const char *label, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(network->layers[i].label, label) == 0) return i;
  return CRED__NO_LAYER;
}

// The source of a second input, by its label; labels are distinct.
static cred_status find_source(cred_network *network, size_t i) {
  cred__layer *layer = &network->layers[i];
  layer->source = CRED__NO_LAYER;
  if (layer->label[0] && find_label(network, layer->label, i) != CRED__NO_LAYER)
    FAIL(CRED_EINVAL, "the name '%s' is given twice", layer->label);
  if (!layer->second[0]) return CRED_OK;
  layer->source = find_label(network, layer->second, i);
  if (layer->source != CRED__NO_LAYER) {
    layer->second_in = network->layers[layer->source].out;
    return CRED_OK;
  }
  const char *names[CRED__ITEMS_MAX * 2 + 1];
  size_t n = 0;
  for (size_t j = 0; j < i && n < CRED__ITEMS_MAX * 2; j++)
    if (network->layers[j].label[0]) names[n++] = network->layers[j].label;
  const char *near = cred__nearest(layer->second, names, n);
  if (near)
    FAIL(CRED_EINVAL, "no item before it is named '%s', did you mean '%s'?",
         layer->second, near);
  FAIL(CRED_EINVAL, "no item before it is named '%s' (write 'as %s' at the end of one)",
       layer->second, layer->second);
}

static cred_status shape_layer(cred_network *network, size_t i, cred_shape in) {
  cred__layer *layer = &network->layers[i];
  layer->in = in;
  layer->n_in = in.height * in.width * in.channels;
  TRY(find_source(network, i));
  TRY(layer->ops->shape(layer));
  if (layer->out.channels == 0) layer->out = (cred_shape){1, 1, layer->n_out};
  const cred_shape out = layer->out;
  if (!cred__shape_elements(&layer->n_out, out))
    FAIL(CRED_EINVAL, "a map of %zu x %zu x %zu is more than 2^31 numbers", out.height,
         out.width, out.channels);
  return CRED_OK;
}

static cred_status shape_layers(cred_network *network) {
  cred_shape in = network->in;
  for (size_t i = 0; i < network->n_layers; i++) {
    cred__layer *layer = &network->layers[i];
    layer->index = i;
    layer->gain = gain_of(network, i);
    name_layer(network, i);
    const cred_status status = shape_layer(network, i, in);
    if (status != CRED_OK) cred__fail_prefix("network: %s", layer->name);
    TRY(status);
    for (size_t s = 0; s < layer->n_slices; s++) {
      layer->slices[s].name = layer->slice_names[s];
      layer->slices[s].offset = network->n_params;
      network->n_params += layer->slices[s].n;
      if (network->n_params > CRED__PARAMS_MAX)
        FAIL(CRED_EINVAL, "network: more than 2^31 parameters up to %s", layer->name);
    }
    network->n_slices += layer->n_slices;
    network->has_dropout |= cred__is_dropout(layer);
    in = layer->out;
  }
  return CRED_OK;
}

// Outputs for every place need a map like the input's.
static cred_status check_per_pixel(const cred_network *network) {
  const cred_shape in = network->in, out = network->layers[network->n_layers - 1].in;
  if (!network->per_pixel || (in.height == out.height && in.width == out.width))
    return CRED_OK;
  FAIL(
      CRED_EINVAL,
      "network: outputs for every pixel need a last map of %zu x %zu as the input, it is "
      "%zu x %zu (pad convolutions with 'same', and undo pooling)",
      in.height, in.width, out.height, out.width);
}

static cred_status list_slices(cred_network *network) {
  TRY(NEW(&network->slices, network->n_slices, "slices of a network"));
  size_t n = 0;
  for (size_t i = 0; i < network->n_layers; i++)
    for (size_t s = 0; s < network->layers[i].n_slices; s++)
      network->slices[n++] = &network->layers[i].slices[s];
  return CRED_OK;
}

// An activation right behind a dense layer or its like shares its row, unless a name
// stands between.
static bool joins(const cred__layer *layers, size_t i) {
  return i > 0 && is_activation(&layers[i]) && !layers[i - 1].label[0] &&
         cred__registry_takes_activation(layers[i - 1].ops);
}

static void write_group(cred__network_group *group, const cred__layer *last) {
  const char *label = last->label;
  const size_t n = strlen(group->text);
  snprintf(group->text + n, sizeof group->text - n, "%s%s%s%s", n ? " " : "", last->text,
           label[0] ? " as " : "", label);
  group->out = last->out;
  for (size_t s = 0; s < last->n_slices; s++) group->n_params += last->slices[s].n;
}

static cred_status group_layers(cred_network *network) {
  TRY(NEW(&network->groups, network->n_layers, "rows of a network"));
  for (size_t i = 0; i < network->n_layers; i++) {
    const cred__layer *layer = &network->layers[i];
    if (joins(network->layers, i)) {
      cred__network_group *group = &network->groups[network->n_groups - 1];
      write_group(group, layer);
      continue;
    }
    cred__network_group *group = &network->groups[network->n_groups++];
    snprintf(group->name, sizeof group->name, "%s", layer->name);
    write_group(group, layer);
  }
  return CRED_OK;
}

// Canonical text of the hidden layers; rate >= 0: with dropout behind activations, which
// takes over the name of what it drops.
static cred_status write_text(char **out, const cred__layer *layers, size_t n,
                              double rate) {
  cred__text text = {0};
  for (size_t i = 0; i < n; i++) {
    const char *gap = i == 0 ? "" : joins(layers, i) ? " " : ", ";
    cred__text_printf(&text, "%s%s", gap, layers[i].text);
    const bool followed = i + 1 < n && cred__is_dropout(&layers[i + 1]);
    if (rate >= 0 && is_activation(&layers[i]) && !followed) {
      cred__text_printf(&text, ", dropout ");
      cred__text_number(&text, rate);
    }
    if (layers[i].label[0]) cred__text_printf(&text, " as %s", layers[i].label);
  }
  if (n == 0) cred__text_printf(&text, "linear");
  const cred_status status = cred__text_status(&text);
  if (status != CRED_OK)
    cred__text_clear(&text);
  else
    *out = text.s;
  return status;
}

// The hidden layers of a text, with room for an output layer behind them.
static cred_status read_layers(cred__layer **layers, size_t *n, const char *text) {
  size_t n_max;
  char *expanded;
  cred_status status = CRED_OK;
  if (!text) FAIL(CRED_EINVAL, "network: the text is missing (NULL)");
  TRY(cred__registry_expand(&expanded, text));
  TRY_DONE(cred__registry_count(&n_max, expanded));
  TRY_DONE(NEW(layers, n_max + 1, "layers of a network"));
  TRY_DONE(cred__registry_read(*layers, n, expanded));
done:
  cred__free(expanded);
  return status;
}

static void add_output(cred_network *network) {
  cred__layer *output = &network->layers[network->n_layers++];
  const bool map = network->per_pixel;
  output->ops = map ? &cred__conv_ops : &cred__dense_ops;
  output->width = network->n_outputs;
  output->window =
      (cred__window){.height = 1, .width = 1, .stride = 1, .dilation = 1, .groups = 1};
  snprintf(output->text, sizeof output->text, map ? "conv %zu 1" : "dense %zu",
           network->n_outputs);
}

// An activation that rises, then the largest of a window: the other way round gives the
// same numbers, from fewer evaluations, and carries moments through the window while they
// are still those of a normal. Nothing but the order changes; an activation whose output
// has a name stays where it is.
static void pool_first(cred_network *network) {
  for (size_t i = 0; i + 2 < network->n_layers; i++) {
    cred__layer *a = &network->layers[i], *b = a + 1;
    if (!is_activation(a) || b->ops != &cred__pool_ops || a->label[0] ||
        !cred__activation_rises((cred__activation)a->activation))
      continue;
    const cred__layer activation = *a;
    *a = *b;
    *b = activation;
    memcpy(b->label, a->label, sizeof b->label); // the output of both
    a->label[0] = 0;
    a->index = i;
    b->index = i + 1;
    b->in = b->out = a->out;
    b->n_in = b->n_out = a->n_out;
  }
}

static cred_status build(cred_network *network, const char *text) {
  TRY(read_layers(&network->layers, &network->n_layers, text));
  TRY(write_text(&network->text, network->layers, network->n_layers, -1));
  add_output(network);
  TRY(shape_layers(network));
  TRY(check_per_pixel(network));
  network->n_outputs = network->layers[network->n_layers - 1].n_out;
  TRY(list_slices(network));
  TRY(group_layers(network));
  pool_first(network);
  return CRED_OK;
}

cred_status cred_network_parse_shaped(cred_network **out, const char *text, cred_shape in,
                                      size_t n_outputs, bool per_pixel) {
  *out = NULL;
  size_t n_inputs;
  if (!cred__shape_elements(&n_inputs, in))
    FAIL(CRED_EINVAL, "network: %zu x %zu x %zu inputs, must be 1 to 2^31", in.height,
         in.width, in.channels);
  if (n_outputs == 0 || n_outputs > CRED__PARAMS_MAX)
    FAIL(CRED_EINVAL, "network: %zu outputs, must be 1 to 2^31", n_outputs);
  cred_network *network;
  TRY(NEW(&network, 1, "a network"));
  network->n_inputs = n_inputs;
  network->n_outputs = n_outputs;
  network->in = in;
  network->per_pixel = per_pixel;
  const cred_status status = build(network, text);
  if (status != CRED_OK)
    cred_network_free(network);
  else
    *out = network;
  return status;
}

cred_status cred_network_parse(cred_network **out, const char *text, size_t n_inputs,
                               size_t n_outputs) {
  return cred_network_parse_shaped(out, text, (cred_shape){1, 1, n_inputs}, n_outputs,
                                   false);
}

void cred_network_free(cred_network *network) {
  if (!network) return;
  cred__free(network->layers);
  cred__free(network->slices);
  cred__free(network->groups);
  cred__free(network->text);
  cred__free(network);
}

cred_status cred_network_with_dropout(char **out, const char *text, double rate) {
  *out = NULL;
  if (!(rate >= 0 && rate < 1))
    FAIL(CRED_EINVAL, "dropout rate is %g, must be from 0 up to, not including, 1", rate);
  cred__layer *layers = NULL;
  size_t n = 0;
  cred_status status = read_layers(&layers, &n, text);
  if (status == CRED_OK) status = write_text(out, layers, n, rate);
  cred__free(layers);
  return status;
}

void cred_network_init(const cred_network *network, cred_real *theta,
                       const cred_key *key) {
  const cred_key init = cred_key_derive(key, CRED_FOR_INIT, 0);
  for (size_t i = 0; i < network->n_layers; i++) {
    const cred__layer *layer = &network->layers[i];
    const cred_key layer_key = cred_key_derive(&init, CRED_FOR_LAYER, i);
    if (layer->ops->init) layer->ops->init(layer, theta, &layer_key);
  }
}
