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

#ifdef CRED_REAL_DOUBLE
static void box_muller(cred_real *cosine, cred_real *sine, const uint32_t *a,
                       const uint32_t *b) {
  for (int l = 0; l < LANES; l++) {
    const double u = ((double)(a[l] >> 1) + 0.5) * 0x1p-31;
    const double v = (double)(int32_t)b[l] * 0x1p-32;
    const double r = sqrt(-2.0 * log(u));
    cosine[l] = r * cos(6.283185307179586 * v);
    sine[l] = r * sin(6.283185307179586 * v);
  }
}
#else
// -2 log(u) for u = t 2^-31 in (0, 1]: u = m 2^e with m in [sqrt 1/2, sqrt 2), log m = 2
// atanh(s), s = (m - 1) / (m + 1), by its series to s^9 (error of log m below 2e-8 for
// |s| <= 0.172). Every factor carries the -2.
static inline float minus_twice_log(float t) {
  int32_t bits;
  memcpy(&bits, &t, sizeof bits);
  const int32_t shifted = bits - (0x3f3504f3 + (31 << 23)); // sqrt(1/2)
  const int32_t exponent = shifted >> 23;
  const int32_t mantissa = (shifted & 0x7fffff) + 0x3f3504f3;
  float m;
  memcpy(&m, &mantissa, sizeof m);
  const float s = (m - 1.0f) / (m + 1.0f), q = s * s;
  const float series = -2 * 0.22222222f * q + -2 * 0.28571429f;
  const float tail = ((series * q + -2 * 0.4f) * q + -2 * 0.66666667f) * q;
  return (float)exponent * (-2 * 0.693147181f) + (-4.0f * s + s * tail);
}

static inline void box_muller(float *cosine, float *sine, const uint32_t *a,
                              const uint32_t *b) {
  for (int l = 0; l < LANES; l++) {
    const float r = sqrtf(minus_twice_log((float)(int32_t)(a[l] >> 1) + 0.5f));
    // angle 2 pi v with v in [-1/2, 1/2): nearest quarter turn, then series on [-pi/4,
    // pi/4]
    const float v4 = (float)(int32_t)b[l] * 0x1p-30f; // four times v
    const float shift = v4 + 12582912.0f;             // 1.5 * 2^23 rounds to an integer
    int32_t quarter;
    memcpy(&quarter, &shift, sizeof quarter);
    const float x = (v4 - (shift - 12582912.0f)) * 1.57079633f, q = x * x;
    const float s =
        x * (1.0f + q * (-0.16666667f + q * (8.3333310e-3f - q * 1.9839335e-4f)));
    const float c =
        1.0f +
        q * (-0.5f + q * (4.1666667e-2f + q * (-1.3888889e-3f + q * 2.4801587e-5f)));
    // a quarter turn swaps the two, in bits; signs: bit 1 of quarter for the sine, of
    // quarter + 1 for the cosine
    const uint32_t turn = (uint32_t)quarter << 30, odd = turn << 1;
    uint32_t cos_bits, sin_bits;
    memcpy(&cos_bits, &c, sizeof c);
    memcpy(&sin_bits, &s, sizeof s);
    const uint32_t swap = (cos_bits ^ sin_bits) & (uint32_t)((int32_t)odd >> 31);
    cos_bits ^= swap ^ ((turn ^ odd) & 0x80000000u);
    sin_bits ^= swap ^ (turn & 0x80000000u);
    float cs, sn;
    memcpy(&cs, &cos_bits, sizeof cs);
    memcpy(&sn, &sin_bits, sizeof sn);
    cosine[l] = r * cs;
    sine[l] = r * sn;
  }
}
#endif

typedef uint32_t lanes_vec __attribute__((vector_size(4 * LANES)));
typedef struct {
  lanes_vec s[4];
} xoshiro;

// By pointers: a vector that an instruction set lacks is no value to return.
#define ROTATE(x, by) ((x) << (by) | (x) >> (32 - (by)))
static inline void xoshiro_next(uint32_t word[LANES], xoshiro *x) {
  const lanes_vec sum = x->s[0] + x->s[3], t = x->s[1] << 9;
  const lanes_vec next = ROTATE(sum, 7) + x->s[0];
  memcpy(word, &next, sizeof next);
  const lanes_vec s3 = x->s[3] ^ x->s[1];
  const lanes_vec s1 = x->s[1] ^ x->s[2] ^ x->s[0];
  x->s[2] = x->s[2] ^ x->s[0] ^ t;
  x->s[0] = x->s[0] ^ s3;
  x->s[1] = s1;
  x->s[3] = ROTATE(s3, 11);
}

// The generator of a tile, before its block `block`.
static inline void xoshiro_start(xoshiro *x, const cred_key *key, uint64_t index,
                                 uint64_t tile, size_t block) {
  uint32_t w[4][LANES];
  philox_block(w, key, index, tile);
  memcpy(x->s, w, sizeof w);
  for (size_t i = 0; i < 4 * block; i++) xoshiro_next(w[0], x);
}

static inline void normal_block(cred_real z[BLOCK], xoshiro *x) {
  uint32_t w[4][LANES];
  for (int i = 0; i < 4; i++) xoshiro_next(w[i], x);
  box_muller(z, z + LANES, w[0], w[1]);
  box_muller(z + 2 * LANES, z + 3 * LANES, w[2], w[3]);
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
