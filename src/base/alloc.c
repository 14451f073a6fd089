// alloc.c -- memory: aligned to 64 bytes, zeroed, products checked for overflow.

#include "base/alloc.h"
#include "base/fail.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN_BYTES = 64 };

#ifdef CRED_TESTING
#include <stdatomic.h>
static atomic_long fail_after = -1, n_live, n_made;

void cred__alloc_fail_after(long n) {
  fail_after = n;
}
long cred__alloc_live(void) {
  return n_live;
}
long cred__alloc_count(void) {
  return n_made;
}

static void *take(size_t n_bytes) {
  long left = fail_after;
  if (left == 0) return NULL;
  if (left > 0) fail_after = left - 1;
  void *p = aligned_alloc(ALIGN_BYTES, n_bytes);
  if (p) {
    memset(p, 0, n_bytes);
    n_live++;
    n_made++;
  }
  return p;
}

static void give(void *p) {
  if (p) n_live--;
  free(p);
}
#else
// From calloc: it does not touch new pages, which are zero, so that scratch of an
// evaluation that is never asked for takes no memory and no time. What calloc gave stands
// before the aligned place.
static void *take(size_t n_bytes) {
  char *whole = calloc(1, n_bytes + ALIGN_BYTES);
  if (!whole) return NULL;
  const uintptr_t after = (uintptr_t)whole + sizeof whole;
  char *p = whole + sizeof whole + (ALIGN_BYTES - after % ALIGN_BYTES) % ALIGN_BYTES;
  memcpy(p - sizeof whole, &whole, sizeof whole);
  return p;
}
static void give(void *p) {
  if (!p) return;
  void *whole;
  memcpy(&whole, (char *)p - sizeof whole, sizeof whole);
  free(whole);
}
#endif

cred_status cred__alloc(void **out, size_t n, size_t size, const char *what) {
  *out = NULL;
  size_t n_bytes;
  if (__builtin_mul_overflow(n, size, &n_bytes) || n_bytes > SIZE_MAX / 4)
    FAIL(CRED_ENOMEM, "%zu elements of %zu bytes for %s: more than any memory", n, size,
         what);
  const size_t padded =
      n_bytes ? (n_bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES : ALIGN_BYTES;
  void *p = take(padded);
  if (!p) FAIL(CRED_ENOMEM, "no memory: %zu bytes for %s", padded, what);
  *out = p;
  return CRED_OK;
}

cred_status cred__realloc(void **inout, size_t n_old, size_t n_new, size_t size,
                          const char *what) {
  void *p;
  TRY(cred__alloc(&p, n_new, size, what));
  if (*inout) memcpy(p, *inout, (n_old < n_new ? n_old : n_new) * size);
  give(*inout);
  *inout = p;
  return CRED_OK;
}

void cred__free(void *pointer) {
  give(pointer);
}

cred_status cred__strdup(char **out, const char *text) {
  const size_t n = strlen(text) + 1;
  TRY(NEW(out, n, "a text"));
  memcpy(*out, text, n);
  return CRED_OK;
}
