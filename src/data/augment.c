// augment.c -- a random map of the plane and of the greys, applied to a picture.
//
//   source - centre = F R(angle) (place - centre) / scale + shift
// with F the flips. Uniform number i of the key is for the i-th of the quantities below.

#include "credence/data/augment.h"
#include "base/fail.h"
#include "base/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PI 3.14159265358979323846
enum {
  U_FLIP,
  U_VERTICAL,
  U_SHIFT_X,
  U_SHIFT_Y,
  U_CROP,
  U_CROP_X,
  U_CROP_Y,
  U_ROTATE,
  U_SCALE,
  U_BRIGHTNESS,
  U_CONTRAST
};

static const char *const words[] = {"flip",   "flip-vertical", "shift",      "crop",
                                    "rotate", "scale",         "brightness", "contrast"};
enum { FLIP, FLIP_VERTICAL, SHIFT, CROP, ROTATE, SCALE, BRIGHTNESS, CONTRAST, N_WORDS };

static const cred_augment nothing = {.crop = 1, .scale_min = 1, .scale_max = 1};

// The numbers of one item, and their ranges.
static const struct {
  size_t n;
  double min, max;
} ranges[N_WORDS] = {
    [SHIFT] = {1, 0, 1},    [CROP] = {1, 0.01, 1},    [ROTATE] = {1, 0, 180},
    [SCALE] = {2, 0.1, 10}, [BRIGHTNESS] = {1, 0, 1}, [CONTRAST] = {1, 0, 1}};

static void put(cred_augment *a, size_t kind, const double *number) {
  switch (kind) {
  case FLIP:
    a->flip = true;
    break;
  case FLIP_VERTICAL:
    a->flip_vertical = true;
    break;
  case SHIFT:
    a->shift = number[0];
    break;
  case CROP:
    a->crop = number[0];
    break;
  case ROTATE:
    a->rotate = number[0];
    break;
  case SCALE:
    a->scale_min = number[0], a->scale_max = number[1];
    break;
  case BRIGHTNESS:
    a->brightness = number[0];
    break;
  default:
    a->contrast = number[0];
    break;
  }
}

static cred_status parse_item(cred_augment *a, bool *seen, char *item) {
  double number[2] = {0};
  char *end = item + strcspn(item, " "), *rest = end + strspn(end, " ");
  *end = 0;
  size_t kind = 0;
  while (kind < N_WORDS && strcmp(words[kind], item) != 0) kind++;
  if (kind == N_WORDS) {
    const char *nearest = cred__nearest(item, words, N_WORDS);
    FAIL(CRED_EINVAL, "augment: '%.60s' is no change of a picture%s%s%s", item,
         nearest ? " (nearest: '" : "", nearest ? nearest : "", nearest ? "')" : "");
  }
  if (seen[kind]) FAIL(CRED_EINVAL, "augment: '%s' is given twice", item);
  seen[kind] = true;
  for (size_t i = 0; i < ranges[kind].n; i++) {
    const size_t n = strcspn(rest, " ");
    if (!cred__parse_double(&number[i], rest, n) ||
        !(number[i] >= ranges[kind].min && number[i] <= ranges[kind].max))
      FAIL(CRED_EINVAL,
           "augment: '%s' takes %zu number%s from %g to %g, '%.40s' is given", item,
           ranges[kind].n, ranges[kind].n > 1 ? "s" : "", ranges[kind].min,
           ranges[kind].max, rest);
    rest += n;
    rest += strspn(rest, " ");
  }
  if (*rest) FAIL(CRED_EINVAL, "augment: '%.60s' is too much behind '%s'", rest, item);
  if (kind == SCALE && number[0] > number[1])
    FAIL(CRED_EINVAL, "augment: 'scale %g %g': the smaller factor comes first", number[0],
         number[1]);
  put(a, kind, number);
  return CRED_OK;
}

cred_status cred_augment_parse(cred_augment *out, const char *text) {
  char copy[512];
  bool seen[N_WORDS] = {false};
  *out = nothing;
  if (strlen(text) >= sizeof copy) FAIL(CRED_EINVAL, "augment: the text is too long");
  if (strspn(text, " ") == strlen(text) || strcmp(text, "none") == 0) return CRED_OK;
  snprintf(copy, sizeof copy, "%s", text);
  for (char *item = copy, *next; item; item = next) {
    next = strchr(item, ',');
    if (next) *next++ = 0;
    item += strspn(item, " ");
    for (size_t n = strlen(item); n && item[n - 1] == ' ';) item[--n] = 0;
    const cred_status status = parse_item(out, seen, item);
    if (status == CRED_OK) continue;
    *out = nothing;
    return status;
  }
  return CRED_OK;
}

bool cred_augment_is_none(const cred_augment *a) {
  return !a->flip && !a->flip_vertical && a->shift == 0 && a->crop == 1 &&
         a->rotate == 0 && a->scale_min == 1 && a->scale_max == 1 && a->brightness == 0 &&
         a->contrast == 0;
}

static size_t append(char *out, size_t at, size_t n_bytes, const char *word, bool wanted,
                     const double *number, size_t n) {
  if (!wanted || at >= n_bytes) return at;
  at += (size_t)snprintf(out + at, n_bytes - at, "%s%s", at ? ", " : "", word);
  for (size_t i = 0; i < n && at < n_bytes; i++) {
    char text[CRED__NUMBER_BYTES];
    cred__format_double(text, number[i]);
    at += (size_t)snprintf(out + at, n_bytes - at, " %s", text);
  }
  return at;
}

void cred_augment_format(char *out, size_t n_bytes, const cred_augment *a) {
  const double scale[] = {a->scale_min, a->scale_max};
  size_t at = 0;
  snprintf(out, n_bytes, "none");
  at = append(out, at, n_bytes, "flip", a->flip, NULL, 0);
  at = append(out, at, n_bytes, "flip-vertical", a->flip_vertical, NULL, 0);
  at = append(out, at, n_bytes, "shift", a->shift != 0, &a->shift, 1);
  at = append(out, at, n_bytes, "crop", a->crop != 1, &a->crop, 1);
  at = append(out, at, n_bytes, "rotate", a->rotate != 0, &a->rotate, 1);
  at = append(out, at, n_bytes, "scale", scale[0] != 1 || scale[1] != 1, scale, 2);
  at = append(out, at, n_bytes, "brightness", a->brightness != 0, &a->brightness, 1);
  append(out, at, n_bytes, "contrast", a->contrast != 0, &a->contrast, 1);
}

// From places of the new picture to places of the old one: pixel centres, from 0.
typedef struct {
  double xx, xy, yx, yy, x0, y0;
} plane_map;

static double between(const cred_key *key, uint64_t i, double low, double high) {
  return low + (high - low) * cred_key_uniform(key, i);
}

static plane_map draw_map(const cred_augment *a, size_t height, size_t width,
                          const cred_key *key) {
  const double window = a->crop < 1 ? between(key, U_CROP, a->crop, 1) : 1;
  const double scale = between(key, U_SCALE, a->scale_min, a->scale_max) / window;
  const double angle = PI / 180 * between(key, U_ROTATE, -a->rotate, a->rotate);
  const double fx = a->flip && cred_key_uniform(key, U_FLIP) < 0.5 ? -1 : 1;
  const double fy = a->flip_vertical && cred_key_uniform(key, U_VERTICAL) < 0.5 ? -1 : 1;
  const double w = (double)width, h = (double)height;
  const double room = (1 - window) / 2;
  const double dx = round(w * between(key, U_SHIFT_X, -a->shift, a->shift)) +
                    w * between(key, U_CROP_X, -room, room);
  const double dy = round(h * between(key, U_SHIFT_Y, -a->shift, a->shift)) +
                    h * between(key, U_CROP_Y, -room, room);
  plane_map m = {.xx = fx * cos(angle) / scale,
                 .xy = fx * sin(angle) / scale,
                 .yx = -fy * sin(angle) / scale,
                 .yy = fy * cos(angle) / scale};
  const double cx = (w - 1) / 2, cy = (h - 1) / 2;
  m.x0 = cx + dx - m.xx * cx - m.xy * cy;
  m.y0 = cy + dy - m.yx * cx - m.yy * cy;
  return m;
}

static size_t mirror(double place, size_t n) {
  const double period = 2 * (double)n;
  double i = fmod(place, period);
  if (i < 0) i += period;
  const size_t at = (size_t)i;
  return at < n ? at : 2 * n - 1 - at;
}

// Brightness and contrast of a byte.
static void draw_greys(unsigned char grey[256], const cred_augment *a,
                       const cred_key *key) {
  const double add = 255 * between(key, U_BRIGHTNESS, -a->brightness, a->brightness);
  const double factor = 1 + between(key, U_CONTRAST, -a->contrast, a->contrast);
  for (int v = 0; v < 256; v++) {
    const double value = 127.5 + factor * (v - 127.5) + add;
    grey[v] = (unsigned char)fmin(255, fmax(0, round(value)));
  }
}

void cred_augment_apply(unsigned char *out_pixel, unsigned char *out_map,
                        const cred_augment *a, const unsigned char *pixel,
                        const unsigned char *map, size_t height, size_t width,
                        size_t channels, const cred_key *key) {
  const plane_map m = draw_map(a, height, width, key);
  unsigned char grey[256];
  draw_greys(grey, a, key);
  for (size_t i = 0; i < height; i++)
    for (size_t j = 0; j < width; j++) {
      const double x = m.x0 + m.xx * (double)j + m.xy * (double)i;
      const double y = m.y0 + m.yx * (double)j + m.yy * (double)i;
      const double left = floor(x), top = floor(y);
      const float u = (float)(x - left), v = (float)(y - top);
      const size_t x0 = mirror(left, width), x1 = mirror(left + 1, width);
      const size_t y0 = mirror(top, height), y1 = mirror(top + 1, height);
      const unsigned char *p00 = pixel + (y0 * width + x0) * channels;
      const unsigned char *p01 = pixel + (y0 * width + x1) * channels;
      const unsigned char *p10 = pixel + (y1 * width + x0) * channels;
      const unsigned char *p11 = pixel + (y1 * width + x1) * channels;
      unsigned char *q = out_pixel + (i * width + j) * channels;
      for (size_t c = 0; c < channels; c++) {
        const float upper = (float)p00[c] + u * (float)(p01[c] - p00[c]);
        const float lower = (float)p10[c] + u * (float)(p11[c] - p10[c]);
        q[c] = grey[(unsigned char)(upper + v * (lower - upper) + 0.5f)];
      }
      if (map)
        out_map[i * width + j] = map[(v < 0.5f ? y0 : y1) * width + (u < 0.5f ? x0 : x1)];
    }
}
