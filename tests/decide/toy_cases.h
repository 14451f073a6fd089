// toy_cases.h -- cases of a small model, and a rule without limits, for the tests of
// triage.

#ifndef CRED_TESTS_DECIDE_TOY_CASES_H
#define CRED_TESTS_DECIDE_TOY_CASES_H

#include "credence/decide/triage.h"
#include "model/toy_model.h"

static inline cred_rule no_limits(void) {
  const cred_predict_options opt = cred_predict_defaults();
  return cred_rule_defaults(&opt);
}

static inline cred_cases cases_of(const cred_model *m, const char *toy, size_t n,
                                  uint64_t seed) {
  const cred_predict_options opt = cred_predict_defaults();
  cred_data data = fresh(m, toy, n, seed);
  cred_cases cases;
  assert_ok(cred_cases_init(&cases, m, &data, 0, &opt));
  cred_data_clear(&data);
  return cases;
}

#endif
