// Scores of pixels against a plain count over all of them.

#include "check.h"
#include "credence/base/key.h"
#include "credence/metric/classification.h"
#include "credence/metric/segmentation.h"
#include "credence/metric/uncertainty.h"

enum { H = 24, W = 20, N = H * W, C = 3, PATCH = 4 };

typedef struct {
  float prob[N * C], entropy[N], information[N];
  int32_t label[N];
} picture;

// Wrong where the entropy is high, more often than elsewhere.
static void draw(picture *p, uint64_t seed) {
  const cred_key key = cred_key_make(seed);
  for (size_t i = 0; i < N; i++) {
    double logit[C], sum = 0, prob[C];
    for (size_t c = 0; c < C; c++) {
      logit[c] = exp(2 * cred_key_normal(&key, i * 16 + c));
      sum += logit[c];
    }
    for (size_t c = 0; c < C; c++) prob[c] = logit[c] / sum;
    for (size_t c = 0; c < C; c++) p->prob[i * C + c] = (float)prob[c];
    p->entropy[i] = (float)cred_entropy(prob, C);
    p->information[i] = p->entropy[i] * 0.5f;
    const double u = cred_key_uniform(&key, i * 16 + 8);
    p->label[i] = u < prob[0] ? 0 : u < prob[0] + prob[1] ? 1 : 2;
    if (cred_key_uniform(&key, i * 16 + 9) < 0.1) p->label[i] = -1;
  }
}

static size_t best_of(const float *p) {
  size_t best = 0;
  for (size_t c = 1; c < C; c++)
    if (p[c] > p[best]) best = c;
  return best;
}

static void test_against_plain_counts(void **state) {
  (void)state;
  static picture p;
  cred_segment_counts s;
  assert_ok(cred_segment_counts_init(&s, C, PATCH));
  draw(&p, 1);
  cred_segment_counts_add(&s, p.prob, p.entropy, p.information, p.label, H, W);
  const cred_segment_scores r = cred_segment_counts_score(&s);
  double n = 0, right = 0, nll = 0, brier = 0;
  static double uncertainty[N], correct[N], confidence[N];
  size_t k = 0;
  for (size_t i = 0; i < N; i++) {
    if (p.label[i] < 0) continue;
    const size_t best = best_of(p.prob + i * C);
    n++;
    right += best == (size_t)p.label[i];
    nll -= log((double)p.prob[i * C + (size_t)p.label[i]]);
    for (size_t c = 0; c < C; c++) {
      const double d = (double)p.prob[i * C + c] - (c == (size_t)p.label[i]);
      brier += d * d;
    }
    // as coarse as the counts
    uncertainty[k] = floor((double)p.entropy[i] / log(3) * 4095 + 0.5);
    confidence[k] = (double)p.prob[i * C + best];
    correct[k++] = best == (size_t)p.label[i];
  }
  assert_near(r.n, n, 0);
  assert_near(r.accuracy, right / n, 1e-12);
  assert_near(r.nll, nll / n, 1e-9);
  assert_near(r.brier, brier / n, 1e-9);
  double auroc, aurc;
  static double loss[N];
  assert_ok(cred_error_auroc(&auroc, uncertainty, correct, NULL, k));
  assert_near(r.auroc_entropy, auroc, 1e-12);
  for (size_t i = 0; i < k; i++) loss[i] = 1 - correct[i];
  assert_ok(cred_risk_coverage(NULL, NULL, &aurc, uncertainty, loss, NULL, k));
  assert_near(r.aurc, aurc,
              1e-3); // equal steps count with their mean there, at once here
  cred_reliability_bin bins[15];
  assert_ok(cred_reliability_equal_width(bins, 15, confidence, correct, NULL, k));
  assert_near(r.ece, cred_ece(bins, 15), 1e-9);
  for (size_t c = 0; c < C; c++) {
    double iou, dice, both = 0, truth = 0, predicted = 0;
    uint64_t count;
    for (size_t i = 0; i < N; i++) {
      if (p.label[i] < 0) continue;
      const bool a = (size_t)p.label[i] == c, b = best_of(p.prob + i * C) == c;
      both += a && b, truth += a, predicted += b;
    }
    cred_segment_counts_class(&iou, &dice, &count, &s, c);
    assert_near(iou, both / (truth + predicted - both), 1e-12);
    assert_near(dice, 2 * both / (truth + predicted), 1e-12);
    assert_near(count, truth, 0);
  }
  cred_segment_counts_clear(&s);
}

static void test_patches(void **state) {
  (void)state;
  static picture p;
  cred_segment_counts s;
  assert_ok(cred_segment_counts_init(&s, C, PATCH));
  draw(&p, 2);
  cred_segment_counts_add(&s, p.prob, p.entropy, p.information, p.label, H, W);
  for (double at = 0.1; at < 1; at += 0.2) {
    const cred_segment_threshold t = cred_segment_counts_at(&s, at);
    double n[2][2] = {{0}}; // certain, accurate
    for (size_t y = 0; y < H; y += PATCH)
      for (size_t x = 0; x < W; x += PATCH) {
        double sum = 0, pixels = 0, right = 0;
        for (size_t i = 0; i < PATCH * PATCH; i++) {
          const size_t j = (y + i / PATCH) * W + x + i % PATCH;
          if (p.label[j] < 0) continue;
          sum += (double)p.entropy[j], pixels++;
          right += best_of(p.prob + j * C) == (size_t)p.label[j];
        }
        if (pixels == 0) continue;
        n[sum / pixels <= t.threshold + 1.5e-4][2 * right > pixels]++;
      }
    const double all = n[0][0] + n[0][1] + n[1][0] + n[1][1];
    assert_near(t.pavpu, (n[1][1] + n[0][0]) / all, 0.04); // a patch at the threshold
    if (n[1][0] + n[1][1] > 0)
      assert_near(t.accurate_given_certain, n[1][1] / (n[1][0] + n[1][1]), 0.06);
    if (n[0][0] + n[1][0] > 0)
      assert_near(t.uncertain_given_inaccurate, n[0][0] / (n[0][0] + n[1][0]), 0.06);
  }
  const cred_segment_threshold all = cred_segment_counts_at(&s, 1);
  const cred_segment_scores r = cred_segment_counts_score(&s);
  assert_near(all.kept, 1, 0);
  assert_near(all.error, 1 - r.accuracy, 1e-12);
  cred_segment_counts_clear(&s);
}

static void test_empty(void **state) {
  (void)state;
  cred_segment_counts s;
  assert_fails(cred_segment_counts_init(&s, 1, 4), CRED_EINVAL, "1 classes");
  assert_ok(cred_segment_counts_init(&s, 2, 4));
  const cred_segment_scores r = cred_segment_counts_score(&s);
  assert_true(isnan(r.accuracy) && isnan(r.auroc_entropy) && isnan(r.aurc));
  cred_segment_counts_clear(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_plain_counts),
                                     cmocka_unit_test(test_patches),
                                     cmocka_unit_test(test_empty)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
