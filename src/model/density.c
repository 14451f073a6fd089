// density.c -- network + prior + likelihood = density, on the rows of a source.
//
//   log_lik(theta) = sum_n sum_u w_nu log p(y_nu | f(x_n; theta)_u, noise(theta))
// over rows n and their units u: one, or the pixels of a picture.
// theta is the network's parameters, then those of the noise, then learned prior scales.
// A batch of B rows counts N / B times.

#include "model/model.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "kernel/update.h"
#include "layer/layer.h"
#include <float.h>
#include <math.h>
#include <string.h>

typedef struct {
  const cred_network *network;
  cred__network_work *net;
  const cred_source *source;
  void *reader;
  size_t n_rows_max, n_threads;
  cred_real *x, *y, *weight, *dout; // (B, ...) gathered rows
  size_t *rows;                     // (B) of the source
  size_t n_held;                    // so many of them are in x, y, weight; 0: none
  double *score;                    // (3, B, units)
  size_t *expected;   // (rows of the source) order of an epoch; NULL: not asked for
  cred_real *dparams; // gradient behind the network's parameters
  size_t n_tail;      // numbers of theta behind the network's
} density_work;

static void work_free(void *p) {
  density_work *w = p;
  if (!w) return;
  if (w->reader) w->source->reader_free(w->reader);
  cred__network_work_free(w->net);
  cred__free(w->rows);
  cred__free(w->score);
  cred__free(w->expected);
  cred__free(w->x);
  cred__free(w->y);
  cred__free(w->weight);
  cred__free(w->dout);
  cred__free(w->dparams);
  cred__free(w);
}

static cred_status work_new(void **out, const void *model, size_t n_rows_max,
                            size_t n_threads) {
  const cred__network_density *d = model;
  const cred_model *m = d->owner;
  *out = NULL;
  density_work *w = NULL;
  cred_status status = NEW(&w, 1, "scratch of a density");
  if (status != CRED_OK) return status;
  w->n_rows_max = n_rows_max;
  w->n_threads = n_threads;
  w->n_tail = m->dim - m->noise_offset;
  w->network = m->network;
  TRY_DONE(
      cred__network_work_new(&w->net, m->network, n_rows_max, n_threads, true, false));
  const size_t n_units = n_rows_max * d->source.n_units;
  w->source = &d->source;
  TRY_DONE(d->source.reader_new(&w->reader, d->source.self, n_threads));
  TRY_DONE(NEW(&w->x, n_rows_max * cred_network_n_inputs(m->network), "a batch"));
  TRY_DONE(NEW(&w->y, n_units * m->likelihood.n_targets, "a batch"));
  if (d->source.weighted) TRY_DONE(NEW(&w->weight, n_units, "a batch"));
  TRY_DONE(NEW(&w->rows, n_rows_max, "a batch"));
  TRY_DONE(NEW(&w->score, 3 * n_units, "scores"));
  if (d->source.expect)
    TRY_DONE(NEW(&w->expected, d->source.n_rows, "the order of an epoch"));
  TRY_DONE(NEW(&w->dout, n_rows_max * cred_network_n_outputs(m->network), "a batch"));
  TRY_DONE(NEW(&w->dparams, w->n_tail, "a gradient"));
  *out = w;
  w = NULL;
done:
  work_free(w);
  return status;
}

static void init(const void *model, cred_real *theta, const cred_key *key) {
  const cred_model *m = ((const cred__network_density *)model)->owner;
  cred_network_init(m->network, theta, key);
  cred_likelihood_init(theta + m->noise_offset, &m->likelihood);
  for (size_t i = 0; i < m->n_slices; i++)
    if (m->slices[i].log_sd != CRED_NO_INDEX)
      theta[m->slices[i].log_sd] = (cred_real)log(m->slices[i].prior.sd);
}

// Whether the rows of the batch are others than those noted, which it notes.
static bool note_rows(density_work *w, const cred__network_density *d,
                      const cred_batch *batch) {
  bool other = w->n_held != batch->n;
  for (size_t i = 0; i < batch->n; i++) {
    const size_t at = batch->rows ? batch->rows[i] : i;
    const size_t row = d->rows ? d->rows[at] : at;
    other |= w->rows[i] != row;
    w->rows[i] = row;
  }
  return other;
}

// The draws of a step, and the steps on all rows, find theirs where they lie.
static cred_status gather(density_work *w, const cred__network_density *d,
                          const cred_batch *batch) {
  const bool keeps = d->source.fixed || (!d->changing && !d->source.expect);
  if (!note_rows(w, d, batch) && keeps) return CRED_OK;
  w->n_held = 0;
  TRY(d->source.gather(w->reader, w->x, w->y, w->weight, w->rows, batch->n,
                       d->changing ? &d->epoch : NULL));
  if (keeps) w->n_held = batch->n;
  return CRED_OK;
}

static bool all_finite(const cred_real *x, size_t n) {
  return cred__all_within(x, (cred_real)FLT_MAX, n);
}

// Forward, likelihood, backward; the sink gets the network's gradient, then the rest, or
// nothing where likelihood or gradient at the outputs are not finite.
static double evaluate(const cred__network_density *d, const cred_sink *sink,
                       density_work *w, const cred_batch *batch, cred__pass *pass) {
  const cred_model *m = d->owner;
  pass->n_rows = batch->n;
  pass->n_threads = w->n_threads;
  pass->dropout = d->dropout;
  pass->sink = sink;
  const cred_real *out = cred__network_forward(m->network, w->net, pass, w->x);
  const cred_real *noise = pass->theta + m->noise_offset;
  const double scale = (double)d->n_rows / (double)batch->n;
  const cred_key logits = cred_key_derive(&pass->key, CRED_FOR_LOGITS, 0);
  memset(w->dparams, 0, w->n_tail * sizeof *w->dparams);
  const double log_lik =
      scale * cred_likelihood_log_prob(
                  NULL, sink ? w->dout : NULL, sink ? w->dparams : NULL, &m->likelihood,
                  out, w->y, noise, w->weight, batch->n * d->source.n_units, &logits);
  if (!sink) return log_lik;
  const cred_real s = (cred_real)scale;
  const size_t n_out = batch->n * cred_network_n_outputs(m->network);
  for (size_t i = 0; s != 1 && i < n_out; i++) w->dout[i] *= s;
  for (size_t i = 0; s != 1 && i < w->n_tail; i++) w->dparams[i] *= s;
  if (!isfinite(log_lik)) return log_lik;
  if (!all_finite(w->dout, n_out) || !all_finite(w->dparams, w->n_tail)) return NAN;
  cred__network_backward(m->network, w->net, pass, w->x, w->dout);
  if (w->n_tail) {
    // the tail has no sd; a sink of an expectation still wants a gradient of it
    static const cred_real zero[1024];
    for (size_t i = 0; i < w->n_tail; i += 1024) {
      const size_t n = w->n_tail - i < 1024 ? w->n_tail - i : 1024;
      sink->take(sink->context, m->noise_offset + i, w->dparams + i,
                 pass->sd ? zero : NULL, n);
    }
  }
  return log_lik;
}

static cred_status check_batch(const density_work *w, const cred_batch *batch) {
  if (batch->n == 0 || batch->n > w->n_rows_max)
    FAIL(CRED_EINTERNAL, "a batch of %zu rows in scratch for %zu", batch->n,
         w->n_rows_max);
  return CRED_OK;
}

static cred_batch whole(const cred__network_density *d, const cred_batch *batch) {
  const cred_batch all = {.rows = NULL, .n = d->n_rows};
  return batch && batch->rows ? *batch : all;
}

static cred_status point(const void *model, double *log_lik, const cred_sink *sink,
                         void *work, const cred_real *theta, const cred_batch *batch,
                         const cred_key *key, uint64_t step) {
  const cred__network_density *d = model;
  const cred_batch b = whole(d, batch);
  TRY(check_batch(work, &b));
  TRY(gather(work, d, &b));
  cred__pass pass = {.mode = CRED__PLAIN,
                     .theta = theta,
                     .key = cred_key_derive(key, CRED_FOR_STEP, step)};
  *log_lik = evaluate(d, sink, work, &b, &pass);
  return CRED_OK;
}

static cred_status expect(const void *model, double *log_lik, const cred_sink *sink,
                          void *work, const cred_real *mean, const cred_real *sd,
                          const cred_batch *batch, const cred_key *key, uint64_t step,
                          cred_estimator estimator) {
  const cred__network_density *d = model;
  const cred_batch b = whole(d, batch);
  TRY(check_batch(work, &b));
  TRY(gather(work, d, &b));
  cred__pass pass = {.mode = estimator == CRED_ESTIMATOR_FLIPOUT ? CRED__FLIPOUT
                                                                 : CRED__LOCAL,
                     .theta = mean,
                     .sd = sd,
                     .key = cred_key_derive(key, CRED_FOR_STEP, step)};
  *log_lik = evaluate(d, sink, work, &b, &pass);
  return CRED_OK;
}

// Log likelihood of each unit of the rows gathered, in out (n, units).
static void unit_log_lik(double *out, const cred__network_density *d, density_work *w,
                         const cred_real *theta, size_t n, const cred_key *key,
                         uint64_t step) {
  // without a key there is nothing to draw masks from: the network as it is
  cred__pass pass = {.mode = CRED__PLAIN,
                     .theta = theta,
                     .n_rows = n,
                     .n_threads = w->n_threads,
                     .dropout = d->dropout && key};
  if (key) pass.key = cred_key_derive(key, CRED_FOR_STEP, step);
  const cred_real *y = cred__network_forward(d->owner->network, w->net, &pass, w->x);
  cred_likelihood_log_prob(out, NULL, NULL, &d->owner->likelihood, y, w->y,
                           theta + d->owner->noise_offset, NULL, n * d->source.n_units,
                           NULL);
}

static cred_status row_log_lik(const void *model, double *out, void *work,
                               const cred_real *theta, const cred_batch *batch,
                               const cred_key *key, uint64_t step) {
  const cred__network_density *d = model;
  density_work *w = work;
  const cred_batch b = whole(d, batch);
  const size_t n_units = d->source.n_units;
  TRY(check_batch(work, &b));
  TRY(gather(w, d, &b));
  unit_log_lik(n_units == 1 ? out : w->score, d, w, theta, b.n, key, step);
  for (size_t i = 0; n_units > 1 && i < b.n; i++) {
    out[i] = 0;
    for (size_t u = i * n_units; u < (i + 1) * n_units; u++)
      if (!w->weight || w->weight[u] > 0) out[i] += w->score[u];
  }
  return CRED_OK;
}

void cred__network_density_init(cred__network_density *out, const cred_model *model,
                                cred_source source, const size_t *rows, size_t n_rows,
                                bool dropout) {
  *out = (cred__network_density){.owner = model,
                                 .source = source,
                                 .rows = rows,
                                 .n_rows = n_rows,
                                 .dropout = dropout};
  out->density = (cred_density){.dim = model->dim,
                                .n_slices = model->n_slices,
                                .slices = model->slices,
                                .n_rows = n_rows,
                                .model = out,
                                .init = init,
                                .work_new = work_new,
                                .work_free = work_free,
                                .point = point,
                                .expect = expect,
                                .row_log_lik = row_log_lik};
}

void cred__network_density_expect(cred__network_density *d, void *work,
                                  const size_t *order, size_t n, const cred_key *key) {
  density_work *w = work;
  d->changing = key != NULL;
  if (key) d->epoch = *key;
  if (!d->source.expect) return;
  for (size_t i = 0; i < n; i++) w->expected[i] = d->rows ? d->rows[order[i]] : order[i];
  d->source.expect(w->reader, w->expected, n, key);
}

// log mean_s p(y | theta_s) of each unit of the rows gathered, in w->score.
static void block_score(const cred__network_density *d, density_work *w,
                        const cred_member *member, size_t n_draws, const cred_key *key,
                        cred_real *theta, size_t n_rows) {
  const size_t n = n_rows * d->source.n_units;
  double *out = w->score, *value = out + n, *top = value + n;
  if (member->kind != CRED_POSTERIOR_GAUSSIAN || n_draws == 0) {
    unit_log_lik(out, d, w, member->mean, n_rows, NULL, 0);
    return;
  }
  const cred_posterior single = {
      .dim = d->density.dim, .n_members = 1, .members = (cred_member *)member};
  for (size_t k = 0; k < n_draws; k++) {
    cred_posterior_draw(theta, &single, k, key, 1);
    unit_log_lik(value, d, w, theta, n_rows, NULL, 0);
    for (size_t i = 0; i < n; i++) { // running log-sum-exp: top + log(out)
      const double high = k == 0 || value[i] > top[i] ? value[i] : top[i];
      out[i] = (k == 0 ? 0.0 : out[i] * exp(top[i] - high)) + exp(value[i] - high);
      top[i] = high;
    }
  }
  for (size_t i = 0; i < n; i++) out[i] = top[i] + log(out[i] / (double)n_draws);
}

cred_status cred__network_density_score(double *out, const cred__network_density *d,
                                        void *work, const cred_member *member,
                                        size_t n_draws, const cred_key *key,
                                        cred_real *theta) {
  density_work *w = work;
  const size_t n_units = d->source.n_units;
  double sum = 0, weight_sum = 0;
  size_t rows[256]; // a block; the validation rows are few
  for (size_t i = 0; i < d->n_rows;) {
    size_t n = 0;
    while (n < w->n_rows_max && n < 256 && i < d->n_rows) rows[n++] = i++;
    const cred_batch block = {.rows = rows, .n = n};
    TRY(gather(w, d, &block));
    block_score(d, w, member, n_draws, key, theta, n);
    for (size_t j = 0; j < n * n_units; j++) {
      double weight = w->weight ? (double)w->weight[j] : 1.0;
      if (n_units > 1) weight = weight > 0; // pixels that count, all alike
      if (weight != 0) sum += weight * w->score[j];
      weight_sum += weight;
    }
  }
  *out = sum / (n_units > 1 ? (double)d->n_rows : weight_sum);
  return CRED_OK;
}
