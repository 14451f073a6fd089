// credence/data/toy.h -- small generated tables to learn and test with.
//
// A table is a function of (name, number of rows, noise, seed). Row i does not depend on
// the number of rows: a longer table begins with the shorter one.

#ifndef CRED_DATA_TOY_H
#define CRED_DATA_TOY_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The tables by index, in the order of their list. NULL for an index beyond it.
CRED_API size_t cred_toy_count(void);
CRED_API const char *cred_toy_name(size_t i);
CRED_API const char *cred_toy_about(size_t i);  // one line: formula, rows, noise
CRED_API const char *cred_toy_target(size_t i); // name of the column to predict

/// Write a table as CSV with a header.
///
/// out         in   an open file; not closed
/// name        in   one of the list
/// n_rows      in   0: the default of this table (201 for a truth grid)
/// noise       in   >= 0, what it means is in the line about the table; NaN: its default
/// seed        in
/// truth_grid  in   instead of random rows, an even grid of the input that goes half a
/// width
///                  of the data beyond them on each side, and the noiseless `y_true`
///
/// Fails with CRED_EINVAL on an unknown name (and the nearest one), a bad noise, a truth
/// grid of a table with more than one input; CRED_EIO if writing failed.
CRED_API cred_status cred_toy_write_csv(FILE *out, const char *name, size_t n_rows,
                                        double noise, uint64_t seed, bool truth_grid);

/// The noiseless function of a table with one input; false for all others.
CRED_API bool cred_toy_truth(const char *name, double x, double *y);

#ifdef __cplusplus
}
#endif

#endif
