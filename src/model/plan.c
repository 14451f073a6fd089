// plan.c -- the recommended recipe: every "auto" of a fit resolved by the task and the
// size.
//
// docs/results/uci.md says where the numbers come from and what was compared.

#include "model/model.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

cred_fit_options cred_fit_defaults(void) {
  const cred_fit_options opt = {.method = cred_method_defaults(),
                                .schedule = {.kind = CRED_RATE_COSINE, .hold = 0.3},
                                .dropout = NAN,
                                .validation = NAN,
                                .seed = 1};
  return opt;
}

enum { NET_BYTES = 256, STAGES_MAX = 5, SIDE_LEFT = 12, DENSE_MAX = 4096 };

// What the recipe chooses for data of this size.
typedef struct {
  cred_fit_posterior posterior;
  const char *net, *likelihood, *prior;
  char picture_net[NET_BYTES]; // where net is NULL
  size_t n_members, steps, batch;
  bool folds;
  double dropout, rate, validation;
} recipe;

enum { SMALL_ROWS = 20000, TABLE_STEPS = 10000, TABLE_MEMBERS = 10, LARGE_EPOCHS = 40 };

static const char *auto_likelihood(const cred_schema *schema) {
  const cred_schema_target *target = &schema->targets[0];
  if (target->type == CRED_TARGET_COUNT) return "poisson";
  if (target->type == CRED_TARGET_NUMBER) return "student-t";
  return target->n_classes == 2 ? "bernoulli" : "categorical";
}

enum { PICTURE_STEPS = 2000, PICTURE_EPOCHS = 12, PICTURES_MANY = 10000 };

// A class a pixel, where two halvings leave whole maps (Ronneberger et al. 2015); 200
// pictures of `demo shapes` take a minute of one core and reach a mean IoU above 0.7.
static const char pixel_net[] = "unet 12 24 48";

// Else convolutions whose steps double see 31 pixels without making the map smaller: Yu &
// Koltun (2016), section 3.
static const char context_net[] =
    "conv 16 3 same relu, conv 24 3 same dilation 2 relu, "
    "conv 32 3 same dilation 4 relu, conv 32 3 same dilation 8 relu";

static size_t smaller_of(size_t a, size_t b) {
  return a < b ? a : b;
}

// Convolutions and poolings until the map is small, then a dense layer, as LeNet-5 (LeCun
// et al. 1998): 28 x 28 is "conv 16 5 relu, pool 2, conv 32 5 relu, pool 2, dense 64
// relu", 47,000 parameters. Of a large map that is left the mean is taken.
static void small_net(char out[NET_BYTES], cred_shape shape) {
  size_t height = shape.height, width = shape.width, channels = 16, n = 0;
  out[0] = 0;
  for (int stage = 0; stage < STAGES_MAX; stage++) {
    const size_t side = smaller_of(height, width);
    if (stage > 0 && side < SIDE_LEFT) break;
    const size_t window = stage < 2 && side >= SIDE_LEFT ? 5 : 3;
    const bool same = side < SIDE_LEFT, pool = side >= 4;
    n += (size_t)snprintf(out + n, NET_BYTES - n, "conv %zu %zu%s relu, %s", channels,
                          window, same ? " same" : "", pool ? "pool 2, " : "");
    if (!same) height -= window - 1, width -= window - 1;
    if (pool) height /= 2, width /= 2;
    channels = smaller_of(2 * channels, 64);
  }
  snprintf(out + n, NET_BYTES - n, "%sdense 64 relu",
           height * width * channels > DENSE_MAX ? "globalpool, " : "");
}

// One network of a few layers: what a person can wait for.
static void recommend_pictures(recipe *r, const cred_schema *schema, size_t n) {
  const bool per_pixel = schema->pixels.per_pixel;
  const bool halves = schema->shape.height % 4 == 0 && schema->shape.width % 4 == 0;
  small_net(r->picture_net, schema->shape);
  r->net = per_pixel ? (halves ? pixel_net : context_net) : NULL;
  r->likelihood = per_pixel ? "categorical" : r->likelihood;
  r->n_members = 1;
  r->folds = false;
  r->dropout = per_pixel ? 0.05 : 0.2;
  r->batch = per_pixel ? 8 : n > PICTURES_MANY ? 128 : 32;
  if (r->batch > n) r->batch = n;
  r->steps = PICTURE_EPOCHS * ((n + r->batch - 1) / r->batch);
  if (r->steps < PICTURE_STEPS || per_pixel) r->steps = PICTURE_STEPS;
  r->rate = !per_pixel ? 1e-3 : halves ? 4e-3 : 2e-3;
  r->validation = r->posterior == CRED_FIT_VI ? 0.0 : 0.1;
}

static bool is_picture(const cred_schema *schema) {
  return schema->shape.height > 1 || schema->shape.width > 1;
}

static recipe recommended(const cred_fit_options *opt, const cred_schema *schema,
                          size_t n) {
  const bool small = n <= SMALL_ROWS;
  const bool classes = schema->targets[0].type == CRED_TARGET_CLASS;
  recipe r = {.posterior = opt->posterior ? opt->posterior : CRED_FIT_DROPOUT,
              .net = small     ? "dense 50 relu"
                     : classes ? "dense 400 relu, dense 400 relu"
                               : "dense 100 relu, dense 100 relu",
              .likelihood = auto_likelihood(schema),
              .steps = TABLE_STEPS,
              .batch = 128};
  if (n < 128) r.batch = n;
  const size_t per_epoch = (n + r.batch - 1) / r.batch;
  if (!small) r.steps = LARGE_EPOCHS * per_epoch;
  switch (r.posterior) {
  case CRED_FIT_VI:
    r.prior = small ? "normal learned" : "mixture";
    r.n_members = 1;
    r.rate = small ? 0.01 : 1e-3;
    break;
  case CRED_FIT_MAP:
    r.prior = "normal 1";
    r.n_members = 1;
    r.rate = small ? 0.01 : 1e-3;
    r.validation = 0.1;
    break;
  default:
    r.prior = "normal 1";
    r.n_members = small ? TABLE_MEMBERS : 1;
    // without a row to stop on, members of a tiny table fit their noise away
    if (small && n < TABLE_MEMBERS) r.n_members = n > 1 ? n : 1;
    r.folds = small;
    // of numbers, 0.5 blurs the curve: docs/infer/dropout.md
    r.dropout = small ? 0.03 : classes ? 0.5 : 0.05;
    r.rate = small ? 0.01 : 1e-3;
    r.validation = small ? 0.0 : 0.1;
    break;
  }
  // an array's own network is trained as any other of its rows, but for the rate
  if (schema->pixels.height || (is_picture(schema) && !opt->net))
    recommend_pictures(&r, schema, n);
  else if (is_picture(schema))
    r.rate = 1e-3;
  if (opt->n_members > 1 && small && r.posterior != CRED_FIT_VI) r.folds = true;
  return r;
}

static cred_status take_texts(cred__plan *plan, const cred_fit_options *opt,
                              const recipe *r) {
  cred_prior prior;
  cred_likelihood likelihood;
  char text[256];
  TRY(cred_prior_parse(&prior, opt->prior ? opt->prior : r->prior));
  cred_prior_format(text, sizeof text, &prior);
  TRY(cred__strdup(&plan->prior, text));
  TRY(cred_likelihood_parse(&likelihood,
                            opt->likelihood ? opt->likelihood : r->likelihood));
  cred_likelihood_format(text, sizeof text, &likelihood);
  TRY(cred__strdup(&plan->likelihood, text));
  cred_augment augment;
  TRY(cred_augment_parse(&augment, opt->augment ? opt->augment : ""));
  cred_augment_format(text, sizeof text, &augment);
  if (!cred_augment_is_none(&augment)) TRY(cred__strdup(&plan->augment, text));
  if (opt->class_weights) TRY(cred__strdup(&plan->class_weights, opt->class_weights));
  const char *net = opt->net ? opt->net : r->net ? r->net : r->picture_net;
  if (plan->posterior == CRED_FIT_DROPOUT && plan->dropout > 0)
    return cred_network_with_dropout(&plan->net, net, plan->dropout);
  return cred__strdup(&plan->net, net);
}

static void take_length(cred__plan *plan, const cred_fit_options *opt, const recipe *r,
                        size_t n_rows) {
  plan->batch = opt->batch ? opt->batch : r->batch;
  if (plan->batch > n_rows) plan->batch = n_rows;
  const size_t per_epoch = (n_rows + plan->batch - 1) / plan->batch;
  const size_t steps = opt->steps ? opt->steps : r->steps;
  plan->epochs = opt->epochs ? opt->epochs : (steps + per_epoch - 1) / per_epoch;
}

cred_status cred__plan_resolve(cred__plan *out, const cred_fit_options *opt,
                               const cred_schema *schema, size_t n_rows) {
  if (opt->epochs && opt->steps)
    FAIL(CRED_EINVAL, "epochs %zu and steps %zu: give only one of them", opt->epochs,
         opt->steps);
  if (opt->noise != 0 && opt->likelihood)
    FAIL(CRED_ECONFIG,
         "a known noise and the likelihood '%s' contradict each other: give one",
         opt->likelihood);
  recipe r = recommended(opt, schema, n_rows);
  if (!isnan(opt->validation)) r.folds = false; // a share was asked for, be it 0
  *out = (cred__plan){.posterior = r.posterior,
                      .n_members = opt->n_members ? opt->n_members : r.n_members,
                      .dropout = isnan(opt->dropout) ? r.dropout : opt->dropout,
                      .method = opt->method,
                      .kl_weights = opt->kl_weights,
                      .schedule = opt->schedule,
                      .patience = opt->patience,
                      .seed = opt->seed};
  out->folds = (opt->folds || r.folds) && out->n_members > 1 && n_rows >= out->n_members;
  out->validation = isnan(opt->validation) ? r.validation : opt->validation;
  // a network that says where it drops is taken as it is
  if (isnan(opt->dropout) && opt->net && strstr(opt->net, "dropout")) out->dropout = 0;
  if (out->folds) out->validation = 0;
  if (n_rows < 10 && isnan(opt->validation)) out->validation = 0;
  if (!(out->schedule.rate > 0) && out->schedule.rate == 0) out->schedule.rate = r.rate;
  take_length(out, opt, &r, n_rows);
  cred_status status = take_texts(out, opt, &r);
  if (status == CRED_OK) status = cred__plan_check(out);
  if (status != CRED_OK) cred__plan_clear(out);
  return status;
}

cred_status cred__plan_check(const cred__plan *p) {
  if (p->posterior < CRED_FIT_VI || p->posterior > CRED_FIT_DROPOUT)
    FAIL(CRED_EINVAL, "posterior %d is not one of vi, map, dropout", (int)p->posterior);
  if (p->n_members < 1 || p->n_members > 5000)
    FAIL(CRED_EINVAL, "members: %zu given, 1 to 5000 are possible", p->n_members);
  if (!(p->dropout >= 0 && p->dropout < 1))
    FAIL(CRED_EINVAL, "dropout rate is %g, must be in [0, 1)", p->dropout);
  if (!(p->validation >= 0 && p->validation < 1))
    FAIL(CRED_EINVAL, "validation share is %g, must be in [0, 1)", p->validation);
  if (p->epochs < 1 || p->epochs > (size_t)1 << 40)
    FAIL(CRED_EINVAL, "epochs: %zu given, at least 1 is needed", p->epochs);
  if (p->batch < 1) FAIL(CRED_EINVAL, "batch: 0 rows given, at least 1 is needed");
  TRY(cred_schedule_check(&p->schedule));
  return cred_method_check(&p->method);
}

cred_status cred__plan_take_noise(cred__plan *plan, double noise,
                                  const cred_schema *schema) {
  char number[CRED__NUMBER_BYTES], text[64];
  if (noise == 0) return CRED_OK;
  if (!(noise > 0 && isfinite(noise)))
    FAIL(CRED_EINVAL, "noise sd is %g, must be > 0", noise);
  if (schema->n_targets != 1)
    FAIL(CRED_ECONFIG,
         "a known noise is of one target, there are %zu: give the likelihood "
         "'gaussian SD' with the standardised sd of all",
         schema->n_targets);
  if (schema->targets[0].type != CRED_TARGET_NUMBER)
    FAIL(CRED_ECONFIG,
         "a known noise is of numbers, the target '%s' has classes or counts",
         schema->targets[0].name);
  cred__format_double(number, noise / schema->targets[0].sd);
  snprintf(text, sizeof text, "gaussian %s", number);
  cred__free(plan->likelihood);
  plan->likelihood = NULL;
  return cred__strdup(&plan->likelihood, text);
}

void cred__plan_clear(cred__plan *plan) {
  cred__free(plan->net);
  cred__free(plan->prior);
  cred__free(plan->likelihood);
  cred__free(plan->augment);
  cred__free(plan->class_weights);
  plan->net = plan->prior = plan->likelihood = NULL;
  plan->augment = plan->class_weights = NULL;
}

cred_status cred__plan_class_weights(double *out, const cred__plan *plan, size_t n) {
  const char *at = plan->class_weights;
  double sum = 0;
  size_t found = 0;
  for (; at; found++) {
    const size_t length = strcspn(at, ",");
    double value;
    if (!cred__parse_double(&value, at, length) || !(value >= 0))
      FAIL(CRED_EINVAL, "class weights '%s': '%.*s' is no number >= 0",
           plan->class_weights, (int)length, at);
    if (found < n) out[found] = value;
    sum += value;
    at = at[length] ? at + length + 1 : NULL;
  }
  if (found != n)
    FAIL(CRED_EINVAL, "class weights '%s': %zu are given, there are %zu classes",
         plan->class_weights, found, n);
  if (!(sum > 0)) FAIL(CRED_EINVAL, "class weights '%s': all are 0", plan->class_weights);
  return CRED_OK;
}

// n / (classes n_class): all classes then count alike, and the sum of weights stays n.
cred_status cred__plan_weigh_classes(cred__plan *plan, const double *count, size_t n) {
  if (strcmp(plan->class_weights, "balanced") == 0) {
    cred__text text = {0};
    double total = 0;
    for (size_t c = 0; c < n; c++) total += count[c];
    for (size_t c = 0; c < n; c++) {
      if (c) cred__text_append(&text, ",", 1);
      cred__text_number(&text, count[c] > 0 ? total / ((double)n * count[c]) : 0);
    }
    TRY(cred__text_status(&text));
    cred__free(plan->class_weights);
    plan->class_weights = text.s;
  }
  double *weights;
  TRY(NEW(&weights, n, "class weights"));
  const cred_status status = cred__plan_class_weights(weights, plan, n);
  cred__free(weights);
  return status;
}

const cred_method *cred__plan_method(const cred__plan *plan) {
  return plan->posterior == CRED_FIT_VI ? &cred_method_variational : &cred_method_map;
}

size_t cred__plan_n_batches(const cred__plan *plan, size_t n_rows) {
  return (n_rows + plan->batch - 1) / plan->batch;
}
