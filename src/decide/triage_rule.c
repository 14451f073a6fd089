// triage_rule.c -- limits chosen from cases: by a budget, by a proved bound, by outliers.
//
// The grid of thresholds is the same for all data: 32 points a decade, and one that keeps
// every case. A limit that was given on the same doubt ends the grid: thresholds beyond
// it are not tried, so that the path of the tests does not depend on what is wrong.

#include "base/alloc.h"
#include "base/fail.h"
#include "credence/decide/triage.h"
#include "credence/metric/calibration.h"
#include "credence/metric/uncertainty.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

cred_rule cred_rule_defaults(const cred_predict_options *opt) {
  cred_rule rule = {.review_rate = NAN,
                    .max_error = NAN,
                    .max_miss = NAN,
                    .tolerance = NAN,
                    .confidence = 0.95,
                    .upper = NAN,
                    .upper_miss = NAN,
                    .positive = 1,
                    .draws = opt->draws,
                    .n_draws = opt->n_draws,
                    .seed = opt->seed};
  for (int d = 0; d < CRED_N_DOUBTS; d++) rule.limit[d] = INFINITY;
  return rule;
}

cred_status cred_rule_by_budget(cred_rule *rule, const cred_cases *c, double rate) {
  double *scratch;
  const double *doubt;
  if (!(rate >= 0 && rate < 1))
    FAIL(CRED_EINVAL, "review rate is %g, expected a share in [0, 1), such as 0.1", rate);
  TRY(NEW(&scratch, c->n, "doubts"));
  cred_status status = cred_cases_doubt(&doubt, scratch, c, rule->doubt);
  if (status == CRED_OK) {
    // 20 * 0.05 must count as 1, whatever its last digit is
    const size_t n_review = (size_t)floor((double)c->n * rate * (1 + 1e-12));
    if (doubt != scratch) memcpy(scratch, doubt, c->n * sizeof *scratch);
    cred_sort(scratch, c->n);
    const double limit = n_review ? scratch[c->n - 1 - n_review] : INFINITY;
    if (limit <= rule->limit[rule->doubt]) { // else what is given reviews more
      rule->limit[rule->doubt] = limit;
      rule->kind = CRED_RULE_BUDGET;
      rule->review_rate = rate;
    }
  }
  cred__free(scratch);
  return status;
}

cred_status cred_rule_by_outliers(cred_rule *rule, const cred_cases *c, double rate) {
  double q;
  if (!(rate > 0 && rate < 1))
    FAIL(CRED_EINVAL, "outlier rate is %g, expected a share in (0, 1), such as 0.01",
         rate);
  const size_t n_min = cred_conformal_rows_min(rate);
  if (c->n < n_min)
    FAIL(CRED_EDATA,
         "%zu calibration rows are too few for an outlier rate of %g, which takes at "
         "least %zu",
         c->n, rate, n_min);
  TRY(cred_conformal_quantile(&q, c->distance, c->n, rate));
  rule->limit[CRED_DOUBT_DISTANCE] = fmin(q, rule->limit[CRED_DOUBT_DISTANCE]);
  return CRED_OK;
}

// --- a proved bound ---

enum { PER_DECADE = 32, GRID_MAX = 24 * PER_DECADE + 2 };

// Up to `last`, the limit that was given.
static size_t make_grid(double grid[GRID_MAX], cred_doubt doubt, double last) {
  static const int from[CRED_N_DOUBTS] = {-6, -6, -6, -9, -2},
                   to[CRED_N_DOUBTS] = {0, 2, 2, 9, 6};
  size_t n = 0;
  for (int k = from[doubt] * PER_DECADE; k <= to[doubt] * PER_DECADE; k++) {
    const double threshold = pow(10, (double)k / PER_DECADE);
    if (threshold < last) grid[n++] = threshold;
  }
  grid[n++] = last;
  return n;
}

// The promises of a rule on the calibration cases.
typedef struct {
  double *doubt, *expected_wrong[2], *expected_counts[2];
  unsigned char *wrong, *counts[2];
  cred_promise promise[2];
  size_t n;
} promises;

static void promises_clear(promises *p) {
  cred__free(p->doubt);
  cred__free(p->wrong);
  for (int i = 0; i < 2; i++) {
    cred__free(p->expected_wrong[i]);
    cred__free(p->expected_counts[i]);
    cred__free(p->counts[i]);
  }
}

static double probability_wrong(const cred_cases *c, size_t i, const cred_rule *rule) {
  if (c->n_classes) return 1 - c->confidence[i];
  return erfc(rule->tolerance / (c->sd[i] * 1.4142135623730951));
}

static bool is_wrong(const cred_cases *c, size_t i, const cred_rule *rule) {
  if (c->n_classes) return c->label[i] != (int32_t)c->observed[i];
  return !(fabs(c->observed[i] - c->mean[i]) <= rule->tolerance);
}

// Cases that other limits send to review do not count, nor, for misses, those of another
// class; what the model expects of both needs no label.
static void add_promise(promises *p, const cred_cases *c, const cred_rule *rule,
                        const cred_triage *others, bool miss) {
  const size_t j = p->n++, k = c->n_classes;
  for (size_t i = 0; i < c->n; i++) {
    p->counts[j][i] = !others->review[i];
    if (miss && (size_t)c->observed[i] != rule->positive) p->counts[j][i] = 0;
    if (others->review[i]) continue; // both stay 0
    const double positive = miss ? c->prob[i * k + rule->positive] : 1;
    const bool missed = miss && c->label[i] != (int32_t)rule->positive;
    p->expected_counts[j][i] = positive;
    p->expected_wrong[j][i] = !miss    ? probability_wrong(c, i, rule)
                              : missed ? positive
                                       : 0;
  }
  p->promise[j] = (cred_promise){.n = c->n,
                                 .doubt = p->doubt,
                                 .wrong = p->wrong,
                                 .counts = p->counts[j],
                                 .expected_wrong = p->expected_wrong[j],
                                 .expected_counts = p->expected_counts[j],
                                 .bound = miss ? rule->max_miss : rule->max_error};
}

static cred_status promises_init(promises *p, const cred_cases *c,
                                 const cred_rule *rule) {
  cred_rule others = *rule;
  cred_triage t;
  const double *doubt;
  TRY(NEW(&p->doubt, c->n, "doubts"));
  TRY(NEW(&p->wrong, c->n, "doubts"));
  for (int i = 0; i < 2; i++) {
    TRY(NEW(&p->expected_wrong[i], c->n, "doubts"));
    TRY(NEW(&p->expected_counts[i], c->n, "doubts"));
    TRY(NEW(&p->counts[i], c->n, "doubts"));
  }
  TRY(cred_cases_doubt(&doubt, p->doubt, c, rule->doubt));
  if (doubt != p->doubt) memcpy(p->doubt, doubt, c->n * sizeof *doubt);
  others.kind = CRED_RULE_GIVEN;
  others.limit[rule->doubt] = INFINITY;
  TRY(cred_triage_init(&t, c, &others));
  for (size_t i = 0; i < c->n; i++) p->wrong[i] = is_wrong(c, i, rule);
  if (!isnan(rule->max_error)) add_promise(p, c, rule, &t, false);
  if (!isnan(rule->max_miss)) add_promise(p, c, rule, &t, true);
  cred_triage_clear(&t);
  return CRED_OK;
}

static cred_status check_bound(const cred_rule *r, const cred_cases *c) {
  if (isnan(r->max_error) && isnan(r->max_miss))
    FAIL(CRED_EINVAL, "triage: no bound is given, neither on errors nor on misses");
  if (!c->observed)
    FAIL(CRED_EDATA, "triage: the calibration rows have no targets: nothing can be "
                     "proved without knowing what is wrong");
  for (size_t i = 0; i < c->n; i++)
    if (isnan(c->observed[i]))
      FAIL(CRED_EDATA, "triage: the calibration row %llu has no target",
           (unsigned long long)c->row[i]);
  if (!c->n_classes && !isnan(r->max_miss))
    FAIL(CRED_ECONFIG, "a miss rate is of a class, the model predicts numbers: give a "
                       "bound on errors and a tolerance");
  if (!c->n_classes && !(r->tolerance >= 0))
    FAIL(CRED_ECONFIG, "a bound on errors of numbers needs a tolerance: how far off is "
                       "wrong? (--tolerance)");
  if (c->n_classes && r->positive >= c->n_classes)
    FAIL(CRED_EINVAL, "triage: class %zu of %zu", r->positive, c->n_classes);
  return CRED_OK;
}

// Nothing is kept at the limit that was given, which is the loosest that is tested.
static cred_status check_kept(const promises *p, const cred_rule *r) {
  const double limit = r->limit[r->doubt];
  for (size_t i = 0; i < p->promise[0].n; i++)
    if (p->doubt[i] <= limit) return CRED_OK;
  FAIL(
      CRED_EDATA,
      "none of the %zu calibration rows is within the limit on %s that is given: nothing "
      "is kept that a bound could be proved on",
      p->promise[0].n, cred_doubt_name(r->doubt));
}

static cred_status fail_unproved(const cred_rule *r, const cred_bound_info *info,
                                 size_t n, const cred_promise *failed) {
  const bool miss =
      failed->bound == r->max_miss && (isnan(r->max_error) || info->promise);
  const char *what = miss ? "missed" : "wrong", *of = miss ? " of that class" : "";
  const size_t n_min = cred_bound_rows_min(failed->bound, r->confidence);
  char needed[160];
  if (info->n_needed)
    snprintf(
        needed, sizeof needed,
        "; at the rates seen here about %zu rows would prove it half of the time, at "
        "the limit that needs the fewest",
        info->n_needed);
  else
    snprintf(needed, sizeof needed,
             "; at the rates seen here no number of rows would do");
  if (info->n_rows < n_min)
    FAIL(CRED_EDATA,
         "%zu calibration rows%s are too few to prove that at most %g of the kept are "
         "%s with confidence %g, which takes at least %zu kept ones, none of them %s%s",
         info->n_rows, of, failed->bound, what, r->confidence, n_min, what,
         info->n_needed ? needed : "");
  FAIL(CRED_EDATA,
       "these %zu calibration rows do not prove that at most %g of the kept%s are %s "
       "with confidence %g: of the %zu where it was most likely %zu are %s, which proves "
       "%.3g%s. Give more rows, a larger bound, or a better model",
       n, failed->bound, of, what, r->confidence, info->n_kept, info->n_wrong, what,
       info->upper, needed);
}

// What the limit proves of the misses, where errors are the first promise.
static void prove_misses(cred_rule *rule, const promises *p) {
  rule->n_rows_miss = rule->n_kept_miss = rule->n_wrong_miss = 0;
  rule->upper_miss = NAN;
  if (p->n < 2) return;
  const cred_promise *miss = &p->promise[1];
  for (size_t i = 0; i < miss->n; i++) {
    if (!miss->counts[i]) continue;
    rule->n_rows_miss++;
    if (!(p->doubt[i] <= rule->limit[rule->doubt])) continue;
    rule->n_kept_miss++;
    rule->n_wrong_miss += miss->wrong[i];
  }
  rule->upper_miss =
      cred_binomial_upper(rule->n_wrong_miss, rule->n_kept_miss, rule->confidence);
}

cred_status cred_rule_by_bound(cred_rule *rule, const cred_cases *c) {
  promises p = {0};
  cred_bound_info info;
  double grid[GRID_MAX];
  cred_status status;
  TRY(check_bound(rule, c));
  TRY_DONE(promises_init(&p, c, rule));
  TRY_DONE(check_kept(&p, rule));
  const size_t n_grid = make_grid(grid, rule->doubt, rule->limit[rule->doubt]);
  TRY_DONE(cred_bound_choose(&info, p.promise, p.n, grid, n_grid, rule->confidence));
  if (!info.proved) {
    status = fail_unproved(rule, &info, c->n, &p.promise[info.promise]);
    goto done;
  }
  rule->kind = CRED_RULE_BOUND;
  rule->limit[rule->doubt] = info.threshold;
  rule->n_rows = info.n_rows;
  rule->n_kept = info.n_kept;
  rule->n_wrong = info.n_wrong;
  rule->upper = info.upper;
  prove_misses(rule, &p);
done:
  promises_clear(&p);
  return status;
}
