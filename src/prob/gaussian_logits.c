// gaussian_logits.c -- expectations over logits that are independent Gaussians.
//
// Add a standard Gumbel variable g_k to each logit: the largest of l_k + g_k is that of
// class k with probability softmax(l)_k (Gumbel 1954; Luce 1959). The sums l_k + g_k are
// independent, so with F_k, f_k their distribution function and density, P = prod_k F_k:
//   E p_k        = int P f_k / F_k dx
//   E p_j p_k    = -d E p_k / d mean_j = int P (f_j / F_j) (f_k / F_k) dx   (j != k)
//   E LSE(l)     = E max_k (l_k + g_k) - gamma,  gamma = Euler's constant
//   E entropy    = E LSE(l) - sum_k E p_k l_k
//                = sum_k int (P / F_k) E_l[(x - l_k) f(x | l_k)] dx - gamma
// F_k(x) = E_l exp(-u), f_k(x) = E_l u exp(-u), u = exp(l - x). All integrals in one
// dimension, by the trapezoid rule, which converges geometrically here: the integrands
// are analytic in a strip of half-width pi / 2, so that a step h costs exp(-pi^2 / h).

#include "prob/gaussian_logits.h"
#include "kernel/fast_math.h"
#include "kernel/softmax.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define EULER 0.57721566490153286061
enum { NODES_MAX = 127, GRID_MAX = 256, RESTART = 16, KEPT = 16 };
#define REACH_SD   5.5  // of the Gaussian that is kept: 4e-8 is outside
#define STEP_SD    0.75 // of a Gaussian in units of its sd: exp(-2 pi^2 / h^2) = 6e-16
#define STEP_NODE  0.6  // in logits: exp(-pi^2 / h) = 7e-8
#define STEP_GRID  0.5  // 3e-9
#define REACH_LOW  3.5  // exp(-exp(3.5)) = 4e-15
#define REACH_HIGH 18.0 // exp(-18) = 2e-8

static double sd_of(double var) {
  return var > 0 ? sqrt(var) : (var <= 0 ? 0.0 : var);
}

// Equally spaced points of a Gaussian: number -half ... half, z apart in units of sd.
typedef struct {
  int half;
  double z, weight[NODES_MAX];
} node_set;

static void nodes_init(node_set *nodes, double sd) {
  const int half_max = NODES_MAX / 2;
  nodes->half = 0;
  nodes->z = 0;
  nodes->weight[0] = 1;
  if (!(sd > 0)) return;
  nodes->z = STEP_SD * sd > STEP_NODE ? STEP_NODE / sd : STEP_SD;
  const double wanted = ceil(REACH_SD / nodes->z);
  nodes->half = wanted < half_max ? (int)wanted : half_max;
  if (!(wanted <= half_max)) nodes->z = REACH_SD / half_max;
  double sum = 0;
  for (int i = -nodes->half; i <= nodes->half; i++) {
    const double z = nodes->z * i;
    sum += nodes->weight[i + nodes->half] = exp(-0.5 * z * z);
  }
  for (int i = 0; i <= 2 * nodes->half; i++) nodes->weight[i] /= sum;
}

void cred__sigmoid_moments(double *prob, double *entropy, double mean, double var) {
  node_set nodes;
  const double sd = sd_of(var);
  double p = 0, h = 0;
  nodes_init(&nodes, sd);
  for (int i = 0; i <= 2 * nodes.half; i++) {
    const double l = mean + sd * nodes.z * (i - nodes.half), size = fabs(l);
    const double s = log1p(exp(-size)), small = exp(-size - s); // the less likely class
    p += nodes.weight[i] * (l < 0 ? small : 1.0 - small);
    h += nodes.weight[i] * (s + small * size); // -sum p log p
  }
  *prob = p;
  *entropy = h > 0 || isnan(h) ? h : 0.0;
}

// Where the largest of l_k + g_k lies, in n equal steps.
typedef struct {
  size_t n;
  double step;
  cred_real x[GRID_MAX];
} grid_set;

static void grid_init(grid_set *grid, const cred_real *mean, const cred_real *var,
                      size_t n) {
  double low = -INFINITY, high = -INFINITY, sum = 0;
  for (size_t k = 0; k < n; k++) {
    const double m = (double)mean[k], reach = REACH_SD * sd_of((double)var[k]);
    low = fmax(low, m - reach);
    high = fmax(high, m + reach);
    sum += m + reach; // NaN and infinity anywhere show here
  }
  low -= REACH_LOW;
  high += log((double)n) + REACH_HIGH;
  const double wanted = ceil((high - low) / STEP_GRID);
  grid->n = wanted < GRID_MAX - 1 ? (size_t)wanted + 1 : GRID_MAX;
  grid->step = (high - low) / (double)(grid->n - 1);
  if (!isfinite(sum)) grid->step = NAN;
  for (size_t i = 0; i < grid->n; i++)
    grid->x[i] = (cred_real)(low + grid->step * (double)i);
}

// One class on the grid: F, f, and E_l[(x - l) f(x | l)].
typedef struct {
  cred_real below[GRID_MAX], density[GRID_MAX], excess[GRID_MAX];
} class_curve;

// u = exp(l - x) goes from node to node by one factor; it starts anew before a u that
// underflowed could matter.
static void curve_init(class_curve *curve, const grid_set *grid, double mean,
                       double var) {
  node_set nodes;
  const double sd = sd_of(var);
  nodes_init(&nodes, sd);
  const cred_real growth = cred__exp((cred_real)(sd * nodes.z));
  cred_real u[GRID_MAX];
  memset(curve, 0, sizeof *curve);
  for (int q = 0; q <= 2 * nodes.half; q++) {
    const cred_real l = (cred_real)(mean + sd * nodes.z * (q - nodes.half));
    if (q % RESTART == 0)
      for (size_t i = 0; i < grid->n; i++) u[i] = cred__exp(l - grid->x[i]);
    const cred__gumbel_node node = {.below = curve->below,
                                    .density = curve->density,
                                    .excess = curve->excess,
                                    .u = u,
                                    .x = grid->x,
                                    .l = l,
                                    .weight = (cred_real)nodes.weight[q],
                                    .growth = growth};
    cred__gumbel_add(&node, grid->n);
  }
}

static double clamp_entropy(double h, size_t n) {
  const double most = log((double)n);
  return h < 0 ? 0.0 : h > most ? most : h;
}

// Two passes over the classes. The curves of a few are kept between them; those of many
// are made twice rather than stored.
void cred__softmax_moments(double *prob, double *entropy, const cred_real *mean,
                           const cred_real *var, size_t n) {
  grid_set grid;
  class_curve kept[KEPT];
  double all[GRID_MAX], total = 0, excess = 0;
  const bool keep = n <= KEPT;
  grid_init(&grid, mean, var, n);
  for (size_t i = 0; i < grid.n; i++) all[i] = isnan(grid.step) ? (double)NAN : 1.0;
  for (size_t k = 0; k < n; k++) {
    class_curve *curve = &kept[keep ? k : 0];
    curve_init(curve, &grid, (double)mean[k], (double)var[k]);
    for (size_t i = 0; i < grid.n; i++) all[i] *= (double)curve->below[i];
  }
  for (size_t k = 0; k < n; k++) {
    class_curve *curve = &kept[keep ? k : 0];
    if (!keep) curve_init(curve, &grid, (double)mean[k], (double)var[k]);
    prob[k] = 0;
    for (size_t i = 0; i < grid.n; i++) {
      const double others = all[i] / (double)curve->below[i];
      prob[k] += others * (double)curve->density[i];
      excess += others * (double)curve->excess[i];
    }
    total += prob[k];
  }
  for (size_t k = 0; k < n; k++) prob[k] /= total;
  *entropy = clamp_entropy(excess / total - EULER, n);
}

// Sums over classes at each point of the grid, with r_k = f_k / F_k.
typedef struct {
  double all[GRID_MAX], r[GRID_MAX];               // P, sum r
  double v[GRID_MAX], v_twice[GRID_MAX];           // sum v r, sum v^2 r^2
  double square[GRID_MAX], square_twice[GRID_MAX]; // sum E v^2 r, sum E v^2 r^2
  double noise[GRID_MAX];
} average_sums;

static void add_class(average_sums *sums, const class_curve *curve, size_t n,
                      double value, double square, double noise) {
  for (size_t i = 0; i < n; i++) {
    const double r = (double)curve->density[i] / (double)curve->below[i];
    sums->all[i] *= (double)curve->below[i];
    sums->r[i] += r;
    sums->v[i] += value * r;
    sums->v_twice[i] += value * value * r * r;
    sums->square[i] += square * r;
    sums->square_twice[i] += square * r * r;
    sums->noise[i] += noise * r;
  }
}

// E (sum p v)^2 = sum_{j != k} v_j v_k E p_j p_k + sum_k E v_k^2 E p_k^2, and
// p_k^2 = p_k - sum_{j != k} p_j p_k.
cred__softmax_average cred__softmax_averages(const cred_real *mean, const cred_real *var,
                                             const double *value, const double *value_var,
                                             const double *noise, size_t n) {
  grid_set grid;
  class_curve curve;
  average_sums s = {0};
  cred__softmax_average average = {0};
  double total = 0;
  grid_init(&grid, mean, var, n);
  for (size_t i = 0; i < grid.n; i++) s.all[i] = isnan(grid.step) ? NAN : 1.0;
  for (size_t k = 0; k < n; k++) {
    curve_init(&curve, &grid, (double)mean[k], (double)var[k]);
    add_class(&s, &curve, grid.n, value[k], value_var[k] + value[k] * value[k], noise[k]);
  }
  for (size_t i = 0; i < grid.n; i++) {
    const double pairs = s.v[i] * s.v[i] - s.v_twice[i];
    const double same = s.square[i] - (s.square[i] * s.r[i] - s.square_twice[i]);
    total += s.all[i] * s.r[i];
    average.mean += s.all[i] * s.v[i];
    average.mean_square += s.all[i] * (pairs + same);
    average.square += s.all[i] * s.square[i];
    average.noise += s.all[i] * s.noise[i];
  }
  average.mean /= total;
  average.mean_square /= total;
  average.square /= total;
  average.noise /= total;
  return average;
}
