// read.c -- a table from a file of any format.

#include "data/text.h"
#include "data/array.h"
#include "base/fail.h"
#include <string.h>

static char separator_of(cred_table_format format, char looked, char decimal) {
  if (format == CRED_FORMAT_SPACE) return ' ';
  if (format == CRED_FORMAT_TSV) return '\t';
  return looked ? looked : decimal == ',' ? ';' : ',';
}

cred_status cred__format_choose(cred_table_format *format, char *separator,
                                const cred__input *input, const cred_table_options *opt) {
  cred_table_format looked;
  char seen;
  if (opt->decimal && opt->decimal != '.' && opt->decimal != ',')
    FAIL(CRED_EINVAL, "the decimal mark is '%c', '.' or ',' is expected", opt->decimal);
  cred__format_look(&looked, &seen, input, opt->decimal);
  *format = opt->format == CRED_FORMAT_AUTO ? looked : opt->format;
  *separator = separator_of(*format, *format == looked ? seen : 0, opt->decimal);
  if (opt->separator) {
    if (strchr("\"\r\n.+-0123456789eE", opt->separator))
      FAIL(CRED_EINVAL, "the separator '%c' cannot be told from cells", opt->separator);
    *separator = opt->separator;
    if (opt->format == CRED_FORMAT_AUTO && looked == CRED_FORMAT_SPACE)
      *format = CRED_FORMAT_CSV;
  }
  return CRED_OK;
}

static cred_status read_text(cred_table **out, cred__input *input, char separator,
                             const cred_table_options *opt) {
  cred__text_table t;
  TRY(cred__text_init(&t, input, separator, opt));
  cred_status status = CRED_OK;
  TRY_DONE(cred__text_read(&t, opt->rows_max ? opt->rows_max : SIZE_MAX));
  if (t.n_rows == 0) FAIL_DONE(CRED_EDATA, "%s: there are no rows", t.input.name);
  TRY_DONE(cred__text_read_again(&t));
  TRY_DONE(cred__text_take(out, &t));
done:
  cred__text_table_clear(&t);
  return status;
}

static cred_status read_opened(cred_table **out, cred__input *input, const char *path,
                               const cred_table_options *opt) {
  cred_table_format format;
  char separator;
  TRY(cred__format_choose(&format, &separator, input, opt));
  switch (format) {
  case CRED_FORMAT_NPY:
    return cred__npy_read(out, input, opt);
  case CRED_FORMAT_IDX:
    return cred__idx_read(out, input, opt);
  case CRED_FORMAT_NPZ:
    return cred__npz_read(out, path, opt);
  default:
    return read_text(out, input, separator, opt);
  }
}

cred_status cred_table_read(cred_table **out, const char *path,
                            const cred_table_options *opt) {
  const cred_table_options defaults = cred_table_defaults();
  *out = NULL;
  cred__input input;
  TRY(cred__input_open(&input, path, true));
  const cred_status status = read_opened(out, &input, path, opt ? opt : &defaults);
  cred__input_clear(&input);
  return status;
}
