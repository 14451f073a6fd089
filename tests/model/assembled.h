// assembled.h -- a model put together from a small made-up table without a fit, and its
// data.

#ifndef CRED_TESTS_MODEL_ASSEMBLED_H
#define CRED_TESTS_MODEL_ASSEMBLED_H

#include "check.h"
#include "base/alloc.h"
#include "model/model.h"

typedef struct {
  size_t n_rows, n_targets;
  int task;        // a cred_target_type
  size_t n_levels; // of a class target
  bool weighted;   // row i has weight i mod 3
  const char *likelihood, *net, *prior;
  cred_fit_posterior posterior;
} recipe_of_test;

typedef struct {
  cred_model *model;
  cred_data data;
} assembled;

enum { ASSEMBLED_INPUTS = 3 };

// Columns x1, x2, x3, y1 ..., and w where rows are weighted.
static inline cred_table *made_up_table(const recipe_of_test *r, uint64_t seed) {
  static const char *const names[] = {"x1", "x2", "x3", "y1", "y2", "y3"};
  const char *used[8];
  const size_t n_columns = ASSEMBLED_INPUTS + r->n_targets + r->weighted;
  for (size_t c = 0; c < ASSEMBLED_INPUTS + r->n_targets; c++) used[c] = names[c];
  used[n_columns - 1] = r->weighted ? "w" : used[n_columns - 1];
  double *cells;
  assert_ok(NEW(&cells, r->n_rows * n_columns, "cells"));
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < r->n_rows; i++) {
    double *row = cells + i * n_columns;
    for (size_t c = 0; c < ASSEMBLED_INPUTS; c++)
      row[c] = cred_key_normal(&key, i * 16 + c);
    for (size_t t = 0; t < r->n_targets; t++) {
      const double y = 0.7 * row[0] - row[1] * (double)t + 0.5 * row[2] * row[0] +
                       0.4 * cred_key_normal(&key, i * 16 + 8 + t);
      row[ASSEMBLED_INPUTS + t] = r->task == CRED_TARGET_NUMBER ? y
                                  : r->task == CRED_TARGET_COUNT
                                      ? floor(2 * fabs(y))
                                      : (double)(i % r->n_levels);
    }
    if (r->weighted) row[n_columns - 1] = (double)(i % 3);
  }
  cred_table *table;
  assert_ok(cred_table_from_array(&table, cells, r->n_rows, n_columns, n_columns, used));
  cred__free(cells);
  return table;
}

static inline cred_schema_options made_up_columns(const recipe_of_test *r) {
  static const char *const targets[] = {"y1", "y2", "y3"};
  cred_schema_options opt = cred_schema_defaults();
  opt.targets = targets;
  opt.n_targets = r->n_targets;
  opt.task = r->task;
  if (r->weighted) opt.weight = "w";
  return opt;
}

static inline void assemble(assembled *out, const recipe_of_test *r) {
  cred_table *table = made_up_table(r, 12);
  const cred_schema_options columns = made_up_columns(r);
  cred_schema *schema;
  assert_ok(cred_schema_learn(&schema, table, NULL, 0, &columns));
  assert_ok(cred_schema_encode(&out->data, schema, table, NULL, 0, 1, 0));
  cred_fit_options opt = cred_fit_defaults();
  opt.posterior = r->posterior ? r->posterior : CRED_FIT_VI;
  opt.net = r->net;
  opt.prior = r->prior ? r->prior : "normal 1";
  opt.likelihood = r->likelihood;
  opt.dropout = 0;
  opt.n_members = 1;
  cred__plan plan;
  assert_ok(cred__plan_resolve(&plan, &opt, schema, r->n_rows));
  assert_ok(cred__model_assemble(&out->model, &plan, schema));
  assert_ok(cred__model_make_members(out->model));
  cred_table_free(table);
}

static inline void assembled_clear(assembled *a) {
  cred_model_free(a->model);
  cred_data_clear(&a->data);
}

#endif
