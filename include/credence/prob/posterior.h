// credence/prob/posterior.h -- all that prediction and decisions see of inference.
//
// A posterior is a set of members, each a point, a point with dropout masks, or a
// factorised Gaussian. One member is the common case; an ensemble has many, equally
// weighted. Draw k uses member k mod n_members, so that any number of draws that is a
// multiple of n_members uses each equally often.

#ifndef CRED_PROB_POSTERIOR_H
#define CRED_PROB_POSTERIOR_H

#include "credence/base/key.h"
#include "credence/base/real.h"
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_POSTERIOR_POINT = 0,   // MAP
  CRED_POSTERIOR_DROPOUT = 1, // Gal & Ghahramani (2016)
  CRED_POSTERIOR_GAUSSIAN = 2 // factorised: mean and sd
} cred_posterior_kind;

typedef struct {
  cred_posterior_kind kind;
  cred_real *mean; // (dim), or the point
  cred_real *sd;   // (dim) for GAUSSIAN, 0 on `point` slices; else NULL
} cred_member;

typedef struct cred_posterior {
  size_t dim, n_members;
  cred_member *members; // (n_members)
} cred_posterior;

CRED_API cred_status cred_posterior_new(cred_posterior **out, cred_posterior_kind kind,
                                        size_t dim, size_t n_members);
CRED_API void cred_posterior_free(cred_posterior *posterior);

/// The number of draws to make where `asked` are wanted: a multiple of n_members, and
/// exactly n_members where every member is a point.
CRED_API size_t cred_posterior_n_draws(const cred_posterior *posterior, size_t asked);
CRED_API bool cred_posterior_is_random(const cred_posterior *posterior);
/// The member of draw k, and the key of everything random in that draw.
CRED_API const cred_member *cred_posterior_member(const cred_posterior *posterior,
                                                  size_t k);
CRED_API cred_key cred_posterior_draw_key(const cred_key *key, size_t k);
/// theta (dim) of draw k: a function draw. For a point or dropout member: a copy.
CRED_API void cred_posterior_draw(cred_real *theta, const cred_posterior *posterior,
                                  size_t k, const cred_key *key, size_t n_threads);

#ifdef __cplusplus
}
#endif

#endif
