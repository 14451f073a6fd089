// Temperature and sd scaling against a fine grid, closed forms and known answers.

#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/calibration.h"

enum { N = 400, C = 3 };
static double logits[N * C], weights[N];
static int32_t label[N];

// Labels are drawn from softmax(logits / 2.5): the logits are overconfident by that.
static int make(void **state) {
  (void)state;
  const cred_key key = cred_key_make(17);
  for (size_t i = 0; i < N; i++) {
    double p[C], u = cred_key_uniform(&key, i * 10 + 7);
    for (size_t c = 0; c < C; c++)
      logits[i * C + c] = 4.0 * cred_key_normal(&key, i * 10 + c) + 100.0;
    cred_temperature_apply(p, logits + i * C, 1, C, 2.5);
    label[i] = u < p[0] ? 0 : u < p[0] + p[1] ? 1 : 2;
    weights[i] = floor(3.0 * cred_key_uniform(&key, i * 10 + 8));
  }
  return 0;
}

static double nll_at(double temperature, const double *w) {
  double sum = 0.0, total = 0.0;
  for (size_t i = 0; i < N; i++) {
    double p[C];
    const double weight = w ? w[i] : 1.0;
    cred_temperature_apply(p, logits + i * C, 1, C, temperature);
    sum -= weight * log(p[label[i]]);
    total += weight;
  }
  return sum / total;
}

static void temperature_is_the_minimum(void **state) {
  (void)state;
  for (int weighted = 0; weighted < 2; weighted++) {
    const double *w = weighted ? weights : NULL;
    cred_temperature fit;
    assert_ok(cred_temperature_fit(&fit, logits, label, w, N, C));
    assert_near(fit.nll_before, nll_at(1.0, w), 1e-12);
    assert_near(fit.nll_after, nll_at(fit.temperature, w), 1e-12);
    assert_false(fit.at_bound);
    assert_near(fit.temperature, 2.5, 0.5);
    double best = INFINITY, best_at = NAN;
    for (double t = 1.5; t < 4.0; t += 1e-3)
      if (nll_at(t, w) < best) best = nll_at(t, w), best_at = t;
    assert_near(fit.temperature, best_at, 1e-3);
    assert_true(fit.nll_after <= best);
  }
}

// A stationary point to rounding: logits divided by T are best at 1.
static void second_fit_is_one(void **state) {
  (void)state;
  static double scaled[N * C];
  cred_temperature fit, again;
  assert_ok(cred_temperature_fit(&fit, logits, label, NULL, N, C));
  for (size_t k = 0; k < N * C; k++) scaled[k] = logits[k] / fit.temperature;
  assert_ok(cred_temperature_fit(&again, scaled, label, NULL, N, C));
  assert_near(again.temperature, 1.0, 1e-10);
}

// Two classes, logit gap d, right in a share s of rows: sigmoid(d / T) = s.
static void closed_form_of_two_classes(void **state) {
  (void)state;
  const double z[] = {3, 0, 3, 0, 3, 0, 3, 0};
  const int32_t y[] = {0, 0, 0, 1};
  cred_temperature fit;
  assert_ok(cred_temperature_fit(&fit, z, y, NULL, 4, 2));
  assert_near(fit.temperature, 3.0 / log(3.0), 1e-10);
  assert_near(fit.nll_after, -(0.75 * log(0.75) + 0.25 * log(0.25)), 1e-12);
}

static void bounds_and_log_probabilities(void **state) {
  (void)state;
  const double separable[] = {1, 0, 0, 1}, wrong[] = {0, 1, 1, 0}, equal[] = {2, 2, 3, 3};
  const double zero[] = {-0.1, -INFINITY, log(0.6), log(0.4), log(0.3), log(0.7)};
  const int32_t y[] = {0, 1, 0};
  cred_temperature fit;
  assert_ok(cred_temperature_fit(&fit, separable, y, NULL, 2, 2));
  assert_true(fit.at_bound);
  assert_near(fit.temperature, 0.01, 1e-15);
  assert_ok(cred_temperature_fit(&fit, wrong, y, NULL, 2, 2));
  assert_true(fit.at_bound);
  assert_near(fit.temperature, 100.0, 1e-12);
  assert_ok(cred_temperature_fit(&fit, equal, y, NULL, 2, 2));
  assert_near(fit.temperature, 1.0, 0.0);
  assert_ok(cred_temperature_fit(&fit, zero, y, NULL, 3, 2)); // a class of probability 0
  assert_true(isfinite(fit.nll_after) && fit.nll_after <= fit.nll_before);
}

static void temperature_refuses(void **state) {
  (void)state;
  const double nan[] = {0, NAN}, inf[] = {INFINITY, 0}, zero[] = {-INFINITY, 0},
               w[] = {0};
  const int32_t y[] = {0}, bad[] = {2};
  cred_temperature fit;
  assert_fails(cred_temperature_fit(&fit, nan, y, NULL, 1, 2), CRED_EDATA,
               "logit 1 of row 0");
  assert_fails(cred_temperature_fit(&fit, inf, y, NULL, 1, 2), CRED_EDATA, "logit 0");
  assert_fails(cred_temperature_fit(&fit, zero, y, NULL, 1, 2), CRED_EDATA,
               "probability 0");
  assert_fails(cred_temperature_fit(&fit, logits, bad, NULL, 1, 2), CRED_EDATA,
               "class 2");
  assert_fails(cred_temperature_fit(&fit, logits, y, w, 1, 2), CRED_EDATA, "weights");
  assert_fails(cred_temperature_fit(&fit, logits, y, NULL, 0, 2), CRED_EDATA, "no rows");
}

static void apply_in_place(void **state) {
  (void)state;
  double z[] = {1000.0, 1001.0, 999.0};
  cred_temperature_apply(z, z, 1, 3, 0.5);
  const double sum = 1.0 + exp(-2.0) + exp(-4.0);
  assert_near(z[1], 1.0 / sum, 1e-15);
  assert_near(z[2], exp(-4.0) / sum, 1e-15);
}

static void sd_scale_by_hand(void **state) {
  (void)state;
  const double mean[] = {0, 0, 0}, sd[] = {1, 2, 1}, y[] = {2, -2, 1}, w[] = {1, 1, 2};
  cred_sd_scale fit;
  assert_ok(cred_sd_scale_fit(&fit, mean, sd, y, NULL, 3));
  assert_near(fit.scale, sqrt(6.0 / 3.0), 1e-15);
  assert_ok(cred_sd_scale_fit(&fit, mean, sd, y, w, 3));
  assert_near(fit.scale, sqrt(7.0 / 4.0), 1e-15);
  for (int after = 0; after < 2; after++) {
    double nll = 0.0;
    for (int i = 0; i < 3; i++) {
      const double s = sd[i] * (after ? fit.scale : 1.0), z = y[i] / s;
      nll += w[i] / 4.0 * (0.5 * z * z + log(s) + 0.91893853320467274);
    }
    assert_near(after ? fit.nll_after : fit.nll_before, nll, 1e-14);
  }
  assert_true(fit.nll_after < fit.nll_before);
}

static void sd_scale_refuses(void **state) {
  (void)state;
  const double mean[] = {0, 0}, zero[] = {1, 0}, sd[] = {1, 1}, nan[] = {0, NAN};
  cred_sd_scale fit;
  assert_fails(cred_sd_scale_fit(&fit, mean, zero, sd, NULL, 2), CRED_EDATA, "row 1");
  assert_fails(cred_sd_scale_fit(&fit, mean, sd, nan, NULL, 2), CRED_EDATA, "row 1");
  assert_fails(cred_sd_scale_fit(&fit, mean, sd, mean, NULL, 2), CRED_EDATA,
               "training rows");
  assert_fails(cred_sd_scale_fit(&fit, mean, sd, sd, NULL, 0), CRED_EDATA, "no rows");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(temperature_is_the_minimum),
                                     cmocka_unit_test(second_fit_is_one),
                                     cmocka_unit_test(closed_form_of_two_classes),
                                     cmocka_unit_test(bounds_and_log_probabilities),
                                     cmocka_unit_test(temperature_refuses),
                                     cmocka_unit_test(apply_in_place),
                                     cmocka_unit_test(sd_scale_by_hand),
                                     cmocka_unit_test(sd_scale_refuses)};
  return cmocka_run_group_tests(tests, make, NULL);
}
