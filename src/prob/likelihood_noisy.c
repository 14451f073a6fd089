// likelihood_noisy.c -- classes whose logits carry Gaussian noise of learned variance.
//
//   u_tk = l_k + s_k z_tk,  s_k = exp(a_k / 2),  z_tk ~ N(0, 1),  t = 1 ... T
//   log p(y) = log 1/T sum_t softmax(u_t)_y
//   with w_t = softmax_t(log softmax(u_t)_y),  g_tk = w_t ([k = y] - softmax(u_t)_k):
//   d/dl_k = sum_t g_tk,   d/da_k = sum_t g_tk z_tk s_k / 2
// l and a are the outputs of a row, a is held (cred__hold). Source: Kendall & Gal (2017),
// "What uncertainties do we need in Bayesian deep learning for computer vision?", eq. 12.
//
// With a key, z are T fresh normals a row: training. Without one they are 121 points in
// place of the normal, the same for all rows, and p(y) stands for the mean over all
// noise: an orthogonal array of strength 2 over 11 levels, 12 columns of which any two
// meet in all pairs of levels (Bose & Bush 1952), each level split into 11 ranks so that
// a column holds every quantile (i + 1/2) / 121 once (Tang 1993, "Orthogonal array-based
// Latin hypercubes"). Its error in p, over logits of sd 2 and noise of sd about 1: 0.0015
// root mean square, 0.01 at worst; of sd about 3: 0.006 and 0.03.
//
// Classes go by chunks of CHUNK, points beside each other, in two passes: sums over the
// classes, then what is made of each.

#include "prob/likelihood.h"
#include "kernel/kernel.h"
#include "kernel/softmax.h"
#include "kernel/special.h"
#include "prob/strip.h"
#include <math.h>

enum { CHUNK = 64, LEVELS = 11, FIXED = LEVELS * LEVELS, POINTS = CRED__NOISY_DRAWS_MAX };
_Static_assert(FIXED <= POINTS, "room for the points");
_Static_assert(CHUNK % CRED__NOISE_BLOCK == 0, "chunks of normals begin at blocks");

typedef struct {
  const cred_key *key; // NULL: the fixed points
  size_t n, n_points;  // classes; points
  size_t held;         // first class of the fixed points in z, SIZE_MAX: none
  cred_real quantile[FIXED];
  cred_real z[CHUNK * POINTS], e[CHUNK * POINTS]; // (classes of a chunk, points)
  cred_real sd[CHUNK], slope[CHUNK];              // s and the slope of the held a
  cred_real top[POINTS], observed[POINTS];        // (points) largest u; u of the label
  double total[POINTS];                           // sum of exp(u - top)
} noisy;

static void noisy_init(noisy *w, const cred_likelihood *lik, const cred_key *key) {
  w->key = key;
  w->n = lik->n_classes;
  w->n_points = key ? lik->n_draws : FIXED;
  w->held = SIZE_MAX;
  for (size_t i = 0; !key && i < FIXED; i++)
    w->quantile[i] = (cred_real)cred__normal_quantile(((double)i + 0.5) / FIXED);
}

// A column of the array: its levels and their ranks go through permutations of its own,
// linear ones modulo 11.
typedef struct {
  size_t number, times, plus, rank_times, rank_plus, by_level, by_square;
} column;

static column column_of(size_t class) {
  const cred_key key = cred_key_make(0);
  const uint32_t counter[4] = {(uint32_t) class, 0, 0, 0};
  uint32_t r[4];
  cred_philox4x32(r, counter, &key);
  return (column){.number = class % (LEVELS + 1),
                  .times = 1 + r[0] % (LEVELS - 1),
                  .plus = r[0] / 64 % LEVELS,
                  .rank_times = 1 + r[1] % (LEVELS - 1),
                  .rank_plus = r[1] / 64 % LEVELS,
                  .by_level = r[2] % LEVELS,
                  .by_square = r[3] % LEVELS};
}

// Which quantile the column has at a point.
static size_t rank_at(const column *c, size_t point) {
  const size_t a = point / LEVELS, b = point % LEVELS;
  const size_t at = c->number == LEVELS ? b : (a + c->number * b) % LEVELS;
  const size_t other = c->number == LEVELS ? a : b;
  const size_t level = (c->times * at + c->plus) % LEVELS;
  const size_t rank = c->rank_times * other + c->rank_plus + c->by_level * at;
  return level * LEVELS + (rank + c->by_square * at * at) % LEVELS;
}

static void fixed_points(cred_real *z, const noisy *w, size_t class) {
  const column c = column_of(class);
  for (size_t t = 0; t < FIXED; t++) z[t] = w->quantile[rank_at(&c, t)];
}

// z, s and slopes of classes first ... first + n - 1. The fixed points of a chunk serve
// all rows.
static void take_noise(noisy *w, const cred_real *out, size_t row, size_t first,
                       size_t n) {
  const size_t p = w->n_points;
  if (w->key)
    cred__normal_fill(w->z, n * p, w->key, row, first * p);
  else if (w->held != first)
    for (size_t k = 0; k < n; k++) fixed_points(w->z + k * p, w, first + k);
  w->held = w->key ? SIZE_MAX : first;
  for (size_t k = 0; k < n; k++) {
    double slope;
    const double a =
        cred__hold(&slope, (double)out[w->n + first + k], CRED__LOG_VAR_LIMIT);
    w->sd[k] = (cred_real)exp(0.5 * a);
    w->slope[k] = (cred_real)slope;
  }
}

static size_t chunk_length(const noisy *w, size_t first) {
  return w->n - first < CHUNK ? w->n - first : CHUNK;
}

// Sums over the classes of a row; label SIZE_MAX: none.
static void add_classes(noisy *w, const cred_real *out, size_t row, size_t label) {
  const size_t p = w->n_points;
  for (size_t t = 0; t < p; t++) w->top[t] = (cred_real)-INFINITY, w->total[t] = 0;
  for (size_t first = 0; first < w->n; first += CHUNK) {
    const size_t n = chunk_length(w, first);
    take_noise(w, out, row, first, n);
    const size_t at = label - first;
    for (size_t t = 0; at < n && t < p; t++)
      w->observed[t] = out[label] + w->sd[at] * w->z[at * p + t];
    cred__softmax_noisy(w->e, w->top, w->total, w->z, out + first, w->sd, n, p);
  }
}

// The chunk again, e = exp(u - top); the only one is there still.
static size_t again(noisy *w, const cred_real *out, size_t row, size_t first) {
  const size_t n = chunk_length(w, first);
  if (w->n <= CHUNK) return n;
  take_noise(w, out, row, first, n);
  cred__softmax_again(w->e, w->top, w->z, out + first, w->sd, n, w->n_points);
  return n;
}

// log 1/T sum_t exp(x_t); x becomes softmax(x).
static double log_mean_exp(double *x, size_t n) {
  double top = -INFINITY, sum = 0;
  for (size_t t = 0; t < n; t++) top = x[t] > top ? x[t] : top;
  for (size_t t = 0; t < n; t++) sum += x[t] = exp(x[t] - top);
  for (size_t t = 0; t < n; t++) x[t] /= sum;
  return top + log(sum / (double)n);
}

// share (points): w_t.
static void noisy_gradient(cred_real *dout, noisy *w, const double *share,
                           const cred_real *out, size_t row, size_t label,
                           cred_real weight) {
  const size_t p = w->n_points;
  cred_real own[POINTS], each[POINTS];
  for (size_t t = 0; t < p; t++) {
    own[t] = (cred_real)share[t];
    each[t] = (cred_real)(share[t] / w->total[t]);
  }
  for (size_t first = 0; first < w->n; first += CHUNK) {
    const size_t n = again(w, out, row, first);
    for (size_t k = 0; k < n; k++) {
      const cred_real *e = w->e + k * p, *z = w->z + k * p;
      const cred_real is_label = label == first + k;
      cred_real sum = 0, moment = 0;
      for (size_t t = 0; t < p; t++) {
        const cred_real g = is_label * own[t] - each[t] * e[t];
        sum += g;
        moment += g * z[t];
      }
      dout[first + k] = weighted(weight, sum);
      dout[w->n + first + k] = weighted(weight, moment * w->sd[k] * w->slope[k] / 2);
    }
  }
}

double cred__lik_noisy(const cred__lik_block *b, size_t target) {
  (void)target;
  noisy w;
  double sum = 0, share[POINTS];
  noisy_init(&w, b->lik, b->key);
  for (size_t i = 0; i < b->n_rows; i++) {
    const cred_real y = b->y[i], *out = b->out + i * b->n_outputs;
    const bool known = y >= 0 && y < (cred_real)w.n && y == (cred_real)(size_t)y;
    const size_t label = known ? (size_t)y : SIZE_MAX;
    const cred_real weight = cred__lik_weight(b, i);
    if (weight == 0 && !b->row_log_prob) { // nothing is asked of it
      for (size_t k = 0; b->dout && k < b->n_outputs; k++)
        b->dout[i * b->n_outputs + k] = 0;
      continue;
    }
    add_classes(&w, out, i, label);
    for (size_t t = 0; t < w.n_points; t++)
      share[t] = known ? (double)(w.observed[t] - w.top[t]) - log(w.total[t]) : NAN;
    sum += cred__lik_row(b, i, log_mean_exp(share, w.n_points));
    if (b->dout)
      noisy_gradient(b->dout + i * b->n_outputs, &w, share, out, i, label, weight);
  }
  return sum;
}

// log mean_t softmax(u_t)_k, by the logarithms of its terms.
static double log_mean_of_class(noisy *w, const cred_real *out, size_t k) {
  double x[POINTS];
  for (size_t t = 0; t < w->n_points; t++)
    x[t] = (double)(out[k] + w->sd[k % CHUNK] * w->z[k % CHUNK * w->n_points + t]) -
           (double)w->top[t] - log(w->total[t]);
  return log_mean_exp(x, w->n_points);
}

void cred__lik_noisy_class_log_prob(double *log_prob, const cred_likelihood *lik,
                                    const cred_real *out, size_t n_rows) {
  noisy w;
  noisy_init(&w, lik, NULL);
  for (size_t i = 0; i < n_rows; i++, out += 2 * w.n, log_prob += w.n) {
    cred_real each[FIXED];
    add_classes(&w, out, i, SIZE_MAX);
    for (size_t t = 0; t < FIXED; t++) each[t] = (cred_real)(1 / (FIXED * w.total[t]));
    for (size_t first = 0; first < w.n; first += CHUNK) {
      const size_t n = again(&w, out, i, first);
      double mean[CHUNK];
      cred__softmax_mean(mean, w.e, each, n, FIXED);
      for (size_t k = 0; k < n; k++)
        log_prob[first + k] =
            mean[k] < 1e-30 ? log_mean_of_class(&w, out, first + k) : log(mean[k]);
    }
  }
}

// Points in place of outputs that are Gaussian themselves; columns behind those of the
// noise.
void cred__lik_noisy_class_moments(double *prob, double *expected_entropy,
                                   const cred_likelihood *lik, const cred_real *mean,
                                   const cred_real *var) {
  noisy w;
  const size_t n = lik->n_classes;
  cred_real out[2 * CRED__CLASSES_MAX];
  double log_prob[CRED__CLASSES_MAX];
  noisy_init(&w, lik, NULL);
  *expected_entropy = 0;
  for (size_t c = 0; c < n; c++) prob[c] = 0;
  for (size_t s = 0; s < FIXED; s++) {
    for (size_t k = 0; k < 2 * n; k++) {
      const column c = column_of(n + k);
      const cred_real sd = (cred_real)sqrt(fmax(0, (double)var[k]));
      out[k] = mean[k] + sd * w.quantile[rank_at(&c, s)];
    }
    cred__lik_noisy_class_log_prob(log_prob, lik, out, 1);
    for (size_t c = 0; c < n; c++) {
      const double p = exp(log_prob[c]);
      prob[c] += p / FIXED;
      *expected_entropy -= p * log_prob[c] / FIXED;
    }
  }
}
