// Chain diagnostics against diagnostics_golden.py, brute force and processes with known
// correlation.

#include "base/alloc.h"
#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/diagnostics.h"

// The chains of diagnostics_golden.py.
static void make_golden(double *draws, size_t n_draws, double offset) {
  uint32_t word = 12345;
  for (size_t chain = 0; chain < 4; chain++) {
    double x = 0.0;
    for (size_t i = 0; i < n_draws; i++) {
      word = (uint32_t)((1103515245ull * word + 12345) % 2147483648ull);
      x = 0.6 * x + word / 2147483648.0;
      draws[chain * n_draws + i] = x + offset * (double)chain;
    }
  }
}

static void agrees_with_the_reference(void **state) {
  (void)state;
  // draws, offset; R-hat, bulk, tail, mean, error of the mean; plain R-hat and size
  static const double table[][9] = {
      {200, 0.0, 1.00633390799, 213.122611576, 420.455863922, 214.17157141,
       0.0235398842075, 1.00572438881, 215.532330809},
      {200, 0.3, 1.47977941074, 8.20224298386, 53.4958898923, 8.01685807703,
       0.175078951287, 1.56508483691, 3.70994906408},
      {101, 0.0, 1.00998396356, 92.9434845586, 197.364329691, 93.0029833719,
       0.0392358588043, 1.00073117007, 90.3345883071}};
  for (int k = 0; k < 3; k++) {
    const double *t = table[k];
    double draws[800], rhat, ess;
    cred_chain_summary summary;
    make_golden(draws, (size_t)t[0], t[1]);
    assert_ok(cred_chain_diagnose(&summary, draws, 4, (size_t)t[0]));
    assert_ok(cred_rhat_plain(&rhat, draws, 4, (size_t)t[0]));
    assert_ok(cred_ess_plain(&ess, draws, 4, (size_t)t[0]));
    assert_near(summary.rhat, t[2], 1e-9);
    assert_near(summary.ess_bulk, t[3], 1e-7);
    assert_near(summary.ess_tail, t[4], 1e-7);
    assert_near(summary.ess_mean, t[5], 1e-7);
    assert_near(summary.mean_error, t[6], 1e-9);
    assert_near(rhat, t[7], 1e-9);
    assert_near(ess, t[8], 1e-7);
  }
}

// x_i = phi x_(i-1) + noise has effective size n (1 - phi) / (1 + phi).
static void autoregressive_chains(void **state) {
  (void)state;
  enum { M = 4, N = 4000 };
  static double draws[M * N];
  const double phis[] = {0.0, 0.5, 0.9, -0.4};
  const cred_key key = cred_key_make(6);
  for (int p = 0; p < 4; p++) {
    const double phi = phis[p];
    for (size_t m = 0; m < M; m++) {
      double x = cred_key_normal(&key, m * N) / sqrt(1.0 - phi * phi);
      for (size_t i = 0; i < N; i++)
        draws[m * N + i] = x = phi * x + cred_key_normal(&key, (m + M) * N + i);
    }
    cred_chain_summary s;
    assert_ok(cred_chain_diagnose(&s, draws, M, N));
    const double expected = M * N * (1.0 - phi) / (1.0 + phi);
    assert_near(s.ess_mean / expected, 1.0, 0.15);
    assert_near(s.ess_bulk / expected, 1.0, 0.15);
    assert_true(s.rhat < 1.01 && s.rhat > 0.999);
    assert_near(s.sd, 1.0 / sqrt(1.0 - phi * phi), 0.1);
  }
}

static void faults_are_seen(void **state) {
  (void)state;
  enum { M = 2, N = 1000 };
  static double draws[M * N];
  const cred_key key = cred_key_make(6);
  cred_chain_summary s;
  // one chain is elsewhere, one has another spread, both drift alike
  for (size_t i = 0; i < M * N; i++)
    draws[i] = cred_key_normal(&key, i) + (i < N ? 1 : 0);
  assert_ok(cred_chain_diagnose(&s, draws, M, N));
  assert_true(s.rhat > 1.1);
  for (size_t i = 0; i < M * N; i++)
    draws[i] = cred_key_normal(&key, i) * (i < N ? 3 : 1);
  assert_ok(cred_chain_diagnose(&s, draws, M, N));
  assert_true(s.rhat > 1.1);
  for (size_t i = 0; i < M * N; i++)
    draws[i] = cred_key_normal(&key, i) + 2.0 * (double)(i % N) / N;
  double plain;
  assert_ok(cred_rhat_plain(&plain, draws, M, N));
  assert_ok(cred_chain_diagnose(&s, draws, M, N));
  assert_true(plain < 1.01 && s.rhat > 1.1);
}

// Ranks do not see a growing transformation, and infinite variance does no harm.
static void ranks_do_not_see_the_scale(void **state) {
  (void)state;
  enum { M = 2, N = 500 };
  static double draws[M * N], cubed[M * N];
  const cred_key key = cred_key_make(12);
  for (size_t i = 0; i < M * N; i++) {
    draws[i] = cred_key_normal(&key, i);
    cubed[i] = exp(5.0 * draws[i]);
  }
  cred_chain_summary a, b;
  assert_ok(cred_chain_diagnose(&a, draws, M, N));
  assert_ok(cred_chain_diagnose(&b, cubed, M, N));
  assert_near(a.ess_bulk, b.ess_bulk, 1e-9 * a.ess_bulk);
  assert_true(b.rhat < 1.05);
}

static void constant_and_short_chains(void **state) {
  (void)state;
  const double equal[] = {2, 2, 2, 2, 2, 2, 2, 2}, nan[] = {1, 2, NAN, 4};
  const double stuck[] = {1, 1, 1, 1, 2, 2, 2, 2};
  cred_chain_summary s;
  double out = -1.0;
  assert_ok(cred_chain_diagnose(&s, equal, 2, 4));
  assert_true(isnan(s.rhat) && isnan(s.ess_bulk) && isnan(s.ess_mean));
  assert_near(s.mean, 2.0, 0.0);
  assert_ok(cred_chain_diagnose(&s, stuck, 2, 4));
  assert_true(s.rhat == INFINITY);
  assert_fails(cred_chain_diagnose(&s, equal, 2, 3), CRED_EDATA, "2 chains of 3 draws");
  assert_fails(cred_chain_diagnose(&s, equal, 0, 8), CRED_EDATA, "0 chains");
  assert_fails(cred_ess_plain(&out, nan, 1, 4), CRED_EDATA, "draw 2 of chain 0 is nan");
  assert_ok(cred_rhat_plain(&out, equal, 1, 8));
  assert_true(isnan(out));
}

static void out_of_memory(void **state) {
  (void)state;
  double draws[40], out;
  cred_chain_summary s;
  make_golden(draws, 10, 0.0);
  for (long n = 0; n < 5; n++) {
    cred__alloc_fail_after(n);
    assert_fails(cred_chain_diagnose(&s, draws, 4, 10), CRED_ENOMEM, "memory");
  }
  cred__alloc_fail_after(0);
  assert_fails(cred_ess_plain(&out, draws, 4, 10), CRED_ENOMEM, "memory");
  cred__alloc_fail_after(-1);
  assert_int_equal(cred__alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_the_reference),
                                     cmocka_unit_test(autoregressive_chains),
                                     cmocka_unit_test(faults_are_seen),
                                     cmocka_unit_test(ranks_do_not_see_the_scale),
                                     cmocka_unit_test(constant_and_short_chains),
                                     cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
