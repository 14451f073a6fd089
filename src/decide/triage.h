// triage.h -- the inside of triage, shared by the files triage*.c.

#ifndef CRED_SRC_DECIDE_TRIAGE_H
#define CRED_SRC_DECIDE_TRIAGE_H

#include "credence/decide/triage.h"
#include <jansson.h>

// A new reference; NULL without memory.
json_t *cred__rule_to_json(const cred_rule *rule);

#endif
