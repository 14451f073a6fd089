// pictures.c -- sets of pictures as the data of a command.

#include "cli/pictures.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/request.h"
#include <string.h>

bool cli_is_pictures(const char *path) {
  return cred_images_is_set(path);
}

cred_status cli_refuse_pictures(const char *path) {
  if (!path || !cred_images_is_set(path)) return CRED_OK;
  FAIL(CRED_ECONFIG,
       "%s: these are pictures, where a table or an array of images (IDX, NPY, NPZ) is "
       "expected",
       path);
}

static cred_status take_size(cred_images_options *opt, const char *text) {
  if (!text) return CRED_OK;
  const char *x = strpbrk(text, "xX");
  if (x && cred__parse_size(&opt->width, text, (size_t)(x - text)) &&
      cred__parse_size(&opt->height, x + 1, strlen(x + 1)) && opt->width > 0 &&
      opt->height > 0 && opt->width <= CRED_IMAGE_SIDE_MAX &&
      opt->height <= CRED_IMAGE_SIDE_MAX)
    return CRED_OK;
  FAIL(CRED_EINVAL, "option '--resize' is '%s', expected WIDTHxHEIGHT such as 64x48",
       text);
}

// Lines of a file, each ended by a 0 byte in `text`; *names is yours to free, text too.
static cred_status read_names(const char ***names, size_t *n, char **text,
                              const char *path) {
  size_t n_bytes;
  TRY(cred__file_read((unsigned char **)text, &n_bytes, path, 1 << 20));
  TRY(NEW(names, n_bytes + 1, "names of classes"));
  for (char *line = *text; line && *line;) {
    char *next = strchr(line, '\n');
    if (next) *next++ = 0;
    line[strcspn(line, "\r")] = 0;
    if (*line) (*names)[(*n)++] = line;
    line = next;
  }
  if (*n) return CRED_OK;
  FAIL(CRED_EDATA, "%s: there are no names of classes in it", path);
}

static bool has_option(const cli_args *args, const char *name) {
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(cli_args_command(args), i)); i++)
    if (strcmp(option->name, name) == 0) return true;
  return false;
}

// Classes that are left out because the fit left them out.
static void say_left_out(const cli_args *args, const cred_images *images,
                         const cred_schema_pixels *pixels) {
  cred__text list = {0};
  for (size_t i = 0; i < pixels->n_ignored; i++)
    if (cred_images_leaves_out(images, i))
      cred__text_printf(&list, "%s'%s'", list.n ? ", " : "", pixels->ignored[i]);
  if (list.n)
    cli_note(args, "%s: left out, as in the fit: pictures of %s",
             cred_images_source(images), list.s);
  cred__text_clear(&list);
}

cred_status cli_open_pictures(cred_images **out, const cli_args *args, const char *path,
                              const cred_schema *schema, const char *labels, int wanted) {
  cred_images_options opt = cred_images_defaults();
  const char **names = NULL;
  char *text = NULL;
  cred_status status = CRED_OK;
  *out = NULL;
  opt.labels = labels;
  opt.without_labels = wanted == 0 || wanted == CLI_ALL_PICTURES;
  opt.unknown_none = wanted == CLI_TARGETS_KNOWN;
  opt.schema = schema;
  opt.n_threads = cli_size(args, "threads");
  if (has_option(args, "ignore-class") && wanted != CLI_ALL_PICTURES)
    opt.ignore = cli_list(args, "ignore-class", &opt.n_ignore);
  if (!schema) {
    opt.classes = cli_list(args, "classes", &opt.n_classes);
    TRY(take_size(&opt, cli_text(args, "resize")));
    if (opt.n_classes && cli_given(args, "classes-file"))
      FAIL(CRED_ECONFIG,
           "options '--classes' and '--classes-file' contradict each other: give one");
    if (cli_given(args, "classes-file")) {
      TRY_DONE(read_names(&names, &opt.n_classes, &text, cli_text(args, "classes-file")));
      opt.classes = names;
    }
  }
  TRY_DONE(cred_images_open(out, path, &opt));
  if (schema) say_left_out(args, *out, &schema->pixels);
  if (wanted == 1 && !cred_images_has_labels(*out)) {
    cred_images_free(*out);
    *out = NULL;
    FAIL_DONE(CRED_EDATA,
              "%s: the pictures have no labels: a folder a class, a list, or label maps "
              "(--labels FOLDER) are expected",
              path);
  }
done:
  cred__free(names);
  cred__free(text);
  return status;
}

cred_status cli_find_pictures(cred_images **out, const char *path,
                              const cred_schema *schema, const char *labels) {
  cred_images_options opt = cred_images_defaults();
  opt.schema = schema;
  opt.labels = labels;
  opt.paths_only = true;
  return cred_images_open(out, path, &opt);
}
