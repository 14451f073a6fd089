// Scores of acquisition against plain loops in double, closed forms and brute force, and
// batches.

#include "check.h"
#include "credence/decide/acquire.h"

enum { K = 7, N = 40, C = 4 };

// Random probabilities; sharp ones where `power` is large.
static void random_prob(cred_real *prob, size_t n, size_t n_classes, double power,
                        uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t c = 0; c < n_classes; c++)
      sum += pow(cred_key_uniform(&key, i * n_classes + c), power);
    for (size_t c = 0; c < n_classes; c++)
      prob[i * n_classes + c] =
          (cred_real)(pow(cred_key_uniform(&key, i * n_classes + c), power) / sum);
  }
}

static double entropy_of(const double *p, size_t n) {
  double sum = 0;
  for (size_t c = 0; c < n; c++) sum -= p[c] > 0 ? p[c] * log(p[c]) : 0;
  return sum;
}

// All scores of a row by the formulas of the header.
typedef struct {
  double least, margin, entropy, bald, votes, sd;
} expected;

static expected expect(const cred_class_draws *d, size_t row) {
  double mean[C] = {0}, square[C] = {0}, inner = 0, votes[C] = {0};
  for (size_t k = 0; k < d->n_draws; k++) {
    double p[C];
    size_t best = 0;
    for (size_t c = 0; c < C; c++) {
      p[c] = (double)d->prob[(k * d->n_rows + row) * C + c];
      mean[c] += p[c] / (double)d->n_draws;
      square[c] += p[c] * p[c] / (double)d->n_draws;
      if (p[c] > p[best]) best = c;
    }
    votes[best] += 1 / (double)d->n_draws;
    inner += entropy_of(p, C) / (double)d->n_draws;
  }
  expected e = {.entropy = entropy_of(mean, C), .bald = entropy_of(mean, C) - inner};
  double most = 0, sorted[C];
  for (size_t c = 0; c < C; c++) {
    most = fmax(most, votes[c]);
    e.sd += sqrt(fmax(square[c] - mean[c] * mean[c], 0)) / C;
    size_t at = c;
    for (; at > 0 && sorted[at - 1] < mean[c]; at--) sorted[at] = sorted[at - 1];
    sorted[at] = mean[c];
  }
  e.votes = 1 - most;
  e.least = 1 - sorted[0];
  e.margin = 1 - (sorted[0] - sorted[1]);
  return e;
}

static void score(double *out, const cred_class_draws *d, cred_acquisition kind) {
  assert_ok(cred_acquire_class_scores(out, d, kind));
}

static void test_scores_of_classes(void **state) {
  (void)state;
  static cred_real prob[K * N * C];
  const cred_class_draws d = {K, N, C, prob};
  for (double power = 1; power < 200; power *= 6) {
    double least[N], margin[N], entropy[N], bald[N], votes[N], sd[N];
    random_prob(prob, K * N, C, power, 3);
    score(least, &d, CRED_ACQUIRE_LEAST_CONFIDENCE);
    score(margin, &d, CRED_ACQUIRE_MARGIN);
    score(entropy, &d, CRED_ACQUIRE_ENTROPY);
    score(bald, &d, CRED_ACQUIRE_BALD);
    score(votes, &d, CRED_ACQUIRE_VARIATION_RATIOS);
    score(sd, &d, CRED_ACQUIRE_MEAN_SD);
    for (size_t i = 0; i < N; i++) {
      const expected e = expect(&d, i);
      assert_near(least[i], e.least, 1e-6);
      assert_near(margin[i], e.margin, 1e-6);
      assert_near(entropy[i], e.entropy, 1e-6);
      assert_near(bald[i], e.bald, 1e-6);
      assert_near(votes[i], e.votes, 1e-12);
      assert_near(sd[i], e.sd, 1e-6);
      assert_true(bald[i] >= 0 && bald[i] <= entropy[i]);
    }
  }
}

// Two draws that are each certain of another class, and draws that all say the same.
static void test_closed_forms(void **state) {
  (void)state;
  const cred_real prob[] = {1, 0,   0.5, 0.5,  0.9f, 0.1f, /* draw 2 */ 0,
                            1, 0.5, 0.5, 0.9f, 0.1f};
  const cred_class_draws d = {2, 3, 2, prob};
  double bald[3], entropy[3], votes[3], sd[3];
  score(bald, &d, CRED_ACQUIRE_BALD);
  score(entropy, &d, CRED_ACQUIRE_ENTROPY);
  score(votes, &d, CRED_ACQUIRE_VARIATION_RATIOS);
  score(sd, &d, CRED_ACQUIRE_MEAN_SD);
  assert_near(bald[0], log(2), 1e-7);
  assert_near(entropy[0], log(2), 1e-12);
  assert_near(votes[0], 0.5, 1e-12);
  assert_near(sd[0], 0.5, 1e-12);
  assert_near(bald[1], 0, 1e-7);
  assert_near(entropy[1], log(2), 1e-12);
  assert_near(bald[2], 0, 1e-7);
  assert_near(sd[2], 0, 1e-7);
}

// --- EPIG ---

static void test_epig_of_classes(void **state) {
  (void)state;
  enum { M = 13 };
  static cred_real pool[K * N * C], other[K * M * C];
  double got[N];
  random_prob(pool, K * N, C, 3, 5);
  random_prob(other, K * M, C, 3, 6);
  const cred_class_draws a = {K, N, C, pool}, b = {K, M, C, other};
  assert_ok(cred_acquire_class_epig(got, &a, &b, 2));
  for (size_t i = 0; i < N; i++) {
    double sum = 0;
    for (size_t j = 0; j < M; j++) {
      double joint[C][C] = {{0}}, p[C] = {0}, q[C] = {0};
      for (size_t k = 0; k < K; k++)
        for (size_t y = 0; y < C; y++)
          for (size_t z = 0; z < C; z++) {
            const double u = (double)pool[(k * N + i) * C + y];
            const double v = (double)other[(k * M + j) * C + z];
            joint[y][z] += u * v / K;
          }
      for (size_t y = 0; y < C; y++)
        for (size_t z = 0; z < C; z++) p[y] += joint[y][z], q[z] += joint[y][z];
      sum += (entropy_of(p, C) + entropy_of(q, C) - entropy_of(joint[0], C * C)) / M;
    }
    assert_near(got[i], sum, 1e-6);
    assert_true(got[i] >= 0);
  }
}

static void test_epig_of_numbers(void **state) {
  (void)state;
  enum { M = 9 };
  static double pool[K * N], other[K * M];
  double noise[N], other_noise[M], got[N];
  const cred_key key = cred_key_make(8);
  for (size_t i = 0; i < K * N; i++) pool[i] = 3 + 2 * cred_key_normal(&key, i);
  for (size_t i = 0; i < K * M; i++) other[i] = cred_key_normal(&key, 10000 + i);
  for (size_t i = 0; i < N; i++) noise[i] = 0.1 * (double)(i % 5);
  for (size_t j = 0; j < M; j++) other_noise[j] = 0.2;
  const cred_number_draws a = {K, N, pool, noise}, b = {K, M, other, other_noise};
  assert_ok(cred_acquire_number_epig(got, &a, &b));
  for (size_t i = 0; i < N; i++) {
    double sum = 0;
    for (size_t j = 0; j < M; j++) {
      double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
      for (size_t k = 0; k < K; k++)
        ma += pool[k * N + i] / K, mb += other[k * M + j] / K;
      for (size_t k = 0; k < K; k++) {
        const double x = pool[k * N + i] - ma, y = other[k * M + j] - mb;
        aa += x * x / (K - 1), bb += y * y / (K - 1), ab += x * y / (K - 1);
      }
      aa += noise[i], bb += other_noise[j];
      sum += 0.5 * log(aa * bb / (aa * bb - ab * ab)) / M;
    }
    assert_near(got[i], sum, 1e-10 * (1 + sum));
  }
}

// f(x) = w x, w ~ N(0, 1), noise s: y and y* are Gaussian with correlation
// x x* / sqrt((x^2 + s^2) (x*^2 + s^2)). 40,000 draws: its error is about 1 / 200.
static void test_epig_of_a_gaussian(void **state) {
  (void)state;
  enum { DRAWS = 40000 };
  static const double x[] = {0, 0.5, 1, 2}, target = 1.5, noise = 0.25;
  static double pool[DRAWS * 4], other[DRAWS];
  const double noise_var[4] = {noise, noise, noise, noise};
  const cred_key key = cred_key_make(2);
  for (size_t k = 0; k < DRAWS; k++) {
    const double w = cred_key_normal(&key, k);
    for (size_t i = 0; i < 4; i++) pool[4 * k + i] = w * x[i];
    other[k] = w * target;
  }
  const cred_number_draws a = {DRAWS, 4, pool, noise_var},
                          b = {DRAWS, 1, other, noise_var};
  double got[4];
  assert_ok(cred_acquire_number_epig(got, &a, &b));
  for (size_t i = 0; i < 4; i++) {
    const double rho2 = x[i] * x[i] * target * target /
                        ((x[i] * x[i] + noise) * (target * target + noise));
    assert_near(got[i], -0.5 * log(1 - rho2), 0.02);
  }
}

// --- BatchBALD ---

// I(y_1 ... y_n; theta) by all C^n labels.
static double joint_information(const cred_class_draws *d, const size_t *rows, size_t n) {
  size_t n_all = 1;
  for (size_t i = 0; i < n; i++) n_all *= d->n_classes;
  double joint = 0, inner = 0;
  for (size_t y = 0; y < n_all; y++) {
    double p = 0;
    for (size_t k = 0; k < d->n_draws; k++) {
      double product = 1;
      for (size_t i = 0, rest = y; i < n; i++, rest /= d->n_classes)
        product *=
            (double)
                d->prob[(k * d->n_rows + rows[i]) * d->n_classes + rest % d->n_classes];
      p += product / (double)d->n_draws;
    }
    joint -= p > 0 ? p * log(p) : 0;
  }
  for (size_t k = 0; k < d->n_draws; k++)
    for (size_t i = 0; i < n; i++)
      for (size_t c = 0; c < d->n_classes; c++) {
        const double p = (double)d->prob[(k * d->n_rows + rows[i]) * d->n_classes + c];
        inner -= p > 0 ? p * log(p) / (double)d->n_draws : 0;
      }
  return joint - inner;
}

static void test_batchbald_by_brute_force(void **state) {
  (void)state;
  enum { ROWS = 9, CLASSES = 3, BATCH = 5 };
  static cred_real prob[K * ROWS * CLASSES];
  const cred_key key = cred_key_make(1);
  for (uint64_t seed = 0; seed < 5; seed++) {
    const cred_class_draws d = {K, ROWS, CLASSES, prob};
    size_t chosen[BATCH];
    double gain[BATCH], before = 0;
    random_prob(prob, K * ROWS, CLASSES, 4, seed);
    if (seed == 4) // labels that cannot come
      for (size_t k = 0; k < K; k++)
        prob[k * ROWS * CLASSES] = 1, prob[k * ROWS * CLASSES + 1] = 0,
                        prob[k * ROWS * CLASSES + 2] = 0;
    assert_ok(cred_acquire_batchbald(chosen, gain, &d, BATCH, 81, NULL, &key, 2));
    for (size_t i = 0; i < BATCH; i++) {
      const double now = joint_information(&d, chosen, i + 1);
      assert_near(gain[i], now - before, 2e-6);
      for (size_t r = 0; r < ROWS; r++) { // no other row adds more
        size_t other[BATCH];
        bool taken = false;
        memcpy(other, chosen, sizeof other);
        for (size_t s = 0; s < i; s++) taken |= chosen[s] == r;
        other[i] = r;
        if (!taken) assert_true(joint_information(&d, other, i + 1) <= now + 4e-6);
      }
      before = now;
    }
  }
}

// Drawn configurations: 4^6 = 4,096 combinations are more than 4,000. A conditional
// entropy is within 0 and log 4, so that its sd is below log(4) / 2.
static void test_batchbald_by_drawing(void **state) {
  (void)state;
  enum { ROWS = 12, BATCH = 8, DRAWN = 4000 };
  static cred_real prob[K * ROWS * C];
  const cred_class_draws d = {K, ROWS, C, prob};
  const double tolerance = 5 * 0.5 * log(C) / sqrt(DRAWN);
  random_prob(prob, K * ROWS, C, 3, 9);
  for (uint64_t seed = 0; seed < 5; seed++) {
    const cred_key key = cred_key_make(seed);
    size_t chosen[BATCH];
    double gain[BATCH], before = 0;
    assert_ok(cred_acquire_batchbald(chosen, gain, &d, BATCH, DRAWN, NULL, &key, 2));
    for (size_t i = 0; i < BATCH; i++) {
      const double now = joint_information(&d, chosen, i + 1);
      assert_near(gain[i], now - before, i < 6 ? 2e-6 : tolerance);
      if (i >= 6) assert_true(fabs(gain[i] - (now - before)) > 1e-9); // it was drawn
      before = now;
    }
  }
}

// The same row twice: BALD takes it twice, BatchBALD takes another second.
static void test_batchbald_avoids_copies(void **state) {
  (void)state;
  const cred_real one[] = {0.99f, 0.01f}, two[] = {0.01f, 0.99f};
  const cred_real other[2][4][2] = {
      {{0.97f, 0.03f}, {0.97f, 0.03f}, {0.03f, 0.97f}, {0.03f, 0.97f}}};
  cred_real prob[4 * 3 * 2];
  for (size_t k = 0; k < 4; k++) {
    const cred_real *copy = k % 2 ? one : two;
    for (size_t c = 0; c < 2; c++) {
      prob[(k * 3 + 0) * 2 + c] = prob[(k * 3 + 1) * 2 + c] = copy[c];
      prob[(k * 3 + 2) * 2 + c] = other[0][k][c];
    }
  }
  const cred_class_draws d = {4, 3, 2, prob};
  const cred_key key = cred_key_make(1);
  size_t chosen[3], top[2];
  double gain[3], bald[3];
  assert_ok(cred_acquire_batchbald(chosen, gain, &d, 3, 100, NULL, &key, 1));
  score(bald, &d, CRED_ACQUIRE_BALD);
  assert_ok(cred_acquire_choose(top, 2, bald, NULL, 3, 0, &key));
  assert_true(top[0] < 2 && top[1] < 2);
  assert_true(chosen[0] < 2 && chosen[1] == 2);
  assert_true(gain[0] > 0.6 && gain[1] > 0.5 && gain[2] < 0.05);
}

// --- choosing ---

static void test_the_highest(void **state) {
  (void)state;
  const double s[] = {0.1, NAN, 0.7, 0, 0.7, 0.3};
  const uint64_t row[] = {10, 11, 12, 13, 14, 15};
  size_t chosen[6], first_of_tie[2] = {0};
  for (uint64_t seed = 0; seed < 200; seed++) {
    const cred_key key = cred_key_make(seed);
    assert_ok(cred_acquire_choose(chosen, 6, s, row, 6, 0, &key));
    assert_true(chosen[0] == 2 || chosen[0] == 4);
    assert_true(chosen[1] == 6 - chosen[0]);
    first_of_tie[chosen[0] == 4]++;
    assert_true(chosen[2] == 5 && chosen[3] == 0 && chosen[4] == 3 && chosen[5] == 1);
  }
  assert_true(first_of_tie[0] > 60 && first_of_tie[1] > 60); // 100 +- 7
  const cred_key key = cred_key_make(0);
  assert_fails(cred_acquire_choose(chosen, 7, s, row, 6, 0, &key), CRED_EDATA,
               "7 rows are asked for, there are 6");
  assert_fails(cred_acquire_choose(chosen, 1, s, row, 6, -1, &key), CRED_EINVAL, "power");
}

// The first of a power batch is drawn with probability ~ score^beta, the second from the
// rest.
static void test_power_batch(void **state) {
  (void)state;
  enum { TRIALS = 20000 };
  const double s[] = {1, 2, 0, 5};
  for (double beta = 1; beta <= 2; beta++) {
    double first[4] = {0}, second_after_3[4] = {0}, total = 0, n_3 = 0;
    for (size_t i = 0; i < 4; i++) total += pow(s[i], beta);
    for (uint64_t seed = 0; seed < TRIALS; seed++) {
      const cred_key key = cred_key_make(seed);
      size_t chosen[4];
      assert_ok(cred_acquire_choose(chosen, 4, s, NULL, 4, beta, &key));
      assert_int_equal(chosen[3], 2); // a score of 0 is never before another
      first[chosen[0]]++;
      if (chosen[0] == 3) second_after_3[chosen[1]]++, n_3++;
    }
    for (size_t i = 0; i < 4; i++) {
      const double p = pow(s[i], beta) / total;
      assert_near(first[i] / TRIALS, p, 5 * sqrt(p * (1 - p) / TRIALS) + 1e-12);
    }
    const double p = pow(2, beta) / (1 + pow(2, beta));
    assert_near(second_after_3[1] / n_3, p, 5 * sqrt(p * (1 - p) / n_3));
  }
}

static void test_rows(void **state) {
  (void)state;
  const cred_key key = cred_key_make(4);
  size_t *rows, n;
  assert_ok(cred_acquire_rows(&rows, &n, 100, 30, &key));
  assert_int_equal(n, 30);
  for (size_t i = 0; i < n; i++)
    assert_true(rows[i] < 100 && (i == 0 || rows[i] > rows[i - 1]));
  cred_acquire_rows_free(rows);
  assert_ok(cred_acquire_rows(&rows, &n, 5, 0, &key));
  assert_int_equal(n, 5);
  cred_acquire_rows_free(rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scores_of_classes),
      cmocka_unit_test(test_closed_forms),
      cmocka_unit_test(test_epig_of_classes),
      cmocka_unit_test(test_epig_of_numbers),
      cmocka_unit_test(test_epig_of_a_gaussian),
      cmocka_unit_test(test_batchbald_by_brute_force),
      cmocka_unit_test(test_batchbald_by_drawing),
      cmocka_unit_test(test_batchbald_avoids_copies),
      cmocka_unit_test(test_the_highest),
      cmocka_unit_test(test_power_batch),
      cmocka_unit_test(test_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
