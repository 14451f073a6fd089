// test_array.c -- NPY, NPZ and IDX: every type and order, and files that lie.

#include "files.h"
#include "credence/data/schema.h"
#include <zlib.h>

typedef struct {
  unsigned char b[1 << 16];
  size_t n;
} bytes;

static void add(bytes *to, const void *from, size_t n) {
  assert_true(to->n + n <= sizeof to->b);
  memcpy(to->b + to->n, from, n);
  to->n += n;
}

// A number of n bytes, the lowest or the highest first.
static void add_number(bytes *to, uint64_t v, size_t n, bool big) {
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)(v >> 8 * (big ? n - 1 - i : i));
    add(to, &c, 1);
  }
}

static void npy_head(bytes *to, int version, const char *dictionary) {
  const size_t n = strlen(dictionary);
  add(to, "\x93NUMPY", 6);
  add_number(to, (uint64_t)version, 1, false);
  add_number(to, 0, 1, false);
  add_number(to, n, version == 1 ? 2 : 4, false);
  add(to, dictionary, n);
}

static void npy(bytes *to, const char *descr, const char *order, const char *shape) {
  char text[300];
  snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }  \n",
           descr, order, shape);
  npy_head(to, 1, text);
}

static cred_table *read_bytes(const char *name, const bytes *b) {
  cred_table *t;
  assert_ok(cred_table_read(&t, put_bytes(name, b->b, b->n), NULL));
  return t;
}

static void fails(const char *name, const bytes *b, const char *message) {
  cred_table *t = NULL;
  assert_fails(cred_table_read(&t, put_bytes(name, b->b, b->n), NULL), CRED_EDATA,
               message);
  assert_null(t);
  assert_int_equal(cred__alloc_live(), 0);
}

static uint64_t bits_of(const char *descr, double v) {
  const char kind = descr[1];
  const int n = descr[2] - '0';
  if (kind == 'b') return v != 0;
  if (kind != 'f') return (uint64_t)(int64_t)v;
  uint64_t bits = 0;
  if (n == 8) memcpy(&bits, &v, 8);
  if (n == 4) {
    const float f = (float)v;
    memcpy(&bits, &f, 4);
  }
  if (n == 2) // the values of the test in binary16
    bits = v == 0 ? 0 : v == 1 ? 0x3c00 : v == 2 ? 0x4000 : v == 100 ? 0x5640 : 0xc500;
  return bits;
}

static void test_types(void **state) {
  (void)state;
  static const char *const types[] = {"|b1", "|u1", "|i1", "<u2", ">u2", "<i2", ">i2",
                                      "<u4", ">u4", "<i4", ">i4", "<u8", ">u8", "<i8",
                                      ">i8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"};
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    const bool is_signed = types[k][1] == 'i' || types[k][1] == 'f';
    const double v[] = {0, 1, 2, is_signed ? -5 : 100};
    bytes b = {.n = 0};
    npy(&b, types[k], "False", "(2, 2)");
    for (size_t i = 0; i < 4; i++)
      add_number(&b, bits_of(types[k], v[i]), (size_t)(types[k][2] - '0'),
                 types[k][0] == '>');
    cred_table *t = read_bytes("a.npy", &b);
    assert_int_equal(cred_table_n_rows(t), 2);
    assert_string_equal(cred_table_name(t, 1), "x1");
    for (size_t i = 0; i < 4; i++) {
      const double want = types[k][1] == 'b' ? v[i] != 0 : v[i];
      if (cred_table_number(t, i / 2, i % 2) != want)
        fail_msg("%s: %g, not %g", types[k], cred_table_number(t, i / 2, i % 2), want);
    }
    cred_table_free(t);
  }
}

static void test_half(void **state) {
  (void)state;
  static const struct {
    unsigned bits;
    double value;
  } cases[] = {{0x0001, 0x1p-24}, {0x03ff, 1023 * 0x1p-24}, {0x0400, 0x1p-14},
               {0x7bff, 65504},   {0x3555, 0.333251953125}, {0xfc00, -INFINITY}};
  bytes b = {.n = 0};
  npy(&b, "<f2", "False", "(7,)");
  for (size_t i = 0; i < 6; i++) add_number(&b, cases[i].bits, 2, false);
  add_number(&b, 0x7e00, 2, false);
  cred_table *t = read_bytes("a.npy", &b);
  for (size_t i = 0; i < 6; i++)
    assert_true(cred_table_number(t, i, 0) == cases[i].value);
  assert_true(isnan(cred_table_number(t, 6, 0)));
  cred_table_free(t);
}

static void test_orders_and_versions(void **state) {
  (void)state;
  // element (i, j, k) is 100 i + 10 j + k, written in Fortran order
  bytes b = {.n = 0};
  npy_head(&b, 3, "{\"shape\": (2L, 3, 4), 'descr':'<i2','fortran_order':True}\n");
  for (int k = 0; k < 4; k++)
    for (int j = 0; j < 3; j++)
      for (int i = 0; i < 2; i++)
        add_number(&b, (uint64_t)(100 * i + 10 * j + k), 2, false);
  cred_table *t = read_bytes("a.npy", &b), *part;
  assert_int_equal(cred_table_n_columns(t), 12);
  for (size_t i = 0; i < 2; i++)
    for (size_t c = 0; c < 12; c++)
      assert_true(cred_table_number(t, i, c) ==
                  100.0 * (double)i + 10.0 * (double)(c / 4) + (double)(c % 4));
  const size_t rows[] = {1};
  assert_ok(cred_table_select(&part, t, rows, 1));
  assert_true(cred_table_number(part, 0, 6) == 112.0);
  cred_table_free(part);
  cred_table_stream *s; // such an array is read whole and handed out in rows
  assert_ok(cred_table_stream_open(&s, file_path, NULL, NULL, 0));
  assert_ok(cred_table_stream_next(&part, s, 1));
  cred_table_free(part);
  assert_ok(cred_table_stream_next(&part, s, 1));
  assert_true(cred_table_number(part, 0, 6) == 112.0);
  cred_table_free(part);
  assert_ok(cred_table_stream_next(&part, s, 1));
  assert_null(part);
  cred_table_stream_close(s);
  cred_table_free(t);
}

static void test_npy_refusals(void **state) {
  (void)state;
  static const struct {
    const char *head, *message;
  } cases[] = {
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "Python objects"},
      {"{'descr': '<U5', 'fortran_order': False, 'shape': (1,)}", "texts"},
      {"{'descr': '|S5', 'fortran_order': False, 'shape': (1,)}", "texts"},
      {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "complex"},
      {"{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,)}", "dates"},
      {"{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "unknown type"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "records"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "a single number"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}", "no rows"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0)}", "0 numbers a row"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 99999999)}",
       "numbers a row"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "damaged"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999,)}",
       "header says"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551615,)}",
       "too large"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
       "damaged"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4294967296, 4294967296)}",
       "too large"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "header says 8 bytes"},
      {"{'descr': '<f4', 'fortran_order': False}", "lacks"},
      {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", "damaged"},
      {"{'evil': '<f4', 'fortran_order': False, 'shape': (1,)}", "damaged"},
      {"[]", "damaged"},
      {"{'descr': '<f4", "damaged"},
      {"{", "damaged"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bytes b = {.n = 0};
    npy_head(&b, 2, cases[i].head);
    add_number(&b, 0, 4, false);
    fails("a.npy", &b, cases[i].message);
  }
  bytes b = {.n = 0};
  add(&b, "\x93NUMPY\x01\x00\xff\xff{'des", 15);
  fails("a.npy", &b, "header of 65535 bytes");
  b.b[6] = 9;
  fails("a.npy", &b, "version 9");
  b.n = 8;
  fails("a.npy", &b, "not an NPY file");
}

static void idx(bytes *to, unsigned type, size_t rank, const uint32_t *shape) {
  add_number(to, type << 8 | rank, 4, true);
  for (size_t i = 0; i < rank; i++) add_number(to, shape[i], 4, true);
}

static void test_idx(void **state) {
  (void)state;
  const uint32_t shape[] = {2, 2, 2}, huge[] = {4294967295u, 1000, 1000}, five[] = {5};
  bytes b = {.n = 0};
  idx(&b, 0x08, 3, shape);
  for (unsigned i = 0; i < 8; i++) add_number(&b, 31 * i, 1, true);
  cred_table *t = read_bytes("a-idx3-ubyte", &b);
  assert_int_equal(cred_table_n_columns(t), 4);
  assert_true(cred_table_number(t, 1, 3) == 217.0);
  assert_string_equal(cell_of(t, 1, 3), "217");
  assert_int_equal(cred_table_find(t, "3"), 3);
  assert_int_equal(cred_table_find(t, "x3"), 3);
  cred_table_free(t);
  b.n--;
  fails("a", &b, "the header says 8 bytes of numbers, the file has 7");
  b.n += 2;
  fails("a", &b, "the header says 8 bytes of numbers, the file has 9");
  b.n = 0;
  idx(&b, 0x08, 3, huge);
  fails("a", &b, "the header says");
  b.n = 0;
  idx(&b, 0x0c, 1, five);
  for (int i = 0; i < 5; i++) add_number(&b, (uint64_t)(int64_t)(-7 * i), 4, true);
  t = read_bytes("a", &b);
  assert_true(cred_table_number(t, 4, 0) == -28.0);
  cred_table_free(t);
  b.n = 7;
  fails("a.idx", &b, "not an IDX file");
}

// A gzip header does not tell its size: the lie is found when the bytes end.
static void test_idx_gzip(void **state) {
  (void)state;
  const uint32_t shape[] = {3, 2}, huge[] = {4294967295u, 100000};
  for (int lie = 0; lie < 3; lie++) {
    bytes b = {.n = 0};
    idx(&b, 0x08, 2, lie == 1 ? huge : shape);
    for (unsigned i = 0; i < 6u + (lie == 2); i++) add_number(&b, i, 1, true);
    snprintf(file_path, sizeof file_path, "%s/a.gz", folder);
    gzFile gz = gzopen(file_path, "wb");
    assert_int_equal(gzwrite(gz, b.b, (unsigned)b.n), (int)b.n);
    gzclose(gz);
    cred_table *t = NULL;
    if (lie == 0) {
      assert_ok(cred_table_read(&t, file_path, NULL));
      assert_true(cred_table_number(t, 2, 1) == 5.0);
    } else
      assert_fails(cred_table_read(&t, file_path, NULL), CRED_EDATA,
                   lie == 1 ? "ends before" : "more bytes follow");
    cred_table_free(t);
    assert_int_equal(cred__alloc_live(), 0);
  }
}

// A zip archive of stored or deflated members, written by the format's own description.
typedef struct {
  bytes file, directory;
  unsigned n;
} zip_maker;

static void zip_add(zip_maker *z, const char *name, const bytes *b, uint32_t lie) {
  static unsigned char packed[1 << 16];
  z_stream s = {.next_in = (unsigned char *)b->b,
                .avail_in = (unsigned)b->n,
                .next_out = packed,
                .avail_out = sizeof packed};
  deflateInit2(&s, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
  deflateEnd(&s);
  const uint32_t crc = (uint32_t)crc32(0, b->b, (unsigned)b->n), at = (uint32_t)z->file.n;
  for (int central = 0; central < 2; central++) {
    bytes *to = central ? &z->directory : &z->file;
    add(to, central ? "PK\1\2\x14\0" : "PK\3\4", central ? 6 : 4);
    add_number(to, 20, 2, false), add_number(to, 0, 2, false),
        add_number(to, 8, 2, false);
    add_number(to, 0, 4, false), add_number(to, crc, 4, false);
    add_number(to, s.total_out, 4, false), add_number(to, lie ? lie : b->n, 4, false);
    add_number(to, strlen(name), 2, false), add_number(to, 0, 2, false);
    if (central) {
      add_number(to, 0, 2, false), add_number(to, 0, 2, false),
          add_number(to, 0, 2, false);
      add_number(to, 0, 4, false), add_number(to, at, 4, false);
    }
    add(to, name, strlen(name));
    if (!central) add(to, packed, s.total_out);
  }
  z->n++;
}

static const char *zip_put(zip_maker *z) {
  const size_t at = z->file.n;
  add(&z->file, z->directory.b, z->directory.n);
  add(&z->file, "PK\5\6\0\0\0\0", 8);
  add_number(&z->file, z->n, 2, false), add_number(&z->file, z->n, 2, false);
  add_number(&z->file, z->directory.n, 4, false), add_number(&z->file, at, 4, false);
  add_number(&z->file, 0, 2, false);
  return put_bytes("a.npz", z->file.b, z->file.n);
}

static void array_of(bytes *b, const char *shape, size_t n, double first) {
  b->n = 0;
  npy(b, "<f4", "False", shape);
  for (size_t i = 0; i < n; i++)
    add_number(b, bits_of("<f4", first + (double)i), 4, false);
}

static void test_npz(void **state) {
  (void)state;
  static zip_maker z;
  static bytes b;
  cred_table *t = NULL;
  memset(&z, 0, sizeof z);
  array_of(&b, "(3,)", 3, 1);
  zip_add(&z, "y.npy", &b, 0);
  array_of(&b, "(3, 2)", 6, 10);
  zip_add(&z, "x.npy", &b, 0);
  zip_add(&z, "readme.txt", &b, 0);
  const char *path = zip_put(&z);
  const cred_status status = cred_table_read(&t, path, NULL);
  if (status == CRED_EUNAVAILABLE) skip();
  assert_ok(status);
  assert_int_equal(cred_table_n_columns(t), 3);
  assert_string_equal(cred_table_name(t, 0), "y");
  assert_string_equal(cred_table_name(t, 2), "x1");
  assert_true(cred_table_number(t, 2, 0) == 3.0 && cred_table_number(t, 2, 2) == 15.0);
  cred_table_free(t);
  cred_table_options opt = cred_table_defaults();
  opt.member = "x.npy";
  assert_ok(cred_table_read(&t, path, &opt));
  assert_string_equal(cred_table_name(t, 0), "x0");
  assert_string_equal(cred_table_source(t), path);
  cred_table_free(t);
  opt.member = "z";
  assert_fails(cred_table_read(&t, path, &opt), CRED_EDATA,
               "it has 'y' (3,) float32, 'x' (3, 2) float32");
  opt.member = "yy";
  assert_fails(cred_table_read(&t, path, &opt), CRED_EDATA,
               "no array 'yy' in it; did you mean 'y'? it has 'y'");
  array_of(&b, "(2, 2, 2)", 8, 0);
  zip_add(&z, "test_x.npy", &b, 0);
  assert_fails(cred_table_read(&t, zip_put(&z), NULL), CRED_EDATA,
               "its 3 arrays differ in rows: choose one with --member; it has 'y' (3,) "
               "float32, 'x' (3, 2) float32, 'test_x' (2, 2, 2) float32");
  assert_int_equal(cred__alloc_live(), 0);
}

// Type of a target y[i % n] beside 20 rows of the shape.
static cred_target_type type_of(const char *shape, const double *y, size_t n) {
  static zip_maker z;
  static bytes b;
  cred_table *t;
  cred_schema *s;
  const char *target = "y";
  memset(&z, 0, sizeof z);
  array_of(&b, shape, 80, 0);
  zip_add(&z, "x.npy", &b, 0);
  b.n = 0;
  npy(&b, "<f4", "False", "(20,)");
  for (size_t i = 0; i < 20; i++) add_number(&b, bits_of("<f4", y[i % n]), 4, false);
  zip_add(&z, "y.npy", &b, 0);
  const cred_status status = cred_table_read(&t, zip_put(&z), NULL);
  if (status == CRED_EUNAVAILABLE) skip();
  assert_ok(status);
  cred_schema_options opt = cred_schema_defaults();
  opt.targets = &target, opt.n_targets = 1;
  assert_ok(cred_schema_learn(&s, t, NULL, 0, &opt));
  const cred_target_type type = s->targets[0].type;
  cred_schema_free(s);
  cred_table_free(t);
  return type;
}

static void test_classes_beside_images(void **state) {
  (void)state;
  const double from_0[] = {1, 0, 2, 3}, from_1[] = {2, 1}, from_2[] = {3, 2},
               gap[] = {0, 1, 3}, half[] = {0, 1, 0.5}, five[] = {0, 1, 2, 3, 4},
               negative[] = {-1, 0, 1}, large[] = {0, 101};
  const char *image = "(20, 2, 2)";
  assert_int_equal(type_of(image, from_0, 4), CRED_TARGET_CLASS);
  assert_int_equal(type_of(image, from_1, 2), CRED_TARGET_CLASS);
  assert_int_equal(type_of("(20, 4)", from_0, 4), CRED_TARGET_NUMBER);
  assert_int_equal(type_of(image, from_2, 2), CRED_TARGET_NUMBER);
  assert_int_equal(type_of(image, gap, 3), CRED_TARGET_NUMBER);
  assert_int_equal(type_of(image, half, 3), CRED_TARGET_NUMBER);
  assert_int_equal(type_of(image, five, 5), CRED_TARGET_NUMBER); // four rows each
  assert_int_equal(type_of(image, negative, 3), CRED_TARGET_NUMBER);
  assert_int_equal(type_of(image, large, 2), CRED_TARGET_NUMBER);
}

// The columns of x in the rows of an array, which stand by their number.
static void encodes(const cred_schema *s, const char *path,
                    const cred_table_options *opt) {
  cred_table *t;
  cred_data d;
  assert_ok(cred_table_read(&t, path, opt));
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 0, 0));
  assert_int_equal(d.n_rows, 3);
  for (size_t i = 0; i < 3; i++) {
    const double at = (double)i - 1, sd = sqrt(2.0 / 3);
    assert_near(d.x[2 * i], at / sd, 1e-6);
    assert_near(d.x[2 * i + 1], at / sd, 1e-6);
  }
  cred_data_clear(&d);
  cred_table_free(t);
}

static void test_npz_of_inputs(void **state) {
  (void)state;
  static zip_maker z;
  static bytes b;
  cred_table *t = NULL;
  cred_schema *s = NULL;
  cred_data d;
  const char *const targets[] = {"y"};
  cred_schema_options learn = cred_schema_defaults();
  cred_table_options opt = cred_table_defaults();
  learn.targets = targets, learn.n_targets = 1;
  memset(&z, 0, sizeof z);
  array_of(&b, "(3, 2)", 6, 10);
  zip_add(&z, "X2.npy", &b, 0);
  array_of(&b, "(3,)", 3, 1);
  zip_add(&z, "y.npy", &b, 0);
  const char *path = zip_put(&z);
  const cred_status status = cred_table_read(&t, path, NULL);
  if (status == CRED_EUNAVAILABLE) skip();
  assert_ok(status);
  assert_string_equal(cred_table_name(t, 1), "X21");
  assert_ok(cred_schema_learn(&s, t, NULL, 0, &learn));
  cred_table_free(t);
  encodes(s, path, NULL);
  opt.member = "X2"; // the same archive, one member
  encodes(s, path, &opt);
  memset(&z, 0, sizeof z);
  array_of(&b, "(3, 2)", 6, 10);
  zip_add(&z, "X2.npy", &b, 0);
  encodes(s, zip_put(&z), NULL);
  encodes(s, put_bytes("new.npy", b.b, b.n), NULL);
  // fewer columns, and labels beside them, are no inputs
  array_of(&b, "(3, 1)", 3, 10);
  assert_ok(cred_table_read(&t, put_bytes("new.npy", b.b, b.n), NULL));
  assert_fails(cred_schema_encode(&d, s, t, NULL, 0, 0, 0), CRED_EDATA,
               "2 columns of the model are not in it: 'X20', 'X21'");
  cred_table *both;
  assert_ok(cred_table_join(&both, t, t, "label"));
  assert_fails(cred_schema_encode(&d, s, both, NULL, 0, 0, 0), CRED_EDATA,
               "2 columns of the model are not in it");
  cred_table_free(both);
  cred_table_free(t);
  cred_schema_free(s);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_npz_hostile(void **state) {
  (void)state;
  static zip_maker z;
  static bytes b;
  cred_table *t = NULL;
  // names that look like paths are names
  memset(&z, 0, sizeof z);
  array_of(&b, "(3,)", 3, 1);
  zip_add(&z, "../../etc/x.npy", &b, 0);
  const cred_status status = cred_table_read(&t, zip_put(&z), NULL);
  if (status == CRED_EUNAVAILABLE) skip();
  assert_ok(status);
  assert_string_equal(cred_table_name(t, 0), "x0");
  cred_table_free(t);
  // sizes that no deflate stream can reach
  memset(&z, 0, sizeof z);
  zip_add(&z, "x.npy", &b, 4000000000u);
  assert_fails(cred_table_read(&t, zip_put(&z), NULL), CRED_EDATA, "cannot be");
  // a header that asks for more than the member has
  memset(&z, 0, sizeof z);
  array_of(&b, "(900000000,)", 3, 1);
  zip_add(&z, "x.npy", &b, 0);
  assert_fails(cred_table_read(&t, zip_put(&z), NULL), CRED_EDATA, "the header says");
  // different numbers of rows
  memset(&z, 0, sizeof z);
  array_of(&b, "(3,)", 3, 1);
  zip_add(&z, "x.npy", &b, 0);
  array_of(&b, "(2,)", 2, 1);
  zip_add(&z, "y.npy", &b, 0);
  assert_fails(cred_table_read(&t, zip_put(&z), NULL), CRED_EDATA,
               "choose one with --member");
  // no arrays, a broken archive
  memset(&z, 0, sizeof z);
  zip_add(&z, "x.txt", &b, 0);
  const char *path = zip_put(&z);
  assert_fails(cred_table_read(&t, path, NULL), CRED_EDATA, "there is no array");
  assert_int_equal(truncate(path, (off_t)z.file.n - 10), 0);
  assert_fails(cred_table_read(&t, path, NULL), CRED_EDATA, "not a sound zip archive");
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_out_of_memory(void **state) {
  (void)state;
  static zip_maker z;
  static bytes b;
  memset(&z, 0, sizeof z);
  array_of(&b, "(3, 2)", 6, 1);
  put_bytes("a.npy", b.b, b.n);
  char npy_path[512];
  memcpy(npy_path, file_path, sizeof npy_path);
  zip_add(&z, "x.npy", &b, 0);
  zip_add(&z, "y.npy", &b, 0);
  const char *const paths[] = {npy_path, zip_put(&z)};
  for (int k = 0; k < 2; k++)
    for (long n = 0;; n++) {
      cred_table *t = NULL;
      assert_true(n < 1000);
      cred__alloc_fail_after(n);
      const cred_status s = cred_table_read(&t, paths[k], NULL);
      cred__alloc_fail_after(-1);
      if (s == CRED_EUNAVAILABLE) break;
      assert_true(s == CRED_OK || s == CRED_ENOMEM);
      cred_table_free(t);
      assert_int_equal(cred__alloc_live(), 0);
      if (s == CRED_OK) break;
    }
}

static void test_mnist(void **state) {
  (void)state;
  char images[512];
  const char *path = data_path("mnist/t10k-images-idx3-ubyte.gz");
  if (!path) skip();
  memcpy(images, file_path, sizeof images);
  cred_table *x, *y, *both;
  assert_ok(cred_table_read(&x, images, NULL));
  assert_ok(cred_table_read(&y, data_path("mnist/t10k-labels-idx1-ubyte.gz"), NULL));
  assert_ok(cred_table_join(&both, x, y, "label"));
  assert_int_equal(cred_table_n_rows(both), 10000);
  assert_int_equal(cred_table_n_columns(both), 785);
  // the first digits of the test set
  static const int digits[] = {7, 2, 1, 0, 4, 1, 4, 9, 5, 9};
  for (size_t i = 0; i < 10; i++)
    assert_true(cred_table_number(both, i, 784) == digits[i]);
  double sum = 0;
  for (size_t i = 0; i < 10000; i += 10)
    for (size_t j = 0; j < 784; j++) sum += cred_table_number(x, i, j);
  assert_near(sum / (1000 * 784.0) / 255, 0.1325, 0.003); // mean of all: 0.1325
  cred_table_free(both);
  cred_table_free(x);
  cred_table_free(y);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_half),
      cmocka_unit_test(test_orders_and_versions),
      cmocka_unit_test(test_npy_refusals),
      cmocka_unit_test(test_idx),
      cmocka_unit_test(test_idx_gzip),
      cmocka_unit_test(test_npz),
      cmocka_unit_test(test_classes_beside_images),
      cmocka_unit_test(test_npz_of_inputs),
      cmocka_unit_test(test_npz_hostile),
      cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_mnist),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
