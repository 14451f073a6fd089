// bandit_dose.c -- choosing doses while learning what they do.
//
// You learn: a bandit sees only the outcome of the dose it gave. Thompson sampling gives
// the dose that is best under one draw of the network: it tries what it is unsure of, and
// stops trying once it knows. A few steps after each outcome keep the network up to date.
// Source: Thompson (1933); Blundell et al. (2015), section 5.3.
//
// Build: cc -std=c17 bandit_dose.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: regret below a third: yes; of the last 200 below a tenth: yes

#include <credence/decide/bandit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DOSES = 5, PATIENTS = 800, LAST = 200 };

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// What helps a patient of this weight and sensitivity (both standardised) on average.
static double benefit(const double patient[2], size_t dose) {
  const double best = 2 + 0.9 * patient[0] - 0.9 * patient[1];
  return 1 - 0.4 * pow((double)dose - best, 2);
}

static double best_of(const double patient[2]) {
  double best = benefit(patient, 0);
  for (size_t d = 1; d < DOSES; d++) best = fmax(best, benefit(patient, d));
  return best;
}

int main(void) {
  static const double features[DOSES] = {-1.4, -0.7, 0, 0.7,
                                         1.4}; // the dose, standardised
  cred_bandit_options options = cred_bandit_defaults();
  const cred_key key = cred_key_make(4);
  cred_bandit *bandit;
  double regret = 0, regret_last = 0, any = 0, any_last = 0;

  options.model.fit.posterior = CRED_FIT_DROPOUT;
  options.model.fit.net = "dense 50 relu", options.model.fit.dropout = 0.1;
  options.model.fit.likelihood = "gaussian";
  options.model.fit.schedule.rate = 0.005;
  options.features = features, options.n_features = 1;
  options.n_updates = 10;
  check(cred_bandit_new(&bandit, 2, DOSES, &options));
  for (uint64_t t = 0; t < PATIENTS; t++) {
    const double patient[2] = {cred_key_normal(&key, 4 * t),
                               cred_key_normal(&key, 4 * t + 1)};
    size_t dose;
    check(cred_bandit_choose(&dose, bandit, patient));
    const double seen = benefit(patient, dose) + 0.3 * cred_key_normal(&key, 4 * t + 2);
    check(cred_bandit_learn(bandit, patient, dose, seen));

    const double best = best_of(patient);
    double mean = 0;
    for (size_t d = 0; d < DOSES; d++) mean += benefit(patient, d) / DOSES;
    regret += best - benefit(patient, dose);
    any += best - mean;
    if (t + LAST < PATIENTS) continue;
    regret_last += best - benefit(patient, dose);
    any_last += best - mean;
  }
  const cred_bandit_info books = cred_bandit_books(bandit);
  printf("%zu patients, %zu steps of training, mean benefit %.3f\n", books.n_rewards,
         books.n_updates, books.reward_sum / (double)books.n_rewards);
  for (size_t d = 0; d < DOSES; d++) {
    const cred_bandit_arm arm = cred_bandit_arm_books(bandit, d);
    printf("dose %zu: given %zu times, mean benefit %.3f\n", d, arm.n,
           arm.n ? arm.reward_sum / (double)arm.n : 0.0);
  }
  printf("regret: %.1f, giving any dose: %.1f; of the last %d patients: %.2f and %.1f\n",
         regret, any, (int)LAST, regret_last, any_last);
  cred_bandit_free(bandit);
  printf("regret below a third: %s; of the last %d below a tenth: %s\n",
         regret < any / 3 ? "yes" : "no", (int)LAST,
         regret_last < any_last / 10 ? "yes" : "no");
  return 0;
}
