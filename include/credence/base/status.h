// credence/base/status.h -- how every call that can fail says so.
//
// A status is one of the values below; each equals the exit code of the command line
// (sysexits.h). The message of the last failure on this thread says where the fault is,
// what was given, what is expected and what to do.

#ifndef CRED_BASE_STATUS_H
#define CRED_BASE_STATUS_H

#if defined(_WIN32) || !defined(__GNUC__)
#define CRED_API
#else
#define CRED_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_OK = 0,
  CRED_EINVAL = 64,       // an argument or option is outside its range
  CRED_EDATA = 65,        // the content of a file or array is wrong
  CRED_ENOINPUT = 66,     // a file does not exist or cannot be read
  CRED_EUNAVAILABLE = 69, // a needed program or library is missing
  CRED_EINTERNAL = 70,    // a fault of ours
  CRED_ENOMEM = 71,       // memory
  CRED_ECANTCREATE = 73,  // an output cannot be created
  CRED_EIO = 74,          // reading or writing failed midway
  CRED_ELOCKED = 75,      // somebody else is writing the same thing
  CRED_ECONFIG = 78       // options that contradict each other or the model
} cred_status;

/// The message of the last failure on this thread; "" if there was none.
/// Borrowed; valid until the next failing call on the same thread.
CRED_API const char *cred_error_message(void);

/// A word for a status: "ok", "data", "memory", ...
CRED_API const char *cred_status_name(cred_status status);

#ifdef __cplusplus
}
#endif

#endif
