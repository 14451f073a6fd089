// triage_medical.c -- a screening that sends to a doctor whom it cannot decide.
//
// You learn: a limit on the confidence, chosen on 3,000 patients with known outcome,
// keeps a promise: with confidence 95 % at most 5 % of the sick among those not reviewed
// are missed. The fewer are reviewed, the better the model; the promise needs no good
// model. Source: Angelopoulos et al. (2021), section 2; Geifman & El-Yaniv (2017),
// section 3.
//
// Build: cc -std=c17 triage_medical.c $(pkg-config --cflags --libs credence) -lm
// Run:   ./a.out
// Expected last line: missed at most 5 %: yes; reviewed at most half: yes

#include <credence/decide/triage.h>
#include <credence/model/fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIT = 1000, KNOWN = 3000, NEW = 5000 };

static void check(cred_status status) {
  if (status == CRED_OK) return;
  fprintf(stderr, "%s\n", cred_error_message());
  exit((int)status);
}

// Patients: age, two laboratory values, and whether they turned out to be sick (1 in 6).
static cred_table *patients(size_t n, uint64_t seed) {
  static const char *const names[] = {"age", "marker", "ratio", "sick"};
  const cred_key key = cred_key_make(seed);
  double *rows = malloc(4 * n * sizeof *rows);
  cred_table *table;
  if (!rows) exit(1);
  for (size_t i = 0; i < n; i++) {
    double *row = rows + 4 * i;
    row[0] = 20 + 60 * cred_key_uniform(&key, 8 * i);
    row[1] = exp(0.5 * cred_key_normal(&key, 8 * i + 1));
    row[2] = 1 + 0.3 * cred_key_normal(&key, 8 * i + 2);
    const double risk =
        0.06 * (row[0] - 50) + 7 * (row[1] - 1.4) * fabs(row[2] - 0.7) - 1.0;
    row[3] = cred_key_uniform(&key, 8 * i + 3) < 1 / (1 + exp(-8 * risk));
  }
  check(cred_table_from_array(&table, rows, n, 4, 4, names));
  free(rows);
  return table;
}

static cred_model *fit(const cred_table *table) {
  const char *target = "sick";
  cred_model *model;
  cred_schema_options columns = cred_schema_defaults();
  cred_fit_options options = cred_fit_defaults();
  columns.targets = &target, columns.n_targets = 1;
  columns.task = CRED_TARGET_CLASS;
  options.net = "dense 20 relu";
  options.n_members = 3, options.steps = 1500;
  check(cred_model_fit(&model, NULL, table, NULL, 0, &columns, &options));
  return model;
}

static cred_cases see(const cred_model *model, size_t n, uint64_t seed) {
  const cred_predict_options options = cred_predict_defaults();
  cred_table *table = patients(n, seed);
  cred_data rows;
  cred_cases cases;
  check(cred_schema_encode(&rows, cred_model_schema(model), table, NULL, 0, 1, 0));
  check(cred_cases_init(&cases, model, &rows, 0, &options));
  cred_data_clear(&rows), cred_table_free(table);
  return cases;
}

int main(void) {
  const cred_predict_options options = cred_predict_defaults();
  cred_table *table = patients(FIT, 1);
  cred_model *model = fit(table);
  cred_cases known = see(model, KNOWN, 2), arriving = see(model, NEW, 3);
  cred_rule rule = cred_rule_defaults(&options);
  cred_triage triage;
  cred_triage_report report;
  double all[4], kept[4]; // (truth, decision): healthy, sick
  char sentence[1024], reason[64];

  rule.max_miss = 0.05, rule.positive = 1, rule.confidence = 0.95;
  check(cred_rule_by_bound(&rule, &known));
  check(cred_triage_init(&triage, &arriving, &rule));
  check(cred_triage_report_make(&report, all, kept, &arriving, &triage, &rule));

  cred_rule_sentence(sentence, sizeof sentence, &rule, model);
  printf("%s\n", sentence);
  const double missed_all = all[2] / (all[2] + all[3]);
  const double missed_kept = kept[2] / (kept[2] + kept[3]);
  const double reviewed = (double)triage.n_reviewed / NEW;
  printf("sick who are missed: %.1f %% without review, %.1f %% of those kept\n",
         100 * missed_all, 100 * missed_kept);
  printf("reviewed: %.1f %%; wrong: %.1f %% of all, %.1f %% of the kept\n",
         100 * reviewed, 100 * report.loss_all, 100 * report.loss_kept);
  for (size_t i = 0; i < 5; i++)
    printf("patient %zu: %s, confidence %.2f%s%s\n", i,
           triage.decision[i] ? "sick" : "healthy", arriving.confidence[i],
           triage.review[i] ? ", to a doctor: " : "",
           cred_review_text(reason, triage.review[i]));
  cred_triage_clear(&triage);
  cred_cases_clear(&known), cred_cases_clear(&arriving);
  cred_model_free(model), cred_table_free(table);
  printf("missed at most 5 %%: %s; reviewed at most half: %s\n",
         missed_kept <= 0.05 ? "yes" : "no", reviewed <= 0.5 ? "yes" : "no");
  return 0;
}
