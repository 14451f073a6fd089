// learn_journal.c -- an append-only file of lines, each with a checksum of the file up to
// its end: FNV-1a over the text of all lines.
//
// A line counts when its end and its checksum are there. A crash leaves at most a piece
// of the last append, which has no such line behind it, and is cut off when the file is
// opened again. A line that does not fit but has others behind it was damaged by
// something else.

#include "decide/learn.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { JOURNAL_BYTES_MAX = 1 << 30, CHECKSUM = CRED__DIGEST_BYTES - 1 };

// The length of the line at `text` with its end; 0 if it is not whole, or not the next.
static size_t line_length(uint64_t *digest, const char *text, size_t n) {
  char expected[CRED__DIGEST_BYTES];
  const char *end = memchr(text, '\n', n);
  const size_t length = end ? (size_t)(end - text) : 0;
  if (!end || length < CHECKSUM + 2 || text[CHECKSUM] != ' ') return 0;
  if (memchr(text, 0, length)) return 0;
  const uint64_t next =
      cred__digest_feed(*digest, text + CHECKSUM + 1, length - CHECKSUM);
  cred__digest_text(expected, next);
  if (memcmp(expected, text, CHECKSUM) != 0) return 0;
  *digest = next;
  return length + 1;
}

// What is left is more than one append that was cut off: something follows the line that
// does not fit. A crash of the machine may leave zeros.
static bool is_damaged(const char *rest, size_t n) {
  const char *end = memchr(rest, '\n', n);
  while (n > 0 && rest[n - 1] == 0) n--;
  return end && end + 1 < rest + n;
}

static cred_status replay(size_t *n_good, cred__journal *j, char *text, size_t n,
                          cred__journal_line line, void *context) {
  size_t at = 0, length;
  while (at < n && (length = line_length(&j->digest, text + at, n - at)) > 0) {
    text[at + length - 1] = 0;
    j->n_lines++;
    const cred_status status = line(context, text + at + CHECKSUM + 1);
    if (status != CRED_OK) {
      cred__fail_prefix("%s:%zu", j->path, j->n_lines);
      return status;
    }
    at += length;
  }
  *n_good = at;
  if (at < n && is_damaged(text + at, n - at))
    FAIL(CRED_EDATA,
         "%s:%zu: this line was damaged after it was written, and others follow it: "
         "restore the file, or begin in a new folder",
         j->path, j->n_lines + 1);
  return CRED_OK;
}

static cred_status open_locked(cred__journal *j) {
  j->fd = open(j->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (j->fd < 0)
    FAIL(CRED_ECANTCREATE, "%s: cannot be opened: %s", j->path, strerror(errno));
  if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
    FAIL(CRED_ELOCKED, "%s: another process is at this run: wait for it", j->path);
  return CRED_OK;
}

// The name of the file itself must survive a crash.
static void sync_folder(const char *path) {
  char folder[4096];
  const char *slash = strrchr(path, '/');
  const size_t n = slash ? (size_t)(slash - path) : 0;
  if (!slash || n >= sizeof folder) return;
  memcpy(folder, path, n);
  folder[n] = 0;
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)!fsync(fd);
  close(fd);
}

cred_status cred__journal_open(cred__journal *j, const char *path,
                               cred__journal_line line, void *context) {
  unsigned char *text = NULL;
  size_t n, n_good = 0;
  cred_status status;
  *j = (cred__journal){.fd = -1, .digest = cred__digest_start()};
  TRY_DONE(cred__strdup(&j->path, path));
  TRY_DONE(open_locked(j));
  TRY_DONE(cred__file_read(&text, &n, path, JOURNAL_BYTES_MAX));
  TRY_DONE(replay(&n_good, j, (char *)text, n, line, context));
  if (n_good < n && ftruncate(j->fd, (off_t)n_good) != 0)
    FAIL_DONE(CRED_EIO, "%s: cannot be cut to its last whole line: %s", path,
              strerror(errno));
  if (n == 0) sync_folder(path);
done:
  cred__free(text);
  if (status != CRED_OK) cred__journal_close(j);
  return status;
}

void cred__journal_close(cred__journal *j) {
  if (j->fd >= 0) close(j->fd);
  cred__free(j->path);
  *j = (cred__journal){.fd = -1};
}

static cred_status write_all(const cred__journal *j, const char *s, size_t n) {
  while (n > 0) {
    const ssize_t wrote = write(j->fd, s, n);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) FAIL(CRED_EIO, "%s: writing failed: %s", j->path, strerror(errno));
    s += wrote;
    n -= (size_t)wrote;
  }
  if (fsync(j->fd) != 0)
    FAIL(CRED_EIO, "%s: writing failed: %s", j->path, strerror(errno));
  return CRED_OK;
}

cred_status cred__journal_append(cred__journal *j, const cred__text *lines) {
  cred__text out = {0};
  uint64_t digest = j->digest;
  size_t n_lines = 0;
  TRY(cred__text_status(lines));
  for (size_t at = 0; at < lines->n;) {
    char checksum[CRED__DIGEST_BYTES];
    const size_t n = strcspn(lines->s + at, "\n") + 1;
    digest = cred__digest_feed(digest, lines->s + at, n);
    cred__digest_text(checksum, digest);
    cred__text_printf(&out, "%s ", checksum);
    cred__text_append(&out, lines->s + at, n);
    at += n;
    n_lines++;
  }
  cred_status status = cred__text_status(&out);
  const off_t before = lseek(j->fd, 0, SEEK_END);
  if (status == CRED_OK) status = write_all(j, out.s, out.n);
  if (status == CRED_OK) {
    j->digest = digest;
    j->n_lines += n_lines;
  } else if (before >= 0) {
    (void)!ftruncate(j->fd, before); // half an append would be in the way of the next
  }
  cred__text_clear(&out);
  return status;
}
