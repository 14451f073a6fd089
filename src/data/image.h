// image.h -- the decoders behind cred_image_decode.

#ifndef CRED_SRC_DATA_IMAGE_H
#define CRED_SRC_DATA_IMAGE_H

#include "credence/data/image.h"

// Bytes of a file and how they are wanted. channels: 0 as they are, 1, 3.
typedef struct {
  const char *name;
  const unsigned char *bytes;
  size_t n_bytes, channels;
  bool labels;
} cred__image_file;

// Fails unless a picture of this size is allowed and `n_bytes` of file can hold it: a
// compressed byte says at most `per_byte` pixels.
cred_status cred__image_check_size(const cred__image_file *file, size_t height,
                                   size_t width, size_t per_byte);

cred_status cred__png_decode(cred_image *out, const cred__image_file *file);
cred_status cred__jpeg_decode(cred_image *out, const cred__image_file *file);

#endif
