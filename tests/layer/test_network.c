// The text of a network: what it means, what it is written as, what is wrong in it.

#include "check.h"
#include "base/alloc.h"
#include "credence/layer/network.h"
#include "layer/layer.h"
#include "layer/registry.h"

// Text, and its canonical form.
static const char *const texts[][2] = {
    {"dense 50 relu", "dense 50 relu"},
    {"dense 50 relu, dropout 0.1, dense 50 relu",
     "dense 50 relu, dropout 0.1, dense 50 relu"},
    {" dense  50\trelu ,dense 7\n", "dense 50 relu, dense 7"},
    {"dense 50, relu", "dense 50 relu"},
    {"dense 50, dropout 0.50, relu", "dense 50, dropout 0.5, relu"},
    {"dense 3 leaky_relu", "dense 3 leaky_relu"},
    {"dense 3 leaky_relu 0.01", "dense 3 leaky_relu"},
    {"dense 3 leaky_relu 0.2, elu 2", "dense 3 leaky_relu 0.2, elu 2"},
    {"tanh, gelu, silu, sigmoid, softplus", "tanh, gelu, silu, sigmoid, softplus"},
    {"dropout 0, dense 1000000", "dropout 0, dense 1000000"},
    {"linear", "linear"},
    {"  linear ", "linear"},
};

// The same on maps of 9 x 8 x 4: shape of the last hidden layer, and all parameters with
// an output layer of 2.
static const struct {
  const char *text, *canonical;
  cred_shape out;
  size_t n_params;
} maps[] = {
    {"conv 6 3", "conv 6 3", {7, 6, 6}, 222 + 506},
    {"conv 6 3 relu, pool 2", "conv 6 3 relu, pool 2", {3, 3, 6}, 222 + 110},
    {"conv 6 3x2 valid, relu", "conv 6 3x2 relu", {7, 7, 6}, 150 + 590},
    {"conv 6 5 pad same tanh", "conv 6 5 same tanh", {9, 8, 6}, 606 + 866},
    {"conv 6 5 same", "conv 6 5 same", {9, 8, 6}, 606 + 866},
    {"conv 6 3x3 stride 2 same", "conv 6 3 same stride 2", {5, 4, 6}, 222 + 242},
    {"conv 6 3 pad 0 stride 1", "conv 6 3", {7, 6, 6}, 222 + 506},
    {"conv 8 3 groups 4 dilation 2 pad 2",
     "conv 8 3 pad 2 dilation 2 groups 4",
     {9, 8, 8},
     80 + 1154},
    {"upconv 3 2", "upconv 3 2", {18, 16, 3}, 51 + 1730},
    {"upconv 3 4 pad 1 stride 2", "upconv 3 4 pad 1", {18, 16, 3}, 195 + 1730},
    {"upconv 6 3 stride 3 groups 2 relu",
     "upconv 6 3 stride 3 groups 2 relu",
     {27, 24, 6},
     114 + 7778},
    {"avgpool 3", "avgpool 3", {3, 2, 4}, 50},
    {"avgpool 2x3 stride 2", "avgpool 2x3 stride 2", {4, 3, 4}, 98},
    {"globalpool", "globalpool", {1, 1, 4}, 10},
    {"upsample 2 nearest", "upsample 2", {18, 16, 4}, 2306},
    {"upsample 3 bilinear", "upsample 3 bilinear", {27, 24, 4}, 5186},
    {"norm 2", "norm 2", {9, 8, 4}, 8 + 578},
    {"conv 6 1, norm 3 relu", "conv 6 1, norm 3 relu", {9, 8, 6}, 30 + 12 + 866},
    {"channel_dropout 0.25", "channel_dropout 0.25", {9, 8, 4}, 578},
    {"conv 6 1 relu as a, conv 2 1, concat a",
     "conv 6 1 relu as a, conv 2 1, concat a",
     {9, 8, 8},
     30 + 14 + 1154},
    {"conv 6 1 as a, relu, add a gelu as b_1",
     "conv 6 1 as a, relu, add a gelu as b_1",
     {9, 8, 6},
     30 + 866},
    {"pool 2", "pool 2", {4, 4, 4}, 130},
    {"pool 2 stride 2", "pool 2", {4, 4, 4}, 130},
    {"pool 3x2 stride 1, gelu", "pool 3x2 stride 1, gelu", {7, 7, 4}, 394},
    {"dense 3 relu", "dense 3 relu", {1, 1, 3}, 867 + 8},
    {"dropout 0.5, relu", "dropout 0.5, relu", {9, 8, 4}, 578},
};

static void test_maps(void **state) {
  (void)state;
  const cred_shape in = {9, 8, 4};
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
    cred_network *a;
    for (int again = 0; again < 2; again++) {
      const char *text = again ? maps[i].canonical : maps[i].text;
      assert_ok(cred_network_parse_shaped(&a, text, in, 2, false));
      assert_string_equal(cred_network_text(a), maps[i].canonical);
      assert_int_equal(cred_network_n_params(a), maps[i].n_params);
      assert_int_equal(cred_network_n_inputs(a), 9 * 8 * 4);
      const cred_shape out = cred__network_item(a, cred__network_n_items(a) - 1)->in;
      assert_memory_equal(&out, &maps[i].out, sizeof out);
      assert_int_equal(cred_network_out_shape(a).channels, 2);
      assert_int_equal(cred_network_n_outputs(a), 2);
      cred_network_free(a);
    }
  }
}

static void test_unet(void **state) {
  (void)state;
  static const char *const unets[][2] = {
      {"unet 4 8", "conv 4 3 same relu, conv 4 3 same relu as unet1, pool 2, "
                   "conv 8 3 same relu, conv 8 3 same relu, upconv 4 2, concat unet1, "
                   "conv 4 3 same relu, conv 4 3 same relu"},
      {"conv 3 1, unet 4 8 norm 2 elu , conv 5 1",
       "conv 3 1, conv 4 3 same, norm 2 elu, conv 4 3 same, norm 2 elu as unet1, pool 2, "
       "conv 8 3 same, norm 2 elu, conv 8 3 same, norm 2 elu, upconv 4 2, concat unet1, "
       "conv 4 3 same, norm 2 elu, conv 4 3 same, norm 2 elu, conv 5 1"}};
  static const char *const wrong_unets[][2] = {
      {"unet", "unet needs the channels of two levels or more"},
      {"unet 4", "unet needs the channels of two levels"},
      {"unet 4 0", "unexpected '0' in unet"},
      {"unet 4 8 rel", "unexpected 'rel' in unet"},
      {"unet 4 8 norm", "norm of unet needs a number"},
      {"unet 4 8 norm x", "norm of unet is 'x'"},
      {"unet 1 1 1 1 1 1 1 1 1", "unet of more than 8 levels"},
      {"unet 4 8 as a", "unexpected 'as' in unet"},
      {"unet 4 8", "a map of 10 x 8 beside 'unet1' of 10 x 9"},
      {"unet 4 8, unet 4 8", "the name 'unet1' is given twice"},
  };
  cred_network *network;
  for (size_t i = 0; i < 2; i++) {
    const cred_shape in = {8, 12, 3};
    assert_ok(cred_network_parse_shaped(&network, unets[i][0], in, 5, true));
    assert_string_equal(cred_network_text(network), unets[i][1]);
    cred_network_free(network);
  }
  for (size_t i = 0; i < sizeof wrong_unets / sizeof *wrong_unets; i++) {
    const cred_shape in = {10, i == 8 ? 9 : 8, 3};
    assert_fails(cred_network_parse_shaped(&network, wrong_unets[i][0], in, 5, true),
                 CRED_EINVAL, wrong_unets[i][1]);
  }
}

static void test_per_pixel(void **state) {
  (void)state;
  const cred_shape in = {9, 8, 4};
  cred_network *network;
  assert_ok(cred_network_parse_shaped(&network, "conv 6 3 same relu", in, 5, true));
  const cred_shape out = cred_network_out_shape(network);
  assert_true(out.height == 9 && out.width == 8 && out.channels == 5);
  assert_int_equal(cred_network_n_outputs(network), 9 * 8 * 5);
  assert_string_equal(cred_network_layer(network, 1).text, "conv 5 1");
  assert_string_equal(cred_network_layer(network, 1).name, "output");
  assert_int_equal(cred_network_layer(network, 1).n_params, 35);
  cred_network_free(network);
  assert_ok(cred_network_parse_shaped(&network, "linear", in, 3, true));
  assert_int_equal(cred_network_n_params(network), 15);
  cred_network_free(network);
  assert_fails(cred_network_parse_shaped(&network, "conv 6 3, conv 6 3", in, 5, true),
               CRED_EINVAL, "a last map of 9 x 8 as the input, it is 5 x 4 (pad");
  assert_fails(cred_network_parse_shaped(&network, "dense 6", in, 5, true), CRED_EINVAL,
               "it is 1 x 1");
}

// Text on maps of 9 x 8 x 4, and what its message must contain.
static const char *const wrong_maps[][2] = {
    {"conv", "conv needs channels and a size (write 'conv 32 5')"},
    {"conv 8", "conv needs channels and a size"},
    {"conv 0 3", "channels is '0', must be a whole number from 1 to 1000000"},
    {"conv 8 0", "size is '0', must be a whole number from 1 to 1000, or two"},
    {"conv 8 3x", "size is '3x'"},
    {"conv 8 x3", "size is 'x3'"},
    {"conv 8 3x3x3", "size is '3x3x3'"},
    {"conv 8 1001", "size is '1001'"},
    {"conv relu 3", "conv needs channels and a size"},
    {"conv 8 relu", "conv needs channels and a size"},
    {"conv 8 3 strid 2", "unknown word 'strid', did you mean 'stride'?"},
    {"conv 8 3 sam", "unknown word 'sam', did you mean 'same'?"},
    {"conv 8 3 rel", "unknown word 'rel', did you mean 'relu'?"},
    {"conv 8 3 7", "unexpected '7'; behind the size may stand: stride, pad, same, valid"},
    {"conv 8 3 stride", "'stride' needs a number behind it"},
    {"conv 8 3 stride 0", "stride is '0', must be a whole number from 1 to 1000"},
    {"conv 8 3 pad -1", "pad is '-1', must be 'same', 'valid' or a number"},
    {"conv 8 3 pad 3", "padding of 3 for a window of 3 x 3"},
    {"conv 8 3 groups 3", "4 channels to 8 cannot be cut into 3 groups"},
    {"conv 6 3 groups 4", "4 channels to 6 cannot be cut into 4 groups"},
    {"conv 8 9", "conv1: a window of 9 x 9 does not fit its map of 9 x 8"},
    {"conv 8 3 dilation 5", "a window of 11 x 11 does not fit"},
    {"pool 2, pool 2, pool 3", "pool3: a window of 3 x 3 does not fit its map of 2 x 2"},
    {"conv 1000000 3, conv 1000000 3", "is more than 2^30"},
    {"pool", "pool needs a size (write 'pool 2')"},
    {"pool 2 same", "unexpected 'same'; behind the size may stand: stride"},
    {"pool 2 relu", "unexpected 'relu'"},
    {"pool 2x3", "a window of 2 x 3 needs a stride (write 'stride 2')"},
    {"upconv 8", "upconv needs channels and a size (write 'upconv 32 2')"},
    {"upconv 8 2 same", "upconv takes 'pad' and a number, not 'same'"},
    {"upconv 8 2 pad 2", "padding of 2 takes all of a window of 2 x 2"},
    {"upconv 8 2 dilation 2", "unexpected 'dilation'"},
    {"upconv 9 2 groups 4", "4 channels to 9 cannot be cut into 4 groups"},
    {"avgpool", "avgpool needs a size (write 'avgpool 2')"},
    {"globalpool 2", "unexpected '2' after globalpool"},
    {"upsample", "upsample needs a factor (write 'upsample 2')"},
    {"upsample 0", "factor is '0'"},
    {"upsample 2 bilinea", "unknown word 'bilinea', did you mean 'bilinear'?"},
    {"upsample 2 nearest 3", "unexpected '3'"},
    {"norm", "norm needs groups (write 'norm 8')"},
    {"norm 3", "4 channels cannot be cut into 3 groups"},
    {"norm 2 3", "unexpected '3' after the groups"},
    {"globalpool, norm 4", "4 groups of one number each"},
    {"channel_dropout", "channel_dropout needs a rate (write 'channel_dropout 0.1')"},
    {"channel_dropout 1", "rate is '1'"},
    {"concat", "concat needs the name of an earlier item"},
    {"concat a", "concat1: no item before it is named 'a' (write 'as a'"},
    {"relu as skip, concat skp", "is named 'skp', did you mean 'skip'?"},
    {"conv 4 1 as a, pool 2, concat a", "a map of 4 x 4 beside 'a' of 9 x 8"},
    {"conv 5 1 as a, conv 4 1, add a", "a map of 9 x 8 x 4 and 'a' of 9 x 8 x 5"},
    {"relu as a, relu as a", "the name 'a' is given twice"},
    {"relu as", "'as' and one name stand at the end"},
    {"conv 4 1 as a relu", "'as' and one name stand at the end"},
    {"relu as a-b", "the name 'a-b' must be 1 to 31 letters"},
    {"relu as a23456789012345678901234567890123", "must be 1 to 31 letters"},
    {"relu as a, add a b", "unexpected 'b' after add a, which takes one name"},
    {"conv 4 1 same, add a", "no item before it is named 'a'"},
    {"pol 2", "unknown layer 'pol', did you mean 'pool'?"},
    {"dense 4, conv 8 3", "a window of 3 x 3 on a row of 4 numbers without height and"},
};

static void test_messages_on_maps(void **state) {
  (void)state;
  const cred_shape in = {9, 8, 4};
  for (size_t i = 0; i < sizeof wrong_maps / sizeof *wrong_maps; i++) {
    cred_network *network = (cred_network *)&network;
    assert_fails(cred_network_parse_shaped(&network, wrong_maps[i][0], in, 1, false),
                 CRED_EINVAL, wrong_maps[i][1]);
    assert_null(network);
  }
  cred_network *network;
  const cred_shape none = {9, 0, 4}, huge = {(size_t)1 << 40, (size_t)1 << 40, 4};
  const cred_shape wide = {1 << 14, 1 << 14, 3};
  const cred_shape thin = {1 << 28, 1, 1};
  assert_fails(cred_network_parse_shaped(&network, "linear", none, 1, false), CRED_EINVAL,
               "9 x 0 x 4 inputs");
  assert_fails(cred_network_parse_shaped(&network, "linear", huge, 1, false), CRED_EINVAL,
               "inputs, must be 1 to 2^31");
  assert_fails(cred_network_parse_shaped(&network, "conv 9 1", wide, 1, false),
               CRED_EINVAL, "is more than 2^31 numbers");
  assert_fails(cred_network_parse_shaped(&network, "conv 1 9 pad 8", thin, 1, false),
               CRED_EINVAL, "zeros included, is more than 2^30 numbers");
}

static void test_round_trip(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    cred_network *a, *b;
    assert_ok(cred_network_parse(&a, texts[i][0], 5, 2));
    assert_string_equal(cred_network_text(a), texts[i][1]);
    assert_ok(cred_network_parse(&b, cred_network_text(a), 5, 2));
    assert_string_equal(cred_network_text(b), cred_network_text(a));
    assert_int_equal(cred_network_n_params(a), cred_network_n_params(b));
    assert_int_equal(cred__network_n_items(a), cred__network_n_items(b));
    cred_network_free(a);
    cred_network_free(b);
  }
}

// Text, and what its message must contain.
static const char *const wrong[][2] = {
    {"", "is empty (write 'linear'"},
    {"  \t", "is empty"},
    {"dens 50", "item 1 'dens 50': unknown layer 'dens', did you mean 'dense'?"},
    {"dense 5 relu, Relu", "item 2 'Relu': unknown layer 'Relu', did you mean 'relu'?"},
    {"xyzzyqwerty", "must be one of dense, conv, upconv, pool, avgpool, globalpool"},
    {"dense", "dense needs a width"},
    {"dense relu", "dense needs a width"},
    {"dense 0", "width is '0', must be a whole number from 1 to 1000000"},
    {"dense 1000001", "width is '1000001'"},
    {"dense -3", "width is '-3'"},
    {"dense 5.5", "width is '5.5'"},
    {"dense 99999999999999999999999", "must be a whole number"},
    {"dense 50 rel", "unknown activation 'rel', did you mean 'relu'?"},
    {"dense 50 7", "unknown activation '7', must be one of relu"},
    {"dense 50 dense", "unknown activation 'dense'"},
    {"dense 50 relu relu", "unexpected 'relu' after relu, which takes nothing"},
    {"dense 50 leaky_relu x", "slope of leaky_relu is 'x'"},
    {"leaky_relu -1", "slope of leaky_relu is '-1', must be a number from 0 to 10"},
    {"elu nan", "slope of elu is 'nan'"},
    {"elu 1 2", "unexpected '2' after elu 1, which takes one number"},
    {"relu 0.1", "unexpected '0.1' after relu"},
    {"dropout", "dropout needs a rate"},
    {"dropout 1", "rate is '1', must be a number from 0 up to, not including, 1"},
    {"dropout -0.1", "rate is '-0.1'"},
    {"dropout 0,1", "item 2 '1': unknown layer '1'"},
    {"dropout nan", "rate is 'nan'"},
    {"dropout 0.5 relu", "unexpected 'relu' after the rate (separate items by a comma)"},
    {"dense 5 relu,", "item 2 '': a layer is missing before or after a comma"},
    {",dense 5", "item 1 '': a layer is missing"},
    {"dense 5, linear", "'linear' stands alone"},
    {"dense 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "more than 16 words"},
    {"dense 5\x01\x02 relu", "item 1 'dense 5?? relu'"},
    {"dense 1000000, dense 1000000",
     "dense2: 1000000 inputs by 1000000 units are more than"},
    {"dense 1000000, dense 2147", "more than 2^31 parameters up to dense2"},
};

static void test_messages(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    cred_network *network = (cred_network *)&network;
    assert_fails(cred_network_parse(&network, wrong[i][0], 3, 1), CRED_EINVAL,
                 wrong[i][1]);
    assert_null(network);
  }
  cred_network *network;
  assert_fails(cred_network_parse(&network, NULL, 1, 1), CRED_EINVAL, "missing (NULL)");
  assert_fails(cred_network_parse(&network, "linear", 0, 1), CRED_EINVAL, "0 inputs");
  assert_fails(cred_network_parse(&network, "linear", 1, 0), CRED_EINVAL, "0 outputs");
  assert_fails(cred_network_parse(&network, "linear", (size_t)-1, 1), CRED_EINVAL,
               "inputs");
  assert_fails(cred_network_parse(&network, "linear", (size_t)1 << 31, 2), CRED_EINVAL,
               "more than 2^31");
}

static void test_long_texts(void **state) {
  (void)state;
  enum { N = 257, WORD = 100000 };
  static char text[N * 8 + 1], word[WORD + 1];
  for (size_t i = 0; i < N; i++) strcat(text, i ? ",dense 1" : "dense 1");
  cred_network *network;
  assert_fails(cred_network_parse(&network, text, 1, 1), CRED_EINVAL,
               "257 layers, at most 256");
  strrchr(text, ',')[0] = 0;
  assert_ok(cred_network_parse(&network, text, 1, 1));
  assert_int_equal(cred_network_n_layers(network), 257); // and the output layer
  cred_network_free(network);
  memset(word, 'x', WORD);
  assert_fails(cred_network_parse(&network, word, 1, 1), CRED_EINVAL, "unknown layer");
  assert_true(strlen(cred_error_message()) < 500);
}

// Any words in any order are a network that reads back, or a message.
static void test_any_words(void **state) {
  (void)state;
  static const char *const words[] = {"dense",
                                      "conv",
                                      "upconv",
                                      "pool",
                                      "avgpool",
                                      "globalpool",
                                      "upsample",
                                      "norm",
                                      "dropout",
                                      "concat",
                                      "add",
                                      "unet",
                                      "relu",
                                      "tanh",
                                      "elu",
                                      "same",
                                      "valid",
                                      "pad",
                                      "stride",
                                      "dilation",
                                      "groups",
                                      "bilinear",
                                      "as",
                                      "a",
                                      "b",
                                      "0",
                                      "1",
                                      "2",
                                      "3",
                                      "8",
                                      "0.5",
                                      "3x2",
                                      ",",
                                      ",",
                                      ",",
                                      ",",
                                      "linear",
                                      "-1",
                                      "1e9",
                                      "99999999",
                                      "channel_dropout"};
  enum { N_WORDS = sizeof words / sizeof *words, N_TEXTS = 30000 };
  const cred_key key = cred_key_make(11);
  const cred_shape in = {12, 16, 4};
  size_t n_sound = 0;
  for (uint64_t i = 0; i < N_TEXTS; i++) {
    char text[256] = "";
    const size_t n = 1 + (size_t)cred_key_below(&key, 32 * i, 14);
    for (size_t k = 0; k < n; k++) {
      const size_t w = (size_t)cred_key_below(&key, 32 * i + 1 + k, N_WORDS);
      strncat(text, words[w], sizeof text - strlen(text) - 2);
      strcat(text, " ");
    }
    cred_network *a, *b;
    const cred_status status = cred_network_parse_shaped(&a, text, in, 2, i % 2);
    if (status != CRED_OK) {
      assert_int_equal(status, CRED_EINVAL);
      assert_true(strlen(cred_error_message()) > 10);
      continue;
    }
    n_sound++;
    assert_ok(cred_network_parse_shaped(&b, cred_network_text(a), in, 2, i % 2));
    assert_string_equal(cred_network_text(a), cred_network_text(b));
    assert_int_equal(cred_network_n_params(a), cred_network_n_params(b));
    cred_network_free(a);
    cred_network_free(b);
  }
  assert_true(n_sound > 100);
}

// Each suggestion is itself accepted.
static void test_suggestions(void **state) {
  (void)state;
  for (size_t i = 0; i < cred__registry_n_words(); i++) {
    char given[64], expected[64];
    const char *word = cred__registry_word(i);
    cred_network *network;
    snprintf(given, sizeof given, "%sx", word);
    snprintf(expected, sizeof expected, "did you mean '%s'?", word);
    assert_fails(cred_network_parse(&network, given, 1, 1), CRED_EINVAL, expected);
  }
}

static void test_slices_of_maps(void **state) {
  (void)state;
  cred_network *network;
  const cred_shape in = {9, 8, 4};
  assert_ok(cred_network_parse_shaped(&network, "conv 6 3x2 relu, conv 4 1 groups 2", in,
                                      2, false));
  static const size_t shapes[][4] = {{3, 2, 4, 6}, {6}, {1, 1, 3, 4}, {4}, {196, 2}, {2}};
  static const size_t fan_in[] = {24, 24, 3, 3, 196, 196};
  assert_int_equal(cred_network_n_slices(network), 6);
  for (size_t i = 0; i < 6; i++) {
    const cred_network_slice slice = cred_network_get_slice(network, i);
    assert_memory_equal(slice.shape, shapes[i], sizeof shapes[i]);
    assert_int_equal(slice.fan_in, fan_in[i]);
    assert_int_equal(slice.is_bias, i % 2);
  }
  cred_network_free(network);
}

static void test_rows_and_slices(void **state) {
  (void)state;
  cred_network *network;
  assert_ok(
      cred_network_parse(&network, "dense 50 relu, dropout 0.1, dense 20 tanh", 13, 2));
  assert_int_equal(cred_network_n_inputs(network), 13);
  assert_int_equal(cred_network_n_outputs(network), 2);
  assert_int_equal(cred_network_n_params(network),
                   13 * 50 + 50 + 50 * 20 + 20 + 20 * 2 + 2);
  assert_true(cred_network_has_dropout(network));
  static const char *const names[] = {"dense1", "dropout1", "dense2", "output"};
  static const char *const shown[] = {"dense 50 relu", "dropout 0.1", "dense 20 tanh",
                                      "dense 2"};
  static const size_t n_out[] = {50, 50, 20, 2}, n_params[] = {700, 0, 1020, 42};
  assert_int_equal(cred_network_n_layers(network), 4);
  for (size_t i = 0; i < 4; i++) {
    const cred_network_row row = cred_network_layer(network, i);
    assert_string_equal(row.name, names[i]);
    assert_string_equal(row.text, shown[i]);
    assert_int_equal(row.n_out, n_out[i]);
    assert_int_equal(row.n_params, n_params[i]);
  }
  static const char *const slices[] = {"dense1.weight", "dense1.bias",   "dense2.weight",
                                       "dense2.bias",   "output.weight", "output.bias"};
  assert_int_equal(cred_network_n_slices(network), 6);
  size_t offset = 0;
  for (size_t i = 0; i < 6; i++) {
    const cred_network_slice slice = cred_network_get_slice(network, i);
    assert_string_equal(slice.name, slices[i]);
    assert_int_equal(slice.offset, offset);
    assert_int_equal(slice.is_bias, i % 2);
    assert_int_equal(slice.n_dims, i % 2 ? 1 : 2);
    assert_int_equal(slice.n, slice.shape[0] * (i % 2 ? 1 : slice.shape[1]));
    offset += slice.n;
  }
  assert_int_equal(cred_network_get_slice(network, 2).shape[0], 50);
  assert_int_equal(cred_network_get_slice(network, 2).shape[1], 20);
  assert_int_equal(cred_network_get_slice(network, 3).fan_in, 50);
  assert_int_equal(offset, cred_network_n_params(network));
  cred_network_free(network);
}

static void test_with_dropout(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"dense 5 relu, dense 6 tanh",
       "dense 5 relu, dropout 0.2, dense 6 tanh, dropout 0.2"},
      {"dense 5, relu, dropout 0.5, dense 6", "dense 5 relu, dropout 0.5, dense 6"},
      {"linear", "linear"},
      {"conv 8 3 relu as a, channel_dropout 0.1, concat a, conv 8 1 relu as b, add b",
       "conv 8 3 relu as a, channel_dropout 0.1, concat a, conv 8 1 relu, dropout 0.2 as "
       "b, add b"},
      {"conv 8 3 relu, pool 2, dense 5 relu",
       "conv 8 3 relu, dropout 0.2, pool 2, dense 5 relu, dropout 0.2"},
  };
  char *text;
  for (size_t i = 0; i < 5; i++) {
    assert_ok(cred_network_with_dropout(&text, cases[i][0], 0.2));
    assert_string_equal(text, cases[i][1]);
    cred__free(text);
  }
  assert_fails(cred_network_with_dropout(&text, "linear", 1), CRED_EINVAL,
               "dropout rate is 1");
  assert_fails(cred_network_with_dropout(&text, "linear", NAN), CRED_EINVAL,
               "dropout rate");
  assert_fails(cred_network_with_dropout(&text, "dens 3", 0.1), CRED_EINVAL, "'dense'");
}

// sd of the weights is gain / sqrt(fan in); biases lie within 1 / sqrt(fan in).
static void test_init(void **state) {
  (void)state;
  cred_network *network;
  assert_ok(cred_network_parse(&network,
                               "dense 200 relu, dense 200, dropout 0.1, gelu, "
                               "dense 200 tanh",
                               100, 40));
  static const double gains[] = {1.4142135623730951, 1.4142135623730951, 1, 1};
  const size_t n = cred_network_n_params(network);
  float *theta, *other;
  assert_ok(NEW(&theta, n, "theta"));
  assert_ok(NEW(&other, n, "theta"));
  const cred_key a = cred_key_make(1), b = cred_key_make(2);
  cred_network_init(network, theta, &a);
  for (size_t i = 0; i < 8; i++) {
    const cred_network_slice slice = cred_network_get_slice(network, i);
    const double limit = 1 / sqrt((double)slice.fan_in), count = (double)slice.n;
    double sum = 0, square = 0;
    for (size_t k = 0; k < slice.n; k++) {
      const double w = theta[slice.offset + k];
      if (slice.is_bias) assert_true(fabs(w) <= limit);
      sum += w;
      square += w * w;
    }
    const double sd = slice.is_bias ? limit / sqrt(3) : gains[i / 2] * limit;
    assert_near(sum / count, 0, 5 * sd / sqrt(count));
    assert_near(square / count, sd * sd, 5 * sd * sd * sqrt(2 / count));
  }
  cred_network_init(network, other, &a);
  assert_memory_equal(theta, other, n * sizeof *theta);
  cred_network_init(network, other, &b);
  size_t n_same = 0;
  for (size_t i = 0; i < n; i++) n_same += theta[i] == other[i];
  assert_true(n_same < 10);
  cred__free(theta);
  cred__free(other);
  cred_network_free(network);
}

static void test_out_of_memory(void **state) {
  (void)state;
  const long live = cred__alloc_live();
  for (long k = 0;; k++) {
    cred_network *network = NULL;
    cred__network_work *work = NULL;
    char *text = NULL;
    cred__alloc_fail_after(k);
    cred_status status =
        cred_network_parse_shaped(&network, "conv 3 2 relu as a, norm 1, add a, unet 2 3",
                                  (cred_shape){5, 5, 1}, 1, false);
    if (status == CRED_OK)
      status = cred__network_work_new(&work, network, 7, 2, true, true);
    if (status == CRED_OK) status = cred_network_with_dropout(&text, "dense 5 relu", 0.1);
    cred__alloc_fail_after(-1);
    cred__network_work_free(work);
    cred_network_free(network);
    cred__free(text);
    assert_int_equal(cred__alloc_live(), live);
    if (status == CRED_OK) {
      assert_true(k > 8);
      return;
    }
    assert_int_equal(status, CRED_ENOMEM);
  }
}

static void test_work_too_large(void **state) {
  (void)state;
  cred_network *network;
  cred__network_work *work;
  assert_ok(cred_network_parse(&network, "dense 1000000", 1, 1));
  assert_fails(cred__network_work_new(&work, network, (size_t)1 << 60, 1, true, false),
               CRED_ENOMEM, "more than any memory");
  assert_fails(cred__network_work_new(&work, network, (size_t)1 << 40, 1, true, false),
               CRED_ENOMEM, "more than any memory");
  cred_network_free(network);
  cred_network_free(NULL);
  cred__network_work_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_maps),
      cmocka_unit_test(test_unet),
      cmocka_unit_test(test_per_pixel),
      cmocka_unit_test(test_messages_on_maps),
      cmocka_unit_test(test_slices_of_maps),
      cmocka_unit_test(test_long_texts),
      cmocka_unit_test(test_suggestions),
      cmocka_unit_test(test_any_words),
      cmocka_unit_test(test_rows_and_slices),
      cmocka_unit_test(test_with_dropout),
      cmocka_unit_test(test_init),
      cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_work_too_large),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
