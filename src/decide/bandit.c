// bandit.c -- choose, see the reward, learn.

#include "credence/decide/bandit.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "decide/bandit_linear.h"
#include <math.h>
#include <string.h>

// Its regressions learn the buffer anew at every update.
enum { LINEAR_EVERY = 20 };

struct cred_bandit {
  cred_bandit_options opt;
  cred_online *online;
  cred__heads *heads; // LINEAR, else NULL
  size_t n_context, n_actions, n_features;
  double *features;     // (A, F)
  double *rows;         // (A, context + F): a context beside each action
  double *value, *draw; // (A)
  double *square;       // (A)
  cred_bandit_arm *arms;
  cred_bandit_info books;
  cred_key key;
};

cred_bandit_options cred_bandit_defaults(void) {
  cred_bandit_options opt = {.model = cred_online_defaults(),
                             .epsilon = 0.05,
                             .k = 1,
                             .n_draws = 20,
                             .n_first = 3,
                             .n_updates = 4,
                             .linear = cred_linear_defaults(),
                             .hidden_scale = 0.3,
                             .noise_floor = 0.1};
  opt.model.fit.posterior = CRED_FIT_DROPOUT;
  opt.model.fit.dropout = 0.1;
  opt.model.fit.likelihood = "heteroscedastic";
  opt.model.fit.schedule.rate = 0.003;
  return opt;
}

static cred_status check(size_t n_context, size_t n_actions,
                         const cred_bandit_options *opt) {
  if (n_actions < 2 || n_actions > 1024)
    FAIL(CRED_EINVAL, "bandit: %zu actions, 2 to 1024 are possible", n_actions);
  if (n_context > 1000000)
    FAIL(CRED_EINVAL, "bandit: a context of %zu numbers, 1000000 at most", n_context);
  if ((unsigned)opt->policy > CRED_BANDIT_LINEAR)
    FAIL(CRED_EINVAL,
         "bandit: policy %d is not one of thompson, greedy, epsilon, ucb, linear",
         (int)opt->policy);
  if (!(opt->noise_floor >= 0 && isfinite(opt->noise_floor)))
    FAIL(CRED_EINVAL, "bandit: noise_floor is %g, must be >= 0", opt->noise_floor);
  if (!(opt->hidden_scale >= 0 && isfinite(opt->hidden_scale)))
    FAIL(CRED_EINVAL, "bandit: hidden_scale is %g, must be >= 0", opt->hidden_scale);
  if (!(opt->epsilon >= 0 && opt->epsilon <= 1))
    FAIL(CRED_EINVAL, "bandit: epsilon is %g, must be in [0, 1]", opt->epsilon);
  if (!(opt->k >= 0 && isfinite(opt->k)))
    FAIL(CRED_EINVAL, "bandit: k is %g, must be >= 0", opt->k);
  if (opt->policy == CRED_BANDIT_UCB && opt->n_draws < 2)
    FAIL(CRED_EINVAL, "bandit: %zu draws for ucb, at least 2 are needed", opt->n_draws);
  if ((opt->n_features > 0) != (opt->features != NULL))
    FAIL(CRED_EINVAL, "bandit: %zu features of actions, but %s", opt->n_features,
         opt->features ? "an array of them" : "no array of them");
  for (size_t i = 0; i < n_actions * opt->n_features; i++)
    if (!isfinite(opt->features[i]))
      FAIL(CRED_EINVAL, "bandit: feature %zu of the actions is %g", i, opt->features[i]);
  return CRED_OK;
}

static cred_status make_features(cred_bandit *b) {
  const size_t n = b->n_actions, f = b->n_features;
  TRY(NEW(&b->features, n * f, "actions"));
  if (b->opt.features)
    memcpy(b->features, b->opt.features, n * f * sizeof *b->features);
  else
    for (size_t a = 0; a < n; a++) b->features[a * f + a] = 1;
  b->opt.features = NULL; // the caller's
  return CRED_OK;
}

cred_status cred_bandit_new(cred_bandit **out, size_t n_context, size_t n_actions,
                            const cred_bandit_options *opt) {
  cred_bandit *b = NULL;
  cred_status status;
  *out = NULL;
  TRY(check(n_context, n_actions, opt));
  TRY_DONE(NEW(&b, 1, "a bandit"));
  b->opt = *opt;
  if (!opt->every) {
    b->opt.every = opt->policy == CRED_BANDIT_LINEAR ? LINEAR_EVERY : 1;
    b->opt.n_updates *= b->opt.every;
    b->opt.n_updates_early *= b->opt.every;
  }
  b->n_context = n_context;
  b->n_actions = n_actions;
  b->n_features = opt->n_features ? opt->n_features : n_actions;
  const size_t width = n_context + b->n_features;
  const cred_key root = cred_key_make(opt->model.fit.seed);
  b->key = cred_key_derive(&root, CRED_FOR_ACTIONS, 0);
  TRY_DONE(make_features(b));
  TRY_DONE(NEW(&b->rows, n_actions * width, "actions"));
  TRY_DONE(NEW(&b->value, n_actions, "actions"));
  TRY_DONE(NEW(&b->draw, n_actions, "actions"));
  TRY_DONE(NEW(&b->square, n_actions, "actions"));
  TRY_DONE(NEW(&b->arms, n_actions, "actions"));
  TRY_DONE(cred_online_new(&b->online, width, &opt->model));
  if (opt->policy == CRED_BANDIT_LINEAR)
    TRY_DONE(cred__heads_new(&b->heads, b->online, width, n_actions, opt));
  *out = b;
  b = NULL;
done:
  cred_bandit_free(b);
  return status;
}

void cred_bandit_free(cred_bandit *b) {
  if (!b) return;
  cred__heads_free(b->heads);
  cred_online_free(b->online);
  cred__free(b->features);
  cred__free(b->rows);
  cred__free(b->value);
  cred__free(b->draw);
  cred__free(b->square);
  cred__free(b->arms);
  cred__free(b);
}

static void lay_out(cred_bandit *b, const double *context) {
  const size_t c = b->n_context, f = b->n_features;
  for (size_t a = 0; a < b->n_actions; a++) {
    double *row = b->rows + a * (c + f);
    if (c) memcpy(row, context, c * sizeof *row);
    memcpy(row + c, b->features + a * f, f * sizeof *row);
  }
}

// mean + k sd over draws of the function (Welford).
static cred_status upper_values(cred_bandit *b, const cred_key *key) {
  const size_t n = b->n_actions;
  memset(b->value, 0, n * sizeof *b->value);
  memset(b->square, 0, n * sizeof *b->square);
  for (size_t s = 0; s < b->opt.n_draws; s++) {
    TRY(cred_online_values(b->draw, b->online, b->rows, n, key, s));
    for (size_t a = 0; a < n; a++) {
      const double d = b->draw[a] - b->value[a];
      b->value[a] += d / (double)(s + 1);
      b->square[a] += d * (b->draw[a] - b->value[a]);
    }
  }
  for (size_t a = 0; a < n; a++)
    b->value[a] += b->opt.k * sqrt(b->square[a] / (double)(b->opt.n_draws - 1));
  return CRED_OK;
}

static cred_status evaluate(cred_bandit *b, const cred_key *key) {
  switch (b->opt.policy) {
  case CRED_BANDIT_THOMPSON:
    return cred_online_values(b->value, b->online, b->rows, b->n_actions, key, 0);
  case CRED_BANDIT_UCB:
    return upper_values(b, key);
  case CRED_BANDIT_LINEAR:
    return cred__heads_values(b->value, b->heads, b->rows, key);
  case CRED_BANDIT_GREEDY:
  case CRED_BANDIT_EPSILON:
    break;
  }
  return cred_online_values(b->value, b->online, b->rows, b->n_actions, NULL, 0);
}

// The action taken least often, if one was taken less than n_first times.
static bool is_first(size_t *action, const cred_bandit *b) {
  size_t least = 0;
  for (size_t a = 1; a < b->n_actions; a++)
    if (b->arms[a].n < b->arms[least].n) least = a;
  *action = least;
  return b->arms[least].n < b->opt.n_first;
}

cred_status cred_bandit_choose(size_t *action, cred_bandit *b, const double *context) {
  const cred_key key = cred_key_derive(&b->key, CRED_FOR_STEP, b->books.n_choices);
  for (size_t i = 0; i < b->n_context; i++)
    if (!isfinite((cred_real)context[i]))
      FAIL(CRED_EDATA,
           "bandit: number %zu of the context is %g, expected a number of single "
           "precision",
           i, context[i]);
  b->books.n_choices++;
  if (is_first(action, b)) return CRED_OK;
  if (b->opt.policy == CRED_BANDIT_EPSILON &&
      cred_key_uniform(&key, 0) < b->opt.epsilon) {
    *action = (size_t)cred_key_below(&key, 1, b->n_actions);
    return CRED_OK;
  }
  lay_out(b, context);
  TRY(evaluate(b, &key));
  *action = 0;
  for (size_t a = 1; a < b->n_actions; a++)
    if (b->value[a] > b->value[*action]) *action = a;
  return CRED_OK;
}

cred_status cred_bandit_learn(cred_bandit *b, const double *context, size_t action,
                              double reward) {
  if (action >= b->n_actions)
    FAIL(CRED_EINVAL, "bandit: action %zu, there are %zu (from 0)", action, b->n_actions);
  lay_out(b, context);
  const double *row = b->rows + action * (b->n_context + b->n_features);
  TRY(cred_online_add(b->online, row, reward));
  if (b->heads) TRY(cred__heads_learn(b->heads, row, action, reward));
  b->arms[action].n++;
  b->arms[action].reward_sum += reward;
  b->books.n_rewards++;
  b->books.reward_sum += reward;
  if (b->books.n_rewards % b->opt.every) return CRED_OK;
  const bool early = b->books.n_rewards <= b->opt.n_early;
  const size_t n_updates = early ? b->opt.n_updates_early : b->opt.n_updates;
  size_t n_diverged;
  TRY(cred_online_train(b->online, n_updates, &n_diverged));
  b->books.n_updates += n_updates;
  b->books.n_diverged += n_diverged;
  return b->heads && n_updates ? cred__heads_renew(b->heads) : CRED_OK;
}

cred_bandit_info cred_bandit_books(const cred_bandit *b) {
  return b->books;
}

cred_bandit_arm cred_bandit_arm_books(const cred_bandit *b, size_t action) {
  return action < b->n_actions ? b->arms[action] : (cred_bandit_arm){0};
}

cred_status cred_bandit_model(const cred_model **out, cred_bandit *b) {
  return cred_online_model(out, b->online);
}
