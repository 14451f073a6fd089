// input.h -- bytes from a file, a pipe, a gzip file, a member of an archive or memory.
//
// A block of the bytes stands in buffer[at .. end); `fill` brings more behind them. A
// pipe that will be read twice is taken into memory whole.

#ifndef CRED_SRC_DATA_INPUT_H
#define CRED_SRC_DATA_INPUT_H

#include "credence/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where bytes come from: read gives the number of bytes, 0 at the end, negative on
// failure
// (`problem` then says why). restart may be NULL where the source has only one pass.
typedef struct {
  void *handle;
  long (*read)(void *handle, void *out, size_t n);
  const char *(*problem)(void *handle);
  bool (*restart)(void *handle);
  void (*close)(void *handle);
} cred__bytes;

typedef struct {
  char *name; // for messages
  cred__bytes bytes;
  unsigned char *buffer;
  size_t at, end, capacity;
  bool ended;       // nothing comes after buffer[end)
  bool first_block; // the buffer still begins with the first byte
  bool digesting;   // first pass
  uint64_t digest;
  size_t file_bytes; // size of a plain file, SIZE_MAX if unknown
} cred__input;

enum { CRED__INPUT_BYTES = 1 << 20 }; // of a block

// Opens a file ("-": standard input), plain or gzip, and reads its first block.
// two_passes: `rewind` will be called.
cred_status cred__input_open(cred__input *input, const char *path, bool two_passes);
// Over other bytes (kept, closed by clear); over memory (borrowed).
cred_status cred__input_over(cred__input *input, const char *name, cred__bytes bytes);
cred_status cred__input_memory(cred__input *input, const char *name,
                               const unsigned char *bytes, size_t n);
void cred__input_clear(cred__input *input);

// More bytes behind buffer[end); those before `at` go. Grows the buffer only where
// everything in it is still needed, up to bytes_max.
cred_status cred__input_fill(cred__input *input, size_t bytes_max);
// The next n bytes, or `*got` fewer at the end.
cred_status cred__input_read(size_t *got, void *out, size_t n, cred__input *input);
cred_status cred__input_rewind(cred__input *input);

#endif
