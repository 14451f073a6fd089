// source_images.c -- pictures, of files or of an array, as a source: made ahead by
// threads into a ring of slots.
//
// Position k of the expected order stands in slot k mod n_slots from when a thread takes
// it up until the training loop has copied it. Threads take the lowest position that is
// free; the loop waits for its own. What stands in a slot is a function of (row, key), so
// that neither the number of threads nor their timing changes anything.

#include "base/alloc.h"
#include "base/fail.h"
#include "credence/data/source.h"
#include "data/images.h"
#include "data/pixels.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct cred_image_source {
  cred_source rows;
  const cred_images *images; // or
  const cred_data *data;     // of an array, with targets of its own
  size_t *which;             // (n_rows) of the pictures
  size_t height, width, channels;
  cred_augment augment;
  bool augmented;
  cred_real table[4][256];
  cred_real *class_weight; // (n_classes)
  size_t n_slots;          // 0: rows are at hand, nothing is made ahead
};

// What making one row takes.
typedef struct {
  unsigned char *pixel, *map, *new_pixel, *new_map;
} scratch;

typedef struct {
  enum { SLOT_FREE, SLOT_TAKEN, SLOT_READY } state;
  cred_real *x, *y, *weight;
  cred_status status;
  char message[512];
} slot;

enum { THREADS_MAX = 8 };

typedef struct {
  const cred_image_source *source;
  scratch own; // of the training loop
  // what follows is shared with the threads, under the lock
  pthread_mutex_t lock;
  pthread_cond_t work, ready;
  size_t n_threads;
  pthread_t threads[THREADS_MAX];
  scratch theirs[THREADS_MAX];
  slot *slots;   // (n_slots)
  size_t *order; // (n_rows) expected
  size_t n_order, n_taken, n_used;
  bool keyed, closing;
  cred_key key;
} reader;

static cred_status scratch_init(scratch *s, const cred_image_source *source) {
  const size_t n = source->height * source->width;
  TRY(NEW(&s->pixel, n * source->channels, "a picture"));
  TRY(NEW(&s->new_pixel, n * source->channels, "a picture"));
  TRY(NEW(&s->map, n, "a label map"));
  return NEW(&s->new_map, n, "a label map");
}

static void scratch_clear(scratch *s) {
  cred__free(s->pixel);
  cred__free(s->map);
  cred__free(s->new_pixel);
  cred__free(s->new_map);
}

static void put_labels(cred_real *y, cred_real *weight, const cred_image_source *s,
                       const unsigned char *map, size_t row) {
  const size_t n = s->rows.n_units;
  if (s->data) {
    memcpy(y, s->data->y + row * s->rows.n_targets, s->rows.n_targets * sizeof *y);
    if (s->data->weight) *weight = s->data->weight[row];
    return;
  }
  if (!s->images->per_pixel) {
    *y = (cred_real)s->images->rows[row].label;
    if (s->rows.weighted) *weight = s->class_weight[s->images->rows[row].label];
    return;
  }
  cred__map_encode(y, map, n);
  for (size_t i = 0; i < n; i++)
    weight[i] = map[i] < CRED_CLASS_UNKNOWN ? s->class_weight[map[i]] : 0;
}

static cred_status make_row(cred_real *x, cred_real *y, cred_real *weight, scratch *own,
                            const cred_image_source *s, size_t at, const cred_key *key) {
  const size_t row = s->data ? at : s->which[at];
  const bool maps = s->images && s->images->per_pixel;
  const unsigned char *pixel = own->pixel, *map = own->map;
  if (s->data)
    TRY(cred__byte_row(&pixel, own->pixel, s->data->bytes, s->data->row[row]));
  else
    TRY(cred_images_read_row(own->pixel, maps ? own->map : NULL, s->images, row));
  if (s->augmented && key) {
    const cred_key row_key =
        cred_key_derive(key, CRED_FOR_AUGMENT, s->data ? s->data->row[row] : row);
    cred_augment_apply(own->new_pixel, own->new_map, &s->augment, pixel,
                       maps ? own->map : NULL, s->height, s->width, s->channels,
                       &row_key);
    pixel = own->new_pixel, map = own->new_map;
  }
  cred__pixels_encode(x, pixel, s->height * s->width, s->channels,
                      (cred_real(*)[256])s->table);
  put_labels(y, weight, s, map, row);
  return CRED_OK;
}

static void *work(void *context) {
  reader *r = context;
  const cred_image_source *s = r->source;
  pthread_mutex_lock(&r->lock);
  scratch *own = NULL;
  for (size_t i = 0; i < r->n_threads; i++)
    if (pthread_equal(r->threads[i], pthread_self())) own = &r->theirs[i];
  while (!r->closing) {
    const size_t at = r->n_taken;
    if (at >= r->n_order || at >= r->n_used + s->n_slots) {
      pthread_cond_wait(&r->work, &r->lock);
      continue;
    }
    slot *to = &r->slots[at % s->n_slots];
    const size_t row = r->order[at];
    const cred_key key = r->key;
    const bool keyed = r->keyed;
    to->state = SLOT_TAKEN;
    r->n_taken++;
    pthread_mutex_unlock(&r->lock);
    const cred_status status =
        make_row(to->x, to->y, to->weight, own, s, row, keyed ? &key : NULL);
    pthread_mutex_lock(&r->lock);
    to->status = status;
    if (status != CRED_OK)
      snprintf(to->message, sizeof to->message, "%s", cred_error_message());
    to->state = SLOT_READY;
    pthread_cond_broadcast(&r->ready);
  }
  pthread_mutex_unlock(&r->lock);
  return NULL;
}

static void reader_free(void *p) {
  reader *r = p;
  if (!r) return;
  pthread_mutex_lock(&r->lock);
  r->closing = true;
  pthread_cond_broadcast(&r->work);
  pthread_mutex_unlock(&r->lock);
  for (size_t i = 0; i < r->n_threads; i++) pthread_join(r->threads[i], NULL);
  pthread_cond_destroy(&r->work);
  pthread_cond_destroy(&r->ready);
  pthread_mutex_destroy(&r->lock);
  for (size_t i = 0; r->slots && i < r->source->n_slots; i++) {
    cred__free(r->slots[i].x);
    cred__free(r->slots[i].y);
    cred__free(r->slots[i].weight);
  }
  for (size_t i = 0; i < THREADS_MAX; i++) scratch_clear(&r->theirs[i]);
  scratch_clear(&r->own);
  cred__free(r->slots);
  cred__free(r->order);
  cred__free(r);
}

static cred_status slots_new(reader *r) {
  const cred_image_source *s = r->source;
  TRY(NEW(&r->slots, s->n_slots, "pictures made ahead"));
  TRY(NEW(&r->order, s->rows.n_rows, "the order of an epoch"));
  for (size_t i = 0; i < s->n_slots; i++) {
    TRY(NEW(&r->slots[i].x, s->rows.n_inputs, "pictures made ahead"));
    TRY(NEW(&r->slots[i].y, s->rows.n_units * s->rows.n_targets, "pictures made ahead"));
    TRY(NEW(&r->slots[i].weight, s->rows.n_units, "pictures made ahead"));
  }
  return CRED_OK;
}

static cred_status threads_start(reader *r, size_t n_threads) {
  if (n_threads < 1) n_threads = 1;
  if (n_threads > THREADS_MAX) n_threads = THREADS_MAX;
  for (size_t i = 0; i < n_threads; i++) TRY(scratch_init(&r->theirs[i], r->source));
  pthread_mutex_lock(&r->lock); // they find their own scratch once all are there
  while (r->n_threads < n_threads &&
         pthread_create(&r->threads[r->n_threads], NULL, work, r) == 0)
    r->n_threads++;
  pthread_mutex_unlock(&r->lock);
  return CRED_OK; // without a thread the loop makes its rows itself
}

static cred_status reader_new(void **out, const void *self, size_t n_threads) {
  const cred_image_source *s = self;
  reader *r;
  *out = NULL;
  TRY(NEW(&r, 1, "a reader of pictures"));
  r->source = s;
  pthread_mutex_init(&r->lock, NULL);
  pthread_cond_init(&r->work, NULL);
  pthread_cond_init(&r->ready, NULL);
  cred_status status = scratch_init(&r->own, s);
  if (status == CRED_OK && s->n_slots) status = slots_new(r);
  if (status == CRED_OK && s->n_slots) status = threads_start(r, n_threads);
  if (status != CRED_OK) {
    reader_free(r);
    return status;
  }
  *out = r;
  return CRED_OK;
}

// Slots under way are waited for: a thread writes into each that is taken.
static void expect(void *p, const size_t *rows, size_t n, const cred_key *key) {
  reader *r = p;
  const size_t n_slots = r->source->n_slots;
  if (!r->n_threads) return;
  pthread_mutex_lock(&r->lock);
  r->n_order = 0; // no more are taken
  for (size_t i = 0; i < n_slots; i++) {
    while (r->slots[i].state == SLOT_TAKEN) pthread_cond_wait(&r->ready, &r->lock);
    r->slots[i].state = SLOT_FREE;
  }
  memcpy(r->order, rows, n * sizeof *rows);
  r->n_order = n, r->n_taken = r->n_used = 0;
  r->keyed = key != NULL;
  if (key) r->key = *key;
  pthread_cond_broadcast(&r->work);
  pthread_mutex_unlock(&r->lock);
}

static bool same_key(const reader *r, const cred_key *key) {
  return r->keyed == (key != NULL) && (!key || memcmp(key, &r->key, sizeof *key) == 0);
}

// The next row from its slot; false if another one is expected.
static bool take_ahead(cred_status *status, reader *r, cred_real *x, cred_real *y,
                       cred_real *weight, size_t row, const cred_key *key) {
  const cred_source *rows = &r->source->rows;
  pthread_mutex_lock(&r->lock);
  const bool next =
      r->n_used < r->n_order && r->order[r->n_used] == row && same_key(r, key);
  if (!next) {
    pthread_mutex_unlock(&r->lock);
    return false;
  }
  slot *from = &r->slots[r->n_used % r->source->n_slots];
  while (from->state != SLOT_READY) pthread_cond_wait(&r->ready, &r->lock);
  pthread_mutex_unlock(&r->lock); // it is ours until it is given back
  memcpy(x, from->x, rows->n_inputs * sizeof *x);
  memcpy(y, from->y, rows->n_units * rows->n_targets * sizeof *y);
  if (rows->weighted) memcpy(weight, from->weight, rows->n_units * sizeof *weight);
  *status = from->status;
  if (from->status != CRED_OK) cred__fail_copy(from->message);
  pthread_mutex_lock(&r->lock);
  from->state = SLOT_FREE;
  r->n_used++;
  pthread_cond_signal(&r->work);
  pthread_mutex_unlock(&r->lock);
  return true;
}

static cred_status gather(void *p, cred_real *x, cred_real *y, cred_real *weight,
                          const size_t *rows, size_t n, const cred_key *key) {
  reader *r = p;
  const cred_image_source *s = r->source;
  for (size_t i = 0; i < n; i++) {
    cred_real *to_x = x + i * s->rows.n_inputs,
              *to_y = y + i * s->rows.n_units * s->rows.n_targets;
    cred_real *to_weight = s->rows.weighted ? weight + i * s->rows.n_units : NULL;
    cred_status status = CRED_OK;
    if (!r->n_threads || !take_ahead(&status, r, to_x, to_y, to_weight, rows[i], key))
      status = make_row(to_x, to_y, to_weight, &r->own, s, rows[i], key);
    TRY(status);
  }
  return CRED_OK;
}

// A new source of these sizes; ahead: rows are made ahead.
static cred_status source_new(cred_image_source **out, cred_source rows, size_t height,
                              size_t width, size_t channels, const cred_augment *augment,
                              bool ahead, size_t ahead_bytes) {
  cred_image_source *s;
  *out = NULL;
  TRY(NEW(&s, 1, "a source of pictures"));
  s->height = height, s->width = width, s->channels = channels;
  s->augment = *augment;
  s->augmented = !cred_augment_is_none(augment);
  s->rows = rows;
  s->rows.n_inputs = height * width * channels;
  s->rows.self = s;
  s->rows.reader_new = reader_new;
  s->rows.reader_free = reader_free;
  s->rows.expect = expect;
  s->rows.gather = gather;
  if (s->augmented || ahead) {
    const size_t each = s->rows.n_inputs + rows.n_units * (rows.n_targets + 1);
    s->n_slots = ahead_bytes / (each * sizeof(cred_real));
    s->n_slots = s->n_slots < 2 ? 2 : s->n_slots > 1024 ? 1024 : s->n_slots;
  }
  *out = s;
  return CRED_OK;
}

cred_status cred_image_source_new(cred_image_source **out, const cred_images *images,
                                  const size_t *rows, size_t n_rows,
                                  const cred_schema *schema, const cred_augment *augment,
                                  const double *class_weight, size_t ahead_bytes) {
  const cred_source sizes = {.n_rows = rows ? n_rows : images->n_rows,
                             .n_units =
                                 images->per_pixel ? images->height * images->width : 1,
                             .n_targets = 1,
                             .weighted = images->per_pixel || class_weight};
  cred_image_source *s = NULL;
  cred_status status;
  TRY_DONE(source_new(&s, sizes, images->height, images->width, images->channels, augment,
                      !images->pixels, ahead_bytes));
  s->images = images;
  cred__pixel_table(s->table, &schema->pixels);
  TRY_DONE(NEW(&s->class_weight, images->n_classes, "class weights"));
  TRY_DONE(NEW(&s->which, s->rows.n_rows, "row numbers"));
  for (size_t i = 0; i < s->rows.n_rows; i++) s->which[i] = rows ? rows[i] : i;
  for (size_t c = 0; c < images->n_classes; c++)
    s->class_weight[c] = class_weight ? (cred_real)class_weight[c] : 1;
  *out = s;
  s = NULL;
done:
  if (status != CRED_OK) *out = NULL;
  cred_image_source_free(s);
  return status;
}

cred_status cred_image_source_of_data(cred_image_source **out, const cred_data *data,
                                      const cred_augment *augment, size_t ahead_bytes) {
  const cred_byte_rows *bytes = data->bytes;
  const cred_source sizes = {.n_rows = data->n_rows,
                             .n_units = 1,
                             .n_targets = data->n_targets,
                             .weighted = data->weight != NULL};
  *out = NULL;
  if (!bytes || bytes->images)
    FAIL(CRED_ECONFIG,
         "augmentation is of pictures: of folders and lists of them, and of "
         "arrays of bytes (IDX, NPY, NPZ) of at most 4 channels");
  TRY(source_new(out, sizes, bytes->height, bytes->width, bytes->channels, augment, false,
                 ahead_bytes));
  (*out)->data = data;
  memcpy((*out)->table, bytes->table, sizeof bytes->table);
  return CRED_OK;
}

void cred_image_source_free(cred_image_source *source) {
  if (!source) return;
  cred__free(source->class_weight);
  cred__free(source->which);
  cred__free(source);
}

const cred_source *cred_image_source_rows(const cred_image_source *source) {
  return &source->rows;
}
