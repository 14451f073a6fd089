// test_posterior.c -- members, numbers of draws, draws of theta, memory that runs out.

#include "check.h"
#include "base/alloc.h"
#include "credence/prob/posterior.h"

enum { DIM = 10007 };

static cred_posterior *gaussian_of(size_t n_members) {
  cred_posterior *posterior;
  assert_ok(cred_posterior_new(&posterior, CRED_POSTERIOR_GAUSSIAN, DIM, n_members));
  for (size_t k = 0; k < n_members; k++)
    for (size_t i = 0; i < DIM; i++) {
      posterior->members[k].mean[i] = (cred_real)k + (cred_real)i / DIM;
      posterior->members[k].sd[i] = i % 3 ? (cred_real)0.5 : 0;
    }
  return posterior;
}

static void test_members_take_turns(void **state) {
  (void)state;
  cred_posterior *posterior = gaussian_of(3);
  assert_int_equal(cred_posterior_n_draws(posterior, 0), 3);
  assert_int_equal(cred_posterior_n_draws(posterior, 3), 3);
  assert_int_equal(cred_posterior_n_draws(posterior, 4), 6);
  assert_int_equal(cred_posterior_n_draws(posterior, 100), 102);
  assert_true(cred_posterior_is_random(posterior));
  for (size_t k = 0; k < 9; k++)
    assert_ptr_equal(cred_posterior_member(posterior, k), &posterior->members[k % 3]);
  cred_posterior_free(posterior);
}

static void test_points_are_used_once_each(void **state) {
  (void)state;
  cred_posterior *posterior;
  assert_ok(cred_posterior_new(&posterior, CRED_POSTERIOR_POINT, 4, 5));
  assert_int_equal(cred_posterior_n_draws(posterior, 1000), 5);
  assert_false(cred_posterior_is_random(posterior));
  assert_null(posterior->members[0].sd);
  const cred_key key = cred_key_make(1);
  cred_real theta[4];
  posterior->members[2].mean[3] = 7;
  cred_posterior_draw(theta, posterior, 2, &key, 1);
  assert_memory_equal(theta, posterior->members[2].mean, sizeof theta);
  cred_posterior_free(posterior);
  assert_ok(cred_posterior_new(&posterior, CRED_POSTERIOR_DROPOUT, 4, 1));
  assert_int_equal(cred_posterior_n_draws(posterior, 1000), 1000);
  assert_true(cred_posterior_is_random(posterior));
  cred_posterior_free(posterior);
}

static void test_draws_do_not_depend_on_threads(void **state) {
  (void)state;
  static cred_real one[DIM], four[DIM], other[DIM];
  cred_posterior *posterior = gaussian_of(1);
  const cred_key key = cred_key_make(9);
  cred_posterior_draw(one, posterior, 5, &key, 1);
  cred_posterior_draw(four, posterior, 5, &key, 4);
  assert_memory_equal(one, four, sizeof one);
  cred_posterior_draw(other, posterior, 6, &key, 1); // no alias of one draw
  size_t n_equal = 0;
  for (size_t i = 0; i < DIM; i++) n_equal += i % 3 && one[i] == other[i];
  assert_true(n_equal < 20);
  cred_posterior_free(posterior);
}

static void test_sd_zero_is_the_mean_to_the_bit(void **state) {
  (void)state;
  static cred_real theta[DIM];
  cred_posterior *posterior = gaussian_of(1);
  const cred_key key = cred_key_make(9);
  posterior->members[0].mean[3] = (cred_real)-0.0;
  cred_posterior_draw(theta, posterior, 0, &key, 1);
  for (size_t i = 0; i < DIM; i += 3)
    assert_memory_equal(&theta[i], &posterior->members[0].mean[i], sizeof *theta);
  cred_posterior_free(posterior);
}

static void test_draws_have_the_moments(void **state) {
  (void)state;
  static cred_real theta[DIM];
  cred_posterior *posterior = gaussian_of(1);
  const cred_key key = cred_key_make(13);
  double sum = 0, square = 0, lag = 0, before = 0;
  size_t n = 0;
  for (size_t k = 0; k < 20; k++) {
    cred_posterior_draw(theta, posterior, k, &key, 2);
    for (size_t i = 0; i < DIM; i++) {
      if (i % 3 == 0) continue;
      const double z = ((double)theta[i] - (double)posterior->members[0].mean[i]) / 0.5;
      sum += z, square += z * z, lag += z * before, before = z, n++;
    }
  }
  const double se = 1 / sqrt((double)n);
  assert_near(sum / (double)n, 0, 4 * se);
  assert_near(square / (double)n, 1, 4 * sqrt(2) * se);
  assert_near(lag / (double)n, 0, 4 * se);
  cred_posterior_free(posterior);
}

static void test_bad_arguments(void **state) {
  (void)state;
  cred_posterior *posterior = NULL;
  assert_fails(cred_posterior_new(&posterior, CRED_POSTERIOR_POINT, 0, 1), CRED_EINVAL,
               "must be > 0");
  assert_fails(cred_posterior_new(&posterior, CRED_POSTERIOR_POINT, 1, 0), CRED_EINVAL,
               "must be > 0");
  assert_fails(cred_posterior_new(&posterior, (cred_posterior_kind)9, 1, 1), CRED_EINVAL,
               "kind 9");
  assert_fails(cred_posterior_new(&posterior, CRED_POSTERIOR_POINT, SIZE_MAX / 2, 1),
               CRED_ENOMEM, "");
  assert_null(posterior);
  cred_posterior_free(NULL);
}

static void test_out_of_memory(void **state) {
  (void)state;
  const long live = cred__alloc_live();
  cred_status status = CRED_ENOMEM;
  for (long n = 0; status != CRED_OK; n++) {
    cred_posterior *posterior = NULL;
    assert_true(n < 20);
    cred__alloc_fail_after(n);
    status = cred_posterior_new(&posterior, CRED_POSTERIOR_GAUSSIAN, 100, 3);
    cred__alloc_fail_after(-1);
    if (status != CRED_OK) {
      assert_int_equal(status, CRED_ENOMEM);
      assert_null(posterior);
      assert_int_equal(cred__alloc_live(), live);
    }
    cred_posterior_free(posterior);
  }
  assert_int_equal(cred__alloc_live(), live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_members_take_turns),
      cmocka_unit_test(test_points_are_used_once_each),
      cmocka_unit_test(test_draws_do_not_depend_on_threads),
      cmocka_unit_test(test_sd_zero_is_the_mean_to_the_bit),
      cmocka_unit_test(test_draws_have_the_moments),
      cmocka_unit_test(test_bad_arguments),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
