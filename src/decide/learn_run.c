// learn_run.c -- run.txt: what a run is made of, one "key=value" a line. A folder whose
// file says something else is the folder of another run. What may change from one start
// to the next is not in it: when to stop, and the number of threads.

#include "decide/learn.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "data/schema.h"
#include "model/report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { RUN_BYTES_MAX = 1 << 24 };

static void put_text(cred__text *out, const char *key, const char *value) {
  cred__text_printf(out, "%s=%s\n", key, value ? value : "auto");
}

static void put_number(cred__text *out, const char *key, double value) {
  cred__text_printf(out, "%s=", key);
  cred__text_number(out, value);
  cred__text_append(out, "\n", 1);
}

static void put_size(cred__text *out, const char *key, uint64_t value) {
  cred__text_printf(out, "%s=%llu\n", key, (unsigned long long)value);
}

static void put_word(cred__text *out, const char *option, int value) {
  put_text(out, option, cred__plan_word(option, value));
}

static void put_list(cred__text *out, const char *key, const char *const *list,
                     size_t n) {
  cred__text_printf(out, "%s=", key);
  for (size_t i = 0; i < n; i++) {
    if (i) cred__text_append(out, ",", 1);
    cred__text_csv(out, list[i]);
  }
  cred__text_append(out, "\n", 1);
}

static void put_schema(cred__text *out, const cred_schema_options *s) {
  put_list(out, "target", s->targets, s->n_targets);
  put_text(out, "task", s->task < 0 ? "auto" : cred__target_words[s->task]);
  put_list(out, "classes", s->classes, s->n_classes);
  put_list(out, "ignore", s->ignore, s->n_ignore);
  put_text(out, "id", s->id ? s->id : "");
  put_text(out, "weight", s->weight ? s->weight : "");
  put_text(out, "missing", cred__missing_words[s->missing]);
  put_number(out, "input-scale", s->input_scale);
}

static void put_method(cred__text *out, const cred_method_options *m) {
  put_word(out, "optimiser", (int)m->optimiser.kind);
  put_number(out, "momentum", m->optimiser.momentum);
  put_number(out, "beta1", m->optimiser.beta1);
  put_number(out, "beta2", m->optimiser.beta2);
  put_number(out, "epsilon", m->optimiser.epsilon);
  put_number(out, "weight-decay", m->optimiser.decay);
  put_number(out, "clip", m->optimiser.clip_norm);
  put_word(out, "estimator", (int)m->estimator);
  put_size(out, "train-draws", m->n_draws);
  put_number(out, "init-sd", m->init_sd);
  put_number(out, "temperature", m->temperature);
}

static void put_fit(cred__text *out, const cred_fit_options *f) {
  put_word(out, "posterior", (int)f->posterior);
  put_text(out, "net", f->net);
  put_text(out, "prior", f->prior);
  put_text(out, "likelihood", f->likelihood);
  put_text(out, "augment", f->augment ? f->augment : "");
  put_text(out, "class-weights", f->class_weights ? f->class_weights : "");
  put_number(out, "noise", f->noise);
  put_size(out, "members", f->n_members);
  put_size(out, "folds", f->folds);
  put_number(out, "dropout", f->dropout);
  put_method(out, &f->method);
  put_word(out, "kl-weights", (int)f->kl_weights);
  put_word(out, "schedule", (int)f->schedule.kind);
  put_number(out, "learning-rate", f->schedule.rate);
  put_number(out, "hold", f->schedule.hold);
  put_size(out, "epochs", f->epochs);
  put_size(out, "steps", f->steps);
  put_size(out, "batch", f->batch);
  put_number(out, "validation", f->validation);
  put_size(out, "fit-patience", f->patience);
  put_size(out, "seed", f->seed);
}

// The test's digest, and which of its rows count where that is not all of them.
static void put_test(cred__text *out, const cred_learn_options *opt) {
  char text[128];
  snprintf(text, sizeof text, "%s%s%s", opt->test ? cred_table_digest(opt->test) : "none",
           opt->test_rows.unseen_none ? ",unseen none" : "",
           opt->test_rows.skip_bad ? ",bad-rows skip" : "");
  put_text(out, "test", text);
}

static void describe(cred__text *out, const cred_learn *run) {
  const cred_learn_options *opt = &run->opt;
  put_text(out, "pool", cred_table_digest(run->pool));
  put_test(out, opt);
  put_size(out, "test-draws", opt->n_test_draws);
  put_size(out, "simulate", opt->simulate);
  put_text(out, "by", cred_acquisition_name(opt->acquire.kind));
  put_size(out, "number", opt->acquire.n);
  put_number(out, "power", opt->acquire.power);
  put_size(out, "draws", opt->acquire.n_draws);
  put_size(out, "n-targets", opt->acquire.n_targets);
  put_size(out, "configurations", opt->acquire.n_configurations);
  put_size(out, "candidates", opt->n_candidates);
  put_size(out, "start", opt->n_start);
  put_size(out, "balanced", opt->balanced);
  put_schema(out, &opt->schema);
  put_fit(out, &opt->fit);
}

static size_t line_end(const char *s) {
  return strcspn(s, "\n");
}

// The first line that differs, as "'key' is 'a' there and 'b' here".
static cred_status fail_other(const cred_learn *run, const char *there,
                              const char *here) {
  while (*there && *here && line_end(there) == line_end(here) &&
         memcmp(there, here, line_end(here)) == 0) {
    there += line_end(there) + (there[line_end(there)] == '\n');
    here += line_end(here) + (here[line_end(here)] == '\n');
  }
  const size_t key = strcspn(here, "=\n"), n_here = line_end(here);
  const size_t n_there = line_end(there);
  if (n_there <= key || n_here <= key || memcmp(there, here, key) != 0)
    FAIL(CRED_ECONFIG,
         "%s: its run.txt is not that of a run of this program: give a new "
         "folder",
         run->folder);
  FAIL(CRED_ECONFIG,
       "%s: the folder of another run: '%.*s' is '%.*s' there and '%.*s' here; give the "
       "same options and tables to go on with it, or a new folder",
       run->folder, (int)key, here,
       (int)(n_there - key - 1 < 80 ? n_there - key - 1 : 80), there + key + 1,
       (int)(n_here - key - 1 < 80 ? n_here - key - 1 : 80), here + key + 1);
}

static cred_status compare(const cred_learn *run, const char *path,
                           const cred__text *text) {
  unsigned char *there;
  size_t n;
  TRY(cred__file_read(&there, &n, path, RUN_BYTES_MAX));
  const bool same = n == text->n && memcmp(there, text->s, n) == 0;
  const cred_status status = same ? CRED_OK : fail_other(run, (char *)there, text->s);
  cred__free(there);
  return status;
}

static bool exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

bool cred__learn_has_begun(const cred_learn *run) {
  char path[4096];
  return exists(cred__learn_path(path, sizeof path, run, "run.txt"));
}

static cred_status write_run(const cred_learn *run, const char *path,
                             const cred__text *text) {
  char journal[4096];
  cred__writer writer;
  if (exists(cred__learn_path(journal, sizeof journal, run, "journal")))
    FAIL(CRED_ECONFIG, "%s: there is a journal but no run.txt: give a new folder",
         run->folder);
  TRY(cred__writer_init(&writer, path));
  fwrite(text->s, 1, text->n, writer.file);
  return cred__writer_commit(&writer);
}

cred_status cred__learn_check_folder(const cred_learn *run) {
  cred__text text = {0};
  char path[4096];
  describe(&text, run);
  cred__learn_path(path, sizeof path, run, "run.txt");
  cred_status status = cred__text_status(&text);
  if (status == CRED_OK)
    status = exists(path) ? compare(run, path, &text) : write_run(run, path, &text);
  cred__text_clear(&text);
  return status;
}
