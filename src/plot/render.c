// render.c -- from a figure to a picture in a file.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "plot/figure.h"
#include "plot/gnuplot.h"
#include <string.h>
#include <strings.h>

typedef enum { PNG, SVG, PDF, TXT, N_FORMATS } format;
static const char *const format_names[N_FORMATS] = {"png", "svg", "pdf", "txt"};

cred_plot_options cred_plot_defaults(void) {
  const cred_plot_options options = {0};
  return options;
}

static cred_status choose_format(format *out, const char *path, const char *given) {
  const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
  const char *ending = dot && (!slash || dot > slash) ? dot + 1 : "";
  if (!given && strcmp(path, "-") == 0) given = "txt";
  const char *name = given ? given : ending;
  for (int f = 0; f < N_FORMATS; f++) {
    if (strcasecmp(name, format_names[f]) != 0) continue;
    *out = (format)f;
    return CRED_OK;
  }
  if (given) FAIL(CRED_EINVAL, "plot: format '%s', expected png, svg, pdf or txt", given);
  FAIL(CRED_EINVAL,
       "plot: the format of '%s' is not known by its ending, expected .png, "
       ".svg, .pdf or .txt",
       path);
}

static cred_status choose_size(size_t *width, size_t *height, format f,
                               const cred_plot_options *options) {
  *width = options->width ? options->width : f == TXT ? 100 : 900;
  *height = options->height ? options->height : f == TXT ? 32 : 600;
  const size_t min = f == TXT ? 15 : 100, max = f == TXT ? 1000 : 10000;
  if (*width < min || *width > max || *height < min || *height > max)
    FAIL(CRED_EINVAL, "plot: size %zu x %zu, expected %zu to %zu %s each way", *width,
         *height, min, max, f == TXT ? "characters" : "pixels");
  return CRED_OK;
}

// Fonts, lines and points grow and shrink with the picture, in hundredths of the default;
// below SCALE_MIN nothing can be read, and the labels become fewer instead.
enum { SCALE_MIN = 65 };

static size_t room_of(size_t width, size_t height) {
  const size_t a = width / 9, b = height / 6;
  return a < b ? a : b;
}

// Whole numbers only, so that no locale can touch them. A PDF has 100 "pixels" an inch.
static void write_terminal(cred__text *script, format f, size_t width, size_t height) {
  const size_t room = room_of(width, height), scale = room < SCALE_MIN ? SCALE_MIN : room;
  const size_t whole = scale / 100, rest = scale % 100;
  cred__text_printf(script, "is_small = %d\nset terminal ", f != TXT && room < SCALE_MIN);
  switch (f) {
  case PNG:
    cred__text_printf(script, "pngcairo noenhanced size %zu,%zu font 'Sans,13' ", width,
                      height);
    break;
  case SVG:
    cred__text_printf(script, "svg noenhanced size %zu,%zu font 'Sans,15' ", width,
                      height);
    break;
  case PDF:
    cred__text_printf(script,
                      "pdfcairo noenhanced size %zu.%02zuin,%zu.%02zuin font 'Sans,12' ",
                      width / 100, width % 100, height / 100, height % 100);
    break;
  default:
    cred__text_printf(script, "dumb noenhanced size %zu,%zu\n", width, height);
    return;
  }
  cred__text_printf(script,
                    "fontscale %zu.%02zu linewidth %zu.%02zu background rgb 'white'\n"
                    "set pointsize %zu.%02zu\n",
                    whole, rest, whole, rest, whole, rest);
}

// A PDF says when it was made; the picture should depend on its content alone.
static void drop_date(cred__text *picture) {
  static const char mark[] = "/CreationDate (D:";
  const size_t n_mark = sizeof mark - 1;
  for (size_t i = 0; i + n_mark + 14 < picture->n; i++) {
    if (picture->s[i] != '/' || memcmp(picture->s + i, mark, n_mark) != 0) continue;
    char *p = picture->s + i + n_mark;
    const char *fixed = "19700101000000";
    while (*fixed && *p >= '0' && *p <= '9') *p++ = *fixed++;
  }
}

static cred_status write_file(const char *path, const char *bytes, size_t n) {
  cred__writer writer;
  TRY(cred__writer_init(&writer, path));
  fwrite(bytes, 1, n, writer.file);
  return cred__writer_commit(&writer);
}

// The script that a user may run and change: the picture is named without its folder, so
// that the two files can move together.
static cred_status write_script(const cred_plot *plot, const char *path, format f,
                                size_t width, size_t height) {
  cred__text text = {0};
  char *name = NULL;
  cred_status status = CRED_OK;
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  cred__text_printf(&text, "# A figure with its data. Run gnuplot with the name of this "
                           "file to draw it\n# again; texts, colours (style lines) and "
                           "sizes may be changed.\n");
  write_terminal(&text, f, width, height);
  cred__text_printf(&text, "set output ");
  cred__plot_quote(&text, base, strlen(base));
  cred__text_printf(&text, "\n");
  cred__text_append(&text, plot->script.s, plot->script.n);
  TRY_DONE(cred__text_status(&text));
  TRY_DONE(NEW(&name, strlen(path) + 4, "a file name"));
  memcpy(name, path, strlen(path));
  memcpy(name + strlen(path), ".gp", 4);
  status = write_file(name, text.s, text.n);
done:
  cred__text_clear(&text);
  cred__free(name);
  return status;
}

static cred_status draw(cred__text *picture, const cred_plot *plot, format f,
                        size_t width, size_t height, const char *program) {
  cred__text script = {0};
  cred_status status = CRED_OK;
  write_terminal(&script, f, width, height);
  cred__text_append(&script, plot->script.s, plot->script.n);
  cred__text_append(&script, "\nunset output\n", 14);
  TRY_DONE(cred__text_status(&script));
  TRY_DONE(cred__gnuplot_run(picture, program ? program : "gnuplot", script.s, script.n));
  if (f == PDF) drop_date(picture);
done:
  cred__text_clear(&script);
  return status;
}

cred_status cred_plot_render(const cred_plot *plot, const char *path,
                             const cred_plot_options *options) {
  const cred_plot_options defaults = cred_plot_defaults();
  if (!options) options = &defaults;
  format f = PNG;
  size_t width = 0, height = 0;
  TRY(choose_format(&f, path, options->format));
  TRY(choose_size(&width, &height, f, options));
  if (options->keep_script && strcmp(path, "-") == 0)
    FAIL(CRED_EINVAL,
         "plot: the script is kept beside the picture, and '-' has no place; "
         "give a file name");
  cred__text picture = {0};
  cred_status status = CRED_OK;
  // the script first: who lacks gnuplot can draw it elsewhere
  if (options->keep_script) TRY_DONE(write_script(plot, path, f, width, height));
  TRY_DONE(draw(&picture, plot, f, width, height, options->program));
  status = write_file(path, picture.s, picture.n);
done:
  cred__text_clear(&picture);
  return status;
}
