// cmd_evaluate.h -- what the files of `credence evaluate` share.

#ifndef CRED_SRC_CLI_CMD_EVALUATE_H
#define CRED_SRC_CLI_CMD_EVALUATE_H

#include "cli/held_out.h"
#include "credence/model/evaluate.h"

typedef struct {
  cli_held_out in;
  cred_data outside;         // of --ood
  cred_table *outside_table; // or
  cred_images *outside_images;
  cred_evaluation *scores; // NULL: the table has no targets
  cred_evaluation *ood;    // NULL: without --ood
} cli__evaluate;

// The figure of --plot: histogram of the uncertainty with --ood, reliability of classes,
// or coverage of the first target.
cred_status cli__evaluate_plot(const cli__evaluate *all, const char *path, size_t n_bins);

#endif
