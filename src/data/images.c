// images.c -- a set of pictures: opened by one pass over its files, and read by rows.

#include "data/images.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/thread.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 30 };

cred_images_options cred_images_defaults(void) {
  const cred_images_options opt = {.cache_bytes = (size_t)1 << 30};
  return opt;
}

void cred_images_free(cred_images *images) {
  if (!images) return;
  for (size_t i = 0; i < images->n_rows; i++) {
    cred__free(images->rows[i].path);
    cred__free(images->rows[i].label_text);
    cred__free(images->rows[i].map);
  }
  for (size_t i = 0; i < images->n_classes; i++) cred__free(images->classes[i]);
  cred__free(images->classes);
  cred__free(images->rows);
  cred__free(images->pixels);
  cred__free(images->maps);
  cred__free(images->sums);
  for (size_t i = 0; i < images->n_ignore; i++) cred__free(images->ignore[i]);
  cred__free(images->ignore);
  cred__free(images->ignored);
  cred__free(images->left_out);
  cred__free(images->source);
  cred__free(images);
}

static cred_status read_file(cred_image *out, uint64_t *digest, const char *path,
                             size_t channels, bool labels) {
  unsigned char *bytes;
  size_t n;
  *out = (cred_image){0};
  TRY(cred__file_read(&bytes, &n, path, FILE_BYTES_MAX));
  if (digest) *digest = cred__digest_feed(*digest, bytes, n);
  const cred_status status = cred_image_decode(out, path, bytes, n, channels, labels);
  cred__free(bytes);
  return status;
}

static cred_status check_size(const cred_images *images, const cred_image *image,
                              const char *path) {
  if (images->resize ||
      (image->height == images->height && image->width == images->width))
    return CRED_OK;
  if (images->of_model)
    FAIL(CRED_EDATA,
         "%s: %zu x %zu pixels, the model takes %zu x %zu (a model that was fitted with "
         "--resize %zux%zu takes pictures of any size)",
         path, image->width, image->height, images->width, images->height, images->width,
         images->height);
  FAIL(CRED_EDATA,
       "%s: %zu x %zu pixels, %zu x %zu are expected as in the others (--resize "
       "WIDTHxHEIGHT makes them equal)",
       path, image->width, image->height, images->width, images->height);
}

static cred_status load_pixels(unsigned char *pixel, uint64_t *digest,
                               const cred_images *images, const cred__picture *row) {
  cred_image image, fitted = {images->height, images->width, images->channels, pixel};
  TRY(read_file(&image, digest, row->path, images->channels, false));
  cred_status status = check_size(images, &image, row->path);
  if (status == CRED_OK && pixel) status = cred_image_resize(&fitted, &image);
  cred_image_clear(&image);
  return status;
}

// Numbers of the map into classes, unless the classes are still to be found.
static cred_status number_map(unsigned char *map, const cred_images *images,
                              const char *path) {
  for (size_t i = 0; !images->any_number && i < images->height * images->width; i++) {
    const unsigned char class = images->class_of[map[i]];
    if (class == CRED_CLASS_UNKNOWN)
      FAIL(CRED_EDATA,
           "%s: number %d at column %zu, row %zu is none of the %zu classes "
           "(--ignore-class "
           "%d leaves it out)",
           path, map[i], i % images->width, i / images->width, images->n_classes, map[i]);
    map[i] = class;
  }
  return CRED_OK;
}

static cred_status load_map(unsigned char *map, uint64_t *digest,
                            const cred_images *images, const cred__picture *row) {
  cred_image image, fitted = {images->height, images->width, 1, map};
  TRY(read_file(&image, digest, row->map, 1, true));
  const cred_status status = check_size(images, &image, row->map);
  if (status == CRED_OK && map) cred_image_resize_nearest(&fitted, &image);
  cred_image_clear(&image);
  TRY(status);
  return map ? number_map(map, images, row->map) : CRED_OK;
}

cred_status cred__images_load(unsigned char *pixel, unsigned char *map, uint64_t *digest,
                              const cred_images *images, size_t row) {
  const cred__picture *p = &images->rows[row];
  if (pixel) TRY(load_pixels(pixel, digest, images, p));
  if (map && p->map) TRY(load_map(map, digest, images, p));
  return CRED_OK;
}

cred_status cred_images_read_row(unsigned char *pixel, unsigned char *map,
                                 const cred_images *images, size_t row) {
  const size_t n = images->height * images->width, n_pixel = n * images->channels;
  if (row >= images->n_rows)
    FAIL(CRED_EINVAL, "%s: row %zu of %zu", images->source, row, images->n_rows);
  if (!images->pixels) return cred__images_load(pixel, map, NULL, images, row);
  if (pixel) memcpy(pixel, images->pixels + row * n_pixel, n_pixel);
  if (map && images->maps) memcpy(map, images->maps + row * n, n);
  return CRED_OK;
}

// --- the pass over all files ---

typedef struct {
  cred_images *images;
  uint64_t *digest;       // (n_rows)
  unsigned char **buffer; // (n_threads) a row and its map, where they are not held
  atomic_ullong count[256];
} pass;

static void add_up(double *sums, const unsigned char *pixel, size_t n, size_t channels) {
  uint64_t sum[4] = {0}, square[4] = {0};
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; c < channels; c++) {
      const uint64_t v = pixel[i * channels + c];
      sum[c] += v;
      square[c] += v * v;
    }
  for (size_t c = 0; c < channels; c++) {
    sums[2 * c] = (double)sum[c] / 255.0;
    sums[2 * c + 1] = (double)square[c] / (255.0 * 255.0);
  }
}

static cred_status pass_row(void *context, size_t row, size_t worker) {
  pass *p = context;
  cred_images *images = p->images;
  const size_t n = images->height * images->width, n_pixel = n * images->channels;
  unsigned char *pixel =
      images->pixels ? images->pixels + row * n_pixel : p->buffer[worker];
  unsigned char *map = images->maps ? images->maps + row * n
                                    : p->buffer[worker] + (images->pixels ? 0 : n_pixel);
  if (!images->per_pixel) map = NULL;
  p->digest[row] = cred__digest_start();
  TRY(cred__images_load(pixel, map, &p->digest[row], images, row));
  add_up(images->sums + 2 * row * images->channels, pixel, n, images->channels);
  uint64_t count[256] = {0};
  for (size_t i = 0; map && i < n; i++) count[map[i]]++;
  for (size_t v = 0; map && v < 256; v++)
    if (count[v]) p->count[v] += count[v];
  return CRED_OK;
}

// Names, labels in words, and the bytes of all files.
static void join_digests(cred_images *images, const uint64_t *of_row) {
  uint64_t digest = cred__digest_start();
  for (size_t i = 0; i < images->n_rows; i++) {
    const cred__picture *row = &images->rows[i];
    const char *label = row->label_text ? row->label_text : "";
    digest = cred__digest_feed(digest, row->name, strlen(row->name) + 1);
    digest = cred__digest_feed(digest, label, strlen(label) + 1);
    digest = cred__digest_feed(digest, &of_row[i], sizeof of_row[i]);
  }
  cred__digest_text(images->digest, digest);
}

static cred_status digest_file(uint64_t *digest, const char *path) {
  unsigned char *bytes;
  size_t n;
  TRY(cred__file_read(&bytes, &n, path, FILE_BYTES_MAX));
  *digest = cred__digest_feed(*digest, bytes, n);
  cred__free(bytes);
  return CRED_OK;
}

// Of label maps whose pictures are not decoded here: the digest is the same.
static cred_status digest_all(cred_images *images) {
  uint64_t *digest;
  TRY(NEW(&digest, images->n_rows, "a set of pictures"));
  cred_status status = CRED_OK;
  for (size_t i = 0; i < images->n_rows; i++) {
    digest[i] = cred__digest_start();
    TRY_DONE(digest_file(&digest[i], images->rows[i].path));
    TRY_DONE(digest_file(&digest[i], images->rows[i].map));
  }
  join_digests(images, digest);
done:
  cred__free(digest);
  return status;
}

static cred_status pass_all(cred_images *images, const cred_images_options *opt) {
  const size_t n_threads = cred__n_threads(opt->n_threads);
  const size_t n =
      images->height * images->width * (images->channels + images->per_pixel);
  pass *p = NULL;
  cred_status status;
  TRY_DONE(NEW(&p, 1, "a set of pictures"));
  p->images = images;
  TRY_DONE(NEW(&p->digest, images->n_rows, "a set of pictures"));
  TRY_DONE(NEW(&p->buffer, n_threads, "a set of pictures"));
  for (size_t i = 0; !images->pixels && i < n_threads; i++)
    TRY_DONE(NEW(&p->buffer[i], n, "a picture"));
  TRY_DONE(cred__parallel_try(n_threads, images->n_rows, pass_row, p));
  join_digests(images, p->digest);
  for (size_t v = 0; v < 256; v++) images->count[v] = p->count[v];
done:
  for (size_t i = 0; p && p->buffer && i < n_threads; i++) cred__free(p->buffer[i]);
  if (p) {
    cred__free(p->buffer);
    cred__free(p->digest);
  }
  cred__free(p);
  return status;
}

// Sizes as asked for, as the model's, or as those of the first picture.
static cred_status take_size(cred_images *images, const cred_images_options *opt) {
  images->height = opt->height, images->width = opt->width;
  images->channels = opt->channels;
  images->resize = opt->height > 0;
  if (!opt->height != !opt->width)
    FAIL(CRED_EINVAL, "%s: a height of %zu and a width of %zu: give both or none",
         images->source, opt->height, opt->width);
  if (opt->schema) {
    images->of_model = true;
    images->height = opt->schema->pixels.height;
    images->width = opt->schema->pixels.width;
    images->channels = opt->schema->pixels.channels;
    images->resize = opt->schema->pixels.resized;
    return CRED_OK;
  }
  cred_image first;
  TRY(read_file(&first, NULL, images->rows[0].path, opt->channels, false));
  if (!images->height) images->height = first.height, images->width = first.width;
  images->channels = first.channels;
  cred_image_clear(&first);
  if (images->height * images->width * images->channels <= 10000000) return CRED_OK;
  FAIL(CRED_EDATA,
       "%s: %zu x %zu pixels of %zu channels are too many for a network (--resize "
       "WIDTHxHEIGHT makes them smaller)",
       images->rows[0].path, images->width, images->height, images->channels);
}

static cred_status take_room(cred_images *images, const cred_images_options *opt) {
  const size_t n = images->height * images->width, n_pixel = n * images->channels;
  const size_t bytes = images->n_rows * (n_pixel + (images->per_pixel ? n : 0));
  TRY(NEW(&images->sums, 2 * images->n_rows * images->channels, "a set of pictures"));
  if (bytes > opt->cache_bytes) return CRED_OK;
  TRY(NEW(&images->pixels, images->n_rows * n_pixel, "a set of pictures"));
  return images->per_pixel ? NEW(&images->maps, images->n_rows * n, "label maps")
                           : CRED_OK;
}

cred_status cred_images_open(cred_images **out, const char *path,
                             const cred_images_options *opt) {
  cred_images *images = NULL;
  cred_status status;
  *out = NULL;
  TRY_DONE(NEW(&images, 1, "a set of pictures"));
  TRY_DONE(cred__strdup(&images->source, path));
  TRY_DONE(cred__images_find(images, path, opt));
  TRY_DONE(cred__images_name_classes(images, opt));
  if (opt->paths_only) {
    if (images->per_pixel) TRY_DONE(digest_all(images));
    *out = images;
    images = NULL;
    goto done;
  }
  TRY_DONE(take_size(images, opt));
  TRY_DONE(take_room(images, opt));
  TRY_DONE(pass_all(images, opt));
  if (images->any_number) {
    TRY_DONE(cred__images_number_classes(images, opt));
  } else { // what was counted are classes already
    uint64_t count[256] = {0};
    for (size_t v = 0; v < 256; v++)
      if (images->class_of[v] < CRED_CLASS_UNKNOWN)
        count[v] = images->count[images->class_of[v]];
    memcpy(images->count, count, sizeof count);
  }
  *out = images;
  images = NULL;
done:
  cred_images_free(images);
  return status;
}

size_t cred_images_n_rows(const cred_images *images) {
  return images->n_rows;
}
size_t cred_images_height(const cred_images *images) {
  return images->height;
}
size_t cred_images_width(const cred_images *images) {
  return images->width;
}
size_t cred_images_channels(const cred_images *images) {
  return images->channels;
}
bool cred_images_leaves_out(const cred_images *images, size_t i) {
  return images->left_out && images->left_out[i];
}
bool cred_images_has_labels(const cred_images *images) {
  return images->labelled;
}
bool cred_images_per_pixel(const cred_images *images) {
  return images->per_pixel;
}
size_t cred_images_n_classes(const cred_images *images) {
  return images->n_classes;
}
const char *cred_images_class(const cred_images *images, size_t i) {
  return images->classes[i];
}
int32_t cred_images_label(const cred_images *images, size_t row) {
  return images->rows[row].label;
}
const char *cred_images_name(const cred_images *images, size_t row) {
  return images->rows[row].name;
}
const char *cred_images_path(const cred_images *images, size_t row) {
  return images->rows[row].path;
}
const char *cred_images_map_path(const cred_images *images, size_t row) {
  return images->rows[row].map;
}
const char *cred_images_source(const cred_images *images) {
  return images->source;
}
const char *cred_images_digest(const cred_images *images) {
  return images->digest;
}
bool cred_images_is_cached(const cred_images *images) {
  return images->pixels != NULL;
}

static cred_status count_pixels(double *count, const cred_images *images,
                                const size_t *rows, size_t n_rows) {
  const size_t n = images->height * images->width;
  unsigned char *map;
  TRY(NEW(&map, n, "a label map"));
  cred_status status = CRED_OK;
  for (size_t i = 0; i < n_rows; i++) {
    TRY_DONE(cred_images_read_row(NULL, map, images, rows[i]));
    for (size_t k = 0; k < n; k++)
      if (map[k] < images->n_classes) count[map[k]]++;
  }
done:
  cred__free(map);
  return status;
}

cred_status cred_images_count(double *count, const cred_images *images,
                              const size_t *rows, size_t n_rows) {
  for (size_t c = 0; c < images->n_classes; c++) count[c] = 0;
  if (images->per_pixel && rows) return count_pixels(count, images, rows, n_rows);
  for (size_t v = 0; images->per_pixel && v < 256; v++)
    if (images->class_of[v] < images->n_classes)
      count[images->class_of[v]] += (double)images->count[v];
  if (images->per_pixel) return CRED_OK;
  for (size_t i = 0; i < (rows ? n_rows : images->n_rows); i++) {
    const int32_t label = images->rows[rows ? rows[i] : i].label;
    if (label >= 0) count[label]++;
  }
  return CRED_OK;
}
