// learn_labels.c -- what labels are possible, and those that are known.

#include "decide/learn.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <string.h>

enum { CELL = 4096 };

// Texts of a column that are there, once each.
static cred_status add_texts(cred__levels *words, const cred_table *table,
                             size_t column) {
  char cell[CELL];
  int32_t code;
  if (cred_table_type(table, column) == CRED_COLUMN_CATEGORICAL) {
    for (size_t i = 0; i < cred_table_n_levels(table, column); i++) {
      const char *name = cred_table_level_name(table, column, i);
      TRY(cred__levels_add(&code, words, name, strlen(name)));
    }
    return CRED_OK;
  }
  for (size_t i = 0; i < cred_table_n_rows(table); i++) {
    if (cred__cell_missing(table, i, column)) continue;
    cred_table_cell(cell, sizeof cell, table, i, column);
    TRY(cred__levels_add(&code, words, cell, strlen(cell)));
    if (words->n > CRED__CLASSES)
      FAIL(CRED_EDATA,
           "%s: the target '%.100s' has more than %d classes: is it a number?",
           cred_table_source(table), cred_table_name(table, column), CRED__CLASSES);
  }
  return CRED_OK;
}

static cred_status collect(cred__levels *words, const cred_learn *run) {
  const cred_learn_options *opt = &run->opt;
  int32_t code;
  for (size_t i = 0; i < opt->n_classes; i++)
    TRY(cred__levels_add(&code, words, opt->classes[i], strlen(opt->classes[i])));
  if (opt->n_classes) return CRED_OK;
  if (run->target_column != SIZE_MAX)
    TRY(add_texts(words, run->pool, run->target_column));
  if (opt->test)
    TRY(add_texts(words, opt->test, cred_table_find(opt->test, opt->schema.targets[0])));
  return CRED_OK;
}

cred_status cred__learn_find_classes(cred_learn *run) {
  cred__levels words = {0};
  char **names = NULL, *text = NULL;
  int32_t *place = NULL;
  cred_status status;
  if (run->task != CRED_TARGET_CLASS) return CRED_OK;
  TRY_DONE(collect(&words, run));
  if (words.n < 2)
    FAIL_DONE(CRED_EDATA,
              "%s: the target '%.100s' has %s: at least two classes are needed (name "
              "them, where rows of the others have no label yet)",
              cred_table_source(run->pool), run->opt.schema.targets[0],
              words.n ? "one class only" : "no class");
  TRY_DONE(cred__levels_sorted(&names, &text, &place, &words));
  TRY_DONE(NEW(&run->classes, words.n, "classes"));
  for (; run->n_classes < words.n; run->n_classes++)
    TRY_DONE(cred__strdup(&run->classes[run->n_classes], names[run->n_classes]));
  TRY_DONE(cred__names_init(&run->names, run->classes, run->n_classes));
  run->opt.schema.classes = (const char *const *)run->classes;
  run->opt.schema.n_classes = run->n_classes;
done:
  cred__free(names);
  cred__free(text);
  cred__free(place);
  cred__levels_clear(&words);
  return status;
}

static cred_status fail_class(const cred_learn *run, const char *text) {
  const char **names;
  TRY(NEW(&names, run->n_classes, "classes"));
  for (size_t i = 0; i < run->n_classes; i++) names[i] = run->classes[i];
  const char *near = cred__nearest(text, names, run->n_classes);
  cred__free(names);
  if (near)
    FAIL(CRED_EDATA, "'%.100s' is no class of '%.100s'; did you mean '%.100s'?", text,
         run->opt.schema.targets[0], near);
  FAIL(CRED_EDATA,
       "'%.100s' is no class of '%.100s': there are %zu, '%.100s' to '%.100s'", text,
       run->opt.schema.targets[0], run->n_classes, run->classes[0],
       run->classes[run->n_classes - 1]);
}

cred_status cred__learn_read_label(char **out, const cred_learn *run, const char *text) {
  double value;
  *out = NULL;
  if (run->task == CRED_TARGET_CLASS) {
    const size_t place = cred__names_find(&run->names, text);
    if (place == SIZE_MAX) return fail_class(run, text);
    return cred__strdup(out, run->classes[place]);
  }
  if (!cred__parse_double(&value, text, strlen(text)))
    FAIL(CRED_EDATA,
         "the label '%.100s' of '%.100s' is not a number (a run of classes is begun with "
         "--classes A,B in another folder)",
         text, run->opt.schema.targets[0]);
  if (run->task == CRED_TARGET_COUNT && !(value >= 0 && value == floor(value)))
    FAIL(CRED_EDATA, "the label '%.100s' of '%.100s' is not a count (0, 1, 2, ...)", text,
         run->opt.schema.targets[0]);
  return cred__strdup(out, text);
}

cred_status cred__learn_read_answer(char **out, const cred_learn *run, const char *text) {
  *out = NULL;
  if (strcmp(text, CRED_LEARN_SKIP) == 0 &&
      (run->task != CRED_TARGET_CLASS || cred__names_find(&run->names, text) == SIZE_MAX))
    return CRED_OK;
  return cred__learn_read_label(out, run, text);
}

static cred_status read_cell(char **out, const cred_learn *run, size_t row) {
  char cell[CELL];
  cred_table_cell(cell, sizeof cell, run->pool, row, run->target_column);
  const cred_status status = cred__learn_read_label(out, run, cell);
  if (status != CRED_OK)
    cred__fail_prefix("%s:%zu", cred_table_source(run->pool),
                      cred_table_line(run->pool, row));
  return status;
}

cred_status cred__learn_hidden(char **out, const cred_learn *run, size_t row) {
  if (cred__cell_missing(run->pool, row, run->target_column))
    FAIL(
        CRED_EDATA,
        "%s:%zu: no label in the column '%.100s': a simulation looks all labels up there "
        "(without --simulate a person gives them, or a --command)",
        cred_table_source(run->pool), cred_table_line(run->pool, row),
        run->opt.schema.targets[0]);
  return read_cell(out, run, row);
}

cred_status cred__learn_take_given(cred_learn *run) {
  if (run->target_column == SIZE_MAX) return CRED_OK;
  for (size_t i = 0; i < run->n_rows; i++) {
    if (cred__cell_missing(run->pool, i, run->target_column)) continue;
    TRY(read_cell(&run->label[i], run, i));
    run->n_labels++;
  }
  return CRED_OK;
}

bool cred__learn_is_enough(const cred_learn *run) {
  const char *first = NULL;
  double value = NAN, other;
  for (size_t i = 0; i < run->n_rows; i++) {
    const char *text = run->label[i];
    if (!text) continue;
    if (run->task == CRED_TARGET_CLASS) {
      if (first && strcmp(first, text) != 0) return true;
      first = text;
    } else if (cred__parse_double(&other, text, strlen(text))) {
      if (!isnan(value) && other != value) return true;
      value = other;
    }
  }
  return false;
}
