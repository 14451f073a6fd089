// cmd_acquire.h -- the words of acquisition, shared by the commands acquire and learn.

#ifndef CRED_SRC_CLI_CMD_ACQUIRE_H
#define CRED_SRC_CLI_CMD_ACQUIRE_H

// In the order of cred_acquisition.
#define CLI_ACQUISITIONS                                                                 \
  "auto|random|least-confidence|margin|entropy|bald|variation-ratios|mean-sd|epig|"      \
  "batchbald|variance|epistemic"

#endif
