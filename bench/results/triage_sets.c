// triage_sets.c -- how much is left to review, and what goes wrong among the rest, on
// real sets.
//
//   triage_sets wdbc FILE SPLITS       a fit a split: half of the rows to fit, a quarter
//                                      each to calibrate and to test
//   triage_sets pneumonia FILE SPLITS  (or pneumonia-conv: a convolutional network) one
//   fit of the training images; validation and test
//                                      images pooled, and split in halves to calibrate
//                                      and to test
// A line a posterior and promise: error of all test cases, share of the splits that
// proved nothing (there all cases are reviewed), mean share reviewed, pooled error among
// the kept (of the promise: all, or the class), share of all errors among the 20 % most
// doubtful.

#include <credence/data/split.h>
#include <credence/decide/triage.h>
#include <credence/model/fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(cred_status status) {
  if (!status) return;
  fprintf(stderr, "triage_sets: %s\n", cred_error_message());
  exit(status);
}

static const struct {
  const char *name;
  cred_fit_posterior posterior;
  size_t n_members;
} posteriors[] = {{"map", CRED_FIT_MAP, 1},
                  {"ensemble", CRED_FIT_MAP, 5},
                  {"dropout", CRED_FIT_DROPOUT, 1},
                  {"vi", CRED_FIT_VI, 1}};
enum { N_POSTERIORS = 4 };

// What is asked of the cases kept: errors, or misses of the positive class.
static const struct {
  const char *name;
  double max_error, max_miss;
} promises[] = {{"error", 0.05, NAN}, {"miss", NAN, 0.05}};
enum { N_PROMISES = 2 };

typedef struct {
  double wrong, cases; // of all test cases
  double reviewed;     // sum of shares
  size_t n_nothing, n_splits;
  double kept_wrong, kept; // of the promise
  double caught, errors;   // at a review rate of 20 %
} totals;

// Rows of cases as cases of their own, borrowed but for the arrays made here.
static cred_cases pick(const cred_cases *all, const size_t *rows, size_t n) {
  cred_cases c = {.n = n, .n_classes = all->n_classes};
  c.row = calloc(n, sizeof *c.row);
  c.label = calloc(n, sizeof *c.label);
  c.prob = calloc(n * all->n_classes, sizeof *c.prob);
  const double *const from[] = {
      all->confidence, all->entropy,  all->expected_entropy, all->mutual_information,
      all->sd,         all->distance, all->observed};
  double **const to[] = {
      &c.confidence, &c.entropy,  &c.expected_entropy, &c.mutual_information,
      &c.sd,         &c.distance, &c.observed};
  for (size_t k = 0; k < 7; k++) *to[k] = calloc(n, sizeof(double));
  for (size_t i = 0; i < n; i++) {
    c.row[i] = i;
    c.label[i] = all->label[rows[i]];
    memcpy(c.prob + i * c.n_classes, all->prob + rows[i] * c.n_classes,
           c.n_classes * sizeof *c.prob);
    for (size_t k = 0; k < 7; k++) (*to[k])[i] = from[k] ? from[k][rows[i]] : 0;
  }
  return c;
}

static void drop(cred_cases *c) {
  double *const arrays[] = {
      c->prob, c->confidence, c->entropy, c->expected_entropy, c->mutual_information,
      c->sd,   c->distance,   c->observed};
  for (size_t k = 0; k < 8; k++) free(arrays[k]);
  free(c->row), free(c->label);
}

static bool is_wrong(const cred_cases *c, size_t i) {
  return c->label[i] != (int32_t)c->observed[i];
}

static void count(totals *t, const cred_cases *test, const cred_rule *rule, bool miss) {
  cred_triage triage;
  stop(cred_triage_init(&triage, test, rule));
  t->reviewed += (double)triage.n_reviewed / (double)test->n;
  for (size_t i = 0; i < test->n; i++) {
    if (triage.review[i] || (miss && (size_t)test->observed[i] != rule->positive))
      continue;
    t->kept++;
    t->kept_wrong += is_wrong(test, i);
  }
  cred_triage_clear(&triage);
}

static void judge(totals *t, const cred_cases *known, const cred_cases *test,
                  size_t promise, size_t positive) {
  const cred_predict_options opt = cred_predict_defaults();
  cred_rule rule = cred_rule_defaults(&opt), budget = rule;
  cred_triage triage;
  const bool miss = !isnan(promises[promise].max_miss);
  rule.max_error = promises[promise].max_error;
  rule.max_miss = promises[promise].max_miss;
  rule.positive = positive;
  t->n_splits++;
  stop(cred_rule_by_budget(&budget, test, 0.2));
  stop(cred_triage_init(&triage, test, &budget));
  for (size_t i = 0; i < test->n; i++) {
    t->wrong += is_wrong(test, i);
    t->cases++;
    t->errors += is_wrong(test, i);
    t->caught += is_wrong(test, i) && triage.review[i];
  }
  cred_triage_clear(&triage);
  const cred_status status = cred_rule_by_bound(&rule, known);
  if (status == CRED_EDATA) { // nothing is proved: a person sees all
    t->n_nothing++;
    t->reviewed++;
    return;
  }
  stop(status);
  count(t, test, &rule, miss);
}

static void print(const totals *t, const char *set, size_t posterior, size_t promise) {
  printf("%s,%s,%s,%.4f,%.3f,%.4f,%.4f,%.3f\n", set, posteriors[posterior].name,
         promises[promise].name, t->wrong / t->cases,
         (double)t->n_nothing / (double)t->n_splits, t->reviewed / (double)t->n_splits,
         t->kept_wrong / t->kept, t->caught / t->errors);
  fflush(stdout);
}

typedef struct {
  const char *set, *net, *target;
  const char *prior_vi;                 // NULL: the default
  size_t steps, steps_vi, n_posteriors; // of the list above
  double rate, dropout, input_scale;
  bool own_scale; // pictures by their own mean and sd
} recipe;
static const recipe wdbc = {.set = "wdbc",
                            .net = "dense 50 relu",
                            .target = "c2",
                            .steps = 1000,
                            .steps_vi = 3000,
                            .n_posteriors = N_POSTERIORS,
                            .rate = 5e-3,
                            .dropout = 0.2};
static const recipe dense = {.set = "pneumonia",
                             .net = "dense 100 relu",
                             .target = "label",
                             .steps = 1500,
                             .steps_vi = 1500,
                             .n_posteriors = N_POSTERIORS,
                             .rate = 1e-3,
                             .dropout = 0.5,
                             .input_scale = 255};
static const recipe conv = {
    .set = "pneumonia-conv",
    .net = "conv 16 5 relu, pool 2, conv 32 5 relu, pool 2, dense 64 relu",
    .target = "label",
    .prior_vi = "normal 0.1", // by the default it predicts the class frequencies
    .steps = 500,
    .steps_vi = 1500,
    .n_posteriors = N_POSTERIORS,
    .rate = 1e-3,
    .dropout = 0.2,
    .input_scale = 1,
    .own_scale = true};

static cred_model *fit(const cred_table *table, const size_t *rows, size_t n,
                       size_t posterior, const recipe *how, uint64_t seed) {
  cred_model *model;
  cred_schema_options columns = cred_schema_defaults();
  cred_fit_options opt = cred_fit_defaults();
  const char *const ignore[] = {"c1"}; // wdbc: an identifier
  columns.targets = &how->target, columns.n_targets = 1;
  columns.task = CRED_TARGET_CLASS;
  columns.input_scale = how->input_scale;
  if (how == &wdbc) columns.ignore = ignore, columns.n_ignore = 1;
  opt.posterior = posteriors[posterior].posterior;
  opt.n_members = posteriors[posterior].n_members;
  opt.net = how->net;
  opt.steps = opt.posterior == CRED_FIT_VI ? how->steps_vi : how->steps;
  if (opt.posterior == CRED_FIT_VI && how->prior_vi) opt.prior = how->prior_vi;
  opt.schedule.rate = how->rate;
  opt.batch = 128;
  if (opt.posterior == CRED_FIT_DROPOUT) opt.dropout = how->dropout;
  opt.seed = seed, opt.n_threads = 1;
  stop(cred_model_fit(&model, NULL, table, rows, n, &columns, &opt));
  return model;
}

static cred_cases see(const cred_model *model, const cred_table *table,
                      const size_t *rows, size_t n) {
  cred_predict_options opt = cred_predict_defaults();
  cred_data data;
  cred_cases cases;
  opt.n_threads = 1;
  stop(cred_schema_encode(&data, cred_model_schema(model), table, rows, n, 1, 0));
  stop(cred_cases_init(&cases, model, &data, 0, &opt));
  cred_data_clear(&data);
  return cases;
}

static void shuffle(size_t *rows, size_t n, uint64_t split) {
  const cred_key key = cred_key_make(100 + split);
  for (size_t i = 0; i < n; i++) rows[i] = i;
  cred_key_shuffle(rows, n, &key);
}

static void run_wdbc(const char *path, size_t n_splits) {
  cred_table_options opt = cred_table_defaults();
  cred_table *table;
  opt.format = CRED_FORMAT_CSV, opt.header = 0;
  stop(cred_table_read(&table, path, &opt));
  const size_t n = cred_table_n_rows(table), half = n / 2, quarter = (n - half) / 2;
  size_t *rows = calloc(n, sizeof *rows);
  for (size_t p = 0; p < N_POSTERIORS; p++) {
    totals t[N_PROMISES] = {{0}};
    for (size_t split = 0; split < n_splits; split++) {
      shuffle(rows, n, split);
      cred_model *m = fit(table, rows, half, p, &wdbc, split + 1);
      cred_cases known = see(m, table, rows + half, quarter);
      cred_cases test = see(m, table, rows + half + quarter, n - half - quarter);
      judge(&t[0], &known, &test, 0, 1); // too few of class M to prove anything of misses
      cred_cases_clear(&known), cred_cases_clear(&test), cred_model_free(m);
    }
    print(&t[0], "wdbc", p, 0);
  }
  free(rows), cred_table_free(table);
}

// Each picture by its own mean and sd: how bright it was taken says nothing.
static void by_own_scale(cred_table **images) {
  const size_t n = cred_table_n_rows(*images), d = cred_table_n_columns(*images);
  double *v = calloc(n * d, sizeof *v);
  cred_table *scaled;
  cred_shape shape;
  size_t first;
  for (size_t i = 0; i < n; i++) {
    double sum = 0, squares = 0, *row = v + i * d;
    for (size_t j = 0; j < d; j++) {
      row[j] = cred_table_number(*images, i, j);
      sum += row[j], squares += row[j] * row[j];
    }
    const double mean = sum / (double)d;
    const double sd = sqrt(fmax(squares / (double)d - mean * mean, 1));
    for (size_t j = 0; j < d; j++) row[j] = (row[j] - mean) / sd;
  }
  stop(cred_table_from_array(&scaled, v, n, d, d, NULL));
  if (cred_table_shape(&shape, &first, *images))
    stop(cred_table_set_shape(scaled, shape, first));
  cred_table_free(*images);
  *images = scaled;
  free(v);
}

static cred_table *read_images(const char *path, const char *part, bool own_scale) {
  cred_table *x, *y, *both;
  cred_table_options opt = cred_table_defaults();
  char member[64];
  opt.format = CRED_FORMAT_NPZ, opt.member = member;
  snprintf(member, sizeof member, "%s_images", part);
  stop(cred_table_read(&x, path, &opt));
  snprintf(member, sizeof member, "%s_labels", part);
  stop(cred_table_read(&y, path, &opt));
  if (own_scale) by_own_scale(&x);
  stop(cred_table_join(&both, x, y, "label"));
  cred_table_free(x), cred_table_free(y);
  return both;
}

// Cases of both tables, one behind the other.
static cred_cases pool(const cred_cases *a, const cred_cases *b) {
  const size_t n = a->n + b->n;
  size_t *rows = calloc(n, sizeof *rows);
  cred_cases c = pick(a, rows, n); // room; every row is filled below
  const cred_cases *const from[] = {a, b};
  for (size_t i = 0; i < n; i++) {
    const cred_cases *f = from[i >= a->n];
    const size_t at = i < a->n ? i : i - a->n;
    c.label[i] = f->label[at];
    memcpy(c.prob + 2 * i, f->prob + 2 * at, 2 * sizeof *c.prob);
    c.confidence[i] = f->confidence[at], c.entropy[i] = f->entropy[at];
    c.expected_entropy[i] = f->expected_entropy[at];
    c.mutual_information[i] = f->mutual_information[at];
    c.sd[i] = f->sd[at], c.distance[i] = f->distance[at];
    c.observed[i] = f->observed[at];
  }
  free(rows);
  return c;
}

static void run_pneumonia(const char *path, size_t n_splits, const recipe *how) {
  cred_table *train = read_images(path, "train", how->own_scale),
             *validation = read_images(path, "val", how->own_scale),
             *tests = read_images(path, "test", how->own_scale);
  for (size_t p = 0; p < how->n_posteriors; p++) {
    totals t[N_PROMISES] = {{0}}, published = {0};
    cred_model *m = fit(train, NULL, 0, p, how, 1);
    cred_cases a = see(m, validation, NULL, 0), b = see(m, tests, NULL, 0);
    cred_cases all = pool(&a, &b);
    size_t *rows = calloc(all.n, sizeof *rows);
    for (size_t split = 0; split < n_splits; split++) {
      shuffle(rows, all.n, split);
      cred_cases known = pick(&all, rows, all.n / 2);
      cred_cases test = pick(&all, rows + all.n / 2, all.n - all.n / 2);
      for (size_t k = 0; k < N_PROMISES; k++) judge(&t[k], &known, &test, k, 1);
      drop(&known), drop(&test);
    }
    for (size_t k = 0; k < N_PROMISES; k++) print(&t[k], how->set, p, k);
    judge(&published, &a, &b, 0, 1); // validation to calibrate, test to test
    print(&published, "as published", p, 0);
    free(rows), drop(&all);
    cred_cases_clear(&a), cred_cases_clear(&b), cred_model_free(m);
  }
  cred_table_free(train), cred_table_free(validation), cred_table_free(tests);
}

int main(int n, char **words) {
  if (n < 4) {
    fprintf(stderr, "triage_sets wdbc|pneumonia FILE SPLITS\n");
    return CRED_EINVAL;
  }
  printf("set,posterior,promise,error,nothing,reviewed,kept_wrong,caught20\n");
  if (strcmp(words[1], "wdbc") == 0)
    run_wdbc(words[2], (size_t)atol(words[3]));
  else
    run_pneumonia(words[2], (size_t)atol(words[3]),
                  strcmp(words[1], conv.set) == 0 ? &conv : &dense);
  return 0;
}
