// schema_json.c -- a schema as JSON text and back.
//
// Offsets are not written: the reader derives them again.

#include "data/schema.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_words[] = {"numeric", "categorical", NULL};
const char *const cred__target_words[] = {"number", "count", "class", NULL};
const char *const cred__missing_words[] = {"error", "mean", "indicator", "drop", NULL};

// Sets a member; true on success. Takes the value over, NULL fails.
static bool put(json_t *object, const char *key, json_t *value) {
  return json_object_set_new(object, key, value) == 0;
}

static json_t *names_json(char *const *names, size_t n) {
  json_t *list = json_array();
  for (size_t i = 0; list && i < n; i++)
    if (json_array_append_new(list, json_string(names[i])) != 0) {
      json_decref(list);
      return NULL;
    }
  return list;
}

static bool put_column(json_t *list, const cred_schema_column *c) {
  json_t *o = json_object();
  bool ok = o && put(o, "name", json_string(c->name)) &&
            put(o, "type", json_string(type_words[c->type])) &&
            put(o, "levels", names_json(c->levels, c->n_levels)) &&
            put(o, "indicator", json_boolean(c->indicator)) &&
            put(o, "constant", json_boolean(c->constant)) &&
            put(o, "mean", json_real(c->mean)) && put(o, "sd", json_real(c->sd));
  if (!ok) {
    json_decref(o);
    return false;
  }
  return json_array_append_new(list, o) == 0;
}

static bool put_target(json_t *list, const cred_schema_target *t) {
  json_t *o = json_object();
  bool ok = o && put(o, "name", json_string(t->name)) &&
            put(o, "type", json_string(cred__target_words[t->type])) &&
            put(o, "classes", names_json(t->classes, t->n_classes)) &&
            put(o, "mean", json_real(t->mean)) && put(o, "sd", json_real(t->sd));
  if (!ok) {
    json_decref(o);
    return false;
  }
  return json_array_append_new(list, o) == 0;
}

// null where there are none.
static json_t *pixels_json(const cred_schema_pixels *p) {
  json_t *o = json_object(), *mean = json_array(), *sd = json_array();
  json_t *class_of = json_array();
  if (!p->height) {
    json_decref(o), json_decref(mean), json_decref(sd), json_decref(class_of);
    return json_null();
  }
  bool ok = o && put(o, "height", json_integer((json_int_t)p->height)) &&
            put(o, "width", json_integer((json_int_t)p->width)) &&
            put(o, "channels", json_integer((json_int_t)p->channels)) &&
            put(o, "resized", json_boolean(p->resized)) &&
            put(o, "per_pixel", json_boolean(p->per_pixel));
  for (size_t c = 0; c < p->channels; c++)
    ok = ok && json_array_append_new(mean, json_real(p->mean[c])) == 0 &&
         json_array_append_new(sd, json_real(p->sd[c])) == 0;
  for (size_t v = 0; v < 256; v++)
    ok = ok && json_array_append_new(class_of, json_integer(p->class_of[v])) == 0;
  ok = ok && json_object_set(o, "mean", mean) == 0 && json_object_set(o, "sd", sd) == 0 &&
       json_object_set(o, "class_of", class_of) == 0;
  if (ok && p->n_ignored) ok = put(o, "ignored", names_json(p->ignored, p->n_ignored));
  json_decref(mean), json_decref(sd), json_decref(class_of);
  if (ok) return o;
  json_decref(o);
  return NULL;
}

static json_t *text_json(const char *text) {
  return text ? json_string(text) : json_null();
}

static json_t *shape_json(cred_shape shape) {
  return json_pack("[III]", (json_int_t)shape.height, (json_int_t)shape.width,
                   (json_int_t)shape.channels);
}

cred_status cred_schema_to_json(char **out, const cred_schema *schema) {
  *out = NULL;
  json_t *root = json_object(), *columns = json_array(), *targets = json_array();
  bool ok = root && columns && targets;
  for (size_t i = 0; ok && i < schema->n_columns; i++)
    ok = put_column(columns, &schema->columns[i]);
  for (size_t i = 0; ok && i < schema->n_targets; i++)
    ok = put_target(targets, &schema->targets[i]);
  ok = ok && json_object_set(root, "columns", columns) == 0 &&
       json_object_set(root, "targets", targets) == 0 &&
       (!schema->pixels.height || put(root, "pixels", pixels_json(&schema->pixels))) &&
       put(root, "missing", json_string(cred__missing_words[schema->missing])) &&
       put(root, "id", text_json(schema->id)) &&
       put(root, "weight", text_json(schema->weight)) &&
       put(root, "input_scale", json_real(schema->input_scale));
  // without it: a row of numbers
  if (ok && !schema->pixels.height && cred__is_image(schema->shape))
    ok = put(root, "shape", shape_json(schema->shape));
  char *text = ok ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(root), json_decref(columns), json_decref(targets);
  if (!text) FAIL(CRED_ENOMEM, "no memory for a schema, or a name that is not UTF-8");
  const cred_status status = cred__strdup(out, text);
  free(text);
  return status;
}

static cred_status read_word(int *out, const json_t *object, const char *key,
                             const char *const *words) {
  const char *given = json_string_value(json_object_get(object, key));
  for (*out = 0; given && words[*out]; ++*out)
    if (strcmp(given, words[*out]) == 0) return CRED_OK;
  FAIL(CRED_EDATA, "schema: '%s' is %.40s%s%s, '%s' or the like is expected", key,
       given ? "'" : "not there", given ? given : "", given ? "'" : "", words[0]);
}

static cred_status read_number(double *out, const json_t *object, const char *key,
                               double above) {
  const json_t *value = json_object_get(object, key);
  *out = json_is_number(value) ? json_number_value(value) : NAN;
  if (!(*out > above && fabs(*out) <= 1e300))
    FAIL(CRED_EDATA, "schema: '%s' is no finite number in its range", key);
  return CRED_OK;
}

static cred_status read_bool(bool *out, const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (!json_is_boolean(value)) FAIL(CRED_EDATA, "schema: '%s' is not true or false", key);
  *out = json_is_true(value);
  return CRED_OK;
}

static cred_status read_name(char **out, const json_t *value, const char *what) {
  const char *text = json_string_value(value);
  if (!text || !*text || strlen(text) > 1 << 20)
    FAIL(CRED_EDATA, "schema: %s is not a text", what);
  return cred__strdup(out, text);
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static cred_status check_distinct(const char **names, size_t n, const char *what) {
  qsort(names, n, sizeof *names, compare_texts);
  for (size_t i = 1; i < n; i++)
    if (strcmp(names[i - 1], names[i]) == 0)
      FAIL(CRED_EDATA, "schema: %s '%.100s' is there twice", what, names[i]);
  return CRED_OK;
}

static cred_status read_names(char ***out, size_t *n_out, const json_t *list,
                              const char *what) {
  const size_t n = json_array_size(list);
  const char **sorted = NULL;
  if (!json_is_array(list)) FAIL(CRED_EDATA, "schema: %s are not a list", what);
  TRY(NEW(out, n, "a schema"));
  for (*n_out = 0; *n_out < n; ++*n_out)
    TRY(read_name(&(*out)[*n_out], json_array_get(list, *n_out), what));
  TRY(NEW(&sorted, n, "a schema"));
  for (size_t i = 0; i < n; i++) sorted[i] = (*out)[i];
  const cred_status status = check_distinct(sorted, n, what);
  cred__free(sorted);
  return status;
}

static cred_status read_column(cred_schema_column *c, const json_t *object) {
  int type;
  TRY(read_name(&c->name, json_object_get(object, "name"), "a column name"));
  TRY(read_word(&type, object, "type", type_words));
  c->type = (cred_column_type)type;
  TRY(read_names(&c->levels, &c->n_levels, json_object_get(object, "levels"), "levels"));
  TRY(read_bool(&c->indicator, object, "indicator"));
  TRY(read_bool(&c->constant, object, "constant"));
  TRY(read_number(&c->mean, object, "mean", -INFINITY));
  TRY(read_number(&c->sd, object, "sd", 0.0));
  if (c->type == CRED_COLUMN_NUMERIC && c->n_levels)
    FAIL(CRED_EDATA, "schema: the numeric column '%.100s' has levels", c->name);
  if (c->type == CRED_COLUMN_CATEGORICAL && !c->n_levels && !c->indicator)
    FAIL(CRED_EDATA, "schema: the column '%.100s' has no levels", c->name);
  return CRED_OK;
}

static cred_status read_target(cred_schema_target *t, const json_t *object) {
  int type;
  TRY(read_name(&t->name, json_object_get(object, "name"), "a target name"));
  TRY(read_word(&type, object, "type", cred__target_words));
  t->type = (cred_target_type)type;
  TRY(read_names(&t->classes, &t->n_classes, json_object_get(object, "classes"),
                 "classes"));
  TRY(read_number(&t->mean, object, "mean", -INFINITY));
  TRY(read_number(&t->sd, object, "sd", 0.0));
  const bool is_class = t->type == CRED_TARGET_CLASS;
  if (is_class ? t->n_classes < 2 || t->n_classes > CRED__CLASSES : t->n_classes > 0)
    FAIL(CRED_EDATA, "schema: the target '%.100s' has %zu classes", t->name,
         t->n_classes);
  if (t->type != CRED_TARGET_NUMBER && (t->mean != 0.0 || t->sd != 1.0))
    FAIL(CRED_EDATA, "schema: the target '%.100s' is standardised but no number",
         t->name);
  return CRED_OK;
}

// Names of columns, targets, id and weight.
static cred_status check_names(const cred_schema *s) {
  const char **names;
  size_t n = 0;
  TRY(NEW(&names, s->n_columns + s->n_targets + 2, "a schema"));
  for (size_t i = 0; i < s->n_columns; i++) names[n++] = s->columns[i].name;
  for (size_t i = 0; i < s->n_targets; i++) names[n++] = s->targets[i].name;
  if (s->id) names[n++] = s->id;
  if (s->weight) names[n++] = s->weight;
  const cred_status status = check_distinct(names, n, "the column");
  cred__free(names);
  return status;
}

static cred_status read_optional(char **out, const json_t *root, const char *key) {
  const json_t *value = json_object_get(root, key);
  if (json_is_null(value)) return CRED_OK;
  return read_name(out, value, key);
}

static cred_status read_shape(cred_shape *shape, const json_t *root) {
  const json_t *list = json_object_get(root, "shape");
  size_t *const extents[] = {&shape->height, &shape->width, &shape->channels};
  if (!list) return CRED_OK;
  for (size_t i = 0; i < 3; i++) {
    const json_t *value = json_array_get(list, i);
    const json_int_t extent = json_integer_value(value);
    if (json_array_size(list) != 3 || extent < 1 || extent > 10000000)
      FAIL(CRED_EDATA, "schema: 'shape' is not height, width and channels of an image");
    *extents[i] = (size_t)extent;
  }
  return CRED_OK;
}

static cred_status read_size(size_t *out, const json_t *object, const char *key,
                             size_t max) {
  const json_t *value = json_object_get(object, key);
  const json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;
  if (n < 1 || n > (json_int_t)max)
    FAIL(CRED_EDATA, "schema: '%s' is not a whole number from 1 to %zu", key, max);
  *out = (size_t)n;
  return CRED_OK;
}

static cred_status read_channels(cred_schema_pixels *p, const json_t *o) {
  const json_t *mean = json_object_get(o, "mean"), *sd = json_object_get(o, "sd");
  if (json_array_size(mean) != p->channels || json_array_size(sd) != p->channels)
    FAIL(CRED_EDATA, "schema: mean and sd of %zu channels are expected", p->channels);
  for (size_t c = 0; c < p->channels; c++) {
    p->mean[c] = json_number_value(json_array_get(mean, c));
    p->sd[c] = json_number_value(json_array_get(sd, c));
    if (!(fabs(p->mean[c]) <= 1) || !(p->sd[c] > 0 && p->sd[c] <= 1))
      FAIL(CRED_EDATA, "schema: channel %zu has mean %g and sd %g", c, p->mean[c],
           p->sd[c]);
  }
  return CRED_OK;
}

// Not there: none, as in files of fits that left no class out.
static cred_status read_ignored(cred_schema_pixels *p, const json_t *o,
                                const cred_schema_target *target) {
  const json_t *list = json_object_get(o, "ignored");
  if (!list) return CRED_OK;
  TRY(read_names(&p->ignored, &p->n_ignored, list, "classes that are ignored"));
  for (size_t i = 0; i < p->n_ignored; i++)
    for (size_t c = 0; c < target->n_classes; c++)
      if (strcmp(p->ignored[i], target->classes[c]) == 0)
        FAIL(CRED_EDATA, "schema: the class '%.100s' is ignored too", p->ignored[i]);
  return CRED_OK;
}

static cred_status read_pixels(cred_schema_pixels *p, const json_t *o, size_t n_classes) {
  const json_t *class_of = json_object_get(o, "class_of");
  bool seen[256] = {false};
  size_t n_seen = 0;
  TRY(read_size(&p->height, o, "height", 65535));
  TRY(read_size(&p->width, o, "width", 65535));
  TRY(read_size(&p->channels, o, "channels", 4));
  TRY(read_bool(&p->resized, o, "resized"));
  TRY(read_bool(&p->per_pixel, o, "per_pixel"));
  TRY(read_channels(p, o));
  if (json_array_size(class_of) != 256)
    FAIL(CRED_EDATA, "schema: 256 numbers of label maps are expected");
  for (size_t v = 0; v < 256; v++) {
    const json_int_t class = json_integer_value(json_array_get(class_of, v));
    const bool known = class >= 0 && class < (json_int_t)n_classes && class < 254;
    if (!known && class != CRED_CLASS_UNKNOWN && class != CRED_CLASS_IGNORED)
      FAIL(CRED_EDATA, "schema: number %zu stands for no class", v);
    p->class_of[v] = (unsigned char)class;
    if (known && !seen[class]) seen[class] = true, n_seen++;
  }
  if (p->per_pixel && n_seen != n_classes)
    FAIL(CRED_EDATA, "schema: %zu classes have a number in label maps, there are %zu",
         n_seen, n_classes);
  return CRED_OK;
}

static cred_status read_schema(cred_schema *s, const json_t *root) {
  const json_t *columns = json_object_get(root, "columns");
  const json_t *targets = json_object_get(root, "targets");
  const size_t n_columns = json_array_size(columns), n_targets = json_array_size(targets);
  int missing;
  const json_t *pixels = json_object_get(root, "pixels");
  if ((n_columns < 1) != (pixels != NULL) || n_columns > 1000000 || n_targets < 1 ||
      n_targets > 100000)
    FAIL(CRED_EDATA, "schema: %zu columns and %zu targets", n_columns, n_targets);
  TRY(NEW(&s->columns, n_columns, "a schema"));
  s->n_columns = n_columns;
  TRY(NEW(&s->targets, n_targets, "a schema"));
  s->n_targets = n_targets;
  for (size_t i = 0; i < n_columns; i++)
    TRY(read_column(&s->columns[i], json_array_get(columns, i)));
  for (size_t i = 0; i < n_targets; i++)
    TRY(read_target(&s->targets[i], json_array_get(targets, i)));
  if (pixels) {
    TRY(read_pixels(&s->pixels, pixels, s->targets[0].n_classes));
    TRY(read_ignored(&s->pixels, pixels, &s->targets[0]));
  }
  TRY(read_word(&missing, root, "missing", cred__missing_words));
  s->missing = (cred_missing)missing;
  TRY(read_optional(&s->id, root, "id"));
  TRY(read_optional(&s->weight, root, "weight"));
  TRY(read_number(&s->input_scale, root, "input_scale", -1e-300));
  TRY(read_shape(&s->shape, root));
  TRY(check_names(s));
  return cred__schema_layout(s);
}

cred_status cred_schema_from_json(cred_schema **out, const char *json, size_t n_bytes) {
  *out = NULL;
  json_error_t error;
  json_t *root = json_loadb(json, n_bytes, JSON_REJECT_DUPLICATES, &error);
  if (!root)
    FAIL(CRED_EDATA, "schema: not sound JSON: line %d, column %d: %.100s", error.line,
         error.column, error.text);
  cred_schema *schema = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(NEW(&schema, 1, "a schema"));
  TRY_DONE(read_schema(schema, root));
  *out = schema;
  schema = NULL;
done:
  json_decref(root);
  cred_schema_free(schema);
  return status;
}
