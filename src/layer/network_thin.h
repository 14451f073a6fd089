// network_thin.h -- passes with one mask for all rows, without the units it drops.

#ifndef CRED_SRC_LAYER_NETWORK_THIN_H
#define CRED_SRC_LAYER_NETWORK_THIN_H

#include "layer/network.h"

// Buffers for the thinned layers of a network; NULL where it has none to thin.
typedef struct cred__thin cred__thin;
cred_status cred__thin_new(cred__thin **out, const cred_network *network);
void cred__thin_free(cred__thin *thin);

// Whether this pass thins from layer i on.
bool cred__thin_begins(const cred__thin *thin, const cred_network *network,
                       const cred__pass *pass, size_t i);
// Layers i, i + 1, ... as far as they can be thinned: returns the one behind them, *x
// becomes the whole output of the one before that. out: an array a layer, none smaller
// than its whole output.
size_t cred__thin_forward(cred__thin *thin, const cred_network *network,
                          const cred__pass *pass, cred_real *const *out, size_t i,
                          const cred_real **x);

#endif
