// unet.c -- the short form `unet C1 C2 ... [norm G] [ACTIVATION]`, written out.
//
// Down: at every level two convolutions of 3 x 3 that keep the map, then pooling by 2;
// up: a transposed convolution of 2 x 2 that doubles it, the map of the same level beside
// it, two convolutions again. Ronneberger, Fischer & Brox (2015), figure 1, with padded
// convolutions, so that the output is as large as the input.

#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include "kernel/activation.h"
#include "layer/registry.h"
#include "layer/window.h"
#include <string.h>

enum { LEVELS_MAX = 8 };

typedef struct {
  size_t channels[LEVELS_MAX], n_levels;
  size_t groups; // 0: no normalisation
  cred__activation activation;
} unet;

// The next word of an item that ends at `end`; n = 0: none is left.
static const char *next_word(const char **p, const char *end, size_t *n) {
  while (*p < end && (unsigned char)**p <= ' ') ++*p;
  const char *word = *p;
  while (*p < end && (unsigned char)**p > ' ') ++*p;
  *n = (size_t)(*p - word);
  return word;
}

static cred_status take_word(unet *u, const char *word, size_t n, bool *after_norm) {
  size_t number;
  char name[24] = "";
  if (n < sizeof name) memcpy(name, word, n);
  const cred__activation activation = cred__activation_find(name);
  if (*after_norm) {
    *after_norm = false;
    return cred__window_number(&u->groups, name, "norm of unet", CRED__CHANNELS_MAX);
  }
  if (strcmp(name, "norm") == 0)
    *after_norm = true;
  else if (activation != CRED__N_ACTIVATIONS)
    u->activation = activation;
  else if (!cred__parse_size(&number, word, n) || number < 1 ||
           number > CRED__CHANNELS_MAX)
    FAIL(CRED_EINVAL,
         "unexpected '%.*s' in unet, which takes channels, then 'norm G' and an "
         "activation",
         n < 40 ? (int)n : 40, word);
  else if (u->n_levels == LEVELS_MAX)
    FAIL(CRED_EINVAL, "unet of more than %d levels", LEVELS_MAX);
  else
    u->channels[u->n_levels++] = number;
  return CRED_OK;
}

static cred_status parse(unet *u, const char *p, const char *end) {
  bool after_norm = false;
  size_t n;
  *u = (unet){.activation = CRED__RELU};
  for (const char *word = next_word(&p, end, &n); n; word = next_word(&p, end, &n))
    TRY(take_word(u, word, n, &after_norm));
  if (after_norm) FAIL(CRED_EINVAL, "norm of unet needs a number of groups behind it");
  if (u->n_levels < 2)
    FAIL(CRED_EINVAL, "unet needs the channels of two levels or more (write 'unet 16 32 "
                      "64')");
  return CRED_OK;
}

static void write_pair(cred__text *out, const unet *u, size_t level, const char *label) {
  const char *activation = cred__activation_name(u->activation);
  for (int i = 0; i < 2; i++) {
    cred__text_printf(out, "conv %zu 3 same", u->channels[level]);
    if (u->groups) cred__text_printf(out, ", norm %zu", u->groups);
    cred__text_printf(out, " %s", activation);
    if (i == 0) cred__text_printf(out, ", ");
  }
  if (label) cred__text_printf(out, " as %s%zu", label, level + 1);
}

static void write(cred__text *out, const unet *u) {
  for (size_t level = 0; level + 1 < u->n_levels; level++) {
    write_pair(out, u, level, "unet");
    cred__text_printf(out, ", pool 2, ");
  }
  write_pair(out, u, u->n_levels - 1, NULL);
  for (size_t level = u->n_levels - 1; level-- > 0;) {
    cred__text_printf(out, ", upconv %zu 2, concat unet%zu, ", u->channels[level],
                      level + 1);
    write_pair(out, u, level, NULL);
  }
}

static cred_status expand_item(cred__text *out, const char *item, const char *end) {
  const char *p = item;
  size_t n;
  unet u;
  const char *word = next_word(&p, end, &n);
  if (n != 4 || memcmp(word, "unet", 4) != 0) {
    cred__text_append(out, item, (size_t)(end - item));
    return CRED_OK;
  }
  TRY(parse(&u, p, end));
  write(out, &u);
  return CRED_OK;
}

cred_status cred__registry_expand(char **out, const char *text) {
  cred__text expanded = {0};
  cred_status status = CRED_OK;
  *out = NULL;
  cred__text_printf(&expanded, "%s", "");
  for (const char *item = text; item && status == CRED_OK;) {
    const char *comma = strchr(item, ',');
    status = expand_item(&expanded, item, comma ? comma : item + strlen(item));
    if (status != CRED_OK) cred__fail_prefix("network");
    if (comma) cred__text_printf(&expanded, ",");
    item = comma ? comma + 1 : NULL;
  }
  if (status == CRED_OK) status = cred__text_status(&expanded);
  if (status == CRED_OK)
    *out = expanded.s;
  else
    cred__text_clear(&expanded);
  return status;
}
