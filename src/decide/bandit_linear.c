// bandit_linear.c -- linear regressions on top of a network, one an action.
//
// A regression sees z = (hidden layer, inputs, 1) / s and y / s with s^2 = noise + floor:
// a row of known noise s^2 is one of noise 1 that is divided by s. Without a floor s = 1.

#include "decide/bandit_linear.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>

enum { BLOCK_ROWS = 64 };

struct cred__heads {
  cred_online *online;
  size_t n_inputs, n_hidden, n_actions, capacity;
  double floor, mean, sd; // of the options: noise_floor, target_mean, target_sd
  cred_linear **linear;   // (A)
  size_t *actions;        // (capacity) of the rows in the buffer; row r at r % capacity
  uint64_t n_learned;
  double *rows;           // (block, n_inputs)
  double *hidden, *noise; // (block, n_hidden), (block)
  double *wide, *weights; // (n_hidden + n_inputs + 1) each
};

static size_t width(const cred__heads *h) {
  return h->n_hidden + h->n_inputs + 1;
}

static cred_status make_room(cred__heads *h) {
  TRY(NEW(&h->linear, h->n_actions, "actions"));
  TRY(NEW(&h->actions, h->capacity, "the buffer of rows"));
  TRY(NEW(&h->rows, BLOCK_ROWS * h->n_inputs, "rows"));
  TRY(NEW(&h->hidden, BLOCK_ROWS * h->n_hidden, "rows"));
  TRY(NEW(&h->noise, BLOCK_ROWS, "rows"));
  TRY(NEW(&h->wide, width(h), "a row"));
  return NEW(&h->weights, width(h), "a row");
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
  h->mean = opt->model.target_mean;
  h->sd = opt->model.target_sd;
  TRY_DONE(make_room(h));
  for (size_t a = 0; a < n_actions; a++)
    TRY_DONE(cred_linear_new(&h->linear[a], width(h), &opt->linear));
  *out = h;
  h = NULL;
done:
  cred__heads_free(h);
  return status;
}

void cred__heads_free(cred__heads *h) {
  if (!h) return;
  for (size_t a = 0; h->linear && a < h->n_actions; a++) cred_linear_free(h->linear[a]);
  cred__free(h->linear);
  cred__free(h->actions);
  cred__free(h->rows);
  cred__free(h->hidden);
  cred__free(h->noise);
  cred__free(h->wide);
  cred__free(h->weights);
  cred__free(h);
}

// h->wide: what a regression sees of row i of a block, times `scale`.
static void widen(cred__heads *h, const double *rows, size_t i, double scale) {
  const double *hidden = h->hidden + i * h->n_hidden, *row = rows + i * h->n_inputs;
  double *z = h->wide;
  for (size_t j = 0; j < h->n_hidden; j++) *z++ = scale * hidden[j];
  for (size_t j = 0; j < h->n_inputs; j++) *z++ = scale * row[j];
  *z = scale;
}

cred_status cred__heads_values(double *value, cred__heads *h, const double *rows,
                               const cred_key *key) {
  for (size_t first = 0; first < h->n_actions; first += BLOCK_ROWS) {
    const size_t left = h->n_actions - first, n = left < BLOCK_ROWS ? left : BLOCK_ROWS;
    const double *block = rows + first * h->n_inputs;
    TRY(cred_online_features(h->hidden, NULL, h->online, block, n));
    for (size_t i = 0; i < n; i++) {
      const cred_key draw = cred_key_derive(key, CRED_FOR_DRAW, first + i);
      cred_linear_draw(h->weights, h->linear[first + i], &draw);
      widen(h, block, i, 1);
      value[first + i] = 0;
      for (size_t j = 0; j < width(h); j++)
        value[first + i] += h->weights[j] * h->wide[j];
    }
  }
  return CRED_OK;
}

// Row i of a block, whose features are there, to the regression of its action.
static void teach(cred__heads *h, const double *rows, size_t i, size_t action,
                  double reward) {
  const double scale = h->floor > 0 ? 1 / sqrt(h->noise[i] + h->floor) : 1;
  widen(h, rows, i, scale);
  cred_linear_add(h->linear[action], h->wide, scale * (reward - h->mean) / h->sd);
}

cred_status cred__heads_learn(cred__heads *h, const double *row, size_t action,
                              double reward) {
  TRY(cred_online_features(h->hidden, h->noise, h->online, row, 1));
  teach(h, row, 0, action, reward);
  h->actions[h->n_learned++ % h->capacity] = action;
  return CRED_OK;
}

cred_status cred__heads_renew(cred__heads *h) {
  const size_t n_rows = cred_online_n_rows(h->online);
  double rewards[BLOCK_ROWS];
  for (size_t a = 0; a < h->n_actions; a++) cred_linear_clear(h->linear[a]);
  for (size_t first = 0; first < n_rows; first += BLOCK_ROWS) {
    const size_t n = n_rows - first < BLOCK_ROWS ? n_rows - first : BLOCK_ROWS;
    for (size_t i = 0; i < n; i++)
      TRY(cred_online_row(h->rows + i * h->n_inputs, &rewards[i], h->online, first + i));
    TRY(cred_online_features(h->hidden, h->noise, h->online, h->rows, n));
    for (size_t i = 0; i < n; i++) {
      const uint64_t row = h->n_learned - n_rows + first + i;
      teach(h, h->rows, i, h->actions[row % h->capacity], rewards[i]);
    }
  }
  return CRED_OK;
}
