// credence/base/shape.h -- the shape of a row of numbers.
//
// A row is a map of height x width places with `channels` numbers each, row by row, the
// channels of a place side by side (NHWC). A row of a table is the map (1, 1, n).

#ifndef CRED_BASE_SHAPE_H
#define CRED_BASE_SHAPE_H

#include <stddef.h>

typedef struct {
  size_t height, width, channels;
} cred_shape;

#endif
