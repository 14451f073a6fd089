// cmd_predict_rows.c -- predictions as lines of CSV (RFC 4180) or JSON.

#include "cli/cmd_predict.h"
#include "cli/line.h"
#include <string.h>

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
  if (out->json) cli_line_put(line, "[");
  for (size_t c = 0; c < target->n_classes; c++) {
    if (!set[c]) continue;
    if (n++) cli_line_put(out->json ? line : &joined, out->json ? "," : "|");
    out->json ? cli_line_json(line, target->classes[c])
              : cli_line_put(&joined, target->classes[c]);
  }
  if (out->json) cli_line_put(line, "]");
  if (joined.n) cred__text_csv(line, joined.s);
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
    if (b->images)
      cli_line_text(line, out->json,
                    cred_images_name(b->images, (size_t)b->data->row[i]));
    else if (cred_table_find(b->table, out->schema->id) != SIZE_MAX)
      cli_line_cell(line, out->json, b->table, table_row, out->schema->id);
    else
      cli_line_text(line, out->json, "");
    break;
  case COLUMN_KEPT:
    cli_line_cell(line, out->json, b->table, table_row, out->keep[c->offset]);
    break;
  case COLUMN_LABEL:
    cli_line_text(line, out->json, out->schema->targets[0].classes[p->label[i]]);
    break;
  case COLUMN_CONFIDENCE:
    cli_line_number(line, out->json, p->prob[i * c->stride + (size_t)p->label[i]]);
    break;
  case COLUMN_SET:
    put_set(line, out, p->set + i * c->stride);
    break;
  case COLUMN_NUMBER:
    cli_line_number(line, out->json, array_of(p, c->from)[i * c->stride + c->offset]);
    break;
  case COLUMN_DRAW:
    cli_line_number(line, out->json,
                    b->draws[(c->offset / b->width * b->data->n_rows + i) * b->width +
                             c->offset % b->width]);
    break;
  }
}

cred_status cli__output_head(FILE *file, const cli__output *out) {
  cred__text line = {0};
  if (out->json) return CRED_OK;
  for (size_t i = 0; i < out->n_columns; i++) {
    if (i) cli_line_put(&line, ",");
    cred__text_csv(&line, out->columns[i].name);
  }
  cli_line_put(&line, "\n");
  const cred_status status = cli_line_write(file, &line);
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
      cli_line_put(&line, k ? "," : out->json ? "{" : "");
      if (out->json) {
        cli_line_json(&line, out->columns[k].name);
        cli_line_put(&line, ":");
      }
      put_column(&line, out, block, &out->columns[k], i);
    }
    cli_line_put(&line, out->json ? "}\n" : "\n");
    status = cli_line_write(file, &line);
  }
  cred__text_clear(&line);
  return status;
}
