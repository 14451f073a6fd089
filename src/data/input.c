// input.c -- bytes from a file, a pipe, a gzip file, a member of an archive or memory.
//
// zlib reads plain files as they are, so that gzip needs no case of its own.

#include "data/input.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/text.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static long gz_read(void *handle, void *out, size_t n) {
  const unsigned piece = n > INT_MAX / 2 ? INT_MAX / 2 : (unsigned)n;
  const long got = gzread(handle, out, piece);
  int code;
  // a file cut short in the middle of its stream is only known by the error's number
  if (got < (long)piece && (gzerror(handle, &code), code < 0)) return -1;
  return got;
}

static const char *gz_problem(void *handle) {
  int code;
  const char *text = gzerror(handle, &code);
  return code == Z_ERRNO ? strerror(errno) : text;
}

static bool gz_restart(void *handle) {
  return gzrewind(handle) == 0;
}
static void gz_close(void *handle) {
  (void)gzclose(handle);
}

static long no_read(void *handle, void *out, size_t n) {
  (void)handle, (void)out, (void)n;
  return 0;
}

static cred_status slurp(cred__input *input) {
  while (!input->ended) TRY(cred__input_fill(input, SIZE_MAX / 4));
  return CRED_OK;
}

static cred_status open_gz(cred__input *input, const char *path) {
  FILE *file;
  TRY(cred__file_open(&file, path));
  struct stat info;
  const int fd = dup(fileno(file));
  cred__file_close(file);
  gzFile gz = fd < 0 ? NULL : gzdopen(fd, "rb");
  if (!gz) {
    if (fd >= 0) close(fd);
    FAIL(CRED_ENOMEM, "%s: cannot be opened: no memory or too many open files",
         input->name);
  }
  (void)gzbuffer(gz, 1 << 17);
  const bool plain = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  input->bytes =
      (cred__bytes){gz, gz_read, gz_problem, plain ? gz_restart : NULL, gz_close};
  input->file_bytes = plain ? (size_t)info.st_size : SIZE_MAX;
  return CRED_OK;
}

cred_status cred__input_open(cred__input *input, const char *path, bool two_passes) {
  memset(input, 0, sizeof *input);
  cred_status status = CRED_OK;
  TRY_DONE(cred__strdup(&input->name, strcmp(path, "-") == 0 ? "standard input" : path));
  TRY_DONE(open_gz(input, path));
  input->digesting = true;
  input->digest = cred__digest_start();
  input->first_block = true;
  TRY_DONE(cred__input_fill(input, CRED__INPUT_BYTES));
  if (!gzdirect(input->bytes.handle)) input->file_bytes = SIZE_MAX;
  if (two_passes && !input->bytes.restart) TRY_DONE(slurp(input));
done:
  if (status != CRED_OK) cred__input_clear(input);
  return status;
}

cred_status cred__input_over(cred__input *input, const char *name, cred__bytes bytes) {
  memset(input, 0, sizeof *input);
  input->bytes = bytes;
  input->digesting = true;
  input->digest = cred__digest_start();
  input->file_bytes = SIZE_MAX;
  cred_status status = CRED_OK;
  TRY_DONE(cred__strdup(&input->name, name));
done:
  if (status != CRED_OK) cred__input_clear(input);
  return status;
}

cred_status cred__input_memory(cred__input *input, const char *name,
                               const unsigned char *bytes, size_t n) {
  TRY(cred__input_over(input, name, (cred__bytes){.read = no_read}));
  input->buffer = (unsigned char *)bytes; // never written: there is nothing to fill
  input->end = n;
  input->ended = input->first_block = true;
  input->file_bytes = n;
  return CRED_OK;
}

void cred__input_clear(cred__input *input) {
  if (input->bytes.close) input->bytes.close(input->bytes.handle);
  if (input->capacity) cred__free(input->buffer);
  cred__free(input->name);
  memset(input, 0, sizeof *input);
}

static cred_status take(size_t *got, cred__input *input, void *out, size_t n) {
  *got = 0;
  while (*got < n) {
    const long piece =
        input->bytes.read(input->bytes.handle, (char *)out + *got, n - *got);
    if (piece < 0)
      FAIL(CRED_EDATA, "%s: reading failed: %s", input->name,
           input->bytes.problem(input->bytes.handle));
    if (piece == 0) {
      input->ended = true;
      break;
    }
    *got += (size_t)piece;
  }
  if (input->digesting) input->digest = cred__digest_feed(input->digest, out, *got);
  return CRED_OK;
}

cred_status cred__input_fill(cred__input *input, size_t bytes_max) {
  if (input->ended) return CRED_OK;
  if (input->at > 0) {
    memmove(input->buffer, input->buffer + input->at, input->end - input->at);
    input->end -= input->at;
    input->at = 0;
    input->first_block = false;
  }
  if (input->end == input->capacity) {
    if (input->capacity >= bytes_max)
      FAIL(CRED_EDATA, "%s: a line is longer than %zu bytes", input->name, bytes_max);
    const size_t larger = input->capacity ? 2 * input->capacity : CRED__INPUT_BYTES;
    TRY(RESIZE(&input->buffer, input->capacity, larger, "a block of a file"));
    input->capacity = larger;
  }
  size_t got;
  TRY(take(&got, input, input->buffer + input->end, input->capacity - input->end));
  input->end += got;
  return CRED_OK;
}

cred_status cred__input_read(size_t *got, void *out, size_t n, cred__input *input) {
  const size_t held = input->end - input->at;
  const size_t first = held < n ? held : n;
  if (first) memcpy(out, input->buffer + input->at, first);
  input->at += first;
  *got = first;
  if (first == n || input->ended) return CRED_OK;
  size_t rest;
  TRY(take(&rest, input, (char *)out + first, n - first));
  *got += rest;
  input->first_block = false;
  return CRED_OK;
}

cred_status cred__input_rewind(cred__input *input) {
  if (input->first_block) {
    input->at = 0;
    return CRED_OK;
  }
  // the digest is of one whole pass: this one if it is complete, else the next
  if (input->ended)
    input->digesting = false;
  else
    input->digest = cred__digest_start();
  if (!input->bytes.restart || !input->bytes.restart(input->bytes.handle))
    FAIL(CRED_EIO, "%s: cannot be read a second time", input->name);
  input->at = input->end = 0;
  input->ended = false;
  return cred__input_fill(input, CRED__INPUT_BYTES);
}
