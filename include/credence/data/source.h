// credence/data/source.h -- where a fit takes its rows from: a table, pictures, or yours.
//
// A source is a number of rows and a way to get some of them as arrays. Each row has
// `n_units` units, the things that have a target each: one, or the pixels of a picture.
// What a row holds depends on its number and on the key alone, never on who asked when.

#ifndef CRED_DATA_SOURCE_H
#define CRED_DATA_SOURCE_H

#include "credence/base/key.h"
#include "credence/data/augment.h"
#include "credence/data/images.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  size_t n_rows, n_inputs;
  size_t n_units;   // of a row
  size_t n_targets; // numbers of y of a unit
  bool weighted;
  bool fixed; // no key changes a row
  const void *self;

  /// What one training loop gathers with; n_threads: beside it, for rows read ahead.
  cred_status (*reader_new)(void **out, const void *self, size_t n_threads);
  void (*reader_free)(void *reader);
  /// OPTIONAL (NULL): rows (n) will be gathered next in this order with this key (NULL:
  /// as they are); rows may be copied. What was expected before is given up.
  void (*expect)(void *reader, const size_t *rows, size_t n, const cred_key *key);
  /// x (n, n_inputs), y (n, n_units, n_targets), weight (n, n_units; not touched unless
  /// weighted). Allocates nothing where rows are at hand. key: of the epoch, for changes
  /// that differ from one to the next; NULL: none.
  cred_status (*gather)(void *reader, cred_real *x, cred_real *y, cred_real *weight,
                        const size_t *rows, size_t n, const cred_key *key);
} cred_source;

/// Rows of encoded data, which is kept (not copied) and must have targets.
CRED_API cred_source cred_source_of_data(const cred_data *data);

typedef struct cred_image_source cred_image_source;

/// Rows of pictures with labels, encoded by `schema`. All are kept: `images` must live
/// on. class_weight (classes) or NULL for ones; a pixel to be ignored has weight 0
/// anyway.
///
/// Rows that are changed, or that are not held in memory, are made ahead by threads of
/// their own, in the order that `expect` tells, at most `ahead_bytes` of them at a time.
CRED_API cred_status cred_image_source_new(cred_image_source **out,
                                           const cred_images *images, const size_t *rows,
                                           size_t n_rows, const cred_schema *schema,
                                           const cred_augment *augment,
                                           const double *class_weight,
                                           size_t ahead_bytes);
/// The same of an array of images: encoded data whose inputs are bytes (keep_bytes).
/// Fails with CRED_ECONFIG on any other.
CRED_API cred_status cred_image_source_of_data(cred_image_source **out,
                                               const cred_data *data,
                                               const cred_augment *augment,
                                               size_t ahead_bytes);
CRED_API void cred_image_source_free(cred_image_source *source);
/// Borrowed.
CRED_API const cred_source *cred_image_source_rows(const cred_image_source *source);

#ifdef __cplusplus
}
#endif

#endif
