// Arrays of images that stay bytes: the numbers they become are those of an encoding at
// once, bit for bit; one scale a channel; what is no such array is encoded as ever; the
// changes of an epoch are those of augment.h, on any number of threads.

#include "files.h"
#include "credence/data/source.h"
#include "data/pixels.h"

enum { ROWS = 40, HEIGHT = 6, WIDTH = 5, N_MAX = HEIGHT * WIDTH * 3 };
static unsigned char pixels[ROWS * N_MAX];

// An NPY of bytes (rows, height, width, channels) in C or Fortran order, and labels.
static cred_table *table_of_bytes(size_t channels, bool fortran) {
  unsigned char bytes[256 + ROWS * N_MAX] = "\x93NUMPY\x01";
  char head[200];
  const size_t n = HEIGHT * WIDTH * channels;
  const cred_key key = cred_key_make(11);
  for (size_t i = 0; i < ROWS * n; i++)
    pixels[i] = (unsigned char)(i % 7 == 3 ? 0 : cred_key_below(&key, i, 256));
  snprintf(head, sizeof head,
           "{'descr': '|u1', 'fortran_order': %s, 'shape': (%d, %d, %d, %zu), }",
           fortran ? "True" : "False", ROWS, HEIGHT, WIDTH, channels);
  memset(bytes + 10, ' ', 118);
  memcpy(bytes + 10, head, strlen(head));
  bytes[127] = '\n', bytes[8] = 118;
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < n; j++) {
      const size_t c = j % channels, x = j / channels % WIDTH, y = j / channels / WIDTH;
      const size_t at = fortran ? i + ROWS * (y + HEIGHT * (x + WIDTH * c)) : i * n + j;
      bytes[128 + at] = pixels[i * n + j];
    }
  cred_table *images, *labels, *both;
  char text[4 * ROWS + 8] = "digit\n";
  for (size_t i = 0; i < ROWS; i++) strcat(text, i % 3 == 1 ? "1\n" : "0\n");
  assert_ok(cred_table_read(&images, put_bytes("x.npy", bytes, 128 + ROWS * n), NULL));
  labels = table_of("y.csv", text, NULL);
  assert_ok(cred_table_join(&both, images, labels, NULL));
  cred_table_free(images);
  cred_table_free(labels);
  return both;
}

static cred_schema *learned(const cred_table *table, double input_scale) {
  static const char *const target = "digit";
  cred_schema_options opt = cred_schema_defaults();
  cred_schema *schema;
  opt.targets = &target, opt.n_targets = 1, opt.task = CRED_TARGET_CLASS;
  opt.input_scale = input_scale;
  assert_ok(cred_schema_learn(&schema, table, NULL, 0, &opt));
  return schema;
}

static cred_data encoded(const cred_schema *schema, const cred_table *table, bool keep,
                         const size_t *rows, size_t n) {
  const cred_encode_options opt = {.keep_bytes = keep};
  cred_data data;
  assert_ok(cred_schema_encode_with(&data, schema, table, rows, n, 1, 0, &opt));
  return data;
}

static void test_same_numbers(void **state) {
  (void)state;
  static const size_t some[] = {3, 39, 3, 0, 17};
  static cred_real x[ROWS * N_MAX];
  for (size_t channels = 1; channels <= 3; channels += 2)
    for (int scaled = 0; scaled < 2; scaled++)
      for (int part = 0; part < 2; part++) {
        cred_table *table = table_of_bytes(channels, false);
        cred_schema *schema = learned(table, scaled ? 126 : 0);
        const size_t *rows = part ? some : NULL;
        cred_data whole = encoded(schema, table, false, rows, 5);
        cred_data bytes = encoded(schema, table, true, rows, 5);
        assert_null(bytes.x);
        assert_non_null(bytes.bytes);
        assert_int_equal(bytes.n_rows, whole.n_rows);
        assert_memory_equal(bytes.y, whole.y, whole.n_rows * sizeof *whole.y);
        const size_t n = whole.n_inputs;
        assert_ok(cred_data_inputs(x, &bytes, 0, bytes.n_rows));
        assert_memory_equal(x, whole.x, whole.n_rows * n * sizeof *x);
        assert_ok(cred_data_inputs(x, &bytes, 2, 3));
        assert_memory_equal(x, whole.x + 2 * n, 3 * n * sizeof *x);
        assert_ok(cred_data_inputs(x, &whole, 2, 3));
        assert_memory_equal(x, whole.x + 2 * n, 3 * n * sizeof *x);
        cred_data_clear(&whole);
        cred_data_clear(&bytes);
        cred_schema_free(schema);
        cred_table_free(table);
      }
}

// Mean and sd of a channel over all of its pixels, by brute force.
static void test_one_scale(void **state) {
  (void)state;
  cred_table *table = table_of_bytes(3, false);
  cred_schema *schema = learned(table, 0);
  for (size_t c = 0; c < 3; c++) {
    double sum = 0, square = 0, n = 0;
    for (size_t i = c; i < ROWS * N_MAX; i += 3, n++) {
      sum += pixels[i];
      square += (double)pixels[i] * pixels[i];
    }
    for (size_t i = c; i < schema->n_columns; i += 3) {
      assert_near(schema->columns[i].mean, sum / n, 1e-9);
      assert_near(schema->columns[i].sd, sqrt(square / n - sum * sum / n / n), 1e-9);
      assert_false(schema->columns[i].constant);
    }
  }
  cred_schema_free(schema);
  cred_table_free(table);
}

// Fortran order, a scale a pixel as models of earlier days have it, and plain columns.
static void test_others_are_made(void **state) {
  (void)state;
  cred_table *table = table_of_bytes(3, true);
  cred_schema *schema = learned(table, 126);
  cred_data data = encoded(schema, table, true, NULL, 0);
  assert_non_null(data.x);
  assert_null(data.bytes);
  for (size_t i = 0; i < ROWS * N_MAX; i++)
    assert_near((double)data.x[i], pixels[i] / 126.0, 1e-6);
  cred_data_clear(&data);
  cred_table_free(table);
  cred_schema_free(schema);
  table = table_of_bytes(1, false);
  schema = learned(table, 0);
  schema->columns[4].mean += 1;
  data = encoded(schema, table, true, NULL, 0);
  assert_non_null(data.x);
  cred_image_source *source;
  cred_augment augment;
  assert_ok(cred_augment_parse(&augment, "flip"));
  assert_fails(cred_image_source_of_data(&source, &data, &augment, 1 << 20), CRED_ECONFIG,
               "augmentation is of pictures");
  cred_data_clear(&data);
  cred_schema_free(schema);
  cred_table_free(table);
}

static void test_augmented(void **state) {
  (void)state;
  static const size_t order[] = {5, 0, 38, 5, 12, 7};
  enum { N = 6 };
  const cred_key key = cred_key_make(77);
  cred_table *table = table_of_bytes(3, false);
  cred_schema *schema = learned(table, 0);
  cred_data data = encoded(schema, table, true, NULL, 0);
  cred_augment augment;
  cred_image_source *source;
  assert_ok(cred_augment_parse(&augment, "flip, shift 0.2, rotate 10, brightness 0.1"));
  assert_ok(cred_image_source_of_data(&source, &data, &augment, 1 << 20));
  const cred_source *s = cred_image_source_rows(source);
  assert_int_equal(s->n_rows, ROWS);
  assert_int_equal(s->n_inputs, N_MAX);
  for (size_t threads = 1; threads <= 3; threads++)
    for (int keyed = 0; keyed < 2; keyed++) {
      cred_real x[N * N_MAX], y[N], expected[N_MAX];
      void *reader;
      assert_ok(s->reader_new(&reader, s->self, threads));
      s->expect(reader, order, N, keyed ? &key : NULL);
      assert_ok(s->gather(reader, x, y, NULL, order, N, keyed ? &key : NULL));
      for (size_t i = 0; i < N; i++) {
        unsigned char changed[N_MAX];
        const unsigned char *own = pixels + order[i] * N_MAX;
        const cred_key row_key = cred_key_derive(&key, CRED_FOR_AUGMENT, order[i]);
        cred_augment_apply(changed, NULL, &augment, own, NULL, HEIGHT, WIDTH, 3,
                           &row_key);
        cred__pixels_encode(expected, keyed ? changed : own, HEIGHT * WIDTH, 3,
                            data.bytes->table);
        assert_memory_equal(x + i * N_MAX, expected, sizeof expected);
        assert_true(y[i] == (order[i] % 3 == 1));
      }
      s->reader_free(reader);
    }
  cred_image_source_free(source);
  cred_data_clear(&data);
  cred_schema_free(schema);
  cred_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_numbers), cmocka_unit_test(test_one_scale),
      cmocka_unit_test(test_others_are_made), cmocka_unit_test(test_augmented)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
