// acquire.h -- what the files of acquisition share.

#ifndef CRED_SRC_DECIDE_ACQUIRE_H
#define CRED_SRC_DECIDE_ACQUIRE_H

#include "credence/decide/acquire.h"

// Keys of what acquisition draws, derived from the seed.
enum {
  CRED__ACQUIRE_CHOICE = 1,   // ties and Gumbel noise
  CRED__ACQUIRE_TARGETS = 2,  // rows to be predicted
  CRED__ACQUIRE_BATCHBALD = 3 // configurations
};

// Mean over draws of the entropy of each row (n_rows), and the entropy of the mean.
// Either may be NULL. Rows are divided by their sums.
cred_status cred__acquire_entropies(double *total, double *expected,
                                    const cred_class_draws *draws);

// A uniform number of a row, whatever its place.
double cred__acquire_tie(const cred_key *key, const uint64_t *row, size_t i);

#endif
