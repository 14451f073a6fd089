// test_safetensors.c -- the container: round trips, and files that lie.

#include "check.h"
#include "base/alloc.h"
#include "credence/base/key.h"
#include "data/safetensors.h"
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/credence_safetensors_XXXXXX";
static char file[256], other[256];

static int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(file, sizeof file, "%s/a.safetensors", folder);
  snprintf(other, sizeof other, "%s/b.safetensors", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  char part[300];
  snprintf(part, sizeof part, "%s.part", file);
  unlink(part), unlink(file), unlink(other);
  return rmdir(folder);
}

static const float weights[6] = {0.5f, -1.0f, 2.0f, 1e-40f, 3e38f, -0.0f};
static const double scale[1] = {3.25};
static const uint8_t mask[3] = {0, 1, 255};
static const int64_t step[2] = {INT64_MIN, INT64_MAX};

// The same content in either order of the calls.
static cred_status fill(cred_tensors *t, bool reverse) {
  const size_t shape[] = {2, 3}, three[] = {3}, two[] = {2}, none[] = {0, 7};
  for (int k = 0; k < 7; k++) {
    cred_status s = CRED_OK;
    switch (reverse ? 6 - k : k) {
    case 0:
      s = cred_tensors_add(t, "w", CRED_F32, shape, 2, weights);
      break;
    case 1:
      s = cred_tensors_add(t, "a mask", CRED_U8, three, 1, mask);
      break;
    case 2:
      s = cred_tensors_add(t, "scale", CRED_F64, NULL, 0, scale);
      break;
    case 3:
      s = cred_tensors_add(t, "empty", CRED_F32, none, 2, NULL);
      break;
    case 4:
      s = cred_tensors_add(t, "step", CRED_I64, two, 1, step);
      break;
    case 5:
      s = cred_tensors_set_metadata(t, "net", "dense 50 \"relu\"\n\t\\ \xc3\xa9");
      break;
    case 6:
      s = cred_tensors_set_metadata(t, "made by", "a test");
      break;
    }
    if (s != CRED_OK) return s;
  }
  return CRED_OK;
}

static void write_example(const char *path, bool reverse) {
  cred_tensors *t;
  assert_ok(cred_tensors_new(&t));
  assert_ok(fill(t, reverse));
  assert_ok(cred_tensors_write(t, path));
  cred_tensors_free(t);
}

static unsigned char *slurp(const char *path, size_t *n) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  unsigned char *bytes = malloc(1 << 16);
  *n = fread(bytes, 1, 1 << 16, f);
  fclose(f);
  return bytes;
}

static cred_status parse_bytes(cred_tensors **t, const void *bytes, size_t n) {
  unsigned char *copy;
  const cred_tensors_options opt = cred_tensors_defaults();
  *t = NULL;
  if (NEW(&copy, n, "a test") != CRED_OK) return CRED_ENOMEM;
  if (n) memcpy(copy, bytes, n);
  const cred_status status = cred__tensors_parse(t, &copy, n, &opt);
  cred__free(copy);
  return status;
}

// A file of this header and n_data bytes 1, 2, 3, ...
static cred_status parse_header(cred_tensors **t, const char *header, size_t n_data) {
  unsigned char bytes[4096];
  const uint64_t n = strlen(header);
  memcpy(bytes, &n, 8);
  memcpy(bytes + 8, header, n);
  for (size_t i = 0; i < n_data; i++) bytes[8 + n + i] = (unsigned char)(i + 1);
  return parse_bytes(t, bytes, 8 + n + n_data);
}

static void test_round_trip(void **state) {
  (void)state;
  cred_tensors *t;
  write_example(file, false);
  assert_ok(cred_tensors_read(&t, file, NULL));
  assert_int_equal(cred_tensors_count(t), 5);
  static const char *const names[] = {"a mask", "empty", "scale", "step", "w"};
  for (size_t i = 0; i < 5; i++)
    assert_string_equal(cred_tensors_at(t, i)->name, names[i]);
  assert_null(cred_tensors_at(t, 5));
  const cred_tensor *w = cred_tensors_find(t, "w");
  assert_int_equal(w->dtype, CRED_F32);
  assert_int_equal(w->n_dims, 2);
  assert_int_equal(w->shape[0], 2);
  assert_int_equal(w->shape[1], 3);
  assert_memory_equal(w->data, weights, sizeof weights);
  assert_int_equal((uintptr_t)cred_tensors_find(t, "scale")->data % 8, 0);
  assert_memory_equal(cred_tensors_find(t, "scale")->data, scale, sizeof scale);
  assert_int_equal(cred_tensors_find(t, "scale")->n, 1);
  assert_memory_equal(cred_tensors_find(t, "a mask")->data, mask, sizeof mask);
  assert_memory_equal(cred_tensors_find(t, "step")->data, step, sizeof step);
  assert_int_equal(cred_tensors_find(t, "empty")->n, 0);
  assert_null(cred_tensors_find(t, "W"));
  assert_string_equal(cred_tensors_metadata(t, "net"),
                      "dense 50 \"relu\"\n\t\\ \xc3\xa9");
  assert_string_equal(cred_tensors_metadata(t, "made by"), "a test");
  assert_null(cred_tensors_metadata(t, "maker"));
  assert_int_equal(cred_tensors_metadata_count(t), 2);
  assert_string_equal(cred_tensors_metadata_key(t, 0), "made by");
  cred_tensors_free(t);
  cred_tensors_free(NULL);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_identical_bytes(void **state) {
  (void)state;
  size_t n, m;
  write_example(file, false);
  write_example(other, true);
  unsigned char *a = slurp(file, &n), *b = slurp(other, &m);
  assert_int_equal(n, m);
  assert_memory_equal(a, b, n);
  uint64_t n_header;
  memcpy(&n_header, a, 8);
  assert_int_equal(n_header % 8, 0);
  assert_int_equal(a[8], '{');
  // read and written again: the same bytes
  cred_tensors *t;
  assert_ok(cred_tensors_read(&t, file, NULL));
  assert_ok(cred_tensors_write(t, other));
  cred_tensors_free(t);
  free(b);
  b = slurp(other, &m);
  assert_int_equal(n, m);
  assert_memory_equal(a, b, n);
  free(a), free(b);
}

static void test_expect(void **state) {
  (void)state;
  cred_tensors *t;
  const cred_tensor *w;
  const size_t shape[] = {2, 3}, turned[] = {3, 2};
  assert_ok(cred_tensors_new(&t));
  assert_ok(fill(t, false));
  assert_ok(cred_tensors_expect(&w, t, "w", CRED_F32, shape, 2));
  assert_ok(cred_tensors_expect(&w, t, "w", CRED_F32, NULL, 0));
  assert_ok(cred_tensors_expect(&w, t, "scale", CRED_F64, shape, 0));
  assert_fails(cred_tensors_expect(&w, t, "v", CRED_F32, shape, 2), CRED_EDATA,
               "missing");
  assert_null(w);
  assert_fails(cred_tensors_expect(&w, t, "w", CRED_F64, shape, 2), CRED_EDATA,
               "type F32, expected F64");
  assert_fails(cred_tensors_expect(&w, t, "w", CRED_F32, turned, 2), CRED_EDATA,
               "shape (2, 3), expected (3, 2)");
  assert_fails(cred_tensors_expect(&w, t, "w", CRED_F32, shape, 1), CRED_EDATA,
               "expected (2)");
  cred_tensors_free(t);
}

static void test_add_refuses(void **state) {
  (void)state;
  cred_tensors *t;
  char name[300];
  const size_t big[] = {SIZE_MAX / 2, 3}, hidden[] = {SIZE_MAX / 2, 0, 3}, one[] = {1};
  const size_t nine[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  memset(name, 'x', sizeof name);
  name[256] = 0;
  assert_ok(cred_tensors_new(&t));
#define refuses(name, type, shape, n, data, text)                                        \
  assert_fails(cred_tensors_add(t, name, type, shape, n, data), CRED_EINVAL, text)
  refuses("", CRED_F32, one, 1, weights, "0 bytes");
  refuses(name, CRED_F32, one, 1, weights, "256 bytes");
  refuses("a\nb", CRED_F32, one, 1, weights, "byte 0x0a at 1");
  refuses("\xc3\xa9", CRED_F32, one, 1, weights, "byte 0xc3");
  refuses("__metadata__", CRED_F32, one, 1, weights, "reserved");
  refuses("w", (cred_dtype)77, one, 1, weights, "unknown type 77");
  refuses("w", CRED_F32, nine, 9, weights, "9 dimensions");
  refuses("w", CRED_F32, big, 2, weights, "64 bits");
  refuses("w", CRED_F32, hidden, 3, NULL, "64 bits");
  refuses("w", CRED_F32, one, 1, NULL, "no data");
  assert_ok(cred_tensors_add(t, "w", CRED_F32, one, 1, weights));
  refuses("w", CRED_F32, one, 1, weights, "already");
  assert_fails(cred_tensors_set_metadata(t, "", "x"), CRED_EINVAL, "0 bytes");
  static const char *const broken[] = {
      "\xff",         "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
      "\xe0\x80\x80", "\x80"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
    assert_fails(cred_tensors_set_metadata(t, "k", broken[i]), CRED_EINVAL, "UTF-8");
  assert_ok(cred_tensors_set_metadata(t, "k", "\xf0\x9f\x99\x82 \xed\x9f\xbf"));
  assert_ok(cred_tensors_set_metadata(t, "k", "second"));
  assert_string_equal(cred_tensors_metadata(t, "k"), "second");
  cred_tensors_free(t);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_truncated_anywhere(void **state) {
  (void)state;
  size_t n;
  write_example(file, false);
  unsigned char *bytes = slurp(file, &n);
  for (size_t i = 0; i < n; i++) {
    cred_tensors *t;
    assert_fails(parse_bytes(&t, bytes, i), CRED_EDATA, "");
    assert_null(t);
  }
  cred_tensors *t;
  assert_ok(parse_bytes(&t, bytes, n));
  cred_tensors_free(t);
  free(bytes);
  assert_int_equal(cred__alloc_live(), 0);
}

// Any byte of the header with any value: refused with a message or read consistently.
static void test_every_flip(void **state) {
  (void)state;
  size_t n, n_read = 0;
  write_example(file, false);
  unsigned char *bytes = slurp(file, &n);
  uint64_t n_header;
  memcpy(&n_header, bytes, 8);
  for (size_t i = 0; i < 8 + n_header; i++) {
    const unsigned char old = bytes[i];
    for (int bit = 0; bit < 9; bit++) {
      cred_tensors *t;
      bytes[i] = bit < 8 ? (unsigned char)(old ^ (1u << bit)) : 0;
      const cred_status status = parse_bytes(&t, bytes, n);
      if (status != CRED_OK)
        assert_int_equal(status, CRED_EDATA);
      else
        n_read++;
      for (size_t k = 0; status == CRED_OK && k < cred_tensors_count(t); k++) {
        const cred_tensor *x = cred_tensors_at(t, k);
        volatile unsigned char sum = 0; // touches every byte, for the sanitizers
        for (size_t b = 0; b < x->n * cred_dtype_bytes(x->dtype); b++)
          sum ^= ((const unsigned char *)x->data)[b];
      }
      cred_tensors_free(t);
    }
    bytes[i] = old;
  }
  assert_true(n_read > 0); // another letter in a name or a text is still a file
  free(bytes);
  assert_int_equal(cred__alloc_live(), 0);
}

#define ENTRY(dtype, shape, offsets)                                                     \
  "{\"w\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static const struct {
  const char *header;
  size_t n_data;
  const char *message;
} lies[] = {
    {"", 0, "begin with '{'"},
    {" {}", 0, "begin with '{'"},
    {"[]", 0, "begin with '{'"},
    {"{", 0, "not valid JSON"},
    {"{}x", 0, "not valid JSON"},
    {"{\"a\":1,\"a\":1}", 0, "not valid JSON"},
    {"{\"w\":[[[[]]]]}", 0, "nested deeper"},
    {"{}", 4, "cover 0 of 4 bytes"},
    {"{\"w\":4}", 0, "tensor 'w': expected exactly the fields"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "exactly the fields"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4,
     "exactly the fields"},
    {ENTRY("7", "[1]", "[0,4]"), 4, "'dtype' is not a text"},
    {ENTRY("\"F16\"", "[1]", "[0,2]"), 2, "type 'F16', expected F32"},
    {ENTRY("\"f32\"", "[1]", "[0,4]"), 4, "type 'f32'"},
    {ENTRY("\"F32\"", "1", "[0,4]"), 4, "'shape' is not a list"},
    {ENTRY("\"F32\"", "[1.0]", "[0,4]"), 4, "not a whole number"},
    {ENTRY("\"F32\"", "[-1]", "[0,4]"), 4, "not a whole number"},
    {ENTRY("\"F32\"", "[\"1\"]", "[0,4]"), 4, "not a whole number"},
    {ENTRY("\"F32\"", "[99999999999999999999]", "[0,4]"), 4, "not valid JSON"},
    {ENTRY("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "9 dimensions"},
    {ENTRY("\"F32\"", "[4611686018427387904,4]", "[0,0]"), 0, "does not fit"},
    {ENTRY("\"F32\"", "[4611686018427387904,4,0]", "[0,0]"), 0, "does not fit"},
    {ENTRY("\"F32\"", "[4611686018427387904]", "[0,0]"), 0, "does not fit"},
    {ENTRY("\"F32\"", "[2]", "[0,4]"), 4, "needs 8 bytes, 'data_offsets' give 4"},
    {ENTRY("\"F32\"", "[1]", "[0]"), 4, "list of 2 numbers"},
    {ENTRY("\"F32\"", "[1]", "[0,4,4]"), 4, "list of 2 numbers"},
    {ENTRY("\"F32\"", "[1]", "{}"), 4, "list of 2 numbers"},
    {ENTRY("\"F32\"", "[1]", "[0,true]"), 4, "not a whole number"},
    {ENTRY("\"F32\"", "[1]", "[4,0]"), 4, "outside"},
    {ENTRY("\"F32\"", "[1]", "[0,8]"), 4, "outside"},
    {ENTRY("\"F32\"", "[1]", "[9223372036854775803,9223372036854775807]"), 4, "outside"},
    {ENTRY("\"F32\"", "[1]", "[4,8]"), 8, "begins at 4, expected 0"},
    {ENTRY("\"F32\"", "[1]", "[0,4]"), 8, "cover 4 of 8 bytes"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}",
     6, "begins at 2, expected 4"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
     4, "begins at 0, expected 4"},
    {"{\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1, "has 0 bytes"},
    {"{\"\\n\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1, "byte 0x0a"},
    {"{\"\\u0000\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1, "JSON"},
    {"{\"__metadata__\":3}", 0, "not an object"},
    {"{\"__metadata__\":{\"k\":3}}", 0, "metadata 'k' is not a text"},
    {"{\"__metadata__\":{\"\\u0007\":\"x\"}}", 0, "byte 0x07"},
    {"{\"__metadata__\":{\"k\":\"\xff\"}}", 0, "not valid JSON"},
    {"{\"__metadata__\":{\"k\":\"\\u0000\"}}", 0, "not valid JSON"},
};

static void test_lies(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    cred_tensors *t;
    assert_fails(parse_header(&t, lies[i].header, lies[i].n_data), CRED_EDATA,
                 lies[i].message);
    assert_null(t);
  }
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_header_length_lies(void **state) {
  (void)state;
  static const uint64_t lengths[] = {
      3, 1000, (64 << 20) + 1, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 7};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    cred_tensors *t;
    unsigned char bytes[10] = {0};
    memcpy(bytes, &lengths[i], 8);
    memcpy(bytes + 8, "{}", 2);
    assert_fails(parse_bytes(&t, bytes, sizeof bytes), CRED_EDATA, "states a header");
  }
}

// A foreign file whose float stands behind one byte: copied to an aligned address.
static void test_unaligned(void **state) {
  (void)state;
  cred_tensors *t;
  const char *header = "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                       "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}";
  assert_ok(parse_header(&t, header, 5));
  const cred_tensor *a = cred_tensors_find(t, "a");
  assert_int_equal((uintptr_t)a->data % 4, 0);
  assert_memory_equal(a->data, "\2\3\4\5", 4);
  cred_tensors_free(t);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_not_finite(void **state) {
  (void)state;
  cred_tensors *t, *back;
  const float bad[] = {1, NAN};
  const double worse[] = {INFINITY};
  const size_t two[] = {2};
  for (int k = 0; k < 2; k++) {
    assert_ok(cred_tensors_new(&t));
    assert_ok(k ? cred_tensors_add(t, "x", CRED_F64, NULL, 0, worse)
                : cred_tensors_add(t, "x", CRED_F32, two, 1, bad));
    assert_ok(cred_tensors_write(t, file));
    cred_tensors_free(t);
    assert_fails(cred_tensors_read(&back, file, NULL), CRED_EDATA,
                 k ? "element 0 is not finite" : "element 1 is not finite");
    assert_non_null(strstr(cred_error_message(), file));
    cred_tensors_options opt = cred_tensors_defaults();
    opt.finite = false;
    assert_ok(cred_tensors_read(&back, file, &opt));
    cred_tensors_free(back);
  }
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_limits(void **state) {
  (void)state;
  cred_tensors *t;
  write_example(file, false);
  cred_tensors_options opt = cred_tensors_defaults();
  opt.bytes_max = 100;
  assert_fails(cred_tensors_read(&t, file, &opt), CRED_EDATA, "more than 100 bytes");
  opt = cred_tensors_defaults();
  opt.tensors_max = 4;
  assert_fails(cred_tensors_read(&t, file, &opt), CRED_EDATA, "5 tensors, at most 4");
  opt.tensors_max = 0;
  assert_fails(cred_tensors_read(&t, file, &opt), CRED_EDATA, "more than 0 values");
  assert_fails(cred_tensors_read(&t, "/nonexistent/x", NULL), CRED_ENOINPUT, "/nonexist");
  assert_fails(cred_tensors_read(&t, folder, NULL), CRED_ENOINPUT, "folder");
}

// --- memory: of ours, then of the JSON parser ---
static long json_left = -1;
static void *json_take(size_t n) {
  if (json_left == 0) return NULL;
  if (json_left > 0) json_left--;
  return malloc(n);
}

static void test_out_of_memory(void **state) {
  (void)state;
  cred_tensors *t;
  cred_status status = CRED_ENOMEM;
  for (long n = 0; status != CRED_OK; n++) {
    assert_true(n < 1000);
    cred__alloc_fail_after(n);
    status = cred_tensors_new(&t);
    if (status == CRED_OK) status = fill(t, false);
    if (status == CRED_OK) status = cred_tensors_write(t, file);
    cred__alloc_fail_after(-1);
    if (status != CRED_OK) assert_int_equal(status, CRED_ENOMEM);
    cred_tensors_free(t);
    t = NULL;
    assert_int_equal(cred__alloc_live(), 0);
  }
  status = CRED_ENOMEM;
  for (long n = 0; status != CRED_OK; n++) {
    assert_true(n < 1000);
    cred__alloc_fail_after(n);
    status = cred_tensors_read(&t, file, NULL);
    cred__alloc_fail_after(-1);
    if (status != CRED_OK) assert_int_equal(status, CRED_ENOMEM);
    cred_tensors_free(t);
    assert_int_equal(cred__alloc_live(), 0);
  }
}

static void test_out_of_memory_in_parser(void **state) {
  (void)state;
  cred_tensors *t;
  cred_status status = CRED_ENOMEM;
  write_example(file, false);
  json_set_alloc_funcs(json_take, free);
  for (long n = 0; status != CRED_OK && n < 10000; n++) {
    json_left = n;
    status = cred_tensors_read(&t, file, NULL);
    json_left = -1;
    if (status != CRED_OK &&
        status != CRED_ENOMEM) // jansson hides some as a syntax error
      assert_int_equal(status, CRED_EDATA);
    cred_tensors_free(t);
    assert_int_equal(cred__alloc_live(), 0);
  }
  json_set_alloc_funcs(malloc, free);
  assert_int_equal(status, CRED_OK);
}

static void test_disk_full(void **state) {
  (void)state;
  cred_tensors *t;
  if (access("/dev/full", W_OK) != 0) skip();
  assert_ok(cred_tensors_new(&t));
  assert_ok(fill(t, false));
  assert_fails(cred_tensors_write(t, "/dev/full"), CRED_EIO, "/dev/full: writing failed");
  cred_tensors_free(t);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_read_only_folder(void **state) {
  (void)state;
  if (geteuid() == 0) skip();
  cred_tensors *t;
  char inside[300];
  snprintf(inside, sizeof inside, "%s/ro", folder);
  assert_int_equal(mkdir(inside, 0500), 0);
  snprintf(inside, sizeof inside, "%s/ro/x", folder);
  assert_ok(cred_tensors_new(&t));
  assert_fails(cred_tensors_write(t, inside), CRED_ECANTCREATE, "cannot be created");
  cred_tensors_free(t);
  snprintf(inside, sizeof inside, "%s/ro", folder);
  rmdir(inside);
}

static void test_second_writer(void **state) {
  (void)state;
  cred_tensors *t;
  char part[300];
  snprintf(part, sizeof part, "%s.part", file);
  const int fd = open(part, O_RDWR | O_CREAT, 0666);
  assert_int_equal(flock(fd, LOCK_EX), 0);
  assert_ok(cred_tensors_new(&t));
  assert_fails(cred_tensors_write(t, file), CRED_ELOCKED, "another process");
  close(fd);
  assert_ok(cred_tensors_write(t, file)); // a stale temporary file is no lock
  cred_tensors_free(t);
}

// Each version is 20,000 times its number, so that a mixture would be seen.
enum { N_SAVED = 20000 };
static void save_for_ever(void) {
  static float values[N_SAVED];
  const size_t shape[] = {N_SAVED};
  for (int version = 1;; version++) {
    cred_tensors *t;
    for (int i = 0; i < N_SAVED; i++) values[i] = (float)(version % 1000);
    if (cred_tensors_new(&t) || cred_tensors_add(t, "v", CRED_F32, shape, 1, values) ||
        cred_tensors_write(t, file))
      _exit(1);
    cred_tensors_free(t);
  }
}

static void test_killed_while_saving(void **state) {
  (void)state;
  const cred_key key = cred_key_make(7);
  write_example(other, false);
  rename(other, file);
  int n_new = 0;
  // on a busy machine no child may have come to its first file by then
  for (uint64_t k = 0; k < 50 || (n_new == 0 && k < 2000); k++) {
    const pid_t child = fork();
    if (child == 0) save_for_ever();
    usleep((useconds_t)(200 + 12000 * cred_key_uniform(&key, k)));
    assert_int_equal(kill(child, SIGKILL), 0);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    cred_tensors *t;
    assert_ok(cred_tensors_read(&t, file, NULL));
    const cred_tensor *v = cred_tensors_find(t, "v");
    if (v) {
      n_new++;
      for (size_t i = 0; i < v->n; i++)
        assert_true(((const float *)v->data)[i] == ((const float *)v->data)[0]);
    } else
      assert_non_null(cred_tensors_find(t, "scale"));
    cred_tensors_free(t);
  }
  assert_true(n_new > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_identical_bytes),
      cmocka_unit_test(test_expect),
      cmocka_unit_test(test_add_refuses),
      cmocka_unit_test(test_truncated_anywhere),
      cmocka_unit_test(test_every_flip),
      cmocka_unit_test(test_lies),
      cmocka_unit_test(test_header_length_lies),
      cmocka_unit_test(test_unaligned),
      cmocka_unit_test(test_not_finite),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_disk_full),
      cmocka_unit_test(test_second_writer),
      cmocka_unit_test(test_read_only_folder),
      cmocka_unit_test(test_killed_while_saving),
      cmocka_unit_test(test_out_of_memory_in_parser),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
