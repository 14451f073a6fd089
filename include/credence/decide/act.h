// credence/decide/act.h -- the best of several actions under a named risk.
//
// A model predicts what an action is worth in a state. All actions of a state are judged
// under the same draws s of the function, and their noise is the same too: what differs
// between two actions is the actions. With m_sa the mean of action a under draw s and
// y_sa one outcome of it,
//   mean      mean_s m_sa
//   lcb, ucb  mean -+ k sd, where sd^2 = var_s m_sa + mean_s noise variance
//   thompson  m_sa of one draw s; Thompson (1933)
//   cvar      mean of the worst share `level` of y_sa; Rockafellar & Uryasev (2000)
//   quantile  of y_sa at `level`
//   best      share of the draws in which m_sa is the largest
// A constraint leaves out the actions whose second quantity, the cost, has P(cost >
// limit) above delta.

#ifndef CRED_DECIDE_ACT_H
#define CRED_DECIDE_ACT_H

#include "credence/model/predict.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_RISK_MEAN = 0,
  CRED_RISK_LCB,
  CRED_RISK_UCB,
  CRED_RISK_THOMPSON,
  CRED_RISK_CVAR,
  CRED_RISK_QUANTILE,
  CRED_RISK_BEST
} cred_risk_kind;

// What is judged: the outcome with its noise, or the function alone. AUTO: outcome for
// lcb, cvar and quantile, function for ucb (which explores); mean, thompson and best are
// always of the function.
typedef enum {
  CRED_SPREAD_AUTO = 0,
  CRED_SPREAD_OUTCOME,
  CRED_SPREAD_FUNCTION
} cred_spread;

typedef struct {
  cred_risk_kind kind;
  double k;            // of lcb and ucb, >= 0; default 1
  double level;        // of cvar and quantile, in (0, 1); default 0.1
  cred_spread spread;  //
  bool minimise;       // the value is a loss: all of the above with its sign turned
  double limit, delta; // constraint: P(cost > limit) <= delta; delta NaN: none
  size_t n_draws;      // default 1,000
  uint64_t seed;
  size_t n_threads; // 0: cores; results do not depend on it
} cred_risk;

CRED_API cred_risk cred_risk_defaults(void);
CRED_API cred_status cred_risk_check(const cred_risk *risk);

/// The mean of the lowest share `level` of n sorted values, n >= 1: the value that the
/// share cuts counts for its part.
CRED_API double cred_cvar_sorted(const double *sorted, size_t n, double level);

enum { CRED_ACT_CLASSES = 256 }; // most classes of a quantity

// A quantity that a model predicts: a target, or the probability of a class.
typedef struct {
  const cred_model *model;
  size_t index; // target, or class
} cred_quantity;

// Choices for n_states states of n_actions actions. Arrays (n_states, n_actions), but for
// `best`.
typedef struct {
  size_t n_states, n_actions;
  size_t *best;  // (n_states) index of the action, SIZE_MAX where all are left out
  double *score; // larger is better, also where the value is minimised
  double *mean, *sd, *sd_epistemic; // of the value
  double *p_best;                   // share of draws in which it is the best of all, also
                                    // of those that the constraint leaves out
  double *p_cost;                   // P(cost > limit); NULL without a constraint
} cred_choices;

/// Judge. data: rows of actions within states, encoded for the value's model, the actions
/// of a state one behind the other; cost_data: the same rows for the model of the cost
/// (NULL, and cost NULL, without a constraint). Of equal scores the first action is
/// chosen. Of a cost that is a class, P(cost > limit) is its probability and limit is not
/// looked at. Fails with CRED_EINVAL (risk, sizes), CRED_ENOMEM.
CRED_API cred_status cred_choices_init(cred_choices *out, const cred_quantity *value,
                                       const cred_data *data, const cred_quantity *cost,
                                       const cred_data *cost_data, size_t n_actions,
                                       const cred_risk *risk);
CRED_API void cred_choices_clear(cred_choices *choices);

/// Outcomes for rows of one state, out (n, rows) with n = cred_outcome_n_draws(): values
/// with the noise of the data, several a draw of the function where the posterior has
/// few.
CRED_API size_t cred_outcome_n_draws(const cred_quantity *value, const cred_risk *risk);
CRED_API cred_status cred_outcome_draws(double *out, const cred_quantity *value,
                                        const cred_data *data, const cred_risk *risk);

#ifdef __cplusplus
}
#endif

#endif
