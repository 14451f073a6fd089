// t_table.c -- the distribution function of a Student-t, tabulated.

#include "model/t_table.h"
#include "kernel/special.h"
#include <math.h>

void cred__t_table_init(cred__t_table *table, double dof) {
  const double k = table->k = fmin(dof, 8.0);
  table->dof = dof;
  for (int i = 0; i < CRED__T_STEPS; i++) {
    const double u = (double)i / CRED__T_STEPS, rest = 1.0 - u * u;
    const double z = u * sqrt(k / rest);
    table->value[i] = cred__student_t_cdf(z, dof);
    table->slope[i] =
        exp(cred__student_t_log_pdf(z, dof)) * sqrt(k) / (rest * sqrt(rest));
  }
  table->value[CRED__T_STEPS] = 1.0;
  table->slope[CRED__T_STEPS] = 0.0;
}

double cred__t_table_cdf(const cred__t_table *table, double z) {
  if (!isfinite(z)) return isnan(z) ? z : z < 0 ? 0.0 : 1.0;
  const double u = fabs(z) / sqrt(z * z + table->k);
  const double at = u * CRED__T_STEPS;
  const int i = (int)at;
  if (!(i < CRED__T_STEPS - 8)) return cred__student_t_cdf(z, table->dof);
  const double s = at - i, r = 1.0 - s, h = 1.0 / CRED__T_STEPS;
  const double *v = table->value + i, *d = table->slope + i;
  const double upper = r * r * ((1 + 2 * s) * v[0] + s * h * d[0]) +
                       s * s * ((1 + 2 * r) * v[1] - r * h * d[1]);
  return z < 0 ? 1.0 - upper : upper;
}
