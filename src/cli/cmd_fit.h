// cmd_fit.h -- what the files of `credence fit` share.

#ifndef CRED_SRC_CLI_CMD_FIT_H
#define CRED_SRC_CLI_CMD_FIT_H

#include "base/text.h"
#include "cli/pictures.h"
#include "cli/request.h"
#include "credence/model/fit.h"

// A fit as the options ask for it. Texts and lists are borrowed from the arguments but
// for those that are named here; clear frees these.
typedef struct {
  const cli_args *args;
  cred_fit_options fit;
  cred_schema_options schema;
  cred__text net;       // of --hidden
  cred__text held_out;  // file of the rows of --hold-out
  size_t *rows, n_rows; // of the table; NULL: all
  const char *path;     // of the model
} cli__fit;

// What is fitted to: one of the two.
typedef struct {
  cred_table *table;
  cred_images *images;
} cli__fit_data;

// cmd_fit_options.c: options that contradict each other are refused.
cred_status cli__fit_init(cli__fit *out, const cli_args *args);
// The same for another command that fits: what has to do with the model file and with
// rows of the table is not looked at.
cred_status cli__fit_take(cli__fit *out, const cli_args *args);
void cli__fit_clear(cli__fit *fit);
// --train-rows and --hold-out, which need the number of rows.
cred_status cli__fit_look_at(cli__fit *fit, size_t n_rows);
// Warns of inputs that are dates, counters or identifiers.
cred_status cli__fit_warn(const cli__fit *fit, const cred_table *table);

// cmd_fit_run.c: fits or goes on (resumed model or NULL), saving on the way.
cred_status cli__fit_run(cred_model **model, cred_fit_info *info, const cli__fit *fit,
                         const cli__fit_data *data);
// What came of it, on standard error; true: it converged.
bool cli__fit_verdict(const cli__fit *fit, const cred_model *model,
                      const cred_fit_info *info);

#endif
