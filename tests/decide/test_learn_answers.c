// Labels of a person: taken whole, skipped, revised; what is found before the first of
// them is asked for.

#include "decide/learn_run.h"

static const char *const y = "y";

static cred_status revise(cred_learn *run, size_t row, const char *text) {
  return cred_learn_revise(run, &row, &text, 1);
}

// Labels that change, and rows without one.
static void test_revised_and_skipped(void **state) {
  (void)state;
  char folder[64];
  cred_table *pool = table_of_text("x,y\n1,\n2,\n3,\n4,\n5,\n6,\n7,8\n");
  cred_learn_options opt = options(&y, NULL);
  opt.simulate = false;
  opt.schema.task = CRED_TARGET_NUMBER;
  opt.n_start = 4;
  opt.acquire.n = 2;
  opt.budget = 4;
  new_folder(folder);
  cred_learn *run = open_run(folder, pool, &opt);
  assert_int_equal(go_on(run), CRED_LEARN_LABELS);
  size_t n, rows[3];
  const size_t *wanted = cred_learn_wanted(&n, run);
  assert_int_equal(n, 3); // row 6 has its label
  memcpy(rows, wanted, sizeof rows);
  // all or nothing: the second line of three is wrong
  const char *const wrong[] = {"1", "two", "?"}, *const right[] = {"1", "2", "?"};
  assert_fails(cred_learn_label(run, rows, wrong, 3), CRED_EDATA, "is not a number");
  assert_int_equal((cred_learn_wanted(&n, run), n), 3);
  assert_ok(cred_learn_check_label(run, rows[0], "1", false));
  assert_fails(cred_learn_check_label(run, rows[0], "1", true), CRED_EDATA,
               "none to revise");
  assert_ok(cred_learn_label(run, rows, right, 3));
  assert_int_equal((cred_learn_wanted(&n, run), n), 0);
  assert_int_equal(cred_learn_n_labels(run), 3);
  assert_null(cred_learn_label_of(run, rows[2]));
  assert_fails(give(run, rows[2], "3"), CRED_EDATA, "was skipped");
  assert_fails(give(run, rows[0], "3"), CRED_EDATA, "has the label '1' already");
  // a skipped row is not asked for again, the budget is of labels
  assert_int_equal(go_on(run), CRED_LEARN_LABELS);
  wanted = cred_learn_wanted(&n, run);
  assert_int_equal(n, 1);
  assert_true(wanted[0] != rows[2]);
  assert_ok(give(run, wanted[0], "4"));
  assert_int_equal(go_on(run), CRED_LEARN_DONE);
  assert_int_equal(cred_learn_n_points(run), 2);
  // the last round once more, with the new labels; also of a row that the pool labelled
  assert_ok(revise(run, rows[0], "1")); // as it is
  assert_int_equal(cred_learn_n_points(run), 2);
  assert_ok(revise(run, rows[0], "1.5"));
  assert_ok(revise(run, 6, "9"));
  assert_int_equal(cred_learn_n_points(run), 1);
  cred_learn_free(run);
  run = open_run(folder, pool, &opt); // and after a new start
  assert_string_equal(cred_learn_label_of(run, rows[0]), "1.5");
  assert_string_equal(cred_learn_label_of(run, 6), "9");
  assert_int_equal(cred_learn_n_points(run), 1);
  assert_int_equal(go_on(run), CRED_LEARN_DONE);
  assert_int_equal(cred_learn_n_points(run), 2);
  // away with it, and a label for the one that was skipped
  assert_ok(revise(run, rows[0], "?"));
  assert_int_equal(cred_learn_n_labels(run), 3);
  assert_ok(revise(run, rows[2], "3"));
  assert_int_equal(cred_learn_n_labels(run), 4);
  assert_fails(revise(run, rows[2], "x"), CRED_EDATA, "is not a number");
  size_t other = 0;
  while (cred_learn_label_of(run, other) || other == rows[0]) other++;
  assert_fails(revise(run, other, "3"), CRED_EDATA, "no label to revise");
  cred_learn_free(run);
  remove_folder(folder);
  cred_table_free(pool);
}

// Of a class by that name it is the class.
static void test_a_class_of_the_name_of_a_skip(void **state) {
  (void)state;
  char folder[64];
  cred_table *pool = table_of_text("x\n1\n2\n3\n4\n5\n6\n");
  const char *const target = "kind", *const kinds[] = {"?", "!"};
  cred_learn_options opt = options(&target, NULL);
  opt.simulate = false;
  opt.classes = kinds;
  opt.n_classes = 2;
  opt.n_start = opt.budget = 4;
  new_folder(folder);
  cred_learn *run = open_run(folder, pool, &opt);
  size_t n;
  assert_int_equal(go_on(run), CRED_LEARN_LABELS);
  const size_t row = *cred_learn_wanted(&n, run);
  assert_ok(give(run, row, "?"));
  assert_string_equal(cred_learn_label_of(run, row), "?");
  cred_learn_free(run);
  remove_folder(folder);
  cred_table_free(pool);
}

// A person who skips every seventh row, finds two wrong labels while the second batch
// waits, and a third when all is done. What they do is a function of the run's state, so
// that it is the same after a crash.
typedef struct {
  const cred_table *pool;
  size_t first[3]; // rows of the first batch
  bool known;
} person;

static void answer(cred_learn *run, person *p) {
  size_t n, rows[16];
  char cells[16][16];
  const char *texts[16];
  const size_t *wanted = cred_learn_wanted(&n, run);
  assert_true(n <= 16);
  memcpy(rows, wanted, n * sizeof *rows);
  if (!p->known) memcpy(p->first, rows, sizeof p->first);
  p->known = true;
  for (size_t i = 0; i < n; i++) {
    cred_table_cell(cells[i], 16, p->pool, rows[i], cred_table_find(p->pool, label));
    texts[i] = rows[i] % 7 == 0 ? CRED_LEARN_SKIP : cells[i];
  }
  assert_ok(cred_learn_label(run, rows, texts, n));
}

static void work_with(const char *folder, const cred_table *bare, person *p,
                      const cred_learn_options *opt) {
  static const char *const upper[] = {"upper", "upper"}, *const skip[] = {"?"};
  cred_learn *run = open_run(folder, bare, opt);
  size_t n;
  for (;;) {
    const cred_learn_state what = go_on(run);
    cred_learn_wanted(&n, run);
    if (what == CRED_LEARN_DONE) {
      const size_t before = cred_learn_n_points(run);
      assert_ok(cred_learn_revise(run, p->first + 2, skip, 1));
      if (cred_learn_n_points(run) == before) break;
    } else {
      if (cred_learn_n_points(run) == 1)
        assert_ok(cred_learn_revise(run, p->first, upper, 2));
      answer(run, p);
    }
  }
  cred_learn_free(run);
}

// Cut anywhere, it ends in the same journal and the same curve.
static void test_cut_while_revising(void **state) {
  (void)state;
  static const char *const classes[] = {"lower", "upper"};
  char whole[64], part[64];
  cred_table *pool = toy_table("moons", 80, 1), *test = toy_table("moons", 50, 2), *bare;
  cred_learn_options opt = options(&label, test);
  person p = {.pool = pool};
  size_t n_journal, n_curve, n_run, n;
  assert_ok(cred_table_drop(&bare, pool, label));
  opt.simulate = false;
  opt.classes = classes;
  opt.n_classes = 2;
  new_folder(whole);
  work_with(whole, bare, &p, &opt);
  char *journal = read_text(whole, "journal", &n_journal);
  char *curve = read_text(whole, "curve.csv", &n_curve);
  char *about = read_text(whole, "run.txt", &n_run);
  assert_non_null(strstr(journal, " skip "));
  assert_non_null(strstr(journal, " revise "));
  new_folder(part);
  mkdir(part, 0777);
  for (size_t cut = 0; cut <= n_journal; cut += 83) {
    write_text(part, "run.txt", about, n_run);
    write_text(part, "journal", journal, cut);
    work_with(part, bare, &p, &opt);
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
  cred_table_free(bare);
  cred_table_free(pool);
  cred_table_free(test);
}

// What cannot be fitted is known before a folder is made.
static void test_rehearsal(void **state) {
  (void)state;
  char folder[64];
  cred_table *holes = table_of_text("x,z\n1,1\n2,2\n3,3\n4,4\n5,5\n6,\n7,7\n8,8\n");
  cred_table *whole = table_of_text("x\n1\n2\n3\n4\n5\n6\n7\n8\n");
  cred_learn_options opt = options(&y, NULL);
  opt.simulate = false;
  opt.schema.task = CRED_TARGET_NUMBER;
  opt.n_start = 3;
  opt.budget = 8;
  cred_learn *run;
  new_folder(folder);
  assert_fails(cred_learn_open(&run, folder, holes, &opt), CRED_EDATA, "in column 'z'");
  opt.fit.net = "dense 5 tahn";
  assert_fails(cred_learn_open(&run, folder, whole, &opt), CRED_EINVAL, "tahn");
  opt.fit.net = "dense 5 tanh";
  opt.fit.posterior = CRED_FIT_MAP;
  opt.fit.n_members = 1;
  assert_fails(cred_learn_open(&run, folder, whole, &opt), CRED_ECONFIG,
               "'epistemic', the default, measures");
  opt.fit.posterior = CRED_FIT_VI;
  opt.n_start = 9;
  assert_fails(cred_learn_open(&run, folder, whole, &opt), CRED_ECONFIG, "budget of 8");
  opt.budget = 0;
  assert_fails(cred_learn_open(&run, folder, whole, &opt), CRED_EDATA, "has 8");
  struct stat info;
  assert_int_equal(stat(folder, &info), -1); // so that the next try is no other run
  opt.n_start = 3;
  // a row that is left out for a missing cell is never asked for
  opt.schema.missing = CRED_MISSING_DROP;
  opt.acquire.n = 2;
  run = open_run(folder, holes, &opt);
  size_t n;
  for (bool again = true; go_on(run) == CRED_LEARN_LABELS; again = false) {
    while (cred_learn_wanted(&n, run), n) {
      const size_t row = *cred_learn_wanted(&n, run);
      assert_int_not_equal(row, 5);
      assert_ok(give(run, row, row % 2 ? "1" : "2"));
    }
    if (!again) continue;
    cred_learn_free(run);
    run = open_run(folder, holes, &opt);
  }
  assert_int_equal(cred_learn_n_labels(run), 7);
  assert_non_null(strstr(cred_learn_reason(run), "7 of 8 rows have labels"));
  cred_learn_free(run);
  remove_folder(folder);
  cred_table_free(holes);
  cred_table_free(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_revised_and_skipped),
      cmocka_unit_test(test_a_class_of_the_name_of_a_skip),
      cmocka_unit_test(test_cut_while_revising),
      cmocka_unit_test(test_rehearsal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
