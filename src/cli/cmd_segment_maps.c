// cmd_segment_maps.c -- maps as PNG files: classes by palette, uncertainties as greys
// from 0 to log C, the picture with its classes over it, and the sheet.

#include "cli/cmd_segment.h"
#include <math.h>
#include <string.h>

enum { GAP = 4, N_CELLS = 5 };

// Okabe & Ito (2008), apart for the colour-blind too, then darker ones of the same.
static void colour_of(unsigned char rgb[3], size_t c) {
  static const unsigned char base[8][3] = {{90, 90, 90},  {230, 159, 0},  {86, 180, 233},
                                           {0, 158, 115}, {240, 228, 66}, {0, 114, 178},
                                           {213, 94, 0},  {204, 121, 167}};
  const size_t shade = c / 8 % 4;
  for (size_t k = 0; k < 3; k++)
    rgb[k] = (unsigned char)(base[c % 8][k] * (4 - shade) / 4);
}

// "<folder>/<name>_<kind>.png": the row's name without its ending, folders joined by '_'.
static cred_status path_of(cred__text *out, const cli__segment *s, size_t row,
                           const char *kind) {
  const char *name = cred_images_name(s->images, row), *dot = strrchr(name, '.');
  out->n = 0;
  cred__text_printf(out, "%s/", s->folder);
  for (const char *p = name; *p && p != dot; p++)
    cred__text_append(out, *p == '/' ? "_" : p, 1);
  cred__text_printf(out, "_%s.png", kind);
  return cred__text_status(out);
}

static unsigned char grey_of(double nats, double most) {
  const double v = 255 * nats / most;
  return (unsigned char)(v < 255 ? v + 0.5 : 255);
}

static cred_status write_grey(const cli__segment *s, size_t row, const char *kind,
                              const cred_segmentation *maps, const float *map) {
  const double most = log((double)maps->n_classes);
  cred_image image;
  cred__text path = {0};
  TRY(cred_image_new(&image, maps->height, maps->width, 1));
  for (size_t i = 0; i < maps->height * maps->width; i++)
    image.pixel[i] = grey_of((double)map[i], most);
  cred_status status = path_of(&path, s, row, kind);
  if (status == CRED_OK) status = cred_image_write_png(&image, path.s, NULL, 0);
  cred__text_clear(&path);
  cred_image_clear(&image);
  return status;
}

// Numbers as in the label maps of the fit, so that the file can be one.
static cred_status write_classes(const cli__segment *s, size_t row,
                                 const cred_segmentation *maps) {
  unsigned char palette[3 * 256] = {0};
  cred_image image;
  cred__text path = {0};
  TRY(cred_image_new(&image, maps->height, maps->width, 1));
  for (size_t c = 0; c < maps->n_classes; c++)
    colour_of(palette + 3 * s->number_of[c], c);
  for (size_t i = 0; i < maps->height * maps->width; i++)
    image.pixel[i] = s->number_of[maps->label[i]];
  cred_status status = path_of(&path, s, row, "class");
  if (status == CRED_OK) status = cred_image_write_png(&image, path.s, palette, 256);
  cred__text_clear(&path);
  cred_image_clear(&image);
  return status;
}

static void pixel_of(unsigned char rgb[3], const cred_image *image, size_t i) {
  for (size_t k = 0; k < 3; k++)
    rgb[k] = image->pixel[i * image->channels + (image->channels == 3 ? k : 0)];
}

// Half picture, half class; a chequer of white where a person should look.
static cred_status write_overlay(const cli__segment *s, size_t row,
                                 const cred_image *image, const cred_segmentation *maps) {
  cred_image out;
  cred__text path = {0};
  TRY(cred_image_new(&out, maps->height, maps->width, 3));
  for (size_t i = 0; i < maps->height * maps->width; i++) {
    unsigned char from[3], colour[3];
    pixel_of(from, image, i);
    colour_of(colour, maps->label[i]);
    const bool chequer = (i / maps->width / 2 + i % maps->width / 2) % 2;
    const bool look = (double)maps->entropy[i] > s->review && chequer;
    for (size_t k = 0; k < 3; k++)
      out.pixel[3 * i + k] = look ? 255 : (unsigned char)((from[k] + colour[k]) / 2);
  }
  cred_status status = path_of(&path, s, row, "overlay");
  if (status == CRED_OK) status = cred_image_write_png(&out, path.s, NULL, 0);
  cred__text_clear(&path);
  cred_image_clear(&out);
  return status;
}

// --- the sheet: picture, truth, prediction, entropy, mutual information ---

static cred_status sheet_init(cli__segment *s, const cred_image *image) {
  const size_t wanted = cli_size(s->args, "sheet"), n = cred_images_n_rows(s->images);
  s->sheet_rows = wanted < n ? wanted : n;
  // small pictures are drawn larger, large ones smaller
  const double scale = 160.0 / (double)image->width;
  s->sheet_width = 160;
  s->sheet_height = (size_t)fmax(1, scale * (double)image->height + 0.5);
  if (s->sheet_height > 640) s->sheet_height = 640;
  TRY(cred_image_new(&s->sheet, s->sheet_rows * (s->sheet_height + GAP) + GAP,
                     N_CELLS * (s->sheet_width + GAP) + GAP, 3));
  memset(s->sheet.pixel, 255, s->sheet.height * s->sheet.width * 3);
  return CRED_OK;
}

// Cell `column` of the sheet's next row from colours of the picture's pixels.
typedef struct {
  const cred_image *image;
  const cred_segmentation *maps;
  const int32_t *truth;
  double most_information;
} cell_source;

static void colour_at(unsigned char rgb[3], const cell_source *from, size_t column,
                      size_t i) {
  const double most = log((double)from->maps->n_classes);
  if (column == 0) {
    pixel_of(rgb, from->image, i);
  } else if (column == 1) {
    memset(rgb, 0, 3);
    if (from->truth && from->truth[i] >= 0) colour_of(rgb, (size_t)from->truth[i]);
  } else if (column == 2) {
    colour_of(rgb, from->maps->label[i]);
  } else if (column == 3) {
    memset(rgb, grey_of((double)from->maps->entropy[i], most), 3);
  } else {
    memset(rgb,
           grey_of((double)from->maps->mutual_information[i], from->most_information), 3);
  }
}

static void put_cells(cli__segment *s, const cell_source *from) {
  const size_t height = from->maps->height, width = from->maps->width;
  const size_t top = GAP + s->n_on_sheet * (s->sheet_height + GAP);
  for (size_t column = 0; column < N_CELLS; column++)
    for (size_t y = 0; y < s->sheet_height; y++)
      for (size_t x = 0; x < s->sheet_width; x++) {
        const size_t i = (2 * y + 1) * height / (2 * s->sheet_height) * width +
                         (2 * x + 1) * width / (2 * s->sheet_width);
        const size_t left = GAP + column * (s->sheet_width + GAP);
        colour_at(s->sheet.pixel + 3 * ((top + y) * s->sheet.width + left + x), from,
                  column, i);
      }
}

static cred_status add_to_sheet(cli__segment *s, const cred_image *image,
                                const cred_segmentation *maps, const int32_t *truth) {
  if (cli_size(s->args, "sheet") == 0) return CRED_OK;
  if (!s->sheet.pixel) TRY(sheet_init(s, image));
  if (s->n_on_sheet >= s->sheet_rows) return CRED_OK;
  cell_source from = {image, maps, truth, 1e-6};
  for (size_t i = 0; i < maps->height * maps->width; i++)
    from.most_information =
        fmax(from.most_information, (double)maps->mutual_information[i]);
  put_cells(s, &from);
  s->n_on_sheet++;
  return CRED_OK;
}

cred_status cli__segment_sheet(cli__segment *s) {
  cred__text path = {0};
  if (!s->sheet.pixel) return CRED_OK;
  cred__text_printf(&path, "%s/sheet.png", s->folder);
  cred_status status = cred__text_status(&path);
  if (status == CRED_OK) status = cred_image_write_png(&s->sheet, path.s, NULL, 0);
  cred__text_clear(&path);
  return status;
}

cred_status cli__segment_maps(cli__segment *s, size_t row, const cred_image *image,
                              const cred_segmentation *maps, const int32_t *truth) {
  TRY(write_classes(s, row, maps));
  TRY(write_grey(s, row, "entropy", maps, maps->entropy));
  TRY(write_grey(s, row, "mutual", maps, maps->mutual_information));
  TRY(write_grey(s, row, "expected", maps, maps->expected_entropy));
  TRY(write_overlay(s, row, image, maps));
  return add_to_sheet(s, image, maps, truth);
}
