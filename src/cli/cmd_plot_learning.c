// cmd_plot_learning.c -- the figure 'learning' from the curve.csv of runs of credence
// learn, each named by NAME=FILE or by its folder; a folder stands for its curve.csv.

#include "base/alloc.h"
#include "base/text.h"
#include "cli/cmd_plot.h"
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char name[64];
  double *values; // labels, scores, standard errors: (n) each
  cred_plot_learning_curve curve;
} loaded;

// "bald=runs/bald/curve.csv": "bald"; "runs/bald/curve.csv": "bald".
static const char *split_name(char name[64], const char *word) {
  const char *equal = strchr(word, '='), *slash = strrchr(word, '/');
  if (equal && (!slash || equal < slash || !strchr(word, '/'))) {
    snprintf(name, 64, "%.*s", (int)(equal - word), word);
    return equal + 1;
  }
  const char *end = slash ? slash : word + strlen(word), *begin = end;
  while (begin > word && begin[-1] != '/') begin--;
  snprintf(name, 64, "%.*s", (int)(end - begin), begin);
  return word;
}

// The score of --column, or the first column behind `labels`.
static cred_status find_columns(size_t column[3], const char **score,
                                const cred_table *table, const char *wanted) {
  char se[256];
  TRY(cred_table_need(&column[0], table, "labels"));
  if (wanted)
    TRY(cred_table_need(&column[1], table, wanted));
  else
    column[1] = column[0] + 1;
  if (column[1] >= cred_table_n_columns(table))
    FAIL(CRED_EDATA, "%s: there is no score behind the column 'labels'",
         cred_table_source(table));
  *score = cred_table_name(table, column[1]);
  snprintf(se, sizeof se, "%s_se", *score);
  column[2] = cred_table_find(table, se);
  return CRED_OK;
}

static cred_status take_curve(loaded *l, char score[64], const cred_table *table,
                              const char *wanted) {
  const size_t n = cred_table_n_rows(table);
  size_t column[3];
  const char *name = "";
  TRY(find_columns(column, &name, table, wanted));
  if (*score && strcmp(score, name) != 0)
    FAIL(CRED_EDATA,
         "%s: its score is '%s', that of the first curve '%s': name one that "
         "all have (--column NAME)",
         cred_table_source(table), name, score);
  snprintf(score, 64, "%s", name);
  TRY(NEW(&l->values, 3 * n, "a learning curve"));
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < 3; k++)
      l->values[k * n + i] =
          column[k] == SIZE_MAX ? NAN : cred_table_number(table, i, column[k]);
  l->curve =
      (cred_plot_learning_curve){.name = l->name,
                                 .n = n,
                                 .labels = l->values,
                                 .score = l->values + n,
                                 .se = column[2] == SIZE_MAX ? NULL : l->values + 2 * n};
  return CRED_OK;
}

// The table of this name in a folder; a file as it is.
static const char *file_of(char path[4096], const char *word, const char *table) {
  struct stat info;
  const size_t n = strlen(word);
  if (stat(word, &info) != 0 || !S_ISDIR(info.st_mode)) return word;
  snprintf(path, 4096, "%s%s%s", word, n && word[n - 1] == '/' ? "" : "/", table);
  return path;
}

cred_status cli__plot_table(cred_table **out, char name[64], const char *word,
                            const char *table) {
  cred_table_options opt = cred_table_defaults();
  char path[4096];
  opt.format = CRED_FORMAT_CSV;
  opt.header = 1;
  const char *file = split_name(name, word), *found = file_of(path, file, table);
  if (found == path && file == word) split_name(name, path); // the folder's name
  if (found == path && access(path, F_OK) != 0)
    FAIL(CRED_ENOINPUT, "%s: is not there: `credence %s` writes it", path,
         strcmp(table, "curve.csv") == 0 ? "learn" : "segment --labels FOLDER");
  return cred_table_read(out, found, &opt);
}

static cred_status load(loaded *l, char score[64], const char *word, const char *wanted) {
  cred_table *table;
  TRY(cli__plot_table(&table, l->name, word, "curve.csv"));
  const cred_status status = take_curve(l, score, table, wanted);
  cred_table_free(table);
  return status;
}

cred_status cli__plot_learning(cred_plot **out, const cli_args *args,
                               const cred_model *model) {
  const size_t n = cli_n_positional(args) - 1;
  char score[64] = "";
  loaded *all = NULL;
  cred_plot_learning_curve *curves = NULL;
  cred_status status;
  (void)model;
  TRY_DONE(NEW(&all, n, "learning curves"));
  TRY_DONE(NEW(&curves, n, "learning curves"));
  for (size_t i = 0; i < n; i++) {
    TRY_DONE(load(&all[i], score, cli_positional(args, i + 1), cli_text(args, "column")));
    curves[i] = all[i].curve;
  }
  const cred_plot_learning data = {
      .n_curves = n,
      .curves = curves,
      .score = score,
      .target = cli_given(args, "aim") ? cli_number(args, "aim") : NAN};
  const cred_plot_labels labels = {.title = cli_text(args, "title")};
  TRY_DONE(cred_plot_new_learning(out, &data, &labels));
done:
  for (size_t i = 0; all && i < n; i++) cred__free(all[i].values);
  cred__free(all);
  cred__free(curves);
  return status;
}
