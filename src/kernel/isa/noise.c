// noise.c -- blocks of 64 random numbers from a counter: Philox4x32-10, sixteen lanes at
// once; normals from a faster generator that it seeds.
//
// Masks and signs: word w of lane l of block b is number 64 b + 16 w + l of the stream
// (key, index); its counter is (16 b + l, high half of that, index).
// Normals come in tiles of CRED__NOISE_TILE. The four words of lane l of block t are the
// state of a xoshiro128++ (Blackman & Vigna 2021, figure 2) that gives words 0, 1, 2, ...
// of lane l of tile t: half the time of Philox at every word. Box & Muller (1958): words
// 2 k and 2 k + 1 of a lane give numbers 32 k + l and 32 k + 16 + l of the tile:
//   r = sqrt(-2 log u),  z = r cos(2 pi v), r sin(2 pi v).

#include "isa.h"
#include "list.h"
#include "vector.h"
#include <math.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { LANES = 16, BLOCK = CRED__NOISE_BLOCK };

typedef uint64_t word_vec __attribute__((vector_size(K_VECTOR_BYTES)));
enum { WORDS = K_VECTOR_BYTES / 8, VECTORS = LANES / WORDS };

// Product of the low halves. The compilers do not find the instruction by themselves:
// they multiply 64 by 64 bits (measured: 1.6 instead of 0.9 ns a normal).
#if defined(__AVX512F__)
static inline word_vec multiply(word_vec a, word_vec b) {
  return (word_vec)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}
#elif defined(__AVX2__)
static inline word_vec multiply(word_vec a, word_vec b) {
  return (word_vec)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}
#elif defined(__SSE2__)
static inline word_vec multiply(word_vec a, word_vec b) {
  return (word_vec)_mm_mul_epu32((__m128i)a, (__m128i)b);
}
#else
static inline word_vec multiply(word_vec a, word_vec b) {
  return (a & 0xffffffffu) * (b & 0xffffffffu);
}
#endif

// A word of the counter sits in the low half of a 64-bit lane; the high half is left over
// from products and never read.
static inline void philox_block(uint32_t out[4][LANES], const cred_key *key,
                                uint64_t index, uint64_t block) {
  const word_vec m0 = (word_vec){0} + 0xD2511F53u, m1 = (word_vec){0} + 0xCD9E8D57u;
  word_vec c0[VECTORS], c1[VECTORS], c2[VECTORS], c3[VECTORS];
#pragma GCC unroll 8
  for (int v = 0; v < VECTORS; v++) {
    for (int l = 0; l < WORDS; l++) c0[v][l] = (uint64_t)(v * WORDS + l);
    c0[v] += (uint32_t)(block * LANES);
    c1[v] = (word_vec){0} + (uint32_t)((block * LANES) >> 32);
    c2[v] = (word_vec){0} + (uint32_t)index;
    c3[v] = (word_vec){0} + (uint32_t)(index >> 32);
  }
  uint32_t k0 = key->k[0], k1 = key->k[1];
  for (int round = 0; round < 10; round++) {
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) {
      const word_vec p0 = multiply(c0[v], m0), p1 = multiply(c2[v], m1);
      c0[v] = (p1 >> 32) ^ c1[v] ^ (uint64_t)k0;
      c2[v] = (p0 >> 32) ^ c3[v] ^ (uint64_t)k1;
      c1[v] = p1;
      c3[v] = p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int v = 0; v < VECTORS; v++)
    for (int l = 0; l < WORDS; l++) {
      const int i = v * WORDS + l;
      out[0][i] = (uint32_t)c0[v][l];
      out[1][i] = (uint32_t)c1[v][l];
      out[2][i] = (uint32_t)c2[v][l];
      out[3][i] = (uint32_t)c3[v][l];
    }
}

typedef uint32_t lanes_vec
    __attribute__((vector_size(K_VECTOR_BYTES), aligned(4), may_alias));
enum { PARTS = 4 * LANES / K_VECTOR_BYTES, PART = K_VECTOR_BYTES / 4 }; // of a word

// Pairs of words that pass box_muller together: with AVX2 4 vectors hide the latency of
// one (measured on AMD Zen 1: 2.3 ns a normal instead of 2.8).
#if defined(__AVX2__) && !defined(__AVX512F__)
enum { PAIRS = 2 };
#else
enum { PAIRS = 1 };
#endif
enum { VECTORS_MAX = PAIRS * PARTS };

#ifdef CRED_REAL_DOUBLE
static void box_muller(double *z, const lanes_vec *words_a, const lanes_vec *words_b,
                       int n_pairs) {
  const uint32_t *a = (const uint32_t *)words_a, *b = (const uint32_t *)words_b;
  for (int i = 0; i < n_pairs * LANES; i++) {
    const double u = ((double)(a[i] >> 1) + 0.5) * 0x1p-31;
    const double v = (double)(int32_t)b[i] * 0x1p-32;
    const double r = sqrt(-2.0 * log(u));
    cred_real *cosine = z + i / LANES * 2 * LANES + i % LANES;
    cosine[0] = r * cos(6.283185307179586 * v);
    cosine[LANES] = r * sin(6.283185307179586 * v);
  }
}
#else
typedef int32_t int_vec __attribute__((vector_size(K_VECTOR_BYTES)));

static inline vec root(vec x) {
#if defined(__AVX512F__)
  return (vec)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX__)
  return (vec)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
  return (vec)_mm_sqrt_ps((__m128)x);
#else
  for (int l = 0; l < K_LANES; l++) x[l] = sqrtf(x[l]);
  return x;
#endif
}

#define REAL(x) __builtin_convertvector(x, vec)
// Statement by statement, so that the chains of all vectors are under way together.
#define ALL     _Pragma("GCC unroll 8") for (int i = 0; i < n; i++)

// -2 log(u) for u = t 2^-31 in (0, 1]: u = m 2^e with m in [sqrt 1/2, sqrt 2), log m = 2
// atanh(s), s = (m - 1) / (m + 1), by its series to s^9 (error of log m below 2e-8 for
// |s| <= 0.172). Every factor carries the -2. e is left 2^23 times as large, where
// it stands in the bits.
static inline __attribute__((always_inline)) void minus_twice_log(vec *r, const vec *t,
                                                                  int n) {
  int_vec shifted[VECTORS_MAX];
  vec m[VECTORS_MAX], s[VECTORS_MAX], q[VECTORS_MAX], tail[VECTORS_MAX];
  ALL shifted[i] = (int_vec)t[i] - (0x3f3504f3 + (31 << 23)); // sqrt(1/2)
  ALL m[i] = (vec)((shifted[i] & 0x7fffff) + 0x3f3504f3);
  ALL s[i] = (m[i] - 1.0f) / (m[i] + 1.0f);
  ALL q[i] = s[i] * s[i];
  ALL tail[i] = -2 * 0.22222222f * q[i] + -2 * 0.28571429f;
  ALL tail[i] = tail[i] * q[i] + -2 * 0.4f;
  ALL tail[i] = (tail[i] * q[i] + -2 * 0.66666667f) * q[i];
  ALL r[i] = REAL(shifted[i] & ~0x7fffff) * (-2 * 0.693147181f * 0x1p-23f) +
             (-4.0f * s[i] + s[i] * tail[i]);
}

static inline __attribute__((always_inline)) void
box_muller(float *z, const lanes_vec *a, const lanes_vec *b, int n_pairs) {
  const int n = n_pairs * PARTS;
  vec r[VECTORS_MAX], x[VECTORS_MAX], q[VECTORS_MAX], s[VECTORS_MAX], c[VECTORS_MAX];
  lanes_vec turn[VECTORS_MAX], odd[VECTORS_MAX], swap[VECTORS_MAX];
  ALL r[i] = REAL((int_vec)(a[i] >> 1)) + 0.5f;
  minus_twice_log(r, r, n);
  ALL r[i] = root(r[i]);
  // angle 2 pi v with v in [-1/2, 1/2): nearest quarter turn, then series on [-pi/4,
  // pi/4]
  ALL x[i] = REAL((int_vec)b[i]) * 0x1p-30f; // four times v
  ALL s[i] = x[i] + 12582912.0f;             // 1.5 * 2^23 rounds to an integer
  ALL turn[i] = (lanes_vec)s[i] << 30;
  ALL x[i] = (x[i] - (s[i] - 12582912.0f)) * 1.57079633f;
  ALL q[i] = x[i] * x[i];
  ALL s[i] = 8.3333310e-3f - q[i] * 1.9839335e-4f;
  ALL s[i] = -0.16666667f + q[i] * s[i];
  ALL s[i] = x[i] * (1.0f + q[i] * s[i]);
  ALL c[i] = -1.3888889e-3f + q[i] * 2.4801587e-5f;
  ALL c[i] = 4.1666667e-2f + q[i] * c[i];
  ALL c[i] = -0.5f + q[i] * c[i];
  ALL c[i] = 1.0f + q[i] * c[i];
  // a quarter turn swaps the two, in bits; signs: bit 1 of quarter for the sine, of
  // quarter + 1 for the cosine
  ALL odd[i] = turn[i] + turn[i];
  ALL swap[i] = ((lanes_vec)c[i] ^ (lanes_vec)s[i]) & (lanes_vec)((int_vec)odd[i] >> 31);
  ALL c[i] = (vec)((lanes_vec)c[i] ^ swap[i] ^ ((turn[i] ^ odd[i]) & 0x80000000u));
  ALL s[i] = (vec)((lanes_vec)s[i] ^ swap[i] ^ (turn[i] & 0x80000000u));
  ALL {
    float *to = z + i / PARTS * 2 * LANES + i % PARTS * PART;
    *(vec *)to = r[i] * c[i];
    *(vec *)(to + LANES) = r[i] * s[i];
  }
}
#endif

typedef struct {
  lanes_vec s[4][PARTS];
} xoshiro;

#define ROTATE(x, by) ((x) << (by) | (x) >> (32 - (by)))
static inline __attribute__((always_inline)) void xoshiro_next(lanes_vec word[PARTS],
                                                               xoshiro *x) {
#pragma GCC unroll 4
  for (int p = 0; p < PARTS; p++) {
    const lanes_vec s0 = x->s[0][p], s1 = x->s[1][p], s2 = x->s[2][p], s3 = x->s[3][p];
    const lanes_vec sum = s0 + s3, last = s3 ^ s1;
    word[p] = ROTATE(sum, 7) + s0;
    x->s[0][p] = s0 ^ last;
    x->s[1][p] = s1 ^ s2 ^ s0;
    x->s[2][p] = s2 ^ s0 ^ s1 << 9;
    x->s[3][p] = ROTATE(last, 11);
  }
}

// The generator of a tile, before its block `block`.
static inline void xoshiro_start(xoshiro *x, const cred_key *key, uint64_t index,
                                 uint64_t tile, size_t block) {
  uint32_t w[4][LANES];
  lanes_vec passed[PARTS];
  philox_block(w, key, index, tile);
  memcpy(x->s, w, sizeof w);
  for (size_t i = 0; i < 4 * block; i++) xoshiro_next(passed, x);
}

static inline __attribute__((always_inline)) void normal_block(cred_real z[BLOCK],
                                                               xoshiro *x) {
#pragma GCC unroll 2
  for (int k = 0; k < 2; k += PAIRS) {
    lanes_vec a[PAIRS][PARTS], b[PAIRS][PARTS];
#pragma GCC unroll 2
    for (int i = 0; i < PAIRS; i++) xoshiro_next(a[i], x), xoshiro_next(b[i], x);
    box_muller(z + 2 * k * LANES, a[0], b[0], PAIRS);
  }
}

void K(normal_fill)(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                    uint64_t first) {
  enum { PER_TILE = CRED__NOISE_TILE / BLOCK };
  size_t block = (size_t)(first % CRED__NOISE_TILE / BLOCK);
  for (uint64_t tile = first / CRED__NOISE_TILE; n > 0; tile++, block = 0) {
    xoshiro x;
    xoshiro_start(&x, key, index, tile, block);
    for (; block < PER_TILE && n >= BLOCK; block++, n -= BLOCK, out += BLOCK)
      normal_block(out, &x);
    if (block == PER_TILE || n == 0) continue;
    cred_real z[BLOCK];
    normal_block(z, &x);
    memcpy(out, z, n * sizeof *out);
    return;
  }
}

// -0 + 0 would be +0.
static inline void shift(cred_real *restrict out, const cred_real *restrict mean,
                         const cred_real *restrict sd, const cred_real *restrict z,
                         size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = sd[i] == 0 ? mean[i] : mean[i] + sd[i] * z[i];
}

// The same with numbers skip ... skip + n - 1 of the next block.
static void shift_part(cred_real *out, const cred_real *mean, const cred_real *sd,
                       xoshiro *x, size_t skip, size_t n) {
  cred_real z[BLOCK];
  normal_block(z, x);
  shift(out, mean, sd, z + skip, n);
}

void K(gaussian_fill)(cred_real *out, size_t n, const cred_real *mean,
                      const cred_real *sd, const cred_key *key, uint64_t index,
                      uint64_t first) {
  enum { PER_TILE = CRED__NOISE_TILE / BLOCK };
  size_t skip = (size_t)(first % BLOCK);
  size_t block = (size_t)(first % CRED__NOISE_TILE / BLOCK);
  for (uint64_t tile = first / CRED__NOISE_TILE; n > 0; tile++, block = 0) {
    xoshiro x;
    xoshiro_start(&x, key, index, tile, block);
    if (skip) { // the rest of a block
      const size_t m = n < BLOCK - skip ? n : BLOCK - skip;
      shift_part(out, mean, sd, &x, skip, m);
      out += m, mean += m, sd += m, n -= m, block++, skip = 0;
    }
    for (; block < PER_TILE && n >= BLOCK; block++) { // z in registers
      cred_real z[BLOCK];
      normal_block(z, &x);
      shift(out, mean, sd, z, BLOCK);
      out += BLOCK, mean += BLOCK, sd += BLOCK, n -= BLOCK;
    }
    if (block == PER_TILE || n == 0) continue;
    shift_part(out, mean, sd, &x, 0, n);
    return;
  }
}

// A word below (1 - rate) 2^32 keeps its element.
void K(mask_fill)(cred_real *out, size_t n, double rate, const cred_key *key,
                  uint64_t index, uint64_t first) {
  const cred_real kept = (cred_real)(1.0 / (1.0 - rate));
  const uint32_t limit = (uint32_t)((1.0 - rate) * 4294967295.0);
  uint64_t block = first / BLOCK;
  for (size_t i = 0; i < n; i += BLOCK, block++) {
    uint32_t w[4][LANES];
    philox_block(w, key, index, block);
    cred_real mask[4][LANES];
    for (int j = 0; j < 4; j++)
      for (int l = 0; l < LANES; l++) mask[j][l] = w[j][l] <= limit ? kept : (cred_real)0;
    if (n - i >= BLOCK)
      memcpy(out + i, mask, sizeof mask);
    else
      memcpy(out + i, mask, (n - i) * sizeof *out);
  }
}

// +1 where the bit is set.
static inline cred_real sign_of(uint32_t bit) {
  return (cred_real)(2 * (int32_t)bit - 1);
}

// The bits of four lanes' words give the signs of 64 x 32 elements.
void K(sign_fill)(cred_real *out, size_t n, const cred_key *key, uint64_t index,
                  uint64_t first) {
  enum { WORD = 32, PER_BLOCK = BLOCK * WORD };
  uint64_t block = first / PER_BLOCK;
  size_t skip = (size_t)(first % PER_BLOCK);
  for (size_t i = 0; i < n; block++) {
    uint32_t w[4][LANES];
    philox_block(w, key, index, block);
    const uint32_t *word = w[0];
    for (size_t e = skip; e < PER_BLOCK && i < n;) {
      const uint32_t bits = word[e / WORD];
      const size_t from = e % WORD, left = n - i, room = WORD - from;
      const size_t m = left < room ? left : room;
      cred_real sign[WORD];
      for (uint32_t b = 0; b < WORD; b++) sign[b] = sign_of(bits >> b & 1);
      if (m == WORD)
        memcpy(out + i, sign, sizeof sign);
      else
        for (size_t l = 0; l < m; l++) out[i + l] = sign[from + l];
      e += m, i += m;
    }
    skip = 0;
  }
}
