// png.c -- PNG to pixels and back, by libpng.
//
// libpng leaves an error by a jump to the last setjmp: everything that must survive it
// stands in a struct of the caller.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "data/image.h"
#include <png.h>
#include <string.h>

typedef struct {
  const cred__image_file *file;
  size_t at;
  png_structp png;
  png_infop info;
  char reason[160];
  cred_image *out;
  unsigned char *raw; // (height, width, n_raw)
  size_t n_raw;       // channels of raw: grey or index, grey alpha, RGB, RGB alpha
  size_t height, width;
} reader;

static void on_error(png_structp png, png_const_charp text) {
  char *reason = png_get_error_ptr(png);
  snprintf(reason, 160, "%s", text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png, (void)text;
}

static void on_read(png_structp png, png_bytep out, size_t n) {
  reader *r = png_get_io_ptr(png);
  if (n > r->file->n_bytes - r->at) png_error(png, "the file is cut off");
  memcpy(out, r->file->bytes + r->at, n);
  r->at += n;
}

// What libpng is to make of the pixels, and the channels that follow.
static void transform(reader *r) {
  const int type = png_get_color_type(r->png, r->info);
  png_set_scale_16(r->png);
  if (r->file->labels) {
    png_set_packing(r->png);
  } else {
    png_set_expand(r->png);
  }
  r->n_raw = (size_t)(type & PNG_COLOR_MASK_PALETTE && !r->file->labels ? 3
                      : type & PNG_COLOR_MASK_PALETTE                   ? 1
                      : type & PNG_COLOR_MASK_COLOR                     ? 3
                                                                        : 1);
  if (type & PNG_COLOR_MASK_ALPHA ||
      (!r->file->labels && png_get_valid(r->png, r->info, PNG_INFO_tRNS)))
    r->n_raw++;
}

// Labels are numbers of 8 bits at most.
static cred_status check_labels(const reader *r) {
  if (r->file->labels && png_get_bit_depth(r->png, r->info) == 16)
    FAIL(CRED_EDATA, "%s: a label map of 16 bits; 8 are expected (255 classes at most)",
         r->file->name);
  return CRED_OK;
}

static cred_status read_raw(reader *r) {
  png_bytep *volatile rows = NULL;
  if (setjmp(png_jmpbuf(r->png))) {
    cred__free(rows);
    FAIL(CRED_EDATA, "%s: broken PNG: %s", r->file->name, r->reason);
  }
  png_set_user_limits(r->png, CRED_IMAGE_SIDE_MAX, CRED_IMAGE_SIDE_MAX);
  png_set_chunk_cache_max(r->png, 64);
  png_set_chunk_malloc_max(r->png, 1 << 20);
  png_set_read_fn(r->png, r, on_read);
  png_read_info(r->png, r->info);
  r->height = png_get_image_height(r->png, r->info);
  r->width = png_get_image_width(r->png, r->info);
  // deflate writes at most 1032 bytes a byte; a byte holds at most 8 pixels
  TRY(cred__image_check_size(r->file, r->height, r->width, 1032 * 8));
  TRY(check_labels(r));
  transform(r);
  png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);
  if (png_get_rowbytes(r->png, r->info) != r->width * r->n_raw)
    FAIL(CRED_EINTERNAL, "%s: %zu bytes a row of %zu pixels", r->file->name,
         png_get_rowbytes(r->png, r->info), r->width);
  TRY(NEW(&r->raw, r->height * r->width * r->n_raw, "an image"));
  png_bytep *list;
  TRY(NEW(&list, r->height, "an image"));
  rows = list;
  for (size_t i = 0; i < r->height; i++) list[i] = r->raw + i * r->width * r->n_raw;
  png_read_image(r->png, list);
  png_read_end(r->png, NULL);
  cred__free(list);
  return CRED_OK;
}

static unsigned char over_white(unsigned char value, unsigned char alpha) {
  return (unsigned char)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

static unsigned char grey_of(const unsigned char *p) {
  return (unsigned char)((299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000);
}

static bool all_grey(const reader *r) {
  for (size_t i = 0; i < r->height * r->width; i++) {
    const unsigned char *p = r->raw + i * r->n_raw;
    if (p[0] != p[1] || p[1] != p[2]) return false;
  }
  return true;
}

// Raw pixels into those that are wanted.
static cred_status convert(reader *r) {
  const bool colour = r->n_raw >= 3, alpha = r->n_raw == 2 || r->n_raw == 4;
  const bool palette = png_get_color_type(r->png, r->info) & PNG_COLOR_MASK_PALETTE;
  size_t channels = r->file->channels;
  if (r->file->labels && colour && !all_grey(r))
    FAIL(CRED_EDATA,
         "%s: a label map in colours: one number a pixel is expected (grey or palette)",
         r->file->name);
  if (!channels) channels = colour && !(palette && all_grey(r)) ? 3 : 1;
  TRY(cred_image_new(r->out, r->height, r->width, channels));
  for (size_t i = 0; i < r->height * r->width; i++) {
    unsigned char *p = r->raw + i * r->n_raw, *q = r->out->pixel + i * channels;
    const size_t n = colour ? 3 : 1;
    for (size_t c = 0; alpha && !r->file->labels && c < n; c++)
      p[c] = over_white(p[c], p[n]);
    if (channels == 3)
      for (size_t c = 0; c < 3; c++) q[c] = p[colour ? c : 0];
    else
      q[0] = colour && !r->file->labels ? grey_of(p) : p[0];
  }
  return CRED_OK;
}

cred_status cred__png_decode(cred_image *out, const cred__image_file *file) {
  reader r = {.file = file, .out = out};
  r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r.reason, on_error, on_warning);
  if (r.png) r.info = png_create_info_struct(r.png);
  cred_status status = r.info ? read_raw(&r) : cred__fail(CRED_ENOMEM, "no memory");
  if (status == CRED_OK) status = convert(&r);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  cred__free(r.raw);
  return status;
}

static cred_status check_write(const cred_image *image, const char *path,
                               const unsigned char *palette, size_t n_colours) {
  if (image->channels != 1 && image->channels != 3)
    FAIL(CRED_EINVAL, "%s: a PNG of %zu channels, 1 and 3 are possible", path,
         image->channels);
  if (!palette) return CRED_OK;
  if (image->channels != 1 || n_colours < 1 || n_colours > 256)
    FAIL(CRED_EINVAL, "%s: a palette of %zu colours for %zu channels", path, n_colours,
         image->channels);
  for (size_t i = 0; i < image->height * image->width; i++)
    if (image->pixel[i] >= n_colours)
      FAIL(CRED_EINVAL, "%s: number %d in a palette of %zu colours", path,
           image->pixel[i], n_colours);
  return CRED_OK;
}

typedef struct {
  const cred_image *image;
  FILE *file;
  png_structp png;
  png_infop info;
  char reason[160];
} writer;

static void on_write(png_structp png, png_bytep bytes, size_t n) {
  if (fwrite(bytes, 1, n, png_get_io_ptr(png)) != n) png_error(png, "writing failed");
}

static void on_flush(png_structp png) {
  (void)png;
}

static cred_status write_all(writer *w, const char *path, const unsigned char *palette,
                             size_t n_colours) {
  const cred_image *image = w->image;
  if (setjmp(png_jmpbuf(w->png))) FAIL(CRED_EIO, "%s: %s", path, w->reason);
  png_set_write_fn(w->png, w->file, on_write, on_flush);
  const int type = palette                ? PNG_COLOR_TYPE_PALETTE
                   : image->channels == 3 ? PNG_COLOR_TYPE_RGB
                                          : PNG_COLOR_TYPE_GRAY;
  png_set_IHDR(w->png, w->info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
               type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (palette) {
    png_color colours[256];
    for (size_t i = 0; i < n_colours; i++)
      colours[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
    png_set_PLTE(w->png, w->info, colours, (int)n_colours);
  }
  png_write_info(w->png, w->info);
  for (size_t i = 0; i < image->height; i++)
    png_write_row(w->png, image->pixel + i * image->width * image->channels);
  png_write_end(w->png, w->info);
  return CRED_OK;
}

cred_status cred_image_write_png(const cred_image *image, const char *path,
                                 const unsigned char *palette, size_t n_colours) {
  cred__writer out;
  TRY(check_write(image, path, palette, n_colours));
  TRY(cred__writer_init(&out, path));
  writer w = {.image = image, .file = out.file};
  w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w.reason, on_error, on_warning);
  if (w.png) w.info = png_create_info_struct(w.png);
  const cred_status status = w.info ? write_all(&w, path, palette, n_colours)
                                    : cred__fail(CRED_ENOMEM, "no memory");
  png_destroy_write_struct(&w.png, &w.info);
  if (status == CRED_OK) return cred__writer_commit(&out);
  cred__writer_abort(&out);
  return status;
}
