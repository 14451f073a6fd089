// stream.c -- reads a table block by block and does nothing with it: the time that parsing
// takes of a prediction. Prints rows and seconds.
//
// Usage: stream FILE COLUMN...   (the columns of numbers)

#define _POSIX_C_SOURCE 200809L
#include <credence/data/table.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BLOCK_ROWS = 8192 };

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  const double start = now_s();
  size_t n_rows = 0;
  cred_table_stream *stream;
  cred_table *block;
  check(cred_table_stream_open(&stream, argv[1], NULL, (const char *const *)argv + 2,
                               (size_t)argc - 2));
  for (;;) {
    check(cred_table_stream_next(&block, stream, BLOCK_ROWS));
    if (!block) break;
    n_rows += cred_table_n_rows(block);
    cred_table_free(block);
  }
  cred_table_stream_close(stream);
  printf("%zu %.6f\n", n_rows, now_s() - start);
  return 0;
}
