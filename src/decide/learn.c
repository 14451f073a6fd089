// learn.c -- a run of active learning: opening, the journal read back, one thing at a
// time.
//
// Lines of the journal:
//   ask ROUND ROW...                   rows that want a label
//   label ROW TEXT                     one of them
//   skip ROW                           one of them, or of those with a label: it has none
//   revise ROW TEXT                    another label of a row that had one or was skipped
//   round ROUND N_LABELS DIGEST VALUE SE ...   scores; digest of model.cred, or '-'
// Round r is fitted when no row of ask r is wanted any more. Where a label changes after
// the last round was fitted and before the next rows are chosen, that round is fitted
// once more, and its second line counts. Nothing else is state.

#include "decide/learn.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

cred_learn_options cred_learn_defaults(void) {
  cred_learn_options opt = {.schema = cred_schema_defaults(),
                            .fit = cred_fit_defaults(),
                            .acquire = cred_acquire_defaults(),
                            .n_start = 20,
                            .score_target = NAN};
  return opt;
}

char *cred__learn_path(char *out, size_t n_bytes, const cred_learn *run,
                       const char *name) {
  snprintf(out, n_bytes, "%s/%s", run->folder, name);
  return out;
}

// --- the journal, forward and back ---

static void mark_asked(cred_learn *run, const size_t *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    run->asked[rows[i]] = true;
    if (!run->label[rows[i]]) run->wanted[run->n_wanted++] = rows[i];
  }
  run->n_asks++;
}

cred_status cred__learn_ask(cred_learn *run, const size_t *rows, size_t n) {
  cred__text line = {0};
  cred__text_printf(&line, "ask %zu", run->n_asks);
  for (size_t i = 0; i < n; i++) cred__text_printf(&line, " %zu", rows[i]);
  cred__text_append(&line, "\n", 1);
  const cred_status status = cred__journal_append(&run->journal, &line);
  cred__text_clear(&line);
  if (status == CRED_OK) mark_asked(run, rows, n);
  return status;
}

static cred_status fail_line(void) {
  FAIL(CRED_EDATA, "this line does not follow from those before it: begin in a new "
                   "folder");
}

// The next word of the line as a number.
static bool next_size(size_t *out, const char **at) {
  const char *p = *at + (**at == ' ');
  const size_t n = strcspn(p, " ");
  *at = p + n;
  return cred__parse_size(out, p, n);
}

static cred_status read_ask(cred_learn *run, const char *at) {
  size_t round, n = 0, *rows;
  if (!next_size(&round, &at) || round != run->n_asks || run->n_wanted)
    return fail_line();
  TRY(NEW(&rows, run->n_rows, "rows"));
  bool good = true;
  while (good && *at) {
    good = n < run->n_rows && next_size(&rows[n], &at) && rows[n] < run->n_rows &&
           !run->asked[rows[n]] && !run->label[rows[n]];
    n++;
  }
  if (good) mark_asked(run, rows, n);
  cred__free(rows);
  return good ? CRED_OK : fail_line();
}

static bool is_wanted(const cred_learn *run, size_t row) {
  for (size_t i = 0; i < run->n_wanted; i++)
    if (run->wanted[i] == row) return true;
  return false;
}

// The row has its label, or none (NULL), and is wanted no more.
static void keep_label(cred_learn *run, size_t row, char *text) {
  size_t n = 0;
  const bool was_wanted = is_wanted(run, row);
  for (size_t i = 0; i < run->n_wanted; i++)
    if (run->wanted[i] != row) run->wanted[n++] = run->wanted[i];
  run->n_wanted = n;
  run->n_labels += (text != NULL) - (run->label[row] != NULL);
  cred__free(run->label[row]);
  run->label[row] = text;
  if (was_wanted || run->n_points < run->n_asks || run->n_points == 0) return;
  run->n_points--; // the last round is fitted once more
  cred_model_free(run->model);
  run->model = NULL;
}

static cred_status read_label(cred_learn *run, const char *at, bool revised) {
  size_t row;
  char *text;
  if (!next_size(&row, &at) || row >= run->n_rows || *at != ' ') return fail_line();
  if (revised ? is_wanted(run, row) || !(run->label[row] || run->asked[row])
              : !is_wanted(run, row))
    return fail_line();
  TRY(cred__learn_read_label(&text, run, at + 1));
  keep_label(run, row, text);
  return CRED_OK;
}

static cred_status read_skip(cred_learn *run, const char *at) {
  size_t row;
  if (!next_size(&row, &at) || row >= run->n_rows || *at ||
      !(run->label[row] || is_wanted(run, row)))
    return fail_line();
  keep_label(run, row, NULL);
  return CRED_OK;
}

// Room for one more, so that what follows a line of the journal cannot fail.
static cred_status reserve_point(cred_learn *run) {
  if (run->n_points < run->points_capacity) return CRED_OK;
  const size_t larger = run->points_capacity ? 2 * run->points_capacity : 64;
  TRY(RESIZE(&run->points, run->points_capacity, larger, "the curve"));
  run->points_capacity = larger;
  return CRED_OK;
}

static bool next_number(double *out, const char **at) {
  const char *p = *at + (**at == ' ');
  const size_t n = strcspn(p, " ");
  *at = p + n;
  *out = NAN;
  return (n == 3 && memcmp(p, "nan", 3) == 0) || cred__parse_double(out, p, n);
}

static cred_status read_round(cred_learn *run, const char *at) {
  cred_learn_point point;
  if (!next_size(&point.round, &at) || !next_size(&point.n_labels, &at) ||
      point.round != run->n_points || run->n_points + 1 != run->n_asks || run->n_wanted ||
      *at != ' ')
    return fail_line();
  const size_t n = strcspn(at + 1, " ");
  if (n >= sizeof run->model_digest) return fail_line();
  memcpy(run->model_digest, at + 1, n);
  run->model_digest[n] = 0;
  at += 1 + n;
  for (size_t i = 0; i < CRED_LEARN_SCORES; i++)
    if (!next_number(&point.value[i], &at) || !next_number(&point.se[i], &at))
      return fail_line();
  TRY(reserve_point(run));
  run->points[run->n_points++] = point;
  return CRED_OK;
}

static cred_status read_line(void *context, const char *line) {
  cred_learn *run = context;
  const size_t n = strcspn(line, " ");
  if (n == 3 && memcmp(line, "ask", 3) == 0) return read_ask(run, line + n);
  if (n == 5 && memcmp(line, "label", 5) == 0) return read_label(run, line + n, false);
  if (n == 6 && memcmp(line, "revise", 6) == 0) return read_label(run, line + n, true);
  if (n == 4 && memcmp(line, "skip", 4) == 0) return read_skip(run, line + n);
  if (n == 5 && memcmp(line, "round", 5) == 0) return read_round(run, line + n);
  return fail_line();
}

static cred_status write_round(cred_learn *run, const cred_learn_point *point) {
  cred__text line = {0};
  cred__text_printf(&line, "round %zu %zu %s", point->round, point->n_labels,
                    run->model_digest);
  for (size_t i = 0; i < CRED_LEARN_SCORES; i++) {
    cred__text_append(&line, " ", 1);
    cred__text_number(&line, point->value[i]);
    cred__text_append(&line, " ", 1);
    cred__text_number(&line, point->se[i]);
  }
  cred__text_append(&line, "\n", 1);
  const cred_status status = cred__journal_append(&run->journal, &line);
  cred__text_clear(&line);
  return status;
}

// --- opening ---

static const char *const class_scores[] = {"error", "log_lik", "brier"};
static const char *const number_scores[] = {"rmse", "log_lik", "mae"};

const char *cred_learn_score_name(const cred_learn *run, size_t i) {
  return (run->task == CRED_TARGET_CLASS ? class_scores : number_scores)[i];
}

static cred_status find_score(cred_learn *run) {
  const char *names[CRED_LEARN_SCORES], *name = run->opt.score;
  for (size_t i = 0; i < CRED_LEARN_SCORES; i++) {
    names[i] = cred_learn_score_name(run, i);
    if (!name || strcmp(name, names[i]) != 0) continue;
    run->score = i;
    return CRED_OK;
  }
  if (!name) return CRED_OK;
  FAIL(CRED_ECONFIG, "the score '%.100s' is none of %s, %s, %s of this task", name,
       names[0], names[1], names[2]);
}

static cred_status check_options(const cred_learn *run) {
  const cred_learn_options *opt = &run->opt;
  const bool stops = !isnan(opt->score_target) || opt->patience;
  if (opt->schema.n_targets != 1)
    FAIL(CRED_ECONFIG, "active learning has one target, %zu are given",
         opt->schema.n_targets);
  if (opt->acquire.n == 0) FAIL(CRED_EINVAL, "0 rows a round are asked for");
  if (!opt->test && stops)
    FAIL(CRED_ECONFIG, "a stop by the score needs test rows to score on");
  if (!(opt->tolerance >= 0))
    FAIL(CRED_EINVAL, "tolerance is %g, must be >= 0", opt->tolerance);
  if (opt->balanced && !opt->simulate)
    FAIL(CRED_ECONFIG, "a balanced start needs labels that are known: only a simulation "
                       "has them");
  return CRED_OK;
}

static cred_status check_columns(cred_learn *run) {
  const cred_learn_options *opt = &run->opt;
  const char *target = opt->schema.targets[0];
  size_t column;
  if (cred_table_n_rows(run->pool) == 0)
    FAIL(CRED_EDATA, "%s: the pool is empty", cred_table_source(run->pool));
  if (opt->simulate) TRY(cred_table_need(&column, run->pool, target));
  if (opt->test) TRY(cred_table_need(&column, opt->test, target));
  run->target_column = cred_table_find(run->pool, target);
  run->n_rows = cred_table_n_rows(run->pool);
  return CRED_OK;
}

static bool has_cells(const cred_table *table, size_t column) {
  for (size_t i = 0; i < cred_table_n_rows(table); i++)
    if (!cred__cell_missing(table, i, column)) return true;
  return false;
}

// Words or a list of classes: classes; else numbers, unless the task says it.
static cred_status find_task(cred_learn *run) {
  const cred_learn_options *opt = &run->opt;
  bool words = opt->n_classes > 0;
  const cred_table *const tables[] = {run->pool, opt->test};
  bool any = words;
  for (size_t i = 0; i < 2; i++) {
    const size_t column =
        tables[i] ? cred_table_find(tables[i], opt->schema.targets[0]) : SIZE_MAX;
    if (column == SIZE_MAX || !has_cells(tables[i], column)) continue;
    any = true;
    words |= cred_table_type(tables[i], column) == CRED_COLUMN_CATEGORICAL;
  }
  if (opt->schema.task < 0 && !any)
    FAIL(CRED_ECONFIG,
         "%s has no %s '%.100s' yet, so that nothing tells what its labels are: "
         "give the classes (--classes A,B) or the task (--task number)",
         cred_table_source(run->pool),
         run->target_column == SIZE_MAX ? "column" : "label in the column",
         opt->schema.targets[0]);
  run->task = opt->schema.task >= 0 ? (cred_target_type)opt->schema.task
              : words               ? CRED_TARGET_CLASS
                                    : CRED_TARGET_NUMBER;
  if (opt->n_classes && run->task != CRED_TARGET_CLASS)
    FAIL(CRED_ECONFIG, "classes are given, but the task is not one of classes");
  run->opt.schema.task = (int)run->task;
  return CRED_OK;
}

static cred_status make_folder(const char *folder) {
  struct stat info;
  if (mkdir(folder, 0777) == 0) return CRED_OK;
  if (errno == EEXIST && stat(folder, &info) == 0 && S_ISDIR(info.st_mode))
    return CRED_OK;
  FAIL(CRED_ECANTCREATE, "%s: the folder cannot be made: %s", folder,
       errno == EEXIST ? "a file of that name is there" : strerror(errno));
}

static cred_status make_parts(cred_learn *run) {
  TRY(check_options(run));
  TRY(check_columns(run));
  TRY(find_task(run));
  TRY(find_score(run));
  TRY(cred__learn_find_classes(run));
  TRY(NEW(&run->label, run->n_rows, "labels"));
  TRY(NEW(&run->asked, run->n_rows, "rows"));
  TRY(NEW(&run->wanted, run->n_rows, "rows"));
  if (!run->opt.simulate) TRY(cred__learn_take_given(run));
  if (run->target_column != SIZE_MAX)
    return cred_table_drop(&run->inputs, run->pool, run->opt.schema.targets[0]);
  return CRED_OK;
}

cred_status cred_learn_open(cred_learn **out, const char *folder, const cred_table *pool,
                            const cred_learn_options *opt) {
  cred_learn *run = NULL;
  char path[4096];
  cred_status status;
  *out = NULL;
  TRY_DONE(NEW(&run, 1, "a run"));
  run->opt = *opt;
  run->opt.schema.inputs_of_all_rows = true;
  run->pool = pool;
  run->journal.fd = -1;
  TRY_DONE(cred__strdup(&run->folder, folder));
  TRY_DONE(make_parts(run));
  TRY_DONE(cred__learn_rehearse(run, !cred__learn_has_begun(run)));
  TRY_DONE(make_folder(folder));
  cred__learn_path(path, sizeof path, run, "journal");
  TRY_DONE(cred__learn_check_folder(run));
  TRY_DONE(cred__journal_open(&run->journal, path, read_line, run));
  if (run->n_points > 0) TRY_DONE(cred__learn_write_curve(run));
  *out = run;
  run = NULL;
done:
  cred_learn_free(run);
  return status;
}

void cred_learn_free(cred_learn *run) {
  if (!run) return;
  cred__journal_close(&run->journal);
  for (size_t i = 0; run->label && i < run->n_rows; i++) cred__free(run->label[i]);
  for (size_t i = 0; run->classes && i < run->n_classes; i++) cred__free(run->classes[i]);
  cred__free(run->label);
  cred__free(run->classes);
  cred__names_clear(&run->names);
  cred__free(run->asked);
  cred__free(run->left_out);
  cred__free(run->wanted);
  cred__free(run->points);
  cred_model_free(run->model);
  cred_table_free(run->inputs);
  cred__free(run->folder);
  cred__free(run);
}

// --- going on ---

static cred_status simulate(cred_learn *run) {
  size_t n = run->n_wanted, *rows = NULL;
  char **texts = NULL;
  cred_status status;
  TRY_DONE(NEW(&rows, n, "rows"));
  TRY_DONE(NEW(&texts, n, "labels"));
  memcpy(rows, run->wanted, n * sizeof *rows);
  for (size_t i = 0; i < n; i++) TRY_DONE(cred__learn_hidden(&texts[i], run, rows[i]));
  TRY_DONE(cred_learn_label(run, rows, (const char *const *)texts, n));
done:
  for (size_t i = 0; texts && i < n; i++) cred__free(texts[i]);
  cred__free(texts);
  cred__free(rows);
  return status;
}

static cred_status fit_round(cred_learn_state *state, cred_learn *run) {
  cred_learn_point point;
  TRY(reserve_point(run));
  TRY(cred__learn_fit(state, &point, run));
  if (*state != CRED_LEARN_ROUND) return CRED_OK;
  TRY(write_round(run, &point));
  run->points[run->n_points++] = point;
  TRY(cred__learn_write_curve(run));
  cred__learn_note_times(run);
  return CRED_OK;
}

cred_status cred_learn_next(cred_learn_state *state, cred_learn *run) {
  if (run->n_asks == 0) TRY(cred__learn_start(run));
  if (run->n_wanted && run->opt.simulate) TRY(simulate(run));
  *state = CRED_LEARN_LABELS;
  if (run->n_wanted) return CRED_OK;
  if (run->n_points + 1 == run->n_asks) return fit_round(state, run);
  if (cred__learn_is_done(run)) {
    *state = CRED_LEARN_DONE;
    return cred__learn_write_curve(run);
  }
  TRY(cred__learn_choose(state, run));
  if (*state == CRED_LEARN_STOPPED) return CRED_OK;
  if (run->opt.simulate) TRY(simulate(run));
  return CRED_OK;
}

const size_t *cred_learn_wanted(size_t *n, const cred_learn *run) {
  *n = run->n_wanted;
  return run->wanted;
}

static cred_status fail_not_asked(const cred_learn *run, size_t row) {
  cred__text list = {0};
  for (size_t k = 0; k < run->n_wanted && k < 8; k++)
    cred__text_printf(&list, "%s%zu", k ? ", " : "", run->wanted[k]);
  cred__fail(CRED_EDATA, "row %zu was not asked for: labels are wanted of %s%s", row,
             list.n ? list.s : "no row", run->n_wanted > 8 ? ", ..." : "");
  cred__text_clear(&list);
  return CRED_EDATA;
}

static cred_status check_row(const cred_learn *run, size_t row, bool revised) {
  if (row >= run->n_rows)
    FAIL(CRED_EDATA, "row %zu was not asked for: the pool has %zu rows", row,
         run->n_rows);
  if (is_wanted(run, row)) {
    if (!revised) return CRED_OK;
    FAIL(CRED_EDATA, "row %zu waits for its first label: there is none to revise", row);
  }
  if (revised && (run->label[row] || run->asked[row])) return CRED_OK;
  if (revised) FAIL(CRED_EDATA, "row %zu has no label to revise", row);
  if (run->label[row])
    FAIL(CRED_EDATA,
         "row %zu has the label '%.100s' already (--relabel FILE gives it another)", row,
         run->label[row]);
  if (run->asked[row])
    FAIL(CRED_EDATA, "row %zu was skipped (--relabel FILE gives it a label)", row);
  return fail_not_asked(run, row);
}

cred_status cred_learn_check_label(const cred_learn *run, size_t row, const char *label,
                                   bool revised) {
  char *text;
  TRY(check_row(run, row, revised));
  TRY(cred__learn_read_answer(&text, run, label));
  cred__free(text);
  return CRED_OK;
}

static bool is_same(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

// All of them, or none.
static cred_status take_labels(cred_learn *run, const size_t *rows,
                               const char *const *labels, size_t n, bool revised) {
  char **texts = NULL;
  cred__text lines = {0};
  cred_status status;
  TRY_DONE(NEW(&texts, n, "labels"));
  for (size_t i = 0; i < n; i++) {
    TRY_DONE(check_row(run, rows[i], revised));
    for (size_t k = 0; k < i; k++)
      if (rows[k] == rows[i])
        FAIL_DONE(CRED_EDATA, "row %zu is given a label twice", rows[i]);
    TRY_DONE(cred__learn_read_answer(&texts[i], run, labels[i]));
    if (revised && is_same(texts[i], run->label[rows[i]])) continue;
    if (texts[i])
      cred__text_printf(&lines, "%s %zu %s\n", revised ? "revise" : "label", rows[i],
                        texts[i]);
    else
      cred__text_printf(&lines, "skip %zu\n", rows[i]);
  }
  if (lines.n) TRY_DONE(cred__journal_append(&run->journal, &lines));
  for (size_t i = 0; i < n; i++) {
    if (revised && is_same(texts[i], run->label[rows[i]])) continue;
    keep_label(run, rows[i], texts[i]);
    texts[i] = NULL;
  }
done:
  for (size_t i = 0; texts && i < n; i++) cred__free(texts[i]);
  cred__free(texts);
  cred__text_clear(&lines);
  return status;
}

cred_status cred_learn_label(cred_learn *run, const size_t *rows,
                             const char *const *labels, size_t n) {
  return take_labels(run, rows, labels, n, false);
}

cred_status cred_learn_revise(cred_learn *run, const size_t *rows,
                              const char *const *labels, size_t n) {
  return take_labels(run, rows, labels, n, true);
}

const char *cred_learn_label_of(const cred_learn *run, size_t row) {
  return row < run->n_rows ? run->label[row] : NULL;
}
size_t cred_learn_n_labels(const cred_learn *run) {
  return run->n_labels;
}
size_t cred_learn_n_points(const cred_learn *run) {
  return run->n_points;
}
cred_learn_point cred_learn_get_point(const cred_learn *run, size_t i) {
  return run->points[i];
}
const cred_model *cred_learn_model(const cred_learn *run) {
  return run->model;
}
bool cred_learn_has_model(const cred_learn *run) {
  return run->n_points > 0 && strcmp(run->model_digest, "-") != 0;
}
const char *cred_learn_reason(const cred_learn *run) {
  return run->reason;
}
size_t cred_learn_score(const cred_learn *run, bool *larger) {
  if (larger) *larger = strcmp(cred_learn_score_name(run, run->score), "log_lik") == 0;
  return run->score;
}
