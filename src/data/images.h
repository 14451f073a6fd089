// images.h -- the inside of a set of pictures, shared by the files images*.c.

#ifndef CRED_SRC_DATA_IMAGES_H
#define CRED_SRC_DATA_IMAGES_H

#include "base/text.h"
#include "credence/data/images.h"

// One row: where it comes from, and what is known of it.
typedef struct {
  char *path;       // of the picture
  const char *name; // in path: from the folder of the set on
  char *label_text; // class in words, or NULL
  char *map;        // path of the label map, or NULL
  int32_t label;    // class, -1: none
} cred__picture;

struct cred_images {
  char *source;
  char digest[CRED__DIGEST_BYTES];
  size_t n_rows, n_room;
  cred__picture *rows;
  size_t height, width, channels;
  bool resize, labelled, per_pixel, any_number; // any number of a map: classes not known
  bool of_model;                                // sizes are a model's
  size_t n_classes;
  char **classes;
  bool *ignored; // (n_ignore) whether a folder or a line of a list has that class
  char **ignore; // (n_ignore) those names, each once
  size_t n_ignore;
  bool *left_out; // (n_ignored of the schema) the same of those that its fit left out
  unsigned char class_of[256];
  unsigned char *pixels, *maps; // (n_rows, ...) where they are held
  double *sums;                 // (n_rows, channels, 2) of pixels in [0, 1] and squares
  uint64_t count[256];          // pixels of each number of the label maps
};

// images_find.c: rows with paths and labels in words.
cred_status cred__images_find(cred_images *images, const char *path,
                              const cred_images_options *opt);
// images_class.c: classes from options, from a schema, or from the words that were found;
// for label maps of unknown numbers again after all were read.
cred_status cred__images_name_classes(cred_images *images,
                                      const cred_images_options *opt);
cred_status cred__images_number_classes(cred_images *images,
                                        const cred_images_options *opt);
// One row from its files; digest: of their bytes, NULL: not wanted.
cred_status cred__images_load(unsigned char *pixel, unsigned char *map, uint64_t *digest,
                              const cred_images *images, size_t row);

#endif
