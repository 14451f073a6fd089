// credence/data/split.h -- which rows train, validate and test.

#ifndef CRED_DATA_SPLIT_H
#define CRED_DATA_SPLIT_H

#include "credence/base/key.h"
#include "credence/base/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  size_t *train, *held_out; // sorted row numbers
  size_t n_train, n_held_out;
} cred_split;

/// Random split: round(share * n) rows are held out, at least 1 and at most n - 1.
/// stratum (n) or NULL: class of every row; each class is split in the same share.
CRED_API cred_status cred_split_random(cred_split *out, size_t n, double share,
                                       const int32_t *stratum, const cred_key *key);
/// Fold `fold` of n_folds (a random partition into folds whose sizes differ by at most
/// 1).
CRED_API cred_status cred_split_fold(cred_split *out, size_t n, size_t fold,
                                     size_t n_folds, const int32_t *stratum,
                                     const cred_key *key);
/// Row numbers from a file of numbers apart by blanks (0-based). Fails on a number that
/// is not below n, on repeats, with file and line. n = SIZE_MAX: not known yet; repeats
/// are not looked for then.
CRED_API cred_status cred_split_read_index(size_t **rows, size_t *n_rows,
                                           const char *path, size_t n);
CRED_API void cred_split_clear(cred_split *split);

#ifdef __cplusplus
}
#endif

#endif
