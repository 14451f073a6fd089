// held_out.c -- a model and the rows to score or to calibrate it on.

#include "cli/held_out.h"
#include "base/alloc.h"
#include "credence/data/split.h"
#include "credence/model/evaluate.h"

void cli_warn_of_seen(const cli_args *args, size_t n_seen) {
  cli_warn(
      args,
      "credence fit DATA --hold-out 0.2 --hold-out-file test.rows ..., then "
      "--rows-file test.rows",
      "the model was fitted to %zu of these rows: they look better than new ones will",
      n_seen);
}

cred_status cli_read_rows(size_t **rows, size_t *n_rows, const cli_args *args,
                          size_t n_all) {
  const char *path = cli_text(args, "rows-file");
  *rows = NULL, *n_rows = 0;
  if (!path) return CRED_OK;
  TRY(cred_split_read_index(rows, n_rows, path, n_all));
  if (*n_rows == 0) FAIL(CRED_EDATA, "%s: it lists no rows", path);
  return CRED_OK;
}

static cred_status read_pictures(cli_held_out *h, const cli_args *args, int targets) {
  const cred_schema *schema = cred_model_schema(h->model);
  size_t n_seen;
  if (schema->pixels.per_pixel)
    FAIL(CRED_ECONFIG,
         "the model has a class a pixel, which another command scores: credence segment "
         "MODEL PICTURES --labels FOLDER -o OUT (with --rows-file for those held out)");
  TRY(cli_open_pictures(&h->images, args, cli_positional(args, 1), schema,
                        cli_text(args, "labels"), targets));
  TRY(cli_read_rows(&h->rows, &h->n_rows, args, cred_images_n_rows(h->images)));
  const size_t n = h->rows ? h->n_rows : cred_images_n_rows(h->images);
  TRY(cred_images_rows(&h->data, schema, h->images, h->rows, 0, n));
  TRY(cred_model_n_seen_images(&n_seen, h->model, h->images, h->rows, h->n_rows));
  if (n_seen) cli_warn_of_seen(args, n_seen);
  return CRED_OK;
}

static cred_status read_parts(cli_held_out *h, const cli_args *args, int targets) {
  static const char *const of_pictures[] = {"ignore-class", NULL};
  size_t n_seen;
  TRY(cli_check_inputs(cli_positional(args, 0), cli_positional(args, 1)));
  TRY(cli_read_model(&h->model, args, cli_positional(args, 0)));
  const cred_schema *schema = cred_model_schema(h->model);
  if (schema->pixels.height) return read_pictures(h, args, targets);
  TRY(cli_refuse(args, of_pictures, "is of pictures, DATA is a table"));
  TRY(cli_read_table(&h->table, args, cli_positional(args, 1), schema->targets[0].name));
  TRY(cli_read_rows(&h->rows, &h->n_rows, args, cred_table_n_rows(h->table)));
  TRY(cli_encode_kept(&h->data, args, schema, h->table, h->rows, h->n_rows, targets));
  if (h->data.n_rows == 0)
    FAIL(CRED_EDATA, "%s: no row is left", cred_table_source(h->table));
  TRY(cred_model_n_seen(&n_seen, h->model, h->table, h->rows, h->n_rows));
  if (n_seen) cli_warn_of_seen(args, n_seen);
  return CRED_OK;
}

cred_status cli_held_out_read(cli_held_out *out, const cli_args *args, int targets) {
  *out = (cli_held_out){0};
  const cred_status status = read_parts(out, args, targets);
  if (status != CRED_OK) cli_held_out_clear(out);
  return status;
}

const char *cli_held_out_digest(const cli_held_out *h) {
  return h->images ? cred_images_digest(h->images) : cred_table_digest(h->table);
}

void cli_held_out_clear(cli_held_out *h) {
  cred_data_clear(&h->data);
  cred__free(h->rows);
  cred_table_free(h->table);
  cred_images_free(h->images);
  cred_model_free(h->model);
  *h = (cli_held_out){0};
}
