// detection.c -- can a score tell a second data set from the first?
//
// The two sets of scores become one list with a mark for each row; the rest is ranking.c.

#include "credence/metric/detection.h"
#include "base/alloc.h"
#include "base/fail.h"
#include "credence/metric/classification.h"
#include "credence/metric/uncertainty.h"
#include <math.h>
#include <string.h>

static cred_status check_sets(const double *inside, size_t n_inside,
                              const double *outside, size_t n_outside) {
  if (n_inside == 0 || n_outside == 0)
    FAIL(CRED_EDATA, "detection: %zu rows inside and %zu outside, expected some of both",
         n_inside, n_outside);
  for (size_t i = 0; i < n_inside; i++)
    if (isnan(inside[i])) FAIL(CRED_EDATA, "detection: inside row %zu is NaN", i);
  for (size_t i = 0; i < n_outside; i++)
    if (isnan(outside[i])) FAIL(CRED_EDATA, "detection: outside row %zu is NaN", i);
  return CRED_OK;
}

typedef cred_status score_of_marked(double *, const double *, const unsigned char *,
                                    const double *, size_t);

static cred_status score_marked(double *out, score_of_marked *score_of,
                                const double *inside, size_t n_inside,
                                const double *outside, size_t n_outside) {
  double *score = NULL;
  unsigned char *mark = NULL;
  cred_status status;
  const size_t n = n_inside + n_outside;
  TRY(check_sets(inside, n_inside, outside, n_outside));
  TRY_DONE(NEW(&score, n, "scores of both sets"));
  TRY_DONE(NEW(&mark, n, "marks of both sets"));
  memcpy(score, inside, n_inside * sizeof *score);
  memcpy(score + n_inside, outside, n_outside * sizeof *score);
  memset(mark + n_inside, 1, n_outside);
  status = score_of(out, score, mark, NULL, n);
done:
  cred__free(score);
  cred__free(mark);
  return status;
}

cred_status cred_detect_auroc(double *out, const double *inside, size_t n_inside,
                              const double *outside, size_t n_outside) {
  return score_marked(out, cred_auroc, inside, n_inside, outside, n_outside);
}

cred_status cred_detect_average_precision(double *out, const double *inside,
                                          size_t n_inside, const double *outside,
                                          size_t n_outside) {
  return score_marked(out, cred_average_precision, inside, n_inside, outside, n_outside);
}

cred_status cred_detect_fpr(double *out, const double *inside, size_t n_inside,
                            const double *outside, size_t n_outside, double rate) {
  double *sorted;
  if (!(rate > 0.0 && rate <= 1.0))
    FAIL(CRED_EINVAL, "detection: rate is %g, expected (0, 1]", rate);
  TRY(check_sets(inside, n_inside, outside, n_outside));
  TRY(NEW(&sorted, n_outside, "outside scores in order"));
  memcpy(sorted, outside, n_outside * sizeof *sorted);
  cred_sort(sorted, n_outside);
  // 0.95 * 20 must be 19, whatever its last digit is
  const size_t n_flagged = (size_t)fmax(ceil(rate * (double)n_outside - 1e-9), 1.0);
  const double threshold = sorted[n_outside - n_flagged];
  size_t n_false = 0;
  for (size_t i = 0; i < n_inside; i++) n_false += inside[i] >= threshold;
  *out = (double)n_false / (double)n_inside;
  cred__free(sorted);
  return CRED_OK;
}
