// model.h -- the inside of a fitted model, shared by the files of this folder.

#ifndef CRED_SRC_MODEL_MODEL_H
#define CRED_SRC_MODEL_MODEL_H

#include "credence/model/calibrate.h"
#include "credence/data/source.h"
#include "credence/data/split.h"
#include "credence/model/fit.h"
#include <stdatomic.h>

// Options of a fit with every "auto" resolved: what the model file records.
typedef struct {
  cred_fit_posterior posterior;
  char *net, *prior, *likelihood; // texts, canonical
  char *augment, *class_weights;  // NULL: none; weights as numbers apart by commas
  size_t n_members;
  bool folds;
  double dropout;
  cred_method_options method;
  cred_kl_weights kl_weights;
  cred_schedule schedule;
  size_t epochs, batch;
  double validation;
  size_t patience;
  uint64_t seed;
} cred__plan;

// What a member needs to go on: the arrays of its method, where it stands, its best
// state.
typedef struct {
  uint64_t step;
  bool done; // ended by early stopping or by divergence
  bool diverged;
  uint64_t n_diverged;    // steps not taken
  double best_validation; // -inf before the first
  uint64_t best_epoch;
  double log_lik_sum, kl_sum; // of the epoch under way
  size_t n_arrays;            // 0: nothing to resume from
  cred_real **arrays;         // (n_arrays)(dim)
  char **names;
  double *history; // (n_history, 4): epoch, log_lik, kl, validation a row
  size_t n_history;
} cred__member_state;

// Conformal quantiles and temperature, as calibrate.c fits them.
typedef struct {
  bool fitted;
  double coverage, temperature;
  cred_set_kind set;
  size_t n_quantiles;
  double quantile[16];
  size_t n_rows;
} cred__calibration;

enum { CRED__RULE_BYTES = 65536 };

struct cred_model {
  cred__plan plan;
  cred_schema *schema;
  cred_network *network;
  cred_likelihood likelihood;
  cred_prior prior;
  size_t n_slices, dim, noise_offset;
  cred_slice *slices;
  char **slice_names;
  cred_posterior *posterior;
  cred__member_state *states; // (n_members)
  size_t *rows;               // rows of the table that were used; NULL: all
  size_t n_rows;
  size_t n_train, n_validation, n_dropped;
  char data_digest[17];
  cred__calibration calibration;
  char *rule; // JSON, or NULL
  cred_history_row *history;
  size_t n_history;
  char *report;
};

// plan.c: the recommended recipe where an option says "auto".
cred_status cred__plan_resolve(cred__plan *out, const cred_fit_options *opt,
                               const cred_schema *schema, size_t n_rows);
void cred__plan_clear(cred__plan *plan);
// A known noise (0: none) in the standardised unit that the schema gives its target.
cred_status cred__plan_take_noise(cred__plan *plan, double noise,
                                  const cred_schema *schema);
cred_status cred__plan_check(const cred__plan *plan);
// Numbers for "balanced", from how often each class occurs; checks those given.
cred_status cred__plan_weigh_classes(cred__plan *plan, const double *count, size_t n);
// The weights (n) of a plan that has some.
cred_status cred__plan_class_weights(double *out, const cred__plan *plan, size_t n);

// model.c: network, likelihood, prior and slices from plan and schema (which are taken
// over).
cred_status cred__model_assemble(cred_model **out, cred__plan *plan, cred_schema *schema);
// Room for the members, apart: a reader first looks whether its file holds them.
cred_status cred__model_make_members(cred_model *model);
cred_status cred__model_make_history(cred_model *model);
cred_status cred__model_make_report(cred_model *model);
void cred__member_state_clear(cred__member_state *state);
// The method that trains this plan.
const cred_method *cred__plan_method(const cred__plan *plan);
size_t cred__plan_n_batches(const cred__plan *plan, size_t n_rows);

// density.c: the log density of a model on rows of a source.
typedef struct {
  cred_density density; // .model points at this struct
  const cred_model *owner;
  cred_source source;
  const size_t *rows; // (n_rows) rows of the source; NULL: all
  size_t n_rows;
  bool dropout;  // masks in training
  bool changing; // rows are gathered with `epoch`: what differs from epoch to epoch
  cred_key epoch;
} cred__network_density;
void cred__network_density_init(cred__network_density *out, const cred_model *model,
                                cred_source source, const size_t *rows, size_t n_rows,
                                bool dropout);
// The batches of an epoch are next, rows `order` (n) of the density in this order; key:
// of this epoch.
void cred__network_density_expect(cred__network_density *d, void *work,
                                  const size_t *order, size_t n, const cred_key *key);
// Mean log likelihood a row over `rows` under a member (masks off; n_draws of a
// Gaussian). Of a row with many units it is their sum, each with its own mean over draws.
cred_status cred__network_density_score(double *out, const cred__network_density *d,
                                        void *work, const cred_member *member,
                                        size_t n_draws, const cred_key *key,
                                        cred_real *theta);

// train.c: runs one member to its end or until `stop`.
typedef struct cred__training cred__training;
struct cred__training {
  cred_model *model;
  const cred_source *source;
  size_t n_threads_member; // inside a member
  const int32_t *stratum;  // (rows) classes for stratified splits, or NULL
  cred_progress_fn progress;
  void *progress_context;
  atomic_flag progress_busy; // guards the callback and time_last_s
  double time_start_s, time_last_s;
  uint64_t steps_start;
  _Atomic bool stop;
  _Atomic uint64_t steps_made;
};
cred_status cred__train_member(void *training, size_t member, size_t worker);

enum { CRED__AHEAD_BYTES = 64 << 20 }; // of pictures made before a step wants them
// fit.c: trains all members on a source, from where they stand.
cred_status cred__model_train(cred_model *model, cred_fit_info *info,
                              const cred_source *source, const int32_t *stratum,
                              size_t n_dropped, size_t n_threads,
                              cred_progress_fn progress, void *context);
// Whether a model can go on with data of this digest, to so many epochs (0: as planned),
// which are then planned.
cred_status cred__model_check_resume(cred_model *model, const char *source,
                                     const char *digest, size_t epochs);
// Once it went on from `steps`: what was calibrated belonged to another posterior.
void cred__model_end_resume(cred_model *model, uint64_t steps);
uint64_t cred__model_steps(const cred_model *model);

// Splits of the encoded rows for a member.
cred_status cred__member_split(cred_split *out, const cred_model *model, size_t n_rows,
                               const int32_t *stratum, size_t member);

// Scale and shift of target t: y = mean + sd * standardised.
double cred__target_mean(const cred_model *model, size_t t);
double cred__target_sd(const cred_model *model, size_t t);

#endif
