// Sets of pictures: folders by class, pairs, lists; classes given, found and ignored;
// what is wrong with them; sums against the pixels; a set that is not held in memory.

#include "folders.h"

static cred_images *open_set(const char *name, const cred_images_options *opt) {
  cred_images *images;
  assert_ok(cred_images_open(&images, below(name), opt));
  return images;
}

static void make_classes(void) {
  put_folder("classes");
  put_folder("classes/b");
  put_folder("classes/a");
  put_folder("classes/void");
  put_plain("classes/b/2.png", 4, 6, 1, 20);
  put_plain("classes/b/1.png", 4, 6, 1, 10);
  put_plain("classes/a/9.png", 4, 6, 1, 90);
  put_plain("classes/void/0.png", 4, 6, 1, 0);
  put_text("classes/b/notes.txt", "no picture");
}

// The text of a schema with another list of the classes that are ignored.
static void put_ignored(char out[8192], const char *json, const char *list) {
  static const char known[] = ",\"ignored\":[\"void\"]";
  const char *at = strstr(json, known);
  assert_non_null(at);
  const int n =
      snprintf(out, 8192, "%.*s%s%s", (int)(at - json), json, list, at + strlen(known));
  assert_true(n > 0 && n < 8192);
}

// What the fit left out is left out where labels are looked for.
static void check_left_out(const char *json) {
  char text[8192];
  cred_schema *schema;
  cred_images_options opt = cred_images_defaults();
  assert_ok(cred_schema_from_json(&schema, json, strlen(json)));
  assert_int_equal(schema->pixels.n_ignored, 1);
  assert_string_equal(schema->pixels.ignored[0], "void");
  opt.schema = schema;
  cred_images *images = open_set("classes", &opt);
  assert_int_equal(cred_images_n_rows(images), 3);
  assert_true(cred_images_leaves_out(images, 0));
  cred_images_free(images);
  opt.without_labels = true;
  images = open_set("classes", &opt);
  assert_int_equal(cred_images_n_rows(images), 4);
  assert_false(cred_images_leaves_out(images, 0));
  cred_images_free(images);
  cred_schema_free(schema);
  static const char *const broken[][2] = {
      {",\"ignored\":[\"a\"]", "the class 'a' is ignored too"},
      {",\"ignored\":[\"c\",\"c\"]", "'c' is there twice"},
      {",\"ignored\":[7]", "is not a text"},
      {",\"ignored\":7", "are not a list"}};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    put_ignored(text, json, broken[i][0]);
    assert_fails(cred_schema_from_json(&schema, text, strlen(text)), CRED_EDATA,
                 broken[i][1]);
  }
}

static void test_folders_by_class(void **state) {
  (void)state;
  make_classes();
  const char *const ignore[] = {"void", "void"};
  cred_images_options opt = cred_images_defaults();
  opt.ignore = ignore, opt.n_ignore = 2;
  cred_images *images = open_set("classes", &opt);
  assert_int_equal(cred_images_n_rows(images), 3);
  assert_int_equal(cred_images_n_classes(images), 2);
  assert_string_equal(cred_images_class(images, 0), "a");
  assert_string_equal(cred_images_name(images, 0), "a/9.png");
  assert_string_equal(cred_images_name(images, 1), "b/1.png");
  assert_int_equal(cred_images_label(images, 0), 0);
  assert_int_equal(cred_images_label(images, 2), 1);
  assert_int_equal(cred_images_height(images), 4);
  assert_int_equal(cred_images_width(images), 6);
  unsigned char pixel[24];
  for (size_t i = 0; i < 3; i++) {
    static const unsigned char value[] = {90, 10, 20};
    assert_ok(cred_images_read_row(pixel, NULL, images, i));
    assert_int_equal(pixel[0], value[i]);
    assert_int_equal(pixel[23], value[i]);
  }
  cred_schema *schema;
  const size_t rows[] = {1, 2}; // 10 and 20 of 255
  assert_fails(cred_images_learn(&schema, images, (const size_t[]){7}, 1, NULL),
               CRED_EDATA, "row 7 is asked for, it has 3");
  assert_ok(cred_images_learn(&schema, images, rows, 2, NULL));
  assert_near(schema->pixels.mean[0], 15.0 / 255, 1e-12);
  assert_near(schema->pixels.sd[0], 5.0 / 255, 1e-12);
  cred_data data;
  assert_ok(cred_images_encode(&data, schema, images, NULL, 1, 2));
  assert_near(data.x[0], -1, 1e-6);
  assert_near(data.x[24], 1, 1e-6);
  assert_int_equal(data.row[1], 2);
  assert_near(data.y[0], 1, 0);
  cred_data_clear(&data);

  char *json; // the schema survives its text, and another set is read by it
  cred_schema *back;
  assert_ok(cred_schema_to_json(&json, schema));
  check_left_out(json);
  char old[8192]; // files of before have no such list
  put_ignored(old, json, "");
  assert_ok(cred_schema_from_json(&back, old, strlen(old)));
  assert_memory_equal(&back->pixels, &schema->pixels,
                      offsetof(cred_schema_pixels, ignored));
  assert_int_equal(back->pixels.n_ignored, 0);
  assert_int_equal(back->n_inputs, 24);
  cred__free(json);
  opt = cred_images_defaults();
  opt.schema = back;
  cred_images *other;
  assert_fails(cred_images_open(&other, below("classes"), &opt), CRED_EDATA,
               "its class 'void' is none of the 2 known");
  opt.unknown_none = true; // a row without a label, among others
  other = open_set("classes", &opt);
  assert_ok(cred_images_rows(&data, back, other, NULL, 2, 2));
  assert_near(data.y[0], 1, 0);
  assert_true(isnan(data.y[1]));
  cred_data_clear(&data);
  cred_images_free(other);
  opt.unknown_none = false, opt.without_labels = true;
  other = open_set("classes", &opt);
  assert_int_equal(cred_images_n_rows(other), 4);
  assert_string_equal(cred_images_name(other, 3), "void/0.png");
  assert_false(cred_images_has_labels(other));
  cred_images_free(other);
  cred_schema_free(schema);
  cred_schema_free(back);
  cred_images_free(images);
}

static void make_pairs(void) {
  put_folder("pairs");
  put_folder("maps");
  for (int i = 0; i < 3; i++) {
    char name[40];
    cred_image map;
    snprintf(name, sizeof name, "pairs/%d.png", i);
    put_plain(name, 2, 3, 3, (unsigned char)(50 * i));
    snprintf(name, sizeof name, "maps/%d.png", i);
    assert_ok(cred_image_new(&map, 2, 3, 1));
    memcpy(map.pixel, "\x04\x07\x07\x0B\x04\x07", 6);
    assert_ok(cred_image_write_png(&map, below(name), NULL, 0));
    cred_image_clear(&map);
  }
}

static void test_pairs(void **state) {
  (void)state;
  make_pairs();
  const char *ignore = "11";
  cred_images_options opt = cred_images_defaults();
  char maps[600];
  snprintf(maps, sizeof maps, "%s", below("maps"));
  opt.labels = maps;
  opt.ignore = &ignore, opt.n_ignore = 1;
  for (int cached = 0; cached < 2; cached++) {
    opt.cache_bytes = cached ? 1000 : 0;
    cred_images *images = open_set("pairs", &opt);
    assert_int_equal(cred_images_is_cached(images), cached);
    assert_true(cred_images_per_pixel(images));
    assert_int_equal(cred_images_n_classes(images), 2);
    assert_string_equal(cred_images_class(images, 1), "7");
    unsigned char pixel[18], map[6];
    assert_ok(cred_images_read_row(pixel, map, images, 2));
    assert_int_equal(pixel[17], 100);
    assert_memory_equal(map, "\x00\x01\x01\xFF\x00\x01", 6);
    double count[2];
    cred_images_count(count, images, NULL, 0);
    assert_near(count[0], 6, 0);
    assert_near(count[1], 9, 0);
    cred_images_free(images);
  }
  // names in the order of their numbers; number 11 is one too many
  const char *names[] = {"0", "1", "2", "3", "road", "5", "6", "tree"};
  opt.classes = names, opt.n_classes = 8;
  cred_images *images = open_set("pairs", &opt);
  assert_int_equal(cred_images_n_classes(images), 8);
  unsigned char map[6];
  assert_ok(cred_images_read_row(NULL, map, images, 0));
  assert_memory_equal(map, "\x04\x07\x07\xFF\x04\x07", 6);
  double count[8];
  cred_images_count(count, images, NULL, 0);
  assert_near(count[4], 6, 0);
  assert_near(count[7], 9, 0);
  cred_images_free(images);
  opt.n_ignore = 0;
  assert_fails(cred_images_open(&images, below("pairs"), &opt), CRED_EDATA,
               "number 11 at column 0, row 1 is none of the 8 classes");
  remove(below("maps/1.png"));
  assert_fails(cred_images_open(&images, below("pairs"), &opt), CRED_EDATA,
               "there is no label map");
}

static void test_lists(void **state) {
  (void)state;
  cred_images_options opt = cred_images_defaults();
  cred_images *images;
  put_folder("listed");
  put_plain("listed/a b.png", 3, 3, 1, 7);
  put_plain("listed/c.png", 3, 3, 1, 8);
  put_plain("listed/m.png", 3, 3, 1, 1);
  put_plain("listed/n.png", 3, 3, 1, 2);
  put_text("listed/classes.txt", "# a remark\n\na b.png dog\r\nc.png\tcat\n");
  images = open_set("listed/classes.txt", &opt);
  assert_int_equal(cred_images_n_rows(images), 2);
  assert_string_equal(cred_images_class(images, 0), "cat");
  assert_int_equal(cred_images_label(images, 0), 1);
  assert_string_equal(cred_images_name(images, 0), "a b.png");
  cred_images_free(images);
  put_text("listed/maps.csv", "a b.png,m.png\nc.png,n.png\n");
  images = open_set("listed/maps.csv", &opt);
  assert_true(cred_images_per_pixel(images));
  assert_int_equal(cred_images_n_classes(images), 2);
  cred_images_free(images);
  assert_true(cred_images_is_set(below("listed/maps.csv")));
  assert_true(cred_images_is_set(below("listed")));
  assert_true(cred_images_is_set(below("listed/c.png")));
  put_text("listed/table.csv", "x,y\n1,2\n");
  assert_false(cred_images_is_set(below("listed/table.csv")));

  put_text("listed/bad.txt", "c.png cat\nhello\n");
  assert_fails(cred_images_open(&images, below("listed/bad.txt"), &opt), CRED_EDATA,
               "bad.txt:2: 'hello' does not begin with the name of a picture");
  put_text("listed/half.txt", "c.png cat\nm.png\n");
  assert_fails(cred_images_open(&images, below("listed/half.txt"), &opt), CRED_EDATA,
               "m.png: has no label, the others have");
  put_text("listed/both.txt", "c.png cat\nm.png n.png\n");
  assert_fails(cred_images_open(&images, below("listed/both.txt"), &opt), CRED_EDATA,
               "1 pictures have a class and 1 a label map");
  put_text("listed/gone.txt", "gone.png cat\n");
  assert_fails(cred_images_open(&images, below("listed/gone.txt"), &opt), CRED_ENOINPUT,
               "gone.png");
  put_text("listed/empty.txt", "\n");
  assert_fails(cred_images_open(&images, below("listed/empty.txt"), &opt), CRED_EDATA,
               "there are no pictures");
}

static void test_sizes(void **state) {
  (void)state;
  cred_images_options opt = cred_images_defaults();
  cred_images *images;
  put_folder("sizes");
  put_plain("sizes/a.png", 4, 4, 1, 100);
  put_plain("sizes/b.png", 8, 6, 3, 200);
  assert_fails(cred_images_open(&images, below("sizes"), &opt), CRED_EDATA,
               "6 x 8 pixels, 4 x 4 are expected");
  opt.height = 2, opt.width = 3;
  images = open_set("sizes", &opt);
  assert_int_equal(cred_images_height(images), 2);
  assert_int_equal(cred_images_channels(images), 1);
  unsigned char pixel[6];
  assert_ok(cred_images_read_row(pixel, NULL, images, 1));
  assert_int_equal(pixel[5], 200);
  cred_images_free(images);
  put_folder("none");
  assert_fails(cred_images_open(&images, below("none"), &opt), CRED_EDATA,
               "there are no pictures");
  put_folder("mixed");
  put_folder("mixed/class");
  put_plain("mixed/a.png", 4, 4, 1, 1);
  assert_fails(cred_images_open(&images, below("mixed"), &opt), CRED_EDATA,
               "holds pictures and folders");
  put_text("sizes/b.png", "broken");
  assert_fails(cred_images_open(&images, below("sizes"), &opt), CRED_EDATA,
               "b.png: this is neither a PNG nor a JPEG");
}

// A digest tells sets apart by content and labels, not by threads or by where they lie.
static void test_digest(void **state) {
  (void)state;
  cred_images_options opt = cred_images_defaults();
  char first[17];
  assert_ok(cred_toy_images_write(below("digits"), "digits", 30, 1));
  assert_ok(cred_toy_images_write(below("same"), "digits", 30, 1));
  assert_ok(cred_toy_images_write(below("other"), "digits", 30, 2));
  static const char *const names[] = {"digits", "same", "other"};
  for (size_t i = 0; i < 3; i++) {
    opt.n_threads = 1 + i;
    opt.cache_bytes = i == 1 ? 0 : (size_t)1 << 20;
    cred_images *images = open_set(names[i], &opt);
    if (i == 0) snprintf(first, sizeof first, "%s", cred_images_digest(images));
    assert_int_equal(strcmp(first, cred_images_digest(images)) == 0, i < 2);
    cred_images_free(images);
  }
}

static void test_no_memory(void **state) {
  (void)state;
  cred_images_options opt = cred_images_defaults();
  opt.n_threads = 1;
  for (long i = 0;; i++) {
    cred_images *images;
    const long before = cred__alloc_live();
    cred__alloc_fail_after(i);
    const cred_status status = cred_images_open(&images, below("digits"), &opt);
    cred__alloc_fail_after(-1);
    if (status == CRED_OK) {
      cred_images_free(images);
      break;
    }
    assert_int_equal(status, CRED_ENOMEM);
    assert_int_equal(cred__alloc_live(), before);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_folders_by_class),
      cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_digest),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, make_root, remove_root);
}
