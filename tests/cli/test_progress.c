// test_progress.c -- what a long call shows, and how it is interrupted.

#include "check.h"
#include "base/alloc.h"
#include "cli/cli.h"
#include <jansson.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_nothing(const cli_args *args) {
  (void)args;
  return 0;
}

static const cli_option options[] = {CLI_OPTION_PROGRESS, CLI_OPTION_STABLE};
static const cli_command command = {
    .name = "try", .options = options, .n_options = 2, .run = run_nothing};

static size_t n_members = 1;

// The output of a run of n_steps; calls it every `stride` steps.
static char *show(const char *how, bool stable, size_t n_steps, size_t stride) {
  cli_args *args;
  cli_progress progress;
  char *text = NULL;
  size_t n_text;
  const char *words[] = {"--progress", how, "--stable"};
  assert_ok(cli_parse(&args, &command, stable ? 3 : 2, words));
  cli_progress_init(&progress, args);
  progress.file = open_memstream(&text, &n_text);
  for (int phase = 0; phase < 2; phase++) {
    for (size_t step = stride; step <= n_steps; step += stride) {
      const cred_progress state = {.phase = phase ? "swag" : "fit",
                                   .member = n_members,
                                   .n_members = n_members,
                                   .epoch = step / 10,
                                   .n_epochs = n_steps / 10,
                                   .step = step,
                                   .n_steps = n_steps,
                                   .log_lik = -1.25,
                                   .kl = 0.5,
                                   .validation = NAN,
                                   .rate = 123.4,
                                   .time_left_s = 3723.0};
      assert_true(cli_progress_call(&progress, &state));
    }
  }
  cli_progress_end(&progress);
  fclose(progress.file);
  cli_args_free(args);
  return text;
}

static size_t count(const char *text, char c) {
  size_t n = 0;
  for (; *text; text++) n += *text == c;
  return n;
}

static void test_table(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, 10, 59, 60, 100, 1000, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char *text = show("table", false, sizes[i], 1);
    const size_t n = count(text, '\n');
    if (n > 60 || n < 2) fail_msg("%zu steps: %zu lines", sizes[i], n);
    char last[32]; // the last step is always shown
    snprintf(last, sizeof last, " %zu ", sizes[i]);
    assert_non_null(strstr(text, last));
    assert_non_null(strstr(text, "1:02:03"));
    assert_non_null(strstr(text, "-1.2500"));
    assert_int_equal(count(text, '\r') + count(text, '\033'), 0);
    free(text);
  }
  char *text = show("table", true, 1000, 7);
  assert_null(strstr(text, "1:02:03"));
  assert_null(strstr(text, "123.4"));
  assert_true(count(text, '\n') <= 60);
  free(text);
}

// Members have epochs of their own: which one it is stands beside them.
static void test_members(void **state) {
  (void)state;
  char *text = show("table", true, 10, 1), *bar = show("bar", false, 10, 1);
  assert_null(strstr(text, "member"));
  assert_null(strstr(bar, "member"));
  free(text);
  free(bar);
  n_members = 5;
  text = show("table", true, 10, 1);
  bar = show("bar", false, 10, 1);
  assert_non_null(strstr(text, "    step   member    epoch "));
  assert_non_null(strstr(text, "      10        5        1 "));
  assert_non_null(strstr(bar, "member 5/5  epoch 1/1"));
  free(text);
  free(bar);
  n_members = 1;
}

static void test_bar(void **state) {
  (void)state;
  char *text = show("bar", false, 100000, 1);
  assert_true(count(text, '\r') >= 3);
  assert_true(count(text, '\r') < 20); // 10 a second
  assert_int_equal(count(text, '\n'), 1);
  assert_int_equal(count(text, '\033'), 0);
  assert_non_null(strstr(text, "log_lik -1.2500  kl 0.5000"));
  assert_non_null(strstr(text, "left 1:02:03"));
  free(text);
}

static void test_json(void **state) {
  (void)state;
  for (int stable = 0; stable < 2; stable++) {
    char *text = show("json", stable, 5000, 1), *line = text;
    size_t n = 0;
    for (char *end; (end = strchr(line, '\n')); line = end + 1, n++) {
      json_t *value =
          json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
      assert_non_null(value);
      assert_near(json_real_value(json_object_get(value, "log_lik")), -1.25, 0);
      assert_true(json_is_null(json_object_get(value, "validation")));
      assert_int_equal(json_object_get(value, "steps_per_s") == NULL, stable);
      json_decref(value);
    }
    assert_true(n >= 2);
    if (stable) {
      char *again = show("json", true, 5000, 1);
      assert_string_equal(text, again);
      free(again);
    }
    free(text);
  }
}

static void test_none(void **state) {
  (void)state;
  char *text = show("none", false, 100, 1);
  assert_string_equal(text, "");
  free(text);
}

// A child that works until it is told to stop; n_signals are sent to it, each after it
// has seen the one before, because two that wait would be one.
static int interrupted_child(int number, int n_signals, bool listens) {
  int ready[2];
  char c;
  assert_int_equal(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    cli_signals_init();
    (void)!write(ready[1], "x", 1);
    while (!cli_interrupted()) usleep(1000);
    (void)!write(ready[1], "x", 1);
    while (!listens) usleep(1000);
    cli_signals_finish();
    _exit(7); // not reached: the signal is raised again
  }
  for (int i = 0; i < n_signals; i++) {
    assert_int_equal(read(ready[0], &c, 1), 1);
    kill(child, number);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  close(ready[0]), close(ready[1]);
  return status;
}

static void test_signals(void **state) {
  (void)state;
  static const int numbers[] = {SIGINT, SIGTERM};
  for (int i = 0; i < 2; i++) {
    int status = interrupted_child(numbers[i], 1, true);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
    status = interrupted_child(numbers[i], 2, false); // the second one ends it
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
  }
}

static void test_ignored_signal_stays_ignored(void **state) {
  (void)state;
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGINT, SIG_IGN);
    cli_signals_init();
    raise(SIGINT);
    _exit(cli_interrupted() ? 1 : 0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_members),
      cmocka_unit_test(test_bar),
      cmocka_unit_test(test_json),
      cmocka_unit_test(test_none),
      cmocka_unit_test(test_signals),
      cmocka_unit_test(test_ignored_signal_stays_ignored),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
