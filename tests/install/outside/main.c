/* An outside program: sees the installed headers and library only. */
#include <credence/base/key.h>
#include <credence/prob/prior.h>
#include <stdio.h>

int main(void) {
  cred_key key = cred_key_make(1);
  cred_prior prior;
  float w[3] = {0.5f, -1.0f, 2.0f};
  if (cred_prior_parse(&prior, "normal 1") != CRED_OK) {
    printf("%s\n", cred_error_message());
    return 1;
  }
  /* -(0.25 + 1 + 4) / 2 - 3 log(2 pi) / 2 */
  double log_prob = cred_prior_log_prob(&prior, w, 3);
  printf("uniform %.6f, log prior %.6f\n", cred_key_uniform(&key, 0), log_prob);
  return log_prob > -5.38183 && log_prob < -5.38180 ? 0 : 1;
}
