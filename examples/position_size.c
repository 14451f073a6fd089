// position_size.c -- how much to put on an uncertain return, for five years.
//
// You learn: the noise of months averages out over the years, a wrong estimate of their
// mean does not. Function draws keep the two apart: all months of a future share one
// draw. A limit on the loss in the worst 5 % of the futures (CVaR) then holds the size
// back as far as the data are few; the estimate alone would not. Source: Kelly (1956) for
// growth; Rockafellar & Uryasev (2000) for CVaR.
//
// Build: cc -std=c17 position_size.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: smaller than by the estimate: yes; closer to it with more data: yes

#include <credence/decide/act.h>
#include <credence/metric/uncertainty.h>
#include <credence/model/fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FUTURES = 1000, MONTHS = 60, SIZES = 61 };
static const double loss_limit = 0.2; // of the wealth, in the worst 5 % of the futures

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// Monthly returns that a signal foretells a little: 0.8 % + 1 % times it, sd 5 %.
static cred_model *fit(size_t n_months) {
  static const char *const names[] = {"signal", "return"};
  static double rows[1200][2];
  const char *target = "return";
  const cred_key key = cred_key_make(5);
  cred_table *table;
  cred_model *model;
  for (size_t i = 0; i < n_months; i++) {
    rows[i][0] = cred_key_normal(&key, 2 * i);
    rows[i][1] = 0.008 + 0.01 * rows[i][0] + 0.05 * cred_key_normal(&key, 2 * i + 1);
  }
  check(cred_table_from_array(&table, rows[0], n_months, 2, 2, names));
  cred_schema_options columns = cred_schema_defaults();
  cred_fit_options options = cred_fit_defaults();
  columns.targets = &target, columns.n_targets = 1;
  options.posterior = CRED_FIT_VI, options.net = "linear", options.prior = "normal 1";
  options.likelihood = "gaussian", options.steps = 3000, options.validation = 0;
  check(cred_model_fit(&model, NULL, table, NULL, 0, &columns, &options));
  cred_table_free(table);
  return model;
}

// The mean return at this signal, of every draw of the function.
static void means(double *out, const cred_model *model, double signal) {
  static const char *const names[] = {"signal"};
  cred_table *table;
  cred_data data;
  check(cred_table_from_array(&table, &signal, 1, 1, 1, names));
  check(cred_schema_encode(&data, cred_model_schema(model), table, NULL, 0, 0, 0));
  check(cred_model_function_draws(out, model, &data, FUTURES, 1, 0));
  cred_data_clear(&data), cred_table_free(table);
}

// Wealth after all months with this share of it in the position, sorted; log growth a
// year.
static double futures(double wealth[FUTURES], const double *mean, double sd,
                      double size) {
  const cred_key key = cred_key_make(7); // the same months for every size
  double growth = 0;
  for (uint64_t s = 0; s < FUTURES; s++) {
    double log_wealth = 0;
    for (uint64_t m = 0; m < MONTHS; m++) {
      const double r = mean[s] + sd * cred_key_normal(&key, MONTHS * s + m);
      log_wealth += log1p(fmax(size * r, -0.99));
    }
    wealth[s] = exp(log_wealth);
    growth += 12 * log_wealth / MONTHS / FUTURES;
  }
  cred_sort(wealth, FUTURES);
  return growth;
}

// The size in [0, 3] that grows fastest within the limit on the loss.
static double size_of(const double *mean, double sd) {
  double best = 0, best_growth = 0, wealth[FUTURES];
  for (size_t k = 1; k < SIZES; k++) {
    const double size = 3.0 * (double)k / (SIZES - 1);
    const double growth = futures(wealth, mean, sd, size);
    const double loss = 1 - cred_cvar_sorted(wealth, FUTURES, 0.05);
    if (growth > best_growth && loss <= loss_limit) best = size, best_growth = growth;
  }
  return best;
}

int main(void) {
  static const size_t months[] = {60, 1200};
  double share[2], mean[FUTURES], wealth[FUTURES];
  for (size_t k = 0; k < 2; k++) {
    cred_model *model = fit(months[k]);
    const double sd = cred_model_noise_sd(model, 0);
    means(mean, model, 0.5);
    const double by_draws = size_of(mean, sd);
    double estimate = 0;
    for (size_t s = 0; s < FUTURES; s++) estimate += mean[s] / FUTURES;
    futures(wealth, mean, sd, by_draws);
    const double loss = 1 - cred_cvar_sorted(wealth, FUTURES, 0.05);
    for (size_t s = 0; s < FUTURES; s++) mean[s] = estimate;
    const double by_estimate = size_of(mean, sd);
    printf(
        "%4zu months of data: %.2f %% a month; size %.2f by the estimate, %.2f by draws "
        "(worst 5 %%: %.0f %% lost)\n",
        months[k], 100 * estimate, by_estimate, by_draws, 100 * loss);
    share[k] = by_draws / by_estimate;
    cred_model_free(model);
  }
  printf("smaller than by the estimate: %s; closer to it with more data: %s\n",
         share[0] < 0.9 ? "yes" : "no", share[1] > share[0] ? "yes" : "no");
  return 0;
}
