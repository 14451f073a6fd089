// report.h -- plans and reports as JSON.

#ifndef CRED_SRC_MODEL_REPORT_H
#define CRED_SRC_MODEL_REPORT_H

#include "model/model.h"
#include <jansson.h>

json_t *cred__plan_to_json(const cred__plan *plan);
// The word for a value of one of the plan's enums, by the name of the option.
const char *cred__plan_word(const char *name, int value);
// Fails with CRED_EDATA; the texts of *out are yours (cred__plan_clear).
cred_status cred__plan_from_json(cred__plan *out, const json_t *object);
// The text of an object, whose reference is taken; `*out` is yours to free.
cred_status cred__json_text(char **out, json_t *object);

#endif
