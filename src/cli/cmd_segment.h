// cmd_segment.h -- what the files of `credence segment` share.

#ifndef CRED_SRC_CLI_CMD_SEGMENT_H
#define CRED_SRC_CLI_CMD_SEGMENT_H

#include "base/file.h"
#include "base/text.h"
#include "cli/held_out.h"
#include "cli/pictures.h"
#include "cli/request.h"
#include "credence/metric/segmentation.h"
#include "credence/model/segment.h"

enum { SHEET_ROWS_MAX = 50 };

// A segmentation under way.
typedef struct {
  const cli_args *args;
  const char *folder; // of the output
  cred_model *model;
  const cred_schema *schema;
  cred_images *images;
  size_t *rows, n_rows; // pictures that are segmented; rows NULL: all
  cred_segmenter *segmenter;
  double review;                // pixels above this entropy, in nats, are to be looked at
  unsigned char number_of[256]; // in label maps, of each class
  bool scored;
  cred_segment_counts counts;
  cred__writer table;
  cred_image sheet;
  size_t sheet_rows, n_on_sheet, sheet_height, sheet_width; // cells
  double seam;
  size_t n_tiled, side; // the longest side of a picture
} cli__segment;

// The i-th picture that is segmented, as a row of the set.
static inline size_t cli__segment_row(const cli__segment *s, size_t i) {
  return s->rows ? s->rows[i] : i;
}

// cmd_segment_maps.c: fails where two pictures would have maps of one name.
cred_status cli__segment_check_names(const cli__segment *s);
// Tables and sheet of an earlier run in the same folder, which would tell of other maps.
void cli__segment_remove_old(const cli__segment *s);
// Class maps in the folder that are of none of the pictures.
cred_status cli__segment_n_strange(size_t *n_strange, const cli__segment *s);
// The maps of picture `row` as files, and its row of the sheet. truth
// (height, width): class indices, negative where nothing counts; NULL: not known.
cred_status cli__segment_maps(cli__segment *s, size_t row, const cred_image *image,
                              const cred_segmentation *maps, const int32_t *truth);
// Of a class; of an entropy; of pixel i of a picture, grey or not.
void cli__segment_colour(unsigned char rgb[3], size_t c);
unsigned char cli__segment_grey(double nats, double most);
void cli__segment_pixel(unsigned char rgb[3], const cred_image *image, size_t i);

// cmd_segment_sheet.c: the picture's row, while there is room; and the file.
cred_status cli__segment_to_sheet(cli__segment *s, const cred_image *image,
                                  const cred_segmentation *maps, const int32_t *truth);
cred_status cli__segment_sheet(cli__segment *s);

// cmd_segment_scores.c: the line of a picture, and scores of all.
void cli__segment_head(cli__segment *s);
void cli__segment_line(cli__segment *s, size_t row, const cred_segmentation *maps,
                       const int32_t *truth);
cred_status cli__segment_scores(cli__segment *s);

#endif
