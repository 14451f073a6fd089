// npz.c -- arrays in a zip archive, through libzip, which is opened when the first
// archive is read: linked in it would bring a cryptography library into every start.
//
// Names of members are only compared and shown, never used as paths. A member is
// decompressed piece by piece into memory that grows with what comes, and must be as long
// as its header says.

#include "data/array.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

enum { MEMBERS_MAX = 10000, NAME_MAX_SHOWN = 300 };

#define ZIP_CALLS(row)                                                                   \
  row(zip_open) row(zip_discard) row(zip_get_num_entries) row(zip_stat_index)            \
      row(zip_fopen_index) row(zip_fread) row(zip_fclose)

typedef struct {
#define ROW(name) __typeof__(name) *name;
  ZIP_CALLS(ROW)
#undef ROW
  zip_t *file;
  const char *path;
} archive;

static cred_status load_calls(archive *a) {
  static const char *const names[] = {"libzip.so.5", "libzip.so.4", "libzip.so"};
  void *library = NULL;
  for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library)
    FAIL(CRED_EUNAVAILABLE,
         "%s: an NPZ archive needs the library libzip, which is not here "
         "(Debian: libzip4)",
         a->path);
  bool all = true;
#define ROW(name) *(void **)&a->name = dlsym(library, #name), all &= a->name != NULL;
  ZIP_CALLS(ROW)
#undef ROW
  dlclose(library); // stays loaded: RTLD_NODELETE
  if (!all) FAIL(CRED_EUNAVAILABLE, "%s: the library libzip lacks a function", a->path);
  return CRED_OK;
}

static cred_status open_archive(archive *a, const char *path) {
  memset(a, 0, sizeof *a);
  a->path = path;
  if (strcmp(path, "-") == 0)
    FAIL(CRED_EINVAL,
         "an NPZ archive cannot be read from standard input, a file is needed");
  TRY(load_calls(a));
  int code = 0;
  a->file = a->zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code);
  if (!a->file)
    FAIL(code == ZIP_ER_MEMORY ? CRED_ENOMEM : CRED_EDATA,
         "%s: not a sound zip archive (libzip code %d)", path, code);
  const zip_int64_t n = a->zip_get_num_entries(a->file, 0);
  if (n > MEMBERS_MAX)
    FAIL(CRED_EDATA, "%s: %lld members, at most %d are read", path, (long long)n,
         MEMBERS_MAX);
  return CRED_OK;
}

// A member that is being read.
typedef struct {
  archive *a;
  zip_file_t *file;
} member;

static long member_read(void *handle, void *out, size_t n) {
  member *m = handle;
  return (long)m->a->zip_fread(m->file, out, n);
}

static const char *member_problem(void *handle) {
  (void)handle;
  return "a damaged member";
}

// Largest factor of deflate, with some room: 1 bit for 258 bytes is 2064.
enum { FACTOR_MAX = 2100 };

static cred_status read_member(cred_table **out, archive *a, size_t index,
                               size_t rows_max, const char *column_name) {
  zip_stat_t stat;
  member m = {a, NULL};
  cred__input input = {0};
  cred__array array;
  char name[NAME_MAX_SHOWN + 512];
  if (a->zip_stat_index(a->file, index, 0, &stat) != 0)
    FAIL(CRED_EDATA, "%s: member %zu cannot be read", a->path, index);
  snprintf(name, sizeof name, "%.500s: %.300s", a->path, stat.name);
  if (stat.size / FACTOR_MAX > stat.comp_size)
    FAIL(CRED_EDATA, "%s: %llu bytes that unpack to %llu cannot be", name,
         (unsigned long long)stat.comp_size, (unsigned long long)stat.size);
  m.file = a->zip_fopen_index(a->file, index, 0);
  if (!m.file)
    FAIL(CRED_EDATA, "%s: cannot be unpacked (an unknown method, or a password)", name);
  cred_status status = CRED_OK;
  TRY_DONE(cred__input_over(&input, name,
                            (cred__bytes){&m, member_read, member_problem, NULL, NULL}));
  TRY_DONE(cred__input_fill(&input, CRED__INPUT_BYTES));
  input.first_block = true;
  input.file_bytes = stat.size; // for the check of the header
  TRY_DONE(cred__npy_head(&array, &input));
  input.file_bytes = SIZE_MAX; // memory is given as bytes come: the size is only a claim
  TRY_DONE(cred__array_take(out, &input, &array, 0, rows_max, column_name));
done:
  a->zip_fclose(m.file);
  cred__input_clear(&input);
  return status;
}

// Length of a name without ".npy", 0 where it is none.
static size_t stem(const char *name) {
  const size_t n = strlen(name);
  return n > 4 && strcmp(name + n - 4, ".npy") == 0 ? n - 4 : 0;
}

static const char *member_name(archive *a, size_t index) {
  zip_stat_t stat;
  if (a->zip_stat_index(a->file, index, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_NAME))
    return "";
  return stat.name;
}

typedef struct {
  char **names; // without ".npy"
  size_t *index;
  size_t n;
} member_list;

static void clear_list(member_list *list) {
  for (size_t i = 0; list->names && i < list->n; i++) cred__free(list->names[i]);
  cred__free(list->names);
  cred__free(list->index);
}

static cred_status list_members(member_list *list, archive *a) {
  const size_t n = (size_t)a->zip_get_num_entries(a->file, 0);
  TRY(NEW(&list->names, n, "the members of an archive"));
  TRY(NEW(&list->index, n, "the members of an archive"));
  for (size_t i = 0; i < n; i++) {
    const char *name = member_name(a, i);
    const size_t length = stem(name);
    if (length == 0) continue;
    TRY(cred__strdup(&list->names[list->n], name));
    list->names[list->n][length] = 0;
    list->index[list->n++] = i;
  }
  if (list->n == 0) FAIL(CRED_EDATA, "%s: there is no array (.npy) in it", a->path);
  return CRED_OK;
}

// "(4708, 28, 28) uint8", as numpy says it; what cannot be read is told by whoever reads
// it.
static void put_shape(cred__text *out, archive *a, size_t index) {
  member m = {a, a->zip_fopen_index(a->file, index, 0)};
  cred__input input = {0};
  cred__array array;
  const char *kind = "";
  if (m.file &&
      cred__input_over(&input, a->path,
                       (cred__bytes){&m, member_read, member_problem, NULL, NULL}) ==
          CRED_OK &&
      cred__input_fill(&input, CRED__INPUT_BYTES) == CRED_OK) {
    input.first_block = true;
    input.file_bytes = SIZE_MAX;
    if (cred__npy_head(&array, &input) == CRED_OK) {
      kind = array.kind == 'b'   ? "bool"
             : array.kind == 'u' ? "uint"
             : array.kind == 'i' ? "int"
                                 : "float";
      for (size_t i = 0; i < array.rank; i++)
        cred__text_printf(out, "%s%zu", i ? ", " : " (", array.shape[i]);
      cred__text_printf(out, "%s) %s", array.rank == 1 ? "," : "", kind);
      if (array.kind != 'b') cred__text_printf(out, "%zu", 8 * array.n_bytes);
    }
  }
  if (m.file) a->zip_fclose(m.file);
  cred__input_clear(&input);
}

// "'x' (100, 28, 28) uint8, 'y' (100,) int64": the arrays that there are.
static void put_list(cred__text *out, archive *a, const member_list *list) {
  enum { SHOWN_MAX = 12 };
  for (size_t i = 0; i < list->n && i < SHOWN_MAX; i++) {
    cred__text_printf(out, "%s'%.60s'", i ? ", " : "", list->names[i]);
    put_shape(out, a, list->index[i]);
  }
  if (list->n > SHOWN_MAX) cred__text_printf(out, ", ... %zu in all", list->n);
}

static cred_status fail_no_array(archive *a, const member_list *list, const char *wanted,
                                 const char *near) {
  cred__text all = {0};
  put_list(&all, a, list);
  const cred_status status =
      cred__fail(CRED_EDATA, "%s: there is no array '%.100s' in it%s%.100s%s it has %s",
                 a->path, wanted, near ? "; did you mean '" : "", near ? near : "",
                 near ? "'?" : ";", all.s ? all.s : "others");
  cred__text_clear(&all);
  return status;
}

static cred_status fail_rows(archive *a, const member_list *list) {
  cred__text all = {0};
  put_list(&all, a, list);
  const cred_status status =
      cred__fail(CRED_EDATA,
                 "%s: its %zu arrays differ in rows: choose one with --member; it has %s",
                 a->path, list->n, all.s ? all.s : "several");
  cred__text_clear(&all);
  return status;
}

static cred_status choose(size_t *at, archive *a, const member_list *list,
                          const char *wanted) {
  size_t n = stem(wanted);
  if (n == 0) n = strlen(wanted);
  for (*at = 0; *at < list->n; ++*at)
    if (strlen(list->names[*at]) == n && memcmp(list->names[*at], wanted, n) == 0)
      return CRED_OK;
  return fail_no_array(a, list, wanted,
                       cred__nearest(wanted, (const char *const *)list->names, list->n));
}

// All members side by side, columns called after them.
static cred_status read_all_members(cred_table **out, archive *a, const member_list *list,
                                    size_t rows_max) {
  cred_table *table = NULL, *next = NULL, *both = NULL;
  cred_status status = CRED_OK;
  TRY_DONE(read_member(&table, a, list->index[0], rows_max, list->names[0]));
  for (size_t i = 1; i < list->n; i++) {
    TRY_DONE(read_member(&next, a, list->index[i], rows_max, list->names[i]));
    if (next->n_rows != table->n_rows) {
      status = fail_rows(a, list);
      goto done;
    }
    TRY_DONE(cred_table_join(&both, table, next, NULL));
    cred_table_free(table);
    cred_table_free(next);
    table = both;
    next = NULL;
  }
  *out = table;
  table = NULL;
done:
  cred_table_free(table);
  cred_table_free(next);
  return status;
}

cred_status cred__npz_read(cred_table **out, const char *path,
                           const cred_table_options *opt) {
  archive a;
  member_list list = {0};
  const size_t rows_max = opt->rows_max ? opt->rows_max : SIZE_MAX;
  size_t at = 0;
  cred_status status = CRED_OK;
  TRY_DONE(open_archive(&a, path));
  TRY_DONE(list_members(&list, &a));
  if (opt->member) TRY_DONE(choose(&at, &a, &list, opt->member));
  if (opt->member || list.n == 1)
    TRY_DONE(read_member(out, &a, list.index[at], rows_max, NULL));
  else
    TRY_DONE(read_all_members(out, &a, &list, rows_max));
  if (opt->member || list.n == 1) {
    cred__free((*out)->source);
    (*out)->source = NULL;
    status = cred__strdup(&(*out)->source, path);
    if (status != CRED_OK) cred_table_free(*out), *out = NULL;
  }
done:
  if (a.file) a.zip_discard(a.file);
  clear_list(&list);
  return status;
}
