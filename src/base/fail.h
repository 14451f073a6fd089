// fail.h -- set the message where the fault is seen; pass the status up.

#ifndef CRED_SRC_BASE_FAIL_H
#define CRED_SRC_BASE_FAIL_H

#include "credence/base/status.h"
#include <stdarg.h>

// Sets this thread's message and returns `status`.
cred_status cred__fail(cred_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Puts "<text>: " before this thread's message: a caller that knows the file or the
// member.
void cred__fail_prefix(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Copies a message from another thread.
void cred__fail_copy(const char *message);

#define FAIL(status, ...) return cred__fail((status), __VA_ARGS__)
#define TRY(call)                                                                        \
  do {                                                                                   \
    cred_status try_status_ = (call);                                                    \
    if (try_status_ != CRED_OK) return try_status_;                                      \
  } while (0)
// For functions with one clean-up label `done` and a variable `status`.
#define TRY_DONE(call)                                                                   \
  do {                                                                                   \
    if ((status = (call)) != CRED_OK) goto done;                                         \
  } while (0)
#define FAIL_DONE(code, ...)                                                             \
  do {                                                                                   \
    status = cred__fail((code), __VA_ARGS__);                                            \
    goto done;                                                                           \
  } while (0)

#endif
