// test_bandit.c -- the books against a table, the order of the first actions, and that it
// learns.

#include "check.h"
#include "base/alloc.h"
#include "credence/decide/bandit.h"

static const char known_noise[] = "gaussian 0.3";

static cred_bandit_options small(cred_bandit_policy policy) {
  cred_bandit_options opt = cred_bandit_defaults();
  opt.policy = policy;
  opt.model.fit.net = "dense 10 relu";
  opt.model.fit.likelihood = known_noise;
  opt.model.fit.schedule.rate = 0.01;
  opt.model.fit.batch = 16;
  opt.model.fit.n_threads = 1;
  opt.n_first = 2;
  opt.n_updates = 3;
  return opt;
}

static void test_books_against_a_table(void **state) {
  (void)state;
  static const struct {
    size_t action;
    double reward;
    size_t n_updates; // after it: every 2 rewards 5 steps up to the third, then 3
  } table[] = {{0, 1.5, 0}, {2, -1, 5}, {0, 0.25, 5}, {1, 4, 8}, {0, -2, 8}, {2, 0, 11}};
  cred_bandit *b;
  cred_bandit_options opt = small(CRED_BANDIT_GREEDY);
  const double context[2] = {0.5, -1};
  size_t n[3] = {0}, rows = 0;
  double sum[3] = {0}, total = 0;
  opt.every = 2;
  opt.n_early = 3;
  opt.n_updates_early = 5;
  assert_ok(cred_bandit_new(&b, 2, 3, &opt));
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    assert_ok(cred_bandit_learn(b, context, table[i].action, table[i].reward));
    n[table[i].action]++;
    sum[table[i].action] += table[i].reward;
    total += table[i].reward;
    rows++;
    const cred_bandit_info info = cred_bandit_books(b);
    assert_int_equal(info.n_rewards, rows);
    assert_int_equal(info.n_choices, 0);
    assert_int_equal(info.n_updates, table[i].n_updates);
    assert_near(info.reward_sum, total, 1e-12);
    for (size_t a = 0; a < 3; a++) {
      assert_int_equal(cred_bandit_arm_books(b, a).n, n[a]);
      assert_near(cred_bandit_arm_books(b, a).reward_sum, sum[a], 1e-12);
    }
  }
  // a bad row changes nothing
  assert_fails(cred_bandit_learn(b, context, 3, 1), CRED_EINVAL, "action 3, there are 3");
  assert_fails(cred_bandit_learn(b, context, 1, NAN), CRED_EDATA, "the value");
  assert_int_equal(cred_bandit_books(b).n_rewards, rows);
  assert_int_equal(cred_bandit_arm_books(b, 1).n, 1);
  assert_int_equal(cred_bandit_arm_books(b, 9).n, 0);
  cred_bandit_free(b);
}

static void test_every_action_comes_first(void **state) {
  (void)state;
  cred_bandit *b;
  const cred_bandit_options opt = small(CRED_BANDIT_THOMPSON);
  const double context[1] = {0};
  static const size_t order[] = {0, 1, 2, 0, 1, 2};
  size_t action;
  assert_ok(cred_bandit_new(&b, 1, 3, &opt));
  for (size_t i = 0; i < 6; i++) {
    assert_ok(cred_bandit_choose(&action, b, context));
    assert_int_equal(action, order[i]);
    assert_ok(cred_bandit_learn(b, context, action, 0));
  }
  assert_int_equal(cred_bandit_books(b).n_choices, 6);
  cred_bandit_free(b);
}

// Two actions, the better one by the sign of the context: reward 1 or -1, and 1 or 0
// where it is yes or no. A warm start on 40 logged rows, then the last 100 of 300
// choices.
static double share_right(const cred_bandit_options *opt, uint64_t *fingerprint) {
  const cred_key key = cred_key_make(11);
  cred_bandit *b;
  const double wrong = strcmp(opt->model.fit.likelihood, "bernoulli") ? -1 : 0;
  size_t n_right = 0;
  assert_ok(cred_bandit_new(&b, 1, 2, opt));
  *fingerprint = 0;
  for (uint64_t t = 0; t < 340; t++) {
    const double context[1] = {2 * cred_key_uniform(&key, t) - 1};
    size_t action = t % 2;
    if (t >= 40) assert_ok(cred_bandit_choose(&action, b, context));
    const bool right = (context[0] > 0) == (action == 1);
    assert_ok(cred_bandit_learn(b, context, action, right ? 1 : wrong));
    if (t >= 240) n_right += right;
    *fingerprint = 31 * *fingerprint + action;
  }
  cred_bandit_free(b);
  return (double)n_right / 100;
}

// As they come: steps after every reward, of LINEAR as many a reward after every 20.
static void test_defaults(void **state) {
  (void)state;
  const double context[1] = {0};
  uint64_t fingerprint;
  for (int linear = 0; linear < 2; linear++) {
    cred_bandit *b;
    cred_bandit_options opt = cred_bandit_defaults();
    if (linear) opt.policy = CRED_BANDIT_LINEAR;
    assert_true(share_right(&opt, &fingerprint) >= 0.9);
    assert_ok(cred_bandit_new(&b, 1, 2, &opt));
    for (int t = 0; t < 39; t++) assert_ok(cred_bandit_learn(b, context, 0, 1));
    assert_int_equal(cred_bandit_books(b).n_updates, linear ? 20 * 4 : 39 * 4);
    cred_bandit_free(b);
  }
}

static void test_it_learns(void **state) {
  (void)state;
  static const cred_bandit_policy policies[] = {CRED_BANDIT_THOMPSON, CRED_BANDIT_GREEDY,
                                                CRED_BANDIT_EPSILON, CRED_BANDIT_UCB,
                                                CRED_BANDIT_LINEAR};
  static const cred_fit_posterior posteriors[] = {CRED_FIT_VI, CRED_FIT_MAP,
                                                  CRED_FIT_DROPOUT};
  uint64_t first, second;
  for (size_t p = 0; p < 5; p++)
    for (size_t q = 0; q < 3; q++) {
      cred_bandit_options opt = small(policies[p]);
      opt.model.fit.posterior = posteriors[q];
      opt.model.fit.n_members = q == 1 ? 3 : 1;
      opt.model.fit.dropout = 0.1;
      assert_true(share_right(&opt, &first) >= 0.85);
      opt.model.fit.likelihood = "bernoulli";
      // a Gaussian on weights takes longer to believe yes or no
      assert_true(share_right(&opt, &second) >= (q == 0 ? 0.7 : 0.85));
      opt.model.fit.likelihood = known_noise;
      if (p > 0 && p < 4) continue;
      opt.model.fit.n_threads = 3; // the same choices on any number of threads
      share_right(&opt, &second);
      assert_true(first == second);
      opt.model.fit.seed = 2;
      share_right(&opt, &second);
      assert_true(first != second);
    }
}

enum { BUFFER = 30, WIDE = 9, STEPS = 200 };
typedef struct {
  double z[STEPS][WIDE], y[STEPS];
  size_t action[STEPS];
} log_of_linear;

// A regression of the targets (y, or what is left of it) of one action in rows [from,
// to), each divided by its sd; its mean in w.
static cred_linear *regress(double w[WIDE], const log_of_linear *log,
                            const double *target, const double *sd, size_t action,
                            size_t from, size_t to, const cred_linear_options *opt) {
  cred_linear *l;
  assert_ok(cred_linear_new(&l, WIDE, opt));
  for (size_t r = from; r < to; r++) {
    double row[WIDE];
    for (size_t j = 0; j < WIDE; j++) row[j] = log->z[r][j] / sd[r];
    if (log->action[r] == action) cred_linear_add(l, row, target[r] / sd[r]);
  }
  cred_linear_mean(w, l);
  return l;
}

static double times(const double w[WIDE], const double z[WIDE]) {
  double sum = 0;
  for (size_t j = 0; j < WIDE; j++) sum += w[j] * z[j];
  return sum;
}

// One draw of an action's value: least squares, squares of what it leaves, and with the
// variance that they give least squares again.
static double value_by_hand(const log_of_linear *log, size_t action, size_t t,
                            const double z[WIDE], const cred_key *key,
                            const cred_bandit_options *opt) {
  double w[WIDE], v[WIDE], one[STEPS], square[STEPS], sd[STEPS];
  const size_t from = t > BUFFER ? t - BUFFER : 0;
  for (size_t r = 0; r < STEPS; r++) one[r] = 1;
  cred_linear *l = regress(w, log, log->y, one, action, from, t, &opt->linear);
  if (opt->noise_floor > 0) {
    cred_linear_free(l);
    for (size_t r = from; r < t; r++) square[r] = pow(log->y[r] - times(w, log->z[r]), 2);
    cred_linear_free(regress(v, log, square, one, action, from, t, &opt->linear));
    for (size_t r = from; r < t; r++)
      sd[r] = sqrt(fmax(times(v, log->z[r]), 0) + opt->noise_floor);
    l = regress(w, log, log->y, sd, action, from, t, &opt->linear);
  }
  cred_linear_draw(w, l, key);
  cred_linear_free(l);
  return times(w, z);
}

static void fill_row(double z[WIDE], const double x[2], size_t action, double hidden) {
  for (size_t k = 0; k < 2; k++) { // without a hidden layer it is the inputs
    const double scale = k ? 1 : hidden;
    z[4 * k] = scale * x[0], z[4 * k + 1] = scale * x[1];
    z[4 * k + 2] = scale * (action == 0), z[4 * k + 3] = scale * (action == 1);
  }
  z[WIDE - 1] = 1;
}

// Choices against regressions kept beside it, also once old rows have left the buffer.
static void check_linear(double noise_floor) {
  static log_of_linear log;
  cred_bandit_options opt = small(CRED_BANDIT_LINEAR);
  cred_bandit *b;
  size_t n_second = 0, action;
  opt.model.fit.net = "linear";
  opt.model.fit.posterior = CRED_FIT_VI;
  opt.model.capacity = BUFFER;
  opt.model.target_sd = 2;
  opt.n_first = 0;
  opt.noise_floor = noise_floor;
  opt.linear.precision = 0.5;
  opt.every = opt.n_updates = 1; // moves the output layer alone, which is not looked at
  assert_ok(cred_bandit_new(&b, 2, 2, &opt));
  const cred_key key = cred_key_make(17), root = cred_key_make(opt.model.fit.seed);
  const cred_key of_bandit = cred_key_derive(&root, CRED_FOR_ACTIONS, 0);
  for (size_t t = 0; t < STEPS; t++) {
    const double x[2] = {(float)cred_key_normal(&key, 2 * t),
                         (float)cred_key_normal(&key, 2 * t + 1)};
    const cred_key step = cred_key_derive(&of_bandit, CRED_FOR_STEP, t);
    double value[2], z[2][WIDE];
    for (size_t a = 0; a < 2; a++) {
      const cred_key draw = cred_key_derive(&step, CRED_FOR_DRAW, a);
      fill_row(z[a], x, a, opt.hidden_scale);
      value[a] = value_by_hand(&log, a, t, z[a], &draw, &opt);
    }
    assert_ok(cred_bandit_choose(&action, b, x));
    if (fabs(value[0] - value[1]) > 1e-4) assert_int_equal(action, value[1] > value[0]);
    const double reward = (action ? x[0] * (1 + cred_key_normal(&key, 1000 + t)) : x[1]);
    assert_ok(cred_bandit_learn(b, x, action, reward));
    memcpy(log.z[t], z[action], sizeof log.z[t]);
    log.y[t] = (float)(reward / 2);
    log.action[t] = action;
    n_second += action == 1;
  }
  assert_true(n_second > 20 && n_second < 180);
  cred_bandit_free(b);
}

static void test_linear_against_regressions(void **state) {
  (void)state;
  check_linear(0);
  check_linear(0.2);
}

// Actions by their features: what is learned of two tells of a third between them.
static void test_features_of_actions(void **state) {
  (void)state;
  const double features[] = {-1, 0, 1};
  cred_bandit_options opt = small(CRED_BANDIT_GREEDY);
  cred_bandit *b;
  size_t action;
  opt.n_features = 1;
  opt.features = features;
  opt.n_first = 0;
  opt.model.fit.posterior = CRED_FIT_MAP;
  assert_ok(cred_bandit_new(&b, 0, 3, &opt));
  for (size_t i = 0; i < 100; i++)
    assert_ok(cred_bandit_learn(b, NULL, 2 * (i % 2), i % 2));
  assert_ok(cred_bandit_choose(&action, b, NULL));
  assert_int_equal(action, 2);
  assert_int_equal(cred_bandit_arm_books(b, 1).n, 0);
  const cred_model *m;
  assert_ok(cred_bandit_model(&m, b));
  assert_int_equal(cred_model_schema(m)->n_inputs, 1);
  cred_bandit_free(b);
}

static void test_bad_arguments(void **state) {
  (void)state;
  cred_bandit *b;
  size_t action;
  cred_bandit_options opt = small(CRED_BANDIT_UCB);
  assert_fails(cred_bandit_new(&b, 2, 1, &opt), CRED_EINVAL, "1 actions");
  opt.n_draws = 1;
  assert_fails(cred_bandit_new(&b, 2, 3, &opt), CRED_EINVAL, "1 draws for ucb");
  opt = small(CRED_BANDIT_EPSILON);
  opt.epsilon = NAN;
  assert_fails(cred_bandit_new(&b, 2, 3, &opt), CRED_EINVAL, "epsilon");
  opt = small(CRED_BANDIT_GREEDY);
  opt.noise_floor = -1;
  assert_fails(cred_bandit_new(&b, 2, 3, &opt), CRED_EINVAL, "noise_floor is -1");
  opt.noise_floor = 0;
  opt.hidden_scale = NAN;
  assert_fails(cred_bandit_new(&b, 2, 3, &opt), CRED_EINVAL, "hidden_scale is nan");
  opt.hidden_scale = 1;
  opt.policy = CRED_BANDIT_LINEAR;
  opt.linear.rate = 0;
  assert_fails(cred_bandit_new(&b, 2, 3, &opt), CRED_EINVAL, "rate 0");
  opt.policy = CRED_BANDIT_GREEDY;
  opt.n_features = 2;
  assert_fails(cred_bandit_new(&b, 2, 3, &opt), CRED_EINVAL, "no array");
  opt.n_features = 0;
  assert_ok(cred_bandit_new(&b, 1, 2, &opt));
  assert_fails(cred_bandit_choose(&action, b, (double[]){NAN}), CRED_EDATA, "number 0");
  cred_bandit_free(b);
}

static void test_no_memory(void **state) {
  (void)state;
  const long live = cred__alloc_live();
  cred_status status = CRED_ENOMEM;
  for (long n = 0; status != CRED_OK; n++) {
    const cred_bandit_options opt = small(CRED_BANDIT_LINEAR);
    cred_bandit *b;
    cred__alloc_fail_after(n);
    status = cred_bandit_new(&b, 2, 2, &opt);
    cred__alloc_fail_after(-1);
    cred_bandit_free(b);
    assert_true(status == CRED_OK || status == CRED_ENOMEM);
    assert_int_equal(cred__alloc_live(), live);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_books_against_a_table),
      cmocka_unit_test(test_every_action_comes_first),
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_it_learns),
      cmocka_unit_test(test_linear_against_regressions),
      cmocka_unit_test(test_features_of_actions),
      cmocka_unit_test(test_bad_arguments),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
