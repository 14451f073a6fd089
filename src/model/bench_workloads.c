// bench_workloads.c -- the fixed list of workloads.
//
// Networks for digits (784 inputs, 10 classes), the two programs of the tutorial, and
// predictions with 100 draws. Batches of 128 rows, Adam, the scale mixture prior of
// Blundell et al. (2015) where there is a posterior over weights.

#include "model/bench.h"

enum { DIGIT_ROWS = 1280, DIGIT_INPUTS = 784, DIGITS = 10, BATCH = 128 };

#define NET_1200 "dense 1200 relu, dense 1200 relu"
#define NET_400  "dense 400 relu, dense 400 relu"
#define NET_CONV                                                                         \
  "conv 32 5 same relu, pool 2, conv 64 5 same relu, pool 2, dense 512 relu"
#define IMAGE .image = true

#define TRAIN(name_, about_, net_, ...)                                                  \
  {                                                                                      \
    .head = {.name = "train-" name_, .about = about_, .unit = "step"}, .net = net_,      \
    .likelihood = "categorical", .n_inputs = DIGIT_INPUTS, .n_classes = DIGITS,          \
    .n_rows = DIGIT_ROWS, .batch = BATCH, .n_draws = 1, __VA_ARGS__                      \
  }
#define VI(how, prior_)                                                                  \
  .posterior = CRED_FIT_VI, .estimator = CRED_ESTIMATOR_##how, .prior = prior_
#define MIXTURE "blundell"
#define NORMAL  "normal 1"
#define POINT   .posterior = CRED_FIT_MAP, .prior = NORMAL
#define DROPPED .posterior = CRED_FIT_DROPOUT, .dropout = 0.5, .prior = NORMAL
#define TRAININGS(size, net)                                                             \
  TRAIN(size "-weights", "draws of the weights, scale mixture", net,                     \
        VI(WEIGHTS, MIXTURE)),                                                           \
      TRAIN(size "-normal", "draws of the weights, Gaussian prior", net,                 \
            VI(WEIGHTS, NORMAL)),                                                        \
      TRAIN(size "-local", "local reparameterisation, scale mixture", net,               \
            VI(LOCAL, MIXTURE)),                                                         \
      TRAIN(size "-flipout", "flipout, scale mixture", net, VI(FLIPOUT, MIXTURE)),       \
      TRAIN(size "-map", "deterministic: posterior mode", net, POINT),                   \
      TRAIN(size "-dropout", "dropout of one half", net, DROPPED)

// The tutorial's programs: all rows in a step, three draws.
#define TUTORIAL(name_, about_, inputs_, rows_)                                          \
  {                                                                                      \
    .head = {.name = "train-tutorial-" name_, .about = about_, .unit = "epoch"},         \
    .net = "dense 20 relu", .likelihood = "gaussian 0.1", .n_inputs = inputs_,           \
    .n_rows = rows_, .batch = rows_, .n_draws = 3, VI(WEIGHTS, "mixture 1 0.1 0.5")      \
  }

#define PREDICT(name_, about_, net_, rows_, draws_, n_, ...)                             \
  {                                                                                      \
    .head = {.name = "predict-" name_, .about = about_, .unit = "call"},                 \
    .predict = true, .net = net_, .likelihood = "categorical", .n_inputs = DIGIT_INPUTS, \
    .n_classes = DIGITS, .n_rows = rows_, .batch = rows_, .draws = CRED_DRAWS_##draws_,  \
    .n_draws = n_, __VA_ARGS__                                                           \
  }
#define PREDICTIONS(rows, text, n)                                                       \
  PREDICT(text "-weights", "draws of the weights", NET_1200, rows, FUNCTION, n,          \
          VI(WEIGHTS, MIXTURE)),                                                         \
      PREDICT(text "-local", "local reparameterisation", NET_1200, rows, ROW, n,         \
              VI(WEIGHTS, MIXTURE)),                                                     \
      PREDICT(text "-dropout", "dropout masks a row", NET_1200, rows, ROW, n, DROPPED),  \
      PREDICT(text "-dropout-shared", "one dropout mask a pass", NET_1200, rows,         \
              FUNCTION, n, DROPPED),                                                     \
      PREDICT(text "-moments", "moments, no sampling", NET_1200, rows, MOMENTS, n,       \
              VI(WEIGHTS, MIXTURE)),                                                     \
      PREDICT(text "-mean", "one deterministic pass", NET_1200, rows, MEAN, n,           \
              VI(WEIGHTS, MIXTURE))

const cred__bench_spec cred__bench_specs[] = {
    TRAININGS("1200", NET_1200),
    TRAININGS("400", NET_400),
    TRAIN("conv-weights", "LeNet-like, draws of the weights", NET_CONV,
          VI(WEIGHTS, MIXTURE), IMAGE),
    TRAIN("conv-local", "LeNet-like, local reparameterisation", NET_CONV,
          VI(LOCAL, MIXTURE), IMAGE),
    TRAIN("conv-map", "LeNet-like, posterior mode", NET_CONV, POINT, IMAGE),
    TUTORIAL("bnn", "10-20-1, 100 rows, 3 draws an epoch", 10, 100),
    TUTORIAL("sine", "1-20-1, 50 rows, 3 draws an epoch", 1, 50),
    PREDICTIONS(1, "1", 100),
    PREDICTIONS(128, "128", 100),
    PREDICTIONS(10000, "10000", 20),
    PREDICT("conv-weights", "LeNet-like, 128 images by draws of the weights", NET_CONV,
            BATCH, FUNCTION, 100, VI(WEIGHTS, MIXTURE), IMAGE),
    PREDICT("conv-local", "LeNet-like, 128 images by local reparameterisation", NET_CONV,
            BATCH, ROW, 100, VI(WEIGHTS, MIXTURE), IMAGE),
    PREDICT("conv-mean", "LeNet-like, 128 images, one deterministic pass", NET_CONV,
            BATCH, MEAN, 100, VI(WEIGHTS, MIXTURE), IMAGE),
    {.head = {.name = "predict-sine",
              .about = "1-20-1, 100 rows by draws of the weights",
              .unit = "call"},
     .predict = true,
     .net = "dense 20 relu",
     .likelihood = "gaussian 0.1",
     .n_inputs = 1,
     .n_rows = 100,
     .batch = 100,
     .n_draws = 100,
     .draws = CRED_DRAWS_FUNCTION,
     .fresh = true,
     VI(WEIGHTS, "mixture 1 0.1 0.5")},
};
const size_t cred__bench_n_specs = sizeof cred__bench_specs / sizeof *cred__bench_specs;
