// cmd_segment_maps.c -- maps as PNG files: classes by palette, uncertainties as greys
// from 0 to log C, the picture with its classes over it, and the sheet.

#include "cli/cmd_segment.h"
#include "base/alloc.h"
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 4, N_CELLS = 5 };

static const char class_end[] = "_class.png";

// Okabe & Ito (2008), apart for the colour-blind too, then darker ones of the same.
static void colour_of(unsigned char rgb[3], size_t c) {
  static const unsigned char base[8][3] = {{90, 90, 90},  {230, 159, 0},  {86, 180, 233},
                                           {0, 158, 115}, {240, 228, 66}, {0, 114, 178},
                                           {213, 94, 0},  {204, 121, 167}};
  const size_t shade = c / 8 % 4;
  for (size_t k = 0; k < 3; k++)
    rgb[k] = (unsigned char)(base[c % 8][k] * (4 - shade) / 4);
}

// The row's name without its ending, folders joined by '_'.
static void put_stem(cred__text *out, const cli__segment *s, size_t row) {
  const char *name = cred_images_name(s->images, row), *dot = strrchr(name, '.');
  for (const char *p = name; *p && p != dot; p++)
    cred__text_append(out, *p == '/' ? "_" : p, 1);
}

// "<folder>/<stem>_<kind>.png"
static cred_status path_of(cred__text *out, const cli__segment *s, size_t row,
                           const char *kind) {
  out->n = 0;
  cred__text_printf(out, "%s/", s->folder);
  put_stem(out, s, row);
  cred__text_printf(out, "_%s.png", kind);
  return cred__text_status(out);
}

typedef struct {
  char *stem;
  size_t row;
} stem;

static int by_stem(const void *a, const void *b) {
  const stem *x = a, *y = b;
  const int order = strcmp(x->stem, y->stem);
  return order ? order : (x->row > y->row) - (x->row < y->row);
}

static cred_status fail_same(const cli__segment *s, const stem *a, const stem *b) {
  FAIL(CRED_EDATA,
       "%s: the maps of '%s' and of '%s' would both be %s/%s_class.png: rename one, or "
       "segment them into folders of their own",
       cred_images_source(s->images), cred_images_name(s->images, a->row),
       cred_images_name(s->images, b->row), s->folder, a->stem);
}

cred_status cli__segment_check_names(const cli__segment *s) {
  stem *all;
  TRY(NEW(&all, s->n_rows, "names of maps"));
  cred_status status = CRED_OK;
  for (size_t i = 0; i < s->n_rows; i++) {
    cred__text text = {0};
    all[i].row = cli__segment_row(s, i);
    put_stem(&text, s, all[i].row);
    all[i].stem = text.s;
    TRY_DONE(cred__text_status(&text));
  }
  qsort(all, s->n_rows, sizeof *all, by_stem);
  for (size_t i = 1; status == CRED_OK && i < s->n_rows; i++)
    if (all[i].row != all[i - 1].row && strcmp(all[i].stem, all[i - 1].stem) == 0)
      status = fail_same(s, &all[i - 1], &all[i]);
done:
  for (size_t i = 0; i < s->n_rows; i++) cred__free(all[i].stem);
  cred__free(all);
  return status;
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

// Without label maps there is no truth.
static size_t n_cells(const cli__segment *s) {
  return s->scored ? N_CELLS : N_CELLS - 1;
}

static cred_status sheet_init(cli__segment *s, const cred_image *image) {
  const size_t wanted = cli_size(s->args, "sheet"), n = s->n_rows;
  s->sheet_rows = wanted < n ? wanted : n;
  // small pictures are drawn larger, large ones smaller
  const double scale = 160.0 / (double)image->width;
  s->sheet_width = 160;
  s->sheet_height = (size_t)fmax(1, scale * (double)image->height + 0.5);
  if (s->sheet_height > 640) s->sheet_height = 640;
  TRY(cred_image_new(&s->sheet, s->sheet_rows * (s->sheet_height + GAP) + GAP,
                     n_cells(s) * (s->sheet_width + GAP) + GAP, 3));
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
  for (size_t column = 0; column < n_cells(s); column++)
    for (size_t y = 0; y < s->sheet_height; y++)
      for (size_t x = 0; x < s->sheet_width; x++) {
        const size_t i = (2 * y + 1) * height / (2 * s->sheet_height) * width +
                         (2 * x + 1) * width / (2 * s->sheet_width);
        const size_t left = GAP + column * (s->sheet_width + GAP);
        colour_at(s->sheet.pixel + 3 * ((top + y) * s->sheet.width + left + x), from,
                  column > 0 && !s->scored ? column + 1 : column, i);
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

// --- what an earlier run left in the folder ---

// Whether a file is the class map of one of the pictures.
static bool is_map_of(const cli__segment *s, const char *name) {
  const size_t n = strlen(name) - strlen(class_end);
  for (size_t i = 0; i < s->n_rows; i++) {
    cred__text text = {0};
    put_stem(&text, s, cli__segment_row(s, i));
    const bool same = text.s && text.n == n && memcmp(text.s, name, n) == 0;
    cred__text_clear(&text);
    if (same) return true;
  }
  return false;
}

size_t cli__segment_n_strange(const cli__segment *s) {
  DIR *dir = opendir(s->folder);
  size_t n_strange = 0;
  if (!dir) return 0;
  for (struct dirent *e; (e = readdir(dir));) {
    const size_t n = strlen(e->d_name), n_end = strlen(class_end);
    if (n > n_end && strcmp(e->d_name + n - n_end, class_end) == 0)
      n_strange += !is_map_of(s, e->d_name);
  }
  closedir(dir);
  return n_strange;
}

// Unless it is read: the list, or a picture.
static void remove_file(const cli__segment *s, const char *name) {
  cred__text path = {0};
  cred__text_printf(&path, "%s/%s", s->folder, name);
  bool keep = cred__text_status(&path) != CRED_OK ||
              cli_is_same_file(path.s, cred_images_source(s->images));
  for (size_t i = 0; !keep && i < s->n_rows; i++)
    keep = cli_is_same_file(path.s, cred_images_path(s->images, cli__segment_row(s, i)));
  if (!keep) remove(path.s);
  cred__text_clear(&path);
}

void cli__segment_remove_old(const cli__segment *s) {
  remove_file(s, "images.csv");
  remove_file(s, "thresholds.csv");
  remove_file(s, "sheet.png");
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
