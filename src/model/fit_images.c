// fit_images.c -- from a set of pictures to a fitted model, and on from where it stopped.

#include "base/alloc.h"
#include "base/fail.h"
#include "model/model.h"
#include <string.h>

// Classes of the rows for stratified splits; NULL where there are label maps.
static cred_status make_stratum(int32_t **out, const cred_images *images,
                                const size_t *rows, size_t n_rows) {
  *out = NULL;
  if (cred_images_per_pixel(images)) return CRED_OK;
  TRY(NEW(out, n_rows, "strata"));
  for (size_t i = 0; i < n_rows; i++)
    (*out)[i] = cred_images_label(images, rows ? rows[i] : i);
  return CRED_OK;
}

// The pictures that train, where one part of the rows is held out; all, where the members
// have folds of their own.
static cred_status training_part(size_t **out, size_t *n_out, const size_t *rows,
                                 size_t n_rows, const int32_t *stratum,
                                 const cred__plan *plan) {
  const cred_model probe = {.plan = *plan};
  cred_split split = {0};
  if (plan->folds) {
    TRY(NEW(&split.train, n_rows, "training rows"));
    for (size_t i = 0; i < n_rows; i++) split.train[i] = i;
    split.n_train = n_rows;
  } else
    TRY(cred__member_split(&split, &probe, n_rows, stratum, 0));
  for (size_t i = 0; rows && i < split.n_train; i++)
    split.train[i] = rows[split.train[i]];
  *out = split.train, *n_out = split.n_train;
  split.train = NULL;
  cred_split_clear(&split);
  return CRED_OK;
}

static cred_status weigh(cred__plan *plan, const cred_images *images, const size_t *rows,
                         size_t n_rows) {
  const size_t n = cred_images_n_classes(images);
  double *count;
  if (!plan->class_weights) return CRED_OK;
  TRY(NEW(&count, n, "class weights"));
  cred_status status = cred_images_count(count, images, rows, n_rows);
  if (status == CRED_OK) status = cred__plan_weigh_classes(plan, count, n);
  cred__free(count);
  return status;
}

static cred_status train(cred_model *m, cred_fit_info *info, const cred_images *images,
                         size_t n_threads, cred_progress_fn progress, void *context) {
  const size_t n_classes = cred_images_n_classes(images);
  const size_t n_rows = m->rows ? m->n_rows : cred_images_n_rows(images);
  cred_image_source *source = NULL;
  int32_t *stratum = NULL;
  double *weights = NULL;
  cred_augment augment;
  cred_status status;
  TRY_DONE(cred_augment_parse(&augment, m->plan.augment ? m->plan.augment : ""));
  if (m->plan.class_weights) {
    TRY_DONE(NEW(&weights, n_classes, "class weights"));
    TRY_DONE(cred__plan_class_weights(weights, &m->plan, n_classes));
  }
  TRY_DONE(make_stratum(&stratum, images, m->rows, n_rows));
  TRY_DONE(cred_image_source_new(&source, images, m->rows, m->n_rows, m->schema, &augment,
                                 weights, CRED__AHEAD_BYTES));
  TRY_DONE(cred__model_train(m, info, cred_image_source_rows(source), stratum, 0,
                             n_threads, progress, context));
done:
  cred_image_source_free(source);
  cred__free(stratum);
  cred__free(weights);
  return status;
}

cred_status cred_model_fit_images(cred_model **out, cred_fit_info *info,
                                  const cred_images *images, const size_t *rows,
                                  size_t n_rows, const char *target,
                                  const cred_fit_options *opt) {
  *out = NULL;
  if (!rows) n_rows = cred_images_n_rows(images);
  cred_schema *schema = NULL;
  cred__plan plan = {0};
  int32_t *stratum = NULL;
  size_t *training = NULL, n_training = 0;
  cred_model *m = NULL;
  cred_status status;
  if (opt->noise != 0)
    FAIL(CRED_ECONFIG, "a known noise is of numbers, pictures have classes");
  TRY_DONE(cred_images_learn(&schema, images, rows, n_rows, target));
  TRY_DONE(cred__plan_resolve(&plan, opt, schema, n_rows));
  TRY_DONE(make_stratum(&stratum, images, rows, n_rows));
  cred_schema_free(schema);
  schema = NULL;
  TRY_DONE(training_part(&training, &n_training, rows, n_rows, stratum, &plan));
  TRY_DONE(cred_images_learn(&schema, images, training, n_training, target));
  TRY_DONE(weigh(&plan, images, training, n_training));
  status = cred__model_assemble(&m, &plan, schema); // takes both over
  schema = NULL;
  if (status != CRED_OK) goto done;
  TRY_DONE(cred__model_make_members(m));
  memcpy(m->data_digest, cred_images_digest(images), 16);
  if (rows) {
    TRY_DONE(NEW(&m->rows, n_rows, "rows"));
    memcpy(m->rows, rows, n_rows * sizeof *rows);
    m->n_rows = n_rows;
  }
  TRY_DONE(train(m, info, images, opt->n_threads, opt->progress, opt->progress_context));
  *out = m;
  m = NULL;
done:
  cred_model_free(m);
  cred__plan_clear(&plan);
  cred_schema_free(schema);
  cred__free(stratum);
  cred__free(training);
  return status;
}

cred_status cred_model_resume_images(cred_model *m, cred_fit_info *info,
                                     const cred_images *images, size_t epochs,
                                     size_t n_threads, cred_progress_fn progress,
                                     void *context) {
  TRY(cred__model_check_resume(m, cred_images_source(images), cred_images_digest(images),
                               epochs));
  if (!m->schema->pixels.height)
    FAIL(CRED_EDATA, "%s: pictures, but the model was fitted to a table",
         cred_images_source(images));
  const uint64_t before = cred__model_steps(m);
  const cred_status status = train(m, info, images, n_threads, progress, context);
  cred__model_end_resume(m, before);
  return status;
}
