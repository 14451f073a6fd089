// status.c -- the thread's message and the names of statuses.

#include "base/fail.h"
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 2048 };

static _Thread_local char message[MESSAGE_BYTES];

const char *cred_error_message(void) {
  return message;
}

cred_status cred__fail(cred_status status, const char *format, ...) {
  char text[MESSAGE_BYTES]; // apart, so that the old message may be an argument
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  memcpy(message, text, sizeof message);
  return status;
}

void cred__fail_prefix(const char *format, ...) {
  char text[MESSAGE_BYTES];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  size_t n = strlen(text);
  for (const char *p = ": "; *p && n + 1 < sizeof text;) text[n++] = *p++;
  for (const char *p = message; *p && n + 1 < sizeof text;) text[n++] = *p++;
  text[n] = 0;
  memcpy(message, text, n + 1);
}

void cred__fail_copy(const char *from) {
  char text[MESSAGE_BYTES];
  snprintf(text, sizeof text, "%s", from);
  memcpy(message, text, sizeof message);
}

const char *cred_status_name(cred_status status) {
  switch (status) {
  case CRED_OK:
    return "ok";
  case CRED_EINVAL:
    return "usage";
  case CRED_EDATA:
    return "data";
  case CRED_ENOINPUT:
    return "no input";
  case CRED_EUNAVAILABLE:
    return "not available";
  case CRED_EINTERNAL:
    return "internal";
  case CRED_ENOMEM:
    return "memory";
  case CRED_ECANTCREATE:
    return "cannot create";
  case CRED_EIO:
    return "input/output";
  case CRED_ELOCKED:
    return "locked";
  case CRED_ECONFIG:
    return "configuration";
  }
  return "unknown";
}
