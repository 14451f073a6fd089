// cmd_fit_run.c -- the fit itself: progress, interruption, checkpoints, and the verdict.
//
// A checkpoint is a fit that is stopped, saved and resumed: the library promises that the
// result is, bit for bit, that of a fit that was never stopped. So a checkpoint is
// complete at any moment, and the model is never looked at while it changes.

#include "base/clock.h"
#include "base/text.h"
#include "cli/cmd_fit.h"
#include <math.h>
#include <string.h>

typedef struct {
  cli_progress progress;
  double gap_s, time_s_due; // of checkpoints; 0: none
  const cli__fit *fit;
  bool size_said;
} watch;

// Once, after the first step: a fit that is stopped writes such a file.
static void warn_of_size(watch *w, const cred_progress *state) {
  const double large = 1e9;
  if (w->size_said || state->model_bytes == 0) return;
  w->size_said = true;
  if (state->model_bytes > large)
    cli_warn(w->fit->args, "credence fit ... with fewer units or --members",
             "the model will have %.1f GB with what --resume needs, and as much again is "
             "in memory; --final saves a part of it",
             state->model_bytes / 1e9);
}

static bool watch_call(void *context, const cred_progress *state) {
  watch *w = context;
  warn_of_size(w, state);
  if (!cli_progress_call(&w->progress, state)) return false;
  return !(w->gap_s > 0 && cred__now_s() >= w->time_s_due);
}

static void watch_restart(watch *w) {
  w->time_s_due = cred__now_s() + w->gap_s;
}

static cred_status go_on(cred_model *model, cred_fit_info *info, const cli__fit *fit,
                         const cli__fit_data *data, size_t epochs, watch *w) {
  const size_t n_threads = fit->fit.n_threads;
  if (data->images)
    return cred_model_resume_images(model, info, data->images, epochs, n_threads,
                                    watch_call, w);
  return cred_model_resume(model, info, data->table, epochs, n_threads, watch_call, w);
}

static cred_status first_part(cred_model **model, cred_fit_info *info,
                              const cli__fit *fit, const cli__fit_data *data, watch *w) {
  if (*model) return go_on(*model, info, fit, data, cli_size(fit->args, "epochs"), w);
  cred_fit_options opt = fit->fit;
  opt.progress = watch_call;
  opt.progress_context = w;
  if (data->images)
    return cred_model_fit_images(model, info, data->images, fit->rows, fit->n_rows,
                                 fit->schema.n_targets ? fit->schema.targets[0] : NULL,
                                 &opt);
  return cred_model_fit(model, info, data->table, fit->rows, fit->n_rows, &fit->schema,
                        &opt);
}

static void say_interrupted(const cli__fit *fit) {
  const char *data = cli_positional(fit->args, 0);
  if (strcmp(fit->path, "-") == 0 || strcmp(data, "-") == 0) {
    cli_note(fit->args, "interrupted: the model is saved as it is; --resume goes on");
    return;
  }
  cli_note(fit->args,
           "interrupted: the model is saved as it is\nnext: credence fit %s "
           "--resume %s -o %s",
           data, fit->path, fit->path);
}

cred_status cli__fit_run(cred_model **model, cred_fit_info *info, const cli__fit *fit,
                         const cli__fit_data *data) {
  watch w = {.fit = fit};
  cli_progress_init(&w.progress, fit->args);
  if (cli_given(fit->args, "checkpoint")) w.gap_s = cli_number(fit->args, "checkpoint");
  watch_restart(&w);
  cred_status status = first_part(model, info, fit, data, &w);
  while (status == CRED_OK && info->outcome == CRED_FIT_STOPPED && !cli_interrupted()) {
    status = cred_model_save(*model, fit->path, false);
    watch_restart(&w);
    if (status == CRED_OK) status = go_on(*model, info, fit, data, 0, &w);
  }
  cli_progress_end(&w.progress);
  if (status != CRED_OK) return status;
  // what was stopped is saved with all that it takes to go on
  const bool stopped = info->outcome == CRED_FIT_STOPPED;
  TRY(cred_model_save(*model, fit->path, cli_flag(fit->args, "final") && !stopped));
  if (stopped) say_interrupted(fit);
  return CRED_OK;
}

// --- the verdict ---

enum { ROWS_FEW = 20 };

static const char *posterior_name(const cred_model *model) {
  static const char *const names[] = {"posterior mode", "Monte Carlo dropout",
                                      "variational Gaussian"};
  return names[cred_model_posterior(model)->members[0].kind];
}

static void say_size(const cli__fit *fit, const cred_model *model,
                     const cred_fit_info *info) {
  const size_t n_members = cred_model_posterior(model)->n_members;
  char validation[64] = "", dropped[64] = "";
  if (info->n_validation)
    snprintf(validation, sizeof validation, ", %zu validation row%s", info->n_validation,
             CRED__S(info->n_validation));
  if (info->n_dropped)
    snprintf(dropped, sizeof dropped, ", %zu row%s with missing cells left out",
             info->n_dropped, CRED__S(info->n_dropped));
  cli_note(fit->args, "%s%s, %zu member%s of %zu parameters: %s", posterior_name(model),
           n_members > 1 ? " ensemble" : "", n_members, n_members > 1 ? "s" : "",
           cred_network_n_params(cred_model_network(model)),
           cred_network_text(cred_model_network(model)));
  cli_note(fit->args, "%zu training rows%s%s; %zu epochs, %zu steps a member",
           info->n_train, validation, dropped, info->n_epochs, info->n_steps);
}

static void say_scores(const cli__fit *fit, const cred_model *model,
                       const cred_fit_info *info) {
  const cred_schema *schema = cred_model_schema(model);
  char validation[64] = "";
  if (!isnan(info->validation))
    snprintf(validation, sizeof validation, ", best validation %.4f", info->validation);
  const bool has_kl =
      cred_model_posterior(model)->members[0].kind == CRED_POSTERIOR_GAUSSIAN;
  cli_note(fit->args, "log likelihood %.4f a training row, %s %.4f%s (nats%s)",
           info->log_lik, has_kl ? "KL" : "minus log prior", info->kl, validation,
           schema->targets[0].type == CRED_TARGET_NUMBER ? ", of the standardised target"
                                                         : "");
  char likelihood[128];
  cred_likelihood_format(likelihood, sizeof likelihood, cred_model_likelihood(model));
  if (!cred_likelihood_is_class(cred_model_likelihood(model)))
    cli_note(fit->args, "likelihood: %s", likelihood);
  for (size_t t = 0; t < schema->n_targets; t++) {
    const double sd = cred_model_noise_sd(model, t), dof = cred_model_noise_dof(model, t);
    char tails[64] = "";
    if (!isnan(dof)) snprintf(tails, sizeof tails, ", %.3g degrees of freedom", dof);
    if (!isnan(sd))
      cli_note(fit->args, "noise sd of '%s': %.4g%s", schema->targets[t].name, sd, tails);
  }
}

// What the data did not teach: a Gaussian that stayed at its prior; a noise from too few
// rows to tell it from the curve.
static void warn_of_little(const cli__fit *fit, const cred_model *model,
                           const cred_fit_info *info) {
  const double n = (double)(info->n_train + info->n_validation);
  const bool gaussian =
      cred_model_posterior(model)->members[0].kind == CRED_POSTERIOR_GAUSSIAN;
  if (gaussian && info->kl * (double)info->n_train < 1)
    cli_warn(
        fit->args,
        "credence fit ... without --posterior, or with --prior 'normal 1', or with "
        "more rows",
        "the posterior is the prior: its KL is %.2g nats in all, so that the network "
        "learned nothing from %.0f rows",
        info->kl * (double)info->n_train, n);
  if (n < ROWS_FEW && !cred_likelihood_is_class(cred_model_likelihood(model)))
    cli_warn(fit->args,
             "credence fit ... --noise S, if the noise is known; else more rows",
             "%.0f rows say little of their own noise: the intervals may be far too "
             "narrow",
             n);
}

static void say_next(const cli__fit *fit, const cred_schema *schema) {
  char path[512], data[512], rows[512], reading[2048];
  cli_quoted(path, sizeof path, strcmp(fit->path, "-") == 0 ? "MODEL" : fit->path);
  cli_quoted(data, sizeof data, cli_positional(fit->args, 0));
  cli_reading(reading, sizeof reading, fit->args);
  if (cli_flag(fit->args, "quiet")) return;
  cli_quoted(rows, sizeof rows, fit->held_out.n ? fit->held_out.s : "");
  if (schema->pixels.per_pixel && fit->held_out.n)
    fprintf(stderr, "next: credence segment %s %s --rows-file %s%s -o OUT\n", path, data,
            rows, reading);
  else if (schema->pixels.per_pixel)
    fprintf(stderr, "next: credence segment %s IMAGES -o OUT\n", path);
  else if (schema->pixels.height && !fit->held_out.n)
    fprintf(stderr, "next: credence evaluate %s IMAGES\n", path);
  else if (fit->held_out.n)
    fprintf(stderr, "next: credence evaluate %s %s --rows-file %s%s\n", path, data, rows,
            reading);
  else
    fprintf(stderr, "next: credence evaluate %s TEST.csv%s\n", path, reading);
}

// A class in every few rows is hardly a classification; of pictures it is one to learn
// little from. Pixels are many.
static void warn_of_classes(const cli__fit *fit, const cred_model *model,
                            const cred_fit_info *info) {
  const cred_schema *schema = cred_model_schema(model);
  const size_t n = info->n_train + info->n_validation;
  const cred_schema_target *target = &schema->targets[0];
  if (target->type != CRED_TARGET_CLASS || 5 * target->n_classes <= n ||
      schema->pixels.per_pixel)
    return;
  if (schema->pixels.height)
    cli_warn(fit->args, "credence fit ... with more pictures of each class",
             "%zu classes in %zu pictures: too few of each to learn or to validate it",
             target->n_classes, n);
  else
    cli_warn(fit->args, "credence fit ... --task number",
             "the target '%s' has %zu classes in %zu rows: is it a number?", target->name,
             target->n_classes, n);
}

bool cli__fit_verdict(const cli__fit *fit, const cred_model *model,
                      const cred_fit_info *info) {
  const cli_args *args = fit->args;
  if (info->outcome == CRED_FIT_STOPPED) return false;
  say_size(fit, model, info);
  say_scores(fit, model, info);
  warn_of_classes(fit, model, info);
  warn_of_little(fit, model, info);
  if (cli_number(args, "temperature") != 1)
    cli_note(args,
             "temperature %g: this is a tempered posterior, not that of Bayes' rule",
             cli_number(args, "temperature"));
  if (info->outcome == CRED_FIT_DIVERGED) {
    cli_warn(args, "credence fit ... --learning-rate X with a smaller X, or --clip 10",
             "verdict: the fit diverged (%zu steps were not finite); the last finite "
             "state was kept",
             info->n_diverged);
    return false;
  }
  if (info->n_diverged)
    cli_note(args, "%zu steps were not finite and were not taken", info->n_diverged);
  if (!info->converged) {
    char path[512], next[1200];
    cli_quoted(path, sizeof path, strcmp(fit->path, "-") == 0 ? "MODEL" : fit->path);
    snprintf(next, sizeof next,
             "credence plot loss %s -o loss.png, then fit with more --epochs", path);
    cli_warn(args, next,
             "verdict: not converged within %zu epochs, or too few of them to tell",
             info->n_epochs);
    return false;
  }
  cli_note(args, "verdict: converged");
  say_next(fit, cred_model_schema(model));
  return true;
}
