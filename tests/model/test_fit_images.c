// Fits to pictures: the same bytes with any number of threads, held in memory or not, and
// after a stop; what a network learns of drawn digits; class weights.

#include "data/folders.h"
#include "credence/model/evaluate.h"
#include "credence/model/fit.h"
#include "model/model.h"

enum { N = 120 };

static int make(void **state) {
  if (make_root(state)) return -1;
  if (cred_toy_images_write(below("digits"), "digits", N, 1)) return -1;
  return cred_toy_images_write(below("test"), "digits", 60, 2);
}

static cred_images *open_set(const char *name, size_t cache_bytes,
                             const cred_schema *schema) {
  cred_images *images;
  cred_images_options opt = cred_images_defaults();
  opt.cache_bytes = cache_bytes;
  opt.schema = schema;
  assert_ok(cred_images_open(&images, below(name), &opt));
  return images;
}

static cred_fit_options small_fit(cred_fit_posterior posterior) {
  cred_fit_options opt = cred_fit_defaults();
  opt.posterior = posterior;
  opt.net = "dense 16 relu";
  opt.steps = 40;
  opt.n_threads = 1;
  opt.augment = "shift 0.1, rotate 5";
  return opt;
}

static bool same_file(const char *a, const char *b) {
  char command[1300];
  snprintf(command, sizeof command, "cmp -s '%s' '%s'", a, b);
  return system(command) == 0;
}

typedef struct {
  size_t calls, stop_at;
} stopper;

static bool stop_now(void *context, const cred_progress *p) {
  stopper *s = context;
  (void)p;
  return ++s->calls < s->stop_at;
}

static void test_same_bytes(void **state) {
  (void)state;
  for (int k = CRED_FIT_VI; k <= CRED_FIT_DROPOUT; k++) {
    cred_fit_options opt = small_fit((cred_fit_posterior)k);
    opt.n_members = k == CRED_FIT_MAP ? 2 : 1;
    opt.class_weights = "balanced";
    for (size_t run = 0; run < 4; run++) {
      static const size_t threads[] = {1, 2, 3, 8};
      cred_model *model;
      cred_images *images = open_set("digits", run % 2 ? 0 : (size_t)1 << 24, NULL);
      opt.n_threads = threads[run];
      assert_ok(cred_model_fit_images(&model, NULL, images, NULL, 0, NULL, &opt));
      assert_ok(cred_model_save(model, below(run ? "b.cred" : "a.cred"), false));
      if (run) assert_true(same_file(below("a.cred"), below("b.cred")));
      cred_model_free(model);
      cred_images_free(images);
    }
  }
}

// Stopped once and saved, read again, gone on: as if never stopped.
static void test_resume(void **state) {
  (void)state;
  cred_fit_options opt = small_fit(CRED_FIT_DROPOUT);
  cred_model *model;
  cred_fit_info info;
  cred_images *images = open_set("digits", 0, NULL);
  opt.steps = 200;
  assert_ok(cred_model_fit_images(&model, &info, images, NULL, 0, NULL, &opt));
  assert_ok(cred_model_save(model, below("whole.cred"), false));
  cred_model_free(model);
  stopper s = {.stop_at = 1};
  opt.progress = stop_now, opt.progress_context = &s;
  assert_ok(cred_model_fit_images(&model, &info, images, NULL, 0, NULL, &opt));
  assert_int_equal(info.outcome, CRED_FIT_STOPPED);
  assert_ok(cred_model_save(model, below("part.cred"), false));
  cred_model_free(model);
  cred_images_free(images);
  assert_false(same_file(below("whole.cred"), below("part.cred")));
  assert_ok(cred_model_load(&model, below("part.cred")));
  images = open_set("digits", 1 << 24, cred_model_schema(model));
  assert_ok(cred_model_resume_images(model, &info, images, 0, 2, NULL, NULL));
  assert_ok(cred_model_save(model, below("again.cred"), false));
  assert_true(same_file(below("whole.cred"), below("again.cred")));
  cred_images_free(images);
  images = open_set("test", 1 << 24, cred_model_schema(model));
  assert_fails(cred_model_resume_images(model, &info, images, 0, 1, NULL, NULL),
               CRED_EDATA, "give the same file");
  cred_images_free(images);
  cred_model_free(model);
}

static void test_learns(void **state) {
  (void)state;
  cred_fit_options opt = small_fit(CRED_FIT_MAP);
  cred_evaluate_options how = cred_evaluate_defaults();
  cred_model *model;
  cred_evaluation *e;
  cred_data data;
  opt.net = "dense 64 relu", opt.steps = 300, opt.augment = NULL;
  how.n_bootstrap = 0;
  cred_images *images = open_set("digits", 1 << 24, NULL);
  assert_ok(cred_model_fit_images(&model, NULL, images, NULL, 0, "digit", &opt));
  assert_string_equal(cred_model_schema(model)->targets[0].name, "digit");
  size_t n_seen;
  assert_ok(cred_model_n_seen_images(&n_seen, model, images, (const size_t[]){3, 4}, 2));
  assert_int_equal(n_seen, 2);
  cred_images_free(images);
  images = open_set("test", 1 << 24, cred_model_schema(model));
  assert_ok(cred_images_encode(&data, cred_model_schema(model), images, NULL, 0, 60));
  assert_ok(cred_model_evaluate(&e, model, &data, &how));
  assert_true(cred_evaluation_find(e, "accuracy")->value > 0.6); // chance: 0.1
  assert_ok(cred_model_n_seen_images(&n_seen, model, images, NULL, 0));
  assert_int_equal(n_seen, 0);
  cred_evaluation_free(e);
  cred_data_clear(&data);
  cred_images_free(images);
  cred_model_free(model);
}

// A weight of 0 takes a class out: it is predicted no more.
static void test_class_weights(void **state) {
  (void)state;
  cred_fit_options opt = small_fit(CRED_FIT_MAP);
  cred_images *images = open_set("digits", 1 << 24, NULL);
  cred_model *model;
  opt.class_weights = "0,1,1,1,1,1,1,1,1,1", opt.augment = NULL, opt.steps = 200;
  assert_ok(cred_model_fit_images(&model, NULL, images, NULL, 0, NULL, &opt));
  cred_predict_options how = cred_predict_defaults();
  cred_predictor *predictor;
  cred_prediction p;
  cred_data data;
  assert_ok(cred_predictor_new(&predictor, model, &how));
  assert_ok(cred_images_encode(&data, cred_model_schema(model), images, NULL, 0, N));
  assert_ok(cred_predictor_run(&p, predictor, &data));
  for (size_t i = 0; i < N; i++) assert_int_not_equal(p.label[i], 0);
  cred_data_clear(&data);
  cred_predictor_free(predictor);
  cred_model_free(model);
  static const char *const bad[][2] = {
      {"1,2", "2 are given, there are 10 classes"},
      {"1,2,3,4,5,6,7,8,9,x", "'x' is no number"},
      {"0,0,0,0,0,0,0,0,0,0", "all are 0"},
      {"", "'' is no number"},
  };
  for (size_t i = 0; i < 4; i++) {
    opt.class_weights = bad[i][0];
    assert_fails(cred_model_fit_images(&model, NULL, images, NULL, 0, NULL, &opt),
                 CRED_EINVAL, bad[i][1]);
  }
  cred_images_free(images);
}

// Balanced weights count the rows that train: with the split that the fit itself makes.
static void test_balanced_of_training_rows(void **state) {
  (void)state;
  cred_fit_options opt = small_fit(CRED_FIT_MAP);
  cred_images *images = open_set("digits", 1 << 24, NULL);
  cred_model *model;
  double count[10] = {0};
  int32_t label[N];
  size_t rows[100]; // unbalanced: the digits 0 to 4 most of all
  cred_split split;
  for (size_t i = 0, k = 0; k < 100; i++)
    if (i >= N / 2 || i % 3 == 0 || k > N - i) rows[k++] = i % N;
  for (size_t i = 0; i < 100; i++) label[i] = cred_images_label(images, rows[i]);
  opt.validation = 0.3, opt.class_weights = "balanced", opt.steps = 2, opt.augment = NULL;
  assert_ok(cred_model_fit_images(&model, NULL, images, rows, 100, NULL, &opt));
  assert_ok(cred__member_split(&split, model, 100, label, 0));
  assert_true(split.n_held_out > 20);
  for (size_t i = 0; i < split.n_train; i++) count[label[split.train[i]]]++;
  double weight[10];
  assert_ok(cred__plan_class_weights(weight, &model->plan, 10));
  for (size_t c = 0; c < 10; c++)
    assert_near(weight[c], (double)split.n_train / (10 * count[c]), 1e-9);
  cred_split_clear(&split);
  cred_model_free(model);
  cred_images_free(images);
}

// Pixels of the label maps that train alone, held in memory or read again.
static void test_balanced_pixels(void **state) {
  (void)state;
  assert_ok(cred_toy_images_write(below("shapes"), "shapes", 12, 3));
  char maps[600];
  snprintf(maps, sizeof maps, "%s", below("shapes/labels"));
  const char *ignore = "255";
  for (size_t cached = 0; cached < 2; cached++) {
    cred_images_options how = cred_images_defaults();
    cred_fit_options opt = cred_fit_defaults();
    cred_images *images;
    cred_model *model;
    cred_split split;
    double count[4] = {0}, weight[4], n = 0;
    how.labels = maps, how.ignore = &ignore, how.n_ignore = 1;
    how.cache_bytes = cached ? 1 << 24 : 0;
    assert_ok(cred_images_open(&images, below("shapes/images"), &how));
    opt.posterior = CRED_FIT_MAP, opt.net = "conv 4 3 same relu", opt.steps = 2;
    opt.validation = 0.4, opt.class_weights = "balanced";
    assert_ok(cred_model_fit_images(&model, NULL, images, NULL, 0, NULL, &opt));
    assert_ok(cred__member_split(&split, model, 12, NULL, 0));
    unsigned char map[48 * 48];
    for (size_t i = 0; i < split.n_train; i++) {
      assert_ok(cred_images_read_row(NULL, map, images, split.train[i]));
      for (size_t k = 0; k < sizeof map; k++)
        if (map[k] < 4) count[map[k]]++, n++;
    }
    assert_ok(cred__plan_class_weights(weight, &model->plan, 4));
    for (size_t c = 0; c < 4; c++) assert_near(weight[c], n / (4 * count[c]), 1e-9);
    cred_split_clear(&split);
    cred_model_free(model);
    cred_images_free(images);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bytes),
                                     cmocka_unit_test(test_resume),
                                     cmocka_unit_test(test_learns),
                                     cmocka_unit_test(test_class_weights),
                                     cmocka_unit_test(test_balanced_of_training_rows),
                                     cmocka_unit_test(test_balanced_pixels)};
  return cmocka_run_group_tests(tests, make, remove_root);
}
