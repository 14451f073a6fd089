// pixels.h -- bytes of pictures as the numbers a network takes.

#ifndef CRED_SRC_DATA_PIXELS_H
#define CRED_SRC_DATA_PIXELS_H

#include "credence/data/schema.h"

// table[c][v]: the input for byte v of channel c.
void cred__pixel_table(cred_real table[4][256], const cred_schema_pixels *p);
// n pixels, channels side by side.
void cred__pixels_encode(cred_real *x, const unsigned char *pixel, size_t n,
                         size_t channels, cred_real table[4][256]);
// Class indices; -1 where nothing counts.
void cred__map_encode(cred_real *y, const unsigned char *map, size_t n);

#endif
