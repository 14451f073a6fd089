// fuzz_image.c -- any bytes as a picture: refused with a message, or a picture whose
// every pixel can be read, as itself and as a label map.

#include "credence/data/image.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned visit(cred_image *image) {
  unsigned sum = 0;
  for (size_t i = 0; i < image->height * image->width * image->channels; i++)
    sum += image->pixel[i];
  cred_image_clear(image);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  cred_image image;
  for (size_t channels = 0; channels <= 3; channels++) {
    const cred_status status = cred_image_decode(
        &image, "fuzz", data, n, channels == 2 ? 1 : channels, channels == 2);
    if (status == CRED_OK)
      visit(&image);
    else if (status != CRED_EDATA && status != CRED_ENOMEM)
      abort();
  }
  return 0;
}
