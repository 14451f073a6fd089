// bandit_linear.h -- inside of a bandit of linear regressions, for bandit.c.

#ifndef CRED_SRC_DECIDE_BANDIT_LINEAR_H
#define CRED_SRC_DECIDE_BANDIT_LINEAR_H

#include "credence/decide/bandit.h"

// A regression for each action, on what the network of `online` (borrowed) makes of rows
// (context and action, n_inputs of them).
typedef struct cred__heads cred__heads;

cred_status cred__heads_new(cred__heads **out, cred_online *online, size_t n_inputs,
                            size_t n_actions, const cred_bandit_options *opt);
void cred__heads_free(cred__heads *heads);

/// Rewards of the actions (A) under one draw of each regression, for rows (A, n_inputs).
cred_status cred__heads_values(double *value, cred__heads *heads, const double *rows,
                               const cred_key *key);
/// Learn the reward of an action whose row has just gone into the buffer.
cred_status cred__heads_learn(cred__heads *heads, const double *row, size_t action,
                              double reward);
/// Learn the buffer anew: the network has changed.
cred_status cred__heads_renew(cred__heads *heads);

#endif
