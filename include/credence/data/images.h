// credence/data/images.h -- a set of pictures of one size, with a class each or a label
// map each, from a folder, a list, or arrays of bytes.
//
//   FOLDER            its subfolders are the classes: FOLDER/<class>/*.png
//   FOLDER + labels   pictures of FOLDER, each with the label map of the same name (but
//                     for its ending) in the folder `labels`
//   FOLDER            without either: pictures alone
//   LIST.txt, .csv    lines "PICTURE LABEL" or "PICTURE,LABEL", paths from where LIST is;
//                     LABEL is a class, or the path of a label map (.png)
//   PICTURE.png       one picture; `labels` is its label map or the folder of it
// Names that begin with a dot are passed over; rows are sorted by class, then by name.
//
// Opening reads every file once: sizes, labels and sums are checked and kept, and so are
// the bytes of the pictures where they fit `cache_bytes`; else rows are read again when
// they are wanted.

#ifndef CRED_DATA_IMAGES_H
#define CRED_DATA_IMAGES_H

#include "credence/data/image.h"
#include "credence/data/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cred_images cred_images;

// Texts are borrowed for the call.
typedef struct {
  const char *labels;         // folder of label maps; of one picture also its map
  const char *const *classes; // names in the order of their numbers
  size_t n_classes;           // 0: as they are found
  const char *const *ignore;  // classes (or numbers in label maps) that count nothing
  size_t n_ignore;
  size_t height, width; // every picture is made this large; 0: all have the size of the
                        // first
  size_t channels;      // 1, 3; 0: as the first
  const cred_schema *schema; // of a model: sizes and classes are the model's
  bool without_labels;       // they are not looked for
  bool unknown_none;         // a class that the schema does not have is no label
  bool paths_only;           // no picture is decoded: names, paths and classes alone, any
                             // sizes; the digest only where there are label maps
  size_t cache_bytes;        // default 1 GiB
  size_t n_threads;          // 0: cores
} cred_images_options;

CRED_API cred_images_options cred_images_defaults(void);

/// Whether a path is a set of pictures by itself: a folder, a picture, a list whose first
/// line begins with the name of a picture. Arrays are not (they may be tables as well).
CRED_API bool cred_images_is_set(const char *path);

/// Whether the second line of a file begins with the name of a picture and the first does
/// not: a list with a header, which is none.
CRED_API bool cred_images_has_header(const char *path);

/// Open and check a set. Fails with CRED_EDATA ("FILE: what is wrong": no pictures, a
/// picture without label, another size without one asked for, an unknown class with the
/// nearest, a number in a label map that is no class), CRED_ENOINPUT, CRED_EINVAL,
/// CRED_EIO, CRED_ENOMEM.
CRED_API cred_status cred_images_open(cred_images **out, const char *path,
                                      const cred_images_options *opt);
CRED_API void cred_images_free(cred_images *images);

CRED_API size_t cred_images_n_rows(const cred_images *images);
CRED_API size_t cred_images_height(const cred_images *images);
CRED_API size_t cred_images_width(const cred_images *images);
CRED_API size_t cred_images_channels(const cred_images *images);
/// Whether there are pictures of the i-th class that the fit of the schema left out
/// (pixels.ignored); where labels are looked for they are left out here too.
CRED_API bool cred_images_leaves_out(const cred_images *images, size_t i);
CRED_API bool cred_images_has_labels(const cred_images *images);
/// A label map a picture, not a class a picture.
CRED_API bool cred_images_per_pixel(const cred_images *images);
/// Classes in the order of their indices, without those that are ignored.
CRED_API size_t cred_images_n_classes(const cred_images *images);
CRED_API const char *cred_images_class(const cred_images *images, size_t i);
/// Class of a picture; -1 where it is ignored or unknown, or where there are label maps.
CRED_API int32_t cred_images_label(const cred_images *images, size_t row);
/// Name of a row: its path from the set's folder; the number of an array's row.
CRED_API const char *cred_images_name(const cred_images *images, size_t row);
/// Path of the picture's file.
CRED_API const char *cred_images_path(const cred_images *images, size_t row);
/// Path of its label map; NULL where it has none.
CRED_API const char *cred_images_map_path(const cred_images *images, size_t row);
CRED_API const char *cred_images_source(const cred_images *images);
CRED_API const char *cred_images_digest(const cred_images *images);
/// Whether the pictures are held in memory.
CRED_API bool cred_images_is_cached(const cred_images *images);
/// Pictures, or pixels, of each class (n_classes) among rows (NULL: all). Label maps that
/// are not held are read again.
CRED_API cred_status cred_images_count(double *count, const cred_images *images,
                                       const size_t *rows, size_t n_rows);

/// The bytes of a row: pixel (height, width, channels), map (height, width) of class
/// indices, CRED_CLASS_IGNORED where nothing counts; either may be NULL.
CRED_API cred_status cred_images_read_row(unsigned char *pixel, unsigned char *map,
                                          const cred_images *images, size_t row);

/// The schema of these pictures: size, classes, mean and sd of each channel over rows
/// (NULL: all). `target` names what is predicted (NULL: "class").
CRED_API cred_status cred_images_learn(cred_schema **out, const cred_images *images,
                                       const size_t *rows, size_t n_rows,
                                       const char *target);
/// Rows (NULL: first, first + 1, ...) as arrays by a schema of pictures, for predicting:
/// x standardised, y where there are labels (n_targets = pixels with label maps, -1 where
/// nothing counts). Row numbers key the noise.
CRED_API cred_status cred_images_encode(cred_data *out, const cred_schema *schema,
                                        const cred_images *images, const size_t *rows,
                                        size_t first, size_t n_rows);
/// The same, but x is not made: a prediction makes it block by block, so that a set may
/// be larger than memory. The pictures must live on.
CRED_API cred_status cred_images_rows(cred_data *out, const cred_schema *schema,
                                      const cred_images *images, const size_t *rows,
                                      size_t first, size_t n_rows);

#ifdef __cplusplus
}
#endif

#endif
