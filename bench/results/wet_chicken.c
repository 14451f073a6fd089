// wet_chicken.c -- a policy learned on a fitted model of a river above a waterfall.
//
// Wet-Chicken 2-D; Depeweg, Hernandez-Lobato, Doshi-Velez & Udluft (2017), after
// Hans & Udluft (2009). A canoe at (x, y) in [0, 5]^2 paddles a in [-1, 1]^2:
//   drift v = 3 x / 5, turbulence s = 3.5 - v, tau ~ U(-1, 1)
//   y^ = y + a_y - 1 + v + s tau;  over the fall (y^ > 5): back to (0, 0)
//   else x' = x + a_x, y' = y^, each kept within [0, 5]
// Its reward is y' - 5: near the fall is good, over it is bad. The model sees 2,500
// steps from places and with actions that are uniform. Two networks with mixtures at the
// end learn the change of the place, whose parts depend on each other:
//   p(x', y' | x, y, a) = p(y' | x, y, a) p(x' | x, y, a, y')
// A policy, a small network from (x, y) to a, is searched on roll-outs of the model:
// each keeps one draw of the functions. Its objective is the mean return or the mean
// over starts of the CVaR (mean of the worst share) of the returns from there.
// Search: CMA-ES; Hansen (2016), "The CMA evolution strategy: a tutorial", with a
// Cholesky factor of the covariance instead of its root: Krause, Arbones & Igel (2016).
//
//   wet_chicken RUNS [NAME=VALUE]...
// A line a run: log likelihoods of the model on new steps (nats a step, original units
// and standardised), rewards a step in the true system of the policies for the mean and
// for the CVaR, and of a policy searched in the true system, with the share of falls;
// seconds of the searches. With picture=PREFIX the data of the picture of the last run.

#include <credence/base/key.h>
#include <credence/decide/act.h>
#include <credence/model/fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double size = 5;
enum { N_TRAIN = 2500, N_TEST = 10000, COLUMNS = 6, IN_MAX = 5 };
enum { WIDTH_MAX = 128, LAYERS_MAX = 4 };

static void stop(cred_status status) {
  if (!status) return;
  fprintf(stderr, "wet_chicken: %s\n", cred_error_message());
  exit(status);
}

static void *room(size_t n, size_t bytes) {
  void *p = calloc(n, bytes);
  if (!p) exit(CRED_ENOMEM);
  return p;
}

typedef struct {
  const char *net, *likelihood, *prior;
  size_t n_members, n_draws, steps, batch;
  double rate;
  double jitter; // sd of the noise on what is learned
  size_t horizon, n_starts, n_each, hidden, n_search, population;
  double level, step; // of CVaR; first sd of the search
  size_t first_run;
  const char *picture; // prefix of the files of its data, or NULL
} setting;

// --- the river ---

static double within(double v) {
  return fmin(fmax(v, 0), size);
}

// True where the canoe fell.
static bool river(double s[2], const double a[2], double tau) {
  const double v = 3 * s[0] / size, y = s[1] + a[1] - 1 + v + (3.5 - v) * tau;
  const bool falls = y > size;
  s[0] = falls ? 0 : within(s[0] + a[0]);
  s[1] = falls ? 0 : within(y);
  return falls;
}

static double symmetric(const cred_key *key, uint64_t i) {
  return 2 * cred_key_uniform(key, i) - 1;
}

// Rows x, y, ax, ay, x' - x, y' - y of steps from places and with actions that are
// uniform. A little noise on what is learned: the canoe comes to rest on a shore or at
// (0, 0) exactly, and the density of a point has no end.
static cred_table *random_steps(size_t n, uint64_t seed, double jitter) {
  static const char *const names[] = {"x", "y", "ax", "ay", "dx", "dy"};
  const cred_key key = cred_key_make(seed);
  double *rows = room(n * COLUMNS, sizeof *rows);
  for (size_t i = 0; i < n; i++) {
    double *r = rows + i * COLUMNS, s[2];
    for (size_t j = 0; j < 2; j++) {
      s[j] = r[j] = size * cred_key_uniform(&key, 8 * i + j);
      r[2 + j] = symmetric(&key, 8 * i + 2 + j);
    }
    river(s, r + 2, symmetric(&key, 8 * i + 4));
    for (size_t j = 0; j < 2; j++)
      r[4 + j] = s[j] - r[j] + jitter * cred_key_normal(&key, 8 * i + 5 + j);
  }
  cred_table *table;
  stop(cred_table_from_array(&table, rows, n, COLUMNS, COLUMNS, names));
  free(rows);
  return table;
}

// --- the model ---

static cred_model *fit(const cred_table *table, const char *target, const setting *s,
                       uint64_t seed) {
  static const char *const ignore[] = {"dx"}; // dy without dx; dx with dy
  cred_schema_options columns = cred_schema_defaults();
  cred_fit_options opt = cred_fit_defaults();
  cred_model *model;
  columns.targets = &target, columns.n_targets = 1;
  columns.ignore = ignore, columns.n_ignore = strcmp(target, "dy") == 0;
  opt.posterior = CRED_FIT_VI, opt.n_members = s->n_members;
  opt.net = s->net, opt.likelihood = s->likelihood, opt.prior = s->prior;
  opt.steps = s->steps, opt.batch = s->batch, opt.schedule.rate = s->rate;
  opt.validation = 0;
  opt.seed = seed, opt.n_threads = 1;
  stop(cred_model_fit(&model, NULL, table, NULL, 0, &columns, &opt));
  return model;
}

// A model's functions, laid out for one row at a time: dense layers with relu.
typedef struct {
  size_t n_layers, width[LAYERS_MAX + 1], n_draws, dim, n_components;
  size_t weight[LAYERS_MAX], bias[LAYERS_MAX]; // offsets
  cred_real *theta;                            // (n_draws, dim)
  double mean[IN_MAX], sd[IN_MAX], target_mean, target_sd;
  const cred_likelihood *likelihood;
} functions;

static functions functions_of(const cred_model *m, size_t n_draws) {
  const cred_network *net = cred_model_network(m);
  const cred_posterior *q = cred_model_posterior(m);
  const cred_schema *schema = cred_model_schema(m);
  const cred_key key = cred_key_make(77);
  functions f = {.dim = q->dim, .likelihood = cred_model_likelihood(m)};
  f.n_components = f.likelihood->n_components;
  f.n_layers = cred_network_n_slices(net) / 2;
  for (size_t l = 0; l < f.n_layers; l++) {
    const cred_network_slice w = cred_network_get_slice(net, 2 * l);
    f.weight[l] = w.offset, f.width[l] = w.shape[0], f.width[l + 1] = w.shape[1];
    f.bias[l] = cred_network_get_slice(net, 2 * l + 1).offset;
  }
  f.n_draws = cred_posterior_n_draws(q, n_draws);
  f.theta = room(f.n_draws * f.dim, sizeof *f.theta);
  for (size_t k = 0; k < f.n_draws; k++)
    cred_posterior_draw(f.theta + k * f.dim, q, k, &key, 1);
  for (size_t i = 0; i < f.width[0]; i++)
    f.mean[i] = schema->columns[i].mean, f.sd[i] = schema->columns[i].sd;
  f.target_mean = schema->targets[0].mean, f.target_sd = schema->targets[0].sd;
  return f;
}

// One outcome of a mixture (K logits, K means, K log sds).
static double mixture_draw(const cred_real *o, size_t k, const cred_key *key,
                           uint64_t index) {
  double total = 0, sum = 0, p[WIDTH_MAX];
  cred_real top = o[0];
  for (size_t c = 1; c < k; c++) top = o[c] > top ? o[c] : top;
  for (size_t c = 0; c < k; c++) total += p[c] = exp((double)(o[c] - top));
  const double u = total * cred_key_uniform(key, 2 * index);
  size_t c = 0;
  while (c + 1 < k && u >= (sum += p[c])) c++;
  return (double)o[k + c] +
         exp((double)o[2 * k + c]) * cred_key_normal(key, 2 * index + 1);
}

// The outputs of draw k for a row of inputs, in a.
static void forward(cred_real a[WIDTH_MAX], const functions *f, size_t k,
                    const double *in) {
  const cred_real *theta = f->theta + k * f->dim;
  cred_real b[WIDTH_MAX];
  for (size_t i = 0; i < f->width[0]; i++)
    a[i] = (cred_real)((in[i] - f->mean[i]) / f->sd[i]);
  for (size_t l = 0; l < f->n_layers; l++) {
    const size_t n = f->width[l + 1];
    const cred_real *w = theta + f->weight[l];
    memcpy(b, theta + f->bias[l], n * sizeof *b);
    for (size_t i = 0; i < f->width[l]; i++)
      for (size_t j = 0; j < n; j++) b[j] += a[i] * w[i * n + j];
    const cred_real floor = l + 1 < f->n_layers ? 0 : -INFINITY;
    for (size_t j = 0; j < n; j++) a[j] = b[j] > floor ? b[j] : floor;
  }
}

// A change of one coordinate from `from` under draw k. What lies above the river is drawn
// again (the smooth edge of a Gaussian there is not the fall); what is left is held
// within.
static double change(const functions *f, size_t k, const double *in, double from,
                     const cred_key *key, uint64_t index) {
  enum { TRIES = 20 };
  cred_real a[WIDTH_MAX];
  double d = 0;
  forward(a, f, k % f->n_draws, in);
  for (uint64_t t = 0; t < TRIES; t++) {
    d = f->target_mean +
        f->target_sd * mixture_draw(a, f->n_components, key, TRIES * index + t);
    if (from + d <= size) break;
  }
  return within(from + d) - from;
}

// Mean over rows of log mean_k p(target | draw k), standardised; in its own units less
// log sd.
static double log_lik(const functions *f, const cred_table *table, size_t column,
                      const size_t inputs[IN_MAX]) {
  const size_t n = cred_table_n_rows(table);
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double in[IN_MAX], p = 0;
    const double y =
        (cred_table_number(table, i, column) - f->target_mean) / f->target_sd;
    for (size_t j = 0; j < f->width[0]; j++)
      in[j] = cred_table_number(table, i, inputs[j]);
    for (size_t k = 0; k < f->n_draws; k++) {
      const cred_real target = (cred_real)y;
      cred_real a[WIDTH_MAX];
      forward(a, f, k, in);
      p += exp(cred_likelihood_log_prob(NULL, NULL, NULL, f->likelihood, a, &target, NULL,
                                        NULL, 1, NULL));
    }
    sum += log(p / (double)f->n_draws);
  }
  return sum / (double)n;
}

// --- policies ---
//
// (x, y) -> tanh layer -> tanh: weights (2, H), biases (H), weights (H, 2), biases (2).

static size_t policy_size(size_t hidden) {
  return 5 * hidden + 2;
}

static void act(double a[2], const double *theta, size_t hidden, const double s[2]) {
  const double *b = theta + 2 * hidden, *v = b + hidden;
  const double x = s[0] / size * 2 - 1, y = s[1] / size * 2 - 1;
  a[0] = v[2 * hidden], a[1] = v[2 * hidden + 1];
  for (size_t j = 0; j < hidden; j++) {
    const double h = tanh(x * theta[2 * j] + y * theta[2 * j + 1] + b[j]);
    a[0] += h * v[2 * j], a[1] += h * v[2 * j + 1];
  }
  a[0] = tanh(a[0]), a[1] = tanh(a[1]);
}

// Where returns come from; dx NULL: the river itself.
typedef struct {
  const setting *set;
  const functions *dx, *dy;
  const cred_table *starts;
  bool cvar;
  double *returns; // (n_each)
} world;

// The return a step of one roll-out.
static double roll_out(const world *w, const double *policy, const double start[2],
                       size_t k, const cred_key *key, uint64_t at) {
  const setting *set = w->set;
  double s[2] = {start[0], start[1]}, sum = 0;
  for (size_t t = 0; t < set->horizon; t++) {
    const uint64_t index = at * set->horizon + t;
    double in[IN_MAX] = {s[0], s[1]};
    act(in + 2, policy, set->hidden, s);
    if (w->dx) {
      in[4] = change(w->dy, k, in, s[1], key, 2 * index);
      s[1] = s[1] + in[4];
      s[0] = s[0] + change(w->dx, k, in, s[0], key, 2 * index + 1);
    } else {
      river(s, in + 2, symmetric(key, index));
    }
    sum += s[1] - size;
  }
  return sum / (double)set->horizon;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Starts are places of the random canoe. All policies of a generation meet the same luck.
static double worth(const world *w, const double *policy, const cred_key *key) {
  const setting *set = w->set;
  double sum = 0;
  for (size_t i = 0; i < set->n_starts; i++) {
    const size_t row = (size_t)cred_key_below(key, i, cred_table_n_rows(w->starts));
    const double start[2] = {cred_table_number(w->starts, row, 0),
                             cred_table_number(w->starts, row, 1)};
    for (size_t k = 0; k < set->n_each; k++)
      w->returns[k] = roll_out(w, policy, start, k, key, 100000 + i * set->n_each + k);
    qsort(w->returns, set->n_each, sizeof *w->returns, by_value);
    sum += cred_cvar_sorted(w->returns, set->n_each, w->cvar ? set->level : 1);
  }
  return sum / (double)set->n_starts;
}

// --- search ---

typedef struct {
  size_t n, lambda, mu;
  double *mean, *factor, *cov;    // (n), (n, n) lower, (n, n)
  double *path_step, *path_cov;   // (n)
  double *z, *x;                  // (lambda, n)
  double *worth, *weight, *shift; // (lambda), (mu), (n)
  size_t *order;                  // (lambda)
  double step, mu_eff;
} search;

static search search_new(size_t n, size_t lambda, double step) {
  search s = {.n = n, .lambda = lambda, .mu = lambda / 2, .step = step};
  s.mean = room(n, sizeof(double)), s.shift = room(n, sizeof(double));
  s.factor = room(n * n, sizeof(double)), s.cov = room(n * n, sizeof(double));
  s.path_step = room(n, sizeof(double)), s.path_cov = room(n, sizeof(double));
  s.z = room(lambda * n, sizeof(double)), s.x = room(lambda * n, sizeof(double));
  s.worth = room(lambda, sizeof(double)), s.weight = room(lambda, sizeof(double));
  s.order = room(lambda, sizeof(size_t));
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) s.factor[i * n + i] = s.cov[i * n + i] = 1;
  for (size_t i = 0; i < s.mu; i++)
    sum += s.weight[i] = log((double)lambda / 2 + 0.5) - log((double)i + 1);
  for (size_t i = 0; i < s.mu; i++)
    s.weight[i] /= sum, squares += s.weight[i] * s.weight[i];
  s.mu_eff = 1 / squares;
  return s;
}

static void search_clear(search *s) {
  double *const all[] = {s->mean,     s->shift, s->factor, s->cov,   s->path_step,
                         s->path_cov, s->z,     s->x,      s->worth, s->weight};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  free(s->order);
}

static void propose(search *s, const cred_key *key) {
  for (size_t c = 0; c < s->lambda; c++)
    for (size_t i = 0; i < s->n; i++) {
      double *z = s->z + c * s->n, sum = 0;
      z[i] = cred_key_normal(key, c * s->n + i);
      for (size_t j = 0; j <= i; j++) sum += s->factor[i * s->n + j] * z[j];
      s->x[c * s->n + i] = s->mean[i] + s->step * sum;
    }
}

static void rank_all(search *s) {
  for (size_t i = 0; i < s->lambda; i++) {
    size_t j = i;
    for (; j > 0 && s->worth[s->order[j - 1]] < s->worth[i]; j--)
      s->order[j] = s->order[j - 1];
    s->order[j] = i;
  }
}

static void cholesky(double *l, const double *a, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      l[i * n + j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / l[j * n + j];
    }
}

// Defaults of Hansen (2016), table 1.
typedef struct {
  double step, damp, path, one, mu;
  double usual; // expected length of a standard normal
} rates;

static rates rates_of(const search *s) {
  const double n = (double)s->n, mu = s->mu_eff;
  rates r = {.step = (mu + 2) / (n + mu + 5),
             .path = (4 + mu / n) / (n + 4 + 2 * mu / n),
             .one = 2 / (pow(n + 1.3, 2) + mu),
             .usual = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))};
  r.damp = 1 + 2 * fmax(0, sqrt((mu - 1) / (n + 1)) - 1) + r.step;
  r.mu = fmin(1 - r.one, 2 * (mu - 2 + 1 / mu) / (pow(n + 2, 2) + mu));
  return r;
}

// Mean step of the better half, and the path of its z; returns the length of the path.
static double average(search *s, const rates *r) {
  double length = 0;
  for (size_t i = 0; i < s->n; i++) {
    double z = 0, x = 0;
    for (size_t k = 0; k < s->mu; k++) {
      z += s->weight[k] * s->z[s->order[k] * s->n + i];
      x += s->weight[k] * (s->x[s->order[k] * s->n + i] - s->mean[i]) / s->step;
    }
    s->shift[i] = x;
    s->path_step[i] =
        (1 - r->step) * s->path_step[i] + sqrt(r->step * (2 - r->step) * s->mu_eff) * z;
    length += s->path_step[i] * s->path_step[i];
  }
  return sqrt(length);
}

static void move_covariance(search *s, const rates *r, double h) {
  for (size_t i = 0; i < s->n; i++)
    s->path_cov[i] = (1 - r->path) * s->path_cov[i] +
                     h * sqrt(r->path * (2 - r->path) * s->mu_eff) * s->shift[i];
  for (size_t i = 0; i < s->n; i++)
    for (size_t j = 0; j <= i; j++) {
      double ranks = 0;
      for (size_t k = 0; k < s->mu; k++) {
        const double *x = s->x + s->order[k] * s->n;
        ranks += s->weight[k] * (x[i] - s->mean[i]) * (x[j] - s->mean[j]);
      }
      double *c = &s->cov[i * s->n + j];
      *c = (1 - r->one * h - r->mu) * *c + r->one * s->path_cov[i] * s->path_cov[j] +
           r->mu * ranks / (s->step * s->step);
    }
}

static void learn(search *s, size_t generation) {
  const rates r = rates_of(s);
  const double length = average(s, &r);
  const double settled = 1 - pow(1 - r.step, 2 * (double)(generation + 1));
  const double longest = (1.4 + 2 / ((double)s->n + 1)) * r.usual;
  move_covariance(s, &r, length / sqrt(settled) < longest);
  for (size_t i = 0; i < s->n; i++) s->mean[i] += s->step * s->shift[i];
  s->step *= exp(fmin(1, r.step / r.damp * (length / r.usual - 1)));
  if (generation % 5 == 4) cholesky(s->factor, s->cov, s->n);
}

// The policy (policy_size) found in a world.
static void search_policy(double *policy, const world *w, uint64_t seed) {
  const cred_key root = cred_key_make(seed);
  search s = search_new(policy_size(w->set->hidden), w->set->population, w->set->step);
  for (size_t g = 0; g < w->set->n_search; g++) {
    const cred_key key = cred_key_derive(&root, CRED_FOR_STEP, g);
    const cred_key luck = cred_key_derive(&root, CRED_FOR_OUTCOMES, g);
    propose(&s, &key);
    for (size_t c = 0; c < s.lambda; c++) s.worth[c] = worth(w, s.x + c * s.n, &luck);
    rank_all(&s);
    learn(&s, g);
  }
  memcpy(policy, s.mean, s.n * sizeof *policy);
  search_clear(&s);
}

// --- the picture ---

static FILE *open_text(const char *prefix, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s-%s.txt", prefix, name);
  FILE *file = fopen(path, "w");
  if (!file) fprintf(stderr, "wet_chicken: cannot write '%s'\n", path), exit(CRED_EIO);
  return file;
}

// Next y from (2, 4.2) without paddling, by the model and in the river.
static void draw_next(const world *w, const char *prefix) {
  enum { N = 20000 };
  FILE *file = open_text(prefix, "next");
  const cred_key key = cred_key_make(8);
  for (size_t i = 0; i < N; i++) {
    const double in[IN_MAX] = {2, 4.2, 0, 0};
    double s[2] = {in[0], in[1]};
    river(s, in + 2, symmetric(&key, 1000000 + i));
    fprintf(file, "%.4f %.4f\n", in[1] + change(w->dy, i, in, in[1], &key, i), s[1]);
  }
  fclose(file);
}

// Actions of a policy on a grid, and 3,000 places that it comes to in the river.
static void draw_policy(const double *policy, size_t hidden, const char *prefix) {
  enum { GRID = 16, PLACES = 3000 };
  FILE *actions = open_text(prefix, "actions"), *places = open_text(prefix, "places");
  const cred_key key = cred_key_make(9);
  double s[2] = {0, 0}, a[2];
  for (size_t i = 0; i < GRID * GRID; i++) {
    const double at[2] = {size * (double)(i % GRID) / (GRID - 1),
                          size * (double)(i / GRID) / (GRID - 1)};
    act(a, policy, hidden, at);
    fprintf(actions, "%g %g %g %g\n", at[0], at[1], a[0], a[1]);
  }
  for (size_t t = 0; t < PLACES; t++) {
    act(a, policy, hidden, s);
    river(s, a, symmetric(&key, t));
    fprintf(places, "%.4f %.4f\n", s[0], s[1]);
  }
  fclose(actions), fclose(places);
}

// --- a run ---

typedef struct {
  double reward, falls;
} result;

// 200 canoes for 1,000 steps each, all from the same starts and with the same luck.
static result judge(const double *policy, size_t hidden) {
  enum { CANOES = 200, STEPS = 1000 };
  const cred_key root = cred_key_make(5);
  result r = {0, 0};
  for (size_t c = 0; c < CANOES; c++) {
    const cred_key key = cred_key_derive(&root, CRED_FOR_USER, c);
    double s[2] = {0, 0}, a[2];
    for (size_t t = 0; t < STEPS; t++) {
      act(a, policy, hidden, s);
      r.falls += river(s, a, symmetric(&key, t));
      r.reward += s[1] - size;
    }
  }
  r.reward /= CANOES * STEPS, r.falls /= CANOES * STEPS;
  return r;
}

static void run_one(const setting *set, uint64_t run) {
  cred_table *train = random_steps(N_TRAIN, 100 + run, set->jitter),
             *test = random_steps(N_TEST, 200 + run, 0);
  cred_model *dx = fit(train, "dx", set, run), *dy = fit(train, "dy", set, run + 50);
  functions fx = functions_of(dx, set->n_draws), fy = functions_of(dy, set->n_draws);
  static const size_t inputs[IN_MAX] = {0, 1, 2, 3, 5}; // dx knows dy
  const double sx = log_lik(&fx, test, 4, inputs), sy = log_lik(&fy, test, 5, inputs);
  const double lx = sx - log(fx.target_sd), ly = sy - log(fy.target_sd);
  const clock_t begun = clock();
  printf("%zu,%.3f,%.3f,%.3f,%.3f", (size_t)run, ly, lx, sy, sx), fflush(stdout);
  double *policy = room(policy_size(set->hidden), sizeof *policy);
  world w = {.set = set, .dx = &fx, .dy = &fy, .starts = train};
  w.returns = room(set->n_each, sizeof *w.returns);
  for (int which = 0; which < 3; which++) { // mean, CVaR, the river itself
    w.cvar = which == 1;
    if (which == 2) w.dx = NULL;
    search_policy(policy, &w, 300 + run);
    if (which == 0 && set->picture) {
      draw_next(&w, set->picture);
      draw_policy(policy, set->hidden, set->picture);
    }
    const result r = judge(policy, set->hidden);
    printf(",%.4f,%.4f", r.reward, r.falls), fflush(stdout);
  }
  printf(",%.1f\n", (double)(clock() - begun) / CLOCKS_PER_SEC), fflush(stdout);
  free(policy), free(w.returns), free(fx.theta), free(fy.theta);
  cred_model_free(dx), cred_model_free(dy);
  cred_table_free(train), cred_table_free(test);
}

static void take(setting *s, char *word) {
  const struct {
    const char *name;
    size_t *size;
    double *number;
    const char **text;
  } all[] = {{"net", .text = &s->net},
             {"likelihood", .text = &s->likelihood},
             {"prior", .text = &s->prior},
             {"picture", .text = &s->picture},
             {"members", .size = &s->n_members},
             {"draws", .size = &s->n_draws},
             {"steps", .size = &s->steps},
             {"rate", .number = &s->rate},
             {"jitter", .number = &s->jitter},
             {"horizon", .size = &s->horizon},
             {"starts", .size = &s->n_starts},
             {"each", .size = &s->n_each},
             {"hidden", .size = &s->hidden},
             {"search", .size = &s->n_search},
             {"population", .size = &s->population},
             {"level", .number = &s->level},
             {"first", .number = &s->step},
             {"from", .size = &s->first_run}};
  char *value = strchr(word, '=');
  if (!value) exit(CRED_EINVAL);
  *value++ = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (strcmp(word, all[i].name) != 0) continue;
    if (all[i].text) *all[i].text = value;
    if (all[i].size) *all[i].size = (size_t)atof(value);
    if (all[i].number) *all[i].number = atof(value);
    return;
  }
  fprintf(stderr, "wet_chicken: no setting '%s'\n", word);
  exit(CRED_EINVAL);
}

int main(int n, char **words) {
  setting s = {.net = "dense 20 relu, dense 20 relu",
               .likelihood = "mixture 5",
               .n_members = 5,
               .n_draws = 25,
               .steps = 20000,
               .batch = 128,
               .rate = 5e-3,
               .horizon = 10,
               .n_starts = 20,
               .n_each = 20,
               .hidden = 20,
               .n_search = 150,
               .population = 16,
               .level = 0.2,
               .jitter = 0.05,
               .step = 0.3,
               .first_run = 1};
  const size_t n_runs = n > 1 ? (size_t)atol(words[1]) : 1;
  for (int i = 2; i < n; i++) take(&s, words[i]);
  printf("run,log_lik_y,log_lik_x,standardised_y,standardised_x,mean,mean_falls,cvar,"
         "cvar_falls,river,river_falls,seconds\n");
  for (uint64_t run = s.first_run; run < s.first_run + n_runs; run++) run_one(&s, run);
  return 0;
}
