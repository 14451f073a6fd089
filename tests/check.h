// check.h -- cmocka and the few helpers of ours. Include this first in every test.

#ifndef CRED_TESTS_CHECK_H
#define CRED_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "credence/base/status.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_near(a, b, tolerance)                                                     \
  do {                                                                                   \
    const double a_ = (a), b_ = (b), t_ = (tolerance);                                   \
    if (!(fabs(a_ - b_) <= t_))                                                          \
      fail_msg("%s = %.17g, expected %s = %.17g, tolerance %g", #a, a_, #b, b_, t_);     \
  } while (0)

#define assert_ok(call)                                                                  \
  do {                                                                                   \
    const cred_status s_ = (call);                                                       \
    if (s_ != CRED_OK)                                                                   \
      fail_msg("%s: %s: %s", #call, cred_status_name(s_), cred_error_message());         \
  } while (0)

// The call fails with this status and its message contains this text.
#define assert_fails(call, status, text)                                                 \
  do {                                                                                   \
    const cred_status s_ = (call);                                                       \
    if (s_ != (status))                                                                  \
      fail_msg("%s: status %d (%s), expected %d", #call, (int)s_,                        \
               s_ ? cred_error_message() : "ok", (int)(status));                         \
    if (!strstr(cred_error_message(), (text)))                                           \
      fail_msg("%s: message '%s' lacks '%s'", #call, cred_error_message(), (text));      \
  } while (0)

#endif
