// cmd_bench_child.c -- a call of the library in a child, its result through a pipe.

#define _DEFAULT_SOURCE
#include "base/clock.h"
#include "cli/cmd_bench.h"
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 1024 };

// What a child says; `limits` or `result` by what was asked.
typedef struct {
  cred_status status;
  char message[MESSAGE_BYTES];
  cred_bench_limits limits;
  cred_bench_result result;
} answer;

typedef struct {
  bool measure;
  size_t n_threads, workload;
  const cred_bench_limits *limits;
  double time_s;
} request;

static void answer_request(answer *a, const request *r) {
  a->status = r->measure ? cred_bench_measure(&a->limits, r->n_threads, r->time_s)
                         : cred_bench_run(&a->result, r->workload, r->limits, r->time_s);
  if (a->status != CRED_OK)
    snprintf(a->message, sizeof a->message, "%s", cred_error_message());
}

static bool write_all(int fd, const void *bytes, size_t n) {
  const char *p = bytes;
  while (n > 0) {
    const ssize_t got = write(fd, p, n);
    if (got < 0 && errno != EINTR) return false;
    if (got < 0) continue;
    p += got;
    n -= (size_t)got;
  }
  return true;
}

static bool read_all(int fd, void *bytes, size_t n) {
  char *p = bytes;
  while (n > 0) {
    const ssize_t got = read(fd, p, n);
    if (got == 0 || (got < 0 && errno != EINTR)) return false;
    if (got < 0) continue;
    p += got;
    n -= (size_t)got;
  }
  return true;
}

// The child ends by an interruption at once: it has nothing to clean up.
static void be_child(int fd, const request *r) {
  answer a = {.status = CRED_OK};
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  answer_request(&a, r);
  _exit(write_all(fd, &a, sizeof a) ? 0 : CRED_EIO);
}

// Seconds that all cores worked since the start of the machine; NaN where Linux is not.
// The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
static double worked_s(void) {
  double t[8] = {0};
  FILE *file = fopen("/proc/stat", "r");
  if (!file) return NAN;
  const int n = fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &t[0], &t[1], &t[2],
                       &t[3], &t[4], &t[5], &t[6], &t[7]);
  fclose(file);
  if (n != 8) return NAN;
  return (t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) / (double)sysconf(_SC_CLK_TCK);
}

static double seconds_of(struct timeval t) {
  return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

typedef struct {
  size_t peak_bytes;
  double own_s; // of all its threads
} spent;

static cred_status wait_child(pid_t child, spent *out) {
  struct rusage usage;
  int state;
  while (wait4(child, &state, 0, &usage) < 0)
    if (errno != EINTR)
      FAIL(CRED_EINTERNAL, "waiting for a workload: %s", strerror(errno));
  out->peak_bytes = (size_t)usage.ru_maxrss * 1024;
  out->own_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  if (WIFSIGNALED(state))
    FAIL(CRED_EINTERNAL, "a workload was ended by signal %d", WTERMSIG(state));
  return CRED_OK;
}

static cred_status ask(answer *out, spent *used, const request *r) {
  int pipe_fd[2];
  if (pipe(pipe_fd) != 0) FAIL(CRED_EINTERNAL, "no pipe: %s", strerror(errno));
  fflush(NULL); // nothing that is buffered is written twice
  const pid_t child = fork();
  if (child < 0) {
    close(pipe_fd[0]);
    close(pipe_fd[1]);
    FAIL(CRED_ENOMEM, "no process for a workload: %s", strerror(errno));
  }
  if (child == 0) {
    close(pipe_fd[0]);
    be_child(pipe_fd[1], r);
  }
  close(pipe_fd[1]);
  const bool whole = read_all(pipe_fd[0], out, sizeof *out);
  close(pipe_fd[0]);
  TRY(wait_child(child, used));
  if (!whole) FAIL(CRED_EINTERNAL, "a workload ended without a result");
  if (out->status != CRED_OK) FAIL(out->status, "%s", out->message);
  return CRED_OK;
}

cred_status cli__bench_measure(cred_bench_limits *out, size_t n_threads, double time_s) {
  answer a;
  spent used;
  const request r = {.measure = true, .n_threads = n_threads, .time_s = time_s};
  TRY(ask(&a, &used, &r));
  *out = a.limits;
  return CRED_OK;
}

cred_status cli__bench_run(cli__bench_outcome *out, size_t workload,
                           const cred_bench_limits *limits, double time_s) {
  answer a;
  spent used;
  const request r = {.workload = workload, .limits = limits, .time_s = time_s};
  const double start = cred__now_s(), worked = worked_s();
  TRY(ask(&a, &used, &r));
  const double elapsed = cred__now_s() - start;
  out->result = a.result;
  out->peak_bytes = used.peak_bytes;
  // ticks are counted in hundredths: a short run may seem to have done less than it did
  out->others_cores = (worked_s() - worked - used.own_s) / elapsed;
  return CRED_OK;
}
