// The shape of images: from the file into the table, the schema, its JSON, and the check
// of other images against it.

#include "files.h"
#include "credence/data/schema.h"

// 3 images of 2 x 3, as IDX; label: the number of the image.
static cred_table *images(void) {
  unsigned char bytes[16 + 18] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 3};
  cred_table *t;
  for (size_t i = 0; i < 18; i++) bytes[16 + i] = (unsigned char)(i * i % 50);
  assert_ok(cred_table_read(&t, put_bytes("a-idx3-ubyte", bytes, sizeof bytes), NULL));
  return t;
}

static cred_table *labelled(void) {
  const double values[] = {0, 1, 2};
  cred_table *x = images(), *y, *both;
  assert_ok(cred_table_from_array(&y, values, 3, 1, 1, NULL));
  assert_ok(cred_table_join(&both, x, y, "label"));
  cred_table_free(x);
  cred_table_free(y);
  return both;
}

static void check_shape(const cred_table *t, size_t h, size_t w, size_t c, size_t at) {
  cred_shape shape = {0, 0, 0};
  size_t first = 99;
  assert_true(cred_table_shape(&shape, &first, t));
  assert_true(shape.height == h && shape.width == w && shape.channels == c);
  assert_int_equal(first, at);
}

static void test_table(void **state) {
  (void)state;
  const size_t rows[] = {2, 0};
  const double numbers[] = {1, 2, 3};
  cred_table *t = images(), *part, *left, *joined;
  check_shape(t, 2, 3, 1, 0);
  assert_ok(cred_table_select(&part, t, rows, 2));
  check_shape(part, 2, 3, 1, 0);
  assert_ok(cred_table_from_array(&left, numbers, 3, 1, 1, NULL));
  cred_shape shape;
  size_t first;
  assert_false(cred_table_shape(&shape, &first, left));
  assert_ok(cred_table_join(&joined, left, t, NULL));
  check_shape(joined, 2, 3, 1, 1);
  cred_table_free(joined);
  cred_table_free(left);
  cred_table_free(part);
  cred_table_free(t);
}

static void test_npy(void **state) {
  (void)state;
  char bytes[128 + 2 * 2 * 2 * 3];
  memset(bytes, ' ', sizeof bytes);
  memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
  const char *head = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2, 3)}";
  memcpy(bytes + 10, head, strlen(head));
  bytes[127] = '\n';
  cred_table *t;
  assert_ok(cred_table_read(&t, put_bytes("a.npy", bytes, sizeof bytes), NULL));
  check_shape(t, 2, 2, 3, 0);
  cred_table_free(t);
}

static void test_from_arrays(void **state) {
  (void)state;
  const double values[2 * 5] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  cred_table *t;
  assert_ok(cred_table_from_array(&t, values, 2, 5, 5, NULL));
  assert_fails(cred_table_set_shape(t, (cred_shape){2, 3, 1}, 0), CRED_EINVAL,
               "needs as many numeric columns, the table has 5 columns");
  assert_fails(cred_table_set_shape(t, (cred_shape){2, 2, 1}, 2), CRED_EINVAL, "needs");
  assert_fails(cred_table_set_shape(t, (cred_shape){0, 2, 1}, 0), CRED_EINVAL, "needs");
  const cred_shape huge = {(size_t)1 << 33, (size_t)1 << 33, 1};
  assert_fails(cred_table_set_shape(t, huge, 0), CRED_EINVAL, "needs");
  assert_ok(cred_table_set_shape(t, (cred_shape){2, 2, 1}, 1));
  check_shape(t, 2, 2, 1, 1);
  cred_table_free(t);
}

static cred_schema *learned(const cred_table *t, const char *ignored) {
  const char *target = "label";
  cred_schema_options opt = cred_schema_defaults();
  cred_schema *s;
  opt.targets = &target, opt.n_targets = 1, opt.task = CRED_TARGET_CLASS;
  opt.ignore = &ignored, opt.n_ignore = ignored ? 1 : 0;
  assert_ok(cred_schema_learn(&s, t, NULL, 0, &opt));
  return s;
}

static void test_schema(void **state) {
  (void)state;
  cred_table *t = labelled();
  cred_schema *s = learned(t, NULL), *copy, *less = learned(t, "x3");
  assert_true(s->shape.height == 2 && s->shape.width == 3 && s->shape.channels == 1);
  assert_ok(cred_schema_copy(&copy, s));
  assert_memory_equal(&copy->shape, &s->shape, sizeof s->shape);
  // a pixel is missing: a row of numbers
  assert_true(less->shape.height == 1 && less->shape.width == 1);
  assert_int_equal(less->shape.channels, 5);
  cred_schema_free(copy);
  assert_ok(cred_schema_copy(&copy, less));
  assert_memory_equal(&copy->shape, &less->shape, sizeof s->shape);
  cred_schema_free(copy);
  cred_schema_free(less);
  cred_schema_free(s);
  cred_table_free(t);
}

static void test_hostile_json(void **state) {
  (void)state;
  static const char *const wrong[][2] = {
      {"[2,2,1]", "6 inputs are no image of 2 x 2 x 1"},
      {"[2,3]", "'shape' is not height"},
      {"[2,3,1,1]", "'shape' is not height"},
      {"[0,3,1]", "'shape' is not height"},
      {"[-2,-3,1]", "'shape' is not height"},
      {"[2,3.5,1]", "'shape' is not height"},
      {"[2,\"3\",1]", "'shape' is not height"},
      {"7", "'shape' is not height"},
      {"null", "'shape' is not height"},
      {"[9999999,9999999,9999999]", "are no image of"},
      {"[4611686018427387904,4,1]", "'shape' is not height"},
  };
  cred_table *t = labelled();
  cred_schema *s = learned(t, NULL), *read;
  char *json, text[4096];
  assert_ok(cred_schema_to_json(&json, s));
  char *at = strstr(json, "\"shape\":[2,3,1]");
  assert_non_null(at);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    snprintf(text, sizeof text, "%.*s\"shape\":%s%s", (int)(at - json), json, wrong[i][0],
             at + strlen("\"shape\":[2,3,1]"));
    assert_fails(cred_schema_from_json(&read, text, strlen(text)), CRED_EDATA,
                 wrong[i][1]);
    assert_null(read);
  }
  cred__free(json);
  cred_schema_free(s);
  cred_table_free(t);
}

// 3 x 2 has the same columns by name, but is another image.
static void test_other_images(void **state) {
  (void)state;
  cred_table *t = labelled(), *plain;
  cred_schema *s = learned(t, NULL);
  cred_data data;
  assert_ok(cred_schema_encode(&data, s, t, NULL, 0, 1, 0));
  cred_data_clear(&data);
  assert_ok(cred_table_set_shape(t, (cred_shape){3, 2, 1}, 0));
  assert_fails(cred_schema_encode(&data, s, t, NULL, 0, 1, 0), CRED_EDATA,
               "images of 3 x 2 x 1, the model takes 2 x 3 x 1");
  // a table of the same columns that is not known as images may be one
  const double values[6] = {0};
  const char *const names[] = {"x0", "x1", "x2", "x3", "x4", "x5"};
  assert_ok(cred_table_from_array(&plain, values, 1, 6, 6, names));
  assert_ok(cred_schema_encode(&data, s, plain, NULL, 0, 0, 0));
  cred_data_clear(&data);
  cred_table_free(plain);
  cred_schema_free(s);
  cred_table_free(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),        cmocka_unit_test(test_npy),
      cmocka_unit_test(test_from_arrays),  cmocka_unit_test(test_schema),
      cmocka_unit_test(test_hostile_json), cmocka_unit_test(test_other_images),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
