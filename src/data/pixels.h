// pixels.h -- bytes of pictures as the numbers a network takes.

#ifndef CRED_SRC_DATA_PIXELS_H
#define CRED_SRC_DATA_PIXELS_H

#include "credence/data/images.h"
#include "data/table.h"

// table[c][v]: the input for byte v of channel c.
void cred__pixel_table(cred_real table[4][256], const cred_schema_pixels *p);
// n pixels, channels side by side.
void cred__pixels_encode(cred_real *x, const unsigned char *pixel, size_t n,
                         size_t channels, cred_real table[4][256]);
// Rows of bytes, of pictures or of an array in a table, as inputs of a model.
struct cred_byte_rows {
  cred_real table[4][256];
  size_t height, width, channels;
  const cred_images *images;  // or
  const unsigned char *pixel; // (rows, stride) of an array
  size_t stride;              // from row to row
  uint64_t first_row;         // number in the file of the array's first row
};
// Where the inputs of an encoded table, columns (n_inputs) of it, are bytes that one
// table a channel makes inputs of: those, else NULL.
cred_status cred__byte_rows_of_table(cred_byte_rows **out, const cred_schema *schema,
                                     const cred_table *table, const size_t *columns,
                                     uint64_t first_row);
cred_status cred__byte_rows_of_images(cred_byte_rows **out, const cred_schema *schema,
                                      const cred_images *images);
// The bytes of a row, by its number in the file: where they stand, else read into `room`
// (height, width, channels).
cred_status cred__byte_row(const unsigned char **pixel, unsigned char *room,
                           const cred_byte_rows *rows, uint64_t row);
cred_status cred__byte_rows_encode(cred_real *x, const cred_byte_rows *rows,
                                   const uint64_t *row, size_t n);

// Class indices; -1 where nothing counts.
void cred__map_encode(cred_real *y, const unsigned char *map, size_t n);

#endif
