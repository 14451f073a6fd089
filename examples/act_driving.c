// act_driving.c -- how fast to drive on a road that may be slippery.
//
// You learn: the action with the largest mean crashes as often as the mean allows. The
// same model, asked for mean - k sd of the outcome, gives up a little speed for far fewer
// crashes; k is the price. All speeds of a state are judged under the same draws.
// Source: mean - k sd as in safe control, e.g. Depeweg et al. (2018), section 5.
//
// Build: cc -std=c17 act_driving.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out [SEEDS]
// Expected last line: crashes halved at k = 1: yes; reward lost at most 10 %: yes

#include <credence/decide/act.h>
#include <credence/model/fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOGGED = 2000, STATES = 2000, SPEEDS = 10, N_K = 5 };
static const double ks[N_K] = {0, 0.25, 0.5, 1, 2};

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

#define SPEED(action) (4 + 2 * (double)(action)) // 4 ... 22 m/s

// An obstacle after `gap` metres; grip falls with wetness, and luck has its part. Reward:
// the speed as a share of 22 m/s, or -2 for a crash.
static double drive(double gap, double wet, double speed, double luck, int *crashed) {
  const double grip = (0.8 - 0.5 * wet) * exp(0.25 * luck);
  *crashed = speed + speed * speed / (2 * 9.81 * grip) > gap; // 1 s to react, then brake
  return *crashed ? -2 : speed / 22;
}

static void state_of(double state[2], const cred_key *key, uint64_t i) {
  state[0] = 15 + 65 * cred_key_uniform(key, 4 * i);
  state[1] = cred_key_uniform(key, 4 * i + 1);
}

// What was driven so far: any speed in any state.
static cred_model *learn(uint64_t seed) {
  static const char *const names[] = {"gap", "wet", "speed", "reward"};
  const char *target = "reward";
  const cred_key key = cred_key_make(seed);
  double rows[LOGGED][4];
  cred_table *table;
  cred_model *model;
  int crashed;
  for (uint64_t i = 0; i < LOGGED; i++) {
    state_of(rows[i], &key, i);
    rows[i][2] = SPEED(cred_key_below(&key, 4 * i + 2, SPEEDS));
    const double luck = cred_key_normal(&key, 4 * i + 3);
    rows[i][3] = drive(rows[i][0], rows[i][1], rows[i][2], luck, &crashed);
  }
  check(cred_table_from_array(&table, rows[0], LOGGED, 4, 4, names));
  cred_schema_options columns = cred_schema_defaults();
  cred_fit_options options = cred_fit_defaults();
  columns.targets = &target, columns.n_targets = 1;
  options.likelihood = "heteroscedastic";
  options.net = "dense 50 relu, dense 50 relu";
  options.n_members = 3, options.steps = 3000, options.seed = seed;
  check(cred_model_fit(&model, NULL, table, NULL, 0, &columns, &options));
  cred_table_free(table);
  return model;
}

static void drive_all(double *reward, double *crashes, const cred_model *model, double k,
                      uint64_t seed) {
  static const char *const names[] = {"gap", "wet", "speed"};
  static double rows[STATES * SPEEDS][3];
  const cred_key key = cred_key_make(1000 + seed);
  const cred_quantity value = {model, 0};
  cred_table *table;
  cred_data data;
  cred_choices choices;
  cred_risk risk = cred_risk_defaults();
  for (size_t i = 0; i < STATES * SPEEDS; i++) {
    state_of(rows[i], &key, i / SPEEDS);
    rows[i][2] = SPEED(i % SPEEDS);
  }
  check(cred_table_from_array(&table, rows[0], STATES * SPEEDS, 3, 3, names));
  check(cred_schema_encode(&data, cred_model_schema(model), table, NULL, 0, 0, 0));
  risk.kind = CRED_RISK_LCB, risk.k = k, risk.n_draws = 60;
  check(cred_choices_init(&choices, &value, &data, NULL, NULL, SPEEDS, &risk));
  *reward = *crashes = 0;
  for (size_t i = 0; i < STATES; i++) {
    const double *state = rows[i * SPEEDS];
    int crashed;
    *reward += drive(state[0], state[1], SPEED(choices.best[i]),
                     cred_key_normal(&key, 4 * i + 3), &crashed) /
               STATES;
    *crashes += 100.0 * crashed / STATES;
  }
  cred_choices_clear(&choices), cred_data_clear(&data), cred_table_free(table);
}

int main(int n_words, char **words) {
  const uint64_t n_seeds = n_words > 1 ? (uint64_t)atol(words[1]) : 1;
  double reward[N_K] = {0}, crashes[N_K] = {0}, r, c;
  for (uint64_t seed = 1; seed <= n_seeds; seed++) {
    cred_model *model = learn(seed);
    for (size_t i = 0; i < N_K; i++) {
      drive_all(&r, &c, model, ks[i], seed);
      reward[i] += r / (double)n_seeds, crashes[i] += c / (double)n_seeds;
      if (n_words > 1)
        printf("seed %d, k %g, reward %.4f, crashes %.2f %%\n", (int)seed, ks[i], r, c);
    }
    cred_model_free(model);
  }
  for (size_t i = 0; i < N_K; i++)
    printf("mean - %-4g sd: reward %.3f a drive, crashes in %.2f %%\n", ks[i], reward[i],
           crashes[i]);
  printf("crashes halved at k = 1: %s; reward lost at most 10 %%: %s\n",
         crashes[3] <= 0.5 * crashes[0] ? "yes" : "no",
         reward[3] >= 0.9 * reward[0] ? "yes" : "no");
  return 0;
}
