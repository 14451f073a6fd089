// input.c -- how a table is read, from the options of the command line.

#include "cli/input.h"
#include <string.h>

static cred_table_format format_of(const char *word) {
  static const struct {
    const char *word;
    cred_table_format format;
  } formats[] = {{"csv", CRED_FORMAT_CSV},     {"tsv", CRED_FORMAT_TSV},
                 {"space", CRED_FORMAT_SPACE}, {"npy", CRED_FORMAT_NPY},
                 {"npz", CRED_FORMAT_NPZ},     {"idx", CRED_FORMAT_IDX}};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (strcmp(formats[i].word, word) == 0) return formats[i].format;
  return CRED_FORMAT_AUTO;
}

static cred_status set_separator(char *out, const char *text) {
  if (!text) return CRED_OK;
  const bool tab = strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0;
  if (!tab && (strlen(text) != 1 || *text == '"' || *text == '\n' || *text == '\r'))
    FAIL(CRED_EINVAL, "option '--separator' is '%s', expected one character or 'tab'",
         text);
  *out = tab ? '\t' : *text;
  return CRED_OK;
}

static cred_status set_decimal(char *out, const char *text) {
  if (strcmp(text, ".") != 0 && strcmp(text, ",") != 0)
    FAIL(CRED_EINVAL, "option '--decimal' is '%s', expected '.' or ','", text);
  *out = *text;
  return CRED_OK;
}

cred_status cli_table_options(cred_table_options *out, const cli_args *args) {
  *out = cred_table_defaults();
  const bool header = cli_flag(args, "header"), no_header = cli_flag(args, "no-header");
  if (header && no_header)
    FAIL(CRED_ECONFIG, "options '--header' and '--no-header' contradict each other");
  if (header) out->header = 1;
  if (no_header) out->header = 0;
  out->format = format_of(cli_text(args, "format"));
  TRY(set_separator(&out->separator, cli_text(args, "separator")));
  TRY(set_decimal(&out->decimal, cli_text(args, "decimal")));
  out->na = cli_list(args, "na", &out->n_na);
  out->categorical = cli_list(args, "categorical", &out->n_categorical);
  out->member = cli_text(args, "member");
  return CRED_OK;
}
