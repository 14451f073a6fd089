// credence/model/segment.h -- a class for every pixel of a picture, and how sure it is.
//
// p = mean over draws of softmax(outputs); at every pixel
//   entropy             H(p)                        all there is
//   expected entropy    mean over draws of H(p_s)   aleatoric
//   mutual information  their difference            epistemic
// as in Kendall & Gal (2017) and Mukhoti & Gal (2018). A draw is one function for the
// whole picture: weights are drawn once, masks are keyed by the place in the whole
// picture.
//
// A large picture is cut into tiles that overlap by what the network looks at, so that
// its pixels are those of the whole picture; where the network looks at all of it, tiles
// are blended and `seam` says how far two of them differ.

#ifndef CRED_MODEL_SEGMENT_H
#define CRED_MODEL_SEGMENT_H

#include "credence/data/image.h"
#include "credence/model/predict.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  cred_draws draws; // AUTO, FUNCTION, or MEAN: no uncertainty of the weights
  size_t n_draws;   // default 30; rounded up to a multiple of the members
  size_t tile;      // longest side of a tile; default 512, at least 16
  bool prob;        // keep the probabilities: 4 bytes a pixel and class
  uint64_t seed;
  size_t n_threads; // 0: cores; results do not depend on it
} cred_segment_options;
CRED_API cred_segment_options cred_segment_defaults(void);

// Arrays are (height, width), yours; clear frees them.
typedef struct {
  size_t height, width, n_classes;
  unsigned char *label;                                   // class indices
  float *entropy, *expected_entropy, *mutual_information; // nats
  float *prob; // (height, width, n_classes), or NULL
  size_t n_tiles;
  double seam; // largest difference of a probability between two blended tiles; 0: none
} cred_segmentation;
CRED_API void cred_segmentation_clear(cred_segmentation *s);

typedef struct cred_segmenter cred_segmenter;

/// Fails with CRED_ECONFIG unless the model has a class a pixel, CRED_EINVAL,
/// CRED_ENOMEM.
CRED_API cred_status cred_segmenter_new(cred_segmenter **out, const cred_model *model,
                                        const cred_segment_options *opt);
CRED_API void cred_segmenter_free(cred_segmenter *segmenter);

/// Segment n pictures into out (n), on all threads. Pictures of another form are made
/// grey or colour; of another size, where the model's were resized, they are resized and
/// the maps brought back. Fails with CRED_ENOMEM; then nothing is to be cleared.
CRED_API cred_status cred_segmenter_run(cred_segmentation *out, cred_segmenter *segmenter,
                                        const cred_image *images, size_t n);

/// Pixels to each side that a pixel of the output looks at; SIZE_MAX: at all of them.
CRED_API size_t cred_segmenter_reach(const cred_segmenter *segmenter);

#ifdef __cplusplus
}
#endif

#endif
