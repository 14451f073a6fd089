// bytes.c -- rows of bytes that become inputs where they are wanted: an array of 60,000
// images takes 47 MB so, and four times as much as numbers.

#include "base/alloc.h"
#include "base/fail.h"
#include "data/pixels.h"
#include "data/schema.h"
#include <string.h>

// Mean and sd of a channel, or the one factor of all.
static bool one_scale(cred_schema_pixels *p, const cred_schema *s) {
  for (size_t i = 0; i < s->n_columns; i++) {
    const cred_schema_column *c = &s->columns[i];
    const size_t channel = i % p->channels;
    const double mean = s->input_scale > 0 ? 0 : c->mean;
    const double sd = s->input_scale > 0 ? s->input_scale : c->sd;
    if (i < p->channels) p->mean[channel] = mean, p->sd[channel] = sd;
    if (p->mean[channel] != mean || p->sd[channel] != sd) return false;
  }
  return true;
}

// Whether columns stand side by side in one block of bytes.
static const cred__block *block_of(const cred_table *table, const size_t *columns,
                                   size_t n) {
  const cred__column *first = &table->columns[columns[0]];
  for (size_t i = 0; i < n; i++) {
    const cred__column *c = &table->columns[columns[i]];
    if (c->type != CRED_COLUMN_NUMERIC || c->block != first->block ||
        c->place != first->place + i)
      return NULL;
  }
  const cred__block *block = &table->blocks[first->block];
  return block->store == CRED__U8 && block->column_stride == 1 ? block : NULL;
}

cred_status cred__byte_rows_of_table(cred_byte_rows **out, const cred_schema *s,
                                     const cred_table *table, const size_t *columns,
                                     uint64_t first_row) {
  cred_schema_pixels scale = {.channels = s->shape.channels};
  *out = NULL;
  if (!cred__is_image(s->shape) || s->shape.channels > 4 || s->n_inputs != s->n_columns)
    return CRED_OK;
  const cred__block *block = block_of(table, columns, s->n_columns);
  if (!block || !one_scale(&scale, s)) return CRED_OK;
  TRY(NEW(out, 1, "rows of bytes"));
  **out = (cred_byte_rows){.height = s->shape.height,
                           .width = s->shape.width,
                           .channels = s->shape.channels,
                           .pixel = (const unsigned char *)block->data +
                                    table->columns[columns[0]].place,
                           .stride = block->row_stride,
                           .first_row = first_row};
  for (size_t c = 0; c < scale.channels; c++) // as encode.c does it, bit for bit
    for (size_t v = 0; v < 256; v++)
      (*out)->table[c][v] = (cred_real)(((double)v - scale.mean[c]) / scale.sd[c]);
  return CRED_OK;
}

cred_status cred__byte_rows_of_images(cred_byte_rows **out, const cred_schema *schema,
                                      const cred_images *images) {
  TRY(NEW(out, 1, "rows of bytes"));
  **out = (cred_byte_rows){.height = schema->pixels.height,
                           .width = schema->pixels.width,
                           .channels = schema->pixels.channels,
                           .images = images};
  cred__pixel_table((*out)->table, &schema->pixels);
  return CRED_OK;
}

cred_status cred__byte_row(const unsigned char **pixel, unsigned char *room,
                           const cred_byte_rows *rows, uint64_t row) {
  *pixel = room;
  if (rows->images) return cred_images_read_row(room, NULL, rows->images, (size_t)row);
  *pixel = rows->pixel + (size_t)(row - rows->first_row) * rows->stride;
  return CRED_OK;
}

cred_status cred__byte_rows_encode(cred_real *x, const cred_byte_rows *rows,
                                   const uint64_t *row, size_t n) {
  const size_t n_pixels = rows->height * rows->width, each = n_pixels * rows->channels;
  unsigned char *room = NULL;
  cred_status status = CRED_OK;
  if (rows->images) TRY(NEW(&room, each, "a picture"));
  for (size_t i = 0; i < n; i++) {
    const unsigned char *pixel;
    TRY_DONE(cred__byte_row(&pixel, room, rows, row[i]));
    cred__pixels_encode(x + i * each, pixel, n_pixels, rows->channels,
                        (cred_real(*)[256])rows->table);
  }
done:
  cred__free(room);
  return status;
}

cred_status cred_data_inputs(cred_real *x, const cred_data *data, size_t first,
                             size_t n) {
  if (!data->x && data->bytes)
    return cred__byte_rows_encode(x, data->bytes, data->row + first, n);
  memcpy(x, data->x + first * data->n_inputs, n * data->n_inputs * sizeof *x);
  return CRED_OK;
}
