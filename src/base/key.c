// key.c -- Philox4x32-10 and what is made of single words of it.
//
// Source: Salmon et al. (2011), section 3.3 and table 2 (multipliers, Weyl constants).

#include "credence/base/key.h"
#include <math.h>

void cred_philox4x32(uint32_t out[4], const uint32_t counter[4], const cred_key *key) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key->k[0], k1 = key->k[1];
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    const uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0,
                   n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1, c3 = (uint32_t)p0, c0 = n0, c2 = n2;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

cred_key cred_key_make(uint64_t seed) {
  const cred_key root = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
  return root;
}

cred_key cred_key_derive(const cred_key *parent, uint32_t purpose, uint64_t index) {
  // the last word keeps derivation apart from any use of the parent's own stream
  const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), purpose,
                               0xC4EDE5CEu};
  uint32_t word[4];
  cred_philox4x32(word, counter, parent);
  const cred_key child = {{word[0], word[1]}};
  return child;
}

static void words_at(uint32_t word[4], const cred_key *key, uint64_t index) {
  const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), 0, 1};
  cred_philox4x32(word, counter, key);
}

static double uniform_of(uint32_t high, uint32_t low) {
  const uint64_t bits = ((uint64_t)high << 32 | low) >> 11;
  return ((double)bits + 0.5) * 0x1p-53;
}

double cred_key_uniform(const cred_key *key, uint64_t index) {
  uint32_t word[4];
  words_at(word, key, index);
  return uniform_of(word[0], word[1]);
}

double cred_key_normal(const cred_key *key, uint64_t index) {
  uint32_t word[4];
  words_at(word, key, index);
  const double radius = sqrt(-2.0 * log(uniform_of(word[0], word[1])));
  return radius * cos(6.283185307179586 * uniform_of(word[2], word[3]));
}

uint64_t cred_key_below(const cred_key *key, uint64_t index, uint64_t n) {
  uint32_t word[4];
  words_at(word, key, index);
  // 64 bits against n <= 2^40 or so: the bias of the multiplication is below 2^-24
  const uint64_t bits = (uint64_t)word[0] << 32 | word[1];
  return (uint64_t)(((unsigned __int128)bits * n) >> 64);
}

void cred_key_shuffle(size_t *items, size_t n, const cred_key *key) {
  for (size_t i = n; i > 1; i--) {
    const size_t j = (size_t)cred_key_below(key, i, i), kept = items[j];
    items[j] = items[i - 1];
    items[i - 1] = kept;
  }
}
