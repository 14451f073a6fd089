// posterior.c -- members of a posterior and function draws of theta.
//
//   theta = mean + sd * eps,  eps ~ N(0, 1): element i is number i of one stream a draw,
// so that a draw depends on neither the threads nor the slices. A dense layer makes the
// same numbers as it needs them (layer/dense_drawn.c).

#include "credence/prob/posterior.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "kernel/kernel.h"
#include <string.h>

enum { TILE = 64 * CRED__NOISE_BLOCK };

static cred_status add_members(cred_posterior *posterior, cred_posterior_kind kind) {
  TRY(NEW(&posterior->members, posterior->n_members, "members of the posterior"));
  for (size_t i = 0; i < posterior->n_members; i++) {
    cred_member *member = &posterior->members[i];
    member->kind = kind;
    TRY(NEW(&member->mean, posterior->dim, "mean of the posterior"));
    if (kind == CRED_POSTERIOR_GAUSSIAN)
      TRY(NEW(&member->sd, posterior->dim, "sd of the posterior"));
  }
  return CRED_OK;
}

cred_status cred_posterior_new(cred_posterior **out, cred_posterior_kind kind, size_t dim,
                               size_t n_members) {
  if ((unsigned)kind > CRED_POSTERIOR_GAUSSIAN)
    FAIL(CRED_EINVAL, "posterior: kind %d does not exist", (int)kind);
  if (dim == 0 || n_members == 0)
    FAIL(CRED_EINVAL, "posterior: %zu parameters and %zu members, both must be > 0", dim,
         n_members);
  cred_posterior *posterior = NULL;
  TRY(NEW(&posterior, 1, "posterior"));
  posterior->dim = dim;
  posterior->n_members = n_members;
  const cred_status status = add_members(posterior, kind);
  if (status != CRED_OK) {
    cred_posterior_free(posterior);
    return status;
  }
  *out = posterior;
  return CRED_OK;
}

void cred_posterior_free(cred_posterior *posterior) {
  if (!posterior) return;
  for (size_t i = 0; posterior->members && i < posterior->n_members; i++) {
    cred__free(posterior->members[i].mean);
    cred__free(posterior->members[i].sd);
  }
  cred__free(posterior->members);
  cred__free(posterior);
}

bool cred_posterior_is_random(const cred_posterior *posterior) {
  for (size_t i = 0; i < posterior->n_members; i++)
    if (posterior->members[i].kind != CRED_POSTERIOR_POINT) return true;
  return false;
}

size_t cred_posterior_n_draws(const cred_posterior *posterior, size_t asked) {
  const size_t n = posterior->n_members;
  if (asked <= n || !cred_posterior_is_random(posterior)) return n;
  return n * (asked / n + (asked % n != 0));
}

const cred_member *cred_posterior_member(const cred_posterior *posterior, size_t k) {
  return &posterior->members[k % posterior->n_members];
}

cred_key cred_posterior_draw_key(const cred_key *key, size_t k) {
  return cred_key_derive(key, CRED_FOR_DRAW, k);
}

typedef struct {
  cred_real *theta;
  const cred_member *member;
  size_t dim;
  cred_key key;
} draw_task;

static void draw_tile(void *context, size_t task, size_t worker) {
  (void)worker;
  const draw_task *draw = context;
  const size_t first = task * TILE;
  const size_t n = draw->dim - first < TILE ? draw->dim - first : TILE;
  cred__gaussian_fill(draw->theta + first, n, draw->member->mean + first,
                      draw->member->sd + first, &draw->key, 0, first);
}

void cred_posterior_draw(cred_real *theta, const cred_posterior *posterior, size_t k,
                         const cred_key *key, size_t n_threads) {
  const cred_member *member = cred_posterior_member(posterior, k);
  const size_t dim = posterior->dim;
  if (member->kind != CRED_POSTERIOR_GAUSSIAN) {
    memcpy(theta, member->mean, dim * sizeof *theta);
    return;
  }
  const cred_key draw_key = cred_posterior_draw_key(key, k);
  draw_task draw = {.theta = theta, .member = member, .dim = dim};
  draw.key = cred_key_derive(&draw_key, CRED_FOR_WEIGHTS, 0);
  cred__parallel(n_threads, (dim + TILE - 1) / TILE, draw_tile, &draw);
}
