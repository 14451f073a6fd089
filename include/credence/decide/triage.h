// credence/decide/triage.h -- which cases a model decides, and which a person reviews.
//
// A case has a decision (the most probable class, or the mean) and doubts about it. A
// rule is a limit on each doubt, or a table of costs; a case beyond a limit needs review,
// and the reason is told. Limits are given, or chosen: by the share of cases that can be
// reviewed, or so that the cases not reviewed are wrong at most so often with a stated
// confidence (credence/decide/bound.h).
//
// Costs: with p the probability of the positive class, saying positive costs
// (1 - p) wrong_positive, negative p wrong_negative; the cheaper one is the decision, and
// review is asked for where it is dearer than a review. Source: Chow (1970).

#ifndef CRED_DECIDE_TRIAGE_H
#define CRED_DECIDE_TRIAGE_H

#include "credence/decide/bound.h"
#include "credence/model/predict.h"

#ifdef __cplusplus
extern "C" {
#endif

// --- cases ---

// Cases as the model sees them. NULL where the task has none. Free with cred_cases_clear.
typedef struct {
  size_t n, n_classes; // n_classes 0: numbers
  size_t target;       // numbers: which target
  uint64_t *row;       // (n) in its file
  // classes
  double *prob;   // (n, C)
  int32_t *label; // (n) most probable class
  double *confidence, *entropy, *expected_entropy, *mutual_information; // (n)
  // numbers
  double *mean, *sd_epistemic, *sd_aleatoric; // (n)
  // both
  double *sd;       // (n) total sd of the target; of two classes: of the logit; else NULL
  double *distance; // (n) root mean square of the standardised columns (a category
                    // counts 1): about 1 for rows like those of the training
  double *observed; // (n) class index or value, NaN where it is not known; NULL: nowhere
} cred_cases;

/// Predict encoded rows and keep what triage needs. target: of several numbers, which.
/// Fails with CRED_EINVAL (target), CRED_EDATA (no rows), or as predicting does.
CRED_API cred_status cred_cases_init(cred_cases *out, const cred_model *model,
                                     const cred_data *data, size_t target,
                                     const cred_predict_options *opt);
CRED_API void cred_cases_clear(cred_cases *cases);

// --- rules ---

// A doubt that a limit can be put on; the larger, the less sure.
typedef enum {
  CRED_DOUBT_CONFIDENCE = 0, // 1 - confidence
  CRED_DOUBT_ENTROPY,        // of the prediction, nats
  CRED_DOUBT_MI,             // mutual information, nats: epistemic
  CRED_DOUBT_SD,             // of the target; of two classes: of the logit
  CRED_DOUBT_DISTANCE,       // from the training data
  CRED_N_DOUBTS
} cred_doubt;

CRED_API const char *cred_doubt_name(cred_doubt doubt);
/// What a rule chooses a limit on unless told: confidence of classes, sd of numbers.
CRED_API cred_doubt cred_doubt_default(const cred_cases *cases);
/// The doubts (n), borrowed where they are kept as they are, else made in scratch (n).
/// Fails with CRED_ECONFIG where these cases have no such doubt.
CRED_API cred_status cred_cases_doubt(const double **out, double *scratch,
                                      const cred_cases *cases, cred_doubt doubt);

typedef enum {
  CRED_RULE_GIVEN = 0, // limits as they were given
  CRED_RULE_BUDGET,    // a share of the cases is reviewed
  CRED_RULE_BOUND,     // a proved bound on what is wrong among the kept
  CRED_RULE_COST       // a table of costs
} cred_rule_kind;

typedef struct {
  cred_rule_kind kind;
  cred_doubt doubt;            // the one that was chosen on (else: that reports sort by)
  double limit[CRED_N_DOUBTS]; // kept where doubt <= limit; infinity: no limit
  double review_rate;          // BUDGET: share asked for
  double max_error, max_miss;  // BOUND: what is promised, NaN: nothing
  double tolerance;            // numbers: wrong where |y - mean| is above it; NaN
  double confidence;           // BOUND
  size_t n_rows, n_kept, n_wrong; // BOUND: calibration rows, first promise
  double upper;                   // BOUND: Clopper-Pearson bound of its risk
  size_t n_rows_miss, n_kept_miss, n_wrong_miss; // BOUND with max_error and max_miss:
  double upper_miss;                             // the same of the misses
  size_t positive;                               // class of max_miss and of the costs
  double cost_wrong_positive, cost_wrong_negative, cost_review; // COST
  size_t target;                                                // numbers: which target
  cred_draws draws;                                             // how doubts were made
  size_t n_draws;
  uint64_t seed;
} cred_rule;

/// No limit; draws as in opt; the second class positive.
CRED_API cred_rule cred_rule_defaults(const cred_predict_options *opt);
/// CRED_EINVAL or CRED_ECONFIG where a rule makes no sense for these cases.
CRED_API cred_status cred_rule_check(const cred_rule *rule, const cred_cases *cases);

/// The limit on rule->doubt so that at most `rate` of these cases are reviewed for it.
/// Cases of equal doubt are kept or reviewed together. A stricter limit that is there
/// already stays, and the rule with it as it is.
CRED_API cred_status cred_rule_by_budget(cred_rule *rule, const cred_cases *cases,
                                         double rate);

/// The limit on rule->doubt so that with rule->confidence the cases kept are wrong at
/// most in rule->max_error of all, and miss at most rule->max_miss of those that are of
/// class rule->positive (NaN: not asked). Limits on other doubts stay and are applied
/// first; one on rule->doubt itself is the loosest threshold that is tested. Cases with
/// observed targets that the model was not fitted to, of the kind of those to come;
/// weights do not count. Fails with CRED_EDATA where nothing can be proved, with the
/// number of rows it would take.
CRED_API cred_status cred_rule_by_bound(cred_rule *rule, const cred_cases *calibration);

/// The limit on the distance that a case like these exceeds with probability at most
/// `rate`: their conformal quantile; Bates, Candes, Lei, Romano & Sesia (2023),
/// section 2. A stricter limit that is there already stays.
CRED_API cred_status cred_rule_by_outliers(cred_rule *rule, const cred_cases *calibration,
                                           double rate);

/// One sentence; into a caller's buffer. model: for the names of classes.
CRED_API void cred_rule_sentence(char *out, size_t n_bytes, const cred_rule *rule,
                                 const cred_model *model);
/// Keep the rule in the model, and read it back (trusting nothing: CRED_EDATA). found is
/// false where the model has none.
CRED_API cred_status cred_rule_keep(cred_model *model, const cred_rule *rule);
CRED_API cred_status cred_rule_of_model(cred_rule *out, bool *found,
                                        const cred_model *model);

// --- triage ---

// Why a case needs review; several may hold.
enum {
  CRED_REVIEW_CONFIDENCE = 1, // low confidence, or an expected cost above a review's
  CRED_REVIEW_EPISTEMIC = 2,  // more of the doubt is not knowing the weights
  CRED_REVIEW_ALEATORIC = 4,  // more of the doubt is noise or overlap in the data
  CRED_REVIEW_UNLIKE = 8      // unlike the training data
};

// The reason of a row that is no case, in lists of cases.
#define CRED_REVIEW_BAD_ROW "bad_row"

typedef struct {
  size_t n, n_reviewed;
  int32_t *decision;     // (n) classes, else NULL: the mean
  unsigned char *review; // (n) sum of reasons, 0: kept
} cred_triage;

CRED_API cred_status cred_triage_init(cred_triage *out, const cred_cases *cases,
                                      const cred_rule *rule);
CRED_API void cred_triage_clear(cred_triage *triage);
/// "low_confidence|aleatoric", "" for 0; into a caller's buffer of 64.
CRED_API const char *cred_review_text(char out[64], unsigned review);

// What the rule does to the cases whose outcome is known: n of them.
typedef struct {
  const char *loss; // "error" (classes), "rmse", or "error" beyond the tolerance
  size_t n, n_kept, n_wrong, n_wrong_kept;   // wrong: of classes, or beyond the tolerance
  double loss_all, loss_kept, loss_reviewed; // NaN where there are no such cases
  double cost_all, cost_kept; // COST: mean cost a case without review, and with it; NaN
  double aurc;      // area under the risk-coverage curve of rule->doubt (risk: mean loss,
                    // of numbers the squared error)
  double aurc_best; // of cases in the order of their loss: what no doubt can beat
} cred_triage_report;

/// confusion (C, C) out, NULL or rows of the true class by columns of the decision, of
/// all cases and of the kept. Fails with CRED_EDATA without observed targets.
CRED_API cred_status cred_triage_report_make(
    cred_triage_report *out, double *confusion_all, double *confusion_kept,
    const cred_cases *cases, const cred_triage *triage, const cred_rule *rule);

/// The report's curve: share of cases kept and loss of the kept, ordered by rule->doubt,
/// each out (the report's n; at most that of the cases).
CRED_API cred_status cred_triage_curve(double *kept, double *loss,
                                       const cred_cases *cases, const cred_triage *triage,
                                       const cred_rule *rule);

// --- audit ---

// What the log says of the data beside its cases.
typedef struct {
  const char *digest;     // cred_table_digest() or cred_images_digest()
  const char *const *ids; // (n) of the cases, or NULL
  const uint64_t *bad;    // (n_bad) rows that are no cases: the model cannot take them
  const char *const *bad_ids; // (n_bad) or NULL
  size_t n_bad;
} cred_audit_data;

/// Write the audit log, JSON Lines: a head with digests of model and data, rule, seed and
/// draws; one line a case; one a bad row; an end with the counts and a digest of all
/// lines above it. No time, host or path: the same model, data and rule give the same
/// bytes. Complete or not there ("-": standard output).
CRED_API cred_status cred_triage_audit(const char *path, const cred_model *model,
                                       const cred_cases *cases, const cred_triage *triage,
                                       const cred_rule *rule,
                                       const cred_audit_data *data);

#ifdef __cplusplus
}
#endif

#endif
