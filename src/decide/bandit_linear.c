// bandit_linear.c -- linear regressions on top of a network, one an action.
//
// A regression sees z = (hidden_scale hidden layer, inputs, 1) and y in units of
// target_sd. With a floor their noise may depend on z: the squares of what a first
// regression leaves are regressed on z too, which gives v(z), and a row then counts as
// one of noise 1 that is divided by s, s^2 = max(v(z), 0) + floor. Source: weighted least
// squares with estimated weights, Carroll & Ruppert (1988), section 2.2.

#include "decide/bandit_linear.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>

enum { BLOCK_ROWS = 64 };

struct cred__heads {
  cred_online *online;
  size_t n_inputs, n_hidden, n_actions, capacity;
  double floor, scale, mean, sd; // noise_floor, hidden_scale, target_mean, target_sd
  cred_linear **linear;          // (A)
  cred_linear **variance;        // (A) with a floor, else NULL
  double *weights, *of_variance; // (A, wide) means of both, as of the last renewal
  size_t *actions; // (capacity) of the rows in the buffer; row r at r % capacity
  uint64_t n_learned;
  double *rows, *hidden; // (block, n_inputs), (block, n_hidden)
  double *wide, *draw;   // (wide) z, and a draw of the weights
};

static size_t width(const cred__heads *h) {
  return h->n_hidden + h->n_inputs + 1;
}

static cred_status make_room(cred__heads *h) {
  TRY(NEW(&h->linear, h->n_actions, "actions"));
  TRY(NEW(&h->actions, h->capacity, "the buffer of rows"));
  TRY(NEW(&h->rows, BLOCK_ROWS * h->n_inputs, "rows"));
  TRY(NEW(&h->hidden, BLOCK_ROWS * h->n_hidden, "rows"));
  TRY(NEW(&h->wide, width(h), "a row"));
  TRY(NEW(&h->draw, width(h), "a row"));
  if (!(h->floor > 0)) return CRED_OK;
  TRY(NEW(&h->variance, h->n_actions, "actions"));
  TRY(NEW(&h->weights, h->n_actions * width(h), "actions"));
  return NEW(&h->of_variance, h->n_actions * width(h), "actions");
}

cred_status cred__heads_new(cred__heads **out, cred_online *online, size_t n_inputs,
                            size_t n_actions, const cred_bandit_options *opt) {
  cred__heads *h = NULL;
  cred_status status;
  *out = NULL;
  TRY_DONE(NEW(&h, 1, "linear regressions"));
  h->online = online;
  h->n_inputs = n_inputs;
  h->n_hidden = cred_online_n_features(online);
  h->n_actions = n_actions;
  h->capacity = opt->model.capacity;
  h->floor = opt->noise_floor;
  h->scale = opt->hidden_scale;
  h->mean = opt->model.target_mean;
  h->sd = opt->model.target_sd;
  TRY_DONE(make_room(h));
  for (size_t a = 0; a < n_actions; a++) {
    TRY_DONE(cred_linear_new(&h->linear[a], width(h), &opt->linear));
    if (h->variance) TRY_DONE(cred_linear_new(&h->variance[a], width(h), &opt->linear));
  }
  *out = h;
  h = NULL;
done:
  cred__heads_free(h);
  return status;
}

static void free_all(cred_linear **linear, size_t n) {
  for (size_t a = 0; linear && a < n; a++) cred_linear_free(linear[a]);
  cred__free(linear);
}

void cred__heads_free(cred__heads *h) {
  if (!h) return;
  free_all(h->linear, h->n_actions);
  free_all(h->variance, h->n_actions);
  cred__free(h->weights);
  cred__free(h->of_variance);
  cred__free(h->actions);
  cred__free(h->rows);
  cred__free(h->hidden);
  cred__free(h->wide);
  cred__free(h->draw);
  cred__free(h);
}

// h->wide: what a regression sees of row i of a block whose hidden layer is there.
static void widen(cred__heads *h, const double *rows, size_t i) {
  const double *hidden = h->hidden + i * h->n_hidden, *row = rows + i * h->n_inputs;
  double *z = h->wide;
  for (size_t j = 0; j < h->n_hidden; j++) *z++ = h->scale * hidden[j];
  for (size_t j = 0; j < h->n_inputs; j++) *z++ = row[j];
  *z = 1;
}

static double at_row(const cred__heads *h, const double *weights) {
  double sum = 0;
  for (size_t j = 0; j < width(h); j++) sum += weights[j] * h->wide[j];
  return sum;
}

cred_status cred__heads_values(double *value, cred__heads *h, const double *rows,
                               const cred_key *key) {
  for (size_t first = 0; first < h->n_actions; first += BLOCK_ROWS) {
    const size_t left = h->n_actions - first, n = left < BLOCK_ROWS ? left : BLOCK_ROWS;
    const double *block = rows + first * h->n_inputs;
    TRY(cred_online_features(h->hidden, h->online, block, n));
    for (size_t i = 0; i < n; i++) {
      const cred_key of_action = cred_key_derive(key, CRED_FOR_DRAW, first + i);
      cred_linear_draw(h->draw, h->linear[first + i], &of_action);
      widen(h, block, i);
      value[first + i] = at_row(h, h->draw);
    }
  }
  return CRED_OK;
}

// --- what is learned of the row in h->wide ---

static void learn_plain(cred__heads *h, size_t action, double y) {
  cred_linear_add(h->linear[action], h->wide, y);
}

static void learn_square(cred__heads *h, size_t action, double y) {
  const double left = y - at_row(h, h->weights + action * width(h));
  cred_linear_add(h->variance[action], h->wide, left * left);
}

static void learn_weighted(cred__heads *h, size_t action, double y) {
  const double v = at_row(h, h->of_variance + action * width(h));
  const double s = 1 / sqrt(fmax(v, 0) + h->floor);
  for (size_t j = 0; j < width(h); j++) h->wide[j] *= s;
  cred_linear_add(h->linear[action], h->wide, s * y);
}

static bool has_variance(const cred__heads *h, size_t action) {
  return h->variance && cred_linear_state(h->variance[action]).n_rows > 0;
}

cred_status cred__heads_learn(cred__heads *h, const double *row, size_t action,
                              double reward) {
  const double y = (reward - h->mean) / h->sd;
  TRY(cred_online_features(h->hidden, h->online, row, 1));
  widen(h, row, 0);
  (has_variance(h, action) ? learn_weighted : learn_plain)(h, action, y);
  h->actions[h->n_learned++ % h->capacity] = action;
  return CRED_OK;
}

// Every row of the buffer.
static cred_status each_row(cred__heads *h,
                            void (*learn)(cred__heads *, size_t action, double y)) {
  const size_t n_rows = cred_online_n_rows(h->online);
  double rewards[BLOCK_ROWS];
  for (size_t first = 0; first < n_rows; first += BLOCK_ROWS) {
    const size_t n = n_rows - first < BLOCK_ROWS ? n_rows - first : BLOCK_ROWS;
    for (size_t i = 0; i < n; i++)
      TRY(cred_online_row(h->rows + i * h->n_inputs, &rewards[i], h->online, first + i));
    TRY(cred_online_features(h->hidden, h->online, h->rows, n));
    for (size_t i = 0; i < n; i++) {
      const uint64_t row = h->n_learned - n_rows + first + i;
      widen(h, h->rows, i);
      learn(h, h->actions[row % h->capacity], (rewards[i] - h->mean) / h->sd);
    }
  }
  return CRED_OK;
}

static void clear_all(cred_linear **linear, size_t n) {
  for (size_t a = 0; a < n; a++) cred_linear_clear(linear[a]);
}

static void means_of(double *out, const cred__heads *h, cred_linear **linear) {
  for (size_t a = 0; a < h->n_actions; a++)
    cred_linear_mean(out + a * width(h), linear[a]);
}

cred_status cred__heads_renew(cred__heads *h) {
  clear_all(h->linear, h->n_actions);
  TRY(each_row(h, learn_plain));
  if (!h->variance) return CRED_OK;
  means_of(h->weights, h, h->linear);
  clear_all(h->variance, h->n_actions);
  TRY(each_row(h, learn_square));
  means_of(h->of_variance, h, h->variance);
  clear_all(h->linear, h->n_actions);
  return each_row(h, learn_weighted);
}
