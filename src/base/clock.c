// clock.c -- seconds since some moment of this machine's run.

#include "base/clock.h"
#include <time.h>

double cred__now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
