// predict_strip.c -- statistics over draws of a strip of rows.
//
//   mean = mean_s m_s,   var = mean_s v_s + mean_s (m_s - mean)^2     law of total
//   variance F(y) = mean_s F_s(y) gives quantiles (by bisection) and PIT log p(y) =
//   logsumexp_s log p_s(y) - log S
// A calibrated sd factor f turns the predictive of Y into that of mean + f (Y - mean).

#include "model/predict.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "credence/metric/calibration.h"
#include "credence/metric/regression.h"
#include "kernel/special.h"
#include <math.h>
#include <string.h>

cred_status cred__strip_work_init(cred__strip_work *w, const cred_model *m,
                                  size_t n_draws_max) {
  const cred_likelihood *lik = &m->likelihood;
  const bool classes = cred_likelihood_is_class(lik);
  const size_t width = classes ? lik->n_classes : lik->n_targets;
  const size_t n_samples =
      n_draws_max > CRED__CRPS_SAMPLES ? n_draws_max : CRED__CRPS_SAMPLES;
  *w = (cred__strip_work){0};
  cred_status status;
  TRY_DONE(NEW(&w->value, CRED__STRIP_ROWS * width, "prediction scratch"));
  TRY_DONE(NEW(&w->var, CRED__STRIP_ROWS * width, "prediction scratch"));
  TRY_DONE(NEW(&w->log_prob, CRED__STRIP_ROWS * n_draws_max * lik->n_targets,
               "prediction scratch"));
  TRY_DONE(NEW(&w->sample, (n_samples + 1) * lik->n_targets, "prediction scratch"));
  TRY_DONE(NEW(&w->y, CRED__STRIP_ROWS * lik->n_targets, "prediction scratch"));
  if (classes) TRY_DONE(cred_entropy_init(&w->entropy, CRED__STRIP_ROWS, lik->n_classes));
  if (!classes || lik->n_classes == 2)
    TRY_DONE(cred_moments_init(&w->moments, CRED__STRIP_ROWS * lik->n_targets, true));
done:
  if (status != CRED_OK) cred__strip_work_clear(w);
  return status;
}

void cred__strip_work_clear(cred__strip_work *w) {
  cred__free(w->value);
  cred__free(w->var);
  cred__free(w->log_prob);
  cred__free(w->sample);
  cred__free(w->y);
  cred_entropy_clear(&w->entropy);
  cred_moments_clear(&w->moments);
  *w = (cred__strip_work){0};
}

static const cred_real *outputs(const cred__strip *s, size_t draw, size_t row) {
  return s->out + draw * s->draw_stride + row * s->n_out;
}

static const cred_real *noise(const cred__strip *s, size_t draw) {
  return cred_model_noise(s->model, draw % s->model->posterior->n_members);
}

// Running moments of the mean over draws, and the mean aleatoric variance.
static void add_moments(const cred__strip *s, cred__strip_work *w) {
  const cred_likelihood *lik = &s->model->likelihood;
  const size_t n = s->n_rows * lik->n_targets;
  cred_moments_reset(&w->moments, n);
  for (size_t k = 0; k < s->n_draws; k++) {
    cred_likelihood_mean_var(w->value, w->var, lik, outputs(s, k, 0), noise(s, k),
                             s->n_rows);
    cred_moments_add(&w->moments, w->value, w->var, 1.0);
  }
}

static double mixture_cdf(const cred__strip *s, size_t row, size_t t, double y) {
  const cred_likelihood *lik = &s->model->likelihood;
  const size_t n_members = s->model->posterior->n_members;
  double sum = 0;
  for (size_t k = 0; s->t_tables && k < s->n_draws; k++) {
    const size_t m = k % n_members;
    const double z =
        (y - (double)outputs(s, k, row)[t]) / s->t_scales[m * lik->n_targets + t];
    sum += cred__t_table_cdf(&s->t_tables[m * lik->n_targets + t], z);
  }
  for (size_t k = 0; !s->t_tables && k < s->n_draws; k++)
    sum += cred_likelihood_cdf(lik, outputs(s, k, row), noise(s, k), t, y);
  return sum / (double)s->n_draws;
}

// F at mean -+ 2 sd: where the search of every level begins.
typedef struct {
  double low, high, f_low, f_high;
} bracket;

static bracket bracket_of_row(const cred__strip *s, size_t row, size_t t, double mean,
                              double sd) {
  bracket b = {.low = mean - 2 * sd, .high = mean + 2 * sd};
  b.f_low = mixture_cdf(s, row, t, b.low);
  b.f_high = mixture_cdf(s, row, t, b.high);
  return b;
}

// The smallest y with F(y) >= level: bracketed by steps of sd, then false position with
// halving (Illinois), at most 60 evaluations. Within 1e-9 in F: far below what draws
// tell.
static double mixture_quantile(const cred__strip *s, size_t row, size_t t, double level,
                               double mean, double sd, const bracket *start) {
  if (!(sd > 0) || !isfinite(mean)) return mean;
  double low = start->low, high = start->high, width = 2 * sd;
  double f_low = start->f_low - level, f_high = start->f_high - level;
  for (int i = 0; i < 60 && f_low >= 0; i++, width *= 2)
    low -= width, f_low = mixture_cdf(s, row, t, low) - level;
  for (int i = 0; i < 60 && f_high < 0; i++, width *= 2)
    high += width, f_high = mixture_cdf(s, row, t, high) - level;
  if (s->model->likelihood.kind == CRED_LIK_POISSON) { // whole numbers: plain bisection
    double a = floor(fmax(low, -1)), b = ceil(high);
    while (b - a > 1) {
      const double middle = floor(0.5 * (a + b));
      if (mixture_cdf(s, row, t, middle) < level)
        a = middle;
      else
        b = middle;
    }
    return b;
  }
  int side = 0;
  for (int i = 0; i < 60 && high - low > 1e-9 * sd; i++) {
    double y = (low * f_high - high * f_low) / (f_high - f_low);
    if (!(y > low && y < high) || i % 8 == 7) y = 0.5 * (low + high);
    const double f = mixture_cdf(s, row, t, y) - level;
    if (fabs(f) < 1e-9) return y;
    if (f < 0) {
      low = y, f_low = f;
      if (side == -1) f_high *= 0.5;
      side = -1;
    } else {
      high = y, f_high = f;
      if (side == 1) f_low *= 0.5;
      side = 1;
    }
  }
  return 0.5 * (low + high);
}

// Observed targets as the predictive before the sd factor sees them.
static void observed(const cred__strip *s, cred__strip_work *w, const double *mean,
                     double factor) {
  const size_t n_targets = s->model->likelihood.n_targets, n = s->n_rows * n_targets;
  const cred_real *y = s->data->y + s->first * n_targets;
  for (size_t i = 0; i < n; i++)
    w->y[i] =
        factor == 1 ? y[i] : (cred_real)(mean[i] + ((double)y[i] - mean[i]) / factor);
}

static void log_prob_of_rows(double *out, const cred__strip *s, cred__strip_work *w) {
  const cred_model *m = s->model;
  for (size_t k = 0; k < s->n_draws; k++)
    cred_likelihood_log_prob(w->log_prob + k * s->n_rows, NULL, NULL, &m->likelihood,
                             outputs(s, k, 0), w->y, noise(s, k), NULL, s->n_rows, NULL);
  for (size_t i = 0; i < s->n_rows; i++) {
    double top = -INFINITY, sum = 0;
    for (size_t k = 0; k < s->n_draws; k++)
      top = fmax(top, w->log_prob[k * s->n_rows + i]);
    for (size_t k = 0; k < s->n_draws; k++)
      sum += exp(w->log_prob[k * s->n_rows + i] - top);
    out[i] = top + log(sum / (double)s->n_draws);
    if (!cred_likelihood_is_class(&m->likelihood))
      for (size_t t = 0; t < m->likelihood.n_targets; t++)
        out[i] -= log(cred__target_sd(m, t));
  }
}

// The number of a row in its table: what keys its noise.
static uint64_t number_of_row(const cred__strip *s, size_t row) {
  return s->data->row ? s->data->row[s->first + row] : s->first + row;
}

// CRPS from draws of y: as many of each draw of the outputs as CRED__CRPS_SAMPLES allows.
static double crps_of_row(const cred__strip *s, cred__strip_work *w, size_t row,
                          size_t t) {
  const cred_likelihood *lik = &s->model->likelihood;
  const size_t n_each = s->n_draws >= CRED__CRPS_SAMPLES
                            ? 1
                            : (CRED__CRPS_SAMPLES + s->n_draws - 1) / s->n_draws;
  const cred_key root = cred_key_make(s->opt->seed);
  const cred_key key = cred_key_derive(&root, CRED_FOR_PREDICT, number_of_row(s, row));
  size_t n = 0;
  double y[64];
  for (size_t k = 0; k < s->n_draws; k++)
    for (size_t j = 0; j < n_each && n < CRED__CRPS_SAMPLES + s->n_draws; j++) {
      if (n >= (s->n_draws > CRED__CRPS_SAMPLES ? s->n_draws : CRED__CRPS_SAMPLES)) break;
      cred_likelihood_sample(y, lik, outputs(s, k, row), noise(s, k), &key, n);
      w->sample[n++] = y[t];
    }
  return cred_crps_sample(w->sample, n, (double)w->y[row * lik->n_targets + t],
                          CRED_CRPS_FAIR);
}

// Of the mixture of the draws, or, where moments were carried through, of a Gaussian; of
// counts a Gaussian rounded to whole numbers, none below 0.
static double cdf_of_row(const cred__strip *s, size_t row, size_t t, double mean,
                         double sd, double y) {
  if (!s->var) return mixture_cdf(s, row, t, y);
  const bool count = s->model->likelihood.kind == CRED_LIK_POISSON;
  return cred__normal_cdf((y + (count ? 0.5 : 0) - mean) / sd);
}

static double gaussian_quantile(const cred__strip *s, double mean, double sd,
                                double level) {
  const double y = mean + sd * cred__normal_quantile(level);
  return s->model->likelihood.kind == CRED_LIK_POISSON ? fmax(ceil(y - 0.5), 0) : y;
}

// F(y). Of a count, F(y - 1) + v (F(y) - F(y - 1)) with v uniform, which is uniform if F
// is right where F(y) alone is not. Source: Czado, Gneiting & Held (2009), section 2.1.
static double pit_of_row(const cred__strip *s, size_t row, size_t t, double mean,
                         double sd, double y) {
  const double high = cdf_of_row(s, row, t, mean, sd, y);
  if (s->model->likelihood.kind != CRED_LIK_POISSON) return high;
  const double low = y > 0 ? cdf_of_row(s, row, t, mean, sd, y - 1) : 0;
  const cred_key root = cred_key_make(s->opt->seed);
  const cred_key key = cred_key_derive(&root, CRED_FOR_ROWS, number_of_row(s, row));
  return low + cred_key_uniform(&key, t) * (high - low);
}

// Quantiles, PIT and CRPS of one row and target, in the units of the network before the
// factor.
static void distribution_of_row(cred_prediction *out, const cred__strip *s,
                                cred__strip_work *w, size_t row, size_t t, double mean,
                                double sd, double factor) {
  const size_t n_targets = s->model->likelihood.n_targets;
  const size_t at = (s->first + row) * n_targets + t;
  const double scale = cred__target_sd(s->model, t),
               shift = cred__target_mean(s->model, t);
  bracket start = {0};
  if (s->opt->n_levels && !s->var && sd > 0) start = bracket_of_row(s, row, t, mean, sd);
  for (size_t l = 0; l < s->opt->n_levels; l++) {
    const double level = s->opt->levels[l];
    const double q = s->var ? gaussian_quantile(s, mean, sd, level)
                            : mixture_quantile(s, row, t, level, mean, sd, &start);
    out->quantile[at * s->opt->n_levels + l] =
        shift + scale * (mean + factor * (q - mean));
  }
  if (!out->pit) return;
  const double y = (double)w->y[row * n_targets + t];
  out->pit[at] = pit_of_row(s, row, t, mean, sd, y);
  if (s->var) {
    out->crps[at] = scale * factor * cred_crps_gaussian(y, mean, sd);
    return;
  }
  out->crps[at] = scale * factor * crps_of_row(s, w, row, t);
}

// Moments: the members' means and variances, carried through without sampling.
static void add_carried_moments(const cred__strip *s, cred__strip_work *w) {
  const cred_likelihood *lik = &s->model->likelihood;
  const size_t n = s->n_rows * lik->n_targets;
  double *epistemic = w->sample;
  cred_moments_reset(&w->moments, n);
  for (size_t k = 0; k < s->n_draws; k++)
    for (size_t i = 0; i < s->n_rows; i++) {
      const size_t o = k * s->draw_stride + i * s->n_out, at = i * lik->n_targets;
      cred_likelihood_moments(w->value + at, epistemic, w->var + at, lik, s->out + o,
                              s->var + o, noise(s, k), 1);
      for (size_t t = 0; t < lik->n_targets; t++)
        w->log_prob[k * n + at + t] = epistemic[t];
      if (i + 1 == s->n_rows) cred_moments_add(&w->moments, w->value, w->var, 1.0);
    }
}

static void gaussian_log_prob(cred_prediction *out, const cred__strip *s,
                              cred__strip_work *w, const double *mean, const double *sd) {
  const size_t n_targets = s->model->likelihood.n_targets;
  for (size_t i = 0; i < s->n_rows; i++) {
    double sum = 0;
    for (size_t t = 0; t < n_targets; t++) {
      const size_t at = i * n_targets + t;
      sum += cred_gaussian_log_score((double)w->y[at], mean[at], sd[at]) -
             log(cred__target_sd(s->model, t));
    }
    out->log_prob[s->first + i] = sum;
  }
}

static void predict_numbers(cred_prediction *out, const cred__strip *s,
                            cred__strip_work *w) {
  const cred_model *m = s->model;
  const size_t n_targets = m->likelihood.n_targets, n = s->n_rows * n_targets;
  const double factor = m->calibration.temperature;
  double *mean = out->mean + s->first * n_targets, *sd = out->sd + s->first * n_targets;
  double *epistemic = out->sd_epistemic + s->first * n_targets;
  double *aleatoric = out->sd_aleatoric + s->first * n_targets;
  if (s->var)
    add_carried_moments(s, w);
  else
    add_moments(s, w);
  cred_moments_finish(mean, epistemic, aleatoric, NULL, &w->moments);
  for (size_t i = 0; i < n; i++) {
    double var = s->n_draws > 1 ? epistemic[i] : 0.0;
    for (size_t k = 0; s->var && k < s->n_draws; k++)
      var += w->log_prob[k * n + i] / (double)s->n_draws;
    sd[i] = sqrt(var + aleatoric[i]);
    epistemic[i] = sqrt(var);
    aleatoric[i] = sqrt(aleatoric[i]);
  }
  if (out->log_prob) {
    observed(s, w, mean, factor);
    if (s->var)
      gaussian_log_prob(out, s, w, mean, sd);
    else
      log_prob_of_rows(out->log_prob + s->first, s, w);
    for (size_t i = 0; i < s->n_rows; i++)
      out->log_prob[s->first + i] -= (double)n_targets * log(factor);
  }
  for (size_t i = 0; i < s->n_rows; i++)
    for (size_t t = 0; t < n_targets; t++)
      distribution_of_row(out, s, w, i, t, mean[i * n_targets + t], sd[i * n_targets + t],
                          factor);
  for (size_t i = 0; i < n; i++) {
    const double scale = cred__target_sd(m, i % n_targets);
    mean[i] = cred__target_mean(m, i % n_targets) + scale * mean[i];
    sd[i] *= scale * factor;
    epistemic[i] *= scale * factor;
    aleatoric[i] *= scale * factor;
  }
}

static void add_entropies(const cred__strip *s, cred__strip_work *w) {
  const cred_likelihood *lik = &s->model->likelihood;
  const size_t n = s->n_rows * lik->n_classes;
  cred_entropy_reset(&w->entropy, s->n_rows);
  for (size_t k = 0; k < s->n_draws; k++) {
    cred_likelihood_class_log_prob(w->value, lik, outputs(s, k, 0), s->n_rows);
    for (size_t i = 0; i < n; i++) w->value[i] = exp(w->value[i]);
    cred_entropy_add(&w->entropy, w->value, 1.0);
  }
}

// Moments: mean probabilities and expected entropy of each member, then over members.
static void class_moments(cred_prediction *out, const cred__strip *s,
                          cred__strip_work *w) {
  const cred_likelihood *lik = &s->model->likelihood;
  const size_t c = lik->n_classes, n = s->n_rows * c;
  double *prob = out->prob + s->first * c, *expected = out->expected_entropy + s->first;
  memset(prob, 0, n * sizeof *prob);
  memset(expected, 0, s->n_rows * sizeof *expected);
  for (size_t k = 0; k < s->n_draws; k++) {
    cred_likelihood_class_moments(w->value, w->var, lik, outputs(s, k, 0),
                                  s->var + k * s->draw_stride, s->n_rows);
    for (size_t i = 0; i < n; i++) prob[i] += w->value[i] / (double)s->n_draws;
    for (size_t i = 0; i < s->n_rows; i++) expected[i] += w->var[i] / (double)s->n_draws;
  }
  for (size_t i = 0; i < s->n_rows; i++) {
    const double entropy = cred_entropy(prob + i * c, c);
    out->entropy[s->first + i] = entropy;
    out->mutual_information[s->first + i] = fmax(0.0, entropy - expected[i]);
  }
}

// Temperature acts on the averaged probabilities; the epistemic share stays as the draws
// say.
static void temper(cred_prediction *out, const cred__strip *s, double temperature) {
  const size_t c = s->model->likelihood.n_classes;
  for (size_t i = s->first; i < s->first + s->n_rows; i++) {
    double *p = out->prob + i * c;
    for (size_t j = 0; j < c; j++) p[j] = log(fmax(p[j], 1e-300));
    cred_temperature_apply(p, p, 1, c, temperature);
    out->entropy[i] = cred_entropy(p, c);
    out->expected_entropy[i] = fmax(0.0, out->entropy[i] - out->mutual_information[i]);
  }
}

// Of two classes: the spread over draws of the logit, which unlike a probability knows no
// bounds. Moments carried through the layers have a variance within each draw besides.
static void spread_of_logit(double *out, const cred__strip *s, cred__strip_work *w) {
  const cred_likelihood *lik = &s->model->likelihood;
  double *logit = w->value, *var = w->var; // (rows) of (rows, 2)
  cred_moments_reset(&w->moments, s->n_rows);
  for (size_t k = 0; k < s->n_draws; k++) {
    cred_likelihood_class_log_prob(logit, lik, outputs(s, k, 0), s->n_rows);
    for (size_t i = 0; i < s->n_rows; i++) {
      const cred_real *v = s->var ? s->var + k * s->draw_stride + i * s->n_out : NULL;
      logit[i] = logit[2 * i + 1] - logit[2 * i];
      var[i] = 0;
      for (size_t j = 0; v && j < s->n_out && j < 2; j++) var[i] += (double)v[j];
    }
    cred_moments_add(&w->moments, logit, var, 1.0);
  }
  cred_moments_finish(NULL, out, var, NULL, &w->moments);
  for (size_t i = 0; i < s->n_rows; i++) out[i] = sqrt(fmax(0.0, out[i] + var[i]));
}

static void predict_classes(cred_prediction *out, const cred__strip *s,
                            cred__strip_work *w) {
  const size_t c = s->model->likelihood.n_classes;
  if (s->var) {
    class_moments(out, s, w);
  } else {
    add_entropies(s, w);
    cred_entropy_finish(out->prob + s->first * c, out->entropy + s->first,
                        out->expected_entropy + s->first,
                        out->mutual_information + s->first, &w->entropy);
  }
  if (c == 2) spread_of_logit(out->sd_logit + s->first, s, w);
  if (s->model->calibration.temperature != 1)
    temper(out, s, s->model->calibration.temperature);
  for (size_t i = s->first; i < s->first + s->n_rows; i++) {
    const double *p = out->prob + i * c;
    size_t best = 0;
    for (size_t j = 1; j < c; j++)
      if (p[j] > p[best]) best = j;
    out->label[i] = (int32_t)best;
    if (out->log_prob)
      out->log_prob[i] = log(fmax(p[(size_t)s->data->y[i * s->data->n_targets]], 1e-300));
  }
}

void cred__predict_strip(cred_prediction *out, const cred__strip *s,
                         cred__strip_work *w) {
  if (cred_likelihood_is_class(&s->model->likelihood))
    predict_classes(out, s, w);
  else
    predict_numbers(out, s, w);
  cred__predict_calibrated(out, s->model, s->first, s->n_rows);
}

double cred__strip_mc_error(const cred__strip *s, cred__strip_work *w) {
  double worst = 0;
  if (!cred_likelihood_is_class(&s->model->likelihood)) {
    const size_t n = s->n_rows * s->model->likelihood.n_targets;
    double *epistemic = w->value, *aleatoric = w->var, *error = w->log_prob;
    add_moments(s, w);
    cred_moments_finish(NULL, epistemic, aleatoric, error, &w->moments);
    for (size_t i = 0; i < n; i++)
      worst = fmax(worst, error[i] / sqrt(epistemic[i] + aleatoric[i]));
    return worst;
  }
  // variance of a probability is at most p (1 - p): the bound needs no second pass
  const size_t c = s->model->likelihood.n_classes;
  add_entropies(s, w);
  cred_entropy_finish(w->value, NULL, NULL, w->var, &w->entropy);
  for (size_t i = 0; i < s->n_rows; i++) {
    // mutual information bounds the spread of the draws: Pinsker, E|p_s - p|^2 <= 2 MI
    double largest = 0;
    for (size_t j = 0; j < c; j++)
      largest = fmax(largest, w->value[i * c + j] * (1 - w->value[i * c + j]));
    worst = fmax(worst, sqrt(fmin(largest, 0.5 * w->var[i]) / (double)s->n_draws));
  }
  return worst;
}

void cred__predict_calibrated(cred_prediction *out, const cred_model *m, size_t first,
                              size_t n_rows) {
  const cred__calibration *c = &m->calibration;
  if (!c->fitted) return;
  if (out->lower) {
    const size_t n_targets = m->likelihood.n_targets;
    for (size_t i = first * n_targets; i < (first + n_rows) * n_targets; i++) {
      const double q = c->quantile[i % n_targets];
      cred_conformal_interval(out->lower + i, out->upper + i, out->mean + i, out->sd + i,
                              1, q);
      if (m->likelihood.kind != CRED_LIK_POISSON) continue;
      out->lower[i] = fmax(0.0, ceil(out->lower[i])); // no count lies between
      out->upper[i] = floor(out->upper[i]);
    }
  }
  if (!out->set) return;
  const size_t n_classes = m->likelihood.n_classes;
  const double *prob = out->prob + first * n_classes;
  unsigned char *set = out->set + first * n_classes;
  if (c->set == CRED_SET_LAC)
    cred_conformal_set_lac(set, prob, n_rows, n_classes, c->quantile[0], true);
  else
    cred_conformal_set_aps(set, prob, n_rows, n_classes, c->quantile[0], true, NULL, 0);
}
