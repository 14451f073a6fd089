// cmd_learn.h -- what the files of `credence learn` share.

#ifndef CRED_SRC_CLI_CMD_LEARN_H
#define CRED_SRC_CLI_CMD_LEARN_H

#include "cli/cmd_fit.h"
#include "credence/decide/learn.h"

typedef struct {
  const cli_args *args;
  cli__fit fit;
  cred_table *pool, *test;
  cred_learn_options opt;
  const char *folder, *target;
  cli_progress progress;
} cli__learn;

// cmd_learn_labels.c: the rows that want a label, as a file for a person or a command:
// row, id, the columns of the row where they are few, and the empty target.
cred_status cli__learn_write_wanted(const cli__learn *l, const cred_learn *run);
// Removes to_label.csv of a run that is done: one killed as it took the last labels has
// kept it.
void cli__learn_drop_wanted(const cli__learn *l);
// Takes what is filled in of that file, if it is there, or nothing. *n_left: rows still
// without.
cred_status cli__learn_read_wanted(size_t *n_left, const cli__learn *l, cred_learn *run);
// Takes a file of rows and their new labels, whole or not at all.
cred_status cli__learn_relabel(const cli__learn *l, cred_learn *run, const char *path);
// Runs the command with that file as its input; its lines "row,label" are labels.
cred_status cli__learn_ask_command(const cli__learn *l, cred_learn *run,
                                   const char *command);

// cmd_learn_plot.c: the curves of runs as a picture.
cred_status cli__learn_plot(const cli__learn *l, const cred_learn *const *runs,
                            const char *const *names, size_t n);

#endif
