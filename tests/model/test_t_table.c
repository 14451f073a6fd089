// test_t_table.c -- the tabulated distribution function against the exact one.

#include "check.h"
#include "kernel/special.h"
#include "model/t_table.h"

static void test_against_exact(void **state) {
  (void)state;
  static const double dofs[] = {2.0001, 2.01, 2.5, 3, 4, 7.3, 10, 30, 200, 1e4, 1e6};
  static cred__t_table table;
  for (size_t i = 0; i < sizeof dofs / sizeof *dofs; i++) {
    cred__t_table_init(&table, dofs[i]);
    for (double z = -60; z <= 60; z += 0.0173)
      assert_near(cred__t_table_cdf(&table, z), cred__student_t_cdf(z, dofs[i]), 1e-7);
  }
}

static void test_ends(void **state) {
  (void)state;
  static cred__t_table table;
  cred__t_table_init(&table, 5);
  assert_true(cred__t_table_cdf(&table, INFINITY) == 1.0);
  assert_true(cred__t_table_cdf(&table, -INFINITY) == 0.0);
  assert_true(cred__t_table_cdf(&table, 0) == 0.5);
  assert_true(isnan(cred__t_table_cdf(&table, NAN)));
  double last = 0;
  for (double z = -1e4; z <= 1e4; z += 1.7) {
    const double p = cred__t_table_cdf(&table, z);
    assert_true(p >= last - 1e-12 && p <= 1.0);
    last = p;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_exact),
                                     cmocka_unit_test(test_ends)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
