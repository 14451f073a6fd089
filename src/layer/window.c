// window.c -- the words of a window, and how many places it makes of a map.

#include "layer/window.h"
#include "base/fail.h"
#include "base/text.h"
#include "kernel/activation.h"
#include <stdio.h>
#include <string.h>

cred_status cred__window_number(size_t *out, const char *word, const char *what,
                                size_t max) {
  if (cred__parse_size(out, word, strlen(word)) && *out >= 1 && *out <= max)
    return CRED_OK;
  FAIL(CRED_EINVAL, "%s is '%.40s', must be a whole number from 1 to %zu", what, word,
       max);
}

// "5" or "3x5": height and width.
static cred_status parse_extent(cred__window *window, const char *word) {
  const char *cross = strchr(word, 'x'), *second = cross ? cross + 1 : word;
  const size_t n = cross ? (size_t)(cross - word) : strlen(word);
  if (cred__parse_size(&window->height, word, n) &&
      cred__parse_size(&window->width, second, strlen(second)) && window->height >= 1 &&
      window->width >= 1 && window->height <= CRED__WINDOW_MAX &&
      window->width <= CRED__WINDOW_MAX)
    return CRED_OK;
  FAIL(CRED_EINVAL,
       "size is '%.40s', must be a whole number from 1 to %d, or two of them as 3x5",
       word, (int)CRED__WINDOW_MAX);
}

typedef struct {
  const char *word;
  cred__window_words kind;
} option;
static const option options[] = {
    {"stride", CRED__WORD_STRIDE},     {"pad", CRED__WORD_PAD},
    {"same", CRED__WORD_PAD},          {"valid", CRED__WORD_PAD},
    {"dilation", CRED__WORD_DILATION}, {"groups", CRED__WORD_GROUPS}};
enum { N_OPTIONS = sizeof options / sizeof *options };

// Neither an option that is allowed here nor, for then it would not come here, an
// activation.
static cred_status unknown(const char *word, unsigned allowed) {
  const char *names[N_OPTIONS + CRED__N_ACTIVATIONS];
  size_t n = 0;
  for (size_t i = 0; i < N_OPTIONS; i++)
    if (options[i].kind & allowed) names[n++] = options[i].word;
  const size_t n_options = n;
  if (allowed & CRED__WORD_PAD) // convolutions take an activation
    for (int i = 0; i < CRED__N_ACTIVATIONS; i++)
      names[n++] = cred__activation_name((cred__activation)i);
  const char *near = cred__nearest(word, names, n);
  if (near) FAIL(CRED_EINVAL, "unknown word '%.40s', did you mean '%s'?", word, near);
  char list[128] = "";
  for (size_t i = 0, at = 0; i < n_options && at < sizeof list; i++)
    at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", names[i]);
  FAIL(CRED_EINVAL, "unexpected '%.40s'; behind the size may stand: %s", word, list);
}

static cred_status parse_padding(cred__window *window, const char *word) {
  if (strcmp(word, "same") == 0)
    window->padding = CRED__SAME;
  else if (strcmp(word, "valid") == 0)
    window->padding = CRED__VALID;
  else {
    if (!cred__parse_size(&window->pad, word, strlen(word)) ||
        window->pad > CRED__WINDOW_MAX)
      FAIL(CRED_EINVAL,
           "pad is '%.40s', must be 'same', 'valid' or a number from 0 to %d", word,
           (int)CRED__WINDOW_MAX);
    window->padding = window->pad ? CRED__GIVEN : CRED__VALID;
  }
  return CRED_OK;
}

// One option of a window and its value; *n_taken: words.
static cred_status parse_option(cred__window *window, unsigned allowed,
                                const char *const *words, size_t n_words,
                                size_t *n_taken) {
  const char *word = words[0];
  size_t i = 0;
  while (i < N_OPTIONS &&
         !((options[i].kind & allowed) && strcmp(word, options[i].word) == 0))
    i++;
  if (i == N_OPTIONS) return unknown(word, allowed);
  *n_taken = 1;
  if (strcmp(word, "same") == 0 || strcmp(word, "valid") == 0)
    return parse_padding(window, word);
  *n_taken = 2;
  if (n_words < 2) FAIL(CRED_EINVAL, "'%s' needs a number behind it", word);
  switch (options[i].kind) {
  case CRED__WORD_STRIDE:
    return cred__window_number(&window->stride, words[1], word, CRED__WINDOW_MAX);
  case CRED__WORD_DILATION:
    return cred__window_number(&window->dilation, words[1], word, CRED__WINDOW_MAX);
  case CRED__WORD_GROUPS:
    return cred__window_number(&window->groups, words[1], word, CRED__CHANNELS_MAX);
  default:
    return parse_padding(window, words[1]);
  }
}

cred_status cred__window_parse(cred__window *window, unsigned allowed,
                               const char *const *words, size_t n_words) {
  const size_t stride = window->stride;
  *window = (cred__window){.stride = stride, .dilation = 1, .groups = 1};
  TRY(parse_extent(window, words[0]));
  for (size_t i = 1, n_taken = 0; i < n_words; i += n_taken)
    TRY(parse_option(window, allowed, words + i, n_words - i, &n_taken));
  if (window->stride == 0) {
    if (window->height != window->width)
      FAIL(CRED_EINVAL, "a window of %zu x %zu needs a stride (write 'stride %zu')",
           window->height, window->width, window->height);
    window->stride = window->height;
  }
  return CRED_OK;
}

void cred__window_write(cred__layer *layer, size_t stride) {
  const cred__window *w = &layer->window;
  char *text = layer->text;
  size_t n = strlen(text);
  const size_t room = sizeof layer->text;
  if (stride == 0 && w->height == w->width) stride = w->height;
  n += (size_t)snprintf(text + n, room - n, " %zu", w->height);
  if (w->width != w->height) n += (size_t)snprintf(text + n, room - n, "x%zu", w->width);
  if (w->padding == CRED__SAME) n += (size_t)snprintf(text + n, room - n, " same");
  if (w->padding == CRED__GIVEN)
    n += (size_t)snprintf(text + n, room - n, " pad %zu", w->pad);
  if (w->stride != stride)
    n += (size_t)snprintf(text + n, room - n, " stride %zu", w->stride);
  if (w->dilation != 1)
    n += (size_t)snprintf(text + n, room - n, " dilation %zu", w->dilation);
  if (w->groups != 1) snprintf(text + n, room - n, " groups %zu", w->groups);
}

// Places along one axis, and zeros before the first; 0 where the window does not fit.
static size_t places(size_t *before, const cred__window *w, size_t n, size_t size) {
  const size_t extent = (size - 1) * w->dilation + 1;
  *before = 0;
  if (w->padding == CRED__SAME) {
    const size_t out = (n + w->stride - 1) / w->stride;
    const size_t needed = (out - 1) * w->stride + extent;
    *before = needed > n ? (needed - n) / 2 : 0;
    return out;
  }
  if (w->padding == CRED__GIVEN) *before = w->pad;
  n += 2 * *before;
  return n < extent ? 0 : (n - extent) / w->stride + 1;
}

cred_status cred__window_shape(cred__layer *layer, size_t channels) {
  cred__window *w = &layer->window;
  const cred_shape in = layer->in;
  const size_t height = (w->height - 1) * w->dilation + 1;
  const size_t width = (w->width - 1) * w->dilation + 1;
  if (w->padding == CRED__GIVEN && (w->pad >= height || w->pad >= width))
    FAIL(CRED_EINVAL,
         "padding of %zu for a window of %zu x %zu: some windows would see "
         "nothing else",
         w->pad, height, width);
  layer->out.height = places(&w->top, w, in.height, w->height);
  layer->out.width = places(&w->left, w, in.width, w->width);
  layer->out.channels = channels;
  if (layer->out.height && layer->out.width) return CRED_OK;
  if (in.height == 1 && in.width == 1)
    FAIL(CRED_EINVAL,
         "a window of %zu x %zu on a row of %zu numbers without height and width "
         "(images are IDX, NPY or NPZ arrays of rows x height x width)",
         height, width, in.channels);
  FAIL(CRED_EINVAL, "a window of %zu x %zu does not fit its map of %zu x %zu", height,
       width, in.height, in.width);
}

cred__pool cred__pool_of(const cred__layer *layer) {
  return (cred__pool){.width = layer->in.width,
                      .channels = layer->in.channels,
                      .out_height = layer->out.height,
                      .out_width = layer->out.width,
                      .rows = layer->window.height,
                      .columns = layer->window.width,
                      .stride = layer->window.stride};
}
