// Pictures as a source: the same rows whether they are held, read ahead by any number of
// threads, or asked for out of turn; errors of files that vanish come through.

#include "folders.h"
#include "credence/data/source.h"

enum { N = 40, SIDE = 28, INPUTS = SIDE * SIDE };

typedef struct {
  cred_images *images;
  cred_schema *schema;
  cred_image_source *source;
} set;

static set open_set(size_t cache_bytes, const char *augment) {
  set s;
  cred_augment a;
  cred_images_options opt = cred_images_defaults();
  opt.cache_bytes = cache_bytes;
  assert_ok(cred_augment_parse(&a, augment));
  assert_ok(cred_images_open(&s.images, below("digits"), &opt));
  assert_ok(cred_images_learn(&s.schema, s.images, NULL, 0, NULL));
  assert_ok(cred_image_source_new(&s.source, s.images, NULL, 0, s.schema, &a, NULL,
                                  6 * INPUTS * sizeof(cred_real)));
  return s;
}

static void close_set(set *s) {
  cred_image_source_free(s->source);
  cred_schema_free(s->schema);
  cred_images_free(s->images);
}

static int make(void **state) {
  if (make_root(state)) return -1;
  return cred_toy_images_write(below("digits"), "digits", N, 1);
}

// All rows of two epochs in shuffled order, in batches of 7, by so many threads.
static void two_epochs(cred_real *x, cred_real *y, const cred_source *rows,
                       size_t n_threads, bool tell) {
  void *reader;
  assert_ok(rows->reader_new(&reader, rows->self, n_threads));
  for (size_t epoch = 0; epoch < 2; epoch++) {
    size_t order[N];
    const cred_key key = cred_key_make(epoch);
    for (size_t i = 0; i < N; i++) order[i] = i;
    cred_key_shuffle(order, N, &key);
    if (tell) rows->expect(reader, order, N, &key);
    for (size_t at = 0; at < N; at += 7) {
      const size_t n = N - at < 7 ? N - at : 7;
      assert_ok(rows->gather(reader, x, y, NULL, order + at, n, &key));
      x += n * INPUTS, y += n;
    }
  }
  rows->reader_free(reader);
}

static void test_timing_changes_nothing(void **state) {
  (void)state;
  static cred_real first[2 * N * INPUTS], x[2 * N * INPUTS], first_y[2 * N], y[2 * N];
  static const char *const texts[] = {"none", "shift 0.1, rotate 20, brightness 0.2"};
  for (size_t t = 0; t < 2; t++)
    for (size_t k = 0; k < 6; k++) {
      static const size_t threads[] = {1, 1, 2, 3, 8, 8};
      set s = open_set(k % 2 ? (size_t)1 << 20 : 0, texts[t]);
      const bool base = k == 0;
      two_epochs(base ? first : x, base ? first_y : y, cred_image_source_rows(s.source),
                 threads[k], k > 0);
      if (!base) {
        assert_memory_equal(x, first, sizeof x);
        assert_memory_equal(y, first_y, sizeof y);
      }
      close_set(&s);
    }
  // what is changed differs from epoch to epoch, what is not does not
  double changed = 0;
  for (size_t i = 0; i < INPUTS; i++) changed += first[i] != first[N * INPUTS + i];
  assert_true(changed > 0);
}

static void test_out_of_turn(void **state) {
  (void)state;
  set s = open_set(0, "none");
  const cred_source *rows = cred_image_source_rows(s.source);
  static cred_real x[3 * INPUTS], again[INPUTS];
  cred_real y[3];
  void *reader;
  const size_t order[] = {4, 9, 2}, other[] = {30};
  assert_ok(rows->reader_new(&reader, rows->self, 2));
  rows->expect(reader, order, 3, NULL);
  assert_ok(rows->gather(reader, x, y, NULL, other, 1, NULL));
  assert_ok(rows->gather(reader, x, y, NULL, order, 3, NULL));
  assert_ok(rows->gather(reader, again, y, NULL, order + 2, 1, NULL)); // and once more
  assert_memory_equal(again, x + 2 * INPUTS, sizeof again);
  rows->expect(reader, order, 3, NULL); // given up before it was used
  rows->expect(reader, other, 1, NULL);
  assert_ok(rows->gather(reader, x, y, NULL, other, 1, NULL));
  rows->reader_free(reader);
  close_set(&s);
}

static void test_file_that_vanishes(void **state) {
  (void)state;
  set s = open_set(0, "none");
  const cred_source *rows = cred_image_source_rows(s.source);
  static cred_real x[N * INPUTS];
  cred_real y[N];
  size_t order[N];
  void *reader;
  for (size_t i = 0; i < N; i++) order[i] = i;
  assert_true(rename(cred_images_path(s.images, 20), below("away")) == 0);
  assert_ok(rows->reader_new(&reader, rows->self, 2));
  rows->expect(reader, order, N, NULL);
  assert_fails(rows->gather(reader, x, y, NULL, order, N, NULL), CRED_ENOINPUT,
               "cannot be read");
  rows->reader_free(reader);
  assert_true(rename(below("away"), cred_images_path(s.images, 20)) == 0);
  close_set(&s);
}

static void test_weights(void **state) {
  (void)state;
  set s = open_set(1 << 20, "none");
  double weight[10] = {0};
  cred_augment none;
  assert_ok(cred_augment_parse(&none, ""));
  for (size_t c = 0; c < 10; c++) weight[c] = (double)c;
  cred_image_source *source;
  const size_t some[] = {35, 3};
  assert_ok(
      cred_image_source_new(&source, s.images, some, 2, s.schema, &none, weight, 0));
  const cred_source *rows = cred_image_source_rows(source);
  assert_int_equal(rows->n_rows, 2);
  assert_true(rows->weighted);
  static cred_real x[2 * INPUTS];
  cred_real y[2], w[2];
  void *reader;
  const size_t order[] = {1, 0};
  assert_ok(rows->reader_new(&reader, rows->self, 1));
  assert_ok(rows->gather(reader, x, y, w, order, 2, NULL));
  for (size_t i = 0; i < 2; i++) {
    assert_near(y[i], cred_images_label(s.images, some[order[i]]), 0);
    assert_near(w[i], y[i], 0);
  }
  rows->reader_free(reader);
  cred_image_source_free(source);
  close_set(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_timing_changes_nothing), cmocka_unit_test(test_out_of_turn),
      cmocka_unit_test(test_file_that_vanishes), cmocka_unit_test(test_weights)};
  return cmocka_run_group_tests(tests, make, remove_root);
}
