// cmd_act.h -- what the files of `credence act` share.

#ifndef CRED_SRC_CLI_CMD_ACT_H
#define CRED_SRC_CLI_CMD_ACT_H

#include "cli/kept.h"
#include "cli/request.h"
#include "credence/decide/act.h"

typedef struct {
  const cli_args *args;
  cred_model *model, *cost_model; // cost_model NULL: the cost is of the same model
  cred_table *states, *actions;
  size_t *rows, n_left_out; // rows of the states in their file; NULL: all are there
  size_t shown;             // state of the figure
  char **names;             // (n_actions)
  cli_kept kept;            // of the states
  size_t n_actions;
  cred_quantity value, cost;
  bool has_cost;
  cred_risk risk;
  cred_data data, cost_data;
  cred_choices choices;
} cli__act;

// cmd_act.c
size_t cli__act_row(const cli__act *all, size_t state);

// cmd_act_output.c
cred_status cli__act_write(const cli__act *all, const char *path);
void cli__act_report(const cli__act *all);
cred_status cli__act_plot(const cli__act *all, const char *path);

#endif
