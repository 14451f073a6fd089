// file.h -- whole files in, and files out that are either complete or not there.

#ifndef CRED_SRC_BASE_FILE_H
#define CRED_SRC_BASE_FILE_H

#include "credence/base/status.h"
#include <stdio.h>

// Reads a whole file; `*out` is yours to free and has a 0 byte after its end.
// A file larger than bytes_max is an error (CRED_EDATA).
cred_status cred__file_read(unsigned char **out, size_t *n_bytes, const char *path,
                            size_t bytes_max);

// Opens for reading; "-" is standard input. The message names the reason.
cred_status cred__file_open(FILE **out, const char *path);
void cred__file_close(FILE *file);

// Makes a folder (not those above it); one that is there already is fine.
cred_status cred__folder_make(const char *path);

// Atomic writing: a temporary file beside `path`, then flush, fsync, rename, fsync of the
// folder. "-" is standard output (not atomic). A second writer of the same path gets
// CRED_ELOCKED. Until `commit`, the old file stays; `abort` removes the temporary one.
// Both end the life of the writer; abort after commit does nothing.
typedef struct {
  FILE *file;
  char *path, *path_tmp;
} cred__writer;

cred_status cred__writer_init(cred__writer *writer, const char *path);
cred_status cred__writer_commit(cred__writer *writer);
void cred__writer_abort(cred__writer *writer);

#endif
