// Running statistics against the same numbers computed from all draws at once.

#include "base/alloc.h"
#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/uncertainty.h"

enum { T = 7, B = 5, C = 4 };
static double draws[T][B * C], weights[T] = {1, 2, 0.5, 1, 3, 1, 0.25};
static float draws_float[T][B * C];

static int make(void **state) {
  (void)state;
  const cred_key key = cred_key_make(5);
  for (size_t t = 0; t < T; t++)
    for (size_t i = 0; i < B; i++) {
      double sum = 0.0;
      double *row = draws[t] + i * C;
      for (size_t c = 0; c < C; c++)
        sum += row[c] = pow(cred_key_uniform(&key, (t * B + i) * C + c), 3.0);
      for (size_t c = 0; c < C; c++) {
        row[c] /= sum;
        draws_float[t][i * C + c] = (float)row[c];
      }
    }
  return 0;
}

static double information_of(double *total, size_t row, const double *w) {
  double mean[C] = {0}, expected = 0.0, weight = 0.0;
  for (size_t t = 0; t < T; t++) {
    const double wt = w ? w[t] : 1.0;
    weight += wt;
    expected += wt * cred_entropy(draws[t] + row * C, C);
    for (size_t c = 0; c < C; c++) mean[c] += wt * draws[t][row * C + c];
  }
  for (size_t c = 0; c < C; c++) mean[c] /= weight;
  *total = cred_entropy(mean, C);
  return *total - expected / weight;
}

static void entropies_are_those_of_all_draws(void **state) {
  (void)state;
  cred_entropy_sums sums, real;
  double prob[B * C], total[B], expected[B], information[B], direct;
  assert_ok(cred_entropy_init(&sums, B, C));
  assert_ok(cred_entropy_init(&real, B, C));
  for (size_t t = 0; t < T; t++) {
    cred_entropy_add(&sums, draws[t], weights[t]);
    cred_entropy_add_float(&real, draws_float[t], weights[t]);
  }
  cred_entropy_finish(prob, total, expected, information, &sums);
  for (size_t i = 0; i < B; i++) {
    assert_near(information[i], information_of(&direct, i, weights), 1e-14);
    assert_near(total[i], direct, 1e-14);
    assert_near(total[i], expected[i] + information[i], 1e-14);
    assert_near(prob[i * C] + prob[i * C + 1] + prob[i * C + 2] + prob[i * C + 3], 1,
                1e-14);
  }
  cred_entropy_finish(NULL, NULL, NULL, total, &real);
  for (size_t i = 0; i < B; i++) assert_near(total[i], information[i], 1e-6);
  cred_entropy_clear(&sums);
  cred_entropy_clear(&real);
  assert_int_equal(cred__alloc_live(), 0);
}

static void entropies_of_known_cases(void **state) {
  (void)state;
  cred_entropy_sums sums;
  // certain but different; the same every time; zeros and a negative zero
  const double first[] = {1, 0, 0, 0.5, 0.5, 0, 0.2, 0.3, 0.5};
  const double second[] = {0, 1, -0.0, 0.5, 0.5, 0, 0.2, 0.3, 0.5};
  double total[3], expected[3], information[3];
  assert_ok(cred_entropy_init(&sums, 3, 3));
  cred_entropy_add(&sums, first, 1.0);
  cred_entropy_add(&sums, second, 1.0);
  cred_entropy_finish(NULL, total, expected, information, &sums);
  assert_near(total[0], log(2.0), 1e-15);
  assert_near(expected[0], 0.0, 0.0);
  assert_near(information[0], log(2.0), 1e-15);
  assert_near(expected[1], log(2.0), 1e-15);
  assert_near(information[1], 0.0, 1e-15);
  assert_near(information[2], 0.0, 1e-15);
  cred_entropy_clear(&sums);
}

// A float softmax does not sum to one; this must not look like information, nor be
// negative.
static void rounding_is_no_information(void **state) {
  (void)state;
  cred_entropy_sums sums;
  float row[10];
  double information, total;
  assert_ok(cred_entropy_init(&sums, 1, 10));
  for (int t = 0; t < 100; t++) {
    for (int c = 0; c < 10; c++) row[c] = 0.1f * (1.0f + 1e-6f * (float)(t % 7));
    cred_entropy_add_float(&sums, row, 1.0);
  }
  cred_entropy_finish(NULL, &total, NULL, &information, &sums);
  assert_true(information >= 0.0 && information < 1e-14);
  assert_near(total, log(10.0), 1e-12);
  cred_entropy_clear(&sums);
}

static void entropy_nan_and_none(void **state) {
  (void)state;
  cred_entropy_sums sums;
  const double rows[] = {0.5, 0.5, NAN, 0.5, 0.0, 0.0};
  double total[3], information[3];
  assert_ok(cred_entropy_init(&sums, 3, 2));
  cred_entropy_finish(NULL, total, NULL, information, &sums);
  assert_true(isnan(total[0]) && isnan(information[0]));
  cred_entropy_add(&sums, rows, 1.0);
  cred_entropy_finish(NULL, total, NULL, information, &sums);
  assert_near(total[0], log(2.0), 1e-15);
  assert_true(isnan(total[1]) && isnan(information[1]) && isnan(total[2]));
  cred_entropy_reset(&sums, 1);
  cred_entropy_add(&sums, rows, 1.0);
  cred_entropy_finish(NULL, total, NULL, information, &sums);
  assert_near(total[0], log(2.0), 1e-15);
  assert_int_equal(sums.n_draws, 1);
  cred_entropy_clear(&sums);
}

static void entropies_combine(void **state) {
  (void)state;
  cred_entropy_sums one, left, right;
  double a[B], b[B];
  assert_ok(cred_entropy_init(&one, B, C));
  assert_ok(cred_entropy_init(&left, B, C));
  assert_ok(cred_entropy_init(&right, B, C));
  for (size_t t = 0; t < T; t++) {
    cred_entropy_add(&one, draws[t], weights[t]);
    cred_entropy_add(t < 3 ? &left : &right, draws[t], weights[t]);
  }
  cred_entropy_combine(&left, &right);
  cred_entropy_finish(NULL, NULL, NULL, a, &one);
  cred_entropy_finish(NULL, NULL, NULL, b, &left);
  for (size_t i = 0; i < B; i++) assert_near(a[i], b[i], 1e-15);
  assert_int_equal(left.n_draws, T);
  cred_entropy_clear(&one);
  cred_entropy_clear(&left);
  cred_entropy_clear(&right);
}

// Two passes over all draws, with an offset that ruins a sum of squares.
static void moments_are_those_of_all_draws(void **state) {
  (void)state;
  cred_moments moments;
  double mean[B], epistemic[B], aleatoric[B], error[B], value[B], var[B];
  assert_ok(cred_moments_init(&moments, B, true));
  for (size_t t = 0; t < T; t++) {
    for (size_t i = 0; i < B; i++) value[i] = 1e8 + draws[t][i], var[i] = draws[t][i + B];
    cred_moments_add(&moments, value, var, 1.0);
  }
  cred_moments_finish(mean, epistemic, aleatoric, error, &moments);
  for (size_t i = 0; i < B; i++) {
    double m = 0.0, s = 0.0, v = 0.0;
    for (size_t t = 0; t < T; t++) m += draws[t][i] / T, v += draws[t][i + B] / T;
    for (size_t t = 0; t < T; t++) s += (draws[t][i] - m) * (draws[t][i] - m) / (T - 1);
    assert_near(mean[i] - 1e8, m, 2e-8);
    assert_near(epistemic[i], s, 1e-7);
    assert_near(aleatoric[i], v, 1e-14);
    assert_near(error[i], sqrt(s / T), 1e-7);
  }
  cred_moments_clear(&moments);
  assert_int_equal(cred__alloc_live(), 0);
}

static void moments_with_weights(void **state) {
  (void)state;
  cred_moments moments, left, right;
  double mean, epistemic, error, mean2, epistemic2, error2, m = 0, s = 0, w = 0, w2 = 0;
  assert_ok(cred_moments_init(&moments, 1, false));
  assert_ok(cred_moments_init(&left, 1, false));
  assert_ok(cred_moments_init(&right, 1, false));
  for (size_t t = 0; t < T; t++) w += weights[t], w2 += weights[t] * weights[t];
  for (size_t t = 0; t < T; t++) m += weights[t] * draws[t][0] / w;
  for (size_t t = 0; t < T; t++) s += weights[t] * (draws[t][0] - m) * (draws[t][0] - m);
  for (size_t t = 0; t < T; t++) {
    cred_moments_add(&moments, draws[t], NULL, weights[t]);
    cred_moments_add(&moments, draws[0], NULL, 0.0); // counts for nothing
    cred_moments_add_float(t < 4 ? &left : &right, draws_float[t], NULL, weights[t]);
  }
  cred_moments_finish(&mean, &epistemic, NULL, &error, &moments);
  assert_int_equal(moments.n_draws, T);
  assert_near(mean, m, 1e-15);
  assert_near(epistemic, s / (w - w2 / w), 1e-15);
  assert_near(error, sqrt(epistemic * w2) / w, 1e-15);
  cred_moments_combine(&left, &right);
  cred_moments_finish(&mean2, &epistemic2, NULL, &error2, &left);
  assert_near(mean2, mean, 1e-7);
  assert_near(epistemic2, epistemic, 1e-7);
  assert_near(error2, error, 1e-7);
  cred_moments_clear(&moments);
  cred_moments_clear(&left);
  cred_moments_clear(&right);
}

static void moments_combine_like_one_pass(void **state) {
  (void)state;
  cred_moments one, parts[3];
  double a[B], b[B];
  assert_ok(cred_moments_init(&one, B, true));
  for (int k = 0; k < 3; k++) assert_ok(cred_moments_init(parts + k, B, true));
  for (size_t t = 0; t < T; t++) {
    cred_moments_add(&one, draws[t], draws[t] + B, 1.0);
    cred_moments_add(parts + (t < 2 ? 0 : 1), draws[t], draws[t] + B, 1.0);
  }
  cred_moments_combine(parts + 2, parts); // into an empty one, and an empty one into it
  cred_moments_reset(parts, B);
  cred_moments_combine(parts + 2, parts);
  cred_moments_combine(parts + 2, parts + 1);
  cred_moments_finish(NULL, a, NULL, NULL, &one);
  cred_moments_finish(NULL, b, NULL, NULL, parts + 2);
  for (size_t i = 0; i < B; i++) assert_near(a[i], b[i], 1e-15);
  cred_moments_finish(NULL, NULL, a, NULL, &one);
  cred_moments_finish(NULL, NULL, b, NULL, parts + 2);
  for (size_t i = 0; i < B; i++) assert_near(a[i], b[i], 1e-15);
  cred_moments_clear(&one);
  for (int k = 0; k < 3; k++) cred_moments_clear(parts + k);
}

static void moments_of_few_draws(void **state) {
  (void)state;
  cred_moments moments;
  const double value[] = {3.0, NAN};
  double mean[2], epistemic[2], aleatoric[2], error[2];
  assert_ok(cred_moments_init(&moments, 2, false));
  cred_moments_finish(mean, epistemic, NULL, NULL, &moments);
  assert_true(isnan(mean[0]) && isnan(epistemic[0]));
  cred_moments_add(&moments, value, NULL, 0.3);
  cred_moments_finish(mean, epistemic, aleatoric, error, &moments);
  assert_near(mean[0], 3.0, 1e-15);
  assert_near(epistemic[0], 0.0, 0.0);
  assert_true(isnan(mean[1]) && isnan(epistemic[1]));
  assert_true(isnan(aleatoric[0]) && isnan(error[0]));
  cred_moments_clear(&moments);
  cred_moments_clear(&moments); // twice is fine
}

static void small_helpers(void **state) {
  (void)state;
  double x[] = {5, 1, NAN, 3, 2};
  const double four[] = {1, 2, 3, 10};
  cred_sort(x, 5);
  const double sorted[] = {1, 2, 3, 5};
  for (int i = 0; i < 4; i++) assert_near(x[i], sorted[i], 0.0);
  assert_true(isnan(x[4]));
  assert_near(cred_quantile_sorted(four, 4, 0.5), 2.5, 1e-15);
  assert_near(cred_quantile_sorted(four, 4, 0.9), 7.9, 1e-14);
  assert_near(cred_quantile_sorted(four, 4, 0.0), 1.0, 0.0);
  assert_near(cred_quantile_sorted(four, 4, 1.0), 10.0, 0.0);
  assert_true(isnan(cred_quantile_sorted(four, 0, 0.5)));
  assert_true(isnan(cred_quantile_sorted(four, 4, 1.5)));
  assert_near(cred_standard_error(four, 4), sqrt(50.0 / 3.0 / 4.0), 1e-14);
  assert_true(isnan(cred_standard_error(four, 1)));
}

static void out_of_memory(void **state) {
  (void)state;
  cred_entropy_sums sums;
  cred_moments moments;
  for (long n = 0; n < 3; n++) {
    if (n < 2) {
      cred__alloc_fail_after(n);
      assert_fails(cred_entropy_init(&sums, 4, 4), CRED_ENOMEM, "memory");
    }
    cred__alloc_fail_after(n);
    assert_fails(cred_moments_init(&moments, 4, true), CRED_ENOMEM, "memory");
    cred__alloc_fail_after(-1);
    assert_int_equal(cred__alloc_live(), 0);
  }
  assert_fails(cred_entropy_init(&sums, SIZE_MAX / 2, 4), CRED_ENOMEM, "more than any");
  // adding draws takes no memory
  assert_ok(cred_moments_init(&moments, B, false));
  const long n_made = cred__alloc_count();
  cred_moments_add(&moments, draws[0], NULL, 1.0);
  assert_int_equal(cred__alloc_count(), n_made);
  cred_moments_clear(&moments);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(entropies_are_those_of_all_draws),
                                     cmocka_unit_test(entropies_of_known_cases),
                                     cmocka_unit_test(rounding_is_no_information),
                                     cmocka_unit_test(entropy_nan_and_none),
                                     cmocka_unit_test(entropies_combine),
                                     cmocka_unit_test(moments_are_those_of_all_draws),
                                     cmocka_unit_test(moments_with_weights),
                                     cmocka_unit_test(moments_combine_like_one_pass),
                                     cmocka_unit_test(moments_of_few_draws),
                                     cmocka_unit_test(small_helpers),
                                     cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, make, NULL);
}
