// predict.h -- the inside of a predictor: outputs of many draws, then their statistics.

#ifndef CRED_SRC_MODEL_PREDICT_H
#define CRED_SRC_MODEL_PREDICT_H

#include "credence/metric/uncertainty.h"
#include "credence/model/predict.h"
#include "layer/layer.h"
#include "model/model.h"
#include "model/t_table.h"

enum { CRED__STRIP_ROWS = 128 };

// Outputs of all draws for a strip of at most CRED__STRIP_ROWS rows.
typedef struct {
  const cred_model *model;
  const cred_predict_options *opt;
  size_t n_draws, n_rows, n_out;
  size_t draw_stride;            // distance of draws in `out`
  const cred_real *out;          // (n_draws, ..., n_out); moments: means
  const cred__t_table *t_tables; // (members, T) of a Student-t, else NULL
  const double *t_scales;        // (members, T)
  const cred_real *var;          // moments: variances (n_draws, ..., n_out); else NULL
  const cred_data *data;
  size_t first; // row of `data` and of the prediction the strip begins at
} cred__strip;

// Scratch for the statistics of one strip, one a thread.
typedef struct {
  double *value, *var; // (rows, T or C)
  double *log_prob;    // (n_draws, rows)
  double *sample;      // (samples)
  cred_real *y;        // (rows, T) observed, in the units of the network
  cred_entropy_sums entropy;
  cred_moments moments; // of the targets; of two classes: of the logit
} cred__strip_work;

enum { CRED__CRPS_SAMPLES = 400 };
cred_status cred__strip_work_init(cred__strip_work *out, const cred_model *model,
                                  size_t n_draws_max);
void cred__strip_work_clear(cred__strip_work *work);

// Fails with CRED_EINVAL or CRED_ECONFIG where the options are none, or none of this
// model.
cred_status cred__predict_check(const cred_predict_options *opt, const cred_model *m);
// Whether all weights and sds are so far from infinity that draws and squares are finite.
bool cred__predict_finite(const cred_model *m);
// Room for n rows in every array that this model and these data fill; n_rows: the room
// there is.
cred_status cred__prediction_room(cred_prediction *r, size_t *n_rows,
                                  const cred_model *model, size_t n_levels, size_t n,
                                  bool observed);
void cred__prediction_clear(cred_prediction *r);

// Fill the strip's rows of the prediction.
void cred__predict_strip(cred_prediction *out, const cred__strip *s, cred__strip_work *w);
// The largest Monte Carlo error of the strip's rows, as a share of sd (or of probability
// 1).
double cred__strip_mc_error(const cred__strip *s, cred__strip_work *w);
// Intervals and sets of a calibrated model, from what is filled in.
void cred__predict_calibrated(cred_prediction *out, const cred_model *model, size_t first,
                              size_t n_rows);

const cred_model *cred__predictor_model(const cred_predictor *predictor);

// What a single draw of the function says: outputs (rows, n_out) of the rows from `first`
// on, and the parameters of its noise.
typedef void (*cred__draw_visit)(void *context, size_t draw, size_t first, size_t n_rows,
                                 const cred_real *outputs, const cred_real *noise);
// Of a predictor of function draws: every draw and strip of rows, in order, on the
// caller's thread.
cred_status cred__predictor_each_draw(cred_predictor *predictor, const cred_data *data,
                                      cred__draw_visit visit, void *context);

#endif
