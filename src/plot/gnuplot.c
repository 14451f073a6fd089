// gnuplot.c -- runs a script through gnuplot and collects what it writes.
//
// Standard input of the child is a socket, not a pipe: writing to it after the child has
// died can then be told not to raise SIGPIPE, which a library must not touch.

#define _GNU_SOURCE
#include "plot/gnuplot.h"
#include "base/fail.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { TIME_MS_MAX = 120000, COMPLAINT_BYTES = 600, PICTURE_BYTES_MAX = 1 << 29 };

typedef struct {
  int in, out, err; // our ends; -1 when closed
  const char *script;
  size_t n_left;
  cred__text *picture;
  char complaint[COMPLAINT_BYTES];
  size_t n_complaint;
} session;

static void close_end(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

// A program that has closed its standard streams gets 0, 1, 2 here: dup2 in the child
// would then overwrite an end that is still to be copied.
static int above_standard(int fd) {
  if (fd > 2) return fd;
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  close(fd);
  return copy; // -1 makes the spawn fail
}

static cred_status open_ends(int child[3], session *s) {
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 ||
      pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    const int reason = errno;
    for (int i = 0; i < 2; i++) close_end(&in[i]), close_end(&out[i]), close_end(&err[i]);
    FAIL(CRED_EIO, "plot: no channel to gnuplot: %s", strerror(reason));
  }
  s->in = in[1], s->out = out[0], s->err = err[0];
  child[0] = above_standard(in[0]), child[1] = above_standard(out[1]);
  child[2] = above_standard(err[1]);
  return CRED_OK;
}

static cred_status spawn_failed(const char *program, int reason) {
  FAIL(CRED_EUNAVAILABLE,
       "plot: the program '%s' cannot be run: %s; pictures need gnuplot: "
       "apt-get install gnuplot-nox",
       program, strerror(reason));
}

static cred_status spawn(pid_t *pid, const char *program, const int child[3]) {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0)
    FAIL(CRED_ENOMEM, "plot: no memory to start gnuplot");
  int reason = 0;
  for (int fd = 0; fd < 3 && reason == 0; fd++)
    reason = posix_spawn_file_actions_adddup2(&actions, child[fd], fd);
  char default_settings[] =
      "-d"; // no start-up file of the user: it could change anything
  char name[] = "gnuplot";
  char *const arguments[] = {name, default_settings, NULL};
  if (reason == 0)
    reason = posix_spawnp(pid, program, &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (reason != 0) return spawn_failed(program, reason);
  return CRED_OK;
}

static void feed(session *s) {
  const size_t n = s->n_left < 65536 ? s->n_left : 65536;
  const ssize_t sent = n ? send(s->in, s->script, n, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
  if (sent > 0) s->script += sent, s->n_left -= (size_t)sent;
  if (s->n_left == 0 || (sent < 0 && errno != EAGAIN && errno != EINTR))
    close_end(&s->in);
}

static void drain(session *s, int *fd) {
  char buffer[65536];
  const ssize_t n = read(*fd, buffer, sizeof buffer);
  if (n < 0 && errno == EINTR) return;
  if (n <= 0) {
    close_end(fd);
    return;
  }
  if (fd == &s->out) {
    cred__text_append(s->picture, buffer, (size_t)n);
    return;
  }
  const size_t room = COMPLAINT_BYTES - 1 - s->n_complaint;
  const size_t kept = (size_t)n < room ? (size_t)n : room;
  memcpy(s->complaint + s->n_complaint, buffer, kept);
  s->n_complaint += kept;
}

static long long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// Writes and reads until gnuplot has closed both its outputs. False if time ran out.
static bool pump(session *s) {
  const long long end = now_ms() + TIME_MS_MAX;
  while (s->out >= 0 || s->err >= 0) {
    struct pollfd fds[3] = {
        {s->in, POLLOUT, 0}, {s->out, POLLIN, 0}, {s->err, POLLIN, 0}};
    const long long left = end - now_ms();
    if (left <= 0 || s->picture->n > PICTURE_BYTES_MAX || s->picture->failed)
      return false;
    const int n = poll(fds, 3, (int)left);
    if (n < 0 && errno != EINTR) return false;
    if (n <= 0) continue;
    if (fds[0].revents) feed(s);
    if (fds[1].revents) drain(s, &s->out);
    if (fds[2].revents) drain(s, &s->err);
  }
  return true;
}

// One line for the message: what gnuplot wrote, without its blank lines and carets.
static void tidy(char *complaint) {
  char *to = complaint;
  for (const char *p = complaint; *p; p++) {
    const bool plain = (unsigned char)*p >= 0x20 && *p != 0x7F && *p != '^';
    if (plain && !(*p == ' ' && (to == complaint || to[-1] == ' ')))
      *to++ = *p;
    else if (*p == '\n' && to > complaint && to[-1] != ' ')
      *to++ = ' ';
  }
  *to = 0;
}

static cred_status verdict(session *s, bool finished, bool reaped, int result,
                           const char *program) {
  if (s->picture->failed) return cred__text_status(s->picture);
  if (!finished)
    FAIL(CRED_EINTERNAL,
         "plot: %s took longer than %d s or wrote more than %d bytes; try "
         "another format",
         program, TIME_MS_MAX / 1000, (int)PICTURE_BYTES_MAX);
  const bool exited = reaped && WIFEXITED(result);
  if (exited && WEXITSTATUS(result) == 127) return spawn_failed(program, ENOENT);
  tidy(s->complaint);
  if (reaped && !(exited && WEXITSTATUS(result) == 0))
    FAIL(CRED_EINTERNAL, "plot: %s refused the script: %s", program,
         s->complaint[0] ? s->complaint : "it says nothing");
  if (s->picture->n == 0)
    FAIL(CRED_EUNAVAILABLE,
         "plot: %s drew nothing: %s; a full gnuplot is needed: apt-get "
         "install gnuplot-nox",
         program, s->complaint[0] ? s->complaint : "it says nothing");
  return CRED_OK;
}

cred_status cred__gnuplot_run(cred__text *picture, const char *program,
                              const char *script, size_t n_bytes) {
  session s = {.in = -1,
               .out = -1,
               .err = -1,
               .script = script,
               .n_left = n_bytes,
               .picture = picture};
  int child[3];
  TRY(open_ends(child, &s));
  pid_t pid = 0;
  const cred_status status = spawn(&pid, program, child);
  for (int i = 0; i < 3; i++) close_end(&child[i]);
  const bool finished = status == CRED_OK && pump(&s);
  close_end(&s.in), close_end(&s.out), close_end(&s.err);
  if (status != CRED_OK) return status;
  if (!finished) kill(pid, SIGKILL);
  int result = 0;
  pid_t got;
  // a caller that ignores SIGCHLD leaves nothing to wait for: judged by the picture then
  while ((got = waitpid(pid, &result, 0)) < 0 && errno == EINTR) continue;
  return verdict(&s, finished, got == pid, result, program);
}
