// prior_text.c -- priors as text, their ranges, and the width that a layer gives them.

#include "credence/prob/prior.h"
#include "base/fail.h"
#include "base/text.h"
#include "prob/words.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// In the order of cred_prior_kind; "blundell" is a name for a mixture.
static const char *const names[] = {"flat",    "normal",    "mixture",
                                    "laplace", "student-t", "blundell"};
enum { N_KINDS = CRED_PRIOR_STUDENT_T + 1, N_NAMES = sizeof names / sizeof *names };
_Static_assert(N_NAMES == N_KINDS + 1, "each kind of prior has a name");

// sigma2 = exp(-6), the smallest of the grid in section 5.1 of Blundell et al. (2015).
#define BLUNDELL_SD2 0.0024787521766663585

cred_prior cred_prior_defaults(void) {
  const cred_prior prior = {.kind = CRED_PRIOR_MIXTURE,
                            .scale = CRED_SCALE_FIXED,
                            .sd = 1.0,
                            .sd2 = 0.1,
                            .weight = 0.5,
                            .dof = 4.0};
  return prior;
}

static bool positive(double x) {
  return x > 0 && isfinite(x);
}

cred_status cred_prior_check(const cred_prior *prior) {
  if ((unsigned)prior->kind >= N_KINDS)
    FAIL(CRED_EINVAL, "prior: kind %d does not exist", (int)prior->kind);
  const char *name = names[prior->kind];
  if ((unsigned)prior->scale > CRED_SCALE_LEARNED)
    FAIL(CRED_EINVAL, "prior '%s': scale %d does not exist", name, (int)prior->scale);
  if (prior->kind == CRED_PRIOR_FLAT) return CRED_OK;
  if (!positive(prior->sd))
    FAIL(CRED_EINVAL, "prior '%s': sd is %g, must be > 0", name, prior->sd);
  if (prior->kind == CRED_PRIOR_MIXTURE) {
    if (!(prior->sd2 > 0 && prior->sd2 < prior->sd))
      FAIL(CRED_EINVAL,
           "prior 'mixture': the second sd is %g, must be > 0 and below the "
           "first, %g",
           prior->sd2, prior->sd);
    if (!(prior->weight > 0 && prior->weight < 1))
      FAIL(CRED_EINVAL, "prior 'mixture': the weight is %g, must be between 0 and 1",
           prior->weight);
    if (prior->scale == CRED_SCALE_LEARNED)
      FAIL(CRED_EINVAL, "prior 'mixture': its scale cannot be learned; use 'normal "
                        "learned', 'laplace learned' or 'student-t learned'");
  }
  if (prior->kind == CRED_PRIOR_STUDENT_T && !positive(prior->dof))
    FAIL(CRED_EINVAL, "prior 'student-t': dof is %g, must be > 0", prior->dof);
  return CRED_OK;
}

static cred_status parse_numbers(cred_prior *prior, cred__words *words) {
  TRY(cred__words_number(&prior->sd, words,
                         "a standard deviation, 'fan-in' or 'learned'"));
  if (prior->kind == CRED_PRIOR_MIXTURE) {
    TRY(cred__words_number(&prior->sd2, words, "the second standard deviation"));
    TRY(cred__words_number(&prior->weight, words, "the weight of the first sd"));
  }
  if (prior->kind == CRED_PRIOR_STUDENT_T)
    TRY(cred__words_number(&prior->dof, words, "the degrees of freedom"));
  return CRED_OK;
}

cred_status cred_prior_parse(cred_prior *out, const char *text) {
  cred_prior prior = cred_prior_defaults();
  cred__words words;
  size_t kind = 0;
  TRY(cred__words_init(&words, "prior", text));
  TRY(cred__words_kind(&kind, &words, names, N_NAMES));
  prior.kind = kind < N_KINDS ? (cred_prior_kind)kind : CRED_PRIOR_MIXTURE;
  if (kind == N_KINDS) prior.sd2 = BLUNDELL_SD2;
  if (prior.kind != CRED_PRIOR_FLAT && kind != N_KINDS) {
    if (cred__words_take(&words, "fan-in"))
      prior.scale = CRED_SCALE_FAN_IN;
    else if (cred__words_take(&words, "learned"))
      prior.scale = CRED_SCALE_LEARNED;
    TRY(parse_numbers(&prior, &words));
  }
  TRY(cred__words_end(&words));
  TRY(cred_prior_check(&prior));
  *out = prior;
  return CRED_OK;
}

static bool is_blundell(const cred_prior *prior) {
  return prior->scale == CRED_SCALE_FIXED && prior->sd == 1.0 && prior->weight == 0.5 &&
         prior->sd2 == BLUNDELL_SD2;
}

void cred_prior_format(char *out, size_t n_bytes, const cred_prior *prior) {
  static const char *const scales[] = {"", " fan-in", " learned"};
  char sd[CRED__NUMBER_BYTES], sd2[CRED__NUMBER_BYTES], last[CRED__NUMBER_BYTES];
  const char *name = names[prior->kind], *scale = scales[prior->scale];
  cred__format_double(sd, prior->sd);
  cred__format_double(sd2, prior->sd2);
  cred__format_double(last,
                      prior->kind == CRED_PRIOR_MIXTURE ? prior->weight : prior->dof);
  switch (prior->kind) {
  case CRED_PRIOR_FLAT:
    snprintf(out, n_bytes, "flat");
    return;
  case CRED_PRIOR_MIXTURE:
    if (is_blundell(prior))
      snprintf(out, n_bytes, "blundell");
    else
      snprintf(out, n_bytes, "%s%s %s %s %s", name, scale, sd, sd2, last);
    return;
  case CRED_PRIOR_STUDENT_T:
    snprintf(out, n_bytes, "%s%s %s %s", name, scale, sd, last);
    return;
  case CRED_PRIOR_NORMAL:
  case CRED_PRIOR_LAPLACE:
    if (prior->scale != CRED_SCALE_FIXED && prior->sd == 1.0)
      snprintf(out, n_bytes, "%s%s", name, scale);
    else
      snprintf(out, n_bytes, "%s%s %s", name, scale, sd);
    return;
  }
}

// A slice whose scale is learned stays LEARNED: its model adds the parameter.
cred_prior cred_prior_resolve(const cred_prior *prior, size_t fan_in, bool is_bias) {
  cred_prior resolved = *prior;
  if (prior->scale == CRED_SCALE_FIXED) return resolved;
  if (!is_bias && fan_in > 0) {
    const double root = sqrt((double)fan_in);
    resolved.sd /= root;
    resolved.sd2 /= root;
  }
  if (prior->scale == CRED_SCALE_FAN_IN) resolved.scale = CRED_SCALE_FIXED;
  return resolved;
}
