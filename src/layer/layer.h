// layer.h -- what a layer is, and the passes of a network over a block of rows.
//
// A layer is a row of operations (shape rule, init, forward, backward, moments), one file
// each. Arrays are row-major (B, elements); parameters are slices of the flat vector
// theta. A layer knows nothing of priors, of methods, of what takes its gradient. The
// elements of a row are a map (height, width, channels), row-major.
//   plain     out = f(in; theta)
//   local     theta ~ N(theta, sd^2) fresh for each row: local reparameterisation,
//             Kingma, Salimans & Welling (2015), eq. 6
//   flipout   one draw for the block, signs for each row: Wen et al. (2018), eq. 4
//   drawn     a draw of theta ~ N(theta, sd^2) for each of pass->draws, made where it is
//             used; forward, where cred__network_shares_draws
//   moments   mean and variance of every element carried through, elements independent

#ifndef CRED_SRC_LAYER_LAYER_H
#define CRED_SRC_LAYER_LAYER_H

#include "credence/layer/network.h"
#include "credence/prob/density.h"

typedef enum {
  CRED__PLAIN = 0,
  CRED__LOCAL = 1,
  CRED__FLIPOUT = 2,
  CRED__DRAWN = 3,
  CRED__N_MODES
} cred__mode;

// The rows are a tile of a larger map: its corner there, in places of the input, and the
// widths of both. Masks are keyed by the place in the larger map.
typedef struct {
  size_t top, left, width, tile_width;
} cred__place;

typedef struct {
  cred__mode mode;
  bool dropout;        // masks apply: training with dropout, Monte Carlo dropout
  bool shared_mask;    // one mask for all rows (a function draw) instead of one a row
  size_t n_rows;       // B
  const uint64_t *row; // (B) index that keys the noise of a row; NULL: 0, 1, 2, ...
  cred_key key;        // of this step and draw; a layer derives its own by its index
  size_t n_threads;
  bool finite; // the parameters and their variances are: zeros of a layer's input need
               // not be multiplied
  const cred_real *theta;  // whole vector: the parameters, or their means
  const cred_real *sd;     // whole vector; NULL in a plain pass
  const cred_real *var;    // sd^2, or NULL: squared where it is needed
  const cred_real *theta2; // theta^2, or NULL: likewise; read by moments
  const cred_key *draws;   // of cred__network_forward_draws, else NULL: rows b n_each ...
  size_t n_each;           // (b + 1) n_each - 1 are draw b's, keyed by draws[b], not key
  const cred_sink *sink;   // backward only; NULL: gradients of parameters are not wanted
  const cred__place *place; // NULL: the rows are whole
} cred__pass;

typedef struct cred__layer cred__layer;

typedef struct {
  const char *name;  // the word in the network's text
  const char *usage; // "dense WIDTH [ACTIVATION]"
  // Reads the words behind the name into the layer's fields.
  cred_status (*parse)(cred__layer *layer, const char *const *words, size_t n_words);
  // in and n_in are known: sets out, n_out and the sizes of the slices (offsets are set
  // by the network). A layer that sets n_out alone gives (1, 1, n_out).
  cred_status (*shape)(cred__layer *layer);
  void (*init)(const cred__layer *layer, cred_real *theta,
               const cred_key *key); // or NULL
  // Numbers kept from forward to backward, and scratch, for a block of n_rows.
  size_t (*n_cache)(const cred__layer *layer, size_t n_rows, cred__mode mode);
  size_t (*n_scratch)(const cred__layer *layer, size_t n_rows, cred__mode mode,
                      size_t n_threads);
  void (*forward)(const cred__layer *layer, const cred__pass *pass, cred_real *out,
                  cred_real *cache, cred_real *scratch, const cred_real *in);
  // din may be NULL (first layer). din is complete before gradients of this layer's
  // parameters go to the sink.
  void (*backward)(const cred__layer *layer, const cred__pass *pass, cred_real *din,
                   cred_real *cache, cred_real *scratch, const cred_real *dout,
                   const cred_real *in, const cred_real *out);
  // in_var = NULL: the input is certain. out_var is always written. sd in the pass may be
  // NULL.
  void (*moments)(const cred__layer *layer, const cred__pass *pass, cred_real *out_mean,
                  cred_real *out_var, cred_real *scratch, const cred_real *in_mean,
                  const cred_real *in_var);
  size_t (*n_scratch_moments)(const cred__layer *layer, size_t n_rows, size_t n_threads);
  // A layer of two inputs, the second the output of an earlier one, has these instead of
  // the three passes. The map is linear and adds up independent numbers, so that
  // variances go through `join` as means do. add: dsecond += instead of =; either may be
  // NULL.
  void (*join)(const cred__layer *layer, const cred__pass *pass, cred_real *out,
               const cred_real *first, const cred_real *second);
  void (*split)(const cred__layer *layer, const cred__pass *pass, cred_real *dfirst,
                cred_real *dsecond, bool add, const cred_real *dout);
} cred__layer_ops;

enum { CRED__LAYER_SLICES = 4, CRED__LAYER_TEXT = 96, CRED__LABEL_BYTES = 32 };
#define CRED__NO_LAYER ((size_t)-1)

// A window that slides over a map: convolution, pooling.
typedef enum { CRED__VALID = 0, CRED__SAME = 1, CRED__GIVEN = 2 } cred__padding;
typedef struct {
  size_t height, width, stride, dilation, groups;
  cred__padding padding;
  size_t pad;       // GIVEN: rows and columns of zeros on every side
  size_t top, left; // set by the shape rule
} cred__window;

struct cred__layer {
  const cred__layer_ops *ops;
  size_t index;                   // in the network: keys its noise
  char name[CRED__LAYER_TEXT];    // "dense1"
  char text[CRED__LAYER_TEXT];    // canonical: "dense 50"
  char label[CRED__LABEL_BYTES];  // of its output: "... as LABEL", or ""
  char second[CRED__LABEL_BYTES]; // the label of its second input, or ""
  size_t source;                  // the layer of that label; CRED__NO_LAYER: none
  size_t n_in, n_out;             // elements a row
  cred_shape in, out, second_in;  // their shapes
  size_t n_slices;
  cred_network_slice slices[CRED__LAYER_SLICES];
  char slice_names[CRED__LAYER_SLICES][CRED__LAYER_TEXT];
  double gain; // of the initial weights: sqrt(2) before relu and its kin
  // fields of the kinds
  size_t width; // dense: units; convolution: channels
  cred__window window;
  double rate;    // dropout
  size_t factor;  // upsample
  bool bilinear;  // upsample: instead of the nearest
  int activation; // activation: cred__activation (kernel/activation.h)
  double slope;   // leaky_relu, elu
};

extern const cred__layer_ops cred__dense_ops, cred__activation_ops, cred__dropout_ops,
    cred__conv_ops, cred__upconv_ops, cred__pool_ops, cred__avgpool_ops,
    cred__globalpool_ops, cred__upsample_ops, cred__norm_ops, cred__channel_dropout_ops,
    cred__concat_ops, cred__add_ops;

// What layers without numbers of their own give for n_cache, n_scratch and
// n_scratch_moments.
size_t cred__no_cache(const cred__layer *layer, size_t n_rows, cred__mode mode);
size_t cred__no_scratch(const cred__layer *layer, size_t n_rows, cred__mode mode,
                        size_t n_threads);
size_t cred__no_scratch_moments(const cred__layer *layer, size_t n_rows,
                                size_t n_threads);

// Number of elements; false for none, or more than 2^31.
bool cred__shape_elements(size_t *n, cred_shape shape);

// The layers of a network, for the passes below.
size_t cred__network_n_items(const cred_network *network);
const cred__layer *cred__network_item(const cred_network *network, size_t i);

// Activations, caches and scratch of a network for blocks of at most n_rows_max rows.
typedef struct cred__network_work cred__network_work;
cred_status cred__network_work_new(cred__network_work **out, const cred_network *network,
                                   size_t n_rows_max, size_t n_threads, bool backward,
                                   bool moments);
void cred__network_work_free(cred__network_work *work);

// Returns the outputs (B, n_outputs), borrowed from work until the next pass. x (B,
// n_inputs).
const cred_real *cred__network_forward(const cred_network *network,
                                       cred__network_work *work, const cred__pass *pass,
                                       const cred_real *x);
// The same of the layers [first, end) alone: x is the input of layer `first`, and none of
// them has a source before it.
const cred_real *cred__network_forward_part(const cred_network *network,
                                            cred__network_work *work,
                                            const cred__pass *pass, const cred_real *x,
                                            size_t first, size_t end);
// How many layers stand before the first dropout, of numbers or of channels, and are read
// by none behind it but through the last: they give the same whatever the mask.
size_t cred__network_n_before_dropout(const cred_network *network);
// Several draws of one block in one pass: outputs (n_draws, B, n_outputs), row b of draw
// k as a pass with the key draws[k] would give it. What comes before the first layer that
// draws is done once for all. n_draws * B is at most the rows of the work. Only where
// cred__network_shares_draws: a chain of dense layers, activations and dropout. x is the
// input of layer `first`; the layers before it have drawn nothing.
bool cred__network_shares_draws(const cred_network *network);
const cred_real *cred__network_forward_draws(const cred_network *network,
                                             cred__network_work *work,
                                             const cred__pass *pass,
                                             const cred_key *draws, size_t n_draws,
                                             const cred_real *x, size_t first);
// Whether a pass with one mask for CRED__THIN_ROWS rows or more leaves out units that are
// dropped. The outputs are the same to the bit.
enum { CRED__THIN_ROWS = 16 };
bool cred__network_thins(const cred_network *network);
// After forward with the same work, pass and x; dout (B, n_outputs) is overwritten.
void cred__network_backward(const cred_network *network, cred__network_work *work,
                            const cred__pass *pass, const cred_real *x, cred_real *dout);
// Mean and variance of the outputs (B, n_outputs), borrowed.
void cred__network_moments(const cred_network *network, cred__network_work *work,
                           const cred_real **out_mean, const cred_real **out_var,
                           const cred__pass *pass, const cred_real *x);

#endif
