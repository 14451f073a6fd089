// cmd_segment_maps.c -- maps as PNG files: classes by palette, uncertainties as greys
// from 0 to log C, and the picture with its classes over it.

#include "cli/cmd_segment.h"
#include "base/alloc.h"
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char class_end[] = "_class.png";

// Okabe & Ito (2008), apart for the colour-blind too, then darker ones of the same.
void cli__segment_colour(unsigned char rgb[3], size_t c) {
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

static void free_stems(stem *all, size_t n) {
  for (size_t i = 0; all && i < n; i++) cred__free(all[i].stem);
  cred__free(all);
}

// Those of all pictures, sorted.
static cred_status list_stems(stem **out, const cli__segment *s) {
  TRY(NEW(out, s->n_rows, "names of maps"));
  for (size_t i = 0; i < s->n_rows; i++) {
    cred__text text = {0};
    (*out)[i].row = cli__segment_row(s, i);
    put_stem(&text, s, (*out)[i].row);
    (*out)[i].stem = text.s;
    TRY(cred__text_status(&text));
  }
  qsort(*out, s->n_rows, sizeof **out, by_stem);
  return CRED_OK;
}

cred_status cli__segment_check_names(const cli__segment *s) {
  stem *all = NULL;
  cred_status status = list_stems(&all, s);
  for (size_t i = 1; status == CRED_OK && i < s->n_rows; i++)
    if (all[i].row != all[i - 1].row && strcmp(all[i].stem, all[i - 1].stem) == 0)
      status = fail_same(s, &all[i - 1], &all[i]);
  free_stems(all, s->n_rows);
  return status;
}

unsigned char cli__segment_grey(double nats, double most) {
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
    image.pixel[i] = cli__segment_grey((double)map[i], most);
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
    cli__segment_colour(palette + 3 * s->number_of[c], c);
  for (size_t i = 0; i < maps->height * maps->width; i++)
    image.pixel[i] = s->number_of[maps->label[i]];
  cred_status status = path_of(&path, s, row, "class");
  if (status == CRED_OK) status = cred_image_write_png(&image, path.s, palette, 256);
  cred__text_clear(&path);
  cred_image_clear(&image);
  return status;
}

void cli__segment_pixel(unsigned char rgb[3], const cred_image *image, size_t i) {
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
    cli__segment_pixel(from, image, i);
    cli__segment_colour(colour, maps->label[i]);
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

// --- what an earlier run left in the folder ---

static int by_name(const void *name, const void *b) {
  return strcmp(name, ((const stem *)b)->stem);
}

cred_status cli__segment_n_strange(size_t *n_strange, const cli__segment *s) {
  stem *all = NULL;
  DIR *dir = opendir(s->folder);
  *n_strange = 0;
  if (!dir) return CRED_OK;
  const cred_status status = list_stems(&all, s);
  for (struct dirent *e; status == CRED_OK && (e = readdir(dir));) {
    const size_t n = strlen(e->d_name), n_end = strlen(class_end);
    if (n <= n_end || strcmp(e->d_name + n - n_end, class_end) != 0) continue;
    e->d_name[n - n_end] = 0;
    *n_strange += !bsearch(e->d_name, all, s->n_rows, sizeof *all, by_name);
  }
  closedir(dir);
  free_stems(all, s->n_rows);
  return status;
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
  return cli__segment_to_sheet(s, image, maps, truth);
}
