// credence/data/image.h -- pictures of 8 bits a channel, from PNG and JPEG files and
// back.
//
// A picture is (height, width, channels) row by row; channels is 1 (grey), 3 (red, green,
// blue), or, where it is made here, any other number. What a reader does with what a file
// holds:
//   16 bits      rounded to 8
//   palette      its colours; grey if all of them are
//   alpha        laid over white, as a page shows it
//   CMYK         refused
//   label map    `cred_image_read_labels`: the number as it stands, palette index or grey

#ifndef CRED_DATA_IMAGE_H
#define CRED_DATA_IMAGE_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  size_t height, width, channels;
  unsigned char *pixel; // (height, width, channels)
} cred_image;

enum { CRED_IMAGE_SIDE_MAX = 65535, CRED_IMAGE_PIXELS_MAX = 1 << 28 };

/// Black, of this size. Fails with CRED_EINVAL on a size of 0 or beyond the limits above.
CRED_API cred_status cred_image_new(cred_image *out, size_t height, size_t width,
                                    size_t channels);
CRED_API void cred_image_clear(cred_image *image);

/// Read a PNG or a JPEG, told apart by their first bytes. channels: 1 or 3 to have it in
/// that form (grey = 0.299 R + 0.587 G + 0.114 B), 0 for the form of the file.
///
/// Fails with CRED_ENOINPUT (no file), CRED_EDATA ("FILE: what is wrong": neither of the
/// two, cut off, a broken checksum, sizes beyond the limits or beyond what so few bytes
/// can hold), CRED_EIO, CRED_ENOMEM; then nothing is to be cleared.
CRED_API cred_status cred_image_read(cred_image *out, const char *path, size_t channels);
/// Read a label map: one number a pixel. Fails as above, and with CRED_EDATA on a colour
/// PNG without palette whose channels differ, on numbers over 255, on a JPEG (which keeps
/// no number as it was).
CRED_API cred_status cred_image_read_labels(cred_image *out, const char *path);
/// The same from bytes in memory; `name` stands in the messages.
CRED_API cred_status cred_image_decode(cred_image *out, const char *name,
                                       const unsigned char *bytes, size_t n_bytes,
                                       size_t channels, bool labels);
/// Whether the name ends as that of a picture does: .png, .jpg, .jpeg, in any case.
CRED_API bool cred_image_is_name(const char *path);

/// Write a PNG ("-": standard output), complete or not at all; 1 or 3 channels. With a
/// palette (n_colours, 3) the picture has 1 channel of numbers below n_colours <= 256.
/// Equal pictures give equal bytes.
CRED_API cred_status cred_image_write_png(const cred_image *image, const char *path,
                                          const unsigned char *palette, size_t n_colours);

/// Another size: out has the sizes wanted and room for them. Smooth: linear between the
/// centres of the pixels, over the pixels that a smaller one covers (triangle filter).
/// Nearest: the pixel at each new centre, for label maps.
CRED_API cred_status cred_image_resize(cred_image *out, const cred_image *image);
CRED_API void cred_image_resize_nearest(cred_image *out, const cred_image *image);

#ifdef __cplusplus
}
#endif

#endif
