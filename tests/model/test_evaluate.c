// test_evaluate.c -- scores against loops of their own over the predictions, standard
// errors against the plain bootstrap.

#include "toy_model.h"
#include "credence/metric/bootstrap.h"
#include "credence/metric/classification.h"
#include "credence/metric/detection.h"
#include "credence/metric/diagnostics.h"
#include "credence/metric/regression.h"

static cred_evaluate_options options(size_t n_bootstrap) {
  cred_evaluate_options opt = cred_evaluate_defaults();
  opt.predict.n_draws = 20;
  opt.predict.n_threads = 2;
  opt.n_bootstrap = n_bootstrap;
  return opt;
}

static cred_evaluation *evaluate(const cred_model *model, const cred_data *data,
                                 const cred_evaluate_options *opt) {
  cred_evaluation *e;
  assert_ok(cred_model_evaluate(&e, model, data, opt));
  return e;
}

// One target, from the predictor's own blocks.
typedef struct {
  size_t n;
  double rmse, mae, r2, log_lik, crps, inside[3], width;
  double y[400], mean[400], pit[400];
} loops;

static void score_by_loops(loops *l, const cred_model *m, const cred_data *d,
                           const cred_predict_options *opt) {
  const cred_schema_target *target = &cred_model_schema(m)->targets[0];
  const double level[] = {0.5, 0.9, 0.95};
  cred_predictor *predictor;
  cred_prediction p;
  assert_ok(cred_predictor_new(&predictor, m, opt));
  assert_ok(cred_predictor_run(&p, predictor, d));
  double average = 0, squares = 0;
  *l = (loops){.n = d->n_rows};
  const double n = (double)d->n_rows;
  for (size_t i = 0; i < d->n_rows; i++) {
    l->y[i] = target->mean + target->sd * (double)d->y[i];
    l->mean[i] = p.mean[i];
    l->pit[i] = p.pit[i];
    average += l->y[i] / n;
    l->rmse += (l->y[i] - p.mean[i]) * (l->y[i] - p.mean[i]) / n;
    l->mae += fabs(l->y[i] - p.mean[i]) / n;
    l->log_lik += p.log_prob[i] / n;
    l->crps += p.crps[i] / n;
    l->width += (p.quantile[3 * i + 2] - p.quantile[3 * i]) / n;
    for (int k = 0; k < 3; k++)
      l->inside[k] +=
          (p.pit[i] >= (1 - level[k]) / 2 && p.pit[i] <= (1 + level[k]) / 2) / n;
  }
  for (size_t i = 0; i < d->n_rows; i++)
    squares += (l->y[i] - average) * (l->y[i] - average) / n;
  l->r2 = 1 - l->rmse / squares;
  l->rmse = sqrt(l->rmse);
  cred_predictor_free(predictor);
}

static double rmse_of_rows(void *context, const size_t *rows, size_t n) {
  const loops *l = context;
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (l->y[rows[i]] - l->mean[rows[i]]) * (l->y[rows[i]] - l->mean[rows[i]]);
  return sqrt(sum / (double)n);
}

static double ks_of_rows(void *context, const size_t *rows, size_t n) {
  const loops *l = context;
  double pit[400], distance;
  for (size_t i = 0; i < n; i++) pit[i] = l->pit[rows[i]];
  assert_ok(cred_uniform_ks(&distance, NULL, pit, n));
  return distance;
}

static double r2_of_rows(void *context, const size_t *rows, size_t n) {
  const loops *l = context;
  double y[400], mean[400];
  for (size_t i = 0; i < n; i++) y[i] = l->y[rows[i]], mean[i] = l->mean[rows[i]];
  return cred_r2(mean, y, NULL, n);
}

static void test_numbers(void **state) {
  (void)state;
  cred_model *m = fit_named("sine", 150, "y", -1, "gaussian");
  cred_data d = fresh(m, "sine", 200, 2);
  const cred_evaluate_options opt = options(200);
  cred_evaluation *e = evaluate(m, &d, &opt);
  static loops l;
  score_by_loops(&l, m, &d, &opt.predict);
  assert_near(score_of(e, "rmse"), l.rmse, 1e-12);
  assert_near(score_of(e, "mae"), l.mae, 1e-12);
  assert_near(score_of(e, "r2"), l.r2, 1e-12);
  assert_near(score_of(e, "log_lik"), l.log_lik, 1e-12);
  assert_near(score_of(e, "crps"), l.crps, 1e-12);
  assert_near(score_of(e, "coverage50"), l.inside[0], 1e-12);
  assert_near(score_of(e, "coverage90"), l.inside[1], 1e-12);
  assert_near(score_of(e, "coverage95"), l.inside[2], 1e-12);
  assert_near(score_of(e, "width90"), l.width, 1e-12);
  double distance, error;
  assert_ok(cred_uniform_ks(&distance, NULL, l.pit, l.n));
  assert_near(score_of(e, "pit_ks"), distance, 1e-12);
  assert_null(cred_evaluation_find(e, "conformal_coverage"));
  assert_null(cred_evaluation_find(e, "accuracy"));

  const cred_key key = cred_key_make(opt.predict.seed);
  assert_ok(cred_bootstrap_error(&error, rmse_of_rows, &l, l.n, 200, &key));
  assert_near(se_of(e, "rmse"), error, 1e-12);
  assert_ok(cred_bootstrap_error(&error, ks_of_rows, &l, l.n, 200, &key));
  assert_near(se_of(e, "pit_ks"), error, 1e-12);
  assert_ok(cred_bootstrap_error(&error, r2_of_rows, &l, l.n, 200, &key));
  assert_near(se_of(e, "r2"), error, 1e-12);

  for (size_t i = 0; i < d.n_rows; i++)
    assert_near(cred_evaluation_observed(e)[i], l.y[i], 1e-12);
  assert_int_equal(cred_evaluation_prediction(e)->n_rows, 200);
  assert_null(cred_evaluation_score(e, cred_evaluation_n_scores(e)));
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

static void test_threads_and_no_bootstrap(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 120, "label", -1, "bernoulli");
  cred_data d = fresh(m, "moons", 150, 2);
  cred_evaluate_options opt = options(50);
  opt.predict.n_threads = 1;
  cred_evaluation *one = evaluate(m, &d, &opt);
  opt.predict.n_threads = 3;
  cred_evaluation *three = evaluate(m, &d, &opt);
  opt.n_bootstrap = 0;
  cred_evaluation *none = evaluate(m, &d, &opt);
  for (size_t i = 0; i < cred_evaluation_n_scores(one); i++) {
    const cred_score *a = cred_evaluation_score(one, i),
                     *b = cred_evaluation_score(three, i);
    assert_string_equal(a->name, b->name);
    assert_memory_equal(&a->value, &b->value, sizeof a->value);
    assert_memory_equal(&a->se, &b->se, sizeof a->se);
    assert_true(a->se > 0);
    assert_true(isnan(cred_evaluation_score(none, i)->se));
    assert_near(cred_evaluation_score(none, i)->value, a->value, 0);
  }
  cred_evaluation_free(one);
  cred_evaluation_free(three);
  cred_evaluation_free(none);
  cred_data_clear(&d);
  cred_model_free(m);
}

// --- classes ---

typedef struct {
  size_t n, n_classes;
  const double *prob, *entropy;
  int32_t label[400];
  double confidence[400], correct[400];
} class_rows;

// P(a positive row above a negative one) by all pairs.
static double pairs_auroc(const double *score, size_t stride,
                          const unsigned char *positive, size_t n) {
  double above = 0, all = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      if (!positive[i] || positive[j]) continue;
      const double a = score[i * stride], b = score[j * stride];
      above += a > b ? 1 : a == b ? 0.5 : 0;
      all += 1;
    }
  return all > 0 ? above / all : NAN;
}

static double auroc_of_rows(void *context, const size_t *rows, size_t n) {
  const class_rows *r = context;
  double *prob = malloc(n * r->n_classes * sizeof *prob), out;
  int32_t label[400];
  for (size_t i = 0; i < n; i++) {
    label[i] = r->label[rows[i]];
    memcpy(prob + i * r->n_classes, r->prob + rows[i] * r->n_classes,
           r->n_classes * sizeof *prob);
  }
  const cred_status status = cred_auroc_classes(&out, prob, label, NULL, n, r->n_classes);
  free(prob);
  return status == CRED_OK ? out : NAN;
}

static double adaptive_of_rows(void *context, const size_t *rows, size_t n) {
  const class_rows *r = context;
  double confidence[400], correct[400];
  cred_reliability_bin bins[15];
  for (size_t i = 0; i < n; i++) {
    confidence[i] = r->confidence[rows[i]];
    correct[i] = r->correct[rows[i]];
  }
  assert_ok(cred_reliability_equal_mass(bins, 15, confidence, correct, NULL, n));
  return cred_ece(bins, 15);
}

static void check_classes(const char *name, const char *target, const char *likelihood) {
  cred_model *m = fit_named(name, 150, target, CRED_TARGET_CLASS, likelihood);
  cred_data d = fresh(m, name, 300, 2);
  const cred_evaluate_options opt = options(400);
  cred_evaluation *e = evaluate(m, &d, &opt);
  const cred_prediction *p = cred_evaluation_prediction(e);
  static class_rows r;
  r = (class_rows){
      .n = d.n_rows, .n_classes = p->n_classes, .prob = p->prob, .entropy = p->entropy};
  double accuracy = 0, brier = 0, log_lik = 0, macro = 0;
  unsigned char wrong[400], of_class[400];
  for (size_t i = 0; i < r.n; i++) {
    const double *row = p->prob + i * r.n_classes;
    r.label[i] = (int32_t)d.y[i];
    size_t best = 0;
    for (size_t c = 1; c < r.n_classes; c++)
      if (row[c] > row[best]) best = c;
    r.confidence[i] = row[best];
    r.correct[i] = (int32_t)best == r.label[i];
    wrong[i] = (int32_t)best != r.label[i];
    accuracy += r.correct[i] / (double)r.n;
    log_lik += log(row[r.label[i]]) / (double)r.n;
    for (size_t c = 0; c < r.n_classes; c++) {
      const double target_c = (int32_t)c == r.label[i];
      brier += (row[c] - target_c) * (row[c] - target_c) / (double)r.n;
    }
  }
  for (size_t c = 0; c < r.n_classes; c++) {
    for (size_t i = 0; i < r.n; i++) of_class[i] = r.label[i] == (int32_t)c;
    macro += pairs_auroc(r.prob + c, r.n_classes, of_class, r.n) / (double)r.n_classes;
  }
  assert_near(score_of(e, "accuracy"), accuracy, 1e-12);
  assert_near(score_of(e, "error"), 1 - accuracy, 1e-12);
  assert_near(score_of(e, "log_lik"), log_lik, 1e-9);
  assert_near(score_of(e, "brier"), brier, 1e-12);
  assert_near(score_of(e, "auroc"), macro, 1e-9);
  assert_true(accuracy < 1);
  assert_near(score_of(e, "auroc_error"), pairs_auroc(r.entropy, 1, wrong, r.n), 1e-9);
  size_t all[400];
  for (size_t i = 0; i < r.n; i++) all[i] = i;
  assert_near(score_of(e, "ece_adaptive"), adaptive_of_rows(&r, all, r.n), 1e-12);
  cred_reliability_bin bins[15];
  assert_ok(cred_reliability_equal_width(bins, 15, r.confidence, r.correct, NULL, r.n));
  assert_near(score_of(e, "ece"), cred_ece(bins, 15), 1e-12);

  double error;
  const cred_key key = cred_key_make(opt.predict.seed);
  assert_ok(cred_bootstrap_error(&error, adaptive_of_rows, &r, r.n, 400, &key));
  assert_near(se_of(e, "ece_adaptive"), error, 1e-12);
  // the influence of the rows is the first order of the plain bootstrap
  assert_ok(cred_bootstrap_error(&error, auroc_of_rows, &r, r.n, 400, &key));
  assert_near(se_of(e, "auroc") / error, 1, 0.1);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

static void test_two_classes(void **state) {
  (void)state;
  check_classes("moons", "label", "bernoulli");
}

static void test_several_classes(void **state) {
  (void)state;
  check_classes("rings", "label", "categorical");
}

static void test_one_class_only(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 120, "label", -1, "bernoulli");
  cred_data d = fresh(m, "moons", 40, 2);
  for (size_t i = 0; i < d.n_rows; i++) d.y[i] = 1;
  const cred_evaluate_options opt = options(20);
  cred_evaluation *e = evaluate(m, &d, &opt);
  assert_true(isnan(score_of(e, "auroc")));
  assert_true(isnan(se_of(e, "auroc")));
  assert_true(score_of(e, "accuracy") >= 0);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

// --- several targets, weights, counts ---

static void test_several_targets(void **state) {
  (void)state;
  char text[8000];
  size_t at = (size_t)sprintf(text, "x,a,b\n");
  for (int i = 0; i < 100; i++) {
    const double x = i / 50.0 - 1;
    at += (size_t)sprintf(text + at, "%g,%g,%g\n", x, 100 * x + i % 7,
                          x * x + 0.1 * (i % 5));
  }
  cred_table *t = table_of_text(text);
  const char *const targets[] = {"a", "b"};
  cred_model *m = fit_toy(t, targets, 2, -1, "gaussian");
  cred_data d = encode(m, t, 1);
  const cred_evaluate_options opt = options(10);
  cred_evaluation *e = evaluate(m, &d, &opt);
  const cred_prediction *p = cred_evaluation_prediction(e);
  size_t n_rmse = 0, n_log_lik = 0;
  for (size_t i = 0; i < cred_evaluation_n_scores(e); i++) {
    const cred_score *s = cred_evaluation_score(e, i);
    n_log_lik += strcmp(s->name, "log_lik") == 0;
    if (strcmp(s->name, "rmse") != 0) continue;
    double sum = 0;
    for (size_t k = 0; k < 100; k++) {
      const double y = cred_table_number(t, k, 1 + s->target);
      sum += (y - p->mean[2 * k + s->target]) * (y - p->mean[2 * k + s->target]);
    }
    assert_near(s->value, sqrt(sum / 100), 1e-5 * s->value);
    n_rmse++;
  }
  assert_int_equal(n_rmse, 2);
  assert_int_equal(n_log_lik, 1);
  assert_int_equal(cred_evaluation_find(e, "rmse")->target, 0);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
  cred_table_free(t);
}

// A row of weight 3 counts as three rows, one of weight 0 not at all.
static void test_weights(void **state) {
  (void)state;
  cred_model *m = fit_named("sine", 100, "y", -1, "gaussian");
  cred_table *t = toy_table("sine", 30, 5);
  size_t rows[60], n = 0;
  cred_data d = encode(m, t, 1), repeated;
  d.weight = malloc(30 * sizeof *d.weight);
  for (size_t i = 0; i < 30; i++) {
    d.weight[i] = (cred_real)(i % 4);
    for (size_t k = 0; k < i % 4; k++) rows[n++] = i;
  }
  assert_ok(cred_schema_encode(&repeated, cred_model_schema(m), t, rows, n, 1, 0));
  cred_evaluate_options opt = options(0);
  opt.predict.draws = CRED_DRAWS_MEAN; // CRPS samples are keyed by row: these agree too
  cred_evaluation *a = evaluate(m, &d, &opt), *b = evaluate(m, &repeated, &opt);
  for (size_t i = 0; i < cred_evaluation_n_scores(a); i++)
    assert_near(cred_evaluation_score(a, i)->value, cred_evaluation_score(b, i)->value,
                1e-9);
  cred_evaluation_free(a);
  cred_evaluation_free(b);
  free(d.weight);
  d.weight = NULL;
  cred_data_clear(&d);
  cred_data_clear(&repeated);
  cred_table_free(t);
  cred_model_free(m);
}

// P(Y <= y) of a Poisson count, summed in double.
static double poisson_cdf(double rate, double y) {
  double term = exp(-rate), sum = 0;
  for (double k = 0; k <= y; term *= rate / ++k) sum += term;
  return y < 0 ? 0 : sum;
}

// The PIT of a count lies evenly between the two sides of its step of the mixture's F, as
// the function draws give it.
static void test_counts(void **state) {
  (void)state;
  enum { ROWS = 200, DRAWS = 20 };
  cred_model *m = fit_named("counts", 200, "y", CRED_TARGET_COUNT, "poisson");
  cred_data d = fresh(m, "counts", ROWS, 2);
  cred_evaluate_options opt = options(10);
  opt.predict.draws = CRED_DRAWS_FUNCTION;
  cred_evaluation *e = evaluate(m, &d, &opt);
  static double rate[DRAWS][ROWS];
  assert_int_equal(cred_posterior_n_draws(cred_model_posterior(m), DRAWS), DRAWS);
  assert_ok(cred_model_function_draws(rate[0], m, &d, DRAWS, opt.predict.seed, 1));
  const double *pit = cred_evaluation_prediction(e)->pit;
  double mean = 0;
  for (size_t i = 0; i < ROWS; i++) {
    double low = 0, high = 0;
    for (size_t k = 0; k < DRAWS; k++) {
      low += poisson_cdf(rate[k][i], (double)d.y[i] - 1) / DRAWS;
      high += poisson_cdf(rate[k][i], (double)d.y[i]) / DRAWS;
    }
    assert_true(pit[i] >= low - 1e-4 && pit[i] <= high + 1e-4);
    mean += (pit[i] - low) / (high - low) / ROWS;
  }
  assert_near(mean, 0.5, 4 * sqrt(1.0 / 12 / ROWS));
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

// A Gaussian of carried moments knows whole numbers from 0 on only.
static void test_counts_by_moments(void **state) {
  (void)state;
  cred_model *m = fit_named("counts", 200, "y", CRED_TARGET_COUNT, "poisson");
  cred_data d = fresh(m, "counts", 100, 2);
  cred_evaluate_options opt = options(0);
  opt.predict.draws = CRED_DRAWS_MOMENTS;
  cred_evaluation *e = evaluate(m, &d, &opt);
  const cred_prediction *p = cred_evaluation_prediction(e);
  for (size_t i = 0; i < p->n_rows * p->n_levels; i++)
    assert_true(p->quantile[i] >= 0 && p->quantile[i] == floor(p->quantile[i]));
  for (size_t i = 0; i < p->n_rows; i++) assert_true(p->pit[i] >= 0 && p->pit[i] <= 1);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_model_free(m);
}

// --- outside rows ---

static void check_detection(const cred_evaluation *e, const char *auroc, const char *fpr,
                            const double *score, size_t n_inside) {
  const size_t n_outside = cred_evaluation_prediction(e)->n_rows - n_inside;
  double area, rate;
  assert_ok(cred_detect_auroc(&area, score, n_inside, score + n_inside, n_outside));
  assert_ok(cred_detect_fpr(&rate, score, n_inside, score + n_inside, n_outside, 0.95));
  assert_near(score_of(e, auroc), area, 1e-9);
  assert_near(score_of(e, fpr), rate, 1e-12);
  // Hanley & McNeil (1982) bound the variance by A (1 - A) / min(n)
  assert_true(
      se_of(e, auroc) <=
      sqrt(area * (1 - area) / (double)(n_inside < n_outside ? n_inside : n_outside)) *
          1.2);
}

static void test_ood(void **state) {
  (void)state;
  cred_model *m = fit_named("blobs", 150, "label", CRED_TARGET_CLASS, "categorical");
  cred_data d = fresh(m, "blobs", 120, 2), far = fresh(m, "blobs", 100, 3);
  for (size_t i = 0; i < far.n_rows; i++)
    for (size_t j = 0; j < far.n_inputs; j++)
      far.x[i * far.n_inputs + j] *= (cred_real)-0.5;
  const cred_evaluate_options opt = options(50);
  cred_evaluation *e;
  assert_ok(cred_model_evaluate_ood(&e, m, &d, &far, &opt));
  const cred_prediction *p = cred_evaluation_prediction(e);
  assert_int_equal(p->n_rows, 220);
  assert_null(cred_evaluation_observed(e));
  check_detection(e, "auroc_entropy", "fpr95_entropy", p->entropy, 120);
  check_detection(e, "auroc_mutual_information", "fpr95_mutual_information",
                  p->mutual_information, 120);
  cred_evaluation_free(e);

  // a set is not told from itself: all scores are ties in pairs
  assert_ok(cred_model_evaluate_ood(&e, m, &d, &d, &opt));
  assert_near(score_of(e, "auroc_entropy"), 0.5, 1e-12);
  int well;
  assert_non_null(strstr(cred_evaluation_verdict(e, &well), "does not tell"));
  assert_int_equal(well, 0);
  cred_evaluation_free(e);
  far.n_rows = 0;
  assert_fails(cred_model_evaluate_ood(&e, m, &d, &far, &opt), CRED_EDATA, "0 outside");
  cred_data_clear(&d);
  cred_data_clear(&far);
  cred_model_free(m);
}

static void test_ood_numbers(void **state) {
  (void)state;
  cred_model *m = fit_named("sine", 150, "y", -1, "gaussian");
  cred_data d = fresh(m, "sine", 120, 2), far = fresh(m, "sine", 100, 3);
  for (size_t i = 0; i < far.n_rows; i++) far.x[i] += 8;
  const cred_evaluate_options opt = options(50);
  cred_evaluation *e;
  assert_ok(cred_model_evaluate_ood(&e, m, &d, &far, &opt));
  const cred_prediction *p = cred_evaluation_prediction(e);
  check_detection(e, "auroc_sd", "fpr95_sd", p->sd, 120);
  check_detection(e, "auroc_sd_epistemic", "fpr95_sd_epistemic", p->sd_epistemic, 120);
  int well;
  assert_non_null(strstr(cred_evaluation_verdict(e, &well), "tells outside rows apart"));
  assert_int_equal(well, 1);
  cred_evaluation_free(e);
  cred_data_clear(&d);
  cred_data_clear(&far);
  cred_model_free(m);
}

// --- refusals ---

static void test_refusals(void **state) {
  (void)state;
  cred_model *m = fit_named("sine", 60, "y", -1, "gaussian");
  cred_data d = fresh(m, "sine", 20, 2), bare = d, empty = d, wide = d;
  cred_evaluate_options opt = options(10);
  cred_evaluation *e = (cred_evaluation *)&opt;
  bare.y = NULL;
  assert_fails(cred_model_evaluate(&e, m, &bare, &opt), CRED_EDATA, "the column 'y'");
  assert_null(e);
  empty.n_rows = 0;
  assert_fails(cred_model_evaluate(&e, m, &empty, &opt), CRED_EDATA, "no rows");
  wide.n_inputs = 7;
  assert_fails(cred_model_evaluate(&e, m, &wide, &opt), CRED_EINVAL, "7 inputs");
  opt.n_bins = 0;
  assert_fails(cred_model_evaluate(&e, m, &d, &opt), CRED_EINVAL, "0 bins");
  opt = options(1);
  assert_fails(cred_model_evaluate(&e, m, &d, &opt), CRED_EINVAL, "bootstrap");
  cred_data_clear(&d);
  cred_model_free(m);
  cred_evaluation_free(NULL);
}

static void test_seen_rows(void **state) {
  (void)state;
  cred_table *t = toy_table("sine", 50, 1), *other = toy_table("sine", 50, 2);
  const char *target = "y";
  const size_t train[] = {0, 3, 5, 7, 9, 11, 13, 20, 30, 40}, test[] = {1, 3, 40, 49};
  cred_model *m, *part;
  cred_schema_options schema = cred_schema_defaults();
  cred_fit_options opt = cred_fit_defaults();
  schema.targets = &target, schema.n_targets = 1;
  opt.net = "linear";
  opt.posterior = CRED_FIT_MAP;
  opt.epochs = 1;
  opt.n_members = 1;
  assert_ok(cred_model_fit(&m, NULL, t, NULL, 0, &schema, &opt));
  assert_ok(cred_model_fit(&part, NULL, t, train, 10, &schema, &opt));
  size_t n;
  assert_ok(cred_model_n_seen(&n, m, t, NULL, 0));
  assert_int_equal(n, 50);
  assert_ok(cred_model_n_seen(&n, m, t, test, 4));
  assert_int_equal(n, 4);
  assert_ok(cred_model_n_seen(&n, part, t, NULL, 0));
  assert_int_equal(n, 10);
  assert_ok(cred_model_n_seen(&n, part, t, test, 4));
  assert_int_equal(n, 2);
  assert_ok(cred_model_n_seen(&n, m, other, NULL, 0));
  assert_int_equal(n, 0);
  cred_model_free(m);
  cred_model_free(part);
  cred_table_free(t);
  cred_table_free(other);
}

static void fail_each_allocation(const cred_model *m, const cred_data *d, bool ood) {
  cred_evaluate_options opt = options(3);
  opt.predict.n_draws = 4;
  opt.predict.n_threads = 1;
  const long live = cred__alloc_live();
  cred_status status = CRED_ENOMEM;
  long k = 0;
  for (; status != CRED_OK && k < 2000; k++) {
    cred_evaluation *e = NULL;
    cred__alloc_fail_after(k);
    status = ood ? cred_model_evaluate_ood(&e, m, d, d, &opt)
                 : cred_model_evaluate(&e, m, d, &opt);
    cred__alloc_fail_after(-1);
    assert_true(status == CRED_OK || status == CRED_ENOMEM);
    assert_true((e != NULL) == (status == CRED_OK));
    cred_evaluation_free(e);
    assert_int_equal(cred__alloc_live(), live);
  }
  assert_true(k > 10);
}

static void test_no_memory(void **state) {
  (void)state;
  cred_model *m = fit_named("blobs", 60, "label", CRED_TARGET_CLASS, "categorical");
  cred_data d = fresh(m, "blobs", 20, 2);
  fail_each_allocation(m, &d, false);
  fail_each_allocation(m, &d, true);
  cred_data_clear(&d);
  cred_model_free(m);
  m = fit_named("counts", 60, "y", CRED_TARGET_COUNT, "poisson");
  d = fresh(m, "counts", 20, 2);
  fail_each_allocation(m, &d, false);
  cred_data_clear(&d);
  cred_model_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_threads_and_no_bootstrap),
      cmocka_unit_test(test_two_classes),
      cmocka_unit_test(test_several_classes),
      cmocka_unit_test(test_one_class_only),
      cmocka_unit_test(test_several_targets),
      cmocka_unit_test(test_weights),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_counts_by_moments),
      cmocka_unit_test(test_ood),
      cmocka_unit_test(test_ood_numbers),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_seen_rows),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
