// resume.c -- stop a fit, save it, load it, go on: the result is that of a fit never
// stopped.
//
// You learn: a callback that returns false stops a fit within a step; the model is
// yours nevertheless, and saved with final = false it carries the optimiser's state.
//
// Build: cc -std=c17 resume.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: stopped and resumed, the file has the same bytes: yes

#include <credence/data/toy.h>
#include <credence/model/fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// A generated table, kept as a file like a table of your own.
static cred_table *toy(const char *name, size_t n_rows, uint64_t seed) {
  cred_table *table;
  FILE *file = fopen("toy.csv", "w");
  if (!file) exit(1);
  check(cred_toy_write_csv(file, name, n_rows, NAN, seed, false));
  fclose(file);
  check(cred_table_read(&table, "toy.csv", NULL));
  return table;
}

// Called about ten times a second: where it stops depends on the machine, the result does
// not.
static bool stop_early(void *context, const cred_progress *p) {
  (void)context;
  return p->step < 1000;
}

static cred_model *fit(const cred_table *table, cred_progress_fn progress) {
  const char *target = "y";
  cred_schema_options columns = cred_schema_defaults();
  columns.targets = &target, columns.n_targets = 1;
  cred_fit_options options = cred_fit_defaults();
  options.posterior = CRED_FIT_VI;
  options.batch = 16;
  options.epochs = 20000;
  options.progress = progress;
  cred_model *model;
  cred_fit_info info;
  check(cred_model_fit(&model, &info, table, NULL, 0, &columns, &options));
  printf("%s after %zu steps\n", info.outcome == CRED_FIT_STOPPED ? "stopped" : "done",
         info.n_steps);
  return model;
}

static bool same_bytes(const char *a, const char *b) {
  FILE *file_a = fopen(a, "rb"), *file_b = fopen(b, "rb");
  if (!file_a || !file_b) exit(1);
  int x, y;
  do x = getc(file_a), y = getc(file_b);
  while (x == y && x != EOF);
  fclose(file_a), fclose(file_b);
  return x == y;
}

int main(void) {
  cred_table *table = toy("sine", 50, 1);
  cred_model *whole = fit(table, NULL);
  check(cred_model_save(whole, "whole.cred", false));

  cred_model *part = fit(table, stop_early), *resumed;
  check(cred_model_save(part, "part.cred", false));
  check(cred_model_load(&resumed, "part.cred"));
  cred_fit_info info;
  check(cred_model_resume(resumed, &info, table, 0, 0, NULL, NULL));
  printf("resumed, done after %zu steps\n", info.n_steps);
  check(cred_model_save(resumed, "resumed.cred", false));

  cred_model_free(whole), cred_model_free(part), cred_model_free(resumed);
  cred_table_free(table);
  printf("stopped and resumed, the file has the same bytes: %s\n",
         same_bytes("whole.cred", "resumed.cred") ? "yes" : "no");
  return 0;
}
