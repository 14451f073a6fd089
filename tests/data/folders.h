// folders.h -- a folder of folders for the pictures of one test program.

#ifndef CRED_TESTS_DATA_FOLDERS_H
#define CRED_TESTS_DATA_FOLDERS_H

#include "check.h"
#include "base/alloc.h"
#include "credence/data/images.h"
#include "credence/data/toy_images.h"
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/credence_images_XXXXXX";

static int make_root(void **state) {
  (void)state;
  return mkdtemp(root) ? 0 : -1;
}

static inline int remove_entry(const char *path, const struct stat *info, int type,
                               struct FTW *at) {
  (void)info, (void)type, (void)at;
  return remove(path);
}

static int remove_root(void **state) {
  (void)state;
  return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

// A path below the root; four of them may be in use.
static inline const char *below(const char *name) {
  static char path[4][600];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", root, name);
  return path[turn];
}

static inline void put_folder(const char *name) {
  assert_true(mkdir(below(name), 0777) == 0);
}

static inline void put_text(const char *name, const char *text) {
  FILE *f = fopen(below(name), "wb");
  assert_non_null(f);
  fputs(text, f);
  assert_int_equal(fclose(f), 0);
}

// A picture whose pixels are all this value.
static inline void put_plain(const char *name, size_t height, size_t width,
                             size_t channels, unsigned char value) {
  cred_image image;
  assert_ok(cred_image_new(&image, height, width, channels));
  memset(image.pixel, value, height * width * channels);
  assert_ok(cred_image_write_png(&image, below(name), NULL, 0));
  cred_image_clear(&image);
}

#endif
