// peak.c -- runs a command and writes its seconds and its largest resident memory in bytes
// to a file. A small program has to start it: a process begins with the peak of the one it
// was forked from.
//
// Usage: peak FILE COMMAND ARGUMENT...

#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
  struct rusage usage;
  int state;
  if (argc < 3) return 64;
  const double start = now_s();
  const pid_t child = fork();
  if (child < 0) return 71;
  if (child == 0) {
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  if (wait4(child, &state, 0, &usage) < 0) return 70;
  const double elapsed = now_s() - start;
  FILE *file = fopen(argv[1], "w");
  if (!file) return 73;
  fprintf(file, "%.6f %ld\n", elapsed, usage.ru_maxrss * 1024);
  fclose(file);
  return WIFEXITED(state) ? WEXITSTATUS(state) : 70;
}
