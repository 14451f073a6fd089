// credence/model/calibrate.h -- split conformal prediction and temperature scaling,
// fitted on rows that the model was not fitted to, and kept in the model.
//
// Intervals: score |y - mean| / sd, quantile ceil((n + 1)(1 - alpha)) / n; Lei et al.
// (2018). Sets: score 1 - p_y (LAC; Sadinle, Lei & Wasserman 2019) or cumulated
// probability (APS; Romano, Sesia & Candes 2020). Temperature: Guo et al. (2017),
// section 4.2.

#ifndef CRED_MODEL_CALIBRATE_H
#define CRED_MODEL_CALIBRATE_H

#include "credence/model/predict.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { CRED_SET_LAC = 0, CRED_SET_APS = 1 } cred_set_kind;

typedef struct {
  double coverage; // of intervals and sets, in (0, 1); default 0.9
  cred_set_kind set;
  bool temperature; // fit a temperature (classes) or an sd factor (regression) first
  cred_predict_options predict;
} cred_calibrate_options;
CRED_API cred_calibrate_options cred_calibrate_defaults(void);

typedef struct {
  size_t n_rows;
  double temperature;                   // 1 where none was fitted
  double log_lik_before, log_lik_after; // mean a calibration row
  double quantile[16];    // conformal quantile of each target (or of the class set)
  double coverage_before; // of the model's own central interval / top set at that level
} cred_calibrate_info;

/// Fit on encoded rows with targets and keep the result in the model, replacing an
/// earlier one. Fails with CRED_EDATA where the rows are too few for the coverage asked,
/// with the number it takes.
CRED_API cred_status cred_model_calibrate(cred_model *model, cred_calibrate_info *info,
                                          const cred_data *data,
                                          const cred_calibrate_options *opt);
CRED_API bool cred_model_is_calibrated(const cred_model *model);

#ifdef __cplusplus
}
#endif

#endif
