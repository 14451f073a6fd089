// toy_images.c -- pictures drawn by the program: strokes by their distance, shapes by
// which side of their edges a place lies on.

#include "credence/data/toy_images.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/text.h"
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
enum { DIGIT_SIDE = 28, SHAPE_SIDE = 48, IGNORED = 255, SLOTS = 4096 };

static const struct {
  const char *name, *about;
  size_t n_rows;
} sets[] = {
    {"digits", "ten digits of a few strokes, 28 x 28, grey: a folder a class (1000)",
     1000},
    {"shapes", "discs, squares, triangles, 48 x 48, colour: images/ and labels/ (200)",
     200},
    {"stars", "the same with stars among them, which no class knows (40)", 40},
};
enum { N_SETS = sizeof sets / sizeof *sets };

size_t cred_toy_images_count(void) {
  return N_SETS;
}
const char *cred_toy_images_name(size_t i) {
  return i < N_SETS ? sets[i].name : NULL;
}
const char *cred_toy_images_about(size_t i) {
  return i < N_SETS ? sets[i].about : NULL;
}

// Uniform numbers of one picture, one after the other.
typedef struct {
  cred_key key;
  uint64_t next;
} source;

static double uniform(source *s, double low, double high) {
  return low + (high - low) * cred_key_uniform(&s->key, s->next++);
}

static double normal(source *s) {
  return cred_key_normal(&s->key, s->next++);
}

// --- digits ---

typedef struct {
  double x, y;
} place;

// Strokes of each digit in the unit square, y downwards; a negative x ends a stroke.
#define END                                                                              \
  { -1, 0 }
static const place strokes[10][20] = {
    {{.5, .1},
     {.68, .18},
     {.77, .5},
     {.68, .82},
     {.5, .9},
     {.32, .82},
     {.23, .5},
     {.32, .18},
     {.5, .1},
     END},
    {{.35, .25}, {.53, .1}, {.53, .9}, END},
    {{.25, .3},
     {.32, .14},
     {.5, .1},
     {.7, .17},
     {.73, .36},
     {.58, .58},
     {.25, .9},
     {.77, .9},
     END},
    {{.26, .15},
     {.5, .1},
     {.72, .2},
     {.68, .4},
     {.45, .48},
     {.73, .58},
     {.75, .78},
     {.53, .9},
     {.25, .84},
     END},
    {{.62, .9}, {.62, .1}, {.22, .65}, {.8, .65}, END},
    {{.73, .1},
     {.32, .1},
     {.28, .45},
     {.55, .41},
     {.75, .57},
     {.71, .79},
     {.5, .9},
     {.25, .83},
     END},
    {{.66, .1},
     {.42, .28},
     {.27, .6},
     {.33, .83},
     {.52, .9},
     {.71, .82},
     {.72, .63},
     {.53, .52},
     {.3, .64},
     END},
    {{.22, .1}, {.78, .1}, {.45, .9}, END},
    {{.5, .47},
     {.32, .4},
     {.31, .2},
     {.5, .1},
     {.69, .2},
     {.68, .4},
     {.5, .47},
     {.27, .6},
     {.28, .82},
     {.5, .9},
     {.72, .82},
     {.73, .6},
     {.5, .47},
     END},
    {{.7, .38},
     {.5, .54},
     {.3, .45},
     {.28, .23},
     {.48, .1},
     {.68, .18},
     {.7, .38},
     {.66, .65},
     {.5, .9},
     END},
};

static double distance(place p, place a, place b) {
  const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  double t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
  t = fmin(1, fmax(0, t));
  return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

static cred_status draw_digit(cred_image *image, int digit, source *s) {
  place point[20];
  size_t n = 0;
  TRY(cred_image_new(image, DIGIT_SIDE, DIGIT_SIDE, 1));
  const double slant = uniform(s, -0.25, 0.25), angle = uniform(s, -0.2, 0.2);
  const double sx = uniform(s, 0.6, 0.95), sy = uniform(s, 0.7, 0.95);
  const double mx = uniform(s, 0.42, 0.58), my = uniform(s, 0.45, 0.55);
  const double half = uniform(s, 0.025, 0.06), bright = uniform(s, 180, 255);
  for (; strokes[digit][n].x >= 0; n++) {
    const double x = sx * (strokes[digit][n].x - 0.5 + 0.02 * normal(s));
    const double y = sy * (strokes[digit][n].y - 0.5 + 0.02 * normal(s));
    const double u = x - slant * y;
    point[n] = (place){mx + cos(angle) * u - sin(angle) * y,
                       my + sin(angle) * u + cos(angle) * y};
  }
  for (size_t i = 0; i < DIGIT_SIDE * DIGIT_SIDE; i++) {
    const place p = {((double)(i % DIGIT_SIDE) + 0.5) / DIGIT_SIDE,
                     ((double)(i / DIGIT_SIDE) + 0.5) / DIGIT_SIDE};
    double d = 1;
    for (size_t k = 1; k < n; k++) d = fmin(d, distance(p, point[k - 1], point[k]));
    const double ink = fmin(1, fmax(0, 0.5 + (half - d) * DIGIT_SIDE));
    image->pixel[i] = (unsigned char)fmin(255, fmax(0, bright * ink + 6 * normal(s) + 6));
  }
  return CRED_OK;
}

// --- shapes ---

enum { DISC = 1, SQUARE = 2, TRIANGLE = 3, STAR = 4 };

typedef struct {
  int kind;
  double x, y, radius, angle, colour[3];
} shape;

// Below 0 inside, in pixels from the edge or a little less.
static double edge(const shape *s, double x, double y) {
  const double dx = x - s->x, dy = y - s->y;
  const double u = cos(s->angle) * dx + sin(s->angle) * dy;
  const double v = cos(s->angle) * dy - sin(s->angle) * dx, r = s->radius;
  if (s->kind == DISC) return hypot(u, v) - r;
  if (s->kind == SQUARE) return fmax(fabs(u), fabs(v)) - 0.85 * r;
  if (s->kind == TRIANGLE) {
    const double slope = sqrt(3) / 2 * fabs(u) - v / 2;
    return fmax(v - 0.6 * r, slope - 0.6 * r);
  }
  const double a = fabs(remainder(atan2(u, -v), 2 * PI / 5)); // five rays
  const double at = hypot(u, v), ray = r * 1.15, inner = 0.45 * ray;
  const double px = at * cos(a), py = at * sin(a);
  const double qx = inner * cos(PI / 5), qy = inner * sin(PI / 5);
  return ((px - ray) * qy - py * (qx - ray)) / hypot(qx - ray, qy);
}

static void draw_colour(double *colour, source *s) {
  for (size_t c = 0; c < 3; c++) colour[c] = uniform(s, 20, 235);
}

static size_t draw_list(shape *list, const double *ground, bool stars, source *s) {
  const size_t n = 1 + (size_t)uniform(s, 0, 2.999);
  for (size_t k = 0; k < n; k++) {
    list[k].kind = DISC + (int)uniform(s, 0, 2.999);
    if (stars && k == 0) list[k].kind = STAR;
    list[k].x = uniform(s, 8, SHAPE_SIDE - 8);
    list[k].y = uniform(s, 8, SHAPE_SIDE - 8);
    list[k].radius = uniform(s, 6, 12);
    list[k].angle = uniform(s, 0, 2 * PI);
    for (size_t tries = 0; tries < 20; tries++) { // apart from the ground
      double far = 0;
      draw_colour(list[k].colour, s);
      for (size_t c = 0; c < 3; c++) far = fmax(far, fabs(list[k].colour[c] - ground[c]));
      if (far > 60) break;
    }
  }
  return n;
}

static cred_status draw_shapes(cred_image *image, cred_image *map, bool stars,
                               source *s) {
  double ground[3], tilt[2];
  shape list[3];
  TRY(cred_image_new(image, SHAPE_SIDE, SHAPE_SIDE, 3));
  TRY(cred_image_new(map, SHAPE_SIDE, SHAPE_SIDE, 1));
  draw_colour(ground, s);
  tilt[0] = uniform(s, -25, 25), tilt[1] = uniform(s, -25, 25);
  const size_t n = draw_list(list, ground, stars, s);
  for (size_t i = 0; i < SHAPE_SIDE * SHAPE_SIDE; i++) {
    const double x = (double)(i % SHAPE_SIDE) + 0.5, y = (double)(i / SHAPE_SIDE) + 0.5;
    double colour[3];
    const double light =
        tilt[0] * (x / SHAPE_SIDE - 0.5) + tilt[1] * (y / SHAPE_SIDE - 0.5);
    for (size_t c = 0; c < 3; c++) colour[c] = ground[c] + light;
    for (size_t k = 0; k < n; k++) {
      const double d = edge(&list[k], x, y), share = fmin(1, fmax(0, 0.5 - d));
      for (size_t c = 0; c < 3; c++)
        colour[c] += share * (list[k].colour[c] + light - colour[c]);
      if (d < -0.5)
        map->pixel[i] = list[k].kind == STAR ? IGNORED : (unsigned char)list[k].kind;
      else if (d < 0.5)
        map->pixel[i] = IGNORED;
    }
    for (size_t c = 0; c < 3; c++)
      image->pixel[3 * i + c] =
          (unsigned char)fmin(255, fmax(0, colour[c] + 10 * normal(s)));
  }
  return CRED_OK;
}

static cred_status find(size_t *set, const char *name) {
  const char *names[N_SETS];
  for (*set = 0; *set < N_SETS; ++*set) {
    names[*set] = sets[*set].name;
    if (strcmp(sets[*set].name, name) == 0) return CRED_OK;
  }
  const char *nearest = cred__nearest(name, names, N_SETS);
  FAIL(CRED_EINVAL, "there is no set of pictures '%.60s'%s%s%s", name,
       nearest ? " (nearest: '" : "", nearest ? nearest : "", nearest ? "')" : "");
}

cred_status cred_toy_image(cred_image *image, cred_image *map, int *label,
                           const char *name, size_t i, uint64_t seed) {
  size_t set;
  *image = *map = (cred_image){0};
  *label = -1;
  TRY(find(&set, name));
  const cred_key root = cred_key_make(seed);
  const cred_key data = cred_key_derive(&root, CRED_FOR_DATA, 1000 + set);
  source s = {.key = cred_key_derive(&data, CRED_FOR_DATA, i)};
  if (set == 0) {
    *label = (int)(i % 10);
    return draw_digit(image, *label, &s);
  }
  const cred_status status = draw_shapes(image, map, set == 2, &s);
  if (status != CRED_OK) cred_image_clear(image);
  return status;
}

static cred_status write_one(const char *folder, const char *name, size_t i,
                             uint64_t seed) {
  cred_image image, map;
  cred__text path = {0};
  int label;
  TRY(cred_toy_image(&image, &map, &label, name, i, seed));
  cred_status status;
  if (label >= 0)
    cred__text_printf(&path, "%s/%d/%05zu.png", folder, label, i);
  else
    cred__text_printf(&path, "%s/images/%05zu.png", folder, i);
  TRY_DONE(cred__text_status(&path));
  TRY_DONE(cred_image_write_png(&image, path.s, NULL, 0));
  if (label >= 0) goto done;
  path.n = 0;
  cred__text_printf(&path, "%s/labels/%05zu.png", folder, i);
  TRY_DONE(cred__text_status(&path));
  TRY_DONE(cred_image_write_png(&map, path.s, NULL, 0));
done:
  cred__text_clear(&path);
  cred_image_clear(&image);
  cred_image_clear(&map);
  return status;
}

static cred_status make_folder(const char *folder, const char *name) {
  cred__text path = {0};
  cred__text_printf(&path, "%s/%s", folder, name);
  cred_status status = cred__text_status(&path);
  if (status == CRED_OK) status = cred__folder_make(path.s);
  cred__text_clear(&path);
  return status;
}

static cred_status write_classes(const char *folder) {
  cred__text path = {0};
  cred__writer writer;
  cred__text_printf(&path, "%s/classes.txt", folder);
  cred_status status = cred__text_status(&path);
  if (status == CRED_OK) status = cred__writer_init(&writer, path.s);
  cred__text_clear(&path);
  TRY(status);
  fputs("ground\ndisc\nsquare\ntriangle\n", writer.file);
  return cred__writer_commit(&writer);
}

cred_status cred_toy_images_write(const char *folder, const char *name, size_t n_rows,
                                  uint64_t seed) {
  size_t set;
  TRY(find(&set, name));
  if (!n_rows) n_rows = sets[set].n_rows;
  TRY(cred__folder_make(folder));
  if (set > 0) {
    TRY(make_folder(folder, "images"));
    TRY(make_folder(folder, "labels"));
    TRY(write_classes(folder));
  }
  for (size_t d = 0; set == 0 && d < 10 && d < n_rows; d++) {
    const char digit[] = {(char)('0' + d), 0};
    TRY(make_folder(folder, digit));
  }
  for (size_t i = 0; i < n_rows; i++) TRY(write_one(folder, name, i, seed));
  return CRED_OK;
}
