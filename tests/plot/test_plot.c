// test_plot.c -- what is in the scripts: data, ranges, texts, and what is refused.

#include "check.h"
#include "base/alloc.h"
#include "credence/plot/plot.h"

// Number of data rows of the block, -1 if it is not there.
static int n_rows(const cred_plot *plot, const char *block) {
  char head[64];
  snprintf(head, sizeof head, "$%s << EOD\n", block);
  const char *p = strstr(cred_plot_script(plot), head);
  if (!p) return -1;
  int n = 0;
  for (p += strlen(head); strncmp(p, "EOD\n", 4) != 0; p = strchr(p, '\n') + 1) n++;
  return n;
}

// Cell of a data block.
static double cell(const cred_plot *plot, const char *block, int row, int column) {
  char head[64];
  snprintf(head, sizeof head, "$%s << EOD\n", block);
  const char *p = strstr(cred_plot_script(plot), head) + strlen(head);
  for (int i = 0; i < row; i++) p = strchr(p, '\n') + 1;
  char *end = (char *)p;
  double value = NAN;
  for (int k = 0; k <= column; k++) value = strtod(end, &end);
  return value;
}

// The range set by the first "set xrange" or "set yrange".
static void range(const cred_plot *plot, char axis, double *lo, double *hi) {
  char head[32];
  snprintf(head, sizeof head, "set %crange [", axis);
  const char *p = strstr(cred_plot_script(plot), head);
  assert_non_null(p);
  char *end;
  *lo = strtod(p + strlen(head), &end);
  *hi = strtod(end + 1, NULL);
}

static bool has(const cred_plot *plot, const char *text) {
  return strstr(cred_plot_script(plot), text) != NULL;
}

static void band_has_its_edges_and_is_sorted(void **state) {
  (void)state;
  const double x[] = {3, 1, 2}, mean[] = {30, 10, 20}, sd[] = {2, 1, 3},
               inner[] = {1, 0, 2};
  const double px[] = {1.5}, py[] = {40};
  const cred_plot_band data = {3,  x, mean, sd,   inner, 1,    px,
                               py, 0, NULL, NULL, false, false};
  cred_plot *plot;
  assert_ok(cred_plot_new_band(&plot, &data, NULL));
  assert_int_equal(n_rows(plot, "band"), 3);
  const double expected[3][6] = {
      {1, 10, 8, 12, 10, 10}, {2, 20, 14, 26, 16, 24}, {3, 30, 26, 34, 28, 32}};
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 6; k++) assert_near(cell(plot, "band", i, k), expected[i][k], 0);
  double lo, hi;
  range(plot, 'x', &lo, &hi);
  assert_near(lo, 1, 0);
  assert_near(hi, 3, 0);
  range(plot, 'y', &lo, &hi); // from 8 (edge) to 40 (point), 4 % of room
  assert_near(lo, 8 - 1.28, 1e-12);
  assert_near(hi, 40 + 1.28, 1e-12);
  cred_plot_free(plot);
}

static void band_of_counts_ends_at_zero(void **state) {
  (void)state;
  const double x[] = {1, 2}, mean[] = {1, 9}, sd[] = {2, 1}, inner[] = {0.25, 0.5};
  const cred_plot_band data = {
      .n = 2, .x = x, .mean = mean, .sd = sd, .sd_epistemic = inner, .counts = true};
  const double expected[2][6] = {{1, 1, 0, 5, 0.5, 1.5}, {2, 9, 7, 11, 8, 10}};
  cred_plot *plot;
  assert_ok(cred_plot_new_band(&plot, &data, NULL));
  for (int i = 0; i < 2; i++)
    for (int k = 0; k < 6; k++) assert_near(cell(plot, "band", i, k), expected[i][k], 0);
  cred_plot_free(plot);
}

static void truth_does_not_squeeze_the_prediction(void **state) {
  (void)state;
  const double x[] = {0, 1}, mean[] = {0, 1}, truth[] = {0, 1000};
  const cred_plot_band data = {2,    x, mean, NULL,  NULL,  0,    NULL,
                               NULL, 2, x,    truth, false, false};
  cred_plot *plot;
  assert_ok(cred_plot_new_band(&plot, &data, NULL));
  double lo, hi;
  range(plot, 'y', &lo, &hi);
  assert_true(hi < 2);
  assert_false(has(plot, "with filledcurves")); // no sd, no band
  cred_plot_free(plot);
}

static void values_that_cannot_be_drawn_are_counted(void **state) {
  (void)state;
  const double x[] = {0, 1, NAN, 3, 4}, y[] = {0, INFINITY, 2, 1e200, 4};
  const cred_plot_band data = {5,    x, y,    NULL, NULL,  0,    NULL,
                               NULL, 0, NULL, NULL, false, false};
  cred_plot *plot;
  assert_ok(cred_plot_new_band(&plot, &data, NULL));
  assert_int_equal(n_rows(plot, "band"), 2);
  assert_int_equal(cred_plot_n_skipped(plot), 3);
  assert_null(strstr(cred_plot_script(plot), "inf"));
  cred_plot_free(plot);
  const cred_plot_series series = {"s", 5, x, y, NULL, CRED_PLOT_LINES};
  const cred_plot_lines lines = {1, &series, false, true};
  assert_ok(cred_plot_new_lines(&plot, &lines, NULL)); // 0 is not above 0
  assert_int_equal(cred_plot_n_skipped(plot), 4);
  cred_plot_free(plot);
}

static void loss_shows_minus_the_log_likelihood(void **state) {
  (void)state;
  enum { N = 20 };
  double log_lik[N], kl[N], validation[N];
  for (int i = 0; i < N; i++) {
    log_lik[i] = i == 0 ? -1000 : -1 - 0.01 * i, kl[i] = 5;
    validation[i] = i % 2 ? -2 : NAN;
  }
  const cred_plot_loss data = {N, NULL, log_lik, kl, false, validation, 7};
  cred_plot *plot;
  assert_ok(cred_plot_new_loss(&plot, &data, NULL));
  assert_near(cell(plot, "train", 0, 0), 1, 0);
  assert_near(cell(plot, "train", 0, 1), 1000, 0);
  assert_int_equal(n_rows(plot, "valid"), N / 2);
  assert_int_equal(cred_plot_n_skipped(plot), 0); // no validation is not a fault
  double lo, hi;
  range(plot, 'y', &lo, &hi); // the first epoch leaves the frame, and the figure says so
  assert_true(hi < 5 && hi > 2);
  assert_true(has(plot, "above the frame") && has(plot, "best_epoch = 7\n"));
  cred_plot_free(plot);
}

static void reliability_computes_ece(void **state) {
  (void)state;
  const double confidence[] = {0.1, 0.3, NAN, 0.9}, accuracy[] = {0.2, 0.3, NAN, 0.7};
  const double weight[] = {10, 30, 0, 60};
  cred_plot_reliability data = {4, confidence, accuracy, weight, 100, NAN};
  cred_plot *plot;
  assert_ok(cred_plot_new_reliability(&plot, &data, NULL));
  const char *p = strstr(cred_plot_script(plot), "\nece = ");
  assert_non_null(p);
  assert_near(atof(p + 7), 0.1 * 0.1 + 0.6 * 0.2, 1e-12);
  assert_int_equal(n_rows(plot, "bins"), 3);
  assert_int_equal(cred_plot_n_skipped(plot), 0); // an empty bin is not a fault
  // both ends are where a true share would be two of its own standard errors off
  const double low = cell(plot, "bins", 2, 2), high = low + cell(plot, "bins", 2, 3);
  assert_near((0.7 - low) * (0.7 - low), 4 * low * (1 - low) / 60, 1e-12);
  assert_near((0.7 - high) * (0.7 - high), 4 * high * (1 - high) / 60, 1e-12);
  assert_true(low < 0.7 && high > 0.7);
  assert_near(cell(plot, "bins", 2, 4), 0.6, 1e-12);
  cred_plot_free(plot);
  data.ece = 0.125;
  assert_ok(cred_plot_new_reliability(&plot, &data, NULL));
  assert_true(has(plot, "\nece = 0.125\n"));
  cred_plot_free(plot);
}

static void histogram_counts_by_hand(void **state) {
  (void)state;
  const double first[] = {0, 0.1, 0.9, 1}, second[] = {1, 1, NAN};
  const cred_plot_histogram data = {4, 3, first, second, "a", "b", 2, 0.75};
  cred_plot *plot;
  assert_ok(cred_plot_new_histogram(&plot, &data, NULL));
  assert_int_equal(n_rows(plot, "first"), 4);
  assert_near(cell(plot, "first", 1, 1), 0.5, 0);
  assert_near(cell(plot, "first", 2, 1), 0.5, 0);
  assert_near(cell(plot, "second", 1, 1), 0, 0);
  assert_near(cell(plot, "second", 2, 1), 1, 0); // the NaN is no row
  assert_int_equal(cred_plot_n_skipped(plot), 1);
  assert_true(has(plot, "auroc = 0.75\n"));
  cred_plot_free(plot);
}

static void parity_has_one_range_for_both_axes(void **state) {
  (void)state;
  const double observed[] = {0, 10}, mean[] = {5, 20}, sd[] = {1, 2};
  const cred_plot_parity data = {2, observed, mean, sd};
  cred_plot *plot;
  assert_ok(cred_plot_new_parity(&plot, &data, NULL));
  double x_lo, x_hi, y_lo, y_hi;
  range(plot, 'x', &x_lo, &x_hi), range(plot, 'y', &y_lo, &y_hi);
  assert_near(x_lo, y_lo, 0);
  assert_near(x_hi, y_hi, 0);
  assert_true(x_lo < 0 && x_hi > 20);
  assert_near(cell(plot, "parity", 1, 2), 4, 0);
  cred_plot_free(plot);
}

static void lines_break_at_gaps(void **state) {
  (void)state;
  const double x[] = {1, 2, 3, 4, 5}, y[] = {1, NAN, NAN, 4, 5}, e[] = {2, 0, 0, 1, 1};
  const cred_plot_series series = {NULL, 5, x, y, e, CRED_PLOT_LINES_POINTS};
  const cred_plot_lines data = {1, &series, true, true};
  cred_plot *plot;
  assert_ok(cred_plot_new_lines(&plot, &data, NULL));
  assert_int_equal(n_rows(plot, "series_1"), 4); // 3 rows and one empty line
  assert_true(cell(plot, "series_1", 0, 2) > 0); // the bar would reach below 0
  assert_near(cell(plot, "series_1", 0, 3), 3, 0);
  assert_true(has(plot, "set logscale x") && has(plot, "set logscale y"));
  cred_plot_free(plot);
}

static void many_points_are_thinned(void **state) {
  (void)state;
  enum { N = 100001 };
  double *x = malloc(N * sizeof *x);
  for (int i = 0; i < N; i++) x[i] = i;
  const cred_plot_parity data = {N, x, x, NULL};
  cred_plot *plot;
  assert_ok(cred_plot_new_parity(&plot, &data, NULL));
  const int n = n_rows(plot, "parity");
  assert_true(n > 2000 && n <= 4000);
  cred_plot_free(plot);
  free(x);
}

static void constants_get_a_range(void **state) {
  (void)state;
  const double x[] = {1, 2}, constants[] = {0, 5, -1e-9, 1e99};
  for (int k = 0; k < 4; k++) {
    const double y[] = {constants[k], constants[k]};
    const cred_plot_series series = {"s", 2, x, y, NULL, CRED_PLOT_LINES};
    const cred_plot_lines data = {1, &series, false, false};
    cred_plot *plot;
    assert_ok(cred_plot_new_lines(&plot, &data, NULL));
    double lo, hi;
    range(plot, 'y', &lo, &hi);
    assert_true(lo < constants[k] && constants[k] < hi && isfinite(hi - lo));
    cred_plot_free(plot);
  }
}

static void labels_are_data(void **state) {
  (void)state;
  const double x[] = {1, 2};
  const cred_plot_parity data = {2, x, x, NULL};
  const cred_plot_labels labels = {.title = "it's `id` \"q\" \\ {x}\n@m\x01\x7f",
                                   .x = "\xC2\xB5g \xFF\xC0\xAF \xED\xA0\x80.",
                                   .x_min = -1,
                                   .x_max = 7};
  cred_plot *plot;
  assert_ok(cred_plot_new_parity(&plot, &data, &labels));
  assert_true(has(plot,
                  "title_text = 'it' . \"\\047\" . 's ' . \"\\140\" . 'id' . \"\\140\" "
                  ". ' ' . \"\\042\" . 'q' . \"\\042\" . ' ' . \"\\134\" . ' {x} ' . "
                  "\"\\100\" . 'm  '\n"));
  assert_true(has(plot, "x_text = '\xC2\xB5g ??? ???.'\n")); // bytes that are no UTF-8
  assert_true(has(plot, "set xrange [-1:7]\n"));
  cred_plot_free(plot);
  char longer[2000];
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = 0;
  const cred_plot_labels cut = {.title = longer};
  assert_ok(cred_plot_new_parity(&plot, &data, &cut));
  assert_true(has(plot, "aaa\xE2\x80\xA6'\n"));
  cred_plot_free(plot);
}

static void empty_and_contradictory_input_is_refused(void **state) {
  (void)state;
  cred_plot *plot;
  const double nan2[] = {NAN, NAN}, x[] = {1, 2}, big[] = {2, 3};
  const cred_plot_band band0 = {0}, band1 = {.n = 2, .x = x},
                       band2 = {.n = 2, .x = x, .mean = nan2},
                       band3 = {.n = 2, .x = x, .mean = x, .n_points = 1};
  assert_fails(cred_plot_new_band(&plot, &band0, NULL), CRED_EDATA, "no rows");
  assert_fails(cred_plot_new_band(&plot, &band1, NULL), CRED_EINVAL, "NULL");
  assert_fails(cred_plot_new_band(&plot, &band2, NULL), CRED_EDATA, "none of the 2");
  assert_fails(cred_plot_new_band(&plot, &band3, NULL), CRED_EINVAL, "point");
  assert_null(plot);
  const cred_plot_loss loss0 = {0}, loss1 = {.n = 2, .log_lik = nan2},
                       loss2 = {.n = 2, .log_lik = x, .kl = nan2};
  assert_fails(cred_plot_new_loss(&plot, &loss0, NULL), CRED_EDATA, "no epochs");
  assert_fails(cred_plot_new_loss(&plot, &loss1, NULL), CRED_EDATA, "none of the 2");
  assert_fails(cred_plot_new_loss(&plot, &loss2, NULL), CRED_EDATA, "KL");
  const cred_plot_reliability rel0 = {0}, rel1 = {2, big, big, x, 0, NAN};
  assert_fails(cred_plot_new_reliability(&plot, &rel0, NULL), CRED_EDATA, "no bins");
  assert_fails(cred_plot_new_reliability(&plot, &rel1, NULL), CRED_EDATA, "[0, 1]");
  const cred_plot_coverage cov0 = {0}, cov1 = {2, big, big, 0};
  assert_fails(cred_plot_new_coverage(&plot, &cov0, NULL), CRED_EDATA, "no levels");
  assert_fails(cred_plot_new_coverage(&plot, &cov1, NULL), CRED_EDATA, "[0, 1]");
  const cred_plot_histogram hist0 = {.n_first = 2, .first = x},
                            hist1 = {2, 2, x, nan2, NULL, NULL, 0, NAN},
                            hist2 = {2, 2, x, x, NULL, NULL, 5000, NAN};
  assert_fails(cred_plot_new_histogram(&plot, &hist0, NULL), CRED_EDATA, "2 and 0");
  assert_fails(cred_plot_new_histogram(&plot, &hist1, NULL), CRED_EDATA, "second");
  assert_fails(cred_plot_new_histogram(&plot, &hist2, NULL), CRED_EINVAL, "5000 bins");
  const cred_plot_parity par0 = {0}, par1 = {2, x, nan2, NULL};
  assert_fails(cred_plot_new_parity(&plot, &par0, NULL), CRED_EDATA, "no rows");
  assert_fails(cred_plot_new_parity(&plot, &par1, NULL), CRED_EDATA, "none of the 2");
  const cred_plot_series empty = {.name = "e"};
  const cred_plot_lines lin0 = {0}, lin1 = {1, &empty, false, false};
  assert_fails(cred_plot_new_lines(&plot, &lin0, NULL), CRED_EDATA, "no series");
  assert_fails(cred_plot_new_lines(&plot, &lin1, NULL), CRED_EDATA, "none of the points");
  const cred_plot_labels upside = {.y_min = 2, .y_max = 1}, nan_range = {.x_max = NAN};
  const cred_plot_parity fine = {2, x, x, NULL};
  assert_fails(cred_plot_new_parity(&plot, &fine, &upside), CRED_EINVAL, "min < max");
  assert_fails(cred_plot_new_parity(&plot, &fine, &nan_range), CRED_EINVAL, "x range");
  assert_null(plot);
  cred_plot_free(NULL);
}

// One line a curve, bars of one standard error where points are few, a line at the aim.
static void learning_curves(void **state) {
  (void)state;
  const double n[] = {20, 30, 40}, error[] = {0.4, NAN, 0.1}, se[] = {0.02, NAN, 0.01};
  const cred_plot_learning_curve curves[] = {{"bald", 3, n, error, se},
                                             {"random", 3, n, n, NULL}};
  cred_plot_learning data = {2, curves, "error", 0.25};
  cred_plot *plot;
  assert_ok(cred_plot_new_learning(&plot, &data, NULL));
  assert_int_equal(n_rows(plot, "series_1"), 3); // 2 rows and one empty line
  assert_near(cell(plot, "series_1", 0, 2), 0.38, 1e-12);
  assert_near(cell(plot, "series_3", 0, 0), 20, 0); // the aim, over all labels
  assert_near(cell(plot, "series_3", 1, 0), 40, 0);
  assert_near(cell(plot, "series_3", 1, 1), 0.25, 0);
  assert_true(has(plot, "bald") && has(plot, "'labels'") && has(plot, "'error'"));
  cred_plot_free(plot);
  data.target = NAN;
  assert_ok(cred_plot_new_learning(&plot, &data, NULL));
  assert_false(has(plot, "series_3"));
  cred_plot_free(plot);
  const double none[] = {NAN, NAN, NAN}; // one seed: no standard errors, but a curve
  const cred_plot_learning_curve single = {"bald", 3, n, error, none};
  data = (cred_plot_learning){1, &single, "error", NAN};
  assert_ok(cred_plot_new_learning(&plot, &data, NULL));
  assert_int_equal(n_rows(plot, "series_1"), 3);
  cred_plot_free(plot);
  data.n_curves = 0;
  assert_fails(cred_plot_new_learning(&plot, &data, NULL), CRED_EDATA,
               "no learning curve");
  data.n_curves = 33;
  assert_fails(cred_plot_new_learning(&plot, &data, NULL), CRED_EINVAL, "at most 32");
}

static cred_status each_figure(int which, cred_plot **out) {
  static const double x[] = {0.1, 0.2, 0.9}, w[] = {3, 1, 2};
  const cred_plot_band band = {3, x, x, x, x, 3, x, x, 3, x, x, false, false};
  const cred_plot_loss loss = {3, x, x, x, false, x, 0.2};
  const cred_plot_reliability reliability = {3, x, x, w, 6, NAN};
  const cred_plot_coverage coverage = {3, x, x, 50};
  const cred_plot_histogram histogram = {3, 3, x, w, NULL, NULL, 0, 0.5};
  const cred_plot_parity parity = {3, x, x, x};
  const cred_plot_series series = {"s", 3, x, w, x, CRED_PLOT_LINES};
  const cred_plot_learning_curve curve = {"c", 3, x, w, x};
  const cred_plot_learning learning = {1, &curve, NULL, 2};
  const cred_plot_lines lines = {1, &series, true, false};
  switch (which) {
  case 0:
    return cred_plot_new_band(out, &band, NULL);
  case 1:
    return cred_plot_new_loss(out, &loss, NULL);
  case 2:
    return cred_plot_new_reliability(out, &reliability, NULL);
  case 3:
    return cred_plot_new_coverage(out, &coverage, NULL);
  case 4:
    return cred_plot_new_histogram(out, &histogram, NULL);
  case 5:
    return cred_plot_new_parity(out, &parity, NULL);
  case 6:
    return cred_plot_new_learning(out, &learning, NULL);
  default:
    return cred_plot_new_lines(out, &lines, NULL);
  }
}

static void no_memory_is_a_status_and_leaks_nothing(void **state) {
  (void)state;
  const long live = cred__alloc_live();
  for (int which = 0; which < 8; which++) {
    cred_status status = CRED_ENOMEM;
    cred_plot *plot = NULL;
    for (long n = 0; status == CRED_ENOMEM && n < 100; n++) {
      cred__alloc_fail_after(n);
      status = each_figure(which, &plot);
      if (status != CRED_OK) {
        assert_null(plot);
        assert_int_equal(cred__alloc_live(), live);
      }
    }
    cred__alloc_fail_after(-1);
    assert_int_equal(status, CRED_OK);
    cred_plot_free(plot);
    assert_int_equal(cred__alloc_live(), live);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(band_has_its_edges_and_is_sorted),
      cmocka_unit_test(band_of_counts_ends_at_zero),
      cmocka_unit_test(truth_does_not_squeeze_the_prediction),
      cmocka_unit_test(values_that_cannot_be_drawn_are_counted),
      cmocka_unit_test(loss_shows_minus_the_log_likelihood),
      cmocka_unit_test(reliability_computes_ece),
      cmocka_unit_test(histogram_counts_by_hand),
      cmocka_unit_test(parity_has_one_range_for_both_axes),
      cmocka_unit_test(lines_break_at_gaps),
      cmocka_unit_test(many_points_are_thinned),
      cmocka_unit_test(learning_curves),
      cmocka_unit_test(constants_get_a_range),
      cmocka_unit_test(labels_are_data),
      cmocka_unit_test(empty_and_contradictory_input_is_refused),
      cmocka_unit_test(no_memory_is_a_status_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
