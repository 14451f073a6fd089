// values.c -- the texts of options: checked against type, range and choices, and looked
// up.

#include "base/alloc.h"
#include "base/text.h"
#include "cli/args.h"
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

static bool has_range(const cli_option *option) {
  return option->min < option->max;
}

// "a share above 0 and below 1, such as 0.1 or 10%".
static void describe_share(char *out, size_t n_out, const cli_option *option) {
  snprintf(out, n_out, "a share %s and %s, such as 0.1 or 10%%",
           option->min >= CLI_ABOVE_ZERO ? "above 0" : "of at least 0",
           option->max <= CLI_BELOW_ONE ? "below 1" : "at most 1");
}

// "a whole number from 1 to 10", "a number > 0": what is expected of a number.
static void describe_range(char *out, size_t n_out, const cli_option *option) {
  char low[CRED__NUMBER_BYTES], high[CRED__NUMBER_BYTES];
  const char *kind = option->type == CLI_SIZE ? "a whole number" : "a number";
  cred__format_double(low, option->min);
  cred__format_double(high, option->max);
  const bool above_zero = option->min == CLI_ABOVE_ZERO;
  const bool no_end = option->max >= DBL_MAX, no_start = option->min <= -DBL_MAX;
  if (option->type == CLI_SHARE)
    describe_share(out, n_out, option);
  else if (!has_range(option))
    snprintf(out, n_out, "%s%s", kind, option->type == CLI_SIZE ? " >= 0" : "");
  else if (no_end && no_start)
    snprintf(out, n_out, "%s", kind);
  else if (no_end)
    snprintf(out, n_out, above_zero ? "%s > 0" : "%s >= %s", kind, low);
  else if (no_start)
    snprintf(out, n_out, "%s <= %s", kind, high);
  else if (above_zero)
    snprintf(out, n_out, "%s > 0 and <= %s", kind, high);
  else
    snprintf(out, n_out, "%s from %s to %s", kind, low, high);
}

// "0.1", "10%" or "10 %".
static bool parse_share(double *out, const char *text, size_t n) {
  const bool percent = n && text[n - 1] == '%';
  if (percent) n--;
  while (percent && n && text[n - 1] == ' ') n--;
  if (!cred__parse_double(out, text, n)) return false;
  if (percent) *out /= 100;
  return true;
}

static cred_status check_number(cli__value *value, const cli_option *option) {
  char expected[128];
  const size_t n = strlen(value->text);
  bool good;
  if (option->type == CLI_SIZE) {
    good = cred__parse_u64(&value->count, value->text, n) && value->count <= SIZE_MAX / 2;
    value->number = (double)value->count;
  } else if (option->type == CLI_SHARE) {
    good = parse_share(&value->number, value->text, n);
  } else {
    good = cred__parse_double(&value->number, value->text, n);
  }
  if (good && has_range(option))
    good = value->number >= option->min && value->number <= option->max;
  if (good) return CRED_OK;
  describe_range(expected, sizeof expected, option);
  FAIL(CRED_EINVAL, "option '--%s' is '%s', expected %s", option->name, value->text,
       expected);
}

static cred_status check_seed(cli__value *value, const cli_option *option) {
  if (cred__parse_u64(&value->count, value->text, strlen(value->text))) return CRED_OK;
  FAIL(CRED_EINVAL,
       "option '--%s' is '%s', expected a whole number below 2^64 or 'random'",
       option->name, value->text);
}

enum { CHOICES_MAX = 32 };

static cred_status check_choice(const cli__value *value, const cli_option *option) {
  char copy[512], listed[600] = "";
  const char *choices[CHOICES_MAX];
  size_t n = 0, used = 0;
  snprintf(copy, sizeof copy, "%s", option->choices);
  for (char *p = copy, *end; p && n < CHOICES_MAX; p = end) {
    if ((end = strchr(p, '|'))) *end++ = 0;
    choices[n++] = p;
    if (strcmp(p, value->text) == 0) return CRED_OK;
    used += (size_t)snprintf(listed + used, sizeof listed - used, "%s%s",
                             n > 1 ? ", " : "", p);
  }
  const char *nearest = cred__nearest(value->text, choices, n);
  if (nearest)
    FAIL(CRED_EINVAL,
         "option '--%s' is '%s', expected one of %s\ndid you mean '--%s %s'?",
         option->name, value->text, listed, option->name, nearest);
  FAIL(CRED_EINVAL, "option '--%s' is '%s', expected one of %s", option->name,
       value->text, listed);
}

static cred_status fail_list(const cli_option *option, const char *text,
                             const char *fault) {
  FAIL(CRED_EINVAL,
       "option '--%s' is '%s': %s; expected items apart by commas, such as "
       "a,b,\"c,d\"",
       option->name, text, fault);
}

// One item from *at on: up to a comma, or in quotes ("" within them is one quote).
static cred_status next_item(char *out, const char **at, const cli_option *option,
                             const char *text) {
  const char *p = *at;
  size_t n = 0;
  if (*p == '"') {
    for (p++; *p && !(*p == '"' && p[1] != '"'); p++) {
      if (*p == '"') p++;
      out[n++] = *p;
    }
    if (*p != '"') return fail_list(option, text, "a quote is not closed");
    p++;
    if (*p && *p != ',') return fail_list(option, text, "text follows a closing quote");
  } else {
    while (*p && *p != ',') out[n++] = *p++;
  }
  out[n] = 0;
  if (n == 0) return fail_list(option, text, "an item is empty");
  *at = *p == ',' ? p + 1 : NULL;
  return CRED_OK;
}

static cred_status split_list(cli__value *value, const cli_option *option,
                              const char *text) {
  size_t n_commas = 0;
  for (const char *p = text; *p; p++) n_commas += *p == ',';
  TRY(RESIZE(&value->items, value->n_items, value->n_items + n_commas + 1, "a list"));
  for (const char *at = text; at;) {
    char *item;
    TRY(NEW(&item, strlen(text) + 1, "an item of a list"));
    value->items[value->n_items++] = item;
    TRY(next_item(item, &at, option, text));
  }
  return CRED_OK;
}

static cred_status check_list(cli__value *value, const cli_option *option) {
  if (value->n == 0) return split_list(value, option, value->text);
  for (size_t i = 0; i < value->n; i++) TRY(split_list(value, option, value->texts[i]));
  return CRED_OK;
}

static cred_status join(cli__value *value) {
  cred__text joined = {0};
  for (size_t i = 0; i < value->n; i++)
    cred__text_printf(&joined, "%s%s", i ? "," : "", value->texts[i]);
  const cred_status status = cred__text_status(&joined);
  if (status == CRED_OK)
    value->joined = joined.s;
  else
    cred__text_clear(&joined);
  return status;
}

cred_status cli__value_check(cli__value *value, const cli_option *option) {
  value->number = NAN;
  value->text = value->n ? value->texts[0] : option->default_text;
  if (!value->text) return CRED_OK;
  if (value->n > 1 && option->type != CLI_FLAG) TRY(join(value));
  switch (option->type) {
  case CLI_SIZE:
  case CLI_NUMBER:
  case CLI_SHARE:
    return check_number(value, option);
  case CLI_SEED:
    return check_seed(value, option);
  case CLI_CHOICE:
    return check_choice(value, option);
  case CLI_LIST:
    return check_list(value, option);
  case CLI_FILE_IN:
  case CLI_FILE_OUT:
    if (!*value->text)
      FAIL(CRED_EINVAL, "option '--%s' is empty, expected the name of a file",
           option->name);
    return CRED_OK;
  case CLI_FLAG:
  case CLI_TEXT:
    return CRED_OK;
  }
  return CRED_OK;
}

void cli__value_clear(cli__value *value) {
  for (size_t i = 0; i < value->n_items; i++) cred__free(value->items[i]);
  cred__free(value->items);
  cred__free(value->texts);
  cred__free(value->joined);
}

static const cli__value *find(const cli_args *args, const char *name,
                              const cli_option **row) {
  *row = NULL;
  for (size_t i = 0; i < args->n_rows; i++) {
    *row = args->values[i].option;
    if (strcmp((*row)->name, name) == 0) return &args->values[i];
  }
  assert(!"an option that is not in the command's table");
  return NULL;
}

const char *cli_text(const cli_args *args, const char *name) {
  const cli_option *row;
  return find(args, name, &row)->text;
}

size_t cli_size(const cli_args *args, const char *name) {
  const cli_option *row;
  const cli__value *value = find(args, name, &row);
  assert(row->type == CLI_SIZE);
  return (size_t)value->count;
}

double cli_number(const cli_args *args, const char *name) {
  const cli_option *row;
  const cli__value *value = find(args, name, &row);
  assert(row->type == CLI_NUMBER || row->type == CLI_SHARE);
  return value->number;
}

uint64_t cli_seed(const cli_args *args) {
  const cli_option *row;
  return find(args, "seed", &row)->count;
}

bool cli_flag(const cli_args *args, const char *name) {
  const cli_option *row;
  const cli__value *value = find(args, name, &row);
  assert(row->type == CLI_FLAG);
  return value->n > 0;
}

bool cli_given(const cli_args *args, const char *name) {
  const cli_option *row;
  return find(args, name, &row)->n > 0;
}

const char *const *cli_list(const cli_args *args, const char *name, size_t *n) {
  const cli_option *row;
  const cli__value *value = find(args, name, &row);
  assert(row->type == CLI_LIST || row->repeatable);
  *n = row->type == CLI_LIST ? value->n_items : value->n;
  return row->type == CLI_LIST ? (const char *const *)value->items : value->texts;
}

size_t cli_n_positional(const cli_args *args) {
  return args->n_positional;
}

const char *cli_positional(const cli_args *args, size_t i) {
  return i < args->n_positional ? args->positional[i] : NULL;
}

const cli_command *cli_args_command(const cli_args *args) {
  return args->command;
}

bool cli_effective(const cli_args *args, size_t i, const char **name, const char **text) {
  // those of every command come last, and change nothing that is made
  if (i + cli__n_common() >= args->n_rows) return false;
  const cli__value *value = &args->values[i];
  *name = value->option->name;
  *text = value->joined ? value->joined : value->text;
  return true;
}

bool cli_wants_help(const cli_args *args) {
  return args->help;
}

bool cli_wants_version(const cli_args *args) {
  return args->version;
}

bool cli_seed_drawn(const cli_args *args) {
  return args->seed_drawn;
}
