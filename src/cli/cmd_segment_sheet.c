// cmd_segment_sheet.c -- the sheet: a row a picture with a heading over each column.

#include "cli/cmd_segment.h"
#include <math.h>
#include <string.h>

enum { GAP = 4, N_CELLS = 5, CELL_WIDTH = 160 };
enum { LETTER_WIDTH = 8, LETTER_HEIGHT = 13, HEAD_HEIGHT = LETTER_HEIGHT + GAP };

static const char *const headings[N_CELLS] = {"image", "truth", "prediction", "entropy",
                                              "mutual information"};

// The letters of the headings, 6 pixels wide and 13 high, a byte a row from the top: ten
// rows stand on the line, three hang below.
static const struct {
  char letter;
  unsigned char row[LETTER_HEIGHT];
} font[] = {
    {'a', {0x00, 0x00, 0x00, 0x1e, 0x01, 0x01, 0x1f, 0x21, 0x21, 0x1f, 0x00, 0x00, 0x00}},
    {'c', {0x00, 0x00, 0x00, 0x1e, 0x21, 0x20, 0x20, 0x20, 0x21, 0x1e, 0x00, 0x00, 0x00}},
    {'d', {0x01, 0x01, 0x01, 0x1d, 0x23, 0x21, 0x21, 0x21, 0x23, 0x1d, 0x00, 0x00, 0x00}},
    {'e', {0x00, 0x00, 0x00, 0x1e, 0x21, 0x21, 0x3f, 0x20, 0x21, 0x1e, 0x00, 0x00, 0x00}},
    {'f', {0x0e, 0x10, 0x10, 0x3e, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x00, 0x00, 0x00}},
    {'g', {0x00, 0x00, 0x00, 0x1d, 0x23, 0x21, 0x21, 0x21, 0x23, 0x1d, 0x01, 0x21, 0x1e}},
    {'h', {0x20, 0x20, 0x20, 0x2e, 0x31, 0x21, 0x21, 0x21, 0x21, 0x21, 0x00, 0x00, 0x00}},
    {'i', {0x00, 0x08, 0x00, 0x18, 0x08, 0x08, 0x08, 0x08, 0x08, 0x1c, 0x00, 0x00, 0x00}},
    {'l', {0x18, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x1c, 0x00, 0x00, 0x00}},
    {'m', {0x00, 0x00, 0x00, 0x36, 0x29, 0x29, 0x29, 0x29, 0x29, 0x29, 0x00, 0x00, 0x00}},
    {'n', {0x00, 0x00, 0x00, 0x2e, 0x31, 0x21, 0x21, 0x21, 0x21, 0x21, 0x00, 0x00, 0x00}},
    {'o', {0x00, 0x00, 0x00, 0x1e, 0x21, 0x21, 0x21, 0x21, 0x21, 0x1e, 0x00, 0x00, 0x00}},
    {'p', {0x00, 0x00, 0x00, 0x2e, 0x31, 0x21, 0x21, 0x21, 0x31, 0x2e, 0x20, 0x20, 0x20}},
    {'r', {0x00, 0x00, 0x00, 0x2e, 0x31, 0x20, 0x20, 0x20, 0x20, 0x20, 0x00, 0x00, 0x00}},
    {'t', {0x00, 0x10, 0x10, 0x3e, 0x10, 0x10, 0x10, 0x10, 0x11, 0x0e, 0x00, 0x00, 0x00}},
    {'u', {0x00, 0x00, 0x00, 0x21, 0x21, 0x21, 0x21, 0x21, 0x23, 0x1d, 0x00, 0x00, 0x00}},
    {'y', {0x00, 0x00, 0x00, 0x21, 0x21, 0x21, 0x21, 0x21, 0x23, 0x1d, 0x01, 0x21, 0x1e}},
};

// Without label maps there is no truth.
static size_t n_cells(const cli__segment *s) {
  return s->scored ? N_CELLS : N_CELLS - 1;
}

// The heading of the i-th column that there is.
static size_t kind_of(const cli__segment *s, size_t i) {
  return i > 0 && !s->scored ? i + 1 : i;
}

static void put_letter(cred_image *sheet, size_t left, char letter) {
  for (size_t k = 0; k < sizeof font / sizeof *font; k++) {
    if (font[k].letter != letter) continue;
    for (size_t y = 0; y < LETTER_HEIGHT; y++)
      for (size_t x = 0; x < LETTER_WIDTH - 2; x++)
        if (font[k].row[y] >> (LETTER_WIDTH - 3 - x) & 1)
          memset(sheet->pixel + 3 * ((GAP + y) * sheet->width + left + x), 0, 3);
  }
}

static void put_headings(cli__segment *s) {
  for (size_t i = 0; i < n_cells(s); i++) {
    const char *heading = headings[kind_of(s, i)];
    const size_t left = GAP + i * (s->sheet_width + GAP),
                 before = (s->sheet_width - LETTER_WIDTH * strlen(heading)) / 2;
    for (size_t k = 0; heading[k]; k++)
      put_letter(&s->sheet, left + before + k * LETTER_WIDTH, heading[k]);
  }
}

static cred_status sheet_init(cli__segment *s, const cred_image *image) {
  const size_t wanted = cli_size(s->args, "sheet"), n = s->n_rows;
  s->sheet_rows = wanted < n ? wanted : n;
  // small pictures are drawn larger, large ones smaller
  const double scale = (double)CELL_WIDTH / (double)image->width;
  s->sheet_width = CELL_WIDTH;
  s->sheet_height = (size_t)fmax(1, scale * (double)image->height + 0.5);
  if (s->sheet_height > 640) s->sheet_height = 640;
  TRY(cred_image_new(&s->sheet,
                     HEAD_HEIGHT + s->sheet_rows * (s->sheet_height + GAP) + GAP,
                     n_cells(s) * (s->sheet_width + GAP) + GAP, 3));
  memset(s->sheet.pixel, 255, s->sheet.height * s->sheet.width * 3);
  put_headings(s);
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
    cli__segment_pixel(rgb, from->image, i);
  } else if (column == 1) {
    memset(rgb, 0, 3);
    if (from->truth && from->truth[i] >= 0)
      cli__segment_colour(rgb, (size_t)from->truth[i]);
  } else if (column == 2) {
    cli__segment_colour(rgb, from->maps->label[i]);
  } else if (column == 3) {
    memset(rgb, cli__segment_grey((double)from->maps->entropy[i], most), 3);
  } else {
    memset(rgb,
           cli__segment_grey((double)from->maps->mutual_information[i],
                             from->most_information),
           3);
  }
}

static void put_cells(cli__segment *s, const cell_source *from) {
  const size_t height = from->maps->height, width = from->maps->width;
  const size_t top = HEAD_HEIGHT + GAP + s->n_on_sheet * (s->sheet_height + GAP);
  for (size_t column = 0; column < n_cells(s); column++)
    for (size_t y = 0; y < s->sheet_height; y++)
      for (size_t x = 0; x < s->sheet_width; x++) {
        const size_t i = (2 * y + 1) * height / (2 * s->sheet_height) * width +
                         (2 * x + 1) * width / (2 * s->sheet_width);
        const size_t left = GAP + column * (s->sheet_width + GAP);
        colour_at(s->sheet.pixel + 3 * ((top + y) * s->sheet.width + left + x), from,
                  kind_of(s, column), i);
      }
}

cred_status cli__segment_to_sheet(cli__segment *s, const cred_image *image,
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
