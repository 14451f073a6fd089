// cmd_plot.h -- what the files of `credence plot` share: one function a figure.

#ifndef CRED_SRC_CLI_CMD_PLOT_H
#define CRED_SRC_CLI_CMD_PLOT_H

#include "cli/request.h"
#include "credence/plot/plot.h"

// The options a figure takes, of those that only some take; ends with NULL.
typedef struct {
  const char *name;
  bool needs_data; // a second positional argument
  bool no_model;   // files instead: as many as are given
  const char *const *options;
  cred_status (*make)(cred_plot **out, const cli_args *args, const cred_model *model);
} cli__figure;

// cmd_plot_band.c
cred_status cli__plot_band(cred_plot **out, const cli_args *args,
                           const cred_model *model);
// cmd_plot_learning.c: from the files of learning curves; there is no model
cred_status cli__plot_learning(cred_plot **out, const cli_args *args,
                               const cred_model *model);
// The table of "NAME=FILE", or of FILE named by its folder; a folder stands for its file
// `table`.
cred_status cli__plot_table(cred_table **out, char name[64], const char *word,
                            const char *table);
// cmd_plot_segment.c: from folders of `credence segment`; there is no model
cred_status cli__plot_certainty(cred_plot **out, const cli_args *args,
                                const cred_model *model);
cred_status cli__plot_risk(cred_plot **out, const cli_args *args,
                           const cred_model *model);
// cmd_plot_rows.c: from the predictions of DATA
cred_status cli__plot_reliability(cred_plot **out, const cli_args *args,
                                  const cred_model *model);
cred_status cli__plot_coverage(cred_plot **out, const cli_args *args,
                               const cred_model *model);
cred_status cli__plot_parity(cred_plot **out, const cli_args *args,
                             const cred_model *model);
cred_status cli__plot_uncertainty(cred_plot **out, const cli_args *args,
                                  const cred_model *model);

// Number of the target of --column (the first by default). Fails where it is a class.
cred_status cli__plot_target(size_t *target, const cli_args *args,
                             const cred_model *model);

#endif
