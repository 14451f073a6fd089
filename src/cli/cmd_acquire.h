// cmd_acquire.h -- what the commands acquire and learn share: how rows are chosen.

#ifndef CRED_SRC_CLI_CMD_ACQUIRE_H
#define CRED_SRC_CLI_CMD_ACQUIRE_H

#include "cli/pictures.h"
#include "cli/request.h"
#include "credence/decide/acquire.h"

// `what` as in "rows to choose"; the choices of --by in the order of cred_acquisition.
#define CLI_OPTIONS_ACQUIRE(what)                                                        \
  {.name = "number",                                                                     \
   .short_name = 'n',                                                                    \
   .type = CLI_SIZE,                                                                     \
   .argument = "N",                                                                      \
   .default_text = "10",                                                                 \
   .min = 1,                                                                             \
   .max = 1e9,                                                                           \
   .help = what,                                                                         \
   .group = "Choice"},                                                                   \
      {.name = "by",                                                                     \
       .type = CLI_CHOICE,                                                               \
       .argument = "SCORE",                                                              \
       .default_text = "auto",                                                           \
       .choices = "auto|random|least-confidence|margin|entropy|bald|variation-ratios|"   \
                  "mean-sd|epig|batchbald|variance|epistemic",                           \
       .help = "what makes a row worth a label; auto: margin for classes, epistemic "    \
               "for numbers",                                                            \
       .group = "Choice"},                                                               \
      {.name = "power",                                                                  \
       .type = CLI_NUMBER,                                                               \
       .argument = "BETA",                                                               \
       .default_text = "0",                                                              \
       .min = 0,                                                                         \
       .max = 1e6,                                                                       \
       .help = "draw the rows with probabilities ~ score^BETA; 0: the highest scores",   \
       .group = "Choice"},                                                               \
      {.name = "candidates",                                                             \
       .type = CLI_SIZE,                                                                 \
       .argument = "N",                                                                  \
       .default_text = "0",                                                              \
       .min = 0,                                                                         \
       .max = 1e12,                                                                      \
       .help = "score only N rows of the pool, drawn at random; 0: all",                 \
       .group = "Choice"},                                                               \
      {.name = "draws",                                                                  \
       .type = CLI_SIZE,                                                                 \
       .argument = "N",                                                                  \
       .default_text = "100",                                                            \
       .min = 1,                                                                         \
       .max = 1e6,                                                                       \
       .help =                                                                           \
           "function draws from the posterior; rounded up to a multiple of the members", \
       .group = "Choice"},                                                               \
      {.name = "n-targets",                                                              \
       .type = CLI_SIZE,                                                                 \
       .argument = "N",                                                                  \
       .default_text = "100",                                                            \
       .min = 1,                                                                         \
       .max = 1e6,                                                                       \
       .help = "epig: how many of the rows to be predicted are looked at",               \
       .group = "Choice"},                                                               \
  {                                                                                      \
    .name = "configurations", .type = CLI_SIZE, .argument = "N",                         \
    .default_text = "10000", .min = 1, .max = 1 << 24,                                   \
    .help = "batchbald: labels of the batch so far that are enumerated, and from there " \
            "on drawn",                                                                  \
    .group = "Choice"                                                                    \
  }

// From those options, --seed and --threads. CRED_ECONFIG where one belongs to another
// score.
cred_status cli_acquire_options(cred_acquire_options *out, const cli_args *args);

#endif
