// file.c -- whole files in, and files out that are either complete or not there.

#define _GNU_SOURCE
#include "base/file.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

cred_status cred__file_open(FILE **out, const char *path) {
  *out = NULL;
  if (strcmp(path, "-") == 0) {
    *out = stdin;
    return CRED_OK;
  }
  struct stat info;
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
    FAIL(CRED_ENOINPUT, "%s: is a folder, a file is expected", path);
  *out = fopen(path, "rb");
  if (!*out) FAIL(CRED_ENOINPUT, "%s: cannot be read: %s", path, strerror(errno));
  return CRED_OK;
}

cred_status cred__folder_make(const char *path) {
  struct stat info;
  if (mkdir(path, 0777) == 0) return CRED_OK;
  const int reason = errno;
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return CRED_OK;
  FAIL(CRED_ECANTCREATE, "%s: the folder cannot be made: %s", path, strerror(reason));
}

void cred__file_close(FILE *file) {
  if (file && file != stdin) fclose(file);
}

cred_status cred__file_read(unsigned char **out, size_t *n_bytes, const char *path,
                            size_t bytes_max) {
  *out = NULL;
  *n_bytes = 0;
  FILE *file;
  TRY(cred__file_open(&file, path));
  cred_status status = CRED_OK;
  unsigned char *buffer = NULL;
  size_t n = 0, capacity = 1 << 16;
  struct stat info; // a plain file is read in one piece
  if (fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode) && info.st_size >= 0 &&
      (size_t)info.st_size < bytes_max)
    capacity = (size_t)info.st_size + 2;
  TRY_DONE(NEW(&buffer, capacity, "a file"));
  for (;;) {
    if (n + 1 >= capacity) {
      TRY_DONE(RESIZE(&buffer, capacity, 2 * capacity, "a file"));
      capacity *= 2;
    }
    const size_t got = fread(buffer + n, 1, capacity - 1 - n, file);
    n += got;
    if (n > bytes_max)
      FAIL_DONE(CRED_EDATA, "%s: more than %zu bytes, the most that is read here", path,
                bytes_max);
    if (got == 0) break;
  }
  if (ferror(file)) FAIL_DONE(CRED_EIO, "%s: reading failed: %s", path, strerror(errno));
  buffer[n] = 0;
  *out = buffer;
  *n_bytes = n;
  buffer = NULL;
done:
  cred__free(buffer);
  cred__file_close(file);
  return status;
}

static void writer_clear(cred__writer *writer) {
  cred__free(writer->path);
  cred__free(writer->path_tmp);
  memset(writer, 0, sizeof *writer);
}

// The temporary file has a fixed name and a lock, so that two writers see each other and
// a killed one leaves at most one stale file, which the next one takes over.
static cred_status open_locked(cred__writer *writer) {
  for (int attempt = 0; attempt < 16; attempt++) {
    const int fd = open(writer->path_tmp, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
      FAIL(CRED_ECANTCREATE, "%s: cannot be created: %s", writer->path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      close(fd);
      FAIL(CRED_ELOCKED,
           "%s: another process is writing it; wait for it or choose "
           "another name",
           writer->path);
    }
    struct stat opened, named; // the other writer may have renamed it just now
    if (fstat(fd, &opened) == 0 && stat(writer->path_tmp, &named) == 0 &&
        opened.st_ino == named.st_ino) {
      if (ftruncate(fd, 0) == 0 && (writer->file = fdopen(fd, "wb"))) return CRED_OK;
      const int reason = errno;
      close(fd);
      FAIL(CRED_ECANTCREATE, "%s: cannot be created: %s", writer->path, strerror(reason));
    }
    close(fd);
  }
  FAIL(CRED_ELOCKED, "%s: other processes keep writing it", writer->path);
}

cred_status cred__writer_init(cred__writer *writer, const char *path) {
  memset(writer, 0, sizeof *writer);
  cred_status status = CRED_OK;
  TRY_DONE(cred__strdup(&writer->path, path));
  if (strcmp(path, "-") == 0) {
    writer->file = stdout;
    return CRED_OK;
  }
  struct stat info;
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
    FAIL_DONE(CRED_ECANTCREATE, "%s: is a folder, a file name is expected", path);
  // a device or a pipe cannot be replaced by a rename
  if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
    writer->file = fopen(path, "wb");
    if (!writer->file)
      FAIL_DONE(CRED_ECANTCREATE, "%s: cannot be written: %s", path, strerror(errno));
    return CRED_OK;
  }
  const size_t n = strlen(path);
  TRY_DONE(NEW(&writer->path_tmp, n + 6, "a file name"));
  memcpy(writer->path_tmp, path, n);
  memcpy(writer->path_tmp + n, ".part", 6);
  TRY_DONE(open_locked(writer));
done:
  if (status != CRED_OK) writer_clear(writer);
  return status;
}

static void sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char folder[4096] = ".";
  if (slash && (size_t)(slash - path) < sizeof folder - 1) {
    memcpy(folder, path, (size_t)(slash - path) + 1);
    folder[slash - path + 1] = 0;
  }
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return; // the data is safe; only the name may come back as the old one
  (void)!fsync(fd);
  close(fd);
}

cred_status cred__writer_commit(cred__writer *writer) {
  cred_status status = CRED_OK;
  FILE *file = writer->file;
  writer->file = NULL;
  const bool failed = fflush(file) != 0 || ferror(file);
  const int reason = errno;
  if (!writer->path_tmp) {
    if (file != stdout) fclose(file);
    if (failed)
      status =
          cred__fail(CRED_EIO, "%s: writing failed: %s",
                     file == stdout ? "standard output" : writer->path, strerror(reason));
    writer_clear(writer);
    return status;
  }
  if (failed || fsync(fileno(file)) != 0)
    status = cred__fail(CRED_EIO, "%s: writing failed: %s", writer->path,
                        strerror(failed ? reason : errno));
  // renamed while the lock is held, so that nobody else takes the temporary file over
  if (status == CRED_OK && rename(writer->path_tmp, writer->path) != 0)
    status = cred__fail(CRED_ECANTCREATE, "%s: cannot be replaced: %s", writer->path,
                        strerror(errno));
  if (status != CRED_OK) unlink(writer->path_tmp);
  fclose(file);
  if (status == CRED_OK) sync_folder(writer->path);
  writer_clear(writer);
  return status;
}

void cred__writer_abort(cred__writer *writer) {
  if (writer->path_tmp && writer->file) unlink(writer->path_tmp);
  if (writer->file && writer->file != stdout) fclose(writer->file);
  writer_clear(writer);
}
