// predicted.h -- predictions of models that were never fitted, for the tests of them.

#ifndef CRED_TESTS_MODEL_PREDICTED_H
#define CRED_TESTS_MODEL_PREDICTED_H

#include "model/assembled.h"
#include "credence/model/predict.h"

// A model that was never fitted: random means, sds of about a tenth.
static inline void random_posterior(assembled *a, size_t n_members, double sd) {
  cred_model *m = a->model;
  cred_posterior_free(m->posterior);
  cred__free(m->states);
  m->plan.n_members = n_members;
  assert_ok(cred__model_make_members(m));
  for (size_t k = 0; k < n_members; k++) {
    const cred_key key = cred_key_make(50 + k);
    cred_member *member = &m->posterior->members[k];
    cred_network_init(m->network, member->mean, &key);
    cred_likelihood_init(member->mean + m->noise_offset, &m->likelihood);
    for (size_t i = 0; i < m->noise_offset; i++) {
      member->mean[i] += (cred_real)(0.3 * cred_key_normal(&key, i));
      if (member->sd)
        member->sd[i] = (cred_real)(sd * (0.5 + cred_key_uniform(&key, 9000 + i)));
    }
  }
}

static inline cred_predict_options options(cred_draws draws, size_t n_draws) {
  cred_predict_options opt = cred_predict_defaults();
  opt.draws = draws;
  opt.n_draws = n_draws;
  opt.n_threads = 1;
  return opt;
}

static inline cred_predictor *predict(cred_prediction *out, const assembled *a,
                                      const cred_predict_options *opt) {
  cred_predictor *p;
  assert_ok(cred_predictor_new(&p, a->model, opt));
  assert_ok(cred_predictor_run(out, p, &a->data));
  assert_int_equal(out->n_rows, a->data.n_rows);
  return p;
}

#endif
