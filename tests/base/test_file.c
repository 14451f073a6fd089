// Whole files in, and files out that are either complete or not there.

#include "check.h"
#include "base/alloc.h"
#include "base/file.h"
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[128], part[160];

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/credence_file_XXXXXX");
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/out", folder);
  snprintf(part, sizeof part, "%s.part", path);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  unlink(part);
  return rmdir(folder); // fails where a test left something behind
}

static void put(const char *name, const char *bytes, size_t n) {
  FILE *file = fopen(name, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  fclose(file);
}

static void expect(const char *content) {
  unsigned char *bytes;
  size_t n;
  assert_ok(cred__file_read(&bytes, &n, path, 1 << 20));
  assert_int_equal(n, strlen(content));
  assert_memory_equal(bytes, content, n + 1); // with the 0 behind its end
  cred__free(bytes);
}

static void test_read(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 300000};
  char *content;
  assert_ok(NEW(&content, 300000, "content"));
  for (size_t i = 0; i < 300000; i++) content[i] = (char)(i * 7);
  for (size_t s = 0; s < 6; s++) {
    put(path, content, sizes[s]);
    unsigned char *bytes;
    size_t n;
    assert_ok(cred__file_read(&bytes, &n, path, sizes[s]));
    assert_int_equal(n, sizes[s]);
    assert_memory_equal(bytes, content, n);
    assert_int_equal(bytes[n], 0);
    cred__free(bytes);
    if (sizes[s])
      assert_fails(cred__file_read(&bytes, &n, path, sizes[s] - 1), CRED_EDATA, path);
  }
  cred__free(content);
  unsigned char *bytes;
  size_t n;
  assert_fails(cred__file_read(&bytes, &n, "/nowhere/at/all", 10), CRED_ENOINPUT,
               "/nowhere");
  assert_fails(cred__file_read(&bytes, &n, folder, 10), CRED_ENOINPUT, "folder");
}

static void test_write_is_all_or_nothing(void **state) {
  (void)state;
  cred__writer w;
  put(path, "old", 3);
  assert_ok(cred__writer_init(&w, path));
  fputs("new content", w.file);
  fflush(w.file);
  expect("old"); // until it is complete
  cred__writer_abort(&w);
  expect("old");
  assert_int_not_equal(access(part, F_OK), 0);
  assert_ok(cred__writer_init(&w, path));
  fputs("new", w.file);
  assert_ok(cred__writer_commit(&w));
  cred__writer_abort(&w); // does nothing
  expect("new");
  assert_int_not_equal(access(part, F_OK), 0);
}

static void test_second_writer(void **state) {
  (void)state;
  cred__writer w, second;
  assert_ok(cred__writer_init(&w, path));
  assert_fails(cred__writer_init(&second, path), CRED_ELOCKED, path);
  fputs("first", w.file);
  assert_ok(cred__writer_commit(&w));
  assert_ok(cred__writer_init(&second, path));
  fputs("second", second.file);
  assert_ok(cred__writer_commit(&second));
  expect("second");
}

// Killed between opening and renaming: the old file stays, the next writer takes over.
static void test_killed_while_writing(void **state) {
  (void)state;
  put(path, "old", 3);
  const pid_t child = fork();
  if (child == 0) {
    cred__writer w;
    if (cred__writer_init(&w, path) != CRED_OK) _exit(1);
    fputs("half of it, longer than what comes", w.file);
    fflush(w.file);
    raise(SIGKILL);
  }
  int code;
  waitpid(child, &code, 0);
  assert_true(WIFSIGNALED(code));
  expect("old");
  cred__writer w;
  assert_ok(cred__writer_init(&w, path));
  fputs("whole", w.file);
  assert_ok(cred__writer_commit(&w));
  expect("whole");
}

static void test_no_place_to_write(void **state) {
  (void)state;
  cred__writer w;
  assert_fails(cred__writer_init(&w, "/nowhere/out"), CRED_ECANTCREATE, "/nowhere/out");
  assert_fails(cred__writer_init(&w, folder), CRED_ECANTCREATE, "folder");
  if (access("/dev/full", W_OK) != 0) return;
  assert_ok(cred__writer_init(&w, "/dev/full")); // a device is written in place
  fputs("too much", w.file);
  assert_fails(cred__writer_commit(&w), CRED_EIO, "/dev/full");
}

static void test_no_memory(void **state) {
  (void)state;
  put(path, "content", 7);
  const long live = cred__alloc_live();
  for (long n = 0;; n++) {
    unsigned char *bytes = NULL;
    size_t n_bytes;
    cred__writer w;
    cred__alloc_fail_after(n);
    cred_status status = cred__file_read(&bytes, &n_bytes, path, 100);
    cred__free(bytes);
    if (status == CRED_OK) status = cred__writer_init(&w, path);
    cred__alloc_fail_after(-1);
    if (status == CRED_OK) {
      cred__writer_abort(&w);
      assert_true(n >= 3);
      break;
    }
    assert_int_equal(status, CRED_ENOMEM);
    assert_int_equal(cred__alloc_live(), live);
  }
  assert_int_equal(cred__alloc_live(), live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read),
      cmocka_unit_test(test_write_is_all_or_nothing),
      cmocka_unit_test(test_second_writer),
      cmocka_unit_test(test_killed_while_writing),
      cmocka_unit_test(test_no_place_to_write),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
