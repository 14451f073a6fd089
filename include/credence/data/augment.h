// credence/data/augment.h -- pictures changed a little each time they are shown.
//
// A text such as "flip, shift 0.1, rotate 10, scale 0.9 1.1, brightness 0.2":
//   flip             left and right, every other time
//   flip-vertical    top and bottom, every other time
//   shift S          by up to S of the width and of the height, whole pixels
//   crop S           a window of S to 1 of each side, made as large as the whole
//   rotate D         by up to D degrees
//   scale A B        by a factor from A to B
//   brightness B     up to B of the range is added, on all channels alike
//   contrast C       differences to the middle grey times 1 - C to 1 + C
// All numbers are uniform, functions of a key; picture and label map go through the same
// one map of the plane (linear between pixels, nearest in the label map); what lies
// beyond an edge is the mirror image.

#ifndef CRED_DATA_AUGMENT_H
#define CRED_DATA_AUGMENT_H

#include "credence/base/key.h"
#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  bool flip, flip_vertical;
  double shift, crop; // crop 1: none
  double rotate;      // degrees
  double scale_min, scale_max;
  double brightness, contrast;
} cred_augment;

/// "" or "none": nothing. Fails with CRED_EINVAL: an unknown word (with the nearest), a
/// number that is missing or out of range, a word given twice.
CRED_API cred_status cred_augment_parse(cred_augment *out, const char *text);
/// The canonical text, which reads back as the same; "none".
CRED_API void cred_augment_format(char *out, size_t n_bytes, const cred_augment *augment);
CRED_API bool cred_augment_is_none(const cred_augment *augment);

/// out_pixel (height, width, channels) and out_map (height, width) of a picture and its
/// label map (both maps or none NULL); out and in do not overlap.
CRED_API void cred_augment_apply(unsigned char *out_pixel, unsigned char *out_map,
                                 const cred_augment *augment, const unsigned char *pixel,
                                 const unsigned char *map, size_t height, size_t width,
                                 size_t channels, const cred_key *key);

#ifdef __cplusplus
}
#endif

#endif
