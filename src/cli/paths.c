// paths.c -- no output may be an input: a file that is read must still be there after a
// command, whatever name it was given by (a link, another spelling).

#include "cli/args.h"
#include <string.h>
#include <sys/stat.h>

typedef struct {
  const char *path;
  const char *name; // of the option, or of the positional argument
  bool positional;
} place;

// Only plain files: a terminal or a device may be read and written.
static bool find_file(struct stat *out, const char *path, int standard) {
  const bool stream = strcmp(path, "-") == 0;
  const int failed = stream ? fstat(standard, out) : stat(path, out);
  return failed == 0 && S_ISREG(out->st_mode);
}

static bool same_file(const place *out, const place *in, int standard) {
  struct stat a, b;
  if (!find_file(&a, out->path, 1) || !find_file(&b, in->path, standard)) return false;
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool cli_is_same_file(const char *out, const char *in) {
  const place a = {out, "", false}, b = {in, "", false};
  return same_file(&a, &b, 0);
}

static cred_status fail_overwritten(const place *out, const place *in) {
  FAIL(CRED_EINVAL,
       "%s: is read as %s%s and would be overwritten by --%s: give another name",
       strcmp(out->path, "-") == 0 ? in->path : out->path, in->positional ? "" : "--",
       in->name, out->name);
}

static cred_status check_input(const cli_option *option, const place *out,
                               const place *in) {
  if (option->replaces && strcmp(option->replaces, in->name) == 0) return CRED_OK;
  return same_file(out, in, 0) ? fail_overwritten(out, in) : CRED_OK;
}

// "FIGURE MODEL [DATA...]": the arguments that name files.
static cred_status check_positional(const cli_args *args, const cli_option *option,
                                    const place *out) {
  static const char *const files[] = {"MODEL", "DATA", "POOL"};
  const char *p = args->command->positional ? args->command->positional : "";
  for (size_t i = 0; *p && i < args->n_positional; i++) {
    p += *p == '[';
    const size_t n = strcspn(p, " .]");
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
      if (strlen(files[k]) != n || memcmp(files[k], p, n) != 0) continue;
      const place in = {args->positional[i], files[k], true};
      TRY(check_input(option, out, &in));
    }
    if (strncmp(p + n, "...", 3) == 0) continue; // so are all that follow
    p += n;
    p += strspn(p, "] ");
  }
  return CRED_OK;
}

static cred_status check_two_outputs(const place *out, const place *other) {
  if (strcmp(out->path, "-") == 0 || strcmp(other->path, "-") == 0) return CRED_OK;
  if (strcmp(out->path, other->path) != 0 && !same_file(out, other, 1)) return CRED_OK;
  FAIL(CRED_EINVAL, "%s: is written by --%s and by --%s: give another name", out->path,
       other->name, out->name);
}

static cred_status check_output(const cli_args *args, size_t row) {
  const cli_option *option = cli_option_at(args->command, row), *other;
  const place out = {args->values[row].text, option->name, false};
  TRY(check_positional(args, option, &out));
  for (size_t i = 0; (other = cli_option_at(args->command, i)); i++) {
    const cli__value *value = &args->values[i];
    place in = {value->text, other->name, false};
    if (!value->text) continue;
    if (other->type == CLI_FILE_OUT && i < row) TRY(check_two_outputs(&out, &in));
    if (other->type != CLI_FILE_IN) continue;
    TRY(check_input(option, &out, &in));
    for (size_t k = 1; k < value->n; k++) {
      in.path = value->texts[k];
      TRY(check_input(option, &out, &in));
    }
  }
  return CRED_OK;
}

cred_status cli_check_paths(const cli_args *args) {
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(args->command, i)); i++)
    if (option->type == CLI_FILE_OUT && args->values[i].text) TRY(check_output(args, i));
  return CRED_OK;
}
