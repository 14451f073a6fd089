// network_pass.c -- a block of rows through a network: forward, backward, moments.
//
// Layers stand in a line; one of two inputs (`join`) reads the output of an earlier layer
// too, its source. Without backward outputs take turns in three arrays, but for those of
// sources, which keep theirs: where a layer is passed over (a convolution that is pooled
// at once) a pass still reads one array and writes another. Backward, what comes back to
// a source from later layers is added up in an array of its own until the line comes to
// it.
//
// All memory is one array that the work owns; a pass allocates nothing. Denormals are
// flushed for the whole pass, as in the workers of a parallel loop: otherwise they would
// be flushed or not by the number of threads.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "layer/conv.h"
#include "layer/network_thin.h"
#include <assert.h>
#include <string.h>

struct cred__network_work {
  size_t n_rows_max, n_threads;
  bool backward, moments;
  cred_real *memory;        // what all pointers below point into
  cred_real **out, **cache; // (n_layers) each
  cred_real **from_later;   // (n_layers) gradients of sources, else NULL
  bool *arrived;            // (n_layers) something is in it
  cred_real *gradient[2];   // of the inputs of layer i: number i % 2
  cred_real **mean, **var;  // (n_layers) each
  cred_real *scratch;
  cred__thin *thin; // forward alone
};

enum { ALIGN_ELEMENTS = 16 };

static size_t padded(size_t n) {
  return (n + ALIGN_ELEMENTS - 1) / ALIGN_ELEMENTS * ALIGN_ELEMENTS;
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t n_cache_of(const cred__layer *layer, size_t n_rows) {
  size_t n = 0;
  for (int mode = CRED__PLAIN; mode < CRED__N_MODES; mode++)
    n = larger(n, layer->ops->n_cache(layer, n_rows, (cred__mode)mode));
  return padded(n);
}

bool cred__network_is_source(const cred_network *network, size_t i) {
  for (size_t j = i + 1; j < network->n_layers; j++)
    if (network->layers[j].source == i) return true;
  return false;
}

// Whether layers i and i + 1 are one where nothing is kept for a backward pass.
static bool is_pooled(const cred_network *network, size_t i) {
  const cred__layer *layer = &network->layers[i];
  return i + 1 < network->n_layers && cred__conv_is_pooled(layer, layer + 1) &&
         !cred__network_is_source(network, i);
}

static size_t n_scratch_of(const cred_network *network, size_t i,
                           const cred__network_work *work) {
  const cred__layer *layer = &network->layers[i];
  const cred__layer_ops *ops = layer->ops;
  size_t n = 0;
  for (int mode = CRED__PLAIN; mode < CRED__N_MODES; mode++)
    n = larger(
        n, ops->n_scratch(layer, work->n_rows_max, (cred__mode)mode, work->n_threads));
  if (work->moments)
    n = larger(n, ops->n_scratch_moments(layer, work->n_rows_max, work->n_threads));
  if (!work->backward && is_pooled(network, i))
    n = larger(n, cred__conv_n_scratch_pooled(layer, layer + 1, work->n_threads));
  return padded(n);
}

// Sums of sizes; they fit, for rows x width and parameters are bounded.
enum { TURNS = 3 };
typedef struct {
  size_t out_sum, out_max, cache_sum, cache_max, scratch;
  size_t turn[TURNS], turns; // outputs of layers i % TURNS that are no sources; their sum
  size_t sources;            // outputs of the layers that are
} sizes;

static sizes measure(const cred_network *network, const cred__network_work *work) {
  sizes s = {.out_max = padded(work->n_rows_max * network->n_inputs)};
  for (size_t i = 0; i < network->n_layers; i++) {
    const cred__layer *layer = &network->layers[i];
    const size_t n_out = padded(work->n_rows_max * layer->n_out);
    const size_t n_cache = n_cache_of(layer, work->n_rows_max);
    s.out_sum += n_out;
    s.cache_sum += n_cache;
    s.out_max = larger(s.out_max, n_out);
    s.cache_max = larger(s.cache_max, n_cache);
    s.scratch = larger(s.scratch, n_scratch_of(network, i, work));
    if (cred__network_is_source(network, i))
      s.sources += n_out;
    else
      s.turn[i % TURNS] = larger(s.turn[i % TURNS], n_out);
  }
  for (int k = 0; k < TURNS; k++) s.turns += s.turn[k];
  return s;
}

// The next n elements of the memory.
static cred_real *take(cred_real **at, size_t n) {
  cred_real *p = *at;
  *at += n;
  return p;
}

// Arrays for the outputs of every layer: those that take turns, and one a source.
static void take_turns(cred_real **out, cred_real **at, const cred_network *network,
                       const cred__network_work *work, const sizes *s) {
  cred_real *turn[TURNS];
  for (int k = 0; k < TURNS; k++) turn[k] = take(at, s->turn[k]);
  for (size_t i = 0; i < network->n_layers; i++)
    out[i] = cred__network_is_source(network, i)
                 ? take(at, padded(work->n_rows_max * network->layers[i].n_out))
                 : turn[i % TURNS];
}

// With backward every layer keeps its outputs and cache.
static void divide_memory(cred__network_work *work, const cred_network *network,
                          const sizes *s) {
  cred_real *at = work->memory;
  work->scratch = take(&at, s->scratch);
  for (int k = 0; k < 2 && work->backward; k++) work->gradient[k] = take(&at, s->out_max);
  if (work->moments) {
    take_turns(work->mean, &at, network, work, s);
    take_turns(work->var, &at, network, work, s);
  }
  if (!work->backward) take_turns(work->out, &at, network, work, s);
  cred_real *cache = work->backward ? NULL : take(&at, s->cache_max);
  for (size_t i = 0; i < network->n_layers; i++) {
    const cred__layer *layer = &network->layers[i];
    const size_t n_out = padded(work->n_rows_max * layer->n_out);
    if (work->backward) work->out[i] = take(&at, n_out);
    if (work->backward && cred__network_is_source(network, i))
      work->from_later[i] = take(&at, n_out);
    work->cache[i] =
        work->backward ? take(&at, n_cache_of(layer, work->n_rows_max)) : cache;
  }
}

static cred_status work_init(cred__network_work *work, const cred_network *network) {
  const sizes s = measure(network, work);
  size_t n = s.scratch;
  n += work->backward ? s.out_sum + s.sources + s.cache_sum + 2 * s.out_max
                      : s.sources + s.cache_max + s.turns;
  if (work->moments) n += 2 * (s.sources + s.turns);
  TRY(NEW(&work->out, network->n_layers, "outputs of layers"));
  TRY(NEW(&work->cache, network->n_layers, "caches of layers"));
  TRY(NEW(&work->from_later, network->n_layers, "gradients of layers"));
  TRY(NEW(&work->arrived, network->n_layers, "gradients of layers"));
  TRY(NEW(&work->mean, network->n_layers, "moments of layers"));
  TRY(NEW(&work->var, network->n_layers, "moments of layers"));
  TRY(NEW(&work->memory, n, "activations of a network"));
  divide_memory(work, network, &s);
  return work->backward ? CRED_OK : cred__thin_new(&work->thin, network);
}

// Elements that a row adds: its outputs, or what the layer works with.
static size_t n_of_row(const cred__layer *layer) {
  size_t n = layer->n_out;
  for (int mode = CRED__PLAIN; mode < CRED__N_MODES; mode++) {
    const cred__mode m = (cred__mode)mode;
    n = larger(n, layer->ops->n_scratch(layer, 2, m, 1) -
                      layer->ops->n_scratch(layer, 1, m, 1));
  }
  return n;
}

cred_status cred__network_work_new(cred__network_work **out, const cred_network *network,
                                   size_t n_rows_max, size_t n_threads, bool backward,
                                   bool moments) {
  *out = NULL;
  size_t widest = network->n_inputs, n;
  for (size_t i = 0; i < network->n_layers; i++)
    widest = larger(widest, n_of_row(&network->layers[i]));
  if (__builtin_mul_overflow(n_rows_max, widest, &n) || n > (size_t)1 << 45)
    FAIL(CRED_ENOMEM,
         "network: a block of %zu rows by %zu elements is more than any memory",
         n_rows_max, widest);
  cred__network_work *work;
  TRY(NEW(&work, 1, "work of a network"));
  work->n_rows_max = n_rows_max;
  work->n_threads = cred__n_threads(n_threads);
  work->backward = backward;
  work->moments = moments;
  const cred_status status = work_init(work, network);
  if (status != CRED_OK)
    cred__network_work_free(work);
  else
    *out = work;
  return status;
}

void cred__network_work_free(cred__network_work *work) {
  if (!work) return;
  cred__free(work->out);
  cred__free(work->cache);
  cred__free(work->from_later);
  cred__free(work->arrived);
  cred__free(work->mean);
  cred__free(work->var);
  cred__free(work->memory);
  cred__thin_free(work->thin);
  cred__free(work);
}

// Scratch is made for the threads of the work: a pass never runs on more.
static cred__pass limited(const cred__pass *pass, const cred__network_work *work) {
  assert(pass->n_rows <= work->n_rows_max);
  cred__pass p = *pass;
  if (p.n_threads == 0 || p.n_threads > work->n_threads) p.n_threads = work->n_threads;
  return p;
}

const cred_real *cred__network_forward_part(const cred_network *network,
                                            cred__network_work *work,
                                            const cred__pass *pass, const cred_real *x,
                                            size_t first, size_t end) {
  const cred__pass p = limited(pass, work);
  const bool is_plain = !work->backward && (!p.sd || p.mode == CRED__PLAIN);
  const unsigned state = cred__flush_denormals();
  for (size_t i = first; i < end;) {
    const cred__layer *layer = &network->layers[i];
    if (end == network->n_layers && cred__thin_begins(work->thin, network, &p, i)) {
      i = cred__thin_forward(work->thin, network, &p, work->out, i, &x);
      continue;
    }
    if (layer->ops->join)
      layer->ops->join(layer, &p, work->out[i], x, work->out[layer->source]);
    else if (is_plain && i + 1 < end && is_pooled(network, i))
      cred__conv_forward_pooled(layer, layer + 1, &p, work->out[++i], work->scratch, x);
    else
      layer->ops->forward(layer, &p, work->out[i], work->cache[i], work->scratch, x);
    x = work->out[i++];
  }
  cred__restore_denormals(state);
  return x;
}

const cred_real *cred__network_forward(const cred_network *network,
                                       cred__network_work *work, const cred__pass *pass,
                                       const cred_real *x) {
  return cred__network_forward_part(network, work, pass, x, 0, network->n_layers);
}

size_t cred__network_n_before_dropout(const cred_network *network) {
  size_t n = 0;
  while (n < network->n_layers && !cred__is_dropout(&network->layers[n])) n++;
  // a source among them whose output is read behind goes behind too
  for (size_t i = network->n_layers; i-- > n;)
    if (network->layers[i].source < n) {
      n = network->layers[i].source;
      i = network->n_layers;
    }
  return n;
}

bool cred__network_shares_draws(const cred_network *network) {
  for (size_t i = 0; i < network->n_layers; i++) {
    const cred__layer_ops *ops = network->layers[i].ops;
    if (ops != &cred__dense_ops && ops != &cred__activation_ops &&
        ops != &cred__dropout_ops)
      return false;
  }
  return true;
}

// Whether a layer draws anything in this pass.
static bool draws(const cred__layer *layer, const cred__pass *pass) {
  if (layer->ops == &cred__dropout_ops) return pass->dropout;
  return layer->ops == &cred__dense_ops && pass->sd &&
         (pass->mode == CRED__LOCAL || pass->mode == CRED__DRAWN);
}

static void repeat(cred_real *out, const cred_real *x, size_t n, size_t n_times) {
  for (size_t k = 0; k < n_times; k++) memcpy(out + k * n, x, n * sizeof *out);
}

// The first layer that draws: B rows in, n_draws * B out.
static void spread(const cred__layer *layer, const cred__pass *pass,
                   cred__network_work *work, const cred_real *x) {
  cred_real *out = work->out[layer->index];
  if (layer->ops != &cred__dense_ops)
    cred__dropout_spread(layer, pass, out, work->cache[layer->index], x);
  else if (pass->mode == CRED__LOCAL)
    cred__dense_local_spread(layer, pass, out, work->scratch, x);
  else
    cred__dense_drawn_forward(layer, pass, out, work->scratch, x, pass->n_each);
}

// Up to the first layer that draws, B rows; from there on n_draws * B.
const cred_real *cred__network_forward_draws(const cred_network *network,
                                             cred__network_work *work,
                                             const cred__pass *pass, const cred_key *keys,
                                             size_t n_draws, const cred_real *x,
                                             size_t first) {
  assert(n_draws * pass->n_rows <= work->n_rows_max);
  cred__pass p = limited(pass, work);
  const size_t n_rows = p.n_rows;
  const unsigned state = cred__flush_denormals();
  for (size_t i = first; i < network->n_layers; i++) {
    const cred__layer *layer = &network->layers[i];
    if (!p.draws && draws(layer, &p)) {
      p.draws = keys;
      p.n_each = n_rows;
      p.n_rows = n_draws * n_rows;
      spread(layer, &p, work, x);
    } else {
      layer->ops->forward(layer, &p, work->out[i], work->cache[i], work->scratch, x);
    }
    x = work->out[i];
  }
  if (!p.draws) { // nothing was drawn
    repeat(work->scratch, x, n_rows * network->n_outputs, n_draws);
    x = work->scratch;
  }
  cred__restore_denormals(state);
  return x;
}

// Nothing below the first layer with parameters wants a gradient.
static size_t first_with_parameters(const cred_network *network) {
  size_t i = 0;
  while (network->layers[i].n_slices == 0) i++; // the output layer has some
  return i;
}

// What came back from later layers joins the gradient of the outputs of layer i.
static void add_from_later(const cred__network_work *work, const cred__pass *pass,
                           cred_real *dout, const cred__layer *layer) {
  if (!work->arrived[layer->index]) return;
  const cred_real *from = work->from_later[layer->index];
  for (size_t k = 0; k < pass->n_rows * layer->n_out; k++) dout[k] += from[k];
}

static void split(const cred__layer *layer, const cred__pass *pass,
                  cred__network_work *work, cred_real *din, const cred_real *dout,
                  size_t first) {
  const size_t source = layer->source;
  cred_real *dsecond = source >= first ? work->from_later[source] : NULL;
  layer->ops->split(layer, pass, din, dsecond, work->arrived[source], dout);
  work->arrived[source] = dsecond != NULL;
}

void cred__network_backward(const cred_network *network, cred__network_work *work,
                            const cred__pass *pass, const cred_real *x, cred_real *dout) {
  assert(work->backward);
  const cred__pass p = limited(pass, work);
  const unsigned state = cred__flush_denormals();
  const size_t first = first_with_parameters(network);
  for (size_t i = 0; i < network->n_layers; i++) work->arrived[i] = false;
  for (size_t i = network->n_layers; i-- > first;) {
    const cred__layer *layer = &network->layers[i];
    cred_real *din = i > first ? work->gradient[i % 2] : NULL;
    add_from_later(work, &p, dout, layer);
    if (layer->ops->split)
      split(layer, &p, work, din, dout, first);
    else
      layer->ops->backward(layer, &p, din, work->cache[i], work->scratch, dout,
                           i > 0 ? work->out[i - 1] : x, work->out[i]);
    dout = din;
  }
  cred__restore_denormals(state);
}

void cred__network_moments(const cred_network *network, cred__network_work *work,
                           const cred_real **out_mean, const cred_real **out_var,
                           const cred__pass *pass, const cred_real *x) {
  assert(work->moments);
  const cred__pass p = limited(pass, work);
  const unsigned state = cred__flush_denormals();
  const cred_real *mean = x, *var = NULL;
  for (size_t i = 0; i < network->n_layers; i++) {
    const cred__layer *layer = &network->layers[i];
    if (layer->ops->join) { // a layer stands before it: var is not NULL
      layer->ops->join(layer, &p, work->mean[i], mean, work->mean[layer->source]);
      layer->ops->join(layer, &p, work->var[i], var, work->var[layer->source]);
    } else {
      layer->ops->moments(layer, &p, work->mean[i], work->var[i], work->scratch, mean,
                          var);
    }
    mean = work->mean[i];
    var = work->var[i];
  }
  cred__restore_denormals(state);
  *out_mean = mean;
  *out_var = var;
}
