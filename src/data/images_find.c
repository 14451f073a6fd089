// images_find.c -- which pictures a folder or a list holds, and their labels in words.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/file.h"
#include "data/images.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST_BYTES_MAX = 1 << 30, ROWS_MAX = 100000000 };

typedef struct {
  char **name;
  size_t n, room;
} name_list;

static void names_clear(name_list *list) {
  for (size_t i = 0; i < list->n; i++) cred__free(list->name[i]);
  cred__free(list->name);
  *list = (name_list){0};
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

// What a look at its first lines does not take away, as it would from a pipe.
static bool is_regular(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static cred_status join(char **out, const char *folder, size_t n_folder,
                        const char *name) {
  cred__text text = {0};
  cred__text_append(&text, folder, n_folder);
  if (n_folder && folder[n_folder - 1] != '/') cred__text_append(&text, "/", 1);
  cred__text_append(&text, name, strlen(name));
  TRY(cred__text_status(&text));
  *out = text.s;
  return CRED_OK;
}

static cred_status names_add(name_list *list, const char *name) {
  if (list->n == list->room) {
    const size_t room = list->room ? 2 * list->room : 64;
    TRY(RESIZE(&list->name, list->room, room, "names of files"));
    list->room = room;
  }
  TRY(cred__strdup(&list->name[list->n], name));
  list->n++;
  return CRED_OK;
}

// Pictures and folders in a folder, each sorted by bytes.
static cred_status list_folder(name_list *pictures, name_list *folders,
                               const char *path) {
  DIR *dir = opendir(path);
  cred_status status = CRED_OK;
  if (!dir) FAIL(CRED_ENOINPUT, "%s: is no folder that can be read", path);
  for (struct dirent *e; status == CRED_OK && (e = readdir(dir));) {
    char *whole = NULL;
    if (e->d_name[0] == '.') continue;
    status = join(&whole, path, strlen(path), e->d_name);
    if (status == CRED_OK && is_folder(whole))
      status = names_add(folders, e->d_name);
    else if (status == CRED_OK && cred_image_is_name(e->d_name))
      status = names_add(pictures, e->d_name);
    cred__free(whole);
  }
  closedir(dir);
  if (pictures->n) qsort(pictures->name, pictures->n, sizeof(char *), by_bytes);
  if (folders->n) qsort(folders->name, folders->n, sizeof(char *), by_bytes);
  return status;
}

// Takes path and map over. n_folder: bytes of the path before the row's name.
static cred_status add_row(cred_images *images, char *path, size_t n_folder,
                           const char *label, char *map) {
  cred_status status = CRED_OK;
  if (images->n_rows == images->n_room) {
    const size_t room = images->n_room ? 2 * images->n_room : 64;
    status = RESIZE(&images->rows, images->n_room, room, "rows of pictures");
    if (status == CRED_OK) images->n_room = room;
  }
  if (status == CRED_OK && images->n_rows >= ROWS_MAX)
    status =
        cred__fail(CRED_EDATA, "%s: more than %d pictures", images->source, ROWS_MAX);
  if (status != CRED_OK) {
    cred__free(path);
    cred__free(map);
    return status;
  }
  cred__picture *row = &images->rows[images->n_rows++];
  *row = (cred__picture){.path = path, .map = map, .label = -1};
  row->name = path + n_folder + (path[n_folder] == '/');
  return label ? cred__strdup(&row->label_text, label) : CRED_OK;
}

// The label map of a picture: the same name with the ending .png in another folder.
static cred_status find_map(char **out, const char *folder, const char *picture,
                            const char *path) {
  char name[512];
  const char *dot = strrchr(picture, '.');
  *out = NULL;
  snprintf(name, sizeof name, "%.*s.png", (int)(dot - picture), picture);
  TRY(join(out, folder, strlen(folder), name));
  if (access(*out, R_OK) == 0) return CRED_OK;
  const cred_status status = cred__fail(
      CRED_EDATA, "%s/%s: there is no label map %s for it", path, picture, *out);
  cred__free(*out);
  *out = NULL;
  return status;
}

static cred_status add_folder(cred_images *images, const char *root, const char *path,
                              const name_list *pictures, const char *label,
                              const char *maps) {
  for (size_t i = 0; i < pictures->n; i++) {
    char *whole, *map = NULL;
    if (maps) TRY(find_map(&map, maps, pictures->name[i], path));
    const cred_status status = join(&whole, path, strlen(path), pictures->name[i]);
    if (status != CRED_OK) cred__free(map);
    TRY(status);
    TRY(add_row(images, whole, strlen(root), label, map));
  }
  return CRED_OK;
}

static cred_status add_class_folder(cred_images *images, const char *root,
                                    const char *name, bool labelled) {
  name_list pictures = {0}, folders = {0};
  char *path;
  TRY(join(&path, root, strlen(root), name));
  cred_status status = list_folder(&pictures, &folders, path);
  if (status == CRED_OK && folders.n)
    status = cred__fail(CRED_EDATA, "%s: holds the folder '%s', pictures are expected",
                        path, folders.name[0]);
  if (status == CRED_OK && !pictures.n)
    status = cred__fail(CRED_EDATA, "%s: there are no pictures (.png, .jpg) in it", path);
  if (status == CRED_OK)
    status = add_folder(images, root, path, &pictures, labelled ? name : NULL, NULL);
  cred__free(path);
  names_clear(&pictures);
  names_clear(&folders);
  return status;
}

// Notes which of the names to ignore there are, and which of those that the fit ignored.
static bool note_ignored(cred_images *images, const cred_images_options *opt,
                         const char *name) {
  const cred_schema *schema = opt->schema;
  bool found = false;
  for (size_t i = 0; i < opt->n_ignore; i++)
    if (strcmp(opt->ignore[i], name) == 0) images->ignored[i] = found = true;
  if (found || !schema || opt->without_labels || opt->unknown_none) return found;
  for (size_t i = 0; i < schema->pixels.n_ignored; i++)
    if (strcmp(schema->pixels.ignored[i], name) == 0) images->left_out[i] = found = true;
  return found;
}

static cred_status take_ignored(cred_images *images, const cred_images_options *opt) {
  TRY(NEW(&images->ignored, opt->n_ignore + 1, "names of classes"));
  TRY(NEW(&images->ignore, opt->n_ignore + 1, "names of classes"));
  if (opt->schema)
    TRY(NEW(&images->left_out, opt->schema->pixels.n_ignored + 1, "names of classes"));
  for (size_t i = 0; i < opt->n_ignore; i++) {
    bool twice = false;
    for (size_t k = 0; k < i; k++) twice |= strcmp(opt->ignore[i], opt->ignore[k]) == 0;
    if (twice) continue;
    TRY(cred__strdup(&images->ignore[images->n_ignore], opt->ignore[i]));
    images->n_ignore++;
  }
  return CRED_OK;
}

static bool is_word_for_maps(const char *name) {
  static const char *const words[] = {"label",        "labels",     "labelmaps",  "mask",
                                      "masks",        "map",        "maps",       "truth",
                                      "ground_truth", "annotation", "annotations"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcasecmp(name, words[i]) == 0) return true;
  return false;
}

// Whether two folders hold pictures of the same names but for their endings.
static cred_status have_same_names(bool *same, const char *root, const char *a,
                                   const char *b) {
  name_list pictures[2] = {{0}, {0}}, folders = {0};
  const char *const names[2] = {a, b};
  cred_status status = CRED_OK;
  for (int k = 0; k < 2 && status == CRED_OK; k++) {
    char *path;
    TRY_DONE(join(&path, root, strlen(root), names[k]));
    status = list_folder(&pictures[k], &folders, path);
    cred__free(path);
  }
  *same = status == CRED_OK && pictures[0].n > 0 && pictures[0].n == pictures[1].n;
  for (size_t i = 0; *same && i < pictures[0].n; i++) {
    const char *x = pictures[0].name[i], *y = pictures[1].name[i];
    const size_t n = (size_t)(strrchr(x, '.') - x);
    *same = n == (size_t)(strrchr(y, '.') - y) && memcmp(x, y, n) == 0;
  }
done:
  for (int k = 0; k < 2; k++) names_clear(&pictures[k]);
  names_clear(&folders);
  return status;
}

// Pictures and their label maps side by side are not two classes, unless they are named.
static cred_status check_no_pairs(const cred_images *images, const char *path,
                                  const name_list *folders,
                                  const cred_images_options *opt) {
  if (folders->n != 2 || opt->schema || opt->n_classes || opt->without_labels)
    return CRED_OK;
  const size_t maps = is_word_for_maps(folders->name[1]) ? 1 : 0;
  const char *labels = folders->name[maps], *pictures = folders->name[1 - maps];
  bool same = false;
  if (!is_word_for_maps(labels)) return CRED_OK;
  TRY(have_same_names(&same, path, pictures, labels));
  if (!same) return CRED_OK;
  const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
  FAIL(CRED_EDATA,
       "%s: holds the folders '%s' and '%s' with the same names in both: these are no "
       "classes, but pictures with label maps?\n"
       "did you mean '%s%s%s --labels %s%s%s'? (--classes %s,%s: they are classes)",
       images->source, pictures, labels, path, slash, pictures, path, slash, labels,
       folders->name[0], folders->name[1]);
}

static cred_status check_maps_folder(const char *path) {
  if (is_folder(path)) return CRED_OK;
  if (access(path, F_OK) != 0)
    FAIL(CRED_ENOINPUT, "%s: there is no such folder of label maps", path);
  FAIL(CRED_EDATA,
       "%s: a folder of label maps is expected; for a class a picture give a list of "
       "lines "
       "'PICTURE CLASS' in the place of the folder, without --labels",
       path);
}

static cred_status find_in_folder(cred_images *images, const char *path,
                                  const cred_images_options *opt) {
  name_list pictures = {0}, folders = {0};
  const char *maps = opt->without_labels ? NULL : opt->labels;
  cred_status status;
  if (maps) TRY_DONE(check_maps_folder(maps));
  TRY_DONE(list_folder(&pictures, &folders, path));
  if (!pictures.n && folders.n && maps)
    FAIL_DONE(CRED_EDATA,
              "%s: holds folders, but pictures are expected in it where --labels gives "
              "their label maps (without --labels each of its folders is a class)",
              path);
  if (pictures.n && folders.n && !maps && !opt->without_labels)
    FAIL_DONE(CRED_EDATA,
              "%s: holds pictures and folders: a folder a class, or pictures alone "
              "(with --labels FOLDER for label maps) are expected",
              path);
  if (!pictures.n && !folders.n)
    FAIL_DONE(CRED_EDATA, "%s: there are no pictures (.png, .jpg) in it", path);
  if (pictures.n) {
    TRY_DONE(add_folder(images, path, path, &pictures, NULL, maps));
    goto done;
  }
  TRY_DONE(check_no_pairs(images, path, &folders, opt));
  for (size_t i = 0; i < folders.n; i++)
    if (!note_ignored(images, opt, folders.name[i]))
      TRY_DONE(add_class_folder(images, path, folders.name[i], !opt->without_labels));
done:
  names_clear(&pictures);
  names_clear(&folders);
  return status;
}

// Where the name of a picture ends in a line: before a separator, and with its ending.
static size_t name_end(const char *line) {
  char part[4096];
  const size_t n = strlen(line);
  for (size_t i = 1; i <= n && i < sizeof part; i++) {
    if (line[i] && !strchr(" \t,;", line[i])) continue;
    memcpy(part, line, i);
    part[i] = 0;
    if (cred_image_is_name(part)) return i;
  }
  return 0;
}

static cred_status add_line(cred_images *images, const char *path, size_t n_folder,
                            size_t number, char *line, const cred_images_options *opt) {
  const size_t end = name_end(line);
  if (!end)
    FAIL(CRED_EDATA,
         "%s:%zu: '%.100s' does not begin with the name of a picture (.png, .jpg)", path,
         number, line);
  char *label = line + end + (line[end] != 0), *whole, *map = NULL;
  label += strspn(label, " \t,;");
  line[end] = 0;
  if (*label && note_ignored(images, opt, label)) return CRED_OK;
  if (opt->without_labels) *label = 0;
  if (*label && cred_image_is_name(label)) {
    TRY(*label == '/' ? cred__strdup(&map, label) : join(&map, path, n_folder, label));
    *label = 0;
  }
  const cred_status status =
      *line == '/' ? cred__strdup(&whole, line) : join(&whole, path, n_folder, line);
  if (status != CRED_OK) cred__free(map);
  TRY(status);
  return add_row(images, whole, *line == '/' ? 0 : n_folder, *label ? label : NULL, map);
}

static cred_status find_in_list(cred_images *images, const char *path,
                                const cred_images_options *opt) {
  unsigned char *bytes;
  size_t n, number = 0;
  TRY(cred__file_read(&bytes, &n, path, LIST_BYTES_MAX));
  const char *slash = strrchr(path, '/');
  const size_t n_folder = slash ? (size_t)(slash - path) : 0;
  cred_status status = CRED_OK;
  if (memchr(bytes, 0, n))
    status = cred__fail(CRED_EDATA,
                        "%s: a NUL byte: this is no picture, folder or list of pictures "
                        "(arrays of images belong to a model that was fitted to arrays)",
                        path);
  for (char *line = (char *)bytes; status == CRED_OK && line && *line;) {
    char *end = strchr(line, '\n'), *next = end ? end + 1 : NULL;
    number++;
    if (end) *end = 0;
    line += strspn(line, " \t\r");
    for (size_t k = strlen(line); k && strchr(" \t\r", line[k - 1]);) line[--k] = 0;
    if (*line && *line != '#')
      status = add_line(images, path, n_folder, number, line, opt);
    line = next;
  }
  cred__free(bytes);
  return status;
}

// One picture; its label map is a file, or that of its name in a folder.
static cred_status add_picture(cred_images *images, const char *path,
                               const cred_images_options *opt) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  const char *maps = opt->without_labels ? NULL : opt->labels;
  char *copy, *map = NULL;
  if (maps && cred_image_is_name(maps) && !is_folder(maps)) {
    TRY(cred__strdup(&map, maps));
  } else if (maps) {
    cred__text folder = {0};
    TRY(check_maps_folder(maps));
    cred__text_append(&folder, slash ? path : ".", slash ? (size_t)(slash - path) : 1);
    cred_status status = cred__text_status(&folder);
    if (status == CRED_OK) status = find_map(&map, maps, name, folder.s);
    cred__text_clear(&folder);
    TRY(status);
  }
  const cred_status status = cred__strdup(&copy, path);
  if (status != CRED_OK) cred__free(map);
  TRY(status);
  return add_row(images, copy, slash ? (size_t)(slash - path) : 0, NULL, map);
}

cred_status cred__images_find(cred_images *images, const char *path,
                              const cred_images_options *opt) {
  TRY(take_ignored(images, opt));
  if (is_folder(path)) {
    TRY(find_in_folder(images, path, opt));
  } else if (cred_image_is_name(path)) {
    TRY(add_picture(images, path, opt));
  } else {
    TRY(find_in_list(images, path, opt));
  }
  if (images->n_rows) return CRED_OK;
  FAIL(CRED_EDATA, "%s: there are no pictures in it", path);
}

static bool begins_with_picture(FILE *file) {
  char line[4096];
  if (!fgets(line, sizeof line, file)) return false;
  line[strcspn(line, "\r\n")] = 0;
  return name_end(line + strspn(line, " \t")) > 0;
}

bool cred_images_is_set(const char *path) {
  FILE *file;
  if (is_folder(path) || cred_image_is_name(path)) return true;
  if (!is_regular(path) || !(file = fopen(path, "rb"))) return false;
  const bool found = begins_with_picture(file);
  fclose(file);
  return found;
}

bool cred_images_has_header(const char *path) {
  FILE *file;
  if (!is_regular(path) || !(file = fopen(path, "rb"))) return false;
  const bool found = !begins_with_picture(file) && begins_with_picture(file);
  fclose(file);
  return found;
}
