// images_schema.c -- what a model keeps of its pictures, and pictures as arrays by it.

#include "base/alloc.h"
#include "base/fail.h"
#include "data/images.h"
#include "data/pixels.h"
#include "data/schema.h"
#include <math.h>
#include <string.h>

// Mean and sd of each channel over all pixels of the rows; sd at least 1 / 255.
static void channel_moments(cred_schema_pixels *p, const cred_images *images,
                            const size_t *rows, size_t n_rows) {
  const double n = (double)n_rows * (double)(images->height * images->width);
  for (size_t c = 0; c < images->channels; c++) {
    double sum = 0, square = 0;
    for (size_t i = 0; i < n_rows; i++) {
      const double *s = images->sums + 2 * ((rows ? rows[i] : i) * images->channels + c);
      sum += s[0];
      square += s[1];
    }
    p->mean[c] = sum / n;
    p->sd[c] = sqrt(fmax(square / n - p->mean[c] * p->mean[c], 1.0 / (255.0 * 255.0)));
  }
}

static cred_status check(const cred_images *images, const size_t *rows, size_t n_rows) {
  if (!images->labelled)
    FAIL(CRED_EDATA,
         "%s: the pictures have no labels: a folder a class, or label maps (--labels "
         "FOLDER) are expected",
         images->source);
  if (images->n_classes < 2)
    FAIL(CRED_EDATA, "%s: %zu class%s, at least 2 are needed", images->source,
         images->n_classes, images->n_classes == 1 ? "" : "es");
  if (n_rows < 1)
    FAIL(CRED_EDATA, "%s: no pictures are left to learn from", images->source);
  for (size_t i = 0; rows && i < n_rows; i++)
    if (rows[i] >= images->n_rows)
      FAIL(CRED_EDATA, "%s: row %zu is asked for, it has %zu (from 0)", images->source,
           rows[i], images->n_rows);
  return CRED_OK;
}

// Of label maps their numbers know it.
static cred_status take_ignored(cred_schema_pixels *p, const cred_images *images) {
  if (images->per_pixel || !images->n_ignore) return CRED_OK;
  TRY(NEW(&p->ignored, images->n_ignore, "classes"));
  for (; p->n_ignored < images->n_ignore; p->n_ignored++)
    TRY(cred__strdup(&p->ignored[p->n_ignored], images->ignore[p->n_ignored]));
  return CRED_OK;
}

static cred_status take_target(cred_schema *s, const cred_images *images,
                               const char *target) {
  TRY(NEW(&s->targets, 1, "a schema"));
  s->n_targets = 1;
  cred_schema_target *t = &s->targets[0];
  *t = (cred_schema_target){.type = CRED_TARGET_CLASS, .sd = 1};
  TRY(cred__strdup(&t->name, target ? target : "class"));
  TRY(NEW(&t->classes, images->n_classes, "classes"));
  for (; t->n_classes < images->n_classes; t->n_classes++)
    TRY(cred__strdup(&t->classes[t->n_classes], images->classes[t->n_classes]));
  return CRED_OK;
}

cred_status cred_images_learn(cred_schema **out, const cred_images *images,
                              const size_t *rows, size_t n_rows, const char *target) {
  *out = NULL;
  if (!rows) n_rows = images->n_rows;
  TRY(check(images, rows, n_rows));
  cred_schema *s = NULL;
  cred_status status = NEW(&s, 1, "a schema");
  if (status != CRED_OK) return status;
  s->pixels = (cred_schema_pixels){.height = images->height,
                                   .width = images->width,
                                   .channels = images->channels,
                                   .resized = images->resize,
                                   .per_pixel = images->per_pixel};
  memcpy(s->pixels.class_of, images->class_of, 256);
  if (!images->per_pixel) memset(s->pixels.class_of, CRED_CLASS_UNKNOWN, 256);
  channel_moments(&s->pixels, images, rows, n_rows);
  TRY_DONE(take_ignored(&s->pixels, images));
  TRY_DONE(take_target(s, images, target));
  TRY_DONE(cred__schema_layout(s));
  *out = s;
  s = NULL;
done:
  cred_schema_free(s);
  return status;
}

void cred__pixel_table(cred_real table[4][256], const cred_schema_pixels *p) {
  for (size_t c = 0; c < p->channels; c++)
    for (size_t v = 0; v < 256; v++)
      table[c][v] = (cred_real)(((double)v / 255.0 - p->mean[c]) / p->sd[c]);
}

void cred__pixels_encode(cred_real *x, const unsigned char *pixel, size_t n,
                         size_t channels, cred_real table[4][256]) {
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; c < channels; c++)
      x[i * channels + c] = table[c][pixel[i * channels + c]];
}

void cred__map_encode(cred_real *y, const unsigned char *map, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = map[i] < CRED_CLASS_UNKNOWN ? (cred_real)map[i] : (cred_real)-1;
}

static cred_status check_sizes(const cred_schema_pixels *p, const cred_images *images) {
  if (p->height == images->height && p->width == images->width &&
      p->channels == images->channels)
    return CRED_OK;
  FAIL(CRED_EDATA,
       "%s: %zu x %zu pixels of %zu channels, the model takes %zu x %zu of %zu",
       images->source, images->width, images->height, images->channels, p->width,
       p->height, p->channels);
}

static cred_status take_labels(cred_data *out, const cred_images *images) {
  const size_t n = images->height * images->width;
  unsigned char *map = NULL;
  cred_status status = CRED_OK;
  if (!images->labelled) return CRED_OK;
  TRY(NEW(&out->y, out->n_rows * out->n_targets, "labels"));
  if (images->per_pixel) TRY(NEW(&map, n, "a label map"));
  for (size_t i = 0; i < out->n_rows; i++) {
    const size_t row = (size_t)out->row[i];
    if (map) {
      TRY_DONE(cred_images_read_row(NULL, map, images, row));
      cred__map_encode(out->y + i * n, map, n);
    } else {
      if (row >= images->n_rows)
        FAIL_DONE(CRED_EINVAL, "%s: row %zu of %zu", images->source, row, images->n_rows);
      const int32_t label = images->rows[row].label;
      out->y[i] = label < 0 ? (cred_real)NAN : (cred_real)label;
    }
  }
done:
  cred__free(map);
  return status;
}

cred_status cred_images_rows(cred_data *out, const cred_schema *schema,
                             const cred_images *images, const size_t *rows, size_t first,
                             size_t n_rows) {
  const size_t n = images->height * images->width;
  cred_status status;
  *out = (cred_data){.n_rows = n_rows,
                     .n_inputs = n * images->channels,
                     .n_targets = images->per_pixel ? n : 1};
  TRY_DONE(check_sizes(&schema->pixels, images));
  TRY_DONE(cred__byte_rows_of_images(&out->bytes, schema, images));
  TRY_DONE(NEW(&out->row, n_rows, "pictures"));
  for (size_t i = 0; i < n_rows; i++) out->row[i] = rows ? rows[i] : first + i;
  TRY_DONE(take_labels(out, images));
done:
  if (status != CRED_OK) cred_data_clear(out);
  return status;
}

cred_status cred_images_encode(cred_data *out, const cred_schema *schema,
                               const cred_images *images, const size_t *rows,
                               size_t first, size_t n_rows) {
  cred_data made;
  cred_status status;
  *out = (cred_data){0};
  TRY(cred_images_rows(&made, schema, images, rows, first, n_rows));
  TRY_DONE(NEW(&made.x, n_rows * made.n_inputs, "pictures"));
  TRY_DONE(cred__byte_rows_encode(made.x, made.bytes, made.row, n_rows));
  cred__free(made.bytes);
  made.bytes = NULL;
  *out = made;
  made = (cred_data){0};
done:
  cred_data_clear(&made);
  return status;
}
