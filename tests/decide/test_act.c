// test_act.c -- risks against closed forms and brute force; constraints; common draws.

#include "model/toy_model.h"
#include "credence/decide/act.h"
#include "credence/metric/uncertainty.h"
#include "kernel/special.h"

// The mean of the worst share a of N(m, s^2) is m - s phi(z_a) / a; its quantile m + s
// z_a. Values at the midpoints of n equal shares have both up to O(1 / n).
static void test_cvar_of_a_normal(void **state) {
  (void)state;
  enum { N = 200000 };
  double *x = malloc(N * sizeof *x);
  const double m = 0.7, s = 1.3;
  for (size_t i = 0; i < N; i++) x[i] = m + s * cred__normal_quantile((i + 0.5) / N);
  static const double levels[] = {0.01, 0.05, 0.1, 0.5, 0.9};
  for (size_t k = 0; k < 5; k++) {
    const double z = cred__normal_quantile(levels[k]);
    const double cvar = m - s * exp(cred__normal_log_pdf(z)) / levels[k];
    assert_near(cred_cvar_sorted(x, N, levels[k]), cvar, 2e-3);
    assert_near(cred_quantile_sorted(x, N, levels[k]), m + s * z, 1e-3);
  }
  free(x);
}

// Uniform on [0, 1]: CVaR a / 2. Exponential: 1 + (1 - a) log(1 - a) / a.
static void test_cvar_of_others(void **state) {
  (void)state;
  enum { N = 100000 };
  double *u = malloc(2 * N * sizeof *u), *e = u + N;
  for (size_t i = 0; i < N; i++) u[i] = (i + 0.5) / N, e[i] = -log1p(-u[i]);
  for (double a = 0.05; a < 1; a += 0.1) {
    assert_near(cred_cvar_sorted(u, N, a), a / 2, 1e-5);
    assert_near(cred_cvar_sorted(e, N, a), 1 + (1 - a) * log1p(-a) / a, 1e-4);
  }
  free(u);
}

static void test_cvar_by_hand(void **state) {
  (void)state;
  const double x[] = {-3, 1, 2, 10};
  assert_near(cred_cvar_sorted(x, 4, 0.25), -3, 0);
  assert_near(cred_cvar_sorted(x, 4, 0.1), -3, 1e-15); // a part of the worst value
  assert_near(cred_cvar_sorted(x, 4, 0.5), -1, 1e-15);
  assert_near(cred_cvar_sorted(x, 4, 0.375), (-3 + 0.5) / 1.5, 1e-15);
  assert_near(cred_cvar_sorted(x, 4, 0.9999999999), 2.5, 1e-8);
  assert_near(cred_cvar_sorted(x, 1, 0.3), -3, 0);
}

// --- with a model: y from a state s and an action a, two targets ---

typedef struct {
  cred_model *model;
  cred_data data;
  size_t n_states, n_actions;
} setting;

// value rises with a; its noise too (heteroscedastic), cost is 2 a.
static setting make(const char *likelihood, const char *const *targets,
                    size_t n_targets) {
  setting s = {.n_states = 3, .n_actions = 4};
  char *text = NULL;
  size_t n_bytes;
  FILE *file = open_memstream(&text, &n_bytes);
  const cred_key key = cred_key_make(5);
  fprintf(file, "s,a,value,cost\n");
  for (uint64_t i = 0; i < 300; i++) {
    const double state = cred_key_uniform(&key, 3 * i),
                 a = cred_key_uniform(&key, 3 * i + 1);
    fprintf(file, "%.6f,%.6f,%.6f,%.6f\n", state, a,
            a * (1 + state) + 2 * a * cred_key_normal(&key, 3 * i + 2), 2 * a);
  }
  fclose(file);
  cred_table *table = table_of_text(text);
  free(text);
  cred_schema_options schema = cred_schema_defaults();
  cred_fit_options opt = cred_fit_defaults();
  const char *ignore[] = {"cost"};
  schema.targets = targets;
  schema.n_targets = n_targets;
  if (n_targets == 1) schema.ignore = ignore, schema.n_ignore = 1;
  opt.posterior = CRED_FIT_VI;
  opt.net = "dense 8 tanh";
  opt.likelihood = likelihood;
  opt.n_members = 2;
  opt.epochs = 150;
  opt.batch = 50;
  opt.schedule.rate = 0.02;
  opt.validation = 0;
  assert_ok(cred_model_fit(&s.model, NULL, table, NULL, 0, &schema, &opt));
  cred_table_free(table);
  char rows[512] = "s,a\n";
  for (size_t i = 0; i < s.n_states; i++)
    for (size_t a = 0; a < s.n_actions; a++)
      snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%g,%g\n", 0.3 * i,
               0.3 * a);
  table = table_of_text(rows);
  s.data = encode(s.model, table, 0);
  cred_table_free(table);
  return s;
}

static void clear(setting *s) {
  cred_data_clear(&s->data);
  cred_model_free(s->model);
}

static const char *const one[] = {"value"}, *const both[] = {"value", "cost"};

static cred_risk risk_of(cred_risk_kind kind) {
  cred_risk r = cred_risk_defaults();
  r.kind = kind;
  r.n_draws = 400;
  r.n_threads = 1;
  return r;
}

static cred_choices judge(const setting *s, const cred_risk *r) {
  const cred_quantity value = {s->model, 0};
  cred_choices c;
  assert_ok(cred_choices_init(&c, &value, &s->data, NULL, NULL, s->n_actions, r));
  return c;
}

// Scores against what the function draws say, computed here.
static void test_scores_by_brute_force(void **state) {
  (void)state;
  setting s = make("heteroscedastic", one, 1);
  const size_t n = s.data.n_rows;
  double *draws = malloc(400 * n * sizeof *draws);
  assert_ok(cred_model_function_draws(draws, s.model, &s.data, 400, 1, 1));
  cred_risk r = risk_of(CRED_RISK_UCB);
  r.k = 1.5;
  cred_choices c = judge(&s, &r);
  for (size_t i = 0; i < n; i++) {
    double mean = 0, square = 0;
    for (size_t k = 0; k < 400; k++) mean += draws[k * n + i] / 400;
    for (size_t k = 0; k < 400; k++)
      square += (draws[k * n + i] - mean) * (draws[k * n + i] - mean) / 399;
    assert_near(c.mean[i], mean, 1e-6);
    assert_near(c.sd_epistemic[i], sqrt(square), 1e-6);
    assert_near(c.score[i], mean + 1.5 * sqrt(square), 1e-6);
  }
  for (size_t st = 0; st < s.n_states; st++) {
    double p[4] = {0}, sum = 0;
    for (size_t k = 0; k < 400; k++) {
      size_t best = 0;
      for (size_t a = 1; a < 4; a++)
        if (draws[k * n + 4 * st + a] > draws[k * n + 4 * st + best]) best = a;
      p[best] += 1.0 / 400;
    }
    for (size_t a = 0; a < 4; a++) {
      assert_near(c.p_best[4 * st + a], p[a], 1e-9);
      sum += c.p_best[4 * st + a];
    }
    assert_near(sum, 1, 1e-9);
  }
  cred_choices_clear(&c);

  // one draw decides in Thompson sampling: the scores of a state are those of that draw
  r.kind = CRED_RISK_THOMPSON;
  c = judge(&s, &r);
  for (size_t st = 0; st < s.n_states; st++) {
    bool found = false;
    for (size_t k = 0; k < 400 && !found; k++) {
      found = true;
      for (size_t a = 0; a < 4; a++)
        found &= fabs(draws[k * n + 4 * st + a] - c.score[4 * st + a]) < 1e-9;
    }
    assert_true(found);
  }
  cred_choices_clear(&c);
  free(draws);
  clear(&s);
}

// The total sd of the scores is that of a prediction by function draws; CVaR and quantile
// of the outcomes agree with the predictive mixture's quantiles within 4 standard errors.
static void test_outcomes(void **state) {
  (void)state;
  setting s = make("heteroscedastic", one, 1);
  cred_risk r = risk_of(CRED_RISK_QUANTILE);
  cred_predict_options opt = cred_predict_defaults();
  cred_predictor *predictor;
  cred_prediction p;
  r.level = 0.5;
  r.n_draws = 4000;
  opt.n_draws = 4000;
  opt.draws = CRED_DRAWS_FUNCTION;
  assert_ok(cred_predictor_new(&predictor, s.model, &opt));
  assert_ok(cred_predictor_run(&p, predictor, &s.data));
  cred_choices c = judge(&s, &r);
  r.kind = CRED_RISK_CVAR;
  r.level = 0.05;
  cred_choices tail = judge(&s, &r);
  for (size_t i = 0; i < s.data.n_rows; i++) {
    assert_near(c.mean[i], p.mean[i], 1e-4);
    assert_near(c.sd[i], p.sd[i], 1e-3 * p.sd[i]);
    assert_near(c.score[i], p.quantile[3 * i + 1], 4 * 1.2533 * p.sd[i] / sqrt(4000));
    assert_true(tail.score[i] < p.quantile[3 * i]); // beyond the 5 % quantile
    assert_true(tail.score[i] > p.mean[i] - 6 * p.sd[i]);
  }
  cred_choices_clear(&c);
  cred_choices_clear(&tail);
  cred_predictor_free(predictor);
  clear(&s);
}

// Same draws, same noise: of two equal actions none is ever better, and the choice is the
// first. Their outcomes are equal one by one.
static void test_equal_actions(void **state) {
  (void)state;
  setting s = make("gaussian", one, 1);
  const size_t d = s.data.n_inputs;
  for (size_t i = 1; i < s.data.n_rows; i++)
    memcpy(s.data.x + i * d, s.data.x, d * sizeof *s.data.x);
  for (int kind = CRED_RISK_MEAN; kind <= CRED_RISK_BEST; kind++) {
    const cred_risk r = risk_of((cred_risk_kind)kind);
    cred_choices c = judge(&s, &r);
    for (size_t st = 0; st < s.n_states; st++) {
      assert_int_equal(c.best[st], 0);
      for (size_t a = 0; a < 4; a++) {
        assert_near(c.score[4 * st + a], c.score[4 * st], 1e-12);
        assert_near(c.p_best[4 * st + a], 0.25, 1e-9);
      }
    }
    cred_choices_clear(&c);
  }
  clear(&s);
}

// A lower bound shuns what a larger mean hides; a constraint leaves out by P(cost > c).
static void test_risk_and_constraint(void **state) {
  (void)state;
  setting s = make("heteroscedastic", both, 2);
  cred_risk r = risk_of(CRED_RISK_MEAN);
  cred_choices c = judge(&s, &r);
  for (size_t st = 0; st < s.n_states; st++) assert_true(c.best[st] >= 2);
  cred_choices_clear(&c);
  r = risk_of(CRED_RISK_LCB);
  r.k = 3;
  c = judge(&s, &r);
  for (size_t st = 0; st < s.n_states; st++) assert_int_equal(c.best[st], 0);
  cred_choices_clear(&c);

  const cred_quantity value = {s.model, 0}, cost = {s.model, 1};
  r = risk_of(CRED_RISK_MEAN);
  r.limit = 0.95; // cost is 0, 0.6, 1.2, 1.8
  r.delta = 0.3;
  assert_ok(cred_choices_init(&c, &value, &s.data, &cost, &s.data, 4, &r));
  for (size_t st = 0; st < s.n_states; st++) {
    assert_int_equal(c.best[st], 1);
    assert_true(c.p_cost[4 * st] < 0.05 && c.p_cost[4 * st + 3] > 0.95);
  }
  cred_choices_clear(&c);
  r.limit = -1;
  assert_ok(cred_choices_init(&c, &value, &s.data, &cost, &s.data, 4, &r));
  for (size_t st = 0; st < s.n_states; st++) assert_true(c.best[st] == SIZE_MAX);
  cred_choices_clear(&c);
  // a value that is a loss
  r = risk_of(CRED_RISK_MEAN);
  r.minimise = true;
  assert_ok(cred_choices_init(&c, &cost, &s.data, NULL, NULL, 4, &r));
  for (size_t st = 0; st < s.n_states; st++) {
    assert_int_equal(c.best[st], 0);
    assert_near(c.mean[4 * st + 3], 1.8, 0.2);
    assert_near(c.score[4 * st + 3], -c.mean[4 * st + 3], 1e-12);
  }
  cred_choices_clear(&c);
  clear(&s);
}

// The probability of a class as value and as cost.
static void test_classes(void **state) {
  (void)state;
  cred_model *m = fit_named("moons", 150, "label", -1, NULL);
  cred_data data = fresh(m, "moons", 6, 2);
  const cred_quantity value = {m, 1}, cost = {m, 0};
  cred_risk r = risk_of(CRED_RISK_MEAN);
  cred_choices c;
  r.delta = 0.5;
  r.limit = 0;
  assert_ok(cred_choices_init(&c, &value, &data, &cost, &data, 3, &r));
  for (size_t i = 0; i < 6; i++) assert_near(c.mean[i] + c.p_cost[i], 1, 1e-6);
  for (size_t st = 0; st < 2; st++)
    assert_true(c.best[st] == SIZE_MAX || c.p_cost[3 * st + c.best[st]] <= 0.5);
  cred_choices_clear(&c);
  cred_data_clear(&data);
  cred_model_free(m);
}

// A point posterior has one function; the outcomes are still as many as asked.
static void test_outcomes_of_a_point(void **state) {
  (void)state;
  cred_table *table = toy_table("sine", 60, 1);
  cred_schema_options schema = cred_schema_defaults();
  cred_fit_options opt = cred_fit_defaults();
  const char *target = "y";
  cred_model *m;
  schema.targets = &target;
  schema.n_targets = 1;
  opt.posterior = CRED_FIT_MAP;
  opt.net = "dense 4 tanh";
  opt.likelihood = "gaussian 0.5";
  opt.epochs = 5;
  opt.validation = 0;
  assert_ok(cred_model_fit(&m, NULL, table, NULL, 0, &schema, &opt));
  cred_data data = encode(m, table, 0);
  data.n_rows = 2;
  const cred_quantity value = {m, 0};
  cred_risk r = risk_of(CRED_RISK_CVAR);
  r.n_draws = 20000;
  r.level = 0.1;
  cred_choices c;
  assert_ok(cred_choices_init(&c, &value, &data, NULL, NULL, 2, &r));
  assert_int_equal(cred_outcome_n_draws(&value, &r), 20000);
  // a Gaussian of known sd: mean - sd phi(z) / 0.1, sd of that estimate about 2 sd /
  // sqrt(2000)
  for (size_t i = 0; i < 2; i++) {
    assert_near(c.sd_epistemic[i], 0, 0);
    assert_near(c.score[i], c.mean[i] - 1.75498 * c.sd[i], 4 * 2 * c.sd[i] / sqrt(2000));
  }
  cred_choices_clear(&c);
  cred_data_clear(&data);
  cred_table_free(table);
  cred_model_free(m);
}

static void test_threads_and_blocks(void **state) {
  (void)state;
  setting s = make("gaussian", one, 1);
  cred_risk r = risk_of(CRED_RISK_CVAR);
  cred_choices a = judge(&s, &r);
  r.n_threads = 3;
  cred_choices b = judge(&s, &r);
  assert_memory_equal(a.score, b.score, s.data.n_rows * sizeof *a.score);
  cred_choices_clear(&b);
  // a state judged alone is judged as among others
  s.data.n_rows = 4;
  b = judge(&s, &r);
  assert_memory_equal(a.score, b.score, 4 * sizeof *a.score);
  cred_choices_clear(&a);
  cred_choices_clear(&b);
  clear(&s);
}

static void test_bad_arguments(void **state) {
  (void)state;
  setting s = make("gaussian", one, 1);
  const cred_quantity value = {s.model, 0}, none = {s.model, 1};
  cred_choices c;
  cred_risk r = risk_of(CRED_RISK_CVAR);
  assert_fails(cred_choices_init(&c, &value, &s.data, NULL, NULL, 5, &r), CRED_EINVAL,
               "no whole number of states");
  assert_fails(cred_choices_init(&c, &none, &s.data, NULL, NULL, 4, &r), CRED_EINVAL,
               "the value is target 1");
  assert_fails(cred_choices_init(&c, &value, &s.data, &value, &s.data, 4, &r),
               CRED_EINVAL, "only one is given");
  r.delta = 2;
  assert_fails(cred_risk_check(&r), CRED_EINVAL, "delta is 2");
  r = risk_of(CRED_RISK_CVAR);
  r.level = 1;
  assert_fails(cred_risk_check(&r), CRED_EINVAL, "level is 1");
  r = risk_of(CRED_RISK_LCB);
  r.k = NAN;
  assert_fails(cred_risk_check(&r), CRED_EINVAL, "k is");
  r = risk_of((cred_risk_kind)9);
  assert_fails(cred_risk_check(&r), CRED_EINVAL, "risk 9");
  clear(&s);
}

static void test_no_memory(void **state) {
  (void)state;
  setting s = make("gaussian", one, 1);
  const cred_quantity value = {s.model, 0};
  cred_risk r = risk_of(CRED_RISK_CVAR);
  const long live = cred__alloc_live();
  cred_status status = CRED_ENOMEM;
  for (long n = 0; status != CRED_OK; n++) {
    cred_choices c;
    cred__alloc_fail_after(n);
    status =
        cred_choices_init(&c, &value, &s.data, &value, &s.data, 4, (r.delta = 0.5, &r));
    cred__alloc_fail_after(-1);
    assert_true(status == CRED_OK || status == CRED_ENOMEM);
    if (status == CRED_OK) cred_choices_clear(&c);
    assert_int_equal(cred__alloc_live(), live);
  }
  clear(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cvar_of_a_normal),
      cmocka_unit_test(test_cvar_of_others),
      cmocka_unit_test(test_cvar_by_hand),
      cmocka_unit_test(test_scores_by_brute_force),
      cmocka_unit_test(test_outcomes),
      cmocka_unit_test(test_equal_actions),
      cmocka_unit_test(test_risk_and_constraint),
      cmocka_unit_test(test_classes),
      cmocka_unit_test(test_outcomes_of_a_point),
      cmocka_unit_test(test_threads_and_blocks),
      cmocka_unit_test(test_bad_arguments),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
