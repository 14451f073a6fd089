// files.h -- a folder for the files of one test program, and tables from texts.

#ifndef CRED_TESTS_DATA_FILES_H
#define CRED_TESTS_DATA_FILES_H

#include "check.h"
#include "base/alloc.h"
#include "credence/data/table.h"
#include <dirent.h>
#include <unistd.h>

static char folder[] = "/tmp/credence_data_XXXXXX";
static char file_path[512];

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  DIR *dir = opendir(folder);
  for (struct dirent *e; dir && (e = readdir(dir));) {
    snprintf(file_path, sizeof file_path, "%s/%.200s", folder, e->d_name);
    unlink(file_path);
  }
  if (dir) closedir(dir);
  return rmdir(folder);
}

// Writes bytes to a file of this name in the folder and gives its path.
static inline const char *put_bytes(const char *name, const void *bytes, size_t n) {
  snprintf(file_path, sizeof file_path, "%s/%s", folder, name);
  FILE *f = fopen(file_path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
  return file_path;
}

static inline const char *put(const char *name, const char *text) {
  return put_bytes(name, text, strlen(text));
}

// The table of a text that must be sound.
static inline cred_table *table_of(const char *name, const char *text,
                                   const cred_table_options *opt) {
  cred_table *t;
  assert_ok(cred_table_read(&t, put(name, text), opt));
  return t;
}

static inline const char *cell_of(const cred_table *t, size_t row, size_t column) {
  static char text[4][200];
  static int turn;
  turn = (turn + 1) % 4;
  cred_table_cell(text[turn], sizeof text[turn], t, row, column);
  return text[turn];
}

// A data set: in the folder CREDENCE_DATA, else in shared/data beside the project. NULL
// where it is not at hand.
static inline const char *data_path(const char *name) {
  const char *base = getenv("CREDENCE_DATA");
  if (base)
    snprintf(file_path, sizeof file_path, "%s/%s", base, name);
  else
    snprintf(file_path, sizeof file_path, "%.*s/../../../shared/data/%s",
             (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__, name);
  return access(file_path, R_OK) == 0 ? file_path : NULL;
}

#endif
