// signal.c -- interruption, and standard streams that are closed.
//
// Once a command has asked cli_interrupted(), which says that it goes on asking, a SIGINT
// or SIGTERM sets a flag; after the command has cleaned up, the signal is raised again
// with its default action, so that the exit status tells of it. A second one, or one that
// nobody asks about, ends the program at once.
// A reader of standard output that has gone (credence predict ... | head) ends the
// program by SIGPIPE, without a word, as other programs of a pipe do.

#include "cli/cli.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t caught, asked, pipe_closed;

static void on_signal(int number) {
  if (caught || !asked) {
    signal(number, SIG_DFL);
    raise(number); // delivered when this handler returns
    return;
  }
  caught = number;
}

static void on_closed_pipe(int number) {
  pipe_closed = number;
}

bool cli_reader_gone(void) {
  return pipe_closed && ferror(stdout);
}

bool cli_interrupted(void) {
  asked = 1;
  return caught != 0;
}

void cli_signals_init(void) {
  static const int numbers[] = {SIGINT, SIGTERM};
  struct sigaction action = {.sa_handler = on_signal}, old;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    // a shell's background job ignores SIGINT, and so does what runs in it
    if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
      sigaction(numbers[i], &action, NULL);
  }
  // a closed pipe is a failed write, after which files are cleaned up; where the signal
  // is ignored (as a service does) it is one with a message
  action.sa_handler = on_closed_pipe;
  if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
    sigaction(SIGPIPE, &action, NULL);
}

void cli_signals_finish(void) {
  const int number = caught ? caught : cli_reader_gone() ? SIGPIPE : 0;
  if (!number) return;
  signal(number, SIG_DFL);
  raise(number);
}

void cli_streams_init(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    // the other direction, so that using the stream still fails
    const int got = open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    if (got != fd && got >= 0) close(got);
  }
}

cred_status cli_streams_finish(void) {
  const bool failed = ferror(stdout) != 0;
  if (fflush(stdout) != 0)
    FAIL(CRED_EIO, "standard output: writing failed: %s", strerror(errno));
  if (failed) FAIL(CRED_EIO, "standard output: writing failed");
  return CRED_OK;
}
