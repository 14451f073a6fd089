// learn_curve.c -- the curve of a run as a file, and when a run is over.

#include "decide/learn.h"
#include "base/fail.h"
#include "base/file.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_value(cred__text *line, double value) {
  cred__text_append(line, ",", 1);
  char number[CRED__NUMBER_BYTES];
  if (isnan(value)) return;
  cred__text_append(line, number, (size_t)cred__format_float(number, (float)value));
}

cred_status cred__learn_write_curve(const cred_learn *run) {
  char path[4096];
  cred__writer writer;
  cred__text text = {0};
  cred__text_printf(&text, "round,labels");
  for (size_t i = 0; i < CRED_LEARN_SCORES; i++)
    cred__text_printf(&text, ",%s,%s_se", cred_learn_score_name(run, i),
                      cred_learn_score_name(run, i));
  cred__text_append(&text, "\n", 1);
  for (size_t k = 0; k < run->n_points; k++) {
    const cred_learn_point *p = &run->points[k];
    cred__text_printf(&text, "%zu,%zu", p->round, p->n_labels);
    for (size_t i = 0; i < CRED_LEARN_SCORES; i++) {
      put_value(&text, p->value[i]);
      put_value(&text, p->se[i]);
    }
    cred__text_append(&text, "\n", 1);
  }
  cred_status status = cred__text_status(&text);
  if (status == CRED_OK)
    status =
        cred__writer_init(&writer, cred__learn_path(path, sizeof path, run, "curve.csv"));
  if (status == CRED_OK) {
    fwrite(text.s, 1, text.n, writer.file);
    status = cred__writer_commit(&writer);
  }
  cred__text_clear(&text);
  return status;
}

// A remark beside the run: nothing depends on it, so that its failure is none of the run.
void cred__learn_note_times(const cred_learn *run) {
  char path[4096];
  FILE *file = fopen(cred__learn_path(path, sizeof path, run, "times.csv"), "ab");
  if (!file) return;
  const cred_learn_point *p = &run->points[run->n_points - 1];
  if (ftell(file) == 0) fputs("round,labels,choose_s,fit_s,evaluate_s\n", file);
  fprintf(file, "%zu,%zu,%.3f,%.3f,%.3f\n", p->round, p->n_labels, run->acquire_s,
          run->fit_s, run->evaluate_s);
  fclose(file);
}

// The best score of points [from, to); NaN if there is none.
static double best(const cred_learn *run, size_t from, size_t to, bool larger) {
  double value = NAN;
  for (size_t k = from; k < to; k++) {
    const double v = run->points[k].value[run->score];
    if (isnan(value) || (larger ? v > value : v < value)) value = v;
  }
  return value;
}

static bool is_flat(cred_learn *run, bool larger) {
  const size_t n = run->n_points, patience = run->opt.patience;
  if (patience == 0 || n <= patience) return false;
  const double before = best(run, 0, n - patience, larger);
  const double now = best(run, n - patience, n, larger);
  const double gain = larger ? now - before : before - now;
  if (!(gain <= run->opt.tolerance)) return false;
  snprintf(run->reason, sizeof run->reason,
           "%s has not become better than %.6g in the last %zu rounds",
           cred_learn_score_name(run, run->score), before, patience);
  return true;
}

bool cred__learn_is_done(cred_learn *run) {
  bool larger;
  const size_t i = cred_learn_score(run, &larger);
  const double value = run->points[run->n_points - 1].value[i];
  const double target = run->opt.score_target;
  size_t n_pool = 0;
  for (size_t k = 0; k < run->n_rows; k++) n_pool += cred__learn_in_pool(run, k);
  run->reason[0] = 0;
  if (larger ? value >= target : value <= target) {
    snprintf(run->reason, sizeof run->reason, "%s is %.6g with %zu labels",
             cred_learn_score_name(run, i), value, run->n_labels);
  } else if (run->opt.budget && run->n_labels > run->opt.budget) {
    snprintf(run->reason, sizeof run->reason,
             "there are %zu labels, the budget is of %zu", run->n_labels,
             run->opt.budget);
  } else if (run->opt.budget && run->n_labels == run->opt.budget) {
    snprintf(run->reason, sizeof run->reason, "the budget of %zu labels is spent",
             run->opt.budget);
  } else if (n_pool == 0 && run->n_labels < run->n_rows) {
    snprintf(run->reason, sizeof run->reason,
             "%zu of %zu rows have labels, and no other can have one", run->n_labels,
             run->n_rows);
  } else if (n_pool == 0) {
    snprintf(run->reason, sizeof run->reason, "all %zu rows have labels", run->n_labels);
  } else {
    return is_flat(run, larger);
  }
  return true;
}
