// jpeg.c -- JPEG to pixels, by libjpeg-turbo.
//
// A file that is cut off is filled up with grey by the library, which only warns: here a
// warning about the data is an error. Files of many scans (a bomb: each costs a pass over
// the whole picture) are refused.

#include "base/alloc.h"
#include "base/fail.h"
#include "data/image.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
// the library's header needs stdio.h before it
#include <jpeglib.h>
#include <jerror.h>

enum { SCANS_MAX = 200 };

typedef struct {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr error;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  char reason[JMSG_LENGTH_MAX];
} reader;

static void on_error(j_common_ptr jpeg) {
  reader *r = jpeg->client_data;
  jpeg->err->format_message(jpeg, r->reason);
  longjmp(r->jump, 1);
}

// Level -1 is a warning; bytes between two markers are known from sound files.
static void on_message(j_common_ptr jpeg, int level) {
  if (level >= 0 || jpeg->err->msg_code == JWRN_EXTRANEOUS_DATA) return;
  on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg) {
  reader *r = jpeg->client_data;
  if (r->jpeg.input_scan_number <= SCANS_MAX) return;
  snprintf(r->reason, sizeof r->reason, "more than %d scans", SCANS_MAX);
  longjmp(r->jump, 1);
}

static void prepare(reader *r) {
  r->jpeg.err = jpeg_std_error(&r->error);
  r->error.error_exit = on_error;
  r->error.emit_message = on_message;
  r->progress.progress_monitor = on_progress;
  r->jpeg.client_data = r;
}

// Between here and a jump back nothing but *out and *r changes.
static cred_status decode(cred_image *out, reader *r, const cred__image_file *file) {
  struct jpeg_decompress_struct *jpeg = &r->jpeg;
  if (setjmp(r->jump)) FAIL(CRED_EDATA, "%s: broken JPEG: %s", file->name, r->reason);
  jpeg_create_decompress(jpeg);
  jpeg->client_data = r; // create clears it
  jpeg->progress = &r->progress;
  jpeg_mem_src(jpeg, file->bytes, (unsigned long)file->n_bytes);
  jpeg_read_header(jpeg, TRUE);
  // a block of 8 x 8 pixels takes at least a bit in each scan
  TRY(cred__image_check_size(file, jpeg->image_height, jpeg->image_width, 64 * 8 * 16));
  if (jpeg->num_components != 1 && jpeg->num_components != 3)
    FAIL(CRED_EDATA, "%s: a JPEG of %d components (CMYK?), grey or RGB is expected",
         file->name, jpeg->num_components);
  size_t channels = file->channels;
  if (!channels) channels = jpeg->num_components == 1 ? 1 : 3;
  jpeg->out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg->dct_method = JDCT_ISLOW; // the exact one: the same pixels everywhere
  jpeg_start_decompress(jpeg);
  TRY(cred_image_new(out, jpeg->output_height, jpeg->output_width, channels));
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = out->pixel + jpeg->output_scanline * out->width * channels;
    jpeg_read_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_decompress(jpeg);
  return CRED_OK;
}

cred_status cred__jpeg_decode(cred_image *out, const cred__image_file *file) {
  if (file->labels)
    FAIL(CRED_EDATA, "%s: a label map as JPEG, which does not keep numbers: give a PNG",
         file->name);
  reader *r;
  TRY(NEW(&r, 1, "an image"));
  prepare(r);
  const cred_status status = decode(out, r, file);
  jpeg_destroy_decompress(&r->jpeg);
  cred__free(r);
  return status;
}
