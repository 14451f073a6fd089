// cmd_evaluate_plot.c -- the figure of `credence evaluate --plot`.

#include "base/alloc.h"
#include "cli/cmd_evaluate.h"
#include "credence/metric/classification.h"
#include "credence/metric/regression.h"
#include "credence/plot/plot.h"
#include <math.h>

static cred_status plot_histogram(cred_plot **out, const cli__evaluate *all) {
  const cred_prediction *p = cred_evaluation_prediction(all->ood);
  const bool classes = p->n_classes > 0;
  const size_t n = all->in.data.n_rows, width = classes ? 1 : p->n_targets;
  const double *values = classes ? p->entropy : p->sd_epistemic;
  const char *name = classes ? "auroc_entropy" : "auroc_sd_epistemic";
  const cred_plot_histogram data = {.n_first = n * width,
                                    .first = values,
                                    .n_second = (p->n_rows - n) * width,
                                    .second = values + n * width,
                                    .first_name = "inside",
                                    .second_name = "outside",
                                    .auroc = cred_evaluation_find(all->ood, name)->value};
  const cred_plot_labels labels = {.x = classes ? "entropy (nats)" : "epistemic sd"};
  return cred_plot_new_histogram(out, &data, &labels);
}

// columns: scratch (3 n_bins)
static cred_status reliability_of(cred_plot **out, const cli__evaluate *all,
                                  cred_reliability_bin *bins, double *columns,
                                  double *confidence, double *correct, size_t n_bins) {
  const cred_prediction *p = cred_evaluation_prediction(all->scores);
  const double *observed = cred_evaluation_observed(all->scores);
  for (size_t i = 0; i < p->n_rows; i++) {
    confidence[i] = fmin(p->prob[i * p->n_classes + (size_t)p->label[i]], 1);
    correct[i] = p->label[i] == (int32_t)observed[i];
  }
  TRY(cred_reliability_equal_width(bins, n_bins, confidence, correct, NULL, p->n_rows));
  for (size_t k = 0; k < n_bins; k++) {
    columns[k] = bins[k].confidence;
    columns[n_bins + k] = bins[k].accuracy;
    columns[2 * n_bins + k] = bins[k].share;
  }
  const cred_plot_reliability data = {.n_bins = n_bins,
                                      .confidence = columns,
                                      .accuracy = columns + n_bins,
                                      .weight = columns + 2 * n_bins,
                                      .n_rows = (double)p->n_rows,
                                      .ece = cred_ece(bins, n_bins)};
  return cred_plot_new_reliability(out, &data, NULL);
}

static cred_status plot_reliability(cred_plot **out, const cli__evaluate *all,
                                    size_t n_bins) {
  const size_t n = cred_evaluation_prediction(all->scores)->n_rows;
  cred_reliability_bin *bins = NULL;
  double *columns = NULL, *rows = NULL;
  cred_status status;
  TRY_DONE(NEW(&bins, n_bins, "bins"));
  TRY_DONE(NEW(&columns, 3 * n_bins, "bins"));
  TRY_DONE(NEW(&rows, 2 * n, "confidences"));
  status = reliability_of(out, all, bins, columns, rows, rows + n, n_bins);
done:
  cred__free(bins);
  cred__free(columns);
  cred__free(rows);
  return status;
}

static cred_status plot_coverage(cred_plot **out, const cli__evaluate *all) {
  enum { N_LEVELS = 19 };
  const cred_prediction *p = cred_evaluation_prediction(all->scores);
  double nominal[N_LEVELS], covered[N_LEVELS], *pit;
  TRY(NEW(&pit, p->n_rows, "PIT"));
  for (size_t i = 0; i < p->n_rows; i++) pit[i] = p->pit[i * p->n_targets];
  for (size_t k = 0; k < N_LEVELS; k++) nominal[k] = (double)(k + 1) / (N_LEVELS + 1);
  cred_coverage_curve(covered, nominal, N_LEVELS, pit, NULL, p->n_rows);
  cred__free(pit);
  const cred_plot_coverage data = {.n = N_LEVELS,
                                   .nominal = nominal,
                                   .observed = covered,
                                   .n_rows = (double)p->n_rows};
  const cred_plot_labels labels = {.title =
                                       cred_model_schema(all->in.model)->targets[0].name};
  return cred_plot_new_coverage(out, &data, &labels);
}

cred_status cli__evaluate_plot(const cli__evaluate *all, const char *path,
                               size_t n_bins) {
  cred_plot *plot;
  const bool classes = all->scores && cred_evaluation_prediction(all->scores)->n_classes;
  if (all->ood)
    TRY(plot_histogram(&plot, all));
  else if (classes)
    TRY(plot_reliability(&plot, all, n_bins));
  else
    TRY(plot_coverage(&plot, all));
  const cred_status status = cred_plot_render(plot, path, NULL);
  cred_plot_free(plot);
  return status;
}
