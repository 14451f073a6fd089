// segment.h -- the inside of a segmenter: tiles, and networks of their size.

#ifndef CRED_SRC_MODEL_SEGMENT_H
#define CRED_SRC_MODEL_SEGMENT_H

#include "credence/metric/uncertainty.h"
#include "credence/model/segment.h"
#include "layer/layer.h"
#include "model/model.h"

// A tile of a picture, and its part of the picture's pixels. Core and place are from the
// picture's corner on; blended tiles have their whole as core.
typedef struct {
  size_t y, x; // of the tile's corner
  size_t core_y, core_x, core_height, core_width;
} cred__tile;

// How a picture of one size is cut.
typedef struct {
  size_t height, width;           // of the picture
  size_t extent_width;            // of the picture, continued to a multiple of the period
  size_t tile_height, tile_width; // all tiles alike
  size_t n_tiles;
  cred__tile *tiles;
  bool blend;
  size_t overlap; // of blended tiles
} cred__tiling;

// reach: pixels to each side; SIZE_MAX: all. period: sizes and places of tiles are
// multiples of it. A picture is continued to such a size by its mirror image.
cred_status cred__tiling_init(cred__tiling *out, size_t height, size_t width, size_t side,
                              size_t reach, size_t period);
void cred__tiling_clear(cred__tiling *tiling);
// Weight of place (y, x) of a blended tile: falls towards its inner edges.
double cred__tile_weight(const cred__tiling *t, const cred__tile *tile, size_t y,
                         size_t x);

// The network of a model over another height and width.
cred_status cred__network_of_size(cred_network **out, const cred_model *model,
                                  size_t height, size_t width);
// The smallest number that sizes must be multiples of.
cred_status cred__network_period(size_t *out, const cred_model *model);
// Found by putting a NaN in: what it reaches is what looks at it.
cred_status cred__network_reach(size_t *out, const cred_model *model, size_t period,
                                size_t side);

#endif
