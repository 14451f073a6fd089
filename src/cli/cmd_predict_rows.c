// cmd_predict_rows.c -- predictions as lines of CSV (RFC 4180) or JSON.

#include "cli/cmd_predict.h"
#include <errno.h>
#include <math.h>
#include <string.h>

static void put(cred__text *line, const char *s) {
  cred__text_append(line, s, strlen(s));
}

// In quotes where the text has a comma, a quote or an end of line.
static void put_csv(cred__text *line, const char *s) {
  const size_t n = strlen(s);
  if (!s[strcspn(s, ",\"\r\n")] && !(n && (s[0] == ' ' || s[n - 1] == ' '))) {
    cred__text_append(line, s, n);
    return;
  }
  put(line, "\"");
  for (; *s; s++) cred__text_append(line, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
  put(line, "\"");
}

static void put_json(cred__text *line, const char *s) {
  put(line, "\"");
  for (; *s; s++) {
    const unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      cred__text_printf(line, "\\%c", c);
    else if (c < 32)
      cred__text_printf(line, "\\u%04x", c);
    else
      cred__text_append(line, s, 1);
  }
  put(line, "\"");
}

static void put_text(cred__text *line, const cli__output *out, const char *s) {
  out->json ? put_json(line, s) : put_csv(line, s);
}

static void put_number(cred__text *line, const cli__output *out, double value) {
  char number[CRED__NUMBER_BYTES];
  if (!isfinite(value) && out->json) {
    put(line, "null");
    return;
  }
  const int n = cred__format_float(number, (float)value);
  cred__text_append(line, number, (size_t)n);
}

// A cell of the input: numbers in their shortest form, words as they are.
static void put_cell(cred__text *line, const cli__output *out, const cred_table *table,
                     size_t row, const char *name) {
  char number[CRED__NUMBER_BYTES];
  const size_t column = cred_table_find(table, name);
  if (cred_table_type(table, column) == CRED_COLUMN_NUMERIC) {
    const double value = cred_table_number(table, row, column);
    if (isnan(value) && !out->json) return;
    cred__format_double(number, value);
    put(line, isnan(value) ? "null" : number);
    return;
  }
  const int32_t level = cred_table_level(table, row, column);
  put_text(line, out,
           level < 0 ? "" : cred_table_level_name(table, column, (size_t)level));
}

static const double *array_of(const cred_prediction *p, cli__from from) {
  const double *const arrays[] = {[FROM_MEAN] = p->mean,
                                  [FROM_SD] = p->sd,
                                  [FROM_SD_EPISTEMIC] = p->sd_epistemic,
                                  [FROM_SD_ALEATORIC] = p->sd_aleatoric,
                                  [FROM_QUANTILE] = p->quantile,
                                  [FROM_LOWER] = p->lower,
                                  [FROM_UPPER] = p->upper,
                                  [FROM_PROB] = p->prob,
                                  [FROM_ENTROPY] = p->entropy,
                                  [FROM_MUTUAL_INFORMATION] = p->mutual_information,
                                  [FROM_LOG_PROB] = p->log_prob};
  return arrays[from];
}

// Levels of the set: joined by '|', or an array of JSON.
static void put_set(cred__text *line, const cli__output *out, const unsigned char *set) {
  const cred_schema_target *target = &out->schema->targets[0];
  cred__text joined = {0};
  size_t n = 0;
  if (out->json) put(line, "[");
  for (size_t c = 0; c < target->n_classes; c++) {
    if (!set[c]) continue;
    if (n++) put(out->json ? line : &joined, out->json ? "," : "|");
    out->json ? put_json(line, target->classes[c]) : put(&joined, target->classes[c]);
  }
  if (out->json) put(line, "]");
  if (joined.n) put_csv(line, joined.s);
  if (joined.failed) line->failed = true;
  cred__text_clear(&joined);
}

static void put_column(cred__text *line, const cli__output *out,
                       const cli__output_block *b, const cli__output_column *c,
                       size_t i) {
  const cred_prediction *p = b->prediction;
  const size_t table_row = (size_t)(b->data->row[i] - b->first_row);
  switch (c->kind) {
  case COLUMN_ROW:
    cred__text_printf(line, "%llu", (unsigned long long)b->data->row[i]);
    break;
  case COLUMN_ID:
    if (cred_table_find(b->table, out->schema->id) != SIZE_MAX)
      put_cell(line, out, b->table, table_row, out->schema->id);
    else
      put_text(line, out, "");
    break;
  case COLUMN_KEPT:
    put_cell(line, out, b->table, table_row, out->keep[c->offset]);
    break;
  case COLUMN_LABEL:
    put_text(line, out, out->schema->targets[0].classes[p->label[i]]);
    break;
  case COLUMN_CONFIDENCE:
    put_number(line, out, p->prob[i * c->stride + (size_t)p->label[i]]);
    break;
  case COLUMN_SET:
    put_set(line, out, p->set + i * c->stride);
    break;
  case COLUMN_NUMBER:
    put_number(line, out, array_of(p, c->from)[i * c->stride + c->offset]);
    break;
  case COLUMN_DRAW:
    put_number(line, out,
               b->draws[(c->offset / b->width * b->data->n_rows + i) * b->width +
                        c->offset % b->width]);
    break;
  }
}

static cred_status write_line(FILE *file, const cred__text *line) {
  TRY(cred__text_status(line));
  if (fwrite(line->s, 1, line->n, file) != line->n)
    FAIL(CRED_EIO, "%s: writing failed: %s",
         file == stdout ? "standard output" : "the output", strerror(errno));
  return CRED_OK;
}

cred_status cli__output_head(FILE *file, const cli__output *out) {
  cred__text line = {0};
  if (out->json) return CRED_OK;
  for (size_t i = 0; i < out->n_columns; i++) {
    if (i) put(&line, ",");
    put_csv(&line, out->columns[i].name);
  }
  put(&line, "\n");
  const cred_status status = write_line(file, &line);
  cred__text_clear(&line);
  return status;
}

cred_status cli__output_rows(FILE *file, const cli__output *out,
                             const cli__output_block *block) {
  cred__text line = {0};
  cred_status status = CRED_OK;
  for (size_t i = 0; status == CRED_OK && i < block->data->n_rows; i++) {
    line.n = 0;
    for (size_t k = 0; k < out->n_columns; k++) {
      put(&line, k ? "," : out->json ? "{" : "");
      if (out->json) {
        put_json(&line, out->columns[k].name);
        put(&line, ":");
      }
      put_column(&line, out, block, &out->columns[k], i);
    }
    put(&line, out->json ? "}\n" : "\n");
    status = write_line(file, &line);
  }
  cred__text_clear(&line);
  return status;
}
