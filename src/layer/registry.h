// registry.h -- the kinds of layers, and the reader of a network's text.

#ifndef CRED_SRC_LAYER_REGISTRY_H
#define CRED_SRC_LAYER_REGISTRY_H

#include "layer/layer.h"

#define CRED__PARAMS_MAX ((size_t)1 << 31)
enum { CRED__ITEMS_MAX = 256 };

// Words that may start an item: kinds of layers, then the activations.
size_t cred__registry_n_words(void);
const char *cred__registry_word(size_t i);

// The text with every short form written out; the caller's to free.
cred_status cred__registry_expand(char **out, const char *text);

// At most so many layers come out of this text; fails if it has more than CRED__ITEMS_MAX
// items.
cred_status cred__registry_count(size_t *n_max, const char *text);
// Reads kinds, fields and canonical texts of the hidden layers; "linear" gives none. An
// activation behind its layer becomes a layer of its own.
cred_status cred__registry_read(cred__layer *layers, size_t *n_layers, const char *text);

// Whether an activation may stand in the item of this kind, and shares its row then.
bool cred__registry_takes_activation(const cred__layer_ops *ops);

// The failure for a word where only an activation may stand.
cred_status cred__registry_unknown_activation(const char *word);

#endif
