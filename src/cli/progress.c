// progress.c -- how a long call is seen: a line, a table, JSON Lines or nothing.
//
// No escape sequence and no colour is ever written, so NO_COLOR needs nothing; a terminal
// that cannot go back in its line (TERM=dumb) gets the table.

#include "base/clock.h"
#include "cli/cli.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES_MAX = 60, LINES_AIM = 40, LINE_BYTES = 256 };
static const double line_gap_s = 0.1;

static bool can_overwrite(FILE *file) {
  const char *term = getenv("TERM");
  return isatty(fileno(file)) && term && strcmp(term, "dumb") != 0;
}

void cli_progress_init(cli_progress *progress, const cli_args *args) {
  memset(progress, 0, sizeof *progress);
  progress->file = stderr;
  progress->time_s_last = -INFINITY;
  const char *how = cli_text(args, "progress");
  const char *name, *text;
  for (size_t i = 0; cli_effective(args, i, &name, &text); i++)
    if (strcmp(name, "stable") == 0) progress->stable = cli_flag(args, "stable");
  if (strcmp(how, "bar") == 0)
    progress->how = CLI_PROGRESS_BAR;
  else if (strcmp(how, "table") == 0)
    progress->how = CLI_PROGRESS_TABLE;
  else if (strcmp(how, "json") == 0)
    progress->how = CLI_PROGRESS_JSON;
  else if (strcmp(how, "none") == 0 || cli_flag(args, "quiet"))
    progress->how = CLI_PROGRESS_NONE;
  else
    progress->how = can_overwrite(stderr) ? CLI_PROGRESS_BAR : CLI_PROGRESS_TABLE;
}

// "1:02:03", "2:03", "" where it is not known.
static void format_time(char *out, size_t n_out, double time_s) {
  out[0] = 0;
  if (!(time_s >= 0 && time_s < 3.6e7)) return;
  const long s = lround(time_s);
  if (s >= 3600)
    snprintf(out, n_out, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(out, n_out, "%ld:%02ld", s / 60, s % 60);
}

static void format_loss(char *out, size_t n_out, double value) {
  if (isnan(value))
    snprintf(out, n_out, "-");
  else
    snprintf(out, n_out, "%.4f", value);
}

static void print_bar(cli_progress *progress, const cred_progress *state) {
  char line[LINE_BYTES], left[32], log_lik[32], kl[32];
  const double done = state->n_steps ? 100.0 * state->step / state->n_steps : 0.0;
  format_time(left, sizeof left, state->time_left_s);
  format_loss(log_lik, sizeof log_lik, state->log_lik);
  format_loss(kl, sizeof kl, state->kl);
  char member[64] = ""; // each has epochs of its own
  if (state->n_members > 1)
    snprintf(member, sizeof member, "  member %zu/%zu", state->member, state->n_members);
  int n =
      snprintf(line, sizeof line, "%s %3.0f%%%s  epoch %zu/%zu  log_lik %s  kl %s",
               state->phase, done, member, state->epoch, state->n_epochs, log_lik, kl);
  if (!isnan(state->validation) && n < (int)sizeof line)
    n += snprintf(line + n, sizeof line - (size_t)n, "  validation %.4f",
                  state->validation);
  if (n < (int)sizeof line)
    n += snprintf(line + n, sizeof line - (size_t)n, "  %.3g/s%s%s", state->rate,
                  left[0] ? "  left " : "", left);
  const size_t shown = strlen(line);
  // blanks over what the last line had more
  const int erase = progress->n_shown > shown ? (int)(progress->n_shown - shown) : 0;
  fprintf(progress->file, "\r%s%*s", line, erase, "");
  fflush(progress->file);
  progress->n_shown = shown;
}

static void print_head(cli_progress *progress, const cred_progress *state) {
  fprintf(progress->file, "%-8s %8s", state->phase, "step");
  if (state->n_members > 1) fprintf(progress->file, " %8s", "member");
  fprintf(progress->file, " %8s %12s %12s %12s", "epoch", "log_lik", "kl", "validation");
  if (!progress->stable) fprintf(progress->file, " %10s %9s", "steps/s", "left");
  fputc('\n', progress->file);
  progress->n_lines++;
}

static void print_row(cli_progress *progress, const cred_progress *state) {
  char left[32], log_lik[32], kl[32], validation[32];
  format_time(left, sizeof left, state->time_left_s);
  format_loss(log_lik, sizeof log_lik, state->log_lik);
  format_loss(kl, sizeof kl, state->kl);
  format_loss(validation, sizeof validation, state->validation);
  fprintf(progress->file, "%-8s %8zu", "", state->step);
  if (state->n_members > 1) fprintf(progress->file, " %8zu", state->member);
  fprintf(progress->file, " %8zu %12s %12s %12s", state->epoch, log_lik, kl, validation);
  if (!progress->stable) fprintf(progress->file, " %10.4g %9s", state->rate, left);
  fputc('\n', progress->file);
  progress->n_lines++;
}

static void print_json_number(FILE *file, const char *name, double value) {
  if (isfinite(value))
    fprintf(file, ",\"%s\":%.9g", name, value);
  else
    fprintf(file, ",\"%s\":null", name);
}

static void print_json(cli_progress *progress, const cred_progress *state) {
  FILE *file = progress->file;
  fprintf(file,
          "{\"phase\":\"%s\",\"member\":%zu,\"members\":%zu,\"epoch\":%zu,\"epochs\":%zu,"
          "\"step\":%zu,\"steps\":%zu",
          state->phase, state->member, state->n_members, state->epoch, state->n_epochs,
          state->step, state->n_steps);
  print_json_number(file, "log_lik", state->log_lik);
  print_json_number(file, "kl", state->kl);
  print_json_number(file, "validation", state->validation);
  if (!progress->stable) {
    print_json_number(file, "steps_per_s", state->rate);
    print_json_number(file, "time_left_s", state->time_left_s);
  }
  fputs("}\n", file);
}

// Steps apart by a ratio that makes LINES_AIM of them: 1, 2, 3, 4, 6, 8, ...
static size_t step_after(const cred_progress *state) {
  const double ratio = pow(fmax((double)state->n_steps, 2.0), 1.0 / LINES_AIM);
  const size_t next = (size_t)ceil((double)state->step * fmax(ratio, 1.05));
  return next > state->step ? next : state->step + 1;
}

static bool is_last(const cred_progress *state) {
  return state->n_steps > 0 && state->step >= state->n_steps;
}

static bool begins_phase(cli_progress *progress, const char *phase) {
  char name[sizeof progress->phase];
  snprintf(name, sizeof name, "%s", phase);
  if (progress->n_lines > 0 && strcmp(name, progress->phase) == 0) return false;
  memcpy(progress->phase, name, sizeof name);
  progress->step_next = 0;
  return true;
}

static void call_table(cli_progress *progress, const cred_progress *state) {
  if (begins_phase(progress, state->phase) && progress->n_lines + 2 <= LINES_MAX)
    print_head(progress, state);
  const size_t lines_max = is_last(state) ? LINES_MAX : LINES_MAX - 2;
  if ((state->step < progress->step_next && !is_last(state)) ||
      progress->n_lines >= lines_max)
    return;
  print_row(progress, state);
  progress->step_next = is_last(state) ? SIZE_MAX : step_after(state);
}

static void call_json(cli_progress *progress, const cred_progress *state) {
  if (progress->stable) { // no clock decides what is printed
    begins_phase(progress, state->phase);
    progress->n_lines = 1;
    if (state->step < progress->step_next && !is_last(state)) return;
    progress->step_next = step_after(state);
  }
  print_json(progress, state);
}

bool cli_progress_call(void *context, const cred_progress *state) {
  cli_progress *progress = context;
  const bool timed = progress->how == CLI_PROGRESS_BAR ||
                     (progress->how == CLI_PROGRESS_JSON && !progress->stable);
  const double time_s = timed ? cred__now_s() : 0.0;
  const bool too_soon = timed && time_s - progress->time_s_last < line_gap_s;
  if (!too_soon || is_last(state)) {
    if (progress->how == CLI_PROGRESS_BAR)
      print_bar(progress, state);
    else if (progress->how == CLI_PROGRESS_TABLE)
      call_table(progress, state);
    else if (progress->how == CLI_PROGRESS_JSON)
      call_json(progress, state);
    progress->time_s_last = time_s;
  }
  return !cli_interrupted();
}

void cli_progress_end(cli_progress *progress) {
  if (progress->how == CLI_PROGRESS_BAR && progress->n_shown) fputc('\n', progress->file);
  progress->n_shown = 0;
  fflush(progress->file);
}
