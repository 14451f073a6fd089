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
  char **ids;     // (n) or NULL
  uint64_t *bad;  // (n_bad) rows that are no cases: the model cannot take them
  char **bad_ids; // (n_bad) or NULL
  size_t n_bad;
  cli_kept kept;
} cli__triage;

// cmd_triage.c: the rows asked for, in their order, cases or not.
size_t cli__triage_n_rows(const cli__triage *all);
size_t cli__triage_row(const cli__triage *all, size_t k);
// The id of a row, as text; NULL where there are none.
enum { CLI__ID_BYTES = 512 };
const char *cli__triage_id(char out[CLI__ID_BYTES], const cli__triage *all, size_t row);

// cmd_triage_rule.c: the rule from the options, or from the model. `cases` are there.
cred_status cli__triage_rule(cli__triage *all);
// The draws that the kept rule was chosen with, or those of the options.
cred_status cli__triage_draws(cli__triage *all);

// cmd_triage_output.c
cred_status cli__triage_write(const cli__triage *all, const char *path);
cred_status cli__triage_report(const cli__triage *all, FILE *file);
cred_status cli__triage_plot(const cli__triage *all, const char *path);

#endif
