// step.c -- a whole optimiser step of a range of parameters in one pass over its arrays,
// and its first half: the gradients at one of several draws.
//
// Of a factorised Gaussian with the draw w, g = d log p(data | w) / dw, weight k of the
// KL and Adam on both parameters:
//   a = g + k d log p(w) / dw,   d/dmean = a,   d/dlog_sd = a (w - mean) + k
// (a prior with a closed KL: d/dmean = g - k m / t^2, d/dlog_sd = g (w - mean) -
// k (s^2 / t^2 - 1)). w - mean is the noise as the product saw it, so that nothing is
// drawn again. Formulas of the mixture in kernel/update.h, of Adam beside cred__adam.
//
// Groups of GROUP elements pass through small loops, a statement each where the chains
// are long: several vectors are under way at a time, for one vector is a chain of about
// 230 cycles. With AVX2 they are 4 vectors, as many as its registers hold (measured on
// AMD Zen 1: a mixture step in 4.9 ns an element instead of 5.8). One division serves
// both updates: the gradients are held below CRED__GRADIENT_MAX and epsilon above
// CRED__EPSILON_MIN, so that the product of the two divisors is an ordinary number.
// Logs of the shares are logs of their products: a share is at least 1/2.

#include "isa.h"
#include "list.h"
#include "kernel/fast_math.h"
#include <math.h>
#include <string.h>

#if defined(__AVX2__) && !defined(__AVX512F__)
enum { GROUP = 32 };
#else
enum { GROUP = 64 };
#endif
enum { SUM_LANES = 64, RUN = 16 * SUM_LANES / GROUP }; // RUN groups to a log
#define HALF_LOG_2PI 0.91893853320467274178

// No array of a step overlaps another.
#define EACH _Pragma("GCC ivdep") for (int l = 0; l < GROUP; l++)

// e = exp(x) for |x| <= 30: no overflow, so that the power of two is added to the
// exponent.
#ifdef CRED_REAL_DOUBLE
#define cred__sqrt sqrt
static inline void exp_held(double *e, const double *x) {
  EACH e[l] = exp(x[l]);
}
#else
#define cred__sqrt sqrtf
static inline __attribute__((always_inline)) void exp_held(float *e, const float *x) {
  float shifted[GROUP], r[GROUP], q[GROUP];
  EACH shifted[l] = x[l] * 1.44269504f + CRED__ROUND_MAGIC;
  EACH r[l] = x[l] - (shifted[l] - CRED__ROUND_MAGIC) * 0.693147181f;
  EACH q[l] = 0.00836317905f + r[l] * 0.00139261836f;
  EACH q[l] = q[l] * r[l] + 0.0416665546f;
  EACH q[l] = q[l] * r[l] + 0.16666577f;
  EACH q[l] = q[l] * r[l] + 0.5f;
  EACH q[l] = q[l] * (r[l] * r[l]) + r[l] + 1.0f;
  EACH e[l] = cred__float_of_bits(cred__bits_of_float(q[l]) +
                                  (cred__bits_of_float(shifted[l]) << 23));
}
#endif

// Adam's constants, with the scale of the gradient and the corrections folded in:
//   m1 = b1 m1 + a1 g,  m2 = b2 m2 + a2 g^2,  theta = keep theta + rate m1 / (sqrt(m2) +
//   epsilon)
typedef struct {
  cred_real b1, b2, a1, a2, rate, epsilon, keep;
} adam;

static adam adam_of(const cred__adam *a) {
  const double root = sqrt(a->correct2);
  return (adam){.b1 = (cred_real)a->beta1,
                .b2 = (cred_real)a->beta2,
                .a1 = (cred_real)((1.0 - a->beta1) * a->scale),
                .a2 = (cred_real)((1.0 - a->beta2) * a->scale * a->scale),
                .rate = (cred_real)(a->rate * a->correct1 / root),
                .epsilon = (cred_real)(a->epsilon / root),
                .keep = (cred_real)(1.0 - a->rate * a->decay)};
}

// Terms of a sum over the elements, less the logs of factors of at least 1/2: in
// lanes of a run of groups, then in double. The lanes are the same whatever GROUP is.
typedef struct {
  cred_real term[SUM_LANES], factor[SUM_LANES];
  double sum;
  int n_groups; // of the run under way
} sums;

static void sums_flush(sums *s) {
  enum { LANES = 8 };
  double sum[LANES] = {0}, product[LANES]; // at least 2^-(RUN GROUP / LANES)
  for (int j = 0; j < LANES; j++) product[j] = 1;
  for (int l = 0; l < SUM_LANES; l += LANES)
    for (int j = 0; j < LANES; j++) {
      sum[j] += (double)s->term[l + j];
      product[j] *= (double)s->factor[l + j];
    }
  for (int l = 0; l < SUM_LANES; l++) s->term[l] = 0, s->factor[l] = 1;
  for (int j = 0; j < LANES; j++) s->sum += sum[j];
  // four of them are a normal number still
  s->sum -= log(product[0] * product[1] * product[2] * product[3]) +
            log(product[4] * product[5] * product[6] * product[7]);
  s->n_groups = 0;
}

static sums sums_start(void) {
  sums s = {.sum = 0};
  for (int l = 0; l < SUM_LANES; l++) s.factor[l] = 1;
  return s;
}

// The first n of GROUP.
static inline void sums_add(sums *s, const cred_real *term, const cred_real *factor,
                            int n) {
  const int first = s->n_groups % (SUM_LANES / GROUP) * GROUP;
  if (n == GROUP)
    EACH s->term[first + l] += term[l], s->factor[first + l] *= factor[l];
  else
    for (int l = 0; l < n; l++)
      s->term[first + l] += term[l], s->factor[first + l] *= factor[l];
  if (++s->n_groups == RUN) sums_flush(s);
}

// The arrays of a step, at the group under way.
enum { GRAD = 0, DSD, SD, W, MEAN, LOG_SD, M1, M2, S1, S2, N_ARRAYS };
typedef struct {
  cred_real *p[N_ARRAYS];
} group;

// Both moves, by the gradients a of the mean and b of the log sd.
static inline __attribute__((always_inline)) void
move(const group *g, const adam *c, const cred_real *a, const cred_real *b) {
  cred_real *mean = g->p[MEAN], *log_sd = g->p[LOG_SD];
  cred_real *m1 = g->p[M1], *m2 = g->p[M2], *s1 = g->p[S1], *s2 = g->p[S2];
  const adam k = *c;
  EACH {
    m1[l] = k.b1 * m1[l] + k.a1 * a[l];
    m2[l] = k.b2 * m2[l] + k.a2 * a[l] * a[l];
    s1[l] = k.b1 * s1[l] + k.a1 * b[l];
    s2[l] = k.b2 * s2[l] + k.a2 * b[l] * b[l];
    const cred_real by_mean = cred__sqrt(m2[l]) + k.epsilon;
    const cred_real by_sd = cred__sqrt(s2[l]) + k.epsilon;
    const cred_real both = k.rate / (by_mean * by_sd);
    mean[l] = k.keep * mean[l] + m1[l] * (by_sd * both);
    log_sd[l] += s1[l] * (by_mean * both);
  }
}

typedef struct {
  cred_real offset, gap, half_wide, half_narrow, wide, narrow, weight;
} mixture;

static mixture mixture_of(const cred__mixture *p, double weight) {
  const double wide = 1.0 / (p->sd1 * p->sd1), narrow = 1.0 / (p->sd2 * p->sd2);
  return (mixture){
      .offset = (cred_real)(log(p->weight / p->sd1) - log((1.0 - p->weight) / p->sd2)),
      .gap = (cred_real)(0.5 * (narrow - wide)),
      .half_wide = (cred_real)(0.5 * wide),
      .half_narrow = (cred_real)(0.5 * narrow),
      .wide = (cred_real)wide,
      .narrow = (cred_real)narrow,
      .weight = (cred_real)weight};
}

// pull = weight d log p / dw at w; term and factor of log p.
static inline __attribute__((always_inline)) void
mixture_pull(cred_real *pull, cred_real *term, cred_real *factor, const cred_real *w,
             const mixture *m) {
  const mixture k = *m;
  cred_real square[GROUP], logit[GROUP], e[GROUP], r1[GROUP];
  EACH square[l] = w[l] * w[l];
  EACH logit[l] = k.offset + k.gap * square[l];
  EACH term[l] =
      logit[l] > 0 ? k.offset - k.half_wide * square[l] : -k.half_narrow * square[l];
  EACH e[l] = logit[l] > 30 ? (cred_real)30 : logit[l];
  EACH e[l] = e[l] < -30 ? (cred_real)30 : -e[l];
  exp_held(e, e);
  EACH r1[l] = 1 / (1 + e[l]);
  EACH factor[l] = r1[l] * (e[l] > 1 ? e[l] : (cred_real)1);
  EACH pull[l] = -k.weight * w[l] * (r1[l] * (k.wide + e[l] * k.narrow));
}

static inline __attribute__((always_inline)) void mixture_group(const group *g,
                                                                const adam *c,
                                                                const mixture *m, sums *s,
                                                                bool local, int n) {
  cred_real a[GROUP], b[GROUP], term[GROUP], factor[GROUP];
  const cred_real *grad = g->p[GRAD], *dsd = g->p[DSD], *sd = g->p[SD], *w = g->p[W];
  const cred_real *mean = g->p[MEAN], *log_sd = g->p[LOG_SD], weight = m->weight;
  mixture_pull(a, term, factor, w, m);
  EACH term[l] += log_sd[l];
  sums_add(s, term, factor, n);
  if (local) EACH {
      b[l] = a[l] * (w[l] - mean[l]) + dsd[l] * sd[l] + weight;
      a[l] += grad[l];
    }
  else
    EACH {
      a[l] += grad[l];
      b[l] = a[l] * (w[l] - mean[l]) + weight;
    }
  move(g, c, a, b);
}

typedef struct {
  cred_real precision, weight;
} normal;

static inline __attribute__((always_inline)) void
normal_group(const group *g, const adam *c, const normal *k, sums *s, bool local, int n) {
  const cred_real precision = k->precision, weight = k->weight;
  cred_real a[GROUP], b[GROUP], term[GROUP], factor[GROUP];
  const cred_real *grad = g->p[GRAD], *dsd = g->p[DSD], *sd = g->p[SD], *w = g->p[W];
  const cred_real *mean = g->p[MEAN], *log_sd = g->p[LOG_SD];
  EACH {
    const cred_real width = local ? sd[l] : cred__exp(log_sd[l]);
    const cred_real var = precision * width * width, m = mean[l];
    a[l] = grad[l] - weight * precision * m;
    b[l] = (local ? dsd[l] * width : grad[l] * (w[l] - m)) - weight * (var - 1);
    term[l] = log_sd[l] - (cred_real)0.5 * (var + precision * m * m);
    factor[l] = 1;
  }
  sums_add(s, term, factor, n);
  move(g, c, a, b);
}

static group group_of(const cred__gaussian_step *p) {
  // what is not given is never read
  return (group){{(cred_real *)p->grad, (cred_real *)p->dsd, (cred_real *)p->sd,
                  (cred_real *)p->w, p->mean, p->log_sd, p->m1[0], p->m2[0], p->m1[1],
                  p->m2[1]}};
}

// The last n elements, padded to a group.
typedef struct {
  group g;
  cred_real room[N_ARRAYS][GROUP];
} padded;

static void pad(padded *p, const group *g, size_t n) {
  memset(p->room, 0, sizeof p->room);
  for (int i = 0; i < N_ARRAYS; i++) {
    p->g.p[i] = p->room[i];
    if (g->p[i]) memcpy(p->room[i], g->p[i], n * sizeof(cred_real));
  }
}

static void unpad(const group *g, const padded *p, size_t n) {
  for (int i = MEAN; i < N_ARRAYS; i++)
    memcpy(g->p[i], p->room[i], n * sizeof(cred_real));
}

// m or k: one of them is NULL. These and `local` are constants of the caller, so that
// each of its four uses is a loop of its own.
static inline __attribute__((always_inline)) double
step(const cred__gaussian_step *p, const mixture *m, const normal *k, bool local) {
  const adam c = adam_of(p->adam);
  group g = group_of(p);
  sums s = sums_start();
  size_t n = p->n;
  for (; n >= GROUP; n -= GROUP) {
    if (m)
      mixture_group(&g, &c, m, &s, local, GROUP);
    else
      normal_group(&g, &c, k, &s, local, GROUP);
    for (int i = 0; i < N_ARRAYS; i++)
      if (g.p[i]) g.p[i] += GROUP;
  }
  if (n > 0) {
    padded last;
    pad(&last, &g, n);
    if (m)
      mixture_group(&last.g, &c, m, &s, local, (int)n);
    else
      normal_group(&last.g, &c, k, &s, local, (int)n);
    unpad(&g, &last, n);
  }
  sums_flush(&s);
  return s.sum;
}

double K(mixture_step)(const cred__gaussian_step *p, const cred__mixture *prior) {
  const mixture m = mixture_of(prior, p->kl_weight);
  const double sum = p->dsd ? step(p, &m, NULL, true) : step(p, &m, NULL, false);
  // log p lacks its constant, log sd that of the entropy, log(2 pi e) / 2
  const double constant = log((1.0 - prior->weight) / prior->sd2) + 0.5;
  return -sum - constant * (double)p->n;
}

double K(normal_step)(const cred__gaussian_step *p, double prior_sd) {
  const normal k = {(cred_real)(1.0 / (prior_sd * prior_sd)), (cred_real)p->kl_weight};
  const double sum = p->dsd ? step(p, NULL, &k, true) : step(p, NULL, &k, false);
  return (log(prior_sd) - 0.5) * (double)p->n - sum;
}

static inline __attribute__((always_inline)) void
chain_group(const cred__gaussian_chain *p, const mixture *m, sums *s, int n) {
  cred_real pull[GROUP], term[GROUP], factor[GROUP];
  const cred_real *grad = p->grad, *w = p->w, *mean = p->mean;
  cred_real *dmean = p->dmean, *dlog_sd = p->dlog_sd;
  mixture_pull(pull, term, factor, w, m);
  sums_add(s, term, factor, n);
  if (p->add) EACH {
      const cred_real a = grad[l] + pull[l];
      dmean[l] += a;
      dlog_sd[l] += a * (w[l] - mean[l]);
    }
  else
    EACH {
      const cred_real a = grad[l] + pull[l];
      dmean[l] = a;
      dlog_sd[l] = a * (w[l] - mean[l]);
    }
}

static void chain_rest(const cred__gaussian_chain *p, const mixture *m, sums *s,
                       size_t n) {
  cred_real room[5][GROUP] = {{0}};
  const cred_real *const from[5] = {p->grad, p->w, p->mean, p->dmean, p->dlog_sd};
  for (int i = 0; i < (p->add ? 5 : 3); i++)
    memcpy(room[i], from[i], n * sizeof(cred_real));
  const cred__gaussian_chain rest = {.grad = room[0],
                                     .w = room[1],
                                     .mean = room[2],
                                     .dmean = room[3],
                                     .dlog_sd = room[4],
                                     .add = p->add};
  chain_group(&rest, m, s, (int)n);
  memcpy(p->dmean, room[3], n * sizeof(cred_real));
  memcpy(p->dlog_sd, room[4], n * sizeof(cred_real));
}

double K(mixture_chain)(const cred__gaussian_chain *whole, const cred__mixture *prior,
                        double weight) {
  const mixture m = mixture_of(prior, weight);
  cred__gaussian_chain p = *whole;
  sums s = sums_start();
  for (; p.n >= GROUP; p.n -= GROUP) {
    chain_group(&p, &m, &s, GROUP);
    p.grad += GROUP, p.w += GROUP, p.mean += GROUP, p.dmean += GROUP, p.dlog_sd += GROUP;
  }
  if (p.n > 0) chain_rest(&p, &m, &s, p.n);
  sums_flush(&s);
  const double constant = log((1.0 - prior->weight) / prior->sd2) - HALF_LOG_2PI;
  return s.sum + constant * (double)whole->n;
}

bool K(all_within)(const cred_real *x, cred_real limit, size_t n) {
  size_t n_beyond = 0;
  for (size_t i = 0; i < n; i++) {
    const cred_real size = x[i] < 0 ? -x[i] : x[i];
    n_beyond += !(size <= limit);
  }
  return n_beyond == 0;
}
