// test_render.c -- pictures: gnuplot draws every figure, no label is run, files are
// whole.

#include "check.h"
#include "base/alloc.h"
#include "base/file.h"
#include "credence/plot/plot.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/cred_plot_XXXXXX";
static bool have_gnuplot;

static const char *in_folder(const char *name) {
  static char path[4][200];
  static int k;
  k = (k + 1) % 4;
  snprintf(path[k], sizeof path[k], "%s/%s", folder, name);
  return path[k];
}

static unsigned char *slurp(const char *name, size_t *n) {
  unsigned char *bytes;
  assert_ok(cred__file_read(&bytes, n, in_folder(name), 1 << 26));
  return bytes;
}

static bool exists(const char *name) {
  struct stat info;
  return stat(in_folder(name), &info) == 0;
}

static cred_plot *parity(const cred_plot_labels *labels) {
  static const double x[] = {1, 2, 3}, y[] = {1.5, 2, 2.5}, sd[] = {0.3, 0.3, 0.6};
  const cred_plot_parity data = {3, x, y, sd};
  cred_plot *plot;
  assert_ok(cred_plot_new_parity(&plot, &data, labels));
  return plot;
}

static void must_have_gnuplot(void) {
  if (have_gnuplot) return;
  fprintf(stderr, "gnuplot is not installed: skipped\n");
  skip();
}

static void the_same_figure_is_the_same_bytes(void **state) {
  (void)state;
  must_have_gnuplot();
  static const char *const names[][2] = {
      {"a.png", "b.png"}, {"a.svg", "b.svg"}, {"a.pdf", "b.pdf"}, {"a.txt", "b.TXT"}};
  static const char *const magic[] = {"\x89PNG", "<?xml", "%PDF", "\n"};
  cred_plot *plot = parity(NULL);
  for (int f = 0; f < 4; f++) {
    size_t n[2];
    unsigned char *bytes[2];
    for (int k = 0; k < 2; k++) {
      assert_ok(cred_plot_render(plot, in_folder(names[f][k]), NULL));
      bytes[k] = slurp(names[f][k], &n[k]);
      if (f == 2 && k == 0) sleep(1); // a PDF would carry another second
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
    assert_true(n[0] > 500);
    if (f < 3) assert_memory_equal(bytes[0], magic[f], 4);
    if (f == 3) assert_non_null(strstr((char *)bytes[0], "predicted mean"));
    cred__free(bytes[0]), cred__free(bytes[1]);
  }
  cred_plot_free(plot);
}

static void size_is_the_size_asked_for(void **state) {
  (void)state;
  must_have_gnuplot();
  cred_plot *plot = parity(NULL);
  cred_plot_options options = cred_plot_defaults();
  options.width = 640, options.height = 333;
  assert_ok(cred_plot_render(plot, in_folder("size.png"), &options));
  size_t n;
  unsigned char *b = slurp("size.png", &n);
  assert_int_equal(b[18] << 8 | b[19], 640); // IHDR: big-endian width and height
  assert_int_equal(b[22] << 8 | b[23], 333);
  cred__free(b);
  cred_plot_free(plot);
}

// Labels in the style of an attack, on every text of every figure that takes names.
static void no_label_is_run(void **state) {
  (void)state;
  must_have_gnuplot();
  char attacks[8][200];
  snprintf(attacks[0], 200, "`touch %s/hack`", folder);
  snprintf(attacks[1], 200, "'; system('touch %s/hack') #", folder);
  snprintf(attacks[2], 200, "\"; system \"touch %s/hack\"; \"", folder);
  snprintf(attacks[3], 200, "a\n!touch %s/hack\n", folder);
  snprintf(attacks[4], 200, "EOD\nsystem 'touch %s/hack' \\", folder);
  snprintf(attacks[5], 200, "} { @title_text {/Symbol a}_^ \\");
  snprintf(attacks[6], 200, "'' \"' @x_text `touch %s/hack` '\"' '", folder);
  snprintf(attacks[7], 200, "\\'\n\\\"`touch %s/hack`", folder);
  const double x[] = {1, 2, 3};
  for (int a = 0; a < 8; a++) {
    const cred_plot_labels labels = {
        .title = attacks[a], .x = attacks[a], .y = attacks[a]};
    const cred_plot_series series[] = {{attacks[a], 3, x, x, x, CRED_PLOT_LINES},
                                       {attacks[a], 3, x, x, NULL, CRED_PLOT_POINTS}};
    const cred_plot_lines lines = {2, series, false, false};
    const cred_plot_histogram sets = {3, 3, x, x, attacks[a], attacks[a], 0, NAN};
    cred_plot *plot;
    assert_ok(cred_plot_new_lines(&plot, &lines, &labels));
    assert_ok(cred_plot_render(plot, in_folder("attack.txt"), NULL));
    cred_plot_free(plot);
    assert_ok(cred_plot_new_histogram(&plot, &sets, &labels));
    assert_ok(cred_plot_render(plot, in_folder("attack.svg"), NULL));
    cred_plot_free(plot);
    assert_false(exists("hack"));
  }
}

static void label_is_drawn_as_it_is(void **state) {
  (void)state;
  must_have_gnuplot();
  static const char *const texts[] = {"it's {a}_b ^ `c` \\n \"d\" @e",
                                      "''a",
                                      "5\" pipe @x_text",
                                      "\"' @x_text '",
                                      "a \\",
                                      "#!$(x)%d %s",
                                      "\xC2\xB5g/l"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const cred_plot_labels labels = {.x = texts[i]};
    cred_plot *plot = parity(&labels);
    assert_ok(cred_plot_render(plot, in_folder("plain.txt"), NULL));
    size_t n;
    unsigned char *text = slurp("plain.txt", &n);
    if (!strstr((char *)text, texts[i])) fail_msg("'%s' is not in the picture", texts[i]);
    cred__free(text);
    cred_plot_free(plot);
  }
}

static void odd_data_is_still_drawn(void **state) {
  (void)state;
  must_have_gnuplot();
  const double one[] = {3}, zero[] = {0, 0, 0}, x[] = {1, 2, 3}, bad[] = {NAN, NAN, NAN};
  const double extreme[] = {-1e99, 1e-300, 1e99}, unit[] = {1, 1, 1};
  const cred_plot_band band1 = {1,    one, one,  one,  one,   0,    NULL,
                                NULL, 0,   NULL, NULL, false, false};
  const cred_plot_band band2 = {3,   zero, zero, zero, zero,  3,    bad,
                                bad, 3,    bad,  bad,  false, false};
  const cred_plot_band band3 = {3,    x, extreme, NULL, NULL,  0,    NULL,
                                NULL, 0, NULL,    NULL, false, false};
  const cred_plot_loss loss1 = {1, NULL, one, one, false, bad, NAN};
  const cred_plot_loss loss2 = {3, NULL, zero, zero, false, bad, 2};
  const cred_plot_reliability rel = {1, unit, unit, one, 0, NAN};
  const cred_plot_coverage cov = {1, unit, zero, 3};
  const cred_plot_histogram hist = {3, 1, zero, zero, NULL, NULL, 0, NAN};
  const cred_plot_parity par = {1, one, one, zero};
  const cred_plot_series series = {"s", 1, one, one, one, CRED_PLOT_LINES};
  const cred_plot_lines lines = {1, &series, true, true};
  cred_plot *plots[10];
  assert_ok(cred_plot_new_band(&plots[0], &band1, NULL));
  assert_ok(cred_plot_new_band(&plots[1], &band2, NULL));
  assert_ok(cred_plot_new_band(&plots[2], &band3, NULL));
  assert_ok(cred_plot_new_loss(&plots[3], &loss1, NULL));
  assert_ok(cred_plot_new_loss(&plots[4], &loss2, NULL));
  assert_ok(cred_plot_new_reliability(&plots[5], &rel, NULL));
  assert_ok(cred_plot_new_coverage(&plots[6], &cov, NULL));
  assert_ok(cred_plot_new_histogram(&plots[7], &hist, NULL));
  assert_ok(cred_plot_new_parity(&plots[8], &par, NULL));
  assert_ok(cred_plot_new_lines(&plots[9], &lines, NULL));
  for (int i = 0; i < 10; i++) {
    assert_ok(cred_plot_render(plots[i], in_folder("odd.svg"), NULL));
    assert_ok(cred_plot_render(plots[i], in_folder("odd.txt"), NULL));
    cred_plot_free(plots[i]);
  }
}

static void kept_script_draws_the_same_picture(void **state) {
  (void)state;
  must_have_gnuplot();
  cred_plot *plot = parity(NULL);
  cred_plot_options options = cred_plot_defaults();
  options.keep_script = true;
  assert_ok(cred_plot_render(plot, in_folder("it's kept.svg"), &options));
  size_t n_first, n_again;
  unsigned char *first = slurp("it's kept.svg", &n_first);
  unlink(in_folder("it's kept.svg"));
  char command[300];
  snprintf(command, sizeof command, "cd %s && gnuplot -d \"it's kept.svg.gp\"", folder);
  assert_int_equal(system(command), 0);
  unsigned char *again = slurp("it's kept.svg", &n_again);
  assert_int_equal(n_first, n_again);
  assert_memory_equal(first, again, n_first);
  cred__free(first), cred__free(again);
  cred_plot_free(plot);
}

static void a_missing_or_broken_program_is_named(void **state) {
  (void)state;
  cred_plot *plot = parity(NULL);
  cred_plot_options options = cred_plot_defaults();
  FILE *old = fopen(in_folder("old.png"), "w");
  fputs("old", old);
  fclose(old);
  options.program = "no-such-gnuplot";
  assert_fails(cred_plot_render(plot, in_folder("old.png"), &options), CRED_EUNAVAILABLE,
               "apt-get install gnuplot-nox");
  options.program = "true"; // ends at once, reads nothing, draws nothing
  assert_fails(cred_plot_render(plot, in_folder("old.png"), &options), CRED_EUNAVAILABLE,
               "drew nothing");
  options.program = "false";
  assert_fails(cred_plot_render(plot, in_folder("old.png"), &options), CRED_EINTERNAL,
               "refused");
  size_t n;
  unsigned char *bytes = slurp("old.png", &n);
  assert_string_equal((char *)bytes, "old"); // not touched
  cred__free(bytes);
  assert_false(exists("old.png.part"));
  cred_plot_free(plot);
}

static void bad_options_are_refused(void **state) {
  (void)state;
  cred_plot *plot = parity(NULL);
  cred_plot_options options = cred_plot_defaults();
  assert_fails(cred_plot_render(plot, in_folder("a.gif"), NULL), CRED_EINVAL, ".png");
  assert_fails(cred_plot_render(plot, "/tmp.png/a", NULL), CRED_EINVAL, "ending");
  options.format = "bmp";
  assert_fails(cred_plot_render(plot, in_folder("a.png"), &options), CRED_EINVAL,
               "'bmp'");
  options = cred_plot_defaults();
  options.width = 20000;
  assert_fails(cred_plot_render(plot, in_folder("a.png"), &options), CRED_EINVAL,
               "20000");
  options = cred_plot_defaults();
  options.keep_script = true;
  assert_fails(cred_plot_render(plot, "-", &options), CRED_EINVAL, "no place");
  if (have_gnuplot)
    assert_fails(cred_plot_render(plot, in_folder("no/such/a.png"), NULL),
                 CRED_ECANTCREATE, "cannot be created");
  cred_plot_free(plot);
}

static void no_memory_leaks_nothing(void **state) {
  (void)state;
  must_have_gnuplot();
  cred_plot *plot = parity(NULL);
  cred_plot_options options = cred_plot_defaults();
  options.keep_script = true;
  const long live = cred__alloc_live();
  cred_status status = CRED_ENOMEM;
  for (long n = 0; status == CRED_ENOMEM && n < 100; n++) {
    cred__alloc_fail_after(n);
    status = cred_plot_render(plot, in_folder("memory.txt"), &options);
    cred__alloc_fail_after(-1);
    assert_int_equal(cred__alloc_live(), live);
    if (status != CRED_OK) assert_false(exists("memory.txt"));
  }
  assert_int_equal(status, CRED_OK);
  cred_plot_free(plot);
}

// A program that has closed its standard input gets descriptor 0 for the channel.
static void standard_input_may_be_closed(void **state) {
  (void)state;
  must_have_gnuplot();
  cred_plot *plot = parity(NULL);
  const int kept = dup(0);
  close(0);
  const cred_status status = cred_plot_render(plot, in_folder("closed.txt"), NULL);
  if (kept >= 0) dup2(kept, 0), close(kept);
  assert_int_equal(status, CRED_OK);
  assert_true(exists("closed.txt"));
  cred_plot_free(plot);
}

static int set_up(void **state) {
  (void)state;
  have_gnuplot = system("gnuplot --version > /dev/null 2>&1") == 0;
  return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  char command[100];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_figure_is_the_same_bytes),
      cmocka_unit_test(size_is_the_size_asked_for),
      cmocka_unit_test(no_label_is_run),
      cmocka_unit_test(label_is_drawn_as_it_is),
      cmocka_unit_test(odd_data_is_still_drawn),
      cmocka_unit_test(kept_script_draws_the_same_picture),
      cmocka_unit_test(a_missing_or_broken_program_is_named),
      cmocka_unit_test(bad_options_are_refused),
      cmocka_unit_test(no_memory_leaks_nothing),
      cmocka_unit_test(standard_input_may_be_closed),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
