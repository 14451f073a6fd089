// alloc.h -- memory: aligned to 64 bytes, zeroed, products checked for overflow.

#ifndef CRED_SRC_BASE_ALLOC_H
#define CRED_SRC_BASE_ALLOC_H

#include "credence/base/status.h"
#include <stddef.h>

// `*out` = n elements of `size` bytes, zeroed; n = 0 gives a pointer that may be freed.
// `what` names the thing in the message. Use NEW() for typed pointers.
cred_status cred__alloc(void **out, size_t n, size_t size, const char *what);
cred_status cred__realloc(void **inout, size_t n_old, size_t n_new, size_t size,
                          const char *what);
void cred__free(void *pointer);
cred_status cred__strdup(char **out, const char *text);

// NEW(&p, n, "what"): allocate n elements of the type p points to.
#define NEW(out, n, what) cred__alloc((void **)(out), (n), sizeof **(out), (what))
// RESIZE(&p, n_old, n_new, "what"): new elements are zeroed; p unchanged on failure.
#define RESIZE(inout, n_old, n_new, what)                                                \
  cred__realloc((void **)(inout), (n_old), (n_new), sizeof **(inout), (what))

#ifdef CRED_TESTING
// After `n` more allocations every allocation fails; negative: never.
void cred__alloc_fail_after(long n);
// Number of blocks that are allocated and not freed; number of allocations ever made.
long cred__alloc_live(void);
long cred__alloc_count(void);
#endif

#endif
