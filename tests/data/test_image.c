// Pictures: every form of PNG and JPEG that is written here by the libraries themselves,
// read back; broken, cut and lying files; another size against its definition.

#include "files.h"
#include "credence/data/image.h"
#include <jpeglib.h>
#include <png.h>

static cred_image picture(size_t height, size_t width, size_t channels) {
  cred_image image;
  assert_ok(cred_image_new(&image, height, width, channels));
  for (size_t i = 0; i < height * width * channels; i++)
    image.pixel[i] = (unsigned char)(i * 37 + i / 11);
  return image;
}

static void same(const cred_image *a, const cred_image *b) {
  assert_int_equal(a->height, b->height);
  assert_int_equal(a->width, b->width);
  assert_int_equal(a->channels, b->channels);
  assert_memory_equal(a->pixel, b->pixel, a->height * a->width * a->channels);
}

static const char *path_of(const char *name) {
  snprintf(file_path, sizeof file_path, "%s/%s", folder, name);
  return file_path;
}

static void test_png_round_trip(void **state) {
  (void)state;
  for (size_t channels = 1; channels <= 3; channels += 2) {
    cred_image image = picture(5, 7, channels), back;
    assert_ok(cred_image_write_png(&image, path_of("a.png"), NULL, 0));
    assert_ok(cred_image_read(&back, path_of("a.png"), 0));
    same(&image, &back);
    cred_image_clear(&back);
    cred_image_clear(&image);
  }
}

static void test_palette(void **state) {
  (void)state;
  const unsigned char colours[] = {0, 0, 0, 255, 0, 0, 0, 255, 0};
  cred_image image = picture(4, 4, 1), back;
  for (size_t i = 0; i < 16; i++) image.pixel[i] = (unsigned char)(i % 3);
  assert_ok(cred_image_write_png(&image, path_of("p.png"), colours, 3));
  assert_ok(cred_image_read(&back, path_of("p.png"), 0));
  assert_int_equal(back.channels, 3);
  for (size_t i = 0; i < 16; i++)
    assert_memory_equal(back.pixel + 3 * i, colours + 3 * (i % 3), 3);
  cred_image_clear(&back);
  assert_ok(cred_image_read_labels(&back, path_of("p.png")));
  same(&image, &back);
  cred_image_clear(&back);
  image.pixel[3] = 3;
  assert_fails(cred_image_write_png(&image, path_of("p.png"), colours, 3), CRED_EINVAL,
               "number 3 in a palette of 3 colours");
  cred_image_clear(&image);
}

// A PNG of any type, written by libpng; rows of `bytes_a_row`.
static void put_png(const char *name, int type, int depth, int interlace,
                    const unsigned char *bytes, size_t bytes_a_row, unsigned width,
                    unsigned height) {
  FILE *f = fopen(path_of(name), "wb");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  png_bytep rows[64];
  png_init_io(png, f);
  png_set_IHDR(png, info, width, height, depth, type, interlace, 0, 0);
  for (unsigned i = 0; i < height; i++) rows[i] = (png_bytep)bytes + i * bytes_a_row;
  png_set_rows(png, info, rows);
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
  png_destroy_write_struct(&png, &info);
  fclose(f);
}

static void test_png_forms(void **state) {
  (void)state;
  cred_image image;
  const unsigned char bits[] = {0xA0, 0x40}; // 1 0 1 / 0 1 0
  put_png("bits.png", PNG_COLOR_TYPE_GRAY, 1, 0, bits, 1, 3, 2);
  assert_ok(cred_image_read(&image, path_of("bits.png"), 0));
  assert_memory_equal(image.pixel, "\xFF\x00\xFF\x00\xFF\x00", 6);
  cred_image_clear(&image);
  assert_ok(cred_image_read_labels(&image, path_of("bits.png")));
  assert_memory_equal(image.pixel, "\x01\x00\x01\x00\x01\x00", 6);
  cred_image_clear(&image);

  const unsigned char deep[] = {0x12, 0x34, 0xFF, 0xFF, 0x00, 0xFF};
  put_png("deep.png", PNG_COLOR_TYPE_GRAY, 16, 0, deep, 6, 3, 1);
  assert_ok(cred_image_read(&image, path_of("deep.png"), 0));
  assert_memory_equal(image.pixel, "\x12\xFF\x01", 3); // round(v / 257)
  cred_image_clear(&image);
  assert_fails(cred_image_read_labels(&image, path_of("deep.png")), CRED_EDATA,
               "16 bits");

  const unsigned char clear[] = {10, 20, 30, 255, 10, 20, 30, 0};
  put_png("alpha.png", PNG_COLOR_TYPE_RGB_ALPHA, 8, 0, clear, 8, 2, 1);
  assert_ok(cred_image_read(&image, path_of("alpha.png"), 3));
  assert_memory_equal(image.pixel, "\x0A\x14\x1E\xFF\xFF\xFF", 6);
  cred_image_clear(&image);
  assert_fails(cred_image_read_labels(&image, path_of("alpha.png")), CRED_EDATA,
               "label map in colours");

  const unsigned char colour[] = {255, 0, 0, 0, 255, 0};
  put_png("rgb.png", PNG_COLOR_TYPE_RGB, 8, 1, colour, 6, 2, 1);
  assert_ok(cred_image_read(&image, path_of("rgb.png"), 1));
  assert_memory_equal(image.pixel, "\x4C\x96", 2); // 0.299, 0.587 of 255
  cred_image_clear(&image);
  assert_ok(cred_image_read(&image, path_of("bits.png"), 3));
  assert_int_equal(image.pixel[2], 255);
  assert_int_equal(image.pixel[3], 0);
  cred_image_clear(&image);
}

static size_t make_jpeg(unsigned char **bytes, int channels, int progressive) {
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr error;
  unsigned long n = 0;
  *bytes = NULL;
  jpeg.err = jpeg_std_error(&error);
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, bytes, &n);
  jpeg.image_width = 40, jpeg.image_height = 24, jpeg.input_components = channels;
  jpeg.in_color_space = channels == 1   ? JCS_GRAYSCALE
                        : channels == 3 ? JCS_RGB
                                        : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 95, TRUE);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  for (int y = 0; y < 24; y++) {
    unsigned char row[160];
    for (int i = 0; i < 40 * channels; i++)
      row[i] = (unsigned char)(4 * (i / channels) + 2 * y);
    JSAMPROW list = row;
    jpeg_write_scanlines(&jpeg, &list, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return n;
}

static void test_jpeg(void **state) {
  (void)state;
  for (int channels = 1; channels <= 3; channels += 2)
    for (int progressive = 0; progressive < 2; progressive++) {
      unsigned char *bytes;
      cred_image image;
      const size_t n = make_jpeg(&bytes, channels, progressive);
      assert_ok(cred_image_read(&image, put_bytes("a.jpg", bytes, n), 0));
      assert_int_equal(image.height, 24);
      assert_int_equal(image.width, 40);
      assert_int_equal(image.channels, channels);
      for (int y = 0; y < 24; y++)
        for (int x = 0; x < 40; x++)
          assert_near(image.pixel[(y * 40 + x) * channels], 4 * x + 2 * y, 6);
      cred_image_clear(&image);
      free(bytes);
    }
  unsigned char *bytes;
  cred_image image;
  const size_t n = make_jpeg(&bytes, 4, 0);
  assert_fails(cred_image_read(&image, put_bytes("cmyk.jpg", bytes, n), 0), CRED_EDATA,
               "4 components");
  assert_fails(cred_image_read_labels(&image, put_bytes("cmyk.jpg", bytes, n)),
               CRED_EDATA, "give a PNG");
  free(bytes);
}

static void test_cut_at_every_byte(void **state) {
  (void)state;
  unsigned char *bytes;
  cred_image image;
  const size_t n = make_jpeg(&bytes, 3, 1);
  for (size_t i = 0; i + 2 < n; i++) { // without its end mark all pixels are there
    if (cred_image_decode(&image, "cut", bytes, i, 0, false) != CRED_EDATA)
      fail_msg("a JPEG cut at %zu of %zu bytes was taken", i, n);
    assert_null(image.pixel);
  }
  free(bytes);
  image = picture(9, 9, 3);
  assert_ok(cred_image_write_png(&image, path_of("cut.png"), NULL, 0));
  cred_image_clear(&image);
  FILE *f = fopen(path_of("cut.png"), "rb");
  unsigned char png[1000];
  const size_t n_png = fread(png, 1, sizeof png, f);
  fclose(f);
  for (size_t i = 0; i < n_png; i++)
    assert_int_equal(cred_image_decode(&image, "cut", png, i, 0, false), CRED_EDATA);
  for (size_t i = 8; i < n_png; i++) { // a flipped bit is a message or a picture
    png[i] ^= 0x10;
    const cred_status status = cred_image_decode(&image, "bit", png, n_png, 0, false);
    assert_true(status == CRED_EDATA || status == CRED_OK);
    cred_image_clear(&image);
    png[i] ^= 0x10;
  }
}

// The CRC of a chunk, so that a lie gets past the checksum.
static void fix_crc(unsigned char *chunk, size_t n) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < n + 4; i++) {
    crc ^= chunk[4 + i];
    for (int k = 0; k < 8; k++) crc = crc & 1 ? 0xEDB88320 ^ crc >> 1 : crc >> 1;
  }
  crc = ~crc;
  for (int k = 0; k < 4; k++)
    chunk[8 + n + (size_t)k] = (unsigned char)(crc >> (24 - 8 * k));
}

static void test_lies(void **state) {
  (void)state;
  cred_image image = picture(2, 2, 1);
  unsigned char png[200];
  assert_ok(cred_image_write_png(&image, path_of("lie.png"), NULL, 0));
  cred_image_clear(&image);
  FILE *f = fopen(path_of("lie.png"), "rb");
  const size_t n = fread(png, 1, sizeof png, f);
  fclose(f);
  png[8 + 8 + 2] = 0x40, png[8 + 8 + 6] = 0x3F; // 16386 x 16130 pixels
  fix_crc(png + 8, 13);
  assert_fails(cred_image_read(&image, put_bytes("lie.png", png, n), 0), CRED_EDATA,
               "bytes cannot hold");
  png[8 + 8] = 0x7F;
  fix_crc(png + 8, 13);
  assert_int_equal(cred_image_read(&image, put_bytes("lie.png", png, n), 0), CRED_EDATA);
  png[8 + 8] = 0, png[8 + 8 + 2] = 0xFF, png[8 + 8 + 6] = 0xFF;
  fix_crc(png + 8, 13);
  assert_fails(cred_image_read(&image, put_bytes("lie.png", png, n), 0), CRED_EDATA,
               "too large");
  assert_fails(cred_image_read(&image, put("text.png", "hello, this is text"), 0),
               CRED_EDATA, "neither a PNG nor a JPEG");
  assert_fails(cred_image_read(&image, put("empty.png", ""), 0), CRED_EDATA, "neither");
  assert_fails(cred_image_read(&image, "/nowhere/a.png", 0), CRED_ENOINPUT, "nowhere");
  assert_fails(cred_image_new(&image, 70000, 2, 1), CRED_EINVAL, "70000");
}

// Smaller: each new pixel of a linear ramp keeps the ramp; a constant stays constant.
static void test_resize(void **state) {
  (void)state;
  static const size_t sizes[][2] = {{8, 8}, {3, 5}, {16, 20}, {1, 1}, {8, 3}};
  cred_image in, out;
  assert_ok(cred_image_new(&in, 8, 8, 3));
  for (size_t i = 0; i < 8 * 8; i++)
    for (size_t c = 0; c < 3; c++)
      in.pixel[3 * i + c] = (unsigned char)(c == 2 ? 99 : 20 * (i % 8) + 5 * (i / 8));
  for (size_t k = 0; k < 5; k++) {
    assert_ok(cred_image_new(&out, sizes[k][0], sizes[k][1], 3));
    assert_ok(cred_image_resize(&out, &in));
    for (size_t y = 0; y < out.height; y++)
      for (size_t x = 0; x < out.width; x++) {
        const double sx = 8.0 / (double)out.width, sy = 8.0 / (double)out.height;
        const double at_x = ((double)x + 0.5) * sx - 0.5;
        const double at_y = ((double)y + 0.5) * sy - 0.5;
        const unsigned char *p = out.pixel + 3 * (y * out.width + x);
        assert_int_equal(p[2], 99);
        // a triangle that hangs over an edge leans inwards
        const double mx = fmax(0, sx - 1), my = fmax(0, sy - 1);
        const bool inside = at_x >= mx && at_x <= 7 - mx && at_y >= my && at_y <= 7 - my;
        if (inside) assert_near(p[0], 20 * at_x + 5 * at_y, 1.01);
      }
    cred_image_resize_nearest(&out, &in);
    for (size_t y = 0; y < out.height; y++)
      for (size_t x = 0; x < out.width; x++) {
        const size_t ix = (size_t)(((double)x + 0.5) * 8.0 / (double)out.width);
        const size_t iy = (size_t)(((double)y + 0.5) * 8.0 / (double)out.height);
        assert_memory_equal(out.pixel + 3 * (y * out.width + x),
                            in.pixel + 3 * (iy * 8 + ix), 3);
      }
    cred_image_clear(&out);
  }
  cred_image_clear(&in);
}

static void test_no_memory(void **state) {
  (void)state;
  cred_image image = picture(6, 6, 3), out;
  unsigned char *bytes;
  assert_ok(cred_image_write_png(&image, path_of("m.png"), NULL, 0));
  const size_t n = make_jpeg(&bytes, 3, 0);
  put_bytes("m.jpg", bytes, n);
  free(bytes);
  static const char *const names[] = {"m.png", "m.jpg"};
  for (size_t k = 0; k < 2; k++)
    for (long i = 0;; i++) {
      const long before = cred__alloc_live();
      cred__alloc_fail_after(i);
      const cred_status status = cred_image_read(&out, path_of(names[k]), 0);
      cred__alloc_fail_after(-1);
      if (status == CRED_OK) {
        cred_image_clear(&out);
        break;
      }
      assert_int_equal(status, CRED_ENOMEM);
      assert_int_equal(cred__alloc_live(), before);
    }
  cred_image_clear(&image);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_png_round_trip),
      cmocka_unit_test(test_palette),
      cmocka_unit_test(test_png_forms),
      cmocka_unit_test(test_jpeg),
      cmocka_unit_test(test_cut_at_every_byte),
      cmocka_unit_test(test_lies),
      cmocka_unit_test(test_resize),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
