// cmd_plot_rows.c -- figures of the predictions of a table: reliability, coverage,
// parity, uncertainty.

#include "base/alloc.h"
#include "cli/cmd_plot.h"
#include "cli/pictures.h"
#include "credence/data/split.h"
#include "credence/metric/classification.h"
#include "credence/metric/detection.h"
#include <math.h>
#include <string.h>

// A table, or pictures, with the predictions.
typedef struct {
  cred_table *table;
  cred_images *images;
  cred_data data;
  cred_predictor *predictor;
  cred_prediction prediction;
} rows;

static void rows_clear(rows *r) {
  cred_predictor_free(r->predictor);
  cred_data_clear(&r->data);
  cred_table_free(r->table);
  cred_images_free(r->images);
}

static cred_status encode(rows *r, const cli_args *args, const cred_model *model,
                          bool subset, int with_targets) {
  size_t *numbers = NULL, n = 0;
  const char *path = subset ? cli_text(args, "rows-file") : NULL;
  if (path) TRY(cred_split_read_index(&numbers, &n, path, cred_table_n_rows(r->table)));
  const cred_status status = cli_encode_kept(&r->data, args, cred_model_schema(model),
                                             r->table, numbers, n, with_targets);
  cred__free(numbers);
  return status;
}

static cred_status encode_pictures(rows *r, const cli_args *args, const cred_model *model,
                                   const char *path, bool subset, int with_targets) {
  const cred_schema *schema = cred_model_schema(model);
  size_t *numbers = NULL, n = 0;
  if (schema->pixels.per_pixel)
    FAIL(CRED_ECONFIG, "the model has a class a pixel: `credence segment` draws those");
  TRY(cli_open_pictures(&r->images, args, path, schema, NULL,
                        subset ? with_targets : CLI_ALL_PICTURES));
  const size_t n_all = cred_images_n_rows(r->images);
  const char *list = subset ? cli_text(args, "rows-file") : NULL;
  cred_status status = list ? cred_split_read_index(&numbers, &n, list, n_all) : CRED_OK;
  if (status == CRED_OK)
    status = cred_images_rows(&r->data, schema, r->images, numbers, 0, list ? n : n_all);
  cred__free(numbers);
  return status;
}

static cred_status encode_table(rows *r, const cli_args *args, const cred_model *model,
                                const char *path, bool subset, int with_targets) {
  static const char *const of_pictures[] = {"ignore-class", NULL};
  TRY(cli_refuse(args, of_pictures, "is of pictures, DATA is a table"));
  const char *target = cred_model_schema(model)->targets[0].name;
  TRY(subset ? cli_read_table(&r->table, args, path, target)
             : cli_read_outside(&r->table, args, path));
  TRY(encode(r, args, model, subset, with_targets));
  if (r->data.n_rows == 0)
    FAIL(CRED_EDATA, "%s: no row is left", cred_table_source(r->table));
  return CRED_OK;
}

static cred_status rows_init(rows *out, const cli_args *args, const cred_model *model,
                             const char *path, bool subset, int with_targets) {
  cred_predict_options opt = cli_predict_options(args);
  const bool pictures = cred_model_schema(model)->pixels.height > 0;
  opt.n_levels = 0;
  *out = (rows){0};
  cred_status status = (pictures ? encode_pictures : encode_table)(out, args, model, path,
                                                                   subset, with_targets);
  if (status == CRED_OK) status = cred_predictor_new(&out->predictor, model, &opt);
  if (status == CRED_OK)
    status = cred_predictor_run(&out->prediction, out->predictor, &out->data);
  if (status != CRED_OK) rows_clear(out);
  return status;
}

// --- reliability ---

static cred_status count_bins(cred_reliability_bin *bins, size_t n_bins, const rows *r) {
  const cred_prediction *p = &r->prediction;
  double *confidence, *correct;
  TRY(NEW(&confidence, 2 * p->n_rows, "confidences"));
  correct = confidence + p->n_rows;
  for (size_t i = 0; i < p->n_rows; i++) {
    confidence[i] = p->prob[i * p->n_classes + (size_t)p->label[i]];
    correct[i] = p->label[i] == (int32_t)r->data.y[i];
  }
  const cred_status status =
      cred_reliability_equal_width(bins, n_bins, confidence, correct, NULL, p->n_rows);
  cred__free(confidence);
  return status;
}

static cred_status draw_bins(cred_plot **out, const cli_args *args,
                             const cred_reliability_bin *bins, size_t n_bins, size_t n) {
  double *values;
  TRY(NEW(&values, 3 * n_bins, "bins"));
  for (size_t i = 0; i < n_bins; i++) {
    values[i] = bins[i].confidence;
    values[n_bins + i] = bins[i].accuracy;
    values[2 * n_bins + i] = (double)bins[i].n_rows;
  }
  const cred_plot_reliability data = {.n_bins = n_bins,
                                      .confidence = values,
                                      .accuracy = values + n_bins,
                                      .weight = values + 2 * n_bins,
                                      .n_rows = (double)n,
                                      .ece = cred_ece(bins, n_bins)};
  const cred_plot_labels labels = {.title = cli_text(args, "title")};
  const cred_status status = cred_plot_new_reliability(out, &data, &labels);
  cred__free(values);
  return status;
}

cred_status cli__plot_reliability(cred_plot **out, const cli_args *args,
                                  const cred_model *model) {
  if (!cred_likelihood_is_class(cred_model_likelihood(model)))
    FAIL(CRED_ECONFIG, "the figure 'reliability' is of classes, the model predicts "
                       "numbers: see 'credence plot coverage'");
  const size_t n_bins = cli_size(args, "bins");
  rows r;
  cred_reliability_bin *bins = NULL;
  TRY(rows_init(&r, args, model, cli_positional(args, 2), true, 1));
  cred_status status = NEW(&bins, n_bins, "bins");
  if (status == CRED_OK) status = count_bins(bins, n_bins, &r);
  if (status == CRED_OK) status = draw_bins(out, args, bins, n_bins, r.data.n_rows);
  cred__free(bins);
  rows_clear(&r);
  return status;
}

// --- coverage ---

// The central interval of level c holds y where |2 F(y) - 1| <= c.
cred_status cli__plot_coverage(cred_plot **out, const cli_args *args,
                               const cred_model *model) {
  enum { LEVELS = 19 };
  double nominal[LEVELS], observed[LEVELS];
  size_t target;
  rows r;
  TRY(cli__plot_target(&target, args, model));
  TRY(rows_init(&r, args, model, cli_positional(args, 2), true, 1));
  const cred_prediction *p = &r.prediction;
  for (size_t k = 0; k < LEVELS; k++) {
    size_t n_inside = 0;
    nominal[k] = (double)(k + 1) / (LEVELS + 1);
    for (size_t i = 0; i < p->n_rows; i++)
      n_inside += fabs(2 * p->pit[i * p->n_targets + target] - 1) <= nominal[k];
    observed[k] = (double)n_inside / (double)p->n_rows;
  }
  const cred_plot_coverage data = {
      .n = LEVELS, .nominal = nominal, .observed = observed, .n_rows = (double)p->n_rows};
  const cred_plot_labels labels = {.title = cli_text(args, "title")};
  const cred_status status = cred_plot_new_coverage(out, &data, &labels);
  rows_clear(&r);
  return status;
}

// --- parity ---

cred_status cli__plot_parity(cred_plot **out, const cli_args *args,
                             const cred_model *model) {
  size_t target;
  rows r;
  double *values = NULL;
  TRY(cli__plot_target(&target, args, model));
  TRY(rows_init(&r, args, model, cli_positional(args, 2), true, 1));
  const cred_schema_target *t = &cred_model_schema(model)->targets[target];
  const cred_prediction *p = &r.prediction;
  const size_t n = p->n_rows;
  cred_status status = NEW(&values, 3 * n, "points");
  for (size_t i = 0; status == CRED_OK && i < n; i++) {
    const size_t at = i * p->n_targets + target;
    values[i] = t->mean + t->sd * (double)r.data.y[at];
    values[n + i] = p->mean[at];
    values[2 * n + i] = p->sd[at];
  }
  const cred_plot_parity data = {
      .n = n, .observed = values, .mean = values + n, .sd = values + 2 * n};
  char x[128], y[128];
  snprintf(x, sizeof x, "observed %.100s", t->name);
  snprintf(y, sizeof y, "predicted %.100s", t->name);
  const cred_plot_labels labels = {.title = cli_text(args, "title"), .x = x, .y = y};
  if (status == CRED_OK) status = cred_plot_new_parity(out, &data, &labels);
  cred__free(values);
  rows_clear(&r);
  return status;
}

// --- uncertainty ---

// One number a row: how little is known of it.
static cred_status take_scores(double **out, const rows *r, size_t target,
                               bool epistemic) {
  const cred_prediction *p = &r->prediction;
  const double *from = p->n_classes ? (epistemic ? p->mutual_information : p->entropy)
                                    : (epistemic ? p->sd_epistemic : p->sd);
  const size_t stride = p->n_classes ? 1 : p->n_targets;
  TRY(NEW(out, p->n_rows, "scores"));
  for (size_t i = 0; i < p->n_rows; i++) (*out)[i] = from[i * stride + target];
  return CRED_OK;
}

// Without its folders, but for the last one where the file of another folder has its
// name.
static const char *file_name(const char *path, const char *other) {
  const char *slash = strrchr(path, '/'), *other_slash = strrchr(other, '/');
  if (!slash) return path;
  if (strcmp(slash + 1, other_slash ? other_slash + 1 : other) != 0) return slash + 1;
  while (slash > path && slash[-1] != '/') slash--;
  return slash;
}

static cred_status draw_scores(cred_plot **out, const cli_args *args, const rows *inside,
                               const rows *outside, size_t target) {
  const bool classes = inside->prediction.n_classes > 0;
  const bool epistemic = cli_choice(args, "score") == 1;
  const char *names[2][2] = {{"sd", "epistemic sd"},
                             {"predictive entropy (nats)", "mutual information (nats)"}};
  const char *inside_path = cli_positional(args, 2),
             *outside_path = cli_text(args, "ood");
  const char *member = cli_text(args, "member"), *other = cli_text(args, "ood-member");
  const bool members = member && other && strcmp(inside_path, outside_path) == 0;
  double *first = NULL, *second = NULL;
  cred_plot_histogram data = {
      .n_first = inside->data.n_rows,
      .n_second = outside->data.n_rows,
      .first_name = members ? member : file_name(inside_path, outside_path),
      .second_name = members ? other : file_name(outside_path, inside_path),
      .auroc = NAN};
  const cred_plot_labels labels = {.title = cli_text(args, "title"),
                                   .x = names[classes][epistemic]};
  cred_status status;
  TRY_DONE(take_scores(&first, inside, target, epistemic));
  TRY_DONE(take_scores(&second, outside, target, epistemic));
  TRY_DONE(cred_detect_auroc(&data.auroc, first, data.n_first, second, data.n_second));
  data.first = first;
  data.second = second;
  status = cred_plot_new_histogram(out, &data, &labels);
done:
  cred__free(first);
  cred__free(second);
  return status;
}

cred_status cli__plot_uncertainty(cred_plot **out, const cli_args *args,
                                  const cred_model *model) {
  size_t target = 0;
  rows inside, outside;
  const char *other = cli_text(args, "ood");
  if (!other) return cli_usage("the rows to be told apart are missing: --ood FILE");
  TRY(cli_check_inputs(cli_positional(args, 2), other));
  if (!cred_likelihood_is_class(cred_model_likelihood(model)))
    TRY(cli__plot_target(&target, args, model));
  TRY(rows_init(&inside, args, model, cli_positional(args, 2), true, 0));
  cred_status status = rows_init(&outside, args, model, other, false, 0);
  if (status == CRED_OK) {
    status = draw_scores(out, args, &inside, &outside, target);
    rows_clear(&outside);
  }
  rows_clear(&inside);
  return status;
}
