// cmd_learn_labels.c -- labels from a person's file and from a command.
//
// to_label.csv has a line for each row that waits. The file is taken whole or not at all:
// every line is looked at before one label goes into the journal, and only when it is
// there does its line go. So a file that is read twice after a crash, and a command that
// is run again for the rest of a batch, do no harm.

#include "base/alloc.h"
#include "base/file.h"
#include "cli/cmd_learn.h"
#include "cli/line.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COLUMNS_SHOWN = 40 };

static const char *path_of(char *out, size_t n_bytes, const cli__learn *l) {
  snprintf(out, n_bytes, "%s/to_label.csv", l->folder);
  return out;
}

void cli__learn_drop_wanted(const cli__learn *l) {
  char path[4096];
  unlink(path_of(path, sizeof path, l));
}

// Columns of the pool that help to label a row: all, where they are few; else the id.
static bool is_shown(const cli__learn *l, size_t column) {
  const char *name = cred_table_name(l->pool, column), *id = l->fit.schema.id;
  if (strcmp(name, l->target) == 0 || strcmp(name, "row") == 0) return false;
  return cred_table_n_columns(l->pool) <= COLUMNS_SHOWN || (id && strcmp(name, id) == 0);
}

static cred_status write_wanted(FILE *file, const cli__learn *l, const cred_learn *run) {
  size_t n;
  const size_t *rows = cred_learn_wanted(&n, run);
  const size_t n_columns = cred_table_n_columns(l->pool);
  cred__text line = {0};
  cred_status status = CRED_OK;
  for (size_t i = 0; i <= n && status == CRED_OK; i++) { // the first line has the names
    line.n = 0;
    if (i == 0)
      cli_line_put(&line, "row");
    else
      cred__text_printf(&line, "%zu", rows[i - 1]);
    for (size_t k = 0; k < n_columns; k++) {
      if (!is_shown(l, k)) continue;
      cli_line_put(&line, ",");
      if (i == 0)
        cred__text_csv(&line, cred_table_name(l->pool, k));
      else
        cli_line_cell(&line, false, l->pool, rows[i - 1], cred_table_name(l->pool, k));
    }
    cli_line_put(&line, ",");
    if (i == 0) cred__text_csv(&line, l->target);
    cli_line_put(&line, "\n");
    status = cli_line_write(file, &line);
  }
  cred__text_clear(&line);
  return status;
}

cred_status cli__learn_write_wanted(const cli__learn *l, const cred_learn *run) {
  char path[4096];
  cred__writer writer;
  TRY(cred__writer_init(&writer, path_of(path, sizeof path, l)));
  const cred_status status = write_wanted(writer.file, l, run);
  if (status == CRED_OK) return cred__writer_commit(&writer);
  cred__writer_abort(&writer);
  return status;
}

// --- a person's file ---

static cred_status number_of_row(size_t *row, const cred_table *table, size_t i,
                                 size_t column) {
  char cell[64];
  double value;
  cred_table_cell(cell, sizeof cell, table, i, column);
  if (cred__parse_double(&value, cell, strlen(cell)) && value >= 0 &&
      value == floor(value) && value < 1e15) {
    *row = (size_t)value;
    return CRED_OK;
  }
  FAIL(CRED_EDATA, "%s:%zu: '%s' in the column 'row' is not a row number",
       cred_table_source(table), cred_table_line(table, i), cell);
}

static bool is_known(const char *known, const char *cell) {
  double a, b;
  if (!known) return false;
  return strcmp(known, cell) == 0 ||
         (cred__parse_double(&a, known, strlen(known)) &&
          cred__parse_double(&b, cell, strlen(cell)) && a == b);
}

// What a file says, line by line.
typedef struct {
  const cli__learn *l;
  cred_learn *run;
  cred_table *table;
  size_t row_column, label_column;
  bool revised;
  size_t *rows, n; // (n_rows of the table) of those with something new
  size_t *lines;   // of those
  size_t n_known;  // labels that the run has
  char **labels;
  size_t n_changed; // cells of inputs that are others than in the pool
} answers;

static void answers_clear(answers *a) {
  for (size_t i = 0; a->labels && i < a->n; i++) cred__free(a->labels[i]);
  cred__free(a->labels);
  cred__free(a->rows);
  cred__free(a->lines);
  cred_table_free(a->table);
}

// Whether a cell says something else than the pool does.
static bool is_changed(const answers *a, size_t i, size_t column, size_t row) {
  char here[512], there[512];
  const cred_table *pool = a->l->pool;
  const char *name = cred_table_name(a->table, column);
  const size_t at = cred_table_find(pool, name);
  if (at == SIZE_MAX || column == a->row_column || column == a->label_column)
    return false;
  cred_table_cell(here, sizeof here, a->table, i, column);
  cred_table_cell(there, sizeof there, pool, row, at);
  return !is_known(there, here);
}

// Whether the run has this answer already, from before the last crash.
static bool is_taken(const answers *a, size_t row, const char *cell) {
  const char *label = cred_learn_label_of(a->run, row);
  if (label || strcmp(cell, CRED_LEARN_SKIP) != 0) return is_known(label, cell);
  return cred_learn_check_label(a->run, row, cell, true) == CRED_OK; // was skipped
}

// One line; a label that was taken before is no fault.
static cred_status take_line(answers *a, size_t i) {
  char cell[4096];
  size_t row = 0;
  if (cred_table_level(a->table, i, a->label_column) < 0) return CRED_OK; // not yet
  TRY(number_of_row(&row, a->table, i, a->row_column));
  cred_table_cell(cell, sizeof cell, a->table, i, a->label_column);
  if (is_taken(a, row, cell)) {
    a->n_known++;
    return CRED_OK;
  }
  const cred_status status = cred_learn_check_label(a->run, row, cell, a->revised);
  if (status != CRED_OK) {
    cred__fail_prefix("%s:%zu", cred_table_source(a->table),
                      cred_table_line(a->table, i));
    return status;
  }
  for (size_t k = 0; k < a->n; k++)
    if (a->rows[k] == row)
      FAIL(CRED_EDATA, "%s:%zu: row %zu is given a label twice, first in line %zu",
           cred_table_source(a->table), cred_table_line(a->table, i), row, a->lines[k]);
  for (size_t k = 0; k < cred_table_n_columns(a->table); k++)
    a->n_changed += is_changed(a, i, k, row);
  TRY(cred__strdup(&a->labels[a->n], cell));
  a->lines[a->n] = cred_table_line(a->table, i);
  a->rows[a->n++] = row;
  return CRED_OK;
}

static cred_status read_answers_of(answers *a, const char *path) {
  cred_table_options opt = cred_table_defaults();
  opt.format = CRED_FORMAT_CSV;
  opt.header = 1;
  opt.categorical = &a->l->target;
  opt.n_categorical = 1;
  TRY(cred_table_read(&a->table, path, &opt));
  const size_t n = cred_table_n_rows(a->table);
  TRY(cred_table_need(&a->row_column, a->table, "row"));
  TRY(cred_table_need(&a->label_column, a->table, a->l->target));
  TRY(NEW(&a->rows, n, "labels"));
  TRY(NEW(&a->lines, n, "labels"));
  TRY(NEW(&a->labels, n, "labels"));
  for (size_t i = 0; i < n; i++) TRY(take_line(a, i));
  return CRED_OK;
}

// Takes the file whole, or nothing of it.
static cred_status take_file(size_t *n, const cli__learn *l, const char *path,
                             cred_learn *run, bool revised) {
  answers a = {.l = l, .run = run, .revised = revised};
  cred_status status = read_answers_of(&a, path);
  const char *const *labels = (const char *const *)a.labels;
  if (status == CRED_OK) {
    status = revised ? cred_learn_revise(run, a.rows, labels, a.n)
                     : cred_learn_label(run, a.rows, labels, a.n);
    if (status != CRED_OK) cred__fail_prefix("%s", path);
  }
  if (status == CRED_OK && a.n_changed)
    cli_warn(l->args, "credence learn CHANGED_POOL ... in a new folder",
             "%s: %zu cells differ from those of the pool, which count: only labels are "
             "taken",
             path, a.n_changed);
  if (status == CRED_OK && !revised && a.n == 0 && a.n_known)
    cli_note(l->args, "%s: no label is new, the rows it has labels of have theirs", path);
  *n = a.n;
  answers_clear(&a);
  return status;
}

cred_status cli__learn_relabel(const cli__learn *l, cred_learn *run, const char *path) {
  size_t n;
  TRY(take_file(&n, l, path, run, true));
  cli_note(l->args, "%s: %zu label%s changed", path, n, n == 1 ? " is" : "s are");
  return CRED_OK;
}

cred_status cli__learn_read_wanted(size_t *n_left, const cli__learn *l, cred_learn *run) {
  char path[4096];
  size_t n, n_taken;
  cred_learn_wanted(&n, run);
  path_of(path, sizeof path, l);
  if (access(path, F_OK) == 0) TRY(take_file(&n_taken, l, path, run, false));
  cred_learn_wanted(n_left, run);
  if (n > *n_left && *n_left)
    cli_note(l->args, "%zu labels are taken, %zu rows of the batch have none yet",
             n - *n_left, *n_left);
  if (*n_left == 0) unlink(path);
  return CRED_OK;
}

// --- a command ---

// "17,seven" or "17,\"a, b\"": the label of row 17, "17,?" that it can have none. Lines
// that begin with no number are a header or a remark.
static cred_status take_answer(char *line, cred_learn *run, size_t number) {
  const size_t n = strspn(line, "0123456789");
  size_t row;
  if (n == 0) return CRED_OK;
  if (line[n] != ',' || !cred__parse_size(&row, line, n))
    FAIL(CRED_EDATA, "line %zu of the command, '%.100s': 'row,label' is expected", number,
         line);
  char *label = line + n + 1, *to = label;
  if (*label == '"') { // quotes of CSV
    for (const char *p = label + 1; *p && !(*p == '"' && p[1] != '"'); p++) {
      if (*p == '"') p++;
      *to++ = *p;
    }
    *to = 0;
  }
  const char *given = label;
  const cred_status status = cred_learn_label(run, &row, &given, 1);
  if (status != CRED_OK) cred__fail_prefix("line %zu of the command", number);
  return status;
}

static cred_status read_answers(int fd, cred_learn *run) {
  FILE *file = fdopen(fd, "r");
  char *line = NULL;
  size_t capacity = 0, number = 0;
  ssize_t n;
  cred_status status = CRED_OK;
  if (!file) {
    close(fd);
    FAIL(CRED_EIO, "the command cannot be read: %s", strerror(errno));
  }
  while (status == CRED_OK && (n = getline(&line, &capacity, file)) >= 0) {
    number++;
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) line[--n] = 0;
    status = take_answer(line, run, number);
  }
  free(line);
  fclose(file);
  return status;
}

static void run_child(const char *input, int out, const char *command) {
  FILE *file = freopen(input, "r", stdin);
  if (file && dup2(out, STDOUT_FILENO) >= 0)
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
  _exit(127);
}

static cred_status check_end(int ended, const char *command, const cred_learn *run) {
  size_t n;
  const size_t *rows = cred_learn_wanted(&n, run);
  if (WIFSIGNALED(ended))
    FAIL(CRED_EIO, "the command '%.200s' was ended by signal %d", command,
         WTERMSIG(ended));
  if (WEXITSTATUS(ended) != 0)
    FAIL(CRED_EIO, "the command '%.200s' ended with %d; labels given so far are kept",
         command, WEXITSTATUS(ended));
  if (n)
    FAIL(
        CRED_EDATA,
        "the command '%.200s' left %zu rows without a label, such as row %zu; the others "
        "are kept",
        command, n, rows[0]);
  return CRED_OK;
}

cred_status cli__learn_ask_command(const cli__learn *l, cred_learn *run,
                                   const char *command) {
  char path[4096];
  int ends[2], ended = 0;
  TRY(cli__learn_write_wanted(l, run));
  path_of(path, sizeof path, l);
  fflush(NULL);
  if (pipe(ends) != 0) FAIL(CRED_EIO, "no pipe for the command: %s", strerror(errno));
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    run_child(path, ends[1], command);
  }
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    FAIL(CRED_EIO, "the command cannot be started: %s", strerror(errno));
  }
  const cred_status status = read_answers(ends[0], run);
  while (waitpid(child, &ended, 0) < 0 && errno == EINTR) {
  }
  if (status != CRED_OK) return status;
  if (cli_interrupted()) return CRED_OK;
  TRY(check_end(ended, command, run));
  unlink(path);
  return CRED_OK;
}
