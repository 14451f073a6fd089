// cmd_learn_plot.c -- the curves of a run and of the one against it, as a picture.

#include "base/alloc.h"
#include "cli/cmd_learn.h"
#include "credence/plot/plot.h"
#include <math.h>

static cred_status take_points(cred_plot_learning_curve *curve, double **values,
                               const cred_learn *run, const char *name) {
  const size_t n = cred_learn_n_points(run), k = cred_learn_score(run, NULL);
  TRY(NEW(values, 3 * n, "a learning curve"));
  for (size_t i = 0; i < n; i++) {
    const cred_learn_point p = cred_learn_get_point(run, i);
    (*values)[i] = (double)p.n_labels;
    (*values)[n + i] = p.value[k];
    (*values)[2 * n + i] = p.se[k];
  }
  *curve = (cred_plot_learning_curve){.name = name,
                                      .n = n,
                                      .labels = *values,
                                      .score = *values + n,
                                      .se = *values + 2 * n};
  return CRED_OK;
}

static bool has_score(const cred_learn *run, const cred_learn *other) {
  const size_t k = cred_learn_score(run, NULL);
  for (size_t i = 0; i < cred_learn_n_points(run); i++)
    if (!isnan(cred_learn_get_point(run, i).value[k])) return true;
  return other && has_score(other, NULL);
}

cred_status cli__learn_plot(const cli__learn *l, const cred_learn *const *runs,
                            const char *const *names, size_t n) {
  cred_plot_learning_curve curves[2];
  double *values[2] = {NULL, NULL};
  cred_plot_learning data = {
      .n_curves = n,
      .curves = curves,
      .score = cred_learn_score_name(runs[0], cred_learn_score(runs[0], NULL)),
      .target = l->opt.score_target};
  cred_plot *plot = NULL;
  cred_status status = CRED_OK;
  if (!l->test || !has_score(runs[0], n > 1 ? runs[1] : NULL)) {
    cli_note(l->args, "no curve to draw yet: %s",
             l->test ? "no round has a score" : "there are no rows to score on (--test)");
    return CRED_OK;
  }
  for (size_t i = 0; i < n; i++)
    TRY_DONE(take_points(&curves[i], &values[i], runs[i], names[i]));
  TRY_DONE(cred_plot_new_learning(&plot, &data, NULL));
  TRY_DONE(cred_plot_render(plot, cli_text(l->args, "plot"), NULL));
done:
  cred_plot_free(plot);
  cred__free(values[0]);
  cred__free(values[1]);
  return status;
}
