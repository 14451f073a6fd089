// linear.c -- Bayesian linear regression by orthogonal updates.
//
// Kept is the triangle R of A = R'R, c with R m = c, and r: a row (x, y) is turned into
// them by Givens rotations, which leave what no weights can explain in y. So nothing is
// subtracted that could cancel. Source: Golub & Van Loan (2013), section 6.5.4, "adding a
// row".

#include "credence/decide/linear.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <math.h>
#include <string.h>

struct cred_linear {
  cred_linear_options opt;
  size_t d, n_rows;
  double *triangle; // (d, d) R, row-major, upper
  double *right;    // (d) c
  double *row;      // (d) scratch: what is left of x
  double rest;      // r
};

cred_linear_options cred_linear_defaults(void) {
  return (cred_linear_options){.precision = 4, .shape = 6, .rate = 6};
}

cred_status cred_linear_new(cred_linear **out, size_t n_inputs,
                            const cred_linear_options *opt) {
  cred_linear *l = NULL;
  cred_status status;
  *out = NULL;
  if (n_inputs < 1 || n_inputs > 10000)
    FAIL(CRED_EINVAL, "linear: %zu inputs, 1 to 10000 are possible", n_inputs);
  if (!(opt->precision > 0 && opt->rate > 0 && opt->shape >= 1) ||
      !isfinite(opt->precision + opt->rate + opt->shape))
    FAIL(CRED_EINVAL,
         "linear: precision %g, rate %g and shape %g: the first two must be > 0, the "
         "shape at least 1",
         opt->precision, opt->rate, opt->shape);
  TRY_DONE(NEW(&l, 1, "a linear regression"));
  l->opt = *opt;
  l->d = n_inputs;
  TRY_DONE(NEW(&l->triangle, n_inputs * n_inputs, "a linear regression"));
  TRY_DONE(NEW(&l->right, n_inputs, "a linear regression"));
  TRY_DONE(NEW(&l->row, n_inputs, "a linear regression"));
  cred_linear_clear(l);
  *out = l;
  l = NULL;
done:
  cred_linear_free(l);
  return status;
}

void cred_linear_free(cred_linear *l) {
  if (!l) return;
  cred__free(l->triangle);
  cred__free(l->right);
  cred__free(l->row);
  cred__free(l);
}

void cred_linear_clear(cred_linear *l) {
  memset(l->triangle, 0, l->d * l->d * sizeof *l->triangle);
  memset(l->right, 0, l->d * sizeof *l->right);
  for (size_t i = 0; i < l->d; i++) l->triangle[i * l->d + i] = sqrt(l->opt.precision);
  l->n_rows = 0;
  l->rest = 0;
}

void cred_linear_add(cred_linear *l, const double *x, double y) {
  const size_t d = l->d;
  double *row = l->row;
  memcpy(row, x, d * sizeof *row);
  for (size_t k = 0; k < d; k++) {
    double *r = l->triangle + k * d;
    if (row[k] == 0) continue;
    const double length = hypot(r[k], row[k]), c = r[k] / length, s = row[k] / length;
    const double right = l->right[k];
    r[k] = length;
    for (size_t j = k + 1; j < d; j++) {
      const double old = r[j];
      r[j] = c * old + s * row[j];
      row[j] = c * row[j] - s * old;
    }
    l->right[k] = c * right + s * y;
    y = c * y - s * right;
  }
  l->rest += y * y;
  l->n_rows++;
}

// R w = c + sd z; key NULL: without z.
static void solve(double *w, const cred_linear *l, double sd, const cred_key *key) {
  for (size_t i = l->d; i-- > 0;) {
    const double *r = l->triangle + i * l->d;
    double sum = l->right[i] + (key ? sd * cred_key_normal(key, i) : 0);
    for (size_t j = i + 1; j < l->d; j++) sum -= r[j] * w[j];
    w[i] = sum / r[i];
  }
}

void cred_linear_mean(double *w, const cred_linear *l) {
  solve(w, l, 0, NULL);
}

// Gamma(shape, 1) for shape >= 1; Marsaglia & Tsang (2000), section 2.
static double draw_gamma(double shape, const cred_key *key) {
  const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
  for (uint64_t i = 0;; i += 2) {
    const double z = cred_key_normal(key, i), v = pow(1 + c * z, 3);
    if (!(v > 0)) continue;
    if (log(cred_key_uniform(key, i + 1)) < 0.5 * z * z + d - d * v + d * log(v))
      return d * v;
  }
}

double cred_linear_draw(double *w, const cred_linear *l, const cred_key *key) {
  const cred_linear_info now = cred_linear_state(l);
  const cred_key of_noise = cred_key_derive(key, CRED_FOR_DRAW, 0);
  const cred_key of_weights = cred_key_derive(key, CRED_FOR_DRAW, 1);
  const double var = now.rate / draw_gamma(now.shape, &of_noise);
  solve(w, l, sqrt(var), &of_weights);
  return var;
}

cred_linear_info cred_linear_state(const cred_linear *l) {
  return (cred_linear_info){.n_rows = l->n_rows,
                            .shape = l->opt.shape + 0.5 * (double)l->n_rows,
                            .rate = l->opt.rate + 0.5 * l->rest};
}
