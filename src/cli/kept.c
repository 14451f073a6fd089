// kept.c -- columns of the data that --keep repeats at the end of the lines.

#include "cli/kept.h"
#include "base/alloc.h"
#include "cli/line.h"
#include <string.h>

static bool is_among(const char *name, const char *const *names, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

cred_status cli_kept_name(char **out, const char *column, const char *const *taken,
                          size_t n_taken) {
  cred__text name = {0};
  size_t n_prefix = 0;
  do {
    name.n = 0;
    for (size_t k = 0; k < n_prefix; k++) cred__text_printf(&name, "data_");
    cred__text_printf(&name, "%s", column);
    n_prefix++;
  } while (!name.failed && is_among(name.s, taken, n_taken));
  const cred_status status = cred__text_status(&name);
  *out = name.s;
  return status;
}

// Each name is taken for those that follow.
static cred_status name_all(cli_kept *k, const char **taken, size_t n_taken) {
  size_t column;
  for (size_t i = 0; i < k->n; i++) {
    TRY(cred_table_need(&column, k->table, k->columns[i]));
    TRY(cli_kept_name(&k->names[i], k->columns[i], taken, n_taken + i));
    taken[n_taken + i] = k->names[i];
  }
  return CRED_OK;
}

cred_status cli_kept_init(cli_kept *out, const cli_args *args, const cred_table *table,
                          const char *const *taken, size_t n_taken) {
  const char **names;
  *out = (cli_kept){.table = table};
  out->columns = cli_list(args, "keep", &out->n);
  TRY(NEW(&out->names, out->n, "the columns of the output"));
  TRY(NEW(&names, n_taken + out->n, "the columns of the output"));
  for (size_t i = 0; i < n_taken; i++) names[i] = taken[i];
  const cred_status status = name_all(out, names, n_taken);
  cred__free(names);
  return status;
}

void cli_kept_clear(cli_kept *k) {
  for (size_t i = 0; k->names && i < k->n; i++) cred__free(k->names[i]);
  cred__free(k->names);
  *k = (cli_kept){0};
}

void cli_kept_head(cred__text *line, const cli_kept *k) {
  for (size_t i = 0; i < k->n; i++) {
    cli_line_put(line, ",");
    cred__text_csv(line, k->names[i]);
  }
}

void cli_kept_put(cred__text *line, bool json, const cli_kept *k, size_t row) {
  for (size_t i = 0; i < k->n; i++) {
    cli_line_key(line, json, k->names[i], false);
    cli_line_cell(line, json, k->table, row, k->columns[i]);
  }
}
