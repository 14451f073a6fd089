// Changes of pictures: texts, each change against what it must do to known pictures, and
// label maps that stay with their pictures.

#include "check.h"
#include "credence/data/augment.h"

static cred_augment parsed(const char *text) {
  cred_augment a;
  assert_ok(cred_augment_parse(&a, text));
  return a;
}

static void test_texts(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"", "none"},
      {"none", "none"},
      {" flip ,shift 0.10", "flip, shift 0.1"},
      {"brightness 0.2, scale 0.9 1.1, rotate 10, crop 0.8, flip-vertical, contrast 0.5",
       "flip-vertical, crop 0.8, rotate 10, scale 0.9 1.1, brightness 0.2, contrast 0.5"},
  };
  char text[200];
  for (size_t i = 0; i < 4; i++) {
    const cred_augment a = parsed(texts[i][0]);
    cred_augment_format(text, sizeof text, &a);
    assert_string_equal(text, texts[i][1]);
    const cred_augment b = parsed(text);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(cred_augment_is_none(&a), i < 2);
  }
  cred_augment a;
  assert_fails(cred_augment_parse(&a, "flipp"), CRED_EINVAL, "nearest: 'flip'");
  assert_fails(cred_augment_parse(&a, "shift"), CRED_EINVAL,
               "takes 1 number from 0 to 1");
  assert_fails(cred_augment_parse(&a, "shift 2"), CRED_EINVAL, "'2' is given");
  assert_fails(cred_augment_parse(&a, "shift nan"), CRED_EINVAL, "'nan' is given");
  assert_fails(cred_augment_parse(&a, "scale 1.1 0.9"), CRED_EINVAL, "smaller factor");
  assert_fails(cred_augment_parse(&a, "flip, flip"), CRED_EINVAL, "given twice");
  assert_fails(cred_augment_parse(&a, "flip 3"), CRED_EINVAL, "too much behind");
  assert_fails(cred_augment_parse(&a, "flip,,"), CRED_EINVAL, "is no change");
}

enum { H = 16, W = 20 };

static void ramp(unsigned char *pixel, unsigned char *map) {
  for (size_t i = 0; i < H * W; i++) {
    pixel[i] = (unsigned char)(10 * (i % W) + 2 * (i / W));
    map[i] = (unsigned char)i;
  }
}

// Whole-pixel maps: each new pixel is an old one, the one that the label map says.
static void test_maps_stay_together(void **state) {
  (void)state;
  static const char *const texts[] = {"flip", "flip-vertical", "shift 0.3", "none",
                                      "flip, flip-vertical, shift 0.2"};
  unsigned char pixel[H * W], map[H * W], new_pixel[H * W], new_map[H * W];
  ramp(pixel, map);
  for (size_t k = 0; k < 5; k++) {
    const cred_augment a = parsed(texts[k]);
    size_t n_same = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
      const cred_key key = cred_key_make(seed);
      cred_augment_apply(new_pixel, new_map, &a, pixel, map, H, W, 1, &key);
      const bool same = memcmp(new_pixel, pixel, sizeof pixel) == 0;
      n_same += same;
      for (size_t i = 0; i < H * W; i++) { // map has the low byte of the old place
        bool found = false;
        for (size_t old = new_map[i]; old < H * W; old += 256)
          found |= pixel[old] == new_pixel[i];
        assert_true(found);
      }
    }
    if (k == 3) assert_int_equal(n_same, 40);
    if (k < 2) assert_in_range(n_same, 8, 32); // binomial(40, 1/2): 8 is 4 sd away
    if (k == 2) assert_true(n_same < 10);
  }
}

static void test_flip_is_a_flip(void **state) {
  (void)state;
  unsigned char pixel[H * W], map[H * W], new_pixel[H * W], new_map[H * W];
  const cred_augment a = parsed("flip");
  ramp(pixel, map);
  for (uint64_t seed = 0; seed < 20; seed++) {
    const cred_key key = cred_key_make(seed);
    cred_augment_apply(new_pixel, new_map, &a, pixel, map, H, W, 1, &key);
    const bool flipped = new_pixel[0] != pixel[0];
    for (size_t i = 0; i < H; i++)
      for (size_t j = 0; j < W; j++)
        assert_int_equal(new_pixel[i * W + j], pixel[i * W + (flipped ? W - 1 - j : j)]);
  }
}

// A linear ramp turned by an angle is the ramp of the turned place, away from the edges.
static void test_rotation_and_scale(void **state) {
  (void)state;
  enum { N = 41 };
  unsigned char pixel[N * N], out[N * N];
  for (size_t i = 0; i < N * N; i++)
    pixel[i] = (unsigned char)(3 * (i % N) + 2 * (i / N));
  static const char *const texts[] = {"rotate 30", "scale 0.8 1.25"};
  for (size_t k = 0; k < 2; k++) {
    const cred_augment a = parsed(texts[k]);
    double low = 10, high = -10;
    for (uint64_t seed = 0; seed < 100; seed++) {
      const cred_key key = cred_key_make(seed);
      cred_augment_apply(out, NULL, &a, pixel, NULL, N, N, 1, &key);
      // slopes of the new ramp along x and y, over 10 pixels about the centre
      const double gx = (out[20 * N + 25] - out[20 * N + 15]) / 10.0;
      const double gy = (out[25 * N + 20] - out[15 * N + 20]) / 10.0;
      assert_near(out[20 * N + 20], 100, 1);
      if (k == 0) assert_near(gx * gx + gy * gy, 13, 1.2);
      if (k == 1) assert_near(gy / gx, 2.0 / 3, 0.1);
      const double value = k == 0 ? atan2(gy, gx) - atan2(2, 3) : 3 / gx; // angle, factor
      low = fmin(low, value), high = fmax(high, value);
    }
    assert_near(low, k == 0 ? -0.52 : 0.8, 0.08); // 30 degrees
    assert_near(high, k == 0 ? 0.52 : 1.25, 0.08);
  }
}

static void test_greys(void **state) {
  (void)state;
  unsigned char pixel[3] = {100, 127, 200}, out[3];
  const cred_augment bright = parsed("brightness 0.1"), contrast = parsed("contrast 0.5");
  int low = 255, high = 0;
  for (uint64_t seed = 0; seed < 200; seed++) {
    const cred_key key = cred_key_make(seed);
    cred_augment_apply(out, NULL, &bright, pixel, NULL, 1, 1, 3, &key);
    assert_near(out[1] - out[0], 27, 1);
    low = out[0] < low ? out[0] : low, high = out[0] > high ? out[0] : high;
    cred_augment_apply(out, NULL, &contrast, pixel, NULL, 1, 1, 3, &key);
    assert_near(out[1], 127, 1);
    assert_in_range(out[2], 163, 237);
  }
  assert_near(low, 100 - 25.5, 2);
  assert_near(high, 100 + 25.5, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_texts),          cmocka_unit_test(test_maps_stay_together),
      cmocka_unit_test(test_flip_is_a_flip), cmocka_unit_test(test_rotation_and_scale),
      cmocka_unit_test(test_greys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
