// Runs of active learning: what is chosen and labelled, when they end, and that a run cut
// off anywhere ends as if it had not been.

#include "decide/learn_run.h"

static const char *const y = "y";

static void run_whole(const char *folder, const cred_table *pool,
                      const cred_learn_options *opt) {
  cred_learn *run = open_run(folder, pool, opt);
  assert_int_equal(go_on(run), CRED_LEARN_DONE);
  cred_learn_free(run);
}

// A simulation: 6, 10, 14, 18 labels, each the hidden one, no row twice.
static void test_simulation(void **state) {
  (void)state;
  char folder[64];
  cred_table *pool = toy_table("moons", 80, 1), *test = toy_table("moons", 100, 2);
  const cred_learn_options opt = options(&label, test);
  new_folder(folder);
  cred_learn *run = open_run(folder, pool, &opt);
  assert_int_equal(go_on(run), CRED_LEARN_DONE);
  assert_non_null(strstr(cred_learn_reason(run), "budget of 18 labels"));
  assert_int_equal(cred_learn_n_points(run), 4);
  assert_int_equal(cred_learn_n_labels(run), 18);
  assert_string_equal(cred_learn_score_name(run, 0), "error");
  for (size_t i = 0; i < 4; i++) {
    const cred_learn_point p = cred_learn_get_point(run, i);
    assert_int_equal(p.round, i);
    assert_int_equal(p.n_labels, 6 + 4 * i);
    assert_true(p.value[0] >= 0 && p.value[0] <= 1 && p.se[0] >= 0);
    assert_true(p.value[1] < 0 && p.value[2] > 0);
  }
  size_t n_labelled = 0, n;
  char cell[64];
  for (size_t i = 0; i < 80; i++) {
    const char *given = cred_learn_label_of(run, i);
    if (!given) continue;
    cred_table_cell(cell, sizeof cell, pool, i, cred_table_find(pool, label));
    assert_string_equal(given, cell);
    n_labelled++;
  }
  assert_int_equal(n_labelled, 18);
  assert_non_null(cred_learn_model(run));
  cred_learn_free(run);
  char *curve = read_text(folder, "curve.csv", &n);
  assert_memory_equal(curve, "round,labels,error,error_se,log_lik,log_lik_se,brier", 52);
  cred__free(curve);
  remove_folder(folder);
  cred_table_free(pool);
  cred_table_free(test);
}

// The journal and the curve of a whole run, then the same from every piece of its
// journal: cut at the end of a line and in the middle of one, with and without the model.
static void test_cut_anywhere(void **state) {
  (void)state;
  char whole[64], part[64];
  cred_table *pool = toy_table("moons", 80, 1), *test = toy_table("moons", 100, 2);
  const cred_learn_options opt = options(&label, test);
  size_t n_journal, n_curve, n_run, n;
  new_folder(whole);
  run_whole(whole, pool, &opt);
  char *journal = read_text(whole, "journal", &n_journal);
  char *curve = read_text(whole, "curve.csv", &n_curve);
  char *about = read_text(whole, "run.txt", &n_run);
  new_folder(part);
  mkdir(part, 0777);
  for (size_t cut = 0; cut <= n_journal; cut += cut % 3 ? 41 : 40) {
    write_text(part, "run.txt", about, n_run);
    write_text(part, "journal", journal, cut);
    if (cut % 2) { // the model of another round, or none
      char path[128];
      snprintf(path, sizeof path, "%s/model.cred", part);
      unlink(path);
    }
    run_whole(part, pool, &opt);
    char *again = read_text(part, "journal", &n);
    assert_int_equal(n, n_journal);
    assert_memory_equal(again, journal, n);
    cred__free(again);
    again = read_text(part, "curve.csv", &n);
    assert_int_equal(n, n_curve);
    assert_memory_equal(again, curve, n);
    cred__free(again);
  }
  cred__free(journal);
  cred__free(curve);
  cred__free(about);
  remove_folder(whole);
  remove_folder(part);
  cred_table_free(pool);
  cred_table_free(test);
}

// Neither the threads nor a budget that is raised later changes what is chosen.
static void test_same_choices(void **state) {
  (void)state;
  char a[64], b[64];
  cred_table *pool = toy_table("sine", 60, 1), *test = toy_table("sine", 50, 2);
  cred_learn_options opt = options(&y, test);
  size_t n_a, n_b;
  new_folder(a);
  new_folder(b);
  run_whole(a, pool, &opt);
  opt.fit.n_threads = 3;
  opt.budget = 9;
  run_whole(b, pool, &opt);
  opt.budget = 18;
  run_whole(b, pool, &opt);
  char *first = read_text(a, "curve.csv", &n_a),
       *second = read_text(b, "curve.csv", &n_b);
  // the batch at 9 labels was cut to 3 rows, so the curves part there
  assert_memory_equal(first, second, strcspn(first, "\n") + 30);
  cred__free(first);
  cred__free(second);
  remove_folder(b);
  opt.fit.n_threads = 2;
  new_folder(b);
  run_whole(b, pool, &opt);
  first = read_text(a, "journal", &n_a), second = read_text(b, "journal", &n_b);
  assert_int_equal(n_a, n_b);
  assert_memory_equal(first, second, n_a);
  cred__free(first);
  cred__free(second);
  remove_folder(a);
  remove_folder(b);
  cred_table_free(pool);
  cred_table_free(test);
}

static void check_end(const cred_table *pool, cred_learn_options *opt,
                      const char *reason) {
  char folder[64];
  new_folder(folder);
  cred_learn *run = open_run(folder, pool, opt);
  assert_int_equal(go_on(run), CRED_LEARN_DONE);
  if (!strstr(cred_learn_reason(run), reason))
    fail_msg("'%s' lacks '%s'", cred_learn_reason(run), reason);
  cred_learn_free(run);
  remove_folder(folder);
}

static void test_ends(void **state) {
  (void)state;
  cred_table *pool = toy_table("moons", 22, 1), *test = toy_table("moons", 100, 2);
  cred_learn_options opt = options(&label, test);
  opt.score_target = 0.99;
  check_end(pool, &opt, "error is ");
  opt.score = "log_lik";
  opt.score_target = -50;
  check_end(pool, &opt, "log_lik is ");
  opt.score_target = NAN;
  opt.patience = 2;
  opt.tolerance = 100;
  check_end(pool, &opt, "has not become better than");
  opt.patience = 0;
  opt.budget = 0;
  check_end(pool, &opt, "all 22 rows have labels");
  cred_table_free(pool);
  cred_table_free(test);
}

static void test_labels_of_a_person(void **state) {
  (void)state;
  char folder[64];
  cred_table *pool = table_of_text("x,kind\n1,seven\n2,\n3,one\n4,\n5,\n6,\n7,\n8,\n");
  const char *const target = "kind";
  cred_learn_options opt = options(&target, NULL);
  opt.simulate = false;
  opt.n_start = 4;
  opt.acquire.n = 2;
  opt.budget = 6;
  new_folder(folder);
  cred_learn *run = open_run(folder, pool, &opt);
  assert_int_equal(cred_learn_n_labels(run), 2);
  assert_int_equal(go_on(run), CRED_LEARN_LABELS);
  size_t n;
  const size_t *wanted = cred_learn_wanted(&n, run);
  assert_int_equal(n, 2);
  const size_t first = wanted[0], second = wanted[1];
  size_t other = 1;
  while (other == first || other == second || other == 2) other++;
  assert_fails(give(run, 99, "one"), CRED_EDATA, "row 99 was not asked for");
  assert_fails(give(run, other, "one"), CRED_EDATA, "labels are wanted of");
  assert_fails(give(run, 0, "one"), CRED_EDATA, "row 0 has the label 'seven' already");
  assert_fails(give(run, first, "sevn"), CRED_EDATA, "did you mean 'seven'?");
  assert_fails(give(run, first, "xyzzyx"), CRED_EDATA, "no class of 'kind'");
  const size_t twice[2] = {first, first};
  const char *const texts[2] = {"one", "one"};
  assert_fails(cred_learn_label(run, twice, texts, 2), CRED_EDATA, "label twice");
  assert_null(cred_learn_label_of(run, first)); // none was taken
  assert_ok(give(run, second, "seven"));
  cred_learn_free(run); // and is there after a new start
  run = open_run(folder, pool, &opt);
  assert_string_equal(cred_learn_label_of(run, second), "seven");
  assert_int_equal(go_on(run), CRED_LEARN_LABELS);
  wanted = cred_learn_wanted(&n, run);
  assert_int_equal(n, 1);
  assert_int_equal(wanted[0], first);
  assert_ok(give(run, first, "one"));
  assert_int_equal(go_on(run), CRED_LEARN_LABELS);
  while (cred_learn_wanted(&n, run), n)
    assert_ok(give(run, *cred_learn_wanted(&n, run), "one"));
  assert_int_equal(go_on(run), CRED_LEARN_DONE);
  assert_int_equal(cred_learn_n_points(run), 2);
  assert_true(isnan(cred_learn_get_point(run, 0).value[0])); // no test rows
  cred_learn_free(run);
  remove_folder(folder);
  cred_table_free(pool);
}

// While all labels are the same there is no fit, and rows are taken at random.
static void test_one_class_so_far(void **state) {
  (void)state;
  char folder[64];
  cred_table *pool = table_of_text("x\n1\n2\n3\n4\n5\n6\n7\n8\n");
  const char *const target = "kind", *const kinds[] = {"a", "b"};
  cred_learn_options opt = options(&target, NULL);
  opt.simulate = false;
  opt.classes = kinds;
  opt.n_classes = 2;
  opt.n_start = opt.acquire.n = 2;
  opt.budget = 6;
  new_folder(folder);
  cred_learn *run = open_run(folder, pool, &opt);
  size_t n;
  for (size_t round = 0; round < 2; round++) {
    assert_int_equal(go_on(run), CRED_LEARN_LABELS);
    assert_null(cred_learn_model(run));
    while (cred_learn_wanted(&n, run), n)
      assert_ok(give(run, *cred_learn_wanted(&n, run), round && n == 1 ? "b" : "a"));
  }
  assert_int_equal(go_on(run), CRED_LEARN_LABELS);
  assert_non_null(cred_learn_model(run));
  cred_learn_free(run);
  remove_folder(folder);
  cred_table_free(pool);
}

// A callback that says stop loses nothing.
static bool stop_at_once(void *context, const cred_progress *progress) {
  (void)progress;
  return *(const bool *)context;
}

static void test_stopped_fit(void **state) {
  (void)state;
  char a[64], b[64];
  cred_table *pool = toy_table("moons", 80, 1), *test = toy_table("moons", 100, 2);
  cred_learn_options opt = options(&label, test);
  bool go = false;
  size_t n_a, n_b;
  new_folder(a);
  new_folder(b);
  run_whole(a, pool, &opt);
  opt.fit.progress = stop_at_once;
  opt.fit.progress_context = &go;
  cred_learn *run = open_run(b, pool, &opt);
  cred_learn_state what;
  assert_ok(cred_learn_next(&what, run));
  assert_int_equal(what, CRED_LEARN_STOPPED);
  assert_int_equal(cred_learn_n_points(run), 0);
  go = true;
  assert_int_equal(go_on(run), CRED_LEARN_DONE);
  cred_learn_free(run);
  char *first = read_text(a, "journal", &n_a), *second = read_text(b, "journal", &n_b);
  assert_int_equal(n_a, n_b);
  assert_memory_equal(first, second, n_a);
  cred__free(first);
  cred__free(second);
  remove_folder(a);
  remove_folder(b);
  cred_table_free(pool);
  cred_table_free(test);
}

// --- what is wrong ---

static void fails(const char *folder, const cred_table *pool,
                  const cred_learn_options *opt, cred_status status, const char *text) {
  cred_learn *run;
  assert_fails(cred_learn_open(&run, folder, pool, opt), status, text);
  assert_null(run);
}

static void test_folder_of_another_run(void **state) {
  (void)state;
  char folder[64];
  cred_table *pool = toy_table("moons", 80, 1), *test = toy_table("moons", 100, 2);
  const cred_learn_options opt = options(&label, test);
  cred_learn_options other = opt;
  size_t n;
  new_folder(folder);
  run_whole(folder, pool, &opt);
  other.acquire.kind = CRED_ACQUIRE_ENTROPY;
  fails(folder, pool, &other, CRED_ECONFIG, "'by' is 'auto' there and 'entropy' here");
  other = opt;
  other.fit.seed = 2;
  fails(folder, pool, &other, CRED_ECONFIG, "'seed' is '1' there and '2' here");
  fails(folder, test, &opt, CRED_ECONFIG, "'pool' is '");
  other = opt;
  other.budget = 22; // when to stop may change
  run_whole(folder, pool, &other);
  // two at once
  cred_learn *run = open_run(folder, pool, &opt);
  fails(folder, pool, &opt, CRED_ELOCKED, "another process is at this run");
  cred_learn_free(run);
  // a line that was changed, with others behind it; a journal of nothing
  char *journal = read_text(folder, "journal", &n);
  journal[20] ^= 1;
  write_text(folder, "journal", journal, n);
  fails(folder, pool, &opt, CRED_EDATA, "journal:1: this line was damaged");
  cred__free(journal);
  write_text(folder, "run.txt", "hello\n", 6);
  fails(folder, pool, &opt, CRED_ECONFIG, "not that of a run");
  remove_folder(folder);
  mkdir(folder, 0777);
  write_text(folder, "journal", "", 0);
  fails(folder, pool, &opt, CRED_ECONFIG, "no run.txt");
  remove_folder(folder);
  fails("/proc/none/here", pool, &opt, CRED_ECANTCREATE, "cannot be made");
  cred_table_free(pool);
  cred_table_free(test);
}

static void fails_at_start(const cred_table *pool, const cred_learn_options *opt,
                           cred_status status, const char *text) {
  char folder[64];
  cred_learn *run;
  cred_learn_state what;
  new_folder(folder);
  cred_status got = cred_learn_open(&run, folder, pool, opt);
  if (got == CRED_OK) got = cred_learn_next(&what, run);
  assert_int_equal(got, status);
  if (!strstr(cred_error_message(), text))
    fail_msg("'%s' lacks '%s'", cred_error_message(), text);
  cred_learn_free(run);
  remove_folder(folder);
}

static void test_messages(void **state) {
  (void)state;
  cred_table *pool = toy_table("moons", 30, 1), *test = toy_table("moons", 100, 2);
  cred_table *one = table_of_text("x,label\n1,a\n2,a\n3,a\n"),
             *numbers = toy_table("sine", 30, 1);
  const cred_learn_options good = options(&label, test);
  cred_learn_options opt = good;
  const char *const typo = "lable", *const kinds[] = {"upper", "lower", "side"};
  opt.schema.targets = &typo;
  fails_at_start(pool, &opt, CRED_EDATA, "did you mean 'label'");
  opt = good, opt.test = numbers;
  fails_at_start(pool, &opt, CRED_EDATA, "there is no column 'label'");
  opt = good, opt.test = NULL;
  fails_at_start(one, &opt, CRED_EDATA, "one class only");
  opt = good, opt.n_start = 31, opt.budget = 40;
  fails_at_start(pool, &opt, CRED_EDATA,
                 "31 rows are to be labelled first, the pool has 30");
  opt = good, opt.n_start = 20;
  fails_at_start(pool, &opt, CRED_ECONFIG, "a budget of 18 labels is less than the 20");
  opt = good, opt.n_start = 0;
  fails_at_start(pool, &opt, CRED_ECONFIG, "0 labels to start with");
  opt = good, opt.balanced = true, opt.n_start = 7;
  fails_at_start(pool, &opt, CRED_ECONFIG, "a multiple of the 2 classes");
  opt = good, opt.balanced = true, opt.classes = kinds, opt.n_classes = 3;
  fails_at_start(pool, &opt, CRED_EDATA, "'side' has 0");
  opt = good, opt.acquire.n = 0;
  fails_at_start(pool, &opt, CRED_EINVAL, "0 rows a round");
  opt = good, opt.score = "rmse";
  fails_at_start(pool, &opt, CRED_ECONFIG, "'rmse' is none of error, log_lik, brier");
  opt = good, opt.test = NULL, opt.patience = 3;
  fails_at_start(pool, &opt, CRED_ECONFIG, "needs test rows");
  opt = good, opt.simulate = false, opt.balanced = true;
  fails_at_start(pool, &opt, CRED_ECONFIG, "only a simulation");
  opt = good, opt.schema.task = CRED_TARGET_NUMBER, opt.classes = kinds,
  opt.n_classes = 3;
  fails_at_start(pool, &opt, CRED_ECONFIG, "not one of classes");
  cred_table *bare = table_of_text("x\n1\n2\n3\n");
  opt = good, opt.simulate = false, opt.test = NULL;
  fails_at_start(bare, &opt, CRED_ECONFIG, "give the classes (--classes A,B)");
  cred_table *holes = table_of_text("x,label\n1,a\n2,\n3,b\n");
  opt = good, opt.test = NULL, opt.n_start = 3;
  fails_at_start(holes, &opt, CRED_EDATA, "no label in the column");
  opt = good, opt.simulate = false, opt.test = NULL, opt.classes = kinds,
  opt.n_classes = 3;
  fails_at_start(holes, &opt, CRED_EDATA, "'a' is no class of 'label'");
  cred_table_free(bare);
  cred_table_free(holes);
  cred_table_free(pool);
  cred_table_free(test);
  cred_table_free(one);
  cred_table_free(numbers);
}

// Words as inputs that no labelled row has, and inputs scaled by all rows of the pool.
static void test_inputs_of_the_pool(void **state) {
  (void)state;
  char folder[64];
  cred_table *pool =
      table_of_text("x,color,y\n1,red,1\n2,red,2\n1000,blue,3\n2000,green,4\n"
                    "3,red,5\n4,blue,2\n");
  const char *const target = "y";
  cred_learn_options opt = options(&target, NULL);
  opt.n_start = 2;
  opt.acquire.n = 1;
  opt.budget = 5;
  new_folder(folder);
  cred_learn *run = open_run(folder, pool, &opt);
  assert_int_equal(go_on(run), CRED_LEARN_DONE);
  const cred_schema *schema = cred_model_schema(cred_learn_model(run));
  assert_int_equal(schema->columns[1].n_levels, 3);
  assert_near(schema->columns[0].mean, (1 + 2 + 1000 + 2000 + 3 + 4) / 6.0, 1e-9);
  cred_learn_free(run);
  remove_folder(folder);
  cred_table_free(pool);
}

static void test_no_memory(void **state) {
  (void)state;
  char folder[64];
  cred_table *pool = toy_table("moons", 20, 1), *test = toy_table("moons", 10, 2);
  cred_learn_options opt = options(&label, test);
  opt.fit.steps = 2;
  new_folder(folder);
  const long live = cred__alloc_live();
  bool done = false;
  for (long n = 0; !done; n += 1 + n / 16) {
    cred_learn *run;
    cred_learn_state what = CRED_LEARN_ROUND;
    cred__alloc_fail_after(n);
    cred_status status = cred_learn_open(&run, folder, pool, &opt);
    while (status == CRED_OK && what != CRED_LEARN_DONE)
      status = cred_learn_next(&what, run);
    cred__alloc_fail_after(-1);
    done = status == CRED_OK;
    if (!done) assert_int_equal(status, CRED_ENOMEM);
    cred_learn_free(run);
    assert_int_equal(cred__alloc_live(), live);
    if (!done && n % 5 == 0) remove_folder(folder);
  }
  remove_folder(folder);
  cred_table_free(pool);
  cred_table_free(test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_simulation),
      cmocka_unit_test(test_cut_anywhere),
      cmocka_unit_test(test_same_choices),
      cmocka_unit_test(test_ends),
      cmocka_unit_test(test_labels_of_a_person),
      cmocka_unit_test(test_one_class_so_far),
      cmocka_unit_test(test_stopped_fit),
      cmocka_unit_test(test_folder_of_another_run),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_inputs_of_the_pool),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
