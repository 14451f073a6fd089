// credence/decide/bandit.h -- acting and learning in turn: a contextual bandit.
//
// In a context one of several actions is chosen, its reward is seen, the others' are not.
// A network predicts the reward from the context and the action (as one more input each,
// or as given features), and learns on from every reward (credence/model/online.h).
// Thompson sampling takes the action that is best under one draw of the network, so that
// it tries what it does not know and stops once it does: Thompson (1933); with a
// posterior on weights Blundell et al. (2015), section 5.3. Rewards are numbers; with
// likelihood "bernoulli" in the model's options yes (1) or no (0), with "poisson" counts.
//
// Of a network's posterior Thompson sampling sees an approximation. LINEAR keeps the
// exact one of what is on top (credence/decide/linear.h): a linear regression for every
// action on the last hidden layer, the inputs and a constant, of all rewards in the
// buffer; the network only makes the layer. Its noise may depend on them (noise_floor).
// After every update of the network the regressions learn the buffer anew, so let it be
// updated seldom. Source: NeuralLinear of Riquelme, Tucker & Snoek (2018), there without
// the inputs and with one noise.

#ifndef CRED_DECIDE_BANDIT_H
#define CRED_DECIDE_BANDIT_H

#include "credence/decide/linear.h"
#include "credence/model/online.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_BANDIT_THOMPSON = 0, // best under one draw
  CRED_BANDIT_GREEDY,       // best by the mean
  CRED_BANDIT_EPSILON,      // greedy, but any action with probability epsilon
  CRED_BANDIT_UCB,          // best by mean + k sd over n_draws draws
  CRED_BANDIT_LINEAR        // best under one draw of the linear regressions
} cred_bandit_policy;

typedef struct {
  cred_online_options model; // its seed is that of the bandit too; default: dropout 0.1,
                             // likelihood "heteroscedastic", rate 0.003
  cred_bandit_policy policy;
  double epsilon; // default 0.05
  double k;       // default 1
  size_t n_draws; // of ucb; default 20
  size_t n_first; // times every action is taken, in turn, before any is chosen;
                  // default 3
  size_t every;   // rewards between two updates; default 0: 1, of LINEAR 20, and then the
                  // steps below are counted a reward, not an update
  size_t n_updates;                // steps an update; default 4
  size_t n_early, n_updates_early; // steps an update up to the n_early-th reward: what is
                                   // learned then counts longest; default 0: the same
  cred_linear_options linear;      // prior of LINEAR, for rewards in units of target_sd
  double hidden_scale; // LINEAR: factor on the hidden layer beside the inputs; the
                       // smaller, the more rewards it takes until it counts; default 0.3
  double noise_floor; // LINEAR: > 0: the noise may depend on the row, its variance, which
                      // is regressed too, is at least this, in units of target_sd
                      // squared; 0: it is the same everywhere; default 0.1
  size_t n_features;  // of an action; 0: one input an action, 1 for the one taken
  const double *features; // (n_actions, n_features), copied; NULL if there are none
} cred_bandit_options;

/// Of the posteriors a factorised Gaussian learns slowest: with its full KL it stays near
/// its prior for hundreds of rewards, and its draws near chance
/// (docs/results/decisions.md).
CRED_API cred_bandit_options cred_bandit_defaults(void);

typedef struct cred_bandit cred_bandit;

/// A context may have no numbers: then the actions alone are told apart.
CRED_API cred_status cred_bandit_new(cred_bandit **out, size_t n_context,
                                     size_t n_actions, const cred_bandit_options *opt);
CRED_API void cred_bandit_free(cred_bandit *bandit);

/// Choose an action for a context (n_context). A function of options, what was learned,
/// and the number of choices so far. It is no promise to take it: learn what was taken.
CRED_API cred_status cred_bandit_choose(size_t *action, cred_bandit *bandit,
                                        const double *context);
/// Learn the reward of an action in a context: also of logged ones, before the first
/// choice (a warm start). Fails with CRED_EINVAL on an action there is none of,
/// CRED_EDATA on a number that is not finite; then nothing changes.
CRED_API cred_status cred_bandit_learn(cred_bandit *bandit, const double *context,
                                       size_t action, double reward);

// The books: what was learned of each action.
typedef struct {
  size_t n;          // rewards
  double reward_sum; // of them
} cred_bandit_arm;
typedef struct {
  size_t n_choices, n_rewards, n_updates, n_diverged; // n_updates: steps of training
  double reward_sum;
} cred_bandit_info;
CRED_API cred_bandit_info cred_bandit_books(const cred_bandit *bandit);
CRED_API cred_bandit_arm cred_bandit_arm_books(const cred_bandit *bandit, size_t action);
/// The model, as cred_online_model: columns are the context, then the action.
CRED_API cred_status cred_bandit_model(const cred_model **out, cred_bandit *bandit);

#ifdef __cplusplus
}
#endif

#endif
