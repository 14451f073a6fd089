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
    {"xyzzyqwerty", "must be one of dense, dropout, relu, leaky_relu, elu, gelu"},
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
    {"dense 1 2 3 4 5 6 7 8 9", "more than 8 words"},
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
  };
  char *text;
  for (size_t i = 0; i < 3; i++) {
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
    cred_status status = cred_network_parse(&network, "dense 5 relu, dropout 0.1", 3, 1);
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
      cmocka_unit_test(test_long_texts),
      cmocka_unit_test(test_suggestions),
      cmocka_unit_test(test_rows_and_slices),
      cmocka_unit_test(test_with_dropout),
      cmocka_unit_test(test_init),
      cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_work_too_large),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
