// network_thin.c -- passes with one mask for all rows, without the units it drops.
//
// Behind a dropout whose mask serves all rows, a dense layer multiplies whole columns of
// zeros. Here the kept elements are moved together, and only the rows of W that meet
// them are multiplied; before the next dropout only the columns whose units are kept.
// With rate 1/2 on both sides that is a quarter of the work. A term that is left out
// would have added 0 to its chain of multiply-adds (kernel/isa/gemm.c), so that outputs
// are those of the whole layers to the bit -- but for a layer of one unit, whose sum has
// another order, and which is never thinned.

#include "base/alloc.h"
#include "base/fail.h"
#include "kernel/kernel.h"
#include "layer/dense.h"
#include "layer/network_thin.h"
#include <string.h>

// Moving the weights together took a seventh of a pass of 128 rows with rate 1/2 (AMD
// Zen 4): a smaller rate would not save that.
enum { KEPT_MIN = 2 };
static const double rate_min = 0.2;

// What a mask keeps of n_all elements: keep is not 0 there, value the mask.
typedef struct {
  size_t n_all, n;
  cred_real *keep;  // (n_all)
  cred_real *value; // (n)
} kept;

struct cred__thin {
  cred_real *theta; // weights and biases of a thinned layer
  kept in, out;
};

// A dropout whose output one dense layer of several units reads, and nothing else.
static bool is_pair(const cred_network *network, size_t i) {
  if (i + 1 >= network->n_layers) return false;
  const cred__layer *dropout = &network->layers[i], *dense = dropout + 1;
  return cred__is_dropout(dropout) && dropout->rate >= rate_min &&
         dropout->n_in > KEPT_MIN && dense->ops == &cred__dense_ops && dense->n_out > 1 &&
         !cred__network_is_source(network, i);
}

bool cred__network_thins(const cred_network *network) {
  for (size_t i = 0; i < network->n_layers; i++)
    if (is_pair(network, i)) return true;
  return false;
}

void cred__thin_free(cred__thin *t) {
  if (!t) return;
  cred__free(t->theta);
  cred__free(t->in.keep);
  cred__free(t->out.keep);
  cred__free(t);
}

static cred_status kept_new(kept *k, size_t n) {
  TRY(NEW(&k->keep, 2 * n, "masks"));
  k->value = k->keep + n;
  return CRED_OK;
}

cred_status cred__thin_new(cred__thin **out, const cred_network *network) {
  size_t n_theta = 0, n_in = 0;
  *out = NULL;
  for (size_t i = 0; i < network->n_layers; i++) {
    if (!is_pair(network, i)) continue;
    const cred__layer *dense = &network->layers[i + 1];
    const size_t n = (dense->n_in + 1) * dense->n_out;
    if (n > n_theta) n_theta = n;
    if (dense->n_in > n_in) n_in = dense->n_in;
  }
  if (n_in == 0) return CRED_OK;
  cred__thin *t = NULL;
  cred_status status = NEW(&t, 1, "masks");
  if (status != CRED_OK) return status;
  TRY_DONE(NEW(&t->theta, n_theta, "weights of kept units"));
  TRY_DONE(kept_new(&t->in, n_in));
  TRY_DONE(kept_new(&t->out, n_in));
  *out = t;
  t = NULL;
done:
  cred__thin_free(t);
  return status;
}

bool cred__thin_begins(const cred__thin *thin, const cred_network *network,
                       const cred__pass *pass, size_t i) {
  return thin && pass->dropout && pass->shared_mask && !pass->draws && !pass->sd &&
         !pass->place && pass->n_rows >= CRED__THIN_ROWS && is_pair(network, i);
}

// The mask of a dropout; two elements are kept at least, with the zeros of their mask, so
// that a thinned layer has a row to multiply and more than one unit.
static void make(kept *k, const cred__layer *dropout, const cred__pass *pass) {
  const cred_key key = cred__layer_draw_key(dropout, &pass->key, CRED_FOR_DROPOUT);
  const size_t n_all = dropout->n_in, n_mask = cred__dropout_n_mask(dropout);
  cred__mask_fill(k->keep, n_mask, dropout->rate, &key, 0, 0);
  for (size_t i = n_mask; i < n_all; i++) k->keep[i] = k->keep[i - n_mask];
  k->n_all = n_all;
  k->n = cred__compress(k->value, k->keep, k->keep, n_all);
  if (k->n >= KEPT_MIN) return;
  for (size_t i = k->n = 0; i < n_all; i++) {
    if (k->keep[i] == 0 && i >= KEPT_MIN) continue;
    k->value[k->n++] = k->keep[i];
    k->keep[i] = 1;
  }
}

// The kept elements of every row of x times the mask; x may have them alone already.
static void multiply(cred_real *out, const cred_real *x, const kept *k, size_t n_rows,
                     bool alone) {
  for (size_t b = 0; b < n_rows; b++, out += k->n) {
    const cred_real *from = x + b * (alone ? k->n : k->n_all);
    if (!alone) cred__compress(out, from, k->keep, k->n_all);
    if (!alone) from = out;
    for (size_t i = 0; i < k->n; i++) out[i] = from[i] * k->value[i];
  }
}

// A row that is not behind the last one is not foreseen by the processor.
static void prefetch(const cred_real *row, size_t n) {
  enum { LINE = 64 / sizeof(cred_real) };
  for (size_t j = 0; j < n; j += LINE) __builtin_prefetch(row + j);
}

static size_t keep_row(cred_real *to, const cred_real *from, const kept *out, size_t n) {
  if (out) return cred__compress(to, from, out->keep, n);
  memcpy(to, from, n * sizeof *to);
  return n;
}

// y = x W + b with the rows of W that `in` keeps and the units that `out` keeps (NULL:
// all of them).
static void dense(const cred__thin *t, const cred__layer *layer, const cred__pass *pass,
                  cred_real *y, const cred_real *x, const kept *out) {
  const cred_real *weight = cred__dense_weight(layer, pass->theta);
  const size_t n = layer->n_out;
  cred_real *at = t->theta;
  for (size_t i = 0, next = 0; i < t->in.n_all; i = next) {
    for (next = i + 1; next < t->in.n_all && t->in.keep[next] == 0;) next++;
    if (t->in.keep[i] == 0) continue;
    if (next < t->in.n_all) prefetch(weight + next * n, n);
    at += keep_row(at, weight + i * n, out, n);
  }
  cred__layer thinned = *layer;
  thinned.n_in = t->in.n;
  thinned.n_out = keep_row(at, cred__dense_bias(layer, pass->theta), out, n);
  cred__dense_product(&thinned, pass, y, x, t->theta, at);
}

// The pair that reads the output of dense layer i, through an activation or not; or
// CRED__NO_LAYER.
static size_t next_pair(const cred_network *network, size_t i) {
  if (cred__network_is_source(network, i)) return CRED__NO_LAYER;
  if (i + 1 < network->n_layers && network->layers[i + 1].ops == &cred__activation_ops)
    if (cred__network_is_source(network, ++i)) return CRED__NO_LAYER;
  return is_pair(network, i + 1) ? i + 1 : CRED__NO_LAYER;
}

// An activation acts on single elements, whichever they are.
static void activate(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                     const cred_real *in, size_t n) {
  cred__layer thinned = *layer;
  thinned.n_in = thinned.n_out = n;
  layer->ops->forward(&thinned, pass, out, NULL, NULL, in);
}

size_t cred__thin_forward(cred__thin *t, const cred_network *network,
                          const cred__pass *pass, cred_real *const *out, size_t i,
                          const cred_real **x) {
  make(&t->in, &network->layers[i], pass);
  for (bool alone = false;; alone = true) {
    multiply(out[i], *x, &t->in, pass->n_rows, alone);
    const size_t next = next_pair(network, i + 1);
    const bool more = next != CRED__NO_LAYER;
    if (more) make(&t->out, &network->layers[next], pass);
    dense(t, &network->layers[i + 1], pass, out[i + 1], out[i], more ? &t->out : NULL);
    *x = out[i + 1];
    if (!more) return i + 2;
    if (next == i + 3) {
      activate(&network->layers[i + 2], pass, out[i + 2], *x, t->out.n);
      *x = out[i + 2];
    }
    const kept done = t->in;
    t->in = t->out;
    t->out = done;
    i = next;
  }
}
