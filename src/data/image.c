// image.c -- pictures: reading by what they are, and another size.
//
// Triangle filter: new pixel i has its centre at c = (i + 1/2) s, s = old / new, and
// takes old pixel j with weight max(0, 1 - |c - (j + 1/2)| / max(1, s)), normalised. For
// s <= 1 this is linear interpolation.

#include "data/image.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include <math.h>
#include <string.h>
#include <strings.h>

enum { FILE_BYTES_MAX = 1 << 30 };

cred_status cred_image_new(cred_image *out, size_t height, size_t width,
                           size_t channels) {
  *out = (cred_image){0};
  if (height < 1 || width < 1 || channels < 1 || channels > 4 ||
      height > CRED_IMAGE_SIDE_MAX || width > CRED_IMAGE_SIDE_MAX ||
      height * width > CRED_IMAGE_PIXELS_MAX)
    FAIL(CRED_EINVAL, "an image of %zu x %zu pixels and %zu channels cannot be made",
         width, height, channels);
  TRY(NEW(&out->pixel, height * width * channels, "an image"));
  out->height = height, out->width = width, out->channels = channels;
  return CRED_OK;
}

void cred_image_clear(cred_image *image) {
  cred__free(image->pixel);
  *image = (cred_image){0};
}

cred_status cred__image_check_size(const cred__image_file *file, size_t height,
                                   size_t width, size_t per_byte) {
  if (height < 1 || width < 1)
    FAIL(CRED_EDATA, "%s: the image has no pixels (%zu x %zu)", file->name, width,
         height);
  if (height > CRED_IMAGE_SIDE_MAX || width > CRED_IMAGE_SIDE_MAX ||
      height * width > CRED_IMAGE_PIXELS_MAX)
    FAIL(CRED_EDATA,
         "%s: an image of %zu x %zu pixels is too large (%d a side, %d in all)",
         file->name, width, height, CRED_IMAGE_SIDE_MAX, CRED_IMAGE_PIXELS_MAX);
  if (height * width / per_byte > file->n_bytes)
    FAIL(CRED_EDATA, "%s: says it has %zu x %zu pixels, which %zu bytes cannot hold",
         file->name, width, height, file->n_bytes);
  return CRED_OK;
}

cred_status cred_image_decode(cred_image *out, const char *name,
                              const unsigned char *bytes, size_t n_bytes, size_t channels,
                              bool labels) {
  static const unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  const cred__image_file file = {.name = name,
                                 .bytes = bytes,
                                 .n_bytes = n_bytes,
                                 .channels = labels ? 1 : channels,
                                 .labels = labels};
  *out = (cred_image){0};
  if (channels != 0 && channels != 1 && channels != 3)
    FAIL(CRED_EINVAL, "%s: %zu channels are wanted, 1 and 3 are possible", name,
         channels);
  cred_status status;
  if (n_bytes >= sizeof png && memcmp(bytes, png, sizeof png) == 0)
    status = cred__png_decode(out, &file);
  else if (n_bytes >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF)
    status = cred__jpeg_decode(out, &file);
  else
    status = cred__fail(CRED_EDATA, "%s: this is neither a PNG nor a JPEG", name);
  if (status != CRED_OK) cred_image_clear(out);
  return status;
}

static cred_status read(cred_image *out, const char *path, size_t channels, bool labels) {
  unsigned char *bytes;
  size_t n;
  *out = (cred_image){0};
  TRY(cred__file_read(&bytes, &n, path, FILE_BYTES_MAX));
  const cred_status status = cred_image_decode(out, path, bytes, n, channels, labels);
  cred__free(bytes);
  return status;
}

cred_status cred_image_read(cred_image *out, const char *path, size_t channels) {
  return read(out, path, channels, false);
}

cred_status cred_image_read_labels(cred_image *out, const char *path) {
  return read(out, path, 1, true);
}

bool cred_image_is_name(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".jpg") == 0 ||
                 strcasecmp(dot, ".jpeg") == 0);
}

// Weights of the old pixels of one axis for each new one.
typedef struct {
  size_t n_taps;
  size_t *first; // (n_new)
  float *weight; // (n_new, n_taps)
} axis;

static void axis_clear(axis *a) {
  cred__free(a->first);
  cred__free(a->weight);
}

static cred_status axis_init(axis *a, size_t n_new, size_t n_old) {
  const double scale = (double)n_old / (double)n_new, reach = fmax(1.0, scale);
  *a = (axis){.n_taps = (size_t)ceil(2 * reach) + 1};
  if (a->n_taps > n_old) a->n_taps = n_old;
  TRY(NEW(&a->first, n_new, "an image"));
  TRY(NEW(&a->weight, n_new * a->n_taps, "an image"));
  for (size_t i = 0; i < n_new; i++) {
    const double centre = ((double)i + 0.5) * scale;
    double first = floor(centre - reach);
    if (first < 0) first = 0;
    if (first > (double)(n_old - a->n_taps)) first = (double)(n_old - a->n_taps);
    a->first[i] = (size_t)first;
    double sum = 0;
    for (size_t j = 0; j < a->n_taps; j++)
      sum += fmax(0.0, 1 - fabs(centre - first - (double)j - 0.5) / reach);
    for (size_t j = 0; j < a->n_taps; j++)
      a->weight[i * a->n_taps + j] =
          (float)(fmax(0.0, 1 - fabs(centre - first - (double)j - 0.5) / reach) / sum);
  }
  return CRED_OK;
}

// Rows of the old picture at the new width.
static void narrow_row(float *out, const unsigned char *in, const axis *x, size_t n_new,
                       size_t channels) {
  for (size_t i = 0; i < n_new; i++)
    for (size_t c = 0; c < channels; c++) {
      float sum = 0;
      for (size_t j = 0; j < x->n_taps; j++)
        sum += x->weight[i * x->n_taps + j] * in[(x->first[i] + j) * channels + c];
      out[i * channels + c] = sum;
    }
}

cred_status cred_image_resize(cred_image *out, const cred_image *in) {
  const size_t c = in->channels, row = out->width * c;
  if (out->width == in->width && out->height == in->height) {
    memcpy(out->pixel, in->pixel, in->height * row);
    return CRED_OK;
  }
  axis x = {0}, y = {0};
  float *rows = NULL;
  cred_status status;
  TRY_DONE(axis_init(&x, out->width, in->width));
  TRY_DONE(axis_init(&y, out->height, in->height));
  TRY_DONE(NEW(&rows, in->height * row, "an image"));
  for (size_t i = 0; i < in->height; i++)
    narrow_row(rows + i * row, in->pixel + i * in->width * c, &x, out->width, c);
  for (size_t i = 0; i < out->height; i++)
    for (size_t k = 0; k < row; k++) {
      float sum = 0;
      for (size_t j = 0; j < y.n_taps; j++)
        sum += y.weight[i * y.n_taps + j] * rows[(y.first[i] + j) * row + k];
      out->pixel[i * row + k] = (unsigned char)(sum < 254.5f ? sum + 0.5f : 255.0f);
    }
done:
  cred__free(rows);
  axis_clear(&x);
  axis_clear(&y);
  return status;
}

void cred_image_resize_nearest(cred_image *out, const cred_image *in) {
  const size_t c = in->channels;
  for (size_t i = 0; i < out->height; i++) {
    const size_t y = (2 * i + 1) * in->height / (2 * out->height);
    for (size_t j = 0; j < out->width; j++) {
      const size_t x = (2 * j + 1) * in->width / (2 * out->width);
      memcpy(out->pixel + (i * out->width + j) * c, in->pixel + (y * in->width + x) * c,
             c);
    }
  }
}
