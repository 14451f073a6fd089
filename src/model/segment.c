// segment.c -- pictures through draw after draw, tile by tile, on all threads.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "data/pixels.h"
#include "model/segment.h"
#include <math.h>
#include <string.h>

enum { REACH_SIDE = 512 };

// What a thread works with, made for one size of tile.
typedef struct {
  cred__network_work *net;
  cred_real *x, *theta;
  double *prob; // (pixels, C)
  cred_entropy_sums sums;
} worker;

struct cred_segmenter {
  const cred_model *model;
  cred_segment_options opt;
  size_t n_draws, n_threads, period, reach;
  cred_real table[4][256];
  size_t tile_height, tile_width; // of network and workers
  cred_network *network;
  worker *workers; // (n_threads)
};

cred_segment_options cred_segment_defaults(void) {
  const cred_segment_options opt = {.n_draws = 30, .tile = 512, .seed = 1};
  return opt;
}

void cred_segmentation_clear(cred_segmentation *s) {
  cred__free(s->label);
  cred__free(s->entropy);
  cred__free(s->expected_entropy);
  cred__free(s->mutual_information);
  cred__free(s->prob);
  *s = (cred_segmentation){0};
}

static void workers_clear(cred_segmenter *s) {
  for (size_t i = 0; s->workers && i < s->n_threads; i++) {
    worker *w = &s->workers[i];
    cred__network_work_free(w->net);
    cred__free(w->x);
    cred__free(w->theta);
    cred__free(w->prob);
    cred_entropy_clear(&w->sums);
    *w = (worker){0};
  }
  cred_network_free(s->network);
  s->network = NULL;
  s->tile_height = s->tile_width = 0;
}

void cred_segmenter_free(cred_segmenter *s) {
  if (!s) return;
  workers_clear(s);
  cred__free(s->workers);
  cred__free(s);
}

static cred_status check(const cred_model *m, const cred_segment_options *opt) {
  if (!m->schema->pixels.per_pixel)
    FAIL(CRED_ECONFIG, "the model has no class a pixel: fit it to pictures with label "
                       "maps (credence fit IMAGES --labels FOLDER)");
  if (opt->draws != CRED_DRAWS_AUTO && opt->draws != CRED_DRAWS_FUNCTION &&
      opt->draws != CRED_DRAWS_MEAN)
    FAIL(CRED_EINVAL, "draws of pictures are functions or their mean");
  if (opt->n_draws < 1 || opt->n_draws > 1000000)
    FAIL(CRED_EINVAL, "draws: %zu given, 1 to 1000000 are possible", opt->n_draws);
  if (opt->tile < 16 || opt->tile > CRED_IMAGE_SIDE_MAX)
    FAIL(CRED_EINVAL, "tile: a side of %zu, 16 to %d are possible", opt->tile,
         CRED_IMAGE_SIDE_MAX);
  return CRED_OK;
}

cred_status cred_segmenter_new(cred_segmenter **out, const cred_model *model,
                               const cred_segment_options *opt) {
  *out = NULL;
  TRY(check(model, opt));
  cred_segmenter *s = NULL;
  cred_status status = NEW(&s, 1, "a segmenter");
  if (status != CRED_OK) return status;
  const bool mean =
      opt->draws == CRED_DRAWS_MEAN || !cred_posterior_is_random(model->posterior);
  s->model = model;
  s->opt = *opt;
  if (mean) s->opt.draws = CRED_DRAWS_MEAN;
  s->n_draws = mean ? model->posterior->n_members
                    : cred_posterior_n_draws(model->posterior, opt->n_draws);
  s->n_threads = cred__n_threads(opt->n_threads);
  cred__pixel_table(s->table, &model->schema->pixels);
  TRY_DONE(NEW(&s->workers, s->n_threads, "a segmenter"));
  TRY_DONE(cred__network_period(&s->period, model));
  TRY_DONE(cred__network_reach(&s->reach, model, s->period, REACH_SIDE));
  *out = s;
  s = NULL;
done:
  cred_segmenter_free(s);
  return status;
}

size_t cred_segmenter_reach(const cred_segmenter *s) {
  return s->reach;
}

// Network and workers for tiles of this size.
static cred_status prepare(cred_segmenter *s, size_t height, size_t width) {
  if (s->tile_height == height && s->tile_width == width) return CRED_OK;
  const size_t n = height * width, n_classes = s->model->likelihood.n_classes;
  workers_clear(s);
  TRY(cred__network_of_size(&s->network, s->model, height, width));
  for (size_t i = 0; i < s->n_threads; i++) {
    worker *w = &s->workers[i];
    TRY(cred__network_work_new(&w->net, s->network, 1, 1, false, false));
    TRY(NEW(&w->x, cred_network_n_inputs(s->network), "a tile"));
    TRY(NEW(&w->theta, s->model->dim, "a draw"));
    TRY(NEW(&w->prob, n * n_classes, "a tile"));
    TRY(cred_entropy_init(&w->sums, n, n_classes));
  }
  s->tile_height = height, s->tile_width = width;
  return CRED_OK;
}

// One picture under way.
typedef struct {
  cred_image image; // of the model's channels and size; owned if it is another's
  bool owned;
  cred__tiling tiling;
  cred_segmentation out;
  double *weight; // (pixels) of blended tiles
} job;

typedef struct {
  cred_segmenter *s;
  job *jobs;
  size_t *first; // (n + 1) tile that a job begins at
  size_t n;
} batch;

static size_t mirrored(size_t i, size_t n) {
  const size_t at = i % (2 * n);
  return at < n ? at : 2 * n - 1 - at;
}

static void take_tile(cred_real *x, const cred_segmenter *s, const job *j,
                      const cred__tile *tile) {
  const size_t channels = j->image.channels;
  for (size_t r = 0; r < s->tile_height; r++) {
    const unsigned char *row = j->image.pixel + mirrored(tile->y + r, j->image.height) *
                                                    j->image.width * channels;
    for (size_t k = 0; k < s->tile_width; k++)
      cred__pixels_encode(x + (r * s->tile_width + k) * channels,
                          row + mirrored(tile->x + k, j->image.width) * channels, 1,
                          channels, (cred_real(*)[256])s->table);
  }
}

// Sums over draws of one tile.
static void draw_tile(cred_segmenter *s, worker *w, const job *j,
                      const cred__tile *tile) {
  const cred_model *m = s->model;
  const cred_key root = cred_key_make(s->opt.seed);
  const size_t n = s->tile_height * s->tile_width;
  const cred__place place = {.top = tile->y,
                             .left = tile->x,
                             .width = j->tiling.extent_width,
                             .tile_width = s->tile_width};
  const uint64_t row = 0;
  cred_entropy_reset(&w->sums, n);
  take_tile(w->x, s, j, tile);
  for (size_t k = 0; k < s->n_draws; k++) {
    const cred_member *member = cred_posterior_member(m->posterior, k);
    const bool mean = s->opt.draws == CRED_DRAWS_MEAN;
    cred__pass pass = {.mode = CRED__PLAIN,
                       .n_rows = 1,
                       .n_threads = 1,
                       .row = &row,
                       .key = cred_posterior_draw_key(&root, k),
                       .theta = member->mean,
                       .place = &place,
                       .shared_mask = true};
    pass.dropout = member->kind == CRED_POSTERIOR_DROPOUT && !mean;
    if (member->sd && !mean) {
      cred_posterior_draw(w->theta, m->posterior, k, &root, 1);
      pass.theta = w->theta;
    }
    const cred_real *out = cred__network_forward(s->network, w->net, &pass, w->x);
    cred_likelihood_class_log_prob(w->prob, &m->likelihood, out, n);
    for (size_t i = 0; i < n * m->likelihood.n_classes; i++) w->prob[i] = exp(w->prob[i]);
    cred_entropy_add(&w->sums, w->prob, 1.0);
  }
}

static void put_pixel(cred_segmentation *out, size_t at, const double *prob,
                      double expected) {
  const size_t c = out->n_classes;
  const double entropy = cred_entropy(prob, c);
  size_t best = 0;
  for (size_t k = 1; k < c; k++)
    if (prob[k] > prob[best]) best = k;
  out->label[at] = (unsigned char)best;
  out->entropy[at] = (float)entropy;
  out->mutual_information[at] = (float)fmax(0, entropy - expected);
  out->expected_entropy[at] = (float)fmin(entropy, expected);
  for (size_t k = 0; out->prob && k < c; k++) out->prob[at * c + k] = (float)prob[k];
}

static void put_core(const cred_segmenter *s, const worker *w, job *j,
                     const cred__tile *tile) {
  const size_t c = j->out.n_classes;
  double prob[256];
  for (size_t y = tile->core_y; y < tile->core_y + tile->core_height; y++)
    for (size_t x = tile->core_x; x < tile->core_x + tile->core_width; x++) {
      const size_t from = (y - tile->y) * s->tile_width + x - tile->x;
      for (size_t k = 0; k < c; k++)
        prob[k] = w->sums.prob[from * c + k] / w->sums.weight;
      put_pixel(&j->out, y * j->image.width + x, prob,
                w->sums.entropy[from] / w->sums.weight);
    }
}

static void tile_task(void *context, size_t task, size_t thread) {
  batch *b = context;
  size_t i = 0;
  while (task >= b->first[i + 1]) i++;
  job *j = &b->jobs[i];
  const cred__tile *tile = &j->tiling.tiles[task - b->first[i]];
  worker *w = &b->s->workers[thread];
  draw_tile(b->s, w, j, tile);
  put_core(b->s, w, j, tile);
}

// Blended: sums of w p and of w E[H], in the picture's arrays, one tile after the other.
static void blend_tile(const cred_segmenter *s, const worker *w, job *j,
                       const cred__tile *tile) {
  const size_t c = j->out.n_classes;
  for (size_t y = 0; y < tile->core_height; y++)
    for (size_t x = 0; x < tile->core_width; x++) {
      const size_t from = y * s->tile_width + x;
      const size_t at = (tile->y + y) * j->image.width + tile->x + x;
      const double v = cred__tile_weight(&j->tiling, tile, y, x), had = j->weight[at];
      for (size_t k = 0; k < c; k++) {
        const double p = w->sums.prob[from * c + k] / w->sums.weight;
        const double before = (double)j->out.prob[at * c + k];
        if (had > 0) j->out.seam = fmax(j->out.seam, fabs(p - before / had));
        j->out.prob[at * c + k] = (float)(before + v * p);
      }
      j->out.expected_entropy[at] += (float)(v * w->sums.entropy[from] / w->sums.weight);
      j->weight[at] += v;
    }
}

static void finish_blend(job *j) {
  const size_t c = j->out.n_classes;
  double prob[256];
  for (size_t i = 0; i < j->image.height * j->image.width; i++) {
    for (size_t k = 0; k < c; k++)
      prob[k] = (double)j->out.prob[i * c + k] / j->weight[i];
    put_pixel(&j->out, i, prob, (double)j->out.expected_entropy[i] / j->weight[i]);
  }
}

// Grey or colour, and the model's size, as it was fitted to.
static cred_status take_image(job *j, const cred_segmenter *s, const cred_image *image) {
  const cred_schema_pixels *p = &s->model->schema->pixels;
  const bool other =
      p->resized && (image->height != p->height || image->width != p->width);
  j->image = *image;
  if (image->channels == p->channels && !other) return CRED_OK;
  cred_image form;
  TRY(cred_image_new(&form, image->height, image->width, p->channels));
  for (size_t i = 0; i < image->height * image->width; i++) {
    const unsigned char *from = image->pixel + i * image->channels;
    unsigned char *to = form.pixel + i * p->channels;
    for (size_t c = 0; c < p->channels; c++)
      to[c] =
          image->channels == p->channels ? from[c]
          : image->channels == 3
              ? (unsigned char)((299 * from[0] + 587 * from[1] + 114 * from[2] + 500) /
                                1000)
              : from[0];
  }
  j->owned = true;
  j->image = form;
  if (!other) return CRED_OK;
  cred_image sized;
  cred_status status = cred_image_new(&sized, p->height, p->width, p->channels);
  if (status == CRED_OK) status = cred_image_resize(&sized, &form);
  cred_image_clear(&form);
  j->image = sized;
  return status;
}

static cred_status job_init(job *j, const cred_segmenter *s, const cred_image *image) {
  TRY(take_image(j, s, image));
  const size_t n = j->image.height * j->image.width, c = s->model->likelihood.n_classes;
  TRY(cred__tiling_init(&j->tiling, j->image.height, j->image.width, s->opt.tile,
                        s->reach, s->period));
  j->out = (cred_segmentation){.height = j->image.height,
                               .width = j->image.width,
                               .n_classes = c,
                               .n_tiles = j->tiling.n_tiles};
  TRY(NEW(&j->out.label, n, "maps"));
  TRY(NEW(&j->out.entropy, n, "maps"));
  TRY(NEW(&j->out.expected_entropy, n, "maps"));
  TRY(NEW(&j->out.mutual_information, n, "maps"));
  if (s->opt.prob || j->tiling.blend) TRY(NEW(&j->out.prob, n * c, "probabilities"));
  return j->tiling.blend ? NEW(&j->weight, n, "weights of tiles") : CRED_OK;
}

static void job_clear(job *j) {
  if (j->owned) cred_image_clear(&j->image);
  cred__tiling_clear(&j->tiling);
  cred_segmentation_clear(&j->out);
  cred__free(j->weight);
}

// A map of n numbers a pixel at another size: the nearest pixel's.
static cred_status stretch(void **map, size_t bytes, const cred_segmentation *s,
                           size_t height, size_t width) {
  unsigned char *from = *map, *to;
  if (!from) return CRED_OK;
  TRY(NEW(&to, height * width * bytes, "maps"));
  for (size_t i = 0; i < height; i++)
    for (size_t k = 0; k < width; k++) {
      const size_t y = (2 * i + 1) * s->height / (2 * height);
      const size_t x = (2 * k + 1) * s->width / (2 * width);
      memcpy(to + (i * width + k) * bytes, from + (y * s->width + x) * bytes, bytes);
    }
  cred__free(from);
  *map = to;
  return CRED_OK;
}

static cred_status bring_back(cred_segmentation *s, size_t height, size_t width) {
  if (s->height == height && s->width == width) return CRED_OK;
  TRY(stretch((void **)&s->label, 1, s, height, width));
  TRY(stretch((void **)&s->entropy, sizeof(float), s, height, width));
  TRY(stretch((void **)&s->expected_entropy, sizeof(float), s, height, width));
  TRY(stretch((void **)&s->mutual_information, sizeof(float), s, height, width));
  TRY(stretch((void **)&s->prob, s->n_classes * sizeof(float), s, height, width));
  s->height = height, s->width = width;
  return CRED_OK;
}

// Jobs [from, to) have tiles of one size, and none is blended, or it is one that is.
static cred_status run_jobs(cred_segmenter *s, job *jobs, size_t from, size_t to) {
  const cred__tiling *t = &jobs[from].tiling;
  TRY(prepare(s, t->tile_height, t->tile_width));
  if (t->blend) {
    for (size_t i = 0; i < t->n_tiles; i++) {
      draw_tile(s, &s->workers[0], &jobs[from], &t->tiles[i]);
      blend_tile(s, &s->workers[0], &jobs[from], &t->tiles[i]);
    }
    finish_blend(&jobs[from]);
    return CRED_OK;
  }
  batch b = {.s = s, .jobs = jobs + from, .n = to - from};
  TRY(NEW(&b.first, b.n + 1, "tiles"));
  for (size_t i = 0; i < b.n; i++)
    b.first[i + 1] = b.first[i] + jobs[from + i].tiling.n_tiles;
  cred__parallel(s->n_threads, b.first[b.n], tile_task, &b);
  cred__free(b.first);
  return CRED_OK;
}

static bool go_together(const job *a, const job *b) {
  return !a->tiling.blend && !b->tiling.blend &&
         a->tiling.tile_height == b->tiling.tile_height &&
         a->tiling.tile_width == b->tiling.tile_width;
}

cred_status cred_segmenter_run(cred_segmentation *out, cred_segmenter *s,
                               const cred_image *images, size_t n) {
  job *jobs = NULL;
  cred_status status;
  TRY_DONE(NEW(&jobs, n, "pictures"));
  for (size_t i = 0; i < n; i++) TRY_DONE(job_init(&jobs[i], s, &images[i]));
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && go_together(&jobs[i], &jobs[end]);) end++;
    TRY_DONE(run_jobs(s, jobs, i, end));
  }
  for (size_t i = 0; i < n; i++) {
    if (!s->opt.prob) {
      cred__free(jobs[i].out.prob);
      jobs[i].out.prob = NULL;
    }
    TRY_DONE(bring_back(&jobs[i].out, images[i].height, images[i].width));
  }
  for (size_t i = 0; i < n; i++) {
    out[i] = jobs[i].out;
    jobs[i].out = (cred_segmentation){0};
  }
done:
  for (size_t i = 0; jobs && i < n; i++) job_clear(&jobs[i]);
  cred__free(jobs);
  return status;
}
