// Noise: the documented layout from scalar Philox and xoshiro128++, moments and
// distribution of a million normals for every instruction set, pieces against the whole,
// rates of masks, balance of signs.

#include "check.h"
#include "base/alloc.h"
#include "kernel/kernel.h"

static const char *const sets[] = {"baseline", "avx2", "avx512"};
enum { N_SETS = 3, N = 1000000 };

// Word w of lane l of block b of the stream (key, index).
static uint32_t word_at(const cred_key *key, uint64_t index, uint64_t block, int w,
                        int l) {
  const uint64_t low = 16 * block + (uint64_t)l;
  const uint32_t counter[4] = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)index,
                               (uint32_t)(index >> 32)};
  uint32_t out[4];
  cred_philox4x32(out, counter, key);
  return out[w];
}

// xoshiro128++, Blackman & Vigna (2021), figure 2.
static uint32_t xoshiro_next(uint32_t s[4]) {
  const uint32_t sum = s[0] + s[3], word = (sum << 7 | sum >> 25) + s[0], t = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = s[3] << 11 | s[3] >> 21;
  return word;
}

// What the authors' program gives from the state 1, 2, 3, 4.
static void test_xoshiro(void **state) {
  (void)state;
  static const uint32_t expected[10] = {641,       1573767,    3222811527, 3517856514,
                                        836907274, 4247214768, 3867114732, 1355841295,
                                        495546011, 621204420};
  uint32_t s[4] = {1, 2, 3, 4};
  for (int i = 0; i < 10; i++) assert_true(xoshiro_next(s) == expected[i]);
}

// Number i of the stream in double: Box & Muller (1958).
static double normal_at(const cred_key *key, uint64_t index, uint64_t i) {
  const int in_tile = (int)(i % CRED__NOISE_TILE), lane = in_tile % 16;
  uint32_t s[4], a = 0, b = 0;
  for (int w = 0; w < 4; w++) s[w] = word_at(key, index, i / CRED__NOISE_TILE, w, lane);
  for (int step = 0; step <= in_tile / 32; step++)
    a = xoshiro_next(s), b = xoshiro_next(s);
  const double r = sqrt(-2 * log(((double)(a >> 1) + 0.5) * 0x1p-31));
  const double angle = 6.283185307179586 * (double)(int32_t)b * 0x1p-32;
  return in_tile / 16 % 2 ? r * sin(angle) : r * cos(angle);
}

static void test_layout(void **state) {
  (void)state;
  static const uint64_t firsts[] = {0, 64, 64 * 1000, (uint64_t)1 << 34,
                                    (uint64_t)1 << 36};
  const cred_key key = {{0x12345678, 0x9abcdef0}};
  const uint64_t index = ((uint64_t)5 << 32) + 7;
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t f = 0; f < 5; f++) {
      float z[1640]; // across a tile or two
      cred__normal_fill(z, 1640, &key, index, firsts[f]);
      for (size_t i = 0; i < 1640; i++)
        assert_near((double)z[i], normal_at(&key, index, firsts[f] + i), 4e-6);
    }
  }
}

static int by_value(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

// Numbers of one lane that follow each other, of lanes side by side, and of tiles that
// follow each other are as good as independent: their products, and those of their
// squares.
static void check_across(const float *z) {
  static const size_t gaps[] = {2,
                                15,
                                17,
                                31,
                                32,
                                33,
                                64,
                                CRED__NOISE_TILE - 32,
                                CRED__NOISE_TILE,
                                CRED__NOISE_TILE + 32};
  for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
    double product = 0, square = 0;
    for (size_t i = 0; i + gaps[g] < N; i++) {
      const double a = (double)z[i], b = (double)z[i + gaps[g]];
      product += a * b / N, square += (a * a - 1) * (b * b - 1) / N;
    }
    assert_near(product, 0, 4.5 * sqrt(1.0 / N));
    assert_near(square, 0, 4.5 * sqrt(4.0 / N));
  }
}

// Four standard errors of the first four moments; the Kolmogorov distance at level 1e-5:
// P(sqrt(n) D > 2.47) = 2 exp(-2 * 2.47^2) (Kolmogorov 1933).
static void check_distribution(float *z) {
  double m[4] = {0};
  for (size_t i = 0; i < N; i++) {
    const double x = (double)z[i];
    m[0] += x / N, m[1] += x * x / N, m[2] += x * x * x / N, m[3] += x * x * x * x / N;
  }
  assert_near(m[0], 0, 4 * sqrt(1.0 / N));
  assert_near(m[1], 1, 4 * sqrt(2.0 / N));
  assert_near(m[2], 0, 4 * sqrt(15.0 / N));
  assert_near(m[3], 3, 4 * sqrt(96.0 / N));
  double lag = 0, cross = 0; // neighbours, and the sine and cosine of one angle
  for (size_t i = 0; i + 16 < N; i++) {
    lag += (double)z[i] * (double)z[i + 1] / N;
    cross += ((double)z[i] * (double)z[i] - 1) *
             ((double)z[i + 16] * (double)z[i + 16] - 1) / N;
  }
  assert_near(lag, 0, 4 * sqrt(1.0 / N));
  assert_near(cross, 0, 4 * sqrt(4.0 / N));
  check_across(z);
  qsort(z, N, sizeof *z, by_value);
  double distance = 0;
  for (size_t i = 0; i < N; i++) {
    const double cdf = 0.5 * erfc(-(double)z[i] * 0.70710678118654752);
    distance = fmax(distance, fmax(cdf - (double)i / N, (double)(i + 1) / N - cdf));
  }
  assert_near(distance, 0, 2.47 / sqrt(N));
  // tails: P(|z| > 4) = 6.334e-5, so 63.3 of a million; beyond 6.7 there is nothing
  size_t far = 0;
  for (size_t i = 0; i < N; i++) far += fabs((double)z[i]) > 4;
  assert_near((double)far, 63.3, 4 * sqrt(63.3));
  assert_true(z[0] > -6.7f && z[N - 1] < 6.7f);
}

static void test_normal_distribution(void **state) {
  (void)state;
  float *z;
  assert_ok(NEW(&z, N, "normals"));
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    const cred_key key = cred_key_make(100 + s);
    cred__normal_fill(z, N, &key, 3, 0);
    check_distribution(z);
  }
  cred__free(z);
}

typedef void (*fill_fn)(float *out, size_t n, const cred_key *key, uint64_t first);
static void fill_normal(float *out, size_t n, const cred_key *key, uint64_t first) {
  cred__normal_fill(out, n, key, 9, first);
}
static void fill_mask(float *out, size_t n, const cred_key *key, uint64_t first) {
  cred__mask_fill(out, n, 0.3, key, 9, first);
}
static void fill_sign(float *out, size_t n, const cred_key *key, uint64_t first) {
  cred__sign_fill(out, n, key, 9, first);
}

static void test_pieces_are_the_whole(void **state) {
  (void)state;
  static const fill_fn fills[] = {fill_normal, fill_mask, fill_sign};
  enum { LENGTH = 5000 };
  float whole[LENGTH], pieces[LENGTH + 64];
  const cred_key key = cred_key_make(5);
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    for (size_t f = 0; f < 3; f++) {
      fills[f](whole, LENGTH, &key, 0);
      for (size_t step = 64; step < LENGTH; step += 64 * 13) {
        for (size_t i = 0; i < LENGTH; i += step) {
          const size_t n = LENGTH - i < step ? LENGTH - i : step;
          pieces[i + n] = -77;
          fills[f](pieces + i, n, &key, i);
          assert_true(pieces[i + n] == -77); // not one number too many
        }
        assert_memory_equal(whole, pieces, sizeof whole);
      }
    }
  }
}

// mean + sd z from any place of the stream, z that of normal_fill; the mean where sd is
// 0.
static void test_gaussian_fill(void **state) {
  (void)state;
  enum { LENGTH = 5000 };
  static float z[LENGTH], mean[LENGTH], sd[LENGTH], out[LENGTH + 1];
  static const size_t firsts[] = {0, 1, 63, 64, 100, 1000, 1024, 2047, 4090};
  const cred_key key = cred_key_make(5);
  for (size_t i = 0; i < LENGTH; i++) {
    mean[i] = i % 5 ? (float)i * 1e-3f - 2 : -0.0f;
    sd[i] = i % 5 ? (float)(i % 11) * 0.1f : 0;
  }
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    cred__normal_fill(z, LENGTH, &key, 9, 0);
    for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++)
      for (size_t n = 1; firsts[f] + n <= LENGTH; n = 3 * n + 50) {
        const size_t first = firsts[f];
        out[n] = -77;
        cred__gaussian_fill(out, n, mean + first, sd + first, &key, 9, first);
        assert_true(out[n] == -77);
        for (size_t i = 0; i < n; i++) {
          const double m = (double)mean[first + i],
                       noise = (double)sd[first + i] * (double)z[first + i];
          assert_near((double)out[i], m + noise, 2e-7 * (fabs(m) + fabs(noise)));
          if (sd[first + i] == 0)
            assert_memory_equal(&out[i], &mean[first + i], sizeof *out);
        }
      }
  }
}

static void test_streams_differ(void **state) {
  (void)state;
  float a[256], b[256], c[256];
  const cred_key key = cred_key_make(5), other = cred_key_make(6);
  cred__normal_fill(a, 256, &key, 0, 0);
  cred__normal_fill(b, 256, &key, 1, 0);
  cred__normal_fill(c, 256, &other, 0, 0);
  for (size_t i = 0; i < 256; i++) assert_true(a[i] != b[i] && a[i] != c[i]);
}

static void test_mask_rate(void **state) {
  (void)state;
  static const double rates[] = {0, 1e-3, 0.03, 0.5, 0.9};
  float *mask;
  assert_ok(NEW(&mask, N, "a mask"));
  for (size_t s = 0; s < N_SETS; s++)
    for (size_t r = 0; r < 5 && cred__kernel_select(sets[s]); r++) {
      const double rate = rates[r];
      const cred_key key = cred_key_make(40 + r);
      cred__mask_fill(mask, N, rate, &key, 2, 0);
      size_t dropped = 0;
      for (size_t i = 0; i < N; i++) {
        if (mask[i] == 0)
          dropped++;
        else
          assert_true(mask[i] == (float)(1 / (1 - rate)));
      }
      assert_near((double)dropped, N * rate, 4 * sqrt(N * rate * (1 - rate)));
    }
  cred__free(mask);
}

static void test_sign_balance(void **state) {
  (void)state;
  float *sign;
  assert_ok(NEW(&sign, N, "signs"));
  for (size_t s = 0; s < N_SETS; s++) {
    if (!cred__kernel_select(sets[s])) continue;
    const cred_key key = cred_key_make(60 + s);
    cred__sign_fill(sign, N, &key, 2, 0);
    double sum = 0, lag = 0;
    for (size_t i = 0; i < N; i++) {
      assert_true(sign[i] == 1 || sign[i] == -1);
      sum += (double)sign[i];
      if (i) lag += (double)(sign[i] * sign[i - 1]);
    }
    assert_near(sum, 0, 4 * sqrt(N));
    assert_near(lag, 0, 4 * sqrt(N));
  }
  cred__free(sign);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_xoshiro),
      cmocka_unit_test(test_layout),
      cmocka_unit_test(test_normal_distribution),
      cmocka_unit_test(test_pieces_are_the_whole),
      cmocka_unit_test(test_gaussian_fill),
      cmocka_unit_test(test_streams_differ),
      cmocka_unit_test(test_mask_rate),
      cmocka_unit_test(test_sign_balance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
