// Segmentation: fits of label maps, maps of any number of threads, tiles against the
// whole picture with functions drawn and with masks, blended tiles, pictures of other
// sizes.

#include "data/folders.h"
#include "credence/model/fit.h"
#include "credence/model/segment.h"

static int make(void **state) {
  if (make_root(state)) return -1;
  return cred_toy_images_write(below("shapes"), "shapes", 10, 1);
}

static cred_model *fitted_with(cred_fit_posterior posterior, const char *net,
                               double dropout, const char *likelihood, size_t n_threads) {
  const char *ignore = "255";
  char maps[600];
  cred_images_options how = cred_images_defaults();
  cred_fit_options opt = cred_fit_defaults();
  cred_images *images;
  cred_model *model;
  snprintf(maps, sizeof maps, "%s", below("shapes/labels"));
  how.labels = maps, how.ignore = &ignore, how.n_ignore = 1;
  assert_ok(cred_images_open(&images, below("shapes/images"), &how));
  opt.posterior = posterior, opt.net = net, opt.steps = 6, opt.batch = 4;
  opt.dropout = dropout, opt.augment = "flip, shift 0.1", opt.n_threads = n_threads;
  opt.likelihood = likelihood;
  assert_ok(cred_model_fit_images(&model, NULL, images, NULL, 0, NULL, &opt));
  cred_images_free(images);
  return model;
}

static cred_model *fitted(cred_fit_posterior posterior, const char *net, double dropout) {
  return fitted_with(posterior, net, dropout, NULL, 2);
}

// A picture larger than those of the fit, made of pieces of them.
static cred_image large_picture(size_t height, size_t width) {
  cred_image image, from, map;
  int label;
  assert_ok(cred_image_new(&image, height, width, 3));
  for (size_t y = 0; y < height; y += 48)
    for (size_t x = 0; x < width; x += 48) {
      assert_ok(cred_toy_image(&from, &map, &label, "shapes", y + x, 3));
      for (size_t i = 0; i < 48 * 48; i++)
        if (y + i / 48 < height && x + i % 48 < width)
          memcpy(image.pixel + 3 * ((y + i / 48) * width + x + i % 48),
                 from.pixel + 3 * i, 3);
      cred_image_clear(&from);
      cred_image_clear(&map);
    }
  return image;
}

static cred_segmentation segment(const cred_model *model, const cred_image *image,
                                 size_t tile, size_t n_threads, size_t *reach) {
  cred_segment_options opt = cred_segment_defaults();
  cred_segmenter *segmenter;
  cred_segmentation out;
  opt.n_draws = 3, opt.tile = tile, opt.n_threads = n_threads, opt.prob = true;
  assert_ok(cred_segmenter_new(&segmenter, model, &opt));
  if (reach) *reach = cred_segmenter_reach(segmenter);
  assert_ok(cred_segmenter_run(&out, segmenter, image, 1));
  cred_segmenter_free(segmenter);
  return out;
}

static double farthest(const cred_segmentation *a, const cred_segmentation *b) {
  double most = 0;
  const size_t n = a->height * a->width;
  for (size_t i = 0; i < n * a->n_classes; i++)
    most = fmax(most, fabs((double)a->prob[i] - (double)b->prob[i]));
  for (size_t i = 0; i < n; i++)
    most = fmax(most, fabs((double)a->entropy[i] - (double)b->entropy[i]));
  return most;
}

static void test_tiles_are_the_whole(void **state) {
  (void)state;
  static const struct {
    cred_fit_posterior posterior;
    const char *net;
    size_t reach;
  } cases[] = {
      {CRED_FIT_MAP, "conv 4 3 same relu, conv 4 3 same relu", 2},
      {CRED_FIT_VI, "conv 4 5 same relu, conv 4 3 same dilation 2 tanh", 4},
      {CRED_FIT_DROPOUT, "conv 4 3 same relu, conv 4 3 same relu, conv 4 3 same relu", 3},
      {CRED_FIT_DROPOUT, "unet 4 8", 0},
  };
  cred_image image = large_picture(150, 133);
  for (size_t k = 0; k < 4; k++) {
    size_t reach;
    cred_model *model = fitted(cases[k].posterior, cases[k].net, 0.3);
    cred_segmentation whole = segment(model, &image, 400, 1, &reach);
    if (cases[k].reach) assert_int_equal(reach, cases[k].reach);
    assert_int_equal(whole.n_tiles, 1);
    cred_segmentation tiles = segment(model, &image, 64, 1, NULL);
    assert_true(tiles.n_tiles > 4);
    assert_true(farthest(&whole, &tiles) < 1e-5);
    assert_near(tiles.seam, 0, 0);
    cred_segmentation again = segment(model, &image, 64, 3, NULL);
    assert_memory_equal(again.prob, tiles.prob,
                        again.height * again.width * again.n_classes * sizeof(float));
    double uncertain = 0;
    for (size_t i = 0; i < whole.height * whole.width; i++) {
      uncertain += (double)whole.mutual_information[i];
      assert_near(whole.entropy[i],
                  whole.expected_entropy[i] + whole.mutual_information[i], 1e-5);
      double sum = 0;
      for (size_t c = 0; c < 4; c++) sum += (double)whole.prob[4 * i + c];
      assert_near(sum, 1, 1e-5);
    }
    assert_int_equal(uncertain > 1e-3, cases[k].posterior != CRED_FIT_MAP);
    cred_segmentation_clear(&whole);
    cred_segmentation_clear(&tiles);
    cred_segmentation_clear(&again);
    cred_model_free(model);
  }
  cred_image_clear(&image);
}

// A normalisation over the whole map: tiles differ, and the seam says so.
static void test_blended(void **state) {
  (void)state;
  cred_image image = large_picture(150, 133);
  size_t reach;
  cred_model *model =
      fitted(CRED_FIT_MAP, "conv 4 3 same, norm 2, relu, conv 4 3 same relu", 0);
  cred_segmentation whole = segment(model, &image, 400, 1, &reach);
  assert_true(reach == SIZE_MAX);
  assert_near(whole.seam, 0, 0);
  cred_segmentation tiles = segment(model, &image, 64, 2, NULL);
  assert_true(tiles.n_tiles > 4);
  assert_true(tiles.seam > 0);
  assert_true(tiles.seam < 1);
  cred_segmentation_clear(&whole);
  cred_segmentation_clear(&tiles);
  cred_model_free(model);
  cred_image_clear(&image);
}

static void test_sizes_and_forms(void **state) {
  (void)state;
  cred_model *model = fitted(CRED_FIT_MAP, "conv 4 3 same relu, pool 2, upsample 2", 0);
  static const size_t sizes[][2] = {{1, 1}, {5, 7}, {48, 48}, {49, 31}};
  for (size_t k = 0; k < 4; k++)
    for (size_t channels = 1; channels <= 3; channels += 2) {
      cred_image image;
      assert_ok(cred_image_new(&image, sizes[k][0], sizes[k][1], channels));
      cred_segmentation s = segment(model, &image, 64, 1, NULL);
      assert_int_equal(s.height, sizes[k][0]);
      assert_int_equal(s.width, sizes[k][1]);
      cred_segmentation_clear(&s);
      cred_image_clear(&image);
    }
  cred_predictor *predictor;
  const cred_predict_options how = cred_predict_defaults();
  assert_fails(cred_predictor_new(&predictor, model, &how), CRED_ECONFIG,
               "a class a pixel");
  cred_segmenter *segmenter;
  cred_segment_options opt = cred_segment_defaults();
  opt.tile = 3;
  assert_fails(cred_segmenter_new(&segmenter, model, &opt), CRED_EINVAL, "tile");
  // saved and read: the same maps
  cred_model *back;
  cred_image image = large_picture(48, 48);
  assert_ok(cred_model_save(model, below("m.cred"), true));
  assert_ok(cred_model_load(&back, below("m.cred")));
  cred_segmentation a = segment(model, &image, 64, 1, NULL);
  cred_segmentation b = segment(back, &image, 64, 1, NULL);
  assert_near(farthest(&a, &b), 0, 0);
  cred_segmentation_clear(&a);
  cred_segmentation_clear(&b);
  cred_image_clear(&image);
  cred_model_free(back);
  cred_model_free(model);
}

// Learned noise on the logits: twice the outputs a pixel; what it leaves is aleatoric, so
// that at the mode nothing is epistemic; tiles and threads change nothing.
static void test_noisy_logits(void **state) {
  (void)state;
  static const cred_fit_posterior kinds[] = {CRED_FIT_MAP, CRED_FIT_DROPOUT, CRED_FIT_VI};
  const char *net = "conv 4 3 same relu, conv 4 3 same relu";
  cred_image image = large_picture(90, 70);
  for (size_t k = 0; k < 3; k++) {
    cred_model *model = fitted_with(kinds[k], net, 0.3, "noisy-categorical 4", 1);
    cred_model *other = fitted_with(kinds[k], net, 0.3, "noisy-categorical 4", 3);
    assert_int_equal(cred_network_n_outputs(cred_model_network(model)), 48 * 48 * 4 * 2);
    cred_segmentation whole = segment(model, &image, 400, 1, NULL);
    cred_segmentation tiles = segment(model, &image, 64, 1, NULL);
    assert_true(farthest(&whole, &tiles) < 1e-5);
    cred_segmentation again = segment(other, &image, 64, 3, NULL);
    assert_memory_equal(again.prob, tiles.prob, 90 * 70 * 4 * sizeof(float));
    for (size_t i = 0; i < 90 * 70; i++) {
      assert_true(whole.expected_entropy[i] > 0);
      if (kinds[k] == CRED_FIT_MAP) assert_near(whole.mutual_information[i], 0, 1e-6);
    }
    cred_segmentation_clear(&whole);
    cred_segmentation_clear(&tiles);
    cred_segmentation_clear(&again);
    cred_model_free(model);
    cred_model_free(other);
  }
  cred_image_clear(&image);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tiles_are_the_whole), cmocka_unit_test(test_blended),
      cmocka_unit_test(test_sizes_and_forms), cmocka_unit_test(test_noisy_logits)};
  return cmocka_run_group_tests(tests, make, remove_root);
}
