// registry.c -- the kinds of layers, and the reader of a network's text.
//
//   network = "linear" | item { "," item }
//   item    = name { word } [ "as" label ],  split at blanks; an activation may follow a
//   layer that takes one
// A message shows the item, names what is wrong in it, and suggests the nearest known
// word.

#include "layer/registry.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "base/text.h"
#include "kernel/activation.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  const cred__layer_ops *ops;
  bool takes_activation;
} kind;

static const kind kinds[] = {
    {&cred__dense_ops, true},     {&cred__conv_ops, true},
    {&cred__upconv_ops, true},    {&cred__pool_ops, false},
    {&cred__avgpool_ops, false},  {&cred__globalpool_ops, false},
    {&cred__upsample_ops, false}, {&cred__norm_ops, true},
    {&cred__dropout_ops, false},  {&cred__channel_dropout_ops, false},
    {&cred__concat_ops, true},    {&cred__add_ops, true},
};
// The kinds, then the activations, then what is short for several items.
enum {
  N_KINDS = sizeof kinds / sizeof *kinds,
  N_WORDS = N_KINDS + CRED__N_ACTIVATIONS + 1
};

size_t cred__registry_n_words(void) {
  return N_WORDS;
}

const char *cred__registry_word(size_t i) {
  if (i + 1 == N_WORDS) return "unet";
  return i < N_KINDS ? kinds[i].ops->name
                     : cred__activation_name((cred__activation)(i - N_KINDS));
}

bool cred__registry_takes_activation(const cred__layer_ops *ops) {
  for (size_t i = 0; i < N_KINDS; i++)
    if (kinds[i].ops == ops) return kinds[i].takes_activation;
  return false;
}

enum { LIST_BYTES = 320, SHOWN_BYTES = 64, ITEM_WORDS = 16 };

// "a, b, c" of the words first ... end - 1.
static void list_words(char out[LIST_BYTES], size_t first, size_t end) {
  size_t n = 0;
  for (size_t i = first; i < end && n < LIST_BYTES; i++)
    n += (size_t)snprintf(out + n, LIST_BYTES - n, "%s%s", i > first ? ", " : "",
                          cred__registry_word(i));
}

static cred_status unknown(const char *word, const char *what, size_t first, size_t end) {
  const char *names[N_WORDS];
  for (size_t i = 0; i < N_WORDS; i++) names[i] = cred__registry_word(i);
  const char *near = cred__nearest(word, names + first, end - first);
  if (near) FAIL(CRED_EINVAL, "unknown %s '%.40s', did you mean '%s'?", what, word, near);
  char list[LIST_BYTES];
  list_words(list, first, end);
  FAIL(CRED_EINVAL, "unknown %s '%.40s', must be one of %s", what, word, list);
}

cred_status cred__registry_unknown_activation(const char *word) {
  return unknown(word, "activation", N_KINDS, N_WORDS - 1);
}

// An item, cut into words inside its own buffer.
typedef struct {
  size_t number; // 1, 2, ...
  char shown[SHOWN_BYTES];
  const char *words[ITEM_WORDS];
  size_t n_words;
} item;

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void show(char out[SHOWN_BYTES], const char *text) {
  while (is_blank(*text)) text++;
  size_t n = strlen(text);
  while (n > 0 && is_blank(text[n - 1])) n--;
  const bool cut = n > SHOWN_BYTES - 4;
  const size_t n_kept = cut ? SHOWN_BYTES - 4 : n;
  for (size_t i = 0; i < n_kept; i++)
    out[i] = (unsigned char)text[i] < 32 || text[i] == 127 ? '?' : text[i];
  snprintf(out + n_kept, 4, "%s", cut ? "..." : "");
}

static cred_status split(item *it, char *text) {
  show(it->shown, text);
  it->n_words = 0;
  for (char *p = text; *p;) {
    while (is_blank(*p)) *p++ = 0;
    if (!*p) break;
    if (it->n_words == ITEM_WORDS)
      FAIL(CRED_EINVAL, "more than %d words (separate layers by a comma)",
           (int)ITEM_WORDS);
    it->words[it->n_words++] = p;
    while (*p && !is_blank(*p)) p++;
  }
  if (it->n_words == 0) FAIL(CRED_EINVAL, "a layer is missing before or after a comma");
  return CRED_OK;
}

static cred_status read_activation(cred__layer *layer, const item *it, size_t first) {
  layer->ops = &cred__activation_ops;
  layer->activation = (int)cred__activation_find(it->words[first]);
  return layer->ops->parse(layer, it->words + first + 1, it->n_words - first - 1);
}

// The layer of a kind, and the activation behind it.
static cred_status read_kind(cred__layer *layers, size_t *n_layers, const kind *k,
                             const item *it) {
  size_t n = it->n_words;
  if (k->takes_activation)
    for (n = 1; n < it->n_words; n++)
      if (cred__activation_find(it->words[n]) != CRED__N_ACTIVATIONS) break;
  cred__layer *layer = &layers[(*n_layers)++];
  layer->ops = k->ops;
  TRY(layer->ops->parse(layer, it->words + 1, n - 1));
  return n < it->n_words ? read_activation(&layers[(*n_layers)++], it, n) : CRED_OK;
}

static bool is_label(const char *word) {
  size_t n = 0;
  while ((word[n] >= 'a' && word[n] <= 'z') || (word[n] >= 'A' && word[n] <= 'Z') ||
         (word[n] >= '0' && word[n] <= '9') || word[n] == '_')
    n++;
  return n > 0 && n < CRED__LABEL_BYTES && word[n] == 0;
}

// Takes "as LABEL" off the end of an item; *label is NULL where there is none.
static cred_status take_label(const char **label, item *it) {
  *label = NULL;
  size_t i = 1;
  while (i < it->n_words && strcmp(it->words[i], "as") != 0) i++;
  if (i >= it->n_words) return CRED_OK;
  if (i + 2 != it->n_words)
    FAIL(CRED_EINVAL, "'as' and one name stand at the end of an item");
  *label = it->words[i + 1];
  it->n_words = i;
  if (!is_label(*label))
    FAIL(CRED_EINVAL, "the name '%.40s' must be 1 to %d letters, digits and '_'", *label,
         CRED__LABEL_BYTES - 1);
  return CRED_OK;
}

static cred_status read_words(cred__layer *layers, size_t *n_layers, const item *it) {
  const char *name = it->words[0];
  for (size_t i = 0; i < N_KINDS; i++)
    if (strcmp(kinds[i].ops->name, name) == 0)
      return read_kind(layers, n_layers, &kinds[i], it);
  if (cred__activation_find(name) != CRED__N_ACTIVATIONS)
    return read_activation(&layers[(*n_layers)++], it, 0);
  if (strcmp(name, "linear") == 0)
    FAIL(CRED_EINVAL, "'linear' stands alone: it means no hidden layer");
  return unknown(name, "layer", 0, N_WORDS);
}

static cred_status read_item(cred__layer *layers, size_t *n_layers, item *it,
                             char *text) {
  const char *label;
  TRY(split(it, text));
  TRY(take_label(&label, it));
  TRY(read_words(layers, n_layers, it));
  if (label) snprintf(layers[*n_layers - 1].label, CRED__LABEL_BYTES, "%s", label);
  return CRED_OK;
}

static bool is_word(const char *text, const char *word) {
  while (is_blank(*text)) text++;
  const size_t n = strlen(word);
  if (strncmp(text, word, n) != 0) return false;
  for (text += n; is_blank(*text); text++) {
  }
  return *text == 0;
}

cred_status cred__registry_count(size_t *n_max, const char *text) {
  size_t n = 1;
  for (const char *p = text; *p; p++) n += *p == ',';
  if (n > CRED__ITEMS_MAX)
    FAIL(CRED_EINVAL, "network: %zu layers, at most %d are allowed", n,
         (int)CRED__ITEMS_MAX);
  *n_max = 2 * n;
  return CRED_OK;
}

cred_status cred__registry_read(cred__layer *layers, size_t *n_layers, const char *text) {
  *n_layers = 0;
  if (is_word(text, "linear")) return CRED_OK;
  if (is_word(text, ""))
    FAIL(CRED_EINVAL, "network: the text is empty (write 'linear' for no hidden layer)");
  char *copy;
  TRY(cred__strdup(&copy, text));
  cred_status status = CRED_OK;
  item it = {.number = 1};
  for (char *p = copy; p && status == CRED_OK; it.number++) {
    char *comma = strchr(p, ',');
    if (comma) *comma = 0;
    status = read_item(layers, n_layers, &it, p);
    if (status != CRED_OK)
      cred__fail_prefix("network: item %zu '%s'", it.number, it.shown);
    p = comma ? comma + 1 : NULL;
  }
  cred__free(copy);
  return status;
}
