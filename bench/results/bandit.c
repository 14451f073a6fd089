// bandit.c -- the mushroom bandit: which mushrooms to eat.
//
// Protocol of Blundell et al. (2015), section 5.3, and Riquelme, Tucker & Snoek (2018):
// eating an edible one gives +5, a poisonous one -35 or +5 with probability 1/2 each, not
// eating 0. Regret is of expected rewards: 5 for an edible one left, 15 for a poisonous
// one eaten. Contexts are drawn with replacement; run r of all methods has the same ones.
//
//   bandit DATA METHOD RUNS CONTEXTS [NAME=VALUE]...
// One line a run: method, run, regret in % of the uniform policy's, seconds, updates;
// with curve=FILE the mean cumulative regret at 200 steps.

#include <credence/decide/bandit.h>
#include <credence/data/schema.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NOT_EAT = 0, EAT = 1, N_ACTIONS = 2, CURVE = 200 };

typedef struct {
  size_t n, d;
  double *x;          // (n, d) one-hot
  bool *is_poisonous; // (n)
} mushrooms;

static void stop(cred_status status) {
  if (!status) return;
  fprintf(stderr, "bandit: %s\n", cred_error_message());
  exit(status);
}

static void *room(size_t n, size_t size) {
  void *p = calloc(n, size);
  if (!p) exit(CRED_ENOMEM);
  return p;
}

static mushrooms read_mushrooms(const char *path) {
  const char *target = "c1";
  cred_table *table;
  cred_schema *schema;
  cred_data data;
  cred_table_options opt = cred_table_defaults();
  cred_schema_options columns = cred_schema_defaults();
  opt.format = CRED_FORMAT_CSV;
  opt.header = 0;
  columns.targets = &target;
  columns.n_targets = 1;
  stop(cred_table_read(&table, path, &opt));
  stop(cred_schema_learn(&schema, table, NULL, 0, &columns));
  stop(cred_schema_encode(&data, schema, table, NULL, 0, 1, 0));
  mushrooms m = {.n = data.n_rows, .d = data.n_inputs};
  m.x = room(m.n * m.d, sizeof *m.x);
  m.is_poisonous = room(m.n, sizeof *m.is_poisonous);
  for (size_t i = 0; i < m.n * m.d; i++) m.x[i] = (double)data.x[i];
  for (size_t i = 0; i < m.n; i++)
    m.is_poisonous[i] = schema->targets[0].classes[(size_t)data.y[i]][0] == 'p';
  cred_data_clear(&data);
  cred_schema_free(schema);
  cred_table_free(table);
  return m;
}

// --- the linear baseline ---
//
// Bayesian linear regression for each action on the inputs and a constant, noise and
// weights unknown: Riquelme, Tucker & Snoek (2018), section 3 ("Linear").

typedef struct {
  cred_linear *of[N_ACTIONS];
  double *row, *weights; // (d + 1)
  size_t d;
} linear;

static linear linear_new(size_t n_inputs, const cred_linear_options *opt) {
  linear l = {.d = n_inputs};
  for (size_t a = 0; a < N_ACTIONS; a++) stop(cred_linear_new(&l.of[a], l.d + 1, opt));
  l.row = room(l.d + 1, sizeof(double));
  l.weights = room(l.d + 1, sizeof(double));
  l.row[l.d] = 1;
  return l;
}

static void linear_free(linear *l) {
  for (size_t a = 0; a < N_ACTIONS; a++) cred_linear_free(l->of[a]);
  free(l->row), free(l->weights);
}

static void linear_add(linear *l, const double *x, size_t action, double reward) {
  memcpy(l->row, x, l->d * sizeof *x);
  cred_linear_add(l->of[action], l->row, reward);
}

static size_t linear_choose(linear *l, const double *x, const cred_key *key) {
  double value[N_ACTIONS] = {0};
  for (size_t a = 0; a < N_ACTIONS; a++) {
    const cred_key draw = cred_key_derive(key, CRED_FOR_DRAW, a);
    cred_linear_draw(l->weights, l->of[a], &draw);
    value[a] = l->weights[l->d];
    for (size_t i = 0; i < l->d; i++) value[a] += l->weights[i] * x[i];
  }
  return value[EAT] > value[NOT_EAT];
}

// --- a run ---

typedef struct {
  const char *method;
  cred_bandit_options bandit;
  size_t n_contexts, first_run;
  double jitter; // sd of what is added to a reward before it is learned
  double *curve; // (CURVE) sums over runs of regret
} setting;

static double reward_of(bool poisonous, size_t action, const cred_key *key, uint64_t t) {
  if (action == NOT_EAT) return 0;
  if (!poisonous) return 5;
  return cred_key_uniform(key, t) < 0.5 ? -35 : 5;
}

static double regret_of(bool poisonous, size_t action) {
  if (action == EAT) return poisonous ? 15 : 0;
  return poisonous ? 0 : 5;
}

typedef struct {
  double regret, uniform, time_s;
  cred_bandit_info books;
} outcome;

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static outcome run_one(const setting *s, const mushrooms *m, size_t run) {
  const cred_key root = cred_key_make(1000 + run);
  const cred_key order = cred_key_derive(&root, CRED_FOR_USER, 0);
  const cred_key luck = cred_key_derive(&root, CRED_FOR_USER, 1);
  const bool is_linear = strcmp(s->method, "linear") == 0;
  cred_bandit *b = NULL;
  linear arms = {0};
  outcome out = {.time_s = now_s()};
  cred_bandit_options opt = s->bandit;
  opt.model.fit.seed = run + 1;
  if (is_linear)
    arms = linear_new(m->d, &opt.linear);
  else
    stop(cred_bandit_new(&b, m->d, N_ACTIONS, &opt));
  for (size_t t = 0; t < s->n_contexts; t++) {
    const size_t i = (size_t)cred_key_below(&order, t, m->n);
    const double *x = m->x + i * m->d;
    size_t action = NOT_EAT;
    if (is_linear) {
      const cred_key key = cred_key_derive(&luck, CRED_FOR_STEP, t);
      action = linear_choose(&arms, x, &key);
      if (t < 6) action = t % 2;
    } else {
      stop(cred_bandit_choose(&action, b, x));
    }
    const double reward = reward_of(m->is_poisonous[i], action, &luck, t);
    if (is_linear)
      linear_add(&arms, x, action, reward);
    else
      stop(cred_bandit_learn(b, x, action,
                             reward + s->jitter * cred_key_normal(&luck, 1000000 + t)));
    out.regret += regret_of(m->is_poisonous[i], action);
    out.uniform += m->is_poisonous[i] ? 7.5 : 2.5;
    const size_t at = (t + 1) * CURVE / s->n_contexts;
    if (at * s->n_contexts == (t + 1) * CURVE && at) s->curve[at - 1] += out.regret;
  }
  out.time_s = now_s() - out.time_s;
  if (b) out.books = cred_bandit_books(b);
  if (is_linear) linear_free(&arms);
  cred_bandit_free(b);
  return out;
}

// --- settings ---

static void take_method(setting *s) {
  cred_bandit_options *o = &s->bandit;
  cred_fit_options *f = &o->model.fit;
  *o = cred_bandit_defaults();
  o->model.capacity = 4096;
  o->model.target_sd = 10;
  f->n_threads = 1;
  f->likelihood = "gaussian";
  f->schedule.rate = 3e-3;
  if (strcmp(s->method, "greedy") == 0) {
    f->posterior = CRED_FIT_MAP;
    o->policy = CRED_BANDIT_GREEDY;
  } else if (strcmp(s->method, "dropout") == 0) {
    f->posterior = CRED_FIT_DROPOUT;
    f->dropout = 0.2;
  } else if (strcmp(s->method, "ensemble") == 0) {
    f->posterior = CRED_FIT_MAP;
    f->n_members = 5;
  } else if (strcmp(s->method, "vi") == 0) {
    f->posterior = CRED_FIT_VI;
  } else if (strcmp(s->method, "neural-linear") == 0) {
    f->posterior = CRED_FIT_MAP;
    o->policy = CRED_BANDIT_LINEAR;
    o->every = 20, o->n_updates = 80;
    o->linear.rate = 0.06; // 6 in units of rewards
  } else if (strcmp(s->method, "linear") != 0) {
    fprintf(stderr,
            "bandit: method '%s', expected greedy, vi, dropout, ensemble, "
            "linear or neural-linear\n",
            s->method);
    exit(CRED_EINVAL);
  }
}

static const char *take_setting(setting *s, char *word) {
  cred_bandit_options *o = &s->bandit;
  cred_fit_options *f = &o->model.fit;
  char *value = strchr(word, '=');
  if (!value) exit(CRED_EINVAL);
  *value++ = 0;
  const double x = atof(value);
  if (!strcmp(word, "curve")) return value;
  if (!strcmp(word, "net"))
    f->net = value;
  else if (!strcmp(word, "prior"))
    f->prior = value;
  else if (!strcmp(word, "likelihood"))
    f->likelihood = value;
  else if (!strcmp(word, "rate"))
    f->schedule.rate = x;
  else if (!strcmp(word, "batch"))
    f->batch = (size_t)x;
  else if (!strcmp(word, "members"))
    f->n_members = (size_t)x;
  else if (!strcmp(word, "dropout"))
    f->dropout = x;
  else if (!strcmp(word, "init"))
    f->method.init_sd = x;
  else if (!strcmp(word, "temperature"))
    f->method.temperature = x;
  else if (!strcmp(word, "updates"))
    o->n_updates = (size_t)x;
  else if (!strcmp(word, "early"))
    o->n_early = 400, o->n_updates_early = (size_t)x;
  else if (!strcmp(word, "every"))
    o->every = (size_t)x;
  else if (!strcmp(word, "first"))
    o->n_first = (size_t)x;
  else if (!strcmp(word, "capacity"))
    o->model.capacity = (size_t)x;
  else if (!strcmp(word, "precision"))
    o->linear.precision = x;
  else if (!strcmp(word, "ig-rate"))
    o->linear.rate = x;
  else if (!strcmp(word, "hidden"))
    o->hidden_scale = x;
  else if (!strcmp(word, "floor"))
    o->noise_floor = x;
  else if (!strcmp(word, "scale"))
    o->model.target_sd = x;
  else if (!strcmp(word, "jitter"))
    s->jitter = x;
  else if (!strcmp(word, "from"))
    s->first_run = (size_t)x;
  else if (!strcmp(word, "threads"))
    f->n_threads = (size_t)x;
  else {
    fprintf(stderr, "bandit: no setting '%s'\n", word);
    exit(CRED_EINVAL);
  }
  return NULL;
}

int main(int n, char **words) {
  if (n < 5) {
    fprintf(stderr, "bandit DATA METHOD RUNS CONTEXTS [NAME=VALUE]...\n");
    return CRED_EINVAL;
  }
  setting s = {.method = words[2], .n_contexts = (size_t)atol(words[4])};
  const size_t n_runs = (size_t)atol(words[3]);
  const char *path = NULL;
  take_method(&s);
  for (int i = 5; i < n; i++) {
    const char *curve = take_setting(&s, words[i]);
    if (curve) path = curve;
  }
  s.curve = room(CURVE, sizeof *s.curve);
  mushrooms m = read_mushrooms(words[1]);
  for (size_t run = s.first_run; run < s.first_run + n_runs; run++) {
    const outcome o = run_one(&s, &m, run);
    printf("%s,%zu,%.3f,%.1f,%zu\n", s.method, run, 100 * o.regret / o.uniform, o.time_s,
           o.books.n_updates);
    fflush(stdout);
  }
  FILE *file = path ? fopen(path, "w") : NULL;
  for (size_t i = 0; file && i < CURVE; i++)
    fprintf(file, "%g %g\n", (double)((i + 1) * s.n_contexts) / CURVE,
            s.curve[i] / (double)n_runs);
  if (file) fclose(file);
  free(s.curve), free(m.x), free(m.is_poisonous);
  return 0;
}
