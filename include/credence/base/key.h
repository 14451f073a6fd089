// credence/base/key.h -- random numbers as a function of (key, index).
//
// Nothing is advanced and there is no generator to carry about: the same key and index
// give the same number, on any thread, in any order. A key is derived from its parent by
// a purpose and an index, so that two uses never share a stream.
//
// Source: Philox4x32-10, Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as
// easy as 1, 2, 3", section 3.3.

#ifndef CRED_BASE_KEY_H
#define CRED_BASE_KEY_H

#include "credence/base/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint32_t k[2];
} cred_key;

// What a derived key is for. Numbers are part of the reproducibility promise: never
// reuse.
typedef enum {
  CRED_FOR_INIT = 1,     // initial parameters
  CRED_FOR_WEIGHTS = 2,  // draws of weights
  CRED_FOR_ROWS = 3,     // fresh noise for each row (local reparameterisation)
  CRED_FOR_DROPOUT = 4,  // masks
  CRED_FOR_SIGNS = 5,    // flipout
  CRED_FOR_SHUFFLE = 6,  // order of the rows in an epoch
  CRED_FOR_SPLIT = 7,    // training, validation, folds
  CRED_FOR_AUGMENT = 17, // changes of a picture in an epoch
  CRED_FOR_MEMBER = 8,   // member of an ensemble, chain
  CRED_FOR_DRAW = 9,     // index of a posterior draw
  CRED_FOR_LAYER = 10,   // index of a layer
  CRED_FOR_SLICE = 11,   // index of a parameter slice
  CRED_FOR_STEP = 12,    // training step
  CRED_FOR_BOOTSTRAP = 13,
  CRED_FOR_DATA = 14,     // generated tables
  CRED_FOR_PREDICT = 15,  // everything a prediction draws
  CRED_FOR_KL = 16,       // Monte Carlo KL where the estimator draws no weights
  CRED_FOR_ACQUIRE = 18,  // choice of rows to label
  CRED_FOR_ROUND = 19,    // round of active learning
  CRED_FOR_OUTCOMES = 20, // noise of outcomes, common to the actions of a state
  CRED_FOR_ACTIONS = 21,  // choice of actions
  CRED_FOR_LOGITS = 22,   // noise on the logits
  CRED_FOR_USER = 64      // first number free for programs
} cred_purpose;

CRED_API cred_key cred_key_make(uint64_t seed);
CRED_API cred_key cred_key_derive(const cred_key *parent, uint32_t purpose,
                                  uint64_t index);

/// Philox4x32-10: four random words from a counter and a key.
CRED_API void cred_philox4x32(uint32_t out[4], const uint32_t counter[4],
                              const cred_key *key);

/// Uniform in (0, 1), 53 bits; standard normal; uniform integer in [0, n), n > 0.
CRED_API double cred_key_uniform(const cred_key *key, uint64_t index);
CRED_API double cred_key_normal(const cred_key *key, uint64_t index);
CRED_API uint64_t cred_key_below(const cred_key *key, uint64_t index, uint64_t n);

/// Shuffle items (n) in place (Fisher-Yates).
CRED_API void cred_key_shuffle(size_t *items, size_t n, const cred_key *key);

#ifdef __cplusplus
}
#endif

#endif
