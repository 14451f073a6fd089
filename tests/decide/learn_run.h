// learn_run.h -- runs of active learning in folders of their own, for the tests of them.

#ifndef CRED_TESTS_DECIDE_LEARN_RUN_H
#define CRED_TESTS_DECIDE_LEARN_RUN_H

#include "check.h"
#include "base/alloc.h"
#include "base/file.h"
#include "credence/decide/learn.h"
#include "model/toy_model.h"
#include <dirent.h>
#include <sys/stat.h>

static const char *const label = "label";

// A folder that is not there yet.
static inline void new_folder(char path[64]) {
  snprintf(path, 64, "/tmp/credence_learn_XXXXXX");
  assert_non_null(mkdtemp(path));
  rmdir(path);
}

static inline void remove_folder(const char *path) {
  DIR *dir = opendir(path);
  struct dirent *entry;
  while (dir && (entry = readdir(dir))) {
    char name[512];
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    unlink(name);
  }
  if (dir) closedir(dir);
  rmdir(path);
}

static inline char *read_text(const char *folder, const char *name, size_t *n) {
  char path[512];
  unsigned char *text;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_ok(cred__file_read(&text, n, path, 1 << 24));
  return (char *)text;
}

static inline void write_text(const char *folder, const char *name, const char *text,
                              size_t n) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, n, file), n);
  fclose(file);
}

// Few steps of a small network.
static inline cred_learn_options options(const char *const *target,
                                         const cred_table *test) {
  cred_learn_options opt = cred_learn_defaults();
  opt.schema.targets = target;
  opt.schema.n_targets = 1;
  opt.fit.posterior = CRED_FIT_VI;
  opt.fit.net = "dense 5 tanh";
  opt.fit.prior = "normal 1";
  opt.fit.steps = 30;
  opt.fit.schedule.rate = 0.05;
  opt.fit.n_threads = 1;
  opt.acquire.n_draws = 10;
  opt.acquire.n = 4;
  opt.n_start = 6;
  opt.budget = 18;
  opt.test = test;
  opt.simulate = true;
  return opt;
}

// To the end, or until labels are wanted.
static inline cred_learn_state go_on(cred_learn *run) {
  for (;;) {
    cred_learn_state state;
    size_t n;
    assert_ok(cred_learn_next(&state, run));
    cred_learn_wanted(&n, run);
    if (n > 0 || state == CRED_LEARN_DONE) return state;
  }
}

static inline cred_learn *open_run(const char *folder, const cred_table *pool,
                                   const cred_learn_options *opt) {
  cred_learn *run;
  assert_ok(cred_learn_open(&run, folder, pool, opt));
  return run;
}

static inline cred_status give(cred_learn *run, size_t row, const char *text) {
  return cred_learn_label(run, &row, &text, 1);
}

// A pool with some labels, and a person who gives the others.

#endif
