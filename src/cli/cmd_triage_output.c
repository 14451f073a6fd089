// cmd_triage_output.c -- cases as lines, the report, and its figure.

#include "base/alloc.h"
#include "base/file.h"
#include "cli/cmd_triage.h"
#include "cli/line.h"
#include "credence/plot/plot.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

// --- cases ---

typedef struct {
  const char *name;
  const double *values;
} column;

enum { COLUMNS_MAX = 8 };

static size_t columns_of(column out[COLUMNS_MAX], const cred_cases *c) {
  const column all[] = {{"confidence", c->confidence},
                        {"entropy", c->entropy},
                        {"mutual_information", c->mutual_information},
                        {c->n_classes ? "sd_logit" : "sd", c->sd},
                        {"sd_epistemic", c->sd_epistemic},
                        {"sd_aleatoric", c->sd_aleatoric},
                        {"distance", c->distance}};
  size_t n = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i].values) out[n++] = all[i];
  return n;
}

// What a line begins with; `cell` is the id.
static void put_row(cred__text *line, bool json, uint64_t row, const char *cell) {
  cli_line_key(line, json, "row", true);
  cred__text_printf(line, "%llu", (unsigned long long)row);
  if (!cell) return;
  cli_line_key(line, json, "id", false);
  cli_line_text(line, json, cell);
}

static void put_end(cred__text *line, bool json, const cli__triage *all, uint64_t row) {
  cli_kept_put(line, json, &all->kept, (size_t)row);
  cli_line_put(line, json ? "}\n" : "\n");
}

static void put_case(cred__text *line, bool json, const cli__triage *all, size_t i) {
  const cred_cases *c = &all->cases;
  char reason[64];
  column columns[COLUMNS_MAX];
  const size_t n = columns_of(columns, c);
  put_row(line, json, c->row[i], all->ids ? all->ids[i] : NULL);
  cli_line_key(line, json, "decision", false);
  const cred_schema_target *target = &cred_model_schema(all->in.model)->targets[0];
  if (c->n_classes)
    cli_line_text(line, json, target->classes[(size_t)all->triage.decision[i]]);
  else
    cli_line_number(line, json, c->mean[i]);
  for (size_t k = 0; k < n; k++) {
    cli_line_key(line, json, columns[k].name, false);
    cli_line_number(line, json, columns[k].values[i]);
  }
  const bool review = all->triage.review[i];
  cli_line_key(line, json, "needs_review", false);
  cli_line_put(line, json ? (review ? "true" : "false") : review ? "yes" : "no");
  cli_line_key(line, json, "reason", false);
  cli_line_text(line, json, cred_review_text(reason, all->triage.review[i]));
  put_end(line, json, all, c->row[i]);
}

// A row that the model cannot take is for a person.
static void put_bad(cred__text *line, bool json, const cli__triage *all, size_t i) {
  column columns[COLUMNS_MAX];
  const size_t n = columns_of(columns, &all->cases);
  put_row(line, json, all->bad[i], all->bad_ids ? all->bad_ids[i] : NULL);
  cli_line_key(line, json, "decision", false);
  if (json) cli_line_put(line, "null");
  for (size_t k = 0; k < n && !json; k++) cli_line_put(line, ",");
  cli_line_key(line, json, "needs_review", false);
  cli_line_put(line, json ? "true" : "yes");
  cli_line_key(line, json, "reason", false);
  cli_line_text(line, json, CRED_REVIEW_BAD_ROW);
  put_end(line, json, all, all->bad[i]);
}

static bool is_known(const cli__triage *all) {
  for (size_t i = 0; all->cases.observed && i < all->cases.n; i++)
    if (!isnan(all->cases.observed[i])) return true;
  return false;
}

static cred_status write_cases(FILE *file, const cli__triage *all, bool json) {
  cred__text line = {0};
  column columns[COLUMNS_MAX];
  const size_t n = columns_of(columns, &all->cases);
  cred_status status = CRED_OK;
  if (!json) {
    cli_line_put(&line, all->ids ? "row,id,decision" : "row,decision");
    for (size_t k = 0; k < n; k++) cred__text_printf(&line, ",%s", columns[k].name);
    cli_line_put(&line, ",needs_review,reason");
    cli_kept_head(&line, &all->kept);
    cli_line_put(&line, "\n");
    status = cli_line_write(file, &line);
  }
  for (size_t i = 0, k = 0; status == CRED_OK && i + k < all->cases.n + all->n_bad;) {
    line.n = 0;
    if (k < all->n_bad && all->bad_before[k] == i)
      put_bad(&line, json, all, k++);
    else
      put_case(&line, json, all, i++);
    status = cli_line_write(file, &line);
  }
  cred__text_clear(&line);
  return status;
}

cred_status cli__triage_write(const cli__triage *all, const char *path) {
  cred__writer writer;
  TRY(cred__writer_init(&writer, path));
  const cred_status status = write_cases(writer.file, all, cli_flag(all->args, "json"));
  if (status == CRED_OK) return cred__writer_commit(&writer);
  cred__writer_abort(&writer);
  return status;
}

// --- report ---

typedef struct {
  cred_triage_report scores;
  double *all, *kept; // (C, C)
} report;

static double share_of(size_t part, size_t n) {
  return n ? (double)part / (double)n : NAN;
}

static void print_reasons(FILE *file, const cli__triage *all) {
  const cred_triage *t = &all->triage;
  char text[64];
  fprintf(file, "%-16s %zu of %zu (%.1f %%)\n", "reviewed", t->n_reviewed, t->n,
          100 * share_of(t->n_reviewed, t->n));
  for (unsigned bit = 1; bit <= CRED_REVIEW_UNLIKE; bit *= 2) {
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) n += (t->review[i] & bit) != 0;
    if (n) fprintf(file, "  %-14s %zu\n", cred_review_text(text, bit), n);
  }
  if (all->n_bad)
    fprintf(file, "%-16s %zu, for review too, and in no other number here\n", "bad rows",
            all->n_bad);
}

// A number, "-" where there is none.
static const char *text_of(char out[32], const char *format, double value) {
  if (isnan(value))
    snprintf(out, 32, "-");
  else
    snprintf(out, 32, format, value);
  return out;
}

static void print_confusion(FILE *file, const report *r, const cli__triage *all) {
  const cred_schema_target *t = &cred_model_schema(all->in.model)->targets[0];
  const size_t n = t->n_classes;
  fprintf(file, "\n%-16s %8s %8s %8s   %8s %8s %8s %8s\n", "class", "cases", "missed",
          "rate", "kept", "missed", "rate", "reviewed");
  for (size_t c = 0; c < n; c++) {
    double cases = 0, kept = 0;
    for (size_t j = 0; j < n; j++) {
      cases += r->all[c * n + j];
      kept += r->kept[c * n + j];
    }
    const double missed = cases - r->all[c * n + c], in = kept - r->kept[c * n + c];
    char rate[2][32];
    fprintf(file, "%-16.16s %8.0f %8.0f %8s   %8.0f %8.0f %8s %8.0f\n", t->classes[c],
            cases, missed, text_of(rate[0], "%.4f", missed / cases), kept, in,
            text_of(rate[1], "%.4f", in / kept), cases - kept);
  }
  if (n > 12) return;
  for (int k = 0; k < 2; k++) {
    const double *matrix = k ? r->kept : r->all;
    fprintf(file, "\n%-16s", k ? "kept: true" : "all: true");
    for (size_t j = 0; j < n; j++) fprintf(file, " %8.8s", t->classes[j]);
    for (size_t c = 0; c < n; c++) {
      fprintf(file, "\n%-16.16s", t->classes[c]);
      for (size_t j = 0; j < n; j++) fprintf(file, " %8.0f", matrix[c * n + j]);
    }
    fputc('\n', file);
  }
}

static void print_loss(FILE *file, const cred_triage_report *s) {
  char all[32], kept[32], reviewed[32];
  fprintf(file, "%-16s %10s %10s %10s\n", s->loss, text_of(all, "%.4g", s->loss_all),
          text_of(kept, "%.4g", s->loss_kept),
          text_of(reviewed, "%.4g", s->loss_reviewed));
}

static void print_scores(FILE *file, const report *r, const cli__triage *all) {
  const cred_triage_report *s = &r->scores;
  if (s->n < all->cases.n)
    fprintf(file, "\nthe outcome is known of %zu of %zu cases:\n", s->n, all->cases.n);
  fprintf(file, "\n%-16s %10s %10s %10s\n", "", "all", "kept", "reviewed");
  fprintf(file, "%-16s %10zu %10zu %10zu\n", "cases", s->n, s->n_kept, s->n - s->n_kept);
  print_loss(file, s);
  if (all->cases.n_classes || !isnan(all->rule.tolerance))
    fprintf(file, "%-16s %10zu %10zu %10zu\n", "wrong", s->n_wrong, s->n_wrong_kept,
            s->n_wrong - s->n_wrong_kept);
  if (all->rule.kind == CRED_RULE_COST)
    fprintf(file, "%-16s %10.4g   (with the reviews: %.4g)\n", "cost a case", s->cost_all,
            s->cost_kept);
  else // by confidence, which is not what costs were weighed by
    fprintf(file, "%-16s %10.4g   (%sby %s; in the order of the losses: %.4g)\n", "AURC",
            s->aurc, all->cases.n_classes ? "" : "squared error, ",
            cred_doubt_name(all->rule.doubt), s->aurc_best);
  if (all->cases.n_classes) print_confusion(file, r, all);
}

static json_t *number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static cred_status print_json(FILE *file, const report *r, const cli__triage *all,
                              const char *sentence) {
  const cred_triage_report *s = &r->scores;
  json_t *line =
      json_pack("{ss sI sI ss}", "kind", "triage", "cases", (json_int_t)all->triage.n,
                "reviewed", (json_int_t)all->triage.n_reviewed, "rule", sentence);
  if (line && all->n_bad)
    json_object_set_new(line, "bad_rows", json_integer((json_int_t)all->n_bad));
  if (line && r->all) {
    json_object_set_new(line, "known", json_integer((json_int_t)s->n));
    json_object_set_new(line, "loss", json_string(s->loss));
    json_object_set_new(line, "loss_all", number(s->loss_all));
    json_object_set_new(line, "loss_kept", number(s->loss_kept));
    json_object_set_new(line, "loss_reviewed", number(s->loss_reviewed));
    json_object_set_new(line, "wrong", json_integer((json_int_t)s->n_wrong));
    json_object_set_new(line, "wrong_kept", json_integer((json_int_t)s->n_wrong_kept));
    json_object_set_new(line, "cost_all", number(s->cost_all));
    json_object_set_new(line, "cost_kept", number(s->cost_kept));
    json_object_set_new(line, "aurc", number(s->aurc));
    json_object_set_new(line, "aurc_best", number(s->aurc_best));
  }
  char *text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
  json_decref(line);
  if (!text) FAIL(CRED_ENOMEM, "no memory for a line of JSON");
  const bool failed = fprintf(file, "%s\n", text) < 0;
  free(text);
  if (failed) FAIL(CRED_EIO, "writing the report failed");
  return CRED_OK;
}

cred_status cli__triage_report(const cli__triage *all, FILE *file) {
  report r = {0};
  char sentence[1024];
  const size_t n = all->cases.n_classes;
  cred_status status = CRED_OK;
  cred_rule_sentence(sentence, sizeof sentence, &all->rule, all->in.model);
  if (is_known(all)) {
    TRY_DONE(NEW(&r.all, n * n + 1, "a confusion matrix"));
    TRY_DONE(NEW(&r.kept, n * n + 1, "a confusion matrix"));
    TRY_DONE(cred_triage_report_make(&r.scores, n ? r.all : NULL, n ? r.kept : NULL,
                                     &all->cases, &all->triage, &all->rule));
  }
  if (cli_flag(all->args, "json")) {
    status = print_json(file, &r, all, sentence);
  } else {
    fprintf(file, "%-16s %s\n", "rule", sentence);
    print_reasons(file, all);
    if (r.all) print_scores(file, &r, all);
  }
done:
  cred__free(r.all);
  cred__free(r.kept);
  return status;
}

// --- figure ---

static cred_status draw(const cli__triage *all, const cred_triage_report *r, double *kept,
                        double *loss, const char *path) {
  const size_t n = r->n;
  const bool classes = all->cases.n_classes > 0;
  const double chance_x[2] = {kept[0], 1}, chance_y[2] = {r->loss_all, r->loss_all};
  const double rule_x = (double)r->n_kept / (double)n, rule_y = r->loss_kept;
  const char *doubt = cred_doubt_name(all->rule.doubt);
  char name[64];
  snprintf(name, sizeof name, "ordered by %s", doubt);
  const cred_plot_series series[] = {
      {.name = name, .n = n, .x = kept, .y = loss, .style = CRED_PLOT_LINES},
      {.name = "any cases",
       .n = 2,
       .x = chance_x,
       .y = chance_y,
       .style = CRED_PLOT_LINES},
      {.name = "the rule",
       .n = r->n_kept ? 1 : 0,
       .x = &rule_x,
       .y = &rule_y,
       .style = CRED_PLOT_POINTS}};
  const cred_plot_lines lines = {.n_series = 3, .series = series};
  const cred_plot_labels labels = {
      .title = classes ? "Wrong among the cases kept" : "Error of the cases kept",
      .x = "share of cases kept",
      .y = classes ? "share wrong" : "root mean squared error",
      .x_min = 0,
      .x_max = 1.02};
  cred_plot *plot;
  TRY(cred_plot_new_lines(&plot, &lines, &labels));
  const cred_status status = cred_plot_render(plot, path, NULL);
  cred_plot_free(plot);
  return status;
}

cred_status cli__triage_plot(const cli__triage *all, const char *path) {
  const size_t n = all->cases.n;
  cred_triage_report r;
  double *kept = NULL, *loss = NULL;
  cred_status status;
  if (!is_known(all))
    FAIL(CRED_ECONFIG,
         "option '--plot' draws what is wrong among the kept: DATA must "
         "have the column '%s', filled in",
         cred_model_schema(all->in.model)->targets[all->target].name);
  TRY_DONE(NEW(&kept, n, "the figure"));
  TRY_DONE(NEW(&loss, n, "the figure"));
  TRY_DONE(
      cred_triage_report_make(&r, NULL, NULL, &all->cases, &all->triage, &all->rule));
  TRY_DONE(cred_triage_curve(kept, loss, &all->cases, &all->triage, &all->rule));
  status = draw(all, &r, kept, loss, path);
done:
  cred__free(kept);
  cred__free(loss);
  return status;
}
