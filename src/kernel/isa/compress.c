// compress.c -- chosen elements of an array, moved together.

#include "isa.h"
#include "list.h"
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

size_t K(compress)(cred_real *out, const cred_real *in, const cred_real *keep, size_t n) {
  size_t kept = 0, i = 0;
#if defined(__AVX512F__) && !defined(CRED_REAL_DOUBLE)
  // by way of a register: straight to memory the instruction is microcode on AMD Zen 4
  for (; i + K_LANES <= n; i += K_LANES) {
    const __mmask16 mask =
        _mm512_cmp_ps_mask(_mm512_loadu_ps(keep + i), _mm512_setzero_ps(), _CMP_NEQ_UQ);
    _mm512_storeu_ps(out + kept, _mm512_maskz_compress_ps(mask, _mm512_loadu_ps(in + i)));
    kept += (size_t)__builtin_popcount(mask);
  }
#endif
  for (; i < n; i++) {
    out[kept] = in[i];
    kept += keep[i] != 0;
  }
  return kept;
}
