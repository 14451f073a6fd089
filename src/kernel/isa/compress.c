// compress.c -- chosen elements of an array, moved together.

#include "compress.h"
#include "list.h"

size_t K(compress)(cred_real *out, const cred_real *in, const cred_real *keep, size_t n) {
  size_t kept = 0, i = 0;
#if defined(CAN_GROUP)
  for (; i + GROUP <= n; i += GROUP) {
    const unsigned bits = nonzero(keep + i);
    together(out + kept, in + i, bits);
    kept += (size_t)__builtin_popcount(bits);
  }
#endif
  for (; i < n; i++) {
    out[kept] = in[i];
    kept += keep[i] != 0;
  }
  return kept;
}
