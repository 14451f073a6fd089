// credence/data/toy_images.h -- pictures drawn by the program, to learn and test with.
//
//   digits   28 x 28, grey: ten digits of a few strokes, slanted, moved, thick or thin;
//            a folder a class
//   shapes   48 x 48, colour: discs, squares and triangles of any colour on a ground of
//            any colour, with noise; images/ and labels/ (0 ground, 1 disc, 2 square, 3
//            triangle; 255 on their edges, where nothing counts), classes.txt
//   stars    the same with stars among them, which no class knows (255)
// Picture i is a function of (name, i, seed): a larger set begins with the smaller one.

#ifndef CRED_DATA_TOY_IMAGES_H
#define CRED_DATA_TOY_IMAGES_H

#include "credence/base/key.h"
#include "credence/data/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The sets by index, in the order above. NULL for an index beyond them.
CRED_API size_t cred_toy_images_count(void);
CRED_API const char *cred_toy_images_name(size_t i);
CRED_API const char *cred_toy_images_about(size_t i);

/// Picture i of a set and its label: `map` for shapes and stars (else empty), *label for
/// digits (else -1). Both pictures are yours to clear. Fails with CRED_EINVAL on an
/// unknown name, CRED_ENOMEM.
CRED_API cred_status cred_toy_image(cred_image *image, cred_image *map, int *label,
                                    const char *name, size_t i, uint64_t seed);

/// Write a set of n_rows (0: its default) pictures into a folder, which is made if it is
/// not there. Fails as writing files does.
CRED_API cred_status cred_toy_images_write(const char *folder, const char *name,
                                           size_t n_rows, uint64_t seed);

#ifdef __cplusplus
}
#endif

#endif
