// predict.c -- outputs of many draws for blocks of rows, on all threads.
//
// A block's outputs are made draw by draw and strip by strip (tasks of one draw and 128
// rows), then each strip's statistics. Function draws are made in groups that fit a
// memory budget, and kept from block to block where all of them fit. What a row's numbers
// depend on: the model, the seed, the draws, and the row's number in its file.

#include "model/predict.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/thread.h"
#include "prob/likelihood.h"
#include <math.h>
#include <string.h>

enum {
  BLOCK_MAX = 1 << 24,
  THETA_BYTES_MAX = 256 << 20,
  BEFORE_BYTES_MAX = 256 << 20,
  STRIPS_MAX = 8
};
// Of draws that share a pass: how many, rows of all of them, and their elements a layer.
enum { TOGETHER_MAX = 64, ROWS_MAX = 1024, ELEMENTS_MAX = 1 << 21 };

struct cred_predictor {
  const cred_model *model;
  cred_predict_options opt;
  double *levels;
  cred_draws draws;
  size_t n_draws, n_draws_room; // to begin with; the most of a block
  size_t block_rows, n_threads, n_out;
  size_t work_rows;    // a pass may have
  size_t pass_threads; // of each task under way
  size_t together_max; // draws that may share a pass; 1: they share nothing
  size_t together;     // of the block under way
  bool finite;         // the weights and their sds are
  bool thins;          // one mask a draw, of a network that can leave out what it drops
  bool drawn; // function draws of the weights, made where they are used, of the block
  cred_real *squares, *theta2; // (members, dim) variances of the weights and, for
                               // moments, their squared means; or NULL
  cred__network_work **net;    // (n_threads)
  cred__strip_work *strip;     // (n_threads)
  cred_real *out, *var;        // (n_draws_room, block_rows, n_out)
  cred__t_table *t_tables;     // (members, T) of a Student-t
  double *t_scales;
  cred_real *theta; // (group, dim) function draws, once a block needs them
  // Layers before the first dropout are evaluated once for all masks of a member.
  size_t n_before, before_width;
  cred_real *before;                  // (members, block_rows, before_width) or NULL
  size_t group, theta_first, theta_n; // draws that theta holds now
  cred_prediction result;             // grown to the largest block asked
  size_t result_rows;
  // of the block under way
  const cred_data *data;
  const cred_real *x; // (n_rows, n_inputs): in the data, or made from bytes in `made_x`
  cred_real *made_x;
  size_t first, n_rows, n_strips, draw_from, draw_to;
  bool open[STRIPS_MAX]; // strips that still need draws
  double error[STRIPS_MAX];
  size_t made[STRIPS_MAX];
};

static const double default_levels[] = {0.05, 0.5, 0.95};

cred_predict_options cred_predict_defaults(void) {
  const cred_predict_options opt = {.draws = CRED_DRAWS_AUTO,
                                    .n_draws = 100,
                                    .n_draws_max = 10000,
                                    .levels = default_levels,
                                    .n_levels = 3,
                                    .seed = 1};
  return opt;
}

static void choose_draws(cred_predictor *p) {
  const cred_posterior *q = p->model->posterior;
  p->draws = p->opt.draws;
  if (p->draws == CRED_DRAWS_AUTO) p->draws = CRED_DRAWS_ROW;
  if (!cred_posterior_is_random(q) && p->draws != CRED_DRAWS_MOMENTS)
    p->draws = CRED_DRAWS_MEAN;
  const bool sampled = p->draws == CRED_DRAWS_ROW || p->draws == CRED_DRAWS_FUNCTION;
  p->n_draws = sampled ? cred_posterior_n_draws(q, p->opt.n_draws) : q->n_members;
  p->n_draws_room = p->n_draws;
  if (sampled && p->opt.mc_error > 0) {
    p->n_draws_room = cred_posterior_n_draws(q, p->opt.n_draws_max);
    if (p->n_draws_room < p->n_draws) p->n_draws_room = p->n_draws;
  }
}

void cred_predictor_free(cred_predictor *p) {
  if (!p) return;
  for (size_t i = 0; i < p->n_threads; i++) {
    if (p->net) cred__network_work_free(p->net[i]);
    if (p->strip) cred__strip_work_clear(&p->strip[i]);
  }
  cred__free(p->net);
  cred__free(p->strip);
  cred__free(p->levels);
  cred__free(p->out);
  cred__free(p->var);
  cred__free(p->theta);
  cred__free(p->before);
  cred__free(p->made_x);
  cred__free(p->squares);
  cred__free(p->theta2);
  cred__free(p->t_tables);
  cred__free(p->t_scales);
  cred__prediction_clear(&p->result);
  cred__free(p);
}

// Worth its memory where several masks share a member.
static cred_status before_new(cred_predictor *p) {
  const cred_posterior *q = p->model->posterior;
  const bool sampled = p->draws == CRED_DRAWS_ROW || p->draws == CRED_DRAWS_FUNCTION;
  const size_t n = cred__network_n_before_dropout(p->model->network);
  if (!sampled || q->members[0].kind != CRED_POSTERIOR_DROPOUT || n == 0) return CRED_OK;
  const size_t width = cred__network_item(p->model->network, n - 1)->n_out;
  if (p->n_draws < 2 * q->n_members ||
      width > BEFORE_BYTES_MAX / sizeof *p->before / p->block_rows / q->n_members)
    return CRED_OK;
  p->n_before = n;
  p->before_width = width;
  return NEW(&p->before, q->n_members * p->block_rows * width, "outputs of layers");
}

// Draws by row, and dropout masks, leave the parameters alone; draws of the weights can
// be made in the layers.
static void choose_sharing(cred_predictor *p) {
  const cred_network *network = p->model->network;
  size_t widest = cred_network_n_inputs(network);
  for (size_t i = 0; i < cred__network_n_items(network); i++)
    if (cred__network_item(network, i)->n_out > widest)
      widest = cred__network_item(network, i)->n_out;
  p->work_rows = CRED__STRIP_ROWS;
  p->together_max = 1;
  if (p->draws != CRED_DRAWS_ROW && p->draws != CRED_DRAWS_FUNCTION) return;
  if (!cred__network_shares_draws(network)) return;
  p->thins = p->draws == CRED_DRAWS_FUNCTION && cred__network_thins(network) &&
             p->model->posterior->members[0].kind == CRED_POSTERIOR_DROPOUT;
  p->together_max = TOGETHER_MAX;
  if (ELEMENTS_MAX / widest > CRED__STRIP_ROWS) p->work_rows = ELEMENTS_MAX / widest;
  if (p->work_rows > ROWS_MAX) p->work_rows = ROWS_MAX;
}

static cred_status squares_new(cred_predictor *p) {
  const cred_posterior *q = p->model->posterior;
  const size_t dim = p->model->dim;
  if (p->draws != CRED_DRAWS_ROW && p->draws != CRED_DRAWS_MOMENTS) return CRED_OK;
  if (!q->members[0].sd) return CRED_OK;
  TRY(NEW(&p->squares, q->n_members * dim, "variances of the weights"));
  for (size_t m = 0; m < q->n_members; m++)
    for (size_t i = 0; i < dim; i++)
      p->squares[m * dim + i] = q->members[m].sd[i] * q->members[m].sd[i];
  if (p->draws != CRED_DRAWS_MOMENTS) return CRED_OK;
  TRY(NEW(&p->theta2, q->n_members * dim, "squared means of the weights"));
  for (size_t m = 0; m < q->n_members; m++)
    for (size_t i = 0; i < dim; i++)
      p->theta2[m * dim + i] = q->members[m].mean[i] * q->members[m].mean[i];
  return CRED_OK;
}

static cred_status workers_new(cred_predictor *p) {
  const bool moments = p->draws == CRED_DRAWS_MOMENTS;
  TRY(NEW(&p->net, p->n_threads, "predictors"));
  TRY(NEW(&p->strip, p->n_threads, "predictors"));
  for (size_t i = 0; i < p->n_threads; i++) { // the first runs the rest of the tasks
    const size_t n_threads = i == 0 ? p->n_threads : 1;
    TRY(cred__network_work_new(&p->net[i], p->model->network, p->work_rows, n_threads,
                               false, moments));
    TRY(cred__strip_work_init(&p->strip[i], p->model, p->n_draws_room));
  }
  return CRED_OK;
}

// Blocks are whole strips, as many as keep outputs of all draws and inputs within bounds.
static cred_status buffers_new(cred_predictor *p) {
  const size_t per_strip = CRED__STRIP_ROWS * p->n_draws_room * p->n_out;
  const size_t n_inputs = cred_network_n_inputs(p->model->network);
  const size_t widest = CRED__STRIP_ROWS * n_inputs;
  size_t n_strips = BLOCK_MAX / (per_strip > widest ? per_strip : widest);
  n_strips = n_strips < 1 ? 1 : n_strips > STRIPS_MAX ? STRIPS_MAX : n_strips;
  p->block_rows = n_strips * CRED__STRIP_ROWS;
  TRY(NEW(&p->out, n_strips * per_strip, "outputs of all draws"));
  if (p->draws == CRED_DRAWS_MOMENTS)
    TRY(NEW(&p->var, n_strips * per_strip, "variances of outputs"));
  const cred_posterior_kind kind = p->model->posterior->members[0].kind;
  if (p->draws != CRED_DRAWS_FUNCTION || kind != CRED_POSTERIOR_GAUSSIAN) return CRED_OK;
  p->group = (size_t)THETA_BYTES_MAX / (p->model->dim * sizeof(cred_real));
  if (p->group < 1) p->group = 1;
  if (p->group > p->n_draws_room) p->group = p->n_draws_room;
  return CRED_OK;
}

// Scale and distribution function of each member's noise, where it is a Student-t.
static cred_status t_tables_new(cred_predictor *p) {
  const cred_likelihood *lik = &p->model->likelihood;
  const size_t n = p->model->posterior->n_members, n_targets = lik->n_targets;
  if (lik->kind != CRED_LIK_STUDENT_T || p->draws == CRED_DRAWS_MOMENTS) return CRED_OK;
  TRY(NEW(&p->t_tables, n * n_targets, "distribution functions"));
  TRY(NEW(&p->t_scales, n * n_targets, "noise scales"));
  for (size_t m = 0; m < n; m++)
    for (size_t t = 0; t < n_targets; t++) {
      const cred__lik_noise noise =
          cred__lik_noise_at(lik, cred_model_noise(p->model, m), t);
      p->t_scales[m * n_targets + t] = noise.scale;
      cred__t_table_init(&p->t_tables[m * n_targets + t], noise.dof);
    }
  return CRED_OK;
}

cred_status cred_predictor_new(cred_predictor **out, const cred_model *model,
                               const cred_predict_options *opt) {
  *out = NULL;
  TRY(cred__predict_check(opt, model));
  cred_predictor *p = NULL;
  cred_status status = NEW(&p, 1, "a predictor");
  if (status != CRED_OK) return status;
  p->model = model;
  p->opt = *opt;
  p->n_out = cred_network_n_outputs(model->network);
  p->n_threads = cred__n_threads(opt->n_threads);
  if (cred_likelihood_is_class(&model->likelihood)) p->opt.n_levels = 0;
  TRY_DONE(NEW(&p->levels, opt->n_levels, "quantile levels"));
  for (size_t i = 0; i < p->opt.n_levels; i++) p->levels[i] = opt->levels[i];
  p->opt.levels = p->levels;
  p->finite = cred__predict_finite(model);
  choose_draws(p);
  choose_sharing(p);
  TRY_DONE(squares_new(p));
  TRY_DONE(workers_new(p));
  TRY_DONE(t_tables_new(p));
  TRY_DONE(buffers_new(p));
  TRY_DONE(before_new(p));
  *out = p;
  p = NULL;
done:
  cred_predictor_free(p);
  return status;
}

static size_t strip_rows(const cred_predictor *p, size_t strip) {
  const size_t left = p->n_rows - strip * CRED__STRIP_ROWS;
  return left < CRED__STRIP_ROWS ? left : CRED__STRIP_ROWS;
}

static cred_real *before_of(const cred_predictor *p, size_t member, size_t strip) {
  return p->before +
         (member * p->block_rows + strip * CRED__STRIP_ROWS) * p->before_width;
}

// The layers before the first dropout of one member on one strip.
static void before_task(void *context, size_t task, size_t worker) {
  cred_predictor *p = context;
  const size_t strip = task % p->n_strips, k = task / p->n_strips;
  const cred_member *member = &p->model->posterior->members[k];
  const size_t n_rows = strip_rows(p, strip), row = strip * CRED__STRIP_ROWS;
  const cred__pass pass = {.mode = CRED__PLAIN,
                           .n_rows = n_rows,
                           .n_threads = 1,
                           .finite = p->finite,
                           .theta = member->mean};
  const cred_real *out =
      cred__network_forward_part(p->model->network, p->net[worker], &pass,
                                 p->x + row * p->data->n_inputs, 0, p->n_before);
  memcpy(before_of(p, k, strip), out, n_rows * p->before_width * sizeof *out);
}

// Draws of one member that go through the network together; see draws_together.
typedef struct {
  size_t first, step, n; // draws first, first + step, ...
} draw_group;

// Group `number` of draws draw_from ... draw_to: the members in turn.
static draw_group group_of(const cred_predictor *p, size_t number) {
  const size_t step = p->model->posterior->n_members;
  const size_t member = number % step, skip = number / step * p->together;
  draw_group g = {.step = step};
  g.first = p->draw_from + (member + step - p->draw_from % step) % step + skip * step;
  if (g.first >= p->draw_to) return g;
  g.n = (p->draw_to - g.first + step - 1) / step;
  if (g.n > p->together) g.n = p->together;
  return g;
}

static size_t n_groups(const cred_predictor *p) {
  const size_t n_members = p->model->posterior->n_members;
  const size_t each = (p->draw_to - p->draw_from + n_members - 1) / n_members;
  return n_members * ((each + p->together - 1) / p->together);
}

static void keep_outputs(cred_predictor *p, const draw_group *g, size_t row,
                         size_t n_rows, const cred_real *out) {
  const size_t n = n_rows * p->n_out;
  for (size_t k = 0; k < g->n; k++) {
    const size_t draw = g->first + k * g->step;
    memcpy(p->out + (draw * p->block_rows + row) * p->n_out, out + k * n,
           n * sizeof *out);
  }
}

static void keep_moments(cred_predictor *p, cred__network_work *net,
                         const cred__pass *pass, size_t draw, size_t row,
                         const cred_real *x) {
  const size_t at = (draw * p->block_rows + row) * p->n_out;
  const size_t n = pass->n_rows * p->n_out;
  const cred_real *mean, *var;
  cred__network_moments(p->model->network, net, &mean, &var, pass, x);
  memcpy(p->out + at, mean, n * sizeof *mean);
  memcpy(p->var + at, var, n * sizeof *var);
}

// The network's outputs of a group of draws on one strip.
static void output_task(void *context, size_t task, size_t worker) {
  cred_predictor *p = context;
  const size_t strip = task % p->n_strips;
  const draw_group g = group_of(p, task / p->n_strips);
  if (!p->open[strip] || g.n == 0) return;
  const cred_posterior *q = p->model->posterior;
  const cred_member *member = cred_posterior_member(q, g.first);
  const cred_key root = cred_key_make(p->opt.seed);
  const size_t row = strip * CRED__STRIP_ROWS, n_rows = strip_rows(p, strip);
  cred__pass pass = {.mode = CRED__PLAIN,
                     .n_rows = n_rows,
                     .n_threads = p->pass_threads,
                     .row = p->data->row ? p->data->row + p->first + row : NULL,
                     .key = cred_posterior_draw_key(&root, g.first),
                     .finite = p->finite,
                     .theta = member->mean};
  const bool sampled = p->draws == CRED_DRAWS_ROW || p->draws == CRED_DRAWS_FUNCTION;
  pass.dropout = member->kind == CRED_POSTERIOR_DROPOUT && p->draws != CRED_DRAWS_MEAN;
  pass.shared_mask = p->draws == CRED_DRAWS_FUNCTION;
  const size_t at = g.first % q->n_members * p->model->dim;
  if (p->squares) pass.var = p->squares + at;
  if (p->theta2) pass.theta2 = p->theta2 + at;
  const cred_real *x = p->x + row * p->data->n_inputs;
  if (!sampled && p->draws == CRED_DRAWS_MOMENTS) {
    pass.sd = member->sd;
    keep_moments(p, p->net[worker], &pass, g.first, row, x);
    return;
  }
  if (p->draws == CRED_DRAWS_ROW && member->sd) {
    pass.mode = CRED__LOCAL;
    pass.sd = member->sd;
  }
  if (p->drawn) {
    pass.mode = CRED__DRAWN;
    pass.sd = member->sd;
  } else if (p->theta) {
    pass.theta = p->theta + (g.first - p->theta_first) * p->model->dim;
  }
  const cred_network *network = p->model->network;
  if (p->before) x = before_of(p, g.first % q->n_members, strip);
  if (g.n == 1 && !p->drawn) {
    keep_outputs(p, &g, row, n_rows,
                 cred__network_forward_part(network, p->net[worker], &pass, x,
                                            p->n_before, cred__network_n_items(network)));
    return;
  }
  cred_key keys[TOGETHER_MAX];
  for (size_t k = 0; k < g.n; k++)
    keys[k] = cred_posterior_draw_key(&root, g.first + k * g.step);
  keep_outputs(p, &g, row, n_rows,
               cred__network_forward_draws(network, p->net[worker], &pass, keys, g.n, x,
                                           p->n_before));
}

static void draw_theta(void *context, size_t i, size_t worker) {
  (void)worker;
  cred_predictor *p = context;
  const cred_key root = cred_key_make(p->opt.seed);
  cred_posterior_draw(p->theta + i * p->model->dim, p->model->posterior,
                      p->theta_first + i, &root, 1);
}

// Draws of the weights of a block of one strip are made in the layers; more strips share
// those in memory. The outputs are the same to the bit.
static bool draws_in_layers(const cred_predictor *p) {
  return p->group && p->together_max > 1 && p->n_strips == 1;
}

// How many draws share a pass, by the shape alone. Few rows: enough for the tiles of a
// product, in two tasks or more; of draws of the weights, so many that reading means and
// sds costs little. Many: what comes before the first noise is shared.
// Measured on one core (AMD Zen 4), 784-1200-1200-10, 100 draws: one row by local
// reparameterisation 9.3 ms instead of 82, 128 rows 870 instead of 1,330; by dropout 4.0
// instead of 13.5 and 440 instead of 640.
static size_t draws_together(const cred_predictor *p, size_t n_rows) {
  enum { ROWS = 64, SHARE = 8 };
  const size_t n_members = p->model->posterior->n_members;
  const size_t each = (p->n_draws + n_members - 1) / n_members;
  if (p->together_max == 1 || (p->group && !p->drawn)) return 1;
  if (p->thins && n_rows >= CRED__THIN_ROWS) return 1; // each without what it drops
  if (n_rows > CRED__STRIP_ROWS) n_rows = CRED__STRIP_ROWS;
  size_t n = ROWS / n_rows > SHARE ? ROWS / n_rows : SHARE;
  if (p->drawn) n = n_rows <= ROWS / SHARE ? SHARE : n_rows < ROWS ? ROWS / n_rows : 1;
  if (n > p->together_max) n = p->together_max;
  while (n > 1 && n * n_rows > p->work_rows) n--;
  return (each + (each + n - 1) / n - 1) / ((each + n - 1) / n); // in equal parts
}

static cred_status input_task(void *context, size_t strip, size_t worker) {
  cred_predictor *p = context;
  const size_t row = strip * CRED__STRIP_ROWS, n = strip_rows(p, strip);
  (void)worker;
  return cred_data_inputs(p->made_x + row * p->data->n_inputs, p->data, p->first + row,
                          n);
}

// The block's inputs, in the data or made from their bytes.
static cred_status bring_inputs(cred_predictor *p) {
  const size_t n = p->data->n_inputs;
  const size_t n_strips = (p->n_rows + CRED__STRIP_ROWS - 1) / CRED__STRIP_ROWS;
  if (p->data->x) p->x = p->data->x + p->first * n;
  if (p->data->x) return CRED_OK;
  if (!p->made_x) TRY(NEW(&p->made_x, p->block_rows * n, "inputs of a block"));
  p->x = p->made_x;
  return cred__parallel_try(p->n_threads, n_strips, input_task, p);
}

// A new block of rows: all strips open, nothing made.
static cred_status begin_block(cred_predictor *p) {
  TRY(bring_inputs(p));
  p->n_strips = (p->n_rows + CRED__STRIP_ROWS - 1) / CRED__STRIP_ROWS;
  p->drawn = draws_in_layers(p);
  if (p->group && !p->drawn && !p->theta)
    TRY(NEW(&p->theta, p->group * p->model->dim, "draws of the weights"));
  p->together = draws_together(p, p->n_rows);
  for (size_t i = 0; i < p->n_strips; i++) {
    p->open[i] = true;
    p->made[i] = p->n_draws;
  }
  if (p->before)
    cred__parallel(p->n_threads, p->model->posterior->n_members * p->n_strips,
                   before_task, p);
  return CRED_OK;
}

// A task a thread, in whole rounds. What is left over would keep some of the threads: one
// task, or few of much work, run one after another on all of them. The outputs are the
// same to the bit.
// Measured on two cores (AMD Zen 4), 784-1200-1200-10, one pass of 128 rows: 3.2 ms
// instead of 6.1.
static void output_tasks(cred_predictor *p, size_t n_tasks) {
  enum { PRODUCTS_MIN = 1 << 20 };
  const size_t left = n_tasks % p->n_threads;
  const size_t n_rows = p->n_rows < CRED__STRIP_ROWS ? p->n_rows : CRED__STRIP_ROWS;
  const bool large = n_rows * p->together >= PRODUCTS_MIN / p->model->dim;
  const size_t alone = left == 1 || (large && 2 * left <= p->n_threads) ? left : 0;
  p->pass_threads = 1;
  cred__parallel(p->n_threads, n_tasks - alone, output_task, p);
  p->pass_threads = p->n_threads;
  for (size_t i = n_tasks - alone; i < n_tasks; i++) output_task(p, i, 0);
}

// Outputs of draws [from, to) for the open strips.
static void make_outputs(cred_predictor *p, size_t from, size_t to) {
  const bool held = p->group && !p->drawn;
  const size_t step = held ? p->group : to - from;
  for (size_t i = from; i < to;) {
    // groups begin at multiples of their size, so that one that is held may serve again
    size_t end = held ? (i / step + 1) * step : to;
    if (end > to) end = to;
    if (held &&
        (p->theta_n == 0 || i < p->theta_first || end > p->theta_first + p->theta_n)) {
      p->theta_first = i / step * step;
      const size_t room = p->n_draws_room - p->theta_first;
      p->theta_n = step < room ? step : room;
      cred__parallel(p->n_threads, p->theta_n, draw_theta, p);
    }
    p->draw_from = i;
    p->draw_to = end;
    output_tasks(p, n_groups(p) * p->n_strips);
    i = end;
  }
}

// Rows [row, row + n_rows) of the block, all of one strip.
static cred__strip rows_of(const cred_predictor *p, size_t row, size_t n_rows) {
  const cred__strip s = {.model = p->model,
                         .opt = &p->opt,
                         .n_draws = p->made[row / CRED__STRIP_ROWS],
                         .n_rows = n_rows,
                         .n_out = p->n_out,
                         .draw_stride = p->block_rows * p->n_out,
                         .out = p->out + row * p->n_out,
                         .t_tables = p->t_tables,
                         .t_scales = p->t_scales,
                         .var = p->var ? p->var + row * p->n_out : NULL,
                         .data = p->data,
                         .first = p->first + row};
  return s;
}

static cred__strip strip_of(const cred_predictor *p, size_t strip) {
  return rows_of(p, strip * CRED__STRIP_ROWS, strip_rows(p, strip));
}

static void error_task(void *context, size_t strip, size_t worker) {
  cred_predictor *p = context;
  if (!p->open[strip]) return;
  const cred__strip s = strip_of(p, strip);
  p->error[strip] = cred__strip_mc_error(&s, &p->strip[worker]);
}

// A row's statistics are its own: parts of a strip, so that one strip keeps all threads
// busy, where they take longer than a fork. Moments of classes are integrals.
static size_t part_rows(const cred_predictor *p) {
  enum { PART_ROWS = CRED__STRIP_ROWS / 4, NUMBERS_MIN = 1 << 15 };
  const bool large =
      p->draws == CRED_DRAWS_MOMENTS || p->n_rows * p->n_draws * p->n_out >= NUMBERS_MIN;
  return large ? PART_ROWS : CRED__STRIP_ROWS;
}

static void statistics_task(void *context, size_t part, size_t worker) {
  cred_predictor *p = context;
  const size_t rows = part_rows(p), row = part * rows, left = p->n_rows - row;
  const cred__strip s = rows_of(p, row, left < rows ? left : rows);
  cred__predict_strip(&p->result, &s, &p->strip[worker]);
}

// As many draws as the strips need: doubled until the Monte Carlo error is as asked.
static void more_draws(cred_predictor *p) {
  for (size_t made = p->n_draws; made < p->n_draws_room;) {
    cred__parallel(p->n_threads, p->n_strips, error_task, p);
    bool any = false;
    for (size_t i = 0; i < p->n_strips; i++)
      any |= p->open[i] = p->open[i] && !(p->error[i] <= p->opt.mc_error);
    if (!any) return;
    const size_t next = 2 * made < p->n_draws_room ? 2 * made : p->n_draws_room;
    make_outputs(p, made, next);
    for (size_t i = 0; i < p->n_strips; i++)
      if (p->open[i]) p->made[i] = next;
    made = next;
  }
}

static cred_status predict_block(cred_predictor *p) {
  TRY(begin_block(p));
  make_outputs(p, 0, p->n_draws);
  if (p->opt.mc_error > 0) more_draws(p);
  for (size_t i = 0; i < p->n_strips; i++)
    if (p->made[i] > p->result.n_draws) p->result.n_draws = p->made[i];
  const size_t rows = part_rows(p);
  cred__parallel(p->n_threads, (p->n_rows + rows - 1) / rows, statistics_task, p);
  return CRED_OK;
}

static cred_status check_inputs(const cred_model *m, const cred_data *data) {
  const size_t n = cred_network_n_inputs(m->network);
  if (data->n_inputs != n)
    FAIL(CRED_EINVAL, "the data have %zu inputs, the model takes %zu", data->n_inputs, n);
  return CRED_OK;
}

cred_status cred_predictor_run(cred_prediction *out, cred_predictor *p,
                               const cred_data *data) {
  TRY(check_inputs(p->model, data));
  TRY(cred__prediction_room(&p->result, &p->result_rows, p->model, p->opt.n_levels,
                            data->n_rows, data->y != NULL));
  p->data = data;
  p->result.n_rows = data->n_rows;
  p->result.n_draws = p->n_draws;
  for (p->first = 0; p->first < data->n_rows; p->first += p->block_rows) {
    const size_t left = data->n_rows - p->first;
    p->n_rows = left < p->block_rows ? left : p->block_rows;
    TRY(predict_block(p));
  }
  *out = p->result;
  if (!data->y) out->log_prob = out->pit = out->crps = NULL;
  return CRED_OK;
}

cred_status cred__predictor_each_draw(cred_predictor *p, const cred_data *data,
                                      cred__draw_visit visit, void *context) {
  TRY(check_inputs(p->model, data));
  if (p->draws != CRED_DRAWS_FUNCTION && p->draws != CRED_DRAWS_MEAN)
    FAIL(CRED_EINVAL, "single draws are of a predictor of function draws");
  p->data = data;
  for (p->first = 0; p->first < data->n_rows; p->first += p->block_rows) {
    const size_t left = data->n_rows - p->first;
    p->n_rows = left < p->block_rows ? left : p->block_rows;
    TRY(begin_block(p));
    make_outputs(p, 0, p->n_draws);
    for (size_t k = 0; k < p->n_draws; k++)
      for (size_t i = 0; i < p->n_strips; i++) {
        const cred__strip s = strip_of(p, i);
        visit(context, k, s.first, s.n_rows, s.out + k * s.draw_stride,
              cred_model_noise(p->model, k % p->model->posterior->n_members));
      }
  }
  return CRED_OK;
}

const cred_model *cred__predictor_model(const cred_predictor *p) {
  return p->model;
}
