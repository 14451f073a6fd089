// cmd_segment_scores.c -- a line of CSV a picture, and the scores of all against their
// label maps: a table on standard output, a table of classes and one over thresholds as
// files.

#include "cli/cmd_segment.h"
#include "cli/line.h"
#include <math.h>
#include <string.h>

enum { N_THRESHOLDS = 101 };

static void put_number(cred__text *line, double value) {
  char number[CRED__NUMBER_BYTES];
  cred__format_float(number, (float)value);
  cred__text_printf(line, ",%s", isnan(value) ? "" : number);
}

static void put_line(FILE *file, cred__text *line) {
  cred__text_append(line, "\n", 1);
  fwrite(line->s, 1, line->n, file);
  cred__text_clear(line);
}

void cli__segment_head(cli__segment *s) {
  const cred_schema_target *target = &s->schema->targets[0];
  cred__text line = {0};
  cli_line_put(&line, "row,id,width,height");
  for (size_t c = 0; c < target->n_classes; c++) {
    cred__text name = {0};
    cred__text_printf(&name, "share_%s", target->classes[c]);
    cli_line_put(&line, ",");
    if (name.s) cred__text_csv(&line, name.s);
    cred__text_clear(&name);
  }
  cli_line_put(&line, ",entropy,expected_entropy,mutual_information,review");
  if (s->scored) cli_line_put(&line, ",accuracy");
  put_line(s->table.file, &line);
}

static double mean_of(const float *map, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)map[i];
  return sum / (double)n;
}

void cli__segment_line(cli__segment *s, size_t row, const cred_segmentation *maps,
                       const int32_t *truth) {
  const size_t n = maps->height * maps->width;
  size_t count[256] = {0}, n_review = 0, n_right = 0, n_known = 0;
  for (size_t i = 0; i < n; i++) {
    count[maps->label[i]]++;
    n_review += (double)maps->entropy[i] > s->review;
    if (!truth || truth[i] < 0) continue;
    n_known++;
    n_right += truth[i] == maps->label[i];
  }
  cred__text line = {0};
  cred__text_printf(&line, "%zu,", row);
  cred__text_csv(&line, cred_images_name(s->images, row));
  cred__text_printf(&line, ",%zu,%zu", maps->width, maps->height);
  for (size_t c = 0; c < maps->n_classes; c++)
    put_number(&line, (double)count[c] / (double)n);
  put_number(&line, mean_of(maps->entropy, n));
  put_number(&line, mean_of(maps->expected_entropy, n));
  put_number(&line, mean_of(maps->mutual_information, n));
  put_number(&line, (double)n_review / (double)n);
  if (s->scored) put_number(&line, n_known ? (double)n_right / (double)n_known : NAN);
  put_line(s->table.file, &line);
}

static void print_score(const char *name, double value, const char *about) {
  if (isnan(value))
    printf("%-22s %12s  %s\n", name, "-", about);
  else
    printf("%-22s %12.6g  %s\n", name, value, about);
}

static void print_scores(const cli__segment *s) {
  const cred_segment_scores r = cred_segment_counts_score(&s->counts);
  const cred_segment_threshold t =
      cred_segment_counts_at(&s->counts, s->review / log((double)s->counts.n_classes));
  printf("%-22s %12s  %s\n", "score", "value", "what it means");
  print_score("accuracy", r.accuracy, "share of pixels whose class is right");
  print_score("mean_iou", r.mean_iou, "intersection over union, mean over classes");
  print_score("mean_dice", r.mean_dice, "Dice, mean over classes");
  print_score("nll", r.nll, "minus log probability of the true class, nats a pixel");
  print_score("brier", r.brier, "squared error of the probabilities, a pixel");
  print_score("ece", r.ece, "expected calibration error of pixels, 15 equal bins");
  print_score("auroc_error_entropy", r.auroc_entropy,
              "area under ROC of entropy as a sign of a wrong pixel");
  print_score("auroc_error_mutual", r.auroc_information,
              "the same of mutual information");
  print_score("aurc", r.aurc, "area under error against share kept, by entropy");
  print_score("accurate_if_certain", t.accurate_given_certain,
              "patches below the threshold of --review");
  print_score("uncertain_if_wrong", t.uncertain_given_inaccurate, "patches above it");
  print_score("pavpu", t.pavpu, "patches accurate and certain, or neither");
  printf("\n%-22s %12s %12s %12s\n", "class", "pixels", "iou", "dice");
  for (size_t c = 0; c < s->counts.n_classes; c++) {
    double iou, dice;
    uint64_t n;
    cred_segment_counts_class(&iou, &dice, &n, &s->counts, c);
    printf("%-22s %12llu %12.4f %12.4f\n", s->schema->targets[0].classes[c],
           (unsigned long long)n, iou, dice);
  }
}

static cred_status write_thresholds(const cli__segment *s) {
  cred__writer writer;
  cred__text path = {0};
  cred__text_printf(&path, "%s/thresholds.csv", s->folder);
  cred_status status = cred__text_status(&path);
  if (status == CRED_OK) status = cred__writer_init(&writer, path.s);
  cred__text_clear(&path);
  TRY(status);
  fputs("entropy,p_accurate_certain,p_uncertain_inaccurate,pavpu,kept,error\n",
        writer.file);
  for (size_t i = 0; i < N_THRESHOLDS; i++) {
    const cred_segment_threshold t =
        cred_segment_counts_at(&s->counts, (double)i / (N_THRESHOLDS - 1));
    cred__text line = {0};
    char number[CRED__NUMBER_BYTES];
    cred__format_float(number, (float)t.threshold);
    cli_line_put(&line, number);
    put_number(&line, t.accurate_given_certain);
    put_number(&line, t.uncertain_given_inaccurate);
    put_number(&line, t.pavpu);
    put_number(&line, t.kept);
    put_number(&line, t.error);
    put_line(writer.file, &line);
  }
  return cred__writer_commit(&writer);
}

cred_status cli__segment_scores(cli__segment *s) {
  print_scores(s);
  return write_thresholds(s);
}
