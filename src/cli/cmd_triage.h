// cmd_triage.h -- what the files of `credence triage` share.

#ifndef CRED_SRC_CLI_CMD_TRIAGE_H
#define CRED_SRC_CLI_CMD_TRIAGE_H

#include "cli/held_out.h"
#include "cli/kept.h"
#include "credence/decide/triage.h"

typedef struct {
  const cli_args *args;
  cli_held_out in;
  size_t target;
  cred_predict_options predict;
  cred_cases cases;
  cred_rule rule;
  cred_triage triage;
  char **ids; // (n) or NULL
  // rows asked for that are no cases, as the model cannot take them: (n_bad) each
  uint64_t *bad;
  size_t *bad_before; // how many cases stand before it
  char **bad_ids;     // or NULL
  size_t n_bad;
  cli_kept kept;
} cli__triage;

// cmd_triage_rule.c: the rule from the options, or from the model. `cases` are there.
cred_status cli__triage_rule(cli__triage *all);
// The draws that the kept rule was chosen with, or those of the options.
cred_status cli__triage_draws(cli__triage *all);

// cmd_triage_output.c
cred_status cli__triage_write(const cli__triage *all, const char *path);
cred_status cli__triage_report(const cli__triage *all, FILE *file);
cred_status cli__triage_plot(const cli__triage *all, const char *path);

#endif
