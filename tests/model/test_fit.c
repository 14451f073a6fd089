// Fits of small tables: stopped anywhere and resumed they end in the same bytes, whatever
// the number of threads; early stopping, divergence, weights of the KL, memory that runs
// out.

#include "model/assembled.h"
#include "model/files.h"

static const recipe_of_test table_of_numbers = {.n_rows = 40, .n_targets = 1};

static cred_fit_options small_fit(void) {
  cred_fit_options opt = cred_fit_defaults();
  opt.posterior = CRED_FIT_MAP;
  opt.net = "dense 5 tanh";
  opt.prior = "normal 1";
  opt.likelihood = "student-t";
  opt.epochs = 4;
  opt.batch = 16;
  opt.validation = 0;
  opt.n_threads = 1;
  return opt;
}

static cred_model *fit(const cred_table *table, const recipe_of_test *r,
                       const cred_fit_options *opt, cred_fit_info *info) {
  cred_model *m;
  const cred_schema_options columns = made_up_columns(r);
  assert_ok(cred_model_fit(&m, info, table, NULL, 0, &columns, opt));
  return m;
}

static bool stop(void *context, const cred_progress *p) {
  assert_true(p->step > 0 && p->step <= p->n_steps && p->member <= p->n_members);
  ++*(size_t *)context;
  return false;
}

// Stopped after every single step, through a file each time.
static void check_resume(cred_fit_options opt, const char *what) {
  cred_table *table = made_up_table(&table_of_numbers, 3);
  cred_fit_info whole_info, info;
  cred_model *whole = fit(table, &table_of_numbers, &opt, &whole_info);
  assert_int_equal(whole_info.outcome, CRED_FIT_DONE);
  size_t n_stops = 0;
  opt.progress = stop;
  opt.progress_context = &n_stops;
  cred_model *m = fit(table, &table_of_numbers, &opt, &info);
  for (int i = 0; info.outcome == CRED_FIT_STOPPED; i++) {
    if (i > 1000) fail_msg("%s: does not end", what);
    m = through_a_file(m);
    assert_true(cred_model_can_resume(m));
    assert_ok(cred_model_resume(m, &info, table, 0, 1, stop, &n_stops));
  }
  assert_int_equal(info.outcome, CRED_FIT_DONE);
  assert_true(n_stops >= whole_info.n_steps);
  assert_int_equal(info.n_steps, whole_info.n_steps);
  assert_same_bytes(bytes_of_model(whole, false), bytes_of_model(m, false));
  assert_same_bytes(bytes_of_model(whole, true), bytes_of_model(m, true));
  cred_model_free(whole);
  cred_model_free(m);
  cred_table_free(table);
}

static bool take_size(void *context, const cred_progress *p) {
  *(double *)context = p->model_bytes;
  return true;
}

// What the progress says of the size is the size of the file, but for its texts.
static void test_size(void **state) {
  (void)state;
  cred_table *table = made_up_table(&table_of_numbers, 3);
  for (int vi = 0; vi < 2; vi++) {
    cred_fit_options opt = small_fit();
    cred_fit_info info;
    double n_bytes = 0;
    opt.posterior = vi ? CRED_FIT_VI : CRED_FIT_MAP;
    opt.net = "dense 4000 tanh";
    opt.n_members = 2;
    opt.epochs = 1;
    opt.progress = take_size;
    opt.progress_context = &n_bytes;
    cred_model *m = fit(table, &table_of_numbers, &opt, &info);
    file_bytes file = bytes_of_model(m, false);
    if (fabs((double)file.n / n_bytes - 1) > 0.05)
      fail_msg("%s: %zu bytes, %g were announced", vi ? "vi" : "map", file.n, n_bytes);
    cred__free(file.bytes);
    cred_model_free(m);
  }
  cred_table_free(table);
}

static void test_resume_map(void **state) {
  (void)state;
  cred_fit_options opt = small_fit();
  check_resume(opt, "map");
  opt.validation = 0.2;
  opt.patience = 2;
  opt.epochs = 12;
  opt.schedule.rate = 0.3; // so high that validation gets worse
  check_resume(opt, "map, early stopping");
  opt = small_fit();
  opt.method.optimiser.kind = CRED_SGD;
  opt.kl_weights = CRED_KL_BLUNDELL;
  opt.schedule.kind = CRED_RATE_ONE_CYCLE;
  check_resume(opt, "map, sgd, one cycle");
}

static void test_resume_vi(void **state) {
  (void)state;
  static const char *const priors[] = {"normal learned", "mixture", "laplace 1"};
  for (int estimator = 0; estimator < 3; estimator++) {
    cred_fit_options opt = small_fit();
    opt.posterior = CRED_FIT_VI;
    opt.prior = priors[estimator];
    opt.method.estimator = estimator;
    opt.method.n_draws = 1 + (size_t)(estimator == 0);
    opt.n_members = 2;
    opt.validation = estimator == 1 ? 0.25 : 0;
    check_resume(opt, "vi");
  }
}

static void test_resume_dropout_ensemble(void **state) {
  (void)state;
  cred_fit_options opt = small_fit();
  opt.posterior = CRED_FIT_DROPOUT;
  opt.dropout = 0.2;
  opt.n_members = 3;
  opt.folds = true;
  opt.validation = NAN;
  opt.patience = 2;
  check_resume(opt, "dropout ensemble with folds");
}

static void test_threads(void **state) {
  (void)state;
  static const char *const nets[] = {"dense 5 tanh", "dense 140 relu, dense 150 relu"};
  static const size_t threads[] = {1, 2, 3, 8};
  cred_table *table = made_up_table(&table_of_numbers, 3);
  for (size_t n = 0; n < 2; n++) // members side by side; each on all threads
    for (int posterior = CRED_FIT_VI; posterior <= CRED_FIT_DROPOUT; posterior++) {
      cred_fit_options opt = small_fit();
      opt.posterior = posterior;
      opt.net = nets[n];
      opt.epochs = 2;
      opt.n_members = n ? 1 : 5;
      opt.dropout = 0.1;
      cred_model *first = fit(table, &table_of_numbers, &opt, NULL);
      for (size_t t = 1; t < 4; t++) {
        opt.n_threads = threads[t];
        cred_model *m = fit(table, &table_of_numbers, &opt, NULL);
        assert_same_bytes(bytes_of_model(first, false), bytes_of_model(m, false));
        cred_model_free(m);
      }
      cred_model_free(first);
    }
  cred_table_free(table);
}

// Members start apart and are kept apart; another seed is another model.
static void test_members_differ(void **state) {
  (void)state;
  cred_table *table = made_up_table(&table_of_numbers, 3);
  cred_fit_options opt = small_fit();
  opt.n_members = 3;
  cred_model *m = fit(table, &table_of_numbers, &opt, NULL);
  opt.seed = 2;
  cred_model *other = fit(table, &table_of_numbers, &opt, NULL);
  const cred_member *a = cred_model_posterior(m)->members;
  const size_t n = cred_model_posterior(m)->dim * sizeof(cred_real);
  assert_memory_not_equal(a[0].mean, a[1].mean, n);
  assert_memory_not_equal(a[1].mean, a[2].mean, n);
  assert_memory_not_equal(a[0].mean, cred_model_posterior(other)->members[0].mean, n);
  cred_model_free(m);
  cred_model_free(other);
  cred_table_free(table);
}

// Score of member 0 on the rows held out from it.
static double held_out_score(const cred_model *m, const cred_table *table) {
  cred_data data;
  cred_split split;
  assert_ok(cred_schema_encode(&data, m->schema, table, NULL, 0, 1, 0));
  assert_ok(cred__member_split(&split, m, data.n_rows, NULL, 0));
  cred__network_density d;
  cred__network_density_init(&d, m, cred_source_of_data(&data), split.held_out,
                             split.n_held_out, false);
  void *work;
  assert_ok(d.density.work_new(&work, d.density.model, split.n_held_out, 1));
  double rows[256], sum = 0;
  assert_ok(d.density.row_log_lik(d.density.model, rows, work,
                                  m->posterior->members[0].mean, NULL, NULL, 0));
  for (size_t i = 0; i < split.n_held_out; i++) sum += rows[i] / (double)split.n_held_out;
  d.density.work_free(work);
  cred_split_clear(&split);
  cred_data_clear(&data);
  return sum;
}

static void test_early_stopping_keeps_the_best(void **state) {
  (void)state;
  cred_table *table = made_up_table(&table_of_numbers, 3);
  for (size_t patience = 0; patience < 8; patience += 3) {
    cred_fit_options opt = small_fit();
    opt.validation = 0.3;
    opt.patience = patience;
    opt.epochs = 60;
    opt.schedule.rate = 0.1;
    cred_fit_info info;
    cred_model *m = fit(table, &table_of_numbers, &opt, &info);
    assert_int_equal(info.n_train, 28);
    assert_int_equal(info.n_validation, 12);
    double best = -INFINITY;
    size_t best_epoch = 0;
    const size_t n = cred_model_n_history(m);
    for (size_t i = 0; i < n; i++)
      if (cred_model_history(m, i).validation > best) {
        best = cred_model_history(m, i).validation;
        best_epoch = cred_model_history(m, i).epoch;
      }
    assert_near(info.validation, best, 1e-12);
    assert_near(held_out_score(m, table), best, 1e-6);
    assert_true(best_epoch < 50 && best > cred_model_history(m, n - 1).validation);
    assert_int_equal(n, patience ? best_epoch + patience : 60);
    assert_int_equal(info.n_epochs, n);
    cred_model_free(m);
  }
  cred_table_free(table);
}

// With nothing to learn from, plain ascent multiplies weights by 1 - rate k_i / (t^2 N)
// at batch i: the weights of the KL k_i, whose sum is the number of batches; Blundell et
// al. (2015), 3.4.
static void test_weights_of_the_kl(void **state) {
  (void)state;
  enum { N = 20, M = 5 };
  double cells[N][3];
  const cred_key key = cred_key_make(1);
  for (size_t i = 0; i < N; i++) {
    cells[i][0] = cred_key_normal(&key, 2 * i);
    cells[i][1] = cred_key_normal(&key, 2 * i + 1);
    cells[i][2] = 0; // no row counts
  }
  static const char *const names[] = {"x", "y", "w"}, *const targets[] = {"y"};
  cred_table *table;
  assert_ok(cred_table_from_array(&table, cells[0], N, 3, 3, names));
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = targets;
  columns.n_targets = 1;
  columns.weight = "w";
  for (int kind = 0; kind < 2; kind++) {
    cred_fit_options opt = small_fit();
    opt.net = "linear";
    opt.prior = "normal 0.5";
    opt.likelihood = "gaussian 0.3";
    opt.method.optimiser.kind = CRED_SGD;
    opt.method.optimiser.momentum = 0;
    opt.kl_weights = kind;
    opt.schedule = (cred_schedule){CRED_RATE_CONSTANT, 1e-30, 0};
    opt.epochs = 1;
    opt.batch = N / M;
    cred_model *before, *after;
    assert_ok(cred_model_fit(&before, NULL, table, NULL, 0, &columns, &opt));
    opt.schedule.rate = 1;
    assert_ok(cred_model_fit(&after, NULL, table, NULL, 0, &columns, &opt));
    double factor = 1, sum = 0;
    for (int i = 1; i <= M; i++) {
      const double k = kind ? M * pow(2, M - i) / (pow(2, M) - 1) : 1;
      sum += k;
      factor *= 1 - k / (0.5 * 0.5 * N);
    }
    assert_near(sum, M, 1e-12);
    const cred_real *a = before->posterior->members[0].mean;
    const cred_real *b = after->posterior->members[0].mean;
    assert_near((double)b[0] / (double)a[0], factor, 1e-5);
    cred_model_free(before);
    cred_model_free(after);
  }
  cred_table_free(table);
}

static void test_divergence_keeps_a_finite_state(void **state) {
  (void)state;
  cred_table *table = made_up_table(&table_of_numbers, 3);
  cred_fit_options opt = small_fit();
  opt.method.optimiser.kind = CRED_SGD;
  opt.net = "dense 5 relu, dense 5 relu";
  opt.likelihood = "gaussian 0.01";
  opt.schedule = (cred_schedule){CRED_RATE_CONSTANT, 100, 0};
  opt.epochs = 100;
  cred_fit_info info;
  cred_model *m = fit(table, &table_of_numbers, &opt, &info);
  assert_int_equal(info.outcome, CRED_FIT_DIVERGED);
  assert_true(info.n_diverged >= 20 && !info.converged);
  for (size_t i = 0; i < m->dim; i++)
    assert_true(isfinite(m->posterior->members[0].mean[i]));
  m = through_a_file(m); // it can be saved and read
  cred_model_free(m);
  cred_table_free(table);
}

// Planned for more epochs, a fit at a constant rate goes on as if it had been planned so.
static void test_more_epochs(void **state) {
  (void)state;
  cred_table *table = made_up_table(&table_of_numbers, 3);
  cred_fit_options opt = small_fit();
  opt.schedule.kind = CRED_RATE_CONSTANT;
  cred_model *m = fit(table, &table_of_numbers, &opt, NULL);
  opt.epochs = 7;
  cred_model *whole = fit(table, &table_of_numbers, &opt, NULL);
  cred_fit_info info;
  assert_ok(cred_model_resume(m, &info, table, 7, 1, NULL, NULL));
  assert_int_equal(info.n_epochs, 7);
  assert_same_bytes(bytes_of_model(whole, false), bytes_of_model(m, false));
  assert_fails(cred_model_resume(m, &info, table, 6, 1, NULL, NULL), CRED_EINVAL, "7");
  cred_table *other = made_up_table(&table_of_numbers, 4);
  assert_fails(cred_model_resume(m, &info, other, 0, 1, NULL, NULL), CRED_EDATA,
               "digest");
  assert_ok(cred_model_save(m, model_path(), true));
  cred_model *final;
  assert_ok(cred_model_load(&final, model_path()));
  unlink(model_path());
  assert_false(cred_model_can_resume(final));
  assert_fails(cred_model_resume(final, &info, table, 0, 1, NULL, NULL), CRED_ECONFIG,
               "final");
  cred_model_free(final);
  cred_model_free(whole);
  cred_model_free(m);
  cred_table_free(table);
  cred_table_free(other);
}

// Rows by number: the same as a table of those rows, and kept for resuming.
static void test_rows(void **state) {
  (void)state;
  cred_table *table = made_up_table(&table_of_numbers, 3), *part;
  size_t rows[25];
  for (size_t i = 0; i < 25; i++) rows[i] = (i * 7) % 40;
  assert_ok(cred_table_select(&part, table, rows, 25));
  const cred_schema_options columns = made_up_columns(&table_of_numbers);
  const cred_fit_options opt = small_fit();
  cred_model *a, *b;
  assert_ok(cred_model_fit(&a, NULL, table, rows, 25, &columns, &opt));
  assert_ok(cred_model_fit(&b, NULL, part, NULL, 0, &columns, &opt));
  assert_memory_equal(a->posterior->members[0].mean, b->posterior->members[0].mean,
                      a->dim * sizeof(cred_real));
  a = through_a_file(a);
  assert_int_equal(a->n_rows, 25);
  assert_memory_equal(a->rows, rows, sizeof rows);
  const size_t beyond[] = {0, 1, 40};
  cred_model *none = a;
  assert_fails(cred_model_fit(&none, NULL, table, beyond, 3, &columns, &opt), CRED_EDATA,
               "40");
  assert_null(none);
  cred_model_free(a);
  cred_model_free(b);
  cred_table_free(table);
  cred_table_free(part);
}

static void test_wrong_options(void **state) {
  (void)state;
  cred_table *table = made_up_table(&table_of_numbers, 3);
  const cred_schema_options columns = made_up_columns(&table_of_numbers);
  for (int wrong = 0; wrong < 14; wrong++) {
    cred_fit_options opt = small_fit();
    const char *word = "";
    cred_status expected = CRED_EINVAL;
    switch (wrong) {
    case 0:
      opt.steps = 5, word = "only one";
      break;
    case 1:
      opt.net = "dense 5 rleu", word = "relu";
      break;
    case 2:
      opt.prior = "normale 1", word = "normal";
      break;
    case 3:
      opt.likelihood = "student", word = "student-t";
      break;
    case 4:
      opt.likelihood = "categorical", expected = CRED_ECONFIG, word = "y1";
      break;
    case 5:
      opt.likelihood = "poisson", expected = CRED_ECONFIG, word = "count";
      break;
    case 6:
      opt.validation = 1, word = "validation";
      break;
    case 7:
      opt.schedule.rate = NAN, word = "rate";
      break;
    case 8:
      opt.schedule.rate = -1, word = "rate";
      break;
    case 9:
      opt.dropout = 1, word = "dropout";
      break;
    case 10:
      opt.n_members = 20000, word = "members";
      break;
    case 11:
      opt.posterior = 9, word = "posterior";
      break;
    case 12:
      opt.method.temperature = NAN, word = "temperature";
      break;
    default:
      opt.prior = "normal learned", expected = CRED_ECONFIG, word = "ELBO";
      break;
    }
    cred_model *m = (cred_model *)table;
    const long live = cred__alloc_live();
    const cred_status status = cred_model_fit(&m, NULL, table, NULL, 0, &columns, &opt);
    if (status != expected || !strstr(cred_error_message(), word))
      fail_msg("case %d: status %d, '%s'", wrong, (int)status, cred_error_message());
    assert_null(m);
    assert_int_equal(cred__alloc_live(), live);
  }
  cred_table_free(table);
}

static void test_no_memory(void **state) {
  (void)state;
  cred_table *table = made_up_table(&(recipe_of_test){.n_rows = 12, .n_targets = 1}, 3);
  const cred_schema_options columns = made_up_columns(&table_of_numbers);
  cred_fit_options opt = small_fit();
  opt.posterior = CRED_FIT_VI;
  opt.prior = "normal learned";
  opt.epochs = 2;
  opt.n_members = 2;
  opt.validation = 0.3;
  const long live = cred__alloc_live();
  for (long n = 0;; n++) {
    cred_model *m = NULL;
    cred__alloc_fail_after(n);
    const cred_status status = cred_model_fit(&m, NULL, table, NULL, 0, &columns, &opt);
    cred__alloc_fail_after(-1);
    if (status == CRED_OK) {
      cred_model_free(m);
      assert_true(n > 100);
      break;
    }
    if (status != CRED_ENOMEM) fail_msg("allocation %ld: %s", n, cred_error_message());
    assert_null(m);
    if (cred__alloc_live() != live) fail_msg("allocation %ld leaks", n);
  }
  assert_int_equal(cred__alloc_live(), live);
  cred_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_size),
      cmocka_unit_test(test_resume_map),
      cmocka_unit_test(test_resume_vi),
      cmocka_unit_test(test_resume_dropout_ensemble),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_members_differ),
      cmocka_unit_test(test_early_stopping_keeps_the_best),
      cmocka_unit_test(test_weights_of_the_kl),
      cmocka_unit_test(test_divergence_keeps_a_finite_state),
      cmocka_unit_test(test_more_epochs),
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_wrong_options),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
