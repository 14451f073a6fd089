// method.c -- options that methods share.

#include "credence/infer/method.h"
#include "base/fail.h"

cred_method_options cred_method_defaults(void) {
  const cred_method_options opt = {.optimiser = cred_optimiser_defaults(),
                                   .estimator = CRED_ESTIMATOR_LOCAL,
                                   .n_draws = 1,
                                   .init_sd = 0.1,
                                   .temperature = 1.0};
  return opt;
}

cred_status cred_method_check(const cred_method_options *opt) {
  TRY(cred_optimiser_check(&opt->optimiser));
  if (opt->n_draws < 1) FAIL(CRED_EINVAL, "draws a step: 0 given, at least 1 is needed");
  if (!(opt->init_sd > 0 && opt->init_sd <= 10))
    FAIL(CRED_EINVAL, "init_sd is %g, must be in (0, 10]", opt->init_sd);
  if (!(opt->temperature >= 0 && opt->temperature <= 10))
    FAIL(CRED_EINVAL, "temperature is %g, must be in [0, 10] (1 is Bayes' rule)",
         opt->temperature);
  return CRED_OK;
}
