// density.c -- network + prior + likelihood = density, on the rows of a table.
//
//   log_lik(theta) = sum_n w_n log p(y_n | f(x_n; theta), noise(theta))
// theta is the network's parameters, then those of the noise, then learned prior scales.
// A batch of B rows counts N / B times.

#include "model/model.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "layer/layer.h"
#include <math.h>
#include <string.h>

typedef struct {
  const cred_network *network;
  cred__network_work *net;
  size_t n_rows_max, n_threads;
  cred_real *x, *y, *weight, *dout; // (B, ...) gathered rows
  cred_real *dparams;               // gradient behind the network's parameters
  size_t n_tail;                    // numbers of theta behind the network's
} density_work;

size_t cred__work_rows(const void *work) {
  return ((const density_work *)work)->n_rows_max;
}

static void work_free(void *p) {
  density_work *w = p;
  if (!w) return;
  cred__network_work_free(w->net);
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
  TRY_DONE(NEW(&w->x, n_rows_max * cred_network_n_inputs(m->network), "a batch"));
  TRY_DONE(NEW(&w->y, n_rows_max * m->likelihood.n_targets, "a batch"));
  if (d->data->weight) TRY_DONE(NEW(&w->weight, n_rows_max, "a batch"));
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

static void gather(density_work *w, const cred__network_density *d,
                   const cred_batch *batch) {
  const size_t n_in = d->data->n_inputs, n_targets = d->data->n_targets;
  for (size_t i = 0; i < batch->n; i++) {
    const size_t at = batch->rows ? batch->rows[i] : i;
    const size_t row = d->rows ? d->rows[at] : at;
    memcpy(w->x + i * n_in, d->data->x + row * n_in, n_in * sizeof *w->x);
    memcpy(w->y + i * n_targets, d->data->y + row * n_targets, n_targets * sizeof *w->y);
    if (w->weight) w->weight[i] = d->data->weight[row];
  }
}

static bool all_finite(const cred_real *x, size_t n) {
  double sum = 0; // NaN once x - x is
  for (size_t i = 0; i < n; i++) sum += (double)(x[i] - x[i]);
  return sum == 0;
}

// Forward, likelihood, backward; the sink gets the network's gradient, then the rest, or
// nothing where likelihood or gradient at the outputs are not finite.
static double evaluate(const cred__network_density *d, const cred_sink *sink,
                       density_work *w, const cred_batch *batch, cred__pass *pass) {
  const cred_model *m = d->owner;
  gather(w, d, batch);
  pass->n_rows = batch->n;
  pass->n_threads = w->n_threads;
  pass->dropout = d->dropout;
  pass->sink = sink;
  const cred_real *out = cred__network_forward(m->network, w->net, pass, w->x);
  const cred_real *noise = pass->theta + m->noise_offset;
  const double scale = (double)d->n_rows / (double)batch->n;
  memset(w->dparams, 0, w->n_tail * sizeof *w->dparams);
  const double log_lik =
      scale * cred_likelihood_log_prob(NULL, sink ? w->dout : NULL,
                                       sink ? w->dparams : NULL, &m->likelihood, out,
                                       w->y, noise, w->weight, batch->n);
  if (!sink) return log_lik;
  const cred_real s = (cred_real)scale;
  const size_t n_out = batch->n * cred_network_n_outputs(m->network);
  for (size_t i = 0; i < n_out; i++) w->dout[i] *= s;
  for (size_t i = 0; i < w->n_tail; i++) w->dparams[i] *= s;
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
  cred__pass pass = {.mode = estimator == CRED_ESTIMATOR_FLIPOUT ? CRED__FLIPOUT
                                                                 : CRED__LOCAL,
                     .theta = mean,
                     .sd = sd,
                     .key = cred_key_derive(key, CRED_FOR_STEP, step)};
  *log_lik = evaluate(d, sink, work, &b, &pass);
  return CRED_OK;
}

static cred_status row_log_lik(const void *model, double *out, void *work,
                               const cred_real *theta, const cred_batch *batch,
                               const cred_key *key, uint64_t step) {
  const cred__network_density *d = model;
  density_work *w = work;
  const cred_batch b = whole(d, batch);
  TRY(check_batch(work, &b));
  gather(w, d, &b);
  // without a key there is nothing to draw masks from: the network as it is
  cred__pass pass = {.mode = CRED__PLAIN,
                     .theta = theta,
                     .n_rows = b.n,
                     .n_threads = w->n_threads,
                     .dropout = d->dropout && key};
  if (key) pass.key = cred_key_derive(key, CRED_FOR_STEP, step);
  const cred_real *y = cred__network_forward(d->owner->network, w->net, &pass, w->x);
  cred_likelihood_log_prob(out, NULL, NULL, &d->owner->likelihood, y, w->y,
                           theta + d->owner->noise_offset, NULL, b.n);
  return CRED_OK;
}

void cred__network_density_init(cred__network_density *out, const cred_model *model,
                                const cred_data *data, const size_t *rows, size_t n_rows,
                                bool dropout) {
  *out = (cred__network_density){
      .owner = model, .data = data, .rows = rows, .n_rows = n_rows, .dropout = dropout};
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

// log mean_s p(y | theta_s) of a block of rows, in out (n); `scratch` (2 n).
static cred_status block_score(double *out, const cred__network_density *d, void *work,
                               const cred_member *member, size_t n_draws,
                               const cred_key *key, cred_real *theta, double *scratch,
                               const cred_batch *block) {
  if (member->kind != CRED_POSTERIOR_GAUSSIAN || n_draws == 0)
    return row_log_lik(d, out, work, member->mean, block, NULL, 0);
  const cred_posterior single = {
      .dim = d->density.dim, .n_members = 1, .members = (cred_member *)member};
  double *value = scratch, *top = scratch + block->n;
  for (size_t k = 0; k < n_draws; k++) {
    cred_posterior_draw(theta, &single, k, key, 1);
    TRY(row_log_lik(d, value, work, theta, block, NULL, 0));
    for (size_t i = 0; i < block->n; i++) { // running log-sum-exp: top + log(out)
      const double high = k == 0 || value[i] > top[i] ? value[i] : top[i];
      out[i] = (k == 0 ? 0.0 : out[i] * exp(top[i] - high)) + exp(value[i] - high);
      top[i] = high;
    }
  }
  for (size_t i = 0; i < block->n; i++) out[i] = top[i] + log(out[i] / (double)n_draws);
  return CRED_OK;
}

cred_status cred__network_density_score(double *out, const cred__network_density *d,
                                        void *work, const cred_member *member,
                                        size_t n_draws, const cred_key *key,
                                        cred_real *theta, double *scratch) {
  const size_t n_max = cred__work_rows(work);
  double sum = 0, weight_sum = 0;
  size_t rows[256]; // a block; the validation rows are few
  for (size_t i = 0; i < d->n_rows;) {
    size_t n = 0;
    while (n < n_max && n < 256 && i < d->n_rows) rows[n++] = i++;
    const cred_batch block = {.rows = rows, .n = n};
    TRY(block_score(scratch, d, work, member, n_draws, key, theta, scratch + n, &block));
    for (size_t j = 0; j < n; j++) {
      const size_t at = d->rows ? d->rows[rows[j]] : rows[j];
      const double weight = d->data->weight ? (double)d->data->weight[at] : 1.0;
      sum += weight * scratch[j];
      weight_sum += weight;
    }
  }
  *out = sum / weight_sum;
  return CRED_OK;
}
