// credence/decide/learn.h -- active learning: labels for the rows that teach most, in
// rounds, as a run in a folder of its own.
//
// A round fits a model to the rows that have labels, scores it on test rows, and chooses
// the next rows from the pool (credence/decide/acquire.h). Labels then come from the
// caller, or, in a simulation, from a column that is there and hidden.
//
// What could fail later fails before the first row is asked for: a run that begins is
// rehearsed with stand-in labels (the whole pool, the test, an epoch of a fit, a choice).
//
// A run may be killed at any moment: what was chosen and every label that was given stand
// in a journal on the disk before the call returns, and everything else follows from them
// and from the options. So a run that is opened again goes on with the same choices, and
// ends with the same curve, as one that was never stopped. Files of a run:
//   run.txt     the options and the digests of the tables
//   journal     rows asked for, labels, scores; a checksum a line, chained
//   curve.csv   scores by the number of labels
//   model.cred  of the last round
//   times.csv   seconds of every round; the only file that depends on the clock

#ifndef CRED_DECIDE_LEARN_H
#define CRED_DECIDE_LEARN_H

#include "credence/decide/acquire.h"
#include "credence/model/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

// Texts and tables are borrowed for the life of the run.
typedef struct {
  cred_schema_options schema;   // one target
  cred_fit_options fit;         // of every round; its seed is that of the run
  cred_acquire_options acquire; // n: rows a round; seed and threads are those of the fit
  const char *const *classes;   // labels that are possible; none: those of the tables
  size_t n_classes;
  bool simulate;                 // the labels of all rows are in the table, and hidden
  size_t n_start;                // labels before the first choice; default 20
  bool balanced;                 // simulate: the same number of each class to start with
  size_t n_candidates;           // rows of the pool that are scored a round; 0: all
  const cred_table *test;        // rows with targets to score on; NULL: no scores
  cred_encode_options test_rows; // what to do with test rows that the model cannot take
  size_t n_test_draws;           // of the scores; 0: as many as those of the choice
  size_t budget;                 // stop at so many labels; 0: at the end of the pool
  const char *score;   // "error", "log_lik", "brier", "rmse", "mae"; NULL: the first
  double score_target; // stop where the score is as good; NaN: none
  size_t patience;     // stop after so many rounds in which the best score did not
                       // get better by more than `tolerance`; 0: never
  double tolerance;
} cred_learn_options;
CRED_API cred_learn_options cred_learn_defaults(void);

typedef struct cred_learn cred_learn;

typedef enum {
  CRED_LEARN_LABELS,  // rows wait for labels: cred_learn_wanted
  CRED_LEARN_ROUND,   // a round was fitted and scored
  CRED_LEARN_DONE,    // cred_learn_reason says why
  CRED_LEARN_STOPPED, // the progress callback said stop; go on whenever
} cred_learn_state;

/// Begin a run in a folder, which is made if it is not there, or go on with the one that
/// is in it.
///
/// pool  in  rows; where its target column is there, rows whose target is not missing
///           have their label already (simulate: the hidden labels of all rows)
///
/// Fails with CRED_ECONFIG (a folder of another run: what differs; options that do not go
/// together), CRED_EDATA (no pool, one class only, no such column, a journal that was
/// damaged), CRED_ELOCKED (another process is at it), CRED_ECANTCREATE, CRED_EIO.
CRED_API cred_status cred_learn_open(cred_learn **out, const char *folder,
                                     const cred_table *pool,
                                     const cred_learn_options *opt);
CRED_API void cred_learn_free(cred_learn *run);

/// Do the next thing and say what it was.
CRED_API cred_status cred_learn_next(cred_learn_state *state, cred_learn *run);

/// Rows of the pool that wait for a label, in the order they were asked for; borrowed
/// until the next call.
CRED_API const size_t *cred_learn_wanted(size_t *n, const cred_learn *run);
// In the place of a label: the row can have none, and is asked for no more. Where a class
// has this name it is that class.
#define CRED_LEARN_SKIP "?"

/// Give labels, as texts, of n rows that are wanted. They are on the disk when this
/// returns. Fails with CRED_EDATA on a row that was not asked for, one with a label
/// already, one that is there twice, a label that is no class (with the nearest) or no
/// number: none is taken then.
CRED_API cred_status cred_learn_label(cred_learn *run, const size_t *rows,
                                      const char *const *labels, size_t n);
/// Give other labels to n rows that have one or were skipped, or take it away
/// (CRED_LEARN_SKIP). It counts from the next fit on; the last round is fitted once more
/// where no rows were chosen by it yet. A label that a row has already changes nothing.
/// Fails as cred_learn_label does.
CRED_API cred_status cred_learn_revise(cred_learn *run, const size_t *rows,
                                       const char *const *labels, size_t n);
/// What cred_learn_label or (revised) cred_learn_revise would say of one row.
CRED_API cred_status cred_learn_check_label(const cred_learn *run, size_t row,
                                            const char *label, bool revised);
/// The label of a row of the pool, NULL if it has none.
CRED_API const char *cred_learn_label_of(const cred_learn *run, size_t row);
CRED_API size_t cred_learn_n_labels(const cred_learn *run);

// One round of the curve.
enum { CRED_LEARN_SCORES = 3 };
typedef struct {
  size_t round, n_labels;
  double value[CRED_LEARN_SCORES], se[CRED_LEARN_SCORES]; // NaN: no test rows, or a
                                                          // round without a model
} cred_learn_point;
CRED_API size_t cred_learn_n_points(const cred_learn *run);
CRED_API cred_learn_point cred_learn_get_point(const cred_learn *run, size_t i);
/// Names of the scores: error, log_lik, brier of classes; rmse, log_lik, mae of numbers.
CRED_API const char *cred_learn_score_name(const cred_learn *run, size_t i);
/// Which of them the run is stopped by, and whether larger is better.
CRED_API size_t cred_learn_score(const cred_learn *run, bool *larger);
/// The model of the last round, NULL if there was none in this process.
CRED_API const cred_model *cred_learn_model(const cred_learn *run);
/// Whether the last round has one: not where all labels so far are the same.
CRED_API bool cred_learn_has_model(const cred_learn *run);
/// Why the run is done, as a sentence.
CRED_API const char *cred_learn_reason(const cred_learn *run);

#ifdef __cplusplus
}
#endif

#endif
