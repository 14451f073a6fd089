// images_class.c -- the classes of a set of pictures: as given, as a model has them, or
// as they are found.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include "data/images.h"
#include "data/levels.h"
#include "data/schema.h"
#include <stdio.h>
#include <string.h>

static bool is_ignored(const cred_images_options *opt, const char *name) {
  for (size_t i = 0; i < opt->n_ignore; i++)
    if (strcmp(opt->ignore[i], name) == 0) return true;
  return false;
}

static bool number_ignored(const cred_images_options *opt, size_t number) {
  char text[24];
  snprintf(text, sizeof text, "%zu", number);
  return is_ignored(opt, text) ||
         (number < opt->n_classes && is_ignored(opt, opt->classes[number]));
}

static cred_status add_class(cred_images *images, const char *name) {
  TRY(RESIZE(&images->classes, images->n_classes, images->n_classes + 1, "classes"));
  TRY(cred__strdup(&images->classes[images->n_classes], name));
  images->n_classes++;
  return CRED_OK;
}

static cred_status classes_of_schema(cred_images *images, const cred_schema *schema) {
  const cred_schema_target *target = &schema->targets[0];
  for (size_t i = 0; i < target->n_classes; i++)
    TRY(add_class(images, target->classes[i]));
  memcpy(images->class_of, schema->pixels.class_of, 256);
  return CRED_OK;
}

static cred_status classes_of_words(cred_images *images) {
  cred__levels levels = {0};
  char **names = NULL, *text = NULL;
  int32_t *code = NULL;
  cred_status status = CRED_OK;
  for (size_t i = 0; i < images->n_rows; i++) {
    int32_t number;
    const char *label = images->rows[i].label_text;
    if (label) TRY_DONE(cred__levels_add(&number, &levels, label, strlen(label)));
  }
  if (levels.n == 0) goto done;
  TRY_DONE(cred__levels_sorted(&names, &text, &code, &levels));
  for (size_t i = 0; i < levels.n; i++) TRY_DONE(add_class(images, names[i]));
done:
  cred__free(names);
  cred__free(text);
  cred__free(code);
  cred__levels_clear(&levels);
  return status;
}

// Numbers of label maps that stand for the classes given, without those ignored.
static cred_status classes_given(cred_images *images, const cred_images_options *opt) {
  if (images->per_pixel && opt->n_classes > CRED_CLASS_UNKNOWN)
    FAIL(CRED_EINVAL, "%zu classes are given, label maps have %d at most", opt->n_classes,
         CRED_CLASS_UNKNOWN);
  for (size_t i = 0; i < opt->n_classes; i++) {
    const bool out =
        is_ignored(opt, opt->classes[i]) || (images->per_pixel && number_ignored(opt, i));
    if (i < 256)
      images->class_of[i] = out ? CRED_CLASS_IGNORED : (unsigned char)images->n_classes;
    if (!out) TRY(add_class(images, opt->classes[i]));
  }
  for (size_t i = opt->n_classes; i < 256; i++)
    images->class_of[i] =
        number_ignored(opt, i) ? CRED_CLASS_IGNORED : CRED_CLASS_UNKNOWN;
  return CRED_OK;
}

static cred_status find_label(cred__picture *row, const cred_images *images,
                              const cred__names *names, bool unknown_none) {
  const size_t place = cred__names_find(names, row->label_text);
  if (place == SIZE_MAX && unknown_none) return CRED_OK; // it stays -1
  if (place != SIZE_MAX) {
    row->label = (int32_t)place;
    return CRED_OK;
  }
  const char *nearest = cred__nearest(
      row->label_text, (const char *const *)images->classes, images->n_classes);
  FAIL(CRED_EDATA,
       "%s: its class '%.100s' is none of the %zu known%s%s%s; --ignore-class %.100s "
       "leaves "
       "it out",
       row->path, row->label_text, images->n_classes, nearest ? " (nearest: '" : "",
       nearest ? nearest : "", nearest ? "')" : "", row->label_text);
}

static cred_status find_labels(cred_images *images, bool unknown_none) {
  cred__names names;
  TRY(cred__names_init(&names, images->classes, images->n_classes));
  cred_status status = CRED_OK;
  for (size_t i = 0; status == CRED_OK && i < images->n_rows; i++)
    status = find_label(&images->rows[i], images, &names, unknown_none);
  cred__names_clear(&names);
  return status;
}

// All rows have a class, all have a map, or none has either.
static cred_status check_labels(cred_images *images) {
  size_t n_words = 0, n_maps = 0;
  const cred__picture *without = NULL;
  for (size_t i = 0; i < images->n_rows; i++) {
    const cred__picture *row = &images->rows[i];
    n_words += row->label_text != NULL;
    n_maps += row->map != NULL;
    if (!row->label_text && !row->map && !without) without = row;
  }
  images->labelled = n_words + n_maps > 0;
  images->per_pixel = n_maps > 0;
  if (n_words && n_maps)
    FAIL(CRED_EDATA, "%s: %zu pictures have a class and %zu a label map", images->source,
         n_words, n_maps);
  if (images->labelled && without)
    FAIL(CRED_EDATA, "%s: has no label, the others have", without->path);
  return CRED_OK;
}

// A name to ignore must be one of something: of a class given or found, or, of label
// maps, a number.
static cred_status check_ignored(const cred_images *images,
                                 const cred_images_options *opt) {
  // that there are no labels at all is the first thing to say
  for (size_t i = 0; images->labelled && i < opt->n_ignore; i++) {
    const char *name = opt->ignore[i];
    size_t number;
    bool known = images->ignored && images->ignored[i];
    known |= images->per_pixel && cred__parse_size(&number, name, strlen(name)) &&
             number < 256;
    for (size_t c = 0; c < opt->n_classes; c++)
      known |= strcmp(opt->classes[c], name) == 0;
    if (!known)
      FAIL(CRED_EDATA, "%s: '%.100s' is to be ignored, but no class is called that%s",
           images->source, name,
           images->per_pixel ? " (of label maps numbers are names, from 0 to 255)" : "");
  }
  return CRED_OK;
}

cred_status cred__images_name_classes(cred_images *images,
                                      const cred_images_options *opt) {
  TRY(check_labels(images));
  if (!opt->schema) TRY(check_ignored(images, opt));
  memset(images->class_of, CRED_CLASS_UNKNOWN, sizeof images->class_of);
  if (opt->schema) {
    TRY(classes_of_schema(images, opt->schema));
    if (images->labelled && images->per_pixel != opt->schema->pixels.per_pixel)
      FAIL(CRED_EDATA, "%s: has %s, the model was fitted to %s", images->source,
           images->per_pixel ? "label maps" : "a class a picture",
           images->per_pixel ? "a class a picture"
                             : "label maps (folders in a folder are classes: give that "
                               "of the pictures)");
  } else if (opt->n_classes) {
    TRY(classes_given(images, opt));
  } else if (images->per_pixel) {
    images->any_number = true;
    for (size_t i = 0; i < 256; i++)
      if (number_ignored(opt, i)) images->class_of[i] = CRED_CLASS_IGNORED;
    return CRED_OK;
  } else {
    TRY(classes_of_words(images));
  }
  return images->labelled && !images->per_pixel ? find_labels(images, opt->unknown_none)
                                                : CRED_OK;
}

cred_status cred__images_number_classes(cred_images *images,
                                        const cred_images_options *opt) {
  char name[24];
  images->any_number = false;
  for (size_t i = 0; i < 256; i++) {
    if (!images->count[i] || number_ignored(opt, i)) continue;
    if (images->n_classes == CRED_CLASS_UNKNOWN)
      FAIL(CRED_EDATA, "%s: more than %d classes in the label maps", images->source,
           CRED_CLASS_UNKNOWN);
    images->class_of[i] = (unsigned char)images->n_classes;
    snprintf(name, sizeof name, "%zu", i);
    TRY(add_class(images, name));
  }
  const size_t n = images->n_rows * images->height * images->width;
  for (size_t i = 0; images->maps && i < n; i++)
    images->maps[i] = images->class_of[images->maps[i]];
  return CRED_OK;
}
