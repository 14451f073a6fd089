// layer.c -- what layers without numbers of their own share.

#include "layer/layer.h"

size_t cred__no_cache(const cred__layer *layer, size_t n_rows, cred__mode mode) {
  (void)layer, (void)n_rows, (void)mode;
  return 0;
}

size_t cred__no_scratch(const cred__layer *layer, size_t n_rows, cred__mode mode,
                        size_t n_threads) {
  (void)layer, (void)n_rows, (void)mode, (void)n_threads;
  return 0;
}

size_t cred__no_scratch_moments(const cred__layer *layer, size_t n_rows,
                                size_t n_threads) {
  (void)layer, (void)n_rows, (void)n_threads;
  return 0;
}
